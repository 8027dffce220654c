// SPDX-License-Identifier: GPL-2.0
/* `vnet stats`: the counters of the suite's devices. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "counters.h"
#include "kinds.h"
#include "rates.h"
#include "samples.h"
#include "watch.h"

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

/* The driver's counters of one group. */
static void stats_show_group(struct out *o, const struct sample *sample,
			     const char *key, enum counter_group group)
{
	bool any = false;

	for (size_t i = 0; i < sample->count; i++)
		any |= sample->values[i] &&
		       counter_group(sample->names[i]) == group;
	if (any) {
		out_line(o, 4);
		out_word(o, key);
	}
	out_object(o, key);
	for (size_t i = 0; i < sample->count; i++) {
		const char *name = sample->names[i];

		if (counter_group(name) == group)
			out_count(o, counter_name(name), sample->values[i]);
	}
	out_object_end(o);
}

/* The counters of a queue follow one another. */
static size_t stats_queue_end(const struct sample *sample, size_t first,
			      char *queue, bool *any)
{
	char next[ETH_GSTRING_LEN];
	size_t i;

	*any = false;
	counter_queue(sample->names[first], queue, sizeof(next));
	for (i = first; i < sample->count; i++) {
		if (counter_group(sample->names[i]) != COUNTER_QUEUE)
			break;
		counter_queue(sample->names[i], next, sizeof(next));
		if (strcmp(queue, next) != 0)
			break;
		*any |= sample->values[i];
	}
	return i;
}

static void stats_show_queues(struct out *o, const struct sample *sample)
{
	char queue[ETH_GSTRING_LEN];
	size_t end;
	bool any;

	out_array(o, "queues");
	for (size_t i = 0; i < sample->count; i = end) {
		end = i + 1;
		if (counter_group(sample->names[i]) != COUNTER_QUEUE)
			continue;
		end = stats_queue_end(sample, i, queue, &any);
		if (!any && !o->json)
			continue;
		out_line(o, 4);
		out_object(o, NULL);
		out_str(o, "queue", "queue", queue);
		for (; i < end; i++)
			out_count(o, counter_name(sample->names[i]),
				  sample->values[i]);
		out_object_end(o);
	}
	out_array_end(o);
}

static void stats_show_one(struct out *o, const struct sample *sample)
{
	out_line(o, 0);
	out_object(o, NULL);
	out_u64(o, "ifindex", NULL, sample->ifindex);
	out_color(o, OUT_IFNAME, "ifname", NULL, sample->name);
	out_str(o, "kind", "kind", sample->kind);
	stats_show_link(o, &sample->link);
	if (sample->has_driver) {
		stats_show_group(o, sample, "drops", COUNTER_DROP);
		stats_show_group(o, sample, "roads", COUNTER_ROAD);
		stats_show_group(o, sample, "counters", COUNTER_OTHER);
		stats_show_queues(o, sample);
	}
	out_object_end(o);
}

static int stats_show(struct cmd_env *env, const char *name)
{
	struct samples samples = { 0 };
	int status;

	status = samples_read(&samples, env->nl, name);
	if (status != CMD_USAGE) {
		out_array(env->out, NULL);
		for (size_t i = 0; i < samples.count; i++)
			stats_show_one(env->out, &samples.row[i]);
		out_array_end(env->out);
		if (!samples.count && !name)
			kind_hint(NULL);
	}
	samples_free(&samples);
	return status;
}

/* The words behind the command. */
struct stats_words {
	const char *name;
	struct watch watch;
	bool watching;
	bool queues;
};

static bool stats_parse(struct args *args, struct stats_words *words)
{
	bool bad = false;

	args_take(args, "show");
	while (args->left) {
		if (watch_take(&words->watch, args, &bad)) {
			if (bad)
				return false;
			words->watching = true;
		} else if (args_take(args, "-w") || args_take(args, "watch")) {
			words->watching = true;
		} else if (args_take(args, "queues")) {
			words->watching = true;
			words->queues = true;
		} else if (!args_dev(args, &words->name)) {
			return false;
		}
	}
	return true;
}

static int stats_watch(struct cmd_env *env, const struct stats_words *words)
{
	struct samples before = { 0 }, now = { 0 };
	int status;

	if (env->out->shared) {
		env->refused = true;
		complain("\"stats -w\" watches one namespace: leave -all out, or name it with -n");
		return CMD_USAGE;
	}
	watch_begin();
	status = samples_read(&before, env->nl, words->name);
	if (!before.count && !words->name)
		kind_hint(NULL);
	for (uint32_t n = 0; status != CMD_USAGE && !watch_ended();) {
		if (words->watch.count && n++ == words->watch.count)
			break;
		if (!watch_wait(words->watch.interval))
			break;
		status = samples_read(&now, env->nl, words->name);
		if (status == CMD_USAGE ||
		    !rates_show(env->out, &before, &now, words->queues))
			break;
		samples_free(&before);
		before = now;
		now = (struct samples){ 0 };
	}
	samples_free(&before);
	samples_free(&now);
	return status;
}

static int stats_run(struct cmd_env *env, struct args *args)
{
	struct stats_words words = { .watch.interval = 1 };

	if (!stats_parse(args, &words))
		return CMD_USAGE;
	return words.watching ? stats_watch(env, &words) :
				stats_show(env, words.name);
}

const struct cmd stats_cmd = {
	.name = "stats",
	.brief = "show counters, drops by reason, and rates",
	.all = true,
	.help =
"Usage: vnet stats [ show ] [ [ dev ] NAME ]\n"
"       vnet stats -w [ interval SECONDS ] [ count N ] [ queues ] [ [ dev ] NAME ]\n"
"\n"
"What each device received, sent and dropped, and why; which roads frames took to it\n"
"or from it; and what each queue has carried. What is zero is left out of the text;\n"
"JSON has it all.\n"
"\n"
"-w shows rates instead, again and again, on a terminal the busiest devices first.\n"
"JSON has an array a line, with what was counted meanwhile as well.\n",
	.run = stats_run,
};
