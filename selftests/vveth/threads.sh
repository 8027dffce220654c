#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Who receives: threaded NAPI, switched on and off while frames come, and how often a burst wakes it. What NAPI does is
# read from the kernel's tracepoint napi_poll, which tells the device and how many frames a poll took.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"

make_pair()
{
	suite_only "receives by another road"
	need_tool ethtool
	setup_ns a b
	add_pair "$a" va "$b" vb
	# Room for all frames of a case: a busy machine may let a CPU rest for a while.
	must in_ns "$b" ethtool -G vb rx 4096
}

# The trace has the polls of all devices; names of vb are in no other namespace while a case runs.
trace_polls()
{
	TRACE=/sys/kernel/tracing
	[ -e "$TRACE"/trace ] || mount -t tracefs tracefs "$TRACE" 2>/dev/null
	[ -e "$TRACE"/events/napi/napi_poll/enable ] || skip "the kernel has no tracepoints"
	echo 8192 >"$TRACE"/buffer_size_kb
	echo >"$TRACE"/trace
	echo 1 >"$TRACE"/events/napi/napi_poll/enable
	defer eval "echo 0 >$TRACE/events/napi/napi_poll/enable; echo >$TRACE/trace"
}

# polls DEV: polls that took frames, the frames they took, and how many of them no thread of the device's own did.
polls()
{
	awk -v "dev=$1" '
		/ napi_poll: / && $0 ~ "for device " dev " " {
			match($0, /work [0-9]+/)
			work = substr($0, RSTART + 5, RLENGTH - 5)
			if (!work)
				next
			polls++
			frames += work
			if ($0 !~ "^ *napi/" dev "-")
				others++
		}
		END { print polls + 0, frames + 0, others + 0 }' "$TRACE"/trace
}

threaded()
{
	must ip netns exec "$1" bash -c "echo $3 >/sys/class/net/$2/threaded"
}

# UDP, which a tasklet would receive, and TCP, which GRO merges.
thread_receives_everything()
{
	make_pair
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	napi_thread "$b" vb
	trace_polls
	pkt -T "$a:va" -R "$b:vb" -c 500 -r 5000
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.late]}" "500 0" "frames"
	must tcp_check "$a" "$b" 192.0.2.2 1000000
	busywait 3000 thread_has_all || fail "vb received $(link_stat "$b" vb rx_packets), polls, frames and others: $(polls vb)"
}

thread_has_all()
{
	[[ "$(polls vb)" =~ ^[1-9][0-9]*\ $(link_stat "$b" vb rx_packets)\ 0$ ]]
}

# Without a thread NAPI is not troubled with what GRO has no use for.
tasklet_receives_without_a_thread()
{
	make_pair
	trace_polls
	pkt -T "$a:va" -R "$b:vb" -c 300
	check_eq "${PKT[rx0.unique]}" 300 "frames"
	check_eq "$(polls vb)" "0 0 0" "polls"
}

switched_under_traffic()
{
	local i

	make_pair
	"$TOOLS/pkt" -T "$a:va" -R "$b:vb" -D $((3 * ${VNET_SLOW:-1})) -f 16 -r 10000 >"$CASE_DIR/pkt" &
	defer stop_bg $!
	for ((i = 0; i < 20; i++)); do
		threaded "$b" vb $(((i + 1) % 2))
		nap 0.05
	done
	wait $! || fail "the sender failed"
	cat "$CASE_DIR/pkt"
	pkt_read "$CASE_DIR/pkt"
	check_eq "${PKT[rx0.dup]} ${PKT[rx0.late]}" "0 0" "frames twice, late"
	check_eq "$(link_stat "$b" vb rx_packets)" "$(link_stat "$a" va tx_packets)" "frames sent and received"
	check_eq "$((PKT["rx0.frames"] + PKT["rx0.sockdrop"]))" "$(link_stat "$b" vb rx_packets)" "frames that came up"
	check_ge "${PKT[rx0.frames]}" 1000 "frames come"
}

# What the core cuts into 16 frames comes as one burst of 16, of each but the last of which it says that more come. A thread
# on another CPU would begin with the first if that woke it, and poll several times for each burst.
a_burst_wakes_once()
{
	local n frames before

	need_smp
	need_tool chrt taskset ethtool
	make_pair
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	must in_ns "$a" ethtool -K va tx-udp-segmentation off
	napi_thread "$b" vb
	must taskset -p 2 "$NAPI_THREAD"
	ping_ok "$a" 192.0.2.2 || die "no answer"
	before=$(link_stat "$b" vb rx_packets)
	trace_polls
	must taskset 1 "$TOOLS/udpgso" "$a" 192.0.2.2 200 16
	check_eq "$(link_stat "$a" va tx_dropped)" 0 "frames dropped"
	busywait 3000 all_polled 3200 || fail "not all are received: $(polls vb)"
	read -r n frames _ <<<"$(polls vb)"
	check_eq "$frames" $(($(link_stat "$b" vb rx_packets) - before)) "frames polled"
	check_le "$n" 200 "polls for 200 bursts"
}

all_polled()
{
	[[ "$(polls vb)" == *" $1 "* ]]
}

ALL_TESTS="
	thread_receives_everything
	tasklet_receives_without_a_thread
	switched_under_traffic
	a_burst_wakes_once
"
run_tests "$@"
