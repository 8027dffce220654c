// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the family "vnet" about a bridge and its ports, among them such as no tool sends: cut short, unknown,
 * read-only, out of range, too few, too many, without rights. These are refused with a sentence, and change nothing.
 */
#define _GNU_SOURCE
#include <linux/genetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "../../include/uapi/vnet/genl.h"

#include "harness.h"
#include "nl.h"

#define ATTRS 8

/* The attributes of the last answer, and how many answers there were. */
struct answer {
	unsigned int val[ATTRS];
	bool has[ATTRS];
	int count;
};

FIXTURE(genl) {
	struct nl_sock route, nl;
	struct nl_msg msg;
	struct answer answer;
	int family, bridge, port;
};

static void begin(FIXTURE_DATA(genl) *self, int family, int cmd, int flags)
{
	struct genlmsghdr hdr = { .cmd = cmd, .version = 1 };

	nl_begin(&self->msg, family, flags);
	nl_put(&self->msg, &hdr, sizeof(hdr));
}

static void take_answer(struct answer *answer, const struct nlmsghdr *hdr)
{
	const char *attrs = (const char *)NLMSG_DATA(hdr) + GENL_HDRLEN;
	int len = hdr->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);

	answer->count++;
	for (int i = 1; i < ATTRS; i++) {
		const struct nlattr *attr = nl_find(attrs, len, i);
		size_t size = attr ? attr->nla_len - NLA_HDRLEN : 0;

		answer->has[i] = attr;
		answer->val[i] = 0;
		if (attr)
			memcpy(&answer->val[i], nl_data(attr), size < 4 ? size : 4);
	}
}

/* Sends the request and takes its answers; 0 or -errno. */
static int ask(FIXTURE_DATA(genl) *self)
{
	static unsigned char buffer[65536];
	int rc = nl_send(&self->nl, &self->msg);

	memset(&self->answer, 0, sizeof(self->answer));
	self->nl.extack[0] = '\0';
	while (!rc) {
		int len = recv(self->nl.fd, buffer, sizeof(buffer), 0);
		struct nlmsghdr *hdr = (void *)buffer;

		if (len < 0)
			return -errno;
		for (; NLMSG_OK(hdr, (unsigned int)len); hdr = NLMSG_NEXT(hdr, len)) {
			const struct nlmsgerr *ack = NLMSG_DATA(hdr);
			int head = NLMSG_HDRLEN + (hdr->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(*ack));
			const struct nlattr *text;

			if (hdr->nlmsg_type != NLMSG_ERROR && hdr->nlmsg_type != NLMSG_DONE) {
				take_answer(&self->answer, hdr);
				continue;
			}
			text = nl_find((char *)hdr + head, hdr->nlmsg_len - head, NLMSGERR_ATTR_MSG);
			if ((hdr->nlmsg_flags & NLM_F_ACK_TLVS) && text)
				snprintf(self->nl.extack, sizeof(self->nl.extack), "%s", (const char *)nl_data(text));
			return ack->error;
		}
	}
	return rc;
}

static int get(FIXTURE_DATA(genl) *self, int cmd, unsigned int ifindex)
{
	begin(self, self->family, cmd, 0);
	nl_attr_u32(&self->msg, VNET_BRIDGE_IFINDEX, ifindex);
	return ask(self);
}

static int dump(FIXTURE_DATA(genl) *self, int cmd)
{
	begin(self, self->family, cmd, NLM_F_DUMP);
	return ask(self);
}

/* A change with one attribute beside the index, or, where that is 0, without. */
static int set(FIXTURE_DATA(genl) *self, int cmd, unsigned int ifindex, int type, const void *value, size_t len)
{
	begin(self, self->family, cmd, 0);
	nl_attr_u32(&self->msg, VNET_BRIDGE_IFINDEX, ifindex);
	if (type)
		nl_attr(&self->msg, type, value, len);
	return ask(self);
}

