// SPDX-License-Identifier: GPL-2.0
/*
 * vhost-net on a vtap's file, with the test as the guest: its rings are in our memory, so is what they point to, and the
 * kernel's worker moves the frames.
 *
 *	test (rings) - vhost-net - /dev/tapN, n0 ---- p0 - packet socket - test
 */
#define _GNU_SOURCE
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "harness.h"
#include "tap.h"

#define RING 64
#define ROOM 4096
#define HDR ((int)sizeof(struct virtio_net_hdr_mrg_rxbuf))

/* Where the parts of a ring and its buffers lie. */
struct guest_ring {
	struct vring_desc desc[RING];
	struct vring_avail avail __attribute__((aligned(4096)));
	__virtio16 avail_ring[RING + 1];
	struct vring_used used __attribute__((aligned(4096)));
	struct vring_used_elem used_ring[RING];
	__virtio16 used_event;
	unsigned char buffer[RING][ROOM] __attribute__((aligned(4096)));
	unsigned short seen;
	int kick;
};

enum { RX, TX };

FIXTURE(vhost) {
	struct nl_sock nl;
	struct guest_ring *ring;
	int fd, sock, vhost;
	unsigned char in[70000];
};

static int set_ring(int vhost, unsigned int nr, struct guest_ring *ring)
{
	struct vhost_vring_state num = { .index = nr, .num = RING }, base = { .index = nr };
	struct vhost_vring_addr addr = {
		.index = nr, .desc_user_addr = (unsigned long)ring->desc, .avail_user_addr = (unsigned long)&ring->avail,
		.used_user_addr = (unsigned long)&ring->used,
	};
	struct vhost_vring_file kick = { .index = nr }, call = { .index = nr };

	ring->kick = eventfd(0, EFD_CLOEXEC);
	kick.fd = ring->kick;
	call.fd = eventfd(0, EFD_CLOEXEC);
	return ioctl(vhost, VHOST_SET_VRING_NUM, &num) || ioctl(vhost, VHOST_SET_VRING_BASE, &base) ||
	       ioctl(vhost, VHOST_SET_VRING_ADDR, &addr) || ioctl(vhost, VHOST_SET_VRING_KICK, &kick) ||
	       ioctl(vhost, VHOST_SET_VRING_CALL, &call) ? -errno : 0;
}

static int set_backend(int vhost, unsigned int nr, int fd)
{
	struct vhost_vring_file backend = { .index = nr, .fd = fd };

	return ioctl(vhost, VHOST_NET_SET_BACKEND, &backend) ? -errno : 0;
}

static int set_memory(int vhost, void *start, size_t size)
{
	union {
		struct vhost_memory mem;
		char bytes[sizeof(struct vhost_memory) + sizeof(struct vhost_memory_region)];
	} table = { .mem.nregions = 1 };

	table.mem.regions[0] = (struct vhost_memory_region){
		.guest_phys_addr = (unsigned long)start, .memory_size = size, .userspace_addr = (unsigned long)start,
	};
	return ioctl(vhost, VHOST_SET_MEM_TABLE, &table) ? -errno : 0;
}

FIXTURE_SETUP(vhost)
{
	__u64 features = 1ULL << VIRTIO_F_VERSION_1 | 1ULL << VIRTIO_NET_F_MRG_RXBUF;
	int len = HDR;

	if (system("modprobe -q vhost_net") || access("/dev/vhost-net", F_OK))
		SKIP(return, "the kernel has no vhost-net");
	ASSERT_EQ(0, quiet_netns());
	ASSERT_EQ(0, nl_open(&self->nl, 0));
	ASSERT_EQ(0, tap_pair(&self->nl, "n0", "p0", 0)) TH_LOG("%s", self->nl.extack);
	self->fd = tap_open(&self->nl, "n0");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHDRSZ, &len));
	self->sock = dev_socket("p0");
	ASSERT_LE(0, self->sock);

	self->ring = mmap(NULL, 2 * sizeof(*self->ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->ring);
	self->vhost = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->vhost);
	ASSERT_EQ(0, ioctl(self->vhost, VHOST_SET_OWNER));
	ASSERT_EQ(0, ioctl(self->vhost, VHOST_SET_FEATURES, &features));
	ASSERT_EQ(0, set_memory(self->vhost, self->ring, 2 * sizeof(*self->ring)));
	for (int nr = RX; nr <= TX; nr++)
		ASSERT_EQ(0, set_ring(self->vhost, nr, &self->ring[nr]));
	for (int nr = RX; nr <= TX; nr++)
		ASSERT_EQ(0, set_backend(self->vhost, nr, self->fd));
}

FIXTURE_TEARDOWN(vhost)
{
	if (self->vhost <= 0)
		return;
	set_backend(self->vhost, RX, -1);
	set_backend(self->vhost, TX, -1);
	close(self->vhost);
}

