// SPDX-License-Identifier: GPL-2.0
/*
 * The forwarding table towards user space: bridge fdb, bridge monitor.
 */
#include <linux/etherdevice.h>
#include <linux/if_bridge.h>
#include <linux/if_vlan.h>
#include <net/sock.h>
#include "netlink.h"
#include "spot.h"
#include "vbridge.h"

/* Bits of a flush request that say how it was routed, not what to take. */
#define VBR_FLUSH_IGNORED_FLAGS (NTF_MASTER | NTF_SELF)
#define VBR_FLUSH_FLAGS (NTF_USE | NTF_EXT_LEARNED | NTF_STICKY)
#define VBR_FLUSH_STATES (NUD_PERMANENT | NUD_NOARP)

const struct nla_policy vbr_fdb_del_bulk_policy[NDA_MAX + 1] = {
	[NDA_VLAN]		= NLA_POLICY_RANGE(NLA_U16, 1, VLAN_N_VID - 2),
	[NDA_IFINDEX]		= NLA_POLICY_MIN(NLA_S32, 1),
	[NDA_NDM_STATE_MASK]	= { .type = NLA_U16 },
	[NDA_NDM_FLAGS_MASK]	= { .type = NLA_U8 },
};

static u16 vbr_fdb_nud(const struct vbr *br, const struct vbr_fdb *fdb)
{
	u32 flags = READ_ONCE(fdb->flags);

	if (flags & VBR_FDB_LOCAL)
		return NUD_PERMANENT;
	if (flags & VBR_FDB_STATIC)
		return NUD_NOARP;
	return vbr_fdb_expired(br, fdb) ? NUD_STALE : NUD_REACHABLE;
}

static u8 vbr_fdb_ntf(const struct vbr_fdb *fdb)
{
	u32 flags = READ_ONCE(fdb->flags);
	u8 ntf = 0;

	if (flags & VBR_FDB_STICKY)
		ntf |= NTF_STICKY;
	if (flags & VBR_FDB_EXT_LEARNED)
		ntf |= NTF_EXT_LEARNED;
	return ntf;
}

static size_t vbr_fdb_msg_size(void)
{
	return NLMSG_ALIGN(sizeof(struct ndmsg)) +
	       nla_total_size(ETH_ALEN) +		/* NDA_LLADDR */
	       nla_total_size(sizeof(u32)) +		/* NDA_MASTER or _IFINDEX */
	       nla_total_size(sizeof(struct nda_cacheinfo)) +
	       nla_total_size(sizeof(u16)) +		/* NDA_VLAN */
	       nla_total_size(sizeof(u32));		/* NDA_FLAGS_EXT */
}

/**
 * struct vbr_fdb_fill - one message about an entry
 * @portid: receiver
 * @seq: of the request
 * @type: RTM_*
 * @nlflags: NLM_F_*
 * @self: in the bridge device's own name, the port as an attribute; user
 *	space throws away what is in another device's name when it has asked
 *	for the bridge device. Else in the port's name, the bridge as master.
 */
struct vbr_fdb_fill {
	u32 portid;
	u32 seq;
	int type;
	u16 nlflags;
	bool self;
};

static int vbr_fdb_put_place(struct sk_buff *skb, struct ndmsg *ndm,
			     const struct vbr *br, const struct vbr_fdb *fdb,
			     bool self)
{
	const struct vbr_port *port;

	port = rcu_dereference_check(fdb->port,
				     lockdep_is_held(&br->fdb_lock));
	if (!self) {
		ndm->ndm_ifindex = port ? port->dev->ifindex :
					  br->dev->ifindex;
		return nla_put_u32(skb, NDA_MASTER, br->dev->ifindex);
	}
	ndm->ndm_ifindex = br->dev->ifindex;
	ndm->ndm_flags |= NTF_SELF;
	return port ? nla_put_u32(skb, NDA_IFINDEX, port->dev->ifindex) : 0;
}

