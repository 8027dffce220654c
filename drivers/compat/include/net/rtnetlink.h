/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <net/rtnetlink.h>.
 */
#ifndef _VNET_COMPAT_NET_RTNETLINK_H
#define _VNET_COMPAT_NET_RTNETLINK_H

#include_next <net/rtnetlink.h>
#include <vnet_probes.h>

/*
 * newlink has its arguments in a struct since 6.15, and for kinds that come
 * in pairs the core parses the peer's attributes and looks up its namespace
 * since 6.13. For older kernels the adapter does both. A driver puts
 * VNET_DEFINE_NEWLINK(fn) or VNET_DEFINE_NEWLINK_PEER(fn, attr) after the
 * function, names VNET_NEWLINK(fn) in its ops, and in the second case adds
 * VNET_PEER_TYPE(attr). May go when 6.15 is the oldest kernel served.
 */
#ifdef VNET_HAVE_NEWLINK_PARAMS
#define VNET_DEFINE_NEWLINK(fn)
#define VNET_DEFINE_NEWLINK_PEER(fn, attr)
#define VNET_NEWLINK(fn) fn
#define VNET_PEER_TYPE(attr) .peer_type = (attr),
#else
struct rtnl_newlink_params {
	struct net *src_net;
	struct net *link_net;
	struct net *peer_net;
	struct nlattr **tb;
	struct nlattr **data;
};

static inline struct net *
rtnl_newlink_link_net(const struct rtnl_newlink_params *params)
{
	return params->link_net ?: params->src_net;
}

static inline struct net *
rtnl_newlink_peer_net(const struct rtnl_newlink_params *params)
{
	return params->peer_net ?: params->link_net ?: params->src_net;
}

#define VNET_DEFINE_NEWLINK(fn)						\
static int fn##_compat(struct net *src_net, struct net_device *dev,	\
		       struct nlattr *tb[], struct nlattr *data[],	\
		       struct netlink_ext_ack *extack)			\
{									\
	struct rtnl_newlink_params params = {				\
		.src_net = src_net,					\
		.tb = tb,						\
		.data = data,						\
	};								\
									\
	return fn(dev, &params, extack);				\
}

#define VNET_DEFINE_NEWLINK_PEER(fn, attr)				\
static int fn##_compat(struct net *src_net, struct net_device *dev,	\
		       struct nlattr *tb[], struct nlattr *data[],	\
		       struct netlink_ext_ack *extack)			\
{									\
	struct rtnl_newlink_params params = {				\
		.src_net = src_net,					\
		.tb = tb,						\
		.data = data,						\
	};								\
	struct nlattr *peer_tb[IFLA_MAX + 1], **tbp = tb;		\
	int err;							\
									\
	if (data && data[attr]) {					\
		err = rtnl_nla_parse_ifinfomsg(peer_tb, data[attr],	\
					       extack);			\
		if (err < 0)						\
			return err;					\
		tbp = peer_tb;						\
	}								\
	params.peer_net = rtnl_link_get_net(src_net, tbp);		\
	if (IS_ERR(params.peer_net)) {					\
		NL_SET_ERR_MSG(extack, "the peer's network namespace does not exist"); \
		return PTR_ERR(params.peer_net);			\
	}								\
	err = fn(dev, &params, extack);					\
	put_net(params.peer_net);					\
	return err;							\
}

#define VNET_NEWLINK(fn) fn##_compat
#define VNET_PEER_TYPE(attr)
#endif

#endif /* _VNET_COMPAT_NET_RTNETLINK_H */
