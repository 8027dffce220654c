/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Link and forwarding table requests, built with nl.h, for tests that make thousands of them: several namespaces are
 * served by one process, each through sockets of its own, and a device is known by its index or by its address.
 *
 *	struct op_ns ns;
 *	op_ns_new(&ns);					(a fresh namespace, kept by its file descriptors)
 *	op_pair(&msg, &(struct op_pair){ .name = "va", .peer = "vb" });
 *	rc = nl_talk(&ns.nl, &msg);
 *	op_set(&msg, index);				(change of one device; what is changed follows)
 *	nl_attr_u32(&msg, IFLA_MTU, 1400);
 */
#ifndef SELFTESTS_OPS_H
#define SELFTESTS_OPS_H

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "nl.h"

/* Numbers that older headers have no names for. */
#define OP_BR_FDB_MAX_LEARNED	49
#define OP_NLM_F_BULK		0x200

/* An address as text, good until the fourth next one is asked for. */
static inline const char *op_mac(const unsigned char *mac)
{
	static char text[4][3 * ETH_ALEN];
	static unsigned int next;
	char *at = text[next++ % 4];

	snprintf(at, sizeof(text[0]), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return at;
}

/* ---- namespaces ---- */

struct op_ns {
	int fd, inet;
	struct nl_sock nl;
};

static inline void op_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

/* Opens what is needed of the namespace that the process is in. */
static inline int op_ns_here(struct op_ns *ns)
{
	ns->fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ns->inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return ns->fd < 0 || ns->inet < 0 ? -errno : nl_open(&ns->nl, 0);
}

/* Enters a fresh namespace without IPv6, so that the kernel sends no frame of its own. */
static inline int op_ns_new(struct op_ns *ns)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	op_write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	op_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	return op_ns_here(ns);
}

/* The same namespace once more, for another process: sockets are not shared. */
static inline int op_ns_again(struct op_ns *ns, int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : op_ns_here(ns);
}

static inline void op_ns_close(struct op_ns *ns)
{
	close(ns->fd);
	close(ns->inet);
	close(ns->nl.fd);
	ns->fd = -1;
	ns->inet = -1;
	ns->nl.fd = -1;
}

/* ---- requests ---- */

struct op_pair {
	const char *kind, *name, *peer;
	int index, peer_index;
	int ns, peer_ns;		/* file descriptors, 0 for the socket's own namespace */
	const unsigned char *mac, *peer_mac;
	unsigned int mtu, peer_mtu, queues, peer_queues, master;
	bool up, peer_up;
};

static inline void op_put_end(struct nl_msg *msg, const char *name, int ns, const unsigned char *mac, unsigned int mtu,
			      unsigned int queues)
{
	if (name)
		nl_attr_str(msg, IFLA_IFNAME, name);
	if (ns)
		nl_attr_u32(msg, IFLA_NET_NS_FD, ns);
	if (mac)
		nl_attr(msg, IFLA_ADDRESS, mac, ETH_ALEN);
	if (mtu)
		nl_attr_u32(msg, IFLA_MTU, mtu);
	if (queues)
		nl_attr_u32(msg, IFLA_NUM_RX_QUEUES, queues);
}

