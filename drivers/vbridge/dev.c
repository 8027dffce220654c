// SPDX-License-Identifier: GPL-2.0
/*
 * The bridge as a network device.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include "netlink.h"
#include "vbridge.h"

/* What the bridge can pass on to ports that can do it, or have it done. */
#define VBR_FEATURES (NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
		      NETIF_F_GSO_MASK | NETIF_F_HW_CSUM)
#define VBR_VLAN_FEATURES (NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX)

static int vbr_dev_init(struct net_device *dev)
{
	struct vbr *br = netdev_priv(dev);
	int err;

	br->drops = vnet_drops_alloc();
	if (!br->drops)
		return -ENOMEM;
	br->stats = netdev_alloc_pcpu_stats(struct vbr_stats);
	if (!br->stats) {
		err = -ENOMEM;
		goto err_free_drops;
	}
	err = vbr_fdb_init(br);
	if (err)
		goto err_free_stats;
	err = vbr_vlan_start_rtnl(br);
	if (err)
		goto err_uninit_fdb;

	vbr_host_init(br);
	ether_addr_copy(br->base_addr, dev->dev_addr);
	netdev_lockdep_set_classes(dev);
	netif_carrier_off(dev);
	return 0;

err_uninit_fdb:
	vbr_fdb_uninit(br);
err_free_stats:
	free_percpu(br->stats);
err_free_drops:
	free_percpu(br->drops);
	return err;
}

static void vbr_dev_uninit(struct net_device *dev)
{
	struct vbr *br = netdev_priv(dev);

	vbr_host_uninit(br);
	vbr_vlan_end_rtnl(br);
	vbr_fdb_uninit(br);
}

static void vbr_dev_free(struct net_device *dev)
{
	struct vbr *br = netdev_priv(dev);

	free_percpu(br->stats);
	free_percpu(br->drops);
}

/* Ports work while the bridge is up. */
static void vbr_dev_check_links_rtnl(struct vbr *br)
{
	struct vbr_port *port;

	list_for_each_entry(port, &br->ports, list) {
		if (vbr_port_check_link_rtnl(port))
			vbr_port_notify(port, RTM_NEWLINK);
	}
}

static int vbr_dev_open(struct net_device *dev)
{
	struct vbr *br = netdev_priv(dev);

	netdev_update_features(dev);
	vbr_host_open_rtnl(br);
	vbr_dev_check_links_rtnl(br);
	vbr_fdb_age_now(br);
	return 0;
}

static int vbr_dev_stop(struct net_device *dev)
{
	struct vbr *br = netdev_priv(dev);

	vbr_dev_check_links_rtnl(br);
	vbr_host_close_rtnl(br);
	cancel_delayed_work_sync(&br->age_work);
	return 0;
}

/**
 * vbr_stat_sum() - a counter over all CPUs
 * @br: the bridge
 * @what: the counter
 *
 * Return: the sum.
 */
u64 vbr_stat_sum(const struct vbr *br, enum vbr_stat what)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct vbr_stats *stats = per_cpu_ptr(br->stats, cpu);
		unsigned int start;
		u64 n;

		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			n = u64_stats_read(&stats->n[what]);
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		sum += n;
	}
	return sum;
}

static void vbr_dev_get_stats64(struct net_device *dev,
				struct rtnl_link_stats64 *stats)
{
	struct vbr *br = netdev_priv(dev);

	dev_fetch_sw_netstats(stats, dev->tstats);
	stats->multicast = vbr_stat_sum(br, VBR_STAT_MULTICAST);
	stats->rx_dropped += vnet_drops_sum(br->drops, VBR_DROPS_RX);
	stats->tx_dropped += vnet_drops_sum(br->drops, VBR_DROPS_TX);
}

/* With IFF_PROMISC the host gets a copy of all frames. */
static void vbr_dev_change_rx_flags(struct net_device *dev, int flags)
{
	vbr_crossings_end(netdev_priv(dev));
}

/*
 * The device itself filters nothing. SIOCADDMULTI is refused where the
 * function is missing.
 */
static void vbr_dev_set_rx_mode(struct net_device *dev)
{
}

/**
 * vbr_set_addr_rtnl() - give the bridge an address
 * @br: the bridge
 * @addr: the address
 *
 * Context: RTNL.
 */
