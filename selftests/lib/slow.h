/* SPDX-License-Identifier: GPL-2.0 */
/* How many times longer than usual to wait for what may never come, by $VNET_WAIT: see find_pace() in `run`. */
#ifndef SELFTESTS_LIB_SLOW_H
#define SELFTESTS_LIB_SLOW_H

#include <stdlib.h>

static inline int slow_times(void)
{
	const char *times = getenv("VNET_WAIT") ?: getenv("VNET_SLOW");

	return times && atoi(times) > 1 ? atoi(times) : 1;
}

#endif
