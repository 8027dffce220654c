// SPDX-License-Identifier: GPL-2.0
/*
 * Frames entering the bridge, from a port or from the host: may they come in,
 * what do they teach, what shall become of them. Nothing is sent here;
 * forward.c carries the verdict out.
 */
#include <linux/etherdevice.h>
#include <linux/if_bridge.h>
#include "crossing.h"
#include "spot.h"
#include "vbridge.h"

static void vbr_verdict_drop(struct vbr_verdict *verdict, enum vnet_drop why)
{
	verdict->action = VBR_DROP;
	verdict->why = why;
}

/*
 * For an address that lies behind a port: to that port, or nowhere. Where the
 * entry is just for the frame's VLAN, @exact.
 */
static void vbr_decide_known_rcu(const struct vbr_port *from,
				 struct vbr_fdb *fdb, const struct vbr_port *to,
				 bool exact, struct vbr_verdict *verdict)
{
	const struct vbr_port *backup;

	if (to && unlikely(rcu_access_pointer(to->backup)) &&
	    (!netif_carrier_ok(to->dev) || !netif_running(to->dev))) {
		backup = rcu_dereference(to->backup);
		if (backup) {
			verdict->nhid = READ_ONCE(to->backup_nhid);
			to = backup;
			exact = false;
		}
	}
	if (to && vbr_may_egress(from, to, verdict)) {
		verdict->action = VBR_FORWARD;
		verdict->to = to;
		if (likely(exact && !rcu_access_pointer(to->backup)))
			verdict->dest = fdb;
	} else if (verdict->local) {
		verdict->action = VBR_LOCAL;
	} else {
		vbr_verdict_drop(verdict, to && to == from ?
				 VNET_DROP_SAME_PORT : VNET_DROP_NO_EGRESS);
	}
}

/* The host is in some VLANs only, unless it listens to everything. */
static bool vbr_host_takes(const struct vbr *br,
			   const struct vbr_verdict *verdict)
{
	return !verdict->vid || verdict->local ||
	       vbr_vlan_has(&br->vlans.set, verdict->vid);
}

/* For an address that has no spot. */
static void vbr_decide_by_table_rcu(struct vbr *br, const struct vbr_port *from,
				    const u8 *dest, struct vbr_verdict *verdict)
{
	struct vbr_fdb *fdb = vbr_fdb_lookup_rcu(br, dest, verdict->vid);
	unsigned long now = jiffies;

	if (!fdb) {
		verdict->action = VBR_FLOOD;
		verdict->flood = VBR_PORT_FLOOD;
	} else if (from && (READ_ONCE(fdb->flags) & VBR_FDB_LOCAL)) {
		if (vbr_host_takes(br, verdict))
			verdict->action = VBR_LOCAL;
		else
			vbr_verdict_drop(verdict, VNET_DROP_VLAN);
	} else {
		if (READ_ONCE(fdb->used) != now)
			WRITE_ONCE(fdb->used, now);
		vbr_decide_known_rcu(from, fdb, rcu_dereference(fdb->port),
				     fdb->key.vid == verdict->vid, verdict);
	}
}

/*
 * Where a frame goes, by its destination address and its VLAN. The host's own
 * frames come with @from NULL; they are not given back to the host, and
 * leave by a port even where that port's own address is their destination.
 */
static __always_inline void
vbr_decide_rcu(struct vbr *br, const struct vbr_port *from, const u8 *dest,
	       struct vbr_verdict *verdict)
{
	struct vbr_spotted at;
	struct vbr_spot *spot;

	verdict->local = from && (READ_ONCE(br->dev->flags) & IFF_PROMISC);
	if (is_multicast_ether_addr(dest)) {
		verdict->action = VBR_FLOOD;
		verdict->local = from && vbr_host_takes(br, verdict);
		verdict->flood = is_broadcast_ether_addr(dest) ?
				 VBR_PORT_BCAST_FLOOD : VBR_PORT_MCAST_FLOOD;
		return;
	}
	spot = vbr_spot_find_rcu(br, dest, verdict->vid, &at);
	if (likely(spot)) {
		vbr_spot_stamp(&spot->used);
		vbr_decide_known_rcu(from, at.fdb, at.port, true, verdict);
	} else {
		vbr_decide_by_table_rcu(br, from, dest, verdict);
	}
}

