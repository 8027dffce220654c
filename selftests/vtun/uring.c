// SPDX-License-Identifier: GPL-2.0
/*
 * The file of a device in an io_uring: reads, writes and polls that wait there and not in a thread, by either node; and
 * mapped rings whose program sleeps there, or at an eventfd.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <liburing.h>
#include <sys/eventfd.h>

#include "harness.h"
#include "mapped.h"

/* What liburing's header may be too old for. */
#define OP_READ_MULTISHOT 49

#define FRAME 100
#define BUFFERS 8
#define BUFFER_SIZE 2048
#define BUFFER_GROUP 7

FIXTURE(uring) {
	const char *node;
	int fd, sock;
	struct io_uring ring;
	unsigned char out[BUFFER_SIZE], in[BUFFER_SIZE], buffers[BUFFERS][BUFFER_SIZE];
};

FIXTURE_VARIANT(uring) {
	const char *node;
};

FIXTURE_VARIANT_ADD(uring, vtun) { .node = "/dev/net/vtun" };
FIXTURE_VARIANT_ADD(uring, tun) { .node = "/dev/net/tun" };

FIXTURE_SETUP(uring)
{
	tun_load(variant->node);
	self->node = variant->node;
	if (access(self->node, F_OK))
		SKIP(return, "the kernel has no tun");
	ASSERT_EQ(0, quiet_netns());
	self->fd = tun_open(self->node, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, dev_up("t0"));
	self->sock = dev_socket("t0");
	ASSERT_LE(0, self->sock);
	ASSERT_EQ(0, io_uring_queue_init(32, &self->ring, 0));
	make_frame(self->out, FRAME, 1);
}

FIXTURE_TEARDOWN(uring)
{
}

/* tun says that it can do without waiting since 6.4; before, io_uring's threads wait there. */
static bool always_waits(const char *node, int fd)
{
	unsigned char byte;
	struct iovec iov = { &byte, 1 };

	return strcmp(node, "/dev/net/vtun") && preadv2(fd, &iov, 1, -1, RWF_NOWAIT) < 0 && errno == EOPNOTSUPP;
}

#define TO_DEVICE(seq) do {									\
	make_frame(self->out, FRAME, seq);							\
	ASSERT_EQ(FRAME, send(self->sock, self->out, FRAME, 0));				\
} while (0)

#define FROM_DEVICE() ASSERT_EQ(FRAME, read_frame(self->sock, self->in, sizeof(self->in), 0))

/* The next completion's result, or -ETIME; its flags. */
static int completion(struct io_uring *ring, unsigned int *flags)
{
	struct __kernel_timespec limit = { .tv_sec = 10 };
	struct io_uring_cqe *cqe;
	int ret = io_uring_wait_cqe_timeout(ring, &cqe, &limit);

	if (ret)
		return ret;
	ret = cqe->res;
	if (flags)
		*flags = cqe->flags;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

static bool completed(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	return io_uring_peek_cqe(ring, &cqe) == 0;
}

/* Threads that io_uring has made, for calls that would have waited. */
static int workers(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(dir))) {
		char path[300], name[16] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (read(fd, name, sizeof(name) - 1) > 0 && !strncmp(name, "iou-wrk", 7))
			n++;
		close(fd);
	}
	closedir(dir);
	return n;
}

TEST_F(uring, read_waits_for_a_frame)
{
	if (always_waits(self->node, self->fd))
		SKIP(return, "this kernel's tun always waits");
	for (int i = 0; i < 5; i++) {
		io_uring_prep_read(io_uring_get_sqe(&self->ring), self->fd, self->in, sizeof(self->in), 0);
		ASSERT_EQ(1, io_uring_submit(&self->ring));
		EXPECT_FALSE(completed(&self->ring));
		TO_DEVICE(i);
		ASSERT_EQ(FRAME, completion(&self->ring, NULL));
		EXPECT_EQ(0, memcmp(self->in, self->out, FRAME));
	}
	EXPECT_EQ(0, workers());
}

