/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TUN/TAP device with the test at its other side, by either node.
 */
#ifndef SELFTESTS_VTUN_TUN_H
#define SELFTESTS_VTUN_TUN_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

/* What the C library's headers may be too old for. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/* Loads what serves a node, as opening a node that was there before does. */
static inline void tun_load(const char *node)
{
	int minor = strstr(node, "vtun") ? 249 : 200;
	char path[] = "/run/vnet-node.XXXXXX";
	int fd = mkstemp(path);

	close(fd);
	unlink(path);
	if (mknod(path, S_IFCHR | 0600, makedev(10, minor)) == 0) {
		/* The first program that the kernel of User-Mode Linux starts does not always live. */
		for (int i = 0; i < 3; i++) {
			fd = open(path, O_RDWR | O_CLOEXEC);
			if (fd >= 0) {
				close(fd);
				break;
			}
		}
		unlink(path);
	}
}

static inline struct ifreq tun_ifr(const char *name, int flags)
{
	struct ifreq ifr = { .ifr_flags = flags };

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	return ifr;
}

static inline int tun_open(const char *node, int more)
{
	return open(node, O_RDWR | O_CLOEXEC | more);
}

/* 0 or -errno. */
static inline int tun_set_iff(int fd, const char *name, int flags)
{
	struct ifreq ifr = tun_ifr(name, flags);

	return ioctl(fd, TUNSETIFF, &ifr) ? -errno : 0;
}

static inline int tun_set_queue(int fd, int flags)
{
	struct ifreq ifr = tun_ifr("", flags);

	return ioctl(fd, TUNSETQUEUE, &ifr) ? -errno : 0;
}

/* A request about a device by its name. */
static inline int dev_ioctl(unsigned long cmd, struct ifreq *ifr)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = ioctl(sock, cmd, ifr) ? -errno : 0;

	close(sock);
	return ret;
}

static inline int dev_flags(const char *name, int set, int clear)
{
	struct ifreq ifr = tun_ifr(name, 0);
	int ret = dev_ioctl(SIOCGIFFLAGS, &ifr);

	if (ret)
		return ret;
	ifr.ifr_flags = (ifr.ifr_flags | set) & ~clear;
	return dev_ioctl(SIOCSIFFLAGS, &ifr);
}

static inline int dev_up(const char *name)
{
	return dev_flags(name, IFF_UP, 0);
}

/* Whether the device sends what it is told to: some time after it has a carrier. */
static inline bool dev_runs(const char *name)
{
	struct ifreq ifr = tun_ifr(name, 0);

	for (int i = 0; i < 5000; i++) {
		/* Somebody else may have deleted it. */
		if (dev_ioctl(SIOCGIFFLAGS, &ifr))
			return false;
		/* What sets that goes on under RTNL, which who sets flags takes. */
		if (ifr.ifr_flags & IFF_RUNNING)
			return !dev_flags(name, 0, 0);
		usleep(2000);
	}
	return false;
}

static inline int dev_index(const char *name)
{
	struct ifreq ifr = tun_ifr(name, 0);

	return dev_ioctl(SIOCGIFINDEX, &ifr) ?: ifr.ifr_ifindex;
}

/* A packet socket that sends and receives on the device. */
static inline int dev_socket(const char *name)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = dev_index(name),
	};
	struct timeval limit = { .tv_sec = 10 };
	int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return bind(sock, (struct sockaddr *)&ll, sizeof(ll)) ? -errno : sock;
}

/* An Ethernet frame that no stack answers, or the same without its header. */
static inline void make_frame(unsigned char *frame, size_t len, int seq)
{
	memset(frame, 0x5a, len);
	memset(frame, 0xff, ETH_ALEN);
	memcpy(frame + ETH_ALEN, "\2\0\0\0\0\1", ETH_ALEN);
	frame[12] = 0x88;
	frame[13] = 0xb5;
	frame[14] = seq;
	frame[15] = seq >> 8;
}

/* The next of our frames, passing over the kernel's own; its length or -errno. */
static inline int read_frame(int fd, unsigned char *frame, size_t room, size_t offset)
{
	int len;

	for (;;) {
		struct pollfd pollfd = { .fd = fd, .events = POLLIN };

		if (poll(&pollfd, 1, 10000) != 1)
			return -ETIMEDOUT;
		len = read(fd, frame, room);
		if (len < 0)
			return -errno;
		if (len >= (int)offset + 16 && frame[offset + 12] == 0x88 && frame[offset + 13] == 0xb5)
			return len;
	}
}

static inline int dev_text(const char *path, int val)
{
	char text[16];
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	snprintf(text, sizeof(text), "%d", val);
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* No IPv6, and so nothing that the kernel would say by itself. */
static inline int quiet_netns(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	dev_text("/proc/sys/net/ipv6/conf/default/disable_ipv6", 1);
	dev_text("/proc/sys/net/ipv6/conf/all/disable_ipv6", 1);
	return 0;
}

/* What is written stays at another device, and is charged to the file as long. */
#define HOLD "ip link add d0 type dummy && ip link set d0 up && tc qdisc add dev d0 root plug limit 1000000 && " \
	"tc qdisc add dev t0 clsact && tc filter add dev t0 ingress matchall action mirred egress redirect dev d0"
#define LET_GO "tc qdisc del dev d0 root"

/* The sum of those counters of a device, by ethtool, whose names match a regular expression of awk's; -1 without any. */
static inline long dev_counter(const char *dev, const char *name)
{
	char command[160];
	long n = -1;
	FILE *f;

	snprintf(command, sizeof(command),
		 "ethtool -S %s | awk '/^ *%s:/ { n += $2; any = 1 } END { print any ? n : -1 }'", dev, name);
	f = popen(command, "r");
	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		pclose(f);
	return n;
}

#endif
