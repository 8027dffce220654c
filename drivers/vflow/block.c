// SPDX-License-Identifier: GPL-2.0
/*
 * Devices in flowtables: what the core tells of by BIND and UNBIND.
 */
#include <linux/module.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include "vflow.h"

/* The list of bound devices, their bindings, and vflow_nf. */
static DEFINE_MUTEX(vflow_devs_lock);
static LIST_HEAD(vflow_devs);
static u64 vflow_devs_nr;

/* Set by the first binding, under vflow_devs_lock; read by who has a rule. */
struct vflow_nf vflow_nf;
static unsigned int vflow_bindings;

/* The functions are there: a flowtable is calling. */
static int vflow_nf_get_locked(void)
{
	lockdep_assert_held(&vflow_devs_lock);
	if (vflow_bindings++)
		return 0;
	vflow_nf.teardown = symbol_get(flow_offload_teardown);
	vflow_nf.acct_add = symbol_get(nf_ct_acct_add);
	vflow_nf.hook_v4 = symbol_get(nf_flow_offload_ip_hook);
	vflow_nf.hook_v6 = symbol_get(nf_flow_offload_ipv6_hook);
	if (vflow_nf.teardown && vflow_nf.acct_add && vflow_nf.hook_v4 &&
	    vflow_nf.hook_v6)
		return 0;
	if (vflow_nf.teardown)
		symbol_put(flow_offload_teardown);
	if (vflow_nf.acct_add)
		symbol_put(nf_ct_acct_add);
	if (vflow_nf.hook_v4)
		symbol_put(nf_flow_offload_ip_hook);
	if (vflow_nf.hook_v6)
		symbol_put(nf_flow_offload_ipv6_hook);
	vflow_bindings--;
	return -ENOENT;
}

static void vflow_nf_put_locked(void)
{
	lockdep_assert_held(&vflow_devs_lock);
	if (--vflow_bindings)
		return;
	symbol_put(flow_offload_teardown);
	symbol_put(nf_ct_acct_add);
	symbol_put(nf_flow_offload_ip_hook);
	symbol_put(nf_flow_offload_ipv6_hook);
}

static struct vflow_dev *vflow_dev_find_locked(const struct net_device *dev)
{
	struct vflow_dev *vdev;

	lockdep_assert_held(&vflow_devs_lock);
	list_for_each_entry(vdev, &vflow_devs, list)
		if (vdev->dev == dev)
			return vdev;
	return NULL;
}

/* In front of all other hooks of the device, which it looks for itself. */
static int vflow_dev_hook(struct vflow_dev *vdev)
{
	vdev->hook.hook = vflow_hook;
	vdev->hook.priv = vdev;
	vdev->hook.dev = vdev->dev;
	vdev->hook.pf = NFPROTO_NETDEV;
	vdev->hook.hooknum = NF_NETDEV_INGRESS;
	vdev->hook.priority = INT_MIN;
	return nf_register_net_hook(vdev->net, &vdev->hook);
}

static struct vflow_dev *vflow_dev_create_locked(struct net_device *dev)
{
	struct vflow_dev *vdev = kzalloc(sizeof(*vdev), GFP_KERNEL);
	int err = -ENOMEM;

	if (!vdev)
		return ERR_PTR(-ENOMEM);
	vdev->whys = netdev_alloc_pcpu_stats(struct vflow_whys);
	if (!vdev->whys)
		goto err_free;
	err = vflow_table_init(vdev);
	if (err)
		goto err_free;
	mutex_init(&vdev->lock);
	INIT_LIST_HEAD(&vdev->bindings);
	vdev->slot.ops = &vflow_slot_ops;
	vdev->net = dev_net(dev);
	vdev->dev = dev;
	rcu_read_lock();
	vdev->port = vnet_port_find(dev);
	rcu_read_unlock();
	err = vflow_dev_hook(vdev);
	if (err)
		goto err_table;
	if (vdev->port)
		err = vflow_early_replace(vdev);
	if (err)
		goto err_hook;
	netdev_hold(dev, &vdev->tracker, GFP_KERNEL);
	vdev->nr = ++vflow_devs_nr;
	list_add_tail(&vdev->list, &vflow_devs);
	return vdev;

err_hook:
	nf_unregister_net_hook(vdev->net, &vdev->hook);
	synchronize_net();
err_table:
	vflow_table_free(vdev);
err_free:
	free_percpu(vdev->whys);
	kfree(vdev);
	return ERR_PTR(err);
}

