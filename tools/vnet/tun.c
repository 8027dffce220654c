// SPDX-License-Identifier: GPL-2.0
/* `vnet tun`: tun and tap devices of the suite, and which programs have them. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vnet/vtun.h>

#include "cmd.h"
#include "ethnl.h"
#include "kinds.h"
#include "linkfmt.h"
#include "links.h"
#include "tun_users.h"

/* What stays the same for all devices of one answer. */
struct tun_view {
	struct cmd_env *env;
	struct links links;
	struct ethnl ethnl;
	struct tun_users users;
};

static uint64_t tun_number(struct nlattr *const *tb, int type)
{
	uint64_t val = 0;

	if (tb[type])
		vnl_attr_u64(tb[type], &val);
	return val;
}

static void tun_show_owner(struct out *o, struct nlattr *const *tb)
{
	const struct passwd *user;
	const struct group *group;

	if (tb[IFLA_TUN_OWNER]) {
		user = getpwuid(tun_number(tb, IFLA_TUN_OWNER));
		if (user)
			out_str(o, "user", "user", user->pw_name);
		else
			out_u64(o, "uid", "user", tun_number(tb, IFLA_TUN_OWNER));
	}
	if (tb[IFLA_TUN_GROUP]) {
		group = getgrgid(tun_number(tb, IFLA_TUN_GROUP));
		if (group)
			out_str(o, "group", "group", group->gr_name);
		else
			out_u64(o, "gid", "group", tun_number(tb, IFLA_TUN_GROUP));
	}
}

static void tun_show_options(struct out *o, const struct link_row *row)
{
	struct nlattr *tb[VTUN_INFO_MAX + 1] = { NULL };

	if (!row->data)
		return;
	nla_parse_nested(tb, VTUN_INFO_MAX, row->data, NULL);
	out_str(o, "mode", "mode",
		tun_number(tb, IFLA_TUN_TYPE) == IFF_TAP ? "tap" : "tun");
	tun_show_owner(o, tb);
	out_flag(o, "persist", tun_number(tb, IFLA_TUN_PERSIST));
	out_flag(o, "multi_queue", tun_number(tb, IFLA_TUN_MULTI_QUEUE));
	out_flag(o, "pi", tun_number(tb, IFLA_TUN_PI));
	out_flag(o, "vnet_hdr", tun_number(tb, IFLA_TUN_VNET_HDR));
	if (tb[VTUN_INFO_VNET_HDR_SZ])
		out_u64(o, "vnet_hdr_sz", "vnet_hdr_sz",
			tun_number(tb, VTUN_INFO_VNET_HDR_SZ));
	out_count(o, "disabled_queues",
		  tun_number(tb, IFLA_TUN_NUM_DISABLED_QUEUES));
}

static void tun_show_one(void *arg, const struct link_row *row)
{
	const struct ethnl_row *queues;
	struct tun_view *view = arg;
	struct out *o = view->env->out;

	tun_show_options(o, row);
	linkfmt_common(o, row);
	queues = ethnl_find(&view->ethnl, row->ifindex);
	if (queues) {
		out_u64(o, "queues", "queues", queues->combined);
		out_u64(o, "queues_max", "queues-max", queues->combined_max);
	}
	out_array(o, "users");
	for (size_t i = 0; i < view->users.count; i++) {
		const struct tun_user *user = &view->users.user[i];

		if (strcmp(user->ifname, row->name) != 0)
			continue;
		out_line(o, 4);
		out_object(o, NULL);
		out_u64(o, "pid", "pid", user->pid);
		out_str(o, "command", "command", user->command);
		out_u64(o, "files", "files", user->files);
		out_object_end(o);
	}
	out_array_end(o);
}

static int tun_run_show(struct cmd_env *env, struct args *args)
{
	struct tun_view view = { .env = env };
	int status = CMD_REFUSED;
	const char *name;

	args_take(args, "show");
	if (!args_last_dev(args, &name))
		return CMD_USAGE;
	if (links_read(&view.links, env->nl, false) && ethnl_read(&view.ethnl)) {
		tun_users_read(&view.users);
		status = linkfmt_list(env->out, &view.links, KIND_TUN, name,
				      tun_show_one, &view) ?
				 CMD_DONE : CMD_USAGE;
	}
	tun_users_free(&view.users);
	ethnl_free(&view.ethnl);
	links_free(&view.links);
	return status;
}

/* What "tun add" was told. */
struct tun_words {
	const char *name;
	uint8_t type;
	uint32_t uid;
	uint32_t gid;
	bool has_uid;
	bool has_gid;
	bool multi_queue;
	bool vnet_hdr;
	bool pi;
	bool up;
	const char *master;
};

static bool tun_parse_id(struct args *args, const char *keyword, uint32_t *id)
{
	const char *word = args_value(args, keyword);
	bool group = strcmp(keyword, "group") == 0;
	const struct passwd *user;
	unsigned long long number;
	const struct group *grp;
	char *end;

	if (!word)
		return false;
	user = group ? NULL : getpwnam(word);
	grp = group ? getgrnam(word) : NULL;
	if (user || grp) {
		*id = user ? user->pw_uid : grp->gr_gid;
		return true;
	}
	if (!isdigit((unsigned char)*word)) {
		complain("\"%s %s\": this system knows no such name", keyword,
			 word);
		return false;
	}
	/* Decimal whatever it begins with, as to ip. */
	errno = 0;
	number = strtoull(word, &end, 10);
	if (*end || errno || number >= UINT32_MAX) {
		complain("\"%s %s\": must be a number from 0 to %u", keyword,
			 word, UINT32_MAX - 1);
		return false;
	}
	*id = number;
	return true;
}

