// SPDX-License-Identifier: GPL-2.0
/*
 * The modules are unloaded, in any order, again and again, while processes make pairs and bridges, with which the kernel
 * loads them again, and send frames by them. A module goes, with all its devices, or is refused as in use, at once.
 *
 * VNET_SEED=N replays the decisions of all processes, VNET_LONG=1 takes ten minutes.
 */
#define _GNU_SOURCE
#include "harness.h"
#include "stress.h"

#define QUICK_SECONDS	8
#define LIMIT		3000
#define WORKERS		2
#define LEAST_FRAMES	100
/* A request that takes longer, on a kernel of usual speed, hangs. */
#define HANG_SECONDS	15

static const char * const modules[] = { "vbridge", "vveth", "vtun", "vnet_core" };

#define MODULES 4

struct shared {
	volatile bool stop;
	unsigned long pairs, bridges, taps, ports, frames;
	int odd;
	double slowest;
};

FIXTURE(modules) {
	struct shared *shared;
	struct stress_random rnd;
	unsigned int seed;
};

FIXTURE_SETUP(modules)
{
	self->seed = stress_seed();
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->shared);
	stress_random_init(&self->rnd, self->seed, 0);
}

FIXTURE_TEARDOWN(modules)
{
}

/* With its module just gone, or going, a kind is unknown, and so may be its device or its bridge. */
static bool expected(int rc)
{
	return rc == 0 || rc == -EOPNOTSUPP || rc == -ENODEV || rc == -EEXIST || rc == -EINVAL || rc == -EBUSY;
}

static int ask(struct shared *shared, struct op_ns *ns, const struct nl_msg *msg)
{
	int rc = nl_talk(&ns->nl, msg);

	if (!expected(rc))
		shared->odd = rc;
	return rc;
}

static void send_frames(struct shared *shared, struct op_ns *ns, int fd)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = op_index(ns, "va") };
	unsigned char frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, [12] = 8 };
	int i;

	for (i = 0; i < 32; i++)
		if (sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) > 0)
			__atomic_add_fetch(&shared->frames, 1, __ATOMIC_RELAXED);
}

static void make_tap(struct shared *shared, struct op_ns *ns)
{
	struct ifinfomsg ifi = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	unsigned char type = 2;	/* IFF_TAP */
	struct nlattr *info, *data;
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, "vt");
	info = nl_nest(&msg, IFLA_LINKINFO);
	nl_attr_str(&msg, IFLA_INFO_KIND, "vtun");
	data = nl_nest(&msg, IFLA_INFO_DATA);
	nl_attr(&msg, IFLA_TUN_TYPE, &type, sizeof(type));
	nl_nest_end(&msg, data);
	nl_nest_end(&msg, info);
	if (!ask(shared, ns, &msg))
		__atomic_add_fetch(&shared->taps, 1, __ATOMIC_RELAXED);
}

/* A bridge, a tap, a pair with one end at the bridge, frames by the other; then one of them is deleted, or none. */
static void work(struct shared *shared, struct stress_random *rnd)
{
	static const char * const names[] = { "va", "vb", "vbr0", "vt", "nothing" };
	struct nl_msg msg;
	struct op_ns ns;
	int fd;

	if (op_ns_new(&ns))
		_exit(1);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	while (!shared->stop) {
		op_bridge(&msg, &(struct op_bridge){ .name = "vbr0", .up = true });
		if (!ask(shared, &ns, &msg))
			__atomic_add_fetch(&shared->bridges, 1, __ATOMIC_RELAXED);
		op_pair(&msg, &(struct op_pair){ .name = "va", .peer = "vb", .up = true, .peer_up = true });
		if (!ask(shared, &ns, &msg))
			__atomic_add_fetch(&shared->pairs, 1, __ATOMIC_RELAXED);
		make_tap(shared, &ns);
		op_set(&msg, op_index(&ns, "vb"));
		nl_attr_u32(&msg, IFLA_MASTER, op_index(&ns, "vbr0"));
		if (!ask(shared, &ns, &msg))
			__atomic_add_fetch(&shared->ports, 1, __ATOMIC_RELAXED);
		send_frames(shared, &ns, fd);
		nl_del_link(&ns.nl, names[stress_below(rnd, 5)]);
	}
	_exit(nl_count_links(&ns.nl) < 1);
}

