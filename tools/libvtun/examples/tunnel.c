// SPDX-License-Identifier: GPL-2.0
/*
 * vtun-tunnel [-w] KEYFILE NAME LOCAL REMOTE PORT: the packets of a tun device, encrypted, to another host and back. Both
 * have the 32 bytes of the key in a file. -w goes by read and write.
 *
 * A datagram is a nonce of 24 bytes and what XChaCha20-Poly1305 makes of the packet. The nonce is the sender's session and a
 * count; a session begins with the time at which its sender was started, so what was recorded of an older one is refused, as
 * is a count that was seen.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "libvtun.h"

#define BATCH 64
#define PACKET 2000	/* bytes of a packet at most */
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define WINDOW 64

struct nonce {
	uint64_t start;		/* of the session, nanoseconds since 1970; big-endian */
	uint64_t random;
	uint64_t count;		/* big-endian */
};

struct datagram {
	struct nonce nonce;
	unsigned char sealed[PACKET + TAG];
};

static unsigned char key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
static struct nonce mine, theirs;
static uint64_t seen;		/* bit N: theirs.count less N was there */
static struct datagram grams[BATCH];
static struct iovec iovs[BATCH];
static struct mmsghdr messages[BATCH];
static unsigned long long sent, received, refused;
static volatile sig_atomic_t over;

_Static_assert(sizeof(struct nonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "the nonce is as long as it is to be");

static void on_signal(int sig)
{
	(void)sig;
	over = 1;
}

static void read_key(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, key, sizeof(key)) != sizeof(key))
		errx(1, "%s: no key of %zu bytes", path, sizeof(key));
	close(fd);
}

static void begin_session(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	mine.start = htobe64(now.tv_sec * 1000000000ULL + now.tv_nsec);
	randombytes_buf(&mine.random, sizeof(mine.random));
}

/* A batch from a ring comes at once, and what there is no room for is lost. Past the system's bound, where one may. */
static void enlarge(int fd, int forced, int asked)
{
	int size = 4 << 20;

	if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, asked, &size, sizeof(size));
}

static int udp_socket(const char *local, const char *remote, const char *port)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM };
	int fd = -1, ends[] = { 0, 1 };

	for (int i = 0; i < 2; i++) {
		struct addrinfo *info;
		int error = getaddrinfo(ends[i] ? remote : local, port, &hints, &info);

		if (error)
			errx(1, "%s: %s", ends[i] ? remote : local, gai_strerror(error));
		if (!i)
			fd = socket(info->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0 || (i ? connect : bind)(fd, info->ai_addr, info->ai_addrlen))
			err(1, "%s", ends[i] ? remote : local);
		freeaddrinfo(info);
	}
	enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	return fd;
}

/* Whether the datagram is new; it was found to be genuine. */
static bool fresh(const struct nonce *nonce)
{
	uint64_t start = be64toh(nonce->start), count = be64toh(nonce->count), last = be64toh(theirs.count);

	if (!memcmp(nonce, &mine, offsetof(struct nonce, count)))
		return false;
	if (memcmp(nonce, &theirs, offsetof(struct nonce, count))) {
		if (start <= be64toh(theirs.start))
			return false;
		theirs = *nonce;
		seen = 1;
		return true;
	}
	if (count > last) {
		seen = count - last < WINDOW ? seen << (count - last) | 1 : 1;
		theirs = *nonce;
		return true;
	}
	if (last - count >= WINDOW || seen >> (last - count) & 1)
		return false;
	seen |= 1ULL << (last - count);
	return true;
}

/* From the device to the other host. Returns whether there was something. */
static bool outwards(struct vtun *v, int fd)
{
	static struct vtun_frame frames[BATCH];
	unsigned int n = vtun_peek(v, frames, BATCH), count = 0, done = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct datagram *gram = grams + count;
		unsigned char flat[PACKET], *packet = frames[i].piece[0].iov_base;
		unsigned long long len;

		if (frames[i].len > PACKET)
			continue;
		if (frames[i].pieces > 1) {
			vtun_copy(frames + i, flat, sizeof(flat));
			packet = flat;
		}
		mine.count = htobe64(be64toh(mine.count) + 1);
		gram->nonce = mine;
		crypto_aead_xchacha20poly1305_ietf_encrypt(gram->sealed, &len, packet, frames[i].len, NULL, 0, NULL,
							   (void *)&gram->nonce, key);
		iovs[count] = (struct iovec){ gram, sizeof(gram->nonce) + len };
		count++;
	}
	vtun_release(v, n);
	/* What the socket has no room for is lost, as on any network. */
	while (done < count) {
		int ret = sendmmsg(fd, messages + done, count - done, 0);

		done += ret > 0 ? ret : 1;
		sent += ret > 0 ? ret : 0;
	}
	return n;
}

/* Opened where the device is to have it. */
static int open_datagram(struct vtun *v, const struct datagram *gram, size_t size)
{
	struct vtun_frame frame;
	unsigned long long len;
	int ret;

	if (size <= sizeof(gram->nonce) + TAG)
		return -EINVAL;
	size -= sizeof(gram->nonce);
	ret = vtun_reserve(v, &frame, size - TAG);
	if (ret)
		return ret;
	if (frame.pieces > 1 || crypto_aead_xchacha20poly1305_ietf_decrypt(frame.piece[0].iov_base, &len, NULL, gram->sealed,
									   size, NULL, 0, (void *)&gram->nonce, key))
		return -EINVAL;
	if (!fresh(&gram->nonce))
		return -EINVAL;
	vtun_commit(v, &frame);
	return 0;
}

static bool inwards(struct vtun *v, int fd)
{
	int n;

	for (int i = 0; i < BATCH; i++)
		iovs[i] = (struct iovec){ grams + i, sizeof(*grams) };
	n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		if (open_datagram(v, grams + i, messages[i].msg_len))
			refused++;
		else
			received++;
	}
	vtun_submit(v);
	return n > 0;
}

int main(int argc, char **argv)
{
	struct vtun_options options = { .flags = IFF_TUN };
	struct vtun *v;
	int fd;

	if (argc > 1 && !strcmp(argv[1], "-w")) {
		options.how = VTUN_NO_RINGS;
		argv++;
		argc--;
	}
	if (argc != 6)
		errx(2, "usage: vtun-tunnel [-w] KEYFILE NAME LOCAL REMOTE PORT");
	if (sodium_init() < 0)
		errx(1, "libsodium does not start");
	read_key(argv[1]);
	begin_session();
	fd = udp_socket(argv[3], argv[4], argv[5]);
	v = vtun_open(argv[2], &options);
	if (!v)
		err(1, "%s", argv[2]);
	for (int i = 0; i < BATCH; i++)
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = iovs + i, .msg_iovlen = 1 };
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	printf("ready %s %s\n", vtun_name(v), vtun_has_rings(v) ? "rings" : "read/write");
	fflush(stdout);
	while (!over) {
		struct pollfd fds[] = { { .fd = vtun_fd(v), .events = POLLIN }, { .fd = fd, .events = POLLIN } };
		bool some = outwards(v, fd);

		some |= inwards(v, fd);
		if (some)
			continue;
		if (vtun_arm(v))
			poll(fds, 2, 1000);
		vtun_disarm(v);
		if (fds[0].revents & POLLERR)
			errx(1, "%s has gone", vtun_name(v));
	}
	printf("sent %llu received %llu refused %llu\n", sent, received, refused);
	vtun_close(v);
	return 0;
}