/* Under RCU or fdb_lock. */
static int vbr_fdb_fill(struct sk_buff *skb, const struct vbr *br,
			const struct vbr_fdb *fdb,
			const struct vbr_fdb_fill *how)
{
	struct nda_cacheinfo ci = {};
	struct vbr_seen seen;
	struct nlmsghdr *nlh;
	unsigned long now;
	struct ndmsg *ndm;

	nlh = nlmsg_put(skb, how->portid, how->seq, how->type, sizeof(*ndm),
			how->nlflags);
	if (!nlh)
		return -EMSGSIZE;
	ndm = nlmsg_data(nlh);
	memset(ndm, 0, sizeof(*ndm));
	ndm->ndm_family = AF_BRIDGE;
	vbr_spot_seen(br, fdb, &seen);
	/* Not before: it may be seen meanwhile. */
	now = READ_ONCE(jiffies);
	ci.ndm_used = jiffies_to_clock_t(now - seen.used);
	ci.ndm_updated = jiffies_to_clock_t(now - seen.updated);
	ndm->ndm_state = vbr_fdb_nud(br, fdb);
	ndm->ndm_flags = vbr_fdb_ntf(fdb);

	if (nla_put(skb, NDA_LLADDR, ETH_ALEN, fdb->key.addr) ||
	    vbr_fdb_put_place(skb, ndm, br, fdb, how->self) ||
	    nla_put(skb, NDA_CACHEINFO, sizeof(ci), &ci) ||
	    (fdb->key.vid && nla_put_u16(skb, NDA_VLAN, fdb->key.vid)) ||
	    ((READ_ONCE(fdb->flags) & VBR_FDB_LOCKED) &&
	     nla_put_u32(skb, NDA_FLAGS_EXT, NTF_EXT_LOCKED))) {
		nlmsg_cancel(skb, nlh);
		return -EMSGSIZE;
	}
	nlmsg_end(skb, nlh);
	return 0;
}

/**
 * vbr_fdb_notify() - tell listeners about an entry
 * @br: the bridge
 * @fdb: the entry
 * @type: RTM_NEWNEIGH or RTM_DELNEIGH
 *
 * Context: vbr.fdb_lock held.
 */
void vbr_fdb_notify(struct vbr *br, const struct vbr_fdb *fdb, int type)
{
	struct vbr_fdb_fill how = { .type = type };
	struct net *net = dev_net(br->dev);
	struct sk_buff *skb;

	lockdep_assert_held(&br->fdb_lock);
	if (!rtnl_has_listeners(net, RTNLGRP_NEIGH))
		return;
	skb = nlmsg_new(vbr_fdb_msg_size(), GFP_ATOMIC);
	if (!skb) {
		rtnl_set_sk_err(net, RTNLGRP_NEIGH, -ENOBUFS);
		return;
	}
	if (WARN_ON_ONCE(vbr_fdb_fill(skb, br, fdb, &how))) {
		kfree_skb(skb);
		return;
	}
	rtnl_notify(skb, net, 0, RTNLGRP_NEIGH, NULL, GFP_ATOMIC);
}

/*
 * What belongs to entries of many homes: that their time is left alone when they
 * are entered again, which says nothing of ours, and that who is silent, or
 * speaks again, is told of, which nobody does here.
 */
static int vbr_fdb_check_ext(const struct nlattr *ext,
			     struct netlink_ext_ack *extack)
{
	static const struct nla_policy policy[NFEA_MAX + 1] = {
		[NFEA_ACTIVITY_NOTIFY]	= { .type = NLA_U8 },
		[NFEA_DONT_REFRESH]	= { .type = NLA_FLAG },
	};
	struct nlattr *tb[NFEA_MAX + 1];
	int err;

	err = nla_parse_nested(tb, NFEA_MAX, ext, policy, extack);
	if (err || !tb[NFEA_ACTIVITY_NOTIFY] ||
	    !nla_get_u8(tb[NFEA_ACTIVITY_NOTIFY]))
		return err;
	NL_SET_ERR_MSG_ATTR(extack, tb[NFEA_ACTIVITY_NOTIFY],
			    "this bridge does not tell when an entry falls silent: leave activity_notify and inactive out");
	return -EOPNOTSUPP;
}

