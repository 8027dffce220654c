/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The grammar of the netlink fuzzer: requests as tools send them, about devices of a small fixed universe, so that most
 * find what they name. Device number SLOT is called "p0" to "p7" (ends of pairs), "b0" to "b2" (bridges) or "o0" to "o3"
 * (others), or the same with a capital letter, and has the index FUZZ_INDEX + SLOT wherever it was made with one.
 */
#ifndef SELFTESTS_FUZZ_GRAMMAR_H
#define SELFTESTS_FUZZ_GRAMMAR_H

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "../../include/uapi/vnet/vveth.h"
#include "fuzz.h"

/* Newer than some of the headers this is built with. */
#define GRAMMAR_NLM_F_BULK 0x200
#define GRAMMAR_BR_FDB_N_LEARNED 48
#define GRAMMAR_BR_FDB_MAX_LEARNED 49

#define FUZZ_PAIRS 8
#define FUZZ_BRIDGES 3
#define FUZZ_OTHERS 4
#define FUZZ_SLOTS (FUZZ_PAIRS + FUZZ_BRIDGES + FUZZ_OTHERS)
#define FUZZ_FIRST_BRIDGE FUZZ_PAIRS
#define FUZZ_FIRST_OTHER (FUZZ_PAIRS + FUZZ_BRIDGES)
#define FUZZ_INDEX 10
#define FUZZ_ADDRESSES 12

/* Descriptors that every worker has. */
enum { FUZZ_FD_OTHER_NS = 100, FUZZ_FD_HOME_NS, FUZZ_FD_NO_NS, FUZZ_FD_XDP };
#define FUZZ_NSID 5

#define GRAMMAR_ATTRS 512

/* A message in the making: where its attributes lie, and in which other, for who mutates it. */
struct grammar {
	struct fuzz_rng *rng;
	struct nl_msg *msg;
	unsigned int n, depth;
	struct { unsigned int at; int parent; } attr[GRAMMAR_ATTRS];
	int open[16];
	struct nlattr *nest[16];
};

static unsigned int pick_slot(struct fuzz_rng *rng)
{
	return fuzz_below(rng, FUZZ_SLOTS);
}

static unsigned int pick_bridge(struct fuzz_rng *rng)
{
	return FUZZ_FIRST_BRIDGE + fuzz_below(rng, FUZZ_BRIDGES);
}

static unsigned int pick_pair(struct fuzz_rng *rng)
{
	return fuzz_below(rng, FUZZ_PAIRS);
}

/* Most ends keep to one bridge, so that it often has what a request asks for. */
static unsigned int pick_port_of(struct fuzz_rng *rng, unsigned int bridge)
{
	unsigned int slot = bridge - FUZZ_FIRST_BRIDGE + FUZZ_BRIDGES * fuzz_below(rng, 3);

	return fuzz_chance(rng, 80) && slot < FUZZ_PAIRS ? slot : pick_pair(rng);
}

static unsigned int pick_bridge_of(struct fuzz_rng *rng, unsigned int slot)
{
	return fuzz_chance(rng, 80) ? FUZZ_FIRST_BRIDGE + slot % FUZZ_BRIDGES : pick_bridge(rng);
}

/* One in a hundred devices is lo, one does not exist. */
static int slot_index(struct fuzz_rng *rng, unsigned int slot)
{
	switch (fuzz_below(rng, 100)) {
	case 0:
		return 1;
	case 1:
		return 4242;
	default:
		return FUZZ_INDEX + slot;
	}
}

static void slot_name(struct fuzz_rng *rng, unsigned int slot, char *name)
{
	bool capital = fuzz_chance(rng, 10);

	if (slot < FUZZ_PAIRS)
		sprintf(name, "%c%u", capital ? 'P' : 'p', slot);
	else if (slot < FUZZ_FIRST_OTHER)
		sprintf(name, "%c%u", capital ? 'B' : 'b', slot - FUZZ_FIRST_BRIDGE);
	else
		sprintf(name, "%c%u", capital ? 'O' : 'o', slot - FUZZ_FIRST_OTHER);
}

/* Stations, now and then a group or no address at all. */
static void pick_address(struct fuzz_rng *rng, unsigned char *address)
{
	static const unsigned char odd[][ETH_ALEN] = {
		{ 0 }, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, { 1, 0x80, 0xc2 }, { 1, 0, 0x5e, 0, 0, 1 },
	};

	memcpy(address, (unsigned char[]){ 2, 0, 0, 0, 0, fuzz_below(rng, FUZZ_ADDRESSES) }, ETH_ALEN);
	if (fuzz_chance(rng, 4))
		memcpy(address, odd[fuzz_below(rng, 4)], ETH_ALEN);
}

