/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vbridge: a learning bridge whose members may be any Ethernet devices.
 */
#ifndef _VBRIDGE_H
#define _VBRIDGE_H

#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rhashtable.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <vnet/drop.h>
#include <vnet/port.h>
#include "tunnel.h"

/**
 * DOC: locks and life times
 *
 * RTNL is the outermost lock. Under it ports come and go, and all options of a
 * bridge and of its ports change, those of the family "vnet" too. The datapath
 * takes no lock for them: it runs in an RCU read section with BH off and reads
 * the options with READ_ONCE(), so one frame may see the old and the next the
 * new value.
 *
 * &vbr.fdb_remove, a mutex taken under RTNL or alone, is held by whoever
 * takes entries out of the list of entries, which only process context does.
 * It changes nothing for learning and look-ups; under it a walk through the
 * list may rest without losing its place. An entry that has to go while a
 * frame is looked at leaves the table at once, is dead (see below), and stays
 * in the list for &vbr.lost_work. Whoever replaces the spots
 * (spot.h) holds it, too, while the entries get theirs among the new ones.
 *
 * &vbr.fdb_lock, one per bridge, is taken under both or alone, from process
 * and BH context; nothing is taken under it but the locks inside the hash
 * table, the allocator, netlink broadcast and what the listeners of
 * vnet_stations_watch() take, whose rules for that are there. It protects every change of
 * the forwarding table: the hash table, the lists, which port an entry
 * leads to, the flags of an entry, the counts of entries, the spots and
 * &vbr_port.fdb_closed. Look-ups take no lock. The two time stamps of an
 * entry are written without it, by whoever sees the address, at most once a
 * tick, in the entry or in its spot: the later one counts.
 *
 * An entry that leaves the table is marked dead under the lock and freed
 * after an RCU grace period. Whoever found an entry without the lock and
 * wants to change it takes the lock and looks at the mark first.
 *
 * The lock of &vbr_host.queue is taken with BH off, by whoever has a frame
 * that the host is to receive later, and by who receives it; nothing is taken
 * under it. While a frame waits there, or is being received from there, all
 * others for the host go there as well.
 *
 * VLANs: RTNL for all changes. The datapath reads one word of a set of VLANs
 * at a time, so a frame sees each VLAN as member or not, and finds a VLAN's
 * counters under RCU; these are freed by call_rcu().
 *
 * Tunnels: RTNL for all changes. The datapath finds them under RCU; they are
 * freed by kfree_rcu(), and what frames on their way hold of them when the
 * last of these is gone.
 *
 * &vbr.state says that what crossings (crossing.h) remember may no longer be
 * so. Whoever changes what a known unicast frame is decided by, other than by
 * adding an entry, changes it afterwards, and before waiting for a grace
 * period or handing anything over to one; whoever decides reads it first.
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
 * the notifier. The callbacks that free counters of VLANs are waited for by
 * rcu_barrier(); entries are freed by kfree_rcu().
 */

/* Learned entries a bridge holds unless told otherwise: 32 MiB, 20 to find them. */
#define VBR_FDB_MAX_LEARNED 262144

/* Of these, so many may lead to one port, until the user sets a limit. */
#define VBR_FDB_MAX_LEARNED_PORT (VBR_FDB_MAX_LEARNED / 4)

/* Ports a bridge may have unless told otherwise: a flood goes through all. */
#define VBR_MAX_PORTS 8192

/* Groups that no bridge may forward: its own, MAC control, aggregation. */
#define VBR_GROUP_FWD_NEVER 0x0007
/* What a port may not be told to forward either: MAC control. */
#define VBR_PORT_GROUP_FWD_NEVER 0x0002

/* Groups of their customers that bridges of service VLANs carry: 802.1Q 8.6.3 */
#define VBR_GROUP_FWD_PROVIDER 0xb801

/* Reasons of drops, by the direction they count for in the bridge's totals. */
#define VBR_DROPS_RX (BIT(VNET_DROP_BAD_SOURCE) | BIT(VNET_DROP_PORT_STATE) | \
		      BIT(VNET_DROP_LINK_LOCAL) | BIT(VNET_DROP_SAME_PORT) | \
		      BIT(VNET_DROP_VLAN) | BIT(VNET_DROP_LOCKED) | \
		      BIT(VNET_DROP_RING_FULL) | BIT(VNET_DROP_PURGED))
