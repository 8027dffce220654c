// SPDX-License-Identifier: GPL-2.0
/*
 * Numbered frames: sends them on one device, receives them on others, and says what became of them.
 *
 *	pkt [-T NS:DEV] [-R NS:DEV]... [OPTION...]
 *
 * With -T and -R it ends when all frames have come everywhere, or when none has come for a while after the last was
 * sent. With -R alone it prints "ready" and ends on SIGTERM, or when COUNT frames have come everywhere. An empty NS is
 * the namespace the program was started in.
 *	-c COUNT	frames to send (default 100)
 *	-D SECONDS	send for so long instead, or receive for so long at most
 *	-l LEN		frame length without FCS (default 60)
 *	-f FLOWS	UDP source ports to go through, one after the other (default 1)
 *	-d MAC -s MAC	destination (default broadcast) and source (default 02:00:00:00:00:01)
 *	-p ETHERTYPE	raw payload of that type, in hex, instead of IPv4 and UDP
 *	-v TCI		an 802.1Q tag in the frame: a VLAN, or 0xe000 for priority 7 and none
 *	-b		past the qdisc
 *	-r PPS		no faster than that
 *	-m FRAMES	go to the next CPU each time that so many were sent
 *	-w MS		how long silence has to last (default 500)
 *	-a		receive all ethertypes (as tcpdump does), counting frames of others as foreign
 *
 * Output, a line each:
 *	tx sent= refused= gone=		refused: ENOBUFS, the frame was not taken; gone=1: the device went away meanwhile
 *	rxN frames= unique= bytes= lost= dup= late= maxlen= sockdrop= tagged= tpid= partial= foreign= foreignlen=
 *		in the order of the -R; lost: of those sent; late: behind a later frame of its flow;
 *		tagged: with a VLAN tag beside the frame, the last one's type being tpid (in hex);
 *		partial: with a checksum that is yet to be completed; foreignlen: the longest of the foreign frames
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "netns.h"

#define PKT_MAGIC	0x766e6574u
#define PKT_FLOWS	256
#define PKT_RECEIVERS	64
#define PKT_SEQS	(1u << 24)
#define PKT_DRAIN_MS	20

/* What makes a frame ours; the last thing in its headers. */
struct pkt_mark {
	uint32_t magic;
	uint32_t flow;
	uint32_t seq;
} __attribute__((packed));

struct pkt_options {
	const char *tx;
	unsigned long count, pps, move;
	unsigned int len, flows, vid, proto, wait_ms;
	double seconds;
	bool bypass, all;
	unsigned char dst[ETH_ALEN], src[ETH_ALEN];
};

/* Written by the sending child, read by the receiving parent. */
struct pkt_sent {
	unsigned long sent, refused;
	int gone;
};

struct pkt_receiver {
	int fd;
	unsigned long frames, unique, bytes, dup, late, maxlen, sockdrop, foreign, foreignlen, tagged, partial;
	unsigned int tpid;
	int64_t last[PKT_FLOWS];
	uint8_t *seen;
};

static struct pkt_options opt = {
	.count = 100, .len = 60, .flows = 1, .proto = ETH_P_IP, .wait_ms = 500,
	.dst = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, .src = { 2, 0, 0, 0, 0, 1 },
};

static struct pkt_receiver receivers[PKT_RECEIVERS];
static unsigned int nr_receivers;
static volatile sig_atomic_t stopped;

static void pkt_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static double pkt_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void pkt_parse_mac(unsigned char *mac, const char *text)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6)
		errx(2, "not a MAC: %s", text);
}

/* Enters NS and binds to DEV there; protocol 0 receives nothing. */
static int pkt_open(const char *where, uint16_t proto)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(proto) };
	const char *colon = strchr(where, ':');
	char ns[NAME_MAX];
	int fd;

	if (!colon)
		errx(2, "not NS:DEV: %s", where);
	snprintf(ns, sizeof(ns), "%.*s", (int)(colon - where), where);
	netns_enter(ns);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "packet socket");
	addr.sll_ifindex = if_nametoindex(colon + 1);
	if (!addr.sll_ifindex || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "%s", where);
	return fd;
}

/* ---- sending ---- */

