// SPDX-License-Identifier: GPL-2.0
/*
 * AF_XDP: sends numbered frames from one device's socket and receives them with another's, to which a
 * program of its own redirects what comes.
 *
 *	xsk -T NS:DEV [-R NS:DEV] [-c COUNT] [-l LEN] [-w MS] [-z SIDES] [-n] [-b BATCH] [-f FRAMES] [-v VERDICT]
 *	xsk -T NS:DEV -z t -F SECONDS
 *
 * Without -R the frames are only sent. SIDES is t for the sending socket, r for the receiving one, or tr: those are bound
 * without a copy in the kernel, the others with one. With -n the sockets are woken only where the kernel asks for it, and
 * once for each batch (32). FRAMES is how many the receiving socket has memory for (2048). VERDICT is the number that the
 * program returns instead, so that nothing comes to the socket. With -F there is always something to send, all that time,
 * whatever becomes of it: the kernel is called on one CPU, and the ring is filled up again on another. Exit status 4 where
 * the kernel has no AF_XDP, or a side cannot be bound without a copy. Prints
 *	tx sent= cost=		cost: thousandths of a nanosecond for each frame, until the last was received
 *	rx frames= wrong= late=	wrong: not what was sent
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "bpf.h"
#include "netns.h"
#include "slow.h"

#define XSK_RING	2048
#define XSK_FRAMES	(2 * XSK_RING)
#define XSK_SIZE	4096

struct xsk_ring {
	uint32_t *producer, *consumer;
	void *slots;
};

struct xsk {
	int fd, ifindex;
	char *umem;
	struct xsk_ring fill, completion, rx, tx;
};

static unsigned int opt_count = 1000, opt_len = 60, opt_wait = 1000, opt_batch = 32, opt_frames = XSK_RING;
static const char *opt_sides = "";
static bool opt_need_wakeup;
static int opt_verdict = -1;

static uint64_t xsk_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void xsk_set(int fd, int option, const void *value, size_t size)
{
	if (setsockopt(fd, SOL_XDP, option, value, size))
		err(1, "AF_XDP option %d", option);
}

static void xsk_map(const struct xsk *xsk, struct xsk_ring *ring, const struct xdp_ring_offset *off,
		    uint64_t pgoff, size_t slot)
{
	char *at = mmap(NULL, off->desc + XSK_RING * slot, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, xsk->fd,
			pgoff);

	if (at == MAP_FAILED)
		err(1, "map a ring");
	ring->producer = (uint32_t *)(at + off->producer);
	ring->consumer = (uint32_t *)(at + off->consumer);
	ring->slots = at + off->desc;
}

/* Enters the namespace of the device. */
static void xsk_open(struct xsk *xsk, const char *where)
{
	const char *colon = strchr(where, ':');
	struct xdp_mmap_offsets off;
	struct xdp_umem_reg reg = { .chunk_size = XSK_SIZE, .len = XSK_FRAMES * XSK_SIZE };
	socklen_t size = sizeof(off);
	int entries = XSK_RING;
	char ns[NAME_MAX];

	if (!colon)
		errx(2, "not NS:DEV: %s", where);
	snprintf(ns, sizeof(ns), "%.*s", (int)(colon - where), where);
	netns_enter(ns);
	xsk->ifindex = if_nametoindex(colon + 1);
	xsk->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (xsk->fd < 0)
		err(4, "AF_XDP");
	xsk->umem = mmap(NULL, XSK_FRAMES * XSK_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (xsk->umem == MAP_FAILED)
		err(1, "memory");
	reg.addr = (uintptr_t)xsk->umem;
	xsk_set(xsk->fd, XDP_UMEM_REG, &reg, sizeof(reg));
	xsk_set(xsk->fd, XDP_UMEM_FILL_RING, &entries, sizeof(entries));
	xsk_set(xsk->fd, XDP_UMEM_COMPLETION_RING, &entries, sizeof(entries));
	xsk_set(xsk->fd, XDP_RX_RING, &entries, sizeof(entries));
	xsk_set(xsk->fd, XDP_TX_RING, &entries, sizeof(entries));
	if (getsockopt(xsk->fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &size))
		err(1, "XDP_MMAP_OFFSETS");
	xsk_map(xsk, &xsk->fill, &off.fr, XDP_UMEM_PGOFF_FILL_RING, sizeof(uint64_t));
	xsk_map(xsk, &xsk->completion, &off.cr, XDP_UMEM_PGOFF_COMPLETION_RING, sizeof(uint64_t));
	xsk_map(xsk, &xsk->rx, &off.rx, XDP_PGOFF_RX_RING, sizeof(struct xdp_desc));
	xsk_map(xsk, &xsk->tx, &off.tx, XDP_PGOFF_TX_RING, sizeof(struct xdp_desc));
}

static void xsk_bind(const struct xsk *xsk, char side)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = xsk->ifindex,
	};
	int rc, tries = 0;

	if (strchr(opt_sides, side))
		addr.sxdp_flags = XDP_ZEROCOPY | (opt_need_wakeup ? XDP_USE_NEED_WAKEUP : 0);
	/* The kernel lets go of the last socket's queue some time after that has been closed. */
	while ((rc = bind(xsk->fd, (struct sockaddr *)&addr, sizeof(addr))) && errno == EBUSY && tries++ < 2000)
		usleep(10000);
	if (rc)
		err(errno == EOPNOTSUPP ? 4 : 1, "bind the AF_XDP socket");
}

