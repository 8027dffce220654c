// SPDX-License-Identifier: GPL-2.0
/*
 * The host's side: the bridge, the pairs, their ports.
 *
 * Nothing is kept in files. The outer end's name is made out of the network,
 * the container and its interface, so that DEL finds it when the container's
 * namespace has gone; its alias names all three in words, for GC and people.
 */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netlink/route/addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vnet/vveth.h>

#include "../vnet/kinds.h"
#include "host.h"
#include "sysctl.h"

#define HOST_WAIT_MS	2000
#define HOST_STEP_MS	10
#define HOST_VID_MAX	4094
#define HOST_BAD_MODE	99

bool host_failed(struct cni *cni, const struct vnl *nl, int err,
		 const char *what)
{
	const char *words = strerror(-err);

	if (cni->code == CNI_OK)
		snprintf(cni->details, sizeof(cni->details), "%s",
			 nl->sentence[0] ? nl->sentence : words);
	return cni_fail(cni, CNI_KERNEL, "cannot %s: %s", what,
			nl->sentence[0] ? nl->sentence : words);
}

static void host_parse_info(struct host_link *link, struct nlattr *info)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1], *attr;

	if (nla_parse_nested(tb, IFLA_INFO_MAX, info, NULL) < 0)
		return;
	if (tb[IFLA_INFO_KIND])
		nla_strlcpy(link->kind, tb[IFLA_INFO_KIND],
			    sizeof(link->kind));
	if (tb[IFLA_INFO_SLAVE_DATA]) {
		attr = nla_find(nla_data(tb[IFLA_INFO_SLAVE_DATA]),
				nla_len(tb[IFLA_INFO_SLAVE_DATA]),
				IFLA_BRPORT_STATE);
		if (attr)
			link->state = nla_get_u8(attr);
	}
	if (tb[IFLA_INFO_DATA] && strcmp(link->kind, KIND_BRIDGE) == 0) {
		attr = nla_find(nla_data(tb[IFLA_INFO_DATA]),
				nla_len(tb[IFLA_INFO_DATA]),
				IFLA_BR_VLAN_FILTERING);
		link->filters = attr && nla_get_u8(attr);
	}
}

static int host_parse(struct nlmsghdr *hdr, void *arg)
{
	const struct ifinfomsg *ifi = nlmsg_data(hdr);
	struct nlattr *tb[IFLA_MAX + 1];
	struct host_link *link = arg;

	if (nlmsg_parse(hdr, sizeof(*ifi), tb, IFLA_MAX, NULL) < 0)
		return -EBADMSG;
	*link = (struct host_link){ .ifindex = ifi->ifi_index, .state = -1 };
	if (tb[IFLA_IFNAME])
		nla_strlcpy(link->name, tb[IFLA_IFNAME], sizeof(link->name));
	if (tb[IFLA_IFALIAS])
		nla_strlcpy(link->alias, tb[IFLA_IFALIAS],
			    sizeof(link->alias));
	if (tb[IFLA_ADDRESS])
		nla_memcpy(link->mac, tb[IFLA_ADDRESS], sizeof(link->mac));
	link->mtu = vnl_attr_u32(tb[IFLA_MTU], 0);
	link->master = vnl_attr_u32(tb[IFLA_MASTER], 0);
	if (tb[IFLA_LINKINFO])
		host_parse_info(link, tb[IFLA_LINKINFO]);
	return 0;
}

/* A request about a device, by its number or, where that is 0, by its name. */
static struct nl_msg *host_msg(int type, int flags, int family, int ifindex)
{
	struct ifinfomsg ifi = {
		.ifi_family = family,
		.ifi_index = ifindex,
	};

	return vnl_msg(type, flags, &ifi, sizeof(ifi));
}

static struct nl_msg *host_up_msg(int type, int flags, int ifindex)
{
	struct ifinfomsg ifi = {
		.ifi_index = ifindex,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};