static void put(struct grammar *g, int type, const void *data, int len)
{
	struct nlattr *tail = nlmsg_tail(nlmsg_hdr(g->msg));

	if (g->n >= GRAMMAR_ATTRS || nla_put(g->msg, type, len, data))
		return;
	g->attr[g->n].at = (char *)tail - (char *)nlmsg_hdr(g->msg);
	g->attr[g->n].parent = g->depth ? g->open[g->depth - 1] : -1;
	g->n++;
}

static void put_u8(struct grammar *g, int type, uint8_t value)
{
	put(g, type, &value, sizeof(value));
}

static void put_u16(struct grammar *g, int type, uint16_t value)
{
	put(g, type, &value, sizeof(value));
}

static void put_u32(struct grammar *g, int type, uint32_t value)
{
	put(g, type, &value, sizeof(value));
}

static void put_string(struct grammar *g, int type, const char *text)
{
	put(g, type, text, strlen(text) + 1);
}

static void nest_begin(struct grammar *g, int type)
{
	struct nlattr *tail = nlmsg_tail(nlmsg_hdr(g->msg));

	put(g, type | (fuzz_chance(g->rng, 50) ? NLA_F_NESTED : 0), NULL, 0);
	g->open[g->depth] = g->n - 1;
	g->nest[g->depth++] = tail;
}

static void nest_end(struct grammar *g)
{
	nla_nest_end_keep_empty(g->msg, g->nest[--g->depth]);
}

/* ---- what is common to links ---- */

static void put_name(struct grammar *g, int type, unsigned int slot)
{
	char name[IFNAMSIZ];

	slot_name(g->rng, slot, name);
	put_string(g, type, name);
}

static void put_netns(struct grammar *g)
{
	switch (fuzz_below(g->rng, 8)) {
	case 0:
		/* 1 is the worker itself. */
		put_u32(g, IFLA_NET_NS_PID, fuzz_chance(g->rng, 80) ? 1 : 77777);
		break;
	case 1:
		put_u32(g, IFLA_TARGET_NETNSID, fuzz_chance(g->rng, 80) ? FUZZ_NSID : 99);
		break;
	case 2:
		put_u32(g, IFLA_LINK_NETNSID, fuzz_chance(g->rng, 80) ? FUZZ_NSID : 99);
		break;
	default:
		put_u32(g, IFLA_NET_NS_FD, FUZZ_FD_OTHER_NS + fuzz_below(g->rng, fuzz_chance(g->rng, 90) ? 2 : 4));
	}
}

static void put_mtu(struct grammar *g)
{
	static const unsigned int mtus[] = { 68, 576, 1280, 1400, 1500, 1500, 1500, 9000, 65535 };

	put_u32(g, IFLA_MTU, fuzz_chance(g->rng, 90) ? fuzz_pick(g->rng, mtus) : fuzz_edge(g->rng));
}

static void put_address(struct grammar *g, int type)
{
	unsigned char address[ETH_ALEN];

	pick_address(g->rng, address);
	put(g, type, address, ETH_ALEN);
}

static void put_af_spec(struct grammar *g)
{
	nest_begin(g, IFLA_AF_SPEC);
	if (fuzz_chance(g->rng, 50)) {
		nest_begin(g, AF_INET6);
		put_u8(g, IFLA_INET6_ADDR_GEN_MODE, fuzz_below(g->rng, 5));
		nest_end(g);
	} else {
		nest_begin(g, AF_INET);
		nest_begin(g, IFLA_INET_CONF);
		put_u32(g, 1 + fuzz_below(g->rng, 20), fuzz_below(g->rng, 2));
		nest_end(g);
		nest_end(g);
	}
	nest_end(g);
}

static void put_xdp(struct grammar *g)
{
	static const unsigned int flags[] = { 0, 0, 2, 2, 1, 4, 8, 6, 16 };

	nest_begin(g, IFLA_XDP);
	put_u32(g, IFLA_XDP_FD, fuzz_chance(g->rng, 50) ? FUZZ_FD_XDP : fuzz_chance(g->rng, 90) ? (unsigned int)-1 : 0);
	if (fuzz_chance(g->rng, 70))
		put_u32(g, IFLA_XDP_FLAGS, fuzz_pick(g->rng, flags));
	nest_end(g);
}

/* The master: a bridge, none, or what can be none. */
static void put_master(struct grammar *g, unsigned int slot)
{
	unsigned int what = fuzz_below(g->rng, 20);

	put_u32(g, IFLA_MASTER, what < 16 ? FUZZ_INDEX + pick_bridge_of(g->rng, slot) :
				what < 18 ? 0 : FUZZ_INDEX + pick_slot(g->rng));
}

