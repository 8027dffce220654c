// SPDX-License-Identifier: GPL-2.0
/*
 * XDP programs on a tap whose program sends by a mapped ring: they see its frames before these have an skb.
 *
 * What generic XDP takes counts as received, and under no reason: by that the two are told apart.
 */
#define _GNU_SOURCE
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <pthread.h>

#include "harness.h"
#include "../lib/bpf.h"
#include "mapped.h"

#define NODE "/dev/net/vtun"

FIXTURE(ring_xdp) {
	int fd, sock, link;
	struct mapped m;
	unsigned char out[70000], in[70000];
};

FIXTURE_SETUP(ring_xdp)
{
	self->fd = mapped_node(NODE, self->out, sizeof(self->out));
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, set_mtu("t0", 65000));
	ASSERT_EQ(0, mapped_open(&self->m, self->fd, 128, 128, 2048));
	ASSERT_EQ(0, dev_up("t0"));
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root noqueue"));
	self->sock = dev_socket("t0");
	ASSERT_LE(0, self->sock);
	self->link = -1;
}

FIXTURE_TEARDOWN(ring_xdp)
{
}

/* ---- programs ------------------------------------------------------------ */

#define FRAGS BPF_F_XDP_HAS_FRAGS

static int verdict(int what, int flags)
{
	const struct bpf_insn insns[] = { INSN_SET(BPF_REG_0, what), INSN_EXIT };

	return bpf_load(BPF_PROG_TYPE_XDP, insns, sizeof(insns) / sizeof(*insns), flags);
}

/* Passes what the helper has moved, and lets others go as an error. */
static int adjust(int helper, int by, int flags)
{
	const struct bpf_insn insns[] = {
		INSN_SET(BPF_REG_2, by), INSN_FUNC(helper), INSN_IF(BPF_JNE, BPF_REG_0, 0, 2),
		INSN_SET(BPF_REG_0, XDP_PASS), INSN_EXIT,
		INSN_SET(BPF_REG_0, XDP_ABORTED), INSN_EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, insns, sizeof(insns) / sizeof(*insns), flags);
}

static int redirect(int ifindex)
{
	const struct bpf_insn insns[] = {
		INSN_SET(BPF_REG_1, ifindex), INSN_SET(BPF_REG_2, 0), INSN_FUNC(BPF_FUNC_redirect), INSN_EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, insns, sizeof(insns) / sizeof(*insns), 0);
}

#define META 77

static int put_meta(void)
{
	const struct bpf_insn insns[] = {
		INSN_COPY(BPF_REG_6, BPF_REG_1), INSN_SET(BPF_REG_2, -4), INSN_FUNC(BPF_FUNC_xdp_adjust_meta),
		INSN_LOAD(BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, data_meta)),
		INSN_LOAD(BPF_REG_3, BPF_REG_6, offsetof(struct xdp_md, data)),
		INSN_COPY(BPF_REG_4, BPF_REG_2), INSN_PLUS(BPF_REG_4, 4),
		INSN_IF_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 3), INSN_STORE(BPF_REG_2, 0, META),
		INSN_SET(BPF_REG_0, XDP_PASS), INSN_EXIT,
		INSN_SET(BPF_REG_0, XDP_ABORTED), INSN_EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, insns, sizeof(insns) / sizeof(*insns), 0);
}

/* A filter of tc, which drops what has not that metadata. */
static int check_meta(void)
{
	const struct bpf_insn insns[] = {
		INSN_LOAD(BPF_REG_2, BPF_REG_1, offsetof(struct __sk_buff, data_meta)),
		INSN_LOAD(BPF_REG_3, BPF_REG_1, offsetof(struct __sk_buff, data)),
		INSN_COPY(BPF_REG_4, BPF_REG_2), INSN_PLUS(BPF_REG_4, 4),
		INSN_IF_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 4), INSN_LOAD(BPF_REG_5, BPF_REG_2, 0),
		INSN_IF(BPF_JNE, BPF_REG_5, META, 2),
		INSN_SET(BPF_REG_0, TC_ACT_OK), INSN_EXIT,
		INSN_SET(BPF_REG_0, TC_ACT_SHOT), INSN_EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_SCHED_CLS, insns, sizeof(insns) / sizeof(*insns), 0);
}

/* Replaces the device's program. */
#define USE(prog) do {							\
	if (self->link >= 0)						\
		close(self->link);					\
	self->link = bpf_attach_xdp(prog, dev_index("t0"));		\
} while (0)

/* ---- frames --------------------------------------------------------------- */

