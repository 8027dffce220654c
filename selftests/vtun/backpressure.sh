#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A program that is slower than who sends: where the device has a queueing discipline, frames wait there; where it has none,
# each that finds the ring full is counted.
. "$(dirname "$0")/../lib/lib.sh"

# start NAME QDISC ARG...: a device, and a program on it.
start()
{
	local name=$1 qdisc=$2

	shift 2
	load vtun
	bg_ns "$a" "$TOOLS/tun" -i "$name" "$@" >"$CASE_DIR/program"
	busywait 5000 grep -q "ready $name" "$CASE_DIR/program" || die "no program on $name"
	PROGRAM=$BG_PID
	# One that persists sends some time after its next program has come.
	set_up "$a" "$name"
	# shellcheck disable=SC2086 # words
	must tc -n "$a" qdisc replace dev "$name" root $qdisc
}

# It runs in a shell whose child the program is not, so there is no waiting for that.
read_frames()
{
	kill "$PROGRAM"
	busywait 5000 grep -q '^rx ' "$CASE_DIR/program"
	sed -n 's/^rx frames=\([0-9]*\) .*/\1/p' "$CASE_DIR/program"
}

has_read()
{
	[ "$(link_stat "$a" t0 tx_packets)" -ge "$1" ]
}

nothing_is_lost_with_a_qdisc()
{
	setup_ns a
	start t0 "pfifo limit 5000" -S tap
	pkt -T "$a:t0" -c 3000
	check_eq "$(link_stat "$a" t0 tx_packets tx_dropped)" "0 0" "read, and dropped, while the program sleeps"
	kill -USR1 "$PROGRAM"
	slowwait 20 has_read 3000 || fail "the queue does not go on: $(link_stat "$a" t0 tx_packets) read"
	check_eq "$(link_stat "$a" t0 tx_dropped)" 0 "dropped"
	check_eq "$(read_frames)" 3000 "frames read"
}

ring_full_is_counted()
{
	setup_ns a
	start t0 noqueue -S tap
	pkt -T "$a:t0" -c 700
	check_eq "$(link_stat "$a" t0 tx_dropped)" 200 "dropped"
	check_eq "$(ethtool_stat "$a" t0 drop_ring_full)" 200 "found the ring full"
	kill -USR1 "$PROGRAM"
	slowwait 20 has_read 500 || fail "$(link_stat "$a" t0 tx_packets) read"
	check_eq "$(read_frames)" 500 "frames read"
}

purged_is_counted()
{
	setup_ns a
	must ip -n "$a" link add t0 type vtun
	start t0 noqueue -S tap
	pkt -T "$a:t0" -c 100
	kill -KILL "$PROGRAM"
	wait "$PROGRAM" 2>/dev/null
	busywait 5000 purged 100 || fail "purged: $(ethtool_stat "$a" t0 drop_purged)"
	check_eq "$(link_stat "$a" t0 tx_dropped)" 100 "dropped"
	# Without a program there is nobody to wait for.
	pkt -T "$a:t0" -c 10
	check_ge "$(link_stat "$a" t0 tx_dropped)" 100 "dropped"
}

purged()
{
	[ "$(ethtool_stat "$a" t0 drop_purged)" = "$1" ]
}

# The ring is cut short under frames, and what is left over counted; the queue goes on with the new one.
ring_gets_another_size()
{
	setup_ns a
	start t0 noqueue -S tap
	pkt -T "$a:t0" -c 400
	must ip -n "$a" link set t0 txqueuelen 100
	check_eq "$(ethtool_stat "$a" t0 drop_purged)" 300 "purged"
	must ip -n "$a" link set t0 txqueuelen 2000
	pkt -T "$a:t0" -c 1500
	check_eq "$(ethtool_stat "$a" t0 drop_ring_full)" 0 "found the ring full"
	kill -USR1 "$PROGRAM"
	slowwait 20 has_read 1600 || fail "$(link_stat "$a" t0 tx_packets) read"
	check_eq "$(read_frames)" 1600 "frames read"
}

