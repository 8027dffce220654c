/* SPDX-License-Identifier: GPL-2.0 */
/* What a counter of the suite's drivers is about, by its name. */
#ifndef VNET_COUNTERS_H
#define VNET_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>

/* The groups that a driver's counters fall into. */
enum counter_group {
	COUNTER_DROP,		/* frames lost, by reason */
	COUNTER_ROAD,		/* which road frames took, and why not the direct one */
	COUNTER_QUEUE,		/* packets and bytes of one queue, and what XDP did with them */
	COUNTER_OTHER,
	COUNTER_IDENTITY,	/* no count at all */
};

/**
 * counter_group() - the group of a counter
 * @name: its name, as in `ethtool -S`
 *
 * Return: the group.
 */
enum counter_group counter_group(const char *name);

/**
 * counter_name() - the part of its name that the group does not say
 * @name: its name
 *
 * Return: a pointer into @name: the reason of a drop, what is counted of a
 * queue; else @name itself.
 */
const char *counter_name(const char *name);

/**
 * counter_queue() - the queue that a counter of %COUNTER_QUEUE is about
 * @name: its name
 * @queue: where "rx0" and the like go
 * @size: room there
 */
void counter_queue(const char *name, char *queue, size_t size);

/**
 * counter_why() - what a reason for drops means
 * @reason: as counter_name() gives it
 *
 * Return: a sentence, and what to look at; NULL for a reason that is newer than
 * the tool.
 */
const char *counter_why(const char *reason);

#endif
