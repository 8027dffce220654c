// SPDX-License-Identifier: GPL-2.0
/*
 * What no tool would send: requests for a pair that are cut short, too long, unknown or wrong. Each is refused with a
 * sentence, and no device is made.
 */
#define _GNU_SOURCE
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "../../include/uapi/vnet/vveth.h"

#include "harness.h"
#include "nl.h"

static const char *kind(void)
{
	const char *name = getenv("VNET_PAIR");

	return name ? name : "vveth";
}

/* The in-tree peer refuses some of this without a word. */
static bool in_tree(void)
{
	return !strcmp(kind(), "veth");
}

FIXTURE(netlink) {
	struct nl_sock nl;
	struct nl_msg msg;
	struct nlattr *info, *data, *peer;
	int before;
};

/* A namespace for each test, which ends with the test's process. */
FIXTURE_SETUP(netlink)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl, 0));
	self->before = nl_count_links(&self->nl);
	ASSERT_LE(1, self->before);
}

FIXTURE_TEARDOWN(netlink)
{
	close(self->nl.fd);
}

/* Everything up to the header in VETH_INFO_PEER; the test adds what belongs to the peer, then calls finish(). */
static void start(FIXTURE_DATA(netlink) *self)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	nl_begin(&self->msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(&self->msg, &ifi, sizeof(ifi));
	nl_attr_str(&self->msg, IFLA_IFNAME, "va");
	self->info = nl_nest(&self->msg, IFLA_LINKINFO);
	nl_attr_str(&self->msg, IFLA_INFO_KIND, kind());
	self->data = nl_nest(&self->msg, IFLA_INFO_DATA);
}

static void start_peer(FIXTURE_DATA(netlink) *self)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	start(self);
	self->peer = nl_nest(&self->msg, VETH_INFO_PEER);
	nl_put(&self->msg, &ifi, sizeof(ifi));
}

static int finish(FIXTURE_DATA(netlink) *self)
{
	if (self->peer)
		nl_nest_end(&self->msg, self->peer);
	nl_nest_end(&self->msg, self->data);
	nl_nest_end(&self->msg, self->info);
	return nl_talk(&self->nl, &self->msg);
}

#define EXPECT_REFUSED(error) do {								\
	EXPECT_EQ(error, finish(self));								\
	EXPECT_EQ(self->before, nl_count_links(&self->nl));						\
	if (!in_tree())										\
		EXPECT_NE('\0', self->nl.extack[0]);						\
} while (0)

TEST_F(netlink, well_formed)
{
	start_peer(self);
	nl_attr_str(&self->msg, IFLA_IFNAME, "vb");
	ASSERT_EQ(0, finish(self));
	EXPECT_EQ(self->before + 2, nl_count_links(&self->nl));
	EXPECT_EQ(0, nl_del_link(&self->nl, "vb"));
	EXPECT_EQ(self->before, nl_count_links(&self->nl));
}

TEST_F(netlink, without_peer_data)
{
	start(self);
	ASSERT_EQ(0, finish(self));
	EXPECT_EQ(self->before + 2, nl_count_links(&self->nl));
}

TEST_F(netlink, peer_header_too_short)
{
	unsigned char half[sizeof(struct ifinfomsg) / 2] = {};

	start(self);
	nl_attr(&self->msg, VETH_INFO_PEER, half, sizeof(half));
	EXPECT_REFUSED(-ERANGE);
}

TEST_F(netlink, peer_empty)
{
	start(self);
	nl_attr(&self->msg, VETH_INFO_PEER, NULL, 0);
	EXPECT_REFUSED(-ERANGE);
}

TEST_F(netlink, unknown_option)
{
	if (in_tree())
		SKIP(return, "the in-tree peer passes over it");
	start(self);
	nl_attr_u32(&self->msg, VETH_INFO_MAX + 1, 1);
	EXPECT_REFUSED(-EINVAL);
	/* Beside the mode, and the last that the core has room for. */
	start(self);
	nl_attr_u32(&self->msg, VVETH_INFO_MODE - 1, 0);
	EXPECT_REFUSED(-EINVAL);
	start(self);
	nl_attr_u32(&self->msg, VVETH_INFO_MAX + 1, 0);
	EXPECT_REFUSED(-EINVAL);
	start(self);
	nl_attr_u32(&self->msg, 50, 0);
	EXPECT_REFUSED(-EINVAL);
	start(self);
	nl_attr_u32(&self->msg, 1000, 1);
	EXPECT_REFUSED(-EINVAL);
}

