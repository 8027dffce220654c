/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink: the family "vnet", which has what no stock tool asks for. */
#ifndef VNET_TOOL_GENL_H
#define VNET_TOOL_GENL_H

#include <stdbool.h>

#include "nl.h"

/**
 * struct genl - a socket and the family on it
 * @nl: the socket
 * @family: the family's number, 0 where the kernel does not know it
 */
struct genl {
	struct vnl nl;
	int family;
};

/**
 * genl_open() - open a socket in the current network namespace
 * @genl: the socket; always for genl_close()
 * @family: the name of the family
 *
 * Return: whether it could be opened and the kernel be asked for the family;
 * if not, a complaint was made. The family need not be there.
 */
bool genl_open(struct genl *genl, const char *family);
void genl_close(struct genl *genl);

/**
 * genl_complain() - say that the kernel does not know the family "vnet"
 * @module: what to load
 */
void genl_complain(const char *module);

/**
 * genl_refused() - say that the family refused a request
 * @genl: the socket
 * @err: what it answered
 * @what: what was asked for, after "cannot"
 *
 * A command that it does not know is newer than the modules.
 */
void genl_refused(const struct genl *genl, int err, const char *what);

/**
 * genl_msg() - start a request to the family
 * @genl: the socket, its family known
 * @flags: as for vnl_msg()
 * @cmd: the command
 *
 * Return: as vnl_msg().
 */
struct nl_msg *genl_msg(const struct genl *genl, int flags, int cmd);

/**
 * genl_attrs() - the attributes of an answer
 * @hdr: the message
 * @len: where their length goes
 *
 * Return: the first.
 */
const struct nlattr *genl_attrs(struct nlmsghdr *hdr, int *len);

#endif
