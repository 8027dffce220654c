// SPDX-License-Identifier: GPL-2.0
/*
 * A frame on a bound device: whose it is, whether it may leave the stack, what
 * it becomes, and where it goes. All that is not plain is left to the stack,
 * as it came.
 */
#include <linux/if_vlan.h>
#include <linux/ppp_defs.h>
#include <net/gso.h>
#include <net/sock.h>
#include "input.h"
#include "trace.h"

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

/**
 * vflow_hook_known() - is a hook that of a flowtable?
 * @vdev: the device
 * @hook: the hook
 *
 * Of which table is no matter: a connection is in one, and the hooks of the others
 * leave its frames alone. Nobody tells of those without `flags offload`, which are
 * known by their functions.
 *
 * Context: RCU.
 */
bool vflow_hook_known(const struct vflow_dev *vdev,
		      const struct nf_hook_entry *hook)
{
	const struct vflow_binding *binding;

	if (hook->hook == vflow_nf.hook_v4 || hook->hook == vflow_nf.hook_v6)
		return true;
	/* That of tables of both families has no name outside. */
	list_for_each_entry_rcu(binding, &vdev->bindings, list)
		if (hook->hook == binding->table->type->hook)
			return true;
	return false;
}

/*
 * One header behind that of Ethernet. Returns what comes next, or 0 where that
 * cannot be told.
 */
static __be16 vflow_read_vlan(struct sk_buff *skb, struct vflow_frame *frame,
			      struct vflow_encap *encap)
{
	const struct vlan_hdr *vlan;

	if (!pskb_may_pull(skb, frame->in_band + VLAN_HLEN))
		return 0;
	vlan = (const void *)(skb->data + frame->in_band);
	encap->id = ntohs(vlan->h_vlan_TCI) & VLAN_VID_MASK;
	frame->in_band += VLAN_HLEN;
	return vlan->h_vlan_encapsulated_proto;
}

static __be16 vflow_read_pppoe(struct sk_buff *skb, struct vflow_frame *frame,
			       struct vflow_encap *encap)
{
	const struct vflow_pppoe *pppoe;
	unsigned int len;

	if (skb_is_gso(skb) ||
	    !pskb_may_pull(skb, frame->in_band + sizeof(*pppoe)))
		return 0;
	pppoe = (const void *)(skb->data + frame->in_band);
	len = ntohs(pppoe->length);
	frame->in_band += sizeof(*pppoe);
	if (pppoe->ver_type != VFLOW_PPPOE_VER_TYPE || pppoe->code ||
	    len < sizeof(pppoe->proto) ||
	    len - sizeof(pppoe->proto) > skb->len - frame->in_band)
		return 0;
	frame->room = len - sizeof(pppoe->proto);
	encap->id = ntohs(pppoe->sid);
	if (pppoe->proto == htons(PPP_IP))
		return htons(ETH_P_IP);
	return pppoe->proto == htons(PPP_IPV6) ? htons(ETH_P_IPV6) : 0;
}

/*
 * What stands in front of the IP header, whose protocol is returned, or 0 where
 * it is nothing of a flow. The network header is that of IP then.
 */
static noinline __be16 vflow_read_encaps(struct sk_buff *skb,
					 struct vflow_frame *frame)
{
	struct vflow_key *key = &frame->key;
	struct vflow_encap *encap = key->encap;
	__be16 proto = skb->protocol;

	memset(key->encap, 0, sizeof(key->encap));
	if (skb_vlan_tag_present(skb)) {
		encap->proto = skb->vlan_proto;
		encap->id = skb_vlan_tag_get_id(skb);
		encap++;
	}
	frame->room = UINT_MAX;
	while (proto != htons(ETH_P_IP) && proto != htons(ETH_P_IPV6)) {
		if (encap == key->encap + VFLOW_ENCAPS)
			return 0;
		encap->proto = proto;
		if (eth_type_vlan(proto))
			proto = vflow_read_vlan(skb, frame, encap);
		else if (proto == htons(ETH_P_PPP_SES))
			proto = vflow_read_pppoe(skb, frame, encap);
		else
			return 0;
		encap++;
	}
	key->encaps = encap - key->encap;
	frame->room = min(frame->room, skb->len - frame->in_band);
	skb_set_network_header(skb, frame->in_band);
	return proto;
}

/*
 * What a frame is to be looked up by. The shortest of the headers that are
 * accepted all hold an IP header with ports behind it. They lie in the linear
 * part where this succeeds.
 */
