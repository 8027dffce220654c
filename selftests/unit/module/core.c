// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of vnet_core: drop reasons, checks of options, the registry of ports.
 */
#include "../drivers/core/direct.c"
#include "../drivers/core/drop.c"
#include "../drivers/core/nlutil.c"
#include "../drivers/core/port.c"
#include "../drivers/core/station.c"
#include "unit.h"

static void drop_reasons_have_names(struct kunit *test)
{
	int i, j;

	for (i = 0; i < __VNET_DROP_MAX; i++) {
		if (!unit_has(test, vnet_drop_names[i].name))
			return;
		KUNIT_EXPECT_TRUE(test, vnet_drop_names[i].core > 0);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_TRUE_MSG(test,
					      strcmp(vnet_drop_names[i].name,
						     vnet_drop_names[j].name),
					      "(%d and %d)", i, j);
	}
}

static void drop_counters_add_up(struct kunit *test)
{
	struct vnet_drops __percpu *drops = vnet_drops_alloc();
	u64 values[__VNET_DROP_MAX] = {}, all = 0;
	u32 odd = 0x55555555 & (BIT(__VNET_DROP_MAX) - 1);
	int i, n;

	if (!unit_has(test, drops))
		return;
	local_bh_disable();
	for (i = 0; i < __VNET_DROP_MAX; i++) {
		vnet_drop_count(drops, i, 100 + i);
		vnet_drop_count(drops, i, 1000);
		all += 1100 + i;
	}
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, vnet_drops_sum(drops, U32_MAX), all);
	KUNIT_EXPECT_EQ(test, vnet_drops_sum(drops, 0), 0);
	KUNIT_EXPECT_EQ(test, vnet_drops_sum(NULL, U32_MAX), 0);
	KUNIT_EXPECT_EQ(test, vnet_drops_sum(drops, BIT(VNET_DROP_PURGED)),
			1100 + VNET_DROP_PURGED);
	vnet_drops_get_values(drops, odd, values);
	n = vnet_drops_sset_count(odd);
	KUNIT_EXPECT_EQ(test, n, (__VNET_DROP_MAX + 1) / 2);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, values[i], 1100 + 2 * i);
	free_percpu(drops);
}

/* A frame with @fill in all that both might change. */
static void unit_scrub_fill(struct sk_buff *skb, u8 fill)
{
	memset(&skb->headers, fill, sizeof(skb->headers));
	skb->_skb_refdst = 0x100 | SKB_DST_NOREF;
	skb->tstamp = 1;
}

/* Each bit that only one of the two leaves as it was stands out. */
static void scrub_is_the_kernels(struct kunit *test)
{
	static const u8 fills[] = { 0x00, 0xff, 0xa5 };
	struct sk_buff *ours = alloc_skb(64, GFP_KERNEL);
	struct sk_buff *kernels = alloc_skb(64, GFP_KERNEL);
	typeof(ours->headers) kept;
	int i;

	if (!unit_has(test, ours) || !unit_has(test, kernels))
		goto out;
	memcpy(&kept, &ours->headers, sizeof(kept));
	for (i = 0; i < 2 * ARRAY_SIZE(fills); i++) {
		unit_scrub_fill(ours, fills[i / 2]);
		unit_scrub_fill(kernels, fills[i / 2]);
		vnet_scrub(ours, i % 2);
		skb_scrub_packet(kernels, i % 2);
		KUNIT_EXPECT_EQ_MSG(test, 0,
				    memcmp(&ours->headers, &kernels->headers,
					   sizeof(kept)),
				    "(%#x, xnet %d)", fills[i / 2], i % 2);
		KUNIT_EXPECT_EQ_MSG(test, ours->tstamp, kernels->tstamp,
				    "(%#x, xnet %d)", fills[i / 2], i % 2);
		KUNIT_EXPECT_EQ(test, ours->_skb_refdst, 0);
	}
	memcpy(&ours->headers, &kept, sizeof(kept));
	memcpy(&kernels->headers, &kept, sizeof(kept));
out:
	kfree_skb(ours);
	kfree_skb(kernels);
}

