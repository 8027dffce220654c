// SPDX-License-Identifier: GPL-2.0
/*
 * What the program writes: into an skb, which the device receives. Nothing of
 * it is judged before it has been copied.
 */
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/uio.h>
#include "vtun.h"

static u16 vtun_hdr16(const struct vtun_write *w, __virtio16 val)
{
	return __virtio16_to_cpu(vtun_is_little_endian(w->flags), val);
}

static int vtun_write_pi(struct vtun_write *w, struct iov_iter *from)
{
	if (w->len < sizeof(w->pi))
		return -EINVAL;
	w->len -= sizeof(w->pi);
	return copy_from_iter_full(&w->pi, sizeof(w->pi), from) ? 0 : -EFAULT;
}

/**
 * vtun_write_judge() - whether what a virtio_net_hdr says of headers can be
 * @w: the frame, with &vtun_write.hdr and &vtun_write.len
 *
 * A checksum within the headers makes the headers reach as far.
 *
 * Return: 0, or -EINVAL.
 */
int vtun_write_judge(struct vtun_write *w)
{
	unsigned int csum_end;

	w->hdr_len = vtun_hdr16(w, w->hdr.hdr_len);
	csum_end = vtun_hdr16(w, w->hdr.csum_start) +
		   vtun_hdr16(w, w->hdr.csum_offset) + sizeof(__sum16);
	if (w->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	    csum_end > w->hdr_len) {
		/* As wide as the field, for the helpers read the same one. */
		w->hdr_len = (u16)csum_end;
		w->hdr.hdr_len =
			__cpu_to_virtio16(vtun_is_little_endian(w->flags),
					  w->hdr_len);
	}
	return w->hdr_len > w->len ? -EINVAL : 0;
}

static int vtun_write_hdr(const struct vtun_priv *priv, struct vtun_write *w,
			  struct iov_iter *from)
{
	int size = READ_ONCE(priv->vnet_hdr_sz);

	if (w->len < size)
		return -EINVAL;
	w->len -= size;
	if (!copy_from_iter_full(&w->hdr, sizeof(w->hdr), from))
		return -EFAULT;
	iov_iter_advance(from, size - sizeof(w->hdr));
	return vtun_write_judge(w);
}

/* Everything in front of the frame. */
static int vtun_write_prefix(const struct vtun_priv *priv,
			     struct vtun_write *w, struct iov_iter *from)
{
	int err = 0;

	if (!(w->flags & IFF_NO_PI))
		err = vtun_write_pi(w, from);
	if (!err && w->flags & IFF_VNET_HDR)
		err = vtun_write_hdr(priv, w, from);
	if (err)
		return err;
	if (w->flags & IFF_TAP &&
	    (w->len < ETH_HLEN || (w->hdr_len && w->hdr_len < ETH_HLEN)))
		return -EINVAL;
	return 0;
}

static unsigned int vtun_headroom(const struct vtun_priv *priv,
				  const struct vtun_write *w)
{
	unsigned int headroom = READ_ONCE(priv->headroom);

	return w->flags & IFF_TAP ? headroom + NET_IP_ALIGN : headroom;
}

/* One page or less is all in the head; what is longer has its headers there. */
static struct sk_buff *vtun_alloc_skb(const struct vtun_priv *priv,
				      struct vtun_file *file,
				      const struct vtun_write *w)
{
	const size_t most = MAX_SKB_FRAGS *
			    (PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER);
	unsigned int headroom = vtun_headroom(priv, w);
	size_t good = SKB_MAX_HEAD(headroom);
	size_t linear = min_t(size_t, w->hdr_len ?: w->len, good);
	struct sk_buff *skb;
	int err;

	if (headroom + w->len < PAGE_SIZE)
		linear = w->len;
	if (w->len - linear > most)
		linear = w->len - most;
	skb = sock_alloc_send_pskb(&file->sk, headroom + linear,
				   w->len - linear, w->noblock, &err,
				   PAGE_ALLOC_COSTLY_ORDER);
	if (!skb)
		return ERR_PTR(err);
	skb_reserve(skb, headroom);
	skb_put(skb, linear);
	skb->data_len = w->len - linear;
	skb->len += w->len - linear;
	return skb;
}

/*
 * A fragment for each further segment of what is written. @segs: how many it
 * has with the first one, or 0 where nobody has cut it. As of tun, one without
 * bytes is an error, which is known at the end, for an iterator passes it over.
 */