#define VBR_DROPS_TX (BIT(VNET_DROP_TOO_SHORT) | BIT(VNET_DROP_TOO_BIG) | \
		      BIT(VNET_DROP_DOWN) | BIT(VNET_DROP_NOMEM) | \
		      BIT(VNET_DROP_NO_EGRESS))
#define VBR_DROPS (VBR_DROPS_RX | VBR_DROPS_TX)
static_assert(VBR_DROPS == VNET_SWITCH_DROPS);

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
 * @VBR_STAT_LEARN_REFUSED_PORT: addresses not learned, as the port they were
 *	seen at has its share of the table
 * @VBR_STAT_OWN_SOURCE: frames that came in with an address of this bridge
 *	as their source: a loop, or a stolen address
 * @VBR_STAT_ANSWERED: questions for neighbours that the bridge has answered
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
	VBR_STAT_LEARN_REFUSED_PORT,
	VBR_STAT_OWN_SOURCE,
	VBR_STAT_ANSWERED,
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
 * struct vbr_vlan_stats - one CPU's counters of a VLAN
 * @rx_packets: frames of this VLAN that came in
 * @rx_bytes: their bytes
 * @tx_packets: frames that went out
 * @tx_bytes: their bytes
 * @syncp: guards all on 32-bit machines
 *
 * Written with BH off by the CPU that owns it, read by anybody.
 */
struct vbr_vlan_stats {
	u64_stats_t rx_packets;
	u64_stats_t rx_bytes;
	u64_stats_t tx_packets;
	u64_stats_t tx_bytes;
	struct u64_stats_sync syncp;
};

/**
 * struct vbr_vlan - a VLAN that a bridge, or a port, counts the frames of
 * @stats: the counters
 * @users: sets of VLANs that have it as a member; RTNL
 * @rcu: for the freeing
 */
struct vbr_vlan {
	struct vbr_vlan_stats __percpu *stats;
	unsigned int users;
	struct rcu_head rcu;
};

/**
 * struct vbr_vlan_word - what a set knows of BITS_PER_LONG VLANs
 * @member: VLANs whose frames may pass
 * @untagged: of these, those whose frames leave without their tag
 */
struct vbr_vlan_word {
	unsigned long member;
	unsigned long untagged;
};

#define VBR_VLAN_WORDS BITS_TO_LONGS(VLAN_N_VID)

/* In place of a VLAN. */
#define VBR_NO_VLAN VLAN_N_VID

/**
 * struct vbr_vlan_set - which VLANs pass a port, or the bridge to its host
 * @pvid: the VLAN of frames that come in without one, 0 for none
 * @words: the VLANs
 *
 * One that is in use: RTNL, READ_ONCE() elsewhere.
 */
struct vbr_vlan_set {
	u16 pvid;
	struct vbr_vlan_word words[VBR_VLAN_WORDS];
};

/**
 * struct vbr_vlans - the VLANs of a port or of a bridge device
 * @counted: counters of the VLANs, by ID: @own or vbr.vlans_seen
 * @own: those of this port alone; struct vbr_vlan
 * @set: which they are
 * @followed: they did at the last change of the default; RTNL
 * @before: the PVID they had before that; RTNL
 */
struct vbr_vlans {
	struct xarray *counted;
	struct xarray own;
	struct vbr_vlan_set set;
	bool followed;
	u16 before;
};

/**
 * struct vbr_host - frames that wait for the bridge's host
 * @queue: them; its lock protects @open, too, and is taken with BH off
 * @pending: those in @queue and the one that is being received
 * @open: the bridge is up
 * @napi: receives them
 */
struct vbr_host {
	struct sk_buff_head queue;
	atomic_t pending;
	bool open;
	struct napi_struct napi;
};

