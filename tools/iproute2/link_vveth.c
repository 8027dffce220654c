// SPDX-License-Identifier: GPL-2.0
/* `ip link ... type vveth`: the options of type veth. */
#include <string.h>

#include "delegate.h"

extern struct delegate vveth_link_util;

DELEGATE_EXPORT struct delegate vveth_link_util = {
	.util.id = "vveth",
	.stock_id = "veth",
	.help =
"Usage: ip link add [ NAME ] [ OPTIONS ] type vveth [ peer [ name PEER ] [ OPTIONS ] ]\n"
"\n"
"Makes a pair of Ethernet devices: what one end sends, the other receives.\n"
"OPTIONS are those of \"ip link add\", for each end on its own:\n"
"    [ netns { NAME | PID } ] [ address LLADDR ] [ mtu MTU ] [ up ]\n"
"    [ txqueuelen PACKETS ] [ numtxqueues COUNT ] [ numrxqueues COUNT ]\n"
"Each end is made in its namespace at once. The kernel names an end that has no\n"
"name. Deleting one end, or its namespace, deletes the other.\n"
"\n"
"Example:\n"
"    ip link add c1 type vveth peer name eth0 netns blue\n",
};

static int vveth_parse(struct link_util *lu, int argc, char **argv,
		       struct nlmsghdr *n)
{
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
}