static bool vbr_state_learns(u8 state)
{
	return state == BR_STATE_FORWARDING || state == BR_STATE_LEARNING;
}

/*
 * The groups 01:80:c2:00:00:00 to :0f belong to the protocols of one link.
 * Returns true where the frame is bridged like any other all the same.
 */
static bool vbr_admit_link_local_rcu(struct vbr_port *port,
				     const struct ethhdr *eth,
				     struct vbr_verdict *verdict)
{
	struct vbr *br = port->br;
	u8 group = eth->h_dest[5];
	u16 forwarded;

	/* Nobody here takes part in a spanning tree: its frames pass through. */
	if (group == 0x00)
		return true;
	if (group == 0x01) {
		vbr_verdict_drop(verdict, VNET_DROP_LINK_LOCAL);
		return false;
	}
	forwarded = READ_ONCE(br->group_fwd_mask) |
		    READ_ONCE(port->group_fwd_mask);
	if (vbr_is_provider(br))
		forwarded |= VBR_GROUP_FWD_PROVIDER;
	if (forwarded & BIT(group))
		return true;

	/* Who speaks 802.1X at a locked port has not been let in by that yet. */
	if ((READ_ONCE(port->flags) & (VBR_PORT_LEARNING | VBR_PORT_LOCKED)) ==
	    VBR_PORT_LEARNING &&
	    vbr_state_learns(READ_ONCE(port->state)) &&
	    !READ_ONCE(br->no_ll_learn) && verdict->vid != VBR_NO_VLAN)
		vbr_fdb_learn_rcu(port, eth->h_source, verdict->vid);
	verdict->action = VBR_PORT_STACK;
	return false;
}

/* Whether a frame may come in; if not, the verdict says what becomes of it. */
static __always_inline bool
vbr_admit_rcu(struct vbr_port *port, const struct ethhdr *eth, unsigned int len,
	      struct vbr_verdict *verdict)
{
	u32 flags;
	u8 state;

	if (!is_valid_ether_addr(eth->h_source)) {
		vbr_verdict_drop(verdict, VNET_DROP_BAD_SOURCE);
		return false;
	}
	if (unlikely(is_link_local_ether_addr(eth->h_dest)) &&
	    !vbr_admit_link_local_rcu(port, eth, verdict))
		return false;

	state = READ_ONCE(port->state);
	if (unlikely(verdict->vid)) {
		if (verdict->vid == VBR_NO_VLAN) {
			vbr_verdict_drop(verdict, VNET_DROP_VLAN);
			return false;
		}
		if (READ_ONCE(port->br->vlan_stats) &&
		    state != BR_STATE_DISABLED)
			vbr_vlan_count(vbr_vlan_of_rcu(&port->vlans,
						       verdict->vid), len, true);
	}
	flags = READ_ONCE(port->flags);
	if (vbr_state_learns(state)) {
		if (unlikely(flags & VBR_PORT_LOCKED) &&
		    !vbr_fdb_unlock_rcu(port, eth->h_source, verdict->vid)) {
			vbr_verdict_drop(verdict, VNET_DROP_LOCKED);
			return false;
		}
		if (flags & VBR_PORT_LEARNING)
			verdict->source = vbr_fdb_learn_rcu(port, eth->h_source,
							    verdict->vid);
		/* Each frame has to show that it may come in. */
		if (unlikely(flags & VBR_PORT_LOCKED))
			verdict->source = NULL;
	}
	if (state != BR_STATE_FORWARDING) {
		vbr_verdict_drop(verdict, VNET_DROP_PORT_STATE);
		return false;
	}
	return true;
}

/*
 * A frame like one before, in a VLAN or on a bridge without. What has to be
 * asked for each frame alone has been asked.
 */
