// SPDX-License-Identifier: GPL-2.0
/*
 * ip link ... type vbridge: the options of the bridge, in the in-tree
 * bridge's attributes, so that its parsers and printers serve both.
 */
#include <linux/etherdevice.h>
#include <linux/if_bridge.h>
#include <linux/jiffies.h>
#include <vnet/nlutil.h>
#include "netlink.h"
#include "vbridge.h"

/*
 * The group of the bridges' own protocols; those of service VLANs have one of
 * their own, as they carry that of their customers.
 */
static void vbr_group_addr(u8 *addr, bool provider)
{
	static const u8 group[ETH_ALEN] = { 0x01, 0x80, 0xc2 };

	ether_addr_copy(addr, group);
	if (provider)
		addr[5] = 0x08;
}

/* The highest option known here. */
#define VBR_BR_MAX IFLA_BR_FDB_MAX_LEARNED

#define VBR_READ_ONLY { .type = NLA_REJECT, \
			.reject_message = "the option can only be read" }

static const struct nla_policy vbr_policy[VBR_BR_MAX + 1] = {
	[IFLA_BR_UNSPEC]		= { .strict_start_type = 1 },
	[IFLA_BR_FORWARD_DELAY]		= { .type = NLA_U32 },
	[IFLA_BR_HELLO_TIME]		= { .type = NLA_U32 },
	[IFLA_BR_MAX_AGE]		= { .type = NLA_U32 },
	[IFLA_BR_AGEING_TIME]		= { .type = NLA_U32 },
	[IFLA_BR_STP_STATE]		= { .type = NLA_U32 },
	[IFLA_BR_PRIORITY]		= { .type = NLA_U16 },
	[IFLA_BR_VLAN_FILTERING]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BR_VLAN_PROTOCOL]		= { .type = NLA_U16 },
	[IFLA_BR_GROUP_FWD_MASK]	= { .type = NLA_U16 },
	[IFLA_BR_ROOT_ID]		= VBR_READ_ONLY,
	[IFLA_BR_BRIDGE_ID]		= VBR_READ_ONLY,
	[IFLA_BR_ROOT_PORT]		= VBR_READ_ONLY,
	[IFLA_BR_ROOT_PATH_COST]	= VBR_READ_ONLY,
	[IFLA_BR_TOPOLOGY_CHANGE]	= VBR_READ_ONLY,
	[IFLA_BR_TOPOLOGY_CHANGE_DETECTED] = VBR_READ_ONLY,
	[IFLA_BR_HELLO_TIMER]		= VBR_READ_ONLY,
	[IFLA_BR_TCN_TIMER]		= VBR_READ_ONLY,
	[IFLA_BR_TOPOLOGY_CHANGE_TIMER]	= VBR_READ_ONLY,
	[IFLA_BR_GC_TIMER]		= VBR_READ_ONLY,
	[IFLA_BR_GROUP_ADDR]		= NLA_POLICY_EXACT_LEN(ETH_ALEN),
	[IFLA_BR_FDB_FLUSH]		= { .type = NLA_FLAG },
	[IFLA_BR_MCAST_ROUTER]		= { .type = NLA_U8 },
	[IFLA_BR_MCAST_SNOOPING]	= { .type = NLA_U8 },
	[IFLA_BR_MCAST_QUERY_USE_IFADDR] = { .type = NLA_U8 },
	[IFLA_BR_MCAST_QUERIER]		= { .type = NLA_U8 },
	[IFLA_BR_MCAST_HASH_ELASTICITY]	= { .type = NLA_U32 },
	[IFLA_BR_MCAST_HASH_MAX]	= { .type = NLA_U32 },
	[IFLA_BR_MCAST_LAST_MEMBER_CNT]	= { .type = NLA_U32 },
	[IFLA_BR_MCAST_STARTUP_QUERY_CNT] = { .type = NLA_U32 },
	[IFLA_BR_MCAST_LAST_MEMBER_INTVL] = { .type = NLA_U64 },
	[IFLA_BR_MCAST_MEMBERSHIP_INTVL] = { .type = NLA_U64 },
	[IFLA_BR_MCAST_QUERIER_INTVL]	= { .type = NLA_U64 },
	[IFLA_BR_MCAST_QUERY_INTVL]	= { .type = NLA_U64 },
	[IFLA_BR_MCAST_QUERY_RESPONSE_INTVL] = { .type = NLA_U64 },
	[IFLA_BR_MCAST_STARTUP_QUERY_INTVL] = { .type = NLA_U64 },
	[IFLA_BR_NF_CALL_IPTABLES]	= { .type = NLA_U8 },
	[IFLA_BR_NF_CALL_IP6TABLES]	= { .type = NLA_U8 },
	[IFLA_BR_NF_CALL_ARPTABLES]	= { .type = NLA_U8 },
	[IFLA_BR_VLAN_DEFAULT_PVID]	= { .type = NLA_U16 },
	[IFLA_BR_VLAN_STATS_ENABLED]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BR_MCAST_STATS_ENABLED]	= { .type = NLA_U8 },
	[IFLA_BR_MCAST_IGMP_VERSION]	= { .type = NLA_U8 },
	[IFLA_BR_MCAST_MLD_VERSION]	= { .type = NLA_U8 },
	[IFLA_BR_VLAN_STATS_PER_PORT]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BR_MULTI_BOOLOPT]		=
		NLA_POLICY_EXACT_LEN(sizeof(struct br_boolopt_multi)),
	[IFLA_BR_MCAST_QUERIER_STATE]	= VBR_READ_ONLY,
	[IFLA_BR_FDB_N_LEARNED]		= VBR_READ_ONLY,
	[IFLA_BR_FDB_MAX_LEARNED]	= { .type = NLA_U32 },
};

