/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The mapped rings of /dev/net/vtun: frames between a program and a device
 * through memory that both see. What to do when is said in
 * Documentation/vtun-ring.md.
 */
#ifndef _UAPI_VNET_VTUN_RING_H
#define _UAPI_VNET_VTUN_RING_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/virtio_net.h>

/* What &vtun_ring_setup.version and &vtun_ring_state.version are to be. */
#define VTUN_RING_VERSION 1

/* Where mmap(2) of the file finds the two areas. */
#define VTUN_RING_KERNEL_OFFSET 0x00000000
#define VTUN_RING_USER_OFFSET 0x10000000

/* Bounds of &vtun_ring_setup.rx_entries and .tx_entries, powers of two. */
#define VTUN_RING_ENTRIES_MIN 64
#define VTUN_RING_ENTRIES_MAX 32768
/* Of &vtun_ring_setup.chunk_size, a power of two. */
#define VTUN_RING_CHUNK_MIN 2048
#define VTUN_RING_CHUNK_MAX 4096

/**
 * struct vtun_ring_area - what one mmap(2) maps
 * @offset: for mmap
 * @size: for mmap, in bytes; pages, all of them or none
 */
struct vtun_ring_area {
	__aligned_u64 offset;
	__aligned_u64 size;
};

/**
 * struct vtun_ring_layout - where the parts of one direction are
 * @kernel: a &struct vtun_ring_side, bytes from the kernel's area
 * @user: a &struct vtun_ring_side, bytes from the user's area
 * @descs: an array of &struct vtun_ring_desc, one for each slot; bytes from the
 *	area of who produces: the kernel's for rx, the user's for tx
 * @chunks: the slots' chunks, one behind another; in the same area
 */
struct vtun_ring_layout {
	__u32 kernel;
	__u32 user;
	__u32 descs;
	__u32 chunks;
};

/**
 * struct vtun_ring_setup - VTUN_RING_SETUP and VTUN_RING_QUERY
 * @size: in: sizeof(struct vtun_ring_setup) as the program knows it, 32 at
 *	least; what the kernel knows beyond that it does not tell, and what the
 *	program knows beyond the kernel must be zero
 * @version: in: VTUN_RING_VERSION
 * @flags: in: 0
 * @chunk_size: in: bytes of a chunk, or 0 for 2048; out: the same
 * @rx_entries: in: slots from the device to the program, or 0 for no such ring
 * @tx_entries: in: slots from the program to the device, or 0 for no such ring
 * @frame_max: out: bytes of a frame at most
 * @chain_max: out: slots of a frame at most
 * @kernel: out: what only the kernel writes; can only be mapped for reading
 * @user: out: what the program writes
 * @rx: out: from the device to the program
 * @tx: out: from the program to the device
 *
 * Of VTUN_RING_QUERY only @size and @version are read, and all that
 * VTUN_RING_SETUP was asked with and has answered is told.
 */
struct vtun_ring_setup {
	__u32 size;
	__u32 version;
	__u32 flags;
	__u32 chunk_size;
	__u32 rx_entries;
	__u32 tx_entries;
	__u32 frame_max;
	__u32 chain_max;
	struct vtun_ring_area kernel;
	struct vtun_ring_area user;
	struct vtun_ring_layout rx;
	struct vtun_ring_layout tx;
};

/* Bits of &vtun_ring_state.status; none that is set is taken back. */
#define VTUN_RING_RX_BROKEN (1U << 0)	/* rx was stopped; see .rx_error */
#define VTUN_RING_TX_BROKEN (1U << 1)	/* tx was stopped; see .tx_error */
#define VTUN_RING_GONE (1U << 2)	/* the device has gone */

/**
 * enum vtun_ring_error - why the kernel has stopped a ring
 * @VTUN_RING_OK: it has not
 * @VTUN_RING_ERR_INDEX: the program's index is none that it can have: rx was
 *	released behind what was produced or twice, tx holds more than it has
 *	slots
 * @VTUN_RING_ERR_DESC: a descriptor's bytes are not within its chunk, are none,
 *	or its flags are not known
 * @VTUN_RING_ERR_CHAIN: a frame's chain ends nowhere, or is longer than
 *	&vtun_ring_setup.chain_max or .frame_max
 */
enum vtun_ring_error {
	VTUN_RING_OK,
	VTUN_RING_ERR_INDEX,
	VTUN_RING_ERR_DESC,
	VTUN_RING_ERR_CHAIN,
};

/**
 * struct vtun_ring_state - what the kernel's area begins with
 * @version: VTUN_RING_VERSION
 * @status: VTUN_RING_RX_BROKEN, VTUN_RING_TX_BROKEN, VTUN_RING_GONE
 * @rx_error: enum vtun_ring_error
 * @rx_error_index: the index that the program had, or that of the slot
 * @tx_error: enum vtun_ring_error
 * @tx_error_index: the index that the program had, or that of the slot
 * @reserved: 0
 */
struct vtun_ring_state {
	__u32 version;
	__u32 status;
	__u32 rx_error;
	__u32 rx_error_index;
	__u32 tx_error;
	__u32 tx_error_index;
	__u32 reserved[10];
};

/* &vtun_ring_side.flags of the kernel: it wants VTUN_RING_ENTER. */
#define VTUN_RING_NEED_ENTER (1U << 0)
/* &vtun_ring_side.flags of the program: it sleeps, or is about to. */
#define VTUN_RING_NEED_WAKEUP (1U << 0)

/**
 * struct vtun_ring_side - what one side tells the other of a direction
 * @index: slots it has produced, or has consumed, since the beginning; wraps
 *	around at 2^32; the slot is what remains of it, divided by the entries
 * @flags: VTUN_RING_NEED_ENTER of the kernel, VTUN_RING_NEED_WAKEUP of the
 *	program
 * @refused: of the kernel, for tx: frames that it has consumed and that the
 *	device has not received, as their virtio_net_hdr is none that a NIC
 *	could have brought, or for want of memory; wraps around
 * @reserved: 0
 */
struct vtun_ring_side {
	__u32 index;
	__u32 flags;
	__u32 refused;
	__u32 reserved[13];
};

/* &vtun_ring_desc.flags: the frame goes on in the next slot. */
#define VTUN_RING_DESC_NEXT (1U << 0)

/**
 * struct vtun_ring_desc - a slot
 * @len: bytes of the frame in this slot's chunk
 * @off: where they begin in the chunk
 * @flags: VTUN_RING_DESC_NEXT
 * @hdr: of the frame's first slot, as a NIC of virtio has it before version 1
 *	but for its being little-endian; zeroes in others. It is there whether
 *	or not the device has IFF_VNET_HDR, and its size is always this
 */
struct vtun_ring_desc {
	__u16 len;
	__u16 off;
	__u16 flags;
	struct virtio_net_hdr hdr;
};

/* Argument of VTUN_RING_ENTER. */
#define VTUN_RING_ENTER_TX (1U << 0)	/* receive what tx holds */
#define VTUN_RING_ENTER_RX (1U << 1)	/* slots of rx were released */
#define VTUN_RING_ENTER_WAIT (1U << 2)	/* then sleep until rx has a frame */

/*
 * VTUN_RING_SETUP and VTUN_RING_QUERY take a pointer to struct vtun_ring_setup,
 * VTUN_RING_ENTER takes its flags themselves and returns how many slots of tx
 * were consumed.
 */
#define VTUN_RING_SETUP _IO('T', 240)
#define VTUN_RING_QUERY _IO('T', 241)
#define VTUN_RING_ENTER _IO('T', 242)

#endif /* _UAPI_VNET_VTUN_RING_H */
