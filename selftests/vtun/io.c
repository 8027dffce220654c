// SPDX-License-Identifier: GPL-2.0
/*
 * What is written is received, and what is sent is read: in each form in which a program may ask for it, by either node.
 */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "bpf.h"
#include "harness.h"
#include "tun.h"

FIXTURE(io) {
	const char *node;
	int fd, sock;
	unsigned char out[2048], in[70000];
};

FIXTURE_VARIANT(io) {
	const char *node;
};

FIXTURE_VARIANT_ADD(io, vtun) { .node = "/dev/net/vtun" };
FIXTURE_VARIANT_ADD(io, tun) { .node = "/dev/net/tun" };

FIXTURE_SETUP(io)
{
	tun_load(variant->node);
	self->node = variant->node;
	if (access(self->node, F_OK))
		SKIP(return, "the kernel has no tun");
	ASSERT_EQ(0, quiet_netns());
	self->fd = tun_open(self->node, 0);
	ASSERT_LE(0, self->fd);
	make_frame(self->out, sizeof(self->out), 1);
}

FIXTURE_TEARDOWN(io)
{
}

/* A device that is up, with a socket on it. */
#define OPEN(flags) do {						\
	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", flags));		\
	ASSERT_EQ(0, dev_up("t0"));					\
	self->sock = dev_socket("t0");					\
	ASSERT_LE(0, self->sock);					\
} while (0)

#define FROM_DEVICE(len) ASSERT_EQ(len, read_frame(self->sock, self->in, sizeof(self->in), 0))
#define TO_DEVICE(len) ASSERT_EQ(len, send(self->sock, self->out, len, 0))

TEST_F(io, write_and_read)
{
	OPEN(IFF_TAP | IFF_NO_PI);
	for (int len = 16; len < 1514; len += 107) {
		make_frame(self->out, len, len);
		ASSERT_EQ(len, write(self->fd, self->out, len));
		FROM_DEVICE(len);
		EXPECT_EQ(0, memcmp(self->in, self->out, len));
		TO_DEVICE(len);
		ASSERT_EQ(len, read_frame(self->fd, self->in, sizeof(self->in), 0));
		EXPECT_EQ(0, memcmp(self->in, self->out, len));
	}
}

/* Longer than a page: in fragments. */
TEST_F(io, long_frames)
{
	static unsigned char frame[65000];
	struct ifreq ifr = tun_ifr("t0", 0);
	int len;

	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP | IFF_NO_PI));
	ifr.ifr_mtu = 65000;
	ASSERT_EQ(0, dev_ioctl(SIOCSIFMTU, &ifr));
	ASSERT_EQ(0, dev_up("t0"));
	self->sock = dev_socket("t0");
	make_frame(frame, sizeof(frame), 1);
	for (int i = 16; i < 65000; i++)
		frame[i] = i * 7;
	for (len = 3000; len < 65000; len += 9999) {
		ASSERT_EQ(len, write(self->fd, frame, len));
		FROM_DEVICE(len);
		EXPECT_EQ(0, memcmp(self->in, frame, len));
		ASSERT_EQ(len, send(self->sock, frame, len, 0));
		ASSERT_EQ(len, read_frame(self->fd, self->in, sizeof(self->in), 0));
		EXPECT_EQ(0, memcmp(self->in, frame, len));
	}
}

TEST_F(io, segments)
{
	struct iovec iov[5];

	OPEN(IFF_TAP | IFF_NO_PI);
	for (int i = 0; i < 5; i++)
		iov[i] = (struct iovec){ self->out + 20 * i, 20 };
	ASSERT_EQ(100, writev(self->fd, iov, 5));
	FROM_DEVICE(100);
	EXPECT_EQ(0, memcmp(self->in, self->out, 100));
	TO_DEVICE(100);
	for (int i = 0; i < 5; i++)
		iov[i].iov_base = self->in + 20 * i;
	memset(self->in, 0, 100);
	ASSERT_EQ(100, readv(self->fd, iov, 5));
	EXPECT_EQ(0, memcmp(self->in, self->out, 100));
}

/* A reader with little room gets the beginning, and the rest is gone. */
TEST_F(io, cut_off)
{
	OPEN(IFF_TAP | IFF_NO_PI);
	TO_DEVICE(100);
	TO_DEVICE(60);
	EXPECT_EQ(40, read(self->fd, self->in, 40));
	EXPECT_EQ(60, read(self->fd, self->in, 100));
	EXPECT_EQ(0, read(self->fd, self->in, 0));
}

