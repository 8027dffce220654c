// SPDX-License-Identifier: GPL-2.0
/*
 * How entries of the forwarding table go: by age, by hand, in flushes, with
 * their port or their bridge, or lost by a frame that came elsewhere.
 */
#include <linux/etherdevice.h>
#include <linux/jiffies.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include "fdb.h"
#include "spot.h"
#include "vbridge.h"

/* Entries dealt with before the lock is given to others. */
#define VBR_FDB_LOCKED_CHUNK 128

/* Entries of struct vbr.fdb_lost at most, which take 128 KiB. */
#define VBR_FDB_MAX_LOST 1024

static void vbr_fdb_free_locked(struct vbr *br, struct vbr_fdb *fdb)
{
	lockdep_assert_held(&br->fdb_remove);
	lockdep_assert_held(&br->fdb_lock);
	list_del_rcu(&fdb->list);
	kfree_rcu(fdb, rcu);
}

/**
 * vbr_fdb_remove_locked() - take an entry out of the table, and free it
 * @br: the bridge
 * @fdb: the entry
 * @how: why
 *
 * Context: vbr.fdb_remove and vbr.fdb_lock held.
 */
void vbr_fdb_remove_locked(struct vbr *br, struct vbr_fdb *fdb,
			   enum vbr_fdb_end how)
{
	vbr_fdb_end_locked(br, fdb, how);
	vbr_fdb_free_locked(br, fdb);
}

/**
 * vbr_fdb_lose_locked() - take an entry out of the table, for a frame
 * @br: the bridge
 * @fdb: the entry
 *
 * From where vbr.fdb_remove cannot be taken: the entry is out of the table at
 * once, and freed by work. Frames may come faster than that work; then it
 * stays.
 *
 * Context: vbr.fdb_lock held.
 */
void vbr_fdb_lose_locked(struct vbr *br, struct vbr_fdb *fdb)
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
	if (match->vids && !test_bit(fdb->key.vid, match->vids))
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
 * vbr_fdb_init_ends() - make the work that ends entries of a new bridge
 * @br: the bridge
 *
 * None of it runs before there are entries or the bridge is up.
 */
void vbr_fdb_init_ends(struct vbr *br)
{
	INIT_LIST_HEAD(&br->fdb_lost);
	INIT_WORK(&br->lost_work, vbr_fdb_lost_work);
	INIT_DELAYED_WORK(&br->age_work, vbr_fdb_age_work);
}

static void vbr_fdb_remove_any(struct vbr *br, struct vbr_fdb *fdb, void *arg)
{
	spin_lock_bh(&br->fdb_lock);
	vbr_fdb_remove_locked(br, fdb, VBR_FDB_FLUSHED);
	spin_unlock_bh(&br->fdb_lock);
}

/**
 * vbr_fdb_remove_all() - end every entry of a bridge that is going
 * @br: the bridge, down, without ports, which nobody can look up addresses in
 */
void vbr_fdb_remove_all(struct vbr *br)
{
	cancel_work_sync(&br->lost_work);
	vbr_fdb_free_lost(br);
	mutex_lock(&br->fdb_remove);
	vbr_fdb_walk(br, vbr_fdb_remove_any, NULL);
	mutex_unlock(&br->fdb_remove);
}
