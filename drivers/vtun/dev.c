// SPDX-License-Identifier: GPL-2.0
/*
 * The network device.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/security.h>
#include <net/ip_tunnels.h>
#include "vtun.h"

#define VTUN_VLAN_FEATURES (NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX)
#define VTUN_FEATURES (NETIF_F_SG | NETIF_F_FRAGLIST | VTUN_USER_FEATURES)

#define VTUN_MTU_MAX 65535

static void vtun_dev_free(struct net_device *dev)
{
	struct vtun_priv *priv = netdev_priv(dev);

	vnet_port_uninit(&priv->port);
	vtun_filters_free(priv);
	security_tun_dev_free_security(priv->security);
	kvfree(priv->flows);
	kvfree(priv->txq);
	free_percpu(priv->drops);
}

static int vtun_dev_alloc(struct net_device *dev)
{
	struct vtun_priv *priv = netdev_priv(dev);
	unsigned int i;

	priv->drops = vnet_drops_alloc();
	priv->txq = kvcalloc(dev->num_tx_queues, sizeof(*priv->txq),
			     GFP_KERNEL_ACCOUNT);
	if (!priv->drops || !priv->txq)
		return -ENOMEM;
	for (i = 0; i < dev->num_tx_queues; i++) {
		spin_lock_init(&priv->txq[i].sent_lock);
		spin_lock_init(&priv->txq[i].completed_lock);
	}
	if (priv->flags & IFF_MULTI_QUEUE) {
		priv->flows = vtun_flows_alloc();
		if (!priv->flows)
			return -ENOMEM;
	}
	return security_tun_dev_alloc_security(&priv->security);
}

static int vtun_dev_init(struct net_device *dev)
{
	struct vtun_priv *priv = netdev_priv(dev);
	int err;

	netdev_lockdep_set_classes(dev);
	vnet_port_init(&priv->port, &vtun_port_ops);
	err = vtun_dev_alloc(dev);
	if (err)
		vtun_dev_free(dev);
	return err;
}

static int vtun_dev_open(struct net_device *dev)
{
	netif_tx_start_all_queues(dev);
	return 0;
}

static int vtun_dev_stop(struct net_device *dev)
{
	netif_tx_stop_all_queues(dev);
	return 0;
}

static void vtun_dev_get_stats64(struct net_device *dev,
				 struct rtnl_link_stats64 *stats)
{
	const struct vtun_priv *priv = netdev_priv(dev);

	dev_fetch_sw_netstats(stats, dev->tstats);
	stats->tx_dropped += vnet_drops_sum(priv->drops, VTUN_DROPS_TX);
	stats->rx_dropped += vnet_drops_sum(priv->drops, VTUN_DROPS_RX);
	stats->rx_frame_errors +=
		(unsigned long)atomic_long_read(&priv->bad_hdr);
}

/* What is received is all that the program writes. */
static void vtun_dev_set_rx_mode(struct net_device *dev)
{
}

static netdev_features_t vtun_dev_fix_features(struct net_device *dev,
					       netdev_features_t features)
{
	const struct vtun_priv *priv = netdev_priv(dev);

	return features & (priv->set_features | ~VTUN_USER_FEATURES);
}

static void vtun_dev_set_rx_headroom(struct net_device *dev, int headroom)
{
	struct vtun_priv *priv = netdev_priv(dev);
	int most = min_t(size_t, SKB_MAX_HEAD(0), U16_MAX - 1);

	most -= vtun_is_tap(priv) ? ETH_HLEN + NET_IP_ALIGN : 1;
	WRITE_ONCE(priv->headroom, clamp(headroom, NET_SKB_PAD, most));
}

/**
 * vtun_change_carrier() - ndo_change_carrier, TUNSETCARRIER
 * @dev: the device
 * @on: whether there is one
 *
 * Context: RTNL.
 * Return: 0, or -EPERM where no file is attached.
 */
