// SPDX-License-Identifier: GPL-2.0
/*
 * The receiving side of a queue: who empties its ring, and when. What GRO may
 * merge is for NAPI; for anything else, and for a frame that is alone, NAPI's
 * cycle of scheduling, polling and completing would cost more than the frame
 * itself, so a tasklet does it.
 */
#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/interrupt.h>
#include <net/sock.h>
#include <net/xdp.h>
#include "vveth.h"
#include "xdp.h"

/* Frames that a tasklet takes before others have their turn; as NAPI. */
#define VVETH_TASKLET_BUDGET NAPI_POLL_WEIGHT
static_assert(VVETH_LANE_SIZE <= VVETH_TASKLET_BUDGET);

/* Queues, likewise: of a chain of answers each is a queue's turn. */
#define VVETH_TASKLET_TURNS 64

DEFINE_PER_CPU(struct vveth_cpu, vveth_cpu);
static int vveth_cpu_state;

/* GRO writes to headers, so it gets only what nobody else can see. */
static void vveth_receive(struct vveth_rq *rq, struct sk_buff *skb, bool gro)
{
	if (gro && !skb_shared(skb) && !skb_unclone(skb, GFP_ATOMIC)) {
		/* Else the sender's socket is never given back what it paid. */
		skb_prepare_for_gro(skb);
		napi_gro_receive(&rq->napi, skb);
	} else {
		netif_receive_skb(skb);
	}
}

/* Few enough for a slow receiver to let the sender go on meanwhile. */
#define VVETH_ENDED_MAX 16

/**
 * vveth_rq_end() - tell BQL of the sender's queue what has ended
 * @rq: the queue
 *
 * Context: the owner of the ring, BH off.
 */
noinline void vveth_rq_end(struct vveth_rq *rq)
{
	struct vveth_priv *priv = netdev_priv(rq->dev);
	struct net_device *peer = rcu_dereference_bh(priv->peer);
	struct vveth_ended *ended = &rq->ended;
	struct vveth_priv *peer_priv;

	if (ended->packets && peer) {
		peer_priv = netdev_priv(peer);
		spin_lock(&peer_priv->txq[ended->txq].completed_lock);
		netdev_tx_completed_queue(netdev_get_tx_queue(peer, ended->txq),
					  ended->packets, ended->bytes);
		spin_unlock(&peer_priv->txq[ended->txq].completed_lock);
	}
	ended->packets = 0;
	ended->bytes = 0;
}

/**
 * vveth_rq_end_add() - a frame that BQL waits for has been taken from the ring
 * @rq: the queue
 * @skb: the frame, as it was in the ring
 *
 * Context: the owner of the ring, BH off.
 */
void vveth_rq_end_add(struct vveth_rq *rq, const struct sk_buff *skb)
{
	u16 txq = skb_get_queue_mapping(skb);
	struct vveth_ended *ended = &rq->ended;

	if (ended->txq != txq || ended->packets == VVETH_ENDED_MAX)
		vveth_rq_end(rq);
	ended->txq = txq;
	ended->packets++;
	ended->bytes += skb->len + ETH_HLEN;
}

/* The frame of an entry that was taken, ready for the stack. */
static __always_inline struct sk_buff *
vveth_rq_skb(struct vveth_rq *rq, void *entry, u64 *bytes)
{
	struct sk_buff *skb = vveth_entry_skb(entry);

	if (unlikely(vveth_entry_bql(entry)))
		vveth_rq_end_add(rq, skb);
	skb_set_queue_mapping(skb, rq->record);
	*bytes += skb->len + ETH_HLEN;
	return skb;
}

/*
 * Receives up to @budget frames and says in @done how many; only up to the
 * first that has no skb. Returns the entry that comes next, or NULL where
 * there is none.
 */
