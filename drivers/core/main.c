// SPDX-License-Identifier: GPL-2.0
/*
 * vnet_core: what the suite's drivers share.
 */
#include <linux/module.h>
#include "genl.h"

static int __init vnet_init(void)
{
	return vnet_genl_init();
}

static void __exit vnet_exit(void)
{
	vnet_genl_exit();
}

module_init(vnet_init);
module_exit(vnet_exit);

MODULE_DESCRIPTION("Port contract and helpers of the vnet device suite");
MODULE_AUTHOR("The vnet developers");
MODULE_LICENSE("GPL");
