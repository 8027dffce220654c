// SPDX-License-Identifier: GPL-2.0
/*
 * Mapped rings: from the program to the device. A frame is copied out of the
 * ring once, whole, and nothing of it is judged before.
 */
#include <linux/filter.h>
#include <linux/sched/signal.h>
#include <net/xdp.h>
#include <vnet/direct.h>
#include "ring.h"

/* Slots that are consumed before softirqs, signals and others have their turn. */
#define VTUN_MAP_TX_BATCH 64
/* Frames without an skb that a switch is handed together. */
#define VTUN_MAP_TX_FRAMES 16

/**
 * struct vtun_map_frame - a frame in the ring
 * @w: what is known of it
 * @slots: how many it takes
 * @plain: it has no virtio_net_hdr that says anything
 * @from: where its parts are, in memory that the program writes meanwhile
 * @len: their bytes
 */
struct vtun_map_frame {
	struct vtun_write w;
	unsigned int slots;
	bool plain;
	const u8 *from[VTUN_MAP_CHAIN_MAX];
	u16 len[VTUN_MAP_CHAIN_MAX];
};

/* Where in its parts a frame is read. */
struct vtun_map_place {
	unsigned int part;
	unsigned int off;
};

/* Frames, and their bytes. */
struct vtun_map_count {
	unsigned int n;
	u64 bytes;
};

/**
 * struct vtun_map_run - what one call consumes
 * @priv: the device
 * @file: the queue
 * @map: its rings
 * @prod: up to where
 * @limited: what is on its way counts, by TUNSETSNDBUF
 * @pad: in front of a frame
 * @prog: the XDP program that frames are shown to before they have an skb, or
 *	NULL
 * @redirected: it has redirected some, which are yet to be flushed
 * @straight: frames for the stack are received, and no more is done with them
 * @foreign: such that are for other hosts are dropped where nobody sees them
 * @without_skb: a switch may take frames that have no skb
 * @went: frames that went straight to the stack, and are yet to be counted
 * @dropped: those for other hosts
 * @n: how many are in @frames
 * @frames: those, in order
 * @frame: the one at hand
 */
struct vtun_map_run {
	struct vtun_priv *priv;
	struct vtun_file *file;
	struct vtun_map *map;
	u32 prod;
	bool limited;
	unsigned int pad;
	struct bpf_prog *prog;
	bool redirected;
	bool straight;
	bool foreign;
	bool without_skb;
	struct vtun_map_count went;
	struct vtun_map_count dropped;
	unsigned int n;
	struct xdp_frame *frames[VTUN_MAP_TX_FRAMES];
	struct vtun_map_frame frame;
};

/* A descriptor, each word of it read once. */
union vtun_map_desc {
	struct vtun_ring_desc desc;
	u64 word[2];
};

static union vtun_map_desc vtun_map_read_desc(const struct vtun_map_ring *tx,
					      u32 index)
{
	const union vtun_map_desc *from =
		(const void *)&tx->descs[index & (tx->entries - 1)];
	union vtun_map_desc d;

	d.word[0] = READ_ONCE(from->word[0]);
	d.word[1] = READ_ONCE(from->word[1]);
	return d;
}

/* One more slot of the frame. Returns VTUN_RING_OK or what is wrong with it. */
static enum vtun_ring_error vtun_map_add_part(const struct vtun_map *map,
					      struct vtun_map_frame *f,
					      u32 index,
					      const struct vtun_ring_desc *desc)
{
	if (unlikely(!desc->len || desc->len + desc->off > map->chunk_size ||
		     desc->flags & ~VTUN_RING_DESC_NEXT))
		return VTUN_RING_ERR_DESC;
	f->w.len += desc->len;
	if (unlikely(f->slots == map->chain_max ||
		     f->w.len > VTUN_MAP_FRAME_MAX))
		return VTUN_RING_ERR_CHAIN;
	f->from[f->slots] = map->tx.chunks + desc->off +
			    (size_t)(index & (map->tx.entries - 1)) *
			    map->chunk_size;
	f->len[f->slots++] = desc->len;
	return VTUN_RING_OK;
}

