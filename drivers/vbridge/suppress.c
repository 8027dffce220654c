// SPDX-License-Identifier: GPL-2.0
/*
 * Answers for neighbours: what asks for the link address of a neighbour that
 * the host has in its table need not be flooded to ports that say so.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_bridge.h>
#include <linux/if_vlan.h>
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/ip6_checksum.h>
#include <net/ipv6_stubs.h>
#include <net/ndisc.h>
#include <net/neighbour.h>
#include "vbridge.h"

/* ARP for IPv4 over Ethernet, RFC 826. */
struct vbr_arp {
	struct arphdr hdr;
	u8 sha[ETH_ALEN];
	__be32 sip;
	u8 tha[ETH_ALEN];
	__be32 tip;
} __packed;

/* Who asks, and what became of it. */
struct vbr_question {
	struct vbr *br;
	struct vbr_port *from;	/* NULL for the host */
	const struct vbr_verdict *verdict;
	struct net_device *dev;	/* whose neighbours are looked up */
};

/**
 * vbr_suppress_is_for() - is a frame one that may be answered here
 * @skb: the frame, its data at the network header
 *
 * Return: true where it is better shown to vbr_suppress_rcu().
 */
bool vbr_suppress_is_for(const struct sk_buff *skb)
{
	struct ipv6hdr room;
	const struct ipv6hdr *ip6;

	if (skb->protocol == htons(ETH_P_ARP))
		return true;
	/* With ipv6.disable=1 there are neither addresses nor neighbours. */
	if (skb->protocol != htons(ETH_P_IPV6) || !ipv6_mod_enabled())
		return false;
	ip6 = skb_header_pointer(skb, 0, sizeof(room), &room);
	return ip6 && ip6->nexthdr == IPPROTO_ICMPV6;
}

/*
 * To where the question came from, with the tag that frames have there. Returns
 * false where there was no memory for an answer: the question goes on then, to
 * who can give one.
 */
static bool vbr_suppress_reply(const struct vbr_question *ask,
			       struct sk_buff *skb)
{
	const struct vbr_verdict *verdict = ask->verdict;
	struct vbr *br = ask->br;

	if (!skb)
		return false;
	skb_reset_mac_header(skb);
	skb_pull(skb, ETH_HLEN);
	if (verdict->vid) {
		skb = vbr_vlan_dress(br, ask->from ? &ask->from->vlans :
						     &br->vlans, skb,
				     verdict->vid);
		if (!skb)
			return false;
		if (ask->from &&
		    (READ_ONCE(ask->from->flags) & VBR_PORT_TUNNEL))
			vbr_tunnel_out(ask->from, skb, verdict->vid, 0);
	}
	vbr_count(br, VBR_STAT_ANSWERED, 1);
	if (ask->from) {
		skb->dev = ask->from->dev;
		skb_push(skb, ETH_HLEN);
		if (vnet_queue_xmit(skb) != NET_XMIT_SUCCESS)
			vbr_count(br, VBR_STAT_EGRESS_REFUSED, 1);
		return true;
	}
	skb->dev = br->dev;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->pkt_type = PACKET_HOST;
	dev_sw_netstats_rx_add(br->dev, skb->len);
	netif_rx(skb);
	return true;
}

/* May a neighbour be told of: does either port say so; @by_from: the asker's. */
static bool vbr_suppress_may_tell(const struct vbr_question *ask,
				  const struct vbr_fdb *fdb, u32 by_from)
{
	const struct vbr_port *to;

	if (ask->from && (READ_ONCE(ask->from->flags) & by_from))
		return true;
	to = rcu_dereference(fdb->port);
	return to && (READ_ONCE(to->flags) & VBR_PORT_ANSWERED);
}

static struct neighbour *vbr_suppress_find(struct neigh_table *table,
					   const void *addr,
					   struct net_device *dev, u8 *ha)
{
	struct neighbour *n = neigh_lookup(table, addr, dev);

	if (!n)
		return NULL;
	if (!(READ_ONCE(n->nud_state) & NUD_VALID)) {
		neigh_release(n);
		return NULL;
	}
	neigh_ha_snapshot(ha, n, n->dev);
	return n;
}

/* Finds the device whose neighbours are those of the VLAN. */
static bool vbr_suppress_dev(struct vbr_question *ask)
{
	struct vbr *br = ask->br;

	ask->dev = !ask->verdict->vid ? br->dev :
		   __vlan_find_dev_deep_rcu(br->dev, READ_ONCE(br->vlan_proto),
					    ask->verdict->vid);
	/* Without ARP all its neighbours have its own address. */
	return ask->dev && !(READ_ONCE(ask->dev->flags) & IFF_NOARP);
}

static int vbr_suppress_has_ip(struct net_device *dev,
			       struct netdev_nested_priv *priv)
{
	const __be32 *addr = priv->data;
	struct in_device *in_dev = __in_dev_get_rcu(dev);

