// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that are made only to be changed and deleted again, by several processes at once, while others send frames by
 * whatever there is at the moment. Nobody expects a request to succeed, as its device may be gone; but each answer is one
 * of those, each kind of request succeeds now and then, and in the end everything can be deleted.
 *
 * VNET_SEED=N replays the decisions of all processes, VNET_LONG=1 takes ten minutes for the first two cases and 10000
 * pairs for the third.
 */
#define _GNU_SOURCE
#include "harness.h"
#include "stress.h"

#define QUICK_SECONDS	6
#define LIMIT		3000
#define LEAST_FRAMES	100
#define SPACES		3
#define WORKERS		3
#define SENDERS		2
#define HOLDERS		4
#define QUICK_PAIRS	100
#define LONG_PAIRS	10000
/* Names in use in each namespace: few enough that the processes meet. */
#define DEVICES		6
#define BRIDGES		3

struct churn {
	struct op_ns ns[SPACES];
	int spaces[SPACES];
	struct stress_random rnd;
	struct churn_counts *counts;
};

enum {
	ADD_PAIR, ADD_BRIDGE, DELETE, ENSLAVE, RELEASE, RENAME, MTU, MOVE, UP, DOWN, ADDRESS, PORT_OPTION, BRIDGE_OPTION,
	FLUSH, ADD_ENTRY, DELETE_ENTRY, OPERATIONS
};

static const char * const operations[OPERATIONS] = {
	"pair", "bridge", "delete", "enslave", "release", "rename", "mtu", "move", "up", "down", "address", "port option",
	"bridge option", "flush", "add entry", "delete entry",
};

/* What all processes have done; shared memory. */
struct churn_counts {
	unsigned long done[OPERATIONS], refused[OPERATIONS], frames;
	int odd[OPERATIONS];
	volatile bool stop;
};

/* ---- one request ---- */

/*
 * Three classes of devices, which all names they ever have tell: bridges, first ends of pairs and second ends. Only first
 * ends become ports, so that no loop is built, in which frames would go round until nothing else has time to run.
 */
static void random_of(struct churn *churn, char class, char *name)
{
	snprintf(name, IFNAMSIZ, "%c%u", class, stress_below(&churn->rnd, class == 'b' ? BRIDGES : DEVICES));
}

static void random_name(struct churn *churn, char *name)
{
	static const char classes[] = "aaccb";

	random_of(churn, classes[stress_below(&churn->rnd, sizeof(classes) - 1)], name);
}

/* One of a few, so that they are learned, moved and entered again and again. */
static const unsigned char *random_mac(struct churn *churn)
{
	static unsigned char mac[ETH_ALEN] = { 2 };

	mac[5] = stress_below(&churn->rnd, 32);
	return mac;
}

static void build_pair(struct churn *churn, struct nl_msg *msg)
{
	char name[IFNAMSIZ], peer[IFNAMSIZ];

	random_of(churn, 'a', name);
	random_of(churn, 'c', peer);
	op_pair(msg, &(struct op_pair){
		.name = name, .peer = peer, .peer_ns = churn->spaces[stress_below(&churn->rnd, SPACES)],
		.up = stress_below(&churn->rnd, 2), .peer_up = stress_below(&churn->rnd, 2),
		.queues = 1 + stress_below(&churn->rnd, 3), .peer_queues = 1 + stress_below(&churn->rnd, 3),
	});
}

static void build_bridge(struct churn *churn, struct nl_msg *msg)
{
	char name[IFNAMSIZ];

	random_of(churn, 'b', name);
	op_bridge(msg, &(struct op_bridge){
		.name = name, .up = stress_below(&churn->rnd, 2), .ageing = 1 + stress_below(&churn->rnd, 200),
		.max_learned = 1 + stress_below(&churn->rnd, 20),
	});
}

