#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet port and vnet vlan: the ports of bridges, and the VLANs they carry.
#
#	+----------------- a -----------------+
#	|  va2 -- va [br0] vb -- vb2          |
#	|  vc2 -- vc [br1]                    |
#	+-------------------------------------+
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

ports_of_all_and_of_one_bridge()
{
	setup_bridges
	check_eq "$(vnet_json "$a" 'map(.master + ":" + .ifname) | join(" ")' port)" "br0:va br0:vb br1:vc" "all"
	check_eq "$(vnet_column "$a" ifname port show br br0)" "va vb" "br br0"
	check_eq "$(vnet_column "$a" ifname port show dev vc)" vc "dev vc"
	check_match "$(vnet "$a" port vb)" "^[0-9]+ vb master br0 kind vveth state forwarding " "text"
	check_status 1 "\"vc\" is a port of br1, not of br0" vnet "$a" port br br0 vc
	check_status 1 "\"va2\" is not a port" vnet "$a" port va2
	check_status 1 "no device \"gone0\"" vnet "$a" port gone0
	check_status 1 "\"va\" is not a vbridge device but of type vveth" vnet "$a" port br va
}

limit_of_a_port()
{
	setup_bridges
	check_status 0 "" vnet "$a" port set va fdb_max_learned 5
	check_eq "$(vnet_get "$a" fdb_max_learned port va)" 5 "the limit"
	check_status 0 "" vnet "$a" port set dev va fdb_max_learned default
	check_eq "$(vnet_get "$a" fdb_max_default port va)" true "the default"
	check_status 1 "needs \"fdb_max_learned\"" vnet "$a" port set va
	check_status 1 "\"set\" needs the name of a port" vnet "$a" port set
	check_status 1 "from 0 to 4294967295" vnet "$a" port set va fdb_max_learned -1
	check_status 2 "cannot change va2: .+ \(" vnet "$a" port set va2 fdb_max_learned 5
	check_status 2 "cannot change va: .*not permitted" vnet_unprivileged "$a" port set va fdb_max_learned 5
}

vlans_of_ports()
{
	setup_bridges
	check_status 0 "" vnet "$a" vlan add 7 dev va pvid untagged
	check_status 0 "" vnet "$a" vlan add 100-109 dev va
	check_eq "$(vnet_json "$a" '.[0].vlans | map("\(.vlan)-\(.vlan_end // .vlan):\(.pvid):\(.untagged)") | join(" ")' vlan va)" \
		"1-1:false:true 7-7:true:true 100-109:false:false" "va"
	check_match "$(vnet "$a" vlan show va)" "va master br0"$'\n'"    vlan 1 untagged"$'\n'"    vlan 7 pvid untagged"$'\n'"    vlan 100-109" "text"
	check_status 0 "" vnet "$a" vlan del 100-108 dev va
	check_status 0 "" vnet "$a" vlan del 1 dev va
	check_eq "$(vnet_column "$a" vlan vlan va)" "109 7" "after del"
}

vlans_as_the_stock_tool_has_them()
{
	setup_bridges
	must bridge -n "$a" vlan add dev vb vid 20-22
	check_status 0 "" vnet "$a" vlan add 30 dev br0
	check_eq "$(vnet_json "$a" 'map("\(.ifname) " + (.vlans | map("\(.vlan)-\(.vlan_end // .vlan)") | join(","))) | sort | join("; ")' vlan)" \
		"$(bridge -n "$a" -j -compressvlans vlan show |
			jq -r 'map("\(.ifname) " + (.vlans | map("\(.vlan)-\(.vlanEnd // .vlan)") | join(","))) | sort | join("; ")')" "VLANs"
}

vlans_are_counted()
{
	setup_bridges
	must ip -n "$a" link set br0 type "vbridge" vlan_filtering 1 vlan_stats_enabled 1
	pkt -T "$a:va2" -R "$a:vb2" -c 9
	check_eq "$(vnet_json "$a" '.[0].vlans[] | select(.vlan == 1).rx_packets' vlan stats va)" 9 "frames in at va"
	check_ge "$(vnet_json "$a" '.[0].vlans[] | select(.vlan == 1).tx_packets' vlan stats vb)" 9 "frames out at vb"
	check_match "$(vnet "$a" vlan stats va)" $'\n'"    vlan 1 pvid untagged rx-packets 9 rx-bytes [1-9]" "text"
}

# More than one message holds.
counters_of_all_vlans()
{
	setup_bridges
	must vnet "$a" vlan add 2-4094 dev va
	check_eq "$(vnet_json "$a" '[length, (.[0].vlans | length), .[0].vlans[-1].vlan] | join(" ")' vlan stats va)" \
		"1 4094 4094" "rows, VLANs in it, and the last"
	check_eq "$(vnet "$a" vlan stats | grep -vE '^ ' | cut -d' ' -f2 | sort | xargs)" "br0 br1 va vb vc" "heads of the text"
}

bad_vlans()
{
	local word

	setup_bridges
	for word in 0 4095 9-7 x 7- -7 7-4095; do
		check_status 1 "must be a VLAN from 1 to 4094" vnet "$a" vlan add "$word" dev va
	done
	check_status 1 "\"pvid\" is one VLAN" vnet "$a" vlan add 7-9 dev va pvid
	check_status 1 "needs \"dev\"" vnet "$a" vlan add 7
	check_status 1 "\"pvid\" is not understood" vnet "$a" vlan del 7 dev va pvid
	check_status 1 "no device \"gone0\"" vnet "$a" vlan add 7 dev gone0
	check_status 1 "no device \"gone0\"" vnet "$a" vlan show gone0
	check_status 1 "\"va2\" is not a vbridge and not a port" vnet "$a" vlan show va2
	check_status 2 "cannot change the VLANs of va2: " vnet "$a" vlan add 7 dev va2
	check_eq "$(vnet_column "$a" vlan vlan va)" 1 "VLANs of va"
}

# One message holds so much; a thousand ports are more.
many_ports()
{
	local i

	setup_ns a
	make_bridge "$a" br0
	for ((i = 0; i < 300; i++)); do
		echo "link add p$i type vveth peer name q$i"
		echo "link set p$i master br0"
	done | ipb "$a"
	check_eq "$(vnet_json "$a" length port)" 300 "ports"
	check_eq "$(vnet_json "$a" length vlan)" 301 "ports with VLANs, and the bridge"
}

ALL_TESTS="ports_of_all_and_of_one_bridge limit_of_a_port vlans_of_ports vlans_as_the_stock_tool_has_them vlans_are_counted counters_of_all_vlans bad_vlans
	many_ports"
run_tests "$@"
