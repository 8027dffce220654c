// SPDX-License-Identifier: GPL-2.0
/*
 * The same calls by /dev/net/tun and by /dev/net/vtun give the same answers, to the errno.
 */
#define _GNU_SOURCE
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/nsfs.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness.h"
#include "tun.h"

#define TRANSCRIPT 200000

/* What a node has answered, line by line. */
static char *said;

static void say(const char *format, ...)
{
	size_t len = strlen(said);
	va_list args;

	va_start(args, format);
	vsnprintf(said + len, TRANSCRIPT - len, format, args);
	va_end(args);
}

/* A call by its name, and what came of it. */
static int call(const char *what, int ret)
{
	say("%s: %s\n", what, ret < 0 ? strerrorname_np(errno) : "done");
	return ret;
}

#define CALL(what) call(#what, what)
/* Of one that returns -errno itself. */
#define TRY(what) ({ int _ret = (what); errno = -_ret; call(#what, _ret); _ret; })

static void set_iff(const char *node, const char *name, int flags)
{
	struct ifreq ifr = tun_ifr(name, flags);
	int fd = tun_open(node, 0);

	say("flags %#x ", flags & 0xffff);
	if (CALL(ioctl(fd, TUNSETIFF, &ifr)) == 0) {
		say("name %s ", ifr.ifr_name);
		ifr = tun_ifr("", 0);
		CALL(ioctl(fd, TUNGETIFF, &ifr));
		say("name %s flags %#x\n", ifr.ifr_name, ifr.ifr_flags & 0xffff);
		ifr = tun_ifr(ifr.ifr_name, 0);
		CALL(dev_ioctl(SIOCGIFFLAGS, &ifr));
		say("device %#x\n", ifr.ifr_flags & 0xffff);
	}
	close(fd);
}

