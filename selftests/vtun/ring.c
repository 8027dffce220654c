// SPDX-License-Identifier: GPL-2.0
/*
 * Mapped rings: how they are set up and mapped, frames of each kind both ways, sleep and wake, and what a program gets that
 * breaks the rules.
 */
#define _GNU_SOURCE
#include <linux/ip.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "harness.h"
#include "../lib/bpf.h"
#include "mapped.h"

#define NODE "/dev/net/vtun"

FIXTURE(ring) {
	int fd, sock;
	struct mapped m;
	unsigned char out[70000], in[70000];
};

FIXTURE_SETUP(ring)
{
	self->fd = mapped_node(NODE, self->out, sizeof(self->out));
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(ring)
{
}

/* A device that is up, with a socket on it and rings. */
#define OPEN(flags, rx, tx, chunk) do {					\
	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", (flags) | IFF_NO_PI));	\
	ASSERT_EQ(0, mapped_open(&self->m, self->fd, rx, tx, chunk));	\
	ASSERT_EQ(0, dev_up("t0"));					\
	self->sock = dev_socket("t0");					\
	ASSERT_LE(0, self->sock);					\
} while (0)

#define TO_DEVICE(len) ASSERT_EQ(len, send(self->sock, self->out, len, 0))
#define FROM_DEVICE(len) ASSERT_EQ(len, read_frame(self->sock, self->in, sizeof(self->in), 0))
#define RING_FRAME(len) do {						\
	ASSERT_EQ(len, mapped_recv(&self->m, self->in, sizeof(self->in), NULL)); \
	EXPECT_EQ(0, memcmp(self->in, self->out, len));			\
} while (0)

static int try_setup(int fd, struct vtun_ring_setup setup)
{
	return ioctl(fd, VTUN_RING_SETUP, &setup) ? -errno : 0;
}

/* What is asked for in vain changes nothing. */
TEST_F(ring, setup_refuses)
{
	struct vtun_ring_setup setup = mapped_setup(128, 128, 0);
	struct {
		struct vtun_ring_setup setup;
		unsigned int more[2];
	} later = { .setup = setup };

	EXPECT_EQ(-EBADFD, try_setup(self->fd, setup));
	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP));
	EXPECT_EQ(-EINVAL, try_setup(self->fd, mapped_setup(0, 0, 0)));
	EXPECT_EQ(-EINVAL, try_setup(self->fd, mapped_setup(100, 128, 0)));
	EXPECT_EQ(-EINVAL, try_setup(self->fd, mapped_setup(128, 129, 0)));
	EXPECT_EQ(-EINVAL, try_setup(self->fd, mapped_setup(32, 0, 4096)));
	EXPECT_EQ(-EINVAL, try_setup(self->fd, mapped_setup(64, 64, 2048)));
	EXPECT_EQ(-EINVAL, try_setup(self->fd, mapped_setup(65536, 0, 0)));
	EXPECT_EQ(-EINVAL, try_setup(self->fd, mapped_setup(128, 0, 1024)));
	EXPECT_EQ(-EINVAL, try_setup(self->fd, mapped_setup(128, 0, 3000)));
	EXPECT_EQ(-EINVAL, try_setup(self->fd, mapped_setup(128, 0, 8192)));
	EXPECT_EQ(-ENOSPC, try_setup(self->fd, mapped_setup(32768, 32768, 4096)));
	setup.version = 2;
	EXPECT_EQ(-EOPNOTSUPP, try_setup(self->fd, setup));
	setup.version = VTUN_RING_VERSION;
	setup.flags = 1;
	EXPECT_EQ(-EOPNOTSUPP, try_setup(self->fd, setup));
	setup.flags = 0;
	setup.size = 31;
	EXPECT_EQ(-EINVAL, try_setup(self->fd, setup));
	later.setup.size = sizeof(later);
	later.more[1] = 1;
	EXPECT_EQ(-1, ioctl(self->fd, VTUN_RING_SETUP, &later));
	EXPECT_EQ(E2BIG, errno);
	EXPECT_EQ(-1, ioctl(self->fd, VTUN_RING_SETUP, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->fd, VTUN_RING_ENTER, VTUN_RING_ENTER_TX));
	EXPECT_EQ(ENXIO, errno);
	EXPECT_EQ(-1, ioctl(self->fd, VTUN_RING_QUERY, &setup));
	/* A later header's structure serves as long as it asks for nothing new. */
	later.more[1] = 0;
	EXPECT_EQ(0, ioctl(self->fd, VTUN_RING_SETUP, &later));
	EXPECT_EQ(2048, later.setup.chunk_size);
	EXPECT_EQ(-EBUSY, try_setup(self->fd, mapped_setup(128, 128, 0)));
}

TEST_F(ring, setup_answers)
{
	struct vtun_ring_setup again = { .size = sizeof(again), .version = VTUN_RING_VERSION };
	struct mapped *m = &self->m;

	OPEN(IFF_TAP, 128, 256, 4096);
	EXPECT_EQ(4096, m->setup.chunk_size);
	EXPECT_LE(65535 + 14, m->setup.frame_max);
	EXPECT_EQ(17, m->setup.chain_max);
	EXPECT_LE(m->setup.rx.chunks + 128 * 4096, m->setup.kernel.size);
	EXPECT_LE(m->setup.tx.chunks + 256 * 4096, m->setup.user.size);
	EXPECT_EQ(VTUN_RING_VERSION, m->state->version);
	EXPECT_EQ(0, m->state->status);
	EXPECT_EQ(0, ioctl(self->fd, VTUN_RING_QUERY, &again));
	EXPECT_EQ(0, memcmp(&again, &m->setup, sizeof(again)));
	EXPECT_EQ(-EINVAL, mapped_enter(m, 8));
}

/* The device's memory has an end, however many files share it; and what is closed is given back. */
TEST_F(ring, memory_is_capped)
{
	int fds[8], n = 0, err = 0;

	for (; n < 8 && !err; n++) {
		fds[n] = tun_open(NODE, 0);
		ASSERT_EQ(0, tun_set_iff(fds[n], "t0", IFF_TAP | IFF_MULTI_QUEUE));
		err = try_setup(fds[n], mapped_setup(4096, 4096, 2048));
	}
	EXPECT_EQ(-ENOSPC, err);
	EXPECT_EQ(4, n);
	close(fds[0]);
	EXPECT_EQ(0, try_setup(fds[n - 1], mapped_setup(4096, 4096, 2048)));
}

/* A control group of the test's own, made where there is none; its folder, or NULL. */
static const char *make_cgroup(void)
{
	static char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/run/vnet-cgroup.%d", getpid());
	if (mkdir(path, 0755) || mount("none", path, "cgroup2", 0, NULL))
		return NULL;
	strcat(path, "/cgroup.subtree_control");
	f = fopen(path, "we");
	if (!f || fputs("+memory", f) < 0 || fclose(f))
		return NULL;
	snprintf(path, sizeof(path), "/run/vnet-cgroup.%d/vnet-%d", getpid(), getpid());
	return mkdir(path, 0755) ? NULL : path;
}

static bool cgroup_write(const char *group, const char *name, long val)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", group, name);
	return !dev_text(path, val);
}

/* Bytes that the group's processes have. */
static long cgroup_memory(const char *group)
{
	char path[128], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/memory.current", group);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (read(fd, text, sizeof(text) - 1) <= 0)
		text[0] = 0;
	close(fd);
	return atol(text);
}

static void end_cgroup(const char *group)
{
	char path[64];

	/* What was charged goes behind the processes. */
	for (int i = 0; i < 200 && rmdir(group) && errno == EBUSY; i++)
		usleep(10000);
	snprintf(path, sizeof(path), "/run/vnet-cgroup.%d", getpid());
	umount2(path, MNT_DETACH);
	rmdir(path);
}

#define MIB (1L << 20)

/* What is charged for rings of 16 MiB each way, and to whom; an exit status, which is where it went wrong. */
static int charged(const char *group)
{
	struct vtun_ring_setup big = mapped_setup(8192, 8192, 2048), small = mapped_setup(2048, 2048, 2048);
	int fd = tun_open(NODE, 0);
	struct mapped m;
	long before;

	if (!cgroup_write(group, "memory.max", 24 * MIB) || !cgroup_write(group, "cgroup.procs", getpid()) ||
	    tun_set_iff(fd, "c0", IFF_TAP | IFF_NO_PI))
		return 10;
	/* More than the group has: that is said, and nobody is killed for it. */
	if (try_setup(fd, big) != -ENOMEM)
		return 11;
	before = cgroup_memory(group);
	if (before > 12 * MIB)
		return 12;
	if (mapped_open(&m, fd, small.rx_entries, small.tx_entries, small.chunk_size))
		return 13;
	if (cgroup_memory(group) < before + 6 * MIB)
		return 14;
	/* Whatever becomes of the device and the file, as long as it is mapped. */
	if (system("ip link del c0") || close(fd) || cgroup_memory(group) < before + 6 * MIB)
		return 15;
	munmap(m.kernel, m.setup.kernel.size);
	munmap(m.user, m.setup.user.size);
	for (int i = 0; cgroup_memory(group) > before + 3 * MIB; i++, usleep(10000))
		if (i == 200)
			return 16;
	return 0;
}

