// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family "vnet". What is asked for belongs to drivers that
 * need not be there; each fills in its answers while it is.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <net/genetlink.h>
#include <vnet/flow.h>
#include <vnet/genl.h>
#include "genl.h"

/* Held while an answer is made, so that its driver stays. */
static DEFINE_MUTEX(vnet_genl_lock);
static const struct vnet_flow_shower *vnet_flow_shower;

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

static const struct genl_ops vnet_genl_ops[] = {
	{
		.cmd = VNET_CMD_FLOW_DEV_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.dumpit = vnet_genl_flow_dev_dump,
	},
};

/* No request takes attributes yet; any that comes is refused. */
static const struct nla_policy vnet_genl_policy[] = {
	[0] = { .strict_start_type = 1 },
};

static struct genl_family vnet_genl_family __ro_after_init = {
	.name = VNET_GENL_NAME,
	.version = VNET_GENL_VERSION,
	.maxattr = ARRAY_SIZE(vnet_genl_policy) - 1,
	.policy = vnet_genl_policy,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = vnet_genl_ops,
	.n_ops = ARRAY_SIZE(vnet_genl_ops),
	.resv_start_op = __VNET_CMD_MAX,
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
