#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet fdb: the entries of one bridge and no others, which `bridge fdb show br` cannot tell.
#
#	+--------------- a ---------------+
#	|  va2 -- va [br0] vb -- vb2      |
#	|  vc2 -- vc [br1]                |
#	+---------------------------------+
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

setup_bridges()
{
	setup_ns a
	make_pair "$a" va va2
	make_pair "$a" vb vb2
	make_pair "$a" vc vc2
	make_bridge "$a" br0 va vb
	make_bridge "$a" br1 vc
}

# fdb_add BR PORT MAC [OPTION...]
fdb_add()
{
	local br=$1 port=$2 mac=$3

	shift 3
	must bridge -n "$a" fdb add "$mac" dev "$br" self static via "$port" "$@"
}

# entries FILTER ARGS...: "mac port" of the entries that are not the kernel's own, sorted, in one line
entries()
{
	vnet "$a" fdb show "$@" | sed -nE '/ permanent/!s/^([^ ]*) dev ([^ ]*) .*/\1 \2/p' | sort | paste -sd,
}

entries_of_one_bridge()
{
	setup_bridges
	fdb_add br0 va 02:00:00:00:00:01
	fdb_add br0 vb 02:00:00:00:00:02
	fdb_add br1 vc 02:00:00:00:00:03
	check_eq "$(entries br br0)" "02:00:00:00:00:01 va,02:00:00:00:00:02 vb" "br0"
	check_eq "$(entries br br1)" "02:00:00:00:00:03 vc" "br1"
	check_eq "$(entries)" "02:00:00:00:00:01 va,02:00:00:00:00:02 vb,02:00:00:00:00:03 vc" "all"
	check_eq "$(vnet_column "$a" master fdb show br br1 brport vc)" "br1 br1" "masters of the entry and of the port's own address"
}

entries_of_one_port()
{
	setup_bridges
	fdb_add br0 va 02:00:00:00:00:01
	fdb_add br0 vb 02:00:00:00:00:02
	check_eq "$(entries brport vb)" "02:00:00:00:00:02 vb" "brport vb"
	check_eq "$(entries br br0 brport va)" "02:00:00:00:00:01 va" "br br0 brport va"
	check_status 1 "\"vc\" is a port of br1, not of br0" vnet "$a" fdb show br br0 brport vc
	check_status 1 "\"va2\" is not a port" vnet "$a" fdb show brport va2
}

learned_entries()
{
	setup_bridges
	pkt -T "$a:va2" -R "$a:vb2" -c 3 -s 02:00:00:00:00:aa
	check_eq "$(entries br br0)" "02:00:00:00:00:aa va" "learned"
	check_match "$(vnet "$a" fdb show br br0)" \
		"02:00:00:00:00:aa dev va master br0 reachable.* used [0-9]+ updated [0-9]+" "text"
}

states_and_flags()
{
	setup_bridges
	fdb_add br0 va 02:00:00:00:00:01
	check_match "$(vnet "$a" fdb show br br0)" "02:00:00:00:00:01 dev va master br0 static" "text"
	check_eq "$(vnet_json "$a" '.[] | select(.mac == "02:00:00:00:00:01") | [.state, (.flags | type)] | join(" ")' \
		fdb show br br0)" "static array" "JSON"
	check_ge "$(vnet "$a" fdb show br br0 | grep -c ' permanent')" 1 "the bridge's own addresses"
}

same_as_the_stock_tool()
{
	setup_bridges
	fdb_add br0 va 02:00:00:00:00:01
	fdb_add br1 vc 02:00:00:00:00:03
	pkt -T "$a:vb2" -R "$a:va2" -c 3 -s 02:00:00:00:00:bb
	check_eq "$(vnet_json "$a" '[.[] | select(.master) | .mac + " " + .ifname] | sort | join(", ")' fdb)" \
		"$(bridge -n "$a" -j fdb show | jq -r '[.[] | select(.master) | .mac + " " + .ifname] | sort | join(", ")')" \
		"entries"
}

# More than a message of the kernel's holds.
many_entries()
{
	local i ports=(va vb)

	setup_bridges
	for ((i = 0; i < 3000; i++)); do
		printf 'fdb add 02:01:00:00:%02x:%02x dev br0 self static via %s\n' $((i / 256)) $((i % 256)) \
			"${ports[i % 2]}"
	done | bridge -n "$a" -batch - || fail "the entries cannot be made"
	check_eq "$(vnet_json "$a" '[.[] | select(.state == "static") | .mac] | unique | length' fdb show br br0)" 3000 \
		"different entries"
	check_eq "$(vnet "$a" fdb show brport va | grep -c ' static')" 1500 "at va"
	check_eq "$(vnet "$a" fdb show br br0 | grep -c ' static')" 3000 "lines of text"
	check_eq "$(entries br br1)" "" "br1"
}

ALL_TESTS="entries_of_one_bridge entries_of_one_port learned_entries states_and_flags same_as_the_stock_tool
	many_entries"
run_tests "$@"