/**
 * struct vbr - private data of a bridge
 * @dev: the bridge device
 * @spots: what most look-ups are answered from (spot.h); never NULL while there
 *	is a table; RCU
 * @fdb: the forwarding table, by address and VLAN
 * @ports: the ports, struct vbr_port.list; changed under RTNL, read under RCU
 * @stats: counters; see enum vbr_stat
 * @drops: counters of dropped frames; see VBR_DROPS
 * @state: see the DOC above; begins with a random number, so that no other
 *	bridge's crossings are taken for its own
 * @ageing_time: jiffies a learned address stays without being seen, 0 for
 *	none; RTNL, READ_ONCE() elsewhere
 * @fdb_max_learned: learned entries the table may hold, 0 for any number;
 *	RTNL, READ_ONCE() elsewhere
 * @fdb_max_learned_port: of these, those that may lead to one port, 0 for any
 *	number; RTNL, READ_ONCE() elsewhere
 * @group_fwd_mask: link-local groups that are forwarded, by last byte; RTNL,
 *	READ_ONCE() elsewhere
 * @no_ll_learn: link-local frames left to the port's stack teach nothing;
 *	RTNL, READ_ONCE() elsewhere
 * @special: @vlan_filtering or @direct_off is set, or @n_suppress or
 *	@n_odd is not 0; RTNL, READ_ONCE() elsewhere
 * @direct_off: no frame takes the direct road; RTNL, READ_ONCE() elsewhere
 * @n_suppress: ports that neighbours may be answered for; RTNL, READ_ONCE()
 *	elsewhere
 * @n_odd: ports with vbr_port.odd; RTNL
 * @vlan_filtering: frames stay within their VLANs; RTNL, READ_ONCE()
 *	elsewhere
 * @vlan_stats: count by VLAN; RTNL, READ_ONCE() elsewhere
 * @vlan_proto: the tags that name VLANs, ETH_P_8021Q or _8021AD; RTNL,
 *	READ_ONCE() elsewhere
 * @default_pvid: the VLAN a new port is in, 0 for none; RTNL
 * @vlan_stats_per_port: ports have counters of their own; RTNL
 * @vlans: those of the bridge device itself
 * @vlans_seen: all that the bridge or any port is in, by ID; struct vbr_vlan,
 *	written under RTNL, read under RCU
 * @mtu_by_user: the MTU was set by hand and does not follow the ports; RTNL
 * @n_forwarding: ports in state forwarding; RTNL
 * @n_ports: ports in @ports; RTNL
 * @max_ports: how many there may be, 0 for any number; RTNL
 * @base_addr: the address while there is no port to take one from
 * @fdb_lock: protects the fields below and what the DOC section lists
 * @fdb_remove: held by whoever removes entries
 * @fdb_list: all entries in the order of their coming; read under RCU
 * @fdb_own: entries that lead to the bridge itself, vbr_fdb.port_list
 * @fdb_lost: entries out of the table that stay in @fdb_list until @lost_work
 *	frees them; vbr_fdb.port_list
 * @n_learned: entries of kind VBR_FDB_LEARNED
 * @n_lost: entries in @fdb_lost
 * @fdb_nr: the number of the entry that came last
 * @age_work: forgets silent addresses; runs while the bridge is up
 * @lost_work: frees what is in @fdb_lost
 * @spots_nr: number of the last entry that was given its spot
 * @spots_owed: @spots_work is to come for entries behind that one
 * @spots_work: gives entries their spots, or all of them new ones
 * @host: frames for the host that are received later
 */
struct vbr {
	struct net_device *dev;
	struct vbr_spots __rcu *spots;
	struct rhashtable fdb;
	struct list_head ports;
	struct vbr_stats __percpu *stats;
	struct vnet_drops __percpu *drops;
	atomic64_t state;
	unsigned long ageing_time;
	u32 fdb_max_learned;
	u32 fdb_max_learned_port;
	u16 group_fwd_mask;
	bool no_ll_learn;
	bool special;
	bool vlan_filtering;
	bool vlan_stats;
	__be16 vlan_proto;
	u32 n_suppress;

	bool direct_off;
	u32 n_odd;
	u16 default_pvid;
	bool vlan_stats_per_port;
	bool mtu_by_user;
	unsigned int n_forwarding;
	u32 n_ports;
	u32 max_ports;
	u8 base_addr[ETH_ALEN];
	struct vbr_vlans vlans;
	struct xarray vlans_seen;

