// SPDX-License-Identifier: GPL-2.0
/*
 * From the sending end into a receive ring of the other.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/net_namespace.h>
#include <net/sch_generic.h>
#include <net/sock.h>
#include <net/udp.h>
#include "vveth.h"
#include "xdp.h"

/* Beside the reasons of drops: no drop, the frame is the caller's again. */
#define VVETH_BUSY (__VNET_DROP_MAX + 1)

/*
 * The protocol behind the IP header, or -1. A packet socket leaves hardly more
 * than the Ethernet header in the linear part of a large frame.
 */
static noinline int vveth_gro_proto_paged(const struct sk_buff *skb)
{
	union {
		struct iphdr v4;
		struct ipv6hdr v6;
	} buf;
	const struct ipv6hdr *v6;
	const struct iphdr *v4;

	if (skb->protocol == htons(ETH_P_IP)) {
		v4 = skb_header_pointer(skb, 0, sizeof(*v4), &buf);
		return v4 ? v4->protocol : -1;
	}
	v6 = skb_header_pointer(skb, 0, sizeof(*v6), &buf);
	return v6 ? v6->nexthdr : -1;
}

static __always_inline int vveth_gro_proto(const struct sk_buff *skb)
{
	const void *l3 = skb->data;

	/* Not in a switch, which would ask for others first. */
	if (likely(skb->protocol == htons(ETH_P_IP))) {
		if (unlikely(skb_headlen(skb) < sizeof(struct iphdr)))
			return vveth_gro_proto_paged(skb);
		return ((const struct iphdr *)l3)->protocol;
	}
	switch (skb->protocol) {
	case htons(ETH_P_IPV6):
		if (unlikely(skb_headlen(skb) < sizeof(struct ipv6hdr)))
			return vveth_gro_proto_paged(skb);
		return ((const struct ipv6hdr *)l3)->nexthdr;
	case htons(ETH_P_8021Q):
	case htons(ETH_P_8021AD):
	case htons(ETH_P_TEB):
		/* Like a tunnel: what is inside is for GRO to find out. */
		return IPPROTO_GRE;
	default:
		return -1;
	}
}

/* From a socket of the host's own, which makes super-frames itself. */
static bool vveth_gro_done_by_sender(const struct sk_buff *skb,
				     const struct net_device *dev)
{
	const struct sock *sk = skb->sk;

	return sk && (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       dev->features & NETIF_F_ALL_TSO;
}

/*
 * Whether GRO at @rcv would merge frames of that protocol. Without an @skb
 * nothing is known of the sender.
 */
static __always_inline bool vveth_gro_helps_proto(int proto,
						  const struct sk_buff *skb,
						  const struct net_device *dev,
						  const struct net_device *rcv)
{
	/* First, as its frames are small and many. */
	if (proto == IPPROTO_UDP) {
		if (rcv->features &
		    (NETIF_F_GRO_FRAGLIST | NETIF_F_GRO_UDP_FWD))
			return true;
		/* Else only a tunnel's, if there is any on this host. */
		return static_branch_unlikely(&udp_encap_needed_key) &&
		       !(skb && vveth_gro_done_by_sender(skb, dev));
	}
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_GRE:
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_ESP:
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return !(skb && vveth_gro_done_by_sender(skb, dev));
	default:
		return false;
	}
}

/*
 * GRO costs every frame that it looks at, so leave out those that it would
 * not merge. All frames of a flow get the same answer, or one that GRO holds
 * would be overtaken: so it does not depend on the size. For
 * vveth_xmit_queue() a part of itself, whoever else calls it.
 */
static __always_inline bool vveth_gro_helps(const struct sk_buff *skb,
					    const struct net_device *dev,
					    const struct net_device *rcv)
{
	if (!(rcv->features & NETIF_F_GRO))
		return false;
	return vveth_gro_helps_proto(vveth_gro_proto(skb), skb, dev, rcv);
}

/**
 * vveth_gro_helps_xdp() - whether GRO would merge a frame that has no skb
 * @frame: the frame
 * @rcv: the receiving end
 *
 * The answer is the same for all frames of a flow, as long as their headers
 * lie in the first buffer; of others it says yes.
 */