/* A process does that with a control group of its own. */
static void in_cgroup(struct __test_metadata *_metadata, int (*what)(const char *group))
{
	const char *group = make_cgroup();
	int status;
	pid_t pid;

	ASSERT_NE(NULL, group);
	pid = fork();
	if (!pid)
		_exit(what(group));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_FALSE(WIFSIGNALED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	end_cgroup(group);
}

/* The caller's control group pays for the rings, and for no more than it has. */
TEST_F(ring, memory_is_charged)
{
	in_cgroup(_metadata, charged);
}

struct asker {
	pthread_t thread;
	int fd, ret;
};

static void *ask(void *arg)
{
	struct asker *a = arg;

	a->ret = try_setup(a->fd, mapped_setup(4096, 4096, 2048));
	return NULL;
}

/* Eight at once ask a device that has memory for three: no more is taken meanwhile. An exit status. */
static int asked_at_once(const char *group)
{
	struct asker askers[8];
	int made, refused;

	if (!cgroup_write(group, "memory.max", 72 * MIB) || !cgroup_write(group, "cgroup.procs", getpid()))
		return 10;
	for (int round = 0; round < 20; round++) {
		made = 0;
		refused = 0;
		for (int i = 0; i < 8; i++) {
			askers[i].fd = tun_open(NODE, 0);
			if (tun_set_iff(askers[i].fd, "c0", IFF_TAP | IFF_MULTI_QUEUE))
				return 11;
		}
		for (int i = 0; i < 8; i++)
			pthread_create(&askers[i].thread, NULL, ask, &askers[i]);
		for (int i = 0; i < 8; i++) {
			pthread_join(askers[i].thread, NULL);
			made += !askers[i].ret;
			refused += askers[i].ret == -ENOSPC;
		}
		for (int i = 0; i < 8; i++)
			close(askers[i].fd);
		if (made != 3 || refused != 5)
			return 20 + made;
	}
	return 0;
}

TEST_F_TIMEOUT(ring, memory_is_capped_at_once, 200)
{
	in_cgroup(_metadata, asked_at_once);
}

#define REFUSED(err, len, prot, flags, offset) do {			\
	EXPECT_EQ(MAP_FAILED, mmap(NULL, len, prot, flags, self->fd, offset)); \
	EXPECT_EQ(err, errno);						\
} while (0)

TEST_F(ring, mmap_refuses)
{
	struct vtun_ring_area *kernel = &self->m.setup.kernel, *user = &self->m.setup.user;
	void *mem;

	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP));
	REFUSED(ENXIO, 4096, PROT_READ, MAP_SHARED, 0);
	ASSERT_EQ(0, mapped_open(&self->m, self->fd, 128, 128, 0));
	REFUSED(EPERM, kernel->size, PROT_READ | PROT_WRITE, MAP_SHARED, kernel->offset);
	REFUSED(EINVAL, kernel->size, PROT_READ, MAP_PRIVATE, kernel->offset);
	REFUSED(EINVAL, user->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, user->offset);
	REFUSED(EINVAL, kernel->size - 4096, PROT_READ, MAP_SHARED, kernel->offset);
	REFUSED(EINVAL, user->size + 4096, PROT_READ, MAP_SHARED, user->offset);
	REFUSED(EINVAL, user->size, PROT_READ, MAP_SHARED, user->offset + 4096);
	EXPECT_EQ(-1, mprotect(self->m.kernel, kernel->size, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	mem = mremap(self->m.user, user->size, user->size + 4096, MREMAP_MAYMOVE);
	EXPECT_EQ(MAP_FAILED, mem);
	/* Not inherited. */
	if (!fork())
		_exit(msync(self->m.user, 4096, MS_ASYNC) == -1 && errno == ENOMEM ? 0 : 1);
	int status;

	wait(&status);
	EXPECT_EQ(0, status);
}

TEST_F(ring, both_ways)
{
	OPEN(IFF_TAP, 128, 128, 2048);
	for (int i = 0, len = 16; i < 700; i++, len = 16 + (len + 107) % 1498) {
		ASSERT_EQ(1, mapped_send(&self->m, self->out, len, NULL));
		FROM_DEVICE(len);
		EXPECT_EQ(0, memcmp(self->in, self->out, len));
		TO_DEVICE(len);
		RING_FRAME(len);
	}
	EXPECT_EQ(700, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(700, dev_stat("t0", TX_PACKETS));
	EXPECT_EQ(dev_stat("t0", RX_BYTES), dev_stat("t0", TX_BYTES));
	EXPECT_EQ(0, self->m.state->status);
}

TEST_F(ring, batches)
{
	int n, cons;

	OPEN(IFF_TAP, 256, 256, 2048);
	for (int round = 0; round < 5; round++) {
		for (n = 0; n < 200; n++) {
			make_frame(self->out, 100, n);
			ASSERT_EQ(true, mapped_put(&self->m, self->out, 100, NULL));
		}
		mapped_submit(&self->m);
		for (n = 0; n < 200; n += cons) {
			cons = mapped_enter(&self->m, VTUN_RING_ENTER_TX);
			ASSERT_LT(0, cons);
		}
		for (n = 0; n < 200; n++) {
			make_frame(self->out, 100, n);
			FROM_DEVICE(100);
			ASSERT_EQ(0, memcmp(self->in, self->out, 100));
		}
		for (n = 0; n < 200; n++) {
			make_frame(self->out, 100, n);
			TO_DEVICE(100);
		}
		for (n = 0; n < 200; n++) {
			make_frame(self->out, 100, n);
			RING_FRAME(100);
		}
	}
}

/* Longer than a chunk: chains, that begin anywhere in the ring and wrap around. */
TEST_F(ring, chains)
{
	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, set_mtu("t0", 65000));
	ASSERT_EQ(0, mapped_open(&self->m, self->fd, 128, 128, 2048));
	ASSERT_EQ(0, dev_up("t0"));
	self->sock = dev_socket("t0");
	for (int len = 2040; len < 65000; len += 1111) {
		ASSERT_EQ((len + 2047) / 2048, mapped_send(&self->m, self->out, len, NULL));
		FROM_DEVICE(len);
		ASSERT_EQ(0, memcmp(self->in, self->out, len));
		TO_DEVICE(len);
		RING_FRAME(len);
	}
}

/* A slot that is not the last need not be full, and its bytes may begin anywhere in it. */
TEST_F(ring, scattered)
{
	struct mapped *m = &self->m;

	OPEN(IFF_TAP, 0, 128, 2048);
	for (int i = 0; i < 20; i++) {
		memcpy(mapped_tx_chunk(m, i) + 3 * i, self->out + 30 * i, 30);
		m->tx.descs[i] = (struct vtun_ring_desc){
			.len = 30, .off = 3 * i, .flags = i < 19 ? VTUN_RING_DESC_NEXT : 0,
		};
	}
	m->tx.index = 20;
	mapped_submit(m);
	ASSERT_EQ(20, mapped_enter(m, VTUN_RING_ENTER_TX));
	FROM_DEVICE(600);
	EXPECT_EQ(0, memcmp(self->in, self->out, 600));
	EXPECT_EQ(-ENXIO, mapped_enter(m, VTUN_RING_ENTER_WAIT));
	/* The other direction goes by read. */
	TO_DEVICE(100);
	EXPECT_EQ(100, read(self->fd, self->in, 1000));
}

TEST_F(ring, tun_packets)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	unsigned char packet[40] = { 0x45 };

	OPEN(IFF_TUN, 128, 128, 0);
	ASSERT_EQ(1, mapped_send(&self->m, packet, 40, NULL));
	ASSERT_EQ(40, recvfrom(self->sock, self->in, 100, 0, (struct sockaddr *)&from, &len));
	EXPECT_EQ(htons(ETH_P_IP), from.sll_protocol);
	packet[0] = 0x60;
	ASSERT_EQ(1, mapped_send(&self->m, packet, 40, NULL));
	ASSERT_EQ(40, recvfrom(self->sock, self->in, 100, 0, (struct sockaddr *)&from, &len));
	EXPECT_EQ(htons(ETH_P_IPV6), from.sll_protocol);
	EXPECT_EQ(0, self->m.tx.kernel->refused);
	/* Neither: consumed, and counted. */
	packet[0] = 0x50;
	ASSERT_EQ(1, mapped_send(&self->m, packet, 40, NULL));
	EXPECT_EQ(1, self->m.tx.kernel->refused);
	EXPECT_EQ(1, dev_stat("t0", RX_DROPPED));
	ASSERT_EQ(40, send(self->sock, packet, 40, 0));
	EXPECT_EQ(40, mapped_recv(&self->m, self->in, 100, NULL));
	EXPECT_EQ(0, memcmp(self->in, packet, 40));
}

