// SPDX-License-Identifier: GPL-2.0
/* Must not compile: shows that a probe can fail. */
#include <linux/netdevice.h>

int vnet_probe(struct net_device *dev);
int vnet_probe(struct net_device *dev)
{
	return dev->vnet_no_such_field;
}
