/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vveth: pairs of Ethernet devices; what one end sends, the other receives.
 */
#ifndef _VVETH_H
#define _VVETH_H

#include <linux/interrupt.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <vnet/drop.h>
#include <vnet/port.h>
#include <vnet/vveth.h>

struct bpf_prog;
struct xdp_frame;
struct vveth_xsks;

/**
 * DOC: locking and teardown
 *
 * RTNL protects the making and the unmaking of pairs, &vveth_priv.peer,
 * &vveth_priv.rings and the switch slot of &vveth_priv.port against writers.
 * The datapath reads them under RCU with BH off. Below RTNL there is the
 * producer lock of each receive ring, taken by whoever sends towards that
 * ring, in BH context, with nothing else taken under it. Who sends from a
 * queue with a qdisc takes &vveth_txq.sent_lock first; for a lane (below) it
 * is taken alone, by the sender at the end of a burst or else by the tasklet.
 * Who has received such frames takes &vveth_txq.completed_lock, alone.
 *
 * The consumer side of a ring belongs to whom &vveth_rq.owner names: a
 * tasklet or NAPI, or nobody. A sender looks at it after its frame is in the
 * ring; where there is no owner it makes one and schedules it, else it leaves
 * the frame to the one there is. An owner gives the ring up first and looks
 * into it once more then, so no frame waits unseen. Neither holds a lock.
 * There is one tasklet for each CPU: &struct vveth_cpu lists the queues that
 * wait for their turn there, whose owner it is meanwhile. Only that CPU touches
 * the list, with BH off.
 *
 * While nobody owns a ring and it is empty, a sender that takes it for the
 * tasklet also opens the queue's lane: further frames that are sent from that
 * CPU go there, without a lock, for the tasklet runs on the same CPU when BH
 * is on again, and so not meanwhile. It closes the lane before it looks into
 * it, and takes what it finds before the ring. So does NAPI where the tasklet
 * hands the ring over, and neither gives the ring up while there is anything in
 * the lane. What is put into the ring from that CPU closes the lane as well,
 * and the lane takes nothing while the ring holds anything, which may be a
 * sender's that has come from another CPU: so no frame overtakes another of its
 * flow.
 *
 * A frame for GRO goes into the lane, too, without a qdisc and as long as such
 * frames come one at a time: the tasklet receives one that is alone there, as
 * GRO would have nothing to merge it with, provided that NAPI is not at work and
 * holds none back. Where there are several, NAPI gets them, and from then on it
 * is called for each, until it finds one alone (&vveth_rq.gro_many).
 *
 * Where an end is a member of a switch of the suite, a sender offers each frame
 * to the switch first, in its own context and with no lock held; it does so
 * only while the ring has no owner and is empty, so that no frame of a flow
 * overtakes another (vveth_rq_quiet()).
 *
 * A sender that has filled a ring stops its queue if that has a qdisc, sets
 * &vveth_rq.waiting and looks at the ring once more; an owner that has made
 * room looks at the flag and wakes the queues. So none stays stopped. An end
 * that closes or opens wakes the other's queues, for the sake of rings that
 * are no longer emptied.
 *
 * An end that goes down: &vveth_priv.rings is cleared, so no new sender
 * finds a ring; NAPI is disabled and a tasklet is waited for, then the ring
 * is marked as closed, so nobody consumes; the rest is done by an RCU
 * callback, when the last sender that had seen the rings is through: the
 * frames left in them are counted as purged and freed, then the rings. The
 * device outlives the callback, because the core runs rcu_barrier() between
 * the close and the destructor of a device that is unregistered.
 *
 * Rings are replaced while frames fly, for another number or size: the new
 * ones are put in place while nobody may empty them yet; when a grace period
 * has ended the last sender into the old ones, these are emptied by their
 * owners, and only then may the new ones be. So no frame overtakes another.
 *
 * An XDP program belongs to the end that receives. What its queues need for it
 * (a page_pool, the queue's description) is made under RTNL with the first
 * program, hangs on &vveth_rq.xdp_made until the queue is stopped, and is for
 * NAPI alone; &vveth_rq.xdp points to it, for RCU readers, while there is a
 * program. A tasklet that finds &vveth_rq.to_napi gives the ring to NAPI.
 * After the pointer or the program is changed, synchronize_net() lets every
 * receiver come to see it before the old program is put. The page_pool is
 * destroyed when NAPI is disabled, before it is deleted; pages still on the
 * way keep it alive, which is the page_pool's own business.
 *
 * AF_XDP's sockets are bound to an end, on a queue (xsk.c). What one has to send
 * is taken by the owner of the receive queue at the other end, who also gives
 * what comes to a socket there: so each of a socket's rings has one user in the
 * kernel. The two ends are told of a socket under RTNL, and synchronize_net()
 * follows, before its memory may be used and after it is not used any more. All
 * of both ends' frames are for NAPI then. A socket that calls sets
 * &vveth_rq.xsk_called and goes on like a sender that has filled a slot; NAPI
 * looks at the mark where it looks into the ring.
 *
 * A pair that goes: both peer pointers are cleared before the two ends are
 * unregistered. A sender that still holds the pointer is in an RCU read
 * section, which unregistering waits for.
 */

