/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vbridge: what its netlink files share; the datapath needs none of it.
 */
#ifndef _VBRIDGE_NETLINK_H
#define _VBRIDGE_NETLINK_H

#include <linux/neighbour.h>
#include <net/netlink.h>
#include <net/rtnetlink.h>
#include <vnet/bridge.h>
#include "vbridge.h"

/**
 * struct vbr_unbuilt - an option whose work this bridge does not do
 * @type: its attribute; 0 ends a list
 * @off: the one value that asks for nothing
 * @why: the sentence for every other value
 *
 * Stock tools know these options, so they must be refused in words rather
 * than taken and ignored; setting one to off is what a bridge without it
 * does anyway.
 */
struct vbr_unbuilt {
	u16 type;
	u64 off;
	const char *why;
};

/* No value of the option asks for nothing. */
#define VBR_NEVER_OFF U64_MAX

/* netlink.c */
extern struct rtnl_link_ops vbr_link_ops;
int vbr_nl_refuse_unbuilt(const struct vbr_unbuilt *list, struct nlattr *tb[],
			  int maxtype, struct netlink_ext_ack *extack);
size_t vbr_nl_unbuilt_size(const struct vbr_unbuilt *list,
			   const struct nla_policy *policy);
int vbr_nl_put_unbuilt(struct sk_buff *skb, const struct vbr_unbuilt *list,
		       const struct nla_policy *policy);

/* port_netlink.c */
#define VBR_BRPORT_MAX IFLA_BRPORT_BACKUP_NHID
extern const struct nla_policy vbr_port_policy[VBR_BRPORT_MAX + 1];
int vbr_slave_changelink(struct net_device *dev, struct net_device *slave,
			 struct nlattr *tb[], struct nlattr *data[],
			 struct netlink_ext_ack *extack);
size_t vbr_get_slave_size(const struct net_device *dev,
			  const struct net_device *slave);
int vbr_fill_slave_info(struct sk_buff *skb, const struct net_device *dev,
			const struct net_device *slave);
int vbr_dev_getlink(struct sk_buff *skb, u32 portid, u32 seq,
		    struct net_device *dev, u32 filter_mask, int nlflags);
int vbr_dev_setlink(struct net_device *dev, struct nlmsghdr *nlh, u16 flags,
		    struct netlink_ext_ack *extack);
int vbr_dev_dellink(struct net_device *dev, struct nlmsghdr *nlh, u16 flags);

/* vlan_netlink.c */
int vbr_vlan_parse(struct vbr_vlan_set *set, const struct nlattr *afspec,
		   bool del, struct netlink_ext_ack *extack);
size_t vbr_vlan_fill_size(const struct vbr_vlan_set *set,
			  const struct vbr_tunnels *tunnels);
int vbr_vlan_fill(struct sk_buff *skb, const struct vbr_vlan_set *set,
		  const struct vbr_tunnels *tunnels, bool ranges);
size_t vbr_get_linkxstats_size(const struct net_device *dev, int attr);
int vbr_fill_linkxstats(struct sk_buff *skb, const struct net_device *dev,
			int *prividx, int attr);

/* genl.c */
extern const struct vnet_bridge_answers vbr_genl_answers;

/* fdb_netlink.c */
extern const struct nla_policy vbr_fdb_del_bulk_policy[NDA_MAX + 1];
int vbr_dev_fdb_add(struct ndmsg *ndm, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    u16 nlflags, bool *notified,
		    struct netlink_ext_ack *extack);
int vbr_dev_fdb_del(struct ndmsg *ndm, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    bool *notified, struct netlink_ext_ack *extack);
int vbr_dev_fdb_del_bulk(struct net_device *dev, const struct ndmsg *ndm,
			 struct nlattr *tb[], u16 vid,
			 struct netlink_ext_ack *extack);
int vbr_dev_fdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
		     struct net_device *dev, struct net_device *filter_dev,
		     int *idx);
int vbr_dev_fdb_get(struct sk_buff *skb, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    u32 portid, u32 seq, struct netlink_ext_ack *extack);

#endif /* _VBRIDGE_NETLINK_H */
