// SPDX-License-Identifier: GPL-2.0
/* `vnet flow`: the devices that vflow is bound to, and what became of frames. */
#include <net/if.h>
#include <netlink/attr.h>
#include <vnet/genl.h>

#include "cmd.h"
#include "genl.h"

static void flow_show_why(struct out *o, const struct nlattr *nest)
{
	const struct nlattr *name, *frames;
	uint64_t n = 0;

	name = nla_find(nla_data(nest), nla_len(nest), VNET_FLOW_WHY_NAME);
	frames = nla_find(nla_data(nest), nla_len(nest), VNET_FLOW_WHY_FRAMES);
	if (name && frames && vnl_attr_u64(frames, &n))
		out_count(o, nla_get_string(name), n);
}

static int flow_show_dev(struct nlmsghdr *hdr, void *arg)
{
	struct cmd_env *env = arg;
	const struct nlattr *head;
	const struct nlattr *attr;
	char name[IF_NAMESIZE];
	uint32_t ifindex;
	int len, left;

	head = genl_attrs(hdr, &len);
	ifindex = vnl_attr_u32(nla_find(head, len, VNET_FLOW_DEV_IFINDEX), 0);
	out_line(env->out, 0);
	out_object(env->out, NULL);
	out_u64(env->out, "ifindex", NULL, ifindex);
	if (if_indextoname(ifindex, name))
		out_color(env->out, OUT_IFNAME, "ifname", NULL, name);
	out_u64(env->out, "rules", "rules",
		vnl_attr_u32(nla_find(head, len, VNET_FLOW_DEV_RULES), 0));
	out_object(env->out, "frames");
	nla_for_each_attr(attr, head, len, left)
		if (nla_type(attr) == VNET_FLOW_DEV_WHY)
			flow_show_why(env->out, attr);
	out_object_end(env->out);
	out_object_end(env->out);
	return 0;
}

static int flow_show(struct cmd_env *env, struct genl *genl)
{
	int err;

	if (!genl->family) {
		genl_complain("vflow");
		return CMD_REFUSED;
	}
	out_array(env->out, NULL);
	err = vnl_dump(&genl->nl,
		       genl_msg(genl, NLM_F_DUMP, VNET_CMD_FLOW_DEV_GET),
		       flow_show_dev, env);
	out_array_end(env->out);
	if (err >= 0)
		return CMD_DONE;
	vnl_complain(&genl->nl, err, "read the devices of vflow");
	return CMD_REFUSED;
}

static int flow_run(struct cmd_env *env, struct args *args)
{
	int status = CMD_REFUSED;
	struct genl genl;

	args_take(args, "show");
	if (!args_end(args))
		return CMD_USAGE;
	if (genl_open(&genl, VNET_GENL_NAME))
		status = flow_show(env, &genl);
	genl_close(&genl);
	return status;
}

const struct cmd flow_cmd = {
	.name = "flow",
	.brief = "show what vflow takes and what it leaves to the stack",
	.all = true,
	.help =
"Usage: vnet flow [ show ]\n"
"\n"
"The devices that stand in a flowtable with \"flags offload\" in this namespace:\n"
"how many directions of flows enter by each, how many frames were taken, and for\n"
"which reasons others were left to the stack. Reasons that never applied are left\n"
"out of the text; JSON has them all.\n",
	.run = flow_run,
};
