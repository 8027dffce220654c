// SPDX-License-Identifier: GPL-2.0
/*
 * The direct road between ports, and the test that decides for each frame
 * whether it may be taken: whoever would see the frame on the ordinary road
 * sees it. All that the test reads is read from where the kernel keeps it, as
 * taps, tc and netfilter hooks come and go without telling anybody.
 */
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <net/hotdata.h>
#include <net/netdev_rx_queue.h>
#include <net/rps.h>
#include <net/sch_generic.h>
#include <net/xdp.h>
#include <trace/events/skb.h>
#include <vnet/direct.h>
#include <vnet/port.h>

/*
 * Direct hops that may be nested: each has a share of the kernel's stack, and
 * the core drops what is sent from within eight transmissions.
 */
#define VNET_DIRECT_HOPS 3

/*
 * Hops that the frame under way on this CPU has taken; with BH off. On
 * PREEMPT_RT since 6.18 that does not keep others off the CPU: nothing is
 * handed over by those who receive there, and nobody counts.
 */
#define VNET_DIRECT_EVER (!IS_ENABLED(CONFIG_PREEMPT_RT))

static DEFINE_PER_CPU(unsigned int, vnet_direct_depth);

static __always_inline unsigned int vnet_depth(void)
{
	return VNET_DIRECT_EVER ? __this_cpu_read(vnet_direct_depth) : 0;
}

static __always_inline void vnet_depth_add(int hops)
{
	if (VNET_DIRECT_EVER)
		__this_cpu_add(vnet_direct_depth, hops);
}

/* The names in ethtool -S behind ordinary_rx_ and ordinary_tx_. */
static const struct {
	const char *name;
	bool rx, tx;
} vnet_road_names[__VNET_ROAD_MAX] = {
	[VNET_ROAD_DIRECT]	= { NULL, true, true },
	[VNET_ROAD_QUEUED]	= { "queued", true, false },
	[VNET_ROAD_GRO]		= { "gro", true, false },
	[VNET_ROAD_THREADED]	= { "threaded", true, false },
	[VNET_ROAD_TAP]		= { "tap", true, true },
	[VNET_ROAD_XDP]		= { "xdp", true, false },
	[VNET_ROAD_TC]		= { "tc", true, true },
	[VNET_ROAD_NF]		= { "nf", true, true },
	[VNET_ROAD_RPS]		= { "rps", true, false },
	[VNET_ROAD_VLAN]	= { "vlan", true, false },
	[VNET_ROAD_SHARED]	= { "shared", true, false },
	[VNET_ROAD_DEPTH]	= { "depth", true, false },
	[VNET_ROAD_SWITCH]	= { "switch", true, false },
	[VNET_ROAD_OFF]		= { "off", true, false },
	[VNET_ROAD_FLOW]	= { "flow", true, false },
	[VNET_ROAD_QDISC]	= { "qdisc", false, true },
	[VNET_ROAD_STOPPED]	= { "stopped", false, true },
	[VNET_ROAD_TSTAMP]	= { "tstamp", false, true },
};

static bool vnet_has_nf_ingress(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_INGRESS
	return rcu_access_pointer(dev->nf_hooks_ingress);
#else
	return false;
#endif
}

static bool vnet_has_nf_egress(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_EGRESS
	return rcu_access_pointer(dev->nf_hooks_egress);
#else
	return false;
#endif
}

#ifdef CONFIG_RPS
static noinline bool vnet_queues_have_rps(const struct net_device *dev)
{
	unsigned int i;

	for (i = 0; i < READ_ONCE(dev->real_num_rx_queues); i++)
		if (rcu_access_pointer(dev->_rx[i].rps_map) ||
		    rcu_access_pointer(dev->_rx[i].rps_flow_table))
			return true;
	return false;
}
#endif

/* Whether RPS is set up for any queue that receives. */
static __always_inline bool vnet_has_rps(const struct net_device *dev)
{
#ifdef CONFIG_RPS
	return static_branch_unlikely(&rps_needed) && vnet_queues_have_rps(dev);
#else
	return false;
#endif
}