static void all_flags(const char *node)
{
	static const int flags[] = {
		0, IFF_TUN, IFF_TAP, IFF_TUN | IFF_TAP, IFF_TAP | IFF_NO_PI, IFF_TUN | IFF_NO_PI, IFF_TAP | IFF_VNET_HDR,
		IFF_TAP | IFF_ONE_QUEUE, IFF_TAP | IFF_MULTI_QUEUE, IFF_TUN | IFF_MULTI_QUEUE, IFF_TAP | IFF_TUN_EXCL,
		IFF_TAP | IFF_NAPI, IFF_TUN | IFF_NAPI, IFF_TAP | IFF_NAPI_FRAGS, IFF_TUN | IFF_NAPI | IFF_NAPI_FRAGS,
		IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS, IFF_TAP | IFF_NO_CARRIER, IFF_TAP | IFF_PERSIST,
		IFF_TAP | IFF_ATTACH_QUEUE, IFF_TAP | IFF_DETACH_QUEUE, IFF_NO_PI, IFF_MULTI_QUEUE,
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		set_iff(node, "t0", flags[i]);
	set_iff(node, "", IFF_TUN);
	set_iff(node, "", IFF_TAP);
	set_iff(node, "what%d", IFF_TAP);
	set_iff(node, "a/b", IFF_TAP);
	set_iff(node, "..", IFF_TAP);
	set_iff(node, "fifteen-letters", IFF_TAP);
	set_iff(node, "lo", IFF_TAP);
	set_iff(node, "lo", IFF_TAP | IFF_TUN_EXCL);
}

/* A device that persists, and who comes back to it. */
static void come_back(const char *node)
{
	int fd = tun_open(node, 0), other = tun_open(node, 0);

	TRY(tun_set_iff(fd, "t0", IFF_TAP | IFF_NO_PI));
	TRY(tun_set_iff(fd, "t1", IFF_TAP));
	TRY(tun_set_iff(other, "t0", IFF_TAP));
	TRY(tun_set_iff(other, "t0", IFF_TUN));
	TRY(tun_set_iff(other, "t0", IFF_TAP | IFF_MULTI_QUEUE));
	TRY(tun_set_iff(other, "t0", IFF_TAP | IFF_TUN_EXCL));
	CALL(ioctl(fd, TUNSETPERSIST, 1));
	close(fd);
	TRY(tun_set_iff(other, "t0", IFF_TUN));
	TRY(tun_set_iff(other, "t0", IFF_TAP | IFF_MULTI_QUEUE));
	TRY(tun_set_iff(other, "t0", IFF_TAP | IFF_VNET_HDR));
	CALL(ioctl(other, TUNSETPERSIST, 0));
	close(other);
	TRY(dev_up("t0"));
}

/* Each call on a file that has no device, one of either kind, and one whose device is gone. */
static const struct {
	unsigned long cmd;
	const char *name;
	bool pointer;
} commands[] = {
#define C(cmd, pointer) { cmd, #cmd, pointer }
	C(TUNSETNOCSUM, false), C(TUNSETDEBUG, false), C(TUNSETPERSIST, false), C(TUNSETOWNER, false),
	C(TUNSETLINK, false), C(TUNSETGROUP, false), C(TUNGETFEATURES, true), C(TUNSETOFFLOAD, false),
	C(TUNSETTXFILTER, true), C(TUNGETIFF, true), C(TUNGETSNDBUF, true), C(TUNSETSNDBUF, true),
	C(TUNATTACHFILTER, true), C(TUNDETACHFILTER, true), C(TUNGETVNETHDRSZ, true), C(TUNSETVNETHDRSZ, true),
	C(TUNSETQUEUE, true), C(TUNSETIFINDEX, true), C(TUNGETFILTER, true), C(TUNSETVNETLE, true),
	C(TUNGETVNETLE, true), C(TUNSETVNETBE, true), C(TUNGETVNETBE, true), C(TUNSETSTEERINGEBPF, true),
	C(TUNSETFILTEREBPF, true), C(TUNSETCARRIER, true), C(TUNGETDEVNETNS, false), C(SIOCGIFHWADDR, true),
	C(SIOCSIFHWADDR, true), C(SIOCGSKNS, false), C(SIOCGIFFLAGS, true), C(FIONREAD, true), C(TUNSETIFF, true),
#undef C
};

static void each_command(int fd, const char *state)
{
	static unsigned char data[4096];

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		int ret;

		memset(data, 0, sizeof(data));
		errno = 0;
		ret = ioctl(fd, commands[i].cmd, commands[i].pointer ? (long)data : 0);
		say("%s %s 0: %d %s %02x%02x%02x%02x\n", state, commands[i].name, ret < 0 ? ret : ret > 2 ? 3 : ret,
		    ret < 0 ? strerrorname_np(errno) : "", data[0], data[1], data[2], data[3]);
		if (ret > 2)
			close(ret);
		/* A file that was given a device is not the same any more. */
		if (!commands[i].pointer || commands[i].cmd == TUNSETIFF)
			continue;
		ret = ioctl(fd, commands[i].cmd, 8L);
		say("%s %s bad pointer: %d %s\n", state, commands[i].name, ret, ret < 0 ? strerrorname_np(errno) : "");
		memset(data, 0xff, sizeof(data));
		if (commands[i].cmd == TUNSETTXFILTER || commands[i].cmd == TUNATTACHFILTER)
			continue;
		ret = ioctl(fd, commands[i].cmd, data);
		say("%s %s ff: %d %s\n", state, commands[i].name, ret < 0 ? ret : ret > 2 ? 3 : ret,
		    ret < 0 ? strerrorname_np(errno) : "");
		if (ret > 2)
			close(ret);
	}
}

static void every_command(const char *node)
{
	char name[IFNAMSIZ] = "t0";
	int fd;

	fd = tun_open(node, 0);
	each_command(fd, "none");
	close(fd);
	fd = tun_open(node, 0);
	TRY(tun_set_iff(fd, name, IFF_TAP));
	each_command(fd, "tap");
	close(fd);
	fd = tun_open(node, 0);
	TRY(tun_set_iff(fd, "t1", IFF_TUN));
	each_command(fd, "tun");
	close(fd);
}

