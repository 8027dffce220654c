// SPDX-License-Identifier: GPL-2.0
/*
 * Mapped rings: from the device to the program. What is sent is copied into
 * the ring where it is sent, and needs no memory of its own afterwards.
 */
#include <linux/if_vlan.h>
#include <net/xdp.h>
#include "ring.h"

/**
 * struct vtun_map_cursor - where in the ring a frame is written
 * @map: the rings
 * @index: the slot at hand
 * @off: where the frame begins in its chunk
 * @end: where it ends so far
 * @hdr: for the slot's descriptor
 */
struct vtun_map_cursor {
	struct vtun_map *map;
	u32 index;
	unsigned int off;
	unsigned int end;
	struct virtio_net_hdr hdr;
};

static u8 *vtun_map_rx_chunk(const struct vtun_map *map, u32 index)
{
	return map->rx.chunks +
	       (size_t)(index & (map->rx.entries - 1)) * map->chunk_size;
}

/* ---- the indexes -------------------------------------------------------- */

/* Slots that the program has not given back, as far as is known. */
static u32 vtun_map_rx_used(const struct vtun_map *map)
{
	return map->rx.index - map->rx.seen;
}

/* Learns how far the program is. rx_lock; false where that cannot be. */
static bool vtun_map_rx_look(struct vtun_map *map)
{
	struct vtun_map_ring *rx = &map->rx;
	/* What it has read it does not read after this. */
	u32 index = smp_load_acquire(&rx->user->index);

	if (unlikely(index - rx->seen > rx->index - rx->seen)) {
		vtun_map_break(map, rx, VTUN_RING_ERR_INDEX, index);
		return false;
	}
	rx->seen = index;
	return true;
}

/* rx_lock. */
static bool vtun_map_rx_has_room(struct vtun_map *map, unsigned int slots)
{
	if (likely(map->rx.entries - vtun_map_rx_used(map) >= slots))
		return true;
	return vtun_map_rx_look(map) &&
	       map->rx.entries - vtun_map_rx_used(map) >= slots;
}

/**
 * vtun_map_readable() - whether rx has something for the program
 * @map: the rings
 *
 * Context: any.
 * Return: true where it has, by what the program says.
 */
bool vtun_map_readable(const struct vtun_map *map)
{
	return READ_ONCE(map->rx.index) != READ_ONCE(map->rx.user->index);
}

/* ---- BQL ---------------------------------------------------------------- */

/*
 * BQL counts in slots: what a ring holds is these, and how many the program has
 * given back is all that is known of it. Those that BQL was not told of count
 * as the first to go, until the last that it was told of has gone. rx_lock.
 */
static void vtun_map_bql_ended(struct vtun_priv *priv, struct vtun_map *map,
			       u32 left)
{
	u32 n = map->bql - left;

	map->bql = left;
	vtun_bql_completed(priv, map->bql_txq, n, n * map->chunk_size);
}

/* Tells of what is seen to have gone, or cannot be seen any more. rx_lock. */
static void vtun_map_bql_look(struct vtun_priv *priv, struct vtun_map *map)
{
	u32 used = vtun_map_rx_used(map);

	if (map->rx.broken || (s32)(map->rx.seen - map->bql_end) >= 0)
		used = 0;
	if (map->bql > used)
		vtun_map_bql_ended(priv, map, used);
	if (map->waits)
		map->waits = map->bql &&
			     test_bit(__QUEUE_STATE_STACK_XOFF,
				      &netdev_get_tx_queue(priv->dev,
							   map->bql_txq)->state);
}

/**
 * vtun_map_settle() - a file's ring is no more where a queue's frames go
 * @priv: the device
 * @file: the file; nobody sends to it any more, or not from that queue
 *
 * Context: process.
 */
void vtun_map_settle(struct vtun_priv *priv, struct vtun_file *file)
{
	struct vtun_map *map = file->map;

	if (!map)
		return;
	spin_lock_bh(&map->rx_lock);
	map->waits = false;
	if (!map->stopped)
		WRITE_ONCE(map->rx.kernel->flags, 0);
	if (map->bql)
		vtun_map_bql_ended(priv, map, 0);
	spin_unlock_bh(&map->rx_lock);
}

/* ---- the queue ---------------------------------------------------------- */

/**
 * vtun_map_hold() - a file may have become another queue: stop that where the
 *	ring is full
 * @map: the rings
 * @txq: the queue that the file is now
 *
 * Context: process; RTNL.
 * Return: whether the queue stands still; the program lets it go on.
 */
