// SPDX-License-Identifier: GPL-2.0
/*
 * Mapped rings: their memory, how a program gets them, and how it says that
 * there is something to do.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "ring.h"

/* What a program may know of &struct vtun_ring_setup at least. */
#define VTUN_RING_SETUP_SIZE_MIN 32

/* Where the parts of an area are that are no slots. */
#define VTUN_MAP_RX_SIDE 64
#define VTUN_MAP_TX_SIDE 128
#define VTUN_MAP_DESCS 256

/*
 * The caller's control group pays. Where it cannot, or nobody can, the program
 * is told so: what it asks for is not worth killing anybody.
 */
#define VTUN_MAP_GFP (GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

static unsigned int ring_mem = 64;
module_param(ring_mem, uint, 0644);
MODULE_PARM_DESC(ring_mem, "MiB of memory that the mapped rings of a device may take");

static_assert(sizeof(struct vtun_ring_state) == VTUN_MAP_RX_SIDE);
static_assert(sizeof(struct vtun_ring_side) == 64);
static_assert(sizeof(struct vtun_ring_desc) == 16);
static_assert(sizeof(struct vtun_ring_setup) == 96);

/**
 * vtun_map_break() - stop a ring whose numbers make no sense
 * @map: the rings
 * @ring: the one, &vtun_map.rx or &vtun_map.tx
 * @why: what does not
 * @index: the program's index, or that of the slot
 *
 * Context: the ring's lock.
 */
void vtun_map_break(struct vtun_map *map, struct vtun_map_ring *ring,
		    enum vtun_ring_error why, u32 index)
{
	struct vtun_ring_state *state = map->state;
	bool rx = ring == &map->rx;

	WRITE_ONCE(ring->broken, true);
	WRITE_ONCE(*(rx ? &state->rx_error : &state->tx_error), why);
	WRITE_ONCE(*(rx ? &state->rx_error_index : &state->tx_error_index),
		   index);
	/* Behind what says why. Two rings share the word. */
	smp_mb__before_atomic();
	atomic_or(rx ? VTUN_RING_RX_BROKEN : VTUN_RING_TX_BROKEN,
		  (atomic_t *)&state->status);
}

/* ---- memory ------------------------------------------------------------- */

static void vtun_map_area_free(struct vtun_map_area *area)
{
	unsigned int i;

	if (area->mem)
		vunmap(area->mem);
	for (i = 0; i < area->n; i++)
		put_page(area->pages[i]);
	kvfree(area->pages);
}

static int vtun_map_area_alloc(struct vtun_map_area *area, u64 size)
{
	unsigned int n = size >> PAGE_SHIFT;

	area->pages = kvmalloc_array(n, sizeof(*area->pages), VTUN_MAP_GFP);
	if (!area->pages)
		return -ENOMEM;
	for (; area->n < n; area->n++) {
		area->pages[area->n] = alloc_page(VTUN_MAP_GFP | __GFP_ZERO);
		if (!area->pages[area->n])
			return -ENOMEM;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	area->mem = vmap(area->pages, n, VM_MAP, PAGE_KERNEL);
	return area->mem ? 0 : -ENOMEM;
}

static void vtun_map_free(struct vtun_map *map)
{
	vtun_map_block_leave(&map->block);
	vtun_map_area_free(&map->kernel);
	vtun_map_area_free(&map->user);
	kfree(map);
}

/* Bytes of an area that has the slots of one direction. */
static u64 vtun_map_area_size(u32 entries, u32 chunk_size, u32 *chunks)
{
	*chunks = PAGE_ALIGN(VTUN_MAP_DESCS +
			     entries * sizeof(struct vtun_ring_desc));
	return PAGE_ALIGN(*chunks + (u64)entries * chunk_size);
}

static void vtun_map_init_ring(struct vtun_map *map, struct vtun_map_ring *ring,
			       const struct vtun_ring_layout *layout,
			       u32 entries, void *slots)
{
	ring->entries = entries;
	ring->kernel = map->kernel.mem + layout->kernel;
	ring->user = map->user.mem + layout->user;
	ring->descs = slots + layout->descs;
	ring->chunks = slots + layout->chunks;
}

static struct vtun_map *vtun_map_alloc(const struct vtun_ring_setup *setup)
{
	struct vtun_map *map = kzalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);
	int err;

	if (!map)
		return ERR_PTR(-ENOMEM);
	err = vtun_map_area_alloc(&map->kernel, setup->kernel.size);
	if (!err)
		err = vtun_map_area_alloc(&map->user, setup->user.size);
	if (err) {
		vtun_map_free(map);
		return ERR_PTR(err);
	}
	map->setup = *setup;
	map->chunk_size = setup->chunk_size;
	map->chain_max = setup->chain_max;
	spin_lock_init(&map->rx_lock);
	mutex_init(&map->tx_lock);
	vtun_map_init_ring(map, &map->rx, &setup->rx, setup->rx_entries,
			   map->kernel.mem);
	vtun_map_init_ring(map, &map->tx, &setup->tx, setup->tx_entries,
			   map->user.mem);
	map->state = map->kernel.mem;
	map->state->version = VTUN_RING_VERSION;
	/* Nobody looks at tx unless told to. */
	map->tx.kernel->flags = VTUN_RING_NEED_ENTER;
	return map;
}

