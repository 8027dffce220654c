// SPDX-License-Identifier: GPL-2.0
/*
 * What the stock tools of the host may be too old to say to a bridge, or to show of it.
 *
 *	brtool [-n NS] port DEV NUMBER[w]=VALUE...	options of a port, by the numbers of IFLA_BRPORT_*; each of one byte,
 *							or of four where a w follows the number
 *	brtool [-n NS] fdb BRIDGE MAC			an entry's port, and "locked" where it is
 *
 * Status 1 where the kernel says no; its sentence is printed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_bridge.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"
#include "nl.h"

#define FLAG_LOCKED (1 << 1)	/* NTF_EXT_LOCKED, since 6.2 */

static int index_of(const char *name)
{
	int index = if_nametoindex(name);

	if (!index)
		err(2, "%s", name);
	return index;
}

static int set_port(struct nl_sock *nl, char **argv)
{
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE, .ifi_index = index_of(argv[0]) };
	struct nl_msg msg;
	struct nlattr *nest;
	unsigned int number, value;
	unsigned char byte;
	char width[2];

	nl_begin(&msg, RTM_SETLINK, NLM_F_ACK);
	nl_put(&msg, &ifi, sizeof(ifi));
	nest = nl_nest(&msg, IFLA_PROTINFO | NLA_F_NESTED);
	while (*++argv) {
		if (sscanf(*argv, "%u%1[w]=%u", &number, width, &value) == 3) {
			nl_attr(&msg, number, &value, sizeof(value));
			continue;
		}
		if (sscanf(*argv, "%u=%u", &number, &value) != 2)
			errx(2, "%s is no NUMBER=VALUE", *argv);
		byte = value;
		nl_attr(&msg, number, &byte, sizeof(byte));
	}
	nl_nest_end(&msg, nest);
	return nl_talk(nl, &msg);
}

static int show_entry(struct nl_sock *nl, char **argv)
{
	struct ndmsg ndm = { .ndm_family = AF_BRIDGE };
	const struct nlattr *flags;
	const struct nlmsghdr *hdr;
	unsigned char mac[6];
	struct nl_msg msg;
	char name[IF_NAMESIZE], answer[4096];
	ssize_t len;
	int i;

	if (sscanf(argv[1], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) != 6)
		errx(2, "%s is no address", argv[1]);
	nl_begin(&msg, RTM_GETNEIGH, 0);
	nl_put(&msg, &ndm, sizeof(ndm));
	nl_attr(&msg, NDA_LLADDR, mac, sizeof(mac));
	nl_attr_u32(&msg, NDA_MASTER, index_of(argv[0]));
	if (nl_send(nl, &msg))
		err(2, "sending");
	len = recv(nl->fd, answer, sizeof(answer), 0);
	hdr = (const struct nlmsghdr *)answer;
	if (len < (ssize_t)NLMSG_LENGTH(sizeof(ndm)) || hdr->nlmsg_type != RTM_NEWNEIGH)
		return -1;
	memcpy(&ndm, NLMSG_DATA(hdr), sizeof(ndm));
	i = NLMSG_SPACE(sizeof(ndm));
	flags = nl_find(answer + i, hdr->nlmsg_len - i, NDA_FLAGS_EXT);
	i = flags ? *(const int *)nl_data(flags) : 0;
	printf("%s%s\n", if_indextoname(ndm.ndm_ifindex, name), i & FLAG_LOCKED ? " locked" : "");
	return 0;
}

int main(int argc, char **argv)
{
	struct nl_sock nl = {};
	int option;

	while ((option = getopt(argc, argv, "n:")) != -1) {
		if (option != 'n')
			return 2;
		netns_enter(optarg);
	}
	argv += optind;
	argc -= optind;
	if (nl_open(&nl, 0))
		err(2, "netlink");
	if (argc > 2 && !strcmp(*argv, "port"))
		option = set_port(&nl, argv + 1);
	else if (argc == 3 && !strcmp(*argv, "fdb"))
		option = show_entry(&nl, argv + 1);
	else
		errx(2, "port DEV NUMBER=VALUE..., or fdb BRIDGE MAC");
	if (option) {
		fprintf(stderr, "Error: %s.\n", nl.extack[0] ? nl.extack : "the kernel says no");
		return 1;
	}
	return 0;
}
