// SPDX-License-Identifier: GPL-2.0
/* dev_nit_active_rcu(), since 6.15. */
#include <linux/netdevice.h>

bool vnet_probe(const struct net_device *dev);
bool vnet_probe(const struct net_device *dev)
{
	return dev_nit_active_rcu(dev);
}
