// SPDX-License-Identifier: GPL-2.0
/*
 * libvtun over the mapped rings, as Documentation/vtun-ring.md specifies them;
 * or, where there are none, over rings of its own that are filled and emptied
 * by read and write.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vnet/vtun_ring.h>
#include "libvtun.h"

#define VTUN_ENTRIES 1024
#define VTUN_CHUNK 2048
/* Of rings that are not the kernel's: what read and write take. */
#define VTUN_FRAME_MAX 65550

/**
 * struct vtun_dir - one direction
 * @entries: slots; 0 where there are none
 * @kernel: what the kernel tells
 * @user: what we tell it
 * @descs: the slots' descriptors
 * @chunks: the slots' chunks
 * @mine: our index: of slots that were released, or committed
 * @theirs: the kernel's index as it was last read
 * @seen: rx: slots in front of this one were handed out by vtun_peek()
 * @unsent: tx: slots from here on wait for vtun_submit()
 */
struct vtun_dir {
	uint32_t entries;
	struct vtun_ring_side *kernel;
	struct vtun_ring_side *user;
	struct vtun_ring_desc *descs;
	unsigned char *chunks;
	uint32_t mine;
	uint32_t theirs;
	uint32_t seen;
	uint32_t unsent;
};

struct vtun {
	int fd;
	int gone;		/* -errno of read or write, without rings */
	bool rings;
	bool mapped;		/* the areas are the kernel's */
	bool busy;		/* frames have gone either way since vtun_arm() */
	char name[IFNAMSIZ];
	struct vtun_ring_setup setup;
	void *kernel;		/* the areas */
	void *user;
	struct vtun_dir rx;
	struct vtun_dir tx;
};

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t val)
{
	__atomic_store_n(word, val, __ATOMIC_RELEASE);
}

/* One thread may receive while another sends. */
static void vtun_moved(struct vtun *v)
{
	__atomic_store_n(&v->busy, true, __ATOMIC_RELAXED);
}

static void full_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static struct vtun_ring_desc *vtun_desc(const struct vtun_dir *dir, uint32_t i)
{
	return dir->descs + (i & (dir->entries - 1));
}

static unsigned char *vtun_chunk(const struct vtun *v,
				 const struct vtun_dir *dir, uint32_t i)
{
	return dir->chunks +
	       (size_t)(i & (dir->entries - 1)) * v->setup.chunk_size;
}

/* ---- without rings ------------------------------------------------------ */

/*
 * The chunks of @len bytes from slot @i on, behind the header: chunks stand one
 * behind another, but for the end.
 */
static int vtun_span(const struct vtun *v, const struct vtun_dir *dir,
		     uint32_t i, size_t len, struct iovec *iov)
{
	size_t first = dir->entries - (i & (dir->entries - 1));

	first *= v->setup.chunk_size;
	if (first > len)
		first = len;
	iov[0].iov_base = vtun_chunk(v, dir, i);
	iov[0].iov_len = first;
	iov[1].iov_base = dir->chunks;
	iov[1].iov_len = len - first;
	return first < len ? 2 : 1;
}

static uint32_t vtun_slots(const struct vtun *v, size_t len)
{
	return (len + v->setup.chunk_size - 1) / v->setup.chunk_size;
}

/* A frame from read; false for none. */
static bool vtun_fill_one(struct vtun *v)
{
	struct vtun_dir *rx = &v->rx;
	uint32_t i = rx->kernel->index, n, k;
	struct virtio_net_hdr hdr;
	struct iovec iov[3] = { { &hdr, sizeof(hdr) } };
	ssize_t len;

	if (i - rx->mine + v->setup.chain_max > rx->entries)
		return false;
	len = readv(v->fd, iov,
		    1 + vtun_span(v, rx, i, v->setup.frame_max, iov + 1));
	if (len <= (ssize_t)sizeof(hdr)) {
		if (len < 0 && errno != EAGAIN && errno != EINTR)
			v->gone = -errno;
		return false;
	}
	len -= sizeof(hdr);
	n = vtun_slots(v, len);
	for (k = 0; k < n; k++, len -= v->setup.chunk_size) {
		struct vtun_ring_desc *desc = vtun_desc(rx, i + k);

		memset(desc, 0, sizeof(*desc));
		desc->len = k + 1 < n ? v->setup.chunk_size : len;
		desc->flags = k + 1 < n ? VTUN_RING_DESC_NEXT : 0;
		if (!k)
			desc->hdr = hdr;
	}
	rx->kernel->index = i + n;
	return true;
}