/* Some of what a device can be told when it is made; ends of pairs get it twice, once for the peer. */
static void put_new_link_options(struct grammar *g, bool in_peer)
{
	struct fuzz_rng *rng = g->rng;

	if (fuzz_chance(rng, 25))
		put_mtu(g);
	if (fuzz_chance(rng, 25))
		put_address(g, IFLA_ADDRESS);
	if (fuzz_chance(rng, 15))
		put_u32(g, IFLA_NUM_TX_QUEUES, fuzz_chance(rng, 95) ? 1 + fuzz_below(rng, 8) : fuzz_edge(rng));
	if (fuzz_chance(rng, 15))
		put_u32(g, IFLA_NUM_RX_QUEUES, fuzz_chance(rng, 95) ? 1 + fuzz_below(rng, 8) : fuzz_edge(rng));
	if (fuzz_chance(rng, 5))
		put_u32(g, IFLA_TXQLEN, fuzz_below(rng, 2000));
	if (fuzz_chance(rng, 5))
		put_u32(g, IFLA_GROUP, fuzz_below(rng, 3));
	if (fuzz_chance(rng, 5))
		put_u32(g, IFLA_GSO_MAX_SIZE, fuzz_below(rng, 70000));
	if (fuzz_chance(rng, 5))
		put_u32(g, IFLA_GSO_MAX_SEGS, fuzz_below(rng, 70000));
	if (fuzz_chance(rng, in_peer ? 5 : 3))
		put_netns(g);
	if (fuzz_chance(rng, 5))
		put_af_spec(g);
	if (fuzz_chance(rng, 3))
		put_u32(g, IFLA_LINK, FUZZ_INDEX + pick_slot(rng));
}

static struct ifinfomsg link_header(struct fuzz_rng *rng, int index)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_index = index };

	if (fuzz_chance(rng, 60)) {
		ifi.ifi_flags = IFF_UP;
		ifi.ifi_change = IFF_UP;
	}
	if (fuzz_chance(rng, 5)) {
		ifi.ifi_change |= IFF_PROMISC | IFF_ALLMULTI;
		ifi.ifi_flags |= fuzz_chance(rng, 50) ? IFF_PROMISC : IFF_ALLMULTI;
	}
	return ifi;
}

