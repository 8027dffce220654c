// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool operations of an end.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include "vveth.h"
#include "xdp.h"

static void vveth_get_drvinfo(struct net_device *dev,
			      struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "vveth", sizeof(info->driver));
}

/* Nominal values: no wire limits what crosses memory. */
static int vveth_get_link_ksettings(struct net_device *dev,
				    struct ethtool_link_ksettings *cmd)
{
	cmd->base.speed = SPEED_10000;
	cmd->base.duplex = DUPLEX_FULL;
	cmd->base.port = PORT_TP;
	cmd->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

static void vveth_get_channels(struct net_device *dev,
			       struct ethtool_channels *channels)
{
	channels->max_rx = dev->num_rx_queues;
	channels->max_tx = dev->num_tx_queues;
	channels->rx_count = dev->real_num_rx_queues;
	channels->tx_count = dev->real_num_tx_queues;
}

/* No frame is ever recorded as from a queue that the core does not know of. */
static int vveth_set_rx_queues(struct net_device *dev, unsigned int n)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	unsigned int old = dev->real_num_rx_queues;
	int err;

	if (n > old) {
		err = netif_set_real_num_rx_queues(dev, n);
		if (err)
			return err;
	}
	err = vveth_rings_replace(dev, n, priv->ring_size);
	if (err || n < old)
		netif_set_real_num_rx_queues(dev, err ? old : n);
	return err;
}

static int vveth_set_channels(struct net_device *dev,
			      struct ethtool_channels *channels)
{
	unsigned int old_tx = dev->real_num_tx_queues;
	int err;

	/* The core has checked the numbers against what get_channels says. */
	if (!channels->rx_count || !channels->tx_count)
		return -EINVAL;
	if (channels->tx_count > 1 && vveth_tx_stats_alloc(dev))
		return -ENOMEM;
	err = netif_set_real_num_tx_queues(dev, channels->tx_count);
	if (err || channels->rx_count == dev->real_num_rx_queues)
		return err;
	err = vveth_set_rx_queues(dev, channels->rx_count);
	if (err)
		netif_set_real_num_tx_queues(dev, old_tx);
	return err;
}

static void vveth_get_ringparam(struct net_device *dev,
				struct ethtool_ringparam *ring,
				struct kernel_ethtool_ringparam *kernel_ring,
				struct netlink_ext_ack *extack)
{
	const struct vveth_priv *priv = netdev_priv(dev);

	ring->rx_max_pending = VVETH_RING_MAX;
	ring->rx_pending = priv->ring_size;
}

static int vveth_set_ringparam(struct net_device *dev,
			       struct ethtool_ringparam *ring,
			       struct kernel_ethtool_ringparam *kernel_ring,
			       struct netlink_ext_ack *extack)
{
	struct vveth_priv *priv = netdev_priv(dev);
	int err;

	if (ring->rx_pending < VVETH_RING_MIN) {
		NL_SET_ERR_MSG(extack, "a receive ring has at least 16 slots");
		return -EINVAL;
	}
	err = vveth_rings_replace(dev, dev->real_num_rx_queues,
				  ring->rx_pending);
	if (!err)
		priv->ring_size = ring->rx_pending;
	return err;
}

/* ethtool --set-priv-flags: by their place in the answer. */
static const char vveth_priv_flags[][ETH_GSTRING_LEN] = { "bql" };

#define VVETH_PRIV_FLAG_BQL BIT(0)

static u32 vveth_get_priv_flags(struct net_device *dev)
{
	const struct vveth_priv *priv = netdev_priv(dev);

	return priv->bql ? VVETH_PRIV_FLAG_BQL : 0;
}

/* What is in flight already ends as it began. */
static int vveth_set_priv_flags(struct net_device *dev, u32 flags)
{
	struct vveth_priv *priv = netdev_priv(dev);

	/* The ioctl of old hands on what it got. */
	if (flags & ~VVETH_PRIV_FLAG_BQL)
		return -EINVAL;
	WRITE_ONCE(priv->bql, flags & VVETH_PRIV_FLAG_BQL);
	return 0;
}

static int vveth_get_sset_count(struct net_device *dev, int sset)
{
	if (sset == ETH_SS_PRIV_FLAGS)
		return ARRAY_SIZE(vveth_priv_flags);
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return 1 + vnet_drops_sset_count(VVETH_DROPS) +
	       vnet_roads_sset_count() + vnet_switch_stats_sset_count() +
	       2 * dev->real_num_tx_queues +
	       (2 + __VVETH_XDP_MAX) * dev->real_num_rx_queues +
	       page_pool_ethtool_stats_get_count();
}

static void vveth_get_strings(struct net_device *dev, u32 sset, u8 *p)
{
	unsigned int i;

	if (sset == ETH_SS_PRIV_FLAGS)
		memcpy(p, vveth_priv_flags, sizeof(vveth_priv_flags));
	if (sset != ETH_SS_STATS)
		return;
	ethtool_sprintf(&p, "%s", "peer_ifindex");
	vnet_drops_get_strings(VVETH_DROPS, &p);
	vnet_roads_get_strings(&p);
	vnet_switch_stats_get_strings(&p);
	for (i = 0; i < dev->real_num_rx_queues; i++) {
		ethtool_sprintf(&p, "rx%u_packets", i);
		ethtool_sprintf(&p, "rx%u_bytes", i);
		vveth_xdp_get_strings(i, &p);
	}
	for (i = 0; i < dev->real_num_tx_queues; i++) {
		ethtool_sprintf(&p, "tx%u_packets", i);
		ethtool_sprintf(&p, "tx%u_bytes", i);
	}
	page_pool_ethtool_stats_get_strings(p);
}

static void vveth_get_ethtool_stats(struct net_device *dev,
				    struct ethtool_stats *stats, u64 *data)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct net_device *peer = rtnl_dereference(priv->peer);
	unsigned int i;

	*data++ = peer ? peer->ifindex : 0;
	vnet_drops_get_values(priv->drops, VVETH_DROPS, data);
	data += vnet_drops_sset_count(VVETH_DROPS);
	vnet_roads_get_values(&priv->port, data);
	data += vnet_roads_sset_count();
	vnet_switch_stats_get_values(&priv->port, data);
	data += vnet_switch_stats_sset_count();
	for (i = 0; i < dev->real_num_rx_queues; i++) {
		vveth_rx_stats_read(&priv->rx_stats[i], &data[0], &data[1]);
		vveth_xdp_get_values(&priv->rx_stats[i], &data[2]);
		data += 2 + __VVETH_XDP_MAX;
	}
	for (i = 0; i < dev->real_num_tx_queues; i++, data += 2)
		vveth_tx_stats_read(dev, i, &data[0], &data[1]);
	vveth_xdp_get_pool_values(dev, data);
}

const struct ethtool_ops vveth_ethtool_ops = {
	.get_drvinfo		= vveth_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= vveth_get_link_ksettings,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_channels		= vveth_get_channels,
	.set_channels		= vveth_set_channels,
	.get_ringparam		= vveth_get_ringparam,
	.set_ringparam		= vveth_set_ringparam,
	.get_priv_flags		= vveth_get_priv_flags,
	.set_priv_flags		= vveth_set_priv_flags,
	.get_sset_count		= vveth_get_sset_count,
	.get_strings		= vveth_get_strings,
	.get_ethtool_stats	= vveth_get_ethtool_stats,
};
