// SPDX-License-Identifier: GPL-2.0
/*
 * One connection between two namespaces that stays open, and does what it is told on stdin.
 *
 *	flow [-t] [-p PORT] [-P PORT] CLIENT_NS SERVER_NS ADDR [LISTEN_ADDR]
 *		-t TCP instead of UDP; -p the server's port (default 5203), -P the one that the client asks for, where
 *		that is another; LISTEN_ADDR where the server's own address is another
 * A line each, answered by a line:
 *	up COUNT LEN	the client sends COUNT messages of LEN bytes	"got MESSAGES", those that came and were right
 *	down COUNT LEN	the server answers so			"got MESSAGES"
 *	peer		"ADDR PORT" of the client as the server knows it
 *	stamped LEN	the client sends one and asks when it was sent (UDP over IPv4)	"got MESSAGES ADDR...", the source
 *			of each frame that it is told of
 *	fin		the client closes its side (TCP), the server reads its end	"fin" or "no fin"
 * First it prints "ready" when one message has crossed each way. A message that does not come within two seconds is
 * given up; UDP's may be missing, TCP's not.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/net_tstamp.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "slow.h"

#define FLOW_WAIT_MS	2000
#define FLOW_LEN	65000

static bool tcp;
static int client, server;
static struct sockaddr_storage peer;
static socklen_t peer_len;
static unsigned char pattern[FLOW_LEN], buf[FLOW_LEN];

static struct addrinfo *flow_address(const char *text, const char *port)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = tcp ? SOCK_STREAM : SOCK_DGRAM
	};
	struct addrinfo *ai;
	int rc = getaddrinfo(text, port, &hints, &ai);

	if (rc)
		errx(2, "%s: %s", text, gai_strerror(rc));
	return ai;
}

static int flow_socket(const struct addrinfo *ai, bool listener)
{
	int fd = socket(ai->ai_family, ai->ai_socktype, 0), one = 1;

	if (fd < 0)
		err(2, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!listener)
		return fd;
	if (bind(fd, ai->ai_addr, ai->ai_addrlen))
		err(2, "bind");
	if (tcp && listen(fd, 1))
		err(2, "listen");
	return fd;
}

static bool flow_readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, FLOW_WAIT_MS * slow_times()) == 1;
}

/* One message, or what a stream has of it. */
static ssize_t flow_read(int fd, size_t len)
{
	size_t at = 0;
	ssize_t n;

	do {
		if (!flow_readable(fd))
			return -1;
		if (fd == server && !tcp) {
			peer_len = sizeof(peer);
			n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&peer, &peer_len);
		} else {
			n = recv(fd, buf + at, tcp ? len - at : sizeof(buf), 0);
		}
		if (n <= 0)
			return n;
		at += n;
	} while (tcp && at < len);
	return at;
}

static bool flow_write(int fd, size_t len)
{
	if (fd == server && !tcp)
		return sendto(fd, pattern, len, 0, (struct sockaddr *)&peer, peer_len) == (ssize_t)len;
	return send(fd, pattern, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* In turns, so that no buffer fills up. */
static unsigned long flow_send(int from, int to, unsigned long count, size_t len)
{
	unsigned long i, got = 0;

	if (len > sizeof(pattern))
		return 0;
	for (i = 0; i < count; i++) {
		if (!flow_write(from, len))
			break;
		if (flow_read(to, len) == (ssize_t)len && !memcmp(buf, pattern, len))
			got++;
	}
	return got;
}

/* What is told is a copy of the frame, from its Ethernet header on. */
static void flow_stamped(size_t len)
{
	int asked = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID, none = 0;
	char addr[INET_ADDRSTRLEN];
	struct iphdr ip;

	if (setsockopt(client, SOL_SOCKET, SO_TIMESTAMPING, &asked, sizeof(asked)))
		err(1, "SO_TIMESTAMPING");
	printf("got %lu", flow_send(client, server, 1, len));
	setsockopt(client, SOL_SOCKET, SO_TIMESTAMPING, &none, sizeof(none));
	while (recv(client, buf, sizeof(buf), MSG_ERRQUEUE | MSG_DONTWAIT) >= (ssize_t)(ETH_HLEN + sizeof(ip))) {
		memcpy(&ip, buf + ETH_HLEN, sizeof(ip));
		printf(" %s", inet_ntop(AF_INET, &ip.saddr, addr, sizeof(addr)));
	}
	putchar('\n');
}

static void flow_peer(void)
{
	char addr[INET6_ADDRSTRLEN], port[8];

	if (tcp) {
		peer_len = sizeof(peer);
		if (getpeername(server, (struct sockaddr *)&peer, &peer_len))
			err(1, "getpeername");
	}
	getnameinfo((struct sockaddr *)&peer, peer_len, addr, sizeof(addr), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	printf("%s %s\n", addr, port);
}

static void flow_connect(const struct addrinfo *ai)
{
	int fd = server;

	if (connect(client, ai->ai_addr, ai->ai_addrlen))
		err(1, "connect");
	if (!tcp)
		return;
	if (!flow_readable(fd))
		errx(1, "no connection");
	server = accept(fd, NULL, NULL);
	if (server < 0)
		err(1, "accept");
	close(fd);
}

static void flow_command(const char *line)
{
	unsigned long count;
	size_t len;

	if (sscanf(line, "up %lu %zu", &count, &len) == 2) {
		printf("got %lu\n", flow_send(client, server, count, len));
	} else if (sscanf(line, "down %lu %zu", &count, &len) == 2) {
		printf("got %lu\n", flow_send(server, client, count, len));
	} else if (sscanf(line, "stamped %zu", &len) == 1) {
		flow_stamped(len);
	} else if (!strncmp(line, "peer", 4)) {
		flow_peer();
	} else if (!strncmp(line, "fin", 3)) {
		shutdown(client, SHUT_WR);
		puts(flow_readable(server) && recv(server, buf, 1, 0) == 0 ? "fin" : "no fin");
	} else {
		puts("what?");
	}
}

int main(int argc, char **argv)
{
	const char *port = "5203", *asked = NULL;
	struct addrinfo *to, *at;
	char line[128];
	size_t i;
	int opt;

	while ((opt = getopt(argc, argv, "tp:P:")) != -1) {
		switch (opt) {
		case 't':
			tcp = true;
			break;
		case 'p':
			port = optarg;
			break;
		case 'P':
			asked = optarg;
			break;
		default:
			return 2;
		}
	}
	argv += optind;
	if (argc - optind < 3)
		errx(2, "usage: flow [-t] [-p PORT] [-P PORT] CLIENT_NS SERVER_NS ADDR [LISTEN_ADDR]");
	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = i % 251;
	setvbuf(stdout, NULL, _IOLBF, 0);
	to = flow_address(argv[2], asked ? asked : port);
	at = flow_address(argc - optind > 3 ? argv[3] : argv[2], port);
	netns_enter(argv[1]);
	server = flow_socket(at, true);
	netns_enter(argv[0]);
	client = flow_socket(to, false);
	flow_connect(to);
	if (flow_send(client, server, 1, 1) != 1 || flow_send(server, client, 1, 1) != 1)
		errx(1, "no message crosses");
	puts("ready");
	while (fgets(line, sizeof(line), stdin))
		flow_command(line);
	return 0;
}
