/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the tests under stress: seeds, time, and processes that send frames whatever happens to the device they send by.
 *
 * VNET_SEED replays a run as far as several processes on several CPUs can be: each takes the same decisions in the same
 * order again. VNET_LONG=1 asks for the long run.
 */
#ifndef SELFTESTS_STRESS_H
#define SELFTESTS_STRESS_H

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "ops.h"

#define STRESS_LONG_SECONDS	600
#define STRESS_SPACES		6

/* ---- seeds and time ---- */

static inline unsigned long stress_env(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

static inline unsigned int stress_seed(void)
{
	struct timespec now;
	unsigned int seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = stress_env("VNET_SEED", (now.tv_nsec ^ getpid()) % 1000000);
	printf("# seed: VNET_SEED=%u\n", seed);
	fflush(stdout);
	return seed;
}

struct stress_random {
	uint64_t state;
};

/* A stream of its own for each process. */
static inline void stress_random_init(struct stress_random *rnd, unsigned int seed, unsigned int stream)
{
	rnd->state = (seed + 1) * 0x9e3779b97f4a7c15ull + stream * 0xbf58476d1ce4e5b9ull;
}

static inline unsigned int stress_below(struct stress_random *rnd, unsigned int limit)
{
	rnd->state ^= rnd->state << 13;
	rnd->state ^= rnd->state >> 7;
	rnd->state ^= rnd->state << 17;
	return (rnd->state >> 20) % limit;
}

static inline double stress_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static inline double stress_end(double quick_seconds)
{
	return stress_now() + (stress_env("VNET_LONG", 0) ? STRESS_LONG_SECONDS : quick_seconds);
}

/* True once the condition holds; waits for that a while, longer on a slow kernel. */
static inline bool stress_poll(bool (*condition)(void *arg), void *arg)
{
	double limit = stress_now() + 10.0 * stress_env("VNET_SLOW", 1);

	while (!condition(arg)) {
		if (stress_now() > limit)
			return false;
		usleep(20000);
	}
	return true;
}

static inline void stress_pin(unsigned int nr)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(nr % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* ---- senders ---- */

/* The frames of one device, sent by one process; the counts are shared with the one that judges. */
struct stress_flow {
	const unsigned char *by, *to;	/* addresses */
	unsigned int len, burst;
	/*
	 * Taken by the stack; refused by the device or its queue; not sent as the device was small or away; or down, which
	 * the core counts for the device where it went down between the socket's look at it and the core's own.
	 */
	volatile unsigned long taken, refused, unsent, down;
	volatile bool stop;
	pid_t pid;
};

static inline struct stress_flow *stress_flows(int n)
{
	void *flows = mmap(NULL, n * sizeof(struct stress_flow), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return flows == MAP_FAILED ? NULL : flows;
}

/* Enters one namespace after the other until the device is found; its index, and a socket there. */
static inline int stress_find(struct stress_flow *flow, const int *spaces, int n, int *fd)
{
	struct op_link link = {};
	struct op_ns ns = {};
	int i;

	close(*fd);
	*fd = -1;
	for (i = 0; i < n && *fd < 0; i++) {
		if (op_ns_again(&ns, spaces[i]))
			continue;
		if (op_find_mac(&ns, flow->by, &link))
			*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
		op_ns_close(&ns);
	}
	return link.index;
}

static inline void stress_send(struct stress_flow *flow, const int *spaces, int n)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = ETH_ALEN };
	unsigned char frame[2048] = { [12] = ETH_P_IP >> 8 };
	unsigned int i;
	int fd = -1;

	memcpy(frame, flow->to, ETH_ALEN);
	memcpy(frame + ETH_ALEN, flow->by, ETH_ALEN);
	while (!flow->stop) {
		for (i = 0; i < flow->burst; i++) {
			if (sendto(fd, frame, flow->len, 0, (struct sockaddr *)&to, sizeof(to)) >= 0) {
				flow->taken++;
			} else if (errno == ENOBUFS || errno == ENOMEM) {
				flow->refused++;
			} else {
				if (errno == ENETDOWN)
					flow->down++;
				else
					flow->unsent++;
				break;
			}
		}
		if (i < flow->burst && (errno == ENXIO || errno == ENODEV || errno == EBADF))
			to.sll_ifindex = stress_find(flow, spaces, n, &fd);
		usleep(1500);
	}
}

static inline bool stress_start(struct stress_flow *flow, unsigned int cpu, const int *spaces, int n)
{
	pid_t pid = fork();

	if (pid) {
		flow->pid = pid;
		return pid > 0;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stress_pin(cpu);
	nice(5);
	stress_send(flow, spaces, n);
	_exit(0);
}

/* A signal could come between a frame and its count, so the sender is asked. */
static inline bool stress_stop(struct stress_flow *flow)
{
	int status = -1;

	flow->stop = true;
	return waitpid(flow->pid, &status, 0) == flow->pid && !status;
}

/* ---- others that look at frames ---- */

/* A packet socket on a device, for IP or for all frames, which nobody reads: it only counts. */
static inline int stress_listen(int space, int index, unsigned short type)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_ifindex = index, .sll_protocol = htons(type) };
	int fd, size = 1;

	if (setns(space, CLONE_NEWNET))
		return -1;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Frames that have come to the socket since this was last asked. */
static inline unsigned long stress_heard(int fd)
{
	struct tpacket_stats stats = {};
	socklen_t size = sizeof(stats);

	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
	return stats.tp_packets;
}

/* An XDP program that passes every frame on. */
static inline int stress_xdp_load(void)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP, .insns = (uintptr_t)insns, .insn_cnt = 2, .license = (uintptr_t)"GPL",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* A program for a device; -1 takes it away. */
static inline void stress_xdp(struct nl_msg *msg, int index, int prog)
{
	struct nlattr *xdp;

	op_set(msg, index);
	xdp = nl_nest(msg, IFLA_XDP | NLA_F_NESTED);
	nl_attr_u32(msg, IFLA_XDP_FD, prog);
	nl_attr_u32(msg, IFLA_XDP_FLAGS, 2);	/* for any driver */
	nl_nest_end(msg, xdp);
}

#endif
