// SPDX-License-Identifier: GPL-2.0
/*
 * vnet_core: what the suite's drivers share.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("Port contract and helpers of the vnet device suite");
MODULE_AUTHOR("The vnet developers");
MODULE_LICENSE("GPL");
