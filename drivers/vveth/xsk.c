// SPDX-License-Identifier: GPL-2.0
/*
 * AF_XDP without a copy into the kernel: sockets that are bound to an end.
 *
 * What such a socket sends is taken by NAPI of the other end, right out of the
 * sender's memory: one copy takes it into the memory of a socket there, if the
 * receiving queue has one and a program, else into an skb. So each ring of a
 * socket has one user in the kernel, who owns the receive queue. While there
 * is no memory for it at the other end, it stays where it is.
 */
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/platform_device.h>
#include <linux/rtnetlink.h>
#include <net/xdp_sock_drv.h>
#include "xdp.h"

/**
 * struct vveth_xsk - AF_XDP's memory that is bound to a queue
 * @pool: the memory
 * @rxq: the queue as AF_XDP knows it
 */
struct vveth_xsk {
	struct xsk_buff_pool *pool;
	struct xdp_rxq_info rxq;
};

/**
 * struct vveth_xsks - what is bound to the queues of an end
 * @n: number of queues
 * @used: how many have something; RTNL
 * @of: by the number of the queue
 *
 * Made under RTNL with the first one, freed with the end.
 */
struct vveth_xsks {
	unsigned int n;
	unsigned int used;
	struct vveth_xsk __rcu *of[];
};

/* What the memory is mapped for, which AF_XDP insists on. Nobody uses it. */
static struct platform_device *vveth_xsk_dma;

/* ---- binding ------------------------------------------------------------ */

static bool vveth_xsk_bound(const struct net_device *dev)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct vveth_xsks *xsks = rtnl_dereference(priv->xsk);

	return xsks && xsks->used;
}

/**
 * vveth_xsk_concerns() - whether AF_XDP is bound to an end or its peer
 * @dev: the end
 *
 * Context: RTNL.
 * Return: whether NAPI is to receive what comes to @dev.
 */
bool vveth_xsk_concerns(const struct net_device *dev)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct net_device *peer = rtnl_dereference(priv->peer);

	return vveth_xsk_bound(dev) || (peer && vveth_xsk_bound(peer));
}

static void vveth_xsk_update_rings(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_rings *rings = rtnl_dereference(priv->rings);
	unsigned int i;

	for (i = 0; rings && i < rings->n; i++)
		vveth_rq_update(&rings->rq[i]);
}

/* Both ends' receivers know when this returns. */
static void vveth_xsk_changed(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct net_device *peer = rtnl_dereference(priv->peer);

	vveth_xsk_update_rings(dev);
	if (peer)
		vveth_xsk_update_rings(peer);
	synchronize_net();
}

static struct vveth_xsks *vveth_xsks_get(struct net_device *dev)
{
	unsigned int n = max(dev->num_rx_queues, dev->num_tx_queues);
	struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_xsks *xsks = rtnl_dereference(priv->xsk);

	if (xsks)
		return xsks;
	xsks = kzalloc(struct_size(xsks, of, n), GFP_KERNEL);
	if (!xsks)
		return NULL;
	xsks->n = n;
	rcu_assign_pointer(priv->xsk, xsks);
	return xsks;
}

static int vveth_xsk_bind(struct net_device *dev, struct xsk_buff_pool *pool,
			  unsigned int nr)
{
	struct vveth_xsks *xsks;
	struct vveth_xsk *xsk;
	int err;

	if (!VNET_XSK_HAS_CB || !vveth_xsk_dma)
		return -EOPNOTSUPP;
	xsks = vveth_xsks_get(dev);
	if (!xsks)
		return -ENOMEM;
	if (nr >= xsks->n)
		return -EINVAL;
	xsk = kzalloc(sizeof(*xsk), GFP_KERNEL);
	if (!xsk)
		return -ENOMEM;
	xsk->pool = pool;
	err = xdp_rxq_info_reg(&xsk->rxq, dev, nr, 0);
	if (err)
		goto err_free;
	err = xdp_rxq_info_reg_mem_model(&xsk->rxq, MEM_TYPE_XSK_BUFF_POOL,
					 NULL);
	if (err)
		goto err_unreg;
	err = xsk_pool_dma_map(pool, &vveth_xsk_dma->dev,
			       DMA_ATTR_SKIP_CPU_SYNC);
	if (err)
		goto err_unreg;
	xsk_pool_set_rxq_info(pool, &xsk->rxq);
	rcu_assign_pointer(xsks->of[nr], xsk);
	xsks->used++;
	vveth_xsk_changed(dev);
	return 0;

err_unreg:
	xdp_rxq_info_unreg(&xsk->rxq);
err_free:
	kfree(xsk);
	return err;
}

