// SPDX-License-Identifier: GPL-2.0
/*
 * A frame fuzzer: malformed frames through pairs and across a bridge, none of which may get lost uncounted.
 *
 *	 fa         fb, with addresses            fa          fs            fc
 *	[pa]=======[pb]                          [ba]=======[bb]-vbr-[bc]=======[bd]
 *	                                                     [xb] (in-tree veth, for frames from BPF)
 *
 * Each phase sends as many frames with one setting: through a socket with or without a virtio header, super-frames among
 * them or not, past the queueing discipline or not, GRO on or off, MTU large, usual, or small at the receiver. What a
 * frame has to be counted as is known before it is sent: in phases without super-frames and GRO the counters must say just
 * that; in the others what is received must still be what was sent. The frames of the last phases come from
 * BPF_PROG_TEST_RUN with live frames, as if an in-tree veth that is a port had received them.
 *
 * Replay: the seed is printed, and with a failure the phase.
 *	VNET_SEED=20261120 VNET_FUZZ_ONLY=7 build/selftests/fuzz/frames
 * See fuzz.h for more.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "framegen.h"
#include "fuzz.h"
#include "netns.h"
#include "nl.h"

#define FRAMES 200000		/* of all phases, in the quick version; a quarter of it on a slow kernel */
#define SETTINGS 24		/* phases for the pair, and as many for the bridge */
#define XDP_FRAMES 60000	/* of them, those that BPF sends */
#define XDP_COPIES 1000		/* of each */
/* Of a tagged frame: later ones come in recycled memory, where taking the tag out of the first ones has moved bytes. */
#define XDP_TAGGED_COPIES 64
#define BATCH 32
#define SETTLE_SECONDS 10
#define SENT_MIN 50		/* percent of the frames that the socket must not refuse */

/* Fewer small frames than a ring has slots: so a socket cannot make it overflow, and each frame's fate is known. */
#define SEND_BUFFER 60000

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif
#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

enum { NS_A, NS_B, NS_SWITCH, NS_FAR, NAMESPACES };
enum { PA, PB, BA, BB, BC, BD, VBR, XB, DEVICES };

static const struct {
	const char *name;
	int ns;
} devices[DEVICES] = {
	[PA] = { "pa", NS_A }, [PB] = { "pb", NS_B }, [BA] = { "ba", NS_A }, [BB] = { "bb", NS_SWITCH },
	[BC] = { "bc", NS_SWITCH }, [BD] = { "bd", NS_FAR }, [VBR] = { "vbr", NS_SWITCH }, [XB] = { "xb", NS_SWITCH },
};

#define STATS_MAX 256

struct counters {
	unsigned long long tx, rx, tx_dropped, rx_dropped;
	unsigned int n;
	char names[STATS_MAX][ETH_GSTRING_LEN];
	unsigned long long values[STATS_MAX];
};

/* What the frames of a phase have to be counted as. */
struct fate {
	unsigned long long sent, refused, nobufs;
	unsigned long long error[134];
	unsigned long long too_big;		/* for the receiver of the first crossing */
	unsigned long long lost_tag;		/* the core drops a tag that is cut off, before anybody sees it */
	unsigned long long bad_source, pause, port_stack, group, own, other;
};

struct setting {
	bool bridge, bypass, header, super, gro;
	unsigned int mtu, far_mtu;
};

static char ns_names[NAMESPACES][32];
static int ns_ioctl[NAMESPACES], index_of[DEVICES], kmsg;
static struct nl_sock ns_netlink[NAMESPACES];
static unsigned char address_of[DEVICES][ETH_ALEN];
static struct frame frames[BATCH];
static unsigned int problems;
static char first_problem[300];

static void problem(const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("# %s\n", text);
	if (!problems++)
		snprintf(first_problem, sizeof(first_problem), "%s", text);
}