int vtun_change_carrier(struct net_device *dev, bool on)
{
	const struct vtun_priv *priv = netdev_priv(dev);

	if (on && !priv->num_queues)
		return -EPERM;
	if (on)
		netif_carrier_on(dev);
	else
		netif_carrier_off(dev);
	return 0;
}

static int vtun_dev_fdb_add(struct ndmsg *ndm, struct nlattr *tb[],
			    struct net_device *dev,
			    const unsigned char *addr, u16 vid, u16 flags,
			    bool *notified, struct netlink_ext_ack *extack)
{
	struct vtun_priv *priv = netdev_priv(dev);

	return vnet_port_fdb_add(&priv->port, ndm, tb, dev, addr, vid, flags,
				 notified, extack);
}

VNET_DEFINE_NDO_FDB_ADD(vtun_dev_fdb_add)

static int vtun_dev_fdb_del(struct ndmsg *ndm, struct nlattr *tb[],
			    struct net_device *dev,
			    const unsigned char *addr, u16 vid,
			    bool *notified, struct netlink_ext_ack *extack)
{
	struct vtun_priv *priv = netdev_priv(dev);

	return vnet_port_fdb_del(&priv->port, ndm, tb, dev, addr, vid,
				 notified, extack);
}

VNET_DEFINE_NDO_FDB_DEL(vtun_dev_fdb_del)

static int vtun_dev_fdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
			     struct net_device *dev,
			     struct net_device *filter_dev, int *idx)
{
	struct vtun_priv *priv = netdev_priv(dev);

	return vnet_port_fdb_dump(&priv->port, skb, cb, dev, filter_dev, idx);
}

const struct net_device_ops vtun_tun_ops = {
	.ndo_init		= vtun_dev_init,
	.ndo_uninit		= vtun_detach_all,
	.ndo_open		= vtun_dev_open,
	.ndo_stop		= vtun_dev_stop,
	.ndo_start_xmit		= vtun_xmit,
	.ndo_select_queue	= vtun_select_queue,
	.ndo_fix_features	= vtun_dev_fix_features,
	.ndo_set_rx_headroom	= vtun_dev_set_rx_headroom,
	.ndo_get_stats64	= vtun_dev_get_stats64,
	.ndo_change_carrier	= vtun_change_carrier,
	.ndo_bpf		= vtun_xdp_bpf,
	.ndo_xdp_xmit		= vtun_xdp_xmit,
};

const struct net_device_ops vtun_tap_ops = {
	.ndo_init		= vtun_dev_init,
	.ndo_uninit		= vtun_detach_all,
	.ndo_open		= vtun_dev_open,
	.ndo_stop		= vtun_dev_stop,
	.ndo_start_xmit		= vtun_xmit,
	.ndo_select_queue	= vtun_select_queue,
	.ndo_fix_features	= vtun_dev_fix_features,
	.ndo_features_check	= passthru_features_check,
	.ndo_set_rx_mode	= vtun_dev_set_rx_mode,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_set_rx_headroom	= vtun_dev_set_rx_headroom,
	.ndo_get_stats64	= vtun_dev_get_stats64,
	.ndo_change_carrier	= vtun_change_carrier,
	.ndo_bpf		= vtun_xdp_bpf,
	.ndo_xdp_xmit		= vtun_xdp_xmit,
	.ndo_fdb_add		= VNET_NDO_FDB(vtun_dev_fdb_add),
	.ndo_fdb_del		= VNET_NDO_FDB(vtun_dev_fdb_del),
	.ndo_fdb_dump		= vtun_dev_fdb_dump,
};

static ssize_t tun_flags_show(struct device *device,
			      struct device_attribute *attr, char *buf)
{
	const struct vtun_priv *priv = netdev_priv(to_net_dev(device));

	return sysfs_emit(buf, "0x%x\n",
			  READ_ONCE(priv->flags) &
			  (VTUN_DEV_FLAGS | IFF_PERSIST | IFF_TUN | IFF_TAP));
}