bool vveth_gro_helps_xdp(const struct xdp_frame *frame,
			 const struct net_device *rcv)
{
	const struct ethhdr *eth = frame->data;
	int proto = -1;

	if (!(rcv->features & NETIF_F_GRO))
		return false;
	if (frame->len < ETH_HLEN + sizeof(struct ipv6hdr))
		return true;
	switch (eth->h_proto) {
	case htons(ETH_P_IP):
		proto = ((const struct iphdr *)(eth + 1))->protocol;
		break;
	case htons(ETH_P_IPV6):
		proto = ((const struct ipv6hdr *)(eth + 1))->nexthdr;
		break;
	case htons(ETH_P_8021Q):
	case htons(ETH_P_8021AD):
	case htons(ETH_P_TEB):
		return true;
	}
	return vveth_gro_helps_proto(proto, NULL, NULL, rcv);
}

/**
 * vveth_gro_helps_frame() - whether GRO would merge a frame without a socket
 * @skb: the frame, as @rcv receives it
 * @rcv: the receiving end
 *
 * The answer is the same as for frames of that flow that came as an skb.
 */
bool vveth_gro_helps_frame(const struct sk_buff *skb,
			   const struct net_device *rcv)
{
	return vveth_gro_helps(skb, rcv, rcv);
}

/*
 * Make the frame one that @rcv has received: without the sender's state, and
 * without anything of its namespace where the two ends differ in that. The
 * sender's socket stays charged until the frame is received.
 *
 * Returns a reason to drop the frame, or __VNET_DROP_MAX for none.
 */
static __always_inline enum vnet_drop
vveth_xmit_cross(struct sk_buff *skb, const struct net_device *dev,
		 struct net_device *rcv)
{
	if (unlikely(!pskb_may_pull(skb, ETH_HLEN)))
		return VNET_DROP_TOO_SHORT;
	if (unlikely(!__is_skb_forwardable(rcv, skb, true)))
		return READ_ONCE(rcv->flags) & IFF_UP ? VNET_DROP_TOO_BIG :
							VNET_DROP_DOWN;

	vnet_scrub(skb, !net_eq(dev_net(dev), dev_net(rcv)));
	skb->priority = 0;
	skb->protocol = vnet_type_trans(skb, rcv);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	return __VNET_DROP_MAX;
}

static bool vveth_txq_has_qdisc(const struct netdev_queue *txq)
{
	return rcu_dereference_bh(txq->qdisc)->enqueue;
}

/*
 * The ring is full: wait for room, which is known by the time the sender can
 * be woken, and may be there already.
 */
static void vveth_txq_stop(struct vveth_rq *rq, struct netdev_queue *txq,
			   const struct vveth_rings *rings)
{
	const struct vveth_priv *rcv_priv = netdev_priv(rq->dev);

	netif_tx_stop_queue(txq);
	/* Who sees the mark finds a queue that stands still. */
	smp_store_release(&rq->waiting, true);
	/* Pairs with those in vveth_rq_release() and vveth_rq_keep(). */
	smp_mb();
	if (!ptr_ring_full(&rq->ring) ||
	    rcu_access_pointer(rcv_priv->rings) != rings)
		netif_tx_wake_queue(txq);
}

/* Takes a ring that nobody owns, and opens its lane for this CPU. */
static __always_inline bool vveth_lane_open(struct vveth_rq *rq, int cpu)
{
	if (atomic_read(&rq->owner) != VVETH_RQ_IDLE || vveth_rq_napi_only(rq))
		return false;
	/* Pairs with vveth_rq_release(). */
	if (atomic_cmpxchg_acquire(&rq->owner, VVETH_RQ_IDLE,
				   VVETH_RQ_TASKLET) != VVETH_RQ_IDLE)
		return false;
	vveth_rq_schedule(rq);
	/* Nobody gives a ring up who has left something in its lane. */
	DEBUG_NET_WARN_ON_ONCE(rq->lane_n);
	/* What is there may be older frames of the same flow. */
	if (unlikely(!__ptr_ring_empty(&rq->ring)))
		return false;
	WRITE_ONCE(rq->lane_cpu, cpu);
	return true;
}

/*
 * Whether a frame that needs no NAPI can go into the lane, where it will be
 * received without further ado.
 */
static __always_inline bool vveth_lane_ready(struct vveth_rq *rq)
{
	int cpu = smp_processor_id();

	if (READ_ONCE(rq->lane_cpu) != cpu)
		return vveth_lane_open(rq, cpu);
	/* A sender that was elsewhere meanwhile has left frames in the ring. */
	return rq->lane_n < VVETH_LANE_SIZE && __ptr_ring_empty(&rq->ring);
}

