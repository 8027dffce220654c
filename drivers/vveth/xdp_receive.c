// SPDX-License-Identifier: GPL-2.0
/*
 * Native XDP: what NAPI does with a frame that a program is to see, or that
 * has no skb. The core has made NAPI's context one that programs may run in
 * (bpf_net_context, where the kernel has it).
 */
#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <net/gso.h>
#include <net/sock.h>
#include "xdp.h"

/* ---- to the stack ------------------------------------------------------- */

/**
 * vveth_xdp_deliver() - give a frame to the stack
 * @rq: the queue that has received it
 * @skb: the frame, which is nobody else's
 * @gro: whether GRO would merge it
 */
void vveth_xdp_deliver(struct vveth_rq *rq, struct sk_buff *skb, bool gro)
{
	skb_set_queue_mapping(skb, rq->record);
	if (gro) {
		skb_prepare_for_gro(skb);
		napi_gro_receive(&rq->napi, skb);
	} else {
		netif_receive_skb(skb);
	}
}

/* With @skb NULL there was no memory. */
static void vveth_xdp_deliver_frame(struct vveth_rq *rq,
				    struct xdp_frame *frame,
				    struct sk_buff *skb)
{
	struct vveth_priv *priv = netdev_priv(rq->dev);

	if (unlikely(!skb)) {
		vnet_drop_count(priv->drops, VNET_DROP_XDP_NOMEM, 1);
		xdp_return_frame(frame);
		return;
	}
	vveth_xdp_deliver(rq, skb, vveth_gro_helps_frame(skb, rq->dev));
}

/* ---- an skb for a program ----------------------------------------------- */

/* Whether a program may write to the skb's memory, and has the room to. */
static bool vveth_xdp_skb_fits(const struct sk_buff *skb)
{
	if (skb_shared(skb) || skb_cloned(skb) || skb_is_nonlinear(skb) ||
	    skb_headroom(skb) < XDP_PACKET_HEADROOM)
		return false;
	/* Memory that only skbs can free is copied page by page if it must. */
	return (skb->head_frag && !skb->pp_recycle) ||
	       SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) +
	       skb_end_offset(skb) <= PAGE_SIZE;
}

/* Copies the skb into pages of the pool where it must be. */
static enum vnet_drop vveth_xdp_own_skb(struct vveth_xdp_run *run,
					struct vveth_xdp_buff *buff)
{
	struct vveth_xdp *xdp = run->xdp;
	struct sk_buff *skb = buff->skb;

	if (vveth_xdp_skb_fits(skb)) {
		xdp->rxq_other.mem.type = MEM_TYPE_PAGE_SHARED;
		xdp->rxq_other.mem.id = 0;
		buff->xdp.rxq = &xdp->rxq_other;
		buff->borrowed = !skb->head_frag || skb->pp_recycle;
		return __VNET_DROP_MAX;
	}
	if (skb_pp_cow_data(xdp->pool, &buff->skb, XDP_PACKET_HEADROOM))
		return VNET_DROP_XDP_NOMEM;
	buff->xdp.rxq = &xdp->rxq;
	buff->borrowed = false;
	if (skb_is_nonlinear(buff->skb) && !run->prog->aux->xdp_has_frags)
		return VNET_DROP_XDP_TOO_BIG;
	return __VNET_DROP_MAX;
}

/* @buff->skb begins with its Ethernet header. */
static enum vnet_drop vveth_xdp_from_skb(struct vveth_xdp_run *run,
					 struct vveth_xdp_buff *buff)
{
	enum vnet_drop why = vveth_xdp_own_skb(run, buff);
	struct xdp_rxq_info *rxq = buff->xdp.rxq;
	struct sk_buff *skb = buff->skb;

