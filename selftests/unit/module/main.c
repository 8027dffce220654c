// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the suite's pure parts. They run when the module is loaded.
 */
#include <linux/module.h>
#include "unit.h"

#if IS_ENABLED(CONFIG_KUNIT)

kunit_test_suites(&unit_core_suite, &unit_vveth_suite, &unit_fdb_suite,
		  &unit_decide_suite, &unit_options_suite,
		  &unit_port_options_suite, &unit_fdb_messages_suite,
		  &unit_vlans_suite, &unit_tunnels_suite,
		  &unit_counts_suite, &unit_vtun_suite);

#else

static int __init unit_init(void)
{
	struct kunit_suite *suites[] = {
		&unit_core_suite, &unit_vveth_suite, &unit_fdb_suite,
		&unit_decide_suite, &unit_options_suite,
		&unit_port_options_suite, &unit_fdb_messages_suite,
		&unit_vlans_suite, &unit_tunnels_suite,
		&unit_counts_suite, &unit_vtun_suite,
	};
	int i;

	pr_info("KTAP version 1\n");
	pr_info("1..%zu\n", ARRAY_SIZE(suites));
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		unit_run_suite(suites[i], i + 1);
	return 0;
}

static void __exit unit_exit(void)
{
}

module_init(unit_init);
module_exit(unit_exit);

#endif

MODULE_DESCRIPTION("Unit tests of the vnet device suite");
MODULE_AUTHOR("The vnet developers");
MODULE_LICENSE("GPL");
