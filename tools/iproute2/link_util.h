/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a link_<kind>.so and the `ip` program that loads it must agree on.
 *
 * iproute2 installs no header for its plugins. `ip` looks for
 * <dir>/link_<kind>.so, <dir> being $IP_LIB_DIR or the directory chosen when
 * iproute2 was built, and in it for the object <kind>_link_util, which it reads
 * through the members below. The layout follows from get_link_kind() in
 * ip/iplink.c and its callers; it is the same in iproute2 6.1 to 7.3. iproute2
 * promises nothing for later releases: the selftests of the tools run each
 * callback under the installed `ip`.
 *
 * A port of a master of kind X is of kind "X_slave" to `ip`, so a kind has no
 * underscore of its own.
 */
#ifndef VNET_LINK_UTIL_H
#define VNET_LINK_UTIL_H

#include <stdio.h>

struct nlmsghdr;
struct rtattr;

/**
 * struct link_util - the options of one kind of link, as `ip` uses them
 * @next: chain of the kinds `ip` has met, kept by `ip`
 * @id: the kind
 * @maxattr: highest attribute number print_opt is given
 * @parse_opt: turns the words after "type KIND" into attributes of the message,
 *	whose nest is open. Called only if there are words. Returns 0 if all were
 *	taken; anything else ends `ip` without a further message.
 * @print_opt: prints IFLA_INFO_DATA (of a port: IFLA_INFO_SLAVE_DATA), as text
 *	or JSON. The table is NULL where the device has none.
 * @print_xstats: prints IFLA_INFO_XSTATS
 * @print_help: answers "ip link help KIND"; "type KIND help" goes to parse_opt
 * @parse_ifla_xstats: takes the words of "ip link xstats type KIND"
 * @print_ifla_xstats: prints one answer to it
 */
struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	int (*parse_opt)(struct link_util *lu, int argc, char **argv,
			 struct nlmsghdr *n);
	void (*print_opt)(struct link_util *lu, FILE *f, struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *lu, FILE *f,
			     struct rtattr *xstats);
	void (*print_help)(struct link_util *lu, int argc, char **argv,
			   FILE *f);
	int (*parse_ifla_xstats)(struct link_util *lu, int argc, char **argv);
	int (*print_ifla_xstats)(struct nlmsghdr *n, void *arg);
};

#endif
