// SPDX-License-Identifier: GPL-2.0
/* <net/gso.h>, since 6.5; its functions were in <linux/netdevice.h>. */
#include <net/gso.h>

struct sk_buff *vnet_probe(struct sk_buff *skb);
struct sk_buff *vnet_probe(struct sk_buff *skb)
{
	return __skb_gso_segment(skb, 0, false);
}
