// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool operations of an end.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include "vveth.h"

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

static int vveth_get_sset_count(struct net_device *dev, int sset)
{
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return 1 + vnet_drops_sset_count(VVETH_DROPS);
}

static void vveth_get_strings(struct net_device *dev, u32 sset, u8 *p)
{
	if (sset != ETH_SS_STATS)
		return;
	ethtool_sprintf(&p, "%s", "peer_ifindex");
	vnet_drops_get_strings(VVETH_DROPS, &p);
}

static void vveth_get_ethtool_stats(struct net_device *dev,
				    struct ethtool_stats *stats, u64 *data)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct net_device *peer = rtnl_dereference(priv->peer);

	*data++ = peer ? peer->ifindex : 0;
	vnet_drops_get_values(priv->drops, VVETH_DROPS, data);
}

const struct ethtool_ops vveth_ethtool_ops = {
	.get_drvinfo		= vveth_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= vveth_get_link_ksettings,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_sset_count		= vveth_get_sset_count,
	.get_strings		= vveth_get_strings,
	.get_ethtool_stats	= vveth_get_ethtool_stats,
};