/* In the tag of the skb it would be for the VLAN devices, if there are any. */
static bool vnet_has_vlan_devices(const struct net_device *dev)
{
#if IS_ENABLED(CONFIG_VLAN_8021Q)
	return rcu_access_pointer(dev->vlan_info);
#else
	return false;
#endif
}

/* What the receive path of @dev would show to anybody or do to any frame. */
static __always_inline enum vnet_road
vnet_road_rx_any(const struct net_device *dev)
{
	if (unlikely(dev_nit_active_rcu(dev)))
		return VNET_ROAD_TAP;
	if (unlikely(rcu_access_pointer(dev->xdp_prog)))
		return VNET_ROAD_XDP;
	if (unlikely(vnet_compat_has_tc_ingress(dev)))
		return VNET_ROAD_TC;
	if (unlikely(vnet_has_rps(dev)))
		return VNET_ROAD_RPS;
	if (!VNET_DIRECT_EVER || unlikely(vnet_depth() >= VNET_DIRECT_HOPS))
		return VNET_ROAD_DEPTH;
	if (unlikely(vnet_has_vlan_devices(dev)))
		return VNET_ROAD_VLAN;
	return VNET_ROAD_DIRECT;
}

/*
 * What the receive path of @dev would show or do to a frame, but for the hooks
 * of netfilter: of these some may be known to who is asked.
 */
static enum vnet_road vnet_road_rx(struct net_device *dev,
				   const struct sk_buff *skb)
{
	enum vnet_road road = vnet_road_rx_any(dev);

	if (unlikely(road != VNET_ROAD_DIRECT))
		return road;
	if (unlikely(eth_type_vlan(skb->protocol)))
		return VNET_ROAD_VLAN;
	if (unlikely(skb_shared(skb)))
		return VNET_ROAD_SHARED;
	return VNET_ROAD_DIRECT;
}

/* What the transmit path of @dev would show to anybody or do to any frame. */
static __always_inline enum vnet_road
vnet_road_tx_any(const struct net_device *dev, const struct netdev_queue *txq)
{
	if (unlikely(dev_nit_active_rcu(dev)))
		return VNET_ROAD_TAP;
	if (unlikely(vnet_compat_has_tc_egress(dev)))
		return VNET_ROAD_TC;
	if (unlikely(vnet_has_nf_egress(dev)))
		return VNET_ROAD_NF;
	if (unlikely(rcu_dereference_bh(txq->qdisc)->enqueue))
		return VNET_ROAD_QDISC;
	if (unlikely(netif_xmit_frozen_or_stopped(txq)))
		return VNET_ROAD_STOPPED;
	return VNET_ROAD_DIRECT;
}

/* What the transmit path of @dev would show or do to a frame. */
static enum vnet_road vnet_road_tx(struct net_device *dev,
				   const struct netdev_queue *txq,
				   const struct sk_buff *skb)
{
	enum vnet_road road = vnet_road_tx_any(dev, txq);

	if (likely(road == VNET_ROAD_DIRECT) &&
	    unlikely(skb_shinfo(skb)->tx_flags & SKBTX_SCHED_TSTAMP))
		return VNET_ROAD_TSTAMP;
	return road;
}

/*
 * Is a chain among a device's ingress hooks? Those of flowtables are not, which
 * leave alone what is in another table.
 */
static bool vnet_has_nf_chain(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_INGRESS
	const struct nf_hook_entries *hooks;
	struct nf_hook_ops **ops;
	unsigned int i;

	hooks = rcu_dereference(dev->nf_hooks_ingress);
	if (likely(!hooks))
		return false;
	ops = nf_hook_entries_get_hook_ops(hooks);
	for (i = 0; i < hooks->num_hook_entries; i++)
		if (READ_ONCE(ops[i])->hook_ops_type == NF_HOOK_OP_NF_TABLES)
			return true;
#endif
	return false;
}

