// SPDX-License-Identifier: GPL-2.0
/*
 * What of the frames that a device sends its program gets to see: by address
 * (TUNSETTXFILTER), by a classic program (TUNATTACHFILTER) and by an eBPF
 * program (TUNSETFILTEREBPF).
 */
#include <linux/bpf.h>
#include <linux/crc32.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "vtun.h"

/* The upper six bits of the CRC, as multicast filters of NICs take them. */
static unsigned int vtun_addr_hash(const u8 *addr)
{
	return ether_crc(ETH_ALEN, addr) >> 26;
}

static bool vtun_txfilter_lets(const struct vtun_txfilter *filter,
			       const u8 *dest)
{
	unsigned int i, hash;

	for (i = 0; i < filter->n; i++)
		if (ether_addr_equal(dest, filter->addr[i]))
			return true;
	if (!is_multicast_ether_addr(dest))
		return false;
	hash = vtun_addr_hash(dest);
	return filter->mask[hash / 32] & BIT(hash % 32);
}

/**
 * vtun_filter_xmit() - shall the program get to see a frame
 * @priv: the device
 * @file: the queue
 * @skb: the frame, which may be shortened
 *
 * Context: RCU read section, BH off.
 * Return: true where it shall.
 */
bool vtun_filter_xmit(struct vtun_priv *priv, const struct vtun_file *file,
		      struct sk_buff *skb)
{
	const struct vtun_txfilter *txfilter = rcu_dereference(priv->txfilter);
	struct bpf_prog *prog;
	unsigned int len;

	/* Addresses are compared not unaligned, and only where there are any. */
	if (unlikely(txfilter) && (!pskb_may_pull(skb, ETH_HLEN) ||
				   !vtun_txfilter_lets(txfilter, skb->data)))
		return false;

	prog = rcu_dereference(priv->sock_filter);
	if (unlikely(prog) && !READ_ONCE(file->no_filter)) {
		len = bpf_prog_run_clear_cb(prog, skb);
		if (!len || pskb_trim(skb, len))
			return false;
	}

	prog = rcu_dereference(priv->filter);
	if (unlikely(prog)) {
		len = bpf_prog_run_clear_cb(prog, skb);
		if (!len || pskb_trim(skb, len))
			return false;
	}
	return true;
}

/* More addresses of stations than are compared switch the filter off. */
static int vtun_txfilter_fill(struct vtun_txfilter *filter,
			      const struct tun_filter *uf, const u8 *addrs)
{
	unsigned int i, hash;

	filter->n = min_t(unsigned int, uf->count, VTUN_TXFILTER_EXACT);
	memcpy(filter->addr, addrs, filter->n * ETH_ALEN);
	for (i = filter->n; i < uf->count; i++) {
		const u8 *addr = addrs + i * ETH_ALEN;

		if (!is_multicast_ether_addr(addr))
			return 0;
		hash = vtun_addr_hash(addr);
		filter->mask[hash / 32] |= BIT(hash % 32);
	}
	if (uf->flags & TUN_FLT_ALLMULTI)
		memset(filter->mask, 0xff, sizeof(filter->mask));
	return filter->n;
}

/**
 * vtun_txfilter_make() - what TUNSETTXFILTER is asked for
 * @arg: struct tun_filter and its addresses
 *
 * Context: process; not under a lock, as who asks may have memory that is slow.
 * Return: the filter, for vtun_txfilter_set() or kfree(); or an error.
 */
struct vtun_txfilter *vtun_txfilter_make(void __user *arg)
{
	struct vtun_txfilter *filter;
	struct tun_filter uf;
	u8 *addrs;

	if (copy_from_user(&uf, arg, sizeof(uf)))
		return ERR_PTR(-EFAULT);
	filter = kzalloc(sizeof(*filter), GFP_KERNEL);
	if (!filter)
		return ERR_PTR(-ENOMEM);
	if (!uf.count)
		return filter;
	addrs = memdup_user(arg + sizeof(uf), uf.count * ETH_ALEN);
	if (IS_ERR(addrs)) {
		kfree(filter);
		return ERR_CAST(addrs);
	}
	filter->n = vtun_txfilter_fill(filter, &uf, addrs);
	kfree(addrs);
	return filter;
}

