// SPDX-License-Identifier: GPL-2.0
/*
 * A datapath of Open vSwitch with two ports, each of which sends to the other whatever it receives; without its daemons.
 *
 *	ovsdp NS NAME DEV DEV
 *
 * It goes with its namespace.
 */
#define _GNU_SOURCE
#include <err.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>
#include <stdlib.h>

#include "netns.h"
#include "nl.h"

static void ovsdp_begin(struct nl_msg *msg, int family, int cmd, int version, int datapath)
{
	struct genlmsghdr genl = { .cmd = cmd, .version = version };
	struct ovs_header ovs = { .dp_ifindex = datapath };

	nl_begin(msg, family, 0);
	nl_put(msg, &genl, sizeof(genl));
	if (family != GENL_ID_CTRL)
		nl_put(msg, &ovs, sizeof(ovs));
}

static void ovsdp_talk(struct nl_sock *nl, struct nl_msg *msg, const char *what)
{
	int rc = nl_talk(nl, msg);

	if (rc)
		errx(1, "%s: %s", what, nl->extack[0] ? nl->extack : strerror(-rc));
}

static int ovsdp_family(struct nl_sock *nl, const char *name)
{
	static unsigned char answer[16384];
	const struct nlmsghdr *hdr = (void *)answer;
	const struct nlattr *id = NULL;
	unsigned short family;
	struct nl_msg msg;

	ovsdp_begin(&msg, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
	msg.hdr.nlmsg_flags &= ~NLM_F_ACK;
	nl_attr_str(&msg, CTRL_ATTR_FAMILY_NAME, name);
	if (!nl_send(nl, &msg) && recv(nl->fd, answer, sizeof(answer), 0) > 0 && hdr->nlmsg_type == GENL_ID_CTRL)
		id = nl_find(answer + NLMSG_HDRLEN + GENL_HDRLEN, hdr->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN,
			     CTRL_ATTR_FAMILY_ID);
	if (!id)
		errx(1, "no family %s", name);
	memcpy(&family, nl_data(id), sizeof(family));
	return family;
}

static void ovsdp_add_port(struct nl_sock *nl, int datapath, const char *dev, unsigned int nr)
{
	struct nl_msg msg;

	ovsdp_begin(&msg, ovsdp_family(nl, OVS_VPORT_FAMILY), OVS_VPORT_CMD_NEW, OVS_VPORT_VERSION, datapath);
	nl_attr_u32(&msg, OVS_VPORT_ATTR_TYPE, OVS_VPORT_TYPE_NETDEV);
	nl_attr_str(&msg, OVS_VPORT_ATTR_NAME, dev);
	nl_attr_u32(&msg, OVS_VPORT_ATTR_UPCALL_PID, 0);
	nl_attr_u32(&msg, OVS_VPORT_ATTR_PORT_NO, nr);
	ovsdp_talk(nl, &msg, dev);
}

/* Whatever comes from one port goes to the other. */
static void ovsdp_add_flow(struct nl_sock *nl, int datapath, unsigned int from, unsigned int to)
{
	unsigned char any[2 * ETH_ALEN] = {};
	struct nlattr *nest;
	struct nl_msg msg;

	ovsdp_begin(&msg, ovsdp_family(nl, OVS_FLOW_FAMILY), OVS_FLOW_CMD_NEW, OVS_FLOW_VERSION, datapath);
	nest = nl_nest(&msg, OVS_FLOW_ATTR_KEY);
	nl_attr_u32(&msg, OVS_KEY_ATTR_IN_PORT, from);
	nl_attr(&msg, OVS_KEY_ATTR_ETHERNET, any, sizeof(any));
	nl_nest_end(&msg, nest);
	nest = nl_nest(&msg, OVS_FLOW_ATTR_MASK);
	nl_attr_u32(&msg, OVS_KEY_ATTR_IN_PORT, ~0U);
	nl_attr(&msg, OVS_KEY_ATTR_ETHERNET, any, sizeof(any));
	nl_nest_end(&msg, nest);
	nest = nl_nest(&msg, OVS_FLOW_ATTR_ACTIONS);
	nl_attr_u32(&msg, OVS_ACTION_ATTR_OUTPUT, to);
	nl_nest_end(&msg, nest);
	ovsdp_talk(nl, &msg, "flow");
}

int main(int argc, char **argv)
{
	struct nl_sock nl = {};
	struct nl_msg msg;
	int datapath;

	if (argc != 5)
		errx(2, "usage: ovsdp NS NAME DEV DEV");
	netns_enter(argv[1]);
	nl.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl.fd < 0)
		err(1, "netlink");
	ovsdp_begin(&msg, ovsdp_family(&nl, OVS_DATAPATH_FAMILY), OVS_DP_CMD_NEW, OVS_DATAPATH_VERSION, 0);
	nl_attr_str(&msg, OVS_DP_ATTR_NAME, argv[2]);
	nl_attr_u32(&msg, OVS_DP_ATTR_UPCALL_PID, 0);
	ovsdp_talk(&nl, &msg, argv[2]);
	datapath = if_nametoindex(argv[2]);
	ovsdp_add_port(&nl, datapath, argv[3], 1);
	ovsdp_add_port(&nl, datapath, argv[4], 2);
	ovsdp_add_flow(&nl, datapath, 1, 2);
	ovsdp_add_flow(&nl, datapath, 2, 1);
	return 0;
}
