// SPDX-License-Identifier: GPL-2.0
/*
 * The forwarding table: look-up, learning, ageing, and what user space and
 * the ports' own addresses put in.
 */
#include <linux/etherdevice.h>
#include <linux/if_bridge.h>
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <vnet/station.h>
#include "spot.h"
#include "trace.h"
#include "vbridge.h"

/* Entries dealt with before the lock is given to others. */
#define VBR_FDB_LOCKED_CHUNK 128

/* Entries of struct vbr.fdb_lost at most, which take 128 KiB. */
#define VBR_FDB_MAX_LOST 1024

/*
 * A table refuses entries when it is to grow again before the work that moves
 * the entries of the last growth has run, which a burst on a busy CPU gets to
 * soon if it starts at the four buckets of the default.
 */
#define VBR_FDB_MIN_BUCKETS 256

u64 vbr_fdb_secret[2] __read_mostly;

static __always_inline int
vbr_fdb_compare(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct vbr_fdb *fdb = obj;

	return vbr_fdb_word(arg->key) != vbr_fdb_word(&fdb->key);
}

static const struct rhashtable_params vbr_fdb_params = {
	.head_offset = offsetof(struct vbr_fdb, node),
	.key_offset = offsetof(struct vbr_fdb, key),
	.key_len = sizeof(struct vbr_fdb_key),
	.hashfn = vbr_fdb_hash,
	.obj_cmpfn = vbr_fdb_compare,
	.min_size = VBR_FDB_MIN_BUCKETS,
	.automatic_shrinking = true,
};

/**
 * vbr_fdb_find_rcu() - look up an address
 * @br: the bridge
 * @addr: the MAC address
 * @vid: the VLAN, or 0
 *
 * Context: RCU read section.
 * Return: the entry, borrowed under RCU, or NULL.
 */
__no_stack_protector __flatten
struct vbr_fdb *vbr_fdb_find_rcu(struct vbr *br, const u8 *addr, u16 vid)
{
	struct vbr_fdb_key key = { .vid = vid };
	u64 word;

	ether_addr_copy(key.addr, addr);
	word = vbr_fdb_word(&key);
	return rhashtable_lookup(&br->fdb, &word, vbr_fdb_params);
}

/**
 * vbr_fdb_find_for_all_rcu() - look up an address that is in no VLAN
 * @br: the bridge
 * @addr: the MAC address
 *
 * Context: RCU read section.
 * Return: an entry that counts in all VLANs in which the address has none of
 *	its own, borrowed under RCU, or NULL.
 */
struct vbr_fdb *vbr_fdb_find_for_all_rcu(struct vbr *br, const u8 *addr)
{
	struct vbr_fdb *fdb = vbr_fdb_find_rcu(br, addr, 0);

	if (!fdb || !(READ_ONCE(fdb->flags) & (VBR_FDB_LOCAL | VBR_FDB_USER)))
		return NULL;
	return fdb;
}

static struct vbr_fdb *vbr_fdb_find_locked(struct vbr *br,
					   const struct vbr_fdb_key *key)
{
	struct vbr_fdb *fdb;

	lockdep_assert_held(&br->fdb_lock);
	rcu_read_lock();
	fdb = rhashtable_lookup(&br->fdb, key, vbr_fdb_params);
	rcu_read_unlock();
	/* It stays: what leaves the table leaves it under the lock. */
	return fdb;
}

static struct vbr_port *vbr_fdb_port_locked(const struct vbr *br,
					    const struct vbr_fdb *fdb)
{
	return rcu_dereference_protected(fdb->port,
					 lockdep_is_held(&br->fdb_lock));
}

/* An address of the bridge or of a port, entered by this driver. */
static bool vbr_fdb_is_own(u32 flags)
{
	return (flags & (VBR_FDB_LOCAL | VBR_FDB_USER)) == VBR_FDB_LOCAL;
}

/* While @fdb is in the list of its port. */
static void vbr_fdb_set_flags_locked(struct vbr *br, struct vbr_fdb *fdb,
				     u32 flags)
{
	struct vbr_port *port = vbr_fdb_port_locked(br, fdb);
	u32 old = fdb->flags;

	if ((old ^ flags) & VBR_FDB_LEARNED) {
		int change = flags & VBR_FDB_LEARNED ? 1 : -1;

		WRITE_ONCE(br->n_learned, br->n_learned + change);
		if (port)
			WRITE_ONCE(port->n_learned, port->n_learned + change);
	}
	WRITE_ONCE(fdb->flags, flags);
	if (flags & (VBR_FDB_LOCAL | VBR_FDB_DEAD))
		vbr_spot_end_locked(br, fdb);
	/* A new entry, which had none, is part of no crossing. */
	if (old && old != flags)
		vbr_crossings_end(br);
}

