// SPDX-License-Identifier: GPL-2.0
/*
 * `vnet fdb`: the forwarding table of a bridge.
 *
 * The kernel answers `bridge fdb show br BR` only for bridges of the in-tree
 * kind. Asked for the device BR itself, it calls the bridge's own dump, which
 * names the port of each entry. Entries are printed as they come: a table may
 * have a million.
 */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "fdb.h"
#include "kinds.h"
#include "links.h"
#include "port.h"

#define FDB_VLAN_MAX	4094

/* Numbers that are newer than the oldest headers the tool is built with. */
enum {
	FDB_NTF_EXT_LOCKED = 1 << 1,
};

/* What the entries of one answer are held against. */
struct fdb_view {
	struct out *out;
	struct links links;
	const struct link_row *bridge;
	const struct link_row *port;
	uint32_t vlan;
	long ticks;
};

/* One entry, parsed. */
struct fdb_entry {
	const struct ndmsg *ndm;
	struct nlattr *tb[NDA_MAX + 1];
	int port;
	uint16_t vlan;
};

static void fdb_show_dev(struct fdb_view *view, const char *key, int ifindex)
{
	const struct link_row *row = links_by_index(&view->links, ifindex);

	if (row)
		out_color(view->out, OUT_IFNAME, key,
			  strcmp(key, "ifname") == 0 ? "dev" : key, row->name);
	else
		out_u64(view->out, "ifindex", "ifindex", ifindex);
}

static void fdb_show_flags(struct out *o, const struct fdb_entry *entry)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} names[] = {
		{ NTF_SELF, "self" },
		{ NTF_MASTER, "master" },
		{ NTF_ROUTER, "router" },
		{ NTF_EXT_LEARNED, "extern_learn" },
		{ NTF_OFFLOADED, "offload" },
		{ NTF_STICKY, "sticky" },
	};
	uint32_t ext = vnl_attr_u32(entry->tb[NDA_FLAGS_EXT], 0);

	out_array(o, "flags");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (entry->ndm->ndm_flags & names[i].bit)
			out_str(o, NULL, NULL, names[i].name);
	}
	if (ext & FDB_NTF_EXT_LOCKED)
		out_str(o, NULL, NULL, "locked");
	out_array_end(o);
}

const char *fdb_state(unsigned int state)
{
	if (state & NUD_PERMANENT)
		return "permanent";
	if (state & NUD_NOARP)
		return "static";
	if (state & NUD_STALE)
		return "stale";
	if (state & NUD_REACHABLE)
		return "reachable";
	return "unknown";
}

static void fdb_show_times(struct fdb_view *view, const struct nlattr *attr)
{
	struct nda_cacheinfo info;

	if (!attr || nla_len(attr) < (int)sizeof(info))
		return;
	memcpy(&info, nla_data(attr), sizeof(info));
	out_u64(view->out, "used", "used", info.ndm_used / view->ticks);
	out_u64(view->out, "updated", "updated",
		info.ndm_updated / view->ticks);
}

static void fdb_show_entry(struct fdb_view *view, const struct fdb_entry *entry)
{
	const struct nlattr *lladdr = entry->tb[NDA_LLADDR];
	struct out *o = view->out;

	out_line(o, 0);
	out_object(o, NULL);
	out_mac(o, "mac", NULL, nla_data(lladdr), nla_len(lladdr));
	fdb_show_dev(view, "ifname", entry->port);
	if (entry->vlan)
		out_u64(o, "vlan", "vlan", entry->vlan);
	if (entry->port != view->bridge->ifindex)
		fdb_show_dev(view, "master", view->bridge->ifindex);
	out_str(o, "state", NULL, fdb_state(entry->ndm->ndm_state));
	fdb_show_flags(o, entry);
	fdb_show_times(view, entry->tb[NDA_CACHEINFO]);
	out_object_end(o);
}

/*
 * An entry of the bridge names either the port, with the bridge as its master,
 * or the bridge, with the port in NDA_IFINDEX where it has one.
 */
static bool fdb_is_wanted(const struct fdb_view *view, struct fdb_entry *entry)
{
	int bridge = view->bridge->ifindex;

	if (entry->ndm->ndm_ifindex == bridge)
		entry->port = vnl_attr_u32(entry->tb[NDA_IFINDEX], bridge);
	else if ((int)vnl_attr_u32(entry->tb[NDA_MASTER], 0) == bridge)
		entry->port = entry->ndm->ndm_ifindex;
	else
		return false;
	if (view->port && view->port->ifindex != entry->port)
		return false;
	return !view->vlan || view->vlan == entry->vlan;
}

