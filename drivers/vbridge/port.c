// SPDX-License-Identifier: GPL-2.0
/*
 * Devices as ports: taking them in, letting them go, following what happens
 * to them.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "vbridge.h"

/**
 * vbr_port_get() - the port that a device is
 * @dev: any device
 *
 * Context: RTNL or RCU read section.
 * Return: the port, or NULL where @dev is a port of no vbridge.
 */
struct vbr_port *vbr_port_get(const struct net_device *dev)
{
	if (rcu_access_pointer(dev->rx_handler) != vbr_handle_frame)
		return NULL;
	return rcu_dereference_rtnl(dev->rx_handler_data);
}

/**
 * vbr_port_set_state_rtnl() - change a port's state
 * @port: the port
 * @state: BR_STATE_*
 *
 * The bridge has carrier while a port of it forwards, and VLAN devices on it may
 * have it while one in their VLAN does.
 *
 * Context: RTNL.
 */
void vbr_port_set_state_rtnl(struct vbr_port *port, u8 state)
{
	struct vbr *br = port->br;
	u8 old = port->state;

	ASSERT_RTNL();
	br->n_forwarding -= old == BR_STATE_FORWARDING;
	br->n_forwarding += state == BR_STATE_FORWARDING;
	WRITE_ONCE(port->state, state);
	vbr_crossings_end(br);
	if (br->n_forwarding)
		netif_carrier_on(br->dev);
	else
		netif_carrier_off(br->dev);
	vbr_bound_check_rtnl(br);
	if (old == BR_STATE_FORWARDING && state != old)
		vbr_stations_left_rtnl(br, port);
}

static void vbr_port_set_direct_rtnl(struct vbr_port *port)
{
	bool on = !port->br->direct_off && !(port->flags & VBR_PORT_TUNNEL);

	WRITE_ONCE(port->sw.off, !on);
	WRITE_ONCE(port->direct, on ? port->suite : NULL);
}

/**
 * vbr_port_set_flags_rtnl() - change a port's flags
 * @port: the port
 * @flags: VBR_PORT_*
 *
 * Context: RTNL.
 */
void vbr_port_set_flags_rtnl(struct vbr_port *port, u32 flags)
{
	struct vbr *br = port->br;
	bool tunnel = flags & ~port->flags & VBR_PORT_TUNNEL;
	u32 n = br->n_suppress;

	ASSERT_RTNL();
	n -= !!(port->flags & VBR_PORT_ANSWERS);
	n += !!(flags & VBR_PORT_ANSWERS);
	WRITE_ONCE(port->flags, flags);
	vbr_port_set_direct_rtnl(port);
	WRITE_ONCE(br->n_suppress, n);
	vbr_set_special_rtnl(br);
	vbr_crossings_end(br);
	if (tunnel)
		vbr_stations_left_rtnl(br, port);
}

static void vbr_port_set_odd_rtnl(struct vbr_port *port, bool odd)
{
	struct vbr *br = port->br;

	if (port->odd == odd)
		return;
	br->n_odd -= port->odd;
	br->n_odd += odd;
	WRITE_ONCE(port->odd, odd);
	vbr_set_special_rtnl(br);
	vbr_crossings_end(br);
}

/**
 * vbr_port_set_backup_rtnl() - who gets a port's frames while it has no carrier
 * @port: the port
 * @backup: another port of the bridge, or NULL
 *
 * Context: RTNL.
 */
void vbr_port_set_backup_rtnl(struct vbr_port *port, struct vbr_port *backup)
{
	struct vbr_port *old = rtnl_dereference(port->backup);

	ASSERT_RTNL();
	if (old)
		old->n_backed--;
	if (backup)
		backup->n_backed++;
	rcu_assign_pointer(port->backup, backup);
	vbr_crossings_end(port->br);
}

/* Before the port is waited for, so that nobody is led to it any more. */
static void vbr_port_end_backups_rtnl(struct vbr_port *port)
{
	struct vbr_port *other;

	vbr_port_set_backup_rtnl(port, NULL);
	if (!port->n_backed)
		return;
	list_for_each_entry(other, &port->br->ports, list)
		if (rtnl_dereference(other->backup) == port)
			vbr_port_set_backup_rtnl(other, NULL);
}

