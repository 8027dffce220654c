// SPDX-License-Identifier: GPL-2.0
/*
 * A frame on a bound device: whose it is, whether it may leave the stack, what
 * it becomes, and where it goes. All that is not plain is left to the stack,
 * as it came.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/gso.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/sock.h>
#include "key.h"
#include "trace.h"
#include "vflow.h"

static void vflow_count(const struct vflow_dev *vdev, enum vflow_why why)
{
	struct vflow_whys *whys = this_cpu_ptr(vdev->whys);

	u64_stats_update_begin(&whys->syncp);
	u64_stats_inc(&whys->n[why]);
	u64_stats_update_end(&whys->syncp);
}

/**
 * vflow_whys_read() - what became of the frames on a device
 * @vdev: the device
 * @n: gets __VFLOW_WHY_MAX sums
 */
void vflow_whys_read(const struct vflow_dev *vdev, u64 *n)
{
	int cpu, i;

	memset(n, 0, __VFLOW_WHY_MAX * sizeof(*n));
	for_each_possible_cpu(cpu) {
		const struct vflow_whys *whys = per_cpu_ptr(vdev->whys, cpu);
		unsigned int start;
		u64 v;

		for (i = 0; i < __VFLOW_WHY_MAX; i++) {
			do {
				start = u64_stats_fetch_begin(&whys->syncp);
				v = u64_stats_read(&whys->n[i]);
			} while (u64_stats_fetch_retry(&whys->syncp, start));
			n[i] += v;
		}
	}
}

/* Is @priv that of the ingress hook of a flowtable that @vdev is bound to? */
static noinline bool vflow_table_bound(const struct vflow_dev *vdev,
				       const void *priv)
{
	const struct vflow_binding *binding;

	list_for_each_entry_rcu(binding, &vdev->bindings, list)
		if (binding->table == priv)
			return true;
	return false;
}

/*
 * Whether nobody looks at the device by netfilter but we and the flowtables.
 * Hooks come and go without telling anybody, so the live list is read.
 */
static bool vflow_hooks_known(const struct vflow_dev *vdev)
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
		    !vflow_table_bound(vdev, priv))
			return false;
	}
	return true;
}

/* A frame on its way through here. */
struct vflow_frame {
	struct vflow_key key;
	unsigned int thoff;	/* of the transport header, from the IP header */
	unsigned int hlen;	/* of both headers */
	unsigned int len;	/* of the packet, as its IP header says */
};

static enum vflow_why vflow_read_v4(const struct sk_buff *skb,
				    struct vflow_frame *frame)
{
	const struct iphdr *ip = ip_hdr(skb);

	if (unlikely(ip->version != 4))
		return VFLOW_UNKNOWN;
	if (unlikely(ip->ihl != 5))
		return VFLOW_OPTIONS;
	if (unlikely(ip_is_fragment(ip)))
		return VFLOW_FRAGMENT;
	frame->key.family = AF_INET;
	frame->key.proto = ip->protocol;
	frame->key.pad = 0;
	frame->key.v4.src = ip->saddr;
	frame->key.v4.dst = ip->daddr;
	frame->thoff = sizeof(*ip);
	frame->len = ntohs(ip->tot_len);
	return VFLOW_TAKEN;
}

static enum vflow_why vflow_read_v6(const struct sk_buff *skb,
				    struct vflow_frame *frame)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);

	if (unlikely(ip6->version != 6))
		return VFLOW_UNKNOWN;
	if (ip6->nexthdr == NEXTHDR_FRAGMENT)
		return VFLOW_FRAGMENT;
	if (ip6->nexthdr == NEXTHDR_HOP || ip6->nexthdr == NEXTHDR_ROUTING ||
	    ip6->nexthdr == NEXTHDR_DEST)
		return VFLOW_OPTIONS;
	frame->key.family = AF_INET6;
	frame->key.proto = ip6->nexthdr;
	frame->key.pad = 0;
	frame->key.v6.src = ip6->saddr;
	frame->key.v6.dst = ip6->daddr;
	frame->thoff = sizeof(*ip6);
	frame->len = sizeof(*ip6) + ntohs(ip6->payload_len);
	return VFLOW_TAKEN;
}

/*
 * What a frame is to be looked up by. The shortest of the headers that are
 * accepted all hold an IP header with ports behind it. They lie in the linear
 * part where this succeeds.
 */
