/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What vflow shows of itself through the family "vnet", which is the core's.
 */
#ifndef _VNET_FLOW_H
#define _VNET_FLOW_H

#include <linux/netlink.h>
#include <linux/skbuff.h>

struct genl_family;
struct genl_info;

/**
 * struct vnet_flow_shower - answers to requests about flows
 * @dev_dump: as a dump callback of VNET_CMD_FLOW_DEV_GET
 * @dump: the same of VNET_CMD_FLOW_GET
 * @flush: as a callback of VNET_CMD_FLOW_FLUSH
 */
struct vnet_flow_shower {
	int (*dev_dump)(struct sk_buff *skb, struct netlink_callback *cb,
			const struct genl_family *family);
	int (*dump)(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct genl_family *family);
	int (*flush)(struct genl_info *info);
};

void vnet_genl_show_flows(const struct vnet_flow_shower *shower);

#endif /* _VNET_FLOW_H */
