// SPDX-License-Identifier: GPL-2.0
/*
 * Loads an XDP program and pins it for `ip link ... xdpdrv pinned`.
 *
 *	xdpload PIN [frags] PROGRAM [NUMBER]
 *
 *	pass drop tx aborted	that verdict for each frame; "unknown" is one that does not exist
 *	redirect IFINDEX	to the device
 *	devmap IFINDEX, cpumap CPU	the same through a map
 *	head N, tail N		moves the frame's beginning or end by so many bytes, passes
 *	meta			puts metadata in front of the frame, passes
 *	longer N		drops what has not more than so many bytes, in all its buffers, and passes the rest
 *	metacheck		no XDP but a filter for tc: drops what has not that metadata
 *
 *	xdpload PIN ask DEV hash|time|tag [TCI|none]
 *
 * A program for one device, which asks its driver (6.8) and passes frames that have a hash over ports, a timestamp that no
 * hardware has set, that tag beside their data, or of which the driver knows "none" of it; drops all others. Exits with 4
 * where the kernel does not say how to ask.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bpf.h"

#define XDPLOAD_META	0x766e6574
#define XDPLOAD_UNTOLD	4
/* Of newer headers. */
#define XDPLOAD_DEV_BOUND	(1U << 6)
#define XDPLOAD_RSS_L4		(1U << 3)
#define XDPLOAD_MAX	32

static struct bpf_insn insns[XDPLOAD_MAX];
static unsigned int nr_insns;

#define EMIT(...) xdpload_emit((struct bpf_insn[]){ __VA_ARGS__ }, \
			       sizeof((struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn))

static void xdpload_emit(const struct bpf_insn *more, unsigned int n)
{
	memcpy(insns + nr_insns, more, n * sizeof(*more));
	nr_insns += n;
}

static void xdpload_verdict(int verdict)
{
	EMIT(INSN_SET(BPF_REG_0, verdict), INSN_EXIT);
}

static void xdpload_map(int type, unsigned int value_size, uint32_t number, uint32_t key)
{
	int map = bpf_map(type, value_size, key + 1);
	uint32_t value[2] = { type == BPF_MAP_TYPE_CPUMAP ? 2048 : number };

	bpf_map_set(map, key, value);
	EMIT(INSN_MAP(BPF_REG_1, map), INSN_REST, INSN_SET(BPF_REG_2, key), INSN_SET(BPF_REG_3, 0),
	     INSN_FUNC(BPF_FUNC_redirect_map), INSN_EXIT);
}

/* Passes where the helper returns 0. */
static void xdpload_adjust(int helper, int by)
{
	EMIT(INSN_SET(BPF_REG_2, by), INSN_FUNC(helper), INSN_IF(BPF_JNE, BPF_REG_0, 0, 2));
	xdpload_verdict(XDP_PASS);
	xdpload_verdict(XDP_ABORTED);
}

static void xdpload_meta(void)
{
	EMIT(INSN_COPY(BPF_REG_6, BPF_REG_1), INSN_SET(BPF_REG_2, -4), INSN_FUNC(BPF_FUNC_xdp_adjust_meta),
	     INSN_LOAD(BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, data_meta)),
	     INSN_LOAD(BPF_REG_3, BPF_REG_6, offsetof(struct xdp_md, data)),
	     INSN_COPY(BPF_REG_4, BPF_REG_2), INSN_PLUS(BPF_REG_4, 4),
	     INSN_IF_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 3), INSN_STORE(BPF_REG_2, 0, XDPLOAD_META));
	xdpload_verdict(XDP_PASS);
	xdpload_verdict(XDP_ABORTED);
}

static void xdpload_metacheck(void)
{
	EMIT(INSN_LOAD(BPF_REG_2, BPF_REG_1, offsetof(struct __sk_buff, data_meta)),
	     INSN_LOAD(BPF_REG_3, BPF_REG_1, offsetof(struct __sk_buff, data)),
	     INSN_COPY(BPF_REG_4, BPF_REG_2), INSN_PLUS(BPF_REG_4, 4),
	     INSN_IF_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 4), INSN_LOAD(BPF_REG_5, BPF_REG_2, 0),
	     INSN_IF(BPF_JNE, BPF_REG_5, XDPLOAD_META, 2));
	xdpload_verdict(TC_ACT_OK);
	xdpload_verdict(TC_ACT_SHOT);
}

static void xdpload_longer(int bytes)
{
	EMIT(INSN_FUNC(BPF_FUNC_xdp_get_buff_len), INSN_IF(BPF_JGT, BPF_REG_0, bytes, 2));
	xdpload_verdict(XDP_DROP);
	xdpload_verdict(XDP_PASS);
}

/* What the kernel says of its own types. */
static char *xdpload_btf(void)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	size_t size = 0, room = 0;
	char *btf = NULL;
	ssize_t len;

	if (fd < 0)
		exit(XDPLOAD_UNTOLD);
	do {
		if (size == room) {
			room += 1 << 22;
			btf = realloc(btf, room);
			if (!btf)
				err(1, "realloc");
		}
		len = read(fd, btf + size, room - size);
		if (len < 0)
			err(1, "read");
		size += len;
	} while (len);
	close(fd);
	if (size < sizeof(struct btf_header))
		exit(XDPLOAD_UNTOLD);
	return btf;
}

/* How long the description of a type is. */
static size_t xdpload_btf_len(const struct btf_type *type)
{
	unsigned int n = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(*type) + 4;
	case BTF_KIND_ARRAY:
		return sizeof(*type) + sizeof(struct btf_array);
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return sizeof(*type) + n * 8;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return sizeof(*type) + n * 12;
	default:
		return sizeof(*type);
	}
}