static void values(const char *node)
{
	static const int offloads[] = { 0, 1, 2, 3, 5, 7, 9, 0xf, 0x11, 0x1f, 0x21, 0x41, 0x61, 0x60, 0x7f, 0x80, 0x10001 };
	static const int sizes[] = { -1, 0, 9, 10, 12, 20, 4096, 0x7fffffff };
	int fd = tun_open(node, 0), val;
	struct ifreq ifr;

	TRY(tun_set_iff(fd, "t0", IFF_TAP | IFF_VNET_HDR));
	for (size_t i = 0; i < sizeof(offloads) / sizeof(*offloads); i++) {
		say("%#x ", offloads[i]);
		CALL(ioctl(fd, TUNSETOFFLOAD, offloads[i]));
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		say("%d ", sizes[i]);
		CALL(ioctl(fd, TUNSETVNETHDRSZ, &sizes[i]));
		CALL(ioctl(fd, TUNGETVNETHDRSZ, &val));
		say("%d\n", val);
		CALL(ioctl(fd, TUNSETSNDBUF, &sizes[i]));
		CALL(ioctl(fd, TUNGETSNDBUF, &val));
		say("%d\n", val);
	}
	for (val = -1; val < 3; val++) {
		CALL(ioctl(fd, TUNSETVNETLE, &val));
		CALL(ioctl(fd, TUNSETVNETBE, &val));
		CALL(ioctl(fd, TUNSETOWNER, val));
		CALL(ioctl(fd, TUNSETGROUP, val));
		CALL(ioctl(fd, TUNSETCARRIER, &val));
	}
	ifr = tun_ifr("", 0);
	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr.ifr_hwaddr.sa_data, "\2\1\2\3\4\5", ETH_ALEN);
	CALL(ioctl(fd, SIOCSIFHWADDR, &ifr));
	memset(&ifr, 0xee, sizeof(ifr));
	CALL(ioctl(fd, SIOCGIFHWADDR, &ifr));
	say("%d %02x:%02x %02x\n", ifr.ifr_hwaddr.sa_family, ifr.ifr_hwaddr.sa_data[0], ifr.ifr_hwaddr.sa_data[5],
	    ifr.ifr_hwaddr.sa_data[6]);
	ifr.ifr_hwaddr.sa_data[0] = 1;
	CALL(ioctl(fd, SIOCSIFHWADDR, &ifr));
	CALL(ioctl(fd, TUNSETLINK, ARPHRD_PPP));
	CALL(ioctl(fd, TUNSETLINK, ARPHRD_ETHER));
	TRY(dev_up("t0"));
	CALL(ioctl(fd, TUNSETLINK, ARPHRD_PPP));
	close(fd);
}

static void queues(const char *node)
{
	int fd[4];

	for (int i = 0; i < 4; i++) {
		fd[i] = tun_open(node, 0);
		TRY(tun_set_queue(fd[i], IFF_ATTACH_QUEUE));
		TRY(tun_set_queue(fd[i], IFF_DETACH_QUEUE));
		TRY(tun_set_iff(fd[i], "t0", IFF_TAP | IFF_MULTI_QUEUE | (i & 1 ? IFF_NO_PI : IFF_NAPI)));
	}
	for (int i = 0; i < 4; i++) {
		struct ifreq ifr = {};

		TRY(tun_set_queue(fd[i], 0));
		TRY(tun_set_queue(fd[i], IFF_ATTACH_QUEUE));
		TRY(tun_set_queue(fd[i], IFF_DETACH_QUEUE));
		TRY(tun_set_queue(fd[i], IFF_DETACH_QUEUE));
		CALL(ioctl(fd[i], TUNGETIFF, &ifr));
		say("flags %#x\n", ifr.ifr_flags & 0xffff);
		TRY(tun_set_iff(fd[i], "t0", IFF_TAP | IFF_MULTI_QUEUE));
	}
	for (int i = 3; i >= 0; i--)
		TRY(tun_set_queue(fd[i], IFF_ATTACH_QUEUE));
	close(fd[0]);
	close(fd[3]);
	TRY(tun_set_queue(fd[1], IFF_DETACH_QUEUE));
	close(fd[1]);
	close(fd[2]);
	TRY(dev_up("t0"));
}

static void say_carrier(const char *name)
{
	struct ethtool_value link = { .cmd = ETHTOOL_GLINK };
	struct ifreq ifr = tun_ifr(name, 0);

	ifr.ifr_data = (void *)&link;
	TRY(dev_ioctl(SIOCETHTOOL, &ifr));
	say("carrier %u\n", link.data);
}

/* Who attaches first says whether there is one; later queues leave it alone. */
static void carriers(const char *node)
{
	int fd[6], off = 0, on = 1;

	for (int i = 0; i < 6; i++)
		fd[i] = tun_open(node, 0);
	TRY(tun_set_iff(fd[0], "t0", IFF_TAP | IFF_MULTI_QUEUE));
	TRY(dev_up("t0"));
	say_carrier("t0");
	CALL(ioctl(fd[0], TUNSETCARRIER, &off));
	say_carrier("t0");
	TRY(tun_set_iff(fd[1], "t0", IFF_TAP | IFF_MULTI_QUEUE));
	say_carrier("t0");
	CALL(ioctl(fd[0], TUNSETCARRIER, &on));
	TRY(tun_set_iff(fd[2], "t0", IFF_TAP | IFF_MULTI_QUEUE | IFF_NO_CARRIER));
	say_carrier("t0");
	CALL(ioctl(fd[0], TUNSETPERSIST, 1));
	/* One that is disabled counts as well. */
	TRY(tun_set_queue(fd[0], IFF_DETACH_QUEUE));
	close(fd[1]);
	close(fd[2]);
	say_carrier("t0");
	TRY(tun_set_iff(fd[3], "t0", IFF_TAP | IFF_MULTI_QUEUE | IFF_NO_CARRIER));
	say_carrier("t0");
	close(fd[0]);
	close(fd[3]);
	say_carrier("t0");
	TRY(tun_set_iff(fd[4], "t0", IFF_TAP | IFF_MULTI_QUEUE | IFF_NO_CARRIER));
	say_carrier("t0");
	close(fd[4]);
	TRY(tun_set_iff(fd[5], "t0", IFF_TAP | IFF_MULTI_QUEUE));
	say_carrier("t0");
	CALL(ioctl(fd[5], TUNSETPERSIST, 0));
	close(fd[5]);
}

