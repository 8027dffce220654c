// SPDX-License-Identifier: GPL-2.0
/* struct page_pool_params::napi, since 6.4; seen in 6.6's header. */
#include <net/page_pool/helpers.h>

void vnet_probe(struct page_pool_params *params, struct napi_struct *napi);
void vnet_probe(struct page_pool_params *params, struct napi_struct *napi)
{
	params->napi = napi;
}
