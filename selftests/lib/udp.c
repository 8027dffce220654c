// SPDX-License-Identifier: GPL-2.0
/*
 * UDP between two namespaces, every byte checked by the receiver, with segmentation and its reverse where asked for.
 *
 *	udp -c CLIENT_NS -s SERVER_NS [OPTION...] ADDR
 *
 * The receiver has its socket before the sender begins, and ends when all has come or when none has come for a while.
 *	-n COUNT	how often to send (default 100)
 *	-l LEN		bytes to send at a time (default 1000)
 *	-g SEGMENT	sent as datagrams of this size (UDP_SEGMENT)
 *	-G		the receiver takes several datagrams at once (UDP_GRO)
 * Prints "bytes=N reads=N longest=N segment=N": what came, in how many reads, the longest of them, and the size of the
 * datagrams that the kernel names for those of UDP_GRO. Status 0: all came, in order and as sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netns.h"
#include "slow.h"

#define UDP_PORT	"5202"
#define UDP_WAIT_MS	2000
#define UDP_SEGMENT	103
#define UDP_GRO		104

static const char *client_ns = "", *server_ns = "";
static unsigned long count = 100;
static unsigned int len = 1000, segment;
static bool gro;

struct udp_result {
	unsigned long long bytes;
	unsigned long reads, longest;
	int segment;
};

/* Does not repeat at a power of two, so that a datagram in the wrong place is seen. */
static unsigned char udp_byte(unsigned long long at)
{
	return at % 251;
}

static struct addrinfo *udp_address(const char *text)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM }, *ai;
	int rc = getaddrinfo(text, UDP_PORT, &hints, &ai);

	if (rc)
		errx(2, "%s: %s", text, gai_strerror(rc));
	return ai;
}

static int udp_socket(const struct addrinfo *ai, bool receiver)
{
	int fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1, size = 64 << 20;

	if (fd < 0)
		err(1, "socket");
	/* Datagrams are to be lost nowhere but on the way. */
	setsockopt(fd, SOL_SOCKET, receiver ? SO_RCVBUFFORCE : SO_SNDBUFFORCE, &size, sizeof(size));
	if (receiver ? bind(fd, ai->ai_addr, ai->ai_addrlen) : connect(fd, ai->ai_addr, ai->ai_addrlen))
		err(1, "%s", receiver ? "bind" : "connect");
	if (receiver && gro && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof(one)))
		err(1, "UDP_GRO");
	if (!receiver && segment && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)))
		err(1, "UDP_SEGMENT");
	return fd;
}

static void udp_drain(int fd, struct udp_result *result)
{
	static unsigned char buffer[1 << 17];
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = buffer, .iov_len = sizeof(buffer) };
	struct cmsghdr *cmsg;
	ssize_t got, i;

	for (;;) {
		struct msghdr msg = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control),
		};

		got = recvmsg(fd, &msg, MSG_DONTWAIT);
		if (got < 0)
			return;
		for (i = 0; i < got; i++)
			if (buffer[i] != udp_byte(result->bytes + i))
				errx(1, "wrong data at byte %llu", result->bytes + i);
		result->bytes += got;
		result->reads++;
		if ((unsigned long)got > result->longest)
			result->longest = got;
		cmsg = CMSG_FIRSTHDR(&msg);
		if (cmsg && cmsg->cmsg_level == IPPROTO_UDP && cmsg->cmsg_type == UDP_GRO)
			memcpy(&result->segment, CMSG_DATA(cmsg), sizeof(result->segment));
	}
}

static void udp_send(int fd, unsigned long nr)
{
	static unsigned char buffer[1 << 16];
	unsigned int i;

	for (i = 0; i < len; i++)
		buffer[i] = udp_byte((unsigned long long)nr * len + i);
	if (send(fd, buffer, len, 0) != (ssize_t)len)
		err(1, "send");
}

int main(int argc, char **argv)
{
	struct udp_result result = {};
	struct pollfd pfd;
	struct addrinfo *ai;
	unsigned long nr;
	int rx, tx, c;

	while ((c = getopt(argc, argv, "c:s:n:l:g:G")) != -1) {
		switch (c) {
		case 'c':
			client_ns = optarg;
			break;
		case 's':
			server_ns = optarg;
			break;
		case 'n':
			count = strtoul(optarg, NULL, 0);
			break;
		case 'l':
			len = strtoul(optarg, NULL, 0);
			break;
		case 'g':
			segment = strtoul(optarg, NULL, 0);
			break;
		case 'G':
			gro = true;
			break;
		default:
			return 2;
		}
	}
	if (optind != argc - 1 || len > 65507)
		errx(2, "one address is needed, and a length of at most 65507");
	ai = udp_address(argv[optind]);
	netns_enter(server_ns);
	rx = udp_socket(ai, true);
	netns_enter(client_ns);
	tx = udp_socket(ai, false);
	for (nr = 0; nr < count; nr++) {
		udp_send(tx, nr);
		udp_drain(rx, &result);
	}
	pfd = (struct pollfd){ .fd = rx, .events = POLLIN };
	while (result.bytes < (unsigned long long)count * len && poll(&pfd, 1, UDP_WAIT_MS * slow_times()) > 0)
		udp_drain(rx, &result);
	printf("bytes=%llu reads=%lu longest=%lu segment=%d\n", result.bytes, result.reads, result.longest, result.segment);
	if (result.bytes != (unsigned long long)count * len)
		errx(1, "%llu bytes came, %llu were sent", result.bytes, (unsigned long long)count * len);
	return 0;
}