	return in_dev && inet_confirm_addr(dev_net(dev), in_dev, 0, *addr,
					   RT_SCOPE_HOST) == *addr;
}

static bool vbr_suppress_is_own_ip(struct net_device *dev, __be32 addr)
{
	struct netdev_nested_priv priv = { .data = &addr };

	return vbr_suppress_has_ip(dev, &priv) ||
	       netdev_walk_all_upper_dev_rcu(dev, vbr_suppress_has_ip, &priv);
}

static u32 vbr_suppress_arp(struct vbr_question *ask, struct sk_buff *skb)
{
	const struct vbr_arp *arp;
	struct vbr_fdb *fdb;
	struct vbr_arp room;
	struct neighbour *n;
	struct sk_buff *reply;
	u8 ha[ETH_ALEN] __aligned(2);

	arp = skb_header_pointer(skb, 0, sizeof(room), &room);
	if (!arp || arp->hdr.ar_pro != htons(ETH_P_IP) ||
	    arp->hdr.ar_hln != ETH_ALEN || arp->hdr.ar_pln != 4 ||
	    ipv4_is_loopback(arp->tip) || ipv4_is_multicast(arp->tip))
		return 0;
	/* Who tells of its own address tells those that ask for it. */
	if (arp->sip == arp->tip)
		return VBR_PORT_SUPPRESS;
	if (arp->hdr.ar_op != htons(ARPOP_REQUEST) || !vbr_suppress_dev(ask))
		return 0;
	/* The host answers for itself. */
	if (vbr_suppress_is_own_ip(ask->dev, arp->tip))
		return VBR_PORT_SUPPRESS;
	n = vbr_suppress_find(&arp_tbl, &arp->tip, ask->dev, ha);
	if (!n)
		return 0;
	neigh_release(n);
	/* As in vbr_suppress_nd(). */
	if (ether_addr_equal_unaligned(ha, arp->sha))
		return VBR_PORT_SUPPRESS;
	fdb = vbr_fdb_lookup_rcu(ask->br, ha, ask->verdict->vid);
	if (!fdb)
		return 0;
	if (!vbr_suppress_may_tell(ask, fdb, VBR_PORT_PROXYARP))
		return VBR_PORT_SUPPRESS;
	reply = arp_create(ARPOP_REPLY, ETH_P_ARP, arp->sip,
			   ask->from ? ask->from->dev : ask->br->dev, arp->tip,
			   arp->sha, ha, arp->sha);
	return vbr_suppress_reply(ask, reply) ? VBR_PORT_ANSWERED : 0;
}

#if IS_ENABLED(CONFIG_IPV6)

static int vbr_suppress_has_ip6(struct net_device *dev,
				struct netdev_nested_priv *priv)
{
	return ipv6_chk_addr(dev_net(dev), priv->data, dev, 0);
}

static bool vbr_suppress_is_own_ip6(struct net_device *dev,
				    const struct in6_addr *addr)
{
	struct netdev_nested_priv priv = { .data = (void *)addr };

	return vbr_suppress_has_ip6(dev, &priv) ||
	       netdev_walk_all_upper_dev_rcu(dev, vbr_suppress_has_ip6, &priv);
}

/* What a neighbour advertisement by it would be, RFC 4861 7.2.4. */
struct vbr_advert {
	struct ipv6hdr ip6;
	struct icmp6hdr icmp6;
	struct in6_addr target;
	u8 option[2];
	u8 ha[ETH_ALEN];
} __packed;

static void vbr_suppress_fill_advert(struct vbr_advert *na,
				     const struct ipv6hdr *to,
				     const struct in6_addr *target,
				     const u8 *ha, bool router)
{
	unsigned int len = sizeof(*na) - sizeof(na->ip6);
	bool dad = ipv6_addr_any(&to->saddr);

	na->ip6.version = 6;
	na->ip6.payload_len = htons(len);
	na->ip6.nexthdr = IPPROTO_ICMPV6;
	na->ip6.hop_limit = 255;
	na->ip6.saddr = *target;
	na->ip6.daddr = dad ? in6addr_linklocal_allnodes : to->saddr;
	na->icmp6.icmp6_type = NDISC_NEIGHBOUR_ADVERTISEMENT;
	na->icmp6.icmp6_router = router;
	na->icmp6.icmp6_override = 1;
	na->icmp6.icmp6_solicited = !dad;
	na->target = *target;
	na->option[0] = ND_OPT_TARGET_LL_ADDR;
	na->option[1] = 1;
	ether_addr_copy(na->ha, ha);
	na->icmp6.icmp6_cksum =
		csum_ipv6_magic(&na->ip6.saddr, &na->ip6.daddr, len,
				IPPROTO_ICMPV6,
				csum_partial(&na->icmp6, len, 0));
}