/* Slots of a receive ring. */
#define VVETH_RING_SIZE 256
#define VVETH_RING_MIN 16
#define VVETH_RING_MAX 32768

/* Queues that an end is made with where the request names no number. */
#define VVETH_QUEUES_MAX 8U

/* Reasons of drops, by the direction they count for in the device's totals. */
#define VVETH_DROPS_TX (BIT(VNET_DROP_NO_PEER) | BIT(VNET_DROP_DOWN) | \
			BIT(VNET_DROP_TOO_SHORT) | BIT(VNET_DROP_TOO_BIG) | \
			BIT(VNET_DROP_NOMEM) | BIT(VNET_DROP_RING_FULL) | \
			BIT(VNET_DROP_NOT_IP))
#define VVETH_DROPS_RX (BIT(VNET_DROP_PURGED) | BIT(VNET_DROP_XDP) | \
			BIT(VNET_DROP_XDP_ABORTED) | BIT(VNET_DROP_XDP_TX) | \
			BIT(VNET_DROP_XDP_REDIRECT) | \
			BIT(VNET_DROP_XDP_NOMEM) | BIT(VNET_DROP_XDP_TOO_BIG))
#define VVETH_DROPS (VVETH_DROPS_TX | VVETH_DROPS_RX)

/**
 * struct vveth_ended - frames that BQL of the sender is yet to be told of
 * @packets: how many
 * @bytes: their bytes, with the Ethernet header
 * @txq: the queue of the other end that all of them came from
 *
 * For the owner of the ring alone.
 */
struct vveth_ended {
	unsigned int packets;
	unsigned int bytes;
	u16 txq;
};

/* Who empties a ring. */
enum {
	VVETH_RQ_IDLE,		/* whoever puts a frame in sees to that */
	VVETH_RQ_TASKLET,
	VVETH_RQ_NAPI,		/* then it is who holds NAPI's own mark */
	VVETH_RQ_CLOSED,	/* nobody, whatever comes */
};

/* What XDP has done, by queue; names in xdp.c. */
enum {
	VVETH_XDP_FRAMES,	/* came without an skb */
	VVETH_XDP_PACKETS,	/* seen by a program */
	VVETH_XDP_DROPS,	/* dropped by it, or aborted */
	VVETH_XDP_REDIRECT,
	VVETH_XDP_REDIRECT_ERRORS,
	VVETH_XDP_TX,
	VVETH_XDP_TX_ERRORS,
	__VVETH_XDP_MAX
};

/**
 * struct vveth_rx_stats - what a receive queue has received
 * @packets: frames, before GRO
 * @bytes: their bytes, with the Ethernet header
 * @xdp: of those, what became of them, by VVETH_XDP_*
 * @syncp: guards all on 32-bit machines
 *
 * Written by the owner of the queue's ring alone; outlives the rings.
 */
struct vveth_rx_stats {
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t xdp[__VVETH_XDP_MAX];
	struct u64_stats_sync syncp;
} ____cacheline_aligned_in_smp;

static inline void vveth_rx_stats_read(const struct vveth_rx_stats *stats,
				       u64 *packets, u64 *bytes)
{
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		*packets = u64_stats_read(&stats->packets);
		*bytes = u64_stats_read(&stats->bytes);
	} while (u64_stats_fetch_retry(&stats->syncp, start));
}

static inline void vveth_count_rx(struct vveth_rx_stats *stats,
				  unsigned int packets, u64 bytes)
{
	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->packets, packets);
	u64_stats_add(&stats->bytes, bytes);
	u64_stats_update_end(&stats->syncp);
}

struct vveth_xdp;

/* Frames in a lane at most: what a tasklet takes at a time. */
#define VVETH_LANE_SIZE NAPI_POLL_WEIGHT

/**
 * struct vveth_tx_stats - what a CPU has sent from a transmit queue
 * @packets: frames
 * @bytes: their bytes, with the Ethernet header
 * @syncp: guards both on 32-bit machines
 *
 * Written with BH off by the CPU that owns it, read by anybody.
 */
