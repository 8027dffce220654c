// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of vveth: which frames cross, which are worth GRO's time, which may
 * pass the ring by, which addresses and MTUs an end may have.
 */
#include "../drivers/vveth/l3.c"
#include "../drivers/vveth/netlink.c"
#include "../drivers/vveth/receive.c"
#include "../drivers/vveth/xmit.c"
#include "unit.h"

static struct sk_buff *unit_frame(unsigned int len)
{
	struct sk_buff *skb = alloc_skb(NET_SKB_PAD + 2048, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, NET_SKB_PAD);
	skb_put_zero(skb, len);
	return skb;
}

static void transport_is_read_from_whole_headers(struct kunit *test)
{
	static const struct {
		u16 protocol;
		unsigned int len, at;
		int want;
	} cases[] = {
		{ ETH_P_IP, 20, 9, IPPROTO_TCP },
		{ ETH_P_IP, 19, 9, -1 },
		{ ETH_P_IP, 0, 0, -1 },
		{ ETH_P_IPV6, 40, 6, IPPROTO_TCP },
		{ ETH_P_IPV6, 39, 6, -1 },
		{ ETH_P_IPV6, 20, 6, -1 },
		{ ETH_P_ARP, 60, 9, -1 },
		{ ETH_P_8021Q, 60, 9, IPPROTO_GRE },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = unit_frame(cases[i].len);

		if (!unit_has(test, skb))
			return;
		if (cases[i].len)
			skb->data[cases[i].at] = IPPROTO_TCP;
		skb->protocol = htons(cases[i].protocol);
		KUNIT_EXPECT_EQ_MSG(test, vveth_gro_proto(skb), cases[i].want,
				    "(case %d)", i);
		kfree_skb(skb);
	}
}

/* Headers that are in pages, as in large frames of packet sockets. */
static void transport_is_read_from_pages(struct kunit *test)
{
	static const u16 protocols[] = { ETH_P_IP, ETH_P_IPV6 };
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	int i;

	if (!unit_has(test, page))
		return;
	memset(page_address(page), IPPROTO_TCP, 60);
	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct sk_buff *skb = unit_frame(0);

		if (!unit_has(test, skb))
			break;
		get_page(page);
		skb_add_rx_frag(skb, 0, page, 0, 60, PAGE_SIZE);
		skb->protocol = htons(protocols[i]);
		KUNIT_EXPECT_EQ_MSG(test, vveth_gro_proto(skb), IPPROTO_TCP,
				    "(case %d)", i);
		kfree_skb(skb);
	}
	put_page(page);
}

