// SPDX-License-Identifier: GPL-2.0
/*
 * A TCP transfer between two namespaces, every byte checked by the receiver.
 *
 *	xfer -c CLIENT_NS -s SERVER_NS [-b BYTES] [-D SECONDS] [-t TIMEOUT] ADDR
 *
 * The server listens at ADDR (IPv4 or IPv6) in its namespace before the client is started, so nothing is waited for.
 *	-b BYTES	how much to send (default 1000000)
 *	-D SECONDS	send for so long instead
 *	-t TIMEOUT	give up when it has not ended after so many seconds (default 60)
 * Prints "bytes=N mbit=N". Status 0: all came as sent; 1: it did not, with a line that says where.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "netns.h"
#include "slow.h"

#define XFER_BLOCK	65536u

static const char *client_ns = "", *server_ns = "";
static unsigned long long total = 1000000;
static double seconds;

static double xfer_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Bytes that repeat at no power of two, so that a block in the wrong place is seen. */
static void xfer_pattern(unsigned char *block, unsigned long long nr)
{
	uint32_t state = nr * 2654435761u + 1;
	unsigned int i;

	for (i = 0; i < XFER_BLOCK; i += sizeof(state)) {
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		memcpy(block + i, &state, sizeof(state));
	}
}

static size_t xfer_chunk(unsigned long long done)
{
	return total - done < XFER_BLOCK ? total - done : XFER_BLOCK;
}

static void xfer_send(int fd)
{
	unsigned char block[XFER_BLOCK];
	unsigned long long done = 0;
	double end = xfer_now() + seconds;
	size_t at, len;
	ssize_t got;

	while (seconds > 0 ? xfer_now() < end : done < total) {
		xfer_pattern(block, done / XFER_BLOCK);
		len = seconds > 0 ? XFER_BLOCK : xfer_chunk(done);
		for (at = 0; at < len; at += got) {
			got = send(fd, block + at, len - at, MSG_NOSIGNAL);
			if (got < 0)
				err(1, "send after %llu bytes", done + at);
		}
		done += len;
	}
	if (shutdown(fd, SHUT_WR))
		err(1, "shutdown");
	/* The server closes when it has read all: an earlier end is a reset. */
	got = recv(fd, block, 1, 0);
	if (got)
		err(1, "the other side ended it");
}

static unsigned long long xfer_receive(int fd)
{
	unsigned char want[XFER_BLOCK], block[XFER_BLOCK];
	unsigned long long done = 0;
	size_t at = 0;
	ssize_t got;

	xfer_pattern(want, 0);
	for (;;) {
		got = recv(fd, block, XFER_BLOCK - at, 0);
		if (got < 0)
			err(1, "receive after %llu bytes", done);
		if (!got)
			return done;
		if (memcmp(block, want + at, got))
			errx(1, "wrong data behind byte %llu", done);
		done += got;
		at += got;
		if (at == XFER_BLOCK) {
			xfer_pattern(want, done / XFER_BLOCK);
			at = 0;
		}
	}
}

static struct addrinfo *xfer_address(const char *text)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *ai;
	int rc = getaddrinfo(text, "5201", &hints, &ai);

	if (rc)
		errx(2, "%s: %s", text, gai_strerror(rc));
	return ai;
}

static int xfer_listen(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, 1))
		err(1, "listen");
	return fd;
}

static pid_t xfer_start_client(const struct addrinfo *ai)
{
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	signal(SIGALRM, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	netns_enter(client_ns);
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen))
		err(1, "connect");
	xfer_send(fd);
	_exit(0);
}

static pid_t client;

/* A client that cannot connect ends, and then there is nothing to wait for. */
static int xfer_accept(int listener)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	int status;

	while (!poll(&pfd, 1, 100))
		if (waitpid(client, &status, WNOHANG) == client)
			errx(1, "the client could not connect");
	return accept(listener, NULL, NULL);
}

static void xfer_timeout(int sig)
{
	static const char text[] = "xfer: timed out\n";

	(void)sig;
	if (write(2, text, sizeof(text) - 1) < 0)
		_exit(2);
	if (client > 0)
		kill(client, SIGKILL);
	_exit(1);
}

int main(int argc, char **argv)
{
	unsigned long long got;
	struct addrinfo *ai;
	int timeout = 60 * slow_times(), listener, fd, status, c;
	double start;

	while ((c = getopt(argc, argv, "c:s:b:D:t:")) != -1) {
		switch (c) {
		case 'c':
			client_ns = optarg;
			break;
		case 's':
			server_ns = optarg;
			break;
		case 'b':
			total = strtoull(optarg, NULL, 0);
			break;
		case 'D':
			seconds = strtod(optarg, NULL);
			break;
		case 't':
			timeout = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (optind != argc - 1)
		errx(2, "one address is needed");
	signal(SIGALRM, xfer_timeout);
	signal(SIGTERM, xfer_timeout);
	ai = xfer_address(argv[optind]);
	netns_enter(server_ns);
	listener = xfer_listen(ai);
	start = xfer_now();
	client = xfer_start_client(ai);
	alarm(timeout);
	fd = xfer_accept(listener);
	got = xfer_receive(fd);
	close(fd);
	if (waitpid(client, &status, 0) != client || status)
		errx(1, "the client failed after %llu bytes", got);
	if (!(seconds > 0) && got != total)
		errx(1, "%llu bytes came, %llu were sent", got, total);
	printf("bytes=%llu mbit=%.0f\n", got, got * 8 / 1e6 / (xfer_now() - start));
	return 0;
}
