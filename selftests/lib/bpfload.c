// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a small BPF program and pins it for `ip link ... xdp pinned` or `tc ... bpf object-pinned`, or attaches a pinned
 * one. The programs are a few instructions each, which need no compiler.
 *
 *	bpfload xdp|tc VERDICT [IFINDEX] PIN
 *		pass, drop		every frame
 *		redirect IFINDEX	out of that device
 *		ingress IFINDEX		tc: as if that device had received it
 *		peer IFINDEX		tc: as if that device's peer had received it (bpf_redirect_peer)
 *		neigh IFINDEX		tc: out of that device, to the MAC that its neighbours say (bpf_redirect_neigh)
 *		fib			IPv4 where the routing table says, with the MACs it says; anything else passes
 *	bpfload tcx ingress|egress DEV PIN LINK_PIN
 *		attaches by a link, which is pinned as well, since 6.6
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Since 6.6. */
#define BPFLOAD_TCX_INGRESS	46
#define BPFLOAD_TCX_EGRESS	47

#define BPFLOAD_MAX	96

/* The bpf_fib_lookup on the program's stack. */
#define BPFLOAD_FIB	(-(int)sizeof(struct bpf_fib_lookup))
#define BPFLOAD_FIB_OF(member) (BPFLOAD_FIB + (int)offsetof(struct bpf_fib_lookup, member))

static struct bpf_insn insns[BPFLOAD_MAX];
static unsigned int nr_insns;
static bool xdp;

static void bpfload_emit(unsigned char code, int dst, int src, int off, int imm)
{
	if (nr_insns == BPFLOAD_MAX)
		errx(2, "the program is too long");
	insns[nr_insns++] = (struct bpf_insn){ .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };
}

static void bpfload_set(int reg, int value)
{
	bpfload_emit(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, value);
}

