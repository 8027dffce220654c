// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the forwarding table: look-up, learning, ageing, flushes, what user
 * space enters, addresses of the bridge's own.
 */
#include "../drivers/vbridge/fdb.c"
#include "../drivers/vbridge/fdb_end.c"
#include "unit.h"

static void unit_learn(struct vbr_port *port, int nr)
{
	rcu_read_lock();
	local_bh_disable();
	vbr_fdb_learn_rcu(port, UNIT_ADDR(nr), 0);
	local_bh_enable();
	rcu_read_unlock();
}

/* Tests have the table for themselves: what is found stays. */
static struct vbr_fdb *unit_find(struct unit_bridge *unit, int nr, u16 vid)
{
	struct vbr_fdb *fdb;

	rcu_read_lock();
	fdb = vbr_fdb_find_rcu(unit->br, UNIT_ADDR(nr), vid);
	rcu_read_unlock();
	return fdb;
}

static int unit_set(struct unit_bridge *unit, struct vbr_port *port, int nr,
		    u32 flags, bool create, bool excl)
{
	struct vbr_fdb_req req = {
		.port = port, .flags = flags, .create = create, .excl = excl,
	};
	int err;

	ether_addr_copy(req.key.addr, UNIT_ADDR(nr));
	rtnl_lock();
	err = vbr_fdb_set_rtnl(unit->br, &req);
	rtnl_unlock();
	return err;
}

static int unit_del(struct unit_bridge *unit, const struct vbr_port *via, int nr)
{
	struct vbr_fdb_key key = {};
	int err;

	ether_addr_copy(key.addr, UNIT_ADDR(nr));
	rtnl_lock();
	err = vbr_fdb_del_rtnl(unit->br, &key, via);
	rtnl_unlock();
	return err;
}

static void unit_flush(struct unit_bridge *unit, struct vbr_fdb_match match)
{
	rtnl_lock();
	vbr_fdb_flush_rtnl(unit->br, &match);
	rtnl_unlock();
}

static u32 unit_count(struct unit_bridge *unit)
{
	return atomic_read(&unit->br->fdb.nelems);
}

static void look_up_by_address_and_vlan(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr_fdb_req req = {
		.port = unit->port[1], .flags = VBR_FDB_STATIC, .create = true,
		.key.vid = 5,
	};
	struct vbr_fdb *plain, *tagged;

	KUNIT_EXPECT_EQ(test, unit_set(unit, unit->port[0], 1, VBR_FDB_STATIC,
				       true, false), 0);
	ether_addr_copy(req.key.addr, UNIT_ADDR(1));
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, vbr_fdb_set_rtnl(unit->br, &req), 0);
	rtnl_unlock();
	plain = unit_find(unit, 1, 0);
	tagged = unit_find(unit, 1, 5);
	if (!unit_has(test, plain))
		return;
	if (!unit_has(test, tagged))
		return;
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(plain->port),
			    unit->port[0]);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(tagged->port),
			    unit->port[1]);
	KUNIT_EXPECT_TRUE(test, !unit_find(unit, 1, 6));
	KUNIT_EXPECT_TRUE(test, !unit_find(unit, 2, 0));
}

static void stations_are_learned_and_move(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr *br = unit->br;
	struct vbr_fdb *fdb;

	unit_learn(unit->port[0], 1);
	fdb = unit_find(unit, 1, 0);
	if (!unit_has(test, fdb))
		return;
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(fdb->port), unit->port[0]);
	KUNIT_EXPECT_EQ(test, br->n_learned, 1);
	KUNIT_EXPECT_EQ(test, unit->port[0]->n_fdb, 1);
	unit_learn(unit->port[0], 1);
	KUNIT_EXPECT_EQ(test, vbr_stat_sum(br, VBR_STAT_LEARNED), 1);
	unit_learn(unit->port[1], 1);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(fdb->port), unit->port[1]);
	KUNIT_EXPECT_EQ(test, vbr_stat_sum(br, VBR_STAT_MOVED), 1);
	KUNIT_EXPECT_EQ(test, unit->port[0]->n_fdb, 0);
	KUNIT_EXPECT_EQ(test, unit->port[1]->n_fdb, 1);
	KUNIT_EXPECT_EQ(test, br->n_learned, 1);
}