static void say_sndbuf(int fd)
{
	int val = -1;

	CALL(ioctl(fd, TUNGETSNDBUF, &val));
	say("%d\n", val);
}

/* What one file may have on its way is not what the next one may. */
static void send_buffers(const char *node)
{
	int fd[4], room = 10000;

	for (int i = 0; i < 4; i++)
		fd[i] = tun_open(node, 0);
	TRY(tun_set_iff(fd[0], "t0", IFF_TAP | IFF_MULTI_QUEUE));
	say_sndbuf(fd[0]);
	CALL(ioctl(fd[0], TUNSETSNDBUF, &room));
	CALL(ioctl(fd[0], TUNSETPERSIST, 1));
	TRY(tun_set_iff(fd[1], "t0", IFF_TAP | IFF_MULTI_QUEUE));
	say_sndbuf(fd[0]);
	say_sndbuf(fd[1]);
	close(fd[0]);
	close(fd[1]);
	TRY(tun_set_iff(fd[2], "t0", IFF_TAP | IFF_MULTI_QUEUE));
	say_sndbuf(fd[2]);
	TRY(tun_set_iff(fd[3], "t0", IFF_TAP | IFF_MULTI_QUEUE));
	room = 20000;
	CALL(ioctl(fd[3], TUNSETSNDBUF, &room));
	say_sndbuf(fd[2]);
	say_sndbuf(fd[3]);
	/* One that comes back has what it had. */
	TRY(tun_set_queue(fd[3], IFF_DETACH_QUEUE));
	TRY(tun_set_queue(fd[3], IFF_ATTACH_QUEUE));
	say_sndbuf(fd[3]);
	CALL(ioctl(fd[2], TUNSETPERSIST, 0));
}

/* More files than a device has queues. */
static void too_many_queues(const char *node)
{
	static int fd[258];
	int n = 0, err = 0;

	while (n < 258) {
		fd[n] = tun_open(node, 0);
		err = tun_set_iff(fd[n], "t0", IFF_TAP | IFF_MULTI_QUEUE);
		n++;
		if (err)
			break;
	}
	say("%d: %d\n", n, err);
	while (n--)
		close(fd[n]);
}

static void filters(const char *node)
{
	struct sock_filter insns[] = { { BPF_RET, 0, 0, 100 }, { BPF_JMP, 0, 0, 7 } };
	struct sock_fprog prog = { .len = 1, .filter = insns }, back = {};
	struct {
		struct tun_filter head;
		unsigned char addr[20][ETH_ALEN];
	} filter = {};
	int fd = tun_open(node, 0);

	TRY(tun_set_iff(fd, "t0", IFF_TAP));
	CALL(ioctl(fd, TUNATTACHFILTER, &prog));
	CALL(ioctl(fd, TUNGETFILTER, &back));
	say("%d %d\n", back.len, back.filter == insns);
	CALL(ioctl(fd, TUNATTACHFILTER, &prog));
	CALL(ioctl(fd, TUNDETACHFILTER, &prog));
	CALL(ioctl(fd, TUNDETACHFILTER, &prog));
	prog.len = 0;
	CALL(ioctl(fd, TUNATTACHFILTER, &prog));
	prog.len = 5000;
	CALL(ioctl(fd, TUNATTACHFILTER, &prog));
	prog.len = 1;
	prog.filter = insns + 1;
	CALL(ioctl(fd, TUNATTACHFILTER, &prog));
	prog.filter = (void *)8;
	CALL(ioctl(fd, TUNATTACHFILTER, &prog));

	for (int i = 0; i < 20; i++)
		filter.addr[i][0] = 3;
	for (filter.head.count = 0; filter.head.count <= 20; filter.head.count += 5)
		say("%d: %d\n", filter.head.count, ioctl(fd, TUNSETTXFILTER, &filter));
	filter.head.count = 20;
	filter.head.flags = TUN_FLT_ALLMULTI;
	say("all: %d\n", ioctl(fd, TUNSETTXFILTER, &filter));
	filter.addr[19][0] = 2;
	say("one station: %d\n", ioctl(fd, TUNSETTXFILTER, &filter));
	filter.head.count = 65535;
	say("long: %d\n", ioctl(fd, TUNSETTXFILTER, &filter) < 0 ? -errno : 0);
	close(fd);
}