static int vtun_napi_fill_frags(struct sk_buff *skb, struct iov_iter *it,
				unsigned long segs)
{
	while (iov_iter_count(it)) {
		size_t size = iov_iter_single_seg_count(it);
		unsigned int i = skb_shinfo(skb)->nr_frags;
		struct page *page;
		void *frag;

		if (i == MAX_SKB_FRAGS)
			return -EMSGSIZE;
		if (!size || size > PAGE_SIZE)
			return -EINVAL;
		frag = netdev_alloc_frag(size);
		if (!frag)
			return -ENOMEM;
		page = virt_to_head_page(frag);
		skb_fill_page_desc(skb, i, page, frag - page_address(page),
				   size);
		iov_iter_advance(it, size);
	}
	return !segs || skb_shinfo(skb)->nr_frags + 1 == segs ? 0 : -EINVAL;
}

/*
 * The skb that NAPI has at hand. It is the writer's own while it is filled, so
 * that a device may go meanwhile.
 */
static struct sk_buff *vtun_napi_take_skb(struct vtun_priv *priv,
					  struct vtun_file *file)
{
	struct sk_buff *skb = NULL;

	rcu_read_lock();
	spin_lock_bh(&file->napi_lock);
	/* Else NAPI may be gone. */
	if (rcu_access_pointer(file->tun) == priv &&
	    !READ_ONCE(file->detached))
		skb = napi_get_frags(&file->napi);
	if (skb)
		file->napi.skb = NULL;
	spin_unlock_bh(&file->napi_lock);
	rcu_read_unlock();
	return skb;
}

/* As the writer has cut it: the first segment is the head. */
static struct sk_buff *vtun_napi_alloc_skb(struct vtun_priv *priv,
					   struct vtun_file *file,
					   const struct vtun_write *w,
					   const struct iov_iter *from)
{
	/* Memory that is registered is longer than what is written from it. */
	unsigned long segs = iter_is_iovec(from) ? from->nr_segs : 0;
	size_t linear = min(iov_iter_single_seg_count(from), w->len);
	struct iov_iter it = *from;
	struct sk_buff *skb;
	int err;

	if (segs > MAX_SKB_FRAGS + 1 ||
	    w->len > ETH_MAX_MTU - NET_SKB_PAD - NET_IP_ALIGN)
		return ERR_PTR(-EMSGSIZE);
	skb = vtun_napi_take_skb(priv, file);
	if (!skb)
		return ERR_PTR(-ENOMEM);
	err = __skb_grow(skb, linear);
	if (!err) {
		skb->len = w->len;
		skb->data_len = w->len - linear;
		skb->truesize += skb->data_len;
		iov_iter_advance(&it, linear);
		err = vtun_napi_fill_frags(skb, &it, segs);
	}
	if (!err)
		return skb;
	kfree_skb(skb);
	return ERR_PTR(err);
}

/* What a tun device's frame is, which has no header that says so. */
static int vtun_set_protocol(struct sk_buff *skb, struct vtun_write *w)
{
	if (w->flags & IFF_NO_PI) {
		if (!pskb_may_pull(skb, 1))
			return -EINVAL;
		w->pi.proto = vtun_ip_proto(skb->data[0], 0);
		if (!w->pi.proto)
			return -EINVAL;
	}
	skb_reset_mac_header(skb);
	skb->protocol = w->pi.proto;
	return 0;
}

/**
 * vtun_write_finish() - give an skb what a virtio_net_hdr promises of it, and
 *	its headers
 * @priv: the device
 * @skb: the frame, copied
 * @w: what is known of it
 * @why: the reason of an error, by enum vnet_drop; -1 where it was counted
 *
 * Return: 0, or an error.
 */
int vtun_write_finish(struct vtun_priv *priv, struct sk_buff *skb,
		      struct vtun_write *w, int *why)
{
	int err;

	if (virtio_net_hdr_to_skb(skb, &w->hdr,
				  vtun_is_little_endian(w->flags))) {
		atomic_long_inc(&priv->bad_hdr);
		*why = -1;
		return -EINVAL;
	}
	if (w->flags & IFF_TAP) {
		*why = VNET_DROP_COPY_IN;
		if (!pskb_may_pull(skb, ETH_HLEN))
			return -ENOMEM;
		skb->protocol = eth_type_trans(skb, priv->dev);
	} else {
		*why = VNET_DROP_NOT_IP;
		err = vtun_set_protocol(skb, w);
		if (err)
			return err;
		skb->dev = priv->dev;
	}
	skb_reset_network_header(skb);
	return 0;
}

/* Frames that wait for NAPI, until it gets them. */
static int vtun_napi_poll(struct napi_struct *napi, int budget)
{
	struct vtun_file *file = container_of(napi, struct vtun_file, napi);
	struct sk_buff_head *queue = &file->sk.sk_write_queue;
	struct sk_buff_head now;
	struct sk_buff *skb;
	int received = 0;

	__skb_queue_head_init(&now);
	spin_lock(&queue->lock);
	skb_queue_splice_tail_init(queue, &now);
	spin_unlock(&queue->lock);
	while (received < budget && (skb = __skb_dequeue(&now))) {
		skb_record_rx_queue(skb, READ_ONCE(file->index));
		napi_gro_receive(napi, skb);
		received++;
	}
	if (!skb_queue_empty(&now)) {
		spin_lock(&queue->lock);
		skb_queue_splice(&now, queue);
		spin_unlock(&queue->lock);
	}
	if (received < budget)
		napi_complete_done(napi, received);
	return received;
}

