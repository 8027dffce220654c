/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The clock of the benchmark's tools. Where instructions are counted (BENCH_CLOCK=busy), one nanosecond of
 * the guest is one instruction, but time jumps ahead while the CPU has nothing to do: the time spent idle is
 * taken off.
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench_clock {
	uint64_t at, idle;
};

static inline uint64_t bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static inline uint64_t bench_idle(void)
{
	const char *which = getenv("BENCH_CLOCK");
	unsigned long long ns, sum = 0;
	bool found = false;
	char line[256];
	FILE *file;

	if (!which || strcmp(which, "busy"))
		return 0;
	file = fopen("/proc/timer_list", "r");
	if (!file)
		err(1, "/proc/timer_list");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " .idle_sleeptime : %llu", &ns) == 1) {
			sum += ns;
			found = true;
		}
	}
	fclose(file);
	if (!found)
		errx(1, "no idle_sleeptime in /proc/timer_list");
	return sum;
}

static inline void bench_start(struct bench_clock *clock)
{
	clock->idle = bench_idle();
	clock->at = bench_now();
}

/* Nanoseconds since the start. */
static inline uint64_t bench_stop(const struct bench_clock *clock)
{
	uint64_t now = bench_now();

	return now - clock->at - (bench_idle() - clock->idle);
}

/* What the row scripts read: thousandths of a nanosecond for each of so many operations. */
static inline void bench_print(uint64_t ns, uint64_t operations)
{
	printf("%llu\n", (unsigned long long)(ns * 1000 / operations));
}

#endif
