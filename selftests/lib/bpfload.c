// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a BPF program that gives every frame one verdict, and pins it for `ip link ... xdp pinned` or `tc ... bpf`.
 *
 *	bpfload xdp|tc pass|drop PIN
 *
 * Two instructions need no compiler.
 */
#define _GNU_SOURCE
#include <err.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpfload_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int bpfload_verdict(const char *type, const char *name)
{
	if (!strcmp(type, "xdp"))
		return strcmp(name, "drop") ? XDP_PASS : XDP_DROP;
	return strcmp(name, "drop") ? TC_ACT_OK : TC_ACT_SHOT;
}

int main(int argc, char **argv)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {}, pin = {};
	int fd;

	if (argc != 4)
		errx(2, "usage: bpfload xdp|tc pass|drop PIN");
	insns[0].imm = bpfload_verdict(argv[1], argv[2]);
	load.prog_type = strcmp(argv[1], "xdp") ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP;
	load.insns = (uintptr_t)insns;
	load.insn_cnt = sizeof(insns) / sizeof(insns[0]);
	load.license = (uintptr_t)"GPL";
	fd = bpfload_call(BPF_PROG_LOAD, &load);
	if (fd < 0)
		err(1, "BPF_PROG_LOAD");
	pin.pathname = (uintptr_t)argv[3];
	pin.bpf_fd = fd;
	if (bpfload_call(BPF_OBJ_PIN, &pin))
		err(1, "pin %s", argv[3]);
	return 0;
}
