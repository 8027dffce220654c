// SPDX-License-Identifier: GPL-2.0
/*
 * Many flows: what netfilter's core asks of vflow, asked for as many flows as
 * wanted, between two devices of the namespace that the module is loaded from.
 * It tells how long each took, what they take of memory, and what a frame costs
 * among them. One line in the kernel log, and all is gone again.
 */
#include <linux/etherdevice.h>
#include <linux/hash.h>
#include <linux/ip.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/udp.h>
#include <linux/vmalloc.h>
#include <net/flow_offload.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_flow_table.h>

static char *in = "in";
module_param(in, charp, 0);
MODULE_PARM_DESC(in, "where flows enter");

static char *out = "out";
module_param(out, charp, 0);
MODULE_PARM_DESC(out, "where they leave");

static char *gateway = "02:00:00:00:00:01";
module_param(gateway, charp, 0);
MODULE_PARM_DESC(gateway, "MAC address of the next hop at either device");

static unsigned int flows = 1000;
module_param(flows, uint, 0);
MODULE_PARM_DESC(flows, "how many");

static unsigned int frames = 1000;
module_param(frames, uint, 0);
MODULE_PARM_DESC(frames, "how many go through, among all of them");

#define FLOWS_PORTS	50000
#define FLOWS_LEN	60
#define FLOWS_BATCH	64
#define FLOWS_ACTIONS	5
/* How many of the flows have all frames in the row of few. */
#define FLOWS_FEW	1024

/* A table that the core knows nothing of; its flows, each with a connection. */
static struct nf_flowtable flows_table;
static struct flow_offload *flows_all;
static struct nf_conn *flows_ct;
static struct net_device *flows_dev[2];
static u8 flows_gateway[ETH_ALEN];

/*
 * How long each batch took. Its median is told as well as the whole: a guest is
 * stopped for others now and then, which few batches see.
 */
static u32 *flows_took;
static unsigned int flows_n_took;
static u64 flows_start;

static void flows_clock_begin(void)
{
	flows_n_took = 0;
	flows_start = ktime_get_ns();
}

static void flows_clock_batch(void)
{
	u64 now = ktime_get_ns();

	flows_took[flows_n_took++] = min_t(u64, now - flows_start, U32_MAX);
	flows_start = now;
}