	/* Written while addresses are learned, so away from the above. */
	spinlock_t fdb_lock ____cacheline_aligned_in_smp; /* see the DOC above */
	struct mutex fdb_remove; /* see the DOC above */
	struct list_head fdb_list;
	struct list_head fdb_own;
	struct list_head fdb_lost;
	u32 n_learned;
	u32 n_lost;
	u32 fdb_nr;
	struct delayed_work age_work;
	struct work_struct lost_work;
	u32 spots_nr;
	bool spots_owed;
	struct delayed_work spots_work;

	/* Written with frames that many are sent. */
	struct vbr_host host ____cacheline_aligned_in_smp;
};

/* vbr_port.flags */
#define VBR_PORT_LEARNING	BIT(0)
#define VBR_PORT_FLOOD		BIT(1)
#define VBR_PORT_MCAST_FLOOD	BIT(2)
#define VBR_PORT_BCAST_FLOOD	BIT(3)
#define VBR_PORT_HAIRPIN	BIT(4)
#define VBR_PORT_ISOLATED	BIT(5)
#define VBR_PORT_LOCKED		BIT(6)
#define VBR_PORT_MAB		BIT(7)
#define VBR_PORT_SUPPRESS	BIT(8)
#define VBR_PORT_PROXYARP	BIT(9)
#define VBR_PORT_PROXYARP_WIFI	BIT(10)
#define VBR_PORT_TUNNEL		BIT(11)
/* These do not get what was answered for them. */
#define VBR_PORT_ANSWERED	(VBR_PORT_SUPPRESS | VBR_PORT_PROXYARP_WIFI)
/* Neighbours are answered for while a port has one of these. */
#define VBR_PORT_ANSWERS	(VBR_PORT_ANSWERED | VBR_PORT_PROXYARP)
#define VBR_PORT_DEFAULT (VBR_PORT_LEARNING | VBR_PORT_FLOOD | \
			  VBR_PORT_MCAST_FLOOD | VBR_PORT_BCAST_FLOOD)

/* What a port has for a spanning tree in user space until it says otherwise. */
#define VBR_PORT_COST 100
#define VBR_PORT_COST_MAX 65535
#define VBR_PORT_PRIORITY 32
#define VBR_PORT_PRIORITY_MAX 63

/**
 * struct vbr_port_counts - what is counted for a port
 * @drops: frames that came in by it and were not passed on, by enum vnet_drop
 * @learn_refused: addresses seen at it that were not learned, for whatever
 *	reason; see VBR_STAT_LEARN_REFUSED
 *
 * Nothing here grows with a frame that is passed on and teaches nothing, so
 * one counter for all CPUs will do.
 */
struct vbr_port_counts {
	atomic64_t drops[__VNET_DROP_MAX];
	atomic64_t learn_refused;
};

/**
 * struct vbr_port - a device as a port of a bridge
 * @br: the bridge
 * @dev: the device; a reference is held
 * @suite: the device's port where it is one of the suite, else NULL; set
 *	before the port is shown to anybody
 * @direct: @suite, but NULL while vbr.direct_off or VBR_PORT_TUNNEL is set;
 *	RTNL, READ_ONCE() elsewhere
 * @flags: VBR_PORT_*; RTNL, READ_ONCE() elsewhere
 * @state: BR_STATE_*; RTNL, READ_ONCE() elsewhere
 * @odd: what its device hands on has to be mended (member.c); RTNL, READ_ONCE()
 *	elsewhere
 * @group_fwd_mask: as vbr.group_fwd_mask, added to it; RTNL, READ_ONCE()
 *	elsewhere
 * @list: in vbr.ports
 * @sw: what a suite device's switch slot points to
 * @vlans: the VLANs the port is in
 * @backup: the port that gets its unicast frames while it has no carrier, or
 *	NULL; RTNL, RCU elsewhere
 * @backup_nhid: the nexthop by which they leave there if their VLAN is a
 *	tunnel, or 0; RTNL, READ_ONCE() elsewhere
 * @tunnels: which of the VLANs are tunnels; none without VBR_PORT_TUNNEL
 * @n_backed: ports whose @backup it is; RTNL
 * @cost: for user space that runs a spanning tree; RTNL
 * @priority: likewise
 * @cost_by_user: @cost does not follow the device's speed; RTNL
 * @fdb_max_learned: learned entries that may lead here, 0 for any number;
 *	counts while @fdb_max_by_user is set; RTNL, READ_ONCE() elsewhere
 * @fdb_max_by_user: it comes before vbr.fdb_max_learned_port; likewise
 * @link_up: device and bridge are up and there is carrier; RTNL
 * @addr: the device's address, as the forwarding table knows it; RTNL
 * @dev_tracker: of the reference
 * @counts: the port's counters; any context
 * @fdb_closed: no entry may lead here any more; vbr.fdb_lock
 * @n_fdb: number of entries in @fdb; vbr.fdb_lock
 * @n_learned: of these, entries of kind VBR_FDB_LEARNED; vbr.fdb_lock
 * @fdb: entries that lead here, vbr_fdb.port_list; vbr.fdb_lock
 */
