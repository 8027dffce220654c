/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vveth: pairs of Ethernet devices; what one end sends, the other receives.
 */
#ifndef _VVETH_H
#define _VVETH_H

#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <vnet/drop.h>
#include <vnet/port.h>

/**
 * DOC: locking and teardown
 *
 * RTNL protects the making and the unmaking of pairs, &vveth_priv.peer,
 * &vveth_priv.rings and the switch slot of &vveth_priv.port against writers.
 * The datapath reads them under RCU with BH off. There is one lock below
 * RTNL: the producer lock of each receive ring, taken by whoever sends
 * towards that ring, in BH context, with nothing else taken under it. The
 * consumer side of a ring belongs to its NAPI while that is enabled, and to
 * the code that closes the device afterwards.
 *
 * An end that goes down: &vveth_priv.rings is cleared, so no new sender
 * finds a ring; NAPI is disabled, so nobody consumes; the rest is done by an
 * RCU callback, when the last sender that had seen the rings is through: the
 * frames left in them are counted as purged and freed, then the rings. The
 * device outlives the callback, because the core runs rcu_barrier() between
 * the close and the destructor of a device that is unregistered.
 *
 * A pair that goes: both peer pointers are cleared before the two ends are
 * unregistered. A sender that still holds the pointer is in an RCU read
 * section, which unregistering waits for.
 */

/* Slots of a receive ring. */
#define VVETH_RING_SIZE 256

/* Reasons of drops, by the direction they count for in the device's totals. */
#define VVETH_DROPS_TX (BIT(VNET_DROP_NO_PEER) | BIT(VNET_DROP_DOWN) | \
			BIT(VNET_DROP_TOO_SHORT) | BIT(VNET_DROP_TOO_BIG) | \
			BIT(VNET_DROP_NOMEM) | BIT(VNET_DROP_RING_FULL))
#define VVETH_DROPS_RX BIT(VNET_DROP_PURGED)
#define VVETH_DROPS (VVETH_DROPS_TX | VVETH_DROPS_RX)

/**
 * struct vveth_rq - one receive queue of an end
 * @ring: frames sent by the other end, not yet received
 * @napi: what receives them
 * @dev: the end
 */
struct vveth_rq {
	struct ptr_ring ring;
	struct napi_struct napi;
	struct net_device *dev;
} ____cacheline_aligned_in_smp;

/**
 * struct vveth_rings - the receive queues of an end that is up
 * @rcu: for the callback that frees them
 * @dev: the end
 * @n: number of queues
 * @rq: the queues
 */
struct vveth_rings {
	struct rcu_head rcu;
	struct net_device *dev;
	unsigned int n;
	struct vveth_rq rq[];
};

/**
 * struct vveth_priv - private data of an end
 * @peer: the other end; NULL before the pair is tied and once it is going
 * @rings: receive queues while the end is up, else NULL
 * @drops: what this end gave up; see VVETH_DROPS
 * @port: the suite's part
 * @headroom: headroom that a device stacked on this end asked for
 */
struct vveth_priv {
	struct net_device __rcu *peer;
	struct vveth_rings __rcu *rings;
	struct vnet_drops __percpu *drops;
	struct vnet_port port;
	unsigned int headroom;
};

/* dev.c */
void vveth_setup(struct net_device *dev);
extern const struct net_device_ops vveth_netdev_ops;

/* pair.c */
void vveth_pair_tie(struct net_device *dev, struct net_device *peer);
void vveth_pair_dellink(struct net_device *dev, struct list_head *head);
void vveth_pair_update_carrier(struct net_device *dev);

/* xmit.c */
netdev_tx_t vveth_xmit(struct sk_buff *skb, struct net_device *dev);

/* napi.c */
int vveth_rings_open(struct net_device *dev);
void vveth_rings_close(struct net_device *dev);

/* netlink.c */
extern struct rtnl_link_ops vveth_link_ops;

/* ethtool.c */
extern const struct ethtool_ops vveth_ethtool_ops;

#endif /* _VVETH_H */
