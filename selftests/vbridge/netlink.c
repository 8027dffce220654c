// SPDX-License-Identifier: GPL-2.0
/*
 * What no tool would send, and what the tool at hand may be too old to send: requests about a bridge and its ports that
 * are cut short, unknown, read-only or out of range are refused with a sentence, and change nothing; the limit of learned
 * addresses holds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "harness.h"
#include "nl.h"

/* Newer than some of the headers this is built with. */
#define BR_FDB_N_LEARNED 48
#define BR_FDB_MAX_LEARNED 49

static const char *kind(const char *variable, const char *other)
{
	const char *name = getenv(variable);

	return name ? name : other;
}

FIXTURE(netlink) {
	struct nl_sock nl;
	struct nl_msg msg;
	struct nlattr *info, *data;
	int bridge, port;
};

static void start_link(FIXTURE_DATA(netlink) *self, const char *name, const char *link_kind, int flags)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	nl_begin(&self->msg, RTM_NEWLINK, flags);
	nl_put(&self->msg, &ifi, sizeof(ifi));
	nl_attr_str(&self->msg, IFLA_IFNAME, name);
	if (self->bridge && !strcmp(name, "port"))
		nl_attr_u32(&self->msg, IFLA_MASTER, self->bridge);
	self->info = nl_nest(&self->msg, IFLA_LINKINFO);
	nl_attr_str(&self->msg, IFLA_INFO_KIND, link_kind);
	self->data = nl_nest(&self->msg, IFLA_INFO_DATA);
}

static int finish_link(FIXTURE_DATA(netlink) *self)
{
	nl_nest_end(&self->msg, self->data);
	nl_nest_end(&self->msg, self->info);
	return nl_talk(&self->nl, &self->msg);
}

static int make_pair(FIXTURE_DATA(netlink) *self)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct nlattr *peer;

	start_link(self, "port", kind("VNET_PAIR", "vveth"), NLM_F_CREATE | NLM_F_EXCL);
	peer = nl_nest(&self->msg, VETH_INFO_PEER);
	nl_put(&self->msg, &ifi, sizeof(ifi));
	nl_attr_str(&self->msg, IFLA_IFNAME, "station");
	nl_nest_end(&self->msg, peer);
	return finish_link(self);
}

/* No frames but the test's own. Where the kernel has no IPv6 there is nothing to do. */
static void disable_ipv6(void)
{
	FILE *file = fopen("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w");

	if (file) {
		fputs("1", file);
		fclose(file);
	}
}

/* A namespace for each test, which ends with the test's process. */
FIXTURE_SETUP(netlink)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	self->bridge = 0;
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	disable_ipv6();
	ASSERT_EQ(0, nl_open(&self->nl, 0));
	start_link(self, "vbr0", kind("VNET_BRIDGE", "vbridge"), NLM_F_CREATE | NLM_F_EXCL);
	ASSERT_EQ(0, finish_link(self));
	self->bridge = if_nametoindex("vbr0");
	ASSERT_EQ(0, make_pair(self));
	self->port = if_nametoindex("port");

	nl_begin(&self->msg, RTM_SETLINK, 0);
	ifi.ifi_index = self->port;
	nl_put(&self->msg, &ifi, sizeof(ifi));
	nl_attr_u32(&self->msg, IFLA_MASTER, self->bridge);
	ASSERT_EQ(0, nl_talk(&self->nl, &self->msg));
}

FIXTURE_TEARDOWN(netlink)
{
	close(self->nl.fd);
}

struct found {
	const char *name;
	unsigned short nest, type;
	unsigned int value;
	bool is_there;
};

/* The first four bytes, or fewer, of an option of a link. */
static void find_option(const struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *name = nl_link_attr(hdr, IFLA_IFNAME), *info = nl_link_attr(hdr, IFLA_LINKINFO), *attr;
	struct found *found = arg;
	size_t len;

	if (!name || !info || strcmp(nl_data(name), found->name))
		return;
	attr = nl_find(nl_data(info), info->nla_len - NLA_HDRLEN, found->nest);
	if (attr)
		attr = nl_find(nl_data(attr), attr->nla_len - NLA_HDRLEN, found->type);
	if (!attr)
		return;
	len = attr->nla_len - NLA_HDRLEN;
	found->is_there = true;
	memcpy(&found->value, nl_data(attr), len < sizeof(found->value) ? len : sizeof(found->value));
}