/* Attributes that other kinds of tables have would be lost here. */
static int vbr_fdb_check_attrs(struct nlattr *tb[],
			       struct netlink_ext_ack *extack)
{
	int i;

	for (i = 0; i <= NDA_MAX; i++) {
		if (!tb[i] || i == NDA_LLADDR || i == NDA_VLAN ||
		    i == NDA_IFINDEX || i == NDA_FDB_EXT_ATTRS)
			continue;
		NL_SET_ERR_MSG_ATTR(extack, tb[i],
				    "entries of this bridge have no such option");
		return -EINVAL;
	}
	return tb[NDA_FDB_EXT_ATTRS] ?
	       vbr_fdb_check_ext(tb[NDA_FDB_EXT_ATTRS], extack) : 0;
}

static int vbr_fdb_check_key(const struct vbr *br, const struct vbr_port *port,
			     const unsigned char *addr, u16 vid,
			     struct netlink_ext_ack *extack)
{
	const struct vbr_vlan_set *set = port ? &port->vlans.set :
						&br->vlans.set;

	if (!is_valid_ether_addr(addr)) {
		NL_SET_ERR_MSG(extack,
			       "an entry needs the address of one station");
		return -EINVAL;
	}
	if (vid && !vbr_vlan_has(set, vid)) {
		if (port)
			NL_SET_ERR_MSG(extack, "the port is not in this VLAN");
		else
			NL_SET_ERR_MSG(extack,
				       "the bridge itself is not in this VLAN");
		return -EINVAL;
	}
	return 0;
}

/* The port a request names by "via", or NULL where it names none. */
static int vbr_fdb_get_via(struct vbr *br, struct nlattr *tb[],
			   struct vbr_port **via,
			   struct netlink_ext_ack *extack)
{
	const struct nlattr *nla = tb[NDA_IFINDEX];
	struct net_device *dev = NULL;

	*via = NULL;
	if (!nla)
		return 0;
	if (nla_len(nla) == sizeof(u32))
		dev = __dev_get_by_index(dev_net(br->dev), nla_get_u32(nla));
	if (dev)
		*via = vbr_port_get(dev);
	if (!*via || (*via)->br != br) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the device named by via is no port of this bridge");
		return -EINVAL;
	}
	return 0;
}

/* State and flags of a request as those of an entry. */
static int vbr_fdb_get_flags(const struct ndmsg *ndm,
			     const struct vbr_port *port, u32 *flags,
			     struct netlink_ext_ack *extack)
{
	u8 ntf = ndm->ndm_flags & ~(NTF_SELF | NTF_MASTER);

	if (ntf & ~(NTF_USE | NTF_STICKY | NTF_EXT_LEARNED)) {
		NL_SET_ERR_MSG(extack,
			       "of the flags an entry can only have sticky, extern_learn and use");
		return -EINVAL;
	}
	*flags = 0;
	if (ndm->ndm_state & NUD_PERMANENT) {
		*flags |= VBR_FDB_LOCAL | VBR_FDB_STATIC;
	} else if (ndm->ndm_state & NUD_NOARP) {
		*flags |= VBR_FDB_STATIC;
	} else if (!(ndm->ndm_state & NUD_REACHABLE)) {
		NL_SET_ERR_MSG(extack,
			       "an entry is either permanent, static or dynamic");
		return -EINVAL;
	}
	if (ntf & NTF_STICKY)
		*flags |= VBR_FDB_STICKY;
	if (ntf & NTF_EXT_LEARNED)
		*flags |= VBR_FDB_EXT_LEARNED;
	/*
	 * As if a frame had come from there; or somebody says so who need not
	 * name a state: `bridge` sends permanent then.
	 */
	if (ntf & NTF_USE || (port && ntf & NTF_EXT_LEARNED))
		*flags &= ~(VBR_FDB_LOCAL | VBR_FDB_STATIC);