static void build_change(struct churn *churn, struct op_ns *ns, struct nl_msg *msg, int what, char class, int index)
{
	static const unsigned int mtus[] = { 68, 1280, 1500, 9000 };
	char name[IFNAMSIZ];

	op_set(msg, index);
	switch (what) {
	case ENSLAVE:
		random_of(churn, 'b', name);
		nl_attr_u32(msg, IFLA_MASTER, op_index(ns, name));
		break;
	case RELEASE:
		nl_attr_u32(msg, IFLA_MASTER, 0);
		break;
	case RENAME:
		random_of(churn, class, name);
		nl_attr_str(msg, IFLA_IFNAME, name);
		break;
	case MTU:
		nl_attr_u32(msg, IFLA_MTU, mtus[stress_below(&churn->rnd, 4)]);
		break;
	case MOVE:
		nl_attr_u32(msg, IFLA_NET_NS_FD, churn->spaces[stress_below(&churn->rnd, SPACES)]);
		break;
	case ADDRESS:
		nl_attr(msg, IFLA_ADDRESS, random_mac(churn), ETH_ALEN);
		break;
	case PORT_OPTION:
		op_port_option(msg, index, IFLA_BRPORT_LEARNING, stress_below(&churn->rnd, 2));
		break;
	case BRIDGE_OPTION:
		op_bridge_change(msg, index, &(struct op_bridge){
			.ageing = 1 + stress_below(&churn->rnd, 200), .flush = stress_below(&churn->rnd, 2),
		});
		break;
	}
}

static void build_entry(struct churn *churn, struct op_ns *ns, struct nl_msg *msg, int what, int index)
{
	static const unsigned char macs[][ETH_ALEN] = {
		{ 2, 1, [5] = 1 }, { 2, 1, [5] = 2 }, { 2, [5] = 3 }, { 2, [5] = 4 },
	};
	char name[IFNAMSIZ];
	int via;

	/* By a port of that bridge or by none; without a port the address is the host's. */
	random_of(churn, 'a', name);
	via = stress_below(&churn->rnd, 2) ? op_index(ns, name) : 0;
	if (what == FLUSH)
		op_fdb_flush(msg, index, via);
	else
		op_fdb(msg, what == ADD_ENTRY ? RTM_NEWNEIGH : RTM_DELNEIGH, &(struct op_fdb){
			.dev = index, .via = via, .mac = macs[stress_below(&churn->rnd, 4)],
			.state = via ? NUD_NOARP : NUD_PERMANENT, .replace = true,
		});
}

/* Of a device that may be gone, or another one's by now. */
static void build(struct churn *churn, struct op_ns *ns, struct nl_msg *msg, int what)
{
	bool of_bridge = what == BRIDGE_OPTION || what >= FLUSH;
	bool of_port = what == ENSLAVE || what == RELEASE || what == PORT_OPTION;
	char name[IFNAMSIZ];
	int index;

	if (of_bridge)
		random_of(churn, 'b', name);
	else if (of_port)
		random_of(churn, 'a', name);
	else
		random_name(churn, name);
	index = op_index(ns, name);
	switch (what) {
	case ADD_PAIR:
		build_pair(churn, msg);
		break;
	case ADD_BRIDGE:
		build_bridge(churn, msg);
		break;
	case DELETE:
		op_del(msg, index);
		break;
	case UP:
	case DOWN:
		op_up(msg, index, what == UP);
		break;
	case FLUSH:
	case ADD_ENTRY:
	case DELETE_ENTRY:
		build_entry(churn, ns, msg, what, index);
		break;
	default:
		build_change(churn, ns, msg, what, *name, index);
	}
}

static bool expected(int rc)
{
	static const int answers[] = {
		0, ENODEV, EEXIST, EBUSY, EINVAL, ELOOP, ENETDOWN, EPERM, ENOENT, EADDRINUSE, ENOTCONN, EOPNOTSUPP,
	};
	unsigned int i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (rc == -answers[i])
			return true;
	return false;
}

static void request(struct churn *churn)
{
	/* Twice as much is made and tied together as is taken apart. */
	static const int more[] = { ADD_PAIR, ADD_PAIR, ADD_BRIDGE, ENSLAVE, ENSLAVE, ENSLAVE, UP, UP };
	unsigned int pick = stress_below(&churn->rnd, OPERATIONS + sizeof(more) / sizeof(more[0]));
	int what = pick < OPERATIONS ? (int)pick : more[pick - OPERATIONS], rc;
	struct op_ns *ns = &churn->ns[stress_below(&churn->rnd, SPACES)];
	struct nl_msg msg;

	build(churn, ns, &msg, what);
	rc = nl_talk(&ns->nl, &msg);
	__atomic_add_fetch(rc ? &churn->counts->refused[what] : &churn->counts->done[what], 1, __ATOMIC_RELAXED);
	if (!expected(rc))
		churn->counts->odd[what] = rc;
}

