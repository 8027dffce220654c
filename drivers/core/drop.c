// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of dropped frames, by reason.
 */
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <vnet/drop.h>

/*
 * The names in ethtool -S, and the core's reason that the skb is freed with
 * (perf trace -e skb:kfree_skb): a module cannot add reasons of its own.
 */
static const struct {
	const char *name;
	enum skb_drop_reason core;
} vnet_drop_names[__VNET_DROP_MAX] = {
	[VNET_DROP_NO_PEER]	= { "no_peer", SKB_DROP_REASON_DEV_READY },
	[VNET_DROP_DOWN]	= { "down", SKB_DROP_REASON_DEV_READY },
	[VNET_DROP_TOO_SHORT]	= { "too_short", SKB_DROP_REASON_HDR_TRUNC },
	[VNET_DROP_TOO_BIG]	= { "too_big", SKB_DROP_REASON_PKT_TOO_BIG },
	[VNET_DROP_NOMEM]	= { "nomem", SKB_DROP_REASON_NOMEM },
	[VNET_DROP_RING_FULL]	= { "ring_full", SKB_DROP_REASON_FULL_RING },
	[VNET_DROP_PURGED]	= { "purged", SKB_DROP_REASON_DEV_READY },
	[VNET_DROP_BAD_SOURCE]	= { "bad_source", SKB_DROP_REASON_DEV_HDR },
	[VNET_DROP_PORT_STATE]	= { "port_state", SKB_DROP_REASON_DEV_READY },
	[VNET_DROP_LINK_LOCAL]	= { "link_local", SKB_DROP_REASON_DEV_HDR },
	[VNET_DROP_SAME_PORT]	= { "same_port", SKB_DROP_REASON_NOT_SPECIFIED },
	[VNET_DROP_NO_EGRESS]	= { "no_egress", SKB_DROP_REASON_NOT_SPECIFIED },
	[VNET_DROP_EGRESS]	= { "egress", SKB_DROP_REASON_NOT_SPECIFIED },
	[VNET_DROP_NOT_IP]	= { "not_ip", SKB_DROP_REASON_UNHANDLED_PROTO },
	[VNET_DROP_XDP]		= { "xdp", SKB_DROP_REASON_XDP },
	[VNET_DROP_XDP_ABORTED]	= { "xdp_aborted", SKB_DROP_REASON_XDP },
	[VNET_DROP_XDP_TX]	= { "xdp_tx", SKB_DROP_REASON_XDP },
	[VNET_DROP_XDP_REDIRECT] = { "xdp_redirect", SKB_DROP_REASON_XDP },
	[VNET_DROP_XDP_NOMEM]	= { "xdp_nomem", SKB_DROP_REASON_NOMEM },
	[VNET_DROP_XDP_TOO_BIG]	= { "xdp_too_big", SKB_DROP_REASON_PKT_TOO_BIG },
	[VNET_DROP_LOCKED]	= { "locked", SKB_DROP_REASON_NOT_SPECIFIED },
	[VNET_DROP_VLAN]	= { "vlan", SKB_DROP_REASON_NOT_SPECIFIED },
	[VNET_DROP_NO_READER]	= { "no_reader", SKB_DROP_REASON_DEV_READY },
	[VNET_DROP_FILTER]	= { "filter", SKB_DROP_REASON_TAP_FILTER },
	[VNET_DROP_COPY_IN]	= { "copy_in", SKB_DROP_REASON_SKB_UCOPY_FAULT },
	[VNET_DROP_COPY_OUT]	= { "copy_out", SKB_DROP_REASON_SKB_UCOPY_FAULT },
};

/**
 * vnet_drop_name() - a reason as user space sees it
 * @why: the reason
 *
 * Return: the name, which stays.
 */
const char *vnet_drop_name(enum vnet_drop why)
{
	return vnet_drop_names[why].name;
}
EXPORT_SYMBOL_GPL(vnet_drop_name);

/**
 * vnet_drops_alloc() - allocate the drop counters of a device
 *
 * Context: may sleep.
 * Return: zeroed counters, to be freed with free_percpu(), or NULL.
 */
struct vnet_drops __percpu *vnet_drops_alloc(void)
{
	return netdev_alloc_pcpu_stats(struct vnet_drops);
}
EXPORT_SYMBOL_GPL(vnet_drops_alloc);

/**
 * vnet_drop_skb() - count a frame as dropped and free it
 * @drops: the counters of the device that gives it up
 * @skb: the frame; consumed
 * @why: the reason
 *
 * Context: BH off.
 */
void vnet_drop_skb(struct vnet_drops __percpu *drops, struct sk_buff *skb,
		   enum vnet_drop why)
{
	vnet_drop_count(drops, why, 1);
	kfree_skb_reason(skb, vnet_drop_names[why].core);
}
EXPORT_SYMBOL_GPL(vnet_drop_skb);

static u64 vnet_drops_read(const struct vnet_drops *d, unsigned int why)
{
	unsigned int start;
	u64 n;

	do {
		start = u64_stats_fetch_begin(&d->syncp);
		n = u64_stats_read(&d->n[why]);
	} while (u64_stats_fetch_retry(&d->syncp, start));
	return n;
}

/**
 * vnet_drops_sum() - frames dropped for any of some reasons
 * @drops: the counters, or NULL for a device that has none yet
 * @mask: reasons to add up, BIT(enum vnet_drop)
 *
 * Costs little for a device that drops nothing, as it is called for each
 * message about one.
 *
 * Return: the sum over all CPUs.
 */
u64 vnet_drops_sum(const struct vnet_drops __percpu *drops, u32 mask)
{
	u64 sum = 0;
	int cpu;

	if (!drops)
		return 0;
	for_each_possible_cpu(cpu) {
		const struct vnet_drops *d = per_cpu_ptr(drops, cpu);
		unsigned long seen = READ_ONCE(d->seen) & mask;
		unsigned int why;

		for_each_set_bit(why, &seen, __VNET_DROP_MAX)
			sum += vnet_drops_read(d, why);
	}
	return sum;
}
EXPORT_SYMBOL_GPL(vnet_drops_sum);

/**
 * vnet_drops_sset_count() - number of ethtool statistics for some reasons
 * @mask: the reasons the kind of device can have
 *
 * Return: what ethtool's get_sset_count() adds for them.
 */
int vnet_drops_sset_count(u32 mask)
{
	return hweight32(mask);
}
EXPORT_SYMBOL_GPL(vnet_drops_sset_count);

/**
 * vnet_drops_get_strings() - names for ethtool -S: drop_<reason>
 * @mask: the reasons the kind of device can have
 * @p: where to write; moved on by one string per reason
 */
void vnet_drops_get_strings(u32 mask, u8 **p)
{
	int i;

	BUILD_BUG_ON(__VNET_DROP_MAX > 32);
	for (i = 0; i < __VNET_DROP_MAX; i++)
		if (mask & BIT(i))
			ethtool_sprintf(p, "drop_%s", vnet_drop_names[i].name);
}
EXPORT_SYMBOL_GPL(vnet_drops_get_strings);

/**
 * vnet_drops_get_values() - values for ethtool -S
 * @drops: the counters
 * @mask: as given to vnet_drops_get_strings()
 * @data: room for vnet_drops_sset_count() values
 */
void vnet_drops_get_values(const struct vnet_drops __percpu *drops, u32 mask,
			   u64 *data)
{
	int i;

	for (i = 0; i < __VNET_DROP_MAX; i++)
		if (mask & BIT(i))
			*data++ = vnet_drops_sum(drops, BIT(i));
}
EXPORT_SYMBOL_GPL(vnet_drops_get_values);
