// SPDX-License-Identifier: GPL-2.0
/* `vnet port`: ports of bridges, and what the stock tools cannot set of them. */
#include <linux/if_link.h>
#include <string.h>

#include "bridge_own.h"
#include "cmd.h"
#include "kinds.h"
#include "linkfmt.h"
#include "links.h"
#include "port.h"

/* Numbers that are newer than the oldest headers the tool is built with. */
enum {
	PORT_MAB = 40,
	PORT_MCAST_N_GROUPS = 41,
	PORT_MCAST_MAX_GROUPS = 42,
	PORT_NEIGH_VLAN_SUPPRESS = 43,
	PORT_BACKUP_NHID = 44,
};

static const struct linkfmt_attr port_options[] = {
	{ IFLA_BRPORT_STATE, "state", LINKFMT_PORT_STATE },
	{ IFLA_BRPORT_PRIORITY, "priority", LINKFMT_NUMBER },
	{ IFLA_BRPORT_COST, "cost", LINKFMT_NUMBER },
	{ IFLA_BRPORT_MODE, "hairpin", LINKFMT_FLAG },
	{ IFLA_BRPORT_GUARD, "guard", LINKFMT_FLAG },
	{ IFLA_BRPORT_PROTECT, "root_block", LINKFMT_FLAG },
	{ IFLA_BRPORT_FAST_LEAVE, "fastleave", LINKFMT_FLAG },
	{ IFLA_BRPORT_LEARNING, "learning", LINKFMT_FLAG },
	{ IFLA_BRPORT_UNICAST_FLOOD, "flood", LINKFMT_FLAG },
	{ IFLA_BRPORT_PROXYARP, "proxy_arp", LINKFMT_FLAG },
	{ IFLA_BRPORT_LEARNING_SYNC, "learning_sync", LINKFMT_FLAG },
	{ IFLA_BRPORT_PROXYARP_WIFI, "proxy_arp_wifi", LINKFMT_FLAG },
	{ IFLA_BRPORT_ROOT_ID, "root_id", LINKFMT_BRIDGE_ID },
	{ IFLA_BRPORT_BRIDGE_ID, "bridge_id", LINKFMT_BRIDGE_ID },
	{ IFLA_BRPORT_DESIGNATED_PORT, "designated_port", LINKFMT_NUMBER },
	{ IFLA_BRPORT_DESIGNATED_COST, "designated_cost", LINKFMT_NUMBER },
	{ IFLA_BRPORT_ID, "id", LINKFMT_NUMBER },
	{ IFLA_BRPORT_NO, "no", LINKFMT_NUMBER },
	{ IFLA_BRPORT_TOPOLOGY_CHANGE_ACK, "topology_change_ack",
	  LINKFMT_FLAG },
	{ IFLA_BRPORT_CONFIG_PENDING, "config_pending", LINKFMT_FLAG },
	{ IFLA_BRPORT_MESSAGE_AGE_TIMER, "message_age_timer", LINKFMT_NUMBER },
	{ IFLA_BRPORT_FORWARD_DELAY_TIMER, "forward_delay_timer",
	  LINKFMT_NUMBER },
	{ IFLA_BRPORT_HOLD_TIMER, "hold_timer", LINKFMT_NUMBER },
	{ IFLA_BRPORT_FLUSH, "fdb_flush", LINKFMT_HIDDEN },
	{ IFLA_BRPORT_MULTICAST_ROUTER, "mcast_router", LINKFMT_NUMBER },
	{ IFLA_BRPORT_PAD, "pad", LINKFMT_HIDDEN },
	{ IFLA_BRPORT_MCAST_FLOOD, "mcast_flood", LINKFMT_FLAG },
	{ IFLA_BRPORT_MCAST_TO_UCAST, "mcast_to_unicast", LINKFMT_FLAG },
	{ IFLA_BRPORT_VLAN_TUNNEL, "vlan_tunnel", LINKFMT_FLAG },
	{ IFLA_BRPORT_BCAST_FLOOD, "bcast_flood", LINKFMT_FLAG },
	{ IFLA_BRPORT_GROUP_FWD_MASK, "group_fwd_mask", LINKFMT_NUMBER },
	{ IFLA_BRPORT_NEIGH_SUPPRESS, "neigh_suppress", LINKFMT_FLAG },
	{ IFLA_BRPORT_ISOLATED, "isolated", LINKFMT_FLAG },
	{ IFLA_BRPORT_BACKUP_PORT, "backup_port_index", LINKFMT_NUMBER },
	{ IFLA_BRPORT_MRP_RING_OPEN, "mrp_ring_open", LINKFMT_FLAG },
	{ IFLA_BRPORT_MRP_IN_OPEN, "mrp_in_open", LINKFMT_FLAG },
	{ IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT, "mcast_eht_hosts_limit",
	  LINKFMT_NUMBER },
	{ IFLA_BRPORT_MCAST_EHT_HOSTS_CNT, "mcast_eht_hosts_cnt",
	  LINKFMT_NUMBER },
	{ IFLA_BRPORT_LOCKED, "locked", LINKFMT_FLAG },
	{ PORT_MAB, "mab", LINKFMT_FLAG },
	{ PORT_MCAST_N_GROUPS, "mcast_n_groups", LINKFMT_NUMBER },
	{ PORT_MCAST_MAX_GROUPS, "mcast_max_groups", LINKFMT_NUMBER },
	{ PORT_NEIGH_VLAN_SUPPRESS, "neigh_vlan_suppress",
	  LINKFMT_FLAG },
	{ PORT_BACKUP_NHID, "backup_nhid", LINKFMT_NUMBER },
};

