// SPDX-License-Identifier: GPL-2.0
/*
 * Tunnels towards user space: bridge vlan add dev P vid V tunnel_info id N,
 * bridge vlan tunnelshow.
 */
#include <linux/bitmap.h>
#include <linux/if_bridge.h>
#include <linux/slab.h>
#include <net/netlink.h>
#include "vbridge.h"

/**
 * struct vbr_tunnel_plan - what a request wants done to a port's tunnels
 * @del: the VLANs shall be no tunnels any more, else they shall be
 * @vids: the VLANs
 * @ids: the IDs of the tunnels, by VLAN
 */
struct vbr_tunnel_plan {
	bool del;
	DECLARE_BITMAP(vids, VLAN_N_VID);
	u32 ids[VLAN_N_VID];
};

/* One attribute of it. */
struct vbr_tunnel_info {
	u32 id;
	u16 vid;
	u16 flags;
};

#define VBR_TUNNEL_RANGE (BRIDGE_VLAN_INFO_RANGE_BEGIN | \
			  BRIDGE_VLAN_INFO_RANGE_END)

static const struct nla_policy
vbr_tunnel_policy[IFLA_BRIDGE_VLAN_TUNNEL_MAX + 1] = {
	[IFLA_BRIDGE_VLAN_TUNNEL_UNSPEC] = { .strict_start_type = 1 },
	[IFLA_BRIDGE_VLAN_TUNNEL_ID]	= NLA_POLICY_MIN(NLA_U32, 1),
	[IFLA_BRIDGE_VLAN_TUNNEL_VID]	= NLA_POLICY_RANGE(NLA_U16, 1,
							   VLAN_N_VID - 2),
	[IFLA_BRIDGE_VLAN_TUNNEL_FLAGS]	= NLA_POLICY_MASK(NLA_U16,
							  VBR_TUNNEL_RANGE),
};

static int vbr_tunnel_parse_info(struct vbr_tunnel_info *info,
				 const struct nlattr *nla,
				 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[IFLA_BRIDGE_VLAN_TUNNEL_MAX + 1];
	int err;

	/* Stock tools leave the flag of a nest out. */
	err = __nla_parse(tb, IFLA_BRIDGE_VLAN_TUNNEL_MAX, nla_data(nla),
			  nla_len(nla), vbr_tunnel_policy, NL_VALIDATE_STRICT,
			  extack);
	if (err)
		return err;
	if (!tb[IFLA_BRIDGE_VLAN_TUNNEL_ID] ||
	    !tb[IFLA_BRIDGE_VLAN_TUNNEL_VID]) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a tunnel is given with its ID and its VLAN");
		return -EINVAL;
	}
	info->id = nla_get_u32(tb[IFLA_BRIDGE_VLAN_TUNNEL_ID]);
	info->vid = nla_get_u16(tb[IFLA_BRIDGE_VLAN_TUNNEL_VID]);
	info->flags = 0;
	if (tb[IFLA_BRIDGE_VLAN_TUNNEL_FLAGS])
		info->flags = nla_get_u16(tb[IFLA_BRIDGE_VLAN_TUNNEL_FLAGS]);
	if (info->flags == VBR_TUNNEL_RANGE) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a range of tunnels has a begin and an end of its own");
		return -EINVAL;
	}
	return 0;
}

static int vbr_tunnel_check_range(const struct vbr_tunnel_info *begin,
				  const struct vbr_tunnel_info *end,
				  const struct nlattr *nla,
				  struct netlink_ext_ack *extack)
{
	if (!(end->flags & BRIDGE_VLAN_INFO_RANGE_END)) {
		if (!begin->vid)
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the end of the range of tunnels is missing");
		return -EINVAL;
	}
	if (!begin->vid || end->vid <= begin->vid) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a range of tunnels begins at the lower VLAN");
		return -EINVAL;
	}
	if (end->id <= begin->id ||
	    end->id - begin->id != end->vid - begin->vid) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a range has as many tunnels as VLANs");
		return -EINVAL;
	}
	return 0;
}

/* From the first to the last of a range, or one alone. */
static int vbr_tunnel_plan_range(struct vbr_tunnel_plan *plan,
				 const struct vbr_vlan_set *vlans,
				 const struct vbr_tunnel_info *begin,
				 const struct vbr_tunnel_info *end,
				 const struct nlattr *nla,
				 struct netlink_ext_ack *extack)
{
	u32 id = begin->id;
	u16 vid;

