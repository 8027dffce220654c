#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A sender with a qdisc waits for its receiver: nothing is lost in the ring, and the queue stays in the qdisc, where it can
# be managed. Without a qdisc, see stats.sh.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"

make_pair()
{
	suite_only "has no backpressure on these kernels"
	need_tool tc
	setup_ns a b
	add_pair "$a" va "$b" vb
}

set_bql()
{
	must in_ns "$a" ethtool --set-priv-flags va bql "$1"
}

qdisc_empty()
{
	[[ $(in_ns "$a" tc -s qdisc show dev va) == *"backlog 0b 0p"* ]]
}

# The receiver is a thread on the sender's CPU that only runs when the sender rests: without backpressure most frames are
# lost (see stats.sh:overflow_is_counted).
nothing_is_lost_in_the_ring()
{
	local bql

	make_pair
	check_match "$(in_ns "$a" ethtool --show-priv-flags va)" 'bql *: on' "BQL at first"
	napi_thread "$b" vb
	must in_ns "$a" tc qdisc add dev va root pfifo limit 100000
	for bql in on off; do
		# Without BQL's limit it is the ring that fills.
		set_bql "$bql"
		pkt_with "taskset 1 chrt -f 1" -T "$a:va" -R "$b:vb" -c 4000
		check_eq "$((PKT["rx0.frames"] + PKT["rx0.sockdrop"])) ${PKT[rx0.late]}" "4000 0" "frames, late ones"
	done
	check_eq "$(link_stat "$a" va tx_packets tx_dropped)" "8000 0" "sent and dropped by va"
	check_eq "$(link_stat "$b" vb rx_packets rx_dropped)" "8000 0" "received and dropped by vb"
	busywait 5000 qdisc_empty || fail "the qdisc has a backlog"
}

# A flood through the qdisc and one past it, into several rings from several queues.
every_caller_is_counted()
{
	local pids=() pid i count=$((${VNET_SLOW:-1} > 1 ? 1000 : 30000))

	suite_only "has no backpressure on these kernels"
	need_tool tc
	setup_ns a b
	add_wide_pair "$a" va "$b" vb 2
	must in_ns "$b" ethtool -G vb rx 16
	must in_ns "$a" tc qdisc add dev va root handle 1: mq
	must in_ns "$a" tc qdisc add dev va parent 1:1 fq_codel
	must in_ns "$a" tc qdisc add dev va parent 1:2 pfifo limit 1000
	for i in 1 2 3; do
		"$TOOLS/pkt" -T "$a:va" -c "$count" -f 16 >"$CASE_DIR/$i" &
		pids+=($!)
		"$TOOLS/pkt" -T "$a:va" -c "$count" -f 16 -b >"$CASE_DIR/b$i" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "a sender failed"
	done
	busywait 10000 all_across "$a" va "$b" vb || fail "sent $(link_stat "$a" va tx_packets), received $(link_stat "$b" vb rx_packets)"
	check_eq "$(ethtool_stat "$a" va drop_ring_full)" 0 "frames the rings had no room for"
}

# Frames that GRO looks at (here for what they carry) among others that it does not: bursts whose last frame takes another
# way than those before it. BQL is told of each before it ends, or the kernel says that more has ended than was sent.
bursts_that_split()
{
	local pids=() pid proto count=$((${VNET_SLOW:-1} > 1 ? 1000 : 20000))

	suite_only "has no backpressure on these kernels"
	need_tool tc
	need_module sch_netem
	setup_ns a b
	# The core takes several frames from a qdisc at once only where it serves a single queue; this one lets them pile up.
	add_wide_pair "$a" va "$b" vb 1
	must in_ns "$a" tc qdisc add dev va root netem delay 1ms limit 10000
	for proto in 88b5 6558 88b5 6558; do
		"$TOOLS/pkt" -T "$a:va" -c "$count" -p "$proto" >"$CASE_DIR/$proto" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "a sender failed"
	done
	busywait 5000 qdisc_empty || fail "the qdisc has a backlog"
	busywait 10000 all_across "$a" va "$b" vb ||
		fail "sent $(link_stat "$a" va tx_packets), received $(link_stat "$b" vb rx_packets)"
	check_eq "$(ethtool_stat "$a" va drop_ring_full)" 0 "frames the ring had no room for"
}

# The sender waits for a receiver that goes away, comes back, gets another ring; its qdisc goes away and comes
# back.
stopped_queues_go_on()
{
	local i

	make_pair
	must in_ns "$b" ethtool -G vb rx 16
	must in_ns "$a" tc qdisc add dev va root pfifo limit 1000
	set_bql off
	bg "$TOOLS/pkt" -T "$a:va" -D 3600 -f 4
	bg "$TOOLS/pkt" -T "$a:va" -D 3600 -f 4
	for ((i = ${VNET_SLOW:-1} > 1 ? 2 : 5; i; i--)); do
		must ip -n "$b" link set vb down
		must ip -n "$b" link set vb up
		check_flows "after the receiver came back"
		must in_ns "$b" ethtool -G vb rx 17
		must in_ns "$b" ethtool -G vb rx 16
		check_flows "after the ring was changed"
		must in_ns "$a" tc qdisc del dev va root
		check_flows "without the qdisc"
		must in_ns "$a" tc qdisc add dev va root pfifo limit 1000
		check_flows "with the qdisc again"
	done
	# That ends the two senders.
	must ip -n "$a" link set va down
	must ip -n "$a" link set va up
	wait_up "$a" va
	bg "$TOOLS/pkt" -T "$a:va" -D 3600 -f 4
	check_flows "after the sender came back"
}