static void vbr_fdb_enlist_locked(struct vbr *br, struct vbr_fdb *fdb,
				  struct vbr_port *port)
{
	rcu_assign_pointer(fdb->port, port);
	if (port) {
		port->n_fdb++;
		if (fdb->flags & VBR_FDB_LEARNED)
			WRITE_ONCE(port->n_learned, port->n_learned + 1);
	}
	list_add_tail(&fdb->port_list, port ? &port->fdb : &br->fdb_own);
}

static void vbr_fdb_delist_locked(struct vbr *br, struct vbr_fdb *fdb)
{
	struct vbr_port *port = vbr_fdb_port_locked(br, fdb);

	if (port) {
		port->n_fdb--;
		if (fdb->flags & VBR_FDB_LEARNED)
			WRITE_ONCE(port->n_learned, port->n_learned - 1);
	}
	list_del(&fdb->port_list);
}

/* To who sends past the bridge, by what look-ups no longer say. */
static void vbr_fdb_announce_locked(const struct vbr *br,
				    const struct vbr_fdb *fdb,
				    const struct vbr_port *from)
{
	struct vnet_station station = {
		.bridge = br->dev, .addr = fdb->key.addr, .vid = fdb->key.vid,
	};

	if (!from || !vnet_stations_watched())
		return;
	station.port = from->dev;
	vnet_station_left(&station);
}

static void vbr_fdb_move_locked(struct vbr *br, struct vbr_fdb *fdb,
				struct vbr_port *port)
{
	struct vbr_port *from = vbr_fdb_port_locked(br, fdb);

	trace_vbridge_fdb_move(br, from, port, fdb);
	vbr_fdb_delist_locked(br, fdb);
	vbr_fdb_enlist_locked(br, fdb, port);
	vbr_spot_move_locked(br, fdb, port);
	vbr_crossings_end(br);
	vbr_fdb_announce_locked(br, fdb, from);
}

static struct vbr_fdb *vbr_fdb_create_locked(struct vbr *br,
					     struct vbr_port *port,
					     const struct vbr_fdb_key *key,
					     u32 flags)
{
	struct vbr_fdb *fdb;

	lockdep_assert_held(&br->fdb_lock);
	fdb = kzalloc(sizeof(*fdb), GFP_ATOMIC | __GFP_NOWARN);
	if (!fdb)
		return NULL;
	fdb->key = *key;
	fdb->nr = ++br->fdb_nr;
	fdb->updated = jiffies;
	fdb->used = fdb->updated;
	/* Complete before the table shows it to look-ups. */
	vbr_fdb_enlist_locked(br, fdb, port);
	vbr_fdb_set_flags_locked(br, fdb, flags);
	if (rhashtable_insert_fast(&br->fdb, &fdb->node, vbr_fdb_params)) {
		vbr_fdb_set_flags_locked(br, fdb, 0);
		vbr_fdb_delist_locked(br, fdb);
		kfree(fdb);
		return NULL;
	}
	list_add_tail_rcu(&fdb->list, &br->fdb_list);
	if (!(flags & VBR_FDB_LOCAL))
		vbr_spots_owe_locked(br);
	trace_vbridge_fdb_add(br, port, fdb);
	vbr_fdb_notify(br, fdb, RTM_NEWNEIGH);
	return fdb;
}

/* Nobody finds it any more but who goes through vbr.fdb_list. */
static void vbr_fdb_end_locked(struct vbr *br, struct vbr_fdb *fdb,
			       enum vbr_fdb_end how)
{
	lockdep_assert_held(&br->fdb_lock);
	trace_vbridge_fdb_remove(br, vbr_fdb_port_locked(br, fdb), fdb, how);
	rhashtable_remove_fast(&br->fdb, &fdb->node, vbr_fdb_params);
	vbr_fdb_notify(br, fdb, RTM_DELNEIGH);
	vbr_fdb_set_flags_locked(br, fdb, VBR_FDB_DEAD);
	vbr_fdb_delist_locked(br, fdb);
	vbr_fdb_announce_locked(br, fdb, vbr_fdb_port_locked(br, fdb));
}