struct vbr_port {
	struct vbr *br;
	struct net_device *dev;
	struct vnet_port *direct;
	u32 flags;
	u16 group_fwd_mask;
	u8 state;
	bool odd;
	struct list_head list;
	struct vbr_port __rcu *backup;
	struct vnet_switch sw;
	struct vbr_vlans vlans;

	struct vnet_port *suite;
	struct vbr_tunnels tunnels;
	u32 backup_nhid;
	u32 n_backed;
	u32 cost;
	u16 priority;
	bool cost_by_user;
	bool fdb_max_by_user;
	u32 fdb_max_learned;
	u8 addr[ETH_ALEN] __aligned(2);
	bool link_up;
	netdevice_tracker dev_tracker;
	struct vbr_port_counts *counts;

	/* Written while addresses are learned, so away from the above. */
	bool fdb_closed ____cacheline_aligned_in_smp;
	u32 n_fdb;
	u32 n_learned;
	struct list_head fdb;
};

/**
 * struct vbr_fdb_key - what a forwarding entry is found by
 * @addr: the MAC address
 * @vid: the VLAN; 0 for what was learned while the bridge did not filter
 *	VLANs, and for what counts in all of them: the addresses of the bridge
 *	and its ports, and entries by user space that name no VLAN
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
#define VBR_FDB_LOCKED		BIT(7)	/* seen at a locked port, not let in */

/**
 * struct vbr_fdb - an entry of the forwarding table
 * @node: in vbr.fdb
 * @key: address and VLAN
 * @port: where the address lies; NULL for the bridge itself
 * @flags: VBR_FDB_*; written under vbr.fdb_lock, READ_ONCE() elsewhere
 * @nr: numbers the entries of a bridge as they come
 * @updated: jiffies when a frame came from the address; any context,
 *	READ_ONCE() and WRITE_ONCE()
 * @used: jiffies when a frame went there; likewise
 * @list: in vbr.fdb_list
 * @port_list: in vbr_port.fdb, vbr.fdb_own or vbr.fdb_lost
 * @rcu: for the freeing
 *
 * The time stamps are beside what look-ups read, since in a large table each
 * line is a miss of its own; a table in use by many CPUs loses the line once
 * a tick.
 */
struct vbr_fdb {
	struct rhash_head node;
	struct vbr_fdb_key key;
	struct vbr_port __rcu *port;
	u32 flags;
	u32 nr;
	unsigned long updated;
	unsigned long used;

	/* What frames do not look at. */
	struct list_head list ____cacheline_aligned_in_smp;
	struct list_head port_list;
	struct rcu_head rcu;
};

/**
 * enum vbr_fdb_end - why an entry left the table, for those who trace
 * @VBR_FDB_DELETED: by itself, for user space or as an address of the bridge's
 * @VBR_FDB_FLUSHED: with others of its kind, or with its port or bridge
 * @VBR_FDB_AGED: it was silent
 * @VBR_FDB_LOST: a frame came from the address by a port that may have no more
 */
enum vbr_fdb_end {
	VBR_FDB_DELETED,
	VBR_FDB_FLUSHED,
	VBR_FDB_AGED,
	VBR_FDB_LOST,
};

/**
 * struct vbr_fdb_req - an entry that user space asks for
 * @key: address and VLAN
 * @port: where it shall lead; NULL for the bridge itself
 * @flags: VBR_FDB_LOCAL, _STATIC, _STICKY, _EXT_LEARNED
 * @create: make it where there is none
 * @excl: refuse where there is one
 * @learned: as if a frame had told: what was learned is no reason to refuse
 * @use: just as if a frame had told: an entry that is there keeps what it is
 */