static int flows_took_cmp(const void *a, const void *b)
{
	const u32 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Picoseconds for one of a batch. */
struct flows_time {
	u64 all;
	u64 median;
};

static struct flows_time flows_clock_end(void)
{
	struct flows_time time = {};
	unsigned int i;

	for (i = 0; i < flows_n_took; i++)
		time.all += flows_took[i];
	sort(flows_took, flows_n_took, sizeof(*flows_took), flows_took_cmp,
	     NULL);
	time.all = div_u64(time.all * 1000, flows_n_took * FLOWS_BATCH);
	time.median = div_u64(flows_took[flows_n_took / 2] * 1000ULL,
			      FLOWS_BATCH);
	return time;
}

/* What is looked at. */
struct flows_key {
	struct flow_dissector_key_meta meta;
	struct flow_dissector_key_basic basic;
	struct flow_dissector_key_ipv4_addrs ipv4;
	struct flow_dissector_key_ports ports;
};

struct flows_match {
	struct flow_dissector dissector;
	struct flows_key key;
	struct flows_key mask;
};

/* 10.0.0.0/8 is translated to 172.16.0.0/12 on its way to 198.51.100.2:5203. */
static __be32 flows_client(unsigned int i, bool translated)
{
	return htonl((translated ? 0xac100002 : 0x0a000002) + i / FLOWS_PORTS);
}

static __be16 flows_port(unsigned int i)
{
	return htons(1024 + i % FLOWS_PORTS);
}

#define FLOWS_SERVER	htonl(0xc6336402)
#define FLOWS_DPORT	htons(5203)

static void flows_match_init(struct flows_match *m)
{
	struct flow_dissector *d = &m->dissector;

	memset(m, 0, sizeof(*m));
	d->offset[FLOW_DISSECTOR_KEY_META] = offsetof(struct flows_key, meta);
	d->offset[FLOW_DISSECTOR_KEY_BASIC] = offsetof(struct flows_key, basic);
	d->offset[FLOW_DISSECTOR_KEY_IPV4_ADDRS] =
		offsetof(struct flows_key, ipv4);
	d->offset[FLOW_DISSECTOR_KEY_PORTS] = offsetof(struct flows_key, ports);
	d->used_keys = BIT(FLOW_DISSECTOR_KEY_META) |
		       BIT(FLOW_DISSECTOR_KEY_BASIC) |
		       BIT(FLOW_DISSECTOR_KEY_IPV4_ADDRS) |
		       BIT(FLOW_DISSECTOR_KEY_PORTS);
	memset(&m->mask, 0xff, sizeof(m->mask));
	m->key.basic.n_proto = htons(ETH_P_IP);
	m->key.basic.ip_proto = IPPROTO_UDP;
}

static void flows_match_set(struct flows_match *m, unsigned int i, int dir)
{
	struct flows_key *key = &m->key;

	key->meta.ingress_ifindex = flows_dev[dir]->ifindex;
	if (dir == FLOW_OFFLOAD_DIR_ORIGINAL) {
		key->ipv4.src = flows_client(i, false);
		key->ipv4.dst = FLOWS_SERVER;
		key->ports.src = flows_port(i);
		key->ports.dst = FLOWS_DPORT;
	} else {
		key->ipv4.src = FLOWS_SERVER;
		key->ipv4.dst = flows_client(i, true);
		key->ports.src = FLOWS_DPORT;
		key->ports.dst = flows_port(i);
	}
}

static void flows_mangle(struct flow_action_entry *act,
			 enum flow_action_mangle_base htype, u32 offset,
			 const void *word)
{
	act->id = FLOW_ACTION_MANGLE;
	act->mangle.htype = htype;
	act->mangle.offset = offset;
	act->mangle.mask = 0;
	memcpy(&act->mangle.val, word, sizeof(u32));
}

static void flows_actions(struct flow_rule *rule, unsigned int i, int dir)
{
	bool original = dir == FLOW_OFFLOAD_DIR_ORIGINAL;
	struct flow_action_entry *act = rule->action.entries;
	__be32 client = flows_client(i, original);
	u8 addrs[2 * ETH_ALEN];
	unsigned int n;

	ether_addr_copy(addrs, flows_gateway);
	ether_addr_copy(addrs + ETH_ALEN, flows_dev[!dir]->dev_addr);
	for (n = 0; n < sizeof(addrs); n += sizeof(u32))
		flows_mangle(act++, FLOW_ACT_MANGLE_HDR_TYPE_ETH, n, addrs + n);
	flows_mangle(act++, FLOW_ACT_MANGLE_HDR_TYPE_IP4,
		     original ? offsetof(struct iphdr, saddr) :
				offsetof(struct iphdr, daddr), &client);
	act->id = FLOW_ACTION_REDIRECT;
	act->dev = flows_dev[!dir];
}

/* As the core does, of all devices of the table; one of them takes it. */
static int flows_ask(struct flow_cls_offload *cls, unsigned int i, int dir)
{
	struct flow_block_cb *cb;
	int taken = 0, err = 0;

	cls->cookie = (unsigned long)&flows_all[i].tuplehash[dir].tuple;
	list_for_each_entry(cb, &flows_table.flow_block.cb_list, list) {
		int this = cb->cb(TC_SETUP_CLSFLOWER, cls, cb->cb_priv);

		taken += !this;
		if (this && this != -ENODEV)
			err = this;
	}
	return taken == 1 ? 0 : err ?: -ENOENT;
}

static void flows_init(unsigned int i)
{
	struct flow_offload *flow = &flows_all[i];
	int dir;

	flow->ct = &flows_ct[i];
	for (dir = 0; dir < FLOW_OFFLOAD_DIR_MAX; dir++) {
		flow->tuplehash[dir].tuple.dir = dir;
		flow->tuplehash[dir].tuple.mtu = ETH_DATA_LEN;
		flow->tuplehash[dir].tuple.xmit_type = FLOW_OFFLOAD_XMIT_NEIGH;
	}
}

static int flows_insert(void)
{
	struct flow_cls_offload cls = { .command = FLOW_CLS_REPLACE };
	struct flows_match *match = kmalloc(sizeof(*match), GFP_KERNEL);
	unsigned int i;
	int dir, err = -ENOMEM;

	cls.rule = flow_rule_alloc(FLOWS_ACTIONS);
	if (!match || !cls.rule)
		goto out;
	flows_match_init(match);
	cls.rule->match.dissector = &match->dissector;
	cls.rule->match.key = &match->key;
	cls.rule->match.mask = &match->mask;
	flows_clock_begin();
	for (i = 0, err = 0; i < flows && !err; i++) {
		flows_init(i);
		for (dir = 0; dir < FLOW_OFFLOAD_DIR_MAX && !err; dir++) {
			flows_match_set(match, i, dir);
			flows_actions(cls.rule, i, dir);
			err = flows_ask(&cls, i, dir);
		}
		cond_resched();
		if (i % FLOWS_BATCH == FLOWS_BATCH - 1)
			flows_clock_batch();
	}
out:
	kfree(cls.rule);
	kfree(match);
	return err;
}

static void flows_remove(void)
{
	struct flow_cls_offload cls = { .command = FLOW_CLS_DESTROY };
	unsigned int i;
	int dir;

	flows_clock_begin();
	for (i = 0; i < flows; i++) {
		for (dir = 0; dir < FLOW_OFFLOAD_DIR_MAX; dir++)
			flows_ask(&cls, i, dir);
		cond_resched();
		if (i % FLOWS_BATCH == FLOWS_BATCH - 1)
			flows_clock_batch();
	}
}

/* @proto: one that nobody takes shows what a frame costs without vflow. */
static struct sk_buff *flows_frame(unsigned int i, u16 proto)
{
	struct sk_buff *skb = netdev_alloc_skb(flows_dev[0], FLOWS_LEN + 64);
	struct ethhdr *eth;
	struct udphdr *udp;
	struct iphdr *ip;

	if (!skb)
		return NULL;
	skb_reserve(skb, 64);
	eth = skb_put_zero(skb, FLOWS_LEN);
	ip = (void *)(eth + 1);
	udp = (void *)(ip + 1);
	ether_addr_copy(eth->h_dest, flows_dev[0]->dev_addr);
	ether_addr_copy(eth->h_source, flows_gateway);
	eth->h_proto = htons(proto);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->tot_len = htons(FLOWS_LEN - ETH_HLEN);
	ip->protocol = IPPROTO_UDP;
	ip->saddr = flows_client(i, false);
	ip->daddr = FLOWS_SERVER;
	ip->check = ip_fast_csum(ip, ip->ihl);
	udp->source = flows_port(i);
	udp->dest = FLOWS_DPORT;
	udp->len = htons(FLOWS_LEN - ETH_HLEN - sizeof(*ip));
	skb->protocol = eth_type_trans(skb, flows_dev[0]);
	return skb;
}

/*
 * Whose turn it is: the flows follow one another as if by chance, each comes
 * about as often. @few: of so many of them, from first to last.
 */
static unsigned int flows_turn(unsigned int n, unsigned int few)
{
	return reciprocal_scale(n * GOLDEN_RATIO_32, few) * (flows / few);
}

static void flows_send(u16 proto, unsigned int few)
{
	struct sk_buff *skb;
	unsigned int n;

	flows_clock_begin();
	for (n = 0; n < frames; n++) {
		if (n % FLOWS_BATCH == 0)
			local_bh_disable();
		skb = flows_frame(flows_turn(n, few), proto);
		if (skb)
			netif_receive_skb(skb);
		if (n % FLOWS_BATCH == FLOWS_BATCH - 1) {
			local_bh_enable();
			flows_clock_batch();
			cond_resched();
		}
	}
}

/* A word of each flow's memory, zero, before which the next cannot be found. */
static void flows_touch(void)
{
	unsigned int n, none = 0;

	flows_clock_begin();
	for (n = 0; n < frames; n++) {
		none |= READ_ONCE(flows_all[flows_turn(n | none, flows)].type);
		if (n % FLOWS_BATCH == FLOWS_BATCH - 1) {
			flows_clock_batch();
			cond_resched();
		}
	}
}

static unsigned long flows_free_bytes(void)
{
	struct sysinfo info;

	/* Tables that grow or shrink do so by a worker, rules go by RCU. */
	schedule_timeout_uninterruptible(HZ / 2);
	si_meminfo(&info);
	return info.freeram << PAGE_SHIFT;
}

static int flows_measure(void)
{
	unsigned long before = flows_free_bytes(), bytes;
	struct flows_time insert, floor, touch, few, frame, remove;
	int err = flows_insert();

	if (err) {
		pr_info("vnet_flows: refused with %d\n", err);
		return err;
	}
	insert = flows_clock_end();
	bytes = (before - flows_free_bytes()) / flows;
	flows_touch();
	touch = flows_clock_end();
	flows_send(ETH_P_802_EX1, flows);
	floor = flows_clock_end();
	flows_send(ETH_P_IP, min(flows, FLOWS_FEW));
	few = flows_clock_end();
	flows_send(ETH_P_IP, flows);
	frame = flows_clock_end();
	flows_remove();
	remove = flows_clock_end();
	pr_info("vnet_flows: flows=%u frames=%u bytes=%lu insert_ps=%llu insert_median_ps=%llu remove_ps=%llu remove_median_ps=%llu touch_ps=%llu touch_median_ps=%llu floor_ps=%llu floor_median_ps=%llu few_ps=%llu few_median_ps=%llu frame_ps=%llu frame_median_ps=%llu end\n",
		flows, frames, bytes, insert.all, insert.median, remove.all,
		remove.median, touch.all, touch.median, floor.all,
		floor.median, few.all, few.median, frame.all, frame.median);
	return 0;
}

static int flows_bind(enum flow_block_command cmd)
{
	int err;

	err = nf_flow_table_offload_setup(&flows_table, flows_dev[0], cmd);
	if (err)
		return err;
	err = nf_flow_table_offload_setup(&flows_table, flows_dev[1], cmd);
	if (err && cmd == FLOW_BLOCK_BIND)
		nf_flow_table_offload_setup(&flows_table, flows_dev[0],
					    FLOW_BLOCK_UNBIND);
	return err;
}

static int flows_run(struct net *net)
{
	int err;

	flow_block_init(&flows_table.flow_block);
	init_rwsem(&flows_table.flow_block_lock);
	flows_table.flags = NF_FLOWTABLE_HW_OFFLOAD;
	write_pnet(&flows_table.net, net);
	err = flows_bind(FLOW_BLOCK_BIND);
	if (err)
		return err;
	err = flows_measure();
	/* What is left of the rules goes here. */
	flows_bind(FLOW_BLOCK_UNBIND);
	rcu_barrier();
	return err;
}

static int __init flows_module_init(void)
{
	struct net *net = current->nsproxy->net_ns;
	int err = -ENODEV;

	/* In whole batches. */
	flows = round_up(flows, FLOWS_BATCH);
	frames = round_up(frames, FLOWS_BATCH);
	if (!flows || !frames || !mac_pton(gateway, flows_gateway))
		return -EINVAL;
	flows_dev[0] = dev_get_by_name(net, in);
	flows_dev[1] = dev_get_by_name(net, out);
	if (!flows_dev[0] || !flows_dev[1])
		goto out;
	flows_ct = vzalloc(array_size(flows, sizeof(*flows_ct)));
	flows_all = vzalloc(array_size(flows, sizeof(*flows_all)));
	flows_took = vzalloc(array_size(max(flows, frames) / FLOWS_BATCH,
					sizeof(*flows_took)));
	err = flows_ct && flows_all && flows_took ? flows_run(net) : -ENOMEM;
out:
	vfree(flows_took);
	vfree(flows_all);
	vfree(flows_ct);
	dev_put(flows_dev[1]);
	dev_put(flows_dev[0]);
	return err;
}

static void __exit flows_module_exit(void)
{
}

module_init(flows_module_init);
module_exit(flows_module_exit);

MODULE_DESCRIPTION("A million flows for vflow, and what they cost");
MODULE_AUTHOR("The vnet developers");
MODULE_LICENSE("GPL");
