// SPDX-License-Identifier: GPL-2.0
/*
 * What the device sends: into the ring of a file, whose program reads it.
 */
#include <linux/netfilter.h>
#include <net/sch_generic.h>
#include <net/xdp.h>
#include "vtun.h"

/*
 * The ring is full. The reader wakes the queue where it sees the mark, which
 * it looks for behind each frame; if it has taken the last one already, nobody
 * else will.
 */
static void vtun_stop(struct vtun_file *file, struct netdev_queue *txq)
{
	bool empty;

	netif_tx_stop_queue(txq);
	/* Who sees the mark finds a queue that stands still; see vtun_wake(). */
	smp_store_release(&file->stopped, true);
	/* Pairs with vtun_consume(). */
	smp_mb();
	/* Against the ring's getting another size, which frees the old one. */
	spin_lock(&file->ring.producer_lock);
	empty = __ptr_ring_empty(&file->ring);
	spin_unlock(&file->ring.producer_lock);
	if (empty) {
		WRITE_ONCE(file->stopped, false);
		netif_tx_wake_queue(txq);
	}
}

/* A ring without slots has none to look at. Producer lock. */
static bool vtun_ring_is_full(struct vtun_file *file)
{
	return unlikely(!file->ring.size) || __ptr_ring_full(&file->ring);
}

/**
 * vtun_hold() - a file may have become another queue: stop that where the ring
 *	is full
 * @file: the file
 * @txq: the queue that it is now
 *
 * Context: process; RTNL.
 * Return: whether the queue stands still; the reader lets it go on.
 */
bool vtun_hold(struct vtun_file *file, struct netdev_queue *txq)
{
	bool hold;

	local_bh_disable();
	spin_lock(&file->ring.producer_lock);
	hold = file->ring.size && __ptr_ring_full(&file->ring) &&
	       vtun_has_qdisc(txq);
	spin_unlock(&file->ring.producer_lock);
	if (hold)
		vtun_stop(file, txq);
	local_bh_enable();
	return hold;
}

/*
 * From a queue with a qdisc, where frames are better off: BQL keeps the ring
 * as short as the program is fast, and what it has no room for stays there.
 * Returns whether the ring took the frame.
 */
static bool vtun_produce_from_qdisc(struct vtun_priv *priv,
				    struct vtun_file *file,
				    struct sk_buff *skb, unsigned int q)
{
	struct netdev_queue *txq = netdev_get_tx_queue(priv->dev, q);
	bool took = false, full;

	spin_lock(&priv->txq[q].sent_lock);
	spin_lock(&file->ring.producer_lock);
	if (likely(!vtun_ring_is_full(file))) {
		/* Before anyone can say that it has ended. */
		netdev_tx_sent_queue(txq, skb->len);
		took = !__ptr_ring_produce(&file->ring,
					   vtun_entry_make(skb, VTUN_ENTRY_BQL));
		if (!took)
			netdev_tx_completed_queue(txq, 1, skb->len);
	}
	full = vtun_ring_is_full(file);
	spin_unlock(&file->ring.producer_lock);
	spin_unlock(&priv->txq[q].sent_lock);
	if (unlikely(full))
		vtun_stop(file, txq);
	return took;
}

/* Returns whether the ring took the frame. */
static bool vtun_produce(struct vtun_priv *priv, struct vtun_file *file,
			 struct sk_buff *skb, unsigned int q)
{
	if (vtun_has_qdisc(netdev_get_tx_queue(priv->dev, q)))
		return vtun_produce_from_qdisc(priv, file, skb, q);
	return !ptr_ring_produce(&file->ring, skb);
}

/*
 * Into a mapped ring: the frame has ended then. Returns false, with the frame
 * as it was, where the ring is broken; else @why says whether it was taken.
 */
static bool vtun_xmit_mapped(struct vtun_priv *priv, struct vtun_file *file,
			     struct vtun_map *map, struct sk_buff *skb,
			     unsigned int q, bool more, enum vnet_drop *why)
{
	unsigned int len = skb->len;

	if (skb_vlan_tag_present(skb))
		len += VLAN_HLEN;
	/* As skb_tx_timestamp(), but for what a PHY would do. */
	if (unlikely(skb_shinfo(skb)->tx_flags & SKBTX_SW_TSTAMP))
		skb_tstamp_tx(skb, NULL);
	if (!vtun_map_xmit(priv, file, map, skb, q, more, why))
		return false;
	if (unlikely(*why != __VNET_DROP_MAX))
		return true;
	dev_sw_netstats_tx_add(priv->dev, 1, len);
	txq_trans_cond_update(netdev_get_tx_queue(priv->dev, q));
	consume_skb(skb);
	return true;
}