	if (unlikely(why != __VNET_DROP_MAX))
		return why;
	xdp_init_buff(&buff->xdp, skb_end_offset(skb) +
		      SKB_DATA_ALIGN(sizeof(struct skb_shared_info)), rxq);
	xdp_prepare_buff(&buff->xdp, skb->head, skb_headroom(skb),
			 skb_headlen(skb), true);
	if (skb_is_nonlinear(skb)) {
		skb_shinfo(skb)->xdp_frags_size = skb->data_len;
		xdp_buff_set_frags_flag(&buff->xdp);
	}
	return __VNET_DROP_MAX;
}

/* Makes the skb what the program has made of its data. */
static void vveth_xdp_update_skb(struct vveth_xdp_buff *buff)
{
	struct xdp_buff *xdp = &buff->xdp;
	struct sk_buff *skb = buff->skb;
	int start;

	skb->data = xdp->data;
	skb->len = xdp->data_end - xdp->data;
	skb_set_tail_pointer(skb, skb->len);
	skb->data_len = 0;
	if (xdp_buff_has_frags(xdp)) {
		skb->data_len = skb_shinfo(skb)->xdp_frags_size;
		skb->len += skb->data_len;
	}
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return;
	/* The place of the checksum may have been cut off. */
	start = skb_checksum_start_offset(skb);
	if (start < 0 ||
	    start + skb->csum_offset + sizeof(__sum16) > skb_headlen(skb))
		skb->ip_summed = CHECKSUM_NONE;
}

/*
 * Puts a frame whose memory is the skb's into a page, at the same place. The
 * program was shown no more than fits.
 */
static bool vveth_xdp_copy(struct vveth_xdp *xdp, struct vveth_xdp_buff *buff)
{
	struct page *page = page_pool_dev_alloc_pages(xdp->pool);
	struct xdp_buff *from = &buff->xdp;
	void *start;

	if (unlikely(!page))
		return false;
	start = page_address(page);
	memcpy(start + (from->data_meta - from->data_hard_start),
	       from->data_meta, from->data_end - from->data_meta);
	from->data = start + (from->data - from->data_hard_start);
	from->data_meta = start + (from->data_meta - from->data_hard_start);
	from->data_end = start + (from->data_end - from->data_hard_start);
	from->data_hard_start = start;
	from->frame_sz = PAGE_SIZE;
	from->rxq = &xdp->rxq;
	return true;
}

/*
 * Parts the frame from its skb, which is freed in either case. What it leaves
 * behind is a checksum that somebody is to fill in.
 */
static bool vveth_xdp_detach(struct vveth_xdp_run *run,
			     struct vveth_xdp_buff *buff)
{
	struct vveth_priv *priv = netdev_priv(run->rq->dev);
	struct sk_buff *skb = buff->skb;

	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		vveth_xdp_update_skb(buff);
		if (skb->ip_summed == CHECKSUM_PARTIAL &&
		    unlikely(skb_csum_hwoffload_help(skb, 0)))
			goto drop;
	}
	if (!buff->borrowed) {
		kfree_skb_partial(skb, true);
		return true;
	}
	if (unlikely(!vveth_xdp_copy(run->xdp, buff)))
		goto drop;
	consume_skb(skb);
	return true;

drop:
	vnet_drop_skb(priv->drops, skb, VNET_DROP_XDP_NOMEM);
	return false;
}

/* ---- verdicts ----------------------------------------------------------- */

/**
 * vveth_xdp_drop() - count and free a frame
 * @run: the turn of NAPI
 * @buff: the frame
 * @why: the reason
 */
void vveth_xdp_drop(struct vveth_xdp_run *run, struct vveth_xdp_buff *buff,
		    enum vnet_drop why)
{
	struct vveth_priv *priv = netdev_priv(run->rq->dev);

	if (buff->skb) {
		vnet_drop_skb(priv->drops, buff->skb, why);
		return;
	}
	vnet_drop_count(priv->drops, why, 1);
	xdp_return_buff(&buff->xdp);
}