static void what_does_not_move_stays(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr *br = unit->br;

	unit_set(unit, unit->port[0], 1, VBR_FDB_STICKY, true, false);
	unit_set(unit, unit->port[0], 2, VBR_FDB_LOCAL | VBR_FDB_STATIC, true,
		 false);
	unit_set(unit, unit->port[0], 3, VBR_FDB_STATIC | VBR_FDB_EXT_LEARNED,
		 true, false);
	unit_learn(unit->port[1], 1);
	unit_learn(unit->port[1], 2);
	KUNIT_EXPECT_EQ(test, unit->port[0]->n_fdb, 3);
	KUNIT_EXPECT_EQ(test, vbr_stat_sum(br, VBR_STAT_OWN_SOURCE), 1);
	KUNIT_EXPECT_EQ(test, vbr_stat_sum(br, VBR_STAT_MOVED), 0);
	/* A static one moves, and whoever had placed it was wrong. */
	unit_learn(unit->port[1], 3);
	KUNIT_EXPECT_EQ(test, vbr_stat_sum(br, VBR_STAT_MOVED), 1);
	KUNIT_EXPECT_EQ(test, unit_find(unit, 3, 0)->flags,
			VBR_FDB_STATIC | VBR_FDB_USER);

	unit->port[1]->fdb_closed = true;
	unit_learn(unit->port[1], 4);
	unit->port[1]->fdb_closed = false;
	br->ageing_time = 0;
	unit_learn(unit->port[1], 5);
	KUNIT_EXPECT_EQ(test, unit_count(unit), 3);
}

static void learned_addresses_are_limited(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr *br = unit->br;
	int i;

	br->fdb_max_learned = 3;
	unit_set(unit, unit->port[0], 100, VBR_FDB_STATIC, true, false);
	for (i = 0; i < 5; i++)
		unit_learn(unit->port[0], i);
	KUNIT_EXPECT_EQ(test, br->n_learned, 3);
	KUNIT_EXPECT_EQ(test, vbr_stat_sum(br, VBR_STAT_LEARN_REFUSED), 2);
	KUNIT_EXPECT_TRUE(test, !unit_find(unit, 3, 0));
	/* One that the user takes over no longer counts. */
	unit_set(unit, unit->port[0], 0, VBR_FDB_STATIC, false, false);
	KUNIT_EXPECT_EQ(test, br->n_learned, 2);
	unit_learn(unit->port[0], 3);
	KUNIT_EXPECT_EQ(test, br->n_learned, 3);
	KUNIT_EXPECT_EQ(test, unit_del(unit, NULL, 3), 0);
	KUNIT_EXPECT_EQ(test, br->n_learned, 2);
	br->fdb_max_learned = 0;
	for (i = 0; i < 50; i++)
		unit_learn(unit->port[0], 200 + i);
	KUNIT_EXPECT_EQ(test, br->n_learned, 52);
}

/* What comes in one softirq, before any work of this CPU can run. */
static void bursts_are_learned(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	int nr;

	rcu_read_lock();
	local_bh_disable();
	preempt_disable();
	for (nr = 1; nr <= 250; nr++)
		vbr_fdb_learn_rcu(unit->port[0], UNIT_ADDR(nr), 0);
	preempt_enable();
	local_bh_enable();
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, unit->br->n_learned, 250);
	KUNIT_EXPECT_EQ(test, vbr_stat_sum(unit->br, VBR_STAT_LEARN_REFUSED), 0);
}

