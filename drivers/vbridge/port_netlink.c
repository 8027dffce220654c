// SPDX-License-Identifier: GPL-2.0
/*
 * Ports towards user space: ip link set P type bridge_slave, bridge link.
 */
#include <linux/if_bridge.h>
#include <linux/slab.h>
#include <net/dst_metadata.h>
#include <vnet/nlutil.h>
#include "netlink.h"
#include "vbridge.h"

#define VBR_PORT_READ_ONLY { .type = NLA_REJECT, \
			     .reject_message = "the option can only be read" }

const struct nla_policy vbr_port_policy[VBR_BRPORT_MAX + 1] = {
	[IFLA_BRPORT_UNSPEC]		= { .strict_start_type = 1 },
	[IFLA_BRPORT_STATE]		= { .type = NLA_U8 },
	[IFLA_BRPORT_PRIORITY]		= { .type = NLA_U16 },
	[IFLA_BRPORT_COST]		= { .type = NLA_U32 },
	[IFLA_BRPORT_MODE]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_GUARD]		= { .type = NLA_U8 },
	[IFLA_BRPORT_PROTECT]		= { .type = NLA_U8 },
	[IFLA_BRPORT_FAST_LEAVE]	= { .type = NLA_U8 },
	[IFLA_BRPORT_LEARNING]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_UNICAST_FLOOD]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_PROXYARP]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_LEARNING_SYNC]	= { .type = NLA_U8 },
	[IFLA_BRPORT_PROXYARP_WIFI]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_ROOT_ID]		= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_BRIDGE_ID]		= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_DESIGNATED_PORT]	= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_DESIGNATED_COST]	= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_ID]		= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_NO]		= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_TOPOLOGY_CHANGE_ACK] = VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_CONFIG_PENDING]	= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_MESSAGE_AGE_TIMER]	= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_FORWARD_DELAY_TIMER] = VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_HOLD_TIMER]	= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_FLUSH]		= { .type = NLA_FLAG },
	[IFLA_BRPORT_MULTICAST_ROUTER]	= { .type = NLA_U8 },
	[IFLA_BRPORT_MCAST_FLOOD]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_MCAST_TO_UCAST]	= { .type = NLA_U8 },
	[IFLA_BRPORT_VLAN_TUNNEL]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_BCAST_FLOOD]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_GROUP_FWD_MASK]	= { .type = NLA_U16 },
	[IFLA_BRPORT_NEIGH_SUPPRESS]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_ISOLATED]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_BACKUP_PORT]	= { .type = NLA_U32 },
	[IFLA_BRPORT_MRP_RING_OPEN]	= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_MRP_IN_OPEN]	= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT] = { .type = NLA_U32 },
	[IFLA_BRPORT_MCAST_EHT_HOSTS_CNT] = VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_LOCKED]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_MAB]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_MCAST_N_GROUPS]	= VBR_PORT_READ_ONLY,
	[IFLA_BRPORT_MCAST_MAX_GROUPS]	= { .type = NLA_U32 },
	[IFLA_BRPORT_NEIGH_VLAN_SUPPRESS] = { .type = NLA_U8 },
	[IFLA_BRPORT_BACKUP_NHID]	= { .type = NLA_U32 },
};

#define VBR_NO_STP "this bridge runs no spanning tree: leave the option out or set it to off"
#define VBR_NO_MCAST "this bridge does not snoop multicast: leave the option out or set it to off"

