// SPDX-License-Identifier: GPL-2.0
/*
 * The pair: tying two ends together, its carrier, its end.
 */
#include <linux/bpf.h>
#include <linux/rtnetlink.h>
#include "vveth.h"

/**
 * vveth_pair_tie() - make a pair of two registered ends
 * @dev: one end
 * @peer: the other
 *
 * Context: RTNL.
 */
void vveth_pair_tie(struct net_device *dev, struct net_device *peer)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct vveth_priv *peer_priv = netdev_priv(peer);

	rcu_assign_pointer(priv->peer, peer);
	rcu_assign_pointer(peer_priv->peer, dev);
}

/**
 * vveth_pair_dellink() - rtnl_link_ops dellink: both ends go together
 * @dev: the end that was asked for, or that is in a namespace that goes
 * @head: devices to unregister
 *
 * The core may ask for the second end of a pair whose first end it has asked
 * for already; by then the two no longer know each other.
 *
 * Context: RTNL.
 */
void vveth_pair_dellink(struct net_device *dev, struct list_head *head)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct net_device *peer = rtnl_dereference(priv->peer);

	RCU_INIT_POINTER(priv->peer, NULL);
	unregister_netdevice_queue(dev, head);
	if (!peer)
		return;
	priv = netdev_priv(peer);
	RCU_INIT_POINTER(priv->peer, NULL);
	unregister_netdevice_queue(peer, head);
}

/**
 * vveth_pair_update_carrier() - carrier is on while both ends are up
 * @dev: the end that is opening or closing
 *
 * The core sets what netif_running() tells before ndo_open and clears it
 * before ndo_stop.
 *
 * Context: RTNL.
 */
void vveth_pair_update_carrier(struct net_device *dev)
{
	struct vveth_priv *priv = netdev_priv(dev);
	struct net_device *peer = rtnl_dereference(priv->peer);

	if (peer && netif_running(dev) && netif_running(peer)) {
		netif_carrier_on(dev);
		netif_carrier_on(peer);
		return;
	}
	netif_carrier_off(dev);
	if (!peer)
		return;
	netif_carrier_off(peer);
	/* The operational state tells of a peer that is down beside it. */
	if (netif_running(dev) && net_eq(dev_net(dev), dev_net(peer)))
		linkwatch_fire_event(dev);
}

/* Of frames that @priv's end sends and @rcv's receives. */
static unsigned int vveth_pair_headroom(const struct vveth_priv *priv,
					const struct vveth_priv *rcv)
{
	unsigned int headroom = max(priv->headroom, rcv->headroom);

	return rcv->xdp_prog ?
	       max_t(unsigned int, headroom, XDP_PACKET_HEADROOM) : headroom;
}

/**
 * vveth_pair_update_headroom() - ask senders for the room that receivers need
 * @dev: the end that has changed its mind
 *
 * The end that sends reserves what devices stacked on the far side need, so
 * both ends carry the larger of the two wishes; and what the far side's XDP
 * program may use in front of a frame.
 *
 * Context: RTNL.
 */
void vveth_pair_update_headroom(struct net_device *dev)
{
	const struct vveth_priv *priv = netdev_priv(dev), *peer_priv;
	struct net_device *peer = rtnl_dereference(priv->peer);

	if (!peer)
		return;
	peer_priv = netdev_priv(peer);
	peer->needed_headroom = vveth_pair_headroom(peer_priv, priv);
	dev->needed_headroom = vveth_pair_headroom(priv, peer_priv);
}