static void bpfload_move(int to, int from)
{
	bpfload_emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

/* The register points into the stack. */
static void bpfload_point(int reg, int at)
{
	bpfload_move(reg, BPF_REG_10);
	bpfload_emit(BPF_ALU64 | BPF_ADD | BPF_K, reg, 0, 0, at);
}

static void bpfload_call_helper(int helper)
{
	bpfload_emit(BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

static void bpfload_exit(void)
{
	bpfload_emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void bpfload_verdict(bool drop)
{
	bpfload_set(BPF_REG_0, xdp ? (drop ? XDP_DROP : XDP_PASS) : (drop ? TC_ACT_SHOT : TC_ACT_OK));
	bpfload_exit();
}

static void bpfload_redirect(int helper, int ifindex, int second)
{
	bpfload_set(BPF_REG_1, ifindex);
	bpfload_set(BPF_REG_2, second);
	bpfload_set(BPF_REG_3, 0);
	bpfload_set(BPF_REG_4, 0);
	bpfload_call_helper(helper);
	bpfload_exit();
}

/* Between the frame and the stack; the context is in R6. */
static void bpfload_frame_bytes(bool store, int frame_at, int stack_at, int len)
{
	bpfload_move(BPF_REG_1, BPF_REG_6);
	bpfload_set(BPF_REG_2, frame_at);
	bpfload_point(BPF_REG_3, stack_at);
	bpfload_set(BPF_REG_4, len);
	bpfload_set(BPF_REG_5, 0);
	if (xdp)
		bpfload_call_helper(store ? BPF_FUNC_xdp_store_bytes : BPF_FUNC_xdp_load_bytes);
	else
		bpfload_call_helper(store ? BPF_FUNC_skb_store_bytes : BPF_FUNC_skb_load_bytes);
}

/* Passes the frame where R0 is not the value. */
static void bpfload_pass_unless(int value)
{
	bpfload_emit(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, value);
	bpfload_verdict(false);
}

static void bpfload_fib(void)
{
	int at;

	bpfload_move(BPF_REG_6, BPF_REG_1);
	for (at = BPFLOAD_FIB; at < 0; at += 8)
		bpfload_emit(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, at, 0);
	bpfload_frame_bytes(false, offsetof(struct ethhdr, h_proto), BPFLOAD_FIB_OF(tot_len), 2);
	bpfload_emit(BPF_LDX | BPF_MEM | BPF_H, BPF_REG_0, BPF_REG_10, BPFLOAD_FIB_OF(tot_len), 0);
	bpfload_pass_unless(htons(ETH_P_IP));
	bpfload_emit(BPF_ST | BPF_MEM | BPF_H, BPF_REG_10, 0, BPFLOAD_FIB_OF(tot_len), 0);
	bpfload_emit(BPF_ST | BPF_MEM | BPF_B, BPF_REG_10, 0, BPFLOAD_FIB_OF(family), AF_INET);
	bpfload_frame_bytes(false, ETH_HLEN + 12, BPFLOAD_FIB_OF(ipv4_src), 4);
	bpfload_frame_bytes(false, ETH_HLEN + 16, BPFLOAD_FIB_OF(ipv4_dst), 4);
	bpfload_emit(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_0, BPF_REG_6,
		     xdp ? offsetof(struct xdp_md, ingress_ifindex) : offsetof(struct __sk_buff, ifindex), 0);
	bpfload_emit(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, BPF_REG_0, BPFLOAD_FIB_OF(ifindex), 0);

	bpfload_move(BPF_REG_1, BPF_REG_6);
	bpfload_point(BPF_REG_2, BPFLOAD_FIB);
	bpfload_set(BPF_REG_3, sizeof(struct bpf_fib_lookup));
	bpfload_set(BPF_REG_4, 0);
	bpfload_call_helper(BPF_FUNC_fib_lookup);
	bpfload_pass_unless(BPF_FIB_LKUP_RET_SUCCESS);
	bpfload_frame_bytes(true, 0, BPFLOAD_FIB_OF(dmac), ETH_ALEN);
	bpfload_frame_bytes(true, ETH_ALEN, BPFLOAD_FIB_OF(smac), ETH_ALEN);
	bpfload_emit(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_1, BPF_REG_10, BPFLOAD_FIB_OF(ifindex), 0);
	bpfload_set(BPF_REG_2, 0);
	bpfload_call_helper(BPF_FUNC_redirect);
	bpfload_exit();
}

static bool bpfload_build(const char *verdict, int ifindex)
{
	if (!strcmp(verdict, "pass"))
		bpfload_verdict(false);
	else if (!strcmp(verdict, "drop"))
		bpfload_verdict(true);
	else if (!strcmp(verdict, "redirect"))
		bpfload_redirect(BPF_FUNC_redirect, ifindex, 0);
	else if (!strcmp(verdict, "ingress"))
		bpfload_redirect(BPF_FUNC_redirect, ifindex, BPF_F_INGRESS);
	else if (!strcmp(verdict, "peer"))
		bpfload_redirect(BPF_FUNC_redirect_peer, ifindex, 0);
	else if (!strcmp(verdict, "neigh"))
		bpfload_redirect(BPF_FUNC_redirect_neigh, ifindex, 0);
	else if (!strcmp(verdict, "fib"))
		bpfload_fib();
	else
		return false;
	return true;
}

static int bpfload_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static void bpfload_pin(int fd, const char *path)
{
	union bpf_attr pin = { .pathname = (uintptr_t)path, .bpf_fd = fd };

	if (bpfload_call(BPF_OBJ_PIN, &pin))
		err(1, "pin %s", path);
}

static void bpfload_load(const char *path)
{
	static char log[65536];
	union bpf_attr load = {
		.prog_type = xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS, .insns = (uintptr_t)insns,
		.insn_cnt = nr_insns, .license = (uintptr_t)"GPL", .log_level = 1, .log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
	};
	int fd = bpfload_call(BPF_PROG_LOAD, &load);

	if (fd < 0)
		err(1, "%sBPF_PROG_LOAD", log);
	bpfload_pin(fd, path);
}

static void bpfload_attach(const char *direction, const char *dev, const char *program, const char *path)
{
	union bpf_attr get = { .pathname = (uintptr_t)program }, link = {};
	int fd;

	fd = bpfload_call(BPF_OBJ_GET, &get);
	if (fd < 0)
		err(1, "%s", program);
	link.link_create.prog_fd = fd;
	link.link_create.target_ifindex = if_nametoindex(dev);
	link.link_create.attach_type = strcmp(direction, "egress") ? BPFLOAD_TCX_INGRESS : BPFLOAD_TCX_EGRESS;
	fd = bpfload_call(BPF_LINK_CREATE, &link);
	if (fd < 0)
		err(1, "BPF_LINK_CREATE at %s", dev);
	bpfload_pin(fd, path);
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "tcx")) {
		bpfload_attach(argv[2], argv[3], argv[4], argv[5]);
		return 0;
	}
	if (argc != 4 && argc != 5)
		errx(2, "usage: bpfload xdp|tc VERDICT [IFINDEX] PIN | tcx ingress|egress DEV PIN LINK_PIN");
	xdp = !strcmp(argv[1], "xdp");
	if (!bpfload_build(argv[2], argc == 5 ? atoi(argv[3]) : 0))
		errx(2, "no such verdict: %s", argv[2]);
	bpfload_load(argv[argc - 1]);
	return 0;
}
