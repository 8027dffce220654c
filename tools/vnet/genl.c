// SPDX-License-Identifier: GPL-2.0
/* Generic netlink, and the family "vnet" in it. */
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <sys/socket.h>
#include <vnet/genl.h>

#include "args.h"
#include "genl.h"
#include "kinds.h"

static struct nl_msg *genl_msg_to(int family, int flags, int cmd)
{
	const struct genlmsghdr hdr = { .cmd = cmd, .version = 1 };

	return vnl_msg(family, flags, &hdr, sizeof(hdr));
}

struct nl_msg *genl_msg(const struct genl *genl, int flags, int cmd)
{
	return genl_msg_to(genl->family, flags, cmd);
}

const struct nlattr *genl_attrs(struct nlmsghdr *hdr, int *len)
{
	*len = nlmsg_attrlen(hdr, GENL_HDRLEN);
	return nlmsg_attrdata(hdr, GENL_HDRLEN);
}

static int genl_read_family(struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *head, *id;
	int *family = arg;
	uint64_t val;
	int len;

	head = genl_attrs(hdr, &len);
	id = nla_find(head, len, CTRL_ATTR_FAMILY_ID);
	if (id && vnl_attr_u64(id, &val))
		*family = val;
	return 0;
}

bool genl_open(struct genl *genl, const char *family)
{
	char what[64];
	struct nl_msg *msg;
	int on = 1;
	int err;

	genl->family = 0;
	genl->nl.sentence[0] = '\0';
	genl->nl.sk = nl_socket_alloc();
	if (!genl->nl.sk || nl_connect(genl->nl.sk, NETLINK_GENERIC)) {
		complain("cannot open a generic netlink socket");
		return false;
	}
	/* Sentences with errors; errors without a copy of the request. */
	setsockopt(nl_socket_get_fd(genl->nl.sk), SOL_NETLINK, NETLINK_EXT_ACK,
		   &on, sizeof(on));
	setsockopt(nl_socket_get_fd(genl->nl.sk), SOL_NETLINK, NETLINK_CAP_ACK,
		   &on, sizeof(on));
	msg = genl_msg_to(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	vnl_put_str(msg, CTRL_ATTR_FAMILY_NAME, family);
	err = vnl_get(&genl->nl, msg, genl_read_family, &genl->family);
	if (!err || err == -ENOENT)
		return true;
	snprintf(what, sizeof(what), "ask for the family \"%s\"", family);
	vnl_complain(&genl->nl, err, what);
	return false;
}

void genl_close(struct genl *genl)
{
	nl_socket_free(genl->nl.sk);
}

void genl_complain(const char *module)
{
	if (kind_loaded(module))
		complain("the modules that are loaded are older than this program: they have no family \""
			 VNET_GENL_NAME "\"");
	else
		complain("the kernel does not know the family \"" VNET_GENL_NAME
			 "\": load the modules with \"modprobe %s\"", module);
}

void genl_refused(const struct genl *genl, int err, const char *what)
{
	/* The family's own refusals of that number have a sentence. */
	if (err == -EOPNOTSUPP && !genl->nl.sentence[0])
		complain("cannot %s: the modules that are loaded are older than this program",
			 what);
	else
		vnl_complain(&genl->nl, err, what);
}
