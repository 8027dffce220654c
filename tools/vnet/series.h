/* SPDX-License-Identifier: GPL-2.0 */
/* One command line for many: words with %d in them, and how many there are. */
#ifndef VNET_SERIES_H
#define VNET_SERIES_H

#include "args.h"

/**
 * struct series - what a command line stands for
 * @count: how many
 * @from: the first number
 * @many: whether "count" was said; if not, words are taken as they are
 * @args: the words without "count" and "from"
 */
struct series {
	uint32_t count;
	uint32_t from;
	bool many;
	struct args args;
};

/**
 * series_take() - look for "count N [ from M ]" at the end of a command line
 * @series: what the line stands for
 * @args: the words; they stay
 *
 * Return: whether all is well; if not, a complaint was made.
 */
bool series_take(struct series *series, const struct args *args);

/**
 * series_make() - the words for one of the series
 * @series: the series
 * @i: which one, from 0
 * @args: where they go; for series_free() in any case
 *
 * Return: whether there was memory; if not, a complaint was made.
 */
bool series_make(const struct series *series, uint32_t i, struct args *args);
void series_free(const struct series *series, struct args *args);

#endif