/**
 * vnet_rx_seen() - does anybody look at what a device receives?
 * @dev: the device, any
 *
 * For who leads frames past a device that they would have come by.
 *
 * Context: RCU.
 * Return: true with a tap, XDP, tc or a chain of netfilter.
 */
bool vnet_rx_seen(const struct net_device *dev)
{
	return dev_nit_active_rcu(dev) || rcu_access_pointer(dev->xdp_prog) ||
	       vnet_compat_has_tc_ingress(dev) || vnet_has_nf_chain(dev);
}
EXPORT_SYMBOL_GPL(vnet_rx_seen);

/**
 * vnet_tx_seen() - does anybody look at what a device sends?
 * @dev: the device, any
 *
 * Context: RCU.
 * Return: true with a tap, tc, a queueing discipline or a hook of netfilter.
 */
bool vnet_tx_seen(const struct net_device *dev)
{
	const struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);

	return dev_nit_active_rcu(dev) || vnet_compat_has_tc_egress(dev) ||
	       vnet_has_nf_egress(dev) ||
	       rcu_dereference(txq->qdisc)->enqueue;
}
EXPORT_SYMBOL_GPL(vnet_tx_seen);

static void vnet_road_count(const struct vnet_port *port, bool tx,
			    enum vnet_road road, unsigned int n)
{
	struct vnet_roads *roads = this_cpu_ptr(port->roads);

	u64_stats_update_begin(&roads->syncp);
	u64_stats_add(tx ? &roads->tx[road] : &roads->rx[road], n);
	u64_stats_update_end(&roads->syncp);
}

/*
 * What is in a slot. What the port counts its roads with was there before either
 * was filled, and lies beside them: whoever finds somebody finds that, too.
 */
static __always_inline struct vnet_flow *
vnet_port_flow(const struct vnet_port *port)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_bh_held(), "a slot is read");
	/* Pairs with rcu_assign_pointer() and cmpxchg() in port.c. */
	return smp_load_acquire((struct vnet_flow *__force const *)&port->flow);
}

static __always_inline struct vnet_switch *
vnet_port_switch(const struct vnet_port *port)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_bh_held(), "a slot is read");
	/* Pairs with rcu_assign_pointer() and cmpxchg() in port.c. */
	return smp_load_acquire((struct vnet_switch *__force const *)&port->sw);
}

/* As the receive path leaves a frame to hooks and to a receive handler. */
static void vnet_set_headers(struct sk_buff *skb)
{
	skb->skb_iif = skb->dev->ifindex;
	skb_reset_network_header(skb);
	if (!skb_transport_header_was_set(skb))
		skb_reset_transport_header(skb);
	skb_reset_mac_len(skb);
}

/* Which of its reasons a switch had; looked at only once it has refused. */
static enum vnet_road vnet_road_refused(const struct vnet_switch *sw)
{
	return READ_ONCE(sw->off) ? VNET_ROAD_OFF : VNET_ROAD_SWITCH;
}

/*
 * Netfilter's hooks, and so who knows flows, come before VLAN devices. A tag
 * in the frame, with none beside it, is first taken out by the receive path.
 */
static bool vnet_tag_aside(const struct sk_buff *skb)
{
	return !skb_shared(skb) && (skb_vlan_tag_present(skb) ||
				    !eth_type_vlan(skb->protocol));
}

/*
 * Asks who may take the frame, flow first; says what becomes of it. A part of
 * the caller that most frames come by, for calls are worth saving.
 */
static __always_inline enum vnet_road vnet_offer(struct vnet_flow *flow,
						 struct vnet_switch *sw,
						 struct sk_buff *skb)
{
	enum vnet_road road = VNET_ROAD_FLOW;

