// SPDX-License-Identifier: GPL-2.0
/*
 * VLANs towards user space: bridge vlan, with -s as well.
 */
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include "netlink.h"
#include "vbridge.h"

#define VBR_VLAN_FLAGS (BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED | \
			BRIDGE_VLAN_INFO_RANGE_BEGIN | \
			BRIDGE_VLAN_INFO_RANGE_END | BRIDGE_VLAN_INFO_BRENTRY)
#define VBR_VLAN_RANGE (BRIDGE_VLAN_INFO_RANGE_BEGIN | \
			BRIDGE_VLAN_INFO_RANGE_END)

static int vbr_vlan_check_info(const struct nlattr *nla,
			       struct netlink_ext_ack *extack)
{
	const struct bridge_vlan_info *info = nla_data(nla);

	if (nla_len(nla) != sizeof(*info)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a VLAN is given with its flags in four bytes");
		return -EINVAL;
	}
	if (!info->vid || info->vid >= VLAN_VID_MASK) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the VLANs are 1 to 4094");
		return -EINVAL;
	}
	if (info->flags & BRIDGE_VLAN_INFO_MASTER) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the bridge itself is put into a VLAN by a request of its own: dev BRIDGE self");
		return -EOPNOTSUPP;
	}
	if (info->flags & ~VBR_VLAN_FLAGS) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a VLAN can be the pvid and untagged, nothing else");
		return -EINVAL;
	}
	if ((info->flags & VBR_VLAN_RANGE) == VBR_VLAN_RANGE) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a range of VLANs has a begin and an end of its own");
		return -EINVAL;
	}
	if ((info->flags & VBR_VLAN_RANGE) &&
	    (info->flags & BRIDGE_VLAN_INFO_PVID)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a range of VLANs cannot be the pvid");
		return -EINVAL;
	}
	return 0;
}

static int vbr_vlan_check_range(const struct nlattr *nla, u16 begin,
				u16 begin_flags,
				struct netlink_ext_ack *extack)
{
	const struct bridge_vlan_info *info = nla_data(nla);

	if (!(info->flags & BRIDGE_VLAN_INFO_RANGE_END)) {
		if (!begin)
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the end of the range of VLANs is missing");
		return -EINVAL;
	}
	if (!begin || info->vid <= begin) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a range of VLANs begins at the lower one");
		return -EINVAL;
	}
	if ((info->flags ^ begin_flags) & ~VBR_VLAN_RANGE) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the VLANs of a range all have the same flags");
		return -EINVAL;
	}
	return 0;
}

static void vbr_vlan_change(struct vbr_vlan_set *set, bool del, u16 begin,
			    const struct bridge_vlan_info *info)
{
	u16 vid;

	for (vid = begin; vid <= info->vid; vid++) {
		if (del)
			vbr_vlan_del(set, vid);
		else
			vbr_vlan_add(set, vid,
				     info->flags & BRIDGE_VLAN_INFO_PVID,
				     info->flags & BRIDGE_VLAN_INFO_UNTAGGED);
	}
}

static int vbr_vlan_check_type(const struct nlattr *nla,
			       struct netlink_ext_ack *extack)
{
	switch (nla_type(nla)) {
	case IFLA_BRIDGE_FLAGS:
	case IFLA_BRIDGE_VLAN_INFO:
	case IFLA_BRIDGE_VLAN_TUNNEL_INFO:
		return 0;
	case IFLA_BRIDGE_MODE:
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "this bridge has no hardware to set a mode of");
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "of VLANs, this bridge knows which there are, which is the pvid, which are untagged and which are tunnels");
		break;
	}
	return -EOPNOTSUPP;
}

/**
 * vbr_vlan_parse() - what a request wants done to a set of VLANs
 * @set: the set, not in use; changed as asked for
 * @afspec: the request's IFLA_AF_SPEC
 * @del: the VLANs shall go
 * @extack: gets the sentence of a refusal
 *
 * Deleting what is not there is no error, as with the in-tree bridge. Tunnels
 * are for vbr_tunnel_parse().
 *
 * Return: 0 or an error.
 */
