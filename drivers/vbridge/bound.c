// SPDX-License-Identifier: GPL-2.0
/*
 * VLAN devices on the bridge that are bound to it (bridge_binding on): each has
 * carrier while a port that is in its VLAN works. 8021q sees to that of all
 * others, which is the bridge's.
 */
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include "vbridge.h"

#if IS_ENABLED(CONFIG_VLAN_8021Q)
/* What a VLAN device stands on itself; NULL for any other. */
static struct net_device *vbr_vlan_lower(const struct net_device *dev)
{
	return is_vlan_dev(dev) ? vlan_dev_priv(dev)->real_dev : NULL;
}

static bool vbr_vlan_is_bound(const struct net_device *dev)
{
	return vlan_dev_priv(dev)->flags & VLAN_FLAG_BRIDGE_BINDING;
}
#else
static struct net_device *vbr_vlan_lower(const struct net_device *dev)
{
	return NULL;
}

static bool vbr_vlan_is_bound(const struct net_device *dev)
{
	return false;
}
#endif

static bool vbr_vlan_works_rtnl(const struct vbr *br, u16 vid)
{
	const struct vbr_port *port;

	if (!netif_carrier_ok(br->dev))
		return false;
	list_for_each_entry(port, &br->ports, list)
		if (port->link_up && vbr_vlan_has(&port->vlans.set, vid))
			return true;
	return false;
}

static void vbr_bound_check_dev_rtnl(const struct vbr *br,
				     struct net_device *dev)
{
	if (vbr_vlan_works_rtnl(br, vlan_dev_vlan_id(dev)))
		netif_carrier_on(dev);
	else
		netif_carrier_off(dev);
}

static int vbr_bound_visit(struct net_device *dev,
			   struct netdev_nested_priv *priv)
{
	const struct vbr *br = priv->data;

	if (vbr_vlan_lower(dev) == br->dev && vbr_vlan_is_bound(dev))
		vbr_bound_check_dev_rtnl(br, dev);
	return 0;
}

/**
 * vbr_bound_check_rtnl() - let VLAN devices that are bound follow the ports
 * @br: the bridge, after a port came, went, changed its state or its VLANs
 *
 * Context: RTNL.
 */
void vbr_bound_check_rtnl(struct vbr *br)
{
	struct netdev_nested_priv priv = { .data = br };

	ASSERT_RTNL();
	rcu_read_lock();
	netdev_walk_all_upper_dev_rcu(br->dev, vbr_bound_visit, &priv);
	rcu_read_unlock();
}

/**
 * vbr_bound_event_rtnl() - look at a device that may be bound, or may not be
 *	any more
 * @dev: any device that came up or changed
 *
 * Context: RTNL.
 */
void vbr_bound_event_rtnl(struct net_device *dev)
{
	struct net_device *lower = vbr_vlan_lower(dev);

	if (!lower || lower->netdev_ops != &vbr_netdev_ops)
		return;
	if (vbr_vlan_is_bound(dev))
		vbr_bound_check_dev_rtnl(netdev_priv(lower), dev);
	else
		netif_stacked_transfer_operstate(lower, dev);
}