/* A UDP packet behind an Ethernet header, of which a checksum and segments may be asked. */
static size_t udp_frame(unsigned char *frame, size_t payload)
{
	struct iphdr *ip = (void *)(frame + ETH_HLEN);
	struct udphdr *udp = (void *)(ip + 1);

	make_frame(frame, ETH_HLEN, 0);
	frame[12] = 8;
	frame[13] = 0;
	memset(ip, 0, sizeof(*ip) + sizeof(*udp));
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(sizeof(*ip) + sizeof(*udp) + payload);
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = htonl(0xc6336401);
	ip->daddr = htonl(0xc6336402);
	udp->source = htons(1000);
	udp->dest = htons(2000);
	udp->len = htons(sizeof(*udp) + payload);
	return ETH_HLEN + sizeof(*ip) + sizeof(*udp) + payload;
}

/* Ring to ring by the stack's forwarding: what is promised of a frame goes on with it. */
TEST_F(ring, super_frames)
{
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4,
		.hdr_len = ETH_HLEN + 28,
		.gso_size = 1000,
		.csum_start = ETH_HLEN + 20,
		.csum_offset = 6,
	}, got;
	size_t len = udp_frame(self->out, 30000);

	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP | IFF_NO_PI));
	if (ioctl(self->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6))
		SKIP(return, "the kernel has no UDP segmentation for virtio_net_hdr");
	ASSERT_EQ(0, mapped_open(&self->m, self->fd, 128, 128, 0));
	ASSERT_EQ(0, dev_up("t0"));
	self->sock = dev_socket("t0");
	ASSERT_EQ((len + 2047) / 2048, mapped_send(&self->m, self->out, len, &hdr));
	EXPECT_EQ(0, self->m.tx.kernel->refused);
	ASSERT_EQ(len, recv(self->sock, self->in, sizeof(self->in), 0));
	EXPECT_EQ(0, memcmp(self->in, self->out, len));
	/* From the device: a packet socket says as much with the same header. */
	int on = 1;

	ASSERT_EQ(0, setsockopt(self->sock, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)));
	memcpy(self->in, &hdr, sizeof(hdr));
	memcpy(self->in + sizeof(hdr), self->out, len);
	ASSERT_EQ(sizeof(hdr) + len, send(self->sock, self->in, sizeof(hdr) + len, 0));
	ASSERT_EQ(len, mapped_recv(&self->m, self->in, sizeof(self->in), &got));
	EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, got.flags);
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_UDP_L4, got.gso_type);
	EXPECT_EQ(1000, got.gso_size);
	EXPECT_EQ(ETH_HLEN + 20, got.csum_start);
	EXPECT_EQ(0, memcmp(self->in + ETH_HLEN + 28, self->out + ETH_HLEN + 28, len - ETH_HLEN - 28));
}

/* What no NIC could have received is consumed, counted, and seen by nobody; the next frame goes on. */
TEST_F(ring, bad_headers)
{
	static const struct virtio_net_hdr bad[] = {
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 2000 },
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 65535, .csum_offset = 65535 },
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 98, .csum_offset = 2 },
		{ .gso_type = 77, .gso_size = 10 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_UDP_L4, .gso_size = 0 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 10, .hdr_len = 65535 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 10, .hdr_len = 7 },
	};
	unsigned int n = sizeof(bad) / sizeof(*bad);

	OPEN(IFF_TAP, 128, 128, 0);
	for (unsigned int i = 0; i < n; i++) {
		ASSERT_EQ(1, mapped_send(&self->m, self->out, 100, &bad[i]));
		EXPECT_EQ(i + 1, self->m.tx.kernel->refused);
	}
	ASSERT_EQ(1, mapped_send(&self->m, self->out, 13, NULL));
	EXPECT_EQ(n + 1, self->m.tx.kernel->refused);
	EXPECT_EQ(n + 1, dev_stat("t0", RX_DROPPED) + dev_stat("t0", RX_FRAME));
	/* The last two, of which nothing has been allocated. */
	EXPECT_EQ(0, system("ethtool -S t0 | grep -q 'drop_too_short: 2$'"));
	EXPECT_EQ(0, self->m.state->status);
	ASSERT_EQ(1, mapped_send(&self->m, self->out, 100, NULL));
	FROM_DEVICE(100);
}

/* Without a qdisc what does not fit is dropped, and counted. */
TEST_F(ring, full)
{
	OPEN(IFF_TAP, 128, 128, 0);
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root noqueue"));
	for (int i = 0; i < 1000; i++) {
		make_frame(self->out, 100, i);
		send(self->sock, self->out, 100, 0);
	}
	EXPECT_EQ(128, dev_stat("t0", TX_PACKETS));
	EXPECT_EQ(1000 - 128, dev_stat("t0", TX_DROPPED));
	for (int i = 0; i < 128; i++) {
		make_frame(self->out, 100, i);
		RING_FRAME(100);
	}
	EXPECT_EQ(0, mapped_take(&self->m, self->in, sizeof(self->in), NULL));
}

/* As many frames as the socket lets wait. */
static int fill_up(int sock, unsigned char *frame)
{
	int n = 0;

	while (send(sock, frame, 100, MSG_DONTWAIT) == 100)
		n++;
	return n;
}

/* BQL lets a program that takes all in one go have more each time, up to what the ring holds. Takes what comes of it. */
static bool make_bql_generous(struct mapped *m, int sock, unsigned char *frame, unsigned char *in)
{
	unsigned int start = m->rx.index, sent = 0, prod;

	for (int i = 0; i < 1000; i++) {
		sent += fill_up(sock, frame);
		prod = __atomic_load_n(&m->rx.kernel->index, __ATOMIC_ACQUIRE);
		if (prod - m->rx.index > m->rx.entries - m->setup.chain_max)
			break;
		m->rx.index = prod;
		__atomic_store_n(&m->rx.user->index, prod, __ATOMIC_RELEASE);
		mapped_enter(m, VTUN_RING_ENTER_RX);
	}
	if (prod == m->rx.index)
		return false;
	while (m->rx.index - start < sent)
		if (mapped_recv(m, in, 2048, NULL) <= 0)
			return false;
	return true;
}

/* With one nothing is lost: the queue stops, and goes on when the program has given half of the ring back. */
TEST_F(ring, backpressure)
{
	int sent = 0, got = 0, room = 10000000;
	long before;

	OPEN(IFF_TAP, 128, 0, 0);
	/* While the socket cannot send without end: a qdisc may take what it is given and drop what it had. */
	ASSERT_EQ(true, make_bql_generous(&self->m, self->sock, self->out, self->in));
	ASSERT_EQ(0, setsockopt(self->sock, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)));
	before = dev_stat("t0", TX_PACKETS);
	for (; sent < 400; sent++) {
		make_frame(self->out, 100, sent);
		ASSERT_EQ(100, send(self->sock, self->out, 100, MSG_DONTWAIT));
	}
	EXPECT_LT(dev_stat("t0", TX_PACKETS) - before, 129);
	EXPECT_GT(dev_stat("t0", TX_PACKETS) - before, 128 - (int)self->m.setup.chain_max);
	EXPECT_EQ(VTUN_RING_NEED_ENTER, self->m.rx.kernel->flags);
	for (; got < sent; got++) {
		make_frame(self->out, 100, got);
		RING_FRAME(100);
	}
	EXPECT_EQ(0, self->m.rx.kernel->flags);
	EXPECT_EQ(0, dev_stat("t0", TX_DROPPED));
}

/* BQL keeps the ring as short as the program is fast: what is urgent passes by what waits outside. */
TEST_F(ring, bql)
{
	int sock, urgent = 6, ahead, sent, n;

	OPEN(IFF_TAP, 256, 0, 0);
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root pfifo_fast"));
	sock = dev_socket("t0");
	ASSERT_EQ(0, setsockopt(sock, SOL_SOCKET, SO_PRIORITY, &urgent, sizeof(urgent)));
	make_frame(self->out, 100, 1);
	sent = fill_up(self->sock, self->out);
	EXPECT_EQ(VTUN_RING_NEED_ENTER, self->m.rx.kernel->flags);
	for (n = 0; n < 1000; n++) {
		RING_FRAME(100);
		sent += fill_up(self->sock, self->out);
	}
	make_frame(self->out, 100, 2);
	ASSERT_EQ(100, send(sock, self->out, 100, 0));
	for (ahead = 0; ahead < 300; ahead++) {
		ASSERT_EQ(100, mapped_recv(&self->m, self->in, sizeof(self->in), NULL));
		if (self->in[14] == 2)
			break;
	}
	EXPECT_GT(16, ahead);
	make_frame(self->out, 100, 1);
	for (n += ahead + 1; n < sent + 1; n++)
		RING_FRAME(100);
	EXPECT_EQ(n, dev_stat("t0", TX_PACKETS));
	EXPECT_EQ(0, dev_stat("t0", TX_DROPPED));
	EXPECT_EQ(0, self->m.rx.kernel->flags);
}

