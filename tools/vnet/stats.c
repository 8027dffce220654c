// SPDX-License-Identifier: GPL-2.0
/* `vnet stats`: the counters of the suite's devices. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "drvstats.h"
#include "kinds.h"
#include "links.h"

#define STATS_DROP_PREFIX	"drop_"

/* One direction of a device, named as in `ip -s link`. */
struct stats_way {
	const char *name;
	uint64_t bytes;
	uint64_t packets;
	uint64_t errors;
	uint64_t dropped;
};

static void stats_show_way(struct out *o, const struct stats_way *way)
{
	out_line(o, 4);
	out_object(o, way->name);
	out_word(o, way->name);
	out_u64(o, "packets", "packets", way->packets);
	out_u64(o, "bytes", "bytes", way->bytes);
	out_u64(o, "errors", "errors", way->errors);
	out_u64(o, "dropped", "dropped", way->dropped);
	out_object_end(o);
}

static void stats_show_link(struct out *o, const struct rtnl_link_stats64 *s)
{
	const struct stats_way rx = {
		.name = "rx",
		.bytes = s->rx_bytes,
		.packets = s->rx_packets,
		.errors = s->rx_errors,
		.dropped = s->rx_dropped,
	};
	const struct stats_way tx = {
		.name = "tx",
		.bytes = s->tx_bytes,
		.packets = s->tx_packets,
		.errors = s->tx_errors,
		.dropped = s->tx_dropped,
	};

	stats_show_way(o, &rx);
	stats_show_way(o, &tx);
}

static bool stats_is_drop(const char *name)
{
	return strncmp(name, STATS_DROP_PREFIX,
		       strlen(STATS_DROP_PREFIX)) == 0;
}

/* An identity that drivers of pairs put among their counters. */
static bool stats_is_identity(const char *name)
{
	return strcmp(name, "peer_ifindex") == 0;
}

/* Is the counter one of a drop reason, as asked for, or one of the others? */
static bool stats_belongs(const char *name, bool drops)
{
	return stats_is_drop(name) == drops && !stats_is_identity(name);
}

/* Those of the driver's counters that are reasons for drops, or the others. */
static void stats_show_driver(struct out *o, const struct drvstats *drv,
			      const char *key, bool drops)
{
	bool any = false;

	for (size_t i = 0; i < drv->count; i++)
		any |= drv->value[i] &&
		       stats_belongs(drvstats_name(drv, i), drops);
	if (any) {
		out_line(o, 4);
		out_word(o, key);
	}
	out_object(o, key);
	for (size_t i = 0; i < drv->count; i++) {
		const char *name = drvstats_name(drv, i);

		if (!stats_belongs(name, drops))
			continue;
		if (drops)
			name += strlen(STATS_DROP_PREFIX);
		out_count(o, name, drv->value[i]);
	}
	out_object_end(o);
}

static int stats_show_one(struct out *o, struct drvstats *drv,
			  const struct link_row *row)
{
	int err;

	err = drvstats_read(drv, row->name);
	if (err == -ENODEV)
		return CMD_DONE;
	out_line(o, 0);
	out_object(o, NULL);
	out_u64(o, "ifindex", NULL, row->ifindex);
	out_color(o, OUT_IFNAME, "ifname", NULL, row->name);
	out_str(o, "kind", "kind", row->kind);
	stats_show_link(o, &row->stats);
	if (!err) {
		stats_show_driver(o, drv, "drops", true);
		stats_show_driver(o, drv, "counters", false);
	}
	out_object_end(o);
	if (!err || err == -EOPNOTSUPP)
		return CMD_DONE;
	complain("cannot read the driver's counters of %s: %s", row->name,
		 strerror(-err));
	return CMD_REFUSED;
}

static int stats_show(struct cmd_env *env, const struct links *links,
		      const char *name)
{
	const struct link_row *one = NULL;
	int status = CMD_DONE;
	struct drvstats drv;
	size_t shown = 0;

	if (name) {
		one = links_find(links, name, NULL);
		if (!one)
			return CMD_USAGE;
	}
	if (!drvstats_open(&drv))
		return CMD_REFUSED;
	out_array(env->out, NULL);
	for (size_t i = 0; i < links->count; i++) {
		const struct link_row *row = &links->row[i];

		if (one ? row != one : !kind_is_ours(row->kind))
			continue;
		if (stats_show_one(env->out, &drv, row) != CMD_DONE)
			status = CMD_REFUSED;
		shown++;
	}
	out_array_end(env->out);
	drvstats_close(&drv);
	if (!shown)
		kind_hint(NULL);
	return status;
}

static int stats_run(struct cmd_env *env, struct args *args)
{
	struct links links = { 0 };
	int status = CMD_REFUSED;
	const char *name;

	args_take(args, "show");
	args_take(args, "dev");
	name = args_next(args);
	if (!args_end(args))
		return CMD_USAGE;

	if (links_read(&links, env->nl, true))
		status = stats_show(env, &links, name);
	links_free(&links);
	return status;
}

const struct cmd stats_cmd = {
	.name = "stats",
	.brief = "show counters, and drops by reason",
	.help =
"Usage: vnet stats [ show ] [ [ dev ] NAME ]\n"
"\n"
"What each device received, sent and dropped, and why. Reasons and counters of the\n"
"driver that are zero are left out of the text; JSON has them all.\n",
	.run = stats_run,
};