/* Nobody has a way to it any more; who is still inside ends first. */
static void vflow_dev_stop_locked(struct vflow_dev *vdev)
{
	lockdep_assert_held(&vflow_devs_lock);
	list_del(&vdev->list);
	if (vdev->port)
		vflow_early_restore(vdev);
	nf_unregister_net_hook(vdev->net, &vdev->hook);
}

/* By its last binding, when no worker calls with any of them. */
static void vflow_dev_put_locked(struct vflow_dev *vdev)
{
	lockdep_assert_held(&vflow_devs_lock);
	if (--vdev->refs)
		return;
	vflow_table_free(vdev);
	netdev_put(vdev->dev, &vdev->tracker);
	free_percpu(vdev->whys);
	kfree(vdev);
}

/* Which table's hook to expect at the device; the usual case is one. */
static void vflow_dev_set_table(struct vflow_dev *vdev)
{
	const struct vflow_binding *first;

	first = list_first_entry_or_null(&vdev->bindings, struct vflow_binding,
					 list);
	WRITE_ONCE(vdev->table, first ? first->table : NULL);
}

static struct vflow_binding *vflow_binding_find_locked(struct vflow_dev *vdev,
						       const void *table)
{
	struct vflow_binding *binding;

	lockdep_assert_held(&vflow_devs_lock);
	list_for_each_entry(binding, &vdev->bindings, list)
		if (binding->table == table)
			return binding;
	return NULL;
}

static struct vflow_binding *vflow_binding_open_locked(struct net_device *dev,
						       struct nf_flowtable *table)
{
	struct vflow_binding *binding;
	struct vflow_dev *vdev;
	int err;

	vdev = vflow_dev_find_locked(dev);
	if (vdev && vflow_binding_find_locked(vdev, table))
		return ERR_PTR(-EEXIST);
	binding = kzalloc(sizeof(*binding), GFP_KERNEL);
	if (!binding)
		return ERR_PTR(-ENOMEM);
	err = vflow_nf_get_locked();
	if (err)
		goto err_free;
	if (!vdev)
		vdev = vflow_dev_create_locked(dev);
	if (IS_ERR(vdev)) {
		err = PTR_ERR(vdev);
		goto err_put;
	}
	vdev->refs++;
	binding->vdev = vdev;
	binding->table = table;
	INIT_LIST_HEAD(&binding->rules);
	mutex_lock(&vdev->lock);
	list_add_tail_rcu(&binding->list, &vdev->bindings);
	mutex_unlock(&vdev->lock);
	vflow_dev_set_table(vdev);
	return binding;

err_put:
	vflow_nf_put_locked();
err_free:
	kfree(binding);
	return ERR_PTR(err);
}

/*
 * Takes a device out of a flowtable: its rules first, so that nothing is sent
 * by them when this returns, and no cookie is looked at.
 */
static void vflow_binding_close_locked(struct vflow_binding *binding)
{
	struct vflow_dev *vdev = binding->vdev;

	lockdep_assert_held(&vflow_devs_lock);
	if (binding->closed)
		return;
	vflow_binding_flush(binding);
	mutex_lock(&vdev->lock);
	list_del_rcu(&binding->list);
	mutex_unlock(&vdev->lock);
	vflow_dev_set_table(vdev);
	if (list_empty(&vdev->bindings))
		vflow_dev_stop_locked(vdev);
	synchronize_net();
	vflow_nf_put_locked();
}

/* From the core, when nobody calls with the binding any more. */
static void vflow_binding_release(void *cb_priv)
{
	struct vflow_binding *binding = cb_priv;

	mutex_lock(&vflow_devs_lock);
	vflow_binding_close_locked(binding);
	vflow_dev_put_locked(binding->vdev);
	mutex_unlock(&vflow_devs_lock);
	kfree(binding);
}

static int vflow_bind(struct net_device *dev, struct Qdisc *sch,
		      struct flow_block_offload *bo,
		      struct nf_flowtable *table,
		      void (*cleanup)(struct flow_block_cb *block_cb))
{
	struct vflow_binding *binding;
	struct flow_block_cb *block_cb;

	mutex_lock(&vflow_devs_lock);
	binding = vflow_binding_open_locked(dev, table);
	mutex_unlock(&vflow_devs_lock);
	if (IS_ERR(binding))
		return PTR_ERR(binding);
	block_cb = flow_indr_block_cb_alloc(vflow_setup_cb, binding, binding,
					    vflow_binding_release, bo, dev, sch,
					    table, &vflow_devs, cleanup);
	if (IS_ERR(block_cb)) {
		vflow_binding_release(binding);
		return PTR_ERR(block_cb);
	}
	binding->block_cb = block_cb;
	flow_block_cb_add(block_cb, bo);
	/* The core takes it from a list at the end, whether there is one or not. */
	INIT_LIST_HEAD(&block_cb->driver_list);
	return 0;
}