static enum vflow_why vflow_read(struct sk_buff *skb, struct vflow_frame *frame)
{
	__be16 proto = skb->protocol;
	enum vflow_why why;

	frame->key.encaps = 0;
	frame->in_band = 0;
	frame->room = skb->len;
	if (unlikely(skb_vlan_tag_present(skb) ||
		     (proto != htons(ETH_P_IP) && proto != htons(ETH_P_IPV6))))
		proto = vflow_read_encaps(skb, frame);
	if (proto == htons(ETH_P_IP)) {
		if (unlikely(!pskb_may_pull(skb, frame->in_band +
						 sizeof(struct iphdr) +
						 sizeof(struct udphdr))))
			return VFLOW_UNKNOWN;
		why = vflow_read_v4(ip_hdr(skb), frame);
	} else if (proto == htons(ETH_P_IPV6)) {
		if (unlikely(!pskb_may_pull(skb, frame->in_band +
						 sizeof(struct ipv6hdr) +
						 sizeof(struct udphdr))))
			return VFLOW_UNKNOWN;
		why = vflow_read_v6(ipv6_hdr(skb), frame);
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
	if (unlikely(!pskb_may_pull(skb, frame->in_band + frame->hlen)))
		return VFLOW_UNKNOWN;
	frame->key.ports = *(__be32 *)(skb_network_header(skb) + frame->thoff);
	return VFLOW_TAKEN;
}

/* Of what stands in front of a packet, a tag is beyond the MTU. */
static unsigned int vflow_mtu(const struct vflow_rule *rule, unsigned int mtu)
{
	unsigned int most = READ_ONCE(rule->out->mtu);

	if (unlikely(rule->rewrite.in_band == sizeof(struct vflow_pppoe)))
		most -= sizeof(struct vflow_pppoe);
	return min(mtu, most);
}

static noinline enum vflow_why vflow_check_long(struct sk_buff *skb,
						const struct vflow_frame *frame,
						const struct vflow_rule *rule)
{
	unsigned int mtu;
	enum vflow_why why = vflow_check_more(rule, &mtu);

	if (why != VFLOW_TAKEN)
		return why;
	mtu = vflow_mtu(rule, mtu);
	if (frame->len <= mtu)
		return VFLOW_TAKEN;
	if (!skb_is_gso(skb))
		return VFLOW_MTU;
	/* By which the length of segments is told; nobody has looked yet. */
	skb_set_transport_header(skb, frame->in_band + frame->thoff);
	return skb_gso_validate_network_len(skb, mtu) ? VFLOW_TAKEN : VFLOW_MTU;
}

static enum vflow_why vflow_check_mtu(struct sk_buff *skb,
				      const struct vflow_frame *frame,
				      const struct vflow_rule *rule)
{
	if (unlikely(rule->rewrite.in_band == sizeof(struct vflow_pppoe)) &&
	    skb_is_gso(skb))
		return VFLOW_SUPER;
	if (likely(frame->len <= vflow_mtu(rule, rule->plain)))
		return VFLOW_TAKEN;
	return vflow_check_long(skb, frame, rule);
}

/* Somebody has already decided about this frame, or keeps hold of it. */
static bool vflow_has_state(const struct sk_buff *skb)
{
	return skb_shared(skb) || skb_dst(skb) || skb_sec_path(skb) ||
	       skb_nfct(skb) ||
	       /* Of no type it was merged by hardware, for this host alone. */
	       (skb_is_gso(skb) && !skb_shinfo(skb)->gso_type);
}

/*
 * It is for another station, or the rule's way was not found. The core sends
 * what belongs to that one where it did at first, so it is not to do so for
 * long, and not beyond a change of routes.
 */
static noinline enum vflow_why vflow_check_other(const struct vflow_dev *vdev,
						 const struct vflow_rule *rule)
{
	unsigned long time;

	if (rule->asked != VFLOW_ASKED_IN_VAIN)
		return VFLOW_MAC;
	if (test_bit(NF_FLOW_TEARDOWN, &rule->flow->flags))
		return VFLOW_GONE;
	if (READ_ONCE(rule->genid) != vflow_genid(vdev->net, rule->key.family))
		return VFLOW_ROUTE;
	/* All that end come back, by the core's workers. */
	time = (unsigned long)atomic_read(&vdev->by_cookie.nelems) * HZ /
	       VFLOW_WATCH_RATE;
	time = max_t(unsigned long, time, VFLOW_WATCH_TIME);
	if (time_after(jiffies, READ_ONCE(rule->used) + time))
		return VFLOW_NEIGH;
	return VFLOW_WATCHED;
}

static enum vflow_why vflow_check(const struct vflow_dev *vdev,
				  struct sk_buff *skb,
				  const struct vflow_frame *frame,
				  const struct vflow_rule *rule)
{
	const void *l3 = skb_network_header(skb);
	bool gso = skb_is_gso(skb);
	enum vflow_why why;

	if (unlikely(!ether_addr_equal(eth_hdr(skb)->h_dest, rule->dest)))
		return vflow_check_other(vdev, rule);
	why = vflow_check_flow(vdev, rule);
	if (unlikely(why != VFLOW_TAKEN))
		return why;
	if (unlikely(vflow_has_state(skb)))
		return VFLOW_STATE;
	why = vflow_check_l3(l3, frame, gso);
	if (unlikely(why != VFLOW_TAKEN))
		return why;
	why = vflow_check_l4(l3 + frame->thoff, frame, gso);
	if (unlikely(why != VFLOW_TAKEN))
		return why;
	return vflow_check_mtu(skb, frame, rule);
}

/*
 * In place of what a frame came with, all of which is gone: the outermost tag
 * beside the frame, for the device to insert, and what is behind that in front
 * of the packet.
 */
static noinline void vflow_put_encaps(struct sk_buff *skb,
				      const struct vflow_frame *frame,
				      const struct vflow_rule *rule)
{
	const struct vflow_encap *first = rule->to.encap;
	const struct vflow_encap *last = first + rule->to.encaps - 1;
	const struct vflow_rewrite *rw = &rule->rewrite;
	bool v4 = frame->key.family == AF_INET;
	struct vflow_pppoe *pppoe;
	struct vlan_hdr *vlan;

	__vlan_hwaccel_clear_tag(skb);
	skb->protocol = rw->eth.h_proto;
	/* As VLAN devices leave it behind their tags, and PPPoE in front. */
	skb_reset_network_header(skb);
	if (rw->in_band == sizeof(struct vflow_pppoe)) {
		pppoe = skb_push(skb, sizeof(*pppoe));
		skb_reset_network_header(skb);
		pppoe->ver_type = VFLOW_PPPOE_VER_TYPE;
		pppoe->code = 0;
		pppoe->sid = htons(last->id);
		pppoe->length = htons(frame->len + sizeof(pppoe->proto));
		pppoe->proto = v4 ? htons(PPP_IP) : htons(PPP_IPV6);
	} else if (rw->in_band) {
		vlan = skb_push(skb, VLAN_HLEN);
		vlan->h_vlan_TCI = htons(last->id);
		vlan->h_vlan_encapsulated_proto = v4 ? htons(ETH_P_IP) :
						       htons(ETH_P_IPV6);
	}
	if (rule->to.encaps && eth_type_vlan(first->proto))
		__vlan_hwaccel_put_tag(skb, first->proto, first->id);
}

/*
 * Have all of a frame's headers in memory of its own, with room for those that
 * it gets. Returns false, with the frame as it was, where there is none.
 */
static bool vflow_own_headers(struct sk_buff *skb,
			      const struct vflow_frame *frame,
			      const struct vflow_rewrite *rw)
{
	unsigned int len = frame->in_band + frame->len;

	if (unlikely(len < skb->len && pskb_trim_rcsum(skb, len)))
		return false;
	if (unlikely(rw->in_band > frame->in_band &&
		     skb_cow_head(skb, ETH_HLEN + rw->in_band - frame->in_band)))
		return false;
	skb_push(skb, ETH_HLEN);
	if (unlikely(skb_ensure_writable(skb, ETH_HLEN + frame->in_band +
					      frame->hlen))) {
		skb_pull(skb, ETH_HLEN);
		return false;
	}
	return true;
}

/*
 * Whether the sum in the transport header is yet to be completed. In a tunnel
 * it may be that of a header further inside; the outer one is then complete,
 * but for that of a super-frame, each segment of which gets its own.
 */
static bool vflow_sum_partial(const struct sk_buff *skb, const void *l4)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       (skb->head + skb->csum_start == l4 || skb_is_gso(skb));
}

