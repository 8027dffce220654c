// SPDX-License-Identifier: GPL-2.0
/*
 * Native XDP: programs come and go, frames without an skb are sent.
 */
#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include "xdp.h"

static const char * const vveth_xdp_names[__VVETH_XDP_MAX] = {
	[VVETH_XDP_FRAMES]		= "frames",
	[VVETH_XDP_PACKETS]		= "packets",
	[VVETH_XDP_DROPS]		= "drops",
	[VVETH_XDP_REDIRECT]		= "redirect",
	[VVETH_XDP_REDIRECT_ERRORS]	= "redirect_errors",
	[VVETH_XDP_TX]			= "tx",
	[VVETH_XDP_TX_ERRORS]		= "tx_errors",
};

/* The largest MTU of which a frame fits into a page beside XDP's own room. */
#define VVETH_XDP_MTU_MAX (SKB_WITH_OVERHEAD(PAGE_SIZE - XDP_PACKET_HEADROOM) \
			   - ETH_HLEN)

/**
 * vveth_xdp_address_l3() - make a frame one for the receiver
 * @eth: the frame, which nobody else sees
 * @rcv: the receiving end, of a pair in layer 3
 *
 * Return: whether it may pass: IP alone may.
 */
bool vveth_xdp_address_l3(struct ethhdr *eth, const struct net_device *rcv)
{
	if (eth->h_proto != htons(ETH_P_IP) &&
	    eth->h_proto != htons(ETH_P_IPV6))
		return false;
	ether_addr_copy(eth->h_dest, rcv->dev_addr);
	return true;
}

/**
 * struct vveth_xdp_burst - frames that are sent together
 * @frames: the frames
 * @n: how many of them may be sent
 * @sent: of these, how many were, and are at the beginning
 * @bytes: and of what size they are
 */
struct vveth_xdp_burst {
	struct xdp_frame **frames;
	unsigned int n;
	unsigned int sent;
	u64 bytes;
};

/* The frame's turn does not come: counts it and moves it behind the others. */
static noinline void vveth_xdp_refuse(struct vveth_priv *priv,
				      struct vveth_xdp_burst *burst,
				      enum vnet_drop why)
{
	struct xdp_frame **frame = &burst->frames[burst->sent], *first = *frame;

	burst->n--;
	memmove(frame, frame + 1,
		(burst->n - burst->sent) * sizeof(*frame));
	burst->frames[burst->n] = first;
	vnet_drop_count(priv->drops, why, 1);
}

static unsigned int vveth_xdp_max_len(const struct net_device *rcv)
{
	return READ_ONCE(rcv->mtu) + ETH_HLEN + VLAN_HLEN;
}

static void vveth_xdp_produce(struct vveth_priv *priv, struct vveth_rq *rq,
			      struct vveth_xdp_burst *burst)
{
	const struct net_device *rcv = rq->dev;
	unsigned int max_len = vveth_xdp_max_len(rcv);

	vveth_lane_close(rq);
	spin_lock(&rq->ring.producer_lock);
	while (burst->sent < burst->n) {
		struct xdp_frame *frame = burst->frames[burst->sent];
		unsigned int len = xdp_get_frame_len(frame);
		void *entry = vveth_entry_make(frame, VVETH_ENTRY_XDP);

		if (unlikely(len > max_len)) {
			vveth_xdp_refuse(priv, burst, VNET_DROP_TOO_BIG);
			continue;
		}
		if (unlikely(priv->mode == VVETH_MODE_L3 &&
			     !vveth_xdp_address_l3(frame->data, rcv))) {
			vveth_xdp_refuse(priv, burst, VNET_DROP_NOT_IP);
			continue;
		}
		if (unlikely(__ptr_ring_produce(&rq->ring, entry)))
			break;
		burst->bytes += len;
		burst->sent++;
	}
	spin_unlock(&rq->ring.producer_lock);
}

/* As vveth_xmit_to_port(), of a burst. */
static enum vnet_road vveth_xdp_road(struct vveth_rq *rq,
				     struct xdp_frame **frames, unsigned int n)
{
	unsigned int max_len = vveth_xdp_max_len(rq->dev), i;

