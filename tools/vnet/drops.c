// SPDX-License-Identifier: GPL-2.0
/* `vnet drops`: which frames were lost, where, and why. */
#include <stdio.h>

#include "cmd.h"
#include "counters.h"
#include "kinds.h"
#include "samples.h"
#include "watch.h"

/* Frames lost that the driver has no reason for: the kernel lost them. */
#define DROPS_OTHER	"other"

/* What stays the same for all lines of one answer. */
struct drops_view {
	struct out *o;
	bool period;
	uint64_t milliseconds;
	size_t shown;
};

static const char *drops_why(const char *reason, bool other)
{
	const char *why;

	if (other)
		return "lost around the driver: a queueing discipline, a filter, or nobody to take them";
	why = counter_why(reason);
	return why ? why : "a reason newer than this program";
}

static void drops_show(struct drops_view *view, const struct sample *sample,
		       const char *reason, uint64_t frames, bool other)
{
	struct out *o = view->o;

	if (!frames)
		return;
	view->shown++;
	out_line(o, 0);
	out_object(o, NULL);
	out_u64(o, "ifindex", NULL, sample->ifindex);
	out_color(o, OUT_IFNAME, "ifname", NULL, sample->name);
	out_str(o, "kind", "kind", sample->kind);
	out_color(o, OUT_BAD, "reason", "reason", reason);
	out_u64(o, "frames", "frames", frames);
	if (view->period && o->json)
		out_u64(o, "milliseconds", NULL, view->milliseconds);
	out_line(o, 4);
	out_str(o, "why", NULL, drops_why(reason, other));
	out_object_end(o);
}

static void drops_show_device(struct drops_view *view,
			      const struct sample *sample)
{
	uint64_t all = sample->link.rx_dropped + sample->link.tx_dropped;
	uint64_t told = 0;

	for (size_t i = 0; i < sample->count; i++) {
		const char *name = sample->names[i];

		if (counter_group(name) != COUNTER_DROP)
			continue;
		told += sample->values[i];
		drops_show(view, sample, counter_name(name), sample->values[i],
			   false);
	}
	if (all > told)
		drops_show(view, sample, DROPS_OTHER, all - told, true);
}

static void drops_show_all(struct drops_view *view,
			   const struct samples *samples)
{
	out_array(view->o, NULL);
	for (size_t i = 0; i < samples->count; i++)
		drops_show_device(view, &samples->row[i]);
	out_array_end(view->o);
	if (!samples->count)
		kind_hint(NULL);
	else if (!view->shown && !view->o->json)
		out_word(view->o, view->period ?
			 "no frame was lost meanwhile" :
			 "no frame was lost since these devices are there");
}

/* The words behind the command. */
struct drops_words {
	const char *name;
	struct watch watch;
};

static bool drops_parse(struct args *args, struct drops_words *words)
{
	bool bad = false;

	args_take(args, "show");
	while (args->left) {
		if (watch_take(&words->watch, args, &bad)) {
			if (bad)
				return false;
			if (words->watch.count) {
				complain("\"count\" is not for drops: they are shown once");
				return false;
			}
		} else if (!args_dev(args, &words->name)) {
			return false;
		}
	}
	return true;
}

/* What is lost from now on, for a while. */
static int drops_run_period(struct cmd_env *env, const struct drops_words *words)
{
	struct samples before = { 0 }, now = { 0 }, since = { 0 };
	struct drops_view view = { .o = env->out, .period = true };
	int status;

	if (env->out->shared) {
		env->refused = true;
		complain("\"drops interval\" waits in one namespace: leave -all out, or name it with -n");
		return CMD_USAGE;
	}
	watch_begin();
	status = samples_read(&before, env->nl, words->name);
	if (status != CMD_USAGE) {
		watch_wait(words->watch.interval);
		status = samples_read(&now, env->nl, words->name);
	}
	if (status != CMD_USAGE) {
		view.milliseconds = (uint64_t)(1000 * (now.when - before.when));
		if (samples_since(&since, &before, &now))
			drops_show_all(&view, &since);
		else
			status = CMD_REFUSED;
	}
	samples_free(&before);
	samples_free(&now);
	samples_free(&since);
	return status;
}

static int drops_run(struct cmd_env *env, struct args *args)
{
	struct drops_view view = { .o = env->out };
	struct drops_words words = { 0 };
	struct samples samples = { 0 };
	int status;

	if (!drops_parse(args, &words))
		return CMD_USAGE;
	if (words.watch.interval > 0)
		return drops_run_period(env, &words);
	status = samples_read(&samples, env->nl, words.name);
	if (status != CMD_USAGE)
		drops_show_all(&view, &samples);
	samples_free(&samples);
	return status;
}

const struct cmd drops_cmd = {
	.name = "drops",
	.brief = "show which frames were lost, where and why",
	.all = true,
	.help =
"Usage: vnet drops [ show ] [ interval SECONDS ] [ [ dev ] NAME ]\n"
"\n"
"A line for each device and reason, with what the reason means and where to look.\n"
"Counted is since the device is there; with interval, for so long from now on.\n"
"\"other\" is what the kernel lost around the driver.\n",
	.run = drops_run,
};
