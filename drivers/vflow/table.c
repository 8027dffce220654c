// SPDX-License-Identifier: GPL-2.0
/*
 * The rules of a device, and what the core's workers ask: REPLACE, DESTROY,
 * STATS.
 */
#include <net/netfilter/nf_conntrack.h>
#include "key.h"
#include "trace.h"
#include "vflow.h"

static const struct rhashtable_params vflow_cookie_params = {
	.head_offset = offsetof(struct vflow_rule, by_cookie),
	.key_offset = offsetof(struct vflow_rule, cookie),
	.key_len = sizeof_field(struct vflow_rule, cookie),
	.automatic_shrinking = true,
};

/**
 * vflow_table_init() - the tables of a device that is being bound
 * @vdev: the device
 *
 * Return: 0 or an error.
 */
int vflow_table_init(struct vflow_dev *vdev)
{
	int err = rhashtable_init(&vdev->by_key, &vflow_key_params);

	if (err)
		return err;
	err = rhashtable_init(&vdev->by_cookie, &vflow_cookie_params);
	if (err)
		rhashtable_destroy(&vdev->by_key);
	xa_init_flags(&vdev->by_id, XA_FLAGS_ALLOC);
	return err;
}

/**
 * vflow_table_free() - free a device's tables
 * @vdev: the device, without rules, of which no reader is left
 */
void vflow_table_free(struct vflow_dev *vdev)
{
	xa_destroy(&vdev->by_id);
	rhashtable_destroy(&vdev->by_cookie);
	rhashtable_destroy(&vdev->by_key);
}

/* What conntrack is told, by ourselves or by the core, is told in 32 bits. */
static void vflow_rule_account_most(const struct vflow_rule *rule, u64 *bytes)
{
	const struct flow_offload_tuple *tuple = (void *)rule->cookie;
	bool counted = rule->binding->table->flags & NF_FLOWTABLE_COUNTER;

	for (; *bytes > U32_MAX; *bytes -= U32_MAX)
		if (counted)
			vflow_nf.acct_add(rule->flow->ct, tuple->dir, 0,
					  U32_MAX);
}

/* What passed since the core was last told. */
static void vflow_rule_delta(struct vflow_rule *rule, u64 *packets, u64 *bytes)
{
	u64 p, b;

	vflow_rule_read(rule, &p, &b);
	*packets = p - rule->told_packets;
	*bytes = b - rule->told_bytes;
	rule->told_packets = p;
	rule->told_bytes = b;
	if (unlikely(*bytes > U32_MAX))
		vflow_rule_account_most(rule, bytes);
}

/*
 * The core does not ask a last time before it destroys a flow. Frames that
 * are under way on other CPUs now are not counted.
 */
static void vflow_rule_account(struct vflow_rule *rule)
{
	const struct flow_offload_tuple *tuple = (void *)rule->cookie;
	u64 packets, bytes;

	vflow_rule_delta(rule, &packets, &bytes);
	if (packets && rule->binding->table->flags & NF_FLOWTABLE_COUNTER)
		vflow_nf.acct_add(rule->flow->ct, tuple->dir, packets, bytes);
}

/* Out of all tables; readers may still have it. */
static void vflow_rule_remove_locked(struct vflow_dev *vdev,
				     struct vflow_rule *rule)
{
	lockdep_assert_held(&vdev->lock);
	if (rule->hashed)
		rhashtable_remove_fast(&vdev->by_key, &rule->by_key,
				       vflow_key_params);
	rhashtable_remove_fast(&vdev->by_cookie, &rule->by_cookie,
			       vflow_cookie_params);
	xa_erase(&vdev->by_id, rule->id);
	vflow_station_del(rule);
	list_del(&rule->list);
	trace_vflow_rule_del(vdev, rule);
	vflow_rule_account(rule);
	vflow_rule_free_rcu(rule);
}

static struct vflow_rule *vflow_rule_find_locked(struct vflow_binding *binding,
						 unsigned long cookie)
{
	struct vflow_dev *vdev = binding->vdev;
	struct vflow_rule *rule;

	lockdep_assert_held(&vdev->lock);
	if (binding->closed)
		return NULL;
	rule = rhashtable_lookup_fast(&vdev->by_cookie, &cookie,
				      vflow_cookie_params);
	return rule && rule->binding == binding ? rule : NULL;
}

