/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <net/netdev_queues.h>: an older kernel has nobody who would ask
 * for the counters of queues, so what a driver has to say is not called there.
 * May go when 6.10 is the oldest kernel served.
 */
#ifndef _VNET_COMPAT_NET_NETDEV_QUEUES_H
#define _VNET_COMPAT_NET_NETDEV_QUEUES_H

#include <linux/netdevice.h>
#include <vnet_probes.h>

#ifdef VNET_HAVE_NETDEV_STAT_OPS
#include_next <net/netdev_queues.h>
#else
struct netdev_queue_stats_rx {
	u64 bytes;
	u64 packets;
};

struct netdev_queue_stats_tx {
	u64 bytes;
	u64 packets;
};

struct netdev_stat_ops {
	void (*get_queue_stats_rx)(struct net_device *dev, int idx,
				   struct netdev_queue_stats_rx *stats);
	void (*get_queue_stats_tx)(struct net_device *dev, int idx,
				   struct netdev_queue_stats_tx *stats);
	void (*get_base_stats)(struct net_device *dev,
			       struct netdev_queue_stats_rx *rx,
			       struct netdev_queue_stats_tx *tx);
};
#endif

static inline void vnet_compat_set_stat_ops(struct net_device *dev,
					    const struct netdev_stat_ops *ops)
{
#ifdef VNET_HAVE_NETDEV_STAT_OPS
	dev->stat_ops = ops;
#endif
}

#endif /* _VNET_COMPAT_NET_NETDEV_QUEUES_H */
