/* SPDX-License-Identifier: GPL-2.0 */
/* Switches below /proc/sys/net, of the namespace the plugin is in. */
#ifndef VNET_CNI_SYSCTL_H
#define VNET_CNI_SYSCTL_H

#include "cni.h"

/**
 * sysctl_forward() - let the host forward packets of a family
 * @cni: the call
 * @family: AF_INET or AF_INET6
 *
 * Return: whether it does; if not, with cni_fail().
 */
bool sysctl_forward(struct cni *cni, int family);

/**
 * sysctl_ipv6() - let the container's interface have IPv6
 * @cni: the call
 *
 * Return: whether it may; if not, with cni_fail().
 */
bool sysctl_ipv6(struct cni *cni);

#endif