/* ---- the processes ---- */

static bool open_spaces(struct churn *churn, unsigned int seed, unsigned int stream)
{
	int i;

	stress_random_init(&churn->rnd, seed, stream);
	for (i = 0; i < SPACES; i++)
		if (op_ns_again(&churn->ns[i], churn->spaces[i]))
			return false;
	return true;
}

static void work(struct churn *churn)
{
	while (!churn->counts->stop)
		request(churn);
}

/* Some frames by one device: to one of the stations, to all, or to a group. */
static void send_burst(struct churn *churn, int fd, int index)
{
	static unsigned char frame[1514] = { [12] = ETH_P_IP >> 8 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = index };
	unsigned int i;

	for (i = 0; i < 16; i++) {
		memcpy(frame, random_mac(churn), ETH_ALEN);
		if (!stress_below(&churn->rnd, 4))
			frame[0] = stress_below(&churn->rnd, 2) ? 3 : 2;
		memcpy(frame + ETH_ALEN, random_mac(churn), ETH_ALEN);
		if (sendto(fd, frame, stress_below(&churn->rnd, 4) ? 60 : sizeof(frame), 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			return;
		__atomic_add_fetch(&churn->counts->frames, 1, __ATOMIC_RELAXED);
	}
}

static void send_frames(struct churn *churn)
{
	char name[IFNAMSIZ];
	int fds[SPACES], i;

	for (i = 0; i < SPACES; i++) {
		setns(churn->spaces[i], CLONE_NEWNET);
		fds[i] = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	}
	while (!churn->counts->stop) {
		i = stress_below(&churn->rnd, SPACES);
		random_name(churn, name);
		send_burst(churn, fds[i], op_index(&churn->ns[i], name));
		usleep(500);
	}
}

static pid_t start(struct churn *churn, unsigned int seed, unsigned int nr)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stress_pin(nr);
	if (!open_spaces(churn, seed, nr + 1))
		_exit(1);
	if (nr < WORKERS)
		work(churn);
	else
		send_frames(churn);
	_exit(0);
}

static bool ended(void *arg)
{
	pid_t *pid = arg;
	int status;

	if (waitpid(*pid, &status, WNOHANG) != *pid)
		return false;
	*pid = status;
	return true;
}

/* False where the process hangs, or has failed. */
static bool reap(pid_t pid)
{
	return stress_poll(ended, &pid) && !pid;
}

/* ---- the end ---- */

static void collect(const struct nlmsghdr *hdr, void *arg)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(hdr);

	if (!(ifi->ifi_flags & IFF_LOOPBACK))
		*(int *)arg = ifi->ifi_index;
}

/* Deletes all but lo; each deletion has to succeed. Returns how many devices there were, or -errno. */
static int delete_all(struct op_ns *ns)
{
	int index, count = 0, rc;
	struct nl_msg msg;

	for (;;) {
		index = 0;
		rc = nl_each_link(&ns->nl, collect, &index);
		if (rc < 0 || !index)
			return rc < 0 ? rc : count;
		op_del(&msg, index);
		rc = nl_talk(&ns->nl, &msg);
		if (rc)
			return rc;
		count++;
	}
}

static bool empty(void *arg)
{
	struct op_ns *ns = arg;

	return nl_count_links(&ns->nl) == 1;
}

FIXTURE(churn) {
	struct churn churn;
	unsigned int seed;
	int users;
};

