/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vbridge: a learning bridge whose members may be any Ethernet devices.
 */
#ifndef _VBRIDGE_H
#define _VBRIDGE_H

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rhashtable.h>
#include <linux/workqueue.h>
#include <vnet/drop.h>
#include <vnet/port.h>

/**
 * DOC: locks and life times
 *
 * RTNL is the outermost lock. Under it ports come and go, and all options of
 * a bridge and of its ports change. The datapath takes no lock for them: it
 * runs in an RCU read section with BH off and reads the options with
 * READ_ONCE(), so one frame may see the old and the next the new value.
 *
 * &vbr.fdb_remove, a mutex taken under RTNL or alone, is held by whoever
 * removes entries of the forwarding table, which only process context does.
 * It changes nothing for learning and look-ups; under it a walk through the
 * list of entries may rest without losing its place.
 *
 * &vbr.fdb_lock, one per bridge, is taken under both or alone, from process
 * and BH context; nothing is taken under it but the locks inside the hash
 * table, the allocator and netlink broadcast. It protects every change of
 * the forwarding table: the hash table, the lists, which port an entry
 * leads to, the flags of an entry, the counts of entries and
 * &vbr_port.fdb_closed. Look-ups take no lock. The two time stamps of an
 * entry are written without it, by whoever sees the address, at most once a
 * tick.
 *
 * An entry that leaves the table is marked dead under the lock and freed
 * after an RCU grace period. Whoever found an entry without the lock and
 * wants to change it takes the lock and looks at the mark first.
 *
 * Frames come in by vbr_handle_frame(), or by vbr_input() in the context of
 * whoever sends to a member that is a port of the suite; both are in an RCU
 * read section with BH off and hold no lock.
 *
 * A port that goes, in this order: its state lets no more frames in or out;
 * it leaves the list of ports and the device's switch slot; its part of the
 * forwarding table is closed, so a frame still under way learns nothing
 * more, and emptied; the receive handler is unregistered, which waits for an
 * RCU grace period. From then on nobody can hold the port: each pointer to
 * it was gone before the wait. So it is freed at once, without a callback.
 *
 * A bridge that goes lets all its ports go before it is unregistered: each
 * holds a reference through the link to its master. The core then closes the
 * device, which stops the ageing work, and waits for the senders that are
 * still inside ndo_start_xmit before ndo_uninit empties the table. The
 * counters are freed by the destructor, when no reader is left.
 *
 * Unloading: the link operations go first, and with them all bridges; then
 * the notifier. No callback of this module is left behind: entries are freed
 * by kfree_rcu().
 */

/* Learned entries a bridge holds unless told otherwise: 32 MiB of them. */
#define VBR_FDB_MAX_LEARNED 262144

/* Groups that no bridge may forward: its own, MAC control, aggregation. */
#define VBR_GROUP_FWD_NEVER 0x0007
/* What a port may not be told to forward either: MAC control. */
#define VBR_PORT_GROUP_FWD_NEVER 0x0002

/* Reasons of drops, by the direction they count for in the bridge's totals. */
#define VBR_DROPS_RX (BIT(VNET_DROP_BAD_SOURCE) | BIT(VNET_DROP_PORT_STATE) | \
		      BIT(VNET_DROP_LINK_LOCAL) | BIT(VNET_DROP_SAME_PORT))
#define VBR_DROPS_TX (BIT(VNET_DROP_TOO_SHORT) | BIT(VNET_DROP_TOO_BIG) | \
		      BIT(VNET_DROP_DOWN) | BIT(VNET_DROP_NOMEM) | \
		      BIT(VNET_DROP_NO_EGRESS))
#define VBR_DROPS (VBR_DROPS_RX | VBR_DROPS_TX)

/**
 * enum vbr_stat - what a bridge counts beside drops
 * @VBR_STAT_FORWARDED: unicast frames handed to the port of their address
 * @VBR_STAT_FLOODED: frames that at least one port was to get a copy of
 * @VBR_STAT_FLOOD_COPIES: copies of them handed to a port
 * @VBR_STAT_PORT_STACK: link-local frames left to the port's own stack
 * @VBR_STAT_MULTICAST: multicast frames among those the bridge received
 * @VBR_STAT_EGRESS_REFUSED: frames handed to a port whose transmit path said
 *	no; the port's device or its queueing discipline counts them as drops
 * @VBR_STAT_LEARNED: addresses learned
 * @VBR_STAT_MOVED: addresses seen at another port than before
 * @VBR_STAT_AGED: addresses forgotten because they were silent
 * @VBR_STAT_LEARN_REFUSED: addresses not learned, the table being full or
 *	memory short
 * @VBR_STAT_OWN_SOURCE: frames that came in with an address of this bridge
 *	as their source: a loop, or a stolen address
 * @__VBR_STAT_MAX: number of counters
 */
