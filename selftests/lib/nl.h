/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of rtnetlink and generic netlink byte by byte, for tests that send what no tool would.
 *
 *	struct nl_msg msg;
 *	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
 *	nl_put(&msg, &ifi, sizeof(ifi));		(the family header)
 *	nl_attr_str(&msg, IFLA_IFNAME, "a0");
 *	nest = nl_nest(&msg, IFLA_LINKINFO); ... nl_nest_end(&msg, nest);
 *	rc = nl_talk(nl, &msg);				(0 or -errno; the kernel's sentence is in nl->extack)
 */
#ifndef SELFTESTS_NL_H
#define SELFTESTS_NL_H

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct nl_msg {
	union {
		struct nlmsghdr hdr;
		unsigned char bytes[8192];
	};
};

struct nl_sock {
	int fd;
	char extack[256];
};

static inline int nl_open_protocol(struct nl_sock *nl, int protocol, unsigned int groups)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = groups };
	struct timeval limit = { .tv_sec = 10 };
	int one = 1;

	nl->extack[0] = '\0';
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (nl->fd < 0)
		return -errno;
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return bind(nl->fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
}

static inline int nl_open(struct nl_sock *nl, unsigned int groups)
{
	return nl_open_protocol(nl, NETLINK_ROUTE, groups);
}

static inline void nl_begin(struct nl_msg *msg, unsigned short type, unsigned short flags)
{
	static unsigned int seq;

	memset(msg, 0, sizeof(*msg));
	msg->hdr.nlmsg_len = NLMSG_HDRLEN;
	msg->hdr.nlmsg_type = type;
	msg->hdr.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	msg->hdr.nlmsg_seq = ++seq;
}

/* Appends raw bytes, padded. */
static inline void *nl_put(struct nl_msg *msg, const void *data, size_t len)
{
	void *at = msg->bytes + msg->hdr.nlmsg_len;

	if (len)
		memcpy(at, data, len);
	msg->hdr.nlmsg_len += NLMSG_ALIGN(len);
	return at;
}

static inline struct nlattr *nl_attr(struct nl_msg *msg, unsigned short type, const void *data, size_t len)
{
	struct nlattr head = { .nla_type = type, .nla_len = NLA_HDRLEN + len };
	struct nlattr *attr = nl_put(msg, &head, sizeof(head));

	nl_put(msg, data, len);
	return attr;
}

static inline struct nlattr *nl_attr_str(struct nl_msg *msg, unsigned short type, const char *text)
{
	return nl_attr(msg, type, text, strlen(text) + 1);
}

static inline struct nlattr *nl_attr_u32(struct nl_msg *msg, unsigned short type, unsigned int value)
{
	return nl_attr(msg, type, &value, sizeof(value));
}

static inline struct nlattr *nl_nest(struct nl_msg *msg, unsigned short type)
{
	return nl_attr(msg, type, NULL, 0);
}

static inline void nl_nest_end(struct nl_msg *msg, struct nlattr *nest)
{
	nest->nla_len = msg->bytes + msg->hdr.nlmsg_len - (unsigned char *)nest;
}

static inline const struct nlattr *nl_find(const void *attrs, int len, unsigned short type)
{
	const struct nlattr *attr = attrs;

	while (len >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN && attr->nla_len <= len) {
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		len -= NLA_ALIGN(attr->nla_len);
		attr = (const void *)((const char *)attr + NLA_ALIGN(attr->nla_len));
	}
	return NULL;
}

static inline const void *nl_data(const struct nlattr *attr)
{
	return (const char *)attr + NLA_HDRLEN;
}

/* The attributes of a link message. */
static inline const struct nlattr *nl_link_attr(const struct nlmsghdr *hdr, unsigned short type)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(hdr);

	return nl_find((const char *)ifi + NLMSG_ALIGN(sizeof(*ifi)), hdr->nlmsg_len - NLMSG_LENGTH(sizeof(*ifi)), type);
}

static inline int nl_send(struct nl_sock *nl, const struct nl_msg *msg)
{
	return send(nl->fd, msg->bytes, msg->hdr.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Sends a request and waits for its acknowledgment; messages of other kinds in between are dropped. */
static inline int nl_talk(struct nl_sock *nl, const struct nl_msg *msg)
{
	static unsigned char answer[32768];
	const struct nlmsghdr *hdr = (const void *)answer;
	const struct nlmsgerr *ack = NLMSG_DATA(hdr);
	const struct nlattr *text;
	int rc = nl_send(nl, msg), head;

	nl->extack[0] = '\0';
	while (!rc) {
		if (recv(nl->fd, answer, sizeof(answer), 0) < 0)
			return -errno;
		if (hdr->nlmsg_type == NLMSG_ERROR && hdr->nlmsg_seq == msg->hdr.nlmsg_seq)
			break;
	}
	if (rc)
		return rc;
	head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(*ack));
	text = nl_find(answer + head, hdr->nlmsg_len - head, NLMSGERR_ATTR_MSG);
	if ((hdr->nlmsg_flags & NLM_F_ACK_TLVS) && text)
		snprintf(nl->extack, sizeof(nl->extack), "%s", (const char *)nl_data(text));
	return ack->error;
}

/* Calls fn for each link of the namespace; returns how many there are, or -errno. */
static inline int nl_each_link(struct nl_sock *nl, void (*fn)(const struct nlmsghdr *hdr, void *arg), void *arg)
{
	static unsigned char buffer[65536];
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nl_msg msg;
	int count = 0, rc;

	nl_begin(&msg, RTM_GETLINK, NLM_F_DUMP);
	nl_put(&msg, &ifi, sizeof(ifi));
	rc = nl_send(nl, &msg);
	if (rc)
		return rc;
	for (;;) {
		int len = recv(nl->fd, buffer, sizeof(buffer), 0);
		struct nlmsghdr *hdr = (void *)buffer;

		if (len < 0)
			return -errno;
		for (; NLMSG_OK(hdr, (unsigned int)len); hdr = NLMSG_NEXT(hdr, len)) {
			if (hdr->nlmsg_type == NLMSG_DONE)
				return count;
			if (hdr->nlmsg_type != RTM_NEWLINK)
				continue;
			count++;
			if (fn)
				fn(hdr, arg);
		}
	}
}

static inline int nl_count_links(struct nl_sock *nl)
{
	return nl_each_link(nl, NULL, NULL);
}

/* Deletes the device of that name in the socket's namespace. */
static inline int nl_del_link(struct nl_sock *nl, const char *name)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nl_msg msg;

	nl_begin(&msg, RTM_DELLINK, 0);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, name);
	return nl_talk(nl, &msg);
}

#endif
