/* SPDX-License-Identifier: GPL-2.0 */
/* The addresses and routes of a container. */
#ifndef VNET_CNI_IPS_H
#define VNET_CNI_IPS_H

#include <netlink/addr.h>

#include "cni.h"

#define IPS_MAX	64

/**
 * struct ips_addr - an address
 * @addr: the address and its prefix
 * @gw: its gateway, NULL if none is known
 */
struct ips_addr {
	struct nl_addr *addr;
	struct nl_addr *gw;
};

/**
 * struct ips_route - a route
 * @dst: where to
 * @gw: by whom, NULL for what is on the link
 * @mtu: largest packet, 0 for that of the device
 * @advmss: largest segment to be announced, 0 for none
 * @priority: metric, 0 for none
 * @table: number of its table, 0 for the main one
 * @scope: RT_SCOPE_, -1 for what fits
 */
struct ips_route {
	struct nl_addr *dst;
	struct nl_addr *gw;
	uint32_t mtu;
	uint32_t advmss;
	uint32_t priority;
	uint32_t table;
	int scope;
};

/**
 * struct ips - all of a container
 * @addr: addresses
 * @addrs: how many
 * @route: routes
 * @routes: how many
 */
struct ips {
	struct ips_addr addr[IPS_MAX];
	size_t addrs;
	struct ips_route route[IPS_MAX];
	size_t routes;
};

/**
 * ips_read() - read addresses and routes out of a result
 * @ips: empty; always for ips_free()
 * @cni: the call
 * @result: a result of this or of the plugin for addresses, may be NULL
 * @ifindex: take only addresses of the interface with that number in the
 *	     result, and those of none; -1 for all
 *
 * Return: whether they could be read; if not, with cni_fail().
 */
bool ips_read(struct ips *ips, struct cni *cni, struct json_object *result,
	      int ifindex);
void ips_free(struct ips *ips);

/**
 * ips_gateways() - give each address a gateway, and make default routes
 * @ips: the addresses
 * @cni: the call, whose options say whether that is wanted
 *
 * An address without a gateway gets the first of its network.
 *
 * Return: whether there was room; if not, with cni_fail().
 */
bool ips_gateways(struct ips *ips, struct cni *cni);

/**
 * ips_put() - add addresses and routes to a result
 * @ips: the addresses
 * @cni: the call
 * @result: the result
 * @interface: number of the container's interface in it
 */
void ips_put(const struct ips *ips, const struct cni *cni,
	     struct json_object *result, int interface);

#endif
