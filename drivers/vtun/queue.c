// SPDX-License-Identifier: GPL-2.0
/*
 * Files as queues of a device: they attach, are disabled, leave, and lose
 * their device.
 */
#include <linux/security.h>
#include "vtun.h"

static void vtun_set_queues(struct vtun_priv *priv)
{
	unsigned int n = max(priv->num_queues, 1U);

	netif_set_real_num_tx_queues(priv->dev, n);
	netif_set_real_num_rx_queues(priv->dev, n);
}

/* Where frames would find no room they are better off in the qdisc. */
static bool vtun_stays_stopped(struct vtun_file *file, struct netdev_queue *txq)
{
	struct vtun_map *map = file->rx_map;

	if (map && vtun_map_hold(map, txq))
		return true;
	return vtun_hold(file, txq);
}

/* Files have changed places: none knows which queue it has stopped. */
static void vtun_wake_all(struct vtun_priv *priv)
{
	/* Without a carrier a queue has no qdisc of its own. */
	bool holds = netif_carrier_ok(priv->dev);
	bool runs = netif_running(priv->dev);
	struct netdev_queue *txq;
	struct vtun_file *file;
	unsigned int i;

	for (i = 0; i < priv->dev->num_tx_queues; i++) {
		txq = netdev_get_tx_queue(priv->dev, i);
		if (i < priv->num_queues) {
			file = rtnl_dereference(priv->files[i]);
			if (runs && holds && vtun_stays_stopped(file, txq))
				continue;
			spin_lock_bh(&file->ring.consumer_lock);
			file->taken = 0;
			WRITE_ONCE(file->stopped, false);
			spin_unlock_bh(&file->ring.consumer_lock);
		}
		if (runs)
			netif_tx_wake_queue(txq);
	}
}

static void vtun_file_set_index(struct vtun_file *file, unsigned int index)
{
	WRITE_ONCE(file->index, index);
	file->rxq.queue_index = index;
}

static int vtun_rxq_register(struct vtun_file *file, struct net_device *dev)
{
	int err;

	err = xdp_rxq_info_reg(&file->rxq, dev, file->index, 0);
	if (err)
		return err;
	err = xdp_rxq_info_reg_mem_model(&file->rxq, MEM_TYPE_PAGE_SHARED,
					 NULL);
	if (err)
		xdp_rxq_info_unreg(&file->rxq);
	return err;
}

/* The file is ready: from now on it is sent to. */
static void vtun_publish(struct vtun_priv *priv, struct vtun_file *file)
{
	WRITE_ONCE(file->sk.sk_shutdown,
		   file->sk.sk_shutdown & ~RCV_SHUTDOWN);
	rcu_assign_pointer(file->tun, priv);
	rcu_assign_pointer(priv->files[priv->num_queues], file);
	WRITE_ONCE(priv->num_queues, priv->num_queues + 1);
	vtun_set_queues(priv);
	vtun_wake_all(priv);
}

/* Queues that the device has room for. */
static unsigned int vtun_max_queues(const struct vtun_priv *priv)
{
	return min3((unsigned int)VTUN_QUEUES_MAX, priv->dev->num_tx_queues,
		    priv->dev->num_rx_queues);
}

static int vtun_attach_check(const struct vtun_priv *priv)
{
	if (!(priv->flags & IFF_MULTI_QUEUE) && priv->num_queues)
		return -EBUSY;
	return 0;
}

/**
 * vtun_attach() - make a file a queue of a device
 * @priv: the device, registered
 * @file: the file, which has no device
 * @flags: IFF_NAPI, IFF_NAPI_FRAGS, IFF_NOFILTER
 *
 * Context: RTNL.
 * Return: 0, or an error, which changes nothing.
 */
int vtun_attach(struct vtun_priv *priv, struct vtun_file *file,
		unsigned int flags)
{
	int err;

	ASSERT_RTNL();
	err = security_tun_dev_attach(&file->sk, priv->security);
	if (err < 0)
		return err;
	err = vtun_attach_check(priv);
	if (err)
		return err;
	if (priv->num_queues + priv->num_disabled >= vtun_max_queues(priv))
		return -E2BIG;
	if (ptr_ring_resize(&file->ring, priv->dev->tx_queue_len, GFP_KERNEL,
			    vtun_entry_free))
		return -ENOMEM;
	vtun_file_set_index(file, priv->num_queues);
	err = vtun_rxq_register(file, priv->dev);
	if (err)
		return err;
	WRITE_ONCE(file->no_filter, flags & IFF_NOFILTER);
	sock_hold(&file->sk);
	vtun_napi_init(file, priv->dev, flags);
	vtun_publish(priv, file);
	return 0;
}

