/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <net/hotdata.h>, which came with 6.9, and what takes its contents
 * on kernels that have no function for it.
 */
#ifndef _VNET_COMPAT_NET_HOTDATA_H
#define _VNET_COMPAT_NET_HOTDATA_H

#include <vnet_probes.h>
#ifdef VNET_HAVE_NET_HOTDATA
#include_next <net/hotdata.h>
#endif
#include <linux/netdevice.h>
#include <net/net_namespace.h>

/*
 * dev_nit_active_rcu(): does a packet socket look at a device? Since 6.15 it
 * asks the device and its namespace only. Kernels before that have one list of
 * all sockets that look at every device of their namespace; where a module can
 * read it those of other namespaces are left out, else any of them counts. May
 * go when 6.15 is the oldest kernel served.
 */
#ifndef VNET_HAVE_DEV_NIT_ACTIVE_RCU
#ifdef VNET_HAVE_HOTDATA_PTYPE_ALL
static inline bool vnet_compat_ptype_all_active(const struct net_device *dev)
{
	const struct packet_type *ptype;

	list_for_each_entry_rcu(ptype, &net_hotdata.ptype_all, list)
		if (!ptype->af_packet_net ||
		    net_eq(ptype->af_packet_net, dev_net(dev)))
			return true;
	return false;
}

static inline bool dev_nit_active_rcu(const struct net_device *dev)
{
	return !list_empty(&dev->ptype_all) ||
	       vnet_compat_ptype_all_active(dev);
}
#else
static inline bool dev_nit_active_rcu(const struct net_device *dev)
{
	return dev_nit_active((struct net_device *)dev);
}
#endif
#endif

#endif /* _VNET_COMPAT_NET_HOTDATA_H */
