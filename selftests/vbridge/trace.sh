#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Trace events: what comes into the forwarding table, moves and goes, and each frame that is dropped. The topology is drawn in
# common.sh.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

M=02:00:00:00:0a
TRACING=/sys/kernel/tracing

# In a buffer of the case's own, so that nobody else who traces is disturbed.
start_tracing()
{
	suite_only "it has trace events of its own"
	mountpoint -q "$TRACING" || mount -t tracefs none "$TRACING" 2>/dev/null || skip "no event tracing in this kernel"
	[ -d "$TRACING/events/vbridge" ] || skip "no event tracing in this kernel"
	BUFFER=$TRACING/instances/vbridge$$
	must mkdir "$BUFFER"
	defer rmdir "$BUFFER"
	must bash -c "echo 1 >'$BUFFER/events/vbridge/enable'"
}

# traced ERE: lines of the buffer that match.
traced()
{
	grep -cE "$1" "$BUFFER/trace"
}

# check_traced COUNT ERE WHAT
check_traced()
{
	check_eq "$(traced "$2")" "$1" "$3: lines like $2"
}

is_traced()
{
	[ "$(traced "$1")" -ge 1 ]
}

entries_come_move_and_go()
{
	setup_stations 2
	start_tracing
	pkt -T "$s1:e0" -c 3 -s "$M:01" -d "$M:0f"
	check_traced 1 "vbridge_fdb_add: bridge=vbr0 port=p1 addr=$M:01 vid=0 flags=learned$" "learned"
	pkt -T "$s2:e0" -c 3 -s "$M:01" -d "$M:0f"
	check_traced 1 "vbridge_fdb_move: bridge=vbr0 from=p1 to=p2 addr=$M:01 vid=0$" "moved"
	must bridge -n "$h" fdb add "$M:02" dev vbr0 self static via p1
	check_traced 1 "vbridge_fdb_add: bridge=vbr0 port=p1 addr=$M:02 vid=0 flags=static\|user$" "entered"
	must bridge -n "$h" fdb replace "$M:02" dev vbr0 self static sticky via p2
	check_traced 1 "vbridge_fdb_move: bridge=vbr0 from=p1 to=p2 addr=$M:02 vid=0$" "entered elsewhere"
	check_traced 1 "vbridge_fdb_add: bridge=vbr0 port=p2 addr=$M:02 vid=0 flags=static\|sticky\|user$" "changed"
	must bridge -n "$h" fdb add "$M:03" dev vbr0
	check_traced 1 "vbridge_fdb_add: bridge=vbr0 port=\(host\) addr=$M:03 vid=0 flags=local\|static\|user$" "the host's"
	must bridge -n "$h" fdb del "$M:02" dev vbr0 self
	check_traced 1 "vbridge_fdb_remove: .*port=p2 addr=$M:02 .* how=deleted$" "deleted"
	must bridge -n "$h" fdb flush dev vbr0 brport p2
	check_traced 1 "vbridge_fdb_remove: .*port=p2 addr=$M:01 vid=0 flags=learned how=flushed$" "flushed by its port"
	must bridge -n "$h" fdb flush dev vbr0
	check_traced 1 "vbridge_fdb_remove: .*port=\(host\) addr=$M:03 .* how=flushed$" "flushed"
	check_traced 0 "how=aged" "nobody was silent for long"
}

silence_is_told_apart()
{
	setup_stations 2
	start_tracing
	pkt -T "$s1:e0" -c 1 -s "$M:01" -d "$M:0f"
	must ip -n "$h" link set vbr0 type "$BRIDGE" ageing_time 100
	slowwait 10 is_traced "vbridge_fdb_remove: bridge=vbr0 port=p1 addr=$M:01 vid=0 flags=learned how=aged$" ||
		fail "ageing is not traced: $(grep "$M:01" "$BUFFER/trace")"
}

entries_have_their_vlan()
{
	setup_stations 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
	must bridge -n "$h" vlan add dev p1 vid 7
	start_tracing
	pkt -T "$s1:e0" -c 1 -s "$M:01" -d "$M:0f" -v 7
	check_traced 1 "vbridge_fdb_add: bridge=vbr0 port=p1 addr=$M:01 vid=7 flags=learned$" "learned in a VLAN"
}

