// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what a bridge decides about a frame: who may come in, where it
 * goes, who may get it.
 */
#include "../drivers/vbridge/forward.c"
#include "../drivers/vbridge/input.c"
#include "unit.h"

static void egress_is_for_ports_that_forward(struct kunit *test)
{
	static const struct {
		u8 state;
		bool back, hairpin, from_isolated, to_isolated, host, want;
	} cases[] = {
		{ BR_STATE_FORWARDING, 0, 0, 0, 0, 0, true },
		{ BR_STATE_FORWARDING, 0, 0, 0, 0, 1, true },
		{ BR_STATE_FORWARDING, 0, 0, 1, 0, 0, true },
		{ BR_STATE_FORWARDING, 0, 0, 0, 1, 0, true },
		{ BR_STATE_FORWARDING, 0, 0, 1, 1, 0, false },
		{ BR_STATE_FORWARDING, 0, 0, 1, 1, 1, true },
		{ BR_STATE_FORWARDING, 1, 0, 0, 0, 0, false },
		{ BR_STATE_FORWARDING, 1, 1, 0, 0, 0, true },
		{ BR_STATE_FORWARDING, 1, 1, 1, 1, 0, false },
		{ BR_STATE_DISABLED, 0, 0, 0, 0, 0, false },
		{ BR_STATE_LISTENING, 0, 0, 0, 0, 0, false },
		{ BR_STATE_LEARNING, 0, 0, 0, 0, 1, false },
		{ BR_STATE_BLOCKING, 1, 1, 0, 0, 0, false },
	};
	struct unit_bridge *unit = test->priv;
	struct vbr_port *to = unit->port[1], *from;
	struct vbr_verdict plain = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		from = cases[i].host ? NULL : unit->port[!!cases[i].back];
		unit->port[0]->flags = cases[i].from_isolated ?
				       VBR_PORT_ISOLATED : 0;
		to->flags = (cases[i].hairpin ? VBR_PORT_HAIRPIN : 0) |
			    (cases[i].to_isolated ? VBR_PORT_ISOLATED : 0);
		to->state = cases[i].state;
		KUNIT_EXPECT_EQ_MSG(test, vbr_may_egress(from, to, &plain),
				    cases[i].want, "(case %d)", i);
	}
}

/* The host's broadcasts and groups go everywhere. */
static void floods_go_where_their_flag_is_set(struct kunit *test)
{
	static const u32 kinds[] = {
		VBR_PORT_FLOOD, VBR_PORT_MCAST_FLOOD, VBR_PORT_BCAST_FLOOD,
	};
	struct unit_bridge *unit = test->priv;
	struct vbr_port *from = unit->port[0], *to = unit->port[1];
	struct vbr_verdict verdict = {};
	u32 mask, host;
	int i, j;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (j = 0; j < ARRAY_SIZE(kinds); j++) {
			to->flags = kinds[j];
			verdict.flood = kinds[i];
			mask = vbr_flood_mask(from, &verdict);
			host = vbr_flood_mask(NULL, &verdict);
			KUNIT_EXPECT_EQ_MSG(test,
					    vbr_takes_flood(from, to, &verdict, mask),
					    i == j, "(%d, %d)", i, j);
			KUNIT_EXPECT_EQ_MSG(test,
					    vbr_takes_flood(NULL, to, &verdict, host),
					    i == j || kinds[i] != VBR_PORT_FLOOD,
					    "(host, %d, %d)", i, j);
		}
	}
}

static struct vbr_verdict unit_decide(struct unit_bridge *unit,
				      const struct vbr_port *from,
				      const u8 *dest)
{
	struct vbr_verdict verdict = {};

	rcu_read_lock();
	local_bh_disable();
	vbr_decide_rcu(unit->br, from, dest, &verdict);
	local_bh_enable();
	rcu_read_unlock();
	return verdict;
}

static void unit_learn_at(struct vbr_port *port, int nr)
{
	rcu_read_lock();
	local_bh_disable();
	vbr_fdb_learn_rcu(port, UNIT_ADDR(nr), 0);
	local_bh_enable();
	rcu_read_unlock();
}

static void groups_and_strangers_are_flooded(struct kunit *test)
{
	static const u8 all[ETH_ALEN] = { 255, 255, 255, 255, 255, 255 };
	static const u8 group[ETH_ALEN] = { 1, 0, 0x5e, 0, 0, 1 };
	struct unit_bridge *unit = test->priv;
	const struct vbr_port *from = unit->port[0];
	struct vbr_verdict verdict;

	verdict = unit_decide(unit, from, all);
	KUNIT_EXPECT_EQ(test, verdict.action, VBR_FLOOD);
	KUNIT_EXPECT_EQ(test, verdict.flood, VBR_PORT_BCAST_FLOOD);
	KUNIT_EXPECT_TRUE(test, verdict.local);
	verdict = unit_decide(unit, from, group);
	KUNIT_EXPECT_EQ(test, verdict.flood, VBR_PORT_MCAST_FLOOD);
	KUNIT_EXPECT_TRUE(test, verdict.local);
	verdict = unit_decide(unit, from, UNIT_ADDR(1));
	KUNIT_EXPECT_EQ(test, verdict.action, VBR_FLOOD);
	KUNIT_EXPECT_EQ(test, verdict.flood, VBR_PORT_FLOOD);
	KUNIT_EXPECT_FALSE(test, verdict.local);
	/* What the host sends does not come back to it. */
	verdict = unit_decide(unit, NULL, all);
	KUNIT_EXPECT_FALSE(test, verdict.local);
	unit->dev->flags |= IFF_PROMISC;
	verdict = unit_decide(unit, from, UNIT_ADDR(1));
	KUNIT_EXPECT_TRUE(test, verdict.local);
	verdict = unit_decide(unit, NULL, UNIT_ADDR(1));
	KUNIT_EXPECT_FALSE(test, verdict.local);
}

