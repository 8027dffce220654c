/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <linux/compiler_attributes.h>: 6.1.176 does not know
 * __no_stack_protector, later releases of 6.1 do. May go when they are the
 * oldest kernels served.
 */
#ifndef _VNET_COMPAT_LINUX_COMPILER_ATTRIBUTES_H
#define _VNET_COMPAT_LINUX_COMPILER_ATTRIBUTES_H

#include_next <linux/compiler_attributes.h>

#ifndef __no_stack_protector
#if __has_attribute(__no_stack_protector__)
#define __no_stack_protector __attribute__((__no_stack_protector__))
#else
#define __no_stack_protector
#endif
#endif

#endif /* _VNET_COMPAT_LINUX_COMPILER_ATTRIBUTES_H */
