// SPDX-License-Identifier: GPL-2.0
/* net_hotdata.ptype_all, exported since 6.9 and until each namespace had its own. */
#include <linux/list.h>
#include <net/hotdata.h>

bool vnet_probe(void);
bool vnet_probe(void)
{
	return list_empty(&net_hotdata.ptype_all);
}
