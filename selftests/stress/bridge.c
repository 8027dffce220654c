// SPDX-License-Identifier: GPL-2.0
/*
 * A bridge that lives through everything: it, its ports and what is at their other ends are renamed, re-MTUed, taken down
 * and up, watched and given XDP programs; stations wander between namespaces, ports are taken out and in again, the table
 * is flushed and entries are made, options are changed; all that while frames come from the stations and from the host, on
 * both CPUs. Afterwards every frame is accounted for, by each device and in sum.
 *
 *	+-------------- 0 ---------------+
 *	|             br0                |
 *	|  pp0    pp1    pp2    pp3      |
 *	+----|------|------|------|------+
 *	    ee0    ee1    ee2    ee3
 *	     1      2      3      4         ee1 wanders between the namespaces 2 and 5
 *
 * VNET_SEED=N replays the decisions of a run, VNET_LONG=1 takes ten minutes.
 */
#define _GNU_SOURCE
#include "harness.h"
#include "account.h"

#define STATIONS	4

FIXTURE(bridge) {
	struct account acc;
	bool exact;
	unsigned int seed;
};

FIXTURE_SETUP(bridge)
{
	self->seed = stress_seed();
	self->exact = swallowed_is_counted();
}

FIXTURE_TEARDOWN(bridge)
{
}

static const unsigned char mac_br[] = { 2, 0, 0, 0, 3, 0 }, unknown[] = { 2, 0, 0, 0, 99, 99 },
			   group[] = { 1, 0, 0x5e, 1, 2, 3 }, lldp[] = { 1, 0x80, 0xc2, 0, 0, 0x0e };

/* The last station and its port are left in peace: at least one port takes floods, and all it gets can be counted. */
static struct device ports[STATIONS] = {
	{ { 2, 0, 0, 0, 2, 1 }, 0, false }, { { 2, 0, 0, 0, 2, 2 }, 0, false },
	{ { 2, 0, 0, 0, 2, 3 }, 0, false }, { { 2, 0, 0, 0, 2, 4 }, 0, false },
}, stations[STATIONS] = {
	{ { 2, 0, 0, 0, 1, 1 }, 1, false }, { { 2, 0, 0, 0, 1, 2 }, 2, false },
	{ { 2, 0, 0, 0, 1, 3 }, 3, false }, { { 2, 0, 0, 0, 1, 4 }, 4, false },
}, bridge = { { 2, 0, 0, 0, 3, 0 }, 0, false };

/* What comes to a port while it is none, and link-local frames, are the port's own stack's; and what station 3 gets. */
static int own_stack[STATIONS], station_stack;
static unsigned long heard_own, heard_station;

static bool make_stations(struct account *acc)
{
	struct end end, br;
	struct nl_msg msg;
	char name[2][8];
	int i, rc;

	op_bridge(&msg, &(struct op_bridge){ .name = "br0", .mac = mac_br, .up = true });
	rc = nl_talk(&acc->ns[0].nl, &msg);
	if (rc || !find(acc, &bridge, &br))
		return false;
	for (i = 0; i < STATIONS; i++) {
		snprintf(name[0], sizeof(name[0]), "pp%d", i);
		snprintf(name[1], sizeof(name[1]), "ee%d", i);
		op_pair(&msg, &(struct op_pair){
			.name = name[0], .peer = name[1], .mac = ports[i].mac, .peer_mac = stations[i].mac,
			.peer_ns = acc->spaces[stations[i].ns], .master = br.link.index, .up = true, .peer_up = true,
		});
		rc = nl_talk(&acc->ns[0].nl, &msg);
		if (rc || !find(acc, &ports[i], &end))
			return false;
		own_stack[i] = stress_listen(acc->spaces[0], end.link.index, ETH_P_IP);
	}
	if (!find(acc, &stations[3], &end))
		return false;
	station_stack = stress_listen(acc->spaces[stations[3].ns], end.link.index, ETH_P_IP);
	heard_own = 0;
	heard_station = 0;
	return station_stack >= 0;
}

