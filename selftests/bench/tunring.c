// SPDX-License-Identifier: GPL-2.0
/*
 * What a frame between a program and a TAP device costs, by mapped rings or by read and write: thousandths of a
 * nanosecond on stdout.
 *
 *	tunring ring|rw write|up|read SIZE COUNT
 *	tunring ring|rw cross SIZE COUNT FROM TO
 *
 * ring: /dev/net/vtun and its mapped rings, BATCH frames at a time. rw: /dev/net/tun, a frame for each system call.
 * write: COUNT frames of SIZE bytes, up to their drop, being for another host.
 * up: the same with the device's own address: the stack drops them where their IP header's checksum is wrong.
 * read: COUNT frames are sent through the device by a socket, and taken by the program. Both count, less what sending
 * costs where the device has no carrier, which drops the frame in front of the device. A frame is copied into a ring
 * where it is sent, so that to count the program's part alone would be to count nothing.
 * cross: COUNT frames are written into the device FROM, and taken from the device TO, both of which are there, up, with a
 * bridge between them that knows where the frames' destination is.
 * A program makes a frame's bytes, and does something with those that it gets: by either way, each of them is copied once
 * by the program itself, into the ring or the buffer for write, and out of the ring or the buffer of read.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../include/uapi/vnet/vtun_ring.h"
#include "clock.h"

#define BATCH	32
#define ENTRIES	256
#define CHUNK	2048

/* A device, as a program has it. */
struct end {
	bool ring;
	int fd;
	struct ifreq ifr;
	const unsigned char *kernel;
	unsigned char *user;
	struct vtun_ring_setup setup;
	uint32_t rx, tx;
};

static unsigned char frame[CHUNK] = {
	0x02, 0, 0, 0, 0x0b, 0xad, 0x02, 0, 0, 0, 0, 0x01, 0x08, 0x00,
	0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17,
};

static unsigned char buffer[CHUNK], taken[CHUNK];
static size_t size;
static bool own_address;

static void end_map(struct end *e)
{
	e->setup = (struct vtun_ring_setup){
		.size = sizeof(e->setup), .version = VTUN_RING_VERSION,
		.rx_entries = ENTRIES, .tx_entries = ENTRIES, .chunk_size = CHUNK,
	};
	if (ioctl(e->fd, VTUN_RING_SETUP, &e->setup))
		err(1, "VTUN_RING_SETUP");
	e->kernel = mmap(NULL, e->setup.kernel.size, PROT_READ, MAP_SHARED | MAP_POPULATE, e->fd,
			 e->setup.kernel.offset);
	e->user = mmap(NULL, e->setup.user.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, e->fd,
		       e->setup.user.offset);
	if (e->kernel == MAP_FAILED || e->user == MAP_FAILED)
		err(1, "mmap");
}

static void end_open(struct end *e, bool ring, const char *name)
{
	const char *node = ring ? "/dev/net/vtun" : "/dev/net/tun";
	int ctl = socket(AF_INET, SOCK_DGRAM, 0);

	memset(e, 0, sizeof(*e));
	e->ring = ring;
	e->fd = open(node, O_RDWR | O_NONBLOCK);
	if (e->fd < 0)
		err(1, "%s", node);
	snprintf(e->ifr.ifr_name, IFNAMSIZ, "%s", name);
	e->ifr.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(e->fd, TUNSETIFF, &e->ifr))
		err(1, "TUNSETIFF %s", name);
	if (ring)
		end_map(e);
	if (own_address) {
		e->ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
		memcpy(e->ifr.ifr_hwaddr.sa_data, frame, ETH_ALEN);
		if (ioctl(e->fd, SIOCSIFHWADDR, &e->ifr))
			err(1, "%s: address", name);
	}
	e->ifr.ifr_flags = IFF_UP;
	if (ctl < 0 || ioctl(ctl, SIOCSIFFLAGS, &e->ifr))
		err(1, "%s: up", name);
	close(ctl);
}

/* BATCH frames. Their bytes come from elsewhere, and are copied to where they are sent from. */
static void end_write(struct end *e)
{
	struct vtun_ring_desc *descs = (void *)(e->user + e->setup.tx.descs);
	struct vtun_ring_side *side = (void *)(e->user + e->setup.tx.user);
	unsigned int i, slot;

	for (i = 0; i < BATCH; i++) {
		if (!e->ring) {
			memcpy(buffer, frame, size);
			if (write(e->fd, buffer, size) != (ssize_t)size)
				err(1, "write");
			continue;
		}
		slot = e->tx++ & (ENTRIES - 1);
		memcpy(e->user + e->setup.tx.chunks + slot * CHUNK, frame, size);
		descs[slot] = (struct vtun_ring_desc){ .len = size };
	}
	if (!e->ring)
		return;
	__atomic_store_n(&side->index, e->tx, __ATOMIC_RELEASE);
	if (ioctl(e->fd, VTUN_RING_ENTER, VTUN_RING_ENTER_TX) != BATCH)
		err(1, "VTUN_RING_ENTER");
}