/* got and want are the kernel's numbers and those known before. */
#define SAME(got, want) do {										\
	unsigned long long __got = (got), __want = (want);						\
													\
	if (__got != __want)										\
		problem("%s is %llu, %s is %llu", #got, __got, #want, __want);				\
} while (0)

static bool shell(const char *format, ...)
{
	char line[400];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (!system(line))
		return true;
	problem("failed: %s", line);
	return false;
}

/* ---- counters ---- */

struct wanted {
	const char *name;
	struct counters *c;
};

static void take_stats(const struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *name = nl_link_attr(hdr, IFLA_IFNAME), *attr = nl_link_attr(hdr, IFLA_STATS64);
	struct wanted *wanted = arg;
	struct rtnl_link_stats64 stats = {};
	size_t len;

	if (!name || !attr || strcmp(nl_data(name), wanted->name))
		return;
	len = attr->nla_len - NLA_HDRLEN;
	memcpy(&stats, nl_data(attr), len < sizeof(stats) ? len : sizeof(stats));
	wanted->c->tx = stats.tx_packets;
	wanted->c->rx = stats.rx_packets;
	wanted->c->tx_dropped = stats.tx_dropped;
	wanted->c->rx_dropped = stats.rx_dropped;
}

static int ethtool(int dev, void *data)
{
	struct ifreq ifr = { .ifr_data = data };

	strcpy(ifr.ifr_name, devices[dev].name);
	return ioctl(ns_ioctl[devices[dev].ns], SIOCETHTOOL, &ifr);
}

static void read_ethtool(int dev, struct counters *c)
{
	struct {
		struct ethtool_gstrings head;
		char names[STATS_MAX][ETH_GSTRING_LEN];
	} strings = { .head = { ETHTOOL_GSTRINGS, ETH_SS_STATS, 0 } };
	struct {
		struct ethtool_stats head;
		unsigned long long values[STATS_MAX];
	} stats = { .head = { ETHTOOL_GSTATS, 0 } };
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	c->n = 0;
	if (ethtool(dev, &info) || info.n_stats > STATS_MAX)
		return;
	strings.head.len = info.n_stats;
	stats.head.n_stats = info.n_stats;
	if (ethtool(dev, &strings) || ethtool(dev, &stats))
		return;
	c->n = info.n_stats;
	memcpy(c->names, strings.names, sizeof(c->names));
	memcpy(c->values, stats.values, sizeof(c->values));
}

static void read_counters(int dev, struct counters *c)
{
	struct wanted wanted = { devices[dev].name, c };

	nl_each_link(&ns_netlink[devices[dev].ns], take_stats, &wanted);
	read_ethtool(dev, c);
}

static void read_all(struct counters *all)
{
	int dev;

	for (dev = 0; dev < DEVICES; dev++)
		read_counters(dev, &all[dev]);
}

/* The growth of one ethtool counter. */
static unsigned long long grown(const struct counters *before, const struct counters *after, const char *name)
{
	unsigned int i;

	for (i = 0; i < after->n; i++)
		if (!strcmp(after->names[i], name))
			return after->values[i] - before->values[i];
	problem("no counter %s", name);
	return 0;
}

/*
 * Waits until nothing is under way any more between ends of pairs: each has received what the other has sent, and a
 * second look finds it so. One look alone is no moment: the far stack answers some frames, and late ones of its own.
 */
static void settle(const struct fuzz *fuzz, struct counters *all)
{
	static const int ends[][2] = { { PA, PB }, { PB, PA }, { BA, BB }, { BB, BA }, { BC, BD } };
	time_t end = time(NULL) + SETTLE_SECONDS * fuzz->slow;
	static struct counters before[DEVICES];
	bool quiet;
	size_t i;

	read_all(all);
	do {
		memcpy(before, all, sizeof(before));
		read_all(all);
		quiet = true;
		for (i = 0; i < DEVICES; i++)
			quiet &= all[i].tx == before[i].tx && all[i].rx == before[i].rx;
		for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			quiet &= all[ends[i][0]].tx == all[ends[i][1]].rx;
		if (!quiet)
			usleep(5000);
	} while (!quiet && time(NULL) < end);
}

