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
 * @VNET_CMD_BRIDGE_GET: the vbridge of %VNET_BRIDGE_IFINDEX, or as a dump all
 *	in the caller's namespace; enum vnet_bridge_attr
 * @VNET_CMD_BRIDGE_SET: change the vbridge of %VNET_BRIDGE_IFINDEX; needs
 *	CAP_NET_ADMIN in the caller's namespace
 * @VNET_CMD_BRIDGE_PORT_GET: the port of a vbridge that is device
 *	%VNET_BRIDGE_PORT_IFINDEX, or as a dump all in the caller's namespace;
 *	enum vnet_bridge_port_attr
 * @VNET_CMD_BRIDGE_PORT_SET: change that port; needs CAP_NET_ADMIN in the
 *	caller's namespace
 * @VNET_CMD_FLOW_GET: dump: the flows that vflow has in the caller's namespace,
 *	a direction each, all or those that enter by %VNET_FLOW_IFINDEX; enum
 *	vnet_flow_attr; needs CAP_NET_ADMIN there
 * @VNET_CMD_FLOW_FLUSH: have these torn down, all or those that enter by
 *	%VNET_FLOW_IFINDEX; needs CAP_NET_ADMIN there
 * @__VNET_CMD_MAX: end of the list
 */
enum vnet_cmd {
	VNET_CMD_UNSPEC,
	VNET_CMD_FLOW_DEV_GET,
	VNET_CMD_BRIDGE_GET,
	VNET_CMD_BRIDGE_SET,
	VNET_CMD_BRIDGE_PORT_GET,
	VNET_CMD_BRIDGE_PORT_SET,
	VNET_CMD_FLOW_GET,
	VNET_CMD_FLOW_FLUSH,
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

/**
 * enum vnet_flow_attr - one direction of a flow
 * @VNET_FLOW_UNSPEC: none
 * @VNET_FLOW_IFINDEX: u32: the device that it enters by; in a request, which
 * @VNET_FLOW_OUT_IFINDEX: u32: the device that it leaves by
 * @VNET_FLOW_PROTO: u8: IPPROTO_TCP or IPPROTO_UDP
 * @VNET_FLOW_ENTERS: nest: enum vnet_flow_tuple_attr, what a frame comes with;
 *	of the MAC addresses the destination alone
 * @VNET_FLOW_LEAVES: nest: enum vnet_flow_tuple_attr, what it leaves with
 * @VNET_FLOW_MTU: u32: the longest packet that is taken
 * @VNET_FLOW_PACKETS: u64: frames that left the stack, before segmentation
 * @VNET_FLOW_BYTES: u64: their bytes from the IP header on
 * @VNET_FLOW_LEFT: u64: frames that were left to the stack
 * @VNET_FLOW_WHY: string, once for each reason why: a name as in
 *	%VNET_FLOW_WHY_NAME
 * @VNET_FLOW_AGE: u32: seconds since vflow was given it
 * @VNET_FLOW_IDLE: u32: milliseconds since its last frame that was taken, or
 *	since @VNET_FLOW_AGE
 * @VNET_FLOW_DIRECT: flag: frames go to the device that they leave by without
 *	its queueing discipline in between, where that can be
 * @VNET_FLOW_GONE: flag: it is being torn down, or another flow has its tuple;
 *	nothing is taken by it any more
 * @VNET_FLOW_PAD: for alignment
 * @__VNET_FLOW_MAX: end of the list
 */
enum vnet_flow_attr {
	VNET_FLOW_UNSPEC,
	VNET_FLOW_IFINDEX,
	VNET_FLOW_OUT_IFINDEX,
	VNET_FLOW_PROTO,
	VNET_FLOW_ENTERS,
	VNET_FLOW_LEAVES,
	VNET_FLOW_MTU,
	VNET_FLOW_PACKETS,
	VNET_FLOW_BYTES,
	VNET_FLOW_LEFT,
	VNET_FLOW_WHY,
	VNET_FLOW_AGE,
	VNET_FLOW_IDLE,
	VNET_FLOW_DIRECT,
	VNET_FLOW_GONE,
	VNET_FLOW_PAD,
	__VNET_FLOW_MAX
};

#define VNET_FLOW_MAX (__VNET_FLOW_MAX - 1)

/**
 * enum vnet_flow_tuple_attr - the headers of a flow's frames
 * @VNET_FLOW_TUPLE_UNSPEC: none
 * @VNET_FLOW_TUPLE_SMAC: 6 bytes: the source's MAC address
 * @VNET_FLOW_TUPLE_DMAC: 6 bytes: the destination's
 * @VNET_FLOW_TUPLE_ENCAP: nest, once for each header in front of IP's, from the
 *	outermost: enum vnet_flow_encap_attr
 * @VNET_FLOW_TUPLE_SRC: 4 or 16 bytes: the source's IP address
 * @VNET_FLOW_TUPLE_DST: 4 or 16 bytes: the destination's
 * @VNET_FLOW_TUPLE_SPORT: u16: the source's port
 * @VNET_FLOW_TUPLE_DPORT: u16: the destination's
 * @__VNET_FLOW_TUPLE_MAX: end of the list
 */
enum vnet_flow_tuple_attr {
	VNET_FLOW_TUPLE_UNSPEC,
	VNET_FLOW_TUPLE_SMAC,
	VNET_FLOW_TUPLE_DMAC,
	VNET_FLOW_TUPLE_ENCAP,
	VNET_FLOW_TUPLE_SRC,
	VNET_FLOW_TUPLE_DST,
	VNET_FLOW_TUPLE_SPORT,
	VNET_FLOW_TUPLE_DPORT,
	__VNET_FLOW_TUPLE_MAX
};

#define VNET_FLOW_TUPLE_MAX (__VNET_FLOW_TUPLE_MAX - 1)

/**
 * enum vnet_flow_encap_attr - a header in front of IP's
 * @VNET_FLOW_ENCAP_UNSPEC: none
 * @VNET_FLOW_ENCAP_PROTO: u16: ETH_P_8021Q, ETH_P_8021AD or ETH_P_PPP_SES
 * @VNET_FLOW_ENCAP_ID: u16: the VLAN, or the session of PPPoE
 * @__VNET_FLOW_ENCAP_MAX: end of the list
 */
enum vnet_flow_encap_attr {
	VNET_FLOW_ENCAP_UNSPEC,
	VNET_FLOW_ENCAP_PROTO,
	VNET_FLOW_ENCAP_ID,
	__VNET_FLOW_ENCAP_MAX
};

#define VNET_FLOW_ENCAP_MAX (__VNET_FLOW_ENCAP_MAX - 1)

/**
 * enum vnet_bridge_attr - a vbridge
 * @VNET_BRIDGE_UNSPEC: none
 * @VNET_BRIDGE_IFINDEX: u32: its device; in each request that is no dump
 * @VNET_BRIDGE_DIRECT: u8: 1 where frames may take the direct road, else 0
 * @VNET_BRIDGE_FDB_N_ENTRIES: u32: entries of its forwarding table; read only
 * @VNET_BRIDGE_FDB_N_LEARNED: u32: of these, the learned ones; read only
 * @VNET_BRIDGE_FDB_MAX_LEARNED: u32: how many of them there may be, 0 for any
 *	number; set by IFLA_BR_FDB_MAX_LEARNED, here read only
 * @VNET_BRIDGE_FDB_MAX_LEARNED_PORT: u32: how many may lead to one port that
 *	has no limit of its own, 0 for any number; read only
 * @VNET_BRIDGE_MAX_PORTS: u32: how many ports it may have, 0 for any number.
 *	Those that are there already stay.
 * @__VNET_BRIDGE_MAX: end of the list
 */
enum vnet_bridge_attr {
	VNET_BRIDGE_UNSPEC,
	VNET_BRIDGE_IFINDEX,
	VNET_BRIDGE_DIRECT,
	VNET_BRIDGE_FDB_N_ENTRIES,
	VNET_BRIDGE_FDB_N_LEARNED,
	VNET_BRIDGE_FDB_MAX_LEARNED,
	VNET_BRIDGE_FDB_MAX_LEARNED_PORT,
	VNET_BRIDGE_MAX_PORTS,
	__VNET_BRIDGE_MAX
};

#define VNET_BRIDGE_MAX (__VNET_BRIDGE_MAX - 1)

/**
 * enum vnet_bridge_drop_attr - frames that a bridge did not pass on
 * @VNET_BRIDGE_DROP_UNSPEC: none
 * @VNET_BRIDGE_DROP_NAME: string: why, as in drop_NAME of `ethtool -S`
 * @VNET_BRIDGE_DROP_FRAMES: u64: how many
 * @VNET_BRIDGE_DROP_PAD: for alignment
 * @__VNET_BRIDGE_DROP_MAX: end of the list
 */
enum vnet_bridge_drop_attr {
	VNET_BRIDGE_DROP_UNSPEC,
	VNET_BRIDGE_DROP_NAME,
	VNET_BRIDGE_DROP_FRAMES,
	VNET_BRIDGE_DROP_PAD,
	__VNET_BRIDGE_DROP_MAX
};

#define VNET_BRIDGE_DROP_MAX (__VNET_BRIDGE_DROP_MAX - 1)

/**
 * enum vnet_bridge_port_attr - a port of a vbridge
 * @VNET_BRIDGE_PORT_UNSPEC: none
 * @VNET_BRIDGE_PORT_IFINDEX: u32: its device; in each request that is no dump
 * @VNET_BRIDGE_PORT_MASTER: u32: the bridge's device; read only
 * @VNET_BRIDGE_PORT_FDB_N_LEARNED: u32: learned entries that lead to it; read
 *	only
 * @VNET_BRIDGE_PORT_FDB_MAX_LEARNED: u32: how many of them there may be, 0 for
 *	any number. What is there already stays.
 * @VNET_BRIDGE_PORT_FDB_MAX_DEFAULT: flag: that is the bridge's
 *	%VNET_BRIDGE_FDB_MAX_LEARNED_PORT; in a request, let it be so again
 * @VNET_BRIDGE_PORT_DROP: nest, once for each reason that there was, of
 *	enum vnet_bridge_drop_attr: frames that came in by it and were not passed
 *	on; read only
 * @VNET_BRIDGE_PORT_FDB_N_REFUSED: u64: times that a sender seen there was not
 *	learned; read only
 * @VNET_BRIDGE_PORT_PAD: for alignment
 * @__VNET_BRIDGE_PORT_MAX: end of the list
 */
enum vnet_bridge_port_attr {
	VNET_BRIDGE_PORT_UNSPEC,
	VNET_BRIDGE_PORT_IFINDEX,
	VNET_BRIDGE_PORT_MASTER,
	VNET_BRIDGE_PORT_FDB_N_LEARNED,
	VNET_BRIDGE_PORT_FDB_MAX_LEARNED,
	VNET_BRIDGE_PORT_FDB_MAX_DEFAULT,
	VNET_BRIDGE_PORT_DROP,
	VNET_BRIDGE_PORT_FDB_N_REFUSED,
	VNET_BRIDGE_PORT_PAD,
	__VNET_BRIDGE_PORT_MAX
};

#define VNET_BRIDGE_PORT_MAX (__VNET_BRIDGE_PORT_MAX - 1)

#endif /* _UAPI_VNET_GENL_H */
