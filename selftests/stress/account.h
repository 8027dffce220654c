/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices that live through everything: what happens to them meanwhile, and the sums that have to come out afterwards.
 */
#ifndef SELFTESTS_ACCOUNT_H
#define SELFTESTS_ACCOUNT_H

#include "stress.h"

#define QUICK_SECONDS	6
#define LIMIT		3000
/* What has to happen even where that takes longer. */
#define LEAST		60

struct account {
	struct op_ns ns[STRESS_SPACES];
	int spaces[STRESS_SPACES], nr_ns;
	struct stress_random rnd;
	struct stress_flow *flows;
	int nr_flows;
	int prog;
	unsigned long done, refused;
	/* The first answer that no request should get. */
	int odd;
	const char *odd_what;
};

/* ---- the devices ---- */

struct device {
	unsigned char mac[ETH_ALEN];
	int ns;				/* where it is */
	bool wanders;
};

struct end {
	struct op_link link;
	struct op_ns *ns;
};

static inline bool find(struct account *acc, const struct device *dev, struct end *end)
{
	end->ns = &acc->ns[dev->ns];
	return op_find_mac(end->ns, dev->mac, &end->link);
}

static inline long long drops(struct account *acc, const struct device *dev, const char *prefix)
{
	struct end end;

	return find(acc, dev, &end) ? op_ethtool(end.ns, end.link.name, prefix) : -1;
}

static inline int talk(struct account *acc, struct op_ns *ns, struct nl_msg *msg, const char *what)
{
	static const int expected[] = { 0, ENODEV, EBUSY, EEXIST, ENETDOWN, EPERM, ENOENT, EADDRINUSE };
	int rc = nl_talk(&ns->nl, msg);
	unsigned int i;

	acc->done += !rc;
	acc->refused += rc < 0;
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (rc == -expected[i])
			return rc;
	if (!acc->odd) {
		acc->odd = rc;
		acc->odd_what = what;
		printf("# %s: %s: %s\n", what, strerror(-rc), ns->nl.extack);
	}
	return rc;
}

/* ---- what happens to them ---- */

static inline void change_mtu(struct account *acc, const struct device *dev)
{
	static const unsigned int mtus[] = { 68, 576, 1280, 1499, 1500, 1500, 1501, 9000, 65535 };
	struct nl_msg msg;
	struct end end;

	if (!find(acc, dev, &end))
		return;
	op_set(&msg, end.link.index);
	nl_attr_u32(&msg, IFLA_MTU, mtus[stress_below(&acc->rnd, sizeof(mtus) / sizeof(mtus[0]))]);
	talk(acc, end.ns, &msg, "mtu");
}

/* Kernels before 6.2 refuse to rename what is up. */
static inline void change_name(struct account *acc, const struct device *dev)
{
	char name[IFNAMSIZ];
	struct nl_msg msg;
	struct end end;

	if (!find(acc, dev, &end))
		return;
	snprintf(name, sizeof(name), "%c%c%u", end.link.name[0], end.link.name[1], stress_below(&acc->rnd, 1000));
	op_set(&msg, end.link.index);
	nl_attr_str(&msg, IFLA_IFNAME, name);
	talk(acc, end.ns, &msg, "name");
}

static inline void set_up(struct account *acc, const struct device *dev, bool up)
{
	struct nl_msg msg;
	struct end end;

	if (!find(acc, dev, &end))
		return;
	op_up(&msg, end.link.index, up);
	talk(acc, end.ns, &msg, "up");
}

static inline void down_and_up(struct account *acc, const struct device *dev)
{
	set_up(acc, dev, false);
	usleep(stress_below(&acc->rnd, 3000));
	set_up(acc, dev, true);
}

/* It takes its counters along, and arrives there closed. */
static inline void move(struct account *acc, struct device *dev, int to)
{
	struct nl_msg msg;
	struct end end;

	if (!find(acc, dev, &end))
		return;
	op_set(&msg, end.link.index);
	nl_attr_u32(&msg, IFLA_NET_NS_FD, acc->spaces[to]);
	if (!talk(acc, end.ns, &msg, "namespace"))
		dev->ns = to;
	set_up(acc, dev, true);
}

