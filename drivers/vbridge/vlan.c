// SPDX-License-Identifier: GPL-2.0
/*
 * VLANs: which a frame is in, where it may go, whether its tag goes with it;
 * and the sets of VLANs that ports and the bridge itself are in.
 */
#include <linux/if_bridge.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "vbridge.h"

/**
 * vbr_vlan_admit() - the VLAN of a frame, where VLANs are filtered
 * @br: the bridge
 * @set: of the port it comes in by, or of the bridge for its host's frames
 * @tag: the EtherType of its outermost tag, or 0
 * @vid: the VLAN of that
 *
 * A tag of another kind is a part of what it stands before.
 *
 * Context: any.
 * Return: the VLAN, or VBR_NO_VLAN.
 */
u16 vbr_vlan_admit(const struct vbr *br, const struct vbr_vlan_set *set,
		   __be16 tag, u16 vid)
{
	if (tag != READ_ONCE(br->vlan_proto) || !vid)
		vid = READ_ONCE(set->pvid);
	return vid && vbr_vlan_has(set, vid) ? vid : VBR_NO_VLAN;
}

/**
 * vbr_vlan_classify_filtered() - vbr_vlan_classify() where VLANs are filtered
 * @br: the bridge
 * @vlans: of the port it comes in by, or of the bridge for its host's frames
 * @skb: the frame; no tag of the bridge's kind stands within it
 *
 * Context: BH off.
 * Return: the VLAN, or VBR_NO_VLAN.
 */
u16 vbr_vlan_classify_filtered(const struct vbr *br,
			       const struct vbr_vlans *vlans,
			       const struct sk_buff *skb)
{
	if (!skb_vlan_tag_present(skb))
		return vbr_vlan_admit(br, &vlans->set, 0, 0);
	return vbr_vlan_admit(br, &vlans->set, skb->vlan_proto,
			      skb_vlan_tag_get_id(skb));
}

/* A tag that is not the bridge's goes into the frame, before its own. */
static struct sk_buff *vbr_vlan_bury_tag(struct sk_buff *skb)
{
	skb_push(skb, ETH_HLEN);
	skb = vlan_insert_tag_set_proto(skb, skb->vlan_proto,
					skb_vlan_tag_get(skb));
	if (unlikely(!skb))
		return NULL;
	skb_pull(skb, ETH_HLEN);
	skb_reset_mac_len(skb);
	__vlan_hwaccel_clear_tag(skb);
	return skb;
}

/**
 * vbr_vlan_dress() - give a frame the tag that it leaves with
 * @br: the bridge
 * @vlans: of the port it leaves by, or of the bridge for what the host gets
 * @skb: the frame, its data behind the Ethernet header; nobody else's
 * @vid: its VLAN
 *
 * Context: BH off.
 * Return: the frame, or NULL where there was no memory; it is freed then.
 */
struct sk_buff *vbr_vlan_dress(const struct vbr *br,
			       const struct vbr_vlans *vlans,
			       struct sk_buff *skb, u16 vid)
{
	__be16 proto = READ_ONCE(br->vlan_proto);
	u16 tci = vid;

	if (skb_vlan_tag_present(skb) && skb->vlan_proto == proto) {
		if (vbr_vlan_untags(&vlans->set, vid)) {
			__vlan_hwaccel_clear_tag(skb);
			return skb;
		}
		/* The priority stays. */
		tci |= skb->vlan_tci & ~VLAN_VID_MASK;
	} else if (vbr_vlan_untags(&vlans->set, vid)) {
		return skb;
	} else if (unlikely(skb_vlan_tag_present(skb))) {
		skb = vbr_vlan_bury_tag(skb);
		if (unlikely(!skb))
			return NULL;
	}
	__vlan_hwaccel_put_tag(skb, proto, tci);
	return skb;
}

/**
 * vbr_vlan_read() - what was counted for a VLAN
 * @vlan: the VLAN
 * @to: gets the sums over all CPUs
 */
void vbr_vlan_read(const struct vbr_vlan *vlan, struct bridge_vlan_xstats *to)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct vbr_vlan_stats *stats =
			per_cpu_ptr(vlan->stats, cpu);
		u64 rx_packets, rx_bytes, tx_packets, tx_bytes;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			rx_packets = u64_stats_read(&stats->rx_packets);
			rx_bytes = u64_stats_read(&stats->rx_bytes);
			tx_packets = u64_stats_read(&stats->tx_packets);
			tx_bytes = u64_stats_read(&stats->tx_bytes);
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		to->rx_packets += rx_packets;
		to->rx_bytes += rx_bytes;
		to->tx_packets += tx_packets;
		to->tx_bytes += tx_bytes;
	}
}

