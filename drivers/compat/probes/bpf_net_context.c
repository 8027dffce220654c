// SPDX-License-Identifier: GPL-2.0
/* struct bpf_net_context, since 6.11. */
#include <linux/filter.h>

void vnet_probe(struct bpf_net_context *ctx);
void vnet_probe(struct bpf_net_context *ctx)
{
	bpf_net_ctx_clear(bpf_net_ctx_set(ctx));
}
