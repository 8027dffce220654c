// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool operations of either end.
 */
#include <linux/ethtool.h>
#include "vtap.h"

static void vtap_get_drvinfo(struct net_device *dev,
			     struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "vtap", sizeof(info->driver));
	strscpy(info->bus_info, vtap_node_is(dev) ? "node" : "port",
		sizeof(info->bus_info));
}

/* Nominal values: no wire limits what crosses memory. */
static int vtap_get_link_ksettings(struct net_device *dev,
				   struct ethtool_link_ksettings *cmd)
{
	cmd->base.speed = SPEED_10000;
	cmd->base.duplex = DUPLEX_FULL;
	cmd->base.port = PORT_TP;
	cmd->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

static int vtap_get_sset_count(struct net_device *dev, int sset)
{
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return vnet_drops_sset_count(VTAP_DROPS) + vnet_roads_sset_count() +
	       vnet_switch_stats_sset_count();
}

static void vtap_get_strings(struct net_device *dev, u32 sset, u8 *p)
{
	if (sset != ETH_SS_STATS)
		return;
	vnet_drops_get_strings(VTAP_DROPS, &p);
	vnet_roads_get_strings(&p);
	vnet_switch_stats_get_strings(&p);
}

static void vtap_get_ethtool_stats(struct net_device *dev,
				   struct ethtool_stats *stats, u64 *data)
{
	const struct vtap_priv *priv = netdev_priv(dev);

	vnet_drops_get_values(priv->drops, VTAP_DROPS, data);
	data += vnet_drops_sset_count(VTAP_DROPS);
	vnet_roads_get_values(&priv->port, data);
	data += vnet_roads_sset_count();
	vnet_switch_stats_get_values(&priv->port, data);
}

const struct ethtool_ops vtap_ethtool_ops = {
	.get_drvinfo		= vtap_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_link_ksettings	= vtap_get_link_ksettings,
	.get_sset_count		= vtap_get_sset_count,
	.get_strings		= vtap_get_strings,
	.get_ethtool_stats	= vtap_get_ethtool_stats,
};
