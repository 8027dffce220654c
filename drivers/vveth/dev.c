// SPDX-License-Identifier: GPL-2.0
/*
 * One end of a pair as a network device.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include "vveth.h"
#include "xdp.h"

/* What passes through memory needs neither checksum nor segmentation. */
#define VVETH_FEATURES (NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
			NETIF_F_HW_CSUM | NETIF_F_RXCSUM | \
			NETIF_F_SCTP_CRC | NETIF_F_GSO_SOFTWARE | \
			NETIF_F_GSO_ENCAP_ALL)
#define VVETH_VLAN_FEATURES (NETIF_F_HW_VLAN_CTAG_TX | \
			     NETIF_F_HW_VLAN_CTAG_RX | \
			     NETIF_F_HW_VLAN_STAG_TX | \
			     NETIF_F_HW_VLAN_STAG_RX)

static int vveth_queues_alloc(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	unsigned int i;

	priv->rx_stats = kvcalloc(dev->num_rx_queues, sizeof(*priv->rx_stats),
				  GFP_KERNEL_ACCOUNT);
	priv->txq = kvcalloc(dev->num_tx_queues, sizeof(*priv->txq),
			     GFP_KERNEL_ACCOUNT);
	if (!priv->rx_stats || !priv->txq)
		return -ENOMEM;
	for (i = 0; i < dev->num_rx_queues; i++)
		u64_stats_init(&priv->rx_stats[i].syncp);
	for (i = 0; i < dev->num_tx_queues; i++) {
		spin_lock_init(&priv->txq[i].sent_lock);
		spin_lock_init(&priv->txq[i].completed_lock);
	}
	return dev->real_num_tx_queues > 1 ? vveth_tx_stats_alloc(dev) : 0;
}

static void vveth_dev_free(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);

	vnet_port_uninit(&priv->port);
	vveth_xsk_free(dev);
	free_percpu(priv->drops);
	vveth_tx_stats_free(dev);
	kvfree(priv->txq);
	kvfree(priv->rx_stats);
}

static int vveth_dev_init(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);

	netdev_lockdep_set_classes(dev);
	vnet_port_init(&priv->port, &vveth_port_ops);
	priv->ring_size = VVETH_RING_SIZE;
	priv->bql = true;
	if (vveth_queues_alloc(dev)) {
		vveth_dev_free(dev);
		return -ENOMEM;
	}
	return 0;
}

/* An end that was never up has dropped nothing. */
static int vveth_drops_alloc(struct vveth_priv *priv)
{
	struct vnet_drops __percpu *drops;

	if (priv->drops)
		return 0;
	drops = vnet_drops_alloc();
	if (!drops)
		return -ENOMEM;
	/* Counters are read without RTNL. */
	smp_store_release(&priv->drops, drops);
	return 0;
}

static int vveth_dev_open(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	int err;

	if (!rtnl_dereference(priv->peer))
		return -ENOTCONN;
	err = vveth_drops_alloc(priv) ?: vveth_rings_open(dev);
	if (err)
		return err;
	netif_tx_start_all_queues(dev);
	vveth_pair_update_carrier(dev);
	vveth_xsk_opened(dev);
	return 0;
}

static int vveth_dev_stop(struct net_device *dev)
{
	vveth_pair_update_carrier(dev);
	vveth_rings_close(dev);
	return 0;
}

static void vveth_dev_get_stats64(struct net_device *dev,
				  struct rtnl_link_stats64 *stats)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct vnet_drops __percpu *drops = READ_ONCE(priv->drops);

	/* Sent by the first queue, and received by others in our name. */
	dev_fetch_sw_netstats(stats, dev->tstats);
	vveth_stats_sum(dev, 0, 1, stats);
	stats->tx_dropped += vnet_drops_sum(drops, VVETH_DROPS_TX);
	stats->rx_dropped += vnet_drops_sum(drops, VVETH_DROPS_RX);
}

/* Nothing to program; SIOCADDMULTI is refused where the function is missing. */
static void vveth_dev_set_rx_mode(struct net_device *dev)
{
}

static int vveth_dev_get_iflink(const struct net_device *dev)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct net_device *peer;
	int iflink = 0;

	rcu_read_lock();
	peer = rcu_dereference(priv->peer);
	if (peer)
		iflink = READ_ONCE(peer->ifindex);
	rcu_read_unlock();
	return iflink;
}

