// SPDX-License-Identifier: GPL-2.0
/*
 * Not for any machine that somebody uses: when loaded, it does the wrong thing
 * that its parameter names. ../selftest-debug.sh shows that the debug kernel
 * notices each of them, ../selftest.sh what ../emulator-fault makes of the
 * breakpoints.
 */
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <net/net_namespace.h>

static char *bug = "none";
module_param(bug, charp, 0);
MODULE_PARM_DESC(bug, "what to do wrong");

static char *dev = "lo";
module_param(dev, charp, 0);
MODULE_PARM_DESC(dev, "the device that the bug 'device_reference' holds until the module goes");

static DEFINE_SPINLOCK(planted_lock_a);
static DEFINE_SPINLOCK(planted_lock_b);
static struct net_device *planted_dev;
static netdevice_tracker planted_tracker;
static int __rcu *planted_pointer;
static int planted_sink;
static int planted_array[4];

static int planted_none(void)
{
	return 0;
}

static int planted_use_after_free(void)
{
	char *object = kzalloc(64, GFP_KERNEL);

	if (!object)
		return -ENOMEM;
	kfree(object);
	OPTIMIZER_HIDE_VAR(object);
	WRITE_ONCE(planted_sink, object[8]);
	return 0;
}

static int planted_out_of_bounds(void)
{
	size_t size = 40;
	char *object = kzalloc(size, GFP_KERNEL);

	if (!object)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(size);
	object[size] = 1;
	kfree(object);
	return 0;
}

static int planted_leak(void)
{
	int i;

	/* Several, for an address that lies about on a stack hides its object. */
	for (i = 0; i < 8; i++) {
		char *object = kzalloc(200, GFP_KERNEL);

		if (!object)
			return -ENOMEM;
		OPTIMIZER_HIDE_VAR(object);
	}
	return 0;
}

static int planted_lock_inversion(void)
{
	spin_lock(&planted_lock_a);
	spin_lock(&planted_lock_b);
	spin_unlock(&planted_lock_b);
	spin_unlock(&planted_lock_a);

	spin_lock(&planted_lock_b);
	spin_lock(&planted_lock_a);
	spin_unlock(&planted_lock_a);
	spin_unlock(&planted_lock_b);
	return 0;
}

static int planted_sleep_in_atomic(void)
{
	void *object;

	spin_lock(&planted_lock_a);
	object = kmalloc(64, GFP_KERNEL);
	spin_unlock(&planted_lock_a);
	kfree(object);
	return 0;
}

static int planted_rcu_without_lock(void)
{
	int *value = rcu_dereference(planted_pointer);

	WRITE_ONCE(planted_sink, value ? *value : 0);
	return 0;
}

static int planted_refcount_underflow(void)
{
	refcount_t count = REFCOUNT_INIT(1);

	if (!refcount_dec_and_test(&count))
		return -EINVAL;
	WRITE_ONCE(planted_sink, refcount_dec_and_test(&count));
	return 0;
}

static int planted_device_reference(void)
{
	planted_dev = netdev_get_by_name(&init_net, dev, &planted_tracker, GFP_KERNEL);
	return planted_dev ? 0 : -ENODEV;
}

static void planted_timeout(struct timer_list *timer)
{
}

static int planted_free_active_timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return -ENOMEM;
	timer_setup(timer, planted_timeout, 0);
	mod_timer(timer, jiffies + HZ);
	/* The checker of objects takes the timer off the wheel. */
	kfree(timer);
	return 0;
}

static int planted_shift(void)
{
	int places = 40;

	OPTIMIZER_HIDE_VAR(places);
	WRITE_ONCE(planted_sink, 1 << places);
	return 0;
}

/*
 * The trap of a breakpoint with other bytes in memory, as a CPU meets it that
 * QEMU has let run code of before.
 */
static int planted_gone_breakpoint(void)
{
#ifdef CONFIG_X86
	asm volatile(".byte 0xcd, 0x03");
	return 0;
#else
	return -EOPNOTSUPP;
#endif
}

static int planted_breakpoint(void)
{
#ifdef CONFIG_X86
	asm volatile("int3");
	return 0;
#else
	return -EOPNOTSUPP;
#endif
}

static int planted_array_index(void)
{
	int index = 4;

	OPTIMIZER_HIDE_VAR(index);
	WRITE_ONCE(planted_sink, planted_array[index]);
	return 0;
}

static const struct {
	const char *name;
	int (*commit)(void);
} planted_bugs[] = {
	{ "none", planted_none },
	{ "use_after_free", planted_use_after_free },
	{ "out_of_bounds", planted_out_of_bounds },
	{ "leak", planted_leak },
	{ "lock_inversion", planted_lock_inversion },
	{ "sleep_in_atomic", planted_sleep_in_atomic },
	{ "rcu_without_lock", planted_rcu_without_lock },
	{ "refcount_underflow", planted_refcount_underflow },
	{ "device_reference", planted_device_reference },
	{ "free_active_timer", planted_free_active_timer },
	{ "shift", planted_shift },
	{ "array_index", planted_array_index },
	{ "gone_breakpoint", planted_gone_breakpoint },
	{ "breakpoint", planted_breakpoint },
};

static int __init planted_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(planted_bugs); i++)
		if (!strcmp(bug, planted_bugs[i].name))
			return planted_bugs[i].commit();
	return -EINVAL;
}

static void __exit planted_exit(void)
{
	netdev_put(planted_dev, &planted_tracker);
}

module_init(planted_init);
module_exit(planted_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Bugs on purpose, to test the debug kernel");
