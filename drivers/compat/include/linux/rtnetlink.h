/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <linux/rtnetlink.h>.
 */
#ifndef _VNET_COMPAT_LINUX_RTNETLINK_H
#define _VNET_COMPAT_LINUX_RTNETLINK_H

#include_next <linux/rtnetlink.h>
#include <vnet_probes.h>

/*
 * The cursor of ndo_fdb_dump: the number of entries of this device that went
 * into earlier messages. It has a structure of its own since 6.14; the older
 * form may go when 6.14 is the oldest kernel served.
 */
static inline int vnet_compat_fdb_dump_cursor(struct netlink_callback *cb)
{
#ifdef VNET_HAVE_FDB_DUMP_CONTEXT
	return ((struct ndo_fdb_dump_context *)cb->ctx)->fdb_idx;
#else
	return cb->args[2];
#endif
}

#endif /* _VNET_COMPAT_LINUX_RTNETLINK_H */