/* A program that takes nothing any more goes, and another comes: BQL does not wait for what the first has left. */
TEST_F(ring, bql_without_its_program)
{
	struct mapped *m = &self->m;
	int fd = tun_open(NODE, 0);

	OPEN(IFF_TAP, 256, 0, 0);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETPERSIST, 1));
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root pfifo_fast"));
	make_frame(self->out, 100, 1);
	fill_up(self->sock, self->out);
	EXPECT_EQ(VTUN_RING_NEED_ENTER, m->rx.kernel->flags);
	munmap(m->kernel, m->setup.kernel.size);
	munmap(m->user, m->setup.user.size);
	close(self->fd);
	ASSERT_EQ(0, tun_set_iff(fd, "t0", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(true, dev_runs("t0"));
	for (int i = 0; i < 200; i++) {
		make_frame(self->out, 100, i);
		TO_DEVICE(100);
		do {
			ASSERT_EQ(100, read_frame(fd, self->in, sizeof(self->in), 0));
		} while (memcmp(self->in, self->out, 100));
	}
	ASSERT_EQ(0, ioctl(fd, TUNSETPERSIST, 0));
}

/* Other queues come and go: what waits for a ring that is full, as nobody reads it, goes on waiting. */
static void others_come_and_go(struct __test_metadata *_metadata, bool by_ring)
{
	int fd = tun_open(NODE, O_NONBLOCK), other, room = 10000000, sock, got, sent;
	unsigned char frame[100], in[2048];
	struct mapped m;

	ASSERT_EQ(0, tun_set_iff(fd, "t0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
	ASSERT_EQ(0, by_ring ? mapped_open(&m, fd, 128, 0, 0) : 0);
	ASSERT_EQ(0, dev_up("t0"));
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root handle 1: mq"));
	ASSERT_EQ(0, system("tc qdisc replace dev t0 parent 1:1 pfifo limit 2000"));
	sock = dev_socket("t0");
	make_frame(frame, sizeof(frame), 1);
	/* BQL is not to say so before. */
	if (by_ring) {
		ASSERT_EQ(true, make_bql_generous(&m, sock, frame, in));
	} else {
		for (int i = 0; i < 50; i++) {
			fill_up(sock, frame);
			while (read(fd, in, sizeof(in)) == 100)
				;
		}
		ASSERT_EQ(0, system("ip link set t0 txqueuelen 4"));
	}
	ASSERT_EQ(0, setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)));
	for (sent = 0; sent < 400; sent++) {
		make_frame(frame, sizeof(frame), sent);
		ASSERT_EQ(100, send(sock, frame, 100, MSG_DONTWAIT));
	}
	EXPECT_EQ(0, by_ring ? 0 : system("tc -s qdisc show dev t0 | grep -q 'backlog [0-9Kb]* 396p'"));
	/* A mapped ring keeps room for the longest frame, which each that comes and goes may have one frame into. */
	for (int i = 0; i < (by_ring ? 24 : 3); i++) {
		other = tun_open(NODE, 0);
		ASSERT_EQ(0, tun_set_iff(other, "t0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
		if (i == 1) {
			ASSERT_EQ(0, tun_set_queue(other, IFF_DETACH_QUEUE));
			ASSERT_EQ(0, tun_set_queue(other, IFF_ATTACH_QUEUE));
		}
		close(other);
	}
	EXPECT_EQ(0, dev_stat("t0", TX_DROPPED));
	for (got = 0; got < sent; got++) {
		make_frame(frame, sizeof(frame), got);
		ASSERT_EQ(100, by_ring ? mapped_recv(&m, in, sizeof(in), NULL) : read_frame(fd, in, sizeof(in), 0));
		ASSERT_EQ(0, memcmp(in, frame, 100));
	}
	EXPECT_EQ(0, dev_stat("t0", TX_DROPPED));
}

TEST_F_TIMEOUT(ring, others_come_and_go, 200)
{
	others_come_and_go(_metadata, true);
}

TEST_F(ring, others_come_and_go_without)
{
	others_come_and_go(_metadata, false);
}

/* Everything goes to the queue of a number, or to the only one. */
static int steer(int fd, int queue)
{
	const struct bpf_insn insns[] = { INSN_SET(BPF_REG_0, queue), INSN_EXIT };
	int prog = bpf_load(BPF_PROG_TYPE_SOCKET_FILTER, insns, 2, 0), ret;

	ret = ioctl(fd, TUNSETSTEERINGEBPF, &prog) ? -errno : 0;
	close(prog);
	return ret;
}

/*
 * A file becomes another queue, with frames of the one that it was: BQL of that does not wait for their end, which may never
 * come, when it is the queue of a third file.
 */
static void moves(struct __test_metadata *_metadata, bool by_ring, bool disable)
{
	int a = tun_open(NODE, 0), b = tun_open(NODE, 0), c = tun_open(NODE, O_NONBLOCK), sock, n = 0;
	unsigned char frame[100], in[2048];
	struct mapped m;

	ASSERT_EQ(0, tun_set_iff(a, "t0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
	ASSERT_EQ(0, tun_set_iff(b, "t0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
	ASSERT_EQ(0, by_ring ? mapped_open(&m, b, 256, 0, 0) : 0);
	ASSERT_EQ(0, steer(a, 1));
	ASSERT_EQ(0, dev_up("t0"));
	sock = dev_socket("t0");
	make_frame(frame, sizeof(frame), 1);
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(100, send(sock, frame, 100, MSG_DONTWAIT));
	/* BQL has stopped the queue. */
	EXPECT_LT(dev_stat("t0", TX_PACKETS), 10);
	ASSERT_EQ(0, disable ? tun_set_queue(a, IFF_DETACH_QUEUE) : close(a));
	ASSERT_EQ(0, tun_set_iff(c, "t0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
	for (int i = 0; i < 100; i++) {
		make_frame(frame, sizeof(frame), i);
		ASSERT_EQ(100, send(sock, frame, 100, MSG_DONTWAIT));
		ASSERT_EQ(100, read_frame(c, in, sizeof(in), 0));
		ASSERT_EQ(0, memcmp(in, frame, 100));
	}
	/* What the second had it has. */
	if (by_ring) {
		while (mapped_take(&m, in, sizeof(in), NULL) == 100)
			n++;
	} else {
		ASSERT_EQ(0, fcntl(b, F_SETFL, O_NONBLOCK));
		while (read(b, in, sizeof(in)) == 100)
			n++;
	}
	EXPECT_LT(0, n);
	EXPECT_GT(10, n);
	/* And is served as its new queue. */
	ASSERT_EQ(0, steer(b, 0));
	for (int i = 0; i < 100; i++) {
		make_frame(frame, sizeof(frame), i);
		ASSERT_EQ(100, send(sock, frame, 100, MSG_DONTWAIT));
		ASSERT_EQ(100, by_ring ? mapped_recv(&m, in, sizeof(in), NULL) : read_frame(b, in, sizeof(in), 0));
		ASSERT_EQ(0, memcmp(in, frame, 100));
	}
}

TEST_F(ring, moved_with_a_ring)
{
	moves(_metadata, true, false);
}

TEST_F(ring, moved_without)
{
	moves(_metadata, false, false);
}

TEST_F(ring, moved_for_one_that_is_disabled)
{
	moves(_metadata, true, true);
}

/* What the program says makes no sense any more: nobody waits for that, and read gets all that comes. */
TEST_F(ring, bql_broken)
{
	OPEN(IFF_TAP, 256, 0, 0);
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root pfifo_fast"));
	make_frame(self->out, 100, 1);
	for (int i = 0; i < 100; i++) {
		TO_DEVICE(100);
		RING_FRAME(100);
	}
	fill_up(self->sock, self->out);
	EXPECT_EQ(VTUN_RING_NEED_ENTER, self->m.rx.kernel->flags);
	__atomic_store_n(&self->m.rx.user->index, self->m.rx.index - 1, __ATOMIC_RELEASE);
	mapped_enter(&self->m, VTUN_RING_ENTER_RX);
	EXPECT_EQ(VTUN_RING_RX_BROKEN, self->m.state->status);
	make_frame(self->out, 100, 2);
	TO_DEVICE(100);
	do {
		ASSERT_EQ(100, read_frame(self->fd, self->in, sizeof(self->in), 0));
	} while (memcmp(self->in, self->out, 100));
}

/* A frame of a number, between two stations of a bridge, or to all. */
static size_t station_frame(unsigned char *frame, int from, int to, int seq)
{
	size_t len = 60 + seq * 37 % 1400;

	make_frame(frame, len, seq);
	memcpy(frame + ETH_ALEN, "\2\0\0\0\7", 5);
	frame[11] = from;
	if (to) {
		memcpy(frame, "\2\0\0\0\7", 5);
		frame[5] = to;
	}
	return len;
}

/* Every 23rd frame is for all stations, and in some rounds each is. */
static bool for_all(int round, int n)
{
	return n % 23 == 5 || round % 4 == 3;
}

/* t0 and t1, ports of a bridge. Returns 0, 1 where there is no such bridge, or -1. */
static int make_bridge(void)
{
	int n;

	if (system("ip link add br0 up type vbridge"))
		return 1;
	if (system("for d in t0 t1; do tc qdisc replace dev $d root noqueue; ip link set $d up master br0; done"))
		return -1;
	/* A port is one when it is operational, of which the core takes note later. */
	for (n = 0; n < 500 && system("[ $(ip -o link show master br0 | grep -c 'state UP') = 2 ]"); n++)
		usleep(20000);
	return n < 500 ? 0 : -1;
}

/* The device with the rings, and another one of a file's, in a bridge; @rc is 1 where there are no vbridges. */
#define OPEN_BRIDGED(fd, rc) do {					\
	OPEN(IFF_TAP, 256, 256, 0);					\
	close(self->sock);						\
	ASSERT_EQ(0, tun_set_iff(fd, "t1", IFF_TAP | IFF_NO_PI));	\
	rc = make_bridge();						\
	ASSERT_LE(0, rc);						\
} while (0)

/* From ring to ring by a bridge: by whatever road each frame goes, none to the same station overtakes another. */
TEST_F(ring, through_a_bridge)
{
	struct mapped *from = &self->m, to;
	int fd = tun_open(NODE, 0), n;
	unsigned char want[2048];
	size_t len;

	OPEN_BRIDGED(fd, n);
	if (n)
		SKIP(return, "no vbridge");
	ASSERT_EQ(0, mapped_open(&to, fd, 256, 256, 0));
	len = station_frame(self->out, 2, 0, 0);
	ASSERT_EQ(1, mapped_send(&to, self->out, len, NULL));
	ASSERT_EQ(len, mapped_recv(from, self->in, sizeof(self->in), NULL));
	for (int round = 0; round < 10; round++) {
		int next[2] = { -1, -1 };

		for (n = 0; n < 200; n++) {
			len = station_frame(self->out, 1, for_all(round, n) ? 0 : 2, n);
			ASSERT_EQ(true, mapped_put(from, self->out, len, NULL));
		}
		mapped_submit(from);
		ASSERT_EQ(200, mapped_enter(from, VTUN_RING_ENTER_TX));
		for (n = 0; n < 200; n++) {
			ASSERT_LT(0, mapped_recv(&to, self->in, sizeof(self->in), NULL));
			bool all = self->in[0] == 0xff;

			do {
				next[all]++;
			} while (for_all(round, next[all]) != all);
			len = station_frame(want, 1, all ? 0 : 2, next[all]);
			ASSERT_EQ(0, memcmp(self->in, want, len));
		}
	}
	EXPECT_EQ(0, mapped_take(from, self->in, sizeof(self->in), NULL));
	EXPECT_EQ(0, from->tx.kernel->refused);
	EXPECT_EQ(2000, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(2000, dev_stat("t1", TX_PACKETS));
	EXPECT_EQ(dev_stat("t0", RX_BYTES), dev_stat("t1", TX_BYTES));
	EXPECT_EQ(0, dev_stat("t1", TX_DROPPED));
	EXPECT_EQ(0, system("ethtool -S t1 | grep -q 'direct_tx: [12][0-9][0-9][0-9]$'"));
}

/* Frames that wait for who reads them stay what they are, whatever comes by the ring meanwhile. */
TEST_F(ring, kept_behind_a_bridge)
{
	int fd = tun_open(NODE, 0), n;
	unsigned char want[2048];
	size_t len;

	OPEN_BRIDGED(fd, n);
	if (n)
		SKIP(return, "no vbridge");
	len = station_frame(self->out, 2, 0, 0);
	ASSERT_EQ(len, write(fd, self->out, len));
	for (int round = 0; round < 10; round++) {
		/* In batches of so many. */
		for (n = 0; n < 300; n++) {
			len = station_frame(self->out, 1, 2, n);
			ASSERT_EQ(true, mapped_put(&self->m, self->out, len, NULL));
			if (n % (round + 1))
				continue;
			mapped_submit(&self->m);
			ASSERT_LT(0, mapped_enter(&self->m, VTUN_RING_ENTER_TX));
		}
		mapped_submit(&self->m);
		mapped_enter(&self->m, VTUN_RING_ENTER_TX);
		for (n = 0; n < 300; n++) {
			len = station_frame(want, 1, 2, n);
			ASSERT_EQ(len, read_frame(fd, self->in, sizeof(self->in), 0));
			ASSERT_EQ(0, memcmp(self->in, want, len));
		}
	}
	EXPECT_EQ(0, dev_stat("t1", TX_DROPPED));
	EXPECT_EQ(0, system("ethtool -S t1 | grep -q 'direct_tx: [23][0-9][0-9][0-9]$'"));
}

/* What the counters of roads say of frames that t0 has received. */
static long roads(void)
{
	return dev_counter("t0", "(direct|ordinary)_rx.*");
}

/* Each frame takes one road, whoever was asked about it before it had an skb. */
TEST_F(ring, roads_are_counted_once)
{
	int fd = tun_open(NODE, 0), n;
	size_t len;
	long before;

	OPEN_BRIDGED(fd, n);
	if (n)
		SKIP(return, "no vbridge");
	before = roads();
	for (n = 0; n < 10; n++) {
		len = station_frame(self->out, 1, 0, n);
		ASSERT_EQ(1, mapped_send(&self->m, self->out, len, NULL));
	}
	EXPECT_EQ(before + 10, roads());
	/* As does one that somebody looks at. */
	self->sock = dev_socket("t0");
	len = station_frame(self->out, 1, 0, n);
	ASSERT_EQ(1, mapped_send(&self->m, self->out, len, NULL));
	EXPECT_EQ(before + 11, roads());
}

/* An IPv6 packet of one flow, of any length. */
static void flow_frame(unsigned char *frame, size_t len)
{
	unsigned char *ip = frame + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 40);

	station_frame(frame, 1, 2, 0);
	memset(ip, 0, len - ETH_HLEN);
	memcpy(frame + 12, "\x86\xdd\x60", 3);
	ip[4] = (len - ETH_HLEN - 40) >> 8;
	ip[5] = len - ETH_HLEN - 40;
	ip[6] = IPPROTO_UDP;
	ip[7] = 64;
	memcpy(ip + 8, "\x20\x01\x0d\xb8", 4);
	ip[23] = 1;
	memcpy(ip + 24, "\x20\x01\x0d\xb8", 4);
	ip[39] = 2;
	udp->source = htons(1000);
	udp->dest = htons(2000);
	udp->len = htons(len - ETH_HLEN - 40);
}

/* One of several flows between the same stations, or its answer. */
static size_t flow_of(unsigned char *frame, int flow, bool back)
{
	size_t len = udp_frame(frame, 20);
	struct iphdr *ip = (void *)(frame + ETH_HLEN);
	struct udphdr *udp = (void *)(ip + 1);

	memcpy(frame, back ? "\2\0\0\0\7\1" : "\2\0\0\0\7\2", ETH_ALEN);
	memcpy(frame + ETH_ALEN, back ? "\2\0\0\0\7\2" : "\2\0\0\0\7\1", ETH_ALEN);
	if (back) {
		ip->saddr = htonl(0xc6336402);
		ip->daddr = htonl(0xc6336401);
	}
	udp->source = htons(back ? 2000 : 1000 + flow);
	udp->dest = htons(back ? 1000 + flow : 2000);
	return len;
}

static int drain(int fd, unsigned char *in, size_t room)
{
	int n = 0;

	while (read(fd, in, room) > 0)
		n++;
	return n;
}

/* Frames that have no skb on the way get to the queue that their flow belongs to, as others do. */
TEST_F(ring, flows_through_a_bridge)
{
	int fd[2], got[2], n;
	size_t len;

	OPEN(IFF_TAP, 256, 256, 0);
	close(self->sock);
	for (n = 0; n < 2; n++) {
		fd[n] = tun_open(NODE, O_NONBLOCK);
		ASSERT_EQ(0, tun_set_iff(fd[n], "t1", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
	}
	n = make_bridge();
	ASSERT_LE(0, n);
	if (n)
		SKIP(return, "no vbridge");
	len = station_frame(self->out, 2, 0, 0);
	ASSERT_EQ(len, write(fd[0], self->out, len));
	for (n = 0; n < 64; n++) {
		len = 90 + n * 21;
		flow_frame(self->out, len);
		ASSERT_EQ(true, mapped_put(&self->m, self->out, len, NULL));
	}
	mapped_submit(&self->m);
	ASSERT_EQ(64, mapped_enter(&self->m, VTUN_RING_ENTER_TX));
	for (n = 0; n < 2; n++)
		got[n] = drain(fd[n], self->in, sizeof(self->in));
	EXPECT_EQ(64, got[0] + got[1]);
	EXPECT_EQ(0, got[0] && got[1]);
	EXPECT_EQ(0, system("ethtool -S t1 | grep -q ' direct_tx: [6-9][0-9]$'"));
	/* Several are spread. */
	for (n = 0; n < 64; n++)
		ASSERT_EQ(1, mapped_send(&self->m, self->out, flow_of(self->out, n, false), NULL));
	for (n = 0; n < 2; n++)
		got[n] = drain(fd[n], self->in, sizeof(self->in));
	EXPECT_EQ(64, got[0] + got[1]);
	EXPECT_LT(9, got[0]);
	EXPECT_LT(9, got[1]);
	/* And each is where it was last written. */
	for (n = 0; n < 16; n++) {
		len = flow_of(self->out, n, true);
		ASSERT_EQ(len, write(fd[n % 2], self->out, len));
		ASSERT_EQ(1, mapped_send(&self->m, self->out, flow_of(self->out, n, false), NULL));
		EXPECT_EQ(1, drain(fd[n % 2], self->in, sizeof(self->in)));
		EXPECT_EQ(0, drain(fd[!(n % 2)], self->in, sizeof(self->in)));
	}
}

/* ---- frames for other hosts --------------------------------------------- */

/* Those that the protocols have dropped for it. */
static long otherhost_dropped(void)
{
	FILE *f = popen("ip -j -s -s link show t0 | sed -n 's/.*\"otherhost\":\\([0-9]*\\).*/\\1/p'", "r");
	long n = 0;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &n) != 1)
		n = 0;
	pclose(f);
	return n;
}

/* Of each eight one is for all, one for nobody in the ring's own network, and the rest for another host. */
static size_t foreign_frame(unsigned char *frame, int n)
{
	size_t len = udp_frame(frame, 10 + n);

	memcpy(frame, "\x02\0\0\0\x0b\xad", ETH_ALEN);
	if (n % 8 == 3)
		memset(frame, 0xff, ETH_ALEN);
	if (n % 8 == 5)
		memcpy(frame + 12, "\x88\xb5", 2);
	return len;
}

static int send_foreign(struct mapped *m, unsigned char *frame, int n)
{
	for (int i = 0; i < n; i++)
		if (!mapped_put(m, frame, foreign_frame(frame, i), NULL))
			return -1;
	mapped_submit(m);
	return mapped_enter(m, VTUN_RING_ENTER_TX);
}

/* They end before the stack where nobody would see them there, and are counted as it does. */
TEST_F(ring, foreign)
{
	long packets, bytes, dropped, other;

	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, mapped_open(&self->m, self->fd, 0, 128, 0));
	ASSERT_EQ(0, dev_up("t0"));
	for (int i = 0; i < 80; i++)
		ASSERT_LT(0, write(self->fd, self->out, foreign_frame(self->out, i)));
	packets = dev_stat("t0", RX_PACKETS);
	bytes = dev_stat("t0", RX_BYTES);
	dropped = dev_stat("t0", RX_DROPPED);
	other = otherhost_dropped();
	EXPECT_EQ(80, packets);
	EXPECT_EQ(60, other);
	EXPECT_EQ(10, dropped);
	ASSERT_EQ(80, send_foreign(&self->m, self->out, 80));
	EXPECT_EQ(2 * packets, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(2 * bytes, dev_stat("t0", RX_BYTES));
	EXPECT_EQ(2 * dropped, dev_stat("t0", RX_DROPPED));
	EXPECT_EQ(2 * other, otherhost_dropped());
	EXPECT_EQ(0, self->m.tx.kernel->refused);
}

/* Whoever looks sees them: at one protocol, of all devices or of this one; or at all there is. */
TEST_F(ring, foreign_seen)
{
	static const int protocols[] = { ETH_P_IP, ETH_P_IP, ETH_P_ALL, ETH_P_ALL };
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int n;

	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, mapped_open(&self->m, self->fd, 0, 128, 0));
	ASSERT_EQ(0, dev_up("t0"));
	for (int i = 0; i < 4; i++) {
		to.sll_protocol = htons(protocols[i]);
		to.sll_ifindex = i & 1 ? dev_index("t0") : 0;
		self->sock = socket(AF_PACKET, SOCK_RAW, 0);
		ASSERT_EQ(0, bind(self->sock, (struct sockaddr *)&to, sizeof(to)));
		ASSERT_EQ(80, send_foreign(&self->m, self->out, 80));
		/* In their order. */
		for (n = 0; n < 80; n++) {
			size_t len = foreign_frame(self->out, n);

			if (n % 8 == 5 && protocols[i] == ETH_P_IP)
				continue;
			ASSERT_EQ(len, recv(self->sock, self->in, sizeof(self->in), MSG_DONTWAIT));
			EXPECT_EQ(0, memcmp(self->in, self->out, len));
		}
		close(self->sock);
	}
	if (system("tc qdisc add dev t0 clsact") ||
	    system("tc filter add dev t0 ingress matchall action mirred egress redirect dev lo"))
		SKIP(return, "no tc");
	ASSERT_EQ(80, send_foreign(&self->m, self->out, 80));
	EXPECT_EQ(0, system("tc -s filter show dev t0 ingress | grep -q ' 80 pkt'"));
}

/* ---- sleep and wake ----------------------------------------------------- */

struct sender {
	int sock, frames, len;
};

static void *send_slowly(void *arg)
{
	struct sender *s = arg;
	unsigned char frame[2048];

	for (int i = 0; i < s->frames; i++) {
		make_frame(frame, s->len, i);
		while (send(s->sock, frame, s->len, 0) < 0 && errno == ENOBUFS)
			usleep(100);
		if (i % 7 == 0)
			usleep(i % 5 * 100);
	}
	return NULL;
}

/* Each way to wait, against a sender that pauses: none of the sleeps is for ever. */
static int receive_all(struct mapped *m, int how, int frames)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct pollfd pollfd = { .fd = m->fd, .events = POLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC), seen = 0, ret = 1;
	unsigned char frame[2048], want[2048];

	epoll_ctl(ep, EPOLL_CTL_ADD, m->fd, &event);
	while (seen < frames) {
		int len = mapped_take(m, frame, sizeof(frame), NULL);

		if (len) {
			make_frame(want, len, seen++);
			if (memcmp(want, frame, len))
				return -seen;
			continue;
		}
		if (mapped_may_sleep(m)) {
			if (how == 0)
				ret = poll(&pollfd, 1, 5000);
			else if (how == 1)
				ret = epoll_wait(ep, &event, 1, 5000);
			else
				ret = mapped_enter(m, VTUN_RING_ENTER_WAIT) + 1;
		}
		mapped_awake(m);
		if (ret != 1)
			return ret - 1;
	}
	close(ep);
	return seen;
}

TEST_F(ring, wake_up)
{
	struct sender s = { .frames = 300, .len = 200 };
	pthread_t thread;

	OPEN(IFF_TAP, 128, 0, 0);
	s.sock = self->sock;
	for (int how = 0; how < 3; how++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, send_slowly, &s));
		EXPECT_EQ(s.frames, receive_all(&self->m, how, s.frames));
		pthread_join(thread, NULL);
	}
	EXPECT_EQ(0, dev_stat("t0", TX_DROPPED));
}

/* Who does not sleep is not woken: the flag is what it goes by. */
TEST_F(ring, no_flag_no_wake)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLIN };
	struct sender s = { .frames = 1, .len = 100 };
	pthread_t thread;

	OPEN(IFF_TAP, 128, 0, 0);
	s.sock = self->sock;
	ASSERT_EQ(0, poll(&pollfd, 1, 0));
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &event));
	pthread_create(&thread, NULL, send_slowly, &s);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 100));
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	mapped_may_sleep(&self->m);
	pthread_create(&thread, NULL, send_slowly, &s);
	pthread_join(thread, NULL);
	/* It has not taken the first, so it does not sleep. */
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 100));
	ASSERT_EQ(100, mapped_take(&self->m, self->in, 2048, NULL));
	ASSERT_EQ(100, mapped_take(&self->m, self->in, 2048, NULL));
	pthread_create(&thread, NULL, send_slowly, &s);
	pthread_join(thread, NULL);
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 5000));
}

