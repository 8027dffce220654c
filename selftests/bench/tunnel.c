// SPDX-License-Identifier: GPL-2.0
/*
 * A tunnel without encryption: packets between a tun device and a UDP socket that is connected to the other end of the
 * tunnel, until it is killed. Says "ready" on stdout.
 *
 *	tunnel rings|offload|calls NS DEVICE LOCAL REMOTE
 *
 * rings: of /dev/net/vtun, by libvtun. What there is of packets of one size goes out by one call, as a datagram for the
 * socket to cut up (UDP_SEGMENT), and what the socket has put together comes in by one (UDP_GRO). In front of each packet
 * goes its virtio_net_hdr, so that nobody sums up what the tunnel vouches for; and datagrams of one flow are one
 * super-frame for the device.
 * offload: all of that by read and write, of /dev/net/tun.
 * calls: of /dev/net/tun; read, send, recv and write, a packet for each, until there are no more, as the plain program does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
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

/* Since Linux 6.2. */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/* What a datagram of the tunnel begins with, where it is one of UDP over IPv4. */
struct packet {
	struct virtio_net_hdr hdr;	/* little-endian */
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

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

/* ---- many packets at a time ---- */

/* Those at the beginning that one datagram can hold: of one size, but for the last. */
static unsigned int frames_alike(const struct vtun_frame *frames, unsigned int n)
{
	unsigned int i, bytes = 0;

	for (i = 0; i < n; i++) {
		bytes += sizeof(frames[i].hdr) + frames[i].len;
		if (frames[i].len > frames[0].len || bytes > MOST)
			break;
		if (frames[i].len < frames[0].len)
			return i + 1;
	}
	return i;
}

static void frames_send(int sock, struct vtun_frame *frames, unsigned int n)
{
	char control[CMSG_SPACE(sizeof(uint16_t))] = {};
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	uint16_t size = sizeof(frames[0].hdr) + frames[0].len;
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	struct iovec iov[BATCH * 3];
	unsigned int i;

	cmsg->cmsg_level = SOL_UDP;
	cmsg->cmsg_type = UDP_SEGMENT;
	cmsg->cmsg_len = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(cmsg), &size, sizeof(size));
	for (i = 0; i < n; i++) {
		if (frames[i].pieces > 2)
			errx(1, "a packet in many pieces");
		iov[msg.msg_iovlen++] = (struct iovec){ &frames[i].hdr, sizeof(frames[i].hdr) };
		memcpy(iov + msg.msg_iovlen, frames[i].piece, frames[i].pieces * sizeof(*iov));
		msg.msg_iovlen += frames[i].pieces;
	}
	msg.msg_iov = iov;
	if (sendmsg(sock, &msg, 0) < 0)
		err(1, "sendmsg");
}

static bool outwards(struct vtun *v, int sock)
{
	static struct vtun_frame frames[BATCH];
	unsigned int n = vtun_peek(v, frames, BATCH), at, some;

	for (at = 0; at < n; at += some) {
		some = frames_alike(frames + at, n - at);
		frames_send(sock, frames + at, some);
	}
	if (n)
		vtun_release(v, n);
	return n;
}

/* The size of the packets that a datagram was put together from. */
static size_t datagram_size(struct msghdr *msg, size_t whole)
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

