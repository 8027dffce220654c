/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The direct road: a frame goes from port to port without the generic
 * receive and transmit paths, where nobody is looking at what these would
 * show. Which road each frame took, and why, is counted for each port.
 */
#ifndef _VNET_DIRECT_H
#define _VNET_DIRECT_H

#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>

struct vnet_port;
struct xdp_frame;

/**
 * enum vnet_road - the road of a frame past a port, and what kept it from the
 *	direct one
 * @VNET_ROAD_DIRECT: the direct road
 * @VNET_ROAD_QUEUED: frames before it are still on the ordinary road
 * @VNET_ROAD_GRO: GRO may merge it with others
 * @VNET_ROAD_THREADED: the device is to receive in threads of its own
 * @VNET_ROAD_TAP: a packet socket looks at the device
 * @VNET_ROAD_XDP: an XDP program is attached
 * @VNET_ROAD_TC: tc or tcx programs are attached
 * @VNET_ROAD_NF: netfilter hooks are attached (nft family netdev)
 * @VNET_ROAD_RPS: another CPU may be asked to receive it
 * @VNET_ROAD_VLAN: a VLAN device may be meant, or the tag stands in the frame
 * @VNET_ROAD_SHARED: somebody else holds the skb, too
 * @VNET_ROAD_DEPTH: it has come over as many direct hops as it may
 * @VNET_ROAD_SWITCH: the switch has more to do than hand it to a few ports
 * @VNET_ROAD_OFF: the switch has been told to leave the direct road alone
 * @VNET_ROAD_FLOW: no flow is known for it, or the stack has to see it
 * @VNET_ROAD_QDISC: the device has a queueing discipline
 * @VNET_ROAD_STOPPED: the device's queue is stopped
 * @VNET_ROAD_TSTAMP: the sender wants to know when it is queued
 * @__VNET_ROAD_MAX: number of roads
 *
 * The names that user space sees are in vnet_road_names[].
 */
enum vnet_road {
	VNET_ROAD_DIRECT,
	VNET_ROAD_QUEUED,
	VNET_ROAD_GRO,
	VNET_ROAD_THREADED,
	VNET_ROAD_TAP,
	VNET_ROAD_XDP,
	VNET_ROAD_TC,
	VNET_ROAD_NF,
	VNET_ROAD_RPS,
	VNET_ROAD_VLAN,
	VNET_ROAD_SHARED,
	VNET_ROAD_DEPTH,
	VNET_ROAD_SWITCH,
	VNET_ROAD_OFF,
	VNET_ROAD_FLOW,
	VNET_ROAD_QDISC,
	VNET_ROAD_STOPPED,
	VNET_ROAD_TSTAMP,
	__VNET_ROAD_MAX
};

/**
 * struct vnet_roads - one CPU's count of the roads past a port
 * @rx: frames that came in by the port, by enum vnet_road
 * @tx: frames that a switch sent out by it, by enum vnet_road
 * @syncp: guards both on 32-bit machines
 *
 * Written with BH off by the CPU that owns it, read by anybody.
 */
struct vnet_roads {
	u64_stats_t rx[__VNET_ROAD_MAX];
	u64_stats_t tx[__VNET_ROAD_MAX];
	struct u64_stats_sync syncp;
};

bool vnet_port_receive(struct vnet_port *port, struct sk_buff *skb,
		       enum vnet_road road);
/**
 * vnet_count_rx() - dev_sw_netstats_rx_add() for several frames
 * @dev: the device that has received them
 * @n: how many
 * @bytes: their size
 *
 * Context: BH off.
 */
static inline void vnet_count_rx(struct net_device *dev, unsigned int n,
				 u64 bytes)
{
	struct pcpu_sw_netstats *stats = this_cpu_ptr(dev->tstats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->rx_bytes, bytes);
	u64_stats_add(&stats->rx_packets, n);
	u64_stats_update_end(&stats->syncp);
}

bool vnet_foreign_unseen(const struct net_device *dev);
void vnet_foreign_drop(struct net_device *dev, unsigned int n, u64 bytes);

/**
 * vnet_is_foreign() - whether a frame is an IP packet for another host
 * @eth: its header, nobody else's to write
 * @dev: the device that has received it
 *
 * Context: RCU.
 * Return: true where it is; the protocol counts it as for another host.
 */
static inline bool vnet_is_foreign(const struct ethhdr *eth,
				   const struct net_device *dev)
{
	if (is_multicast_ether_addr(eth->h_dest) ||
	    ether_addr_equal(eth->h_dest, dev->dev_addr))
		return false;
	/* A device that has no part in IPv6 may be that of a host that has none. */
	return eth->h_proto == htons(ETH_P_IP) ||
	       (eth->h_proto == htons(ETH_P_IPV6) &&
		rcu_access_pointer(dev->ip6_ptr));
}

bool vnet_port_xmit(struct vnet_port *port, struct sk_buff *skb);
unsigned int vnet_port_receive_frames(struct vnet_port *port,
				      struct net_device *dev,
				      struct xdp_frame **frames, unsigned int n,
				      enum vnet_road road, u64 *bytes);
bool vnet_port_takes_frames(const struct vnet_port *port,
			    const struct net_device *dev);
void vnet_port_xmit_frames(struct vnet_port *port, struct net_device *dev,
			   struct xdp_frame **frames, unsigned int n);
bool vnet_rx_seen(const struct net_device *dev);
bool vnet_tx_seen(const struct net_device *dev);
int vnet_queue_xmit(struct sk_buff *skb);
bool vnet_direct_may_queue(void);
void vnet_direct_descend(void);
void vnet_direct_ascend(void);

int vnet_roads_sset_count(void);
void vnet_roads_get_strings(u8 **p);
void vnet_roads_get_values(const struct vnet_port *port, u64 *data);

#endif /* _VNET_DIRECT_H */
