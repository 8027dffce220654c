// SPDX-License-Identifier: GPL-2.0
/*
 * A fuzzer for mapped rings: what a program can write and ask for, at random, while traffic flows both ways.
 *
 * A round is a device of its own, of a mode, with rings, filters and neighbours that the round's number decides on. Three
 * threads have it: one sends and takes frames as programs do, one writes nonsense wherever the program may write (indexes,
 * flags, descriptors, headers, frames), and one asks for anything by ioctl, mmap, read and write on the same file. A socket
 * sends through the device meanwhile. What is shown: the kernel's checkers stay silent, each round ends, a neighbour's
 * frames go on, and the modules can be unloaded, with all memory given back (vm/leaks looks).
 *
 * Replay: the seed is printed, and with a failure the round.
 *	VNET_SEED=20261120 VNET_FUZZ_ONLY=7 build/selftests/fuzz/rings
 * What a thread does depends on these; when, on the machine. See fuzz.h for more.
 */
#define _GNU_SOURCE
#include <err.h>
#include <linux/filter.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

#include "../vtun/mapped.h"
#include "fuzz.h"

#define NODE "/dev/net/vtun"
#define ROUNDS 40		/* in the quick version */
#define BATCHES 150		/* of a round */
#define SLOTS_MIN 200		/* of a round, in the mean, that the device has to take */
#define ROUND_SECONDS 60
#define SETTLE_SECONDS 10

enum { STREAM_SHAPE, STREAM_TRAFFIC, STREAM_MEMORY, STREAM_CALLS, STREAM_PROCESS };

struct round {
	const struct fuzz *fuzz;
	unsigned int nr;
	struct mapped m;
	struct ifreq ifr;
	unsigned int rude;
	bool stop;
	unsigned long consumed;		/* slots */
};

static int kmsg;

static struct fuzz_rng round_rng(const struct round *r, unsigned int stream)
{
	return fuzz_rng(r->fuzz->seed, stream, r->nr);
}