static int set_bridge(FIXTURE_DATA(genl) *self, int type, const void *value, size_t len)
{
	return set(self, VNET_CMD_BRIDGE_SET, self->bridge, type, value, len);
}

static int set_port(FIXTURE_DATA(genl) *self, int type, const void *value, size_t len)
{
	return set(self, VNET_CMD_BRIDGE_PORT_SET, self->port, type, value, len);
}

static int make_link(FIXTURE_DATA(genl) *self, const char *name, const char *kind, int master)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct nlattr *info;
	int rc;

	nl_begin(&self->msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(&self->msg, &ifi, sizeof(ifi));
	nl_attr_str(&self->msg, IFLA_IFNAME, name);
	if (master)
		nl_attr_u32(&self->msg, IFLA_MASTER, master);
	info = nl_nest(&self->msg, IFLA_LINKINFO);
	nl_attr_str(&self->msg, IFLA_INFO_KIND, kind);
	nl_nest_end(&self->msg, info);
	rc = nl_talk(&self->route, &self->msg);
	return rc ? rc : (int)if_nametoindex(name);
}

/* A namespace for each test, which ends with the test's process. */
FIXTURE_SETUP(genl)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->route, 0));
	ASSERT_EQ(0, nl_open_protocol(&self->nl, NETLINK_GENERIC, 0));
	self->bridge = make_link(self, "vbr0", "vbridge", 0);
	ASSERT_LT(0, self->bridge);
	self->port = make_link(self, "port", "vveth", self->bridge);
	ASSERT_LT(0, self->port);
	begin(self, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	nl_attr_str(&self->msg, CTRL_ATTR_FAMILY_NAME, VNET_GENL_NAME);
	ASSERT_EQ(0, nl_send(&self->nl, &self->msg));
	self->family = 0;
	while (!self->family) {
		static unsigned char buffer[32768];
		const struct nlmsghdr *hdr = (void *)buffer;
		const struct nlattr *id;

		ASSERT_LT(0, recv(self->nl.fd, buffer, sizeof(buffer), 0));
		ASSERT_EQ(GENL_ID_CTRL, hdr->nlmsg_type);
		id = nl_find((const char *)NLMSG_DATA(hdr) + GENL_HDRLEN, hdr->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN),
			     CTRL_ATTR_FAMILY_ID);
		ASSERT_NE(NULL, id);
		self->family = *(const unsigned short *)nl_data(id);
	}
	/* Its acknowledgment. */
	recv(self->nl.fd, &self->msg, sizeof(self->msg), 0);
}

FIXTURE_TEARDOWN(genl)
{
	close(self->nl.fd);
	close(self->route.fd);
}

/* Refused with that errno and a sentence; the bridge and its port are as they were made. */
#define EXPECT_REFUSED(err, rc) do {										\
	EXPECT_EQ(-(err), rc);											\
	EXPECT_LT(10, strlen(self->nl.extack));								\
	EXPECT_EQ(0, get(self, VNET_CMD_BRIDGE_GET, self->bridge));						\
	EXPECT_EQ(1, self->answer.val[VNET_BRIDGE_DIRECT]);							\
	EXPECT_EQ(0, get(self, VNET_CMD_BRIDGE_PORT_GET, self->port));						\
	EXPECT_EQ(65536, self->answer.val[VNET_BRIDGE_PORT_FDB_MAX_LEARNED]);					\
	EXPECT_TRUE(self->answer.has[VNET_BRIDGE_PORT_FDB_MAX_DEFAULT]);					\
} while (0)