	if (!port && !(*flags & VBR_FDB_LOCAL)) {
		NL_SET_ERR_MSG(extack,
			       "an entry that is not permanent leads to a port: name it by via");
		return -EINVAL;
	}
	if ((*flags & VBR_FDB_STICKY) && (*flags & VBR_FDB_LOCAL)) {
		NL_SET_ERR_MSG(extack,
			       "a permanent entry leads to the host and does not move: leave sticky out");
		return -EINVAL;
	}
	return 0;
}

static int vbr_fdb_explain(int err, struct netlink_ext_ack *extack)
{
	if (err == -ENOENT)
		NL_SET_ERR_MSG(extack, "there is no such entry");
	else if (err == -EEXIST)
		NL_SET_ERR_MSG(extack,
			       "the address has an entry already: use replace to change it");
	else if (err == -EADDRINUSE)
		NL_SET_ERR_MSG(extack,
			       "the address is the bridge's own or that of a port");
	return err;
}

static int vbr_fdb_add(struct vbr *br, struct vbr_port *port,
		       const struct ndmsg *ndm, const unsigned char *addr,
		       u16 vid, u16 nlflags, struct netlink_ext_ack *extack)
{
	struct vbr_fdb_req req = {
		.port = port,
		.create = nlflags & NLM_F_CREATE,
		.excl = nlflags & NLM_F_EXCL,
		.learned = ndm->ndm_flags & (NTF_USE | NTF_EXT_LEARNED),
		.use = ndm->ndm_flags & NTF_USE,
	};
	int err;

	err = vbr_fdb_check_key(br, port, addr, vid, extack);
	if (err)
		return err;
	ether_addr_copy(req.key.addr, addr);
	req.key.vid = vid;
	err = vbr_fdb_get_flags(ndm, port, &req.flags, extack);
	if (err)
		return err;
	if (!(req.flags & (VBR_FDB_STATIC | VBR_FDB_EXT_LEARNED)) &&
	    port->state != BR_STATE_FORWARDING &&
	    port->state != BR_STATE_LEARNING) {
		NL_SET_ERR_MSG(extack,
			       "the port is not working, so it can have no dynamic entry");
		return -EPERM;
	}
	err = vbr_fdb_set_rtnl(br, &req);
	if (!err && !vid)
		vbr_fdb_settle_rtnl(br, addr);
	return vbr_fdb_explain(err, extack);
}

/**
 * vbr_dev_fdb_add() - ndo_fdb_add: bridge fdb add M dev vbr0 self via PORT
 * @ndm: the request's header
 * @tb: its attributes
 * @dev: the bridge device
 * @addr: the MAC address
 * @vid: the VLAN, or 0
 * @nlflags: NLM_F_*
 * @notified: set, as vbr_fdb_notify() tells of every change
 * @extack: gets the sentence of a refusal
 *
 * Context: RTNL.
 * Return: 0 or an error.
 */
int vbr_dev_fdb_add(struct ndmsg *ndm, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    u16 nlflags, bool *notified,
		    struct netlink_ext_ack *extack)
{
	struct vbr *br = netdev_priv(dev);
	struct vbr_port *via;
	int err;

	err = vbr_fdb_check_attrs(tb, extack);
	if (err)
		return err;
	err = vbr_fdb_get_via(br, tb, &via, extack);
	if (err)
		return err;
	*notified = true;
	return vbr_fdb_add(br, via, ndm, addr, vid, nlflags, extack);
}

/* Without a VLAN, the address is deleted from all. */
static int vbr_fdb_del(struct vbr *br, const struct vbr_port *via,
		       const unsigned char *addr, u16 vid,
		       struct netlink_ext_ack *extack)
{
	struct vbr_fdb_key key = { .vid = vid };
	unsigned long other;
	int err;

	ether_addr_copy(key.addr, addr);
	err = vbr_fdb_del_rtnl(br, &key, via);
	if (!vid && (!err || err == -ENOENT)) {
		struct vbr_vlan *vlan;

		xa_for_each(&br->vlans_seen, other, vlan) {
			key.vid = other;
			if (!vbr_fdb_del_rtnl(br, &key, via))
				err = 0;
		}
	}
	return vbr_fdb_explain(err, extack);
}