static int vflow_unbind(struct net_device *dev, struct flow_block_offload *bo,
			struct nf_flowtable *table)
{
	struct vflow_binding *binding = NULL;
	struct vflow_dev *vdev;

	mutex_lock(&vflow_devs_lock);
	vdev = vflow_dev_find_locked(dev);
	if (vdev)
		binding = vflow_binding_find_locked(vdev, table);
	if (binding)
		vflow_binding_close_locked(binding);
	mutex_unlock(&vflow_devs_lock);
	if (!binding)
		return -ENOENT;
	/*
	 * The core frees it, and by that the binding. Its workers may be on their
	 * way along the list that this takes it from; for drivers that it knows
	 * directly it takes the lock itself.
	 */
	down_write(&table->flow_block_lock);
	flow_indr_block_cb_remove(binding->block_cb, bo);
	up_write(&table->flow_block_lock);
	list_del_init(&binding->block_cb->driver_list);
	return 0;
}

/*
 * The core asks all who have registered about each device that cannot do it
 * itself. What comes without a block is a request that failed before we were
 * there, repeated with data that may be gone: nothing of it is looked at.
 */
static int vflow_indr_setup(struct net_device *dev, struct Qdisc *sch,
			    void *cb_priv, enum tc_setup_type type,
			    void *type_data, void *data,
			    void (*cleanup)(struct flow_block_cb *block_cb))
{
	struct flow_block_offload *bo = type_data;

	if (type != TC_SETUP_FT || !bo || !bo->block || !dev ||
	    bo->binder_type != FLOW_BLOCK_BINDER_TYPE_CLSACT_INGRESS)
		return -EOPNOTSUPP;
	switch (bo->command) {
	case FLOW_BLOCK_BIND:
		return vflow_bind(dev, sch, bo, data, cleanup);
	case FLOW_BLOCK_UNBIND:
		return vflow_unbind(dev, bo, data);
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * vflow_devs_teardown() - have flows torn down whose road has changed
 * @net: of this namespace
 * @dev: those that leave by this device; NULL for all
 *
 * Context: process; RTNL or not.
 */
void vflow_devs_teardown(const struct net *net, const struct net_device *dev)
{
	struct vflow_dev *vdev;

	/* Before each of the locks that rules are put into the tables under. */
	vflow_rules_outdate();
	mutex_lock(&vflow_devs_lock);
	list_for_each_entry(vdev, &vflow_devs, list)
		if (net_eq(vdev->net, net))
			vflow_dev_teardown(vdev, vdev->dev == dev ? NULL : dev);
	mutex_unlock(&vflow_devs_lock);
}

/**
 * vflow_devs_recheck() - have the routes asked again about all flows
 *
 * Context: process.
 */
void vflow_devs_recheck(void)
{
	struct vflow_dev *vdev;

	/* See vflow_devs_teardown(). */
	vflow_rules_outdate();
	mutex_lock(&vflow_devs_lock);
	list_for_each_entry(vdev, &vflow_devs, list)
		vflow_dev_recheck(vdev);
	mutex_unlock(&vflow_devs_lock);
}

/**
 * vflow_devs_for_each() - go through all bound devices
 * @fn: called for each, with @data; not 0 to end
 * @data: for @fn
 *
 * Context: process. Devices and their bindings stay meanwhile.
 */
void vflow_devs_for_each(int (*fn)(struct vflow_dev *vdev, void *data),
			 void *data)
{
	struct vflow_dev *vdev;

	mutex_lock(&vflow_devs_lock);
	list_for_each_entry(vdev, &vflow_devs, list)
		if (fn(vdev, data))
			break;
	mutex_unlock(&vflow_devs_lock);
}

/**
 * vflow_block_init() - become what the core asks about devices
 *
 * Return: 0 or an error.
 */
int vflow_block_init(void)
{
	return flow_indr_dev_register(vflow_indr_setup, &vflow_devs);
}

/**
 * vflow_block_exit() - the opposite
 *
 * All bindings are closed and released when it returns.
 */
void vflow_block_exit(void)
{
	flow_indr_dev_unregister(vflow_indr_setup, &vflow_devs,
				 vflow_binding_release);
}
