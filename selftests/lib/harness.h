/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's harness for tests, with time limits that grow as $VNET_WAIT says: those of the harness are made for kernels
 * without checkers.
 */
#ifndef SELFTESTS_LIB_HARNESS_H
#define SELFTESTS_LIB_HARNESS_H

#include "kselftest_harness.h"
#include "slow.h"

static void harness_slow_down(void)
{
	struct __fixture_metadata *fixture;
	struct __test_metadata *test;

	for (fixture = __fixture_list; fixture; fixture = fixture->next) {
		for (test = fixture->tests; test; test = test->next) {
			/* Half a minute is for a machine of one's own. */
			if (test->timeout == TEST_TIMEOUT_DEFAULT)
				test->timeout = 4 * TEST_TIMEOUT_DEFAULT;
			test->timeout *= slow_times();
		}
	}
}

#undef TEST_HARNESS_MAIN
#define TEST_HARNESS_MAIN \
	int main(int argc, char **argv) \
	{ \
		harness_slow_down(); \
		exit(test_harness_run(argc, argv)); \
	}

#endif