/* Learns what the next frame is. Returns false where that cannot be. */
static bool vtun_map_next(struct vtun_map_run *run)
{
	struct vtun_map *map = run->map;
	struct vtun_map_frame *f = &run->frame;
	enum vtun_ring_error why;
	u32 index = map->tx.index;
	union vtun_map_desc d;

	f->slots = 0;
	f->w.len = 0;
	d = vtun_map_read_desc(&map->tx, index);
	f->w.hdr = d.desc.hdr;
	f->plain = !(d.desc.hdr.flags | d.desc.hdr.gso_type);
	for (;; d = vtun_map_read_desc(&map->tx, index)) {
		why = vtun_map_add_part(map, f, index, &d.desc);
		if (unlikely(why != VTUN_RING_OK))
			break;
		if (likely(!(d.desc.flags & VTUN_RING_DESC_NEXT)))
			return true;
		index++;
		if (unlikely(index == run->prod)) {
			why = VTUN_RING_ERR_CHAIN;
			break;
		}
	}
	vtun_map_break(map, &map->tx, why, index);
	return false;
}

/* ---- skbs --------------------------------------------------------------- */

/* What a frame takes with all that belongs to an skb. */
static unsigned int vtun_map_size(const struct vtun_map_run *run)
{
	return SKB_DATA_ALIGN(run->pad + run->frame.len[0]) +
	       SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
}

/* Whether it is one slot, and takes no more than a page. */
static bool vtun_map_is_small(const struct vtun_map_run *run)
{
	return likely(run->frame.slots == 1) &&
	       likely(vtun_map_size(run) <= PAGE_SIZE);
}

/* A small frame, copied to memory that an skb can be built around. */
static void vtun_map_copy_small(struct vtun_map_run *run, void *buf)
{
	const struct vtun_map_frame *f = &run->frame;

	vtun_map_bytes(buf + run->pad, f->from[0], f->len[0]);
}

/* Consumes @buf. */
static struct sk_buff *vtun_map_build_skb(struct vtun_map_run *run, void *buf,
					  unsigned int size, unsigned int len)
{
	struct sk_buff *skb = napi_build_skb(buf, size);

	if (unlikely(!skb)) {
		skb_free_frag(buf);
		return NULL;
	}
	skb_reserve(skb, run->pad);
	skb_put(skb, len);
	return skb;
}

/* The next @len bytes of the frame at hand. */
static void vtun_map_read(const struct vtun_map_frame *f,
			  struct vtun_map_place *at, void *to, unsigned int len)
{
	unsigned int n;

	for (; len; len -= n, to += n) {
		if (at->off == f->len[at->part]) {
			at->part++;
			at->off = 0;
		}
		n = min(len, f->len[at->part] - at->off);
		vtun_map_bytes(to, f->from[at->part] + at->off, n);
		at->off += n;
	}
}

/* All others: the headers in the head, the rest in pages. */
static struct sk_buff *vtun_map_alloc_skb(struct vtun_map_run *run)
{
	const struct vtun_map_frame *f = &run->frame;
	size_t head = min_t(size_t, f->w.hdr_len ?: f->w.len,
			    SKB_MAX_HEAD(run->pad));
	struct vtun_map_place at = {};
	const skb_frag_t *frag;
	struct sk_buff *skb;
	unsigned int i;
	int err;

	skb = alloc_skb_with_frags(run->pad + head, f->w.len - head,
				   PAGE_ALLOC_COSTLY_ORDER, &err,
				   GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, run->pad);
	skb_put(skb, head);
	skb->data_len = f->w.len - head;
	skb->len += skb->data_len;
	vtun_map_read(f, &at, skb->data, head);
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		frag = &skb_shinfo(skb)->frags[i];
		vtun_map_read(f, &at, skb_frag_address(frag),
			      skb_frag_size(frag));
	}
	return skb;
}

static struct sk_buff *vtun_map_copy(struct vtun_map_run *run)
{
	struct sk_buff *skb;
	void *buf;

	if (!vtun_map_is_small(run)) {
		skb = vtun_map_alloc_skb(run);
	} else {
		buf = napi_alloc_frag(vtun_map_size(run));
		if (unlikely(!buf))
			return NULL;
		vtun_map_copy_small(run, buf);
		skb = vtun_map_build_skb(run, buf, vtun_map_size(run),
					 run->frame.len[0]);
	}
	return skb;
}

/* Whether the headers can be as long as is said. */
static bool vtun_map_judge(struct vtun_map_run *run)
{
	struct vtun_write *w = &run->frame.w;

	w->hdr_len = 0;
	if (unlikely(!run->frame.plain) && vtun_write_judge(w)) {
		atomic_long_inc(&run->priv->bad_hdr);
		return false;
	}
	if (w->flags & IFF_TAP &&
	    unlikely(w->len < ETH_HLEN ||
		     (w->hdr_len && w->hdr_len < ETH_HLEN))) {
		vnet_drop_count(run->priv->drops, VNET_DROP_TOO_SHORT, 1);
		return false;
	}
	return true;
}