/* What a spanning tree reckons a link of that speed to cost. */
static u32 vbr_port_cost(struct net_device *dev)
{
	static const struct {
		u32 speed;
		u32 cost;
	} costs[] = {
		{ SPEED_10000 + 1, 1 }, { SPEED_10000, 2 }, { SPEED_5000, 3 },
		{ SPEED_2500, 4 }, { SPEED_1000, 5 }, { SPEED_100, 19 },
	};
	struct ethtool_link_ksettings link;
	int i;

	if (!__ethtool_get_link_ksettings(dev, &link) &&
	    link.base.speed != (u32)SPEED_UNKNOWN)
		for (i = 0; i < ARRAY_SIZE(costs); i++)
			if (link.base.speed >= costs[i].speed)
				return costs[i].cost;
	return VBR_PORT_COST;
}

/* The cost follows the speed until it is set. Returns true where it has changed. */
static bool vbr_port_check_cost_rtnl(struct vbr_port *port)
{
	u32 cost;

	if (!port->link_up || port->cost_by_user)
		return false;
	cost = vbr_port_cost(port->dev);
	if (cost == port->cost)
		return false;
	WRITE_ONCE(port->cost, cost);
	return true;
}

static void vbr_port_forget_learned_rtnl(struct vbr_port *port)
{
	struct vbr_fdb_match learned = {
		.by_port = true,
		.port = port,
		.mask = VBR_FDB_STATIC | VBR_FDB_EXT_LEARNED,
	};

	vbr_fdb_flush_rtnl(port->br, &learned);
}

/**
 * vbr_port_check_link_rtnl() - let a port work while its link does
 * @port: the port
 *
 * A port starts to forward when device and bridge are up and there is
 * carrier, and is disabled when one of them goes. In between its state is
 * the user's.
 *
 * Context: RTNL.
 * Return: true where the state has changed.
 */
bool vbr_port_check_link_rtnl(struct vbr_port *port)
{
	bool up = netif_running(port->br->dev) && netif_running(port->dev) &&
		  netif_oper_up(port->dev);

	if (up == port->link_up)
		return false;
	port->link_up = up;
	vbr_port_set_state_rtnl(port, up ? BR_STATE_FORWARDING :
					   BR_STATE_DISABLED);
	vbr_port_check_cost_rtnl(port);
	/* A backup takes over what was learned. */
	if (!up && !rtnl_dereference(port->backup))
		vbr_port_forget_learned_rtnl(port);
	return true;
}

static bool vbr_port_would_loop(struct vbr *br, struct net_device *dev)
{
	bool loop;

	rcu_read_lock();
	loop = netdev_has_upper_dev_all_rcu(br->dev, dev);
	rcu_read_unlock();
	return loop;
}

/* What no bridge can have as a port, or what does not want to be one. */
static int vbr_port_check_dev(struct vbr *br, struct net_device *dev,
			      struct netlink_ext_ack *extack)
{
	if ((dev->flags & IFF_LOOPBACK) || dev->type != ARPHRD_ETHER ||
	    dev->addr_len != ETH_ALEN || !is_valid_ether_addr(dev->dev_addr)) {
		NL_SET_ERR_MSG(extack,
			       "only an Ethernet device can be a port of a bridge");
		return -EINVAL;
	}
	if (dev == br->dev) {
		NL_SET_ERR_MSG(extack, "a bridge cannot be its own port");
		return -ELOOP;
	}
	if (dev->netdev_ops == &vbr_netdev_ops || netif_is_bridge_master(dev)) {
		NL_SET_ERR_MSG(extack,
			       "a bridge cannot be a port of a bridge");
		return -ELOOP;
	}
	if (vbr_port_would_loop(br, dev)) {
		NL_SET_ERR_MSG(extack,
			       "the device is stacked on this bridge: as its port it would make a loop");
		return -ELOOP;
	}
	if (dev->priv_flags & IFF_DONT_BRIDGE) {
		NL_SET_ERR_MSG(extack,
			       "the device's driver does not allow it to be a port of a bridge");
		return -EOPNOTSUPP;
	}
	if (netdev_is_rx_handler_busy(dev)) {
		NL_SET_ERR_MSG(extack,
			       "the device's frames already go to another user, such as a macvlan on it");
		return -EBUSY;
	}
	if (br->max_ports && br->n_ports >= br->max_ports) {
		NL_SET_ERR_MSG(extack,
			       "the bridge has as many ports as it may have: vnet bridge set dev BRIDGE max_ports N");
		return -EXFULL;
	}
	return 0;
}