/* ---- making everything ---- */

static bool make_namespaces(void)
{
	static const char * const letters[] = { "fa", "fb", "fs", "fc" };
	int i;

	for (i = 0; i < NAMESPACES; i++) {
		snprintf(ns_names[i], sizeof(ns_names[i]), "%s-%d", letters[i], getpid());
		if (!shell("ip netns add %s", ns_names[i]))
			return false;
		netns_enter(ns_names[i]);
		/* Only where the frames are to be understood does anything answer. */
		if (i != NS_B)
			fuzz_disable_ipv6();
		ns_ioctl[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (nl_open(&ns_netlink[i], 0))
			return false;
		netns_enter("");
	}
	return true;
}

static void delete_namespaces(void)
{
	int i;

	for (i = 0; i < NAMESPACES; i++)
		if (ns_names[i][0])
			shell("ip netns del %s", ns_names[i]);
}

static bool make_devices(void)
{
	const char *a = ns_names[NS_A], *b = ns_names[NS_B], *s = ns_names[NS_SWITCH], *c = ns_names[NS_FAR];
	int i;

	if (!shell("ip -n %s link add pa mtu 65535 type vveth peer name pb netns %s mtu 65535", a, b) ||
	    !shell("ip -n %s link add ba mtu 65535 type vveth peer name bb netns %s mtu 65535", a, s) ||
	    !shell("ip -n %s link add bc mtu 65535 type vveth peer name bd netns %s mtu 65535", s, c) ||
	    !shell("ip -n %s link add xb type veth peer name xa netns %s", s, a) ||
	    !shell("ip -n %s link add vbr mtu 65535 type vbridge", s) ||
	    !shell("for d in bb bc xb; do ip -n %s link set $d master vbr up || exit; done", s) ||
	    !shell("ip -n %s link set vbr up", s) ||
	    !shell("for d in pa ba xa; do ip -n %s link set $d up || exit; done; ip -n %s link set bd up", a, c) ||
	    !shell("ip -n %s addr add 192.0.2.2/24 dev pb", b) ||
	    !shell("ip -n %s link set pb up", b))
		return false;
	if (!access("/proc/sys/net/ipv6", F_OK) && !shell("ip -n %s addr add 2001:db8::2/64 dev pb nodad", b))
		return false;
	for (i = 0; i < DEVICES; i++) {
		struct ifreq ifr = {};

		strcpy(ifr.ifr_name, devices[i].name);
		if (ioctl(ns_ioctl[devices[i].ns], SIOCGIFHWADDR, &ifr))
			return false;
		memcpy(address_of[i], ifr.ifr_hwaddr.sa_data, ETH_ALEN);
		ioctl(ns_ioctl[devices[i].ns], SIOCGIFINDEX, &ifr);
		index_of[i] = ifr.ifr_ifindex;
	}
	return true;
}

static int packet_socket(int dev, int protocol)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = index_of[dev] };
	int fd;

	netns_enter(ns_names[devices[dev].ns]);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	netns_enter("");
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		err(1, "packet socket");
	return fd;
}

/* The far stations say where they are. */
static void greet(int dev, unsigned int stations)
{
	unsigned char hello[60] = { 2, 0, 0, 0xee, 0, 0 };
	int fd = packet_socket(dev, 0);
	unsigned int i;

	frame_put16(hello + 12, 0x88b5);
	for (i = 0; i < stations; i++) {
		far_address(hello + ETH_ALEN, i);
		if (send(fd, hello, sizeof(hello), 0) < 0)
			problem("a far station cannot send");
	}
	close(fd);
}

static void set_offload(int dev, unsigned int command, bool on)
{
	struct ethtool_value value = { .cmd = command, .data = on };

	if (ethtool(dev, &value))
		problem("offload %#x of %s cannot be set", command, devices[dev].name);
}

