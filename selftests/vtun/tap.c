// SPDX-License-Identifier: GPL-2.0
/*
 * A vtap's char device: what is written is received by the other end, and what that sends is read; its ioctls, its
 * offloads, and headers that lie.
 */
#define _GNU_SOURCE
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "harness.h"
#include "tap.h"

#define HDR ((int)sizeof(struct virtio_net_hdr))

FIXTURE(tap) {
	struct nl_sock nl;
	int fd, sock;
	unsigned char out[70000], in[70000];
};

FIXTURE_SETUP(tap)
{
	ASSERT_EQ(0, quiet_netns());
	ASSERT_EQ(0, nl_open(&self->nl, 0));
	ASSERT_EQ(0, tap_pair(&self->nl, "n0", "p0", 0)) TH_LOG("%s", self->nl.extack);
	self->fd = tap_open(&self->nl, "n0");
	ASSERT_LE(0, self->fd);
	self->sock = dev_socket("p0");
	ASSERT_LE(0, self->sock);
	memset(self->out, 0, HDR);
	make_frame(self->out + HDR, 2000, 1);
}

FIXTURE_TEARDOWN(tap)
{
}

static int offloads(int fd, unsigned int flags)
{
	return ioctl(fd, TUNSETOFFLOAD, flags) ? -errno : 0;
}

TEST_F(tap, write_and_read)
{
	for (int len = 60; len < 1514; len += 107) {
		make_frame(self->out + HDR, len, len);
		ASSERT_EQ(HDR + len, write(self->fd, self->out, HDR + len));
		ASSERT_EQ(len, read_frame(self->sock, self->in, sizeof(self->in), 0));
		EXPECT_EQ(0, memcmp(self->in, self->out + HDR, len));
		ASSERT_EQ(len, send(self->sock, self->out + HDR, len, 0));
		ASSERT_EQ(HDR + len, read_frame(self->fd, self->in, sizeof(self->in), HDR));
		EXPECT_EQ(0, memcmp(self->in + HDR, self->out + HDR, len));
	}
	EXPECT_EQ(dev_stat("n0", TX_PACKETS), dev_stat("p0", RX_PACKETS));
	EXPECT_EQ(dev_stat("n0", TX_BYTES), dev_stat("p0", RX_BYTES));
	EXPECT_EQ(dev_stat("n0", RX_PACKETS), dev_stat("p0", TX_PACKETS));
	EXPECT_EQ(dev_stat("n0", RX_BYTES), dev_stat("p0", TX_BYTES));
	EXPECT_EQ(0, dev_stat("n0", RX_DROPPED) + dev_stat("n0", TX_DROPPED) + dev_stat("p0", RX_DROPPED));
}

