// SPDX-License-Identifier: GPL-2.0
/*
 * Mapped rings: memory for frames that go on without an skb. Most of them end
 * within the call that they were made in, and what they lay in is used again
 * without anybody's being asked.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include "ring.h"

/* Fifteen frames of 1,500 bytes, with all that belongs to them. */
#define VTUN_MAP_BLOCK_SIZE ALIGN(32768, PAGE_SIZE)
/* References that are taken at a time. */
#define VTUN_MAP_BLOCK_REFS 65536U

/**
 * vtun_map_block_rewind() - begin anew where no frame is left
 * @block: the block
 *
 * Context: the block's lock.
 * Return: whether all of it, or all that there is of it, is free.
 */
bool vtun_map_block_rewind(struct vtun_map_block *block)
{
	if (!block->page)
		return true;
	/* What had the last frame has done with it: its reference went behind. */
	if (page_ref_count(block->page) != block->refs)
		return false;
	if (unlikely(block->refs < VTUN_MAP_BLOCK_REFS / 2)) {
		page_ref_add(block->page, VTUN_MAP_BLOCK_REFS - block->refs);
		block->refs = VTUN_MAP_BLOCK_REFS;
	}
	block->off = 0;
	return true;
}

/**
 * vtun_map_block_leave() - leave a block to the frames in it
 * @block: the block; empty then
 *
 * Context: the block's lock.
 */
void vtun_map_block_leave(struct vtun_map_block *block)
{
	if (block->page)
		__page_frag_cache_drain(block->page, block->refs);
	*block = (struct vtun_map_block) {};
}

/**
 * vtun_map_block_renew() - have room in a block
 * @block: the block; no room where there is no memory
 *
 * Context: the block's lock; atomic.
 */
void vtun_map_block_renew(struct vtun_map_block *block)
{
	if (block->page && vtun_map_block_rewind(block))
		return;
	vtun_map_block_leave(block);
	block->page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN |
				  __GFP_NORETRY | __GFP_NOMEMALLOC,
				  get_order(VTUN_MAP_BLOCK_SIZE));
	if (unlikely(!block->page))
		return;
	page_ref_add(block->page, VTUN_MAP_BLOCK_REFS - 1);
	block->refs = VTUN_MAP_BLOCK_REFS;
	block->size = VTUN_MAP_BLOCK_SIZE;
}
