// SPDX-License-Identifier: GPL-2.0
/* struct ndo_fdb_dump_context, since 6.14. */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

int vnet_probe(struct netlink_callback *cb);
int vnet_probe(struct netlink_callback *cb)
{
	return ((struct ndo_fdb_dump_context *)cb->ctx)->fdb_idx;
}