static void as_nobody(void)
{
	if (syscall(SYS_setresgid, 4321, 4321, 4321) || syscall(SYS_setresuid, 1234, 1234, 1234))
		say("no nobody\n");
}

/* Who has no rights attaches to what is his, and makes nothing. */
static void owners(const char *node)
{
	static const int owner[][2] = { { 1234, -1 }, { 1235, -1 }, { -1, 4321 }, { -1, 1 }, { 1234, 4321 },
					{ 1234, 1 } };
	char name[IFNAMSIZ];

	for (unsigned int i = 0; i < sizeof(owner) / sizeof(*owner); i++) {
		int fd = tun_open(node, 0);

		snprintf(name, sizeof(name), "t%u", i);
		TRY(tun_set_iff(fd, name, IFF_TAP));
		if (owner[i][0] >= 0)
			CALL(ioctl(fd, TUNSETOWNER, owner[i][0]));
		if (owner[i][1] >= 0)
			CALL(ioctl(fd, TUNSETGROUP, owner[i][1]));
		CALL(ioctl(fd, TUNSETPERSIST, 1));
		close(fd);
	}
	as_nobody();
	for (unsigned int i = 0; i < sizeof(owner) / sizeof(*owner); i++) {
		int fd = tun_open(node, 0);

		snprintf(name, sizeof(name), "t%u", i);
		TRY(tun_set_iff(fd, name, IFF_TAP));
		CALL(ioctl(fd, TUNGETDEVNETNS, 0));
		CALL(ioctl(fd, SIOCGSKNS, 0));
		TRY(tun_set_iff(fd, name, IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS));
		close(fd);
	}
	set_iff(node, "new", IFF_TAP);
}

/* Calls that come to a file after its device has gone. */
static void device_gone(const char *node)
{
	struct pollfd pollfd = { .events = POLLIN | POLLOUT };
	/* Not for the compiler to know. */
	void *volatile nowhere = (void *)8;
	char byte[64] = {};
	int fd = tun_open(node, O_NONBLOCK), val = 77;

	CALL(read(fd, byte, 64));
	CALL(write(fd, byte, 64));
	pollfd.fd = fd;
	poll(&pollfd, 1, 0);
	say("events %#x\n", pollfd.revents);
	CALL(ioctl(fd, TUNSETIFINDEX, &val));
	TRY(tun_set_iff(fd, "t0", IFF_TAP));
	say("index %d\n", dev_index("t0"));
	CALL(ioctl(fd, TUNSETIFINDEX, &val));
	CALL(read(fd, byte, 64));
	CALL(read(fd, byte, 0));
	CALL(write(fd, byte, 64));
	CALL(write(fd, byte, 0));
	CALL(write(fd, byte, 3));
	CALL(write(fd, byte, 17));
	CALL(write(fd, nowhere, 64));
	CALL(lseek(fd, 0, SEEK_CUR));
	poll(&pollfd, 1, 0);
	say("events %#x\n", pollfd.revents);
	TRY(dev_up("t0"));
	poll(&pollfd, 1, 0);
	say("events %#x\n", pollfd.revents & POLLOUT);
	CALL(write(fd, byte, 64));
	close(fd);
}

/* Link types, and what the address is then. */
static void link_types(const char *node)
{
	int fd = tun_open(node, 0), other = tun_open(node, 0);
	struct ifreq ifr = tun_ifr("", 0);

	TRY(tun_set_iff(fd, "t0", IFF_TAP));
	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr.ifr_hwaddr.sa_data, "\2\1\2\3\4\5", ETH_ALEN);
	CALL(ioctl(fd, SIOCSIFHWADDR, &ifr));
	for (int type = 0; type < 1000; type = type == 40 ? 250 : type + 1) {
		say("%d ", type);
		CALL(ioctl(fd, TUNSETLINK, type));
		memset(&ifr, 0xee, sizeof(ifr));
		CALL(ioctl(fd, SIOCGIFHWADDR, &ifr));
		say("%d", ifr.ifr_hwaddr.sa_family);
		for (int i = 0; i < 14; i++)
			say(" %02x", (unsigned char)ifr.ifr_hwaddr.sa_data[i]);
		say("\n");
		if (type % 16 == 1)
			CALL(ioctl(fd, SIOCSIFHWADDR, &ifr));
	}
	CALL(ioctl(fd, TUNSETLINK, -1));
	TRY(tun_set_iff(other, "t1", IFF_TUN));
	CALL(ioctl(other, SIOCGIFHWADDR, &ifr));
	CALL(ioctl(other, SIOCSIFHWADDR, &ifr));
	CALL(ioctl(other, TUNSETLINK, ARPHRD_ETHER));
	CALL(ioctl(other, SIOCGIFHWADDR, &ifr));
	close(other);
	close(fd);
}