/**
 * vtun_napi_init() - give a queue NAPI, if that was asked for
 * @file: the queue
 * @dev: the device
 * @flags: IFF_NAPI, IFF_NAPI_FRAGS
 *
 * Context: RTNL.
 */
void vtun_napi_init(struct vtun_file *file, struct net_device *dev,
		    unsigned int flags)
{
	file->napi_on = flags & IFF_NAPI;
	file->napi_frags = file->napi_on && flags & IFF_NAPI_FRAGS;
	if (!file->napi_on)
		return;
	netif_napi_add_tx(dev, &file->napi, vtun_napi_poll);
	napi_enable(&file->napi);
}

/* BH off, RCU. Consumes @skb where it returns 0. */
static int vtun_receive_frags(struct vtun_file *file, struct sk_buff *skb)
{
	unsigned int headlen;
	int err = -EBUSY;

	/* The flow dissector is part of what this way in is for. */
	skb_push(skb, ETH_HLEN);
	headlen = eth_get_headlen(skb->dev, skb->data, skb_headlen(skb));
	if (WARN_ON_ONCE(headlen > skb_headlen(skb)))
		return -ENOMEM;
	spin_lock(&file->napi_lock);
	if (napi_schedule_prep(&file->napi)) {
		/* One that GRO has done with. */
		if (file->napi.skb)
			napi_free_frags(&file->napi);
		file->napi.skb = skb;
		napi_gro_frags(&file->napi);
		napi_complete(&file->napi);
		err = 0;
	}
	spin_unlock(&file->napi_lock);
	return err;
}

/* BH off. Consumes @skb where it returns 0. */
static int vtun_receive_napi(struct vtun_file *file, struct sk_buff *skb)
{
	struct sk_buff_head *queue = &file->sk.sk_write_queue;

	spin_lock(&queue->lock);
	if (unlikely(READ_ONCE(file->detached))) {
		spin_unlock(&queue->lock);
		return -EBUSY;
	}
	__skb_queue_tail(queue, skb);
	spin_unlock(&queue->lock);
	napi_schedule(&file->napi);
	return 0;
}

/* Whether a switch, or who knows its flow, has taken the frame. BH off, RCU. */
static bool vtun_to_port(struct vtun_priv *priv, struct vtun_file *file,
			 struct sk_buff *skb)
{
	enum vnet_road road = VNET_ROAD_DIRECT;

	if (!vnet_port_used(&priv->port) || !vtun_is_tap(priv))
		return false;
	if (file->napi_on)
		road = VNET_ROAD_GRO;
	else if (rcu_access_pointer(priv->xdp_prog))
		road = VNET_ROAD_XDP;
	return vnet_port_receive(&priv->port, skb, road);
}

/* BH off, RCU. Consumes @skb where it returns 0; 1 says that it was counted. */
static int vtun_receive(struct vtun_priv *priv, struct vtun_file *file,
			struct sk_buff *skb)
{
	if (unlikely(!(priv->dev->flags & IFF_UP)))
		return -EIO;
	if (vtun_to_port(priv, file, skb))
		return 1;
	if (file->napi_frags)
		return vtun_receive_frags(file, skb);
	if (file->napi_on)
		return vtun_receive_napi(file, skb);
	netif_receive_skb(skb);
	return 0;
}

/*
 * On a tun device what generic XDP takes for an Ethernet header is one of IP. A
 * program that has changed that has changed no protocol, but for the version.
 */
static noinline bool vtun_xdp_passes_tun(struct bpf_prog *prog,
					 struct sk_buff **pskb)
{
	__be16 proto = (*pskb)->protocol;
	struct sk_buff *skb;

	if (!vtun_xdp_sees((*pskb)->len))
		return true;
	if (vnet_compat_xdp_generic(prog, pskb) != XDP_PASS)
		return false;
	skb = *pskb;
	skb->pkt_type = PACKET_HOST;
	skb->protocol = pskb_may_pull(skb, 1) ?
			vtun_ip_proto(skb->data[0], proto) : proto;
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	return true;
}

/*
 * What a program says of a frame that has an skb; it may have another then.
 * What it takes counts as received, whatever became of it.
 */