/**
 * vveth_bql_flush() - tell BQL of a burst that went into a lane
 * @rq: the queue
 * @dev: the sending end
 *
 * Context: BH off, on the CPU that the lane is or was open for.
 */
void vveth_bql_flush(struct vveth_rq *rq, struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	unsigned int q = rq->lane_txq;

	spin_lock(&priv->txq[q].sent_lock);
	netdev_tx_sent_queue(netdev_get_tx_queue(dev, q), rq->lane_sent);
	spin_unlock(&priv->txq[q].sent_lock);
	rq->lane_sent = 0;
}

/*
 * A frame for the lane, from a queue with a qdisc. BQL is told of a burst as
 * a whole, but before the tasklet can say that any of it has ended. Returns
 * the mark of a frame that BQL waits for.
 */
static noinline unsigned long vveth_bql_sent(struct vveth_rq *rq,
					     struct net_device *dev,
					     unsigned int q, unsigned int bytes,
					     bool more)
{
	const struct vveth_priv *priv = netdev_priv(dev);

	if (!READ_ONCE(priv->bql))
		return 0;
	if (unlikely(rq->lane_sent && rq->lane_txq != q))
		vveth_bql_flush(rq, dev);
	rq->lane_txq = q;
	rq->lane_sent += bytes;
	if (!more)
		vveth_bql_flush(rq, dev);
	return VVETH_ENTRY_BQL;
}

/*
 * One that GRO may merge goes into the lane, too, as long as such frames come
 * one at a time. Not from a queue with a qdisc, for the sake of which all others
 * would have more to carry. Returns false for the ring.
 */
static noinline bool vveth_lane_put_gro(struct vveth_rq *rq,
					struct sk_buff *skb,
					const struct netdev_queue *txq)
{
	if (READ_ONCE(rq->gro_many) || vveth_txq_has_qdisc(txq) ||
	    !vveth_lane_ready(rq))
		return false;
	rq->lane_gro = true;
	rq->lane[rq->lane_n++] = vveth_entry_make(skb, VVETH_ENTRY_GRO);
	return true;
}

/*
 * From a queue with a qdisc, where frames are better off: BQL keeps the ring
 * as short as the receiver is fast, and what it has no room for stays there.
 * Returns whether the ring took the frame.
 */
static noinline bool
vveth_produce_from_qdisc(struct vveth_rings *rings, struct vveth_rq *rq,
			 struct sk_buff *skb, unsigned long bits,
			 unsigned int q, struct net_device *dev)
{
	struct netdev_queue *txq = netdev_get_tx_queue(dev, q);
	struct vveth_priv *priv = netdev_priv(dev);
	bool took = false, full;

	spin_lock(&priv->txq[q].sent_lock);
	spin_lock(&rq->ring.producer_lock);
	if (likely(!__ptr_ring_full(&rq->ring))) {
		if (READ_ONCE(priv->bql)) {
			/* Before anyone can say that it has ended. */
			netdev_tx_sent_queue(txq, skb->len + ETH_HLEN);
			bits |= VVETH_ENTRY_BQL;
		}
		__ptr_ring_produce(&rq->ring, vveth_entry_make(skb, bits));
		took = true;
	}
	full = __ptr_ring_full(&rq->ring);
	spin_unlock(&rq->ring.producer_lock);
	spin_unlock(&priv->txq[q].sent_lock);
	if (unlikely(full))
		vveth_txq_stop(rq, txq, rings);
	return took;
}

/* The frame goes back to the qdisc as one of the sender's again. */
static void vveth_xmit_uncross(struct sk_buff *skb, struct net_device *dev)
{
	skb_push_rcsum(skb, ETH_HLEN);
	skb->dev = dev;
}

/* The device's own counters are those of its first queue. */
static void vveth_count_tx(struct net_device *dev,
			   const struct netdev_queue *txq, unsigned int len)
{
	if (likely(txq == dev->_tx))
		dev_sw_netstats_tx_add(dev, 1, len);
	else
		vveth_tx_stats_add(dev, txq - dev->_tx, len);
}

