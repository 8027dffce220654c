// SPDX-License-Identifier: GPL-2.0
/*
 * XDP programs on a tun device, where a packet begins with its IP header: by each way in which a program may send.
 */
#define _GNU_SOURCE
#include <netinet/in.h>

#include "harness.h"
#include "../lib/bpf.h"
#include "mapped.h"

#define NODE "/dev/net/vtun"
#define PACKET 64

FIXTURE(tun_xdp) {
	int fd, sock, link;
	struct mapped m;
	unsigned char out[PACKET], in[2000];
};

/* By the ring; by write; and where a limit has packets shown with their skb. */
FIXTURE_VARIANT(tun_xdp) {
	bool ring, limited;
};

FIXTURE_VARIANT_ADD(tun_xdp, ring) { .ring = true };
FIXTURE_VARIANT_ADD(tun_xdp, write) { };
FIXTURE_VARIANT_ADD(tun_xdp, skb) { .limited = true };

FIXTURE_SETUP(tun_xdp)
{
	int sndbuf = 1000000;

	self->fd = mapped_node(NODE, self->out, sizeof(self->out));
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TUN | IFF_NO_PI));
	if (variant->ring)
		ASSERT_EQ(0, mapped_open(&self->m, self->fd, 128, 128, 2048));
	if (variant->limited)
		ASSERT_EQ(0, ioctl(self->fd, TUNSETSNDBUF, &sndbuf));
	ASSERT_EQ(0, dev_up("t0"));
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root noqueue"));
	self->sock = dev_socket("t0");
	ASSERT_LE(0, self->sock);
	self->link = -1;
	memset(self->out, 0x77, sizeof(self->out));
	self->out[0] = 0x45;
}

FIXTURE_TEARDOWN(tun_xdp)
{
}

static int verdict(int what)
{
	const struct bpf_insn insns[] = { INSN_SET(BPF_REG_0, what), INSN_EXIT };

	return bpf_load(BPF_PROG_TYPE_XDP, insns, sizeof(insns) / sizeof(*insns), 0);
}

/* Writes four bytes at an offset, and passes what has as many. */
static int overwrite(int off, int val)
{
	const struct bpf_insn insns[] = {
		INSN_LOAD(BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data)),
		INSN_LOAD(BPF_REG_3, BPF_REG_1, offsetof(struct xdp_md, data_end)),
		INSN_COPY(BPF_REG_4, BPF_REG_2), INSN_PLUS(BPF_REG_4, off + 4),
		INSN_IF_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 3), INSN_STORE(BPF_REG_2, off, val),
		INSN_SET(BPF_REG_0, XDP_PASS), INSN_EXIT,
		INSN_SET(BPF_REG_0, XDP_ABORTED), INSN_EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, insns, sizeof(insns) / sizeof(*insns), 0);
}

static int redirect(int ifindex)
{
	const struct bpf_insn insns[] = {
		INSN_SET(BPF_REG_1, ifindex), INSN_SET(BPF_REG_2, 0), INSN_FUNC(BPF_FUNC_redirect), INSN_EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, insns, sizeof(insns) / sizeof(*insns), 0);
}

#define USE(prog) do {							\
	if (self->link >= 0)						\
		close(self->link);					\
	self->link = bpf_attach_xdp(prog, dev_index("t0"));		\
	ASSERT_LE(0, self->link);					\
} while (0)

#define SEND(len) do {							\
	if (variant->ring) {						\
		ASSERT_EQ(1, mapped_send(&self->m, self->out, len, NULL)); \
	} else {							\
		ASSERT_EQ(len, write(self->fd, self->out, len));	\
	}								\
} while (0)

/* Of what protocol the next packet is, or -errno. */
static int received(int sock, unsigned char *packet, int len)
{
	struct sockaddr_ll from;
	socklen_t size = sizeof(from);
	int ret = recvfrom(sock, packet, 2000, MSG_DONTWAIT, (struct sockaddr *)&from, &size);

	return ret < 0 ? -errno : ret == len ? ntohs(from.sll_protocol) : -EMSGSIZE;
}

