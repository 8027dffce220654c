/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rtnetlink helpers shared by the suite's drivers.
 */
#ifndef _VNET_NLUTIL_H
#define _VNET_NLUTIL_H

#include <linux/if_link.h>
#include <net/netlink.h>
#include <net/rtnetlink.h>

/**
 * struct vnet_nl_peer - what a request for a pair says of the second end
 * @net: its namespace
 * @ifmp: its header, or NULL where the request has no part for it
 * @tb: its attributes; the pair's own where there is no part for it
 * @ifname: its name or a pattern
 * @name_assign_type: NET_NAME_*
 * @parsed: room for @tb
 */
struct vnet_nl_peer {
	struct net *net;
	struct ifinfomsg *ifmp;
	struct nlattr **tb;
	char ifname[IFNAMSIZ];
	unsigned char name_assign_type;
	struct nlattr *parsed[IFLA_MAX + 1];
};

int vnet_nl_check_info(struct nlattr *tb[], int which,
		       const struct nla_policy *policy, int maxtype,
		       struct netlink_ext_ack *extack);
int vnet_nl_peer_parse(struct vnet_nl_peer *cfg, const struct net_device *dev,
		       const struct rtnl_newlink_params *params, int attr,
		       int (*validate)(struct nlattr *tb[],
				       struct nlattr *data[],
				       struct netlink_ext_ack *extack),
		       struct netlink_ext_ack *extack);

#endif /* _VNET_NLUTIL_H */