/* What was left in the rings of a device that has gone is nothing that the next one has to read. */
TEST_F(ring, next_device_is_not_readable)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLIN };

	OPEN(IFF_TAP, 128, 128, 0);
	TO_DEVICE(100);
	EXPECT_EQ(1, poll(&pollfd, 1, 5000));
	EXPECT_EQ(POLLIN, pollfd.revents);
	ASSERT_EQ(0, system("ip link del t0"));
	ASSERT_EQ(0, tun_set_iff(self->fd, "t1", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, dev_up("t1"));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	self->sock = dev_socket("t1");
	TO_DEVICE(100);
	EXPECT_EQ(1, poll(&pollfd, 1, 5000));
	EXPECT_EQ(100, read(self->fd, self->in, 1000));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
}

/* A sleeper learns that the device has gone. */
TEST_F(ring, device_goes)
{
	struct mapped *m = &self->m;
	int status;
	pid_t pid;

	OPEN(IFF_TAP, 128, 128, 0);
	pid = fork();
	if (!pid) {
		usleep(200000);
		_exit(system("ip link del t0"));
	}
	EXPECT_EQ(-EBADFD, mapped_enter(m, VTUN_RING_ENTER_WAIT));
	EXPECT_EQ(VTUN_RING_GONE, m->state->status);
	waitpid(pid, &status, 0);
	EXPECT_EQ(-EBADFD, mapped_enter(m, VTUN_RING_ENTER_TX));
	/* The file may have another device, without rings. */
	ASSERT_EQ(0, tun_set_iff(self->fd, "t1", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, dev_up("t1"));
	self->sock = dev_socket("t1");
	EXPECT_EQ(-ENXIO, mapped_enter(m, VTUN_RING_ENTER_TX));
	EXPECT_EQ(-EBUSY, try_setup(self->fd, mapped_setup(128, 128, 0)));
	TO_DEVICE(100);
	EXPECT_EQ(100, read(self->fd, self->in, 1000));
	/* The mappings are there until they are taken away. */
	close(self->fd);
	m->user[0] = 1;
	EXPECT_EQ(VTUN_RING_VERSION, m->state->version);
}

TEST_F(ring, device_down)
{
	OPEN(IFF_TAP, 128, 128, 0);
	ASSERT_EQ(0, dev_flags("t0", 0, IFF_UP));
	EXPECT_EQ(-EIO, mapped_send(&self->m, self->out, 100, NULL));
	EXPECT_EQ(0, self->m.tx.kernel->index);
	ASSERT_EQ(0, dev_up("t0"));
	EXPECT_EQ(1, mapped_enter(&self->m, VTUN_RING_ENTER_TX));
}

/* TUNSETSNDBUF: what is on its way is bounded, and what has been received is not on its way. */
TEST_F(ring, send_buffer)
{
	int sndbuf = 20000, n = 0;

	OPEN(IFF_TAP, 0, 256, 0);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETSNDBUF, &sndbuf));
	while (mapped_put(&self->m, self->out, 1000, NULL))
		n++;
	mapped_submit(&self->m);
	ASSERT_EQ(256, n);
	EXPECT_EQ(256, mapped_enter(&self->m, VTUN_RING_ENTER_TX));
	for (int i = 0; i < 100; i++)
		FROM_DEVICE(1000);
}

