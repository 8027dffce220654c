#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Counters: what one end sent the other received, and no frame is lost without one.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"

make_pair()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
}

# check_path SENT NSA A NSB B: every frame given to A is counted there, and every frame A sent is counted at B.
check_path()
{
	local sent=$1 tx txd rx rxd rxm

	read -r tx txd <<<"$(link_stat "$2" "$3" tx_packets tx_dropped)"
	read -r rx rxd rxm <<<"$(link_stat "$4" "$5" rx_packets rx_dropped rx_missed_errors)"
	echo "given $sent: $3 sent $tx dropped $txd; $5 received $rx dropped $rxd missed $rxm"
	check_eq "$((tx + txd))" "$sent" "tx_packets + tx_dropped of $3"
	check_eq "$((rx + rxd + rxm))" "$tx" "rx_packets + rx_dropped + rx_missed of $5"
}

packets_and_bytes_add_up()
{
	make_pair
	pkt -T "$a:va" -R "$b:vb" -c 200 -l 200 -f 8
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.dup]}" "200 0" "frames va to vb"
	pkt -T "$b:vb" -R "$a:va" -c 100 -l 1514 -f 8
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.dup]}" "100 0" "frames vb to va"
	check_eq "$(link_stat "$a" va tx_packets tx_bytes rx_packets rx_bytes)" "200 40000 100 151400" "va"
	check_eq "$(link_stat "$b" vb rx_packets rx_bytes tx_packets tx_bytes)" "200 40000 100 151400" "vb"
	check_eq "$(link_stat "$a" va tx_dropped rx_dropped tx_errors rx_errors)" "0 0 0 0" "drops and errors of va"
	check_eq "$(link_stat "$b" vb tx_dropped rx_dropped tx_errors rx_errors)" "0 0 0 0" "drops and errors of vb"
}

# Frames from all CPUs at once, so that each CPU's counter takes part.
counters_of_all_cpus()
{
	local cpu pids=() pid

	make_pair
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		taskset -c "$cpu" "$TOOLS/pkt" -T "$a:va" -c 2000 -w 1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "a sender failed"
	done
	check_path $((2000 * $(nproc))) "$a" va "$b" vb
}

same_counts()
{
	[ "$(link_stat "$a" va tx_packets tx_bytes)" = "$(link_stat "$b" vb rx_packets rx_bytes)" ]
}

# What the receiver merges was counted before.
counted_before_gro()
{
	local tx bytes

	make_pair
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	must in_ns "$a" ethtool -K va tso off gso off
	must tcp_check "$a" "$b" 192.0.2.2 3000000
	busywait 2000 same_counts || fail "va sent $(link_stat "$a" va tx_packets tx_bytes), vb received $(link_stat "$b" vb rx_packets rx_bytes)"
	read -r tx bytes <<<"$(link_stat "$a" va tx_packets tx_bytes)"
	check_ge "$tx" $((3000000 / 1448)) "frames va sent"
	check_ge "$bytes" $((3000000 + 2000 * 66)) "bytes va sent"
}

# Nothing is sent without a carrier. What is handed to the device past its queue is counted there; what a queue that is not
# active drops is counted by newer kernels only.
peer_down_is_counted()
{
	make_pair
	must ip -n "$b" link set vb down
	busywait 2000 no_carrier "$a" va || fail "va still has its carrier"
	pkt -T "$a:va" -c 50 -b
	check_eq "$(link_stat "$a" va tx_packets tx_dropped)" "0 50" "sent and dropped by va"
	pkt -T "$a:va" -c 50
	check_eq "$(link_stat "$a" va tx_packets)" 0 "sent by va through its queue"
	check_eq "$(link_stat "$b" vb rx_packets rx_dropped)" "0 0" "received and dropped by vb"
}

no_carrier()
{
	[ "$(link_flag "$1" "$2" NO-CARRIER)" = yes ]
}

# The receiver takes nothing longer than its MTU and a VLAN tag.
too_long_for_the_peer()
{
	suite_only "counts such a drop at both ends"
	make_pair
	must ip -n "$a" link set va mtu 9000
	pkt -T "$a:va" -R "$b:vb" -c 10 -l 1518
	check_eq "${PKT[rx0.unique]}" 10 "frames as long as vb's MTU"
	pkt -T "$a:va" -R "$b:vb" -c 20 -l 1519 -w 100
	check_eq "${PKT[rx0.frames]}" 0 "frames longer than that"
	check_path 30 "$a" va "$b" vb
	check_eq "$(link_stat "$a" va tx_dropped)" 20 "tx_dropped of va"
}

