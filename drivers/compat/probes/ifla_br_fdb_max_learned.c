// SPDX-License-Identifier: GPL-2.0
/* IFLA_BR_FDB_N_LEARNED and IFLA_BR_FDB_MAX_LEARNED, since 6.7. */
#include <linux/if_link.h>

int vnet_probe(void);
int vnet_probe(void)
{
	return IFLA_BR_FDB_MAX_LEARNED;
}
