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
 * bridge_own_set() - let frames take a bridge's direct road, or not
 * @ifindex: the bridge
 * @name: its name, for the complaint
 * @direct: 1 where they may, else 0
 *
 * Return: as struct cmd's run().
 */
int bridge_own_set(int ifindex, const char *name, uint8_t direct);

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
