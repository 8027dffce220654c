/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vflow: established flows that nftables gave to a flowtable with `flags
 * offload` leave the stack. To netfilter it is the hardware.
 */
#ifndef _VFLOW_H
#define _VFLOW_H

#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/u64_stats_sync.h>
#include <linux/xarray.h>
#include <net/flow_offload.h>
#include <net/ip6_fib.h>
#include <net/neighbour.h>
#include <net/netfilter/nf_flow_table.h>
#include <vnet/port.h>

/* Version 1, type 1. */
#define VFLOW_PPPOE_VER_TYPE 0x11

/**
 * struct vflow_pppoe - in front of a packet in a session of PPPoE (RFC 2516)
 * @ver_type: VFLOW_PPPOE_VER_TYPE
 * @code: 0
 * @sid: the session's ID
 * @length: bytes of @proto and of the packet
 * @proto: PPP_IP or PPP_IPV6
 *
 * The kernel's own is one with a flexible array of flexible structures, which
 * sparse does not take.
 */
struct vflow_pppoe {
	u8 ver_type;
	u8 code;
	__be16 sid;
	__be16 length;
	__be16 proto;
} __packed;

/**
 * DOC: locking and teardown
 *
 * A device is *bound* while it stands in at least one flowtable. The core says
 * so by BIND and UNBIND, from nft's transaction or from a netdevice notifier
 * with RTNL held, so nothing here takes RTNL. &vflow_devs_lock, a mutex,
 * protects the list of bound devices and the bindings of each; it is taken
 * below RTNL, nft's commit mutex, the core's lock of indirect blocks and the
 * flowtable's block lock, and above netfilter's lock of hooks and
 * &vflow_dev.lock.
 *
 * &vflow_dev.lock, a mutex, protects every change of a device's two tables of
 * rules, its rules by number, the lists of rules of its bindings and
 * &vflow_binding.closed. A dump of flows holds it for as many as fit into one
 * message, and goes on behind the number of the last one. The core's workers
 * (REPLACE, DESTROY, STATS) take it with the flowtable's block lock held for
 * reading. They take no other lock of ours.
 *
 * The datapath reads the rules under RCU, writes a CPU's own counters of a rule
 * with BH off, and takes no lock.
 *
 * The cookie of a rule is the address of its direction of a &struct
 * flow_offload. The core frees that only after DESTROY, through an RCU
 * callback: who found a rule under RCU may look at the flow until the end of
 * that section, and who holds &vflow_dev.lock may as long as the rule is in
 * the table of cookies.
 *
 * UNBIND brings no DESTROY. vflow_binding_close() removes all rules that came
 * by the binding and the hook if it was the last one, then waits for an RCU
 * grace period; no cookie is looked at after that. The core's workers may
 * still call with the binding: it is closed, they do nothing. The core frees
 * the binding when nobody calls any more (vflow_binding_release()), and with
 * the last one of a device goes the &struct vflow_dev, which holds the device
 * until then.
 *
 * A rule that leads past a bridge of the suite to one of its ports stands in a
 * third table, of all devices, by port and MAC address; it has the locks of
 * rhltable alone. A bridge announces under its own lock, in an RCU read section
 * with BH off, that a station has left a port: what is found is torn down, for
 * which no lock is taken, and its frames go to the stack at once. The rule comes
 * into this table before the others, and the bridge is asked once more when it
 * is in all; so either the announcement finds the rule, or that question the
 * change.
 *
 * Who has the flow slot of a suite device, the &struct vflow_dev or the early
 * look-up of software tables, is decided under &vflow_early_lock, a mutex that
 * is taken below RTNL and &vflow_devs_lock, and holds none. Turning that on and
 * off is serialised by &vflow_early_switch, above RTNL.
 *
 * Groups of next hops are told of under RTNL, by notifiers of each namespace; a
 * work that waits for the end of that has all rules asked about again, for which
 * it takes the two mutexes and holds no other lock.
 *
 * A rule holds its outgoing device and its neighbour. Both are let go in the
 * RCU callback that frees the rule; unloading waits for these by
 * rcu_barrier(). A route that is held goes from its device when that goes.
 */

