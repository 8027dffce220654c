// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a rule: whether the routes and the next hop are those that it
 * names. They are asked as the router asks for a frame of the flow, which no
 * rule of the core's says; see vflow_way_find().
 */
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/dst.h>
#include <net/flow.h>
#include <net/ip6_route.h>
#include <net/ip_fib.h>
#include <net/ipv6_stubs.h>
#include <net/l3mdev.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/nexthop.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/xfrm.h>
#include "vflow.h"

/*
 * Whether what is sent by @dev, a device on top of others, leaves by the rule's
 * with the rule's encapsulation. The innermost is told first.
 */
static bool vflow_path_same(const struct vflow_rule *rule,
			    const struct net_device *dev)
{
	const struct vflow_key *key = &rule->to;
	struct net_device_path_stack stack;
	const struct net_device_path *path;
	int i, n = key->encaps, err;

	rcu_read_lock();
	err = dev_fill_forward_path(dev, rule->rewrite.eth.h_dest, &stack);
	rcu_read_unlock();
	if (err < 0 || stack.num_paths != n + 1)
		return false;
	for (i = 0; i < n; i++) {
		path = &stack.path[i];
		if (path->type != DEV_PATH_VLAN && path->type != DEV_PATH_PPPOE)
			return false;
		if (path->encap.proto != key->encap[n - 1 - i].proto ||
		    path->encap.id != key->encap[n - 1 - i].id)
			return false;
		if (path->type == DEV_PATH_PPPOE &&
		    !ether_addr_equal(path->encap.h_dest,
				      rule->rewrite.eth.h_dest))
			return false;
	}
	return stack.path[n].type == DEV_PATH_ETHERNET &&
	       stack.path[n].dev == rule->out;
}

/* Does what the routes give to @dev leave as the rule says? */
static bool vflow_leads_out(const struct vflow_rule *rule,
			    const struct net_device *dev, struct vflow_way *way)
{
	way->bridged = false;
	if (netif_is_l3_slave(dev))
		return false;
	/* What the core has read may be from before the address was changed. */
	if (dev->type == ARPHRD_ETHER &&
	    !ether_addr_equal(rule->rewrite.eth.h_source, dev->dev_addr))
		return false;
	if (dev == rule->out && !rule->to.encaps)
		return true;
	way->bridged = vflow_station_behind(rule, dev);
	return way->bridged || vflow_path_same(rule, dev);
}

/* One that is not there is not valid, either, and none is made here. */
static struct neighbour *vflow_neigh(struct net_device *dev, u8 family,
				     const void *addr)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6)
		return neigh_lookup(ipv6_stub->nd_tbl, addr, dev);
#endif
	return __ipv4_neigh_lookup(dev, *(const u32 *)addr);
}

/*
 * A hop of the routes, if it is the one the rule names. That of PPPoE is the
 * other end of the session.
 */
static int vflow_take_hop(const struct vflow_rule *rule, struct net_device *dev,
			  u8 family, const void *addr, struct vflow_way *way)
{
	const struct vflow_key *to = &rule->to;
	struct neighbour *neigh;
	u8 address[ETH_ALEN];

	if (!vflow_leads_out(rule, dev, way))
		return -EHOSTUNREACH;
	way->routed = dev->ifindex;
	if (to->encaps && to->encap[to->encaps - 1].proto == htons(ETH_P_PPP_SES))
		return 0;
	neigh = vflow_neigh(dev, family, addr);
	if (!neigh)
		return -EHOSTUNREACH;
	neigh_ha_snapshot(address, neigh, rule->out);
	if (READ_ONCE(neigh->nud_state) & NUD_VALID &&
	    ether_addr_equal(address, rule->rewrite.eth.h_dest)) {
		way->neigh = neigh;
		return 0;
	}
	neigh_release(neigh);
	return -EHOSTUNREACH;
}

/* The same of a route; with IPv6 it is kept where it is. */
static int vflow_take_dst(const struct vflow_rule *rule, struct dst_entry *dst,
			  struct vflow_way *way)
{
	const struct rt6_info *rt6 = container_of(dst, struct rt6_info, dst);
	const struct rtable *rt = container_of(dst, struct rtable, dst);
	__be32 next;
	int err;

	if (rule->key.family == AF_INET6) {
		err = vflow_take_hop(rule, dst->dev, AF_INET6,
				     rt6_nexthop(rt6, &rule->to.v6.dst), way);
		if (!err)
			way->dst = dst;
		return err;
	}
	if (rt->rt_gw_family == AF_INET6)
		return vflow_take_hop(rule, dst->dev, AF_INET6, &rt->rt_gw6,
				      way);
	next = rt_nexthop(rt, rule->to.v4.dst);
	return vflow_take_hop(rule, dst->dev, AF_INET, &next, way);
}

