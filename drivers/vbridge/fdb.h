/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two files of the forwarding table have of each other: fdb.c, where
 * entries come and are found, and fdb_end.c, where they go.
 */
#ifndef _VBRIDGE_FDB_H
#define _VBRIDGE_FDB_H

#include <linux/rcupdate.h>
#include "vbridge.h"

static inline struct vbr_port *
vbr_fdb_port_locked(const struct vbr *br, const struct vbr_fdb *fdb)
{
	return rcu_dereference_protected(fdb->port,
					 lockdep_is_held(&br->fdb_lock));
}

/* An address of the bridge or of a port, entered by this driver. */
static inline bool vbr_fdb_is_own(u32 flags)
{
	return (flags & (VBR_FDB_LOCAL | VBR_FDB_USER)) == VBR_FDB_LOCAL;
}

/* fdb.c */
struct vbr_fdb *vbr_fdb_find_locked(struct vbr *br,
				    const struct vbr_fdb_key *key);
void vbr_fdb_end_locked(struct vbr *br, struct vbr_fdb *fdb,
			enum vbr_fdb_end how);

/* fdb_end.c */
void vbr_fdb_remove_locked(struct vbr *br, struct vbr_fdb *fdb,
			   enum vbr_fdb_end how);
void vbr_fdb_lose_locked(struct vbr *br, struct vbr_fdb *fdb);
void vbr_fdb_init_ends(struct vbr *br);
void vbr_fdb_remove_all(struct vbr *br);

#endif /* _VBRIDGE_FDB_H */