static const struct vbr_unbuilt vbr_port_unbuilt[] = {
	{ IFLA_BRPORT_GUARD, 0, VBR_NO_STP },
	{ IFLA_BRPORT_PROTECT, 0, VBR_NO_STP },
	{ IFLA_BRPORT_FAST_LEAVE, 0, VBR_NO_MCAST },
	{ IFLA_BRPORT_MULTICAST_ROUTER, 0, VBR_NO_MCAST },
	{ IFLA_BRPORT_MCAST_TO_UCAST, 0, VBR_NO_MCAST },
	{ IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT, 0, VBR_NO_MCAST },
	{ IFLA_BRPORT_MCAST_MAX_GROUPS, 0, VBR_NO_MCAST },
	{ IFLA_BRPORT_NEIGH_VLAN_SUPPRESS, 0,
	  "neighbours are answered for in all VLANs of a port or in none: use neigh_suppress" },
	{ IFLA_BRPORT_LEARNING_SYNC, 0,
	  "no switch chip learns for this bridge: leave the option out or set it to off" },
	{ }
};

/* Options that switch one flag of a port. */
static const struct {
	u16 type;
	u32 flag;
} vbr_port_flags[] = {
	{ IFLA_BRPORT_MODE, VBR_PORT_HAIRPIN },
	{ IFLA_BRPORT_LEARNING, VBR_PORT_LEARNING },
	{ IFLA_BRPORT_UNICAST_FLOOD, VBR_PORT_FLOOD },
	{ IFLA_BRPORT_MCAST_FLOOD, VBR_PORT_MCAST_FLOOD },
	{ IFLA_BRPORT_BCAST_FLOOD, VBR_PORT_BCAST_FLOOD },
	{ IFLA_BRPORT_ISOLATED, VBR_PORT_ISOLATED },
	{ IFLA_BRPORT_LOCKED, VBR_PORT_LOCKED },
	{ IFLA_BRPORT_MAB, VBR_PORT_MAB },
	{ IFLA_BRPORT_NEIGH_SUPPRESS, VBR_PORT_SUPPRESS },
	{ IFLA_BRPORT_PROXYARP, VBR_PORT_PROXYARP },
	{ IFLA_BRPORT_PROXYARP_WIFI, VBR_PORT_PROXYARP_WIFI },
	{ IFLA_BRPORT_VLAN_TUNNEL, VBR_PORT_TUNNEL },
};

/**
 * struct vbr_port_config - the options of a port, as they shall be
 * @flags: VBR_PORT_*
 * @group_fwd_mask: link-local groups that are forwarded
 * @state: BR_STATE_*
 * @flush: forget what was learned at the port
 * @cost_by_user: @cost was given
 * @cost: for a spanning tree in user space
 * @priority: likewise
 * @backup: who gets its frames while it has no carrier, or NULL
 * @backup_nhid: the nexthop they leave by there, or 0
 */
struct vbr_port_config {
	bool cost_by_user;
	u32 cost;
	u16 priority;
	struct vbr_port *backup;
	u32 backup_nhid;
	u32 flags;
	u16 group_fwd_mask;
	u8 state;
	bool flush;
};

static int vbr_port_config_parse_state(struct vbr_port_config *cfg,
				       const struct vbr_port *port,
				       const struct nlattr *nla,
				       struct netlink_ext_ack *extack)
{
	cfg->state = nla_get_u8(nla);
	if (cfg->state > BR_STATE_BLOCKING) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the states are disabled, listening, learning, forwarding and blocking, 0 to 4");
		return -EINVAL;
	}
	if (cfg->state != BR_STATE_DISABLED && !port->link_up) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a port whose link, or whose bridge, is down can only be disabled");
		return -ENETDOWN;
	}
	return 0;
}

static int vbr_port_config_parse_tree(struct vbr_port_config *cfg,
				      struct nlattr *tb[],
				      struct netlink_ext_ack *extack)
{
	const struct nlattr *nla = tb[IFLA_BRPORT_COST];

	if (nla) {
		cfg->cost = nla_get_u32(nla);
		cfg->cost_by_user = true;
		if (!cfg->cost || cfg->cost > VBR_PORT_COST_MAX) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "the cost of a port is from 1 to 65535");
			return -ERANGE;
		}
	}
	nla = tb[IFLA_BRPORT_PRIORITY];
	if (nla) {
		cfg->priority = nla_get_u16(nla);
		if (cfg->priority > VBR_PORT_PRIORITY_MAX) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "the priority of a port is from 0 to 63");
			return -ERANGE;
		}
	}
	return 0;
}

