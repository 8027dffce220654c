// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic between the sockets of two namespaces, and what it costs: thousandths of a nanosecond on stdout.
 *
 *	traffic stream CLIENT_NS SERVER_NS ADDR SIZE COUNT
 *	traffic rr CLIENT_NS SERVER_NS ADDR SIZE COUNT
 *	traffic crr CLIENT_NS SERVER_NS ADDR SIZE COUNT
 *	traffic udp CLIENT_NS SERVER_NS ADDR SIZE COUNT
 *	traffic sink NS ADDR PORT [CLIENT_NS CLIENT_ADDR]
 *	traffic run CMD [ARG]...
 *
 * stream: COUNT writes of SIZE bytes over TCP; cost of 1024 bytes.
 * rr: SIZE bytes there and back over one TCP connection; of one round.
 * crr: a TCP connection for each round, which the server closes; of one.
 * udp: datagrams, sent and received 32 at a time; of one.
 * sink: a UDP socket that is full, until killed; before that, where a client is named, some datagrams there
 * and back, from the same port.
 * run: the cost of running CMD.
 *
 * ADDR of TCP may be two, ASKED@ADDR: the one that the client connects to, and where the server is.
 * The server is ready before the client starts, and connection set-up is part of crr's cost alone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../lib/netns.h"
#include "clock.h"

#define TRAFFIC_PORT	"5001"
#define TRAFFIC_BATCH	32
#define TRAFFIC_MAX	65536

static char buffer[TRAFFIC_MAX];
static struct addrinfo *address;
static const char *asked;
static size_t size;
static unsigned long count;

static void traffic_resolve(const char *addr, const char *port, int type)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = type };
	int rc = getaddrinfo(addr, port, &hints, &address);

	if (rc)
		errx(2, "%s: %s", addr, gai_strerror(rc));
}

static int traffic_socket(void)
{
	struct timeval limit = { .tv_sec = 60 };
	int fd, one = 1;

	fd = socket(address->ai_family, address->ai_socktype, 0);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* A lost frame is a broken measurement, not a wait for ever. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return fd;
}

static int traffic_bound(const char *ns)
{
	int fd;

	netns_enter(ns);
	fd = traffic_socket();
	if (bind(fd, address->ai_addr, address->ai_addrlen))
		err(1, "bind");
	return fd;
}

static int traffic_connect(void)
{
	int fd = traffic_socket(), one = 1;

	if (connect(fd, address->ai_addr, address->ai_addrlen))
		err(1, "connect");
	if (address->ai_socktype == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int traffic_accept(int listener)
{
	int one = 1, fd = accept(listener, NULL, NULL);

	if (fd < 0)
		err(1, "accept");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void traffic_send(int fd, size_t len)
{
	ssize_t n;

	for (; len; len -= n) {
		n = send(fd, buffer, len, MSG_NOSIGNAL);
		if (n <= 0)
			err(1, "send");
	}
}

/* Less than @len only where the other side has closed. */
static size_t traffic_recv(int fd, size_t len)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = recv(fd, buffer, len - got, 0);
		if (n < 0)
			err(1, "recv");
		if (!n)
			break;
		got += n;
	}
	return got;
}

/* The server's side of stream, rr and crr. */
static void traffic_serve(int listener, char kind)
{
	unsigned long left = kind == 'c' ? count : 1;
	int fd;

	for (; left; left--) {
		fd = traffic_accept(listener);
		if (kind == 's') {
			while (traffic_recv(fd, sizeof(buffer)) == sizeof(buffer))
				;
		} else {
			while (traffic_recv(fd, size) == size) {
				traffic_send(fd, size);
				if (kind == 'c')
					break;
			}
		}
		close(fd);
	}
}

/* Ends when the server has had everything: it closes last. */
static void traffic_stream(int fd)
{
	unsigned long i;

	for (i = 0; i < count; i++)
		traffic_send(fd, size);
	shutdown(fd, SHUT_WR);
	if (traffic_recv(fd, 1))
		errx(1, "the server has answered to a stream");
}

static void traffic_rounds(int fd, unsigned long rounds)
{
	while (rounds--) {
		traffic_send(fd, size);
		if (traffic_recv(fd, size) != size)
			errx(1, "the server has closed");
	}
}

static void traffic_connections(void)
{
	unsigned long i;
	int fd;

	for (i = 0; i < count; i++) {
		fd = traffic_connect();
		traffic_rounds(fd, 1);
		/* The server's close has to have come, so that its side keeps the TIME_WAIT. */
		if (traffic_recv(fd, 1))
			errx(1, "more than asked for");
		close(fd);
	}
}

static void traffic_tcp(char kind, const char *client, const char *server)
{
	int listener = traffic_bound(server), fd = -1, status;
	struct bench_clock clock;
	uint64_t ns;
	pid_t pid;

	if (listen(listener, 128))
		err(1, "listen");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		traffic_serve(listener, kind);
		exit(0);
	}
	close(listener);
	netns_enter(client);
	if (asked)
		traffic_resolve(asked, TRAFFIC_PORT, SOCK_STREAM);
	if (kind != 'c')
		fd = traffic_connect();
	/* The connection's first steps (window, buffers) are not what is asked. */
	if (kind == 'r')
		traffic_rounds(fd, 10);
	bench_start(&clock);
	if (kind == 's')
		traffic_stream(fd);
	else if (kind == 'r')
		traffic_rounds(fd, count);
	else
		traffic_connections();
	ns = bench_stop(&clock);
	close(fd);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the server has failed");
	bench_print(ns, kind == 's' ? (size * count + 1023) / 1024 : count);
}

