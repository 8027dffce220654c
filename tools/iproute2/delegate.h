/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNET_DELEGATE_H
#define VNET_DELEGATE_H

#include "link_util.h"

/**
 * struct delegate - a kind whose options are those of a kind `ip` knows
 * @util: what `ip` sees; the first member, since `ip` is given its address
 * @stock_id: the kind whose parser and printer do the work
 * @help: the help text of our kind
 * @stock: the running program's own entry for @stock_id, NULL if it has none
 */
struct delegate {
	struct link_util util;
	const char *stock_id;
	const char *help;
	struct link_util *stock;
};

#define DELEGATE_EXPORT	__attribute__((visibility("default")))

/**
 * delegate_init() - find the stock kind and take over what it can do
 * @d: our kind; its util gets the callbacks and the attribute count
 *
 * Call it when the plugin is loaded, before `ip` reads the entry.
 */
void delegate_init(struct delegate *d);

/**
 * delegate_parse() - the parse_opt of a delegating kind
 * @lu: the util of a struct delegate
 * @argc: number of words left
 * @argv: the words
 * @n: the message under construction
 *
 * Return: as parse_opt.
 */
int delegate_parse(struct link_util *lu, int argc, char **argv,
		   struct nlmsghdr *n);

#endif