TEST_F(genl, a_bridge_says_what_it_is)
{
	ASSERT_EQ(0, get(self, VNET_CMD_BRIDGE_GET, self->bridge));
	EXPECT_EQ(1, self->answer.count);
	EXPECT_EQ((unsigned int)self->bridge, self->answer.val[VNET_BRIDGE_IFINDEX]);
	EXPECT_EQ(1, self->answer.val[VNET_BRIDGE_DIRECT]);
	/* The addresses of the bridge and of its port; one where it has taken over the port's. */
	EXPECT_LE(1, self->answer.val[VNET_BRIDGE_FDB_N_ENTRIES]);
	EXPECT_TRUE(self->answer.has[VNET_BRIDGE_FDB_N_LEARNED]);
	EXPECT_EQ(0, self->answer.val[VNET_BRIDGE_FDB_N_LEARNED]);
	EXPECT_EQ(262144, self->answer.val[VNET_BRIDGE_FDB_MAX_LEARNED]);
	EXPECT_EQ(65536, self->answer.val[VNET_BRIDGE_FDB_MAX_LEARNED_PORT]);
	EXPECT_EQ(8192, self->answer.val[VNET_BRIDGE_MAX_PORTS]);
}

TEST_F(genl, a_port_says_what_it_is)
{
	ASSERT_EQ(0, get(self, VNET_CMD_BRIDGE_PORT_GET, self->port));
	EXPECT_EQ(1, self->answer.count);
	EXPECT_EQ((unsigned int)self->port, self->answer.val[VNET_BRIDGE_PORT_IFINDEX]);
	EXPECT_EQ((unsigned int)self->bridge, self->answer.val[VNET_BRIDGE_PORT_MASTER]);
	EXPECT_TRUE(self->answer.has[VNET_BRIDGE_PORT_FDB_N_LEARNED]);
	EXPECT_TRUE(self->answer.has[VNET_BRIDGE_PORT_FDB_N_REFUSED]);
	EXPECT_EQ(0, self->answer.val[VNET_BRIDGE_PORT_FDB_N_REFUSED]);
}

TEST_F(genl, changes_are_seen)
{
	unsigned char off = 0;
	unsigned int max = 7;

	EXPECT_EQ(0, set_bridge(self, VNET_BRIDGE_DIRECT, &off, sizeof(off)));
	ASSERT_EQ(0, get(self, VNET_CMD_BRIDGE_GET, self->bridge));
	EXPECT_EQ(0, self->answer.val[VNET_BRIDGE_DIRECT]);
	EXPECT_EQ(0, set_bridge(self, VNET_BRIDGE_MAX_PORTS, &max, sizeof(max)));
	ASSERT_EQ(0, get(self, VNET_CMD_BRIDGE_GET, self->bridge));
	EXPECT_EQ(7, self->answer.val[VNET_BRIDGE_MAX_PORTS]);
	EXPECT_EQ(0, self->answer.val[VNET_BRIDGE_DIRECT]);
	EXPECT_EQ(0, set_port(self, VNET_BRIDGE_PORT_FDB_MAX_LEARNED, &max, sizeof(max)));
	ASSERT_EQ(0, get(self, VNET_CMD_BRIDGE_PORT_GET, self->port));
	EXPECT_EQ(7, self->answer.val[VNET_BRIDGE_PORT_FDB_MAX_LEARNED]);
	EXPECT_FALSE(self->answer.has[VNET_BRIDGE_PORT_FDB_MAX_DEFAULT]);
	EXPECT_EQ(0, set_port(self, VNET_BRIDGE_PORT_FDB_MAX_DEFAULT, NULL, 0));
	ASSERT_EQ(0, get(self, VNET_CMD_BRIDGE_PORT_GET, self->port));
	EXPECT_EQ(65536, self->answer.val[VNET_BRIDGE_PORT_FDB_MAX_LEARNED]);
}

/* More than a message holds. */
TEST_F(genl, dumps_have_all_and_none_of_others)
{
	char name[IFNAMSIZ];

	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "b%d", i);
		ASSERT_LT(0, make_link(self, name, "vbridge", 0));
	}
	ASSERT_LE(0, dump(self, VNET_CMD_BRIDGE_PORT_GET));
	EXPECT_EQ(1, self->answer.count);
	ASSERT_LE(0, dump(self, VNET_CMD_BRIDGE_GET));
	EXPECT_EQ(151, self->answer.count);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	close(self->nl.fd);
	ASSERT_EQ(0, nl_open_protocol(&self->nl, NETLINK_GENERIC, 0));
	ASSERT_LE(0, dump(self, VNET_CMD_BRIDGE_GET));
	EXPECT_EQ(0, self->answer.count);
	EXPECT_EQ(-ENODEV, get(self, VNET_CMD_BRIDGE_GET, self->bridge));
	EXPECT_LT(10, strlen(self->nl.extack));
}

