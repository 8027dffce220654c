/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Crossings: what was decided on a frame lately, kept by the CPU that decided
 * it, so that the next frame between the same two addresses needs no table.
 */
#ifndef _VBRIDGE_CROSSING_H
#define _VBRIDGE_CROSSING_H

#include <linux/bitops.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include "vbridge.h"

/* So many for each CPU, in pairs, 160 KiB; all bridges share them. */
#define VBR_CROSSING_BITS 11
#define VBR_CROSSINGS BIT(VBR_CROSSING_BITS)

/**
 * struct vbr_crossing - a known unicast from port to port
 * @state: value of &vbr.state that it is good for, 0 for none
 * @addrs: both addresses as they lie in the frame, and the VLAN
 * @from: the port it comes in by
 * @to: the port it leaves by
 * @source: the entry of its source address, which leads to @from
 * @dest: the entry of its destination, which leads to @to
 * @stamp: jiffies when the time stamps of both entries were last written
 *
 * All of it belongs to one CPU, which uses it with BH off and not from hard
 * interrupts. The pointers are good as long as &vbr.state is @state within the
 * same RCU read section, for that changes before the grace period after which
 * one of them is freed.
 */
struct vbr_crossing {
	u64 state;
	u64 addrs[2];
	const struct vbr_port *from;
	const struct vbr_port *to;
	struct vbr_fdb *source;
	struct vbr_fdb *dest;
	unsigned long stamp;
} ____cacheline_aligned_in_smp;

/**
 * struct vbr_crossing_vlan - the VLAN that a crossing is in
 * @in: what counts its frames as they come in, or NULL
 * @out: likewise, as they go out
 */
struct vbr_crossing_vlan {
	const struct vbr_vlan *in;
	const struct vbr_vlan *out;
};

/**
 * struct vbr_crossings - a CPU's
 * @known: the crossings
 * @vlan: for each of them that is in a VLAN
 */
struct vbr_crossings {
	struct vbr_crossing known[VBR_CROSSINGS];
	struct vbr_crossing_vlan vlan[VBR_CROSSINGS];
};

DECLARE_PER_CPU(struct vbr_crossings *, vbr_crossings);

int vbr_crossings_init(void);
void vbr_crossings_exit(void);

/* Frames that a hard interrupt sends may come while one is written. */
static inline bool vbr_crossing_usable(void)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) && likely(!in_hardirq());
}

/* The two places for it. */
static __always_inline struct vbr_crossing *
vbr_crossing_places(const struct ethhdr *eth, u16 vid, u64 addrs[2])
{
	u32 rest;
	u64 hash;

	static_assert(offsetof(struct ethhdr, h_dest) == 0);
	static_assert(offsetof(struct ethhdr, h_source) == ETH_ALEN);
	memcpy(&addrs[0], eth, sizeof(addrs[0]));
	memcpy(&rest, eth->h_source + 2, sizeof(rest));
	addrs[1] = rest | (u64)vid << 32;
	hash = (addrs[0] ^ rol64(addrs[1], 24)) * GOLDEN_RATIO_64;
	hash >>= 64 - (VBR_CROSSING_BITS - 1);
	return this_cpu_read(vbr_crossings)->known + hash * 2;
}

static inline struct vbr_crossing_vlan *
vbr_crossing_vlan(const struct vbr_crossing *crossing)
{
	struct vbr_crossings *all = this_cpu_read(vbr_crossings);

	return &all->vlan[crossing - all->known];
}

static __always_inline bool vbr_crossing_is(const struct vbr_crossing *crossing,
					    const struct vbr_port *from,
					    const u64 addrs[2], u64 state)
{
	return crossing->state == state && crossing->from == from &&
	       crossing->addrs[0] == addrs[0] && crossing->addrs[1] == addrs[1];
}

/**
 * vbr_crossing_find() - what was decided on such a frame
 * @from: the port it comes in by
 * @eth: its header
 * @vid: its VLAN, or 0
 * @state: &vbr.state, read before anything else
 *
 * Both entries count as used now.
 *
 * Context: RCU read section, BH off.
 * Return: the crossing, good until the end of that section; or NULL.
 */
static __always_inline const struct vbr_crossing *
vbr_crossing_find(const struct vbr_port *from, const struct ethhdr *eth,
		  u16 vid, u64 state)
{
	struct vbr_crossing *crossing;
	unsigned long now = jiffies;
	u64 addrs[2];

	if (!vbr_crossing_usable())
		return NULL;
	crossing = vbr_crossing_places(eth, vid, addrs);
	if (!vbr_crossing_is(crossing, from, addrs, state) &&
	    !vbr_crossing_is(++crossing, from, addrs, state))
		return NULL;
	if (unlikely(crossing->stamp != now)) {
		crossing->stamp = now;
		WRITE_ONCE(crossing->source->updated, now);
		WRITE_ONCE(crossing->dest->used, now);
	}
	return crossing;
}

/**
 * vbr_crossing_keep() - remember what was decided on a frame
 * @from: the port it came in by
 * @eth: its header
 * @verdict: the decision, to be the same for each such frame
 * @state: &vbr.state, read before the decision was made
 *
 * In place of one that is good no more, else of the one not used for longer;
 * but not of one used within this tick, so that of three that are in use two
 * stay known.
 *
 * Context: RCU read section, BH off.
 */
static __always_inline void
vbr_crossing_keep(const struct vbr_port *from, const struct ethhdr *eth,
		  const struct vbr_verdict *verdict, u64 state)
{
	struct vbr_crossing_vlan *vlan;
	struct vbr_crossing *crossing;
	unsigned long now = jiffies;
	u64 addrs[2];

	if (!vbr_crossing_usable())
		return;
	crossing = vbr_crossing_places(eth, verdict->vid, addrs);
	if (crossing[0].state == state &&
	    (crossing[1].state != state ||
	     time_before_eq(crossing[1].stamp, crossing[0].stamp)))
		crossing++;
	if (crossing->stamp == now && crossing->state == state)
		return;
	crossing->state = 0;
	barrier();
	crossing->addrs[0] = addrs[0];
	crossing->addrs[1] = addrs[1];
	crossing->from = from;
	crossing->to = verdict->to;
	crossing->source = verdict->source;
	crossing->dest = verdict->dest;
	crossing->stamp = now;
	if (unlikely(verdict->vid)) {
		vlan = vbr_crossing_vlan(crossing);
		vlan->in = vbr_vlan_of_rcu(&from->vlans, verdict->vid);
		vlan->out = vbr_vlan_of_rcu(&verdict->to->vlans, verdict->vid);
	}
	barrier();
	crossing->state = state;
}

#endif /* _VBRIDGE_CROSSING_H */
