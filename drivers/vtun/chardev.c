// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/net/vtun: what a program does with the node but ioctl.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include "vtun.h"

/* Of those that are for local use, so that the node can be there before us. */
#define VTUN_MINOR 249

static int minor = VTUN_MINOR;
module_param(minor, int, 0444);
MODULE_PARM_DESC(minor, "minor number of the misc device /dev/net/vtun; where it is taken, another one is chosen");

static struct proto vtun_proto = {
	.name = "vtun",
	.owner = THIS_MODULE,
	.obj_size = sizeof(struct vtun_file),
};

static bool vtun_writeable(const struct vtun_priv *priv,
			   const struct vtun_file *file)
{
	return priv->dev->flags & IFF_UP && sock_writeable(&file->sk);
}

static __poll_t vtun_poll(struct file *filp, poll_table *wait)
{
	struct vtun_file *file = filp->private_data;
	struct vtun_priv *priv = vtun_get(file);
	const struct vtun_map *map;
	__poll_t mask = 0;

	if (!priv)
		return EPOLLERR;
	poll_wait(filp, &file->socket.wq.wait, wait);
	/* Pairs with vtun_map_publish(). */
	map = smp_load_acquire(&file->map);
	if (map)
		mask |= vtun_map_poll(map);
	if (!ptr_ring_empty_bh(&file->ring))
		mask |= EPOLLIN | EPOLLRDNORM;
	/* The bit, then the state once more: vtun_write_space() looks at it. */
	if (vtun_writeable(priv, file) ||
	    (!test_and_set_bit(SOCK_NOSPACE, &file->socket.flags) &&
	     vtun_writeable(priv, file)))
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (priv->dev->reg_state != NETREG_REGISTERED)
		mask = EPOLLERR;
	vtun_put(priv);
	return mask;
}

/* There is room again for what is written, or the device has come up. */
static void vtun_write_space(struct sock *sk)
{
	struct vtun_file *file = container_of(sk, struct vtun_file, sk);

	if (!sock_writeable(sk) ||
	    !test_and_clear_bit(SOCK_NOSPACE, &file->socket.flags))
		return;
	if (wq_has_sleeper(&file->socket.wq.wait))
		wake_up_interruptible_sync_poll(&file->socket.wq.wait,
						EPOLLOUT | EPOLLWRNORM |
						EPOLLWRBAND);
	kill_fasync(&file->fasync, SIGIO, POLL_OUT);
}

static int vtun_fasync(int fd, struct file *filp, int on)
{
	struct vtun_file *file = filp->private_data;
	int err;

	err = vnet_compat_fown_alloc(filp, on);
	if (err)
		return err;
	err = fasync_helper(fd, filp, on, &file->fasync);
	if (err < 0)
		return err;
	if (on)
		__f_setown(filp, task_pid(current), PIDTYPE_TGID, 0);
	WRITE_ONCE(file->async, on);
	return 0;
}

/* Nobody asks for this socket but the file; it is what pays for its frames. */
static const struct proto_ops vtun_socket_ops = {
	.owner = THIS_MODULE,
};

static int vtun_open(struct inode *inode, struct file *filp)
{
	struct net *net = current->nsproxy->net_ns;
	struct vtun_file *file;

	file = (struct vtun_file *)sk_alloc(net, AF_UNSPEC, GFP_KERNEL,
					    &vtun_proto, 0);
	if (!file)
		return -ENOMEM;
	if (ptr_ring_init(&file->ring, 0, GFP_KERNEL)) {
		sk_free(&file->sk);
		return -ENOMEM;
	}
	spin_lock_init(&file->napi_lock);
	INIT_LIST_HEAD(&file->next);
	init_waitqueue_head(&file->socket.wq.wait);
	file->socket.file = filp;
	file->socket.ops = &vtun_socket_ops;
	sock_init_data_uid(&file->socket, &file->sk, current_fsuid());
	file->sk.sk_write_space = vtun_write_space;
	file->sk.sk_sndbuf = INT_MAX;

	filp->private_data = file;
	filp->f_mode |= FMODE_NOWAIT;
	return 0;
}

static int vtun_release(struct inode *inode, struct file *filp)
{
	struct vtun_file *file = filp->private_data;

	rtnl_lock();
	vtun_detach(file);
	rtnl_unlock();
	/* What is left is what nobody sends to. */
	ptr_ring_cleanup(&file->ring, vtun_entry_free);
	vtun_map_destroy(file);
	/* Frames on their way keep the socket, which is asked whose file it is. */
	write_lock_bh(&file->sk.sk_callback_lock);
	file->socket.file = NULL;
	write_unlock_bh(&file->sk.sk_callback_lock);
	sock_put(&file->sk);
	return 0;
}

#ifdef CONFIG_PROC_FS
static void vtun_show_fdinfo(struct seq_file *m, struct file *filp)
{
	struct vtun_file *file = filp->private_data;
	const struct vtun_priv *priv;

	rtnl_lock();
	priv = rtnl_dereference(file->tun);
	seq_printf(m, "iff:\t%s\n", priv ? priv->dev->name : "");
	rtnl_unlock();
}
#endif

static const struct file_operations vtun_fops = {
	.owner		= THIS_MODULE,
	.open		= vtun_open,
	.release	= vtun_release,
	.read_iter	= vtun_read_iter,
	.write_iter	= vtun_write_iter,
	.splice_read	= VNET_COPY_SPLICE_READ,
	.splice_write	= iter_file_splice_write,
	.poll		= vtun_poll,
	.mmap		= vtun_map_mmap,
	.fasync		= vtun_fasync,
	.unlocked_ioctl	= vtun_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= vtun_compat_ioctl,
#endif
#ifdef CONFIG_PROC_FS
	.show_fdinfo	= vtun_show_fdinfo,
#endif
};

static struct miscdevice vtun_misc = {
	.name = "vtun",
	.nodename = "net/vtun",
	.fops = &vtun_fops,
	/* As udev makes tun's: the right to do something is asked for later. */
	.mode = 0666,
};

/**
 * vtun_chardev_init() - make the node
 *
 * Return: 0 or an error.
 */
int vtun_chardev_init(void)
{
	int err;

	vtun_misc.minor = minor;
	err = misc_register(&vtun_misc);
	if (err != -EBUSY)
		return err;
	vtun_misc.minor = MISC_DYNAMIC_MINOR;
	return misc_register(&vtun_misc);
}

/**
 * vtun_chardev_exit() - take the node away
 */
void vtun_chardev_exit(void)
{
	misc_deregister(&vtun_misc);
}

MODULE_ALIAS_MISCDEV(VTUN_MINOR);
MODULE_ALIAS("devname:net/vtun");
