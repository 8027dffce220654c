/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <linux/if_link.h>: numbers of link attributes that stock tools
 * send whatever the kernel, and that older headers have no names for.
 */
#ifndef _VNET_COMPAT_LINUX_IF_LINK_H
#define _VNET_COMPAT_LINUX_IF_LINK_H

#include_next <linux/if_link.h>
#include <vnet_probes.h>

/*
 * Options of a bridge port; they came one by one from 6.2 to 6.6. An older
 * core has no room for them in its parser, which VNET_COMPAT_BRPORT_ROOM, the
 * highest that slave_maxtype may be, tells. May go when 6.6 is the oldest
 * kernel served.
 */
#ifdef VNET_HAVE_IFLA_BRPORT_BACKUP_NHID
#define VNET_COMPAT_BRPORT_ROOM IFLA_BRPORT_BACKUP_NHID
#else
#define VNET_COMPAT_BRPORT_ROOM IFLA_BRPORT_MAX
#define IFLA_BRPORT_MAB 40
#define IFLA_BRPORT_MCAST_N_GROUPS 41
#define IFLA_BRPORT_MCAST_MAX_GROUPS 42
#define IFLA_BRPORT_NEIGH_VLAN_SUPPRESS 43
#define IFLA_BRPORT_BACKUP_NHID 44
#endif

/*
 * Options of a bridge, since 6.7; an older core has room for them. May go when
 * that is the oldest kernel served.
 */
#ifndef VNET_HAVE_IFLA_BR_FDB_MAX_LEARNED
#define IFLA_BR_FDB_N_LEARNED 48
#define IFLA_BR_FDB_MAX_LEARNED 49
#endif

#endif /* _VNET_COMPAT_LINUX_IF_LINK_H */