	if (unlikely(test_bit(NAPI_STATE_THREADED, &rq->napi.state)))
		return VNET_ROAD_THREADED;
	if (unlikely(rcu_access_pointer(rq->xdp)))
		return VNET_ROAD_XDP;
	for (i = 0; i < n; i++) {
		if (vveth_gro_helps_xdp(frames[i], rq->dev))
			return VNET_ROAD_GRO;
		/* For the ring, which refuses it. */
		if (unlikely(xdp_get_frame_len(frames[i]) > max_len))
			return VNET_ROAD_SWITCH;
	}
	return likely(vveth_rq_quiet(rq)) ? VNET_ROAD_DIRECT : VNET_ROAD_QUEUED;
}

/*
 * Offers frames to who may take them from the receiving end directly. What it
 * has taken is at the beginning then, as if it had been sent.
 */
static noinline void vveth_xdp_to_port(struct vveth_rq *rq,
				       struct vveth_xdp_burst *burst)
{
	struct vveth_priv *rcv_priv = netdev_priv(rq->dev);
	struct xdp_frame **frames = burst->frames;
	unsigned int n = burst->n, left;
	u64 bytes;

	left = vnet_port_receive_frames(&rcv_priv->port, rq->dev, frames, n,
					vveth_xdp_road(rq, frames, n), &bytes);
	if (left && left < n)
		memmove(frames + n - left, frames, left * sizeof(*frames));
	burst->sent = n - left;
	burst->bytes = bytes;
}

/**
 * vveth_xdp_send() - send frames that have no skb
 * @dev: the sending end
 * @nr: which of the other end's queues they are for, modulo their number
 * @frames: the frames; in another order then, if some cannot be sent
 * @n: number of frames
 *
 * Counts what is sent, and by its reason what is not.
 *
 * Context: BH off.
 * Return: how many were taken, which are the first ones of @frames then; the
 * others are still the caller's, as are all where it is an error.
 */
int vveth_xdp_send(struct net_device *dev, unsigned int nr,
		   struct xdp_frame **frames, unsigned int n)
{
	struct vveth_xdp_burst burst = { .frames = frames, .n = n };
	struct vveth_priv *priv = netdev_priv(dev);
	struct net_device *rcv = rcu_dereference_bh(priv->peer);
	struct vveth_priv *rcv_priv;
	struct vveth_rings *rings;
	struct vveth_rq *rq;

	if (unlikely(!rcv)) {
		vnet_drop_count(priv->drops, VNET_DROP_NO_PEER, n);
		return -ENXIO;
	}
	rcv_priv = netdev_priv(rcv);
	rings = rcu_dereference_bh(rcv_priv->rings);
	if (unlikely(!rings)) {
		vnet_drop_count(priv->drops, VNET_DROP_DOWN, n);
		return -ENETDOWN;
	}

	rq = &rings->rq[rings->n > 1 ? nr % rings->n : 0];
	if (vnet_port_used(&rcv_priv->port))
		vveth_xdp_to_port(rq, &burst);
	if (burst.sent < n) {
		vveth_xdp_produce(priv, rq, &burst);
		vveth_rq_wake(rq, true);
	}
	if (likely(burst.sent))
		dev_sw_netstats_tx_add(dev, burst.sent, burst.bytes);
	if (unlikely(burst.sent < burst.n))
		vnet_drop_count(priv->drops, VNET_DROP_RING_FULL,
				burst.n - burst.sent);
	return burst.sent;
}

/**
 * vveth_xdp_xmit() - ndo_xdp_xmit
 * @dev: the sending end
 * @n: number of frames
 * @frames: the frames
 * @flags: XDP_XMIT_FLUSH; the receiver is woken in any case, as the last ones
 *	of a burst may not come
 *
 * Frames of one CPU go to one queue, so they keep their order.
 *
 * Context: BH off.
 * Return: as vveth_xdp_send().
 */
int vveth_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		   u32 flags)
{
	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	return vveth_xdp_send(dev, smp_processor_id(), frames, n);
}

static struct vveth_xdp *vveth_xdp_alloc(struct vveth_rq *rq, unsigned int nr)
{
	struct page_pool_params params = {
		.pool_size = VVETH_RING_SIZE,
		.nid = NUMA_NO_NODE,
		.dev = &rq->dev->dev,
	};
	struct vveth_xdp *xdp;

