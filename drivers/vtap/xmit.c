// SPDX-License-Identifier: GPL-2.0
/*
 * From one end to the other: directly to who may take the frame, or by a
 * queue and NAPI to the receive path.
 */
#include <linux/etherdevice.h>
#include <net/net_namespace.h>
#include "vtap.h"

static int vtap_poll(struct napi_struct *napi, int budget)
{
	struct vtap_rq *rq = container_of(napi, struct vtap_rq, napi);
	struct sk_buff_head now;
	struct sk_buff *skb;
	int received = 0;

	__skb_queue_head_init(&now);
	spin_lock(&rq->queue.lock);
	skb_queue_splice_tail_init(&rq->queue, &now);
	spin_unlock(&rq->queue.lock);
	while (received < budget && (skb = __skb_dequeue(&now))) {
		dev_sw_netstats_rx_add(napi->dev, skb->len + ETH_HLEN);
		skb_record_rx_queue(skb, rq - ((struct vtap_priv *)
					       netdev_priv(napi->dev))->rq);
		netif_receive_skb(skb);
		received++;
	}
	spin_lock(&rq->queue.lock);
	skb_queue_splice(&now, &rq->queue);
	/* Pairs with vtap_to_user(): what was received is seen as such. */
	smp_store_release(&rq->pending, rq->pending - received);
	spin_unlock(&rq->queue.lock);
	if (received < budget)
		napi_complete_done(napi, received);
	return received;
}

/**
 * vtap_queues_alloc() - receive queues of a device that is being made
 * @dev: the device
 *
 * Context: ndo_init.
 * Return: 0 or -ENOMEM.
 */
int vtap_queues_alloc(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);
	unsigned int i;

	priv->rq = kvcalloc(dev->num_rx_queues, sizeof(*priv->rq),
			    GFP_KERNEL_ACCOUNT);
	if (!priv->rq)
		return -ENOMEM;
	for (i = 0; i < dev->num_rx_queues; i++) {
		skb_queue_head_init(&priv->rq[i].queue);
		netif_napi_add(dev, &priv->rq[i].napi, vtap_poll);
	}
	return 0;
}

/**
 * vtap_queues_free() - the opposite
 * @dev: the device, which is down; it may have none
 *
 * Context: process.
 */
void vtap_queues_free(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);
	unsigned int i;

	if (!priv->rq)
		return;
	for (i = 0; i < dev->num_rx_queues; i++)
		netif_napi_del(&priv->rq[i].napi);
	kvfree(priv->rq);
	priv->rq = NULL;
}

/**
 * vtap_queues_open() - receive from now on
 * @dev: the device, which is coming up
 *
 * Context: RTNL.
 */
void vtap_queues_open(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);
	unsigned int i;

	for (i = 0; i < dev->num_rx_queues; i++)
		napi_enable(&priv->rq[i].napi);
}

/**
 * vtap_queues_close() - receive no more
 * @dev: the device, which is no longer marked as running
 *
 * Context: RTNL; waits for senders.
 */
void vtap_queues_close(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);
	struct sk_buff *skb;
	unsigned int i;

	/* No sender is left that has seen it running. */
	synchronize_net();
	for (i = 0; i < dev->num_rx_queues; i++) {
		struct vtap_rq *rq = &priv->rq[i];

		napi_disable(&rq->napi);
		local_bh_disable();
		while ((skb = __skb_dequeue(&rq->queue)))
			vnet_drop_skb(priv->drops, skb, VNET_DROP_PURGED);
		local_bh_enable();
		rq->pending = 0;
	}
}

/* Returns whether there was room. */
static bool vtap_enqueue(struct vtap_rq *rq, struct sk_buff *skb)
{
	bool took;

	spin_lock(&rq->queue.lock);
	took = rq->pending < VTAP_BACKLOG;
	if (likely(took)) {
		__skb_queue_tail(&rq->queue, skb);
		WRITE_ONCE(rq->pending, rq->pending + 1);
	}
	spin_unlock(&rq->queue.lock);
	napi_schedule(&rq->napi);
	return took;
}

/*
 * Make the frame one that @rcv has received: without the sender's state, and
 * without anything of its namespace where the two ends differ in that.
 *
 * Returns a reason to drop the frame, or __VNET_DROP_MAX for none.
 */
static enum vnet_drop vtap_cross(struct sk_buff *skb,
				 const struct net_device *dev,
				 struct net_device *rcv)
{
	if (unlikely(!pskb_may_pull(skb, ETH_HLEN)))
		return VNET_DROP_TOO_SHORT;
	if (unlikely(!netif_running(rcv)))
		return VNET_DROP_DOWN;
	if (unlikely(!__is_skb_forwardable(rcv, skb, true)))
		return READ_ONCE(rcv->flags) & IFF_UP ? VNET_DROP_TOO_BIG :
							VNET_DROP_DOWN;
	if (unlikely(skb_orphan_frags(skb, GFP_ATOMIC)))
		return VNET_DROP_NOMEM;

	skb_scrub_packet(skb, !net_eq(dev_net(dev), dev_net(rcv)));
	skb->priority = 0;
	skb->protocol = eth_type_trans(skb, rcv);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	return __VNET_DROP_MAX;
}

/* Whether somebody who would use the frame has taken it past the queue. */
static bool vtap_to_user(struct vtap_priv *rcv_priv, struct vtap_rq *rq,
			 struct sk_buff *skb)
{
	enum vnet_road road = VNET_ROAD_DIRECT;

	if (!vnet_port_used(&rcv_priv->port))
		return false;
	if (unlikely(test_bit(NAPI_STATE_THREADED, &rq->napi.state)))
		road = VNET_ROAD_THREADED;
	else if (unlikely(smp_load_acquire(&rq->pending)))	/* vtap_poll() */
		road = VNET_ROAD_QUEUED;
	return vnet_port_receive(&rcv_priv->port, skb, road);
}

/* Consumes the frame. */
static void vtap_send(struct sk_buff *skb, struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev), *rcv_priv;
	unsigned int len = skb->len, n;
	struct net_device *rcv;
	enum vnet_drop why;
	struct vtap_rq *rq;

	skb_tx_timestamp(skb);
	rcv = rcu_dereference_bh(priv->peer);
	why = rcv ? vtap_cross(skb, dev, rcv) : VNET_DROP_NO_PEER;
	if (unlikely(why != __VNET_DROP_MAX)) {
		if (why == VNET_DROP_NOMEM)
			priv = netdev_priv(rcv);
		vnet_drop_skb(priv->drops, skb, why);
		return;
	}

	rcv_priv = netdev_priv(rcv);
	rq = rcv_priv->rq;
	n = READ_ONCE(rcv->real_num_rx_queues);
	if (n > 1)
		rq += reciprocal_scale(skb_get_hash(skb), n);
	if (!vtap_to_user(rcv_priv, rq, skb) && !vtap_enqueue(rq, skb))
		vnet_drop_skb(rcv_priv->drops, skb, VNET_DROP_RING_FULL);
	dev_sw_netstats_tx_add(dev, 1, len);
}

/**
 * vtap_xmit() - ndo_start_xmit
 * @skb: the frame; consumed
 * @dev: the sending end
 *
 * Context: BH off, which is what RCU knows it by.
 * Return: NETDEV_TX_OK.
 */
netdev_tx_t vtap_xmit(struct sk_buff *skb, struct net_device *dev)
{
	vtap_send(skb, dev);
	return NETDEV_TX_OK;
}

const struct vnet_port_ops vtap_vnet_port_ops = {
	.xmit = vtap_send,
};
