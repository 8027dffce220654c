// SPDX-License-Identifier: GPL-2.0
/*
 * A bridge for the tests that need one.
 */
#include <linux/etherdevice.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "../drivers/vbridge/netlink.h"
#include "../drivers/vbridge/vbridge.h"
#include "unit.h"

struct net_device *unit_device(void)
{
	struct net_device *dev;

	dev = alloc_netdev(0, "unit%d", NET_NAME_ENUM, ether_setup);
	/* As registering would. */
	if (dev)
		spin_lock_init(&dev->addr_list_lock);
	return dev;
}

static struct vbr_port *unit_port_create(struct vbr *br, int nr)
{
	struct vbr_port *port = kzalloc(sizeof(*port), GFP_KERNEL);

	if (!port)
		return NULL;
	port->dev = unit_device();
	port->counts = kzalloc(sizeof(*port->counts), GFP_KERNEL);
	if (!port->dev || !port->counts) {
		if (port->dev)
			free_netdev(port->dev);
		kfree(port->counts);
		kfree(port);
		return NULL;
	}
	port->br = br;
	port->flags = VBR_PORT_DEFAULT;
	port->state = BR_STATE_FORWARDING;
	port->link_up = true;
	/* Where no other address of a test lies. */
	ether_addr_copy(port->addr, UNIT_ADDR(0xff00 + nr));
	INIT_LIST_HEAD(&port->fdb);
	vbr_tunnels_init(&port->tunnels);
	xa_init(&port->vlans.own);
	port->vlans.counted = &br->vlans_seen;
	list_add_tail(&port->list, &br->ports);
	return port;
}

int unit_bridge_init(struct kunit *test)
{
	struct unit_bridge *unit = kzalloc(sizeof(*unit), GFP_KERNEL);
	int i, err;

	if (!unit)
		return -ENOMEM;
	test->priv = unit;
	unit->dev = alloc_netdev(sizeof(struct vbr), "unit%d", NET_NAME_ENUM,
				 vbr_setup);
	if (!unit->dev)
		return -ENOMEM;
	rtnl_lock();
	err = vbr_netdev_ops.ndo_init(unit->dev);
	rtnl_unlock();
	if (err)
		return err;
	unit->br = netdev_priv(unit->dev);
	for (i = 0; i < UNIT_PORTS; i++) {
		unit->port[i] = unit_port_create(unit->br, i);
		if (!unit->port[i])
			return -ENOMEM;
	}
	return 0;
}

void unit_bridge_exit(struct kunit *test)
{
	struct unit_bridge *unit = test->priv;
	int i;

	if (!unit)
		return;
	rtnl_lock();
	if (unit->br)
		vbr_netdev_ops.ndo_uninit(unit->dev);
	rtnl_unlock();
	for (i = 0; i < UNIT_PORTS && unit->port[i]; i++) {
		free_netdev(unit->port[i]->dev);
		kfree(unit->port[i]->counts);
		kfree(unit->port[i]);
	}
	if (unit->br)
		unit->dev->priv_destructor(unit->dev);
	if (unit->dev)
		free_netdev(unit->dev);
	kfree(unit);
}
