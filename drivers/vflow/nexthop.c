// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of next hops (`ip nexthop`) that lose a member: routes lead elsewhere
 * then, and no generation of them says so.
 */
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/nexthop.h>
#include "vflow.h"

/**
 * struct vflow_net - what vflow has of a namespace
 * @nexthops: told of its next hops
 */
struct vflow_net {
	struct notifier_block nexthops;
};

static unsigned int vflow_net_id;

/*
 * Some are told of before, some behind what has become of them, those that users
 * change with RTNL held until it has. A bucket that moves by its timer does so
 * without: there a flow of IPv6 may keep the hop it had, which is still one of
 * the group's. There may be many at a time.
 */
static void vflow_nexthops_work(struct work_struct *work)
{
	rtnl_lock();
	rtnl_unlock();
	vflow_devs_recheck();
}

static DECLARE_WORK(vflow_nexthops_changed, vflow_nexthops_work);

/* One alone that goes or changes is told of by its routes' generation. */
static int vflow_nexthop_event(struct notifier_block *nb, unsigned long event,
			       void *ptr)
{
	const struct nh_notifier_info *info = ptr;

	if (event == NEXTHOP_EVENT_BUCKET_REPLACE ||
	    (event == NEXTHOP_EVENT_REPLACE &&
	     info->type != NH_NOTIFIER_INFO_TYPE_SINGLE))
		schedule_work(&vflow_nexthops_changed);
	return NOTIFY_DONE;
}

static int __net_init vflow_net_init(struct net *net)
{
	struct vflow_net *vn = net_generic(net, vflow_net_id);

	vn->nexthops.notifier_call = vflow_nexthop_event;
	return register_nexthop_notifier(net, &vn->nexthops, NULL);
}

static void __net_exit vflow_net_exit(struct net *net)
{
	struct vflow_net *vn = net_generic(net, vflow_net_id);

	unregister_nexthop_notifier(net, &vn->nexthops);
}

static struct pernet_operations vflow_net_ops = {
	.init = vflow_net_init,
	.exit = vflow_net_exit,
	.id = &vflow_net_id,
	.size = sizeof(struct vflow_net),
};

/**
 * vflow_nexthop_init() - listen, in all namespaces
 *
 * Return: 0 or an error.
 */
int vflow_nexthop_init(void)
{
	int err = register_pernet_subsys(&vflow_net_ops);

	/* Some namespaces may have told of groups before another failed. */
	if (err)
		cancel_work_sync(&vflow_nexthops_changed);
	return err;
}

/**
 * vflow_nexthop_exit() - the opposite
 */
void vflow_nexthop_exit(void)
{
	unregister_pernet_subsys(&vflow_net_ops);
	cancel_work_sync(&vflow_nexthops_changed);
}
