// SPDX-License-Identifier: GPL-2.0
/* The picture for graphviz. */
#include <string.h>

#include "kinds.h"
#include "topo.h"

/* In quotes, where a quote and a backslash need another one. */
static void topo_dot_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (strchr("\"\\", *text))
			fputc('\\', f);
		fputc(*text, f);
	}
}

static void topo_dot_node(FILE *f, const struct topo_dev *dev)
{
	char text[256];

	topo_describe(dev, text, sizeof(text), false);
	fprintf(f, "    n%zu_%d [shape=%s, label=\"", dev->ns->index,
		dev->row->ifindex, topo_is_bridge(dev) ? "box3d" : "box");
	topo_dot_text(f, text);
	for (size_t i = 0; i < dev->addr_count; i++)
		fprintf(f, "\\n%s", dev->addr[i]);
	fputs("\"];\n", f);
}

static void topo_dot_edge(FILE *f, const struct topo_dev *a,
			  const struct topo_dev *b, const char *style)
{
	fprintf(f, "  n%zu_%d -- n%zu_%d [%s];\n", a->ns->index,
		a->row->ifindex, b->ns->index, b->row->ifindex, style);
}

void topo_draw_dot(const struct topo *topo, FILE *f)
{
	char label[256];

	fputs("graph vnet {\n  graph [rankdir=LR];\n  node [fontname=\"monospace\"];\n", f);
	for (size_t i = 0; i < topo->ns_count; i++) {
		const struct topo_ns *ns = topo->ns[i];

		if (!ns->dev_count)
			continue;
		topo_clean(label, sizeof(label), topo_ns_label(ns));
		fprintf(f, "  subgraph cluster_%zu {\n    label=\"", i);
		topo_dot_text(f, label);
		fputs("\";\n", f);
		for (size_t j = 0; j < ns->dev_count; j++)
			topo_dot_node(f, &ns->dev[j]);
		fputs("  }\n", f);
	}
	for (size_t i = 0; i < topo->ns_count; i++) {
		const struct topo_ns *ns = topo->ns[i];

		for (size_t j = 0; j < ns->dev_count; j++) {
			const struct topo_dev *dev = &ns->dev[j];

			if (dev->master)
				topo_dot_edge(f, dev->master, dev,
					      "style=dashed");
			if (dev->peer && (dev->ns->index < dev->peer->ns->index ||
					  (dev->ns == dev->peer->ns &&
					   dev < dev->peer)))
				topo_dot_edge(f, dev, dev->peer, "penwidth=2");
		}
	}
	fputs("}\n", f);
}