static int vbr_port_config_parse_backup(struct vbr_port_config *cfg,
					const struct vbr_port *port,
					const struct nlattr *nla,
					struct netlink_ext_ack *extack)
{
	struct net_device *dev;

	cfg->backup = NULL;
	if (!nla_get_u32(nla))
		return 0;
	dev = __dev_get_by_index(dev_net(port->br->dev), nla_get_u32(nla));
	if (dev)
		cfg->backup = vbr_port_get(dev);
	if (!cfg->backup || cfg->backup->br != port->br) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the backup of a port is another port of its bridge");
		return -EINVAL;
	}
	if (cfg->backup == port) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a port cannot be its own backup");
		return -ELOOP;
	}
	return 0;
}

static int vbr_port_config_parse_nhid(struct vbr_port_config *cfg,
				      const struct nlattr *nla,
				      struct netlink_ext_ack *extack)
{
	cfg->backup_nhid = nla_get_u32(nla);
	if (!cfg->backup_nhid || VNET_COMPAT_TUNNEL_NHID)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, nla,
			    "on this kernel frames cannot name the nexthop of a tunnel: leave backup_nhid out");
	return -EOPNOTSUPP;
}

/*
 * The options of @port changed as the request says; @port stays as it is.
 * @tb reaches up to @maxtype, which on an older core is less than we know.
 */
static int vbr_port_config_parse(struct vbr_port_config *cfg,
				 const struct vbr_port *port,
				 struct nlattr *tb[], int maxtype,
				 struct netlink_ext_ack *extack)
{
	const struct nlattr *nla;
	int i, err;

	cfg->flags = port->flags;
	cfg->group_fwd_mask = port->group_fwd_mask;
	cfg->state = port->state;
	cfg->cost = port->cost;
	cfg->cost_by_user = port->cost_by_user;
	cfg->priority = port->priority;
	cfg->backup = rtnl_dereference(port->backup);
	cfg->backup_nhid = port->backup_nhid;

	err = vbr_nl_refuse_unbuilt(vbr_port_unbuilt, tb, maxtype, extack);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(vbr_port_flags); i++) {
		if (vbr_port_flags[i].type > maxtype)
			continue;
		nla = tb[vbr_port_flags[i].type];
		if (!nla)
			continue;
		cfg->flags &= ~vbr_port_flags[i].flag;
		if (nla_get_u8(nla))
			cfg->flags |= vbr_port_flags[i].flag;
	}
	nla = tb[IFLA_BRPORT_GROUP_FWD_MASK];
	if (nla) {
		cfg->group_fwd_mask = nla_get_u16(nla);
		if (cfg->group_fwd_mask & VBR_PORT_GROUP_FWD_NEVER) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "no bridge forwards pause frames, the mask's bit 1");
			return -EINVAL;
		}
	}
	if ((cfg->flags & VBR_PORT_MAB) &&
	    ~cfg->flags & (VBR_PORT_LOCKED | VBR_PORT_LEARNING)) {
		NL_SET_ERR_MSG(extack,
			       "mab is for locked ports that learn: set both as well, or mab off");
		return -EINVAL;
	}
	err = vbr_port_config_parse_tree(cfg, tb, extack);
	if (err)
		return err;
	if (tb[IFLA_BRPORT_BACKUP_PORT]) {
		err = vbr_port_config_parse_backup(cfg, port,
						   tb[IFLA_BRPORT_BACKUP_PORT],
						   extack);
		if (err)
			return err;
	}
	if (maxtype >= IFLA_BRPORT_BACKUP_NHID && tb[IFLA_BRPORT_BACKUP_NHID]) {
		err = vbr_port_config_parse_nhid(cfg,
						 tb[IFLA_BRPORT_BACKUP_NHID],
						 extack);
		if (err)
			return err;
	}
	nla = tb[IFLA_BRPORT_STATE];
	if (nla) {
		err = vbr_port_config_parse_state(cfg, port, nla, extack);
		if (err)
			return err;
	}
	cfg->flush = nla_get_flag(tb[IFLA_BRPORT_FLUSH]);
	return 0;
}