	xdp = kzalloc(sizeof(*xdp), GFP_KERNEL);
	if (!xdp)
		return NULL;
	vnet_compat_page_pool_set_napi(&params, &rq->napi);
	xdp->nr = nr;
	xdp->pool = page_pool_create(&params);
	if (IS_ERR(xdp->pool))
		goto err_free;
	if (xdp_rxq_info_reg(&xdp->rxq, rq->dev, nr, rq->napi.napi_id))
		goto err_destroy_pool;
	if (xdp_rxq_info_reg_mem_model(&xdp->rxq, MEM_TYPE_PAGE_POOL,
				       xdp->pool))
		goto err_unreg;
	xdp->rxq_other = xdp->rxq;
	return xdp;

err_unreg:
	xdp_rxq_info_unreg(&xdp->rxq);
err_destroy_pool:
	page_pool_destroy(xdp->pool);
err_free:
	kfree(xdp);
	return NULL;
}

/**
 * vveth_xdp_rq_uninit() - free what XDP had in a queue
 * @rq: the queue, whose NAPI is disabled, but not deleted
 *
 * Context: RTNL; may sleep.
 */
void vveth_xdp_rq_uninit(struct vveth_rq *rq)
{
	struct vveth_xdp *xdp = rq->xdp_made;

	if (!xdp)
		return;
	RCU_INIT_POINTER(rq->xdp, NULL);
	rq->xdp_made = NULL;
	/* This destroys the pool. */
	xdp_rxq_info_unreg(&xdp->rxq);
	kfree(xdp);
}

static int vveth_xdp_rq_make(struct vveth_rq *rq, unsigned int nr)
{
	if (!rq->xdp_made)
		rq->xdp_made = vveth_xdp_alloc(rq, nr);
	return rq->xdp_made ? 0 : -ENOMEM;
}

/* What there has to be was made; @prog is NULL to take the program away. */
static void vveth_xdp_rq_set(struct vveth_rq *rq, struct bpf_prog *prog)
{
	if (prog) {
		rcu_assign_pointer(rq->xdp_made->prog, prog);
		rcu_assign_pointer(rq->xdp, rq->xdp_made);
	} else {
		RCU_INIT_POINTER(rq->xdp, NULL);
	}
	vveth_rq_update(rq);
}

/**
 * vveth_xdp_rq_attach() - show a program what a new queue receives
 * @rq: the queue, which is not started yet
 * @nr: its number
 * @prog: the program
 *
 * Context: RTNL.
 * Return: 0 or -ENOMEM.
 */
int vveth_xdp_rq_attach(struct vveth_rq *rq, unsigned int nr,
			struct bpf_prog *prog)
{
	int err = vveth_xdp_rq_make(rq, nr);

	if (!err)
		vveth_xdp_rq_set(rq, prog);
	return err;
}

static int vveth_xdp_check(const struct net_device *peer,
			   const struct bpf_prog *prog,
			   struct netlink_ext_ack *extack)
{
	if (!peer) {
		NL_SET_ERR_MSG(extack, "the pair is being deleted");
		return -ENOTCONN;
	}
	if (!prog->aux->xdp_has_frags && peer->mtu > VVETH_XDP_MTU_MAX) {
		NL_SET_ERR_MSG(extack,
			       "the peer's MTU is too large for a program that is not for frames of several buffers (xdp.frags)");
		return -ERANGE;
	}
	return 0;
}

/* All that can fail. */
static int vveth_xdp_make(struct vveth_rings *rings,
			  struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; rings && i < rings->n; i++) {
		if (!vveth_xdp_rq_make(&rings->rq[i], i))
			continue;
		NL_SET_ERR_MSG(extack,
			       "no memory for the receive queues' pages");
		return -ENOMEM;
	}
	return 0;
}

/*
 * The peer sends with room for the program in front of the frame, no more
 * than the program can be shown, and no super-frames, which a program would
 * send on as they are.
 */
static void vveth_xdp_update_peer(struct net_device *dev,
				  struct net_device *peer,
				  const struct bpf_prog *prog)
{
	peer->max_mtu = prog && !prog->aux->xdp_has_frags ? VVETH_XDP_MTU_MAX :
							    ETH_MAX_MTU;
	vveth_pair_update_headroom(dev);
	netdev_update_features(peer);
}

static int vveth_xdp_set_prog(struct net_device *dev, struct bpf_prog *prog,
			      struct netlink_ext_ack *extack)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_rings *rings = rtnl_dereference(priv->rings);
	struct net_device *peer = rtnl_dereference(priv->peer);
	struct bpf_prog *old = priv->xdp_prog;
	unsigned int i;
	int err;

	if (prog) {
		err = vveth_xdp_check(peer, prog, extack) ?:
		      vveth_xdp_make(rings, extack);
		if (err)
			return err;
	}
	WRITE_ONCE(priv->xdp_prog, prog);
	if (prog)
		vveth_xdp_update_peer(dev, peer, prog);
	for (i = 0; rings && i < rings->n; i++)
		vveth_xdp_rq_set(&rings->rq[i], prog);
	/* From here on every receiver knows. */
	if (rings)
		synchronize_net();
	if (!prog && peer)
		vveth_xdp_update_peer(dev, peer, NULL);
	if (old)
		bpf_prog_put(old);
	return 0;
}