sizes_change_while_frames_wait_outside()
{
	local size

	setup_ns a
	start t0 "pfifo limit 5000" -s 200 tap
	pkt -T "$a:t0" -c 2000
	for size in 1 30 500 2 0 100; do
		must ip -n "$a" link set t0 txqueuelen "$size"
	done
	slowwait 30 drained || fail "frames wait for ever: $(tc -n "$a" -s qdisc show dev t0)"
}

drained()
{
	[[ $(tc -n "$a" -s qdisc show dev t0) == *"backlog 0b 0p"* ]]
}

# A program that ends while the queue is stopped, and another that comes.
next_program_goes_on()
{
	setup_ns a
	must ip -n "$a" link add t0 type vtun
	start t0 "pfifo limit 5000" -S tap
	pkt -T "$a:t0" -c 2000
	kill -KILL "$PROGRAM"
	wait "$PROGRAM" 2>/dev/null
	start t0 "pfifo limit 5001" tap
	pkt -T "$a:t0" -c 300
	slowwait 20 has_read 300 || fail "the next program has read $(link_stat "$a" t0 tx_packets)"
}

backlog()
{
	local text

	text=$(tc -n "$a" -s qdisc show dev t0)
	[[ $text =~ backlog\ [0-9]+[KM]?b\ ([0-9]+)p ]] && echo "${BASH_REMATCH[1]}"
}

# What the program has not read yet waits where a qdisc can let others pass, and not in the ring.
bql_keeps_the_ring_short()
{
	setup_ns a
	start t0 "pfifo limit 5000" -S tap
	pkt -T "$a:t0" -c 400
	check_ge "$(backlog)" 300 "frames in the qdisc, with room for all in the ring"
	kill -USR1 "$PROGRAM"
	slowwait 20 has_read 400 || fail "$(link_stat "$a" t0 tx_packets) read"
}

# A ring that is full before BQL says so stops the queue, and its reader lets it go on.
full_ring_stops_the_queue()
{
	setup_ns a
	start t0 "pfifo limit 5000" -S tap
	must ip -n "$a" link set t0 txqueuelen 1
	pkt -T "$a:t0" -c 400
	check_eq "$(backlog)" 399 "frames in the qdisc, with room for one in the ring"
	kill -USR1 "$PROGRAM"
	slowwait 20 has_read 400 || fail "$(link_stat "$a" t0 tx_packets) read"
	check_eq "$(link_stat "$a" t0 tx_dropped)" 0 "dropped"
}

# A ring of no slots takes nothing, whoever sends; and is one again with its next size.
ring_without_slots()
{
	setup_ns a
	start t0 "pfifo limit 5000" tap
	must ip -n "$a" link set t0 txqueuelen 0
	pkt -T "$a:t0" -c 10
	check_eq "$(ethtool_stat "$a" t0 drop_ring_full)" 10 "found no room, from a qdisc"
	must tc -n "$a" qdisc replace dev t0 root noqueue
	pkt -T "$a:t0" -c 10
	check_eq "$(ethtool_stat "$a" t0 drop_ring_full)" 20 "found no room"
	must ip -n "$a" link set t0 txqueuelen 100
	must tc -n "$a" qdisc replace dev t0 root pfifo limit 5000
	pkt -T "$a:t0" -c 10
	slowwait 20 has_read 10 || fail "$(link_stat "$a" t0 tx_packets) read"
}

ALL_TESTS="
	nothing_is_lost_with_a_qdisc
	ring_full_is_counted
	purged_is_counted
	ring_gets_another_size
	sizes_change_while_frames_wait_outside
	next_program_goes_on
	bql_keeps_the_ring_short
	full_ring_stops_the_queue
	ring_without_slots
"
run_tests "$@"
