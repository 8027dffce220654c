// SPDX-License-Identifier: GPL-2.0
/* `vnet bridge`: bridges of the suite, their options and their ports. */
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_own.h"
#include "cmd.h"
#include "kinds.h"
#include "linkfmt.h"
#include "links.h"
#include "port.h"

/* Numbers that are newer than the oldest headers the tool is built with. */
enum {
	BRIDGE_FDB_N_LEARNED = 48,
	BRIDGE_FDB_MAX_LEARNED = 49,
};

static const struct linkfmt_attr bridge_options[] = {
	{ IFLA_BR_FORWARD_DELAY, "forward_delay", LINKFMT_NUMBER },
	{ IFLA_BR_HELLO_TIME, "hello_time", LINKFMT_NUMBER },
	{ IFLA_BR_MAX_AGE, "max_age", LINKFMT_NUMBER },
	{ IFLA_BR_AGEING_TIME, "ageing_time", LINKFMT_NUMBER },
	{ IFLA_BR_STP_STATE, "stp_state", LINKFMT_NUMBER },
	{ IFLA_BR_PRIORITY, "priority", LINKFMT_NUMBER },
	{ IFLA_BR_VLAN_FILTERING, "vlan_filtering", LINKFMT_NUMBER },
	{ IFLA_BR_VLAN_PROTOCOL, "vlan_protocol", LINKFMT_PROTO },
	{ IFLA_BR_GROUP_FWD_MASK, "group_fwd_mask", LINKFMT_NUMBER },
	{ IFLA_BR_ROOT_ID, "root_id", LINKFMT_BRIDGE_ID },
	{ IFLA_BR_BRIDGE_ID, "bridge_id", LINKFMT_BRIDGE_ID },
	{ IFLA_BR_ROOT_PORT, "root_port", LINKFMT_NUMBER },
	{ IFLA_BR_ROOT_PATH_COST, "root_path_cost", LINKFMT_NUMBER },
	{ IFLA_BR_TOPOLOGY_CHANGE, "topology_change", LINKFMT_NUMBER },
	{ IFLA_BR_TOPOLOGY_CHANGE_DETECTED, "topology_change_detected",
	  LINKFMT_NUMBER },
	{ IFLA_BR_HELLO_TIMER, "hello_timer", LINKFMT_NUMBER },
	{ IFLA_BR_TCN_TIMER, "tcn_timer", LINKFMT_NUMBER },
	{ IFLA_BR_TOPOLOGY_CHANGE_TIMER, "topology_change_timer",
	  LINKFMT_NUMBER },
	{ IFLA_BR_GC_TIMER, "gc_timer", LINKFMT_NUMBER },
	{ IFLA_BR_GROUP_ADDR, "group_address", LINKFMT_MAC },
	{ IFLA_BR_FDB_FLUSH, "fdb_flush", LINKFMT_HIDDEN },
	{ IFLA_BR_MCAST_ROUTER, "mcast_router", LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_SNOOPING, "mcast_snooping", LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_QUERY_USE_IFADDR, "mcast_query_use_ifaddr",
	  LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_QUERIER, "mcast_querier", LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_HASH_ELASTICITY, "mcast_hash_elasticity",
	  LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_HASH_MAX, "mcast_hash_max", LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_LAST_MEMBER_CNT, "mcast_last_member_count",
	  LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_STARTUP_QUERY_CNT, "mcast_startup_query_count",
	  LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_LAST_MEMBER_INTVL, "mcast_last_member_interval",
	  LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_MEMBERSHIP_INTVL, "mcast_membership_interval",
	  LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_QUERIER_INTVL, "mcast_querier_interval",
	  LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_QUERY_INTVL, "mcast_query_interval", LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, "mcast_query_response_interval",
	  LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_STARTUP_QUERY_INTVL, "mcast_startup_query_interval",
	  LINKFMT_NUMBER },
	{ IFLA_BR_NF_CALL_IPTABLES, "nf_call_iptables", LINKFMT_NUMBER },
	{ IFLA_BR_NF_CALL_IP6TABLES, "nf_call_ip6tables", LINKFMT_NUMBER },
	{ IFLA_BR_NF_CALL_ARPTABLES, "nf_call_arptables", LINKFMT_NUMBER },
	{ IFLA_BR_VLAN_DEFAULT_PVID, "vlan_default_pvid", LINKFMT_NUMBER },
	{ IFLA_BR_PAD, "pad", LINKFMT_HIDDEN },
	{ IFLA_BR_VLAN_STATS_ENABLED, "vlan_stats_enabled", LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_STATS_ENABLED, "mcast_stats_enabled", LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_IGMP_VERSION, "mcast_igmp_version", LINKFMT_NUMBER },
	{ IFLA_BR_MCAST_MLD_VERSION, "mcast_mld_version", LINKFMT_NUMBER },
	{ IFLA_BR_VLAN_STATS_PER_PORT, "vlan_stats_per_port", LINKFMT_NUMBER },
	{ IFLA_BR_MULTI_BOOLOPT, "multi_boolopt", LINKFMT_BOOLS },
	{ BRIDGE_FDB_N_LEARNED, "fdb_n_learned", LINKFMT_NUMBER },
	{ BRIDGE_FDB_MAX_LEARNED, "fdb_max_learned", LINKFMT_NUMBER },
};