static void flush(struct account *acc, int nr)
{
	struct end br, port;
	struct nl_msg msg;

	if (!find(acc, &bridge, &br) || !find(acc, &ports[nr], &port))
		return;
	op_fdb_flush(&msg, br.link.index, stress_below(&acc->rnd, 2) ? port.link.index : 0);
	talk(acc, &acc->ns[0], &msg, "flush");
}

static void set_entry(struct account *acc, int nr)
{
	static const unsigned short states[] = { NUD_NOARP, NUD_REACHABLE };
	struct end br, port;
	struct nl_msg msg;

	if (!find(acc, &bridge, &br) || !find(acc, &ports[nr], &port))
		return;
	op_fdb(&msg, RTM_NEWNEIGH, &(struct op_fdb){
		.dev = br.link.index, .via = port.link.index, .mac = stations[stress_below(&acc->rnd, STATIONS)].mac,
		.state = states[stress_below(&acc->rnd, 2)], .replace = true,
	});
	/* A port that is none at the moment is refused as "no port of this bridge". */
	if (port.link.master)
		talk(acc, &acc->ns[0], &msg, "entry");
}

static void port_option(struct account *acc, int nr)
{
	static const unsigned short options[] = {
		IFLA_BRPORT_LEARNING, IFLA_BRPORT_UNICAST_FLOOD, IFLA_BRPORT_MCAST_FLOOD, IFLA_BRPORT_ISOLATED,
		IFLA_BRPORT_MODE,
	};
	unsigned short option = options[stress_below(&acc->rnd, 5)];
	bool usual = option != IFLA_BRPORT_ISOLATED && option != IFLA_BRPORT_MODE;
	struct nl_msg msg;
	struct end port;

	if (!find(acc, &ports[nr], &port) || !port.link.master)
		return;
	op_port_option(&msg, port.link.index, option, !usual);
	talk(acc, &acc->ns[0], &msg, "port option");
	usleep(stress_below(&acc->rnd, 3000));
	op_port_option(&msg, port.link.index, option, usual);
	talk(acc, &acc->ns[0], &msg, "port option");
}

static void bridge_option(struct account *acc)
{
	struct nl_msg msg;
	struct end br;

	if (!find(acc, &bridge, &br))
		return;
	op_bridge_change(&msg, br.link.index, &(struct op_bridge){
		.ageing = 1 + stress_below(&acc->rnd, 2) * 30000, .max_learned = 1 + stress_below(&acc->rnd, 8),
		.flush = stress_below(&acc->rnd, 2),
	});
	talk(acc, &acc->ns[0], &msg, "bridge option");
}

/* It is never down while it is no port: its socket, which counts what comes meanwhile, would be deaf for a moment. */
static void out_and_in(struct account *acc, int nr)
{
	struct end br, port;
	struct nl_msg msg;

	if (!find(acc, &bridge, &br) || !find(acc, &ports[nr], &port))
		return;
	op_set(&msg, port.link.index);
	nl_attr_u32(&msg, IFLA_MASTER, 0);
	talk(acc, &acc->ns[0], &msg, "nomaster");
	usleep(stress_below(&acc->rnd, 5000));
	op_set(&msg, port.link.index);
	nl_attr_u32(&msg, IFLA_MASTER, br.link.index);
	talk(acc, &acc->ns[0], &msg, "master");
}

static void disturb_bridge(struct account *acc)
{
	int nr = stress_below(&acc->rnd, STATIONS - 1);

	switch (stress_below(&acc->rnd, 9)) {
	case 0:
		disturb(acc, &stations[nr]);
		break;
	case 1:
		disturb(acc, &ports[nr]);
		break;
	case 2:
		disturb(acc, &bridge);
		break;
	case 3:
		move(acc, &stations[1], stations[1].ns == 2 ? 5 : 2);
		break;
	case 4:
		flush(acc, nr);
		break;
	case 5:
		set_entry(acc, nr);
		break;
	case 6:
		port_option(acc, nr);
		break;
	case 7:
		bridge_option(acc);
		break;
	default:
		out_and_in(acc, nr);
	}
}

static long long br(struct account *acc, const char *what)
{
	return drops(acc, &bridge, what);
}

