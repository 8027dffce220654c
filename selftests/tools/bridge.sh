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

own_options_are_shown_and_set()
{
	setup_bridge
	check_eq "$(vnet_get "$a" "direct fdb_max_learned_port fdb_max_default" bridge)" "true 65536 true" "at first"
	must vnet "$a" bridge set dev br0 direct off
	must vnet "$a" bridge set port vb fdb_max_learned 12
	check_eq "$(vnet_json "$a" '.[0] | [.direct, (.ports[] | .fdb_n_learned, .fdb_max_learned, .fdb_max_default)] | join(" ")' \
		bridge)" "false 0 65536 true 0 12 false" "JSON after both"
	check_match "$(vnet "$a" bridge show dev br0)" ' ports 2 direct off fdb_n_entries [1-9][0-9]* fdb_max_learned_port 65536 max_ports 8192'$'\n' \
		"text of the bridge"
	check_match "$(vnet "$a" bridge | grep ' port vb ')" ' fdb_n_learned 0 fdb_max_learned 12$' "text of vb"
	check_match "$(vnet "$a" bridge | grep ' port va ')" ' fdb_max_learned 65536 fdb_max_default$' "text of va"
	must vnet "$a" bridge set port vb fdb_max_learned default
	must vnet "$a" bridge set dev br0 direct on
	check_eq "$(vnet_get "$a" "direct" bridge)" true "direct in the end"
	check_match "$(vnet "$a" bridge | grep ' port vb ')" ' fdb_max_learned 65536 fdb_max_default$' "text of vb in the end"
}

one_bridge_of_several_is_set()
{
	setup_bridge
	make_bridge "$a" br1
	must vnet "$a" bridge set dev br1 direct off
	check_eq "$(vnet_json "$a" '[.[] | .ifname, .direct] | join(" ")' bridge)" "br0 true br1 false" "bridges"
}

what_cannot_be_set()
{
	setup_bridge
	check_status 1 "needs \"dev BRIDGE\" or \"port DEV\"" vnet "$a" bridge set
	check_status 1 "\"dev\" needs the name of a device" vnet "$a" bridge set dev
	check_status 1 "needs \"direct on\" or \"direct off\"" vnet "$a" bridge set dev br0
	check_status 1 "\"direct\" needs a value" vnet "$a" bridge set dev br0 direct
	check_status 1 "must be on or off" vnet "$a" bridge set dev br0 direct maybe
	check_status 1 "\"extra\" is not understood" vnet "$a" bridge set dev br0 direct off extra
	check_status 1 "needs \"fdb_max_learned\"" vnet "$a" bridge set port va direct off
	check_status 1 "\"fdb_max_learned\" needs a number" vnet "$a" bridge set port va fdb_max_learned
	check_status 1 "fdb_max_learned many" vnet "$a" bridge set port va fdb_max_learned many
	check_status 1 "fdb_max_learned -1" vnet "$a" bridge set port va fdb_max_learned -1
	check_status 1 "no device \"gone0\"" vnet "$a" bridge set dev gone0 direct off
	check_status 2 "the device is no vbridge" vnet "$a" bridge set dev va direct off
	check_status 2 "the device is no port of a vbridge" vnet "$a" bridge set port br0 fdb_max_learned 1
	check_status 2 "cannot change br0: .*not permitted" vnet_unprivileged "$a" bridge set dev br0 direct off
	check_eq "$(vnet_get "$a" "direct fdb_max_default" bridge)" "true true" "what is set in the end"
	vnet_unprivileged "$a" bridge >"$CASE_DIR/text" || fail "vnet bridge fails without rights"
	check_eq "$(<"$CASE_DIR/text")" "$(vnet "$a" bridge)" "what is shown without rights"
}

ALL_TESTS="ports_of_the_bridge foreign_port options_are_those_of_ip flags_follow_bridge_link several_bridges
	nothing_is_left_out own_options_are_shown_and_set one_bridge_of_several_is_set what_cannot_be_set"
run_tests "$@"