static int vveth_xsk_unbind(struct net_device *dev, unsigned int nr)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_xsks *xsks = rtnl_dereference(priv->xsk);
	struct vveth_xsk *xsk;

	xsk = xsks && nr < xsks->n ? rtnl_dereference(xsks->of[nr]) : NULL;
	if (!xsk)
		return -EINVAL;
	RCU_INIT_POINTER(xsks->of[nr], NULL);
	xsks->used--;
	vveth_xsk_changed(dev);
	xsk_pool_dma_unmap(xsk->pool, DMA_ATTR_SKIP_CPU_SYNC);
	xdp_rxq_info_unreg(&xsk->rxq);
	kfree(xsk);
	return 0;
}

/**
 * vveth_xsk_setup() - XDP_SETUP_XSK_POOL
 * @dev: the end
 * @pool: AF_XDP's memory, which is the socket's; NULL to give up what there is
 * @nr: number of the queue
 *
 * Context: RTNL; sleeps.
 * Return: 0 or an error, then nothing has changed, and AF_XDP may fall back to
 * its copy mode.
 */
int vveth_xsk_setup(struct net_device *dev, struct xsk_buff_pool *pool,
		    unsigned int nr)
{
	return pool ? vveth_xsk_bind(dev, pool, nr) : vveth_xsk_unbind(dev, nr);
}

/**
 * vveth_xsk_free() - of an end that goes, to which nothing is bound any more
 * @dev: the end
 */
void vveth_xsk_free(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);

	kfree(rcu_dereference_raw(priv->xsk));
}

/* ---- waking ------------------------------------------------------------- */

static int vveth_xsk_wake_rq(const struct net_device *dev, unsigned int nr)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_rings *rings = rcu_dereference_bh(priv->rings);
	struct vveth_rq *rq;

	if (!rings)
		return -ENETDOWN;
	rq = &rings->rq[nr % rings->n];
	/* vveth_rq_wake() has the barrier. */
	WRITE_ONCE(rq->xsk_called, true);
	vveth_rq_wake(rq, true);
	return 0;
}

/**
 * vveth_xsk_wakeup() - ndo_xsk_wakeup
 * @dev: the end that the socket is bound to
 * @nr: number of the queue
 * @flags: XDP_WAKEUP_TX: there is something to send, which is for the peer's
 *	NAPI; XDP_WAKEUP_RX: there is memory again for what the peer sends
 *
 * Context: RCU, any BH.
 * Return: 0, -ENETDOWN while nothing can be sent, -ENXIO.
 */
int vveth_xsk_wakeup(struct net_device *dev, u32 nr, u32 flags)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct net_device *peer;
	int err = 0;

	if (!netif_running(dev))
		return -ENETDOWN;
	local_bh_disable();
	peer = rcu_dereference_bh(priv->peer);
	if (flags & XDP_WAKEUP_RX)
		err = vveth_xsk_wake_rq(dev, nr);
	if (flags & XDP_WAKEUP_TX)
		err = peer ? vveth_xsk_wake_rq(peer, nr) : -ENXIO;
	local_bh_enable();
	return err;
}

static void vveth_xsk_wake_all(const struct net_device *dev)
{
	unsigned int i;

	local_bh_disable();
	for (i = 0; i < dev->real_num_rx_queues; i++)
		vveth_xsk_wake_rq(dev, i);
	local_bh_enable();
}

/**
 * vveth_xsk_opened() - an end is up again: what sockets have to send may go
 * @dev: the end
 *
 * Context: RTNL.
 */
