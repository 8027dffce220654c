// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel's netdev family says of a device's queues (qstats-get), for which no tool is installed everywhere.
 *
 *	qstats NS DEV [features]
 *
 * Prints a line "dev rx_packets= rx_bytes= tx_packets= tx_bytes=" for the device as a whole, then one for each queue,
 * "rx N packets= bytes=" or "tx N packets= bytes=". Counters that are not told are left out. Exits with 4 where the
 * kernel has no such thing. With "features" it prints what that family says of XDP (dev-get) instead:
 * "xdp-features=0x… xdp-rx-metadata-features=0x…".
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netns.h"

/* <linux/netdev.h> of Linux 6.12. */
enum {
	QSTATS_DEV_GET = 1,
	QSTATS_DEV_IFINDEX = 1,
	QSTATS_DEV_XDP_FEATURES = 3,
	QSTATS_DEV_RX_METADATA = 5,
	QSTATS_DEV_ATTRS,
	QSTATS_GET = 12,
	QSTATS_IFINDEX = 1,
	QSTATS_QUEUE_TYPE = 2,
	QSTATS_QUEUE_ID = 3,
	QSTATS_SCOPE = 4,
	QSTATS_RX_PACKETS = 8,
	QSTATS_RX_BYTES,
	QSTATS_TX_PACKETS,
	QSTATS_TX_BYTES,
	QSTATS_ATTRS,
	QSTATS_SCOPE_QUEUE = 1,
	QSTATS_UNSUPPORTED = 4,
};

static int qstats_fd;