/* ---- setting up --------------------------------------------------------- */

static bool vtun_map_entries_ok(u32 entries, u32 chain_max)
{
	return !entries ||
	       (is_power_of_2(entries) && entries >= VTUN_RING_ENTRIES_MIN &&
		entries <= VTUN_RING_ENTRIES_MAX && entries >= 2 * chain_max);
}

/* Says no, or answers all that there is to say. */
static int vtun_map_negotiate(struct vtun_ring_setup *setup)
{
	if (setup->version != VTUN_RING_VERSION || setup->flags)
		return -EOPNOTSUPP;
	if (!setup->chunk_size)
		setup->chunk_size = VTUN_RING_CHUNK_MIN;
	if (!is_power_of_2(setup->chunk_size) ||
	    setup->chunk_size < VTUN_RING_CHUNK_MIN ||
	    setup->chunk_size > VTUN_RING_CHUNK_MAX)
		return -EINVAL;
	setup->frame_max = VTUN_MAP_FRAME_MAX;
	setup->chain_max = DIV_ROUND_UP(VTUN_MAP_OFF + VTUN_MAP_FRAME_MAX,
					setup->chunk_size);
	if ((!setup->rx_entries && !setup->tx_entries) ||
	    !vtun_map_entries_ok(setup->rx_entries, setup->chain_max) ||
	    !vtun_map_entries_ok(setup->tx_entries, setup->chain_max))
		return -EINVAL;
	setup->kernel.offset = VTUN_RING_KERNEL_OFFSET;
	setup->user.offset = VTUN_RING_USER_OFFSET;
	setup->rx.kernel = VTUN_MAP_RX_SIDE;
	setup->rx.user = VTUN_MAP_RX_SIDE;
	setup->rx.descs = VTUN_MAP_DESCS;
	setup->kernel.size = vtun_map_area_size(setup->rx_entries,
						setup->chunk_size,
						&setup->rx.chunks);
	setup->tx.kernel = VTUN_MAP_TX_SIDE;
	setup->tx.user = VTUN_MAP_TX_SIDE;
	setup->tx.descs = VTUN_MAP_DESCS;
	setup->user.size = vtun_map_area_size(setup->tx_entries,
					      setup->chunk_size,
					      &setup->tx.chunks);
	return 0;
}

static unsigned long vtun_map_pages(const struct vtun_ring_setup *setup)
{
	return (setup->kernel.size + setup->user.size) >> PAGE_SHIFT;
}

static unsigned long vtun_map_pages_max(void)
{
	return (unsigned long)READ_ONCE(ring_mem) << (20 - PAGE_SHIFT);
}

/*
 * RTNL. Whether the file may be given these rings, whose memory counts from now
 * on, before it is there: many that ask at once get no more than one after the
 * other. 0 or an error.
 */
static int vtun_map_reserve(struct vtun_file *file,
			    const struct vtun_ring_setup *setup)
{
	struct vtun_priv *priv = rtnl_dereference(file->tun);

	if (!priv)
		return -EBADFD;
	if (file->map || file->map_setup)
		return -EBUSY;
	/* What is to be a frame of its writer's segments has no slots. */
	if (file->napi_frags && setup->tx_entries)
		return -EOPNOTSUPP;
	if (vtun_map_pages(setup) > vtun_map_pages_max() ||
	    priv->map_pages > vtun_map_pages_max() - vtun_map_pages(setup))
		return -ENOSPC;
	priv->map_pages += vtun_map_pages(setup);
	file->map_setup = setup;
	return 0;
}

