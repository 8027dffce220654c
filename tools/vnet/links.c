// SPDX-License-Identifier: GPL-2.0
/*
 * The devices of a network namespace, as one table.
 *
 * libnl-route knows no kind of the suite and drops what it does not know, so
 * IFLA_LINKINFO is parsed here.
 */
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "kinds.h"
#include "links.h"

static void link_copy_str(char *to, size_t size, const struct nlattr *attr)
{
	if (attr)
		nla_strlcpy(to, attr, size);
	else
		to[0] = '\0';
}

static struct nlattr *link_copy_attr(const struct nlattr *attr)
{
	struct nlattr *copy;

	if (!attr)
		return NULL;
	copy = malloc(attr->nla_len);
	if (copy)
		memcpy(copy, attr, attr->nla_len);
	return copy;
}

static void link_parse_kind(struct link_row *row, struct nlattr *linkinfo,
			    struct nlattr **data, struct nlattr **port_data)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1] = { NULL };

	if (linkinfo)
		nla_parse_nested(tb, IFLA_INFO_MAX, linkinfo, NULL);
	link_copy_str(row->kind, sizeof(row->kind), tb[IFLA_INFO_KIND]);
	link_copy_str(row->port_kind, sizeof(row->port_kind),
		      tb[IFLA_INFO_SLAVE_KIND]);
	*data = tb[IFLA_INFO_DATA];
	*port_data = tb[IFLA_INFO_SLAVE_DATA];
}

static void link_parse_stats(struct link_row *row, const struct nlattr *attr)
{
	size_t len;

	/* An older kernel has fewer counters, a newer one more. */
	memset(&row->stats, 0, sizeof(row->stats));
	if (!attr)
		return;
	len = nla_len(attr);
	if (len > sizeof(row->stats))
		len = sizeof(row->stats);
	memcpy(&row->stats, nla_data(attr), len);
}

static int link_parse(struct nlmsghdr *hdr, struct link_row *row,
		      struct nlattr **data, struct nlattr **port_data)
{
	struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *ifi;

	if ((hdr->nlmsg_type != RTM_NEWLINK && hdr->nlmsg_type != RTM_DELLINK) ||
	    nlmsg_parse(hdr, sizeof(*ifi), tb, IFLA_MAX, NULL) < 0)
		return -EBADMSG;
	ifi = nlmsg_data(hdr);

	row->ifindex = ifi->ifi_index;
	row->flags = ifi->ifi_flags;
	link_copy_str(row->name, sizeof(row->name), tb[IFLA_IFNAME]);
	row->mtu = vnl_attr_u32(tb[IFLA_MTU], 0);
	row->operstate = tb[IFLA_OPERSTATE] ?
			 nla_get_u8(tb[IFLA_OPERSTATE]) : IF_OPER_UNKNOWN;
	row->addr_len = 0;
	if (tb[IFLA_ADDRESS])
		row->addr_len = nla_memcpy(row->addr, tb[IFLA_ADDRESS],
					   sizeof(row->addr));
	row->lower = vnl_attr_u32(tb[IFLA_LINK], 0);
	row->lower_nsid = (int)vnl_attr_u32(tb[IFLA_LINK_NETNSID], -1);
	row->master = vnl_attr_u32(tb[IFLA_MASTER], 0);
	link_parse_stats(row, tb[IFLA_STATS64]);
	link_parse_kind(row, tb[IFLA_LINKINFO], data, port_data);
	return 0;
}

static int links_add(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *data, *port_data;
	struct links *links = arg;
	struct link_row *row;
	int err;

	if (links->count == links->room) {
		size_t room = links->room ? 2 * links->room : 64;

		row = realloc(links->row, room * sizeof(*row));
		if (!row)
			return -ENOMEM;
		links->row = row;
		links->room = room;
	}

	row = &links->row[links->count];
	err = link_parse(hdr, row, &data, &port_data);
	if (err)
		return err;
	row->data = kind_is_ours(row->kind) ? link_copy_attr(data) : NULL;
	row->port_data = kind_is_ours(row->port_kind) ?
			 link_copy_attr(port_data) : NULL;
	links->count++;
	return 0;
}

