/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vtun: network devices whose other side is a program that has /dev/net/vtun
 * open. What the device sends, the program reads; what it writes, the device
 * receives.
 */
#ifndef _VTUN_H
#define _VTUN_H

#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <linux/virtio_net.h>
#include <net/sock.h>
#include <net/xdp.h>
#include <vnet/drop.h>
#include <vnet/port.h>

struct bpf_prog;
struct iov_iter;
struct vtun_map;
struct vtun_flows;
struct vtun_ring_setup;

/**
 * DOC: locking and teardown
 *
 * A file (&struct vtun_file) is what one open() of the node has made, and one
 * queue of the device it is attached to. The two point at each other:
 * &vtun_file.tun and &vtun_priv.files are written under RTNL and read under RCU
 * or RTNL. A file that is detached (TUNSETQUEUE) keeps its pointer to the
 * device, and stands in &vtun_priv.disabled instead.
 *
 * A device outlives whoever found it through a file: vtun_get() takes a
 * reference under RCU, which read, write, poll and ioctl hold while they run. A
 * file is a socket as well, and lives as long as that: an attached file is held
 * once by its device, and skbs made from what was written hold what is charged
 * to it.
 *
 * RTNL protects all that ioctl and rtnetlink set. What the datapath reads of
 * that it reads once, with READ_ONCE() or as an RCU pointer.
 *
 * Below RTNL:
 * - &vtun_file.napi_lock: the skb that NAPI has at hand for frags; by writers,
 *   BH off; what they write is received under it, as under NAPI's own mark.
 * - &vtun_txq.sent_lock: BQL's count of what was sent; by senders, BH off, alone
 *   or under a mapped ring's rx_lock.
 * - the ring's producer lock: by senders, BH off, under sent_lock or alone.
 * - the ring's consumer lock: by readers, BH on or off, and under RTNL; it
 *   protects &vtun_file.taken and &vtun_file.ended as well.
 * - &vtun_txq.completed_lock: BQL's count of what has ended; BH off, under the
 *   ring's consumer lock, a mapped ring's rx_lock, or alone.
 * - the lock of sk_write_queue: frames written for NAPI, BH off, alone.
 * - the locks of mapped rings (ring.h): rx_lock by senders, BH off, outside of
 *   BQL's locks;
 *   tx_lock, a mutex, by who has tx received, and outside of all that a
 *   receive path takes.
 * Resizing a ring takes its consumer lock and then its producer lock, with
 * interrupts off; so no lock above is taken with interrupts off. The two are
 * taken in that order as well where a file has become another queue, with
 * completed_lock inside.
 *
 * A sender that has filled a ring, from a queue with a qdisc, stops the queue,
 * sets &vtun_file.stopped and looks at the ring once more; a reader that takes
 * a frame looks at the flag afterwards, and wakes the queue when it has taken
 * half a ring, or the last frame. So none stays stopped. Where the device is set
 * up all queues are woken; where files change places all but those whose ring
 * is full, which are stopped, and what a file holds of the queue that it was has
 * ended as far as BQL is concerned.
 *
 * A file leaves its device: it is taken out of &vtun_priv.files, NAPI is
 * disabled, synchronize_net() waits for senders and readers of the pointer that
 * have seen it, then its ring is emptied, the frames counted as purged, and the
 * device's reference put. A device that goes does that with all its files; a
 * file whose device is gone answers EBADFD. Readers that sleep meanwhile are
 * woken and find the end in sk_shutdown. One that was in between takes nothing
 * of a device that the file has later: whose it is a reader looks at under the
 * ring's consumer lock.
 *
 * An XDP program and the filters' programs are RCU pointers: replaced under
 * RTNL, and put after a grace period.
 */

/* Queues of a device at most, as of tun. */
#define VTUN_QUEUES_MAX 256
/* Those that a device has room for that was made through rtnetlink. */
#define VTUN_QUEUES_DEFAULT 16U

/* Slots of a queue's ring where nothing is said, as of tun. */
#define VTUN_RING_SIZE 500

