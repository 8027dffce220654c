/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ip link add ... type vtap: what user space is told of a pair one end of
 * which is a char device.
 */
#ifndef _UAPI_VNET_VTAP_H
#define _UAPI_VNET_VTAP_H

/**
 * enum vtap_info - attributes in IFLA_INFO_DATA
 * @VTAP_INFO_DEV: u32, the number of the char device, as makedev(3) of the C
 *		   library splits it; told of the end that has one, never
 *		   taken
 * @VTAP_INFO_NUM_QUEUES: u32, files that are open and take part; likewise
 * @VTAP_INFO_NUM_DISABLED_QUEUES: u32, files that are open and have left by
 *				   TUNSETQUEUE; likewise
 * @__VTAP_INFO_MAX: end of the list
 *
 * The numbers below 32 are those of <linux/veth.h>, of which VETH_INFO_PEER is
 * taken. None is above 50, which is as many as the kernel's core has room for.
 */
enum vtap_info {
	VTAP_INFO_DEV = 32,
	VTAP_INFO_NUM_QUEUES,
	VTAP_INFO_NUM_DISABLED_QUEUES,
	__VTAP_INFO_MAX
};

#define VTAP_INFO_MAX (__VTAP_INFO_MAX - 1)

#endif /* _UAPI_VNET_VTAP_H */
