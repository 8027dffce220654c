// SPDX-License-Identifier: GPL-2.0
/*
 * Which queue a frame for the program goes to: the one that its flow was last
 * written to, else one by the flow's hash, or what a program says.
 *
 * The flows are a table of fixed size, without a lock and without memory to
 * ask for: a place is one word, which the latest flow of that place has. What
 * is lost to another flow is only the memory of where that flow belongs.
 */
#include <linux/filter.h>
#include <linux/mm.h>
#include "vtun.h"

#define VTUN_FLOWS 4096
/* Seconds that a flow is remembered for. */
#define VTUN_FLOW_AGE 3

/**
 * struct vtun_flows - where flows were last seen
 * @flow: by hash; see vtun_flow_make()
 */
struct vtun_flows {
	atomic64_t flow[VTUN_FLOWS];
};

/* The hash, the second of the last frame, the queue and one, for a place that is taken. */
static u64 vtun_flow_make(u32 hash, u16 queue)
{
	u16 now = jiffies / HZ;

	return (u64)hash << 32 | (u32)now << 16 | (queue + 1);
}

static bool vtun_flow_is(u64 flow, u32 hash)
{
	u16 age = (u16)(jiffies / HZ) - (u16)(flow >> 16);

	return flow >> 32 == hash && (u16)flow && age <= VTUN_FLOW_AGE;
}

/**
 * vtun_flows_alloc() - an empty table
 *
 * Return: the table, to be freed with kvfree(), or NULL.
 */
struct vtun_flows *vtun_flows_alloc(void)
{
	return kvzalloc(sizeof(struct vtun_flows), GFP_KERNEL_ACCOUNT);
}

/**
 * vtun_flow_learn() - a frame was written
 * @priv: the device
 * @hash: of its flow, the same both ways
 * @queue: where it was written
 */
void vtun_flow_learn(struct vtun_priv *priv, u32 hash, u16 queue)
{
	atomic64_t *place = &priv->flows->flow[hash % VTUN_FLOWS];
	u64 flow = vtun_flow_make(hash, queue);

	/* Most frames change nothing. */
	if (atomic64_read(place) != flow)
		atomic64_set(place, flow);
}

static u16 vtun_queue_by_flow(const struct vtun_priv *priv,
			      struct sk_buff *skb, unsigned int n)
{
	u32 hash = __skb_get_hash_symmetric(skb);
	u64 flow;

	if (priv->flows) {
		flow = atomic64_read(&priv->flows->flow[hash % VTUN_FLOWS]);
		if (vtun_flow_is(flow, hash) && (u16)flow - 1U < n)
			return (u16)flow - 1;
	}
	return reciprocal_scale(hash, n);
}

/**
 * vtun_select_queue() - ndo_select_queue
 * @dev: the device
 * @skb: the frame
 * @sb_dev: not used
 *
 * Return: the queue.
 */
u16 vtun_select_queue(struct net_device *dev, struct sk_buff *skb,
		      struct net_device *sb_dev)
{
	struct vtun_priv *priv = netdev_priv(dev);
	unsigned int n = READ_ONCE(priv->num_queues);
	struct bpf_prog *prog;
	u16 queue = 0;

	if (!n)
		return 0;
	rcu_read_lock();
	prog = rcu_dereference(priv->steering);
	if (prog)
		queue = bpf_prog_run_clear_cb(prog, skb) % n;
	else if (n > 1)
		queue = vtun_queue_by_flow(priv, skb, n);
	rcu_read_unlock();
	return queue;
}