enum vbr_stat {
	VBR_STAT_FORWARDED,
	VBR_STAT_FLOODED,
	VBR_STAT_FLOOD_COPIES,
	VBR_STAT_PORT_STACK,
	VBR_STAT_MULTICAST,
	VBR_STAT_EGRESS_REFUSED,
	VBR_STAT_LEARNED,
	VBR_STAT_MOVED,
	VBR_STAT_AGED,
	VBR_STAT_LEARN_REFUSED,
	VBR_STAT_OWN_SOURCE,
	__VBR_STAT_MAX
};

/**
 * struct vbr_stats - one CPU's counters of a bridge
 * @n: by enum vbr_stat
 * @syncp: guards @n on 32-bit machines
 *
 * Written with BH off by the CPU that owns it, read by anybody.
 */
struct vbr_stats {
	u64_stats_t n[__VBR_STAT_MAX];
	struct u64_stats_sync syncp;
};

/**
 * struct vbr - private data of a bridge
 * @dev: the bridge device
 * @fdb: the forwarding table, by address and VLAN
 * @ports: the ports, struct vbr_port.list; changed under RTNL, read under RCU
 * @stats: counters; see enum vbr_stat
 * @drops: counters of dropped frames; see VBR_DROPS
 * @ageing_time: jiffies a learned address stays without being seen, 0 for
 *	none; RTNL, READ_ONCE() elsewhere
 * @fdb_max_learned: learned entries the table may hold, 0 for any number;
 *	RTNL, READ_ONCE() elsewhere
 * @group_fwd_mask: link-local groups that are forwarded, by last byte; RTNL,
 *	READ_ONCE() elsewhere
 * @no_ll_learn: link-local frames left to the port's stack teach nothing;
 *	RTNL, READ_ONCE() elsewhere
 * @mtu_by_user: the MTU was set by hand and does not follow the ports; RTNL
 * @n_forwarding: ports in state forwarding; RTNL
 * @base_addr: the address while there is no port to take one from
 * @fdb_lock: protects the fields below and what the DOC section lists
 * @fdb_remove: held by whoever removes entries
 * @fdb_list: all entries in the order of their coming; read under RCU
 * @fdb_own: entries that lead to the bridge itself, vbr_fdb.port_list
 * @n_learned: entries of kind VBR_FDB_LEARNED
 * @age_work: forgets silent addresses; runs while the bridge is up
 */
struct vbr {
	struct net_device *dev;
	struct rhashtable fdb;
	struct list_head ports;
	struct vbr_stats __percpu *stats;
	struct vnet_drops __percpu *drops;
	unsigned long ageing_time;
	u32 fdb_max_learned;
	u16 group_fwd_mask;
	bool no_ll_learn;

	bool mtu_by_user;
	unsigned int n_forwarding;
	u8 base_addr[ETH_ALEN];

	/* Written while addresses are learned, so away from the above. */
	spinlock_t fdb_lock ____cacheline_aligned_in_smp; /* see the DOC above */
	struct mutex fdb_remove; /* see the DOC above */
	struct list_head fdb_list;
	struct list_head fdb_own;
	u32 n_learned;
	struct delayed_work age_work;
};

/* vbr_port.flags */
#define VBR_PORT_LEARNING	BIT(0)
#define VBR_PORT_FLOOD		BIT(1)
#define VBR_PORT_MCAST_FLOOD	BIT(2)
#define VBR_PORT_BCAST_FLOOD	BIT(3)
#define VBR_PORT_HAIRPIN	BIT(4)
#define VBR_PORT_ISOLATED	BIT(5)
#define VBR_PORT_DEFAULT (VBR_PORT_LEARNING | VBR_PORT_FLOOD | \
			  VBR_PORT_MCAST_FLOOD | VBR_PORT_BCAST_FLOOD)