static void vveth_xdp_tx_flush(struct vveth_xdp_run *run)
{
	struct vveth_xdp *xdp = run->xdp;
	int sent, err = 0;
	unsigned int i;

	sent = vveth_xdp_send(run->rq->dev, xdp->nr, xdp->tx, xdp->n_tx);
	if (unlikely(sent < 0)) {
		err = sent;
		sent = 0;
	}
	for (i = sent; i < xdp->n_tx; i++)
		xdp_return_frame(xdp->tx[i]);
	trace_xdp_bulk_tx(run->rq->dev, sent, xdp->n_tx - sent, err);
	run->n[VVETH_XDP_TX] += sent;
	run->n[VVETH_XDP_TX_ERRORS] += xdp->n_tx - sent;
	xdp->n_tx = 0;
}

/* The frame is no skb's any more. */
static void vveth_xdp_tx(struct vveth_xdp_run *run, struct vveth_xdp_buff *buff)
{
	struct xdp_frame *frame = xdp_convert_buff_to_frame(&buff->xdp);
	struct vveth_xdp *xdp = run->xdp;

	if (unlikely(!frame)) {
		trace_xdp_exception(run->rq->dev, run->prog, XDP_TX);
		run->n[VVETH_XDP_TX_ERRORS]++;
		vveth_xdp_drop(run, buff, VNET_DROP_XDP_TX);
		return;
	}
	if (xdp->n_tx == VVETH_XDP_TX_BULK)
		vveth_xdp_tx_flush(run);
	xdp->tx[xdp->n_tx++] = frame;
}

static void vveth_xdp_redirect(struct vveth_xdp_run *run,
			       struct vveth_xdp_buff *buff)
{
	if (unlikely(xdp_do_redirect(run->rq->dev, &buff->xdp, run->prog))) {
		run->n[VVETH_XDP_REDIRECT_ERRORS]++;
		vveth_xdp_drop(run, buff, VNET_DROP_XDP_REDIRECT);
		return;
	}
	run->n[VVETH_XDP_REDIRECT]++;
	run->redirected = true;
}

/**
 * vveth_xdp_end() - do what a program says of a frame that does not pass
 * @run: the turn of NAPI
 * @buff: the frame, which goes no further on this end
 * @act: what the program says
 */
void vveth_xdp_end(struct vveth_xdp_run *run, struct vveth_xdp_buff *buff,
		   u32 act)
{
	struct net_device *dev = run->rq->dev;

	switch (act) {
	case XDP_TX:
	case XDP_REDIRECT:
		if (buff->skb && unlikely(!vveth_xdp_detach(run, buff))) {
			run->n[act == XDP_TX ? VVETH_XDP_TX_ERRORS :
				VVETH_XDP_REDIRECT_ERRORS]++;
			return;
		}
		buff->skb = NULL;
		if (act == XDP_TX)
			vveth_xdp_tx(run, buff);
		else
			vveth_xdp_redirect(run, buff);
		return;
	case XDP_DROP:
		run->n[VVETH_XDP_DROPS]++;
		vveth_xdp_drop(run, buff, VNET_DROP_XDP);
		return;
	default:
		bpf_warn_invalid_xdp_action(dev, run->prog, act);
		fallthrough;
	case XDP_ABORTED:
		trace_xdp_exception(dev, run->prog, act);
		run->n[VVETH_XDP_DROPS]++;
		vveth_xdp_drop(run, buff, VNET_DROP_XDP_ABORTED);
	}
}

static void vveth_xdp_pass_skb(struct vveth_xdp_run *run,
			       struct vveth_xdp_buff *buff, bool gro)
{
	struct xdp_buff *xdp = &buff->xdp;
	struct sk_buff *skb = buff->skb;

	vveth_xdp_update_skb(buff);
	/* The program may have made it a frame for somebody else, or for us. */
	skb->pkt_type = PACKET_HOST;
	skb->protocol = eth_type_trans(skb, run->rq->dev);
	skb_metadata_set(skb, xdp->data - xdp->data_meta);
	vveth_xdp_deliver(run->rq, skb, gro);
}

