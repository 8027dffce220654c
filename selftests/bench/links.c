// SPDX-License-Identifier: GPL-2.0
/*
 * What the benchmark asks of rtnetlink and the installed `ip` and `tc` cannot do, or only at a cost of their
 * own.
 *
 * links netkit NAME PEER, links netkit-l3 NAME PEER: a netkit pair in layer 2 or 3 (iproute2 knows the kind since 6.7).
 * links fdb-limit DEV KIND NUMBER: a bridge's fdb_max_learned; 0 is none.
 * links fdb-dump PORT COUNT: asks for the FDB entries of a bridge's port, of which there have to be COUNT at least, and
 * prints what one of them costs.
 * links release DEV NS ADDR: the plug qdisc that is DEV's root lets go all it holds. Sends a last datagram to
 * ADDR before that, and prints how long it takes until that has arrived there, in namespace NS: thousandths
 * of a nanosecond. Then the qdisc holds again what comes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/pkt_sched.h>
#include <netinet/in.h>

#include "../lib/netns.h"
#include "../lib/nl.h"
#include "clock.h"

#define LINKS_PORT	5002

/* include/uapi/linux/if_link.h of Linux 6.7 and later. */
enum {
	LINKS_NETKIT_PEER_INFO = 1,
	LINKS_NETKIT_MODE = 5,
	LINKS_BR_FDB_MAX_LEARNED = 49,
};

static void links_talk(struct nl_sock *nl, const struct nl_msg *msg, const char *what)
{
	int rc = nl_talk(nl, msg);

	if (rc)
		errx(1, "%s: %s %s", what, strerror(-rc), nl->extack);
}

static void links_netkit(struct nl_sock *nl, const char *name, const char *peer, unsigned int mode)
{
	struct nlattr *info, *data, *peer_info;
	struct ifinfomsg ifi = { };
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, name);
	info = nl_nest(&msg, IFLA_LINKINFO);
	nl_attr_str(&msg, IFLA_INFO_KIND, "netkit");
	data = nl_nest(&msg, IFLA_INFO_DATA);
	nl_attr_u32(&msg, LINKS_NETKIT_MODE, mode);
	peer_info = nl_nest(&msg, LINKS_NETKIT_PEER_INFO);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, peer);
	nl_nest_end(&msg, peer_info);
	nl_nest_end(&msg, data);
	nl_nest_end(&msg, info);
	links_talk(nl, &msg, name);
}

static void links_fdb_limit(struct nl_sock *nl, const char *dev, const char *kind, unsigned int limit)
{
	struct ifinfomsg ifi = { .ifi_index = if_nametoindex(dev) };
	struct nlattr *info, *data;
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, 0);
	nl_put(&msg, &ifi, sizeof(ifi));
	info = nl_nest(&msg, IFLA_LINKINFO);
	nl_attr_str(&msg, IFLA_INFO_KIND, kind);
	data = nl_nest(&msg, IFLA_INFO_DATA);
	nl_attr_u32(&msg, LINKS_BR_FDB_MAX_LEARNED, limit);
	nl_nest_end(&msg, data);
	nl_nest_end(&msg, info);
	links_talk(nl, &msg, dev);
}

/* The entries of one part of the dump; -1 at its end. */
static int links_fdb_part(struct nl_sock *nl)
{
	static char buf[1 << 16];
	ssize_t len = recv(nl->fd, buf, sizeof(buf), 0);
	const struct nlmsghdr *hdr = (void *)buf;
	int entries = 0;

	if (len < 0)
		err(1, "fdb-dump");
	for (; NLMSG_OK(hdr, len); hdr = NLMSG_NEXT(hdr, len)) {
		if (hdr->nlmsg_type == NLMSG_DONE)
			return -1;
		if (hdr->nlmsg_type != RTM_NEWNEIGH)
			errx(1, "fdb-dump: refused");
		entries++;
	}
	return entries;
}

static void links_fdb_dump(struct nl_sock *nl, const char *port, unsigned int count)
{
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE, .ifi_index = if_nametoindex(port) };
	unsigned int entries = 0;
	struct bench_clock clock;
	struct nl_msg msg;
	int part;

	nl_begin(&msg, RTM_GETNEIGH, NLM_F_DUMP);
	nl_put(&msg, &ifi, sizeof(ifi));
	bench_start(&clock);
	if (nl_send(nl, &msg))
		err(1, "fdb-dump");
	while ((part = links_fdb_part(nl)) >= 0)
		entries += part;
	if (entries < count)
		errx(1, "fdb-dump: %u entries of %u", entries, count);
	bench_print(bench_stop(&clock), entries);
}

static void links_plug(struct nl_sock *nl, int ifindex, int action)
{
	struct tcmsg tcm = { .tcm_ifindex = ifindex, .tcm_parent = TC_H_ROOT };
	struct tc_plug_qopt opt = { .action = action };
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWQDISC, 0);
	nl_put(&msg, &tcm, sizeof(tcm));
	nl_attr_str(&msg, TCA_KIND, "plug");
	nl_attr(&msg, TCA_OPTIONS, &opt, sizeof(opt));
	links_talk(nl, &msg, "plug");
}

static int links_udp(struct sockaddr_in *to, bool receiver)
{
	struct timeval limit = { .tv_sec = 60 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (receiver ? bind(fd, (void *)to, sizeof(*to)) : connect(fd, (void *)to, sizeof(*to)))
		err(1, "socket");
	return fd;
}

static void links_release(struct nl_sock *nl, const char *dev, const char *ns, const char *addr)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(LINKS_PORT) };
	int ifindex = if_nametoindex(dev), rx, tx;
	struct bench_clock clock;
	char byte = 0;

	if (inet_pton(AF_INET, addr, &to.sin_addr) != 1)
		errx(2, "no address: %s", addr);
	netns_enter(ns);
	rx = links_udp(&to, true);
	netns_enter("");
	tx = links_udp(&to, false);
	if (send(tx, &byte, 1, 0) != 1)
		err(1, "send");
	bench_start(&clock);
	links_plug(nl, ifindex, TCQ_PLUG_RELEASE_INDEFINITE);
	if (recv(rx, &byte, 1, 0) != 1)
		err(1, "the last datagram has not come");
	bench_print(bench_stop(&clock), 1);
	links_plug(nl, ifindex, TCQ_PLUG_BUFFER);
}

int main(int argc, char **argv)
{
	struct nl_sock nl;
	int rc = nl_open(&nl, 0);

	if (rc)
		errx(1, "netlink: %s", strerror(-rc));
	if (argc == 4 && !strcmp(argv[1], "netkit"))
		links_netkit(&nl, argv[2], argv[3], 0);
	else if (argc == 4 && !strcmp(argv[1], "netkit-l3"))
		links_netkit(&nl, argv[2], argv[3], 1);
	else if (argc == 5 && !strcmp(argv[1], "fdb-limit"))
		links_fdb_limit(&nl, argv[2], argv[3], strtoul(argv[4], NULL, 0));
	else if (argc == 4 && !strcmp(argv[1], "fdb-dump"))
		links_fdb_dump(&nl, argv[2], strtoul(argv[3], NULL, 0));
	else if (argc == 5 && !strcmp(argv[1], "release"))
		links_release(&nl, argv[2], argv[3], argv[4]);
	else
		errx(2, "usage: links netkit[-l3] NAME PEER, fdb-limit DEV KIND N, fdb-dump PORT N, release DEV NS ADDR");
	return 0;
}
