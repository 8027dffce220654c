// SPDX-License-Identifier: GPL-2.0
/*
 * Rules: from what the core asks of hardware to what is done to a frame.
 * Whatever cannot be done exactly is refused; the flow then stays with the
 * software flowtable, or with the stack.
 */
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/checksum.h>
#include <net/dst.h>
#include "vflow.h"

/* What a rule may ask to be looked at. */
#define VFLOW_KEYS (BIT_ULL(FLOW_DISSECTOR_KEY_META) | \
		    BIT_ULL(FLOW_DISSECTOR_KEY_CONTROL) | \
		    BIT_ULL(FLOW_DISSECTOR_KEY_BASIC) | \
		    BIT_ULL(FLOW_DISSECTOR_KEY_IPV4_ADDRS) | \
		    BIT_ULL(FLOW_DISSECTOR_KEY_IPV6_ADDRS) | \
		    BIT_ULL(FLOW_DISSECTOR_KEY_PORTS) | \
		    BIT_ULL(FLOW_DISSECTOR_KEY_VLAN) | \
		    BIT_ULL(FLOW_DISSECTOR_KEY_CVLAN) | \
		    BIT_ULL(FLOW_DISSECTOR_KEY_TCP))

/* Between the sizes that kmalloc() has, of which the next one is 512 bytes. */
static struct kmem_cache *vflow_rules;

static int vflow_match_addrs(const struct flow_rule *rule,
			     struct vflow_key *key, __be16 proto)
{
	struct flow_match_ipv4_addrs v4;
	struct flow_match_ipv6_addrs v6;

	if (proto == htons(ETH_P_IP) &&
	    flow_rule_match_key(rule, FLOW_DISSECTOR_KEY_IPV4_ADDRS)) {
		flow_rule_match_ipv4_addrs(rule, &v4);
		key->family = AF_INET;
		key->v4.src = v4.key->src;
		key->v4.dst = v4.key->dst;
		return v4.mask->src == htonl(~0) && v4.mask->dst == htonl(~0) ?
		       0 : -EOPNOTSUPP;
	}
	if (proto == htons(ETH_P_IPV6) &&
	    flow_rule_match_key(rule, FLOW_DISSECTOR_KEY_IPV6_ADDRS)) {
		flow_rule_match_ipv6_addrs(rule, &v6);
		key->family = AF_INET6;
		key->v6.src = v6.key->src;
		key->v6.dst = v6.key->dst;
		return memchr_inv(&v6.mask->src, 0xff, sizeof(v6.mask->src)) ||
		       memchr_inv(&v6.mask->dst, 0xff, sizeof(v6.mask->dst)) ?
		       -EOPNOTSUPP : 0;
	}
	return -EOPNOTSUPP;
}

/* Which frames are meant. */
static int vflow_parse_match(const struct flow_rule *rule,
			     struct vflow_key *key, int *iif)
{
	struct flow_match_basic basic;
	struct flow_match_ports ports;
	struct flow_match_meta meta;

	if (rule->match.dissector->used_keys & ~VFLOW_KEYS)
		return -EOPNOTSUPP;
	if (!flow_rule_match_key(rule, FLOW_DISSECTOR_KEY_META) ||
	    !flow_rule_match_key(rule, FLOW_DISSECTOR_KEY_BASIC) ||
	    !flow_rule_match_key(rule, FLOW_DISSECTOR_KEY_PORTS))
		return -EOPNOTSUPP;
	flow_rule_match_meta(rule, &meta);
	flow_rule_match_basic(rule, &basic);
	flow_rule_match_ports(rule, &ports);
	if (basic.key->ip_proto != IPPROTO_TCP &&
	    basic.key->ip_proto != IPPROTO_UDP)
		return -EOPNOTSUPP;
	if (ports.mask->src != htons(~0) || ports.mask->dst != htons(~0))
		return -EOPNOTSUPP;

	*iif = meta.key->ingress_ifindex;
	key->proto = basic.key->ip_proto;
	key->sport = ports.key->src;
	key->dport = ports.key->dst;
	return vflow_match_addrs(rule, key, basic.key->n_proto);
}

/* One 32-bit word of what a header becomes. */
static void vflow_mangle(void *word, const struct flow_action_entry *act)
{
	u32 val;

	memcpy(&val, word, sizeof(val));
	val = (val & act->mangle.mask) | act->mangle.val;
	memcpy(word, &val, sizeof(val));
}