/**
 * enum vflow_why - what became of a frame on a bound device
 * @VFLOW_TAKEN: it left the stack
 * @VFLOW_UNKNOWN: no flow is known for it
 * @VFLOW_HOOKS: other netfilter hooks look at the device
 * @VFLOW_UPPER: the device belongs to a bridge, bond or the like, other than a
 *	bridge of the suite
 * @VFLOW_FRAGMENT: a fragment
 * @VFLOW_OPTIONS: with IP options or extension headers
 * @VFLOW_MAC: of a known flow, but for another station on the wire
 * @VFLOW_GONE: the flow is being torn down, or conntrack has given it up
 * @VFLOW_ROUTE: routes have changed; the flow is torn down
 * @VFLOW_NEIGH: the next hop has changed or is not known; the flow is torn down
 * @VFLOW_DOWN: the outgoing device is down; the flow is torn down
 * @VFLOW_TTL: its time to live ends here
 * @VFLOW_FLAGS: TCP that begins, ends or breaks a connection
 * @VFLOW_LENGTH: lengths in its headers do not agree
 * @VFLOW_CHECKSUM: the sum of its IP header is wrong
 * @VFLOW_MTU: longer than the next link allows
 * @VFLOW_STATE: with a route, an IPsec state or a socket's wish of its own
 * @VFLOW_NOMEM: no memory for headers that can be written to
 * @VFLOW_DEPTH: too many direct hops lie behind it
 * @VFLOW_SUPER: a super-frame, of which no segments are made with PPPoE
 * @VFLOW_BRIDGE: the bridge does not let it in to its host, or has to see it
 * @VFLOW_WATCHED: the core has the flow, nothing is known of its way here
 * @__VFLOW_WHY_MAX: number of these
 *
 * The names that user space sees are in vflow_why_names[]; append only.
 */
enum vflow_why {
	VFLOW_TAKEN,
	VFLOW_UNKNOWN,
	VFLOW_HOOKS,
	VFLOW_UPPER,
	VFLOW_FRAGMENT,
	VFLOW_OPTIONS,
	VFLOW_MAC,
	VFLOW_GONE,
	VFLOW_ROUTE,
	VFLOW_NEIGH,
	VFLOW_DOWN,
	VFLOW_TTL,
	VFLOW_FLAGS,
	VFLOW_LENGTH,
	VFLOW_CHECKSUM,
	VFLOW_MTU,
	VFLOW_STATE,
	VFLOW_NOMEM,
	VFLOW_DEPTH,
	VFLOW_SUPER,
	VFLOW_BRIDGE,
	VFLOW_WATCHED,
	__VFLOW_WHY_MAX
};

/* No frame has come yet. */
#define VFLOW_NO_CPU	(-1)

/* As many as a flowtable's flows may have. */
#define VFLOW_ENCAPS	NF_FLOW_TABLE_ENCAP_MAX

/**
 * struct vflow_encap - what stands between the Ethernet and the IP header
 * @proto: ETH_P_8021Q, ETH_P_8021AD or ETH_P_PPP_SES
 * @id: the VLAN, or the session of PPPoE
 */
struct vflow_encap {
	__be16 proto;
	u16 id;
};

/**
 * struct vflow_key - what a frame is looked up by, on its device
 * @sport: source port
 * @dport: destination port
 * @ports: both
 * @family: AF_INET or AF_INET6
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @encaps: how many of @encap there are
 * @v4: addresses of IPv4; the rest of the union is zero
 * @v6: addresses of IPv6
 * @encap: VLAN tags from the outermost, PPPoE behind them; zero beyond @encaps
 */
struct vflow_key {
	union {
		struct {
			__be16 sport;
			__be16 dport;
		};
		__be32 ports;
	};
	u8 family;
	u8 proto;
	u16 encaps;
	union {
		struct {
			__be32 src;
			__be32 dst;
		} v4;
		struct {
			struct in6_addr src;
			struct in6_addr dst;
		} v6;
	};
	struct vflow_encap encap[VFLOW_ENCAPS];
} __aligned(8);

/**
 * struct vflow_rewrite - what a rule makes of a frame
 * @eth: the Ethernet header it leaves with
 * @nat: whether addresses or ports change
 * @encaps: whether it comes or leaves with VLAN tags or PPPoE
 * @addr_diff: by how much the sum over the addresses changes
 * @l4_diff: the same with the ports
 * @ports: its source and destination port then
 * @saddr: its source address then, if it is of IPv4
 * @daddr: and its destination
 * @in_band: bytes that stand between the headers when it leaves; the outermost
 *	VLAN tag does not
 * @mtu: the longest IP packet, as the core has it from the route
 */
struct vflow_rewrite {
	struct ethhdr eth;
	bool nat;
	bool encaps;
	__wsum addr_diff;
	__wsum l4_diff;
	__be32 ports;
	__be32 saddr;
	__be32 daddr;
	u8 in_band;
	u16 mtu;
};