TEST_F(io, packet_information)
{
	struct tun_pi *pi = (void *)self->in;

	OPEN(IFF_TAP);
	TO_DEVICE(100);
	EXPECT_EQ(104, read(self->fd, self->in, 1000));
	EXPECT_EQ(0, pi->flags);
	EXPECT_EQ(0, memcmp(self->in + 4, self->out, 100));
	TO_DEVICE(100);
	EXPECT_EQ(50, read(self->fd, self->in, 50));
	EXPECT_EQ(TUN_PKT_STRIP, pi->flags);
	/* Room for less than that: an error, and the frame is gone. */
	TO_DEVICE(100);
	EXPECT_EQ(-1, read(self->fd, self->in, 3));
	EXPECT_EQ(EINVAL, errno);
	memset(self->in, 0, 4);
	memcpy(self->in + 4, self->out, 100);
	EXPECT_EQ(104, write(self->fd, self->in, 104));
	FROM_DEVICE(100);
}

/* On a tun device the packet's first byte says what it is, or the word before it does. */
TEST_F(io, tun_packets)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	unsigned char packet[40] = { 0x45 };

	OPEN(IFF_TUN | IFF_NO_PI);
	ASSERT_EQ(40, write(self->fd, packet, 40));
	ASSERT_EQ(40, recvfrom(self->sock, self->in, 100, 0, (struct sockaddr *)&from, &len));
	EXPECT_EQ(htons(ETH_P_IP), from.sll_protocol);
	packet[0] = 0x60;
	ASSERT_EQ(40, write(self->fd, packet, 40));
	ASSERT_EQ(40, recvfrom(self->sock, self->in, 100, 0, (struct sockaddr *)&from, &len));
	EXPECT_EQ(htons(ETH_P_IPV6), from.sll_protocol);
	packet[0] = 0x50;
	ASSERT_EQ(-1, write(self->fd, packet, 40));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(40, send(self->sock, packet, 40, 0));
	EXPECT_EQ(40, read(self->fd, self->in, 100));
}

TEST_F(io, tun_packet_information)
{
	struct {
		struct tun_pi pi;
		unsigned char data[36];
	} packet = { .pi.proto = htons(0x88b5) };
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);

	OPEN(IFF_TUN);
	ASSERT_EQ(40, write(self->fd, &packet, 40));
	ASSERT_EQ(36, recvfrom(self->sock, self->in, 100, 0, (struct sockaddr *)&from, &len));
	EXPECT_EQ(htons(0x88b5), from.sll_protocol);
}

TEST_F(io, without_waiting)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLIN | POLLOUT };

	OPEN(IFF_TAP | IFF_NO_PI);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->fd, self->in, 100));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(POLLOUT, pollfd.revents);
	TO_DEVICE(100);
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, pollfd.revents);
	EXPECT_EQ(100, read(self->fd, self->in, 100));
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(POLLOUT, pollfd.revents);
}

/* The same by a flag of the call, which io_uring gives as well. */
TEST_F(io, without_waiting_by_flag)
{
	struct iovec iov = { self->in, 100 };

	OPEN(IFF_TAP | IFF_NO_PI);
	if (strcmp(self->node, "/dev/net/vtun") && preadv2(self->fd, &iov, 1, -1, RWF_NOWAIT) && errno == EOPNOTSUPP)
		SKIP(return, "this kernel's tun does not know the flag");
	EXPECT_EQ(-1, preadv2(self->fd, &iov, 1, -1, RWF_NOWAIT));
	EXPECT_EQ(EAGAIN, errno);
	TO_DEVICE(100);
	EXPECT_EQ(100, preadv2(self->fd, &iov, 1, -1, RWF_NOWAIT));
	iov.iov_base = self->out;
	EXPECT_EQ(100, pwritev2(self->fd, &iov, 1, -1, RWF_NOWAIT));
	FROM_DEVICE(100);
}

TEST_F(io, edges)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	OPEN(IFF_TAP | IFF_NO_PI);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	TO_DEVICE(100);
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 5000));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(100, read(self->fd, self->in, 1000));
	TO_DEVICE(100);
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 5000));
}

