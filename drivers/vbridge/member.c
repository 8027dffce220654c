// SPDX-License-Identifier: GPL-2.0
/*
 * Frames of members whose drivers ask the core whether a device is a port of
 * a bridge, and hand them on otherwise where it is none: the core knows only
 * those of the in-tree bridge.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <net/bonding.h>
#include "vbridge.h"

/* A VLAN device may leave its tag in the frames, as may one below it. */
static bool vbr_member_leaves_tags(const struct net_device *dev)
{
#if IS_ENABLED(CONFIG_VLAN_8021Q)
	if (is_vlan_dev(dev))
		return !(vlan_dev_priv(dev)->flags & VLAN_FLAG_REORDER_HDR) ||
		       is_vlan_dev(vlan_dev_priv(dev)->real_dev);
#endif
	return false;
}

/* In other modes all links have the bond's address. */
static bool vbr_member_balances(const struct net_device *dev)
{
	const struct bonding *bond = netdev_priv(dev);

	return netif_is_bond_master(dev) && BOND_MODE(bond) == BOND_MODE_ALB;
}

/**
 * vbr_member_is_odd() - whether frames of a member have to be looked at
 * @dev: its device
 *
 * Context: RTNL.
 * Return: true where vbr_member_mend() is for its frames.
 */
bool vbr_member_is_odd(const struct net_device *dev)
{
	return vbr_member_leaves_tags(dev) || vbr_member_balances(dev);
}

static bool vbr_member_untag(struct sk_buff *skb, unsigned int tags)
{
	if (unlikely(skb_cow_head(skb, 0)))
		return false;
	/* The type before the data is that of what the tags stand before. */
	memmove(skb_mac_header(skb) + tags, skb_mac_header(skb), 2 * ETH_ALEN);
	skb->mac_header += tags;
	skb_reset_mac_len(skb);
	return true;
}

/*
 * A bond that balances what it receives (balance-alb) gives some of its peers
 * the address of a link. What is for one of its links is for the bond.
 */
static bool vbr_member_readdress(struct sk_buff *skb)
{
	const u8 *addr = skb->dev->dev_addr;

	if (ether_addr_equal(eth_hdr(skb)->h_dest, addr))
		return true;
	if (unlikely(skb_cow_head(skb, 0)))
		return false;
	ether_addr_copy(eth_hdr(skb)->h_dest, addr);
	return true;
}

/**
 * vbr_member_mend() - make a frame what a port hands to its bridge
 * @skb: the frame, its data behind all that its device left in front
 *
 * Context: BH off.
 * Return: false where there was no memory; the frame is as it was.
 */
bool vbr_member_mend(struct sk_buff *skb)
{
	unsigned int tags = skb->data - skb_mac_header(skb) - ETH_HLEN;

	if (tags)
		return vbr_member_untag(skb, tags);
	if (skb->pkt_type == PACKET_HOST && netif_is_bond_master(skb->dev))
		return vbr_member_readdress(skb);
	return true;
}
