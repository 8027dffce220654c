// SPDX-License-Identifier: GPL-2.0
/*
 * Want of memory where entries of the forwarding table are made: by requests, with somebody listening to what changes, and
 * by frames. Each allocation of each request fails once; see fault.h. What frames need fails in softirq, where no count
 * leads to it: there half of all allocations fail that have vbridge among their callers.
 */
#define _GNU_SOURCE
#include <linux/if_packet.h>

#include "harness.h"
#include "fault.h"

#define LIMIT		1500
/* The message itself and its answer. */
#define FEWEST		4
#define FRAMES		2000

#define BR		10
#define P1		20
#define E1		21
#define P2		22
#define E2		23

static const unsigned char mac_br[] = { 2, 0, 0, 0, 3, 0 },
			   macs[][ETH_ALEN] = { { 2, 0, 0, 0, 2, 1 }, { 2, 0, 0, 0, 1, 1 },
						{ 2, 0, 0, 0, 2, 2 }, { 2, 0, 0, 0, 1, 2 } },
			   station[] = { 2, 0, 0, 0, 9, 9 };

FIXTURE(fdb) {
	struct op_ns ns;
	struct nl_sock listener;
	struct fault_walk walk;
};

static int make_port(struct nl_sock *nl, const char *name, const char *peer, int index)
{
	struct nl_msg msg;

	op_pair(&msg, &(struct op_pair){
		.name = name, .peer = peer, .index = index, .peer_index = index + 1, .mac = macs[index - P1],
		.peer_mac = macs[index - P1 + 1], .master = BR, .up = true, .peer_up = true,
	});
	return nl_talk(nl, &msg);
}

static void count_running(const struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *state = nl_link_attr(hdr, IFLA_OPERSTATE);

	*(int *)arg += state && *(const unsigned char *)nl_data(state) == 6;
}

/* The bridge, its two ports and what is at their other ends: the ports forward when all are operational. */
static bool await_running(struct nl_sock *nl)
{
	int running, try;

	for (try = 0; try < 1000; try++) {
		running = 0;
		nl_each_link(nl, count_running, &running);
		if (running == 5)
			return true;
		usleep(20000);
	}
	return false;
}

FIXTURE_SETUP(fdb)
{
	struct nl_msg msg;

	if (!fault_init())
		SKIP(return, FAULT_MISSING);
	ASSERT_EQ(0, op_ns_new(&self->ns));
	ASSERT_EQ(0, nl_open(&self->listener, RTMGRP_NEIGH));
	op_bridge(&msg, &(struct op_bridge){ .name = "vbr0", .index = BR, .mac = mac_br, .up = true });
	ASSERT_EQ(0, nl_talk(&self->ns.nl, &msg));
	ASSERT_EQ(0, make_port(&self->ns.nl, "p1", "e1", P1));
	ASSERT_EQ(0, make_port(&self->ns.nl, "p2", "e2", P2));
	ASSERT_TRUE(await_running(&self->ns.nl));
	self->walk = (struct fault_walk){ .ns = &self->ns, .nr_ns = 1, .arg = self, .what = _metadata->name };
}

FIXTURE_TEARDOWN(fdb)
{
	close(self->listener.fd);
	op_ns_close(&self->ns);
}

