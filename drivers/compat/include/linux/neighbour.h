/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <linux/neighbour.h>: flags that stock tools show whatever the
 * kernel, and that older headers have no names for.
 */
#ifndef _VNET_COMPAT_LINUX_NEIGHBOUR_H
#define _VNET_COMPAT_LINUX_NEIGHBOUR_H

#include_next <linux/neighbour.h>

/* Since 6.2; may go when that is the oldest kernel served. */
#ifndef NTF_EXT_LOCKED
#define NTF_EXT_LOCKED BIT(1)
#endif

#endif /* _VNET_COMPAT_LINUX_NEIGHBOUR_H */
