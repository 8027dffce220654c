/* SPDX-License-Identifier: GPL-2.0 */
/* What a bridge of the suite has that the in-tree one has not, and so `ip`. */
#ifndef VNET_BRIDGE_OWN_H
#define VNET_BRIDGE_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "out.h"

/**
 * struct bridge_own - that of all bridges of a namespace
 * @row: a copy of each answer of the kernel; bridges, then ports
 * @count: how many
 * @room: how many fit
 */
struct bridge_own {
	struct bridge_own_row *row;
	size_t count;
	size_t room;
};

/**
 * bridge_own_read() - read it
 * @own: the table, empty at first; for bridge_own_free()
 *
 * Of modules too old to know the answer nothing is in the table.
 *
 * Return: whether it worked; if not, a complaint was made and nothing is left
 * to be freed.
 */
bool bridge_own_read(struct bridge_own *own);
void bridge_own_free(struct bridge_own *own);

/* Adds what there is of a bridge, or of a port, to its line. */
void bridge_own_show(struct out *o, const struct bridge_own *own, int ifindex);
void bridge_own_show_port(struct out *o, const struct bridge_own *own,
			  int ifindex);

/**
 * struct bridge_own_options - what is to change of a bridge
 * @has_direct: this:
 * @direct: 1 where frames may take its direct road, else 0
 * @has_max_ports: and this:
 * @max_ports: how many ports it may have, 0 for any number
 */
struct bridge_own_options {
	bool has_direct;
	uint8_t direct;
	bool has_max_ports;
	uint32_t max_ports;
};

/**
 * bridge_own_set() - change a bridge
 * @ifindex: the bridge
 * @name: its name, for the complaint
 * @options: one of them at least
 *
 * Return: as struct cmd's run().
 */
int bridge_own_set(int ifindex, const char *name,
		   const struct bridge_own_options *options);

/**
 * bridge_own_set_port() - limit the addresses learned at a port
 * @ifindex: the port's device
 * @name: its name, for the complaint
 * @max: the limit, 0 for none; NULL for that of the bridge
 *
 * Return: as struct cmd's run().
 */
int bridge_own_set_port(int ifindex, const char *name, const uint32_t *max);

#endif