/**
 * vveth_xdp_run_skb() - show a frame to the program, and do what it says
 * @run: the turn of NAPI
 * @skb: the frame, as the stack receives it, and no super-frame
 * @gro: whether GRO would merge it
 */
void vveth_xdp_run_skb(struct vveth_xdp_run *run, struct sk_buff *skb,
		       bool gro)
{
	struct vveth_xdp_buff buff = { .skb = skb };
	enum vnet_drop why;
	u32 act;

	__skb_push(skb, skb->data - skb_mac_header(skb));
	/* A sum of bytes that the program may change. */
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	why = vveth_xdp_from_skb(run, &buff);
	if (unlikely(why != __VNET_DROP_MAX)) {
		vveth_xdp_drop(run, &buff, why);
		return;
	}
	run->n[VVETH_XDP_PACKETS]++;
	act = bpf_prog_run_xdp(run->prog, &buff.xdp);
	if (act == XDP_PASS)
		vveth_xdp_pass_skb(run, &buff, gro);
	else
		vveth_xdp_end(run, &buff, act);
}

/*
 * A super-frame that was on its way when the program came; the peer makes none
 * while it is there.
 */
static noinline void vveth_xdp_run_gso(struct vveth_xdp_run *run,
				       struct sk_buff *skb, bool gro)
{
	struct vveth_priv *priv = netdev_priv(run->rq->dev);
	struct sk_buff *segs, *seg, *next;

	__skb_push(skb, skb->data - skb_mac_header(skb));
	segs = __skb_gso_segment(skb, 0, false);
	if (IS_ERR_OR_NULL(segs)) {
		vnet_drop_skb(priv->drops, skb, VNET_DROP_XDP_TOO_BIG);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		vveth_xdp_run_skb(run, seg, gro);
	}
}

/* A frame of several buffers, for a program that is shown one. */
static noinline void vveth_xdp_run_paged(struct vveth_xdp_run *run,
					 struct xdp_frame *frame)
{
	struct vveth_priv *priv = netdev_priv(run->rq->dev);
	struct net_device *dev = run->rq->dev;
	struct sk_buff *skb = xdp_build_skb_from_frame(frame, dev);

	if (unlikely(!skb)) {
		vnet_drop_count(priv->drops, VNET_DROP_XDP_NOMEM, 1);
		xdp_return_frame(frame);
		return;
	}
	vveth_xdp_run_skb(run, skb, vveth_gro_helps_frame(skb, dev));
}

static void vveth_xdp_run_frame(struct vveth_xdp_run *run,
				struct xdp_frame *frame)
{
	struct net_device *dev = run->rq->dev;
	struct vveth_xdp_buff buff = { };
	u32 act;

	if (unlikely(xdp_frame_has_frags(frame) &&
		     !run->prog->aux->xdp_has_frags)) {
		vveth_xdp_run_paged(run, frame);
		return;
	}
	xdp_convert_frame_to_buff(frame, &buff.xdp);
	run->xdp->rxq_other.mem = frame->mem;
	buff.xdp.rxq = &run->xdp->rxq_other;
	run->n[VVETH_XDP_PACKETS]++;
	act = bpf_prog_run_xdp(run->prog, &buff.xdp);
	if (act != XDP_PASS) {
		vveth_xdp_end(run, &buff, act);
		return;
	}
	/* There is room for it, as the helpers leave it untouched. */
	if (unlikely(xdp_update_frame_from_buff(&buff.xdp, frame)))
		vveth_xdp_drop(run, &buff, VNET_DROP_XDP_ABORTED);
	else
		vveth_xdp_deliver_frame(run->rq, frame,
					xdp_build_skb_from_frame(frame, dev));
}

/* ---- a turn of NAPI ----------------------------------------------------- */

