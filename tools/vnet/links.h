/* SPDX-License-Identifier: GPL-2.0 */
/* The devices of a network namespace, as one table. */
#ifndef VNET_LINKS_H
#define VNET_LINKS_H

#include <linux/if.h>
#include <linux/if_link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nl.h"

#define LINK_KIND_SIZE	32
#define LINK_ADDR_SIZE	32

/**
 * struct link_row - one device
 * @ifindex: its number
 * @name: its name
 * @kind: IFLA_INFO_KIND, "" if it has none
 * @port_kind: IFLA_INFO_SLAVE_KIND, "" if it is nobody's port
 * @flags: IFF_ flags
 * @mtu: largest packet
 * @operstate: IF_OPER_ state
 * @addr: its hardware address
 * @addr_len: length of that
 * @lower: IFLA_LINK, of a pair's end the ifindex of the other; 0 if none
 * @lower_nsid: id of the namespace @lower is in, -1 if it is in this one
 * @master: ifindex of the device it is a port of, 0 if none
 * @stats: its counters, if asked for
 * @data: a copy of IFLA_INFO_DATA, NULL if none or not a device of the suite
 * @port_data: a copy of IFLA_INFO_SLAVE_DATA, NULL if none or not a port of ours
 */
struct link_row {
	int ifindex;
	char name[IFNAMSIZ];
	char kind[LINK_KIND_SIZE];
	char port_kind[LINK_KIND_SIZE];
	unsigned int flags;
	uint32_t mtu;
	uint8_t operstate;
	uint8_t addr[LINK_ADDR_SIZE];
	size_t addr_len;
	int lower;
	int lower_nsid;
	int master;
	struct rtnl_link_stats64 stats;
	struct nlattr *data;
	struct nlattr *port_data;
};

/**
 * struct links - all devices, in order of their ifindex
 * @row: the devices
 * @count: how many
 * @room: how many fit
 */
struct links {
	struct link_row *row;
	size_t count;
	size_t room;
};

/**
 * links_read() - read all devices of the namespace
 * @links: the table, empty at first; always for links_free()
 * @nl: the socket
 * @stats: whether counters are wanted
 *
 * Return: whether it worked; if not, a complaint was made.
 */
bool links_read(struct links *links, struct vnl *nl, bool stats);
void links_free(struct links *links);

/* Look-ups; NULL if there is none. The rows stay the table's. */
const struct link_row *links_by_index(const struct links *links, int ifindex);
const struct link_row *links_by_name(const struct links *links,
				     const char *name);

/**
 * links_find() - the device a command names
 * @links: the table
 * @name: its name
 * @kind: the kind it must be of, NULL for any of the suite
 *
 * Return: the device; NULL, after a complaint, if there is none.
 */
const struct link_row *links_find(const struct links *links, const char *name,
				  const char *kind);

/* What a message of the kernel's told of a device. */
enum links_event {
	LINKS_NOTHING,		/* nothing that is in its row */
	LINKS_ADDED,
	LINKS_CHANGED,
	LINKS_DELETED,
};

/**
 * links_update() - follow a change
 * @links: the table
 * @hdr: the message, of type RTM_NEWLINK or RTM_DELLINK
 * @row: where what it says of the device goes; @data and @port_data stay NULL
 *
 * Of rows that come or change @data and @port_data are lost.
 *
 * Return: an enum links_event, or a negative errno.
 */
int links_update(struct links *links, struct nlmsghdr *hdr,
		 struct link_row *row);

/**
 * link_ask() - ask the kernel about one device
 * @nl: the socket
 * @row: what it says; @data and @port_data stay NULL
 * @name: the device's name, or NULL to ask by number
 * @ifindex: its number
 * @nsid: id of the namespace it is in, -1 for this one
 *
 * Return: 0 or a negative errno as vnl_do().
 */
int link_ask(struct vnl *nl, struct link_row *row, const char *name,
	     int ifindex, int nsid);

/**
 * link_ask_index() - ask the kernel for the number of a device
 * @nl: the socket
 * @name: the device
 *
 * Return: its number; 0, after a complaint, if there is no such device.
 */
int link_ask_index(struct vnl *nl, const char *name);

#endif