/* @set: which bytes of the two MAC addresses have been given. */
static int vflow_mangle_eth(struct vflow_rewrite *rw, u16 *set,
			    const struct flow_action_entry *act)
{
	u32 given = ~act->mangle.mask;
	int i;

	if (act->mangle.offset > 8 || act->mangle.offset & 3)
		return -EOPNOTSUPP;
	for (i = 0; i < 4; i++)
		if (((const u8 *)&given)[i])
			*set |= BIT(act->mangle.offset + i);
	BUILD_BUG_ON(offsetof(struct ethhdr, h_dest) != 0);
	vflow_mangle(rw->eth.h_dest + act->mangle.offset, act);
	return 0;
}

static int vflow_mangle_l3(struct vflow_key *key,
			   const struct flow_action_entry *act)
{
	unsigned int offset = act->mangle.offset;

	if (key->family == AF_INET &&
	    act->mangle.htype == FLOW_ACT_MANGLE_HDR_TYPE_IP4) {
		if (offset == offsetof(struct iphdr, saddr))
			vflow_mangle(&key->v4.src, act);
		else if (offset == offsetof(struct iphdr, daddr))
			vflow_mangle(&key->v4.dst, act);
		else
			return -EOPNOTSUPP;
		return 0;
	}
	offset -= offsetof(struct ipv6hdr, saddr);
	if (key->family != AF_INET6 || offset & 3 ||
	    offset >= 2 * sizeof(struct in6_addr) ||
	    act->mangle.htype != FLOW_ACT_MANGLE_HDR_TYPE_IP6)
		return -EOPNOTSUPP;
	/* Source and destination follow one another here as there. */
	vflow_mangle((u8 *)&key->v6 + offset, act);
	return 0;
}

static int vflow_parse_mangle(struct vflow_rule *to, u16 *set,
			      const struct flow_action_entry *act)
{
	switch (act->mangle.htype) {
	case FLOW_ACT_MANGLE_HDR_TYPE_ETH:
		return vflow_mangle_eth(&to->rewrite, set, act);
	case FLOW_ACT_MANGLE_HDR_TYPE_TCP:
	case FLOW_ACT_MANGLE_HDR_TYPE_UDP:
		if (act->mangle.offset)
			return -EOPNOTSUPP;
		vflow_mangle(&to->to.ports, act);
		return 0;
	default:
		return vflow_mangle_l3(&to->to, act);
	}
}

/* What is to be done: to both MAC addresses, and where the frame then goes. */
static int vflow_parse_actions(const struct flow_rule *asked,
			       struct vflow_rule *rule,
			       struct net_device **out)
{
	const struct flow_action_entry *act;
	u16 set = 0;
	int i, err;

	flow_action_for_each(i, act, &asked->action) {
		switch (act->id) {
		case FLOW_ACTION_MANGLE:
			err = vflow_parse_mangle(rule, &set, act);
			if (err)
				return err;
			break;
		case FLOW_ACTION_CSUM:
			break;
		/* See vflow_parse_encaps(); of 802.1ad there is only the last. */
		case FLOW_ACTION_VLAN_POP:
		case FLOW_ACTION_VLAN_PUSH:
		case FLOW_ACTION_PPPOE_PUSH:
		case FLOW_ACTION_ACCEPT:
			break;
		case FLOW_ACTION_REDIRECT:
			*out = act->dev;
			break;
		default:
			return -EOPNOTSUPP;
		}
	}
	return *out && set == GENMASK(2 * ETH_ALEN - 1, 0) ? 0 : -EOPNOTSUPP;
}

/*
 * What frames of a direction have between their headers. The core's rules do
 * not say all of it (nothing of 802.1ad, and of PPPoE only where it is to be
 * put in front), its flow does. What a switch takes off has never been there.
 */
static int vflow_parse_encaps(struct vflow_key *key,
			      const struct flow_offload_tuple *tuple)
{
	int i;

	if (tuple->in_vlan_ingress)
		return -EOPNOTSUPP;
	for (i = 0; i < tuple->encap_num; i++) {
		if (!eth_type_vlan(tuple->encap[i].proto) &&
		    (tuple->encap[i].proto != htons(ETH_P_PPP_SES) ||
		     i + 1 < tuple->encap_num))
			return -EOPNOTSUPP;
		key->encap[i].proto = tuple->encap[i].proto;
		key->encap[i].id = tuple->encap[i].id;
	}
	key->encaps = tuple->encap_num;
	return 0;
}

static bool vflow_has_pppoe(const struct vflow_key *key)
{
	return key->encaps && key->encap[key->encaps - 1].proto ==
			      htons(ETH_P_PPP_SES);
}

