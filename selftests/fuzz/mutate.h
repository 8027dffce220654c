/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Well-formed requests made wrong, in every way that a parser could trip over: lengths, types, order, number, depth,
 * rests, or any byte.
 */
#ifndef SELFTESTS_FUZZ_MUTATE_H
#define SELFTESTS_FUZZ_MUTATE_H

#include "grammar.h"

#define MUTATE_ROOM 60000

/* A message as it is sent. */
struct raw {
	union {
		struct nlmsghdr hdr;
		unsigned char bytes[MUTATE_ROOM + 4096];
	};
	unsigned int len;	/* of what is sent; hdr.nlmsg_len may lie */
	unsigned int n;
	struct { unsigned int at; int parent; } attr[GRAMMAR_ATTRS];
};

static void raw_from(struct raw *raw, const struct grammar *g)
{
	raw->len = nlmsg_hdr(g->msg)->nlmsg_len;
	memcpy(raw->bytes, nlmsg_hdr(g->msg), raw->len);
	raw->n = g->n;
	memcpy(raw->attr, g->attr, sizeof(g->attr));
}

static struct nlattr *raw_attr(struct raw *raw, unsigned int i)
{
	return (void *)(raw->bytes + raw->attr[i].at);
}

/* Makes room inside attribute parent (-1: the message) at an offset; all lengths around it grow. */
static bool raw_insert(struct raw *raw, int parent, unsigned int at, unsigned int len)
{
	unsigned int i;

	len = NLMSG_ALIGN(len);
	if (raw->len + len > MUTATE_ROOM || at > raw->len)
		return false;
	memmove(raw->bytes + at + len, raw->bytes + at, raw->len - at);
	memset(raw->bytes + at, 0, len);
	raw->len += len;
	raw->hdr.nlmsg_len += len;
	for (i = 0; i < raw->n; i++)
		if (raw->attr[i].at >= at)
			raw->attr[i].at += len;
	for (; parent >= 0; parent = raw->attr[parent].parent)
		raw_attr(raw, parent)->nla_len += len;
	return true;
}

static void mutate_length(struct raw *raw, unsigned int i, struct fuzz_rng *rng)
{
	struct nlattr *attr = raw_attr(raw, i);

	switch (fuzz_below(rng, 5)) {
	case 0:
		attr->nla_len = fuzz_below(rng, 5);
		break;
	case 1:
		attr->nla_len += 1 + fuzz_below(rng, 8);
		break;
	case 2:
		attr->nla_len -= 1 + fuzz_below(rng, 8);
		break;
	case 3:
		attr->nla_len = fuzz_edge(rng);
		break;
	case 4:
		attr->nla_len = raw->len - raw->attr[i].at + fuzz_below(rng, 3);
		break;
	}
}

static void mutate_type(struct raw *raw, unsigned int i, struct fuzz_rng *rng)
{
	struct nlattr *attr = raw_attr(raw, i);

	switch (fuzz_below(rng, 4)) {
	case 0:
		attr->nla_type ^= NLA_F_NESTED;
		break;
	case 1:
		attr->nla_type ^= NLA_F_NET_BYTEORDER;
		break;
	case 2:
		attr->nla_type = fuzz_below(rng, 70);
		break;
	case 3:
		attr->nla_type = fuzz_u64(rng);
		break;
	}
}

static void mutate_value(struct raw *raw, unsigned int i, struct fuzz_rng *rng)
{
	struct nlattr *attr = raw_attr(raw, i);
	unsigned int room = raw->len - raw->attr[i].at, len = attr->nla_len;
	uint64_t value = fuzz_edge(rng);

	if (len <= NLA_HDRLEN || len > room)
		return;
	len -= NLA_HDRLEN;
	if (fuzz_chance(rng, 60) && len <= sizeof(value))
		memcpy(attr + 1, &value, len);
	else
		fuzz_fill(rng, attr + 1, len);
}

static void mutate_duplicate(struct raw *raw, unsigned int i, struct fuzz_rng *rng)
{
	unsigned int at = raw->attr[i].at, len = NLA_ALIGN(raw_attr(raw, i)->nla_len), times = 1 + fuzz_below(rng, 3);

	if (len < NLA_HDRLEN || at + len > raw->len)
		return;
	/* The copy comes first, with an offset of its own that nobody needs. */
	while (times-- && raw_insert(raw, raw->attr[i].parent, at, len))
		memcpy(raw->bytes + at, raw->bytes + raw->attr[i].at, len);
}

static void mutate_unknown(struct raw *raw, unsigned int i, struct fuzz_rng *rng)
{
	unsigned int at = raw->attr[i].at, len = fuzz_below(rng, 24);
	struct nlattr head = { .nla_len = NLA_HDRLEN + len };

	if (!raw_insert(raw, raw->attr[i].parent, at, sizeof(head) + len))
		return;
	if (fuzz_chance(rng, 50))
		head.nla_type = 60 + fuzz_below(rng, 60);
	memcpy(raw->bytes + at, &head, sizeof(head));
	fuzz_fill(rng, raw->bytes + at + sizeof(head), len);
}

