/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events: entries of the forwarding table that come, move and go, and
 * frames that are dropped.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vbridge

#if !defined(_VBRIDGE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VBRIDGE_TRACE_H

#include <linux/etherdevice.h>
#include <linux/tracepoint.h>
#include "vbridge.h"

TRACE_DEFINE_ENUM(VBR_FDB_DELETED);
TRACE_DEFINE_ENUM(VBR_FDB_FLUSHED);
TRACE_DEFINE_ENUM(VBR_FDB_AGED);
TRACE_DEFINE_ENUM(VBR_FDB_LOST);

#ifndef VBR_TRACE_HELPERS
#define VBR_TRACE_HELPERS

/* Room for the longest of vnet_drop_name(). */
#define VBR_TRACE_WHY 24

#define vbr_trace_flags(flags) \
	__print_flags(flags, "|", \
		      { VBR_FDB_LOCAL, "local" }, \
		      { VBR_FDB_STATIC, "static" }, \
		      { VBR_FDB_STICKY, "sticky" }, \
		      { VBR_FDB_EXT_LEARNED, "extern_learn" }, \
		      { VBR_FDB_USER, "user" }, \
		      { VBR_FDB_LEARNED, "learned" }, \
		      { VBR_FDB_LOCKED, "locked" })

/* Whoever reads what was traced has no pointers to follow. */
static inline void vbr_trace_port(char *name, const struct vbr_port *port)
{
	strscpy(name, port ? port->dev->name : "(host)", IFNAMSIZ);
}

/* Its addresses, where there is a frame and its header can be read. */
static inline void vbr_trace_frame(const struct sk_buff *skb, u8 *dest,
				   u8 *source, unsigned int *len)
{
	const struct ethhdr *eth;

	eth_zero_addr(dest);
	eth_zero_addr(source);
	*len = 0;
	if (!skb || !skb_mac_header_was_set(skb))
		return;
	*len = skb->len - skb_mac_offset(skb);
	if (skb_mac_header(skb) + ETH_HLEN > skb_tail_pointer(skb))
		return;
	eth = eth_hdr(skb);
	ether_addr_copy(dest, eth->h_dest);
	ether_addr_copy(source, eth->h_source);
}

#endif /* VBR_TRACE_HELPERS */

TRACE_EVENT(vbridge_fdb_add,
	    TP_PROTO(const struct vbr *br, const struct vbr_port *port,
		     const struct vbr_fdb *fdb),
	    TP_ARGS(br, port, fdb),
	    TP_STRUCT__entry(__array(char, bridge, IFNAMSIZ)
			     __array(char, port, IFNAMSIZ)
			     __array(u8, addr, ETH_ALEN)
			     __field(u16, vid)
			     __field(u32, flags)),
	    TP_fast_assign(strscpy(__entry->bridge, br->dev->name, IFNAMSIZ);
		vbr_trace_port(__entry->port, port);
		ether_addr_copy(__entry->addr, fdb->key.addr);
		__entry->vid = fdb->key.vid;
		__entry->flags = fdb->flags;),
	    TP_printk("bridge=%s port=%s addr=%pM vid=%u flags=%s",
		      __entry->bridge, __entry->port, __entry->addr,
		      __entry->vid, vbr_trace_flags(__entry->flags)));

TRACE_EVENT(vbridge_fdb_move,
	    TP_PROTO(const struct vbr *br, const struct vbr_port *from,
		     const struct vbr_port *to, const struct vbr_fdb *fdb),
	    TP_ARGS(br, from, to, fdb),
	    TP_STRUCT__entry(__array(char, bridge, IFNAMSIZ)
			     __array(char, from, IFNAMSIZ)
			     __array(char, to, IFNAMSIZ)
			     __array(u8, addr, ETH_ALEN)
			     __field(u16, vid)),
	    TP_fast_assign(strscpy(__entry->bridge, br->dev->name, IFNAMSIZ);
		vbr_trace_port(__entry->from, from);
		vbr_trace_port(__entry->to, to);
		ether_addr_copy(__entry->addr, fdb->key.addr);
		__entry->vid = fdb->key.vid;),
	    TP_printk("bridge=%s from=%s to=%s addr=%pM vid=%u",
		      __entry->bridge, __entry->from, __entry->to,
		      __entry->addr, __entry->vid));

TRACE_EVENT(vbridge_fdb_remove,
	    TP_PROTO(const struct vbr *br, const struct vbr_port *port,
		     const struct vbr_fdb *fdb, enum vbr_fdb_end how),
	    TP_ARGS(br, port, fdb, how),
	    TP_STRUCT__entry(__array(char, bridge, IFNAMSIZ)
			     __array(char, port, IFNAMSIZ)
			     __array(u8, addr, ETH_ALEN)
			     __field(u16, vid)
			     __field(u32, flags)
			     __field(u8, how)),
	    TP_fast_assign(strscpy(__entry->bridge, br->dev->name, IFNAMSIZ);
		vbr_trace_port(__entry->port, port);
		ether_addr_copy(__entry->addr, fdb->key.addr);
		__entry->vid = fdb->key.vid;
		__entry->flags = fdb->flags;
		__entry->how = how;),
	    TP_printk("bridge=%s port=%s addr=%pM vid=%u flags=%s how=%s",
		      __entry->bridge, __entry->port, __entry->addr,
		      __entry->vid, vbr_trace_flags(__entry->flags),
		      __print_symbolic(__entry->how,
				       { VBR_FDB_DELETED, "deleted" },
				       { VBR_FDB_FLUSHED, "flushed" },
				       { VBR_FDB_AGED, "aged" },
				       { VBR_FDB_LOST, "lost" })));

/* Zero for length and addresses: of the frame nothing was left to look at. */
TRACE_EVENT(vbridge_drop,
	    TP_PROTO(const struct vbr *br, const struct vbr_port *from,
		     const struct sk_buff *skb, enum vnet_drop why),
	    TP_ARGS(br, from, skb, why),
	    TP_STRUCT__entry(__array(char, bridge, IFNAMSIZ)
			     __array(char, port, IFNAMSIZ)
			     __array(char, why, VBR_TRACE_WHY)
			     __array(u8, dest, ETH_ALEN)
			     __array(u8, source, ETH_ALEN)
			     __field(unsigned int, len)),
	    TP_fast_assign(strscpy(__entry->bridge, br->dev->name, IFNAMSIZ);
		vbr_trace_port(__entry->port, from);
		strscpy(__entry->why, vnet_drop_name(why), VBR_TRACE_WHY);
		vbr_trace_frame(skb, __entry->dest, __entry->source,
				&__entry->len);),
	    TP_printk("bridge=%s port=%s why=%s len=%u dest=%pM source=%pM",
		      __entry->bridge, __entry->port, __entry->why,
		      __entry->len, __entry->dest, __entry->source));

#endif /* _VBRIDGE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
