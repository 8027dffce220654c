// SPDX-License-Identifier: GPL-2.0
/* What `ip` does not know of a bridge, by the family "vnet". */
#include <assert.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vnet/genl.h>

#include "bridge_own.h"
#include "cmd.h"
#include "genl.h"

/* The attributes of both kinds of answer are few: their numbers are kept. */
#define BRIDGE_OWN_ATTRS	16

static_assert(BRIDGE_OWN_ATTRS > VNET_BRIDGE_MAX, "too few");
static_assert(BRIDGE_OWN_ATTRS > VNET_BRIDGE_PORT_MAX, "too few");

/* As many reasons as there may be, and the longest name of one. */
#define BRIDGE_OWN_DROPS	32
#define BRIDGE_OWN_DROP_NAME	24

/* Why frames that came in by a port were not passed on, and how many. */
struct bridge_own_drop {
	char why[BRIDGE_OWN_DROP_NAME];
	uint64_t frames;
};

struct bridge_own_row {
	int cmd;
	struct bridge_own_drop *drop;
	size_t drops;
	uint64_t val[BRIDGE_OWN_ATTRS];
	bool has[BRIDGE_OWN_ATTRS];
};

static int bridge_own_add_drop(struct bridge_own_row *row,
			       const struct nlattr *nest)
{
	struct nlattr *tb[VNET_BRIDGE_DROP_MAX + 1];
	struct bridge_own_drop *drop;

	if (nla_parse_nested(tb, VNET_BRIDGE_DROP_MAX, (struct nlattr *)nest,
			     NULL) || !tb[VNET_BRIDGE_DROP_NAME] ||
	    !tb[VNET_BRIDGE_DROP_FRAMES] || row->drops == BRIDGE_OWN_DROPS)
		return 0;
	if (!row->drop)
		row->drop = calloc(BRIDGE_OWN_DROPS, sizeof(*row->drop));
	if (!row->drop)
		return -ENOMEM;
	drop = &row->drop[row->drops++];
	nla_strlcpy(drop->why, tb[VNET_BRIDGE_DROP_NAME], sizeof(drop->why));
	vnl_attr_u64(tb[VNET_BRIDGE_DROP_FRAMES], &drop->frames);
	return 0;
}

static bool bridge_own_is_drop(int cmd, const struct nlattr *attr)
{
	return cmd == VNET_CMD_BRIDGE_PORT_GET &&
	       nla_type(attr) == VNET_BRIDGE_PORT_DROP;
}

static int bridge_own_add(struct nlmsghdr *hdr, void *arg)
{
	const struct genlmsghdr *genl = nlmsg_data(hdr);
	struct bridge_own *own = arg;
	const struct nlattr *head, *attr;
	struct bridge_own_row *row;
	int len, left;

	if (own->count == own->room) {
		size_t room = own->room ? 2 * own->room : 16;

		row = realloc(own->row, room * sizeof(*row));
		if (!row)
			return -ENOMEM;
		own->row = row;
		own->room = room;
	}
	row = &own->row[own->count++];
	*row = (struct bridge_own_row){ .cmd = genl->cmd };
	head = genl_attrs(hdr, &len);
	nla_for_each_attr(attr, head, len, left) {
		if (nla_type(attr) >= BRIDGE_OWN_ATTRS)
			continue;
		row->has[nla_type(attr)] = true;
		if (bridge_own_is_drop(genl->cmd, attr)) {
			if (bridge_own_add_drop(row, attr))
				return -ENOMEM;
			continue;
		}
		if (nla_len(attr))
			vnl_attr_u64(attr, &row->val[nla_type(attr)]);
	}
	return 0;
}

static int bridge_own_dump(struct bridge_own *own, struct genl *genl, int cmd)
{
	return vnl_dump(&genl->nl, genl_msg(genl, NLM_F_DUMP, cmd),
			bridge_own_add, own);
}

static void bridge_own_clear(struct bridge_own *own)
{
	for (size_t i = 0; i < own->count; i++)
		free(own->row[i].drop);
	own->count = 0;
}

/* As vnl_dump(). */
static int bridge_own_dump_all(struct bridge_own *own, struct genl *genl)
{
	int bridges, ports;

	bridge_own_clear(own);
	bridges = bridge_own_dump(own, genl, VNET_CMD_BRIDGE_GET);
	if (bridges < 0)
		return bridges;
	ports = bridge_own_dump(own, genl, VNET_CMD_BRIDGE_PORT_GET);
	return ports ? ports : bridges;
}

bool bridge_own_read(struct bridge_own *own)
{
	int err = VNL_CHANGED;
	struct genl genl;
	bool ok;

	ok = genl_open(&genl, VNET_GENL_NAME);
	if (!ok || !genl.family)
		err = 0;
	for (int i = 0; i < VNL_TRIES && err == VNL_CHANGED; i++)
		err = bridge_own_dump_all(own, &genl);
	if (err == VNL_CHANGED)
		complain("note: bridges or ports changed while their own options were read; the answer may lack some");
	if (err < 0 && err != -EOPNOTSUPP) {
		vnl_complain(&genl.nl, err, "read the bridges' own options");
		ok = false;
	}
	genl_close(&genl);
	if (!ok)
		bridge_own_free(own);
	return ok;
}

