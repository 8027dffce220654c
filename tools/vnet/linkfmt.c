// SPDX-License-Identifier: GPL-2.0
/* How devices and their options are printed. */
#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "kinds.h"
#include "linkfmt.h"

#define LINKFMT_ETH_ALEN	6

void linkfmt_common(struct out *o, const struct link_row *row)
{
	enum out_color color = OUT_PLAIN;
	char state[32];

	rtnl_link_operstate2str(row->operstate, state, sizeof(state));
	if (row->operstate == IF_OPER_UP)
		color = OUT_GOOD;
	else if (row->operstate == IF_OPER_DOWN)
		color = OUT_BAD;
	out_color(o, color, "operstate", "state", state);
	out_str(o, "admin", "admin", row->flags & IFF_UP ? "up" : "down");
	out_u64(o, "mtu", "mtu", row->mtu);
	out_mac(o, "address", "address", row->addr, row->addr_len);
}

bool linkfmt_list(struct out *o, const struct links *links, const char *kind,
		  const char *name,
		  void (*show)(void *view, const struct link_row *row),
		  void *view)
{
	const struct link_row *one = NULL;
	size_t shown = 0;

	if (name) {
		one = links_find(links, name, kind);
		if (!one)
			return false;
	}
	out_array(o, NULL);
	for (size_t i = 0; i < links->count; i++) {
		const struct link_row *row = &links->row[i];

		if (one ? row != one : !kind_is(row->kind, kind))
			continue;
		out_line(o, 0);
		out_object(o, NULL);
		out_u64(o, "ifindex", NULL, row->ifindex);
		out_color(o, OUT_IFNAME, "ifname", NULL, row->name);
		show(view, row);
		out_object_end(o);
		shown++;
	}
	out_array_end(o);
	if (!shown)
		kind_hint(kind);
	return true;
}

static void linkfmt_proto(struct out *o, const char *name, uint16_t proto)
{
	char text[8];

	if (proto == ETH_P_8021Q) {
		out_str(o, name, name, "802.1Q");
	} else if (proto == ETH_P_8021AD) {
		out_str(o, name, name, "802.1ad");
	} else {
		snprintf(text, sizeof(text), "0x%04x", proto);
		out_str(o, name, name, text);
	}
}

static void linkfmt_bridge_id(struct out *o, const char *name,
			      const struct ifla_bridge_id *id)
{
	char text[32];

	snprintf(text, sizeof(text), "%02x%02x.%02x:%02x:%02x:%02x:%02x:%02x",
		 id->prio[0], id->prio[1], id->addr[0], id->addr[1],
		 id->addr[2], id->addr[3], id->addr[4], id->addr[5]);
	out_str(o, name, name, text);
}

static bool linkfmt_port_state(struct out *o, const char *name, uint64_t val)
{
	static const char *const states[] = {
		[BR_STATE_DISABLED] = "disabled",
		[BR_STATE_LISTENING] = "listening",
		[BR_STATE_LEARNING] = "learning",
		[BR_STATE_FORWARDING] = "forwarding",
		[BR_STATE_BLOCKING] = "blocking",
	};

	if (val >= ARRAY_SIZE(states))
		return false;
	out_color(o, val == BR_STATE_FORWARDING ? OUT_GOOD : OUT_BAD, name,
		  name, states[val]);
	return true;
}

static bool linkfmt_bools(struct out *o, const struct nlattr *attr)
{
	static const char *const names[] = {
		[BR_BOOLOPT_NO_LL_LEARN] = "no_linklocal_learn",
		[BR_BOOLOPT_MCAST_VLAN_SNOOPING] = "mcast_vlan_snooping",
		[BR_BOOLOPT_MST_ENABLE] = "mst_enabled",
		[3] = "mdb_offload_fail_notification",
		[4] = "fdb_local_vlan_0",
	};
	struct br_boolopt_multi opts;
	char name[16];

	if (nla_len(attr) != sizeof(opts))
		return false;
	memcpy(&opts, nla_data(attr), sizeof(opts));
	for (unsigned int bit = 0; bit < 32; bit++) {
		if (!(opts.optmask & (1U << bit)))
			continue;
		snprintf(name, sizeof(name), "boolopt%u", bit);
		out_flag(o, bit < ARRAY_SIZE(names) ? names[bit] : name,
			 opts.optval & (1U << bit));
	}
	return true;
}

/* Prints an attribute that is of the size its format asks for. */
static bool linkfmt_known(struct out *o, const struct nlattr *attr,
			  const struct linkfmt_attr *as)
{
	uint64_t num;

	switch (as->format) {
	case LINKFMT_NUMBER:
		if (!vnl_attr_u64(attr, &num))
			return false;
		out_u64(o, as->name, as->name, num);
		return true;
	case LINKFMT_FLAG:
		if (!vnl_attr_u64(attr, &num))
			return false;
		out_flag(o, as->name, num);
		return true;
	case LINKFMT_MAC:
		if (nla_len(attr) != LINKFMT_ETH_ALEN)
			return false;
		out_mac(o, as->name, as->name, nla_data(attr), nla_len(attr));
		return true;
	case LINKFMT_PROTO:
		if (nla_len(attr) != sizeof(uint16_t))
			return false;
		linkfmt_proto(o, as->name, ntohs(nla_get_u16(attr)));
		return true;
	case LINKFMT_BRIDGE_ID:
		if (nla_len(attr) != sizeof(struct ifla_bridge_id))
			return false;
		linkfmt_bridge_id(o, as->name, nla_data(attr));
		return true;
	case LINKFMT_PORT_STATE:
		return vnl_attr_u64(attr, &num) &&
		       linkfmt_port_state(o, as->name, num);
	case LINKFMT_BOOLS:
		return linkfmt_bools(o, attr);
	case LINKFMT_HIDDEN:
		return true;
	}
	return false;
}

static const struct linkfmt_attr *linkfmt_find(const struct linkfmt_attr *table,
					       size_t count, int type)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].type == type)
			return &table[i];
	}
	return NULL;
}

void linkfmt_nest(struct out *o, const struct nlattr *nest,
		  const struct linkfmt_attr *table, size_t count)
{
	const struct nlattr *attr;
	char name[16];
	int left;

	if (!nest)
		return;
	for (attr = nla_data(nest), left = nla_len(nest); nla_ok(attr, left);
	     attr = nla_next(attr, &left)) {
		const struct linkfmt_attr *as;

		as = linkfmt_find(table, count, nla_type(attr));
		if (as && linkfmt_known(o, attr, as))
			continue;
		snprintf(name, sizeof(name), "attr%d", nla_type(attr));
		out_hex(o, name, nla_data(attr), nla_len(attr));
	}
}
