// SPDX-License-Identifier: GPL-2.0
/*
 * Does for the shell library what would otherwise take a process each: in a guest without hardware support a process
 * costs a tenth of a second. Reads a request in a line, "ID WORD...", and answers with a line, "ID ok ..." or "ID no WHY".
 *
 *	nsadd quiet|ipv6 NAME...	namespaces, as `ip netns add`. quiet: no IPv6, so that the kernel sends no frame of
 *					its own; ipv6: no duplicate address detection, no router solicitation, lo up
 *	nsdel NAME...
 *	pair KIND NSA A NSB B		a pair, both ends up and operational
 *	up NS DEV...			devices up and operational
 *	link NS DEV			KEY=VALUE for what `ip -j -d -s link show` says under the same keys, and flags=
 *	links NS			names of the devices but lo, sorted
 *	get NS DEV NUMBER		the 32-bit attribute IFLA_... of that number, where `ip` does not know it
 *	set NS DEV NUMBER VALUE
 *	ethtool NS DEV GLOB		sum of the `ethtool -S` counters of matching names
 *
 * Tests of how `ip` and `ethtool` show these things use `ip` and `ethtool`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fnmatch.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* <net/if.h>, which nl.h has, names some of these too. */
#define IFF_LOWER_UP_BIT	(1 << 16)

#include "netns.h"
#include "nl.h"

#define LINKD_WORDS	64
#define LINKD_NAMES	512
#define LINKD_UP_MS	60000

struct linkd_request {
	char *words[LINKD_WORDS];
	int n;
};

/* What a request has found wrong, for "no WHY"; empty where it went well. */
static char linkd_why[512];

static bool linkd_fail(const char *what, const char *more)
{
	snprintf(linkd_why, sizeof(linkd_why), "%.200s: %.200s", what, more);
	return false;
}

/* ---- namespaces ---- */

static bool linkd_write(const char *conf, const char *key, const char *value)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", conf, key);
	file = fopen(path, "w");
	if (!file)
		return linkd_fail(path, strerror(errno));
	fputs(value, file);
	return fclose(file) ? linkd_fail(path, strerror(errno)) : true;
}

static bool linkd_lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), rc = ioctl(fd, SIOCSIFFLAGS, &ifr);

	close(fd);
	return rc ? linkd_fail("lo", strerror(errno)) : true;
}

static bool linkd_configure(bool ipv6)
{
	if (ipv6)
		return linkd_write("all", "accept_dad", "0") && linkd_write("default", "accept_dad", "0") &&
		       linkd_write("all", "router_solicitations", "0") &&
		       linkd_write("default", "router_solicitations", "0") && linkd_lo_up();
	if (access("/proc/sys/net/ipv6", F_OK))
		return true;
	return linkd_write("all", "disable_ipv6", "1") && linkd_write("default", "disable_ipv6", "1");
}

/* Shared, as `ip` makes it: then a namespace that is deleted goes from the mounts of other processes too. */
static void linkd_make_folder(void)
{
	mkdir("/run/netns", 0755);
	if (!mount("", "/run/netns", "none", MS_SHARED | MS_REC, NULL))
		return;
	if (mount("/run/netns", "/run/netns", "none", MS_BIND | MS_REC, NULL) ||
	    mount("", "/run/netns", "none", MS_SHARED | MS_REC, NULL))
		err(1, "/run/netns");
}

static bool linkd_nsadd(struct linkd_request *req)
{
	char path[PATH_MAX];
	int i, fd;

	for (i = 1; i < req->n; i++) {
		snprintf(path, sizeof(path), "/run/netns/%s", req->words[i]);
		fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
		if (fd < 0)
			return linkd_fail(path, strerror(errno));
		close(fd);
		if (unshare(CLONE_NEWNET) || mount("/proc/thread-self/ns/net", path, "none", MS_BIND, NULL))
			return linkd_fail(path, strerror(errno));
		if (!linkd_configure(!strcmp(req->words[0], "ipv6")))
			return false;
	}
	return true;
}

static bool linkd_nsdel(struct linkd_request *req)
{
	char path[PATH_MAX];
	int i;

	for (i = 0; i < req->n; i++) {
		snprintf(path, sizeof(path), "/run/netns/%s", req->words[i]);
		if (umount2(path, MNT_DETACH) || unlink(path))
			return linkd_fail(path, strerror(errno));
	}
	return true;
}

/* ---- links ---- */

static bool linkd_open(struct nl_sock *nl, const char *ns)
{
	if (!netns_try(ns))
		return linkd_fail(ns, strerror(errno));
	return nl_open(nl, 0) ? linkd_fail("netlink", strerror(errno)) : true;
}