struct vbr_fdb_req {
	struct vbr_fdb_key key;
	struct vbr_port *port;
	u32 flags;
	bool create;
	bool excl;
	bool learned;
	bool use;
};

/**
 * struct vbr_fdb_match - which entries a flush takes
 * @by_port: only those that lead to @port
 * @port: a port, or NULL for the bridge itself
 * @vid: only those of this VLAN, unless 0
 * @vids: only those of these VLANs, unless NULL
 * @mask: the flags that are compared
 * @flags: their values
 */
struct vbr_fdb_match {
	bool by_port;
	struct vbr_port *port;
	u16 vid;
	const unsigned long *vids;
	u32 mask;
	u32 flags;
};

struct vbr_spots;

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
 * @direct: the frame's sender may be what runs
 * @vid: as vbr_vlan_classify() says
 * @why: the reason of VBR_DROP
 * @answered: where it asks for a neighbour, or tells of one: flags of ports that
 *	need not get it
 * @flood: the port flag that lets this kind of flood out (VBR_FLOOD)
 * @to: the port (VBR_FORWARD), borrowed under RCU
 * @nhid: the nexthop it is to leave @to by, if its VLAN is a tunnel there, or 0
 * @source: the entry of the source address, where it says just that the
 *	address lies where the frame came from; else NULL
 * @dest: likewise for the destination and @to
 */
struct vbr_verdict {
	enum vbr_action action;
	bool local;
	bool direct;
	u16 vid;
	enum vnet_drop why;
	u32 answered;
	u32 flood;
	const struct vbr_port *to;
	u32 nhid;
	struct vbr_fdb *source;
	struct vbr_fdb *dest;
};

/**
 * vbr_crossings_end() - let nothing be decided by what was remembered
 * @br: the bridge, changed already
 *
 * Context: any.
 */
static inline void vbr_crossings_end(struct vbr *br)
{
	/* After the change; pairs with the acquire of whoever decides. */
	atomic64_inc_return(&br->state);
}

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

/* A bridge of service VLANs, whose customers have bridges of their own. */
static inline bool vbr_is_provider(const struct vbr *br)
{
	return READ_ONCE(br->vlan_filtering) &&
	       READ_ONCE(br->vlan_proto) == htons(ETH_P_8021AD);
}

static inline bool vbr_vlan_has(const struct vbr_vlan_set *set, u16 vid)
{
	return READ_ONCE(set->words[BIT_WORD(vid)].member) & BIT_MASK(vid);
}

static inline bool vbr_vlan_untags(const struct vbr_vlan_set *set, u16 vid)
{
	return READ_ONCE(set->words[BIT_WORD(vid)].untagged) & BIT_MASK(vid);
}

/* What most bridges do not have, and so most frames see by one look. */
static inline void vbr_set_special_rtnl(struct vbr *br)
{
	bool special = br->vlan_filtering || br->n_suppress ||
		       br->direct_off || br->n_odd;

	WRITE_ONCE(br->special, special);
}