/* Frames of all lengths that may be wrong, whole and in segments. */
static void odd_writes(const char *node)
{
	static const int flags[] = {
		IFF_TAP, IFF_TUN, IFF_TAP | IFF_NO_PI, IFF_TUN | IFF_NO_PI, IFF_TAP | IFF_VNET_HDR | IFF_NO_PI,
		IFF_TUN | IFF_VNET_HDR, IFF_TAP | IFF_NO_PI | IFF_NAPI, IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS,
	};
	static const int lengths[] = {
		0, 1, 3, 4, 5, 9, 10, 13, 14, 15, 17, 18, 23, 24, 27, 28, 60, 4000, 5000, 65535, 65550,
	};
	static const int segments[][4] = {
		{ 14, 0, 86 }, { 100, 0 }, { 0, 100 }, { 0, 0, 100 }, { 14, 86, 0, 0 }, { 100 }, { 13, 1, 86 },
		{ 14, 4096, 10 }, { 14, 4097, 10 }, { 5000, 10 }, { 1, 1, 1, 97 },
	};
	static unsigned char frame[70000];

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		int fd = tun_open(node, 0);

		TRY(tun_set_iff(fd, "t0", flags[i]));
		TRY(dev_up("t0"));
		for (size_t j = 0; j < sizeof(lengths) / sizeof(*lengths); j++) {
			memset(frame, 0, sizeof(frame));
			frame[flags[i] & IFF_VNET_HDR ? 14 : 0] = 0x45;
			say("%#x %d ", flags[i], lengths[j]);
			CALL(write(fd, frame, lengths[j]));
		}
		for (size_t j = 0; j < sizeof(segments) / sizeof(*segments); j++) {
			struct iovec iov[4];
			int n = 0;

			for (int k = 0; k < 4; k++) {
				iov[k] = (struct iovec){ frame, segments[j][k] };
				n = segments[j][k] ? k + 1 : n;
			}
			/* Those without bytes at the end as well, of two. */
			n = j == 1 ? 2 : j == 4 ? 4 : n;
			say("%#x segments %zu ", flags[i], j);
			CALL(writev(fd, iov, n));
		}
		close(fd);
	}
}

/* Too little room, for the frame or for what stands in front of it. */
static void odd_reads(const char *node)
{
	static const int flags[] = { IFF_TAP, IFF_TAP | IFF_VNET_HDR | IFF_NO_PI, IFF_TAP | IFF_VNET_HDR };
	static const int rooms[] = { 0, 1, 3, 4, 5, 9, 10, 13, 14, 15, 17, 18, 30, 2000 };
	/* Not for the compiler to know. */
	void *volatile nowhere = (void *)8;
	unsigned char frame[2000];

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		int fd = tun_open(node, O_NONBLOCK), sock;

		TRY(tun_set_iff(fd, "t0", flags[i]));
		TRY(dev_up("t0"));
		sock = dev_socket("t0");
		for (size_t j = 0; j < sizeof(rooms) / sizeof(*rooms); j++) {
			make_frame(frame, 100, 1);
			send(sock, frame, 100, 0);
			say("%#x %d ", flags[i], rooms[j]);
			say("%d ", CALL(read(fd, frame, rooms[j])));
			CALL(read(fd, nowhere, 100));
		}
		close(sock);
		close(fd);
	}
}

