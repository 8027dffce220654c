// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool operations.
 */
#include <linux/ethtool.h>
#include "vtun.h"

/**
 * vtun_default_link() - link settings of a new device
 * @link: where to
 *
 * Nominal values: no wire limits what crosses memory.
 */
void vtun_default_link(struct ethtool_link_ksettings *link)
{
	ethtool_link_ksettings_zero_link_mode(link, supported);
	ethtool_link_ksettings_zero_link_mode(link, advertising);
	link->base.speed = SPEED_10000;
	link->base.duplex = DUPLEX_FULL;
	link->base.port = PORT_TP;
	link->base.phy_address = 0;
	link->base.autoneg = AUTONEG_DISABLE;
}

static int vtun_get_link_ksettings(struct net_device *dev,
				   struct ethtool_link_ksettings *link)
{
	const struct vtun_priv *priv = netdev_priv(dev);

	*link = priv->link;
	return 0;
}

static int vtun_set_link_ksettings(struct net_device *dev,
				   const struct ethtool_link_ksettings *link)
{
	struct vtun_priv *priv = netdev_priv(dev);

	priv->link = *link;
	return 0;
}

static void vtun_get_drvinfo(struct net_device *dev,
			     struct ethtool_drvinfo *info)
{
	const struct vtun_priv *priv = netdev_priv(dev);

	strscpy(info->driver, "vtun", sizeof(info->driver));
	strscpy(info->bus_info, vtun_is_tap(priv) ? "tap" : "tun",
		sizeof(info->bus_info));
}

static u32 vtun_get_msglevel(struct net_device *dev)
{
	const struct vtun_priv *priv = netdev_priv(dev);

	return priv->msg_enable;
}

static void vtun_set_msglevel(struct net_device *dev, u32 level)
{
	struct vtun_priv *priv = netdev_priv(dev);

	priv->msg_enable = level;
}

static int vtun_get_coalesce(struct net_device *dev,
			     struct ethtool_coalesce *coalesce,
			     struct kernel_ethtool_coalesce *kernel_coalesce,
			     struct netlink_ext_ack *extack)
{
	const struct vtun_priv *priv = netdev_priv(dev);

	coalesce->rx_max_coalesced_frames = priv->rx_batched;
	return 0;
}

/*
 * tun gathers frames by it that come from vhost. write() brings one at a time,
 * so the number is only kept.
 */
static int vtun_set_coalesce(struct net_device *dev,
			     struct ethtool_coalesce *coalesce,
			     struct kernel_ethtool_coalesce *kernel_coalesce,
			     struct netlink_ext_ack *extack)
{
	struct vtun_priv *priv = netdev_priv(dev);

	priv->rx_batched = min_t(u32, coalesce->rx_max_coalesced_frames,
				 NAPI_POLL_WEIGHT);
	return 0;
}

static void vtun_get_channels(struct net_device *dev,
			      struct ethtool_channels *channels)
{
	const struct vtun_priv *priv = netdev_priv(dev);

	channels->combined_count = priv->num_queues;
	channels->max_combined = 1;
	if (priv->flags & IFF_MULTI_QUEUE)
		channels->max_combined = min_t(unsigned int, VTUN_QUEUES_MAX,
					       dev->num_tx_queues);
}

static int vtun_get_sset_count(struct net_device *dev, int sset)
{
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return 1 + vnet_drops_sset_count(VTUN_DROPS) + vnet_roads_sset_count() +
	       vnet_switch_stats_sset_count();
}

static void vtun_get_strings(struct net_device *dev, u32 sset, u8 *p)
{
	if (sset != ETH_SS_STATS)
		return;
	ethtool_sprintf(&p, "%s", "rx_bad_vnet_hdr");
	vnet_drops_get_strings(VTUN_DROPS, &p);
	vnet_roads_get_strings(&p);
	vnet_switch_stats_get_strings(&p);
}

static void vtun_get_ethtool_stats(struct net_device *dev,
				   struct ethtool_stats *stats, u64 *data)
{
	const struct vtun_priv *priv = netdev_priv(dev);

	*data++ = (unsigned long)atomic_long_read(&priv->bad_hdr);
	vnet_drops_get_values(priv->drops, VTUN_DROPS, data);
	data += vnet_drops_sset_count(VTUN_DROPS);
	vnet_roads_get_values(&priv->port, data);
	data += vnet_roads_sset_count();
	vnet_switch_stats_get_values(&priv->port, data);
}

const struct ethtool_ops vtun_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_RX_MAX_FRAMES,
	.get_drvinfo		= vtun_get_drvinfo,
	.get_msglevel		= vtun_get_msglevel,
	.set_msglevel		= vtun_set_msglevel,
	.get_link		= ethtool_op_get_link,
	.get_channels		= vtun_get_channels,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_coalesce		= vtun_get_coalesce,
	.set_coalesce		= vtun_set_coalesce,
	.get_link_ksettings	= vtun_get_link_ksettings,
	.set_link_ksettings	= vtun_set_link_ksettings,
	.get_sset_count		= vtun_get_sset_count,
	.get_strings		= vtun_get_strings,
	.get_ethtool_stats	= vtun_get_ethtool_stats,
};