static unsigned int option(FIXTURE_DATA(netlink) *self, unsigned short nest, unsigned short type)
{
	struct found found = { .name = nest == IFLA_INFO_DATA ? "vbr0" : "port", .nest = nest, .type = type };

	if (nl_each_link(&self->nl, find_option, &found) < 0 || !found.is_there)
		return 0xdeadbeef;
	return found.value;
}

/* A change of the bridge with two options: one that is good, and then the test's own. */
static int change_bridge(FIXTURE_DATA(netlink) *self, unsigned short type, const void *value, size_t len)
{
	start_link(self, "vbr0", kind("VNET_BRIDGE", "vbridge"), 0);
	nl_attr_u32(&self->msg, IFLA_BR_AGEING_TIME, 800);
	nl_attr(&self->msg, type, value, len);
	return finish_link(self);
}

/* The same for the port, through the kind of the slave. */
static int change_port(FIXTURE_DATA(netlink) *self, unsigned short type, const void *value, size_t len)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_index = self->port };
	unsigned char on = 1;

	nl_begin(&self->msg, RTM_NEWLINK, 0);
	nl_put(&self->msg, &ifi, sizeof(ifi));
	self->info = nl_nest(&self->msg, IFLA_LINKINFO);
	nl_attr_str(&self->msg, IFLA_INFO_SLAVE_KIND, kind("VNET_BRIDGE", "vbridge"));
	self->data = nl_nest(&self->msg, IFLA_INFO_SLAVE_DATA);
	nl_attr(&self->msg, IFLA_BRPORT_ISOLATED, &on, sizeof(on));
	nl_attr(&self->msg, type, value, len);
	return finish_link(self);
}

/* The same through `bridge link set`. */
static int change_port_by_family(FIXTURE_DATA(netlink) *self, unsigned short type, const void *value, size_t len)
{
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE, .ifi_index = self->port };
	unsigned char on = 1;
	struct nlattr *nest;

	nl_begin(&self->msg, RTM_SETLINK, 0);
	nl_put(&self->msg, &ifi, sizeof(ifi));
	nest = nl_nest(&self->msg, IFLA_PROTINFO | NLA_F_NESTED);
	nl_attr(&self->msg, IFLA_BRPORT_ISOLATED, &on, sizeof(on));
	nl_attr(&self->msg, type, value, len);
	nl_nest_end(&self->msg, nest);
	return nl_talk(&self->nl, &self->msg);
}

/* Refused with a sentence, and the good option beside the bad one was not applied. */
#define EXPECT_BRIDGE_REFUSED(rc) do {									\
	EXPECT_GT(0, rc);										\
	EXPECT_LT(10, strlen(self->nl.extack));							\
	EXPECT_EQ(30000, option(self, IFLA_INFO_DATA, IFLA_BR_AGEING_TIME));				\
} while (0)

#define EXPECT_PORT_REFUSED(rc) do {									\
	EXPECT_GT(0, rc);										\
	EXPECT_LT(10, strlen(self->nl.extack));							\
	EXPECT_EQ(0, option(self, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_ISOLATED));			\
} while (0)

TEST_F(netlink, good_options_are_taken)
{
	unsigned short mask = 0x4000;
	unsigned char off = 0;

	EXPECT_EQ(0, change_bridge(self, IFLA_BR_GROUP_FWD_MASK, &mask, sizeof(mask)));
	EXPECT_EQ(800, option(self, IFLA_INFO_DATA, IFLA_BR_AGEING_TIME));
	EXPECT_EQ(0x4000, option(self, IFLA_INFO_DATA, IFLA_BR_GROUP_FWD_MASK));
	EXPECT_EQ(0, change_port(self, IFLA_BRPORT_LEARNING, &off, sizeof(off)));
	EXPECT_EQ(1, option(self, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_ISOLATED));
	EXPECT_EQ(0, option(self, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_LEARNING));
	EXPECT_EQ(0, change_port_by_family(self, IFLA_BRPORT_UNICAST_FLOOD, &off, sizeof(off)));
	EXPECT_EQ(0, option(self, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_UNICAST_FLOOD));
}

