// SPDX-License-Identifier: GPL-2.0
/*
 * The char device: what the kernel's tap library needs of us, and the last
 * step of a frame, into the ring of a file.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/etherdevice.h>
#include <linux/if_tun.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/gso.h>
#include <net/net_namespace.h>
#include "vtap.h"

static struct cdev vtap_cdev;
static dev_t vtap_devt;

static const void *vtap_class_namespace(VNET_CLASS_DEVICE *d)
{
	return dev_net(to_net_dev(d->parent));
}

static struct class vtap_class = {
	.name = "vtap",
	.ns_type = &net_ns_type_operations,
	.namespace = vtap_class_namespace,
};

static struct vtap_priv *vtap_node_priv(const struct tap_dev *tap)
{
	return netdev_priv(tap->dev);
}

/* A file's memory or header was bad, or there was no memory; write() says so. */
static void vtap_count_tx_dropped(struct tap_dev *tap)
{
	local_bh_disable();
	vnet_drop_count(vtap_node_priv(tap)->drops, VNET_DROP_COPY_IN, 1);
	local_bh_enable();
}

static void vtap_count_rx_dropped(struct tap_dev *tap)
{
	vnet_drop_count(vtap_node_priv(tap)->drops, VNET_DROP_RING_FULL, 1);
}

/* TUNSETOFFLOAD, under RTNL: what the far end has to do itself. */
static void vtap_update_features(struct tap_dev *tap,
				 netdev_features_t features)
{
	struct net_device *peer = rtnl_dereference(vtap_node_priv(tap)->peer);

	if (peer)
		netdev_update_features(peer);
}

/* Whether each file can be told of a super-frame. */
static bool vtap_files_take_gso(const struct tap_dev *tap,
				const struct sk_buff *skb)
{
	netdev_features_t features = NETIF_F_GSO | NETIF_F_SG |
				     NETIF_F_FRAGLIST | tap->tap_features;
	int i, n = READ_ONCE(tap->numvtaps);

	if (!net_gso_ok(features, skb_shinfo(skb)->gso_type &
				  ~SKB_GSO_DODGY))
		return false;
	for (i = 0; i < n && i < MAX_TAP_QUEUES; i++) {
		const struct tap_queue *q = rcu_dereference_bh(tap->taps[i]);

		if (q && !(READ_ONCE(q->flags) & IFF_VNET_HDR))
			return false;
	}
	return true;
}

static void vtap_node_produce(struct vtap_priv *priv, struct sk_buff *skb)
{
	if (unlikely(tap_handle_frame(&skb) != RX_HANDLER_CONSUMED))
		vnet_drop_skb(priv->drops, skb, VNET_DROP_NO_READER);
}

/*
 * The library segments as well, but does not count what the ring has no room
 * for then.
 */
static void vtap_node_segment(struct vtap_priv *priv, struct sk_buff *skb)
{
	struct sk_buff *segs, *next;

	skb_push(skb, ETH_HLEN);
	segs = __skb_gso_segment(skb, NETIF_F_SG | NETIF_F_FRAGLIST, false);
	if (IS_ERR(segs)) {
		vnet_drop_skb(priv->drops, skb, VNET_DROP_NOMEM);
		return;
	}
	if (!segs) {
		skb_pull(skb, ETH_HLEN);
		vtap_node_produce(priv, skb);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		skb_pull(skb, ETH_HLEN);
		vtap_node_produce(priv, skb);
	}
}

/* Consumes the frame. BH off, RCU. */
static void vtap_node_take(struct net_device *dev, struct sk_buff *skb)
{
	struct vtap_priv *priv = netdev_priv(dev);

	/* The program may take its time: its frames are nobody else's. */
	if (unlikely(skb_orphan_frags_rx(skb, GFP_ATOMIC))) {
		vnet_drop_skb(priv->drops, skb, VNET_DROP_NOMEM);
		return;
	}
	skb_orphan(skb);
	if (unlikely(skb_is_gso(skb) &&
		     !vtap_files_take_gso(&priv->node->tap, skb)))
		vtap_node_segment(priv, skb);
	else
		vtap_node_produce(priv, skb);
}

/* The direct road ends here. */
static bool vtap_node_input(struct vnet_switch *sw, struct sk_buff *skb)
{
	/* That BH is off is not enough for the library. */
	rcu_read_lock();
	vtap_node_take(skb->dev, skb);
	rcu_read_unlock();
	return true;
}

static const struct vnet_switch_ops vtap_switch_ops = {
	.input = vtap_node_input,
};

/* And so does the ordinary one: nothing goes to the host's own stack. */
static rx_handler_result_t vtap_node_rx(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	struct net_device *dev = skb->dev;
	struct vtap_priv *priv = netdev_priv(dev);

	skb = skb_share_check(skb, GFP_ATOMIC);
	if (likely(skb))
		vtap_node_take(dev, skb);
	else
		vnet_drop_count(priv->drops, VNET_DROP_NOMEM, 1);
	return RX_HANDLER_CONSUMED;
}

/**
 * vtap_node_alloc() - make a device one with a char device
 * @dev: the device, which is being made
 *
 * Context: RTNL, ndo_init.
 * Return: 0 or an error; then vtap_node_free() is still to be called.
 */
