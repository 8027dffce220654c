// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family "vnet". What is asked for belongs to drivers that
 * need not be there; each fills in its answers while it is.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <vnet/bridge.h>
#include <vnet/flow.h>
#include <vnet/genl.h>
#include "genl.h"

/* Held while an answer is made, so that its driver stays; within RTNL. */
static DEFINE_MUTEX(vnet_genl_lock);
static const struct vnet_flow_shower *vnet_flow_shower;
static const struct vnet_bridge_answers *vnet_bridge_answers;

static struct genl_family vnet_genl_family;

/**
 * vnet_genl_show_flows() - have requests about flows answered
 * @shower: by this; NULL for nobody any more
 *
 * Nobody uses the former one when it returns.
 */
void vnet_genl_show_flows(const struct vnet_flow_shower *shower)
{
	mutex_lock(&vnet_genl_lock);
	vnet_flow_shower = shower;
	mutex_unlock(&vnet_genl_lock);
}
EXPORT_SYMBOL_GPL(vnet_genl_show_flows);

/* Without vflow no device is bound. */
static int vnet_genl_flow_dev_dump(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	int err = 0;

	mutex_lock(&vnet_genl_lock);
	if (vnet_flow_shower)
		err = vnet_flow_shower->dev_dump(skb, cb, &vnet_genl_family);
	mutex_unlock(&vnet_genl_lock);
	return err;
}

static int vnet_genl_flow_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = 0;

	mutex_lock(&vnet_genl_lock);
	if (vnet_flow_shower)
		err = vnet_flow_shower->dump(skb, cb, &vnet_genl_family);
	mutex_unlock(&vnet_genl_lock);
	return err;
}

static int vnet_genl_flow_flush(struct sk_buff *skb, struct genl_info *info)
{
	int err = -ENODEV;

	mutex_lock(&vnet_genl_lock);
	if (vnet_flow_shower)
		err = vnet_flow_shower->flush(info);
	else
		NL_SET_ERR_MSG(info->extack,
			       "there are no flows: vflow is not loaded");
	mutex_unlock(&vnet_genl_lock);
	return err;
}

/**
 * vnet_genl_answer_bridge() - have requests about bridges answered
 * @answers: by these; NULL for nobody any more
 *
 * Nobody uses the former ones when it returns.
 */
void vnet_genl_answer_bridge(const struct vnet_bridge_answers *answers)
{
	mutex_lock(&vnet_genl_lock);
	vnet_bridge_answers = answers;
	mutex_unlock(&vnet_genl_lock);
}
EXPORT_SYMBOL_GPL(vnet_genl_answer_bridge);

static int vnet_genl_bridge_do(struct sk_buff *skb, struct genl_info *info)
{
	int err = -ENODEV;

	rtnl_lock();
	mutex_lock(&vnet_genl_lock);
	if (vnet_bridge_answers)
		err = vnet_bridge_answers->doit(info, &vnet_genl_family);
	else
		NL_SET_ERR_MSG(info->extack,
			       "there is no bridge of this suite: vbridge is not loaded");
	mutex_unlock(&vnet_genl_lock);
	rtnl_unlock();
	return err;
}

/* Without vbridge there is no bridge. */
static int vnet_genl_bridge_dump(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	int err = 0;

	if (nlmsg_attrlen(cb->nlh, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(cb->extack,
			       "a dump is of all there are: it takes no attributes");
		return -EINVAL;
	}
	rtnl_lock();
	mutex_lock(&vnet_genl_lock);
	if (vnet_bridge_answers)
		err = vnet_bridge_answers->dumpit(skb, cb, &vnet_genl_family);
	mutex_unlock(&vnet_genl_lock);
	rtnl_unlock();
	return err;
}

#define VNET_READ_ONLY { .type = NLA_REJECT, \
			 .reject_message = "the attribute can only be read" }
#define VNET_IFINDEX NLA_POLICY_MIN(NLA_U32, 1)

static const struct nla_policy vnet_flow_policy[VNET_FLOW_IFINDEX + 1] = {
	[VNET_FLOW_IFINDEX] = VNET_IFINDEX,
};

static const struct nla_policy
vnet_bridge_get_policy[VNET_BRIDGE_IFINDEX + 1] = {
	[VNET_BRIDGE_IFINDEX] = VNET_IFINDEX,
};

