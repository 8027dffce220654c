/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <net/page_pool/helpers.h>, which is there since 6.6. See
 * <linux/netdevice.h> beside it for the VNET_HAVE_ macros.
 */
#ifndef _VNET_COMPAT_NET_PAGE_POOL_HELPERS_H
#define _VNET_COMPAT_NET_PAGE_POOL_HELPERS_H

#include <linux/skbuff.h>
#include <vnet_probes.h>
#ifdef VNET_HAVE_PAGE_POOL_HELPERS
#include_next <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

/*
 * The only consumer of a pool, whose CPU may recycle without a lock, since
 * 6.4. May go when 6.6 is the oldest kernel served.
 */
static inline void vnet_compat_page_pool_set_napi(struct page_pool_params *p,
						  struct napi_struct *napi)
{
#ifdef VNET_HAVE_PAGE_POOL_NAPI
	p->napi = napi;
#endif
}

/*
 * A copy of an skb in pages of a pool that a program may write to; the new one
 * takes the place of the old. Since 6.9, there from fragments of pages; whole
 * pages here. May go when 6.9 is the oldest kernel served.
 */
#ifndef VNET_HAVE_SKB_PP_COW_DATA
static inline struct sk_buff *vnet_compat_pp_head(struct page_pool *pool,
						  unsigned int headroom)
{
	struct page *page = page_pool_dev_alloc_pages(pool);
	struct sk_buff *skb;

	if (!page)
		return NULL;
	skb = napi_build_skb(page_address(page), PAGE_SIZE);
	if (!skb) {
		page_pool_put_full_page(pool, page, true);
		return NULL;
	}
	skb_reserve(skb, headroom);
	return skb;
}

static inline int vnet_compat_pp_frags(struct page_pool *pool,
				       struct sk_buff *to,
				       const struct sk_buff *from, u32 off)
{
	int i;

	for (i = 0; off < from->len; i++) {
		u32 len = min_t(u32, from->len - off, PAGE_SIZE);
		struct page *page = page_pool_dev_alloc_pages(pool);

		if (!page)
			return -ENOMEM;
		skb_add_rx_frag(to, i, page, 0, len, PAGE_SIZE);
		if (skb_copy_bits(from, off, page_address(page), len))
			return -EFAULT;
		off += len;
	}
	return 0;
}

static inline int skb_pp_cow_data(struct page_pool *pool,
				  struct sk_buff **pskb, unsigned int headroom)
{
	u32 linear = SKB_WITH_OVERHEAD(PAGE_SIZE - headroom);
	struct sk_buff *from = *pskb, *to;
	int err;

	if (from->len > linear + MAX_SKB_FRAGS * PAGE_SIZE)
		return -ENOMEM;
	linear = min(linear, from->len);
	to = vnet_compat_pp_head(pool, headroom);
	if (!to)
		return -ENOMEM;
	skb_copy_header(to, from);
	skb_mark_for_recycle(to);
	err = skb_copy_bits(from, 0, skb_put(to, linear), linear) ?:
	      vnet_compat_pp_frags(pool, to, from, linear);
	if (err) {
		consume_skb(to);
		return err;
	}
	skb_headers_offset_update(to, skb_headroom(to) - skb_headroom(from));
	consume_skb(from);
	*pskb = to;
	return 0;
}
#endif

#endif /* _VNET_COMPAT_NET_PAGE_POOL_HELPERS_H */
