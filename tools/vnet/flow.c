// SPDX-License-Identifier: GPL-2.0
/* `vnet flow`: what vflow takes, by flow and by device, and having it let go. */
#include <net/if.h>
#include <netlink/attr.h>
#include <vnet/genl.h>

#include "cmd.h"
#include "flow_list.h"
#include "genl.h"
#include "kinds.h"
#include "links.h"

#define FLOW_MODULE	"vflow"

static void flow_show_why(struct out *o, const struct nlattr *nest)
{
	const struct nlattr *name, *frames;
	uint64_t n = 0;

	name = nla_find(nla_data(nest), nla_len(nest), VNET_FLOW_WHY_NAME);
	frames = nla_find(nla_data(nest), nla_len(nest), VNET_FLOW_WHY_FRAMES);
	if (name && frames && vnl_attr_u64(frames, &n))
		out_count(o, nla_get_string(name), n);
}

/* The family is the core's: it answers without vflow as well. */
static void flow_hint(void)
{
	static bool said;

	/* Of many namespaces each would say the same. */
	if (said || kind_loaded(FLOW_MODULE))
		return;
	said = true;
	complain("no flows, and nothing to take them is loaded; \"modprobe "
		 FLOW_MODULE "\" loads it");
}

/* What a request is about. */
struct flow_words {
	const char *name;	/* the device, NULL for all */
	int ifindex;		/* its number, 0 for all */
};

/* An answer that is read device by device. */
struct flow_stats {
	struct out *o;
	uint32_t ifindex;
	bool known;
};

static int flow_stats_dev(struct nlmsghdr *hdr, void *arg)
{
	struct flow_stats *stats = arg;
	const struct nlattr *head;
	const struct nlattr *attr;
	char name[IF_NAMESIZE];
	uint32_t ifindex;
	int len, left;

	head = genl_attrs(hdr, &len);
	ifindex = vnl_attr_u32(nla_find(head, len, VNET_FLOW_DEV_IFINDEX), 0);
	if (stats->ifindex && stats->ifindex != ifindex)
		return 0;
	stats->known = true;
	out_line(stats->o, 0);
	out_object(stats->o, NULL);
	out_u64(stats->o, "ifindex", NULL, ifindex);
	if (if_indextoname(ifindex, name))
		out_color(stats->o, OUT_IFNAME, "ifname", NULL, name);
	out_u64(stats->o, "rules", "rules",
		vnl_attr_u32(nla_find(head, len, VNET_FLOW_DEV_RULES), 0));
	out_object(stats->o, "frames");
	nla_for_each_attr(attr, head, len, left)
		if (nla_type(attr) == VNET_FLOW_DEV_WHY)
			flow_show_why(stats->o, attr);
	out_object_end(stats->o);
	out_object_end(stats->o);
	return 0;
}

static int flow_stats(struct cmd_env *env, struct genl *genl,
		      const struct flow_words *words)
{
	struct flow_stats stats = { .o = env->out, .ifindex = words->ifindex };
	int err;

	out_array(env->out, NULL);
	err = vnl_dump(&genl->nl,
		       genl_msg(genl, NLM_F_DUMP, VNET_CMD_FLOW_DEV_GET),
		       flow_stats_dev, &stats);
	out_array_end(env->out);
	if (err < 0) {
		genl_refused(genl, err, "read the devices of vflow");
		return CMD_REFUSED;
	}
	if (words->name && !stats.known) {
		complain("\"%s\" stands in no flowtable with \"flags offload\"",
			 words->name);
		return CMD_REFUSED;
	}
	flow_hint();
	return CMD_DONE;
}

static int flow_show(struct cmd_env *env, struct genl *genl,
		     const struct flow_words *words)
{
	int err;

	out_array(env->out, NULL);
	err = flow_list(env->out, genl, words->ifindex);
	out_array_end(env->out);
	if (err >= 0) {
		flow_hint();
		return CMD_DONE;
	}
	genl_refused(genl, err, "read the flows");
	return CMD_REFUSED;
}

static int flow_flush(struct cmd_env *env, struct genl *genl,
		      const struct flow_words *words)
{
	struct nl_msg *msg;
	int err;

	(void)env;
	msg = genl_msg(genl, NLM_F_ACK, VNET_CMD_FLOW_FLUSH);
	if (words->ifindex)
		vnl_put_u32(msg, VNET_FLOW_IFINDEX, words->ifindex);
	err = vnl_do(&genl->nl, msg);
	if (!err)
		return CMD_DONE;
	genl_refused(genl, err, "flush the flows");
	return CMD_REFUSED;
}

typedef int (*flow_action)(struct cmd_env *env, struct genl *genl,
			   const struct flow_words *words);

static flow_action flow_parse(struct cmd_env *env, struct args *args,
			      struct flow_words *words)
{
	flow_action action = flow_show;

	if (args_take(args, "flush"))
		action = flow_flush;
	else if (args_take(args, "stats"))
		action = flow_stats;
	else
		args_take(args, "show");
	if (action == flow_flush && !cmd_may_change(env, "flow flush"))
		return NULL;
	if (!args_last_dev(args, &words->name))
		return NULL;
	if (words->name) {
		words->ifindex = link_ask_index(env->nl, words->name);
		if (!words->ifindex)
			return NULL;
	}
	return action;
}

static int flow_run(struct cmd_env *env, struct args *args)
{
	struct flow_words words = { 0 };
	int status = CMD_REFUSED;
	struct genl genl;
	flow_action action;

	action = flow_parse(env, args, &words);
	if (!action)
		return CMD_USAGE;
	if (genl_open(&genl, VNET_GENL_NAME)) {
		if (genl.family)
			status = action(env, &genl, &words);
		else
			genl_complain(FLOW_MODULE);
	}
	genl_close(&genl);
	return status;
}

const struct cmd flow_cmd = {
	.name = "flow",
	.brief = "show what vflow takes and what it leaves to the stack; flush flows",
	.all = true,
	.help =
"Usage: vnet flow [ show ] [ [ dev ] DEV ]\n"
"       vnet flow stats [ [ dev ] DEV ]\n"
"       vnet flow flush [ [ dev ] DEV ]\n"
"\n"
"DEV stands in a flowtable with \"flags offload\"; flows enter by it.\n"
"\n"
"show lists flows, a direction each: what their frames look like when they enter and\n"
"when they leave, how many were taken, how many were left to the stack and for\n"
"which reasons. A flow that is being torn down is \"gone\".\n"
"\n"
"stats has for each device how many directions of flows enter by it, how many frames\n"
"were taken, and for which reasons others were left to the stack. Reasons that never\n"
"applied are left out of the text; JSON has them all.\n"
"\n"
"flush has flows torn down. They come back with their next frame that passes the\n"
"rule of nft.\n",
	.run = flow_run,
};