/* Returns false, with the frame as it was, where there is no memory. */
static bool vflow_rewrite(struct sk_buff *skb, const struct vflow_frame *frame,
			  const struct vflow_rule *rule)
{
	const struct vflow_rewrite *rw = &rule->rewrite;
	void *l3;

	if (unlikely(!vflow_own_headers(skb, frame, rw)))
		return false;
	/*
	 * As in the stack, a sender that asks when its frames are sent hears
	 * of its own device, not of what becomes of them on others. The flags
	 * stay, for a copy may share them. Other sockets stay charged.
	 */
	if (unlikely(skb_shinfo(skb)->tx_flags))
		skb_orphan(skb);
	skb_forward_csum(skb);
	l3 = skb_network_header(skb);
	if (rw->nat)
		vflow_nat_l4(l3 + frame->thoff, frame, rw,
			     vflow_sum_partial(skb, l3 + frame->thoff));
	vflow_rewrite_l3(l3, frame, rule);
	if (unlikely(rw->encaps)) {
		skb_pull(skb, ETH_HLEN + frame->in_band);
		vflow_put_encaps(skb, frame, rule);
		skb_push(skb, ETH_HLEN);
	}
	memcpy(skb->data, &rw->eth, ETH_HLEN);
	skb_clear_tstamp(skb);
	return true;
}

