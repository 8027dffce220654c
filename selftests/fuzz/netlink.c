// SPDX-License-Identifier: GPL-2.0
/*
 * A netlink fuzzer for pairs, bridges, ports and forwarding entries. Requests of a grammar (grammar.h), a third of them
 * made wrong (mutate.h), come from several workers at once, each with two network namespaces and a few devices of its own.
 * What is shown: the kernel answers every request, its dumps end and make sense, nothing of its checkers speaks, in the
 * end every device can be deleted and the modules unloaded, and the grammar is good enough that much is accepted.
 *
 * Replay: the seed is printed, and with a failure the worker and the number of the message.
 *	VNET_SEED=20261120 build/selftests/fuzz/netlink
 *	VNET_SEED=20261120 VNET_FUZZ_ONLY=2 VNET_FUZZ_FROM=1000 VNET_FUZZ_COUNT=500 VNET_FUZZ_VERBOSE=1 \
 *		build/selftests/fuzz/netlink
 * See fuzz.h for more.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/socket.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "fuzz.h"
#include "grammar.h"
#include "mutate.h"

#define WORKERS 4
#define MESSAGES 20000		/* of all workers, in the quick version */
#define BLOCK 500		/* messages between two looks at everything */
#define MUTATED 35		/* percent */
#define ANSWER_SECONDS 30
#define ACCEPTED_MIN 20		/* percent */

#define ERRNOS 134
#define SENTENCES 200

/* What a worker tells, in memory that all share. */
struct report {
	unsigned int sent[KINDS], accepted[KINDS], silent[KINDS];
	unsigned int error[KINDS][ERRNOS];
	unsigned long long ns[KINDS];	/* until the answer */
	struct sentence {
		unsigned int count;
		char text[100];
	} said[SENTENCES];		/* with which the kernel refuses */
	unsigned int blocks, pruned;
	unsigned int left;		/* devices that could not be deleted */
	long failed_at;
	char failure[400];
	bool unanswered, finding, inconsistent, setup_failed, done;
};

struct worker {
	const struct fuzz *fuzz;
	struct report *report;
	unsigned int nr;
	struct nl_sock *sock[2];	/* of the two namespaces; only the first checks strictly */
	int kmsg;
	uint32_t seq;
	unsigned char *answer;
	const char *said;		/* with the last error, in answer */
};

#define ANSWER_SIZE (1 << 18)

static void failed(struct worker *w, long message, bool *what, const char *text)
{
	struct report *r = w->report;

	*what = true;
	if (!r->failure[0]) {
		r->failed_at = message;
		snprintf(r->failure, sizeof(r->failure), "%s", text);
	}
}

/* ---- talking to the kernel ---- */

static const char *sentence_of(const struct nlmsghdr *hdr)
{
	int head = sizeof(struct nlmsgerr);
	const struct nlattr *text = nlmsg_find_attr((struct nlmsghdr *)hdr, head, NLMSGERR_ATTR_MSG);

	return (hdr->nlmsg_flags & NLM_F_ACK_TLVS) && text ? nla_data(text) : NULL;
}

static void add_sentence(struct report *r, const char *text, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < SENTENCES - 1 && r->said[i].count; i++)
		if (!strncmp(r->said[i].text, text, sizeof(r->said[i].text) - 1))
			break;
	if (!r->said[i].count)
		snprintf(r->said[i].text, sizeof(r->said[i].text), "%s", text);
	r->said[i].count += count;
}

/*
 * Reads until the answer to that request is complete; -EAGAIN where it does not come in time. If more is wanted of it than
 * the error, each message is given to fn.
 */
static int await(struct worker *w, int side, uint32_t seq, void (*fn)(const struct nlmsghdr *hdr, void *arg), void *arg)
{
	for (;;) {
		ssize_t len = recv(nl_socket_get_fd(w->sock[side]), w->answer, ANSWER_SIZE, 0);
		const struct nlmsghdr *hdr = (void *)w->answer;

		if (len < 0 && errno == ENOBUFS)
			continue;
		if (len < 0)
			return -errno;
		for (; NLMSG_OK(hdr, len); hdr = NLMSG_NEXT(hdr, len)) {
			if (hdr->nlmsg_seq != seq)
				continue;
			if (hdr->nlmsg_type == NLMSG_ERROR) {
				w->said = sentence_of(hdr);
				return ((const struct nlmsgerr *)NLMSG_DATA(hdr))->error;
			}
			if (hdr->nlmsg_type == NLMSG_DONE)
				return 0;
			if (fn)
				fn(hdr, arg);
		}
	}
}