TEST_F(genl, a_dump_takes_no_attributes)
{
	begin(self, self->family, VNET_CMD_BRIDGE_GET, NLM_F_DUMP);
	nl_attr_u32(&self->msg, VNET_BRIDGE_IFINDEX, self->bridge);
	EXPECT_REFUSED(EINVAL, ask(self));
	begin(self, self->family, VNET_CMD_BRIDGE_PORT_GET, NLM_F_DUMP);
	nl_attr_u32(&self->msg, VNET_BRIDGE_PORT_IFINDEX, self->port);
	EXPECT_REFUSED(EINVAL, ask(self));
	begin(self, self->family, VNET_CMD_FLOW_DEV_GET, NLM_F_DUMP);
	nl_attr_u32(&self->msg, 1, self->port);
	EXPECT_REFUSED(EINVAL, ask(self));
}

TEST_F(genl, unknown_attributes)
{
	unsigned char one = 1, off = 0;

	EXPECT_REFUSED(EINVAL, set_bridge(self, __VNET_BRIDGE_MAX, &one, sizeof(one)));
	EXPECT_REFUSED(EINVAL, set_port(self, __VNET_BRIDGE_PORT_MAX, &one, sizeof(one)));
	EXPECT_REFUSED(EINVAL, set_bridge(self, 999, &one, sizeof(one)));
	EXPECT_REFUSED(EINVAL, set(self, VNET_CMD_BRIDGE_GET, self->bridge, VNET_BRIDGE_DIRECT, &one, sizeof(one)));
	/* Beside a good one. */
	begin(self, self->family, VNET_CMD_BRIDGE_SET, 0);
	nl_attr_u32(&self->msg, VNET_BRIDGE_IFINDEX, self->bridge);
	nl_attr(&self->msg, VNET_BRIDGE_DIRECT, &off, sizeof(off));
	nl_attr(&self->msg, __VNET_BRIDGE_MAX, &one, sizeof(one));
	EXPECT_REFUSED(EINVAL, ask(self));
}

TEST_F(genl, read_only_attributes)
{
	unsigned int value = 5;

	for (int type = VNET_BRIDGE_FDB_N_ENTRIES; type <= VNET_BRIDGE_FDB_MAX_LEARNED_PORT; type++)
		EXPECT_REFUSED(EINVAL, set_bridge(self, type, &value, sizeof(value)));
	EXPECT_REFUSED(EINVAL, set_port(self, VNET_BRIDGE_PORT_MASTER, &value, sizeof(value)));
	EXPECT_REFUSED(EINVAL, set_port(self, VNET_BRIDGE_PORT_FDB_N_LEARNED, &value, sizeof(value)));
	EXPECT_REFUSED(EINVAL, set_port(self, VNET_BRIDGE_PORT_FDB_N_REFUSED, &value, sizeof(value)));
	EXPECT_REFUSED(EINVAL, set_port(self, VNET_BRIDGE_PORT_DROP, &value, sizeof(value)));
}

TEST_F(genl, wrong_sizes_and_values)
{
	unsigned char two = 2, bytes[8] = { 0 };

	EXPECT_REFUSED(ERANGE, set_bridge(self, VNET_BRIDGE_DIRECT, &two, sizeof(two)));
	EXPECT_REFUSED(EINVAL, set_bridge(self, VNET_BRIDGE_DIRECT, bytes, 0));
	EXPECT_REFUSED(EINVAL, set_bridge(self, VNET_BRIDGE_DIRECT, bytes, 4));
	EXPECT_REFUSED(EINVAL, set_port(self, VNET_BRIDGE_PORT_FDB_MAX_LEARNED, bytes, 3));
	EXPECT_REFUSED(EINVAL, set_port(self, VNET_BRIDGE_PORT_FDB_MAX_LEARNED, bytes, 8));
	EXPECT_REFUSED(ERANGE, set_port(self, VNET_BRIDGE_PORT_FDB_MAX_DEFAULT, bytes, 4));
}