static void vbr_fdb_free_locked(struct vbr *br, struct vbr_fdb *fdb)
{
	lockdep_assert_held(&br->fdb_remove);
	lockdep_assert_held(&br->fdb_lock);
	list_del_rcu(&fdb->list);
	kfree_rcu(fdb, rcu);
}

static void vbr_fdb_remove_locked(struct vbr *br, struct vbr_fdb *fdb,
				  enum vbr_fdb_end how)
{
	vbr_fdb_end_locked(br, fdb, how);
	vbr_fdb_free_locked(br, fdb);
}

/*
 * From where vbr.fdb_remove cannot be taken: the entry is out of the table at
 * once, and freed by work. Frames may come faster than that work.
 */
static void vbr_fdb_lose_locked(struct vbr *br, struct vbr_fdb *fdb)
{
	if (br->n_lost >= VBR_FDB_MAX_LOST)
		return;
	vbr_fdb_end_locked(br, fdb, VBR_FDB_LOST);
	list_add_tail(&fdb->port_list, &br->fdb_lost);
	WRITE_ONCE(br->n_lost, br->n_lost + 1);
	queue_work(system_long_wq, &br->lost_work);
}

static void vbr_fdb_free_lost(struct vbr *br)
{
	struct vbr_fdb *fdb, *next;

	mutex_lock(&br->fdb_remove);
	spin_lock_bh(&br->fdb_lock);
	list_for_each_entry_safe(fdb, next, &br->fdb_lost, port_list)
		vbr_fdb_free_locked(br, fdb);
	INIT_LIST_HEAD(&br->fdb_lost);
	WRITE_ONCE(br->n_lost, 0);
	spin_unlock_bh(&br->fdb_lock);
	mutex_unlock(&br->fdb_remove);
}

static void vbr_fdb_lost_work(struct work_struct *work)
{
	vbr_fdb_free_lost(container_of(work, struct vbr, lost_work));
}

/* Whether a port has as many learned addresses as it may have. */
static bool vbr_fdb_port_full(const struct vbr_port *port)
{
	u32 max = vbr_port_max_learned(port);

	return max && READ_ONCE(port->n_learned) >= max;
}

/* Whether there is no room to learn at a port; @why gets what counts it. */
static bool vbr_fdb_full(const struct vbr_port *port, enum vbr_stat *why)
{
	const struct vbr *br = port->br;
	u32 max = READ_ONCE(br->fdb_max_learned);

	*why = VBR_STAT_LEARN_REFUSED;
	if (max && READ_ONCE(br->n_learned) >= max)
		return true;
	*why = VBR_STAT_LEARN_REFUSED_PORT;
	return vbr_fdb_port_full(port);
}

static void vbr_fdb_learn_new(struct vbr_port *port, const u8 *addr, u16 vid,
			      u32 flags)
{
	struct vbr_fdb_key key = { .vid = vid };
	struct vbr *br = port->br;
	enum vbr_stat what;

	/* A full table must not cost every stranger's frame the lock. */
	if (vbr_fdb_full(port, &what)) {
		vbr_count(br, what, 1);
		return;
	}
	ether_addr_copy(key.addr, addr);

	spin_lock_bh(&br->fdb_lock);
	/* Another CPU may have learned it meanwhile: the next frame moves it. */
	if (!port->fdb_closed && !vbr_fdb_find_locked(br, &key)) {
		if (!vbr_fdb_full(port, &what))
			what = vbr_fdb_create_locked(br, port, &key,
						     VBR_FDB_LEARNED | flags) ?
			       VBR_STAT_LEARNED : VBR_STAT_LEARN_REFUSED;
		vbr_count(br, what, 1);
	}
	spin_unlock_bh(&br->fdb_lock);
}

static void vbr_fdb_roam_locked(struct vbr_port *port, struct vbr_fdb *fdb)
{
	struct vbr *br = port->br;

	/*
	 * What is at a full port is flooded to. That it had been known elsewhere
	 * must neither let the port have more nor leave frames to the old place.
	 */
	if ((fdb->flags & VBR_FDB_LEARNED) && vbr_fdb_port_full(port)) {
		vbr_fdb_lose_locked(br, fdb);
		vbr_count(br, VBR_STAT_LEARN_REFUSED_PORT, 1);
		return;
	}
	vbr_fdb_move_locked(br, fdb, port);
	/* Whoever had placed it elsewhere is no longer right. */
	vbr_fdb_set_flags_locked(br, fdb, fdb->flags & ~(VBR_FDB_EXT_LEARNED |
							 VBR_FDB_LOCKED));
	vbr_fdb_notify(br, fdb, RTM_NEWNEIGH);
	vbr_count(br, VBR_STAT_MOVED, 1);
}