/**
 * vtun_txfilter_set() - TUNSETTXFILTER
 * @priv: the device, a tap
 * @new: of vtun_txfilter_make(); consumed
 *
 * Context: RTNL.
 * Return: number of addresses that are compared one by one, 0 for no filter.
 */
int vtun_txfilter_set(struct vtun_priv *priv, struct vtun_txfilter *new)
{
	struct vtun_txfilter *old = rtnl_dereference(priv->txfilter);
	int n = new->n;

	if (!n) {
		kfree(new);
		new = NULL;
	}
	rcu_assign_pointer(priv->txfilter, new);
	if (old)
		kfree_rcu(old, rcu);
	return n;
}

/* A program is not freed before all its readers are through. */
static void vtun_prog_replace(struct bpf_prog __rcu **slot,
			      struct bpf_prog *prog)
{
	struct bpf_prog *old = rtnl_dereference(*slot);

	rcu_assign_pointer(*slot, prog);
	if (!old)
		return;
	synchronize_net();
	bpf_prog_destroy(old);
}

/**
 * vtun_sock_filter_make() - what TUNATTACHFILTER is asked for
 * @arg: struct sock_fprog
 * @fprog: gets the same
 *
 * Context: process; not under a lock, as who asks may have memory that is slow.
 * Return: the program, for vtun_sock_filter_set() or bpf_prog_destroy(); or an
 * error.
 */
struct bpf_prog *vtun_sock_filter_make(void __user *arg,
				       struct sock_fprog *fprog)
{
	struct bpf_prog *prog;
	int err;

	if (copy_from_user(fprog, arg, sizeof(*fprog)))
		return ERR_PTR(-EFAULT);
	err = bpf_prog_create_from_user(&prog, fprog, NULL, false);
	return err ? ERR_PTR(err) : prog;
}

/**
 * vtun_sock_filter_set() - TUNATTACHFILTER
 * @priv: the device, a tap
 * @prog: of vtun_sock_filter_make(); consumed
 * @fprog: where it came from
 *
 * It was copied once, and counts for each queue but those that attach later and
 * ask to be left out (IFF_NOFILTER).
 *
 * Context: RTNL.
 */
void vtun_sock_filter_set(struct vtun_priv *priv, struct bpf_prog *prog,
			  const struct sock_fprog *fprog)
{
	unsigned int i;

	vtun_prog_replace(&priv->sock_filter, prog);
	for (i = 0; i < priv->num_queues; i++)
		WRITE_ONCE(rtnl_dereference(priv->files[i])->no_filter, false);
	priv->fprog = *fprog;
}

/**
 * vtun_sock_filter_clear() - TUNDETACHFILTER
 * @priv: the device
 *
 * Context: RTNL.
 */
void vtun_sock_filter_clear(struct vtun_priv *priv)
{
	vtun_prog_replace(&priv->sock_filter, NULL);
}

/**
 * vtun_prog_set() - TUNSETSTEERINGEBPF, TUNSETFILTEREBPF
 * @slot: of the device
 * @fd: a program's file descriptor, or -1
 *
 * Context: RTNL.
 * Return: 0, or an error, which changes nothing.
 */
int vtun_prog_set(struct bpf_prog __rcu **slot, int fd)
{
	struct bpf_prog *prog = NULL;

	if (fd != -1) {
		prog = bpf_prog_get_type(fd, BPF_PROG_TYPE_SOCKET_FILTER);
		if (IS_ERR(prog))
			return PTR_ERR(prog);
	}
	vtun_prog_replace(slot, prog);
	return 0;
}

/* Of a device that nobody sends from any more. */
static void vtun_prog_free(struct bpf_prog __rcu **slot)
{
	struct bpf_prog *prog = rcu_replace_pointer(*slot, NULL, true);

	if (prog)
		bpf_prog_destroy(prog);
}

/**
 * vtun_filters_free() - free a device's filters
 * @priv: the device, which nobody sends from any more
 *
 * Context: the device's destructor.
 */
void vtun_filters_free(struct vtun_priv *priv)
{
	vtun_prog_free(&priv->steering);
	vtun_prog_free(&priv->filter);
	vtun_prog_free(&priv->sock_filter);
	kfree(rcu_replace_pointer(priv->txfilter, NULL, true));
}