/**
 * vtun_purge_ring() - drop the frames of a ring that nobody reads any more
 * @priv: the device
 * @file: the queue
 *
 * Context: process.
 */
void vtun_purge_ring(struct vtun_priv *priv, struct vtun_file *file)
{
	unsigned int n = 0;
	void *entry;

	while ((entry = vtun_consume(priv, file))) {
		vtun_entry_free(entry);
		n++;
	}
	local_bh_disable();
	vnet_drop_count(priv->drops, VNET_DROP_PURGED, n);
	local_bh_enable();
}

/* The same, and what was to be received. */
static void vtun_purge(struct vtun_priv *priv, struct vtun_file *file)
{
	struct sk_buff_head late;

	vtun_purge_ring(priv, file);
	vtun_map_settle(priv, file);
	__skb_queue_head_init(&late);
	spin_lock_bh(&file->sk.sk_write_queue.lock);
	skb_queue_splice_init(&file->sk.sk_write_queue, &late);
	vnet_drop_count(priv->drops, VNET_DROP_DOWN, skb_queue_len(&late));
	spin_unlock_bh(&file->sk.sk_write_queue.lock);
	__skb_queue_purge(&late);
}

/* The last queue takes the place of one that goes. Returns that file, or NULL. */
static struct vtun_file *vtun_unpublish(struct vtun_priv *priv,
					struct vtun_file *file)
{
	unsigned int last = priv->num_queues - 1;
	struct vtun_file *other = rtnl_dereference(priv->files[last]);
	u16 index = file->index;

	if (other != file) {
		vtun_file_set_index(other, index);
		rcu_assign_pointer(priv->files[index], other);
	}
	RCU_INIT_POINTER(priv->files[last], NULL);
	WRITE_ONCE(priv->num_queues, last);
	return other != file ? other : NULL;
}

/*
 * Behind a grace period. BQL of the queue that @moved was does not wait for
 * what it has from there: the next file is to find it as if it were new.
 */
static void vtun_moved(struct vtun_priv *priv, struct vtun_file *moved)
{
	if (!moved)
		return;
	vtun_ring_settle(priv, moved);
	vtun_map_settle(priv, moved);
}

/**
 * vtun_disable() - IFF_DETACH_QUEUE
 * @file: an attached queue
 *
 * Context: RTNL.
 */
void vtun_disable(struct vtun_file *file)
{
	struct vtun_priv *priv = rtnl_dereference(file->tun);
	struct vtun_file *moved = vtun_unpublish(priv, file);

	WRITE_ONCE(file->detached, priv);
	list_add_tail(&file->next, &priv->disabled);
	priv->num_disabled++;
	if (file->napi_on)
		napi_disable(&file->napi);
	synchronize_net();
	vtun_moved(priv, moved);
	vtun_purge(priv, file);
	vtun_set_queues(priv);
	vtun_wake_all(priv);
}

static void vtun_undisable(struct vtun_priv *priv, struct vtun_file *file)
{
	WRITE_ONCE(file->detached, NULL);
	list_del_init(&file->next);
	priv->num_disabled--;
}

/**
 * vtun_reattach() - IFF_ATTACH_QUEUE
 * @file: a disabled queue
 *
 * Context: RTNL.
 * Return: 0, or an error, which changes nothing.
 */
int vtun_reattach(struct vtun_file *file)
{
	struct vtun_priv *priv = file->detached;
	int err;

	err = security_tun_dev_attach_queue(priv->security);
	if (err < 0)
		return err;
	err = security_tun_dev_attach(&file->sk, priv->security);
	if (err < 0)
		return err;
	err = vtun_attach_check(priv);
	if (err)
		return err;
	/* First: what is queued once nobody is turned away has to be polled. */
	if (file->napi_on)
		napi_enable(&file->napi);
	vtun_undisable(priv, file);
	WRITE_ONCE(file->no_filter, false);
	vtun_file_set_index(file, priv->num_queues);
	vtun_publish(priv, file);
	return 0;
}

/* What of the file belongs to the device; nobody uses it any more. */
static void vtun_release_device(struct vtun_priv *priv, struct vtun_file *file)
{
	if (file->napi_on)
		netif_napi_del(&file->napi);
	file->napi_on = false;
	file->napi_frags = false;
	vtun_purge(priv, file);
	vtun_map_leave(priv, file);
	xdp_rxq_info_unreg(&file->rxq);
	sock_put(&file->sk);
}

/**
 * vtun_detach() - a file is closed
 * @file: the file; it may have a device, enabled or not
 *
 * A device that is not to persist goes with its last file.
 *
 * Context: RTNL.
 */
