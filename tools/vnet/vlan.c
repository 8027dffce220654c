// SPDX-License-Identifier: GPL-2.0
/* `vnet vlan`: which VLANs ports carry, and how much in each. */
#include <ctype.h>
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "kinds.h"
#include "links.h"

#define VLAN_VID_MAX	4094

/* What stays the same for all devices of one answer. */
struct vlan_view {
	struct out *out;
	struct links links;
	const struct link_row *one;
	const struct link_row *open;	/* whose answer has no end yet */
};

/* Is it a bridge of ours, or a port of one, and asked for? */
static const struct link_row *vlan_wanted(const struct vlan_view *view,
					  int ifindex)
{
	const struct link_row *row = links_by_index(&view->links, ifindex);
	const struct link_row *of = row;

	if (!row || (view->one && view->one != row))
		return NULL;
	if (row->master)
		of = links_by_index(&view->links, row->master);
	if (strcmp(row->kind, KIND_BRIDGE) == 0)
		return row;
	return of && strcmp(of->kind, KIND_BRIDGE) == 0 ? row : NULL;
}

static void vlan_show_head(struct vlan_view *view, const struct link_row *row)
{
	const struct link_row *master = NULL;
	struct out *o = view->out;

	out_line(o, 0);
	out_object(o, NULL);
	out_u64(o, "ifindex", NULL, row->ifindex);
	out_color(o, OUT_IFNAME, "ifname", NULL, row->name);
	if (row->master)
		master = links_by_index(&view->links, row->master);
	if (master)
		out_color(o, OUT_IFNAME, "master", "master", master->name);
	out_array(o, "vlans");
}

static void vlan_show_foot(struct vlan_view *view)
{
	out_array_end(view->out);
	out_object_end(view->out);
}

static void vlan_show_flags(struct out *o, unsigned int flags)
{
	out_flag(o, "pvid", flags & BRIDGE_VLAN_INFO_PVID);
	out_flag(o, "untagged", flags & BRIDGE_VLAN_INFO_UNTAGGED);
}

static void vlan_show_range(struct out *o, unsigned int first,
			    const struct bridge_vlan_info *last)
{
	char text[16];

	out_line(o, 4);
	out_object(o, NULL);
	if (o->json) {
		out_u64(o, "vlan", NULL, first);
		if (first != last->vid)
			out_u64(o, "vlan_end", NULL, last->vid);
	} else if (first != last->vid) {
		snprintf(text, sizeof(text), "%u-%u", first, last->vid);
		out_str(o, NULL, "vlan", text);
	} else {
		out_u64(o, NULL, "vlan", first);
	}
	vlan_show_flags(o, last->flags);
	out_object_end(o);
}

static int vlan_read_sets(struct nlmsghdr *hdr, void *arg)
{
	struct vlan_view *view = arg;
	struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *ifi;
	const struct link_row *row;
	const struct nlattr *attr;
	unsigned int first = 0;
	int left;

	if (nlmsg_parse(hdr, sizeof(*ifi), tb, IFLA_MAX, NULL) < 0)
		return -EBADMSG;
	ifi = nlmsg_data(hdr);
	row = vlan_wanted(view, ifi->ifi_index);
	if (ifi->ifi_family != AF_BRIDGE || !row || !tb[IFLA_AF_SPEC])
		return 0;
	vlan_show_head(view, row);
	nla_for_each_nested(attr, tb[IFLA_AF_SPEC], left) {
		struct bridge_vlan_info info;

		if (nla_type(attr) != IFLA_BRIDGE_VLAN_INFO ||
		    nla_len(attr) != (int)sizeof(info))
			continue;
		memcpy(&info, nla_data(attr), sizeof(info));
		if (info.flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) {
			first = info.vid;
			continue;
		}
		if (!(info.flags & BRIDGE_VLAN_INFO_RANGE_END))
			first = info.vid;
		vlan_show_range(view->out, first, &info);
	}
	vlan_show_foot(view);
	return 0;
}

static int vlan_dump_sets(struct cmd_env *env, struct vlan_view *view)
{
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE };
	struct nl_msg *msg;

	msg = vnl_msg(RTM_GETLINK, NLM_F_DUMP, &ifi, sizeof(ifi));
	vnl_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED);
	return vnl_dump(env->nl, msg, vlan_read_sets, view);
}

static void vlan_show_counts(struct out *o,
			     const struct bridge_vlan_xstats *stats)
{
	out_line(o, 4);
	out_object(o, NULL);
	out_u64(o, "vlan", "vlan", stats->vid);
	vlan_show_flags(o, stats->flags);
	out_u64(o, "rx_packets", "rx-packets", stats->rx_packets);
	out_u64(o, "rx_bytes", "rx-bytes", stats->rx_bytes);
	out_u64(o, "tx_packets", "tx-packets", stats->tx_packets);
	out_u64(o, "tx_bytes", "tx-bytes", stats->tx_bytes);
	out_object_end(o);
}

