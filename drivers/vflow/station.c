// SPDX-License-Identifier: GPL-2.0
/*
 * Rules that lead past a bridge to a station behind one of its ports: the way
 * is as the bridge has told it, until the bridge says otherwise.
 */
#include <linux/rhashtable.h>
#include <vnet/direct.h>
#include <vnet/station.h>
#include "vflow.h"

static const struct rhashtable_params vflow_station_params = {
	.head_offset = offsetof(struct vflow_rule, by_station),
	.key_offset = offsetof(struct vflow_rule, station),
	.key_len = sizeof_field(struct vflow_rule, station),
	.automatic_shrinking = true,
};

/* Rules with &vflow_rule.bridged, by port and address. */
static struct rhltable vflow_stations;

static void vflow_station_key(struct vflow_station *key,
			      const struct net_device *out, const u8 *addr)
{
	memset(key, 0, sizeof(*key));
	key->out = out;
	ether_addr_copy(key->addr, addr);
}

/* A bridge puts at most one on what has none. */
static bool vflow_tags_same(const struct vflow_rule *rule,
			    const struct net_device_path_ctx *ctx)
{
	const struct vflow_key *key = &rule->to;

	if (!ctx->num_vlans)
		return !key->encaps;
	return ctx->num_vlans == 1 && key->encaps == 1 &&
	       ctx->vlan[0].proto == key->encap[0].proto &&
	       ctx->vlan[0].id == key->encap[0].id;
}

/**
 * vflow_station_behind() - whether a bridge's way to a rule's station is the
 *	rule's
 * @rule: the rule, which leads to a port
 * @bridge: what the routes lead to
 *
 * Only of a bridge that announces when that changes: one of the suite's, whose
 * port is one, too.
 *
 * Context: any that keeps @bridge.
 * Return: true where frames that the host sends by @bridge leave by the port,
 *	and with the rule's tag or none.
 */
bool vflow_station_behind(const struct vflow_rule *rule,
			  const struct net_device *bridge)
{
	struct net_device_path_ctx ctx = { .dev = bridge };
	struct net_device_path path = {};
	bool is = false;

	rcu_read_lock();
	if (rule->port && rcu_access_pointer(rule->port->sw) &&
	    netdev_master_upper_dev_get_rcu(rule->out) == bridge &&
	    bridge->netdev_ops->ndo_fill_forward_path) {
		ether_addr_copy(ctx.daddr, rule->rewrite.eth.h_dest);
		is = !bridge->netdev_ops->ndo_fill_forward_path(&ctx, &path) &&
		     ctx.dev == rule->out && vflow_tags_same(rule, &ctx);
	}
	rcu_read_unlock();
	return is;
}

/* Of the suite alone: past others nothing goes by us. */
static struct net_device *vflow_bridge_of(const struct vnet_port *port,
					  struct net_device *dev)
{
	if (!port || !rcu_access_pointer(port->sw))
		return NULL;
	return netdev_master_upper_dev_get_rcu(dev);
}

/**
 * vflow_station_seen() - does anybody look at what a bridge sends, past which a
 *	rule leads?
 * @rule: the rule
 *
 * Context: RCU.
 */
bool vflow_station_seen(const struct vflow_rule *rule)
{
	const struct net_device *bridge = vflow_bridge_of(rule->port, rule->out);

	return bridge && vnet_tx_seen(bridge);
}

/**
 * vflow_past_seen() - does anybody look at a bridge, past which frames of a rule
 *	come or leave?
 * @vdev: where they come in
 * @rule: the rule
 *
 * Context: process.
 */
bool vflow_past_seen(const struct vflow_dev *vdev,
		     const struct vflow_rule *rule)
{
	const struct net_device *bridge;
	bool seen;

	rcu_read_lock();
	bridge = vflow_bridge_of(vdev->port, vdev->dev);
	seen = (bridge && vnet_rx_seen(bridge)) || vflow_station_seen(rule);
	rcu_read_unlock();
	return seen;
}