/**
 * vveth_rq_quiet() - whether all frames of a ring have been received
 * @rq: the queue
 *
 * The owner is looked at on either side of the ring: before, so that the
 * ring's head is not older than what the last owner left; behind, since one
 * that came meanwhile may hold the frame that the ring has no more.
 *
 * Context: BH off.
 * Return: true where they have.
 */
bool vveth_rq_quiet(struct vveth_rq *rq)
{
	if (atomic_read_acquire(&rq->owner) != VVETH_RQ_IDLE ||
	    !__ptr_ring_empty(&rq->ring))
		return false;
	/* The ring, then the owner. */
	smp_rmb();
	return atomic_read_acquire(&rq->owner) == VVETH_RQ_IDLE;
}

/*
 * Offers a frame to who may take it from the receiving end directly. Frames
 * for GRO are left out: all of a flow are, so those that GRO holds are not
 * overtaken. Returns whether it was taken.
 */
static noinline bool vveth_xmit_to_port(struct vveth_rq *rq,
					struct sk_buff *skb, bool gro)
{
	struct vveth_priv *rcv_priv = netdev_priv(rq->dev);
	enum vnet_road road = VNET_ROAD_DIRECT;

	if (unlikely(gro))
		road = VNET_ROAD_GRO;
	else if (unlikely(test_bit(NAPI_STATE_THREADED, &rq->napi.state)))
		road = VNET_ROAD_THREADED;
	else if (unlikely(rcu_access_pointer(rq->xdp)))
		road = VNET_ROAD_XDP;
	else if (unlikely(!vveth_rq_quiet(rq)))
		road = VNET_ROAD_QUEUED;
	return vnet_port_receive(&rcv_priv->port, skb, road);
}

/*
 * Both a burst that is cut short and a burst's last frame must wake the
 * receiver, whatever becomes of the frame itself; a queue that is stopped
 * cuts it short, and only the receiver can start it again. With several
 * rings, a burst's last frame may be for another ring than those before it.
 * Whose frame goes into the lane has woken the receiver already.
 * The port's users take a frame only while the ring is empty.
 */
static __always_inline enum vnet_drop
vveth_xmit_queue(struct vveth_rings *rings, struct sk_buff *skb,
		 unsigned int len, struct net_device *dev,
		 struct net_device *rcv, bool more)
{
	const struct vveth_priv *rcv_priv = netdev_priv(rcv);
	unsigned int q = skb_get_queue_mapping(skb);
	struct netdev_queue *txq = netdev_get_tx_queue(dev, q);
	struct vveth_rq *rq = &rings->rq[0];
	unsigned long bits = 0;
	enum vnet_drop why;

	why = vveth_xmit_cross(skb, dev, rcv);
	if (unlikely(why != __VNET_DROP_MAX))
		goto wake;
	if (rings->n > 1)
		rq += reciprocal_scale(skb_get_hash(skb), rings->n);
	if (vveth_gro_helps(skb, dev, rcv))
		bits = VVETH_ENTRY_GRO;
	if (vnet_port_used(&rcv_priv->port) &&
	    vveth_xmit_to_port(rq, skb, bits))
		goto sent;
	if (!bits && vveth_lane_ready(rq)) {
		if (vveth_txq_has_qdisc(txq))
			bits = vveth_bql_sent(rq, dev, q, skb->len + ETH_HLEN,
					      more);
		rq->lane[rq->lane_n++] = vveth_entry_make(skb, bits);
		goto sent;
	}
	if (bits && vveth_lane_put_gro(rq, skb, txq))
		goto sent;
	vveth_lane_close(rq);
	if (likely(!vveth_txq_has_qdisc(txq))) {
		if (unlikely(ptr_ring_produce(&rq->ring,
					      vveth_entry_make(skb, bits))))
			why = VNET_DROP_RING_FULL;
	} else if (unlikely(!vveth_produce_from_qdisc(rings, rq, skb, bits, q,
						      dev))) {
		vveth_xmit_uncross(skb, dev);
		why = VVETH_BUSY;
	}
wake:
	if (!more || rings->n > 1 || why != __VNET_DROP_MAX ||
	    netif_xmit_stopped(txq))
		vveth_rq_wake(rq, bits & VVETH_ENTRY_GRO);
	if (unlikely(why != __VNET_DROP_MAX))
		return why;
sent:
	vveth_count_tx(dev, txq, len);
	return __VNET_DROP_MAX;
}