static int link_compare(const void *a, const void *b)
{
	const struct link_row *x = a;
	const struct link_row *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

static void links_empty(struct links *links)
{
	for (size_t i = 0; i < links->count; i++) {
		free(links->row[i].data);
		free(links->row[i].port_data);
	}
	links->count = 0;
}

bool links_read(struct links *links, struct vnl *nl, bool stats)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	int err = VNL_CHANGED;

	for (int i = 0; i < VNL_TRIES && err == VNL_CHANGED; i++) {
		struct nl_msg *msg;

		links_empty(links);
		msg = vnl_msg(RTM_GETLINK, NLM_F_DUMP, &ifi, sizeof(ifi));
		if (!stats)
			vnl_put_u32(msg, IFLA_EXT_MASK,
				    RTEXT_FILTER_SKIP_STATS);
		err = vnl_dump(nl, msg, links_add, links);
	}
	if (err < 0) {
		vnl_complain(nl, err, "read the list of devices");
		return false;
	}
	if (err == VNL_CHANGED)
		complain("note: devices came or went while they were read; the answer may lack some");
	if (links->count)
		qsort(links->row, links->count, sizeof(*links->row),
		      link_compare);
	return true;
}

void links_free(struct links *links)
{
	links_empty(links);
	free(links->row);
}

const struct link_row *links_by_index(const struct links *links, int ifindex)
{
	struct link_row key = { .ifindex = ifindex };

	if (!links->count)
		return NULL;
	return bsearch(&key, links->row, links->count, sizeof(*links->row),
		       link_compare);
}

const struct link_row *links_by_name(const struct links *links,
				     const char *name)
{
	for (size_t i = 0; i < links->count; i++) {
		if (strcmp(links->row[i].name, name) == 0)
			return &links->row[i];
	}
	return NULL;
}

const struct link_row *links_find(const struct links *links, const char *name,
				  const char *kind)
{
	const struct link_row *row = links_by_name(links, name);

	if (!row) {
		complain("there is no device \"%s\"", name);
		return NULL;
	}
	if (kind_is(row->kind, kind))
		return row;
	complain("\"%s\" is not a %s device%s%s", name, kind ? kind : "vnet",
		 row->kind[0] ? " but of type " : "", row->kind);
	return NULL;
}

static int link_read_one(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *data, *port_data;

	return link_parse(hdr, arg, &data, &port_data);
}

int link_ask(struct vnl *nl, struct link_row *row, const char *name,
	     int ifindex, int nsid)
{
	struct ifinfomsg ifi = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = name ? 0 : ifindex,
	};
	struct nl_msg *msg;

	memset(row, 0, sizeof(*row));
	msg = vnl_msg(RTM_GETLINK, 0, &ifi, sizeof(ifi));
	if (name)
		vnl_put_str(msg, IFLA_IFNAME, name);
	if (nsid >= 0)
		vnl_put_u32(msg, IFLA_TARGET_NETNSID, nsid);
	vnl_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return vnl_get(nl, msg, link_read_one, row);
}

int link_ask_index(struct vnl *nl, const char *name)
{
	struct link_row row;

	if (!args_devname(name))
		return 0;
	if (link_ask(nl, &row, name, 0, -1)) {
		complain("there is no device \"%s\"", name);
		return 0;
	}
	return row.ifindex;
}

static bool link_differs(const struct link_row *a, const struct link_row *b)
{
	return strcmp(a->name, b->name) || strcmp(a->kind, b->kind) ||
	       a->mtu != b->mtu || a->operstate != b->operstate ||
	       (a->flags ^ b->flags) & IFF_UP || a->master != b->master ||
	       a->addr_len != b->addr_len ||
	       memcmp(a->addr, b->addr, a->addr_len);
}

int links_update(struct links *links, struct nlmsghdr *hdr,
		 struct link_row *row)
{
	struct nlattr *data, *port_data;
	struct link_row *known;
	bool differs;
	int err;

	*row = (struct link_row){ 0 };
	err = link_parse(hdr, row, &data, &port_data);
	if (err)
		return err;
	known = (struct link_row *)links_by_index(links, row->ifindex);
	if (hdr->nlmsg_type == RTM_DELLINK) {
		if (!known)
			return LINKS_NOTHING;
		free(known->data);
		free(known->port_data);
		links->count--;
		memmove(known, known + 1, (links->row + links->count - known) *
			sizeof(*known));
		return LINKS_DELETED;
	}
	if (known) {
		differs = link_differs(known, row);
		free(known->data);
		free(known->port_data);
		*known = *row;
		return differs ? LINKS_CHANGED : LINKS_NOTHING;
	}
	err = links_add(hdr, links);
	if (err)
		return err;
	qsort(links->row, links->count, sizeof(*links->row), link_compare);
	return LINKS_ADDED;
}