static void vveth_xdp_count(struct vveth_rx_stats *stats, const unsigned int *n,
			    unsigned int packets, u64 bytes)
{
	unsigned int i;

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->packets, packets);
	u64_stats_add(&stats->bytes, bytes);
	for (i = 0; i < __VVETH_XDP_MAX; i++)
		u64_stats_add(&stats->xdp[i], n[i]);
	u64_stats_update_end(&stats->syncp);
}

/**
 * vveth_xdp_run_begin() - a turn of NAPI begins
 * @run: what is kept of it
 * @rq: the queue
 * @xdp: what &vveth_rq.xdp is
 */
void vveth_xdp_run_begin(struct vveth_xdp_run *run, struct vveth_rq *rq,
			 struct vveth_xdp *xdp)
{
	*run = (struct vveth_xdp_run){ .rq = rq, .xdp = xdp };
	if (xdp)
		run->prog = rcu_dereference_bh(xdp->prog);
	xdp_set_return_frame_no_direct();
}

/**
 * vveth_xdp_run_end() - it ends: send on what programs have gathered, and count
 * @run: what was kept of it
 * @packets: frames that were received
 * @bytes: their bytes
 */
void vveth_xdp_run_end(struct vveth_xdp_run *run, unsigned int packets,
		       u64 bytes)
{
	struct vveth_rq *rq = run->rq;

	if (run->redirected)
		xdp_do_flush();
	if (run->xdp && run->xdp->n_tx)
		vveth_xdp_tx_flush(run);
	xdp_clear_return_frame_no_direct();
	if (unlikely(rq->ended.packets))
		vveth_rq_end(rq);
	vveth_xdp_count(rq->stats, run->n, packets, bytes);
}

static u64 vveth_xdp_run_one(struct vveth_xdp_run *run, void *entry)
{
	struct sk_buff *skb = vveth_entry_skb(entry);
	bool gro = vveth_entry_gro(entry);
	u64 bytes;

	if (vveth_entry_xdp(entry)) {
		struct xdp_frame *frame = vveth_entry_frame(entry);

		bytes = xdp_get_frame_len(frame);
		run->n[VVETH_XDP_FRAMES]++;
		vveth_xdp_run_frame(run, frame);
		return bytes;
	}
	if (unlikely(vveth_entry_bql(entry)))
		vveth_rq_end_add(run->rq, skb);
	bytes = skb->len + ETH_HLEN;
	if (unlikely(skb_is_gso(skb)))
		vveth_xdp_run_gso(run, skb, gro);
	else
		vveth_xdp_run_skb(run, skb, gro);
	return bytes;
}

static int vveth_xdp_run(struct vveth_rq *rq, struct vveth_xdp *xdp, int budget)
{
	struct vveth_xdp_run run;
	u64 bytes = 0;
	void *entry;
	int n;

	vveth_xdp_run_begin(&run, rq, xdp);
	for (n = 0; n < budget && (entry = vveth_rq_consume(rq)); n++)
		bytes += vveth_xdp_run_one(&run, entry);
	vveth_xdp_run_end(&run, n, bytes);
	return n;
}

/*
 * Takes frames from the ring up to the first entry that is an skb; what is in
 * the lane are skbs, and has been received. Returns how many.
 */
static int vveth_xdp_take_frames(struct vveth_rq *rq,
				 struct xdp_frame **frames, int max)
{
	void *entry;
	int n = 0;

	while (n < max && (entry = __ptr_ring_peek(&rq->ring))) {
		if (!vveth_entry_xdp(entry))
			break;
		__ptr_ring_discard_one(&rq->ring);
		frames[n++] = vveth_entry_frame(entry);
	}
	return n;
}