static bool linkd_talk(struct nl_sock *nl, struct nl_msg *msg, const char *what)
{
	int rc = nl_talk(nl, msg);

	return rc ? linkd_fail(what, nl->extack[0] ? nl->extack : strerror(-rc)) : true;
}

static bool linkd_set_up(struct nl_sock *nl, const char *dev)
{
	struct ifinfomsg ifi = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, 0);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, dev);
	return linkd_talk(nl, &msg, dev);
}

/* The kernel's answer for one device; valid until the next request. */
static const struct nlmsghdr *linkd_get(struct nl_sock *nl, const char *dev)
{
	static unsigned char buffer[32768];
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlmsghdr *hdr = (void *)buffer;
	struct nl_msg msg;

	nl_begin(&msg, RTM_GETLINK, 0);
	msg.hdr.nlmsg_flags &= ~NLM_F_ACK;
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, dev);
	if (nl_send(nl, &msg) || recv(nl->fd, buffer, sizeof(buffer), 0) < 0 || hdr->nlmsg_type != RTM_NEWLINK) {
		linkd_fail(dev, "no such device");
		return NULL;
	}
	return hdr;
}

static unsigned int linkd_u32(const struct nlattr *attr)
{
	unsigned int value = 0;

	if (attr)
		memcpy(&value, nl_data(attr), sizeof(value));
	return value;
}

static bool linkd_wait_up(struct nl_sock *nl, const char *dev)
{
	const struct nlmsghdr *hdr;
	int ms;

	for (ms = 0; ms < LINKD_UP_MS; ms += 10) {
		hdr = linkd_get(nl, dev);
		if (!hdr)
			return false;
		if (*(const unsigned char *)nl_data(nl_link_attr(hdr, IFLA_OPERSTATE)) == 6)
			return true;
		poll(NULL, 0, 10);
	}
	return linkd_fail(dev, "does not come up");
}

static bool linkd_up(struct linkd_request *req)
{
	struct nl_sock nl = { .fd = -1 };
	bool ok;
	int i;

	ok = linkd_open(&nl, req->words[0]);
	for (i = 1; ok && i < req->n; i++)
		ok = linkd_set_up(&nl, req->words[i]);
	for (i = 1; ok && i < req->n; i++)
		ok = linkd_wait_up(&nl, req->words[i]);
	close(nl.fd);
	return ok;
}

static bool linkd_pair_add(struct nl_sock *nl, char **words, int peer_ns)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlattr *info, *data, *peer;
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, words[2]);
	info = nl_nest(&msg, IFLA_LINKINFO);
	nl_attr_str(&msg, IFLA_INFO_KIND, words[0]);
	data = nl_nest(&msg, IFLA_INFO_DATA);
	peer = nl_nest(&msg, VETH_INFO_PEER);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, words[4]);
	nl_attr_u32(&msg, IFLA_NET_NS_FD, peer_ns);
	nl_nest_end(&msg, peer);
	nl_nest_end(&msg, data);
	nl_nest_end(&msg, info);
	return linkd_talk(nl, &msg, words[2]);
}

static bool linkd_pair(struct linkd_request *req)
{
	struct nl_sock nla = { .fd = -1 }, nlb = { .fd = -1 };
	int peer_ns;
	bool ok;

	if (req->n != 5)
		return linkd_fail("pair", "KIND NSA A NSB B");
	if (!linkd_open(&nlb, req->words[3]))
		return false;
	peer_ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	ok = linkd_open(&nla, req->words[1]) && linkd_pair_add(&nla, req->words, peer_ns) &&
	     linkd_set_up(&nla, req->words[2]) && linkd_set_up(&nlb, req->words[4]) &&
	     linkd_wait_up(&nla, req->words[2]) && linkd_wait_up(&nlb, req->words[4]);
	close(nla.fd);
	close(nlb.fd);
	close(peer_ns);
	return ok;
}

/* ---- what a link says of itself ---- */

static void linkd_print_flags(unsigned int flags)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} names[] = {
		{ IFF_LOOPBACK, "LOOPBACK" }, { IFF_BROADCAST, "BROADCAST" }, { IFF_POINTOPOINT, "POINTOPOINT" },
		{ IFF_MULTICAST, "MULTICAST" }, { IFF_NOARP, "NOARP" }, { IFF_ALLMULTI, "ALLMULTI" },
		{ IFF_PROMISC, "PROMISC" }, { IFF_MASTER, "MASTER" }, { IFF_SLAVE, "SLAVE" }, { IFF_UP, "UP" },
		{ IFF_LOWER_UP_BIT, "LOWER_UP" },
	};
	unsigned int i;

	printf(" flags=");
	if ((flags & (IFF_UP | IFF_RUNNING)) == IFF_UP)
		printf("NO-CARRIER,");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bit)
			printf("%s,", names[i].name);
}