TEST_F(netlink, unknown_options)
{
	unsigned int value = 0;

	EXPECT_BRIDGE_REFUSED(change_bridge(self, 200, &value, sizeof(value)));
	EXPECT_BRIDGE_REFUSED(change_bridge(self, IFLA_BR_PAD, &value, sizeof(value)));
	EXPECT_BRIDGE_REFUSED(change_bridge(self, 0, &value, sizeof(value)));
	EXPECT_PORT_REFUSED(change_port(self, 200, &value, sizeof(value)));
	EXPECT_PORT_REFUSED(change_port(self, IFLA_BRPORT_PAD, &value, sizeof(value)));
	EXPECT_PORT_REFUSED(change_port_by_family(self, 200, &value, sizeof(value)));
}

TEST_F(netlink, lengths)
{
	unsigned char bytes[16] = {};
	unsigned int i;

	for (i = 0; i < sizeof(bytes); i++) {
		if (i != sizeof(unsigned int))
			EXPECT_BRIDGE_REFUSED(change_bridge(self, BR_FDB_MAX_LEARNED, bytes, i));
		if (i != sizeof(unsigned short))
			EXPECT_BRIDGE_REFUSED(change_bridge(self, IFLA_BR_GROUP_FWD_MASK, bytes, i));
		if (i != ETH_ALEN)
			EXPECT_BRIDGE_REFUSED(change_bridge(self, IFLA_BR_GROUP_ADDR, bytes, i));
		if (i != sizeof(struct br_boolopt_multi))
			EXPECT_BRIDGE_REFUSED(change_bridge(self, IFLA_BR_MULTI_BOOLOPT, bytes, i));
		if (i != sizeof(unsigned char)) {
			EXPECT_PORT_REFUSED(change_port(self, IFLA_BRPORT_LEARNING, bytes, i));
			EXPECT_PORT_REFUSED(change_port_by_family(self, IFLA_BRPORT_LEARNING, bytes, i));
		}
	}
	EXPECT_BRIDGE_REFUSED(change_bridge(self, IFLA_BR_FDB_FLUSH, bytes, 1));
	EXPECT_PORT_REFUSED(change_port(self, IFLA_BRPORT_FLUSH, bytes, 1));
}

TEST_F(netlink, cut_short)
{
	unsigned int value = 0;
	struct nlattr *nest;

	start_link(self, "vbr0", kind("VNET_BRIDGE", "vbridge"), 0);
	nl_attr_u32(&self->msg, IFLA_BR_AGEING_TIME, 800);
	nest = nl_attr(&self->msg, IFLA_BR_GROUP_FWD_MASK, &value, sizeof(unsigned short));
	nest->nla_len = 100;
	EXPECT_BRIDGE_REFUSED(finish_link(self));
}

TEST_F(netlink, what_can_only_be_read)
{
	static const unsigned short of_bridge[] = {
		IFLA_BR_ROOT_ID, IFLA_BR_BRIDGE_ID, IFLA_BR_ROOT_PORT, IFLA_BR_ROOT_PATH_COST, IFLA_BR_TOPOLOGY_CHANGE,
		IFLA_BR_GC_TIMER, BR_FDB_N_LEARNED,
	};
	static const unsigned short of_port[] = {
		IFLA_BRPORT_ROOT_ID, IFLA_BRPORT_DESIGNATED_PORT, IFLA_BRPORT_ID, IFLA_BRPORT_NO, IFLA_BRPORT_HOLD_TIMER,
	};
	unsigned long long value = 0;
	unsigned int i;

	for (i = 0; i < sizeof(of_bridge) / sizeof(of_bridge[0]); i++)
		EXPECT_BRIDGE_REFUSED(change_bridge(self, of_bridge[i], &value, sizeof(value)));
	for (i = 0; i < sizeof(of_port) / sizeof(of_port[0]); i++)
		EXPECT_PORT_REFUSED(change_port(self, of_port[i], &value, sizeof(value)));
}

