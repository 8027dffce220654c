/* SPDX-License-Identifier: GPL-2.0 */
/* How devices and their options are printed. */
#ifndef VNET_LINKFMT_H
#define VNET_LINKFMT_H

#include "links.h"
#include "out.h"

/**
 * linkfmt_common() - print state, MTU and address of a device
 * @o: the writer
 * @row: the device
 */
void linkfmt_common(struct out *o, const struct link_row *row);

/**
 * linkfmt_list() - print the devices of a kind, an object each
 * @o: the writer
 * @links: where they are
 * @kind: the kind, NULL for any of the suite
 * @name: the only one that is asked for, NULL for all
 * @show: prints what there is behind the device's number and name
 * @view: handed to @show
 *
 * Where there are none, kind_hint() has its say.
 *
 * Return: false, after a complaint, if there is no device @name of that kind.
 */
bool linkfmt_list(struct out *o, const struct links *links, const char *kind,
		  const char *name,
		  void (*show)(void *view, const struct link_row *row),
		  void *view);

/* How the value of an attribute is printed. */
enum linkfmt_type {
	LINKFMT_NUMBER,
	LINKFMT_FLAG,
	LINKFMT_MAC,
	LINKFMT_PROTO,		/* big-endian Ethernet type */
	LINKFMT_BRIDGE_ID,
	LINKFMT_PORT_STATE,
	LINKFMT_BOOLS,		/* struct br_boolopt_multi */
	LINKFMT_HIDDEN,		/* padding and requests, never shown */
};

/**
 * struct linkfmt_attr - how one attribute is printed
 * @type: its number
 * @name: its name in text and JSON
 * @format: how its value is printed
 */
struct linkfmt_attr {
	int type;
	const char *name;
	enum linkfmt_type format;
};

/**
 * linkfmt_nest() - print the attributes of a nest
 * @o: the writer
 * @nest: the nest, or NULL
 * @table: what is known of them
 * @count: size of @table
 *
 * Attributes that are not in the table are printed by number, as hex.
 */
void linkfmt_nest(struct out *o, const struct nlattr *nest,
		  const struct linkfmt_attr *table, size_t count);

#endif