void port_show(struct out *o, const struct link_row *port,
	       const struct bridge_own *own)
{
	if (port->kind[0])
		out_str(o, "kind", "kind", port->kind);
	linkfmt_nest(o, port->port_data, port_options,
		     ARRAY_SIZE(port_options));
	bridge_own_show_port(o, own, port->ifindex);
}

const struct link_row *port_find(const struct links *links, const char *name,
				 const struct link_row **bridge)
{
	const struct link_row *port = links_by_name(links, name);
	const struct link_row *master;

	if (!port) {
		complain("there is no device \"%s\"", name);
		return NULL;
	}
	master = links_by_index(links, port->master);
	if (!master || strcmp(master->kind, KIND_BRIDGE) != 0) {
		complain("\"%s\" is not a port of a " KIND_BRIDGE " here",
			 name);
		return NULL;
	}
	if (*bridge && *bridge != master) {
		complain("\"%s\" is a port of %s, not of %s", name,
			 master->name, (*bridge)->name);
		return NULL;
	}
	*bridge = master;
	return port;
}

static void port_show_one(struct out *o, const struct link_row *port,
			  const struct link_row *bridge,
			  const struct bridge_own *own)
{
	out_line(o, 0);
	out_object(o, NULL);
	out_u64(o, "ifindex", NULL, port->ifindex);
	out_color(o, OUT_IFNAME, "ifname", NULL, port->name);
	out_color(o, OUT_IFNAME, "master", "master", bridge->name);
	port_show(o, port, own);
	out_object_end(o);
}

/* What the words of the command choose. */
struct port_words {
	const char *bridge;
	const char *port;
};

static bool port_parse(struct args *args, struct port_words *words)
{
	args_take(args, "show");
	while (args->left) {
		if (args_take(args, "br")) {
			words->bridge = args_name(args, "br");
			if (!words->bridge)
				return false;
		} else if (!args_dev(args, &words->port)) {
			return false;
		}
	}
	return true;
}

/* The bridge that a port is of, where it is of one of ours. */
static const struct link_row *port_bridge(const struct links *links,
					  const struct link_row *port)
{
	const struct link_row *master = NULL;

	if (port->master)
		master = links_by_index(links, port->master);
	return master && !strcmp(master->kind, KIND_BRIDGE) ? master : NULL;
}

static int port_show_all(struct cmd_env *env, const struct links *links,
			 const struct port_words *words)
{
	const struct link_row *bridge = NULL, *port = NULL;
	struct bridge_own own = { 0 };
	bool any = false;

	if (words->bridge) {
		bridge = links_find(links, words->bridge, KIND_BRIDGE);
		if (!bridge)
			return CMD_USAGE;
	}
	if (words->port) {
		port = port_find(links, words->port, &bridge);
		if (!port)
			return CMD_USAGE;
	}
	for (size_t i = 0; i < links->count; i++)
		any |= strcmp(links->row[i].kind, KIND_BRIDGE) == 0;
	/* Where there is none, the question would load a module. */
	if (any && !bridge_own_read(&own))
		return CMD_REFUSED;
	out_array(env->out, NULL);
	for (size_t i = 0; i < links->count; i++) {
		const struct link_row *row = &links->row[i];
		const struct link_row *of = port_bridge(links, row);

		if (of && (!bridge || of == bridge) && (!port || row == port))
			port_show_one(env->out, row, of, &own);
	}
	out_array_end(env->out);
	bridge_own_free(&own);
	if (!any)
		kind_hint(KIND_BRIDGE);
	return CMD_DONE;
}

static int port_run_show(struct cmd_env *env, struct args *args)
{
	struct port_words words = { 0 };
	struct links links = { 0 };
	int status = CMD_REFUSED;

	if (!port_parse(args, &words))
		return CMD_USAGE;
	if (links_read(&links, env->nl, false))
		status = port_show_all(env, &links, &words);
	links_free(&links);
	return status;
}

int port_set_max(struct cmd_env *env, struct args *args, const char *name,
		 const char *what)
{
	uint32_t max = 0;
	bool by_default;
	int ifindex;

	if (!args_take(args, "fdb_max_learned")) {
		complain("\"%s\" needs \"fdb_max_learned\" with a number, or with \"default\"",
			 what);
		return CMD_USAGE;
	}
	by_default = args_take(args, "default");
	if (!by_default &&
	    !args_u32(args, "fdb_max_learned", 0, UINT32_MAX, &max))
		return CMD_USAGE;
	if (!args_end(args))
		return CMD_USAGE;
	ifindex = link_ask_index(env->nl, name);
	if (!ifindex)
		return CMD_USAGE;
	return bridge_own_set_port(ifindex, name, by_default ? NULL : &max);
}

static int port_run(struct cmd_env *env, struct args *args)
{
	const char *name;

	if (!args_take(args, "set"))
		return port_run_show(env, args);
	if (!cmd_may_change(env, "port set"))
		return CMD_USAGE;
	args_take(args, "dev");
	name = args_word(args, "set", "the name of a port");
	if (!name)
		return CMD_USAGE;
	return port_set_max(env, args, name, "port set");
}

const struct cmd port_cmd = {
	.name = "port",
	.brief = "show the ports of bridges, limit what is learned at them",
	.all = true,
	.help =
"Usage: vnet port [ show ] [ br BRIDGE ] [ [ dev ] PORT ]\n"
"       vnet port set [ dev ] PORT fdb_max_learned { N | default }\n"
"\n"
"Each port with its bridge, its state and its flags, by the names that \"bridge link\"\n"
"and \"ip link set\" have for them. set limits how many addresses may be learned at\n"
"it, 0 for any number; all else is set by \"bridge link set\".\n",
	.run = port_run,
};