static void set_up(const struct setting *set)
{
	if (set->bridge) {
		shell("ip -n %s link set ba mtu %u", ns_names[NS_A], set->mtu);
		shell("for d in bb bc; do ip -n %s link set $d mtu %u; done", ns_names[NS_SWITCH], set->mtu);
		shell("ip -n %s link set bd mtu %u", ns_names[NS_FAR], set->far_mtu);
	} else {
		shell("ip -n %s link set pa mtu %u", ns_names[NS_A], set->mtu);
		shell("ip -n %s link set pb mtu %u", ns_names[NS_B], set->far_mtu);
	}
	/* GRO looks at a local socket's TCP only where the sender has no TSO. */
	set_offload(set->bridge ? BA : PA, ETHTOOL_STSO, !set->gro);
	set_offload(set->bridge ? BB : PB, ETHTOOL_SGRO, set->gro);
	if (set->bridge)
		set_offload(BD, ETHTOOL_SGRO, set->gro);
}

/* What part of FRAMES or XDP_FRAMES this run has to send. */
static unsigned long long wanted(const struct fuzz *fuzz, unsigned int frames)
{
	return (unsigned long long)frames * fuzz->scale / (fuzz->slow > 1 ? 4 : 1) / fuzz->share;
}

/* ---- a phase through a socket ---- */

static bool is_tag(const unsigned char *type)
{
	unsigned int value = type[0] << 8 | type[1];

	return value == ETH_P_8021Q || value == ETH_P_8021AD;
}

static void tell_fate(const struct setting *set, const struct frame *frame, struct fate *fate)
{
	const unsigned char *dest = frame->bytes, *source = dest + ETH_ALEN;
	static const unsigned char zero[ETH_ALEN], local[] = { 1, 0x80, 0xc2, 0, 0 };
	unsigned int i;

	fate->sent++;
	if (frame->len > (set->bridge ? set->mtu : set->far_mtu) + ETH_HLEN + 4) {
		fate->too_big++;
		return;
	}
	if (is_tag(frame->bytes + 12) && frame->len < ETH_HLEN + 6) {
		fate->lost_tag++;
		return;
	}
	if ((source[0] & 1) || !memcmp(source, zero, ETH_ALEN)) {
		fate->bad_source++;
	} else if (!memcmp(dest, local, 5) && dest[5] == 1) {
		fate->pause++;
	} else if (!memcmp(dest, local, 5) && dest[5] > 1 && dest[5] < 16) {
		fate->port_stack++;
	} else if (dest[0] & 1) {
		fate->group++;
	} else {
		static const int own[] = { VBR, BB, BC, XB };

		for (i = 0; i < 4; i++)
			if (!memcmp(dest, address_of[own[i]], ETH_ALEN))
				break;
		*(i < 4 ? &fate->own : &fate->other) += 1;
	}
}

static void tell_error(struct fate *fate, int error)
{
	fate->error[error < 134 ? error : 0]++;
	/* The device was given it, and the core counts there what it has dropped. */
	*(error == ENOBUFS ? &fate->nobufs : &fate->refused) += 1;
}

/* False where the socket is not given back what it has paid for earlier frames. */
static bool send_batch(int fd, const struct setting *set, struct virtio_net_hdr *hdrs, unsigned int n, struct fate *fate)
{
	struct mmsghdr messages[BATCH] = {};
	struct iovec parts[BATCH][2];
	unsigned int i, done = 0;

	for (i = 0; i < n; i++) {
		parts[i][0] = (struct iovec){ &hdrs[i], sizeof(hdrs[i]) };
		parts[i][1] = (struct iovec){ frames[i].bytes, frames[i].len };
		messages[i].msg_hdr.msg_iov = set->header ? parts[i] : parts[i] + 1;
		messages[i].msg_hdr.msg_iovlen = set->header ? 2 : 1;
	}
	while (done < n) {
		int rc = sendmmsg(fd, messages + done, n - done, 0);

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc < 0 && errno == EAGAIN)
			return false;
		if (rc < 0) {
			tell_error(fate, errno);
			done++;
			continue;
		}
		for (i = 0; i < (unsigned int)rc; i++)
			tell_fate(set, &frames[done + i], fate);
		done += rc;
	}
	return true;
}

