/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <net/rps.h>, which came with 6.9; before that all of it was
 * in <linux/netdevice.h>. May go when that is the oldest kernel served.
 */
#ifndef _VNET_COMPAT_NET_RPS_H
#define _VNET_COMPAT_NET_RPS_H

#include <vnet_probes.h>

#ifdef VNET_HAVE_NET_RPS
#include_next <net/rps.h>
#else
#include <linux/netdevice.h>
#endif

#endif /* _VNET_COMPAT_NET_RPS_H */