static bool tun_parse_mode(struct args *args, uint8_t *type)
{
	const char *word = args_value(args, "mode");

	if (!word)
		return false;
	*type = strcmp(word, "tun") == 0 ? IFF_TUN : IFF_TAP;
	if (*type == IFF_TUN || strcmp(word, "tap") == 0)
		return true;
	complain("\"mode %s\": must be tun or tap", word);
	return false;
}

static bool tun_parse_word(struct args *args, struct tun_words *words)
{
	if (args_take(args, "mode"))
		return tun_parse_mode(args, &words->type);
	if (args_take(args, "user")) {
		words->has_uid = true;
		return tun_parse_id(args, "user", &words->uid);
	}
	if (args_take(args, "group")) {
		words->has_gid = true;
		return tun_parse_id(args, "group", &words->gid);
	}
	if (args_take(args, "master")) {
		words->master = args_name(args, "master");
		return words->master;
	}
	if (args_take(args, "multi_queue"))
		words->multi_queue = true;
	else if (args_take(args, "vnet_hdr"))
		words->vnet_hdr = true;
	else if (args_take(args, "pi"))
		words->pi = true;
	else if (args_take(args, "up"))
		words->up = true;
	else
		return args_end(args);
	return true;
}

static void tun_put_u8(struct nl_msg *msg, int type, uint8_t val)
{
	vnl_put(msg, type, &val, sizeof(val));
}

static struct nl_msg *tun_request(const struct tun_words *words, int master)
{
	unsigned int flags = words->up ? IFF_UP : 0;
	struct ifinfomsg ifi = { .ifi_flags = flags, .ifi_change = flags };
	struct nlattr *info, *data;
	struct nl_msg *msg;

	msg = vnl_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi,
		      sizeof(ifi));
	vnl_put_str(msg, IFLA_IFNAME, words->name);
	if (master)
		vnl_put_u32(msg, IFLA_MASTER, master);
	info = vnl_nest(msg, IFLA_LINKINFO);
	vnl_put_str(msg, IFLA_INFO_KIND, KIND_TUN);
	data = vnl_nest(msg, IFLA_INFO_DATA);
	tun_put_u8(msg, IFLA_TUN_TYPE, words->type);
	tun_put_u8(msg, IFLA_TUN_MULTI_QUEUE, words->multi_queue);
	tun_put_u8(msg, IFLA_TUN_VNET_HDR, words->vnet_hdr);
	tun_put_u8(msg, IFLA_TUN_PI, words->pi);
	if (words->has_uid)
		vnl_put_u32(msg, IFLA_TUN_OWNER, words->uid);
	if (words->has_gid)
		vnl_put_u32(msg, IFLA_TUN_GROUP, words->gid);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return msg;
}

static int tun_run_add(struct cmd_env *env, struct args *args)
{
	struct tun_words words = { .type = IFF_TAP };
	int master = 0, err;
	char what[64];

	if (!cmd_may_change(env, "tun add"))
		return CMD_USAGE;
	words.name = args_name(args, "add");
	if (!words.name || !args_devname(words.name))
		return CMD_USAGE;
	while (args->left) {
		if (!tun_parse_word(args, &words))
			return CMD_USAGE;
	}
	if (words.master) {
		master = link_ask_index(env->nl, words.master);
		if (!master)
			return CMD_USAGE;
	}
	err = vnl_do(env->nl, tun_request(&words, master));
	if (!err)
		return CMD_DONE;
	if (kind_complain(env->nl, err, KIND_TUN))
		return CMD_REFUSED;
	snprintf(what, sizeof(what), "make the device %s", words.name);
	vnl_complain(env->nl, err, what);
	return CMD_REFUSED;
}

static int tun_run_del(struct cmd_env *env, struct args *args)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct link_row row;
	const char *name;
	char what[64];
	int err;

	if (!cmd_may_change(env, "tun del"))
		return CMD_USAGE;
	name = args_name(args, "del");
	if (!name || !args_end(args) || !args_devname(name))
		return CMD_USAGE;
	if (link_ask(env->nl, &row, name, 0, -1)) {
		complain("there is no device \"%s\"", name);
		return CMD_USAGE;
	}
	if (strcmp(row.kind, KIND_TUN) != 0) {
		complain("\"%s\" is not a " KIND_TUN " device%s%s", name,
			 row.kind[0] ? " but of type " : "", row.kind);
		return CMD_USAGE;
	}
	ifi.ifi_index = row.ifindex;
	err = vnl_do(env->nl, vnl_msg(RTM_DELLINK, 0, &ifi, sizeof(ifi)));
	if (!err)
		return CMD_DONE;
	snprintf(what, sizeof(what), "delete %s", name);
	vnl_complain(env->nl, err, what);
	return CMD_REFUSED;
}

static int tun_run(struct cmd_env *env, struct args *args)
{
	if (args_take(args, "add"))
		return tun_run_add(env, args);
	if (args_take(args, "del") || args_take(args, "delete"))
		return tun_run_del(env, args);
	return tun_run_show(env, args);
}

const struct cmd tun_cmd = {
	.name = "tun",
	.brief = "show, make and remove tun and tap devices",
	.all = true,
	.help =
"Usage: vnet tun [ show ] [ [ dev ] NAME ]\n"
"       vnet tun add NAME [ mode { tun | tap } ] [ user USER ] [ group GROUP ]\n"
"                    [ multi_queue ] [ vnet_hdr ] [ pi ] [ master BRIDGE ] [ up ]\n"
"       vnet tun del NAME\n"
"\n"
"Each vtun with its options, the queues that programs have attached, and those\n"
"programs, as far as the caller may look into them.\n",
	.run = tun_run,
};