/* A message without a meaning, to learn whether those before it are through. */
static int sync_up(struct worker *w, int side)
{
	struct nlmsghdr nop = {
		.nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = NLMSG_NOOP, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.nlmsg_seq = ++w->seq,
	};

	if (nl_sendto(w->sock[side], &nop, sizeof(nop)) < 0)
		return -EIO;
	return await(w, side, nop.nlmsg_seq, NULL, NULL);
}

/* Sends what may be broken; the answer, or -ENODATA where the kernel has passed over it without one. */
static int send_raw(struct worker *w, int side, struct raw *raw)
{
	int flags = NLM_F_REQUEST | NLM_F_ACK, rc;

	raw->hdr.nlmsg_seq = ++w->seq;
	if (nl_sendto(w->sock[side], raw->bytes, raw->len) < 0)
		return -ENODATA;
	/* Several messages in one buffer, or half a one: how many answers come is for the kernel to say. */
	if ((raw->hdr.nlmsg_flags & flags) != flags || raw->hdr.nlmsg_len != raw->len ||
	    raw->hdr.nlmsg_type < NLMSG_MIN_TYPE) {
		rc = sync_up(w, side);
		return rc ? rc : -ENODATA;
	}
	return await(w, side, w->seq, NULL, NULL);
}

/* ---- looking at everything ---- */

struct neighs {
	unsigned int count;
};

static void count_neigh(const struct nlmsghdr *hdr, void *arg)
{
	struct neighs *neighs = arg;

	neighs->count += hdr->nlmsg_type == RTM_NEWNEIGH;
}

static int dump_neighs(struct worker *w, int side)
{
	struct {
		struct nlmsghdr hdr;
		struct ndmsg ndm;
	} req = {
		.hdr = { sizeof(req), RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, ++w->seq, 0 },
		.ndm = { .ndm_family = AF_BRIDGE },
	};
	struct neighs neighs = {};

	if (nl_sendto(w->sock[side], &req, sizeof(req)) < 0)
		return -EIO;
	return await(w, side, req.hdr.nlmsg_seq, count_neigh, &neighs);
}

static int delete_index(struct worker *w, int side, int index)
{
	struct {
		struct nlmsghdr hdr;
		struct ifinfomsg ifi;
	} req = {
		.hdr = { sizeof(req), RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, ++w->seq, 0 },
		.ifi = { .ifi_index = index },
	};

	if (nl_sendto(w->sock[side], &req, sizeof(req)) < 0)
		return -EIO;
	return await(w, side, req.hdr.nlmsg_seq, NULL, NULL);
}

/* The peer of a peer is the device itself, and a port's master is a bridge that is there. */
static const char *check_link(struct nl_cache *links, struct rtnl_link *link)
{
	const char *type = rtnl_link_get_type(link), *why = NULL;
	int index = rtnl_link_get_ifindex(link), master = rtnl_link_get_master(link), other;
	struct rtnl_link *found;
	uint32_t nsid;

	if (type && !strcmp(type, "vveth") && rtnl_link_get_link_netnsid(link, (int32_t *)&nsid) < 0) {
		other = rtnl_link_get_link(link);
		found = rtnl_link_get(links, other);
		if (!found || rtnl_link_get_link(found) != index)
			why = "the two ends of a pair do not agree";
		rtnl_link_put(found);
	}
	if (master) {
		found = rtnl_link_get(links, master);
		if (!found)
			why = "a master that does not exist";
		rtnl_link_put(found);
	}
	return why;
}

/*
 * Deletes the devices that the grammar has no name for, so that there are never too many, or all but lo; returns how many
 * of all are left, or -1.
 */
static int prune(struct worker *w, int side, bool all)
{
	struct nl_cache *links;
	struct nl_object *object;
	int rc, count;

	if (rtnl_link_alloc_cache(w->sock[side], AF_UNSPEC, &links))
		return -1;
	count = nl_cache_nitems(links);
	for (object = nl_cache_get_first(links); object; object = nl_cache_get_next(object)) {
		int index = rtnl_link_get_ifindex((struct rtnl_link *)object);

		if (index == 1 || (!all && index >= FUZZ_INDEX && index < FUZZ_INDEX + FUZZ_SLOTS))
			continue;
		w->report->pruned += !all;
		/* -ENODEV: gone with its peer, or with the device below it. */
		rc = delete_index(w, side, index);
		if (!rc || rc == -ENODEV)
			count--;
	}
	nl_cache_free(links);
	return count - 1;
}