TEST_F(tap, without_a_header)
{
	ASSERT_EQ(0, tun_set_iff(self->fd, "", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(100, write(self->fd, self->out + HDR, 100));
	ASSERT_EQ(100, read_frame(self->sock, self->in, sizeof(self->in), 0));
	ASSERT_EQ(100, send(self->sock, self->out + HDR, 100, 0));
	ASSERT_EQ(100, read_frame(self->fd, self->in, sizeof(self->in), 0));
}

TEST_F(tap, requests)
{
	struct ifreq ifr = {};
	unsigned int features = 0;
	int val;

	ASSERT_EQ(0, ioctl(self->fd, TUNGETIFF, &ifr));
	EXPECT_STREQ("n0", ifr.ifr_name);
	EXPECT_EQ(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, ifr.ifr_flags);
	ASSERT_EQ(0, ioctl(self->fd, TUNGETFEATURES, &features));
	EXPECT_EQ(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE, features);
	EXPECT_EQ(-EINVAL, tun_set_iff(self->fd, "", IFF_TUN | IFF_NO_PI));
	EXPECT_EQ(-EINVAL, tun_set_iff(self->fd, "", IFF_TAP));
	val = 9;
	EXPECT_EQ(-1, ioctl(self->fd, TUNSETVNETHDRSZ, &val));
	val = 12;
	EXPECT_EQ(0, ioctl(self->fd, TUNSETVNETHDRSZ, &val));
	val = 0;
	ASSERT_EQ(0, ioctl(self->fd, TUNGETVNETHDRSZ, &val));
	EXPECT_EQ(12, val);
	val = 0;
	EXPECT_EQ(-1, ioctl(self->fd, TUNSETSNDBUF, &val));
	val = 100000;
	EXPECT_EQ(0, ioctl(self->fd, TUNSETSNDBUF, &val));
	val = 1;
	EXPECT_EQ(0, ioctl(self->fd, TUNSETVNETLE, &val));
	EXPECT_EQ(-EINVAL, offloads(self->fd, 0x1000));
	EXPECT_EQ(0, offloads(self->fd, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6));
	EXPECT_EQ(-1, ioctl(self->fd, TUNSETPERSIST, 1));
	ASSERT_EQ(0, ioctl(self->fd, SIOCGIFHWADDR, &ifr));
	memcpy(ifr.ifr_hwaddr.sa_data, "\2\0\0\0\0\x77", ETH_ALEN);
	ASSERT_EQ(0, ioctl(self->fd, SIOCSIFHWADDR, &ifr));
	ifr = tun_ifr("n0", 0);
	ASSERT_EQ(0, dev_ioctl(SIOCGIFHWADDR, &ifr));
	EXPECT_EQ(0, memcmp("\2\0\0\0\0\x77", ifr.ifr_hwaddr.sa_data, ETH_ALEN));
}

/* Of a pair that is there, or a new one; with one option. */
static int with_option(struct nl_sock *nl, const char *name, unsigned short option)
{
	struct ifinfomsg ifi = {};
	struct nlattr *info, *data;
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, name);
	info = nl_nest(&msg, IFLA_LINKINFO);
	nl_attr_str(&msg, IFLA_INFO_KIND, "vtap");
	data = nl_nest(&msg, IFLA_INFO_DATA);
	if (option)
		nl_attr_u32(&msg, option, 7);
	nl_nest_end(&msg, data);
	nl_nest_end(&msg, info);
	return nl_talk(nl, &msg);
}

TEST_F(tap, options_refused)
{
	EXPECT_EQ(-EOPNOTSUPP, with_option(&self->nl, "n0", 0));
	EXPECT_STREQ("the options of a pair are fixed when it is made", self->nl.extack);
	EXPECT_EQ(-EINVAL, with_option(&self->nl, "n1", VTAP_INFO_DEV));
	EXPECT_EQ(-EINVAL, with_option(&self->nl, "n1", VTAP_INFO_NUM_QUEUES));
	EXPECT_EQ(-EINVAL, with_option(&self->nl, "n1", VTAP_INFO_MAX + 1));
	EXPECT_STREQ("this kind of device has no such option", self->nl.extack);
	EXPECT_EQ(-EINVAL, with_option(&self->nl, "n1", 5));
	EXPECT_EQ(-1, dev_stat("n1", 0));
}

TEST_F(tap, nothing_to_read)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLIN | POLLOUT };

	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(POLLOUT, pollfd.revents);
	EXPECT_EQ(-1, read(self->fd, self->in, sizeof(self->in)));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(100, send(self->sock, self->out + HDR, 100, 0));
	EXPECT_EQ(1, poll(&pollfd, 1, 5000));
	EXPECT_EQ(POLLIN | POLLOUT, pollfd.revents);
}

/* A TCP segment over IPv4 of that many bytes of data, to nobody. */
static int make_tcp(unsigned char *frame, int data)
{
	struct iphdr *ip = (void *)(frame + ETH_HLEN);
	struct tcphdr *tcp = (void *)(ip + 1);
	unsigned int sum = 0;

	memset(frame, 0, ETH_HLEN + 40 + data);
	make_frame(frame, ETH_HLEN, 0);
	frame[12] = 8;
	frame[13] = 0;
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 9;
	ip->protocol = IPPROTO_TCP;
	ip->tot_len = htons(40 + data);
	ip->saddr = htonl(0xc0000201);
	ip->daddr = htonl(0xc0000202);
	for (int i = 0; i < 10; i++)
		sum += ((unsigned short *)ip)[i];
	ip->check = ~((sum & 0xffff) + (sum >> 16));
	tcp->doff = 5;
	tcp->ack = 1;
	/* Of the pseudo header. */
	sum = (ip->saddr & 0xffff) + (ip->saddr >> 16) + (ip->daddr & 0xffff) + (ip->daddr >> 16) + htons(IPPROTO_TCP) +
	      htons(20 + data);
	sum = (sum & 0xffff) + (sum >> 16);
	tcp->check = (sum & 0xffff) + (sum >> 16);
	return ETH_HLEN + 40 + data;
}

