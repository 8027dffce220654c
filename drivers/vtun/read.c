// SPDX-License-Identifier: GPL-2.0
/*
 * From the ring of a file to the program that reads.
 */
#include <linux/if_vlan.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>
#include "vtun.h"

/* Frames that BQL is told of at a time at most; an empty ring is the other end. */
#define VTUN_ENDED_MAX 32

/**
 * vtun_bql_completed() - tell BQL of frames that have ended
 * @priv: the device
 * @q: the device's queue that all of them came from
 * @packets: how many
 * @bytes: their bytes, as it was told when they were sent
 *
 * Context: BH off.
 */
void vtun_bql_completed(struct vtun_priv *priv, unsigned int q,
			unsigned int packets, unsigned int bytes)
{
	spin_lock(&priv->txq[q].completed_lock);
	netdev_tx_completed_queue(netdev_get_tx_queue(priv->dev, q), packets,
				  bytes);
	spin_unlock(&priv->txq[q].completed_lock);
}

/**
 * vtun_ended_flush() - tell BQL of the frames that have ended
 * @priv: the device
 * @file: the queue
 *
 * Context: BH off, consumer lock of the ring.
 */
void vtun_ended_flush(struct vtun_priv *priv, struct vtun_file *file)
{
	struct vtun_ended *ended = &file->ended;

	if (!ended->packets)
		return;
	vtun_bql_completed(priv, ended->txq, ended->packets, ended->bytes);
	ended->packets = 0;
	ended->bytes = 0;
}

/**
 * vtun_entry_complete() - tell BQL of one frame that never gets to the reader
 * @priv: the device
 * @entry: see vtun_entry_make()
 *
 * Context: process.
 */
void vtun_entry_complete(struct vtun_priv *priv, void *entry)
{
	const struct sk_buff *skb = vtun_entry_frame(entry);

	if (!vtun_entry_bql(entry))
		return;
	local_bh_disable();
	vtun_bql_completed(priv, skb_get_queue_mapping(skb), 1, skb->len);
	local_bh_enable();
}

/**
 * vtun_ring_settle() - a file has become another queue: tell the one that it was
 *	of the end of those frames in its ring that came from there
 * @priv: the device
 * @file: the file; nobody sends to it as the queue that it was any more
 *
 * That queue may be another file's by the time they are read, if they are.
 *
 * Context: process.
 */
void vtun_ring_settle(struct vtun_priv *priv, struct vtun_file *file)
{
	struct ptr_ring *ring = &file->ring;
	const struct sk_buff *skb;
	int i, n;

	spin_lock_bh(&ring->consumer_lock);
	vtun_ended_flush(priv, file);
	spin_lock(&ring->producer_lock);
	/* Some in front of the head have been taken, and still stand there. */
	n = ring->size - (ring->consumer_head - ring->consumer_tail);
	for (i = ring->consumer_head; n > 0 && ring->queue[i]; n--) {
		skb = vtun_entry_frame(ring->queue[i]);
		if (vtun_entry_bql(ring->queue[i]) &&
		    skb_get_queue_mapping(skb) != file->index) {
			vtun_bql_completed(priv, skb_get_queue_mapping(skb), 1,
					   skb->len);
			WRITE_ONCE(ring->queue[i], (void *)skb);
		}
		if (++i == ring->size)
			i = 0;
	}
	spin_unlock(&ring->producer_lock);
	spin_unlock_bh(&ring->consumer_lock);
}

/* Half of the ring is free again, or all of it. BH off, consumer lock. */
static noinline void vtun_wake(struct vtun_priv *priv, struct vtun_file *file)
{
	if (++file->taken < file->ring.size / 2 &&
	    !__ptr_ring_empty(&file->ring))
		return;
	file->taken = 0;
	WRITE_ONCE(file->stopped, false);
	if (netif_running(priv->dev))
		netif_tx_wake_queue(netdev_get_tx_queue(priv->dev,
							READ_ONCE(file->index)));
}

static void vtun_ended_add(struct vtun_ended *ended, const struct sk_buff *skb)
{
	ended->packets++;
	ended->bytes += skb->len;
}

/*
 * What seldom follows a frame that was taken: BQL is told of those that have
 * ended, after @skb if that came from another of the device's queues, and a
 * queue that has stopped is woken. Lets go of the consumer lock, and of BH
 * behind it: softirqs that this raises are not to run under the lock.
 */
static noinline void vtun_taken_unlock(struct vtun_priv *priv,
				       struct vtun_file *file,
				       const struct sk_buff *skb)
	__releases(&file->ring.consumer_lock)
{
	local_bh_disable();
	vtun_ended_flush(priv, file);
	if (skb) {
		file->ended.txq = skb_get_queue_mapping(skb);
		vtun_ended_add(&file->ended, skb);
		vtun_ended_flush(priv, file);
	}
	/* The ring, then the mark; pairs with vtun_stop(). */
	smp_mb();
	if (READ_ONCE(file->stopped))
		vtun_wake(priv, file);
	spin_unlock(&file->ring.consumer_lock);
	local_bh_enable();
}

