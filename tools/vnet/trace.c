// SPDX-License-Identifier: GPL-2.0
/* `vnet trace`: the way of frames through the suite, from the kernel's trace events. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "kinds.h"
#include "links.h"
#include "tracefs.h"
#include "watch.h"

/* Frames that are followed at a time; the one longest silent makes room. */
#define TRACE_FRAMES	256
#define TRACE_STAGES	64

/* One event of a frame's way. */
struct trace_stage {
	double when;
	char event[32];
	char dev[IFNAMSIZ];
	char text[160];
};

/* A frame, known by the address of its buffer. */
struct trace_frame {
	char skb[24];
	unsigned int cpu;
	bool wanted;
	size_t count;
	struct trace_stage stage[TRACE_STAGES];
};

/* What stays from line to line. */
struct trace {
	struct out *out;
	const struct tracefs *tracefs;
	const char *dev;
	const char *peer;
	const char *match;
	struct trace_frame *frame;
	uint32_t count;
	uint32_t shown;
	bool broken;
};

/* A word "KEY=VALUE" of an event, "" if it has none. */
static void trace_word(const char *text, const char *key, char *val, size_t size)
{
	size_t len = strlen(key);
	const char *s = text;

	val[0] = '\0';
	while ((s = strstr(s, key))) {
		if ((s == text || s[-1] == ' ') && s[len] == '=') {
			s += len + 1;
			snprintf(val, size, "%.*s", (int)strcspn(s, " \n"), s);
			return;
		}
		s += len;
	}
}

static bool trace_is(const struct trace_stage *stage, const char *event)
{
	return strcmp(stage->event, event) == 0;
}

/*
 * From one end of a pair the ordinary road comes out at the other; what comes
 * out elsewhere has been handed on beneath the stack.
 */
static const char *trace_road(const struct trace *trace,
			      const struct trace_frame *frame)
{
	bool sent = false;

	for (size_t i = 0; i < frame->count; i++) {
		const struct trace_stage *stage = &frame->stage[i];

		if (!sent) {
			sent = trace_is(stage, "net_dev_start_xmit") &&
			       strcmp(stage->dev, trace->dev) == 0;
			continue;
		}
		if (strncmp(stage->event, "vflow", 5) == 0)
			return "flow";
		if (trace_is(stage, "netif_receive_skb") ||
		    trace_is(stage, "napi_gro_receive_entry"))
			return trace->peer && !strcmp(stage->dev, trace->peer) ?
			       "ordinary" : "direct";
	}
	return "unknown";
}

/* CPUs may differ by a little: what comes later is not told to be earlier. */
static uint64_t trace_ns(double from, double to, double ns)
{
	return to > from ? (uint64_t)((to - from) * ns + 0.5) : 0;
}

static void trace_show(struct trace *trace, const struct trace_frame *frame)
{
	double first = frame->stage[0].when, last = first;
	double ns = tracefs_ns(trace->tracefs);
	struct out *o = trace->out;

	out_line(o, 0);
	out_object(o, NULL);
	out_str(o, "frame", "frame", frame->skb);
	out_str(o, "road", "road", trace_road(trace, frame));
	out_array(o, "stages");
	for (size_t i = 0; i < frame->count; i++) {
		const struct trace_stage *stage = &frame->stage[i];

		out_line(o, 4);
		out_object(o, NULL);
		out_u64(o, "at_ns", "+", trace_ns(first, stage->when, ns));
		out_u64(o, "took_ns", "ns, after",
			trace_ns(last, stage->when, ns));
		out_str(o, "event", NULL, stage->event);
		if (stage->dev[0])
			out_color(o, OUT_IFNAME, "dev", "dev", stage->dev);
		if (o->json)
			out_str(o, "text", NULL, stage->text);
		last = stage->when;
		out_object_end(o);
	}
	out_array_end(o);
	out_object_end(o);
	trace->broken = !out_flush(o);
	trace->shown++;
}

static void trace_finish(struct trace *trace, struct trace_frame *frame)
{
	if (frame->wanted && frame->count)
		trace_show(trace, frame);
	*frame = (struct trace_frame){ 0 };
}

/* The frame of a buffer; with @make one that is free, or made so. */
static struct trace_frame *trace_frame(struct trace *trace, const char *skb,
				       bool make)
{
	struct trace_frame *oldest = &trace->frame[0];

	for (size_t i = 0; i < TRACE_FRAMES; i++) {
		struct trace_frame *frame = &trace->frame[i];

		if (frame->count && strcmp(frame->skb, skb) == 0)
			return frame;
		if (!frame->count || (oldest->count &&
				      frame->stage[frame->count - 1].when <
				      oldest->stage[oldest->count - 1].when))
			oldest = frame;
	}
	if (!make)
		return NULL;
	trace_finish(trace, oldest);
	snprintf(oldest->skb, sizeof(oldest->skb), "%s", skb);
	return oldest;
}

/* Events without a buffer's address belong to the frame that CPU has in hand. */
static struct trace_frame *trace_on_cpu(struct trace *trace, unsigned int cpu)
{
	struct trace_frame *latest = NULL;

	for (size_t i = 0; i < TRACE_FRAMES; i++) {
		struct trace_frame *frame = &trace->frame[i];

		if (!frame->count || frame->cpu != cpu)
			continue;
		if (!latest || frame->stage[frame->count - 1].when >
			       latest->stage[latest->count - 1].when)
			latest = frame;
	}
	return latest;
}

