/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <linux/filter.h>.
 */
#ifndef _VNET_COMPAT_LINUX_FILTER_H
#define _VNET_COMPAT_LINUX_FILTER_H

#include_next <linux/filter.h>
#include <linux/netdevice.h>
#include <vnet_probes.h>

/*
 * What a program needs around it where NAPI does not run it, since 6.11. An
 * older kernel has all of it per CPU. May go when 6.11 is the oldest kernel
 * served.
 */
#ifndef VNET_HAVE_BPF_NET_CONTEXT
struct bpf_net_context {
};

static inline struct bpf_net_context *
bpf_net_ctx_set(struct bpf_net_context *ctx)
{
	return ctx;
}

static inline void bpf_net_ctx_clear(struct bpf_net_context *ctx)
{
}
#endif

/*
 * Generic XDP may exchange the skb since 6.9. May go when that is the oldest
 * kernel served.
 */
static inline int vnet_compat_xdp_generic(struct bpf_prog *prog,
					  struct sk_buff **skb)
{
#ifdef VNET_HAVE_XDP_GENERIC_PSKB
	return do_xdp_generic(prog, skb);
#else
	return do_xdp_generic(prog, *skb);
#endif
}

#endif /* _VNET_COMPAT_LINUX_FILTER_H */
