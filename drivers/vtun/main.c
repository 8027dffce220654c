// SPDX-License-Identifier: GPL-2.0
/*
 * vtun: loading and unloading.
 */
#include <linux/module.h>
#include <net/rtnetlink.h>
#include "vtun.h"

static struct vnet_kind vtun_kind = {
	.netdev_ops = &vtun_tap_ops,
	.port_offset = offsetof(struct vtun_priv, port),
};

/* Files whose device changes its ring's size, or comes up. */
static int vtun_device_event(struct notifier_block *nb, unsigned long event,
			     void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct vtun_priv *priv = netdev_priv(dev);
	unsigned int i;

	if (dev->rtnl_link_ops != &vtun_link_ops)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_CHANGE_TX_QUEUE_LEN:
		if (vtun_rings_resize(dev))
			return NOTIFY_BAD;
		break;
	case NETDEV_UP:
		/* Who was told that the device is down may write now. */
		for (i = 0; i < priv->num_queues; i++) {
			struct sock *sk = &rtnl_dereference(priv->files[i])->sk;

			sk->sk_write_space(sk);
		}
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block vtun_notifier = {
	.notifier_call = vtun_device_event,
};

static int __init vtun_init(void)
{
	int err;

	vnet_kind_register(&vtun_kind);
	err = rtnl_link_register(&vtun_link_ops);
	if (err)
		goto err_forget_kind;
	err = register_netdevice_notifier(&vtun_notifier);
	if (err)
		goto err_unregister_link;
	err = vtun_chardev_init();
	if (err)
		goto err_unregister_notifier;
	return 0;

err_unregister_notifier:
	unregister_netdevice_notifier(&vtun_notifier);
err_unregister_link:
	rtnl_link_unregister(&vtun_link_ops);
err_forget_kind:
	vnet_kind_unregister(&vtun_kind);
	return err;
}

/* No file is open any more: each holds the module. */
static void __exit vtun_exit(void)
{
	vtun_chardev_exit();
	unregister_netdevice_notifier(&vtun_notifier);
	rtnl_link_unregister(&vtun_link_ops);
	vnet_kind_unregister(&vtun_kind);
	/* Programs are put by an RCU callback of this module. */
	rcu_barrier();
}

module_init(vtun_init);
module_exit(vtun_exit);

MODULE_DESCRIPTION("TUN/TAP devices");
MODULE_AUTHOR("The vnet developers");
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("vtun");
