// SPDX-License-Identifier: GPL-2.0
/*
 * vbridge: loading and unloading.
 */
#include <linux/module.h>
#include <vnet/bridge.h>
#include "crossing.h"
#include "netlink.h"
#include "vbridge.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static int __init vbr_init(void)
{
	int err;

	err = vbr_crossings_init();
	if (err)
		return err;
	err = register_netdevice_notifier(&vbr_notifier);
	if (err)
		goto err_crossings;
	err = rtnl_link_register(&vbr_link_ops);
	if (err)
		goto err_notifier;
	vnet_genl_answer_bridge(&vbr_genl_answers);
	return 0;

err_notifier:
	unregister_netdevice_notifier(&vbr_notifier);
err_crossings:
	vbr_crossings_exit();
	return err;
}

static void __exit vbr_exit(void)
{
	vnet_genl_answer_bridge(NULL);
	rtnl_link_unregister(&vbr_link_ops);
	unregister_netdevice_notifier(&vbr_notifier);
	/* No callback outlives its code, should one ever be added. */
	rcu_barrier();
	vbr_crossings_exit();
}

module_init(vbr_init);
module_exit(vbr_exit);

MODULE_DESCRIPTION("Learning bridge for Ethernet devices of any kind");
MODULE_AUTHOR("The vnet developers");
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("vbridge");
MODULE_ALIAS_RTNL_LINK("vbridge_slave");
