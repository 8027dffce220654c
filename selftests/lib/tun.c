// SPDX-License-Identifier: GPL-2.0
/*
 * The program at the other side of a TUN/TAP device.
 *
 *	tun [-n NODE] [-u UID] [-q QUEUES] [-s MICROSECONDS] [-i NAME] FLAG...	attaches, prints "ready NAME", and reads
 *	tun [...] -x FD FLAG... -- COMMAND [ARG]...	attaches, and becomes COMMAND with the file as its descriptor FD
 *
 * FLAG is tun, tap, multi_queue, vnet_hdr, pi, napi or persist. With -u it attaches as another user. What it cannot do it
 * prints, and stays. -s is how long it sleeps after each packet; with -S it does not read at all before SIGUSR1 comes. At
 * SIGTERM it prints
 *	rx frames= bytes=
 * With -r each Ethernet frame goes back to where it came from, its addresses exchanged.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TUN_QUEUES 300

static volatile sig_atomic_t over, asleep;
static unsigned char frame[70000];

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		asleep = 0;
	else
		over = 1;
}

static int tun_flag(const char *word)
{
	static const struct {
		const char *word;
		int flag;
	} flags[] = {
		{ "tun", IFF_TUN }, { "tap", IFF_TAP }, { "multi_queue", IFF_MULTI_QUEUE }, { "vnet_hdr", IFF_VNET_HDR },
		{ "napi", IFF_NAPI }, { "pi", 0 }, { "persist", 0 },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (!strcmp(word, flags[i].word))
			return flags[i].flag;
	errx(2, "no flag \"%s\"", word);
}

static void send_back(int fd, ssize_t len)
{
	unsigned char addr[6];

	memcpy(addr, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, addr, 6);
	if (write(fd, frame, len) < 0)
		warn("write");
}

static void become(char **command, int fd, int number)
{
	if (dup2(fd, number) < 0)
		err(1, "descriptor %d", number);
	execvp(*command, command);
	err(1, "%s", *command);
}

int main(int argc, char **argv)
{
	struct ifreq ifr = { .ifr_flags = IFF_NO_PI };
	unsigned long long frames = 0, bytes = 0;
	struct pollfd fds[TUN_QUEUES];
	const char *node = "/dev/net/vtun";
	int option, queues = 1, rest = 0, uid = -1, number = -1;
	char **command = NULL;
	bool persist = false, back = false;

	while ((option = getopt(argc, argv, "+n:u:q:s:i:x:Sr")) != -1) {
		switch (option) {
		case 'n':
			node = optarg;
			break;
		case 'u':
			uid = atoi(optarg);
			break;
		case 'q':
			queues = atoi(optarg);
			break;
		case 's':
			rest = atoi(optarg);
			break;
		case 'i':
			snprintf(ifr.ifr_name, IFNAMSIZ, "%s", optarg);
			break;
		case 'S':
			asleep = 1;
			break;
		case 'r':
			back = true;
			break;
		case 'x':
			number = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	for (int i = optind; i < argc; i++) {
		if (number >= 0 && !strcmp(argv[i], "--")) {
			command = argv + i + 1;
			break;
		}
		ifr.ifr_flags |= tun_flag(argv[i]);
		if (!strcmp(argv[i], "pi"))
			ifr.ifr_flags &= ~IFF_NO_PI;
		persist |= !strcmp(argv[i], "persist");
	}
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	if (uid >= 0 && syscall(SYS_setresuid, uid, uid, uid))
		err(1, "setresuid");
	for (int i = 0; i < queues; i++) {
		fds[i].fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		fds[i].events = POLLIN;
		if (fds[i].fd < 0 || ioctl(fds[i].fd, TUNSETIFF, &ifr)) {
			printf("%s: %s\n", fds[i].fd < 0 ? node : "TUNSETIFF", strerror(errno));
			fflush(stdout);
			pause();
			return 1;
		}
	}
	if (persist && ioctl(fds[0].fd, TUNSETPERSIST, 1))
		err(1, "TUNSETPERSIST");
	if (command && *command)
		become(command, fds[0].fd, number);
	printf("ready %s\n", ifr.ifr_name);
	fflush(stdout);
	while (!over) {
		if (asleep) {
			usleep(1000);
			continue;
		}
		if (poll(fds, queues, 1000) <= 0)
			continue;
		for (int i = 0; i < queues; i++) {
			ssize_t len = read(fds[i].fd, frame, sizeof(frame));

			if (len < 0)
				continue;
			frames++;
			bytes += len;
			if (back)
				send_back(fds[i].fd, len);
			if (rest)
				usleep(rest);
		}
	}
	printf("rx frames=%llu bytes=%llu\n", frames, bytes);
	return 0;
}