/* Who sleeps in read is woken by a frame, and by the end of the device. */
TEST_F(io, sleepers_wake)
{
	int status;
	pid_t pid;

	OPEN(IFF_TAP | IFF_NO_PI);
	pid = fork();
	if (!pid)
		_exit(read(self->fd, self->in, 1000) == 100 ? 0 : 1);
	usleep(100000);
	TO_DEVICE(100);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* And so is who waits for nothing but to write, to a device that is down. */
TEST_F(io, writers_wake_at_the_end)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLOUT };
	int status;
	pid_t pid;

	if (strcmp(self->node, "/dev/net/vtun"))
		SKIP(return, "tun wakes readers alone");
	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP | IFF_NO_PI));
	pid = fork();
	if (!pid) {
		time_t start = time(NULL);

		/* At its end it looks once more. */
		_exit(poll(&pollfd, 1, 20000) == 1 && pollfd.revents == POLLERR && time(NULL) < start + 15 ? 0 : 1);
	}
	usleep(100000);
	ASSERT_EQ(0, system("ip link del t0"));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

TEST_F(io, signals)
{
	signal(SIGIO, on_signal);
	OPEN(IFF_TAP | IFF_NO_PI);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_ASYNC));
	ASSERT_EQ(0, fcntl(self->fd, F_SETOWN, getpid()));
	signals = 0;
	TO_DEVICE(100);
	EXPECT_EQ(1, signals);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	TO_DEVICE(100);
	EXPECT_EQ(1, signals);
}

/* Writes until there is no room, as for frames of 1000 bytes in 10000; returns how many there was room for. */
static int fill_sndbuf(int fd, const unsigned char *frame)
{
	int n = 0;

	while (n < 100 && write(fd, frame, 1000) == 1000)
		n++;
	return n;
}

TEST_F_TIMEOUT(io, send_buffer, 200)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLOUT };
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC), n, room = 10000;

	OPEN(IFF_TAP | IFF_NO_PI);
	ASSERT_EQ(0, system(HOLD));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETSNDBUF, &room));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	n = fill_sndbuf(self->fd, self->out);
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(3, n);
	EXPECT_GE(10, n);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));

	/* Room comes back with the frames, and who waits is told. */
	signal(SIGIO, on_signal);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	ASSERT_EQ(0, fcntl(self->fd, F_SETOWN, getpid()));
	signals = 0;
	ASSERT_EQ(0, system(LET_GO));
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 5000));
	EXPECT_EQ((uint32_t)EPOLLOUT, event.events);
	EXPECT_EQ(1, signals);
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(1000, write(self->fd, self->out, 1000));
}

/* Who may wait does. */
TEST_F_TIMEOUT(io, send_buffer_is_waited_for, 200)
{
	int status, room = 10000;
	pid_t pid;

	if (strcmp(self->node, "/dev/net/vtun"))
		SKIP(return, "tun does not wake who waits for room");
	OPEN(IFF_TAP | IFF_NO_PI);
	ASSERT_EQ(0, system(HOLD));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETSNDBUF, &room));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	ASSERT_GT(100, fill_sndbuf(self->fd, self->out));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	pid = fork();
	if (!pid)
		_exit(write(self->fd, self->out, 1000) == 1000 ? 0 : 1);
	usleep(100000);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	ASSERT_EQ(0, system(LET_GO));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

#define BY_USER "type filter hook ingress device d1 priority 0; meta skuid 0 counter;"

static int counted(void)
{
	FILE *f = popen("nft list chain netdev n c", "r");
	char line[200];
	int n = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, " meta skuid 0 counter packets %d", &n);
	return f && !pclose(f) ? n : -1;
}

