// SPDX-License-Identifier: GPL-2.0
/* The flows that vflow has: what they look like, what becomes of them. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <vnet/genl.h>

#include "flow_list.h"

/*
 * The name of a device, asked for once as long as it is the same: of a million
 * flows most enter and leave by a few.
 */
struct flow_dev {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
};

struct flow_view {
	struct out *o;
	struct flow_dev in;
	struct flow_dev out;
};

/* A number of whatever size, 0 where there is none. */
static uint64_t flow_number(const struct nlattr *head, int len, int attr)
{
	const struct nlattr *nla = nla_find(head, len, attr);
	uint64_t val = 0;

	if (nla)
		vnl_attr_u64(nla, &val);
	return val;
}

/* A module that is older than this program does not tell all. */
static void flow_put_number(struct out *o, const char *name,
			    const struct nlattr *head, int len, int attr)
{
	if (nla_find(head, len, attr))
		out_u64(o, name, name, flow_number(head, len, attr));
}

static void flow_put_dev(struct out *o, struct flow_dev *dev, const char *index,
			 const char *name, const char *label,
			 uint32_t ifindex)
{
	if (dev->ifindex != ifindex) {
		dev->ifindex = ifindex;
		if (!if_indextoname(ifindex, dev->name))
			dev->name[0] = '\0';
	}
	if (dev->name[0])
		out_color(o, OUT_IFNAME, name, label, dev->name);
	else if (!o->json)
		out_u64(o, index, label, ifindex);
	if (o->json)
		out_u64(o, index, NULL, ifindex);
}

static void flow_put_addr(struct out *o, const char *key,
			  const struct nlattr *attr)
{
	char text[INET6_ADDRSTRLEN];

	if (attr && inet_ntop(nla_len(attr) == 4 ? AF_INET : AF_INET6,
			      nla_data(attr), text, sizeof(text)))
		out_str(o, key, key, text);
}

static void flow_put_encap(struct out *o, const struct nlattr *nest)
{
	const struct nlattr *head = nla_data(nest);
	uint16_t proto, id;
	char text[16];

	proto = flow_number(head, nla_len(nest), VNET_FLOW_ENCAP_PROTO);
	id = flow_number(head, nla_len(nest), VNET_FLOW_ENCAP_ID);
	out_object(o, NULL);
	if (proto == ETH_P_8021Q)
		out_str(o, "proto", o->json ? NULL : "vlan", "802.1Q");
	else if (proto == ETH_P_8021AD)
		out_str(o, "proto", o->json ? NULL : "vlan", "802.1ad");
	else if (proto == ETH_P_PPP_SES)
		out_str(o, "proto", NULL, "pppoe");
	else if (snprintf(text, sizeof(text), "0x%04x", proto) > 0)
		out_str(o, "proto", "encap", text);
	out_u64(o, "id", "id", id);
	out_object_end(o);
}

static void flow_put_mac(struct out *o, const char *key,
			 const struct nlattr *attr)
{
	if (attr)
		out_mac(o, key, key, nla_data(attr), nla_len(attr));
}

static void flow_put_tuple(struct out *o, const char *key,
			   const struct nlattr *nest)
{
	const struct nlattr *head, *attr;
	int len, left;

	if (!nest)
		return;
	head = nla_data(nest);
	len = nla_len(nest);
	out_object(o, key);
	flow_put_addr(o, "src", nla_find(head, len, VNET_FLOW_TUPLE_SRC));
	out_u64(o, "sport", "sport",
		flow_number(head, len, VNET_FLOW_TUPLE_SPORT));
	flow_put_addr(o, "dst", nla_find(head, len, VNET_FLOW_TUPLE_DST));
	out_u64(o, "dport", "dport",
		flow_number(head, len, VNET_FLOW_TUPLE_DPORT));
	flow_put_mac(o, "smac", nla_find(head, len, VNET_FLOW_TUPLE_SMAC));
	flow_put_mac(o, "dmac", nla_find(head, len, VNET_FLOW_TUPLE_DMAC));
	out_array(o, "encap");
	nla_for_each_attr(attr, head, len, left)
		if (nla_type(attr) == VNET_FLOW_TUPLE_ENCAP)
			flow_put_encap(o, attr);
	out_array_end(o);
	out_object_end(o);
}