/* A frame of tx to write. Returns slots or -errno. */
static int vtun_drain_one(struct vtun *v)
{
	struct vtun_dir *tx = &v->tx;
	uint32_t i = tx->kernel->index, n = 0;
	struct iovec iov[VTUN_PIECES_MAX + 1];
	struct vtun_ring_desc *desc;

	iov[0].iov_base = &vtun_desc(tx, i)->hdr;
	iov[0].iov_len = sizeof(desc->hdr);
	do {
		desc = vtun_desc(tx, i + n);
		iov[n + 1].iov_base = vtun_chunk(v, tx, i + n) + desc->off;
		iov[n + 1].iov_len = desc->len;
		n++;
	} while (desc->flags & VTUN_RING_DESC_NEXT);
	/* A frame that is refused is gone, as it is in the kernel's rings. */
	if (writev(v->fd, iov, n + 1) < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return -EAGAIN;
		if (errno != EINVAL && errno != EMSGSIZE && errno != ENOMEM) {
			if (errno == EBADFD)
				v->gone = -errno;
			return -errno;
		}
		tx->kernel->refused++;
	}
	tx->kernel->index = i + n;
	return n;
}

static int vtun_drain(struct vtun *v)
{
	int ret;

	while (v->tx.kernel->index != v->tx.user->index) {
		ret = vtun_drain_one(v);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* ---- receiving ---------------------------------------------------------- */

static void vtun_look(struct vtun *v)
{
	if (!v->rings)
		while (vtun_fill_one(v))
			;
	v->rx.theirs = load(&v->rx.kernel->index);
}

/* The frame at @i; returns its slots. */
static uint32_t vtun_show(const struct vtun *v, struct vtun_frame *frame,
			  uint32_t i)
{
	const struct vtun_dir *rx = &v->rx;
	const struct vtun_ring_desc *desc;
	uint32_t n = 0;

	frame->hdr = vtun_desc(rx, i)->hdr;
	frame->len = 0;
	do {
		desc = vtun_desc(rx, i + n);
		frame->piece[n].iov_base = vtun_chunk(v, rx, i + n) + desc->off;
		frame->piece[n].iov_len = desc->len;
		frame->len += desc->len;
		n++;
	} while (desc->flags & VTUN_RING_DESC_NEXT && n < VTUN_PIECES_MAX);
	frame->pieces = n;
	return n;
}

unsigned int vtun_peek(struct vtun *v, struct vtun_frame *frames,
		       unsigned int max)
{
	uint32_t i = v->rx.mine;
	unsigned int n = 0;

	if (!v->rx.entries)
		return 0;
	/* The kernel's line of memory is left alone while there is enough. */
	if (v->rx.theirs - i < max)
		vtun_look(v);
	while (n < max && i != v->rx.theirs)
		i += vtun_show(v, frames + n++, i);
	if (i - v->rx.mine > v->rx.seen - v->rx.mine)
		v->rx.seen = i;
	return n;
}

int vtun_release(struct vtun *v, unsigned int n)
{
	struct vtun_dir *rx = &v->rx;
	int ret = 0;

	if (n)
		vtun_moved(v);
	for (; n; n--) {
		uint32_t slots = 1;

		if (rx->mine == rx->seen) {
			ret = -EINVAL;
			break;
		}
		while (vtun_desc(rx, rx->mine + slots - 1)->flags &
		       VTUN_RING_DESC_NEXT)
			slots++;
		rx->mine += slots;
	}
	if (!rx->entries)
		return ret;
	store(&rx->user->index, rx->mine);
	if (!v->rings)
		return ret;
	full_barrier();
	if (load(&rx->kernel->flags) & VTUN_RING_NEED_ENTER) {
		rx->theirs = load(&rx->kernel->index);
		if (rx->theirs - rx->mine <= rx->entries / 2 &&
		    ioctl(v->fd, VTUN_RING_ENTER, VTUN_RING_ENTER_RX) < 0)
			return -errno;
	}
	return ret;
}

/* ---- sending ------------------------------------------------------------ */

int vtun_reserve(struct vtun *v, struct vtun_frame *frame, size_t len)
{
	struct vtun_dir *tx = &v->tx;
	uint32_t n, k;

	if (!len || len > v->setup.frame_max)
		return -EMSGSIZE;
	n = vtun_slots(v, len);
	if (n > v->setup.chain_max || n > VTUN_PIECES_MAX || n > tx->entries)
		return -EMSGSIZE;
	if (tx->mine - tx->theirs + n > tx->entries) {
		tx->theirs = load(&tx->kernel->index);
		if (tx->mine - tx->theirs + n > tx->entries)
			return -EAGAIN;
	}
	memset(&frame->hdr, 0, sizeof(frame->hdr));
	frame->len = len;
	frame->pieces = n;
	for (k = 0; k < n; k++) {
		frame->piece[k].iov_base = vtun_chunk(v, tx, tx->mine + k);
		frame->piece[k].iov_len = k + 1 < n ? v->setup.chunk_size : len;
		len -= frame->piece[k].iov_len;
	}
	return 0;
}

void vtun_commit(struct vtun *v, const struct vtun_frame *frame)
{
	struct vtun_dir *tx = &v->tx;
	size_t left = frame->len;
	uint32_t n, k;

	n = vtun_slots(v, left);
	if (n > frame->pieces)
		return;
	for (k = 0; k < n; k++) {
		struct vtun_ring_desc *desc = vtun_desc(tx, tx->mine + k);

		desc->len = left < v->setup.chunk_size ?
			    left : v->setup.chunk_size;
		desc->off = 0;
		desc->flags = k + 1 < n ? VTUN_RING_DESC_NEXT : 0;
		if (k)
			memset(&desc->hdr, 0, sizeof(desc->hdr));
		else
			desc->hdr = frame->hdr;
		left -= desc->len;
	}
	tx->mine += n;
}

int vtun_submit(struct vtun *v)
{
	struct vtun_dir *tx = &v->tx;

	if (!tx->entries)
		return 0;
	if (tx->mine != tx->user->index)
		vtun_moved(v);
	store(&tx->user->index, tx->mine);
	if (!v->rings)
		return vtun_drain(v);
	full_barrier();
	if (load(&tx->kernel->flags) & VTUN_RING_NEED_ENTER &&
	    ioctl(v->fd, VTUN_RING_ENTER, VTUN_RING_ENTER_TX) < 0)
		return -errno;
	/* It may have stopped in the middle. */
	return load(&tx->kernel->flags) & VTUN_RING_NEED_ENTER &&
	       load(&tx->kernel->index) != tx->mine ? -EAGAIN : 0;
}

int vtun_send(struct vtun *v, const struct virtio_net_hdr *hdr,
	      const struct iovec *iov, unsigned int n)
{
	struct vtun_frame frame;
	size_t len = 0, at = 0;
	unsigned int i, k = 0;
	int err;

	for (i = 0; i < n; i++)
		len += iov[i].iov_len;
	err = vtun_reserve(v, &frame, len);
	if (err)
		return err;
	if (hdr)
		frame.hdr = *hdr;
	for (i = 0; i < n; i++) {
		const unsigned char *from = iov[i].iov_base;
		size_t left = iov[i].iov_len;

		while (left) {
			size_t part = frame.piece[k].iov_len - at;

			if (part > left)
				part = left;
			memcpy((char *)frame.piece[k].iov_base + at, from, part);
			from += part;
			left -= part;
			at += part;
			if (at == frame.piece[k].iov_len) {
				at = 0;
				k++;
			}
		}
	}
	vtun_commit(v, &frame);
	return 0;
}

size_t vtun_copy(const struct vtun_frame *frame, void *to, size_t room)
{
	size_t done = 0;
	unsigned int i;

	for (i = 0; i < frame->pieces && done < room; i++) {
		size_t part = frame->piece[i].iov_len;

		if (part > room - done)
			part = room - done;
		memcpy((char *)to + done, frame->piece[i].iov_base, part);
		done += part;
	}
	return done;
}

/* ---- sleeping ----------------------------------------------------------- */

bool vtun_arm(struct vtun *v)
{
	struct vtun_dir *rx = &v->rx;

	/*
	 * Whoever shares this CPU and was interrupted while it sent would
	 * interrupt us for its next frame or two. It goes on first.
	 */
	if (__atomic_exchange_n(&v->busy, false, __ATOMIC_RELAXED))
		sched_yield();
	if (!rx->entries)
		return true;
	store(&rx->user->flags, VTUN_RING_NEED_WAKEUP);
	full_barrier();
	vtun_look(v);
	return rx->theirs == rx->mine;
}

void vtun_disarm(struct vtun *v)
{
	if (v->rx.entries)
		store(&v->rx.user->flags, 0);
}

int vtun_error(const struct vtun *v)
{
	const struct vtun_ring_state *state = v->kernel;
	uint32_t status;

	if (!v->rings)
		return v->gone;
	status = load(&state->status);
	if (status & VTUN_RING_GONE)
		return -EBADFD;
	return status & (VTUN_RING_RX_BROKEN | VTUN_RING_TX_BROKEN) ? -EIO : 0;
}

int vtun_wait(struct vtun *v, int timeout)
{
	struct pollfd pollfd = { .fd = v->fd, .events = POLLIN };
	int ret = 1;

	/* What stays in tx can go on once there is room. */
	if (v->tx.entries && load(&v->tx.kernel->index) != v->tx.user->index)
		pollfd.events |= POLLOUT;
	if (vtun_arm(v)) {
		ret = poll(&pollfd, 1, timeout);
		if (ret < 0)
			ret = -errno;
	}
	vtun_disarm(v);
	if (ret == 1 && pollfd.revents & POLLERR) {
		if (!v->rings)
			v->gone = -EBADFD;
		ret = vtun_error(v) ?: -EIO;
	}
	return ret;
}

/* ---- opening ------------------------------------------------------------ */

/* Which part of the areas a direction has. */
static void vtun_dir_init(struct vtun *v, struct vtun_dir *dir,
			  const struct vtun_ring_layout *layout,
			  uint32_t entries, void *producer)
{
	if (!entries)
		return;
	dir->entries = entries;
	dir->kernel = (void *)((char *)v->kernel + layout->kernel);
	dir->user = (void *)((char *)v->user + layout->user);
	dir->descs = (void *)((char *)producer + layout->descs);
	dir->chunks = (unsigned char *)producer + layout->chunks;
	dir->theirs = load(&dir->kernel->index);
	dir->mine = load(&dir->user->index);
	dir->seen = dir->mine;
}

static void vtun_dirs_init(struct vtun *v)
{
	vtun_dir_init(v, &v->rx, &v->setup.rx, v->setup.rx_entries, v->kernel);
	vtun_dir_init(v, &v->tx, &v->setup.tx, v->setup.tx_entries, v->user);
}

static int vtun_map(struct vtun *v)
{
	const struct vtun_ring_setup *s = &v->setup;

	v->mapped = true;
	v->kernel = mmap(NULL, s->kernel.size, PROT_READ, MAP_SHARED, v->fd,
			 s->kernel.offset);
	if (v->kernel == MAP_FAILED) {
		v->kernel = NULL;
		return -errno;
	}
	v->user = mmap(NULL, s->user.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		       v->fd, s->user.offset);
	if (v->user == MAP_FAILED) {
		v->user = NULL;
		return -errno;
	}
	if (s->chain_max > VTUN_PIECES_MAX)
		return -EPROTO;
	vtun_dirs_init(v);
	v->rings = true;
	return 0;
}

/* The kernel's rings, not mapped yet: new ones, or those that the file has. */
static int vtun_setup_rings(struct vtun *v)
{
	struct vtun_ring_setup query = {
		.size = sizeof(query), .version = VTUN_RING_VERSION,
	};

	if (!ioctl(v->fd, VTUN_RING_SETUP, &v->setup))
		return 0;
	if (errno != EBUSY)
		return -errno;
	if (ioctl(v->fd, VTUN_RING_QUERY, &query))
		return -errno;
	v->setup = query;
	return 0;
}

/* Rings of our own, laid out as the kernel's. */
static int vtun_setup_own(struct vtun *v)
{
	struct vtun_ring_setup *s = &v->setup;
	const size_t descs = sizeof(struct vtun_ring_state) +
			     sizeof(struct vtun_ring_side);
	size_t size;
	int flags, hdr_size = sizeof(struct virtio_net_hdr), on = 1;

	/* As the kernel has it; and longer frames would have too many pieces. */
	if (s->chunk_size & (s->chunk_size - 1) ||
	    s->chunk_size < VTUN_RING_CHUNK_MIN ||
	    s->chunk_size > VTUN_RING_CHUNK_MAX)
		return -EINVAL;
	s->frame_max = VTUN_FRAME_MAX;
	s->chain_max = vtun_slots(v, VTUN_FRAME_MAX);
	/* As the kernel has it. */
	if (s->rx_entries & (s->rx_entries - 1) ||
	    s->tx_entries & (s->tx_entries - 1) ||
	    s->rx_entries < 2 * s->chain_max ||
	    s->tx_entries < 2 * s->chain_max)
		return -EINVAL;
	s->rx.kernel = sizeof(struct vtun_ring_state);
	s->tx.kernel = s->rx.kernel + sizeof(struct vtun_ring_side);
	s->rx.user = 0;
	s->tx.user = sizeof(struct vtun_ring_side);
	s->rx.descs = descs + sizeof(struct vtun_ring_side);
	s->tx.descs = 2 * sizeof(struct vtun_ring_side);
	size = s->rx.descs + s->rx_entries * sizeof(struct vtun_ring_desc);
	s->rx.chunks = (size + 4095) & ~4095U;
	s->kernel.size = s->rx.chunks + (size_t)s->rx_entries * s->chunk_size;
	size = s->tx.descs + s->tx_entries * sizeof(struct vtun_ring_desc);
	s->tx.chunks = (size + 4095) & ~4095U;
	s->user.size = s->tx.chunks + (size_t)s->tx_entries * s->chunk_size;

	flags = fcntl(v->fd, F_GETFL);
	if (flags < 0 || fcntl(v->fd, F_SETFL, flags | O_NONBLOCK) ||
	    ioctl(v->fd, TUNSETVNETHDRSZ, &hdr_size) ||
	    ioctl(v->fd, TUNSETVNETLE, &on))
		return -errno;
	v->kernel = calloc(1, s->kernel.size);
	v->user = calloc(1, s->user.size);
	if (!v->kernel || !v->user)
		return -ENOMEM;
	vtun_dirs_init(v);
	return 0;
}

/* What read and write need, which the rings do without. */
static bool vtun_has_vnet_hdr(int fd)
{
	struct ifreq ifr = {};

	return !ioctl(fd, TUNGETIFF, &ifr) && ifr.ifr_flags & IFF_VNET_HDR &&
	       ifr.ifr_flags & IFF_NO_PI;
}

static void vtun_free(struct vtun *v)
{
	if (v->mapped) {
		if (v->kernel)
			munmap(v->kernel, v->setup.kernel.size);
		if (v->user)
			munmap(v->user, v->setup.user.size);
	} else {
		free(v->kernel);
		free(v->user);
	}
	free(v);
}

static int vtun_setup(struct vtun *v, unsigned int how)
{
	int err = -EOPNOTSUPP;

	if (!(how & VTUN_NO_RINGS))
		err = vtun_setup_rings(v);
	/* A file with rings is read by them alone. */
	if (!err)
		return vtun_map(v);
	/* What a kernel, or another node, that has no such ioctl says. */
	if (err != -EOPNOTSUPP && err != -EINVAL && err != -ENOTTY)
		return err;
	if (how & VTUN_RINGS)
		return err;
	if (!vtun_has_vnet_hdr(v->fd))
		return -EOPNOTSUPP;
	return vtun_setup_own(v);
}

struct vtun *vtun_attach(int fd, const struct vtun_options *options)
{
	static const struct vtun_options none;
	struct ifreq ifr = {};
	struct vtun *v;
	int err;

	if (!options)
		options = &none;
	if (ioctl(fd, TUNGETIFF, &ifr))
		return NULL;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	memcpy(v->name, ifr.ifr_name, sizeof(v->name) - 1);
	v->fd = fd;
	v->setup.size = sizeof(v->setup);
	v->setup.version = VTUN_RING_VERSION;
	v->setup.chunk_size = options->chunk_size ?: VTUN_CHUNK;
	v->setup.rx_entries = options->rx_entries ?: VTUN_ENTRIES;
	v->setup.tx_entries = options->tx_entries ?: VTUN_ENTRIES;
	err = vtun_setup(v, options->how);
	if (!err)
		return v;
	vtun_free(v);
	errno = -err;
	return NULL;
}

struct vtun *vtun_open(const char *name, const struct vtun_options *options)
{
	static const struct vtun_options none;
	struct ifreq ifr = {};
	struct vtun *v;
	int fd, err;

	if (!options)
		options = &none;
	if (strlen(name) >= IFNAMSIZ) {
		errno = EINVAL;
		return NULL;
	}
	fd = open(options->node ?: "/dev/net/vtun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	strcpy(ifr.ifr_name, name);
	ifr.ifr_flags = options->flags | IFF_NO_PI | IFF_VNET_HDR;
	if (!(options->flags & (IFF_TUN | IFF_TAP)))
		ifr.ifr_flags |= IFF_TAP;
	if (ioctl(fd, TUNSETIFF, &ifr) ||
	    ioctl(fd, TUNSETOFFLOAD, (unsigned long)options->offload))
		goto err_close;
	v = vtun_attach(fd, options);
	if (v)
		return v;
err_close:
	err = errno;
	close(fd);
	errno = err;
	return NULL;
}

void vtun_close(struct vtun *v)
{
	int fd;

	if (!v)
		return;
	fd = v->fd;
	vtun_free(v);
	close(fd);
}

int vtun_fd(const struct vtun *v)
{
	return v->fd;
}

const char *vtun_name(const struct vtun *v)
{
	return v->name;
}

bool vtun_has_rings(const struct vtun *v)
{
	return v->rings;
}