/* What is still on its way when the file is closed is no user's any more: nobody asks a file that is gone. */
TEST_F(io, closed_file_is_not_asked)
{
	if (strcmp(self->node, "/dev/net/vtun"))
		SKIP(return, "tun leaves the file where it was");
	OPEN(IFF_TAP | IFF_NO_PI);
	ASSERT_EQ(0, system("ip link add d0 type veth peer name d1 && ip link set d0 up && ip link set d1 up"));
	ASSERT_EQ(0, system("tc qdisc add dev d0 root plug limit 1000000 && tc qdisc add dev t0 clsact"));
	ASSERT_EQ(0, system("tc filter add dev t0 ingress matchall action mirred egress redirect dev d0"));
	ASSERT_EQ(0, system("nft 'table netdev n { chain c { " BY_USER " }; }'"));
	close(self->sock);
	self->sock = dev_socket("d1");
	ASSERT_LE(0, self->sock);
	ASSERT_EQ(1000, write(self->fd, self->out, 1000));
	ASSERT_EQ(0, system("tc qdisc change dev d0 root plug release_indefinite"));
	FROM_DEVICE(1000);
	EXPECT_EQ(1, counted());
	ASSERT_EQ(0, system("tc qdisc change dev d0 root plug block"));
	ASSERT_EQ(1000, write(self->fd, self->out, 1000));
	close(self->fd);
	ASSERT_EQ(0, system("tc qdisc change dev d0 root plug release_indefinite"));
	FROM_DEVICE(1000);
	EXPECT_EQ(1, counted());
}

/* Nothing can be written while the device is down; who waits for that is told of its coming up. */
TEST_F(io, writable_when_up)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, tun_set_iff(self->fd, "t0", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(-1, write(self->fd, self->out, 100));
	EXPECT_EQ(EIO, errno);
	ASSERT_EQ(0, dev_up("t0"));
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 5000));
	EXPECT_EQ((uint32_t)EPOLLOUT, event.events);
}

/* The frame's header says where a checksum is missing. */
static int udp_packet(unsigned char *packet, int len)
{
	struct iphdr *ip = (void *)packet;
	struct udphdr *udp = (void *)(ip + 1);
	unsigned int sum = 0;

	memset(packet, 0x77, len);
	*ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 9, .protocol = IPPROTO_UDP, .tot_len = htons(len),
			      .saddr = htonl(0xc0000201), .daddr = htonl(0xc0000202) };
	for (int i = 0; i < 10; i++)
		sum += ((uint16_t *)packet)[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~(sum + (sum >> 16));
	*udp = (struct udphdr){ .source = htons(1), .dest = htons(7777), .len = htons(len - 20) };
	/* The pseudo header's, folded. */
	sum = 0xc000 + 0x0201 + 0xc000 + 0x0202 + IPPROTO_UDP + len - 20;
	sum = (sum & 0xffff) + (sum >> 16);
	udp->check = htons((sum & 0xffff) + (sum >> 16));
	return len;
}

static int udp_socket(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(7777) };
	struct timeval limit = { .tv_sec = 5 };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return bind(sock, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : sock;
}

static int dev_address(const char *name)
{
	struct ifreq ifr = tun_ifr(name, 0);
	struct sockaddr_in *sin = (void *)&ifr.ifr_addr;
	int ret;

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(0xc0000202);
	ret = dev_ioctl(SIOCSIFADDR, &ifr);
	sin->sin_addr.s_addr = htonl(0xffffff00);
	return ret ?: dev_ioctl(SIOCSIFNETMASK, &ifr);
}

TEST_F(io, checksum_to_do)
{
	struct {
		struct virtio_net_hdr hdr;
		unsigned char packet[100];
	} __attribute__((packed)) frame = {
		.hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 20, .csum_offset = 6 },
	};
	int sock;

	OPEN(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	ASSERT_EQ(0, dev_address("t0"));
	sock = udp_socket();
	udp_packet(frame.packet, 100);
	ASSERT_EQ(110, write(self->fd, &frame, 110));
	EXPECT_EQ(72, recv(sock, self->in, 1000, 0));
	/* Without the promise the packet's own checksum is wrong. */
	frame.hdr.flags = 0;
	ASSERT_EQ(110, write(self->fd, &frame, 110));
	EXPECT_EQ(110, write(self->fd, &frame, 110));
	EXPECT_EQ(-1, recv(sock, self->in, 1000, MSG_DONTWAIT));
}

TEST_F(io, udp_super_packet)
{
	struct {
		struct virtio_net_hdr hdr;
		unsigned char packet[3028];
	} __attribute__((packed)) frame = {
		.hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 20, .csum_offset = 6, .hdr_len = 28,
			 .gso_type = VIRTIO_NET_HDR_GSO_UDP_L4, .gso_size = 1000 },
	};
	int sock;

	OPEN(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	if (ioctl(self->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6))
		SKIP(return, "the kernel has no UDP segmentation for virtio_net_hdr");
	ASSERT_EQ(0, dev_address("t0"));
	sock = udp_socket();
	udp_packet(frame.packet, 3028);
	ASSERT_EQ((ssize_t)sizeof(frame), write(self->fd, &frame, sizeof(frame)));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(1000, recv(sock, self->in, 1000, 0));
}