/**
 * struct vbr_port - a device as a port of a bridge
 * @br: the bridge
 * @dev: the device; a reference is held
 * @suite: the device's port where it is one of the suite, else NULL; set
 *	before the port is shown to anybody
 * @flags: VBR_PORT_*; RTNL, READ_ONCE() elsewhere
 * @state: BR_STATE_*; RTNL, READ_ONCE() elsewhere
 * @group_fwd_mask: as vbr.group_fwd_mask, added to it; RTNL, READ_ONCE()
 *	elsewhere
 * @list: in vbr.ports
 * @sw: what a suite device's switch slot points to
 * @link_up: device and bridge are up and there is carrier; RTNL
 * @addr: the device's address, as the forwarding table knows it; RTNL
 * @dev_tracker: of the reference
 * @fdb_closed: no entry may lead here any more; vbr.fdb_lock
 * @n_fdb: number of entries in @fdb; vbr.fdb_lock
 * @fdb: entries that lead here, vbr_fdb.port_list; vbr.fdb_lock
 */
struct vbr_port {
	struct vbr *br;
	struct net_device *dev;
	struct vnet_port *suite;
	u32 flags;
	u16 group_fwd_mask;
	u8 state;
	struct list_head list;
	struct vnet_switch sw;

	bool link_up;
	u8 addr[ETH_ALEN];
	netdevice_tracker dev_tracker;

	/* Written while addresses are learned, so away from the above. */
	bool fdb_closed ____cacheline_aligned_in_smp;
	u32 n_fdb;
	struct list_head fdb;
};

/**
 * struct vbr_fdb_key - what a forwarding entry is found by
 * @addr: the MAC address
 * @vid: the VLAN; 0 on a bridge that does not filter VLANs
 */
struct vbr_fdb_key {
	u8 addr[ETH_ALEN];
	u16 vid;
};

/* vbr_fdb.flags */
#define VBR_FDB_LOCAL		BIT(0)	/* leads to the bridge's own stack */
#define VBR_FDB_STATIC		BIT(1)	/* does not age */
#define VBR_FDB_STICKY		BIT(2)	/* does not move */
#define VBR_FDB_EXT_LEARNED	BIT(3)	/* user space ages it */
#define VBR_FDB_USER		BIT(4)	/* added by user space */
#define VBR_FDB_LEARNED		BIT(5)	/* counts for the limit */
#define VBR_FDB_DEAD		BIT(6)	/* out of the table */

/**
 * struct vbr_fdb - an entry of the forwarding table
 * @node: in vbr.fdb
 * @key: address and VLAN
 * @port: where the address lies; NULL for the bridge itself
 * @flags: VBR_FDB_*; written under vbr.fdb_lock, READ_ONCE() elsewhere
 * @updated: jiffies when a frame came from the address; any context,
 *	READ_ONCE() and WRITE_ONCE()
 * @used: jiffies when a frame went there; likewise
 * @list: in vbr.fdb_list
 * @port_list: in vbr_port.fdb or vbr.fdb_own
 * @rcu: for the freeing
 */
struct vbr_fdb {
	struct rhash_head node;
	struct vbr_fdb_key key;
	struct vbr_port __rcu *port;
	u32 flags;

	/* Written as frames pass, so not beside what every look-up reads. */
	unsigned long updated ____cacheline_aligned_in_smp;
	unsigned long used;
	struct list_head list;
	struct list_head port_list;
	struct rcu_head rcu;
};

/**
 * struct vbr_fdb_req - an entry that user space asks for
 * @key: address and VLAN
 * @port: where it shall lead; NULL for the bridge itself
 * @flags: VBR_FDB_LOCAL, _STATIC, _STICKY, _EXT_LEARNED
 * @create: make it where there is none
 * @excl: refuse where there is one
 */
struct vbr_fdb_req {
	struct vbr_fdb_key key;
	struct vbr_port *port;
	u32 flags;
	bool create;
	bool excl;
};

/**
 * struct vbr_fdb_match - which entries a flush takes
 * @by_port: only those that lead to @port
 * @port: a port, or NULL for the bridge itself
 * @vid: only those of this VLAN, unless 0
 * @mask: the flags that are compared
 * @flags: their values
 */
struct vbr_fdb_match {
	bool by_port;
	struct vbr_port *port;
	u16 vid;
	u32 mask;
	u32 flags;
};

