// SPDX-License-Identifier: GPL-2.0
/*
 * Frames without an skb: what is written is shown to an XDP program before it
 * has one, and what others redirect to the device goes to its program as it
 * is. And frames that fit into a page, which get their skb around them.
 */
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/uio.h>
#include <net/xdp.h>
#include "vtun.h"

/**
 * vtun_build_fits() - may a frame be copied to where its skb is built around it
 * @priv: the device
 * @file: the queue
 * @len: the frame's bytes
 *
 * That way in does not wait for earlier frames, so it is for sockets without a
 * limit.
 *
 * Return: true where it may.
 */
bool vtun_build_fits(const struct vtun_priv *priv,
		     const struct vtun_file *file, size_t len)
{
	return READ_ONCE(file->sk.sk_sndbuf) == INT_MAX &&
	       vtun_build_has_room(len, READ_ONCE(priv->headroom));
}

static struct sk_buff *vtun_skb_around(struct vtun_file *file,
				       struct page_frag *frag,
				       const struct xdp_buff *xdp)
{
	struct sk_buff *skb = build_skb(xdp->data_hard_start, xdp->frame_sz);

	if (unlikely(!skb))
		return ERR_PTR(-ENOMEM);
	get_page(frag->page);
	frag->offset += xdp->frame_sz;
	skb_set_owner_w(skb, &file->sk);
	vtun_xdp_to_skb(xdp, skb);
	return skb;
}

/*
 * Returns frames whose bytes are elsewhere by now. Of those in one page, as
 * most that come together are, all references go at once.
 */
static void vtun_xdp_return(struct xdp_frame **frames, int n)
{
	unsigned long start = 0, size = 0, data;
	struct page *page = NULL;
	unsigned int refs = 0;
	int i;

	for (i = 0; i < n; i++) {
		if (unlikely(xdp_frame_has_frags(frames[i]) ||
			     vnet_compat_xdp_mem_type(frames[i]) !=
			     MEM_TYPE_PAGE_SHARED)) {
			xdp_return_frame(frames[i]);
			continue;
		}
		data = (unsigned long)frames[i]->data;
		if (data - start >= size) {
			if (page)
				__page_frag_cache_drain(page, refs);
			page = virt_to_head_page((void *)data);
			start = (unsigned long)page_address(page);
			size = page_size(page);
			refs = 0;
		}
		refs++;
	}
	if (page)
		__page_frag_cache_drain(page, refs);
}

/*
 * Returns how many were taken, or an error where there is nobody to take any;
 * what was not is yet to be counted. BH off, RCU.
 */
static __always_inline int vtun_xdp_send(struct vtun_priv *priv, int n,
					 struct xdp_frame **frames, u32 flags)
{
	struct vtun_file *file = NULL;
	struct vtun_map *map;
	unsigned int queues;
	int i = 0;

	queues = READ_ONCE(priv->num_queues);
	if (queues)
		file = rcu_dereference(priv->files[smp_processor_id() % queues]);
	if (unlikely(!file))
		return -ENXIO;
	map = READ_ONCE(file->rx_map);
	if (map) {
		i = vtun_map_xdp_xmit(priv, file, map, frames, n);
		if (likely(i >= 0)) {
			vtun_xdp_return(frames, i);
			return i;
		}
		i = 0;
	}
	spin_lock(&file->ring.producer_lock);
	while (i < n && !__ptr_ring_produce(&file->ring,
					    vtun_entry_make(frames[i],
							    VTUN_ENTRY_XDP)))
		i++;
	spin_unlock(&file->ring.producer_lock);
	if (flags & XDP_XMIT_FLUSH)
		vtun_file_notify(file);
	return i;
}

/* Whoever had no room for it, it is the verdict that is counted as in vain. */
static int vtun_xdp_tx(struct vtun_priv *priv, struct xdp_buff *xdp)
{
	struct xdp_frame *frame = xdp_convert_buff_to_frame(xdp);

	if (unlikely(!frame))
		return -EOVERFLOW;
	return vtun_xdp_send(priv, 1, &frame, XDP_XMIT_FLUSH) == 1 ?
	       0 : -EBUSY;
}

/**
 * vtun_xdp_act() - show a frame without an skb to a program, and do what that
 *	says
 * @priv: the device, up
 * @prog: the program
 * @xdp: the frame
 *
 * Context: BH off, RCU, in a bpf_net_context.
 * Return: XDP_PASS, or XDP_DROP, for a frame that is still the caller's;
 * XDP_TX for one that is another's, and XDP_REDIRECT where xdp_do_flush() is to
 * be called as well. All but the first are counted.
 */
