// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams that the kernel cuts into equal parts (UDP_SEGMENT); a device that cannot do that is given the parts of each
 * as one burst.
 *
 *	udpgso NS ADDR COUNT PARTS	COUNT datagrams of PARTS parts with 1000 bytes each, one every 2 ms, to port 9
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "netns.h"

#define UDPGSO_SEGMENT	103	/* UDP_SEGMENT of <linux/udp.h> */
#define UDPGSO_PART	1000
#define UDPGSO_PARTS	60

int main(int argc, char **argv)
{
	static const struct timespec pause = { .tv_nsec = 2000000 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	static char data[UDPGSO_PART * UDPGSO_PARTS];
	int fd, count, parts, part = UDPGSO_PART;

	if (argc != 5 || inet_pton(AF_INET, argv[2], &to.sin_addr) != 1)
		errx(2, "usage: udpgso NS ADDR COUNT PARTS");
	count = atoi(argv[3]);
	parts = atoi(argv[4]);
	if (parts < 1 || parts > UDPGSO_PARTS)
		errx(2, "1 to %d parts", UDPGSO_PARTS);
	netns_enter(argv[1]);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_UDP, UDPGSO_SEGMENT, &part, sizeof(part)))
		err(1, "socket");
	while (count--) {
		if (sendto(fd, data, parts * part, 0, (void *)&to, sizeof(to)) < 0)
			err(1, "sendto");
		nanosleep(&pause, NULL);
	}
	return 0;
}