struct vveth_tx_stats {
	u64_stats_t packets;
	u64_stats_t bytes;
	struct u64_stats_sync syncp;
};

/**
 * struct vveth_rq - one receive queue of an end
 * @ring: frames sent by the other end, not yet received; see
 *	  vveth_entry_make()
 * @owner: VVETH_RQ_*
 * @lane_cpu: the CPU that may put frames into the lane, or -1; written by the
 *	      owner of the ring and on that CPU
 * @lane_n: frames in the lane, or that were in it
 * @lane_at: which of them comes next
 * @lane_txq: the queue of the other end that @lane_sent came from
 * @lane_sent: bytes in the lane that BQL of that queue is yet to be told of
 * @lane_gro: there may be a frame for GRO in the lane; written by senders while
 *	      it is open, then by the owner of the ring
 * @gro_many: whether frames for GRO come several at a time, as a guess that is
 *	      made by who has received the last ones
 * @waiting: a queue of the other end was stopped because the ring was full
 * @to_napi: all frames are for NAPI, because of a program or of AF_XDP; written
 *	     under RTNL
 * @xsk_called: a socket has called that is bound to this end or the other
 * @nr: number of the queue
 * @of: number of queues
 * @record: queue_mapping of a frame that was received
 * @xdp: what XDP needs while there is a program, else NULL
 * @xdp_made: the same, from the first program until the queue is stopped; RTNL
 * @ended: what was received and BQL waits for
 * @next: on the same CPU, of those that the tasklet owns; of &struct vveth_cpu
 * @napi: what receives all frames
 * @dev: the end
 * @stats: the queue's counters
 * @lane: frames that were sent by the CPU on which the tasklet is to run; they
 *	  come before those in the ring
 */
struct vveth_rq {
	struct ptr_ring ring;
	atomic_t owner;
	int lane_cpu;
	u16 lane_n;
	u16 lane_at;
	u16 lane_txq;
	unsigned int lane_sent;
	bool lane_gro;
	bool gro_many;
	bool waiting;
	bool to_napi;
	bool xsk_called;
	u16 nr;
	u16 of;
	u16 record;
	struct vveth_xdp __rcu *xdp;
	struct vveth_xdp *xdp_made;
	struct vveth_ended ended;
	struct vveth_rq *next;
	struct napi_struct napi;
	struct net_device *dev;
	struct vveth_rx_stats *stats;
	void *lane[VVETH_LANE_SIZE];
} ____cacheline_aligned_in_smp;

/**
 * struct vveth_cpu - what receives frames that GRO has no use for, on a CPU
 * @now: the queue whose turn it is; NULL while the tasklet is neither scheduled
 *	 nor at work
 * @first: the queues whose turn comes next, in order
 * @last: the last one of them, where there are any
 * @tasklet: what receives, the owner of all these queues
 *
 * One tasklet for all queues: what is sent while it receives, such as an
 * answer, is received by the same run. With a tasklet for each queue every such
 * frame was another round of softirqs, and many of them ended in a thread.
 *
 * Written with BH off on that CPU alone, but for a tasklet that has outlived
 * its CPU: see vveth_cpu_prepare().
 */
struct vveth_cpu {
	struct vveth_rq *now;
	struct vveth_rq *first;
	struct vveth_rq *last;
	struct tasklet_struct tasklet;
};

DECLARE_PER_CPU(struct vveth_cpu, vveth_cpu);

/* receive.c */
void vveth_cpu_append(struct vveth_cpu *cpu, struct vveth_rq *rq);

/*
 * What a ring or a lane holds: an skb, and in the lowest bits of its address
 * whether it is for GRO, and whether BQL of the sender's queue waits for its
 * end; which queue that is stands in its queue_mapping until it is received.
 * Or an xdp_frame, which the third bit says, and which no lane has.
 */
#define VVETH_ENTRY_GRO BIT(0)
#define VVETH_ENTRY_BQL BIT(1)
#define VVETH_ENTRY_XDP BIT(2)
#define VVETH_ENTRY_BITS (VVETH_ENTRY_GRO | VVETH_ENTRY_BQL | VVETH_ENTRY_XDP)

static inline void *vveth_entry_make(void *frame, unsigned long bits)
{
	return (void *)((unsigned long)frame | bits);
}

static inline bool vveth_entry_xdp(const void *entry)
{
	return (unsigned long)entry & VVETH_ENTRY_XDP;
}

/* What a tasklet leaves to NAPI. */
static inline bool vveth_entry_napi(const void *entry)
{
	return (unsigned long)entry & (VVETH_ENTRY_GRO | VVETH_ENTRY_XDP);
}

