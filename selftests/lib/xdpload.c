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
 */
#include <linux/pkt_cls.h>
#include <stdlib.h>

#include "bpf.h"

#define XDPLOAD_META	0x766e6574
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

int main(int argc, char **argv)
{
	union bpf_attr pin = { };
	int frags, type, fd;

	frags = argc > 2 && !strcmp(argv[2], "frags");
	if (argc < 3 + frags || argc > 4 + frags)
		errx(2, "usage: xdpload PIN [frags] PROGRAM [NUMBER]");
	xdpload_make(argv[2 + frags], argc == 4 + frags ? atoi(argv[3 + frags]) : 0);
	type = strcmp(argv[2 + frags], "metacheck") ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS;
	fd = bpf_load(type, insns, nr_insns, frags ? BPF_F_XDP_HAS_FRAGS : 0);
	pin.pathname = (uintptr_t)argv[1];
	pin.bpf_fd = fd;
	unlink(argv[1]);
	if (bpf_call(BPF_OBJ_PIN, &pin))
		err(1, "pin %s", argv[1]);
	return 0;
}