/* What nobody reads would fill the listener's socket, and a full one is not written to. */
static void drain(struct nl_sock *nl)
{
	unsigned char buffer[4096];

	while (recv(nl->fd, buffer, sizeof(buffer), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
		;
}

static void set_entry(FIXTURE_DATA(fdb) *self, const struct op_fdb *fdb)
{
	struct nl_msg msg;
	int rc;

	op_fdb(&msg, RTM_NEWNEIGH, fdb);
	rc = nl_talk(&self->ns.nl, &msg);
	if (rc)
		printf("# entry: %s: %s\n", strerror(-rc), self->ns.nl.extack);
	drain(&self->listener);
}

static void delete_entry(void *arg)
{
	FIXTURE_DATA(fdb) *self = arg;
	struct nl_msg msg;

	op_fdb(&msg, RTM_DELNEIGH, &(struct op_fdb){ .dev = BR, .mac = station });
	nl_talk(&self->ns.nl, &msg);
	drain(&self->listener);
}

#define WALK(make_request, take_back) do {							\
	self->walk.request = make_request;							\
	self->walk.revert = take_back;								\
	EXPECT_LE(FEWEST, fault_walk(&self->walk));						\
} while (0)

static void request_static(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_fdb(msg, RTM_NEWNEIGH, &(struct op_fdb){ .dev = BR, .via = P1, .mac = station, .state = NUD_NOARP });
}

TEST_F_TIMEOUT(fdb, static_entry, LIMIT)
{
	WALK(request_static, delete_entry);
}

static void request_dynamic(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_fdb(msg, RTM_NEWNEIGH, &(struct op_fdb){ .dev = BR, .via = P1, .mac = station, .state = NUD_REACHABLE });
}

TEST_F_TIMEOUT(fdb, dynamic_entry, LIMIT)
{
	WALK(request_dynamic, delete_entry);
}

static void request_by_port(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_fdb(msg, RTM_NEWNEIGH, &(struct op_fdb){ .dev = P2, .mac = station, .state = NUD_NOARP, .flags = NTF_STICKY });
}

TEST_F_TIMEOUT(fdb, entry_by_port, LIMIT)
{
	WALK(request_by_port, delete_entry);
}

static void request_local(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_fdb(msg, RTM_NEWNEIGH, &(struct op_fdb){ .dev = BR, .mac = station, .state = NUD_PERMANENT });
}

TEST_F_TIMEOUT(fdb, permanent_entry, LIMIT)
{
	WALK(request_local, delete_entry);
}

static void request_move(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_fdb(msg, RTM_NEWNEIGH, &(struct op_fdb){
		.dev = BR, .via = P2, .mac = station, .state = NUD_REACHABLE, .replace = true,
	});
}

static void move_back(void *arg)
{
	set_entry(arg, &(struct op_fdb){ .dev = BR, .via = P1, .mac = station, .state = NUD_NOARP, .replace = true });
}

TEST_F_TIMEOUT(fdb, entry_moved, LIMIT)
{
	move_back(self);
	WALK(request_move, move_back);
}

/* What is told of it to listeners may be lost; the deletion is not. */
static void request_deletion(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_fdb(msg, RTM_DELNEIGH, &(struct op_fdb){ .dev = BR, .mac = station });
}

TEST_F_TIMEOUT(fdb, entry_deleted, LIMIT)
{
	move_back(self);
	self->walk.never_refused = true;
	WALK(request_deletion, move_back);
}

static void request_flush(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_fdb_flush(msg, BR, 0);
}

TEST_F_TIMEOUT(fdb, flush, LIMIT)
{
	move_back(self);
	self->walk.never_refused = true;
	WALK(request_flush, move_back);
}

/* The address of a port is entered and the old one deleted, which also the bridge's own address follows. */
static void request_address(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_set(msg, P1);
	nl_attr(msg, IFLA_ADDRESS, station, ETH_ALEN);
}

/* Which listeners, and the routes, hear of later than the device has it: so this cannot be refused as a whole. */
TEST_F_TIMEOUT(fdb, address_of_a_port, LIMIT)
{
	struct op_link link;
	int nth, rc, lost = 0;
	struct nl_msg msg;
	bool fired;

	for (nth = 1; nth < FAULT_END; nth++) {
		request_address(&msg, self);
		fault_arm(nth);
		rc = nl_send(&self->ns.nl, &msg);
		fired = fault_disarm();
		rc = rc ? rc : fault_answer(&self->ns.nl, &msg);
		EXPECT_TRUE(fault_sane(rc));
		ASSERT_TRUE(op_find_name(&self->ns, "p1", &link));
		if (rc == FAULT_UNKNOWN)
			rc = memcmp(link.mac, station, ETH_ALEN) ? -ENOBUFS : 0;
		EXPECT_EQ(rc == 0, !memcmp(link.mac, station, ETH_ALEN));
		/* The old entry never stays; the new one does not come where there is no memory for it. */
		op_fdb(&msg, RTM_NEWNEIGH, &(struct op_fdb){ .dev = BR, .via = P2, .mac = station, .state = NUD_NOARP });
		if (!rc && nl_talk(&self->ns.nl, &msg) == 0) {
			lost++;
			delete_entry(self);
		}
		op_set(&msg, P1);
		nl_attr(&msg, IFLA_ADDRESS, macs[0], ETH_ALEN);
		ASSERT_EQ(0, nl_talk(&self->ns.nl, &msg));
		drain(&self->listener);
		if (!fired)
			break;
	}
	printf("# %s: %d points of failure, the entry did not come at %d\n", self->walk.what, nth - 1, lost);
	EXPECT_LE(FEWEST, nth - 1);
	EXPECT_GE(2, lost);
}

/* ---- frames ---- */

/* Of the allocations with a function of the module among their callers, half fail. */
static bool fail_in_module(const char *module)
{
	if (!fault_range(module, NULL, "require-start", "require-end"))
		return false;
	fault_knob("failslab", "times", "-1");
	fault_knob("failslab", "probability", "50");
	return true;
}

static void fail_no_more(void)
{
	fault_knob("failslab", "probability", "0");
	fault_knob("failslab", "require-start", "0");
	fault_knob("failslab", "require-end", "0xffffffffffffffff");
}

/* Frames at e1, each from another station; returns how many it took. */
static int send_frames(int count, const unsigned char *dest)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = E1, .sll_halen = ETH_ALEN };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), i, sent = 0;
	unsigned char frame[60] = { [12] = 8 };

	memcpy(frame, dest, ETH_ALEN);
	for (i = 0; i < count; i++) {
		frame[6] = 2;
		frame[9] = 0x10;
		frame[10] = i >> 8;
		frame[11] = i;
		sent += sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) == sizeof(frame);
		/* The ring must not run over, as that is not what is tested here. */
		if (i % 64 == 63)
			usleep(2000);
	}
	close(fd);
	return sent;
}

