// SPDX-License-Identifier: GPL-2.0
/*
 * Hands the options of our kinds to the parsers and printers that `ip` has for
 * the in-tree kinds, so that syntax, text and JSON are those of the installed
 * iproute2, whatever its version.
 */
#include <dlfcn.h>
#include <string.h>

#include "delegate.h"

static struct delegate *delegate_of(struct link_util *lu)
{
	return (struct delegate *)lu;
}

int delegate_parse(struct link_util *lu, int argc, char **argv,
		   struct nlmsghdr *n)
{
	struct delegate *d = delegate_of(lu);

	if (strcmp(argv[0], "help") == 0) {
		fputs(d->help, stderr);
		return -1;
	}
	if (!d->stock) {
		fprintf(stderr,
			"link_%s.so: this \"ip\" exports no %s_link_util, so it takes no options for type %s.\n",
			lu->id, d->stock_id, lu->id);
		return -1;
	}
	return d->stock->parse_opt(d->stock, argc, argv, n);
}

static void delegate_print(struct link_util *lu, FILE *f, struct rtattr *tb[])
{
	struct delegate *d = delegate_of(lu);

	d->stock->print_opt(d->stock, f, tb);
}

static void delegate_print_xstats(struct link_util *lu, FILE *f,
				  struct rtattr *xstats)
{
	struct delegate *d = delegate_of(lu);

	d->stock->print_xstats(d->stock, f, xstats);
}

static void delegate_print_help(struct link_util *lu, int argc, char **argv,
				FILE *f)
{
	(void)argc;
	(void)argv;
	fputs(delegate_of(lu)->help, f);
}

void delegate_init(struct delegate *d)
{
	char symbol[64];

	d->util.parse_opt = delegate_parse;
	d->util.print_help = delegate_print_help;

	snprintf(symbol, sizeof(symbol), "%s_link_util", d->stock_id);
	d->stock = dlsym(RTLD_DEFAULT, symbol);
	if (!d->stock)
		return;

	d->util.maxattr = d->stock->maxattr;
	/* A callback the stock kind lacks stays NULL: `ip` tests for that. */
	if (d->stock->print_opt)
		d->util.print_opt = delegate_print;
	if (d->stock->print_xstats)
		d->util.print_xstats = delegate_print_xstats;
	/* These two name the kind of the entry they are given, so they get ours. */
	d->util.parse_ifla_xstats = d->stock->parse_ifla_xstats;
	d->util.print_ifla_xstats = d->stock->print_ifla_xstats;
}