	return vnl_msg(type, flags, &ifi, sizeof(ifi));
}

bool host_link(struct cni *cni, struct vnl *nl, const char *name,
	       struct host_link *link)
{
	struct nl_msg *msg = host_msg(RTM_GETLINK, 0, AF_UNSPEC, 0);
	char what[64];
	int err;

	memset(link, 0, sizeof(*link));
	vnl_put_str(msg, IFLA_IFNAME, name);
	vnl_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	err = vnl_get(nl, msg, host_parse, link);
	if (!err || err == -ENODEV)
		return true;
	snprintf(what, sizeof(what), "look up %s", name);
	return host_failed(cni, nl, err, what);
}

/* The kernel does not know the kind, and has found no module that does. */
static bool host_no_kind(const struct vnl *nl, int err)
{
	return err == -EOPNOTSUPP &&
	       strcmp(nl->sentence, "Unknown device type") == 0;
}

/* @shared: another call may have made it just now, and that is as good. */
static bool host_create(struct cni *cni, struct vnl *nl, struct nl_msg *msg,
			const char *kind, const char *name, bool shared)
{
	int err = vnl_do(nl, msg);
	char what[64];

	if (!err || (shared && err == -EEXIST))
		return true;
	if (host_no_kind(nl, err))
		return cni_fail(cni, CNI_NOT_AVAILABLE,
				"the kernel does not know devices of type %s: load the module with \"modprobe %s\"",
				kind, kind);
	snprintf(what, sizeof(what), "make the %s %s", kind, name);
	return host_failed(cni, nl, err, what);
}

/*
 * With an address of its own from the start, the bridge does not take that of
 * one port after another, which would be the gateway's.
 */
