// SPDX-License-Identifier: GPL-2.0
/* `vnet link`: the devices of the suite. */
#include <netlink/route/link.h>
#include <stdio.h>
#include <string.h>
#include <vnet/vveth.h>

#include "cmd.h"
#include "ethnl.h"
#include "kinds.h"
#include "linkfmt.h"
#include "links.h"
#include "netns.h"

/* What stays the same for all devices of one answer. */
struct link_view {
	struct cmd_env *env;
	struct links links;
	struct netns_names names;
	struct ethnl ethnl;
};

/* The name of the other end; NULL if it is where we may not look. */
static const char *link_peer_name(struct link_view *view,
				  const struct link_row *row,
				  struct link_row *asked)
{
	const struct link_row *peer;

	if (row->lower_nsid < 0) {
		peer = links_by_index(&view->links, row->lower);
		return peer ? peer->name : NULL;
	}
	if (link_ask(view->env->nl, asked, NULL, row->lower, row->lower_nsid))
		return NULL;
	return asked->name;
}

static void link_show_peer(struct link_view *view, const struct link_row *row)
{
	struct out *o = view->env->out;
	struct link_row asked;
	const char *name;

	if (!row->lower)
		return;
	name = link_peer_name(view, row, &asked);
	if (name)
		out_color(o, OUT_IFNAME, "peer", "peer", name);
	out_u64(o, "peer_index", "peer-index", row->lower);
	if (row->lower_nsid < 0)
		return;
	out_u64(o, "link_netnsid", "link-netnsid", row->lower_nsid);
	name = netns_name(&view->names, view->env->nl, row->lower_nsid);
	if (name)
		out_str(o, "link_netns", "link-netns", name);
}

static void link_show_mode(struct out *o, const struct link_row *row)
{
	struct nlattr *tb[VVETH_INFO_MAX + 1] = { NULL };

	if (row->data)
		nla_parse_nested(tb, VVETH_INFO_MAX, row->data, NULL);
	if (tb[VVETH_INFO_MODE])
		out_str(o, "mode", "mode",
			vnl_attr_u32(tb[VVETH_INFO_MODE], 0) ==
			VVETH_MODE_L3 ? "l3" : "l2");
}

static void link_show_some(struct out *o, const char *key, const char *label,
			   uint32_t val)
{
	if (val)
		out_u64(o, key, label, val);
}

static void link_show_queues(struct out *o, const struct ethnl_row *row)
{
	if (!row)
		return;
	link_show_some(o, "rx_queues", "rx-queues", row->rx);
	link_show_some(o, "tx_queues", "tx-queues", row->tx);
	if (row->combined_max) {
		out_u64(o, "queues", "queues", row->combined);
		out_u64(o, "queues_max", "queues-max", row->combined_max);
	}
	link_show_some(o, "rx_ring", "rx-ring", row->ring);
}

static void link_show_one(void *arg, const struct link_row *row)
{
	struct link_view *view = arg;
	struct out *o = view->env->out;
	const struct link_row *master;

	out_str(o, "kind", "kind", row->kind);
	if (strcmp(row->kind, KIND_PAIR) == 0)
		link_show_mode(o, row);
	if (kind_is_pair(row->kind))
		link_show_peer(view, row);
	if (row->master) {
		master = links_by_index(&view->links, row->master);
		if (master)
			out_color(o, OUT_IFNAME, "master", "master",
				  master->name);
		else
			out_u64(o, "master_index", "master-index", row->master);
	}
	linkfmt_common(o, row);
	link_show_queues(o, ethnl_find(&view->ethnl, row->ifindex));
}

static int link_run(struct cmd_env *env, struct args *args)
{
	struct link_view view = { .env = env };
	int status = CMD_REFUSED;
	const char *name;

	args_take(args, "show");
	if (!args_last_dev(args, &name))
		return CMD_USAGE;

	if (links_read(&view.links, env->nl, false) && ethnl_read(&view.ethnl))
		status = linkfmt_list(env->out, &view.links, NULL, name,
				      link_show_one, &view) ?
				 CMD_DONE : CMD_USAGE;
	ethnl_free(&view.ethnl);
	links_free(&view.links);
	netns_names_free(&view.names);
	return status;
}

const struct cmd link_cmd = {
	.name = "link",
	.brief = "show the devices of the suite",
	.all = true,
	.help =
"Usage: vnet link [ show ] [ [ dev ] NAME ]\n"
"\n"
"Each device with its kind, of a pair's end the mode, the peer and the peer's\n"
"namespace, the bridge it is a port of, state, MTU and address, and how many queues\n"
"and slots of a receive ring it has. Queues of a vtun are those that programs have\n"
"attached.\n",
	.run = link_run,
};
