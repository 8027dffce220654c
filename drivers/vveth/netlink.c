// SPDX-License-Identifier: GPL-2.0
/*
 * ip link add ... type vveth.
 */
#include <linux/etherdevice.h>
#include <linux/veth.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>
#include <vnet/nlutil.h>
#include "vveth.h"

/* The peer is veth's own attribute, so that the stock parser serves both. */
static const struct nla_policy vveth_policy[VVETH_INFO_MAX + 1] = {
	[VETH_INFO_UNSPEC] = { .strict_start_type = VVETH_INFO_MODE },
	[VETH_INFO_PEER] = NLA_POLICY_MIN_LEN(sizeof(struct ifinfomsg)),
	[VVETH_INFO_MODE] = NLA_POLICY_MAX(NLA_U32, VVETH_MODE_MAX),
};

/* For the pair's own attributes and for those of the peer. */
static int vveth_validate(struct nlattr *tb[], struct nlattr *data[],
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
	return vnet_nl_check_info(tb, IFLA_INFO_DATA, vveth_policy,
				  VVETH_INFO_MAX, extack);
}

static unsigned int vveth_get_num_queues(void)
{
	return min(num_possible_cpus(), VVETH_QUEUES_MAX);
}

/* Room for as many as get_num_queues says, of which one is in use. */
static int vveth_queues_init(struct net_device *dev, struct nlattr *tb[])
{
	int err = 0;

	if (!tb[IFLA_NUM_TX_QUEUES])
		err = netif_set_real_num_tx_queues(dev, 1);
	if (!err && !tb[IFLA_NUM_RX_QUEUES])
		err = netif_set_real_num_rx_queues(dev, 1);
	return err;
}

static struct net_device *vveth_peer_create(struct vnet_nl_peer *cfg,
					    enum vveth_mode mode,
					    struct net_device *dev,
					    struct netlink_ext_ack *extack)
{
	struct net_device *peer;
	int err;

	peer = rtnl_create_link(cfg->net, cfg->ifname, cfg->name_assign_type,
				&vveth_link_ops, cfg->tb, extack);
	if (IS_ERR(peer))
		return peer;
	if (!cfg->ifmp || !cfg->tb[IFLA_ADDRESS])
		eth_hw_addr_random(peer);
	if (mode == VVETH_MODE_L3)
		vveth_l3_setup(peer);
	if (cfg->ifmp)
		peer->ifindex = cfg->ifmp->ifi_index;
	netif_inherit_tso_max(peer, dev);

	err = vveth_queues_init(peer, cfg->tb);
	/* Made without a carrier: one that is lost later is an event. */
	netif_carrier_off(peer);
	if (!err)
		err = register_netdevice(peer);
	if (err) {
		free_netdev(peer);
		return ERR_PTR(err);
	}
	return peer;
}

static int vveth_newlink(struct net_device *dev,
			 struct rtnl_newlink_params *params,
			 struct netlink_ext_ack *extack)
{
	enum vveth_mode mode = VVETH_MODE_L2;
	struct vnet_nl_peer cfg = {};
	struct net_device *peer;
	int err;

	err = vnet_nl_peer_parse(&cfg, dev, params, VETH_INFO_PEER,
				 vveth_validate, extack);
	if (err)
		return err;
	if (params->data && params->data[VVETH_INFO_MODE])
		mode = nla_get_u32(params->data[VVETH_INFO_MODE]);
	peer = vveth_peer_create(&cfg, mode, dev, extack);
	if (IS_ERR(peer))
		return PTR_ERR(peer);

	if (!params->tb[IFLA_ADDRESS])
		eth_hw_addr_random(dev);
	if (mode == VVETH_MODE_L3)
		vveth_l3_setup(dev);
	err = vveth_queues_init(dev, params->tb);
	netif_carrier_off(dev);
	if (!err)
		err = register_netdevice(dev);
	if (err)
		goto err_unregister_peer;

	/* Tied first, so that a peer that is asked to be up can open. */
	vveth_pair_tie(dev, peer);
	err = rtnl_configure_link(peer, cfg.ifmp, 0, NULL);
	if (err)
		goto err_untie;
	return 0;

err_untie:
	vveth_pair_dellink(dev, NULL);
	return err;
err_unregister_peer:
	unregister_netdevice(peer);
	return err;
}

VNET_DEFINE_NEWLINK_PEER(vveth_newlink, VETH_INFO_PEER)

static int vveth_changelink(struct net_device *dev, struct nlattr *tb[],
			    struct nlattr *data[],
			    struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "the options of a pair are fixed when it is made");
	return -EOPNOTSUPP;
}

static struct net *vveth_get_link_net(const struct net_device *dev)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct net_device *peer = rtnl_dereference(priv->peer);

	return dev_net(peer ?: dev);
}

static size_t vveth_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(u32));	/* VVETH_INFO_MODE */
}

static int vveth_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct vveth_priv *priv = netdev_priv(dev);

	return nla_put_u32(skb, VVETH_INFO_MODE, priv->mode);
}

struct rtnl_link_ops vveth_link_ops = {
	.kind		= "vveth",
	.priv_size	= sizeof(struct vveth_priv),
	.setup		= vveth_setup,
	.maxtype	= VVETH_INFO_MAX,
	.policy		= vveth_policy,
	.validate	= vveth_validate,
	VNET_PEER_TYPE(VETH_INFO_PEER)
	.newlink	= VNET_NEWLINK(vveth_newlink),
	.changelink	= vveth_changelink,
	.dellink	= vveth_pair_dellink,
	.get_link_net	= vveth_get_link_net,
	.get_size	= vveth_get_size,
	.fill_info	= vveth_fill_info,
	.get_num_tx_queues = vveth_get_num_queues,
	.get_num_rx_queues = vveth_get_num_queues,
};