#define VBR_NO_STP "this bridge runs no spanning tree: leave the option out or set it to 0"
#define VBR_NO_MCAST "this bridge does not snoop multicast: leave the option out or set it to 0"
#define VBR_NO_NF "bridged frames do not pass iptables here, use nft with a netdev table: leave the option out or set it to 0"

/*
 * The bridge's priority, its delay and the two times of a spanning tree are
 * taken: as long as that is off, they mean nothing to any bridge, and scripts
 * give them with no thought of it.
 */
static const struct vbr_unbuilt vbr_unbuilt[] = {
	{ IFLA_BR_STP_STATE, 0, VBR_NO_STP },
	{ IFLA_BR_MCAST_ROUTER, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_SNOOPING, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_QUERY_USE_IFADDR, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_QUERIER, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_HASH_ELASTICITY, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_HASH_MAX, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_LAST_MEMBER_CNT, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_STARTUP_QUERY_CNT, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_LAST_MEMBER_INTVL, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_MEMBERSHIP_INTVL, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_QUERIER_INTVL, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_QUERY_INTVL, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_STARTUP_QUERY_INTVL, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_STATS_ENABLED, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_IGMP_VERSION, 0, VBR_NO_MCAST },
	{ IFLA_BR_MCAST_MLD_VERSION, 0, VBR_NO_MCAST },
	{ IFLA_BR_NF_CALL_IPTABLES, 0, VBR_NO_NF },
	{ IFLA_BR_NF_CALL_IP6TABLES, 0, VBR_NO_NF },
	{ IFLA_BR_NF_CALL_ARPTABLES, 0, VBR_NO_NF },
	{ }
};

static u64 vbr_nl_get_uint(const struct nlattr *nla)
{
	switch (nla_len(nla)) {
	case sizeof(u8):
		return nla_get_u8(nla);
	case sizeof(u16):
		return nla_get_u16(nla);
	case sizeof(u32):
		return nla_get_u32(nla);
	default:
		return nla_get_u64(nla);
	}
}

/**
 * vbr_nl_refuse_unbuilt() - refuse options whose work is not done here
 * @list: those options
 * @tb: the request's attributes, of the lengths that the policy demands
 * @maxtype: the last index of @tb
 * @extack: gets the sentence
 *
 * Return: 0 where none is given or all are off, else -EOPNOTSUPP.
 */
int vbr_nl_refuse_unbuilt(const struct vbr_unbuilt *list, struct nlattr *tb[],
			  int maxtype, struct netlink_ext_ack *extack)
{
	for (; list->type; list++) {
		const struct nlattr *nla;

		if (list->type > maxtype)
			continue;
		nla = tb[list->type];
		if (!nla || vbr_nl_get_uint(nla) == list->off)
			continue;
		/* The macro for sentences takes only literal ones. */
		if (extack) {
			extack->_msg = list->why;
			extack->bad_attr = nla;
		}
		return -EOPNOTSUPP;
	}
	return 0;
}

