/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The generic netlink family "vnet": what the suite has to show that no stock
 * tool asks for.
 */
#ifndef _UAPI_VNET_GENL_H
#define _UAPI_VNET_GENL_H

#define VNET_GENL_NAME "vnet"
#define VNET_GENL_VERSION 1

/**
 * enum vnet_cmd - requests
 * @VNET_CMD_UNSPEC: none
 * @VNET_CMD_FLOW_DEV_GET: dump: the devices that vflow is bound to in the
 *	caller's namespace; needs CAP_NET_ADMIN there
 * @__VNET_CMD_MAX: end of the list
 */
enum vnet_cmd {
	VNET_CMD_UNSPEC,
	VNET_CMD_FLOW_DEV_GET,
	__VNET_CMD_MAX
};

#define VNET_CMD_MAX (__VNET_CMD_MAX - 1)

/**
 * enum vnet_flow_dev_attr - what is said of a bound device
 * @VNET_FLOW_DEV_UNSPEC: none
 * @VNET_FLOW_DEV_IFINDEX: u32: the device
 * @VNET_FLOW_DEV_RULES: u32: directions of flows that enter by it
 * @VNET_FLOW_DEV_WHY: nest, once for each reason: enum vnet_flow_why_attr
 * @__VNET_FLOW_DEV_MAX: end of the list
 */
enum vnet_flow_dev_attr {
	VNET_FLOW_DEV_UNSPEC,
	VNET_FLOW_DEV_IFINDEX,
	VNET_FLOW_DEV_RULES,
	VNET_FLOW_DEV_WHY,
	__VNET_FLOW_DEV_MAX
};

#define VNET_FLOW_DEV_MAX (__VNET_FLOW_DEV_MAX - 1)

/**
 * enum vnet_flow_why_attr - what became of frames
 * @VNET_FLOW_WHY_UNSPEC: none
 * @VNET_FLOW_WHY_NAME: string: "taken", or why they were left to the stack
 * @VNET_FLOW_WHY_FRAMES: u64: how many
 * @VNET_FLOW_WHY_PAD: for alignment
 * @__VNET_FLOW_WHY_MAX: end of the list
 */
enum vnet_flow_why_attr {
	VNET_FLOW_WHY_UNSPEC,
	VNET_FLOW_WHY_NAME,
	VNET_FLOW_WHY_FRAMES,
	VNET_FLOW_WHY_PAD,
	__VNET_FLOW_WHY_MAX
};

#define VNET_FLOW_WHY_MAX (__VNET_FLOW_WHY_MAX - 1)

#endif /* _UAPI_VNET_GENL_H */
