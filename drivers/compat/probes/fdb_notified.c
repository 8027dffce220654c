// SPDX-License-Identifier: GPL-2.0
/* The notified argument of ndo_fdb_add and ndo_fdb_del, since 6.14. */
#include <linux/netdevice.h>

int vnet_probe(const struct net_device_ops *ops, struct ndmsg *ndm,
	       struct nlattr **tb, struct net_device *dev, const u8 *addr,
	       bool *notified, struct netlink_ext_ack *extack);
int vnet_probe(const struct net_device_ops *ops, struct ndmsg *ndm,
	       struct nlattr **tb, struct net_device *dev, const u8 *addr,
	       bool *notified, struct netlink_ext_ack *extack)
{
	return ops->ndo_fdb_add(ndm, tb, dev, addr, 0, 0, notified, extack);
}
