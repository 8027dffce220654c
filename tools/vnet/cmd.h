/* SPDX-License-Identifier: GPL-2.0 */
/* What a command of the tool is, and what each is given. */
#ifndef VNET_CMD_H
#define VNET_CMD_H

#include "args.h"
#include "nl.h"
#include "out.h"

/* The exit statuses of the tool. */
enum cmd_status {
	CMD_DONE = 0,
	CMD_USAGE = 1,		/* the command line is wrong */
	CMD_REFUSED = 2,	/* the kernel refused, or the work failed */
};

/**
 * struct cmd_env - what every command works with
 * @nl: an open rtnetlink socket in the namespace asked for
 * @out: where the answer goes
 * @refused: set where no other namespace would have another answer
 */
struct cmd_env {
	struct vnl *nl;
	struct out *out;
	bool refused;
};

/**
 * cmd_may_change() - may the command change something here?
 * @env: as given to it
 * @words: the command's words, for the complaint
 *
 * What -all has run in many namespaces may not: others have made them.
 *
 * Return: whether it may; if not, a complaint was made.
 */
bool cmd_may_change(struct cmd_env *env, const char *words);

/**
 * struct cmd - one word of the tool
 * @name: the word
 * @brief: what it does, in a few words
 * @help: its usage text
 * @all: whether -all may run it in many namespaces, for one answer
 * @run: does it; the arguments are those after the word
 */
struct cmd {
	const char *name;
	const char *brief;
	const char *help;
	bool all;
	int (*run)(struct cmd_env *env, struct args *args);
};

extern const struct cmd pair_cmd;
extern const struct cmd link_cmd;
extern const struct cmd bridge_cmd;
extern const struct cmd port_cmd;
extern const struct cmd fdb_cmd;
extern const struct cmd vlan_cmd;
extern const struct cmd tun_cmd;
extern const struct cmd stats_cmd;
extern const struct cmd flow_cmd;
extern const struct cmd monitor_cmd;
extern const struct cmd trace_cmd;
extern const struct cmd bench_cmd;
extern const struct cmd drops_cmd;
extern const struct cmd topo_cmd;

#endif