bool vtun_map_hold(struct vtun_map *map, struct netdev_queue *txq)
{
	bool hold;

	spin_lock_bh(&map->rx_lock);
	hold = map->stopped && !map->rx.broken && vtun_has_qdisc(txq);
	if (hold)
		netif_tx_stop_queue(txq);
	spin_unlock_bh(&map->rx_lock);
	return hold;
}

/* rx_lock. The program is to say when it has given slots back. */
static void vtun_map_ask(struct vtun_map *map)
{
	WRITE_ONCE(map->rx.kernel->flags, VTUN_RING_NEED_ENTER);
}

/* rx_lock. */
static void vtun_map_stop(struct vtun_map *map, struct netdev_queue *txq)
{
	netif_tx_stop_queue(txq);
	map->stopped = true;
	vtun_map_ask(map);
}

/*
 * rx_lock. The queue goes on once half of the ring is free, or the ring is
 * broken; and as far as BQL is concerned, with what has been taken.
 */
static void vtun_map_start(struct vtun_priv *priv, struct vtun_file *file,
			   struct vtun_map *map)
{
	if (!map->stopped && !map->waits)
		return;
	/* The flag, then the index; the program does it the other way round. */
	smp_mb();
	if (!map->rx.broken)
		vtun_map_rx_look(map);
	vtun_map_bql_look(priv, map);
	if (map->stopped && !map->rx.broken &&
	    vtun_map_rx_used(map) > map->rx.entries / 2)
		return;
	if (!map->waits)
		WRITE_ONCE(map->rx.kernel->flags, 0);
	if (!map->stopped)
		return;
	map->stopped = false;
	if (netif_running(priv->dev))
		netif_tx_wake_queue(netdev_get_tx_queue(priv->dev,
							READ_ONCE(file->index)));
}

/* rx_lock. A frame from a queue with a qdisc is in the ring. */
static void vtun_map_bql_sent(struct vtun_priv *priv, struct vtun_file *file,
			      struct vtun_map *map, unsigned int q, u32 slots)
{
	struct netdev_queue *txq = netdev_get_tx_queue(priv->dev, q);

	/* A file that has become another queue. */
	if (unlikely(map->bql && map->bql_txq != q))
		vtun_map_bql_ended(priv, map, 0);
	map->bql_txq = q;
	map->bql += slots;
	map->bql_end = map->rx.index;
	spin_lock(&priv->txq[q].sent_lock);
	netdev_tx_sent_queue(txq, slots * map->chunk_size);
	spin_unlock(&priv->txq[q].sent_lock);
	if (likely(!test_bit(__QUEUE_STATE_STACK_XOFF, &txq->state)))
		return;
	map->waits = true;
	vtun_map_ask(map);
	vtun_map_start(priv, file, map);
}

/**
 * vtun_map_released() - the program has given slots of rx back
 * @priv: the device
 * @file: the queue
 *
 * Context: process.
 */
void vtun_map_released(struct vtun_priv *priv, struct vtun_file *file)
{
	struct vtun_map *map = file->map;
	bool broken;

	spin_lock_bh(&map->rx_lock);
	broken = map->rx.broken;
	vtun_map_start(priv, file, map);
	broken = map->rx.broken && !broken;
	spin_unlock_bh(&map->rx_lock);
	if (unlikely(broken))
		vtun_file_notify_all(file);
}

/*
 * The ring could not take another frame of the longest: from a queue with a
 * qdisc, frames are better off there. rx_lock.
 */
static void vtun_map_rx_keep_room(struct vtun_priv *priv,
				  struct vtun_file *file,
				  struct vtun_map *map,
				  struct netdev_queue *txq)
{
	if (likely(vtun_map_rx_has_room(map, map->chain_max)))
		return;
	if (!map->rx.broken && vtun_has_qdisc(txq))
		vtun_map_stop(map, txq);
	vtun_map_start(priv, file, map);
}

/*
 * Tells the program what is there, and says whether it sleeps. Who has not
 * taken all that was announced before does not sleep. rx_lock.
 */
static bool vtun_map_announce(struct vtun_map *map)
{
	struct vtun_map_ring *rx = &map->rx;
	u32 from = map->announced;

	map->announced = rx->index;
	/* The index, then the flag; the program does it the other way round. */
	smp_mb();
	return READ_ONCE(rx->user->flags) & VTUN_RING_NEED_WAKEUP &&
	       READ_ONCE(rx->user->index) - from <= rx->index - from;
}