/* A frame came from a known address by another port than the entry says. */
static void vbr_fdb_roam(struct vbr_port *port, struct vbr_fdb *fdb)
{
	struct vbr *br = port->br;

	spin_lock_bh(&br->fdb_lock);
	if (!port->fdb_closed && vbr_fdb_port_locked(br, fdb) != port &&
	    !(fdb->flags & (VBR_FDB_DEAD | VBR_FDB_LOCAL | VBR_FDB_STICKY)))
		vbr_fdb_roam_locked(port, fdb);
	spin_unlock_bh(&br->fdb_lock);
}

/**
 * vbr_fdb_learn_rcu() - learn from a frame where its sender is
 * @port: the port it came in by
 * @addr: its source address
 * @vid: its VLAN, or 0
 *
 * Takes no lock and writes nothing shared as long as nothing is new; the time
 * stamp is written once a tick.
 *
 * Context: RCU read section, BH off.
 * Return: the entry where there was nothing to learn, and the next such frame
 *	finds the same; else NULL.
 */
struct vbr_fdb *vbr_fdb_learn_rcu(struct vbr_port *port, const u8 *addr,
				  u16 vid)
{
	unsigned long now = jiffies;
	struct vbr *br = port->br;
	struct vbr_spotted at;
	struct vbr_spot *spot;
	struct vbr_fdb *fdb;
	u32 flags;

	if (!READ_ONCE(br->ageing_time))
		return NULL;

	spot = vbr_spot_find_rcu(br, addr, vid, &at);
	if (likely(spot && at.port == port)) {
		vbr_spot_stamp(&spot->updated);
		return at.fdb;
	}
	fdb = vbr_fdb_lookup_rcu(br, addr, vid);
	if (unlikely(!fdb)) {
		vbr_fdb_learn_new(port, addr, vid, 0);
		return NULL;
	}
	flags = READ_ONCE(fdb->flags);
	if (unlikely(flags & VBR_FDB_LOCAL)) {
		vbr_count(br, VBR_STAT_OWN_SOURCE, 1);
		return NULL;
	}
	/* Elsewhere in this VLAN than an entry for all VLANs says. */
	if (unlikely(vid && fdb->key.vid != vid) && !(flags & VBR_FDB_STICKY) &&
	    rcu_access_pointer(fdb->port) != port) {
		vbr_fdb_learn_new(port, addr, vid, 0);
		return NULL;
	}
	if (READ_ONCE(fdb->updated) != now)
		WRITE_ONCE(fdb->updated, now);
	if (likely(rcu_access_pointer(fdb->port) == port))
		return fdb->key.vid == vid ? fdb : NULL;
	if (!(flags & VBR_FDB_STICKY))
		vbr_fdb_roam(port, fdb);
	return NULL;
}

/**
 * vbr_fdb_unlock_rcu() - may a sender come in by a locked port
 * @port: the port
 * @addr: the frame's source address
 * @vid: its VLAN, or 0
 *
 * Only where an entry says that it is there. Where user space wants to be told
 * of others (MAB), they get an entry that is locked itself.
 *
 * Context: RCU read section, BH off.
 * Return: true where it may.
 */
bool vbr_fdb_unlock_rcu(struct vbr_port *port, const u8 *addr, u16 vid)
{
	unsigned long now = jiffies;
	struct vbr_fdb *fdb;
	u32 flags;

	fdb = vbr_fdb_lookup_rcu(port->br, addr, vid);
	if (!fdb) {
		if (READ_ONCE(port->flags) & VBR_PORT_MAB)
			vbr_fdb_learn_new(port, addr, vid, VBR_FDB_LOCKED);
		return false;
	}
	flags = READ_ONCE(fdb->flags);
	if (rcu_access_pointer(fdb->port) != port || (flags & VBR_FDB_LOCAL))
		return false;
	if ((flags & VBR_FDB_LOCKED) && READ_ONCE(fdb->updated) != now)
		WRITE_ONCE(fdb->updated, now);
	return !(flags & VBR_FDB_LOCKED);
}