/*
 * A frame whose sender wants to know when it was sent, or when its memory is
 * free again: the receiver may keep it for any time, so that is copied. Returns
 * false without memory.
 */
static noinline bool vveth_send_tell(struct sk_buff *skb)
{
	/* As skb_tx_timestamp(), but for what a PHY would do. */
	if (skb_shinfo(skb)->tx_flags & SKBTX_SW_TSTAMP)
		skb_tstamp_tx(skb, NULL);
	return !skb_orphan_frags(skb, GFP_ATOMIC);
}

/**
 * vveth_burst_end() - have a burst received whose last frame was given up
 * @dev: the sending end
 *
 * With several rings each frame has woken its receiver.
 *
 * Context: BH off.
 */
void vveth_burst_end(struct net_device *dev)
{
	const struct vveth_priv *priv = netdev_priv(dev), *rcv_priv;
	struct net_device *rcv = rcu_dereference_bh(priv->peer);
	struct vveth_rings *rings;

	if (!rcv)
		return;
	rcv_priv = netdev_priv(rcv);
	rings = rcu_dereference_bh(rcv_priv->rings);
	if (rings && !__ptr_ring_empty(&rings->rq[0].ring))
		vveth_rq_wake(&rings->rq[0], true);
}

/*
 * Consumes the frame, unless it returns NETDEV_TX_BUSY, where a qdisc can
 * keep it.
 */
static __always_inline netdev_tx_t vveth_send(struct sk_buff *skb,
					      struct net_device *dev,
					      bool more)
{
	const struct skb_shared_info *sinfo = skb_shinfo(skb);
	struct vveth_priv *priv = netdev_priv(dev);
	unsigned int len = skb->len;
	struct vveth_rings *rings;
	struct vveth_priv *rcv_priv;
	struct net_device *rcv;
	enum vnet_drop why;

	if (unlikely(sinfo->tx_flags & SKBTX_SW_TSTAMP ||
		     sinfo->flags & SKBFL_ZEROCOPY_ENABLE) &&
	    unlikely(!vveth_send_tell(skb))) {
		why = VNET_DROP_NOMEM;
		if (!more)
			vveth_burst_end(dev);
		goto drop;
	}
	rcv = rcu_dereference_bh(priv->peer);
	if (unlikely(!rcv)) {
		why = VNET_DROP_NO_PEER;
		goto drop;
	}
	rcv_priv = netdev_priv(rcv);
	rings = rcu_dereference_bh(rcv_priv->rings);
	if (unlikely(!rings)) {
		why = VNET_DROP_DOWN;
		goto drop;
	}

	why = vveth_xmit_queue(rings, skb, len, dev, rcv, more);
	if (unlikely(why != __VNET_DROP_MAX))
		goto refused;
	return NETDEV_TX_OK;

refused:
	if (why == VVETH_BUSY)
		return NETDEV_TX_BUSY;
drop:
	vnet_drop_skb(priv->drops, skb, why);
	return NETDEV_TX_OK;
}

/**
 * vveth_xmit() - ndo_start_xmit
 * @skb: the frame; consumed, unless there was no room for it
 * @dev: the sending end
 *
 * Context: BH off, which is what RCU knows it by.
 * Return: NETDEV_TX_OK; a frame that cannot be queued is counted and freed.
 * NETDEV_TX_BUSY where a qdisc can keep it instead.
 */
netdev_tx_t vveth_xmit(struct sk_buff *skb, struct net_device *dev)
{
	return vveth_send(skb, dev, netdev_xmit_more());
}

/*
 * &vnet_port_ops.xmit. What the sender says of more to come is said of its own
 * device. A qdisc may have come since the caller looked: nothing is kept then.
 */
static void vveth_port_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);

	if (unlikely(vveth_send(skb, dev, false) == NETDEV_TX_BUSY))
		vnet_drop_skb(priv->drops, skb, VNET_DROP_RING_FULL);
}

static int vveth_port_xmit_frames(struct net_device *dev,
				  struct xdp_frame **frames, unsigned int n)
{
	return vveth_xdp_send(dev, smp_processor_id(), frames, n);
}

const struct vnet_port_ops vveth_port_ops = {
	.xmit = vveth_port_xmit,
	.xmit_frames = vveth_port_xmit_frames,
};
