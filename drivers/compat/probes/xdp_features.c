// SPDX-License-Identifier: GPL-2.0
/* struct net_device::xdp_features, since 6.3. */
#include <linux/netdevice.h>

void vnet_probe(struct net_device *dev);
void vnet_probe(struct net_device *dev)
{
	dev->xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_NDO_XMIT_SG;
}