static void vlan_end_counts(struct vlan_view *view)
{
	if (view->open)
		vlan_show_foot(view);
	view->open = NULL;
}

/* The VLANs of a device may take several messages. */
static int vlan_read_counts(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *tb[IFLA_STATS_MAX + 1];
	const struct if_stats_msg *ifsm;
	struct vlan_view *view = arg;
	const struct link_row *row;
	const struct nlattr *nest, *attr;
	int left;

	if (nlmsg_parse(hdr, sizeof(*ifsm), tb, IFLA_STATS_MAX, NULL) < 0)
		return -EBADMSG;
	ifsm = nlmsg_data(hdr);
	row = vlan_wanted(view, ifsm->ifindex);
	nest = tb[IFLA_STATS_LINK_XSTATS_SLAVE] ?
	       tb[IFLA_STATS_LINK_XSTATS_SLAVE] : tb[IFLA_STATS_LINK_XSTATS];
	if (!row || !nest)
		return 0;
	nest = nla_find(nla_data(nest), nla_len(nest), LINK_XSTATS_TYPE_BRIDGE);
	if (!nest)
		return 0;
	if (view->open != row) {
		vlan_end_counts(view);
		vlan_show_head(view, row);
		view->open = row;
	}
	nla_for_each_nested(attr, nest, left) {
		struct bridge_vlan_xstats stats;

		if (nla_type(attr) != BRIDGE_XSTATS_VLAN ||
		    nla_len(attr) < (int)sizeof(stats))
			continue;
		memcpy(&stats, nla_data(attr), sizeof(stats));
		vlan_show_counts(view->out, &stats);
	}
	return 0;
}

static int vlan_dump_counts(struct cmd_env *env, struct vlan_view *view,
			    int attr)
{
	struct if_stats_msg ifsm = {
		.filter_mask = IFLA_STATS_FILTER_BIT(attr),
	};
	int err;

	err = vnl_dump(env->nl, vnl_msg(RTM_GETSTATS, NLM_F_DUMP, &ifsm,
					sizeof(ifsm)), vlan_read_counts, view);
	vlan_end_counts(view);
	return err;
}

static bool vlan_has_bridge(const struct links *links)
{
	for (size_t i = 0; i < links->count; i++) {
		if (strcmp(links->row[i].kind, KIND_BRIDGE) == 0)
			return true;
	}
	return false;
}

static int vlan_show_view(struct cmd_env *env, struct vlan_view *view,
			  const char *name, bool counts)
{
	int err;

	if (name) {
		view->one = links_by_name(&view->links, name);
		if (!view->one) {
			complain("there is no device \"%s\"", name);
			return CMD_USAGE;
		}
		if (!vlan_wanted(view, view->one->ifindex)) {
			complain("\"%s\" is not a " KIND_BRIDGE
				 " and not a port of one here", name);
			return CMD_USAGE;
		}
	}
	out_array(env->out, NULL);
	if (counts) {
		err = vlan_dump_counts(env, view, IFLA_STATS_LINK_XSTATS);
		if (err >= 0)
			err = vlan_dump_counts(env, view,
					       IFLA_STATS_LINK_XSTATS_SLAVE);
	} else {
		err = vlan_dump_sets(env, view);
	}
	out_array_end(env->out);
	if (!vlan_has_bridge(&view->links))
		kind_hint(KIND_BRIDGE);
	if (err == VNL_CHANGED)
		complain("note: ports came or went while they were read; the answer may lack some");
	if (err >= 0)
		return CMD_DONE;
	vnl_complain(env->nl, err, "read the VLANs");
	return CMD_REFUSED;
}

static int vlan_run_show(struct cmd_env *env, struct args *args, bool counts)
{
	struct vlan_view view = { .out = env->out };
	int status = CMD_REFUSED;
	const char *name;

	if (!args_last_dev(args, &name))
		return CMD_USAGE;
	if (links_read(&view.links, env->nl, false))
		status = vlan_show_view(env, &view, name, counts);
	links_free(&view.links);
	return status;
}

/* "7" or "7-9". */
static bool vlan_parse_range(const char *word, struct bridge_vlan_info *first,
			     struct bridge_vlan_info *last)
{
	unsigned long from, to;
	char *end;