static bool vtun_xdp_passes(struct vtun_priv *priv, struct sk_buff **skb)
{
	struct bpf_prog *prog = rcu_dereference(priv->xdp_prog);

	if (likely(!prog))
		return true;
	if (!vtun_is_tap(priv))
		return vtun_xdp_passes_tun(prog, skb);
	return vnet_compat_xdp_generic(prog, skb) == XDP_PASS;
}

/**
 * vtun_deliver() - have a frame received
 * @priv: the device
 * @file: the queue that it was written to
 * @skb: the frame; consumed
 * @xdp_done: a program has seen it
 * @len: its bytes
 *
 * Context: BH off, RCU.
 * Return: 0, or an error where the device is down; counted.
 */
int vtun_deliver(struct vtun_priv *priv, struct vtun_file *file,
		 struct sk_buff *skb, bool xdp_done, size_t len)
{
	bool learn = priv->flows && READ_ONCE(priv->num_queues) > 1 &&
		     !rcu_access_pointer(priv->steering) &&
		     !READ_ONCE(file->detached);
	u32 hash = 0;
	int err = 0;

	/* A queue goes only after a grace period; a disabled one has gone. */
	if (likely(!READ_ONCE(file->detached)))
		skb_record_rx_queue(skb, READ_ONCE(file->index));
	if (xdp_done || likely(vtun_xdp_passes(priv, &skb))) {
		if (learn)
			hash = __skb_get_hash_symmetric(skb);
		err = vtun_receive(priv, file, skb);
	}
	if (unlikely(err < 0)) {
		vnet_drop_skb(priv->drops, skb, VNET_DROP_DOWN);
	} else {
		if (likely(!err))
			dev_sw_netstats_rx_add(priv->dev, len);
		if (hash)
			vtun_flow_learn(priv, hash, READ_ONCE(file->index));
	}
	return min(err, 0);
}

static void vtun_write_failed(struct vtun_priv *priv, struct sk_buff *skb,
			      int why)
{
	local_bh_disable();
	if (why >= 0)
		vnet_drop_count(priv->drops, why, 1);
	local_bh_enable();
	kfree_skb(skb);
}

/* From the frame's first byte on. Returns 0 or an error. */
static int vtun_write_frame(struct vtun_priv *priv, struct vtun_file *file,
			    struct vtun_write *w, struct iov_iter *from)
{
	int why = VNET_DROP_COPY_IN;
	struct sk_buff *skb = NULL;
	bool xdp_done = false;
	int err;

	if (file->napi_frags) {
		skb = vtun_napi_alloc_skb(priv, file, w, from);
	} else if (vtun_build_fits(priv, file, w->len)) {
		/* A super-frame is shown to programs with its skb. */
		xdp_done = !w->hdr.gso_type && vtun_xdp_sees(w->len);
		skb = vtun_build_skb(priv, file, w->len, &xdp_done, from);
		if (!skb)
			return 0;
	} else {
		skb = vtun_alloc_skb(priv, file, w);
	}
	if (IS_ERR(skb)) {
		err = PTR_ERR(skb);
		if (err == -EIO)
			why = VNET_DROP_DOWN;
		if (err != -EAGAIN)
			vtun_write_failed(priv, NULL, why);
		return err;
	}
	err = iov_iter_count(from) ?
	      skb_copy_datagram_from_iter(skb, 0, from, skb->len) : 0;
	if (!err)
		err = vtun_write_finish(priv, skb, w, &why);
	if (unlikely(err)) {
		vtun_write_failed(priv, skb, why);
		return err;
	}
	skb_probe_transport_header(skb);
	local_bh_disable();
	rcu_read_lock();
	err = vtun_deliver(priv, file, skb, xdp_done, w->len);
	rcu_read_unlock();
	local_bh_enable();
	return err;
}

static ssize_t vtun_write(struct vtun_priv *priv, struct vtun_file *file,
			  struct iov_iter *from, bool noblock)
{
	struct vtun_write w = {
		.pi.proto = htons(ETH_P_IP),
		.flags = READ_ONCE(priv->flags),
		.len = iov_iter_count(from),
		.noblock = noblock,
	};
	size_t total = w.len;
	int err;

	err = vtun_write_prefix(priv, &w, from);
	if (err)
		return err;
	err = vtun_write_frame(priv, file, &w, from);
	return err ?: total;
}

/**
 * vtun_write_iter() - receive what the program has written
 * @iocb: of the file
 * @from: the program's memory, all of it one frame
 *
 * Context: process.
 * Return: what @from had, or an error.
 */
ssize_t vtun_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct vtun_file *file = iocb->ki_filp->private_data;
	struct vtun_priv *priv = vtun_get(file);
	ssize_t ret;

	if (!priv)
		return -EBADFD;
	ret = vtun_write(priv, file, from, vtun_noblock(iocb));
	vtun_put(priv);
	return ret;
}
