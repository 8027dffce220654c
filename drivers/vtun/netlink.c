// SPDX-License-Identifier: GPL-2.0
/*
 * ip link add ... type vtun: a device that programs attach to later.
 */
#include <linux/etherdevice.h>
#include <linux/if_link.h>
#include <linux/security.h>
#include <net/rtnetlink.h>
#include <vnet/nlutil.h>
#include <vnet/vtun.h>
#include "vtun.h"

static const struct nla_policy vtun_policy[VTUN_INFO_MAX + 1] = {
	[IFLA_TUN_UNSPEC]	= { .strict_start_type = IFLA_TUN_OWNER },
	[IFLA_TUN_OWNER]	= { .type = NLA_U32 },
	[IFLA_TUN_GROUP]	= { .type = NLA_U32 },
	[IFLA_TUN_TYPE]		= NLA_POLICY_RANGE(NLA_U8, IFF_TUN, IFF_TAP),
	[IFLA_TUN_PI]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_TUN_VNET_HDR]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_TUN_PERSIST]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_TUN_MULTI_QUEUE]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_TUN_NUM_QUEUES]	= { .type = NLA_REJECT },
	[IFLA_TUN_NUM_DISABLED_QUEUES] = { .type = NLA_REJECT },
	[VTUN_INFO_VNET_HDR_SZ]	= NLA_POLICY_MIN(NLA_S32, sizeof(struct virtio_net_hdr)),
};

/* Longer ones than this nobody has, and each frame would have to be. */
#define VTUN_VNET_HDR_SZ_MAX 4096

static int vtun_validate(struct nlattr *tb[], struct nlattr *data[],
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
	return vnet_nl_check_info(tb, IFLA_INFO_DATA, vtun_policy,
				  VTUN_INFO_MAX, extack);
}

/**
 * struct vtun_config - what a request says of a device
 * @flags: IFF_TUN or IFF_TAP, VTUN_DEV_FLAGS, IFF_PERSIST
 * @owner: who may attach, or INVALID_UID
 * @group: who may attach, or INVALID_GID
 * @vnet_hdr_sz: bytes of the virtio_net_hdr
 */
struct vtun_config {
	unsigned int flags;
	kuid_t owner;
	kgid_t group;
	int vnet_hdr_sz;
};

static void vtun_parse_flag(struct nlattr *nla, unsigned int flag, bool inverse,
			    unsigned int *flags)
{
	if (!nla)
		return;
	if (nla_get_u8(nla) != inverse)
		*flags |= flag;
	else
		*flags &= ~flag;
}

/* Numbers are those of the caller's user namespace. */
static int vtun_parse_ids(struct nlattr *data[], struct vtun_config *cfg,
			  struct netlink_ext_ack *extack)
{
	if (data[IFLA_TUN_OWNER]) {
		cfg->owner = make_kuid(current_user_ns(),
				       nla_get_u32(data[IFLA_TUN_OWNER]));
		if (!uid_valid(cfg->owner)) {
			NL_SET_ERR_MSG_ATTR(extack, data[IFLA_TUN_OWNER],
					    "there is no such user in your user namespace");
			return -EINVAL;
		}
	}
	if (data[IFLA_TUN_GROUP]) {
		cfg->group = make_kgid(current_user_ns(),
				       nla_get_u32(data[IFLA_TUN_GROUP]));
		if (!gid_valid(cfg->group)) {
			NL_SET_ERR_MSG_ATTR(extack, data[IFLA_TUN_GROUP],
					    "there is no such group in your user namespace");
			return -EINVAL;
		}
	}
	return 0;
}

static int vtun_parse(struct nlattr *data[], struct vtun_config *cfg,
		      struct netlink_ext_ack *extack)
{
	struct nlattr *nla;

	if (!data)
		return 0;
	vtun_parse_flag(data[IFLA_TUN_PI], IFF_NO_PI, true, &cfg->flags);
	vtun_parse_flag(data[IFLA_TUN_VNET_HDR], IFF_VNET_HDR, false,
			&cfg->flags);
	vtun_parse_flag(data[IFLA_TUN_PERSIST], IFF_PERSIST, false,
			&cfg->flags);
	vtun_parse_flag(data[IFLA_TUN_MULTI_QUEUE], IFF_MULTI_QUEUE, false,
			&cfg->flags);
	nla = data[IFLA_TUN_TYPE];
	if (nla)
		cfg->flags = (cfg->flags & ~(IFF_TUN | IFF_TAP)) |
			     nla_get_u8(nla);
	nla = data[VTUN_INFO_VNET_HDR_SZ];
	if (nla && nla_get_s32(nla) > VTUN_VNET_HDR_SZ_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a virtio_net_hdr has 10 to 4096 bytes");
		return -EINVAL;
	}
	if (nla)
		cfg->vnet_hdr_sz = nla_get_s32(nla);
	return vtun_parse_ids(data, cfg, extack);
}

static int vtun_newlink(struct net_device *dev,
			struct rtnl_newlink_params *params,
			struct netlink_ext_ack *extack)
{
	struct vtun_config cfg = {
		.flags = IFF_TAP | IFF_NO_PI | IFF_PERSIST,
		.owner = INVALID_UID,
		.group = INVALID_GID,
		.vnet_hdr_sz = sizeof(struct virtio_net_hdr),
	};
	struct vtun_priv *priv = netdev_priv(dev);
	int err;