static inline bool vveth_entry_gro(const void *entry)
{
	return (unsigned long)entry & VVETH_ENTRY_GRO;
}

static inline bool vveth_entry_bql(const void *entry)
{
	return (unsigned long)entry & VVETH_ENTRY_BQL;
}

static inline bool vveth_entry_marked(const void *entry)
{
	return (unsigned long)entry & VVETH_ENTRY_BITS;
}

static inline struct sk_buff *vveth_entry_skb(void *entry)
{
	return (void *)((unsigned long)entry & ~VVETH_ENTRY_BITS);
}

static inline struct xdp_frame *vveth_entry_frame(void *entry)
{
	return (void *)((unsigned long)entry & ~VVETH_ENTRY_BITS);
}

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
 * struct vveth_txq - a transmit queue: its counters, and BQL where it has a qdisc
 * @stats: of all but the first queue, once more than one is in use; set under
 *	   RTNL, read by senders
 * @sent_lock: serialises who sends, as AF_PACKET may pass the qdisc by;
 *	       outside of a ring's producer lock
 * @completed_lock: serialises the receive queues that end its frames
 */
struct vveth_txq {
	struct vveth_tx_stats __percpu *stats;
	spinlock_t sent_lock;		/* BQL's count of what was sent */
	spinlock_t completed_lock;	/* BQL's count of what has ended */
} ____cacheline_aligned_in_smp;

/**
 * struct vveth_priv - private data of an end
 * @peer: the other end; NULL before the pair is tied and once it is going
 * @rings: receive queues while the end is up, else NULL
 * @rx_stats: of each receive queue the end can have
 * @txq: for each transmit queue the end can have
 * @drops: what this end gave up, once it was up; see VVETH_DROPS
 * @xdp_prog: what this end's frames are shown to
 * @xsk: AF_XDP's sockets that are bound to this end, once there was one
 * @port: the suite's part
 * @headroom: headroom that a device stacked on this end asked for
 * @ring_size: slots of each ring
 * @bql: what is sent from a queue with a qdisc is limited by BQL
 * @mode: what crosses the pair; fixed before the end is registered
 */
struct vveth_priv {
	struct net_device __rcu *peer;
	struct vveth_rings __rcu *rings;
	struct vveth_rx_stats *rx_stats;
	struct vveth_txq *txq;
	struct vnet_drops __percpu *drops;
	struct bpf_prog *xdp_prog;
	struct vveth_xsks __rcu *xsk;
	struct vnet_port port;
	unsigned int headroom;
	unsigned int ring_size;
	bool bql;
	enum vveth_mode mode;
};

/*
 * Whether all frames are for NAPI: a thread was asked for, or see @to_napi. Or
 * BH off keeps nobody else from what is the CPU's own, its list of queues and a
 * lane, as on PREEMPT_RT since 6.18; NAPI's lists the core protects there.
 */
static inline bool vveth_rq_napi_only(const struct vveth_rq *rq)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) ||
	       test_bit(NAPI_STATE_THREADED, &rq->napi.state) ||
	       READ_ONCE(rq->to_napi);
}

/**
 * vveth_lane_close() - before a frame is put into the ring
 * @rq: the queue
 *
 * What this CPU sends from now on comes after that frame.
 *
 * Context: BH off.
 */
static inline void vveth_lane_close(struct vveth_rq *rq)
{
	if (READ_ONCE(rq->lane_cpu) == smp_processor_id())
		WRITE_ONCE(rq->lane_cpu, -1);
}

/**
 * vveth_rq_peek() - what a queue holds that comes next
 * @rq: the queue
 *
 * Context: the owner of the ring, with the lane closed.
 * Return: see vveth_entry_make(); NULL for nothing.
 */
static inline void *vveth_rq_peek(struct vveth_rq *rq)
{
	if (rq->lane_at != rq->lane_n)
		return rq->lane[rq->lane_at];
	return __ptr_ring_peek(&rq->ring);
}

/**
 * vveth_rq_advance() - take what vveth_rq_peek() has returned
 * @rq: the queue
 */
static inline void vveth_rq_advance(struct vveth_rq *rq)
{
	if (rq->lane_at == rq->lane_n) {
		__ptr_ring_discard_one(&rq->ring);
	} else if (++rq->lane_at == rq->lane_n) {
		rq->lane_at = 0;
		rq->lane_n = 0;
	}
}

/* Both of the former. */
static inline void *vveth_rq_consume(struct vveth_rq *rq)
{
	void *entry = vveth_rq_peek(rq);

	if (entry)
		vveth_rq_advance(rq);
	return entry;
}

