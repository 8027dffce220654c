// SPDX-License-Identifier: GPL-2.0
/*
 * Want of memory anywhere in a request for a link: making, changing, opening and deleting pairs and bridges, taking ports
 * in and letting them go. Each allocation of each request fails once; see fault.h. To see one again:
 *	selftests/in-vm -k debug selftests/run 'fault/links:NAME'
 */
#define _GNU_SOURCE

#include "harness.h"
#include "fault.h"

#define LIMIT		1500
/* Fewer than any of these requests has. */
#define FEWEST		5

#define BR		10
#define VA		20
#define VB		21
#define VC		22
#define VD		23

static const unsigned char mac_br[] = { 2, 0, 0, 0, 3, 0 }, mac_a[] = { 2, 0, 0, 0, 1, 1 },
			   mac_b[] = { 2, 0, 0, 0, 1, 2 }, mac_c[] = { 2, 0, 0, 0, 1, 3 },
			   mac_d[] = { 2, 0, 0, 0, 1, 4 };

FIXTURE(links) {
	struct op_ns ns[2];
	struct fault_walk walk;
	const char *failed;
};

/* The first namespace is where the tests work, the second one for peers. */
FIXTURE_SETUP(links)
{
	if (!fault_init())
		SKIP(return, FAULT_MISSING);
	ASSERT_EQ(0, op_ns_new(&self->ns[1]));
	ASSERT_EQ(0, op_ns_new(&self->ns[0]));
	ASSERT_EQ(0, fault_warm_up(&self->ns[0]));
	self->walk = (struct fault_walk){ .ns = self->ns, .nr_ns = 2, .arg = self, .what = _metadata->name };
}

FIXTURE_TEARDOWN(links)
{
	op_ns_close(&self->ns[0]);
	op_ns_close(&self->ns[1]);
}

/* For what prepares a test, and for what takes things back: has to succeed. */
static void must(FIXTURE_DATA(links) *self, const struct nl_msg *msg, const char *what)
{
	int rc = nl_talk(&self->ns->nl, msg);

	if (rc) {
		printf("# %s: %s: %s\n", what, strerror(-rc), self->ns->nl.extack);
		self->failed = what;
	}
}

static void must_delete(FIXTURE_DATA(links) *self, int index)
{
	struct nl_msg msg;

	op_del(&msg, index);
	must(self, &msg, "deletion");
}

static void must_set(FIXTURE_DATA(links) *self, int index, unsigned short attr, unsigned int value)
{
	struct nl_msg msg;

	op_set(&msg, index);
	nl_attr_u32(&msg, attr, value);
	must(self, &msg, "change");
}

static void must_up(FIXTURE_DATA(links) *self, int index, bool up)
{
	struct nl_msg msg;

	op_up(&msg, index, up);
	must(self, &msg, up ? "up" : "down");
}

#define WALK(make_request, take_back) do {							\
	self->walk.request = make_request;							\
	self->walk.revert = take_back;								\
	ASSERT_EQ(NULL, self->failed);								\
	EXPECT_LE(FEWEST, fault_walk(&self->walk));						\
	EXPECT_EQ(NULL, self->failed);								\
} while (0)

/* ---- pairs ---- */

static void request_pair(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_pair(msg, &(struct op_pair){
		.name = "va", .peer = "vb", .index = VA, .peer_index = VB, .mac = mac_a, .peer_mac = mac_b,
	});
}

static void delete_pair(void *arg)
{
	must_delete(arg, VA);
}

static void prepare_pair(FIXTURE_DATA(links) *self)
{
	struct nl_msg msg;

	request_pair(&msg, self);
	must(self, &msg, "pair");
}

TEST_F_TIMEOUT(links, pair, LIMIT)
{
	self->walk.slow = true;
	WALK(request_pair, delete_pair);
}

/* Everything a request can ask for: the rings of both ends are allocated, many of them and few. */
static void request_pair_up(struct nl_msg *msg, void *arg)
{
	FIXTURE_DATA(links) *self = arg;

	op_pair(msg, &(struct op_pair){
		.name = "va", .peer = "vb", .index = VA, .peer_index = VB, .mac = mac_a, .peer_mac = mac_b,
		.peer_ns = self->ns[1].fd, .mtu = 9000, .peer_mtu = 1400, .queues = 2, .peer_queues = 3,
		.up = true, .peer_up = true,
	});
}

TEST_F_TIMEOUT(links, pair_up_in_two_namespaces, LIMIT)
{
	self->walk.slow = true;
	WALK(request_pair_up, delete_pair);
}

/* The first end is placed in the other namespace by its own attribute. */
static void request_pair_away(struct nl_msg *msg, void *arg)
{
	FIXTURE_DATA(links) *self = arg;

	op_pair(msg, &(struct op_pair){
		.name = "va", .peer = "vb", .index = VA, .peer_index = VB, .mac = mac_a, .peer_mac = mac_b,
		.ns = self->ns[1].fd, .peer_ns = self->ns[0].fd,
	});
}

static void delete_pair_by_peer(void *arg)
{
	must_delete(arg, VB);
}

