/* SPDX-License-Identifier: GPL-2.0 */
/* Network namespaces by name, path, process, or the kernel's id for them. */
#ifndef VNET_NETNS_H
#define VNET_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "nl.h"

/**
 * netns_open() - open a namespace as `ip netns` names it
 * @name: a name below /run/netns, or a path with a slash in it
 *
 * Return: a file descriptor, or -1 with errno set.
 */
int netns_open(const char *name);

/**
 * netns_enter() - go on in another namespace
 * @name: as for netns_open()
 *
 * Return: whether it worked; if not, a complaint was made.
 */
bool netns_enter(const char *name);

/**
 * netns_each() - do something in each namespace that can be found
 * @fn: does it, in the namespace @name; NULL is the one the caller is in, which
 *	comes first and which the program is in again at the end
 * @arg: for @fn
 *
 * They are those that `ip netns` knows, then those that processes are in, named
 * by a path. What may not be entered is passed over, and so is what is there
 * under a second name.
 *
 * Return: whether it worked; if not, a complaint was made.
 */
bool netns_each(void (*fn)(const char *name, void *arg), void *arg);

/**
 * netns_id() - the id that a namespace has for another one
 * @nl: a socket in the namespace
 * @fd: the other one
 *
 * Return: the id, -1 if it has none.
 */
int netns_id(struct vnl *nl, int fd);

/**
 * struct netns_names - names of the namespaces that have an id here
 * @entries: id and name of each, in order of the ids
 * @count: how many
 * @read: whether /run/netns was looked through
 */
struct netns_names {
	struct netns_entry *entries;
	size_t count;
	bool read;
};

/**
 * netns_name() - the name of the namespace with an id
 * @names: an empty struct at first; filled at the first call
 * @nl: the socket
 * @nsid: the id
 *
 * Return: the name, NULL if it has none; good until netns_names_free().
 */
const char *netns_name(struct netns_names *names, struct vnl *nl, int nsid);
void netns_names_free(struct netns_names *names);

#endif