/* RTNL. What was reserved counts no more. */
static void vtun_map_unreserve(struct vtun_priv *priv, struct vtun_file *file)
{
	priv->map_pages -= vtun_map_pages(file->map_setup);
	file->map_setup = NULL;
}

/* From now on what the device sends goes to the ring; RTNL. */
static void vtun_map_publish(struct vtun_file *file, struct vtun_map *map)
{
	struct vtun_priv *priv = rtnl_dereference(file->tun);

	file->map_setup = NULL;
	/* With all that it leads to. */
	smp_store_release(&file->map, map);
	if (map->rx.entries) {
		/* The same. */
		smp_store_release(&file->rx_map, map);
		/* Who did not see it yet; and what is older than the ring. */
		synchronize_net();
		vtun_purge_ring(priv, file);
	}
}

/* RTNL. @map: the rings that were reserved, or an error. 0 or an error. */
static int vtun_map_finish_setup(struct vtun_file *file, struct vtun_map *map,
				 const struct vtun_ring_setup *setup)
{
	/* The device has gone meanwhile; the file may have another. */
	if (file->map_setup != setup)
		return IS_ERR(map) ? PTR_ERR(map) : -EBADFD;
	if (IS_ERR(map)) {
		vtun_map_unreserve(rtnl_dereference(file->tun), file);
		return PTR_ERR(map);
	}
	vtun_map_publish(file, map);
	return 0;
}

static int vtun_map_setup(struct vtun_file *file, struct vtun_ring_setup *setup)
{
	struct vtun_map *map;
	int err;

	err = vtun_map_negotiate(setup);
	if (err)
		return err;
	rtnl_lock();
	err = vtun_map_reserve(file, setup);
	rtnl_unlock();
	if (err)
		return err;
	map = vtun_map_alloc(setup);
	rtnl_lock();
	err = vtun_map_finish_setup(file, map, setup);
	rtnl_unlock();
	if (err && !IS_ERR(map))
		vtun_map_free(map);
	return err;
}

static int vtun_map_query(const struct vtun_file *file,
			  struct vtun_ring_setup *setup)
{
	/* Pairs with vtun_map_publish(). */
	const struct vtun_map *map = smp_load_acquire(&file->map);
	u32 size = setup->size;

	if (setup->version != VTUN_RING_VERSION)
		return -EOPNOTSUPP;
	if (!map)
		return -ENXIO;
	*setup = map->setup;
	setup->size = size;
	return 0;
}

static long vtun_map_ioctl_setup(struct vtun_file *file, unsigned int cmd,
				 void __user *argp)
{
	struct vtun_ring_setup setup;
	u32 size;
	int err;

	if (get_user(size, (u32 __user *)argp))
		return -EFAULT;
	if (size < VTUN_RING_SETUP_SIZE_MIN)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&setup, sizeof(setup), argp, size);
	if (err)
		return err;
	setup.size = size;
	err = cmd == VTUN_RING_SETUP ? vtun_map_setup(file, &setup) :
				       vtun_map_query(file, &setup);
	if (err)
		return err;
	return copy_to_user(argp, &setup, min_t(size_t, size, sizeof(setup))) ?
	       -EFAULT : 0;
}

/* ---- mapping ------------------------------------------------------------ */

/**
 * vtun_map_mmap() - mmap of a file
 * @filp: the file
 * @vma: one of the areas, as a whole
 *
 * The mapping holds the file, and the rings live as long as that.
 *
 * Return: 0 or an error.
 */
int vtun_map_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct vtun_file *file = filp->private_data;
	/* Pairs with vtun_map_publish(). */
	struct vtun_map *map = smp_load_acquire(&file->map);
	struct vtun_map_area *area;

	if (!map)
		return -ENXIO;
	if (vma->vm_pgoff == VTUN_RING_KERNEL_OFFSET >> PAGE_SHIFT)
		area = &map->kernel;
	else if (vma->vm_pgoff == VTUN_RING_USER_OFFSET >> PAGE_SHIFT)
		area = &map->user;
	else
		return -EINVAL;
	if (vma_pages(vma) != area->n || !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (area == &map->kernel) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND);
	return vm_map_pages_zero(vma, area->pages, area->n);
}

/* ---- having something done ---------------------------------------------- */

static bool vtun_map_may_go_on(const struct vtun_priv *priv,
			       const struct vtun_file *file)
{
	return vtun_device_left(priv, file) ||
	       READ_ONCE(file->map->rx.broken) || vtun_map_readable(file->map);
}