/* @more: the core sends another one behind this. BH off. */
static void vtun_send(struct sk_buff *skb, struct net_device *dev, bool more)
{
	struct vtun_priv *priv = netdev_priv(dev);
	unsigned int q = skb_get_queue_mapping(skb);
	enum vnet_drop why;
	struct vtun_file *file;
	struct vtun_map *map = NULL;

	rcu_read_lock();
	file = rcu_dereference(priv->files[q]);
	if (unlikely(!file)) {
		why = VNET_DROP_NO_READER;
		goto drop;
	}
	map = READ_ONCE(file->rx_map);
	if (unlikely(vtun_has_filter(priv)) &&
	    !vtun_filter_xmit(priv, file, skb)) {
		why = VNET_DROP_FILTER;
		goto drop;
	}
	if (map && likely(vtun_xmit_mapped(priv, file, map, skb, q, more,
					   &why))) {
		if (unlikely(why != __VNET_DROP_MAX))
			goto drop;
		rcu_read_unlock();
		return;
	}
	if (unlikely(skb_orphan_frags_rx(skb, GFP_ATOMIC))) {
		why = VNET_DROP_NOMEM;
		goto drop;
	}
	skb_tx_timestamp(skb);
	/* The program may take its time: its frames are nobody else's. */
	skb_orphan(skb);
	nf_reset_ct(skb);

	if (unlikely(!vtun_produce(priv, file, skb, q))) {
		why = VNET_DROP_RING_FULL;
		goto drop;
	}
	txq_trans_cond_update(netdev_get_tx_queue(dev, q));
	vtun_file_notify(file);
	rcu_read_unlock();
	return;

drop:
	/* It may have been announced to those in front of it. */
	if (map && !more)
		vtun_map_tell(file, map);
	skb_tx_error(skb);
	vnet_drop_skb(priv->drops, skb, why);
	rcu_read_unlock();
}

/**
 * vtun_xmit() - ndo_start_xmit
 * @skb: the frame; consumed
 * @dev: the device
 *
 * Context: BH off.
 * Return: NETDEV_TX_OK.
 */
netdev_tx_t vtun_xmit(struct sk_buff *skb, struct net_device *dev)
{
	vtun_send(skb, dev, netdev_xmit_more());
	return NETDEV_TX_OK;
}

/*
 * The frame's queue has been chosen, as for one that comes from the core. What
 * the core says of another one behind it is not about this device.
 */
static void vtun_port_xmit(struct sk_buff *skb, struct net_device *dev)
{
	vtun_send(skb, dev, false);
}

/* Whether it takes an skb to say which frames go to the program, and to which. */
static bool vtun_wants_skbs(const struct vtun_priv *priv)
{
	return READ_ONCE(priv->num_queues) > 1 || vtun_has_filter(priv);
}

static void vtun_send_frame(struct net_device *dev, struct xdp_frame *frame)
{
	const struct vtun_priv *priv = netdev_priv(dev);
	struct sk_buff *skb = xdp_build_skb_from_frame(frame, dev);

	if (unlikely(!skb)) {
		vnet_drop_count(priv->drops, VNET_DROP_NOMEM, 1);
		xdp_return_frame(frame);
		return;
	}
	/* Where its flow is looked for. */
	skb_reset_network_header(skb);
	skb_push(skb, ETH_HLEN);
	skb_set_queue_mapping(skb, netdev_cap_txqueue(dev, vtun_select_queue(dev, skb, NULL)));
	vtun_send(skb, dev, false);
}

static int vtun_port_xmit_frames(struct net_device *dev,
				 struct xdp_frame **frames, unsigned int n)
{
	unsigned int i;

	if (likely(!vtun_wants_skbs(netdev_priv(dev))))
		return vtun_xdp_xmit(dev, n, frames, XDP_XMIT_FLUSH);
	for (i = 0; i < n; i++)
		vtun_send_frame(dev, frames[i]);
	return n;
}

const struct vnet_port_ops vtun_port_ops = {
	.xmit = vtun_port_xmit,
	.xmit_frames = vtun_port_xmit_frames,
};