static void gro_gets_what_it_merges(struct kunit *test)
{
	static const struct {
		netdev_features_t features;
		u8 transport;
		u16 family;
		bool tso, gso, want;
	} cases[] = {
		{ NETIF_F_GRO, IPPROTO_TCP, AF_UNSPEC, true, false, true },
		{ NETIF_F_GRO, IPPROTO_TCP, AF_INET, false, false, true },
		{ NETIF_F_GRO, IPPROTO_TCP, AF_INET, true, false, false },
		{ NETIF_F_GRO, IPPROTO_TCP, AF_INET6, true, false, false },
		{ NETIF_F_GRO, IPPROTO_TCP, AF_PACKET, true, false, true },
		/* Whatever the size, else one frame overtakes another. */
		{ NETIF_F_GRO, IPPROTO_TCP, AF_UNSPEC, true, true, true },
		{ NETIF_F_GRO, IPPROTO_TCP, AF_INET, true, true, false },
		{ 0, IPPROTO_TCP, AF_UNSPEC, false, false, false },
		{ NETIF_F_GRO, IPPROTO_UDP, AF_UNSPEC, false, false, false },
		{ NETIF_F_GRO | NETIF_F_GRO_FRAGLIST, IPPROTO_UDP, AF_UNSPEC,
		  false, false, true },
		{ NETIF_F_GRO | NETIF_F_GRO_UDP_FWD, IPPROTO_UDP, AF_INET, true,
		  true, true },
		{ NETIF_F_GRO_UDP_FWD, IPPROTO_UDP, AF_UNSPEC, false, false,
		  false },
		{ NETIF_F_GRO, IPPROTO_ICMP, AF_UNSPEC, false, false, false },
		{ NETIF_F_GRO, IPPROTO_GRE, AF_UNSPEC, false, false, true },
		{ NETIF_F_GRO, IPPROTO_GRE, AF_INET, true, false, false },
		{ NETIF_F_GRO, IPPROTO_IPV6, AF_UNSPEC, false, false, true },
	};
	struct net_device *dev = unit_device(), *rcv = unit_device();
	struct sock *sk = kzalloc(sizeof(*sk), GFP_KERNEL);
	int i;

	if (!unit_has(test, dev))
		return;
	if (!unit_has(test, rcv))
		return;
	if (!unit_has(test, sk))
		return;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = unit_frame(40);

		if (!unit_has(test, skb))
			return;
		dev->features = cases[i].tso ? NETIF_F_TSO : 0;
		rcv->features = cases[i].features;
		skb->data[9] = cases[i].transport;
		skb->protocol = htons(ETH_P_IP);
		sk->sk_family = cases[i].family;
		skb->sk = cases[i].family == AF_UNSPEC ? NULL : sk;
		skb_shinfo(skb)->gso_size = cases[i].gso ? 1000 : 0;
		KUNIT_EXPECT_EQ_MSG(test, vveth_gro_helps(skb, dev, rcv),
				    cases[i].want, "(case %d)", i);
		skb->sk = NULL;
		kfree_skb(skb);
	}
	kfree(sk);
	free_netdev(rcv);
	free_netdev(dev);
}

static void frames_cross_that_fit(struct kunit *test)
{
	static const struct {
		unsigned int len;
		bool up, gso;
		enum vnet_drop want;
	} cases[] = {
		{ 0, true, false, VNET_DROP_TOO_SHORT },
		{ 13, true, false, VNET_DROP_TOO_SHORT },
		{ 14, true, false, __VNET_DROP_MAX },
		{ 1000 + 14 + 4, true, false, __VNET_DROP_MAX },
		{ 1000 + 14 + 5, true, false, VNET_DROP_TOO_BIG },
		{ 1000 + 14 + 5, true, true, __VNET_DROP_MAX },
		{ 100, false, false, VNET_DROP_DOWN },
		{ 1000 + 14 + 5, false, false, VNET_DROP_DOWN },
		{ 100, false, true, VNET_DROP_DOWN },
	};
	struct net_device *dev = unit_device(), *rcv = unit_device();
	int i;

	if (!unit_has(test, dev))
		return;
	if (!unit_has(test, rcv))
		return;
	rcv->mtu = 1000;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = unit_frame(cases[i].len);

		if (!unit_has(test, skb))
			return;
		rcv->flags = cases[i].up ? rcv->flags | IFF_UP :
					   rcv->flags & ~IFF_UP;
		skb_shinfo(skb)->gso_size = cases[i].gso ? 500 : 0;
		skb->priority = 3;
		KUNIT_EXPECT_EQ_MSG(test, vveth_xmit_cross(skb, dev, rcv),
				    cases[i].want, "(case %d)", i);
		if (cases[i].want == __VNET_DROP_MAX) {
			KUNIT_EXPECT_PTR_EQ(test, skb->dev, rcv);
			KUNIT_EXPECT_EQ(test, skb->len,
					cases[i].len - ETH_HLEN);
			KUNIT_EXPECT_EQ(test, skb->priority, 0);
		}
		kfree_skb(skb);
	}
	free_netdev(rcv);
	free_netdev(dev);
}

