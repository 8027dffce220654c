// SPDX-License-Identifier: GPL-2.0
/* The container's side: its interface, addresses and routes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inside.h"
#include "sysctl.h"

/* Runs a function in the container's namespace. */
static bool inside_run(struct inside *inside, struct cni *cni,
		       bool (*run)(struct inside *inside, struct cni *cni))
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	bool ok;

	if (home < 0 || setns(inside->netns, CLONE_NEWNET)) {
		cni_fail(cni, CNI_IO, "cannot enter %s: %s", cni->netns,
			 strerror(errno));
		if (home >= 0)
			close(home);
		return false;
	}
	ok = run(inside, cni);
	if (setns(home, CLONE_NEWNET))
		ok = cni_fail(cni, CNI_IO, "cannot leave %s: %s", cni->netns,
			      strerror(errno));
	close(home);
	return ok;
}

static bool inside_connect(struct inside *inside, struct cni *cni)
{
	return vnl_open(&inside->nl) ||
	       cni_fail(cni, CNI_IO, "cannot open a netlink socket in %s",
			cni->netns);
}

static bool inside_is_netns(int fd)
{
	return ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

/* What was done to the container would be done to the host. */
static bool inside_is_home(int fd)
{
	struct stat home, there;

	return fstat(fd, &there) || stat("/proc/self/ns/net", &home) ||
	       (home.st_ino == there.st_ino && home.st_dev == there.st_dev);
}

bool inside_open(struct inside *inside, struct cni *cni)
{
	*inside = (struct inside){ .netns = -1 };
	inside->netns = open(cni->netns, O_RDONLY | O_CLOEXEC);
	if (inside->netns < 0)
		return cni_fail(cni, CNI_ENV, "cannot open CNI_NETNS %s: %s",
				cni->netns, strerror(errno));
	if (!inside_is_netns(inside->netns))
		cni_fail(cni, CNI_ENV, "CNI_NETNS %s is no network namespace",
			 cni->netns);
	else if (inside_is_home(inside->netns))
		cni_fail(cni, CNI_ENV,
			 "CNI_NETNS %s is the namespace that the plugin runs in",
			 cni->netns);
	else if (inside_run(inside, cni, inside_connect))
		return true;
	close(inside->netns);
	return false;
}

void inside_close(struct inside *inside)
{
	vnl_close(&inside->nl);
	close(inside->netns);
}

bool inside_look(struct inside *inside, struct cni *cni)
{
	if (!host_link(cni, &inside->nl, cni->ifname, &inside->link))
		return false;
	return inside->link.ifindex ||
	       cni_fail(cni, CNI_DIFFERS, "there is no %s in %s", cni->ifname,
			cni->netns);
}

bool inside_up(struct inside *inside, struct cni *cni)
{
	struct ifinfomsg ifi = {
		.ifi_index = inside->link.ifindex,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	int err;

	err = vnl_do(&inside->nl, vnl_msg(RTM_SETLINK, 0, &ifi, sizeof(ifi)));
	return !err || host_failed(cni, &inside->nl, err,
				   "set the container's interface up");
}

static bool inside_ipv6(struct inside *inside, struct cni *cni)
{
	(void)inside;
	return sysctl_ipv6(cni);
}

static bool inside_add_addr(struct inside *inside, struct cni *cni,
			    struct nl_addr *local)
{
	struct rtnl_addr *addr = rtnl_addr_alloc();
	struct nl_msg *msg;
	int err;

	rtnl_addr_set_ifindex(addr, inside->link.ifindex);
	rtnl_addr_set_local(addr, local);
	/* Who gives addresses sees to it that they are given once. */
	if (nl_addr_get_family(local) == AF_INET6)
		rtnl_addr_set_flags(addr, IFA_F_NODAD);
	err = rtnl_addr_build_add_request(addr, NLM_F_CREATE | NLM_F_EXCL,
					  &msg);
	err = err ? -EINVAL : vnl_do(&inside->nl, msg);
	rtnl_addr_put(addr);
	return !err || host_failed(cni, &inside->nl, err,
				   "give the container its address");
}

static struct rtnl_route *inside_route(const struct inside *inside,
				       const struct ips_route *want)
{
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct rtnl_route *route = rtnl_route_alloc();

	rtnl_route_set_dst(route, want->dst);
	rtnl_route_set_protocol(route, RTPROT_BOOT);
	rtnl_route_set_table(route, want->table ? want->table : RT_TABLE_MAIN);
	if (want->priority)
		rtnl_route_set_priority(route, want->priority);
	if (want->mtu)
		rtnl_route_set_metric(route, RTAX_MTU, want->mtu);
	if (want->advmss)
		rtnl_route_set_metric(route, RTAX_ADVMSS, want->advmss);
	if (want->scope >= 0)
		rtnl_route_set_scope(route, want->scope);
	else
		rtnl_route_set_scope(route, want->gw ? RT_SCOPE_UNIVERSE :
						       RT_SCOPE_LINK);
	rtnl_route_nh_set_ifindex(hop, inside->link.ifindex);
	if (want->gw)
		rtnl_route_nh_set_gateway(hop, want->gw);
	rtnl_route_add_nexthop(route, hop);
	return route;
}

static bool inside_add_route(struct inside *inside, struct cni *cni,
			     const struct ips_route *want)
{
	struct rtnl_route *route = inside_route(inside, want);
	char dst[64], what[128];
	struct nl_msg *msg;
	int err;

	err = rtnl_route_build_add_request(route, NLM_F_CREATE | NLM_F_EXCL,
					   &msg);
	err = err ? -EINVAL : vnl_do(&inside->nl, msg);
	rtnl_route_put(route);
	if (!err)
		return true;
	snprintf(what, sizeof(what), "give the container the route to %s",
		 nl_addr2str(want->dst, dst, sizeof(dst)));
	return host_failed(cni, &inside->nl, err, what);
}

/* An ARP packet that tells all who has the address now. */
static void inside_announce(const struct inside *inside, int fd,
			    const struct nl_addr *addr)
{
	struct {
		struct arphdr head;
		uint8_t from[ETH_ALEN];
		uint8_t from_ip[4];
		uint8_t to[ETH_ALEN];
		uint8_t to_ip[4];
	} __attribute__((packed)) arp = {
		.head.ar_hrd = htons(ARPHRD_ETHER),
		.head.ar_pro = htons(ETH_P_IP),
		.head.ar_hln = ETH_ALEN,
		.head.ar_pln = 4,
		.head.ar_op = htons(ARPOP_REQUEST),
	};
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = inside->link.ifindex,
		.sll_halen = ETH_ALEN,
	};

	memcpy(arp.from, inside->link.mac, sizeof(arp.from));
	memcpy(arp.from_ip, nl_addr_get_binary_addr(addr), 4);
	memcpy(arp.to_ip, nl_addr_get_binary_addr(addr), 4);
	memset(to.sll_addr, 0xff, ETH_ALEN);
	/* It spares others a time-out; nothing depends on it. */
	if (sendto(fd, &arp, sizeof(arp), 0, (void *)&to, sizeof(to)) < 0)
		fprintf(stderr, "vnet-cni: cannot announce the address: %s\n",
			strerror(errno));
}

/* A socket of the container's that sends and does not receive. */
static int inside_packet_fd;

static bool inside_packet_socket(struct inside *inside, struct cni *cni)
{
	(void)inside;
	(void)cni;
	inside_packet_fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return true;
}

static void inside_announce_all(struct inside *inside, struct cni *cni,
				const struct ips *ips)
{
	if (!inside_run(inside, cni, inside_packet_socket) ||
	    inside_packet_fd < 0)
		return;
	for (size_t i = 0; i < ips->addrs; i++) {
		if (nl_addr_get_family(ips->addr[i].addr) == AF_INET)
			inside_announce(inside, inside_packet_fd,
					ips->addr[i].addr);
	}
	close(inside_packet_fd);
}

bool inside_set(struct inside *inside, struct cni *cni, const struct ips *ips)
{
	bool ipv6 = false;

	for (size_t i = 0; i < ips->addrs; i++) {
		struct nl_addr *addr = ips->addr[i].addr;

		if (nl_addr_get_family(addr) == AF_INET6 && !ipv6) {
			ipv6 = inside_run(inside, cni, inside_ipv6);
			if (!ipv6)
				return false;
		}
		if (!inside_add_addr(inside, cni, addr))
			return false;
	}
	for (size_t i = 0; i < ips->routes; i++) {
		if (!inside_add_route(inside, cni, &ips->route[i]))
			return false;
	}
	inside_announce_all(inside, cni, ips);
	return true;
}

/* What is looked for in a dump. */
struct inside_search {
	const struct inside *inside;
	const struct nl_addr *addr;
	const struct ips_route *route;
	bool found;
};

static bool inside_same(const struct nl_addr *addr, const struct nlattr *attr)
{
	return attr && nla_len(attr) == (int)nl_addr_get_len(addr) &&
	       memcmp(nla_data(attr), nl_addr_get_binary_addr(addr),
		      nla_len(attr)) == 0;
}

static int inside_find_addr(struct nlmsghdr *hdr, void *arg)
{
	const struct ifaddrmsg *ifa = nlmsg_data(hdr);
	struct inside_search *search = arg;
	struct nlattr *tb[IFA_MAX + 1];

	if (nlmsg_parse(hdr, sizeof(*ifa), tb, IFA_MAX, NULL) < 0)
		return -EBADMSG;
	if ((int)ifa->ifa_index == search->inside->link.ifindex &&
	    ifa->ifa_prefixlen == nl_addr_get_prefixlen(search->addr) &&
	    inside_same(search->addr,
			tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS]))
		search->found = true;
	return 0;
}