TEST_F(netlink, out_of_range)
{
	unsigned short masks[] = { 0x0001, 0x0002, 0x0004, 0xffff };
	unsigned char five = 5, two = 2;
	unsigned int i;

	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		EXPECT_BRIDGE_REFUSED(change_bridge(self, IFLA_BR_GROUP_FWD_MASK, &masks[i], sizeof(masks[i])));
	EXPECT_PORT_REFUSED(change_port(self, IFLA_BRPORT_GROUP_FWD_MASK, &masks[1], sizeof(masks[1])));
	EXPECT_PORT_REFUSED(change_port(self, IFLA_BRPORT_STATE, &five, sizeof(five)));
	EXPECT_PORT_REFUSED(change_port(self, IFLA_BRPORT_MODE, &two, sizeof(two)));
}

/* What follows a frame or a change of a link comes some time after it. */
static unsigned int wait_option(FIXTURE_DATA(netlink) *self, unsigned short nest, unsigned short type, unsigned int want)
{
	unsigned int have = ~want, tries;

	for (tries = 0; tries < 500 && have != want; tries++) {
		if (tries)
			usleep(10000);
		have = option(self, nest, type);
	}
	return have;
}

/* A change of the state that is that state and no more, as daemons of a spanning tree sent it once. */
static int change_state(FIXTURE_DATA(netlink) *self, const void *value, size_t len)
{
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE, .ifi_index = self->port };

	nl_begin(&self->msg, RTM_SETLINK, 0);
	nl_put(&self->msg, &ifi, sizeof(ifi));
	nl_attr(&self->msg, IFLA_PROTINFO, value, len);
	return nl_talk(&self->nl, &self->msg);
}

TEST_F(netlink, state_alone)
{
	unsigned char blocking = BR_STATE_BLOCKING, five = 5;

	ASSERT_EQ(BR_STATE_FORWARDING,
		  wait_option(self, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_STATE, BR_STATE_FORWARDING));
	EXPECT_PORT_REFUSED(change_state(self, &five, 1));
	EXPECT_PORT_REFUSED(change_state(self, &blocking, 0));
	EXPECT_EQ(BR_STATE_FORWARDING, option(self, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_STATE));
	EXPECT_EQ(0, change_state(self, &blocking, 1));
	EXPECT_EQ(BR_STATE_BLOCKING, option(self, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_STATE));
}

/* An address of the device's own list comes, or goes. */
static int own_address(const char *name, unsigned char nr, bool comes)
{
	struct ifreq ifr = { .ifr_hwaddr.sa_data = { 0x33, 0x33, 0x77, 0, 0, nr } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), rc;

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	rc = ioctl(fd, comes ? SIOCADDMULTI : SIOCDELMULTI, &ifr) ? -errno : 0;
	close(fd);
	return rc;
}