/**
 * struct vflow_station - a station behind a port of a bridge
 * @out: the port's device, to compare only
 * @addr: the MAC address
 * @pad: zero
 */
struct vflow_station {
	const struct net_device *out;
	u8 addr[ETH_ALEN];
	u16 pad;
};

/**
 * struct vflow_counts - one CPU's count of a rule's frames
 * @packets: frames, before segmentation
 * @bytes: their bytes from the IP header on
 * @syncp: guards both on 32-bit machines
 */
struct vflow_counts {
	u64_stats_t packets;
	u64_stats_t bytes;
	struct u64_stats_sync syncp;
};

/**
 * enum vflow_asked - by which question the way of a rule was found
 * @VFLOW_ASKED_PLAIN: as a router that gets a frame without a mark
 * @VFLOW_ASKED_MARK: as one that gets it with the mark of its connection
 * @VFLOW_ASKED_CORE: as the core, with the outgoing device
 * @VFLOW_ASKED_IN_VAIN: by none; the rule takes no frames
 */
enum vflow_asked {
	VFLOW_ASKED_PLAIN,
	VFLOW_ASKED_MARK,
	VFLOW_ASKED_CORE,
	VFLOW_ASKED_IN_VAIN,
};

/**
 * struct vflow_way - what the routes say about a rule
 * @neigh: the next hop, or NULL where there is none
 * @dst: the route, of IPv6; else NULL
 * @routed: index of the device that the routes lead to
 * @bridged: past that, a bridge, to one of its ports
 * @mtu: the longest packet of IPv4 that may go there; 0 of IPv6
 */
struct vflow_way {
	struct neighbour *neigh;
	struct dst_entry *dst;
	int routed;
	bool bridged;
	unsigned int mtu;
};

/**
 * struct vflow_rule - one direction of a flow
 * @rewrite: what is done
 * @dest: the MAC address that its frames must be for
 * @plain: the longest IP packet that needs no second look, see
 *	vflow_check_more()
 * @genid: the generation of routes that it was found right under last
 * @cpu: the only one that counts in @counts, by which the first frame came;
 *	VFLOW_NO_CPU before that
 * @used: jiffies of the last frame
 * @flow: the core's
 * @ct: the flow's
 * @neigh: the next hop, whose address must stay; NULL where it has none
 * @out: where frames leave
 * @port: of @out, where that is a suite device
 * @by_key: in the device's table of keys
 * @key: what its frames are looked up by
 * @counts: of frames that came by @cpu
 * @dst: the route, of IPv6; else, or where nothing leads there, NULL
 * @others: of those by other CPUs, per CPU; NULL until there are such
 * @to: the key's counterpart when a frame leaves
 * @by_cookie: in the device's table of cookies
 * @cookie: the core's name for it
 * @list: in &vflow_binding.rules
 * @rcu: for the callback that frees it, once it is in no list
 * @binding: what it came by
 * @hashed: whether it is in the table of keys
 * @told_packets: what the core knows of
 * @told_bytes: and of these
 * @shared: frames have come by another CPU than @cpu
 * @stray_packets: frames that stand neither in @counts nor in @others
 * @stray_bytes: and their bytes
 * @heir: a newer version, which gets what is still counted here
 * @refs: one, and one for each older version that this is the heir of
 * @bridged: it leads past a bridge to a port, @out
 * @asked: how the way was found; an enum vflow_asked
 * @whys: for which reasons frames were left to the stack, a bit each
 * @left: how many these were
 * @id: its number on its device, which newer versions keep
 * @added: when the first version came, in seconds since the boot
 * @routed: index of the device that the routes lead to
 * @by_station: then, in the table of stations
 * @station: what it is found by there
 * @out_tracker: for @out
 *
 * All but @genid, @cpu, the counts and @used is fixed once the rule is in the table of
 * keys, or under &vflow_dev.lock and not for the datapath (from @by_cookie on).
 * @whys and @left are the exception: frames that are left alone are counted in
 * one place, for they come by one CPU mostly, and go through the whole stack
 * then; a count for each CPU would be most of a rule's memory on large machines.
 *
 * A flow's frames come by one CPU mostly, too, so that one counts here, where the
 * frame's other words lie. The others get room of their own with the first frame
 * that comes by one of them. Where there is no memory for that they share the stray
 * counts, and it is tried again when the core asks for the flow's.
 *
 * Among many flows the cost of a frame is that of lines that are in no cache.
 * Three in a row have all that a frame of IPv4 needs, to the end of @others.
 *
 * What is held of @dst is let go when the rule leaves the tables, so that its
 * namespace need not wait for a grace period; readers may have it until the end
 * of one.
 */