static size_t vbr_nl_unbuilt_len(const struct nla_policy *policy)
{
	return policy->type == NLA_U8 ? sizeof(u8) :
	       policy->type == NLA_U16 ? sizeof(u16) :
	       policy->type == NLA_U32 ? sizeof(u32) : 0;
}

/**
 * vbr_nl_unbuilt_size() - room that vbr_nl_put_unbuilt() needs
 * @list: options whose work is not done here
 * @policy: of the options
 *
 * Return: bytes.
 */
size_t vbr_nl_unbuilt_size(const struct vbr_unbuilt *list,
			   const struct nla_policy *policy)
{
	size_t size = 0;

	for (; list->type; list++) {
		size_t len = vbr_nl_unbuilt_len(&policy[list->type]);

		if (len && !list->off)
			size += nla_total_size(len);
	}
	return size;
}

/**
 * vbr_nl_put_unbuilt() - say of options whose work is not done that they are off
 * @skb: the message
 * @list: those options
 * @policy: of the options; times, of eight bytes, are left out
 *
 * Programs look for them, and take what is missing for an older kernel.
 *
 * Return: 0 or -EMSGSIZE.
 */
int vbr_nl_put_unbuilt(struct sk_buff *skb, const struct vbr_unbuilt *list,
		       const struct nla_policy *policy)
{
	static const u32 off;

	for (; list->type; list++) {
		size_t len = vbr_nl_unbuilt_len(&policy[list->type]);

		if (len && !list->off && nla_put(skb, list->type, len, &off))
			return -EMSGSIZE;
	}
	return 0;
}

/**
 * struct vbr_config - the options of a bridge, as they shall be
 * @ageing_time: in jiffies
 * @fdb_max_learned: 0 for no limit
 * @fdb_max_learned_port: likewise, for each port
 * @group_fwd_mask: link-local groups that are forwarded
 * @no_ll_learn: do not learn from link-local frames
 * @flush: forget all learned addresses
 * @vlan_filtering: keep frames within their VLANs
 * @vlan_stats: count by VLAN
 * @vlan_stats_per_port: with counters of their own for ports
 * @default_pvid: the VLAN a new port is in, 0 for none
 * @vlan_proto: the tags that name VLANs
 */
struct vbr_config {
	unsigned long ageing_time;
	u32 fdb_max_learned;
	u32 fdb_max_learned_port;
	u16 group_fwd_mask;
	bool no_ll_learn;
	bool flush;
	bool vlan_filtering;
	bool vlan_stats;
	bool vlan_stats_per_port;
	u16 default_pvid;
	__be16 vlan_proto;
};

/* The VLANs have been parsed: they decide what the group's address is. */
static int vbr_config_parse_group(struct vbr_config *cfg,
				  struct nlattr *data[],
				  struct netlink_ext_ack *extack)
{
	const struct nlattr *nla = data[IFLA_BR_GROUP_FWD_MASK];
	u8 group[ETH_ALEN];
	bool provider;

	if (nla) {
		cfg->group_fwd_mask = nla_get_u16(nla);
		if (cfg->group_fwd_mask & VBR_GROUP_FWD_NEVER) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "no bridge forwards the groups of the mask's lowest three bits");
			return -EINVAL;
		}
	}
	provider = cfg->vlan_filtering &&
		   cfg->vlan_proto == htons(ETH_P_8021AD);
	vbr_group_addr(group, provider);
	nla = data[IFLA_BR_GROUP_ADDR];
	if (nla && !ether_addr_equal(nla_data(nla), group)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "this bridge runs no spanning tree: its group address is always 01:80:c2:00:00:00, or :08 with VLANs of 802.1ad");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int vbr_config_parse_boolopt(struct vbr_config *cfg,
				    struct nlattr *data[],
				    struct netlink_ext_ack *extack)
{
	const struct nlattr *nla = data[IFLA_BR_MULTI_BOOLOPT];
	const struct br_boolopt_multi *opt;

	if (!nla)
		return 0;
	opt = nla_data(nla);
	if (opt->optval & opt->optmask & ~BIT(BR_BOOLOPT_NO_LL_LEARN)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "of the options that are on or off, this bridge has only no_linklocal_learn");
		return -EOPNOTSUPP;
	}
	if (opt->optmask & BIT(BR_BOOLOPT_NO_LL_LEARN))
		cfg->no_ll_learn = opt->optval & BIT(BR_BOOLOPT_NO_LL_LEARN);
	return 0;
}