static void vbr_port_config_apply(struct vbr_port *port,
				  const struct vbr_port_config *cfg)
{
	struct vbr_fdb_match learned = {
		.by_port = true,
		.port = port,
		.mask = VBR_FDB_STATIC | VBR_FDB_EXT_LEARNED,
	};
	struct vbr_fdb_match locked = {
		.by_port = true,
		.port = port,
		.mask = VBR_FDB_LOCKED,
		.flags = VBR_FDB_LOCKED,
	};
	bool no_mab = port->flags & ~cfg->flags & VBR_PORT_MAB;

	vbr_port_set_flags_rtnl(port, cfg->flags);
	WRITE_ONCE(port->cost, cfg->cost);
	port->cost_by_user = cfg->cost_by_user;
	WRITE_ONCE(port->priority, cfg->priority);
	if (!(cfg->flags & VBR_PORT_TUNNEL))
		vbr_tunnels_flush_rtnl(&port->tunnels);
	WRITE_ONCE(port->backup_nhid, cfg->backup_nhid);
	if (cfg->backup != rtnl_dereference(port->backup))
		vbr_port_set_backup_rtnl(port, cfg->backup);
	/* Nobody is asked for them any more. */
	if (no_mab)
		vbr_fdb_flush_rtnl(port->br, &locked);
	WRITE_ONCE(port->group_fwd_mask, cfg->group_fwd_mask);
	if (cfg->state != port->state)
		vbr_port_set_state_rtnl(port, cfg->state);
	if (cfg->flush)
		vbr_fdb_flush_rtnl(port->br, &learned);
}

/**
 * vbr_slave_changelink() - ip link set P type bridge_slave
 * @dev: the bridge device
 * @slave: the port's device
 * @tb: the request's attributes
 * @data: the port's options
 * @extack: gets the sentence of a refusal
 *
 * Context: RTNL.
 * Return: 0 or an error.
 */
int vbr_slave_changelink(struct net_device *dev, struct net_device *slave,
			 struct nlattr *tb[], struct nlattr *data[],
			 struct netlink_ext_ack *extack)
{
	struct vbr_port *port = vbr_port_get(slave);
	struct vbr_port_config cfg = {};
	int err;

	err = vnet_nl_check_info(tb, IFLA_INFO_SLAVE_DATA, vbr_port_policy,
				 vbr_link_ops.slave_maxtype, extack);
	if (err || !data)
		return err;
	err = vbr_port_config_parse(&cfg, port, data,
				    vbr_link_ops.slave_maxtype, extack);
	if (err)
		return err;
	vbr_port_config_apply(port, &cfg);
	/* The core tells of the device; who listens to bridges reads this. */
	vbr_port_notify(port, RTM_NEWLINK);
	return 0;
}

static size_t vbr_port_attrs_size(void)
{
	return nla_total_size(sizeof(u8)) * (1 + ARRAY_SIZE(vbr_port_flags)) +
	       nla_total_size(sizeof(u16)) +	/* IFLA_BRPORT_GROUP_FWD_MASK */
	       nla_total_size(sizeof(u32)) +	/* IFLA_BRPORT_COST */
	       nla_total_size(sizeof(u16)) +	/* IFLA_BRPORT_PRIORITY */
	       nla_total_size(sizeof(u32)) +	/* IFLA_BRPORT_BACKUP_PORT */
	       nla_total_size(sizeof(u32)) +	/* IFLA_BRPORT_BACKUP_NHID */
	       vbr_nl_unbuilt_size(vbr_port_unbuilt, vbr_port_policy);
}

