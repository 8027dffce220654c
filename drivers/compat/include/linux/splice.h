/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <linux/splice.h>: splice_read by read_iter. The name is
 * copy_splice_read() since 6.5; before that it was what every file had. May go
 * when 6.5 is the oldest kernel served.
 */
#ifndef _VNET_COMPAT_LINUX_SPLICE_H
#define _VNET_COMPAT_LINUX_SPLICE_H

#include_next <linux/splice.h>
#include <linux/fs.h>
#include <vnet_probes.h>

#ifdef VNET_HAVE_SPLICE_COPY
#define VNET_COPY_SPLICE_READ copy_splice_read
#else
#define VNET_COPY_SPLICE_READ generic_file_splice_read
#endif

/*
 * The owner of a file's signals is allocated apart since 6.12, before it is
 * set. May go when that is the oldest kernel served.
 */
static inline int vnet_compat_fown_alloc(struct file *file, int on)
{
#ifdef VNET_HAVE_FOWN_ALLOC
	return on ? file_f_owner_allocate(file) : 0;
#else
	return 0;
#endif
}

#endif /* _VNET_COMPAT_LINUX_SPLICE_H */