/* Somebody looks at all frames for a moment, as tcpdump does. */
static inline void watch(struct account *acc, const struct device *dev)
{
	struct end end;
	int fd;

	if (!find(acc, dev, &end))
		return;
	fd = stress_listen(end.ns->fd, end.link.index, ETH_P_ALL);
	usleep(stress_below(&acc->rnd, 5000));
	close(fd);
}

static inline void run_xdp(struct account *acc, const struct device *dev)
{
	struct nl_msg msg;
	struct end end;

	if (!find(acc, dev, &end))
		return;
	stress_xdp(&msg, end.link.index, acc->prog);
	talk(acc, end.ns, &msg, "xdp");
	usleep(stress_below(&acc->rnd, 3000));
	stress_xdp(&msg, end.link.index, -1);
	talk(acc, end.ns, &msg, "xdp");
}

static inline void disturb(struct account *acc, struct device *dev)
{
	switch (stress_below(&acc->rnd, dev->wanders ? 6 : 5)) {
	case 0:
		change_mtu(acc, dev);
		break;
	case 1:
		change_name(acc, dev);
		break;
	case 2:
		down_and_up(acc, dev);
		break;
	case 3:
		watch(acc, dev);
		break;
	case 4:
		run_xdp(acc, dev);
		break;
	default:
		/* Between the last two namespaces, and for the pair the first as well. */
		move(acc, dev, acc->nr_ns - 1 - stress_below(&acc->rnd, acc->nr_ns == 3 ? 3 : 2));
	}
}

/* ---- sums ---- */

/*
 * A frame that a queue without carrier swallows is counted by the core, since 6.9; see the same in vveth/stats. Before
 * that fewer frames are counted than were sent.
 */
