/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <net/xdp.h>: what a device says of its XDP, and what it tells
 * programs of a frame. See <linux/netdevice.h> beside it for the VNET_HAVE_
 * macros. All of it may go when 6.14 is the oldest kernel served.
 */
#ifndef _VNET_COMPAT_NET_XDP_H
#define _VNET_COMPAT_NET_XDP_H

#include_next <net/xdp.h>
#include <linux/netdevice.h>
#include <vnet_probes.h>

/*
 * xdp_features, since 6.3. An older kernel asks for the functions instead.
 * The driver names the features by their ends: BASIC, REDIRECT and so on.
 */
#ifdef VNET_HAVE_XDP_FEATURES
#define VNET_SET_XDP_FEATURES(dev, features) \
	((dev)->xdp_features = (features))
#define VNET_ADD_XDP_FEATURES(dev, features) \
	((dev)->xdp_features |= (features))
#else
#define VNET_SET_XDP_FEATURES(dev, features)
#define VNET_ADD_XDP_FEATURES(dev, features) ((void)(dev))
#endif

/*
 * What kfuncs of a program tell of a frame: hash and timestamp since 6.3, with
 * the hash's type since 6.4, the VLAN tag since 6.8. On a kernel that has not
 * all of it a program is told nothing.
 */
#ifdef VNET_HAVE_XDP_METADATA_VLAN
#define VNET_DEFINE_XDP_METADATA_OPS(name, timestamp, hash, vlan_tag)	\
static const struct xdp_metadata_ops name = {				\
	.xmo_rx_timestamp = timestamp,					\
	.xmo_rx_hash = hash,						\
	.xmo_rx_vlan_tag = vlan_tag,					\
}

#define VNET_SET_XDP_METADATA_OPS(dev, name) \
	((dev)->xdp_metadata_ops = &(name))
#else
struct xdp_md;

/* The types that such functions name, for them to be compiled at all. */
enum vnet_compat_rss_hash_type {
	VNET_COMPAT_RSS_NONE,
	VNET_COMPAT_RSS_L4,
};

#define xdp_rss_hash_type vnet_compat_rss_hash_type
#define XDP_RSS_TYPE_NONE VNET_COMPAT_RSS_NONE
#define XDP_RSS_TYPE_L4_ANY VNET_COMPAT_RSS_L4
#define VNET_DEFINE_XDP_METADATA_OPS(name, timestamp, hash, vlan_tag)	\
static const void * const name[] __maybe_unused = {			\
	timestamp, hash, vlan_tag					\
}

#define VNET_SET_XDP_METADATA_OPS(dev, name)
#endif

/* What kind of memory a frame has; since 6.14 it says no more of it. */
static inline enum xdp_mem_type
vnet_compat_xdp_mem_type(const struct xdp_frame *frame)
{
#ifdef VNET_HAVE_XDP_FRAME_MEM_TYPE
	return frame->mem_type;
#else
	return frame->mem.type;
#endif
}

#endif /* _VNET_COMPAT_NET_XDP_H */