	from = strtoul(word, &end, 10);
	to = from;
	if (*end == '-' && isdigit((unsigned char)end[1]))
		to = strtoul(end + 1, &end, 10);
	if (!isdigit((unsigned char)*word) || *end || !from || to < from ||
	    to > VLAN_VID_MAX) {
		complain("\"%s\": must be a VLAN from 1 to %d, or two with a dash between them",
			 word, VLAN_VID_MAX);
		return false;
	}
	first->vid = from;
	last->vid = to;
	return true;
}

static bool vlan_parse_change(struct args *args, struct bridge_vlan_info *last,
			      const char **name, bool add)
{
	while (args->left) {
		if (args_take(args, "dev")) {
			*name = args_name(args, "dev");
			if (!*name)
				return false;
		} else if (add && args_take(args, "pvid")) {
			last->flags |= BRIDGE_VLAN_INFO_PVID;
		} else if (add && args_take(args, "untagged")) {
			last->flags |= BRIDGE_VLAN_INFO_UNTAGGED;
		} else {
			return args_end(args);
		}
	}
	if (!*name)
		complain("\"vlan %s\" needs \"dev\" with a port or a bridge",
			 add ? "add" : "del");
	return *name;
}

static struct nl_msg *vlan_request(const struct link_row *row, bool add,
				   struct bridge_vlan_info *first,
				   struct bridge_vlan_info *last)
{
	struct ifinfomsg ifi = {
		.ifi_family = AF_BRIDGE,
		.ifi_index = row->ifindex,
	};
	uint16_t self = BRIDGE_FLAGS_SELF;
	struct nlattr *nest;
	struct nl_msg *msg;

	msg = vnl_msg(add ? RTM_SETLINK : RTM_DELLINK, 0, &ifi, sizeof(ifi));
	nest = vnl_nest(msg, IFLA_AF_SPEC);
	if (strcmp(row->kind, KIND_BRIDGE) == 0)
		vnl_put(msg, IFLA_BRIDGE_FLAGS, &self, sizeof(self));
	first->flags = last->flags;
	if (first->vid != last->vid) {
		first->flags |= BRIDGE_VLAN_INFO_RANGE_BEGIN;
		last->flags |= BRIDGE_VLAN_INFO_RANGE_END;
		vnl_put(msg, IFLA_BRIDGE_VLAN_INFO, first, sizeof(*first));
	}
	vnl_put(msg, IFLA_BRIDGE_VLAN_INFO, last, sizeof(*last));
	nla_nest_end(msg, nest);
	return msg;
}

static int vlan_run_change(struct cmd_env *env, struct args *args, bool add)
{
	struct bridge_vlan_info first = { 0 }, last = { 0 };
	const char *word, *name = NULL;
	struct link_row row;
	char what[64];
	int err;

	if (!cmd_may_change(env, add ? "vlan add" : "vlan del"))
		return CMD_USAGE;
	word = args_word(args, add ? "add" : "del",
			 "a VLAN, or a range such as 2-9,");
	if (!word || !vlan_parse_range(word, &first, &last) ||
	    !vlan_parse_change(args, &last, &name, add) || !args_devname(name))
		return CMD_USAGE;
	if (first.vid != last.vid && last.flags & BRIDGE_VLAN_INFO_PVID) {
		complain("\"pvid\" is one VLAN: %s are more", word);
		return CMD_USAGE;
	}
	if (link_ask(env->nl, &row, name, 0, -1)) {
		complain("there is no device \"%s\"", name);
		return CMD_USAGE;
	}
	err = vnl_do(env->nl, vlan_request(&row, add, &first, &last));
	if (!err)
		return CMD_DONE;
	snprintf(what, sizeof(what), "change the VLANs of %s", name);
	vnl_complain(env->nl, err, what);
	return CMD_REFUSED;
}

static int vlan_run(struct cmd_env *env, struct args *args)
{
	if (args_take(args, "add"))
		return vlan_run_change(env, args, true);
	if (args_take(args, "del") || args_take(args, "delete"))
		return vlan_run_change(env, args, false);
	if (args_take(args, "stats"))
		return vlan_run_show(env, args, true);
	args_take(args, "show");
	return vlan_run_show(env, args, false);
}

const struct cmd vlan_cmd = {
	.name = "vlan",
	.brief = "show and change the VLANs of ports, count what they carry",
	.all = true,
	.help =
"Usage: vnet vlan [ { show | stats } ] [ [ dev ] DEV ]\n"
"       vnet vlan add VID[-VID] dev DEV [ pvid ] [ untagged ]\n"
"       vnet vlan del VID[-VID] dev DEV\n"
"\n"
"DEV is a port of a bridge, or the bridge. stats shows what each VLAN has carried.\n"
"VLANs have an effect once the bridge filters them: \"ip link set BRIDGE type vbridge\n"
"vlan_filtering 1\"; they are counted with \"vlan_stats_enabled 1\" there.\n",
	.run = vlan_run,
};
