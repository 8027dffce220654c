/* SPDX-License-Identifier: GPL-2.0 */
/* How entries of forwarding tables are printed. */
#ifndef VNET_FDB_H
#define VNET_FDB_H

/**
 * fdb_state() - the name of an entry's state
 * @state: its NUD_ bits
 *
 * Return: the name.
 */
const char *fdb_state(unsigned int state);

#endif
