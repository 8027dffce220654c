/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Malformed frames, and the virtio headers that go with them: most look like something at the start, so that parsers take
 * them up, and are wrong somewhere behind.
 */
#ifndef SELFTESTS_FUZZ_FRAMEGEN_H
#define SELFTESTS_FUZZ_FRAMEGEN_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/virtio_net.h>

#include "fuzz.h"

#define FRAME_MAX 65600
#define STATIONS 64
#define FAR_STATIONS 4

/* Addresses that mean something to the devices at hand. */
struct frame_world {
	unsigned char own[4][ETH_ALEN];	/* of the bridge, of its ports, of the end that receives */
	unsigned int n_own;
	unsigned int big;		/* longest frame worth sending */
};

struct frame {
	unsigned int len;
	unsigned char bytes[FRAME_MAX];
};

static void far_address(unsigned char *address, unsigned int nr)
{
	memcpy(address, (unsigned char[]){ 2, 0, 0, 0xfa, 0, nr }, ETH_ALEN);
}

static void frame_dest(struct fuzz_rng *rng, const struct frame_world *world, unsigned char *dest)
{
	switch (fuzz_below(rng, 12)) {
	case 0:
	case 1:
	case 2:
		memcpy(dest, world->own[fuzz_below(rng, world->n_own)], ETH_ALEN);
		break;
	case 3:
		memset(dest, 0xff, ETH_ALEN);
		break;
	case 4:
		memcpy(dest, (unsigned char[]){ 1, 0x80, 0xc2, 0, 0, fuzz_below(rng, 16) }, ETH_ALEN);
		break;
	case 5:
		memcpy(dest, (unsigned char[]){ 0x33, 0x33, 0, 0, 0, fuzz_below(rng, 255) }, ETH_ALEN);
		break;
	case 6:
		memcpy(dest, (unsigned char[]){ 1, 0, 0x5e, 0, 0, fuzz_below(rng, 255) }, ETH_ALEN);
		break;
	case 7:
	case 8:
		far_address(dest, fuzz_below(rng, FAR_STATIONS));
		break;
	case 9:
		memcpy(dest, (unsigned char[]){ 2, 0, 0, 0xca, 0, fuzz_below(rng, STATIONS) }, ETH_ALEN);
		break;
	case 10:
		memset(dest, 0, ETH_ALEN);
		break;
	case 11:
		fuzz_fill(rng, dest, ETH_ALEN);
		break;
	}
}

static void frame_source(struct fuzz_rng *rng, const struct frame_world *world, unsigned char *source)
{
	memcpy(source, (unsigned char[]){ 2, 0, 0, 0xca, 0, fuzz_below(rng, STATIONS) }, ETH_ALEN);
	switch (fuzz_below(rng, 50)) {
	case 0:
		memset(source, 0, ETH_ALEN);
		break;
	case 1:
		memset(source, 0xff, ETH_ALEN);
		break;
	case 2:
		source[0] |= 1;
		break;
	case 3:
		memcpy(source, world->own[fuzz_below(rng, world->n_own)], ETH_ALEN);
		break;
	case 4:
		far_address(source, fuzz_below(rng, FAR_STATIONS));
		break;
	case 5:
		fuzz_fill(rng, source, ETH_ALEN);
		break;
	}
}

