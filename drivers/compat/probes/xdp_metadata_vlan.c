// SPDX-License-Identifier: GPL-2.0
/* struct xdp_metadata_ops with all of its three functions, since 6.8. */
#include <linux/netdevice.h>
#include <net/xdp.h>

int vnet_probe(struct net_device *dev, const struct xdp_md *ctx, u32 *hash,
	       enum xdp_rss_hash_type *type, __be16 *proto, u16 *tci);
int vnet_probe(struct net_device *dev, const struct xdp_md *ctx, u32 *hash,
	       enum xdp_rss_hash_type *type, __be16 *proto, u16 *tci)
{
	const struct xdp_metadata_ops *ops = dev->xdp_metadata_ops;

	return ops->xmo_rx_hash(ctx, hash, type) ?:
	       ops->xmo_rx_vlan_tag(ctx, proto, tci);
}