/* Without a program: up to the first entry that is an skb. */
static int vveth_xdp_receive_frames(struct vveth_rq *rq, int budget)
{
	struct xdp_frame *frames[VVETH_XDP_SKB_BULK];
	unsigned int counts[__VVETH_XDP_MAX] = { };
	void *skbs[VVETH_XDP_SKB_BULK];
	int n, i, done = 0;
	u64 bytes = 0;

	while ((n = vveth_xdp_take_frames(rq, frames,
					  min(budget - done,
					      VVETH_XDP_SKB_BULK)))) {
		if (unlikely(xdp_alloc_skb_bulk(skbs, n,
						GFP_ATOMIC | __GFP_ZERO)))
			memset(skbs, 0, sizeof(skbs));
		for (i = 0; i < n; i++) {
			struct sk_buff *skb = skbs[i];

			if (likely(skb))
				skb = __xdp_build_skb_from_frame(frames[i], skb,
								 rq->dev);
			bytes += likely(skb) ? skb->len + ETH_HLEN :
					       xdp_get_frame_len(frames[i]);
			vveth_xdp_deliver_frame(rq, frames[i], skb);
		}
		done += n;
	}
	counts[VVETH_XDP_FRAMES] = done;
	vveth_xdp_count(rq->stats, counts, done, bytes);
	return done;
}

/**
 * vveth_xdp_receive() - receive frames for a program, or without an skb
 * @rq: the queue
 * @xdp: what &vveth_rq.xdp is; where it is NULL only frames without an skb are
 *	received, up to the first that has one
 * @budget: how many at most
 *
 * Context: NAPI, which owns the ring.
 * Return: how many frames were received.
 */
int vveth_xdp_receive(struct vveth_rq *rq, struct vveth_xdp *xdp, int budget)
{
	if (xdp)
		return vveth_xdp_run(rq, xdp, budget);
	return vveth_xdp_receive_frames(rq, budget);
}

/* ---- what a program may ask of a frame ---------------------------------- */

static struct sk_buff *vveth_xdp_ctx_skb(const struct xdp_md *ctx)
{
	return ((const struct vveth_xdp_buff *)ctx)->skb;
}

/**
 * vveth_xdp_rx_timestamp() - xmo_rx_timestamp
 * @ctx: the frame
 * @timestamp: when hardware received it, or 0
 *
 * Return: 0, or -ENODATA for a frame that came without an skb.
 */
int vveth_xdp_rx_timestamp(const struct xdp_md *ctx, u64 *timestamp)
{
	struct sk_buff *skb = vveth_xdp_ctx_skb(ctx);

	if (!skb)
		return -ENODATA;
	*timestamp = ktime_to_ns(skb_hwtstamps(skb)->hwtstamp);
	return 0;
}

/**
 * vveth_xdp_rx_hash() - xmo_rx_hash
 * @ctx: the frame
 * @hash: hash of its flow
 * @type: whether ports are part of it
 *
 * Return: 0, or -ENODATA for a frame that came without an skb.
 */
int vveth_xdp_rx_hash(const struct xdp_md *ctx, u32 *hash,
		      enum xdp_rss_hash_type *type)
{
	struct sk_buff *skb = vveth_xdp_ctx_skb(ctx);

	if (!skb)
		return -ENODATA;
	*hash = skb_get_hash(skb);
	*type = skb->l4_hash ? XDP_RSS_TYPE_L4_ANY : XDP_RSS_TYPE_NONE;
	return 0;
}

/**
 * vveth_xdp_rx_vlan_tag() - xmo_rx_vlan_tag
 * @ctx: the frame
 * @proto: ETH_P_8021Q or ETH_P_8021AD
 * @tci: the tag
 *
 * Return: 0, or -ENODATA where there is no tag beside the frame's data.
 */
int vveth_xdp_rx_vlan_tag(const struct xdp_md *ctx, __be16 *proto, u16 *tci)
{
	const struct sk_buff *skb = vveth_xdp_ctx_skb(ctx);

	if (!skb || !skb_vlan_tag_present(skb))
		return -ENODATA;
	*tci = skb_vlan_tag_get(skb);
	*proto = skb->vlan_proto;
	return 0;
}