static enum vflow_why vflow_read(struct sk_buff *skb, struct vflow_frame *frame)
{
	enum vflow_why why;

	if (unlikely(skb_vlan_tag_present(skb)))
		return VFLOW_UNKNOWN;
	if (skb->protocol == htons(ETH_P_IP)) {
		if (unlikely(!pskb_may_pull(skb, sizeof(struct iphdr) +
						 sizeof(struct udphdr))))
			return VFLOW_UNKNOWN;
		why = vflow_read_v4(skb, frame);
	} else if (skb->protocol == htons(ETH_P_IPV6)) {
		if (unlikely(!pskb_may_pull(skb, sizeof(struct ipv6hdr) +
						 sizeof(struct udphdr))))
			return VFLOW_UNKNOWN;
		why = vflow_read_v6(skb, frame);
	} else {
		return VFLOW_UNKNOWN;
	}
	if (unlikely(why != VFLOW_TAKEN))
		return why;

	frame->hlen = frame->thoff;
	if (frame->key.proto == IPPROTO_UDP)
		frame->hlen += sizeof(struct udphdr);
	else if (frame->key.proto == IPPROTO_TCP)
		frame->hlen += sizeof(struct tcphdr);
	else
		return VFLOW_UNKNOWN;
	if (unlikely(!pskb_may_pull(skb, frame->hlen)))
		return VFLOW_UNKNOWN;
	frame->key.ports = *(__be32 *)(skb_network_header(skb) + frame->thoff);
	return VFLOW_TAKEN;
}

/* What routers check of an IP header; its length fits what has come. */
static enum vflow_why vflow_check_l3(const struct sk_buff *skb,
				     const struct vflow_frame *frame)
{
	if (unlikely(frame->len > skb->len || frame->len < frame->hlen))
		return VFLOW_LENGTH;
	/* Padding is cut off, which is no matter of super-frames. */
	if (unlikely(frame->len < skb->len && skb_is_gso(skb)))
		return VFLOW_LENGTH;
	if (frame->key.family == AF_INET6)
		return likely(ipv6_hdr(skb)->hop_limit > 1) ? VFLOW_TAKEN :
							       VFLOW_TTL;
	if (unlikely(ip_hdr(skb)->ttl <= 1))
		return VFLOW_TTL;
	if (unlikely(ip_fast_csum(ip_hdr(skb), 5)))
		return VFLOW_CHECKSUM;
	return VFLOW_TAKEN;
}

