// SPDX-License-Identifier: GPL-2.0
/* netif_get_flags(), since 6.17; dev_get_flags() before. */
#include <linux/netdevice.h>

unsigned int vnet_probe(const struct net_device *dev);
unsigned int vnet_probe(const struct net_device *dev)
{
	return netif_get_flags(dev);
}