/**
 * vbr_vlan_next() - go through a set of VLANs
 * @set: the set
 * @vid: where to begin
 *
 * Return: the first member from @vid on, or VLAN_N_VID.
 */
u16 vbr_vlan_next(const struct vbr_vlan_set *set, u16 vid)
{
	while (vid < VLAN_N_VID) {
		unsigned long word = READ_ONCE(set->words[BIT_WORD(vid)].member);

		word >>= vid % BITS_PER_LONG;
		if (word)
			return vid + __ffs(word);
		vid = round_down(vid, BITS_PER_LONG) + BITS_PER_LONG;
	}
	return VLAN_N_VID;
}

/**
 * vbr_vlan_add() - put a VLAN into a set, or change what it is there
 * @set: a set that is not in use
 * @vid: the VLAN
 * @pvid: frames without a VLAN are in this one
 * @untagged: its frames leave without their tag
 */
void vbr_vlan_add(struct vbr_vlan_set *set, u16 vid, bool pvid, bool untagged)
{
	struct vbr_vlan_word *word = &set->words[BIT_WORD(vid)];

	word->member |= BIT_MASK(vid);
	if (untagged)
		word->untagged |= BIT_MASK(vid);
	else
		word->untagged &= ~BIT_MASK(vid);
	if (pvid)
		set->pvid = vid;
	else if (set->pvid == vid)
		set->pvid = 0;
}

/**
 * vbr_vlan_del() - take a VLAN out of a set
 * @set: a set that is not in use
 * @vid: the VLAN
 */
void vbr_vlan_del(struct vbr_vlan_set *set, u16 vid)
{
	struct vbr_vlan_word *word = &set->words[BIT_WORD(vid)];

	word->member &= ~BIT_MASK(vid);
	word->untagged &= ~BIT_MASK(vid);
	if (set->pvid == vid)
		set->pvid = 0;
}

static void vbr_vlan_free_rcu(struct rcu_head *rcu)
{
	struct vbr_vlan *vlan = container_of(rcu, struct vbr_vlan, rcu);

	free_percpu(vlan->stats);
	kfree(vlan);
}

static int vbr_vlan_get(struct xarray *xa, u16 vid)
{
	struct vbr_vlan *vlan = xa_load(xa, vid);
	int err = -ENOMEM;

	if (vlan) {
		vlan->users++;
		return 0;
	}
	vlan = kzalloc(sizeof(*vlan), GFP_KERNEL);
	if (!vlan)
		return -ENOMEM;
	vlan->users = 1;
	vlan->stats = netdev_alloc_pcpu_stats(struct vbr_vlan_stats);
	if (!vlan->stats)
		goto err_free;
	err = xa_err(xa_store(xa, vid, vlan, GFP_KERNEL));
	if (err)
		goto err_free;
	return 0;

err_free:
	free_percpu(vlan->stats);
	kfree(vlan);
	return err;
}

static void vbr_vlan_put(struct vbr *br, struct xarray *xa, u16 vid)
{
	struct vbr_vlan *vlan = xa_load(xa, vid);

	if (WARN_ON_ONCE(!vlan) || --vlan->users)
		return;
	xa_erase(xa, vid);
	vbr_crossings_end(br);
	call_rcu(&vlan->rcu, vbr_vlan_free_rcu);
}

/* A device that picks VLANs by itself has to be told; none of the suite does. */
static bool vbr_vlan_tells(const struct vbr_port *port)
{
	return port && !port->suite;
}

static int vbr_vlan_join(struct vbr *br, struct vbr_port *port, u16 vid)
{
	int err;

	err = vbr_vlan_get(&br->vlans_seen, vid);
	if (err || !port)
		return err;
	if (br->vlan_stats_per_port) {
		err = vbr_vlan_get(&port->vlans.own, vid);
		if (err)
			goto err_put_seen;
	}
	if (vbr_vlan_tells(port)) {
		err = vlan_vid_add(port->dev, br->vlan_proto, vid);
		if (err)
			goto err_put_own;
	}
	return 0;

err_put_own:
	if (br->vlan_stats_per_port)
		vbr_vlan_put(br, &port->vlans.own, vid);
err_put_seen:
	vbr_vlan_put(br, &br->vlans_seen, vid);
	return err;
}