static __always_inline bool vbr_cross_known(struct vbr_port *port,
					    struct sk_buff *skb, u16 vid,
					    u64 state, bool direct)
{
	const struct vbr_crossing *crossing;
	struct vbr *br = port->br;

	if (is_multicast_ether_addr(eth_hdr(skb)->h_dest))
		return false;
	crossing = vbr_crossing_find(port, eth_hdr(skb), vid, state);
	if (!crossing ||
	    (direct && !READ_ONCE(crossing->to->direct) &&
	     !vnet_direct_may_queue()))
		return false;
	if (unlikely(vid)) {
		const struct vbr_crossing_vlan *vlan =
			vbr_crossing_vlan(crossing);
		bool count = READ_ONCE(br->vlan_stats);

		if (count)
			vbr_vlan_count(vlan->in, skb->len, true);
		skb = vbr_vlan_dress(br, &crossing->to->vlans, skb, vid);
		if (unlikely(!skb)) {
			vbr_drop_count(br, port, NULL, VNET_DROP_NOMEM);
			return true;
		}
		if (count)
			vbr_vlan_count(vlan->out, skb->len, false);
	}
	vbr_cross(br, port, crossing->to, skb, 0);
	return true;
}

/* Whether the next frame of both addresses will get the same verdict. */
static bool vbr_crossing_known(const struct vbr_verdict *verdict)
{
	return verdict->action == VBR_FORWARD && verdict->source &&
	       verdict->dest && !verdict->local && !verdict->answered &&
	       !(READ_ONCE(verdict->to->flags) & VBR_PORT_TUNNEL);
}

/* The VLAN of a frame that comes in; as vbr_vlan_classify(). */
static u16 vbr_classify_rcu(const struct vbr_port *port, struct sk_buff *skb)
{
	u16 vid = 0;

	if (unlikely(READ_ONCE(port->flags) & VBR_PORT_TUNNEL))
		vid = vbr_tunnel_in(port, skb);
	return vid ?: vbr_vlan_classify(port->br, &port->vlans, skb);
}

/* A frame that no crossing is known for; as vbr_handle_frame(). */
static noinline rx_handler_result_t
vbr_handle_unknown_rcu(struct vbr_port *port, struct sk_buff **pskb, u16 vid,
		       u64 state)
{
	struct vbr_verdict verdict = { .vid = vid };
	struct sk_buff *skb = *pskb;
	struct vbr *br = port->br;

	if (vbr_admit_rcu(port, eth_hdr(skb), skb->len, &verdict)) {
		if (unlikely(READ_ONCE(br->n_suppress)))
			verdict.answered = vbr_suppress_rcu(br, port, skb,
							    &verdict);
		vbr_decide_rcu(br, port, eth_hdr(skb)->h_dest, &verdict);
		if (vbr_crossing_known(&verdict))
			vbr_crossing_keep(port, eth_hdr(skb), &verdict, state);
	}

	if (verdict.action == VBR_PORT_STACK) {
		vbr_count(br, VBR_STAT_PORT_STACK, 1);
		return RX_HANDLER_PASS;
	}
	vbr_execute(br, port, skb, &verdict);
	return RX_HANDLER_CONSUMED;
}

/**
 * vbr_handle_frame() - receive handler of the ports
 * @pskb: the frame
 *
 * Context: RCU read section, BH off.
 * Return: RX_HANDLER_CONSUMED, or RX_HANDLER_PASS for frames that the port's
 *	own stack gets.
 */
rx_handler_result_t vbr_handle_frame(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	struct vbr_port *port;
	struct vbr *br;
	u16 vid = 0;
	u64 state;

	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		return RX_HANDLER_PASS;

	port = rcu_dereference(skb->dev->rx_handler_data);
	br = port->br;

	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb)) {
		vbr_drop_count(br, port, NULL, VNET_DROP_NOMEM);
		return RX_HANDLER_CONSUMED;
	}
	*pskb = skb;

	state = atomic64_read_acquire(&br->state);
	if (unlikely(READ_ONCE(br->special))) {
		if (unlikely(READ_ONCE(port->odd)) &&
		    unlikely(!vbr_member_mend(skb))) {
			vbr_drop_skb(br, port, skb, VNET_DROP_NOMEM);
			return RX_HANDLER_CONSUMED;
		}
		vid = vbr_classify_rcu(port, skb);
	}
	if (likely(!READ_ONCE(br->n_suppress)) &&
	    likely(vbr_cross_known(port, skb, vid, state, false)))
		return RX_HANDLER_CONSUMED;
	return vbr_handle_unknown_rcu(port, pskb, vid, state);
}

