// SPDX-License-Identifier: GPL-2.0
/*
 * The module goes while its last pair, or the namespace of one of its ends, goes too: many times, with the two started
 * further and further apart, first one and then the other ahead.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/veth.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness.h"
#include "nl.h"

#define PAIR_ROUNDS	50
#define NETNS_ROUNDS	20
#define SECONDS		200

FIXTURE(race) {
	struct nl_sock a, b;
	int ns_b, before;
	/* Shared with the process that removes the module: both start when the count is two. */
	volatile int *ready;
};

FIXTURE_SETUP(race)
{
	const char *kind = getenv("VNET_PAIR");

	if (kind && strcmp(kind, "vveth"))
		SKIP(return, "the in-tree peer: has a module of its own");
	self->ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->ready);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->a, 0));
	self->before = nl_count_links(&self->a);
}

FIXTURE_TEARDOWN(race)
{
	close(self->a.fd);
}

/* Without $KMODS the kernel loads it for the first pair. */
static void load_module(void)
{
	const char *folder = getenv("KMODS");
	char path[4096];
	int fd;

	if (!folder)
		return;
	snprintf(path, sizeof(path), "%s/vveth.ko", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	syscall(SYS_finit_module, fd, "", 0);
	close(fd);
}

/* Tells the search for leaks where the module was; see vm/leaks. */
static void note_module(void)
{
	FILE *from = fopen("/sys/module/vveth/sections/.text", "r"), *to = fopen("/run/vm.unloaded", "a");
	char address[64];

	if (from && to && fscanf(from, "%63s", address) == 1)
		fprintf(to, "%s vveth\n", address);
	if (from)
		fclose(from);
	if (to)
		fclose(to);
}

static int add_pair(struct nl_sock *nl, int peer_ns)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct nlattr *info, *data, *peer;
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, "va");
	info = nl_nest(&msg, IFLA_LINKINFO);
	nl_attr_str(&msg, IFLA_INFO_KIND, "vveth");
	data = nl_nest(&msg, IFLA_INFO_DATA);
	peer = nl_nest(&msg, VETH_INFO_PEER);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, "vb");
	if (peer_ns >= 0)
		nl_attr_u32(&msg, IFLA_NET_NS_FD, peer_ns);
	nl_nest_end(&msg, peer);
	nl_nest_end(&msg, data);
	nl_nest_end(&msg, info);
	return nl_talk(nl, &msg);
}

static void start_together(volatile int *ready, int delay_us)
{
	__atomic_add_fetch(ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(ready, __ATOMIC_SEQ_CST) < 2)
		sched_yield();
	if (delay_us)
		usleep(delay_us);
}

/* Even rounds let the module go ahead, odd ones what it is to meet. */
static pid_t start_removal(volatile int *ready, int round)
{
	pid_t pid;

	*ready = 0;
	note_module();
	pid = fork();
	if (pid)
		return pid;
	start_together(ready, round % 2 ? round * 20 : 0);
	_exit(syscall(SYS_delete_module, "vveth", O_NONBLOCK) ? errno : 0);
}

static int removal_status(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static bool loaded(void)
{
	return !access("/sys/module/vveth", F_OK);
}

/* From round to round; fewer of them on a slow kernel. Odd, so that each side is ahead as often. */
static int stride(void)
{
	const char *slow = getenv("VNET_SLOW");

	return slow && atoi(slow) > 1 ? atoi(slow) | 1 : 1;
}

TEST_F_TIMEOUT(race, module_and_last_pair, SECONDS)
{
	int round, rc;
	pid_t pid;

	for (round = 0; round < PAIR_ROUNDS; round += stride()) {
		load_module();
		ASSERT_EQ(0, add_pair(&self->a, -1));
		pid = start_removal(self->ready, round);
		start_together(self->ready, round % 2 ? 0 : round * 20);
		rc = nl_del_link(&self->a, "va");
		EXPECT_EQ(0, removal_status(pid));
		EXPECT_TRUE(rc == 0 || rc == -ENODEV);
		EXPECT_FALSE(loaded());
		ASSERT_EQ(self->before, nl_count_links(&self->a));
	}
}

/* A process holds a namespace that has nothing but the peer; the namespace ends with the process. */
static pid_t hold_namespace(int *ns)
{
	int to_parent[2];
	pid_t pid;
	char path[64];

	if (pipe(to_parent))
		return -1;
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWNET) || write(to_parent[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	if (read(to_parent[0], path, 1) != 1)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	*ns = open(path, O_RDONLY | O_CLOEXEC);
	close(to_parent[0]);
	close(to_parent[1]);
	return pid;
}

TEST_F_TIMEOUT(race, module_and_namespace, SECONDS)
{
	pid_t holder, pid;
	int round, ns;

	for (round = 0; round < NETNS_ROUNDS; round += stride()) {
		load_module();
		holder = hold_namespace(&ns);
		ASSERT_LT(0, holder);
		ASSERT_EQ(0, add_pair(&self->a, ns));
		close(ns);
		pid = start_removal(self->ready, round);
		start_together(self->ready, round % 2 ? 0 : round * 20);
		kill(holder, SIGKILL);
		waitpid(holder, NULL, 0);
		EXPECT_EQ(0, removal_status(pid));
		EXPECT_FALSE(loaded());
		ASSERT_EQ(self->before, nl_count_links(&self->a));
	}
}

TEST_HARNESS_MAIN
