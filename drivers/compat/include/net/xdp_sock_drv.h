/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <net/xdp_sock_drv.h>: whether a driver has room of its own beside
 * a buffer of AF_XDP's, since 6.3. May go when 6.3 is the oldest kernel served.
 */
#ifndef _VNET_COMPAT_NET_XDP_SOCK_DRV_H
#define _VNET_COMPAT_NET_XDP_SOCK_DRV_H

#include_next <net/xdp_sock_drv.h>
#include <vnet_probes.h>

#ifdef VNET_HAVE_XSK_BUFF_CB
#define VNET_XSK_HAS_CB true
#else
#define VNET_XSK_HAS_CB false
#define XSK_CHECK_PRIV_TYPE(t)
#endif

#endif /* _VNET_COMPAT_NET_XDP_SOCK_DRV_H */