static void vbr_vlan_leave(struct vbr *br, struct vbr_port *port, u16 vid)
{
	if (vbr_vlan_tells(port))
		vlan_vid_del(port->dev, br->vlan_proto, vid);
	if (port)
		vbr_tunnel_del_rtnl(&port->tunnels, vid);
	if (port && br->vlan_stats_per_port)
		vbr_vlan_put(br, &port->vlans.own, vid);
	vbr_vlan_put(br, &br->vlans_seen, vid);
}

/* Leaves the VLANs below @end that are in @set, but not in @but. */
static void vbr_vlan_leave_all(struct vbr *br, struct vbr_port *port,
			       const struct vbr_vlan_set *set,
			       const struct vbr_vlan_set *but, u16 end)
{
	u16 vid;

	for (vid = vbr_vlan_next(set, 0); vid < end;
	     vid = vbr_vlan_next(set, vid + 1))
		if (!vbr_vlan_has(but, vid))
			vbr_vlan_leave(br, port, vid);
}

/* One walk for all of them: the port may have many addresses. */
static void vbr_vlan_forget_rtnl(struct vbr_port *port,
				 const unsigned long *vids)
{
	struct vbr_fdb_match learned = {
		.by_port = true,
		.port = port,
		.vids = vids,
		.mask = VBR_FDB_STATIC | VBR_FDB_EXT_LEARNED,
	};

	vbr_fdb_flush_rtnl(port->br, &learned);
}

/**
 * vbr_vlan_commit_rtnl() - put a port, or the bridge itself, into other VLANs
 * @br: the bridge
 * @port: the port, or NULL for the bridge
 * @set: those it shall be in; a changed copy of those it is in
 *
 * Addresses learned at the port in VLANs that it leaves are forgotten.
 *
 * Context: RTNL.
 * Return: 0, or an error with nothing changed.
 */
int vbr_vlan_commit_rtnl(struct vbr *br, struct vbr_port *port,
			 const struct vbr_vlan_set *set)
{
	struct vbr_vlan_set *to = port ? &port->vlans.set : &br->vlans.set;
	struct net_device *dev = port ? port->dev : br->dev;
	DECLARE_BITMAP(changed, VLAN_N_VID);
	DECLARE_BITMAP(gone, VLAN_N_VID);
	unsigned long retagged;
	u16 old = to->pvid;
	unsigned int vid;
	bool left;
	int i, err;

	ASSERT_RTNL();
	for (vid = vbr_vlan_next(set, 0); vid < VLAN_N_VID;
	     vid = vbr_vlan_next(set, vid + 1)) {
		if (vbr_vlan_has(to, vid))
			continue;
		err = vbr_vlan_join(br, port, vid);
		if (err) {
			vbr_vlan_leave_all(br, port, set, to, vid);
			return err;
		}
	}
	/* Frames of the host's without a tag are in its pvid. */
	left = !port && old != set->pvid;
	WRITE_ONCE(to->pvid, set->pvid);
	for (i = 0; i < VBR_VLAN_WORDS; i++) {
		gone[i] = to->words[i].member & ~set->words[i].member;
		retagged = to->words[i].untagged ^ set->words[i].untagged;
		left |= gone[i] || retagged & to->words[i].member;
		changed[i] = set->words[i].member &
			     (~to->words[i].member | retagged);
		WRITE_ONCE(to->words[i].untagged, set->words[i].untagged);
		WRITE_ONCE(to->words[i].member, set->words[i].member);
	}
	if (old != set->pvid && vbr_vlan_has(set, old))
		__set_bit(old, changed);
	if (old != set->pvid && set->pvid)
		__set_bit(set->pvid, changed);
	if (port && !bitmap_empty(gone, VLAN_N_VID))
		vbr_vlan_forget_rtnl(port, gone);
	for_each_set_bit(vid, gone, VLAN_N_VID)
		vbr_vlan_leave(br, port, vid);
	vbr_crossings_end(br);
	if (left && br->vlan_filtering)
		vbr_stations_left_rtnl(br, port);
	if (port)
		vbr_bound_check_rtnl(br);
	vbr_vlan_notify_rtnl(dev, gone, NULL);
	vbr_vlan_notify_rtnl(dev, changed, to);
	return 0;
}

/* Alone in one VLAN, untagged, or in none. */
static int vbr_vlan_commit_only(struct vbr *br, struct vbr_port *port, u16 vid)
{
	struct vbr_vlan_set *set = kzalloc(sizeof(*set), GFP_KERNEL);
	int err;

	if (!set)
		return -ENOMEM;
	if (vid)
		vbr_vlan_add(set, vid, true, true);
	err = vbr_vlan_commit_rtnl(br, port, set);
	kfree(set);
	return err;
}