/* A buffer for the worker, at the next place of the ring. */
static void offer(struct guest_ring *ring, unsigned int len, unsigned int flags)
{
	unsigned short at = ring->avail.idx % RING;

	ring->desc[at] = (struct vring_desc){ .addr = (unsigned long)ring->buffer[at], .len = len, .flags = flags };
	ring->avail_ring[at] = at;
	__atomic_store_n(&ring->avail.idx, ring->avail.idx + 1, __ATOMIC_RELEASE);
}

static void kick(struct guest_ring *ring)
{
	eventfd_write(ring->kick, 1);
}

/* The next buffer that the worker has done with, or NULL; its length. */
static unsigned char *used(struct guest_ring *ring, int *len)
{
	struct vring_used_elem *elem = &ring->used_ring[ring->seen % RING];

	for (int i = 0; i < 10000 && __atomic_load_n(&ring->used.idx, __ATOMIC_ACQUIRE) == ring->seen; i++)
		usleep(1000);
	if (ring->used.idx == ring->seen)
		return NULL;
	ring->seen++;
	*len = elem->len;
	return ring->buffer[elem->id];
}

TEST_F(vhost, takes_the_file)
{
	EXPECT_EQ(0, set_backend(self->vhost, TX, -1));
	EXPECT_EQ(0, set_backend(self->vhost, TX, self->fd));
}

TEST_F(vhost, frames_from_the_guest)
{
	struct guest_ring *ring = &self->ring[TX];

	for (int i = 0; i < 200; i++) {
		int len = 0;

		make_frame(ring->buffer[i % RING] + HDR, 300, i);
		offer(ring, HDR + 300, 0);
		kick(ring);
		ASSERT_EQ(300, read_frame(self->sock, self->in, sizeof(self->in), 0));
		EXPECT_EQ(i, self->in[14]);
		ASSERT_NE(NULL, used(ring, &len));
	}
	/* A burst, which the worker may hand over as one. */
	for (int i = 0; i < RING / 2; i++) {
		make_frame(ring->buffer[(200 + i) % RING] + HDR, 300, i);
		offer(ring, HDR + 300, 0);
	}
	kick(ring);
	for (int i = 0; i < RING / 2; i++) {
		ASSERT_EQ(300, read_frame(self->sock, self->in, sizeof(self->in), 0));
		EXPECT_EQ(i, self->in[14]);
	}
	EXPECT_EQ(200 + RING / 2, dev_stat("p0", RX_PACKETS));
	EXPECT_EQ(0, dev_stat("n0", TX_DROPPED));
}

TEST_F(vhost, frames_to_the_guest)
{
	struct guest_ring *ring = &self->ring[RX];
	unsigned char frame[300];

	for (int i = 0; i < RING; i++)
		offer(ring, ROOM, VRING_DESC_F_WRITE);
	kick(ring);
	for (int i = 0; i < 200; i++) {
		unsigned char *got;
		int len = 0;

		make_frame(frame, sizeof(frame), i);
		ASSERT_EQ(300, send(self->sock, frame, sizeof(frame), 0));
		got = used(ring, &len);
		ASSERT_NE(NULL, got);
		EXPECT_EQ(HDR + 300, len);
		EXPECT_EQ(0, memcmp(got + HDR, frame, sizeof(frame)));
		offer(ring, ROOM, VRING_DESC_F_WRITE);
		kick(ring);
	}
	EXPECT_EQ(200, dev_stat("n0", RX_PACKETS));
	EXPECT_EQ(0, dev_stat("n0", RX_DROPPED));
}

/* Headers in a guest's memory that no NIC could have sent: counted, and the worker goes on. */
TEST_F(vhost, a_guest_that_lies)
{
	struct guest_ring *ring = &self->ring[TX];
	struct virtio_net_hdr *hdr = (void *)ring->buffer[0];
	int len;

	make_frame(ring->buffer[0] + HDR, 300, 0);
	*hdr = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 40000 };
	offer(ring, HDR + 300, 0);
	make_frame(ring->buffer[1] + HDR, 300, 7);
	offer(ring, HDR + 300, 0);
	kick(ring);
	ASSERT_EQ(300, read_frame(self->sock, self->in, sizeof(self->in), 0));
	EXPECT_EQ(7, self->in[14]);
	ASSERT_NE(NULL, used(ring, &len));
	ASSERT_NE(NULL, used(ring, &len));
	EXPECT_EQ(1, dev_stat("n0", TX_DROPPED));
}

/* The pair goes while the worker has its file. */
TEST_F(vhost, pair_goes)
{
	struct guest_ring *ring = &self->ring[TX];
	int len;

	for (int i = 0; i < RING / 2; i++) {
		make_frame(ring->buffer[i] + HDR, 300, i);
		offer(ring, HDR + 300, 0);
	}
	kick(ring);
	ASSERT_EQ(0, nl_del_link(&self->nl, "p0"));
	for (int i = 0; i < RING / 2; i++)
		ASSERT_NE(NULL, used(ring, &len));
	EXPECT_EQ(0, set_backend(self->vhost, TX, -1));
	EXPECT_EQ(0, set_backend(self->vhost, RX, -1));
}

TEST_HARNESS_MAIN