static struct virtio_net_hdr super_hdr(void)
{
	return (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .hdr_len = ETH_HLEN + 40,
		.gso_size = 1000, .csum_start = ETH_HLEN + 20, .csum_offset = 16,
	};
}

/* A super-frame of ten segments behind its header; their length. */
static int make_super(unsigned char *out)
{
	*(struct virtio_net_hdr *)out = super_hdr();
	return HDR + make_tcp(out + HDR, 10000);
}

static int send_super(int sock, unsigned char *out)
{
	int one = 1, len = make_super(out);

	if (setsockopt(sock, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)))
		return -errno;
	return send(sock, out, len, 0) == len ? 0 : -errno;
}

TEST_F(tap, super_frame_in)
{
	int len = make_super(self->out);

	ASSERT_EQ(len, write(self->fd, self->out, len));
	ASSERT_EQ(len - HDR, recv(self->sock, self->in, sizeof(self->in), 0));
	EXPECT_EQ(1, dev_stat("p0", RX_PACKETS));
	EXPECT_EQ(len - HDR, dev_stat("p0", RX_BYTES));
}

TEST_F(tap, super_frame_out)
{
	struct virtio_net_hdr *hdr = (void *)self->in;
	int len = HDR + ETH_HLEN + 10040;

	ASSERT_EQ(0, offloads(self->fd, TUN_F_CSUM | TUN_F_TSO4));
	ASSERT_EQ(0, send_super(self->sock, self->out));
	ASSERT_EQ(len, read(self->fd, self->in, sizeof(self->in)));
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_TCPV4, hdr->gso_type);
	EXPECT_EQ(1000, hdr->gso_size);
	EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, hdr->flags);
}

/* Who cannot do with super-frames gets what they are made of, their checksums done. */
TEST_F(tap, segments_out)
{
	struct virtio_net_hdr *hdr = (void *)self->in;
	int n;

	ASSERT_EQ(0, offloads(self->fd, 0));
	ASSERT_EQ(0, send_super(self->sock, self->out));
	for (n = 0; read(self->fd, self->in, sizeof(self->in)) > 0; n++) {
		EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, hdr->gso_type);
		EXPECT_EQ(0, hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
	}
	EXPECT_EQ(10, n);
	EXPECT_EQ(10, dev_stat("p0", TX_PACKETS));
}

/* A file without headers: nobody else has told what it can do with. What there is no room for is counted, each segment. */
TEST_F(tap, segments_lost)
{
	int n;

	close(self->fd);
	ASSERT_EQ(0, nl_del_link(&self->nl, "n0"));
	close(self->sock);
	ASSERT_EQ(0, tap_pair(&self->nl, "n0", "p0", 3));
	self->fd = tap_open(&self->nl, "n0");
	ASSERT_LE(0, self->fd);
	self->sock = dev_socket("p0");
	ASSERT_EQ(0, tun_set_iff(self->fd, "", IFF_TAP | IFF_NO_PI));
	ASSERT_EQ(0, send_super(self->sock, self->out));
	for (n = 0; read(self->fd, self->in, sizeof(self->in)) > 0; n++)
		;
	EXPECT_EQ(3, n);
	EXPECT_EQ(7, dev_stat("n0", RX_DROPPED));
}

TEST_F(tap, lost_without_a_reader)
{
	close(self->fd);
	ASSERT_EQ(100, send(self->sock, self->out + HDR, 100, 0));
	EXPECT_EQ(1, dev_stat("n0", RX_DROPPED));
}

