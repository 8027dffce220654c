/* SPDX-License-Identifier: GPL-2.0 */
/* The names and forms of what a port of a bridge has. */
#ifndef VNET_PORT_H
#define VNET_PORT_H

#include "bridge_own.h"
#include "cmd.h"
#include "links.h"

/**
 * port_show() - print what a port has, behind its name
 * @o: the writer
 * @port: the port
 * @own: what `ip` does not know of it
 */
void port_show(struct out *o, const struct link_row *port,
	       const struct bridge_own *own);

/**
 * port_set_max() - take "fdb_max_learned" and its value, and do it
 * @env: as for struct cmd's run()
 * @args: the words
 * @name: the port
 * @what: the command, for complaints
 *
 * Return: as struct cmd's run().
 */
int port_set_max(struct cmd_env *env, struct args *args, const char *name,
		 const char *what);

/**
 * port_find() - a port that a command names, and its bridge
 * @links: the devices
 * @name: the port's name
 * @bridge: a bridge it must be of, NULL for any; where its bridge goes
 *
 * Return: the port; NULL, after a complaint, if there is none.
 */
const struct link_row *port_find(const struct links *links, const char *name,
				 const struct link_row **bridge);

#endif
