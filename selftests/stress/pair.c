// SPDX-License-Identifier: GPL-2.0
/*
 * A pair that lives through everything: its ends are renamed, re-MTUed, taken down and up, moved between namespaces, watched
 * and given XDP programs, while each sends to the other from a CPU of its own. Afterwards every frame is accounted for.
 *
 *	+-- 0 ---+ +-- 1 --+
 *	|   wa --+-+- wb   |   each wanders between the namespaces 0 to 2
 *	+--------+ +-------+
 *
 * VNET_SEED=N replays the decisions of a run, VNET_LONG=1 takes ten minutes.
 */
#define _GNU_SOURCE
#include "harness.h"
#include "account.h"

FIXTURE(pair) {
	struct account acc;
	bool exact;
	unsigned int seed;
};

FIXTURE_SETUP(pair)
{
	self->seed = stress_seed();
	self->exact = swallowed_is_counted();
}

FIXTURE_TEARDOWN(pair)
{
}

static struct device wa = { { 2, 0, 0, 0, 4, 1 }, 0, true }, wb = { { 2, 0, 0, 0, 4, 2 }, 1, true };

static void sum_pair(struct account *acc, struct sums *sums, bool exact)
{
	int i;

	sums->n = 0;
	sum_direction(acc, sums, &wa, &wb);
	sum_direction(acc, sums, &wb, &wa);
	for (i = 0; i < 2; i++)
		sum_flow(acc, sums, i, exact);
}

static bool pair_sums_up(void *arg)
{
	FIXTURE_DATA(pair) *self = arg;
	struct sums sums;

	sum_pair(&self->acc, &sums, self->exact);
	return equal(&sums);
}

TEST_F_TIMEOUT(pair, accounts, LIMIT)
{
	struct account *acc = &self->acc;
	struct nl_msg msg;
	struct sums sums;
	double end;

	ASSERT_TRUE(start(acc, self->seed, 3));
	op_pair(&msg, &(struct op_pair){
		.name = "wa0", .peer = "wb0", .mac = wa.mac, .peer_mac = wb.mac, .ns = acc->spaces[wa.ns],
		.peer_ns = acc->spaces[wb.ns], .up = true, .peer_up = true,
	});
	ASSERT_EQ(0, nl_talk(&acc->ns[0].nl, &msg));
	ASSERT_TRUE(add_flow(acc, wa.mac, wb.mac, 60, 16));
	ASSERT_TRUE(add_flow(acc, wb.mac, wa.mac, 1514, 16));
	for (end = stress_end(QUICK_SECONDS); goes_on(acc, end); usleep(stress_below(&acc->rnd, 8000)))
		disturb(acc, stress_below(&acc->rnd, 2) ? &wa : &wb);
	EXPECT_TRUE(stop_flows(acc));
	EXPECT_EQ(0, acc->odd);
	EXPECT_LE(LEAST, acc->done);
	stress_poll(pair_sums_up, self);
	sum_pair(acc, &sums, self->exact);
	EXPECT_TRUE(print_sums(&sums));
}

TEST_HARNESS_MAIN
