// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of /dev/net/tun, to the errno.
 */
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_fddi.h>
#include <linux/if_hippi.h>
#include <linux/if_fc.h>
#include <linux/if_ltalk.h>
#include <linux/ieee802154.h>
#include <linux/in6.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/proc_ns.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/sockios.h>
#include <net/6lowpan.h>
#include <net/ax25.h>
#include <net/rose.h>
#include <linux/uaccess.h>
#include <vnet/vtun_ring.h>
#include "vtun.h"

/* Whether who calls may attach a file: owner and group, where set, both match. */
static bool vtun_permitted(const struct vtun_priv *priv)
{
	bool owned = uid_valid(priv->owner) || gid_valid(priv->group);

	if (uid_valid(priv->owner) &&
	    !uid_eq(current_euid(), priv->owner))
		owned = false;
	if (gid_valid(priv->group) && !in_egroup_p(priv->group))
		owned = false;
	return owned || ns_capable(dev_net(priv->dev)->user_ns, CAP_NET_ADMIN);
}

/* A device that is there already. */
static struct vtun_priv *vtun_find(struct net_device *dev, unsigned int flags)
{
	struct vtun_priv *priv = netdev_priv(dev);

	if (flags & IFF_TUN_EXCL)
		return ERR_PTR(-EBUSY);
	if (!(flags & IFF_TUN && dev->netdev_ops == &vtun_tun_ops) &&
	    !(flags & IFF_TAP && dev->netdev_ops == &vtun_tap_ops))
		return ERR_PTR(-EINVAL);
	if ((flags ^ priv->flags) & IFF_MULTI_QUEUE)
		return ERR_PTR(-EINVAL);
	if (!vtun_permitted(priv))
		return ERR_PTR(-EPERM);
	return priv;
}

/* Of whoever attaches first. */
static void vtun_first_carrier(struct net_device *dev, unsigned int flags)
{
	if (flags & IFF_NO_CARRIER)
		netif_carrier_off(dev);
	else
		netif_carrier_on(dev);
}

static int vtun_open_existing(struct net_device *dev, struct vtun_file *file,
			      unsigned int flags)
{
	struct vtun_priv *priv = vtun_find(dev, flags);
	int err;

	if (IS_ERR(priv))
		return PTR_ERR(priv);
	err = security_tun_dev_open(priv->security);
	if (err < 0)
		return err;
	err = vtun_attach(priv, file, flags);
	if (err)
		return err;
	/* Only the first of several queues says what passes. */
	if (!(priv->flags & IFF_MULTI_QUEUE) ||
	    priv->num_queues + priv->num_disabled == 1) {
		WRITE_ONCE(priv->flags, (priv->flags & ~VTUN_DEV_FLAGS) |
					(flags & VTUN_DEV_FLAGS));
		vtun_first_carrier(dev, flags);
	}
	netdev_state_change(dev);
	return 0;
}

static struct net_device *vtun_alloc(struct net *net, const char *name,
				     const struct vtun_file *file,
				     unsigned int flags)
{
	unsigned int queues = flags & IFF_MULTI_QUEUE ? VTUN_QUEUES_MAX : 1;
	struct net_device *dev;

	if (!*name)
		name = flags & IFF_TUN ? "tun%d" : "tap%d";
	dev = alloc_netdev_mqs(sizeof(struct vtun_priv), name,
			       NET_NAME_UNKNOWN, vtun_setup, queues, queues);
	if (!dev)
		return NULL;
	dev_net_set(dev, net);
	dev->ifindex = file->ifindex;
	vtun_setup_mode(dev, (flags & IFF_TUN ? IFF_TUN : IFF_TAP) |
			     (flags & VTUN_DEV_FLAGS));
	if (!(flags & IFF_TUN))
		eth_hw_addr_random(dev);
	/* As many as there are files, at least one. */
	netif_set_real_num_tx_queues(dev, 1);
	netif_set_real_num_rx_queues(dev, 1);
	return dev;
}