/**
 * vbr_dev_fdb_del() - ndo_fdb_del: bridge fdb del M dev vbr0 self [via PORT]
 * @ndm: the request's header
 * @tb: its attributes
 * @dev: the bridge device
 * @addr: the MAC address
 * @vid: the VLAN, or 0
 * @notified: set, as vbr_fdb_notify() tells of every change
 * @extack: gets the sentence of a refusal
 *
 * Context: RTNL.
 * Return: 0 or an error.
 */
int vbr_dev_fdb_del(struct ndmsg *ndm, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    bool *notified, struct netlink_ext_ack *extack)
{
	struct vbr *br = netdev_priv(dev);
	struct vbr_port *via;
	int err;

	err = vbr_fdb_check_attrs(tb, extack);
	if (err)
		return err;
	err = vbr_fdb_get_via(br, tb, &via, extack);
	if (err)
		return err;
	*notified = true;
	return vbr_fdb_del(br, via, addr, vid, extack);
}

static u32 vbr_flush_flags(u16 nud, u8 ntf)
{
	return (nud & NUD_PERMANENT ? VBR_FDB_LOCAL : 0) |
	       (nud & NUD_NOARP ? VBR_FDB_STATIC : 0) |
	       (ntf & NTF_USE ? VBR_FDB_USER : 0) |
	       (ntf & NTF_EXT_LEARNED ? VBR_FDB_EXT_LEARNED : 0) |
	       (ntf & NTF_STICKY ? VBR_FDB_STICKY : 0);
}

/**
 * vbr_dev_fdb_del_bulk() - bridge fdb flush dev vbr0 [brport P] [flags]
 * @dev: the bridge device
 * @ndm: the request's header
 * @tb: its attributes, checked by vbr_fdb_del_bulk_policy
 * @vid: the VLAN, or 0
 * @extack: gets the sentence of a refusal
 *
 * Context: RTNL.
 * Return: 0 or an error.
 */
int vbr_dev_fdb_del_bulk(struct net_device *dev, const struct ndmsg *ndm,
			 struct nlattr *tb[], u16 vid,
			 struct netlink_ext_ack *extack)
{
	u8 ntf = ndm->ndm_flags & ~VBR_FLUSH_IGNORED_FLAGS, ntf_mask = 0;
	struct vbr_fdb_match match = { .vid = vid };
	struct vbr *br = netdev_priv(dev);
	u16 nud_mask = 0;
	int err;

	if (tb[NDA_NDM_STATE_MASK])
		nud_mask = nla_get_u16(tb[NDA_NDM_STATE_MASK]);
	if (tb[NDA_NDM_FLAGS_MASK])
		ntf_mask = nla_get_u8(tb[NDA_NDM_FLAGS_MASK]);
	if (((ndm->ndm_state | nud_mask) & ~VBR_FLUSH_STATES) ||
	    ((ntf | ntf_mask) & ~VBR_FLUSH_FLAGS)) {
		NL_SET_ERR_MSG(extack,
			       "entries can be told apart by permanent, static, dynamic, added_by_user, extern_learn and sticky");
		return -EINVAL;
	}
	match.mask = vbr_flush_flags(nud_mask, ntf_mask);
	match.flags = vbr_flush_flags(ndm->ndm_state, ntf) & match.mask;

	if (tb[NDA_IFINDEX]) {
		match.by_port = true;
		/* The bridge itself has the entries that lead to no port. */
		if (nla_get_s32(tb[NDA_IFINDEX]) != dev->ifindex) {
			err = vbr_fdb_get_via(br, tb, &match.port, extack);
			if (err)
				return err;
		}
	}
	vbr_fdb_flush_rtnl(br, &match);
	return 0;
}

/* Was the dump asked for with this device's index? */
static bool vbr_dump_names(const struct netlink_callback *cb,
			   const struct net_device *dev)
{
	const struct ndmsg *ndm = nlmsg_data(cb->nlh);

	/* The index of the other header in use, ifinfomsg, lies there too. */
	BUILD_BUG_ON(offsetof(struct ndmsg, ndm_ifindex) !=
		     offsetof(struct ifinfomsg, ifi_index));
	return nlmsg_len(cb->nlh) >= sizeof(*ndm) &&
	       ndm->ndm_ifindex == dev->ifindex;
}

