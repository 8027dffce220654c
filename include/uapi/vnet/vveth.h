/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ip link add ... type vveth: the options that vveth has beside those of veth,
 * which are in <linux/veth.h>.
 */
#ifndef _UAPI_VNET_VVETH_H
#define _UAPI_VNET_VVETH_H

/**
 * enum vveth_info - attributes in IFLA_INFO_DATA
 * @VVETH_INFO_MODE: u32, enum vveth_mode; of both ends, fixed when they are
 *		     made, @VVETH_MODE_L2 where it is left out
 * @__VVETH_INFO_MAX: end of the list
 *
 * The numbers below 32 are veth's. None is above 50, which is as many as the
 * kernel's core has room for.
 */
enum vveth_info {
	VVETH_INFO_MODE = 32,
	__VVETH_INFO_MAX
};

#define VVETH_INFO_MAX (__VVETH_INFO_MAX - 1)

/**
 * enum vveth_mode - what crosses a pair
 * @VVETH_MODE_L2: Ethernet frames, to the address that they name
 * @VVETH_MODE_L3: IPv4 and IPv6 packets, whatever address they name: no ARP,
 *		   no neighbour discovery, no bridging
 * @__VVETH_MODE_MAX: end of the list
 */
enum vveth_mode {
	VVETH_MODE_L2,
	VVETH_MODE_L3,
	__VVETH_MODE_MAX
};

#define VVETH_MODE_MAX (__VVETH_MODE_MAX - 1)

#endif /* _UAPI_VNET_VVETH_H */