/*
 * On the direct road the host's stack is not entered from within a sender: of
 * a flood it gets its copy later, and what is for the host alone, or mostly,
 * comes by the ordinary road. So does what a port is still to learn of before
 * it can be decided where it goes.
 */
static bool vbr_input_takes(const struct vbr_port *from,
			    const struct ethhdr *eth,
			    const struct vbr_verdict *verdict)
{
	switch (verdict->action) {
	case VBR_DROP:
		return true;
	case VBR_FORWARD:
		return !verdict->local && !verdict->nhid &&
		       (READ_ONCE(verdict->to->direct) ||
			vnet_direct_may_queue());
	case VBR_FLOOD:
		return !ether_addr_equal(eth->h_source, eth->h_dest) &&
		       vbr_flood_is_short_rcu(from, verdict);
	default:
		return false;
	}
}

/* A frame that no crossing is known for; as vbr_input(). */
static noinline bool vbr_input_unknown(struct vbr_port *port,
				       struct sk_buff *skb, u16 vid, u64 state)
{
	const struct ethhdr *eth = eth_hdr(skb);
	struct vbr_verdict verdict = { .vid = vid, .direct = true };
	bool taken;

	if (unlikely(is_link_local_ether_addr(eth->h_dest)))
		return false;

	/* BH off is not what rcu_dereference() of the table's users knows. */
	rcu_read_lock();
	if (likely(vid != VBR_NO_VLAN))
		vbr_decide_rcu(port->br, port, eth->h_dest, &verdict);
	taken = vbr_input_takes(port, eth, &verdict);
	if (likely(taken)) {
		/* What is not taken is admitted, and teaches, when it comes. */
		vbr_admit_rcu(port, eth, skb->len, &verdict);
		if (vbr_crossing_known(&verdict))
			vbr_crossing_keep(port, eth, &verdict, state);
		if (likely(verdict.action == VBR_FORWARD))
			vbr_cross(port->br, port, verdict.to, skb, verdict.vid);
		else
			vbr_execute(port->br, port, skb, &verdict);
	}
	rcu_read_unlock();
	return taken;
}

/**
 * vbr_input() - &vnet_switch_ops.input: a frame on the direct road
 * @sw: of the port it comes in by
 * @skb: the frame; consumed where it is taken
 *
 * Context: RCU read section, BH off; the caller may be sending.
 * Return: true where the frame is taken.
 */
bool vbr_input(struct vnet_switch *sw, struct sk_buff *skb)
{
	struct vbr_port *port = container_of(sw, struct vbr_port, sw);
	struct vbr *br = port->br;
	u64 state = atomic64_read_acquire(&br->state);
	u16 vid = 0;

	if (unlikely(READ_ONCE(br->special))) {
		if (READ_ONCE(br->direct_off))
			return false;
		/* An answer leaves by the port the sender is in at the moment. */
		if (READ_ONCE(br->n_suppress) && vbr_suppress_is_for(skb))
			return false;
		vid = vbr_vlan_classify(br, &port->vlans, skb);
	}
	if (likely(vbr_cross_known(port, skb, vid, state, true)))
		return true;
	return vbr_input_unknown(port, skb, vid, state);
}

/**
 * vbr_admit_for_host() - &vnet_switch_ops.admit: a frame of a flow, which does
 *	not come by the bridge on its way to the host
 * @sw: of the port it has come in by
 * @eth: its header
 * @tag: the EtherType of its outermost tag, or 0
 * @vid: the VLAN of that
 *
 * What the bridge would drop, or has to say more about, it is to see itself, and
 * what somebody looks for at its device. Its sender is learned, or the entry would
 * age while the flow goes on.
 *
 * Context: RCU read section, BH off; the caller may be sending.
 * Return: whether it may go on.
 */