/* Hundreds of the same, empty or with a small value. */
static void mutate_crowd(struct raw *raw, unsigned int i, struct fuzz_rng *rng)
{
	unsigned int count = 1 << (4 + fuzz_below(rng, 8)), len = fuzz_below(rng, 2) * sizeof(uint32_t);
	unsigned int at = raw->attr[i].at, j;
	struct nlattr head = { .nla_len = NLA_HDRLEN + len, .nla_type = raw_attr(raw, i)->nla_type };

	if (!raw_insert(raw, raw->attr[i].parent, at, count * head.nla_len))
		return;
	for (j = 0; j < count; j++)
		memcpy(raw->bytes + at + j * head.nla_len, &head, sizeof(head));
}

/* The attribute within itself within itself ... */
static void mutate_deep(struct raw *raw, unsigned int i, struct fuzz_rng *rng)
{
	unsigned int at = raw->attr[i].at, depth = 1 << (1 + fuzz_below(rng, 11)), j;
	struct nlattr head = *raw_attr(raw, i);
	unsigned int len = NLA_ALIGN(head.nla_len);

	if (at + len > raw->len || len + depth * NLA_HDRLEN > 65000 ||
	    !raw_insert(raw, raw->attr[i].parent, at, depth * NLA_HDRLEN))
		return;
	head.nla_type |= NLA_F_NESTED;
	for (j = 0; j < depth; j++) {
		head.nla_len = len + (depth - j) * NLA_HDRLEN;
		memcpy(raw->bytes + at + j * NLA_HDRLEN, &head, sizeof(head));
	}
}

static void mutate_header(struct raw *raw, struct fuzz_rng *rng)
{
	switch (fuzz_below(rng, 6)) {
	case 0:
		raw->hdr.nlmsg_type = 16 + fuzz_below(rng, 110);
		break;
	case 1:
		raw->hdr.nlmsg_flags ^= 1 << fuzz_below(rng, 16);
		break;
	case 2:
		raw->hdr.nlmsg_len = fuzz_chance(rng, 50) ? fuzz_below(rng, 40) : fuzz_edge(rng);
		break;
	case 3:
		raw->bytes[NLMSG_HDRLEN] = fuzz_chance(rng, 50) ? AF_BRIDGE : fuzz_u64(rng);
		break;
	default:
		raw->bytes[NLMSG_HDRLEN + fuzz_below(rng, 16)] ^= 1 << fuzz_below(rng, 8);
		break;
	}
}

static void mutate_bytes(struct raw *raw, struct fuzz_rng *rng)
{
	unsigned int count = 1 + fuzz_below(rng, 6);

	while (count-- && raw->len > NLMSG_HDRLEN)
		raw->bytes[NLMSG_HDRLEN + fuzz_below(rng, raw->len - NLMSG_HDRLEN)] = fuzz_u64(rng);
}

static void mutate_cut(struct raw *raw, struct fuzz_rng *rng)
{
	raw->len = NLMSG_HDRLEN + fuzz_below(rng, raw->len - NLMSG_HDRLEN + 1);
	if (fuzz_chance(rng, 80))
		raw->hdr.nlmsg_len = raw->len;
}

static void mutate_rest(struct raw *raw, struct fuzz_rng *rng)
{
	unsigned int len = 1 + fuzz_below(rng, 40);

	fuzz_fill(rng, raw->bytes + raw->len, len);
	raw->len += len;
	if (fuzz_chance(rng, 80))
		raw->hdr.nlmsg_len = raw->len;
}

/* One way of being wrong; its places in the message are lost to the next where the message was cut. */
static void mutate(struct raw *raw, struct fuzz_rng *rng)
{
	static void (* const of_attr[])(struct raw *raw, unsigned int i, struct fuzz_rng *rng) = {
		mutate_length, mutate_length, mutate_type, mutate_type, mutate_value, mutate_value, mutate_value,
		mutate_duplicate, mutate_duplicate, mutate_unknown, mutate_crowd, mutate_deep,
	};
	static void (* const of_all[])(struct raw *raw, struct fuzz_rng *rng) = {
		mutate_header, mutate_bytes, mutate_bytes, mutate_cut, mutate_rest,
	};
	unsigned int i = raw->n ? fuzz_below(rng, raw->n) : 0;

	if (raw->n && fuzz_chance(rng, 75) && raw->attr[i].at + NLA_HDRLEN <= raw->len)
		fuzz_pick(rng, of_attr)(raw, i, rng);
	else
		fuzz_pick(rng, of_all)(raw, rng);
}

#endif
