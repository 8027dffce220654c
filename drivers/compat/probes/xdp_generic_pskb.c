// SPDX-License-Identifier: GPL-2.0
/* do_xdp_generic() may exchange the skb, since 6.9. */
#include <linux/netdevice.h>

int vnet_probe(struct bpf_prog *prog, struct sk_buff **skb);
int vnet_probe(struct bpf_prog *prog, struct sk_buff **skb)
{
	return do_xdp_generic(prog, skb);
}