static inline void op_pair(struct nl_msg *msg, const struct op_pair *pair)
{
	unsigned int up = pair->up ? IFF_UP : 0, peer_up = pair->peer_up ? IFF_UP : 0;
	struct ifinfomsg ifi = { .ifi_index = pair->index, .ifi_flags = up, .ifi_change = up };
	struct ifinfomsg peer = { .ifi_index = pair->peer_index, .ifi_flags = peer_up, .ifi_change = peer_up };
	struct nlattr *info, *data, *nest;

	nl_begin(msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(msg, &ifi, sizeof(ifi));
	op_put_end(msg, pair->name, pair->ns, pair->mac, pair->mtu, pair->queues);
	if (pair->master)
		nl_attr_u32(msg, IFLA_MASTER, pair->master);
	info = nl_nest(msg, IFLA_LINKINFO);
	nl_attr_str(msg, IFLA_INFO_KIND, pair->kind ? pair->kind : "vveth");
	data = nl_nest(msg, IFLA_INFO_DATA);
	nest = nl_nest(msg, VETH_INFO_PEER);
	nl_put(msg, &peer, sizeof(peer));
	op_put_end(msg, pair->peer, pair->peer_ns, pair->peer_mac, pair->peer_mtu, pair->peer_queues);
	nl_nest_end(msg, nest);
	nl_nest_end(msg, data);
	nl_nest_end(msg, info);
}

struct op_bridge {
	const char *name;
	int index;
	const unsigned char *mac;
	unsigned int mtu;
	bool up;
	/* 0 leaves the option as it is. */
	unsigned int ageing, max_learned;
	unsigned short group_fwd_mask, default_pvid;
	bool no_ll_learn, flush;
	bool no_default_pvid;		/* default_pvid is 0 */
};

/* What comes after the header in a request for a bridge, new or not. */
static inline void op_put_bridge(struct nl_msg *msg, const struct op_bridge *br)
{
	struct br_boolopt_multi opt = { .optval = 1 << BR_BOOLOPT_NO_LL_LEARN, .optmask = 1 << BR_BOOLOPT_NO_LL_LEARN };
	struct nlattr *info, *data;

	op_put_end(msg, br->name, 0, br->mac, br->mtu, 0);
	info = nl_nest(msg, IFLA_LINKINFO);
	nl_attr_str(msg, IFLA_INFO_KIND, "vbridge");
	data = nl_nest(msg, IFLA_INFO_DATA);
	if (br->ageing)
		nl_attr_u32(msg, IFLA_BR_AGEING_TIME, br->ageing);
	if (br->max_learned)
		nl_attr_u32(msg, OP_BR_FDB_MAX_LEARNED, br->max_learned);
	if (br->group_fwd_mask)
		nl_attr(msg, IFLA_BR_GROUP_FWD_MASK, &br->group_fwd_mask, sizeof(br->group_fwd_mask));
	if (br->default_pvid || br->no_default_pvid)
		nl_attr(msg, IFLA_BR_VLAN_DEFAULT_PVID, &br->default_pvid, sizeof(br->default_pvid));
	if (br->no_ll_learn)
		nl_attr(msg, IFLA_BR_MULTI_BOOLOPT, &opt, sizeof(opt));
	if (br->flush)
		nl_attr(msg, IFLA_BR_FDB_FLUSH, NULL, 0);
	nl_nest_end(msg, data);
	nl_nest_end(msg, info);
}

static inline void op_bridge(struct nl_msg *msg, const struct op_bridge *br)
{
	unsigned int up = br->up ? IFF_UP : 0;
	struct ifinfomsg ifi = { .ifi_index = br->index, .ifi_flags = up, .ifi_change = up };

	nl_begin(msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(msg, &ifi, sizeof(ifi));
	op_put_bridge(msg, br);
}

/* A change of a device; attributes may follow. */
static inline void op_set(struct nl_msg *msg, int index)
{
	struct ifinfomsg ifi = { .ifi_index = index };

	nl_begin(msg, RTM_NEWLINK, 0);
	nl_put(msg, &ifi, sizeof(ifi));
}

static inline void op_up(struct nl_msg *msg, int index, bool up)
{
	struct ifinfomsg ifi = { .ifi_index = index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP };

	nl_begin(msg, RTM_NEWLINK, 0);
	nl_put(msg, &ifi, sizeof(ifi));
}

static inline void op_del(struct nl_msg *msg, int index)
{
	struct ifinfomsg ifi = { .ifi_index = index };

	nl_begin(msg, RTM_DELLINK, 0);
	nl_put(msg, &ifi, sizeof(ifi));
}

/* One option of a port: IFLA_BRPORT_*, a byte. */
static inline void op_port_option(struct nl_msg *msg, int index, unsigned short option, unsigned char value)
{
	struct nlattr *info, *data;

	op_set(msg, index);
	info = nl_nest(msg, IFLA_LINKINFO);
	nl_attr_str(msg, IFLA_INFO_SLAVE_KIND, "vbridge");
	data = nl_nest(msg, IFLA_INFO_SLAVE_DATA);
	nl_attr(msg, option, &value, sizeof(value));
	nl_nest_end(msg, data);
	nl_nest_end(msg, info);
}

/* RTM_SETLINK to add a VLAN to a port, with BRIDGE_VLAN_INFO_*, or RTM_DELLINK. */
static inline void op_vlan(struct nl_msg *msg, int type, int index, unsigned short vid, unsigned short flags)
{
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE, .ifi_index = index };
	struct bridge_vlan_info info = { .flags = flags, .vid = vid };
	struct nlattr *spec;

	nl_begin(msg, type, 0);
	nl_put(msg, &ifi, sizeof(ifi));
	spec = nl_nest(msg, IFLA_AF_SPEC);
	nl_attr(msg, IFLA_BRIDGE_VLAN_INFO, &info, sizeof(info));
	nl_nest_end(msg, spec);
}

/* Changes of the options in @br that are set. */
static inline void op_bridge_change(struct nl_msg *msg, int index, const struct op_bridge *br)
{
	op_set(msg, index);
	op_put_bridge(msg, br);
}

struct op_fdb {
	int dev, via;			/* via: 0 for none */
	const unsigned char *mac;
	unsigned short state;		/* NUD_* */
	unsigned char flags;		/* NTF_*, beside NTF_SELF */
	bool replace;
};

static inline void op_fdb(struct nl_msg *msg, int type, const struct op_fdb *fdb)
{
	struct ndmsg ndm = {
		.ndm_family = AF_BRIDGE, .ndm_ifindex = fdb->dev, .ndm_state = fdb->state,
		.ndm_flags = NTF_SELF | fdb->flags,
	};
	int flags = type == RTM_DELNEIGH ? 0 : NLM_F_CREATE | (fdb->replace ? NLM_F_REPLACE : NLM_F_EXCL);

	nl_begin(msg, type, flags);
	nl_put(msg, &ndm, sizeof(ndm));
	if (fdb->mac)
		nl_attr(msg, NDA_LLADDR, fdb->mac, ETH_ALEN);
	if (fdb->via)
		nl_attr_u32(msg, NDA_IFINDEX, fdb->via);
}

/* Forget all but permanent entries, of one port where via is not 0. */
static inline void op_fdb_flush(struct nl_msg *msg, int bridge, int via)
{
	struct ndmsg ndm = { .ndm_family = AF_BRIDGE, .ndm_ifindex = bridge, .ndm_flags = NTF_SELF };

	nl_begin(msg, RTM_DELNEIGH, OP_NLM_F_BULK);
	nl_put(msg, &ndm, sizeof(ndm));
	if (via)
		nl_attr_u32(msg, NDA_IFINDEX, via);
}

/* ---- answers ---- */

struct op_link {
	int index;
	unsigned int mtu, flags, master;
	char name[IFNAMSIZ];
	unsigned char mac[ETH_ALEN];
	struct rtnl_link_stats64 stats;
};

static inline unsigned int op_get_u32(const struct nlmsghdr *hdr, unsigned short type)
{
	const struct nlattr *attr = nl_link_attr(hdr, type);

	return attr ? *(const unsigned int *)nl_data(attr) : 0;
}

static inline void op_read_link(const struct nlmsghdr *hdr, struct op_link *link)
{
	const struct nlattr *mac = nl_link_attr(hdr, IFLA_ADDRESS), *stats = nl_link_attr(hdr, IFLA_STATS64);
	const struct ifinfomsg *ifi = NLMSG_DATA(hdr);
	size_t len;

	memset(link, 0, sizeof(*link));
	link->index = ifi->ifi_index;
	link->flags = ifi->ifi_flags;
	link->mtu = op_get_u32(hdr, IFLA_MTU);
	link->master = op_get_u32(hdr, IFLA_MASTER);
	snprintf(link->name, IFNAMSIZ, "%s", (const char *)nl_data(nl_link_attr(hdr, IFLA_IFNAME)));
	if (mac && mac->nla_len == NLA_HDRLEN + ETH_ALEN)
		memcpy(link->mac, nl_data(mac), ETH_ALEN);
	if (stats) {
		len = stats->nla_len - NLA_HDRLEN;
		memcpy(&link->stats, nl_data(stats), len < sizeof(link->stats) ? len : sizeof(link->stats));
	}
}

struct op_search {
	const unsigned char *mac;
	const char *name;
	struct op_link *found;
	bool any;
};

/* The index of a name, or 0. Other ways to ask have the kernel look for a module of that name. */
static inline int op_index(struct op_ns *ns, const char *name)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	unsigned char answer[16384];
	const struct nlmsghdr *hdr = (const void *)answer;
	struct nl_msg msg;

	nl_begin(&msg, RTM_GETLINK, 0);
	msg.hdr.nlmsg_flags = NLM_F_REQUEST;
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, name);
	if (nl_send(&ns->nl, &msg))
		return 0;
	do {
		if (recv(ns->nl.fd, answer, sizeof(answer), 0) < 0)
			return 0;
	} while (hdr->nlmsg_seq != msg.hdr.nlmsg_seq);
	return hdr->nlmsg_type == RTM_NEWLINK ? ((const struct ifinfomsg *)NLMSG_DATA(hdr))->ifi_index : 0;
}

