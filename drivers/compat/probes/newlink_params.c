// SPDX-License-Identifier: GPL-2.0
/* struct rtnl_newlink_params, since 6.15. */
#include <net/rtnetlink.h>

int vnet_probe(const struct rtnl_link_ops *ops, struct net_device *dev,
	       struct rtnl_newlink_params *params,
	       struct netlink_ext_ack *extack);
int vnet_probe(const struct rtnl_link_ops *ops, struct net_device *dev,
	       struct rtnl_newlink_params *params,
	       struct netlink_ext_ack *extack)
{
	return ops->newlink(dev, params, extack);
}