/* By the type in the header, whatever the sender says it is. */
static void packets_alone_cross_in_layer_3(struct kunit *test)
{
	static const struct {
		u16 type;
		bool tag, want;
	} cases[] = {
		{ ETH_P_IP, false, true },
		{ ETH_P_IPV6, false, true },
		{ ETH_P_IP, true, false },
		{ ETH_P_ARP, false, false },
		{ ETH_P_8021Q, false, false },
		{ ETH_P_MPLS_UC, false, false },
		{ 0, false, false },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = unit_frame(ETH_ZLEN);

		if (!unit_has(test, skb))
			return;
		((struct ethhdr *)skb->data)->h_proto = htons(cases[i].type);
		skb->protocol = htons(ETH_P_IP);
		if (cases[i].tag)
			__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), 5);
		KUNIT_EXPECT_EQ_MSG(test, vveth_l3_takes(skb), cases[i].want,
				    "(case %d)", i);
		kfree_skb(skb);
	}
}

/* The new address goes into a sum over the whole frame, and the old one out. */
static void the_address_goes_into_the_sum(struct kunit *test)
{
	static const u8 dest[ETH_ALEN] = { 2, 0, 0, 0, 0, 0x99 };
	struct sk_buff *skb = unit_frame(ETH_ZLEN);
	struct net_device *rcv = unit_device();

	if (!unit_has(test, skb))
		return;
	if (!unit_has(test, rcv))
		return;
	eth_hw_addr_set(rcv, dest);
	memset(skb->data, 0x35, ETH_ZLEN);
	skb->ip_summed = CHECKSUM_COMPLETE;
	skb->csum = csum_partial(skb->data, skb->len, 0);
	vveth_l3_address(skb, rcv);
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(skb->data, dest));
	KUNIT_EXPECT_EQ(test, csum_fold(skb->csum),
			csum_fold(csum_partial(skb->data, skb->len, 0)));
	kfree_skb(skb);
	free_netdev(rcv);
}

/* Nobody receives. */
static void unit_tasklet(struct tasklet_struct *t)
{
	struct vveth_cpu *cpu = from_tasklet(cpu, t, tasklet);

	cpu->now = NULL;
	cpu->first = NULL;
}

/* A queue that nobody empties but the test. */
static struct vveth_rq *unit_rq(void)
{
	struct vveth_rq *rq = kzalloc(sizeof(*rq), GFP_KERNEL);
	int nr;

	if (!rq || ptr_ring_init(&rq->ring, VVETH_RING_MIN, GFP_KERNEL)) {
		kfree(rq);
		return NULL;
	}
	rq->lane_cpu = -1;
	for_each_possible_cpu(nr)
		tasklet_setup(&per_cpu(vveth_cpu, nr).tasklet, unit_tasklet);
	return rq;
}

/* Lets the tasklet run if it was scheduled. */
static void unit_rq_free(struct vveth_rq *rq)
{
	int nr;

	for_each_possible_cpu(nr)
		tasklet_kill(&per_cpu(vveth_cpu, nr).tasklet);
	ptr_ring_cleanup(&rq->ring, NULL);
	kfree(rq);
}

/* The lane takes a ring that is nobody's, but nothing past what it holds. */
static void lanes_are_opened(struct kunit *test)
{
	static const struct {
		int owner, after;
		bool frame, threaded, want;
	} cases[] = {
		{ VVETH_RQ_IDLE, VVETH_RQ_TASKLET, false, false, true },
		{ VVETH_RQ_IDLE, VVETH_RQ_TASKLET, true, false, false },
		{ VVETH_RQ_IDLE, VVETH_RQ_IDLE, false, true, false },
		{ VVETH_RQ_TASKLET, VVETH_RQ_TASKLET, false, false, false },
		{ VVETH_RQ_NAPI, VVETH_RQ_NAPI, false, false, false },
		{ VVETH_RQ_CLOSED, VVETH_RQ_CLOSED, false, false, false },
	};
	int i, want;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vveth_rq *rq = unit_rq();

		if (!unit_has(test, rq))
			return;
		atomic_set(&rq->owner, cases[i].owner);
		if (cases[i].threaded)
			set_bit(NAPI_STATE_THREADED, &rq->napi.state);
		if (cases[i].frame)
			ptr_ring_produce_bh(&rq->ring, rq);
		local_bh_disable();
		KUNIT_EXPECT_EQ_MSG(test, vveth_lane_ready(rq), cases[i].want,
				    "(case %d)", i);
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&rq->owner),
				    cases[i].after, "(case %d)", i);
		want = cases[i].want ? smp_processor_id() : -1;
		KUNIT_EXPECT_EQ_MSG(test, rq->lane_cpu, want, "(case %d)", i);
		local_bh_enable();
		unit_rq_free(rq);
	}
}

