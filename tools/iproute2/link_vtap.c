// SPDX-License-Identifier: GPL-2.0
/* `ip link ... type vtap`: the options of type veth, and the char device shown. */
#include <stdint.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <linux/rtnetlink.h>
#include <vnet/vtap.h>

#include "delegate.h"

/* Of the running `ip`; weak, so that a program that lacks one can load the plugin. */
int print_color_string(int type, int color, const char *key, const char *fmt,
		       const char *value) __attribute__((weak));
int print_color_uint(int type, int color, const char *key, const char *fmt,
		     unsigned int value) __attribute__((weak));

/* Numbers of iproute2's own: text or JSON, no colour. */
#define VTAP_PRINT_ANY		4
#define VTAP_COLOR_NONE		6

extern struct delegate vtap_link_util;

DELEGATE_EXPORT struct delegate vtap_link_util = {
	.util.id = "vtap",
	.stock_id = "veth",
	.help =
"Usage: ip link add [ NAME ] [ OPTIONS ] type vtap [ peer [ name PEER ] [ OPTIONS ] ]\n"
"\n"
"Makes a pair of Ethernet devices whose first end is a char device as well,\n"
"/dev/tapN with N the index of NAME: what a program writes there, PEER receives;\n"
"what PEER sends, the program reads. vhost-net takes its files. PEER is the end\n"
"to give addresses, or to make a port of a bridge. Both have to be up.\n"
"\n"
"OPTIONS are those of \"ip link add\", for each end on its own:\n"
"    [ netns { NAME | PID } ] [ address LLADDR ] [ mtu MTU ] [ up ]\n"
"    [ txqueuelen PACKETS ] [ numtxqueues COUNT ] [ numrxqueues COUNT ]\n"
"txqueuelen of NAME is what a file has room for. The kernel names an end that has\n"
"no name. Deleting one end, or its namespace, deletes the other.\n"
"\n"
"Examples:\n"
"    ip link add vm1 address 52:54:00:00:00:01 up type vtap peer name vm1p\n"
"    ip link set vm1p master br0 up\n"
"See vtap(8).\n",
};

/* A number that the kernel tells of the end with the char device; 0 for none. */
static int vtap_number(struct rtattr *tb[], int attr, uint32_t *value)
{
	if (!tb[attr] || RTA_PAYLOAD(tb[attr]) < sizeof(*value))
		return 0;
	memcpy(value, RTA_DATA(tb[attr]), sizeof(*value));
	return 1;
}

static void vtap_print(struct link_util *lu, FILE *f, struct rtattr *tb[])
{
	char number[32];
	uint32_t value;

	(void)lu;
	(void)f;
	if (!tb)
		return;
	if (vtap_number(tb, VTAP_INFO_DEV, &value)) {
		snprintf(number, sizeof(number), "%u:%u", major(value), minor(value));
		print_color_string(VTAP_PRINT_ANY, VTAP_COLOR_NONE, "node", "node %s ", number);
	}
	if (!print_color_uint)
		return;
	if (vtap_number(tb, VTAP_INFO_NUM_QUEUES, &value))
		print_color_uint(VTAP_PRINT_ANY, VTAP_COLOR_NONE, "numqueues", "numqueues %u ", value);
	if (vtap_number(tb, VTAP_INFO_NUM_DISABLED_QUEUES, &value))
		print_color_uint(VTAP_PRINT_ANY, VTAP_COLOR_NONE, "numdisabled", "numdisabled %u ", value);
}

static int vtap_parse(struct link_util *lu, int argc, char **argv,
		      struct nlmsghdr *n)
{
	/* The stock parser would answer this with a usage line for veth. */
	if (strcmp(argv[0], "peer") != 0 && strcmp(argv[0], "help") != 0) {
		fprintf(stderr,
			"Error: type vtap does not know \"%s\". Try \"ip link help vtap\".\n",
			argv[0]);
		return -1;
	}
	return delegate_parse(lu, argc, argv, n);
}

__attribute__((constructor)) static void vtap_load(void)
{
	delegate_init(&vtap_link_util);
	vtap_link_util.util.parse_opt = vtap_parse;
	if (!print_color_string)
		return;
	vtap_link_util.util.maxattr = VTAP_INFO_MAX;
	vtap_link_util.util.print_opt = vtap_print;
}