static void xsk_fill(struct xsk *xsk, uint64_t addr)
{
	uint32_t at = *xsk->fill.producer;

	((uint64_t *)xsk->fill.slots)[at % XSK_RING] = addr;
	__atomic_store_n(xsk->fill.producer, at + 1, __ATOMIC_RELEASE);
}

/* All frames of the device come to the socket. */
static void xsk_attach(const struct xsk *xsk)
{
	int map = bpf_map(BPF_MAP_TYPE_XSKMAP, 4, 1);
	struct bpf_insn insns[] = {
		INSN_MAP(BPF_REG_1, map), INSN_REST, INSN_SET(BPF_REG_2, 0), INSN_SET(BPF_REG_3, XDP_PASS),
		INSN_FUNC(BPF_FUNC_redirect_map), INSN_EXIT,
	};
	size_t n;

	if (opt_verdict >= 0) {
		insns[0] = INSN_SET(BPF_REG_0, opt_verdict);
		insns[1] = INSN_EXIT;
	}

	bpf_map_set(map, 0, &xsk->fd);
	n = opt_verdict >= 0 ? 2 : sizeof(insns) / sizeof(insns[0]);
	bpf_attach_xdp(bpf_load(BPF_PROG_TYPE_XDP, insns, n, 0), xsk->ifindex);
}

static void xsk_number(char *frame, uint32_t nr)
{
	memset(frame, 0xff, ETH_ALEN);
	memcpy(frame + ETH_ALEN, "\2\0\0\0\0\1\x88\xb5", 8);
	memcpy(frame + ETH_HLEN, &nr, sizeof(nr));
}

struct xsk_seen {
	unsigned int frames, wrong, late;
	int64_t last;
};

/* Takes what has come, and gives the memory back. */
static void xsk_receive(struct xsk *xsk, struct xsk_seen *seen)
{
	uint32_t at = *xsk->rx.consumer, end = __atomic_load_n(xsk->rx.producer, __ATOMIC_ACQUIRE);

	for (; at != end; at++) {
		const struct xdp_desc *desc = &((struct xdp_desc *)xsk->rx.slots)[at % XSK_RING];
		const char *frame = xsk->umem + desc->addr;
		char want[ETH_HLEN + 4];
		uint32_t nr;

		memcpy(&nr, frame + ETH_HLEN, sizeof(nr));
		xsk_number(want, nr);
		seen->frames++;
		seen->wrong += desc->len != opt_len || memcmp(frame, want, sizeof(want));
		seen->late += nr <= seen->last && seen->last >= 0;
		seen->last = nr;
		xsk_fill(xsk, desc->addr & ~(uint64_t)(XSK_SIZE - 1));
	}
	__atomic_store_n(xsk->rx.consumer, at, __ATOMIC_RELEASE);
}

static void xsk_wake(struct xsk *xsk)
{
	if (sendto(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN && errno != EBUSY && errno != ENOBUFS &&
	    errno != ENETDOWN)
		err(1, "send");
}

static void xsk_complete(struct xsk *xsk)
{
	__atomic_store_n(xsk->completion.consumer, __atomic_load_n(xsk->completion.producer, __ATOMIC_ACQUIRE),
			 __ATOMIC_RELEASE);
}

/* Until the kernel has taken all of it; what comes meanwhile is received, which is when there is memory for more. */
static void xsk_send(struct xsk *xsk, uint32_t first, unsigned int n, struct xsk *to, struct xsk_seen *seen)
{
	struct pollfd pollfd = { .fd = to ? to->fd : -1, .events = POLLIN };
	uint64_t end = xsk_now() + opt_wait * 1000000ull;
	uint32_t at = *xsk->tx.producer;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct xdp_desc *desc = &((struct xdp_desc *)xsk->tx.slots)[(at + i) % XSK_RING];

		*desc = (struct xdp_desc){ .addr = ((at + i) % XSK_RING) * XSK_SIZE, .len = opt_len };
		xsk_number(xsk->umem + desc->addr, first + i);
	}
	xsk_complete(xsk);
	__atomic_store_n(xsk->tx.producer, at + n, __ATOMIC_RELEASE);
	xsk_wake(xsk);
	/* In copy mode it takes thirty-two for each call, and may be busy. */
	while (__atomic_load_n(xsk->tx.consumer, __ATOMIC_ACQUIRE) != at + n) {
		if (!opt_need_wakeup)
			xsk_wake(xsk);
		if (to && poll(&pollfd, 1, 0) >= 0)
			xsk_receive(to, seen);
		xsk_complete(xsk);
		if (xsk_now() > end)
			errx(1, "%u of a batch of %u stay behind", at + n - *xsk->tx.consumer, n);
	}
}