/* As many names as values, in their order, and no byte behind the last. */
static void drop_strings_match_the_values(struct kunit *test)
{
	static const u32 masks[] = {
		0, BIT(VNET_DROP_NO_PEER), BIT(__VNET_DROP_MAX - 1),
		BIT(VNET_DROP_DOWN) | BIT(VNET_DROP_NOMEM), U32_MAX,
	};
	u8 *strings = kmalloc(33 * ETH_GSTRING_LEN, GFP_KERNEL), *p;
	int i, n;

	if (!unit_has(test, strings))
		return;
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		u32 mask = masks[i] & (BIT(__VNET_DROP_MAX) - 1);

		memset(strings, 0xaa, 33 * ETH_GSTRING_LEN);
		p = strings;
		vnet_drops_get_strings(mask, &p);
		n = vnet_drops_sset_count(mask);
		KUNIT_EXPECT_EQ(test, p - strings, n * ETH_GSTRING_LEN);
		KUNIT_EXPECT_EQ(test, strings[n * ETH_GSTRING_LEN], 0xaa);
	}
	KUNIT_EXPECT_STREQ(test, (char *)strings, "drop_no_peer");
	KUNIT_EXPECT_STREQ(test, (char *)strings + ETH_GSTRING_LEN,
			   "drop_down");
	kfree(strings);
}

static const struct nla_policy unit_policy[] = {
	[1] = { .type = NLA_U32 },
	[2] = { .len = 4 },
	[4] = { .type = NLA_FLAG },
};

/*
 * The verdict on options of two types (-1 for none), with a rest of some
 * bytes behind them, in a nest of some type.
 */
static int unit_check_info(struct kunit *test, int nest, int first, int second,
			   int rest)
{
	struct netlink_ext_ack extack = {};
	struct nlattr *tb[IFLA_MAX + 1] = {}, *info, *data;
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	int err;

	if (!skb)
		return -ENOMEM;
	info = nla_nest_start(skb, IFLA_LINKINFO);
	data = nla_nest_start(skb, nest);
	if (first >= 0)
		nla_put_u32(skb, first, 1);
	if (second >= 0)
		nla_put_u32(skb, second, 1);
	skb_put_zero(skb, rest);
	nla_nest_end(skb, data);
	nla_nest_end(skb, info);
	tb[IFLA_LINKINFO] = info;
	err = vnet_nl_check_info(tb, IFLA_INFO_DATA, unit_policy,
				 ARRAY_SIZE(unit_policy) - 1, &extack);
	KUNIT_EXPECT_EQ(test, !!err, !!extack._msg);
	kfree_skb(skb);
	return err;
}

static void unknown_options_are_refused(struct kunit *test)
{
	struct nlattr *none[IFLA_MAX + 1] = {};
	struct netlink_ext_ack extack = {};
	static const struct {
		int first, second, rest, err;
	} cases[] = {
		{ -1, -1, 0, 0 },	{ 1, -1, 0, 0 },
		{ 1, 2, 0, 0 },		{ 1 | NLA_F_NESTED, 4, 0, 0 },
		{ 0, -1, 0, -EINVAL },	{ 3, -1, 0, -EINVAL },
		{ 1, 3, 0, -EINVAL },	{ 5, -1, 0, -EINVAL },
		{ 2, 1000, 0, -EINVAL },
		{ 1, -1, 3, -EINVAL },	{ 1, -1, 4, -EINVAL },
		{ -1, -1, 1, -EINVAL },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    unit_check_info(test, IFLA_INFO_DATA,
						    cases[i].first,
						    cases[i].second,
						    cases[i].rest),
				    cases[i].err, "(case %d)", i);
	/* Not the nest that was asked for. */
	KUNIT_EXPECT_EQ(test, unit_check_info(test, IFLA_INFO_SLAVE_DATA, 3, -1,
					      0), 0);
	KUNIT_EXPECT_EQ(test, vnet_nl_check_info(none, IFLA_INFO_DATA,
						 unit_policy, 4, &extack), 0);
}

struct unit_priv {
	u64 other[5];
	struct vnet_port port;
};

static void ports_are_found_by_their_kind(struct kunit *test)
{
	static const struct net_device_ops ops[2];
	struct vnet_kind kind = {
		.netdev_ops = &ops[0],
		.port_offset = offsetof(struct unit_priv, port),
	};
	struct net_device *dev = alloc_netdev(sizeof(struct unit_priv),
					      "unit%d", NET_NAME_ENUM,
					      ether_setup);
	struct unit_priv *priv;

	if (!unit_has(test, dev))
		return;
	priv = netdev_priv(dev);
	vnet_kind_register(&kind);
	rtnl_lock();
	dev->netdev_ops = &ops[0];
	KUNIT_EXPECT_PTR_EQ(test, vnet_port_find(dev), &priv->port);
	dev->netdev_ops = &ops[1];
	KUNIT_EXPECT_PTR_EQ(test, vnet_port_find(dev),
			    (struct vnet_port *)NULL);
	dev->netdev_ops = &ops[0];
	rtnl_unlock();
	vnet_kind_unregister(&kind);
	rtnl_lock();
	KUNIT_EXPECT_PTR_EQ(test, vnet_port_find(dev),
			    (struct vnet_port *)NULL);
	rtnl_unlock();
	free_netdev(dev);
}