void bridge_own_free(struct bridge_own *own)
{
	bridge_own_clear(own);
	free(own->row);
	*own = (struct bridge_own){ 0 };
}

static const struct bridge_own_row *
bridge_own_find(const struct bridge_own *own, int cmd, int ifindex)
{
	for (size_t i = 0; i < own->count; i++) {
		if (own->row[i].cmd == cmd &&
		    own->row[i].val[VNET_BRIDGE_IFINDEX] == (uint64_t)ifindex)
			return &own->row[i];
	}
	return NULL;
}

/* A module that is older than this program does not tell all. */
static void bridge_own_show_u64(struct out *o, const struct bridge_own_row *row,
				int attr, const char *name)
{
	if (row->has[attr])
		out_u64(o, name, name, row->val[attr]);
}

void bridge_own_show(struct out *o, const struct bridge_own *own, int ifindex)
{
	const struct bridge_own_row *row;

	row = bridge_own_find(own, VNET_CMD_BRIDGE_GET, ifindex);
	if (!row)
		return;
	if (row->has[VNET_BRIDGE_DIRECT])
		out_switch(o, "direct", row->val[VNET_BRIDGE_DIRECT]);
	bridge_own_show_u64(o, row, VNET_BRIDGE_FDB_N_ENTRIES, "fdb_n_entries");
	bridge_own_show_u64(o, row, VNET_BRIDGE_FDB_MAX_LEARNED_PORT,
			    "fdb_max_learned_port");
	bridge_own_show_u64(o, row, VNET_BRIDGE_MAX_PORTS, "max_ports");
}

static void bridge_own_show_drops(struct out *o,
				  const struct bridge_own_row *row)
{
	out_object(o, "drops");
	if (row->drops)
		out_word(o, "drops");
	for (size_t i = 0; i < row->drops; i++)
		out_count(o, row->drop[i].why, row->drop[i].frames);
	out_object_end(o);
	out_count(o, "fdb_n_refused", row->val[VNET_BRIDGE_PORT_FDB_N_REFUSED]);
}

void bridge_own_show_port(struct out *o, const struct bridge_own *own,
			  int ifindex)
{
	const struct bridge_own_row *row;

	row = bridge_own_find(own, VNET_CMD_BRIDGE_PORT_GET, ifindex);
	if (!row)
		return;
	if (row->has[VNET_BRIDGE_PORT_FDB_N_REFUSED])
		bridge_own_show_drops(o, row);
	bridge_own_show_u64(o, row, VNET_BRIDGE_PORT_FDB_N_LEARNED,
			    "fdb_n_learned");
	bridge_own_show_u64(o, row, VNET_BRIDGE_PORT_FDB_MAX_LEARNED,
			    "fdb_max_learned");
	/* A flag that is not there says nothing without the limit. */
	if (row->has[VNET_BRIDGE_PORT_FDB_MAX_LEARNED])
		out_flag(o, "fdb_max_default",
			 row->has[VNET_BRIDGE_PORT_FDB_MAX_DEFAULT]);
}

/* Sends what @put puts into a request. */
static int bridge_own_change(int cmd, const char *name,
			     void (*put)(struct nl_msg *msg, const void *arg),
			     const void *arg, int ifindex)
{
	int status = CMD_REFUSED;
	struct nl_msg *msg;
	struct genl genl;
	char what[64];
	int err;

	if (!genl_open(&genl, VNET_GENL_NAME)) {
		genl_close(&genl);
		return CMD_REFUSED;
	}
	if (!genl.family) {
		genl_complain("vbridge");
		genl_close(&genl);
		return CMD_REFUSED;
	}
	msg = genl_msg(&genl, 0, cmd);
	vnl_put_u32(msg, VNET_BRIDGE_IFINDEX, ifindex);
	put(msg, arg);
	err = vnl_do(&genl.nl, msg);
	if (!err) {
		status = CMD_DONE;
	} else {
		snprintf(what, sizeof(what), "change %s", name);
		genl_refused(&genl, err, what);
	}
	genl_close(&genl);
	return status;
}

static void bridge_own_put(struct nl_msg *msg, const void *arg)
{
	const struct bridge_own_options *options = arg;

	if (options->has_direct)
		vnl_put(msg, VNET_BRIDGE_DIRECT, &options->direct,
			sizeof(options->direct));
	if (options->has_max_ports)
		vnl_put_u32(msg, VNET_BRIDGE_MAX_PORTS, options->max_ports);
}

int bridge_own_set(int ifindex, const char *name,
		   const struct bridge_own_options *options)
{
	return bridge_own_change(VNET_CMD_BRIDGE_SET, name, bridge_own_put,
				 options, ifindex);
}

static void bridge_own_put_max(struct nl_msg *msg, const void *arg)
{
	if (arg)
		vnl_put(msg, VNET_BRIDGE_PORT_FDB_MAX_LEARNED, arg,
			sizeof(uint32_t));
	else
		vnl_put(msg, VNET_BRIDGE_PORT_FDB_MAX_DEFAULT, NULL, 0);
}

int bridge_own_set_port(int ifindex, const char *name, const uint32_t *max)
{
	return bridge_own_change(VNET_CMD_BRIDGE_PORT_SET, name,
				 bridge_own_put_max, max, ifindex);
}
