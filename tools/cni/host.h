/* SPDX-License-Identifier: GPL-2.0 */
/* The host's side: the bridge, the pairs, their ports. */
#ifndef VNET_CNI_HOST_H
#define VNET_CNI_HOST_H

#include "../vnet/nl.h"
#include "cni.h"
#include "ips.h"

#define HOST_ALIAS_SIZE	256

/**
 * struct host_link - a device
 * @ifindex: its number, 0 if there is none
 * @name: its name
 * @kind: IFLA_INFO_KIND, "" if it has none
 * @alias: IFLA_IFALIAS, by which a container's pair is known
 * @mac: its address
 * @mtu: largest packet
 * @master: ifindex of the bridge it is a port of, 0 if none
 * @state: BR_STATE_ of the port, -1 if it is none
 * @filters: a bridge, and filters VLANs
 */
struct host_link {
	int ifindex;
	char name[IFNAMSIZ];
	char kind[32];
	char alias[HOST_ALIAS_SIZE];
	uint8_t mac[CNI_ETH_ALEN];
	uint32_t mtu;
	int master;
	int state;
	bool filters;
};

/**
 * struct host_end - a container's attachment, as the alias of its pair says
 * @container: CNI_CONTAINERID
 * @ifname: CNI_IFNAME
 */
struct host_end {
	char container[HOST_ALIAS_SIZE];
	char ifname[IFNAMSIZ];
};

/**
 * host_link() - look up a device
 * @nl: the socket
 * @name: its name
 * @link: what there is; @link->ifindex is 0 if there is none
 *
 * Return: whether the kernel answered; if not, with cni_fail().
 */
bool host_link(struct cni *cni, struct vnl *nl, const char *name,
	       struct host_link *link);

/**
 * host_bridge() - the network's bridge, made where there is none
 * @cni: the call
 * @nl: the socket
 * @bridge: the bridge
 *
 * Return: whether it is there and fits; if not, with cni_fail().
 */
bool host_bridge(struct cni *cni, struct vnl *nl, struct host_link *bridge);

/**
 * host_pair_name() - the name of the outer end of a container's pair
 * @cni: the call
 * @name: where it goes
 *
 * It is the same at each call, made out of the network, the container and its
 * interface.
 */
void host_pair_name(const struct cni *cni, char name[IFNAMSIZ]);

/**
 * host_pair_add() - make a pair and a port out of its outer end
 * @cni: the call
 * @nl: the socket
 * @bridge: the bridge
 * @netns: file descriptor of the container's namespace
 * @outer: the outer end
 *
 * The inner end is down, so that nothing passes before the port is set up.
 *
 * Return: whether that worked; if not, with cni_fail(), and nothing is left.
 */
bool host_pair_add(struct cni *cni, struct vnl *nl,
		   const struct host_link *bridge, int netns,
		   struct host_link *outer);

/**
 * host_pair_find() - look up the outer end of the container's pair
 * @cni: the call
 * @nl: the socket
 * @outer: the outer end; @outer->ifindex is 0 if there is none
 *
 * Return: as host_link().
 */
bool host_pair_find(struct cni *cni, struct vnl *nl, struct host_link *outer);

/**
 * host_link_del() - remove a device; one that has gone is no failure
 * @cni: the call
 * @nl: the socket
 * @ifindex: its number
 *
 * Return: whether it is gone; if not, with cni_fail().
 */
bool host_link_del(struct cni *cni, struct vnl *nl, int ifindex);

/**
 * host_gateway() - give the bridge the gateways' addresses
 * @cni: the call
 * @nl: the socket
 * @bridge: the bridge
 * @ips: the container's addresses
 *
 * In a VLAN they are those of a VLAN device on the bridge.
 *
 * Return: whether that worked; if not, with cni_fail().
 */
bool host_gateway(struct cni *cni, struct vnl *nl,
		  const struct host_link *bridge, const struct ips *ips);

/**
 * host_wait() - wait until the port forwards, a while
 * @cni: the call
 * @nl: the socket
 * @outer: the port
 */
void host_wait(struct cni *cni, struct vnl *nl, const struct host_link *outer);

/**
 * host_ends() - all containers attached to the call's network
 * @cni: the call
 * @nl: the socket
 * @ends: an array of them, for free()
 * @count: how many
 *
 * Return: whether they could be read; if not, with cni_fail().
 */
bool host_ends(struct cni *cni, struct vnl *nl, struct host_end **ends,
	       size_t *count);

/**
 * host_kinds() - can devices of the suite be made?
 * @cni: the call
 * @nl: the socket
 *
 * Return: whether they can; if not, with cni_fail().
 */
bool host_kinds(struct cni *cni, struct vnl *nl);

/**
 * host_failed() - the call fails by the kernel's verdict
 * @cni: the call
 * @nl: the socket, for the kernel's words
 * @err: the verdict, a negative errno
 * @what: what was tried, as in "cannot WHAT"
 *
 * Return: false.
 */
bool host_failed(struct cni *cni, const struct vnl *nl, int err,
		 const char *what);

#endif
