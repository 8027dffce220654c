// SPDX-License-Identifier: GPL-2.0
/*
 * libvtun over the mapped rings, and over read and write by either node: the same calls, the same frames.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "harness.h"
#include "libvtun.h"
#include "tun.h"

#define ENTRIES 128

FIXTURE(lib) {
	struct vtun_options options;
	struct vtun *v;
	int sock;
	struct vtun_frame frames[ENTRIES];
	unsigned char out[65536], in[65536];
};

FIXTURE_VARIANT(lib) {
	const char *node;
	unsigned int how;
};

FIXTURE_VARIANT_ADD(lib, rings) { .node = "/dev/net/vtun", .how = VTUN_RINGS };
FIXTURE_VARIANT_ADD(lib, calls) { .node = "/dev/net/vtun", .how = VTUN_NO_RINGS };
FIXTURE_VARIANT_ADD(lib, tun) { .node = "/dev/net/tun" };

FIXTURE_SETUP(lib)
{
	struct ifreq ifr = tun_ifr("t0", 0);

	tun_load(variant->node);
	if (access(variant->node, F_OK))
		SKIP(return, "the kernel has no tun");
	ASSERT_EQ(0, quiet_netns());
	self->options = (struct vtun_options){
		.node = variant->node, .how = variant->how, .rx_entries = ENTRIES, .tx_entries = ENTRIES,
	};
	self->v = vtun_open("t0", &self->options);
	ASSERT_NE(NULL, self->v) {
		TH_LOG("%s", strerror(errno));
	}
	ASSERT_EQ(variant->how == VTUN_RINGS, vtun_has_rings(self->v));
	ASSERT_EQ(0, strcmp("t0", vtun_name(self->v)));
	ifr.ifr_mtu = 65000;
	ASSERT_EQ(0, dev_ioctl(SIOCSIFMTU, &ifr));
	ASSERT_EQ(0, dev_up("t0"));
	self->sock = dev_socket("t0");
	ASSERT_LE(0, self->sock);
}

FIXTURE_TEARDOWN(lib)
{
	vtun_close(self->v);
}

/* A frame of its own length and contents. */
static size_t any_frame(unsigned char *frame, int seq, size_t len)
{
	make_frame(frame, len, seq);
	for (size_t i = 16; i < len; i++)
		frame[i] = i * 7 + seq;
	return len;
}

static unsigned int wait_and_peek(struct vtun *v, struct vtun_frame *frames, unsigned int n)
{
	unsigned int got = 0;

	for (int i = 0; i < 10 && got < n; i++) {
		got = vtun_peek(v, frames, n);
		if (got < n && vtun_wait(v, 1000) < 0)
			break;
	}
	return got;
}

static int send_one(struct vtun *v, const unsigned char *frame, size_t len)
{
	struct iovec iov = { (void *)frame, len };

	return vtun_send(v, NULL, &iov, 1);
}

/* Several times around the ring, one by one. */
TEST_F(lib, receives)
{
	for (int i = 0; i < 3 * ENTRIES; i++) {
		size_t len = any_frame(self->out, i, 60 + i % 1400);

		ASSERT_EQ((ssize_t)len, send(self->sock, self->out, len, 0));
		ASSERT_EQ(1U, wait_and_peek(self->v, self->frames, 1));
		ASSERT_EQ(len, self->frames[0].len);
		ASSERT_EQ(len, vtun_copy(self->frames, self->in, sizeof(self->in)));
		ASSERT_EQ(0, memcmp(self->in, self->out, len));
		ASSERT_EQ(0, vtun_release(self->v, 1));
	}
	EXPECT_EQ(0U, vtun_peek(self->v, self->frames, 1));
}

