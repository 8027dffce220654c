/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walks a point of failure through all allocations of a request: the first one fails, then the second one in its place
 * and so on, until there is none left to fail. After each attempt the state of the namespaces is what it was where the
 * request was refused, and what it is after the same request without a failure where it was not.
 *
 * The failing allocation is chosen by /proc/thread-self/fail-nth, which counts the calling task's allocations in the
 * caches (failslab) and of pages (fail_page_alloc) and needs a kernel with fault injection, as the debug kernel.
 */
#ifndef SELFTESTS_FAULT_H
#define SELFTESTS_FAULT_H

#include <stdarg.h>

#include "ops.h"

#define FAULT_MISSING	"the kernel has no fault injection"
#define FAULT_SPACES	3
#define FAULT_STATE	32768
/* No request has so many allocations. */
#define FAULT_END	5000
#define FAULT_STRIDE	9
#define FAULT_QUICK_STRIDE	5
#define FAULT_LOOKS	100
#define FAULT_PAUSE_US	100000
/* The answer was lost, as it needs an allocation too: the request may have been carried out or not. */
#define FAULT_UNKNOWN	1

static int fault_fd = -1;

static inline void fault_knob(const char *folder, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", folder, name);
	op_write(path, value);
}

static inline bool fault_is_set(const char *folder, const char *name)
{
	unsigned long long value = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", folder, name);
	file = fopen(path, "r");
	if (file && fscanf(file, "%llx", &value) != 1)
		value = 0;
	if (file)
		fclose(file);
	return value;
}

/*
 * Addresses of functions of the kernel (module "") or of a module, from the first one that is named so, or of the whole
 * module where no name is given; for the filters by callers, which want numbers.
 */
static inline bool fault_range(const char *module, const char *name, const char *from_knob, const char *to_knob)
{
	unsigned long long from = ~0ULL, to = ~0ULL, last = 0, address;
	FILE *symbols = fopen("/proc/kallsyms", "r");
	char line[512], symbol[256], owner[64], text[32], type;

	/* In the order of their addresses, those of modules last. */
	while (symbols && to == ~0ULL && fgets(line, sizeof(line), symbols)) {
		owner[0] = '\0';
		if (sscanf(line, "%llx %c %255s [%63[^]]", &address, &type, symbol, owner) < 3 || strcmp(owner, module) ||
		    (type != 't' && type != 'T'))
			continue;
		last = address > last ? address : last;
		if (name ? !strcmp(symbol, name) : address < from)
			from = address;
		else if (name && address > from)
			to = address;
	}
	if (symbols)
		fclose(symbols);
	if (!name)
		to = last + 1;
	snprintf(text, sizeof(text), "0x%llx", from);
	fault_knob("failslab", from_knob, text);
	snprintf(text, sizeof(text), "0x%llx", to);
	fault_knob("failslab", to_knob, text);
	return from < to;
}

/*
 * Every kind of allocation counts but those of the checkers of references, which complain, and nothing is said of those
 * that fail. False where the kernel cannot do it.
 */
static inline bool fault_init(void)
{
	static const char * const folders[] = { "failslab", "fail_page_alloc" };
	unsigned int i;

	fault_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fault_fd < 0)
		return false;
	for (i = 0; i < 2; i++) {
		fault_knob(folders[i], "probability", "0");
		fault_knob(folders[i], "verbose", "0");
		fault_knob(folders[i], "ignore-gfp-wait", "N");
	}
	fault_knob("fail_page_alloc", "min-order", "0");
	fault_knob("fail_page_alloc", "ignore-gfp-highmem", "N");
	/* Addresses stay for as long as the kernel runs. */
	if (!fault_is_set("failslab", "reject-start"))
		fault_range("", "ref_tracker_alloc", "reject-start", "reject-end");
	return true;
}

/* The nth allocation from here on fails. */
static inline void fault_arm(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (pwrite(fault_fd, text, len, 0) != len)
		perror("fail-nth");
}

/* True where that allocation was come to. */
static inline bool fault_disarm(void)
{
	char text[16] = "";

	if (pread(fault_fd, text, sizeof(text) - 1, 0) <= 0)
		perror("fail-nth");
	fault_arm(0);
	return !atoi(text);
}

/*
 * Walks that take long leave points out, and in CI (VNET_QUICK) all do, beginning anywhere: where, is printed as the
 * seed, which VNET_SEED sets. VNET_LONG=1 takes them all.
 */
