// SPDX-License-Identifier: GPL-2.0
/*
 * What only this bridge has: the switch of its direct road, limits by port.
 * Asked for through the core's generic netlink family.
 */
#include <net/genetlink.h>
#include <net/sock.h>
#include <vnet/genl.h>
#include "netlink.h"

static int vbr_genl_fill(struct sk_buff *skb, struct vbr *br)
{
	if (nla_put_u32(skb, VNET_BRIDGE_IFINDEX, br->dev->ifindex) ||
	    nla_put_u8(skb, VNET_BRIDGE_DIRECT, !br->direct_off) ||
	    nla_put_u32(skb, VNET_BRIDGE_FDB_N_ENTRIES,
			atomic_read(&br->fdb.nelems)) ||
	    nla_put_u32(skb, VNET_BRIDGE_FDB_N_LEARNED,
			READ_ONCE(br->n_learned)) ||
	    nla_put_u32(skb, VNET_BRIDGE_FDB_MAX_LEARNED,
			br->fdb_max_learned) ||
	    nla_put_u32(skb, VNET_BRIDGE_FDB_MAX_LEARNED_PORT,
			br->fdb_max_learned_port) ||
	    nla_put_u32(skb, VNET_BRIDGE_MAX_PORTS, br->max_ports))
		return -EMSGSIZE;
	return 0;
}