static void trace_take(struct trace *trace, const struct tracefs_line *line)
{
	struct trace_stage stage = { .when = line->when };
	struct trace_frame *frame;
	char skb[24];
	bool start;

	snprintf(stage.event, sizeof(stage.event), "%s", line->event);
	snprintf(stage.text, sizeof(stage.text), "%.150s", line->text);
	trace_word(line->text, "dev", stage.dev, sizeof(stage.dev));
	if (!stage.dev[0])
		trace_word(line->text, "port", stage.dev, sizeof(stage.dev));
	trace_word(line->text, "skbaddr", skb, sizeof(skb));
	start = strcmp(stage.dev, trace->dev) == 0 && skb[0];
	frame = skb[0] ? trace_frame(trace, skb, start) :
			 trace_on_cpu(trace, line->cpu);
	if (!frame)
		return;
	frame->cpu = line->cpu;
	if (frame->count < TRACE_STAGES)
		frame->stage[frame->count++] = stage;
	/* It is followed from where it named the device: any stage will do. */
	frame->wanted |= !trace->match || strstr(line->text, trace->match);
	/* A buffer that is freed is another frame's next time. */
	if (trace_is(&stage, "kfree_skb") || trace_is(&stage, "consume_skb") ||
	    trace_is(&stage, "skb_copy_datagram_iovec"))
		trace_finish(trace, frame);
}

static bool trace_enough(const struct trace *trace)
{
	return trace->broken || (trace->count && trace->shown >= trace->count);
}

static void trace_go_on(struct trace *trace, struct tracefs *tracefs)
{
	struct tracefs_line line;

	while (!watch_ended() && !trace_enough(trace)) {
		switch (tracefs_next(tracefs, &line)) {
		case TRACEFS_LINE:
			trace_take(trace, &line);
			break;
		case TRACEFS_QUIET:
			break;
		case TRACEFS_END:
			return;
		}
	}
	for (size_t i = 0; i < TRACE_FRAMES && !trace_enough(trace); i++)
		trace_finish(trace, &trace->frame[i]);
}

static const char *const trace_events[] = {
	"net/net_dev_queue", "net/net_dev_start_xmit", "net/net_dev_xmit",
	"net/netif_rx", "net/napi_gro_receive_entry", "net/netif_receive_skb",
	"skb/kfree_skb", "skb/consume_skb", "skb/skb_copy_datagram_iovec",
	"vbridge", "vflow",
};

static int trace_open(struct trace *trace)
{
	struct tracefs tracefs;
	int status = CMD_REFUSED;

	if (!tracefs_open(&tracefs))
		return CMD_REFUSED;
	trace->tracefs = &tracefs;
	for (size_t i = 0; i < ARRAY_SIZE(trace_events); i++)
		tracefs_enable(&tracefs, trace_events[i]);
	trace->frame = calloc(TRACE_FRAMES, sizeof(*trace->frame));
	if (!trace->frame) {
		complain("out of memory");
	} else if (tracefs_start(&tracefs)) {
		if (!trace->out->json) {
			out_word(trace->out, "tracing");
			out_flush(trace->out);
		}
		trace_go_on(trace, &tracefs);
		status = trace->broken ? CMD_REFUSED : CMD_DONE;
	}
	free(trace->frame);
	tracefs_close(&tracefs);
	return status;
}

static bool trace_parse(struct args *args, struct trace *trace)
{
	struct watch watch = { 0 };
	bool bad = false;

	args_take(args, "dev");
	trace->dev = args_next(args);
	if (!trace->dev) {
		complain("\"trace\" needs a device; try \"vnet trace help\"");
		return false;
	}
	while (args->left) {
		if (watch_take(&watch, args, &bad)) {
			if (bad)
				return false;
			if (watch.interval > 0) {
				complain("\"interval\" is not for trace: it shows frames as they come");
				return false;
			}
			trace->count = watch.count;
		} else if (args_take(args, "match")) {
			trace->match = args_value(args, "match");
			if (!trace->match)
				return false;
		} else {
			return args_end(args);
		}
	}
	return true;
}

static int trace_run(struct cmd_env *env, struct args *args)
{
	struct trace trace = { .out = env->out };
	const struct link_row *row, *peer;
	struct links links = { 0 };
	int status = CMD_REFUSED;

	if (!trace_parse(args, &trace))
		return CMD_USAGE;
	if (links_read(&links, env->nl, false)) {
		status = CMD_USAGE;
		row = links_find(&links, trace.dev, NULL);
	} else {
		row = NULL;
	}
	if (row) {
		struct link_row asked;

		peer = links_by_index(&links, row->lower);
		if (row->lower_nsid >= 0)
			peer = link_ask(env->nl, &asked, NULL, row->lower,
					row->lower_nsid) ? NULL : &asked;
		trace.peer = peer ? peer->name : NULL;
		watch_begin();
		status = trace_open(&trace);
	}
	links_free(&links);
	return status;
}

const struct cmd trace_cmd = {
	.name = "trace",
	.brief = "follow frames through the suite, stage by stage",
	.help =
"Usage: vnet trace [ dev ] DEV [ match TEXT ] [ count N ]\n"
"\n"
"Each frame that a stage names DEV for, with all its stages: what the kernel did, at\n"
"which device, and how many nanoseconds after the stage before (in whole microseconds\n"
"where the kernel does not go by the processor's counter). \"road direct\" where it left\n"
"DEV and came out beneath the stack of the other end. match takes frames of which a\n"
"stage's text has TEXT, as in \"match protocol=0x0806\". Needs root and tracefs; names\n"
"are looked at without their namespace. It ends with an interruption, or after N\n"
"frames.\n",
	.run = trace_run,
};