static void known_addresses_lead_to_one_port(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	const struct vbr_port *from = unit->port[0];
	struct vbr_verdict verdict;

	unit_learn_at(unit->port[0], 1);
	unit_learn_at(unit->port[1], 2);
	rtnl_lock();
	vbr_fdb_add_local_rtnl(unit->br, unit->port[1], UNIT_ADDR(3));
	rtnl_unlock();

	verdict = unit_decide(unit, from, UNIT_ADDR(2));
	KUNIT_EXPECT_EQ(test, verdict.action, VBR_FORWARD);
	KUNIT_EXPECT_PTR_EQ(test, verdict.to,
			    (const struct vbr_port *)unit->port[1]);
	verdict = unit_decide(unit, from, UNIT_ADDR(1));
	KUNIT_EXPECT_EQ(test, verdict.action, VBR_DROP);
	KUNIT_EXPECT_EQ(test, verdict.why, VNET_DROP_SAME_PORT);
	verdict = unit_decide(unit, from, UNIT_ADDR(3));
	KUNIT_EXPECT_EQ(test, verdict.action, VBR_LOCAL);
	verdict = unit_decide(unit, NULL, UNIT_ADDR(3));
	KUNIT_EXPECT_EQ(test, verdict.action, VBR_FORWARD);
	unit->port[1]->state = BR_STATE_BLOCKING;
	verdict = unit_decide(unit, from, UNIT_ADDR(2));
	KUNIT_EXPECT_EQ(test, verdict.action, VBR_DROP);
	KUNIT_EXPECT_EQ(test, verdict.why, VNET_DROP_NO_EGRESS);
	unit->dev->flags |= IFF_PROMISC;
	verdict = unit_decide(unit, from, UNIT_ADDR(2));
	KUNIT_EXPECT_EQ(test, verdict.action, VBR_LOCAL);
}

static bool unit_admit(struct vbr_port *port, const u8 *dest, const u8 *source,
		       struct vbr_verdict *verdict)
{
	struct ethhdr eth = { .h_proto = htons(ETH_P_IP) };
	bool admitted;

	memset(verdict, 0, sizeof(*verdict));
	ether_addr_copy(eth.h_dest, dest);
	ether_addr_copy(eth.h_source, source);
	rcu_read_lock();
	local_bh_disable();
	admitted = vbr_admit_rcu(port, &eth, 46, verdict);
	local_bh_enable();
	rcu_read_unlock();
	return admitted;
}

/* Group by group: bridged, dropped, or left to the port's stack. */
static void link_local_groups_stay(struct kunit *test)
{
	u8 dest[ETH_ALEN] = { 0x01, 0x80, 0xc2, 0, 0, 0 };
	struct unit_bridge *unit = test->priv;
	struct vbr_port *port = unit->port[0];
	struct vbr_verdict verdict;
	bool bridged;
	int mask, i;

	for (mask = 0; mask < 3; mask++) {
		unit->br->group_fwd_mask = mask == 1 ? 0x4000 : 0;
		port->group_fwd_mask = mask == 2 ? 0x0004 : 0;
		for (i = 0; i < 16; i++) {
			dest[5] = i;
			bridged = i == 0 || (mask == 1 && i == 14) ||
				  (mask == 2 && i == 2);
			KUNIT_EXPECT_EQ_MSG(test,
					    unit_admit(port, dest, UNIT_ADDR(1),
						       &verdict),
					    bridged, "(group %d, mask %d)", i,
					    mask);
			if (bridged)
				continue;
			KUNIT_EXPECT_EQ_MSG(test, verdict.action,
					    i == 1 ? VBR_DROP : VBR_PORT_STACK,
					    "(group %d)", i);
			if (i == 1)
				KUNIT_EXPECT_EQ(test, verdict.why,
						VNET_DROP_LINK_LOCAL);
		}
	}
	/* The next address is a group like any other. */
	dest[5] = 16;
	KUNIT_EXPECT_TRUE(test, unit_admit(port, dest, UNIT_ADDR(1), &verdict));

	dest[5] = 14;
	unit->br->no_ll_learn = true;
	unit_admit(port, dest, UNIT_ADDR(2), &verdict);
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, vbr_fdb_find_rcu(unit->br, UNIT_ADDR(1), 0));
	KUNIT_EXPECT_TRUE(test, !vbr_fdb_find_rcu(unit->br, UNIT_ADDR(2), 0));
	rcu_read_unlock();
}