static bool vbr_fdb_ages(u32 flags)
{
	return !(flags & (VBR_FDB_LOCAL | VBR_FDB_STATIC |
			  VBR_FDB_EXT_LEARNED | VBR_FDB_DEAD));
}

static unsigned long vbr_fdb_deadline(const struct vbr *br,
				      const struct vbr_fdb *fdb)
{
	struct vbr_seen seen;

	vbr_spot_seen(br, fdb, &seen);
	return seen.updated + READ_ONCE(br->ageing_time);
}

/**
 * vbr_fdb_expired() - has an entry been silent for too long
 * @br: the bridge
 * @fdb: the entry
 *
 * Context: any that keeps @fdb.
 * Return: true where ageing is about to take it.
 */
bool vbr_fdb_expired(const struct vbr *br, const struct vbr_fdb *fdb)
{
	return vbr_fdb_ages(READ_ONCE(fdb->flags)) &&
	       time_before_eq(vbr_fdb_deadline(br, fdb), jiffies);
}

/**
 * vbr_fdb_walk() - visit the entries there are at the start
 * @br: the bridge
 * @visit: what is called for each
 * @arg: for @visit
 *
 * With rests in between. No entry but those that @visit removes can go
 * meanwhile, so the walk finds its way on; what is learned meanwhile comes at
 * the end of the list, where the count keeps the walk from following it for
 * ever.
 *
 * Context: vbr.fdb_remove held.
 */
void vbr_fdb_walk(struct vbr *br,
		  void (*visit)(struct vbr *br, struct vbr_fdb *fdb, void *arg),
		  void *arg)
{
	u32 left = atomic_read(&br->fdb.nelems) + READ_ONCE(br->n_lost);
	struct list_head *pos, *next;

	lockdep_assert_held(&br->fdb_remove);
	for (pos = READ_ONCE(br->fdb_list.next); left && pos != &br->fdb_list;
	     pos = next, left--) {
		next = READ_ONCE(pos->next);
		visit(br, list_entry(pos, struct vbr_fdb, list), arg);
		cond_resched();
	}
}

static void vbr_fdb_age_one(struct vbr *br, struct vbr_fdb *fdb, void *arg)
{
	unsigned long ageing_time = READ_ONCE(br->ageing_time);
	unsigned long deadline = READ_ONCE(fdb->updated) + ageing_time;
	unsigned long now = jiffies;
	unsigned long *next = arg;

	if (!vbr_fdb_ages(READ_ONCE(fdb->flags)))
		return;
	/*
	 * The spot may know of later frames. It is a line of its own, and not
	 * asked where that makes no difference to when the next walk is due.
	 */
	if (time_before(deadline, now + ageing_time / 2))
		deadline = vbr_fdb_deadline(br, fdb);
	if (time_after(deadline, now)) {
		*next = min(*next, deadline - now);
		return;
	}
	spin_lock_bh(&br->fdb_lock);
	if (vbr_fdb_expired(br, fdb)) {
		vbr_fdb_remove_locked(br, fdb, VBR_FDB_AGED);
		vbr_count(br, VBR_STAT_AGED, 1);
	}
	spin_unlock_bh(&br->fdb_lock);
}

static void vbr_fdb_age_work(struct work_struct *work)
{
	struct vbr *br = container_of(to_delayed_work(work), struct vbr,
				      age_work);
	/* Without learning there is little to do and no hurry. */
	unsigned long next = READ_ONCE(br->ageing_time) ?: 10 * HZ;
	unsigned long rest;

	mutex_lock(&br->fdb_remove);
	vbr_fdb_walk(br, vbr_fdb_age_one, &next);
	mutex_unlock(&br->fdb_remove);

	/*
	 * When the next entry is due, but a quarter second from now at the
	 * earliest, and a tick more for each thousand entries: the larger the
	 * table, the rarer the walk through it.
	 */
	rest = HZ / 4 + atomic_read(&br->fdb.nelems) / 1024;
	vbr_spots_shrink(br);
	queue_delayed_work(system_long_wq, &br->age_work, max(next, rest));
}

/**
 * vbr_fdb_age_now() - look for silent addresses now and from now on
 * @br: the bridge, which is up
 *
 * For when the bridge comes up and when its ageing time changes.
 */
