/* SPDX-License-Identifier: GPL-2.0 */
/* The flows that vflow has, a direction a row. */
#ifndef VNET_FLOW_LIST_H
#define VNET_FLOW_LIST_H

#include "genl.h"
#include "out.h"

/**
 * flow_list() - show flows
 * @o: the writer
 * @genl: the socket, its family known
 * @ifindex: those that enter by this device; 0 for all
 *
 * Return: 0 or a negative errno, with the kernel's words in genl->nl.sentence.
 */
int flow_list(struct out *o, struct genl *genl, int ifindex);

#endif