static uint16_t pkt_ip_sum(const void *header)
{
	const uint16_t *word = header;
	uint32_t sum = 0;
	int i;

	for (i = 0; i < 10; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static unsigned char *pkt_put_ip(unsigned char *at, unsigned int len)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .frag_off = htons(IP_DF) };
	struct udphdr udp = { .dest = htons(9), .len = htons(len - sizeof(ip)) };

	ip.tot_len = htons(len);
	ip.saddr = inet_addr("198.51.100.1");
	ip.daddr = inet_addr("198.51.100.2");
	ip.check = pkt_ip_sum(&ip);
	memcpy(at, &ip, sizeof(ip));
	memcpy(at + sizeof(ip), &udp, sizeof(udp));
	return at + sizeof(ip) + sizeof(udp);
}

/* Fills the frame once; only the mark and the source port change after that. */
static struct pkt_mark *pkt_build(unsigned char *frame)
{
	uint16_t type = htons(opt.proto), tag[2] = { htons(ETH_P_8021Q), htons(opt.vid) };
	unsigned char *at = frame + 2 * ETH_ALEN;
	struct pkt_mark *mark;

	memcpy(frame, opt.dst, ETH_ALEN);
	memcpy(frame + ETH_ALEN, opt.src, ETH_ALEN);
	if (opt.vid) {
		memcpy(at, tag, sizeof(tag));
		at += sizeof(tag);
	}
	memcpy(at, &type, sizeof(type));
	at += sizeof(type);
	if (opt.proto == ETH_P_IP)
		at = pkt_put_ip(at, opt.len - (at - frame));
	mark = (struct pkt_mark *)at;
	if (at + sizeof(*mark) > frame + opt.len)
		errx(2, "length %u is too short", opt.len);
	mark->magic = htonl(PKT_MAGIC);
	return mark;
}

static void pkt_pace(double start, unsigned long nr)
{
	double ahead = start + (double)nr / opt.pps - pkt_now();
	struct timespec ts = { .tv_sec = ahead, .tv_nsec = (ahead - (long)ahead) * 1e9 };

	if (ahead > 0)
		nanosleep(&ts, NULL);
}

/* False once the device is gone. */
static bool pkt_send_one(int fd, const void *frame, struct pkt_sent *result)
{
	if (send(fd, frame, opt.len, 0) >= 0) {
		result->sent++;
		return true;
	}
	switch (errno) {
	case ENOBUFS:
	case EAGAIN:
	case EINTR:
		result->refused++;
		return true;
	case ENXIO:
	case ENODEV:
	case ENETDOWN:
		result->gone = 1;
		return false;
	default:
		err(1, "send");
	}
}

static void pkt_move(void)
{
	int cpu = (sched_getcpu() + 1) % sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "CPU %d", cpu);
}

static void pkt_send_all(int fd, struct pkt_sent *result)
{
	unsigned char *frame = calloc(1, opt.len + 64);
	struct pkt_mark *mark = pkt_build(frame);
	double start = pkt_now();
	uint16_t *port = (uint16_t *)((unsigned char *)mark - sizeof(struct udphdr));
	unsigned long seq;

	for (seq = 0; !stopped && (opt.seconds > 0 || seq < opt.count); seq++) {
		if (opt.seconds > 0 && pkt_now() - start > opt.seconds)
			break;
		if (opt.pps)
			pkt_pace(start, seq);
		if (opt.move && seq % opt.move == 0)
			pkt_move();
		mark->flow = htonl(seq % opt.flows);
		mark->seq = htonl(seq);
		if (opt.proto == ETH_P_IP)
			*port = htons(1024 + seq % opt.flows);
		if (!pkt_send_one(fd, frame, result))
			break;
	}
	free(frame);
}

