// SPDX-License-Identifier: GPL-2.0
/*
 * Frames leaving the bridge: to one port, to many, to the host.
 */
#include <linux/etherdevice.h>
#include <linux/if_bridge.h>
#include <linux/if_vlan.h>
#include "vbridge.h"

/* Copies of a frame that its sender may be kept busy with. */
#define VBR_FLOOD_SHORT 64

/* Ports that it may be kept busy with looking for those that get one. */
#define VBR_FLOOD_SHORT_PORTS 256

static inline bool __vbr_may_egress(const struct vbr_port *from,
				    const struct vbr_port *to, u32 flags,
				    const struct vbr_verdict *verdict)
{
	if (READ_ONCE(to->state) != BR_STATE_FORWARDING)
		return false;
	if (from == to && !(flags & VBR_PORT_HAIRPIN))
		return false;
	if (unlikely(verdict->vid) &&
	    !vbr_vlan_has(&to->vlans.set, verdict->vid))
		return false;
	return !from ||
	       !(flags & READ_ONCE(from->flags) & VBR_PORT_ISOLATED);
}

/**
 * vbr_may_egress() - may a frame go out of a port
 * @from: the port it came in by, or NULL for the host
 * @to: the port
 * @verdict: which VLAN it is in
 *
 * Context: RCU read section.
 * Return: true where it may.
 */
bool vbr_may_egress(const struct vbr_port *from, const struct vbr_port *to,
		    const struct vbr_verdict *verdict)
{
	return __vbr_may_egress(from, to, READ_ONCE(to->flags), verdict);
}

/*
 * The flags that matter for a flood, of which those of the kind of flood have
 * to be set. Host frames flood every port that takes unknown addresses at all;
 * one that answers by proxy, as IEEE 802.11 has it, is never flooded to.
 */
static u32 vbr_flood_mask(const struct vbr_port *from,
			  const struct vbr_verdict *verdict)
{
	u32 mask = verdict->answered | VBR_PORT_PROXYARP;

	if (from || verdict->flood == VBR_PORT_FLOOD)
		mask |= verdict->flood;
	return mask;
}

static bool vbr_takes_flood(const struct vbr_port *from,
			    const struct vbr_port *to,
			    const struct vbr_verdict *verdict, u32 mask)
{
	u32 flags = READ_ONCE(to->flags);

	return (flags & mask) == (verdict->flood & mask) &&
	       __vbr_may_egress(from, to, flags, verdict);
}

/* Behind in-band VLAN tags. */
static noinline bool vbr_find_tagged_header(struct sk_buff *skb)
{
	int depth;

	if (!vlan_get_protocol_and_depth(skb, skb->protocol, &depth))
		return false;
	skb_set_network_header(skb, depth);
	return true;
}

/*
 * With a checksum still to be made, the device needs to know where the
 * network header is; behind an in-band VLAN tag it is not where it was.
 */
static __always_inline bool vbr_find_network_header(struct sk_buff *skb)
{
	return likely(!eth_type_vlan(skb->protocol)) ||
	       skb->ip_summed != CHECKSUM_PARTIAL || vbr_find_tagged_header(skb);
}

/* With or without its tag, and counted for its VLAN; or NULL, counted, too. */
static struct sk_buff *vbr_leave_vlan(struct vbr *br,
				      const struct vbr_port *from,
				      const struct vbr_vlans *vlans,
				      struct sk_buff *skb, u16 vid)
{
	skb = vbr_vlan_dress(br, vlans, skb, vid);
	if (unlikely(!skb)) {
		vbr_drop_count(br, from, NULL, VNET_DROP_NOMEM);
		return NULL;
	}
	if (READ_ONCE(br->vlan_stats))
		vbr_vlan_count(vbr_vlan_of_rcu(vlans, vid), skb->len, false);
	return skb;
}

/*
 * Consumes @skb. Returns true where the port's device was given it. A part of
 * each caller that most frames come by, for calls are worth saving.
 */