static int vbr_genl_put_drop(struct sk_buff *skb, const char *name, u64 frames)
{
	struct nlattr *nest = nla_nest_start(skb, VNET_BRIDGE_PORT_DROP);

	if (!nest || nla_put_string(skb, VNET_BRIDGE_DROP_NAME, name) ||
	    nla_put_u64_64bit(skb, VNET_BRIDGE_DROP_FRAMES, frames,
			      VNET_BRIDGE_DROP_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int vbr_genl_put_counts(struct sk_buff *skb,
			       const struct vbr_port_counts *counts)
{
	u64 n;
	int i;

	for (i = 0; i < __VNET_DROP_MAX; i++) {
		n = atomic64_read(&counts->drops[i]);
		if (n && vbr_genl_put_drop(skb, vnet_drop_name(i), n))
			return -EMSGSIZE;
	}
	return nla_put_u64_64bit(skb, VNET_BRIDGE_PORT_FDB_N_REFUSED,
				 atomic64_read(&counts->learn_refused),
				 VNET_BRIDGE_PORT_PAD);
}

static int vbr_genl_fill_port(struct sk_buff *skb, const struct vbr_port *port)
{
	if (nla_put_u32(skb, VNET_BRIDGE_PORT_IFINDEX, port->dev->ifindex) ||
	    nla_put_u32(skb, VNET_BRIDGE_PORT_MASTER,
			port->br->dev->ifindex) ||
	    nla_put_u32(skb, VNET_BRIDGE_PORT_FDB_N_LEARNED,
			READ_ONCE(port->n_learned)) ||
	    nla_put_u32(skb, VNET_BRIDGE_PORT_FDB_MAX_LEARNED,
			vbr_port_max_learned(port)) ||
	    (!port->fdb_max_by_user &&
	     nla_put_flag(skb, VNET_BRIDGE_PORT_FDB_MAX_DEFAULT)))
		return -EMSGSIZE;
	return vbr_genl_put_counts(skb, port->counts);
}

static struct vbr *vbr_genl_bridge(const struct net_device *dev)
{
	return dev->netdev_ops == &vbr_netdev_ops ? netdev_priv(dev) : NULL;
}

/* What @cmd asks of a device; 1 where the device is not of that sort. */
static int vbr_genl_fill_dev(struct sk_buff *skb, struct net_device *dev,
			     u8 cmd)
{
	struct vbr_port *port;
	struct vbr *br;

	if (cmd == VNET_CMD_BRIDGE_GET) {
		br = vbr_genl_bridge(dev);
		return br ? vbr_genl_fill(skb, br) : 1;
	}
	port = vbr_port_get(dev);
	return port ? vbr_genl_fill_port(skb, port) : 1;
}

static int vbr_genl_get(struct genl_info *info, struct net_device *dev,
			const struct genl_family *family)
{
	struct sk_buff *msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, family, 0, info->genlhdr->cmd);
	if (!hdr || vbr_genl_fill_dev(msg, dev, info->genlhdr->cmd)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static int vbr_genl_set(struct genl_info *info, struct vbr *br)
{
	const struct nlattr *direct = info->attrs[VNET_BRIDGE_DIRECT];
	const struct nlattr *ports = info->attrs[VNET_BRIDGE_MAX_PORTS];

	if (!direct && !ports) {
		NL_SET_ERR_MSG(info->extack,
			       "nothing is to be changed: say whether frames may take the direct road, or how many ports there may be");
		return -EINVAL;
	}
	if (direct)
		vbr_set_direct_rtnl(br, nla_get_u8(direct));
	if (ports)
		br->max_ports = nla_get_u32(ports);
	return 0;
}

static int vbr_genl_set_port(struct genl_info *info, struct vbr_port *port)
{
	const struct nlattr *max =
		info->attrs[VNET_BRIDGE_PORT_FDB_MAX_LEARNED];
	const struct nlattr *by_default =
		info->attrs[VNET_BRIDGE_PORT_FDB_MAX_DEFAULT];

	if (!max == !by_default) {
		NL_SET_ERR_MSG(info->extack,
			       "say one of both: a limit of learned addresses, or that the bridge's counts");
		return -EINVAL;
	}
	/* Both are read without a lock: one frame may see half of it. */
	if (max)
		WRITE_ONCE(port->fdb_max_learned, nla_get_u32(max));
	WRITE_ONCE(port->fdb_max_by_user, !!max);
	return 0;
}

static bool vbr_genl_is_for_port(u8 cmd)
{
	return cmd == VNET_CMD_BRIDGE_PORT_GET ||
	       cmd == VNET_CMD_BRIDGE_PORT_SET;
}

/* The device a request names; NULL, with a sentence, where there is none. */
static struct net_device *vbr_genl_dev(struct genl_info *info)
{
	const struct nlattr *nla;
	struct net_device *dev;

	static_assert((int)VNET_BRIDGE_IFINDEX ==
		      (int)VNET_BRIDGE_PORT_IFINDEX);
	nla = info->attrs[VNET_BRIDGE_IFINDEX];
	if (!nla) {
		NL_SET_ERR_MSG(info->extack, "say which device by its index");
		return NULL;
	}
	dev = __dev_get_by_index(genl_info_net(info), nla_get_u32(nla));
	if (!dev)
		NL_SET_ERR_MSG_ATTR(info->extack, nla,
				    "there is no device of this index");
	return dev;
}

static int vbr_genl_do(struct genl_info *info,
		       const struct genl_family *family)
{
	struct net_device *dev = vbr_genl_dev(info);
	u8 cmd = info->genlhdr->cmd;
	struct vbr_port *port;
	struct vbr *br;

	ASSERT_RTNL();
	if (!dev)
		return info->attrs[VNET_BRIDGE_IFINDEX] ? -ENODEV : -EINVAL;
	br = vbr_genl_bridge(dev);
	port = vbr_port_get(dev);
	if (vbr_genl_is_for_port(cmd) && !port) {
		NL_SET_ERR_MSG(info->extack,
			       "the device is no port of a vbridge");
		return -EOPNOTSUPP;
	}
	if (!vbr_genl_is_for_port(cmd) && !br) {
		NL_SET_ERR_MSG(info->extack, "the device is no vbridge");
		return -EOPNOTSUPP;
	}
	switch (cmd) {
	case VNET_CMD_BRIDGE_SET:
		return vbr_genl_set(info, br);
	case VNET_CMD_BRIDGE_PORT_SET:
		return vbr_genl_set_port(info, port);
	default:
		return vbr_genl_get(info, dev, family);
	}
}

static int vbr_genl_dump_dev(struct sk_buff *skb, struct netlink_callback *cb,
			     const struct genl_family *family,
			     struct net_device *dev, u8 cmd)
{
	void *hdr;
	int rc;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  family, NLM_F_MULTI, cmd);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	rc = vbr_genl_fill_dev(skb, dev, cmd);
	if (rc)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return rc;
}

/* cb->args[0]: how many devices of the namespace have been looked at. */
static int vbr_genl_dump(struct sk_buff *skb, struct netlink_callback *cb,
			 const struct genl_family *family)
{
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);
	struct net *net = sock_net(skb->sk);
	struct net_device *dev;
	long nr = 0;

	ASSERT_RTNL();
	cb->seq = net->dev_base_seq;
	for_each_netdev(net, dev) {
		if (nr >= cb->args[0] &&
		    vbr_genl_dump_dev(skb, cb, family, dev, request->cmd) < 0)
			break;
		nr++;
	}
	cb->args[0] = nr;
	return skb->len;
}

const struct vnet_bridge_answers vbr_genl_answers = {
	.doit = vbr_genl_do,
	.dumpit = vbr_genl_dump,
};
