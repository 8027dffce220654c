// SPDX-License-Identifier: GPL-2.0
/*
 * Receive rings, and NAPI that empties them.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "vveth.h"

/* The transport protocol, where the plain header is at hand; else 0. */
static u8 vveth_gro_proto(const struct sk_buff *skb)
{
	const void *l3 = skb->data;

	switch (skb->protocol) {
	case htons(ETH_P_IP):
		if (skb_headlen(skb) < sizeof(struct iphdr))
			return 0;
		return ((const struct iphdr *)l3)->protocol;
	case htons(ETH_P_IPV6):
		if (skb_headlen(skb) < sizeof(struct ipv6hdr))
			return 0;
		return ((const struct ipv6hdr *)l3)->nexthdr;
	default:
		return 0;
	}
}

/*
 * GRO costs every frame that it looks at, so leave out those that it would
 * not merge: super-frames; TCP from a socket on a device with TSO, which made
 * super-frames itself where it could; UDP, unless the user asked for that.
 */
static bool vveth_gro_helps(const struct net_device *dev,
			    const struct sk_buff *skb, bool peer_tso)
{
	if (!(dev->features & NETIF_F_GRO) || skb_is_gso(skb))
		return false;
	switch (vveth_gro_proto(skb)) {
	case IPPROTO_TCP:
		return !skb->sk || !peer_tso;
	case IPPROTO_UDP:
		return dev->features &
		       (NETIF_F_GRO_FRAGLIST | NETIF_F_GRO_UDP_FWD);
	default:
		return false;
	}
}

/* GRO writes to headers, so it gets only what nobody else can see. */
static void vveth_receive(struct vveth_rq *rq, struct sk_buff *skb,
			  bool peer_tso)
{
	if (vveth_gro_helps(rq->dev, skb, peer_tso) && !skb_shared(skb) &&
	    !skb_unclone(skb, GFP_ATOMIC)) {
		/* Else the sender's socket is never given back what it paid. */
		skb_prepare_for_gro(skb);
		napi_gro_receive(&rq->napi, skb);
	} else {
		netif_receive_skb(skb);
	}
}

static void vveth_count_rx(struct net_device *dev, unsigned int packets,
			   u64 bytes)
{
	struct pcpu_sw_netstats *stats = this_cpu_ptr(dev->tstats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->rx_packets, packets);
	u64_stats_add(&stats->rx_bytes, bytes);
	u64_stats_update_end(&stats->syncp);
}

static bool vveth_peer_has_tso(const struct net_device *dev)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct net_device *peer;
	bool tso;

	rcu_read_lock();
	peer = rcu_dereference(priv->peer);
	tso = peer && peer->features & NETIF_F_ALL_TSO;
	rcu_read_unlock();
	return tso;
}

/*
 * A sender that finds NAPI scheduled leaves a mark that makes
 * napi_complete_done() schedule it again, so no frame waits unseen.
 */
static int vveth_poll(struct napi_struct *napi, int budget)
{
	struct vveth_rq *rq = container_of(napi, struct vveth_rq, napi);
	bool peer_tso = vveth_peer_has_tso(rq->dev);
	struct sk_buff *skb;
	u64 bytes = 0;
	int done = 0;

	while (done < budget) {
		skb = __ptr_ring_consume(&rq->ring);
		if (!skb)
			break;
		bytes += skb->len + ETH_HLEN;
		done++;
		vveth_receive(rq, skb, peer_tso);
	}
	if (done)
		vveth_count_rx(rq->dev, done, bytes);
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

static void vveth_rings_free(struct vveth_rings *rings)
{
	unsigned int i;

	for (i = 0; i < rings->n; i++)
		ptr_ring_cleanup(&rings->rq[i].ring, NULL);
	kvfree(rings);
}

/* No sender sees the rings any more: count and free what is left in them. */
static void vveth_rings_free_rcu(struct rcu_head *rcu)
{
	struct vveth_rings *rings = container_of(rcu, struct vveth_rings, rcu);
	struct vveth_priv *priv = netdev_priv(rings->dev);
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < rings->n; i++)
		while ((skb = __ptr_ring_consume(&rings->rq[i].ring)))
			vnet_drop_skb(priv->drops, skb, VNET_DROP_PURGED);
	vveth_rings_free(rings);
}

/**
 * vveth_rings_open() - allocate and start the receive queues of an end
 * @dev: the end, which is opening
 *
 * Context: RTNL.
 * Return: 0 or -ENOMEM.
 */
int vveth_rings_open(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	unsigned int n = dev->real_num_rx_queues;
	struct vveth_rings *rings;
	unsigned int i;

	rings = kvzalloc(struct_size(rings, rq, n), GFP_KERNEL);
	if (!rings)
		return -ENOMEM;
	rings->dev = dev;
	for (i = 0; i < n; i++) {
		struct vveth_rq *rq = &rings->rq[i];

		if (ptr_ring_init(&rq->ring, VVETH_RING_SIZE, GFP_KERNEL)) {
			vveth_rings_free(rings);
			return -ENOMEM;
		}
		rq->dev = dev;
		rings->n++;
	}
	for (i = 0; i < n; i++) {
		netif_napi_add(dev, &rings->rq[i].napi, vveth_poll);
		napi_enable(&rings->rq[i].napi);
	}
	rcu_assign_pointer(priv->rings, rings);
	return 0;
}

/**
 * vveth_rings_close() - stop the receive queues of an end
 * @dev: the end, which is closing
 *
 * The rings are freed after an RCU grace period; see the DOC block.
 *
 * Context: RTNL.
 */
void vveth_rings_close(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_rings *rings = rtnl_dereference(priv->rings);
	unsigned int i;

	RCU_INIT_POINTER(priv->rings, NULL);
	for (i = 0; i < rings->n; i++) {
		napi_disable(&rings->rq[i].napi);
		/* The grace period that this asks for is the one below. */
		__netif_napi_del(&rings->rq[i].napi);
	}
	call_rcu(&rings->rcu, vveth_rings_free_rcu);
}
