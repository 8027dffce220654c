// SPDX-License-Identifier: GPL-2.0
/*
 * vbridge: loading and unloading.
 */
#include <linux/module.h>
#include "netlink.h"
#include "vbridge.h"

static int __init vbr_init(void)
{
	int err;

	err = register_netdevice_notifier(&vbr_notifier);
	if (err)
		return err;
	err = rtnl_link_register(&vbr_link_ops);
	if (err)
		unregister_netdevice_notifier(&vbr_notifier);
	return err;
}

static void __exit vbr_exit(void)
{
	rtnl_link_unregister(&vbr_link_ops);
	unregister_netdevice_notifier(&vbr_notifier);
	/* No callback outlives its code, should one ever be added. */
	rcu_barrier();
}

module_init(vbr_init);
module_exit(vbr_exit);

MODULE_DESCRIPTION("Learning bridge for Ethernet devices of any kind");
MODULE_AUTHOR("The vnet developers");
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("vbridge");
MODULE_ALIAS_RTNL_LINK("vbridge_slave");