/* Lets go of the consumer lock, which the caller has taken. */
static __always_inline void *vtun_take_unlock(struct vtun_priv *priv,
					      struct vtun_file *file)
	__releases(&file->ring.consumer_lock)
{
	struct vtun_ended *ended = &file->ended;
	void *entry = __ptr_ring_consume(&file->ring);

	if (!entry)
		goto unlock;
	if (vtun_entry_bql(entry)) {
		entry = vtun_entry_frame(entry);
		if (unlikely(ended->txq != skb_get_queue_mapping(entry))) {
			vtun_taken_unlock(priv, file, entry);
			return entry;
		}
		vtun_ended_add(ended, entry);
	} else if (unlikely(ended->packets)) {
		/* Those that follow may be such, too, and the ring never empty. */
		vtun_taken_unlock(priv, file, NULL);
		return entry;
	}
	/* The ring, then the mark; pairs with vtun_stop(). */
	smp_mb();
	if (unlikely(READ_ONCE(file->stopped) ||
		     (ended->packets &&
		      (ended->packets >= VTUN_ENDED_MAX ||
		       __ptr_ring_empty(&file->ring))))) {
		vtun_taken_unlock(priv, file, NULL);
		return entry;
	}
unlock:
	spin_unlock(&file->ring.consumer_lock);
	return entry;
}

/**
 * vtun_consume() - take the next frame out of a ring
 * @priv: the device
 * @file: the queue, which does not get another device meanwhile
 *
 * Context: process; RTNL. Nobody takes the consumer lock in a softirq.
 * Return: see vtun_entry_make(); without the mark for BQL. NULL for none.
 */
void *vtun_consume(struct vtun_priv *priv, struct vtun_file *file)
{
	/* Under the lock alone is the ring sure not to get another size. */
	spin_lock(&file->ring.consumer_lock);
	return vtun_take_unlock(priv, file);
}

/*
 * The same for who reads, whose device may be gone, and the frames in the ring
 * another's by now. One that has the file has it for as long as the lock is held:
 * the file leaves with a grace period.
 */
static __always_inline void *vtun_read_next(struct vtun_priv *priv,
					    struct vtun_file *file)
{
	spin_lock(&file->ring.consumer_lock);
	if (likely(rcu_access_pointer(file->tun) == priv))
		return vtun_take_unlock(priv, file);
	spin_unlock(&file->ring.consumer_lock);
	return NULL;
}

/**
 * vtun_entry_free() - free what a ring holds
 * @entry: see vtun_entry_make()
 */
void vtun_entry_free(void *entry)
{
	if (vtun_entry_xdp(entry))
		xdp_return_frame(vtun_entry_frame(entry));
	else
		kfree_skb(vtun_entry_frame(entry));
}

/* Sleeps until there is a frame. */
static void *vtun_wait(struct vtun_priv *priv, struct vtun_file *file)
{
	void *entry = NULL;
	int err;

	err = wait_event_interruptible(file->socket.wq.wait,
				       vtun_device_left(priv, file) ||
				       (entry = vtun_read_next(priv, file)));
	if (entry)
		return entry;
	/* The device is gone; tun says so, too. */
	return ERR_PTR(err ?: -EFAULT);
}

/**
 * vtun_put_hdr() - lay a virtio_net_hdr in front of a frame
 * @hdr: the header
 * @hdr_sz: its size as the program has set it, which may be more
 * @to: where it goes; with room for that
 *
 * What is behind the header the program's memory keeps. Where that is pages
 * which the kernel has allocated, as for splice, nobody knows what is in them.
 *
 * Return: 0, or -EFAULT.
 */
int vtun_put_hdr(const struct virtio_net_hdr *hdr, int hdr_sz,
		 struct iov_iter *to)
{
	size_t rest = hdr_sz - sizeof(*hdr);

	if (copy_to_iter(hdr, sizeof(*hdr), to) != sizeof(*hdr))
		return -EFAULT;
	if (likely(user_backed_iter(to)))
		iov_iter_advance(to, rest);
	else if (iov_iter_zero(rest, to) != rest)
		return -EFAULT;
	return 0;
}

/*
 * What only some ask for stands in functions of its own, so that the others do
 * not pay for what these have on the stack.
 */
static noinline int vtun_read_hdr(struct vtun_priv *priv,
				  const struct sk_buff *skb, unsigned int flags,
				  int hdr_sz, int vlan_len, struct iov_iter *to)
{
	struct virtio_net_hdr hdr;

	if (iov_iter_count(to) < hdr_sz)
		return -EINVAL;
	if (virtio_net_hdr_from_skb(skb, &hdr, vtun_is_little_endian(flags),
				    true, vlan_len)) {
		net_dbg_ratelimited("%s: gso_type %#x has no virtio_net_hdr\n",
				    priv->dev->name,
				    skb_shinfo(skb)->gso_type);
		return -EINVAL;
	}
	return vtun_put_hdr(&hdr, hdr_sz, to);
}

