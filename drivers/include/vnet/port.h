/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The port contract: how the suite's drivers find one another's devices and
 * what a switch and its member ports may ask of each other. The drivers
 * depend on vnet_core alone, never on one another.
 */
#ifndef _VNET_PORT_H
#define _VNET_PORT_H

#include <linux/etherdevice.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/dsa.h>
#include <net/dst.h>
#include <vnet/direct.h>
#include <vnet/drop.h>

struct vnet_flow;
struct vnet_switch;
struct vnet_switch_stats;
struct xdp_frame;

/**
 * struct vnet_port_ops - what others may ask of a port
 * @xmit: send a frame, as ndo_start_xmit for a device whose queues are neither
 *	stopped nor have a queueing discipline: the frame is always consumed,
 *	and counted. Called with BH off and no lock held.
 * @xmit_frames: as ndo_xdp_xmit, for such a device: returns how many were
 *	taken, which are then the first, or an error; what was not is counted,
 *	but still the caller's. NULL where the driver has none. Likewise.
 */
struct vnet_port_ops {
	void (*xmit)(struct sk_buff *skb, struct net_device *dev);
	int (*xmit_frames)(struct net_device *dev, struct xdp_frame **frames,
			   unsigned int n);
};

/**
 * struct vnet_port - the suite's part of a device's private data
 * @ops: the driver's functions
 * @flow: the flow slot: who knows flows of frames that come in by this device,
 *	  or NULL; asked before the switch. Written by who fills it, read under
 *	  RCU.
 * @sw: the switch slot: the switch this device is a member of, or NULL.
 *      Written under RTNL by the switch driver, read under RCU or RTNL.
 * @roads: which roads frames took past the port; there once either slot has
 *	been filled for the first time, or a flow has led to the port
 */
struct vnet_port {
	const struct vnet_port_ops *ops;
	struct vnet_flow __rcu *flow;
	struct vnet_switch __rcu *sw;
	struct vnet_roads __percpu *roads;
};

/**
 * struct vnet_kind - a kind of suite device whose members are ports
 * @netdev_ops: what its devices are recognised by
 * @port_offset: where &struct vnet_port lies in their netdev_priv()
 * @list: for the core
 */
struct vnet_kind {
	const struct net_device_ops *netdev_ops;
	unsigned int port_offset;
	struct list_head list;
};

/**
 * struct vnet_switch_ops - what a port may ask the switch it belongs to
 * @input: take a frame that has come in by the port, as a receive handler
 *	that consumes it would. Called in the sender's context, with BH off and
 *	no lock held, for frames that nobody else shares; the headers are set
 *	as for a receive handler. Returns false, with the frame as it was, where
 *	it is for the switch's host alone, or for too many ports: it then comes by
 *	the ordinary road.
 * @input_frames: the same for frames that have no skb: takes those that it can
 *	hand to one other port each, and leaves the others, in their order, at
 *	the beginning of the array. Returns how many these are. NULL where the
 *	switch takes none.
 * @admit: may a frame that has come in by the port go on to the switch's host,
 *	 for whom somebody else takes it: @eth is its header, @tag and @vid are
 *	 the outermost tag's EtherType and VLAN, or 0. The switch takes note of
 *	 its sender. NULL where it cannot tell. Called under RCU with BH off.
 * @fdb_add: as ndo_fdb_add on the port, for an entry that leads to it
 * @fdb_del: as ndo_fdb_del on the port
 * @fdb_dump: emit the entries that lead to the port, as ndo_fdb_dump does
 * @get_stats: tell what became of frames that had come in by the port; called
 *	under RCU, with the numbers at 0. NULL where the switch does not count.
 *
 * Stock tools reach a port's forwarding entries by the port's own ndo calls,
 * as long as the port is a suite device; the port's driver passes them on
 * through the vnet_port_fdb functions. These are called under RTNL.
 */
struct vnet_switch_ops {
	bool (*input)(struct vnet_switch *sw, struct sk_buff *skb);
	unsigned int (*input_frames)(struct vnet_switch *sw,
				     struct xdp_frame **frames, unsigned int n);
	bool (*admit)(struct vnet_switch *sw, const struct ethhdr *eth,
		      __be16 tag, u16 vid);
	int (*fdb_add)(struct vnet_switch *sw, struct ndmsg *ndm,
		       struct nlattr *tb[], struct net_device *dev,
		       const unsigned char *addr, u16 vid, u16 flags,
		       bool *notified, struct netlink_ext_ack *extack);
	int (*fdb_del)(struct vnet_switch *sw, struct ndmsg *ndm,
		       struct nlattr *tb[], struct net_device *dev,
		       const unsigned char *addr, u16 vid, bool *notified,
		       struct netlink_ext_ack *extack);
	int (*fdb_dump)(struct vnet_switch *sw, struct sk_buff *skb,
			struct netlink_callback *cb, struct net_device *dev,
			int *idx);
	void (*get_stats)(struct vnet_switch *sw,
			  struct vnet_switch_stats *stats);
};

/**
 * struct vnet_switch - a switch's hold on one member port
 * @ops: the switch driver's functions
 * @off: the switch takes no frame from this port, for the user does not want
 *	it to; written under RTNL, READ_ONCE() elsewhere
 *
 * Embedded in the switch's own port structure, which must outlive an RCU
 * grace period after the slot was cleared.
 */
