// SPDX-License-Identifier: GPL-2.0
/*
 * Taps between which the stack routes, with a flowtable that vflow serves: what a program writes of a flow goes on where it
 * is written.
 */
#define _GNU_SOURCE
#include <linux/ip.h>
#include <linux/udp.h>
#include <netinet/in.h>

#include "harness.h"
#include "tun.h"

#define NODE "/dev/net/vtun"

static const unsigned char router[ETH_ALEN] = { 2, 0, 0, 0, 8, 1 };
static const unsigned char station[ETH_ALEN] = { 2, 0, 0, 0, 8, 2 };

#define SETUP \
	"for n in 0 1; do ip link set t$n address 02:00:00:00:08:01 up && ip addr add 198.18.$n.1/24 dev t$n && " \
	"ip neigh replace 198.18.$n.2 lladdr 02:00:00:00:08:02 dev t$n || exit 1; done; sysctl -qw net.ipv4.ip_forward=1"
#define RULES \
	"nft 'table inet f { flowtable ft { hook ingress priority 0; devices = { t0, t1 }; flags offload; }; " \
	"chain forward { type filter hook forward priority 0; meta l4proto udp flow add @ft; }; }'"

/* From the station behind a tap to the one behind the other. */
static size_t packet(unsigned char *frame, int from, int seq)
{
	const size_t payload = 100;
	struct iphdr *ip = (void *)(frame + ETH_HLEN);
	struct udphdr *udp = (void *)(ip + 1);
	unsigned int sum = 0;

	memcpy(frame, router, ETH_ALEN);
	memcpy(frame + ETH_ALEN, station, ETH_ALEN);
	memcpy(frame + 12, "\x08\x00", 2);
	*ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 9, .protocol = IPPROTO_UDP,
			      .tot_len = htons(28 + payload),
			      .saddr = htonl(0xc6120002 + (from << 8)), .daddr = htonl(0xc6120002 + (!from << 8)) };
	for (int i = 0; i < 10; i++)
		sum += ((uint16_t *)ip)[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~(sum + (sum >> 16));
	*udp = (struct udphdr){ .source = htons(1000 + from), .dest = htons(1000 + !from), .len = htons(8 + payload) };
	memset(udp + 1, seq, payload);
	return ETH_HLEN + 28 + payload;
}

/* Whether it comes out at the other tap. */
static bool passes(const int *fd, int from, int seq)
{
	struct pollfd pollfd = { .fd = fd[!from], .events = POLLIN };
	unsigned char out[200], in[2048];
	size_t len = packet(out, from, seq);

	if (write(fd[from], out, len) != (ssize_t)len)
		return false;
	while (poll(&pollfd, 1, 5000) == 1)
		if (read(fd[!from], in, sizeof(in)) == (ssize_t)len &&
		    !memcmp(in + ETH_HLEN + 28, out + ETH_HLEN + 28, len - ETH_HLEN - 28))
			return true;
	return false;
}

static long direct(void)
{
	return dev_counter("t0", "direct_rx");
}

TEST(flow_goes_on_where_it_is_written)
{
	int fd[2], n;
	long before;

	tun_load(NODE);
	if (system("modprobe -q vflow && modprobe -qa nf_flow_table_inet nft_flow_offload nft_ct"))
		SKIP(return, "no vflow");
	ASSERT_EQ(0, quiet_netns());
	for (n = 0; n < 2; n++) {
		fd[n] = tun_open(NODE, 0);
		ASSERT_EQ(0, tun_set_iff(fd[n], n ? "t1" : "t0", IFF_TAP | IFF_NO_PI));
	}
	ASSERT_EQ(0, system(SETUP));
	/* News of a link that come later would have all routes looked up again, and so end the flow. */
	ASSERT_TRUE(dev_runs("t0") && dev_runs("t1"));
	ASSERT_EQ(0, system(RULES));
	for (n = 0; n < 6; n++)
		ASSERT_TRUE(passes(fd, n % 2, n));
	for (n = 0; n < 100 && system("grep -q HW_OFFLOAD /proc/net/nf_conntrack"); n++)
		usleep(50000);
	ASSERT_GT(100, n);
	/* What the core does with it takes a worker's time. */
	for (n = 0; n < 50; n++) {
		before = direct();
		ASSERT_TRUE(passes(fd, 0, n));
		if (direct() > before)
			break;
		usleep(50000);
	}
	before = direct();
	for (n = 0; n < 20; n++)
		ASSERT_TRUE(passes(fd, 0, n));
	EXPECT_EQ(before + 20, direct());
}

TEST_HARNESS_MAIN