static void vtun_map_count(struct vtun_map_count *count, size_t len)
{
	count->n++;
	count->bytes += len;
}

/* What vtun_write_finish() does of it that a plain frame of a tap has need of. */
static int vtun_map_finish(struct vtun_map_run *run, struct sk_buff *skb,
			   struct vtun_write *w, bool plain, int *why)
{
	if (unlikely(!plain) || !(w->flags & IFF_TAP)) {
		if (unlikely(vtun_write_finish(run->priv, skb, w, why)))
			return -EINVAL;
		if (!plain)
			skb_probe_transport_header(skb);
		return 0;
	}
	skb->protocol = vnet_type_trans(skb, run->priv->dev);
	skb_reset_network_header(skb);
	return 0;
}

/*
 * Has an skb received, or NULL. @plain: @w's virtio_net_hdr says nothing. @shown:
 * a program has seen it. Returns false where it is not; counted.
 */
static bool vtun_map_receive_skb(struct vtun_map_run *run, struct sk_buff *skb,
				 struct vtun_write *w, bool plain, bool shown)
{
	int why = VNET_DROP_COPY_IN;

	if (unlikely(!skb)) {
		vnet_drop_count(run->priv->drops, VNET_DROP_COPY_IN, 1);
		return false;
	}
	skb_set_owner_w(skb, &run->file->sk);
	if (unlikely(vtun_map_finish(run, skb, w, plain, &why))) {
		if (why >= 0)
			vnet_drop_count(run->priv->drops, why, 1);
		kfree_skb(skb);
		return false;
	}
	if (likely(run->straight)) {
		skb_record_rx_queue(skb, READ_ONCE(run->file->index));
		vtun_map_count(&run->went, w->len);
		/* Not as a list: that costs more than it saves, see decisions.md. */
		netif_receive_skb(skb);
		return true;
	}
	return !vtun_deliver(run->priv, run->file, skb, shown, w->len);
}

/* ---- frames without an skb ---------------------------------------------- */

/*
 * What may be done with the frames of a batch, by what is known once for all of
 * them: those that nothing of the device's own wants to see. BH off, RCU.
 */
static void vtun_map_choose_road(struct vtun_map_run *run)
{
	const struct vtun_priv *priv = run->priv;
	struct bpf_prog *prog = rcu_dereference(priv->xdp_prog);
	const struct vtun_file *file = run->file;
	/* Else what tells of its memory is going. */
	bool here = rcu_access_pointer(file->tun) == priv;
	bool alone = !file->napi_on && !prog && here &&
		     READ_ONCE(priv->num_queues) == 1 &&
		     !READ_ONCE(file->detached);
	bool tap = vtun_is_tap(priv);

	/* What has no skb would not count, so where that matters all have one. */
	run->prog = here && !run->limited ? prog : NULL;
	run->straight = alone && !vnet_port_used(&priv->port) &&
			priv->dev->flags & IFF_UP;
	run->foreign = run->straight && tap && vnet_foreign_unseen(priv->dev);
	run->without_skb = alone && tap && !run->limited &&
			   rcu_access_pointer(priv->port.sw) &&
			   !rcu_access_pointer(priv->port.flow);
}

/*
 * Whether the frame at hand ends here. Only that is learnt from its header in
 * the ring: of one that goes on all is copied, and judged anew.
 */
static bool vtun_map_drop_foreign(struct vtun_map_run *run)
{
	const struct vtun_map_frame *f = &run->frame;
	struct ethhdr eth __aligned(2);	/* addresses are compared by words */

	if (!run->foreign || unlikely(!f->plain) ||
	    unlikely(f->len[0] < ETH_HLEN))
		return false;
	memcpy(&eth, f->from[0], ETH_HLEN);
	if (!vnet_is_foreign(&eth, run->priv->dev))
		return false;
	vtun_map_count(&run->dropped, f->w.len);
	return true;
}

/* One that the switch has left gets its skb. It begins where its memory does. */
static void vtun_map_receive_left(struct vtun_map_run *run,
				  struct xdp_frame *frame)
{
	struct vtun_write w = { .flags = run->frame.w.flags, .len = frame->len };
	struct sk_buff *skb;