/*
 * In place of whatever had its key. That may be an older version, or a flow of
 * the same connection that is being torn down and will be destroyed soon.
 */
static int vflow_rule_publish_locked(struct vflow_dev *vdev,
				     struct vflow_rule *rule)
{
	struct vflow_rule *other;
	int err;

	other = rhashtable_lookup_fast(&vdev->by_key, &rule->key,
				       vflow_key_params);
	if (!other)
		err = rhashtable_insert_fast(&vdev->by_key, &rule->by_key,
					     vflow_key_params);
	else
		err = rhashtable_replace_fast(&vdev->by_key, &other->by_key,
					      &rule->by_key, vflow_key_params);
	if (err)
		return err;
	rule->hashed = true;
	if (other)
		other->hashed = false;
	return 0;
}

/* Of frames that the older one leaves to the stack meanwhile nobody hears. */
static void vflow_rule_inherit(struct vflow_rule *rule, struct vflow_rule *old)
{
	rule->id = old->id;
	rule->added = old->added;
	atomic_set(&rule->whys, atomic_read(&old->whys));
	atomic_long_set(&rule->left, atomic_long_read(&old->left));
	rule->used = READ_ONCE(old->used);
}

static int vflow_rule_add_locked(struct vflow_binding *binding,
				 struct vflow_rule *rule)
{
	struct vflow_dev *vdev = binding->vdev;
	int err;

	err = xa_alloc(&vdev->by_id, &rule->id, rule, xa_limit_31b, GFP_KERNEL);
	if (err)
		return err;
	err = rhashtable_insert_fast(&vdev->by_cookie, &rule->by_cookie,
				     vflow_cookie_params);
	if (err)
		goto err_id;
	err = vflow_rule_publish_locked(vdev, rule);
	if (err)
		goto err_cookie;
	list_add_tail(&rule->list, &binding->rules);
	trace_vflow_rule_add(vdev, rule);
	return 0;

err_cookie:
	rhashtable_remove_fast(&vdev->by_cookie, &rule->by_cookie,
			       vflow_cookie_params);
err_id:
	xa_erase(&vdev->by_id, rule->id);
	return err;
}

/* A newer version of a rule; nothing is left of @rule where that fails. */
static int vflow_rule_update_locked(struct vflow_binding *binding,
				    struct vflow_rule *rule,
				    struct vflow_rule *old)
{
	struct vflow_dev *vdev = binding->vdev;
	int err;

	vflow_rule_inherit(rule, old);
	err = rhashtable_replace_fast(&vdev->by_cookie, &old->by_cookie,
				      &rule->by_cookie, vflow_cookie_params);
	if (err)
		return err;
	err = vflow_rule_publish_locked(vdev, rule);
	if (err) {
		rhashtable_replace_fast(&vdev->by_cookie, &rule->by_cookie,
					&old->by_cookie, vflow_cookie_params);
		return err;
	}
	vflow_rule_succeed(rule, old);
	/* In a place that there is: it takes no memory. */
	xa_store(&vdev->by_id, rule->id, rule, GFP_KERNEL);
	list_replace(&old->list, &rule->list);
	vflow_station_del(old);
	vflow_rule_free_rcu(old);
	return 0;
}

/*
 * One that goes, or to another namespace, has had its rules taken away, see
 * vflow_netdev_event(); a new one would hold it until its flow is over.
 */
static bool vflow_out_stays(const struct vflow_dev *vdev,
			    const struct net_device *dev)
{
	return READ_ONCE(dev->reg_state) == NETREG_REGISTERED &&
	       net_eq(dev_net(dev), vdev->net);
}

/* How often something has changed that flows are torn down for. */
static atomic_t vflow_rules_changes;

/**
 * vflow_rules_outdate() - have no rule put into a table that is being made
 *
 * What it is made of may have changed. Those that are in a table already are
 * the caller's to look for, after this.
 *
 * Context: any.
 */
void vflow_rules_outdate(void)
{
	/* What has changed, then the number. */
	smp_mb__before_atomic();
	atomic_inc(&vflow_rules_changes);
}

/* @change: &vflow_rules_changes from before it was made */
static int vflow_rule_put_locked(struct vflow_binding *binding,
				 struct vflow_rule *rule, int change)
{
	const struct vflow_dev *vdev = binding->vdev;
	struct vflow_rule *old;
	int err;

