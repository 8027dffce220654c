/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The program's side of the mapped rings, by Documentation/vtun-ring.md.
 */
#ifndef SELFTESTS_VTUN_MAPPED_H
#define SELFTESTS_VTUN_MAPPED_H

#include <sys/mman.h>

#include "../../include/uapi/vnet/vtun_ring.h"
#include "tun.h"

struct mapped {
	int fd;
	struct vtun_ring_setup setup;
	unsigned char *kernel, *user;
	const struct vtun_ring_state *state;
	struct {
		const struct vtun_ring_side *kernel;
		struct vtun_ring_side *user;
		unsigned char *chunks;
		struct vtun_ring_desc *descs;
		unsigned int entries, mask, index;
	} rx, tx;
};

static inline struct vtun_ring_setup mapped_setup(unsigned int rx, unsigned int tx, unsigned int chunk)
{
	return (struct vtun_ring_setup){
		.size = sizeof(struct vtun_ring_setup),
		.version = VTUN_RING_VERSION,
		.rx_entries = rx,
		.tx_entries = tx,
		.chunk_size = chunk,
	};
}

/* 0 or -errno. */
static inline int mapped_map(struct mapped *m)
{
	struct vtun_ring_setup *s = &m->setup;

	m->kernel = mmap(NULL, s->kernel.size, PROT_READ, MAP_SHARED, m->fd, s->kernel.offset);
	m->user = mmap(NULL, s->user.size, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, s->user.offset);
	if (m->kernel == MAP_FAILED || m->user == MAP_FAILED)
		return -errno;
	m->state = (void *)m->kernel;
	m->rx.kernel = (void *)(m->kernel + s->rx.kernel);
	m->rx.user = (void *)(m->user + s->rx.user);
	m->rx.descs = (void *)(m->kernel + s->rx.descs);
	m->rx.chunks = m->kernel + s->rx.chunks;
	m->rx.entries = s->rx_entries;
	m->rx.mask = s->rx_entries - 1;
	m->tx.kernel = (void *)(m->kernel + s->tx.kernel);
	m->tx.user = (void *)(m->user + s->tx.user);
	m->tx.descs = (void *)(m->user + s->tx.descs);
	m->tx.chunks = m->user + s->tx.chunks;
	m->tx.entries = s->tx_entries;
	m->tx.mask = s->tx_entries - 1;
	return 0;
}

/* 0 or -errno. */
static inline int mapped_open(struct mapped *m, int fd, unsigned int rx, unsigned int tx, unsigned int chunk)
{
	memset(m, 0, sizeof(*m));
	m->fd = fd;
	m->setup = mapped_setup(rx, tx, chunk);
	if (ioctl(fd, VTUN_RING_SETUP, &m->setup))
		return -errno;
	return mapped_map(m);
}

/* As ioctl, but -errno. */
static inline long mapped_enter(const struct mapped *m, unsigned long what)
{
	long ret = ioctl(m->fd, VTUN_RING_ENTER, what);

	return ret < 0 ? -errno : ret;
}

static inline unsigned char *mapped_tx_chunk(const struct mapped *m, unsigned int index)
{
	return m->tx.chunks + (size_t)(index & m->tx.mask) * m->setup.chunk_size;
}

/* Writes a frame without telling anybody; false where there is no room. */
static inline bool mapped_put(struct mapped *m, const void *frame, size_t len, const struct virtio_net_hdr *hdr)
{
	unsigned int chunk = m->setup.chunk_size, slots = (len + chunk - 1) / chunk;
	unsigned int cons = __atomic_load_n(&m->tx.kernel->index, __ATOMIC_ACQUIRE);

	if (m->tx.index - cons + slots > m->tx.entries)
		return false;
	for (; slots; slots--, m->tx.index++) {
		struct vtun_ring_desc *desc = &m->tx.descs[m->tx.index & m->tx.mask];
		size_t n = len < chunk ? len : chunk;

		memcpy(mapped_tx_chunk(m, m->tx.index), frame, n);
		memset(desc, 0, sizeof(*desc));
		desc->len = n;
		desc->flags = slots > 1 ? VTUN_RING_DESC_NEXT : 0;
		if (hdr)
			desc->hdr = *hdr;
		hdr = NULL;
		frame = (const char *)frame + n;
		len -= n;
	}
	return true;
}