static void silent_entries_expire(struct kunit *test)
{
	static const struct {
		u32 flags;
		bool ages;
	} cases[] = {
		{ VBR_FDB_LEARNED, true }, { VBR_FDB_USER, true },
		{ VBR_FDB_STICKY, true }, { VBR_FDB_STATIC, false },
		{ VBR_FDB_EXT_LEARNED, false }, { VBR_FDB_DEAD, false },
		{ VBR_FDB_LOCAL | VBR_FDB_STATIC, false },
	};
	struct unit_bridge *unit = test->priv;
	struct vbr *br = unit->br;
	struct vbr_fdb fdb = {};
	int i;

	br->ageing_time = 1000 * HZ;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fdb.flags = cases[i].flags;
		fdb.updated = jiffies - 1000 * HZ;
		KUNIT_EXPECT_EQ_MSG(test, vbr_fdb_expired(br, &fdb),
				    cases[i].ages, "(case %d)", i);
		/* Far enough from the end for a slow machine. */
		fdb.updated = jiffies - 500 * HZ;
		KUNIT_EXPECT_FALSE(test, vbr_fdb_expired(br, &fdb));
	}
}

static void unit_visit_and_add(struct vbr *br, struct vbr_fdb *fdb, void *arg)
{
	struct vbr_port *port = rcu_access_pointer(fdb->port);
	int *visits = arg;

	unit_learn(port, 1000 + (*visits)++);
	if (*visits % 2)
		vbr_fdb_remove_any(br, fdb, NULL);
}

/* Each of those there once, though every other goes and more come. */
static void walks_end_and_miss_nothing(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	int i, visits = 0;

	for (i = 0; i < 20; i++)
		unit_learn(unit->port[i % UNIT_PORTS], i);
	mutex_lock(&unit->br->fdb_remove);
	vbr_fdb_walk(unit->br, unit_visit_and_add, &visits);
	mutex_unlock(&unit->br->fdb_remove);
	KUNIT_EXPECT_EQ(test, visits, 20);
	KUNIT_EXPECT_EQ(test, unit_count(unit), 30);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ_MSG(test, !!unit_find(unit, i, 0), i % 2,
				    "(%d)", i);
}

static void flushes_take_what_they_name(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr_port **port = unit->port;
	const struct {
		struct vbr_fdb_match match;
		u32 want;	/* bits of the entries below that are left */
	} cases[] = {
		{ { .mask = VBR_FDB_STATIC }, 0x26 },
		{ { .mask = VBR_FDB_STATIC, .flags = VBR_FDB_STATIC }, 0x39 },
		{ { .by_port = true, .port = port[1] }, 0x25 },
		{ { .by_port = true, .port = port[1], .mask = VBR_FDB_STATIC },
		  0x27 },
		{ { .by_port = true }, 0x3f },
		{ { .mask = VBR_FDB_USER }, 0x3e },
		{ { .vid = 9 }, 0x3f },
		{ { }, 0x20 },
	};
	int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 left = 0;

		unit_learn(port[0], 0);
		unit_set(unit, port[1], 1, VBR_FDB_STATIC, true, false);
		unit_set(unit, port[0], 2, VBR_FDB_STATIC, true, false);
		unit_set(unit, port[1], 3, VBR_FDB_EXT_LEARNED, true, false);
		unit_set(unit, port[1], 4, 0, true, false);
		rtnl_lock();
		vbr_fdb_add_local_rtnl(unit->br, NULL, UNIT_ADDR(5));
		rtnl_unlock();
		unit_flush(unit, cases[i].match);
		for (j = 0; j < 6; j++)
			left |= unit_find(unit, j, 0) ? BIT(j) : 0;
		KUNIT_EXPECT_EQ_MSG(test, left, cases[i].want, "(case %d)", i);
		unit_flush(unit, (struct vbr_fdb_match){});
	}
}

/* In turns under the lock, the kept ones among the others. */
static void large_ports_are_flushed(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	int i, n = 3 * VBR_FDB_LOCKED_CHUNK + 7;

	for (i = 0; i < n; i++)
		unit_set(unit, unit->port[i % 16 == 5], i,
			 i % 16 == 3 ? VBR_FDB_STATIC : 0, true, false);
	KUNIT_EXPECT_EQ(test, unit_count(unit), n);
	unit_flush(unit, (struct vbr_fdb_match){
		.by_port = true, .port = unit->port[0], .mask = VBR_FDB_STATIC,
	});
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ_MSG(test, !!unit_find(unit, i, 0),
				    i % 16 == 3 || i % 16 == 5, "(%d)", i);
	KUNIT_EXPECT_EQ(test, unit->port[0]->n_fdb + unit->port[1]->n_fdb,
			unit_count(unit));
	rtnl_lock();
	vbr_fdb_close_port_rtnl(unit->port[0]);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, unit->port[0]->n_fdb, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&unit->port[0]->fdb));
	unit_learn(unit->port[0], 4);
	KUNIT_EXPECT_TRUE(test, !unit_find(unit, 4, 0));
}