/* @skb: its data at the Ethernet header; consumed. */
static void vflow_send(struct sk_buff *skb, const struct vflow_rule *rule)
{
	skb->dev = rule->out;
	if (rule->port && likely(vnet_port_xmit(rule->port, skb)))
		return;
	vnet_queue_xmit(skb);
}

/**
 * vflow_account_elsewhere() - count a frame of a rule in which another CPU counts
 * @rule: the rule, or one that no frame has come for yet
 * @len: of the packet
 *
 * Context: BH off.
 */
void vflow_account_elsewhere(struct vflow_rule *rule, unsigned int len)
{
	struct vflow_counts __percpu *others;

	if (READ_ONCE(rule->cpu) == VFLOW_NO_CPU &&
	    cmpxchg(&rule->cpu, VFLOW_NO_CPU, smp_processor_id()) ==
	    VFLOW_NO_CPU) {
		vflow_counts_add(&rule->counts, len);
		return;
	}
	/* Its zeroes, which vflow_rule_spread() has written before. */
	others = smp_load_acquire(&rule->others);
	if (unlikely(!others) && !READ_ONCE(rule->shared)) {
		WRITE_ONCE(rule->shared, true);
		others = vflow_rule_spread(rule, GFP_ATOMIC | __GFP_NOWARN);
	}
	if (likely(others)) {
		vflow_counts_add(this_cpu_ptr(others), len);
		return;
	}
	atomic64_inc(&rule->stray_packets);
	atomic64_add(len, &rule->stray_bytes);
}

static noinline void vflow_left_alone(const struct vflow_dev *vdev,
				      struct vflow_rule *rule,
				      enum vflow_why why)
{
	BUILD_BUG_ON(__VFLOW_WHY_MAX > 32);
	if (!(atomic_read(&rule->whys) & BIT(why)))
		atomic_or(BIT(why), &rule->whys);
	atomic_long_inc(&rule->left);
	/*
	 * The core does not look at these of a flow that goes directly, and
	 * would take the frame past the bridge, or to where no carrier is.
	 */
	if ((why == VFLOW_ROUTE && !vflow_way_holds(vdev, rule)) ||
	    why == VFLOW_NEIGH || why == VFLOW_DOWN || why == VFLOW_BRIDGE ||
	    (why == VFLOW_MTU && vflow_mtu_shrunk(rule)))
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
	rule = vflow_find(vdev, &frame);
	if (!rule)
		return VFLOW_UNKNOWN;
	/* The way first: the core's hook, which is next, does not look at it. */
	why = vflow_check(vdev, skb, &frame, rule);
	if (likely(why == VFLOW_TAKEN) && unlikely(!vflow_hooks_known(vdev)))
		why = VFLOW_HOOKS;
	if (likely(why == VFLOW_TAKEN))
		why = vflow_check_upper(vdev, eth_hdr(skb), &frame.key);
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
	if (why == VFLOW_TAKEN)
		return NF_STOLEN;
	/* It may have been moved behind tags. */
	skb_reset_network_header(skb);
	return NF_ACCEPT;
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
	else
		skb_reset_network_header(skb);
	rcu_read_unlock();
	return why == VFLOW_TAKEN;
}

const struct vnet_flow_ops vflow_slot_ops = {
	.input = vflow_slot_input,
	.input_frames = vflow_slot_input_frames,
};