static bool vbr_has_port_vlans(const struct vbr *br)
{
	struct vbr_port *port;

	list_for_each_entry(port, &br->ports, list)
		if (vbr_vlan_next(&port->vlans.set, 0) < VLAN_N_VID)
			return true;
	return false;
}

static int vbr_config_parse_vlan(struct vbr_config *cfg, const struct vbr *br,
				 struct nlattr *data[],
				 struct netlink_ext_ack *extack)
{
	const struct nlattr *nla;

	if (data[IFLA_BR_VLAN_FILTERING])
		cfg->vlan_filtering = nla_get_u8(data[IFLA_BR_VLAN_FILTERING]);
	if (data[IFLA_BR_VLAN_STATS_ENABLED])
		cfg->vlan_stats = nla_get_u8(data[IFLA_BR_VLAN_STATS_ENABLED]);
	nla = data[IFLA_BR_VLAN_PROTOCOL];
	if (nla) {
		cfg->vlan_proto = nla_get_be16(nla);
		if (!eth_type_vlan(cfg->vlan_proto)) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "the tags that name VLANs are 802.1Q or 802.1ad");
			return -EPROTONOSUPPORT;
		}
	}
	nla = data[IFLA_BR_VLAN_DEFAULT_PVID];
	if (nla) {
		cfg->default_pvid = nla_get_u16(nla);
		if (cfg->default_pvid >= VLAN_VID_MASK) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "the default pvid is a VLAN from 1 to 4094, or 0 for none");
			return -EINVAL;
		}
	}
	nla = data[IFLA_BR_VLAN_STATS_PER_PORT];
	if (nla) {
		cfg->vlan_stats_per_port = nla_get_u8(nla);
		if (cfg->vlan_stats_per_port != br->vlan_stats_per_port &&
		    vbr_has_port_vlans(br)) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "ports are in VLANs already, whose counters cannot be taken from them: set it before there are ports");
			return -EBUSY;
		}
	}
	return 0;
}

/* The options of @br changed as the request says; @br stays as it is. */
static int vbr_config_parse(struct vbr_config *cfg, const struct vbr *br,
			    struct nlattr *data[],
			    struct netlink_ext_ack *extack)
{
	int err;

	cfg->ageing_time = br->ageing_time;
	cfg->fdb_max_learned = br->fdb_max_learned;
	cfg->fdb_max_learned_port = br->fdb_max_learned_port;
	cfg->group_fwd_mask = br->group_fwd_mask;
	cfg->no_ll_learn = br->no_ll_learn;
	cfg->vlan_filtering = br->vlan_filtering;
	cfg->vlan_stats = br->vlan_stats;
	cfg->vlan_stats_per_port = br->vlan_stats_per_port;
	cfg->default_pvid = br->default_pvid;
	cfg->vlan_proto = br->vlan_proto;
	if (!data)
		return 0;

	err = vbr_nl_refuse_unbuilt(vbr_unbuilt, data, VBR_BR_MAX, extack);
	if (err)
		return err;
	err = vbr_config_parse_vlan(cfg, br, data, extack);
	if (err)
		return err;
	err = vbr_config_parse_group(cfg, data, extack);
	if (err)
		return err;
	err = vbr_config_parse_boolopt(cfg, data, extack);
	if (err)
		return err;
	if (data[IFLA_BR_AGEING_TIME])
		cfg->ageing_time =
			clock_t_to_jiffies(nla_get_u32(data[IFLA_BR_AGEING_TIME]));
	if (data[IFLA_BR_FDB_MAX_LEARNED]) {
		cfg->fdb_max_learned =
			nla_get_u32(data[IFLA_BR_FDB_MAX_LEARNED]);
		/* Whoever says how many does not say that of a port. */
		cfg->fdb_max_learned_port = 0;
	}
	cfg->flush = nla_get_flag(data[IFLA_BR_FDB_FLUSH]);
	return 0;
}