void vbr_fdb_age_now(struct vbr *br)
{
	mod_delayed_work(system_long_wq, &br->age_work, 0);
}

/**
 * vbr_fdb_set_rtnl() - enter an address or change its entry, for user space
 * @br: the bridge
 * @req: what is asked for
 *
 * Context: RTNL.
 * Return: 0; -ENOENT or -EEXIST by the request's flags; -EADDRINUSE for an
 *	address of the bridge or of a port; -ENOMEM.
 */
int vbr_fdb_set_rtnl(struct vbr *br, const struct vbr_fdb_req *req)
{
	u32 flags = req->flags | VBR_FDB_USER;
	struct vbr_fdb *fdb;
	int err = 0;

	ASSERT_RTNL();
	spin_lock_bh(&br->fdb_lock);
	fdb = vbr_fdb_find_locked(br, &req->key);
	if (!fdb) {
		if (!req->create)
			err = -ENOENT;
		else if (!vbr_fdb_create_locked(br, req->port, &req->key,
						flags))
			err = -ENOMEM;
	} else if (req->excl) {
		err = -EEXIST;
	} else if (vbr_fdb_is_own(fdb->flags)) {
		err = -EADDRINUSE;
	} else {
		bool moves = vbr_fdb_port_locked(br, fdb) != req->port;
		bool changes = moves || fdb->flags != flags;

		if (moves)
			vbr_fdb_move_locked(br, fdb, req->port);
		vbr_fdb_set_flags_locked(br, fdb, flags);
		WRITE_ONCE(fdb->used, jiffies);
		WRITE_ONCE(fdb->updated, jiffies);
		if (changes) {
			trace_vbridge_fdb_add(br, req->port, fdb);
			vbr_fdb_notify(br, fdb, RTM_NEWNEIGH);
		}
	}
	spin_unlock_bh(&br->fdb_lock);
	return err;
}

/**
 * vbr_fdb_del_rtnl() - delete an entry, for user space
 * @br: the bridge
 * @key: address and VLAN
 * @via: the port the entry must lead to, or NULL for any
 *
 * Context: RTNL.
 * Return: 0, -ENOENT, or -EADDRINUSE for an address of the bridge or of a
 *	port.
 */
int vbr_fdb_del_rtnl(struct vbr *br, const struct vbr_fdb_key *key,
		     const struct vbr_port *via)
{
	struct vbr_fdb *fdb;
	int err = 0;

	ASSERT_RTNL();
	mutex_lock(&br->fdb_remove);
	spin_lock_bh(&br->fdb_lock);
	fdb = vbr_fdb_find_locked(br, key);
	if (!fdb || (via && vbr_fdb_port_locked(br, fdb) != via))
		err = -ENOENT;
	else if (vbr_fdb_is_own(fdb->flags))
		err = -EADDRINUSE;
	else
		vbr_fdb_remove_locked(br, fdb, VBR_FDB_DELETED);
	spin_unlock_bh(&br->fdb_lock);
	mutex_unlock(&br->fdb_remove);
	return err;
}

static bool vbr_fdb_matches(const struct vbr_fdb *fdb,
			    const struct vbr_fdb_match *match)
{
	u32 flags = READ_ONCE(fdb->flags);

	if (vbr_fdb_is_own(flags) || (flags & VBR_FDB_DEAD))
		return false;
	if (match->by_port && rcu_access_pointer(fdb->port) != match->port)
		return false;
	if (match->vid && match->vid != fdb->key.vid)
		return false;
	return (flags & match->mask) == match->flags;
}

static void vbr_fdb_flush_one(struct vbr *br, struct vbr_fdb *fdb, void *arg)
{
	const struct vbr_fdb_match *match = arg;

	if (!vbr_fdb_matches(fdb, match))
		return;
	spin_lock_bh(&br->fdb_lock);
	if (vbr_fdb_matches(fdb, match))
		vbr_fdb_remove_locked(br, fdb, VBR_FDB_FLUSHED);
	spin_unlock_bh(&br->fdb_lock);
}

/*
 * The entries of one port, in turns under the lock: an entry that is kept
 * goes to the end of the list. Stops after as many as there were, so that
 * nobody who sends all the while can keep it busy.
 */
