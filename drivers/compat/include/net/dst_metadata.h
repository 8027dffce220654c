/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <net/dst_metadata.h>. The flags of a tunnel's key are a bitmap
 * since 6.10, and the key can name a nexthop since 6.6. May go when 6.12 is
 * the oldest kernel served.
 */
#ifndef _VNET_COMPAT_NET_DST_METADATA_H
#define _VNET_COMPAT_NET_DST_METADATA_H

#include_next <net/dst_metadata.h>
#include <vnet_probes.h>

/* Whether a frame can be told to leave by a nexthop of its tunnel's. */
#ifdef VNET_HAVE_IP_TUNNEL_NHID
#define VNET_COMPAT_TUNNEL_NHID true
#else
#define VNET_COMPAT_TUNNEL_NHID false
#endif

/**
 * vnet_compat_tunnel_dst() - what tells a tunnel device where a frame goes
 * @id: the tunnel's ID
 * @nhid: the nexthop it leaves by, 0 for what the device's own table says
 *
 * Return: the destination, which the caller holds, or NULL.
 */
static inline struct metadata_dst *vnet_compat_tunnel_dst(u32 id, u32 nhid)
{
	__be64 key = key32_to_tunnel_id(cpu_to_be32(id));
	struct metadata_dst *dst;

#ifdef VNET_HAVE_IP_TUNNEL_FLAGS
	IP_TUNNEL_DECLARE_FLAGS(flags) = { };

	__set_bit(IP_TUNNEL_KEY_BIT, flags);
	dst = __ip_tun_set_dst(0, 0, 0, 0, 0, flags, key, 0);
#else
	dst = __ip_tun_set_dst(0, 0, 0, 0, 0, TUNNEL_KEY, key, 0);
#endif
	if (!dst)
		return NULL;
	dst->u.tun_info.mode |= IP_TUNNEL_INFO_TX | IP_TUNNEL_INFO_BRIDGE;
#ifdef VNET_HAVE_IP_TUNNEL_NHID
	dst->u.tun_info.key.nhid = nhid;
#endif
	return dst;
}

#endif /* _VNET_COMPAT_NET_DST_METADATA_H */