/* Gives back what has been taken, and says so where that is asked for. */
static void end_release(const struct end *e)
{
	const struct vtun_ring_side *kernel = (const void *)(e->kernel + e->setup.rx.kernel);
	struct vtun_ring_side *user = (void *)(e->user + e->setup.rx.user);

	__atomic_store_n(&user->index, e->rx, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&kernel->flags, __ATOMIC_RELAXED) & VTUN_RING_NEED_ENTER &&
	    __atomic_load_n(&kernel->index, __ATOMIC_ACQUIRE) - e->rx <= ENTRIES / 2 &&
	    ioctl(e->fd, VTUN_RING_ENTER, VTUN_RING_ENTER_RX))
		err(1, "VTUN_RING_ENTER");
}

/* BATCH frames, which are there, and whose bytes are copied to elsewhere. */
static void end_read(struct end *e)
{
	const struct vtun_ring_desc *descs = (const void *)(e->kernel + e->setup.rx.descs);
	const struct vtun_ring_side *kernel = (const void *)(e->kernel + e->setup.rx.kernel);
	unsigned int i, slot;

	for (i = 0; i < BATCH; i++) {
		if (!e->ring) {
			if (read(e->fd, buffer, sizeof(buffer)) != (ssize_t)size)
				err(1, "read");
			memcpy(taken, buffer, size);
			continue;
		}
		if (__atomic_load_n(&kernel->index, __ATOMIC_ACQUIRE) == e->rx)
			errx(1, "a frame is missing");
		slot = e->rx++ & (ENTRIES - 1);
		if (descs[slot].len != size)
			errx(1, "a frame of another size");
		memcpy(taken, e->kernel + e->setup.rx.chunks + slot * CHUNK + descs[slot].off, size);
	}
	if (e->ring)
		end_release(e);
}

/* What others have sent, and the kernel of itself. */
static void end_drain(struct end *e)
{
	const struct vtun_ring_side *kernel = (const void *)(e->kernel + e->setup.rx.kernel);

	if (e->ring) {
		e->rx = __atomic_load_n(&kernel->index, __ATOMIC_ACQUIRE);
		end_release(e);
		return;
	}
	while (read(e->fd, buffer, sizeof(buffer)) > 0)
		;
}

static uint64_t measure_write(struct end *e, unsigned long count)
{
	uint64_t start;

	end_write(e);
	start = bench_now();
	for (; count; count -= BATCH)
		end_write(e);
	return bench_now() - start;
}

static int feeder(const char *name)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "packet socket");
	return fd;
}

static uint64_t feed(int fd)
{
	uint64_t start = bench_now();
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		(void)!send(fd, frame, size, 0);
	return bench_now() - start;
}

static uint64_t measure_read(struct end *e, unsigned long count)
{
	int fd = feeder(e->ifr.ifr_name), carrier = 0;
	uint64_t start, sum = 0, base = 0;
	unsigned long n;

	if (ioctl(e->fd, TUNSETCARRIER, &carrier))
		err(1, "TUNSETCARRIER");
	feed(fd);
	for (n = count; n; n -= BATCH)
		base += feed(fd);
	carrier = 1;
	if (ioctl(e->fd, TUNSETCARRIER, &carrier))
		err(1, "TUNSETCARRIER");
	/* Whoever is told of that. */
	usleep(100000);
	for (n = count + BATCH; n; n -= BATCH) {
		end_drain(e);
		start = feed(fd);
		if (n <= count)
			sum += start;
		start = bench_now();
		end_read(e);
		if (n <= count)
			sum += bench_now() - start;
	}
	return sum - base;
}

static uint64_t measure_cross(struct end *from, struct end *to, unsigned long count)
{
	uint64_t start, sum = 0;
	unsigned long n;

	for (n = count + BATCH; n; n -= BATCH) {
		end_drain(to);
		start = bench_now();
		end_write(from);
		end_read(to);
		if (n <= count)
			sum += bench_now() - start;
	}
	return sum;
}

int main(int argc, char **argv)
{
	unsigned long count;
	struct end e, to;
	uint64_t ns;
	bool ring;

	if (argc != 5 && argc != 7)
		errx(2, "usage: tunring ring|rw write|up|read|cross SIZE COUNT [FROM TO]");
	ring = !strcmp(argv[1], "ring");
	size = strtoul(argv[3], NULL, 0);
	count = (strtoul(argv[4], NULL, 0) + BATCH - 1) / BATCH * BATCH;
	if (size < 60 || size > CHUNK || !count)
		errx(2, "SIZE is 60 to %d, COUNT at least 1", CHUNK);
	own_address = !strcmp(argv[2], "up");
	end_open(&e, ring, argc == 7 ? argv[5] : "bench%d");
	if (argc == 7) {
		end_open(&to, ring, argv[6]);
		/* A port that has only now got its carrier. */
		usleep(200000);
		ns = measure_cross(&e, &to, count);
	} else if (own_address || !strcmp(argv[2], "write")) {
		ns = measure_write(&e, count);
	} else {
		ns = measure_read(&e, count);
	}
	bench_print(ns, count);
	return 0;
}