static void *vveth_rq_run_napi(struct vveth_rq *rq, int budget, int *done)
{
	u64 bytes = 0;
	void *entry;
	int n;

	for (n = 0; (entry = vveth_rq_peek(rq)); n++) {
		if (unlikely(n == budget || vveth_entry_xdp(entry)))
			break;
		vveth_rq_advance(rq);
		vveth_receive(rq, vveth_rq_skb(rq, entry, &bytes),
			      vveth_entry_gro(entry));
	}
	if (n)
		vveth_count_rx(rq->stats, n, bytes);
	if (unlikely(rq->ended.packets))
		vveth_rq_end(rq);
	*done = n;
	return entry;
}

/*
 * Receives what needs no NAPI: all that is in the lane, which is never more
 * than a tasklet's share, and from the ring. Returns the entry that comes
 * next, or NULL where there is none.
 */
static __always_inline void *vveth_rq_run(struct vveth_rq *rq)
{
	unsigned int at = rq->lane_at, end = rq->lane_n, n = end - at;
	u64 bytes = 0;
	void *entry;

	for (; at != end; at++)
		netif_receive_skb(vveth_rq_skb(rq, rq->lane[at], &bytes));
	rq->lane_at = 0;
	rq->lane_n = 0;
	for (; unlikely(entry = __ptr_ring_peek(&rq->ring)); n++) {
		if (n == VVETH_TASKLET_BUDGET || vveth_entry_napi(entry))
			break;
		__ptr_ring_discard_one(&rq->ring);
		netif_receive_skb(vveth_rq_skb(rq, entry, &bytes));
	}
	if (likely(n))
		vveth_count_rx(rq->stats, n, bytes);
	if (unlikely(rq->ended.packets))
		vveth_rq_end(rq);
	return entry;
}

/* Lets queues send again that were stopped; after a barrier. */
static noinline void vveth_rq_wake_senders(struct vveth_rq *rq)
{
	struct vveth_priv *priv = netdev_priv(rq->dev);
	struct net_device *peer;

	WRITE_ONCE(rq->waiting, false);
	peer = rcu_dereference_bh(priv->peer);
	if (peer)
		netif_tx_wake_all_queues(peer);
}

/*
 * Gives the ring back. A sender that came before saw an owner and woke nobody,
 * so a frame that is seen now is for whoever takes the ring first: returns
 * whether that is not the caller once more.
 */
static __always_inline bool vveth_rq_release(struct vveth_rq *rq, int owner)
{
	atomic_set_release(&rq->owner, VVETH_RQ_IDLE);
	/* Pairs with the barriers in vveth_rq_wake() and vveth_txq_stop(). */
	smp_mb();
	if (unlikely(READ_ONCE(rq->waiting)))
		vveth_rq_wake_senders(rq);
	/* Tasklets leave AF_XDP's sockets to NAPI. */
	if (__ptr_ring_empty(&rq->ring) &&
	    (owner == VVETH_RQ_TASKLET || !READ_ONCE(rq->xsk_called)))
		return true;
	return atomic_cmpxchg(&rq->owner, VVETH_RQ_IDLE, owner) !=
	       VVETH_RQ_IDLE;
}

/* Keeps the ring for another turn, but tells senders of the room there is. */
static void vveth_rq_keep(struct vveth_rq *rq)
{
	/* Pairs with the barrier in vveth_txq_stop(). */
	smp_mb();
	if (READ_ONCE(rq->waiting))
		vveth_rq_wake_senders(rq);
}

/* Of a burst whose last frame did not come into the lane. */
static noinline void vveth_rq_tell_sent(struct vveth_rq *rq)
{
	struct vveth_priv *priv = netdev_priv(rq->dev);
	struct net_device *peer = rcu_dereference_bh(priv->peer);

	if (peer)
		vveth_bql_flush(rq, peer);
	rq->lane_sent = 0;
}

/*
 * Whether what is in the lane is one frame that GRO could do nothing with but
 * pass it on at once: none is behind it, and none before it is held back or
 * still on its way out of NAPI, on whatever CPU.
 */
static __always_inline bool vveth_rq_alone(struct vveth_rq *rq)
{
	unsigned long state;

	if (rq->lane_n != 1 || !__ptr_ring_empty(&rq->ring))
		return false;
	/* NAPI has flushed what it held before it clears the bit. */
	state = smp_load_acquire(&rq->napi.state);
	return !(state & NAPIF_STATE_SCHED) &&
	       !vnet_compat_napi_gro_holds(&rq->napi) &&
	       !vnet_compat_napi_gro_timeout(&rq->napi);
}