static struct net_device *vtun_create(struct net *net, const char *name,
				      struct vtun_file *file,
				      unsigned int flags)
{
	struct net_device *dev;
	int err;

	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return ERR_PTR(-EPERM);
	err = security_tun_dev_create();
	if (err < 0)
		return ERR_PTR(err);
	if (!(flags & (IFF_TUN | IFF_TAP)))
		return ERR_PTR(-EINVAL);
	dev = vtun_alloc(net, name, file, flags);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	netif_carrier_off(dev);
	err = register_netdevice(dev);
	if (err) {
		free_netdev(dev);
		return ERR_PTR(err);
	}
	err = vtun_attach(netdev_priv(dev), file, flags);
	if (err) {
		unregister_netdevice(dev);
		return ERR_PTR(err);
	}
	return dev;
}

static int vtun_set_iff(struct vtun_file *file, struct ifreq *ifr)
{
	struct net *net = sock_net(&file->sk);
	unsigned int flags = (u16)ifr->ifr_flags;
	struct net_device *dev;
	int err;

	if (rtnl_dereference(file->tun))
		return -EEXIST;
	if (flags & IFF_NAPI_FRAGS) {
		if (!capable(CAP_NET_ADMIN))
			return -EPERM;
		if (!(flags & IFF_NAPI) || (flags & (IFF_TUN | IFF_TAP)) != IFF_TAP)
			return -EINVAL;
	}
	ifr->ifr_name[IFNAMSIZ - 1] = '\0';
	dev = __dev_get_by_name(net, ifr->ifr_name);
	if (dev) {
		err = vtun_open_existing(dev, file, flags);
		if (err)
			return err;
	} else {
		dev = vtun_create(net, ifr->ifr_name, file, flags);
		if (IS_ERR(dev))
			return PTR_ERR(dev);
		vtun_first_carrier(dev, flags);
	}
	strscpy(ifr->ifr_name, dev->name, IFNAMSIZ);
	return 0;
}

static void vtun_get_iff(const struct vtun_priv *priv,
			 const struct vtun_file *file, struct ifreq *ifr)
{
	unsigned int flags = priv->flags & (VTUN_DEV_FLAGS | IFF_PERSIST |
					    IFF_TUN | IFF_TAP);

	if (file->detached)
		flags |= IFF_DETACH_QUEUE;
	if (!rtnl_dereference(priv->sock_filter) || file->no_filter)
		flags |= IFF_NOFILTER;
	strscpy(ifr->ifr_name, priv->dev->name, IFNAMSIZ);
	ifr->ifr_flags = flags;
}

static int vtun_set_queue(struct vtun_file *file, const struct ifreq *ifr)
{
	struct vtun_priv *priv = rtnl_dereference(file->tun);
	int err = 0;

	if (ifr->ifr_flags & IFF_ATTACH_QUEUE) {
		if (!priv || !file->detached)
			return -EINVAL;
		err = vtun_reattach(file);
	} else if (ifr->ifr_flags & IFF_DETACH_QUEUE) {
		if (!priv || !(priv->flags & IFF_MULTI_QUEUE) || file->detached)
			return -EINVAL;
		vtun_disable(file);
	} else {
		return -EINVAL;
	}
	if (!err)
		netdev_state_change(priv->dev);
	return err;
}

/* Offloads are tried out one by one, so what is not known is refused. */
static int vtun_set_offload(struct vtun_priv *priv, unsigned long arg)
{
	netdev_features_t features = 0;

	if (arg & TUN_F_CSUM) {
		features |= NETIF_F_HW_CSUM;
		arg &= ~(unsigned long)TUN_F_CSUM;
		if (arg & (TUN_F_TSO4 | TUN_F_TSO6)) {
			if (arg & TUN_F_TSO_ECN)
				features |= NETIF_F_TSO_ECN;
			if (arg & TUN_F_TSO4)
				features |= NETIF_F_TSO;
			if (arg & TUN_F_TSO6)
				features |= NETIF_F_TSO6;
			arg &= ~(unsigned long)(TUN_F_TSO4 | TUN_F_TSO6 |
						TUN_F_TSO_ECN);
		}
		arg &= ~(unsigned long)TUN_F_UFO;
		/* The kernel has one feature for both. */
		if (arg & TUN_F_USO4 && arg & TUN_F_USO6) {
			features |= NETIF_F_GSO_UDP_L4;
			arg &= ~(unsigned long)(TUN_F_USO4 | TUN_F_USO6);
		}
	}
	if (arg)
		return -EINVAL;
	priv->set_features = features;
	priv->dev->wanted_features &= ~VTUN_USER_FEATURES;
	priv->dev->wanted_features |= features;
	netdev_update_features(priv->dev);
	return 0;
}

