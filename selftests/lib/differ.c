// SPDX-License-Identifier: GPL-2.0
/*
 * Random frames of a few flows through a router, and what comes out of it, for one run to be compared with another.
 *
 *	differ [-s SEED] [-n FRAMES] [-w MS] [-k KINDS] C_NS:DEV S_NS:DEV C_MAC GW_C_MAC S_MAC GW_S_MAC
 *
 * Flows (UDP and TCP, IPv4 and IPv6) are opened from 192.0.2.2 and 2001:db8:1::2, behind the first device, to
 * 198.51.100.2 and 2001:db8:2::2, behind the second; both stations are the program itself, which learns from what comes
 * out how a flow is translated. After MS milliseconds FRAMES frames follow, in both directions. The same seed and the same
 * translations make the same frames. KINDS says which frames there are beside plain ones:
 *	t	with a time to live or hop limit at its end		p	with padding behind the packet
 *	f	fragments, IP options and extension headers		m	for another station
 *	c	with a wrong sum or a length too large in the IP header	l	with a wrong length in the UDP header
 *	u	of a flow that nobody has seen
 * Prints a line for each frame that came out: "ID DIRECTION HEX", in the order of the IDs; "opened N" comes first.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netns.h"

#define DIFFER_MAGIC	0x64696666u
#define DIFFER_FLOWS	24
#define DIFFER_MAX	1514
#define DIFFER_BATCH	32
#define DIFFER_PORT	5300

/* What stands at the start of each payload. */
struct differ_mark {
	uint32_t magic;
	uint32_t id;
} __attribute__((packed));

struct differ_flow {
	bool v6, tcp;
	struct in6_addr src[2], dst[2];	/* as sent by c, and by s */
	uint16_t sport[2], dport[2];
};

struct differ_frame {
	unsigned int len;
	unsigned char data[DIFFER_MAX + 64];
};

static int fds[2];
static unsigned char mac[2][ETH_ALEN], gw[2][ETH_ALEN];
static struct differ_flow flows[DIFFER_FLOWS];
static const char *kinds = "";
static uint64_t state = 1;
static char **came;
static unsigned long frames = 1000;

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % below;
}

static bool odd(char kind, uint32_t one_of)
{
	/* Drawn in any case, so that kinds do not shift what follows. */
	bool hit = !rnd(one_of);

	return hit && strchr(kinds, kind);
}

static uint32_t sum_add(uint32_t sum, const void *data, unsigned int len)
{
	const unsigned char *p = data;
	unsigned int i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	return sum;
}

static uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static int differ_socket(const char *where)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd, size = 8 << 20, one = 1;
	char *ns = strdup(where), *dev = strchr(ns, ':');

	if (!dev)
		errx(2, "%s is no NS:DEV", where);
	*dev++ = '\0';
	netns_enter(ns);
	sll.sll_ifindex = if_nametoindex(dev);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sll, sizeof(sll)))
		err(1, "%s", where);
	free(ns);
	return fd;
}

/* Returns where the transport header begins. */
static unsigned int put_v4(struct differ_frame *f, const struct differ_flow *flow, int from, unsigned int l4len,
			   uint32_t id, bool plain)
{
	struct iphdr *ip = (void *)(f->data + ETH_HLEN);
	bool options = !plain && odd('f', 40), frag = !plain && odd('f', 40);
	unsigned int hlen = sizeof(*ip) + (options ? 4 : 0);

	memset(ip, 0, sizeof(*ip) + 4);
	ip->version = 4;
	ip->ihl = hlen / 4;
	ip->tos = plain ? 0 : rnd(256) & 0xfc;
	ip->tot_len = htons(hlen + l4len + (!plain && odd('c', 40) ? rnd(9) : 0));
	ip->id = htons(id);
	ip->frag_off = htons((rnd(2) ? IP_DF : 0));
	if (frag)
		ip->frag_off = htons(rnd(2) ? IP_MF : rnd(100) + 1);
	ip->ttl = !plain && odd('t', 20) ? rnd(4) : 64;
	ip->protocol = flow->tcp ? IPPROTO_TCP : IPPROTO_UDP;
	memcpy(&ip->saddr, &flow->src[from], 4);
	memcpy(&ip->daddr, &flow->dst[from], 4);
	if (options)
		memset(ip + 1, 1, 4);
	ip->check = sum_fold(sum_add(0, ip, hlen));
	if (!plain && odd('c', 40))
		ip->check ^= htons(1 + rnd(65535));
	return ETH_HLEN + hlen;
}