/* Flags that TUNSETIFF may bring and that stay with the device. */
#define VTUN_DEV_FLAGS (IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR | \
			IFF_MULTI_QUEUE | IFF_NAPI | IFF_NAPI_FRAGS)
/* Byte order of the virtio_net_hdr; beside the former in &vtun_priv.flags. */
#define VTUN_VNET_LE 0x80000000U
#define VTUN_VNET_BE 0x40000000U

/* Offloads that the program decides on, by TUNSETOFFLOAD. */
#define VTUN_USER_FEATURES (NETIF_F_HW_CSUM | NETIF_F_TSO_ECN | \
			    NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_GSO_UDP_L4)

/* Reasons of drops, by the direction they count for in the device's totals. */
#define VTUN_DROPS_TX (BIT(VNET_DROP_NO_READER) | BIT(VNET_DROP_FILTER) | \
		       BIT(VNET_DROP_NOMEM) | BIT(VNET_DROP_RING_FULL) | \
		       BIT(VNET_DROP_PURGED) | BIT(VNET_DROP_COPY_OUT) | \
		       BIT(VNET_DROP_TOO_BIG))
#define VTUN_DROPS_RX (BIT(VNET_DROP_DOWN) | BIT(VNET_DROP_COPY_IN) | \
		       BIT(VNET_DROP_NOT_IP) | BIT(VNET_DROP_XDP) | \
		       BIT(VNET_DROP_TOO_SHORT) | \
		       BIT(VNET_DROP_XDP_ABORTED) | BIT(VNET_DROP_XDP_TX) | \
		       BIT(VNET_DROP_XDP_REDIRECT))
#define VTUN_DROPS (VTUN_DROPS_TX | VTUN_DROPS_RX)

/**
 * struct vtun_ended - frames that were read and that BQL is yet to be told of
 * @packets: how many
 * @bytes: their bytes
 * @txq: the device's queue that all of them came from
 */
struct vtun_ended {
	unsigned int packets;
	unsigned int bytes;
	u16 txq;
};

/**
 * struct vtun_file - an open file, and a queue of the device it is attached to
 * @sk: the socket; the file lives as long as it does. First, as the proto's
 *	object
 * @socket: what the socket waits on
 * @tun: the device, or NULL; written under RTNL
 * @ring: frames for the program; see vtun_entry_make()
 * @stopped: the device's queue was stopped because the ring was full
 * @taken: frames read since then; consumer lock
 * @ended: frames read that BQL waits for; consumer lock
 * @map: the mapped rings, which live until the file is closed, or NULL;
 *	written once, under RTNL
 * @map_setup: rings that are being made, and count for the device already, or
 *	NULL; RTNL
 * @rx_map: @map while what the device sends is to go there; written under
 *	RTNL, read under RCU
 * @index: number of the queue while attached; RTNL
 * @ifindex: what the next device is to have, by TUNSETIFINDEX; RTNL
 * @fasync: who wants SIGIO
 * @async: somebody does
 * @no_filter: TUNATTACHFILTER's program is not for this queue; RTNL
 * @napi_on: what is written goes through NAPI; fixed while attached
 * @napi_frags: and is made of the writer's segments; fixed while attached
 * @napi: NAPI
 * @napi_lock: serialises writers that use NAPI's own skb
 * @detached: the device while the queue is disabled, else NULL; RTNL
 * @next: place in &vtun_priv.disabled; RTNL
 * @rxq: what XDP programs are told of the queue
 */
struct vtun_file {
	struct sock sk;
	struct socket socket;
	struct vtun_priv __rcu *tun;
	struct ptr_ring ring;
	bool stopped;
	unsigned int taken;
	struct vtun_ended ended;
	struct vtun_map *map;
	const struct vtun_ring_setup *map_setup;
	struct vtun_map *rx_map;
	u16 index;
	int ifindex;
	struct fasync_struct *fasync;
	bool async;
	bool no_filter;
	bool napi_on;
	bool napi_frags;
	struct napi_struct napi;
	spinlock_t napi_lock;		/* the skb that @napi has at hand */
	struct vtun_priv *detached;
	struct list_head next;
	struct xdp_rxq_info rxq;
};

