// SPDX-License-Identifier: GPL-2.0
/*
 * The frame road: frames without an skb, rewritten where they lie and handed to
 * the port they leave by. What takes more is left, and comes by the hook later.
 */
#include <linux/etherdevice.h>
#include <linux/ipv6.h>
#include <net/xdp.h>
#include "input.h"

/* Frames for one device that are handed to it together. */
#define VFLOW_FRAMES_BULK 16

/**
 * struct vflow_run - frames on their way
 * @n_left: how many are not taken, which are moved to the front
 * @rule: of one of those in @bulk, which all leave by its device
 * @n: how many these are
 * @bulk: rewritten, in the order of their coming
 */
struct vflow_run {
	unsigned int n_left;
	const struct vflow_rule *rule;
	unsigned int n;
	struct xdp_frame *bulk[VFLOW_FRAMES_BULK];
};

static void vflow_frames_flush(struct vflow_run *run)
{
	if (run->n)
		vnet_port_xmit_frames(run->rule->port, run->rule->out,
				      run->bulk, run->n);
	run->n = 0;
}

/* As vflow_read() does, of what lies in one piece and has no tags. */
static enum vflow_why vflow_frame_read(const struct xdp_frame *xdpf,
				       struct vflow_frame *frame)
{
	const struct ethhdr *eth = xdpf->data;
	const void *l3 = eth + 1;
	enum vflow_why why = VFLOW_UNKNOWN;

	if (unlikely(xdp_frame_has_frags((struct xdp_frame *)xdpf) ||
		     xdpf->len < ETH_HLEN + sizeof(struct iphdr) +
				 sizeof(struct udphdr)))
		return why;
	frame->key.encaps = 0;
	frame->in_band = 0;
	frame->room = xdpf->len - ETH_HLEN;
	if (eth->h_proto == htons(ETH_P_IP))
		why = vflow_read_v4(l3, frame);
	else if (eth->h_proto == htons(ETH_P_IPV6) &&
		 frame->room >= sizeof(struct ipv6hdr) + sizeof(struct udphdr))
		why = vflow_read_v6(l3, frame);
	if (unlikely(why != VFLOW_TAKEN))
		return why;

	frame->hlen = frame->thoff;
	if (frame->key.proto == IPPROTO_UDP)
		frame->hlen += sizeof(struct udphdr);
	else if (frame->key.proto == IPPROTO_TCP)
		frame->hlen += sizeof(struct tcphdr);
	else
		return VFLOW_UNKNOWN;
	if (unlikely(frame->hlen > frame->room))
		return VFLOW_UNKNOWN;
	frame->key.ports = *(const __be32 *)(l3 + frame->thoff);
	return VFLOW_TAKEN;
}

/*
 * All that is asked of a frame with an skb, and that the port takes it so: once
 * it has been rewritten there is no way back.
 */
static enum vflow_why vflow_frame_check(const struct vflow_dev *vdev,
					const struct xdp_frame *xdpf,
					const struct vflow_frame *frame,
					const struct vflow_rule *rule)
{
	const struct ethhdr *eth = xdpf->data;
	const void *l3 = eth + 1;
	enum vflow_why why;
	unsigned int mtu;

	if (unlikely(!rule->port || rule->rewrite.encaps ||
		     !vnet_port_takes_frames(rule->port, rule->out)))
		return VFLOW_STATE;
	if (unlikely(!ether_addr_equal(eth->h_dest, rule->dest)))
		return VFLOW_MAC;
	why = vflow_check_flow(vdev, rule);
	if (unlikely(why != VFLOW_TAKEN))
		return why;
	why = vflow_check_l3(l3, frame, false);
	if (unlikely(why != VFLOW_TAKEN))
		return why;
	why = vflow_check_l4(l3 + frame->thoff, frame, false);
	if (unlikely(why != VFLOW_TAKEN))
		return why;
	if (unlikely(frame->len > min_t(unsigned int, rule->plain,
					READ_ONCE(rule->out->mtu)))) {
		why = vflow_check_more(rule, &mtu);
		if (why != VFLOW_TAKEN)
			return why;
		if (frame->len > mtu)
			return VFLOW_MTU;
	}
	return vflow_check_upper(vdev, eth, &frame->key);
}

static void vflow_frame_rewrite(struct xdp_frame *xdpf,
				const struct vflow_frame *frame,
				const struct vflow_rule *rule)
{
	const struct vflow_rewrite *rw = &rule->rewrite;
	void *l3 = xdpf->data + ETH_HLEN;

	xdpf->len = ETH_HLEN + frame->len;
	memcpy(xdpf->data, &rw->eth, ETH_HLEN);
	if (rw->nat)
		vflow_nat_l4(l3 + frame->thoff, frame, rw, false);
	vflow_rewrite_l3(l3, frame, rule);
}

/* The rule that a frame was rewritten by, or NULL with the frame as it was. */
static const struct vflow_rule *vflow_frame_try(struct vflow_dev *vdev,
						struct xdp_frame *xdpf)
{
	struct vflow_frame frame;
	struct vflow_rule *rule;

	if (vflow_frame_read(xdpf, &frame) != VFLOW_TAKEN)
		return NULL;
	rule = vflow_find(vdev, &frame);
	if (!rule ||
	    vflow_frame_check(vdev, xdpf, &frame, rule) != VFLOW_TAKEN)
		return NULL;
	vflow_frame_rewrite(xdpf, &frame, rule);
	vflow_account(rule, frame.len);
	vflow_count(vdev, VFLOW_TAKEN);
	return rule;
}

/**
 * vflow_slot_input_frames() - &vnet_flow_ops.input_frames
 * @slot: of the device they come in by
 * @frames: the frames
 * @n: number of frames
 *
 * What is left comes by the hook with an skb, and is counted there.
 *
 * Context: BH off; the caller may be sending.
 * Return: how many are left, which are the first of @frames then.
 */
unsigned int vflow_slot_input_frames(struct vnet_flow *slot,
				     struct xdp_frame **frames, unsigned int n)
{
	struct vflow_dev *vdev = container_of(slot, struct vflow_dev, slot);
	struct vflow_run run = {};
	const struct vflow_rule *rule;
	struct xdp_frame *xdpf;
	unsigned int i;

	/* Their headers are read in words that nothing has aligned. */
	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS))
		return n;
	/* BH off is not what rcu_dereference() of the table's users knows. */
	rcu_read_lock();
	if (unlikely(!vflow_hooks_known(vdev))) {
		rcu_read_unlock();
		return n;
	}
	for (i = 0; i < n; i++) {
		xdpf = frames[i];
		rule = vflow_frame_try(vdev, xdpf);
		if (!rule) {
			frames[run.n_left++] = xdpf;
			continue;
		}
		if (run.n == VFLOW_FRAMES_BULK ||
		    (run.n && run.rule->out != rule->out))
			vflow_frames_flush(&run);
		run.rule = rule;
		run.bulk[run.n++] = xdpf;
	}
	vflow_frames_flush(&run);
	rcu_read_unlock();
	return run.n_left;
}