/* Sums of all ports. */
static void sum_ports(struct account *acc, long long *in, long long *out)
{
	struct end end;
	int i;

	*in = *out = 0;
	for (i = 0; i < STATIONS; i++) {
		if (!find(acc, &ports[i], &end))
			continue;
		*in += end.link.stats.rx_packets;
		*out += end.link.stats.tx_packets + end.link.stats.tx_dropped;
		heard_own += stress_heard(own_stack[i]);
	}
}

/*
 * A frame that comes in is forwarded, flooded, taken by the host, left to the port's stack or dropped. Only a flood's copy
 * that found its port just closed (drop_down) counts among the drops and is no frame that came in.
 */
static void sum_bridge(struct account *acc, struct sums *sums, bool exact)
{
	long long in, out, handed, kept, down, more;
	struct end br0 = {}, station = {};
	int i;

	sums->n = 0;
	for (i = 0; i < STATIONS; i++) {
		sum_direction(acc, sums, &ports[i], &stations[i]);
		sum_direction(acc, sums, &stations[i], &ports[i]);
	}
	for (i = 0; i < acc->nr_flows; i++)
		sum_flow(acc, sums, i, exact);

	find(acc, &bridge, &br0);
	find(acc, &stations[3], &station);
	sum_ports(acc, &in, &out);
	in += br0.link.stats.tx_packets - heard_own;
	kept = br(acc, "forwarded") + br(acc, "flooded") + br0.link.stats.rx_packets;
	down = br(acc, "drop_down");
	more = kept + br(acc, "drop_") - in;
	add_sum(sums, "bridge: in = forwarded + flooded + local + dropped", in,
		in + (more < 0 ? more : more > down ? more - down : 0));
	handed = br(acc, "forwarded") + br(acc, "flood_copies");
	/* Before 6.9 what a closed queue swallows is in egress_refused alone. */
	add_sum(sums, "forwarded + copies = given to the ports", handed,
		exact || out > handed || out < handed - br(acc, "egress_refused") ? out : handed);
	add_sum(sums, "frames were left to a port's stack", 1, br(acc, "to_port_stack") > 0);
	add_sum(sums, "no copy failed for want of memory", 0, br(acc, "drop_nomem"));
	heard_station += stress_heard(station_stack);
	add_sum(sums, "a station at rest hears all it receives", heard_station, station.link.stats.rx_packets);
}

static bool bridge_sums_up(void *arg)
{
	FIXTURE_DATA(bridge) *self = arg;
	struct sums sums;

	sum_bridge(&self->acc, &sums, self->exact);
	return equal(&sums);
}

TEST_F_TIMEOUT(bridge, accounts, LIMIT)
{
	struct account *acc = &self->acc;
	struct sums sums;
	double end;

	ASSERT_TRUE(start(acc, self->seed, STRESS_SPACES));
	ASSERT_TRUE(make_stations(acc));
	ASSERT_TRUE(add_flow(acc, stations[0].mac, stations[1].mac, 60, 8));
	ASSERT_TRUE(add_flow(acc, stations[1].mac, stations[0].mac, 60, 8));
	/* What may be flooded is short, for a copy that is too long for its port would be one more drop than frames. */
	ASSERT_TRUE(add_flow(acc, stations[1].mac, bridge.mac, 1514, 4));
	ASSERT_TRUE(add_flow(acc, stations[2].mac, unknown, 60, 8));
	ASSERT_TRUE(add_flow(acc, bridge.mac, stations[3].mac, 60, 8));
	ASSERT_TRUE(add_flow(acc, bridge.mac, group, 60, 2));
	ASSERT_TRUE(add_flow(acc, stations[3].mac, bridge.mac, 60, 8));
	ASSERT_TRUE(add_flow(acc, stations[3].mac, lldp, 60, 1));
	for (end = stress_end(QUICK_SECONDS); goes_on(acc, end); usleep(stress_below(&acc->rnd, 8000)))
		disturb_bridge(acc);
	EXPECT_TRUE(stop_flows(acc));
	EXPECT_EQ(0, acc->odd);
	EXPECT_LE(LEAST, acc->done);
	stress_poll(bridge_sums_up, self);
	sum_bridge(acc, &sums, self->exact);
	EXPECT_TRUE(print_sums(&sums));
}

TEST_HARNESS_MAIN