TEST_F(netlink, mode_in_range)
{
	static const unsigned char half[2];

	if (in_tree())
		SKIP(return, "the in-tree peer passes over it");
	start(self);
	nl_attr_u32(&self->msg, VVETH_INFO_MODE, VVETH_MODE_MAX + 1);
	EXPECT_REFUSED(-ERANGE);
	start(self);
	nl_attr_u32(&self->msg, VVETH_INFO_MODE, 0x80000001);
	EXPECT_REFUSED(-ERANGE);
	start(self);
	nl_attr(&self->msg, VVETH_INFO_MODE, half, sizeof(half));
	EXPECT_REFUSED(-EINVAL);
	start(self);
	nl_attr(&self->msg, VVETH_INFO_MODE, NULL, 0);
	EXPECT_REFUSED(-EINVAL);
}

struct mode_search {
	unsigned int found, l3;
};

static void find_mode(const struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *info = nl_link_attr(hdr, IFLA_LINKINFO), *data, *mode;
	struct mode_search *search = arg;

	if (!info)
		return;
	data = nl_find(nl_data(info), info->nla_len - NLA_HDRLEN, IFLA_INFO_DATA);
	if (!data)
		return;
	mode = nl_find(nl_data(data), data->nla_len - NLA_HDRLEN, VVETH_INFO_MODE);
	if (!mode)
		return;
	search->found++;
	search->l3 += *(const unsigned int *)nl_data(mode) == VVETH_MODE_L3;
}

TEST_F(netlink, mode_is_told_of_both_ends)
{
	struct mode_search search = {};

	if (in_tree())
		SKIP(return, "the in-tree peer has no mode");
	start(self);
	nl_attr_u32(&self->msg, VVETH_INFO_MODE, VVETH_MODE_L3);
	ASSERT_EQ(0, finish(self));
	EXPECT_LE(0, nl_each_link(&self->nl, find_mode, &search));
	EXPECT_EQ(2, search.found);
	EXPECT_EQ(2, search.l3);
}

/* What it says for itself would be lost. */
TEST_F(netlink, peer_with_options_of_its_own)
{
	struct nlattr *info, *data;

	if (in_tree())
		SKIP(return, "the in-tree peer passes over it");
	start_peer(self);
	info = nl_nest(&self->msg, IFLA_LINKINFO);
	nl_attr_str(&self->msg, IFLA_INFO_KIND, kind());
	data = nl_nest(&self->msg, IFLA_INFO_DATA);
	nl_attr_u32(&self->msg, VVETH_INFO_MODE, VVETH_MODE_L3);
	nl_nest_end(&self->msg, data);
	nl_nest_end(&self->msg, info);
	EXPECT_REFUSED(-EINVAL);
}

/*
 * What the core does for a device behind newlink, or does not know, is not passed over: each alone, and nothing is made.
 * Every other number is read-only, or too new.
 */
TEST_F(netlink, peer_is_not_given_all)
{
	static const unsigned char zero[8];
	static const struct {
		int type;
		unsigned int len;
	} lost[] = {
		{ IFLA_MASTER, 4 }, { IFLA_IFALIAS, 4 }, { IFLA_LINK, 4 }, { IFLA_PROTO_DOWN, 1 }, { IFLA_CARRIER, 1 },
		{ IFLA_PROMISCUITY, 4 }, { IFLA_EXT_MASK, 4 }, { IFLA_AF_SPEC, 0 }, { IFLA_XDP, 0 }, { IFLA_PROP_LIST, 0 },
		{ IFLA_VFINFO_LIST, 0 }, { IFLA_TARGET_NETNSID, 4 }, { IFLA_NEW_IFINDEX, 4 }, { IFLA_MAP, 0 }, { 0, 4 },
		{ 200, 4 }, { 16000, 4 },
	};
	unsigned int i;

	if (in_tree())
		SKIP(return, "the in-tree peer passes over it");
	for (i = 0; i < ARRAY_SIZE(lost); i++) {
		start_peer(self);
		nl_attr_str(&self->msg, IFLA_IFNAME, "vb");
		nl_attr(&self->msg, lost[i].type, zero, lost[i].len);
		EXPECT_NE(0, finish(self)) {
			TH_LOG("attribute %d", lost[i].type);
		}
		EXPECT_NE('\0', self->nl.extack[0]) {
			TH_LOG("attribute %d", lost[i].type);
		}
		EXPECT_EQ(self->before, nl_count_links(&self->nl));
	}
}

struct peer_search {
	unsigned int found, group, txqlen, segs;
};