	for (vid = begin->vid; vid <= end->vid; vid++, id++) {
		if (!plan->del && !vbr_vlan_has(vlans, vid)) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "the port is not in the VLAN that shall be a tunnel");
			return -EINVAL;
		}
		if (!plan->del && test_bit(vid, plan->vids) &&
		    plan->ids[vid] != id) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "a VLAN is one tunnel, not two");
			return -EINVAL;
		}
		__set_bit(vid, plan->vids);
		plan->ids[vid] = id;
	}
	return 0;
}

static int vbr_tunnel_parse_all(struct vbr_tunnel_plan *plan,
				const struct vbr_vlan_set *vlans,
				const struct nlattr *afspec,
				struct netlink_ext_ack *extack)
{
	struct vbr_tunnel_info begin = {}, info;
	const struct nlattr *nla;
	int rem, err;

	nla_for_each_nested(nla, afspec, rem) {
		if (nla_type(nla) != IFLA_BRIDGE_VLAN_TUNNEL_INFO)
			continue;
		err = vbr_tunnel_parse_info(&info, nla, extack) ?:
		      vbr_tunnel_check_range(&begin, &info, nla, extack);
		if (err)
			return err;
		if (info.flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) {
			begin = info;
			continue;
		}
		err = vbr_tunnel_plan_range(plan, vlans,
					    begin.vid ? &begin : &info, &info,
					    nla, extack);
		if (err)
			return err;
		begin.vid = 0;
	}
	if (begin.vid) {
		NL_SET_ERR_MSG(extack,
			       "the end of the range of tunnels is missing");
		return -EINVAL;
	}
	return 0;
}

static bool vbr_tunnel_are_meant(const struct nlattr *afspec)
{
	const struct nlattr *nla;
	int rem;

	nla_for_each_nested(nla, afspec, rem)
		if (nla_type(nla) == IFLA_BRIDGE_VLAN_TUNNEL_INFO)
			return true;
	return false;
}

/**
 * vbr_tunnel_parse() - what a request wants done to a port's tunnels
 * @vlans: the VLANs that the port will be in
 * @afspec: the request's IFLA_AF_SPEC
 * @del: the tunnels shall go
 * @extack: gets the sentence of a refusal
 *
 * Deleting what is not there is no error, and nobody asks for its ID, as with
 * the in-tree bridge.
 *
 * Return: the plan, for vbr_tunnel_plan_free(); NULL where the request is not
 *	about tunnels; or an error.
 */
struct vbr_tunnel_plan *vbr_tunnel_parse(const struct vbr_vlan_set *vlans,
					 const struct nlattr *afspec, bool del,
					 struct netlink_ext_ack *extack)
{
	struct vbr_tunnel_plan *plan;
	int err;

	if (!vbr_tunnel_are_meant(afspec))
		return NULL;
	plan = kvzalloc(sizeof(*plan), GFP_KERNEL);
	if (!plan)
		return ERR_PTR(-ENOMEM);
	plan->del = del;
	err = vbr_tunnel_parse_all(plan, vlans, afspec, extack);
	if (err) {
		kvfree(plan);
		return ERR_PTR(err);
	}
	return plan;
}

/**
 * vbr_tunnel_plan_free() - forget a plan
 * @plan: the plan, or NULL
 */
void vbr_tunnel_plan_free(struct vbr_tunnel_plan *plan)
{
	kvfree(plan);
}

static void vbr_tunnel_explain(int err, struct netlink_ext_ack *extack)
{
	if (err == -EEXIST)
		NL_SET_ERR_MSG(extack,
			       "the VLAN is another tunnel already: delete that first");
	else if (err == -EBUSY)
		NL_SET_ERR_MSG(extack,
			       "another VLAN of the port is this tunnel already");
	else
		NL_SET_ERR_MSG(extack, "no memory for another tunnel");
}

/* Those of the plan's below @end. */
static void vbr_tunnel_del_planned(struct vbr_tunnels *tunnels,
				   const struct vbr_tunnel_plan *plan,
				   unsigned int end)
{
	unsigned int vid;

	for_each_set_bit(vid, plan->vids, end)
		vbr_tunnel_del_rtnl(tunnels, vid);
}

/**
 * vbr_tunnel_begin_rtnl() - do to a port's tunnels what was asked for
 * @tunnels: the port's
 * @plan: what that is; afterwards, those of it that vbr_tunnel_undo_rtnl()
 *	would undo
 * @extack: gets the sentence of a refusal
 *
 * Context: RTNL.
 * Return: 0, or an error with nothing changed.
 */
