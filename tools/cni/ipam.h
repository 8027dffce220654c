/* SPDX-License-Identifier: GPL-2.0 */
/* The plugin that gives addresses. */
#ifndef VNET_CNI_IPAM_H
#define VNET_CNI_IPAM_H

#include "cni.h"

/**
 * ipam_run() - have the plugin for addresses do something
 * @cni: the call, whose conf.ipam is not NULL
 * @command: the CNI_COMMAND for it
 * @container: the container it is about
 * @ifname: its interface
 * @result: what it prints, for json_object_put(); NULL where it prints nothing,
 *	    or that is of no interest
 *
 * A plugin that does not speak 1.1 is spoken to in 1.0: what is asked for
 * and what is answered is the same in both.
 *
 * Return: whether it worked; if not, with cni_fail(): its own code and words.
 */
bool ipam_run(struct cni *cni, const char *command, const char *container,
	      const char *ifname, struct json_object **result);

/**
 * ipam_tell() - the same, for commands that older plugins do not know
 * @cni: the call, whose conf.ipam is not NULL
 * @command: GC or STATUS
 *
 * Return: whether it worked or is not known; if not, with cni_fail().
 */
bool ipam_tell(struct cni *cni, const char *command);

#endif