/**
 * struct vtun_txq - BQL of a transmit queue that has a qdisc
 * @sent_lock: serialises who sends, as AF_PACKET may pass the qdisc by;
 *	       outside of a ring's producer lock
 * @completed_lock: serialises the files that have read its frames
 */
struct vtun_txq {
	spinlock_t sent_lock;		/* BQL's count of what was sent */
	spinlock_t completed_lock;	/* BQL's count of what has ended */
} ____cacheline_aligned_in_smp;

/* Addresses that TUNSETTXFILTER compares one by one. */
#define VTUN_TXFILTER_EXACT 8

/**
 * struct vtun_txfilter - which destinations a tap sends to its program
 * @rcu: for freeing it
 * @n: addresses in @addr
 * @mask: multicast addresses beyond these, hashed
 * @addr: addresses
 */
struct vtun_txfilter {
	struct rcu_head rcu;
	unsigned int n;
	u32 mask[2];
	u8 addr[VTUN_TXFILTER_EXACT][ETH_ALEN];
};

/**
 * struct vtun_priv - private data of a device
 * @files: attached files, by queue; written under RTNL
 * @num_queues: how many; written under RTNL
 * @flags: IFF_TUN or IFF_TAP, VTUN_DEV_FLAGS, IFF_PERSIST, VTUN_VNET_*; RTNL
 * @vnet_hdr_sz: bytes of the virtio_net_hdr and what follows it
 * @headroom: in front of a frame that is received
 * @dev: the device
 * @txq: for each transmit queue the device can have
 * @flows: which queue each flow was last written to; with IFF_MULTI_QUEUE
 * @drops: what the device gave up; see VTUN_DROPS
 * @bad_hdr: frames whose virtio_net_hdr was refused
 * @xdp_prog: what the device's frames are shown to
 * @steering: program that chooses the queue, or NULL
 * @filter: program that says how much of a frame is sent, or NULL
 * @sock_filter: the same, by TUNATTACHFILTER; a classic program
 * @txfilter: addresses to send to, or NULL for all
 * @port: the suite's part, of a tap
 * @num_disabled: files in @disabled; RTNL
 * @disabled: files that were detached by TUNSETQUEUE; RTNL
 * @set_features: of VTUN_USER_FEATURES those the program can do with; RTNL
 * @owner: user who may attach, or INVALID_UID; RTNL
 * @group: group that may attach, or INVALID_GID; RTNL
 * @fprog: what TUNGETFILTER answers; RTNL
 * @map_pages: memory of mapped rings of its files; RTNL
 * @security: the security modules' own
 * @msg_enable: ethtool's message level; RTNL
 * @rx_batched: ethtool's rx-frames; RTNL
 * @link: ethtool's link settings; RTNL
 */
struct vtun_priv {
	struct vtun_file __rcu *files[VTUN_QUEUES_MAX];
	unsigned int num_queues;
	unsigned int flags;
	int vnet_hdr_sz;
	int headroom;
	struct net_device *dev;
	struct vtun_txq *txq;
	struct vtun_flows *flows;
	struct vnet_drops __percpu *drops;
	atomic_long_t bad_hdr;
	struct bpf_prog __rcu *xdp_prog;
	struct bpf_prog __rcu *steering;
	struct bpf_prog __rcu *filter;
	struct bpf_prog __rcu *sock_filter;
	struct vtun_txfilter __rcu *txfilter;
	struct vnet_port port;

	/* Slow path only. */
	unsigned int num_disabled;
	struct list_head disabled;
	netdev_features_t set_features;
	kuid_t owner;
	kgid_t group;
	struct sock_fprog fprog;
	unsigned long map_pages;
	void *security;
	u32 msg_enable;
	u32 rx_batched;
	struct ethtool_link_ksettings link;
};

static_assert(offsetof(struct vtun_file, sk) == 0);