/* The route, unless policies of IPsec have their say about it. */
static struct dst_entry *vflow_route_plain(struct net *net,
					   struct dst_entry *dst,
					   const struct flowi *fl)
{
	/* With IPv4 they have been asked. */
	if (dst->ops->family == AF_INET6) {
		dst = xfrm_lookup(net, dst, fl, NULL, 0);
		if (IS_ERR(dst))
			return NULL;
	}
	/* One that waits for its state has none yet. */
	if (!dst_xfrm(dst) && !(dst->flags & DST_XFRM_QUEUE))
		return dst;
	dst_release(dst);
	return NULL;
}

/* As it leaves: of the host that it seems to come from then. */
static void vflow_flowi_out(struct flowi *fl, const struct vflow_key *to,
			    int oif)
{
	memset(fl, 0, sizeof(*fl));
	if (to->family == AF_INET) {
		fl->u.ip4.daddr = to->v4.dst;
		fl->u.ip4.saddr = to->v4.src;
		fl->u.ip4.fl4_sport = to->sport;
		fl->u.ip4.fl4_dport = to->dport;
	} else {
		fl->u.ip6.daddr = to->v6.dst;
		fl->u.ip6.saddr = to->v6.src;
		fl->u.ip6.fl6_sport = to->sport;
		fl->u.ip6.fl6_dport = to->dport;
	}
	fl->flowi_oif = oif;
	fl->flowi_proto = to->proto;
	fl->flowi_flags = FLOWI_FLAG_ANYSRC;
}

/* As the core has it found where it has not been routed by a frame. */
static struct dst_entry *vflow_route(struct net *net,
				     const struct vflow_key *to, int oif)
{
	struct dst_entry *dst = NULL;
	struct flowi fl;

	vflow_flowi_out(&fl, to, oif);
	if (nf_route(net, &dst, &fl, false, to->family))
		return NULL;
	return vflow_route_plain(net, dst, &fl);
}

/* The device that the core has found the way by. */
static int vflow_tuple_oif(const struct flow_offload_tuple *tuple,
			   const struct net_device *dev)
{
	return tuple->xmit_type == FLOW_OFFLOAD_XMIT_DIRECT ?
	       tuple->out.ifidx : dev->ifindex;
}

/*
 * By which device the stack has a frame of the rule come in: what answers leave
 * by, or the bridge that this is a port of.
 */
static struct net_device *vflow_routed_in(const struct vflow_dev *vdev,
					  const struct vflow_rule *rule)
{
	const struct flow_offload_tuple *tuple = (void *)rule->cookie;
	struct net_device *dev, *upper;

	tuple = &rule->flow->tuplehash[!tuple->dir].tuple;
	dev = dev_get_by_index_rcu(vdev->net, vflow_tuple_oif(tuple, vdev->dev));
	if (!dev)
		return NULL;
	upper = netdev_master_upper_dev_get_rcu(dev);
	return upper ?: dev;
}

/* Policies are asked with a route, of which the FIB gives none. */
static bool vflow_v4_plain(struct net *net, const struct vflow_rule *rule,
			   const struct vflow_way *way)
{
#ifdef CONFIG_XFRM
	struct dst_entry *dst;

	if (likely(!READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_OUT]) &&
		   READ_ONCE(net->xfrm.policy_default[XFRM_POLICY_OUT]) ==
		   XFRM_USERPOLICY_ACCEPT))
		return true;
	dst = vflow_route(net, &rule->to, way->routed);
	if (!dst)
		return false;
	dst_release(dst);
#endif
	return true;
}

/* Any of a route's hops may be the one: the core has chosen by a frame. */
static int vflow_ask_v4(const struct vflow_rule *rule, struct net *net,
			const struct net_device *in, u32 mark,
			struct vflow_way *way)
{
	const struct vflow_key *key = &rule->key, *to = &rule->to;
	struct flowi4 fl = {
		.flowi4_iif = in->ifindex,
		.flowi4_mark = mark,
		.flowi4_proto = key->proto,
		.flowi4_uid = sock_net_uid(net, NULL),
		.saddr = key->v4.src,
		.daddr = to->v4.dst,
		.fl4_sport = key->sport,
		.fl4_dport = to->dport,
	};
	const struct fib_nh_common *nhc;
	struct fib_result res = {};
	int i, err = -EHOSTUNREACH;

	if (fib_lookup(net, &fl, &res, 0) || res.type != RTN_UNICAST)
		return err;
	for (i = 0; err && i < fib_info_num_path(res.fi); i++) {
		nhc = fib_info_nhc(res.fi, i);
		if (!nhc || !nhc->nhc_dev || nhc->nhc_lwtstate ||
		    nhc->nhc_flags & RTNH_F_DEAD)
			continue;
		err = vflow_take_hop(rule, nhc->nhc_dev,
				     nhc->nhc_gw_family ?: AF_INET,
				     nhc->nhc_gw_family ? (void *)&nhc->nhc_gw :
							  (void *)&to->v4.dst,
				     way);
		if (!err)
			way->mtu = res.fi->fib_mtu ?:
				   READ_ONCE(nhc->nhc_dev->mtu);
	}
	return err;
}