struct vflow_rule {
	struct vflow_rewrite rewrite;
	u8 dest[ETH_ALEN];
	u16 plain;
	int genid;
	int cpu;
	unsigned long used;

	struct flow_offload *flow;
	const struct nf_conn *ct;
	struct neighbour *neigh;
	struct net_device *out;
	struct vnet_port *port;
	struct rhash_head by_key;
	struct vflow_key key;
	struct vflow_counts counts;
	struct dst_entry *dst;
	struct vflow_counts __percpu *others;

	/* Control path. */
	struct rhash_head by_cookie;
	unsigned long cookie;
	union {
		struct list_head list;
		struct rcu_head rcu;
	};
	struct vflow_binding *binding;
	bool hashed;
	bool shared;
	bool bridged;
	u8 asked;
	atomic_t whys;
	atomic_long_t left;
	u32 id;
	u32 added;
	refcount_t refs;
	int routed;
	struct vflow_rule *heir;
	struct vflow_key to;
	atomic64_t stray_packets;
	atomic64_t stray_bytes;
	struct rhlist_head by_station;
	struct vflow_station station;
	u64 told_packets;
	u64 told_bytes;
	netdevice_tracker out_tracker;
};

/**
 * struct vflow_whys - one CPU's count of frames on a device
 * @n: by enum vflow_why
 * @syncp: guards them on 32-bit machines
 */
struct vflow_whys {
	u64_stats_t n[__VFLOW_WHY_MAX];
	struct u64_stats_sync syncp;
};

/**
 * struct vflow_dev - a bound device
 * @slot: in the flow slot of a suite device
 * @net: the namespace it is bound in
 * @dev: the device
 * @table: the only flowtable it is bound to, or NULL where there are several
 * @by_key: rules by &vflow_rule.key
 * @by_cookie: rules by &vflow_rule.cookie
 * @by_id: rules by &vflow_rule.id
 * @whys: what became of frames
 * @lock: see the DOC section
 * @bindings: of the flowtables it stands in
 * @list: in the list of bound devices
 * @hook: in the device's ingress hooks
 * @port: of @dev, where that is a suite device
 * @tracker: for @dev
 * @refs: bindings that are not released yet
 * @nr: grows with each device that is bound
 */
struct vflow_dev {
	struct vnet_flow slot;
	struct net *net;
	struct net_device *dev;
	const struct nf_flowtable *table;
	struct rhashtable by_key;
	struct rhashtable by_cookie;
	struct xarray by_id;
	struct vflow_whys __percpu *whys;

	struct mutex lock;	/* all three tables, lists of rules, closed */
	struct list_head bindings;
	struct list_head list;
	struct nf_hook_ops hook;
	struct vnet_port *port;
	netdevice_tracker tracker;
	unsigned int refs;
	u64 nr;
};

/**
 * struct vflow_binding - a device in a flowtable
 * @vdev: the device
 * @table: the flowtable
 * @list: in &vflow_dev.bindings
 * @rules: what came by it
 * @block_cb: the core's hold on it
 * @closed: nothing comes any more
 */
struct vflow_binding {
	struct vflow_dev *vdev;
	struct nf_flowtable *table;
	struct list_head list;
	struct list_head rules;
	struct flow_block_cb *block_cb;
	bool closed;
};

/**
 * struct vflow_nf - functions of netfilter that are only there with it
 * @teardown: flow_offload_teardown()
 * @acct_add: nf_ct_acct_add()
 * @hook_v4: nf_flow_offload_ip_hook(), that of tables of IPv4
 * @hook_v6: nf_flow_offload_ipv6_hook()
 *
 * Set while there are bindings.
 */
struct vflow_nf {
	void (*teardown)(struct flow_offload *flow);
	void (*acct_add)(struct nf_conn *ct, u32 dir, unsigned int packets,
			 unsigned int bytes);
	nf_hookfn *hook_v4;
	nf_hookfn *hook_v6;
};

extern struct vflow_nf vflow_nf;

/* block.c */
int vflow_block_init(void);
void vflow_block_exit(void);
void vflow_devs_teardown(const struct net *net, const struct net_device *dev);
void vflow_devs_recheck(void);
void vflow_devs_for_each(int (*fn)(struct vflow_dev *vdev, void *data),
			 void *data);

/* rule.c */
int vflow_rule_init(void);
void vflow_rule_exit(void);
struct vflow_rule *vflow_rule_parse(const struct vflow_dev *vdev,
				    const struct flow_cls_offload *cls);
