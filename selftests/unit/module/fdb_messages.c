// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the translation between forwarding entries and messages.
 */
#include "../drivers/vbridge/fdb_netlink.c"
#include "unit.h"

static void entries_have_the_state_they_show(struct kunit *test)
{
	static const struct {
		u32 flags;
		u16 nud;
		u8 ntf;
	} cases[] = {
		{ VBR_FDB_LEARNED, NUD_REACHABLE, 0 },
		{ VBR_FDB_STATIC, NUD_NOARP, 0 },
		{ VBR_FDB_LOCAL | VBR_FDB_STATIC, NUD_PERMANENT, 0 },
		{ VBR_FDB_STATIC | VBR_FDB_STICKY, NUD_NOARP, NTF_STICKY },
		{ VBR_FDB_EXT_LEARNED | VBR_FDB_USER, NUD_REACHABLE,
		  NTF_EXT_LEARNED },
	};
	struct unit_bridge *unit = test->priv;
	struct vbr_fdb fdb = { .updated = jiffies };
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fdb.flags = cases[i].flags;
		KUNIT_EXPECT_EQ_MSG(test, vbr_fdb_nud(unit->br, &fdb),
				    cases[i].nud, "(case %d)", i);
		KUNIT_EXPECT_EQ_MSG(test, vbr_fdb_ntf(&fdb), cases[i].ntf,
				    "(case %d)", i);
	}
	fdb.flags = VBR_FDB_LEARNED;
	fdb.updated = jiffies - unit->br->ageing_time;
	KUNIT_EXPECT_EQ(test, vbr_fdb_nud(unit->br, &fdb), NUD_STALE);
}

static void requests_become_flags_or_are_refused(struct kunit *test)
{
	static const struct {
		u16 state;
		u8 ntf;
		bool port;
		int err;
		u32 flags;
	} cases[] = {
		{ NUD_PERMANENT, 0, true, 0, VBR_FDB_LOCAL | VBR_FDB_STATIC },
		{ NUD_PERMANENT, NTF_SELF, false, 0,
		  VBR_FDB_LOCAL | VBR_FDB_STATIC },
		{ NUD_NOARP, NTF_SELF, true, 0, VBR_FDB_STATIC },
		{ NUD_NOARP, 0, false, -EINVAL, 0 },
		{ NUD_REACHABLE, NTF_MASTER, true, 0, 0 },
		{ NUD_REACHABLE, 0, false, -EINVAL, 0 },
		{ NUD_REACHABLE, NTF_STICKY, true, 0, VBR_FDB_STICKY },
		{ NUD_REACHABLE, NTF_EXT_LEARNED, true, 0,
		  VBR_FDB_EXT_LEARNED },
		{ NUD_NOARP, NTF_USE, true, 0, 0 },
		{ NUD_PERMANENT, NTF_USE, false, -EINVAL, 0 },
		{ NUD_PERMANENT, NTF_STICKY, true, -EINVAL, 0 },
		{ NUD_STALE, 0, true, -EINVAL, 0 },
		{ 0, 0, true, -EINVAL, 0 },
		{ NUD_NOARP, NTF_ROUTER, true, -EINVAL, 0 },
		{ NUD_NOARP, NTF_PROXY, true, -EINVAL, 0 },
		{ NUD_NOARP, NTF_OFFLOADED, true, -EINVAL, 0 },
	};
	struct unit_bridge *unit = test->priv;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct vbr_port *port = cases[i].port ? unit->port[0] :
							      NULL;
		struct ndmsg ndm = {
			.ndm_state = cases[i].state, .ndm_flags = cases[i].ntf,
		};
		struct netlink_ext_ack extack = {};
		u32 flags = 0;

		err = vbr_fdb_get_flags(&ndm, port, &flags, &extack);
		KUNIT_EXPECT_EQ_MSG(test, err, cases[i].err, "(case %d)", i);
		KUNIT_EXPECT_EQ(test, !!err, !!extack._msg);
		if (!err)
			KUNIT_EXPECT_EQ_MSG(test, flags, cases[i].flags,
					    "(case %d)", i);
	}
}