static pid_t start(FIXTURE_DATA(modules) *self, unsigned int nr)
{
	struct stress_random rnd;
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stress_pin(nr);
	stress_random_init(&rnd, self->seed, nr + 1);
	work(self->shared, &rnd);
	_exit(1);
}

struct removals {
	unsigned long done, in_use, absent;
};

static void remove_one(FIXTURE_DATA(modules) *self, struct removals *count)
{
	int nr = stress_below(&self->rnd, MODULES), rc;
	double start = stress_now();

	rc = op_unload(modules[nr]);
	start = stress_now() - start;
	if (start > self->shared->slowest)
		self->shared->slowest = start;
	if (!rc)
		count[nr].done++;
	else if (rc == -EAGAIN || rc == -EBUSY)
		count[nr].in_use++;
	else if (rc == -ENOENT)
		count[nr].absent++;
	else
		self->shared->odd = rc;
}

static bool all_unloaded(void *arg)
{
	int i;

	(void)arg;
	/* Have no devices, and may be left over from a test before. */
	if (op_loaded("vflow"))
		op_unload("vflow");
	if (op_loaded("vtap"))
		op_unload("vtap");
	for (i = 0; i < MODULES; i++)
		if (op_loaded(modules[i]))
			op_unload(modules[i]);
	return !op_loaded("vnet_core");
}

/* For the long or the short time, and on a slow kernel until there was some of everything. */
static bool goes_on(const struct shared *shared, const struct removals *count, double end)
{
	bool enough = count[0].done > 1 && count[1].done > 1 && count[2].done > 1 &&
		      count[3].done + count[3].in_use && shared->pairs > 1 && shared->bridges > 1 && shared->taps > 1 &&
		      shared->ports > 1 && shared->frames >= LEAST_FRAMES;
	double now = stress_now();

	return now < end || (!enough && now < end + 10 * QUICK_SECONDS);
}

TEST_F_TIMEOUT(modules, unload_and_reload, LIMIT)
{
	struct shared *shared = self->shared;
	struct removals count[MODULES] = {};
	pid_t pids[WORKERS];
	int i, status;
	double end;

	for (i = 0; i < WORKERS; i++) {
		pids[i] = start(self, i);
		ASSERT_LT(0, pids[i]);
	}
	for (end = stress_end(QUICK_SECONDS); goes_on(shared, count, end);
	     usleep((20000 + stress_below(&self->rnd, 200000)) * stress_env("VNET_SLOW", 1)))
		remove_one(self, count);
	shared->stop = true;
	for (i = 0; i < WORKERS; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	for (i = 0; i < MODULES; i++)
		printf("# %-10s %4lu times unloaded, %4lu times in use, %4lu times not there\n", modules[i], count[i].done,
		       count[i].in_use, count[i].absent);
	printf("# %lu pairs, %lu bridges, %lu taps, %lu ports, %lu frames; the slowest removal took %.2f s\n", shared->pairs,
	       shared->bridges, shared->taps, shared->ports, shared->frames, shared->slowest);
	EXPECT_EQ(0, shared->odd) TH_LOG("%s", strerror(-shared->odd));
	EXPECT_LT(1, count[0].done);
	EXPECT_LT(1, count[1].done);
	EXPECT_LT(1, count[2].done);
	EXPECT_LT(0, count[3].done + count[3].in_use);
	EXPECT_LT(1, shared->taps);
	EXPECT_LT(1, shared->pairs);
	EXPECT_LT(1, shared->bridges);
	EXPECT_LT(1, shared->ports);
	EXPECT_LE(LEAST_FRAMES, shared->frames);
	EXPECT_GT(HANG_SECONDS * stress_env("VNET_SLOW", 1), shared->slowest);
	EXPECT_TRUE(stress_poll(all_unloaded, NULL));
}

TEST_HARNESS_MAIN