/* An address of the bridge in its table. */
static int table_address(FIXTURE_DATA(netlink) *self, int bridge, unsigned short nr)
{
	struct ndmsg ndm = {
		.ndm_family = AF_BRIDGE, .ndm_ifindex = bridge, .ndm_state = NUD_PERMANENT, .ndm_flags = NTF_SELF,
	};
	unsigned char mac[ETH_ALEN] = { 2, 0, 0, 0x77, nr >> 8, nr };

	nl_begin(&self->msg, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(&self->msg, &ndm, sizeof(ndm));
	nl_attr(&self->msg, NDA_LLADDR, mac, sizeof(mac));
	return nl_talk(&self->nl, &self->msg);
}

/* An entry with one attribute of those that entries of many homes have: NFEA_*. */
static int home_of_many(FIXTURE_DATA(netlink) *self, int type, const void *value, size_t len)
{
	struct ndmsg ndm = {
		.ndm_family = AF_BRIDGE, .ndm_ifindex = self->bridge, .ndm_state = NUD_NOARP, .ndm_flags = NTF_SELF,
	};
	struct nlattr *ext;

	nl_begin(&self->msg, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	nl_put(&self->msg, &ndm, sizeof(ndm));
	nl_attr(&self->msg, NDA_LLADDR, "\x02\x00\x00\x77\x01\x01", ETH_ALEN);
	nl_attr_u32(&self->msg, NDA_IFINDEX, self->port);
	ext = nl_nest(&self->msg, NDA_FDB_EXT_ATTRS | NLA_F_NESTED);
	nl_attr(&self->msg, type, value, len);
	nl_nest_end(&self->msg, ext);
	return nl_talk(&self->nl, &self->msg);
}

/* They are taken where they ask for nothing that the bridge does not do. */
TEST_F(netlink, entries_of_many_homes)
{
	unsigned char none = 0, notify = 1;

	if (strcmp(kind("VNET_BRIDGE", "vbridge"), "vbridge"))
		SKIP(return, "the in-tree bridge does it all");
	EXPECT_EQ(0, home_of_many(self, NFEA_DONT_REFRESH, NULL, 0));
	EXPECT_EQ(0, home_of_many(self, NFEA_ACTIVITY_NOTIFY, &none, sizeof(none)));
	EXPECT_EQ(-EOPNOTSUPP, home_of_many(self, NFEA_ACTIVITY_NOTIFY, &notify, sizeof(notify)));
	EXPECT_LT(10, strlen(self->nl.extack));
	EXPECT_EQ(-EINVAL, home_of_many(self, NFEA_ACTIVITY_NOTIFY, NULL, 0));
	EXPECT_EQ(-EINVAL, home_of_many(self, NFEA_MAX + 1, &none, sizeof(none)));
}

/* What one message says of a bridge: addresses of its own list, and of its table; false at the end. */
static bool told(const struct nl_sock *nl, int bridge, unsigned int *own, unsigned int *table)
{
	static unsigned char buffer[4096];
	int len = recv(nl->fd, buffer, sizeof(buffer), 0), left = len;
	struct nlmsghdr *hdr = (void *)buffer;

	for (; NLMSG_OK(hdr, (unsigned int)left); hdr = NLMSG_NEXT(hdr, left)) {
		const struct ndmsg *ndm = NLMSG_DATA(hdr);
		const struct nlattr *mac;

		if (hdr->nlmsg_type == NLMSG_DONE || hdr->nlmsg_type == NLMSG_ERROR)
			return false;
		mac = nl_find((const char *)ndm + NLMSG_ALIGN(sizeof(*ndm)), hdr->nlmsg_len - NLMSG_LENGTH(sizeof(*ndm)),
			      NDA_LLADDR);
		if (ndm->ndm_ifindex != bridge || !mac)
			continue;
		*own += !memcmp(nl_data(mac), "\x33\x33\x77", 3);
		*table += !memcmp(nl_data(mac), "\x02\x00\x00\x77", 4);
	}
	return len > 0;
}

/* Two bridges with so many addresses in their tables, and a dump of both that has been asked for. */
static unsigned int dump_two(FIXTURE_DATA(netlink) *self, struct nl_sock *dump, unsigned int own)
{
	struct ndmsg ndm = { .ndm_family = AF_BRIDGE };
	unsigned int i, other;
	int rc;

	start_link(self, "vbr1", kind("VNET_BRIDGE", "vbridge"), NLM_F_CREATE | NLM_F_EXCL);
	rc = finish_link(self);
	other = if_nametoindex("vbr1");
	for (i = 0; i < 300 && !rc; i++)
		rc = table_address(self, self->bridge, i);
	for (i = 0; i < 10 && !rc; i++)
		rc = table_address(self, other, i);
	for (i = 0; i < own && !rc; i++)
		rc = own_address("vbr1", i, true);
	rc = rc ?: nl_open(dump, 0);
	nl_begin(&self->msg, RTM_GETNEIGH, NLM_F_DUMP);
	nl_put(&self->msg, &ndm, sizeof(ndm));
	return rc || nl_send(dump, &self->msg) ? 0 : other;
}

/* Between two messages of a dump the first bridge goes; the table of the second is told from its beginning. */
TEST_F(netlink, bridge_goes_in_a_dump)
{
	unsigned int other, own = 0, table = 0;
	struct nl_sock dump;

	other = dump_two(self, &dump, 0);
	ASSERT_LT(0, other);
	while (!table && told(&dump, self->bridge, &own, &table))
		;
	ASSERT_LT(0, table);
	ASSERT_EQ(0, nl_del_link(&self->nl, "vbr0"));
	table = 0;
	while (told(&dump, other, &own, &table))
		;
	EXPECT_EQ(10, table);
	close(dump.fd);
}

/* Between two messages of a dump the second bridge's own list grows short; its table is told all the same, and once. */
TEST_F(netlink, own_list_grows_short_in_a_dump)
{
	unsigned int i, other, own = 0, table = 0;
	struct nl_sock dump;

	/* Three messages and more: the one that was read and the next are there when the list is changed. */
	other = dump_two(self, &dump, 250);
	ASSERT_LT(0, other);
	while (!own && told(&dump, other, &own, &table))
		;
	ASSERT_LT(0, own);
	ASSERT_EQ(0, table);
	for (i = 0; i < 250; i++)
		ASSERT_EQ(0, own_address("vbr1", i, false));
	while (told(&dump, other, &own, &table))
		;
	EXPECT_GT(250, own);
	EXPECT_EQ(10, table);
	close(dump.fd);
}

/* A bridge that is refused is not made. */
TEST_F(netlink, new_bridge_with_a_bad_option)
{
	int before = nl_count_links(&self->nl);

	start_link(self, "vbr1", kind("VNET_BRIDGE", "vbridge"), NLM_F_CREATE | NLM_F_EXCL);
	nl_attr_u32(&self->msg, IFLA_BR_STP_STATE, 1);
	EXPECT_GT(0, finish_link(self));
	EXPECT_LT(10, strlen(self->nl.extack));
	start_link(self, "vbr1", kind("VNET_BRIDGE", "vbridge"), NLM_F_CREATE | NLM_F_EXCL);
	nl_attr_u32(&self->msg, 200, 1);
	EXPECT_GT(0, finish_link(self));
	EXPECT_LT(10, strlen(self->nl.extack));
	EXPECT_EQ(before, nl_count_links(&self->nl));
}

/* A frame from the station with that last byte in its source address. */
static int send_from(unsigned char last)
{
	unsigned char frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0x55, last, 0x88, 0xb5 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex("station") };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), rc;

	rc = sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	return rc == sizeof(frame) ? 0 : -errno;
}