static void find_peer(const struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *name = nl_link_attr(hdr, IFLA_IFNAME), *attr;
	struct peer_search *search = arg;

	if (!name || strcmp(nl_data(name), "vb"))
		return;
	search->found++;
	attr = nl_link_attr(hdr, IFLA_GROUP);
	search->group = attr ? *(const unsigned int *)nl_data(attr) : 0;
	attr = nl_link_attr(hdr, IFLA_TXQLEN);
	search->txqlen = attr ? *(const unsigned int *)nl_data(attr) : 0;
	attr = nl_link_attr(hdr, IFLA_GSO_MAX_SEGS);
	search->segs = attr ? *(const unsigned int *)nl_data(attr) : 0;
}

/* And what it is given it has. */
TEST_F(netlink, peer_is_given_the_rest)
{
	struct peer_search search = {};

	start_peer(self);
	nl_attr_str(&self->msg, IFLA_IFNAME, "vb");
	nl_attr_u32(&self->msg, IFLA_GROUP, 77);
	nl_attr_u32(&self->msg, IFLA_TXQLEN, 123);
	nl_attr_u32(&self->msg, IFLA_GSO_MAX_SEGS, 17);
	nl_attr_u32(&self->msg, IFLA_NUM_TX_QUEUES, 2);
	nl_attr_u32(&self->msg, IFLA_NUM_RX_QUEUES, 2);
	ASSERT_EQ(0, finish(self));
	EXPECT_LE(0, nl_each_link(&self->nl, find_peer, &search));
	EXPECT_EQ(1, search.found);
	EXPECT_EQ(77, search.group);
	EXPECT_EQ(123, search.txqlen);
	EXPECT_EQ(17, search.segs);
	EXPECT_EQ(0, nl_del_link(&self->nl, "va"));
}

TEST_F(netlink, unused_option)
{
	if (in_tree())
		SKIP(return, "the in-tree peer passes over it");
	start(self);
	nl_attr_u32(&self->msg, VETH_INFO_UNSPEC, 1);
	EXPECT_REFUSED(-EINVAL);
}

TEST_F(netlink, options_end_in_an_attribute)
{
	static const unsigned char rest[4] = { 1 };

	if (in_tree())
		SKIP(return, "the in-tree peer passes over it");
	start(self);
	nl_put(&self->msg, rest, sizeof(rest));
	EXPECT_REFUSED(-EINVAL);
}

TEST_F(netlink, peer_name_too_long)
{
	start_peer(self);
	nl_attr_str(&self->msg, IFLA_IFNAME, "sixteen.letters.");
	EXPECT_REFUSED(-ERANGE);
}

TEST_F(netlink, peer_name_invalid)
{
	start_peer(self);
	nl_attr_str(&self->msg, IFLA_IFNAME, "a/b");
	EXPECT_EQ(-EINVAL, finish(self));
	EXPECT_EQ(self->before, nl_count_links(&self->nl));
}

TEST_F(netlink, peer_mtu_too_short_an_attribute)
{
	start_peer(self);
	nl_attr(&self->msg, IFLA_MTU, "\1\2", 2);
	EXPECT_REFUSED(-ERANGE);
}

TEST_F(netlink, peer_mtu_out_of_range)
{
	static const unsigned int bad[] = { 0, 67, 65536, 0x7fffffff, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		start_peer(self);
		nl_attr_u32(&self->msg, IFLA_MTU, bad[i]);
		EXPECT_REFUSED(-EINVAL);
	}
}

TEST_F(netlink, peer_address_of_wrong_length)
{
	unsigned char mac[32] = { 2 };

	start_peer(self);
	nl_attr(&self->msg, IFLA_ADDRESS, mac, 4);
	EXPECT_REFUSED(-EINVAL);
	start_peer(self);
	nl_attr(&self->msg, IFLA_ADDRESS, mac, 8);
	EXPECT_REFUSED(-EINVAL);
}

TEST_F(netlink, peer_address_multicast_or_zero)
{
	static const unsigned char multicast[ETH_ALEN] = { 1, 0, 0x5e, 0, 0, 1 }, zero[ETH_ALEN];

	start_peer(self);
	nl_attr(&self->msg, IFLA_ADDRESS, multicast, ETH_ALEN);
	EXPECT_REFUSED(-EADDRNOTAVAIL);
	start_peer(self);
	nl_attr(&self->msg, IFLA_ADDRESS, zero, ETH_ALEN);
	EXPECT_REFUSED(-EADDRNOTAVAIL);
}

TEST_F(netlink, peer_namespace_does_not_exist)
{
	start_peer(self);
	nl_attr_u32(&self->msg, IFLA_NET_NS_PID, 0x3fffffff);
	EXPECT_EQ(-ESRCH, finish(self));
	start_peer(self);
	nl_attr_u32(&self->msg, IFLA_NET_NS_FD, 12345);
	EXPECT_EQ(-EBADF, finish(self));
	EXPECT_EQ(self->before, nl_count_links(&self->nl));
}

