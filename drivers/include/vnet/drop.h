/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drop accounting shared by the suite: every frame that is not passed on is
 * counted, once, under one of these reasons, on the device that gave it up.
 */
#ifndef _VNET_DROP_H
#define _VNET_DROP_H

#include <linux/bits.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/u64_stats_sync.h>

/**
 * enum vnet_drop - why a frame was dropped
 * @VNET_DROP_NO_PEER: the other end of the pair is gone or going
 * @VNET_DROP_DOWN: the device the frame is for is not up
 * @VNET_DROP_TOO_SHORT: shorter than an Ethernet header
 * @VNET_DROP_TOO_BIG: longer than the outgoing device's MTU allows
 * @VNET_DROP_NOMEM: no memory for a copy or a clone
 * @VNET_DROP_RING_FULL: the receive ring had no free slot
 * @VNET_DROP_PURGED: in a receive ring when the device was closed
 * @VNET_DROP_BAD_SOURCE: source address is multicast or all zero
 * @VNET_DROP_PORT_STATE: the ingress port's state does not let frames in
 * @VNET_DROP_LINK_LOCAL: reserved group address that no bridge may forward
 * @VNET_DROP_SAME_PORT: the destination lies behind the ingress port
 * @VNET_DROP_NO_EGRESS: no port may take the frame (flags, states, isolation)
 * @VNET_DROP_EGRESS: the port's own transmit path refused the frame
 * @VNET_DROP_NOT_IP: neither IPv4 nor IPv6, where nothing else can pass
 * @VNET_DROP_XDP: an XDP program said so
 * @VNET_DROP_XDP_ABORTED: an XDP program failed, or its verdict is unknown
 * @VNET_DROP_XDP_TX: an XDP program left no room to send the frame back
 * @VNET_DROP_XDP_REDIRECT: the target of XDP_REDIRECT refused the frame
 * @VNET_DROP_XDP_NOMEM: no memory to show the frame to an XDP program, or for
 *	the skb of a frame that came without one
 * @VNET_DROP_XDP_TOO_BIG: more than the XDP program can be shown
 * @VNET_DROP_VLAN: not in a VLAN that the port, or the bridge, lets in
 * @VNET_DROP_LOCKED: the ingress port is locked, and the sender not let in
 * @VNET_DROP_NO_READER: no program has the queue open that it is for
 * @VNET_DROP_FILTER: a filter that the program has set said so
 * @VNET_DROP_COPY_IN: could not be copied from the program that wrote it
 * @VNET_DROP_COPY_OUT: could not be copied to the program that was to read it
 * @__VNET_DROP_MAX: number of reasons
 *
 * The names that user space sees are in vnet_drop_names[]; append only.
 */
enum vnet_drop {
	VNET_DROP_NO_PEER,
	VNET_DROP_DOWN,
	VNET_DROP_TOO_SHORT,
	VNET_DROP_TOO_BIG,
	VNET_DROP_NOMEM,
	VNET_DROP_RING_FULL,
	VNET_DROP_PURGED,
	VNET_DROP_BAD_SOURCE,
	VNET_DROP_PORT_STATE,
	VNET_DROP_LINK_LOCAL,
	VNET_DROP_SAME_PORT,
	VNET_DROP_NO_EGRESS,
	VNET_DROP_EGRESS,
	VNET_DROP_NOT_IP,
	VNET_DROP_XDP,
	VNET_DROP_XDP_ABORTED,
	VNET_DROP_XDP_TX,
	VNET_DROP_XDP_REDIRECT,
	VNET_DROP_XDP_NOMEM,
	VNET_DROP_XDP_TOO_BIG,
	VNET_DROP_VLAN,
	VNET_DROP_LOCKED,
	VNET_DROP_NO_READER,
	VNET_DROP_FILTER,
	VNET_DROP_COPY_IN,
	VNET_DROP_COPY_OUT,
	__VNET_DROP_MAX
};

/* Those that a switch may have for frames that came in by one of its ports. */
#define VNET_SWITCH_DROPS (BIT(VNET_DROP_DOWN) | BIT(VNET_DROP_TOO_SHORT) | \
			   BIT(VNET_DROP_TOO_BIG) | BIT(VNET_DROP_NOMEM) | \
			   BIT(VNET_DROP_RING_FULL) | BIT(VNET_DROP_PURGED) | \
			   BIT(VNET_DROP_BAD_SOURCE) | \
			   BIT(VNET_DROP_PORT_STATE) | \
			   BIT(VNET_DROP_LINK_LOCAL) | \
			   BIT(VNET_DROP_SAME_PORT) | \
			   BIT(VNET_DROP_NO_EGRESS) | BIT(VNET_DROP_VLAN) | \
			   BIT(VNET_DROP_LOCKED))

/**
 * struct vnet_drops - one CPU's drop counters of a device
 * @n: frames, by enum vnet_drop
 * @seen: reasons that ever were one, as BIT(enum vnet_drop)
 * @syncp: guards @n on 32-bit machines
 *
 * Written with BH off by the CPU that owns it, read by anybody.
 */
struct vnet_drops {
	u64_stats_t n[__VNET_DROP_MAX];
	u32 seen;
	struct u64_stats_sync syncp;
};

const char *vnet_drop_name(enum vnet_drop why);
struct vnet_drops __percpu *vnet_drops_alloc(void);
void vnet_drop_skb(struct vnet_drops __percpu *drops, struct sk_buff *skb,
		   enum vnet_drop why);
u64 vnet_drops_sum(const struct vnet_drops __percpu *drops, u32 mask);
int vnet_drops_sset_count(u32 mask);
void vnet_drops_get_strings(u32 mask, u8 **p);
void vnet_drops_get_values(const struct vnet_drops __percpu *drops, u32 mask,
			   u64 *data);

/**
 * vnet_drop_count() - count frames that the caller frees itself
 * @drops: the counters of the device that gives the frames up
 * @why: the reason
 * @n: number of frames
 *
 * Context: BH off.
 */
static inline void vnet_drop_count(struct vnet_drops __percpu *drops,
				   enum vnet_drop why, unsigned int n)
{
	struct vnet_drops *d = this_cpu_ptr(drops);

	WRITE_ONCE(d->seen, d->seen | BIT(why));
	u64_stats_update_begin(&d->syncp);
	u64_stats_add(&d->n[why], n);
	u64_stats_update_end(&d->syncp);
}

#endif /* _VNET_DROP_H */
