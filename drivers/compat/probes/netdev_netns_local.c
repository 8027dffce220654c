// SPDX-License-Identifier: GPL-2.0
/* struct net_device::netns_local, 6.12 to 6.14. */
#include <linux/netdevice.h>

void vnet_probe(struct net_device *dev);
void vnet_probe(struct net_device *dev)
{
	dev->netns_local = true;
}
