/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay of <linux/netdevice.h>. The drivers are written for the newest
 * interface; what an older kernel lacks is added or adapted here. The
 * VNET_HAVE_ macros come from the compile probes in drivers/compat/probes.
 */
#ifndef _VNET_COMPAT_LINUX_NETDEVICE_H
#define _VNET_COMPAT_LINUX_NETDEVICE_H

#include_next <linux/netdevice.h>
#include <vnet_probes.h>

/*
 * Both settings were bits of features before they became fields of their
 * own: lltx in 6.12, netns_immutable in 6.15 (and in stable 6.12). The two
 * helpers may go when 6.6 is the oldest kernel served.
 */
static inline void vnet_compat_set_lltx(struct net_device *dev)
{
#ifdef VNET_HAVE_NETDEV_LLTX
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

static inline void vnet_compat_set_netns_immutable(struct net_device *dev)
{
#ifdef VNET_HAVE_NETDEV_NETNS_IMMUTABLE
	dev->netns_immutable = true;
#elif defined(VNET_HAVE_NETDEV_NETNS_LOCAL)
	dev->netns_local = true;
#else
	dev->features |= NETIF_F_NETNS_LOCAL;
#endif
}

/*
 * An address is in a struct sockaddr_storage since 6.16, of which as much is
 * read as the device's addresses are long. May go when that is the oldest
 * kernel served.
 */
static inline int vnet_compat_set_mac_user(struct net_device *dev,
					   struct sockaddr *sa)
{
#ifdef VNET_HAVE_MAC_USER_STORAGE
	struct sockaddr_storage ss = {};

	memcpy(&ss, sa, sizeof(*sa));
	return dev_set_mac_address_user(dev, &ss, NULL);
#else
	return dev_set_mac_address_user(dev, sa, NULL);
#endif
}

/*
 * How long NAPI may hold frames of GRO's back is a setting of its own since
 * 6.13, and what it holds is in a struct since 6.15. The helpers may go when
 * that is the oldest kernel served.
 */
static inline unsigned long
vnet_compat_napi_gro_timeout(const struct napi_struct *napi)
{
#ifdef VNET_HAVE_NAPI_GRO_FLUSH_TIMEOUT
	return READ_ONCE(napi->gro_flush_timeout);
#else
	return READ_ONCE(napi->dev->gro_flush_timeout);
#endif
}

static inline bool vnet_compat_napi_gro_holds(const struct napi_struct *napi)
{
#ifdef VNET_HAVE_NAPI_GRO_NODE
	return READ_ONCE(napi->gro.bitmask);
#else
	return READ_ONCE(napi->gro_bitmask);
#endif
}

/*
 * The new name of dev_get_flags(), since 6.17; may go when that is the oldest
 * kernel served.
 */
#ifndef VNET_HAVE_NETIF_GET_FLAGS
static inline unsigned int netif_get_flags(const struct net_device *dev)
{
	return dev_get_flags(dev);
}
#endif

/*
 * ndo_fdb_add and ndo_fdb_del tell through @notified whether the driver has
 * sent the notification itself, since 6.14. An older core always sends one.
 *
 * A driver puts VNET_DEFINE_NDO_FDB_ADD(fn) or _DEL(fn) after the function
 * and names VNET_NDO_FDB(fn) in its ops. The adapters may go when 6.14 is
 * the oldest kernel served.
 */
#ifdef VNET_HAVE_FDB_NOTIFIED
#define VNET_DEFINE_NDO_FDB_ADD(fn)
#define VNET_DEFINE_NDO_FDB_DEL(fn)
#define VNET_NDO_FDB(fn) fn
#else
#define VNET_DEFINE_NDO_FDB_ADD(fn)					\
static int fn##_compat(struct ndmsg *ndm, struct nlattr *tb[],		\
		       struct net_device *dev, const unsigned char *addr, \
		       u16 vid, u16 flags,				\
		       struct netlink_ext_ack *extack)			\
{									\
	bool notified = false;						\
									\
	return fn(ndm, tb, dev, addr, vid, flags, &notified, extack);	\
}

#define VNET_DEFINE_NDO_FDB_DEL(fn)					\
static int fn##_compat(struct ndmsg *ndm, struct nlattr *tb[],		\
		       struct net_device *dev, const unsigned char *addr, \
		       u16 vid, struct netlink_ext_ack *extack)		\
{									\
	bool notified = false;						\
									\
	return fn(ndm, tb, dev, addr, vid, &notified, extack);		\
}

#define VNET_NDO_FDB(fn) fn##_compat
#endif

/*
 * ndo_fdb_del_bulk takes the raw message since 6.7; before that the core
 * parses it under a policy of its own. The driver's function has a form that
 * both can feed:
 *	int fn(struct net_device *dev, const struct ndmsg *ndm,
 *	       struct nlattr *tb[], u16 vid, struct netlink_ext_ack *extack)
 * The older half may go when 6.7 is the oldest kernel served.
 */
#ifdef VNET_HAVE_FDB_DEL_BULK_NLH
#define VNET_DEFINE_NDO_FDB_DEL_BULK(fn, policy)			\
static int fn##_compat(struct nlmsghdr *nlh, struct net_device *dev,	\
		       struct netlink_ext_ack *extack)			\
{									\
	struct ndmsg *ndm = nlmsg_data(nlh);				\
	struct nlattr *tb[NDA_MAX + 1];					\
	u16 vid = 0;							\
	int err;							\
									\
	err = nlmsg_parse(nlh, sizeof(*ndm), tb, NDA_MAX, policy, extack); \
	if (err)							\
		return err;						\
	if (tb[NDA_VLAN])						\
		vid = nla_get_u16(tb[NDA_VLAN]);			\
	return fn(dev, ndm, tb, vid, extack);				\
}
#else
#define VNET_DEFINE_NDO_FDB_DEL_BULK(fn, policy)			\
static int fn##_compat(struct ndmsg *ndm, struct nlattr *tb[],		\
		       struct net_device *dev, u16 vid,			\
		       struct netlink_ext_ack *extack)			\
{									\
	return fn(dev, ndm, tb, vid, extack);				\
}
#endif
#define VNET_NDO_FDB_DEL_BULK(fn) fn##_compat

/*
 * Whether tc or tcx programs are attached. Since 6.6 both hang on one pointer;
 * before that it was tc's alone. The older half may go when 6.6 is the oldest
 * kernel served.
 */
static inline bool vnet_compat_has_tc_ingress(const struct net_device *dev)
{
#ifdef VNET_HAVE_NETDEV_TCX
	return rcu_access_pointer(dev->tcx_ingress);
#elif defined(CONFIG_NET_CLS_ACT)
	return rcu_access_pointer(dev->miniq_ingress);
#else
	return false;
#endif
}

static inline bool vnet_compat_has_tc_egress(const struct net_device *dev)
{
#ifdef VNET_HAVE_NETDEV_TCX
	return rcu_access_pointer(dev->tcx_egress);
#elif defined(CONFIG_NET_CLS_ACT) && defined(CONFIG_NET_EGRESS)
	return rcu_access_pointer(dev->miniq_egress);
#else
	return false;
#endif
}

#endif /* _VNET_COMPAT_LINUX_NETDEVICE_H */
