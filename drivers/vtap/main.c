// SPDX-License-Identifier: GPL-2.0
/*
 * vtap: loading and unloading.
 */
#include <linux/module.h>
#include <net/rtnetlink.h>
#include "vtap.h"

static struct vnet_kind vtap_kind = {
	.netdev_ops = &vtap_port_ops,
	.port_offset = offsetof(struct vtap_priv, port),
};

static int __init vtap_init(void)
{
	int err;

	vnet_kind_register(&vtap_kind);
	err = vtap_node_register();
	if (err)
		goto err_forget_kind;
	err = rtnl_link_register(&vtap_link_ops);
	if (err)
		goto err_unregister_node;
	return 0;

err_unregister_node:
	vtap_node_unregister();
err_forget_kind:
	vnet_kind_unregister(&vtap_kind);
	return err;
}

/* No file is open any more: each holds the module. */
static void __exit vtap_exit(void)
{
	rtnl_link_unregister(&vtap_link_ops);
	vtap_node_unregister();
	vnet_kind_unregister(&vtap_kind);
}

module_init(vtap_init);
module_exit(vtap_exit);

MODULE_DESCRIPTION("Pairs of network devices one end of which is a char device");
MODULE_AUTHOR("The vnet developers");
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("vtap");
