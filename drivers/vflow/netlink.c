// SPDX-License-Identifier: GPL-2.0
/*
 * What vflow shows of itself, through the core's generic netlink family.
 */
#include <net/genetlink.h>
#include <vnet/flow.h>
#include <vnet/genl.h>
#include "vflow.h"

static const char * const vflow_why_names[__VFLOW_WHY_MAX] = {
	[VFLOW_TAKEN]		= "taken",
	[VFLOW_UNKNOWN]		= "unknown",
	[VFLOW_HOOKS]		= "hooks",
	[VFLOW_UPPER]		= "upper",
	[VFLOW_FRAGMENT]	= "fragment",
	[VFLOW_OPTIONS]		= "options",
	[VFLOW_MAC]		= "mac",
	[VFLOW_GONE]		= "gone",
	[VFLOW_ROUTE]		= "route",
	[VFLOW_NEIGH]		= "neigh",
	[VFLOW_DOWN]		= "down",
	[VFLOW_TTL]		= "ttl",
	[VFLOW_FLAGS]		= "flags",
	[VFLOW_LENGTH]		= "length",
	[VFLOW_CHECKSUM]	= "checksum",
	[VFLOW_MTU]		= "mtu",
	[VFLOW_STATE]		= "state",
	[VFLOW_NOMEM]		= "nomem",
	[VFLOW_DEPTH]		= "depth",
	[VFLOW_SUPER]		= "super",
	[VFLOW_BRIDGE]		= "bridge",
	[VFLOW_WATCHED]		= "watched",
};