	vnet_set_headers(skb);
	vnet_depth_add(1);
	if (unlikely(flow) && flow->ops->input(flow, skb))
		road = VNET_ROAD_DIRECT;
	else if (unlikely(sw && vnet_has_nf_ingress(skb->dev)))
		road = VNET_ROAD_NF;
	else if (likely(sw))
		road = likely(sw->ops->input(sw, skb)) ? VNET_ROAD_DIRECT :
							 vnet_road_refused(sw);
	vnet_depth_add(-1);
	return road;
}

/* As vnet_offer(), where only a flow is asked. */
static noinline enum vnet_road vnet_offer_flow(struct vnet_flow *flow,
					       struct sk_buff *skb)
{
	return vnet_offer(flow, NULL, skb);
}

/**
 * vnet_port_receive() - have a frame received by a port without its receive
 *	path, where that can be done unnoticed
 * @port: the port
 * @skb: the frame as the port's device has received it, behind
 *	eth_type_trans(); consumed where it is taken, else as it was
 * @road: VNET_ROAD_DIRECT, or what the driver knows against that
 *
 * It is counted as received by the device where it is taken; a frame that is
 * not is for the driver to receive as ever.
 *
 * Context: BH off, no lock held; the caller may be sending.
 * Return: true where the frame is taken.
 */
bool vnet_port_receive(struct vnet_port *port, struct sk_buff *skb,
		       enum vnet_road road)
{
	struct vnet_flow *flow = vnet_port_flow(port);
	struct vnet_switch *sw = vnet_port_switch(port);
	unsigned int len = skb->len + ETH_HLEN;
	struct net_device *dev = skb->dev;

	if (!sw && !flow)
		return false;
	if (likely(road == VNET_ROAD_DIRECT))
		road = vnet_road_rx(dev, skb);
	if (likely(road == VNET_ROAD_DIRECT))
		road = vnet_offer(flow, sw, skb);
	else if (road == VNET_ROAD_VLAN && flow && vnet_tag_aside(skb))
		road = vnet_offer_flow(flow, skb);
	if (likely(road == VNET_ROAD_DIRECT))
		dev_sw_netstats_rx_add(dev, len);
	vnet_road_count(port, false, road, 1);
	return road == VNET_ROAD_DIRECT;
}
EXPORT_SYMBOL_GPL(vnet_port_receive);

static u64 vnet_frames_len(struct xdp_frame **frames, unsigned int n)
{
	u64 len = 0;

	while (n--)
		len += xdp_get_frame_len(*frames++);
	return len;
}

/*
 * As vnet_road_rx(). A tag can only be in the frame, where VLAN devices matter
 * to no flow; and where there are flows there is a hook, so that the switch is
 * not asked behind them.
 */
static enum vnet_road vnet_road_rx_frames(struct net_device *dev,
					  const struct vnet_flow *flow,
					  const struct vnet_switch *sw)
{
	enum vnet_road road = vnet_road_rx_any(dev);

	if (unlikely(flow)) {
		if (!flow->ops->input_frames)
			return VNET_ROAD_FLOW;
		return road == VNET_ROAD_VLAN ? VNET_ROAD_DIRECT : road;
	}
	if (unlikely(road != VNET_ROAD_DIRECT))
		return road;
	if (unlikely(vnet_has_nf_ingress(dev)))
		return VNET_ROAD_NF;
	return likely(sw->ops->input_frames) ? VNET_ROAD_DIRECT :
					       vnet_road_refused(sw);
}

/**
 * vnet_port_receive_frames() - vnet_port_receive() for frames without an skb
 * @port: the port
 * @dev: its device
 * @frames: the frames
 * @n: how many
 * @road: VNET_ROAD_DIRECT, or what the driver knows against that
 * @bytes: gets the size of those that were taken; NULL where those that were
 *	not are offered once more, each with its skb: what becomes of them is
 *	counted then
 *
 * Context: BH off, no lock held; the caller may be sending.
 * Return: how many were not taken, which are the first of @frames then, in the
 *	order they were in.
 */