TEST_F_TIMEOUT(links, pair_made_elsewhere, LIMIT)
{
	self->walk.slow = true;
	WALK(request_pair_away, delete_pair_by_peer);
}

static void request_deletion(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_del(msg, VB);
}

static void make_pair_up(void *arg)
{
	FIXTURE_DATA(links) *self = arg;
	struct nl_msg msg;

	request_pair(&msg, self);
	must(self, &msg, "pair");
	must_up(self, VA, true);
	must_up(self, VB, true);
}

TEST_F_TIMEOUT(links, pair_deleted, LIMIT)
{
	make_pair_up(self);
	self->walk.never_refused = true;
	WALK(request_deletion, make_pair_up);
}

static void request_up(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_up(msg, VA, true);
}

static void take_down(void *arg)
{
	must_up(arg, VA, false);
}

TEST_F_TIMEOUT(links, open, LIMIT)
{
	prepare_pair(self);
	must_up(self, VB, true);
	WALK(request_up, take_down);
}

TEST_F_TIMEOUT(links, open_with_many_queues, LIMIT)
{
	struct nl_msg msg;

	op_pair(&msg, &(struct op_pair){
		.name = "va", .peer = "vb", .index = VA, .peer_index = VB, .mac = mac_a, .peer_mac = mac_b, .queues = 40,
	});
	must(self, &msg, "pair");
	WALK(request_up, take_down);
}

static void request_mtu(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_set(msg, VA);
	nl_attr_u32(msg, IFLA_MTU, 1300);
}

static void reset_mtu(void *arg)
{
	must_set(arg, VA, IFLA_MTU, 1500);
}

TEST_F_TIMEOUT(links, pair_mtu, LIMIT)
{
	make_pair_up(self);
	WALK(request_mtu, reset_mtu);
}

/* ---- bridges ---- */

static void request_bridge(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_bridge(msg, &(struct op_bridge){ .name = "vbr0", .index = BR, .mac = mac_br });
}

static void delete_bridge(void *arg)
{
	must_delete(arg, BR);
}

TEST_F_TIMEOUT(links, bridge, LIMIT)
{
	self->walk.slow = true;
	WALK(request_bridge, delete_bridge);
}

static void request_bridge_up(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_bridge(msg, &(struct op_bridge){
		.name = "vbr0", .index = BR, .mac = mac_br, .mtu = 9000, .up = true,
		.ageing = 1000, .max_learned = 77, .group_fwd_mask = 0x4008, .no_ll_learn = true, .flush = true,
	});
}

TEST_F_TIMEOUT(links, bridge_with_options, LIMIT)
{
	self->walk.slow = true;
	WALK(request_bridge_up, delete_bridge);
}

static void prepare_bridge(FIXTURE_DATA(links) *self)
{
	struct nl_msg msg;

	op_bridge(&msg, &(struct op_bridge){
		.name = "vbr0", .index = BR, .mac = mac_br, .up = true, .ageing = 30000, .max_learned = 1,
		.group_fwd_mask = 8, .no_ll_learn = true,
	});
	must(self, &msg, "bridge");
}

static void request_options(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_bridge_change(msg, BR, &(struct op_bridge){ .ageing = 1000, .max_learned = 77, .group_fwd_mask = 0x4008 });
}

static void reset_options(void *arg)
{
	struct nl_msg msg;

	op_bridge_change(&msg, BR, &(struct op_bridge){ .ageing = 30000, .max_learned = 1, .group_fwd_mask = 8 });
	must(arg, &msg, "options");
}

TEST_F_TIMEOUT(links, bridge_options, LIMIT)
{
	prepare_bridge(self);
	WALK(request_options, reset_options);
}

/* ---- ports ---- */

static void request_port(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_set(msg, VA);
	nl_attr_u32(msg, IFLA_MASTER, BR);
}

static void release_port(void *arg)
{
	must_set(arg, VA, IFLA_MASTER, 0);
}

static void take_port(void *arg)
{
	must_set(arg, VA, IFLA_MASTER, BR);
}

TEST_F_TIMEOUT(links, port, LIMIT)
{
	prepare_bridge(self);
	make_pair_up(self);
	WALK(request_port, release_port);
}

/* The bridge's address and MTU follow its second port. */
TEST_F_TIMEOUT(links, port_that_the_bridge_follows, LIMIT)
{
	struct nl_msg msg;

	op_bridge(&msg, &(struct op_bridge){ .name = "vbr0", .index = BR, .up = true });
	must(self, &msg, "bridge");
	make_pair_up(self);
	op_pair(&msg, &(struct op_pair){
		.name = "vc", .peer = "vd", .index = VC, .peer_index = VD, .mac = mac_c, .peer_mac = mac_d, .mtu = 9000,
	});
	must(self, &msg, "pair");
	must_set(self, VC, IFLA_MASTER, BR);
	must_set(self, VA, IFLA_MTU, 1300);
	WALK(request_port, release_port);
}

/* A device that is none of the suite's. */
static void request_veth_port(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_set(msg, VC);
	nl_attr_u32(msg, IFLA_MASTER, BR);
}