void vveth_xsk_opened(struct net_device *dev)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct net_device *peer = rtnl_dereference(priv->peer);

	if (!peer)
		return;
	if (vveth_xsk_bound(dev))
		vveth_xsk_wake_all(peer);
	if (vveth_xsk_bound(peer))
		vveth_xsk_wake_all(dev);
}

/* ---- receiving ---------------------------------------------------------- */

/**
 * struct vveth_xsk_run - what a queue takes from the peer's sockets
 * @run: the turn of NAPI
 * @priv: of the sending end
 * @from: the memory it comes from
 * @own: the memory it goes to, or NULL for none
 * @max_len: a frame's bytes at most
 * @packets: frames that were sent
 * @bytes: their bytes
 */
struct vveth_xsk_run {
	struct vveth_xdp_run *run;
	struct vveth_priv *priv;
	struct xsk_buff_pool *from;
	struct xsk_buff_pool *own;
	unsigned int max_len;
	unsigned int packets;
	u64 bytes;
};

static struct xsk_buff_pool *vveth_xsk_pool(const struct net_device *dev,
					    unsigned int nr)
{
	const struct vveth_priv *priv = netdev_priv(dev);
	const struct vveth_xsks *xsks = rcu_dereference_bh(priv->xsk);
	const struct vveth_xsk *xsk;

	if (!xsks || nr >= xsks->n)
		return NULL;
	xsk = rcu_dereference_bh(xsks->of[nr]);
	return xsk ? xsk->pool : NULL;
}

static struct sk_buff *vveth_xsk_alloc_skb(struct vveth_rq *rq,
					   const void *data, unsigned int len)
{
	struct sk_buff *skb;

	/* Room for a program; the allocator has a part of it anyway. */
	skb = napi_alloc_skb(&rq->napi, len + XDP_PACKET_HEADROOM);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, XDP_PACKET_HEADROOM);
	skb_put_data(skb, data, len);
	return skb;
}

/* A frame for the stack that a program has seen, or that none is there for. */
static void vveth_xsk_deliver(struct vveth_rq *rq, struct sk_buff *skb)
{
	skb->protocol = eth_type_trans(skb, rq->dev);
	vveth_xdp_deliver(rq, skb, vveth_gro_helps_frame(skb, rq->dev));
}

/* The program lets the frame pass: it leaves the socket's memory. */
static void vveth_xsk_pass(struct vveth_xdp_run *run,
			   struct vveth_xdp_buff *buff)
{
	struct xdp_buff *xdp = &buff->xdp;
	unsigned int meta = xdp->data - xdp->data_meta;
	struct vveth_rq *rq = run->rq;
	struct sk_buff *skb;

	skb = vveth_xsk_alloc_skb(rq, xdp->data_meta,
				  xdp->data_end - xdp->data_meta);
	if (unlikely(!skb)) {
		vveth_xdp_drop(run, buff, VNET_DROP_XDP_NOMEM);
		return;
	}
	xsk_buff_free(xdp);
	if (meta) {
		__skb_pull(skb, meta);
		skb_metadata_set(skb, meta);
	}
	vveth_xsk_deliver(rq, skb);
}

static enum vnet_drop vveth_xsk_check(const struct vveth_xsk_run *x,
				      unsigned int len)
{
	if (unlikely(len < ETH_HLEN))
		return VNET_DROP_TOO_SHORT;
	if (unlikely(len > x->max_len))
		return VNET_DROP_TOO_BIG;
	return __VNET_DROP_MAX;
}

/* The sender may still write to its memory: what was copied is looked at. */
static bool vveth_xsk_may_cross(const struct vveth_xsk_run *x, void *data)
{
	return likely(x->priv->mode != VVETH_MODE_L3) ||
	       vveth_xdp_address_l3(data, x->run->rq->dev);
}

