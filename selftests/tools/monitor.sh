#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet monitor and vnet trace: what happens, as it happens.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# monitor [OPTION...]: the tool, listening, its answer in $CASE_DIR/events
monitor()
{
	bg_ns "$a" "$VNET" monitor "$@" >"$CASE_DIR/events"
	busywait 5000 grep -q '^listening$' "$CASE_DIR/events" || die "nobody listens"
}

# With -j it is silent before the first event: a device of ours is made until it has told one.
monitor_json()
{
	bg_ns "$a" "$VNET" -j monitor >"$CASE_DIR/events"
	busywait 5000 told_first || die "nobody listens"
}

told_first()
{
	"$VNET" -n "$a" pair add first0 peer first1 && "$VNET" -n "$a" pair del first0
	[ -s "$CASE_DIR/events" ]
}

# told ERE: a line of this form has come
told()
{
	busywait 5000 grep -qE "$1" "$CASE_DIR/events" || fail "not told: $1 in $(<"$CASE_DIR/events")"
}

devices_come_change_and_go()
{
	setup_ns a
	monitor
	make_pair "$a" va vb
	make_bridge "$a" br0 va
	told '^[0-9:]+\.[0-9]{6} link-add [0-9]+ va kind vveth '
	told ' link-add [0-9]+ br0 kind vbridge '
	told ' link-change [0-9]+ va kind vveth master br0 '
	must ip -n "$a" link set va mtu 1400
	told ' link-change [0-9]+ va .* mtu 1400 '
	must ip -n "$a" link del va
	told ' link-del [0-9]+ va kind vveth'
	told ' link-del [0-9]+ vb kind vveth'
}

addresses_are_learned_and_removed()
{
	setup_ns a
	make_pair "$a" va va2
	make_pair "$a" vb vb2
	make_bridge "$a" br0 va vb
	monitor
	pkt -T "$a:va2" -R "$a:vb2" -c 3 -s 02:00:00:00:00:aa
	told ' fdb-add 02:00:00:00:00:aa dev va (vlan 1 )?master br0 reachable'
	must bridge -n "$a" fdb add 02:00:00:00:00:bb dev br0 self static via vb
	told ' fdb-add 02:00:00:00:00:bb dev vb (vlan 1 )?master br0 static'
	must bridge -n "$a" fdb del 02:00:00:00:00:bb dev br0 self
	told ' fdb-del 02:00:00:00:00:bb dev vb '
}

others_are_not_told_of()
{
	setup_ns a
	monitor
	must ip -n "$a" link set lo up
	make_pair "$a" va vb
	must ip -n "$a" link add vlan7 link va type vlan id 7
	must ip -n "$a" link del va
	told ' link-del [0-9]+ va '
	check_eq "$(grep -cE ' (lo|vlan7) ' "$CASE_DIR/events")" 0 "events of others"
}

json_a_line_an_event()
{
	setup_ns a
	monitor_json
	make_pair "$a" va vb
	told '"link-add".*"va"'
	must ip -n "$a" link del va
	told '"link-del".*"va"'
	kill -INT "$BG_PID"
	wait "$BG_PID" || fail "monitor ends with $?"
	jq -es 'all(.[]; has("event") and has("time"))' "$CASE_DIR/events" >/dev/null || fail "no JSON: $(<"$CASE_DIR/events")"
}

so_many_and_no_more()
{
	setup_ns a
	monitor count 2
	make_pair "$a" va vb
	wait "$BG_PID" || fail "monitor ends with $?"
	check_eq "$(grep -c ' link-' "$CASE_DIR/events")" 2 "events"
}

# Of a device that came among the events that were lost, what follows is told.
goes_on_after_a_loss()
{
	local i

	setup_ns a
	make_bridge "$a" br0
	bg_ns "$a" "$VNET" monitor >"$CASE_DIR/events" 2>"$CASE_DIR/said"
	busywait 5000 grep -q '^listening$' "$CASE_DIR/events" || die "nobody listens"
	kill -STOP "$BG_PID"
	make_pair "$a" va vb
	for ((i = 0; i < 2000; i++)); do
		printf 'link set va mtu %d\n' 1400 1401
	done | ipb "$a"
	make_pair "$a" vx vy
	must ip -n "$a" link set vx master br0
	kill -CONT "$BG_PID"
	busywait 20000 grep -q 'some are lost' "$CASE_DIR/said" || die "nothing is lost"
	busywait 20000 told_of_vx || fail "nothing is told of vx"
	check_eq "$(grep -cE ' link-add [0-9]+ vx ' "$CASE_DIR/events")" 0 "vx among what was kept"
}

