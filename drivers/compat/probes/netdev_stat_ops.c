// SPDX-License-Identifier: GPL-2.0
/* struct net_device::stat_ops, counters of queues by netlink, since 6.10. */
#include <net/netdev_queues.h>

void vnet_probe(struct net_device *dev, const struct netdev_stat_ops *ops);
void vnet_probe(struct net_device *dev, const struct netdev_stat_ops *ops)
{
	dev->stat_ops = ops;
}