/* The sum of @n 16-bit words, and of @sum, folded. */
static uint16_t words_sum(const void *words, unsigned int n, uint32_t sum)
{
	uint16_t word;

	for (; n; n--, words = (const char *)words + sizeof(word)) {
		memcpy(&word, words, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return sum + (sum >> 16);
}

/* One of UDP, whole, and with its checksum to be filled in; @len is that of both. */
static bool packet_is_udp(const struct packet *p, size_t len)
{
	return len > sizeof(*p) && p->hdr.flags == VIRTIO_NET_HDR_F_NEEDS_CSUM && !p->hdr.gso_type &&
	       p->hdr.csum_start == htole16(sizeof(p->ip)) &&
	       p->hdr.csum_offset == htole16(offsetof(struct udphdr, check)) &&
	       p->ip.version == 4 && p->ip.ihl == 5 && p->ip.protocol == IPPROTO_UDP && p->ip.frag_off == htons(IP_DF) &&
	       p->ip.tot_len == htons(len - sizeof(p->hdr)) && p->udp.len == htons(len - sizeof(p->hdr) - sizeof(p->ip));
}

/* Whether both are of one flow, and differ in nothing that a super-frame could not say. */
static bool packet_follows(const struct packet *p, const struct packet *next)
{
	return p->ip.saddr == next->ip.saddr && p->ip.daddr == next->ip.daddr && p->udp.source == next->udp.source &&
	       p->udp.dest == next->udp.dest && p->ip.tos == next->ip.tos && p->ip.ttl == next->ip.ttl;
}

/* Makes the first one's headers those of a super-frame with @bytes in it. */
static void packet_enlarge(struct packet *p, unsigned int bytes)
{
	const unsigned int most = ntohs(p->udp.len) - sizeof(p->udp);

	p->udp.len = htons(sizeof(p->udp) + bytes);
	p->udp.check = words_sum(&p->ip.saddr, 4, htons(IPPROTO_UDP) + p->udp.len);
	p->ip.tot_len = htons(sizeof(p->ip) + sizeof(p->udp) + bytes);
	p->ip.check = 0;
	p->ip.check = ~words_sum(&p->ip, sizeof(p->ip) / 2, 0);
	p->hdr.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
	p->hdr.gso_size = htole16(most);
	p->hdr.hdr_len = htole16(sizeof(p->ip) + sizeof(p->udp));
}

/*
 * What of @left bytes, packets of @size, can be one for the device: the first one, or all that follow it in its flow, as
 * GRO would have it. Returns their bytes.
 */
static size_t inwards_some(struct vtun *v, unsigned char *from, size_t left, size_t size)
{
	struct packet *p = (struct packet *)from, *next;
	size_t at = left < size ? left : size, len, bytes;
	struct virtio_net_hdr hdr;
	struct iovec iov[MOST / sizeof(*p)];
	unsigned int n = 1;

	if (at <= sizeof(hdr))
		return at;
	iov[0] = (struct iovec){ from + sizeof(hdr), at - sizeof(hdr) };
	bytes = at - sizeof(*p);
	if (at < left && packet_is_udp(p, at)) {
		for (; at < left; at += len, bytes += len - sizeof(*p)) {
			len = left - at < size ? left - at : size;
			next = (struct packet *)(from + at);
			if (!packet_is_udp(next, len) || !packet_follows(p, next))
				break;
			iov[n++] = (struct iovec){ next + 1, len - sizeof(*p) };
		}
		if (n > 1)
			packet_enlarge(p, bytes);
	}
	memcpy(&hdr, &p->hdr, sizeof(hdr));
	while (vtun_send(v, &hdr, iov, n) == -EAGAIN)
		if (vtun_submit(v))
			errx(1, "the ring is full");
	return at;
}

static bool inwards(struct vtun *v, int sock)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { buffer, sizeof(buffer) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(sock, &msg, 0), at;
	size_t size;

	if (n <= 0)
		return false;
	size = datagram_size(&msg, n);
	for (at = 0; at < n; )
		at += inwards_some(v, buffer + at, n - at, size);
	vtun_submit(v);
	return true;
}

static void batches(const char *name, int sock, bool by_rings)
{
	struct vtun_options options = {
		.node = by_rings ? "/dev/net/vtun" : "/dev/net/tun",
		.flags = IFF_TUN, .offload = TUN_F_CSUM, .how = by_rings ? VTUN_RINGS : VTUN_NO_RINGS,
	};
	struct vtun *v = vtun_open(name, &options);
	int one = 1;

	if (!v || setsockopt(sock, SOL_UDP, UDP_GRO, &one, sizeof(one)))
		err(1, "%s", name);
	puts("ready");
	fflush(stdout);
	for (;;) {
		bool some = outwards(v, sock);

		some |= inwards(v, sock);
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
	const char *how = argc == 6 ? argv[1] : "";
	int sock;

	if (strcmp(how, "rings") && strcmp(how, "offload") && strcmp(how, "calls"))
		errx(2, "usage: tunnel rings|offload|calls NS DEVICE LOCAL REMOTE");
	netns_enter(argv[2]);
	sock = tunnel_socket(argv[4], argv[5]);
	if (strcmp(how, "calls"))
		batches(argv[3], sock, !strcmp(how, "rings"));
	calls(argv[3], sock);
	return 0;
}
