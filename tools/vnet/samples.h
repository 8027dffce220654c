/* SPDX-License-Identifier: GPL-2.0 */
/* All counters of the suite's devices at one moment. */
#ifndef VNET_SAMPLES_H
#define VNET_SAMPLES_H

#include <linux/ethtool.h>

#include "links.h"

/**
 * struct sample - the counters of one device
 * @ifindex: the device
 * @name: its name
 * @kind: its kind
 * @link: what `ip -s link` shows
 * @has_driver: whether the driver has told its own
 * @count: how many it has told
 * @names: their names
 * @values: their values
 */
struct sample {
	int ifindex;
	char name[IFNAMSIZ];
	char kind[LINK_KIND_SIZE];
	struct rtnl_link_stats64 link;
	bool has_driver;
	size_t count;
	char (*names)[ETH_GSTRING_LEN];
	uint64_t *values;
};

/**
 * struct samples - those of all devices, in order of their ifindex
 * @row: the devices
 * @count: how many
 * @when: when they were read, in seconds of a clock that is never set
 */
struct samples {
	struct sample *row;
	size_t count;
	double when;
};

/**
 * samples_read() - read them
 * @samples: empty at first; for samples_free() in any case
 * @nl: the socket
 * @name: a device that alone is wanted, NULL for all of the suite
 *
 * A device that goes meanwhile is left out.
 *
 * Return: as struct cmd's run(); what was read is there even after a complaint.
 */
int samples_read(struct samples *samples, struct vnl *nl, const char *name);
void samples_free(struct samples *samples);

/* The sample of a device; NULL if there is none. */
const struct sample *samples_find(const struct samples *samples, int ifindex);

/**
 * samples_since() - what was counted between two moments
 * @since: where it goes; for samples_free() in any case
 * @before: the first moment
 * @now: the second
 *
 * Of a device that was not there at the first all counts are since then, and so
 * are those of a counter that was set to zero meanwhile.
 *
 * Return: whether there was memory for it; if not, a complaint was made.
 */
bool samples_since(struct samples *since, const struct samples *before,
		   const struct samples *now);

#endif