static inline void mapped_submit(struct mapped *m)
{
	__atomic_store_n(&m->tx.user->index, m->tx.index, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Slots that were consumed, or -errno. */
static inline long mapped_send(struct mapped *m, const void *frame, size_t len, const struct virtio_net_hdr *hdr)
{
	if (!mapped_put(m, frame, len, hdr))
		return -ENOBUFS;
	mapped_submit(m);
	return mapped_enter(m, VTUN_RING_ENTER_TX);
}

/* The next frame's length, and its slots given back; 0 for none. */
static inline int mapped_take(struct mapped *m, void *frame, size_t room, struct virtio_net_hdr *hdr)
{
	unsigned int prod = __atomic_load_n(&m->rx.kernel->index, __ATOMIC_ACQUIRE);
	struct vtun_ring_desc desc;
	size_t len = 0;

	if (prod == m->rx.index)
		return 0;
	if (hdr)
		*hdr = m->rx.descs[m->rx.index & m->rx.mask].hdr;
	do {
		desc = m->rx.descs[m->rx.index & m->rx.mask];
		if (len + desc.len > room)
			return -EMSGSIZE;
		memcpy((char *)frame + len,
		       m->rx.chunks + (size_t)(m->rx.index & m->rx.mask) * m->setup.chunk_size + desc.off, desc.len);
		len += desc.len;
		m->rx.index++;
	} while (desc.flags & VTUN_RING_DESC_NEXT);
	__atomic_store_n(&m->rx.user->index, m->rx.index, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&m->rx.kernel->flags, __ATOMIC_RELAXED) & VTUN_RING_NEED_ENTER &&
	    __atomic_load_n(&m->rx.kernel->index, __ATOMIC_ACQUIRE) - m->rx.index <= m->rx.entries / 2)
		ioctl(m->fd, VTUN_RING_ENTER, VTUN_RING_ENTER_RX);
	return len;
}

/* Says that the program is about to sleep; whether it may. */
static inline bool mapped_may_sleep(struct mapped *m)
{
	__atomic_store_n(&m->rx.user->flags, VTUN_RING_NEED_WAKEUP, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&m->rx.kernel->index, __ATOMIC_ACQUIRE) == m->rx.index;
}

static inline void mapped_awake(struct mapped *m)
{
	__atomic_store_n(&m->rx.user->flags, 0, __ATOMIC_RELAXED);
}

/* The next frame, waiting for it. */
static inline int mapped_recv(struct mapped *m, void *frame, size_t room, struct virtio_net_hdr *hdr)
{
	struct pollfd pollfd = { .fd = m->fd, .events = POLLIN };
	int len = mapped_take(m, frame, room, hdr);

	while (!len) {
		int n = 1;

		if (mapped_may_sleep(m))
			n = poll(&pollfd, 1, 10000);
		mapped_awake(m);
		if (n != 1)
			return -ETIMEDOUT;
		if (pollfd.revents & POLLERR)
			return -EIO;
		len = mapped_take(m, frame, room, hdr);
	}
	return len;
}

/* In a fresh namespace: the node, which may be busy with what was before, or -1; and bytes for a frame of any length. */
static inline int mapped_node(const char *node, unsigned char *frame, size_t len)
{
	int fd = -1;

	tun_load(node);
	if (quiet_netns())
		return -1;
	for (int i = 0; i <= 50 && fd < 0; i++) {
		if (i)
			usleep(100000);
		fd = tun_open(node, 0);
	}
	make_frame(frame, len, 1);
	for (size_t i = 16; i < len; i++)
		frame[i] = i * 7;
	return fd;
}

static inline int set_mtu(const char *name, int mtu)
{
	struct ifreq ifr = tun_ifr(name, 0);

	ifr.ifr_mtu = mtu;
	return dev_ioctl(SIOCSIFMTU, &ifr);
}

/* A counter of the device, from /proc/net/dev: by its column there. */
enum { RX_BYTES, RX_PACKETS, RX_ERRS, RX_DROPPED, RX_FIFO, RX_FRAME, TX_BYTES = 8, TX_PACKETS, TX_ERRS, TX_DROPPED };

static inline long dev_stat(const char *dev, int column)
{
	char line[512], *at;
	long val = -1;
	FILE *f = fopen("/proc/net/dev", "re");

	while (f && fgets(line, sizeof(line), f)) {
		at = line + strspn(line, " ");
		if (strncmp(at, dev, strlen(dev)) || at[strlen(dev)] != ':')
			continue;
		at += strlen(dev) + 1;
		for (int i = 0; i <= column; i++)
			val = strtol(at, &at, 10);
		break;
	}
	if (f)
		fclose(f);
	return val;
}

#endif
