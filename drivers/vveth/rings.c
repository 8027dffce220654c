// SPDX-License-Identifier: GPL-2.0
/*
 * The receive rings of an end: there while it is up.
 */
#include <linux/slab.h>
#include "vveth.h"

static void vveth_rings_free(struct vveth_rings *rings)
{
	unsigned int i;

	for (i = 0; i < rings->n; i++)
		ptr_ring_cleanup(&rings->rq[i].ring, NULL);
	kvfree(rings);
}

/* No sender sees the rings any more. */
static void vveth_rings_free_rcu(struct rcu_head *rcu)
{
	struct vveth_rings *rings = container_of(rcu, struct vveth_rings, rcu);
	unsigned int i;

	for (i = 0; i < rings->n; i++)
		vveth_rq_purge(&rings->rq[i]);
	vveth_rings_free(rings);
}

/* Rings that nobody has seen. */
static void vveth_rings_discard(struct vveth_rings *rings)
{
	unsigned int i;

	for (i = 0; i < rings->n; i++)
		vveth_rq_discard(&rings->rq[i]);
	call_rcu(&rings->rcu, vveth_rings_free_rcu);
}

/* Rings that nobody may empty yet. */
static struct vveth_rings *vveth_rings_alloc(struct net_device *dev,
					     unsigned int n, unsigned int size)
{
	struct vveth_rings *rings;
	unsigned int i;
	int err = 0;

	rings = kvzalloc(struct_size(rings, rq, n), GFP_KERNEL_ACCOUNT);
	if (!rings)
		return NULL;
	rings->dev = dev;
	for (i = 0; i < n; i++) {
		if (ptr_ring_init(&rings->rq[i].ring, size,
				  GFP_KERNEL_ACCOUNT)) {
			vveth_rings_free(rings);
			return NULL;
		}
		rings->n++;
	}
	for (i = 0; i < n; i++)
		err |= vveth_rq_init(&rings->rq[i], dev, i, n);
	if (!err)
		return rings;
	vveth_rings_discard(rings);
	return NULL;
}

static void vveth_rings_start(struct vveth_rings *rings)
{
	unsigned int i;

	for (i = 0; i < rings->n; i++)
		vveth_rq_start(&rings->rq[i]);
}

static void vveth_rings_stop(struct vveth_rings *rings)
{
	unsigned int i;

	for (i = 0; i < rings->n; i++)
		vveth_rq_stop(&rings->rq[i]);
	call_rcu(&rings->rcu, vveth_rings_free_rcu);
}

/* Queues that were stopped for the sake of rings that are not there now. */
static void vveth_rings_wake_peer(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct net_device *peer = rtnl_dereference(priv->peer);

	if (peer)
		netif_tx_wake_all_queues(peer);
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
	struct vveth_rings *rings;

	rings = vveth_rings_alloc(dev, dev->real_num_rx_queues,
				  priv->ring_size);
	if (!rings)
		return -ENOMEM;
	vveth_rings_start(rings);
	rcu_assign_pointer(priv->rings, rings);
	vveth_rings_wake_peer(dev);
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

	RCU_INIT_POINTER(priv->rings, NULL);
	vveth_rings_stop(rings);
	vveth_rings_wake_peer(dev);
}

/**
 * vveth_rings_replace() - give an end another number or size of rings
 * @dev: the end, up or down
 * @n: number of receive queues, at most @dev->num_rx_queues
 * @size: slots of each ring
 *
 * No frame is lost or overtaken by it. Those that are sent meanwhile wait in
 * the new rings, which may fill up. The caller remembers the two numbers.
 *
 * Context: RTNL; sleeps.
 * Return: 0 or -ENOMEM; then nothing has changed.
 */
int vveth_rings_replace(struct net_device *dev, unsigned int n,
			unsigned int size)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_rings *old = rtnl_dereference(priv->rings), *rings;
	unsigned int i;

	if (!old)
		return 0;
	rings = vveth_rings_alloc(dev, n, size);
	if (!rings)
		return -ENOMEM;
	rcu_assign_pointer(priv->rings, rings);
	synchronize_net();
	for (i = 0; i < old->n; i++)
		vveth_rq_drain(&old->rq[i]);
	vveth_rings_stop(old);
	vveth_rings_start(rings);
	return 0;
}
