/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stages of a frame's way that look at nothing but its bytes, the device and
 * the rule, for frames with an skb and without. In a header, so that either road
 * has all of it inline.
 */
#ifndef _VFLOW_INPUT_H
#define _VFLOW_INPUT_H

#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include "key.h"

/* A frame on its way. */
struct vflow_frame {
	struct vflow_key key;
	unsigned int thoff;	/* of the transport header, from the IP header */
	unsigned int hlen;	/* of both headers */
	unsigned int len;	/* of the packet, as its IP header says */
	unsigned int in_band;	/* bytes that stand in front of the IP header */
	unsigned int room;	/* for the packet, behind these */
};

static inline void vflow_count(const struct vflow_dev *vdev, enum vflow_why why)
{
	struct vflow_whys *whys = this_cpu_ptr(vdev->whys);

	u64_stats_update_begin(&whys->syncp);
	u64_stats_inc(&whys->n[why]);
	u64_stats_update_end(&whys->syncp);
}

/*
 * Whether nobody looks at the device by netfilter but we and the flowtables.
 * Hooks come and go without telling anybody, so the live list is read.
 */
static inline bool vflow_hooks_known(const struct vflow_dev *vdev)
{
	const struct nf_hook_entries *hooks;
	const void *priv;
	unsigned int i;

	hooks = rcu_dereference(vdev->dev->nf_hooks_ingress);
	if (unlikely(!hooks))
		return false;
	for (i = 0; i < hooks->num_hook_entries; i++) {
		priv = hooks->hooks[i].priv;
		if (priv != vdev && priv != vdev->table &&
		    !vflow_hook_known(vdev, &hooks->hooks[i]))
			return false;
	}
	return true;
}

static inline enum vflow_why
vflow_read_v4(const struct iphdr *ip, struct vflow_frame *frame)
{
	if (unlikely(ip->version != 4))
		return VFLOW_UNKNOWN;
	if (unlikely(ip->ihl != 5))
		return VFLOW_OPTIONS;
	if (unlikely(ip_is_fragment(ip)))
		return VFLOW_FRAGMENT;
	frame->key.family = AF_INET;
	frame->key.proto = ip->protocol;
	frame->key.v4.src = ip->saddr;
	frame->key.v4.dst = ip->daddr;
	frame->thoff = sizeof(*ip);
	frame->len = ntohs(ip->tot_len);
	return VFLOW_TAKEN;
}

static inline enum vflow_why
vflow_read_v6(const struct ipv6hdr *ip6, struct vflow_frame *frame)
{
	if (unlikely(ip6->version != 6))
		return VFLOW_UNKNOWN;
	if (ip6->nexthdr == NEXTHDR_FRAGMENT)
		return VFLOW_FRAGMENT;
	if (ip6->nexthdr == NEXTHDR_HOP || ip6->nexthdr == NEXTHDR_ROUTING ||
	    ip6->nexthdr == NEXTHDR_DEST)
		return VFLOW_OPTIONS;
	frame->key.family = AF_INET6;
	frame->key.proto = ip6->nexthdr;
	frame->key.v6.src = ip6->saddr;
	frame->key.v6.dst = ip6->daddr;
	frame->thoff = sizeof(*ip6);
	frame->len = sizeof(*ip6) + ntohs(ip6->payload_len);
	return VFLOW_TAKEN;
}

/*
 * Who takes what comes in by the device, if somebody does, has to let a frame
 * through. It takes note of the frame: nothing else may keep that from going.
 */
static inline enum vflow_why vflow_check_upper(const struct vflow_dev *vdev,
					       const struct ethhdr *eth,
					       const struct vflow_key *key)
{
	struct vnet_switch *sw = NULL;
	__be16 tag = 0;
	u16 vid = 0;

	if (likely(!rcu_access_pointer(vdev->dev->rx_handler)))
		return VFLOW_TAKEN;
	if (vdev->port)
		sw = rcu_dereference(vdev->port->sw);
	if (!sw || !sw->ops->admit)
		return VFLOW_UPPER;
	if (key->encaps && eth_type_vlan(key->encap[0].proto)) {
		tag = key->encap[0].proto;
		vid = key->encap[0].id;
	}
	return sw->ops->admit(sw, eth, tag, vid) ? VFLOW_TAKEN : VFLOW_BRIDGE;
}

/* What routers check of an IP header; its length fits what has come. */
static inline enum vflow_why
vflow_check_l3(const void *l3, const struct vflow_frame *frame, bool gso)
{
	const struct ipv6hdr *ip6 = l3;
	const struct iphdr *ip = l3;

	if (unlikely(frame->len > frame->room || frame->len < frame->hlen))
		return VFLOW_LENGTH;
	/* Padding is cut off, which is no matter of super-frames. */
	if (unlikely(frame->len < frame->room && gso))
		return VFLOW_LENGTH;
	if (frame->key.family == AF_INET6)
		return likely(ip6->hop_limit > 1) ? VFLOW_TAKEN : VFLOW_TTL;
	if (unlikely(ip->ttl <= 1))
		return VFLOW_TTL;
	if (unlikely(ip_fast_csum(ip, 5)))
		return VFLOW_CHECKSUM;
	return VFLOW_TAKEN;
}

