// SPDX-License-Identifier: GPL-2.0
/*
 * The notifier for stations behind a switch.
 */
#include <linux/module.h>
#include <vnet/station.h>

struct atomic_notifier_head vnet_stations = ATOMIC_NOTIFIER_INIT(vnet_stations);
EXPORT_SYMBOL_GPL(vnet_stations);

/**
 * vnet_stations_watch() - hear of stations that move or go
 * @nb: called for each, its data being a &struct vnet_station
 *
 * It is called in an RCU read section, and for a single address with BH off and
 * under a lock of the switch's: it takes no lock but such as are never held
 * while a frame is sent or a forwarding table looked after, and asks the switch
 * nothing.
 *
 * Context: process.
 * Return: 0 or an error.
 */
int vnet_stations_watch(struct notifier_block *nb)
{
	return atomic_notifier_chain_register(&vnet_stations, nb);
}
EXPORT_SYMBOL_GPL(vnet_stations_watch);

/**
 * vnet_stations_unwatch() - the opposite
 * @nb: not called any more when this returns
 *
 * Context: process; waits for an RCU grace period.
 */
void vnet_stations_unwatch(struct notifier_block *nb)
{
	atomic_notifier_chain_unregister(&vnet_stations, nb);
}
EXPORT_SYMBOL_GPL(vnet_stations_unwatch);

/**
 * vnet_station_left() - tell that an address is no longer where it was
 * @station: what and where; the switch no longer says so to anybody who asks
 *
 * Context: BH off, and the switch's lock of its forwarding table may be held;
 * where all of a port or of the switch is meant, process, with neither: who
 * hears of it may have many to go through.
 */
void vnet_station_left(const struct vnet_station *station)
{
	atomic_notifier_call_chain(&vnet_stations, 0, (void *)station);
}
EXPORT_SYMBOL_GPL(vnet_station_left);
