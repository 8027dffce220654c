// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of VLANs as tunnels: how they are asked for and shown.
 */
#include <linux/rtnetlink.h>
#include "../drivers/vbridge/tunnel_netlink.c"
#include "unit.h"

/* A request with up to three tunnels. */
struct unit_tunnels {
	struct nlattr nest;
	struct {
		struct nlattr head;
		struct nlattr id_head;
		u32 id;
		struct nlattr vid_head;
		u16 vid;
		u16 pad1;
		struct nlattr flags_head;
		u16 flags;
		u16 pad2;
	} tunnel[3];
};

static struct vbr_tunnel_plan *
unit_plan(bool del, int n, const struct vbr_tunnel_info *info)
{
	static struct vbr_vlan_set vlans;
	struct netlink_ext_ack extack = {};
	struct vbr_tunnel_plan *plan;
	struct unit_tunnels req = {};
	int i;

	memset(&vlans, 0, sizeof(vlans));
	for (i = 10; i < 30; i++)
		vlans.words[BIT_WORD(i)].member |= BIT_MASK(i);
	req.nest.nla_type = IFLA_AF_SPEC;
	req.nest.nla_len = NLA_HDRLEN + n * sizeof(req.tunnel[0]);
	for (i = 0; i < n; i++) {
		req.tunnel[i].head.nla_type = IFLA_BRIDGE_VLAN_TUNNEL_INFO;
		req.tunnel[i].head.nla_len = sizeof(req.tunnel[0]);
		req.tunnel[i].id_head.nla_type = IFLA_BRIDGE_VLAN_TUNNEL_ID;
		req.tunnel[i].id_head.nla_len = NLA_HDRLEN + sizeof(u32);
		req.tunnel[i].id = info[i].id;
		req.tunnel[i].vid_head.nla_type = IFLA_BRIDGE_VLAN_TUNNEL_VID;
		req.tunnel[i].vid_head.nla_len = NLA_HDRLEN + sizeof(u16);
		req.tunnel[i].vid = info[i].vid;
		req.tunnel[i].flags_head.nla_type =
			IFLA_BRIDGE_VLAN_TUNNEL_FLAGS;
		req.tunnel[i].flags_head.nla_len = NLA_HDRLEN + sizeof(u16);
		req.tunnel[i].flags = info[i].flags;
	}
	plan = vbr_tunnel_parse(&vlans, &req.nest, del, &extack);
	return IS_ERR(plan) && !extack._msg ? ERR_PTR(-EBADMSG) : plan;
}

#define UNIT_BEGIN BRIDGE_VLAN_INFO_RANGE_BEGIN
#define UNIT_END BRIDGE_VLAN_INFO_RANGE_END

static void requests_for_tunnels_are_checked(struct kunit *test)
{
	static const struct {
		int n;
		struct vbr_tunnel_info info[3];
		int err;
		int count;
	} cases[] = {
		{ 1, { { 1, 10 } }, 0, 1 },
		{ 1, { { U32_MAX, 29 } }, 0, 1 },
		{ 1, { { 0, 10 } }, -ERANGE },
		{ 1, { { 1, 0 } }, -ERANGE },
		{ 1, { { 1, 4095 } }, -ERANGE },
		{ 1, { { 1, 9 } }, -EINVAL },
		{ 1, { { 1, 10, 1 } }, -EINVAL },
		{ 1, { { 1, 10, UNIT_BEGIN | UNIT_END } }, -EINVAL },
		{ 1, { { 1, 10, UNIT_BEGIN } }, -EINVAL },
		{ 1, { { 1, 10, UNIT_END } }, -EINVAL },
		{ 2, { { 1, 10, UNIT_BEGIN }, { 20, 29, UNIT_END } }, 0, 20 },
		{ 2, { { 1, 10, UNIT_BEGIN }, { 19, 29, UNIT_END } }, -EINVAL },
		{ 2, { { 1, 10, UNIT_BEGIN }, { 21, 30, UNIT_END } }, -EINVAL },
		{ 2, { { 1, 12, UNIT_BEGIN }, { 1, 12, UNIT_END } }, -EINVAL },
		{ 2, { { 5, 12, UNIT_BEGIN }, { 4, 11, UNIT_END } }, -EINVAL },
		{ 2, { { U32_MAX, 12, UNIT_BEGIN }, { 1, 14, UNIT_END } },
		  -EINVAL },
		{ 2, { { 1, 12, UNIT_BEGIN }, { 2, 13 } }, -EINVAL },
		{ 2, { { 1, 12 }, { 2, 12 } }, -EINVAL },
		{ 2, { { 1, 12 }, { 1, 12 } }, 0, 1 },
		{ 3, { { 9, 15 }, { 1, 10, UNIT_BEGIN },
		       { 3, 12, UNIT_END } }, 0, 4 },
	};
	struct vbr_tunnel_plan *plan;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		plan = unit_plan(false, cases[i].n, cases[i].info);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(plan), cases[i].err,
				    "(case %d)", i);
		if (IS_ERR(plan))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, bitmap_weight(plan->vids, VLAN_N_VID),
				    cases[i].count, "(case %d)", i);
		vbr_tunnel_plan_free(plan);
	}
	KUNIT_EXPECT_PTR_EQ(test, unit_plan(false, 0, NULL), NULL);
}

