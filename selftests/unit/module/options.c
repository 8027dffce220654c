// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the options of a bridge: every one is built, refused, read-only or
 * without a meaning here.
 */
#include "../drivers/vbridge/netlink.c"
#include "unit.h"

static void every_option_is_accounted_for(struct kunit *test)
{
	static const u16 built[] = {
		IFLA_BR_AGEING_TIME, IFLA_BR_GROUP_FWD_MASK, IFLA_BR_GROUP_ADDR,
		IFLA_BR_FDB_FLUSH, IFLA_BR_MULTI_BOOLOPT,
		IFLA_BR_FDB_MAX_LEARNED, IFLA_BR_VLAN_FILTERING,
		IFLA_BR_VLAN_PROTOCOL, IFLA_BR_VLAN_DEFAULT_PVID,
		IFLA_BR_VLAN_STATS_ENABLED, IFLA_BR_VLAN_STATS_PER_PORT,
		/* Of a spanning tree, while that is off. */
		IFLA_BR_FORWARD_DELAY, IFLA_BR_HELLO_TIME, IFLA_BR_MAX_AGE,
		IFLA_BR_PRIORITY,
	};
	const struct vbr_unbuilt *unbuilt;
	u8 times[VBR_BR_MAX + 1] = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(built); i++)
		times[built[i]]++;
	for (unbuilt = vbr_unbuilt; unbuilt->type; unbuilt++) {
		times[unbuilt->type]++;
		KUNIT_EXPECT_TRUE(test, unbuilt->why);
	}
	for (i = 1; i <= VBR_BR_MAX; i++) {
		if (vbr_policy[i].type == NLA_REJECT)
			times[i]++;
		KUNIT_EXPECT_EQ_MSG(test, times[i],
				    vbr_policy[i].type || vbr_policy[i].len,
				    "(option %d)", i);
	}
}

/* An attribute of one option, of the length that its policy wants. */
static struct nlattr *unit_option(u8 *room, u16 type, u64 value)
{
	static const u8 lengths[] = {
		[NLA_U8] = 1, [NLA_U16] = 2, [NLA_U32] = 4, [NLA_U64] = 8,
	};
	struct nlattr *nla = (void *)room;

	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + lengths[vbr_policy[type].type];
	memcpy(nla_data(nla), &value, sizeof(value));
	return nla;
}

static void unbuilt_options_may_be_off(struct kunit *test)
{
	struct nlattr *tb[VBR_BR_MAX + 1] = {};
	const struct vbr_unbuilt *unbuilt;
	struct netlink_ext_ack extack;
	u8 room[16] __aligned(4);

	for (unbuilt = vbr_unbuilt; unbuilt->type; unbuilt++) {
		u16 type = unbuilt->type;

		extack = (struct netlink_ext_ack){};
		tb[type] = unit_option(room, type, unbuilt->off);
		KUNIT_EXPECT_EQ_MSG(test,
				    vbr_nl_refuse_unbuilt(vbr_unbuilt, tb,
							  VBR_BR_MAX, &extack),
				    0, "(option %u)", type);
		tb[type] = unit_option(room, type, unbuilt->off + 1);
		KUNIT_EXPECT_EQ_MSG(test,
				    vbr_nl_refuse_unbuilt(vbr_unbuilt, tb,
							  VBR_BR_MAX, &extack),
				    -EOPNOTSUPP, "(option %u)", type);
		KUNIT_EXPECT_TRUE(test, extack._msg == unbuilt->why);
		KUNIT_EXPECT_TRUE(test, extack.bad_attr == tb[type]);
		/* An older core has no room for it. */
		KUNIT_EXPECT_EQ(test, vbr_nl_refuse_unbuilt(vbr_unbuilt, tb,
							    type - 1, NULL), 0);
		tb[type] = NULL;
	}
}

static void numbers_have_four_lengths(struct kunit *test)
{
	struct {
		struct nlattr head;
		u64 value;
	} __packed attr = { .value = 0x1122334455667788 };

	attr.head.nla_len = NLA_HDRLEN + 1;
	KUNIT_EXPECT_EQ(test, vbr_nl_get_uint(&attr.head), (u64)*(u8 *)nla_data(&attr.head));
	attr.head.nla_len = NLA_HDRLEN + 2;
	KUNIT_EXPECT_EQ(test, vbr_nl_get_uint(&attr.head), (u64)(u16)attr.value);
	attr.head.nla_len = NLA_HDRLEN + 4;
	KUNIT_EXPECT_EQ(test, vbr_nl_get_uint(&attr.head), (u64)(u32)attr.value);
	attr.head.nla_len = NLA_HDRLEN + 8;
	KUNIT_EXPECT_EQ(test, vbr_nl_get_uint(&attr.head), (u64)attr.value);
}