static void users_requests_are_judged(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr_port **port = unit->port;

	KUNIT_EXPECT_EQ(test, unit_set(unit, port[0], 1, 0, false, false),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, unit_set(unit, port[0], 1, 0, true, true), 0);
	KUNIT_EXPECT_EQ(test, unit_set(unit, port[1], 1, 0, true, true),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, unit_set(unit, port[1], 1, VBR_FDB_STATIC, false,
				       false), 0);
	KUNIT_EXPECT_EQ(test, unit_find(unit, 1, 0)->flags,
			VBR_FDB_STATIC | VBR_FDB_USER);
	KUNIT_EXPECT_EQ(test, unit_del(unit, port[0], 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, unit_del(unit, NULL, 2), -ENOENT);
	KUNIT_EXPECT_EQ(test, unit_del(unit, port[1], 1), 0);
	KUNIT_EXPECT_EQ(test, unit_del(unit, port[1], 1), -ENOENT);

	rtnl_lock();
	vbr_fdb_add_local_rtnl(unit->br, port[0], UNIT_ADDR(3));
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, unit_set(unit, port[1], 3, 0, true, false),
			-EADDRINUSE);
	KUNIT_EXPECT_EQ(test, unit_del(unit, NULL, 3), -EADDRINUSE);
}

/* An address that several have stays with those that are left. */
static void shared_addresses_go_on(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr_port **port = unit->port;
	struct vbr_fdb *fdb;

	unit_learn(port[2], 1);
	rtnl_lock();
	ether_addr_copy(port[0]->addr, UNIT_ADDR(1));
	ether_addr_copy(port[1]->addr, UNIT_ADDR(1));
	vbr_fdb_add_local_rtnl(unit->br, port[0], port[0]->addr);
	vbr_fdb_add_local_rtnl(unit->br, port[1], port[1]->addr);
	fdb = unit_find(unit, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(fdb->port), port[0]);
	KUNIT_EXPECT_EQ(test, fdb->flags, VBR_FDB_LOCAL | VBR_FDB_STATIC);
	KUNIT_EXPECT_EQ(test, unit->br->n_learned, 0);
	/* The one that does not hold it goes: nothing changes. */
	ether_addr_copy(port[1]->addr, UNIT_ADDR(2));
	vbr_fdb_del_local_rtnl(unit->br, port[1], UNIT_ADDR(1));
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(fdb->port), port[0]);
	ether_addr_copy(port[1]->addr, UNIT_ADDR(1));
	ether_addr_copy(port[0]->addr, UNIT_ADDR(3));
	vbr_fdb_del_local_rtnl(unit->br, port[0], UNIT_ADDR(1));
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(fdb->port), port[1]);
	ether_addr_copy(port[1]->addr, UNIT_ADDR(4));
	vbr_fdb_del_local_rtnl(unit->br, port[1], UNIT_ADDR(1));
	KUNIT_EXPECT_TRUE(test, !unit_find(unit, 1, 0));
	rtnl_unlock();
}

/* Addresses that differ in one byte alone find buckets of their own. */
static void hashes_spread(struct kunit *test)
{
	static DECLARE_BITMAP(seen, 256);
	struct vbr_fdb_key key = { .addr = { 2 } };
	u8 *bytes = (u8 *)&key;
	int byte, i;

	for (byte = 0; byte < sizeof(key); byte++) {
		bitmap_zero(seen, 256);
		for (i = 0; i < 256; i++) {
			bytes[byte] ^= i;
			__set_bit(vbr_fdb_hash(&key, sizeof(key), 1) & 255,
				  seen);
			bytes[byte] ^= i;
		}
		/* By chance it would be 162. */
		KUNIT_EXPECT_EQ_MSG(test, bitmap_weight(seen, 256) >= 100, 1,
				    "(byte %d)", byte);
	}
}

