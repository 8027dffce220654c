// SPDX-License-Identifier: GPL-2.0
/* The picture as text and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "kinds.h"
#include "topo.h"

#define TOPO_TEXT_SIZE	512

/*
 * A box for each namespace, a line in it for each device, ports below their
 * bridge; pairs that leave the namespace go through the box's right side.
 */
struct topo_box {
	char (*line)[TOPO_TEXT_SIZE];
	const struct topo_dev **far;	/* of each line; NULL if it does not leave */
	const struct topo_dev **out_of_sight;
	size_t count;
	size_t width;
};

/* Columns that UTF-8 takes, near enough for names. */
static size_t topo_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void topo_box_add(struct topo_box *box, const char *lead,
			 const struct topo_dev *dev)
{
	char text[TOPO_TEXT_SIZE - 16];
	char *line = box->line[box->count];
	size_t width;

	topo_describe(dev, text, sizeof(text), true);
	snprintf(line, TOPO_TEXT_SIZE, "%s%s", lead, text);
	if (dev->peer && dev->peer->ns == dev->ns) {
		size_t n = strlen(line);

		topo_describe(dev->peer, text, sizeof(text), false);
		snprintf(line + n, TOPO_TEXT_SIZE - n, "  ---- %.400s", text);
	} else if (dev->peer) {
		box->far[box->count] = dev->peer;
	} else if (dev->row->lower && kind_is_pair(dev->row->kind)) {
		box->out_of_sight[box->count] = dev;
	}
	width = topo_columns(line);
	if (width > box->width)
		box->width = width;
	box->count++;
}

static void topo_box_ports(struct topo_box *box, const struct topo_ns *ns,
			   const struct topo_dev *bridge)
{
	for (size_t i = 0; i < ns->dev_count; i++) {
		if (ns->dev[i].master == bridge)
			topo_box_add(box, " +-- ", &ns->dev[i]);
	}
}

static void topo_box_fill(struct topo_box *box, const struct topo_ns *ns)
{
	for (size_t i = 0; i < ns->dev_count; i++) {
		const struct topo_dev *dev = &ns->dev[i];

		if (!topo_is_bridge(dev))
			continue;
		topo_box_add(box, topo_is_port(dev) ? " ^ port: " : "", dev);
		topo_box_ports(box, ns, dev);
	}
	for (size_t i = 0; i < ns->dev_count; i++) {
		const struct topo_dev *dev = &ns->dev[i];

		/* A pair within the namespace is drawn at its first end. */
		if (topo_is_bridge(dev) || topo_is_port(dev) ||
		    (dev->peer && dev->peer->ns == ns &&
		     (dev->peer < dev || topo_is_port(dev->peer))))
			continue;
		topo_box_add(box, "", dev);
	}
}

static void topo_fill(FILE *f, char c, size_t n)
{
	while (n--)
		fputc(c, f);
}

static void topo_box_line(const struct topo_box *box, size_t i, FILE *f)
{
	const struct topo_dev *far = box->far[i];
	char name[TOPO_TEXT_SIZE];
	size_t pad = box->width - topo_columns(box->line[i]);

	fprintf(f, "| %s ", box->line[i]);
	topo_fill(f, far || box->out_of_sight[i] ? '-' : ' ', pad);
	if (far) {
		topo_clean(name, sizeof(name), topo_ns_label(far->ns));
		fprintf(f, "-+---- %s: ", name);
		topo_describe(far, name, sizeof(name), true);
		fputs(name, f);
	} else if (box->out_of_sight[i]) {
		fprintf(f, "-+---- device %d of a namespace out of sight",
			box->out_of_sight[i]->row->lower);
	} else {
		fputs(" |", f);
	}
	fputc('\n', f);
}

static void topo_box_draw(const struct topo_box *box, const struct topo_ns *ns,
			  FILE *f)
{
	char label[256];
	size_t width = box->width, used;

	topo_clean(label, sizeof(label), topo_ns_label(ns));
	used = topo_columns(label);
	fprintf(f, "+- %s ", label);
	topo_fill(f, '-', width > used ? width - used : 0);
	fputs("+\n", f);
	for (size_t i = 0; i < box->count; i++)
		topo_box_line(box, i, f);
	fputc('+', f);
	topo_fill(f, '-', width + 3);
	fputs("+\n", f);
}

static void topo_box_of(const struct topo_ns *ns, FILE *f)
{
	/* No device has more than one line. */
	size_t room = ns->dev_count + 1, used;
	struct topo_box box = {
		.line = calloc(room, sizeof(*box.line)),
		.far = calloc(room, sizeof(*box.far)),
		.out_of_sight = calloc(room, sizeof(*box.out_of_sight)),
	};

	if (box.line && box.far && box.out_of_sight) {
		topo_box_fill(&box, ns);
		used = topo_columns(topo_ns_label(ns));
		if (box.width < used)
			box.width = used;
		topo_box_draw(&box, ns, f);
	}
	free(box.line);
	free(box.far);
	free(box.out_of_sight);
}

void topo_draw_text(const struct topo *topo, struct out *o)
{
	bool any = false;

	for (size_t i = 0; i < topo->ns_count; i++) {
		const struct topo_ns *ns = topo->ns[i];

		if (!ns->dev_count || ns->leaf)
			continue;
		if (any)
			fputc('\n', o->f);
		topo_box_of(ns, o->f);
		any = true;
	}
}

static void topo_json_end(struct out *o, const char *key,
			  const struct topo_dev *dev)
{
	out_object(o, key);
	out_str(o, "netns", NULL, dev->ns->name);
	out_str(o, "ifname", NULL, dev->row->name);
	out_u64(o, "ifindex", NULL, dev->row->ifindex);
	out_object_end(o);
}

static void topo_json_dev(struct out *o, const struct topo_dev *dev)
{
	out_object(o, NULL);
	out_u64(o, "ifindex", NULL, dev->row->ifindex);
	out_str(o, "ifname", NULL, dev->row->name);
	out_str(o, "kind", NULL, dev->row->kind);
	out_flag(o, "up", dev->row->flags & IFF_UP);
	out_u64(o, "mtu", NULL, dev->row->mtu);
	if (dev->row->addr_len)
		out_mac(o, "address", NULL, dev->row->addr,
			dev->row->addr_len);
	if (dev->master)
		out_str(o, "master", NULL, dev->master->row->name);
	if (dev->peer)
		topo_json_end(o, "peer", dev->peer);
	out_array(o, "addresses");
	for (size_t i = 0; i < dev->addr_count; i++)
		out_str(o, NULL, NULL, dev->addr[i]);
	out_array_end(o);
	out_object_end(o);
}

void topo_show_json(const struct topo *topo, struct out *o)
{
	out_array(o, NULL);
	for (size_t i = 0; i < topo->ns_count; i++) {
		const struct topo_ns *ns = topo->ns[i];

		if (!ns->dev_count)
			continue;
		out_object(o, NULL);
		out_str(o, "netns", NULL, ns->name);
		out_array(o, "devices");
		for (size_t j = 0; j < ns->dev_count; j++)
			topo_json_dev(o, &ns->dev[j]);
		out_array_end(o);
		out_object_end(o);
	}
	out_array_end(o);
}