static void traffic_udp(const char *client, const char *server)
{
	struct iovec iov = { .iov_base = buffer, .iov_len = size };
	struct mmsghdr out[TRAFFIC_BATCH], in[TRAFFIC_BATCH];
	struct iovec iov_in = { .iov_base = buffer, .iov_len = sizeof(buffer) };
	int rx = traffic_bound(server), tx, i, n, got;
	unsigned long batch, batches = (count + TRAFFIC_BATCH - 1) / TRAFFIC_BATCH;
	struct bench_clock clock;

	netns_enter(client);
	tx = traffic_connect();
	for (i = 0; i < TRAFFIC_BATCH; i++) {
		out[i] = (struct mmsghdr) { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };
		in[i] = (struct mmsghdr) { .msg_hdr = { .msg_iov = &iov_in, .msg_iovlen = 1 } };
	}
	bench_start(&clock);
	for (batch = 0; batch < batches; batch++) {
		n = sendmmsg(tx, out, TRAFFIC_BATCH, 0);
		if (n != TRAFFIC_BATCH)
			err(1, "sendmmsg: %d of %d", n, TRAFFIC_BATCH);
		for (got = 0; got < TRAFFIC_BATCH; got += n) {
			n = recvmmsg(rx, in, TRAFFIC_BATCH - got, MSG_WAITFORONE, NULL);
			if (n <= 0)
				err(1, "recvmmsg: %d of %d", got, TRAFFIC_BATCH);
		}
	}
	bench_print(bench_stop(&clock), batches * TRAFFIC_BATCH);
}

/* So that what tracks connections on the way has seen both directions; it may hide the client's address. */
static void traffic_greet(int server, const char *client_ns, const char *client_addr, const char *port)
{
	struct addrinfo *to = address;
	struct sockaddr_storage from;
	socklen_t len;
	int fd, i;

	traffic_resolve(client_addr, port, SOCK_DGRAM);
	fd = traffic_bound(client_ns);
	if (connect(fd, to->ai_addr, to->ai_addrlen))
		err(1, "connect");
	for (i = 0; i < 10; i++) {
		len = sizeof(from);
		if (send(fd, buffer, 18, 0) < 0 ||
		    recvfrom(server, buffer, sizeof(buffer), 0, (void *)&from, &len) < 0)
			err(1, "no datagram from %s", client_addr);
		if (sendto(server, buffer, 18, 0, (void *)&from, len) < 0 ||
		    recv(fd, buffer, sizeof(buffer), 0) < 0)
			err(1, "no datagram back to %s", client_addr);
	}
	close(fd);
}

static void traffic_sink(char **argv)
{
	int fd, small = 1;

	traffic_resolve(argv[1], argv[2], SOCK_DGRAM);
	fd = traffic_bound(argv[0]);
	if (argv[3])
		traffic_greet(fd, argv[3], argv[4], argv[2]);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	puts("ready");
	fclose(stdout);
	pause();
}

static void traffic_run(char **argv)
{
	struct bench_clock clock;
	int status;
	pid_t pid;

	bench_start(&clock);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "%s has failed", argv[0]);
	bench_print(bench_stop(&clock), 1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "run") && argc > 2) {
		traffic_run(argv + 2);
		return 0;
	}
	if (!strcmp(what, "sink") && (argc == 5 || argc == 7)) {
		traffic_sink(argv + 2);
		return 0;
	}
	if (argc != 7)
		errx(2, "usage: traffic stream|rr|crr|udp|sink|run ARGS, as its source says");
	size = strtoul(argv[5], NULL, 0);
	count = strtoul(argv[6], NULL, 0);
	if (!size || size > TRAFFIC_MAX || !count)
		errx(2, "SIZE is 1 to %d, COUNT at least 1", TRAFFIC_MAX);
	if (strchr(argv[4], '@')) {
		asked = strsep(&argv[4], "@");
		if (!strcmp(what, "udp"))
			errx(2, "UDP has one address");
	}
	traffic_resolve(argv[4], TRAFFIC_PORT, strcmp(what, "udp") ? SOCK_STREAM : SOCK_DGRAM);
	if (!strcmp(what, "udp"))
		traffic_udp(argv[2], argv[3]);
	else if (!strcmp(what, "stream") || !strcmp(what, "rr") || !strcmp(what, "crr"))
		traffic_tcp(*what, argv[2], argv[3]);
	else
		errx(2, "unknown: %s", what);
	return 0;
}
