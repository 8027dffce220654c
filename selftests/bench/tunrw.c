// SPDX-License-Identifier: GPL-2.0
/*
 * What a frame through the file descriptor of a TUN/TAP device costs: thousandths of a nanosecond on stdout.
 *
 *	tunrw NODE write|read SIZE COUNT
 *
 * NODE is the device node, /dev/net/tun or one that speaks the same calls. A tap device is made on it, and
 * goes with it.
 * write: COUNT frames of SIZE bytes, one in each call, that the stack drops at once, being for another host.
 * read: COUNT frames of SIZE bytes, one in each call; they are put into the device in advance, which is not
 * counted.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

/*
 * Fits into the shortest queue in use, and into the memory that the slab allocator keeps at hand: whether slabs go
 * back to the page allocator depends on what else was freed before.
 */
#define TUNRW_BATCH	32
#define TUNRW_MAX	2048

static unsigned char frame[TUNRW_MAX] = {
	0x02, 0, 0, 0, 0x0b, 0xad, 0x02, 0, 0, 0, 0, 0x01, 0x08, 0x00,
	0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17,
};

static size_t size;

static int tunrw_open(const char *node, struct ifreq *ifr)
{
	int fd = open(node, O_RDWR | O_NONBLOCK), ctl;

	if (fd < 0)
		err(1, "%s", node);
	ifr->ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, ifr))
		err(1, "TUNSETIFF");
	ctl = socket(AF_INET, SOCK_DGRAM, 0);
	ifr->ifr_flags = IFF_UP;
	if (ctl < 0 || ioctl(ctl, SIOCSIFFLAGS, ifr))
		err(1, "%s: up", ifr->ifr_name);
	close(ctl);
	return fd;
}

static uint64_t tunrw_write(int fd, unsigned long count)
{
	uint64_t start = bench_now();

	while (count--)
		if (write(fd, frame, size) != (ssize_t)size)
			err(1, "write");
	return bench_now() - start;
}

/* A socket that sends through the device and never sees a frame. */
static int tunrw_feeder(const char *name)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;

	/* All of them wait in the device, and none in a queueing discipline, whatever limit that keeps to. */
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "packet socket");
	return fd;
}

static uint64_t tunrw_read(int fd, int feeder, unsigned long count)
{
	static unsigned char buffer[TUNRW_MAX];
	uint64_t start, sum = 0;
	unsigned int i;

	for (; count; count -= TUNRW_BATCH) {
		/* What was sent by others has to be out of the way. */
		while (read(fd, buffer, sizeof(buffer)) > 0)
			;
		for (i = 0; i < TUNRW_BATCH; i++)
			if (send(feeder, frame, size, 0) != (ssize_t)size)
				err(1, "send");
		start = bench_now();
		for (i = 0; i < TUNRW_BATCH; i++)
			if (read(fd, buffer, sizeof(buffer)) <= 0)
				err(1, "read");
		sum += bench_now() - start;
	}
	return sum;
}

int main(int argc, char **argv)
{
	struct ifreq ifr = { .ifr_name = "bench%d" };
	unsigned long count;
	uint64_t ns;
	int fd;

	if (argc != 5)
		errx(2, "usage: tunrw NODE write|read SIZE COUNT");
	size = strtoul(argv[3], NULL, 0);
	count = (strtoul(argv[4], NULL, 0) + TUNRW_BATCH - 1) / TUNRW_BATCH * TUNRW_BATCH;
	if (size < 60 || size > sizeof(frame) || !count)
		errx(2, "SIZE is 60 to %d, COUNT at least 1", TUNRW_MAX);
	fd = tunrw_open(argv[1], &ifr);
	if (!strcmp(argv[2], "write")) {
		tunrw_write(fd, TUNRW_BATCH);
		ns = tunrw_write(fd, count);
	} else {
		ns = tunrw_read(fd, tunrw_feeder(ifr.ifr_name), count);
	}
	bench_print(ns, count);
	return 0;
}