TEST_F(tap, lost_where_the_ring_is_full)
{
	for (int i = 0; i < 520; i++)
		ASSERT_EQ(100, send(self->sock, self->out + HDR, 100, 0));
	/* As long as the device's queue, by default. */
	EXPECT_EQ(20, dev_stat("n0", RX_DROPPED));
}

TEST_F(tap, lost_where_the_other_end_is_smaller)
{
	struct ifreq ifr = tun_ifr("p0", 0);

	ifr.ifr_mtu = 1000;
	ASSERT_EQ(0, dev_ioctl(SIOCSIFMTU, &ifr));
	ASSERT_EQ(HDR + 1300, write(self->fd, self->out, HDR + 1300));
	EXPECT_EQ(1, dev_stat("n0", TX_DROPPED));
	EXPECT_EQ(0, dev_stat("p0", RX_PACKETS));
}

TEST_F(tap, headers_that_lie)
{
	static const struct virtio_net_hdr bad[] = {
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 60000 },
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 65535, .csum_offset = 65535 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 100 },
		{ .gso_type = 77, .gso_size = 100 },
		{ .hdr_len = 65535 },
	};
	void *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int refused = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memcpy(self->out, &bad[i], HDR);
		make_frame(self->out + HDR, 200, 0);
		errno = 0;
		refused += write(self->fd, self->out, HDR + 200) < 0 && errno == EINVAL;
	}
	EXPECT_EQ(6, refused);
	EXPECT_EQ(-1, write(self->fd, self->out, 5));
	EXPECT_EQ(-1, write(self->fd, self->out, HDR + 13));
	EXPECT_EQ(-1, write(self->fd, nothing, 100));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(9, dev_stat("n0", TX_DROPPED));
	EXPECT_EQ(0, dev_stat("n0", TX_PACKETS));
}

/* Whatever stands there: refused, or sent, or dropped, and counted. */
TEST_F(tap, headers_at_random)
{
	unsigned short *words = (void *)self->out;
	int refused = 0, taken = 0;
	unsigned int seed = 7;
	long counted;

	for (int i = 0; i < 3000; i++) {
		int len = HDR + make_tcp(self->out + HDR, rand_r(&seed) % 3000);

		*(struct virtio_net_hdr *)self->out = super_hdr();
		for (int n = rand_r(&seed) % 3; n >= 0; n--)
			words[rand_r(&seed) % 5] = rand_r(&seed) % 2 ? rand_r(&seed) : rand_r(&seed) % 80;
		for (int n = rand_r(&seed) % 4; n > 0; n--)
			self->out[HDR + 12 + rand_r(&seed) % 50] = rand_r(&seed);
		if (write(self->fd, self->out, len) == len)
			taken++;
		else
			refused++;
	}
	EXPECT_LT(100, refused);
	EXPECT_LT(100, taken);
	/* A super-frame may have been sent as its segments. */
	counted = dev_stat("n0", TX_PACKETS) + dev_stat("n0", TX_DROPPED);
	EXPECT_LE(3000, counted);
}

TEST_F(tap, queues)
{
	int more = tap_open(&self->nl, "n0"), read_one = 0, read_more = 0;
	struct tap_info info;

	ASSERT_LE(0, more);
	info = tap_info(&self->nl, "n0");
	EXPECT_EQ(2, info.queues);
	EXPECT_EQ(0, info.disabled);
	for (int i = 0; i < 64; i++) {
		make_tcp(self->out + HDR, 10);
		self->out[HDR + ETH_HLEN + 20] = i;
		ASSERT_EQ(64, send(self->sock, self->out + HDR, 64, 0));
	}
	while (read(self->fd, self->in, sizeof(self->in)) > 0)
		read_one++;
	while (read(more, self->in, sizeof(self->in)) > 0)
		read_more++;
	EXPECT_EQ(64, read_one + read_more);
	EXPECT_LT(0, read_one);
	EXPECT_LT(0, read_more);
	EXPECT_EQ(0, tun_set_queue(more, IFF_DETACH_QUEUE));
	info = tap_info(&self->nl, "n0");
	EXPECT_EQ(1, info.queues);
	EXPECT_EQ(1, info.disabled);
	for (int i = 0; i < 64; i++) {
		self->out[HDR + ETH_HLEN + 20] = i;
		ASSERT_EQ(64, send(self->sock, self->out + HDR, 64, 0));
	}
	EXPECT_EQ(-1, read(more, self->in, sizeof(self->in)));
	EXPECT_EQ(0, tun_set_queue(more, IFF_ATTACH_QUEUE));
}