static unsigned int wait_learned(FIXTURE_DATA(netlink) *self, unsigned int want)
{
	return wait_option(self, IFLA_INFO_DATA, BR_FDB_N_LEARNED, want);
}

TEST_F(netlink, learned_addresses_are_limited)
{
	unsigned int max = 4;
	int i;

	ASSERT_EQ(262144, option(self, IFLA_INFO_DATA, BR_FDB_MAX_LEARNED));
	ASSERT_EQ(0, change_bridge(self, BR_FDB_MAX_LEARNED, &max, sizeof(max)));
	EXPECT_EQ(4, option(self, IFLA_INFO_DATA, BR_FDB_MAX_LEARNED));
	ASSERT_EQ(0, option(self, IFLA_INFO_DATA, BR_FDB_N_LEARNED));
	ASSERT_EQ(BR_STATE_FORWARDING,
		  wait_option(self, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_STATE, BR_STATE_FORWARDING));
	for (i = 1; i <= 3; i++)
		ASSERT_EQ(0, send_from(i));
	EXPECT_EQ(3, wait_learned(self, 3));
	for (i = 4; i <= 20; i++)
		ASSERT_EQ(0, send_from(i));
	EXPECT_EQ(4, wait_learned(self, 4));
	/* None of those on the way adds to that. */
	EXPECT_EQ(4, option(self, IFLA_INFO_DATA, BR_FDB_N_LEARNED));
	max = 0;
	ASSERT_EQ(0, change_bridge(self, BR_FDB_MAX_LEARNED, &max, sizeof(max)));
	for (i = 4; i <= 20; i++)
		ASSERT_EQ(0, send_from(i));
	EXPECT_EQ(20, wait_learned(self, 20));
}

TEST_HARNESS_MAIN
