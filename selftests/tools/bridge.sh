#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet bridge: bridges with their options, their ports with state and flags.
#
#	+------- a -------+
#	|       br0       |
#	|  va --/ | \-- dum  (a device of another driver)
#	|  (va2)  vb (vb2)|
#	+-----------------+
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

ports_of_the_bridge()
{
	setup_bridge
	check_eq "$(vnet_json "$a" '.[0] | [.ifname, .port_count, (.ports[] | .ifname, .kind, .state)] | join(" ")' bridge)" \
		"br0 2 va vveth forwarding vb vveth forwarding" "bridge and ports"
	check_eq "$(vnet "$a" bridge | grep -cE '^    port (va|vb) ifindex [0-9]+ kind vveth .*state forwarding')" 2 \
		"lines of ports"
}

foreign_port()
{
	setup_bridge
	must ip -n "$a" link add vlan7 link va2 type vlan id 7
	must ip -n "$a" link set vlan7 master br0
	check_eq "$(vnet_json "$a" '.[0].ports | map(select(.ifname == "vlan7").kind) | join(" ")' bridge)" vlan "kind"
	must ip -n "$a" link set vlan7 nomaster
	check_eq "$(vnet_get "$a" port_count bridge)" 2 "ports after its release"
}

options_are_those_of_ip()
{
	local keys='[.ageing_time, .vlan_filtering, .priority, .forward_delay] | join(" ")'

	setup_bridge
	must ip -n "$a" link set br0 type "vbridge" ageing_time 12300
	check_eq "$(vnet_get "$a" ageing_time bridge)" 12300 "ageing_time"
	check_match "$(vnet "$a" bridge)" $'\n''    options .*ageing_time 12300' "text"
	ip -n "$a" -j -d link show br0 >"$CASE_DIR/ip"
	check_eq "$(vnet_json "$a" ".[0].options | $keys" bridge)" "$(jq -r ".[0].linkinfo.info_data | $keys" "$CASE_DIR/ip")" \
		"options"
}

flags_follow_bridge_link()
{
	setup_bridge
	check_eq "$(vnet_get "$a" "isolated learning flood" bridge)" \
		"false true true" "at first"
	must bridge -n "$a" link set dev va isolated on learning off flood off
	check_eq "$(vnet_get "$a" "isolated learning flood" bridge)" \
		"true false false" "after bridge link set"
	check_match "$(vnet "$a" bridge | grep ' port va ')" " isolated( |\$)" "text of va"
	check_eq "$(vnet "$a" bridge | grep ' port vb ' | grep -c isolated)" 0 "isolated at vb"
}

several_bridges()
{
	setup_bridge
	make_pair "$a" vc vc2
	make_bridge "$a" br1 va2 vc
	make_bridge "$a" br2
	check_eq "$(vnet_json "$a" '[.[] | .ifname + ":" + ([.ports[].ifname] | join(","))] | join(" ")' bridge)" \
		"br0:va,vb br1:va2,vc br2:" "bridges and ports"
	check_eq "$(vnet_column "$a" ifname bridge show br1)" "br1 va2 vc" "bridge show br1"
}

nothing_is_left_out()
{
	setup_bridge
	check_eq "$(vnet "$a" bridge | grep -oE ' attr[0-9]+ ')" "" "attributes printed by number"
}

ALL_TESTS="ports_of_the_bridge foreign_port options_are_those_of_ip flags_follow_bridge_link several_bridges
	nothing_is_left_out"
run_tests "$@"