int vbr_vlan_parse(struct vbr_vlan_set *set, const struct nlattr *afspec,
		   bool del, struct netlink_ext_ack *extack)
{
	u16 begin = 0, begin_flags = 0;
	const struct nlattr *nla;
	int rem, err;

	nla_for_each_nested(nla, afspec, rem) {
		const struct bridge_vlan_info *info;

		err = vbr_vlan_check_type(nla, extack);
		if (err)
			return err;
		if (nla_type(nla) != IFLA_BRIDGE_VLAN_INFO)
			continue;
		err = vbr_vlan_check_info(nla, extack) ?:
		      vbr_vlan_check_range(nla, begin, begin_flags, extack);
		if (err)
			return err;
		info = nla_data(nla);
		if (info->flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) {
			begin = info->vid;
			begin_flags = info->flags;
			continue;
		}
		vbr_vlan_change(set, del, begin ?: info->vid, info);
		begin = 0;
	}
	if (begin) {
		NL_SET_ERR_MSG(extack,
			       "the end of the range of VLANs is missing");
		return -EINVAL;
	}
	return 0;
}

static u16 vbr_vlan_info_flags(const struct vbr_vlan_set *set, u16 vid)
{
	return (vbr_vlan_untags(set, vid) ? BRIDGE_VLAN_INFO_UNTAGGED : 0) |
	       (READ_ONCE(set->pvid) == vid ? BRIDGE_VLAN_INFO_PVID : 0);
}

