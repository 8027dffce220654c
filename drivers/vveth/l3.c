// SPDX-License-Identifier: GPL-2.0
/*
 * Pairs for IP packets alone. The Ethernet header stays, so that whatever
 * reads frames finds what it expects, but no address in it matters to anybody:
 * each frame is made one for the end that receives it.
 */
#include <linux/etherdevice.h>
#include <linux/if_macvlan.h>
#include <linux/if_vlan.h>
#include "vveth.h"

/* A bridge, a VLAN or an ARP request has no business here. */
static bool vveth_l3_takes(const struct sk_buff *skb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	return (eth->h_proto == htons(ETH_P_IP) ||
		eth->h_proto == htons(ETH_P_IPV6)) && !skb_vlan_tag_present(skb);
}

/*
 * The stack addresses frames of a device without ARP to the device itself, a
 * packet socket to whom it likes. The address is part of a checksum that
 * covers the whole frame.
 */
static void vveth_l3_address(struct sk_buff *skb, const struct net_device *rcv)
{
	struct ethhdr *eth = (struct ethhdr *)skb->data;

	skb_postpull_rcsum(skb, eth->h_dest, ETH_ALEN);
	ether_addr_copy(eth->h_dest, rcv->dev_addr);
	skb_postpush_rcsum(skb, eth->h_dest, ETH_ALEN);
}

static netdev_tx_t vveth_l3_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	const struct net_device *rcv;
	enum vnet_drop why;

	if (unlikely(!pskb_may_pull(skb, ETH_HLEN))) {
		why = VNET_DROP_TOO_SHORT;
		goto drop;
	}
	if (unlikely(!vveth_l3_takes(skb))) {
		why = VNET_DROP_NOT_IP;
		goto drop;
	}
	/* A tap on this end may look at the same header. */
	if (unlikely(skb_cow_head(skb, 0))) {
		why = VNET_DROP_NOMEM;
		goto drop;
	}
	rcv = rcu_dereference_bh(priv->peer);
	if (likely(rcv))
		vveth_l3_address(skb, rcv);
	return vveth_xmit(skb, dev);

drop:
	if (!netdev_xmit_more())
		vveth_burst_end(dev);
	vnet_drop_skb(priv->drops, skb, why);
	return NETDEV_TX_OK;
}

/*
 * Those of an end in layer 2 but for the one function, which costs frames in
 * layer 2 nothing. By these, such an end is no port of the suite.
 */
static struct net_device_ops vveth_l3_netdev_ops __ro_after_init;

/*
 * All frames that come have the end's own address: of macvlans, which are told
 * apart by theirs, one that has the end to itself alone would get any. Whether
 * it has cannot be changed later.
 */
static bool vveth_l3_carries(const struct net_device *upper)
{
	const struct macvlan_dev *macvlan = netdev_priv(upper);

	return !netif_is_macvlan(upper) ||
	       macvlan->mode == MACVLAN_MODE_PASSTHRU;
}

static int vveth_l3_event(struct notifier_block *nb, unsigned long event,
			  void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	const struct netdev_notifier_changeupper_info *info = ptr;

	if (event != NETDEV_PRECHANGEUPPER ||
	    dev->netdev_ops != &vveth_l3_netdev_ops || !info->linking ||
	    vveth_l3_carries(info->upper_dev))
		return NOTIFY_DONE;
	NL_SET_ERR_MSG(netdev_notifier_info_to_extack(&info->info),
		       "in mode l3 every frame has the end's own address: of macvlan only mode passthru would get any (ipvlan needs no address)");
	return notifier_from_errno(-EOPNOTSUPP);
}

static struct notifier_block vveth_l3_notifier = {
	.notifier_call = vveth_l3_event,
};

/**
 * vveth_l3_init() - for the module's own initialisation
 *
 * Context: process; takes RTNL.
 * Return: 0 or -errno.
 */
int __init vveth_l3_init(void)
{
	vveth_l3_netdev_ops = vveth_netdev_ops;
	vveth_l3_netdev_ops.ndo_start_xmit = vveth_l3_xmit;
	return register_netdevice_notifier(&vveth_l3_notifier);
}

/**
 * vveth_l3_exit() - undo vveth_l3_init()
 *
 * Context: process; takes RTNL.
 */
void vveth_l3_exit(void)
{
	unregister_netdevice_notifier(&vveth_l3_notifier);
}

/**
 * vveth_l3_setup() - make a fresh end one for IP packets alone
 * @dev: the end, not yet registered
 *
 * Context: RTNL.
 */
void vveth_l3_setup(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	const netdev_features_t tags = NETIF_F_HW_VLAN_CTAG_TX |
				       NETIF_F_HW_VLAN_CTAG_RX |
				       NETIF_F_HW_VLAN_STAG_TX |
				       NETIF_F_HW_VLAN_STAG_RX;

	priv->mode = VVETH_MODE_L3;
	dev->netdev_ops = &vveth_l3_netdev_ops;
	dev->flags |= IFF_NOARP;
	dev->priv_flags |= IFF_DONT_BRIDGE;
	dev->features &= ~tags;
	dev->features |= NETIF_F_VLAN_CHALLENGED;
	dev->hw_features &= ~tags;
	dev->hw_enc_features &= ~tags;
}
