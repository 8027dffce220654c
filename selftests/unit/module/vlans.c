// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of sets of VLANs: what is in them, which frames they let in, how they
 * are asked for and shown.
 */
#include "../drivers/vbridge/vlan.c"
#include "../drivers/vbridge/vlan_netlink.c"
#include "unit.h"

/* Too large for the stack; an empty one. */
static struct vbr_vlan_set *unit_set(int nr)
{
	static struct vbr_vlan_set sets[2];

	memset(&sets[nr], 0, sizeof(sets[nr]));
	return &sets[nr];
}

static void sets_hold_what_is_put_in(struct kunit *test)
{
	static const u16 vids[] = { 1, 62, 63, 64, 65, 2047, 4094 };
	struct vbr_vlan_set *set = unit_set(0);
	u16 vid = 0;
	int i;

	KUNIT_EXPECT_EQ(test, vbr_vlan_next(set, 0), VLAN_N_VID);
	for (i = 0; i < ARRAY_SIZE(vids); i++)
		vbr_vlan_add(set, vids[i], i == 1, i & 1);
	for (i = 0; i < ARRAY_SIZE(vids); i++, vid++) {
		vid = vbr_vlan_next(set, vid);
		KUNIT_EXPECT_EQ(test, vid, vids[i]);
		KUNIT_EXPECT_EQ(test, vbr_vlan_untags(set, vid), i & 1);
	}
	KUNIT_EXPECT_EQ(test, vbr_vlan_next(set, vid), VLAN_N_VID);
	KUNIT_EXPECT_EQ(test, set->pvid, 62);
	/* Given again without, it is no longer. */
	vbr_vlan_add(set, 62, false, false);
	KUNIT_EXPECT_EQ(test, set->pvid, 0);
	KUNIT_EXPECT_FALSE(test, vbr_vlan_untags(set, 62));
	vbr_vlan_add(set, 63, true, true);
	vbr_vlan_del(set, 63);
	KUNIT_EXPECT_EQ(test, set->pvid, 0);
	KUNIT_EXPECT_FALSE(test, vbr_vlan_has(set, 63));
	KUNIT_EXPECT_FALSE(test, vbr_vlan_untags(set, 63));
	KUNIT_EXPECT_TRUE(test, vbr_vlan_has(set, 64));
}

/* Frames by their tag, on a port whose pvid is 5 and which is in 7 as well. */
static void frames_have_the_vlan_of_their_tag(struct kunit *test)
{
	static const struct {
		u16 proto;	/* 0: no tag */
		u16 tci;
		u16 vid;
	} cases[] = {
		{ 0, 0, 5 },
		{ ETH_P_8021Q, 7, 7 },
		{ ETH_P_8021Q, 0xe007, 7 },
		{ ETH_P_8021Q, 5, 5 },
		{ ETH_P_8021Q, 8, VBR_NO_VLAN },
		{ ETH_P_8021Q, 0xe000, 5 },
		{ ETH_P_8021AD, 7, 5 },
		{ ETH_P_8021AD, 8, 5 },
	};
	struct sk_buff *skb = alloc_skb(128, GFP_KERNEL);
	struct unit_bridge *unit = test->priv;
	struct vbr_port *port = unit->port[0];
	int i;

	if (!unit_has(test, skb))
		return;
	vbr_vlan_add(&port->vlans.set, 5, true, true);
	vbr_vlan_add(&port->vlans.set, 7, false, false);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		__vlan_hwaccel_clear_tag(skb);
		if (cases[i].proto)
			__vlan_hwaccel_put_tag(skb, htons(cases[i].proto),
					       cases[i].tci);
		unit->br->vlan_filtering = false;
		KUNIT_EXPECT_EQ(test, vbr_vlan_classify(unit->br, &port->vlans,
							skb), 0);
		unit->br->vlan_filtering = true;
		KUNIT_EXPECT_EQ_MSG(test, vbr_vlan_classify(unit->br,
							    &port->vlans, skb),
				    cases[i].vid, "(case %d)", i);
	}
	/* Without a pvid, a frame without a tag has no VLAN. */
	port->vlans.set.pvid = 0;
	__vlan_hwaccel_clear_tag(skb);
	KUNIT_EXPECT_EQ(test, vbr_vlan_classify(unit->br, &port->vlans, skb),
			VBR_NO_VLAN);
	unit->br->vlan_filtering = false;
	kfree_skb(skb);
}

/* A request with up to three VLANs. */
struct unit_request {
	struct nlattr nest;
	struct {
		struct nlattr head;
		struct bridge_vlan_info info;
	} vlan[3];
};

static int unit_parse_vlans(struct vbr_vlan_set *set, bool del, int n,
			    const struct bridge_vlan_info *info)
{
	struct netlink_ext_ack extack = {};
	struct unit_request req = { };
	int i, err;

	req.nest.nla_type = IFLA_AF_SPEC;
	req.nest.nla_len = NLA_HDRLEN + n * sizeof(req.vlan[0]);
	for (i = 0; i < n; i++) {
		req.vlan[i].head.nla_type = IFLA_BRIDGE_VLAN_INFO;
		req.vlan[i].head.nla_len = sizeof(req.vlan[0]);
		req.vlan[i].info = info[i];
	}
	err = vbr_vlan_parse(set, &req.nest, del, &extack);
	return err && !extack._msg ? -EBADMSG : err;
}

