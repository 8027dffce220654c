// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the options of a port.
 */
#include "../drivers/vbridge/port_netlink.c"
#include "unit.h"

static void every_port_option_is_accounted_for(struct kunit *test)
{
	static const u16 built[] = {
		IFLA_BRPORT_STATE, IFLA_BRPORT_GROUP_FWD_MASK,
		IFLA_BRPORT_FLUSH, IFLA_BRPORT_COST, IFLA_BRPORT_PRIORITY,
		IFLA_BRPORT_BACKUP_PORT, IFLA_BRPORT_BACKUP_NHID,
	};
	const struct vbr_unbuilt *unbuilt;
	u8 times[VBR_BRPORT_MAX + 1] = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(built); i++)
		times[built[i]]++;
	for (i = 0; i < ARRAY_SIZE(vbr_port_flags); i++)
		times[vbr_port_flags[i].type]++;
	for (unbuilt = vbr_port_unbuilt; unbuilt->type; unbuilt++) {
		times[unbuilt->type]++;
		KUNIT_EXPECT_TRUE(test, unbuilt->why);
	}
	for (i = 1; i <= VBR_BRPORT_MAX; i++) {
		if (vbr_port_policy[i].type == NLA_REJECT)
			times[i]++;
		KUNIT_EXPECT_EQ_MSG(test, times[i],
				    vbr_port_policy[i].type ||
				    vbr_port_policy[i].len, "(option %d)", i);
	}
}

static int unit_parse(struct vbr_port *port, struct vbr_port_config *cfg,
		      u16 type, u8 value)
{
	struct nlattr *tb[VBR_BRPORT_MAX + 1] = {};
	struct netlink_ext_ack extack = {};
	struct {
		struct nlattr head;
		u8 value[4];
	} attr = {
		.head = { .nla_len = NLA_HDRLEN + 1, .nla_type = type },
		.value = { value },
	};
	int err;

	tb[type] = &attr.head;
	memset(cfg, 0, sizeof(*cfg));
	rtnl_lock();
	err = vbr_port_config_parse(cfg, port, tb, VBR_BRPORT_MAX, &extack);
	rtnl_unlock();
	return err;
}

static void options_switch_one_flag_each(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr_port *port = unit->port[0];
	struct vbr_port_config cfg;
	u32 all = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(vbr_port_flags); i++) {
		u32 flag = vbr_port_flags[i].flag;

		KUNIT_EXPECT_EQ(test, hweight32(flag), 1);
		KUNIT_EXPECT_FALSE(test, all & flag);
		all |= flag;
		port->flags = 0;
		/* Which is for ports that are locked and learn. */
		if (flag == VBR_PORT_MAB)
			port->flags = VBR_PORT_LOCKED | VBR_PORT_LEARNING;
		KUNIT_EXPECT_EQ(test, unit_parse(port, &cfg,
						 vbr_port_flags[i].type, 1), 0);
		KUNIT_EXPECT_EQ(test, cfg.flags, flag | port->flags);
		port->flags = U32_MAX;
		if (flag == VBR_PORT_LOCKED || flag == VBR_PORT_LEARNING)
			port->flags &= ~VBR_PORT_MAB;
		KUNIT_EXPECT_EQ(test, unit_parse(port, &cfg,
						 vbr_port_flags[i].type, 0), 0);
		KUNIT_EXPECT_EQ(test, cfg.flags, port->flags & ~flag);
		KUNIT_EXPECT_TRUE(test, port->flags & flag);
	}
	KUNIT_EXPECT_EQ(test, all & VBR_PORT_DEFAULT, VBR_PORT_DEFAULT);
}

static void states_depend_on_the_link(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct vbr_port *port = unit->port[0];
	struct vbr_port_config cfg;
	int state;

	for (state = 0; state < 256; state++) {
		port->link_up = true;
		KUNIT_EXPECT_EQ_MSG(test, unit_parse(port, &cfg,
						     IFLA_BRPORT_STATE, state),
				    state <= BR_STATE_BLOCKING ? 0 : -EINVAL,
				    "(%d)", state);
		port->link_up = false;
		KUNIT_EXPECT_EQ_MSG(test, unit_parse(port, &cfg,
						     IFLA_BRPORT_STATE, state),
				    state == BR_STATE_DISABLED ? 0 :
				    state <= BR_STATE_BLOCKING ? -ENETDOWN :
								 -EINVAL,
				    "(%d)", state);
	}
	KUNIT_EXPECT_EQ(test, port->state, BR_STATE_FORWARDING);
}

static void port_answers_fit_their_room(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	struct sk_buff *skb = alloc_skb(4096, GFP_KERNEL);
	static const struct vbr_link_fill how = {
		.type = RTM_NEWLINK,
		.filter = RTEXT_FILTER_BRVLAN,
	};
	struct vbr_port *port = unit->port[0];
	unsigned int len;

	if (!unit_has(test, skb))
		return;
	rcu_assign_pointer(port->backup, unit->port[1]);
	port->backup_nhid = 10;
	KUNIT_EXPECT_EQ(test, vbr_port_put_attrs(skb, unit->port[0]), 0);
	KUNIT_EXPECT_EQ(test, skb->len, vbr_get_slave_size(unit->dev, NULL));
	len = skb->len;
	strscpy(unit->port[0]->dev->name, "fifteen.letters", IFNAMSIZ);
	rtnl_lock();
	vbr_vlan_add(&port->vlans.set, 1, true, true);
	vbr_vlan_add(&port->vlans.set, 7, false, false);
	KUNIT_EXPECT_EQ(test, vbr_link_fill(skb, unit->br, port, &how), 0);
	rtnl_unlock();
	KUNIT_EXPECT_LE(test, skb->len - len,
			NLMSG_HDRLEN + vbr_link_msg_size(&port->vlans.set,
							    &port->tunnels));
	kfree_skb(skb);
}

static struct kunit_case unit_port_options_cases[] = {
	KUNIT_CASE(every_port_option_is_accounted_for),
	KUNIT_CASE(options_switch_one_flag_each),
	KUNIT_CASE(states_depend_on_the_link),
	KUNIT_CASE(port_answers_fit_their_room),
	{ }
};

struct kunit_suite unit_port_options_suite = {
	.name = "port_options",
	.init = unit_bridge_init,
	.exit = unit_bridge_exit,
	.test_cases = unit_port_options_cases,
};