static const char *check_links(struct worker *w, int side)
{
	const char *why = NULL;
	struct nl_cache *links;
	struct nl_object *object;

	if (rtnl_link_alloc_cache(w->sock[side], AF_UNSPEC, &links))
		return "the devices cannot be listed";
	for (object = nl_cache_get_first(links); object && !why; object = nl_cache_get_next(object))
		why = check_link(links, (struct rtnl_link *)object);
	nl_cache_free(links);
	return why;
}

/* False where the worker has to stop. */
static bool look(struct worker *w, long message)
{
	struct report *r = w->report;
	const char *why;
	char text[300];
	int side;

	r->blocks++;
	for (side = 0; side < 2; side++) {
		if (sync_up(w, side)) {
			failed(w, message, &r->unanswered, "the kernel does not answer");
			return false;
		}
		why = check_links(w, side);
		if (!why && dump_neighs(w, side))
			why = "the forwarding entries cannot be listed";
		if (!why && prune(w, side, false) < 0)
			why = "the devices cannot be listed";
		if (why)
			failed(w, message, &r->inconsistent, why);
	}
	if (fuzz_kmsg_finding(w->kmsg, text, sizeof(text)))
		failed(w, message, &r->finding, text);
	return !r->failure[0];
}

/* ---- a worker ---- */

static struct nl_sock *open_socket(bool strict)
{
	struct timeval limit = { .tv_sec = ANSWER_SECONDS * fuzz_env("VNET_SLOW", 1) };
	struct nl_sock *sock = nl_socket_alloc();
	int one = 1;

	if (!sock || nl_connect(sock, NETLINK_ROUTE))
		return NULL;
	nl_socket_disable_seq_check(sock);
	nl_socket_set_buffer_size(sock, 1 << 20, 1 << 18);
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	if (strict)
		setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	setsockopt(nl_socket_get_fd(sock), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return sock;
}

static int load_xdp_pass(void)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_XDP, .insn_cnt = 2 };

	attr.insns = (uintptr_t)insns;
	attr.license = (uintptr_t)"GPL";
	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* The number by which the first namespace knows the other. */
static bool give_nsid(struct worker *w)
{
	struct rtgenmsg gen = { .rtgen_family = AF_UNSPEC };
	struct nl_msg *msg = nlmsg_alloc();
	bool ok;

	nlmsg_put(msg, 0, ++w->seq, RTM_NEWNSID, 0, NLM_F_REQUEST | NLM_F_ACK);
	nlmsg_append(msg, &gen, sizeof(gen), NLMSG_ALIGNTO);
	nla_put_u32(msg, NETNSA_NSID, FUZZ_NSID);
	nla_put_u32(msg, NETNSA_FD, FUZZ_FD_OTHER_NS);
	ok = nl_sendto(w->sock[0], nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len) >= 0 && !await(w, 0, w->seq, NULL, NULL);
	nlmsg_free(msg);
	return ok;
}

/* Two namespaces, and the descriptors that the grammar names. */
static bool set_up(struct worker *w)
{
	int fd;

	/* The worker is in a fresh one already: that becomes the other. */
	dup2(open("/proc/self/ns/net", O_RDONLY), FUZZ_FD_OTHER_NS);
	w->sock[1] = open_socket(false);
	if (unshare(CLONE_NEWNET))
		return false;
	fuzz_disable_ipv6();
	dup2(open("/proc/self/ns/net", O_RDONLY), FUZZ_FD_HOME_NS);
	w->sock[0] = open_socket(true);
	dup2(open("/dev/null", O_RDONLY), FUZZ_FD_NO_NS);
	fd = load_xdp_pass();
	if (fd >= 0)
		dup2(fd, FUZZ_FD_XDP);
	w->answer = malloc(ANSWER_SIZE);
	w->kmsg = fuzz_kmsg_open();
	return w->sock[0] && w->sock[1] && w->answer && give_nsid(w);
}

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static unsigned int pick_kind(struct fuzz_rng *rng)
{
	unsigned int sum = 0, i, at;

	for (i = 0; i < KINDS; i++)
		sum += kinds[i].weight;
	at = fuzz_below(rng, sum);
	for (i = 0; at >= kinds[i].weight; i++)
		at -= kinds[i].weight;
	return i;
}

static void print_message(const struct worker *w, long index, unsigned int kind, int side, const struct raw *raw, int rc)
{
	unsigned int i;

	printf("# %u.%ld %s%s: %d (%s) ", w->nr, index, kinds[kind].name, side ? " (other)" : "", rc, strerror(-rc));
	for (i = 0; i < raw->len && i < 400; i++)
		printf("%02x", raw->bytes[i]);
	printf("\n");
}