static void masks_are_checked_bit_by_bit(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct nlattr *tb[VBR_BR_MAX + 1] = {};
	struct netlink_ext_ack extack = {};
	struct br_boolopt_multi opt;
	u8 room[16] __aligned(4);
	struct vbr_config cfg;
	int i, err;

	for (i = 0; i < 16; i++) {
		tb[IFLA_BR_GROUP_FWD_MASK] =
			unit_option(room, IFLA_BR_GROUP_FWD_MASK, BIT(i));
		err = vbr_config_parse(&cfg, unit->br, tb, &extack);
		KUNIT_EXPECT_EQ_MSG(test, err, i < 3 ? -EINVAL : 0, "(bit %d)",
				    i);
	}
	tb[IFLA_BR_GROUP_FWD_MASK] = NULL;

	for (i = 0; i < 32; i++) {
		opt = (struct br_boolopt_multi){ BIT(i), BIT(i) };
		tb[IFLA_BR_MULTI_BOOLOPT] = (void *)room;
		tb[IFLA_BR_MULTI_BOOLOPT]->nla_len = NLA_HDRLEN + sizeof(opt);
		memcpy(nla_data(tb[IFLA_BR_MULTI_BOOLOPT]), &opt, sizeof(opt));
		err = vbr_config_parse(&cfg, unit->br, tb, &extack);
		KUNIT_EXPECT_EQ_MSG(test, err, i ? -EOPNOTSUPP : 0, "(bit %d)",
				    i);
		/* A value that the mask does not name counts for nothing. */
		opt.optmask = 0;
		memcpy(nla_data(tb[IFLA_BR_MULTI_BOOLOPT]), &opt, sizeof(opt));
		KUNIT_EXPECT_EQ(test, vbr_config_parse(&cfg, unit->br, tb,
						       &extack), 0);
		KUNIT_EXPECT_FALSE(test, cfg.no_ll_learn);
	}
}

static void parsing_changes_nothing(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct nlattr *tb[VBR_BR_MAX + 1] = {};
	u8 age[16] __aligned(4), max[16] __aligned(4);
	struct vbr *br = unit->br;
	struct vbr_config cfg;

	br->group_fwd_mask = 0x4000;
	br->no_ll_learn = true;
	tb[IFLA_BR_AGEING_TIME] = unit_option(age, IFLA_BR_AGEING_TIME, 700);
	tb[IFLA_BR_FDB_MAX_LEARNED] =
		unit_option(max, IFLA_BR_FDB_MAX_LEARNED, 12);
	KUNIT_EXPECT_EQ(test, vbr_config_parse(&cfg, br, tb, NULL), 0);
	KUNIT_EXPECT_EQ(test, cfg.ageing_time, 7 * HZ);
	KUNIT_EXPECT_EQ(test, cfg.fdb_max_learned, 12);
	KUNIT_EXPECT_EQ(test, cfg.group_fwd_mask, 0x4000);
	KUNIT_EXPECT_TRUE(test, cfg.no_ll_learn);
	KUNIT_EXPECT_EQ(test, br->ageing_time, BR_DEFAULT_AGEING_TIME);
	KUNIT_EXPECT_EQ(test, br->fdb_max_learned, VBR_FDB_MAX_LEARNED);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, vbr_config_apply(br, &cfg, NULL), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, br->ageing_time, 7 * HZ);
	KUNIT_EXPECT_EQ(test, br->fdb_max_learned, 12);
	KUNIT_EXPECT_TRUE(test, br->no_ll_learn);
}

static void answers_fit_their_room(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct sk_buff *skb = alloc_skb(4096, GFP_KERNEL);

	if (!unit_has(test, skb))
		return;
	KUNIT_EXPECT_EQ(test, vbr_fill_info(skb, unit->dev), 0);
	KUNIT_EXPECT_EQ(test, skb->len, vbr_get_size(unit->dev));
	kfree_skb(skb);
}

static struct kunit_case unit_options_cases[] = {
	KUNIT_CASE(every_option_is_accounted_for),
	KUNIT_CASE(unbuilt_options_may_be_off),
	KUNIT_CASE(numbers_have_four_lengths),
	KUNIT_CASE(masks_are_checked_bit_by_bit),
	KUNIT_CASE(parsing_changes_nothing),
	KUNIT_CASE(answers_fit_their_room),
	{ }
};

struct kunit_suite unit_options_suite = {
	.name = "options",
	.init = unit_bridge_init,
	.exit = unit_bridge_exit,
	.test_cases = unit_options_cases,
};
