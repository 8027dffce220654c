// SPDX-License-Identifier: GPL-2.0
/* What devices do each second. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "counters.h"
#include "rates.h"
#include "watch.h"

#define RATES_LINE	160
/* Columns of a line before the reasons, and lines of an answer beside these. */
#define RATES_NUMBERS	70
#define RATES_AROUND	3

/* What a line is about: a device, or one of its queues. */
struct rates_line {
	const char *name;
	const char *kind;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t dropped;
};

static uint64_t rates_per_second(uint64_t count, double seconds)
{
	return seconds > 0 ? (uint64_t)(count / seconds + 0.5) : 0;
}

/* "999", "1.2k", "34.5M": never more than six characters. */
static void rates_human(char *text, size_t size, uint64_t val)
{
	static const char units[] = " kMGTPE";
	double num = val;
	size_t unit = 0;

	if (val < 1000) {
		snprintf(text, size, "%u", (unsigned int)val);
		return;
	}
	for (; num >= 999.95 && unit + 2 < sizeof(units); unit++)
		num /= 1000;
	snprintf(text, size, "%.1f%c", num, units[unit]);
}

static void rates_text_line(struct out *o, const struct rates_line *line,
			    double seconds, const char *why)
{
	const uint64_t vals[] = {
		line->rx_packets, 8 * line->rx_bytes, line->tx_packets,
		8 * line->tx_bytes, line->dropped,
	};
	char text[RATES_LINE];
	char cell[16];
	int n;

	out_line(o, 0);
	snprintf(text, sizeof(text), "%-15s", line->name);
	out_color(o, OUT_IFNAME, NULL, NULL, text);
	n = snprintf(text, sizeof(text), "%-8s", line->kind);
	for (size_t i = 0; i < ARRAY_SIZE(vals); i++) {
		rates_human(cell, sizeof(cell),
			    rates_per_second(vals[i], seconds));
		n += snprintf(text + n, sizeof(text) - n, "%9s", cell);
	}
	out_word(o, text);
	if (*why)
		out_color(o, OUT_BAD, NULL, NULL, why);
}

static void rates_heading(struct out *o, double seconds, size_t devices,
			  size_t left_out)
{
	char text[RATES_LINE];
	char clock[16];
	time_t now = time(NULL);
	struct tm tm;
	int n;

	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%T", &tm);
	n = snprintf(text, sizeof(text), "%s  %zu device%s, over %.2f s", clock,
		     devices, devices == 1 ? "" : "s", seconds);
	if (left_out)
		snprintf(text + n, sizeof(text) - n, ", the %zu quietest not shown",
			 left_out);
	out_line(o, 0);
	out_word(o, text);
	snprintf(text, sizeof(text), "%-15s %-8s%9s%9s%9s%9s%9s %s", "DEVICE",
		 "KIND", "RX pkt/s", "RX bit/s", "TX pkt/s", "TX bit/s",
		 "DROP/s", "WHY");
	out_line(o, 0);
	out_word(o, text);
}

static struct rates_line rates_of_device(const struct sample *sample)
{
	return (struct rates_line){
		.name = sample->name,
		.kind = sample->kind,
		.rx_packets = sample->link.rx_packets,
		.rx_bytes = sample->link.rx_bytes,
		.tx_packets = sample->link.tx_packets,
		.tx_bytes = sample->link.tx_bytes,
		.dropped = sample->link.rx_dropped + sample->link.tx_dropped,
	};
}

/* Adds a counter to the line of its queue. */
static void rates_add(struct rates_line *line, const char *name, uint64_t val)
{
	bool rx = name[0] == 'r';

	name = counter_name(name);
	if (strcmp(name, "packets") == 0)
		*(rx ? &line->rx_packets : &line->tx_packets) += val;
	else if (strcmp(name, "bytes") == 0)
		*(rx ? &line->rx_bytes : &line->tx_bytes) += val;
	else if (strcmp(name, "xdp_drops") == 0)
		line->dropped += val;
}

/* The queues of a device in turn; @fn is called once for each. */
static void rates_each_queue(const struct sample *sample,
			     void (*fn)(const struct rates_line *line,
					void *arg), void *arg)
{
	char queue[ETH_GSTRING_LEN], last[ETH_GSTRING_LEN] = "";
	struct rates_line line = { .name = last, .kind = "" };

	for (size_t i = 0; i < sample->count; i++) {
		const char *name = sample->names[i];

		if (counter_group(name) != COUNTER_QUEUE)
			continue;
		counter_queue(name, queue, sizeof(queue));
		if (strcmp(queue, last) != 0) {
			if (*last)
				fn(&line, arg);
			memcpy(last, queue, sizeof(last));
			line = (struct rates_line){ .name = last, .kind = "" };
		}
		rates_add(&line, name, sample->values[i]);
	}
	if (*last)
		fn(&line, arg);
}

/* The most frequent reason but for those before @last; NULL if there is none. */
static const uint64_t *rates_next_why(const struct sample *sample,
				      const uint64_t *last)
{
	const uint64_t *best = NULL;

	for (size_t i = 0; i < sample->count; i++) {
		const uint64_t *val = &sample->values[i];

		if (!*val || counter_group(sample->names[i]) != COUNTER_DROP ||
		    (last && (*val > *last || (*val == *last && val <= last))))
			continue;
		if (!best || *val > *best)
			best = val;
	}
	return best;
}

/* The reasons, the most frequent first, as far as there is room. */
static void rates_why(char *why, size_t size, const struct sample *sample)
{
	const uint64_t *val = NULL;
	size_t used = 0;

	why[0] = '\0';
	while (used < size && (val = rates_next_why(sample, val)))
		used += snprintf(why + used, size - used, "%s%s",
				 used ? "," : "",
				 counter_name(sample->names[val - sample->values]));
}

