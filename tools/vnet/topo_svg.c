// SPDX-License-Identifier: GPL-2.0
/* The picture as SVG. */
#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "topo.h"

/*
 * A band for each namespace that is no leaf: above its bridges, as bars, below
 * them a column for each port or other device; under the band the leaves that
 * its columns lead to. Lines are drawn last, from device to device.
 */
#define SVG_COLUMN	190	/* from column to column */
#define SVG_WIDTH	174	/* of a box in one */
#define SVG_MARGIN	24
#define SVG_LINE	16	/* from line to line of text */
#define SVG_BAR		44	/* height of a bridge */
#define SVG_DEV		52	/* height of a device */
#define SVG_CHARS	25	/* that fit in a box */

struct svg {
	FILE *f;
	const struct topo *topo;
	int x;
	int y;
	int width;
};

static void svg_text(struct svg *svg, int x, int y, const char *class,
		     const char *text)
{
	char clean[256];

	topo_clean(clean, sizeof(clean), text);
	fprintf(svg->f, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	for (const char *s = clean; *s; s++) {
		/* U+FFFE and U+FFFF are UTF-8 but no characters of XML. */
		if (strncmp(s, "\xef\xbf\xbe", 3) == 0 ||
		    strncmp(s, "\xef\xbf\xbf", 3) == 0) {
			fputc('?', svg->f);
			s += 2;
		} else if (*s == '<') {
			fputs("&lt;", svg->f);
		} else if (*s == '>') {
			fputs("&gt;", svg->f);
		} else if (*s == '&') {
			fputs("&amp;", svg->f);
		} else {
			fputc(*s, svg->f);
		}
	}
	fputs("</text>\n", svg->f);
}

static void svg_box(struct svg *svg, int x, int y, int width, int height,
		    const char *class)
{
	fprintf(svg->f,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\" class=\"%s\"/>\n",
		x, y, width, height, class);
}

static void svg_line(struct svg *svg, int x1, int y1, int x2, int y2,
		     const char *class)
{
	fprintf(svg->f,
		"<path d=\"M%d %d C%d %d %d %d %d %d\" class=\"%s\"/>\n", x1, y1,
		x1, (y1 + y2) / 2, x2, (y1 + y2) / 2, x2, y2, class);
}

/* A device and its first address; all of them where there is room below. */
static void svg_dev(struct svg *svg, struct topo_dev *dev, int x, int y,
		    size_t addrs)
{
	char text[256];
	int height = SVG_DEV;

	if (addrs > 1)
		height += (addrs - 1) * SVG_LINE;
	svg_box(svg, x, y, SVG_WIDTH, height,
		dev->row->flags & IFF_UP ? "dev" : "dev down");
	topo_describe(dev, text, sizeof(text), false);
	text[SVG_CHARS] = '\0';
	svg_text(svg, x + 8, y + 20, "name", text);
	for (size_t i = 0; i < addrs && i < dev->addr_count; i++)
		svg_text(svg, x + 8, y + 38 + i * SVG_LINE, "addr",
			 dev->addr[i]);
	dev->x = x + SVG_WIDTH / 2;
	dev->y = y + height;
}

/* The leaf that a column leads to, below it; where it is drawn already, none. */
static int svg_leaf(struct svg *svg, struct topo_dev *dev, int x, int y)
{
	struct topo_ns *ns;
	int top = y;

	if (!dev->peer || dev->peer->ns == dev->ns || !dev->peer->ns->leaf ||
	    dev->peer->ns->drawn)
		return 0;
	ns = dev->peer->ns;
	ns->drawn = true;
	svg_text(svg, x, y + 14, "ns", topo_ns_label(ns));
	y += 22;
	for (size_t i = 0; i < ns->dev_count; i++) {
		struct topo_dev *far = &ns->dev[i];

		svg_dev(svg, far, x, y, far->addr_count);
		far->y = y;
		y += SVG_DEV + 8;
		if (far->addr_count > 1)
			y += (far->addr_count - 1) * SVG_LINE;
	}
	return y - top;
}

/* One column; how much it needs below the band. */
static int svg_column(struct svg *svg, struct topo_dev *dev, int *x, int y)
{
	int below;

	svg_dev(svg, dev, *x, y, 1);
	below = svg_leaf(svg, dev, *x, y + SVG_DEV + 64);
	*x += SVG_COLUMN;
	return below;
}

static int svg_max(int a, int b)
{
	return a > b ? a : b;
}

static int svg_bridge(struct svg *svg, struct topo_dev *bridge, int *x, int y)
{
	struct topo_ns *ns = bridge->ns;
	int left = *x, below = 0;
	char text[256];

	for (size_t i = 0; i < ns->dev_count; i++) {
		if (ns->dev[i].master != bridge || topo_is_bridge(&ns->dev[i]))
			continue;
		fprintf(svg->f, "<path d=\"M%d %d V%d\" class=\"port\"/>\n",
			*x + SVG_WIDTH / 2, y + SVG_BAR, y + SVG_BAR + 20);
		below = svg_max(below, svg_column(svg, &ns->dev[i], x,
						  y + SVG_BAR + 20));
	}
	if (*x == left)
		*x += SVG_COLUMN;
	svg_box(svg, left, y, *x - left - (SVG_COLUMN - SVG_WIDTH), SVG_BAR,
		"bridge");
	topo_describe(bridge, text, sizeof(text), true);
	svg_text(svg, left + 10, y + 27, "name", text);
	return below;
}

/* The band, and how far it and what hangs from it go down. */
static void svg_band(struct svg *svg, struct topo_ns *ns)
{
	int top = svg->y, x = 2 * SVG_MARGIN, below = 0;
	int y = top + 40, height = 40 + SVG_BAR + 20 + SVG_DEV + 16;

	ns->drawn = true;
	for (size_t i = 0; i < ns->dev_count; i++) {
		if (topo_is_bridge(&ns->dev[i]))
			below = svg_max(below,
					svg_bridge(svg, &ns->dev[i], &x, y));
	}
	for (size_t i = 0; i < ns->dev_count; i++) {
		if (!topo_is_bridge(&ns->dev[i]) && !topo_is_port(&ns->dev[i]))
			below = svg_max(below,
					svg_column(svg, &ns->dev[i], &x,
						   y + SVG_BAR + 20));
	}
	svg_box(svg, SVG_MARGIN, top, x - SVG_MARGIN, height, "band");
	svg_text(svg, SVG_MARGIN + 12, top + 24, "ns", topo_ns_label(ns));
	svg->width = svg_max(svg->width, x + SVG_MARGIN);
	svg->y = top + height + 24 + (below ? below + 40 : 0);
}

static void svg_lines(struct svg *svg)
{
	for (size_t i = 0; i < svg->topo->ns_count; i++) {
		struct topo_ns *ns = svg->topo->ns[i];

		for (size_t j = 0; j < ns->dev_count; j++) {
			const struct topo_dev *dev = &ns->dev[j];
			const struct topo_dev *far = dev->peer;

			/* Each once; what was not drawn has no place. */
			if (far && dev->x && far->x &&
			    (ns->index < far->ns->index ||
			     (ns == far->ns && dev < far)))
				svg_line(svg, dev->x, dev->y, far->x, far->y,
					 "pair");
		}
	}
}

static const char svg_style[] =
"<style>\n"
"text { font: 12px monospace; fill: #1b2733 }\n"
".ns { font-weight: bold; font-size: 14px }\n"
".name { font-weight: bold }\n"
".addr { fill: #44566c }\n"
".band { fill: none; stroke: #8aa0b8; stroke-dasharray: 6 4 }\n"
".bridge { fill: #cfe3fa; stroke: #2f6db5 }\n"
".dev { fill: #ffffff; stroke: #2f6db5 }\n"
".down { stroke: #c23b3b; stroke-dasharray: 3 3 }\n"
".port { fill: none; stroke: #2f6db5; stroke-width: 2 }\n"
".pair { fill: none; stroke: #2e8b57; stroke-width: 2.5 }\n"
"</style>\n";

/* The size stands in front of what it depends on. */
void topo_draw_svg(const struct topo *topo, FILE *f)
{
	struct svg svg = { .topo = topo, .y = SVG_MARGIN, .width = 400 };
	char *body = NULL;
	size_t size = 0;

	svg.f = open_memstream(&body, &size);
	if (!svg.f)
		return;
	for (size_t i = 0; i < topo->ns_count; i++) {
		if (topo->ns[i]->dev_count && !topo->ns[i]->leaf)
			svg_band(&svg, topo->ns[i]);
	}
	svg_lines(&svg);
	fclose(svg.f);
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\">\n%s",
		svg.width, svg.y, svg_style);
	fprintf(f, "<rect width=\"100%%\" height=\"100%%\" fill=\"#fbfcfe\"/>\n%s</svg>\n",
		body ? body : "");
	free(body);
}