/*
 * All that there is, and once more if there is something by then. Returns
 * false where it is somebody else's turn first.
 */
static noinline bool vveth_tasklet_run(struct vveth_rq *rq)
{
	void *next;

	if (unlikely(rq->lane_sent))
		vveth_rq_tell_sent(rq);
	do {
		bool to_napi = READ_ONCE(rq->to_napi);

		if (unlikely(rq->lane_gro)) {
			rq->lane_gro = false;
			to_napi |= !vveth_rq_alone(rq);
		}
		next = NULL;
		if (likely(!to_napi))
			next = vveth_rq_run(rq);
		if (likely(!next && !to_napi))
			continue;
		vveth_rq_keep(rq);
		if (to_napi || vveth_entry_napi(next)) {
			WRITE_ONCE(rq->gro_many, true);
			/* A busy poller on another CPU may go on from here. */
			atomic_set_release(&rq->owner, VVETH_RQ_NAPI);
			napi_schedule(&rq->napi);
			return true;
		}
		vveth_rq_schedule(rq);
		return false;
	} while (!vveth_rq_release(rq, VVETH_RQ_TASKLET));
	return true;
}

/*
 * Where frames come one at a time, there is one in the lane and nothing else.
 * One with a mark is left to vveth_tasklet_run(). Returns false where that is
 * not so, or no longer.
 */
static __always_inline bool vveth_tasklet_run_one(struct vveth_rq *rq)
{
	void *entry = rq->lane[0];
	unsigned int len;

	if (rq->lane_n != 1 || unlikely(vveth_entry_marked(entry)) ||
	    unlikely(READ_ONCE(rq->to_napi)))
		return false;
	rq->lane_n = 0;
	skb_set_queue_mapping(entry, rq->record);
	len = ((struct sk_buff *)entry)->len + ETH_HLEN;
	netif_receive_skb(entry);
	vveth_count_rx(rq->stats, 1, len);
	return vveth_rq_release(rq, VVETH_RQ_TASKLET);
}

/**
 * vveth_cpu_append() - a queue whose turn comes after others
 * @cpu: of this CPU, the tasklet having been scheduled
 * @rq: the queue
 *
 * Context: BH off.
 */
void vveth_cpu_append(struct vveth_cpu *cpu, struct vveth_rq *rq)
{
	rq->next = NULL;
	if (cpu->first)
		cpu->last->next = rq;
	else
		cpu->first = rq;
	cpu->last = rq;
}

static void vveth_tasklet(struct tasklet_struct *t)
{
	struct vveth_cpu *cpu = from_tasklet(cpu, t, tasklet);
	int turns = VVETH_TASKLET_TURNS;
	struct vveth_rq *rq;
	bool go_on;

	do {
		/* It may come again, anywhere, as soon as it is let go. */
		rq = cpu->now;
		WRITE_ONCE(rq->lane_cpu, -1);
		go_on = vveth_tasklet_run_one(rq) || vveth_tasklet_run(rq);
		rq = cpu->first;
		WRITE_ONCE(cpu->now, rq);
		if (likely(!rq))
			return;
		cpu->first = rq->next;
	} while (go_on && --turns);
	tasklet_schedule(&cpu->tasklet);
}

/*
 * A CPU that has gone leaves its tasklet to another one. When it comes back that
 * has run, so that nobody else writes to what is the CPU's own.
 */
static int vveth_cpu_prepare(unsigned int nr)
{
	while (READ_ONCE(per_cpu(vveth_cpu, nr).now))
		usleep_range(100, 1000);
	return 0;
}

/**
 * vveth_receive_init() - before the first pair is made
 *
 * Context: process; sleeps.
 * Return: 0 or -errno.
 */