static pid_t pkt_start_sender(struct pkt_sent *result)
{
	int fd = pkt_open(opt.tx, 0), one = 1, size = 256 << 20;
	pid_t pid;

	/* Frames on their way are charged to the socket: it must not be what slows the sender down. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (opt.bypass && setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		err(1, "PACKET_QDISC_BYPASS");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		pkt_send_all(fd, result);
		_exit(0);
	}
	close(fd);
	return pid;
}

/* ---- receiving ---- */

static void pkt_add_receiver(const char *where)
{
	struct pkt_receiver *rx = &receivers[nr_receivers];
	int one = 1, size = 256 << 20;

	if (nr_receivers++ == PKT_RECEIVERS)
		errx(2, "too many receivers");
	rx->fd = pkt_open(where, opt.all ? ETH_P_ALL : opt.proto);
	setsockopt(rx->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (setsockopt(rx->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(rx->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)))
		err(1, "%s", where);
	memset(rx->last, 0xff, sizeof(rx->last));
	rx->seen = mmap(NULL, PKT_SEQS / 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (rx->seen == MAP_FAILED)
		err(1, "mmap");
}

/* Borrowed from the frame; NULL where it is none of ours. The kernel has taken an outer VLAN tag out of it. */
static const struct pkt_mark *pkt_find_mark(const unsigned char *frame, size_t len)
{
	size_t at = ETH_HLEN + (opt.proto == ETH_P_IP ? sizeof(struct iphdr) + sizeof(struct udphdr) : 0);
	const struct pkt_mark *mark = (const void *)(frame + at);

	return len >= at + sizeof(*mark) && ntohl(mark->magic) == PKT_MAGIC ? mark : NULL;
}

static void pkt_account(struct pkt_receiver *rx, const unsigned char *frame, size_t len)
{
	const struct pkt_mark *mark = pkt_find_mark(frame, len);
	uint32_t seq, flow;

	if (!mark) {
		rx->foreign++;
		if (len > rx->foreignlen)
			rx->foreignlen = len;
		return;
	}
	seq = ntohl(mark->seq) % PKT_SEQS;
	flow = ntohl(mark->flow) % PKT_FLOWS;
	rx->frames++;
	rx->bytes += len;
	if (len > rx->maxlen)
		rx->maxlen = len;
	if (rx->seen[seq / 8] & 1 << seq % 8) {
		rx->dup++;
		return;
	}
	rx->seen[seq / 8] |= 1 << seq % 8;
	rx->unique++;
	if (seq < rx->last[flow])
		rx->late++;
	else
		rx->last[flow] = seq;
}

/* What the kernel says beside the frame. */
static void pkt_account_aux(struct pkt_receiver *rx, struct msghdr *msg)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	struct tpacket_auxdata aux;

	if (!cmsg || cmsg->cmsg_level != SOL_PACKET || cmsg->cmsg_type != PACKET_AUXDATA)
		return;
	memcpy(&aux, CMSG_DATA(cmsg), sizeof(aux));
	rx->partial += !!(aux.tp_status & TP_STATUS_CSUMNOTREADY);
	if (aux.tp_status & TP_STATUS_VLAN_VALID) {
		rx->tagged++;
		rx->tpid = aux.tp_vlan_tpid;
	}
}

/* Takes all that waits; true if there was any frame. */
static bool pkt_drain(struct pkt_receiver *rx)
{
	static unsigned char frame[1 << 17];
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec iov = { .iov_base = frame, .iov_len = sizeof(frame) };
	bool any = false;
	ssize_t len;

	for (;;) {
		struct msghdr msg = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control),
		};

		/* The length of the frame, also where there is no room for all of it. */
		len = recvmsg(rx->fd, &msg, MSG_DONTWAIT | MSG_TRUNC);
		if (len < 0)
			return any;
		pkt_account(rx, frame, len);
		pkt_account_aux(rx, &msg);
		any = true;
	}
}

static bool pkt_drain_all(int timeout_ms)
{
	struct pollfd fds[PKT_RECEIVERS];
	bool any = false;
	unsigned int i;

	for (i = 0; i < nr_receivers; i++)
		fds[i] = (struct pollfd){ .fd = receivers[i].fd, .events = POLLIN };
	if (poll(fds, nr_receivers, timeout_ms) <= 0)
		return false;
	for (i = 0; i < nr_receivers; i++)
		any |= pkt_drain(&receivers[i]);
	return any;
}

static bool pkt_complete(unsigned long count)
{
	unsigned int i;

	for (i = 0; i < nr_receivers; i++)
		if (receivers[i].unique < count)
			return false;
	return true;
}

