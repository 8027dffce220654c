// SPDX-License-Identifier: GPL-2.0
/* What a counter of the suite's drivers is about, by its name. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "counters.h"

#define COUNTER_DROP_PREFIX	"drop_"

static bool counter_begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* The underscore behind "rx0", or NULL. */
static const char *counter_queue_end(const char *name)
{
	const char *s = name + 2;

	if (!counter_begins(name, "rx") && !counter_begins(name, "tx"))
		return NULL;
	while (isdigit((unsigned char)*s))
		s++;
	return s > name + 2 && *s == '_' ? s : NULL;
}

enum counter_group counter_group(const char *name)
{
	if (counter_begins(name, COUNTER_DROP_PREFIX))
		return COUNTER_DROP;
	if (counter_begins(name, "direct_") ||
	    counter_begins(name, "ordinary_"))
		return COUNTER_ROAD;
	if (counter_queue_end(name))
		return COUNTER_QUEUE;
	if (strcmp(name, "peer_ifindex") == 0)
		return COUNTER_IDENTITY;
	return COUNTER_OTHER;
}

const char *counter_name(const char *name)
{
	const char *end = counter_queue_end(name);

	if (end)
		return end + 1;
	if (counter_begins(name, COUNTER_DROP_PREFIX))
		return name + strlen(COUNTER_DROP_PREFIX);
	return name;
}

void counter_queue(const char *name, char *queue, size_t size)
{
	const char *end = counter_queue_end(name);

	snprintf(queue, size, "%.*s", end ? (int)(end - name) : 0, name);
}

static const struct {
	const char *reason;
	const char *why;
} counter_whys[] = {
	{ "no_peer", "the pair's other end was going away" },
	{ "down", "the device, or the other end, is down: ip link set up" },
	{ "too_short", "no whole Ethernet header was in the frame" },
	{ "too_big", "longer than the MTU it had to leave by: compare the MTUs on its way" },
	{ "nomem", "no memory for it: the machine is short of it" },
	{ "ring_full", "the receiver did not keep up: more queues, or a longer ring (ethtool -G)" },
	{ "purged", "it lay in a ring that was emptied, as the device went down or changed its rings" },
	{ "bad_source", "its source address is no station's: a group's, or zero" },
	{ "port_state", "the port does not forward: bridge link" },
	{ "link_local", "of a protocol between neighbours, which a bridge keeps" },
	{ "same_port", "its destination is where it came from: hairpin is off" },
	{ "no_egress", "no port was left to send it to: isolation, flood flags or VLANs" },
	{ "egress", "the device it had to leave by refused it: see that device's drops" },
	{ "not_ip", "no IP packet, on a pair of mode l3" },
	{ "xdp", "an XDP program said so" },
	{ "xdp_aborted", "an XDP program failed: trace xdp:xdp_exception" },
	{ "xdp_tx", "an XDP program sent it back and nobody could take it" },
	{ "xdp_redirect", "an XDP program sent it elsewhere and it could not be taken there" },
	{ "xdp_nomem", "no memory to hand it to an XDP program" },
	{ "xdp_too_big", "too long for one page, and the XDP program takes no fragments" },
	{ "locked", "the port is locked and does not know its source: bridge fdb" },
	{ "vlan", "of a VLAN that the port does not carry: vnet vlan" },
	{ "no_reader", "no program is attached to the tun device" },
	{ "filter", "the filter that the program attached did not let it pass" },
	{ "copy_in", "the memory the program sent it from could not be read" },
	{ "copy_out", "the memory the program wanted it in could not be written" },
};

const char *counter_why(const char *reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(counter_whys); i++) {
		if (strcmp(counter_whys[i].reason, reason) == 0)
			return counter_whys[i].why;
	}
	return NULL;
}