/* Message number index: made, perhaps mutated, sent, counted. False where no answer came. */
static bool one_message(struct worker *w, long index)
{
	static struct raw raw;
	struct fuzz_rng rng = fuzz_rng(w->fuzz->seed, w->nr, index);
	struct grammar g = { .rng = &rng, .msg = nlmsg_alloc_size(32768) };
	unsigned int kind = pick_kind(&rng), times;
	struct report *r = w->report;
	bool mutated = fuzz_chance(&rng, MUTATED);
	int side = fuzz_chance(&rng, 4), rc;
	unsigned long long start;

	kinds[kind].make(&g);
	raw_from(&raw, &g);
	nlmsg_free(g.msg);
	for (times = mutated ? 1 + fuzz_below(&rng, 3) : 0; times; times--)
		mutate(&raw, &rng);

	w->said = NULL;
	start = now_ns();
	rc = send_raw(w, side, &raw);
	r->ns[kind] += now_ns() - start;
	if (w->fuzz->verbose)
		print_message(w, index, kind, side, &raw, rc);
	r->sent[kind]++;
	if (rc == -ENODATA)
		r->silent[kind]++;
	else if (rc)
		r->error[kind][-rc < ERRNOS ? -rc : 0]++;
	else
		r->accepted[kind]++;
	if (rc && w->said)
		add_sentence(r, w->said, 1);
	if (rc != -EAGAIN)
		return true;
	/* A request may be refused with that as well: is the kernel still there? */
	if (!sync_up(w, side))
		return true;
	failed(w, index, &r->unanswered, "no answer to a message");
	return false;
}

static void work(struct worker *w, long messages)
{
	long from = w->fuzz->from < 0 ? 0 : w->fuzz->from, end = messages, i;
	int side;

	if (w->fuzz->count >= 0 && from + w->fuzz->count < end)
		end = from + w->fuzz->count;
	if (!set_up(w)) {
		failed(w, 0, &w->report->setup_failed, "no namespaces for a worker");
		return;
	}
	for (i = from; i < end; i++) {
		if (i % BLOCK == 0)
			fuzz_kmsg_mark(w->kmsg, "vnet-fuzz: netlink VNET_SEED=%llu VNET_FUZZ_ONLY=%u VNET_FUZZ_FROM=%ld",
				       (unsigned long long)w->fuzz->seed, w->nr, i);
		if (!one_message(w, i))
			return;
		if (i % BLOCK == BLOCK - 1 && !look(w, i))
			return;
	}
	if (!look(w, end))
		return;
	/* Twice, as a device of one may hold one of the other. */
	for (side = 1; side >= 0; side--)
		prune(w, side, true);
	for (side = 1; side >= 0; side--) {
		int left = prune(w, side, true);

		w->report->left += left < 0 ? 1 : left;
	}
	look(w, end);
	w->report->done = true;
}

static pid_t start_worker(const struct fuzz *fuzz, struct report *report, unsigned int nr, long messages)
{
	/* Process 1 of its own namespace: no request can name anybody else. */
	pid_t pid = syscall(SYS_clone, CLONE_NEWNET | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	struct worker w = { .fuzz = fuzz, .report = report, .nr = nr };

	if (pid)
		return pid;
	work(&w, messages);
	fflush(stdout);
	_exit(0);
}

/* ---- the parent ---- */

static char modprobe_path[256];

static void restore_modprobe(void)
{
	fuzz_write_file("/proc/sys/kernel/modprobe", modprobe_path);
}

static void stopped(int signal)
{
	restore_modprobe();
	_exit(128 + signal);
}

/* All modules are there from the start; then kinds that do not exist are not looked for on disk. */
static void load_modules(void)
{
	static const char * const modules[] = { "vveth", "vbridge", "dummy", "macvlan", "8021q", "veth", "bridge" };
	char command[300];
	FILE *file = fopen("/proc/sys/kernel/modprobe", "r");
	size_t i;

	if (!file || !fgets(modprobe_path, sizeof(modprobe_path), file))
		strcpy(modprobe_path, "/sbin/modprobe");
	if (file)
		fclose(file);
	modprobe_path[strcspn(modprobe_path, "\n")] = '\0';
	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		snprintf(command, sizeof(command), "%s -q %s", modprobe_path, modules[i]);
		if (system(command))
			printf("# the kernel has no module %s\n", modules[i]);
	}
	atexit(restore_modprobe);
	signal(SIGTERM, stopped);
	signal(SIGINT, stopped);
	fuzz_write_file("/proc/sys/kernel/modprobe", "\n");
}