/* The tag stands beside the frame, and goes back into it. */
static noinline int vtun_read_tagged(const struct sk_buff *skb,
				     struct iov_iter *to)
{
	const int offset = offsetof(struct vlan_ethhdr, h_vlan_proto);
	struct {
		__be16 proto;
		__be16 tci;
	} tag = {
		.proto = skb->vlan_proto,
		.tci = htons(skb_vlan_tag_get(skb)),
	};
	int err;

	err = skb_copy_datagram_iter(skb, 0, to, offset);
	if (err || !iov_iter_count(to))
		return err;
	if (copy_to_iter(&tag, sizeof(tag), to) != sizeof(tag))
		return iov_iter_count(to) ? -EFAULT : 0;
	if (!iov_iter_count(to))
		return 0;
	return skb_copy_datagram_iter(skb, offset, to, skb->len - offset);
}

/* @total: bytes of all that follows; what there is no room for is cut off. */
static noinline int vtun_read_pi(const struct sk_buff *skb, ssize_t total,
				 struct iov_iter *to)
{
	struct tun_pi pi = { 0, skb->protocol };

	if (iov_iter_count(to) < sizeof(pi))
		return -EINVAL;
	if (iov_iter_count(to) < total + sizeof(pi))
		pi.flags |= TUN_PKT_STRIP;
	return copy_to_iter(&pi, sizeof(pi), to) == sizeof(pi) ? 0 : -EFAULT;
}

/* Returns the frame's length with all that belongs to it, or an error. */
static ssize_t vtun_read_skb(struct vtun_priv *priv, const struct sk_buff *skb,
			     struct iov_iter *to)
{
	int vlan_len = skb_vlan_tag_present(skb) ? VLAN_HLEN : 0;
	unsigned int flags = READ_ONCE(priv->flags);
	int hdr_sz = 0;
	ssize_t total;
	int err;

	if (flags & IFF_VNET_HDR)
		hdr_sz = READ_ONCE(priv->vnet_hdr_sz);
	total = skb->len + vlan_len + hdr_sz;
	if (!(flags & IFF_NO_PI)) {
		err = vtun_read_pi(skb, total, to);
		if (err)
			return err;
		total += sizeof(struct tun_pi);
	}
	if (hdr_sz) {
		err = vtun_read_hdr(priv, skb, flags, hdr_sz, vlan_len, to);
		if (err)
			return err;
	}
	/* Less room than the frame is long cuts it off, which is no error. */
	if (unlikely(vlan_len))
		err = vtun_read_tagged(skb, to);
	else
		err = skb_copy_datagram_iter(skb, 0, to, skb->len);
	return err && iov_iter_count(to) ? err : total;
}

static ssize_t vtun_read_entry(struct vtun_priv *priv, void *entry,
			       struct iov_iter *to)
{
	struct sk_buff *skb = entry;
	ssize_t ret;

	if (vtun_entry_xdp(entry)) {
		ret = vtun_xdp_read(priv, vtun_entry_frame(entry), to);
		xdp_return_frame(vtun_entry_frame(entry));
	} else {
		unsigned int len = skb->len;

		if (skb_vlan_tag_present(skb))
			len += VLAN_HLEN;
		ret = vtun_read_skb(priv, skb, to);
		if (likely(ret >= 0)) {
			preempt_disable();
			dev_sw_netstats_tx_add(priv->dev, 1, len);
			preempt_enable();
			consume_skb(skb);
		} else {
			kfree_skb(skb);
		}
	}
	if (unlikely(ret < 0)) {
		local_bh_disable();
		vnet_drop_count(priv->drops, VNET_DROP_COPY_OUT, 1);
		local_bh_enable();
	}
	return ret;
}

/*
 * The length returned is the frame's, which may be more than @to had room for.
 */
static ssize_t vtun_read(struct vtun_priv *priv, struct vtun_file *file,
			 struct iov_iter *to, bool noblock)
{
	void *entry;

	if (!iov_iter_count(to))
		return 0;
	entry = vtun_read_next(priv, file);
	if (!entry) {
		if (noblock)
			return -EAGAIN;
		entry = vtun_wait(priv, file);
		if (IS_ERR(entry))
			return PTR_ERR(entry);
	}
	return vtun_read_entry(priv, entry, to);
}

/**
 * vtun_read_iter() - give the program the next frame
 * @iocb: of the file
 * @to: the program's memory
 *
 * Context: process.
 * Return: the bytes that were laid there, or an error.
 */
ssize_t vtun_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct vtun_file *file = iocb->ki_filp->private_data;
	struct vtun_priv *priv = vtun_get(file);
	ssize_t room = iov_iter_count(to);
	ssize_t ret;

	if (!priv)
		return -EBADFD;
	ret = min(vtun_read(priv, file, to, vtun_noblock(iocb)), room);
	if (ret > 0)
		iocb->ki_pos = ret;
	vtun_put(priv);
	return ret;
}