/* Length of the addresses of a link type that a device is given. */
static unsigned char vtun_addr_len(unsigned short type)
{
	switch (type) {
	case ARPHRD_IP6GRE:
	case ARPHRD_TUNNEL6:
		return sizeof(struct in6_addr);
	case ARPHRD_IPGRE:
	case ARPHRD_TUNNEL:
	case ARPHRD_SIT:
		return sizeof(struct in_addr);
	case ARPHRD_ETHER:
		return ETH_ALEN;
	case ARPHRD_IEEE802154:
	case ARPHRD_IEEE802154_MONITOR:
		return IEEE802154_EXTENDED_ADDR_LEN;
	case ARPHRD_6LOWPAN:
		return EUI64_ADDR_LEN;
	case ARPHRD_FDDI:
		return FDDI_K_ALEN;
	case ARPHRD_HIPPI:
		return HIPPI_ALEN;
	case ARPHRD_IEEE802:
		return FC_ALEN;
	case ARPHRD_ROSE:
		return ROSE_ADDR_LEN;
	case ARPHRD_NETROM:
		return AX25_ADDR_LEN;
	case ARPHRD_LOCALTLK:
		return LTALK_ALEN;
	default:
		return 0;
	}
}

static int vtun_set_link(struct vtun_priv *priv, unsigned long arg)
{
	struct net_device *dev = priv->dev;
	int err;

	if (dev->flags & IFF_UP)
		return -EBUSY;
	/* A switch's port is an Ethernet device. */
	if (rtnl_dereference(priv->port.sw))
		return -EPERM;
	err = notifier_to_errno(call_netdevice_notifiers(NETDEV_PRE_TYPE_CHANGE,
							 dev));
	if (err)
		return err;
	dev->type = arg;
	dev->addr_len = vtun_addr_len(dev->type);
	call_netdevice_notifiers(NETDEV_POST_TYPE_CHANGE, dev);
	return 0;
}

static int vtun_set_owner(struct vtun_priv *priv, unsigned long arg)
{
	kuid_t owner = make_kuid(current_user_ns(), arg);

	if (!uid_valid(owner))
		return -EINVAL;
	priv->owner = owner;
	netdev_state_change(priv->dev);
	return 0;
}

static int vtun_set_group(struct vtun_priv *priv, unsigned long arg)
{
	kgid_t group = make_kgid(current_user_ns(), arg);

	if (!gid_valid(group))
		return -EINVAL;
	priv->group = group;
	netdev_state_change(priv->dev);
	return 0;
}

static int vtun_set_persist(struct vtun_priv *priv, bool on)
{
	if (on == !!(priv->flags & IFF_PERSIST))
		return 0;
	WRITE_ONCE(priv->flags, priv->flags ^ IFF_PERSIST);
	netdev_state_change(priv->dev);
	return 0;
}

static int vtun_set_sndbuf(struct vtun_priv *priv, int sndbuf)
{
	struct vtun_file *file;
	unsigned int i;

	if (sndbuf <= 0)
		return -EINVAL;
	for (i = 0; i < priv->num_queues; i++)
		WRITE_ONCE(rtnl_dereference(priv->files[i])->sk.sk_sndbuf,
			   sndbuf);
	list_for_each_entry(file, &priv->disabled, next)
		WRITE_ONCE(file->sk.sk_sndbuf, sndbuf);
	return 0;
}

static int vtun_set_vnet_hdr_sz(struct vtun_priv *priv, int size)
{
	if (size < (int)sizeof(struct virtio_net_hdr))
		return -EINVAL;
	WRITE_ONCE(priv->vnet_hdr_sz, size);
	return 0;
}