/**
 * enum vbr_action - what becomes of a frame
 * @VBR_DROP: nobody gets it
 * @VBR_PORT_STACK: the stack of the device it came in by gets it
 * @VBR_LOCAL: the bridge device gets it and no port does
 * @VBR_FORWARD: one port gets it
 * @VBR_FLOOD: all ports that take floods of its kind get it
 */
enum vbr_action {
	VBR_DROP,
	VBR_PORT_STACK,
	VBR_LOCAL,
	VBR_FORWARD,
	VBR_FLOOD,
};

/**
 * struct vbr_verdict - the decision on a frame, before anything is done
 * @action: what to do
 * @local: the bridge device gets a copy (VBR_FORWARD and VBR_FLOOD)
 * @why: the reason of VBR_DROP
 * @flood: the port flag that lets this kind of flood out (VBR_FLOOD)
 * @to: the port (VBR_FORWARD), borrowed under RCU
 */
struct vbr_verdict {
	enum vbr_action action;
	bool local;
	enum vnet_drop why;
	u32 flood;
	const struct vbr_port *to;
};

/**
 * vbr_count() - add to a bridge's counter
 * @br: the bridge
 * @what: the counter
 * @n: how much
 *
 * Context: BH off.
 */
static inline void vbr_count(struct vbr *br, enum vbr_stat what,
			     unsigned int n)
{
	struct vbr_stats *stats = this_cpu_ptr(br->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->n[what], n);
	u64_stats_update_end(&stats->syncp);
}

/* dev.c */
extern const struct net_device_ops vbr_netdev_ops;
void vbr_setup(struct net_device *dev);
void vbr_set_addr_rtnl(struct vbr *br, const u8 *addr);
void vbr_follow_ports_rtnl(struct vbr *br);
u64 vbr_stat_sum(const struct vbr *br, enum vbr_stat what);

/* port.c */
struct vbr_port *vbr_port_get(const struct net_device *dev);
int vbr_port_add_rtnl(struct vbr *br, struct net_device *dev,
		      struct netlink_ext_ack *extack);
void vbr_port_release_rtnl(struct vbr_port *port);
void vbr_port_set_state_rtnl(struct vbr_port *port, u8 state);
bool vbr_port_check_link_rtnl(struct vbr_port *port);
extern struct notifier_block vbr_notifier;

/* input.c */
rx_handler_result_t vbr_handle_frame(struct sk_buff **pskb);
bool vbr_input(struct vnet_switch *sw, struct sk_buff *skb);
netdev_tx_t vbr_xmit(struct sk_buff *skb, struct net_device *dev);

/* forward.c */
bool vbr_may_egress(const struct vbr_port *from, const struct vbr_port *to);
void vbr_execute(struct vbr *br, const struct vbr_port *from,
		 struct sk_buff *skb, const struct vbr_verdict *verdict);

/* fdb.c */
int vbr_fdb_init(struct vbr *br);
void vbr_fdb_uninit(struct vbr *br);
struct vbr_fdb *vbr_fdb_find_rcu(struct vbr *br, const u8 *addr, u16 vid);
void vbr_fdb_learn_rcu(struct vbr_port *port, const u8 *addr, u16 vid);
void vbr_fdb_age_now(struct vbr *br);
bool vbr_fdb_expired(const struct vbr *br, const struct vbr_fdb *fdb);
int vbr_fdb_set_rtnl(struct vbr *br, const struct vbr_fdb_req *req);
int vbr_fdb_del_rtnl(struct vbr *br, const struct vbr_fdb_key *key,
		     const struct vbr_port *via);
void vbr_fdb_flush_rtnl(struct vbr *br, const struct vbr_fdb_match *match);
void vbr_fdb_close_port_rtnl(struct vbr_port *port);
int vbr_fdb_add_local_rtnl(struct vbr *br, struct vbr_port *port,
			   const u8 *addr);
void vbr_fdb_del_local_rtnl(struct vbr *br, struct vbr_port *port,
			    const u8 *addr);

/* fdb_netlink.c */
extern const struct vnet_switch_ops vbr_switch_ops;
void vbr_fdb_notify(struct vbr *br, const struct vbr_fdb *fdb, int type);

/* port_netlink.c */
void vbr_port_notify(const struct vbr_port *port, int type);

/* ethtool.c */
extern const struct ethtool_ops vbr_ethtool_ops;

#endif /* _VBRIDGE_H */