static ssize_t owner_show(struct device *device,
			  struct device_attribute *attr, char *buf)
{
	const struct vtun_priv *priv = netdev_priv(to_net_dev(device));
	kuid_t owner = priv->owner;

	if (!uid_valid(owner))
		return sysfs_emit(buf, "-1\n");
	return sysfs_emit(buf, "%u\n",
			  from_kuid_munged(current_user_ns(), owner));
}

static ssize_t group_show(struct device *device,
			  struct device_attribute *attr, char *buf)
{
	const struct vtun_priv *priv = netdev_priv(to_net_dev(device));
	kgid_t group = priv->group;

	if (!gid_valid(group))
		return sysfs_emit(buf, "-1\n");
	return sysfs_emit(buf, "%u\n",
			  from_kgid_munged(current_user_ns(), group));
}

static DEVICE_ATTR_RO(tun_flags);
static DEVICE_ATTR_RO(owner);
static DEVICE_ATTR_RO(group);

static struct attribute *vtun_attrs[] = {
	&dev_attr_tun_flags.attr,
	&dev_attr_owner.attr,
	&dev_attr_group.attr,
	NULL
};

/* As tun has them in /sys/class/net. */
static const struct attribute_group vtun_attr_group = {
	.attrs = vtun_attrs,
};

static void vtun_setup_tun(struct net_device *dev)
{
	dev->netdev_ops = &vtun_tun_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->type = ARPHRD_NONE;
	dev->hard_header_len = 0;
	dev->min_header_len = 0;
	dev->addr_len = 0;
	eth_zero_addr(dev->broadcast);
	dev->flags = IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST;
}

/**
 * vtun_setup_mode() - make a fresh device one of its kind
 * @dev: the device, behind vtun_setup()
 * @flags: IFF_TUN or IFF_TAP, and VTUN_DEV_FLAGS, IFF_PERSIST
 */
void vtun_setup_mode(struct net_device *dev, unsigned int flags)
{
	struct vtun_priv *priv = netdev_priv(dev);

	priv->flags = flags;
	VNET_SET_XDP_FEATURES(dev, NETDEV_XDP_ACT_BASIC |
				   NETDEV_XDP_ACT_REDIRECT |
				   NETDEV_XDP_ACT_NDO_XMIT |
				   NETDEV_XDP_ACT_NDO_XMIT_SG);
	if (flags & IFF_TUN) {
		vtun_setup_tun(dev);
		return;
	}
	dev->netdev_ops = &vtun_tap_ops;
	dev->max_mtu = VTUN_MTU_MAX - ETH_HLEN;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
}

/**
 * vtun_setup() - rtnl_link_ops setup
 * @dev: a fresh device
 */
void vtun_setup(struct net_device *dev)
{
	struct vtun_priv *priv = netdev_priv(dev);

	ether_setup(dev);
	dev->netdev_ops = &vtun_tap_ops;
	dev->ethtool_ops = &vtun_ethtool_ops;
	dev->rtnl_link_ops = &vtun_link_ops;
	dev->sysfs_groups[0] = &vtun_attr_group;
	dev->needs_free_netdev = true;
	dev->priv_destructor = vtun_dev_free;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->tx_queue_len = VTUN_RING_SIZE;
	dev->min_mtu = ETH_MIN_MTU;
	/* Of either mode: what the device is to have is looked at before that. */
	dev->max_mtu = VTUN_MTU_MAX;

	/* ndo_start_xmit keeps the skb itself: it must not be shared. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	vnet_compat_set_lltx(dev);
	dev->hw_features = VTUN_FEATURES | VTUN_VLAN_FEATURES;
	dev->features |= dev->hw_features;
	dev->vlan_features = VTUN_FEATURES;

	priv->dev = dev;
	priv->owner = INVALID_UID;
	priv->group = INVALID_GID;
	priv->vnet_hdr_sz = sizeof(struct virtio_net_hdr);
	priv->headroom = NET_SKB_PAD;
	INIT_LIST_HEAD(&priv->disabled);
	vtun_default_link(&priv->link);
}