/*
 * What a ring holds: an skb, or an xdp_frame, which the lowest bit says; the
 * second bit says that BQL waits for the frame's end.
 */
#define VTUN_ENTRY_XDP BIT(0)
#define VTUN_ENTRY_BQL BIT(1)
#define VTUN_ENTRY_BITS (VTUN_ENTRY_XDP | VTUN_ENTRY_BQL)

static inline void *vtun_entry_make(void *frame, unsigned long bits)
{
	return (void *)((unsigned long)frame | bits);
}

static inline bool vtun_entry_xdp(const void *entry)
{
	return (unsigned long)entry & VTUN_ENTRY_XDP;
}

static inline bool vtun_entry_bql(const void *entry)
{
	return (unsigned long)entry & VTUN_ENTRY_BQL;
}

static inline void *vtun_entry_frame(void *entry)
{
	return (void *)((unsigned long)entry & ~VTUN_ENTRY_BITS);
}

static inline bool vtun_is_tap(const struct vtun_priv *priv)
{
	return priv->flags & IFF_TAP;
}

/* Of an IP packet by its first byte; @other for what is none. */
static inline __be16 vtun_ip_proto(u8 first, __be16 other)
{
	switch (first >> 4) {
	case 4:
		return htons(ETH_P_IP);
	case 6:
		return htons(ETH_P_IPV6);
	default:
		return other;
	}
}

/*
 * XDP programs see what begins with an Ethernet header, or on a tun device with
 * that of IP, and what others have for them is as long as the former at least.
 */
static inline bool vtun_xdp_sees(size_t len)
{
	return len >= ETH_HLEN;
}

/*
 * A frame whose skb is built around it lies in one page, with the room in front
 * of it and what ends the skb. What the device wants in front may change between
 * the question whether that fits and the answer's use: then there is less.
 */
static inline bool vtun_build_has_room(size_t len, int headroom)
{
	size_t room = SKB_WITH_OVERHEAD(PAGE_SIZE) - XDP_PACKET_HEADROOM -
		      NET_SKB_PAD - NET_IP_ALIGN - SMP_CACHE_BYTES;

	return len <= room && headroom <= XDP_PACKET_HEADROOM;
}

/* @headroom is never below NET_SKB_PAD; see vtun_dev_set_rx_headroom(). */
static inline unsigned int vtun_build_pad(bool program, int headroom)
{
	if (program)
		return XDP_PACKET_HEADROOM + NET_SKB_PAD + NET_IP_ALIGN;
	return min(headroom, XDP_PACKET_HEADROOM) + NET_IP_ALIGN;
}

static inline unsigned int vtun_build_size(unsigned int pad, size_t len)
{
	return SKB_DATA_ALIGN(pad + len) +
	       SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
}

/* Something says which frames the program gets to see. RCU. */
static inline bool vtun_has_filter(const struct vtun_priv *priv)
{
	return (unsigned long)rcu_access_pointer(priv->txfilter) |
	       (unsigned long)rcu_access_pointer(priv->sock_filter) |
	       (unsigned long)rcu_access_pointer(priv->filter);
}

/**
 * struct vtun_write - a frame on its way in
 * @pi: what the program says that it is
 * @hdr: its virtio_net_hdr, or zeroes
 * @hdr_len: how much of it are headers, by @hdr
 * @flags: the device's, read once
 * @len: its bytes
 * @noblock: do not wait for memory
 */
struct vtun_write {
	struct tun_pi pi;
	struct virtio_net_hdr hdr;
	unsigned int hdr_len;
	unsigned int flags;
	size_t len;
	bool noblock;
};

/* BH off. */
static inline bool vtun_has_qdisc(const struct netdev_queue *txq)
{
	return rcu_dereference_bh(txq->qdisc)->enqueue;
}

/* Of the virtio_net_hdr. */
static inline bool vtun_is_little_endian(unsigned int flags)
{
	if (flags & VTUN_VNET_LE)
		return true;
	if (IS_ENABLED(CONFIG_TUN_VNET_CROSS_LE) && flags & VTUN_VNET_BE)
		return false;
	return virtio_legacy_is_little_endian();
}