int vtap_node_alloc(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);
	struct vtap_node *node;
	int err;

	node = kvzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);
	if (!node)
		return -ENOMEM;
	priv->node = node;
	INIT_LIST_HEAD(&node->tap.queue_list);
	node->tap.dev = dev;
	node->tap.tap_features = VTAP_USER_DEFAULT;
	node->tap.count_tx_dropped = vtap_count_tx_dropped;
	node->tap.count_rx_dropped = vtap_count_rx_dropped;
	node->tap.update_features = vtap_update_features;
	node->sw.ops = &vtap_switch_ops;

	err = vnet_port_join_rtnl(&priv->port, &node->sw);
	if (err)
		return err;
	/* The library looks for its part where a receive handler finds it. */
	err = netdev_rx_handler_register(dev, vtap_node_rx, &node->tap);
	if (err)
		vnet_port_leave_rtnl(&priv->port);
	return err;
}

/**
 * vtap_node_stop() - ndo_uninit: take the device from its files
 * @dev: the device, whose node is gone
 *
 * Context: RTNL; waits for an RCU grace period.
 */
void vtap_node_stop(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);

	vnet_port_leave_rtnl(&priv->port);
	netdev_rx_handler_unregister(dev);
	tap_del_queues(&priv->node->tap);
}

/**
 * vtap_node_free() - free what vtap_node_alloc() has made
 * @dev: the device; it may have nothing of that
 */
void vtap_node_free(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);

	kvfree(priv->node);
	priv->node = NULL;
}

/**
 * vtap_node_is() - which end of a pair it is
 * @dev: an end
 *
 * Return: true for the one with the char device.
 */
bool vtap_node_is(const struct net_device *dev)
{
	return dev->netdev_ops == &vtap_node_ops;
}

/**
 * vtap_node_number() - the number of an end's char device
 * @dev: the end that has one
 *
 * Context: RTNL.
 * Return: the number as user space knows it, or 0 while there is none.
 */
u32 vtap_node_number(const struct net_device *dev)
{
	const struct vtap_priv *priv = netdev_priv(dev);

	if (!priv->node->tap.minor)
		return 0;
	return new_encode_dev(MKDEV(MAJOR(vtap_devt), priv->node->tap.minor));
}

/* The name of a char device, which is that of a macvtap's with this index. */
static void vtap_node_name(const struct net_device *dev, char *name)
{
	snprintf(name, IFNAMSIZ, "tap%d", dev->ifindex);
}

static int vtap_node_add(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);
	struct tap_dev *tap = &priv->node->tap;
	struct device *node;
	char name[IFNAMSIZ];
	dev_t devt;
	int err;

	err = tap_get_minor(vtap_devt, tap);
	if (err)
		return err;
	vtap_node_name(dev, name);
	devt = MKDEV(MAJOR(vtap_devt), tap->minor);
	node = device_create(&vtap_class, &dev->dev, devt, dev, "%s", name);
	if (IS_ERR(node)) {
		err = PTR_ERR(node);
		goto err_free_minor;
	}
	err = sysfs_create_link(&dev->dev.kobj, &node->kobj, name);
	if (err)
		goto err_destroy;
	return 0;

err_destroy:
	device_destroy(&vtap_class, devt);
err_free_minor:
	tap_free_minor(vtap_devt, tap);
	return err;
}

static void vtap_node_del(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);
	struct tap_dev *tap = &priv->node->tap;
	char name[IFNAMSIZ];

	if (!tap->minor)
		return;
	vtap_node_name(dev, name);
	sysfs_remove_link(&dev->dev.kobj, name);
	device_destroy(&vtap_class, MKDEV(MAJOR(vtap_devt), tap->minor));
	tap_free_minor(vtap_devt, tap);
}

/* Who moves to another namespace has another index there, and another node. */
static int vtap_device_event(struct notifier_block *nb, unsigned long event,
			     void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct vtap_priv *priv = netdev_priv(dev);

	if (!vtap_node_is(dev))
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_REGISTER:
		return notifier_from_errno(vtap_node_add(dev));
	case NETDEV_UNREGISTER:
		vtap_node_del(dev);
		break;
	case NETDEV_CHANGE_TX_QUEUE_LEN:
		if (tap_queue_resize(&priv->node->tap))
			return NOTIFY_BAD;
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block vtap_notifier = {
	.notifier_call = vtap_device_event,
};

/**
 * vtap_node_register() - make the numbers of char devices ours
 *
 * Context: process.
 * Return: 0 or an error.
 */
int vtap_node_register(void)
{
	int err;

	err = tap_create_cdev(&vtap_cdev, &vtap_devt, "vtap", THIS_MODULE);
	if (err)
		return err;
	err = class_register(&vtap_class);
	if (err)
		goto err_destroy_cdev;
	err = register_netdevice_notifier(&vtap_notifier);
	if (err)
		goto err_unregister_class;
	return 0;

err_unregister_class:
	class_unregister(&vtap_class);
err_destroy_cdev:
	tap_destroy_cdev(vtap_devt, &vtap_cdev);
	return err;
}

/**
 * vtap_node_unregister() - the opposite
 *
 * Context: process; no device is left.
 */
void vtap_node_unregister(void)
{
	unregister_netdevice_notifier(&vtap_notifier);
	class_unregister(&vtap_class);
	tap_destroy_cdev(vtap_devt, &vtap_cdev);
}
