// SPDX-License-Identifier: GPL-2.0
/*
 * vtun-tunnel [-w] KEYFILE NAME LOCAL REMOTE PORT: the packets of a tun device, encrypted, to another host and back. Both
 * have the 32 bytes of the key in a file. -w goes by read and write.
 *
 * A datagram is a nonce of 24 bytes, the other host's session as its sender knows it, and what XChaCha20-Poly1305 makes of
 * the packet, which vouches for both. The nonce is the sender's session, new each time that it is started, and a count.
 *
 * A session is let in once it knows ours: who does not is told, by a datagram without a packet, and what was recorded
 * before we were started stays outside, whoever has sent it. So does a session that another has followed, and a count that
 * was seen.
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
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libvtun.h"

#define BATCH 64
#define PACKET 2000	/* bytes of a packet at most */
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define WINDOW 64

#define FORMER 256

struct session {
	unsigned char random[16];
};

struct nonce {
	struct session session;
	uint64_t count;		/* big-endian */
};

struct datagram {
	struct nonce nonce;
	struct session known;	/* the receiver's, as the sender knows it */
	unsigned char sealed[PACKET + TAG];
};

static unsigned char key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
static struct nonce mine, theirs;
static uint64_t seen;		/* bit N: theirs.count less N was there */
static struct session former[FORMER];	/* of theirs, those that others have followed */
static unsigned int formers;
static struct session stranger;	/* one that does not know ours */
static bool greeting;		/* it is to be told */
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
	char more;

	/* A longer file is another key than it looks like, hexadecimal digits for instance. */
	if (fd < 0 || read(fd, key, sizeof(key)) != sizeof(key) || read(fd, &more, 1))
		errx(1, "%s: no key of %zu bytes", path, sizeof(key));
	close(fd);
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

static bool same(const struct session *one, const struct session *other)
{
	return !memcmp(one, other, sizeof(*one));
}

static bool was_here(const struct session *session)
{
	for (unsigned int i = 0; i < formers && i < FORMER; i++)
		if (same(former + i, session))
			return true;
	return false;
}

/* Whether the datagram is new; it was found to be genuine. */
static bool fresh(const struct datagram *gram)
{
	const struct nonce *nonce = &gram->nonce;
	uint64_t count = be64toh(nonce->count), last = be64toh(theirs.count);

	/* Ours comes back where somebody sends it back. */
	if (same(&nonce->session, &mine.session))
		return false;
	if (!same(&nonce->session, &theirs.session)) {
		if (was_here(&nonce->session))
			return false;
		if (!same(&gram->known, &mine.session)) {
			stranger = nonce->session;
			greeting = true;
			return false;
		}
		former[formers++ % FORMER] = theirs.session;
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

/* Of the packet and what vouches for the sender, for who has the session @to. Returns the datagram's size. */
static size_t seal(struct datagram *gram, const struct session *to, const void *packet, size_t len)
{
	unsigned long long size;

	mine.count = htobe64(be64toh(mine.count) + 1);
	gram->nonce = mine;
	gram->known = *to;
	crypto_aead_xchacha20poly1305_ietf_encrypt(gram->sealed, &size, packet, len, (void *)&gram->known,
						   sizeof(gram->known), NULL, (void *)&gram->nonce, key);
	return offsetof(struct datagram, sealed) + size;
}

/* Tells a stranger of our session. */
static void greet(int fd)
{
	struct datagram gram;
	size_t size = seal(&gram, &stranger, NULL, 0);

	greeting = false;
	sent += send(fd, &gram, size, 0) == (ssize_t)size;
}

/* From the device to the other host. Returns whether there was something. */
static bool outwards(struct vtun *v, int fd)
{
	static struct vtun_frame frames[BATCH];
	unsigned int n = vtun_peek(v, frames, BATCH), count = 0, done = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct datagram *gram = grams + count;
		unsigned char flat[PACKET], *packet = frames[i].piece[0].iov_base;

		if (frames[i].len > PACKET)
			continue;
		if (frames[i].pieces > 1) {
			vtun_copy(frames + i, flat, sizeof(flat));
			packet = flat;
		}
		iovs[count] = (struct iovec){ gram, seal(gram, &theirs.session, packet, frames[i].len) };
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
	const size_t head = offsetof(struct datagram, sealed);
	struct vtun_frame frame = { .pieces = 1 };
	unsigned long long len;
	int ret = 0;

	if (size < head + TAG)
		return -EINVAL;
	size -= head;
	if (size > TAG)
		ret = vtun_reserve(v, &frame, size - TAG);
	if (ret)
		return ret;
	if (frame.pieces > 1 || crypto_aead_xchacha20poly1305_ietf_decrypt(frame.piece[0].iov_base, &len, NULL, gram->sealed,
									   size, (void *)&gram->known,
									   sizeof(gram->known), (void *)&gram->nonce,
									   key))
		return -EINVAL;
	if (!fresh(gram))
		return -EINVAL;
	if (size > TAG)
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
	if (greeting)
		greet(fd);
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
	randombytes_buf(&mine.session, sizeof(mine.session));
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