static int vtun_set_flag(struct vtun_priv *priv, unsigned int flag, bool on)
{
	WRITE_ONCE(priv->flags, on ? priv->flags | flag : priv->flags & ~flag);
	return 0;
}

static void vtun_get_hwaddr(const struct net_device *dev, struct ifreq *ifr)
{
	const size_t room = sizeof(struct sockaddr) -
			    offsetof(struct sockaddr, sa_data);
	u8 *data = (u8 *)&ifr->ifr_hwaddr + offsetof(struct sockaddr, sa_data);

	/* What is longer than the address stays as the caller has sent it. */
	if (!dev->addr_len)
		memset(data, 0, room);
	memcpy(data, dev->dev_addr, min_t(size_t, room, dev->addr_len));
	ifr->ifr_hwaddr.sa_family = dev->type;
}

/**
 * struct vtun_call - what an ioctl is asked with and answers
 * @cmd: the command
 * @arg: its argument
 * @ifr: what the caller's pointer leads to, if that is a request
 * @val: the same, if that is a number
 * @fprog: the same, of a classic program
 * @txfilter: what TUNSETTXFILTER sets, or an error; NULL once it is set
 * @prog: what TUNATTACHFILTER sets, or an error; NULL once it is set
 * @fault: @val could not be read
 * @answer_ifr: @ifr is the answer
 * @answer_val: @val is the answer
 * @answer_fprog: @fprog is the answer
 *
 * The caller's memory may be slow to reach, so what can be is read before RTNL
 * is taken and written after it is let go of.
 */
struct vtun_call {
	unsigned int cmd;
	unsigned long arg;
	struct ifreq ifr;
	int val;
	struct sock_fprog fprog;
	struct vtun_txfilter *txfilter;
	struct bpf_prog *prog;
	bool fault;
	bool answer_ifr;
	bool answer_val;
	bool answer_fprog;
};

/* Those that tell the caller a number. */
static long vtun_ioctl_get(const struct vtun_priv *priv,
			   const struct vtun_file *file,
			   struct vtun_call *call)
{
	switch (call->cmd) {
	case TUNGETSNDBUF:
		call->val = file->sk.sk_sndbuf;
		break;
	case TUNGETVNETHDRSZ:
		call->val = priv->vnet_hdr_sz;
		break;
	case TUNGETVNETLE:
		call->val = !!(priv->flags & VTUN_VNET_LE);
		break;
	case TUNGETVNETBE:
		if (!IS_ENABLED(CONFIG_TUN_VNET_CROSS_LE))
			return -EINVAL;
		call->val = !!(priv->flags & VTUN_VNET_BE);
		break;
	default:
		return -EINVAL;
	}
	call->answer_val = true;
	return 0;
}

/* Those that are told a number, through a pointer. */
static long vtun_ioctl_set(struct vtun_priv *priv,
			   const struct vtun_call *call)
{
	if (call->cmd == TUNSETVNETBE && !IS_ENABLED(CONFIG_TUN_VNET_CROSS_LE))
		return -EINVAL;
	if (call->fault)
		return -EFAULT;
	switch (call->cmd) {
	case TUNSETSNDBUF:
		return vtun_set_sndbuf(priv, call->val);
	case TUNSETVNETHDRSZ:
		return vtun_set_vnet_hdr_sz(priv, call->val);
	case TUNSETVNETLE:
		return vtun_set_flag(priv, VTUN_VNET_LE, call->val);
	case TUNSETVNETBE:
		return vtun_set_flag(priv, VTUN_VNET_BE, call->val);
	case TUNSETCARRIER:
		return vtun_change_carrier(priv->dev, call->val);
	case TUNSETSTEERINGEBPF:
		return vtun_prog_set(&priv->steering, call->val);
	case TUNSETFILTEREBPF:
		return vtun_prog_set(&priv->filter, call->val);
	default:
		return -EINVAL;
	}
}

static int vtun_set_ifindex(struct vtun_file *file,
			    const struct vtun_call *call)
{
	if (rtnl_dereference(file->tun))
		return -EPERM;
	if (call->fault)
		return -EFAULT;
	if (call->val < 0)
		return -EINVAL;
	file->ifindex = call->val;
	return 0;
}