bool vbr_admit_for_host(struct vnet_switch *sw, const struct ethhdr *eth,
			__be16 tag, u16 vid)
{
	struct vbr_port *port = container_of(sw, struct vbr_port, sw);
	u32 flags = READ_ONCE(port->flags);
	struct vbr *br = port->br;

	if (!netif_running(br->dev) ||
	    READ_ONCE(port->state) != BR_STATE_FORWARDING ||
	    flags & VBR_PORT_TUNNEL || !is_valid_ether_addr(eth->h_source) ||
	    !ether_addr_equal(eth->h_dest, br->dev->dev_addr) ||
	    vnet_rx_seen(br->dev))
		return false;
	if (READ_ONCE(br->vlan_filtering)) {
		vid = vbr_vlan_admit(br, &port->vlans.set, tag, vid);
		if (vid == VBR_NO_VLAN || !vbr_vlan_has(&br->vlans.set, vid))
			return false;
	} else {
		vid = 0;
	}
	if (flags & VBR_PORT_LOCKED &&
	    !vbr_fdb_unlock_rcu(port, eth->h_source, vid))
		return false;
	if (flags & VBR_PORT_LEARNING)
		vbr_fdb_learn_rcu(port, eth->h_source, vid);
	return true;
}

/* A tag within the frame goes to where the others have it; NULL: counted. */
static struct sk_buff *vbr_xmit_untag(struct vbr *br, struct sk_buff *skb)
{
	if (!READ_ONCE(br->vlan_filtering) || skb_vlan_tag_present(skb) ||
	    likely(!eth_type_vlan(skb->protocol)))
		return skb;
	/* The type behind the tag belongs to it as well. */
	if (unlikely(!pskb_may_pull(skb, VLAN_HLEN + sizeof(__be16)))) {
		vbr_drop_skb(br, NULL, skb, VNET_DROP_TOO_SHORT);
		return NULL;
	}
	skb = skb_vlan_untag(skb);
	if (unlikely(!skb))
		vbr_drop_count(br, NULL, NULL, VNET_DROP_NOMEM);
	return skb;
}

/**
 * vbr_xmit() - ndo_start_xmit: a frame of the host's own
 * @skb: the frame; consumed
 * @dev: the bridge device
 *
 * Return: NETDEV_TX_OK.
 */
netdev_tx_t vbr_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vbr_verdict verdict = {};
	struct vbr *br = netdev_priv(dev);

	if (unlikely(!pskb_may_pull(skb, ETH_HLEN))) {
		vbr_drop_skb(br, NULL, skb, VNET_DROP_TOO_SHORT);
		return NETDEV_TX_OK;
	}
	dev_sw_netstats_tx_add(dev, 1, skb->len);
	skb_reset_mac_header(skb);
	skb_pull(skb, ETH_HLEN);
	skb = vbr_xmit_untag(br, skb);
	if (unlikely(!skb))
		return NETDEV_TX_OK;

	rcu_read_lock();
	verdict.vid = vbr_vlan_classify(br, &br->vlans, skb);
	if (unlikely(verdict.vid == VBR_NO_VLAN)) {
		vbr_verdict_drop(&verdict, VNET_DROP_VLAN);
	} else {
		if (verdict.vid && READ_ONCE(br->vlan_stats))
			vbr_vlan_count(vbr_vlan_of_rcu(&br->vlans,
						       verdict.vid), skb->len,
				       true);
		if (unlikely(READ_ONCE(br->n_suppress)))
			verdict.answered = vbr_suppress_rcu(br, NULL, skb,
							    &verdict);
		vbr_decide_rcu(br, NULL, eth_hdr(skb)->h_dest, &verdict);
	}
	vbr_execute(br, NULL, skb, &verdict);
	rcu_read_unlock();
	return NETDEV_TX_OK;
}