/* What no NIC could have received is refused, and counted. */
TEST_F(io, bad_headers)
{
	static const struct {
		struct virtio_net_hdr hdr;
		int err;
	} bad[] = {
		{ { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 200, .csum_offset = 6 }, EINVAL },
		{ { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 99, .csum_offset = 0 }, EINVAL },
		{ { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 0xffff, .csum_offset = 0xffff }, EINVAL },
		{ { .hdr_len = 101 }, EINVAL },
		{ { .hdr_len = 13 }, EINVAL },
		{ { .gso_type = 0x7f, .gso_size = 100 }, EINVAL },
		{ { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 0 }, EINVAL },
		{ { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 0xffff, .hdr_len = 54 }, EINVAL },
	};
	unsigned char frame[110];

	OPEN(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memcpy(frame, &bad[i].hdr, sizeof(bad[i].hdr));
		make_frame(frame + 10, 100, 0);
		ASSERT_EQ(-1, write(self->fd, frame, 110)) {
			TH_LOG("header %zu", i);
		}
		EXPECT_EQ(bad[i].err, errno);
	}
	EXPECT_EQ(-1, write(self->fd, frame, 9));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, frame, 10 + 13));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(io, long_header)
{
	unsigned char frame[200] = {};
	int size = 64;

	OPEN(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHDRSZ, &size));
	memset(frame + 10, 0xaa, 54);
	make_frame(frame + 64, 100, 0);
	EXPECT_EQ(164, write(self->fd, frame, 164));
	FROM_DEVICE(100);
	TO_DEVICE(100);
	EXPECT_EQ(164, read(self->fd, self->in, 1000));
	EXPECT_EQ(0, memcmp(self->in + 64, self->out, 100));
	TO_DEVICE(100);
	EXPECT_EQ(-1, read(self->fd, self->in, 63));
	EXPECT_EQ(EINVAL, errno);
}

/* A tag that stands beside the frame comes back into it. */
TEST_F(io, vlan_tag)
{
	OPEN(IFF_TAP | IFF_NO_PI);
	make_frame(self->out, 100, 1);
	memmove(self->out + 16, self->out + 12, 84);
	memcpy(self->out + 12, "\x81\x00\x00\x05", 4);
	ASSERT_EQ(100, send(self->sock, self->out, 100, 0));
	ASSERT_EQ(100, read(self->fd, self->in, 1000));
	EXPECT_EQ(0, memcmp(self->in, self->out, 100));

	ASSERT_EQ(0, system("ip link add link t0 name t5 type vlan id 5 && ip link set t5 up"));
	self->sock = dev_socket("t5");
	ASSERT_LE(0, self->sock);
	make_frame(self->out, 100, 1);
	TO_DEVICE(100);
	ASSERT_EQ(104, read(self->fd, self->in, 1000));
	EXPECT_EQ(0, memcmp(self->in, self->out, 12));
	EXPECT_EQ(0, memcmp(self->in + 12, "\x81\x00\x00\x05", 4));
	EXPECT_EQ(0, memcmp(self->in + 16, self->out + 12, 88));
	/* As much as there is room for. */
	TO_DEVICE(100);
	ASSERT_EQ(14, read(self->fd, self->in, 14));
	EXPECT_EQ(0, memcmp(self->in + 12, "\x81\x00", 2));
}

TEST_F(io, napi)
{
	OPEN(IFF_TAP | IFF_NO_PI | IFF_NAPI);
	for (int i = 0; i < 20; i++) {
		make_frame(self->out, 100, i);
		ASSERT_EQ(100, write(self->fd, self->out, 100));
		FROM_DEVICE(100);
		EXPECT_EQ(i, self->in[14]);
	}
}