/* While it is open: until it is full, or something older is in the ring. */
static void lanes_take_what_is_in_order(struct kunit *test)
{
	struct vveth_rq *rq = unit_rq();

	if (!unit_has(test, rq))
		return;
	atomic_set(&rq->owner, VVETH_RQ_IDLE);
	local_bh_disable();
	KUNIT_EXPECT_TRUE(test, vveth_lane_ready(rq));
	rq->lane_n = VVETH_LANE_SIZE - 1;
	KUNIT_EXPECT_TRUE(test, vveth_lane_ready(rq));
	rq->lane_n = VVETH_LANE_SIZE;
	KUNIT_EXPECT_FALSE(test, vveth_lane_ready(rq));
	rq->lane_n = 1;
	ptr_ring_produce(&rq->ring, rq);
	KUNIT_EXPECT_FALSE(test, vveth_lane_ready(rq));
	KUNIT_EXPECT_PTR_EQ(test, ptr_ring_consume(&rq->ring), rq);
	KUNIT_EXPECT_TRUE(test, vveth_lane_ready(rq));
	vveth_lane_close(rq);
	KUNIT_EXPECT_EQ(test, rq->lane_cpu, -1);
	KUNIT_EXPECT_FALSE(test, vveth_lane_ready(rq));
	local_bh_enable();
	unit_rq_free(rq);
}

/* What is in the lane comes before what is in the ring, and only once. */
static void lanes_come_first(struct kunit *test)
{
	struct vveth_rq *rq = unit_rq();
	int frames[3];

	if (!unit_has(test, rq))
		return;
	rq->lane[0] = &frames[0];
	rq->lane[1] = &frames[1];
	rq->lane_n = 2;
	ptr_ring_produce_bh(&rq->ring, &frames[2]);
	KUNIT_EXPECT_PTR_EQ(test, vveth_rq_consume(rq), (void *)&frames[0]);
	KUNIT_EXPECT_PTR_EQ(test, vveth_rq_consume(rq), (void *)&frames[1]);
	KUNIT_EXPECT_EQ(test, rq->lane_n, 0);
	KUNIT_EXPECT_PTR_EQ(test, vveth_rq_consume(rq), (void *)&frames[2]);
	KUNIT_EXPECT_PTR_EQ(test, vveth_rq_consume(rq), NULL);
	unit_rq_free(rq);
}

/* An end that nobody else knows, without a peer. */
static struct net_device *unit_end(void)
{
	struct net_device *dev = alloc_netdev(sizeof(struct vveth_priv),
					      "unit%d", NET_NAME_ENUM,
					      ether_setup);

	if (dev)
		spin_lock_init(&dev->addr_list_lock);
	return dev;
}

/* Fills the lane with frames of a protocol that nobody receives. */
static bool unit_lane_fill(struct vveth_rq *rq, struct net_device *dev)
{
	struct sk_buff *skb;

	while (rq->lane_n < VVETH_LANE_SIZE) {
		skb = unit_frame(ETH_ZLEN);
		if (!skb)
			return false;
		skb_reset_mac_header(skb);
		__skb_pull(skb, ETH_HLEN);
		skb->dev = dev;
		skb->protocol = htons(ETH_P_802_EX1);
		rq->lane[rq->lane_n++] = skb;
	}
	return true;
}

/*
 * A socket that has called has its share of the budget, but no ring is given up
 * with frames in its lane: whoever takes that ring next writes behind them.
 */
