/* SPDX-License-Identifier: GPL-2.0 */
/* What devices do each second. */
#ifndef VNET_RATES_H
#define VNET_RATES_H

#include "out.h"
#include "samples.h"

/**
 * rates_show() - print what happened between two moments, a whole answer
 * @o: the writer
 * @before: the counters at the first moment
 * @now: at the second
 * @queues: whether each queue has a line, too
 *
 * Return: whether it could be written; if not, that is left to the caller.
 */
bool rates_show(struct out *o, const struct samples *before,
		const struct samples *now, bool queues);

#endif