static void print_frame(long index, const struct frame *frame, const struct virtio_net_hdr *hdr)
{
	unsigned int i;

	printf("# %ld: %u bytes, flags %x gso %x size %u hdr %u csum %u+%u:", index, frame->len, hdr->flags, hdr->gso_type,
	       hdr->gso_size, hdr->hdr_len, hdr->csum_start, hdr->csum_offset);
	for (i = 0; i < frame->len && i < 100; i++)
		printf(" %02x", frame->bytes[i]);
	printf("\n");
}

static void send_frames(const struct fuzz *fuzz, unsigned int phase, const struct setting *set, long count,
			struct fate *fate)
{
	int dev = set->bridge ? BA : PA, one = 1, size = SEND_BUFFER, fd = packet_socket(dev, 0);
	struct frame_world world = { .n_own = set->bridge ? 4 : 1, .big = set->mtu };
	struct timeval limit = { .tv_sec = SETTLE_SECONDS * fuzz->slow };
	struct virtio_net_hdr hdrs[BATCH];
	long from = fuzz->from < 0 ? 0 : fuzz->from, end = count, i;
	unsigned int n;

	memcpy(world.own[0], address_of[set->bridge ? BD : PB], ETH_ALEN);
	memcpy(world.own[1], address_of[VBR], ETH_ALEN);
	memcpy(world.own[2], address_of[BB], ETH_ALEN);
	memcpy(world.own[3], address_of[BC], ETH_ALEN);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if ((set->header && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one))) ||
	    (set->bypass && setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one))))
		problem("a packet socket lacks an option");
	if (fuzz->count >= 0 && from + fuzz->count < end)
		end = from + fuzz->count;
	for (i = from; i < end; i += n) {
		for (n = 0; n < BATCH && i + n < end; n++) {
			struct fuzz_rng rng = fuzz_rng(fuzz->seed, 1000 + phase, i + n);

			if (set->super && fuzz_chance(&rng, 60)) {
				frame_make_super(&rng, &world, &frames[n], &hdrs[n]);
			} else {
				frame_make(&rng, &world, &frames[n]);
				frame_make_header(&rng, &frames[n], &hdrs[n]);
			}
			if (fuzz->verbose)
				print_frame(i + n, &frames[n], &hdrs[n]);
		}
		if (!send_batch(fd, set, hdrs, n, fate)) {
			problem("the socket waits for frames sent before number %ld", i + n);
			break;
		}
	}
	close(fd);
}

/* What must hold whatever was sent. */
static void check_pair(const struct counters *before, const struct counters *after, int from, int to)
{
	unsigned long long sent = after[from].tx - before[from].tx, received = after[to].rx - before[to].rx;

	if (sent != received)
		problem("%s has sent %llu, %s has received %llu", devices[from].name, sent, devices[to].name, received);
}

static void check_first_crossing(const struct setting *set, const struct counters *before, const struct counters *after,
				 const struct fate *fate)
{
	int from = set->bridge ? BA : PA;
	unsigned long long handed_on = after[from].tx - before[from].tx + after[from].tx_dropped - before[from].tx_dropped;

	if (set->super) {
		/* What the core has cut into segments is more than what was sent. */
		if (handed_on < fate->sent + fate->nobufs)
			problem("%llu sent, of which the device counts %llu", fate->sent + fate->nobufs, handed_on);
		return;
	}
	SAME(handed_on, fate->sent + fate->nobufs);
	SAME(grown(&before[from], &after[from], "drop_too_big"), fate->too_big);
	SAME(grown(&before[from], &after[from], "drop_ring_full"), 0);
}

