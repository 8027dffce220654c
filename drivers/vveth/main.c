// SPDX-License-Identifier: GPL-2.0
/*
 * vveth: loading and unloading.
 */
#include <linux/module.h>
#include <net/rtnetlink.h>
#include "vveth.h"
#include "xdp.h"

static struct vnet_kind vveth_kind = {
	.netdev_ops = &vveth_netdev_ops,
	.port_offset = offsetof(struct vveth_priv, port),
};

static int __init vveth_init(void)
{
	int err;

	err = vveth_receive_init();
	if (err)
		return err;
	err = vveth_l3_init();
	if (err)
		goto err_receive;
	vveth_xsk_init();
	vnet_kind_register(&vveth_kind);
	err = rtnl_link_register(&vveth_link_ops);
	if (err)
		goto err_kind;
	return 0;

err_kind:
	vnet_kind_unregister(&vveth_kind);
	vveth_xsk_exit();
	vveth_l3_exit();
err_receive:
	vveth_receive_exit();
	return err;
}

static void __exit vveth_exit(void)
{
	rtnl_link_unregister(&vveth_link_ops);
	vnet_kind_unregister(&vveth_kind);
	/* Rings are freed by an RCU callback of this module. */
	rcu_barrier();
	vveth_xsk_exit();
	vveth_l3_exit();
	vveth_receive_exit();
}

module_init(vveth_init);
module_exit(vveth_exit);

MODULE_DESCRIPTION("Pairs of virtual Ethernet devices");
MODULE_AUTHOR("The vnet developers");
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("vveth");
