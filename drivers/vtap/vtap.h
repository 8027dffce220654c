/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vtap: pairs of network devices one end of which is a char device as well, by
 * the kernel's library for such (tap.ko), so that vhost-net takes its files.
 */
#ifndef _VTAP_H
#define _VTAP_H

#include <linux/if_tap.h>
#include <linux/netdevice.h>
#include <vnet/drop.h>
#include <vnet/port.h>

/**
 * DOC: roads, locking and teardown
 *
 * What a program writes, the node's end sends, and the port's end receives;
 * what the port's end sends, the node's end receives, and the library puts it
 * into the ring of a file. Either end is a port of the suite to itself: on
 * the port's end a bridge may take frames directly, and on the node's end it
 * is the library that takes them, where nobody would see them on the way. What
 * is not taken goes through a queue and NAPI to the receive path.
 *
 * RTNL protects &vtap_priv.peer, and all that the library has: its files and
 * the minor number. Senders read the peer under RCU, BH off.
 *
 * The lock of &vtap_rq.queue, taken with BH off, protects the queue and
 * &vtap_rq.pending. Under the library's producer lock, which is taken with BH
 * off and under none of ours, nothing of ours is called.
 *
 * An end closes: the core clears the device's mark that it runs, senders look
 * for that, synchronize_net() ends those that have seen it; NAPI is disabled,
 * and what is in the queues is counted as purged.
 *
 * A pair goes: both forget the other, and are unregistered in one go. The node
 * goes in NETDEV_UNREGISTER, so nobody opens it any more; ndo_uninit takes
 * off the receive handler, which waits for a grace period, and takes the
 * device from the files that are still open. All of that is done before RTNL
 * is released. What reads the device through a file does so under RCU; the
 * core waits for that before it frees the device.
 *
 * An open file holds the module.
 */

/* Frames of a queue on their way to NAPI. */
#define VTAP_BACKLOG 1024U

/* Offloads that the program decides on, by TUNSETOFFLOAD. */
#define VTAP_USER_FEATURES (NETIF_F_HW_CSUM | NETIF_F_TSO_ECN | \
			    NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_GSO_UDP_L4)
/* Those of a file that has not called it; the oldest library knows them. */
#define VTAP_USER_DEFAULT (VTAP_USER_FEATURES & ~NETIF_F_GSO_UDP_L4)

/* Reasons of drops, by the direction they count for in a device's totals. */
#define VTAP_DROPS_TX (BIT(VNET_DROP_NO_PEER) | BIT(VNET_DROP_DOWN) | \
		       BIT(VNET_DROP_TOO_SHORT) | BIT(VNET_DROP_TOO_BIG) | \
		       BIT(VNET_DROP_COPY_IN))
#define VTAP_DROPS_RX (BIT(VNET_DROP_NOMEM) | BIT(VNET_DROP_RING_FULL) | \
		       BIT(VNET_DROP_PURGED) | BIT(VNET_DROP_NO_READER))
#define VTAP_DROPS (VTAP_DROPS_TX | VTAP_DROPS_RX)

/**
 * struct vtap_rq - a receive queue: frames on the ordinary road
 * @queue: frames that wait for NAPI
 * @pending: these, and those that NAPI has at hand; zero while no frame could
 *	be overtaken. Written under the queue's lock
 * @napi: NAPI
 */
struct vtap_rq {
	struct sk_buff_head queue;
	unsigned int pending;
	struct napi_struct napi;
};

/**
 * struct vtap_node - what the end with the char device has beside the other
 * @tap: the library's
 * @sw: who takes the device's frames directly: the library
 */
struct vtap_node {
	struct tap_dev tap;
	struct vnet_switch sw;
};

/**
 * struct vtap_priv - private data of an end
 * @peer: the other end, or NULL; written under RTNL
 * @rq: the receive queues
 * @drops: what the end gave up; see VTAP_DROPS
 * @port: the suite's part
 * @node: the char device, or NULL for the end that is a port; fixed
 */
struct vtap_priv {
	struct net_device __rcu *peer;
	struct vtap_rq *rq;
	struct vnet_drops __percpu *drops;
	struct vnet_port port;
	struct vtap_node *node;
};

/* dev.c */
extern const struct net_device_ops vtap_port_ops;
extern const struct net_device_ops vtap_node_ops;
void vtap_setup(struct net_device *dev);

/* ethtool.c */
extern const struct ethtool_ops vtap_ethtool_ops;

/* netlink.c */
extern struct rtnl_link_ops vtap_link_ops;

/* node.c */
int vtap_node_alloc(struct net_device *dev);
void vtap_node_stop(struct net_device *dev);
void vtap_node_free(struct net_device *dev);
bool vtap_node_is(const struct net_device *dev);
u32 vtap_node_number(const struct net_device *dev);
int vtap_node_register(void);
void vtap_node_unregister(void);

/* xmit.c */
netdev_tx_t vtap_xmit(struct sk_buff *skb, struct net_device *dev);
extern const struct vnet_port_ops vtap_vnet_port_ops;
int vtap_queues_alloc(struct net_device *dev);
void vtap_queues_free(struct net_device *dev);
void vtap_queues_open(struct net_device *dev);
void vtap_queues_close(struct net_device *dev);

#endif /* _VTAP_H */