static void check_bridge(const struct counters *before, const struct counters *after, const struct fate *fate, bool exact)
{
	const struct counters *b = &before[VBR], *a = &after[VBR];
	unsigned long long failed = grown(b, a, "drop_too_big") + grown(b, a, "drop_down") + grown(b, a, "drop_too_short") +
				    grown(b, a, "drop_nomem");
	unsigned long long flooded = grown(b, a, "flooded"), copies = grown(b, a, "flood_copies");
	unsigned long long forwarded = grown(b, a, "forwarded"), left = 0;
	static const int ports[] = { BB, BC, XB };
	unsigned int i;

	for (i = 0; i < 3; i++)
		left += after[ports[i]].tx - before[ports[i]].tx + after[ports[i]].tx_dropped - before[ports[i]].tx_dropped;
	if (!exact) {
		if (left < forwarded + copies)
			problem("%llu frames handed to ports, of which they count %llu", forwarded + copies, left);
		return;
	}
	SAME(grown(b, a, "drop_bad_source"), fate->bad_source);
	SAME(grown(b, a, "drop_link_local"), fate->pause);
	SAME(grown(b, a, "to_port_stack"), fate->port_stack);
	SAME(a->rx - b->rx, fate->group + fate->own);
	/* Each flood goes to the two other ports; a copy that could not leave has a reason of its own. */
	SAME(forwarded + copies + failed + grown(b, a, "drop_same_port") + grown(b, a, "drop_no_egress"),
	     fate->group + fate->other + flooded);
	SAME(left, forwarded + copies);
}

static void one_phase(const struct fuzz *fuzz, unsigned int phase, const struct setting *set, long count, struct fate *fate)
{
	static struct counters before[DEVICES], after[DEVICES];
	struct tpacket_stats tap = {};
	socklen_t len = sizeof(tap);
	int one = 1, fd = -1;

	set_up(set);
	if (!set->bridge) {
		/* Frames of the far stack's own may be on their way now, but in the other direction. */
		fd = packet_socket(PB, ETH_P_ALL);
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
		getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &tap, &len);
	}
	settle(fuzz, before);
	send_frames(fuzz, phase, set, count, fate);
	settle(fuzz, after);
	check_pair(before, after, PA, PB);
	check_pair(before, after, PB, PA);
	check_pair(before, after, BA, BB);
	check_pair(before, after, BC, BD);
	check_first_crossing(set, before, after, fate);
	if (set->bridge)
		check_bridge(before, after, fate, !set->super && !set->gro);
	if (fd >= 0) {
		getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &tap, &len);
		close(fd);
		if (!set->super && !set->gro)
			SAME(tap.tp_packets, after[PB].rx - before[PB].rx - fate->lost_tag);
	}
}

static struct setting setting_of(unsigned int phase)
{
	static const unsigned int mtus[][2] = { { 65535, 65535 }, { 1500, 1500 }, { 65535, 576 } };
	unsigned int i = phase % SETTINGS;
	struct setting set = { .bridge = phase / SETTINGS, .bypass = i & 1, .header = i & 2, .gro = i & 4 };

	/* Super-frames where the header can tell of them. */
	set.super = set.header && (set.gro || i / 8 == 1);
	set.mtu = mtus[i / 8][0];
	set.far_mtu = mtus[i / 8][1];
	return set;
}

static void print_fate(unsigned int phase, const struct setting *set, const struct fate *fate)
{
	unsigned int i;

	printf("# phase %2u %s%s%s%s%s mtu %u/%u: sent %llu", phase, set->bridge ? "bridge" : "pair",
	       set->bypass ? " bypass" : "", set->header ? " header" : "", set->super ? " super" : "",
	       set->gro ? " gro" : "", set->mtu, set->far_mtu, fate->sent);
	for (i = 0; i < 134; i++)
		if (fate->error[i])
			printf(" %s:%llu", strerrorname_np(i), fate->error[i]);
	printf("; too big %llu, tag lost %llu\n", fate->too_big, fate->lost_tag);
}