	skb = vtun_map_build_skb(run, frame, frame->frame_sz, frame->len);
	vtun_map_receive_skb(run, skb, &w, true, false);
}

/* Hands over what has been gathered. */
static void vtun_map_flush_frames(struct vtun_map_run *run)
{
	unsigned int left = run->n, i;

	if (!run->n)
		return;
	if (likely(run->priv->dev->flags & IFF_UP))
		left = vnet_port_receive_frames(&run->priv->port,
						run->priv->dev, run->frames,
						run->n, VNET_ROAD_DIRECT,
						NULL);
	run->n = 0;
	for (i = 0; i < left; i++)
		vtun_map_receive_left(run, run->frames[i]);
	vtun_map_block_rewind(&run->map->block);
}

/*
 * Memory for the frame at hand, or NULL. Frames that were gathered go on before
 * there is new memory, which is that of those then.
 */
static void *vtun_map_frame_buf(struct vtun_map_run *run, unsigned int size)
{
	struct vtun_map_block *block = &run->map->block;

	if (unlikely(!vtun_map_block_has(block, size))) {
		vtun_map_flush_frames(run);
		if (!vtun_map_block_has(block, size))
			vtun_map_block_renew(block);
		if (unlikely(!vtun_map_block_has(block, size)))
			return napi_alloc_frag(size);
	}
	return vtun_map_block_take(block, size);
}

/* The frame at hand. Returns NULL where there is no memory. */
static struct xdp_frame *vtun_map_make_frame(struct vtun_map_run *run)
{
	unsigned int size = vtun_map_size(run);
	void *buf = vtun_map_frame_buf(run, size);
	struct xdp_frame *frame;
	struct xdp_buff xdp;

	if (unlikely(!buf))
		return NULL;
	vtun_map_copy_small(run, buf);
	xdp_init_buff(&xdp, size, &run->file->rxq);
	xdp_prepare_buff(&xdp, buf, run->pad, run->frame.len[0], false);
	frame = xdp_convert_buff_to_frame(&xdp);
	if (unlikely(!frame))
		skb_free_frag(buf);
	return frame;
}

/* ---- frames that an XDP program sees first ------------------------------ */

static unsigned int vtun_map_xdp_pad(const struct vtun_map_run *run)
{
	return max_t(unsigned int, run->pad,
		     XDP_PACKET_HEADROOM + NET_IP_ALIGN);
}

/* What of a frame fits into a page, with all that belongs to it. */
static unsigned int vtun_map_xdp_most(const struct vtun_map_run *run)
{
	return SKB_WITH_OVERHEAD(PAGE_SIZE) - vtun_map_xdp_pad(run);
}

/*
 * Whether the frame at hand is shown without an skb: super-frames are not, as
 * of what is written, and long ones only to who knows frames in several
 * buffers.
 */
static bool vtun_map_is_shown(const struct vtun_map_run *run)
{
	const struct vtun_write *w = &run->frame.w;
	unsigned int most;

	if (likely(!run->prog) || w->hdr.gso_type || !vtun_xdp_sees(w->len))
		return false;
	most = vtun_map_xdp_most(run);
	return likely(w->len <= most) ||
	       (run->prog->aux->xdp_has_frags &&
		w->len - most <= MAX_SKB_FRAGS * PAGE_SIZE);
}

/* What does not fit into the first buffer. Returns false without memory. */
static bool vtun_map_fill_frags(const struct vtun_map_frame *f,
				struct vtun_map_place *at,
				struct xdp_buff *xdp, unsigned int left)
{
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_buff(xdp);
	struct page *page;
	unsigned int n;

	sinfo->nr_frags = 0;
	sinfo->xdp_frags_size = 0;
	xdp_buff_set_frags_flag(xdp);
	for (; left; left -= n) {
		page = dev_alloc_page();
		if (unlikely(!page))
			return false;
		n = min_t(unsigned int, left, PAGE_SIZE);
		vtun_map_read(f, at, page_address(page), n);
		__skb_fill_page_desc_noacc(sinfo, sinfo->nr_frags++, page, 0,
					   n);
		sinfo->xdp_frags_size += n;
		if (unlikely(page_is_pfmemalloc(page)))
			xdp_buff_set_frag_pfmemalloc(xdp);
	}
	return true;
}