static bool host_bridge_add(struct cni *cni, struct vnl *nl)
{
	struct nl_msg *msg = host_up_msg(RTM_NEWLINK,
					 NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data;
	uint8_t mac[CNI_ETH_ALEN];
	uint8_t on = 1;

	if (getentropy(mac, sizeof(mac))) {
		nlmsg_free(msg);
		return cni_fail(cni, CNI_IO, "no address for the bridge: %s",
				strerror(errno));
	}
	mac[0] = (mac[0] & 0xfc) | 2;
	vnl_put_str(msg, IFLA_IFNAME, cni->conf.bridge);
	vnl_put(msg, IFLA_ADDRESS, mac, sizeof(mac));
	info = vnl_nest(msg, IFLA_LINKINFO);
	vnl_put_str(msg, IFLA_INFO_KIND, KIND_BRIDGE);
	if (cni->conf.vlan) {
		data = vnl_nest(msg, IFLA_INFO_DATA);
		vnl_put(msg, IFLA_BR_VLAN_FILTERING, &on, sizeof(on));
		nla_nest_end(msg, data);
	}
	nla_nest_end(msg, info);
	return host_create(cni, nl, msg, KIND_BRIDGE, cni->conf.bridge, true);
}

static bool host_up(struct cni *cni, struct vnl *nl, int ifindex,
		    const char *name)
{
	int err = vnl_do(nl, host_up_msg(RTM_SETLINK, 0, ifindex));
	char what[64];

	if (!err)
		return true;
	snprintf(what, sizeof(what), "set %s up", name);
	return host_failed(cni, nl, err, what);
}

bool host_bridge(struct cni *cni, struct vnl *nl, struct host_link *bridge)
{
	const char *name = cni->conf.bridge;

	if (!host_link(cni, nl, name, bridge))
		return false;
	if (!bridge->ifindex && (!host_bridge_add(cni, nl) ||
				 !host_link(cni, nl, name, bridge)))
		return false;
	if (strcmp(bridge->kind, KIND_BRIDGE) != 0)
		return cni_fail(cni, CNI_CONFIG,
				"\"%s\" is there and of type %s, not %s", name,
				bridge->kind[0] ? bridge->kind : "unknown",
				KIND_BRIDGE);
	if (cni->conf.vlan && !bridge->filters)
		return cni_fail(cni, CNI_CONFIG,
				"\"%s\" does not filter VLANs: ip link set %s type %s vlan_filtering 1",
				name, name, KIND_BRIDGE);
	return host_up(cni, nl, bridge->ifindex, name);
}

/* FNV-1a, over a word and the NUL behind it. */
static uint64_t host_hash(uint64_t hash, const char *word)
{
	do {
		hash = (hash ^ (uint8_t)*word) * 0x100000001b3ull;
	} while (*word++);
	return hash;
}

void host_pair_name(const struct cni *cni, char name[IFNAMSIZ])
{
	uint64_t hash = 0xcbf29ce484222325ull;

	hash = host_hash(hash, cni->network);
	hash = host_hash(hash, cni->container);
	hash = host_hash(hash, cni->ifname);
	snprintf(name, IFNAMSIZ, "vc%012llx",
		 (unsigned long long)(hash ^ hash >> 48) & 0xffffffffffffull);
}

/* Return: whether the kernel has room for it. */
static bool host_alias(const struct cni *cni, char alias[HOST_ALIAS_SIZE])
{
	int len = snprintf(alias, HOST_ALIAS_SIZE, "vnet-cni %s %s %s",
			   cni->network, cni->container, cni->ifname);

	return len < HOST_ALIAS_SIZE;
}

static bool host_pair_create(struct cni *cni, struct vnl *nl,
			     const struct host_link *bridge, int netns,
			     const char *name)
{
	struct nl_msg *msg = host_up_msg(RTM_NEWLINK,
					 NLM_F_CREATE | NLM_F_EXCL, 0);
	uint32_t mtu = cni->conf.mtu ? cni->conf.mtu : bridge->mtu;
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlattr *info, *data, *peer;

	vnl_put_str(msg, IFLA_IFNAME, name);
	vnl_put_u32(msg, IFLA_MASTER, bridge->ifindex);
	vnl_put_u32(msg, IFLA_MTU, mtu);
	info = vnl_nest(msg, IFLA_LINKINFO);
	vnl_put_str(msg, IFLA_INFO_KIND, KIND_PAIR);
	data = vnl_nest(msg, IFLA_INFO_DATA);
	peer = vnl_nest(msg, VETH_INFO_PEER);
	vnl_append(msg, &ifi, sizeof(ifi));
	vnl_put_str(msg, IFLA_IFNAME, cni->ifname);
	vnl_put_u32(msg, IFLA_NET_NS_FD, netns);
	vnl_put_u32(msg, IFLA_MTU, mtu);
	if (cni->conf.has_mac)
		vnl_put(msg, IFLA_ADDRESS, cni->conf.mac,
			sizeof(cni->conf.mac));
	nla_nest_end(msg, peer);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return host_create(cni, nl, msg, KIND_PAIR, cni->ifname, false);
}

static bool host_set_alias(struct cni *cni, struct vnl *nl, int ifindex,
			   const char *alias)
{
	struct nl_msg *msg = host_msg(RTM_SETLINK, 0, AF_UNSPEC, ifindex);
	int err;

	vnl_put(msg, IFLA_IFALIAS, alias, strlen(alias));
	err = vnl_do(nl, msg);
	return !err || host_failed(cni, nl, err, "name the pair");
}

static bool host_set_port(struct cni *cni, struct vnl *nl, int ifindex)
{
	struct nl_msg *msg = host_msg(RTM_SETLINK, 0, AF_BRIDGE, ifindex);
	uint8_t isolated = cni->conf.isolated;
	uint8_t hairpin = cni->conf.hairpin;
	struct nlattr *info;
	int err;

	info = vnl_nest(msg, IFLA_PROTINFO | NLA_F_NESTED);
	vnl_put(msg, IFLA_BRPORT_ISOLATED, &isolated, sizeof(isolated));
	vnl_put(msg, IFLA_BRPORT_MODE, &hairpin, sizeof(hairpin));
	nla_nest_end(msg, info);
	err = vnl_do(nl, msg);
	return !err || host_failed(cni, nl, err, "set the options of the port");
}

static int host_vlan(struct vnl *nl, int type, int ifindex, uint16_t self,
		     const struct bridge_vlan_info *info, size_t count)
{
	struct nl_msg *msg = host_msg(type, 0, AF_BRIDGE, ifindex);
	struct nlattr *spec = vnl_nest(msg, IFLA_AF_SPEC);

	if (self)
		vnl_put(msg, IFLA_BRIDGE_FLAGS, &self, sizeof(self));
	for (size_t i = 0; i < count; i++)
		vnl_put(msg, IFLA_BRIDGE_VLAN_INFO, &info[i], sizeof(info[i]));
	nla_nest_end(msg, spec);
	return vnl_do(nl, msg);
}

/* In the container's VLAN, untagged, and in no other. */
static bool host_set_vlan(struct cni *cni, struct vnl *nl, int ifindex)
{
	const struct bridge_vlan_info all[] = {
		{ .flags = BRIDGE_VLAN_INFO_RANGE_BEGIN, .vid = 1 },
		{ .flags = BRIDGE_VLAN_INFO_RANGE_END, .vid = HOST_VID_MAX },
	};
	const struct bridge_vlan_info own = {
		.flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED,
		.vid = cni->conf.vlan,
	};
	int err;

	if (!cni->conf.vlan)
		return true;
	err = host_vlan(nl, RTM_DELLINK, ifindex, 0, all, 2);
	if (!err)
		err = host_vlan(nl, RTM_SETLINK, ifindex, 0, &own, 1);
	return !err || host_failed(cni, nl, err, "put the port into its VLAN");
}

bool host_pair_add(struct cni *cni, struct vnl *nl,
		   const struct host_link *bridge, int netns,
		   struct host_link *outer)
{
	char alias[HOST_ALIAS_SIZE];
	char name[IFNAMSIZ];

	if (!host_alias(cni, alias))
		return cni_fail(cni, CNI_CONFIG,
				"the names of the network and the container are too long together");
	host_pair_name(cni, name);
	if (!host_link(cni, nl, name, outer))
		return false;
	if (outer->ifindex)
		return cni_fail(cni, CNI_CONFIG,
				"the container is attached to \"%s\" as %s already: its pair is %s",
				cni->network, cni->ifname, name);
	if (!host_pair_create(cni, nl, bridge, netns, name) ||
	    !host_link(cni, nl, name, outer))
		return false;
	if (host_set_alias(cni, nl, outer->ifindex, alias) &&
	    host_set_port(cni, nl, outer->ifindex) &&
	    host_set_vlan(cni, nl, outer->ifindex))
		return true;
	host_link_del(cni, nl, outer->ifindex);
	return false;
}

bool host_pair_find(struct cni *cni, struct vnl *nl, struct host_link *outer)
{
	char alias[HOST_ALIAS_SIZE];
	char name[IFNAMSIZ];

	host_alias(cni, alias);
	host_pair_name(cni, name);
	if (!host_link(cni, nl, name, outer))
		return false;
	/* Somebody else's of the same name; one of an ADD cut short has none. */
	if (strcmp(outer->kind, KIND_PAIR) != 0 ||
	    (outer->alias[0] && strcmp(outer->alias, alias) != 0))
		outer->ifindex = 0;
	return true;
}

bool host_link_del(struct cni *cni, struct vnl *nl, int ifindex)
{
	int err = vnl_do(nl, host_msg(RTM_DELLINK, 0, AF_UNSPEC, ifindex));

	return !err || err == -ENODEV ||
	       host_failed(cni, nl, err, "remove the pair");
}

/* The VLAN device on the bridge that is the gateway of a VLAN. */
static bool host_vlan_device(struct cni *cni, struct vnl *nl,
			     const struct host_link *bridge,
			     struct host_link *dev)
{
	const struct bridge_vlan_info own = { .vid = cni->conf.vlan };
	struct nlattr *info, *data;
	char name[2 * IFNAMSIZ];
	struct nl_msg *msg;
	int err;

	if (snprintf(name, sizeof(name), "%s.%u", bridge->name,
		     cni->conf.vlan) >= IFNAMSIZ)
		return cni_fail(cni, CNI_CONFIG,
				"the gateway's device %s would have too long a name: take a shorter one for the bridge",
				name);
	err = host_vlan(nl, RTM_SETLINK, bridge->ifindex, BRIDGE_FLAGS_SELF,
			&own, 1);
	if (err)
		return host_failed(cni, nl, err, "put the bridge into the VLAN");
	if (!host_link(cni, nl, name, dev))
		return false;
	if (!dev->ifindex) {
		msg = host_up_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
		vnl_put_str(msg, IFLA_IFNAME, name);
		vnl_put_u32(msg, IFLA_LINK, bridge->ifindex);
		info = vnl_nest(msg, IFLA_LINKINFO);
		vnl_put_str(msg, IFLA_INFO_KIND, "vlan");
		data = vnl_nest(msg, IFLA_INFO_DATA);
		vnl_put(msg, IFLA_VLAN_ID, &own.vid, sizeof(own.vid));
		nla_nest_end(msg, data);
		nla_nest_end(msg, info);
		if (!host_create(cni, nl, msg, "vlan", name, true) ||
		    !host_link(cni, nl, name, dev))
			return false;
	}
	return host_up(cni, nl, dev->ifindex, name);
}

/* @news: set where it did not have the address */
static bool host_gateway_addr(struct cni *cni, struct vnl *nl, int ifindex,
			      const struct ips_addr *ip, bool *news)
{
	int family = nl_addr_get_family(ip->addr);
	struct rtnl_addr *addr = rtnl_addr_alloc();
	struct nl_addr *local = nl_addr_clone(ip->gw);
	struct nl_msg *msg;
	int err;

	nl_addr_set_prefixlen(local, nl_addr_get_prefixlen(ip->addr));
	rtnl_addr_set_ifindex(addr, ifindex);
	rtnl_addr_set_local(addr, local);
	if (family == AF_INET6)
		rtnl_addr_set_flags(addr, IFA_F_NODAD);
	err = rtnl_addr_build_add_request(addr, NLM_F_CREATE | NLM_F_EXCL,
					  &msg);
	err = err ? -EINVAL : vnl_do(nl, msg);
	nl_addr_put(local);
	rtnl_addr_put(addr);
	if (err && err != -EEXIST)
		return host_failed(cni, nl, err, "give the bridge its address");
	*news = *news || !err;
	return sysctl_forward(cni, family);
}

/*
 * It keeps the address it has, whatever ports it gets and loses. Once: the
 * kernel takes it for a change, and forgets its neighbours and flows.
 */
static bool host_keep_mac(struct cni *cni, struct vnl *nl,
			  const struct host_link *bridge)
{
	struct nl_msg *msg = host_msg(RTM_SETLINK, 0, AF_UNSPEC,
				      bridge->ifindex);
	int err;

	vnl_put(msg, IFLA_ADDRESS, bridge->mac, sizeof(bridge->mac));
	err = vnl_do(nl, msg);
	return !err || host_failed(cni, nl, err, "keep the bridge's address");
}

bool host_gateway(struct cni *cni, struct vnl *nl,
		  const struct host_link *bridge, const struct ips *ips)
{
	struct host_link dev = *bridge;
	bool news = false;

	if (!cni->conf.gateway)
		return true;
	if (cni->conf.vlan && !host_vlan_device(cni, nl, bridge, &dev))
		return false;
	for (size_t i = 0; i < ips->addrs; i++) {
		if (!host_gateway_addr(cni, nl, dev.ifindex, &ips->addr[i],
				       &news))
			return false;
	}
	return !news || host_keep_mac(cni, nl, bridge);
}

void host_wait(struct cni *cni, struct vnl *nl, const struct host_link *outer)
{
	const struct timespec step = { .tv_nsec = HOST_STEP_MS * 1000000l };
	struct host_link link;

	for (int ms = 0; ms < HOST_WAIT_MS; ms += HOST_STEP_MS) {
		if (!host_link(cni, nl, outer->name, &link) ||
		    link.state == BR_STATE_FORWARDING)
			return;
		nanosleep(&step, NULL);
	}
}

/* A growing array of what a dump finds. */
struct host_found {
	const struct cni *cni;
	struct host_end *ends;
	size_t count;
};

/* Words of an alias have no blank in them. */
static bool host_end_parse(const struct cni *cni, const char *alias,
			   struct host_end *end)
{
	char tag[16], network[HOST_ALIAS_SIZE];

	return sscanf(alias, "%15s %255s %255s %15s", tag, network,
		      end->container, end->ifname) == 4 &&
	       strcmp(tag, "vnet-cni") == 0 &&
	       strcmp(network, cni->network) == 0;
}

static int host_end_found(struct nlmsghdr *hdr, void *arg)
{
	struct host_found *found = arg;
	struct host_end end, *ends;
	struct host_link link;

	if (host_parse(hdr, &link) || strcmp(link.kind, KIND_PAIR) != 0 ||
	    !host_end_parse(found->cni, link.alias, &end))
		return 0;
	ends = realloc(found->ends, (found->count + 1) * sizeof(*ends));
	if (!ends)
		return -ENOMEM;
	found->ends = ends;
	ends[found->count++] = end;
	return 0;
}

bool host_ends(struct cni *cni, struct vnl *nl, struct host_end **ends,
	       size_t *count)
{
	struct host_found found = { .cni = cni };
	struct nl_msg *msg = host_msg(RTM_GETLINK, NLM_F_DUMP, AF_UNSPEC, 0);
	int err;

	vnl_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	err = vnl_dump(nl, msg, host_end_found, &found);
	*ends = found.ends;
	*count = found.count;
	/* What a change of the table hides is found by the next GC. */
	return err >= 0 || host_failed(cni, nl, err, "read the devices");
}

/* Asks for a device that is refused for its options, once its kind is found. */
static bool host_kind(struct cni *cni, struct vnl *nl, const char *kind,
		      int option, const void *val, size_t len)
{
	struct nl_msg *msg = host_msg(RTM_NEWLINK, NLM_F_CREATE, AF_UNSPEC, 0);
	struct nlattr *info, *data;
	int err;

	vnl_put_str(msg, IFLA_IFNAME, "vnet-cni-try");
	info = vnl_nest(msg, IFLA_LINKINFO);
	vnl_put_str(msg, IFLA_INFO_KIND, kind);
	data = vnl_nest(msg, IFLA_INFO_DATA);
	vnl_put(msg, option, val, len);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	err = vnl_do(nl, msg);
	if (!host_no_kind(nl, err))
		return true;
	return cni_fail(cni, CNI_NOT_AVAILABLE,
			"the kernel does not know devices of type %s: load the module with \"modprobe %s\"",
			kind, kind);
}

bool host_kinds(struct cni *cni, struct vnl *nl)
{
	const uint32_t mode = HOST_BAD_MODE;
	const uint8_t on = HOST_BAD_MODE;

	return host_kind(cni, nl, KIND_PAIR, VVETH_INFO_MODE, &mode,
			 sizeof(mode)) &&
	       host_kind(cni, nl, KIND_BRIDGE, IFLA_BR_VLAN_FILTERING, &on,
			 sizeof(on));
}
