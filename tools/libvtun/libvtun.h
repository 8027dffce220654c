/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libvtun: the frames of a vtun device in memory that the program shares with
 * the kernel, many of them for one system call. See libvtun(3).
 */
#ifndef LIBVTUN_H
#define LIBVTUN_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pieces that a frame has at most. */
#define VTUN_PIECES_MAX 64

/* &vtun_options.how */
#define VTUN_RINGS	(1U << 0)	/* with mapped rings or not at all */
#define VTUN_NO_RINGS	(1U << 1)	/* by read and write, whatever there is */

/**
 * struct vtun_options - what a device is opened with; zeroes are good for all
 * @node: the device node, or NULL for /dev/net/vtun
 * @flags: IFF_TUN or IFF_TAP (if neither), IFF_MULTI_QUEUE
 * @offload: TUN_F_*: what the program can do with in frames that it receives
 * @how: VTUN_RINGS or VTUN_NO_RINGS, or 0: as it can be had
 * @rx_entries: slots from the device to the program, a power of two
 * @tx_entries: slots from the program to the device, a power of two
 * @chunk_size: bytes of a slot, 2048 or 4096
 */
struct vtun_options {
	const char *node;
	unsigned int flags;
	unsigned int offload;
	unsigned int how;
	unsigned int rx_entries;
	unsigned int tx_entries;
	unsigned int chunk_size;
};

/**
 * struct vtun_frame - a frame in the rings
 * @hdr: its virtio_net_hdr, little-endian
 * @len: its bytes
 * @pieces: pieces of memory that these are in
 * @piece: the pieces, in order
 */
struct vtun_frame {
	struct virtio_net_hdr hdr;
	unsigned int len;
	unsigned int pieces;
	struct iovec piece[VTUN_PIECES_MAX];
};

/*
 * A file of a device, and its rings.
 *
 * One thread at a time may receive, and one may send.
 */
struct vtun;

/**
 * vtun_open() - open the node, attach to a device, and map its rings
 * @name: of the device, which is made where there is none; may hold %d
 * @options: or NULL
 *
 * Return: what the other functions take; or NULL, and errno says why.
 */
struct vtun *vtun_open(const char *name, const struct vtun_options *options);

/**
 * vtun_attach() - the same for a file that is attached already
 * @fd: the file, which is then vtun_close()'s to close; one that rings were set
 *	up for has them as they are
 * @options: or NULL; .node, .flags and .offload do not count
 *
 * Return: as of vtun_open(). Where it fails @fd stays open.
 */
struct vtun *vtun_attach(int fd, const struct vtun_options *options);

/**
 * vtun_close() - unmap the rings and close the file
 * @v: or NULL
 */
void vtun_close(struct vtun *v);

/**
 * vtun_fd() - the file, for poll and the like and for TUN ioctls
 * @v: as of vtun_open()
 *
 * Return: the file, which stays @v's.
 */
int vtun_fd(const struct vtun *v);

/**
 * vtun_name() - the device's name when it was opened
 * @v: as of vtun_open()
 *
 * Return: the name, for as long as there is @v.
 */
const char *vtun_name(const struct vtun *v);

/**
 * vtun_has_rings() - whether frames pass through memory, not by read and write
 * @v: as of vtun_open()
 *
 * Return: whether they do.
 */
bool vtun_has_rings(const struct vtun *v);

/**
 * vtun_error() - whether the device has gone, or a ring was stopped
 * @v: as of vtun_open()
 *
 * Return: 0; -EBADFD where the device has gone; -EIO where the kernel has
 * stopped a ring.
 */
int vtun_error(const struct vtun *v);

/**
 * vtun_peek() - look at the frames that were received
 * @v: as of vtun_open()
 * @frames: filled in, the oldest frame first; the memory is the ring's, good
 *	for reading until vtun_release()
 * @max: places in @frames
 *
 * Return: how many there are, the same again until they are released.
 */
unsigned int vtun_peek(struct vtun *v, struct vtun_frame *frames,
		       unsigned int max);

/**
 * vtun_release() - give the oldest frames' slots back to the device
 * @v: as of vtun_open()
 * @n: frames, of those that vtun_peek() has shown
 *
 * Return: 0 or -errno.
 */
int vtun_release(struct vtun *v, unsigned int n);

/**
 * vtun_reserve() - find room for a frame to send
 * @v: as of vtun_open()
 * @frame: filled in: pieces to write the frame to, and a header of zeroes
 * @len: bytes that it will have at most
 *
 * Nothing is taken: another call finds the same room.
 *
 * Return: 0; -EAGAIN where the ring is full; -EMSGSIZE where no frame is as
 * long, or it is empty.
 */
int vtun_reserve(struct vtun *v, struct vtun_frame *frame, size_t len);

/**
 * vtun_commit() - take the room that vtun_reserve() has found
 * @v: as of vtun_open()
 * @frame: as vtun_reserve() has filled it in, but for .hdr and .len, which are
 *	as the frame is; .len may be less than was asked for
 *
 * The device has it after vtun_submit().
 */
void vtun_commit(struct vtun *v, const struct vtun_frame *frame);

/**
 * vtun_submit() - give the device all frames that were committed
 * @v: as of vtun_open()
 *
 * Return: 0; -EAGAIN where some stay until it is called again, for which
 * vtun_wait() waits; or another -errno.
 */
int vtun_submit(struct vtun *v);

/**
 * vtun_send() - reserve, copy and commit a frame
 * @v: as of vtun_open()
 * @hdr: its virtio_net_hdr, or NULL for zeroes
 * @iov: its bytes; may be the pieces of a frame of another device
 * @n: how many of these
 *
 * Return: 0, or as of vtun_reserve().
 */
int vtun_send(struct vtun *v, const struct virtio_net_hdr *hdr,
	      const struct iovec *iov, unsigned int n);

/**
 * vtun_copy() - copy a frame's bytes
 * @frame: the frame
 * @to: where to
 * @room: bytes there
 *
 * Return: bytes that were copied.
 */
size_t vtun_copy(const struct vtun_frame *frame, void *to, size_t room);

/**
 * vtun_arm() - ask to be woken by the file's POLLIN
 * @v: as of vtun_open()
 *
 * Before whatever sleeps on several files, with all frames released;
 * vtun_disarm() after it. Where frames have come or gone since the last time,
 * other programs of the CPU get their turn first, so that more frames are there
 * at once.
 *
 * Return: whether one may sleep; else there is a frame already, or one that was
 * not released.
 */
bool vtun_arm(struct vtun *v);

/**
 * vtun_disarm() - the end of what vtun_arm() has begun
 * @v: as of vtun_open()
 */
void vtun_disarm(struct vtun *v);

/**
 * vtun_wait() - sleep until there is a frame, or room for what is not sent yet
 * @v: as of vtun_open()
 * @timeout: milliseconds, or -1 for ever
 *
 * Return: 1 where there is; 0 where the time is over; -EINTR; or as of
 * vtun_error().
 */
int vtun_wait(struct vtun *v, int timeout);

#ifdef __cplusplus
}
#endif

#endif /* LIBVTUN_H */
