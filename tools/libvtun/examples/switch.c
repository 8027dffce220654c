// SPDX-License-Identifier: GPL-2.0
/*
 * vtun-switch [-w] NAME NAME...: a switch with a tap device at each port. It learns who is where, and sends what it does
 * not know to all. -w goes by read and write.
 */
#include <err.h>
#include <errno.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libvtun.h"

#define PORTS 16
#define BATCH 64
#define TABLE 1024

/* Who is behind which port; a newer one takes the place of another with the same hash. */
static struct station {
	unsigned char addr[6];
	unsigned char port;	/* plus one */
} table[TABLE];

static struct vtun *port[PORTS];
static bool stopped[PORTS];	/* the device has not taken all, by TUNSETSNDBUF */
static unsigned int ports;
static unsigned long long forwarded, flooded, full;
static volatile sig_atomic_t over;

static void on_signal(int sig)
{
	(void)sig;
	over = 1;
}

static struct station *place(const unsigned char *addr)
{
	uint32_t hash = 0;

	for (int i = 0; i < 6; i++)
		hash = hash * 31 + addr[i];
	return table + (hash ^ hash >> 10) % TABLE;
}

static void send_to(unsigned int to, const struct vtun_frame *frame)
{
	if (vtun_send(port[to], &frame->hdr, frame->piece, frame->pieces))
		full++;
}

static void forward(unsigned int from, const struct vtun_frame *frame)
{
	const unsigned char *addr = frame->piece[0].iov_base;
	struct station *station;

	if (frame->piece[0].iov_len < 14)
		return;
	if (!(addr[6] & 1)) {
		station = place(addr + 6);
		memcpy(station->addr, addr + 6, 6);
		station->port = from + 1;
	}
	station = place(addr);
	if (!(addr[0] & 1) && station->port && !memcmp(station->addr, addr, 6)) {
		if (station->port != from + 1) {
			send_to(station->port - 1, frame);
			forwarded++;
		}
		return;
	}
	flooded++;
	for (unsigned int i = 0; i < ports; i++)
		if (i != from)
			send_to(i, frame);
}

/* Returns whether there was something. */
static bool serve(unsigned int from)
{
	static struct vtun_frame frames[BATCH];
	unsigned int n = vtun_peek(port[from], frames, BATCH);

	for (unsigned int i = 0; i < n; i++)
		forward(from, frames + i);
	vtun_release(port[from], n);
	return n;
}

/* All ports are empty, as far as has been seen. */
static void rest(void)
{
	struct pollfd fds[PORTS];
	bool may = true;

	for (unsigned int i = 0; i < ports; i++) {
		fds[i] = (struct pollfd){ .fd = vtun_fd(port[i]), .events = stopped[i] ? POLLIN | POLLOUT : POLLIN };
		may &= vtun_arm(port[i]);
	}
	if (may)
		poll(fds, ports, 1000);
	for (unsigned int i = 0; i < ports; i++)
		vtun_disarm(port[i]);
	for (unsigned int i = 0; may && i < ports; i++)
		if (fds[i].revents & POLLERR)
			errx(1, "%s has gone", vtun_name(port[i]));
}

int main(int argc, char **argv)
{
	/* What one device lets pass as it is, the other takes as it is. */
	struct vtun_options options = { .flags = IFF_TAP, .offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 };

	if (argc > 1 && !strcmp(argv[1], "-w")) {
		options.how = VTUN_NO_RINGS;
		argv++;
		argc--;
	}
	if (argc < 3 || argc - 1 > PORTS)
		errx(2, "usage: vtun-switch [-w] NAME NAME...");
	for (ports = 0; ports < (unsigned int)argc - 1; ports++) {
		port[ports] = vtun_open(argv[ports + 1], &options);
		if (!port[ports])
			err(1, "%s", argv[ports + 1]);
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	printf("ready %u %s\n", ports, vtun_has_rings(port[0]) ? "rings" : "read/write");
	fflush(stdout);
	while (!over) {
		bool some = false;

		for (unsigned int i = 0; i < ports; i++)
			some |= serve(i);
		/* A device that is down takes nothing: a ring of frames waits for it, the others are counted as full. */
		for (unsigned int i = 0; i < ports; i++)
			stopped[i] = vtun_submit(port[i]) == -EAGAIN;
		if (!some)
			rest();
	}
	printf("forwarded %llu flooded %llu full %llu\n", forwarded, flooded, full);
	for (unsigned int i = 0; i < ports; i++)
		vtun_close(port[i]);
	return 0;
}