static struct sk_buff *vbr_suppress_advert(const struct vbr_question *ask,
					   const struct sk_buff *request,
					   const struct ipv6hdr *ip6,
					   const struct in6_addr *target,
					   const u8 *ha, bool router)
{
	struct net_device *dev = ask->from ? ask->from->dev : ask->br->dev;
	struct sk_buff *skb;
	struct ethhdr *eth;

	skb = alloc_skb(LL_RESERVED_SPACE(dev) + sizeof(struct vbr_advert) +
			dev->needed_tailroom, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_RESERVED_SPACE(dev));
	skb->protocol = htons(ETH_P_IPV6);
	skb->dev = dev;
	skb_reset_network_header(skb);
	vbr_suppress_fill_advert(skb_put_zero(skb, sizeof(struct vbr_advert)),
				 ip6, target, ha, router);
	skb_set_transport_header(skb, sizeof(struct ipv6hdr));
	eth = skb_push(skb, ETH_HLEN);
	if (ipv6_addr_any(&ip6->saddr))
		ipv6_eth_mc_map(&in6addr_linklocal_allnodes, eth->h_dest);
	else
		ether_addr_copy(eth->h_dest, eth_hdr(request)->h_source);
	ether_addr_copy(eth->h_source, ha);
	eth->h_proto = htons(ETH_P_IPV6);
	return skb;
}

/* A neighbour's message: the headers that are looked at. */
struct vbr_nd {
	struct ipv6hdr ip6;
	struct icmp6hdr icmp6;
	struct in6_addr target;
};

static u32 vbr_suppress_nd(struct vbr_question *ask, struct sk_buff *skb)
{
	const struct vbr_nd *nd;
	struct sk_buff *reply;
	struct vbr_fdb *fdb;
	struct neighbour *n;
	struct vbr_nd room;
	u8 ha[ETH_ALEN] __aligned(2);
	bool router;

	nd = skb_header_pointer(skb, 0, sizeof(room), &room);
	if (!nd || nd->ip6.nexthdr != IPPROTO_ICMPV6 ||
	    nd->ip6.hop_limit != 255 || nd->icmp6.icmp6_code)
		return 0;
	if (nd->icmp6.icmp6_type == NDISC_NEIGHBOUR_ADVERTISEMENT)
		return nd->icmp6.icmp6_solicited ? 0 : VBR_PORT_SUPPRESS;
	if (nd->icmp6.icmp6_type != NDISC_NEIGHBOUR_SOLICITATION ||
	    ipv6_addr_is_multicast(&nd->target))
		return 0;
	if (ipv6_addr_equal(&nd->ip6.saddr, &nd->ip6.daddr))
		return VBR_PORT_SUPPRESS;
	if (!vbr_suppress_dev(ask))
		return 0;
	if (vbr_suppress_is_own_ip6(ask->dev, &nd->target))
		return VBR_PORT_SUPPRESS;
	n = vbr_suppress_find(ipv6_stub->nd_tbl, &nd->target, ask->dev, ha);
	if (!n)
		return 0;
	router = n->flags & NTF_ROUTER;
	neigh_release(n);
	/*
	 * Who asks whether his own address is free must not hear that he has it:
	 * he would take himself for another.
	 */
	if (ether_addr_equal(ha, eth_hdr(skb)->h_source))
		return VBR_PORT_SUPPRESS;
	fdb = vbr_fdb_lookup_rcu(ask->br, ha, ask->verdict->vid);
	if (!fdb)
		return 0;
	if (!vbr_suppress_may_tell(ask, fdb, 0))
		return VBR_PORT_SUPPRESS;
	reply = vbr_suppress_advert(ask, skb, &nd->ip6, &nd->target, ha,
				    router);
	return vbr_suppress_reply(ask, reply) ? VBR_PORT_ANSWERED : 0;
}

#else

static u32 vbr_suppress_nd(struct vbr_question *ask, struct sk_buff *skb)
{
	return 0;
}

#endif

/**
 * vbr_suppress_rcu() - answer for a neighbour
 * @br: the bridge
 * @from: the port the frame came in by, or NULL for the host
 * @skb: the frame, its data at the network header; stays the caller's
 * @verdict: which VLAN it is in
 *
 * What comes from a port that suppresses such questions itself, as one to
 * other machines does, is answered by those that are asked.
 *
 * Context: RCU read section, BH off.
 * Return: a mask; ports with one of these flags need not get it.
 */
u32 vbr_suppress_rcu(struct vbr *br, struct vbr_port *from,
		     struct sk_buff *skb, const struct vbr_verdict *verdict)
{
	struct vbr_question ask = {
		.br = br,
		.from = from,
		.verdict = verdict,
	};

	if (!vbr_suppress_is_for(skb) ||
	    (from && (READ_ONCE(from->flags) & VBR_PORT_SUPPRESS)))
		return 0;
	/* What stands behind a tag that the bridge does not go by is not its. */
	if (skb_vlan_tag_present(skb) &&
	    (!verdict->vid || skb->vlan_proto != READ_ONCE(br->vlan_proto)))
		return 0;
	if (skb->protocol == htons(ETH_P_ARP))
		return vbr_suppress_arp(&ask, skb);
	return vbr_suppress_nd(&ask, skb);
}
