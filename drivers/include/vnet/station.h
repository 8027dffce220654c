/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stations behind a switch: who has found a way to one past the switch itself
 * hears when that way ends.
 */
#ifndef _VNET_STATION_H
#define _VNET_STATION_H

#include <linux/netdevice.h>
#include <linux/notifier.h>

/**
 * struct vnet_station - an address that is no longer where it was
 * @bridge: the switch as a device
 * @port: the port's device that the address was behind; it need not be a
 *	device of the suite; NULL for all ports, with @addr NULL
 * @addr: the MAC address; NULL for all behind the port, whose frames may no
 *	longer leave by it as they did
 * @vid: the VLAN, or 0 for none in particular
 *
 * All of it is borrowed for the call.
 */
struct vnet_station {
	const struct net_device *bridge;
	const struct net_device *port;
	const u8 *addr;
	u16 vid;
};

extern struct atomic_notifier_head vnet_stations;

/**
 * vnet_stations_watched() - whether anybody wants to hear of stations
 *
 * Context: any.
 * Return: false where vnet_station_left() would do nothing.
 */
static inline bool vnet_stations_watched(void)
{
	return rcu_access_pointer(vnet_stations.head);
}

int vnet_stations_watch(struct notifier_block *nb);
void vnet_stations_unwatch(struct notifier_block *nb);
void vnet_station_left(const struct vnet_station *station);

#endif /* _VNET_STATION_H */
