// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of vflow's table: what conntrack is told of a flow's bytes.
 */
#include "../drivers/vflow/table.c"
#include "unit.h"

static u64 unit_packets, unit_bytes;
static u64 unit_told_packets, unit_told_bytes;

/* What the table asks of the rest of vflow. */
struct vflow_nf vflow_nf;

void vflow_rule_read(const struct vflow_rule *rule, u64 *packets, u64 *bytes)
{
	*packets = unit_packets;
	*bytes = unit_bytes;
}

struct vflow_rule *vflow_rule_parse(const struct vflow_dev *vdev,
				    const struct flow_cls_offload *cls)
{
	return ERR_PTR(-EOPNOTSUPP);
}

void vflow_rule_free_rcu(struct vflow_rule *rule)
{
}

bool vflow_rule_same(const struct vflow_rule *rule,
		     const struct vflow_rule *other)
{
	return false;
}

void vflow_rule_succeed(struct vflow_rule *rule, struct vflow_rule *old)
{
}

struct vflow_counts __percpu *vflow_rule_spread(struct vflow_rule *rule,
						gfp_t gfp)
{
	return NULL;
}

int vflow_station_add(struct vflow_rule *rule)
{
	return 0;
}

void vflow_station_del(struct vflow_rule *rule)
{
}

void vflow_station_recheck(struct vflow_rule *rule)
{
}

/* As the core's, with what it takes. */
static void unit_acct_add(struct nf_conn *ct, u32 dir, unsigned int packets,
			  unsigned int bytes)
{
	unit_told_packets += packets;
	unit_told_bytes += bytes;
}

static void many_bytes_are_told(struct kunit *test)
{
	static const u64 more[] = {
		0, 1500, U32_MAX, 1ULL << 32, 1, 5 * (1ULL << 32) + 7,
	};
	static struct flow_offload flow;
	static struct vflow_rule rule;
	struct nf_flowtable table = { .flags = NF_FLOWTABLE_COUNTER };
	struct vflow_binding binding = { .table = &table };
	u64 packets, bytes;
	int i;

	rule.binding = &binding;
	rule.flow = &flow;
	rule.cookie = (unsigned long)&flow.tuplehash[0].tuple;
	vflow_nf.acct_add = unit_acct_add;
	for (i = 0; i < ARRAY_SIZE(more); i++) {
		unit_packets += 3;
		unit_bytes += more[i];
		/* By the core, of what it is told when it asks. */
		vflow_rule_delta(&rule, &packets, &bytes);
		unit_acct_add(NULL, 0, packets, bytes);
		KUNIT_EXPECT_EQ_MSG(test, unit_told_bytes, unit_bytes,
				    "(case %d)", i);
		KUNIT_EXPECT_EQ_MSG(test, unit_told_packets, unit_packets,
				    "(case %d)", i);
		/* By vflow, when the flow ends. */
		unit_packets += 3;
		unit_bytes += more[i];
		vflow_rule_account(&rule);
		KUNIT_EXPECT_EQ_MSG(test, unit_told_bytes, unit_bytes,
				    "(case %d, at the end)", i);
		KUNIT_EXPECT_EQ_MSG(test, unit_told_packets, unit_packets,
				    "(case %d, at the end)", i);
	}
}

static struct kunit_case unit_counts_cases[] = {
	KUNIT_CASE(many_bytes_are_told),
	{ }
};

struct kunit_suite unit_counts_suite = {
	.name = "counts",
	.test_cases = unit_counts_cases,
};
