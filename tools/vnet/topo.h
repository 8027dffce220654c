/* SPDX-License-Identifier: GPL-2.0 */
/* What is joined to what, through all namespaces that may be entered. */
#ifndef VNET_TOPO_H
#define VNET_TOPO_H

#include "links.h"
#include "out.h"

/**
 * struct topo_dev - a device in the picture
 * @row: what is known of it
 * @ns: its namespace
 * @peer: the pair's other end, NULL where it is out of sight or there is none
 * @master: the bridge, bond or VRF that it belongs to, NULL if to none
 * @addr: its IP addresses as text, those of the link itself left out
 * @addr_count: how many
 * @x: where it is drawn, once that is known
 * @y: the same
 */
struct topo_dev {
	const struct link_row *row;
	struct topo_ns *ns;
	struct topo_dev *peer;
	struct topo_dev *master;
	char **addr;
	size_t addr_count;
	int x;
	int y;
};

/**
 * struct topo_ns - a namespace
 * @name: its name or path; "" for the one the program was started in
 * @links: all its devices
 * @nl: a socket in it; @has_nl tells whether there is one
 * @has_nl: whether there is
 * @dev: those in the picture, in order of their ifindex
 * @dev_count: how many
 * @leaf: all it has are ends of pairs that lead to a namespace drawn already
 * @index: its place among all
 * @drawn: whether a picture has it already
 */
struct topo_ns {
	char *name;
	struct links links;
	struct vnl nl;
	bool has_nl;
	struct topo_dev *dev;
	size_t dev_count;
	bool leaf;
	size_t index;
	bool drawn;
};

/**
 * struct topo - all of it
 * @ns: the namespaces; the one the program was started in is the first
 * @ns_count: how many
 */
struct topo {
	struct topo_ns **ns;
	size_t ns_count;
};

/* What a namespace is called in a picture. */
const char *topo_ns_label(const struct topo_ns *ns);

/* Is the device a bridge, of whatever kind? */
bool topo_is_bridge(const struct topo_dev *dev);

/* Is it drawn with a bridge? Members of a bond or a VRF stand by themselves. */
bool topo_is_port(const struct topo_dev *dev);

/**
 * topo_describe() - a device and what goes with it, in one line
 * @dev: the device
 * @text: where to
 * @size: room there
 * @addrs: whether its addresses are wanted
 *
 * No byte of it can do harm to a terminal, and all of it is UTF-8.
 */
void topo_describe(const struct topo_dev *dev, char *text, size_t size,
		   bool addrs);

/**
 * topo_clean() - a name without what is no text
 * @text: where to
 * @size: room there
 * @name: the name
 */
void topo_clean(char *text, size_t size, const char *name);

/* The pictures; they are written to the stream itself. */
void topo_draw_text(const struct topo *topo, struct out *o);
void topo_draw_dot(const struct topo *topo, FILE *f);
void topo_draw_svg(const struct topo *topo, FILE *f);
void topo_show_json(const struct topo *topo, struct out *o);

#endif
