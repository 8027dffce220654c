// SPDX-License-Identifier: GPL-2.0
/* `vnet flow`: the devices that vflow is bound to, and what became of frames. */
#include <errno.h>
#include <linux/genetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <string.h>
#include <vnet/genl.h>

#include "cmd.h"

static const char flow_no_family[] =
	"the kernel does not know the family \"" VNET_GENL_NAME
	"\": load the modules with \"modprobe vflow\"";

static struct nl_msg *flow_msg(int family, int flags, int cmd)
{
	const struct genlmsghdr hdr = { .cmd = cmd, .version = 1 };

	return vnl_msg(family, flags, &hdr, sizeof(hdr));
}

static const struct nlattr *flow_attrs(struct nlmsghdr *hdr, int *len)
{
	*len = nlmsg_attrlen(hdr, GENL_HDRLEN);
	return nlmsg_attrdata(hdr, GENL_HDRLEN);
}

static int flow_read_family(struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *head, *id;
	int *family = arg;
	uint64_t val;
	int len;

	head = flow_attrs(hdr, &len);
	id = nla_find(head, len, CTRL_ATTR_FAMILY_ID);
	if (id && vnl_attr_u64(id, &val))
		*family = val;
	return 0;
}

/* The family's number, or a negative errno. */
static int flow_family(struct vnl *nl)
{
	struct nl_msg *msg = flow_msg(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	int family = 0, err;

	vnl_put_str(msg, CTRL_ATTR_FAMILY_NAME, VNET_GENL_NAME);
	err = vnl_get(nl, msg, flow_read_family, &family);
	return err ?: family;
}

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

	head = flow_attrs(hdr, &len);
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

static int flow_show(struct cmd_env *env, struct vnl *nl)
{
	int family = flow_family(nl), err;

	if (family <= 0) {
		complain("%s", flow_no_family);
		return CMD_REFUSED;
	}
	out_array(env->out, NULL);
	err = vnl_dump(nl, flow_msg(family, NLM_F_DUMP, VNET_CMD_FLOW_DEV_GET),
		       flow_show_dev, env);
	out_array_end(env->out);
	if (err >= 0)
		return CMD_DONE;
	vnl_complain(nl, err, "read the devices of vflow");
	return CMD_REFUSED;
}

static int flow_run(struct cmd_env *env, struct args *args)
{
	struct vnl nl = { .sk = NULL };
	int status = CMD_REFUSED;

	args_take(args, "show");
	if (!args_end(args))
		return CMD_USAGE;
	nl.sk = nl_socket_alloc();
	if (nl.sk && !nl_connect(nl.sk, NETLINK_GENERIC))
		status = flow_show(env, &nl);
	else
		complain("cannot open a generic netlink socket");
	nl_socket_free(nl.sk);
	return status;
}

const struct cmd flow_cmd = {
	.name = "flow",
	.brief = "show what vflow takes and what it leaves to the stack",
	.help =
"Usage: vnet flow [ show ]\n"
"\n"
"The devices that stand in a flowtable with \"flags offload\" in this namespace:\n"
"how many directions of flows enter by each, how many frames were taken, and for\n"
"which reasons others were left to the stack. Reasons that never applied are left\n"
"out of the text; JSON has them all.\n",
	.run = flow_run,
};
