/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <net/gso.h>, which is there since 6.5: <linux/netdevice.h> had
 * the functions before. May go when 6.6 is the oldest kernel served.
 */
#ifndef _VNET_COMPAT_NET_GSO_H
#define _VNET_COMPAT_NET_GSO_H

#include <vnet_probes.h>
#ifdef VNET_HAVE_NET_GSO
#include_next <net/gso.h>
#else
#include <linux/netdevice.h>
#endif

#endif /* _VNET_COMPAT_NET_GSO_H */
