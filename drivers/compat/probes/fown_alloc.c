// SPDX-License-Identifier: GPL-2.0
/* file_f_owner_allocate(), since 6.12. */
#include <linux/fs.h>

int vnet_probe(struct file *file);
int vnet_probe(struct file *file)
{
	return file_f_owner_allocate(file);
}