TEST_F(genl, too_little_and_too_much)
{
	unsigned int max = 9;

	EXPECT_REFUSED(EINVAL, set_bridge(self, 0, NULL, 0));
	EXPECT_REFUSED(EINVAL, set_port(self, 0, NULL, 0));
	begin(self, self->family, VNET_CMD_BRIDGE_PORT_SET, 0);
	nl_attr_u32(&self->msg, VNET_BRIDGE_PORT_IFINDEX, self->port);
	nl_attr_u32(&self->msg, VNET_BRIDGE_PORT_FDB_MAX_LEARNED, max);
	nl_attr(&self->msg, VNET_BRIDGE_PORT_FDB_MAX_DEFAULT, NULL, 0);
	EXPECT_REFUSED(EINVAL, ask(self));
	for (int cmd = VNET_CMD_BRIDGE_GET; cmd <= VNET_CMD_BRIDGE_PORT_SET; cmd++) {
		begin(self, self->family, cmd, 0);
		EXPECT_REFUSED(EINVAL, ask(self));
	}
}

TEST_F(genl, devices_of_other_sorts)
{
	unsigned char off = 0;
	unsigned int max = 9;

	EXPECT_REFUSED(EOPNOTSUPP, get(self, VNET_CMD_BRIDGE_GET, self->port));
	EXPECT_REFUSED(EOPNOTSUPP, get(self, VNET_CMD_BRIDGE_PORT_GET, self->bridge));
	EXPECT_REFUSED(EOPNOTSUPP, set(self, VNET_CMD_BRIDGE_SET, self->port, VNET_BRIDGE_DIRECT, &off, sizeof(off)));
	EXPECT_REFUSED(EOPNOTSUPP, set(self, VNET_CMD_BRIDGE_PORT_SET, self->bridge, VNET_BRIDGE_PORT_FDB_MAX_LEARNED,
				       &max, sizeof(max)));
	EXPECT_REFUSED(ENODEV, set(self, VNET_CMD_BRIDGE_SET, 99999, VNET_BRIDGE_DIRECT, &off, sizeof(off)));
	EXPECT_REFUSED(ERANGE, set(self, VNET_CMD_BRIDGE_SET, 0, VNET_BRIDGE_DIRECT, &off, sizeof(off)));
	EXPECT_REFUSED(ERANGE, get(self, VNET_CMD_BRIDGE_GET, 0));
}

TEST_F(genl, without_rights)
{
	unsigned char off = 0;
	unsigned int max = 9;
	int status;

	if (!fork()) {
		bool bad = setuid(65534);

		close(self->nl.fd);
		bad |= nl_open_protocol(&self->nl, NETLINK_GENERIC, 0);
		bad |= set_bridge(self, VNET_BRIDGE_DIRECT, &off, sizeof(off)) != -EPERM;
		bad |= set_port(self, VNET_BRIDGE_PORT_FDB_MAX_LEARNED, &max, sizeof(max)) != -EPERM;
		bad |= get(self, VNET_CMD_BRIDGE_GET, self->bridge) || self->answer.count != 1;
		bad |= get(self, VNET_CMD_BRIDGE_PORT_GET, self->port) || self->answer.count != 1;
		_exit(bad);
	}
	wait(&status);
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, get(self, VNET_CMD_BRIDGE_GET, self->bridge));
	EXPECT_EQ(1, self->answer.val[VNET_BRIDGE_DIRECT]);
}

TEST_HARNESS_MAIN
