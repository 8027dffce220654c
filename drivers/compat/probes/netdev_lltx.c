// SPDX-License-Identifier: GPL-2.0
/* struct net_device::lltx, since 6.12; NETIF_F_LLTX before. */
#include <linux/netdevice.h>

void vnet_probe(struct net_device *dev);
void vnet_probe(struct net_device *dev)
{
	dev->lltx = true;
}
