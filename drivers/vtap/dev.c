// SPDX-License-Identifier: GPL-2.0
/*
 * Either end of a pair as a network device.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include "vtap.h"

#define VTAP_VLAN_FEATURES (NETIF_F_HW_VLAN_CTAG_TX | \
			    NETIF_F_HW_VLAN_CTAG_RX | \
			    NETIF_F_HW_VLAN_STAG_TX | \
			    NETIF_F_HW_VLAN_STAG_RX)
/*
 * What a virtio_net_hdr can speak of. No NETIF_F_HIGHDMA: the library would
 * lend a program's pages to frames that cross the pair, where they are copied
 * all the same.
 */
#define VTAP_FEATURES (NETIF_F_SG | NETIF_F_FRAGLIST | VTAP_USER_FEATURES)

static void vtap_dev_free(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);

	vnet_port_uninit(&priv->port);
	vtap_queues_free(dev);
	vtap_node_free(dev);
	free_percpu(priv->drops);
}

static int vtap_dev_init(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);
	int err = -ENOMEM;

	netdev_lockdep_set_classes(dev);
	vnet_port_init(&priv->port, &vtap_vnet_port_ops);
	priv->drops = vnet_drops_alloc();
	if (priv->drops)
		err = vtap_queues_alloc(dev);
	if (!err && vtap_node_is(dev))
		err = vtap_node_alloc(dev);
	if (err)
		vtap_dev_free(dev);
	return err;
}

/* Carrier is on while both ends are up. */
static void vtap_update_carrier(struct net_device *dev)
{
	struct vtap_priv *priv = netdev_priv(dev);
	struct net_device *peer = rtnl_dereference(priv->peer);

	if (peer && netif_running(dev) && netif_running(peer)) {
		netif_carrier_on(dev);
		netif_carrier_on(peer);
		return;
	}
	netif_carrier_off(dev);
	if (peer)
		netif_carrier_off(peer);
}

static int vtap_dev_open(struct net_device *dev)
{
	const struct vtap_priv *priv = netdev_priv(dev);

	if (!rtnl_dereference(priv->peer))
		return -ENOTCONN;
	vtap_queues_open(dev);
	netif_tx_start_all_queues(dev);
	vtap_update_carrier(dev);
	return 0;
}

static int vtap_dev_stop(struct net_device *dev)
{
	vtap_update_carrier(dev);
	netif_tx_stop_all_queues(dev);
	vtap_queues_close(dev);
	return 0;
}

static void vtap_dev_get_stats64(struct net_device *dev,
				 struct rtnl_link_stats64 *stats)
{
	const struct vtap_priv *priv = netdev_priv(dev);

	dev_fetch_sw_netstats(stats, dev->tstats);
	stats->tx_dropped += vnet_drops_sum(priv->drops, VTAP_DROPS_TX);
	stats->rx_dropped += vnet_drops_sum(priv->drops, VTAP_DROPS_RX);
}

/* Nothing to program; SIOCADDMULTI is refused where the function is missing. */
static void vtap_dev_set_rx_mode(struct net_device *dev)
{
}

static int vtap_dev_get_iflink(const struct net_device *dev)
{
	const struct vtap_priv *priv = netdev_priv(dev);
	const struct net_device *peer;
	int iflink = 0;

	rcu_read_lock();
	peer = rcu_dereference(priv->peer);
	if (peer)
		iflink = READ_ONCE(peer->ifindex);
	rcu_read_unlock();
	return iflink;
}

/* What the program does without is done before a frame reaches it. */
static netdev_features_t vtap_port_fix_features(struct net_device *dev,
						netdev_features_t features)
{
	const struct vtap_priv *priv = netdev_priv(dev);
	const struct net_device *peer = rtnl_dereference(priv->peer);
	const struct vtap_priv *peer_priv;

	if (!peer)
		return features;
	peer_priv = netdev_priv(peer);
	return features &
	       (peer_priv->node->tap.tap_features | ~VTAP_USER_FEATURES);
}

static int vtap_port_fdb_add(struct ndmsg *ndm, struct nlattr *tb[],
			     struct net_device *dev,
			     const unsigned char *addr, u16 vid, u16 flags,
			     bool *notified, struct netlink_ext_ack *extack)
{
	struct vtap_priv *priv = netdev_priv(dev);

	return vnet_port_fdb_add(&priv->port, ndm, tb, dev, addr, vid, flags,
				 notified, extack);
}

VNET_DEFINE_NDO_FDB_ADD(vtap_port_fdb_add)

static int vtap_port_fdb_del(struct ndmsg *ndm, struct nlattr *tb[],
			     struct net_device *dev,
			     const unsigned char *addr, u16 vid,
			     bool *notified, struct netlink_ext_ack *extack)
{
	struct vtap_priv *priv = netdev_priv(dev);

	return vnet_port_fdb_del(&priv->port, ndm, tb, dev, addr, vid,
				 notified, extack);
}

VNET_DEFINE_NDO_FDB_DEL(vtap_port_fdb_del)

static int vtap_port_fdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
			      struct net_device *dev,
			      struct net_device *filter_dev, int *idx)
{
	struct vtap_priv *priv = netdev_priv(dev);

	return vnet_port_fdb_dump(&priv->port, skb, cb, dev, filter_dev, idx);
}

/* The end that a bridge may have; the suite knows ports by these. */
const struct net_device_ops vtap_port_ops = {
	.ndo_init		= vtap_dev_init,
	.ndo_open		= vtap_dev_open,
	.ndo_stop		= vtap_dev_stop,
	.ndo_start_xmit		= vtap_xmit,
	.ndo_fix_features	= vtap_port_fix_features,
	.ndo_features_check	= passthru_features_check,
	.ndo_set_rx_mode	= vtap_dev_set_rx_mode,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_get_stats64	= vtap_dev_get_stats64,
	.ndo_get_iflink		= vtap_dev_get_iflink,
	.ndo_fdb_add		= VNET_NDO_FDB(vtap_port_fdb_add),
	.ndo_fdb_del		= VNET_NDO_FDB(vtap_port_fdb_del),
	.ndo_fdb_dump		= vtap_port_fdb_dump,
};

/* The end that is a char device. */
const struct net_device_ops vtap_node_ops = {
	.ndo_init		= vtap_dev_init,
	.ndo_uninit		= vtap_node_stop,
	.ndo_open		= vtap_dev_open,
	.ndo_stop		= vtap_dev_stop,
	.ndo_start_xmit		= vtap_xmit,
	.ndo_features_check	= passthru_features_check,
	.ndo_set_rx_mode	= vtap_dev_set_rx_mode,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_get_stats64	= vtap_dev_get_stats64,
	.ndo_get_iflink		= vtap_dev_get_iflink,
};

/**
 * vtap_setup() - rtnl_link_ops setup
 * @dev: a fresh device
 */
void vtap_setup(struct net_device *dev)
{
	ether_setup(dev);

	/* ndo_start_xmit hands the skb itself on: it must not be shared. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE |
			   IFF_DISABLE_NETPOLL;
	vnet_compat_set_lltx(dev);

	dev->netdev_ops = &vtap_port_ops;
	dev->ethtool_ops = &vtap_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->priv_destructor = vtap_dev_free;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->tx_queue_len = TUN_READQ_SIZE;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU;

	dev->features |= VTAP_FEATURES | VTAP_VLAN_FEATURES | NETIF_F_RXCSUM;
	dev->hw_features = VTAP_FEATURES | VTAP_VLAN_FEATURES | NETIF_F_RXCSUM;
	dev->vlan_features = VTAP_FEATURES;
}