static int fdb_read_entry(struct nlmsghdr *hdr, void *arg)
{
	struct fdb_view *view = arg;
	struct fdb_entry entry;

	if (hdr->nlmsg_type != RTM_NEWNEIGH ||
	    nlmsg_parse(hdr, sizeof(*entry.ndm), entry.tb, NDA_MAX, NULL) < 0)
		return -EBADMSG;
	entry.ndm = nlmsg_data(hdr);
	if (entry.ndm->ndm_family != AF_BRIDGE || !entry.tb[NDA_LLADDR])
		return 0;
	entry.vlan = entry.tb[NDA_VLAN] ? nla_get_u16(entry.tb[NDA_VLAN]) : 0;
	if (fdb_is_wanted(view, &entry))
		fdb_show_entry(view, &entry);
	return 0;
}

static int fdb_show_bridge(struct cmd_env *env, struct fdb_view *view)
{
	struct ndmsg ndm = {
		.ndm_family = AF_BRIDGE,
		.ndm_ifindex = view->bridge->ifindex,
	};
	struct nl_msg *msg;
	int err;

	msg = vnl_msg(RTM_GETNEIGH, NLM_F_DUMP, &ndm, sizeof(ndm));
	err = vnl_dump(env->nl, msg, fdb_read_entry, view);
	if (err < 0) {
		vnl_complain(env->nl, err, "read the forwarding table");
		return CMD_REFUSED;
	}
	if (err == VNL_CHANGED)
		complain("note: %s changed while it was read; entries may be missing, or there twice",
			 view->bridge->name);
	return CMD_DONE;
}

/* The words of the command: devices by name, before they are looked up. */
struct fdb_words {
	const char *bridge;
	const char *port;
	uint32_t vlan;
};

static bool fdb_parse(struct args *args, struct fdb_words *words)
{
	while (args->left) {
		if (args_take(args, "br")) {
			words->bridge = args_name(args, "br");
			if (!words->bridge)
				return false;
		} else if (args_take(args, "brport")) {
			words->port = args_name(args, "brport");
			if (!words->port)
				return false;
		} else if (args_take(args, "vlan")) {
			if (!args_u32(args, "vlan", 1, FDB_VLAN_MAX,
				      &words->vlan))
				return false;
		} else {
			return args_end(args);
		}
	}
	return true;
}

static bool fdb_find(struct fdb_view *view, const struct fdb_words *words)
{
	if (words->bridge) {
		view->bridge = links_find(&view->links, words->bridge,
					  KIND_BRIDGE);
		if (!view->bridge)
			return false;
	}
	if (words->port)
		view->port = port_find(&view->links, words->port, &view->bridge);
	return !words->port || view->port;
}

static int fdb_show_all(struct cmd_env *env, struct fdb_view *view)
{
	int status = CMD_DONE;

	for (size_t i = 0; i < view->links.count; i++) {
		const struct link_row *row = &view->links.row[i];

		if (strcmp(row->kind, KIND_BRIDGE) != 0)
			continue;
		view->bridge = row;
		if (fdb_show_bridge(env, view) != CMD_DONE)
			status = CMD_REFUSED;
	}
	if (!view->bridge)
		kind_hint(KIND_BRIDGE);
	return status;
}

static int fdb_show(struct cmd_env *env, struct args *args)
{
	struct fdb_view view = {
		.out = env->out,
		.ticks = sysconf(_SC_CLK_TCK),
	};
	struct fdb_words words = { 0 };
	int status = CMD_USAGE;

	if (!fdb_parse(args, &words))
		return CMD_USAGE;
	view.vlan = words.vlan;
	if (!links_read(&view.links, env->nl, false)) {
		status = CMD_REFUSED;
	} else if (fdb_find(&view, &words)) {
		out_array(env->out, NULL);
		status = view.bridge ? fdb_show_bridge(env, &view) :
				       fdb_show_all(env, &view);
		out_array_end(env->out);
	}
	links_free(&view.links);
	return status;
}

static int fdb_run(struct cmd_env *env, struct args *args)
{
	if (!args->left || args_take(args, "show"))
		return fdb_show(env, args);
	if (args_take(args, "add"))
		return fdb_change(env, args, FDB_ADD);
	if (args_take(args, "del") || args_take(args, "delete"))
		return fdb_change(env, args, FDB_DEL);
	if (args_take(args, "flush"))
		return fdb_change(env, args, FDB_FLUSH);
	complain("\"fdb %s\" is no command; try \"vnet fdb help\"",
		 *args->word);
	return CMD_USAGE;
}

const struct cmd fdb_cmd = {
	.name = "fdb",
	.brief = "show and change the forwarding tables of bridges",
	.all = true,
	.help =
"Usage: vnet fdb [ show [ br BRIDGE ] [ brport PORT ] [ vlan VID ] ]\n"
"       vnet fdb add MAC brport PORT [ vlan VID ] [ sticky ]\n"
"       vnet fdb del MAC { br BRIDGE | brport PORT } [ vlan VID ]\n"
"       vnet fdb flush { br BRIDGE | brport PORT } [ vlan VID ]\n"
"\n"
"The entries of one bridge or of all. add makes a static one, whatever device the\n"
"port is; flush removes the learned ones.\n",
	.run = fdb_run,
};
