// SPDX-License-Identifier: GPL-2.0
/* IFLA_BRPORT_BACKUP_NHID, since 6.6, and its predecessors, since 6.2. */
#include <linux/if_link.h>

int vnet_probe(void);
int vnet_probe(void)
{
	return IFLA_BRPORT_BACKUP_NHID;
}
