// SPDX-License-Identifier: GPL-2.0
/* <net/page_pool/helpers.h>, since 6.6; <net/page_pool.h> before. */
#include <net/page_pool/helpers.h>

struct page *vnet_probe(struct page_pool *pool);
struct page *vnet_probe(struct page_pool *pool)
{
	return page_pool_dev_alloc_pages(pool);
}