# The receiver is a thread on the sender's CPU, where the sender is not interrupted before the ring is full many times.
overflow_is_counted()
{
	suite_only "counts such a drop at both ends"
	make_pair
	napi_thread "$b" vb
	pkt_with "taskset 1 chrt -f 1" -T "$a:va" -R "$b:vb" -c 4000 -b
	check_path $((PKT["tx.sent"] + PKT["tx.refused"])) "$a" va "$b" vb
	check_eq "$(link_stat "$b" vb rx_packets)" $((PKT["rx0.frames"] + PKT["rx0.sockdrop"])) "frames received"
	check_eq "${PKT[rx0.dup]} ${PKT[rx0.late]}" "0 0" "frames twice, late"
	check_eq "$(ethtool_stat "$a" va drop_ring_full)" "$(link_stat "$a" va tx_dropped)" "frames the ring had no room for"
	check_ge "$(ethtool_stat "$a" va drop_ring_full)" 1000 "overflows"
}

pktgen_flood()
{
	local sent errors mac

	make_pair
	mac=$(link_attr "$b" vb address)
	read -r sent errors <<<"$(pg_send "$a" va $((50000 / ${VNET_SLOW:-1})) "pkt_size 60" "dst_mac $mac" "delay 0")"
	echo "pktgen: sent $sent errors $errors"
	check_ge "${sent:-0}" 1 "frames pktgen sent"
	busywait 2000 settled "$a" va "$b" vb
	check_path "$sent" "$a" va "$b" vb
}

settled()
{
	[ "$(link_stat "$1" "$2" tx_packets)" -le "$(link_stat "$3" "$4" rx_packets)" ]
}

pktgen_flood_both_ways()
{
	local sent back mac

	make_pair
	mac=$(link_attr "$a" va address)
	pg_start "$b" vb 0 "pkt_size 200" "dst_mac $mac"
	mac=$(link_attr "$b" vb address)
	read -r sent _ <<<"$(pg_send "$a" va $((20000 / ${VNET_SLOW:-1})) "pkt_size 60" "dst_mac $mac" "delay 0")"
	pg_stop "$b"
	must wait "$BG_PID"
	busywait 2000 settled "$a" va "$b" vb
	busywait 2000 settled "$b" vb "$a" va
	check_path "$sent" "$a" va "$b" vb
	back=$(link_stat "$b" vb tx_packets)
	check_ge "$back" 1 "frames the other way"
	check_eq "$(link_stat "$a" va rx_packets)" "$back" "frames received the other way"
}

# The receiver closes with a ring full of frames: a program of higher priority keeps its NAPI thread from the CPU until the
# closing has begun. After one more poll, the rest of the ring is dropped.
ring_left_at_close()
{
	local closing

	suite_only "counts such a drop at both ends"
	make_pair
	napi_thread "$b" vb
	hold_cpu
	pkt_with "taskset 2" -T "$a:va" -c 250 -b
	ip -n "$b" link set vb down &
	closing=$!
	busywait 5000 waits_for_napi "$closing" || fail "closing does not wait for the poll"
	stop_bg "$HOG"
	must wait "$closing"
	check_path $((PKT["tx.sent"] + PKT["tx.refused"])) "$a" va "$b" vb
	check_eq "$(ethtool_stat "$b" vb drop_purged)" "$(link_stat "$b" vb rx_dropped)" "frames left in the ring"
	check_ge "$(link_stat "$b" vb rx_dropped)" 1 "frames left in the ring"
}

# What is sent while the receiver is down is dropped by the sender.
receiver_closes_and_opens()
{
	local i dropped received

	suite_only "counts such a drop at both ends"
	make_pair
	"$TOOLS/pkt" -T "$a:va" -D 3600 -b >"$CASE_DIR/sender" &
	defer stop_bg $!
	for i in 1 2 3 4 5; do
		dropped=$(link_stat "$a" va tx_dropped) received=$(link_stat "$b" vb rx_packets)
		ipb "$b" <<< "link set vb down"
		busywait 5000 more_than "$dropped" "$a" va tx_dropped || fail "round $i: nothing is counted as dropped"
		ipb "$b" <<< "link set vb up"
		busywait 5000 more_than "$received" "$b" vb rx_packets || fail "round $i: no frame comes"
	done
	stop_bg $!
	pkt_read "$CASE_DIR/sender"
	check_path $((PKT["tx.sent"] + PKT["tx.refused"])) "$a" va "$b" vb
}

more_than()
{
	[ "$(link_stat "$2" "$3" "$4")" -gt "$1" ]
}

ethtool_agrees()
{
	local drops

	suite_only "has no such counters"
	make_pair
	must ip -n "$a" link set va mtu 9000
	pkt -T "$a:va" -c 25 -l 3000
	pkt -T "$a:va" -R "$b:vb" -c 10
	drops=$(($(link_stat "$a" va tx_dropped) + $(link_stat "$b" vb rx_dropped)))
	check_eq "$drops" 25 "dropped, as ip says"
	check_eq "$(($(ethtool_stat "$a" va '*drop*') + $(ethtool_stat "$b" vb '*drop*')))" 25 "dropped, as ethtool says"
}

ALL_TESTS="
	packets_and_bytes_add_up
	counters_of_all_cpus
	counted_before_gro
	peer_down_is_counted
	too_long_for_the_peer
	overflow_is_counted
	pktgen_flood
	pktgen_flood_both_ways
	ring_left_at_close
	receiver_closes_and_opens
	ethtool_agrees
"
run_tests "$@"
