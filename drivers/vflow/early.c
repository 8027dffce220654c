// SPDX-License-Identifier: GPL-2.0
/*
 * Software tables: a frame that comes in by a device of the suite is shown to
 * its flowtable's own hook before it is queued, as that hook would see it later.
 * What the hook takes has saved the queue and the receive path. Off, unless the
 * module's parameter "early" says otherwise.
 */
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <linux/uaccess.h>
#include "vflow.h"

/* A flowtable is of IPv4, of IPv6 or of both. */
#define VFLOW_EARLY_HOOKS 3

/* Turning it on and off; taken above RTNL. */
static DEFINE_MUTEX(vflow_early_switch);
static bool vflow_early_loaded;
static bool vflow_early;

/* Who has which slot; innermost. */
static DEFINE_MUTEX(vflow_early_lock);
static bool vflow_early_on;

/*
 * The functions that are hooks of flowtables and nothing else, and the last one
 * that is not. The former's modules are held, so that at their addresses there
 * will never be another's; the latter is only there to be asked once.
 */
static DEFINE_SPINLOCK(vflow_early_hooks_lock);
static nf_hookfn *vflow_early_hooks[VFLOW_EARLY_HOOKS];
static struct module *vflow_early_owners[VFLOW_EARLY_HOOKS];
static nf_hookfn *vflow_early_stranger;

/* By what all of netfilter's types of flowtables have in common. */
static bool vflow_early_is_type(const struct nf_flowtable_type *type)
{
	typeof(nf_flow_table_init) *init = symbol_get(nf_flow_table_init);
	typeof(nf_flow_table_free) *free = symbol_get(nf_flow_table_free);
	bool is = init && free && type->init == init && type->free == free;

	if (init)
		symbol_put(nf_flow_table_init);
	if (free)
		symbol_put(nf_flow_table_free);
	return is;
}

/*
 * Nobody tells of tables without `flags offload`, and the hook of those that
 * are for both families has no name outside. That a hook is one is plain where
 * what it is called with has a type that leads back to it. The chains of nft say
 * that they are; what a stranger's is called with may read as anything.
 */
static bool vflow_early_is_hook(const struct nf_hook_ops *ops,
				struct nf_flowtable_type *type)
{
	const struct nf_flowtable *table = ops->priv;
	const struct nf_flowtable_type *where;

	return ops->hook_ops_type != NF_HOOK_OP_NF_TABLES &&
	       ops->hook != vflow_hook && table &&
	       !get_kernel_nofault(where, &table->type) &&
	       !copy_from_kernel_nofault(type, where, sizeof(*type)) &&
	       type->hook == ops->hook && vflow_early_is_type(type);
}

static noinline bool vflow_early_learn(const struct nf_hook_ops *ops)
{
	struct nf_flowtable_type type;
	bool known = false;
	unsigned int i;

	if (ops->hook == READ_ONCE(vflow_early_stranger))
		return false;
	if (!vflow_early_is_hook(ops, &type)) {
		WRITE_ONCE(vflow_early_stranger, ops->hook);
		return false;
	}
	spin_lock(&vflow_early_hooks_lock);
	for (i = 0; i < VFLOW_EARLY_HOOKS && !known; i++) {
		known = vflow_early_hooks[i] == ops->hook;
		if (vflow_early_hooks[i] || !try_module_get(type.owner))
			continue;
		vflow_early_owners[i] = type.owner;
		WRITE_ONCE(vflow_early_hooks[i], ops->hook);
		known = true;
	}
	spin_unlock(&vflow_early_hooks_lock);
	return known;
}

static void vflow_early_forget(void)
{
	unsigned int i;

	for (i = 0; i < VFLOW_EARLY_HOOKS; i++) {
		if (vflow_early_hooks[i])
			module_put(vflow_early_owners[i]);
		vflow_early_hooks[i] = NULL;
	}
	vflow_early_stranger = NULL;
}

/* Is a flowtable all that looks at the device by netfilter? */
static bool vflow_early_alone(const struct nf_hook_entries *hooks)
{
	unsigned int i;

	if (!hooks || hooks->num_hook_entries != 1)
		return false;
	for (i = 0; i < VFLOW_EARLY_HOOKS; i++)
		if (hooks->hooks[0].hook == READ_ONCE(vflow_early_hooks[i]))
			return true;
	return vflow_early_learn(nf_hook_entries_get_hook_ops(hooks)[0]);
}

/*
 * &vnet_flow_ops.input. The live list of hooks is read for each frame, see
 * vflow_hooks_known(). The hook sends as a router does, by the outgoing device's
 * queue, so that it may be called at the first hop only.
 */