static void vbr_fdb_flush_port(struct vbr *br,
			       const struct vbr_fdb_match *match)
{
	struct vbr_port *port = match->port;
	struct vbr_fdb *fdb;
	u32 left, i;

	spin_lock_bh(&br->fdb_lock);
	left = port->n_fdb;
	while (left && !list_empty(&port->fdb)) {
		for (i = 0; i < VBR_FDB_LOCKED_CHUNK && left; i++, left--) {
			fdb = list_first_entry_or_null(&port->fdb,
						       struct vbr_fdb,
						       port_list);
			if (!fdb)
				break;
			if (vbr_fdb_matches(fdb, match))
				vbr_fdb_remove_locked(br, fdb,
						      VBR_FDB_FLUSHED);
			else
				list_move_tail(&fdb->port_list, &port->fdb);
		}
		spin_unlock_bh(&br->fdb_lock);
		cond_resched();
		spin_lock_bh(&br->fdb_lock);
	}
	spin_unlock_bh(&br->fdb_lock);
}

/**
 * vbr_fdb_settle_rtnl() - let an entry count in all VLANs, for user space
 * @br: the bridge
 * @addr: its address
 *
 * What was learned of the address in some VLAN, and would come before it
 * there, goes.
 *
 * Context: RTNL.
 */
void vbr_fdb_settle_rtnl(struct vbr *br, const u8 *addr)
{
	struct vbr_fdb_key key = { };
	struct vbr_vlan *vlan;
	struct vbr_fdb *fdb;
	unsigned long vid;

	ASSERT_RTNL();
	ether_addr_copy(key.addr, addr);
	mutex_lock(&br->fdb_remove);
	xa_for_each(&br->vlans_seen, vid, vlan) {
		key.vid = vid;
		spin_lock_bh(&br->fdb_lock);
		fdb = vbr_fdb_find_locked(br, &key);
		if (fdb && (fdb->flags & VBR_FDB_LEARNED))
			vbr_fdb_remove_locked(br, fdb, VBR_FDB_DELETED);
		spin_unlock_bh(&br->fdb_lock);
	}
	mutex_unlock(&br->fdb_remove);
}

/**
 * vbr_fdb_flush_rtnl() - delete all entries of a kind
 * @br: the bridge
 * @match: which; addresses of the bridge and its ports always stay
 *
 * Context: RTNL.
 */
void vbr_fdb_flush_rtnl(struct vbr *br, const struct vbr_fdb_match *match)
{
	ASSERT_RTNL();
	mutex_lock(&br->fdb_remove);
	if (match->by_port && match->port)
		vbr_fdb_flush_port(br, match);
	else
		vbr_fdb_walk(br, vbr_fdb_flush_one, (void *)match);
	mutex_unlock(&br->fdb_remove);
	vbr_spots_shrink(br);
}

/* Whose address it is: a port's, else the bridge's. */
static bool vbr_fdb_find_owner_rtnl(struct vbr *br, const u8 *addr,
				    struct vbr_port **owner)
{
	struct vbr_port *port;

	list_for_each_entry(port, &br->ports, list) {
		if (ether_addr_equal(port->addr, addr)) {
			*owner = port;
			return true;
		}
	}
	*owner = NULL;
	return ether_addr_equal(br->dev->dev_addr, addr);
}

/**
 * vbr_fdb_add_local_rtnl() - enter an address of the bridge or of a port
 * @br: the bridge
 * @port: the port, or NULL for the bridge
 * @addr: the address
 *
 * Several ports, and the bridge with them, may share an address: the first
 * keeps the entry.
 *
 * Context: RTNL.
 * Return: 0 or -ENOMEM.
 */
int vbr_fdb_add_local_rtnl(struct vbr *br, struct vbr_port *port,
			   const u8 *addr)
{
	u32 flags = VBR_FDB_LOCAL | VBR_FDB_STATIC;
	struct vbr_fdb_key key = { };
	struct vbr_fdb *fdb;
	int err = 0;

	ASSERT_RTNL();
	ether_addr_copy(key.addr, addr);
	spin_lock_bh(&br->fdb_lock);
	fdb = vbr_fdb_find_locked(br, &key);
	if (!fdb) {
		if (!vbr_fdb_create_locked(br, port, &key, flags))
			err = -ENOMEM;
	} else if (!vbr_fdb_is_own(fdb->flags)) {
		/* Learned or entered before it was known to be our own. */
		vbr_fdb_move_locked(br, fdb, port);
		vbr_fdb_set_flags_locked(br, fdb, flags);
		vbr_fdb_notify(br, fdb, RTM_NEWNEIGH);
	}
	spin_unlock_bh(&br->fdb_lock);
	return err;
}