/**
 * struct vbr_fdb_place - the entry that a dump has to go on with
 * @key: its address and VLAN; no entry has an address of zeros, which is for a
 *	table that has not been begun
 * @nr: its number
 *
 * Behind what the core has in the callback, where 12 bytes are left on 32-bit
 * machines.
 */
struct vbr_fdb_place {
	struct vbr_fdb_key key;
	u32 nr;
};

static struct vbr_fdb_place *vbr_fdb_place(struct netlink_callback *cb)
{
	static_assert(sizeof(struct vbr_fdb_place) <= 3 * sizeof(cb->args[0]));
	return (struct vbr_fdb_place *)&cb->args[3];
}

/*
 * Where a dump goes on that has got as far as number @done, from 0, which is
 * in the device's own list where the table has not been begun: with the entry
 * that did not fit, or where that has gone with the next; NULL behind all of
 * them. A place of a bridge that has gone is still there at 0, where nothing is
 * left out.
 */
static struct vbr_fdb *vbr_fdb_resume_rcu(struct vbr *br,
					  const struct vbr_fdb_place *place,
					  int done, int *idx)
{
	bool begins = !done || is_zero_ether_addr(place->key.addr);
	struct vbr_fdb *fdb;

	if (!begins) {
		*idx = max(*idx, done);
		fdb = vbr_fdb_find_rcu(br, place->key.addr, place->key.vid);
		if (fdb && fdb->nr == place->nr)
			return fdb;
	}
	list_for_each_entry_rcu(fdb, &br->fdb_list, list)
		if (begins || (s32)(fdb->nr - place->nr) > 0)
			return fdb;
	return NULL;
}

/* Goes on with the entry that did not fit into the message before. */
static int vbr_fdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
			struct vbr *br, const struct vbr_port *only, bool self,
			int *idx)
{
	struct vbr_fdb_place *place = vbr_fdb_place(cb);
	const struct vbr_fdb_fill how = {
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.type = RTM_NEWNEIGH,
		.nlflags = NLM_F_MULTI,
		.self = self,
	};
	struct vbr_fdb *fdb, *next;
	int err = 0;

	rcu_read_lock();
	fdb = vbr_fdb_resume_rcu(br, place, vnet_compat_fdb_dump_cursor(cb),
				 idx);
	if (!fdb)
		goto out;
	list_for_each_entry_from_rcu(fdb, &br->fdb_list, list) {
		next = list_next_or_null_rcu(&br->fdb_list, &fdb->list,
					     struct vbr_fdb, list);
		if (next)
			vbr_spot_prefetch_rcu(br, next);
		if (!(READ_ONCE(fdb->flags) & VBR_FDB_DEAD) &&
		    (!only || rcu_access_pointer(fdb->port) == only)) {
			err = vbr_fdb_fill(skb, br, fdb, &how);
			if (err) {
				place->key = fdb->key;
				place->nr = fdb->nr;
				break;
			}
		}
		(*idx)++;
	}
out:
	rcu_read_unlock();
	/* Another table may follow. */
	if (!err)
		memset(place, 0, sizeof(*place));
	return err;
}

/**
 * vbr_dev_fdb_dump() - ndo_fdb_dump of the bridge device
 * @skb: the message being filled
 * @cb: the dump
 * @dev: the bridge device
 * @filter_dev: never set for a device without the in-tree bridge's flags
 * @idx: index of the next entry; moved on
 *
 * Return: 0, or -EMSGSIZE where the message is full.
 */
int vbr_dev_fdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
		     struct net_device *dev, struct net_device *filter_dev,
		     int *idx)
{
	int err;

	err = ndo_dflt_fdb_dump(skb, cb, dev, NULL, idx);
	if (err)
		return err;
	return vbr_fdb_dump(skb, cb, netdev_priv(dev), NULL,
			    vbr_dump_names(cb, dev), idx);
}

