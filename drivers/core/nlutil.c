// SPDX-License-Identifier: GPL-2.0
/*
 * rtnetlink helpers shared by the suite's drivers.
 */
#include <linux/if_link.h>
#include <linux/module.h>
#include <net/net_namespace.h>
#include <vnet/nlutil.h>

/**
 * vnet_nl_check_info() - refuse link attributes that a kind does not know
 * @tb: the link message's attributes, indexed by IFLA_*
 * @which: IFLA_INFO_DATA or IFLA_INFO_SLAVE_DATA
 * @policy: the kind's policy; a type without an entry is unknown
 * @maxtype: last index of @policy
 * @extack: gets the sentence
 *
 * The core parses both nests leniently: a type beyond @maxtype is skipped
 * and one without a policy is let through. An option that is skipped looks
 * accepted to the user, so it is an error here.
 *
 * Context: RTNL.
 * Return: 0, or -EINVAL where an attribute is unknown or the nest has a
 * remainder that is no attribute.
 */
int vnet_nl_check_info(struct nlattr *tb[], int which,
		       const struct nla_policy *policy, int maxtype,
		       struct netlink_ext_ack *extack)
{
	const struct nlattr *info = NULL, *nla;
	int rem;

	if (!tb[IFLA_LINKINFO])
		return 0;
	nla_for_each_nested(nla, tb[IFLA_LINKINFO], rem)
		if (nla_type(nla) == which)
			info = nla;
	if (!info)
		return 0;

	nla_for_each_nested(nla, info, rem) {
		int type = nla_type(nla);

		if (type > maxtype ||
		    (!policy[type].type && !policy[type].len)) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "this kind of device has no such option");
			return -EINVAL;
		}
	}
	if (rem) {
		NL_SET_ERR_MSG_ATTR(extack, info,
				    "the options end in the middle of an attribute");
		return -EINVAL;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vnet_nl_check_info);

/* Known since Linux 6.3; before that the core has no use for them. */
#define VNET_IFLA_GSO_IPV4_MAX_SIZE 63
#define VNET_IFLA_GRO_IPV4_MAX_SIZE 64

/* Whether the second end of a pair gets that when it is made, as others do. */
static bool vnet_nl_peer_takes(int type)
{
	switch (type) {
	case IFLA_IFNAME:
	case IFLA_ADDRESS:
	case IFLA_BROADCAST:
	case IFLA_MTU:
	case IFLA_TXQLEN:
	case IFLA_OPERSTATE:
	case IFLA_LINKMODE:
	case IFLA_GROUP:
	case IFLA_NUM_TX_QUEUES:
	case IFLA_NUM_RX_QUEUES:
	case IFLA_GSO_MAX_SIZE:
	case IFLA_GSO_MAX_SEGS:
	case IFLA_GRO_MAX_SIZE:
	case IFLA_NET_NS_PID:
	case IFLA_NET_NS_FD:
		return true;
	case VNET_IFLA_GSO_IPV4_MAX_SIZE:
	case VNET_IFLA_GRO_IPV4_MAX_SIZE:
		return type <= IFLA_MAX;
	default:
		return false;
	}
}

/*
 * What makes the two a pair is said once, and what the core does for a device
 * behind newlink it does for the first end alone: here it would be passed over.
 */
static int vnet_nl_peer_whole(const struct nlattr *peer,
			      struct netlink_ext_ack *extack)
{
	const struct nlattr *nla;
	int rem;

	nla_for_each_attr(nla, nla_data(peer) + sizeof(struct ifinfomsg),
			  nla_len(peer) - (int)sizeof(struct ifinfomsg), rem) {
		if (nla_type(nla) == IFLA_LINKINFO) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "the kind and the options of a pair are those of both ends: leave them out for the peer");
			return -EINVAL;
		}
		if (!vnet_nl_peer_takes(nla_type(nla))) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "the peer is not given this when it is made: set it afterwards, where it can be set (ip link set)");
			return -EINVAL;
		}
	}
	return 0;
}

/**
 * vnet_nl_peer_parse() - what newlink of a kind that comes in pairs is to know
 *	of the second end
 * @cfg: gets it; zeroed
 * @dev: the first end, which has its name
 * @params: the request
 * @attr: the attribute of IFLA_INFO_DATA that is the part for the second end
 * @validate: the kind's rtnl_link_ops validate
 * @extack: gets the sentence
 *
 * An end without a name gets one of the kind's.
 *
 * Context: RTNL.
 * Return: 0 or an error, with a sentence.
 */
int vnet_nl_peer_parse(struct vnet_nl_peer *cfg, const struct net_device *dev,
		       const struct rtnl_newlink_params *params, int attr,
		       int (*validate)(struct nlattr *tb[],
				       struct nlattr *data[],
				       struct netlink_ext_ack *extack),
		       struct netlink_ext_ack *extack)
{
	struct nlattr *nla = params->data ? params->data[attr] : NULL;
	int err;

	cfg->net = rtnl_newlink_peer_net(params);
	cfg->tb = params->tb;
	if (nla) {
		err = rtnl_nla_parse_ifinfomsg(cfg->parsed, nla, extack);
		if (err < 0)
			return err;
		cfg->ifmp = nla_data(nla);
		cfg->tb = cfg->parsed;
		err = vnet_nl_peer_whole(nla, extack) ?:
		      validate(cfg->tb, NULL, extack);
		if (err)
			return err;
	}
	if (!ns_capable(cfg->net->user_ns, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(extack,
			       "no right to make a device in the peer's network namespace");
		return -EPERM;
	}

	if (!cfg->ifmp || !cfg->tb[IFLA_IFNAME]) {
		snprintf(cfg->ifname, IFNAMSIZ, "%s%%d",
			 dev->rtnl_link_ops->kind);
		cfg->name_assign_type = NET_NAME_ENUM;
		return 0;
	}
	nla_strscpy(cfg->ifname, cfg->tb[IFLA_IFNAME], IFNAMSIZ);
	cfg->name_assign_type = NET_NAME_USER;
	/* A pattern becomes a name that is free. */
	if (strchr(cfg->ifname, '%'))
		return 0;
	if (net_eq(cfg->net, dev_net(dev)) && !strcmp(cfg->ifname, dev->name)) {
		NL_SET_ERR_MSG_ATTR(extack, cfg->tb[IFLA_IFNAME],
				    "the two ends of a pair cannot have one name");
		return -EEXIST;
	}
	if (netdev_name_in_use(cfg->net, cfg->ifname)) {
		NL_SET_ERR_MSG_ATTR(extack, cfg->tb[IFLA_IFNAME],
				    "the peer's namespace has a device of that name");
		return -EEXIST;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vnet_nl_peer_parse);