FIXTURE_SETUP(churn)
{
	int i;

	self->seed = stress_seed();
	for (i = 0; i < SPACES; i++) {
		ASSERT_EQ(0, op_ns_new(&self->churn.ns[i]));
		self->churn.spaces[i] = self->churn.ns[i].fd;
	}
	stress_random_init(&self->churn.rnd, self->seed, 0);
	self->churn.counts = mmap(NULL, sizeof(*self->churn.counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				  -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->churn.counts);
}

FIXTURE_TEARDOWN(churn)
{
	int i;

	for (i = 0; i < SPACES; i++)
		op_ns_close(&self->churn.ns[i]);
	/* Devices hold no module; only the suite's own modules use the core. */
	EXPECT_GE(0, op_users("vveth"));
	EXPECT_GE(0, op_users("vbridge"));
	EXPECT_GE(2, op_users("vnet_core"));
}

/* For the long or the short time, and on a slow kernel until there was some of everything. */
static bool goes_on(const struct churn_counts *counts, double end)
{
	double now = stress_now();
	int i;

	if (now < end || now > end + 10 * QUICK_SECONDS)
		return now < end;
	for (i = 0; i < OPERATIONS; i++)
		if (!counts->done[i])
			return true;
	return counts->frames < LEAST_FRAMES;
}

TEST_F_TIMEOUT(churn, links, LIMIT)
{
	struct churn_counts *counts = self->churn.counts;
	pid_t pids[WORKERS + SENDERS];
	double end;
	int i, left;

	for (i = 0; i < WORKERS + SENDERS; i++) {
		pids[i] = start(&self->churn, self->seed, i);
		ASSERT_LT(0, pids[i]);
	}
	for (end = stress_end(QUICK_SECONDS); goes_on(counts, end);)
		usleep(100000);
	counts->stop = true;
	for (i = 0; i < WORKERS + SENDERS; i++)
		EXPECT_TRUE(reap(pids[i])) TH_LOG("process %d", i);
	for (i = 0; i < OPERATIONS; i++) {
		printf("# %-15s %6lu done %6lu refused\n", operations[i], counts->done[i], counts->refused[i]);
		EXPECT_LT(0, counts->done[i]) TH_LOG("%s never succeeded", operations[i]);
		EXPECT_EQ(0, counts->odd[i]) TH_LOG("%s: %s", operations[i], strerror(-counts->odd[i]));
	}
	printf("# %lu frames sent\n", counts->frames);
	EXPECT_LE(LEAST_FRAMES, counts->frames);
	for (i = 0; i < SPACES; i++) {
		left = delete_all(&self->churn.ns[i]);
		EXPECT_LE(0, left) TH_LOG("%s", strerror(-left));
		EXPECT_TRUE(empty(&self->churn.ns[i]));
	}
}

/* ---- namespaces ---- */

/*
 * Lives in a namespace of its own until it is killed: a bridge there, one pair with both ends there and one that leads to
 * a port of the common bridge, and traffic by all of them.
 */
static void hold(struct churn *churn, unsigned int nr, int bridge)
{
	static const char * const names[] = { "b0", "d0", "d1", "d2" };
	char name[IFNAMSIZ];
	struct nl_msg msg;
	struct op_ns ns;
	unsigned int i;
	int fd;

	snprintf(name, sizeof(name), "h%u", nr);
	if (op_ns_again(&churn->ns[0], churn->spaces[0]) || op_ns_new(&ns))
		_exit(1);
	op_bridge(&msg, &(struct op_bridge){ .name = "b0", .up = true });
	if (nl_talk(&ns.nl, &msg))
		_exit(1);
	op_pair(&msg, &(struct op_pair){
		.name = "d0", .peer = "d1", .master = op_index(&ns, "b0"), .up = true, .peer_up = true,
	});
	if (nl_talk(&ns.nl, &msg))
		_exit(1);
	op_pair(&msg, &(struct op_pair){
		.name = name, .peer = "d2", .peer_ns = ns.fd, .master = bridge, .up = true, .peer_up = true,
	});
	if (nl_talk(&churn->ns[0].nl, &msg))
		_exit(1);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	for (i = 0;; i++) {
		send_burst(churn, fd, op_index(&ns, names[i % 4]));
		usleep(200);
	}
}

static pid_t start_holder(struct churn *churn, unsigned int seed, unsigned int nr, int bridge)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stress_pin(nr);
	stress_random_init(&churn->rnd, seed, nr + 1);
	hold(churn, nr, bridge);
	_exit(0);
}

