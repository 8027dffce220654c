#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Devices, files and queues that come and go while frames pass, and owners that are killed in the middle of it.
# TIMEOUT: 300
. "$(dirname "$0")/../lib/lib.sh"

# traffic DEV ARG...: frames both ways by a program that sends all back.
traffic()
{
	local dev=$1

	shift
	bg_ns "$a" "$TOOLS/tun" -r -i "$dev" "$@" >"$CASE_DIR/out.$dev"
	PROGRAM=$BG_PID
	busywait 5000 grep -q ready "$CASE_DIR/out.$dev" || die "no program on $dev"
}

flood()
{
	in_ns "$a" "$TOOLS/pkt" -T ":$1" -D "$2" -f 16 >/dev/null 2>&1
}

killed_owner()
{
	local i

	load vtun
	setup_ns a
	for i in 1 2 3 4 5; do
		traffic t0 -q 3 tap multi_queue
		must ip -n "$a" link set t0 up
		flood t0 1 &
		sleep 0.5
		kill -KILL "$PROGRAM"
		wait "$PROGRAM" 2>/dev/null
		wait $!
		busywait 5000 no_link "$a" t0 || die "t0 outlives its program"
	done
	must rmmod vtun
}

device_deleted_under_traffic()
{
	local i

	load vtun
	setup_ns a
	for i in 1 2 3 4 5; do
		traffic t0 -q 3 tap multi_queue napi
		must ip -n "$a" link set t0 up
		flood t0 1 &
		sleep 0.4
		must ip -n "$a" link del t0
		wait $!
		stop_bg "$PROGRAM"
	done
}

namespace_deleted_under_traffic()
{
	load vtun
	setup_ns a
	b=gone-$$
	must ip netns add "$b"
	must ip -n "$b" link add t0 type vtun
	bg_ns "$b" "$TOOLS/tun" -r -i t0 tap >/dev/null
	must ip -n "$b" link set t0 up
	in_ns "$b" "$TOOLS/pkt" -T :t0 -D 1 >/dev/null 2>&1 &
	sleep 0.3
	must ip netns del "$b"
	wait $!
}

queues_come_and_go()
{
	load vtun
	setup_ns a
	must ip -n "$a" link add t0 type vtun multi_queue
	must ip -n "$a" link set t0 up
	traffic t0 -q 2 tap multi_queue
	flood t0 4 &
	for i in 1 2 3 4 5 6 7 8; do
		in_ns "$a" timeout 0.3 "$TOOLS/tun" -i t0 -q 3 tap multi_queue >/dev/null
	done
	wait $!
	check_match "$(ip -n "$a" -d link show t0)" 'numqueues 2 numdisabled 0' "queues"
}

all_options_under_traffic()
{
	local i

	load vtun
	setup_ns a
	traffic t0 -q 2 tap multi_queue
	must ip -n "$a" link set t0 up
	flood t0 3 &
	for i in 1 2 3 4 5 6 7 8; do
		must ip -n "$a" link set t0 txqueuelen $((i * 37 % 100))
		must ip -n "$a" link set t0 down
		must ip -n "$a" link set t0 up
		must tc -n "$a" qdisc replace dev t0 root noqueue
		must tc -n "$a" qdisc replace dev t0 root pfifo
	done
	wait $!
	must ip -n "$a" link set t0 txqueuelen 500
	must tc -n "$a" qdisc replace dev t0 root pfifo limit 1000
	i=$(link_stat "$a" t0 tx_packets)
	pkt -T "$a:t0" -c 100
	busywait 5000 more_than $((i + 99)) || fail "nothing passes any more: $(tc -n "$a" -s qdisc show dev t0)"
}

more_than()
{
	[ "$(link_stat "$a" t0 tx_packets)" -ge "$1" ]
}

ALL_TESTS="
	killed_owner
	device_deleted_under_traffic
	namespace_deleted_under_traffic
	queues_come_and_go
	all_options_under_traffic
"
run_tests "$@"