/* Wakes who sleeps; or whoever waits, where the ring has just become @broken. */
static void vtun_map_wake(struct vtun_file *file, bool broken)
{
	if (unlikely(broken))
		vtun_file_notify_all(file);
	else
		vtun_file_notify(file);
}

/* ---- frames ------------------------------------------------------------- */

/* All of a descriptor. */
static void vtun_map_put_desc(struct vtun_map_cursor *c, u16 flags)
{
	struct vtun_map_ring *rx = &c->map->rx;

	rx->descs[c->index & (rx->entries - 1)] = (struct vtun_ring_desc) {
		.len = c->end - c->off,
		.off = c->off,
		.flags = flags,
		.hdr = c->hdr,
	};
}

/* The next place for up to @n bytes of the frame, and how many it takes. */
static void *vtun_map_place(struct vtun_map_cursor *c, unsigned int *n)
{
	u8 *place;

	if (c->end == c->map->chunk_size) {
		vtun_map_put_desc(c, VTUN_RING_DESC_NEXT);
		memset(&c->hdr, 0, sizeof(c->hdr));
		c->index++;
		c->off = 0;
		c->end = 0;
	}
	*n = min(*n, c->map->chunk_size - c->end);
	place = vtun_map_rx_chunk(c->map, c->index) + c->end;
	c->end += *n;
	return place;
}

static void vtun_map_put(struct vtun_map_cursor *c, const void *from,
			 unsigned int len)
{
	unsigned int n;
	void *to;

	for (; len; len -= n, from += n) {
		n = len;
		to = vtun_map_place(c, &n);
		vtun_map_bytes(to, from, n);
	}
}

/* Returns false where the frame's memory cannot be read. */
static bool vtun_map_put_bits(struct vtun_map_cursor *c,
			      const struct sk_buff *skb, unsigned int pos,
			      unsigned int len)
{
	unsigned int n;
	void *to;

	for (; len; len -= n, pos += n) {
		n = len;
		to = vtun_map_place(c, &n);
		if (unlikely(skb_copy_bits(skb, pos, to, n)))
			return false;
	}
	return true;
}

/* The tag stands beside the frame, and goes back into it. */
static bool vtun_map_put_tagged(struct vtun_map_cursor *c,
				const struct sk_buff *skb)
{
	const unsigned int offset = offsetof(struct vlan_ethhdr, h_vlan_proto);
	struct {
		__be16 proto;
		__be16 tci;
	} tag = {
		.proto = skb->vlan_proto,
		.tci = htons(skb_vlan_tag_get(skb)),
	};

	if (unlikely(skb->len < offset) ||
	    !vtun_map_put_bits(c, skb, 0, offset))
		return false;
	vtun_map_put(c, &tag, sizeof(tag));
	return vtun_map_put_bits(c, skb, offset, skb->len - offset);
}

static bool vtun_map_put_skb(struct vtun_map_cursor *c,
			     const struct sk_buff *skb)
{
	if (unlikely(skb_vlan_tag_present(skb)))
		return vtun_map_put_tagged(c, skb);
	if (likely(!skb_is_nonlinear(skb))) {
		vtun_map_put(c, skb->data, skb->len);
		return true;
	}
	return vtun_map_put_bits(c, skb, 0, skb->len);
}

/* Where the next frame goes. rx_lock. */
static struct vtun_map_cursor vtun_map_begin(struct vtun_map *map, bool tap)
{
	unsigned int off = tap ? VTUN_MAP_OFF : 0;

	return (struct vtun_map_cursor) {
		.map = map,
		.index = map->rx.index,
		.off = off,
		.end = off,
	};
}

/* The frame is there, though nobody has been told. rx_lock. */
static void vtun_map_end(struct vtun_map_cursor *c)
{
	vtun_map_put_desc(c, 0);
	WRITE_ONCE(c->map->rx.index, c->index + 1);
}

/* The program may see what is there. rx_lock. */
static void vtun_map_show_index(struct vtun_map *map)
{
	/* Behind all that stands in the slots. */
	smp_store_release(&map->rx.kernel->index, map->rx.index);
}