/* What is on its way elsewhere counts: none are consumed beyond the limit, and POLLOUT tells when they may go on. */
TEST_F(ring, send_buffer_is_full)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLOUT };
	int sndbuf = 10000, all = 0;
	long n;

	OPEN(IFF_TAP, 0, 128, 0);
	close(self->sock);
	ASSERT_EQ(0, system(HOLD));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETSNDBUF, &sndbuf));
	while (mapped_put(&self->m, self->out, 1000, NULL))
		all++;
	mapped_submit(&self->m);
	n = mapped_enter(&self->m, VTUN_RING_ENTER_TX);
	EXPECT_LE(3, n);
	EXPECT_GE(10, n);
	EXPECT_EQ(n, self->m.tx.kernel->index);
	EXPECT_EQ(-EAGAIN, mapped_enter(&self->m, VTUN_RING_ENTER_TX));
	EXPECT_EQ(n, self->m.tx.kernel->index);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, system(LET_GO));
	ASSERT_EQ(1, poll(&pollfd, 1, 5000));
	EXPECT_EQ(POLLOUT, pollfd.revents);
	EXPECT_EQ(all - n, mapped_enter(&self->m, VTUN_RING_ENTER_TX));
	EXPECT_EQ(all, dev_stat("t0", RX_PACKETS));
	EXPECT_EQ(0, self->m.tx.kernel->refused);
}