/* What of a change can fail for want of memory or because of a port's device. */
static int vbr_config_apply_vlan(struct vbr *br, const struct vbr_config *cfg)
{
	bool old_per_port = br->vlan_stats_per_port;
	u16 old_pvid = br->default_pvid;
	int err;

	/* A VLAN that ports are put into next is counted as it says. */
	if (cfg->vlan_stats_per_port != old_per_port)
		vbr_vlan_set_per_port_rtnl(br, cfg->vlan_stats_per_port);
	err = vbr_vlan_set_default_pvid_rtnl(br, cfg->default_pvid);
	if (err)
		goto err_per_port;
	err = vbr_vlan_set_proto_rtnl(br, cfg->vlan_proto);
	if (err)
		goto err_pvid;
	return 0;

err_pvid:
	vbr_vlan_undo_default_pvid_rtnl(br, old_pvid);
err_per_port:
	if (cfg->vlan_stats_per_port != old_per_port)
		vbr_vlan_set_per_port_rtnl(br, old_per_port);
	return err;
}

static int vbr_config_apply(struct vbr *br, const struct vbr_config *cfg,
			    struct netlink_ext_ack *extack)
{
	static const struct vbr_fdb_match not_static = {
		.mask = VBR_FDB_STATIC,
	};
	bool other_age = cfg->ageing_time != br->ageing_time;
	bool other_vlans = cfg->vlan_filtering != br->vlan_filtering ||
			   cfg->vlan_proto != br->vlan_proto;
	int err;

	err = vbr_config_apply_vlan(br, cfg);
	if (err) {
		NL_SET_ERR_MSG(extack,
			       "no memory for another VLAN, or a port's device refuses it");
		return err;
	}
	WRITE_ONCE(br->vlan_filtering, cfg->vlan_filtering);
	vbr_set_special_rtnl(br);
	WRITE_ONCE(br->vlan_stats, cfg->vlan_stats);
	WRITE_ONCE(br->ageing_time, cfg->ageing_time);
	WRITE_ONCE(br->fdb_max_learned, cfg->fdb_max_learned);
	WRITE_ONCE(br->fdb_max_learned_port, cfg->fdb_max_learned_port);
	WRITE_ONCE(br->group_fwd_mask, cfg->group_fwd_mask);
	WRITE_ONCE(br->no_ll_learn, cfg->no_ll_learn);
	vbr_crossings_end(br);
	if (other_vlans)
		vbr_stations_left_rtnl(br, NULL);
	if (other_age && netif_running(br->dev))
		vbr_fdb_age_now(br);
	if (cfg->flush)
		vbr_fdb_flush_rtnl(br, &not_static);
	return 0;
}

static int vbr_validate(struct nlattr *tb[], struct nlattr *data[],
			struct netlink_ext_ack *extack)
{
	const struct nlattr *nla = tb[IFLA_ADDRESS];

	if (nla && nla_len(nla) != ETH_ALEN) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a link address has six bytes");
		return -EINVAL;
	}
	if (nla && !is_valid_ether_addr(nla_data(nla))) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the link address is multicast or all zero");
		return -EADDRNOTAVAIL;
	}
	return vnet_nl_check_info(tb, IFLA_INFO_DATA, vbr_policy, VBR_BR_MAX,
				  extack);
}

/* The ports go first: each holds the bridge by the link to its master. */
static void vbr_dellink(struct net_device *dev, struct list_head *head)
{
	struct vbr *br = netdev_priv(dev);
	struct vbr_port *port, *next;

	list_for_each_entry_safe(port, next, &br->ports, list)
		vbr_port_release_rtnl(port);
	unregister_netdevice_queue(dev, head);
}

static int vbr_newlink(struct net_device *dev,
		       struct rtnl_newlink_params *params,
		       struct netlink_ext_ack *extack)
{
	struct vbr *br = netdev_priv(dev);
	struct vbr_config cfg = {};
	int err;

	err = vbr_config_parse(&cfg, br, params->data, extack);
	if (err)
		return err;
	br->mtu_by_user = params->tb[IFLA_MTU];
	err = register_netdevice(dev);
	if (err)
		return err;
	/* Only now, as listeners are told the device's index. */
	err = vbr_fdb_add_local_rtnl(br, NULL, dev->dev_addr);
	if (!err)
		err = vbr_config_apply(br, &cfg, extack);
	if (err)
		vbr_dellink(dev, NULL);
	return err;
}

VNET_DEFINE_NEWLINK(vbr_newlink)

static int vbr_changelink(struct net_device *dev, struct nlattr *tb[],
			  struct nlattr *data[],
			  struct netlink_ext_ack *extack)
{
	struct vbr *br = netdev_priv(dev);
	struct vbr_config cfg = {};
	int err;

	err = vbr_config_parse(&cfg, br, data, extack);
	if (err)
		return err;
	return vbr_config_apply(br, &cfg, extack);
}