static void lanes_are_received_whole(struct kunit *test)
{
	static const struct {
		int budget;
		bool called;
	} cases[] = {
		{ VVETH_LANE_SIZE, true },
		{ VVETH_LANE_SIZE + 1, true },
		{ VVETH_LANE_SIZE, false },
		{ VVETH_LANE_SIZE / 8, true },
	};
	struct vveth_rx_stats *stats = kzalloc(sizeof(*stats), GFP_KERNEL);
	struct net_device *dev = unit_end();
	int i, n;

	if (!unit_has(test, stats))
		return;
	if (!unit_has(test, dev))
		return;
	u64_stats_init(&stats->syncp);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vveth_rq *rq = unit_rq();

		if (!unit_has(test, rq))
			break;
		rq->dev = dev;
		rq->stats = stats;
		rq->of = 1;
		netif_napi_add(dev, &rq->napi, vveth_poll);
		KUNIT_EXPECT_TRUE(test, unit_lane_fill(rq, dev));
		rq->xsk_called = cases[i].called;
		/* Of a NAPI that is at work. */
		set_bit(NAPI_STATE_SCHED, &rq->napi.state);
		atomic_set(&rq->owner, VVETH_RQ_NAPI);
		local_bh_disable();
		do {
			n = vveth_poll(&rq->napi, cases[i].budget);
			KUNIT_EXPECT_TRUE_MSG(test, rq->lane_at == rq->lane_n ||
					      atomic_read(&rq->owner) ==
					      VVETH_RQ_NAPI, "(case %d)", i);
		} while (n == cases[i].budget);
		local_bh_enable();
		KUNIT_EXPECT_EQ_MSG(test, rq->lane_n - rq->lane_at, 0,
				    "(case %d)", i);
		KUNIT_EXPECT_FALSE(test, rq->xsk_called);
		while (rq->lane_at < rq->lane_n)
			kfree_skb(rq->lane[rq->lane_at++]);
		__netif_napi_del(&rq->napi);
		synchronize_net();
		unit_rq_free(rq);
	}
	free_netdev(dev);
	kfree(stats);
}

static void unit_gro_holds(struct napi_struct *napi)
{
#ifdef VNET_HAVE_NAPI_GRO_NODE
	napi->gro.bitmask = BIT(1);
#else
	napi->gro_bitmask = BIT(1);
#endif
}

static void unit_gro_waits(struct vveth_rq *rq)
{
#ifdef VNET_HAVE_NAPI_GRO_FLUSH_TIMEOUT
	rq->napi.gro_flush_timeout = 1;
#else
	rq->napi.dev->gro_flush_timeout = 1;
#endif
}

/* Of frames that GRO may merge one that is alone is received without it. */
static void gro_is_spared_frames_that_are_alone(struct kunit *test)
{
	static const struct {
		unsigned int lane;
		bool ring, scheduled, holds, waits, want;
	} cases[] = {
		{ 1, false, false, false, false, true },
		{ 2, false, false, false, false, false },
		{ 1, true, false, false, false, false },
		{ 1, false, true, false, false, false },
		{ 1, false, false, true, false, false },
		{ 1, false, false, false, true, false },
	};
	struct net_device *dev = unit_device();
	int i;

	if (!unit_has(test, dev))
		return;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vveth_rq *rq = unit_rq();

		if (!unit_has(test, rq))
			break;
		rq->napi.dev = dev;
		rq->lane_n = cases[i].lane;
		if (cases[i].ring)
			ptr_ring_produce_bh(&rq->ring, rq);
		if (cases[i].scheduled)
			set_bit(NAPI_STATE_SCHED, &rq->napi.state);
		if (cases[i].holds)
			unit_gro_holds(&rq->napi);
		if (cases[i].waits)
			unit_gro_waits(rq);
		KUNIT_EXPECT_EQ_MSG(test, vveth_rq_alone(rq), cases[i].want,
				    "(case %d)", i);
		unit_rq_free(rq);
	}
	free_netdev(dev);
}

