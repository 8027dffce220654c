// SPDX-License-Identifier: GPL-2.0
/*
 * Spots of addresses: how they are given and taken, and that there are enough.
 */
#include <linux/log2.h>
#include <linux/prefetch.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "spot.h"

/* Lines that a bridge has at least, which are 4 KiB. */
#define VBR_SPOTS_MIN 64

/* So many lines are kept, however few entries there are. */
#define VBR_SPOTS_SHRINK 4096

/* How long an entry may be without its spot. */
#define VBR_SPOTS_DELAY HZ

/* Entries that are given their spots in one go. */
#define VBR_SPOTS_BATCH 16

static struct vbr_spots *vbr_spots_locked(const struct vbr *br)
{
	return rcu_dereference_protected(br->spots,
					 lockdep_is_held(&br->fdb_lock));
}

/* An entry's spot, or NULL. */
static struct vbr_spot *vbr_spot_of(const struct vbr_spots *spots,
				    const struct vbr_fdb *fdb)
{
	u64 word = vbr_fdb_word(&fdb->key);
	struct vbr_spot *spot = vbr_spot_line(spots, word);
	int way;

	for (way = 0; way < VBR_SPOT_WAYS; way++, spot++)
		if (READ_ONCE(spot->word) == word &&
		    READ_ONCE(spot->fdb) == fdb)
			return spot;
	return NULL;
}

/* The later one of a time and of one of which the lower half is known. */
static unsigned long vbr_spot_later(unsigned long time, u32 stamp)
{
	unsigned long now = jiffies;
	unsigned long other = now - (u32)((u32)now - stamp);

	return time_after(other, time) ? other : time;
}

static void vbr_spot_read_stamps(const struct vbr_spot *spot,
				 struct vbr_seen *seen)
{
	seen->updated = vbr_spot_later(seen->updated,
				       READ_ONCE(spot->updated));
	seen->used = vbr_spot_later(seen->used, READ_ONCE(spot->used));
}

/**
 * vbr_spot_seen() - when an address was in use
 * @br: the bridge
 * @fdb: its entry
 * @seen: gets the time stamps
 *
 * Context: any that keeps @fdb.
 */
void vbr_spot_seen(const struct vbr *br, const struct vbr_fdb *fdb,
		   struct vbr_seen *seen)
{
	const struct vbr_spot *spot;

	seen->updated = READ_ONCE(fdb->updated);
	seen->used = READ_ONCE(fdb->used);
	rcu_read_lock();
	spot = vbr_spot_of(rcu_dereference(br->spots), fdb);
	if (spot)
		vbr_spot_read_stamps(spot, seen);
	rcu_read_unlock();
}

/**
 * vbr_spot_prefetch_rcu() - what vbr_spot_seen() needs is asked for soon
 * @br: the bridge
 * @fdb: the entry
 *
 * Context: RCU read section.
 */
void vbr_spot_prefetch_rcu(const struct vbr *br, const struct vbr_fdb *fdb)
{
	prefetch(vbr_spot_line(rcu_dereference(br->spots),
			       vbr_fdb_word(&fdb->key)));
}

/* The barriers are for vbr_spot_read(). */
static void vbr_spot_write(struct vbr_spot *spot, struct vbr_fdb *fdb,
			   struct vbr_port *port)
{
	smp_wmb(); /* it is free: its word is 0, which was written before */
	WRITE_ONCE(spot->fdb, fdb);
	smp_wmb(); /* whoever reads the port or the word finds the entry */
	WRITE_ONCE(spot->port, port);
	WRITE_ONCE(spot->updated, (u32)READ_ONCE(fdb->updated));
	WRITE_ONCE(spot->used, (u32)READ_ONCE(fdb->used));
	smp_wmb(); /* whoever reads the word finds the port */
	WRITE_ONCE(spot->word, vbr_fdb_word(&fdb->key));
}

/* Gives an entry that had none among them its spot, where there is room. */
static void vbr_spot_add_locked(const struct vbr_spots *spots,
				struct vbr *br, struct vbr_fdb *fdb)
{
	struct vbr_port *port =
		rcu_dereference_protected(fdb->port,
					  lockdep_is_held(&br->fdb_lock));
	struct vbr_spot *spot = vbr_spot_line(spots, vbr_fdb_word(&fdb->key));
	int way;

	if (!port || (fdb->flags & (VBR_FDB_LOCAL | VBR_FDB_DEAD)))
		return;
	for (way = 0; way < VBR_SPOT_WAYS; way++, spot++) {
		if (!spot->word) {
			vbr_spot_write(spot, fdb, port);
			break;
		}
	}
}

