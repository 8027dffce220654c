// SPDX-License-Identifier: GPL-2.0
/* Queues and rings, by the generic netlink family "ethtool". */
#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>

#include "ethnl.h"
#include "genl.h"

static int ethnl_compare(const void *a, const void *b)
{
	const struct ethnl_row *x = a;
	const struct ethnl_row *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

const struct ethnl_row *ethnl_find(const struct ethnl *ethnl, int ifindex)
{
	const struct ethnl_row key = { .ifindex = ifindex };

	if (!ethnl->count)
		return NULL;
	return bsearch(&key, ethnl->row, ethnl->count, sizeof(*ethnl->row),
		       ethnl_compare);
}

static struct ethnl_row *ethnl_add(struct ethnl *ethnl, int ifindex)
{
	struct ethnl_row *row;

	if (ethnl->count == ethnl->room) {
		size_t room = ethnl->room ? 2 * ethnl->room : 64;

		row = realloc(ethnl->row, room * sizeof(*row));
		if (!row)
			return NULL;
		ethnl->row = row;
		ethnl->room = room;
	}
	row = &ethnl->row[ethnl->count++];
	*row = (struct ethnl_row){ .ifindex = ifindex };
	return row;
}

/* Both answers name the device in the same nest, of the same number. */
static int ethnl_ifindex(const struct nlattr *head, int len)
{
	const struct nlattr *nest = nla_find(head, len,
					     ETHTOOL_A_CHANNELS_HEADER);
	const struct nlattr *index;

	if (!nest)
		return 0;
	index = nla_find(nla_data(nest), nla_len(nest),
			 ETHTOOL_A_HEADER_DEV_INDEX);
	return vnl_attr_u32(index, 0);
}

static uint32_t ethnl_u32(const struct nlattr *head, int len, int type)
{
	return vnl_attr_u32(nla_find(head, len, type), 0);
}

static int ethnl_read_channels(struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *head;
	struct ethnl_row *row;
	int len;

	head = genl_attrs(hdr, &len);
	row = ethnl_add(arg, ethnl_ifindex(head, len));
	if (!row)
		return -ENOMEM;
	row->rx = ethnl_u32(head, len, ETHTOOL_A_CHANNELS_RX_COUNT);
	row->tx = ethnl_u32(head, len, ETHTOOL_A_CHANNELS_TX_COUNT);
	row->combined = ethnl_u32(head, len, ETHTOOL_A_CHANNELS_COMBINED_COUNT);
	row->combined_max = ethnl_u32(head, len,
				      ETHTOOL_A_CHANNELS_COMBINED_MAX);
	return 0;
}

/* What has rings and no channels is no device of the suite. */
static int ethnl_read_rings(struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *head;
	struct ethnl_row *row;
	int len;

	head = genl_attrs(hdr, &len);
	row = (struct ethnl_row *)ethnl_find(arg, ethnl_ifindex(head, len));
	if (!row)
		return 0;
	row->ring = ethnl_u32(head, len, ETHTOOL_A_RINGS_RX);
	row->ring_max = ethnl_u32(head, len, ETHTOOL_A_RINGS_RX_MAX);
	return 0;
}

/*
 * For all devices; older kernels want a header, too. Both requests have it
 * under the same number.
 */
static struct nl_msg *ethnl_request(struct genl *genl, uint8_t cmd)
{
	struct nl_msg *msg = genl_msg(genl, NLM_F_DUMP, cmd);
	struct nlattr *header;

	header = nla_nest_start(msg, ETHTOOL_A_CHANNELS_HEADER | NLA_F_NESTED);
	/* libnl takes an empty one away. */
	nla_put_u32(msg, ETHTOOL_A_HEADER_FLAGS, 0);
	nla_nest_end(msg, header);
	return msg;
}

static int ethnl_dump(struct ethnl *ethnl, struct genl *genl)
{
	int err;

	err = vnl_dump(&genl->nl, ethnl_request(genl, ETHTOOL_MSG_CHANNELS_GET),
		       ethnl_read_channels, ethnl);
	if (ethnl->count)
		qsort(ethnl->row, ethnl->count, sizeof(*ethnl->row),
		      ethnl_compare);
	if (err < 0)
		return err;
	return vnl_dump(&genl->nl, ethnl_request(genl, ETHTOOL_MSG_RINGS_GET),
			ethnl_read_rings, ethnl);
}

bool ethnl_read(struct ethnl *ethnl)
{
	struct genl genl;
	int err = 0;
	bool ok;

	ok = genl_open(&genl, ETHTOOL_GENL_NAME);
	if (ok && genl.family)
		err = ethnl_dump(ethnl, &genl);
	if (err < 0) {
		vnl_complain(&genl.nl, err, "read the devices' queues");
		ok = false;
	}
	genl_close(&genl);
	return ok;
}

void ethnl_free(struct ethnl *ethnl)
{
	free(ethnl->row);
	*ethnl = (struct ethnl){ 0 };
}