/* Each queue has its turn, however many there are on a CPU. */
static void queues_have_their_turns(struct kunit *test)
{
	const int n = 2 * VVETH_TASKLET_TURNS + 3;
	struct vveth_cpu *cpu;
	struct vveth_rq *rqs;
	int i, left = 0;

	rqs = kvcalloc(n, sizeof(*rqs), GFP_KERNEL);
	if (!unit_has(test, rqs))
		return;
	local_bh_disable();
	cpu = this_cpu_ptr(&vveth_cpu);
	tasklet_setup(&cpu->tasklet, vveth_tasklet);
	for (i = 0; i < n; i++) {
		atomic_set(&rqs[i].owner, VVETH_RQ_TASKLET);
		vveth_rq_schedule(&rqs[i]);
	}
	KUNIT_EXPECT_PTR_EQ(test, cpu->now, rqs);
	local_bh_enable();
	tasklet_kill(&cpu->tasklet);
	for (i = 0; i < n; i++)
		left += atomic_read(&rqs[i].owner) != VVETH_RQ_IDLE;
	KUNIT_EXPECT_EQ(test, left, 0);
	KUNIT_EXPECT_PTR_EQ(test, cpu->now, NULL);
	cpu->now = NULL;
	cpu->first = NULL;
	kvfree(rqs);
}

static int unit_validate(int type, const void *value, int len)
{
	struct nlattr *tb[IFLA_MAX + 1] = {};
	struct netlink_ext_ack extack = {};
	struct {
		struct nlattr head;
		u8 value[32];
	} attr = { .head = { .nla_len = NLA_HDRLEN + len, .nla_type = type } };

	memcpy(attr.value, value, len);
	tb[type] = &attr.head;
	return vveth_validate(tb, NULL, &extack);
}

static void ends_have_sane_addresses_and_mtus(struct kunit *test)
{
	static const struct {
		u32 mtu;
		int err;
	} mtus[] = {
		{ 0, -EINVAL }, { 67, -EINVAL }, { 68, 0 }, { 1500, 0 },
		{ 65535, 0 }, { 65536, -EINVAL }, { U32_MAX, -EINVAL },
	};
	static const u8 good[32] = { 2, 0, 0, 0, 0, 1 }, group[32] = { 1 };
	static const u8 none[32];
	int i;

	for (i = 0; i < ARRAY_SIZE(mtus); i++)
		KUNIT_EXPECT_EQ_MSG(test, unit_validate(IFLA_MTU, &mtus[i].mtu,
							sizeof(u32)),
				    mtus[i].err, "(MTU %u)", mtus[i].mtu);
	for (i = 0; i <= 32; i++)
		KUNIT_EXPECT_EQ_MSG(test, unit_validate(IFLA_ADDRESS, good, i),
				    i == ETH_ALEN ? 0 : -EINVAL, "(%d bytes)",
				    i);
	KUNIT_EXPECT_EQ(test, unit_validate(IFLA_ADDRESS, group, ETH_ALEN),
			-EADDRNOTAVAIL);
	KUNIT_EXPECT_EQ(test, unit_validate(IFLA_ADDRESS, none, ETH_ALEN),
			-EADDRNOTAVAIL);
}

static struct kunit_case unit_vveth_cases[] = {
	KUNIT_CASE(transport_is_read_from_whole_headers),
	KUNIT_CASE(transport_is_read_from_pages),
	KUNIT_CASE(gro_gets_what_it_merges),
	KUNIT_CASE(frames_cross_that_fit),
	KUNIT_CASE(packets_alone_cross_in_layer_3),
	KUNIT_CASE(the_address_goes_into_the_sum),
	KUNIT_CASE(lanes_are_opened),
	KUNIT_CASE(lanes_take_what_is_in_order),
	KUNIT_CASE(lanes_come_first),
	KUNIT_CASE(lanes_are_received_whole),
	KUNIT_CASE(gro_is_spared_frames_that_are_alone),
	KUNIT_CASE(queues_have_their_turns),
	KUNIT_CASE(ends_have_sane_addresses_and_mtus),
	{ }
};

struct kunit_suite unit_vveth_suite = {
	.name = "vveth",
	.test_cases = unit_vveth_cases,
};