void vtun_detach(struct vtun_file *file)
{
	struct vtun_priv *priv = rtnl_dereference(file->tun);
	struct vtun_file *moved = NULL;

	if (!priv)
		return;
	if (file->detached) {
		vtun_undisable(priv, file);
	} else {
		moved = vtun_unpublish(priv, file);
		if (file->napi_on)
			napi_disable(&file->napi);
	}
	RCU_INIT_POINTER(file->tun, NULL);
	synchronize_net();
	vtun_moved(priv, moved);
	vtun_release_device(priv, file);
	vtun_set_queues(priv);
	vtun_wake_all(priv);

	if (priv->num_queues || priv->num_disabled) {
		netdev_state_change(priv->dev);
		return;
	}
	netif_carrier_off(priv->dev);
	if (!(priv->flags & IFF_PERSIST) &&
	    priv->dev->reg_state == NETREG_REGISTERED)
		unregister_netdevice(priv->dev);
	else
		netdev_state_change(priv->dev);
}

/* Who waits sleeps no longer than the device lives. */
static void vtun_file_orphan(struct vtun_file *file)
{
	vtun_map_gone(file);
	WRITE_ONCE(file->sk.sk_shutdown,
		   file->sk.sk_shutdown | RCV_SHUTDOWN);
	vtun_file_notify_all(file);
	RCU_INIT_POINTER(file->tun, NULL);
}

/**
 * vtun_detach_all() - a device goes: its files are left without
 * @dev: the device, down
 *
 * Context: RTNL.
 */
void vtun_detach_all(struct net_device *dev)
{
	struct vtun_priv *priv = netdev_priv(dev);
	struct vtun_file *file, *tmp;
	unsigned int i, n = priv->num_queues;

	for (i = 0; i < n; i++) {
		file = rtnl_dereference(priv->files[i]);
		if (file->napi_on)
			napi_disable(&file->napi);
		vtun_file_orphan(file);
	}
	list_for_each_entry(file, &priv->disabled, next)
		vtun_file_orphan(file);
	WRITE_ONCE(priv->num_queues, 0);
	synchronize_net();

	for (i = 0; i < n; i++) {
		file = rtnl_dereference(priv->files[i]);
		RCU_INIT_POINTER(priv->files[i], NULL);
		vtun_release_device(priv, file);
	}
	list_for_each_entry_safe(file, tmp, &priv->disabled, next) {
		vtun_undisable(priv, file);
		vtun_release_device(priv, file);
	}
}

/* What did not fit into a ring's new size; RTNL. */
static void **vtun_left;
static unsigned int vtun_num_left;

static void vtun_leave(void *entry)
{
	vtun_left[vtun_num_left++] = entry;
}

/*
 * The ring drops what its new size has no room for while its locks are held,
 * with interrupts off; this is made up for afterwards.
 */
static int vtun_ring_resize(struct vtun_priv *priv, struct vtun_file *file)
{
	unsigned int i;
	int err;

	vtun_left = kvmalloc_array(max(file->ring.size, 1), sizeof(*vtun_left),
				   GFP_KERNEL);
	if (!vtun_left)
		return -ENOMEM;
	vtun_num_left = 0;
	err = ptr_ring_resize(&file->ring, priv->dev->tx_queue_len, GFP_KERNEL,
			      vtun_leave);
	for (i = 0; i < vtun_num_left; i++) {
		vtun_entry_complete(priv, vtun_left[i]);
		vtun_entry_free(vtun_left[i]);
	}
	spin_lock_bh(&file->ring.consumer_lock);
	vtun_ended_flush(priv, file);
	vnet_drop_count(priv->drops, VNET_DROP_PURGED, vtun_num_left);
	spin_unlock_bh(&file->ring.consumer_lock);
	kvfree(vtun_left);
	vtun_left = NULL;
	return err;
}

/**
 * vtun_rings_resize() - the device's tx_queue_len has changed
 * @dev: the device
 *
 * Context: RTNL.
 * Return: 0 or -ENOMEM; some rings may have the new size then.
 */
int vtun_rings_resize(struct net_device *dev)
{
	struct vtun_priv *priv = netdev_priv(dev);
	struct vtun_file *file;
	unsigned int i;
	int err = 0;

	for (i = 0; i < priv->num_queues && !err; i++)
		err = vtun_ring_resize(priv, rtnl_dereference(priv->files[i]));
	list_for_each_entry(file, &priv->disabled, next)
		if (!err)
			err = vtun_ring_resize(priv, file);
	vtun_wake_all(priv);
	return err;
}