static struct nlattr *qstats_put(struct nlmsghdr *hdr, int type, const void *data, size_t len)
{
	struct nlattr *attr = (void *)((char *)hdr + NLMSG_ALIGN(hdr->nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	hdr->nlmsg_len = NLMSG_ALIGN(hdr->nlmsg_len) + NLA_ALIGN(attr->nla_len);
	return attr;
}

static struct nlmsghdr *qstats_begin(void *buffer, int family, int cmd, int flags)
{
	struct genlmsghdr genl = { .cmd = cmd, .version = 1 };
	struct nlmsghdr *hdr = buffer;

	memset(hdr, 0, NLMSG_LENGTH(sizeof(genl)));
	hdr->nlmsg_len = NLMSG_LENGTH(sizeof(genl));
	hdr->nlmsg_type = family;
	hdr->nlmsg_flags = NLM_F_REQUEST | flags;
	memcpy(NLMSG_DATA(hdr), &genl, sizeof(genl));
	return hdr;
}

/* Values of the attributes by their number; whether each was there is in the mask that it returns. */
static unsigned int qstats_parse(const struct nlmsghdr *hdr, uint64_t *values, int n)
{
	const char *at = (const char *)NLMSG_DATA(hdr) + GENL_HDRLEN, *end = (const char *)hdr + hdr->nlmsg_len;
	unsigned int have = 0;

	while (end - at >= NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)at;
		unsigned int type = attr->nla_type & NLA_TYPE_MASK, len = attr->nla_len - NLA_HDRLEN;

		if ((int)type < n && len <= sizeof(*values)) {
			values[type] = 0;
			memcpy(&values[type], at + NLA_HDRLEN, len);
			have |= 1u << type;
		}
		at += NLA_ALIGN(attr->nla_len);
	}
	return have;
}

static void qstats_print(const struct nlmsghdr *hdr)
{
	static const char *const names[QSTATS_ATTRS] = {
		[QSTATS_RX_PACKETS] = "rx_packets", [QSTATS_RX_BYTES] = "rx_bytes",
		[QSTATS_TX_PACKETS] = "tx_packets", [QSTATS_TX_BYTES] = "tx_bytes",
	};
	uint64_t values[QSTATS_ATTRS];
	unsigned int have = qstats_parse(hdr, values, QSTATS_ATTRS);
	bool queue = have & 1u << QSTATS_QUEUE_ID;
	int i;

	if (queue)
		printf("%s %llu", values[QSTATS_QUEUE_TYPE] ? "tx" : "rx", (unsigned long long)values[QSTATS_QUEUE_ID]);
	else
		printf("dev");
	for (i = QSTATS_RX_PACKETS; i < QSTATS_ATTRS; i++) {
		if (have & 1u << i)
			printf(" %s=%llu", names[i] + (queue ? 3 : 0), (unsigned long long)values[i]);
	}
	putchar('\n');
}

/* Sends the request and calls fn for each answer; 0 or -errno. */
static int qstats_talk(struct nlmsghdr *request, void (*fn)(const struct nlmsghdr *))
{
	static char buffer[65536];
	ssize_t len;

	if (send(qstats_fd, request, request->nlmsg_len, 0) < 0)
		err(1, "send");
	while ((len = recv(qstats_fd, buffer, sizeof(buffer), 0)) > 0) {
		struct nlmsghdr *hdr = (void *)buffer;

		for (; NLMSG_OK(hdr, (unsigned int)len); hdr = NLMSG_NEXT(hdr, len)) {
			if (hdr->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(hdr))->error;
			if (hdr->nlmsg_type == NLMSG_DONE)
				return *(int *)NLMSG_DATA(hdr);
			fn(hdr);
		}
	}
	err(1, "recv");
}

static uint16_t qstats_family;

static void qstats_take_family(const struct nlmsghdr *hdr)
{
	uint64_t values[CTRL_ATTR_FAMILY_ID + 1];

	if (qstats_parse(hdr, values, CTRL_ATTR_FAMILY_ID + 1) & 1u << CTRL_ATTR_FAMILY_ID)
		qstats_family = values[CTRL_ATTR_FAMILY_ID];
}

static void qstats_dump(unsigned int ifindex, unsigned int scope)
{
	char buffer[128];
	struct nlmsghdr *hdr = qstats_begin(buffer, qstats_family, QSTATS_GET, NLM_F_DUMP);
	int rc;

	qstats_put(hdr, QSTATS_IFINDEX, &ifindex, sizeof(ifindex));
	if (scope)
		qstats_put(hdr, QSTATS_SCOPE, &scope, sizeof(scope));
	rc = qstats_talk(hdr, qstats_print);
	if (rc == -EOPNOTSUPP)
		exit(QSTATS_UNSUPPORTED);
	if (rc)
		errx(1, "qstats-get: %s", strerror(-rc));
}

static void qstats_print_features(const struct nlmsghdr *hdr)
{
	uint64_t values[QSTATS_DEV_ATTRS];
	unsigned int have = qstats_parse(hdr, values, QSTATS_DEV_ATTRS);

	if (have & 1u << QSTATS_DEV_XDP_FEATURES)
		printf("xdp-features=0x%llx", (unsigned long long)values[QSTATS_DEV_XDP_FEATURES]);
	if (have & 1u << QSTATS_DEV_RX_METADATA)
		printf(" xdp-rx-metadata-features=0x%llx", (unsigned long long)values[QSTATS_DEV_RX_METADATA]);
	putchar('\n');
}

static void qstats_features(unsigned int ifindex)
{
	char buffer[128];
	struct nlmsghdr *hdr = qstats_begin(buffer, qstats_family, QSTATS_DEV_GET, NLM_F_ACK);
	int rc;

	qstats_put(hdr, QSTATS_DEV_IFINDEX, &ifindex, sizeof(ifindex));
	rc = qstats_talk(hdr, qstats_print_features);
	if (rc)
		errx(1, "dev-get: %s", strerror(-rc));
}

int main(int argc, char **argv)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	unsigned int ifindex;
	char buffer[128];
	struct nlmsghdr *hdr;

	if (argc != 3 && (argc != 4 || strcmp(argv[3], "features")))
		errx(2, "usage: qstats NS DEV [features]");
	netns_enter(argv[1]);
	ifindex = if_nametoindex(argv[2]);
	qstats_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (!ifindex || qstats_fd < 0 || bind(qstats_fd, (void *)&addr, sizeof(addr)))
		err(1, "%s", argv[2]);
	hdr = qstats_begin(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	qstats_put(hdr, CTRL_ATTR_FAMILY_NAME, "netdev", sizeof("netdev"));
	if (qstats_talk(hdr, qstats_take_family) || !qstats_family)
		return QSTATS_UNSUPPORTED;
	if (argc == 4) {
		qstats_features(ifindex);
		return 0;
	}
	qstats_dump(ifindex, 0);
	qstats_dump(ifindex, QSTATS_SCOPE_QUEUE);
	return 0;
}
