// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into a program that knows bridges by the kind "bridge" alone, such
 * as FRR's zebra: in what rtnetlink tells it the kind "vbridge" of a device or
 * of a port reads "bridge". The options are numbered alike. Both words take the
 * same room in a message, so that nothing has to move.
 */
#include <dlfcn.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static const char as_ours[] = "vbridge";
static const char as_theirs[] = "bridge";

_Static_assert(RTA_SPACE(sizeof(as_ours)) == RTA_SPACE(sizeof(as_theirs)),
	       "the words do not take the same room");

static void as_kind(struct rtattr *attr)
{
	if (RTA_PAYLOAD(attr) < sizeof(as_ours) ||
	    memcmp(RTA_DATA(attr), as_ours, sizeof(as_ours)) != 0)
		return;
	memset(RTA_DATA(attr), 0, sizeof(as_ours));
	memcpy(RTA_DATA(attr), as_theirs, sizeof(as_theirs));
	attr->rta_len = RTA_LENGTH(sizeof(as_theirs));
}

static void as_linkinfo(struct rtattr *info)
{
	int left = RTA_PAYLOAD(info);
	struct rtattr *attr;

	for (attr = RTA_DATA(info); RTA_OK(attr, left);
	     attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type == IFLA_INFO_KIND ||
		    attr->rta_type == IFLA_INFO_SLAVE_KIND)
			as_kind(attr);
	}
}

static void as_message(struct nlmsghdr *msg)
{
	struct rtattr *attr;
	int left;

	if ((msg->nlmsg_type != RTM_NEWLINK && msg->nlmsg_type != RTM_DELLINK) ||
	    msg->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		return;
	left = IFLA_PAYLOAD(msg);
	for (attr = IFLA_RTA(NLMSG_DATA(msg)); RTA_OK(attr, left);
	     attr = RTA_NEXT(attr, left)) {
		if ((attr->rta_type & NLA_TYPE_MASK) == IFLA_LINKINFO)
			as_linkinfo(attr);
	}
}

static int as_is_rtnetlink(int fd)
{
	int domain = 0, protocol = -1;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	       domain == AF_NETLINK &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == NETLINK_ROUTE;
}

ssize_t recvmsg(int fd, struct msghdr *hdr, int flags)
{
	static ssize_t (*real)(int fd, struct msghdr *hdr, int flags);
	struct nlmsghdr *msg;
	ssize_t len;
	int left;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "recvmsg");
	len = real(fd, hdr, flags);
	if (len <= 0 || hdr->msg_iovlen != 1 || !as_is_rtnetlink(fd))
		return len;
	/* Of a message that was cut the length may be told, too. */
	left = (size_t)len < hdr->msg_iov->iov_len ? (size_t)len :
						     hdr->msg_iov->iov_len;
	for (msg = hdr->msg_iov->iov_base; NLMSG_OK(msg, left);
	     msg = NLMSG_NEXT(msg, left))
		as_message(msg);
	return len;
}