static int vbr_vlan_put_info(struct sk_buff *skb, u16 vid, u16 flags)
{
	struct bridge_vlan_info info = { .flags = flags, .vid = vid };

	return nla_put(skb, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
}

static int vbr_vlan_put_range(struct sk_buff *skb, u16 begin, u16 end,
			      u16 flags)
{
	if (begin == end)
		return vbr_vlan_put_info(skb, begin, flags);
	return vbr_vlan_put_info(skb, begin,
				 flags | BRIDGE_VLAN_INFO_RANGE_BEGIN) ?:
	       vbr_vlan_put_info(skb, end,
				 flags | BRIDGE_VLAN_INFO_RANGE_END);
}

/* The last VLAN of those that follow @vid, all with its flags. */
static u16 vbr_vlan_range_end(const struct vbr_vlan_set *set, u16 vid,
			      u16 flags)
{
	while (vid + 1 < VLAN_N_VID && vbr_vlan_has(set, vid + 1) &&
	       vbr_vlan_info_flags(set, vid + 1) == flags)
		vid++;
	return vid;
}

/**
 * vbr_vlan_fill_size() - room that vbr_vlan_fill() needs at most
 * @set: the VLANs
 * @tunnels: which of them are tunnels, or NULL
 *
 * Return: bytes.
 */
size_t vbr_vlan_fill_size(const struct vbr_vlan_set *set,
			  const struct vbr_tunnels *tunnels)
{
	size_t n = 0;
	u16 vid;

	for (vid = vbr_vlan_next(set, 0); vid < VLAN_N_VID;
	     vid = vbr_vlan_next(set, vid + 1))
		n++;
	return nla_total_size(0) +
	       n * nla_total_size(sizeof(struct bridge_vlan_info)) +
	       (tunnels ? vbr_tunnel_fill_size(tunnels) : 0);
}

/**
 * vbr_vlan_fill() - emit a set of VLANs as IFLA_AF_SPEC
 * @skb: the message
 * @set: the VLANs
 * @tunnels: which of them are tunnels, or NULL
 * @ranges: as ranges where there are some
 *
 * Return: 0 or -EMSGSIZE.
 */
int vbr_vlan_fill(struct sk_buff *skb, const struct vbr_vlan_set *set,
		  const struct vbr_tunnels *tunnels, bool ranges)
{
	struct nlattr *nest;
	u16 vid, end, flags;

	vid = vbr_vlan_next(set, 0);
	if (vid == VLAN_N_VID)
		return 0;
	nest = nla_nest_start_noflag(skb, IFLA_AF_SPEC);
	if (!nest)
		return -EMSGSIZE;
	for (; vid < VLAN_N_VID; vid = vbr_vlan_next(set, end + 1)) {
		flags = vbr_vlan_info_flags(set, vid);
		/* The pvid stands alone, whose flags no other can have. */
		end = ranges ? vbr_vlan_range_end(set, vid, flags) : vid;
		if (vbr_vlan_put_range(skb, vid, end, flags))
			return -EMSGSIZE;
	}
	if (tunnels && vbr_tunnel_fill(skb, tunnels))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int vbr_vlan_put_entry(struct sk_buff *skb, u16 begin, u16 end,
			      u16 flags, int type)
{
	struct bridge_vlan_info info = { .flags = flags, .vid = begin };
	struct nlattr *nest = nla_nest_start(skb, BRIDGE_VLANDB_ENTRY);

	if (!nest ||
	    nla_put(skb, BRIDGE_VLANDB_ENTRY_INFO, sizeof(info), &info) ||
	    (end > begin && nla_put_u16(skb, BRIDGE_VLANDB_ENTRY_RANGE, end)))
		return -EMSGSIZE;
	/* No VLAN has a state of its own. */
	if (type == RTM_NEWVLAN && nla_put_u8(skb, BRIDGE_VLANDB_ENTRY_STATE,
					      BR_STATE_FORWARDING))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int vbr_vlan_fill_msg(struct sk_buff *skb, const struct net_device *dev,
			     u16 begin, u16 end, u16 flags, int type)
{
	struct br_vlan_msg *hdr;
	struct nlmsghdr *nlh;

	nlh = nlmsg_put(skb, 0, 0, type, sizeof(*hdr), 0);
	if (!nlh)
		return -EMSGSIZE;
	hdr = nlmsg_data(nlh);
	memset(hdr, 0, sizeof(*hdr));
	hdr->family = AF_BRIDGE;
	hdr->ifindex = dev->ifindex;
	if (vbr_vlan_put_entry(skb, begin, end, flags, type))
		return -EMSGSIZE;
	nlmsg_end(skb, nlh);
	return 0;
}

static void vbr_vlan_notify(const struct net_device *dev, u16 begin, u16 end,
			    u16 flags, int type)
{
	struct net *net = dev_net(dev);
	struct sk_buff *skb;

	skb = nlmsg_new(NLMSG_ALIGN(sizeof(struct br_vlan_msg)) +
			nla_total_size(0) +	/* BRIDGE_VLANDB_ENTRY */
			nla_total_size(sizeof(struct bridge_vlan_info)) +
			nla_total_size(sizeof(u16)) +	/* _RANGE */
			nla_total_size(sizeof(u8)),	/* _STATE */
			GFP_KERNEL);
	if (!skb) {
		rtnl_set_sk_err(net, RTNLGRP_BRVLAN, -ENOBUFS);
		return;
	}
	if (WARN_ON_ONCE(vbr_vlan_fill_msg(skb, dev, begin, end, flags,
					   type))) {
		kfree_skb(skb);
		return;
	}
	rtnl_notify(skb, net, 0, RTNLGRP_BRVLAN, NULL, GFP_KERNEL);
}

/* The last of those that follow each other from @vid on, with its flags. */
static u16 vbr_vlan_run_end(const struct vbr_vlan_set *set,
			    const unsigned long *vids, u16 vid, u16 flags)
{
	while (vid + 1 < VLAN_N_VID && test_bit(vid + 1, vids) &&
	       (!set || vbr_vlan_info_flags(set, vid + 1) == flags))
		vid++;
	return vid;
}

/**
 * vbr_vlan_notify_rtnl() - tell listeners of VLANs that came, changed or went
 * @dev: the port's device, or the bridge's
 * @vids: which VLANs
 * @set: what they are now; NULL for those that went
 *
 * With a message for each run of them that are the same.
 *
 * Context: RTNL.
 */
void vbr_vlan_notify_rtnl(const struct net_device *dev,
			  const unsigned long *vids,
			  const struct vbr_vlan_set *set)
{
	int type = set ? RTM_NEWVLAN : RTM_DELVLAN;
	u16 vid, end, flags = 0;

	ASSERT_RTNL();
	/* A device that is being made has no index yet, and nobody knows it. */
	if (dev->reg_state == NETREG_UNINITIALIZED ||
	    !netlink_has_listeners(dev_net(dev)->rtnl, RTNLGRP_BRVLAN))
		return;
	for (vid = find_first_bit(vids, VLAN_N_VID); vid < VLAN_N_VID;
	     vid = find_next_bit(vids, VLAN_N_VID, end + 1)) {
		if (set)
			flags = vbr_vlan_info_flags(set, vid);
		end = vbr_vlan_run_end(set, vids, vid, flags);
		vbr_vlan_notify(dev, vid, end, flags, type);
	}
}

/* All VLANs there are, for the bridge; for a port, those it is in. */
static const struct vbr_vlan *vbr_vlan_stats_next(const struct vbr *br,
						  const struct vbr_port *port,
						  unsigned long *vid)
{
	const struct xarray *seen = &br->vlans_seen;

	if (!port)
		return xa_find((struct xarray *)seen, vid, ULONG_MAX,
			       XA_PRESENT);
	*vid = vbr_vlan_next(&port->vlans.set, *vid);
	return *vid < VLAN_N_VID ? xa_load(port->vlans.counted, *vid) : NULL;
}

/* The bridge that a device is, or is a port of. */
static const struct vbr *vbr_of(const struct net_device *dev,
				const struct vbr_port **port)
{
	*port = vbr_port_get(dev);
	return *port ? (*port)->br : netdev_priv(dev);
}

/**
 * vbr_get_linkxstats_size() - room that vbr_fill_linkxstats() needs
 * @dev: the bridge device, or the device of a port
 * @attr: IFLA_STATS_LINK_XSTATS, or _SLAVE for a port
 *
 * Context: RTNL.
 * Return: bytes.
 */
size_t vbr_get_linkxstats_size(const struct net_device *dev, int attr)
{
	const struct vbr_port *port;
	const struct vbr *br = vbr_of(dev, &port);
	unsigned long vid = 0;
	size_t n = 0;

	while (vbr_vlan_stats_next(br, port, &vid)) {
		n++;
		vid++;
	}
	return nla_total_size(0) +
	       n * nla_total_size(sizeof(struct bridge_vlan_xstats));
}

/**
 * vbr_fill_linkxstats() - bridge -s vlan show
 * @skb: the message
 * @dev: the bridge device, or the device of a port
 * @prividx: where the last message ended; 0 at first, and when it is done
 * @attr: IFLA_STATS_LINK_XSTATS, or _SLAVE for a port
 *
 * Context: RTNL.
 * Return: 0, or -EMSGSIZE where the message is full.
 */
int vbr_fill_linkxstats(struct sk_buff *skb, const struct net_device *dev,
			int *prividx, int attr)
{
	unsigned long vid = *prividx;
	const struct vbr_vlan *vlan;
	const struct vbr_port *port;
	const struct vbr *br = vbr_of(dev, &port);
	const struct vbr_vlan_set *set = port ? &port->vlans.set :
						&br->vlans.set;
	struct nlattr *nest;

	nest = nla_nest_start_noflag(skb, LINK_XSTATS_TYPE_BRIDGE);
	if (!nest)
		return -EMSGSIZE;
	for (; (vlan = vbr_vlan_stats_next(br, port, &vid)); vid++) {
		struct bridge_vlan_xstats stats = {
			.vid = vid,
			.flags = vbr_vlan_info_flags(set, vid),
		};

		vbr_vlan_read(vlan, &stats);
		if (nla_put(skb, BRIDGE_XSTATS_VLAN, sizeof(stats), &stats)) {
			nla_nest_end(skb, nest);
			*prividx = vid;
			return -EMSGSIZE;
		}
	}
	nla_nest_end(skb, nest);
	*prividx = 0;
	return 0;
}