/* Its time stamps become the entry's. */
static void vbr_spot_sync_locked(const struct vbr_spots *spots,
				 struct vbr_fdb *fdb)
{
	const struct vbr_spot *spot = vbr_spot_of(spots, fdb);
	struct vbr_seen seen;

	if (!spot)
		return;
	seen.updated = READ_ONCE(fdb->updated);
	seen.used = READ_ONCE(fdb->used);
	vbr_spot_read_stamps(spot, &seen);
	WRITE_ONCE(fdb->updated, seen.updated);
	WRITE_ONCE(fdb->used, seen.used);
}

/**
 * vbr_spot_end_locked() - take an entry's spot away
 * @br: the bridge
 * @fdb: the entry
 *
 * To be done before &vbr.state changes.
 *
 * Context: vbr.fdb_lock held.
 */
void vbr_spot_end_locked(struct vbr *br, struct vbr_fdb *fdb)
{
	struct vbr_spots *spots = vbr_spots_locked(br);
	struct vbr_spot *spot = vbr_spot_of(spots, fdb);

	if (!spot)
		return;
	vbr_spot_sync_locked(spots, fdb);
	WRITE_ONCE(spot->word, 0);
}

/**
 * vbr_spot_move_locked() - an entry leads elsewhere
 * @br: the bridge
 * @fdb: the entry
 * @port: where it leads now, or NULL for the bridge itself
 *
 * To be done before &vbr.state changes.
 *
 * Context: vbr.fdb_lock held.
 */
void vbr_spot_move_locked(struct vbr *br, struct vbr_fdb *fdb,
			  struct vbr_port *port)
{
	struct vbr_spot *spot = vbr_spot_of(vbr_spots_locked(br), fdb);

	if (!spot)
		return;
	if (port)
		WRITE_ONCE(spot->port, port);
	else
		vbr_spot_end_locked(br, fdb);
}

/* Neither too few for so many entries nor far too many. */
static bool vbr_spots_fit(const struct vbr_spots *spots, u32 entries)
{
	return entries <= spots->limit &&
	       (spots->mask < VBR_SPOTS_SHRINK || entries >= spots->mask / 16);
}

/**
 * vbr_spots_owe_locked() - an entry has come that is to have a spot
 * @br: the bridge
 *
 * Soon, together with those that come meanwhile: one by one each would wait for
 * its line, and be there when spots are made anew for more of them.
 *
 * Context: vbr.fdb_lock held.
 */
void vbr_spots_owe_locked(struct vbr *br)
{
	lockdep_assert_held(&br->fdb_lock);
	if (likely(br->spots_owed))
		return;
	br->spots_owed = true;
	queue_delayed_work(system_long_wq, &br->spots_work, VBR_SPOTS_DELAY);
}

/**
 * vbr_spots_shrink() - see to it that there are not far too many
 * @br: the bridge
 *
 * After a flush and with ageing, not for each entry that goes or comes.
 *
 * Context: process context, vbr.fdb_remove not held.
 */
void vbr_spots_shrink(struct vbr *br)
{
	bool fit;

	rcu_read_lock();
	fit = vbr_spots_fit(rcu_dereference(br->spots),
			    atomic_read(&br->fdb.nelems));
	rcu_read_unlock();
	if (!fit)
		mod_delayed_work(system_long_wq, &br->spots_work, 0);
}

/* Chunks of so many lines. */
static u32 vbr_spots_chunks(u32 lines)
{
	return DIV_ROUND_UP(lines, VBR_SPOT_CHUNK);
}

static void vbr_spots_free(struct vbr_spots *spots)
{
	u32 i;

	if (!spots)
		return;
	for (i = 0; i < vbr_spots_chunks(spots->mask + 1); i++)
		kvfree(spots->chunk[i]);
	kvfree(spots);
}

/*
 * Two to four lines for each entry, and enough until there is an entry for each
 * line: every growth visits all entries. One in ten has no spot then, to
 * begin with one in thirty or fewer.
 *
 * In chunks that the kernel's own mapping of memory has in a large page, where
 * there is one free: one area of many pages would cost a cold line a longer walk
 * wherever such areas have none.
 */
static struct vbr_spots *vbr_spots_alloc(u32 entries)
{
	u32 lines = max(roundup_pow_of_two(entries + 1) * 2, VBR_SPOTS_MIN);
	u32 i, chunks = vbr_spots_chunks(lines);
	struct vbr_spots *spots;

