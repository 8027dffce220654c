#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet fdb add, del and flush: entries at ports of any kind.
#
#	+----------------- a -----------------+
#	|  va2 -- va [br0] vb -- vb2          |
#	+-------------------------------------+
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

setup_bridge()
{
	setup_ns a
	make_pair "$a" va va2
	make_pair "$a" vb vb2
	make_bridge "$a" br0 va vb
}

# entries: "mac port state" of the entries that are not the kernel's own, in one line
entries()
{
	vnet "$a" fdb show | sed -nE '/ permanent/!s/^([^ ]*) dev ([^ ]*) (vlan [0-9]+ )?master br0 ([a-z]+).*/\1 \2 \4/p' | sort | paste -sd,
}

made_and_removed()
{
	setup_bridge
	check_status 0 "" vnet "$a" fdb add 02:00:00:00:00:01 brport va
	check_status 0 "" vnet "$a" fdb add 02:00:00:00:00:02 brport vb sticky
	check_eq "$(entries)" "02:00:00:00:00:01 va static,02:00:00:00:00:02 vb static" "entries"
	check_match "$(bridge -n "$a" fdb show | grep 00:02)" "dev vb .*sticky" "what bridge says of the second"
	check_status 2 "cannot change the table of br0: .*File exists" vnet "$a" fdb add 02:00:00:00:00:01 brport va
	check_status 0 "" vnet "$a" fdb del 02:00:00:00:00:01 brport va
	check_status 0 "" vnet "$a" fdb del 02:00:00:00:00:02 br br0
	check_eq "$(entries)" "" "entries at the end"
	check_status 2 "cannot change the table of br0: " vnet "$a" fdb del 02:00:00:00:00:02 br br0
}

at_a_port_of_another_driver()
{
	setup_bridge
	must ip -n "$a" link add vlan7 link va2 type vlan id 7
	must ip -n "$a" link set vlan7 up master br0
	check_status 0 "" vnet "$a" fdb add 02:00:00:00:00:07 brport vlan7
	check_eq "$(entries)" "02:00:00:00:00:07 vlan7 static" "entries"
}

learned_ones_are_flushed()
{
	setup_bridge
	pkt -T "$a:va2" -R "$a:vb2" -c 3 -s 02:00:00:00:00:aa
	pkt -T "$a:vb2" -R "$a:va2" -c 3 -s 02:00:00:00:00:bb
	check_status 0 "" vnet "$a" fdb add 02:00:00:00:00:01 brport va
	check_status 0 "" vnet "$a" fdb flush brport va
	check_eq "$(entries)" "02:00:00:00:00:01 va static,02:00:00:00:00:bb vb reachable" "entries after the port's flush"
	check_status 0 "" vnet "$a" fdb flush br br0
	check_eq "$(entries)" "02:00:00:00:00:01 va static" "entries after the bridge's flush"
	check_ge "$(vnet "$a" fdb | grep -c ' permanent')" 3 "the kernel's own entries"
}

bad_words()
{
	setup_bridge
	check_status 1 "\"add\" needs an address like 02:" vnet "$a" fdb add
	check_status 1 "\"add 02:00\": must be six bytes" vnet "$a" fdb add 02:00 brport va
	check_status 1 "\"fdb add\" needs \"brport\" with a port" vnet "$a" fdb add 02:00:00:00:00:01
	check_status 1 "\"fdb flush\" needs \"brport\" with a port, or \"br\"" vnet "$a" fdb flush
	check_status 1 "\"br\" is not understood" vnet "$a" fdb add 02:00:00:00:00:01 br br0
	check_status 1 "\"va2\" is not a port" vnet "$a" fdb add 02:00:00:00:00:01 brport va2
	check_status 1 "from 1 to 4094" vnet "$a" fdb add 02:00:00:00:00:01 brport va vlan 0
	check_status 1 "no device \"gone0\"" vnet "$a" fdb flush br gone0
	check_status 2 "cannot change the table of br0: .*not permitted" vnet_unprivileged "$a" fdb flush br br0
	check_eq "$(entries)" "" "entries"
}

ALL_TESTS="made_and_removed at_a_port_of_another_driver learned_ones_are_flushed bad_words"
run_tests "$@"