static bool vflow_early_input(struct vnet_flow *slot, struct sk_buff *skb)
{
	const struct nf_hook_entries *hooks;
	unsigned int verdict = NF_ACCEPT;
	struct net_device *dev = skb->dev;
	struct nf_hook_state state;

	/* BH off is not what rcu_dereference() of the hooks' users knows. */
	rcu_read_lock();
	hooks = rcu_dereference(dev->nf_hooks_ingress);
	if (vflow_early_alone(hooks) && vnet_direct_may_queue()) {
		nf_hook_state_init(&state, NF_NETDEV_INGRESS, NFPROTO_NETDEV,
				   dev, NULL, NULL, dev_net(dev), NULL);
		vnet_direct_descend();
		verdict = nf_hook_entry_hookfn(&hooks->hooks[0], skb, &state);
		vnet_direct_ascend();
	}
	rcu_read_unlock();
	if (unlikely(verdict == NF_DROP))
		kfree_skb_reason(skb, SKB_DROP_REASON_NETFILTER_DROP);
	return verdict != NF_ACCEPT;
}

static const struct vnet_flow_ops vflow_early_ops = {
	.input = vflow_early_input,
};

/* The same for all devices: it keeps nothing. */
static struct vnet_flow vflow_early_slot = { .ops = &vflow_early_ops };

static void vflow_early_leave_locked(struct vnet_port *port)
{
	lockdep_assert_held(&vflow_early_lock);
	if (rcu_access_pointer(port->flow) == &vflow_early_slot)
		vnet_port_flow_del(port);
}

static void vflow_early_join_locked(struct vnet_port *port)
{
	lockdep_assert_held(&vflow_early_lock);
	/* Without memory frames take the ordinary road. */
	if (vflow_early_on)
		vnet_port_flow_add(port, &vflow_early_slot);
}

/**
 * vflow_early_replace() - fill a device's flow slot
 * @vdev: the device, a port, which is being bound
 *
 * Return: 0 or an error.
 */
int vflow_early_replace(struct vflow_dev *vdev)
{
	int err;

	mutex_lock(&vflow_early_lock);
	vflow_early_leave_locked(vdev->port);
	err = vnet_port_flow_add(vdev->port, &vdev->slot);
	if (err)
		vflow_early_join_locked(vdev->port);
	mutex_unlock(&vflow_early_lock);
	return err;
}

/**
 * vflow_early_restore() - the opposite
 * @vdev: the device, of which readers may be left
 */
void vflow_early_restore(struct vflow_dev *vdev)
{
	mutex_lock(&vflow_early_lock);
	vnet_port_flow_del(vdev->port);
	if (vdev->dev->reg_state == NETREG_REGISTERED)
		vflow_early_join_locked(vdev->port);
	mutex_unlock(&vflow_early_lock);
}

/* Told of all devices that there are when it is registered, and the opposite. */
static int vflow_early_event(struct notifier_block *nb, unsigned long event,
			     void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct vnet_port *port;

	if (event != NETDEV_REGISTER && event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	rcu_read_lock();
	port = vnet_port_find(dev);
	rcu_read_unlock();
	if (!port)
		return NOTIFY_DONE;
	mutex_lock(&vflow_early_lock);
	if (event == NETDEV_REGISTER)
		vflow_early_join_locked(port);
	else
		vflow_early_leave_locked(port);
	mutex_unlock(&vflow_early_lock);
	return NOTIFY_DONE;
}

static struct notifier_block vflow_early_notifier = {
	.notifier_call = vflow_early_event,
};

static void vflow_early_set_on(bool on)
{
	mutex_lock(&vflow_early_lock);
	vflow_early_on = on;
	mutex_unlock(&vflow_early_lock);
}

static int vflow_early_start(void)
{
	int err;

	vflow_early_set_on(true);
	err = register_netdevice_notifier(&vflow_early_notifier);
	if (err)
		vflow_early_set_on(false);
	return err;
}

static void vflow_early_stop(void)
{
	vflow_early_set_on(false);
	unregister_netdevice_notifier(&vflow_early_notifier);
	synchronize_net();
	vflow_early_forget();
}

/* Parameters on the command line come before the module is initialised. */
static int vflow_early_set(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err;

	err = kstrtobool(val, &on);
	if (err)
		return err;
	mutex_lock(&vflow_early_switch);
	if (vflow_early_loaded && on && !vflow_early)
		err = vflow_early_start();
	else if (vflow_early_loaded && !on && vflow_early)
		vflow_early_stop();
	if (!err)
		vflow_early = on;
	mutex_unlock(&vflow_early_switch);
	return err;
}

static const struct kernel_param_ops vflow_early_param = {
	.set = vflow_early_set,
	.get = param_get_bool,
};
module_param_cb(early, &vflow_early_param, &vflow_early, 0644);
__MODULE_PARM_TYPE(early, "bool");
MODULE_PARM_DESC(early,
		 "have flowtables without flags offload looked up at the sending end, too");

/**
 * vflow_early_init() - begin as the parameter says
 *
 * Return: 0 or an error.
 */
int vflow_early_init(void)
{
	int err = 0;

	mutex_lock(&vflow_early_switch);
	if (vflow_early)
		err = vflow_early_start();
	vflow_early_loaded = !err;
	mutex_unlock(&vflow_early_switch);
	return err;
}

/**
 * vflow_early_exit() - leave all devices alone
 */
void vflow_early_exit(void)
{
	mutex_lock(&vflow_early_switch);
	if (vflow_early)
		vflow_early_stop();
	vflow_early_loaded = false;
	vflow_early = false;
	mutex_unlock(&vflow_early_switch);
}
