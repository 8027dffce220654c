// SPDX-License-Identifier: GPL-2.0
/*
 * Tunnels: which VLAN a frame is in that came out of one, and what a frame is
 * given that goes into one.
 */
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/dst_metadata.h>
#include "vbridge.h"

/**
 * vbr_tunnels_init() - a port without tunnels
 * @tunnels: the port's
 */
void vbr_tunnels_init(struct vbr_tunnels *tunnels)
{
	xa_init(&tunnels->by_vid);
	xa_init(&tunnels->by_id);
}

static void vbr_tunnel_free(struct vbr_tunnel *tunnel)
{
	if (tunnel->dst)
		dst_release(&tunnel->dst->dst);
	kfree_rcu(tunnel, rcu);
}

/**
 * vbr_tunnel_add_rtnl() - make a VLAN of a port a tunnel
 * @tunnels: the port's
 * @vid: the VLAN
 * @id: the tunnel's ID
 *
 * Context: RTNL.
 * Return: 0; -EALREADY where it is that tunnel; -EEXIST where it is another,
 *	-EBUSY where the tunnel is another VLAN; or -ENOMEM.
 */
int vbr_tunnel_add_rtnl(struct vbr_tunnels *tunnels, u16 vid, u32 id)
{
	struct vbr_tunnel *tunnel = xa_load(&tunnels->by_vid, vid);
	int err = -ENOMEM;

	ASSERT_RTNL();
	if (tunnel)
		return tunnel->id == id ? -EALREADY : -EEXIST;
	if (xa_load(&tunnels->by_id, id))
		return -EBUSY;
	tunnel = kzalloc(sizeof(*tunnel), GFP_KERNEL);
	if (!tunnel)
		return -ENOMEM;
	tunnel->vid = vid;
	tunnel->id = id;
	tunnel->dst = vnet_compat_tunnel_dst(id, 0);
	if (!tunnel->dst)
		goto err_free;
	err = xa_insert(&tunnels->by_vid, vid, tunnel, GFP_KERNEL);
	if (err)
		goto err_free;
	err = xa_insert(&tunnels->by_id, id, tunnel, GFP_KERNEL);
	if (err)
		goto err_erase;
	return 0;

err_erase:
	xa_erase(&tunnels->by_vid, vid);
err_free:
	vbr_tunnel_free(tunnel);
	return err;
}

/**
 * vbr_tunnel_del_rtnl() - let a VLAN of a port be no tunnel any more
 * @tunnels: the port's
 * @vid: the VLAN, which may be none
 *
 * Context: RTNL.
 */
void vbr_tunnel_del_rtnl(struct vbr_tunnels *tunnels, u16 vid)
{
	struct vbr_tunnel *tunnel = xa_erase(&tunnels->by_vid, vid);

	ASSERT_RTNL();
	if (!tunnel)
		return;
	xa_erase(&tunnels->by_id, tunnel->id);
	vbr_tunnel_free(tunnel);
}

/**
 * vbr_tunnels_flush_rtnl() - let none of a port's VLANs be a tunnel
 * @tunnels: the port's
 *
 * Context: RTNL.
 */
void vbr_tunnels_flush_rtnl(struct vbr_tunnels *tunnels)
{
	struct vbr_tunnel *tunnel;
	unsigned long vid;

	xa_for_each(&tunnels->by_vid, vid, tunnel)
		vbr_tunnel_del_rtnl(tunnels, vid);
}

/**
 * vbr_tunnel_in() - the VLAN of a frame that came out of a tunnel
 * @port: the port it comes in by, which has VBR_PORT_TUNNEL
 * @skb: the frame; nobody else's
 *
 * A tag of the bridge's kind comes before the tunnel. A frame whose tunnel
 * says the VLAN has no more to do with the tunnel.
 *
 * Context: RCU read section, BH off.
 * Return: the VLAN; 0 where the tunnel says none; VBR_NO_VLAN where the port
 *	is not in it any more.
 */
u16 vbr_tunnel_in(const struct vbr_port *port, struct sk_buff *skb)
{
	const struct ip_tunnel_info *info = skb_tunnel_info(skb);
	const struct vbr *br = port->br;
	const struct vbr_tunnel *tunnel;

	if (!info || !READ_ONCE(br->vlan_filtering) ||
	    (skb_vlan_tag_present(skb) &&
	     skb->vlan_proto == READ_ONCE(br->vlan_proto)))
		return 0;
	tunnel = xa_load((struct xarray *)&port->tunnels.by_id,
			 be32_to_cpu(tunnel_id_to_key32(info->key.tun_id)));
	if (!tunnel)
		return 0;
	skb_dst_drop(skb);
	return vbr_vlan_has(&port->vlans.set, tunnel->vid) ? tunnel->vid :
							     VBR_NO_VLAN;
}

/**
 * vbr_tunnel_out() - send a frame into the tunnel of its VLAN
 * @port: the port it leaves by, which has VBR_PORT_TUNNEL
 * @skb: the frame, dressed for the port; nobody else's
 * @vid: its VLAN
 * @nhid: the nexthop it is to leave by, or 0
 *
 * The tag that it would leave with stays behind. Where the VLAN is no tunnel,
 * or leaves without its tag, nothing changes.
 *
 * Context: RCU read section, BH off.
 * Return: false where there was no memory; the frame is the caller's still.
 */
bool vbr_tunnel_out(const struct vbr_port *port, struct sk_buff *skb, u16 vid,
		    u32 nhid)
{
	const struct vbr_tunnel *tunnel;
	struct metadata_dst *dst;

	tunnel = xa_load((struct xarray *)&port->tunnels.by_vid, vid);
	if (!tunnel || unlikely(vbr_vlan_untags(&port->vlans.set, vid)))
		return true;
	dst = tunnel->dst;
	if (unlikely(nhid)) {
		dst = vnet_compat_tunnel_dst(tunnel->id, nhid);
		if (!dst)
			return false;
	} else if (unlikely(!dst_hold_safe(&dst->dst))) {
		/* It is no tunnel from now on. */
		return true;
	}
	__vlan_hwaccel_clear_tag(skb);
	skb_dst_drop(skb);
	skb_dst_set(skb, &dst->dst);
	return true;
}