/* Silence is counted in looks, not by the clock: this process may have been made to wait, as may have who has frames. */
static void pkt_receive_with_sender(pid_t pid, const struct pkt_sent *result)
{
	unsigned int silent = 0;
	int status = -1;

	while (pid || silent < opt.wait_ms) {
		silent = pkt_drain_all(10) || pid ? 0 : silent + 10;
		if (pid && stopped)
			kill(pid, SIGTERM);
		if (pid && waitpid(pid, &status, WNOHANG) == pid) {
			if (status)
				errx(1, "the sender failed");
			pid = 0;
		}
		if (!pid && pkt_complete(result->sent))
			break;
	}
	pkt_drain_all(PKT_DRAIN_MS);
}

static void pkt_receive_only(void)
{
	double start = pkt_now();

	puts("ready");
	fflush(stdout);
	while (!stopped && !pkt_complete(opt.count)) {
		if (opt.seconds > 0 && pkt_now() - start > opt.seconds)
			break;
		pkt_drain_all(50);
	}
	pkt_drain_all(PKT_DRAIN_MS);
}

static void pkt_report(unsigned int nr, unsigned long sent)
{
	struct pkt_receiver *rx = &receivers[nr];
	struct tpacket_stats stats = {};
	socklen_t size = sizeof(stats);

	if (!getsockopt(rx->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size))
		rx->sockdrop = stats.tp_drops;
	printf("rx%u frames=%lu unique=%lu bytes=%lu lost=%ld dup=%lu late=%lu maxlen=%lu sockdrop=%lu ",
	       nr, rx->frames, rx->unique, rx->bytes, (long)(sent - rx->unique), rx->dup, rx->late, rx->maxlen,
	       rx->sockdrop);
	printf("tagged=%lu tpid=%04x partial=%lu foreign=%lu foreignlen=%lu\n", rx->tagged, rx->tpid, rx->partial,
	       rx->foreign, rx->foreignlen);
}

static void pkt_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "T:R:c:D:l:f:d:s:p:v:br:m:w:a")) != -1) {
		switch (c) {
		case 'T':
			opt.tx = optarg;
			break;
		case 'R':
			break;
		case 'c':
			opt.count = strtoul(optarg, NULL, 0);
			break;
		case 'D':
			opt.seconds = strtod(optarg, NULL);
			break;
		case 'l':
			opt.len = strtoul(optarg, NULL, 0);
			break;
		case 'f':
			opt.flows = strtoul(optarg, NULL, 0);
			break;
		case 'd':
			pkt_parse_mac(opt.dst, optarg);
			break;
		case 's':
			pkt_parse_mac(opt.src, optarg);
			break;
		case 'p':
			opt.proto = strtoul(optarg, NULL, 16);
			break;
		case 'v':
			opt.vid = strtoul(optarg, NULL, 0);
			break;
		case 'b':
			opt.bypass = true;
			break;
		case 'r':
			opt.pps = strtoul(optarg, NULL, 0);
			break;
		case 'm':
			opt.move = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			opt.wait_ms = strtoul(optarg, NULL, 0);
			break;
		case 'a':
			opt.all = true;
			break;
		default:
			exit(2);
		}
	}
	if (!opt.flows || opt.flows > PKT_FLOWS || opt.len < ETH_HLEN || opt.count > PKT_SEQS)
		errx(2, "a number is out of range");
	optind = 1;
	while ((c = getopt(argc, argv, "T:R:c:D:l:f:d:s:p:v:br:m:w:a")) != -1)
		if (c == 'R')
			pkt_add_receiver(optarg);
}

int main(int argc, char **argv)
{
	struct sigaction stop = { .sa_handler = pkt_stop };
	struct pkt_sent *result;
	unsigned int i;

	sigaction(SIGTERM, &stop, NULL);
	pkt_options(argc, argv);
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (result == MAP_FAILED)
		err(1, "mmap");
	if (opt.tx) {
		pkt_receive_with_sender(pkt_start_sender(result), result);
		printf("tx sent=%lu refused=%lu gone=%d\n", result->sent, result->refused, result->gone);
	} else {
		pkt_receive_only();
	}
	for (i = 0; i < nr_receivers; i++)
		pkt_report(i, opt.tx ? result->sent : opt.count);
	return 0;
}
