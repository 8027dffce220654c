/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mapped rings of a file; <vnet/vtun_ring.h> is what the program sees.
 */
#ifndef _VTUN_RING_H
#define _VTUN_RING_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <vnet/vtun_ring.h>
#include "vtun.h"

/* The longest frame: all that IP can say, two tags, and an Ethernet header. */
#define VTUN_MAP_FRAME_MAX (65535 + ETH_HLEN + 2 * VLAN_HLEN)
/* Where a frame begins in its first chunk: what is behind the Ethernet header is aligned then. */
#define VTUN_MAP_OFF 2
#define VTUN_MAP_CHAIN_MAX \
	DIV_ROUND_UP(VTUN_MAP_OFF + VTUN_MAP_FRAME_MAX, VTUN_RING_CHUNK_MIN)

/**
 * struct vtun_map_area - memory that the program maps
 * @pages: the pages
 * @n: how many
 * @mem: where the kernel sees them, one behind another
 */
struct vtun_map_area {
	struct page **pages;
	unsigned int n;
	void *mem;
};

/**
 * struct vtun_map_ring - one direction
 * @kernel: what the program is told; only written
 * @user: what the program says; each word read once
 * @descs: descriptors
 * @chunks: chunks
 * @entries: slots, a power of two; 0 for a direction that has no ring
 * @index: how far the kernel is
 * @seen: how far the program was, and that made sense; of rx
 * @broken: the program's numbers made no sense; never taken back
 */
struct vtun_map_ring {
	struct vtun_ring_side *kernel;
	struct vtun_ring_side *user;
	struct vtun_ring_desc *descs;
	u8 *chunks;
	u32 entries;
	u32 index;
	u32 seen;
	bool broken;
};

/**
 * struct vtun_map_block - memory for frames, one behind another
 * @page: the memory; NULL for none
 * @refs: references to it that are ours, and that no frame has
 * @size: its bytes
 * @off: where the next frame goes
 */
struct vtun_map_block {
	struct page *page;
	unsigned int refs;
	unsigned int size;
	unsigned int off;
};

/**
 * struct vtun_map - the mapped rings of a file
 * @chunk_size: bytes of a chunk
 * @chain_max: slots of a frame at most
 * @rx_lock: serialises who produces; protects what follows, up to @tx_lock
 * @rx: to the program
 * @announced: how far rx was when it was last looked for sleepers
 * @stopped: the device's queue was stopped because rx was full
 * @waits: BQL has stopped it, and the program is to say what it has taken
 * @bql: slots of rx that BQL was told of, and that have not ended for it yet
 * @bql_txq: the device's queue that they came from
 * @bql_end: the index behind the last of them
 * @tx_lock: serialises who consumes; protects @tx and @block
 * @tx: from the program
 * @block: for frames without an skb
 * @gone: the device they were of has gone; written under RTNL
 * @state: what the program is told of both
 * @kernel: memory that only the kernel writes
 * @user: memory that the program writes
 * @setup: what the program was answered; fixed
 */
struct vtun_map {
	u32 chunk_size;
	u32 chain_max;

	spinlock_t rx_lock;		/* who produces; see above */
	struct vtun_map_ring rx;
	u32 announced;
	bool stopped;
	bool waits;
	u32 bql;
	u16 bql_txq;
	u32 bql_end;

	/* Of the program's own context. */
	struct mutex tx_lock ____cacheline_aligned_in_smp; /* who consumes */
	struct vtun_map_ring tx;
	struct vtun_map_block block;

	/* Slow path only. */
	bool gone;
	struct vtun_ring_state *state;
	struct vtun_map_area kernel;
	struct vtun_map_area user;
	struct vtun_ring_setup setup;
};

/* A checker of memory sees no repeated move. */
#ifdef CONFIG_X86_64
#if !defined(CONFIG_UML) && !defined(CONFIG_KASAN) && !defined(CONFIG_KMSAN)
#define VTUN_MAP_MOVES
#endif
#endif

/* Bytes from where a copy is long. */
#define VTUN_MAP_LONG 512

/*
 * A frame's bytes into or out of a ring. memcpy() is for small ones, and a loop
 * on CPUs that take long to begin a repeated move; long ones go as the kernel
 * copies to and from user space, which read and write do.
 */
static __always_inline void vtun_map_bytes(void *to, const void *from,
					   size_t len)
{
#ifdef VTUN_MAP_MOVES
	if (len >= VTUN_MAP_LONG && !static_cpu_has(X86_FEATURE_FSRM)) {
		if (static_cpu_has(X86_FEATURE_ERMS)) {
			asm volatile("rep movsb"
				     : "+D" (to), "+S" (from), "+c" (len)
				     : : "memory");
			return;
		}
		/* The last eight bytes, that may be among the others. */
		memcpy(to + len - 8, from + len - 8, 8);
		len = (len - 1) / 8;
		asm volatile("rep movsq"
			     : "+D" (to), "+S" (from), "+c" (len)
			     : : "memory");
		return;
	}
#endif
	memcpy(to, from, len);
}

/* ring.c */
void vtun_map_break(struct vtun_map *map, struct vtun_map_ring *ring,
		    enum vtun_ring_error why, u32 index);

/* ring_block.c */
bool vtun_map_block_rewind(struct vtun_map_block *block);
void vtun_map_block_renew(struct vtun_map_block *block);
void vtun_map_block_leave(struct vtun_map_block *block);

static inline bool vtun_map_block_has(const struct vtun_map_block *block,
				      unsigned int size)
{
	return block->size - block->off >= size;
}

/* Where there is room for it. The frame has a reference. */
static inline void *vtun_map_block_take(struct vtun_map_block *block,
					unsigned int size)
{
	void *buf = page_address(block->page) + block->off;

	block->off += size;
	block->refs--;
	return buf;
}

/* ring_rx.c */
bool vtun_map_readable(const struct vtun_map *map);
void vtun_map_released(struct vtun_priv *priv, struct vtun_file *file);

/* ring_tx.c */
long vtun_map_receive(struct vtun_priv *priv, struct vtun_file *file);

#endif /* _VTUN_RING_H */