/* ---- frames from BPF ---- */

static int bpf_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* XDP_PASS, or a redirect to a device. */
static int load_xdp(int to)
{
	struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_insn redirect[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = to },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_XDP, .insn_cnt = to ? 4 : 2 };

	attr.insns = to ? (uintptr_t)redirect : (uintptr_t)pass;
	attr.license = (uintptr_t)"GPL";
	return bpf_call(BPF_PROG_LOAD, &attr);
}

/* A device tells BPF of its queues only while it has a program itself. */
static int attach_xdp(int dev, int prog)
{
	struct ifinfomsg ifi = { .ifi_index = index_of[dev] };
	struct nl_msg msg;
	struct nlattr *nest;

	nl_begin(&msg, RTM_SETLINK, 0);
	nl_put(&msg, &ifi, sizeof(ifi));
	nest = nl_nest(&msg, IFLA_XDP | NLA_F_NESTED);
	nl_attr_u32(&msg, IFLA_XDP_FD, prog);
	nl_attr_u32(&msg, IFLA_XDP_FLAGS, 1U << 2);
	nl_nest_end(&msg, nest);
	return nl_talk(&ns_netlink[devices[dev].ns], &msg);
}

static int xdp_run(int prog, int dev, const struct frame *frame, unsigned int copies)
{
	struct xdp_md ctx = { .data_end = frame->len, .ingress_ifindex = index_of[dev] };
	union bpf_attr attr = { .test = {
		.prog_fd = prog, .repeat = copies, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .data_size_in = frame->len,
		.data_in = (uintptr_t)frame->bytes, .ctx_in = (uintptr_t)&ctx, .ctx_size_in = sizeof(ctx),
	} };
	int rc;

	netns_enter(ns_names[devices[dev].ns]);
	rc = bpf_call(BPF_PROG_RUN, &attr) ? -errno : 0;
	netns_enter("");
	return rc;
}

static void xdp_phase(const struct fuzz *fuzz, unsigned int phase, struct fate *all)
{
	static struct counters before[DEVICES], after[DEVICES];
	int pass = load_xdp(0), redirect = load_xdp(index_of[BB]), rc;
	struct frame_world world = { .n_own = 4, .big = 1500 };
	struct setting set = { .bridge = true, .mtu = 1500, .far_mtu = 1500 };
	unsigned int i, copies;

	memcpy(world.own, (unsigned char *)address_of[BC], 4 * ETH_ALEN);
	set_up(&set);
	if (pass < 0 || redirect < 0 || attach_xdp(XB, pass)) {
		problem("no program for XDP");
		return;
	}
	for (i = 0; all->sent < wanted(fuzz, XDP_FRAMES) && !problems; i++) {
		struct fuzz_rng rng = fuzz_rng(fuzz->seed, 1000 + phase, i);
		bool direct = i % 10 == 9;
		struct fate one = {};

		do
			frame_make(&rng, &world, &frames[0]);
		while (frames[0].len < ETH_HLEN || frames[0].len > 1500);
		copies = is_tag(frames[0].bytes + 12) ? XDP_TAGGED_COPIES : XDP_COPIES;
		settle(fuzz, before);
		rc = xdp_run(direct ? redirect : pass, XB, &frames[0], copies);
		if (rc)
			problem("run %u of phase %u: %s", i, phase, strerror(-rc));
		settle(fuzz, after);
		check_pair(before, after, BB, BA);
		check_pair(before, after, BC, BD);
		all->sent += copies;
		if (direct) {
			unsigned long long out = after[BB].tx - before[BB].tx + after[BB].tx_dropped - before[BB].tx_dropped;

			/* A pair either takes frames from XDP or it does not; none gets lost on the way. */
			if (out && out != copies)
				problem("%u frames redirected, of which the device counts %llu", copies, out);
			continue;
		}
		tell_fate(&set, &frames[0], &one);
		one.bad_source *= copies;
		one.pause *= copies;
		one.port_stack *= copies;
		one.group *= copies;
		one.own *= copies;
		one.other *= copies;
		check_bridge(before, after, &one, true);
	}
	/* A pair has no queues that BPF could use, today. */
	rc = xdp_run(pass, PB, &frames[0], 1);
	if (rc && rc != -EINVAL)
		problem("a run on a pair: %s", strerror(-rc));
	close(pass);
	close(redirect);
}

