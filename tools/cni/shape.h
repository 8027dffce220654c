/* SPDX-License-Identifier: GPL-2.0 */
/* How much a container receives and sends: a bucket at each end of its pair. */
#ifndef VNET_CNI_SHAPE_H
#define VNET_CNI_SHAPE_H

#include "host.h"

/**
 * shape_set() - limit what an end of the pair sends
 * @cni: the call
 * @nl: a socket in the end's namespace
 * @link: the end
 * @rate: the limit; none if its @rate is 0
 *
 * Return: whether that worked; if not, with cni_fail().
 */
bool shape_set(struct cni *cni, struct vnl *nl, const struct host_link *link,
	       const struct cni_rate *rate);

/**
 * shape_check() - is the limit there still?
 * @cni: the call
 * @nl: a socket in the end's namespace
 * @link: the end
 * @rate: the limit; anything will do if its @rate is 0
 *
 * Return: whether it is; if not, with cni_fail().
 */
bool shape_check(struct cni *cni, struct vnl *nl, const struct host_link *link,
		 const struct cni_rate *rate);

#endif