int __init vveth_receive_init(void)
{
	int nr;

	for_each_possible_cpu(nr)
		tasklet_setup(&per_cpu(vveth_cpu, nr).tasklet, vveth_tasklet);
	vveth_cpu_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
						    "net/vveth:prepare",
						    vveth_cpu_prepare, NULL);
	return min(vveth_cpu_state, 0);
}

/**
 * vveth_receive_exit() - after the last pair has gone
 *
 * Context: process; sleeps.
 */
void vveth_receive_exit(void)
{
	int nr;

	cpuhp_remove_state_nocalls(vveth_cpu_state);
	for_each_possible_cpu(nr)
		tasklet_kill(&per_cpu(vveth_cpu, nr).tasklet);
}

/*
 * NAPI may be polled without having been scheduled, by a socket that is busy
 * polling or by a timer of GRO's: the ring may then be somebody else's.
 */
static bool vveth_rq_take(struct vveth_rq *rq)
{
	return atomic_read_acquire(&rq->owner) == VVETH_RQ_NAPI ||
	       atomic_cmpxchg(&rq->owner, VVETH_RQ_IDLE, VVETH_RQ_NAPI) ==
	       VVETH_RQ_IDLE;
}

/* What is in the ring, up to @budget frames; returns how many it has received. */
static __always_inline int vveth_rq_run_all(struct vveth_rq *rq,
					    struct vveth_xdp *xdp, int budget)
{
	void *next = NULL;
	int done = 0;

	if (likely(!xdp))
		next = vveth_rq_run_napi(rq, budget, &done);
	if (xdp || (unlikely(next) && done < budget))
		done += vveth_xdp_receive(rq, xdp, budget - done);
	return done;
}

static int vveth_poll(struct napi_struct *napi, int budget)
{
	struct vveth_rq *rq = container_of(napi, struct vveth_rq, napi);
	int done = 0;

	if (vveth_rq_take(rq)) {
		do {
			struct vveth_xdp *xdp = rcu_dereference_bh(rq->xdp);
			bool xsk = READ_ONCE(rq->xsk_called);
			int left = budget - done, most = left;

			/*
			 * A ring that is never empty leaves sockets a half. A
			 * lane is received whole: where a turn ends before the
			 * budget does, the ring alone is looked into again.
			 */
			if (unlikely(xsk) && left > 1 &&
			    rq->lane_at == rq->lane_n)
				most = left / 2;
			done += vveth_rq_run_all(rq, xdp, most);
			if (unlikely(xsk) && done < budget)
				done += vveth_xsk_receive(rq, xdp,
							  budget - done);
			if (done == budget) {
				vveth_rq_keep(rq);
				return done;
			}
		} while (!vveth_rq_release(rq, VVETH_RQ_NAPI));
		if (done <= 1 && READ_ONCE(rq->gro_many) &&
		    !vnet_compat_napi_gro_timeout(napi))
			WRITE_ONCE(rq->gro_many, false);
	}
	napi_complete_done(napi, done);
	return done;
}

/**
 * vveth_rq_init() - prepare a queue that nobody may receive from yet
 * @rq: the queue, whose ring is there
 * @dev: the end it belongs to
 * @nr: its number
 * @n: how many queues there are
 *
 * Context: RTNL.
 * Return: 0 or -ENOMEM; in either case vveth_rq_discard() undoes it.
 */
int vveth_rq_init(struct vveth_rq *rq, struct net_device *dev,
		  unsigned int nr, unsigned int n)
{
	struct vveth_priv *priv = netdev_priv(dev);

	rq->dev = dev;
	rq->stats = &priv->rx_stats[nr];
	/*
	 * As skb_record_rx_queue(). It chooses the transmit queue of a device
	 * that the frame is routed to; one queue has nothing to tell.
	 */
	rq->record = n > 1 ? nr + 1 : 0;
	rq->nr = nr;
	rq->of = n;
	atomic_set(&rq->owner, VVETH_RQ_CLOSED);
	rq->lane_cpu = -1;
	/* Sockets may have called while there were other rings. */
	rq->xsk_called = vveth_xsk_concerns(dev);
	netif_napi_add(dev, &rq->napi, vveth_poll);
	vveth_rq_update(rq);
	if (!priv->xdp_prog)
		return 0;
	return vveth_xdp_rq_attach(rq, nr, priv->xdp_prog);
}