static int vbr_port_put_backup(struct sk_buff *skb, const struct vbr_port *port)
{
	const struct vbr_port *backup;
	int err = 0;

	rcu_read_lock();
	backup = rcu_dereference(port->backup);
	if (backup)
		err = nla_put_u32(skb, IFLA_BRPORT_BACKUP_PORT,
				  backup->dev->ifindex);
	rcu_read_unlock();
	if (!err && READ_ONCE(port->backup_nhid))
		err = nla_put_u32(skb, IFLA_BRPORT_BACKUP_NHID,
				  READ_ONCE(port->backup_nhid));
	return err;
}

static int vbr_port_put_attrs(struct sk_buff *skb, const struct vbr_port *port)
{
	u32 flags = READ_ONCE(port->flags);
	int i;

	if (nla_put_u8(skb, IFLA_BRPORT_STATE, READ_ONCE(port->state)))
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(vbr_port_flags); i++)
		if (nla_put_u8(skb, vbr_port_flags[i].type,
			       !!(flags & vbr_port_flags[i].flag)))
			return -EMSGSIZE;
	if (nla_put_u32(skb, IFLA_BRPORT_COST, READ_ONCE(port->cost)) ||
	    nla_put_u16(skb, IFLA_BRPORT_PRIORITY, READ_ONCE(port->priority)) ||
	    vbr_port_put_backup(skb, port) ||
	    vbr_nl_put_unbuilt(skb, vbr_port_unbuilt, vbr_port_policy))
		return -EMSGSIZE;
	return nla_put_u16(skb, IFLA_BRPORT_GROUP_FWD_MASK,
			   READ_ONCE(port->group_fwd_mask));
}

/**
 * vbr_get_slave_size() - room that vbr_fill_slave_info() needs
 * @dev: the bridge device
 * @slave: the port's device
 *
 * Return: bytes.
 */
size_t vbr_get_slave_size(const struct net_device *dev,
			  const struct net_device *slave)
{
	return vbr_port_attrs_size();
}

/**
 * vbr_fill_slave_info() - ip -d link show P
 * @skb: the message
 * @dev: the bridge device
 * @slave: the port's device
 *
 * Return: 0 or -EMSGSIZE.
 */
int vbr_fill_slave_info(struct sk_buff *skb, const struct net_device *dev,
			const struct net_device *slave)
{
	return vbr_port_put_attrs(skb, vbr_port_get(slave));
}

static size_t vbr_link_msg_size(const struct vbr_vlan_set *vlans,
				const struct vbr_tunnels *tunnels)
{
	return NLMSG_ALIGN(sizeof(struct ifinfomsg)) +
	       nla_total_size(IFNAMSIZ) +		/* IFLA_IFNAME */
	       nla_total_size(sizeof(u32)) +		/* IFLA_MASTER */
	       nla_total_size(sizeof(u32)) +		/* IFLA_MTU */
	       nla_total_size(sizeof(u8)) +		/* IFLA_OPERSTATE */
	       nla_total_size(MAX_ADDR_LEN) +		/* IFLA_ADDRESS */
	       nla_total_size(sizeof(u32)) +		/* IFLA_LINK */
	       nla_total_size(vbr_port_attrs_size()) +	/* IFLA_PROTINFO */
	       vbr_vlan_fill_size(vlans, tunnels);	/* IFLA_AF_SPEC */
}

