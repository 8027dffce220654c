// SPDX-License-Identifier: GPL-2.0
/* ndo_fdb_del_bulk with the raw message, since 6.7. */
#include <linux/netdevice.h>

int vnet_probe(const struct net_device_ops *ops, struct nlmsghdr *nlh,
	       struct net_device *dev, struct netlink_ext_ack *extack);
int vnet_probe(const struct net_device_ops *ops, struct nlmsghdr *nlh,
	       struct net_device *dev, struct netlink_ext_ack *extack)
{
	return ops->ndo_fdb_del_bulk(nlh, dev, extack);
}
