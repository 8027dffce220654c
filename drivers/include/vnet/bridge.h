/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What vbridge says of itself through the family "vnet", which is the core's.
 */
#ifndef _VNET_BRIDGE_H
#define _VNET_BRIDGE_H

#include <linux/netlink.h>
#include <linux/skbuff.h>

struct genl_family;
struct genl_info;

/**
 * struct vnet_bridge_answers - answers to requests about bridges
 * @doit: to a VNET_CMD_BRIDGE_* that is no dump; its attributes are of the
 *	types that the core's policy demands. Returns 0, or an error with
 *	nothing changed.
 * @dumpit: as a dump callback of one
 *
 * Called under RTNL.
 */
struct vnet_bridge_answers {
	int (*doit)(struct genl_info *info, const struct genl_family *family);
	int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb,
		      const struct genl_family *family);
};

void vnet_genl_answer_bridge(const struct vnet_bridge_answers *answers);

#endif /* _VNET_BRIDGE_H */