static void vbr_vlan_end(struct vbr *br, struct vbr_port *port)
{
	struct vbr_vlans *vlans = port ? &port->vlans : &br->vlans;
	DECLARE_BITMAP(gone, VLAN_N_VID);
	unsigned int vid;
	int i;

	for (i = 0; i < VBR_VLAN_WORDS; i++)
		gone[i] = vlans->set.words[i].member;
	for_each_set_bit(vid, gone, VLAN_N_VID)
		vbr_vlan_leave(br, port, vid);
	xa_destroy(&vlans->own);
	vbr_vlan_notify_rtnl(port ? port->dev : br->dev, gone, NULL);
}

/**
 * vbr_vlan_start_port_rtnl() - put a new port into its first VLAN
 * @port: the port, which no frame knows yet
 *
 * Context: RTNL.
 * Return: 0 or an error.
 */
int vbr_vlan_start_port_rtnl(struct vbr_port *port)
{
	struct vbr *br = port->br;
	int err;

	xa_init(&port->vlans.own);
	port->vlans.counted = br->vlan_stats_per_port ? &port->vlans.own :
							&br->vlans_seen;
	err = vbr_vlan_commit_only(br, port, br->default_pvid);
	if (err)
		xa_destroy(&port->vlans.own);
	return err;
}

/**
 * vbr_vlan_end_port_rtnl() - take a port that goes out of its VLANs
 * @port: the port, which nobody can find any more
 *
 * Context: RTNL.
 */
void vbr_vlan_end_port_rtnl(struct vbr_port *port)
{
	vbr_vlan_end(port->br, port);
}

/**
 * vbr_vlan_start_rtnl() - VLANs of a new bridge
 * @br: the bridge
 *
 * Context: RTNL.
 * Return: 0 or an error.
 */
int vbr_vlan_start_rtnl(struct vbr *br)
{
	xa_init(&br->vlans_seen);
	xa_init(&br->vlans.own);
	br->vlans.counted = &br->vlans_seen;
	return vbr_vlan_commit_only(br, NULL, br->default_pvid);
}

/**
 * vbr_vlan_end_rtnl() - end the VLANs of a bridge that has no ports any more
 * @br: the bridge
 *
 * Context: RTNL.
 */
void vbr_vlan_end_rtnl(struct vbr *br)
{
	vbr_vlan_end(br, NULL);
	WARN_ON_ONCE(!xa_empty(&br->vlans_seen));
	xa_destroy(&br->vlans_seen);
}

/* Nobody has changed what the default made of it. */
static bool vbr_vlan_is_default(const struct vbr_vlan_set *set, u16 pvid)
{
	return pvid ? set->pvid == pvid && vbr_vlan_untags(set, pvid) :
		      true;
}

/* Out of @from and untagged into @to, either of which may be 0. */
static int vbr_vlan_exchange(struct vbr *br, struct vbr_port *port, u16 from,
			     u16 to, u16 pvid)
{
	const struct vbr_vlan_set *now = port ? &port->vlans.set :
						&br->vlans.set;
	struct vbr_vlan_set *set = kmemdup(now, sizeof(*now), GFP_KERNEL);
	int err;

	if (!set)
		return -ENOMEM;
	if (from)
		vbr_vlan_del(set, from);
	if (to)
		vbr_vlan_add(set, to, true, true);
	set->pvid = pvid;
	err = vbr_vlan_commit_rtnl(br, port, set);
	kfree(set);
	return err;
}

static int vbr_vlan_follow_default(struct vbr *br, struct vbr_port *port,
				   u16 from, u16 to)
{
	struct vbr_vlans *vlans = port ? &port->vlans : &br->vlans;
	const struct vbr_vlan_set *now = &vlans->set;
	u16 before = now->pvid;
	int err;

	vlans->followed = false;
	if (!vbr_vlan_is_default(now, from) || (to && vbr_vlan_has(now, to)))
		return 0;
	err = vbr_vlan_exchange(br, port, from, to, to);
	vlans->followed = !err;
	vlans->before = before;
	return err;
}

/*
 * Only of those that have followed: others may have by themselves what the
 * default would have given them.
 */
static void vbr_vlan_unfollow(struct vbr *br, struct vbr_port *port, u16 from,
			      u16 to)
{
	struct vbr_vlans *vlans = port ? &port->vlans : &br->vlans;

	if (vlans->followed)
		vbr_vlan_exchange(br, port, from, to, vlans->before);
	vlans->followed = false;
}

