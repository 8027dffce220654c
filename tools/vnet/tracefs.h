/* SPDX-License-Identifier: GPL-2.0 */
/* Trace events of the kernel, in a buffer of the tool's own. */
#ifndef VNET_TRACEFS_H
#define VNET_TRACEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct tracefs - a buffer, which nobody else's tracing is disturbed by
 * @dir: its folder
 * @pipe: what comes out of it, -1 before it is started
 * @buffer: what was read and not yet taken
 * @used: bytes of that
 * @ticks: times are the processor's counter
 * @tick: what that was at first
 * @began: and the time, in nanoseconds
 */
struct tracefs {
	char dir[128];
	int pipe;
	bool ticks;
	uint64_t tick;
	uint64_t began;
	char buffer[65536];
	size_t used;
};

/**
 * struct tracefs_line - one event
 * @cpu: where it happened
 * @when: when, in units that tracefs_ns() knows
 * @event: its name
 * @text: what it says; good until the next is asked for
 */
struct tracefs_line {
	unsigned int cpu;
	double when;
	char event[32];
	char text[512];
};

/* What tracefs_next() found. */
enum tracefs_found {
	TRACEFS_LINE,
	TRACEFS_QUIET,		/* nothing at the moment, or interrupted */
	TRACEFS_END,		/* nothing more */
};

/**
 * tracefs_open() - make a buffer
 * @tracefs: the buffer, for tracefs_close() if it could be made
 *
 * Return: whether it could; if not, a complaint was made.
 */
bool tracefs_open(struct tracefs *tracefs);
void tracefs_close(struct tracefs *tracefs);

/**
 * tracefs_enable() - have an event, or all of a system, go into the buffer
 * @tracefs: the buffer
 * @event: "system/event" or "system"; one that the kernel has not is no mistake
 */
void tracefs_enable(struct tracefs *tracefs, const char *event);

/* How many nanoseconds a unit of @when is, the better known the later it is. */
double tracefs_ns(const struct tracefs *tracefs);

/* Begin; false after a complaint. */
bool tracefs_start(struct tracefs *tracefs);

/* Wait for the next event, not for ever. */
enum tracefs_found tracefs_next(struct tracefs *tracefs,
				struct tracefs_line *line);

#endif
