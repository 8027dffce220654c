/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How rules are looked up. In a header, so that the datapath has all of it
 * inline.
 */
#ifndef _VFLOW_KEY_H
#define _VFLOW_KEY_H

#include <linux/jhash.h>
#include <linux/prefetch.h>
#include "vflow.h"

static inline u32 vflow_key_hash(const void *data, u32 len, u32 seed)
{
	const struct vflow_key *key = data;

	seed += key->proto;
	if (unlikely(key->encaps))
		seed = jhash2((const u32 *)key->encap, VFLOW_ENCAPS, seed);
	if (likely(key->family == AF_INET))
		return jhash_3words((__force u32)key->v4.src,
				    (__force u32)key->v4.dst,
				    (__force u32)key->ports, seed);
	return jhash2((const u32 *)&key->v6, sizeof(key->v6) / sizeof(u32),
		      seed ^ (__force u32)key->ports);
}

static inline u32 vflow_key_obj_hash(const void *data, u32 len, u32 seed)
{
	const struct vflow_rule *rule = data;

	return vflow_key_hash(&rule->key, len, seed);
}

/*
 * In words of 64 bits, of which IPv4 needs the first two and the last is that
 * of the encapsulation. How much of it there is stands in the first.
 */
static inline bool vflow_key_equal(const struct vflow_key *key,
				   const struct vflow_key *other)
{
	const u64 *a = (const u64 *)key, *b = (const u64 *)other;

	BUILD_BUG_ON(offsetof(struct vflow_key, v4) != sizeof(u64));
	BUILD_BUG_ON(offsetof(struct vflow_key, encap) != 5 * sizeof(u64));
	BUILD_BUG_ON(sizeof(*key) != 6 * sizeof(u64));
	if (a[0] != b[0] || a[1] != b[1])
		return false;
	if (unlikely(key->encaps) && a[5] != b[5])
		return false;
	if (likely(key->family == AF_INET))
		return true;
	return !((a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]));
}

static inline int vflow_key_cmp(struct rhashtable_compare_arg *arg,
				const void *obj)
{
	const struct vflow_rule *rule = obj;

	/* It is the one that is looked for, mostly. */
	prefetchw(&rule->rewrite);
	prefetchw(&rule->counts);
	return !vflow_key_equal(&rule->key, arg->key);
}

static const struct rhashtable_params vflow_key_params = {
	.head_offset = offsetof(struct vflow_rule, by_key),
	.hashfn = vflow_key_hash,
	.obj_hashfn = vflow_key_obj_hash,
	.obj_cmpfn = vflow_key_cmp,
	.automatic_shrinking = true,
};

#endif /* _VFLOW_KEY_H */
