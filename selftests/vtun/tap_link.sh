#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# ip link add ... type vtap: a pair and its char device, what is refused, and how it ends.
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/tap_common.sh"

a_pair_and_its_node()
{
	local index

	need_tap
	setup_ns a
	must ip -n "$a" link add n0 index 4711 type vtap peer name p0
	check_match "$(ip -n "$a" -d link show n0)" 'vtap node [0-9]+:[0-9]+ numqueues 0 numdisabled 0' "ip -d link show n0"
	check_eq "$(node_of "$a" p0)" "" "node of the peer"
	check_match "$(ip -n "$a" link show p0)" 'p0@n0' "the peer"
	index=$(link_attr "$a" n0 ifindex)
	check_eq "$index" 4711 "index"
	[ -c "/dev/tap$index" ] || fail "there is no /dev/tap$index"
	check_eq "$(($(stat -c '0x%t' /dev/tap4711))):$(($(stat -c '0x%T' /dev/tap4711)))" "$(node_of "$a" n0)" \
		"number of the node"
	check_eq "$(stat -c %a /dev/tap4711)" 600 "mode of the node"
	must ip -n "$a" link del p0
	check_eq "$(links "$a")" "" "devices"
	[ ! -e /dev/tap4711 ] || fail "/dev/tap4711 is still there"
}

options_of_both_ends()
{
	need_tap
	setup_ns a b
	must ip -n "$a" link add n0 address 02:00:00:00:00:01 mtu 1300 txqueuelen 77 numtxqueues 4 numrxqueues 4 type vtap \
		peer name p0 netns "$b" address 02:00:00:00:00:02 mtu 1400 numtxqueues 4 numrxqueues 4
	check_eq "$(link_attr "$a" n0 address)|$(link_attr "$b" p0 address)" "02:00:00:00:00:01|02:00:00:00:00:02" "addresses"
	check_eq "$(link_attr "$a" n0 mtu)|$(link_attr "$b" p0 mtu)" "1300|1400" "MTUs"
	check_eq "$(ip_attr "$a" n0 txqlen)" 77 "length of a file's ring"
	up_both "$a" n0 "$b" p0
	program "$a" n0 -r
	must ip -n "$b" addr add 192.0.2.1/24 dev p0
	must ip -n "$b" neigh add 192.0.2.2 lladdr 02:00:00:00:00:01 dev p0
	in_ns "$b" ping -q -c 5 -i 0.01 -W 1 192.0.2.2 >/dev/null
	check_ge "$(link_stat "$b" p0 rx_packets)" 5 "frames that came back"
}

goes_with_the_peers_namespace()
{
	need_tap
	setup_ns a
	must ip netns add "c-$$"
	defer ip netns del "c-$$" 2>/dev/null
	must ip -n "$a" link add n0 type vtap peer name p0 netns "c-$$"
	must ip netns del "c-$$"
	slowwait 30 no_links "$a" || fail "the pair outlives its peer's namespace"
}

# The class of char devices is told apart by namespaces.
same_index_twice()
{
	need_tap
	setup_ns a b
	must ip -n "$a" link add n0 index 4711 type vtap
	must ip -n "$b" link add n0 index 4711 type vtap
	check_ne "$(node_of "$a" n0)" "$(node_of "$b" n0)" "numbers of the two nodes"
	program "$a" n0
	check_eq "$(ip_attr "$a" n0 numqueues)$(ip_attr "$b" n0 numqueues)" 10 "programs"
}

names_by_themselves()
{
	need_tap
	setup_ns a
	must ip -n "$a" link add type vtap
	must ip -n "$a" link add n0 type vtap
	check_eq "$(links "$a" | xargs -n 1 | sort | xargs)" "n0 vtap0 vtap1 vtap2" "devices"
}