TEST_F(tun_xdp, pass)
{
	USE(verdict(XDP_PASS));
	for (int i = 0; i < 20; i++) {
		self->out[30] = i;
		self->out[0] = i & 1 ? 0x60 : 0x45;
		SEND(PACKET);
		ASSERT_EQ(i & 1 ? ETH_P_IPV6 : ETH_P_IP, received(self->sock, self->in, PACKET));
		EXPECT_EQ(0, memcmp(self->in, self->out, PACKET));
	}
	EXPECT_EQ(20, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(20 * PACKET, dev_stat("t0", RX_BYTES));
	EXPECT_EQ(0, dev_stat("t0", RX_DROPPED));
}

/* Natively each is counted; generic XDP counts as received, whatever was said. */
TEST_F(tun_xdp, drop)
{
	USE(verdict(XDP_DROP));
	for (int i = 0; i < 20; i++)
		SEND(PACKET);
	EXPECT_EQ(-EAGAIN, received(self->sock, self->in, PACKET));
	EXPECT_EQ(variant->limited ? 20 : 0, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(variant->limited ? 0 : 20, dev_stat("t0", RX_DROPPED));
	/* What could be no IP header is not shown. */
	SEND(13);
	EXPECT_EQ(ETH_P_IP, received(self->sock, self->in, 13));
	SEND(14);
	EXPECT_EQ(-EAGAIN, received(self->sock, self->in, 14));
}

TEST_F(tun_xdp, tx)
{
	USE(verdict(XDP_TX));
	for (int i = 0; i < 20; i++) {
		self->out[30] = i;
		SEND(PACKET);
		ASSERT_EQ(PACKET, variant->ring ? mapped_recv(&self->m, self->in, sizeof(self->in), NULL) :
						  read(self->fd, self->in, sizeof(self->in)));
		EXPECT_EQ(0, memcmp(self->in, self->out, PACKET));
	}
}

/* A source address stands where an Ethernet header has its protocol: it is still an IP packet. */
TEST_F(tun_xdp, header_changed)
{
	USE(overwrite(12, 0x0100000a));
	SEND(PACKET);
	ASSERT_EQ(ETH_P_IP, received(self->sock, self->in, PACKET));
	EXPECT_EQ(0, memcmp(self->in + 12, "\x0a\0\0\1", 4));
	EXPECT_EQ(0, memcmp(self->in + 16, self->out + 16, PACKET - 16));
	/* What is of another version then is that. */
	USE(overwrite(0, 0x60));
	SEND(PACKET);
	ASSERT_EQ(ETH_P_IPV6, received(self->sock, self->in, PACKET));
}

/* From one to the other, whose program has packet information in front. */
TEST_F(tun_xdp, redirect)
{
	struct tun_pi *pi = (void *)self->in;
	int fd = tun_open(NODE, 0);

	ASSERT_EQ(0, tun_set_iff(fd, "t1", IFF_TUN));
	ASSERT_EQ(0, dev_up("t1"));
	USE(redirect(dev_index("t1")));
	for (int i = 0; i < 20; i++) {
		self->out[30] = i;
		self->out[0] = i & 1 ? 0x60 : 0x45;
		SEND(PACKET);
		ASSERT_EQ(PACKET + 4, read(fd, self->in, sizeof(self->in)));
		EXPECT_EQ(0, pi->flags);
		EXPECT_EQ(htons(i & 1 ? ETH_P_IPV6 : ETH_P_IP), pi->proto);
		EXPECT_EQ(0, memcmp(self->in + 4, self->out, PACKET));
	}
	EXPECT_EQ(20, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(20, dev_stat("t1", TX_PACKETS));
}

TEST_HARNESS_MAIN