u32 vtun_xdp_act(struct vtun_priv *priv, struct bpf_prog *prog,
		 struct xdp_buff *xdp)
{
	unsigned int len = xdp_get_buff_len(xdp);
	u32 act = bpf_prog_run_xdp(prog, xdp);

	switch (act) {
	case XDP_PASS:
		return XDP_PASS;
	case XDP_REDIRECT:
		if (!xdp_do_redirect(priv->dev, xdp, prog))
			break;
		vnet_drop_count(priv->drops, VNET_DROP_XDP_REDIRECT, 1);
		return XDP_DROP;
	case XDP_TX:
		if (!vtun_xdp_tx(priv, xdp))
			break;
		vnet_drop_count(priv->drops, VNET_DROP_XDP_TX, 1);
		return XDP_DROP;
	case XDP_DROP:
		vnet_drop_count(priv->drops, VNET_DROP_XDP, 1);
		return XDP_DROP;
	default:
		bpf_warn_invalid_xdp_action(priv->dev, prog, act);
		fallthrough;
	case XDP_ABORTED:
		trace_xdp_exception(priv->dev, prog, act);
		vnet_drop_count(priv->drops, VNET_DROP_XDP_ABORTED, 1);
		return XDP_DROP;
	}
	dev_sw_netstats_rx_add(priv->dev, len);
	return act;
}

/* Shows the frame to the program, if there is one; XDP_ABORTED where the device is down. BH off. */
static u32 vtun_xdp_run(struct vtun_priv *priv, struct vtun_file *file,
			struct xdp_buff *xdp, struct page_frag *frag,
			unsigned int size)
{
	struct bpf_net_context __bpf_net_ctx, *bpf_net_ctx;
	struct bpf_prog *prog;
	u32 act = XDP_PASS;

	rcu_read_lock();
	prog = rcu_dereference(priv->xdp_prog);
	if (prog && unlikely(!(priv->dev->flags & IFF_UP))) {
		act = XDP_ABORTED;
	} else if (prog) {
		bpf_net_ctx = bpf_net_ctx_set(&__bpf_net_ctx);
		/* For whoever is given the frame. */
		get_page(frag->page);
		frag->offset += size;
		act = vtun_xdp_act(priv, prog, xdp);
		if (act == XDP_REDIRECT)
			xdp_do_flush();
		if (act == XDP_PASS || act == XDP_DROP) {
			put_page(frag->page);
			frag->offset -= size;
		}
		bpf_net_ctx_clear(bpf_net_ctx);
	}
	rcu_read_unlock();
	return act;
}

/**
 * vtun_build_skb() - copy a frame, and build its skb around it
 * @priv: the device
 * @file: the queue
 * @len: the frame's bytes; see vtun_build_fits()
 * @show: show it to the device's XDP program first; false on return where that
 *	is still to be done
 * @from: the program's memory
 *
 * Context: process.
 * Return: the skb; NULL where an XDP program has taken the frame; or an error.
 */
struct sk_buff *vtun_build_skb(struct vtun_priv *priv, struct vtun_file *file,
			       size_t len, bool *show, struct iov_iter *from)
{
	struct page_frag *frag = &current->task_frag;
	unsigned int pad, size;
	struct xdp_buff xdp;
	u32 act;
	void *buf;

	pad = vtun_build_pad(rcu_access_pointer(priv->xdp_prog),
			     READ_ONCE(priv->headroom));
	size = vtun_build_size(pad, len);
	frag->offset = ALIGN(frag->offset, SMP_CACHE_BYTES);
	if (unlikely(!skb_page_frag_refill(size, frag, GFP_KERNEL)))
		return ERR_PTR(-ENOMEM);
	buf = page_address(frag->page) + frag->offset;
	if (copy_page_from_iter(frag->page, frag->offset + pad, len, from) != len)
		return ERR_PTR(-EFAULT);

	/* A program that came meanwhile sees the frame with its skb. */
	*show = *show && pad >= XDP_PACKET_HEADROOM;
	xdp_init_buff(&xdp, size, &file->rxq);
	xdp_prepare_buff(&xdp, buf, pad, len, true);
	if (*show) {
		local_bh_disable();
		act = vtun_xdp_run(priv, file, &xdp, frag, size);
		local_bh_enable();
		if (act == XDP_ABORTED)
			return ERR_PTR(-EIO);
		if (act != XDP_PASS)
			return NULL;
	}
	return vtun_skb_around(file, frag, &xdp);
}

