// SPDX-License-Identifier: GPL-2.0
/* struct net_device::tcx_ingress, since 6.6; miniq_ingress before. */
#include <linux/netdevice.h>

bool vnet_probe(const struct net_device *dev);
bool vnet_probe(const struct net_device *dev)
{
	return rcu_access_pointer(dev->tcx_ingress);
}