static unsigned int put_v6(struct differ_frame *f, const struct differ_flow *flow, int from, unsigned int l4len,
			   bool plain)
{
	struct ip6_hdr *ip6 = (void *)(f->data + ETH_HLEN);
	bool ext = !plain && odd('f', 40);
	unsigned char *next = (unsigned char *)(ip6 + 1);
	unsigned int hlen = sizeof(*ip6) + (ext ? 8 : 0);
	int proto = flow->tcp ? IPPROTO_TCP : IPPROTO_UDP;

	ip6->ip6_flow = htonl(0x60000000 | (plain ? 0 : rnd(0x10000000) & 0xfcfffff));
	ip6->ip6_plen = htons(hlen - sizeof(*ip6) + l4len + (!plain && odd('c', 40) ? rnd(9) : 0));
	ip6->ip6_nxt = ext ? IPPROTO_DSTOPTS : proto;
	ip6->ip6_hlim = !plain && odd('t', 20) ? rnd(4) : 64;
	ip6->ip6_src = flow->src[from];
	ip6->ip6_dst = flow->dst[from];
	if (ext) {
		memset(next, 0, 8);
		next[0] = proto;
		next[2] = 1;	/* PadN */
		next[3] = 4;
	}
	return ETH_HLEN + hlen;
}

/* The sum over pseudo header and transport part. */
static uint16_t l4_sum(const struct differ_flow *flow, int from, const void *l4, unsigned int len)
{
	unsigned int alen = flow->v6 ? 16 : 4;
	uint32_t sum = len + (flow->tcp ? IPPROTO_TCP : IPPROTO_UDP);

	sum = sum_add(sum, &flow->src[from], alen);
	sum = sum_add(sum, &flow->dst[from], alen);
	return sum_fold(sum_add(sum, l4, len));
}

static void put_tcp(struct differ_frame *f, unsigned int at, const struct differ_flow *flow, int from, int flags,
		    unsigned int l4len)
{
	struct tcphdr *tcp = (void *)(f->data + at);

	memset(tcp, 0, sizeof(*tcp));
	tcp->source = htons(flow->sport[from]);
	tcp->dest = htons(flow->dport[from]);
	tcp->seq = htonl(flags & TH_SYN ? 1000 : rnd(1 << 30));
	tcp->ack_seq = htonl(flags & TH_ACK ? 1001 : 0);
	tcp->doff = 5;
	tcp->th_flags = flags;
	tcp->window = htons(60000);
	tcp->check = l4_sum(flow, from, tcp, l4len);
}

static void put_udp(struct differ_frame *f, unsigned int at, const struct differ_flow *flow, int from,
		    unsigned int l4len, bool plain)
{
	struct udphdr *udp = (void *)(f->data + at);

	udp->source = htons(flow->sport[from]);
	udp->dest = htons(flow->dport[from]);
	udp->len = htons(l4len + (!plain && odd('l', 40) ? (int)rnd(9) - 4 : 0));
	udp->check = 0;
	if (plain || flow->v6 || rnd(10))
		udp->check = l4_sum(flow, from, udp, l4len) ?: 0xffff;
}

static void make(struct differ_frame *f, const struct differ_flow *flow, int from, uint32_t id, int flags, bool plain)
{
	struct differ_mark mark = { DIFFER_MAGIC, id };
	unsigned int hlen = flow->tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr);
	unsigned int payload = sizeof(mark) + (plain ? 0 : rnd(1300)), at, i;
	struct ethhdr *eth = (void *)f->data;
	struct differ_flow other;

	if (!plain && odd('u', 100)) {
		other = *flow;
		other.dport[from] += 1000;
		flow = &other;
	}
	memcpy(eth->h_source, mac[from], ETH_ALEN);
	memcpy(eth->h_dest, gw[from], ETH_ALEN);
	if (!plain && odd('m', 50))
		eth->h_dest[5] ^= 0x80;
	eth->h_proto = htons(flow->v6 ? ETH_P_IPV6 : ETH_P_IP);
	at = flow->v6 ? put_v6(f, flow, from, hlen + payload, plain) :
			put_v4(f, flow, from, hlen + payload, id, plain);
	memcpy(f->data + at + hlen, &mark, sizeof(mark));
	for (i = sizeof(mark); i < payload; i++)
		f->data[at + hlen + i] = rnd(256);
	if (flow->tcp)
		put_tcp(f, at, flow, from, flags, hlen + payload);
	else
		put_udp(f, at, flow, from, hlen + payload, plain);
	f->len = at + hlen + payload;
	if (!plain && odd('p', 20)) {
		i = rnd(32) + 1;
		memset(f->data + f->len, 0xee, i);
		f->len += i;
	}
}

static void transmit(const struct differ_frame *f, int from)
{
	if (send(fds[from], f->data, f->len, 0) != (ssize_t)f->len)
		err(1, "send");
}