/* As conntrack would: what it would find invalid is for it to see. */
static enum vflow_why vflow_check_l4(const struct sk_buff *skb,
				     const struct vflow_frame *frame)
{
	const void *l4 = skb_network_header(skb) + frame->thoff;
	unsigned int len = frame->len - frame->thoff;
	const struct tcphdr *tcp = l4;
	const struct udphdr *udp = l4;

	if (frame->key.proto == IPPROTO_UDP) {
		if (unlikely(!skb_is_gso(skb) &&
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

static enum vflow_why vflow_check_mtu(struct sk_buff *skb,
				      const struct vflow_frame *frame,
				      const struct vflow_rule *rule)
{
	unsigned int mtu = min_t(unsigned int, rule->mtu,
				 READ_ONCE(rule->out->mtu));

	if (likely(frame->len <= mtu))
		return VFLOW_TAKEN;
	if (!skb_is_gso(skb))
		return VFLOW_MTU;
	/* By which the length of segments is told; nobody has looked yet. */
	skb_set_transport_header(skb, frame->thoff);
	return skb_gso_validate_network_len(skb, mtu) ? VFLOW_TAKEN : VFLOW_MTU;
}

/* Is the flow as the core knows it still there, and does its road still lead on? */
static enum vflow_why vflow_check_flow(const struct vflow_dev *vdev,
				       const struct vflow_rule *rule)
{
	const struct flow_offload *flow = rule->flow;
	const struct neighbour *neigh = rule->neigh;
	int genid = rt_genid_ipv4(vdev->net);

	if (unlikely(test_bit(NF_FLOW_TEARDOWN, &flow->flags) ||
		     nf_ct_is_dying(flow->ct)))
		return VFLOW_GONE;
#if IS_ENABLED(CONFIG_IPV6)
	if (rule->key.family == AF_INET6)
		genid = rt_genid_ipv6(vdev->net);
#endif
	if (unlikely(genid != rule->genid))
		return VFLOW_ROUTE;
	/*
	 * An entry that was taken away looks like one that needs no ARP. A torn
	 * read of an address that changes is not the address expected.
	 */
	if (unlikely(READ_ONCE(neigh->dead) ||
		     !(READ_ONCE(neigh->nud_state) & NUD_VALID) ||
		     !ether_addr_equal(neigh->ha, rule->rewrite.eth.h_dest)))
		return VFLOW_NEIGH;
	if (unlikely((READ_ONCE(rule->out->flags) & (IFF_UP | IFF_NOARP)) !=
		     IFF_UP || !netif_carrier_ok(rule->out)))
		return VFLOW_DOWN;
	if (unlikely(!rule->port && !vnet_direct_may_queue()))
		return VFLOW_DEPTH;
	return VFLOW_TAKEN;
}

/* Somebody has already decided about this frame, or keeps hold of it. */
static bool vflow_has_state(const struct sk_buff *skb)
{
	return skb_shared(skb) || skb_dst(skb) || skb_sec_path(skb) ||
	       skb_nfct(skb) ||
	       /* Of no type it was merged by hardware, for this host alone. */
	       (skb_is_gso(skb) && !skb_shinfo(skb)->gso_type);
}

static enum vflow_why vflow_check(const struct vflow_dev *vdev,
				  struct sk_buff *skb,
				  const struct vflow_frame *frame,
				  const struct vflow_rule *rule)
{
	enum vflow_why why;

	if (unlikely(!ether_addr_equal(eth_hdr(skb)->h_dest, rule->dest)))
		return VFLOW_MAC;
	why = vflow_check_flow(vdev, rule);
	if (unlikely(why != VFLOW_TAKEN))
		return why;
	if (unlikely(vflow_has_state(skb)))
		return VFLOW_STATE;
	why = vflow_check_l3(skb, frame);
	if (unlikely(why != VFLOW_TAKEN))
		return why;
	why = vflow_check_l4(skb, frame);
	if (unlikely(why != VFLOW_TAKEN))
		return why;
	return vflow_check_mtu(skb, frame, rule);
}

/*
 * The sum in a transport header covers addresses and ports; one that is yet to
 * be completed holds that of the pseudo header alone, not inverted.
 */
static void vflow_nat_sum(const struct sk_buff *skb, __sum16 *sum,
			  const struct vflow_rewrite *rw)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		*sum = ~csum_fold(csum_add(csum_unfold(*sum), rw->addr_diff));
	else
		csum_replace_by_diff(sum, rw->l4_diff);
}

static void vflow_nat_l4(const struct sk_buff *skb, void *l4,
			 const struct vflow_rewrite *rw)
{
	struct tcphdr *tcp = l4;
	struct udphdr *udp = l4;

	*(__be32 *)l4 = rw->key.ports;
	if (rw->key.proto == IPPROTO_TCP) {
		vflow_nat_sum(skb, &tcp->check, rw);
	} else if (udp->check || skb->ip_summed == CHECKSUM_PARTIAL) {
		vflow_nat_sum(skb, &udp->check, rw);
		if (!udp->check)
			udp->check = CSUM_MANGLED_0;
	}
}

static void vflow_rewrite_l3(struct sk_buff *skb,
			     const struct vflow_frame *frame,
			     const struct vflow_rewrite *rw)
{
	struct ipv6hdr *ip6 = ipv6_hdr(skb);
	struct iphdr *ip = ip_hdr(skb);

	if (frame->key.family == AF_INET) {
		if (rw->nat) {
			ip->saddr = rw->key.v4.src;
			ip->daddr = rw->key.v4.dst;
			csum_replace_by_diff(&ip->check, rw->addr_diff);
		}
		ip_decrease_ttl(ip);
	} else {
		if (rw->nat) {
			ip6->saddr = rw->key.v6.src;
			ip6->daddr = rw->key.v6.dst;
		}
		ip6->hop_limit--;
	}
}

/* Returns false, with the frame as it was, where there is no memory. */
static bool vflow_rewrite(struct sk_buff *skb, const struct vflow_frame *frame,
			  const struct vflow_rule *rule)
{
	const struct vflow_rewrite *rw = &rule->rewrite;

	if (unlikely(frame->len < skb->len &&
		     pskb_trim_rcsum(skb, frame->len)))
		return false;
	skb_push(skb, ETH_HLEN);
	if (unlikely(skb_ensure_writable(skb, ETH_HLEN + frame->hlen))) {
		skb_pull(skb, ETH_HLEN);
		return false;
	}
	skb_forward_csum(skb);
	memcpy(skb->data, &rw->eth, ETH_HLEN);
	if (rw->nat)
		vflow_nat_l4(skb, skb_network_header(skb) + frame->thoff, rw);
	vflow_rewrite_l3(skb, frame, rw);
	skb_clear_tstamp(skb);
	return true;
}

static void vflow_account(struct vflow_rule *rule, unsigned int len)
{
	struct vflow_counts *counts = this_cpu_ptr(rule->counts);
	unsigned long now = jiffies;

	u64_stats_update_begin(&counts->syncp);
	u64_stats_inc(&counts->packets);
	u64_stats_add(&counts->bytes, len);
	u64_stats_update_end(&counts->syncp);
	if (READ_ONCE(rule->used) != now) {
		WRITE_ONCE(rule->used, now);
		/* As the stack, have a next hop asked for that was not heard of. */
		neigh_event_send(rule->neigh, NULL);
	}
}

static void vflow_send(struct sk_buff *skb, const struct vflow_rule *rule)
{
	skb->dev = rule->out;
	if (rule->port && likely(vnet_port_xmit(rule->port, skb)))
		return;
	vnet_queue_xmit(skb);
}

static noinline void vflow_left_alone(const struct vflow_dev *vdev,
				      struct vflow_rule *rule,
				      enum vflow_why why)
{
	/* The core does not look at these of a flow that goes directly. */
	if (why == VFLOW_ROUTE || why == VFLOW_NEIGH)
		vflow_nf.teardown(rule->flow);
	trace_vflow_pass(vdev, rule, why);
}

/*
 * One function with all stages in it, whoever calls. @last: what is left alone
 * goes to the stack from here.
 */
static noinline enum vflow_why vflow_try(struct vflow_dev *vdev,
					 struct sk_buff *skb, bool last)
{
	struct vflow_frame frame;
	struct vflow_rule *rule;
	enum vflow_why why;

	why = vflow_read(skb, &frame);
	if (why != VFLOW_TAKEN)
		return why;
	rule = rhashtable_lookup(&vdev->by_key, &frame.key, vflow_key_params);
	if (!rule)
		return VFLOW_UNKNOWN;
	if (unlikely(!vflow_hooks_known(vdev)))
		return VFLOW_HOOKS;
	if (unlikely(rcu_access_pointer(vdev->dev->rx_handler)))
		return VFLOW_UPPER;
	why = vflow_check(vdev, skb, &frame, rule);
	if (likely(why == VFLOW_TAKEN) &&
	    unlikely(!vflow_rewrite(skb, &frame, rule)))
		why = VFLOW_NOMEM;
	if (unlikely(why != VFLOW_TAKEN)) {
		if (last)
			vflow_left_alone(vdev, rule, why);
		return why;
	}
	vflow_account(rule, frame.len);
	vflow_send(skb, rule);
	return VFLOW_TAKEN;
}

/**
 * vflow_hook() - netfilter's ingress hook of a bound device
 * @priv: the device, as a &struct vflow_dev
 * @skb: the frame, its data at the network header
 * @state: of the hook
 *
 * Context: RCU read section, BH off.
 * Return: NF_STOLEN for what was taken, else NF_ACCEPT.
 */
unsigned int vflow_hook(void *priv, struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	struct vflow_dev *vdev = priv;
	enum vflow_why why = vflow_try(vdev, skb, true);

	vflow_count(vdev, why);
	return why == VFLOW_TAKEN ? NF_STOLEN : NF_ACCEPT;
}

/*
 * &vnet_flow_ops.input: on a suite device, before the frame is queued. What is
 * not taken comes by the hook again, and is counted there.
 */
static bool vflow_slot_input(struct vnet_flow *slot, struct sk_buff *skb)
{
	struct vflow_dev *vdev = container_of(slot, struct vflow_dev, slot);
	enum vflow_why why;

	/* BH off is not what rcu_dereference() of the table's users knows. */
	rcu_read_lock();
	why = vflow_try(vdev, skb, false);
	if (likely(why == VFLOW_TAKEN))
		vflow_count(vdev, VFLOW_TAKEN);
	rcu_read_unlock();
	return why == VFLOW_TAKEN;
}

const struct vnet_flow_ops vflow_slot_ops = {
	.input = vflow_slot_input,
};
