// SPDX-License-Identifier: GPL-2.0
/*
 * Has a program meet modules that are older than it: preloaded, it takes out
 * of the program's netlink messages what such modules do not know.
 *
 *	LD_PRELOAD=$TOOLS/older VNET_OLDER="WORD..." PROGRAM ...
 *
 *	family		there is no family "vnet"
 *	commands=N	that family has no command above N
 *	attrs=N		its answers have no attribute above N
 *	changed=N	of its first N dumps the rows have no attribute, and each says
 *			that something changed meanwhile
 *	info		devices and ports tell no options of their kind
 *
 * What is taken out gets a number that nobody knows, which leaves the lengths
 * as they are.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <vnet/genl.h>

#define OLDER_NOWHERE	0x3000
#define OLDER_NO_CMD	200

static int older_family;
static int older_dumps;

/* The number of a word "NAME=N", 0 of a word without; -1 where it is not said. */
static int older_word(const char *name)
{
	const char *words = getenv("VNET_OLDER");
	size_t len = strlen(name);

	while (words && *words) {
		if (strncmp(words, name, len) == 0) {
			if (words[len] == '=')
				return atoi(words + len + 1);
			if (!words[len] || words[len] == ' ')
				return 0;
		}
		words = strchr(words, ' ');
		words = words ? words + 1 : NULL;
	}
	return -1;
}

static struct nlattr *older_next(struct nlattr *attr, int *len)
{
	int step = NLA_ALIGN(attr->nla_len);

	*len -= step;
	return (void *)((char *)attr + step);
}

static int older_good(const struct nlattr *attr, int len)
{
	return len >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN &&
	       attr->nla_len <= len;
}

static struct nlattr *older_find(struct nlattr *attr, int len, int type)
{
	for (; older_good(attr, len); attr = older_next(attr, &len)) {
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
	}
	return NULL;
}

static void older_hide_above(struct nlattr *attr, int len, int last)
{
	for (; older_good(attr, len); attr = older_next(attr, &len)) {
		if ((attr->nla_type & NLA_TYPE_MASK) > last)
			attr->nla_type = OLDER_NOWHERE;
	}
}

static void older_hide(struct nlattr *attr, int len, int type)
{
	attr = older_find(attr, len, type);
	if (attr)
		attr->nla_type = OLDER_NOWHERE;
}

static void older_link(struct nlmsghdr *hdr)
{
	struct nlattr *attr = (void *)((char *)NLMSG_DATA(hdr) +
				       NLMSG_ALIGN(sizeof(struct ifinfomsg)));
	int len = hdr->nlmsg_len - NLMSG_SPACE(sizeof(struct ifinfomsg));
	struct nlattr *info;

	info = older_find(attr, len, IFLA_LINKINFO);
	if (!info)
		return;
	attr = (void *)((char *)info + NLA_HDRLEN);
	len = info->nla_len - NLA_HDRLEN;
	older_hide(attr, len, IFLA_INFO_DATA);
	older_hide(attr, len, IFLA_INFO_SLAVE_DATA);
}

static struct nlattr *older_genl(struct nlmsghdr *hdr, int *len)
{
	*len = hdr->nlmsg_len - NLMSG_SPACE(GENL_HDRLEN);
	return (void *)((char *)NLMSG_DATA(hdr) + GENL_HDRLEN);
}

static void older_answer(struct nlmsghdr *hdr)
{
	struct nlattr *attr, *id;
	int len;

	if (hdr->nlmsg_type == RTM_NEWLINK && older_word("info") >= 0) {
		older_link(hdr);
	} else if (hdr->nlmsg_type == GENL_ID_CTRL) {
		attr = older_genl(hdr, &len);
		id = older_find(attr, len, CTRL_ATTR_FAMILY_ID);
		if (id)
			memcpy(&older_family, (char *)id + NLA_HDRLEN,
			       sizeof(__u16));
	} else if (older_family && hdr->nlmsg_type == older_family &&
		   older_dumps <= older_word("changed")) {
		hdr->nlmsg_flags |= NLM_F_DUMP_INTR;
		attr = older_genl(hdr, &len);
		older_hide_above(attr, len, 0);
	} else if (older_family && hdr->nlmsg_type == older_family &&
		   older_word("attrs") >= 0) {
		attr = older_genl(hdr, &len);
		older_hide_above(attr, len, older_word("attrs"));
	}
}

static void older_question(struct nlmsghdr *hdr)
{
	struct genlmsghdr *genl = NLMSG_DATA(hdr);
	struct nlattr *attr, *name;
	int len;

	if (older_family && hdr->nlmsg_type == older_family &&
	    (hdr->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		older_dumps++;
	if (hdr->nlmsg_type == GENL_ID_CTRL && older_word("family") >= 0) {
		attr = older_genl(hdr, &len);
		name = older_find(attr, len, CTRL_ATTR_FAMILY_NAME);
		if (name && !strcmp((char *)name + NLA_HDRLEN, VNET_GENL_NAME))
			memset((char *)name + NLA_HDRLEN, '-',
			       strlen(VNET_GENL_NAME));
	} else if (older_family && hdr->nlmsg_type == older_family &&
		   older_word("commands") >= 0 &&
		   genl->cmd > older_word("commands")) {
		genl->cmd = OLDER_NO_CMD;
	}
}

static void older_each(const struct msghdr *msg, size_t bytes,
		       void (*meet)(struct nlmsghdr *hdr))
{
	const struct sockaddr_nl *who = msg->msg_name;
	struct nlmsghdr *hdr;

	if (!msg->msg_iovlen || !who || who->nl_family != AF_NETLINK)
		return;
	if (bytes > msg->msg_iov->iov_len)
		return;
	hdr = msg->msg_iov->iov_base;
	for (; NLMSG_OK(hdr, bytes); hdr = NLMSG_NEXT(hdr, bytes))
		meet(hdr);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t (*real)(int fd, struct msghdr *msg, int flags);
	ssize_t got;

	real = dlsym(RTLD_NEXT, "recvmsg");
	got = real(fd, msg, flags);
	if (got > 0)
		older_each(msg, got, older_answer);
	return got;
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t (*real)(int fd, const struct msghdr *msg, int flags);

	real = dlsym(RTLD_NEXT, "sendmsg");
	if (msg->msg_iovlen)
		older_each(msg, msg->msg_iov->iov_len, older_question);
	return real(fd, msg, flags);
}