TEST_F(io, napi_frags)
{
	struct iovec iov[3] = { { self->out, 14 }, { self->out + 14, 50 }, { self->out + 64, 36 } };

	OPEN(IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS);
	for (int i = 0; i < 20; i++) {
		make_frame(self->out, 100, i);
		ASSERT_EQ(100, writev(self->fd, iov, 3));
		FROM_DEVICE(100);
		EXPECT_EQ(0, memcmp(self->in, self->out, 100));
	}
	iov[1].iov_len = 5000;
	EXPECT_EQ(-1, writev(self->fd, iov, 3));
	EXPECT_EQ(EINVAL, errno);
}

/* A flow is read where it was last written. */
TEST_F_TIMEOUT(io, queues_follow_flows, 200)
{
	int fd[4], sock;
	unsigned char packet[64];

	fd[0] = self->fd;
	OPEN(IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE);
	sock = self->sock;
	for (int i = 1; i < 4; i++) {
		fd[i] = tun_open(self->node, 0);
		ASSERT_EQ(0, tun_set_iff(fd[i], "t0", IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE));
	}
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, fcntl(fd[i], F_SETFL, O_NONBLOCK));
	for (int i = 0; i < 12; i++) {
		struct iphdr *ip = (void *)packet;
		struct udphdr *udp = (void *)(ip + 1);
		uint32_t addr;

		udp_packet(packet, sizeof(packet));
		udp->source = htons(1000 + i);
		ASSERT_EQ(64, write(fd[i % 4], packet, 64));
		addr = ip->saddr;
		ip->saddr = ip->daddr;
		ip->daddr = addr;
		udp->dest = udp->source;
		udp->source = htons(7777);
		ASSERT_EQ(64, send(sock, packet, 64, 0));
		EXPECT_EQ(64, read(fd[i % 4], self->in, 1000)) {
			TH_LOG("flow %d", i);
		}
	}
}

/* Where the packet from that port is among those that can be read, from 0; or -1. */
static int place_of(int fd, unsigned char *packet, size_t room, int port)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	for (int n = 0; poll(&pollfd, 1, 5000) == 1; n++) {
		if (read(fd, packet, room) < 28)
			return -1;
		if (packet[20] == port >> 8 && packet[21] == (port & 0xff))
			return n;
	}
	return -1;
}

/* A program that has fallen behind with a long flow sees a short one's packet at once; tun's sees it last. */
TEST_F(io, short_flow_beside_a_long_one)
{
	unsigned char packet[64];
	int place;

	OPEN(IFF_TUN | IFF_NO_PI);
	ASSERT_EQ(0, system("tc qdisc replace dev t0 root fq_codel"));
	udp_packet(packet, sizeof(packet));
	for (int i = 0; i <= 200; i++) {
		/* The ports are of no account to the sum of the header. */
		packet[20] = i == 200 ? 2 : 1;
		ASSERT_EQ(64, send(self->sock, packet, 64, 0));
	}
	place = place_of(self->fd, self->in, sizeof(self->in), 0x201);
	if (strcmp(self->node, "/dev/net/vtun")) {
		EXPECT_EQ(200, place);
	} else {
		EXPECT_LE(0, place);
		EXPECT_GE(64, place);
	}
}

/* A program says which queue, and another how much of a frame. */
TEST_F_TIMEOUT(io, programs, 200)
{
	struct bpf_insn steer[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_insn cut[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 40 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int prog, other = tun_open(self->node, 0), none = -1;

	OPEN(IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	ASSERT_EQ(0, tun_set_iff(other, "t0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
	prog = bpf_load(BPF_PROG_TYPE_SOCKET_FILTER, steer, 2, 0);
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETSTEERINGEBPF, &prog));
	for (int i = 0; i < 5; i++) {
		TO_DEVICE(100);
		EXPECT_EQ(100, read(other, self->in, 1000));
	}
	close(prog);
	prog = bpf_load(BPF_PROG_TYPE_SOCKET_FILTER, cut, 2, 0);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETFILTEREBPF, &prog));
	TO_DEVICE(100);
	EXPECT_EQ(40, read(other, self->in, 1000));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETFILTEREBPF, &none));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETSTEERINGEBPF, &none));
	TO_DEVICE(100);
}