/* What was looked at is shown again until it is released, and no more can be released. */
TEST_F(lib, peek_takes_nothing)
{
	/* With one, BQL would not send more until some have been released. */
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root noqueue"));
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(60, send(self->sock, self->out, any_frame(self->out, i, 60), 0));
	ASSERT_EQ(10U, wait_and_peek(self->v, self->frames, 10));
	ASSERT_EQ(4U, vtun_peek(self->v, self->frames, 4));
	EXPECT_EQ(0, vtun_release(self->v, 3));
	ASSERT_EQ(7U, vtun_peek(self->v, self->frames, ENTRIES));
	for (int i = 0; i < 7; i++) {
		vtun_copy(self->frames + i, self->in, sizeof(self->in));
		EXPECT_EQ(3 + i, self->in[14]);
	}
	EXPECT_EQ(-EINVAL, vtun_release(self->v, 8));
	EXPECT_EQ(0U, vtun_peek(self->v, self->frames, ENTRIES));
}

TEST_F(lib, sends)
{
	for (int i = 0; i < 3 * ENTRIES; i++) {
		size_t len = any_frame(self->out, i, 60 + i % 1400);

		ASSERT_EQ(0, send_one(self->v, self->out, len));
		ASSERT_EQ(0, vtun_submit(self->v));
		ASSERT_EQ((int)len, read_frame(self->sock, self->in, sizeof(self->in), 0));
		ASSERT_EQ(0, memcmp(self->in, self->out, len));
	}
}

/* All at once, in order; nothing is there before it is submitted. */
TEST_F(lib, sends_batches)
{
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 50; i++)
			ASSERT_EQ(0, send_one(self->v, self->out, any_frame(self->out, i, 100)));
		EXPECT_EQ(-1, recv(self->sock, self->in, sizeof(self->in), MSG_DONTWAIT));
		ASSERT_EQ(0, vtun_submit(self->v));
		for (int i = 0; i < 50; i++) {
			ASSERT_EQ(100, read_frame(self->sock, self->in, sizeof(self->in), 0));
			ASSERT_EQ(i, self->in[14]);
		}
	}
}

/* Chains, which end anywhere in the ring. */
TEST_F(lib, long_frames)
{
	for (size_t len = 1900; len < 65000; len += 1777) {
		any_frame(self->out, len, len);
		ASSERT_EQ((ssize_t)len, send(self->sock, self->out, len, 0));
		ASSERT_EQ(1U, wait_and_peek(self->v, self->frames, 1));
		ASSERT_EQ(len, self->frames[0].len);
		ASSERT_EQ(len, vtun_copy(self->frames, self->in, sizeof(self->in)));
		ASSERT_EQ(0, memcmp(self->in, self->out, len));
		/* And back, from where it is. */
		ASSERT_EQ(0, vtun_send(self->v, &self->frames[0].hdr, self->frames[0].piece, self->frames[0].pieces));
		ASSERT_EQ(0, vtun_release(self->v, 1));
		ASSERT_EQ(0, vtun_submit(self->v));
		ASSERT_EQ((int)len, read_frame(self->sock, self->in, sizeof(self->in), 0));
		ASSERT_EQ(0, memcmp(self->in, self->out, len));
	}
}

TEST_F(lib, room)
{
	struct vtun_frame frame;

	EXPECT_EQ(-EMSGSIZE, vtun_reserve(self->v, &frame, 0));
	EXPECT_EQ(-EMSGSIZE, vtun_reserve(self->v, &frame, 200000));
	for (int i = 0; i < ENTRIES; i++)
		ASSERT_EQ(0, send_one(self->v, self->out, any_frame(self->out, i, 60)));
	EXPECT_EQ(-EAGAIN, vtun_reserve(self->v, &frame, 60));
	ASSERT_EQ(0, vtun_submit(self->v));
	for (int i = 0; i < ENTRIES; i++)
		ASSERT_EQ(60, read_frame(self->sock, self->in, sizeof(self->in), 0));
	/* What is shorter than was thought takes no more room than it needs; what is not committed none. */
	for (int i = 0; i < 2 * ENTRIES; i++) {
		ASSERT_EQ(0, vtun_reserve(self->v, &frame, 60000));
		EXPECT_LT(1U, frame.pieces);
		any_frame(frame.piece[0].iov_base, i, 60);
		frame.len = 60;
		if (i % 2)
			continue;
		vtun_commit(self->v, &frame);
		ASSERT_EQ(0, vtun_submit(self->v));
		ASSERT_EQ(60, read_frame(self->sock, self->in, sizeof(self->in), 0));
		ASSERT_EQ(i & 255, self->in[14]);
	}
}