/* The next frame of ours that comes out at a station. */
static bool receive(struct differ_frame *f, int at, int ms, uint32_t *id)
{
	struct pollfd pfd = { .fd = fds[at], .events = POLLIN };
	struct differ_mark mark;
	ssize_t len;
	unsigned int i;

	while (poll(&pfd, 1, ms) == 1) {
		len = recv(fds[at], f->data, sizeof(f->data), 0);
		if (len < 0)
			err(1, "recv");
		f->len = len;
		/* An ICMP message has the packet that it is about in itself. */
		if (f->data[f->data[12] == 0x08 ? 23 : 20] == (f->data[12] == 0x08 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
			continue;
		for (i = ETH_HLEN + 28; i <= 96 && i + sizeof(mark) <= f->len; i += 4) {
			memcpy(&mark, f->data + i, sizeof(mark));
			if (mark.magic == DIFFER_MAGIC) {
				*id = mark.id;
				return true;
			}
		}
	}
	return false;
}

static void keep(const struct differ_frame *f, int at, uint32_t id)
{
	unsigned int i, n;
	char *text;

	if (id >= frames)
		return;
	text = malloc(2 * f->len + 64);
	if (!text)
		err(1, "frames");
	n = sprintf(text, "%u %s%s ", id, at ? "up" : "down", came[id] ? " again" : "");
	for (i = 0; i < f->len; i++)
		n += sprintf(text + n, "%02x", f->data[i]);
	free(came[id]);
	came[id] = text;
}

static void drain(int ms)
{
	struct differ_frame f;
	uint32_t id;
	int at;

	for (at = 0; at < 2; at++)
		while (receive(&f, at, ms, &id))
			keep(&f, at, id);
}

/* What a frame that came to s says of how s has to answer. */
static bool learn(struct differ_flow *flow, const struct differ_frame *f)
{
	const struct ip6_hdr *ip6 = (const void *)(f->data + ETH_HLEN);
	const struct iphdr *ip = (const void *)(f->data + ETH_HLEN);
	const struct udphdr *udp;

	if (flow->v6) {
		udp = (const void *)(ip6 + 1);
		flow->src[1] = ip6->ip6_dst;
		flow->dst[1] = ip6->ip6_src;
	} else {
		udp = (const void *)(ip + 1);
		memcpy(&flow->src[1], &ip->daddr, 4);
		memcpy(&flow->dst[1], &ip->saddr, 4);
	}
	flow->sport[1] = ntohs(udp->dest);
	flow->dport[1] = ntohs(udp->source);
	return true;
}

static bool cross(struct differ_flow *flow, int from, int flags, uint32_t id)
{
	struct differ_frame f;
	uint32_t got;

	make(&f, flow, from, id, flags, true);
	transmit(&f, from);
	while (receive(&f, !from, 2000, &got))
		if (got == id)
			return from || learn(flow, &f);
	return false;
}

static bool open_flow(struct differ_flow *flow, unsigned int nr)
{
	uint32_t id = 0xf0000000 + nr * 8;

	flow->v6 = nr & 1;
	flow->tcp = nr & 2;
	inet_pton(flow->v6 ? AF_INET6 : AF_INET, flow->v6 ? "2001:db8:1::2" : "192.0.2.2", &flow->src[0]);
	inet_pton(flow->v6 ? AF_INET6 : AF_INET, flow->v6 ? "2001:db8:2::2" : "198.51.100.2", &flow->dst[0]);
	flow->sport[0] = 20000 + nr;
	flow->dport[0] = DIFFER_PORT + nr;
	return cross(flow, 0, TH_SYN, id) && cross(flow, 1, TH_SYN | TH_ACK, id + 1) &&
	       cross(flow, 0, TH_ACK, id + 2) && cross(flow, 1, TH_ACK, id + 3) && cross(flow, 0, TH_ACK, id + 4);
}

static void get_mac(unsigned char *to, const char *text)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &to[0], &to[1], &to[2], &to[3], &to[4], &to[5]) != 6)
		errx(2, "%s is no MAC address", text);
}

int main(int argc, char **argv)
{
	static const int flags[] = { TH_ACK, TH_ACK | TH_PUSH, TH_ACK | TH_URG, TH_ACK | 0x40, TH_ACK | TH_PUSH | 0x80 };
	unsigned int ms = 1000, opened = 0;
	struct differ_frame f;
	unsigned long i;
	int opt, from;

	while ((opt = getopt(argc, argv, "s:n:w:k:")) != -1) {
		switch (opt) {
		case 's':
			state = strtoull(optarg, NULL, 0) * 2654435761u + 88172645463325252ull;
			break;
		case 'n':
			frames = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			ms = strtoul(optarg, NULL, 0);
			break;
		case 'k':
			kinds = optarg;
			break;
		default:
			return 2;
		}
	}
	argv += optind;
	if (argc - optind != 6)
		errx(2, "usage: differ [OPTION...] C_NS:DEV S_NS:DEV C_MAC GW_C_MAC S_MAC GW_S_MAC");
	for (i = 0; i < 2; i++) {
		fds[i] = differ_socket(argv[i]);
		get_mac(mac[i], argv[2 + 2 * i]);
		get_mac(gw[i], argv[3 + 2 * i]);
	}
	came = calloc(frames, sizeof(*came));
	for (i = 0; i < DIFFER_FLOWS; i++)
		opened += open_flow(&flows[i], i);
	printf("opened %u\n", opened);
	poll(NULL, 0, ms);
	for (i = 0; i < frames; i++) {
		from = rnd(2);
		make(&f, &flows[rnd(DIFFER_FLOWS)], from, i, flags[rnd(5)], false);
		transmit(&f, from);
		if (i % DIFFER_BATCH == DIFFER_BATCH - 1)
			drain(0);
	}
	drain(1000);
	for (i = 0; i < frames; i++)
		if (came[i])
			puts(came[i]);
	return 0;
}