/**
 * vbr_fdb_del_local_rtnl() - an address is no longer the bridge's or a port's
 * @br: the bridge
 * @port: the port, or NULL for the bridge; no longer found under @addr
 * @addr: the address
 *
 * The entry goes on to whoever else has the address.
 *
 * Context: RTNL.
 */
void vbr_fdb_del_local_rtnl(struct vbr *br, struct vbr_port *port,
			    const u8 *addr)
{
	struct vbr_fdb_key key = { };
	struct vbr_port *owner;
	struct vbr_fdb *fdb;
	bool shared;

	ASSERT_RTNL();
	ether_addr_copy(key.addr, addr);
	shared = vbr_fdb_find_owner_rtnl(br, addr, &owner);
	mutex_lock(&br->fdb_remove);
	spin_lock_bh(&br->fdb_lock);
	fdb = vbr_fdb_find_locked(br, &key);
	if (fdb && vbr_fdb_is_own(fdb->flags) &&
	    vbr_fdb_port_locked(br, fdb) == port) {
		if (shared) {
			vbr_fdb_move_locked(br, fdb, owner);
			vbr_fdb_notify(br, fdb, RTM_NEWNEIGH);
		} else {
			vbr_fdb_remove_locked(br, fdb, VBR_FDB_DELETED);
		}
	}
	spin_unlock_bh(&br->fdb_lock);
	mutex_unlock(&br->fdb_remove);
}

/**
 * vbr_fdb_close_port_rtnl() - let no entry lead to a port any more
 * @port: the port, no longer in its bridge's list
 *
 * Context: RTNL.
 */
void vbr_fdb_close_port_rtnl(struct vbr_port *port)
{
	struct vbr_fdb_match all = { .by_port = true, .port = port };
	struct vbr *br = port->br;

	spin_lock_bh(&br->fdb_lock);
	port->fdb_closed = true;
	spin_unlock_bh(&br->fdb_lock);

	vbr_fdb_del_local_rtnl(br, port, port->addr);
	vbr_fdb_flush_rtnl(br, &all);
	WARN_ON_ONCE(!list_empty(&port->fdb));
}

/**
 * vbr_fdb_init() - make the empty table of a new bridge
 * @br: the bridge
 *
 * Return: 0 or an error.
 */
int vbr_fdb_init(struct vbr *br)
{
	int err;

	/* Once, and before there is a table: made under RTNL. */
	if (!vbr_fdb_secret[1])
		get_random_bytes(vbr_fdb_secret, sizeof(vbr_fdb_secret));
	mutex_init(&br->fdb_remove);
	spin_lock_init(&br->fdb_lock);
	INIT_LIST_HEAD(&br->fdb_list);
	INIT_LIST_HEAD(&br->fdb_own);
	INIT_LIST_HEAD(&br->fdb_lost);
	INIT_WORK(&br->lost_work, vbr_fdb_lost_work);
	INIT_DELAYED_WORK(&br->age_work, vbr_fdb_age_work);
	atomic64_set(&br->state, get_random_u64());
	err = vbr_spots_init(br);
	if (err)
		return err;
	err = rhashtable_init(&br->fdb, &vbr_fdb_params);
	if (err)
		vbr_spots_uninit(br);
	return err;
}

static void vbr_fdb_remove_any(struct vbr *br, struct vbr_fdb *fdb, void *arg)
{
	spin_lock_bh(&br->fdb_lock);
	vbr_fdb_remove_locked(br, fdb, VBR_FDB_FLUSHED);
	spin_unlock_bh(&br->fdb_lock);
}

/**
 * vbr_fdb_uninit() - end the table of a bridge that has no ports any more
 * @br: the bridge, which nobody can look up addresses in
 */
void vbr_fdb_uninit(struct vbr *br)
{
	cancel_work_sync(&br->lost_work);
	vbr_fdb_free_lost(br);
	mutex_lock(&br->fdb_remove);
	vbr_fdb_walk(br, vbr_fdb_remove_any, NULL);
	mutex_unlock(&br->fdb_remove);
	vbr_spots_uninit(br);
	mutex_destroy(&br->fdb_remove);
	rhashtable_destroy(&br->fdb);
}