static __wsum vflow_addr_sum(const struct vflow_key *key)
{
	if (key->family == AF_INET)
		return csum_partial(&key->v4, sizeof(key->v4), 0);
	return csum_partial(&key->v6, sizeof(key->v6), 0);
}

/* By how much sums change, so that no frame need be summed up. */
static void vflow_rewrite_finish(struct vflow_rule *rule)
{
	const struct vflow_key *key = &rule->key, *to = &rule->to;
	struct vflow_rewrite *rw = &rule->rewrite;

	rw->eth.h_proto = key->family == AF_INET ? htons(ETH_P_IP) :
						   htons(ETH_P_IPV6);
	rw->encaps = key->encaps || to->encaps;
	if (vflow_has_pppoe(to))
		rw->in_band = sizeof(struct vflow_pppoe);
	else if (to->encaps > 1)
		rw->in_band = VLAN_HLEN;
	if (rw->in_band)
		rw->eth.h_proto = to->encap[to->encaps - 1].proto;
	rw->ports = to->ports;
	if (key->family == AF_INET) {
		rw->saddr = to->v4.src;
		rw->daddr = to->v4.dst;
	}
	rw->nat = to->ports != key->ports ||
		  memcmp(&to->v6, &key->v6, sizeof(key->v6));
	rw->addr_diff = csum_sub(vflow_addr_sum(to), vflow_addr_sum(key));
	rw->l4_diff = csum_add(rw->addr_diff,
			       csum_sub((__force __wsum)to->ports,
					(__force __wsum)key->ports));
}

/*
 * What the link says of IPv6 may change without a word, and so may who looks at a
 * bridge.
 */
static u16 vflow_rule_plain(const struct vflow_rule *rule)
{
	if (rule->bridged)
		return 0;
	if (rule->key.family == AF_INET6)
		return min_t(u16, rule->rewrite.mtu, IPV6_MIN_MTU);
	return rule->rewrite.mtu;
}

/*
 * A flow that goes directly is not looked at by the core again: its next hop
 * is remembered here, and the routes' generation from before it was asked for,
 * with IPv6 the route, too (see vflow_route_withdrawn()). Where nothing leads as
 * the rule says, it serves to notice that something has changed.
 */
static int vflow_rule_route(struct vflow_rule *rule,
			    const struct vflow_dev *vdev)
{
	const struct flow_offload_tuple *tuple = (void *)rule->cookie;
	struct vflow_way way;
	int err = vflow_way_find(vdev, rule, &way);

	if (err) {
		/* No frame is for that. */
		eth_zero_addr(rule->dest);
		return tuple->xmit_type == FLOW_OFFLOAD_XMIT_DIRECT ? 0 : err;
	}
	rule->neigh = way.neigh;
	rule->dst = way.dst;
	rule->routed = way.routed;
	rule->bridged = way.bridged;
	rule->plain = vflow_rule_plain(rule);
	return 0;
}

static bool vflow_dev_suits(const struct net_device *dev)
{
	return dev->type == ARPHRD_ETHER && dev->addr_len == ETH_ALEN &&
	       !(dev->flags & IFF_LOOPBACK);
}

/*
 * Frames of the flow are for the station that its answers come from. That is
 * the device that routes them: a bridge for its ports, for instance.
 */
