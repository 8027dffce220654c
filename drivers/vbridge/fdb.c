// SPDX-License-Identifier: GPL-2.0
/*
 * The forwarding table: look-up, learning, and what user space and the ports'
 * own addresses put in. How entries go is in fdb_end.c.
 */
#include <linux/etherdevice.h>
#include <linux/if_bridge.h>
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <vnet/station.h>
#include "fdb.h"
#include "spot.h"
#include "trace.h"
#include "vbridge.h"

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

/**
 * vbr_fdb_find_locked() - look up an address to change its entry
 * @br: the bridge
 * @key: address and VLAN
 *
 * Context: vbr.fdb_lock held.
 * Return: the entry, good while the lock is held, or NULL.
 */
struct vbr_fdb *vbr_fdb_find_locked(struct vbr *br,
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

/**
 * vbr_stations_left_rtnl() - tell who sends past the bridge that frames leave by
 *	other rules than before
 * @br: the bridge, changed already
 * @port: the port that it is about, or NULL for all
 *
 * Context: RTNL.
 */
void vbr_stations_left_rtnl(const struct vbr *br, const struct vbr_port *port)
{
	const struct vnet_station station = {
		.bridge = br->dev, .port = port ? port->dev : NULL,
	};

	ASSERT_RTNL();
	if (vnet_stations_watched())
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

/**
 * vbr_fdb_end_locked() - take an entry out of the table
 * @br: the bridge
 * @fdb: the entry
 * @how: why
 *
 * Nobody finds it any more but who goes through vbr.fdb_list, where the caller
 * leaves it until it is freed.
 *
 * Context: vbr.fdb_lock held.
 */
void vbr_fdb_end_locked(struct vbr *br, struct vbr_fdb *fdb,
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

static void vbr_fdb_count_refused(struct vbr_port *port, enum vbr_stat what)
{
	vbr_count(port->br, what, 1);
	atomic64_inc(&port->counts->learn_refused);
}

/* Whether it is an address of the bridge or of a port, which no VLAN has another of. */
static bool vbr_fdb_is_local_locked(struct vbr *br, const u8 *addr)
{
	struct vbr_fdb_key key = { };
	const struct vbr_fdb *fdb;

	ether_addr_copy(key.addr, addr);
	fdb = vbr_fdb_find_locked(br, &key);
	return fdb && (fdb->flags & VBR_FDB_LOCAL);
}

static void vbr_fdb_learn_new(struct vbr_port *port, const u8 *addr, u16 vid,
			      u32 flags)
{
	struct vbr_fdb_key key = { .vid = vid };
	struct vbr *br = port->br;
	enum vbr_stat what;

	/* A full table must not cost every stranger's frame the lock. */
	if (vbr_fdb_full(port, &what)) {
		vbr_fdb_count_refused(port, what);
		return;
	}
	ether_addr_copy(key.addr, addr);

	spin_lock_bh(&br->fdb_lock);
	/*
	 * Another CPU may have learned it meanwhile: the next frame moves it. Or
	 * it may have become our own.
	 */
	if (!port->fdb_closed && !vbr_fdb_find_locked(br, &key) &&
	    !(vid && vbr_fdb_is_local_locked(br, addr))) {
		if (!vbr_fdb_full(port, &what))
			what = vbr_fdb_create_locked(br, port, &key,
						     VBR_FDB_LEARNED | flags) ?
			       VBR_STAT_LEARNED : VBR_STAT_LEARN_REFUSED;
		if (what == VBR_STAT_LEARNED)
			vbr_count(br, what, 1);
		else
			vbr_fdb_count_refused(port, what);
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
		vbr_fdb_count_refused(port, VBR_STAT_LEARN_REFUSED_PORT);
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

/* What an entry is when user space has used it as a frame would. */
static u32 vbr_fdb_used_flags(u32 flags, bool moves)
{
	flags &= ~VBR_FDB_LEARNED;
	if (moves)
		flags &= ~(VBR_FDB_EXT_LEARNED | VBR_FDB_LOCKED);
	return flags | VBR_FDB_USER;
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
	} else if (req->excl &&
		   (!req->learned || fdb->flags & VBR_FDB_STATIC)) {
		err = -EEXIST;
	} else if (vbr_fdb_is_own(fdb->flags)) {
		err = -EADDRINUSE;
	} else {
		bool moves = vbr_fdb_port_locked(br, fdb) != req->port, changes;

		if (req->use) {
			/* A frame moves neither of these. */
			if (fdb->flags & (VBR_FDB_LOCAL | VBR_FDB_STICKY))
				moves = false;
			flags = vbr_fdb_used_flags(fdb->flags, moves);
		}
		changes = moves || fdb->flags != flags;
		if (moves)
			vbr_fdb_move_locked(br, fdb, req->port);
		vbr_fdb_set_flags_locked(br, fdb, flags);
		WRITE_ONCE(fdb->used, jiffies);
		WRITE_ONCE(fdb->updated, jiffies);
		if (changes) {
			trace_vbridge_fdb_add(br, vbr_fdb_port_locked(br, fdb),
					      fdb);
			vbr_fdb_notify(br, fdb, RTM_NEWNEIGH);
		}
	}
	spin_unlock_bh(&br->fdb_lock);
	return err;
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
	/* In VLANs it may have been learned before. */
	if (!err)
		vbr_fdb_settle_rtnl(br, addr);
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
	vbr_fdb_init_ends(br);
	atomic64_set(&br->state, get_random_u64());
	err = vbr_spots_init(br);
	if (err)
		return err;
	err = rhashtable_init(&br->fdb, &vbr_fdb_params);
	if (err)
		vbr_spots_uninit(br);
	return err;
}

/**
 * vbr_fdb_uninit() - end the table of a bridge that has no ports any more
 * @br: the bridge, which nobody can look up addresses in
 */
void vbr_fdb_uninit(struct vbr *br)
{
	vbr_fdb_remove_all(br);
	vbr_spots_uninit(br);
	mutex_destroy(&br->fdb_remove);
	rhashtable_destroy(&br->fdb);
}
