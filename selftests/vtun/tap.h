/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vtap pair with the test at both of its ends: n0, whose char device it has open, and p0, by a packet socket.
 */
#ifndef SELFTESTS_VTUN_TAP_H
#define SELFTESTS_VTUN_TAP_H

#include <linux/veth.h>
#include <sys/socket.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "nl.h"
#include "tun.h"

#include "../../include/uapi/vnet/vtap.h"

/* Both ends up; 0 or -errno. */
static inline int tap_pair(struct nl_sock *nl, const char *name, const char *peer, int ring)
{
	struct ifinfomsg ifi = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct nlattr *info, *data, *nest;
	struct nl_msg msg;
	int rc;

	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, name);
	if (ring)
		nl_attr_u32(&msg, IFLA_TXQLEN, ring);
	info = nl_nest(&msg, IFLA_LINKINFO);
	nl_attr_str(&msg, IFLA_INFO_KIND, "vtap");
	data = nl_nest(&msg, IFLA_INFO_DATA);
	nest = nl_nest(&msg, VETH_INFO_PEER);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, peer);
	nl_nest_end(&msg, nest);
	nl_nest_end(&msg, data);
	nl_nest_end(&msg, info);
	rc = nl_talk(nl, &msg);
	if (!rc && !(dev_runs(name) && dev_runs(peer)))
		return -ETIMEDOUT;
	return rc;
}

struct tap_info {
	const char *name;
	unsigned int node, queues, disabled;
};

static inline unsigned int tap_info_u32(const struct nlattr *data, unsigned short type)
{
	const struct nlattr *attr = nl_find(nl_data(data), data->nla_len - NLA_HDRLEN, type);

	return attr ? *(const unsigned int *)nl_data(attr) : 0;
}

static inline void tap_info_of(const struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *name = nl_link_attr(hdr, IFLA_IFNAME), *info = nl_link_attr(hdr, IFLA_LINKINFO), *data;
	struct tap_info *tap = arg;

	if (!name || !info || strcmp(nl_data(name), tap->name))
		return;
	data = nl_find(nl_data(info), info->nla_len - NLA_HDRLEN, IFLA_INFO_DATA);
	if (!data)
		return;
	tap->node = tap_info_u32(data, VTAP_INFO_DEV);
	tap->queues = tap_info_u32(data, VTAP_INFO_NUM_QUEUES);
	tap->disabled = tap_info_u32(data, VTAP_INFO_NUM_DISABLED_QUEUES);
}

static inline struct tap_info tap_info(struct nl_sock *nl, const char *name)
{
	struct tap_info info = { .name = name };

	nl_each_link(nl, tap_info_of, &info);
	return info;
}

/* By its number: two namespaces may have nodes of one name. A file, or -errno. */
static inline int tap_open(struct nl_sock *nl, const char *name)
{
	struct tap_info info = tap_info(nl, name);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/vnet-tap.%d", getpid());
	if (mknod(path, S_IFCHR | 0600, makedev(major(info.node), minor(info.node))))
		return -errno;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		fd = -errno;
	unlink(path);
	return fd;
}

/* A number of /proc/net/dev: 0 for received bytes, 3 for received and dropped, 8 more for what was sent. */
static inline long dev_stat(const char *name, int column)
{
	char line[512], *place;
	long value = -1;
	FILE *file = fopen("/proc/self/net/dev", "r");

	while (file && fgets(line, sizeof(line), file)) {
		place = strchr(line, ':');
		if (!place)
			continue;
		*place++ = '\0';
		if (strcmp(line + strspn(line, " "), name))
			continue;
		do {
			value = strtol(place, &place, 10);
		} while (column--);
		break;
	}
	if (file)
		fclose(file);
	return value;
}

enum { RX_BYTES, RX_PACKETS, RX_DROPPED = 3, TX_BYTES = 8, TX_PACKETS, TX_DROPPED = 11 };

#endif
