/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <linux/mm.h>: a mapping's flags are changed by functions since
 * 6.3. May go when that is the oldest kernel served.
 */
#ifndef _VNET_COMPAT_LINUX_MM_H
#define _VNET_COMPAT_LINUX_MM_H

#include_next <linux/mm.h>
#include <vnet_probes.h>

#ifndef VNET_HAVE_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#endif /* _VNET_COMPAT_LINUX_MM_H */
