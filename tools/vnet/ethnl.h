/* SPDX-License-Identifier: GPL-2.0 */
/* Queues and rings of all devices of a namespace, as ethtool shows them. */
#ifndef VNET_ETHNL_H
#define VNET_ETHNL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct ethnl_row - what one device has
 * @ifindex: the device
 * @rx: receive queues that are in use
 * @tx: transmit queues that are in use
 * @combined: queues that are both; of a vtun those that a program has attached
 * @combined_max: how many of these there may be
 * @ring: slots of a receive ring
 * @ring_max: how many there may be
 *
 * Each is 0 where the driver does not say.
 */
struct ethnl_row {
	int ifindex;
	uint32_t rx;
	uint32_t tx;
	uint32_t combined;
	uint32_t combined_max;
	uint32_t ring;
	uint32_t ring_max;
};

/**
 * struct ethnl - that of all devices that say it
 * @row: the devices, in order of their ifindex
 * @count: how many
 * @room: how many fit
 */
struct ethnl {
	struct ethnl_row *row;
	size_t count;
	size_t room;
};

/**
 * ethnl_read() - read it, in two dumps however many devices there are
 * @ethnl: the table, empty at first; for ethnl_free() in any case
 *
 * Where the kernel has no ethtool by netlink the table stays empty.
 *
 * Return: whether it worked; if not, a complaint was made.
 */
bool ethnl_read(struct ethnl *ethnl);
void ethnl_free(struct ethnl *ethnl);

/* The row of a device; NULL if there is none. It stays the table's. */
const struct ethnl_row *ethnl_find(const struct ethnl *ethnl, int ifindex);

#endif
