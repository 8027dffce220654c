// SPDX-License-Identifier: GPL-2.0
/* struct net_device::netns_immutable, since 6.15, in stable 6.12 as well. */
#include <linux/netdevice.h>

void vnet_probe(struct net_device *dev);
void vnet_probe(struct net_device *dev)
{
	dev->netns_immutable = true;
}