told_of_vx()
{
	must bridge -n "$a" fdb add 02:00:00:00:00:bb dev br0 self static via vx
	must bridge -n "$a" fdb del 02:00:00:00:00:bb dev br0 self
	grep -q ' fdb-add 02:00:00:00:00:bb dev vx ' "$CASE_DIR/events"
}

# It ends as if it were interrupted, and says nothing; below nohup it goes on.
ends_with_terminal_and_reader()
{
	setup_ns a
	make_pair "$a" va vb
	monitor
	kill -HUP "$BG_PID"
	wait "$BG_PID" || fail "monitor ends with $? when the terminal goes"
	trap '' HUP
	monitor
	trap - HUP
	kill -HUP "$BG_PID"
	must ip -n "$a" link set va mtu 1400
	told ' link-change [0-9]+ va '
	kill -0 "$BG_PID" || fail "monitor ends in spite of nohup"
	{
		timeout 60 "$VNET" -n "$a" stats -w interval 0.05 2>"$CASE_DIR/said"
		echo $? >"$CASE_DIR/status"
	} | head -n 1 >"$CASE_DIR/line"
	check_eq "$(<"$CASE_DIR/status")" 2 "status of stats -w without a reader"
	check_eq "$(<"$CASE_DIR/said")" "" "what it says"
	check_eq "$(wc -l <"$CASE_DIR/line")" 1 "lines that were read"
}

without_rights()
{
	setup_ns a
	bg_ns "$a" setpriv --bounding-set=-net_admin,-sys_admin --inh-caps=-net_admin,-sys_admin -- "$VNET" monitor >"$CASE_DIR/events"
	busywait 5000 grep -q '^listening$' "$CASE_DIR/events" || die "nobody listens"
	make_pair "$a" va vb
	told ' link-add [0-9]+ va '
}

# need_trace: skips where the kernel traces nothing
need_trace()
{
	[ -d /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
	[ -d /sys/kernel/tracing/instances ] || skip "the kernel has no tracing"
}

# trace ARGS...: the tool, tracing, its answer in $CASE_DIR/trace
trace()
{
	bg_ns "$a" "$VNET" trace "$@" >"$CASE_DIR/trace"
	busywait 10000 grep -q '^tracing$' "$CASE_DIR/trace" || die "nobody traces"
}

# Frames that may take the direct road come out two pairs further on; others at the other end of the first.
way_and_road()
{
	setup_ns a b c
	need_trace
	add_pair "$a" va "$b" pa
	add_pair "$c" vc "$b" pc
	make_bridge "$b" br0 pa pc
	wait_up "$b" pa pc
	trace va count 1
	in_ns "$a" ip address add 192.0.2.1/24 dev va
	in_ns "$a" ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:99 dev va
	in_ns "$a" bash -c 'echo >/dev/udp/192.0.2.2/9'
	busywait 10000 grep -q 'net_dev_start_xmit dev va' "$CASE_DIR/trace" || kill -INT "$BG_PID"
	wait "$BG_PID" || fail "trace ends with $?"
	check_match "$(<"$CASE_DIR/trace")" "frame [0-9a-fx]+ road (direct|ordinary)" "the frame's road"
	check_match "$(<"$CASE_DIR/trace")" $'\n'"    \+ 0 ns, after 0 net_dev_queue dev va" "its first stage"
	check_eq "$(buffers_left)" 0 "buffers left"
}

# The same with a key for each thing.
way_as_json()
{
	setup_ns a b
	need_trace
	add_pair "$a" va "$b" vb
	bg_ns "$a" "$VNET" -j trace va count 1 >"$CASE_DIR/trace"
	# Silent before the first frame: frames are sent until one was told.
	busywait 20000 traced_one || fail "nothing is told"
	wait "$BG_PID" || fail "trace ends with $?"
	check_eq "$(jq -r '[.road, (.stages[0] | .event, .dev, .at_ns, .took_ns), (.stages | map(has("text")) | all)] |
		map(tostring) | join(" ")' "$CASE_DIR/trace")" "ordinary net_dev_queue va 0 0 true" "the way of a frame: $(<"$CASE_DIR/trace")"
}

# The steps add up to the whole; where the kernel goes by the processor's counter they are no whole microseconds.
way_in_nanoseconds()
{
	local clock

	setup_ns a b
	need_trace
	add_pair "$a" va "$b" vb
	bg_ns "$a" "$VNET" -j trace va count 20 >"$CASE_DIR/trace"
	busywait 30000 traced_many || fail "told of $(wc -l <"$CASE_DIR/trace") frames"
	wait "$BG_PID" || fail "trace ends with $?"
	check_eq "$(jq -c 'select((.stages | (map(.took_ns) | add) - .[-1].at_ns | fabs) > 64)' "$CASE_DIR/trace")" "" "steps that do not add up"
	check_eq "$(jq -c 'select(.stages[-1].at_ns > 10000000000)' "$CASE_DIR/trace")" "" "frames that took ten seconds"
	clock=$(</sys/devices/system/clocksource/clocksource0/current_clocksource)
	echo "clock: $clock"
	case $clock in
	tsc | kvm-clock) check_ge "$(jq '.stages[].took_ns % 1000' "$CASE_DIR/trace" | grep -vcx 0)" 10 "steps that are no whole microseconds" ;;
	esac
}