static inline bool swallowed_is_counted(void)
{
	static const unsigned char a[] = { 2, 0, 0, 0, 7, 1 }, b[] = { 2, 0, 0, 0, 7, 2 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	unsigned char frame[60] = { 2, [12] = 8 };
	struct op_link link = {};
	struct nl_msg msg;
	struct op_ns ns;
	int fd;

	if (op_ns_new(&ns))
		return false;
	op_pair(&msg, &(struct op_pair){ .name = "va", .peer = "vb", .mac = a, .peer_mac = b, .up = true });
	nl_talk(&ns.nl, &msg);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	to.sll_ifindex = op_index(&ns, "va");
	if (sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		perror("send");
	op_find_mac(&ns, a, &link);
	close(fd);
	op_ns_close(&ns);
	return link.stats.tx_dropped == 1;
}

struct sum {
	const char *what;
	long long left, right;
};

struct sums {
	struct sum of[64];
	int n;
};

static inline void add_sum(struct sums *sums, const char *what, long long left, long long right)
{
	sums->of[sums->n++] = (struct sum){ what, left, right };
}

static inline bool equal(const struct sums *sums)
{
	bool all = true;
	int i;

	for (i = 0; i < sums->n; i++)
		all &= sums->of[i].left == sums->of[i].right;
	return all;
}

static inline bool print_sums(const struct sums *sums)
{
	int i;

	for (i = 0; i < sums->n; i++)
		printf("# %-50s %10lld %10lld%s\n", sums->of[i].what, sums->of[i].left, sums->of[i].right,
		       sums->of[i].left == sums->of[i].right ? "" : " DIFFERENT");
	fflush(stdout);
	return equal(sums);
}

/* What one end has sent the other has received, or purged; what either gave up has a reason. */
static inline void sum_direction(struct account *acc, struct sums *sums, const struct device *from, const struct device *to)
{
	struct end a = {}, b = {};
	long long purged = drops(acc, to, "drop_purged");

	if (!find(acc, from, &a) || !find(acc, to, &b)) {
		add_sum(sums, "a device is gone", 0, 1);
		return;
	}
	add_sum(sums, "sent = received + purged", a.link.stats.tx_packets, b.link.stats.rx_packets + purged);
	add_sum(sums, "rx_dropped = purged", b.link.stats.rx_dropped, purged);
	add_sum(sums, "errors", 0, a.link.stats.tx_errors + b.link.stats.rx_errors + b.link.stats.rx_missed_errors);
}

/* Frames that a device was given, by its own counters; what a bridge drops it has counted as sent before. */
static inline long long given(struct account *acc, const unsigned char *mac)
{
	static const char * const sent[] = { "drop_too_big", "drop_down", "drop_nomem", "drop_no_egress" };
	struct op_link link = {};
	long long frames;
	unsigned int i;

	for (i = 0; i < (unsigned int)acc->nr_ns; i++)
		if (op_find_mac(&acc->ns[i], mac, &link))
			break;
	frames = link.stats.tx_packets + link.stats.tx_dropped;
	if (i < (unsigned int)acc->nr_ns && op_ethtool(&acc->ns[i], link.name, "forwarded") >= 0)
		for (unsigned int why = 0; why < 4; why++)
			frames -= op_ethtool(&acc->ns[i], link.name, sent[why]);
	return frames;
}

/* All flows by the device of flow nr, unless an earlier one has the same. */
static inline void sum_flow(struct account *acc, struct sums *sums, int nr, bool exact)
{
	const unsigned char *by = acc->flows[nr].by;
	long long got = given(acc, by), sent = 0, most = 0;
	int i;

	add_sum(sums, "a flow has sent frames", 1, acc->flows[nr].taken > 0);
	for (i = 0; i < acc->nr_flows; i++) {
		if (memcmp(acc->flows[i].by, by, ETH_ALEN))
			continue;
		if (i < nr)
			return;
		sent += acc->flows[i].taken + acc->flows[i].refused;
		most += acc->flows[i].down;
	}
	most += sent;
	if ((got > sent && got <= most) || (got < sent && !exact))
		sent = got;
	add_sum(sums, "handed to the device = sent + dropped", sent, got);
}

/* ---- both cases ---- */

/*
 * The kernel patches its code when the first XDP program comes and when the last one goes. Under load, QEMU without hardware
 * support lets a CPU run into a place that another CPU is patching ("Oops: int3"): so one program stays, where nothing is.
 */
static inline bool hold_xdp(struct account *acc)
{
	struct op_link lo;
	struct nl_msg msg;

	if (!op_find_name(&acc->ns[0], "lo", &lo))
		return false;
	stress_xdp(&msg, lo.index, acc->prog);
	return !nl_talk(&acc->ns[0].nl, &msg);
}

static inline bool start(struct account *acc, unsigned int seed, int spaces)
{
	int i;

	memset(acc, 0, sizeof(*acc));
	stress_random_init(&acc->rnd, seed, 0);
	for (i = 0; i < spaces; i++) {
		if (op_ns_new(&acc->ns[i]))
			return false;
		acc->spaces[i] = acc->ns[i].fd;
	}
	acc->nr_ns = spaces;
	acc->prog = stress_xdp_load();
	acc->flows = stress_flows(16);
	return acc->flows && hold_xdp(acc);
}

static inline bool add_flow(struct account *acc, const unsigned char *by, const unsigned char *to, unsigned int len,
			    unsigned int burst)
{
	struct stress_flow *flow = &acc->flows[acc->nr_flows];

	*flow = (struct stress_flow){ .by = by, .to = to, .len = len, .burst = burst };
	return stress_start(flow, acc->nr_flows++, acc->spaces, acc->nr_ns);
}

/* For the long or the short time, and on a slow kernel until enough has happened. */
static inline bool goes_on(const struct account *acc, double end)
{
	double now = stress_now();

	return now < end || (acc->done < LEAST && now < end + 10 * QUICK_SECONDS);
}

static inline bool stop_flows(struct account *acc)
{
	bool all = true;
	int i;

	for (i = 0; i < acc->nr_flows; i++) {
		all &= stress_stop(&acc->flows[i]);
		printf("# %s to %s: taken %lu refused %lu not sent %lu down %lu\n", op_mac(acc->flows[i].by),
		       op_mac(acc->flows[i].to), acc->flows[i].taken, acc->flows[i].refused, acc->flows[i].unsent,
		       acc->flows[i].down);
	}
	printf("# %lu disturbances, %lu refused\n", acc->done, acc->refused);
	return all;
}

#endif