static long long packets(FIXTURE_DATA(fdb) *self, const char *dev, bool rx)
{
	struct op_link link;

	if (!op_find_name(&self->ns, dev, &link))
		return -1;
	return rx ? link.stats.rx_packets : link.stats.tx_packets + link.stats.tx_dropped;
}

static long long br(FIXTURE_DATA(fdb) *self, const char *what)
{
	return op_ethtool(&self->ns, "vbr0", what);
}

/* All that was sent into the bridge has left the ring of its port. */
static bool settle(FIXTURE_DATA(fdb) *self, int sent)
{
	int try;

	for (try = 0; try < 500; try++) {
		if (packets(self, "p1", true) + op_ethtool(&self->ns, "e1", "drop_") >= sent)
			return true;
		usleep(20000);
	}
	return false;
}

/*
 * Every frame counts once, as flooded or as dropped, and as learned or as not learned. The host gets a copy of each frame,
 * which is the frame itself, so that the copies for ports need memory.
 */
TEST_F_TIMEOUT(fdb, learning, LIMIT)
{
	static const unsigned char group[] = { 1, 0, 0x5e, 1, 2, 3 };
	long long in, out, learned, refused, flooded, copies, nomem;
	int sent;

	in = packets(self, "p1", true);
	out = packets(self, "p2", false);
	ASSERT_TRUE(fail_in_module("vbridge"));
	sent = send_frames(FRAMES, group);
	EXPECT_EQ(FRAMES, sent);
	EXPECT_TRUE(settle(self, sent));
	fail_no_more();

	in = packets(self, "p1", true) - in;
	out = packets(self, "p2", false) - out;
	learned = br(self, "fdb_learned");
	refused = br(self, "fdb_learn_refused");
	flooded = br(self, "flooded");
	copies = br(self, "flood_copies");
	nomem = br(self, "drop_nomem");
	printf("# %lld frames came in: learned %lld, not learned %lld; flooded %lld, copies %lld, no memory %lld\n", in,
	       learned, refused, flooded, copies, nomem);
	EXPECT_EQ(in, learned + refused);
	EXPECT_EQ(in, flooded);
	EXPECT_EQ(in, br(self, "multicast"));
	EXPECT_EQ(in, copies + nomem);
	EXPECT_EQ(copies, out);
	EXPECT_EQ(nomem, br(self, "drop_"));
	EXPECT_LT(FRAMES / 10, learned);
	EXPECT_LT(FRAMES / 10, refused);
	EXPECT_LT(FRAMES / 10, nomem);
}

TEST_HARNESS_MAIN