/* The same request with the peer's part cut behind each of its bytes: made or refused, never half of it. */
TEST_F(netlink, peer_cut_anywhere)
{
	unsigned char mac[ETH_ALEN] = { 2, 0, 0, 0, 0, 9 };
	struct nl_msg whole;
	unsigned int cut;
	int rc, links;

	start_peer(self);
	nl_attr_str(&self->msg, IFLA_IFNAME, "vb");
	nl_attr_u32(&self->msg, IFLA_MTU, 1400);
	nl_attr(&self->msg, IFLA_ADDRESS, mac, sizeof(mac));
	nl_nest_end(&self->msg, self->peer);
	nl_nest_end(&self->msg, self->data);
	nl_nest_end(&self->msg, self->info);
	whole = self->msg;

	for (cut = self->peer->nla_len - 1; cut >= NLA_HDRLEN; cut--) {
		self->msg = whole;
		self->peer->nla_len = cut;
		rc = nl_talk(&self->nl, &self->msg);
		links = nl_count_links(&self->nl);
		EXPECT_EQ(self->before + (rc ? 0 : 2), links) {
			TH_LOG("cut to %u bytes, answer %d", cut, rc);
		}
		if (cut < NLA_HDRLEN + sizeof(struct ifinfomsg))
			EXPECT_NE(0, rc);
		if (!rc)
			EXPECT_EQ(0, nl_del_link(&self->nl, "va"));
	}
}

/* An attribute that says it is longer than what it lies in. */
TEST_F(netlink, peer_longer_than_the_options)
{
	if (in_tree())
		SKIP(return, "the in-tree peer passes over it");
	start_peer(self);
	nl_nest_end(&self->msg, self->peer);
	nl_nest_end(&self->msg, self->data);
	nl_nest_end(&self->msg, self->info);
	self->peer->nla_len += 400;
	EXPECT_EQ(-EINVAL, nl_talk(&self->nl, &self->msg));
	EXPECT_NE('\0', self->nl.extack[0]);
	EXPECT_EQ(self->before, nl_count_links(&self->nl));
}

TEST_F(netlink, option_changes_refused)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	start_peer(self);
	nl_attr_str(&self->msg, IFLA_IFNAME, "vb");
	ASSERT_EQ(0, finish(self));

	start_peer(self);
	nl_attr_str(&self->msg, IFLA_IFNAME, "other");
	self->msg.hdr.nlmsg_flags &= ~(NLM_F_CREATE | NLM_F_EXCL);
	EXPECT_EQ(-EOPNOTSUPP, finish(self));
	EXPECT_EQ(self->before + 2, nl_count_links(&self->nl));
	if (!in_tree())
		EXPECT_NE('\0', self->nl.extack[0]);

	nl_begin(&self->msg, RTM_GETLINK, 0);
	nl_put(&self->msg, &ifi, sizeof(ifi));
	nl_attr_str(&self->msg, IFLA_IFNAME, "vb");
	EXPECT_EQ(0, nl_talk(&self->nl, &self->msg));
}

/* The ioctl of old, which hands the driver whatever it gets: 0 or -errno. */
static int private_flags(__u32 cmd, __u32 *flags)
{
	struct ethtool_value value = { .cmd = cmd, .data = *flags };
	struct ifreq ifr = { .ifr_name = "va", .ifr_data = (char *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;

	close(fd);
	*flags = value.data;
	return err;
}

TEST_F(netlink, private_flags_that_are_none)
{
	__u32 before = 0, flags = 1U << 31;

	if (in_tree())
		SKIP(return, "the in-tree peer has no private flags");
	start_peer(self);
	nl_attr_str(&self->msg, IFLA_IFNAME, "vb");
	ASSERT_EQ(0, finish(self));
	ASSERT_EQ(0, private_flags(ETHTOOL_GPFLAGS, &before));
	flags |= ~before & 1;
	EXPECT_EQ(-EINVAL, private_flags(ETHTOOL_SPFLAGS, &flags));
	EXPECT_EQ(0, private_flags(ETHTOOL_GPFLAGS, &flags));
	EXPECT_EQ(before, flags);
	flags = ~before & 1;
	EXPECT_EQ(0, private_flags(ETHTOOL_SPFLAGS, &flags));
	EXPECT_EQ(0, private_flags(ETHTOOL_GPFLAGS, &flags));
	EXPECT_EQ(~before & 1, flags);
	EXPECT_EQ(0, nl_del_link(&self->nl, "vb"));
}

TEST_HARNESS_MAIN
