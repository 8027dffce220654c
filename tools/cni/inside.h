/* SPDX-License-Identifier: GPL-2.0 */
/* The container's side: its interface, addresses and routes. */
#ifndef VNET_CNI_INSIDE_H
#define VNET_CNI_INSIDE_H

#include "host.h"

/**
 * struct inside - a container's namespace
 * @nl: a socket there
 * @netns: file descriptor of it
 * @link: the container's interface
 */
struct inside {
	struct vnl nl;
	int netns;
	struct host_link link;
};

/**
 * inside_open() - open the container's namespace
 * @inside: the namespace
 * @cni: the call
 *
 * Return: whether there is one, and not the plugin's own; if not, with
 * cni_fail().
 */
bool inside_open(struct inside *inside, struct cni *cni);
void inside_close(struct inside *inside);

/**
 * inside_look() - look up the container's interface
 * @inside: the namespace
 * @cni: the call
 *
 * Return: whether it is there; if not, with cni_fail().
 */
bool inside_look(struct inside *inside, struct cni *cni);

/**
 * inside_up() - set the interface up
 * @inside: the namespace
 * @cni: the call
 *
 * Return: whether that worked; if not, with cni_fail().
 */
bool inside_up(struct inside *inside, struct cni *cni);

/**
 * inside_set() - give the interface addresses and routes, and announce them
 * @inside: the namespace, with the interface up
 * @cni: the call
 * @ips: the addresses
 *
 * Return: whether that worked; if not, with cni_fail().
 */
bool inside_set(struct inside *inside, struct cni *cni, const struct ips *ips);

/**
 * inside_check() - are all addresses and routes there?
 * @inside: the namespace
 * @cni: the call
 * @ips: the addresses
 *
 * Return: whether they are; if not, with cni_fail().
 */
bool inside_check(struct inside *inside, struct cni *cni,
		  const struct ips *ips);

#endif
