// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool operations of the bridge.
 */
#include <linux/ethtool.h>
#include "vbridge.h"

static const char * const vbr_stat_names[__VBR_STAT_MAX] = {
	[VBR_STAT_FORWARDED]		= "forwarded",
	[VBR_STAT_FLOODED]		= "flooded",
	[VBR_STAT_FLOOD_COPIES]		= "flood_copies",
	[VBR_STAT_PORT_STACK]		= "to_port_stack",
	[VBR_STAT_MULTICAST]		= "multicast",
	[VBR_STAT_EGRESS_REFUSED]	= "egress_refused",
	[VBR_STAT_LEARNED]		= "fdb_learned",
	[VBR_STAT_MOVED]		= "fdb_moved",
	[VBR_STAT_AGED]			= "fdb_aged",
	[VBR_STAT_LEARN_REFUSED]	= "fdb_learn_refused",
	[VBR_STAT_LEARN_REFUSED_PORT]	= "fdb_learn_refused_port",
	[VBR_STAT_OWN_SOURCE]		= "own_source",
	[VBR_STAT_ANSWERED]		= "neighbours_answered",
};

static void vbr_get_drvinfo(struct net_device *dev,
			    struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "vbridge", sizeof(info->driver));
}

static int vbr_get_sset_count(struct net_device *dev, int sset)
{
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return __VBR_STAT_MAX + vnet_drops_sset_count(VBR_DROPS);
}

static void vbr_get_strings(struct net_device *dev, u32 sset, u8 *p)
{
	int i;

	if (sset != ETH_SS_STATS)
		return;
	for (i = 0; i < __VBR_STAT_MAX; i++, p += ETH_GSTRING_LEN)
		strscpy(p, vbr_stat_names[i], ETH_GSTRING_LEN);
	vnet_drops_get_strings(VBR_DROPS, &p);
}

static void vbr_get_ethtool_stats(struct net_device *dev,
				  struct ethtool_stats *stats, u64 *data)
{
	const struct vbr *br = netdev_priv(dev);
	int i;

	for (i = 0; i < __VBR_STAT_MAX; i++)
		*data++ = vbr_stat_sum(br, i);
	vnet_drops_get_values(br->drops, VBR_DROPS, data);
}

/* The speed is that of the fastest port that is up. RTNL. */
static int vbr_get_link_ksettings(struct net_device *dev,
				  struct ethtool_link_ksettings *cmd)
{
	const struct vbr *br = netdev_priv(dev);
	struct ethtool_link_ksettings link;
	const struct vbr_port *port;
	u32 fastest = 0;

	list_for_each_entry(port, &br->ports, list) {
		if (!netif_running(port->dev) || !netif_oper_up(port->dev) ||
		    __ethtool_get_link_ksettings(port->dev, &link) ||
		    link.base.speed == (u32)SPEED_UNKNOWN)
			continue;
		fastest = max(fastest, link.base.speed);
	}
	cmd->base.duplex = DUPLEX_UNKNOWN;
	cmd->base.port = PORT_OTHER;
	cmd->base.speed = fastest ?: (u32)SPEED_UNKNOWN;
	return 0;
}

const struct ethtool_ops vbr_ethtool_ops = {
	.get_drvinfo		= vbr_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= vbr_get_link_ksettings,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_sset_count		= vbr_get_sset_count,
	.get_strings		= vbr_get_strings,
	.get_ethtool_stats	= vbr_get_ethtool_stats,
};