/* The ports of all bridges, grouped by bridge. */
struct bridge_ports {
	const struct link_row **port;
	size_t count;
};

static int bridge_port_compare(const void *a, const void *b)
{
	const struct link_row *x = *(const struct link_row *const *)a;
	const struct link_row *y = *(const struct link_row *const *)b;

	if (x->master != y->master)
		return x->master < y->master ? -1 : 1;
	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

static bool bridge_ports_find(struct bridge_ports *ports,
			      const struct links *links)
{
	ports->count = 0;
	ports->port = calloc(links->count + 1, sizeof(*ports->port));
	if (!ports->port) {
		complain("out of memory");
		return false;
	}
	for (size_t i = 0; i < links->count; i++) {
		if (strcmp(links->row[i].port_kind, KIND_BRIDGE) == 0)
			ports->port[ports->count++] = &links->row[i];
	}
	qsort(ports->port, ports->count, sizeof(*ports->port),
	      bridge_port_compare);
	return true;
}

/* The first port of a bridge, or where it would be. */
static size_t bridge_ports_of(const struct bridge_ports *ports, int bridge)
{
	size_t low = 0, high = ports->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ports->port[mid]->master < bridge)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void bridge_show_port(struct out *o, const struct link_row *port,
			     const struct bridge_own *own)
{
	out_line(o, 4);
	out_object(o, NULL);
	out_color(o, OUT_IFNAME, "ifname", "port", port->name);
	out_u64(o, "ifindex", "ifindex", port->ifindex);
	port_show(o, port, own);
	out_object_end(o);
}

/* What stays the same for all bridges of one answer. */
struct bridge_view {
	struct out *out;
	struct bridge_ports ports;
	struct bridge_own own;
};

static void bridge_show_one(void *arg, const struct link_row *bridge)
{
	struct bridge_view *view = arg;
	const struct bridge_ports *ports = &view->ports;
	size_t first = bridge_ports_of(ports, bridge->ifindex);
	size_t end = bridge_ports_of(ports, bridge->ifindex + 1);
	struct out *o = view->out;

	linkfmt_common(o, bridge);
	out_u64(o, "port_count", "ports", end - first);
	bridge_own_show(o, &view->own, bridge->ifindex);
	if (bridge->data) {
		out_line(o, 4);
		out_object(o, "options");
		out_word(o, "options");
		linkfmt_nest(o, bridge->data, bridge_options,
			     ARRAY_SIZE(bridge_options));
		out_object_end(o);
	}
	out_array(o, "ports");
	for (size_t i = first; i < end; i++)
		bridge_show_port(o, ports->port[i], &view->own);
	out_array_end(o);
}

static bool bridge_is_any(const struct links *links)
{
	for (size_t i = 0; i < links->count; i++) {
		if (strcmp(links->row[i].kind, KIND_BRIDGE) == 0)
			return true;
	}
	return false;
}

static int bridge_show(struct cmd_env *env, const struct links *links,
		       const char *name)
{
	struct bridge_view view = { .out = env->out };
	int status = CMD_REFUSED;

	/* Where there is none, the question would load a module. */
	if (bridge_is_any(links) && !bridge_own_read(&view.own))
		return CMD_REFUSED;
	if (bridge_ports_find(&view.ports, links))
		status = linkfmt_list(env->out, links, KIND_BRIDGE, name,
				      bridge_show_one, &view) ?
				 CMD_DONE : CMD_USAGE;
	free(view.ports.port);
	bridge_own_free(&view.own);
	return status;
}

static int bridge_run_show(struct cmd_env *env, const char *name)
{
	struct links links = { 0 };
	int status = CMD_REFUSED;

	if (links_read(&links, env->nl, false))
		status = bridge_show(env, &links, name);
	links_free(&links);
	return status;
}

static bool bridge_parse_direct(struct args *args, uint8_t *direct)
{
	const char *word = args_value(args, "direct");

	if (!word)
		return false;
	if (strcmp(word, "on") && strcmp(word, "off")) {
		complain("\"direct %s\": must be on or off", word);
		return false;
	}
	*direct = !strcmp(word, "on");
	return true;
}

static bool bridge_parse_options(struct args *args,
				 struct bridge_own_options *options)
{
	while (args->left) {
		if (args_take(args, "direct")) {
			options->has_direct = true;
			if (!bridge_parse_direct(args, &options->direct))
				return false;
		} else if (args_take(args, "max_ports")) {
			options->has_max_ports = true;
			if (!args_u32(args, "max_ports", 0, UINT32_MAX,
				      &options->max_ports))
				return false;
		} else {
			break;
		}
	}
	if (!options->has_direct && !options->has_max_ports) {
		complain("\"bridge set dev\" needs \"direct on\", \"direct off\" or \"max_ports N\"");
		return false;
	}
	return args_end(args);
}

static int bridge_run_set(struct cmd_env *env, struct args *args)
{
	struct bridge_own_options options = { 0 };
	const char *name;
	int ifindex;

	if (!cmd_may_change(env, "bridge set"))
		return CMD_USAGE;
	if (args_take(args, "port")) {
		name = args_name(args, "port");
		return name ? port_set_max(env, args, name, "bridge set port") :
			      CMD_USAGE;
	}
	if (!args_take(args, "dev")) {
		complain("\"bridge set\" needs \"dev BRIDGE\" or \"port DEV\"");
		return CMD_USAGE;
	}
	name = args_name(args, "dev");
	if (!name || !bridge_parse_options(args, &options))
		return CMD_USAGE;
	ifindex = link_ask_index(env->nl, name);
	if (!ifindex)
		return CMD_USAGE;
	return bridge_own_set(ifindex, name, &options);
}

static int bridge_run(struct cmd_env *env, struct args *args)
{
	const char *name;

	if (args_take(args, "set"))
		return bridge_run_set(env, args);
	args_take(args, "show");
	if (!args_last_dev(args, &name))
		return CMD_USAGE;
	return bridge_run_show(env, name);
}

const struct cmd bridge_cmd = {
	.name = "bridge",
	.brief = "show bridges, their options and their ports; set their own options",
	.all = true,
	.help =
"Usage: vnet bridge [ show ] [ [ dev ] BRIDGE ]\n"
"       vnet bridge set dev BRIDGE [ direct { on | off } ] [ max_ports N ]\n"
"       vnet bridge set port DEV fdb_max_learned { N | default }\n"
"\n"
"Options and flags have the names by which \"ip link set\" takes them. Times are in\n"
"hundredths of a second. A flag of a port is listed where it is on.\n"
"\n"
"set changes what ip does not know: whether frames may take the direct road through\n"
"the bridge, how many ports it may have, and how many addresses may be learned at a\n"
"port, 0 for any number; default is what the bridge has for all ports, its\n"
"fdb_max_learned_port.\n",
	.run = bridge_run,
};