struct vnet_switch {
	const struct vnet_switch_ops *ops;
	bool off;
};

/**
 * struct vnet_switch_stats - what a switch has counted for one port
 * @drops: frames not passed on that had come in by it, by enum vnet_drop
 * @learn_refused: times that a sender seen there was not learned
 */
struct vnet_switch_stats {
	u64 drops[__VNET_DROP_MAX];
	u64 learn_refused;
};

/**
 * struct vnet_flow_ops - what a port may ask who knows its flows
 * @input: take a frame that has come in by the port, as a netfilter ingress
 *	hook that steals it would. Called in the sender's context, with BH off
 *	and no lock held, for frames that nobody else shares; the headers are
 *	set as for such a hook. Whether other hooks look at the device is for
 *	this function to find out. Returns false, with the frame as it was,
 *	where it belongs to no flow or the stack has to see it.
 * @input_frames: the same for frames that have no skb, as
 *	&vnet_switch_ops.input_frames. NULL where none is taken.
 */
struct vnet_flow_ops {
	bool (*input)(struct vnet_flow *flow, struct sk_buff *skb);
	unsigned int (*input_frames)(struct vnet_flow *flow,
				     struct xdp_frame **frames, unsigned int n);
};

/**
 * struct vnet_flow - the flows of a port
 * @ops: functions of who knows them
 *
 * Must outlive an RCU grace period after the slot was cleared.
 */
struct vnet_flow {
	const struct vnet_flow_ops *ops;
};

void vnet_kind_register(struct vnet_kind *kind);
void vnet_kind_unregister(struct vnet_kind *kind);

void vnet_port_init(struct vnet_port *port, const struct vnet_port_ops *ops);
void vnet_port_uninit(struct vnet_port *port);
struct vnet_port *vnet_port_find(const struct net_device *dev);

int vnet_port_join_rtnl(struct vnet_port *port, struct vnet_switch *sw);
void vnet_port_leave_rtnl(struct vnet_port *port);
int vnet_port_roads_alloc(struct vnet_port *port);
int vnet_port_flow_add(struct vnet_port *port, struct vnet_flow *flow);
void vnet_port_flow_del(struct vnet_port *port);

/**
 * vnet_port_used() - whether anybody takes a port's frames directly
 * @port: the port
 *
 * Context: RCU.
 * Return: false where vnet_port_receive() has nobody to ask.
 */
static inline bool vnet_port_used(const struct vnet_port *port)
{
	return (unsigned long)rcu_access_pointer(port->sw) |
	       (unsigned long)rcu_access_pointer(port->flow);
}

int vnet_switch_stats_sset_count(void);
void vnet_switch_stats_get_strings(u8 **p);
void vnet_switch_stats_get_values(const struct vnet_port *port, u64 *data);

int vnet_port_fdb_add(struct vnet_port *port, struct ndmsg *ndm,
		      struct nlattr *tb[], struct net_device *dev,
		      const unsigned char *addr, u16 vid, u16 flags,
		      bool *notified, struct netlink_ext_ack *extack);
int vnet_port_fdb_del(struct vnet_port *port, struct ndmsg *ndm,
		      struct nlattr *tb[], struct net_device *dev,
		      const unsigned char *addr, u16 vid, bool *notified,
		      struct netlink_ext_ack *extack);
int vnet_port_fdb_dump(struct vnet_port *port, struct sk_buff *skb,
		       struct netlink_callback *cb, struct net_device *dev,
		       struct net_device *filter_dev, int *idx);

/**
 * vnet_type_trans() - eth_type_trans(), without a call for most frames
 * @skb: the frame, at its Ethernet header, with PACKET_HOST as its pkt_type
 * @dev: the device that has received it
 *
 * Most go to one address, and bear an EtherType.
 *
 * Context: any.
 * Return: the frame's protocol.
 */
static __always_inline __be16 vnet_type_trans(struct sk_buff *skb,
					      struct net_device *dev)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	if (unlikely(is_multicast_ether_addr(eth->h_dest) ||
		     !eth_proto_is_802_3(eth->h_proto) || netdev_uses_dsa(dev)))
		return eth_type_trans(skb, dev);
	skb->dev = dev;
	skb_reset_mac_header(skb);
	__skb_pull(skb, ETH_HLEN);
	if (!ether_addr_equal_64bits(eth->h_dest, dev->dev_addr))
		skb->pkt_type = PACKET_OTHERHOST;
	return eth->h_proto;
}

/**
 * vnet_scrub() - skb_scrub_packet(), without a call
 * @skb: the frame, nobody else's
 * @xnet: it crosses from one namespace into another
 *
 * The unit test scrub_is_the_kernels() holds the two against each other.
 *
 * Context: any.
 */
static __always_inline void vnet_scrub(struct sk_buff *skb, bool xnet)
{
	skb->pkt_type = PACKET_HOST;
	skb->skb_iif = 0;
	skb->ignore_df = 0;
	skb_dst_drop(skb);
	skb_ext_reset(skb);
	nf_reset_ct(skb);
	nf_reset_trace(skb);
#ifdef CONFIG_NET_SWITCHDEV
	skb->offload_fwd_mark = 0;
	skb->offload_l3_fwd_mark = 0;
#endif
	ipvs_reset(skb);
	if (xnet) {
		skb->mark = 0;
		skb_clear_tstamp(skb);
	}
}

#endif /* _VNET_PORT_H */