/**
 * vbr_dev_fdb_get() - ndo_fdb_get: bridge fdb get M br vbr0
 * @skb: the answer
 * @tb: the request's attributes
 * @dev: the bridge device
 * @addr: the MAC address
 * @vid: the VLAN, or 0
 * @portid: receiver
 * @seq: of the request
 * @extack: gets the sentence of a refusal
 *
 * Return: 0 or an error.
 */
int vbr_dev_fdb_get(struct sk_buff *skb, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    u32 portid, u32 seq, struct netlink_ext_ack *extack)
{
	const struct vbr_fdb_fill how = {
		.portid = portid,
		.seq = seq,
		.type = RTM_NEWNEIGH,
	};
	struct vbr *br = netdev_priv(dev);
	const struct vbr_fdb *fdb;
	int err = -ENOENT;

	rcu_read_lock();
	fdb = vbr_fdb_lookup_rcu(br, addr, vid);
	if (fdb)
		err = vbr_fdb_fill(skb, br, fdb, &how);
	rcu_read_unlock();
	return vbr_fdb_explain(err, extack);
}

/* What a suite port asks on behalf of "bridge fdb ... dev PORT". */

static struct vbr_port *vbr_port_of(struct vnet_switch *sw)
{
	return container_of(sw, struct vbr_port, sw);
}

static int vbr_switch_check_attrs(struct nlattr *tb[],
				  struct netlink_ext_ack *extack)
{
	if (tb[NDA_IFINDEX]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[NDA_IFINDEX],
				    "the entry leads to the device itself: leave via out");
		return -EINVAL;
	}
	return vbr_fdb_check_attrs(tb, extack);
}

static int vbr_switch_fdb_add(struct vnet_switch *sw, struct ndmsg *ndm,
			      struct nlattr *tb[], struct net_device *dev,
			      const unsigned char *addr, u16 vid, u16 nlflags,
			      bool *notified, struct netlink_ext_ack *extack)
{
	struct vbr_port *port = vbr_port_of(sw);
	int err;

	err = vbr_switch_check_attrs(tb, extack);
	if (err)
		return err;
	*notified = true;
	return vbr_fdb_add(port->br, port, ndm, addr, vid, nlflags, extack);
}

static int vbr_switch_fdb_del(struct vnet_switch *sw, struct ndmsg *ndm,
			      struct nlattr *tb[], struct net_device *dev,
			      const unsigned char *addr, u16 vid,
			      bool *notified, struct netlink_ext_ack *extack)
{
	struct vbr_port *port = vbr_port_of(sw);
	int err;

	err = vbr_switch_check_attrs(tb, extack);
	if (err)
		return err;
	*notified = true;
	return vbr_fdb_del(port->br, port, addr, vid, extack);
}

/* A dump of everything has these entries from the bridge already. */
static int vbr_switch_fdb_dump(struct vnet_switch *sw, struct sk_buff *skb,
			       struct netlink_callback *cb,
			       struct net_device *dev, int *idx)
{
	struct vbr_port *port = vbr_port_of(sw);

	if (!vbr_dump_names(cb, dev))
		return 0;
	return vbr_fdb_dump(skb, cb, port->br, port, false, idx);
}

static void vbr_switch_get_stats(struct vnet_switch *sw,
				 struct vnet_switch_stats *stats)
{
	const struct vbr_port_counts *counts = vbr_port_of(sw)->counts;
	int i;

	for (i = 0; i < __VNET_DROP_MAX; i++)
		stats->drops[i] = atomic64_read(&counts->drops[i]);
	stats->learn_refused = atomic64_read(&counts->learn_refused);
}

const struct vnet_switch_ops vbr_switch_ops = {
	.input = vbr_input,
	.input_frames = vbr_input_frames,
	.admit = vbr_admit_for_host,
	.fdb_add = vbr_switch_fdb_add,
	.fdb_del = vbr_switch_fdb_del,
	.fdb_dump = vbr_switch_fdb_dump,
	.get_stats = vbr_switch_get_stats,
};
