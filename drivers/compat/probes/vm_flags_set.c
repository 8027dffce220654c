// SPDX-License-Identifier: GPL-2.0
/* vm_flags_set() and vm_flags_clear(), since 6.3. */
#include <linux/mm.h>

void vnet_probe(struct vm_area_struct *vma);
void vnet_probe(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_DONTCOPY);
	vm_flags_clear(vma, VM_MAYWRITE);
}
