// SPDX-License-Identifier: GPL-2.0
/* Drivers' own counters, by the ethtool ioctls. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "args.h"
#include "drvstats.h"

/*
 * The kernel writes as many counters as the device has at that moment, whatever
 * room there is. A device that gets more queues between the question for their
 * number and the question for their values must not write beyond the buffer.
 */
#define DRVSTATS_SLACK	8192

bool drvstats_open(struct drvstats *drv)
{
	memset(drv, 0, sizeof(*drv));
	drv->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (drv->fd < 0)
		complain("cannot open a socket: %s", strerror(errno));
	return drv->fd >= 0;
}

void drvstats_close(struct drvstats *drv)
{
	close(drv->fd);
	free(drv->names);
	free(drv->buffer);
}

static int drvstats_ioctl(const struct drvstats *drv, const char *name,
			  void *cmd)
{
	struct ifreq ifr = { .ifr_data = cmd };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return ioctl(drv->fd, SIOCETHTOOL, &ifr) ? -errno : 0;
}

static int drvstats_count(const struct drvstats *drv, const char *name,
			  size_t *count)
{
	union {
		struct ethtool_sset_info info;
		/* The answer to one bit of the mask is one number behind it. */
		uint8_t room[sizeof(struct ethtool_sset_info) +
			     sizeof(uint32_t)];
	} set = {
		.info.cmd = ETHTOOL_GSSET_INFO,
		.info.sset_mask = 1ULL << ETH_SS_STATS,
	};
	int err;

	err = drvstats_ioctl(drv, name, &set);
	if (err)
		return err;
	*count = set.info.sset_mask ? set.info.data[0] : 0;
	return *count ? 0 : -EOPNOTSUPP;
}

static int drvstats_grow(struct drvstats *drv, size_t count)
{
	size_t room = count + DRVSTATS_SLACK;

	if (room <= drv->room)
		return 0;
	free(drv->names);
	free(drv->buffer);
	drv->room = 0;
	drv->names = malloc(sizeof(*drv->names) + room * ETH_GSTRING_LEN);
	drv->buffer = malloc(sizeof(*drv->buffer) + room * sizeof(uint64_t));
	if (!drv->names || !drv->buffer)
		return -ENOMEM;
	drv->room = room;
	return 0;
}

static int drvstats_fill(struct drvstats *drv, const char *name, size_t count)
{
	int err;

	*drv->names = (struct ethtool_gstrings) {
		.cmd = ETHTOOL_GSTRINGS,
		.string_set = ETH_SS_STATS,
		.len = count,
	};
	err = drvstats_ioctl(drv, name, drv->names);
	if (err)
		return err;
	*drv->buffer = (struct ethtool_stats) {
		.cmd = ETHTOOL_GSTATS,
		.n_stats = count,
	};
	err = drvstats_ioctl(drv, name, drv->buffer);
	if (err)
		return err;
	if (drv->names->len != drv->buffer->n_stats)
		return -EAGAIN;

	drv->count = drv->buffer->n_stats;
	drv->value = (const uint64_t *)drv->buffer->data;
	/* The last byte of each name is not promised to be a terminator. */
	for (size_t i = 0; i < drv->count; i++)
		drv->names->data[(i + 1) * ETH_GSTRING_LEN - 1] = '\0';
	return 0;
}

int drvstats_read(struct drvstats *drv, const char *name)
{
	size_t count;
	int err;

	drv->count = 0;
	do {
		err = drvstats_count(drv, name, &count);
		if (!err)
			err = drvstats_grow(drv, count);
		if (!err)
			err = drvstats_fill(drv, name, count);
	} while (err == -EAGAIN);
	return err;
}

const char *drvstats_name(const struct drvstats *drv, size_t i)
{
	return (const char *)drv->names->data + i * ETH_GSTRING_LEN;
}