refused()
{
	need_tap
	setup_ns a
	check_refused 'type vtap does not know "foo"' ip -n "$a" link add n0 type vtap foo
	check_refused 'multicast or all zero' ip -n "$a" link add n0 address 03:00:00:00:00:01 type vtap
	check_refused 'multicast or all zero' ip -n "$a" link add n0 type vtap peer name p0 address 01:00:00:00:00:01
	check_refused '68 to 65535' ip -n "$a" link add n0 mtu 60 type vtap
	check_refused '68 to 65535' ip -n "$a" link add n0 type vtap peer name p0 mtu 60
	check_refused 'cannot have one name' ip -n "$a" link add n0 type vtap peer name n0
	check_eq "$(links "$a")" "" "devices"
	must ip -n "$a" link add n0 type vtap peer name p0
	check_refused 'has a device of that name' ip -n "$a" link add n1 type vtap peer name p0
	must ip -n "$a" link add vbr0 type "$BRIDGE"
	check_refused . ip -n "$a" link set n0 master vbr0
	must ip -n "$a" link set p0 master vbr0
}

carrier_takes_both()
{
	need_tap
	setup_ns a
	must ip -n "$a" link add n0 type vtap peer name p0
	must ip -n "$a" link set n0 up
	check_eq "$(link_flag "$a" n0 LOWER_UP)" no "carrier of one end alone"
	must ip -n "$a" link set p0 up
	check_eq "$(link_flag "$a" n0 LOWER_UP)$(link_flag "$a" p0 LOWER_UP)" yesyes "carrier of both"
	must ip -n "$a" link set n0 down
	check_eq "$(link_flag "$a" p0 LOWER_UP)" no "carrier of the other end alone"
}

only_who_may_opens()
{
	need_tap
	setup_ns a
	must ip -n "$a" link add n0 type vtap
	program "$a" n0 -u 1234
	check_match "$(<"$PROGRAM")" 'Permission denied' "another user"
}

moved_with_its_program()
{
	local before

	need_tap
	setup_ns a b
	must ip -n "$a" link add n0 type vtap peer name p0
	up_both "$a" n0 "$a" p0
	before=$(node_of "$a" n0)
	[ -n "$before" ] || fail "no node"
	program "$a" n0 -r
	must ip -n "$a" link set n0 netns "$b"
	check_eq "$(links "$a")|$(links "$b")" "p0|n0" "devices"
	check_match "$(node_of "$b" n0)" '^[0-9]+:[0-9]+$' "node there"
	check_eq "$(ip_attr "$b" n0 numqueues)" 1 "programs there"
	up_both "$a" p0 "$b" n0
	must ip -n "$a" addr add 192.0.2.1/24 dev p0
	must ip -n "$a" neigh add 192.0.2.2 lladdr 02:00:00:00:00:01 dev p0
	in_ns "$a" ping -q -c 5 -i 0.01 -W 1 192.0.2.2 >/dev/null
	check_ge "$(link_stat "$a" p0 rx_packets)" 5 "frames that came back"
}

in_a_user_namespace()
{
	need_tap
	setup_ns a
	must in_ns "$a" unshare -U -r -n bash -c "ip link add n0 type vtap peer name p0 && ip link set p0 up && ip link del n0"
	in_ns "$a" unshare -U -r ip link add n1 type vtap 2>/dev/null && fail "made in somebody else's network namespace"
	check_eq "$(links "$a")" "" "devices"
}

program_stays_behind()
{
	need_tap
	setup_ns a
	must ip -n "$a" link add n0 type vtap peer name p0
	up_both "$a" n0 "$a" p0
	program "$a" n0
	check_eq "$(ip_attr "$a" n0 numqueues)" 1 "programs"
	check_refused 'in use' rmmod vtap
	must ip -n "$a" link del n0
	check_refused 'in use' rmmod vtap
	kill -TERM "$BG_PID"
	wait "$BG_PID"
	check_match "$(<"$PROGRAM")" 'rx frames=' "the program's end"
	must rmmod vtap
}

module_goes_with_devices()
{
	need_tap
	setup_ns a b
	must ip -n "$a" link add n0 type vtap peer name p0 netns "$b"
	up_both "$a" n0 "$b" p0
	must rmmod vtap
	check_eq "$(links "$a")$(links "$b")" "" "devices"
}

ALL_TESTS="
	a_pair_and_its_node
	options_of_both_ends
	goes_with_the_peers_namespace
	same_index_twice
	names_by_themselves
	refused
	carrier_takes_both
	only_who_may_opens
	moved_with_its_program
	in_a_user_namespace
	program_stays_behind
	module_goes_with_devices
"
run_tests "$@"
