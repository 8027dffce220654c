// SPDX-License-Identifier: GPL-2.0
/*
 * Others have a say when a device is registered, opened, changed or stacked on another. Each of them says no once to each
 * request that asks them; the request is refused with their answer, and nothing is left of it.
 * Needs a kernel with netdev-notifier-error-inject, as the debug kernel.
 */
#define _GNU_SOURCE
#include <sys/wait.h>

#include "harness.h"
#include "fault.h"

#define ACTIONS		"/sys/kernel/debug/notifier-error-inject/netdev/actions/"
#define VETO_ERRNO	71

#define BR		10
#define VA		20
#define VB		21

static const unsigned char mac_br[] = { 2, 0, 0, 0, 3, 0 }, mac_a[] = { 2, 0, 0, 0, 1, 1 },
			   mac_b[] = { 2, 0, 0, 0, 1, 2 };

FIXTURE(vetoes) {
	struct op_ns ns[2];
	struct nl_msg msg;
};

static bool load_module(void)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		execlp("modprobe", "modprobe", "-q", "netdev-notifier-error-inject", NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && !status && !access(ACTIONS "NETDEV_REGISTER/error", W_OK);
}

FIXTURE_SETUP(vetoes)
{
	if (!load_module())
		SKIP(return, "the kernel has no netdev-notifier-error-inject");
	ASSERT_EQ(0, op_ns_new(&self->ns[1]));
	ASSERT_EQ(0, op_ns_new(&self->ns[0]));
	ASSERT_EQ(0, fault_warm_up(&self->ns[0]));
}

FIXTURE_TEARDOWN(vetoes)
{
	op_ns_close(&self->ns[0]);
	op_ns_close(&self->ns[1]);
	if (system("modprobe -r netdev-notifier-error-inject"))
		TH_LOG("the module with the vetoes stays loaded");
}

static void veto(const char *action, bool on)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), ACTIONS "%s/error", action);
	snprintf(text, sizeof(text), "%d", on ? -VETO_ERRNO : 0);
	op_write(path, text);
}

static int talk(FIXTURE_DATA(vetoes) *self)
{
	return nl_talk(&self->ns[0].nl, &self->msg);
}

/* The request in self->msg, with the veto and without. */
static bool vetoed(FIXTURE_DATA(vetoes) *self, const char *action)
{
	const struct fault_walk walk = { .ns = self->ns, .nr_ns = 2 };
	static struct fault_state before, after;
	bool same;
	int rc;

	fault_look_settled(&before, &walk);
	veto(action, true);
	rc = talk(self);
	veto(action, false);
	same = fault_becomes(&after, &walk, &before);
	if (rc != -VETO_ERRNO)
		printf("# %s: answer %d\n", action, rc);
	if (!same)
		printf("# %s left behind:\n%.*s# instead of\n%.*s", action, (int)after.len, after.text, (int)before.len,
		       before.text);
	fflush(stdout);
	return rc == -VETO_ERRNO && same && !talk(self);
}

static void ask_pair(FIXTURE_DATA(vetoes) *self)
{
	op_pair(&self->msg, &(struct op_pair){
		.name = "va", .peer = "vb", .index = VA, .peer_index = VB, .mac = mac_a, .peer_mac = mac_b,
		.peer_ns = self->ns[1].fd, .up = true, .peer_up = true,
	});
}

static void ask_bridge(FIXTURE_DATA(vetoes) *self)
{
	op_bridge(&self->msg, &(struct op_bridge){ .name = "vbr0", .index = BR, .mac = mac_br, .up = true });
}

static void ask_port(FIXTURE_DATA(vetoes) *self)
{
	op_set(&self->msg, VA);
	nl_attr_u32(&self->msg, IFLA_MASTER, BR);
}

static void ask_mtu(FIXTURE_DATA(vetoes) *self, int index)
{
	op_set(&self->msg, index);
	nl_attr_u32(&self->msg, IFLA_MTU, 1300);
}

static void prepare(FIXTURE_DATA(vetoes) *self)
{
	ask_pair(self);
	talk(self);
	ask_bridge(self);
	talk(self);
}

TEST_F_TIMEOUT(vetoes, pair, 300)
{
	static const char * const actions[] = { "NETDEV_POST_INIT", "NETDEV_REGISTER", "NETDEV_PRE_UP" };
	unsigned int i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		ask_pair(self);
		EXPECT_TRUE(vetoed(self, actions[i]));
		op_del(&self->msg, VA);
		EXPECT_EQ(0, talk(self));
	}
}

TEST_F_TIMEOUT(vetoes, bridge, 300)
{
	static const char * const actions[] = { "NETDEV_POST_INIT", "NETDEV_REGISTER", "NETDEV_PRE_UP" };
	unsigned int i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		ask_bridge(self);
		EXPECT_TRUE(vetoed(self, actions[i]));
		op_del(&self->msg, BR);
		EXPECT_EQ(0, talk(self));
	}
}

TEST_F_TIMEOUT(vetoes, up, 300)
{
	prepare(self);
	op_up(&self->msg, VA, false);
	EXPECT_EQ(0, talk(self));
	op_up(&self->msg, VA, true);
	EXPECT_TRUE(vetoed(self, "NETDEV_PRE_UP"));
}

TEST_F_TIMEOUT(vetoes, port, 300)
{
	prepare(self);
	ask_port(self);
	EXPECT_TRUE(vetoed(self, "NETDEV_PRECHANGEUPPER"));
	op_set(&self->msg, VA);
	nl_attr_u32(&self->msg, IFLA_MASTER, 0);
	EXPECT_EQ(0, talk(self));
	ask_port(self);
	EXPECT_TRUE(vetoed(self, "NETDEV_CHANGEUPPER"));
}

/* An end's own, a port's, which the bridge follows, and the bridge's. */
TEST_F_TIMEOUT(vetoes, mtu, 300)
{
	prepare(self);
	ask_mtu(self, VA);
	EXPECT_TRUE(vetoed(self, "NETDEV_PRECHANGEMTU"));
	ask_port(self);
	EXPECT_EQ(0, talk(self));
	op_set(&self->msg, VA);
	nl_attr_u32(&self->msg, IFLA_MTU, 1400);
	EXPECT_TRUE(vetoed(self, "NETDEV_CHANGEMTU"));
	ask_mtu(self, BR);
	EXPECT_TRUE(vetoed(self, "NETDEV_PRECHANGEMTU"));
}

TEST_HARNESS_MAIN