static int vtun_xdp_set(struct net_device *dev, struct bpf_prog *prog)
{
	struct vtun_priv *priv = netdev_priv(dev);
	struct bpf_prog *old = rtnl_dereference(priv->xdp_prog);

	rcu_assign_pointer(priv->xdp_prog, prog);
	if (old)
		bpf_prog_put(old);
	return 0;
}

/**
 * vtun_xdp_bpf() - ndo_bpf
 * @dev: the device
 * @bpf: the command
 *
 * Context: RTNL.
 * Return: 0 or an error.
 */
int vtun_xdp_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return vtun_xdp_set(dev, bpf->prog);
	default:
		return -EINVAL;
	}
}

/**
 * vtun_xdp_xmit() - ndo_xdp_xmit
 * @dev: the device
 * @n: number of frames
 * @frames: the frames; those that are taken are consumed
 * @flags: XDP_XMIT_FLUSH
 *
 * Context: BH off.
 * Return: how many were taken, or an error.
 */
int vtun_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		  u32 flags)
{
	struct vtun_priv *priv = netdev_priv(dev);
	int sent;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	rcu_read_lock();
	sent = vtun_xdp_send(priv, n, frames, flags);
	rcu_read_unlock();
	if (unlikely(sent < 0))
		vnet_drop_count(priv->drops, VNET_DROP_NO_READER, n);
	else if (unlikely(sent < n))
		vnet_drop_count(priv->drops, VNET_DROP_RING_FULL, n - sent);
	return sent;
}

/* Less room than the frame is long cuts it off. Returns false for bad memory. */
static bool vtun_xdp_copy_frags(const struct xdp_frame *frame,
				struct iov_iter *to)
{
	const struct skb_shared_info *sinfo;
	int i;

	if (likely(!xdp_frame_has_frags((struct xdp_frame *)frame)))
		return true;
	sinfo = xdp_get_shared_info_from_frame((struct xdp_frame *)frame);
	for (i = 0; i < sinfo->nr_frags; i++) {
		const skb_frag_t *frag = &sinfo->frags[i];
		size_t size = skb_frag_size(frag);

		if (copy_page_to_iter(skb_frag_page(frag), skb_frag_off(frag),
				      size, to) != size)
			return !iov_iter_count(to);
	}
	return true;
}

/**
 * vtun_xdp_read() - give the program a frame that has no skb
 * @priv: the device
 * @frame: the frame
 * @to: the program's memory
 *
 * Return: its length with all that belongs to it, or an error.
 */
ssize_t vtun_xdp_read(struct vtun_priv *priv, struct xdp_frame *frame,
		      struct iov_iter *to)
{
	unsigned int flags = READ_ONCE(priv->flags);
	unsigned int len = xdp_get_frame_len(frame);
	struct virtio_net_hdr hdr = {};
	struct tun_pi pi = {};
	ssize_t total = len;
	int hdr_sz = 0;

	if (flags & IFF_VNET_HDR)
		hdr_sz = READ_ONCE(priv->vnet_hdr_sz);
	total += hdr_sz;
	if (!(flags & IFF_NO_PI)) {
		total += sizeof(pi);
		if (iov_iter_count(to) < sizeof(pi))
			return -EINVAL;
		if (iov_iter_count(to) < total)
			pi.flags |= TUN_PKT_STRIP;
		if (vtun_is_tap(priv))
			pi.proto = ((struct ethhdr *)frame->data)->h_proto;
		else
			pi.proto = vtun_ip_proto(*(u8 *)frame->data, 0);
		if (copy_to_iter(&pi, sizeof(pi), to) != sizeof(pi))
			return -EFAULT;
	}
	if (hdr_sz) {
		if (iov_iter_count(to) < hdr_sz)
			return -EINVAL;
		if (vtun_put_hdr(&hdr, hdr_sz, to))
			return -EFAULT;
	}
	if (copy_to_iter(frame->data, frame->len, to) != frame->len &&
	    iov_iter_count(to))
		return -EFAULT;
	if (unlikely(!vtun_xdp_copy_frags(frame, to)))
		return -EFAULT;
	preempt_disable();
	dev_sw_netstats_tx_add(priv->dev, 1, len);
	preempt_enable();
	return total;
}
