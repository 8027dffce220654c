// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that the bridge gives up: counted, and told to whoever traces. Out of
 * the way of those that are passed on.
 */
#include "trace.h"
#include "vbridge.h"

static void vbr_drop_count_port(const struct vbr_port *from, enum vnet_drop why)
{
	if (from)
		atomic64_inc(&from->counts->drops[why]);
}

/**
 * vbr_drop_count() - count and trace a frame that is lost otherwise
 * @br: the bridge
 * @from: the port it came in by, or NULL for the host
 * @skb: the frame, or NULL where it is gone
 * @why: the reason
 *
 * Context: BH off.
 */
__cold noinline void vbr_drop_count(struct vbr *br,
				    const struct vbr_port *from,
				    const struct sk_buff *skb,
				    enum vnet_drop why)
{
	trace_vbridge_drop(br, from, skb, why);
	vbr_drop_count_port(from, why);
	vnet_drop_count(br->drops, why, 1);
}

/**
 * vbr_drop_skb() - drop a frame, counted and traced
 * @br: the bridge
 * @from: the port it came in by, or NULL for the host
 * @skb: the frame; consumed
 * @why: the reason
 *
 * Context: BH off.
 */
__cold noinline void vbr_drop_skb(struct vbr *br, const struct vbr_port *from,
				  struct sk_buff *skb, enum vnet_drop why)
{
	trace_vbridge_drop(br, from, skb, why);
	vbr_drop_count_port(from, why);
	vnet_drop_skb(br->drops, skb, why);
}