/**
 * vveth_rq_schedule() - have this CPU receive what a queue holds
 * @rq: the queue, whose owner has just become VVETH_RQ_TASKLET, or is the
 *	caller, the tasklet
 *
 * Context: BH off.
 */
static __always_inline void vveth_rq_schedule(struct vveth_rq *rq)
{
	struct vveth_cpu *cpu = this_cpu_ptr(&vveth_cpu);

	if (unlikely(cpu->now)) {
		vveth_cpu_append(cpu, rq);
		return;
	}
	WRITE_ONCE(cpu->now, rq);
	tasklet_schedule(&cpu->tasklet);
}

/**
 * vveth_rq_wake() - have somebody receive what was put into a ring
 * @rq: the queue
 * @gro: the frame is for NAPI: GRO, which NAPI flushes, has a use for it, or it
 *	 has no skb
 *
 * Context: BH off, after the frame was produced. Any CPU.
 */
static inline void vveth_rq_wake(struct vveth_rq *rq, bool gro)
{
	int owner = VVETH_RQ_TASKLET;

	if (gro || vveth_rq_napi_only(rq))
		owner = VVETH_RQ_NAPI;
	/*
	 * The frame is in the ring before the owner is looked at; a cmpxchg
	 * that fails orders nothing. Pairs with vveth_rq_release().
	 */
	smp_mb__before_atomic();
	if (atomic_cmpxchg(&rq->owner, VVETH_RQ_IDLE, owner) != VVETH_RQ_IDLE)
		return;
	if (owner == VVETH_RQ_NAPI)
		napi_schedule(&rq->napi);
	else
		vveth_rq_schedule(rq);
}

/* dev.c */
void vveth_setup(struct net_device *dev);
extern const struct net_device_ops vveth_netdev_ops;

/* pair.c */
void vveth_pair_tie(struct net_device *dev, struct net_device *peer);
void vveth_pair_dellink(struct net_device *dev, struct list_head *head);
void vveth_pair_update_carrier(struct net_device *dev);
void vveth_pair_update_headroom(struct net_device *dev);

/* xmit.c */
netdev_tx_t vveth_xmit(struct sk_buff *skb, struct net_device *dev);
void vveth_burst_end(struct net_device *dev);
extern const struct vnet_port_ops vveth_port_ops;
bool vveth_rq_quiet(struct vveth_rq *rq);
bool vveth_gro_helps_xdp(const struct xdp_frame *frame,
			 const struct net_device *rcv);
bool vveth_gro_helps_frame(const struct sk_buff *skb,
			   const struct net_device *rcv);

void vveth_bql_flush(struct vveth_rq *rq, struct net_device *dev);

/* receive.c */
int __init vveth_receive_init(void);
void vveth_receive_exit(void);
int vveth_rq_init(struct vveth_rq *rq, struct net_device *dev,
		  unsigned int nr, unsigned int n);
void vveth_rq_update(struct vveth_rq *rq);
void vveth_rq_start(struct vveth_rq *rq);
void vveth_rq_drain(struct vveth_rq *rq);
void vveth_rq_stop(struct vveth_rq *rq);
void vveth_rq_discard(struct vveth_rq *rq);
void vveth_rq_purge(struct vveth_rq *rq);
void vveth_rq_end_add(struct vveth_rq *rq, const struct sk_buff *skb);
void vveth_rq_end(struct vveth_rq *rq);

/* rings.c */
int vveth_rings_open(struct net_device *dev);
void vveth_rings_close(struct net_device *dev);
int vveth_rings_replace(struct net_device *dev, unsigned int n,
			unsigned int size);

/* l3.c */
int __init vveth_l3_init(void);
void vveth_l3_exit(void);
void vveth_l3_setup(struct net_device *dev);

/* qstats.c */
int vveth_tx_stats_alloc(struct net_device *dev);
void vveth_tx_stats_free(struct net_device *dev);
void vveth_tx_stats_add(struct net_device *dev, unsigned int q,
			unsigned int len);
void vveth_tx_stats_read(const struct net_device *dev, unsigned int q,
			 u64 *packets, u64 *bytes);
void vveth_stats_sum(const struct net_device *dev, unsigned int rxq,
		     unsigned int txq, struct rtnl_link_stats64 *sum);
void vveth_qstats_setup(struct net_device *dev);

/* netlink.c */
extern struct rtnl_link_ops vveth_link_ops;

/* ethtool.c */
extern const struct ethtool_ops vveth_ethtool_ops;

#endif /* _VVETH_H */