static int vflow_rule_dest(struct vflow_rule *rule,
			   const struct vflow_dev *vdev)
{
	const struct flow_offload_tuple *tuple = (void *)rule->cookie;
	const struct flow_offload_tuple *other;

	other = &rule->flow->tuplehash[!tuple->dir].tuple;
	rule->rewrite.mtu = tuple->mtu;
	switch (other->xmit_type) {
	case FLOW_OFFLOAD_XMIT_DIRECT:
		ether_addr_copy(rule->dest, other->out.h_source);
		return 0;
	case FLOW_OFFLOAD_XMIT_NEIGH:
		ether_addr_copy(rule->dest, vdev->dev->dev_addr);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* What frames come with, and what those of the other direction come with. */
static int vflow_rule_encaps(struct vflow_rule *rule)
{
	const struct flow_offload_tuple *tuple = (void *)rule->cookie;
	const struct flow_offload_tuple *other;

	other = &rule->flow->tuplehash[!tuple->dir].tuple;
	return vflow_parse_encaps(&rule->key, tuple) ?:
	       vflow_parse_encaps(&rule->to, other);
}

/**
 * vflow_rule_parse() - make a rule of what the core asks for
 * @vdev: the device that is asked
 * @cls: FLOW_CLS_REPLACE
 *
 * Context: process; may sleep.
 * Return: the rule, to be freed with vflow_rule_free(); -ENODEV where it is
 * about frames of another device, -EOPNOTSUPP where it cannot be done exactly,
 * -EBUSY where the core must not do it, either, or another error.
 */
struct vflow_rule *vflow_rule_parse(const struct vflow_dev *vdev,
				    const struct flow_cls_offload *cls)
{
	struct net_device *out = NULL;
	struct vflow_rule *rule;
	int iif, err;

	rule = kmem_cache_zalloc(vflow_rules, GFP_KERNEL);
	if (!rule)
		return ERR_PTR(-ENOMEM);
	err = vflow_parse_match(cls->rule, &rule->key, &iif);
	if (err)
		goto err_free;
	err = -ENODEV;
	if (iif != vdev->dev->ifindex)
		goto err_free;
	rule->cookie = cls->cookie;
	rule->flow = vflow_cookie_flow(cls->cookie);
	rule->ct = rule->flow->ct;
	rule->cpu = VFLOW_NO_CPU;
	u64_stats_init(&rule->counts.syncp);
	refcount_set(&rule->refs, 1);
	rule->to = rule->key;
	err = vflow_rule_encaps(rule) ?:
	      vflow_parse_actions(cls->rule, rule, &out);
	if (err)
		goto err_free;
	err = -EOPNOTSUPP;
	if (!vflow_dev_suits(vdev->dev) || !vflow_dev_suits(out))
		goto err_free;
	vflow_rewrite_finish(rule);
	rule->used = jiffies;
	rule->added = ktime_get_boottime_seconds();
	rule->out = out;
	netdev_hold(out, &rule->out_tracker, GFP_KERNEL);
	rcu_read_lock();
	rule->port = vnet_port_find(out);
	rcu_read_unlock();
	err = vflow_rule_dest(rule, vdev) ?: vflow_rule_route(rule, vdev);
	if (!err && vflow_past_seen(vdev, rule))
		err = -EBUSY;
	if (!err && rule->port)
		err = vnet_port_roads_alloc(rule->port);
	if (err)
		goto err_free;
	return rule;

err_free:
	vflow_rule_free(rule);
	return ERR_PTR(err);
}

/**
 * vflow_rule_free() - free a rule that nobody can find
 * @rule: the rule
 */
void vflow_rule_free(struct vflow_rule *rule)
{
	dst_release(rule->dst);
	if (rule->neigh)
		neigh_release(rule->neigh);
	netdev_put(rule->out, &rule->out_tracker);
	free_percpu(rule->others);
	kmem_cache_free(vflow_rules, rule);
}

static void vflow_rule_put(struct vflow_rule *rule)
{
	struct vflow_rule *heir;

	while (rule && refcount_dec_and_test(&rule->refs)) {
		heir = rule->heir;
		vflow_rule_free(rule);
		rule = heir;
	}
}

/* What was counted by frames under way on other CPUs, to the newest version. */
static void vflow_rule_bequeath(struct vflow_rule *rule)
{
	struct vflow_rule *heir = rule->heir, *next;
	u64 packets, bytes;

	vflow_rule_read(rule, &packets, &bytes);
	while ((next = READ_ONCE(heir->heir)))
		heir = next;
	atomic64_add(packets - rule->told_packets, &heir->stray_packets);
	atomic64_add(bytes - rule->told_bytes, &heir->stray_bytes);
}

static void vflow_rule_free_cb(struct rcu_head *rcu)
{
	struct vflow_rule *rule = container_of(rcu, struct vflow_rule, rcu);

	/* Let go before. */
	rule->dst = NULL;
	if (rule->heir)
		vflow_rule_bequeath(rule);
	vflow_rule_put(rule);
}

/**
 * vflow_rule_free_rcu() - free a rule that was taken out of the tables
 * @rule: the rule
 */
void vflow_rule_free_rcu(struct vflow_rule *rule)
{
	dst_release(rule->dst);
	call_rcu(&rule->rcu, vflow_rule_free_cb);
}

/**
 * vflow_rule_same() - whether a rule does the same to the same frames as a newer
 *	one
 * @rule: a rule that is in a table
 * @other: the newer one
 *
 * Return: true where it does, and both were made under the same routes.
 */
bool vflow_rule_same(const struct vflow_rule *rule,
		     const struct vflow_rule *other)
{
	bool withdrawn = false;

	if (rule->dst) {
		rcu_read_lock();
		withdrawn = vflow_route_withdrawn(rule);
		rcu_read_unlock();
	}
	return !withdrawn &&
	       rule->out == other->out && rule->neigh == other->neigh &&
	       rule->asked == other->asked &&
	       READ_ONCE(rule->genid) == other->genid &&
	       rule->bridged == other->bridged &&
	       ether_addr_equal(rule->dest, other->dest) &&
	       !memcmp(&rule->key, &other->key, sizeof(rule->key)) &&
	       !memcmp(&rule->to, &other->to, sizeof(rule->to)) &&
	       !memcmp(&rule->rewrite, &other->rewrite, sizeof(rule->rewrite));
}

static void vflow_counts_read(const struct vflow_counts *counts, u64 *packets,
			      u64 *bytes)
{
	unsigned int start;
	u64 p, b;

	do {
		start = u64_stats_fetch_begin(&counts->syncp);
		p = u64_stats_read(&counts->packets);
		b = u64_stats_read(&counts->bytes);
	} while (u64_stats_fetch_retry(&counts->syncp, start));
	*packets += p;
	*bytes += b;
}

/**
 * vflow_rule_read() - how much has passed by a rule
 * @rule: the rule
 * @packets: set to the number of frames
 * @bytes: set to the number of bytes
 */
void vflow_rule_read(const struct vflow_rule *rule, u64 *packets, u64 *bytes)
{
	struct vflow_counts __percpu *others = READ_ONCE(rule->others);
	int cpu;

	*packets = atomic64_read(&rule->stray_packets);
	*bytes = atomic64_read(&rule->stray_bytes);
	vflow_counts_read(&rule->counts, packets, bytes);
	if (!others)
		return;
	for_each_possible_cpu(cpu)
		vflow_counts_read(per_cpu_ptr(others, cpu), packets, bytes);
}

/**
 * vflow_rule_succeed() - go on with the counts of an older version
 * @rule: the rule, which has taken the place of
 * @old: in the table of keys; to be freed by vflow_rule_free_rcu() next
 *
 * Frames that have found the older one before go on counting there for a while.
 *
 * Context: &vflow_dev.lock held.
 */
void vflow_rule_succeed(struct vflow_rule *rule, struct vflow_rule *old)
{
	rule->told_packets = old->told_packets;
	rule->told_bytes = old->told_bytes;
	vflow_rule_read(old, &old->told_packets, &old->told_bytes);
	atomic64_add(old->told_packets, &rule->stray_packets);
	atomic64_add(old->told_bytes, &rule->stray_bytes);
	refcount_inc(&rule->refs);
	WRITE_ONCE(old->heir, rule);
}

/**
 * vflow_rule_spread() - let each CPU count for itself
 * @rule: the rule, whose frames come by several
 * @gfp: how to ask for memory
 *
 * Return: where CPUs count, or NULL where there is no memory.
 */
struct vflow_counts __percpu *vflow_rule_spread(struct vflow_rule *rule,
						gfp_t gfp)
{
	struct vflow_counts __percpu *others, *old;

	others = __netdev_alloc_pcpu_stats(struct vflow_counts, gfp);
	if (!others)
		return NULL;
	/* Zeroes, then where they are: see vflow_account_elsewhere(). */
	old = cmpxchg(&rule->others, NULL, others);
	if (old) {
		free_percpu(others);
		return old;
	}
	return others;
}

/**
 * vflow_rule_init() - be ready to make rules
 *
 * Return: 0 or -ENOMEM.
 */
int vflow_rule_init(void)
{
	/* Those that a frame needs, see there. */
	BUILD_BUG_ON(offsetof(struct vflow_rule, flow) > 64);
	BUILD_BUG_ON(offsetofend(struct vflow_rule, others) > 3 * 64);
	/* Whole lines of the cache: one word more costs 64 bytes. */
	BUILD_BUG_ON(IS_ENABLED(CONFIG_64BIT) &&
		     !IS_ENABLED(CONFIG_NET_DEV_REFCNT_TRACKER) &&
		     sizeof(struct vflow_rule) > 6 * 64);
	vflow_rules = KMEM_CACHE(vflow_rule, SLAB_HWCACHE_ALIGN);
	return vflow_rules ? 0 : -ENOMEM;
}

/**
 * vflow_rule_exit() - the opposite, when nobody can reach a rule any more
 */
void vflow_rule_exit(void)
{
	/* Rules are freed by code of this module. */
	rcu_barrier();
	kmem_cache_destroy(vflow_rules);
}