static int inside_find_route(struct nlmsghdr *hdr, void *arg)
{
	const struct rtmsg *rtm = nlmsg_data(hdr);
	struct inside_search *search = arg;
	const struct ips_route *want = search->route;
	struct nlattr *tb[RTA_MAX + 1];

	if (nlmsg_parse(hdr, sizeof(*rtm), tb, RTA_MAX, NULL) < 0)
		return -EBADMSG;
	if ((int)vnl_attr_u32(tb[RTA_OIF], 0) == search->inside->link.ifindex &&
	    rtm->rtm_dst_len == nl_addr_get_prefixlen(want->dst) &&
	    (!rtm->rtm_dst_len || inside_same(want->dst, tb[RTA_DST])) &&
	    (!want->gw || inside_same(want->gw, tb[RTA_GATEWAY])))
		search->found = true;
	return 0;
}

static bool inside_find(struct inside *inside, struct cni *cni,
			struct inside_search *search, const struct nl_addr *what)
{
	struct ifaddrmsg ifa = { .ifa_family = nl_addr_get_family(what) };
	struct rtmsg rtm = { .rtm_family = nl_addr_get_family(what) };
	char text[64];
	int err;

	search->inside = inside;
	if (search->addr)
		err = vnl_dump(&inside->nl,
			       vnl_msg(RTM_GETADDR, NLM_F_DUMP, &ifa,
				       sizeof(ifa)),
			       inside_find_addr, search);
	else
		err = vnl_dump(&inside->nl,
			       vnl_msg(RTM_GETROUTE, NLM_F_DUMP, &rtm,
				       sizeof(rtm)),
			       inside_find_route, search);
	if (err < 0)
		return host_failed(cni, &inside->nl, err, "read the container's addresses");
	return search->found ||
	       cni_fail(cni, CNI_DIFFERS, "the container's %s has lost %s %s",
			cni->ifname, search->addr ? "the address" : "the route to",
			nl_addr2str(what, text, sizeof(text)));
}

bool inside_check(struct inside *inside, struct cni *cni,
		  const struct ips *ips)
{
	for (size_t i = 0; i < ips->addrs; i++) {
		struct inside_search search = { .addr = ips->addr[i].addr };

		if (!inside_find(inside, cni, &search, ips->addr[i].addr))
			return false;
	}
	for (size_t i = 0; i < ips->routes; i++) {
		struct inside_search search = { .route = &ips->route[i] };

		if (!inside_find(inside, cni, &search, ips->route[i].dst))
			return false;
	}
	return true;
}