static unsigned int vtun_map_slots(const struct vtun_map *map, bool tap,
				   unsigned int len)
{
	return DIV_ROUND_UP((tap ? VTUN_MAP_OFF : 0) + len, map->chunk_size);
}

/*
 * A frame in one piece that fits into a slot, as most are; @hdr: NULL where
 * nothing is to be said of it. rx_lock. Returns false for all others, and where
 * there is no room.
 */
static __always_inline bool
vtun_map_lay_small(struct vtun_map *map, const void *data, unsigned int len,
		   unsigned int off, const struct virtio_net_hdr *hdr)
{
	struct vtun_map_ring *rx = &map->rx;
	u32 index = rx->index;

	if (unlikely(!len || off + len > map->chunk_size ||
		     !vtun_map_rx_has_room(map, 1)))
		return false;
	vtun_map_bytes(vtun_map_rx_chunk(map, index) + off, data, len);
	rx->descs[index & (rx->entries - 1)] = (struct vtun_ring_desc) {
		.len = len,
		.off = off,
		.hdr = hdr ? *hdr : (struct virtio_net_hdr) {},
	};
	WRITE_ONCE(rx->index, index + 1);
	return true;
}

/* Lays one in one piece, with no more to be said of it than of its checksum. */
static bool vtun_map_lay_linear(struct vtun_map *map,
				const struct sk_buff *skb, unsigned int off)
{
	struct virtio_net_hdr hdr;

	if (skb_is_nonlinear(skb) || skb_vlan_tag_present(skb) ||
	    skb_is_gso(skb))
		return false;
	if (skb->ip_summed != CHECKSUM_PARTIAL &&
	    skb->ip_summed != CHECKSUM_UNNECESSARY)
		return vtun_map_lay_small(map, skb->data, skb->len, off, NULL);
	return !virtio_net_hdr_from_skb(skb, &hdr, true, true, 0) &&
	       vtun_map_lay_small(map, skb->data, skb->len, off, &hdr);
}

/* rx_lock. Returns __VNET_DROP_MAX where the frame is in the ring. */
static enum vnet_drop vtun_map_lay_skb(struct vtun_priv *priv,
				       struct vtun_map *map,
				       const struct sk_buff *skb)
{
	int vlan_len = skb_vlan_tag_present(skb) ? VLAN_HLEN : 0;
	bool tap = vtun_is_tap(priv);
	struct vtun_map_cursor c;

	if (likely(vtun_map_lay_linear(map, skb, tap ? VTUN_MAP_OFF : 0)))
		return __VNET_DROP_MAX;
	if (unlikely(!skb->len))
		return VNET_DROP_COPY_OUT;
	if (unlikely(skb->len + vlan_len > VTUN_MAP_FRAME_MAX))
		return VNET_DROP_TOO_BIG;
	if (!vtun_map_rx_has_room(map, vtun_map_slots(map, tap, skb->len + vlan_len)))
		return VNET_DROP_RING_FULL;
	c = vtun_map_begin(map, tap);
	if (unlikely(virtio_net_hdr_from_skb(skb, &c.hdr, true, true,
					     vlan_len))) {
		net_dbg_ratelimited("%s: gso_type %#x has no virtio_net_hdr\n",
				    priv->dev->name,
				    skb_shinfo(skb)->gso_type);
		return VNET_DROP_COPY_OUT;
	}
	if (unlikely(!vtun_map_put_skb(&c, skb)))
		return VNET_DROP_COPY_OUT;
	vtun_map_end(&c);
	return __VNET_DROP_MAX;
}

/**
 * vtun_map_xmit() - lay a frame into a file's ring
 * @priv: the device
 * @file: the queue
 * @map: its &vtun_file.rx_map
 * @skb: the frame; still the caller's
 * @q: the device's queue it comes from
 * @more: another one follows, that will not be without anybody's being told
 * @why: the reason where it is not taken
 *
 * Context: BH off, RCU.
 * Return: false where the ring is broken, and nothing has been done.
 */