#if IS_ENABLED(CONFIG_IPV6)
/* Of the choice among next hops. */
#define VFLOW_HASHES 8

static int vflow_ask_v6(const struct vflow_rule *rule, struct net *net,
			struct net_device *in, u32 mark, struct vflow_way *way)
{
	const struct vflow_key *key = &rule->key, *to = &rule->to;
	struct flowi6 fl = {
		.flowi6_iif = in->ifindex,
		.flowi6_mark = mark,
		.flowi6_proto = key->proto,
		.flowi6_uid = sock_net_uid(net, NULL),
		.saddr = key->v6.src,
		.daddr = to->v6.dst,
		.fl6_sport = key->sport,
		.fl6_dport = to->dport,
	};
	int i, err = -EHOSTUNREACH;
	struct dst_entry *dst;
	struct flowi out;

	/*
	 * Of several hops the core has chosen one by a frame, with its flow
	 * label: ask by hashes from all over their 31 bits, too. The first
	 * question leaves the hash alone where there is nothing to choose.
	 */
	for (i = 0; i <= VFLOW_HASHES; i++) {
		fl.mp_hash = i ? (2 * i - 1) << 27 : 0;
		dst = ip6_route_input_lookup(net, in, &fl, NULL,
					     RT6_LOOKUP_F_HAS_SADDR);
		err = dst->error ?: vflow_take_dst(rule, dst, way);
		if (!err)
			break;
		dst_release(dst);
		if (!fl.mp_hash)
			return -EHOSTUNREACH;
	}
	if (err)
		return -EHOSTUNREACH;
	vflow_flowi_out(&out, to, way->routed);
	way->dst = vflow_route_plain(net, dst, &out);
	return way->dst ? 0 : -EHOSTUNREACH;
}
#endif

static u32 vflow_ct_mark(const struct vflow_rule *rule)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	return READ_ONCE(rule->ct->mark);
#else
	return 0;
#endif
}

/* As a router that has received a frame of the rule. */
static int vflow_ask_as_router(const struct vflow_dev *vdev,
			       const struct vflow_rule *rule, u32 mark,
			       struct vflow_way *way)
{
	struct net_device *in;
	int err = -EHOSTUNREACH;

	rcu_read_lock();
	in = vflow_routed_in(vdev, rule);
	if (in && rule->key.family == AF_INET)
		err = vflow_ask_v4(rule, vdev->net, in, mark, way);
#if IS_ENABLED(CONFIG_IPV6)
	else if (in)
		err = vflow_ask_v6(rule, vdev->net, in, mark, way);
#endif
	rcu_read_unlock();
	if (!err && rule->key.family == AF_INET &&
	    !vflow_v4_plain(vdev->net, rule, way))
		err = -EHOSTUNREACH;
	return err;
}

static int vflow_ask_as_core(const struct vflow_rule *rule,
			     struct vflow_way *way)
{
	const struct flow_offload_tuple *tuple = (void *)rule->cookie;
	struct net *net = dev_net(rule->out);
	struct dst_entry *dst;
	int err;

	dst = vflow_route(net, &rule->to, vflow_tuple_oif(tuple, rule->out));
	if (!dst)
		return -EHOSTUNREACH;
	err = vflow_take_dst(rule, dst, way);
	if (!way->dst)
		dst_release(dst);
	return err;
}

static int vflow_ask(const struct vflow_dev *vdev,
		     const struct vflow_rule *rule, enum vflow_asked how,
		     struct vflow_way *way)
{
	u32 mark = vflow_ct_mark(rule);
	int err;

	memset(way, 0, sizeof(*way));
	if (netif_is_l3_slave(vdev->dev))
		return -EHOSTUNREACH;
	switch (how) {
	case VFLOW_ASKED_PLAIN:
		err = vflow_ask_as_router(vdev, rule, 0, way);
		break;
	case VFLOW_ASKED_MARK:
		err = mark ? vflow_ask_as_router(vdev, rule, mark, way) :
			     -EHOSTUNREACH;
		break;
	default:
		err = vflow_ask_as_core(rule, way);
		break;
	}
	if (err)
		vflow_way_put(way);
	return err;
}

