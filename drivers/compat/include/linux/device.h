/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <linux/device.h>: what a class is asked of its devices' namespaces
 * with, which is const since 6.2. May go when that is the oldest kernel served.
 */
#ifndef _VNET_COMPAT_LINUX_DEVICE_H
#define _VNET_COMPAT_LINUX_DEVICE_H

#include_next <linux/device.h>
#include <vnet_probes.h>

#ifdef VNET_HAVE_CLASS_CONST_DEVICE
#define VNET_CLASS_DEVICE const struct device
#else
#define VNET_CLASS_DEVICE struct device
#endif

#endif /* _VNET_COMPAT_LINUX_DEVICE_H */