static void begin_link(struct grammar *g, int type, int flags, struct ifinfomsg ifi)
{
	nlmsg_put(g->msg, 0, 0, type, 0, NLM_F_REQUEST | NLM_F_ACK | flags);
	nlmsg_append(g->msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
}

/* ---- options of bridges and ports: a type, its length, and the values that are plausible ---- */

struct option_rule {
	unsigned short type, len;
	unsigned int min, max;
};

static const struct option_rule bridge_good[] = {
	{ IFLA_BR_AGEING_TIME, 4, 0, 40000 }, { IFLA_BR_AGEING_TIME, 4, 0, 10 },
	{ GRAMMAR_BR_FDB_MAX_LEARNED, 4, 0, 30 }, { GRAMMAR_BR_FDB_MAX_LEARNED, 4, 0, 0 },
	{ IFLA_BR_GROUP_FWD_MASK, 2, 0, 0 }, { IFLA_BR_GROUP_FWD_MASK, 2, 0x4000, 0x4000 }, { IFLA_BR_FDB_FLUSH, 0, 0, 0 },
	{ IFLA_BR_STP_STATE, 4, 0, 0 }, { IFLA_BR_VLAN_FILTERING, 1, 0, 0 }, { IFLA_BR_MCAST_SNOOPING, 1, 0, 0 },
	{ IFLA_BR_NF_CALL_IPTABLES, 1, 0, 0 }, { IFLA_BR_VLAN_DEFAULT_PVID, 2, 0, 0 },
	{ IFLA_BR_MCAST_QUERY_INTVL, 8, 0, 0 }, { IFLA_BR_PRIORITY, 2, 0, 0 }, { IFLA_BR_VLAN_PROTOCOL, 2, 0x0081, 0x0081 },
};

static const struct option_rule bridge_odd[] = {
	{ IFLA_BR_GROUP_FWD_MASK, 2, 0, 0xffff }, { IFLA_BR_FORWARD_DELAY, 4, 1, 3000 }, { IFLA_BR_HELLO_TIME, 4, 1, 3000 },
	{ IFLA_BR_STP_STATE, 4, 1, 1 }, { IFLA_BR_VLAN_FILTERING, 1, 1, 1 }, { IFLA_BR_MCAST_SNOOPING, 1, 1, 1 },
	{ IFLA_BR_ROOT_ID, 8, 0, 1 }, { IFLA_BR_GC_TIMER, 8, 0, 1 }, { GRAMMAR_BR_FDB_N_LEARNED, 4, 0, 9 },
	{ IFLA_BR_GROUP_ADDR, 6, 0, 9 }, { IFLA_BR_MCAST_STARTUP_QUERY_INTVL, 8, 0, 9 }, { IFLA_BR_MULTI_BOOLOPT, 8, 0, 9 },
	{ IFLA_BR_PAD, 4, 0, 0 }, { 0, 4, 0, 0 }, { 200, 4, 0, 0 }, { IFLA_BR_VLAN_PROTOCOL, 2, 0, 0xffff },
};

static const struct option_rule port_good[] = {
	{ IFLA_BRPORT_STATE, 1, 0, 4 }, { IFLA_BRPORT_STATE, 1, 0, 0 }, { IFLA_BRPORT_MODE, 1, 0, 1 },
	{ IFLA_BRPORT_LEARNING, 1, 0, 1 }, { IFLA_BRPORT_UNICAST_FLOOD, 1, 0, 1 }, { IFLA_BRPORT_MCAST_FLOOD, 1, 0, 1 },
	{ IFLA_BRPORT_BCAST_FLOOD, 1, 0, 1 }, { IFLA_BRPORT_ISOLATED, 1, 0, 1 }, { IFLA_BRPORT_FLUSH, 0, 0, 0 },
	{ IFLA_BRPORT_GROUP_FWD_MASK, 2, 0, 1 }, { IFLA_BRPORT_GROUP_FWD_MASK, 2, 0x4000, 0x4004 },
	{ IFLA_BRPORT_GUARD, 1, 0, 0 }, { IFLA_BRPORT_LOCKED, 1, 0, 0 }, { IFLA_BRPORT_NEIGH_SUPPRESS, 1, 0, 0 },
	{ IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT, 4, 0, 0 }, { IFLA_BRPORT_BACKUP_PORT, 4, 0, 0 },
};

static const struct option_rule port_odd[] = {
	{ IFLA_BRPORT_STATE, 1, 0, 255 }, { IFLA_BRPORT_MODE, 1, 0, 255 }, { IFLA_BRPORT_GROUP_FWD_MASK, 2, 0, 0xffff },
	{ IFLA_BRPORT_PRIORITY, 2, 0, 63 }, { IFLA_BRPORT_COST, 4, 0, 9 }, { IFLA_BRPORT_ROOT_ID, 8, 0, 9 },
	{ IFLA_BRPORT_ID, 2, 0, 9 }, { IFLA_BRPORT_LOCKED, 1, 1, 1 }, { IFLA_BRPORT_BACKUP_PORT, 4, 1, 40 },
	{ IFLA_BRPORT_MULTICAST_ROUTER, 1, 0, 3 }, { IFLA_BRPORT_PAD, 1, 0, 1 }, { 40, 1, 0, 1 }, { 44, 4, 0, 1 },
	{ 90, 4, 0, 1 },
};

static void put_option(struct grammar *g, const struct option_rule *rule)
{
	unsigned long long value = rule->min + fuzz_below(g->rng, rule->max - rule->min + 1);

	put(g, rule->type, &value, rule->len);
}

#define put_options(g, good, odd) do {									\
	unsigned int left = fuzz_below((g)->rng, 4);							\
													\
	while (left--)											\
		put_option(g, &fuzz_pick((g)->rng, good));						\
	if (fuzz_chance((g)->rng, 8))									\
		put_option(g, &fuzz_pick((g)->rng, odd));						\
} while (0)

static void put_bridge_options(struct grammar *g)
{
	if (fuzz_chance(g->rng, 15)) {
		struct br_boolopt_multi opt = {
			.optval = fuzz_chance(g->rng, 80) ? fuzz_below(g->rng, 2) : fuzz_below(g->rng, 16),
			.optmask = fuzz_chance(g->rng, 80) ? 1 : fuzz_u64(g->rng),
		};

		put(g, IFLA_BR_MULTI_BOOLOPT, &opt, sizeof(opt));
	}
	put_options(g, bridge_good, bridge_odd);
}

static void put_kind(struct grammar *g, int type, const char *kind)
{
	static const char * const kinds[] = {
		"vveth", "vbridge", "veth", "bridge", "vvet", "", "a kind of more letters than any",
	};

	put_string(g, type, fuzz_chance(g->rng, 98) ? kind : fuzz_pick(g->rng, kinds));
}

/* ---- link messages ---- */

static int new_link_flags(struct fuzz_rng *rng)
{
	switch (fuzz_below(rng, 20)) {
	case 0:
		return NLM_F_CREATE;
	case 1:
		return NLM_F_CREATE | NLM_F_REPLACE;
	default:
		return NLM_F_CREATE | NLM_F_EXCL;
	}
}