static void add_reports(struct report *sum, const struct report *r)
{
	unsigned int i, e;

	for (i = 0; i < KINDS; i++) {
		sum->sent[i] += r->sent[i];
		sum->accepted[i] += r->accepted[i];
		sum->silent[i] += r->silent[i];
		sum->ns[i] += r->ns[i];
		for (e = 0; e < ERRNOS; e++)
			sum->error[i][e] += r->error[i][e];
	}
	for (i = 0; i < SENTENCES && r->said[i].count; i++)
		add_sentence(sum, r->said[i].text, r->said[i].count);
	sum->blocks += r->blocks;
	sum->pruned += r->pruned;
	sum->left += r->left;
	sum->unanswered |= r->unanswered;
	sum->finding |= r->finding;
	sum->inconsistent |= r->inconsistent;
}

static void print_summary(const struct report *sum)
{
	unsigned int i, e;

	printf("# %-15s %7s %12s %7s refused with\n", "kind", "sent", "accepted", "us each");
	for (i = 0; i < KINDS; i++) {
		printf("# %-15s %7u %7u %3u%% %7llu", kinds[i].name, sum->sent[i], sum->accepted[i],
		       sum->sent[i] ? 100 * sum->accepted[i] / sum->sent[i] : 0,
		       sum->sent[i] ? sum->ns[i] / sum->sent[i] / 1000 : 0);
		for (e = 0; e < ERRNOS; e++)
			if (sum->error[i][e])
				printf(" %s:%u", e ? strerrorname_np(e) : "other", sum->error[i][e]);
		printf(" unanswered:%u\n", sum->silent[i]);
	}
	printf("# and in words\n");
	for (i = 0; i < SENTENCES && sum->said[i].count; i++)
		printf("# %7u %s\n", sum->said[i].count, sum->said[i].text);
	printf("# looked at everything %u times, deleted %u strays\n", sum->blocks, sum->pruned);
}

static void print_failure(const struct fuzz *fuzz, const struct report *r, unsigned int nr)
{
	long from = r->failed_at / BLOCK * BLOCK;

	printf("# worker %u, message %ld: %s\n", nr, r->failed_at, r->failure);
	printf("# replay: VNET_SEED=%llu VNET_FUZZ_ONLY=%u, or only its end: VNET_FUZZ_FROM=%ld VNET_FUZZ_COUNT=%u\n",
	       (unsigned long long)fuzz->seed, nr, from, BLOCK);
}

int main(void)
{
	static struct report sum;
	struct fuzz fuzz = fuzz_setup("netlink");
	struct report *reports = mmap(NULL, sizeof(*reports) * WORKERS, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long messages = (long)MESSAGES * fuzz.scale / fuzz.share / WORKERS;
	unsigned int i, all = 0, accepted = 0, never = 0;
	bool done = true;
	const char *stuck;

	printf("1..6\n");
	load_modules();
	for (i = 0; i < WORKERS; i++)
		if ((fuzz.only < 0 || fuzz.only == (long)i) && start_worker(&fuzz, &reports[i], i, messages) < 0)
			perror("clone");
	while (wait(NULL) > 0)
		;
	for (i = 0; i < WORKERS; i++) {
		add_reports(&sum, &reports[i]);
		if (reports[i].failure[0])
			print_failure(&fuzz, &reports[i], i);
		done &= reports[i].done || (fuzz.only >= 0 && fuzz.only != (long)i);
	}
	print_summary(&sum);
	for (i = 0; i < KINDS; i++) {
		all += sum.sent[i];
		accepted += sum.accepted[i];
		never += fuzz.count < 0 && !sum.accepted[i];
	}

	fuzz_result(done && !sum.unanswered, "answers", "a worker did not come to its end: see above");
	fuzz_result(!sum.finding, "kernel_log", "the kernel log has a finding: see above");
	fuzz_result(!sum.inconsistent, "consistent", "what the kernel says of its devices makes no sense: see above");
	fuzz_result(all && accepted * 100 / all >= ACCEPTED_MIN && !never, "accepted",
		    "%u of %u messages accepted, want %u %%; of %u kinds none", accepted, all, ACCEPTED_MIN, never);
	fuzz_result(done && !sum.left, "all_deleted", "%u devices are left", sum.left);
	stuck = fuzz_unload(ANSWER_SECONDS * fuzz.slow);
	fuzz_result(!stuck, "unload", "%s cannot be unloaded", stuck ? stuck : "");
	return fuzz_failures > 0;
}