/* What an XDP program has left of a frame, for an skb around its first buffer. */
static inline void vtun_xdp_to_skb(const struct xdp_buff *xdp,
				   struct sk_buff *skb)
{
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	skb_put(skb, xdp->data_end - xdp->data);
	if (unlikely(xdp->data_meta < xdp->data))
		skb_metadata_set(skb, xdp->data - xdp->data_meta);
}

/**
 * vtun_get() - the device that a file is attached to
 * @file: the file
 *
 * Return: the device's private data, counted; see vtun_put(); or NULL.
 */
static inline struct vtun_priv *vtun_get(const struct vtun_file *file)
{
	struct vtun_priv *priv;

	rcu_read_lock();
	priv = rcu_dereference(file->tun);
	if (priv)
		dev_hold(priv->dev);
	rcu_read_unlock();
	return priv;
}

/**
 * vtun_put() - let go of what vtun_get() has returned
 * @priv: the device
 */
static inline void vtun_put(struct vtun_priv *priv)
{
	dev_put(priv->dev);
}

static inline bool vtun_noblock(const struct kiocb *iocb)
{
	return iocb->ki_filp->f_flags & O_NONBLOCK ||
	       iocb->ki_flags & IOCB_NOWAIT;
}

/* Somebody waits for frames, perhaps; after they were produced. */
static inline void vtun_file_notify(struct vtun_file *file)
{
	if (unlikely(READ_ONCE(file->async)))
		kill_fasync(&file->fasync, SIGIO, POLL_IN);
	file->sk.sk_data_ready(&file->sk);
}

/* Whoever waits, for whatever, is to look: a ring is broken, or the device goes. */
static inline void vtun_file_notify_all(struct vtun_file *file)
{
	if (unlikely(READ_ONCE(file->async)))
		kill_fasync(&file->fasync, SIGIO, POLL_ERR);
	wake_up_interruptible_all(&file->socket.wq.wait);
}

/*
 * The device is gone, and the file may have another by now, whose frames are for
 * those who ask for them.
 */
static inline bool vtun_device_left(const struct vtun_priv *priv,
				    const struct vtun_file *file)
{
	return READ_ONCE(file->sk.sk_shutdown) & RCV_SHUTDOWN ||
	       rcu_access_pointer(file->tun) != priv;
}

/* chardev.c */
int vtun_chardev_init(void);
void vtun_chardev_exit(void);

/* dev.c */
extern const struct net_device_ops vtun_tun_ops;
extern const struct net_device_ops vtun_tap_ops;
void vtun_setup(struct net_device *dev);
void vtun_setup_mode(struct net_device *dev, unsigned int flags);
int vtun_change_carrier(struct net_device *dev, bool on);

/* ethtool.c */
extern const struct ethtool_ops vtun_ethtool_ops;
void vtun_default_link(struct ethtool_link_ksettings *link);

/* filter.c */
bool vtun_filter_xmit(struct vtun_priv *priv, const struct vtun_file *file,
		      struct sk_buff *skb);
struct vtun_txfilter *vtun_txfilter_make(void __user *arg);
int vtun_txfilter_set(struct vtun_priv *priv, struct vtun_txfilter *new);
struct bpf_prog *vtun_sock_filter_make(void __user *arg,
				       struct sock_fprog *fprog);
void vtun_sock_filter_set(struct vtun_priv *priv, struct bpf_prog *prog,
			  const struct sock_fprog *fprog);
void vtun_sock_filter_clear(struct vtun_priv *priv);
int vtun_prog_set(struct bpf_prog __rcu **slot, int fd);
void vtun_filters_free(struct vtun_priv *priv);

/* flow.c */
struct vtun_flows *vtun_flows_alloc(void);
void vtun_flow_learn(struct vtun_priv *priv, u32 hash, u16 queue);
u16 vtun_select_queue(struct net_device *dev, struct sk_buff *skb,
		      struct net_device *sb_dev);

