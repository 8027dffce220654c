// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of queues. A receive queue has its own (&struct vveth_rx_stats).
 * What the first transmit queue sends is in the device's own counters, as it
 * is the only one that most ends ever use; each other has one for each CPU. It
 * is allocated by itself: of all queues at once it could be more than a CPU's
 * memory is given out by.
 */
#include <linux/netdevice.h>
#include <net/netdev_queues.h>
#include "vveth.h"

/**
 * vveth_tx_stats_alloc() - have counters for all transmit queues
 * @dev: the end, before more than one transmit queue of it is in use
 *
 * Context: RTNL.
 * Return: 0 or -ENOMEM.
 */
int vveth_tx_stats_alloc(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_tx_stats __percpu *stats;
	unsigned int i;

	for (i = 1; i < dev->num_tx_queues; i++) {
		/* From before, or from a time that there was no memory for all. */
		if (priv->txq[i].stats)
			continue;
		stats = __netdev_alloc_pcpu_stats(struct vveth_tx_stats,
						  GFP_KERNEL_ACCOUNT);
		if (!stats)
			return -ENOMEM;
		/* A sender that sees a second queue sees its counters. */
		smp_store_release(&priv->txq[i].stats, stats);
	}
	return 0;
}

/**
 * vveth_tx_stats_free() - free the counters of all transmit queues
 * @dev: the end, which nobody sends by any more, however far it was set up
 */
void vveth_tx_stats_free(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	unsigned int i;

	if (!priv->txq)
		return;
	for (i = 1; i < dev->num_tx_queues; i++)
		free_percpu(priv->txq[i].stats);
}

/**
 * vveth_tx_stats_add() - count a frame sent from another queue than the first
 * @dev: the end
 * @q: the queue
 * @len: the frame's bytes
 *
 * Context: BH off.
 */
void vveth_tx_stats_add(struct net_device *dev, unsigned int q,
			unsigned int len)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_tx_stats __percpu *stats = NULL;
	struct vveth_tx_stats *s;

	/* AF_XDP names a transmit queue by the receive queue it is bound to. */
	if (likely(q < dev->num_tx_queues))
		stats = READ_ONCE(priv->txq[q].stats);
	if (unlikely(!stats)) {
		dev_sw_netstats_tx_add(dev, 1, len);
		return;
	}
	s = this_cpu_ptr(stats);
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->packets);
	u64_stats_add(&s->bytes, len);
	u64_stats_update_end(&s->syncp);
}

/**
 * vveth_tx_stats_read() - what a transmit queue has sent
 * @dev: the end
 * @q: the queue
 * @packets: where to write the number of frames
 * @bytes: where to write their bytes
 */
void vveth_tx_stats_read(const struct net_device *dev, unsigned int q,
			 u64 *packets, u64 *bytes)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_tx_stats __percpu *stats = READ_ONCE(priv->txq[q].stats);
	struct rtnl_link_stats64 first = {};
	int cpu;

	if (!q)
		dev_fetch_sw_netstats(&first, dev->tstats);
	*packets = first.tx_packets;
	*bytes = first.tx_bytes;
	if (!stats)
		return;
	for_each_possible_cpu(cpu) {
		const struct vveth_tx_stats *s = per_cpu_ptr(stats, cpu);
		unsigned int start;
		u64 n, len;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			n = u64_stats_read(&s->packets);
			len = u64_stats_read(&s->bytes);
		} while (u64_stats_fetch_retry(&s->syncp, start));
		*packets += n;
		*bytes += len;
	}
}

/**
 * vveth_stats_sum() - frames and bytes of the queues of an end
 * @dev: the end
 * @rxq: the first receive queue to count, up to the last there is room for
 * @txq: the first transmit queue to count, likewise
 * @sum: what they received and sent is added to this
 */
void vveth_stats_sum(const struct net_device *dev, unsigned int rxq,
		     unsigned int txq, struct rtnl_link_stats64 *sum)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	u64 packets, bytes;

	for (; rxq < dev->num_rx_queues; rxq++) {
		vveth_rx_stats_read(&priv->rx_stats[rxq], &packets, &bytes);
		sum->rx_packets += packets;
		sum->rx_bytes += bytes;
	}
	for (; txq < dev->num_tx_queues; txq++) {
		vveth_tx_stats_read(dev, txq, &packets, &bytes);
		sum->tx_packets += packets;
		sum->tx_bytes += bytes;
	}
}

static void vveth_get_queue_stats_rx(struct net_device *dev, int idx,
				     struct netdev_queue_stats_rx *stats)
{
	const struct vveth_priv *priv = netdev_priv(dev);

	vveth_rx_stats_read(&priv->rx_stats[idx], &stats->packets,
			    &stats->bytes);
}

static void vveth_get_queue_stats_tx(struct net_device *dev, int idx,
				     struct netdev_queue_stats_tx *stats)
{
	vveth_tx_stats_read(dev, idx, &stats->packets, &stats->bytes);
}

/*
 * What the queues in use do not tell: what others received in this end's name
 * (bpf_redirect_peer), and what was received and sent by queues that were in
 * use before.
 */
static void vveth_get_base_stats(struct net_device *dev,
				 struct netdev_queue_stats_rx *rx,
				 struct netdev_queue_stats_tx *tx)
{
	struct rtnl_link_stats64 sum = {};

	dev_fetch_sw_netstats(&sum, dev->tstats);
	sum.tx_packets = 0;
	sum.tx_bytes = 0;
	vveth_stats_sum(dev, dev->real_num_rx_queues, dev->real_num_tx_queues,
			&sum);
	rx->packets = sum.rx_packets;
	rx->bytes = sum.rx_bytes;
	tx->packets = sum.tx_packets;
	tx->bytes = sum.tx_bytes;
}

static const struct netdev_stat_ops vveth_stat_ops = {
	.get_queue_stats_rx	= vveth_get_queue_stats_rx,
	.get_queue_stats_tx	= vveth_get_queue_stats_tx,
	.get_base_stats		= vveth_get_base_stats,
};

/**
 * vveth_qstats_setup() - let netlink ask a fresh end for its queues' counters
 * @dev: the end
 */
void vveth_qstats_setup(struct net_device *dev)
{
	vnet_compat_set_stat_ops(dev, &vveth_stat_ops);
}
