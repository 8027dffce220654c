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
 * struct vbr_frames - frames on their way
 * @br: the bridge
 * @left: those that cannot be taken, in order
 * @n_left: how many
 * @to: where those in @bulk go
 * @n: how many these are
 * @bulk: one after the other in the order of their coming, and the last that
 *	were looked at
 */
struct vbr_frames {
	struct vbr *br;
	struct xdp_frame **left;
	unsigned int n_left;
	const struct vbr_port *to;
	unsigned int n;
	struct xdp_frame *bulk[VBR_FRAMES_BULK];
};

/* Where they may not go directly after all, they are left, too. */
static void vbr_frames_flush(struct vbr_frames *run)
{
	struct vnet_port *direct;

	if (!run->n)
		return;
	direct = READ_ONCE(run->to->direct);
	if (direct && vnet_port_xmit_frames(direct, run->to->dev, run->bulk,
					    run->n)) {
		vbr_count(run->br, VBR_STAT_FORWARDED, run->n);
	} else {
		memcpy(run->left + run->n_left, run->bulk,
		       run->n * sizeof(*run->bulk));
		run->n_left += run->n;
	}
	run->n = 0;
}

/* The port that a frame can go to as it is, or NULL. */
static const struct vbr_port *vbr_frame_port(const struct vbr_port *from,
					     const struct xdp_frame *frame,
					     u64 state)
{
	const struct vbr_crossing *crossing;
	const struct ethhdr *eth = frame->data;
	const struct net_device *dev;

	if (unlikely(frame->len < ETH_HLEN) ||
	    is_multicast_ether_addr(eth->h_dest) || eth_type_vlan(eth->h_proto))
		return NULL;
	crossing = vbr_crossing_find(from, eth, 0, state);
	if (!crossing || !READ_ONCE(crossing->to->direct))
		return NULL;
	dev = crossing->to->dev;
	if (unlikely(xdp_get_frame_len((struct xdp_frame *)frame) >
		     READ_ONCE(dev->mtu) + ETH_HLEN + VLAN_HLEN))
		return NULL;
	return crossing->to;
}

/**
 * vbr_input_frames() - &vnet_switch_ops.input_frames
 * @sw: of the port they come in by
 * @frames: the frames
 * @n: number of frames
 *
 * Frames that nothing is known of go by the ordinary road, where that is found
 * out; so do all where the bridge has more to do than look up an address.
 *
 * Context: RCU read section, BH off; the caller may be sending.
 * Return: how many are left, which are the first of @frames then.
 */
unsigned int vbr_input_frames(struct vnet_switch *sw, struct xdp_frame **frames,
			      unsigned int n)
{
	const struct vbr_port *from = container_of(sw, struct vbr_port, sw);
	struct vbr_frames run = { .br = from->br, .left = frames };
	u64 state = atomic64_read_acquire(&from->br->state);
	const struct vbr_port *to;
	struct xdp_frame *frame;
	unsigned int i;

	if (unlikely(READ_ONCE(from->br->special)))
		return n;
	for (i = 0; i < n; i++) {
		frame = frames[i];
		to = vbr_frame_port(from, frame, state);
		if (to != run.to || run.n == VBR_FRAMES_BULK)
			vbr_frames_flush(&run);
		run.to = to;
		if (likely(to))
			run.bulk[run.n++] = frame;
		else
			frames[run.n_left++] = frame;
	}
	vbr_frames_flush(&run);
	return run.n_left;
}