static int vtun_map_wait(struct vtun_priv *priv, struct vtun_file *file)
{
	int err;

	err = wait_event_interruptible(file->socket.wq.wait,
				       vtun_map_may_go_on(priv, file));
	if (err)
		return -EINTR;
	return vtun_device_left(priv, file) ? -EBADFD : 0;
}

static long vtun_map_enter(struct vtun_priv *priv, struct vtun_file *file,
			   unsigned long what)
{
	long done = 0;
	int err;

	if (what & ~(unsigned long)(VTUN_RING_ENTER_TX | VTUN_RING_ENTER_RX |
				    VTUN_RING_ENTER_WAIT))
		return -EINVAL;
	if ((what & VTUN_RING_ENTER_TX && !file->map->tx.entries) ||
	    (what & (VTUN_RING_ENTER_RX | VTUN_RING_ENTER_WAIT) &&
	     !file->map->rx.entries))
		return -ENXIO;
	if (what & VTUN_RING_ENTER_RX)
		vtun_map_released(priv, file);
	if (what & VTUN_RING_ENTER_TX)
		done = vtun_map_receive(priv, file);
	if (done < 0 || !(what & VTUN_RING_ENTER_WAIT))
		return done;
	err = vtun_map_wait(priv, file);
	return done ?: err;
}

static long vtun_map_ioctl_enter(struct vtun_file *file, unsigned long what)
{
	struct vtun_priv *priv = vtun_get(file);
	const struct vtun_map *map;
	long ret = -ENXIO;

	if (!priv)
		return -EBADFD;
	/* Pairs with vtun_map_publish(). It may have been another device's. */
	map = smp_load_acquire(&file->map);
	if (map && !READ_ONCE(map->gone))
		ret = vtun_map_enter(priv, file, what);
	vtun_put(priv);
	return ret;
}

/**
 * vtun_map_ioctl() - the ioctls of mapped rings
 * @file: the file
 * @cmd: the command
 * @arg: its argument
 *
 * Context: process; may take RTNL.
 * Return: as ioctl(2); -ENOIOCTLCMD where @cmd is another.
 */
long vtun_map_ioctl(struct vtun_file *file, unsigned int cmd,
		    unsigned long arg)
{
	switch (cmd) {
	case VTUN_RING_ENTER:
		return vtun_map_ioctl_enter(file, arg);
	case VTUN_RING_SETUP:
	case VTUN_RING_QUERY:
		return vtun_map_ioctl_setup(file, cmd, (void __user *)arg);
	default:
		return -ENOIOCTLCMD;
	}
}

/**
 * vtun_map_poll() - what poll(2) is told of mapped rings
 * @map: the rings
 *
 * Return: EPOLLIN | EPOLLRDNORM and EPOLLERR, or none.
 */
__poll_t vtun_map_poll(const struct vtun_map *map)
{
	__poll_t mask = 0;

	/* They were another device's. */
	if (READ_ONCE(map->gone))
		return 0;
	if (READ_ONCE(map->rx.broken) || READ_ONCE(map->tx.broken))
		mask |= EPOLLERR;
	if (map->rx.entries && vtun_map_readable(map))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

/* ---- the end ------------------------------------------------------------ */

/**
 * vtun_map_gone() - tell the program that the device goes
 * @file: the file, before who sleeps is woken
 *
 * Context: RTNL.
 */
void vtun_map_gone(struct vtun_file *file)
{
	if (file->map)
		atomic_or(VTUN_RING_GONE,
			  (atomic_t *)&file->map->state->status);
}

/**
 * vtun_map_leave() - a file leaves its device, and its rings with it
 * @priv: the device
 * @file: the file; nobody sends to it any more
 *
 * Context: RTNL.
 */
void vtun_map_leave(struct vtun_priv *priv, struct vtun_file *file)
{
	struct vtun_map *map = file->map;

	if (file->map_setup)
		vtun_map_unreserve(priv, file);
	/* A second device has got none of them. */
	if (!map || map->gone)
		return;
	WRITE_ONCE(map->gone, true);
	WRITE_ONCE(file->rx_map, NULL);
	priv->map_pages -= vtun_map_pages(&map->setup);
}

/**
 * vtun_map_destroy() - a file is closed, and nothing is mapped any more
 * @file: the file, without a device
 */
void vtun_map_destroy(struct vtun_file *file)
{
	if (file->map)
		vtun_map_free(file->map);
	file->map = NULL;
}