static void attributes_of_other_tables_are_refused(struct kunit *test)
{
	struct nlattr *tb[NDA_MAX + 1] = {}, any = { NLA_HDRLEN, 0 };
	static const u8 group[ETH_ALEN] = { 1 }, none[ETH_ALEN];
	struct unit_bridge *unit = test->priv;
	struct netlink_ext_ack extack = {};
	struct vbr *br = unit->br;
	int i;

	for (i = 0; i <= NDA_MAX; i++) {
		tb[i] = &any;
		KUNIT_EXPECT_EQ_MSG(test, vbr_fdb_check_attrs(tb, &extack),
				    i == NDA_LLADDR || i == NDA_VLAN ||
				    i == NDA_IFINDEX ? 0 : -EINVAL,
				    "(attribute %d)", i);
		tb[i] = NULL;
	}
	KUNIT_EXPECT_EQ(test, vbr_fdb_check_key(br, NULL, UNIT_ADDR(1), 0,
						&extack), 0);
	KUNIT_EXPECT_EQ(test, vbr_fdb_check_key(br, NULL, UNIT_ADDR(1), 1,
						&extack), 0);
	KUNIT_EXPECT_EQ(test, vbr_fdb_check_key(br, NULL, UNIT_ADDR(1), 2,
						&extack), -EINVAL);
	KUNIT_EXPECT_EQ(test, vbr_fdb_check_key(br, unit->port[0],
						UNIT_ADDR(1), 1, &extack),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, vbr_fdb_check_key(br, NULL, group, 0, &extack),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, vbr_fdb_check_key(br, NULL, none, 0, &extack),
			-EINVAL);
}

static void messages_fit_their_room(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr_fdb fdb = {
		.key.vid = 7,
		.updated = jiffies,
		.flags = VBR_FDB_LOCKED,
	};
	struct vbr_fdb_fill how = { .type = RTM_NEWNEIGH };
	struct sk_buff *skb = alloc_skb(4096, GFP_KERNEL);
	const struct ndmsg *ndm;

	if (!unit_has(test, skb))
		return;
	ndm = nlmsg_data((struct nlmsghdr *)skb->data);
	RCU_INIT_POINTER(fdb.port, unit->port[0]);
	unit->port[0]->dev->ifindex = 55;
	unit->dev->ifindex = 66;
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, vbr_fdb_fill(skb, unit->br, &fdb, &how), 0);
	KUNIT_EXPECT_EQ(test, skb->len, NLMSG_HDRLEN + vbr_fdb_msg_size());
	KUNIT_EXPECT_EQ(test, ndm->ndm_ifindex, 55);
	/* In the bridge's own name. */
	skb_trim(skb, 0);
	how.self = true;
	KUNIT_EXPECT_EQ(test, vbr_fdb_fill(skb, unit->br, &fdb, &how), 0);
	KUNIT_EXPECT_LE(test, skb->len, NLMSG_HDRLEN + vbr_fdb_msg_size());
	KUNIT_EXPECT_EQ(test, ndm->ndm_ifindex, 66);
	KUNIT_EXPECT_EQ(test, ndm->ndm_flags, NTF_SELF);
	rcu_read_unlock();
	kfree_skb(skb);
}

static struct kunit_case unit_fdb_messages_cases[] = {
	KUNIT_CASE(entries_have_the_state_they_show),
	KUNIT_CASE(requests_become_flags_or_are_refused),
	KUNIT_CASE(attributes_of_other_tables_are_refused),
	KUNIT_CASE(messages_fit_their_room),
	{ }
};

struct kunit_suite unit_fdb_messages_suite = {
	.name = "fdb_messages",
	.init = unit_bridge_init,
	.exit = unit_bridge_exit,
	.test_cases = unit_fdb_messages_cases,
};