/**
 * vveth_xdp_bpf() - ndo_bpf
 * @dev: the end that receives
 * @bpf: what is asked for
 *
 * When it returns, no frame is shown to the program that was there before.
 *
 * Context: RTNL; sleeps.
 * Return: 0 or an error with a sentence; then nothing has changed.
 */
int vveth_xdp_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return vveth_xdp_set_prog(dev, bpf->prog, bpf->extack);
	case XDP_SETUP_XSK_POOL:
		return vveth_xsk_setup(dev, bpf->xsk.pool, bpf->xsk.queue_id);
	default:
		return -EINVAL;
	}
}

/**
 * vveth_xdp_fix_features() - ndo_fix_features
 * @dev: the sending end
 * @features: what is wanted
 *
 * Context: RTNL.
 * Return: what the program on the other end lets it have.
 */
netdev_features_t vveth_xdp_fix_features(struct net_device *dev,
					 netdev_features_t features)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct net_device *peer = rtnl_dereference(priv->peer);

	if (peer) {
		const struct vveth_priv *peer_priv = netdev_priv(peer);

		if (peer_priv->xdp_prog)
			features &= ~NETIF_F_GSO_SOFTWARE;
	}
	return features;
}

/**
 * vveth_xdp_get_strings() - names of a queue's XDP counters for ethtool -S
 * @nr: number of the queue
 * @p: where to write; moved on
 */
void vveth_xdp_get_strings(unsigned int nr, u8 **p)
{
	unsigned int i;

	for (i = 0; i < __VVETH_XDP_MAX; i++)
		ethtool_sprintf(p, "rx%u_xdp_%s", nr, vveth_xdp_names[i]);
}

/**
 * vveth_xdp_get_values() - a queue's XDP counters for ethtool -S
 * @stats: counters of the queue
 * @data: room for __VVETH_XDP_MAX values
 */
void vveth_xdp_get_values(const struct vveth_rx_stats *stats, u64 *data)
{
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		for (i = 0; i < __VVETH_XDP_MAX; i++)
			data[i] = u64_stats_read(&stats->xdp[i]);
	} while (u64_stats_fetch_retry(&stats->syncp, start));
}

/**
 * vveth_xdp_get_pool_values() - for ethtool -S: what has become of the pages for
 *	frames that had to be copied
 * @dev: the end
 * @data: room for as many values as page_pool_ethtool_stats_get_count() says
 *
 * Those of the queues' pools, which are there from the first program until the
 * queue is stopped.
 *
 * Context: RTNL.
 */
void vveth_xdp_get_pool_values(const struct net_device *dev, u64 *data)
{
#ifdef CONFIG_PAGE_POOL_STATS
	const struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_rings *rings = rtnl_dereference(priv->rings);
	struct page_pool_stats stats = { };
	unsigned int i;

	for (i = 0; rings && i < rings->n; i++)
		if (rings->rq[i].xdp_made)
			page_pool_get_stats(rings->rq[i].xdp_made->pool,
					    &stats);
	page_pool_ethtool_stats_get(data, &stats);
#endif
}

VNET_DEFINE_XDP_METADATA_OPS(vveth_xdp_metadata_ops, vveth_xdp_rx_timestamp,
			     vveth_xdp_rx_hash, vveth_xdp_rx_vlan_tag);

/**
 * vveth_xdp_setup() - what a fresh end says of its XDP
 * @dev: the end
 */
void vveth_xdp_setup(struct net_device *dev)
{
	VNET_SET_XDP_FEATURES(dev, NETDEV_XDP_ACT_BASIC |
				   NETDEV_XDP_ACT_REDIRECT |
				   NETDEV_XDP_ACT_NDO_XMIT |
				   NETDEV_XDP_ACT_NDO_XMIT_SG |
				   NETDEV_XDP_ACT_RX_SG);
	vveth_xsk_setup_features(dev);
	VNET_SET_XDP_METADATA_OPS(dev, vveth_xdp_metadata_ops);
}