int vbr_tunnel_begin_rtnl(struct vbr_tunnels *tunnels,
			  struct vbr_tunnel_plan *plan,
			  struct netlink_ext_ack *extack)
{
	unsigned int vid;
	int err;

	if (plan->del) {
		vbr_tunnel_del_planned(tunnels, plan, VLAN_N_VID);
		return 0;
	}
	for_each_set_bit(vid, plan->vids, VLAN_N_VID) {
		err = vbr_tunnel_add_rtnl(tunnels, vid, plan->ids[vid]);
		if (err == -EALREADY) {
			__clear_bit(vid, plan->vids);
		} else if (err) {
			vbr_tunnel_explain(err, extack);
			vbr_tunnel_del_planned(tunnels, plan, vid);
			return err;
		}
	}
	return 0;
}

/**
 * vbr_tunnel_undo_rtnl() - take back what vbr_tunnel_begin_rtnl() has done
 * @tunnels: the port's
 * @plan: what that was
 *
 * Nothing that follows the deletion of tunnels can fail.
 *
 * Context: RTNL.
 */
void vbr_tunnel_undo_rtnl(struct vbr_tunnels *tunnels,
			  const struct vbr_tunnel_plan *plan)
{
	if (!WARN_ON_ONCE(plan->del))
		vbr_tunnel_del_planned(tunnels, plan, VLAN_N_VID);
}

/*
 * The next range of tunnels whose VLANs and IDs follow each other, after the
 * VLAN @end->vid; false where there is none.
 */
static bool vbr_tunnel_next(const struct vbr_tunnels *tunnels,
			    struct vbr_tunnel_info *begin,
			    struct vbr_tunnel_info *end)
{
	struct xarray *by_vid = (struct xarray *)&tunnels->by_vid;
	const struct vbr_tunnel *tunnel;
	unsigned long vid;

	begin->vid = 0;
	xa_for_each_start(by_vid, vid, tunnel, end->vid + 1) {
		if (!begin->vid) {
			begin->vid = vid;
			begin->id = tunnel->id;
		} else if (vid != end->vid + 1 || tunnel->id - 1 != end->id) {
			break;
		}
		end->vid = vid;
		end->id = tunnel->id;
	}
	return begin->vid;
}

static size_t vbr_tunnel_info_size(void)
{
	return nla_total_size(nla_total_size(sizeof(u32)) +
			      2 * nla_total_size(sizeof(u16)));
}

/**
 * vbr_tunnel_fill_size() - room that vbr_tunnel_fill() needs
 * @tunnels: a port's
 *
 * Context: RTNL or RCU read section.
 * Return: bytes.
 */
size_t vbr_tunnel_fill_size(const struct vbr_tunnels *tunnels)
{
	struct vbr_tunnel_info begin, end = {};
	size_t n = 0;

	while (vbr_tunnel_next(tunnels, &begin, &end))
		n += begin.vid == end.vid ? 1 : 2;
	return n * vbr_tunnel_info_size();
}

static int vbr_tunnel_put(struct sk_buff *skb,
			  const struct vbr_tunnel_info *info, u16 flags)
{
	struct nlattr *nest;

	nest = nla_nest_start_noflag(skb, IFLA_BRIDGE_VLAN_TUNNEL_INFO);
	if (!nest ||
	    nla_put_u32(skb, IFLA_BRIDGE_VLAN_TUNNEL_ID, info->id) ||
	    nla_put_u16(skb, IFLA_BRIDGE_VLAN_TUNNEL_VID, info->vid) ||
	    nla_put_u16(skb, IFLA_BRIDGE_VLAN_TUNNEL_FLAGS, flags))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * vbr_tunnel_fill() - emit a port's tunnels into IFLA_AF_SPEC
 * @skb: the message
 * @tunnels: the port's
 *
 * As ranges where there are some; whoever asks for tunnels knows ranges.
 *
 * Context: RTNL or RCU read section.
 * Return: 0 or -EMSGSIZE.
 */
int vbr_tunnel_fill(struct sk_buff *skb, const struct vbr_tunnels *tunnels)
{
	struct vbr_tunnel_info begin, end = {};
	int err = 0;

	while (!err && vbr_tunnel_next(tunnels, &begin, &end)) {
		if (begin.vid == end.vid) {
			err = vbr_tunnel_put(skb, &begin, 0);
			continue;
		}
		err = vbr_tunnel_put(skb, &begin,
				     BRIDGE_VLAN_INFO_RANGE_BEGIN) ?:
		      vbr_tunnel_put(skb, &end, BRIDGE_VLAN_INFO_RANGE_END);
	}
	return err;
}
