// SPDX-License-Identifier: GPL-2.0
/*
 * A tap device with somebody at its other side, who counts IPv4 frames.
 *
 *	tap NAME COUNT
 *
 * Makes the device, sets it up and prints "ready"; ends when COUNT frames have come, or none for two seconds, and prints
 *	rx0 frames=
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int tap_open(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || sock < 0)
		err(4, "/dev/net/tun");
	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr))
		err(1, "TUNSETIFF");
	if (ioctl(sock, SIOCGIFFLAGS, &ifr))
		err(1, "SIOCGIFFLAGS");
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &ifr))
		err(1, "SIOCSIFFLAGS");
	close(sock);
	return fd;
}

int main(int argc, char **argv)
{
	unsigned int count, frames = 0;
	struct pollfd pollfd = { .events = POLLIN };
	unsigned char frame[65536];

	if (argc != 3)
		errx(2, "usage: tap NAME COUNT");
	count = atoi(argv[2]);
	pollfd.fd = tap_open(argv[1]);
	printf("ready\n");
	fflush(stdout);
	/* The first may take its time. */
	while (frames < count && poll(&pollfd, 1, frames ? 2000 : 20000) > 0)
		frames += read(pollfd.fd, frame, sizeof(frame)) > 14 && frame[12] == 8 && !frame[13];
	printf("rx0 frames=%u\n", frames);
	return 0;
}