static __always_inline bool __vbr_send(struct vbr *br,
				       const struct vbr_port *from,
				       const struct vbr_port *to,
				       struct sk_buff *skb, u16 vid, u32 nhid)
{
	enum vnet_drop why = VNET_DROP_TOO_BIG;
	struct vnet_port *direct;

	if (unlikely(vid)) {
		skb = vbr_leave_vlan(br, from, &to->vlans, skb, vid);
		if (unlikely(!skb))
			return false;
		if (unlikely(READ_ONCE(to->flags) & VBR_PORT_TUNNEL) &&
		    unlikely(!vbr_tunnel_out(to, skb, vid, nhid))) {
			vbr_drop_skb(br, from, skb, VNET_DROP_NOMEM);
			return false;
		}
	}
	skb->dev = to->dev;
	if (from) {
		if (unlikely(skb_warn_if_lro(skb)))
			goto drop;
		skb_forward_csum(skb);
	}
	skb_clear_tstamp(skb);

	/* Where it came from the header was just there. */
	__skb_push(skb, ETH_HLEN);
	if (unlikely(!__is_skb_forwardable(to->dev, skb, true))) {
		if (!(READ_ONCE(to->dev->flags) & IFF_UP))
			why = VNET_DROP_DOWN;
		goto drop;
	}
	if (unlikely(!vbr_find_network_header(skb))) {
		why = VNET_DROP_TOO_SHORT;
		goto drop;
	}
	direct = READ_ONCE(to->direct);
	if (direct && likely(vnet_port_xmit(direct, skb)))
		return true;
	if (unlikely(vnet_queue_xmit(skb) != NET_XMIT_SUCCESS))
		vbr_count(br, VBR_STAT_EGRESS_REFUSED, 1);
	return true;
drop:
	vbr_drop_skb(br, from, skb, why);
	return false;
}

static bool vbr_send(struct vbr *br, const struct vbr_port *from,
		     const struct vbr_port *to, struct sk_buff *skb,
		     const struct vbr_verdict *verdict)
{
	return __vbr_send(br, from, to, skb, verdict->vid, verdict->nhid);
}

static bool vbr_send_clone(struct vbr *br, const struct vbr_port *from,
			   const struct vbr_port *to, struct sk_buff *skb,
			   const struct vbr_verdict *verdict)
{
	struct sk_buff *clone = skb_clone(skb, GFP_ATOMIC);

	if (unlikely(!clone)) {
		vbr_drop_count(br, from, skb, VNET_DROP_NOMEM);
		return false;
	}
	return vbr_send(br, from, to, clone, verdict);
}

/* To the host, as received by the bridge device. Consumes @skb. */
static void vbr_deliver_local(struct vbr *br, const struct vbr_port *from,
			      struct sk_buff *skb,
			      const struct vbr_verdict *verdict)
{
	if (unlikely(verdict->vid)) {
		skb = vbr_leave_vlan(br, from, &br->vlans, skb,
				     verdict->vid);
		if (unlikely(!skb))
			return;
	}
	vbr_host_deliver(br, from, skb, verdict->direct);
}

/**
 * vbr_cross() - send a frame to the port of its address
 * @br: the bridge
 * @from: the port it came in by, or NULL for the host
 * @to: the port
 * @skb: the frame, its data at the network header; consumed
 * @vid: the VLAN it is to leave, or 0
 *
 * Context: RCU read section, BH off, no lock held.
 */
void vbr_cross(struct vbr *br, const struct vbr_port *from,
	       const struct vbr_port *to, struct sk_buff *skb, u16 vid)
{
	if (likely(__vbr_send(br, from, to, skb, vid, 0)))
		vbr_count(br, VBR_STAT_FORWARDED, 1);
}

/* As vbr_cross(), out of a backup whose tunnels have nexthops. */
static noinline void vbr_send_by_nexthop(struct vbr *br,
					 const struct vbr_port *from,
					 struct sk_buff *skb,
					 const struct vbr_verdict *verdict)
{
	if (vbr_send(br, from, verdict->to, skb, verdict))
		vbr_count(br, VBR_STAT_FORWARDED, 1);
}

