// SPDX-License-Identifier: GPL-2.0
/*
 * AF_XDP in copy mode: sends numbered frames from one device's socket and receives them with another's, to which a
 * program of its own redirects what comes.
 *
 *	xsk -T NS:DEV [-R NS:DEV] [-c COUNT] [-l LEN] [-w MS]
 *
 * Without -R the frames are only sent. Prints
 *	tx sent= cost=		cost: thousandths of a nanosecond for each frame, until the last was received
 *	rx frames= wrong= late=	wrong: not what was sent
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "bpf.h"
#include "netns.h"

#define XSK_RING	2048
#define XSK_FRAMES	(2 * XSK_RING)
#define XSK_SIZE	4096
#define XSK_BATCH	32

struct xsk_ring {
	uint32_t *producer, *consumer;
	void *slots;
};

struct xsk {
	int fd, ifindex;
	char *umem;
	struct xsk_ring fill, completion, rx, tx;
};

static unsigned int opt_count = 1000, opt_len = 60, opt_wait = 1000;

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

static void xsk_bind(const struct xsk *xsk)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = xsk->ifindex,
	};

	if (bind(xsk->fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "bind the AF_XDP socket");
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

	bpf_map_set(map, 0, &xsk->fd);
	bpf_attach_xdp(bpf_load(BPF_PROG_TYPE_XDP, insns, sizeof(insns) / sizeof(insns[0]), 0), xsk->ifindex);
}

static void xsk_number(char *frame, uint32_t nr)
{
	memset(frame, 0xff, ETH_ALEN);
	memcpy(frame + ETH_ALEN, "\2\0\0\0\0\1\x88\xb5", 8);
	memcpy(frame + ETH_HLEN, &nr, sizeof(nr));
}

static void xsk_send(struct xsk *xsk, uint32_t first, unsigned int n)
{
	uint32_t at = *xsk->tx.producer;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct xdp_desc *desc = &((struct xdp_desc *)xsk->tx.slots)[(at + i) % XSK_RING];

		*desc = (struct xdp_desc){ .addr = ((at + i) % XSK_RING) * XSK_SIZE, .len = opt_len };
		xsk_number(xsk->umem + desc->addr, first + i);
	}
	__atomic_store_n(xsk->tx.producer, at + n, __ATOMIC_RELEASE);
	/* The kernel sends thirty-two for each call, and may be busy. */
	while (__atomic_load_n(xsk->tx.consumer, __ATOMIC_ACQUIRE) != at + n) {
		if (sendto(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN && errno != EBUSY &&
		    errno != ENOBUFS)
			err(1, "send");
		__atomic_store_n(xsk->completion.consumer,
				 __atomic_load_n(xsk->completion.producer, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	}
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
	unsigned int i, sent;
	uint64_t start;
	int opt;

	while ((opt = getopt(argc, argv, "T:R:c:l:w:")) != -1) {
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
		default:
			errx(2, "usage: xsk -T NS:DEV [-R NS:DEV] [-c COUNT] [-l LEN] [-w MS]");
		}
	}
	if (!tx || opt_len < 60 || opt_len > XSK_SIZE - 512)
		errx(2, "-T is needed, and a length that fits");
	if (rx) {
		xsk_open(&to, rx);
		for (i = 0; i < XSK_RING; i++)
			xsk_fill(&to, (uint64_t)i * XSK_SIZE);
		xsk_bind(&to);
		xsk_attach(&to);
	}
	xsk_open(&from, tx);
	xsk_bind(&from);
	start = xsk_now();
	for (sent = 0; sent < opt_count; ) {
		unsigned int n = opt_count - sent < XSK_BATCH ? opt_count - sent : XSK_BATCH;

		xsk_send(&from, sent, n);
		sent += n;
		if (rx)
			xsk_wait(&to, &seen, sent);
	}
	printf("tx sent=%u cost=%llu\n", sent, (unsigned long long)((xsk_now() - start) * 1000 / sent));
	printf("rx frames=%u wrong=%u late=%u\n", seen.frames, seen.wrong, seen.late);
	return 0;
}