/* From a socket's memory into that of another; takes @xdp. */
static enum vnet_drop vveth_xsk_to_socket(struct vveth_xsk_run *x,
					  struct xdp_buff *xdp,
					  const void *data, unsigned int len)
{
	/* AF_XDP has room for this behind its own. */
	struct vveth_xdp_buff *buff = container_of(xdp, struct vveth_xdp_buff,
						   xdp);
	struct vveth_xdp_run *run = x->run;
	u32 act;

	xsk_buff_set_size(xdp, len);
	memcpy(xdp->data, data, len);
	if (unlikely(!vveth_xsk_may_cross(x, xdp->data))) {
		xsk_buff_free(xdp);
		return VNET_DROP_NOT_IP;
	}
	buff->skb = NULL;
	buff->borrowed = false;
	run->n[VVETH_XDP_PACKETS]++;
	act = bpf_prog_run_xdp(run->prog, xdp);
	if (act == XDP_PASS)
		vveth_xsk_pass(run, buff);
	else
		vveth_xdp_end(run, buff, act);
	return __VNET_DROP_MAX;
}

static enum vnet_drop vveth_xsk_to_skb(struct vveth_xsk_run *x,
				       const void *data, unsigned int len)
{
	struct vveth_rq *rq = x->run->rq;
	struct sk_buff *skb = vveth_xsk_alloc_skb(rq, data, len);

	if (unlikely(!skb))
		return VNET_DROP_NOMEM;
	if (unlikely(!vveth_xsk_may_cross(x, skb->data))) {
		kfree_skb(skb);
		return VNET_DROP_NOT_IP;
	}
	if (!x->run->prog) {
		vveth_xsk_deliver(rq, skb);
		return __VNET_DROP_MAX;
	}
	skb->protocol = eth_type_trans(skb, rq->dev);
	vveth_xdp_run_skb(x->run, skb, vveth_gro_helps_frame(skb, rq->dev));
	return __VNET_DROP_MAX;
}

/* Memory for a frame, or NULL: then whoever brings some says so. */
static struct xdp_buff *vveth_xsk_alloc(struct xsk_buff_pool *own)
{
	struct xdp_buff *xdp = xsk_buff_alloc(own);

	if (likely(xdp) || !xsk_uses_need_wakeup(own))
		return xdp;
	xsk_set_rx_need_wakeup(own);
	/* The flag, then the ring once more. */
	smp_mb();
	return xsk_buff_alloc(own);
}

/* Returns whether there was a frame, and room for it. */
static bool vveth_xsk_receive_one(struct vveth_xsk_run *x)
{
	struct xdp_buff *xdp = NULL;
	enum vnet_drop why;
	struct xdp_desc desc;
	const void *data;

	if (x->own) {
		xdp = vveth_xsk_alloc(x->own);
		if (!xdp)
			return false;
	}
	if (!xsk_tx_peek_desc(x->from, &desc)) {
		if (xdp)
			xsk_buff_free(xdp);
		return false;
	}
	data = xsk_buff_raw_get_data(x->from, desc.addr);
	why = vveth_xsk_check(x, desc.len);
	if (likely(why == __VNET_DROP_MAX)) {
		if (xdp)
			why = vveth_xsk_to_socket(x, xdp, data, desc.len);
		else
			why = vveth_xsk_to_skb(x, data, desc.len);
	} else if (xdp) {
		xsk_buff_free(xdp);
	}
	if (unlikely(why != __VNET_DROP_MAX)) {
		vnet_drop_count(x->priv->drops, why, 1);
		return true;
	}
	x->packets++;
	x->bytes += desc.len;
	return true;
}

static int vveth_xsk_receive_from(struct vveth_xsk_run *x, int budget)
{
	int n = 0;

	while (n < budget && vveth_xsk_receive_one(x))
		n++;
	if (n) {
		xsk_tx_completed(x->from, n);
		xsk_tx_release(x->from);
	}
	return n;
}

/*
 * Whether there are other rings by now. What sockets have to send is for those,
 * so that the old ones get empty, whatever a socket does.
 */
static bool vveth_xsk_rq_replaced(const struct vveth_rq *rq)
{
	const struct vveth_priv *priv = netdev_priv(rq->dev);
	const struct vveth_rings *rings = rcu_dereference_bh(priv->rings);

	return !rings || rq->nr >= rings->n || &rings->rq[rq->nr] != rq;
}

