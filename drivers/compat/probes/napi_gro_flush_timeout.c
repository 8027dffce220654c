// SPDX-License-Identifier: GPL-2.0
/* struct napi_struct::gro_flush_timeout, since 6.13; the device's before. */
#include <linux/netdevice.h>

unsigned long vnet_probe(const struct napi_struct *napi);
unsigned long vnet_probe(const struct napi_struct *napi)
{
	return READ_ONCE(napi->gro_flush_timeout);
}