static inline int fault_first(int *stride)
{
	const char *seed = getenv("VNET_SEED"), *all = getenv("VNET_LONG");
	int start;

	if (all && *all)
		*stride = 1;
	if (*stride == 1)
		return 1;
	start = (seed && *seed ? strtoul(seed, NULL, 0) : (unsigned int)getpid()) % *stride;
	printf("# seed: VNET_SEED=%d\n", start);
	return start + 1;
}

/* ---- state ---- */

struct fault_state {
	char text[FAULT_STATE];
	size_t len;
};

__attribute__((format(printf, 2, 3)))
static inline void fault_say(struct fault_state *state, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (state->len < sizeof(state->text))
		state->len += vsnprintf(state->text + state->len, sizeof(state->text) - state->len, format, args);
	va_end(args);
}

/* Of a port's options all but its state, which follows the link a little later. */
static inline void fault_say_options(struct fault_state *state, const struct nlattr *nest, bool port)
{
	const unsigned char *value;
	const struct nlattr *attr;
	int left, i;

	if (!nest)
		return;
	attr = nl_data(nest);
	for (left = nest->nla_len - NLA_HDRLEN; left >= NLA_HDRLEN; left -= NLA_ALIGN(attr->nla_len),
	     attr = (const void *)((const char *)attr + NLA_ALIGN(attr->nla_len))) {
		if (port && attr->nla_type == IFLA_BRPORT_STATE)
			continue;
		value = nl_data(attr);
		fault_say(state, " %d=", attr->nla_type);
		for (i = 0; i < attr->nla_len - NLA_HDRLEN; i++)
			fault_say(state, "%02x", value[i]);
	}
}

static inline void fault_say_link(const struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *info = nl_link_attr(hdr, IFLA_LINKINFO), *kind = NULL;
	struct fault_state *state = arg;
	struct op_link link;
	int len;

	op_read_link(hdr, &link);
	/* IFF_LOWER_UP is beyond what <net/if.h> knows. */
	fault_say(state, "%d %s mtu %u flags %x master %u link %u promiscuity %u queues %u %s", link.index, link.name,
		  link.mtu, link.flags & (IFF_UP | IFF_PROMISC | IFF_ALLMULTI | 1 << 16), link.master,
		  op_get_u32(hdr, IFLA_LINK), op_get_u32(hdr, IFLA_PROMISCUITY), op_get_u32(hdr, IFLA_NUM_RX_QUEUES),
		  op_mac(link.mac));
	if (info) {
		len = info->nla_len - NLA_HDRLEN;
		kind = nl_find(nl_data(info), len, IFLA_INFO_KIND);
		fault_say(state, " %s", kind ? (const char *)nl_data(kind) : "-");
		/* The in-tree kinds print their timers. */
		if (kind && !strcmp(nl_data(kind), "vbridge"))
			fault_say_options(state, nl_find(nl_data(info), len, IFLA_INFO_DATA), false);
		fault_say_options(state, nl_find(nl_data(info), len, IFLA_INFO_SLAVE_DATA), true);
	}
	fault_say(state, "\n");
}

/* Entries for one station each; what devices listen to besides is the core's matter. */
static inline void fault_say_neigh(struct fault_state *state, const struct nlmsghdr *hdr)
{
	const struct ndmsg *ndm = NLMSG_DATA(hdr);
	const void *attrs = (const char *)ndm + NLMSG_ALIGN(sizeof(*ndm));
	int len = hdr->nlmsg_len - NLMSG_LENGTH(sizeof(*ndm));
	const struct nlattr *mac = nl_find(attrs, len, NDA_LLADDR), *master = nl_find(attrs, len, NDA_MASTER);
	const unsigned char *m = mac ? nl_data(mac) : NULL;

	if (!m || m[0] & 1)
		return;
	fault_say(state, "%d %s state %x flags %x master %u\n", ndm->ndm_ifindex, op_mac(m), ndm->ndm_state,
		  ndm->ndm_flags, master ? *(const unsigned int *)nl_data(master) : 0);
}

/* The VLANs of a port or a bridge. */
static inline void fault_say_vlans(struct fault_state *state, const struct nlmsghdr *hdr)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(hdr);
	const struct nlattr *spec = nl_link_attr(hdr, IFLA_AF_SPEC);

	fault_say(state, "%d in VLANs", ifi->ifi_index);
	fault_say_options(state, spec, false);
	fault_say(state, "\n");
}

