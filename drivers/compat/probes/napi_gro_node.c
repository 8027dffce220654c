// SPDX-License-Identifier: GPL-2.0
/* struct gro_node in struct napi_struct, since 6.15. */
#include <linux/netdevice.h>

unsigned long vnet_probe(const struct napi_struct *napi);
unsigned long vnet_probe(const struct napi_struct *napi)
{
	return READ_ONCE(napi->gro.bitmask);
}
