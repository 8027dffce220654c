/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BPF without a compiler or a library: the system call, a handful of instructions, maps.
 */
#ifndef _SELFTESTS_BPF_H
#define _SELFTESTS_BPF_H

#include <err.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INSN(op, dst, src, offset, value) \
	((struct bpf_insn){ .code = (op), .dst_reg = (dst), .src_reg = (src), .off = (offset), .imm = (value) })
#define INSN_SET(dst, value)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define INSN_COPY(dst, src)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define INSN_PLUS(dst, value)	INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value)
#define INSN_LOAD(dst, src, off)	INSN(BPF_LDX | BPF_MEM | BPF_W, dst, src, off, 0)
#define INSN_STORE(dst, off, v)	INSN(BPF_ST | BPF_MEM | BPF_W, dst, 0, off, v)
#define INSN_IF(op, dst, v, off)	INSN(BPF_JMP | (op) | BPF_K, dst, 0, off, v)
#define INSN_IF_REG(op, dst, src, off)	INSN(BPF_JMP | (op) | BPF_X, dst, src, off, 0)
#define INSN_FUNC(nr)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, nr)
#define INSN_EXIT		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* The first of two; the second is INSN_REST. */
#define INSN_MAP(dst, fd)	INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd)
#define INSN_REST		INSN(0, 0, 0, 0, 0)

static inline int bpf_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* A program that may call what the device's driver has for it, where the index is not 0; such take few flags. */
static inline int bpf_load_bound(int type, const struct bpf_insn *insns, size_t n, uint32_t flags, uint32_t ifindex)
{
	static char log[65536];
	union bpf_attr attr = {
		.prog_type = type, .insns = (uintptr_t)insns, .insn_cnt = n, .license = (uintptr_t)"GPL",
		.prog_flags = flags | (ifindex ? 0 : BPF_F_ANY_ALIGNMENT), .prog_ifindex = ifindex,
		.log_buf = (uintptr_t)log, .log_size = sizeof(log), .log_level = 1,
	};
	int fd;

	if (type == BPF_PROG_TYPE_XDP)
		attr.expected_attach_type = BPF_XDP;
	fd = bpf_call(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		err(1, "BPF_PROG_LOAD: %s", log);
	return fd;
}

static inline int bpf_load(int type, const struct bpf_insn *insns, size_t n, uint32_t flags)
{
	return bpf_load_bound(type, insns, n, flags, 0);
}

/* A map of one or more 32-bit numbers. */
static inline int bpf_map(int type, unsigned int value_size, unsigned int entries)
{
	union bpf_attr attr = {
		.map_type = type, .key_size = 4, .value_size = value_size, .max_entries = entries,
	};
	int fd = bpf_call(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		err(1, "BPF_MAP_CREATE");
	return fd;
}

static inline void bpf_map_set(int map, uint32_t key, const void *value)
{
	union bpf_attr attr = { .map_fd = map, .key = (uintptr_t)&key, .value = (uintptr_t)value };

	if (bpf_call(BPF_MAP_UPDATE_ELEM, &attr))
		err(1, "BPF_MAP_UPDATE_ELEM");
}

/* The program is on the device until the descriptor is closed. */
static inline int bpf_attach_xdp(int prog, int ifindex)
{
	union bpf_attr attr = { };
	int fd;

	attr.link_create.prog_fd = prog;
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	fd = bpf_call(BPF_LINK_CREATE, &attr);
	if (fd < 0)
		err(1, "attach the program");
	return fd;
}

#endif /* _SELFTESTS_BPF_H */
