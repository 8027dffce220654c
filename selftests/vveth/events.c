// SPDX-License-Identifier: GPL-2.0
/*
 * What a listener in each namespace hears while a pair is made: each end is born where it stays, with its final name and
 * index, and is never moved.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdlib.h>

#include "harness.h"
#include "nl.h"

#define MAX_EVENTS	32

struct event {
	unsigned short type;
	int index;
	unsigned int lost;
	char name[IFNAMSIZ];
};

FIXTURE(events) {
	int ns_a, ns_b;
	struct nl_sock a, b, listen_a, listen_b;
	struct event heard[MAX_EVENTS];
	int nr, before_a, before_b;
};

static int new_namespace(struct nl_sock *nl, struct nl_sock *listener)
{
	if (unshare(CLONE_NEWNET) || nl_open(nl, 0) || nl_open(listener, RTMGRP_LINK))
		return -1;
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

FIXTURE_SETUP(events)
{
	self->ns_b = new_namespace(&self->b, &self->listen_b);
	ASSERT_LE(0, self->ns_b);
	self->ns_a = new_namespace(&self->a, &self->listen_a);
	ASSERT_LE(0, self->ns_a);
	self->before_a = nl_count_links(&self->a);
	self->before_b = nl_count_links(&self->b);
}

FIXTURE_TEARDOWN(events)
{
	close(self->ns_a);
	close(self->ns_b);
}

static int add_pair(FIXTURE_DATA(events) *self, int index_a, int index_b)
{
	const char *kind = getenv("VNET_PAIR");
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_index = index_a };
	struct nlattr *info, *data, *peer;
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, "va");
	info = nl_nest(&msg, IFLA_LINKINFO);
	nl_attr_str(&msg, IFLA_INFO_KIND, kind ? kind : "vveth");
	data = nl_nest(&msg, IFLA_INFO_DATA);
	peer = nl_nest(&msg, VETH_INFO_PEER);
	ifi.ifi_index = index_b;
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_str(&msg, IFLA_IFNAME, "vb");
	nl_attr_u32(&msg, IFLA_NET_NS_FD, self->ns_b);
	nl_nest_end(&msg, peer);
	nl_nest_end(&msg, data);
	nl_nest_end(&msg, info);
	return nl_talk(&self->a, &msg);
}

/* What has been said in a namespace so far: the kernel queues it before it answers the request. */
static void hear(FIXTURE_DATA(events) *self, struct nl_sock *listener)
{
	unsigned char buffer[32768];
	ssize_t len;

	self->nr = 0;
	while ((len = recv(listener->fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *hdr = (const void *)buffer;
		const struct ifinfomsg *ifi = NLMSG_DATA(hdr);
		struct event *event = &self->heard[self->nr];

		if (hdr->nlmsg_type != RTM_NEWLINK && hdr->nlmsg_type != RTM_DELLINK)
			continue;
		if (self->nr++ == MAX_EVENTS)
			return;
		event->type = hdr->nlmsg_type;
		event->index = ifi->ifi_index;
		event->lost = *(const unsigned int *)nl_data(nl_link_attr(hdr, IFLA_CARRIER_DOWN_COUNT));
		snprintf(event->name, IFNAMSIZ, "%s", (const char *)nl_data(nl_link_attr(hdr, IFLA_IFNAME)));
	}
}

/* One device in all that was heard, and none that went. */
#define EXPECT_BORN_HERE(wanted) do {								\
	int i;											\
												\
	EXPECT_LE(1, self->nr);									\
	for (i = 0; i < self->nr; i++) {							\
		EXPECT_EQ(RTM_NEWLINK, self->heard[i].type);					\
		EXPECT_STREQ(wanted, self->heard[i].name);					\
		EXPECT_EQ(self->heard[0].index, self->heard[i].index);				\
	}											\
} while (0)

TEST_F(events, each_end_is_born_where_it_stays)
{
	ASSERT_EQ(0, add_pair(self, 0, 0));
	hear(self, &self->listen_a);
	EXPECT_BORN_HERE("va");
	hear(self, &self->listen_b);
	EXPECT_BORN_HERE("vb");
}

/* A carrier that is lost is an event, and a second message about each of ten thousand pairs. */
TEST_F(events, no_carrier_is_lost)
{
	ASSERT_EQ(0, add_pair(self, 0, 0));
	hear(self, &self->listen_a);
	EXPECT_EQ(1, self->nr);
	EXPECT_EQ(0, self->heard[0].lost);
	hear(self, &self->listen_b);
	EXPECT_EQ(1, self->nr);
	EXPECT_EQ(0, self->heard[0].lost);
}

TEST_F(events, indices_asked_for)
{
	ASSERT_EQ(0, add_pair(self, 77, 88));
	hear(self, &self->listen_a);
	EXPECT_BORN_HERE("va");
	EXPECT_EQ(77, self->heard[0].index);
	hear(self, &self->listen_b);
	EXPECT_BORN_HERE("vb");
	EXPECT_EQ(88, self->heard[0].index);
}

TEST_F(events, index_taken_is_refused)
{
	ASSERT_EQ(0, add_pair(self, 77, 88));
	hear(self, &self->listen_b);
	EXPECT_NE(0, add_pair(self, 78, 88));
	EXPECT_EQ(self->before_a + 1, nl_count_links(&self->a));
	EXPECT_EQ(self->before_b + 1, nl_count_links(&self->b));
}

TEST_F(events, both_ends_say_that_they_go)
{
	int gone = 0, i;

	ASSERT_EQ(0, add_pair(self, 0, 0));
	hear(self, &self->listen_b);
	ASSERT_EQ(0, nl_del_link(&self->a, "va"));
	hear(self, &self->listen_b);
	for (i = 0; i < self->nr; i++)
		gone += self->heard[i].type == RTM_DELLINK;
	EXPECT_EQ(1, gone);
	EXPECT_EQ(self->before_b, nl_count_links(&self->b));
}

TEST_HARNESS_MAIN