/* A filter whose end cannot be read, on a device that has one. */
static void cut_filters(const char *node)
{
	unsigned char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct tun_filter *filter = (void *)(pages + 4096 - sizeof(*filter) - 6);
	struct sock_fprog prog = { .len = 2, .filter = (void *)(pages + 4096 - sizeof(struct sock_filter)) };
	int fd = tun_open(node, 0), other = tun_open(node, 0);
	struct ifreq ifr;

	munmap(pages + 4096, 4096);
	TRY(tun_set_iff(fd, "t0", IFF_TAP | IFF_MULTI_QUEUE));
	for (filter->count = 3; filter->count; filter->count--)
		say("%d: %d\n", filter->count, ioctl(fd, TUNSETTXFILTER, filter) < 0 ? -errno : 0);
	CALL(ioctl(fd, TUNATTACHFILTER, &prog));
	CALL(ioctl(fd, TUNATTACHFILTER, pages + 4096 - 2));
	CALL(ioctl(fd, TUNGETIFF, &ifr));
	say("flags %#x\n", ifr.ifr_flags & 0xffff);
	*prog.filter = (struct sock_filter){ BPF_RET, 0, 0, 100 };
	prog.len = 1;
	CALL(ioctl(fd, TUNATTACHFILTER, &prog));
	CALL(ioctl(fd, TUNGETFILTER, pages + 4096 - 2));
	CALL(ioctl(fd, TUNGETIFF, &ifr));
	say("flags %#x\n", ifr.ifr_flags & 0xffff);
	TRY(tun_set_iff(other, "t0", IFF_TAP | IFF_MULTI_QUEUE | IFF_NOFILTER));
	CALL(ioctl(other, TUNGETIFF, &ifr));
	say("flags %#x\n", ifr.ifr_flags & 0xffff);
	CALL(ioctl(other, TUNDETACHFILTER, 0));
	CALL(ioctl(fd, TUNGETIFF, &ifr));
	say("flags %#x\n", ifr.ifr_flags & 0xffff);
	close(other);
	close(fd);
}

static void say_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CALL(write(fd, text, strlen(text)));
	close(fd);
}

/* Who is nobody, and root in a user namespace of his own. */
static void user_namespace(const char *node)
{
	int fd = tun_open(node, 0), other;

	TRY(tun_set_iff(fd, "t0", IFF_TAP));
	CALL(ioctl(fd, TUNSETPERSIST, 1));
	as_nobody();
	prctl(PR_SET_DUMPABLE, 1);
	CALL(unshare(CLONE_NEWUSER));
	say_write("/proc/self/setgroups", "deny");
	say_write("/proc/self/uid_map", "0 1234 1");
	say_write("/proc/self/gid_map", "0 4321 1");
	/* What his file has is not his to give away, and the network namespace is not his. */
	CALL(ioctl(fd, TUNSETOWNER, 0));
	CALL(ioctl(fd, TUNSETOWNER, 1));
	CALL(ioctl(fd, TUNSETGROUP, 1));
	CALL(ioctl(fd, TUNGETDEVNETNS, 0));
	set_iff(node, "t1", IFF_TAP);
	CALL(unshare(CLONE_NEWNET));
	set_iff(node, "t1", IFF_TAP);
	set_iff(node, "t1", IFF_TAP | IFF_NAPI);
	set_iff(node, "t1", IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS);
	other = tun_open(node, 0);
	TRY(tun_set_iff(other, "t2", IFF_TUN));
	CALL(ioctl(other, TUNSETOWNER, 0));
	CALL(ioctl(other, TUNSETOWNER, 1234));
	CALL(ioctl(other, TUNSETGROUP, 0));
	CALL(ioctl(other, TUNSETGROUP, -1));
	CALL(ioctl(other, TUNSETPERSIST, 1));
	CALL(ioctl(other, TUNGETDEVNETNS, 0) < 0 ? -1 : 0);
	CALL(ioctl(other, SIOCGSKNS, 0) < 0 ? -1 : 0);
	close(other);
	close(fd);
}