/* The frame at hand, copied. Returns false without memory. */
static bool vtun_map_fill_xdp(struct vtun_map_run *run, struct xdp_buff *xdp)
{
	const struct vtun_map_frame *f = &run->frame;
	unsigned int head = min_t(size_t, f->w.len, vtun_map_xdp_most(run));
	unsigned int pad = vtun_map_xdp_pad(run);
	unsigned int size = SKB_DATA_ALIGN(pad + head) +
			    SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	struct vtun_map_place at = {};
	void *buf = napi_alloc_frag(size);

	if (unlikely(!buf))
		return false;
	vtun_map_read(f, &at, buf + pad, head);
	xdp_init_buff(xdp, size, &run->file->rxq);
	xdp_prepare_buff(xdp, buf, pad, head, true);
	if (likely(head == f->w.len) ||
	    vtun_map_fill_frags(f, &at, xdp, f->w.len - head))
		return true;
	xdp_return_buff(xdp);
	return false;
}

/* One that has passed. Consumes it. */
static struct sk_buff *vtun_map_xdp_skb(struct xdp_buff *xdp)
{
	unsigned int nr_frags = 0, len = 0;
	struct skb_shared_info *sinfo;
	struct sk_buff *skb;

	/* The skb has its own at the same place. */
	if (unlikely(xdp_buff_has_frags(xdp))) {
		sinfo = xdp_get_shared_info_from_buff(xdp);
		nr_frags = sinfo->nr_frags;
		len = sinfo->xdp_frags_size;
	}
	skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);
	if (unlikely(!skb)) {
		xdp_return_buff(xdp);
		return NULL;
	}
	vtun_xdp_to_skb(xdp, skb);
	if (unlikely(nr_frags))
		xdp_update_skb_shared_info(skb, nr_frags, len,
					   nr_frags * PAGE_SIZE,
					   xdp_buff_is_frag_pfmemalloc(xdp));
	return skb;
}

/*
 * Shows the frame at hand to the program, and does what that says. Returns false
 * where it is not received; counted.
 */
static bool vtun_map_show(struct vtun_map_run *run)
{
	struct vtun_priv *priv = run->priv;
	struct xdp_buff xdp;

	if (unlikely(!(priv->dev->flags & IFF_UP))) {
		vnet_drop_count(priv->drops, VNET_DROP_DOWN, 1);
		return false;
	}
	if (unlikely(!vtun_map_fill_xdp(run, &xdp))) {
		vnet_drop_count(priv->drops, VNET_DROP_COPY_IN, 1);
		return false;
	}
	switch (vtun_xdp_act(priv, run->prog, &xdp)) {
	case XDP_PASS:
		return vtun_map_receive_skb(run, vtun_map_xdp_skb(&xdp),
					    &run->frame.w, run->frame.plain,
					    true);
	case XDP_DROP:
		xdp_return_buff(&xdp);
		break;
	case XDP_REDIRECT:
		run->redirected = true;
		break;
	}
	return true;
}

/* Has the frame at hand received. Returns false where it is not; counted. */
static bool vtun_map_receive_one(struct vtun_map_run *run)
{
	struct xdp_frame *frame;

	if (vtun_map_drop_foreign(run))
		return true;
	if (unlikely(!vtun_map_judge(run)))
		return false;
	if (vtun_map_is_shown(run))
		return vtun_map_show(run);
	if (run->without_skb && likely(run->frame.plain) &&
	    vtun_map_is_small(run)) {
		frame = vtun_map_make_frame(run);
		if (unlikely(!frame)) {
			vnet_drop_count(run->priv->drops, VNET_DROP_COPY_IN, 1);
			return false;
		}
		run->frames[run->n++] = frame;
		if (run->n == VTUN_MAP_TX_FRAMES)
			vtun_map_flush_frames(run);
		return true;
	}
	/* Not past those. */
	vtun_map_flush_frames(run);
	return vtun_map_receive_skb(run, vtun_map_copy(run), &run->frame.w,
				    run->frame.plain, false);
}

/* ---- the ring ----------------------------------------------------------- */

/* Whether more of what was written is on its way than is allowed. */
static bool vtun_map_at_limit(const struct vtun_map_run *run)
{
	struct sock *sk = &run->file->sk;

	return unlikely(run->limited) &&
	       sk_wmem_alloc_get(sk) >= READ_ONCE(sk->sk_sndbuf);
}