TEST_F(tap, file_outlives_the_device)
{
	struct ifreq ifr = {};

	ASSERT_EQ(100, send(self->sock, self->out + HDR, 100, 0));
	ASSERT_EQ(0, nl_del_link(&self->nl, "p0"));
	EXPECT_EQ(-1, dev_stat("n0", 0));
	EXPECT_EQ(-1, ioctl(self->fd, TUNGETIFF, &ifr));
	EXPECT_EQ(ENOLINK, errno);
	EXPECT_EQ(HDR + 100, read(self->fd, self->in, sizeof(self->in)));
	EXPECT_EQ(-1, read(self->fd, self->in, sizeof(self->in)));
	EXPECT_EQ(HDR + 100, write(self->fd, self->out, HDR + 100));
	/* The next pair has a node of its own. */
	ASSERT_EQ(0, tap_pair(&self->nl, "n0", "p0", 0));
	EXPECT_EQ(-1, ioctl(self->fd, TUNGETIFF, &ifr));
}

static void *look_now_and_then(void *arg)
{
	for (volatile bool *over = arg; !*over;) {
		int sock = dev_socket("n0");

		usleep(500);
		close(sock);
		usleep(500);
	}
	return NULL;
}

/* No frame overtakes another while the road changes. */
TEST_F(tap, order_across_roads)
{
	volatile bool over = false;
	int last = 0, lost = 0;
	pthread_t looker;

	ASSERT_EQ(0, pthread_create(&looker, NULL, look_now_and_then, (void *)&over));
	for (int i = 1; i <= 20000 && !lost; i++) {
		make_frame(self->out + HDR, 60, i);
		ASSERT_EQ(60, send(self->sock, self->out + HDR, 60, 0));
		if (i % 64)
			continue;
		while (last < i) {
			int got;

			if (read_frame(self->fd, self->in, sizeof(self->in), HDR) < 0) {
				lost = 1;
				break;
			}
			got = self->in[HDR + 14] | self->in[HDR + 15] << 8;
			EXPECT_EQ(last + 1, got);
			last = got;
		}
	}
	over = true;
	pthread_join(looker, NULL);
	EXPECT_EQ(0, lost);
}

/* Pairs come and go while others write, read and open; who stays busy or clean at the end is known by the runner. */
TEST_F(tap, unrest)
{
	pid_t pids[2];
	int status;

	for (int w = 0; w < 2; w++) {
		pids[w] = fork();
		if (pids[w])
			continue;
		for (int i = 0; i < 40; i++) {
			struct nl_sock nl;
			int fd, sock;

			if (nl_open(&nl, 0))
				_exit(1);
			tap_pair(&nl, "x0", "y0", 0);
			fd = tap_open(&nl, "x0");
			sock = dev_socket("y0");
			for (int n = 0; n < 50; n++) {
				if (fd >= 0 && write(fd, self->out, HDR + 100) < 0)
					break;
				send(sock, self->out + HDR, 100, MSG_DONTWAIT);
				if (fd >= 0 && read(fd, self->in, sizeof(self->in)) < 0 && errno != EAGAIN)
					break;
			}
			nl_del_link(&nl, i % 2 ? "x0" : "y0");
			if (fd >= 0)
				close(fd);
			close(sock);
			close(nl.fd);
		}
		_exit(0);
	}
	for (int w = 0; w < 2; w++) {
		ASSERT_EQ(pids[w], waitpid(pids[w], &status, 0));
		EXPECT_EQ(0, status);
	}
}

TEST_HARNESS_MAIN