static void make_pair(struct grammar *g)
{
	unsigned int slot = pick_pair(g->rng), peer = fuzz_chance(g->rng, 95) ? slot ^ 1 : pick_slot(g->rng);
	bool indexed = fuzz_chance(g->rng, 97);
	struct ifinfomsg ifi;

	begin_link(g, RTM_NEWLINK, new_link_flags(g->rng), link_header(g->rng, indexed ? FUZZ_INDEX + slot : 0));
	put_name(g, IFLA_IFNAME, slot);
	put_new_link_options(g, false);
	if (fuzz_chance(g->rng, 30))
		put_master(g, slot);
	nest_begin(g, IFLA_LINKINFO);
	put_kind(g, IFLA_INFO_KIND, "vveth");
	if (fuzz_chance(g->rng, 95)) {
		nest_begin(g, IFLA_INFO_DATA);
		nest_begin(g, VETH_INFO_PEER);
		ifi = link_header(g->rng, indexed ? FUZZ_INDEX + peer : 0);
		nlmsg_append(g->msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
		if (fuzz_chance(g->rng, 95))
			put_name(g, IFLA_IFNAME, peer);
		put_new_link_options(g, true);
		nest_end(g);
		if (fuzz_chance(g->rng, 20))
			nla_put_u32(g->msg, VVETH_INFO_MODE, fuzz_below(g->rng, VVETH_MODE_MAX + 2));
		nest_end(g);
	}
	nest_end(g);
}

static void make_bridge(struct grammar *g)
{
	unsigned int slot = pick_bridge(g->rng);

	begin_link(g, RTM_NEWLINK, new_link_flags(g->rng), link_header(g->rng, FUZZ_INDEX + slot));
	put_name(g, IFLA_IFNAME, slot);
	put_new_link_options(g, false);
	nest_begin(g, IFLA_LINKINFO);
	put_kind(g, IFLA_INFO_KIND, "vbridge");
	nest_begin(g, IFLA_INFO_DATA);
	put_bridge_options(g);
	nest_end(g);
	nest_end(g);
}

/* What stands beside the suite's devices, or on them. */
static void make_other(struct grammar *g)
{
	static const char * const kinds[] = { "dummy", "macvlan", "vlan", "veth", "bridge" };
	unsigned int slot = FUZZ_FIRST_OTHER + fuzz_below(g->rng, FUZZ_OTHERS);
	const char *kind = fuzz_pick(g->rng, kinds);

	begin_link(g, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link_header(g->rng, FUZZ_INDEX + slot));
	put_name(g, IFLA_IFNAME, slot);
	if (!strcmp(kind, "macvlan") || !strcmp(kind, "vlan"))
		put_u32(g, IFLA_LINK, FUZZ_INDEX + fuzz_below(g->rng, FUZZ_FIRST_OTHER));
	nest_begin(g, IFLA_LINKINFO);
	put_string(g, IFLA_INFO_KIND, kind);
	nest_begin(g, IFLA_INFO_DATA);
	if (!strcmp(kind, "macvlan"))
		put_u32(g, IFLA_MACVLAN_MODE, 1 << fuzz_below(g->rng, 4));
	else if (!strcmp(kind, "vlan"))
		put_u16(g, IFLA_VLAN_ID, 1 + fuzz_below(g->rng, 3));
	nest_end(g);
	nest_end(g);
}

static void change_kind(struct grammar *g)
{
	bool pair = fuzz_chance(g->rng, 10);
	unsigned int slot = pair ? pick_pair(g->rng) : pick_bridge(g->rng);

	begin_link(g, RTM_NEWLINK, 0, link_header(g->rng, slot_index(g->rng, slot)));
	nest_begin(g, IFLA_LINKINFO);
	put_kind(g, IFLA_INFO_KIND, pair ? "vveth" : "vbridge");
	nest_begin(g, IFLA_INFO_DATA);
	put_bridge_options(g);
	nest_end(g);
	nest_end(g);
}

static void change_port(struct grammar *g)
{
	unsigned int slot = fuzz_chance(g->rng, 85) ? pick_pair(g->rng) : pick_slot(g->rng);
	struct ifinfomsg ifi = { .ifi_index = slot_index(g->rng, slot) };

	begin_link(g, RTM_NEWLINK, 0, ifi);
	nest_begin(g, IFLA_LINKINFO);
	put_kind(g, IFLA_INFO_SLAVE_KIND, fuzz_chance(g->rng, 50) ? "vbridge" : "bridge");
	nest_begin(g, IFLA_INFO_SLAVE_DATA);
	put_options(g, port_good, port_odd);
	nest_end(g);
	nest_end(g);
}

static void put_set_link(struct grammar *g, unsigned int slot)
{
	struct fuzz_rng *rng = g->rng;

	switch (fuzz_below(rng, 16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		put_master(g, slot);
		break;
	case 4:
		put_mtu(g);
		break;
	case 5:
		put_address(g, IFLA_ADDRESS);
		break;
	case 6:
		put_name(g, IFLA_IFNAME, fuzz_chance(rng, 90) ? slot : pick_slot(rng));
		break;
	case 7:
		put_xdp(g);
		break;
	case 8:
		put_af_spec(g);
		break;
	case 9:
		put_u32(g, IFLA_TXQLEN, fuzz_below(rng, 2000));
		break;
	case 10:
		put_u8(g, IFLA_CARRIER, fuzz_below(rng, 2));
		break;
	case 11:
		put_u8(g, IFLA_OPERSTATE, fuzz_below(rng, 8));
		break;
	case 12:
		put_u8(g, IFLA_LINKMODE, fuzz_below(rng, 3));
		break;
	case 13:
		put_u32(g, IFLA_GSO_MAX_SIZE, fuzz_below(rng, 70000));
		break;
	case 14:
		put_u32(g, IFLA_GROUP, fuzz_below(rng, 3));
		break;
	case 15:
		if (fuzz_chance(rng, 10))
			put_netns(g);
		break;
	}
}

static void set_link(struct grammar *g)
{
	unsigned int more = 1 + fuzz_below(g->rng, 2), slot = pick_slot(g->rng);

	begin_link(g, RTM_SETLINK, 0, link_header(g->rng, slot_index(g->rng, slot)));
	while (more--)
		put_set_link(g, slot);
}

/* What gives all the others something to work on. */
static void join_bridge(struct grammar *g)
{
	unsigned int slot = fuzz_chance(g->rng, 90) ? pick_pair(g->rng) : pick_slot(g->rng);
	struct ifinfomsg ifi = { .ifi_index = slot_index(g->rng, slot), .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	begin_link(g, RTM_SETLINK, 0, ifi);
	put_u32(g, IFLA_MASTER, FUZZ_INDEX + pick_bridge_of(g->rng, slot));
}

static void delete_link(struct grammar *g)
{
	struct ifinfomsg ifi = { .ifi_index = slot_index(g->rng, pick_slot(g->rng)) };
	bool group = fuzz_chance(g->rng, 4), named = fuzz_chance(g->rng, 20);

	if (group || named)
		ifi.ifi_index = 0;
	begin_link(g, RTM_DELLINK, 0, ifi);
	if (group)
		put_u32(g, IFLA_GROUP, 1 + fuzz_below(g->rng, 2));
	else if (named)
		put_name(g, IFLA_IFNAME, pick_slot(g->rng));
	else if (fuzz_chance(g->rng, 5))
		put_netns(g);
}

static void get_link(struct grammar *g)
{
	struct ifinfomsg ifi = { .ifi_index = slot_index(g->rng, pick_slot(g->rng)) };

	begin_link(g, RTM_GETLINK, 0, ifi);
	if (fuzz_chance(g->rng, 50))
		put_u32(g, IFLA_EXT_MASK, fuzz_chance(g->rng, 80) ? fuzz_below(g->rng, 256) : fuzz_edge(g->rng));
	if (fuzz_chance(g->rng, 10))
		put_netns(g);
}

static void get_links(struct grammar *g)
{
	struct ifinfomsg ifi = { .ifi_family = fuzz_chance(g->rng, 50) ? AF_UNSPEC : AF_BRIDGE };

	begin_link(g, RTM_GETLINK, NLM_F_DUMP, ifi);
	if (fuzz_chance(g->rng, 50))
		put_u32(g, IFLA_EXT_MASK, fuzz_below(g->rng, 256));
	if (fuzz_chance(g->rng, 30))
		put_u32(g, IFLA_MASTER, FUZZ_INDEX + pick_bridge(g->rng));
	if (fuzz_chance(g->rng, 20)) {
		nest_begin(g, IFLA_LINKINFO);
		put_kind(g, IFLA_INFO_KIND, fuzz_chance(g->rng, 50) ? "vveth" : "vbridge");
		nest_end(g);
	}
}

static void get_stats(struct grammar *g)
{
	bool dump = fuzz_chance(g->rng, 20);
	struct if_stats_msg ifsm = {
		.ifindex = dump ? 0 : slot_index(g->rng, pick_slot(g->rng)),
		.filter_mask = fuzz_chance(g->rng, 85) ? 1 + fuzz_below(g->rng, 31) : fuzz_edge(g->rng),
	};

	nlmsg_put(g->msg, 0, 0, RTM_GETSTATS, 0, NLM_F_REQUEST | NLM_F_ACK | (dump ? NLM_F_DUMP : 0));
	nlmsg_append(g->msg, &ifsm, sizeof(ifsm), NLMSG_ALIGNTO);
}

/* ---- AF_BRIDGE: ports ---- */

static void bridge_link(struct grammar *g, int type)
{
	unsigned int slot = fuzz_chance(g->rng, 85) ? pick_pair(g->rng) : pick_slot(g->rng);
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE, .ifi_index = slot_index(g->rng, slot) };
	struct bridge_vlan_info vlan = { .vid = fuzz_below(g->rng, 4096), .flags = fuzz_below(g->rng, 64) };

	begin_link(g, type, 0, ifi);
	if (type == RTM_SETLINK && fuzz_chance(g->rng, 85)) {
		nest_begin(g, IFLA_PROTINFO);
		put_options(g, port_good, port_odd);
		nest_end(g);
	}
	if (type == RTM_SETLINK && fuzz_chance(g->rng, 75))
		return;
	nest_begin(g, IFLA_AF_SPEC);
	if (fuzz_chance(g->rng, 70))
		put_u16(g, IFLA_BRIDGE_FLAGS, fuzz_chance(g->rng, 80) ? BRIDGE_FLAGS_MASTER : 1 + fuzz_below(g->rng, 3));
	if (fuzz_chance(g->rng, 20))
		put_u16(g, IFLA_BRIDGE_MODE, fuzz_below(g->rng, 3));
	if (fuzz_chance(g->rng, 20))
		put(g, IFLA_BRIDGE_VLAN_INFO, &vlan, sizeof(vlan));
	nest_end(g);
}

static void bridge_set_link(struct grammar *g)
{
	bridge_link(g, RTM_SETLINK);
}

static void bridge_delete_link(struct grammar *g)
{
	bridge_link(g, RTM_DELLINK);
}

/* ---- AF_BRIDGE: forwarding entries ---- */

static void begin_neigh(struct grammar *g, int type, int flags, struct ndmsg ndm)
{
	nlmsg_put(g->msg, 0, 0, type, 0, NLM_F_REQUEST | NLM_F_ACK | flags);
	nlmsg_append(g->msg, &ndm, sizeof(ndm), NLMSG_ALIGNTO);
}

/* A device and how it is asked: the bridge or one of the suite's ports itself, seldom by what only in-tree bridges have. */
static struct ndmsg neigh_header(struct grammar *g)
{
	static const unsigned short states[] = {
		NUD_PERMANENT, NUD_NOARP, NUD_NOARP, NUD_NOARP, NUD_REACHABLE, NUD_REACHABLE, NUD_REACHABLE, NUD_STALE,
	};
	struct fuzz_rng *rng = g->rng;
	struct ndmsg ndm = { .ndm_family = AF_BRIDGE, .ndm_state = fuzz_pick(rng, states), .ndm_flags = NTF_SELF };

	ndm.ndm_ifindex = slot_index(rng, fuzz_chance(rng, 55) ? pick_bridge(rng) :
				     fuzz_chance(rng, 80) ? pick_pair(rng) : pick_slot(rng));
	if (fuzz_chance(rng, 10))
		ndm.ndm_flags = fuzz_chance(rng, 50) ? NTF_MASTER : NTF_MASTER | NTF_SELF;
	if (fuzz_chance(rng, 20))
		ndm.ndm_flags |= fuzz_chance(rng, 70) ? NTF_STICKY : 1 << fuzz_below(rng, 8);
	return ndm;
}

/* Of a bridge the port has to be named; a port that names another is refused. */
static void put_neigh(struct grammar *g, unsigned int slot, unsigned int via)
{
	bool bridge = slot >= FUZZ_FIRST_BRIDGE && slot < FUZZ_FIRST_OTHER;
	struct fuzz_rng *rng = g->rng;

	if (fuzz_chance(rng, 98))
		put_address(g, NDA_LLADDR);
	if (fuzz_chance(rng, bridge ? via : 5))
		put_u32(g, NDA_IFINDEX, slot_index(rng, pick_port_of(rng, bridge ? slot : FUZZ_FIRST_BRIDGE)));
	if (fuzz_chance(rng, 5))
		put_u16(g, NDA_VLAN, fuzz_below(rng, 4100));
	if (fuzz_chance(rng, 3))
		put_u32(g, fuzz_below(rng, 20), fuzz_edge(rng));
}

static void add_neigh(struct grammar *g)
{
	static const int flags[] = {
		NLM_F_CREATE | NLM_F_EXCL, NLM_F_CREATE | NLM_F_REPLACE, NLM_F_CREATE | NLM_F_REPLACE,
		NLM_F_CREATE | NLM_F_APPEND, NLM_F_REPLACE, 0,
	};
	struct ndmsg ndm = neigh_header(g);

	begin_neigh(g, RTM_NEWNEIGH, fuzz_pick(g->rng, flags), ndm);
	put_neigh(g, ndm.ndm_ifindex - FUZZ_INDEX, 85);
}

static void delete_neigh(struct grammar *g)
{
	struct ndmsg ndm = neigh_header(g);

	begin_neigh(g, RTM_DELNEIGH, 0, ndm);
	put_neigh(g, ndm.ndm_ifindex - FUZZ_INDEX, 20);
}

static void flush_neigh(struct grammar *g)
{
	static const unsigned short states[] = { 0, 0, NUD_PERMANENT, NUD_NOARP, NUD_NOARP | NUD_PERMANENT, NUD_REACHABLE };
	static const unsigned char flags[] = { 0, 0, NTF_USE, NTF_EXT_LEARNED, NTF_STICKY, NTF_ROUTER };
	struct fuzz_rng *rng = g->rng;
	unsigned int bridge = pick_bridge(rng);
	struct ndmsg ndm = {
		.ndm_family = AF_BRIDGE, .ndm_ifindex = slot_index(rng, bridge),
		.ndm_state = fuzz_pick(rng, states), .ndm_flags = NTF_SELF | fuzz_pick(rng, flags),
	};

	begin_neigh(g, RTM_DELNEIGH, GRAMMAR_NLM_F_BULK, ndm);
	if (fuzz_chance(rng, 60))
		put_u16(g, NDA_NDM_STATE_MASK, fuzz_pick(rng, states));
	if (fuzz_chance(rng, 60))
		put_u8(g, NDA_NDM_FLAGS_MASK, fuzz_pick(rng, flags));
	if (fuzz_chance(rng, 30))
		put_u32(g, NDA_IFINDEX, slot_index(rng, fuzz_chance(rng, 70) ? pick_port_of(rng, bridge) : bridge));
	if (fuzz_chance(rng, 5))
		put_u16(g, NDA_VLAN, fuzz_below(rng, 4100));
}

static void get_neigh(struct grammar *g)
{
	struct ndmsg ndm = { .ndm_family = AF_BRIDGE };
	int bridge = slot_index(g->rng, pick_bridge(g->rng));
	bool by_master = fuzz_chance(g->rng, 30);

	if (!by_master) {
		ndm.ndm_ifindex = bridge;
		ndm.ndm_flags = NTF_SELF;
	}
	begin_neigh(g, RTM_GETNEIGH, 0, ndm);
	put_address(g, NDA_LLADDR);
	if (by_master)
		put_u32(g, NDA_MASTER, bridge);
	if (fuzz_chance(g->rng, 10))
		put_u16(g, NDA_VLAN, fuzz_below(g->rng, 4100));
}

static void get_neighs(struct grammar *g)
{
	struct ndmsg ndm = { .ndm_family = AF_BRIDGE };

	if (fuzz_chance(g->rng, 60))
		ndm.ndm_ifindex = FUZZ_INDEX + pick_slot(g->rng);
	begin_neigh(g, RTM_GETNEIGH, NLM_F_DUMP, ndm);
	if (fuzz_chance(g->rng, 30))
		put_u32(g, NDA_MASTER, FUZZ_INDEX + pick_bridge(g->rng));
	if (fuzz_chance(g->rng, 10))
		put_u32(g, NDA_IFINDEX, FUZZ_INDEX + pick_slot(g->rng));
}

/* ---- all of them ---- */

static const struct kind {
	const char *name;
	unsigned int weight;
	void (*make)(struct grammar *g);
} kinds[] = {
	{ "newlink pair", 9, make_pair },
	{ "newlink bridge", 5, make_bridge },
	{ "newlink other", 3, make_other },
	{ "newlink change", 8, change_kind },
	{ "newlink port", 9, change_port },
	{ "setlink", 12, set_link },
	{ "setlink master", 8, join_bridge },
	{ "dellink", 2, delete_link },
	{ "getlink", 4, get_link },
	{ "getlink dump", 1, get_links },
	{ "getstats", 3, get_stats },
	{ "bridge setlink", 9, bridge_set_link },
	{ "bridge dellink", 3, bridge_delete_link },
	{ "newneigh", 14, add_neigh },
	{ "delneigh", 5, delete_neigh },
	{ "delneigh bulk", 3, flush_neigh },
	{ "getneigh", 4, get_neigh },
	{ "getneigh dump", 1, get_neighs },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

#endif