/* A frame whose header no NIC could have brought is lost, and those behind it are not. */
TEST_F(lib, bad_header)
{
	struct virtio_net_hdr hdr = { .gso_type = 0x7f, .gso_size = 100 };
	struct iovec iov = { self->out, 100 };

	any_frame(self->out, 1, 100);
	ASSERT_EQ(0, vtun_send(self->v, &hdr, &iov, 1));
	self->out[14] = 2;
	ASSERT_EQ(0, vtun_send(self->v, NULL, &iov, 1));
	ASSERT_EQ(0, vtun_submit(self->v));
	ASSERT_EQ(100, read_frame(self->sock, self->in, sizeof(self->in), 0));
	EXPECT_EQ(2, self->in[14]);
	EXPECT_EQ(0, vtun_error(self->v));
}

TEST_F(lib, waits)
{
	struct pollfd pollfd = { .fd = vtun_fd(self->v), .events = POLLIN };

	EXPECT_EQ(0, vtun_wait(self->v, 0));
	EXPECT_EQ(0, vtun_wait(self->v, 20));
	EXPECT_TRUE(vtun_arm(self->v));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(60, send(self->sock, self->out, any_frame(self->out, 1, 60), 0));
	EXPECT_EQ(1, poll(&pollfd, 1, 5000));
	vtun_disarm(self->v);
	EXPECT_FALSE(vtun_arm(self->v));
	vtun_disarm(self->v);
	EXPECT_EQ(1, vtun_wait(self->v, -1));
	ASSERT_EQ(1U, vtun_peek(self->v, self->frames, ENTRIES));
	EXPECT_EQ(0, vtun_release(self->v, 1));
	EXPECT_EQ(0, vtun_wait(self->v, 0));
}

#define BURST	32
#define BURSTS	20

/* Sends bursts by one call each, from the CPU that the receiver is on: each when all before has been received. */
static void send_bursts(int sock, volatile unsigned int *got)
{
	static unsigned char frames[BURST][60];
	struct mmsghdr messages[BURST] = {};
	struct iovec iovs[BURST];

	for (int i = 0; i < BURST; i++) {
		iovs[i] = (struct iovec){ frames[i], any_frame(frames[i], i, sizeof(frames[i])) };
		messages[i].msg_hdr.msg_iov = iovs + i;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (int i = 0; i < BURSTS; i++) {
		do
			usleep(2000);
		while (*got < (unsigned int)i * BURST);
		if (sendmmsg(sock, messages, BURST, 0) != BURST)
			exit(1);
	}
	exit(0);
}

/* Woken by the first frame of a burst, a receiver lets its sender go on before it sleeps again. */
TEST_F(lib, gives_way)
{
	volatile unsigned int *got;
	unsigned int times = 0;
	cpu_set_t cpu;
	int status, major, minor;
	struct utsname uts;
	pid_t pid;

	ASSERT_EQ(0, uname(&uts));
	ASSERT_EQ(2, sscanf(uts.release, "%d.%d", &major, &minor));
	if (major < 6 || (major == 6 && minor < 6))
		SKIP(return, "before 6.6 the scheduler comes back to who gives way but has slept more");
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpu), &cpu));
	/* With BQL the sender would wait for the receiver. */
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root noqueue"));
	got = mmap(NULL, sizeof(*got), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)got);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		send_bursts(self->sock, got);
	while (*got < BURST * BURSTS) {
		unsigned int n = vtun_peek(self->v, self->frames, ENTRIES);

		if (!n) {
			ASSERT_EQ(1, vtun_wait(self->v, 10000));
			continue;
		}
		ASSERT_EQ(0, vtun_release(self->v, n));
		*got += n;
		times++;
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	TH_LOG("%u frames at %u times", *got, times);
	/* By read, each frame is a call, at whose end others may have their turn. */
	if (variant->how == VTUN_RINGS)
		EXPECT_GE(5U * BURSTS / 2, times);
}