/* Without a limit nothing waits for what is on its way. */
TEST_F(ring, no_send_buffer)
{
	OPEN(IFF_TAP, 0, 128, 0);
	close(self->sock);
	ASSERT_EQ(0, system(HOLD));
	for (int i = 0; i < 128; i++)
		ASSERT_EQ(true, mapped_put(&self->m, self->out, 1000, NULL));
	mapped_submit(&self->m);
	EXPECT_EQ(128, mapped_enter(&self->m, VTUN_RING_ENTER_TX));
	/* Or the frames would keep the file, and that the namespace with the device that holds them. */
	ASSERT_EQ(0, system(LET_GO));
}

/* SIGIO, for who sleeps and has asked for it. */
static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

TEST_F(ring, signals)
{
	signal(SIGIO, on_signal);
	OPEN(IFF_TAP, 128, 128, 0);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_ASYNC));
	ASSERT_EQ(0, fcntl(self->fd, F_SETOWN, getpid()));
	signals = 0;
	TO_DEVICE(100);
	EXPECT_EQ(0, signals);
	RING_FRAME(100);
	ASSERT_TRUE(mapped_may_sleep(&self->m));
	TO_DEVICE(100);
	EXPECT_EQ(1, signals);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	RING_FRAME(100);
	ASSERT_TRUE(mapped_may_sleep(&self->m));
	TO_DEVICE(100);
	EXPECT_EQ(1, signals);
}

/* A program that has fallen behind with a long flow sees a short one's frame at once. */
TEST_F(ring, short_flow_beside_a_long_one)
{
	int place = -1;

	OPEN(IFF_TAP, 256, 0, 0);
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root fq_codel"));
	for (int i = 0; i <= 200; i++) {
		size_t len = udp_frame(self->out, 60);

		self->out[ETH_HLEN + 20] = i == 200 ? 2 : 1;
		ASSERT_EQ((ssize_t)len, send(self->sock, self->out, len, 0));
	}
	for (int n = 0; place < 0 && mapped_recv(&self->m, self->in, sizeof(self->in), NULL) > 0; n++)
		if (self->in[ETH_HLEN + 20] == 2)
			place = n;
	EXPECT_LE(0, place);
	EXPECT_GE(64, place);
}

/* ---- numbers that make no sense ----------------------------------------- */

#define BROKEN_TX(why) do {						\
	EXPECT_EQ(-EIO, mapped_enter(&self->m, VTUN_RING_ENTER_TX));	\
	EXPECT_EQ(VTUN_RING_TX_BROKEN, self->m.state->status);		\
	EXPECT_EQ(why, self->m.state->tx_error);			\
	EXPECT_EQ(0, dev_stat("t0", RX_PACKETS));			\
} while (0)

TEST_F(ring, broken_tx_index)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLIN };

	OPEN(IFF_TAP, 128, 128, 0);
	self->m.tx.index = 129;
	mapped_submit(&self->m);
	BROKEN_TX(VTUN_RING_ERR_INDEX);
	EXPECT_EQ(129, self->m.state->tx_error_index);
	/* For good; but the other ring, and write, are as they were. */
	self->m.tx.index = 0;
	mapped_submit(&self->m);
	BROKEN_TX(VTUN_RING_ERR_INDEX);
	TO_DEVICE(100);
	EXPECT_EQ(1, poll(&pollfd, 1, 1000));
	EXPECT_EQ(POLLIN | POLLERR, pollfd.revents);
	ASSERT_EQ(100, mapped_take(&self->m, self->in, 2048, NULL));
	ASSERT_EQ(100, write(self->fd, self->out, 100));
	FROM_DEVICE(100);
}

TEST_F(ring, broken_tx_backwards)
{
	OPEN(IFF_TAP, 128, 128, 0);
	self->m.tx.index = -1U;
	mapped_submit(&self->m);
	BROKEN_TX(VTUN_RING_ERR_INDEX);
}

TEST_F(ring, broken_tx_descs)
{
	static const struct vtun_ring_desc bad[] = {
		{ .len = 0 },
		{ .len = 2049 },
		{ .len = 2048, .off = 1 },
		{ .len = 65535, .off = 65535 },
		{ .len = 100, .flags = 2 },
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		self->fd = tun_open(NODE, 0);
		OPEN(IFF_TAP, 128, 128, 0);
		self->m.tx.descs[0] = bad[i];
		self->m.tx.index = 1;
		mapped_submit(&self->m);
		BROKEN_TX(VTUN_RING_ERR_DESC);
		munmap(self->m.kernel, self->m.setup.kernel.size);
		munmap(self->m.user, self->m.setup.user.size);
		close(self->sock);
		close(self->fd);
	}
}

/* A chain that does not end in what was produced, and one that is too long. */
TEST_F(ring, broken_tx_chain)
{
	OPEN(IFF_TAP, 128, 128, 0);
	for (int i = 0; i < 3; i++)
		self->m.tx.descs[i] = (struct vtun_ring_desc){ .len = 100, .flags = VTUN_RING_DESC_NEXT };
	self->m.tx.index = 3;
	mapped_submit(&self->m);
	BROKEN_TX(VTUN_RING_ERR_CHAIN);
}

TEST_F(ring, broken_tx_long_chain)
{
	OPEN(IFF_TAP, 128, 128, 0);
	for (int i = 0; i < 128; i++)
		self->m.tx.descs[i] = (struct vtun_ring_desc){ .len = 1, .flags = VTUN_RING_DESC_NEXT };
	self->m.tx.index = 128;
	mapped_submit(&self->m);
	BROKEN_TX(VTUN_RING_ERR_CHAIN);
	EXPECT_EQ(self->m.setup.chain_max, self->m.state->tx_error_index);
}

/* What was consumed before the nonsense was received. */
TEST_F(ring, broken_tx_behind_good)
{
	OPEN(IFF_TAP, 128, 128, 0);
	for (int i = 0; i < 3; i++)
		mapped_put(&self->m, self->out, 100, NULL);
	self->m.tx.descs[2].len = 0;
	mapped_submit(&self->m);
	EXPECT_EQ(2, mapped_enter(&self->m, VTUN_RING_ENTER_TX));
	EXPECT_EQ(2, self->m.tx.kernel->index);
	EXPECT_EQ(VTUN_RING_TX_BROKEN, self->m.state->status);
	FROM_DEVICE(100);
	FROM_DEVICE(100);
	EXPECT_EQ(-EIO, mapped_enter(&self->m, VTUN_RING_ENTER_TX));
}