/**
 * vflow_station_add() - have a rule's flow end when its station moves
 * @rule: the rule, not yet in the other tables; to be freed by
 *	vflow_rule_free_rcu() from now on
 *
 * Return: 0 or an error; 0 at once where the rule leads to no port.
 */
int vflow_station_add(struct vflow_rule *rule)
{
	if (!rule->bridged)
		return 0;
	vflow_station_key(&rule->station, rule->out, rule->rewrite.eth.h_dest);
	return rhltable_insert(&vflow_stations, &rule->by_station,
			       vflow_station_params);
}

/**
 * vflow_station_del() - the opposite
 * @rule: the rule
 */
void vflow_station_del(struct vflow_rule *rule)
{
	if (rule->bridged)
		rhltable_remove(&vflow_stations, &rule->by_station,
				vflow_station_params);
}

/**
 * vflow_station_recheck() - end a rule's flow if its station has moved before
 *	vflow_station_add()
 * @rule: the rule, in all tables
 *
 * Context: process.
 */
void vflow_station_recheck(struct vflow_rule *rule)
{
	struct net_device *bridge;

	if (!rule->bridged)
		return;
	/* Table, then the bridge: vflow_station_left() does it the other way. */
	smp_mb();
	rcu_read_lock();
	bridge = netdev_master_upper_dev_get_rcu(rule->out);
	if (!bridge || !vflow_station_behind(rule, bridge))
		vflow_nf.teardown(rule->flow);
	rcu_read_unlock();
}

/*
 * By one of the bridge's ports, or by any of them, frames may no longer leave as
 * they did. From who configures the bridge, with BH on: that is seldom, and all
 * flows are gone through.
 */
static void vflow_stations_left(const struct vnet_station *of)
{
	struct rhashtable_iter iter;
	struct vflow_rule *rule;

	rhltable_walk_enter(&vflow_stations, &iter);
	rhashtable_walk_start(&iter);
	while ((rule = rhashtable_walk_next(&iter))) {
		/* The table is being resized: from its beginning once more. */
		if (IS_ERR(rule))
			continue;
		if (rule->routed == of->bridge->ifindex &&
		    net_eq(dev_net(rule->out), dev_net(of->bridge)) &&
		    (!of->port || rule->out == of->port))
			vflow_nf.teardown(rule->flow);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

/*
 * From the bridge, under its lock where it is about one station. A flow found in
 * the table is there until the end of the RCU read section, and so is what ends
 * it; the rules go when the core destroys the flow.
 */
static int vflow_station_left(struct notifier_block *nb, unsigned long event,
			      void *info)
{
	const struct vnet_station *station = info;
	struct rhlist_head *list, *pos;
	struct vflow_station key;
	struct vflow_rule *rule;

	/* The bridge has changed, then the table: see vflow_station_recheck(). */
	smp_mb();
	if (!atomic_read(&vflow_stations.ht.nelems))
		return NOTIFY_DONE;
	if (!station->addr) {
		vflow_stations_left(station);
		return NOTIFY_DONE;
	}
	vflow_station_key(&key, station->port, station->addr);
	list = rhltable_lookup(&vflow_stations, &key, vflow_station_params);
	rhl_for_each_entry_rcu(rule, pos, list, by_station)
		vflow_nf.teardown(rule->flow);
	return NOTIFY_DONE;
}

static struct notifier_block vflow_station_notifier = {
	.notifier_call = vflow_station_left,
};

/**
 * vflow_station_init() - make the table, and listen
 *
 * Return: 0 or an error.
 */
int vflow_station_init(void)
{
	int err = rhltable_init(&vflow_stations, &vflow_station_params);

	if (err)
		return err;
	err = vnet_stations_watch(&vflow_station_notifier);
	if (err)
		rhltable_destroy(&vflow_stations);
	return err;
}

/**
 * vflow_station_exit() - the opposite, when there is no rule any more
 */
void vflow_station_exit(void)
{
	vnet_stations_unwatch(&vflow_station_notifier);
	rhltable_destroy(&vflow_stations);
}