static void release_veth_port(void *arg)
{
	must_set(arg, VC, IFLA_MASTER, 0);
}

TEST_F_TIMEOUT(links, port_of_another_driver, LIMIT)
{
	struct nl_msg msg;

	prepare_bridge(self);
	op_pair(&msg, &(struct op_pair){
		.kind = "veth", .name = "vc", .peer = "vd", .index = VC, .peer_index = VD, .mac = mac_c, .peer_mac = mac_d,
	});
	must(self, &msg, "veth");
	WALK(request_veth_port, release_veth_port);
}

static void request_release(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_set(msg, VA);
	nl_attr_u32(msg, IFLA_MASTER, 0);
}

TEST_F_TIMEOUT(links, port_released, LIMIT)
{
	prepare_bridge(self);
	make_pair_up(self);
	take_port(self);
	WALK(request_release, take_port);
}

static void request_bridge_deletion(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_del(msg, BR);
}

static void make_bridge_with_port(void *arg)
{
	prepare_bridge(arg);
	take_port(arg);
}

TEST_F_TIMEOUT(links, bridge_with_port_deleted, LIMIT)
{
	make_pair_up(self);
	make_bridge_with_port(self);
	self->walk.never_refused = true;
	WALK(request_bridge_deletion, make_bridge_with_port);
}

/* A pair one end of which is to be a port as soon as it is there. */
static void request_pair_as_port(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_pair(msg, &(struct op_pair){
		.name = "va", .peer = "vb", .index = VA, .peer_index = VB, .mac = mac_a, .peer_mac = mac_b,
		.master = BR, .up = true, .peer_up = true,
	});
}

TEST_F_TIMEOUT(links, pair_made_as_port, LIMIT)
{
	prepare_bridge(self);
	self->walk.slow = true;
	WALK(request_pair_as_port, delete_pair);
}

static void request_port_option(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_port_option(msg, VA, IFLA_BRPORT_ISOLATED, 1);
}

static void reset_port_option(void *arg)
{
	struct nl_msg msg;

	op_port_option(&msg, VA, IFLA_BRPORT_ISOLATED, 0);
	must(arg, &msg, "port option");
}

TEST_F_TIMEOUT(links, port_option, LIMIT)
{
	make_pair_up(self);
	make_bridge_with_port(self);
	WALK(request_port_option, reset_port_option);
}

static void prepare_two_pairs(FIXTURE_DATA(links) *self)
{
	struct nl_msg msg;

	prepare_bridge(self);
	make_pair_up(self);
	op_pair(&msg, &(struct op_pair){
		.name = "vc", .peer = "vd", .index = VC, .peer_index = VD, .mac = mac_c, .peer_mac = mac_d,
	});
	must(self, &msg, "pair");
}

/* Ports and the bridge go into another VLAN, but for one that has been there by itself before. */
static void request_default_pvid(struct nl_msg *msg, void *arg)
{
	(void)arg;
	op_bridge_change(msg, BR, &(struct op_bridge){ .default_pvid = 9 });
}

static void settle_by_itself(FIXTURE_DATA(links) *self)
{
	struct nl_msg msg;

	op_vlan(&msg, RTM_SETLINK, VA, 9, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
	must(self, &msg, "VLAN 9");
	op_vlan(&msg, RTM_DELLINK, VA, 1, 0);
	must(self, &msg, "VLAN 1");
}

static void reset_default_pvid(void *arg)
{
	struct nl_msg msg;

	op_bridge_change(&msg, BR, &(struct op_bridge){ .default_pvid = 1 });
	must(arg, &msg, "default VLAN");
	settle_by_itself(arg);
}

TEST_F_TIMEOUT(links, default_pvid, LIMIT)
{
	prepare_two_pairs(self);
	must_set(self, VC, IFLA_MASTER, BR);
	take_port(self);
	must_set(self, VD, IFLA_MASTER, BR);
	settle_by_itself(self);
	WALK(request_default_pvid, reset_default_pvid);
}

/* Without a default ports may have a PVID of their own, which gives way to one, and comes back when that is refused. */
static void settle_without_default(void *arg)
{
	struct nl_msg msg;

	op_bridge_change(&msg, BR, &(struct op_bridge){ .no_default_pvid = true });
	must(arg, &msg, "no default VLAN");
	op_vlan(&msg, RTM_SETLINK, VA, 10, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
	must(arg, &msg, "VLAN 10");
	op_vlan(&msg, RTM_SETLINK, VC, 10, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
	must(arg, &msg, "VLAN 10");
}

TEST_F_TIMEOUT(links, default_pvid_from_none, LIMIT)
{
	prepare_two_pairs(self);
	take_port(self);
	must_set(self, VC, IFLA_MASTER, BR);
	settle_without_default(self);
	WALK(request_default_pvid, settle_without_default);
}

/* The bridge's MTU follows. */
TEST_F_TIMEOUT(links, port_mtu, LIMIT)
{
	make_pair_up(self);
	make_bridge_with_port(self);
	WALK(request_mtu, reset_mtu);
}

TEST_HARNESS_MAIN