	/* The core asks again. */
	if (atomic_read(&vflow_rules_changes) != change)
		return -EAGAIN;
	if (binding->closed || !vflow_out_stays(vdev, rule->out) ||
	    (rule->neigh && !vflow_out_stays(vdev, rule->neigh->dev)))
		return -ENODEV;
	rule->binding = binding;
	old = vflow_rule_find_locked(binding, rule->cookie);
	if (old && old->hashed && vflow_rule_same(old, rule))
		return -EALREADY;
	err = vflow_station_add(rule);
	if (err)
		return err;
	err = old ? vflow_rule_update_locked(binding, rule, old) :
		    vflow_rule_add_locked(binding, rule);
	if (err)
		vflow_station_del(rule);
	else
		vflow_station_recheck(rule);
	return err;
}

/* Has a rule had a way, or been looked after under other routes, and has none? */
static bool vflow_rule_lost_way(const struct vflow_rule *old,
				const struct vflow_rule *rule)
{
	return old && rule->asked == VFLOW_ASKED_IN_VAIN &&
	       !vflow_rule_same(old, rule);
}

/* To the core one whose way was not found is refused, though it is there. */
static int vflow_rule_put_or_free_locked(struct vflow_binding *binding,
					 struct vflow_rule *rule, int change)
{
	bool in_vain = rule->asked == VFLOW_ASKED_IN_VAIN;
	int err = vflow_rule_put_locked(binding, rule, change);

	/* It may have been seen in the table of stations. */
	if (err)
		vflow_rule_free_rcu(rule);
	if (err && err != -EALREADY)
		return err;
	return in_vain ? -EHOSTUNREACH : 0;
}

/*
 * FLOW_CLS_REPLACE. It comes again each second as long as the software path
 * still sees frames of the flow.
 */
static int vflow_replace(struct vflow_binding *binding,
			 const struct flow_cls_offload *cls)
{
	struct vflow_dev *vdev = binding->vdev;
	struct vflow_rule *rule, *old;
	int change = atomic_read_acquire(&vflow_rules_changes), err;

	rule = vflow_rule_parse(vdev, cls);
	if (PTR_ERR_OR_ZERO(rule) == -ENODEV)
		return -ENODEV;
	mutex_lock(&vdev->lock);
	old = vflow_rule_find_locked(binding, cls->cookie);
	if (!IS_ERR(rule) && vflow_rule_lost_way(old, rule)) {
		vflow_rule_free_rcu(rule);
		rule = ERR_PTR(-EHOSTUNREACH);
	}
	if (!IS_ERR(rule)) {
		err = vflow_rule_put_or_free_locked(binding, rule, change);
	} else {
		err = PTR_ERR(rule);
		/* What it was before is no longer right; the core would go on. */
		if (old || err == -EBUSY)
			vflow_nf.teardown(vflow_cookie_flow(cls->cookie));
		if (old)
			vflow_rule_remove_locked(vdev, old);
	}
	if (err)
		trace_vflow_rule_refuse(vdev, err);
	mutex_unlock(&vdev->lock);
	return err;
}

static int vflow_destroy(struct vflow_binding *binding, unsigned long cookie)
{
	struct vflow_dev *vdev = binding->vdev;
	struct vflow_rule *rule;

	mutex_lock(&vdev->lock);
	rule = vflow_rule_find_locked(binding, cookie);
	if (rule)
		vflow_rule_remove_locked(vdev, rule);
	mutex_unlock(&vdev->lock);
	return rule ? 0 : -ENOENT;
}

static int vflow_stats(struct vflow_binding *binding,
		       struct flow_cls_offload *cls)
{
	struct vflow_dev *vdev = binding->vdev;
	struct vflow_rule *rule;
	u64 packets, bytes;

	mutex_lock(&vdev->lock);
	rule = vflow_rule_find_locked(binding, cls->cookie);
	if (rule) {
		if (READ_ONCE(rule->shared) && !READ_ONCE(rule->others))
			vflow_rule_spread(rule, GFP_KERNEL);
		vflow_rule_delta(rule, &packets, &bytes);
		flow_stats_update(&cls->stats, bytes, packets, 0,
				  READ_ONCE(rule->used),
				  FLOW_ACTION_HW_STATS_DELAYED);
	}
	mutex_unlock(&vdev->lock);
	return rule ? 0 : -ENOENT;
}

