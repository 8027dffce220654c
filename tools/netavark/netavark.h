/* SPDX-License-Identifier: GPL-2.0 */
/* What netavark asks, made into a call of the CNI plugin. */
#ifndef VNET_NETAVARK_H
#define VNET_NETAVARK_H

#include "../cni/cni.h"

/**
 * network_check() - is a network one that can be had, and complete it
 * @cni: the call, for its failure
 * @network: the network, as podman has made it
 *
 * Return: whether it is; if not, with cni_fail().
 */
bool network_check(struct cni *cni, struct json_object *network);

/**
 * network_call() - make a call of the CNI plugin out of a request
 * @cni: the call; @json, @network and @given are set, and the environment is
 * @request: what came on stdin: a network, and what the container wants there
 * @netns: path of the container's namespace
 *
 * Return: whether the request is sound; if not, with cni_fail().
 */
bool network_call(struct cni *cni, struct json_object *request,
		  const char *netns);

/**
 * network_status() - what netavark wants to hear of a container
 * @cni: the call, after ADD
 * @request: as for network_call()
 *
 * Return: its interfaces and their addresses.
 */
struct json_object *network_status(struct cni *cni,
				   struct json_object *request);

/**
 * ports_publish() - translate addresses for a container, by nft
 * @cni: the call, after ADD
 * @request: as for network_call()
 *
 * All of a container is a table of its own, which has the name of its pair.
 *
 * Return: whether that worked; if not, with cni_fail().
 */
bool ports_publish(struct cni *cni, struct json_object *request);

/**
 * ports_withdraw() - end that; what is gone already is no failure
 * @cni: the call
 *
 * Return: whether that worked; if not, with cni_fail().
 */
bool ports_withdraw(struct cni *cni);

#endif
