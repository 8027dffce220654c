// SPDX-License-Identifier: GPL-2.0
/* Must compile: shows that the probes see the kernel's headers and flags. */
#include <linux/netdevice.h>

struct net_device *vnet_probe(struct net_device *dev);
struct net_device *vnet_probe(struct net_device *dev)
{
	return dev;
}