/* What @say makes of each answer of that type. */
static inline void fault_dump(struct fault_state *state, struct op_ns *ns, const struct nl_msg *msg, int type,
			      void (*say)(struct fault_state *state, const struct nlmsghdr *hdr))
{
	static unsigned char buffer[65536];
	struct nlmsghdr *hdr;
	int len;

	if (nl_send(&ns->nl, msg))
		return;
	while ((len = recv(ns->nl.fd, buffer, sizeof(buffer), 0)) > 0) {
		for (hdr = (void *)buffer; NLMSG_OK(hdr, (unsigned int)len); hdr = NLMSG_NEXT(hdr, len)) {
			if (hdr->nlmsg_type == NLMSG_DONE)
				return;
			if (hdr->nlmsg_type == type)
				say(state, hdr);
		}
	}
	fault_say(state, "the dump broke off: %s\n", strerror(errno));
}

static inline void fault_say_table(struct fault_state *state, struct op_ns *ns)
{
	struct ndmsg ndm = { .ndm_family = AF_BRIDGE };
	struct nl_msg msg;

	nl_begin(&msg, RTM_GETNEIGH, NLM_F_DUMP);
	nl_put(&msg, &ndm, sizeof(ndm));
	fault_dump(state, ns, &msg, RTM_NEWNEIGH, fault_say_neigh);
}

static inline void fault_say_ports(struct fault_state *state, struct op_ns *ns)
{
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE };
	struct nl_msg msg;

	nl_begin(&msg, RTM_GETLINK, NLM_F_DUMP);
	nl_put(&msg, &ifi, sizeof(ifi));
	nl_attr_u32(&msg, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED);
	fault_dump(state, ns, &msg, RTM_NEWLINK, fault_say_vlans);
}

static inline void fault_look(struct fault_state *state, struct op_ns *ns, int nr_ns)
{
	int i;

	state->len = 0;
	for (i = 0; i < nr_ns; i++) {
		fault_say(state, "namespace %d\n", i);
		nl_each_link(&ns[i].nl, fault_say_link, state);
		fault_say_table(state, &ns[i]);
		fault_say_ports(state, &ns[i]);
	}
	fault_say(state, "users: vnet_core %d vveth %d vbridge %d\n", op_users("vnet_core"),
		  op_users("vveth"), op_users("vbridge"));
}

/* The modules are loaded when they are first asked for, which is not what is tested here. */
static inline int fault_warm_up(struct op_ns *ns)
{
	struct nl_msg msg;
	int rc;

	op_pair(&msg, &(struct op_pair){ .name = "warm0", .peer = "warm1" });
	rc = nl_talk(&ns->nl, &msg);
	op_bridge(&msg, &(struct op_bridge){ .name = "warm2" });
	rc = rc ? rc : nl_talk(&ns->nl, &msg);
	rc = rc ? rc : nl_del_link(&ns->nl, "warm0");
	return rc ? rc : nl_del_link(&ns->nl, "warm2");
}

/* ---- walk ---- */

struct fault_walk {
	const char *what;
	struct op_ns *ns;		/* the request goes to the first */
	int nr_ns;
	void (*request)(struct nl_msg *msg, void *arg);
	void (*revert)(void *arg);	/* takes back what the request has done */
	void *arg;
	bool never_refused;		/* only the sending itself may fail */
	bool slow;			/* only every FAULT_STRIDEth point, unless VNET_LONG says otherwise */
};

/*
 * The core goes on without memory for the name of a device in sysfs, and then calls a device without a name invalid. The
 * suite says more with that error.
 */
static inline int fault_error(const struct nlmsghdr *hdr)
{
	const struct nlmsgerr *ack = NLMSG_DATA(hdr);
	int head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(*ack));
	bool silent = !(hdr->nlmsg_flags & NLM_F_ACK_TLVS) ||
		      !nl_find((const char *)hdr + head, hdr->nlmsg_len - head, NLMSGERR_ATTR_MSG);

	return ack->error == -EINVAL && silent ? -ENOMEM : ack->error;
}

/* The answer to what was sent lies in the socket, unless there was no memory for it. */
static inline int fault_answer(struct nl_sock *nl, const struct nl_msg *msg)
{
	unsigned char answer[8192];
	const struct nlmsghdr *hdr = (const void *)answer;
	int rc = FAULT_UNKNOWN;
	ssize_t len;

	for (;;) {
		len = recv(nl->fd, answer, sizeof(answer), MSG_DONTWAIT);
		if (len < 0 && errno == EAGAIN)
			return rc;
		if (len > 0 && hdr->nlmsg_type == NLMSG_ERROR && hdr->nlmsg_seq == msg->hdr.nlmsg_seq)
			rc = fault_error(hdr);
	}
}

static inline bool fault_sane(int rc)
{
	return rc == 0 || rc == -ENOMEM || rc == -ENOBUFS || rc == FAULT_UNKNOWN;
}