/**
 * vveth_rq_update() - a program or AF_XDP has come or gone
 * @rq: the queue
 *
 * Context: RTNL.
 */
void vveth_rq_update(struct vveth_rq *rq)
{
	bool to_napi = rcu_access_pointer(rq->xdp) || vveth_xsk_concerns(rq->dev);

	WRITE_ONCE(rq->to_napi, to_napi);
}

/**
 * vveth_rq_start() - let frames be received, also those that wait already
 * @rq: the queue
 *
 * Context: RTNL.
 */
void vveth_rq_start(struct vveth_rq *rq)
{
	napi_enable(&rq->napi);
	local_bh_disable();
	if (vveth_rq_release(rq, VVETH_RQ_NAPI)) {
		local_bh_enable();
		return;
	}
	napi_schedule(&rq->napi);
	local_bh_enable();
}

/**
 * vveth_rq_drain() - wait until all frames of a queue have been received
 * @rq: the queue, which no sender puts anything into any more
 *
 * That goes for those that GRO holds back for others to come, too: what NAPI
 * still holds when it is deleted is lost.
 *
 * Context: RTNL; sleeps.
 */
void vveth_rq_drain(struct vveth_rq *rq)
{
	/*
	 * A burst's last frame, which wakes, may have gone to another ring; and
	 * a turn that receives nothing has GRO let go of what is older than
	 * this tick, or of all.
	 */
	do {
		local_bh_disable();
		vveth_rq_wake(rq, true);
		local_bh_enable();
		usleep_range(10, 100);
	} while (atomic_read_acquire(&rq->owner) != VVETH_RQ_IDLE ||
		 !__ptr_ring_empty(&rq->ring) ||
		 vnet_compat_napi_gro_holds(&rq->napi));
}

/**
 * vveth_rq_stop() - receive nothing any more
 * @rq: the queue
 *
 * Senders may go on to fill the ring; nobody empties it when this returns.
 * The caller lets a grace period go by before it frees the queue, for the
 * sake of senders, of NAPI's own readers and of a tasklet on its way out.
 *
 * Context: RTNL; sleeps.
 */
void vveth_rq_stop(struct vveth_rq *rq)
{
	int owner;

	napi_disable(&rq->napi);
	do {
		while ((owner = atomic_read(&rq->owner)) == VVETH_RQ_TASKLET)
			usleep_range(10, 100);
		/* Also from NAPI, which will not come any more. */
	} while (atomic_cmpxchg(&rq->owner, owner, VVETH_RQ_CLOSED) != owner);
	vveth_rq_discard(rq);
}

/**
 * vveth_rq_discard() - undo vveth_rq_init()
 * @rq: the queue, which was never started, or is stopped
 *
 * Context: RTNL. The caller lets a grace period go by before it frees @rq.
 */
void vveth_rq_discard(struct vveth_rq *rq)
{
	vveth_xdp_rq_uninit(rq);
	__netif_napi_del(&rq->napi);
}

/**
 * vveth_rq_purge() - count and free what a queue still holds
 * @rq: the queue, which is stopped and which nobody fills any more
 *
 * Context: BH off; the end is still there.
 */
void vveth_rq_purge(struct vveth_rq *rq)
{
	struct vveth_priv *priv = netdev_priv(rq->dev);
	void *entry;

	while ((entry = vveth_rq_consume(rq))) {
		struct sk_buff *skb = vveth_entry_skb(entry);

		if (vveth_entry_xdp(entry)) {
			vnet_drop_count(priv->drops, VNET_DROP_PURGED, 1);
			xdp_return_frame(vveth_entry_frame(entry));
			continue;
		}
		if (vveth_entry_bql(entry))
			vveth_rq_end_add(rq, skb);
		vnet_drop_skb(priv->drops, skb, VNET_DROP_PURGED);
	}
	vveth_rq_end(rq);
}