static void vbr_forward(struct vbr *br, const struct vbr_port *from,
			struct sk_buff *skb, const struct vbr_verdict *verdict)
{
	if (!verdict->local && likely(!verdict->nhid)) {
		vbr_cross(br, from, verdict->to, skb, verdict->vid);
		return;
	}
	if (!verdict->local) {
		vbr_send_by_nexthop(br, from, skb, verdict);
		return;
	}
	if (vbr_send_clone(br, from, verdict->to, skb, verdict))
		vbr_count(br, VBR_STAT_FORWARDED, 1);
	vbr_deliver_local(br, from, skb, verdict);
}

/**
 * vbr_flood_is_short_rcu() - may a flood be the work of who sends the frame
 * @from: the port it came in by
 * @verdict: VBR_FLOOD
 *
 * Only at the first hop: what a flood reaches does not flood in turn, so it is
 * no more than these copies in all.
 *
 * Context: RCU read section, BH off, in vbr_input().
 * Return: true where it may.
 */
bool vbr_flood_is_short_rcu(const struct vbr_port *from,
			    const struct vbr_verdict *verdict)
{
	const u32 mask = vbr_flood_mask(from, verdict);
	unsigned int copies = 0, ports = 0;
	const struct vbr_port *port;

	if (!vnet_direct_may_queue())
		return false;
	list_for_each_entry_rcu(port, &from->br->ports, list) {
		if (++ports > VBR_FLOOD_SHORT_PORTS)
			return false;
		if (vbr_takes_flood(from, port, verdict, mask) &&
		    ++copies > VBR_FLOOD_SHORT)
			return false;
	}
	return true;
}

/*
 * One port behind in the list, so that the last copy to leave is the frame
 * itself; where the host gets one, that is the last.
 */
static void vbr_flood_rcu(struct vbr *br, const struct vbr_port *from,
			  struct sk_buff *skb,
			  const struct vbr_verdict *verdict)
{
	const u32 mask = vbr_flood_mask(from, verdict);
	const struct vbr_port *port, *prev = NULL;
	unsigned int copies = 0;

	vnet_direct_descend();
	list_for_each_entry_rcu(port, &br->ports, list) {
		if (!vbr_takes_flood(from, port, verdict, mask))
			continue;
		if (prev)
			copies += vbr_send_clone(br, from, prev, skb, verdict);
		prev = port;
	}
	if (prev)
		copies += verdict->local ?
			  vbr_send_clone(br, from, prev, skb, verdict) :
			  vbr_send(br, from, prev, skb, verdict);
	vnet_direct_ascend();

	if (prev) {
		vbr_count(br, VBR_STAT_FLOODED, 1);
		vbr_count(br, VBR_STAT_FLOOD_COPIES, copies);
	}
	if (verdict->local)
		vbr_deliver_local(br, from, skb, verdict);
	else if (unlikely(!prev))
		vbr_drop_skb(br, from, skb, VNET_DROP_NO_EGRESS);
}

/**
 * vbr_execute() - carry out the verdict on a frame
 * @br: the bridge
 * @from: the port it came in by, or NULL for the host
 * @skb: the frame, its data at the network header; consumed
 * @verdict: any but VBR_PORT_STACK
 *
 * Context: RCU read section, BH off, no lock held.
 */
void vbr_execute(struct vbr *br, const struct vbr_port *from,
		 struct sk_buff *skb, const struct vbr_verdict *verdict)
{
	switch (verdict->action) {
	case VBR_FORWARD:
		vbr_forward(br, from, skb, verdict);
		break;
	case VBR_FLOOD:
		vbr_flood_rcu(br, from, skb, verdict);
		break;
	case VBR_LOCAL:
		vbr_deliver_local(br, from, skb, verdict);
		break;
	default:
		vbr_drop_skb(br, from, skb, verdict->why);
		break;
	}
}