/* rx released beyond what was produced: stopped when the kernel looks, and read goes on. */
TEST_F(ring, broken_rx)
{
	int n = 0;

	OPEN(IFF_TAP, 128, 128, 0);
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root noqueue"));
	TO_DEVICE(100);
	__atomic_store_n(&self->m.rx.user->index, 200, __ATOMIC_RELEASE);
	for (int i = 0; i < 300; i++)
		TO_DEVICE(100);
	EXPECT_EQ(VTUN_RING_RX_BROKEN, self->m.state->status);
	EXPECT_EQ(VTUN_RING_ERR_INDEX, self->m.state->rx_error);
	EXPECT_EQ(0, mapped_enter(&self->m, VTUN_RING_ENTER_WAIT));
	n = self->m.rx.kernel->index;
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	while (read(self->fd, self->in, sizeof(self->in)) == 100)
		n++;
	EXPECT_EQ(301, n);
}

/* Half way through a frame, the one that the queue was stopped for. */
TEST_F(ring, broken_rx_stopped)
{
	int n = 0;

	OPEN(IFF_TAP, 128, 0, 0);
	ASSERT_EQ(true, make_bql_generous(&self->m, self->sock, self->out, self->in));
	for (int i = 0; i < 250; i++)
		TO_DEVICE(100);
	EXPECT_EQ(VTUN_RING_NEED_ENTER, self->m.rx.kernel->flags);
	__atomic_store_n(&self->m.rx.user->index, self->m.rx.index - 5, __ATOMIC_RELEASE);
	EXPECT_EQ(0, mapped_enter(&self->m, VTUN_RING_ENTER_RX));
	EXPECT_EQ(VTUN_RING_RX_BROKEN, self->m.state->status);
	/* What the queue held comes by read. */
	n = self->m.rx.kernel->index - self->m.rx.index;
	while (n < 250 && read_frame(self->fd, self->in, sizeof(self->in), 0) == 100)
		n++;
	EXPECT_EQ(250, n);
}

struct sleeper {
	struct pollfd pollfd;
	pthread_t thread;
	bool woken;
};

static void *sleep_in_poll(void *arg)
{
	struct sleeper *s = arg;
	time_t start = time(NULL);

	/* At its end it looks once more. */
	s->woken = poll(&s->pollfd, 1, 20000) == 1 && time(NULL) < start + 15;
	return NULL;
}

/* Who waits for nothing else learns that a ring breaks. */
#define SLEEP(s, what) do {						\
	(s)->pollfd = (struct pollfd){ .fd = self->fd, .events = what };	\
	ASSERT_EQ(0, pthread_create(&(s)->thread, NULL, sleep_in_poll, s)); \
	usleep(200000);							\
} while (0)
#define WOKEN(s) do {							\
	pthread_join((s)->thread, NULL);				\
	EXPECT_TRUE((s)->woken);					\
	EXPECT_TRUE((s)->pollfd.revents & POLLERR);			\
} while (0)

TEST_F_TIMEOUT(ring, broken_tx_index_wakes, 200)
{
	struct sleeper s[2];

	OPEN(IFF_TAP, 128, 128, 0);
	SLEEP(&s[0], POLLIN);
	SLEEP(&s[1], 0);
	self->m.tx.index = 129;
	mapped_submit(&self->m);
	BROKEN_TX(VTUN_RING_ERR_INDEX);
	WOKEN(&s[0]);
	WOKEN(&s[1]);
}

TEST_F_TIMEOUT(ring, broken_tx_desc_wakes, 200)
{
	struct sleeper s[2];

	OPEN(IFF_TAP, 128, 128, 0);
	SLEEP(&s[0], POLLIN);
	SLEEP(&s[1], 0);
	self->m.tx.descs[0] = (struct vtun_ring_desc){ .len = 0 };
	self->m.tx.index = 1;
	mapped_submit(&self->m);
	BROKEN_TX(VTUN_RING_ERR_DESC);
	WOKEN(&s[0]);
	WOKEN(&s[1]);
}

/* Found where the program gives slots back, and where the device sends. */
TEST_F_TIMEOUT(ring, broken_rx_wakes, 200)
{
	struct sleeper s;

	for (int i = 0; i < 2; i++) {
		self->fd = tun_open(NODE, 0);
		OPEN(IFF_TAP, 128, 0, 0);
		ASSERT_EQ(0, i ? system("tc qdisc replace dev t0 root noqueue") : 0);
		TO_DEVICE(100);
		SLEEP(&s, 0);
		__atomic_store_n(&self->m.rx.user->index, 1000, __ATOMIC_RELEASE);
		if (i) {
			for (int n = 0; n < 130; n++)
				TO_DEVICE(100);
		} else {
			EXPECT_EQ(0, mapped_enter(&self->m, VTUN_RING_ENTER_RX));
		}
		EXPECT_EQ(VTUN_RING_RX_BROKEN, self->m.state->status);
		WOKEN(&s);
		munmap(self->m.kernel, self->m.setup.kernel.size);
		munmap(self->m.user, self->m.setup.user.size);
		close(self->sock);
		close(self->fd);
	}
}

/* ---- hostile ------------------------------------------------------------ */

struct flipper {
	struct mapped *m;
	bool stop;
	unsigned int seed;
};

/* Writes to all that a program can write to, for as long as it is let. */
static void *flip(void *arg)
{
	struct flipper *f = arg;
	struct mapped *m = f->m;
	size_t descs = m->tx.entries * sizeof(struct vtun_ring_desc);

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		unsigned int r = rand_r(&f->seed);
		unsigned char *at;

		if (r % 16)
			at = (unsigned char *)m->tx.descs + (r >> 8) % descs;
		else
			at = m->tx.chunks + (r >> 8) % (m->tx.entries * m->setup.chunk_size);
		__atomic_store_n(at, r % 3 ? 0 : rand_r(&f->seed), __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Descriptors, headers and frames change while the kernel reads them. */
static int under_fire(int rounds, unsigned int seed)
{
	static unsigned char frame[8192];
	struct mapped m;
	struct flipper f = { .m = &m, .seed = seed };
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = ETH_HLEN + 20, .csum_offset = 6,
		.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4, .gso_size = 1000, .hdr_len = ETH_HLEN + 28,
	};
	int fd = tun_open(NODE, 0), err;
	pthread_t thread;

	err = tun_set_iff(fd, "h%d", IFF_TAP | IFF_NO_PI) ?: mapped_open(&m, fd, 128, 128, 0);
	if (err)
		return err;
	struct ifreq ifr = {};

	ioctl(fd, TUNGETIFF, &ifr);
	dev_up(ifr.ifr_name);
	pthread_create(&thread, NULL, flip, &f);
	for (int i = 0; i < rounds; i++) {
		size_t len = i % 3 ? 64 : udp_frame(frame, 3000);

		if (i % 3)
			make_frame(frame, len, i);
		if (!mapped_put(&m, frame, len, i % 3 ? NULL : &hdr))
			break;
		if (i % 5)
			continue;
		if (rand_r(&seed) % 400 == 0)
			m.tx.index += rand_r(&seed);
		mapped_submit(&m);
		if (mapped_enter(&m, VTUN_RING_ENTER_TX) < 0)
			break;
	}
	err = m.state->status & VTUN_RING_TX_BROKEN ? 1 : 0;
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	munmap(m.kernel, m.setup.kernel.size);
	munmap(m.user, m.setup.user.size);
	close(fd);
	return err;
}

TEST_F(ring, flipped)
{
	int broken = 0;

	for (int i = 0; i < 30; i++) {
		int ret = under_fire(2000, i);

		ASSERT_LE(0, ret);
		broken += ret;
	}
	EXPECT_LT(0, broken);
	/* Others are none the worse. */
	OPEN(IFF_TAP, 128, 128, 0);
	ASSERT_EQ(1, mapped_send(&self->m, self->out, 100, NULL));
	FROM_DEVICE(100);
}

/* The owner is killed in the midst of a batch, again and again; its device goes with it. */
TEST_F(ring, killed)
{
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork();

		if (!pid) {
			int fd = tun_open(NODE, 0);
			struct mapped m;

			if (tun_set_iff(fd, "k0", IFF_TAP | IFF_NO_PI) || mapped_open(&m, fd, 512, 512, 0))
				_exit(1);
			dev_up("k0");
			for (;;) {
				while (mapped_put(&m, self->out, 1000, NULL))
					;
				mapped_submit(&m);
				mapped_enter(&m, VTUN_RING_ENTER_TX);
			}
		}
		for (int j = 0; j < 100 && dev_index("k0") < 0; j++)
			usleep(1000);
		self->sock = dev_socket("k0");
		usleep(rand() % 5000);
		for (int j = 0; j < 100; j++)
			send(self->sock, self->out, 1000, MSG_DONTWAIT);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		close(self->sock);
		EXPECT_EQ(-ENODEV, dev_index("k0"));
	}
}

TEST_HARNESS_MAIN