static void linkd_print_stats(const struct nlattr *attr)
{
	static const char * const names[] = {
		"rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped",
		"rx_multicast", "tx_collisions", "rx_length_errors", "rx_over_errors", "rx_crc_errors", "rx_frame_errors",
		"rx_fifo_errors", "rx_missed_errors", "tx_aborted_errors", "tx_carrier_errors", "tx_fifo_errors",
		"tx_heartbeat_errors", "tx_window_errors", "rx_compressed", "tx_compressed", "rx_nohandler",
	};
	unsigned long long values[sizeof(names) / sizeof(names[0])];
	unsigned int i;

	if (!attr || attr->nla_len < NLA_HDRLEN + sizeof(values))
		return;
	memcpy(values, nl_data(attr), sizeof(values));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		printf(" %s=%llu", names[i], values[i]);
}

static void linkd_print_name(const char *key, unsigned int index)
{
	char name[IFNAMSIZ];

	if (index && if_indextoname(index, name))
		printf(" %s=%s", key, name);
}

static void linkd_print_ids(const struct nlmsghdr *hdr)
{
	const struct nlattr *netnsid = nl_link_attr(hdr, IFLA_LINK_NETNSID);
	const struct nlattr *info = nl_link_attr(hdr, IFLA_LINKINFO);
	const struct nlattr *mac = nl_link_attr(hdr, IFLA_ADDRESS);
	const struct nlattr *kind = NULL;
	const unsigned char *m;

	if (info)
		kind = nl_find(nl_data(info), info->nla_len - NLA_HDRLEN, IFLA_INFO_KIND);
	if (kind)
		printf(" info_kind=%s", (const char *)nl_data(kind));
	if (netnsid)
		printf(" link_index=%u link_netnsid=%u", linkd_u32(nl_link_attr(hdr, IFLA_LINK)), linkd_u32(netnsid));
	else
		linkd_print_name("link", linkd_u32(nl_link_attr(hdr, IFLA_LINK)));
	linkd_print_name("master", linkd_u32(nl_link_attr(hdr, IFLA_MASTER)));
	if (mac && mac->nla_len == NLA_HDRLEN + ETH_ALEN) {
		m = nl_data(mac);
		printf(" address=%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	}
}

static bool linkd_link(struct linkd_request *req)
{
	static const char * const states[] = {
		"UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP",
	};
	const struct nlmsghdr *hdr = NULL;
	const struct ifinfomsg *ifi;
	struct nl_sock nl;

	if (linkd_open(&nl, req->words[0])) {
		hdr = linkd_get(&nl, req->words[1]);
		close(nl.fd);
	}
	if (!hdr)
		return false;
	ifi = NLMSG_DATA(hdr);
	printf("ok ifindex=%d mtu=%u promiscuity=%u operstate=%s", ifi->ifi_index,
	       linkd_u32(nl_link_attr(hdr, IFLA_MTU)), linkd_u32(nl_link_attr(hdr, IFLA_PROMISCUITY)),
	       states[*(const unsigned char *)nl_data(nl_link_attr(hdr, IFLA_OPERSTATE)) % 7]);
	linkd_print_flags(ifi->ifi_flags);
	linkd_print_ids(hdr);
	linkd_print_stats(nl_link_attr(hdr, IFLA_STATS64));
	return true;
}

static bool linkd_get_number(struct linkd_request *req)
{
	const struct nlattr *attr = NULL;
	const struct nlmsghdr *hdr;
	struct nl_sock nl;

	if (!linkd_open(&nl, req->words[0]))
		return false;
	hdr = linkd_get(&nl, req->words[1]);
	if (hdr)
		attr = nl_link_attr(hdr, atoi(req->words[2]));
	close(nl.fd);
	if (!attr || attr->nla_len != NLA_HDRLEN + sizeof(unsigned int))
		return linkd_fail(req->words[1], "no such number");
	printf("ok %u", linkd_u32(attr));
	return true;
}

static bool linkd_set_number(struct linkd_request *req)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nl_msg msg;
	struct nl_sock nl;
	bool ok;

	if (!linkd_open(&nl, req->words[0]))
		return false;
	nl_begin(&msg, RTM_NEWLINK, 0);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, req->words[1]);
	nl_attr_u32(&msg, atoi(req->words[2]), strtoul(req->words[3], NULL, 0));
	ok = linkd_talk(&nl, &msg, req->words[1]);
	close(nl.fd);
	return ok;
}

struct linkd_names {
	char list[LINKD_NAMES][IFNAMSIZ];
	int n;
};

