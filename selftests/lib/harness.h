/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's harness for tests, with time limits that grow as $VNET_SLOW says: those of the harness are made for kernels
 * without checkers.
 */
#ifndef SELFTESTS_LIB_HARNESS_H
#define SELFTESTS_LIB_HARNESS_H

#include <stdlib.h>

#include "kselftest_harness.h"

static void harness_slow_down(void)
{
	const char *slow = getenv("VNET_SLOW");
	int times = slow ? atoi(slow) : 1;
	struct __fixture_metadata *fixture;
	struct __test_metadata *test;

	if (times <= 1)
		return;
	for (fixture = __fixture_list; fixture; fixture = fixture->next)
		for (test = fixture->tests; test; test = test->next)
			test->timeout *= times;
}

#undef TEST_HARNESS_MAIN
#define TEST_HARNESS_MAIN \
	int main(int argc, char **argv) \
	{ \
		harness_slow_down(); \
		exit(test_harness_run(argc, argv)); \
	}

#endif