unsigned int vnet_port_receive_frames(struct vnet_port *port,
				      struct net_device *dev,
				      struct xdp_frame **frames, unsigned int n,
				      enum vnet_road road, u64 *bytes)
{
	struct vnet_flow *flow = vnet_port_flow(port);
	struct vnet_switch *sw = vnet_port_switch(port);
	unsigned int left;
	u64 len;

	if (bytes)
		*bytes = 0;
	/* Who takes none comes after the hooks, and is in nobody's way without. */
	if (unlikely(flow) && !flow->ops->input_frames &&
	    !vnet_has_nf_ingress(dev))
		flow = NULL;
	if (!sw && !flow)
		return n;
	if (likely(road == VNET_ROAD_DIRECT))
		road = vnet_road_rx_frames(dev, flow, sw);
	if (unlikely(road != VNET_ROAD_DIRECT)) {
		if (bytes)
			vnet_road_count(port, false, road, n);
		return n;
	}

	len = vnet_frames_len(frames, n);
	vnet_depth_add(1);
	left = unlikely(flow) ? flow->ops->input_frames(flow, frames, n) :
				sw->ops->input_frames(sw, frames, n);
	vnet_depth_add(-1);
	if (likely(left < n)) {
		len -= vnet_frames_len(frames, left);
		if (bytes)
			*bytes = len;
		vnet_count_rx(dev, n - left, len);
		vnet_road_count(port, false, VNET_ROAD_DIRECT, n - left);
	}
	if (unlikely(left) && bytes)
		vnet_road_count(port, false, flow ? VNET_ROAD_FLOW :
						    vnet_road_refused(sw), left);
	return left;
}
EXPORT_SYMBOL_GPL(vnet_port_receive_frames);

/**
 * vnet_foreign_unseen() - whether frames for other hosts are dropped unseen
 * @dev: a device that has them received
 *
 * An IP packet in a frame for another host ends in the first line of its
 * protocol, once everybody has been shown it: those that see all frames, those
 * that see a device's, packet sockets for one protocol, which hang on a list
 * that no module can read, and who asks for drops.
 *
 * Context: BH off, RCU. It holds until either ends.
 * Return: true where vnet_foreign_drop() tells all that there is to tell.
 */
bool vnet_foreign_unseen(const struct net_device *dev)
{
	return vnet_road_rx_any(dev) == VNET_ROAD_DIRECT &&
	       !vnet_has_nf_ingress(dev) &&
	       !rcu_access_pointer(dev->rx_handler) &&
	       list_empty(&dev->ptype_specific) &&
	       hlist_empty(&dev_net(dev)->packet.sklist) &&
	       !netdev_uses_dsa(dev) && !trace_kfree_skb_enabled();
}
EXPORT_SYMBOL_GPL(vnet_foreign_unseen);

/**
 * vnet_foreign_drop() - count frames for other hosts as received and dropped
 * @dev: the device; it has just been found that nobody sees them
 * @n: how many, at least one
 * @bytes: their size
 *
 * Where the protocol would have counted them.
 *
 * Context: BH off.
 */
void vnet_foreign_drop(struct net_device *dev, unsigned int n, u64 bytes)
{
	struct net_device_core_stats __percpu *stats;

	vnet_count_rx(dev, n, bytes);
	/* The first one may have to allocate them. */
	dev_core_stats_rx_otherhost_dropped_inc(dev);
	stats = READ_ONCE(dev->core_stats);
	if (likely(stats))
		this_cpu_add(stats->rx_otherhost_dropped, n - 1);
}
EXPORT_SYMBOL_GPL(vnet_foreign_drop);

/* What the core makes of a frame before a driver sees it, or NULL. */
static struct sk_buff *vnet_xmit_validate(struct sk_buff *skb,
					  struct net_device *dev)
{
	netdev_features_t simple = NETIF_F_HW_CSUM | NETIF_F_SG;
	bool again = false;

	if (likely(!skb_is_gso(skb) &&
		   (!skb_vlan_tag_present(skb) ||
		    vlan_hw_offload_capable(dev->features, skb->vlan_proto)) &&
		   !skb_has_frag_list(skb) && !skb->csum_not_inet &&
		   (dev->features & simple) == simple))
		return skb;
	return validate_xmit_skb_list(skb, dev, &again);
}

