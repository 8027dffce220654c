// SPDX-License-Identifier: GPL-2.0
/*
 * From the sending end into a receive ring of the other.
 */
#include <linux/etherdevice.h>
#include <net/net_namespace.h>
#include "vveth.h"

/*
 * Make the frame one that @rcv has received: without the sender's state, and
 * without anything of its namespace where the two ends differ in that. The
 * sender's socket stays charged until the frame is received.
 *
 * Returns a reason to drop the frame, or __VNET_DROP_MAX for none.
 */
static enum vnet_drop vveth_xmit_cross(struct sk_buff *skb,
				       const struct net_device *dev,
				       struct net_device *rcv)
{
	if (unlikely(!pskb_may_pull(skb, ETH_HLEN)))
		return VNET_DROP_TOO_SHORT;
	if (unlikely(skb_orphan_frags(skb, GFP_ATOMIC)))
		return VNET_DROP_NOMEM;
	if (unlikely(!is_skb_forwardable(rcv, skb)))
		return READ_ONCE(rcv->flags) & IFF_UP ? VNET_DROP_TOO_BIG :
							VNET_DROP_DOWN;

	skb_scrub_packet(skb, !net_eq(dev_net(dev), dev_net(rcv)));
	skb->priority = 0;
	skb->protocol = eth_type_trans(skb, rcv);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	return __VNET_DROP_MAX;
}

/*
 * Both a burst that is cut short and a burst's last frame must wake the
 * receiver, whatever becomes of the frame itself.
 */
static enum vnet_drop vveth_xmit_queue(struct vveth_rings *rings,
				       struct sk_buff *skb,
				       const struct net_device *dev,
				       struct net_device *rcv)
{
	struct vveth_rq *rq = &rings->rq[0];
	enum vnet_drop why;
	unsigned int q = 0;

	if (rings->n > 1) {
		q = skb_get_queue_mapping(skb) % rings->n;
		rq = &rings->rq[q];
	}

	why = vveth_xmit_cross(skb, dev, rcv);
	if (likely(why == __VNET_DROP_MAX)) {
		/*
		 * What is recorded chooses the transmit queue of a device the
		 * frame is routed to; one queue has nothing to tell.
		 */
		if (rings->n > 1)
			skb_record_rx_queue(skb, q);
		else
			skb_set_queue_mapping(skb, 0);
		if (unlikely(ptr_ring_produce(&rq->ring, skb)))
			why = VNET_DROP_RING_FULL;
	}
	if (!netdev_xmit_more() || why != __VNET_DROP_MAX)
		napi_schedule(&rq->napi);
	return why;
}

/**
 * vveth_xmit() - ndo_start_xmit
 * @skb: the frame; consumed
 * @dev: the sending end
 *
 * Return: NETDEV_TX_OK. A frame that cannot be queued is counted and freed.
 */
netdev_tx_t vveth_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	unsigned int len = skb->len;
	struct vveth_rings *rings;
	struct vveth_priv *rcv_priv;
	struct net_device *rcv;
	enum vnet_drop why;

	rcu_read_lock();
	skb_tx_timestamp(skb);
	rcv = rcu_dereference(priv->peer);
	if (unlikely(!rcv)) {
		why = VNET_DROP_NO_PEER;
		goto drop;
	}
	rcv_priv = netdev_priv(rcv);
	rings = rcu_dereference(rcv_priv->rings);
	if (unlikely(!rings)) {
		why = VNET_DROP_DOWN;
		goto drop;
	}

	why = vveth_xmit_queue(rings, skb, dev, rcv);
	if (unlikely(why != __VNET_DROP_MAX))
		goto drop;
	dev_sw_netstats_tx_add(dev, 1, len);
	rcu_read_unlock();
	return NETDEV_TX_OK;

drop:
	vnet_drop_skb(priv->drops, skb, why);
	rcu_read_unlock();
	return NETDEV_TX_OK;
}
