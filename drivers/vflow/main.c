// SPDX-License-Identifier: GPL-2.0
/*
 * vflow: load and unload, and what changes around flows. What the datapath can
 * tell by itself, frame by frame (routes, next hops, MTU), needs no notifier.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <vnet/flow.h>
#include "vflow.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * With a device go the rules that lead to it. The core tears down the flows of
 * a device that goes down, and leaves those alone whose addresses, MTU or
 * master have changed, if they go directly.
 */
static int vflow_netdev_event(struct notifier_block *nb, unsigned long event,
			      void *info)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(info);

	switch (event) {
	case NETDEV_CHANGEADDR:
		/* It may be the address of a bridge, which its ports' rules ask for. */
		vflow_devs_teardown(dev_net(dev), NULL);
		break;
	case NETDEV_UNREGISTER:
	case NETDEV_CHANGEMTU:
	case NETDEV_CHANGEUPPER:
		vflow_devs_teardown(dev_net(dev), dev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block vflow_netdev_notifier = {
	.notifier_call = vflow_netdev_event,
};

static int __init vflow_init(void)
{
	int err = vflow_rule_init();

	if (err)
		return err;
	err = register_netdevice_notifier(&vflow_netdev_notifier);
	if (err)
		goto err_rule;
	err = vflow_station_init();
	if (err)
		goto err_notifier;
	err = vflow_nexthop_init();
	if (err)
		goto err_station;
	err = vflow_block_init();
	if (err)
		goto err_nexthop;
	err = vflow_early_init();
	if (err)
		goto err_block;
	vnet_genl_show_flows(&vflow_shower);
	return 0;

err_block:
	vflow_block_exit();
err_nexthop:
	vflow_nexthop_exit();
err_station:
	vflow_station_exit();
err_notifier:
	unregister_netdevice_notifier(&vflow_netdev_notifier);
err_rule:
	vflow_rule_exit();
	return err;
}

static void __exit vflow_exit(void)
{
	vnet_genl_show_flows(NULL);
	vflow_early_exit();
	vflow_block_exit();
	vflow_nexthop_exit();
	vflow_station_exit();
	unregister_netdevice_notifier(&vflow_netdev_notifier);
	vflow_rule_exit();
}

module_init(vflow_init);
module_exit(vflow_exit);

MODULE_DESCRIPTION("Fast path for established flows, driven by nftables flowtables");
MODULE_AUTHOR("The vnet developers");
MODULE_LICENSE("GPL");
