// SPDX-License-Identifier: GPL-2.0
/*
 * The frame road: frames without an skb that go from one port to another, by
 * what is known of their addresses.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <net/xdp.h>
#include "crossing.h"

/* Frames for one port that are handed to it together. */
#define VBR_FRAMES_BULK 16

/**
 * struct vbr_frame_way - where a frame goes
 * @to: the port, or NULL where it cannot be taken
 * @vid: the VLAN it is in, or 0
 * @counted: what counts the VLAN's frames
 */
struct vbr_frame_way {
	const struct vbr_port *to;
	u16 vid;
	struct vbr_crossing_vlan counted;
};

/**
 * struct vbr_frames - frames on their way
 * @from: the port they come in by
 * @proto: the tags that name VLANs, 0 where those are not filtered
 * @left: those that cannot be taken, in order
 * @n_left: how many
 * @way: where those in @bulk go
 * @n: how many these are
 * @bulk: one after the other in the order of their coming, and the last that
 *	were looked at; as they came until it is sure that they go
 */
struct vbr_frames {
	const struct vbr_port *from;
	__be16 proto;
	struct xdp_frame **left;
	unsigned int n_left;
	struct vbr_frame_way way;
	unsigned int n;
	struct xdp_frame *bulk[VBR_FRAMES_BULK];
};

static struct vlan_ethhdr *vbr_frame_header(const struct xdp_frame *frame)
{
	return frame->data;
}

/* Whether a frame has a tag of the bridge's kind. */
static bool vbr_frame_tagged(const struct xdp_frame *frame, __be16 proto)
{
	return vbr_frame_header(frame)->h_vlan_proto == proto;
}

/* What a frame counts with; the length without header and tag. */
static unsigned int vbr_frame_len(struct xdp_frame *frame, __be16 proto)
{
	return xdp_get_frame_len(frame) - ETH_HLEN -
	       (vbr_frame_tagged(frame, proto) ? VLAN_HLEN : 0);
}

/*
 * As vbr_vlan_classify() of the skb that the frame would become; VBR_NO_VLAN
 * also where it takes an skb to tell, or to give the frame its tag.
 */
static u16 vbr_frame_classify(const struct vbr_port *from,
			      const struct xdp_frame *frame, __be16 proto)
{
	const struct vlan_ethhdr *eth = vbr_frame_header(frame);
	u16 vid = 0;

	if (vbr_frame_tagged(frame, proto)) {
		/* The type behind the tag, too. */
		if (unlikely(frame->len < VLAN_ETH_HLEN))
			return VBR_NO_VLAN;
		vid = ntohs(eth->h_vlan_TCI) & VLAN_VID_MASK;
	} else if (eth_type_vlan(eth->h_vlan_proto) ||
		   frame->headroom < VLAN_HLEN) {
		return VBR_NO_VLAN;
	}
	if (!vid)
		vid = READ_ONCE(from->vlans.set.pvid);
	return vid && vbr_vlan_has(&from->vlans.set, vid) ? vid : VBR_NO_VLAN;
}

/* As vbr_vlan_dress(), where there is room. */
static void vbr_frame_dress(const struct vbr_port *to, struct xdp_frame *frame,
			    __be16 proto, u16 vid)
{
	bool tagged = vbr_frame_tagged(frame, proto);
	u16 tci = vid;

	if (vbr_vlan_untags(&to->vlans.set, vid)) {
		if (!tagged)
			return;
		memmove(frame->data + VLAN_HLEN, frame->data, 2 * ETH_ALEN);
		frame->data += VLAN_HLEN;
		frame->headroom += VLAN_HLEN;
		frame->len -= VLAN_HLEN;
		frame->metasize = 0;
		return;
	}
	if (tagged) {
		/* The priority stays. */
		tci |= ntohs(vbr_frame_header(frame)->h_vlan_TCI) &
		       ~VLAN_VID_MASK;
	} else {
		frame->data -= VLAN_HLEN;
		frame->headroom -= VLAN_HLEN;
		frame->len += VLAN_HLEN;
		frame->metasize = 0;
		memmove(frame->data, frame->data + VLAN_HLEN, 2 * ETH_ALEN);
		vbr_frame_header(frame)->h_vlan_proto = proto;
	}
	vbr_frame_header(frame)->h_vlan_TCI = htons(tci);
}

static noinline void vbr_frames_leave_vlan(struct vbr_frames *run)
{
	const struct vbr_frame_way *way = &run->way;
	bool count = READ_ONCE(run->from->br->vlan_stats);
	unsigned int i, len;

	for (i = 0; i < run->n; i++) {
		if (count) {
			len = vbr_frame_len(run->bulk[i], run->proto);
			vbr_vlan_count(way->counted.in, len, true);
			vbr_vlan_count(way->counted.out, len, false);
		}
		vbr_frame_dress(way->to, run->bulk[i], run->proto, way->vid);
	}
}

