/* SPDX-License-Identifier: GPL-2.0 */
/* Drivers' own counters, as `ethtool -S` shows them. */
#ifndef VNET_DRVSTATS_H
#define VNET_DRVSTATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct drvstats - the counters of the device last read
 * @count: how many
 * @value: their values
 * @names: their names, in pieces of fixed length
 * @buffer: what @value points into
 * @room: how many counters @names and @buffer hold
 * @fd: the socket they are read through
 *
 * One is used for many devices in turn, so the memory is kept between them.
 */
struct drvstats {
	size_t count;
	const uint64_t *value;
	struct ethtool_gstrings *names;
	struct ethtool_stats *buffer;
	size_t room;
	int fd;
};

/**
 * drvstats_open() - get ready to read counters
 * @drv: the counters, for drvstats_close()
 *
 * Return: whether it worked; if not, a complaint was made.
 */
bool drvstats_open(struct drvstats *drv);
void drvstats_close(struct drvstats *drv);

/**
 * drvstats_read() - read the counters of a device
 * @drv: where they go, in place of those read before
 * @name: the device
 *
 * Return: 0; -EOPNOTSUPP if its driver has none; -ENODEV if it is gone; another
 * negative errno.
 */
int drvstats_read(struct drvstats *drv, const char *name);

/**
 * drvstats_name() - the name of a counter
 * @drv: the counters
 * @i: which one
 *
 * Return: its name; good until the next device is read.
 */
const char *drvstats_name(const struct drvstats *drv, size_t i);

#endif
