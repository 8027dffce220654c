// SPDX-License-Identifier: GPL-2.0
/* `ip link ... type vveth`: the options of type veth, and a mode. */
#include <stdint.h>
#include <string.h>

#include <linux/rtnetlink.h>
#include <vnet/vveth.h>

#include "delegate.h"

/*
 * Of the running `ip`; iproute2 has no header for them. Weak, so that a program
 * that lacks one can load the plugin all the same.
 */
int addattr32(struct nlmsghdr *n, int maxlen, int type, uint32_t data)
	__attribute__((weak));
int print_color_string(int type, int color, const char *key, const char *fmt,
		       const char *value) __attribute__((weak));

/* Numbers of iproute2's own: text or JSON, no colour, room of a request. */
#define VVETH_PRINT_ANY		4
#define VVETH_COLOR_NONE	6
#define VVETH_REQUEST_SIZE	1024

extern struct delegate vveth_link_util;

DELEGATE_EXPORT struct delegate vveth_link_util = {
	.util.id = "vveth",
	.stock_id = "veth",
	.help =
"Usage: ip link add [ NAME ] [ OPTIONS ] type vveth [ mode { l2 | l3 } ]\n"
"                [ peer [ name PEER ] [ OPTIONS ] ]\n"
"\n"
"Makes a pair of Ethernet devices: what one end sends, the other receives.\n"
"    mode l2    frames, to the address that they name; if nothing is said\n"
"    mode l3    IPv4 and IPv6 packets only, without ARP and neighbour discovery;\n"
"               the ends cannot be ports of a bridge or have VLANs\n"
"The mode is that of both ends and stays as it is.\n"
"\n"
"OPTIONS are those of \"ip link add\", for each end on its own:\n"
"    [ netns { NAME | PID } ] [ address LLADDR ] [ mtu MTU ] [ up ]\n"
"    [ txqueuelen PACKETS ] [ numtxqueues COUNT ] [ numrxqueues COUNT ]\n"
"    [ gso_max_size BYTES ] [ gro_max_size BYTES ] [ index NUMBER ]\n"
"Each end is made in its namespace at once. The kernel names an end that has no\n"
"name. Deleting one end, or its namespace, deletes the other.\n"
"\n"
"Later changes are those of \"ip link set\"; queues, rings and offloads are ethtool's\n"
"(-L, -G, -K, --set-priv-flags NAME bql off).\n"
"\n"
"Examples:\n"
"    ip link add c1 type vveth peer name eth0 netns blue\n"
"    ip link add c2 type vveth mode l3 peer name eth0 netns green\n"
"See vveth(8).\n",
};

static const char *const vveth_modes[] = {
	[VVETH_MODE_L2] = "l2",
	[VVETH_MODE_L3] = "l3",
};

static int vveth_parse_mode(const char *word, struct nlmsghdr *n)
{
	for (size_t i = 0; word && i < sizeof(vveth_modes) / sizeof(*vveth_modes); i++) {
		if (strcmp(word, vveth_modes[i]) == 0 && addattr32)
			return addattr32(n, VVETH_REQUEST_SIZE, VVETH_INFO_MODE, i);
	}
	if (!addattr32)
		fprintf(stderr, "link_vveth.so: this \"ip\" exports no addattr32, so it takes no mode.\n");
	else
		fprintf(stderr, "Error: the mode of type vveth is l2 or l3, not \"%s\".\n",
			word ? word : "");
	return -1;
}

static void vveth_print(struct link_util *lu, FILE *f, struct rtattr *tb[])
{
	uint32_t mode;

	(void)lu;
	(void)f;
	if (!tb || !tb[VVETH_INFO_MODE] ||
	    RTA_PAYLOAD(tb[VVETH_INFO_MODE]) < sizeof(mode))
		return;
	memcpy(&mode, RTA_DATA(tb[VVETH_INFO_MODE]), sizeof(mode));
	if (mode < sizeof(vveth_modes) / sizeof(*vveth_modes))
		print_color_string(VVETH_PRINT_ANY, VVETH_COLOR_NONE, "mode",
				   "mode %s ", vveth_modes[mode]);
}

static int vveth_parse(struct link_util *lu, int argc, char **argv,
		       struct nlmsghdr *n)
{
	/* Before the peer's part, in which "mode" is a word of ip's own. */
	if (strcmp(argv[0], "mode") == 0) {
		if (vveth_parse_mode(argc > 1 ? argv[1] : NULL, n))
			return -1;
		if (argc == 2)
			return 0;
		argc -= 2;
		argv += 2;
	}
	/* The stock parser would answer this with a usage line for veth. */
	if (strcmp(argv[0], "peer") != 0 && strcmp(argv[0], "help") != 0) {
		fprintf(stderr,
			"Error: type vveth does not know \"%s\". Try \"ip link help vveth\".\n",
			argv[0]);
		return -1;
	}
	return delegate_parse(lu, argc, argv, n);
}

__attribute__((constructor)) static void vveth_load(void)
{
	delegate_init(&vveth_link_util);
	vveth_link_util.util.parse_opt = vveth_parse;
	if (!print_color_string)
		return;
	vveth_link_util.util.maxattr = VVETH_INFO_MAX;
	vveth_link_util.util.print_opt = vveth_print;
}