static int unit_calls;

static int unit_switch_add(struct vnet_switch *sw, struct ndmsg *ndm,
			   struct nlattr *tb[], struct net_device *dev,
			   const unsigned char *addr, u16 vid, u16 flags,
			   bool *notified, struct netlink_ext_ack *extack)
{
	unit_calls += vid == 7 && flags == 9 && addr[5] == 3;
	*notified = true;
	return -EXFULL;
}

static int unit_switch_del(struct vnet_switch *sw, struct ndmsg *ndm,
			   struct nlattr *tb[], struct net_device *dev,
			   const unsigned char *addr, u16 vid, bool *notified,
			   struct netlink_ext_ack *extack)
{
	unit_calls += vid == 8 && addr[5] == 4;
	return -EXDEV;
}

/* A member asks its switch; once the slot is empty its own list. */
static void members_ask_their_switch(struct kunit *test)
{
	static const struct vnet_switch_ops ops = {
		.fdb_add = unit_switch_add,
		.fdb_del = unit_switch_del,
	};
	struct nlattr *tb[NDA_MAX + 1] = {};
	struct net_device *dev = unit_device();
	struct ndmsg ndm = { .ndm_state = NUD_PERMANENT };
	struct vnet_switch sw = { .ops = &ops };
	struct vnet_port port = {};
	bool notified = false;

	if (!unit_has(test, dev))
		return;
	unit_calls = 0;
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, vnet_port_join_rtnl(&port, &sw), 0);
	KUNIT_EXPECT_EQ(test, vnet_port_fdb_add(&port, &ndm, tb, dev,
						UNIT_ADDR(3), 7, 9, &notified,
						NULL), -EXFULL);
	KUNIT_EXPECT_TRUE(test, notified);
	KUNIT_EXPECT_EQ(test, vnet_port_fdb_del(&port, &ndm, tb, dev,
						UNIT_ADDR(4), 8, &notified,
						NULL), -EXDEV);
	KUNIT_EXPECT_EQ(test, unit_calls, 2);
	vnet_port_leave_rtnl(&port);
	notified = false;
	KUNIT_EXPECT_EQ(test, vnet_port_fdb_del(&port, &ndm, tb, dev,
						UNIT_ADDR(4), 0, &notified,
						NULL), -ENOENT);
	KUNIT_EXPECT_FALSE(test, notified);
	KUNIT_EXPECT_EQ(test, unit_calls, 2);
	rtnl_unlock();
	vnet_port_uninit(&port);
	free_netdev(dev);
}

/* As many names as values, each of its own, in the order of the values. */
static void roads_have_names(struct kunit *test)
{
	u8 *buf, *p;
	int i, j, n = vnet_roads_sset_count();
	struct vnet_port port = {};
	u64 values[64];

	KUNIT_EXPECT_LE(test, n, (int)ARRAY_SIZE(values));
	buf = kzalloc((n + 1) * ETH_GSTRING_LEN, GFP_KERNEL);
	if (!unit_has(test, buf))
		return;
	p = buf;
	vnet_roads_get_strings(&p);
	KUNIT_EXPECT_EQ(test, p - buf, n * ETH_GSTRING_LEN);
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_TRUE(test,
					  strcmp(buf + i * ETH_GSTRING_LEN,
						 buf + j * ETH_GSTRING_LEN));
	kfree(buf);

	port.roads = netdev_alloc_pcpu_stats(struct vnet_roads);
	if (!unit_has(test, port.roads))
		return;
	local_bh_disable();
	vnet_road_count(&port, false, VNET_ROAD_DIRECT, 1);
	vnet_road_count(&port, true, VNET_ROAD_TSTAMP, 1);
	vnet_road_count(&port, true, VNET_ROAD_TSTAMP, 1);
	local_bh_enable();
	vnet_roads_get_values(&port, values);
	KUNIT_EXPECT_EQ(test, values[0], 1);
	KUNIT_EXPECT_EQ(test, values[n - 1], 2);
	vnet_port_uninit(&port);
}

static struct kunit_case unit_core_cases[] = {
	KUNIT_CASE(scrub_is_the_kernels),
	KUNIT_CASE(drop_reasons_have_names),
	KUNIT_CASE(drop_counters_add_up),
	KUNIT_CASE(drop_strings_match_the_values),
	KUNIT_CASE(unknown_options_are_refused),
	KUNIT_CASE(ports_are_found_by_their_kind),
	KUNIT_CASE(members_ask_their_switch),
	KUNIT_CASE(roads_have_names),
	{ }
};

struct kunit_suite unit_core_suite = {
	.name = "core",
	.test_cases = unit_core_cases,
};