/* Where an address lies by its spot, once it was given one; NULL without. */
static struct vbr_port *unit_spot(struct unit_bridge *unit, int nr,
				  struct vbr_spot **spot)
{
	struct vbr_spotted at = {};

	flush_delayed_work(&unit->br->spots_work);
	rcu_read_lock();
	*spot = vbr_spot_find_rcu(unit->br, UNIT_ADDR(nr), 0, &at);
	rcu_read_unlock();
	return *spot ? at.port : NULL;
}

/* A spot leads to where the entry does, and ends when the entry leads to none. */
static void spots_follow_their_entries(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr_port **port = unit->port;
	struct vbr_spot *spot;

	KUNIT_EXPECT_TRUE(test, !unit_spot(unit, 1, &spot));
	unit_learn(port[0], 1);
	KUNIT_EXPECT_PTR_EQ(test, unit_spot(unit, 1, &spot), port[0]);
	unit_learn(port[1], 1);
	KUNIT_EXPECT_PTR_EQ(test, unit_spot(unit, 1, &spot), port[1]);
	unit_set(unit, port[0], 1, VBR_FDB_STATIC, true, false);
	KUNIT_EXPECT_PTR_EQ(test, unit_spot(unit, 1, &spot), port[0]);
	/* Once the host's it has none, nor when it is a port's again. */
	unit_set(unit, port[0], 1, VBR_FDB_LOCAL | VBR_FDB_STATIC, true, false);
	KUNIT_EXPECT_TRUE(test, !unit_spot(unit, 1, &spot));
	unit_set(unit, port[0], 1, VBR_FDB_STATIC, true, false);
	KUNIT_EXPECT_TRUE(test, !unit_spot(unit, 1, &spot));

	unit_learn(port[0], 2);
	KUNIT_EXPECT_PTR_EQ(test, unit_spot(unit, 2, &spot), port[0]);
	KUNIT_EXPECT_TRUE(test, !unit_spot(unit, 1, &spot));
	KUNIT_EXPECT_EQ(test, unit_del(unit, NULL, 2), 0);
	KUNIT_EXPECT_TRUE(test, !unit_spot(unit, 2, &spot));
	unit_learn(port[1], 2);
	KUNIT_EXPECT_PTR_EQ(test, unit_spot(unit, 2, &spot), port[1]);
}

/* What is seen by the spot alone counts, also once the spot has ended. */
static void spots_keep_entries_young(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr *br = unit->br;
	struct vbr_seen seen;
	struct vbr_spot *spot;
	struct vbr_fdb *fdb;

	br->ageing_time = 1000 * HZ;
	unit_learn(unit->port[0], 1);
	fdb = unit_find(unit, 1, 0);
	if (!unit_has(test, fdb))
		return;
	unit_spot(unit, 1, &spot);
	if (!unit_has(test, spot))
		return;
	fdb->updated = jiffies - 2000 * HZ;
	fdb->used = fdb->updated;
	spot->updated = fdb->updated;
	spot->used = fdb->updated;
	KUNIT_EXPECT_TRUE(test, vbr_fdb_expired(br, fdb));
	unit_learn(unit->port[0], 1);
	KUNIT_EXPECT_FALSE(test, vbr_fdb_expired(br, fdb));
	vbr_spot_seen(br, fdb, &seen);
	KUNIT_EXPECT_TRUE(test, jiffies - seen.updated < 500 * HZ);
	KUNIT_EXPECT_TRUE(test, jiffies - seen.used >= 2000 * HZ);
	spin_lock_bh(&br->fdb_lock);
	vbr_spot_end_locked(br, fdb);
	spin_unlock_bh(&br->fdb_lock);
	KUNIT_EXPECT_TRUE(test, !unit_spot(unit, 1, &spot));
	KUNIT_EXPECT_FALSE(test, vbr_fdb_expired(br, fdb));
}

