#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Counters of queues: by netlink (the netdev family's qstats-get), by ethtool, and how they add up to the device's.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"

make_four()
{
	suite_only "has no counters of transmit queues"
	need_tool ethtool
	setup_ns a b
	add_wide_pair "$a" va "$b" vb 4
}

# ask_queues NS DEV: the answer, in Q: ${Q[dev.rx_packets]}, ${Q[tx1.bytes]} ...
declare -A Q
ask_queues()
{
	local name rest word rc=0

	"$TOOLS/qstats" "$1" "$2" >"$CASE_DIR/qstats" || rc=$?
	[ "$rc" -ne 4 ] || skip "the kernel has no qstats-get"
	[ "$rc" -eq 0 ] || die "qstats failed with $rc"
	Q=()
	while read -r name rest; do
		if [ "$name" != dev ]; then
			name+=${rest%% *}
			rest=${rest#* }
		fi
		for word in $rest; do
			Q[$name.${word%%=*}]=${word#*=}
		done
	done <"$CASE_DIR/qstats"
}

# sum_of rx|tx KEY: over the queues that were told.
sum_of()
{
	local i sum=0

	for ((i = 0; i < 64; i++)); do
		sum=$((sum + ${Q[$1$i.$2]:-0}))
	done
	echo "$sum"
}

# send_from CPU COUNT: frames of many flows, all from the transmit queue that the CPU has by XPS.
send_from()
{
	pkt_with "taskset -c $1" -T "$a:va" -R "$b:vb" -c "$2" -f 60
	check_eq "${PKT[rx0.unique]}" "$2" "frames"
}

# xps NS DEV QUEUE MASK
xps()
{
	ip netns exec "$1" bash -c "[ -e /sys/class/net/$2/queues/tx-$3/xps_cpus ]" || skip "the kernel has no XPS"
	must ip netns exec "$1" bash -c "echo $4 >/sys/class/net/$2/queues/tx-$3/xps_cpus"
}

queues_add_up()
{
	local key

	make_four
	ask_queues "$a" va
	send_from 0 600
	pkt -T "$b:vb" -R "$a:va" -c 200 -f 60 -l 200
	ask_queues "$b" vb
	cat "$CASE_DIR/qstats"
	for key in packets bytes; do
		check_eq "$(sum_of rx "$key")" "$(link_stat "$b" vb "rx_$key")" "$key vb received"
		check_eq "$(sum_of tx "$key")" "$(link_stat "$b" vb "tx_$key")" "$key vb sent"
		check_eq "${Q[dev.rx_$key]} ${Q[dev.tx_$key]}" "$(link_stat "$b" vb "rx_$key" "tx_$key")" "$key of the device"
	done
	check_ge "${Q[rx3.packets]}" 30 "frames of the last receive queue"
	for key in rx0 rx1 rx2 rx3 tx0 tx1 tx2 tx3; do
		check_eq "${Q[$key.packets]} ${Q[$key.bytes]}" \
			"$(ethtool_stat "$b" vb "${key}_packets") $(ethtool_stat "$b" vb "${key}_bytes")" "$key, as ethtool says"
	done
}

# What queues have counted that are not in use any more is still the device's.
queues_out_of_use_count()
{
	make_four
	xps "$a" va 3 1
	send_from 0 300
	check_eq "$(ethtool_stat "$a" va tx3_packets)" 300 "frames va sent from its last queue"
	must in_ns "$a" ethtool -L va tx 1
	must in_ns "$b" ethtool -L vb rx 1
	send_from 0 100
	ask_queues "$a" va
	check_eq "${Q[tx0.packets]} ${Q[tx3.packets]:-none} ${Q[dev.tx_packets]}" "100 none 400" "first and last queue, va"
	check_eq "${Q[dev.tx_packets]} ${Q[dev.tx_bytes]}" "$(link_stat "$a" va tx_packets tx_bytes)" "va"
	ask_queues "$b" vb
	check_eq "$(sum_of rx packets)" "${Q[rx0.packets]}" "queues in use, vb"
	check_le "${Q[rx0.packets]}" 399 "frames of the first queue, vb"
	check_eq "${Q[dev.rx_packets]} ${Q[dev.rx_bytes]}" "$(link_stat "$b" vb rx_packets rx_bytes)" "vb"
}

# A pair as it is made has one queue; a second one that comes later has its own counters from then on.
a_second_queue_later()
{
	suite_only "has no counters of transmit queues"
	need_tool ethtool
	need_smp
	setup_ns a b
	add_pair "$a" va "$b" vb
	send_from 0 50
	ask_queues "$a" va
	check_eq "${Q[tx0.packets]} ${Q[tx1.packets]:-none}" "50 none" "queues at first"
	must in_ns "$a" ethtool -L va tx 2
	xps "$a" va 1 1
	send_from 0 70
	ask_queues "$a" va
	check_eq "${Q[tx0.packets]} ${Q[tx1.packets]} ${Q[dev.tx_packets]}" "50 70 120" "queues then"
}

# The queue is the one that XPS has for the CPU, from every CPU.
xps_is_honoured()
{
	local cpu before

	make_four
	for ((cpu = 0; cpu < $(nproc) && cpu < 2; cpu++)); do
		xps "$a" va $((cpu * 2 + 1)) $((1 << cpu))
	done
	for ((cpu = 0; cpu < $(nproc) && cpu < 2; cpu++)); do
		before=$(ethtool_stat "$a" va "tx$((cpu * 2 + 1))_packets")
		send_from "$cpu" 200
		check_eq $(($(ethtool_stat "$a" va "tx$((cpu * 2 + 1))_packets") - before)) 200 "frames CPU $cpu sent from its queue"
	done
	check_eq "$(ethtool_stat "$a" va tx0_packets) $(ethtool_stat "$a" va tx2_packets)" "0 0" "frames of other queues"
}

counters_of_all_cpus_add_up()
{
	local cpu pids=() pid

	make_four
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		xps "$a" va $((cpu % 4)) $((1 << cpu))
		taskset -c "$cpu" "$TOOLS/pkt" -T "$a:va" -c 2000 -w 1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "a sender failed"
	done
	check_eq "$(link_stat "$a" va tx_packets)" $((2000 * $(nproc) - $(link_stat "$a" va tx_dropped))) "frames va sent"
	check_eq "$(ethtool_stat "$a" va 'tx?_packets')" "$(link_stat "$a" va tx_packets)" "frames of all its queues"
	check_eq "$(ethtool_stat "$a" va 'tx?_bytes')" "$(link_stat "$a" va tx_bytes)" "bytes of all its queues"
}

ALL_TESTS="
	queues_add_up
	queues_out_of_use_count
	a_second_queue_later
	xps_is_honoured
	counters_of_all_cpus_add_up
"
run_tests "$@"
