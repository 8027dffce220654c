/* SPDX-License-Identifier: GPL-2.0 */
/* The rtnetlink socket: requests, dumps, and what the kernel says to them. */
#ifndef VNET_NL_H
#define VNET_NL_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>

/* What vnl_dump() returns when the table changed while it was read. */
#define VNL_CHANGED	1

/* Such a table is read this often, where it is kept before it is shown. */
#define VNL_TRIES	5

/**
 * struct vnl - a socket and the last answer to it
 * @sk: libnl's socket
 * @sentence: the kernel's own words on the last request (extack), "" if none
 */
struct vnl {
	struct nl_sock *sk;
	char sentence[256];
};

/**
 * typedef vnl_reader - takes one message of an answer
 * @hdr: the message; it is gone when the reader returns
 * @arg: as given to vnl_get() or vnl_dump()
 *
 * Return: 0, or a negative errno, which ends the reading.
 */
typedef int (*vnl_reader)(struct nlmsghdr *hdr, void *arg);

/**
 * vnl_open() - open a socket in the current network namespace
 * @nl: the socket
 *
 * Return: whether it could be opened; if not, a complaint was made.
 */
bool vnl_open(struct vnl *nl);
void vnl_close(struct vnl *nl);

/**
 * vnl_msg() - start a message
 * @type: the rtnetlink message type
 * @flags: NLM_F_ flags beside NLM_F_REQUEST
 * @header: the header that follows, such as a struct ifinfomsg
 * @len: its size
 *
 * Return: the message, for nlmsg_free(); never NULL, memory for it is taken for
 * granted in a program that makes one at a time.
 */
struct nl_msg *vnl_msg(int type, int flags, const void *header, size_t len);

/**
 * vnl_append() - append a header, as at the start of a message in a nest
 * @msg: the message, which has room for it
 * @header: the header
 * @len: its size
 */
void vnl_append(struct nl_msg *msg, const void *header, size_t len);

/**
 * vnl_put() - append an attribute to a message that has room for it
 * @msg: the message
 * @type: the attribute's number
 * @data: its value
 * @len: its size
 */
void vnl_put(struct nl_msg *msg, int type, const void *data, size_t len);
void vnl_put_u32(struct nl_msg *msg, int type, uint32_t val);
void vnl_put_str(struct nl_msg *msg, int type, const char *val);
struct nlattr *vnl_nest(struct nl_msg *msg, int type);

/**
 * vnl_do() - send a request and wait for the kernel's verdict
 * @nl: the socket
 * @msg: the request; it is freed
 *
 * Return: 0 or a negative errno, with the kernel's words in nl->sentence.
 */
int vnl_do(struct vnl *nl, struct nl_msg *msg);

/**
 * vnl_get() - send a request that is answered by one object
 * @nl: the socket
 * @msg: the request; it is freed
 * @read: takes the object
 * @arg: for @read
 *
 * Return: as vnl_do().
 */
int vnl_get(struct vnl *nl, struct nl_msg *msg, vnl_reader read, void *arg);

/**
 * vnl_dump() - read a whole table
 * @nl: the socket
 * @msg: the request, with NLM_F_DUMP; it is freed
 * @read: takes the objects, one a call
 * @arg: for @read
 *
 * Return: 0; VNL_CHANGED if all was read but objects may be missing or doubled;
 * a negative errno as vnl_do().
 */
int vnl_dump(struct vnl *nl, struct nl_msg *msg, vnl_reader read, void *arg);

/**
 * vnl_complain() - say why the last request failed
 * @nl: the socket
 * @err: what it returned
 * @what: what was tried, as in "cannot WHAT"
 */
void vnl_complain(const struct vnl *nl, int err, const char *what);

/**
 * vnl_attr_u64() - the number in an attribute of 1, 2, 4 or 8 bytes
 * @attr: the attribute
 * @val: where the number goes
 *
 * Return: whether the attribute had such a size.
 */
bool vnl_attr_u64(const struct nlattr *attr, uint64_t *val);

/**
 * vnl_attr_u32() - the 32-bit number in an attribute that may be missing
 * @attr: the attribute or NULL
 * @missing: what to return if it is missing or too short
 *
 * Return: the number.
 */
uint32_t vnl_attr_u32(const struct nlattr *attr, uint32_t missing);

#endif