static inline bool fault_same(const struct fault_state *a, const struct fault_state *b)
{
	return a->len == b->len && !memcmp(a->text, b->text, a->len);
}

/*
 * A carrier that comes is told to others (a bridge, which follows its ports) by a work of the core's, so a state that is
 * not the one expected is looked at again for a while.
 */
static inline bool fault_becomes(struct fault_state *now, const struct fault_walk *walk, const struct fault_state *want)
{
	int try;

	for (try = 0; try < FAULT_LOOKS; try++) {
		if (try)
			usleep(FAULT_PAUSE_US);
		fault_look(now, walk->ns, walk->nr_ns);
		if (fault_same(now, want))
			return true;
	}
	return false;
}

/* The state that stays. */
static inline void fault_look_settled(struct fault_state *now, const struct fault_walk *walk)
{
	static struct fault_state before;
	int try;

	fault_look(now, walk->ns, walk->nr_ns);
	for (try = 0; try < FAULT_LOOKS; try++) {
		before = *now;
		usleep(2 * FAULT_PAUSE_US);
		fault_look(now, walk->ns, walk->nr_ns);
		if (fault_same(now, &before))
			return;
	}
}

static inline bool fault_wrong(const struct fault_walk *walk, int nth, int rc, const char *why,
			       const struct fault_state *got, const struct fault_state *want)
{
	printf("# %s: allocation %d failed, answer %d (%s): %s\n", walk->what, nth, rc,
	       rc < 0 ? strerror(-rc) : rc ? "lost" : "done", why);
	if (got)
		printf("# ---- found\n%.*s# ---- expected\n%.*s", (int)got->len, got->text, (int)want->len, want->text);
	fflush(stdout);
	return false;
}

/* What a request has left behind, by its answer; true where it is all right and the state is the first one again. */
static inline bool fault_judge(const struct fault_walk *walk, int nth, int rc, const struct fault_state *before,
			       const struct fault_state *after)
{
	static struct fault_state now;

	if (!fault_sane(rc))
		return fault_wrong(walk, nth, rc, "no answer for want of memory", NULL, NULL);
	if (rc == FAULT_UNKNOWN) {
		fault_look(&now, walk->ns, walk->nr_ns);
		rc = fault_same(&now, before) ? -ENOBUFS : 0;
	}
	if (rc < 0)
		return fault_becomes(&now, walk, before) ||
		       fault_wrong(walk, nth, rc, "left something behind", &now, before);
	if (!fault_becomes(&now, walk, after))
		return fault_wrong(walk, nth, rc, "half of the work", &now, after);
	walk->revert(walk->arg);
	return fault_becomes(&now, walk, before) || fault_wrong(walk, nth, rc, "cannot be taken back", &now, before);
}

/*
 * Returns how many points of failure there are (about, where not all were tried), or -1 where something went wrong, of
 * which the output tells.
 */
static inline int fault_walk(const struct fault_walk *walk)
{
	static struct fault_state before, after;
	int stride = walk->slow ? FAULT_STRIDE : getenv("VNET_QUICK") ? FAULT_QUICK_STRIDE : 1, first = fault_first(&stride);
	struct nl_sock *nl = &walk->ns->nl;
	int nth, rc, refused = 0, tried = 0;
	struct nl_msg msg;
	bool fired;

	fault_look_settled(&before, walk);
	walk->request(&msg, walk->arg);
	rc = nl_talk(nl, &msg);
	fault_look_settled(&after, walk);
	if (rc || !fault_judge(walk, 0, rc, &before, &after)) {
		printf("# %s: %s: %s\n", walk->what, strerror(-rc), nl->extack);
		return -1;
	}
	for (nth = first; nth < FAULT_END; nth += stride) {
		walk->request(&msg, walk->arg);
		fault_arm(nth);
		rc = nl_send(nl, &msg);
		fired = fault_disarm();
		if (!rc)
			rc = fault_answer(nl, &msg);
		else if (walk->never_refused && fault_sane(rc))
			rc = FAULT_UNKNOWN;
		if ((!fired || walk->never_refused) && rc && rc != FAULT_UNKNOWN) {
			fault_wrong(walk, nth, rc, "refused without need", NULL, NULL);
			return -1;
		}
		if (!fault_judge(walk, nth, rc, &before, &after))
			return -1;
		if (!fired)
			break;
		tried++;
		refused += rc < 0;
	}
	printf("# %s: %s%d points of failure, %d of them tried, refused at %d\n", walk->what, stride > 1 ? "about " : "",
	       nth - stride, tried, refused);
	fflush(stdout);
	return tried * stride;
}

#endif