/* What was received without being counted. */
static void vtun_map_flush_counts(struct vtun_map_run *run)
{
	if (run->went.n)
		vnet_count_rx(run->priv->dev, run->went.n, run->went.bytes);
	if (run->dropped.n)
		vnet_foreign_drop(run->priv->dev, run->dropped.n,
				  run->dropped.bytes);
	run->went = (struct vtun_map_count) {};
	run->dropped = (struct vtun_map_count) {};
}

/* BH off, RCU. Returns false where no more is to be consumed now. */
static bool vtun_map_batch(struct vtun_map_run *run)
{
	struct bpf_net_context __bpf_net_ctx, *bpf_net_ctx = NULL;
	struct vtun_map_ring *tx = &run->map->tx;
	u32 end = tx->index + min(run->prod - tx->index, VTUN_MAP_TX_BATCH);
	u32 refused = 0;
	bool go_on = true;

	vtun_map_choose_road(run);
	if (unlikely(run->prog))
		bpf_net_ctx = bpf_net_ctx_set(&__bpf_net_ctx);
	while ((s32)(end - tx->index) > 0) {
		if (vtun_map_at_limit(run) || unlikely(!vtun_map_next(run))) {
			go_on = false;
			break;
		}
		if (unlikely(!vtun_map_receive_one(run)))
			refused++;
		tx->index += run->frame.slots;
	}
	if (unlikely(refused))
		WRITE_ONCE(tx->kernel->refused, tx->kernel->refused + refused);
	/* The slots are the program's again: all of them have been read. */
	smp_store_release(&tx->kernel->index, tx->index);
	vtun_map_flush_frames(run);
	if (unlikely(run->redirected))
		xdp_do_flush();
	run->redirected = false;
	bpf_net_ctx_clear(bpf_net_ctx);
	vtun_map_flush_counts(run);
	return go_on;
}

static void vtun_map_run_init(struct vtun_map_run *run, struct vtun_priv *priv,
			      struct vtun_file *file)
{
	unsigned int flags = READ_ONCE(priv->flags);

	run->priv = priv;
	run->file = file;
	run->map = file->map;
	run->limited = READ_ONCE(file->sk.sk_sndbuf) != INT_MAX;
	run->pad = READ_ONCE(priv->headroom);
	run->pad = max_t(unsigned int, run->pad, sizeof(struct xdp_frame));
	if (flags & IFF_TAP)
		run->pad += NET_IP_ALIGN;
	run->prog = NULL;
	run->redirected = false;
	run->n = 0;
	run->went = (struct vtun_map_count) {};
	run->dropped = (struct vtun_map_count) {};
	run->frame.w = (struct vtun_write) {
		.flags = flags | IFF_NO_PI | IFF_VNET_HDR | VTUN_VNET_LE,
	};
}

/* tx_lock. Returns how many slots, or an error where there are none. */
static long vtun_map_consume(struct vtun_map_run *run)
{
	struct vtun_map_ring *tx = &run->map->tx;
	u32 start = tx->index;
	bool go_on = true;

	if (unlikely(tx->broken || !(run->priv->dev->flags & IFF_UP)))
		return -EIO;
	/* What the program has written before it is read after. */
	run->prod = smp_load_acquire(&tx->user->index);
	if (unlikely(run->prod - start > tx->entries)) {
		vtun_map_break(run->map, tx, VTUN_RING_ERR_INDEX, run->prod);
		return -EIO;
	}
	while (go_on && tx->index != run->prod) {
		local_bh_disable();
		rcu_read_lock();
		go_on = vtun_map_batch(run);
		rcu_read_unlock();
		local_bh_enable();
		if (signal_pending(current))
			break;
		cond_resched();
	}
	if (likely(tx->index != start || go_on))
		return tx->index - start;
	return tx->broken ? -EIO : -EAGAIN;
}

/**
 * vtun_map_receive() - receive what is in a file's ring
 * @priv: the device, held
 * @file: the queue
 *
 * Context: process.
 * Return: how many slots were consumed, or an error where none were.
 */
long vtun_map_receive(struct vtun_priv *priv, struct vtun_file *file)
{
	struct vtun_map *map = file->map;
	struct vtun_map_run run;
	bool broken;
	long ret;

	if (mutex_lock_interruptible(&map->tx_lock))
		return -EINTR;
	broken = map->tx.broken;
	vtun_map_run_init(&run, priv, file);
	ret = vtun_map_consume(&run);
	broken = map->tx.broken && !broken;
	mutex_unlock(&map->tx_lock);
	if (unlikely(broken))
		vtun_file_notify_all(file);
	return ret;
}
