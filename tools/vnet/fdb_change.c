// SPDX-License-Identifier: GPL-2.0
/* `vnet fdb add`, `del` and `flush`. */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "fdb.h"
#include "kinds.h"
#include "links.h"
#include "port.h"

#define FDB_VLAN_MAX	4094

/* A number that is newer than the oldest headers the tool is built with. */
#define FDB_NLM_F_BULK	0x200

static const char *const fdb_actions[] = {
	[FDB_ADD] = "add",
	[FDB_DEL] = "del",
	[FDB_FLUSH] = "flush",
};

/* What the words ask for, and what they lead to. */
struct fdb_words {
	uint8_t addr[ARGS_MAC_LEN];
	const char *bridge_name;
	const char *port_name;
	uint32_t vlan;
	bool sticky;
	const struct link_row *bridge;
	const struct link_row *port;
};

static bool fdb_parse_words(struct args *args, struct fdb_words *words,
			    enum fdb_action action)
{
	while (args->left) {
		if (action != FDB_ADD && args_take(args, "br")) {
			words->bridge_name = args_name(args, "br");
			if (!words->bridge_name)
				return false;
		} else if (args_take(args, "brport")) {
			words->port_name = args_name(args, "brport");
			if (!words->port_name)
				return false;
		} else if (args_take(args, "vlan")) {
			if (!args_u32(args, "vlan", 1, FDB_VLAN_MAX,
				      &words->vlan))
				return false;
		} else if (action == FDB_ADD && args_take(args, "sticky")) {
			words->sticky = true;
		} else {
			return args_end(args);
		}
	}
	if (words->port_name || words->bridge_name)
		return true;
	complain("\"fdb %s\" needs \"brport\" with a port%s",
		 fdb_actions[action],
		 action == FDB_ADD ? "" : ", or \"br\" with a bridge");
	return false;
}

static bool fdb_find_words(const struct links *links, struct fdb_words *words)
{
	if (words->bridge_name) {
		words->bridge = links_find(links, words->bridge_name,
					   KIND_BRIDGE);
		if (!words->bridge)
			return false;
	}
	if (words->port_name)
		words->port = port_find(links, words->port_name,
					&words->bridge);
	return !words->port_name || words->port;
}

/* To the bridge itself, which takes ports of any driver. */
static struct nl_msg *fdb_request(const struct fdb_words *words,
				  enum fdb_action action)
{
	struct ndmsg ndm = {
		.ndm_family = AF_BRIDGE,
		.ndm_ifindex = words->bridge->ifindex,
		.ndm_flags = NTF_SELF,
	};
	int type = RTM_DELNEIGH, flags = 0;
	uint16_t vlan = words->vlan, kept = NUD_NOARP | NUD_PERMANENT;
	struct nl_msg *msg;

	if (action == FDB_ADD) {
		type = RTM_NEWNEIGH;
		flags = NLM_F_CREATE | NLM_F_EXCL;
		ndm.ndm_state = NUD_NOARP;
		ndm.ndm_flags |= words->sticky ? NTF_STICKY : 0;
	} else if (action == FDB_FLUSH) {
		flags = FDB_NLM_F_BULK;
	}
	msg = vnl_msg(type, flags, &ndm, sizeof(ndm));
	if (action != FDB_FLUSH)
		vnl_put(msg, NDA_LLADDR, words->addr, sizeof(words->addr));
	else
		vnl_put(msg, NDA_NDM_STATE_MASK, &kept, sizeof(kept));
	if (words->port)
		vnl_put_u32(msg, NDA_IFINDEX, words->port->ifindex);
	if (vlan)
		vnl_put(msg, NDA_VLAN, &vlan, sizeof(vlan));
	return msg;
}

int fdb_change(struct cmd_env *env, struct args *args, enum fdb_action action)
{
	struct fdb_words words = { 0 };
	struct links links = { 0 };
	int status = CMD_REFUSED;
	char what[64];
	int err;

	snprintf(what, sizeof(what), "fdb %s", fdb_actions[action]);
	if (!cmd_may_change(env, what))
		return CMD_USAGE;
	if (action != FDB_FLUSH &&
	    !args_mac(args, fdb_actions[action], words.addr))
		return CMD_USAGE;
	if (!fdb_parse_words(args, &words, action))
		return CMD_USAGE;
	if (!links_read(&links, env->nl, false))
		goto out;
	if (!fdb_find_words(&links, &words)) {
		status = CMD_USAGE;
		goto out;
	}
	err = vnl_do(env->nl, fdb_request(&words, action));
	if (!err) {
		status = CMD_DONE;
		goto out;
	}
	snprintf(what, sizeof(what), "change the table of %s",
		 words.bridge->name);
	vnl_complain(env->nl, err, what);
out:
	links_free(&links);
	return status;
}
