/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <net/netdev_rx_queue.h>, which came with 6.6; before that all of it was
 * in <linux/netdevice.h>. May go when that is the oldest kernel served.
 */
#ifndef _VNET_COMPAT_NET_NETDEV_RX_QUEUE_H
#define _VNET_COMPAT_NET_NETDEV_RX_QUEUE_H

#include <vnet_probes.h>

#ifdef VNET_HAVE_NET_NETDEV_RX_QUEUE
#include_next <net/netdev_rx_queue.h>
#else
#include <linux/netdevice.h>
#endif

#endif /* _VNET_COMPAT_NET_NETDEV_RX_QUEUE_H */