static struct vbr_port *vbr_port_alloc(struct vbr *br, struct net_device *dev)
{
	struct vbr_port *port = kzalloc(sizeof(*port), GFP_KERNEL);

	if (!port)
		return NULL;
	port->counts = kzalloc(sizeof(*port->counts), GFP_KERNEL);
	if (!port->counts) {
		kfree(port);
		return NULL;
	}
	port->br = br;
	port->dev = dev;
	netdev_hold(dev, &port->dev_tracker, GFP_KERNEL);
	port->flags = VBR_PORT_DEFAULT;
	port->state = BR_STATE_DISABLED;
	port->cost = VBR_PORT_COST;
	port->priority = VBR_PORT_PRIORITY;
	port->sw.ops = &vbr_switch_ops;
	ether_addr_copy(port->addr, dev->dev_addr);
	vbr_tunnels_init(&port->tunnels);
	INIT_LIST_HEAD(&port->fdb);
	return port;
}

static void vbr_port_free(struct vbr_port *port)
{
	netdev_put(port->dev, &port->dev_tracker);
	kfree(port->counts);
	kfree(port);
}

/**
 * vbr_set_direct_rtnl() - let frames take the direct road, or not
 * @br: the bridge
 * @on: whether they may
 *
 * Ports stay in their devices' slots, by which stock tools reach the
 * forwarding table.
 *
 * Context: RTNL.
 */
void vbr_set_direct_rtnl(struct vbr *br, bool on)
{
	struct vbr_port *port;

	ASSERT_RTNL();
	if (br->direct_off == !on)
		return;
	WRITE_ONCE(br->direct_off, !on);
	vbr_set_special_rtnl(br);
	list_for_each_entry(port, &br->ports, list)
		vbr_port_set_direct_rtnl(port);
	vbr_crossings_end(br);
}

/* A member that is a port of the suite reaches its bridge by its slot. */
static int vbr_port_fill_slot_rtnl(struct vbr_port *port)
{
	port->suite = vnet_port_find(port->dev);
	vbr_port_set_direct_rtnl(port);
	return port->suite ? vnet_port_join_rtnl(port->suite, &port->sw) : 0;
}

static void vbr_port_clear_slot_rtnl(struct vbr_port *port)
{
	if (port->suite)
		vnet_port_leave_rtnl(port->suite);
}

/**
 * vbr_port_add_rtnl() - make a device a port
 * @br: the bridge
 * @dev: the device
 * @extack: gets the sentence of a refusal
 *
 * The caller then calls vbr_follow_ports_rtnl().
 *
 * Context: RTNL.
 * Return: 0, or an error with nothing changed.
 */
int vbr_port_add_rtnl(struct vbr *br, struct net_device *dev,
		      struct netlink_ext_ack *extack)
{
	struct vbr_port *port;
	int err;

	ASSERT_RTNL();
	err = vbr_port_check_dev(br, dev, extack);
	if (err)
		return err;
	port = vbr_port_alloc(br, dev);
	if (!port)
		return -ENOMEM;

	call_netdevice_notifiers(NETDEV_JOIN, dev);
	err = dev_set_promiscuity(dev, 1);
	if (err) {
		NL_SET_ERR_MSG(extack, "the device refuses promiscuous mode");
		goto err_free_port;
	}
	/* What comes in from now on finds a disabled port. */
	err = netdev_rx_handler_register(dev, vbr_handle_frame, port);
	if (err) {
		NL_SET_ERR_MSG(extack,
			       "the device does not let others receive its frames");
		goto err_clear_promisc;
	}
	err = netdev_master_upper_dev_link(dev, br->dev, NULL, NULL, extack);
	if (err)
		goto err_unregister_handler;
	err = vbr_port_fill_slot_rtnl(port);
	if (err)
		goto err_unlink;
	err = vbr_vlan_start_port_rtnl(port);
	if (err)
		goto err_clear_slot;
	err = vbr_fdb_add_local_rtnl(br, port, port->addr);
	if (err)
		goto err_end_vlans;