static int vbr_link_put_dev(struct sk_buff *skb, const struct vbr *br,
			    const struct net_device *dev)
{
	int iflink = dev_get_iflink(dev);
	u8 operstate = netif_running(dev) ? READ_ONCE(dev->operstate) :
					    IF_OPER_DOWN;

	if (nla_put_string(skb, IFLA_IFNAME, dev->name) ||
	    nla_put_u32(skb, IFLA_MASTER, br->dev->ifindex) ||
	    nla_put_u32(skb, IFLA_MTU, READ_ONCE(dev->mtu)) ||
	    nla_put_u8(skb, IFLA_OPERSTATE, operstate) ||
	    nla_put(skb, IFLA_ADDRESS, dev->addr_len, dev->dev_addr) ||
	    (iflink != dev->ifindex && nla_put_u32(skb, IFLA_LINK, iflink)))
		return -EMSGSIZE;
	return 0;
}

/**
 * struct vbr_link_fill - one message about a port or the bridge
 * @portid: receiver
 * @seq: of the request
 * @type: RTM_*
 * @nlflags: NLM_F_*
 * @filter: RTEXT_FILTER_*: with VLANs or without
 */
struct vbr_link_fill {
	u32 portid;
	u32 seq;
	int type;
	int nlflags;
	u32 filter;
};

#define VBR_FILTER_VLANS (RTEXT_FILTER_BRVLAN | RTEXT_FILTER_BRVLAN_COMPRESSED)