/* For bpf_redirect_peer(), which counts in the peer's tstats. Under RCU. */
static struct net_device *vveth_dev_get_peer(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);

	return rcu_dereference(priv->peer);
}

static void vveth_dev_set_rx_headroom(struct net_device *dev, int headroom)
{
	struct vveth_priv *priv = netdev_priv(dev);

	priv->headroom = max(headroom, 0);
	vveth_pair_update_headroom(dev);
}

static int vveth_dev_fdb_add(struct ndmsg *ndm, struct nlattr *tb[],
			     struct net_device *dev,
			     const unsigned char *addr, u16 vid, u16 flags,
			     bool *notified, struct netlink_ext_ack *extack)
{
	struct vveth_priv *priv = netdev_priv(dev);

	return vnet_port_fdb_add(&priv->port, ndm, tb, dev, addr, vid, flags,
				 notified, extack);
}

VNET_DEFINE_NDO_FDB_ADD(vveth_dev_fdb_add)

static int vveth_dev_fdb_del(struct ndmsg *ndm, struct nlattr *tb[],
			     struct net_device *dev,
			     const unsigned char *addr, u16 vid,
			     bool *notified, struct netlink_ext_ack *extack)
{
	struct vveth_priv *priv = netdev_priv(dev);

	return vnet_port_fdb_del(&priv->port, ndm, tb, dev, addr, vid,
				 notified, extack);
}

VNET_DEFINE_NDO_FDB_DEL(vveth_dev_fdb_del)

static int vveth_dev_fdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
			      struct net_device *dev,
			      struct net_device *filter_dev, int *idx)
{
	struct vveth_priv *priv = netdev_priv(dev);

	return vnet_port_fdb_dump(&priv->port, skb, cb, dev, filter_dev, idx);
}

const struct net_device_ops vveth_netdev_ops = {
	.ndo_init		= vveth_dev_init,
	.ndo_open		= vveth_dev_open,
	.ndo_stop		= vveth_dev_stop,
	.ndo_start_xmit		= vveth_xmit,
	.ndo_get_stats64	= vveth_dev_get_stats64,
	.ndo_set_rx_mode	= vveth_dev_set_rx_mode,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_get_iflink		= vveth_dev_get_iflink,
	.ndo_get_peer_dev	= vveth_dev_get_peer,
	.ndo_features_check	= passthru_features_check,
	.ndo_set_rx_headroom	= vveth_dev_set_rx_headroom,
	.ndo_fix_features	= vveth_xdp_fix_features,
	.ndo_bpf		= vveth_xdp_bpf,
	.ndo_xdp_xmit		= vveth_xdp_xmit,
	.ndo_xsk_wakeup		= vveth_xsk_wakeup,
	.ndo_fdb_add		= VNET_NDO_FDB(vveth_dev_fdb_add),
	.ndo_fdb_del		= VNET_NDO_FDB(vveth_dev_fdb_del),
	.ndo_fdb_dump		= vveth_dev_fdb_dump,
};

/**
 * vveth_setup() - rtnl_link_ops setup
 * @dev: a fresh device
 */
void vveth_setup(struct net_device *dev)
{
	ether_setup(dev);

	/* ndo_start_xmit hands the skb itself on: it must not be shared. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE |
			   IFF_PHONY_HEADROOM | IFF_DISABLE_NETPOLL;
	vnet_compat_set_lltx(dev);

	dev->netdev_ops = &vveth_netdev_ops;
	dev->ethtool_ops = &vveth_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->priv_destructor = vveth_dev_free;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU;

	dev->features |= VVETH_FEATURES | VVETH_VLAN_FEATURES;
	dev->hw_features = VVETH_FEATURES | VVETH_VLAN_FEATURES;
	dev->hw_enc_features = VVETH_FEATURES | VVETH_VLAN_FEATURES;
	dev->vlan_features = VVETH_FEATURES;
	dev->mpls_features = NETIF_F_HW_CSUM | NETIF_F_GSO_SOFTWARE;
	netif_set_tso_max_size(dev, GSO_MAX_SIZE);
	vveth_qstats_setup(dev);
	vveth_xdp_setup(dev);
}
