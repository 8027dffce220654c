/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <linux/if_tun.h>: UDP segmentation, which a virtio_net_hdr can
 * speak of since 6.2. For an older kernel the bits are none, and so refused
 * where they are asked for. May go when 6.2 is the oldest kernel served.
 */
#ifndef _VNET_COMPAT_LINUX_IF_TUN_H
#define _VNET_COMPAT_LINUX_IF_TUN_H

#include_next <linux/if_tun.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0
#define TUN_F_USO6 0
#endif

#endif /* _VNET_COMPAT_LINUX_IF_TUN_H */