static int vbr_link_put(struct sk_buff *skb, const struct vbr *br,
			const struct vbr_port *port,
			const struct vbr_link_fill *how)
{
	const struct vbr_vlan_set *vlans = port ? &port->vlans.set :
						  &br->vlans.set;
	struct nlattr *nest;

	if (vbr_link_put_dev(skb, br, port ? port->dev : br->dev))
		return -EMSGSIZE;
	if (port && how->type == RTM_NEWLINK) {
		nest = nla_nest_start(skb, IFLA_PROTINFO);
		if (!nest || vbr_port_put_attrs(skb, port))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	if (!(how->filter & VBR_FILTER_VLANS))
		return 0;
	return vbr_vlan_fill(skb, vlans, port ? &port->tunnels : NULL,
			     how->filter & RTEXT_FILTER_BRVLAN_COMPRESSED);
}

/*
 * A message of family AF_BRIDGE about a port, as bridge link shows it, or
 * about the bridge itself, whose VLANs bridge vlan shows.
 */
static int vbr_link_fill(struct sk_buff *skb, const struct vbr *br,
			 const struct vbr_port *port,
			 const struct vbr_link_fill *how)
{
	const struct net_device *dev = port ? port->dev : br->dev;
	struct ifinfomsg *hdr;
	struct nlmsghdr *nlh;

	nlh = nlmsg_put(skb, how->portid, how->seq, how->type, sizeof(*hdr),
			how->nlflags);
	if (!nlh)
		return -EMSGSIZE;
	hdr = nlmsg_data(nlh);
	memset(hdr, 0, sizeof(*hdr));
	hdr->ifi_family = AF_BRIDGE;
	hdr->ifi_type = dev->type;
	hdr->ifi_index = dev->ifindex;
	hdr->ifi_flags = netif_get_flags(dev);

	if (vbr_link_put(skb, br, port, how)) {
		nlmsg_cancel(skb, nlh);
		return -EMSGSIZE;
	}
	nlmsg_end(skb, nlh);
	return 0;
}

static void vbr_link_notify(const struct vbr *br, const struct vbr_port *port,
			    int type)
{
	const struct vbr_link_fill how = {
		.type = type,
		.filter = RTEXT_FILTER_BRVLAN_COMPRESSED,
	};
	struct net *net = dev_net(br->dev);
	struct sk_buff *skb;

	skb = nlmsg_new(vbr_link_msg_size(port ? &port->vlans.set :
						 &br->vlans.set,
					  port ? &port->tunnels : NULL),
			GFP_KERNEL);
	if (!skb) {
		rtnl_set_sk_err(net, RTNLGRP_LINK, -ENOBUFS);
		return;
	}
	if (WARN_ON_ONCE(vbr_link_fill(skb, br, port, &how))) {
		kfree_skb(skb);
		return;
	}
	rtnl_notify(skb, net, 0, RTNLGRP_LINK, NULL, GFP_KERNEL);
}

/**
 * vbr_port_notify() - tell listeners about a port
 * @port: the port
 * @type: RTM_NEWLINK or RTM_DELLINK
 *
 * Context: RTNL.
 */
void vbr_port_notify(const struct vbr_port *port, int type)
{
	vbr_link_notify(port->br, port, type);
}

/**
 * vbr_dev_getlink() - ndo_bridge_getlink: bridge link show, bridge vlan show
 * @skb: the message
 * @portid: receiver
 * @seq: of the request
 * @dev: a device whose master is the bridge, or the bridge device, which has
 *	something to say where VLANs are asked for
 * @filter_mask: RTEXT_FILTER_*
 * @nlflags: NLM_F_*
 *
 * Context: RTNL or RCU.
 * Return: 0 or -EMSGSIZE.
 */
int vbr_dev_getlink(struct sk_buff *skb, u32 portid, u32 seq,
		    struct net_device *dev, u32 filter_mask, int nlflags)
{
	const struct vbr_port *port = vbr_port_get(dev);
	const struct vbr_link_fill how = {
		.portid = portid,
		.seq = seq,
		.type = RTM_NEWLINK,
		.nlflags = nlflags,
		.filter = filter_mask,
	};

	if (port)
		return vbr_link_fill(skb, port->br, port, &how);
	/* A bridge may be stacked on by what is a port of another. */
	if (dev->netdev_ops != &vbr_netdev_ops ||
	    !(filter_mask & VBR_FILTER_VLANS))
		return 0;
	return vbr_link_fill(skb, netdev_priv(dev), NULL, &how);
}

/* What a request for changes of a port, or of the bridge, comes down to. */
struct vbr_link_change {
	struct vbr *br;
	struct vbr_port *port;
	struct vbr_vlan_set *vlans;
	struct vbr_tunnel_plan *tunnels;
	struct vbr_port_config *cfg;
};

static int vbr_link_parse_port(struct vbr_link_change *change,
			       struct vbr_port_config *cfg,
			       const struct nlattr *info,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[VBR_BRPORT_MAX + 1] = {};
	int err;

	if (!info)
		return 0;
	if (!change->port) {
		NL_SET_ERR_MSG(extack,
			       "these are options of a port, and the device is none");
		return -EINVAL;
	}
	if (!(info->nla_type & NLA_F_NESTED) && nla_len(info) == sizeof(u8)) {
		/* The state alone: daemons of a spanning tree send that. */
		tb[IFLA_BRPORT_STATE] = (struct nlattr *)info;
	} else {
		err = nla_parse_nested(tb, VBR_BRPORT_MAX, info,
				       vbr_port_policy, extack);
		if (err)
			return err;
	}
	change->cfg = cfg;
	return vbr_port_config_parse(cfg, change->port, tb, VBR_BRPORT_MAX,
				     extack);
}

static int vbr_link_parse_tunnels(struct vbr_link_change *change,
				  const struct nlattr *afspec, bool del,
				  struct netlink_ext_ack *extack)
{
	struct vbr_tunnel_plan *plan;
	u32 flags = 0;

	plan = vbr_tunnel_parse(change->vlans, afspec, del, extack);
	if (IS_ERR_OR_NULL(plan))
		return PTR_ERR_OR_ZERO(plan);
	change->tunnels = plan;
	if (change->port)
		flags = change->cfg ? change->cfg->flags : change->port->flags;
	if (!(flags & VBR_PORT_TUNNEL)) {
		NL_SET_ERR_MSG(extack,
			       "VLANs can be tunnels at a port that is told so: set vlan_tunnel on first");
		return -EINVAL;
	}
	return 0;
}

static int vbr_link_parse_vlans(struct vbr_link_change *change,
				const struct nlattr *afspec, bool del,
				struct netlink_ext_ack *extack)
{
	if (!afspec)
		return 0;
	change->vlans = kmemdup(change->port ? &change->port->vlans.set :
					       &change->br->vlans.set,
				sizeof(*change->vlans), GFP_KERNEL);
	if (!change->vlans)
		return -ENOMEM;
	return vbr_vlan_parse(change->vlans, afspec, del, extack) ?:
	       vbr_link_parse_tunnels(change, afspec, del, extack);
}

static bool vbr_link_other_vlans(const struct vbr_link_change *change)
{
	const struct vbr_vlan_set *now = change->port ?
					 &change->port->vlans.set :
					 &change->br->vlans.set;

	return change->vlans &&
	       (change->vlans->pvid != now->pvid ||
		memcmp(change->vlans->words, now->words, sizeof(now->words)));
}

static int vbr_link_apply(const struct vbr_link_change *change,
			  struct netlink_ext_ack *extack)
{
	bool told = change->cfg || change->tunnels ||
		    vbr_link_other_vlans(change);
	struct vbr_port *port = change->port;
	int err;

	if (change->tunnels) {
		err = vbr_tunnel_begin_rtnl(&port->tunnels, change->tunnels,
					    extack);
		if (err)
			return err;
	}
	if (change->vlans) {
		err = vbr_vlan_commit_rtnl(change->br, port, change->vlans);
		if (err) {
			if (change->tunnels)
				vbr_tunnel_undo_rtnl(&port->tunnels,
						     change->tunnels);
			NL_SET_ERR_MSG(extack,
				       "no memory for another VLAN, or the port's device refuses it");
			return err;
		}
	}
	if (change->cfg)
		vbr_port_config_apply(port, change->cfg);
	/* Whoever adds a VLAN that is there has changed nothing. */
	if (told)
		vbr_link_notify(change->br, port, RTM_NEWLINK);
	return 0;
}

static int vbr_link_change(struct net_device *dev, const struct nlmsghdr *nlh,
			   bool del, struct netlink_ext_ack *extack)
{
	struct vbr_link_change change = { .port = vbr_port_get(dev) };
	struct vbr_port_config cfg = {};
	const struct nlattr *info = NULL;
	int err;

	change.br = change.port ? change.port->br : netdev_priv(dev);
	if (!del)
		info = nlmsg_find_attr(nlh, sizeof(struct ifinfomsg),
				       IFLA_PROTINFO);
	err = vbr_link_parse_port(&change, &cfg, info, extack) ?:
	      vbr_link_parse_vlans(&change,
				   nlmsg_find_attr(nlh, sizeof(struct ifinfomsg),
						   IFLA_AF_SPEC), del, extack) ?:
	      vbr_link_apply(&change, extack);
	vbr_tunnel_plan_free(change.tunnels);
	kfree(change.vlans);
	return err;
}

/**
 * vbr_dev_setlink() - ndo_bridge_setlink: bridge link set, bridge vlan add
 * @dev: a device whose master is the bridge, or the bridge device
 * @nlh: the request
 * @flags: BRIDGE_FLAGS_*
 * @extack: gets the sentence of a refusal
 *
 * Context: RTNL.
 * Return: 0 or an error.
 */
int vbr_dev_setlink(struct net_device *dev, struct nlmsghdr *nlh, u16 flags,
		    struct netlink_ext_ack *extack)
{
	return vbr_link_change(dev, nlh, false, extack);
}

/**
 * vbr_dev_dellink() - ndo_bridge_dellink: bridge vlan del
 * @dev: a device whose master is the bridge, or the bridge device
 * @nlh: the request
 * @flags: BRIDGE_FLAGS_*
 *
 * Context: RTNL.
 * Return: 0 or an error; there is no place for a sentence.
 */
int vbr_dev_dellink(struct net_device *dev, struct nlmsghdr *nlh, u16 flags)
{
	return vbr_link_change(dev, nlh, true, NULL);
}