	spots = kvzalloc(struct_size(spots, chunk, chunks), GFP_KERNEL);
	if (!spots)
		return NULL;
	spots->mask = lines - 1;
	spots->limit = lines;
	spots->seed = get_random_u32();
	for (i = 0; i < chunks; i++) {
		spots->chunk[i] = kvcalloc(min_t(u32, lines, VBR_SPOT_CHUNK),
					   VBR_SPOT_WAYS *
					   sizeof(**spots->chunk),
					   GFP_KERNEL | __GFP_NOWARN);
		if (!spots->chunk[i]) {
			vbr_spots_free(spots);
			return NULL;
		}
	}
	return spots;
}

/**
 * struct vbr_spots_fill - entries that are given their spots
 * @spots: the spots
 * @old: those that the entries had before, or NULL
 * @last: number of the last entry that has its spot, where there are no @old
 * @at: the next entry, in vbr.fdb_list; from the last that came backwards
 */
struct vbr_spots_fill {
	const struct vbr_spots *spots;
	const struct vbr_spots *old;
	u32 last;
	struct list_head *at;
};

/* A few entries, whose lines are asked for before the first is written. */
static bool vbr_spots_fill_some(struct vbr *br, struct vbr_spots_fill *fill)
{
	struct vbr_fdb *some[VBR_SPOTS_BATCH], *fdb;
	int n, i;

	for (n = 0; n < VBR_SPOTS_BATCH && fill->at != &br->fdb_list; n++) {
		fdb = list_entry(fill->at, struct vbr_fdb, list);
		if (!fill->old && (s32)(fdb->nr - fill->last) <= 0)
			break;
		prefetchw(vbr_spot_line(fill->spots, vbr_fdb_word(&fdb->key)));
		some[n] = fdb;
		fill->at = READ_ONCE(fill->at->prev);
	}
	spin_lock_bh(&br->fdb_lock);
	for (i = 0; i < n; i++) {
		if (fill->old)
			vbr_spot_sync_locked(fill->old, some[i]);
		vbr_spot_add_locked(fill->spots, br, some[i]);
	}
	spin_unlock_bh(&br->fdb_lock);
	return n == VBR_SPOTS_BATCH;
}

/*
 * Gives the entries that have come their spots, or all of them new ones if too
 * few or too many were left; these are empty at first: the table has all
 * entries. With vbr.fdb_remove no entry leaves the list meanwhile.
 */
static void vbr_spots_work(struct work_struct *work)
{
	struct vbr *br = container_of(to_delayed_work(work), struct vbr,
				      spots_work);
	u32 entries = atomic_read(&br->fdb.nelems);
	struct vbr_spots *old, *new = NULL;
	struct vbr_spots_fill fill = {};

	mutex_lock(&br->fdb_remove);
	old = rcu_dereference_protected(br->spots,
					lockdep_is_held(&br->fdb_remove));
	fill.spots = old;
	if (!vbr_spots_fit(old, entries))
		new = vbr_spots_alloc(entries);

	spin_lock_bh(&br->fdb_lock);
	if (new) {
		rcu_assign_pointer(br->spots, new);
		fill.spots = new;
		fill.old = old;
	} else if (entries > old->limit) {
		/* No memory: not again for each that comes. */
		old->limit = max(old->limit * 2, old->limit);
	}
	fill.last = br->spots_nr;
	fill.at = br->fdb_list.prev;
	br->spots_nr = br->fdb_nr;
	br->spots_owed = false;
	spin_unlock_bh(&br->fdb_lock);

	while (vbr_spots_fill_some(br, &fill))
		cond_resched();
	mutex_unlock(&br->fdb_remove);

	if (!new)
		return;
	/* Who looks up addresses may have found the old ones. */
	synchronize_rcu();
	vbr_spots_free(old);
}

/**
 * vbr_spots_init() - make the spots of a new bridge
 * @br: the bridge
 *
 * Return: 0 or -ENOMEM.
 */
int vbr_spots_init(struct vbr *br)
{
	struct vbr_spots *spots = vbr_spots_alloc(0);

	if (!spots)
		return -ENOMEM;
	RCU_INIT_POINTER(br->spots, spots);
	INIT_DELAYED_WORK(&br->spots_work, vbr_spots_work);
	return 0;
}

/**
 * vbr_spots_uninit() - end the spots of a bridge
 * @br: the bridge, which nobody can look up addresses in, without entries
 */
void vbr_spots_uninit(struct vbr *br)
{
	cancel_delayed_work_sync(&br->spots_work);
	vbr_spots_free(rcu_dereference_protected(br->spots, true));
	RCU_INIT_POINTER(br->spots, NULL);
}
