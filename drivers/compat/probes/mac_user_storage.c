// SPDX-License-Identifier: GPL-2.0
/* dev_set_mac_address_user() with a struct sockaddr_storage, since 6.16. */
#include <linux/netdevice.h>

int vnet_probe(struct net_device *dev, struct sockaddr_storage *ss);
int vnet_probe(struct net_device *dev, struct sockaddr_storage *ss)
{
	return dev_set_mac_address_user(dev, ss, NULL);
}
