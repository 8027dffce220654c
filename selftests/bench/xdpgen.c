// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own maker of XDP frames (BPF_F_TEST_XDP_LIVE_FRAMES), in batches of 64, as a NIC's NAPI makes them.
 *
 *	xdpgen drop|IFINDEX COUNT LEN MAC	drops each, or redirects it to the device
 *
 * Prints what one frame has cost, in thousandths of a nanosecond, up to the end of all softirqs that it has caused. The
 * kernel's own clock says so, which leaves out its waiting for RCU before and after.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpf.h"

#define XDPGEN_BATCH 64

static int xdpgen_load(const char *to)
{
	struct bpf_insn drop[] = { INSN_SET(BPF_REG_0, XDP_DROP), INSN_EXIT };
	struct bpf_insn redirect[] = {
		INSN_SET(BPF_REG_1, atoi(to)), INSN_SET(BPF_REG_2, 0), INSN_FUNC(BPF_FUNC_redirect), INSN_EXIT,
	};

	if (!strcmp(to, "drop"))
		return bpf_load(BPF_PROG_TYPE_XDP, drop, sizeof(drop) / sizeof(drop[0]), 0);
	return bpf_load(BPF_PROG_TYPE_XDP, redirect, sizeof(redirect) / sizeof(redirect[0]), 0);
}

/* An IPv4 frame for another host's MAC address, which the receiver's stack drops first thing. */
static void xdpgen_frame(unsigned char *frame, unsigned int len, const char *mac)
{
	struct ethhdr *eth = (struct ethhdr *)frame;
	unsigned char *ip = frame + ETH_HLEN;

	memset(frame, 0, len);
	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", frame, frame + 1, frame + 2, frame + 3, frame + 4,
		   frame + 5) != 6)
		errx(2, "not a MAC: %s", mac);
	eth->h_source[0] = 2;
	eth->h_proto = htons(ETH_P_IP);
	ip[0] = 0x45;
	ip[2] = (len - ETH_HLEN) >> 8;
	ip[3] = len - ETH_HLEN;
	ip[8] = 64;
	ip[9] = 17;
}

int main(int argc, char **argv)
{
	unsigned char frame[2048];
	union bpf_attr attr = { };
	unsigned int count, len;

	if (argc != 5)
		errx(2, "usage: xdpgen drop|IFINDEX COUNT LEN MAC");
	count = atoi(argv[2]);
	len = atoi(argv[3]);
	if (len < 60 || len > sizeof(frame))
		errx(2, "length");
	xdpgen_frame(frame, len, argv[4]);
	attr.test.prog_fd = xdpgen_load(argv[1]);
	attr.test.data_in = (uintptr_t)frame;
	attr.test.data_size_in = len;
	attr.test.repeat = count;
	attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	attr.test.batch_size = XDPGEN_BATCH;
	if (bpf_call(BPF_PROG_TEST_RUN, &attr))
		err(1, "BPF_PROG_TEST_RUN");
	printf("%llu\n", attr.test.duration * 1000ull);
	return 0;
}
