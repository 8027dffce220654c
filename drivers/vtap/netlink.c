// SPDX-License-Identifier: GPL-2.0
/*
 * ip link add ... type vtap: a pair whose first end is a char device.
 */
#include <linux/etherdevice.h>
#include <linux/veth.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>
#include <vnet/nlutil.h>
#include <vnet/vtap.h>
#include "vtap.h"

static const struct nla_policy vtap_policy[VTAP_INFO_MAX + 1] = {
	[VETH_INFO_UNSPEC] = { .strict_start_type = VTAP_INFO_DEV },
	[VETH_INFO_PEER] = NLA_POLICY_MIN_LEN(sizeof(struct ifinfomsg)),
	[VTAP_INFO_DEV] = { .type = NLA_REJECT },
	[VTAP_INFO_NUM_QUEUES] = { .type = NLA_REJECT },
	[VTAP_INFO_NUM_DISABLED_QUEUES] = { .type = NLA_REJECT },
};

/* For the pair's own attributes and for those of the peer. */
static int vtap_validate(struct nlattr *tb[], struct nlattr *data[],
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
	nla = tb[IFLA_MTU];
	if (nla && (nla_get_u32(nla) < ETH_MIN_MTU ||
		    nla_get_u32(nla) > ETH_MAX_MTU)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the MTU of a pair is 68 to 65535");
		return -EINVAL;
	}
	return vnet_nl_check_info(tb, IFLA_INFO_DATA, vtap_policy,
				  VTAP_INFO_MAX, extack);
}

/*
 * Both at once; the core may ask for the second end of a pair whose first end
 * it has asked for already, when the two no longer know each other.
 */
static void vtap_dellink(struct net_device *dev, struct list_head *head)
{
	struct vtap_priv *priv = netdev_priv(dev);
	struct net_device *peer = rtnl_dereference(priv->peer);

	RCU_INIT_POINTER(priv->peer, NULL);
	unregister_netdevice_queue(dev, head);
	if (!peer)
		return;
	priv = netdev_priv(peer);
	RCU_INIT_POINTER(priv->peer, NULL);
	unregister_netdevice_queue(peer, head);
}

static struct net_device *vtap_peer_create(struct vnet_nl_peer *cfg,
					   struct netlink_ext_ack *extack)
{
	struct net_device *peer;
	int err;

	peer = rtnl_create_link(cfg->net, cfg->ifname, cfg->name_assign_type,
				&vtap_link_ops, cfg->tb, extack);
	if (IS_ERR(peer))
		return peer;
	if (!cfg->ifmp || !cfg->tb[IFLA_ADDRESS])
		eth_hw_addr_random(peer);
	if (cfg->ifmp)
		peer->ifindex = cfg->ifmp->ifi_index;
	/* Made without a carrier: one that is lost later is an event. */
	netif_carrier_off(peer);
	err = register_netdevice(peer);
	if (err) {
		free_netdev(peer);
		return ERR_PTR(err);
	}
	return peer;
}

static int vtap_newlink(struct net_device *dev,
			struct rtnl_newlink_params *params,
			struct netlink_ext_ack *extack)
{
	struct vtap_priv *priv = netdev_priv(dev);
	struct vnet_nl_peer cfg = {};
	struct net_device *peer;
	int err;

	err = vnet_nl_peer_parse(&cfg, dev, params, VETH_INFO_PEER,
				 vtap_validate, extack);
	if (err)
		return err;
	peer = vtap_peer_create(&cfg, extack);
	if (IS_ERR(peer))
		return PTR_ERR(peer);

	dev->netdev_ops = &vtap_node_ops;
	if (!params->tb[IFLA_ADDRESS])
		eth_hw_addr_random(dev);
	netif_carrier_off(dev);
	err = register_netdevice(dev);
	if (err)
		goto err_unregister_peer;

	/* Tied first, so that a peer that is asked to be up can open. */
	rcu_assign_pointer(priv->peer, peer);
	priv = netdev_priv(peer);
	rcu_assign_pointer(priv->peer, dev);
	netdev_update_features(peer);
	err = rtnl_configure_link(peer, cfg.ifmp, 0, NULL);
	if (err)
		goto err_untie;
	return 0;

err_untie:
	vtap_dellink(dev, NULL);
	return err;
err_unregister_peer:
	unregister_netdevice(peer);
	return err;
}

VNET_DEFINE_NEWLINK_PEER(vtap_newlink, VETH_INFO_PEER)

static int vtap_changelink(struct net_device *dev, struct nlattr *tb[],
			   struct nlattr *data[],
			   struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "the options of a pair are fixed when it is made");
	return -EOPNOTSUPP;
}

static struct net *vtap_get_link_net(const struct net_device *dev)
{
	const struct vtap_priv *priv = netdev_priv(dev);
	const struct net_device *peer = rtnl_dereference(priv->peer);

	return dev_net(peer ?: dev);
}

static size_t vtap_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(u32)) +	/* VTAP_INFO_DEV */
	       nla_total_size(sizeof(u32)) +	/* VTAP_INFO_NUM_QUEUES */
	       nla_total_size(sizeof(u32));	/* VTAP_INFO_NUM_DISABLED_QUEUES */
}

static int vtap_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct vtap_priv *priv = netdev_priv(dev);
	const struct tap_dev *tap;
	u32 active, all;

	if (!vtap_node_is(dev) || !priv->node)
		return 0;
	tap = &priv->node->tap;
	all = READ_ONCE(tap->numqueues);
	/* Set beyond all when the device goes, so that nobody joins. */
	active = min_t(u32, READ_ONCE(tap->numvtaps), all);
	if (nla_put_u32(skb, VTAP_INFO_DEV, vtap_node_number(dev)) ||
	    nla_put_u32(skb, VTAP_INFO_NUM_QUEUES, active) ||
	    nla_put_u32(skb, VTAP_INFO_NUM_DISABLED_QUEUES, all - active))
		return -EMSGSIZE;
	return 0;
}

struct rtnl_link_ops vtap_link_ops = {
	.kind		= "vtap",
	.priv_size	= sizeof(struct vtap_priv),
	.setup		= vtap_setup,
	.maxtype	= VTAP_INFO_MAX,
	.policy		= vtap_policy,
	.validate	= vtap_validate,
	VNET_PEER_TYPE(VETH_INFO_PEER)
	.newlink	= VNET_NEWLINK(vtap_newlink),
	.changelink	= vtap_changelink,
	.dellink	= vtap_dellink,
	.get_link_net	= vtap_get_link_net,
	.get_size	= vtap_get_size,
	.fill_info	= vtap_fill_info,
};