/* Learned entries that may lead to a port, 0 for any number. */
static inline u32 vbr_port_max_learned(const struct vbr_port *port)
{
	return READ_ONCE(port->fdb_max_by_user) ?
	       READ_ONCE(port->fdb_max_learned) :
	       READ_ONCE(port->br->fdb_max_learned_port);
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
void vbr_port_set_backup_rtnl(struct vbr_port *port, struct vbr_port *backup);
void vbr_port_set_flags_rtnl(struct vbr_port *port, u32 flags);
void vbr_set_direct_rtnl(struct vbr *br, bool on);
extern struct notifier_block vbr_notifier;

/* vlan.c */
u16 vbr_vlan_admit(const struct vbr *br, const struct vbr_vlan_set *set,
		   __be16 tag, u16 vid);
u16 vbr_vlan_classify_filtered(const struct vbr *br,
			       const struct vbr_vlans *vlans,
			       const struct sk_buff *skb);

/**
 * vbr_vlan_classify() - find out which VLAN a frame is in
 * @br: the bridge
 * @vlans: of the port it comes in by, or of the bridge for its host's frames
 * @skb: the frame; no tag of the bridge's kind stands within it
 *
 * The frame stays as it is: it gets its tag when it leaves.
 *
 * Context: BH off.
 * Return: the VLAN, to stay in; VBR_NO_VLAN where it is in none that it may
 *	come in by; 0 on a bridge that does not filter VLANs.
 */
static inline u16 vbr_vlan_classify(const struct vbr *br,
				    const struct vbr_vlans *vlans,
				    const struct sk_buff *skb)
{
	if (likely(!READ_ONCE(br->vlan_filtering)))
		return 0;
	return vbr_vlan_classify_filtered(br, vlans, skb);
}

struct sk_buff *vbr_vlan_dress(const struct vbr *br,
			       const struct vbr_vlans *vlans,
			       struct sk_buff *skb, u16 vid);

/**
 * vbr_vlan_of_rcu() - what a VLAN's frames are counted by
 * @vlans: of the port, or of the bridge for the host's frames
 * @vid: the VLAN
 *
 * Context: RCU read section.
 * Return: the VLAN, borrowed under RCU, or NULL; it may have been taken away
 *	meanwhile.
 */
static inline struct vbr_vlan *vbr_vlan_of_rcu(const struct vbr_vlans *vlans,
					       u16 vid)
{
	return xa_load(READ_ONCE(vlans->counted), vid);
}

/**
 * vbr_vlan_count() - count a frame for its VLAN
 * @vlan: the VLAN, or NULL
 * @len: length without the Ethernet header
 * @rx: it came in, else it goes out
 *
 * Context: BH off.
 */
static inline void vbr_vlan_count(const struct vbr_vlan *vlan,
				  unsigned int len, bool rx)
{
	struct vbr_vlan_stats *stats;

	if (unlikely(!vlan))
		return;
	stats = this_cpu_ptr(vlan->stats);
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(rx ? &stats->rx_packets : &stats->tx_packets);
	u64_stats_add(rx ? &stats->rx_bytes : &stats->tx_bytes, len);
	u64_stats_update_end(&stats->syncp);
}

void vbr_vlan_read(const struct vbr_vlan *vlan,
		   struct bridge_vlan_xstats *to);
u16 vbr_vlan_next(const struct vbr_vlan_set *set, u16 vid);
void vbr_vlan_add(struct vbr_vlan_set *set, u16 vid, bool pvid, bool untagged);
void vbr_vlan_del(struct vbr_vlan_set *set, u16 vid);
int vbr_vlan_commit_rtnl(struct vbr *br, struct vbr_port *port,
			 const struct vbr_vlan_set *set);
int vbr_vlan_start_port_rtnl(struct vbr_port *port);
void vbr_vlan_end_port_rtnl(struct vbr_port *port);
int vbr_vlan_start_rtnl(struct vbr *br);
void vbr_vlan_end_rtnl(struct vbr *br);
int vbr_vlan_set_default_pvid_rtnl(struct vbr *br, u16 pvid);
void vbr_vlan_undo_default_pvid_rtnl(struct vbr *br, u16 old);
int vbr_vlan_set_proto_rtnl(struct vbr *br, __be16 proto);
void vbr_vlan_set_per_port_rtnl(struct vbr *br, bool per_port);

/* bound.c */
void vbr_bound_check_rtnl(struct vbr *br);
void vbr_bound_event_rtnl(struct net_device *dev);

/* input.c */
rx_handler_result_t vbr_handle_frame(struct sk_buff **pskb);
bool vbr_input(struct vnet_switch *sw, struct sk_buff *skb);
bool vbr_admit_for_host(struct vnet_switch *sw, const struct ethhdr *eth,
			__be16 tag, u16 vid);
netdev_tx_t vbr_xmit(struct sk_buff *skb, struct net_device *dev);

/* forward.c */
bool vbr_may_egress(const struct vbr_port *from, const struct vbr_port *to,
		    const struct vbr_verdict *verdict);
void vbr_cross(struct vbr *br, const struct vbr_port *from,
	       const struct vbr_port *to, struct sk_buff *skb, u16 vid);
bool vbr_flood_is_short_rcu(const struct vbr_port *from,
			    const struct vbr_verdict *verdict);
void vbr_execute(struct vbr *br, const struct vbr_port *from,
		 struct sk_buff *skb, const struct vbr_verdict *verdict);

/* host.c */
void vbr_host_deliver(struct vbr *br, const struct vbr_port *from,
		      struct sk_buff *skb, bool later);
void vbr_host_open_rtnl(struct vbr *br);
void vbr_host_close_rtnl(struct vbr *br);
void vbr_host_init(struct vbr *br);
void vbr_host_uninit(struct vbr *br);

/* member.c */
bool vbr_member_is_odd(const struct net_device *dev);
bool vbr_member_mend(struct sk_buff *skb);

/* frames.c */
unsigned int vbr_input_frames(struct vnet_switch *sw, struct xdp_frame **frames,
			      unsigned int n);

/* drop.c */
void vbr_drop_count(struct vbr *br, const struct vbr_port *from,
		    const struct sk_buff *skb, enum vnet_drop why);
void vbr_drop_skb(struct vbr *br, const struct vbr_port *from,
		  struct sk_buff *skb, enum vnet_drop why);

/* suppress.c */
bool vbr_suppress_is_for(const struct sk_buff *skb);
u32 vbr_suppress_rcu(struct vbr *br, struct vbr_port *from,
		     struct sk_buff *skb, const struct vbr_verdict *verdict);

/* fdb.c */
int vbr_fdb_init(struct vbr *br);
void vbr_fdb_uninit(struct vbr *br);
struct vbr_fdb *vbr_fdb_find_rcu(struct vbr *br, const u8 *addr, u16 vid);
struct vbr_fdb *vbr_fdb_find_for_all_rcu(struct vbr *br, const u8 *addr);

/**
 * vbr_fdb_lookup_rcu() - look up where an address is
 * @br: the bridge
 * @addr: the MAC address
 * @vid: the VLAN, or 0
 *
 * Context: RCU read section.
 * Return: the entry in the VLAN, else one that counts in all VLANs, borrowed
 *	under RCU; or NULL.
 */
static inline struct vbr_fdb *vbr_fdb_lookup_rcu(struct vbr *br, const u8 *addr,
						 u16 vid)
{
	struct vbr_fdb *fdb = vbr_fdb_find_rcu(br, addr, vid);

	if (likely(fdb || !vid))
		return fdb;
	return vbr_fdb_find_for_all_rcu(br, addr);
}

struct vbr_fdb *vbr_fdb_learn_rcu(struct vbr_port *port, const u8 *addr,
				  u16 vid);
void vbr_stations_left_rtnl(const struct vbr *br, const struct vbr_port *port);
bool vbr_fdb_unlock_rcu(struct vbr_port *port, const u8 *addr, u16 vid);
int vbr_fdb_set_rtnl(struct vbr *br, const struct vbr_fdb_req *req);
int vbr_fdb_add_local_rtnl(struct vbr *br, struct vbr_port *port,
			   const u8 *addr);
void vbr_fdb_del_local_rtnl(struct vbr *br, struct vbr_port *port,
			    const u8 *addr);

/* fdb_end.c */
bool vbr_fdb_expired(const struct vbr *br, const struct vbr_fdb *fdb);
void vbr_fdb_walk(struct vbr *br,
		  void (*visit)(struct vbr *br, struct vbr_fdb *fdb, void *arg),
		  void *arg);
void vbr_fdb_age_now(struct vbr *br);
int vbr_fdb_del_rtnl(struct vbr *br, const struct vbr_fdb_key *key,
		     const struct vbr_port *via);
void vbr_fdb_settle_rtnl(struct vbr *br, const u8 *addr);
void vbr_fdb_flush_rtnl(struct vbr *br, const struct vbr_fdb_match *match);
void vbr_fdb_close_port_rtnl(struct vbr_port *port);

/* fdb_netlink.c */
extern const struct vnet_switch_ops vbr_switch_ops;
void vbr_fdb_notify(struct vbr *br, const struct vbr_fdb *fdb, int type);

/* vlan_netlink.c */
void vbr_vlan_notify_rtnl(const struct net_device *dev,
			  const unsigned long *vids,
			  const struct vbr_vlan_set *set);

/* port_netlink.c */
void vbr_port_notify(const struct vbr_port *port, int type);

/* ethtool.c */
extern const struct ethtool_ops vbr_ethtool_ops;

#endif /* _VBRIDGE_H */