static const struct nla_policy vnet_bridge_set_policy[VNET_BRIDGE_MAX + 1] = {
	[VNET_BRIDGE_IFINDEX] = VNET_IFINDEX,
	[VNET_BRIDGE_DIRECT] = NLA_POLICY_MAX(NLA_U8, 1),
	[VNET_BRIDGE_FDB_N_ENTRIES] = VNET_READ_ONLY,
	[VNET_BRIDGE_FDB_N_LEARNED] = VNET_READ_ONLY,
	[VNET_BRIDGE_FDB_MAX_LEARNED] = VNET_READ_ONLY,
	[VNET_BRIDGE_FDB_MAX_LEARNED_PORT] = VNET_READ_ONLY,
	[VNET_BRIDGE_MAX_PORTS] = { .type = NLA_U32 },
};

static const struct nla_policy
vnet_bridge_port_get_policy[VNET_BRIDGE_PORT_IFINDEX + 1] = {
	[VNET_BRIDGE_PORT_IFINDEX] = VNET_IFINDEX,
};

static const struct nla_policy
vnet_bridge_port_set_policy[VNET_BRIDGE_PORT_MAX + 1] = {
	[VNET_BRIDGE_PORT_IFINDEX] = VNET_IFINDEX,
	[VNET_BRIDGE_PORT_MASTER] = VNET_READ_ONLY,
	[VNET_BRIDGE_PORT_FDB_N_LEARNED] = VNET_READ_ONLY,
	[VNET_BRIDGE_PORT_FDB_MAX_LEARNED] = { .type = NLA_U32 },
	[VNET_BRIDGE_PORT_FDB_MAX_DEFAULT] = { .type = NLA_FLAG },
	[VNET_BRIDGE_PORT_DROP] = VNET_READ_ONLY,
	[VNET_BRIDGE_PORT_FDB_N_REFUSED] = VNET_READ_ONLY,
	[VNET_BRIDGE_PORT_PAD] = VNET_READ_ONLY,
};

/* One without a policy takes no attributes: any that comes is refused. */
static const struct genl_ops vnet_genl_ops[] = {
	{
		.cmd = VNET_CMD_FLOW_DEV_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.dumpit = vnet_genl_flow_dev_dump,
	},
	{
		.cmd = VNET_CMD_BRIDGE_GET,
		.policy = vnet_bridge_get_policy,
		.maxattr = VNET_BRIDGE_IFINDEX,
		.doit = vnet_genl_bridge_do,
		.dumpit = vnet_genl_bridge_dump,
	},
	{
		.cmd = VNET_CMD_BRIDGE_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vnet_bridge_set_policy,
		.maxattr = VNET_BRIDGE_MAX,
		.doit = vnet_genl_bridge_do,
	},
	{
		.cmd = VNET_CMD_BRIDGE_PORT_GET,
		.policy = vnet_bridge_port_get_policy,
		.maxattr = VNET_BRIDGE_PORT_IFINDEX,
		.doit = vnet_genl_bridge_do,
		.dumpit = vnet_genl_bridge_dump,
	},
	{
		.cmd = VNET_CMD_BRIDGE_PORT_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vnet_bridge_port_set_policy,
		.maxattr = VNET_BRIDGE_PORT_MAX,
		.doit = vnet_genl_bridge_do,
	},
	{
		.cmd = VNET_CMD_FLOW_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vnet_flow_policy,
		.maxattr = VNET_FLOW_IFINDEX,
		.dumpit = vnet_genl_flow_dump,
	},
	{
		.cmd = VNET_CMD_FLOW_FLUSH,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vnet_flow_policy,
		.maxattr = VNET_FLOW_IFINDEX,
		.doit = vnet_genl_flow_flush,
	},
};

static struct genl_family vnet_genl_family __ro_after_init = {
	.name = VNET_GENL_NAME,
	.version = VNET_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = vnet_genl_ops,
	.n_ops = ARRAY_SIZE(vnet_genl_ops),
};

/**
 * vnet_genl_init() - make the family known
 *
 * Return: 0 or an error.
 */
int __init vnet_genl_init(void)
{
	return genl_register_family(&vnet_genl_family);
}

/**
 * vnet_genl_exit() - the opposite
 */
void vnet_genl_exit(void)
{
	genl_unregister_family(&vnet_genl_family);
}

MODULE_ALIAS_GENL_FAMILY(VNET_GENL_NAME);