static void states_and_sources_are_checked(struct kunit *test)
{
	static const u8 group[ETH_ALEN] = { 3 }, none[ETH_ALEN];
	struct unit_bridge *unit = test->priv;
	struct vbr_port *port = unit->port[0];
	struct vbr_verdict verdict;
	int state;

	KUNIT_EXPECT_FALSE(test, unit_admit(port, UNIT_ADDR(9), group,
					    &verdict));
	KUNIT_EXPECT_EQ(test, verdict.why, VNET_DROP_BAD_SOURCE);
	KUNIT_EXPECT_FALSE(test, unit_admit(port, UNIT_ADDR(9), none, &verdict));
	KUNIT_EXPECT_EQ(test, verdict.why, VNET_DROP_BAD_SOURCE);
	for (state = BR_STATE_DISABLED; state <= BR_STATE_BLOCKING; state++) {
		port->state = state;
		KUNIT_EXPECT_EQ_MSG(test,
				    unit_admit(port, UNIT_ADDR(9),
					       UNIT_ADDR(10 + state), &verdict),
				    state == BR_STATE_FORWARDING, "(%d)",
				    state);
		if (state != BR_STATE_FORWARDING)
			KUNIT_EXPECT_EQ(test, verdict.why,
					VNET_DROP_PORT_STATE);
		rcu_read_lock();
		KUNIT_EXPECT_EQ_MSG(test,
				    !!vbr_fdb_find_rcu(unit->br,
						       UNIT_ADDR(10 + state),
						       0),
				    state == BR_STATE_FORWARDING ||
				    state == BR_STATE_LEARNING, "(%d)", state);
		rcu_read_unlock();
	}
	port->state = BR_STATE_FORWARDING;
	port->flags &= ~VBR_PORT_LEARNING;
	KUNIT_EXPECT_TRUE(test, unit_admit(port, UNIT_ADDR(9), UNIT_ADDR(20),
					   &verdict));
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, !vbr_fdb_find_rcu(unit->br, UNIT_ADDR(20), 0));
	rcu_read_unlock();
}

/* Behind tags within the frame, as deep as there are tags. */
static void network_header_is_behind_the_tags(struct kunit *test)
{
	static const struct {
		u16 protocol;
		unsigned int tags, len;
		u8 summed;
		bool found;
	} cases[] = {
		{ ETH_P_IP, 0, 20, CHECKSUM_PARTIAL, true },
		{ ETH_P_8021Q, 1, 60, CHECKSUM_PARTIAL, true },
		{ ETH_P_8021AD, 2, 60, CHECKSUM_PARTIAL, true },
		{ ETH_P_8021Q, 1, 3, CHECKSUM_PARTIAL, false },
		{ ETH_P_8021Q, 2, 7, CHECKSUM_PARTIAL, false },
		{ ETH_P_8021Q, 1, 3, CHECKSUM_NONE, true },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
		__be16 *tag;
		bool found;

		if (!unit_has(test, skb))
			return;
		skb_reserve(skb, 64);
		skb_put_data(skb, UNIT_ADDR(1), ETH_ALEN);
		skb_put_data(skb, UNIT_ADDR(2), ETH_ALEN);
		tag = skb_put(skb, sizeof(*tag));
		*tag = htons(cases[i].protocol);
		tag = skb_put_zero(skb, cases[i].len);
		for (j = 1; j <= cases[i].tags && j * 4 <= cases[i].len; j++)
			tag[2 * j - 1] = htons(j < cases[i].tags ? ETH_P_8021Q :
								   ETH_P_IP);
		skb_reset_mac_header(skb);
		skb->mac_len = ETH_HLEN;
		skb->protocol = htons(cases[i].protocol);
		skb->ip_summed = cases[i].summed;
		found = vbr_find_network_header(skb);
		KUNIT_EXPECT_EQ_MSG(test, found, cases[i].found, "(case %u)",
				    i);
		if (found && cases[i].tags && cases[i].len > 8)
			KUNIT_EXPECT_EQ_MSG(test, skb_network_offset(skb),
					    ETH_HLEN + 4 * cases[i].tags,
					    "(case %u)", i);
		kfree_skb(skb);
	}
}

static struct kunit_case unit_decide_cases[] = {
	KUNIT_CASE(egress_is_for_ports_that_forward),
	KUNIT_CASE(floods_go_where_their_flag_is_set),
	KUNIT_CASE(groups_and_strangers_are_flooded),
	KUNIT_CASE(known_addresses_lead_to_one_port),
	KUNIT_CASE(link_local_groups_stay),
	KUNIT_CASE(states_and_sources_are_checked),
	KUNIT_CASE(network_header_is_behind_the_tags),
	{ }
};

struct kunit_suite unit_decide_suite = {
	.name = "decide",
	.init = unit_bridge_init,
	.exit = unit_bridge_exit,
	.test_cases = unit_decide_cases,
};
