// SPDX-License-Identifier: GPL-2.0
/*
 * vtun-reflect [-w] NAME: a network behind a tun device in which each address answers. Pings get their answer, and all
 * else comes back to where it was sent from, UDP with its ports exchanged. -w goes by read and write.
 */
#include <err.h>
#include <errno.h>
#include <linux/if_tun.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libvtun.h"

#define BATCH 64

static volatile sig_atomic_t over;

static void on_signal(int sig)
{
	(void)sig;
	over = 1;
}

/* A checksum over a word that was FROM and is TO. */
static void sum_change(uint16_t *sum, uint16_t from, uint16_t to)
{
	uint32_t s = (uint16_t)~*sum + (uint16_t)~from + to;

	s = (s & 0xffff) + (s >> 16);
	*sum = ~((s & 0xffff) + (s >> 16));
}

static void exchange(void *a, void *b, size_t len)
{
	unsigned char tmp[16];

	memcpy(tmp, a, len);
	memcpy(a, b, len);
	memcpy(b, tmp, len);
}

/* The message's type stands first, its checksum in the second word. */
static void answer_echo(unsigned char *msg, unsigned char asked, unsigned char answered)
{
	uint16_t words[2], from;

	if (msg[0] != asked)
		return;
	memcpy(words, msg, sizeof(words));
	from = words[0];
	msg[0] = answered;
	memcpy(words, msg, sizeof(words));
	sum_change(words + 1, from, words[0]);
	memcpy(msg, words, sizeof(words));
}

/* What is behind the IP header; its sum is the same with the addresses exchanged. */
static void turn_payload(unsigned char *data, size_t len, int protocol)
{
	if (protocol == IPPROTO_ICMP && len >= sizeof(struct icmphdr))
		answer_echo(data, ICMP_ECHO, ICMP_ECHOREPLY);
	else if (protocol == IPPROTO_ICMPV6 && len >= sizeof(struct icmp6_hdr))
		answer_echo(data, ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY);
	else if (protocol == IPPROTO_UDP && len >= sizeof(struct udphdr))
		exchange(data, data + 2, 2);
}

/* The headers, of which LEN bytes are in one piece. */
static void turn_packet(unsigned char *packet, size_t len)
{
	if (len >= sizeof(struct iphdr) && packet[0] >> 4 == 4) {
		size_t ihl = (packet[0] & 15) * 4;

		exchange(packet + offsetof(struct iphdr, saddr), packet + offsetof(struct iphdr, daddr), 4);
		if (ihl >= sizeof(struct iphdr) && ihl < len)
			turn_payload(packet + ihl, len - ihl, packet[offsetof(struct iphdr, protocol)]);
	} else if (len >= sizeof(struct ip6_hdr) && packet[0] >> 4 == 6) {
		exchange(packet + offsetof(struct ip6_hdr, ip6_src), packet + offsetof(struct ip6_hdr, ip6_dst), 16);
		turn_payload(packet + sizeof(struct ip6_hdr), len - sizeof(struct ip6_hdr),
			     packet[offsetof(struct ip6_hdr, ip6_nxt)]);
	}
}

/* The packet is turned where it is to be sent: what was received can only be read. */
static int reflect(struct vtun *v, const struct vtun_frame *in)
{
	struct vtun_frame out;
	size_t at = 0;
	int ret;

	ret = vtun_reserve(v, &out, in->len);
	if (ret)
		return ret;
	out.hdr = in->hdr;
	/* Pieces need not be cut alike. */
	if (in->pieces == 1 && out.pieces == 1) {
		memcpy(out.piece[0].iov_base, in->piece[0].iov_base, in->len);
	} else {
		unsigned char flat[65550];

		if (in->len > sizeof(flat))
			return -EMSGSIZE;
		at = vtun_copy(in, flat, sizeof(flat));
		for (size_t i = 0, done = 0; i < out.pieces && done < at; done += out.piece[i++].iov_len)
			memcpy(out.piece[i].iov_base, flat + done, out.piece[i].iov_len);
	}
	turn_packet(out.piece[0].iov_base, out.piece[0].iov_len);
	vtun_commit(v, &out);
	return 0;
}

int main(int argc, char **argv)
{
	struct vtun_options options = { .flags = IFF_TUN };
	struct vtun_frame frames[BATCH];
	unsigned long long count = 0;
	struct vtun *v;
	int ret = 0;

	if (argc > 2 && !strcmp(argv[1], "-w")) {
		options.how = VTUN_NO_RINGS;
		argv++;
		argc--;
	}
	if (argc != 2)
		errx(2, "usage: vtun-reflect [-w] NAME");
	v = vtun_open(argv[1], &options);
	if (!v)
		err(1, "%s", argv[1]);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	printf("ready %s %s\n", vtun_name(v), vtun_has_rings(v) ? "rings" : "read/write");
	fflush(stdout);
	while (!over) {
		unsigned int n = vtun_peek(v, frames, BATCH), done = 0;

		while (done < n && reflect(v, frames + done) != -EAGAIN)
			done++;
		vtun_release(v, done);
		count += done;
		ret = vtun_submit(v);
		if (ret == -EIO && !vtun_error(v))
			ret = 0;	/* the device is down */
		if (!ret && done)
			continue;
		ret = vtun_wait(v, 1000);
		if (ret < 0 && ret != -EINTR)
			break;
	}
	printf("frames %llu\n", count);
	if (ret < 0 && ret != -EINTR)
		errx(1, "%s: %s", vtun_name(v), strerror(-ret));
	vtun_close(v);
	return 0;
}
