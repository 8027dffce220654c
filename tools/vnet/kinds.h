/* SPDX-License-Identifier: GPL-2.0 */
/* The kinds of device the suite makes, and the modules they come from. */
#ifndef VNET_KINDS_H
#define VNET_KINDS_H

#include <stdbool.h>

#define KIND_PAIR	"vveth"
#define KIND_BRIDGE	"vbridge"
#define KIND_TUN	"vtun"
#define KIND_TAP	"vtap"

/**
 * kind_is_ours() - is this a kind of the suite?
 * @kind: as in IFLA_INFO_KIND, "" for a device without one
 *
 * Return: whether it is.
 */
bool kind_is_ours(const char *kind);

/**
 * kind_is() - is this the kind that is looked for?
 * @kind: as for kind_is_ours()
 * @wanted: the kind, NULL for any of the suite
 *
 * Return: whether it is.
 */
bool kind_is(const char *kind, const char *wanted);

/**
 * kind_is_pair() - is this a kind whose devices come two at a time?
 * @kind: as for kind_is_ours()
 *
 * Return: whether it is.
 */
bool kind_is_pair(const char *kind);

/**
 * kind_loaded() - is a module of the suite loaded?
 * @kind: its name
 *
 * Return: whether it is, or nothing can be said of it.
 */
bool kind_loaded(const char *kind);

/**
 * kind_hint() - say which modules to load if they are not loaded
 * @kind: the kind that was looked for, NULL for any of the suite
 *
 * For an empty list: devices of a kind cannot exist without its module.
 */
void kind_hint(const char *kind);

struct vnl;

/**
 * kind_complain() - say that the kernel does not know a kind, if that is it
 * @nl: the socket that a device was asked for through
 * @err: what the kernel answered
 * @kind: the kind that was asked for
 *
 * Return: whether it was, and a complaint was made.
 */
bool kind_complain(const struct vnl *nl, int err, const char *kind);

#endif
