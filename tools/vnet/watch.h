/* SPDX-License-Identifier: GPL-2.0 */
/* Commands that go on until they are told to stop. */
#ifndef VNET_WATCH_H
#define VNET_WATCH_H

#include <stdbool.h>

#include "args.h"
#include "out.h"

/**
 * struct watch - how long, and how often
 * @interval: seconds between two answers
 * @count: how many answers, 0 for no end
 */
struct watch {
	double interval;
	uint32_t count;
};

/**
 * watch_take() - take "interval SECONDS" or "count N" from the command line
 * @watch: where it goes
 * @args: the words
 * @bad: set where a value was wrong, after a complaint
 *
 * Return: whether one of the two was there.
 */
bool watch_take(struct watch *watch, struct args *args, bool *bad);

/*
 * Have interruptions end the command as if it were done. Nothing but SIGKILL
 * ends it on the way, not even that nobody reads: writing fails then.
 */
void watch_begin(void);

/**
 * watch_wait() - wait
 * @seconds: how long
 *
 * Return: false where the user wants no more.
 */
bool watch_wait(double seconds);

/* Did the user say that it is enough? */
bool watch_ended(void);

/**
 * watch_size() - how much the terminal shows
 * @o: the writer
 * @lines: how many lines
 * @columns: how many columns
 *
 * Return: false if the answer is JSON or goes to no terminal.
 */
bool watch_size(const struct out *o, unsigned int *lines,
		unsigned int *columns);

/* Start from the top of an empty screen. */
void watch_clear(struct out *o);

#endif