/* As conntrack would: what it would find invalid is for it to see. */
static inline enum vflow_why
vflow_check_l4(const void *l4, const struct vflow_frame *frame, bool gso)
{
	unsigned int len = frame->len - frame->thoff;
	const struct tcphdr *tcp = l4;
	const struct udphdr *udp = l4;

	if (frame->key.proto == IPPROTO_UDP) {
		if (unlikely(!gso &&
			     (ntohs(udp->len) > len ||
			      ntohs(udp->len) < sizeof(*udp))))
			return VFLOW_LENGTH;
		return VFLOW_TAKEN;
	}
	if (unlikely((tcp_flag_word(tcp) & (TCP_FLAG_ACK | TCP_FLAG_SYN |
					    TCP_FLAG_FIN | TCP_FLAG_RST)) !=
		     TCP_FLAG_ACK))
		return VFLOW_FLAGS;
	if (unlikely(tcp->doff * 4 < sizeof(*tcp) || tcp->doff * 4 > len))
		return VFLOW_LENGTH;
	return VFLOW_TAKEN;
}

/*
 * The rule of a frame. What is asked of the core about its flow lies elsewhere,
 * so that is fetched in time.
 */
static inline struct vflow_rule *
vflow_find(struct vflow_dev *vdev, const struct vflow_frame *frame)
{
	struct vflow_rule *rule = rhashtable_lookup(&vdev->by_key, &frame->key,
						    vflow_key_params);

	if (rule) {
		prefetch(&rule->flow->flags);
		prefetch(&rule->ct->status);
	}
	return rule;
}

/* Have the routes stayed as they were when they were asked about the rule? */
static inline bool vflow_routes_same(const struct vflow_dev *vdev,
				     const struct vflow_rule *rule)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (rule->key.family == AF_INET6)
		return rt_genid_ipv6(vdev->net) == READ_ONCE(rule->genid) &&
		       !vflow_route_withdrawn(rule);
#endif
	return rt_genid_ipv4(vdev->net) == READ_ONCE(rule->genid);
}

/* Is the flow as the core knows it still there, and does its road still lead on? */
static inline enum vflow_why
vflow_check_flow(const struct vflow_dev *vdev, const struct vflow_rule *rule)
{
	const struct flow_offload *flow = rule->flow;
	const struct neighbour *neigh = rule->neigh;

	if (unlikely(test_bit(NF_FLOW_TEARDOWN, &flow->flags) ||
		     nf_ct_is_dying(rule->ct)))
		return VFLOW_GONE;
	if (unlikely(!vflow_routes_same(vdev, rule)))
		return VFLOW_ROUTE;
	/*
	 * An entry that was taken away looks like one that needs no ARP, which is
	 * as good as any for a device without ARP: that one is not dead. A torn
	 * read of an address that changes is not the address expected.
	 */
	if (likely(neigh) &&
	    unlikely(READ_ONCE(neigh->dead) ||
		     !(READ_ONCE(neigh->nud_state) & NUD_VALID) ||
		     !ether_addr_equal(neigh->ha, rule->rewrite.eth.h_dest)))
		return VFLOW_NEIGH;
	if (unlikely(!(READ_ONCE(rule->out->flags) & IFF_UP) ||
		     !netif_carrier_ok(rule->out)))
		return VFLOW_DOWN;
	if (unlikely(!rule->port && !vnet_direct_may_queue()))
		return VFLOW_DEPTH;
	return VFLOW_TAKEN;
}

/*
 * The sum in a transport header covers addresses and ports; one that is yet to
 * be completed holds that of the pseudo header alone, not inverted, and is
 * never zero.
 */
static inline void vflow_nat_sum(__sum16 *sum, const struct vflow_rewrite *rw,
				 bool partial)
{
	if (partial)
		*sum = ~csum_fold(csum_add(csum_unfold(*sum), rw->addr_diff));
	else
		csum_replace_by_diff(sum, rw->l4_diff);
}

static inline void vflow_nat_l4(void *l4, const struct vflow_frame *frame,
				const struct vflow_rewrite *rw, bool partial)
{
	struct tcphdr *tcp = l4;
	struct udphdr *udp = l4;

	*(__be32 *)l4 = rw->ports;
	if (frame->key.proto == IPPROTO_TCP) {
		vflow_nat_sum(&tcp->check, rw, partial);
	} else if (udp->check) {
		vflow_nat_sum(&udp->check, rw, partial);
		if (!udp->check)
			udp->check = CSUM_MANGLED_0;
	}
}

static inline void vflow_rewrite_l3(void *l3, const struct vflow_frame *frame,
				    const struct vflow_rule *rule)
{
	const struct vflow_rewrite *rw = &rule->rewrite;
	struct ipv6hdr *ip6 = l3;
	struct iphdr *ip = l3;

	if (frame->key.family == AF_INET) {
		if (rw->nat) {
			ip->saddr = rw->saddr;
			ip->daddr = rw->daddr;
			csum_replace_by_diff(&ip->check, rw->addr_diff);
		}
		ip_decrease_ttl(ip);
	} else {
		if (rw->nat) {
			ip6->saddr = rule->to.v6.src;
			ip6->daddr = rule->to.v6.dst;
		}
		ip6->hop_limit--;
	}
}

/* The only one that writes to these is the CPU that calls. */
static inline void vflow_counts_add(struct vflow_counts *counts,
				    unsigned int len)
{
	u64_stats_update_begin(&counts->syncp);
	u64_stats_inc(&counts->packets);
	u64_stats_add(&counts->bytes, len);
	u64_stats_update_end(&counts->syncp);
}

static inline void vflow_account(struct vflow_rule *rule, unsigned int len)
{
	unsigned long now = jiffies;

	if (likely(READ_ONCE(rule->cpu) == smp_processor_id()))
		vflow_counts_add(&rule->counts, len);
	else
		vflow_account_elsewhere(rule, len);
	if (READ_ONCE(rule->used) != now) {
		WRITE_ONCE(rule->used, now);
		/* As the stack, have a next hop asked for that was not heard of. */
		if (likely(rule->neigh))
			neigh_event_send(rule->neigh, NULL);
	}
}

#endif /* _VFLOW_INPUT_H */