/*
 * What the functions below are called with; @room is how many lines there are
 * for devices and queues, and @why how many bytes for reasons.
 */
struct rates_view {
	struct out *o;
	double seconds;
	size_t room;
	size_t why;
};

static void rates_text_queue(const struct rates_line *line, void *arg)
{
	struct rates_view *view = arg;
	char name[ETH_GSTRING_LEN + 2];
	struct rates_line indented = *line;

	if (!view->room)
		return;
	view->room--;
	snprintf(name, sizeof(name), "  %s", line->name);
	indented.name = name;
	rates_text_line(view->o, &indented, view->seconds, "");
}

static int rates_busier(const void *a, const void *b)
{
	const struct sample *const *x = a;
	const struct sample *const *y = b;
	uint64_t p = (*x)->link.rx_bytes + (*x)->link.tx_bytes;
	uint64_t q = (*y)->link.rx_bytes + (*y)->link.tx_bytes;

	if (p != q)
		return p < q ? 1 : -1;
	return ((*x)->ifindex > (*y)->ifindex) - ((*x)->ifindex < (*y)->ifindex);
}

static void rates_count(const struct rates_line *line, void *arg)
{
	size_t *lines = arg;

	(void)line;
	(*lines)++;
}

/* How many devices there is room for, with their queues; one at least. */
static size_t rates_fit(const struct rates_view *view,
			const struct sample **order, size_t count, bool queues)
{
	size_t lines = 0, i;

	for (i = 0; i < count; i++) {
		lines++;
		if (queues)
			rates_each_queue(order[i], rates_count, &lines);
		if (i && lines > view->room)
			break;
	}
	return i;
}

static void rates_text(struct rates_view *view, const struct samples *now,
		       bool queues)
{
	unsigned int lines, columns;
	const struct sample **order;
	size_t shown = now->count;
	char why[RATES_LINE / 2];

	order = calloc(now->count + 1, sizeof(*order));
	if (!order)
		return;
	for (size_t i = 0; i < now->count; i++)
		order[i] = &now->row[i];
	view->room = SIZE_MAX;
	view->why = sizeof(why);
	if (watch_size(view->o, &lines, &columns)) {
		watch_clear(view->o);
		qsort(order, now->count, sizeof(*order), rates_busier);
		view->room = lines > RATES_AROUND ? lines - RATES_AROUND : 1;
		if (columns <= RATES_NUMBERS)
			view->why = 1;
		else if (columns - RATES_NUMBERS < view->why)
			view->why = columns - RATES_NUMBERS;
		shown = rates_fit(view, order, now->count, queues);
	}
	rates_heading(view->o, view->seconds, now->count, now->count - shown);
	for (size_t i = 0; i < shown; i++) {
		const struct rates_line line = rates_of_device(order[i]);

		rates_why(why, view->why, order[i]);
		rates_text_line(view->o, &line, view->seconds, why);
		view->room -= !!view->room;
		if (queues)
			rates_each_queue(order[i], rates_text_queue, view);
	}
	free(order);
}

static void rates_json_way(struct rates_view *view, const char *key,
			   uint64_t packets, uint64_t bytes)
{
	struct out *o = view->o;

	out_object(o, key);
	out_u64(o, "packets", NULL, packets);
	out_u64(o, "bytes", NULL, bytes);
	out_u64(o, "packets_per_s", NULL,
		rates_per_second(packets, view->seconds));
	out_u64(o, "bits_per_s", NULL,
		rates_per_second(8 * bytes, view->seconds));
	out_object_end(o);
}

static void rates_json_queue(const struct rates_line *line, void *arg)
{
	struct rates_view *view = arg;
	bool rx = line->name[0] == 'r';

	out_object(view->o, NULL);
	out_str(view->o, "queue", NULL, line->name);
	rates_json_way(view, rx ? "rx" : "tx",
		       rx ? line->rx_packets : line->tx_packets,
		       rx ? line->rx_bytes : line->tx_bytes);
	out_object_end(view->o);
}

static void rates_json_device(struct rates_view *view,
			      const struct sample *sample, bool queues)
{
	struct out *o = view->o;

	out_object(o, NULL);
	out_u64(o, "ifindex", NULL, sample->ifindex);
	out_str(o, "ifname", NULL, sample->name);
	out_str(o, "kind", NULL, sample->kind);
	out_u64(o, "milliseconds", NULL, (uint64_t)(view->seconds * 1000));
	rates_json_way(view, "rx", sample->link.rx_packets,
		       sample->link.rx_bytes);
	rates_json_way(view, "tx", sample->link.tx_packets,
		       sample->link.tx_bytes);
	out_object(o, "drops");
	for (size_t i = 0; i < sample->count; i++) {
		if (counter_group(sample->names[i]) == COUNTER_DROP)
			out_u64(o, counter_name(sample->names[i]), NULL,
				sample->values[i]);
	}
	out_object_end(o);
	if (queues) {
		out_array(o, "queues");
		rates_each_queue(sample, rates_json_queue, view);
		out_array_end(o);
	}
	out_object_end(o);
}

bool rates_show(struct out *o, const struct samples *before,
		const struct samples *now, bool queues)
{
	struct rates_view view = {
		.o = o,
		.seconds = now->when - before->when,
	};
	struct samples since;

	if (!samples_since(&since, before, now)) {
		samples_free(&since);
		return false;
	}
	out_array(o, NULL);
	if (o->json) {
		for (size_t i = 0; i < since.count; i++)
			rates_json_device(&view, &since.row[i], queues);
	} else {
		rates_text(&view, &since, queues);
	}
	out_array_end(o);
	samples_free(&since);
	return out_flush(o);
}