TEST_F(io, address_filter)
{
	struct {
		struct tun_filter head;
		unsigned char addr[2][ETH_ALEN];
	} filter = { .head.count = 2, .addr = { "\2\0\0\0\0\7", "\3\0\0\0\0\1" } };

	OPEN(IFF_TAP | IFF_NO_PI);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(2, ioctl(self->fd, TUNSETTXFILTER, &filter));
	send(self->sock, self->out, 100, 0);
	EXPECT_EQ(-1, read(self->fd, self->in, 1000));
	memcpy(self->out, filter.addr[0], ETH_ALEN);
	TO_DEVICE(100);
	EXPECT_EQ(100, read(self->fd, self->in, 1000));
	memcpy(self->out, filter.addr[1], ETH_ALEN);
	TO_DEVICE(100);
	EXPECT_EQ(100, read(self->fd, self->in, 1000));
	filter.head.count = 0;
	ASSERT_EQ(0, ioctl(self->fd, TUNSETTXFILTER, &filter));
	make_frame(self->out, 100, 1);
	TO_DEVICE(100);
	EXPECT_EQ(100, read(self->fd, self->in, 1000));
}

/* fdinfo tells of the device. */
TEST_F(io, fdinfo)
{
	char path[64], text[256] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LT(0, read(fd, text, sizeof(text) - 1));
	EXPECT_NE(NULL, strstr(text, "iff:\t\n"));
	OPEN(IFF_TAP | IFF_NO_PI);
	memset(text, 0, sizeof(text));
	ASSERT_LT(0, pread(fd, text, sizeof(text) - 1, 0));
	EXPECT_NE(NULL, strstr(text, "iff:\tt0\n"));
}

TEST_F(io, splice)
{
	int pipes[2];

	OPEN(IFF_TAP | IFF_NO_PI);
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(100, write(pipes[1], self->out, 100));
	if (strcmp(self->node, "/dev/net/vtun")) {
		/* This is where we offer more. */
		ASSERT_EQ(-1, splice(pipes[0], NULL, self->fd, NULL, 100, 0));
		EXPECT_EQ(EINVAL, errno);
		return;
	}
	ASSERT_EQ(100, splice(pipes[0], NULL, self->fd, NULL, 100, 0));
	FROM_DEVICE(100);
	EXPECT_EQ(0, memcmp(self->in, self->out, 100));
	TO_DEVICE(200);
	ASSERT_EQ(200, splice(self->fd, NULL, pipes[1], NULL, 2000, 0));
	ASSERT_EQ(200, read(pipes[0], self->in, 1000));
	EXPECT_EQ(0, memcmp(self->in, self->out, 200));
}

/* Leaves memory behind that is not zero. */
static void dirty_memory(void)
{
	const size_t size = 16 << 20;
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(mem, 0xa5, size);
	munmap(mem, size);
}

/* What stands between a virtio_net_hdr and the frame is nothing that the kernel's memory had before. */
TEST_F(io, splice_long_header)
{
	static const unsigned char zeroes[4096];
	static const int sizes[] = { 10, 12, 64, 4096, 60000 };
	int pipes[2];

	if (strcmp(self->node, "/dev/net/vtun"))
		SKIP(return, "tun cannot splice");
	OPEN(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_LE(1 << 18, fcntl(pipes[1], F_SETPIPE_SZ, 1 << 18));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		int size = sizes[i], len = size + 200, got = 0;

		ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHDRSZ, &size));
		dirty_memory();
		TO_DEVICE(200);
		ASSERT_EQ(len, splice(self->fd, NULL, pipes[1], NULL, sizeof(self->in), 0));
		while (got < len) {
			int n = read(pipes[0], self->in + got, len - got);

			ASSERT_LT(0, n);
			got += n;
		}
		for (int off = 0; off < size; off += sizeof(zeroes))
			EXPECT_EQ(0, memcmp(self->in + off, zeroes,
					    size - off < (int)sizeof(zeroes) ? size - off : (int)sizeof(zeroes)));
		EXPECT_EQ(0, memcmp(self->in + size, self->out, 200));
	}
}

/* As tun, read leaves the program's own memory there as it was. */
TEST_F(io, read_long_header)
{
	int size = 64;

	OPEN(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHDRSZ, &size));
	memset(self->in, 0x33, 64);
	TO_DEVICE(100);
	ASSERT_EQ(164, read(self->fd, self->in, 1000));
	EXPECT_EQ(0, self->in[9]);
	EXPECT_EQ(0x33, self->in[10]);
	EXPECT_EQ(0x33, self->in[63]);
	EXPECT_EQ(0, memcmp(self->in + 64, self->out, 100));
}

TEST_HARNESS_MAIN
