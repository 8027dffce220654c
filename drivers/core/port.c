// SPDX-License-Identifier: GPL-2.0
/*
 * Ports: how the drivers recognise one another's devices, and the slots that
 * lead from a port to who may take its frames directly.
 */
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <vnet/port.h>

/*
 * The kinds whose devices are ports, at most one per net_device_ops. Changed
 * under RTNL, read under RCU or RTNL.
 */
static LIST_HEAD(vnet_kinds);

/**
 * vnet_kind_register() - make a kind's devices known as ports
 * @kind: the kind; must stay until vnet_kind_unregister()
 *
 * Called before the kind's first device is made.
 *
 * Context: process; takes RTNL.
 */
void vnet_kind_register(struct vnet_kind *kind)
{
	rtnl_lock();
	list_add_tail_rcu(&kind->list, &vnet_kinds);
	rtnl_unlock();
}
EXPORT_SYMBOL_GPL(vnet_kind_register);

/**
 * vnet_kind_unregister() - forget a kind
 * @kind: the kind, of which no device is left
 *
 * Nobody reads @kind any more when this returns.
 *
 * Context: process; takes RTNL, waits for an RCU grace period.
 */
void vnet_kind_unregister(struct vnet_kind *kind)
{
	rtnl_lock();
	list_del_rcu(&kind->list);
	rtnl_unlock();
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(vnet_kind_unregister);

/**
 * vnet_port_find() - a device's port
 * @dev: any device
 *
 * The port is part of @dev and lives as long.
 *
 * Context: RTNL or RCU read section.
 * Return: the port, or NULL where @dev is no port of the suite.
 */
struct vnet_port *vnet_port_find(const struct net_device *dev)
{
	struct vnet_kind *kind;

	list_for_each_entry_rcu(kind, &vnet_kinds, list,
				lockdep_rtnl_is_held())
		if (dev->netdev_ops == kind->netdev_ops)
			return netdev_priv(dev) + kind->port_offset;
	return NULL;
}
EXPORT_SYMBOL_GPL(vnet_port_find);

/**
 * vnet_port_init() - prepare the port of a device that is being made
 * @port: the port
 * @ops: the driver's functions
 *
 * Context: ndo_init.
 */
void vnet_port_init(struct vnet_port *port, const struct vnet_port_ops *ops)
{
	port->ops = ops;
}
EXPORT_SYMBOL_GPL(vnet_port_init);

/**
 * vnet_port_uninit() - free what a port has
 * @port: the port, whose slots are empty
 *
 * Context: the device's destructor.
 */
void vnet_port_uninit(struct vnet_port *port)
{
	free_percpu(port->roads);
}
EXPORT_SYMBOL_GPL(vnet_port_uninit);

/**
 * vnet_port_roads_alloc() - have the frames past a port counted by their road
 * @port: the port
 *
 * Who hands frames to vnet_port_xmit() sees to that first.
 *
 * Context: process; the port's device cannot go meanwhile.
 * Return: 0 or -ENOMEM.
 */
int vnet_port_roads_alloc(struct vnet_port *port)
{
	struct vnet_roads __percpu *roads;

	if (READ_ONCE(port->roads))
		return 0;
	roads = netdev_alloc_pcpu_stats(struct vnet_roads);
	if (!roads)
		return -ENOMEM;
	/* Not everybody who needs them holds RTNL. */
	if (cmpxchg(&port->roads, NULL, roads))
		free_percpu(roads);
	return 0;
}
EXPORT_SYMBOL_GPL(vnet_port_roads_alloc);

/**
 * vnet_port_join_rtnl() - fill a port's switch slot
 * @port: the port, whose slot is empty
 * @sw: the switch's hold on it
 *
 * From now on the switch may be handed frames.
 *
 * Context: RTNL.
 * Return: 0 or -ENOMEM.
 */
int vnet_port_join_rtnl(struct vnet_port *port, struct vnet_switch *sw)
{
	ASSERT_RTNL();
	WARN_ON_ONCE(rtnl_dereference(port->sw));
	if (vnet_port_roads_alloc(port))
		return -ENOMEM;
	rcu_assign_pointer(port->sw, sw);
	return 0;
}
EXPORT_SYMBOL_GPL(vnet_port_join_rtnl);

/**
 * vnet_port_leave_rtnl() - clear a port's switch slot
 * @port: the port
 *
 * By the switch that has filled it. Readers may still use the old value until
 * the end of an RCU grace period.
 *
 * Context: RTNL.
 */
void vnet_port_leave_rtnl(struct vnet_port *port)
{
	ASSERT_RTNL();
	RCU_INIT_POINTER(port->sw, NULL);
}
EXPORT_SYMBOL_GPL(vnet_port_leave_rtnl);

/**
 * vnet_port_flow_add() - fill a port's flow slot
 * @port: the port
 * @flow: what knows its flows
 *
 * From now on it may be handed frames.
 *
 * Context: process; the port's device cannot go meanwhile.
 * Return: 0, -ENOMEM, or -EBUSY where the slot is filled.
 */
int vnet_port_flow_add(struct vnet_port *port, struct vnet_flow *flow)
{
	int err = vnet_port_roads_alloc(port);

	if (err)
		return err;
	if (cmpxchg((struct vnet_flow __force **)&port->flow, NULL, flow))
		return -EBUSY;
	return 0;
}
EXPORT_SYMBOL_GPL(vnet_port_flow_add);

/**
 * vnet_port_flow_del() - clear a port's flow slot
 * @port: the port
 *
 * By who has filled it. Readers may still use the old value until the end of
 * an RCU grace period.
 */
void vnet_port_flow_del(struct vnet_port *port)
{
	RCU_INIT_POINTER(port->flow, NULL);
}
EXPORT_SYMBOL_GPL(vnet_port_flow_del);

/**
 * vnet_port_fdb_add() - ndo_fdb_add for a port
 * @port: the port of @dev
 * @ndm: the request's header
 * @tb: its attributes, indexed by NDA_*
 * @dev: the device
 * @addr: the MAC address
 * @vid: the VLAN, or 0
 * @flags: the request's NLM_F_* flags
 * @notified: set where the notification was sent already
 * @extack: gets the sentence
 *
 * A member of a switch adds a forwarding entry that leads to it; any other
 * port adds to its own address list, as the core's default does.
 *
 * Context: RTNL.
 * Return: 0 or an error.
 */
int vnet_port_fdb_add(struct vnet_port *port, struct ndmsg *ndm,
		      struct nlattr *tb[], struct net_device *dev,
		      const unsigned char *addr, u16 vid, u16 flags,
		      bool *notified, struct netlink_ext_ack *extack)
{
	struct vnet_switch *sw = rtnl_dereference(port->sw);

	if (!sw)
		return ndo_dflt_fdb_add(ndm, tb, dev, addr, vid, flags);
	return sw->ops->fdb_add(sw, ndm, tb, dev, addr, vid, flags, notified,
				extack);
}
EXPORT_SYMBOL_GPL(vnet_port_fdb_add);

/**
 * vnet_port_fdb_del() - ndo_fdb_del for a port
 * @port: the port of @dev
 * @ndm: the request's header
 * @tb: its attributes, indexed by NDA_*
 * @dev: the device
 * @addr: the MAC address
 * @vid: the VLAN, or 0
 * @notified: set where the notification was sent already
 * @extack: gets the sentence
 *
 * Context: RTNL.
 * Return: 0 or an error; see vnet_port_fdb_add().
 */
int vnet_port_fdb_del(struct vnet_port *port, struct ndmsg *ndm,
		      struct nlattr *tb[], struct net_device *dev,
		      const unsigned char *addr, u16 vid, bool *notified,
		      struct netlink_ext_ack *extack)
{
	struct vnet_switch *sw = rtnl_dereference(port->sw);
	int err;

	if (!sw)
		return ndo_dflt_fdb_del(ndm, tb, dev, addr, vid);
	err = sw->ops->fdb_del(sw, ndm, tb, dev, addr, vid, notified, extack);
	/* It may be on the device's own list, from before it was a member. */
	if (err != -ENOENT || vid || !(ndm->ndm_state & NUD_PERMANENT) ||
	    ndo_dflt_fdb_del(ndm, tb, dev, addr, vid))
		return err;
	if (extack)
		extack->_msg = NULL;
	/* That one is the core's to tell. */
	*notified = false;
	return 0;
}
EXPORT_SYMBOL_GPL(vnet_port_fdb_del);

/**
 * vnet_port_fdb_dump() - ndo_fdb_dump for a port
 * @port: the port of @dev
 * @skb: the message being filled
 * @cb: the dump
 * @dev: the device
 * @filter_dev: as the core passes it
 * @idx: index of the next entry of @dev; moved on
 *
 * Emits the device's own address list, and for a member of a switch that was
 * asked for by name (bridge fdb show brport) the entries that lead to it.
 *
 * Context: RTNL or RCU, as the core calls it.
 * Return: 0, or -EMSGSIZE where the message is full.
 */
int vnet_port_fdb_dump(struct vnet_port *port, struct sk_buff *skb,
		       struct netlink_callback *cb, struct net_device *dev,
		       struct net_device *filter_dev, int *idx)
{
	struct vnet_switch *sw;
	int err;

	err = ndo_dflt_fdb_dump(skb, cb, dev, filter_dev, idx);
	if (err)
		return err;

	rcu_read_lock();
	sw = rcu_dereference(port->sw);
	if (sw)
		err = sw->ops->fdb_dump(sw, skb, cb, dev, idx);
	rcu_read_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(vnet_port_fdb_dump);

/**
 * vnet_switch_stats_sset_count() - number of ethtool statistics of a port that
 *	its switch has counted
 *
 * The same for ports without a switch, as programs ask for the number, the
 * names and the values one after the other.
 *
 * Return: what ethtool's get_sset_count() adds for them.
 */
int vnet_switch_stats_sset_count(void)
{
	return hweight32(VNET_SWITCH_DROPS) + 1;
}
EXPORT_SYMBOL_GPL(vnet_switch_stats_sset_count);

/**
 * vnet_switch_stats_get_strings() - names for ethtool -S
 * @p: where to write; moved on by one string for each statistic
 */
void vnet_switch_stats_get_strings(u8 **p)
{
	int i;

	for (i = 0; i < __VNET_DROP_MAX; i++)
		if (VNET_SWITCH_DROPS & BIT(i))
			ethtool_sprintf(p, "bridge_drop_%s", vnet_drop_name(i));
	ethtool_sprintf(p, "%s", "bridge_fdb_learn_refused");
}
EXPORT_SYMBOL_GPL(vnet_switch_stats_get_strings);

/**
 * vnet_switch_stats_get_values() - values for ethtool -S
 * @port: the port
 * @data: room for vnet_switch_stats_sset_count() values
 *
 * All are zero for a port without a switch: what one counts begins and ends
 * with the membership.
 */
void vnet_switch_stats_get_values(const struct vnet_port *port, u64 *data)
{
	struct vnet_switch_stats stats = {};
	struct vnet_switch *sw;
	int i;

	rcu_read_lock();
	sw = rcu_dereference(port->sw);
	if (sw && sw->ops->get_stats)
		sw->ops->get_stats(sw, &stats);
	rcu_read_unlock();
	for (i = 0; i < __VNET_DROP_MAX; i++)
		if (VNET_SWITCH_DROPS & BIT(i))
			*data++ = stats.drops[i];
	*data = stats.learn_refused;
}
EXPORT_SYMBOL_GPL(vnet_switch_stats_get_values);