/* As the core does for a device that may choose itself. */
static u16 vnet_pick_queue(struct net_device *dev, struct sk_buff *skb)
{
	const struct net_device_ops *ops = dev->netdev_ops;

#ifdef CONFIG_XPS
	/* Of a frame that was received it is the NAPI instance's number. */
	if (skb->sender_cpu - 1 >= nr_cpu_ids)
		skb->sender_cpu = raw_smp_processor_id() + 1;
#endif
	if (!ops->ndo_select_queue)
		return netdev_pick_tx(dev, skb, NULL);
	return netdev_cap_txqueue(dev, ops->ndo_select_queue(dev, skb, NULL));
}

/**
 * vnet_port_xmit() - send a frame from a port without the transmit path,
 *	where that can be done unnoticed
 * @port: the port of skb->dev
 * @skb: the frame, its data at the Ethernet header; consumed where it is taken
 *
 * Context: BH off, no lock held.
 * Return: true where the frame is taken; what then becomes of it the device
 * counts. Else the frame is as it was, for dev_queue_xmit().
 */
bool vnet_port_xmit(struct vnet_port *port, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct sk_buff *next;
	enum vnet_road road;
	u16 q = 0;

	if (unlikely(READ_ONCE(dev->real_num_tx_queues) > 1))
		q = vnet_pick_queue(dev, skb);
	road = vnet_road_tx(dev, netdev_get_tx_queue(dev, q), skb);
	vnet_road_count(port, true, road, 1);
	if (unlikely(road != VNET_ROAD_DIRECT))
		return false;

	skb_reset_mac_header(skb);
	skb_set_queue_mapping(skb, q);
	for (skb = vnet_xmit_validate(skb, dev); skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		port->ops->xmit(skb, dev);
	}
	return true;
}
EXPORT_SYMBOL_GPL(vnet_port_xmit);

/**
 * vnet_port_takes_frames() - whether a port can send frames without an skb
 *	unnoticed
 * @port: the port
 * @dev: its device
 *
 * Context: BH off.
 * Return: true where vnet_port_xmit_frames() may follow at once.
 */
bool vnet_port_takes_frames(const struct vnet_port *port,
			    const struct net_device *dev)
{
	return port->ops->xmit_frames &&
	       likely(vnet_road_tx_any(dev, netdev_get_tx_queue(dev, 0)) ==
		      VNET_ROAD_DIRECT);
}
EXPORT_SYMBOL_GPL(vnet_port_takes_frames);

/**
 * vnet_port_xmit_frames() - vnet_port_xmit() for frames without an skb
 * @port: a port that has just been found to take them
 * @dev: its device
 * @frames: the frames; consumed
 * @n: how many
 *
 * What becomes of them the device counts.
 *
 * Context: BH off, no lock held.
 */
void vnet_port_xmit_frames(struct vnet_port *port, struct net_device *dev,
			   struct xdp_frame **frames, unsigned int n)
{
	int sent;

	vnet_road_count(port, true, VNET_ROAD_DIRECT, n);
	sent = port->ops->xmit_frames(dev, frames, n);
	for (sent = max(sent, 0); unlikely(sent < n); sent++)
		xdp_return_frame(frames[sent]);
}
EXPORT_SYMBOL_GPL(vnet_port_xmit_frames);

/**
 * vnet_queue_xmit() - dev_queue_xmit() by a switch that may have been handed
 *	the frame directly
 * @skb: the frame, its device set; consumed
 *
 * What it leads to takes no further direct hop.
 *
 * Context: BH off, no lock held.
 * Return: as dev_queue_xmit().
 */