/* The number by which programs call a function of the kernel's. */
static int xdpload_kfunc(const char *name)
{
	const char *btf = xdpload_btf(), *at, *end, *strings;
	const struct btf_header *hdr = (const void *)btf;
	int id;

	at = btf + hdr->hdr_len + hdr->type_off;
	end = at + hdr->type_len;
	strings = btf + hdr->hdr_len + hdr->str_off;
	for (id = 1; at < end; id++) {
		const struct btf_type *type = (const void *)at;

		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC && !strcmp(strings + type->name_off, name))
			return id;
		at += xdpload_btf_len(type);
	}
	exit(XDPLOAD_UNTOLD);
}

/* Drops where the value of that size at the stack's place is another one. */
static void xdpload_unless(int size, int place, int value)
{
	EMIT(INSN(BPF_LDX | BPF_MEM | size, BPF_REG_1, BPF_REG_10, place, 0), INSN_IF(BPF_JEQ, BPF_REG_1, value, 2));
	xdpload_verdict(XDP_DROP);
}

/* The frame is in R1; what the answer is goes onto the stack. */
static void xdpload_ask(const char *what, const char *value)
{
	bool hash = !strcmp(what, "hash"), tag = !strcmp(what, "tag"), none = value && !strcmp(value, "none");
	int answer = none ? -ENODATA : 0;

	EMIT(INSN(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -8, 0), INSN(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -16, 0),
	     INSN_COPY(BPF_REG_2, BPF_REG_10), INSN_PLUS(BPF_REG_2, -8));
	if (hash || tag)
		EMIT(INSN_COPY(BPF_REG_3, BPF_REG_10), INSN_PLUS(BPF_REG_3, -16));
	EMIT(INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0,
		  xdpload_kfunc(hash ? "bpf_xdp_metadata_rx_hash" : tag ? "bpf_xdp_metadata_rx_vlan_tag" :
				"bpf_xdp_metadata_rx_timestamp")),
	     INSN(BPF_JMP32 | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, answer));
	xdpload_verdict(XDP_DROP);
	if (hash && !none) {
		EMIT(INSN_LOAD(BPF_REG_1, BPF_REG_10, -8), INSN_IF(BPF_JNE, BPF_REG_1, 0, 2));
		xdpload_verdict(XDP_DROP);
		xdpload_unless(BPF_W, -16, XDPLOAD_RSS_L4);
	} else if (tag && !none) {
		xdpload_unless(BPF_H, -8, htons(ETH_P_8021Q));
		xdpload_unless(BPF_H, -16, value ? atoi(value) : 0);
	} else if (!none) {
		xdpload_unless(BPF_DW, -8, 0);
	}
	xdpload_verdict(XDP_PASS);
}

static void xdpload_make(const char *name, int number)
{
	static const char * const verdicts[] = { "aborted", "drop", "pass", "tx", NULL, "unknown" };
	unsigned int i;

	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (verdicts[i] && !strcmp(name, verdicts[i])) {
			xdpload_verdict(i);
			return;
		}
	}
	if (!strcmp(name, "redirect"))
		EMIT(INSN_SET(BPF_REG_1, number), INSN_SET(BPF_REG_2, 0), INSN_FUNC(BPF_FUNC_redirect), INSN_EXIT);
	else if (!strcmp(name, "devmap"))
		xdpload_map(BPF_MAP_TYPE_DEVMAP, 4, number, 0);
	else if (!strcmp(name, "cpumap"))
		xdpload_map(BPF_MAP_TYPE_CPUMAP, 4, 0, number);
	else if (!strcmp(name, "head"))
		xdpload_adjust(BPF_FUNC_xdp_adjust_head, number);
	else if (!strcmp(name, "tail"))
		xdpload_adjust(BPF_FUNC_xdp_adjust_tail, number);
	else if (!strcmp(name, "meta"))
		xdpload_meta();
	else if (!strcmp(name, "metacheck"))
		xdpload_metacheck();
	else if (!strcmp(name, "longer"))
		xdpload_longer(number);
	else
		errx(2, "no program %s", name);
}

static void xdpload_pin(int fd, const char *path)
{
	union bpf_attr pin = { .pathname = (uintptr_t)path, .bpf_fd = fd };

	unlink(path);
	if (bpf_call(BPF_OBJ_PIN, &pin))
		err(1, "pin %s", path);
}

int main(int argc, char **argv)
{
	int frags, type;

	if ((argc == 5 || argc == 6) && !strcmp(argv[2], "ask")) {
		xdpload_ask(argv[4], argv[5]);
		xdpload_pin(bpf_load_bound(BPF_PROG_TYPE_XDP, insns, nr_insns, XDPLOAD_DEV_BOUND, if_nametoindex(argv[3])),
			    argv[1]);
		return 0;
	}
	frags = argc > 2 && !strcmp(argv[2], "frags");
	if (argc < 3 + frags || argc > 4 + frags)
		errx(2, "usage: xdpload PIN [frags] PROGRAM [NUMBER]");
	xdpload_make(argv[2 + frags], argc == 4 + frags ? atoi(argv[3 + frags]) : 0);
	type = strcmp(argv[2 + frags], "metacheck") ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS;
	xdpload_pin(bpf_load(type, insns, nr_insns, frags ? BPF_F_XDP_HAS_FRAGS : 0), argv[1]);
	return 0;
}