static int vflow_fill_why(struct sk_buff *skb, const char *name, u64 frames)
{
	struct nlattr *nest = nla_nest_start(skb, VNET_FLOW_DEV_WHY);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_string(skb, VNET_FLOW_WHY_NAME, name) ||
	    nla_put_u64_64bit(skb, VNET_FLOW_WHY_FRAMES, frames,
			      VNET_FLOW_WHY_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int vflow_fill_dev(struct sk_buff *skb, struct vflow_dev *vdev)
{
	u64 n[__VFLOW_WHY_MAX];
	int i;

	if (nla_put_u32(skb, VNET_FLOW_DEV_IFINDEX, vdev->dev->ifindex) ||
	    nla_put_u32(skb, VNET_FLOW_DEV_RULES, vflow_dev_rules(vdev)))
		return -EMSGSIZE;
	vflow_whys_read(vdev, n);
	for (i = 0; i < __VFLOW_WHY_MAX; i++)
		if (vflow_fill_why(skb, vflow_why_names[i], n[i]))
			return -EMSGSIZE;
	return 0;
}

/* A dump on its way: devices are told in the order in which they were bound. */
struct vflow_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	const struct genl_family *family;
	u64 last;
	bool full;
};

static int vflow_dump_one(struct vflow_dev *vdev, void *data)
{
	struct vflow_dump *dump = data;
	void *hdr;

	if (vdev->nr <= dump->last ||
	    !net_eq(vdev->net, sock_net(dump->skb->sk)))
		return 0;
	hdr = genlmsg_put(dump->skb, NETLINK_CB(dump->cb->skb).portid,
			  dump->cb->nlh->nlmsg_seq, dump->family, NLM_F_MULTI,
			  VNET_CMD_FLOW_DEV_GET);
	if (!hdr || vflow_fill_dev(dump->skb, vdev)) {
		if (hdr)
			genlmsg_cancel(dump->skb, hdr);
		dump->full = true;
		return 1;
	}
	genlmsg_end(dump->skb, hdr);
	dump->last = vdev->nr;
	return 0;
}

static int vflow_dev_dump(struct sk_buff *skb, struct netlink_callback *cb,
			  const struct genl_family *family)
{
	struct vflow_dump dump = {
		.skb = skb, .cb = cb, .family = family, .last = cb->args[0],
	};

	vflow_devs_for_each(vflow_dump_one, &dump);
	cb->args[0] = dump.last;
	if (dump.full && !skb->len)
		return -EMSGSIZE;
	return skb->len;
}

static int vflow_fill_encap(struct sk_buff *skb,
			    const struct vflow_encap *encap)
{
	struct nlattr *nest = nla_nest_start(skb, VNET_FLOW_TUPLE_ENCAP);

	if (!nest ||
	    nla_put_u16(skb, VNET_FLOW_ENCAP_PROTO, ntohs(encap->proto)) ||
	    nla_put_u16(skb, VNET_FLOW_ENCAP_ID, encap->id))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* @smac: NULL where it may be any. */
static int vflow_fill_tuple(struct sk_buff *skb, int attr,
			    const struct vflow_key *key, const u8 *smac,
			    const u8 *dmac)
{
	bool v4 = key->family == AF_INET;
	unsigned int len = v4 ? sizeof(key->v4.src) : sizeof(key->v6.src);
	struct nlattr *nest = nla_nest_start(skb, attr);
	int i;

	if (!nest ||
	    (smac && nla_put(skb, VNET_FLOW_TUPLE_SMAC, ETH_ALEN, smac)) ||
	    nla_put(skb, VNET_FLOW_TUPLE_DMAC, ETH_ALEN, dmac))
		return -EMSGSIZE;
	for (i = 0; i < key->encaps; i++)
		if (vflow_fill_encap(skb, key->encap + i))
			return -EMSGSIZE;
	if (nla_put(skb, VNET_FLOW_TUPLE_SRC, len,
		    v4 ? (void *)&key->v4.src : (void *)&key->v6.src) ||
	    nla_put(skb, VNET_FLOW_TUPLE_DST, len,
		    v4 ? (void *)&key->v4.dst : (void *)&key->v6.dst) ||
	    nla_put_u16(skb, VNET_FLOW_TUPLE_SPORT, ntohs(key->sport)) ||
	    nla_put_u16(skb, VNET_FLOW_TUPLE_DPORT, ntohs(key->dport)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int vflow_fill_way(struct sk_buff *skb, const struct vflow_rule *rule)
{
	const struct vflow_rewrite *rw = &rule->rewrite;

	if (nla_put_u32(skb, VNET_FLOW_IFINDEX,
			rule->binding->vdev->dev->ifindex) ||
	    nla_put_u32(skb, VNET_FLOW_OUT_IFINDEX, rule->out->ifindex) ||
	    nla_put_u8(skb, VNET_FLOW_PROTO, rule->key.proto) ||
	    vflow_fill_tuple(skb, VNET_FLOW_ENTERS, &rule->key, NULL,
			     rule->dest) ||
	    vflow_fill_tuple(skb, VNET_FLOW_LEAVES, &rule->to, rw->eth.h_source,
			     rw->eth.h_dest) ||
	    nla_put_u32(skb, VNET_FLOW_MTU, rule->rewrite.mtu))
		return -EMSGSIZE;
	if (rule->port && nla_put_flag(skb, VNET_FLOW_DIRECT))
		return -EMSGSIZE;
	if ((!rule->hashed ||
	     test_bit(NF_FLOW_TEARDOWN, &rule->flow->flags)) &&
	    nla_put_flag(skb, VNET_FLOW_GONE))
		return -EMSGSIZE;
	return 0;
}

static int vflow_fill_counts(struct sk_buff *skb, const struct vflow_rule *rule)
{
	unsigned long whys = atomic_read(&rule->whys);
	u64 packets, bytes;
	unsigned int why;
	u32 age;

	vflow_rule_read(rule, &packets, &bytes);
	if (nla_put_u64_64bit(skb, VNET_FLOW_PACKETS, packets, VNET_FLOW_PAD) ||
	    nla_put_u64_64bit(skb, VNET_FLOW_BYTES, bytes, VNET_FLOW_PAD) ||
	    nla_put_u64_64bit(skb, VNET_FLOW_LEFT,
			      atomic_long_read(&rule->left), VNET_FLOW_PAD))
		return -EMSGSIZE;
	for_each_set_bit(why, &whys, __VFLOW_WHY_MAX)
		if (nla_put_string(skb, VNET_FLOW_WHY, vflow_why_names[why]))
			return -EMSGSIZE;
	age = (u32)ktime_get_boottime_seconds() - rule->added;
	if (nla_put_u32(skb, VNET_FLOW_AGE, age) ||
	    nla_put_u32(skb, VNET_FLOW_IDLE,
			jiffies_to_msecs(jiffies - READ_ONCE(rule->used))))
		return -EMSGSIZE;
	return 0;
}

/**
 * struct vflow_list - a message of a dump of flows
 * @skb: the message
 * @cb: the dump
 * @family: the family "vnet"
 * @ifindex: flows that enter by this device; 0 for all
 * @nr: of the device whose turn it is, as &vflow_dev.nr
 * @id: the number of the rule that is next there
 * @known: there is such a device
 * @full: a flow did not fit
 */
struct vflow_list {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	const struct genl_family *family;
	int ifindex;
	u64 nr;
	unsigned long id;
	bool known;
	bool full;
};

static int vflow_list_rule(const struct vflow_rule *rule, void *data)
{
	struct vflow_list *list = data;
	void *hdr;

	hdr = genlmsg_put(list->skb, NETLINK_CB(list->cb->skb).portid,
			  list->cb->nlh->nlmsg_seq, list->family, NLM_F_MULTI,
			  VNET_CMD_FLOW_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (vflow_fill_way(list->skb, rule) ||
	    vflow_fill_counts(list->skb, rule)) {
		genlmsg_cancel(list->skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(list->skb, hdr);
	return 0;
}

static bool vflow_dev_meant(const struct vflow_dev *vdev, const struct net *net,
			    int ifindex)
{
	return net_eq(vdev->net, net) &&
	       (!ifindex || vdev->dev->ifindex == ifindex);
}

static int vflow_list_dev(struct vflow_dev *vdev, void *data)
{
	struct vflow_list *list = data;

	if (vdev->nr < list->nr ||
	    !vflow_dev_meant(vdev, sock_net(list->skb->sk), list->ifindex))
		return 0;
	list->known = true;
	if (vdev->nr > list->nr)
		list->id = 0;
	list->nr = vdev->nr;
	list->full = vflow_dev_each_rule(vdev, &list->id, vflow_list_rule,
					 list);
	return list->full;
}

static int vflow_no_device(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack,
		       "the device stands in no flowtable with \"flags offload\"");
	return -ENODEV;
}

/* Devices in the order in which they were bound, of each its flows by number. */
static int vflow_dump(struct sk_buff *skb, struct netlink_callback *cb,
		      const struct genl_family *family)
{
	const struct nlattr *nla = nlmsg_find_attr(cb->nlh, GENL_HDRLEN,
						   VNET_FLOW_IFINDEX);
	struct vflow_list list = {
		.skb = skb, .cb = cb, .family = family,
		.ifindex = nla ? nla_get_u32(nla) : 0,
		.nr = cb->args[0], .id = cb->args[1],
	};

	vflow_devs_for_each(vflow_list_dev, &list);
	if (!list.known && list.ifindex && !list.nr)
		return vflow_no_device(cb->extack);
	cb->args[0] = list.nr;
	cb->args[1] = list.id;
	if (list.full && !skb->len)
		return -EMSGSIZE;
	return skb->len;
}

/* Whose flows are to be torn down, and whether there was one. */
struct vflow_flush {
	const struct net *net;
	int ifindex;
	bool known;
};

static int vflow_flush_dev(struct vflow_dev *vdev, void *data)
{
	struct vflow_flush *flush = data;

	if (!vflow_dev_meant(vdev, flush->net, flush->ifindex))
		return 0;
	flush->known = true;
	vflow_dev_teardown(vdev, NULL);
	return 0;
}

static int vflow_flush(struct genl_info *info)
{
	const struct nlattr *nla = info->attrs[VNET_FLOW_IFINDEX];
	struct vflow_flush flush = {
		.net = genl_info_net(info),
		.ifindex = nla ? nla_get_u32(nla) : 0,
	};

	vflow_devs_for_each(vflow_flush_dev, &flush);
	return flush.known || !nla ? 0 : vflow_no_device(info->extack);
}

const struct vnet_flow_shower vflow_shower = {
	.dev_dump = vflow_dev_dump,
	.dump = vflow_dump,
	.flush = vflow_flush,
};