static void linkd_add_name(const struct nlmsghdr *hdr, void *arg)
{
	const char *name = nl_data(nl_link_attr(hdr, IFLA_IFNAME));
	struct linkd_names *names = arg;

	if (strcmp(name, "lo") && names->n < LINKD_NAMES)
		strcpy(names->list[names->n++], name);
}

static bool linkd_links(struct linkd_request *req)
{
	struct linkd_names names = {};
	struct nl_sock nl;
	int i, rc;

	if (!linkd_open(&nl, req->words[0]))
		return false;
	rc = nl_each_link(&nl, linkd_add_name, &names);
	close(nl.fd);
	if (rc < 0)
		return linkd_fail("dump", strerror(-rc));
	qsort(names.list, names.n, IFNAMSIZ, (int (*)(const void *, const void *))strcmp);
	printf("ok");
	for (i = 0; i < names.n; i++)
		printf(" %s", names.list[i]);
	return true;
}

/* ---- ethtool ---- */

static int linkd_ethtool_call(int fd, const char *dev, void *data)
{
	struct ifreq ifr = { .ifr_data = data };

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	return ioctl(fd, SIOCETHTOOL, &ifr);
}

static bool linkd_ethtool_sum(int fd, const char *dev, const char *glob)
{
	struct {
		struct ethtool_sset_info head;
		unsigned int count;
	} sset = { .head = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS } };
	struct ethtool_gstrings *strings;
	unsigned long long sum = 0;
	struct ethtool_stats *stats;
	unsigned int i, found = 0;

	if (linkd_ethtool_call(fd, dev, &sset) || !sset.count)
		return linkd_fail(dev, "no statistics");
	strings = calloc(1, sizeof(*strings) + sset.count * ETH_GSTRING_LEN);
	stats = calloc(1, sizeof(*stats) + sset.count * sizeof(stats->data[0]));
	*strings = (struct ethtool_gstrings){ .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS, .len = sset.count };
	*stats = (struct ethtool_stats){ .cmd = ETHTOOL_GSTATS, .n_stats = sset.count };
	if (!linkd_ethtool_call(fd, dev, strings) && !linkd_ethtool_call(fd, dev, stats)) {
		for (i = 0; i < sset.count; i++) {
			if (fnmatch(glob, (const char *)strings->data + i * ETH_GSTRING_LEN, 0))
				continue;
			sum += stats->data[i];
			found++;
		}
	}
	free(strings);
	free(stats);
	if (!found)
		return linkd_fail(glob, "no such statistics");
	printf("ok %llu", sum);
	return true;
}

static bool linkd_ethtool(struct linkd_request *req)
{
	bool ok;
	int fd;

	if (!netns_try(req->words[0]))
		return linkd_fail(req->words[0], strerror(errno));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ok = linkd_ethtool_sum(fd, req->words[1], req->words[2]);
	close(fd);
	return ok;
}

/* ---- requests ---- */

/* Those that print no answer of their own get a plain "ok". */
static const struct {
	const char *name;
	bool (*run)(struct linkd_request *req);
	int words;
	bool answers;
} linkd_commands[] = {
	{ "nsadd", linkd_nsadd, 2, false },
	{ "nsdel", linkd_nsdel, 1, false },
	{ "pair", linkd_pair, 5, false },
	{ "up", linkd_up, 2, false },
	{ "link", linkd_link, 2, true },
	{ "links", linkd_links, 1, true },
	{ "get", linkd_get_number, 3, true },
	{ "set", linkd_set_number, 4, false },
	{ "ethtool", linkd_ethtool, 3, true },
};

static void linkd_answer(const char *name, struct linkd_request *req)
{
	unsigned int i;

	for (i = 0; i < sizeof(linkd_commands) / sizeof(linkd_commands[0]); i++) {
		if (strcmp(linkd_commands[i].name, name) || req->n < linkd_commands[i].words)
			continue;
		if (!linkd_commands[i].run(req))
			printf("no %s", linkd_why);
		else if (!linkd_commands[i].answers)
			printf("ok");
		netns_enter("");
		return;
	}
	printf("no such request: %s", name);
}

int main(void)
{
	struct linkd_request req;
	char line[8192], *id, *name, *word;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	linkd_make_folder();
	netns_enter("");
	while (fgets(line, sizeof(line), stdin)) {
		id = strtok(line, " \n");
		name = strtok(NULL, " \n");
		if (!name)
			continue;
		req.n = 0;
		for (word = strtok(NULL, " \n"); word && req.n < LINKD_WORDS; word = strtok(NULL, " \n"))
			req.words[req.n++] = word;
		printf("%s ", id);
		linkd_answer(name, &req);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}