/* More than the ring has room for waits behind it, and comes once there is room. */
TEST_F(lib, full_ring_goes_on)
{
	int room = 4 << 20;
	unsigned int got = 0;

	ASSERT_EQ(0, setsockopt(self->sock, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)));
	for (int i = 0; i < 3 * ENTRIES; i++)
		ASSERT_EQ(60, send(self->sock, self->out, any_frame(self->out, i, 60), 0));
	while (got < 3 * ENTRIES) {
		unsigned int n;

		n = vtun_peek(self->v, self->frames, 48);
		if (!n) {
			ASSERT_EQ(1, vtun_wait(self->v, 10000)) {
				TH_LOG("%u frames", got);
			}
			continue;
		}
		for (unsigned int i = 0; i < n; i++) {
			vtun_copy(self->frames + i, self->in, sizeof(self->in));
			ASSERT_EQ((got + i) & 255, self->in[14]);
		}
		ASSERT_EQ(0, vtun_release(self->v, n));
		got += n;
	}
}

TEST_F(lib, device_goes)
{
	ASSERT_EQ(60, send(self->sock, self->out, any_frame(self->out, 1, 60), 0));
	EXPECT_EQ(0, vtun_error(self->v));
	ASSERT_EQ(0, system("ip link del t0"));
	for (int i = 0; i < 3 && !vtun_error(self->v); i++) {
		vtun_release(self->v, vtun_peek(self->v, self->frames, ENTRIES));
		vtun_wait(self->v, 0);
	}
	EXPECT_EQ(-EBADFD, vtun_error(self->v));
	/* Frames that were there can still be had. */
	vtun_release(self->v, vtun_peek(self->v, self->frames, ENTRIES));
	EXPECT_EQ(-EBADFD, vtun_wait(self->v, -1));
}

/* A file that was attached before, by whatever means. */
TEST_F(lib, attaches)
{
	int fd = tun_open(variant->node, 0);
	struct vtun *v;

	EXPECT_EQ(NULL, vtun_attach(fd, &self->options));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_EQ(0, tun_set_iff(fd, "t1", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR));
	v = vtun_attach(fd, &self->options);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(fd, vtun_fd(v));
	EXPECT_EQ(0, strcmp("t1", vtun_name(v)));
	vtun_close(v);
	fd = tun_open(variant->node, 0);
	/* Read and write have no header without the flag. */
	ASSERT_EQ(0, tun_set_iff(fd, "t2", IFF_TAP | IFF_NO_PI));
	v = vtun_attach(fd, &self->options);
	if (variant->how == VTUN_RINGS) {
		EXPECT_NE(NULL, v);
		vtun_close(v);
	} else {
		EXPECT_EQ(NULL, v);
		EXPECT_EQ(EOPNOTSUPP, errno);
	}
}

TEST_F(lib, refusals)
{
	static const unsigned int sizes[] = { 512, 3000, 8192, 131072 };
	struct vtun_options options = self->options;

	EXPECT_EQ(NULL, vtun_open("a-name-that-is-too-long", &options));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, vtun_open("lo", &options));
	EXPECT_EQ(EINVAL, errno);
	options.rx_entries = 64;
	EXPECT_EQ(NULL, vtun_open("t1", &options));
	EXPECT_EQ(EINVAL, errno);
	options.rx_entries = 100;
	EXPECT_EQ(NULL, vtun_open("t1", &options));
	EXPECT_EQ(EINVAL, errno);
	/* Frames would have more pieces than can be told, or pieces longer than can be told. */
	for (int i = 0; i < 4; i++) {
		options = self->options;
		options.rx_entries = 1024;
		options.tx_entries = 1024;
		options.chunk_size = sizes[i];
		EXPECT_EQ(NULL, vtun_open("t1", &options));
		EXPECT_EQ(EINVAL, errno);
	}
	options = self->options;
	options.offload = TUN_F_TSO4;
	EXPECT_EQ(NULL, vtun_open("t1", &options));
	EXPECT_EQ(EINVAL, errno);
	options = self->options;
	options.node = "/dev/null";
	EXPECT_EQ(NULL, vtun_open("t1", &options));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-ENODEV, dev_index("t1"));
}

TEST_HARNESS_MAIN