static size_t vbr_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(u32)) +	/* IFLA_BR_AGEING_TIME */
	       nla_total_size(sizeof(u8)) +	/* IFLA_BR_VLAN_FILTERING */
	       nla_total_size(sizeof(u16)) +	/* IFLA_BR_VLAN_PROTOCOL */
	       nla_total_size(sizeof(u16)) +	/* IFLA_BR_VLAN_DEFAULT_PVID */
	       nla_total_size(sizeof(u8)) +	/* IFLA_BR_VLAN_STATS_ENABLED */
	       nla_total_size(sizeof(u8)) +	/* IFLA_BR_VLAN_STATS_PER_PORT */
	       nla_total_size(sizeof(u16)) +	/* IFLA_BR_GROUP_FWD_MASK */
	       nla_total_size(ETH_ALEN) +	/* IFLA_BR_GROUP_ADDR */
	       nla_total_size(sizeof(struct br_boolopt_multi)) +
	       nla_total_size(sizeof(u32)) +	/* IFLA_BR_FDB_N_LEARNED */
	       nla_total_size(sizeof(u32)) +	/* IFLA_BR_FDB_MAX_LEARNED */
	       vbr_nl_unbuilt_size(vbr_unbuilt, vbr_policy);
}

static int vbr_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct vbr *br = netdev_priv(dev);
	struct br_boolopt_multi opt = {
		.optval = READ_ONCE(br->no_ll_learn) ?
			  BIT(BR_BOOLOPT_NO_LL_LEARN) : 0,
		.optmask = BIT(BR_BOOLOPT_NO_LL_LEARN),
	};
	u8 group[ETH_ALEN];

	vbr_group_addr(group, vbr_is_provider(br));
	if (nla_put_u32(skb, IFLA_BR_AGEING_TIME,
			jiffies_to_clock_t(READ_ONCE(br->ageing_time))) ||
	    nla_put_u8(skb, IFLA_BR_VLAN_FILTERING,
		       READ_ONCE(br->vlan_filtering)) ||
	    nla_put_be16(skb, IFLA_BR_VLAN_PROTOCOL,
			 READ_ONCE(br->vlan_proto)) ||
	    nla_put_u16(skb, IFLA_BR_VLAN_DEFAULT_PVID,
			READ_ONCE(br->default_pvid)) ||
	    nla_put_u8(skb, IFLA_BR_VLAN_STATS_ENABLED,
		       READ_ONCE(br->vlan_stats)) ||
	    nla_put_u8(skb, IFLA_BR_VLAN_STATS_PER_PORT,
		       READ_ONCE(br->vlan_stats_per_port)) ||
	    nla_put_u16(skb, IFLA_BR_GROUP_FWD_MASK,
			READ_ONCE(br->group_fwd_mask)) ||
	    nla_put(skb, IFLA_BR_GROUP_ADDR, ETH_ALEN, group) ||
	    nla_put(skb, IFLA_BR_MULTI_BOOLOPT, sizeof(opt), &opt) ||
	    nla_put_u32(skb, IFLA_BR_FDB_N_LEARNED,
			READ_ONCE(br->n_learned)) ||
	    nla_put_u32(skb, IFLA_BR_FDB_MAX_LEARNED,
			READ_ONCE(br->fdb_max_learned)))
		return -EMSGSIZE;
	return vbr_nl_put_unbuilt(skb, vbr_unbuilt, vbr_policy);
}

struct rtnl_link_ops vbr_link_ops = {
	.kind			= "vbridge",
	.priv_size		= sizeof(struct vbr),
	.setup			= vbr_setup,
	.maxtype		= VBR_BR_MAX,
	.policy			= vbr_policy,
	.validate		= vbr_validate,
	.newlink		= VNET_NEWLINK(vbr_newlink),
	.changelink		= vbr_changelink,
	.dellink		= vbr_dellink,
	.get_size		= vbr_get_size,
	.fill_info		= vbr_fill_info,
	.get_linkxstats_size	= vbr_get_linkxstats_size,
	.fill_linkxstats	= vbr_fill_linkxstats,

	.slave_maxtype		= VNET_COMPAT_BRPORT_ROOM,
	.slave_policy		= vbr_port_policy,
	.slave_changelink	= vbr_slave_changelink,
	.get_slave_size		= vbr_get_slave_size,
	.fill_slave_info	= vbr_fill_slave_info,
};
