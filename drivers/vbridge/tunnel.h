/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VLANs of a port as tunnels: one device, such as a vxlan device that is told
 * the tunnel with each frame, stands for as many as the port has VLANs.
 */
#ifndef _VBRIDGE_TUNNEL_H
#define _VBRIDGE_TUNNEL_H

#include <linux/skbuff.h>
#include <linux/xarray.h>

struct metadata_dst;
struct netlink_ext_ack;
struct nlattr;
struct vbr_port;
struct vbr_vlan_set;

/**
 * struct vbr_tunnel - a VLAN that is a tunnel
 * @id: the tunnel's ID
 * @vid: the VLAN
 * @dst: what frames are given that go into the tunnel; a reference is held
 * @rcu: for the freeing
 */
struct vbr_tunnel {
	u32 id;
	u16 vid;
	struct metadata_dst *dst;
	struct rcu_head rcu;
};

/**
 * struct vbr_tunnels - the tunnels of a port
 * @by_vid: struct vbr_tunnel, by VLAN; written under RTNL, read under RCU
 * @by_id: the same, by their IDs; likewise
 */
struct vbr_tunnels {
	struct xarray by_vid;
	struct xarray by_id;
};

/* tunnel.c */
void vbr_tunnels_init(struct vbr_tunnels *tunnels);
int vbr_tunnel_add_rtnl(struct vbr_tunnels *tunnels, u16 vid, u32 id);
void vbr_tunnel_del_rtnl(struct vbr_tunnels *tunnels, u16 vid);
void vbr_tunnels_flush_rtnl(struct vbr_tunnels *tunnels);
u16 vbr_tunnel_in(const struct vbr_port *port, struct sk_buff *skb);
bool vbr_tunnel_out(const struct vbr_port *port, struct sk_buff *skb, u16 vid,
		    u32 nhid);

/* tunnel_netlink.c */
struct vbr_tunnel_plan;
struct vbr_tunnel_plan *vbr_tunnel_parse(const struct vbr_vlan_set *vlans,
					 const struct nlattr *afspec, bool del,
					 struct netlink_ext_ack *extack);
int vbr_tunnel_begin_rtnl(struct vbr_tunnels *tunnels,
			  struct vbr_tunnel_plan *plan,
			  struct netlink_ext_ack *extack);
void vbr_tunnel_undo_rtnl(struct vbr_tunnels *tunnels,
			  const struct vbr_tunnel_plan *plan);
void vbr_tunnel_plan_free(struct vbr_tunnel_plan *plan);
size_t vbr_tunnel_fill_size(const struct vbr_tunnels *tunnels);
int vbr_tunnel_fill(struct sk_buff *skb, const struct vbr_tunnels *tunnels);

#endif /* _VBRIDGE_TUNNEL_H */
