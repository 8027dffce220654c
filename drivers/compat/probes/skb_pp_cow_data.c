// SPDX-License-Identifier: GPL-2.0
/* skb_pp_cow_data(), since 6.9. */
#include <linux/skbuff.h>

int vnet_probe(struct page_pool *pool, struct sk_buff **skb);
int vnet_probe(struct page_pool *pool, struct sk_buff **skb)
{
	return skb_pp_cow_data(pool, skb, 256);
}