/* Where they may not go directly after all, they are left, too. */
static void vbr_frames_flush(struct vbr_frames *run)
{
	const struct vbr_port *to = run->way.to;
	struct vnet_port *direct;

	if (!run->n)
		return;
	direct = READ_ONCE(to->direct);
	if (direct && vnet_port_takes_frames(direct, to->dev)) {
		if (unlikely(run->way.vid))
			vbr_frames_leave_vlan(run);
		vnet_port_xmit_frames(direct, to->dev, run->bulk, run->n);
		vbr_count(run->from->br, VBR_STAT_FORWARDED, run->n);
	} else {
		memcpy(run->left + run->n_left, run->bulk,
		       run->n * sizeof(*run->bulk));
		run->n_left += run->n;
	}
	run->n = 0;
}

/* The way of a frame that can go to a port as it is, but for its tag. */
static __always_inline void vbr_frame_find(const struct vbr_port *from,
					   struct xdp_frame *frame, u64 state,
					   __be16 proto,
					   struct vbr_frame_way *way)
{
	const struct vbr_crossing *crossing;
	const struct ethhdr *eth = frame->data;
	unsigned int len;

	way->to = NULL;
	way->vid = 0;
	if (unlikely(frame->len < ETH_HLEN) ||
	    is_multicast_ether_addr(eth->h_dest))
		return;
	len = xdp_get_frame_len(frame);
	if (unlikely(proto)) {
		way->vid = vbr_frame_classify(from, frame, proto);
		if (way->vid == VBR_NO_VLAN)
			return;
		len = vbr_frame_len(frame, proto) + ETH_HLEN;
	} else if (eth_type_vlan(eth->h_proto)) {
		return;
	}
	crossing = vbr_crossing_find(from, eth, way->vid, state);
	if (!crossing || !READ_ONCE(crossing->to->direct))
		return;
	if (unlikely(len > READ_ONCE(crossing->to->dev->mtu) + ETH_HLEN +
			   VLAN_HLEN))
		return;
	way->to = crossing->to;
	if (unlikely(way->vid))
		way->counted = *vbr_crossing_vlan(crossing);
}

/* @proto is that of @run, or 0 for the compiler to see that it is. */
static __always_inline void vbr_frames_run(struct vbr_frames *run,
					   struct xdp_frame **frames,
					   unsigned int n, u64 state,
					   __be16 proto)
{
	struct vbr_frame_way way = {};
	struct xdp_frame *frame;
	unsigned int i;

	for (i = 0; i < n; i++) {
		frame = frames[i];
		vbr_frame_find(run->from, frame, state, proto, &way);
		if (way.to != run->way.to || way.vid != run->way.vid ||
		    run->n == VBR_FRAMES_BULK) {
			vbr_frames_flush(run);
			run->way = way;
		}
		if (likely(way.to))
			run->bulk[run->n++] = frame;
		else
			frames[run->n_left++] = frame;
	}
	vbr_frames_flush(run);
}

/**
 * vbr_input_frames() - &vnet_switch_ops.input_frames
 * @sw: of the port they come in by
 * @frames: the frames
 * @n: number of frames
 *
 * Frames that nothing is known of go by the ordinary road, where that is found
 * out; so do all where the bridge has more to do than look up an address in
 * its VLAN.
 *
 * Context: RCU read section, BH off; the caller may be sending.
 * Return: how many are left, which are the first of @frames then.
 */
unsigned int vbr_input_frames(struct vnet_switch *sw, struct xdp_frame **frames,
			      unsigned int n)
{
	const struct vbr_port *from = container_of(sw, struct vbr_port, sw);
	u64 state = atomic64_read_acquire(&from->br->state);
	struct vbr_frames run;

	/* One by one: the array of frames need not be cleared. */
	run.from = from;
	run.proto = 0;
	run.left = frames;
	run.n_left = 0;
	run.way = (struct vbr_frame_way){};
	run.n = 0;
	if (unlikely(READ_ONCE(from->br->special))) {
		if (READ_ONCE(from->br->direct_off) ||
		    READ_ONCE(from->br->n_suppress))
			return n;
		if (READ_ONCE(from->br->vlan_filtering))
			run.proto = READ_ONCE(from->br->vlan_proto);
	}
	if (likely(!run.proto))
		vbr_frames_run(&run, frames, n, state, 0);
	else
		vbr_frames_run(&run, frames, n, state, run.proto);
	return run.n_left;
}