/* Nothing that the core has read of a route may be another's. */
static bool vflow_way_same(const struct vflow_rule *rule,
			   const struct vflow_way *way)
{
	const struct rt6_info *rt6;

	if (way->neigh != rule->neigh || way->routed != rule->routed ||
	    way->bridged != rule->bridged)
		return false;
	if (rule->key.family == AF_INET)
		return way->mtu == rule->rewrite.mtu;
	rt6 = container_of(way->dst, struct rt6_info, dst);
	return !vflow_route_withdrawn(rule) &&
	       rcu_access_pointer(rt6->from) == vflow_route_from(rule);
}

/**
 * vflow_way_holds() - does a rule's way hold under a new generation of routes?
 * @vdev: where its frames come in
 * @rule: the rule, in a table
 *
 * Where it does, the rule takes frames again. Not asked again is what the core's
 * own question has led to.
 *
 * Context: RCU.
 * Return: false where the flow has to end.
 */
bool vflow_way_holds(const struct vflow_dev *vdev, struct vflow_rule *rule)
{
	int was = READ_ONCE(rule->genid), now;
	struct vflow_way way;
	bool same;

	if (rule->asked >= VFLOW_ASKED_CORE)
		return false;
	now = vflow_genid(vdev->net, rule->key.family);
	/* Generation, then routes. */
	smp_rmb();
	if (vflow_ask(vdev, rule, rule->asked, &way))
		return false;
	same = vflow_way_same(rule, &way);
	vflow_way_put(&way);
	/* But for vflow_dev_recheck(), which has it asked once more. */
	if (same)
		cmpxchg(&rule->genid, was, now);
	return same;
}

/* What the link takes of IPv6: by sysctl, or as routers announce it. */
static unsigned int vflow_mtu_v6(const struct vflow_rule *rule)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct inet6_dev *idev = NULL;

	/* One that is locked counts alone, as where the stack forwards. */
	if (rule->key.family == AF_INET6 && rule->dst &&
	    !dst_metric_locked(rule->dst, RTAX_MTU))
		idev = __in6_dev_get(rule->dst->dev);
	if (idev)
		return max_t(unsigned int, READ_ONCE(idev->cnf.mtu6),
			     IPV6_MIN_MTU);
#endif
	return UINT_MAX;
}

/**
 * vflow_mtu_shrunk() - does a link take less than the core knows?
 * @rule: a rule that leads there
 *
 * Context: RCU.
 */
bool vflow_mtu_shrunk(const struct vflow_rule *rule)
{
	return vflow_mtu_v6(rule) < rule->rewrite.mtu;
}

/**
 * vflow_check_more() - what only some frames of some rules need asked
 * @rule: the rule, a frame of which is longer than &vflow_rule.plain
 * @mtu: set to the longest IP packet
 *
 * Context: RCU, BH off.
 * Return: VFLOW_TAKEN where what is no longer than that may leave.
 */
enum vflow_why vflow_check_more(const struct vflow_rule *rule,
				unsigned int *mtu)
{
	*mtu = min_t(unsigned int, rule->rewrite.mtu,
		     READ_ONCE(rule->out->mtu));
	*mtu = min(*mtu, vflow_mtu_v6(rule));
	return rule->bridged && vflow_station_seen(rule) ? VFLOW_BRIDGE :
							   VFLOW_TAKEN;
}

/**
 * vflow_way_put() - let go of what was found
 * @way: as vflow_way_find() has set it
 */
void vflow_way_put(struct vflow_way *way)
{
	if (way->neigh)
		neigh_release(way->neigh);
	dst_release(way->dst);
	way->neigh = NULL;
	way->dst = NULL;
}

/**
 * vflow_way_find() - find by the routes what a rule says
 * @vdev: where its frames come in
 * @rule: the rule, not in a table yet; gets @genid and @asked
 * @way: set where that succeeds; for vflow_way_put()
 *
 * A router is asked with the device that a frame comes in by, its source before
 * that is translated, and the mark that rules of nft have given it. That is not
 * known, but many are kept with the connection. Where neither none nor that one
 * leads to what the rule says, there is the core's own question left, which it
 * asks about the answers to the frame that adds a flow: with the device alone.
 *
 * Context: process.
 * Return: 0, or -EHOSTUNREACH where nothing leads there.
 */
int vflow_way_find(const struct vflow_dev *vdev, struct vflow_rule *rule,
		   struct vflow_way *way)
{
	enum vflow_asked how = VFLOW_ASKED_IN_VAIN;

	rule->genid = vflow_genid(vdev->net, rule->key.family);
	/* Generation, then routes. */
	smp_rmb();
	/* Without carrier each frame would end the flow, and bring it back. */
	if (netif_carrier_ok(rule->out))
		how = VFLOW_ASKED_PLAIN;
	for (; how < VFLOW_ASKED_IN_VAIN; how++)
		if (!vflow_ask(vdev, rule, how, way))
			break;
	rule->asked = how;
	return how == VFLOW_ASKED_IN_VAIN ? -EHOSTUNREACH : 0;
}