static void tunnels_are_one_to_one(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	static const struct vbr_tunnel_info taken[] = {
		{ 100, 10 }, { 112, 12 }, { 111, 11 },
	};
	/* The first is new, the second is there, the third is another's. */
	static const struct vbr_tunnel_info refused[] = {
		{ 110, 15 }, { 112, 12 }, { 100, 20 },
	};
	struct vbr_tunnel_plan *plan;
	struct vbr_tunnels tunnels;

	vbr_tunnels_init(&tunnels);
	rtnl_lock();
	plan = unit_plan(false, ARRAY_SIZE(taken), taken);
	KUNIT_EXPECT_EQ(test, vbr_tunnel_begin_rtnl(&tunnels, plan, &extack),
			0);
	vbr_tunnel_plan_free(plan);
	plan = unit_plan(false, ARRAY_SIZE(refused), refused);
	KUNIT_EXPECT_EQ(test, vbr_tunnel_begin_rtnl(&tunnels, plan, &extack),
			-EBUSY);
	vbr_tunnel_plan_free(plan);
	KUNIT_EXPECT_EQ(test, vbr_tunnel_add_rtnl(&tunnels, 12, 112),
			-EALREADY);
	KUNIT_EXPECT_EQ(test, vbr_tunnel_add_rtnl(&tunnels, 12, 113), -EEXIST);
	KUNIT_EXPECT_EQ(test, vbr_tunnel_add_rtnl(&tunnels, 15, 110), 0);
	vbr_tunnels_flush_rtnl(&tunnels);
	KUNIT_EXPECT_TRUE(test, xa_empty(&tunnels.by_vid));
	KUNIT_EXPECT_TRUE(test, xa_empty(&tunnels.by_id));
	rtnl_unlock();
}

/* In ranges that are as long as can be, in the room that was said. */
static void shown_tunnels_fit_their_room(struct kunit *test)
{
	static const struct vbr_tunnel_info shown[] = {
		{ 100, 10, UNIT_BEGIN }, { 102, 12, UNIT_END }, { 104, 13 },
		{ 106, 15 }, { 4000, 4093, UNIT_BEGIN }, { 4001, 4094, UNIT_END },
	};
	struct sk_buff *skb = alloc_skb(4096, GFP_KERNEL);
	struct vbr_tunnels tunnels;
	struct vbr_tunnel_info info;
	const struct nlattr *nla;
	int rem, n = 0;

	if (!unit_has(test, skb))
		return;
	vbr_tunnels_init(&tunnels);
	rtnl_lock();
	vbr_tunnel_add_rtnl(&tunnels, 4094, 4001);
	vbr_tunnel_add_rtnl(&tunnels, 4093, 4000);
	vbr_tunnel_add_rtnl(&tunnels, 10, 100);
	vbr_tunnel_add_rtnl(&tunnels, 11, 101);
	vbr_tunnel_add_rtnl(&tunnels, 12, 102);
	vbr_tunnel_add_rtnl(&tunnels, 13, 104);
	vbr_tunnel_add_rtnl(&tunnels, 15, 106);
	KUNIT_EXPECT_EQ(test, vbr_tunnel_fill(skb, &tunnels), 0);
	KUNIT_EXPECT_EQ(test, skb->len, vbr_tunnel_fill_size(&tunnels));
	vbr_tunnels_flush_rtnl(&tunnels);
	rtnl_unlock();
	nla_for_each_attr(nla, (void *)skb->data, skb->len, rem) {
		if (n == ARRAY_SIZE(shown))
			break;
		KUNIT_EXPECT_EQ(test, vbr_tunnel_parse_info(&info, nla, NULL),
				0);
		KUNIT_EXPECT_EQ_MSG(test, info.vid, shown[n].vid, "(%d)", n);
		KUNIT_EXPECT_EQ_MSG(test, info.id, shown[n].id, "(%d)", n);
		KUNIT_EXPECT_EQ_MSG(test, info.flags, shown[n].flags, "(%d)", n);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, ARRAY_SIZE(shown));
	KUNIT_EXPECT_EQ(test, rem, 0);
	kfree_skb(skb);
}

static struct kunit_case unit_tunnels_cases[] = {
	KUNIT_CASE(requests_for_tunnels_are_checked),
	KUNIT_CASE(tunnels_are_one_to_one),
	KUNIT_CASE(shown_tunnels_fit_their_room),
	{ }
};

struct kunit_suite unit_tunnels_suite = {
	.name = "tunnels",
	.test_cases = unit_tunnels_cases,
};