#define SLOTS(len) (((len) + 2047) / 2048)
#define SEND(len) ASSERT_EQ(SLOTS(len), mapped_send(&self->m, self->out, len, NULL))
#define FROM_DEVICE(len) ASSERT_EQ(len, read_frame(self->sock, self->in, sizeof(self->in), 0))

static long counter(const char *name)
{
	return dev_counter("t0", name);
}

/* A batch of frames of a length. */
static long send_batch(struct mapped *m, unsigned char *frame, size_t len, int n)
{
	long sum = 0, ret;

	for (int i = 0; i < n; i++) {
		make_frame(frame, 16, i);
		if (!mapped_put(m, frame, len, NULL))
			return -ENOBUFS;
	}
	mapped_submit(m);
	for (; sum < n; sum += ret) {
		ret = mapped_enter(m, VTUN_RING_ENTER_TX);
		if (ret <= 0)
			return ret;
	}
	return sum;
}

TEST_F(ring_xdp, pass)
{
	USE(verdict(XDP_PASS, 0));
	ASSERT_EQ(100, send_batch(&self->m, self->out, 300, 100));
	for (int i = 0; i < 100; i++) {
		FROM_DEVICE(300);
		make_frame(self->out, 16, i);
		ASSERT_EQ(0, memcmp(self->in, self->out, 300));
	}
	EXPECT_EQ(100, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(30000, dev_stat("t0", RX_BYTES));
	EXPECT_EQ(0, dev_stat("t0", RX_DROPPED));
	EXPECT_EQ(0, self->m.tx.kernel->refused);
}

/* Each has a reason, and none counts as received, nor as refused. */
TEST_F(ring_xdp, drops)
{
	static const struct {
		int verdict;
		const char *reason;
	} drops[] = {
		{ XDP_DROP, "drop_xdp" },
		{ XDP_ABORTED, "drop_xdp_aborted" },
		{ 77, "drop_xdp_aborted" },
	};

	for (int i = 0; i < 3; i++) {
		long before = counter(drops[i].reason);

		USE(verdict(drops[i].verdict, 0));
		ASSERT_EQ(100, send_batch(&self->m, self->out, 60, 100));
		EXPECT_EQ(before + 100, counter(drops[i].reason));
		EXPECT_EQ(100 * (i + 1), dev_stat("t0", RX_DROPPED));
	}
	EXPECT_EQ(0, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(0, self->m.tx.kernel->refused);
}

/* Back to the program, into its other ring; what does not fit there has a reason. */
TEST_F(ring_xdp, tx)
{
	int i;

	USE(verdict(XDP_TX, 0));
	ASSERT_EQ(100, send_batch(&self->m, self->out, 1000, 100));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1000, mapped_take(&self->m, self->in, sizeof(self->in), NULL));
		make_frame(self->out, 16, i);
		ASSERT_EQ(0, memcmp(self->in, self->out, 1000));
	}
	EXPECT_EQ(100, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(100, dev_stat("t0", TX_PACKETS));
	EXPECT_EQ(0, dev_stat("t0", RX_DROPPED));
	ASSERT_EQ(100, send_batch(&self->m, self->out, 1000, 100));
	ASSERT_EQ(100, send_batch(&self->m, self->out, 1000, 100));
	EXPECT_EQ(72, counter("drop_xdp_tx"));
	/* Once. */
	EXPECT_EQ(72, dev_stat("t0", RX_DROPPED) + dev_stat("t0", TX_DROPPED));
	EXPECT_EQ(228, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(0, self->m.tx.kernel->refused);
}

/* Has the frame begin earlier, and sends it back. */
static int longer(int by)
{
	const struct bpf_insn insns[] = {
		INSN_SET(BPF_REG_2, -by), INSN_FUNC(BPF_FUNC_xdp_adjust_head), INSN_IF(BPF_JNE, BPF_REG_0, 0, 2),
		INSN_SET(BPF_REG_0, XDP_TX), INSN_EXIT,
		INSN_SET(BPF_REG_0, XDP_ABORTED), INSN_EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, insns, sizeof(insns) / sizeof(*insns), FRAGS);
}

/* A frame that a program has made longer than a ring's may be does not fit, however much room there is. */
TEST_F(ring_xdp, too_long)
{
	int most = self->m.setup.frame_max;

	USE(longer(200));
	SEND(most);
	EXPECT_EQ(0, mapped_take(&self->m, self->in, sizeof(self->in), NULL));
	EXPECT_EQ(1, counter("drop_too_big"));
	EXPECT_EQ(0, counter("drop_ring_full"));
	EXPECT_EQ(1, dev_stat("t0", RX_DROPPED) + dev_stat("t0", TX_DROPPED));
	SEND(most - 200);
	EXPECT_EQ(most, mapped_take(&self->m, self->in, sizeof(self->in), NULL));
	EXPECT_EQ(1, counter("drop_too_big"));
	EXPECT_EQ(1, dev_stat("t0", TX_PACKETS));
}

/* A reader whose memory ends within the second buffer of a frame gets an error, and no frame with a hole. */
TEST_F(ring_xdp, bad_memory)
{
	int fd = tun_open(NODE, 0);
	unsigned char *mem;
	struct mapped m;

	ASSERT_EQ(0, tun_set_iff(fd, "t1", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, mapped_open(&m, fd, 0, 128, 2048));
	ASSERT_EQ(0, dev_up("t1"));
	self->link = bpf_attach_xdp(verdict(XDP_TX, FRAGS), dev_index("t1"));
	mem = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_EQ(0, mprotect(mem + 2 * 4096, 2 * 4096, PROT_NONE));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(SLOTS(12000), mapped_send(&m, self->out, 12000, NULL));
	EXPECT_EQ(-1, read(fd, mem, 12000));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(1, dev_counter("t1", "drop_copy_out"));
	EXPECT_EQ(0, dev_stat("t1", TX_PACKETS));
	/* What there is no room for is cut off, which is none. */
	EXPECT_EQ(8000, read(fd, mem, 8000));
	EXPECT_EQ(0, memcmp(mem, self->out, 8000));
	EXPECT_EQ(1, dev_counter("t1", "drop_copy_out"));
}

/* A second tap, that has a qdisc, and of whose frames BQL is told. */
#define SECOND_TAP(fd, sock) do {					\
	ASSERT_EQ(0, tun_set_iff(fd, "t1", IFF_TAP | IFF_NO_PI));	\
	ASSERT_EQ(0, dev_up("t1"));					\
	ASSERT_EQ(0, system("tc qdisc replace dev t1 root pfifo limit 1000")); \
	sock = dev_socket("t1");					\
	ASSERT_LE(0, sock);						\
	USE(redirect(dev_index("t1")));					\
} while (0)

/* How a frame of the stack's is told from those that are redirected. */
#define FROM_STACK 0x1000

static bool is_from_stack(const unsigned char *frame)
{
	return frame[15] == FROM_STACK >> 8;
}

static void send_from_stack(struct __test_metadata *_metadata, int sock, int n)
{
	unsigned char frame[60];

	while (n--) {
		make_frame(frame, sizeof(frame), FROM_STACK);
		ASSERT_EQ(60, send(sock, frame, sizeof(frame), MSG_DONTWAIT));
	}
}

/* Frames that are redirected keep the ring from being empty; those of the stack do not wait for that. */
TEST_F(ring_xdp, read_beside_the_stack)
{
	int fd = tun_open(NODE, O_NONBLOCK), sock, seen = 0;

	SECOND_TAP(fd, sock);
	ASSERT_EQ(100, send_batch(&self->m, self->out, 60, 100));
	send_from_stack(_metadata, sock, 3);
	for (int i = 0; i < 500; i++) {
		ASSERT_EQ(1, send_batch(&self->m, self->out, 60, 1));
		ASSERT_EQ(60, read(fd, self->in, sizeof(self->in)));
		seen += is_from_stack(self->in);
	}
	EXPECT_EQ(3, seen);
	EXPECT_EQ(0, dev_stat("t1", TX_DROPPED));
}

TEST_F(ring_xdp, take_beside_the_stack)
{
	int fd = tun_open(NODE, 0), sock, seen = 0;
	struct mapped to;

	SECOND_TAP(fd, sock);
	ASSERT_EQ(0, mapped_open(&to, fd, 256, 0, 2048));
	ASSERT_EQ(100, send_batch(&self->m, self->out, 60, 100));
	send_from_stack(_metadata, sock, 3);
	for (int i = 0; i < 500; i++) {
		ASSERT_EQ(1, send_batch(&self->m, self->out, 60, 1));
		ASSERT_EQ(60, mapped_take(&to, self->in, sizeof(self->in), NULL));
		seen += is_from_stack(self->in);
	}
	EXPECT_EQ(3, seen);
	EXPECT_EQ(0, dev_stat("t1", TX_DROPPED));
}

/* A ring that is found broken by frames that are redirected: the stack's do not wait for it any more. */
TEST_F(ring_xdp, broken_beside_the_stack)
{
	int fd = tun_open(NODE, 0), sock, len;
	struct mapped to;

	SECOND_TAP(fd, sock);
	ASSERT_EQ(0, mapped_open(&to, fd, 128, 0, 2048));
	send_from_stack(_metadata, sock, 5);
	EXPECT_EQ(VTUN_RING_NEED_ENTER, to.rx.kernel->flags);
	__atomic_store_n(&to.rx.user->index, 1000, __ATOMIC_RELEASE);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(100, send_batch(&self->m, self->out, 60, 100));
	EXPECT_EQ(VTUN_RING_RX_BROKEN, to.state->status);
	do {
		len = read_frame(fd, self->in, sizeof(self->in), 0);
		ASSERT_EQ(60, len);
	} while (!is_from_stack(self->in));
}

TEST_F(ring_xdp, redirect)
{
	int fd = tun_open(NODE, 0);
	struct mapped to;

	ASSERT_EQ(0, tun_set_iff(fd, "t1", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, mapped_open(&to, fd, 128, 0, 2048));
	ASSERT_EQ(0, dev_up("t1"));
	USE(redirect(dev_index("t1")));
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(100, send_batch(&self->m, self->out, 1514, 100));
		for (int i = 0; i < 100; i++) {
			ASSERT_EQ(1514, mapped_take(&to, self->in, sizeof(self->in), NULL));
			make_frame(self->out, 16, i);
			ASSERT_EQ(0, memcmp(self->in, self->out, 1514));
		}
	}
	EXPECT_EQ(300, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(300, dev_stat("t1", TX_PACKETS));
	USE(redirect(9999));
	ASSERT_EQ(100, send_batch(&self->m, self->out, 60, 100));
	EXPECT_EQ(100, counter("drop_xdp_redirect"));
	EXPECT_EQ(300, dev_stat("t0", RX_PACKETS));
}

/* There is room in front of a frame, and what a program cuts off or adds is so. */
TEST_F(ring_xdp, moved)
{
	USE(adjust(BPF_FUNC_xdp_adjust_head, -200, 0));
	SEND(1000);
	ASSERT_EQ(1200, recv(self->sock, self->in, sizeof(self->in), 0));
	EXPECT_EQ(0, memcmp(self->in + 200, self->out, 1000));
	USE(adjust(BPF_FUNC_xdp_adjust_tail, -100, 0));
	SEND(1000);
	FROM_DEVICE(900);
	EXPECT_EQ(0, memcmp(self->in, self->out, 900));
	USE(adjust(BPF_FUNC_xdp_adjust_head, 100, 0));
	/* What is behind stands for a header then. */
	make_frame(self->out + 100, 16, 1);
	SEND(1000);
	FROM_DEVICE(900);
	EXPECT_EQ(0, memcmp(self->in, self->out + 100, 900));
	EXPECT_EQ(0, counter("drop_xdp_aborted"));
}

static bool filter_meta(void)
{
	char path[64], command[128];
	union bpf_attr pin = { };
	int ret;

	snprintf(path, sizeof(path), "/sys/fs/bpf/ring-xdp-%d", getpid());
	pin.pathname = (uintptr_t)path;
	pin.bpf_fd = check_meta();
	if (bpf_call(BPF_OBJ_PIN, &pin))
		return false;
	snprintf(command, sizeof(command), "tc filter add dev t0 ingress bpf da object-pinned %s", path);
	ret = system("tc qdisc add dev t0 clsact") ?: system(command);
	unlink(path);
	return !ret;
}

#define FILTER_SAYS(what) \
	EXPECT_EQ(0, system("tc -s qdisc show dev t0 | grep -A1 clsact | grep -q ' " what ",'"))

/* What it puts in front of a frame as metadata a filter of tc sees. */
TEST_F(ring_xdp, metadata)
{
	USE(put_meta());
	if (!filter_meta())
		SKIP(return, "no BPF file system, or no tc");
	ASSERT_EQ(50, send_batch(&self->m, self->out, 300, 50));
	SEND(3000);
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(300, write(self->fd, self->out, 300));
	EXPECT_EQ(61, dev_stat("t0", RX_PACKETS));
	FILTER_SAYS("61 pkt (dropped 0");
	close(self->link);
	self->link = -1;
	SEND(300);
	FILTER_SAYS("62 pkt (dropped 1");
}

/* Longer than a page: in several buffers to a program that says that it knows these. */
TEST_F(ring_xdp, buffers)
{
	long sent = 0;
	int len;

	USE(verdict(XDP_PASS, FRAGS));
	for (len = 2040; len < 65000; len += 1111) {
		SEND(len);
		FROM_DEVICE(len);
		ASSERT_EQ(0, memcmp(self->in, self->out, len));
	}
	EXPECT_EQ(0, self->m.tx.kernel->refused);
	/* All of it is there, and it is theirs to cut off. */
	USE(adjust(BPF_FUNC_xdp_adjust_tail, -5000, FRAGS));
	for (len = 9000; len < 65000; len += 7777) {
		SEND(len);
		FROM_DEVICE(len - 5000);
		ASSERT_EQ(0, memcmp(self->in, self->out, len - 5000));
	}
	USE(verdict(XDP_TX, FRAGS));
	for (len = 2040; len < 65000; len += 1111) {
		SEND(len);
		ASSERT_EQ(len, mapped_take(&self->m, self->in, sizeof(self->in), NULL));
		ASSERT_EQ(0, memcmp(self->in, self->out, len));
	}
	USE(verdict(XDP_DROP, FRAGS));
	for (len = 2040; len < 65000; len += 1111, sent++)
		SEND(len);
	EXPECT_EQ(sent, counter("drop_xdp"));
	EXPECT_EQ(sent, dev_stat("t0", RX_DROPPED));
}

/* To others with its skb; and so a super-frame, whoever says what. */
TEST_F(ring_xdp, with_their_skb)
{
	struct virtio_net_hdr gso = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.hdr_len = ETH_HLEN + 40,
		.gso_size = 1000,
		.csum_start = ETH_HLEN + 20,
		.csum_offset = 16,
	};

	USE(verdict(XDP_PASS, 0));
	for (int len = 2040; len < 65000; len += 1111) {
		SEND(len);
		FROM_DEVICE(len);
		ASSERT_EQ(0, memcmp(self->in, self->out, len));
	}
	USE(verdict(XDP_DROP, 0));
	SEND(2100);
	EXPECT_EQ(1, counter("drop_xdp"));
	SEND(9000);
	EXPECT_EQ(1, counter("drop_xdp"));
	self->out[12] = 8;
	self->out[13] = 0;
	memset(self->out + ETH_HLEN, 0, 40);
	self->out[ETH_HLEN] = 0x45;
	self->out[ETH_HLEN + 9] = IPPROTO_TCP;
	self->out[ETH_HLEN + 20 + 12] = 0x50;
	ASSERT_EQ(SLOTS(3000), mapped_send(&self->m, self->out, 3000, &gso));
	EXPECT_EQ(1, counter("drop_xdp"));
	/* A checksum that is yet to be filled in does not make it one. */
	gso.gso_type = 0;
	ASSERT_EQ(1, mapped_send(&self->m, self->out, 1000, &gso));
	EXPECT_EQ(2, counter("drop_xdp"));
	EXPECT_EQ(0, self->m.tx.kernel->refused);
	USE(verdict(XDP_PASS, 0));
	ASSERT_EQ(1, mapped_send(&self->m, self->out, 1000, &gso));
	ASSERT_EQ(1000, recv(self->sock, self->in, sizeof(self->in), 0));
	EXPECT_EQ(0, memcmp(self->in, self->out, 1000));
}

struct changer {
	int progs[2], ifindex;
	bool done;
};

static void *change_programs(void *arg)
{
	struct changer *c = arg;

	for (int i = 0; !__atomic_load_n(&c->done, __ATOMIC_RELAXED); i++) {
		int link = bpf_attach_xdp(c->progs[i & 1], c->ifindex);

		usleep(i % 5 * 200);
		close(link);
	}
	return NULL;
}

/* Programs come and go meanwhile: each frame arrives, in its order. */
TEST_F(ring_xdp, changing)
{
	struct changer c = {
		.progs = { verdict(XDP_PASS, 0), verdict(XDP_PASS, FRAGS) },
		.ifindex = dev_index("t0"),
	};
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, change_programs, &c));
	for (int round = 0; round < 100; round++) {
		size_t len = round % 4 ? 100 + round * 7 : 6000;
		int n = round % 4 ? 60 : 20;

		for (int i = 0; i < n; i++) {
			make_frame(self->out, 16, i);
			ASSERT_EQ(true, mapped_put(&self->m, self->out, len, NULL));
		}
		mapped_submit(&self->m);
		while (__atomic_load_n(&self->m.tx.kernel->index, __ATOMIC_ACQUIRE) != self->m.tx.index)
			ASSERT_LE(0, mapped_enter(&self->m, VTUN_RING_ENTER_TX));
		for (int i = 0; i < n; i++) {
			FROM_DEVICE(len);
			make_frame(self->out, 16, i);
			ASSERT_EQ(0, memcmp(self->in, self->out, len));
		}
	}
	__atomic_store_n(&c.done, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, self->m.tx.kernel->refused);
	EXPECT_EQ(0, dev_stat("t0", RX_DROPPED));
}

TEST_HARNESS_MAIN