# What the core cuts into more frames than the ring has room for comes as one burst: the ring is full before its last frame,
# and the receiver has to be woken all the same.
bursts_longer_than_the_ring()
{
	local bql

	make_pair
	ipb "$a" <<<"addr add 192.0.2.1/24 dev va"
	ipb "$b" <<<"addr add 192.0.2.2/24 dev vb"
	must in_ns "$a" ethtool -K va tso off
	must in_ns "$b" ethtool -G vb rx 16
	must in_ns "$a" tc qdisc add dev va root pfifo limit 10000
	for bql in off on; do
		set_bql "$bql"
		timeout $((60 * ${VNET_SLOW:-1})) "$TOOLS/xfer" -c "$a" -s "$b" -b 3000000 192.0.2.2 ||
			fail "the transfer does not end with BQL $bql"
	done
	busywait 5000 all_across "$a" va "$b" vb || fail "sent $(link_stat "$a" va tx_packets), received $(link_stat "$b" vb rx_packets)"
	check_eq "$(link_stat "$a" va tx_dropped) $(link_stat "$b" vb rx_dropped)" "0 0" "dropped by va and vb"
	check_ge "$(link_stat "$b" vb rx_packets)" $((6000000 / 1448)) "frames received"
}

flows()
{
	[ "$(link_stat "$b" vb rx_packets)" -ge "$1" ]
}

check_flows()
{
	busywait 5000 flows $(($(link_stat "$b" vb rx_packets) + 200)) || fail "no frame comes $1"
}

# rtt: the median of the echoes, in microseconds.
rtt()
{
	in_ns "$a" ping -n -c 9 -i 0.2 -W 20 192.0.2.2 | sed -n 's/.*time=\([0-9.]*\) ms/\1/p' | sort -n |
		awk '{ t[NR] = $1 } END { if (NR < 6) exit 1; printf "%d\n", 1000 * t[int((NR + 1) / 2)] }'
}

# A flood of large datagrams into a receiver that thousands of rules make slow: what waits, waits in fq_codel, which lets
# an echo pass. Without BQL it waits in the ring.
echoes_pass_a_flood()
{
	local with without mac i

	[ "${VNET_KERNEL:-}" != um ] || skip "waiting costs no time there"
	make_pair
	need_tool nft ping
	need_module sch_fq_codel nf_tables
	ipb "$a" <<<"addr add 192.0.2.1/24 dev va"
	ipb "$b" <<<"addr add 192.0.2.2/24 dev vb"
	{
		echo "table ip slow {"
		echo "chain in {"
		echo "type filter hook prerouting priority 0"
		echo "udp dport 9 jump rules"
		echo "udp dport 9 drop"
		echo "}"
		echo "chain rules {"
		for ((i = 0; i < 3000; i++)); do
			echo "udp sport $((i + 1)) counter"
		done
		echo "}"
		echo "}"
	} >"$CASE_DIR/slow"
	# A chain is there before it is jumped to.
	in_ns "$b" nft -f - <<<$'table ip slow {\nchain rules { }\n}' || skip "no nft"
	must in_ns "$b" nft -f "$CASE_DIR/slow"
	must in_ns "$b" ethtool -G vb rx 4096
	must in_ns "$a" tc qdisc add dev va root fq_codel
	ping_ok "$a" 192.0.2.2 || fail "no echo at all"
	# Each has as much on its way as its socket's buffer allows.
	mac=$(link_attr "$b" vb address)
	for i in 1 2 3 4; do
		bg "$TOOLS/pkt" -T "$a:va" -D 3600 -l 1400 -d "$mac"
	done
	set_bql off
	sleep 1
	without=$(rtt) || fail "the echoes do not come without BQL"
	set_bql on
	sleep 1
	with=$(rtt) || fail "the echoes do not come with BQL"
	echo "echoes beside a flood: $without us without BQL, $with us with it"
	check_ge "$without" $((10 * with)) "time of an echo without BQL, and ten times that with it"
	check_eq "$(ethtool_stat "$a" va drop_ring_full)" 0 "frames the ring had no room for"
}

ALL_TESTS="
	nothing_is_lost_in_the_ring
	every_caller_is_counted
	bursts_longer_than_the_ring
	bursts_that_split
	stopped_queues_go_on
	echoes_pass_a_flood
"
run_tests "$@"