static void flow_put_proto(struct out *o, uint32_t proto)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", proto);
	out_str(o, "proto", NULL, proto == IPPROTO_TCP ? "tcp" :
				  proto == IPPROTO_UDP ? "udp" : text);
}

/* Milliseconds, for people in seconds. */
static void flow_put_idle(struct out *o, uint32_t ms)
{
	char text[24];

	if (o->json) {
		out_u64(o, "idle_ms", NULL, ms);
		return;
	}
	snprintf(text, sizeof(text), "%u.%03us", ms / 1000, ms % 1000);
	out_str(o, "idle_ms", "idle", text);
}

static void flow_put_age(struct out *o, uint32_t seconds)
{
	char text[16];

	if (o->json) {
		out_u64(o, "age_s", NULL, seconds);
		return;
	}
	snprintf(text, sizeof(text), "%us", seconds);
	out_str(o, "age_s", "age", text);
}

static void flow_put_whys(struct out *o, const struct nlattr *head, int len)
{
	const struct nlattr *attr;
	const char *label = "for";
	int left;

	out_array(o, "why");
	nla_for_each_attr(attr, head, len, left) {
		if (nla_type(attr) != VNET_FLOW_WHY)
			continue;
		out_str(o, NULL, label, nla_get_string(attr));
		label = NULL;
	}
	out_array_end(o);
}

static void flow_put_counts(struct out *o, const struct nlattr *head, int len)
{
	flow_put_number(o, "packets", head, len, VNET_FLOW_PACKETS);
	flow_put_number(o, "bytes", head, len, VNET_FLOW_BYTES);
	if (nla_find(head, len, VNET_FLOW_AGE))
		flow_put_age(o, flow_number(head, len, VNET_FLOW_AGE));
	if (nla_find(head, len, VNET_FLOW_IDLE))
		flow_put_idle(o, flow_number(head, len, VNET_FLOW_IDLE));
	flow_put_number(o, "left", head, len, VNET_FLOW_LEFT);
	flow_put_whys(o, head, len);
}

static int flow_put(struct nlmsghdr *hdr, void *arg)
{
	struct flow_view *view = arg;
	const struct nlattr *head;
	struct out *o = view->o;
	int len;

	head = genl_attrs(hdr, &len);
	out_line(o, 0);
	out_object(o, NULL);
	flow_put_proto(o, flow_number(head, len, VNET_FLOW_PROTO));
	flow_put_dev(o, &view->in, "ifindex", "ifname", "dev",
		     flow_number(head, len, VNET_FLOW_IFINDEX));
	flow_put_tuple(o, "enters", nla_find(head, len, VNET_FLOW_ENTERS));
	out_flag(o, "gone", nla_find(head, len, VNET_FLOW_GONE));
	out_line(o, 4);
	flow_put_dev(o, &view->out, "out_ifindex", "out_ifname", "out",
		     flow_number(head, len, VNET_FLOW_OUT_IFINDEX));
	flow_put_tuple(o, "leaves", nla_find(head, len, VNET_FLOW_LEAVES));
	flow_put_number(o, "mtu", head, len, VNET_FLOW_MTU);
	out_flag(o, "direct", nla_find(head, len, VNET_FLOW_DIRECT));
	out_line(o, 4);
	flow_put_counts(o, head, len);
	out_object_end(o);
	return 0;
}

int flow_list(struct out *o, struct genl *genl, int ifindex)
{
	struct flow_view view = { .o = o };
	struct nl_msg *msg;

	msg = genl_msg(genl, NLM_F_DUMP, VNET_CMD_FLOW_GET);
	if (ifindex)
		vnl_put_u32(msg, VNET_FLOW_IFINDEX, ifindex);
	return vnl_dump(&genl->nl, msg, flow_put, &view);
}