/**
 * vveth_xsk_receive() - receive what sockets bound to the peer have to send
 * @rq: the queue
 * @xdp: what &vveth_rq.xdp is
 * @budget: how many frames at most
 *
 * What it counts as sent is sent by the peer's first queue.
 *
 * Context: NAPI, which owns the ring.
 * Return: how many frames were taken. Where there may be more,
 * &vveth_rq.xsk_called is set.
 */
int vveth_xsk_receive(struct vveth_rq *rq, struct vveth_xdp *xdp, int budget)
{
	struct vveth_priv *priv = netdev_priv(rq->dev);
	struct net_device *peer = rcu_dereference_bh(priv->peer);
	struct vveth_xdp_run run;
	struct vveth_xsk_run x = { .run = &run };
	const struct vveth_xsks *xsks;
	int pools = 0, n = 0, share, got;
	bool more = false;
	unsigned int nr;

	WRITE_ONCE(rq->xsk_called, false);
	/* Whoever calls from here on has it done once more. */
	smp_mb();
	if (!peer || !netif_running(peer) || vveth_xsk_rq_replaced(rq))
		return 0;
	x.priv = netdev_priv(peer);
	/* One that comes up for the first time calls when it has counters. */
	if (unlikely(!smp_load_acquire(&x.priv->drops)))
		return 0;
	xsks = rcu_dereference_bh(x.priv->xsk);
	if (!xsks)
		return 0;
	vveth_xdp_run_begin(&run, rq, xdp);
	x.max_len = READ_ONCE(rq->dev->mtu) + ETH_HLEN + VLAN_HLEN;
	if (run.prog)
		x.own = vveth_xsk_pool(rq->dev, rq->nr);
	if (x.own) {
		x.max_len = min(x.max_len, xsk_pool_get_rx_frame_size(x.own));
		/* Until it turns out that there is none again. */
		if (xsk_uses_need_wakeup(x.own))
			xsk_clear_rx_need_wakeup(x.own);
	}
	for (nr = rq->nr; nr < xsks->n; nr += rq->of)
		pools += !!vveth_xsk_pool(peer, nr);
	/* To each its share, or one that is always ready has all. */
	share = max(budget / max(pools, 1), 1);
	for (nr = rq->nr; nr < xsks->n && n < budget; nr += rq->of) {
		x.from = vveth_xsk_pool(peer, nr);
		if (!x.from)
			continue;
		got = vveth_xsk_receive_from(&x, min(share, budget - n));
		more |= got == share;
		n += got;
	}
	more |= n == budget;
	run.n[VVETH_XDP_FRAMES] = x.packets;
	vveth_xdp_run_end(&run, x.packets, x.bytes);
	if (x.packets)
		dev_sw_netstats_tx_add(peer, x.packets, x.bytes);
	if (more)
		WRITE_ONCE(rq->xsk_called, true);
	return n;
}

/* ---- the module --------------------------------------------------------- */

/**
 * vveth_xsk_init() - have a device that AF_XDP's memory can be mapped for
 *
 * Without one, AF_XDP has its copy mode.
 */
void __init vveth_xsk_init(void)
{
	struct platform_device *pdev;

	XSK_CHECK_PRIV_TYPE(struct vveth_xdp_buff);
	if (!VNET_XSK_HAS_CB || !IS_ENABLED(CONFIG_XDP_SOCKETS))
		return;
	pdev = platform_device_register_simple("vveth", PLATFORM_DEVID_NONE,
					       NULL, 0);
	if (IS_ERR(pdev))
		return;
	if (dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64)))
		platform_device_unregister(pdev);
	else
		vveth_xsk_dma = pdev;
}

/**
 * vveth_xsk_exit() - undo vveth_xsk_init(); all ends are gone
 */
void vveth_xsk_exit(void)
{
	platform_device_unregister(vveth_xsk_dma);
}

/**
 * vveth_xsk_setup_features() - say that AF_XDP can be bound to a fresh end
 * @dev: the end
 */
void vveth_xsk_setup_features(struct net_device *dev)
{
	if (vveth_xsk_dma)
		VNET_ADD_XDP_FEATURES(dev, NETDEV_XDP_ACT_XSK_ZEROCOPY);
}