/* Into segments, a registered buffer, and by a registered file; what is there already is had at once. */
TEST_F(uring, reads_of_all_forms)
{
	struct iovec all = { self->in, sizeof(self->in) };
	struct iovec iov[2] = { { self->in, 14 }, { self->in + 14, FRAME } };
	struct io_uring_sqe *sqe;

	if (always_waits(self->node, self->fd))
		SKIP(return, "this kernel's tun always waits");
	ASSERT_EQ(0, io_uring_register_buffers(&self->ring, &all, 1));
	ASSERT_EQ(0, io_uring_register_files(&self->ring, &self->fd, 1));
	TO_DEVICE(1);
	io_uring_prep_readv(io_uring_get_sqe(&self->ring), self->fd, iov, 2, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_TRUE(completed(&self->ring));
	ASSERT_EQ(FRAME, completion(&self->ring, NULL));
	EXPECT_EQ(0, memcmp(self->in, self->out, FRAME));

	io_uring_prep_read_fixed(io_uring_get_sqe(&self->ring), self->fd, self->in + 8, FRAME, 0, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	TO_DEVICE(2);
	ASSERT_EQ(FRAME, completion(&self->ring, NULL));
	EXPECT_EQ(0, memcmp(self->in + 8, self->out, FRAME));

	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_read(sqe, 0, self->in, sizeof(self->in), 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	TO_DEVICE(3);
	ASSERT_EQ(FRAME, completion(&self->ring, NULL));
	EXPECT_EQ(0, memcmp(self->in, self->out, FRAME));
	EXPECT_EQ(0, workers());
}

/* Several reads wait; each gets a frame of its own. */
TEST_F(uring, many_reads)
{
	unsigned int seen = 0;

	if (always_waits(self->node, self->fd))
		SKIP(return, "this kernel's tun always waits");
	for (int i = 0; i < BUFFERS; i++)
		io_uring_prep_read(io_uring_get_sqe(&self->ring), self->fd, self->buffers[i], BUFFER_SIZE, 0);
	ASSERT_EQ(BUFFERS, io_uring_submit(&self->ring));
	for (int i = 0; i < BUFFERS; i++)
		TO_DEVICE(i);
	for (int i = 0; i < BUFFERS; i++)
		ASSERT_EQ(FRAME, completion(&self->ring, NULL));
	for (int i = 0; i < BUFFERS; i++)
		seen |= 1 << self->buffers[i][14];
	EXPECT_EQ(0xffU, seen);
}

TEST_F(uring, writes)
{
	struct iovec iov[2] = { { self->out, 14 }, { self->out + 14, FRAME - 14 } };

	if (always_waits(self->node, self->fd))
		SKIP(return, "this kernel's tun always waits");
	for (int i = 0; i < BUFFERS; i++) {
		make_frame(self->buffers[i], FRAME, i);
		io_uring_prep_write(io_uring_get_sqe(&self->ring), self->fd, self->buffers[i], FRAME, 0);
	}
	ASSERT_EQ(BUFFERS, io_uring_submit(&self->ring));
	for (int i = 0; i < BUFFERS; i++) {
		ASSERT_EQ(FRAME, completion(&self->ring, NULL));
		FROM_DEVICE();
		EXPECT_EQ(0, memcmp(self->in, self->buffers[i], FRAME));
	}
	io_uring_prep_writev(io_uring_get_sqe(&self->ring), self->fd, iov, 2, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(FRAME, completion(&self->ring, NULL));
	FROM_DEVICE();
	EXPECT_EQ(0, memcmp(self->in, self->out, FRAME));
	/* A frame that is too short is as wrong as in write(). */
	io_uring_prep_write(io_uring_get_sqe(&self->ring), self->fd, self->out, 13, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(-EINVAL, completion(&self->ring, NULL));
	EXPECT_EQ(0, workers());
}

TEST_F(uring, polls)
{
	unsigned int flags;

	io_uring_prep_poll_add(io_uring_get_sqe(&self->ring), self->fd, POLLIN);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_FALSE(completed(&self->ring));
	TO_DEVICE(1);
	EXPECT_EQ(POLLIN, completion(&self->ring, NULL));
	io_uring_prep_poll_add(io_uring_get_sqe(&self->ring), self->fd, POLLIN | POLLOUT);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(POLLIN | POLLOUT, completion(&self->ring, NULL));
	ASSERT_EQ(FRAME, read(self->fd, self->in, sizeof(self->in)));

	io_uring_prep_poll_multishot(io_uring_get_sqe(&self->ring), self->fd, POLLIN);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	for (int i = 0; i < 4; i++) {
		EXPECT_FALSE(completed(&self->ring));
		TO_DEVICE(i);
		ASSERT_EQ(POLLIN, completion(&self->ring, &flags));
		EXPECT_TRUE(flags & IORING_CQE_F_MORE);
		ASSERT_EQ(FRAME, read(self->fd, self->in, sizeof(self->in)));
	}
}

/* One read for many frames, until nobody has given a buffer for the next. */
TEST_F(uring, read_multishot)
{
	struct io_uring_sqe *sqe;
	unsigned int flags;
	int ret;

	io_uring_prep_provide_buffers(io_uring_get_sqe(&self->ring), self->buffers, BUFFER_SIZE, BUFFERS, BUFFER_GROUP, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_LE(0, completion(&self->ring, NULL));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_rw(OP_READ_MULTISHOT, sqe, self->fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = BUFFER_GROUP;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	for (int i = 0; i < BUFFERS; i++) {
		TO_DEVICE(i);
		ret = completion(&self->ring, &flags);
		if (!i && ret == -EINVAL)
			SKIP(return, "io_uring has no such read before 6.7");
		ASSERT_EQ(FRAME, ret);
		EXPECT_TRUE(flags & IORING_CQE_F_MORE);
		ASSERT_TRUE(flags & IORING_CQE_F_BUFFER);
		EXPECT_EQ(0, memcmp(self->buffers[flags >> IORING_CQE_BUFFER_SHIFT], self->out, FRAME));
	}
	EXPECT_FALSE(completed(&self->ring));
	TO_DEVICE(BUFFERS);
	EXPECT_EQ(-ENOBUFS, completion(&self->ring, &flags));
	EXPECT_FALSE(flags & IORING_CQE_F_MORE);
	/* The frame is still there. */
	ASSERT_EQ(FRAME, read(self->fd, self->in, sizeof(self->in)));
	EXPECT_EQ(BUFFERS, self->in[14]);
	EXPECT_EQ(0, workers());
}

TEST_F(uring, read_is_cancelled)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	int ret[2];

	if (always_waits(self->node, self->fd))
		SKIP(return, "this kernel's tun always waits");
	io_uring_prep_read(sqe, self->fd, self->in, sizeof(self->in), 0);
	io_uring_sqe_set_data(sqe, self);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	io_uring_prep_cancel(io_uring_get_sqe(&self->ring), self, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	for (int i = 0; i < 2; i++)
		ret[i] = completion(&self->ring, NULL);
	EXPECT_EQ(-ECANCELED, ret[0] + ret[1]);
	/* Nobody has taken the frame. */
	TO_DEVICE(1);
	EXPECT_EQ(FRAME, read(self->fd, self->in, sizeof(self->in)));
}

/* A read that waits ends with the device, and a ring that goes with one waiting lets go of the file. */
TEST_F(uring, device_goes)
{
	int fd, err = -EAGAIN;

	if (always_waits(self->node, self->fd))
		SKIP(return, "this kernel's tun always waits");
	io_uring_prep_read(io_uring_get_sqe(&self->ring), self->fd, self->in, sizeof(self->in), 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(0, system("ip link del t0"));
	EXPECT_EQ(-EBADFD, completion(&self->ring, NULL));

	fd = tun_open(self->node, 0);
	ASSERT_EQ(0, tun_set_iff(fd, "t0", IFF_TAP | IFF_NO_PI));
	io_uring_prep_read(io_uring_get_sqe(&self->ring), fd, self->in, sizeof(self->in), 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	close(fd);
	EXPECT_LT(0, dev_index("t0"));
	io_uring_queue_exit(&self->ring);
	for (int i = 0; i < 1000 && err != -ENODEV; i++) {
		usleep(10000);
		err = dev_index("t0");
	}
	EXPECT_EQ(-ENODEV, err);
}

/* Memory that is registered is longer than what is written from it, and nobody has cut it for a queue of fragments. */
TEST(fragments_of_registered_memory)
{
	static const int lengths[] = { FRAME, 6000 };
	int size = 16 * sysconf(_SC_PAGESIZE), sock, fd;
	unsigned char out[6000], in[6000];
	struct io_uring ring;
	struct iovec memory;

	fd = mapped_node("/dev/net/vtun", out, sizeof(out));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, tun_set_iff(fd, "t0", IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS));
	ASSERT_EQ(0, dev_up("t0"));
	sock = dev_socket("t0");
	ASSERT_LE(0, sock);
	memory.iov_base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory.iov_len = size;
	memcpy(memory.iov_base, out, sizeof(out));
	ASSERT_EQ(0, io_uring_queue_init(32, &ring, 0));
	ASSERT_EQ(0, io_uring_register_buffers(&ring, &memory, 1));
	for (int i = 0; i < 2; i++) {
		io_uring_prep_write_fixed(io_uring_get_sqe(&ring), fd, memory.iov_base, lengths[i], 0, 0);
		ASSERT_EQ(1, io_uring_submit(&ring));
		ASSERT_EQ(lengths[i], completion(&ring, NULL));
		EXPECT_EQ(lengths[i], recv(sock, in, sizeof(in), 0));
		EXPECT_EQ(0, memcmp(in, out, lengths[i]));
	}
	EXPECT_EQ(2, dev_stat("t0", RX_PACKETS));
}

/* ---- mapped rings ------------------------------------------------------- */

FIXTURE(rings) {
	int fd, sock;
	struct mapped m;
	struct io_uring ring;
	unsigned char out[BUFFER_SIZE], in[BUFFER_SIZE];
};

FIXTURE_SETUP(rings)
{
	self->fd = mapped_node("/dev/net/vtun", self->out, sizeof(self->out));
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, mapped_open(&self->m, self->fd, 128, 128, 0));
	ASSERT_EQ(0, dev_up("t0"));
	self->sock = dev_socket("t0");
	ASSERT_LE(0, self->sock);
	ASSERT_EQ(0, io_uring_queue_init(32, &self->ring, 0));
}

FIXTURE_TEARDOWN(rings)
{
}

/* A poll for each sleep: told of a frame where the flag asks for it, and at once where there is one already. */
TEST_F(rings, sleeps_in_a_poll)
{
	for (int i = 0; i < 5; i++) {
		ASSERT_TRUE(mapped_may_sleep(&self->m));
		io_uring_prep_poll_add(io_uring_get_sqe(&self->ring), self->fd, POLLIN);
		ASSERT_EQ(1, io_uring_submit(&self->ring));
		EXPECT_FALSE(completed(&self->ring));
		TO_DEVICE(i);
		ASSERT_EQ(POLLIN, completion(&self->ring, NULL));
		mapped_awake(&self->m);
		io_uring_prep_poll_add(io_uring_get_sqe(&self->ring), self->fd, POLLIN);
		ASSERT_EQ(1, io_uring_submit(&self->ring));
		ASSERT_EQ(POLLIN, completion(&self->ring, NULL));
		ASSERT_EQ(FRAME, mapped_take(&self->m, self->in, sizeof(self->in), NULL));
		EXPECT_EQ(0, memcmp(self->in, self->out, FRAME));
	}
	EXPECT_EQ(0, workers());
}

/* One poll for all sleeps, and an eventfd that is told of each, by whoever has it. */
TEST_F(rings, sleeps_at_an_eventfd)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct pollfd pollfd = { .fd = event, .events = POLLIN };
	unsigned int flags;
	eventfd_t n;

	ASSERT_EQ(0, io_uring_register_eventfd(&self->ring, event));
	io_uring_prep_poll_multishot(io_uring_get_sqe(&self->ring), self->fd, POLLIN);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	for (int i = 0; i < 5; i++) {
		/* Nobody sleeps: nobody is told. */
		TO_DEVICE(i);
		EXPECT_EQ(0, poll(&pollfd, 1, 0));
		ASSERT_EQ(FRAME, mapped_take(&self->m, self->in, sizeof(self->in), NULL));
		ASSERT_TRUE(mapped_may_sleep(&self->m));
		TO_DEVICE(i);
		ASSERT_EQ(1, poll(&pollfd, 1, 5000));
		mapped_awake(&self->m);
		ASSERT_EQ(0, eventfd_read(event, &n));
		ASSERT_EQ(POLLIN, completion(&self->ring, &flags));
		EXPECT_TRUE(flags & IORING_CQE_F_MORE);
		ASSERT_EQ(FRAME, mapped_take(&self->m, self->in, sizeof(self->in), NULL));
		EXPECT_EQ(0, memcmp(self->in, self->out, FRAME));
	}
	/* The end of the device as well; which it is the ring says. */
	ASSERT_EQ(0, system("ip link del t0"));
	ASSERT_EQ(1, poll(&pollfd, 1, 5000));
	EXPECT_LT(0, completion(&self->ring, &flags));
	EXPECT_EQ(VTUN_RING_GONE, self->m.state->status);
}

TEST_HARNESS_MAIN