/**
 * vflow_setup_cb() - what the core's workers call for each flow
 * @type: TC_SETUP_CLSFLOWER
 * @type_data: what is asked
 * @cb_priv: the binding
 *
 * Context: process, the flowtable's block lock held for reading. Calls about
 * one flow come one by one.
 * Return: 0, or an error, which leaves the flow to software.
 */
int vflow_setup_cb(enum tc_setup_type type, void *type_data, void *cb_priv)
{
	struct vflow_binding *binding = cb_priv;
	struct flow_cls_offload *cls = type_data;

	if (type != TC_SETUP_CLSFLOWER)
		return -EOPNOTSUPP;
	switch (cls->command) {
	case FLOW_CLS_REPLACE:
		return vflow_replace(binding, cls);
	case FLOW_CLS_DESTROY:
		return vflow_destroy(binding, cls->cookie);
	case FLOW_CLS_STATS:
		return vflow_stats(binding, cls);
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * vflow_binding_flush() - take away all rules that came by a binding, and let
 *	none come any more
 * @binding: the binding
 *
 * Their flows have not been destroyed: whoever frees them tells us before.
 *
 * Context: process.
 */
void vflow_binding_flush(struct vflow_binding *binding)
{
	struct vflow_dev *vdev = binding->vdev;
	struct vflow_rule *rule, *next;

	mutex_lock(&vdev->lock);
	list_for_each_entry_safe(rule, next, &binding->rules, list)
		vflow_rule_remove_locked(vdev, rule);
	binding->closed = true;
	mutex_unlock(&vdev->lock);
}

/**
 * vflow_dev_teardown() - have flows of a device torn down
 * @vdev: the device
 * @dev: those that leave by this one, or are routed to it; NULL for all
 *
 * Context: process; RTNL or not.
 */
void vflow_dev_teardown(struct vflow_dev *vdev, const struct net_device *dev)
{
	struct vflow_rule *rule, *next;
	struct vflow_binding *binding;

	mutex_lock(&vdev->lock);
	list_for_each_entry(binding, &vdev->bindings, list)
		list_for_each_entry_safe(rule, next, &binding->rules, list) {
			if (dev && rule->out != dev &&
			    rule->routed != dev->ifindex)
				continue;
			vflow_nf.teardown(rule->flow);
			vflow_rule_remove_locked(vdev, rule);
		}
	mutex_unlock(&vdev->lock);
}

/**
 * vflow_dev_recheck() - have the routes asked again about a device's rules
 * @vdev: the device
 *
 * With the next frame of each; see vflow_way_holds(), which may be asking now.
 *
 * Context: process.
 */
void vflow_dev_recheck(struct vflow_dev *vdev)
{
	struct vflow_binding *binding;
	struct vflow_rule *rule;

	mutex_lock(&vdev->lock);
	list_for_each_entry(binding, &vdev->bindings, list)
		list_for_each_entry(rule, &binding->rules, list)
			WRITE_ONCE(rule->genid, READ_ONCE(rule->genid) - 1);
	mutex_unlock(&vdev->lock);
}

/**
 * vflow_dev_rules() - the number of rules of a device
 * @vdev: the device
 *
 * Return: at this moment.
 */
unsigned int vflow_dev_rules(struct vflow_dev *vdev)
{
	return atomic_read(&vdev->by_cookie.nelems);
}

/**
 * vflow_dev_each_rule() - go through a device's rules in the order of their
 *	numbers
 * @vdev: the device
 * @id: where to begin; set to where to go on, behind the last one taken
 * @fn: called for each, with @data; an error, with which the rule is not taken,
 *	ends it
 * @data: for @fn
 *
 * What stays from one call to the next is told once. New rules take the lowest
 * free number, and are told where that lies ahead.
 *
 * Context: process.
 * Return: 0, or what @fn returned last.
 */
int vflow_dev_each_rule(struct vflow_dev *vdev, unsigned long *id,
			int (*fn)(const struct vflow_rule *rule, void *data),
			void *data)
{
	const struct vflow_rule *rule;
	unsigned long at;
	int err = 0;

	mutex_lock(&vdev->lock);
	xa_for_each_start(&vdev->by_id, at, rule, *id) {
		err = fn(rule, data);
		if (err)
			break;
		*id = at + 1;
	}
	mutex_unlock(&vdev->lock);
	return err;
}