void vflow_rule_free(struct vflow_rule *rule);
void vflow_rule_free_rcu(struct vflow_rule *rule);
bool vflow_rule_same(const struct vflow_rule *rule,
		     const struct vflow_rule *other);
void vflow_rule_read(const struct vflow_rule *rule, u64 *packets, u64 *bytes);
void vflow_rule_succeed(struct vflow_rule *rule, struct vflow_rule *old);
struct vflow_counts __percpu *vflow_rule_spread(struct vflow_rule *rule,
						gfp_t gfp);

/* station.c */
int vflow_station_init(void);
void vflow_station_exit(void);
bool vflow_station_behind(const struct vflow_rule *rule,
			  const struct net_device *bridge);
bool vflow_station_seen(const struct vflow_rule *rule);
bool vflow_past_seen(const struct vflow_dev *vdev,
		     const struct vflow_rule *rule);
int vflow_station_add(struct vflow_rule *rule);
void vflow_station_del(struct vflow_rule *rule);
void vflow_station_recheck(struct vflow_rule *rule);

/* way.c */
int vflow_way_find(const struct vflow_dev *vdev, struct vflow_rule *rule,
		   struct vflow_way *way);
void vflow_way_put(struct vflow_way *way);
bool vflow_way_holds(const struct vflow_dev *vdev, struct vflow_rule *rule);
bool vflow_mtu_shrunk(const struct vflow_rule *rule);
enum vflow_why vflow_check_more(const struct vflow_rule *rule,
				unsigned int *mtu);

/* nexthop.c */
int vflow_nexthop_init(void);
void vflow_nexthop_exit(void);

/* table.c */
int vflow_table_init(struct vflow_dev *vdev);
void vflow_table_free(struct vflow_dev *vdev);
int vflow_setup_cb(enum tc_setup_type type, void *type_data, void *cb_priv);
void vflow_rules_outdate(void);
void vflow_binding_flush(struct vflow_binding *binding);
void vflow_dev_teardown(struct vflow_dev *vdev, const struct net_device *dev);
void vflow_dev_recheck(struct vflow_dev *vdev);
unsigned int vflow_dev_rules(struct vflow_dev *vdev);
int vflow_dev_each_rule(struct vflow_dev *vdev, unsigned long *id,
			int (*fn)(const struct vflow_rule *rule, void *data),
			void *data);

/* input.c */
unsigned int vflow_hook(void *priv, struct sk_buff *skb,
			const struct nf_hook_state *state);
extern const struct vnet_flow_ops vflow_slot_ops;
void vflow_account_elsewhere(struct vflow_rule *rule, unsigned int len);
void vflow_whys_read(const struct vflow_dev *vdev, u64 *n);
bool vflow_hook_known(const struct vflow_dev *vdev,
		      const struct nf_hook_entry *hook);

/* early.c */
int vflow_early_init(void);
void vflow_early_exit(void);
int vflow_early_replace(struct vflow_dev *vdev);
void vflow_early_restore(struct vflow_dev *vdev);

/* frames.c */
unsigned int vflow_slot_input_frames(struct vnet_flow *slot,
				     struct xdp_frame **frames, unsigned int n);

/* netlink.c */
extern const struct vnet_flow_shower vflow_shower;

/* How long the core goes on with what is refused, before it has to find a way anew. */
#define VFLOW_WATCH_TIME	(5 * HZ)
/* At a device with many rules longer, so that no more end in a second. */
#define VFLOW_WATCH_RATE	1000

static inline int vflow_genid(const struct net *net, u8 family)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6)
		return rt_genid_ipv6(net);
#endif
	return rt_genid_ipv4(net);
}

/*
 * A generation of routes of IPv6 comes with each that is added. One that is
 * deleted brings none; but it is taken out of its tree, which it tells itself.
 * Under RCU; of a rule of IPv6 that is in a table.
 */
static inline const struct fib6_info *
vflow_route_from(const struct vflow_rule *rule)
{
	return rcu_dereference(((const struct rt6_info *)rule->dst)->from);
}

static inline bool vflow_route_withdrawn(const struct vflow_rule *rule)
{
	const struct fib6_info *from = vflow_route_from(rule);

	return !from || !rcu_access_pointer(from->fib6_node);
}

static inline struct flow_offload *vflow_cookie_flow(unsigned long cookie)
{
	struct flow_offload_tuple *tuple = (void *)cookie;

	return container_of(tuple, struct flow_offload,
			    tuplehash[tuple->dir].tuple);
}

#endif /* _VFLOW_H */