static void xsk_run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Whoever takes the frames does so where it was called, so that it never finds the ring empty. */
static void xsk_flood(struct xsk *xsk, unsigned int seconds)
{
	uint64_t end = xsk_now() + seconds * 1000000000ull, moved = 0, now;
	uint32_t at = *xsk->tx.producer, seen = at - 1, i;

	for (i = 0; i < XSK_RING; i++) {
		((struct xdp_desc *)xsk->tx.slots)[i] = (struct xdp_desc){ .addr = i * XSK_SIZE, .len = opt_len };
		xsk_number(xsk->umem + i * XSK_SIZE, i);
	}
	while ((now = xsk_now()) < end) {
		at = __atomic_load_n(xsk->tx.consumer, __ATOMIC_ACQUIRE);
		xsk_complete(xsk);
		__atomic_store_n(xsk->tx.producer, at + XSK_RING, __ATOMIC_RELEASE);
		if (at != seen) {
			seen = at;
			moved = now;
		} else if (now - moved > 10000000) {
			xsk_run_on(0);
			xsk_wake(xsk);
			xsk_run_on(1);
			moved = now;
		}
	}
	printf("tx sent=%u\n", at);
}

static void xsk_wait(struct xsk *xsk, struct xsk_seen *seen, unsigned int frames)
{
	struct pollfd pollfd = { .fd = xsk->fd, .events = POLLIN };

	xsk_receive(xsk, seen);
	while (seen->frames < frames && poll(&pollfd, 1, opt_wait) > 0)
		xsk_receive(xsk, seen);
}

int main(int argc, char **argv)
{
	struct xsk_seen seen = { .last = -1 };
	const char *tx = NULL, *rx = NULL;
	struct xsk from = { }, to = { };
	unsigned int i, sent, flood = 0;
	uint64_t start;
	int opt;

	while ((opt = getopt(argc, argv, "T:R:c:l:w:z:nb:f:v:F:")) != -1) {
		switch (opt) {
		case 'T':
			tx = optarg;
			break;
		case 'R':
			rx = optarg;
			break;
		case 'c':
			opt_count = atoi(optarg);
			break;
		case 'l':
			opt_len = atoi(optarg);
			break;
		case 'w':
			opt_wait = atoi(optarg);
			break;
		case 'z':
			opt_sides = optarg;
			break;
		case 'n':
			opt_need_wakeup = true;
			break;
		case 'b':
			opt_batch = atoi(optarg);
			break;
		case 'f':
			opt_frames = atoi(optarg);
			break;
		case 'v':
			opt_verdict = atoi(optarg);
			break;
		case 'F':
			flood = atoi(optarg);
			break;
		default:
			errx(2, "usage: xsk -T NS:DEV [-R NS:DEV] [OPTION]...; see the source");
		}
	}
	if (!tx || opt_len < 60 || opt_len > XSK_SIZE - 512)
		errx(2, "-T is needed, and a length that fits");
	if (!opt_batch || opt_batch > XSK_RING || opt_frames > XSK_RING)
		errx(2, "more than a ring has room for");
	opt_wait *= slow_times();
	if (rx) {
		xsk_open(&to, rx);
		for (i = 0; i < opt_frames; i++)
			xsk_fill(&to, (uint64_t)i * XSK_SIZE);
		xsk_bind(&to, 'r');
		xsk_attach(&to);
	}
	xsk_open(&from, tx);
	xsk_bind(&from, 't');
	if (flood) {
		xsk_flood(&from, flood);
		return 0;
	}
	start = xsk_now();
	for (sent = 0; sent < opt_count; ) {
		unsigned int n = opt_count - sent < opt_batch ? opt_count - sent : opt_batch;

		xsk_send(&from, sent, n, rx ? &to : NULL, &seen);
		sent += n;
		if (rx && opt_verdict < 0)
			xsk_wait(&to, &seen, sent);
	}
	printf("tx sent=%u cost=%llu\n", sent, (unsigned long long)((xsk_now() - start) * 1000 / sent));
	printf("rx frames=%u wrong=%u late=%u\n", seen.frames, seen.wrong, seen.late);
	return 0;
}