void vbr_set_addr_rtnl(struct vbr *br, const u8 *addr)
{
	struct net_device *dev = br->dev;
	u8 old[ETH_ALEN];

	if (ether_addr_equal(dev->dev_addr, addr))
		return;
	ether_addr_copy(old, dev->dev_addr);
	eth_hw_addr_set(dev, addr);
	vbr_fdb_del_local_rtnl(br, NULL, old);
	/* Without memory the host is reached by flooding. */
	if (vbr_fdb_add_local_rtnl(br, NULL, addr))
		netdev_warn(dev, "no memory for the entry of its own address\n");
}

static int vbr_dev_set_mac_address(struct net_device *dev, void *p)
{
	const struct sockaddr *sa = p;

	if (!is_valid_ether_addr(sa->sa_data))
		return -EADDRNOTAVAIL;
	/* A master of the bridge gives addresses back after its unregister. */
	if (dev->reg_state != NETREG_REGISTERED)
		return -EBUSY;
	vbr_set_addr_rtnl(netdev_priv(dev), sa->sa_data);
	return 0;
}

static int vbr_dev_change_mtu(struct net_device *dev, int mtu)
{
	struct vbr *br = netdev_priv(dev);

	br->mtu_by_user = true;
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

static netdev_features_t vbr_dev_fix_features(struct net_device *dev,
					      netdev_features_t features)
{
	struct vbr *br = netdev_priv(dev);
	netdev_features_t mask = features;
	struct vbr_port *port;

	if (list_empty(&br->ports))
		return features;
	features &= ~NETIF_F_ONE_FOR_ALL;
	list_for_each_entry(port, &br->ports, list)
		features = netdev_increment_features(features,
						     port->dev->features, mask);
	return netdev_add_tso_features(features, mask);
}

static void vbr_follow_headroom_rtnl(struct vbr *br, unsigned int headroom)
{
	struct vbr_port *port;

	if (headroom == br->dev->needed_headroom)
		return;
	br->dev->needed_headroom = headroom;
	list_for_each_entry(port, &br->ports, list)
		netdev_set_rx_headroom(port->dev, headroom);
}

/**
 * vbr_follow_ports_rtnl() - take over what the bridge has from its ports
 * @br: the bridge, after a port came, went or changed
 *
 * MTU and address only where the user has set none.
 *
 * Context: RTNL.
 */
void vbr_follow_ports_rtnl(struct vbr *br)
{
	unsigned int headroom = 0, tso_size = TSO_MAX_SIZE;
	unsigned int mtu = U32_MAX, tso_segs = TSO_MAX_SEGS;
	struct net_device *dev = br->dev;
	const u8 *addr = NULL;
	struct vbr_port *port;

	ASSERT_RTNL();
	list_for_each_entry(port, &br->ports, list) {
		mtu = min(mtu, port->dev->mtu);
		tso_size = min(tso_size, port->dev->tso_max_size);
		tso_segs = min_t(unsigned int, tso_segs,
				 port->dev->tso_max_segs);
		headroom = max_t(unsigned int, headroom,
				 netdev_get_fwd_headroom(port->dev));
		if (!addr || memcmp(port->addr, addr, ETH_ALEN) < 0)
			addr = port->addr;
	}

	vbr_follow_headroom_rtnl(br, headroom);
	netif_set_tso_max_size(dev, tso_size);
	netif_set_tso_max_segs(dev, tso_segs);
	if (!br->mtu_by_user) {
		dev_set_mtu(dev, mtu == U32_MAX ? ETH_DATA_LEN : mtu);
		br->mtu_by_user = false;
	}
	addr = addr ?: br->base_addr;
	if (dev->addr_assign_type != NET_ADDR_SET &&
	    !ether_addr_equal(dev->dev_addr, addr)) {
		vbr_set_addr_rtnl(br, addr);
		call_netdevice_notifiers(NETDEV_CHANGEADDR, dev);
	}
	netdev_update_features(dev);
}

/*
 * Whether a port that was added last leaves the bridge as it is, so that not
 * all of them have to be gone through for each. What the features of all come
 * to depends on which there are, not on how often.
 */
static bool vbr_changes_nothing(const struct vbr *br,
				const struct vbr_port *port)
{
	const struct net_device *dev = br->dev, *slave = port->dev;
	const struct vbr_port *before = list_prev_entry(port, list);

	return !list_entry_is_head(before, &br->ports, list) &&
	       before->dev->features == slave->features &&
	       slave->tso_max_size >= dev->tso_max_size &&
	       slave->tso_max_segs >= dev->tso_max_segs &&
	       netdev_get_fwd_headroom(port->dev) <= dev->needed_headroom &&
	       (br->mtu_by_user || slave->mtu >= dev->mtu) &&
	       (dev->addr_assign_type == NET_ADDR_SET ||
		memcmp(port->addr, dev->dev_addr, ETH_ALEN) >= 0);
}

static int vbr_dev_add_slave(struct net_device *dev, struct net_device *slave,
			     struct netlink_ext_ack *extack)
{
	struct vbr *br = netdev_priv(dev);
	int err;

	err = vbr_port_add_rtnl(br, slave, extack);
	if (!err && !vbr_changes_nothing(br, vbr_port_get(slave)))
		vbr_follow_ports_rtnl(br);
	return err;
}

static int vbr_dev_del_slave(struct net_device *dev, struct net_device *slave)
{
	struct vbr_port *port = vbr_port_get(slave);
	struct vbr *br = netdev_priv(dev);

	if (!port || port->br != br)
		return -EINVAL;
	vbr_port_release_rtnl(port);
	vbr_follow_ports_rtnl(br);
	return 0;
}

/* The VLAN of a frame that the host sends, and what becomes of its tag. */
static u16 vbr_path_vlan(const struct vbr *br, struct net_device_path_ctx *ctx,
			 struct net_device_path *path)
{
	__be16 proto = READ_ONCE(br->vlan_proto);
	int last = ctx->num_vlans - 1;
	u16 vid;

	path->bridge.vlan_mode = DEV_PATH_BR_VLAN_KEEP;
	if (!READ_ONCE(br->vlan_filtering))
		return 0;
	if (last >= 0 && ctx->vlan[last].proto == proto) {
		vid = ctx->vlan[last].id;
	} else {
		path->bridge.vlan_mode = DEV_PATH_BR_VLAN_TAG;
		vid = READ_ONCE(br->vlans.set.pvid);
	}
	path->bridge.vlan_id = vid;
	path->bridge.vlan_proto = proto;
	return vid;
}

/* With the tag, if any, that frames of the VLAN leave by a port with. */
static int vbr_path_leave(const struct vbr *br, const struct vbr_port *to,
			  u16 vid, struct net_device_path_ctx *ctx,
			  struct net_device_path *path)
{
	/* The host's own are dropped in VLANs that it is not in. */
	if (!vbr_vlan_has(&br->vlans.set, vid) ||
	    !vbr_vlan_has(&to->vlans.set, vid))
		return -EINVAL;
	if (vbr_vlan_untags(&to->vlans.set, vid))
		path->bridge.vlan_mode =
			path->bridge.vlan_mode == DEV_PATH_BR_VLAN_TAG ?
			DEV_PATH_BR_VLAN_KEEP : DEV_PATH_BR_VLAN_UNTAG;
	if (path->bridge.vlan_mode == DEV_PATH_BR_VLAN_UNTAG) {
		ctx->num_vlans--;
	} else if (path->bridge.vlan_mode == DEV_PATH_BR_VLAN_TAG) {
		if (ctx->num_vlans >= ARRAY_SIZE(ctx->vlan))
			return -ENOSPC;
		ctx->vlan[ctx->num_vlans].id = vid;
		ctx->vlan[ctx->num_vlans].proto = path->bridge.vlan_proto;
		ctx->num_vlans++;
	}
	return 0;
}

/*
 * ndo_fill_forward_path: where frames of the host's for ctx->daddr leave, so
 * that a flowtable knows the port. None for what would be flooded, or where
 * somebody looks at the bridge: flows come and leave by its device then.
 */
static int vbr_dev_fill_forward_path(struct net_device_path_ctx *ctx,
				     struct net_device_path *path)
{
	struct vbr *br = netdev_priv((struct net_device *)ctx->dev);
	const struct vbr_port *to = NULL;
	struct vbr_fdb *fdb;
	int err = -ENOENT;
	u16 vid;

	rcu_read_lock();
	vid = vbr_path_vlan(br, ctx, path);
	fdb = vbr_fdb_lookup_rcu(br, ctx->daddr, vid);
	if (fdb && !(READ_ONCE(fdb->flags) & VBR_FDB_LOCAL))
		to = rcu_dereference(fdb->port);
	/* Flowtables know nothing of tunnels. */
	if (to && !vnet_rx_seen(br->dev) && !vnet_tx_seen(br->dev) &&
	    READ_ONCE(to->state) == BR_STATE_FORWARDING &&
	    !(READ_ONCE(to->flags) & VBR_PORT_TUNNEL))
		err = READ_ONCE(br->vlan_filtering) ?
		      vbr_path_leave(br, to, vid, ctx, path) : 0;
	if (!err) {
		path->type = DEV_PATH_BRIDGE;
		path->dev = ctx->dev;
		ctx->dev = to->dev;
	}
	rcu_read_unlock();
	return err;
}

VNET_DEFINE_NDO_FDB_ADD(vbr_dev_fdb_add)
VNET_DEFINE_NDO_FDB_DEL(vbr_dev_fdb_del)
VNET_DEFINE_NDO_FDB_DEL_BULK(vbr_dev_fdb_del_bulk, vbr_fdb_del_bulk_policy)

const struct net_device_ops vbr_netdev_ops = {
	.ndo_init		= vbr_dev_init,
	.ndo_uninit		= vbr_dev_uninit,
	.ndo_open		= vbr_dev_open,
	.ndo_stop		= vbr_dev_stop,
	.ndo_start_xmit		= vbr_xmit,
	.ndo_get_stats64	= vbr_dev_get_stats64,
	.ndo_change_rx_flags	= vbr_dev_change_rx_flags,
	.ndo_set_rx_mode	= vbr_dev_set_rx_mode,
	.ndo_set_mac_address	= vbr_dev_set_mac_address,
	.ndo_change_mtu		= vbr_dev_change_mtu,
	.ndo_fix_features	= vbr_dev_fix_features,
	.ndo_features_check	= passthru_features_check,
	.ndo_fill_forward_path	= vbr_dev_fill_forward_path,
	.ndo_add_slave		= vbr_dev_add_slave,
	.ndo_del_slave		= vbr_dev_del_slave,
	.ndo_fdb_add		= VNET_NDO_FDB(vbr_dev_fdb_add),
	.ndo_fdb_del		= VNET_NDO_FDB(vbr_dev_fdb_del),
	.ndo_fdb_del_bulk	= VNET_NDO_FDB_DEL_BULK(vbr_dev_fdb_del_bulk),
	.ndo_fdb_dump		= vbr_dev_fdb_dump,
	.ndo_fdb_get		= vbr_dev_fdb_get,
	.ndo_bridge_getlink	= vbr_dev_getlink,
	.ndo_bridge_setlink	= vbr_dev_setlink,
	.ndo_bridge_dellink	= vbr_dev_dellink,
};

static const struct device_type vbr_type = {
	.name = "vbridge",
};

/**
 * vbr_setup() - rtnl_link_ops setup
 * @dev: a fresh device
 */
void vbr_setup(struct net_device *dev)
{
	struct vbr *br = netdev_priv(dev);

	ether_setup(dev);
	eth_hw_addr_random(dev);

	/* ndo_start_xmit hands the skb itself on: it must not be shared. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_NO_QUEUE | IFF_DONT_BRIDGE |
			   IFF_DISABLE_NETPOLL;
	/* Whether the route is still needed is for the ports to say. */
	netif_keep_dst(dev);
	vnet_compat_set_lltx(dev);
	vnet_compat_set_netns_immutable(dev);

	dev->netdev_ops = &vbr_netdev_ops;
	dev->ethtool_ops = &vbr_ethtool_ops;
	SET_NETDEV_DEVTYPE(dev, &vbr_type);
	dev->needs_free_netdev = true;
	dev->priv_destructor = vbr_dev_free;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->max_mtu = ETH_MAX_MTU;

	dev->features |= VBR_FEATURES | VBR_VLAN_FEATURES;
	dev->hw_features = VBR_FEATURES | VBR_VLAN_FEATURES;
	dev->vlan_features = VBR_FEATURES;

	br->dev = dev;
	INIT_LIST_HEAD(&br->ports);
	br->ageing_time = BR_DEFAULT_AGEING_TIME;
	br->fdb_max_learned = VBR_FDB_MAX_LEARNED;
	br->fdb_max_learned_port = VBR_FDB_MAX_LEARNED_PORT;
	br->vlan_proto = htons(ETH_P_8021Q);
	br->default_pvid = 1;
	br->max_ports = VBR_MAX_PORTS;
}
