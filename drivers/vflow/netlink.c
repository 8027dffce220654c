// SPDX-License-Identifier: GPL-2.0
/*
 * What vflow shows of itself, through the core's generic netlink family.
 */
#include <net/genetlink.h>
#include <vnet/flow.h>
#include <vnet/genl.h>
#include "vflow.h"

static const char * const vflow_why_names[__VFLOW_WHY_MAX] = {
	[VFLOW_TAKEN]		= "taken",
	[VFLOW_UNKNOWN]		= "unknown",
	[VFLOW_HOOKS]		= "hooks",
	[VFLOW_UPPER]		= "upper",
	[VFLOW_FRAGMENT]	= "fragment",
	[VFLOW_OPTIONS]		= "options",
	[VFLOW_MAC]		= "mac",
	[VFLOW_GONE]		= "gone",
	[VFLOW_ROUTE]		= "route",
	[VFLOW_NEIGH]		= "neigh",
	[VFLOW_DOWN]		= "down",
	[VFLOW_TTL]		= "ttl",
	[VFLOW_FLAGS]		= "flags",
	[VFLOW_LENGTH]		= "length",
	[VFLOW_CHECKSUM]	= "checksum",
	[VFLOW_MTU]		= "mtu",
	[VFLOW_STATE]		= "state",
	[VFLOW_NOMEM]		= "nomem",
	[VFLOW_DEPTH]		= "depth",
	[VFLOW_SUPER]		= "super",
};

static int vflow_fill_why(struct sk_buff *skb, const char *name, u64 frames)
{
	struct nlattr *nest = nla_nest_start(skb, VNET_FLOW_DEV_WHY);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_string(skb, VNET_FLOW_WHY_NAME, name) ||
	    nla_put_u64_64bit(skb, VNET_FLOW_WHY_FRAMES, frames,
			      VNET_FLOW_WHY_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int vflow_fill_dev(struct sk_buff *skb, struct vflow_dev *vdev)
{
	u64 n[__VFLOW_WHY_MAX];
	int i;

	if (nla_put_u32(skb, VNET_FLOW_DEV_IFINDEX, vdev->dev->ifindex) ||
	    nla_put_u32(skb, VNET_FLOW_DEV_RULES, vflow_dev_rules(vdev)))
		return -EMSGSIZE;
	vflow_whys_read(vdev, n);
	for (i = 0; i < __VFLOW_WHY_MAX; i++)
		if (vflow_fill_why(skb, vflow_why_names[i], n[i]))
			return -EMSGSIZE;
	return 0;
}

/* A dump on its way: devices are told in the order in which they were bound. */
struct vflow_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	const struct genl_family *family;
	u64 last;
	bool full;
};

static int vflow_dump_one(struct vflow_dev *vdev, void *data)
{
	struct vflow_dump *dump = data;
	void *hdr;

	if (vdev->nr <= dump->last ||
	    !net_eq(vdev->net, sock_net(dump->skb->sk)))
		return 0;
	hdr = genlmsg_put(dump->skb, NETLINK_CB(dump->cb->skb).portid,
			  dump->cb->nlh->nlmsg_seq, dump->family, NLM_F_MULTI,
			  VNET_CMD_FLOW_DEV_GET);
	if (!hdr || vflow_fill_dev(dump->skb, vdev)) {
		if (hdr)
			genlmsg_cancel(dump->skb, hdr);
		dump->full = true;
		return 1;
	}
	genlmsg_end(dump->skb, hdr);
	dump->last = vdev->nr;
	return 0;
}

static int vflow_dev_dump(struct sk_buff *skb, struct netlink_callback *cb,
			  const struct genl_family *family)
{
	struct vflow_dump dump = {
		.skb = skb, .cb = cb, .family = family, .last = cb->args[0],
	};

	vflow_devs_for_each(vflow_dump_one, &dump);
	cb->args[0] = dump.last;
	if (dump.full && !skb->len)
		return -EMSGSIZE;
	return skb->len;
}

const struct vnet_flow_shower vflow_shower = {
	.dev_dump = vflow_dev_dump,
};
