/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rtnetlink helpers shared by the suite's drivers.
 */
#ifndef _VNET_NLUTIL_H
#define _VNET_NLUTIL_H

#include <net/netlink.h>
#include <net/rtnetlink.h>

int vnet_nl_check_info(struct nlattr *tb[], int which,
		       const struct nla_policy *policy, int maxtype,
		       struct netlink_ext_ack *extack);

#endif /* _VNET_NLUTIL_H */