/* ioctl.c */
long vtun_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);
#ifdef CONFIG_COMPAT
long vtun_compat_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);
#endif

/* netlink.c */
extern struct rtnl_link_ops vtun_link_ops;

/* queue.c */
int vtun_attach(struct vtun_priv *priv, struct vtun_file *file,
		unsigned int flags);
int vtun_reattach(struct vtun_file *file);
void vtun_disable(struct vtun_file *file);
void vtun_detach(struct vtun_file *file);
void vtun_detach_all(struct net_device *dev);
void vtun_purge_ring(struct vtun_priv *priv, struct vtun_file *file);
int vtun_rings_resize(struct net_device *dev);

/* read.c */
ssize_t vtun_read_iter(struct kiocb *iocb, struct iov_iter *to);
void *vtun_consume(struct vtun_priv *priv, struct vtun_file *file);
void vtun_ended_flush(struct vtun_priv *priv, struct vtun_file *file);
void vtun_bql_completed(struct vtun_priv *priv, unsigned int q,
			unsigned int packets, unsigned int bytes);
void vtun_entry_complete(struct vtun_priv *priv, void *entry);
void vtun_entry_free(void *entry);
void vtun_ring_settle(struct vtun_priv *priv, struct vtun_file *file);
int vtun_put_hdr(const struct virtio_net_hdr *hdr, int hdr_sz,
		 struct iov_iter *to);

/* ring.c */
int vtun_map_mmap(struct file *filp, struct vm_area_struct *vma);
long vtun_map_ioctl(struct vtun_file *file, unsigned int cmd,
		    unsigned long arg);
__poll_t vtun_map_poll(const struct vtun_map *map);
void vtun_map_gone(struct vtun_file *file);
void vtun_map_leave(struct vtun_priv *priv, struct vtun_file *file);
void vtun_map_destroy(struct vtun_file *file);

/* ring_rx.c */
bool vtun_map_xmit(struct vtun_priv *priv, struct vtun_file *file,
		   struct vtun_map *map, const struct sk_buff *skb,
		   unsigned int q, bool more, enum vnet_drop *why);
void vtun_map_tell(struct vtun_file *file, struct vtun_map *map);
void vtun_map_settle(struct vtun_priv *priv, struct vtun_file *file);
bool vtun_map_hold(struct vtun_map *map, struct netdev_queue *txq);
int vtun_map_xdp_xmit(struct vtun_priv *priv, struct vtun_file *file,
		      struct vtun_map *map, struct xdp_frame **frames, int n);

/* write.c */
ssize_t vtun_write_iter(struct kiocb *iocb, struct iov_iter *from);
void vtun_napi_init(struct vtun_file *file, struct net_device *dev,
		    unsigned int flags);
int vtun_write_judge(struct vtun_write *w);
int vtun_write_finish(struct vtun_priv *priv, struct sk_buff *skb,
		      struct vtun_write *w, int *why);
int vtun_deliver(struct vtun_priv *priv, struct vtun_file *file,
		 struct sk_buff *skb, bool xdp_done, size_t len);

/* xdp.c */
u32 vtun_xdp_act(struct vtun_priv *priv, struct bpf_prog *prog,
		 struct xdp_buff *xdp);
bool vtun_build_fits(const struct vtun_priv *priv,
		     const struct vtun_file *file, size_t len);
struct sk_buff *vtun_build_skb(struct vtun_priv *priv, struct vtun_file *file,
			       size_t len, bool *show, struct iov_iter *from);
int vtun_xdp_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int vtun_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		  u32 flags);
ssize_t vtun_xdp_read(struct vtun_priv *priv, struct xdp_frame *frame,
		      struct iov_iter *to);

/* xmit.c */
bool vtun_hold(struct vtun_file *file, struct netdev_queue *txq);
netdev_tx_t vtun_xmit(struct sk_buff *skb, struct net_device *dev);
extern const struct vnet_port_ops vtun_port_ops;

#endif /* _VTUN_H */
