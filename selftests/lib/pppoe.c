// SPDX-License-Identifier: GPL-2.0
/*
 * One end of a session of PPPoE that nobody had to be asked for: a PPP device on top of an Ethernet device, up, with
 * IPv4 and IPv6 allowed, as long as this program runs.
 *
 *	pppoe NS DEV SESSION REMOTE_MAC NAME
 * Prints "ready".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>

#include "netns.h"

#define PPP_DEV	"/dev/ppp"

static int ppp_open(void)
{
	int fd = open(PPP_DEV, O_RDWR);

	if (fd < 0 && errno == ENOENT && !mknod(PPP_DEV, S_IFCHR | 0600, makedev(108, 0)))
		fd = open(PPP_DEV, O_RDWR);
	if (fd < 0)
		err(2, PPP_DEV);
	return fd;
}

static int pppoe_channel(const char *dev, int session, const char *mac)
{
	struct sockaddr_pppox sp = { .sa_family = AF_PPPOX, .sa_protocol = PX_PROTO_OE };
	int fd = socket(AF_PPPOX, SOCK_STREAM, PX_PROTO_OE);
	unsigned char *a = sp.sa_addr.pppoe.remote;

	if (fd < 0)
		err(2, "socket of PPPoE");
	sp.sa_addr.pppoe.sid = htons(session);
	snprintf(sp.sa_addr.pppoe.dev, sizeof(sp.sa_addr.pppoe.dev), "%s", dev);
	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", a, a + 1, a + 2, a + 3, a + 4, a + 5) != 6)
		errx(2, "no MAC address: %s", mac);
	if (connect(fd, (struct sockaddr *)&sp, sizeof(sp)))
		err(2, "session on %s", dev);
	return fd;
}

static void ppp_ask(int fd, unsigned long request, void *arg, const char *what)
{
	if (ioctl(fd, request, arg) < 0)
		err(2, "%s", what);
}

/* A unit of its own with the channel in it, which has been named and is up. */
static void ppp_unit(int session, const char *name)
{
	struct npioctl ip = { .protocol = 0x21, .mode = NPMODE_PASS }, ip6 = { .protocol = 0x57, .mode = NPMODE_PASS };
	int channel = ppp_open(), unit = ppp_open(), s = socket(AF_INET, SOCK_DGRAM, 0), n = -1, chan;
	struct ifreq ifr = {};

	ppp_ask(session, PPPIOCGCHAN, &chan, "PPPIOCGCHAN");
	ppp_ask(channel, PPPIOCATTCHAN, &chan, "PPPIOCATTCHAN");
	ppp_ask(unit, PPPIOCNEWUNIT, &n, "PPPIOCNEWUNIT");
	ppp_ask(channel, PPPIOCCONNECT, &n, "PPPIOCCONNECT");
	ppp_ask(unit, PPPIOCSNPMODE, &ip, "PPPIOCSNPMODE");
	ppp_ask(unit, PPPIOCSNPMODE, &ip6, "PPPIOCSNPMODE");
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "ppp%d", n);
	snprintf(ifr.ifr_newname, sizeof(ifr.ifr_newname), "%s", name);
	ppp_ask(s, SIOCSIFNAME, &ifr, "SIOCSIFNAME");
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_mtu = 1492;
	ppp_ask(s, SIOCSIFMTU, &ifr, "SIOCSIFMTU");
	ppp_ask(s, SIOCGIFFLAGS, &ifr, "SIOCGIFFLAGS");
	ifr.ifr_flags |= IFF_UP;
	ppp_ask(s, SIOCSIFFLAGS, &ifr, "SIOCSIFFLAGS");
	close(s);
}

int main(int argc, char **argv)
{
	if (argc != 6)
		errx(2, "usage: pppoe NS DEV SESSION REMOTE_MAC NAME");
	netns_enter(argv[1]);
	ppp_unit(pppoe_channel(argv[2], atoi(argv[3]), argv[4]), argv[5]);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