	dev_disable_lro(dev);
	netdev_set_rx_headroom(dev, br->dev->needed_headroom);
	list_add_tail_rcu(&port->list, &br->ports);
	br->n_ports++;
	vbr_port_set_odd_rtnl(port, vbr_member_is_odd(dev));
	vbr_port_check_link_rtnl(port);
	vbr_port_notify(port, RTM_NEWLINK);
	return 0;

err_end_vlans:
	vbr_vlan_end_port_rtnl(port);
err_clear_slot:
	vbr_port_clear_slot_rtnl(port);
err_unlink:
	netdev_upper_dev_unlink(dev, br->dev);
err_unregister_handler:
	netdev_rx_handler_unregister(dev);
err_clear_promisc:
	dev_set_promiscuity(dev, -1);
err_free_port:
	vbr_port_free(port);
	return err;
}

/**
 * vbr_port_release_rtnl() - let a port go
 * @port: the port; gone afterwards
 *
 * The DOC section in vbridge.h says why it can be freed at the end. The
 * caller then calls vbr_follow_ports_rtnl(), unless the bridge goes as well.
 *
 * Context: RTNL; waits for an RCU grace period.
 */
void vbr_port_release_rtnl(struct vbr_port *port)
{
	struct net_device *dev = port->dev;
	struct vbr *br = port->br;

	ASSERT_RTNL();
	port->link_up = false;
	vbr_port_set_state_rtnl(port, BR_STATE_DISABLED);
	vbr_port_notify(port, RTM_DELLINK);
	list_del_rcu(&port->list);
	br->n_ports--;
	vbr_port_end_backups_rtnl(port);
	vbr_port_set_flags_rtnl(port, port->flags & ~VBR_PORT_ANSWERS);
	vbr_port_set_odd_rtnl(port, false);
	vbr_port_clear_slot_rtnl(port);
	vbr_fdb_close_port_rtnl(port);
	netdev_upper_dev_unlink(dev, br->dev);
	netdev_rx_handler_unregister(dev);

	vbr_vlan_end_port_rtnl(port);
	netdev_reset_rx_headroom(dev);
	dev_set_promiscuity(dev, -1);
	vbr_port_free(port);
}

static void vbr_port_change_addr_rtnl(struct vbr_port *port)
{
	struct net_device *dev = port->dev;
	u8 old[ETH_ALEN];

	if (ether_addr_equal(port->addr, dev->dev_addr))
		return;
	ether_addr_copy(old, port->addr);
	ether_addr_copy(port->addr, dev->dev_addr);
	vbr_fdb_del_local_rtnl(port->br, port, old);
	/* Without memory the host is reached by flooding. */
	if (vbr_fdb_add_local_rtnl(port->br, port, port->addr))
		netdev_warn(dev, "no memory for the entry of its address\n");
	vbr_follow_ports_rtnl(port->br);
}

static int vbr_port_event_rtnl(struct vbr_port *port, unsigned long event)
{
	struct net_device *dev = port->dev;
	struct vbr *br = port->br;

	switch (event) {
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
		vbr_port_set_odd_rtnl(port, vbr_member_is_odd(dev));
		if (vbr_port_check_link_rtnl(port) ||
		    vbr_port_check_cost_rtnl(port))
			vbr_port_notify(port, RTM_NEWLINK);
		break;
	case NETDEV_CHANGEADDR:
		vbr_port_change_addr_rtnl(port);
		vbr_port_notify(port, RTM_NEWLINK);
		break;
	case NETDEV_CHANGEMTU:
	case NETDEV_FEAT_CHANGE:
		vbr_follow_ports_rtnl(br);
		break;
	case NETDEV_RESEND_IGMP:
		call_netdevice_notifiers(event, br->dev);
		break;
	case NETDEV_PRE_TYPE_CHANGE:
		/* A port has to stay an Ethernet device. */
		return NOTIFY_BAD;
	case NETDEV_UNREGISTER:
		vbr_port_release_rtnl(port);
		vbr_follow_ports_rtnl(br);
		break;
	}
	return NOTIFY_DONE;
}

static int vbr_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct vbr_port *port = vbr_port_get(dev);

	if (event == NETDEV_UP || event == NETDEV_CHANGE)
		vbr_bound_event_rtnl(dev);
	if (event == NETDEV_CHANGEUPPER && dev->netdev_ops == &vbr_netdev_ops)
		vbr_bound_check_rtnl(netdev_priv(dev));
	return port ? vbr_port_event_rtnl(port, event) : NOTIFY_DONE;
}

struct notifier_block vbr_notifier = {
	.notifier_call = vbr_event,
};