/* A holder that has ended by itself could not make its devices. */
static bool kill_holder(pid_t pid)
{
	int status = -1;

	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

static bool only_the_bridge(void *arg)
{
	struct op_ns *ns = arg;

	return nl_count_links(&ns->nl) == 2;
}

TEST_F_TIMEOUT(churn, namespaces, LIMIT)
{
	struct churn *churn = &self->churn;
	struct op_ns *ns = &churn->ns[0];
	unsigned int nr = 0, i, failed = 0;
	pid_t pids[HOLDERS];
	struct nl_msg msg;
	double end;
	int bridge;

	op_bridge(&msg, &(struct op_bridge){ .name = "b0", .up = true });
	ASSERT_EQ(0, nl_talk(&ns->nl, &msg));
	bridge = op_index(ns, "b0");
	for (; nr < HOLDERS; nr++)
		pids[nr] = start_holder(churn, self->seed, nr, bridge);
	for (end = stress_end(QUICK_SECONDS);
	     stress_now() < end || (churn->counts->frames < LEAST_FRAMES && stress_now() < end + 10 * QUICK_SECONDS);
	     nr++) {
		usleep((100000 + stress_below(&churn->rnd, 200000)) * stress_env("VNET_SLOW", 1) / 2);
		i = stress_below(&churn->rnd, HOLDERS);
		failed += !kill_holder(pids[i]);
		pids[i] = start_holder(churn, self->seed, nr, bridge);
	}
	for (i = 0; i < HOLDERS; i++)
		failed += !kill_holder(pids[i]);
	printf("# %u namespaces killed, %lu frames sent\n", nr, churn->counts->frames);
	EXPECT_EQ(0, failed);
	EXPECT_LT(HOLDERS, nr);
	EXPECT_LE(LEAST_FRAMES, churn->counts->frames);
	EXPECT_TRUE(stress_poll(only_the_bridge, ns));
	EXPECT_EQ(1, delete_all(ns));
}

/* ---- many ---- */

/* Until a namespace has so many devices; the more there are the longer it takes. */
static bool comes_to(struct op_ns *ns, int devices, unsigned int pairs)
{
	double limit = stress_now() + (10 + pairs / 50.0) * stress_env("VNET_SLOW", 1);

	while (nl_count_links(&ns->nl) != devices) {
		if (stress_now() > limit)
			return false;
		usleep(50000);
	}
	return true;
}

TEST_F_TIMEOUT(churn, many_pairs, LIMIT)
{
	unsigned int i, pairs = stress_env("VNET_LONG", 0) ? LONG_PAIRS : QUICK_PAIRS;
	struct op_ns *ns = self->churn.ns;
	char name[IFNAMSIZ];
	struct nl_msg msg;
	double start;
	int bridge;

	op_bridge(&msg, &(struct op_bridge){ .name = "b0", .up = true });
	ASSERT_EQ(0, nl_talk(&ns[0].nl, &msg));
	bridge = op_index(&ns[0], "b0");
	start = stress_now();
	/* Half of them ports of the bridge, with ends in two other namespaces. */
	for (i = 0; i < pairs; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		op_pair(&msg, &(struct op_pair){
			.name = name, .peer = name, .peer_ns = ns[1 + i % 2].fd, .master = i % 2 ? bridge : 0,
			.up = true, .peer_up = true,
		});
		ASSERT_EQ(0, nl_talk(&ns[0].nl, &msg)) TH_LOG("pair %u: %s", i, ns[0].nl.extack);
	}
	printf("# %u pairs made in %.1f s\n", pairs, stress_now() - start);
	EXPECT_EQ(2 + pairs, nl_count_links(&ns[0].nl));
	EXPECT_EQ(1 + pairs / 2, nl_count_links(&ns[2].nl));
	start = stress_now();
	/* The plain ones go with the namespace of their peers, the ports with that of the bridge. */
	op_ns_close(&ns[1]);
	EXPECT_TRUE(comes_to(&ns[0], 2 + pairs / 2, pairs));
	op_ns_close(&ns[0]);
	EXPECT_TRUE(comes_to(&ns[2], 1, pairs));
	printf("# deleted in %.1f s\n", stress_now() - start);
}

TEST_HARNESS_MAIN