static void requests_for_vlans_are_checked(struct kunit *test)
{
	static const struct {
		int n;
		struct bridge_vlan_info info[3];
		int err;
		int count;
	} cases[] = {
		{ 1, { { 0, 1 } }, 0, 1 },
		{ 1, { { BRIDGE_VLAN_INFO_PVID, 4094 } }, 0, 1 },
		{ 1, { { 0, 0 } }, -EINVAL },
		{ 1, { { 0, 4095 } }, -EINVAL },
		{ 1, { { 0, 4097 } }, -EINVAL },
		{ 1, { { 0x8000, 1 } }, -EINVAL },
		{ 1, { { BRIDGE_VLAN_INFO_MASTER, 1 } }, -EOPNOTSUPP },
		{ 1, { { BRIDGE_VLAN_INFO_RANGE_BEGIN, 1 } }, -EINVAL },
		{ 1, { { BRIDGE_VLAN_INFO_RANGE_END, 1 } }, -EINVAL },
		{ 2, { { BRIDGE_VLAN_INFO_RANGE_BEGIN, 1 },
		       { BRIDGE_VLAN_INFO_RANGE_END, 4094 } }, 0, 4094 },
		{ 2, { { BRIDGE_VLAN_INFO_RANGE_BEGIN, 5 },
		       { BRIDGE_VLAN_INFO_RANGE_END, 5 } }, -EINVAL },
		{ 2, { { BRIDGE_VLAN_INFO_RANGE_BEGIN, 5 },
		       { BRIDGE_VLAN_INFO_RANGE_END |
			 BRIDGE_VLAN_INFO_UNTAGGED, 9 } }, -EINVAL },
		{ 2, { { BRIDGE_VLAN_INFO_RANGE_BEGIN |
			 BRIDGE_VLAN_INFO_PVID, 5 },
		       { BRIDGE_VLAN_INFO_RANGE_END |
			 BRIDGE_VLAN_INFO_PVID, 9 } }, -EINVAL },
		{ 2, { { BRIDGE_VLAN_INFO_RANGE_BEGIN, 5 }, { 0, 9 } },
		  -EINVAL },
		{ 3, { { 0, 100 }, { BRIDGE_VLAN_INFO_RANGE_BEGIN, 5 },
		       { BRIDGE_VLAN_INFO_RANGE_END, 9 } }, 0, 6 },
	};
	struct vbr_vlan_set *set = unit_set(0);
	u16 vid;
	int i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(set, 0, sizeof(*set));
		KUNIT_EXPECT_EQ_MSG(test,
				    unit_parse_vlans(set, false, cases[i].n,
						     cases[i].info),
				    cases[i].err, "(case %d)", i);
		if (cases[i].err)
			continue;
		n = 0;
		for (vid = vbr_vlan_next(set, 0); vid < VLAN_N_VID;
		     vid = vbr_vlan_next(set, vid + 1))
			n++;
		KUNIT_EXPECT_EQ_MSG(test, n, cases[i].count, "(case %d)", i);
		KUNIT_EXPECT_EQ(test,
				unit_parse_vlans(set, true, cases[i].n,
						 cases[i].info), 0);
		KUNIT_EXPECT_EQ(test, vbr_vlan_next(set, 0), VLAN_N_VID);
	}
}

/* What is shown, asked for, gives the same set. */
static void shown_vlans_are_what_was_asked_for(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(65536, GFP_KERNEL);
	struct vbr_vlan_set *set = unit_set(0), *again = unit_set(1);
	struct netlink_ext_ack extack;
	unsigned int whole;
	int i, ranges;

	if (!unit_has(test, skb))
		return;
	for (i = 1; i < 4095; i++)
		if (i % 100)
			vbr_vlan_add(set, i, i == 150, i / 50 & 1);
	for (ranges = 0; ranges < 2; ranges++) {
		whole = skb->len;
		skb_trim(skb, 0);
		memset(again, 0, sizeof(*again));
		KUNIT_EXPECT_EQ(test, vbr_vlan_fill(skb, set, NULL, ranges),
				0);
		KUNIT_EXPECT_LE(test, skb->len, vbr_vlan_fill_size(set, NULL));
		KUNIT_EXPECT_EQ(test, vbr_vlan_parse(again, (void *)skb->data,
						     false, &extack), 0);
		KUNIT_EXPECT_EQ(test, memcmp(set, again, sizeof(*set)), 0);
	}
	KUNIT_EXPECT_LE(test, skb->len * 5, whole);
	kfree_skb(skb);
}

static struct kunit_case unit_vlans_cases[] = {
	KUNIT_CASE(sets_hold_what_is_put_in),
	KUNIT_CASE(frames_have_the_vlan_of_their_tag),
	KUNIT_CASE(requests_for_vlans_are_checked),
	KUNIT_CASE(shown_vlans_are_what_was_asked_for),
	{ }
};

struct kunit_suite unit_vlans_suite = {
	.name = "vlans",
	.init = unit_bridge_init,
	.exit = unit_bridge_exit,
	.test_cases = unit_vlans_cases,
};
