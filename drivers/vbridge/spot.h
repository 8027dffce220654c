/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spots: all that a frame needs of an address's entry, in the cache line that
 * its hash leads to.
 */
#ifndef _VBRIDGE_SPOT_H
#define _VBRIDGE_SPOT_H

#include <linux/etherdevice.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/rcupdate.h>
#include "vbridge.h"

/* Those of one line. */
#define VBR_SPOT_WAYS 2

/* Lines that lie side by side: 2 MiB, a large page of the kernel's memory. */
#define VBR_SPOT_CHUNK 32768

/**
 * struct vbr_spot - where an address lies
 * @word: address and VLAN, struct vbr_fdb_key as one word; 0 while it is free
 * @fdb: the entry
 * @port: where it leads
 * @updated: as vbr_fdb.updated, its lower half; the later of both counts
 * @used: as vbr_fdb.used, likewise
 *
 * Written under vbr.fdb_lock, but for the time stamps, which are written as
 * those of an entry are.
 */
struct vbr_spot {
	u64 word;
	struct vbr_fdb *fdb;
	struct vbr_port *port;
	u32 updated;
	u32 used;
};

/**
 * struct vbr_spots - the spots of a bridge
 * @mask: of the hash
 * @seed: of the hash
 * @limit: number of entries from which on there are too few of them; under
 *	vbr.fdb_lock
 * @chunk: them, VBR_SPOT_WAYS for each value of the hash, VBR_SPOT_CHUNK values
 *	in each but the only one of a small table
 *
 * A memory of what the forwarding table says: an entry whose line was full, one
 * that has come just now, or one that leads to the host, has no spot, and is
 * found in the table. An entry gets its spot once, soon after it has come, or
 * when the spots are made anew, and once it has lost it gets none again among
 * the same spots: that is what vbr_spot_read() relies on.
 */
struct vbr_spots {
	u32 mask;
	u32 seed;
	u32 limit;
	struct vbr_spot *chunk[];
};

/**
 * struct vbr_spotted - what was read of a spot
 * @fdb: the entry, borrowed under RCU
 * @port: where it leads, likewise
 */
struct vbr_spotted {
	struct vbr_fdb *fdb;
	struct vbr_port *port;
};

/**
 * struct vbr_seen - when an address was in use
 * @updated: jiffies when a frame came from there
 * @used: jiffies when a frame went there
 */
struct vbr_seen {
	unsigned long updated;
	unsigned long used;
};

/* Unknown to whoever chooses addresses; each table adds a seed of its own. */
extern u64 vbr_fdb_secret[2];

static __always_inline u64 vbr_fdb_word(const void *key)
{
	u64 word;

	/* The key is hashed and compared as it lies in memory. */
	static_assert(sizeof(struct vbr_fdb_key) == sizeof(word));
	memcpy(&word, key, sizeof(word));
	return word;
}

/*
 * Both halves of a product by a secret, and once more, as the table takes the
 * lowest bits, which those of the key do not all reach at first.
 */
static __always_inline u32 vbr_fdb_hash(const void *key, u32 len, u32 seed)
{
	u64 a = vbr_fdb_word(key) ^ vbr_fdb_secret[0];
	u64 b = vbr_fdb_secret[1] ^ seed;

	u64 both = mul_u64_u64_shr(a, b, 64) ^ (a * b);

	return ((both ^ (both >> 32)) * GOLDEN_RATIO_64) >> 32;
}

static __always_inline struct vbr_spot *
vbr_spot_line(const struct vbr_spots *spots, u64 word)
{
	u32 hash = vbr_fdb_hash(&word, sizeof(word), spots->seed);
	u32 line = hash & spots->mask;

	return spots->chunk[line / VBR_SPOT_CHUNK] +
	       line % VBR_SPOT_CHUNK * VBR_SPOT_WAYS;
}

/*
 * Reads a spot that others may be writing. No entry comes back to a spot it
 * has left, and none is freed meanwhile: so the spot was that of the entry which
 * is there before and after all the time, and what is read in between is the
 * entry's. The barriers pair with those of vbr_spot_write().
 */
static __always_inline bool vbr_spot_read(const struct vbr_spot *spot, u64 word,
					  struct vbr_spotted *got)
{
	got->fdb = READ_ONCE(spot->fdb);
	smp_rmb(); /* the word of this entry or a later one */
	if (READ_ONCE(spot->word) != word)
		return false;
	smp_rmb(); /* the port was there before the word */
	got->port = READ_ONCE(spot->port);
	smp_rmb(); /* a later entry's port shows that entry */
	return READ_ONCE(spot->fdb) == got->fdb;
}

/**
 * vbr_spot_find_rcu() - look up where an address is
 * @br: the bridge
 * @addr: the MAC address
 * @vid: the VLAN, or 0
 * @got: gets its entry, which is for this very VLAN, and the port that the
 *	entry leads to
 *
 * Context: RCU read section.
 * Return: the spot, for vbr_spot_stamp(); NULL where the forwarding table has
 *	to be asked.
 */
static __always_inline struct vbr_spot *
vbr_spot_find_rcu(const struct vbr *br, const u8 *addr, u16 vid,
		  struct vbr_spotted *got)
{
	struct vbr_fdb_key key = { .vid = vid };
	struct vbr_spot *spot;
	u64 word;

	static_assert(VBR_SPOT_WAYS == 2);
	ether_addr_copy(key.addr, addr);
	word = vbr_fdb_word(&key);
	spot = vbr_spot_line(rcu_dereference(br->spots), word);
	if (vbr_spot_read(spot, word, got) || vbr_spot_read(++spot, word, got))
		return spot;
	return NULL;
}

/**
 * vbr_spot_stamp() - note that an address is in use, once a tick
 * @stamp: &vbr_spot.updated or &vbr_spot.used
 *
 * Context: RCU read section in which the spot was found.
 */
static __always_inline void vbr_spot_stamp(u32 *stamp)
{
	u32 now = jiffies;

	if (READ_ONCE(*stamp) != now)
		WRITE_ONCE(*stamp, now);
}

void vbr_spot_prefetch_rcu(const struct vbr *br, const struct vbr_fdb *fdb);
void vbr_spot_seen(const struct vbr *br, const struct vbr_fdb *fdb,
		   struct vbr_seen *seen);
void vbr_spot_move_locked(struct vbr *br, struct vbr_fdb *fdb,
			  struct vbr_port *port);
void vbr_spot_end_locked(struct vbr *br, struct vbr_fdb *fdb);
void vbr_spots_owe_locked(struct vbr *br);
void vbr_spots_shrink(struct vbr *br);
int vbr_spots_init(struct vbr *br);
void vbr_spots_uninit(struct vbr *br);

#endif /* _VBRIDGE_SPOT_H */