/* ---- all of them ---- */

static void run_phases(const struct fuzz *fuzz, unsigned int first, unsigned int last, const char *name, struct fate *sum)
{
	long each = wanted(fuzz, FRAMES - XDP_FRAMES) / (2 * SETTINGS) + 1;
	unsigned int phase, i;

	problems = 0;
	for (phase = first; phase < last; phase++) {
		struct setting set = setting_of(phase);
		unsigned int before = problems;
		struct fate fate = {};
		char found[300];

		if (fuzz->only >= 0 && fuzz->only != (long)phase)
			continue;
		fuzz_kmsg_mark(kmsg, "vnet-fuzz: frames VNET_SEED=%llu VNET_FUZZ_ONLY=%u",
			       (unsigned long long)fuzz->seed, phase);
		if (phase == 2 * SETTINGS)
			xdp_phase(fuzz, phase, &fate);
		else
			one_phase(fuzz, phase, &set, each, &fate);
		if (phase < 2 * SETTINGS)
			print_fate(phase, &set, &fate);
		if (fuzz_kmsg_finding(kmsg, found, sizeof(found)))
			problem("the kernel log: %s", found);
		if (problems > before)
			printf("# replay: VNET_SEED=%llu VNET_FUZZ_ONLY=%u\n", (unsigned long long)fuzz->seed, phase);
		sum->sent += fate.sent;
		sum->refused += fate.refused;
		sum->nobufs += fate.nobufs;
		for (i = 0; i < 134; i++)
			sum->error[i] += fate.error[i];
	}
	fuzz_result(!problems, name, "%s", first_problem);
	first_problem[0] = '\0';
}

int main(void)
{
	struct fuzz fuzz = fuzz_setup("frames");
	struct fate sum = {};
	const char *stuck;
	bool ok;
	int i;

	printf("1..5\n");
	kmsg = fuzz_kmsg_open();
	atexit(delete_namespaces);
	if (!make_namespaces() || !make_devices())
		errx(1, "no devices to work with");
	greet(BD, FAR_STATIONS);
	run_phases(&fuzz, 0, SETTINGS, "pair", &sum);
	run_phases(&fuzz, SETTINGS, 2 * SETTINGS, "bridge", &sum);
	run_phases(&fuzz, 2 * SETTINGS, 2 * SETTINGS + 1, "xdp", &sum);
	printf("# sent %llu, refused by the socket %llu\n", sum.sent, sum.refused);
	ok = sum.sent && sum.sent * 100 / (sum.sent + sum.refused) >= SENT_MIN &&
	     (fuzz.only >= 0 || sum.sent + sum.refused + sum.nobufs >= wanted(&fuzz, FRAMES));
	fuzz_result(ok, "volume", "%llu sent, %llu refused, %llu dropped before the device", sum.sent, sum.refused,
		    sum.nobufs);
	delete_namespaces();
	memset(ns_names, 0, sizeof(ns_names));
	for (i = 0; i < NAMESPACES; i++) {
		close(ns_ioctl[i]);
		close(ns_netlink[i].fd);
	}
	stuck = fuzz_unload(SETTLE_SECONDS * fuzz.slow);
	fuzz_result(!stuck, "unload", "%s cannot be unloaded", stuck ? stuck : "");
	return fuzz_failures > 0;
}