# dropped WHY FROM COUNT LEN DEST SOURCE: so many frames were dropped and each was traced with all that is asked of it, and as
# many are counted for the reason since the buffer was emptied.
dropped()
{
	check_traced "$3" "vbridge_drop: bridge=vbr0 port=$2 why=$1 len=$4 dest=$5 source=$6$" "dropped frames"
	check_eq "$(traced "vbridge_drop: .* why=$1 ")" "$(($(br_stat "drop_$1") - COUNTED))" "traced and counted frames, $1"
}

# about_to_drop WHY
about_to_drop()
{
	echo >"$BUFFER/trace"
	COUNTED=$(br_stat "drop_$1")
}

drops_have_a_reason()
{
	setup_stations 2
	start_tracing
	about_to_drop bad_source
	pkt -T "$s1:e0" -c 4 -w 100 -s 03:00:00:00:00:01 -d "$M:0f" -l 60
	dropped bad_source p1 4 60 "$M:0f" 03:00:00:00:00:01

	must bridge -n "$h" fdb add "$M:01" dev vbr0 self static via p1
	about_to_drop same_port
	pkt -T "$s1:e0" -c 4 -w 100 -s "$(mac 1)" -d "$M:01" -l 100
	dropped same_port p1 4 100 "$M:01" "$(mac 1)"

	must bridge -n "$h" link set dev p1 isolated on
	must bridge -n "$h" link set dev p2 isolated on
	about_to_drop no_egress
	pkt -T "$s2:e0" -c 4 -w 100 -s "$(mac 2)" -d "$M:01" -l 60
	dropped no_egress p2 4 60 "$M:01" "$(mac 2)"
	must bridge -n "$h" link set dev p1 isolated off flood off

	# A flood that nobody takes.
	about_to_drop no_egress
	pkt -T "$s2:e0" -c 4 -w 100 -s "$(mac 2)" -d "$M:0f" -l 60
	dropped no_egress p2 4 60 "$M:0f" "$(mac 2)"

	must bridge -n "$h" link set dev p1 locked on
	about_to_drop locked
	pkt -T "$s1:e0" -c 4 -w 100 -s "$M:05" -d "$(mac 2)" -l 60
	dropped locked p1 4 60 "$(mac 2)" "$M:05"
	must bridge -n "$h" link set dev p1 locked off state 4

	about_to_drop port_state
	pkt -T "$s1:e0" -c 4 -w 100 -s "$(mac 1)" -d "$(mac 2)" -l 60
	dropped port_state p1 4 60 "$(mac 2)" "$(mac 1)"

	# The host's own, which has no port.
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
	must bridge -n "$h" vlan del dev vbr0 vid 1 self
	about_to_drop vlan
	pkt -T "$h:vbr0" -c 4 -w 100 -s "$M:06" -d "$M:01" -l 60
	dropped vlan '\(host\)' 4 60 "$M:01" "$M:06"
}

# Where a known way ends at a port that is too narrow: by the short cut for known pairs of addresses, too.
what_is_too_big()
{
	setup_stations 2
	must ip -n "$s1" link set e0 mtu 4000
	must ip -n "$h" link set p1 mtu 4000
	start_tracing
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
	pkt -T "$s1:e0" -R "$s2:e0" -c 2 -s "$(mac 1)" -d "$(mac 2)"
	check_eq "${PKT[rx0.frames]}" 2 "short frames at station 2"
	about_to_drop too_big
	pkt -T "$s1:e0" -c 4 -w 100 -s "$(mac 1)" -d "$(mac 2)" -l 3000
	dropped too_big p1 4 3000 "$(mac 2)" "$(mac 1)"
}

# All of it costs a look at a switch that is off.
frames_that_pass_are_no_event()
{
	setup_stations 2
	start_tracing
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
	pkt -T "$s1:e0" -R "$s2:e0" -c 1 -s "$(mac 1)" -d "$(mac 2)"
	echo >"$BUFFER/trace"
	pkt -T "$s1:e0" -R "$s2:e0" -c 100 -s "$(mac 1)" -d "$(mac 2)"
	check_eq "${PKT[rx0.frames]}" 100 "frames at station 2"
	check_traced 0 "addr=$(mac 1)|addr=$(mac 2)|source=$(mac 1)" "frames on their way"
}

ALL_TESTS="
	entries_come_move_and_go
	silence_is_told_apart
	entries_have_their_vlan
	drops_have_a_reason
	what_is_too_big
	frames_that_pass_are_no_event
"
run_tests "$@"
