// SPDX-License-Identifier: GPL-2.0
/*
 * The host as one that the bridge delivers to: at once, or by way of a queue
 * where the frame is still its sender's doing, whose context the host's stack
 * is not for.
 */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include "vbridge.h"

/* Frames that wait for the host; those beyond are dropped, and counted. */
#define VBR_HOST_QUEUE 1000

static void vbr_host_receive(struct vbr *br, struct sk_buff *skb)
{
	const u8 *dest = eth_hdr(skb)->h_dest;
	struct net_device *dev = br->dev;

	dev_sw_netstats_rx_add(dev, skb->len);
	if (is_multicast_ether_addr(dest)) {
		if (!is_broadcast_ether_addr(dest))
			vbr_count(br, VBR_STAT_MULTICAST, 1);
	} else if (ether_addr_equal(dest, dev->dev_addr)) {
		skb->pkt_type = PACKET_HOST;
	}
	skb->dev = dev;
	netif_receive_skb(skb);
}

static noinline void vbr_host_enqueue(struct vbr *br,
				      const struct vbr_port *from,
				      struct sk_buff *skb)
{
	struct vbr_host *host = &br->host;
	enum vnet_drop why = VNET_DROP_PURGED;

	spin_lock(&host->queue.lock);
	if (unlikely(!host->open))
		goto drop;
	why = VNET_DROP_RING_FULL;
	if (unlikely(skb_queue_len(&host->queue) >= VBR_HOST_QUEUE))
		goto drop;
	__skb_queue_tail(&host->queue, skb);
	atomic_inc(&host->pending);
	spin_unlock(&host->queue.lock);
	napi_schedule(&host->napi);
	return;
drop:
	spin_unlock(&host->queue.lock);
	vbr_drop_skb(br, from, skb, why);
}

/**
 * vbr_host_deliver() - have the bridge device receive a frame
 * @br: the bridge
 * @from: the port it came in by
 * @skb: the frame, its data at the network header; consumed
 * @later: the caller may be its sender
 *
 * None overtakes another: all of them wait while one does.
 *
 * Context: RCU read section, BH off, no lock held.
 */
void vbr_host_deliver(struct vbr *br, const struct vbr_port *from,
		      struct sk_buff *skb, bool later)
{
	/* Acquire: the frame before it has been received, not just taken. */
	if (unlikely(later || atomic_read_acquire(&br->host.pending)))
		vbr_host_enqueue(br, from, skb);
	else
		vbr_host_receive(br, skb);
}

static int vbr_host_poll(struct napi_struct *napi, int budget)
{
	struct vbr_host *host = container_of(napi, struct vbr_host, napi);
	struct vbr *br = container_of(host, struct vbr, host);
	struct sk_buff *skb;
	int done = 0;

	while (done < budget) {
		skb = skb_dequeue(&host->queue);
		if (!skb)
			break;
		rcu_read_lock();
		vbr_host_receive(br, skb);
		rcu_read_unlock();
		/* Pairs with vbr_host_deliver(). */
		atomic_dec_return_release(&host->pending);
		done++;
	}
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

/**
 * vbr_host_open_rtnl() - let frames wait for the host
 * @br: the bridge, coming up
 */
void vbr_host_open_rtnl(struct vbr *br)
{
	struct vbr_host *host = &br->host;

	napi_enable(&host->napi);
	spin_lock_bh(&host->queue.lock);
	host->open = true;
	spin_unlock_bh(&host->queue.lock);
}

/**
 * vbr_host_close_rtnl() - let no frame wait any more
 * @br: the bridge, going down
 *
 * What waits is dropped, and counted.
 */
void vbr_host_close_rtnl(struct vbr *br)
{
	struct vbr_host *host = &br->host;
	struct sk_buff *skb;

	spin_lock_bh(&host->queue.lock);
	host->open = false;
	spin_unlock_bh(&host->queue.lock);
	/* Now nobody adds to it; from here on nobody takes from it. */
	napi_disable(&host->napi);
	local_bh_disable();
	while ((skb = skb_dequeue(&host->queue))) {
		vbr_drop_skb(br, NULL, skb, VNET_DROP_PURGED);
		atomic_dec(&host->pending);
	}
	local_bh_enable();
}

/**
 * vbr_host_init() - make the queue of a new bridge
 * @br: the bridge
 */
void vbr_host_init(struct vbr *br)
{
	skb_queue_head_init(&br->host.queue);
	atomic_set(&br->host.pending, 0);
	netif_napi_add(br->dev, &br->host.napi, vbr_host_poll);
}

/**
 * vbr_host_uninit() - end the queue
 * @br: the bridge, which is down
 */
void vbr_host_uninit(struct vbr *br)
{
	netif_napi_del(&br->host.napi);
}