# A stage behind the one that names the device may have the text, and no stage of others.
match_looks_at_all_stages()
{
	setup_ns a b
	need_trace
	add_pair "$a" va "$b" vb
	bg_ns "$a" "$VNET" -j trace va match dev=vb count 1 >"$CASE_DIR/trace"
	busywait 20000 traced_one || fail "nothing is told of frames that come out at vb"
	trace va match dev=nowhere
	pkt -T "$a:va" -c 10
	kill -INT "$BG_PID"
	wait "$BG_PID" || fail "trace ends with $?"
	check_eq "$(<"$CASE_DIR/trace")" tracing "what is told of frames without the text"
}

# What the kernel was told to trace ends with the program, whether nobody reads any more or the terminal goes.
nothing_goes_on_being_traced()
{
	setup_ns a b
	need_trace
	add_pair "$a" va "$b" vb
	bg bash -c '"$@" | head -n 1' - "$VNET" -n "$a" trace va
	busywait 20000 ended_by_frames || fail "it goes on without a reader"
	check_eq "$(buffers_left)" 0 "buffers left without a reader"
	trace va
	kill -HUP "$BG_PID"
	wait "$BG_PID" || fail "trace ends with $?"
	check_eq "$(buffers_left)" 0 "buffers left behind a terminal"
}

ended_by_frames()
{
	pkt -T "$a:va" -c 1
	! kill -0 "$BG_PID" 2>/dev/null
}

buffers_left()
{
	find /sys/kernel/tracing/instances -name 'vnet-*' | wc -l
}

traced_many()
{
	pkt -T "$a:va" -c 10
	[ "$(wc -l <"$CASE_DIR/trace")" -ge 20 ]
}

traced_one()
{
	pkt -T "$a:va" -c 1
	[ -s "$CASE_DIR/trace" ]
}

bad_words()
{
	setup_ns a
	make_pair "$a" va vb
	check_status 1 "\"interval\" is not for monitor" vnet "$a" monitor interval 1
	check_status 1 "from 1 to 4294967295" vnet "$a" monitor count 0
	check_status 1 "\"extra\" is not understood" vnet "$a" monitor extra
	check_status 1 "\"trace\" needs a device" vnet "$a" trace
	check_status 1 "no device \"gone0\"" vnet "$a" trace gone0
	check_status 1 "\"interval\" is not for trace" vnet "$a" trace va interval 1
	check_status 1 "\"match\" needs a value" vnet "$a" trace va match
	check_status 1 "there is no selftests/bench/run in \"/\"" vnet "$a" bench source /
	check_status 1 "there is no selftests/bench/run in \"/nowhere\"" env VNET_SOURCE=/nowhere "$VNET" -n "$a" bench
}

ALL_TESTS="devices_come_change_and_go addresses_are_learned_and_removed others_are_not_told_of json_a_line_an_event
	so_many_and_no_more goes_on_after_a_loss ends_with_terminal_and_reader without_rights way_and_road way_as_json
	way_in_nanoseconds match_looks_at_all_stages nothing_goes_on_being_traced bad_words"
run_tests "$@"