/* One run of either node, in a process and a namespace of its own. */
static const char *transcript(void (*what)(const char *node), const char *node)
{
	int status;
	pid_t pid;

	said = mmap(NULL, TRANSCRIPT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (!pid) {
		say("netns %d\n", quiet_netns());
		what(node);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	say("status %#x\n", status);
	return said;
}

static void compare(struct __test_metadata *_metadata, void (*what)(const char *node))
{
	const char *peer, *ours, *p, *o;
	int shown = 0;

	tun_load("/dev/net/tun");
	tun_load("/dev/net/vtun");
	/* As udev makes them. */
	chmod("/dev/net/tun", 0666);
	if (access("/dev/net/tun", F_OK))
		SKIP(return, "no /dev/net/tun to compare with");
	peer = transcript(what, "/dev/net/tun");
	ours = transcript(what, "/dev/net/vtun");
	ASSERT_NE(NULL, strstr(peer, "netns 0"));
	EXPECT_LT(2, (int)strlen(strchr(peer, '\n')));
	if (!strcmp(peer, ours))
		return;
	for (p = peer, o = ours; *p && *o;) {
		int plen = strcspn(p, "\n"), olen = strcspn(o, "\n");

		if ((plen != olen || strncmp(p, o, plen)) && shown++ < 5) {
			TH_LOG("tun says  '%.*s'", plen, p);
			TH_LOG("vtun says '%.*s'", olen, o);
		}
		p += plen + !!p[plen];
		o += olen + !!o[olen];
	}
	EXPECT_EQ(0, strcmp(peer, ours));
}

TEST(all_flags_alike)
{
	compare(_metadata, all_flags);
}

TEST(come_back_alike)
{
	compare(_metadata, come_back);
}

TEST(every_command_alike)
{
	compare(_metadata, every_command);
}

TEST(values_alike)
{
	compare(_metadata, values);
}

TEST(queues_alike)
{
	compare(_metadata, queues);
}

TEST(carriers_alike)
{
	compare(_metadata, carriers);
}

TEST(send_buffers_alike)
{
	compare(_metadata, send_buffers);
}

TEST(too_many_queues_alike)
{
	compare(_metadata, too_many_queues);
}

TEST(filters_alike)
{
	compare(_metadata, filters);
}

TEST(owners_alike)
{
	compare(_metadata, owners);
}

TEST(device_gone_alike)
{
	compare(_metadata, device_gone);
}

TEST(link_types_alike)
{
	compare(_metadata, link_types);
}

TEST(odd_writes_alike)
{
	compare(_metadata, odd_writes);
}

TEST(odd_reads_alike)
{
	compare(_metadata, odd_reads);
}

TEST(cut_filters_alike)
{
	compare(_metadata, cut_filters);
}

TEST(user_namespaces_alike)
{
	compare(_metadata, user_namespace);
}

struct slow {
	int fd;
	unsigned long cmd;
	void *page;
	bool over;
};

static void *slow_call(void *arg)
{
	struct slow *s = arg;

	ioctl(s->fd, s->cmd, s->page);
	__atomic_store_n(&s->over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Whether another process gets on with its device meanwhile. */
static bool others_go_on(pid_t *pid)
{
	*pid = fork();
	if (!*pid)
		_exit(dev_up("t1") ? 1 : 0);
	for (int i = 0; i < 1000; i++, usleep(10000))
		if (waitpid(*pid, NULL, WNOHANG) == *pid)
			return true;
	return false;
}

/* Who asks from memory that is slow to come, or never does, keeps nobody else waiting. */
TEST(slow_memory_alone_waits)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage zero = {};
	struct slow s = {};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC), waited = 0, other;
	pthread_t thread;

	if (uffd < 0)
		SKIP(return, "no userfaultfd");
	tun_load("/dev/net/vtun");
	ASSERT_EQ(0, quiet_netns());
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	s.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	area.range.start = (unsigned long)s.page;
	area.range.len = 4096;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &area));
	other = tun_open("/dev/net/vtun", 0);
	ASSERT_EQ(0, tun_set_iff(other, "t1", IFF_TAP));
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct pollfd pollfd = { .fd = uffd, .events = POLLIN };
		bool faulted;
		pid_t pid = 0;

		if (!commands[i].pointer)
			continue;
		s.fd = tun_open("/dev/net/vtun", 0);
		s.cmd = commands[i].cmd;
		s.over = false;
		ASSERT_EQ(0, tun_set_iff(s.fd, "t0", IFF_TAP | IFF_MULTI_QUEUE));
		ASSERT_EQ(0, pthread_create(&thread, NULL, slow_call, &s));
		/* Some do not look, and end. */
		do
			faulted = poll(&pollfd, 1, 10) == 1;
		while (!faulted && !__atomic_load_n(&s.over, __ATOMIC_ACQUIRE));
		if (faulted) {
			waited++;
			EXPECT_TRUE(others_go_on(&pid)) {
				TH_LOG("%s", commands[i].name);
			}
			zero.range = area.range;
			ASSERT_EQ(0, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
		}
		pthread_join(thread, NULL);
		if (pid)
			waitpid(pid, NULL, 0);
		close(s.fd);
		madvise(s.page, 4096, MADV_DONTNEED);
	}
	EXPECT_LT(15, waited);
}

/* tun lets anybody attach to such a device before 6.12. */
TEST(nobodys_device)
{
	int fd;

	tun_load("/dev/net/vtun");
	said = calloc(1, TRANSCRIPT);
	ASSERT_EQ(0, quiet_netns());
	fd = tun_open("/dev/net/vtun", 0);
	ASSERT_EQ(0, tun_set_iff(fd, "t0", IFF_TAP));
	ASSERT_EQ(0, ioctl(fd, TUNSETPERSIST, 1));
	close(fd);
	as_nobody();
	fd = tun_open("/dev/net/vtun", 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, tun_set_iff(fd, "t0", IFF_TAP));
}

TEST_HARNESS_MAIN