static void frame_put16(unsigned char *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static unsigned int frame_sum(const unsigned char *bytes, unsigned int len, unsigned int sum)
{
	while (len > 1) {
		sum += bytes[0] << 8 | bytes[1];
		bytes += 2;
		len -= 2;
	}
	sum += len ? bytes[0] << 8 : 0;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Ports, sequence numbers, lengths: mostly of few flows, so that some could be merged. */
static void frame_transport(struct fuzz_rng *rng, unsigned char *at, unsigned int proto, unsigned int len)
{
	fuzz_fill(rng, at, len < 64 ? len : 64);
	if (len < 20)
		return;
	frame_put16(at, 1000 + fuzz_below(rng, 2));
	frame_put16(at + 2, 1000 + fuzz_below(rng, 2));
	if (proto == 6) {
		frame_put16(at + 4, 0);
		frame_put16(at + 6, fuzz_below(rng, 4) * 512);
		at[12] = fuzz_chance(rng, 80) ? 0x50 : fuzz_u64(rng);
		at[13] = fuzz_chance(rng, 70) ? 0x10 : fuzz_u64(rng);
	} else if (proto == 17) {
		frame_put16(at + 4, fuzz_chance(rng, 70) ? len : fuzz_edge(rng));
		frame_put16(at + 6, fuzz_chance(rng, 50) ? 0 : fuzz_u64(rng));
	} else if (proto == 58) {
		at[0] = 133 + fuzz_below(rng, 5);
		at[1] = 0;
	}
}

static void frame_ipv4(struct fuzz_rng *rng, unsigned char *at, unsigned int len)
{
	static const unsigned char protos[] = { 6, 6, 6, 17, 17, 1, 2, 4, 41, 47, 50, 132, 0, 255 };
	unsigned int ihl = fuzz_chance(rng, 80) ? 5 : fuzz_below(rng, 16), proto = fuzz_pick(rng, protos);

	if (len < 20)
		return;
	at[0] = (fuzz_chance(rng, 95) ? 0x40 : fuzz_u64(rng) << 4) | ihl;
	at[1] = fuzz_chance(rng, 80) ? 0 : fuzz_u64(rng);
	frame_put16(at + 2, fuzz_chance(rng, 70) ? len : fuzz_edge(rng));
	frame_put16(at + 4, fuzz_u64(rng));
	frame_put16(at + 6, fuzz_chance(rng, 75) ? 0x4000 : fuzz_u64(rng));
	at[8] = fuzz_chance(rng, 90) ? 64 : fuzz_below(rng, 2);
	at[9] = proto;
	memcpy(at + 12, (unsigned char[]){ 192, 0, 2, 1 + fuzz_below(rng, 3), 192, 0, 2, 2 }, 8);
	if (fuzz_chance(rng, 10))
		fuzz_fill(rng, at + 12, 8);
	if (ihl > 5 && len >= 60)
		fuzz_fill(rng, at + 20, 40);
	frame_put16(at + 10, 0);
	if (ihl >= 5 && ihl * 4 <= len && fuzz_chance(rng, 85))
		frame_put16(at + 10, ~frame_sum(at, ihl * 4, 0));
	if (ihl >= 5 && ihl * 4 < len)
		frame_transport(rng, at + ihl * 4, proto, len - ihl * 4);
}

/* With extension headers that may be longer than the frame, or lead to one another. */
static void frame_ipv6(struct fuzz_rng *rng, unsigned char *at, unsigned int len)
{
	static const unsigned char extensions[] = { 0, 43, 44, 50, 51, 60, 135, 139, 59 };
	static const unsigned char last[] = { 6, 6, 17, 17, 58, 58, 4, 41, 47, 132, 59 };
	unsigned int pos = 40, count = fuzz_chance(rng, 60) ? 0 : 1 + fuzz_below(rng, 6);
	unsigned char *next = at + 6;

	if (len < 40)
		return;
	memset(at, 0, 40);
	at[0] = fuzz_chance(rng, 95) ? 0x60 : fuzz_u64(rng);
	frame_put16(at + 4, fuzz_chance(rng, 70) ? len - 40 : fuzz_edge(rng));
	at[7] = 255;
	memcpy(at + 8, (unsigned char[]){ 0x20, 1, 0x0d, 0xb8 }, 4);
	at[23] = 1 + fuzz_below(rng, 3);
	memcpy(at + 24, (unsigned char[]){ 0x20, 1, 0x0d, 0xb8 }, 4);
	at[39] = 2;
	if (fuzz_chance(rng, 10))
		fuzz_fill(rng, at + 8, 32);
	while (count-- && pos + 8 <= len) {
		*next = fuzz_pick(rng, extensions);
		next = at + pos;
		fuzz_fill(rng, at + pos, 8);
		at[pos + 1] = fuzz_chance(rng, 70) ? 0 : fuzz_u64(rng);
		pos += 8;
	}
	*next = fuzz_pick(rng, last);
	if (pos < len)
		frame_transport(rng, at + pos, *next, len - pos);
}

static void frame_arp(struct fuzz_rng *rng, unsigned char *at, unsigned int len)
{
	if (len < 28)
		return;
	memcpy(at, (unsigned char[]){ 0, 1, 8, 0, 6, 4, 0, 1 + fuzz_below(rng, 2) }, 8);
	if (fuzz_chance(rng, 30))
		at[fuzz_below(rng, 8)] = fuzz_u64(rng);
	fuzz_fill(rng, at + 8, 20);
	memcpy(at + 14, (unsigned char[]){ 192, 0, 2, 1 + fuzz_below(rng, 3) }, 4);
	memcpy(at + 24, (unsigned char[]){ 192, 0, 2, 2 }, 4);
}

static unsigned int frame_length(struct fuzz_rng *rng, unsigned int big)
{
	switch (fuzz_below(rng, 20)) {
	case 0: return fuzz_below(rng, 14);		/* refused, mostly */
	case 1:
	case 2:
		return 14 + fuzz_below(rng, 12);
	case 3:
	case 4:
		return 14 + fuzz_below(rng, 50);
	case 5:
		return 1500 + fuzz_below(rng, 40);
	case 6:
		return 14 + fuzz_below(rng, big);
	case 7:
		return fuzz_chance(rng, 10) ? big + fuzz_below(rng, 40) : 590 + fuzz_below(rng, 10);
	default:
		return 60 + fuzz_below(rng, 200);
	}
}

/* A frame of which more than the addresses may be wrong; all lengths from 0 on. */
static void frame_make(struct fuzz_rng *rng, const struct frame_world *world, struct frame *frame)
{
	static const unsigned short types[] = {
		ETH_P_IP, ETH_P_IP, ETH_P_IP, ETH_P_IP, ETH_P_IPV6, ETH_P_IPV6, ETH_P_IPV6, ETH_P_ARP, ETH_P_LLDP,
		ETH_P_MPLS_UC,
		ETH_P_PPP_SES, ETH_P_TEB, ETH_P_PAUSE, ETH_P_LOOP, ETH_P_PREAUTH, 0, 38, 1500, 1501, 1535, 1536, 0xffff,
	};
	unsigned int pos = 12, tags = fuzz_chance(rng, 15) ? 1 + fuzz_below(rng, 8) : 0, len = frame_length(rng, world->big);
	unsigned int type = fuzz_pick(rng, types);

	if (len > FRAME_MAX)
		len = FRAME_MAX;
	frame->len = len;
	/* Room for headers that are cut off again. */
	memset(frame->bytes, 0, len < 400 ? 400 : len);
	frame_dest(rng, world, frame->bytes);
	frame_source(rng, world, frame->bytes + ETH_ALEN);
	for (; tags; tags--, pos += 4) {
		frame_put16(frame->bytes + pos, fuzz_chance(rng, 60) ? ETH_P_8021Q : ETH_P_8021AD);
		frame_put16(frame->bytes + pos + 2, fuzz_u64(rng));
	}
	frame_put16(frame->bytes + pos, type);
	pos += 2;
	/* Tags cut off anywhere. */
	if (pos > 14 && fuzz_chance(rng, 30)) {
		len = 14 + fuzz_below(rng, pos - 14 + 4);
		frame->len = len;
	}
	if (len <= pos)
		return;
	len -= pos;
	if (type == ETH_P_IP)
		frame_ipv4(rng, frame->bytes + pos, len);
	else if (type == ETH_P_IPV6)
		frame_ipv6(rng, frame->bytes + pos, len);
	else if (type == ETH_P_ARP)
		frame_arp(rng, frame->bytes + pos, len);
	else
		fuzz_fill(rng, frame->bytes + pos, len < 64 ? len : 64);
	/* Shorter than its headers say. */
	if (fuzz_chance(rng, 20))
		frame->len = pos + fuzz_below(rng, len + 1);
}

/* A super-frame such as a guest sends, the header right but for one thing at most. */
static void frame_make_super(struct fuzz_rng *rng, const struct frame_world *world, struct frame *frame,
			     struct virtio_net_hdr *hdr)
{
	bool six = fuzz_chance(rng, 40), udp = fuzz_chance(rng, 40);
	unsigned int len = 100 + fuzz_below(rng, world->big > 20000 ? 20000 : world->big);
	unsigned int l3 = six ? 40 : 20, proto = udp ? 17 : 6;
	unsigned char *at = frame->bytes + ETH_HLEN;

	memset(frame->bytes, 0, len + 100);
	frame_dest(rng, world, frame->bytes);
	frame_source(rng, world, frame->bytes + ETH_ALEN);
	frame_put16(frame->bytes + 12, six ? ETH_P_IPV6 : ETH_P_IP);
	if (six) {
		at[0] = 0x60;
		frame_put16(at + 4, len);
		at[6] = proto;
		at[7] = 64;
		at[23] = 1;
		at[39] = 2;
	} else {
		at[0] = 0x45;
		frame_put16(at + 2, 20 + len);
		at[8] = 64;
		at[9] = proto;
		memcpy(at + 12, (unsigned char[]){ 192, 0, 2, 1, 192, 0, 2, 2 }, 8);
		frame_put16(at + 10, ~frame_sum(at, 20, 0));
	}
	frame_put16(at + l3, 1000);
	frame_put16(at + l3 + 2, 1001);
	if (udp)
		frame_put16(at + l3 + 4, len);
	else
		frame_put16(at + l3 + 12, 0x5010);
	frame->len = ETH_HLEN + l3 + len;
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->gso_type = udp ? 5 : six ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	hdr->gso_size = 500 + fuzz_below(rng, 1000);
	hdr->hdr_len = ETH_HLEN + l3 + (udp ? 8 : 20);
	hdr->csum_start = ETH_HLEN + l3;
	hdr->csum_offset = udp ? 6 : 16;
	if (fuzz_chance(rng, 60))
		return;
	switch (fuzz_below(rng, 7)) {
	case 0:
		hdr->gso_size = fuzz_edge(rng);
		break;
	case 1:
		hdr->hdr_len = fuzz_edge(rng);
		break;
	case 2:
		hdr->csum_start = fuzz_below(rng, 100);
		break;
	case 3:
		hdr->csum_offset = fuzz_below(rng, 100);
		break;
	case 4:
		hdr->gso_type = fuzz_below(rng, 8) | (fuzz_chance(rng, 30) ? VIRTIO_NET_HDR_GSO_ECN : 0);
		break;
	case 5:
		frame->len = ETH_HLEN + fuzz_below(rng, frame->len - ETH_HLEN);
		break;
	case 6:
		at[fuzz_below(rng, 40)] = fuzz_u64(rng);
		break;
	}
}

/* Of any frame: no super-frame, but odd places for the checksum. */
static void frame_make_header(struct fuzz_rng *rng, const struct frame *frame, struct virtio_net_hdr *hdr)
{
	memset(hdr, 0, sizeof(*hdr));
	if (fuzz_chance(rng, 40))
		return;
	hdr->flags = fuzz_chance(rng, 70) ? VIRTIO_NET_HDR_F_NEEDS_CSUM : fuzz_below(rng, 4);
	hdr->hdr_len = fuzz_chance(rng, 70) ? fuzz_below(rng, 80) : fuzz_edge(rng);
	hdr->csum_start = fuzz_chance(rng, 90) ? 14 + fuzz_below(rng, 60) : fuzz_edge(rng);
	hdr->csum_offset = fuzz_chance(rng, 90) ? fuzz_below(rng, 20) : fuzz_edge(rng);
	if (fuzz_chance(rng, 50) && frame->len > 60)
		hdr->csum_start = 34;
}

#endif
