/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit where the kernel has it; else as much of it as these tests use, with the same words in the kernel log.
 */
#ifndef _VNET_UNIT_H
#define _VNET_UNIT_H

#include <linux/kconfig.h>
#include <linux/netdevice.h>

#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/test.h>
#else

#include <linux/module.h>
#include <linux/printk.h>

struct kunit {
	const char *name;
	void *priv;
	bool failed;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(fn) { .run_case = fn, .name = #fn }

#define __UNIT_FAIL(test, format, ...) do {				\
	(test)->failed = true;						\
	pr_info("    # %s: EXPECTATION FAILED at %s:%d: " format "\n",	\
		(test)->name, kbasename(__FILE__), __LINE__, ##__VA_ARGS__); \
} while (0)

#define __UNIT_COMPARE(test, left, op, right, format, ...) do {		\
	typeof(left) __left = (left);					\
	typeof(right) __right = (right);				\
									\
	if (!(__left op __right))					\
		__UNIT_FAIL(test, "%s is %lld, %s is %lld " format,	\
			    #left, (long long)__left, #right,		\
			    (long long)__right, ##__VA_ARGS__);		\
} while (0)

#define KUNIT_EXPECT_EQ_MSG(test, left, right, format, ...) \
	__UNIT_COMPARE(test, left, ==, right, format, ##__VA_ARGS__)
#define KUNIT_EXPECT_EQ(test, left, right) \
	__UNIT_COMPARE(test, left, ==, right, "%s", "")
#define KUNIT_EXPECT_LE(test, left, right) \
	__UNIT_COMPARE(test, left, <=, right, "%s", "")
#define KUNIT_EXPECT_TRUE_MSG(test, condition, format, ...) do {	\
	if (!(condition))						\
		__UNIT_FAIL(test, "%s is false " format, #condition,	\
			    ##__VA_ARGS__);				\
} while (0)
#define KUNIT_EXPECT_TRUE(test, condition) \
	KUNIT_EXPECT_TRUE_MSG(test, condition, "%s", "")
#define KUNIT_EXPECT_FALSE(test, condition) \
	KUNIT_EXPECT_TRUE_MSG(test, !(condition), "%s", "")
#define KUNIT_EXPECT_PTR_EQ(test, left, right) \
	KUNIT_EXPECT_TRUE_MSG(test, (left) == (right), "%s", "")
#define KUNIT_EXPECT_STREQ(test, left, right) \
	KUNIT_EXPECT_TRUE_MSG(test, !strcmp(left, right), "('%s')", left)

static inline bool unit_run_case(struct kunit_suite *suite,
				 struct kunit_case *c, int nr)
{
	struct kunit test = { .name = c->name };

	if (suite->init && suite->init(&test))
		test.failed = true;
	else
		c->run_case(&test);
	if (suite->exit)
		suite->exit(&test);
	pr_info("    %sok %d %s\n", test.failed ? "not " : "", nr, c->name);
	return !test.failed;
}

static inline void unit_run_suite(struct kunit_suite *suite, int nr)
{
	struct kunit_case *c;
	bool passed = true;
	int n = 0;

	for (c = suite->test_cases; c->run_case; c++)
		n++;
	pr_info("    KTAP version 1\n");
	pr_info("    # Subtest: %s\n", suite->name);
	pr_info("    1..%d\n", n);
	n = 0;
	for (c = suite->test_cases; c->run_case; c++)
		passed &= unit_run_case(suite, c, ++n);
	pr_info("%sok %d %s\n", passed ? "" : "not ", nr, suite->name);
}

#endif /* CONFIG_KUNIT */

/* False where a case cannot go on. */
static inline bool unit_has(struct kunit *test, const void *pointer)
{
	KUNIT_EXPECT_TRUE(test, pointer);
	return pointer;
}

struct vbr;
struct vbr_port;

#define UNIT_PORTS 3

/**
 * struct unit_bridge - a bridge with ports that no other part of the kernel
 *	knows of
 * @dev: its device, set up but not registered
 * @br: the bridge
 * @port: ports that forward
 */
struct unit_bridge {
	struct net_device *dev;
	struct vbr *br;
	struct vbr_port *port[UNIT_PORTS];
};

/* bridge.c: the bridge is in kunit.priv while a case runs. */
int unit_bridge_init(struct kunit *test);
void unit_bridge_exit(struct kunit *test);

/* A device that is not registered; freed by free_netdev(). */
struct net_device *unit_device(void);

/* An address that differs from others by its number. */
#define UNIT_ADDR(n) ((u8[ETH_ALEN]){ 2, 0, 0, 0, (n) >> 8, (n) & 0xff })

extern struct kunit_suite unit_core_suite;
extern struct kunit_suite unit_vveth_suite;
extern struct kunit_suite unit_fdb_suite;
extern struct kunit_suite unit_decide_suite;
extern struct kunit_suite unit_options_suite;
extern struct kunit_suite unit_port_options_suite;
extern struct kunit_suite unit_fdb_messages_suite;
extern struct kunit_suite unit_vlans_suite;
extern struct kunit_suite unit_tunnels_suite;
extern struct kunit_suite unit_counts_suite;
extern struct kunit_suite unit_vtun_suite;

#endif /* _VNET_UNIT_H */
