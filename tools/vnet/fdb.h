/* SPDX-License-Identifier: GPL-2.0 */
/* How entries of forwarding tables are printed. */
#ifndef VNET_FDB_H
#define VNET_FDB_H

#include "cmd.h"

/* What can be done to a table; the name of each is the command's word. */
enum fdb_action {
	FDB_ADD,
	FDB_DEL,
	FDB_FLUSH,
};

/**
 * fdb_change() - change a forwarding table as the words say
 * @env: as for struct cmd's run()
 * @args: the words behind the action
 * @action: what is to be done
 *
 * Return: as struct cmd's run().
 */
int fdb_change(struct cmd_env *env, struct args *args, enum fdb_action action);

/**
 * fdb_state() - the name of an entry's state
 * @state: its NUD_ bits
 *
 * Return: the name.
 */
const char *fdb_state(unsigned int state);

#endif