static u32 unit_spots(struct unit_bridge *unit, int n, struct kunit *test)
{
	struct vbr_spot *spot;
	u32 there = 0;
	int i;

	for (i = 0; i < n; i++) {
		if (!unit_spot(unit, i, &spot))
			continue;
		there++;
		KUNIT_EXPECT_PTR_EQ(test, spot->fdb, unit_find(unit, i, 0));
		KUNIT_EXPECT_PTR_EQ(test, spot->port,
				    unit->port[i % UNIT_PORTS]);
	}
	return there;
}

/* With the table, both ways; most entries have one whenever it is looked. */
static void spots_grow_and_shrink(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	int i, n = 5000;
	struct vbr *br = unit->br;

	for (i = 0; i < n; i++) {
		unit_learn(unit->port[i % UNIT_PORTS], i);
		if (i % 500)
			continue;
		flush_delayed_work(&br->spots_work);
		cond_resched();
	}
	flush_delayed_work(&br->spots_work);
	KUNIT_EXPECT_EQ(test, unit_count(unit), n);
	KUNIT_EXPECT_TRUE(test, unit_spots(unit, n, test) > n * 8 / 10);
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, rcu_dereference(br->spots)->limit >= n);
	rcu_read_unlock();

	vbr_spots_shrink(br);
	flush_delayed_work(&br->spots_work);
	KUNIT_EXPECT_TRUE(test, unit_spots(unit, n, test) > n * 8 / 10);
	while (n > 50)
		unit_del(unit, NULL, --n);
	vbr_spots_shrink(br);
	flush_delayed_work(&br->spots_work);
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, rcu_dereference(br->spots)->limit < 1000);
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, unit_spots(unit, n, test) > n * 8 / 10);
}

/* A large table has its spots in several chunks, and each is in use. */
static void spots_lie_in_all_chunks(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	int i, n = VBR_SPOT_CHUNK + 2000, first = 0, other = 0;
	struct vbr_spots *spots;

	unit->br->fdb_max_learned = 0;
	unit->br->fdb_max_learned_port = 0;
	for (i = 0; i < n; i++) {
		unit_learn(unit->port[i % UNIT_PORTS], i);
		if (!(i % 500))
			cond_resched();
	}
	KUNIT_EXPECT_EQ(test, unit_count(unit), n);
	flush_delayed_work(&unit->br->spots_work);
	rcu_read_lock();
	spots = rcu_dereference(unit->br->spots);
	KUNIT_EXPECT_TRUE(test, spots->mask >= 2 * VBR_SPOT_CHUNK - 1);
	for (i = 0; i < n; i++) {
		struct vbr_spotted at = {};
		struct vbr_spot *spot;

		spot = vbr_spot_find_rcu(unit->br, UNIT_ADDR(i), 0, &at);
		if (!spot)
			continue;
		if (spot >= spots->chunk[0] && spot < spots->chunk[0] +
		    VBR_SPOT_CHUNK * VBR_SPOT_WAYS)
			first++;
		else
			other++;
	}
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, first + other > n * 8 / 10);
	KUNIT_EXPECT_TRUE(test, first > n / 8);
	KUNIT_EXPECT_TRUE(test, other > n / 3);
}

static struct kunit_case unit_fdb_cases[] = {
	KUNIT_CASE(look_up_by_address_and_vlan),
	KUNIT_CASE(stations_are_learned_and_move),
	KUNIT_CASE(what_does_not_move_stays),
	KUNIT_CASE(learned_addresses_are_limited),
	KUNIT_CASE(bursts_are_learned),
	KUNIT_CASE(silent_entries_expire),
	KUNIT_CASE(walks_end_and_miss_nothing),
	KUNIT_CASE(flushes_take_what_they_name),
	KUNIT_CASE(large_ports_are_flushed),
	KUNIT_CASE(users_requests_are_judged),
	KUNIT_CASE(shared_addresses_go_on),
	KUNIT_CASE(hashes_spread),
	KUNIT_CASE(spots_follow_their_entries),
	KUNIT_CASE(spots_keep_entries_young),
	KUNIT_CASE(spots_grow_and_shrink),
	KUNIT_CASE(spots_lie_in_all_chunks),
	{ }
};

struct kunit_suite unit_fdb_suite = {
	.name = "fdb",
	.init = unit_bridge_init,
	.exit = unit_bridge_exit,
	.test_cases = unit_fdb_cases,
};