static bool over(const struct round *r)
{
	return __atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

/* ---- the program ---- */

/* An IP packet with a UDP header, or what may stand in its place. */
static size_t make_packet(struct fuzz_rng *rng, unsigned char *frame, bool tap)
{
	static const unsigned char ip[] = {
		0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 198, 51, 100, 1, 198, 51, 100, 2, 3, 0xe8, 7, 0xd0,
	};
	size_t off = tap ? ETH_HLEN : 0, len = off + 28 + fuzz_below(rng, fuzz_chance(rng, 20) ? 40000 : 1400);

	fuzz_fill(rng, frame, off + 60);
	if (tap) {
		frame[0] = fuzz_chance(rng, 20) ? 0xff : 2;
		frame[12] = 8;
		frame[13] = 0;
	}
	memcpy(frame + off, ip, sizeof(ip));
	frame[off + 2] = (len - off) >> 8;
	frame[off + 3] = len - off;
	return len;
}

static struct virtio_net_hdr make_header(struct fuzz_rng *rng, bool tap)
{
	unsigned int off = tap ? ETH_HLEN : 0;
	struct virtio_net_hdr hdr = {};

	if (fuzz_chance(rng, 60))
		return hdr;
	hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr.csum_start = off + 20;
	hdr.csum_offset = 6;
	if (fuzz_chance(rng, 50)) {
		hdr.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
		hdr.gso_size = 1 + fuzz_below(rng, 1400);
		hdr.hdr_len = off + 28;
	}
	if (fuzz_chance(rng, 30))
		((unsigned char *)&hdr)[fuzz_below(rng, sizeof(hdr))] = fuzz_u64(rng);
	return hdr;
}

static void traffic(struct round *r, bool tap)
{
	static unsigned char frame[VTUN_RING_CHUNK_MAX * 32];
	struct fuzz_rng rng = round_rng(r, STREAM_TRAFFIC);
	int sock = dev_socket(r->ifr.ifr_name);
	struct mapped *m = &r->m;
	struct virtio_net_hdr hdr;
	long done;

	for (unsigned int i = 0; i < BATCHES / r->fuzz->slow; i++) {
		unsigned int n = 1 + fuzz_below(&rng, 16);

		while (n--) {
			size_t len = make_packet(&rng, frame, tap);

			hdr = make_header(&rng, tap);
			if (!mapped_put(m, frame, len, &hdr))
				break;
		}
		mapped_submit(m);
		done = mapped_enter(m, fuzz_below(&rng, 4));
		if (done > 0)
			r->consumed += done;
		for (n = fuzz_below(&rng, 8); n--;)
			(void)!send(sock, frame, make_packet(&rng, frame, tap) % 1500, MSG_DONTWAIT);
		/* The program's own library would have it so; what stands in the ring may be nonsense all the same. */
		__atomic_store_n(&m->rx.user->index, __atomic_load_n(&m->rx.kernel->index, __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
		/* A ring that is stopped tells nothing more. */
		if (m->state->status)
			break;
	}
	close(sock);
}

/* ---- its memory ---- */

/*
 * A place to write to. A ring that is stopped is not looked at any more, so indexes and what has to make sense of a
 * descriptor are left alone for long, or altogether.
 */
static unsigned char *pick_place(struct fuzz_rng *rng, const struct round *r)
{
	const struct mapped *m = &r->m;
	unsigned char *desc = (unsigned char *)&m->tx.descs[fuzz_below(rng, m->tx.entries)];
	unsigned int how = fuzz_below(rng, 100000);

	if (how < 2 * r->rude)
		return r->m.user + fuzz_below(rng, 64) * 4;
	if (how < 10 * r->rude)
		return desc + fuzz_below(rng, offsetof(struct vtun_ring_desc, hdr));
	if (how < 60000)
		return desc + offsetof(struct vtun_ring_desc, hdr) + fuzz_below(rng, sizeof(struct virtio_net_hdr));
	/* Where headers are, mostly. */
	return m->tx.chunks + (size_t)fuzz_below(rng, m->tx.entries) * m->setup.chunk_size +
	       fuzz_below(rng, how < 90000 ? 64 : m->setup.chunk_size);
}

static void *write_nonsense(void *arg)
{
	struct round *r = arg;
	struct fuzz_rng rng = round_rng(r, STREAM_MEMORY);

	while (!over(r)) {
		unsigned char what = fuzz_chance(&rng, 50) ? fuzz_edge(&rng) : fuzz_u64(&rng);

		__atomic_store_n(pick_place(&rng, r), what, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* ---- its calls ---- */

static const unsigned long calls[] = {
	VTUN_RING_SETUP, VTUN_RING_QUERY, VTUN_RING_ENTER, VTUN_RING_ENTER, VTUN_RING_ENTER, TUNSETSNDBUF, TUNGETSNDBUF,
	TUNSETOFFLOAD, TUNSETVNETHDRSZ, TUNGETVNETHDRSZ, TUNSETVNETLE, TUNSETVNETBE, TUNSETQUEUE, TUNSETTXFILTER, TUNSETLINK,
	TUNSETCARRIER, TUNGETIFF, TUNSETIFF, TUNSETPERSIST, TUNSETOWNER, TUNSETNOCSUM, TUNATTACHFILTER, TUNDETACHFILTER,
	TUNGETFILTER, TUNSETSTEERINGEBPF, TUNSETFILTEREBPF, FIONREAD, FIOASYNC,
};

/* What most of them take a pointer to; some take a number. */
static void call(struct fuzz_rng *rng, struct round *r)
{
	struct sock_filter code[] = { { BPF_RET | BPF_K, 0, 0, fuzz_edge(rng) } };
	union {
		unsigned char bytes[256];
		uint64_t words[32];
		struct vtun_ring_setup setup;
		struct sock_fprog prog;
		struct ifreq ifr;
		int val;
	} arg;
	unsigned long cmd = fuzz_pick(rng, calls);

	fuzz_fill(rng, &arg, sizeof(arg));
	for (int i = fuzz_below(rng, 8); i--;)
		arg.words[fuzz_below(rng, 32)] = fuzz_edge(rng);
	switch (cmd) {
	case VTUN_RING_SETUP:
	case VTUN_RING_QUERY:
		if (fuzz_chance(rng, 70))
			arg.setup = mapped_setup(1 << fuzz_below(rng, 20), 1 << fuzz_below(rng, 20),
						 1 << fuzz_below(rng, 14));
		break;
	case VTUN_RING_ENTER:
		/* Never to sleep for good. */
		ioctl(r->m.fd, cmd, fuzz_u64(rng) & ~(unsigned long)VTUN_RING_ENTER_WAIT);
		return;
	case TUNSETSNDBUF:
	case TUNSETVNETHDRSZ:
		if (fuzz_chance(rng, 70))
			arg.val = fuzz_below(rng, 100000);
		break;
	case TUNSETIFF:
	case TUNSETQUEUE:
		if (fuzz_chance(rng, 70)) {
			arg.ifr = r->ifr;
			arg.ifr.ifr_flags = 1 << fuzz_below(rng, 16);
		}
		break;
	case TUNATTACHFILTER:
		if (fuzz_chance(rng, 70))
			arg.prog = (struct sock_fprog){ .len = 1, .filter = code };
		break;
	case TUNSETPERSIST:
		/* It goes with its file. */
		return;
	case TUNSETOFFLOAD:
	case TUNSETLINK:
	case TUNSETOWNER:
	case TUNSETNOCSUM:
		ioctl(r->m.fd, cmd, fuzz_chance(rng, 50) ? fuzz_below(rng, 128) : fuzz_edge(rng));
		return;
	}
	ioctl(r->m.fd, cmd, fuzz_chance(rng, 95) ? arg.bytes : (void *)fuzz_edge(rng));
}

static void *call_anything(void *arg)
{
	struct round *r = arg;
	struct fuzz_rng rng = round_rng(r, STREAM_CALLS);
	unsigned char bytes[2000];
	struct pollfd pollfd = { .fd = r->m.fd, .events = POLLIN | POLLOUT };
	size_t len, part;
	void *mem;

	while (!over(r)) {
		switch (fuzz_below(&rng, 12)) {
		case 0:
			len = fuzz_chance(&rng, 50) ? r->m.setup.user.size : fuzz_below(&rng, 1 << 20) + 1;
			mem = mmap(NULL, len, fuzz_below(&rng, 8), fuzz_chance(&rng, 80) ? MAP_SHARED : MAP_PRIVATE,
				   r->m.fd,
				   fuzz_chance(&rng, 80) ? r->m.setup.user.offset : fuzz_edge(&rng) & ~4095UL);
			if (mem == MAP_FAILED)
				break;
			/* In two parts; what lies behind is not its own. */
			part = 4096 * fuzz_below(&rng, (len - 1) / 4096 + 1);
			munmap(mem + part, len - part);
			munmap(mem, part);
			break;
		case 1:
			(void)!read(r->m.fd, bytes, fuzz_below(&rng, sizeof(bytes)));
			break;
		case 2:
			fuzz_fill(&rng, bytes, 100);
			(void)!write(r->m.fd, bytes, fuzz_below(&rng, sizeof(bytes)));
			break;
		case 3:
			poll(&pollfd, 1, 0);
			break;
		case 4:
			dev_flags(r->ifr.ifr_name, fuzz_chance(&rng, 80) ? IFF_UP : IFF_PROMISC,
				  fuzz_chance(&rng, 20) ? IFF_UP : 0);
			break;
		default:
			call(&rng, r);
		}
	}
	return NULL;
}

/* ---- rounds ---- */

/* In a process of its own, which may be killed. Returns what it exits with: 2 for a device that was not there. */
static int round_run(struct round *r)
{
	static const unsigned int chunks[] = { 2048, 2048, 4096 };
	struct fuzz_rng rng = round_rng(r, STREAM_SHAPE);
	bool tap = fuzz_chance(&rng, 75), calling = fuzz_chance(&rng, 70);
	int flags = (tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI, sndbuf = 3000 + fuzz_below(&rng, 60000);
	unsigned int rx = 128 << fuzz_below(&rng, 3), tx = 128 << fuzz_below(&rng, 3), chunk = fuzz_pick(&rng, chunks);
	pthread_t memory, other;
	int fd = tun_open(NODE, O_NONBLOCK);

	r->rude = fuzz_below(&rng, 3);
	if (fuzz_chance(&rng, 20))
		flags |= IFF_NAPI;
	if (fuzz_chance(&rng, 20))
		flags |= IFF_MULTI_QUEUE;
	if (fuzz_chance(&rng, 20))
		flags |= IFF_VNET_HDR;
	snprintf(r->ifr.ifr_name, IFNAMSIZ, "f%u", r->nr);
	if (fd < 0 || tun_set_iff(fd, r->ifr.ifr_name, flags))
		return 2;
	ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6);
	if (fuzz_chance(&rng, 30))
		ioctl(fd, TUNSETSNDBUF, &sndbuf);
	if (mapped_open(&r->m, fd, rx, tx, chunk) || dev_up(r->ifr.ifr_name))
		return 2;
	if (pthread_create(&memory, NULL, write_nonsense, r) || (calling && pthread_create(&other, NULL, call_anything, r)))
		return 2;
	traffic(r, tap);
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	pthread_join(memory, NULL);
	if (calling)
		pthread_join(other, NULL);
	if (r->fuzz->verbose)
		printf("# round %u: %lu slots, %u refused, status %x\n", r->nr, r->consumed, r->m.tx.kernel->refused,
		       r->m.state->status);
	return 0;
}

/* Some of them end in the midst of it. @r is memory that processes share. Returns NULL or what is wrong. */
static const char *round_watch(struct round *r)
{
	struct fuzz_rng rng = round_rng(r, STREAM_PROCESS);
	bool killed = fuzz_chance(&rng, 20);
	time_t end = time(NULL) + ROUND_SECONDS * r->fuzz->slow;
	int status = 0;
	pid_t pid;

	pid = fork();
	if (!pid) {
		status = round_run(r);
		fflush(stdout);
		_exit(status);
	}
	if (killed) {
		usleep(fuzz_below(&rng, 100000) * r->fuzz->slow);
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (time(NULL) > end) {
			kill(pid, SIGKILL);
			return "it does not end";
		}
		usleep(2000);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		return "no device with rings";
	/* Its own stack is beyond what it may write to. */
	return WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL ? "a signal" : NULL;
}

/* A device that has no part in it. */
static bool neighbour_works(struct mapped *m, int sock)
{
	unsigned char frame[200], got[200];

	make_frame(frame, sizeof(frame), 1);
	return mapped_send(m, frame, sizeof(frame), NULL) == 1 &&
	       read_frame(sock, got, sizeof(got), 0) == (int)sizeof(frame) && !memcmp(frame, got, sizeof(frame)) &&
	       send(sock, frame, sizeof(frame), 0) == (int)sizeof(frame) &&
	       mapped_recv(m, got, sizeof(got), NULL) == (int)sizeof(frame) && !memcmp(frame, got, sizeof(frame));
}

int main(void)
{
	struct fuzz fuzz = fuzz_setup("rings");
	unsigned int rounds = ROUNDS * fuzz.scale / fuzz.share, nr, bad = 0;
	int fd, sock;
	const char *stuck, *why;
	unsigned long consumed = 0;
	char found[400] = "";
	struct round *r;
	struct mapped m;

	printf("1..4\n");
	r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED)
		err(1, "mmap");
	kmsg = fuzz_kmsg_open();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	tun_load(NODE);
	if (quiet_netns())
		errx(1, "no namespace");
	for (fd = -1, nr = 0; nr < 50 && fd < 0; nr++, usleep(100000))
		fd = tun_open(NODE, 0);
	if (fd < 0 || tun_set_iff(fd, "neighbour", IFF_TAP | IFF_NO_PI) ||
	    mapped_open(&m, fd, 128, 128, 0) || dev_up("neighbour"))
		errx(1, "no device to work with");
	sock = dev_socket("neighbour");
	for (nr = 0; nr < rounds && !found[0]; nr++) {
		if (fuzz.only >= 0 && nr != (unsigned int)fuzz.only)
			continue;
		fuzz_kmsg_mark(kmsg, "rings: round %u", nr);
		*r = (struct round){ .fuzz = &fuzz, .nr = nr };
		why = round_watch(r);
		consumed += r->consumed;
		if (!why && !neighbour_works(&m, sock))
			why = "its neighbour's frames are lost";
		if (fuzz_kmsg_finding(kmsg, found, sizeof(found)))
			why = found;
		if (why)
			printf("# round %u: %s\n", nr, why);
		bad += !!why;
	}
	printf("# %lu slots\n", consumed);
	fuzz_result(!bad, "rounds", "%u of them; see above", bad);
	fuzz_result(fuzz.only >= 0 || consumed > SLOTS_MIN / fuzz.slow * rounds, "volume", "%lu slots were consumed",
		    consumed);
	fuzz_result(neighbour_works(&m, sock), "neighbour", "its frames are lost");
	munmap(m.kernel, m.setup.kernel.size);
	munmap(m.user, m.setup.user.size);
	close(sock);
	close(fd);
	stuck = fuzz_unload(SETTLE_SECONDS * fuzz.slow);
	fuzz_result(!stuck, "unload", "%s cannot be unloaded", stuck ? stuck : "");
	return fuzz_failures > 0;
}