/**
 * vbr_vlan_set_default_pvid_rtnl() - another VLAN for frames without one
 * @br: the bridge
 * @pvid: the VLAN, or 0
 *
 * The bridge and the ports follow that have what the default gave them and
 * are not in @pvid for another reason.
 *
 * Context: RTNL.
 * Return: 0 or an error; what has followed before goes back then.
 */
int vbr_vlan_set_default_pvid_rtnl(struct vbr *br, u16 pvid)
{
	u16 old = br->default_pvid;
	struct vbr_port *port;
	int err;

	ASSERT_RTNL();
	if (pvid == old)
		return 0;
	err = vbr_vlan_follow_default(br, NULL, old, pvid);
	if (err)
		return err;
	list_for_each_entry(port, &br->ports, list) {
		err = vbr_vlan_follow_default(br, port, old, pvid);
		if (err)
			goto err_back;
	}
	WRITE_ONCE(br->default_pvid, pvid);
	return 0;

err_back:
	list_for_each_entry_continue_reverse(port, &br->ports, list)
		vbr_vlan_unfollow(br, port, pvid, old);
	vbr_vlan_unfollow(br, NULL, pvid, old);
	return err;
}

/**
 * vbr_vlan_undo_default_pvid_rtnl() - take back the last change of the default
 * @br: the bridge
 * @old: what the default was before
 *
 * Context: RTNL, not released since that change.
 */
void vbr_vlan_undo_default_pvid_rtnl(struct vbr *br, u16 old)
{
	u16 pvid = br->default_pvid;
	struct vbr_port *port;

	ASSERT_RTNL();
	if (pvid == old)
		return;
	list_for_each_entry_reverse(port, &br->ports, list)
		vbr_vlan_unfollow(br, port, pvid, old);
	vbr_vlan_unfollow(br, NULL, pvid, old);
	WRITE_ONCE(br->default_pvid, old);
}

static void vbr_vlan_untell(struct vbr_port *port, __be16 proto, u16 end)
{
	const struct vbr_vlan_set *set = &port->vlans.set;
	u16 vid;

	if (!vbr_vlan_tells(port))
		return;
	for (vid = vbr_vlan_next(set, 0); vid < end;
	     vid = vbr_vlan_next(set, vid + 1))
		vlan_vid_del(port->dev, proto, vid);
}

static int vbr_vlan_tell(struct vbr_port *port, __be16 proto)
{
	const struct vbr_vlan_set *set = &port->vlans.set;
	u16 vid;
	int err;

	if (!vbr_vlan_tells(port))
		return 0;
	for (vid = vbr_vlan_next(set, 0); vid < VLAN_N_VID;
	     vid = vbr_vlan_next(set, vid + 1)) {
		err = vlan_vid_add(port->dev, proto, vid);
		if (err) {
			vbr_vlan_untell(port, proto, vid);
			return err;
		}
	}
	return 0;
}

/**
 * vbr_vlan_set_proto_rtnl() - the kind of tag that names VLANs
 * @br: the bridge
 * @proto: ETH_P_8021Q or ETH_P_8021AD
 *
 * Context: RTNL.
 * Return: 0, or an error of a port's device with nothing changed.
 */
int vbr_vlan_set_proto_rtnl(struct vbr *br, __be16 proto)
{
	__be16 old = br->vlan_proto;
	struct vbr_port *port;
	int err;

	ASSERT_RTNL();
	if (proto == old)
		return 0;
	list_for_each_entry(port, &br->ports, list) {
		err = vbr_vlan_tell(port, proto);
		if (err)
			goto err_back;
	}
	WRITE_ONCE(br->vlan_proto, proto);
	list_for_each_entry(port, &br->ports, list)
		vbr_vlan_untell(port, old, VLAN_N_VID);
	return 0;

err_back:
	list_for_each_entry_continue_reverse(port, &br->ports, list)
		vbr_vlan_untell(port, proto, VLAN_N_VID);
	return err;
}

/**
 * vbr_vlan_set_per_port_rtnl() - let ports have counters of their own, or not
 * @br: the bridge, none of whose ports is in any VLAN
 * @per_port: whether they have
 *
 * Context: RTNL.
 */
void vbr_vlan_set_per_port_rtnl(struct vbr *br, bool per_port)
{
	struct vbr_port *port;

	ASSERT_RTNL();
	WRITE_ONCE(br->vlan_stats_per_port, per_port);
	list_for_each_entry(port, &br->ports, list)
		WRITE_ONCE(port->vlans.counted,
			   per_port ? &port->vlans.own : &br->vlans_seen);
}