int vnet_queue_xmit(struct sk_buff *skb)
{
	unsigned int depth = vnet_depth();
	int ret;

	if (!depth)
		return dev_queue_xmit(skb);
	__this_cpu_write(vnet_direct_depth, VNET_DIRECT_HOPS);
	ret = dev_queue_xmit(skb);
	__this_cpu_write(vnet_direct_depth, depth);
	return ret;
}
EXPORT_SYMBOL_GPL(vnet_queue_xmit);

/**
 * vnet_direct_may_queue() - may a frame that was handed over directly be sent
 *	by a device that is no port
 *
 * Devices on top of devices nest, too, so only the first hop may end so.
 *
 * Context: BH off.
 * Return: true where it may.
 */
bool vnet_direct_may_queue(void)
{
	return vnet_depth() <= 1;
}
EXPORT_SYMBOL_GPL(vnet_direct_may_queue);

/**
 * vnet_direct_descend() - a frame goes several ways from here
 *
 * Until vnet_direct_ascend() what is sent has come over one hop more, so that
 * it can do no more than go to one port at each further one.
 *
 * Context: BH off.
 */
void vnet_direct_descend(void)
{
	vnet_depth_add(1);
}
EXPORT_SYMBOL_GPL(vnet_direct_descend);

/**
 * vnet_direct_ascend() - the end of vnet_direct_descend()
 *
 * Context: BH off, on the same CPU.
 */
void vnet_direct_ascend(void)
{
	vnet_depth_add(-1);
}
EXPORT_SYMBOL_GPL(vnet_direct_ascend);

/**
 * vnet_roads_sset_count() - number of ethtool statistics about roads
 *
 * Return: what ethtool's get_sset_count() adds for them.
 */
int vnet_roads_sset_count(void)
{
	int i, n = 0;

	for (i = 0; i < __VNET_ROAD_MAX; i++)
		n += vnet_road_names[i].rx + vnet_road_names[i].tx;
	return n;
}
EXPORT_SYMBOL_GPL(vnet_roads_sset_count);

/**
 * vnet_roads_get_strings() - names for ethtool -S
 * @p: where to write; moved on by one string for each statistic
 */
void vnet_roads_get_strings(u8 **p)
{
	int i;

	ethtool_sprintf(p, "%s", "direct_rx");
	ethtool_sprintf(p, "%s", "direct_tx");
	for (i = VNET_ROAD_DIRECT + 1; i < __VNET_ROAD_MAX; i++) {
		if (vnet_road_names[i].rx)
			ethtool_sprintf(p, "ordinary_rx_%s",
					vnet_road_names[i].name);
		if (vnet_road_names[i].tx)
			ethtool_sprintf(p, "ordinary_tx_%s",
					vnet_road_names[i].name);
	}
}
EXPORT_SYMBOL_GPL(vnet_roads_get_strings);

static u64 vnet_road_sum(const struct vnet_port *port, bool tx,
			 enum vnet_road road)
{
	u64 sum = 0;
	int cpu;

	if (!port->roads)
		return 0;
	for_each_possible_cpu(cpu) {
		const struct vnet_roads *roads = per_cpu_ptr(port->roads, cpu);
		unsigned int start;
		u64 n;

		do {
			start = u64_stats_fetch_begin(&roads->syncp);
			n = u64_stats_read(tx ? &roads->tx[road] :
						&roads->rx[road]);
		} while (u64_stats_fetch_retry(&roads->syncp, start));
		sum += n;
	}
	return sum;
}

/**
 * vnet_roads_get_values() - values for ethtool -S
 * @port: the port
 * @data: room for vnet_roads_sset_count() values
 *
 * All are zero while the port has never been a member of a switch.
 *
 * Context: RTNL.
 */
void vnet_roads_get_values(const struct vnet_port *port, u64 *data)
{
	int i;

	for (i = 0; i < __VNET_ROAD_MAX; i++) {
		if (vnet_road_names[i].rx)
			*data++ = vnet_road_sum(port, false, i);
		if (vnet_road_names[i].tx)
			*data++ = vnet_road_sum(port, true, i);
	}
}
EXPORT_SYMBOL_GPL(vnet_roads_get_values);