static inline void op_match(const struct nlmsghdr *hdr, void *arg)
{
	struct op_search *search = arg;
	struct op_link link;

	op_read_link(hdr, &link);
	if (search->mac ? memcmp(link.mac, search->mac, ETH_ALEN) : strcmp(link.name, search->name))
		return;
	*search->found = link;
	search->any = true;
}

static inline bool op_find_mac(struct op_ns *ns, const unsigned char *mac, struct op_link *found)
{
	struct op_search search = { .mac = mac, .found = found };

	return nl_each_link(&ns->nl, op_match, &search) >= 0 && search.any;
}

static inline bool op_find_name(struct op_ns *ns, const char *name, struct op_link *found)
{
	struct op_search search = { .name = name, .found = found };

	return nl_each_link(&ns->nl, op_match, &search) >= 0 && search.any;
}

/* ---- modules ---- */

static inline bool op_loaded(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	return !access(path, F_OK);
}

/* How many users a module has; -1 where it is not loaded. */
static inline int op_users(const char *module)
{
	char path[64];
	int users = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	file = fopen(path, "r");
	if (file && fscanf(file, "%d", &users) != 1)
		users = -1;
	if (file)
		fclose(file);
	return users;
}

/* Removes a module, and tells the search for leaks where it was (see vm/leaks). Returns 0 or -errno. */
static inline int op_unload(const char *module)
{
	char path[96], address[64];
	FILE *from, *to;

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.text", module);
	from = fopen(path, "r");
	to = fopen("/run/vm.unloaded", "a");
	if (from && to && fscanf(from, "%63s", address) == 1)
		fprintf(to, "%s %s\n", address, module);
	if (from)
		fclose(from);
	if (to)
		fclose(to);
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

/* ---- ethtool ---- */

static inline bool op_ethtool_call(struct op_ns *ns, const char *dev, void *data)
{
	struct ifreq ifr = { .ifr_data = data };

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	return !ioctl(ns->inet, SIOCETHTOOL, &ifr);
}

#define OP_STATS_MAX 256

/* A counter of `ethtool -S`, or the sum of those whose names begin so; -1 where there is none. */
static inline long long op_ethtool(struct op_ns *ns, const char *dev, const char *prefix)
{
	static struct {
		struct ethtool_gstrings head;
		char names[OP_STATS_MAX][ETH_GSTRING_LEN];
	} strings;
	static struct {
		struct ethtool_stats head;
		__u64 values[OP_STATS_MAX];
	} stats;
	struct {
		struct ethtool_sset_info head;
		unsigned int count;
	} sset = { .head = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS } };
	bool any = false;
	long long sum = 0;
	unsigned int i;

	if (!op_ethtool_call(ns, dev, &sset) || sset.count > OP_STATS_MAX)
		return -1;
	strings.head = (struct ethtool_gstrings){ .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS, .len = sset.count };
	stats.head = (struct ethtool_stats){ .cmd = ETHTOOL_GSTATS, .n_stats = sset.count };
	if (!op_ethtool_call(ns, dev, &strings) || !op_ethtool_call(ns, dev, &stats))
		return -1;
	for (i = 0; i < sset.count; i++) {
		if (strncmp(strings.names[i], prefix, strlen(prefix)))
			continue;
		sum += stats.values[i];
		any = true;
	}
	return any ? sum : -1;
}

#endif