static long vtun_set_txfilter(struct vtun_priv *priv, struct vtun_call *call)
{
	struct vtun_txfilter *txfilter = call->txfilter;

	if (IS_ERR(txfilter))
		return PTR_ERR(txfilter);
	call->txfilter = NULL;
	return vtun_txfilter_set(priv, txfilter);
}

static long vtun_attach_filter(struct vtun_priv *priv, struct vtun_call *call)
{
	if (IS_ERR(call->prog))
		return PTR_ERR(call->prog);
	vtun_sock_filter_set(priv, call->prog, &call->fprog);
	call->prog = NULL;
	return 0;
}

/* Those that are for a tap only. */
static long vtun_ioctl_tap(struct vtun_priv *priv, struct vtun_call *call)
{
	if (!vtun_is_tap(priv))
		return -EINVAL;
	switch (call->cmd) {
	case TUNSETTXFILTER:
		return vtun_set_txfilter(priv, call);
	case TUNATTACHFILTER:
		return vtun_attach_filter(priv, call);
	case TUNDETACHFILTER:
		vtun_sock_filter_clear(priv);
		return 0;
	case TUNGETFILTER:
		call->fprog = priv->fprog;
		call->answer_fprog = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static long vtun_open_netns(struct net *net)
{
	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	return open_related_ns(&net->ns, get_net_ns);
}

/* Those of a device, under RTNL. */
static long vtun_ioctl_dev(struct vtun_priv *priv, struct vtun_file *file,
			   struct vtun_call *call)
{
	switch (call->cmd) {
	case TUNGETIFF:
		vtun_get_iff(priv, file, &call->ifr);
		call->answer_ifr = true;
		return 0;
	case SIOCGIFHWADDR:
		vtun_get_hwaddr(priv->dev, &call->ifr);
		call->answer_ifr = true;
		return 0;
	case SIOCSIFHWADDR:
		return vnet_compat_set_mac_user(priv->dev,
						&call->ifr.ifr_hwaddr);
	case TUNSETNOCSUM:
		return 0;
	case TUNSETDEBUG:
		priv->msg_enable = call->arg;
		return 0;
	case TUNSETPERSIST:
		return vtun_set_persist(priv, call->arg);
	case TUNSETOWNER:
		return vtun_set_owner(priv, call->arg);
	case TUNSETGROUP:
		return vtun_set_group(priv, call->arg);
	case TUNSETLINK:
		return vtun_set_link(priv, call->arg);
	case TUNSETOFFLOAD:
		return vtun_set_offload(priv, call->arg);
	case TUNSETTXFILTER:
	case TUNATTACHFILTER:
	case TUNDETACHFILTER:
	case TUNGETFILTER:
		return vtun_ioctl_tap(priv, call);
	case TUNGETDEVNETNS:
		return vtun_open_netns(dev_net(priv->dev));
	case TUNGETSNDBUF:
	case TUNGETVNETHDRSZ:
	case TUNGETVNETLE:
	case TUNGETVNETBE:
		return vtun_ioctl_get(priv, file, call);
	default:
		return vtun_ioctl_set(priv, call);
	}
}

static bool vtun_takes_ifreq(unsigned int cmd)
{
	return cmd == TUNSETIFF || cmd == TUNSETQUEUE ||
	       (_IOC_TYPE(cmd) == SOCK_IOC_TYPE && cmd != SIOCGSKNS);
}

static bool vtun_takes_int(unsigned int cmd)
{
	return cmd == TUNSETSNDBUF || cmd == TUNSETVNETHDRSZ ||
	       cmd == TUNSETVNETLE || cmd == TUNSETVNETBE ||
	       cmd == TUNSETCARRIER || cmd == TUNSETSTEERINGEBPF ||
	       cmd == TUNSETFILTEREBPF || cmd == TUNSETIFINDEX;
}

static long vtun_ioctl_rtnl(struct vtun_file *file, struct vtun_call *call)
{
	struct vtun_priv *priv = rtnl_dereference(file->tun);
	long ret;

	switch (call->cmd) {
	case TUNSETIFF:
		ret = vtun_set_iff(file, &call->ifr);
		call->answer_ifr = !ret;
		return ret;
	case TUNSETQUEUE:
		return vtun_set_queue(file, &call->ifr);
	case TUNSETIFINDEX:
		return vtun_set_ifindex(file, call);
	}
	if (!priv)
		return -EBADFD;
	return vtun_ioctl_dev(priv, file, call);
}

/* What the caller's pointer leads to. @size: of its struct ifreq. */
static int vtun_call_read(struct vtun_call *call, void __user *argp,
			  size_t size)
{
	if (vtun_takes_ifreq(call->cmd))
		return copy_from_user(&call->ifr, argp, size) ? -EFAULT : 0;
	/* Whether these are to be said at all is known later. */
	if (vtun_takes_int(call->cmd))
		call->fault = get_user(call->val, (int __user *)argp);
	else if (call->cmd == TUNSETTXFILTER)
		call->txfilter = vtun_txfilter_make(argp);
	else if (call->cmd == TUNATTACHFILTER)
		call->prog = vtun_sock_filter_make(argp, &call->fprog);
	return 0;
}

static int vtun_call_answer(const struct vtun_call *call, void __user *argp,
			    size_t size)
{
	if (call->answer_ifr && copy_to_user(argp, &call->ifr, size))
		return -EFAULT;
	if (call->answer_val && put_user(call->val, (int __user *)argp))
		return -EFAULT;
	if (call->answer_fprog &&
	    copy_to_user(argp, &call->fprog, sizeof(call->fprog)))
		return -EFAULT;
	return 0;
}

/* What was made and not set. */
static void vtun_call_end(struct vtun_call *call)
{
	if (!IS_ERR(call->txfilter))
		kfree(call->txfilter);
	if (!IS_ERR_OR_NULL(call->prog))
		bpf_prog_destroy(call->prog);
}

/* @size: of struct ifreq, as the caller has it. */
static long vtun_ioctl_sized(struct file *filp, unsigned int cmd,
			     unsigned long arg, size_t size)
{
	struct vtun_call call = { .cmd = cmd, .arg = arg };
	struct vtun_file *file = filp->private_data;
	void __user *argp = (void __user *)arg;
	long ret;

	ret = vtun_map_ioctl(file, cmd, arg);
	if (ret != -ENOIOCTLCMD)
		return ret;
	if (cmd == TUNGETFEATURES)
		return put_user(IFF_TUN | IFF_TAP | IFF_NO_CARRIER |
				VTUN_DEV_FLAGS, (unsigned int __user *)argp);
	if (cmd == SIOCGSKNS)
		return vtun_open_netns(sock_net(&file->sk));
	ret = vtun_call_read(&call, argp, size);
	if (ret)
		return ret;

	rtnl_lock();
	ret = vtun_ioctl_rtnl(file, &call);
	rtnl_unlock();
	vtun_call_end(&call);
	return vtun_call_answer(&call, argp, size) ?: ret;
}

/**
 * vtun_ioctl() - unlocked_ioctl
 * @filp: the file
 * @cmd: the command
 * @arg: its argument
 *
 * Context: process; takes RTNL.
 * Return: as ioctl(2).
 */
long vtun_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	return vtun_ioctl_sized(filp, cmd, arg, sizeof(struct ifreq));
}

#ifdef CONFIG_COMPAT
/**
 * vtun_compat_ioctl() - ioctl by a 32-bit program
 * @filp: the file
 * @cmd: the command
 * @arg: its argument
 *
 * Its struct ifreq is shorter, and the same as far as it is used here.
 *
 * Context: process; takes RTNL.
 * Return: as ioctl(2).
 */
long vtun_compat_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case TUNSETIFF:
	case TUNGETIFF:
	case TUNSETTXFILTER:
	case TUNGETSNDBUF:
	case TUNSETSNDBUF:
	case SIOCGIFHWADDR:
	case SIOCSIFHWADDR:
	case VTUN_RING_SETUP:
	case VTUN_RING_QUERY:
		arg = (unsigned long)compat_ptr(arg);
		break;
	default:
		arg = (compat_ulong_t)arg;
		break;
	}
	return vtun_ioctl_sized(filp, cmd, arg, sizeof(struct compat_ifreq));
}
#endif