	err = vtun_parse(params->data, &cfg, extack);
	if (err)
		return err;
	if (cfg.flags & IFF_TUN && params->tb[IFLA_ADDRESS]) {
		NL_SET_ERR_MSG_ATTR(extack, params->tb[IFLA_ADDRESS],
				    "a device of mode tun has no link address");
		return -EINVAL;
	}
	err = security_tun_dev_create();
	if (err < 0) {
		NL_SET_ERR_MSG(extack, "a security module forbids it");
		return err;
	}
	vtun_setup_mode(dev, cfg.flags);
	if (dev->mtu > dev->max_mtu) {
		NL_SET_ERR_MSG_ATTR(extack, params->tb[IFLA_MTU],
				    "the MTU of a tap is at most 65521");
		return -EINVAL;
	}
	priv->owner = cfg.owner;
	priv->group = cfg.group;
	priv->vnet_hdr_sz = cfg.vnet_hdr_sz;
	if (cfg.flags & IFF_TAP && !params->tb[IFLA_ADDRESS])
		eth_hw_addr_random(dev);
	/* As many as there are files, at least one. */
	err = netif_set_real_num_tx_queues(dev, 1) ?:
	      netif_set_real_num_rx_queues(dev, 1);
	if (err)
		return err;
	netif_carrier_off(dev);
	return register_netdevice(dev);
}

VNET_DEFINE_NEWLINK(vtun_newlink)

/* Only what may change while files are attached. */
static int vtun_changelink(struct net_device *dev, struct nlattr *tb[],
			   struct nlattr *data[],
			   struct netlink_ext_ack *extack)
{
	struct vtun_priv *priv = netdev_priv(dev);
	struct vtun_config cfg = {
		.flags = priv->flags,
		.owner = priv->owner,
		.group = priv->group,
		.vnet_hdr_sz = priv->vnet_hdr_sz,
	};
	int err;

	err = vtun_parse(data, &cfg, extack);
	if (err)
		return err;
	if ((cfg.flags ^ priv->flags) & ~IFF_PERSIST ||
	    cfg.vnet_hdr_sz != priv->vnet_hdr_sz) {
		NL_SET_ERR_MSG(extack,
			       "only user, group and persist can be changed later");
		return -EOPNOTSUPP;
	}
	WRITE_ONCE(priv->flags, cfg.flags);
	priv->owner = cfg.owner;
	priv->group = cfg.group;
	return 0;
}

static size_t vtun_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(u32)) +	/* IFLA_TUN_OWNER */
	       nla_total_size(sizeof(u32)) +	/* IFLA_TUN_GROUP */
	       nla_total_size(sizeof(u8)) +	/* IFLA_TUN_TYPE */
	       nla_total_size(sizeof(u8)) +	/* IFLA_TUN_PI */
	       nla_total_size(sizeof(u8)) +	/* IFLA_TUN_VNET_HDR */
	       nla_total_size(sizeof(u8)) +	/* IFLA_TUN_PERSIST */
	       nla_total_size(sizeof(u8)) +	/* IFLA_TUN_MULTI_QUEUE */
	       nla_total_size(sizeof(u32)) +	/* IFLA_TUN_NUM_QUEUES */
	       nla_total_size(sizeof(u32)) +	/* IFLA_TUN_NUM_DISABLED_QUEUES */
	       nla_total_size(sizeof(s32));	/* VTUN_INFO_VNET_HDR_SZ */
}

static int vtun_fill_queues(struct sk_buff *skb, const struct vtun_priv *priv)
{
	if (!(priv->flags & IFF_MULTI_QUEUE))
		return 0;
	if (nla_put_u32(skb, IFLA_TUN_NUM_QUEUES, priv->num_queues) ||
	    nla_put_u32(skb, IFLA_TUN_NUM_DISABLED_QUEUES, priv->num_disabled))
		return -EMSGSIZE;
	return 0;
}

static int vtun_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct vtun_priv *priv = netdev_priv(dev);
	unsigned int flags = READ_ONCE(priv->flags);

	if (uid_valid(priv->owner) &&
	    nla_put_u32(skb, IFLA_TUN_OWNER,
			from_kuid_munged(current_user_ns(), priv->owner)))
		return -EMSGSIZE;
	if (gid_valid(priv->group) &&
	    nla_put_u32(skb, IFLA_TUN_GROUP,
			from_kgid_munged(current_user_ns(), priv->group)))
		return -EMSGSIZE;
	if (nla_put_u8(skb, IFLA_TUN_TYPE, flags & (IFF_TUN | IFF_TAP)) ||
	    nla_put_u8(skb, IFLA_TUN_PI, !(flags & IFF_NO_PI)) ||
	    nla_put_u8(skb, IFLA_TUN_VNET_HDR, !!(flags & IFF_VNET_HDR)) ||
	    nla_put_u8(skb, IFLA_TUN_PERSIST, !!(flags & IFF_PERSIST)) ||
	    nla_put_u8(skb, IFLA_TUN_MULTI_QUEUE,
		       !!(flags & IFF_MULTI_QUEUE)) ||
	    nla_put_s32(skb, VTUN_INFO_VNET_HDR_SZ, priv->vnet_hdr_sz))
		return -EMSGSIZE;
	return vtun_fill_queues(skb, priv);
}

static unsigned int vtun_get_num_queues(void)
{
	return clamp(num_possible_cpus(), VTUN_QUEUES_DEFAULT,
		     (unsigned int)VTUN_QUEUES_MAX);
}

struct rtnl_link_ops vtun_link_ops = {
	.kind		= "vtun",
	.priv_size	= sizeof(struct vtun_priv),
	.setup		= vtun_setup,
	.maxtype	= VTUN_INFO_MAX,
	.policy		= vtun_policy,
	.validate	= vtun_validate,
	.newlink	= VNET_NEWLINK(vtun_newlink),
	.changelink	= vtun_changelink,
	.get_size	= vtun_get_size,
	.fill_info	= vtun_fill_info,
	.get_num_tx_queues = vtun_get_num_queues,
	.get_num_rx_queues = vtun_get_num_queues,
};