bool vtun_map_xmit(struct vtun_priv *priv, struct vtun_file *file,
		   struct vtun_map *map, const struct sk_buff *skb,
		   unsigned int q, bool more, enum vnet_drop *why)
{
	struct netdev_queue *txq = netdev_get_tx_queue(priv->dev, q);
	bool wake = false, laid = false, broken;
	u32 from;

	spin_lock(&map->rx_lock);
	broken = map->rx.broken;
	if (likely(!broken)) {
		from = map->rx.index;
		*why = vtun_map_lay_skb(priv, map, skb);
		laid = *why == __VNET_DROP_MAX;
		vtun_map_show_index(map);
		if (map->rx.index != from && vtun_has_qdisc(txq))
			vtun_map_bql_sent(priv, file, map, q,
					  map->rx.index - from);
		vtun_map_rx_keep_room(priv, file, map, txq);
		broken = map->rx.broken;
		/* Where the queue stands still no other comes for now. */
		if (!more || unlikely(map->stopped || broken))
			wake = vtun_map_announce(map) || broken;
	}
	/* What comes by other ways from now on is not to wait for it. */
	if (unlikely(broken && map->bql))
		vtun_map_bql_look(priv, map);
	spin_unlock(&map->rx_lock);
	if (wake)
		vtun_map_wake(file, broken);
	return likely(!broken) || laid;
}

/**
 * vtun_map_tell() - no other frame follows after all: tell of those before
 * @file: the queue
 * @map: its &vtun_file.rx_map
 *
 * Context: BH off, RCU.
 */
void vtun_map_tell(struct vtun_file *file, struct vtun_map *map)
{
	bool wake;

	spin_lock(&map->rx_lock);
	wake = map->announced != map->rx.index && vtun_map_announce(map);
	spin_unlock(&map->rx_lock);
	if (wake)
		vtun_file_notify(file);
}

/* rx_lock. Returns the bytes of the frame where it is in the ring, else 0. */
static unsigned int vtun_map_lay_frame(struct vtun_map *map,
				       struct xdp_frame *frame)
{
	unsigned int len = xdp_get_frame_len(frame);
	const struct skb_shared_info *sinfo;
	struct vtun_map_cursor c;
	int i;

	if (!xdp_frame_has_frags(frame) &&
	    likely(vtun_map_lay_small(map, frame->data, len, VTUN_MAP_OFF,
				      NULL)))
		return len;
	if (unlikely(!len || len > VTUN_MAP_FRAME_MAX) ||
	    !vtun_map_rx_has_room(map, vtun_map_slots(map, true, len)))
		return 0;
	c = vtun_map_begin(map, true);
	vtun_map_put(&c, frame->data, frame->len);
	if (unlikely(xdp_frame_has_frags(frame))) {
		sinfo = xdp_get_shared_info_from_frame(frame);
		for (i = 0; i < sinfo->nr_frags; i++)
			vtun_map_put(&c, skb_frag_address(&sinfo->frags[i]),
				     skb_frag_size(&sinfo->frags[i]));
	}
	vtun_map_end(&c);
	return len;
}

/**
 * vtun_map_xdp_xmit() - lay frames without an skb into a file's ring
 * @priv: the device
 * @file: the queue
 * @map: its &vtun_file.rx_map
 * @frames: the frames; those that are taken are still the caller's to return
 * @n: how many
 *
 * Those that are taken are counted as sent; one that is too long for any ring
 * is taken, and counted as dropped.
 *
 * Context: BH off, RCU.
 * Return: how many were taken, which are the first; or -1 where the ring is
 * broken, and nothing has been done.
 */
int vtun_map_xdp_xmit(struct vtun_priv *priv, struct vtun_file *file,
		      struct vtun_map *map, struct xdp_frame **frames, int n)
{
	unsigned int len, too_big = 0;
	bool wake, was, broken;
	u64 sum = 0;
	int i;

	spin_lock(&map->rx_lock);
	was = map->rx.broken;
	for (i = 0; i < n && !was; i++) {
		len = vtun_map_lay_frame(map, frames[i]);
		if (unlikely(!len)) {
			if (xdp_get_frame_len(frames[i]) <= VTUN_MAP_FRAME_MAX)
				break;
			too_big++;
		}
		sum += len;
	}
	vtun_map_show_index(map);
	broken = map->rx.broken;
	wake = !was && (vtun_map_announce(map) || broken);
	/* The stack's frames are not to wait for it. */
	if (unlikely(broken))
		vtun_map_start(priv, file, map);
	spin_unlock(&map->rx_lock);
	if (wake)
		vtun_map_wake(file, broken);
	if (unlikely(was))
		return -1;
	if (likely(sum))
		dev_sw_netstats_tx_add(priv->dev, i - too_big, sum);
	if (unlikely(too_big))
		vnet_drop_count(priv->drops, VNET_DROP_TOO_BIG, too_big);
	return i;
}
