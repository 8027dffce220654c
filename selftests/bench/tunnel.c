// SPDX-License-Identifier: GPL-2.0
/*
 * A tunnel without encryption: packets between a tun device and a UDP socket that is connected to the other end of the
 * tunnel, until it is killed. Says "ready" on stdout.
 *
 *	tunnel rings|calls NS DEVICE LOCAL REMOTE
 *
 * rings: of /dev/net/vtun, by libvtun. What there is of packets of one size goes out by one call, as a datagram for the
 * socket to cut up (UDP_SEGMENT), and what the socket has put together comes in by one (UDP_GRO).
 * calls: of /dev/net/tun; read, send, recv and write, a packet for each, until there are no more, which is what a program
 * can do there.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libvtun.h"
#include "../lib/netns.h"

#define PORT	5002
#define BATCH	32
/* What one datagram may hold, less the room that its headers take. */
#define MOST	65000

static unsigned char buffer[65536];

static int tunnel_socket(const char *local, const char *remote)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 4 << 20;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		err(1, "socket");
	if (inet_pton(AF_INET, local, &addr.sin_addr) != 1 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "%s", local);
	if (inet_pton(AF_INET, remote, &addr.sin_addr) != 1 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "%s", remote);
	return fd;
}

static void tunnel_poll(int device, int sock)
{
	struct pollfd fds[] = { { .fd = device, .events = POLLIN }, { .fd = sock, .events = POLLIN } };

	if (poll(fds, 2, -1) < 0 || (fds[0].revents | fds[1].revents) & ~(POLLIN | POLLOUT))
		err(1, "poll");
}

/* ---- a call for each packet ---- */

static int calls_open(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		err(1, "%s", name);
	return fd;
}

static void calls_forward(int device, int sock)
{
	ssize_t n;

	while ((n = read(device, buffer, sizeof(buffer))) > 0)
		if (send(sock, buffer, n, 0) != n)
			err(1, "send");
	while ((n = recv(sock, buffer, sizeof(buffer), 0)) > 0)
		if (write(device, buffer, n) != n)
			err(1, "write");
}

/* ---- rings ---- */

/* Those at the beginning that one datagram can hold: of one size, but for the last. */
static unsigned int rings_alike(const struct vtun_frame *frames, unsigned int n)
{
	unsigned int i, bytes = 0;

	for (i = 0; i < n; i++) {
		bytes += frames[i].len;
		if (frames[i].len > frames[0].len || bytes > MOST)
			break;
		if (frames[i].len < frames[0].len)
			return i + 1;
	}
	return i;
}

static void rings_send(int sock, const struct vtun_frame *frames, unsigned int n)
{
	char control[CMSG_SPACE(sizeof(uint16_t))] = {};
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct iovec iov[BATCH * 2];
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	uint16_t size = frames[0].len;
	unsigned int i;

	cmsg->cmsg_level = SOL_UDP;
	cmsg->cmsg_type = UDP_SEGMENT;
	cmsg->cmsg_len = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(cmsg), &size, sizeof(size));
	for (i = 0; i < n; i++) {
		if (frames[i].pieces > 2)
			errx(1, "a packet in many pieces");
		memcpy(iov + msg.msg_iovlen, frames[i].piece, frames[i].pieces * sizeof(*iov));
		msg.msg_iovlen += frames[i].pieces;
	}
	msg.msg_iov = iov;
	if (sendmsg(sock, &msg, 0) < 0)
		err(1, "sendmsg");
}

static bool rings_outwards(struct vtun *v, int sock)
{
	static struct vtun_frame frames[BATCH];
	unsigned int n = vtun_peek(v, frames, BATCH), at, some;

	for (at = 0; at < n; at += some) {
		some = rings_alike(frames + at, n - at);
		rings_send(sock, frames + at, some);
	}
	if (n)
		vtun_release(v, n);
	return n;
}

/* The size of the packets that a datagram was put together from. */
static size_t rings_size(struct msghdr *msg, size_t whole)
{
	struct cmsghdr *cmsg;
	int size;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level == SOL_UDP && cmsg->cmsg_type == UDP_GRO) {
			memcpy(&size, CMSG_DATA(cmsg), sizeof(size));
			return size;
		}
	}
	return whole;
}

static bool rings_inwards(struct vtun *v, int sock)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { buffer, sizeof(buffer) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(sock, &msg, 0), at;
	struct iovec piece;
	size_t size;

	if (n <= 0)
		return false;
	size = rings_size(&msg, n);
	for (at = 0; at < n; at += piece.iov_len) {
		piece = (struct iovec){ buffer + at, (size_t)(n - at) < size ? (size_t)(n - at) : size };
		while (vtun_send(v, NULL, &piece, 1) == -EAGAIN)
			if (vtun_submit(v))
				errx(1, "the ring is full");
	}
	vtun_submit(v);
	return true;
}

static void rings(const char *name, int sock)
{
	struct vtun_options options = { .flags = IFF_TUN, .how = VTUN_RINGS };
	struct vtun *v = vtun_open(name, &options);
	int one = 1;

	if (!v || setsockopt(sock, SOL_UDP, UDP_GRO, &one, sizeof(one)))
		err(1, "%s", name);
	puts("ready");
	fflush(stdout);
	for (;;) {
		bool some = rings_outwards(v, sock);

		some |= rings_inwards(v, sock);
		if (some)
			continue;
		if (vtun_arm(v))
			tunnel_poll(vtun_fd(v), sock);
		vtun_disarm(v);
	}
}

static void calls(const char *name, int sock)
{
	int device = calls_open(name);

	puts("ready");
	fflush(stdout);
	for (;;) {
		tunnel_poll(device, sock);
		calls_forward(device, sock);
	}
}

int main(int argc, char **argv)
{
	int sock;

	if (argc != 6 || (strcmp(argv[1], "rings") && strcmp(argv[1], "calls")))
		errx(2, "usage: tunnel rings|calls NS DEVICE LOCAL REMOTE");
	netns_enter(argv[2]);
	sock = tunnel_socket(argv[4], argv[5]);
	if (!strcmp(argv[1], "rings"))
		rings(argv[3], sock);
	calls(argv[3], sock);
	return 0;
}
