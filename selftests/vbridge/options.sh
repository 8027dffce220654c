#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Options by the stock tools, and devices that can be no port: what is refused is refused with a sentence and leaves
# everything as it was. The topology is drawn in common.sh.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

bridge_options()
{
	setup_stations 1
	check_eq "$(link_attr "$h" vbr0 ageing_time)" 30000 "ageing_time at first"
	must ip -n "$h" link set vbr0 type "$BRIDGE" ageing_time 1200 group_fwd_mask 0x4000 no_linklocal_learn 1
	check_eq "$(link_attr "$h" vbr0 ageing_time)" 1200 ageing_time
	check_eq "$(link_attr "$h" vbr0 group_fwd_mask)" 0x4000 group_fwd_mask
	check_eq "$(link_attr "$h" vbr0 no_linklocal_learn)" 1 no_linklocal_learn
	must ip -n "$h" link add vbr1 type "$BRIDGE" ageing_time 700 group_address 01:80:c2:00:00:00
	check_eq "$(link_attr "$h" vbr1 ageing_time)" 700 "ageing_time of a new bridge"
}

# The one address that the group has goes with the VLANs that the same request asks for.
group_address()
{
	setup_stations 1
	must ip -n "$h" link add vbr1 type "$BRIDGE" vlan_filtering 1 vlan_protocol 802.1ad group_address 01:80:c2:00:00:08
	check_eq "$(link_attr "$h" vbr1 group_addr)" 01:80:c2:00:00:08 "of a provider's bridge"
	refused 'spanning tree' ip -n "$h" link set vbr1 type "$BRIDGE" vlan_protocol 802.1Q group_address 01:80:c2:00:00:08
	check_eq "$(link_attr "$h" vbr1 vlan_protocol)" 802.1ad "the tags after the refusal"
	must ip -n "$h" link set vbr1 type "$BRIDGE" vlan_protocol 802.1Q group_address 01:80:c2:00:00:00
	check_eq "$(link_attr "$h" vbr1 group_addr)" 01:80:c2:00:00:00 "of a customer's bridge"
}

# What a vbridge does not do can be switched off, which changes nothing, but not on.
unbuilt_bridge_options()
{
	setup_stations 1
	remember
	refused_all "link set vbr0 type $BRIDGE ageing_time 1234 " ip -n "$h" <<-EOF
		stp_state 1
		vlan_filtering 2
		vlan_protocol 0x88cc
		vlan_default_pvid 4095
		vlan_stats_per_port 1
		mcast_snooping 1
		mcast_router 1
		mcast_querier 1
		mcast_query_use_ifaddr 1
		mcast_hash_max 512
		mcast_igmp_version 3
		mcast_query_interval 100
		mcast_stats_enabled 1
		nf_call_iptables 1
		nf_call_ip6tables 1
		nf_call_arptables 1
		mcast_vlan_snooping 1
		group_address 01:80:c2:00:00:05
		group_fwd_mask 1
	EOF
	refused 'spanning tree' ip -n "$h" link add vbr1 type "$BRIDGE" stp_state 1
	refused 'spanning tree' ip -n "$h" link add vbr1 type "$BRIDGE" stp_state 1 forward_delay 400
	unchanged
	# The last are a spanning tree's, and without one no bridge has a use for them.
	taken_all "link set vbr0 type $BRIDGE " ip -n "$h" <<-EOF
		stp_state 0
		vlan_filtering 0
		vlan_protocol 802.1Q
		vlan_default_pvid 1
		mcast_snooping 0
		mcast_querier 0
		nf_call_iptables 0
		mcast_vlan_snooping 0
		priority 4096
		hello_time 200
		max_age 600
		forward_delay 400
	EOF
	unchanged
}

unbuilt_port_options()
{
	setup_stations 2
	remember
	refused_all "link set dev p1 isolated on " bridge -n "$h" <<-EOF
		guard on
		root_block on
		fastleave on
		mcast_router 2
		mcast_to_unicast on
		backup_port p1
		backup_port vbr0
		learning_sync on
	EOF
	refused_all "link set p1 type bridge_slave isolated on " ip -n "$h" <<-EOF
		mcast_fast_leave on
		cost 0
		cost 65536
		priority 64
		group_fwd_mask 2
		state 9
	EOF
	refused_all '' bridge -n "$h" <<-EOF
		link set dev vbr0 learning off self
	EOF
	unchanged
	taken_all "link set dev p1 " bridge -n "$h" <<-EOF
		guard off
		root_block off
		fastleave off
		neigh_suppress off
		vlan_tunnel off
		locked off
		nobackup_port
	EOF
	unchanged
}

names_and_addresses()
{
	setup_stations 1
	remember
	refused_all '' ip -n "$h" <<-EOF
		link add vbr1 address 01:00:00:00:00:01 type $BRIDGE
		link add vbr1 mtu 67 type $BRIDGE
		link add vbr1 mtu 65536 type $BRIDGE
		link add vbr123456789012345 type $BRIDGE
	EOF
	check_refused . ip -n "$h" link set vbr0 netns "$s1"
	check_refused 'File exists' ip -n "$h" link add vbr0 type "$BRIDGE"
	check_refused 'assign requested address' ip -n "$h" link set vbr0 address 01:00:00:00:00:01
	unchanged
}

bridges_are_no_ports()
{
	need_module bridge
	setup_stations 1
	remember
	refused 'its own port' ip -n "$h" link set vbr0 master vbr0
	unchanged
	must ip -n "$h" link add vbr1 type vbridge
	must ip -n "$h" link add br1 type bridge
	remember
	refused 'a bridge cannot be a port of a bridge' ip -n "$h" link set vbr1 master vbr0
	refused 'port of a bridge' ip -n "$h" link set br1 master vbr0
	# The other way round it is the in-tree bridge that says no.
	check_refused 'not allow enslaving' ip -n "$h" link set vbr1 master br1
	unchanged
}

other_devices_that_are_no_ports()
{
	need_module macvlan 8021q dummy
	setup_stations 1
	ipb "$h" <<-EOF
		link add taken type dummy
		link add mv0 link taken type macvlan
		link add mv1 link vbr0 type macvlan
		link add vlan7 link vbr0 type vlan id 7
		link add vlan78 link vlan7 type vlan id 8
	EOF
	remember
	refused 'only an Ethernet device' ip -n "$h" link set lo master vbr0
	refused 'already go to another user' ip -n "$h" link set taken master vbr0
	refused 'would make a loop' ip -n "$h" link set mv1 master vbr0
	refused 'would make a loop' ip -n "$h" link set vlan7 master vbr0
	refused 'would make a loop' ip -n "$h" link set vlan78 master vbr0
	unchanged
	# A macvlan on another device is a member like any other.
	must ip -n "$h" link set mv0 master vbr0
	check_eq "$(link_attr "$h" mv0 master)" vbr0 "master of mv0"
}

members_of_other_masters()
{
	need_module bridge
	setup_stations 2
	must ip -n "$h" link add vbr1 type "$BRIDGE"
	must ip -n "$h" link add br1 type bridge
	must ip -n "$h" link set p1 master vbr1
	check_eq "$(link_attr "$h" p1 master)" vbr1 "moved to another vbridge"
	must ip -n "$h" link set p1 master br1
	check_eq "$(link_attr "$h" p1 master)" br1 "moved to an in-tree bridge"
	must ip -n "$h" link set p1 master vbr0
	check_eq "$(link_attr "$h" p1 master)" vbr0 "and back"
	check_eq "$(link_attr "$h" p1 promiscuity)" 1 "promiscuity of p1"
}

# shown KEY...: of vbr0 and its port, in JSON as a program reads it.
shown()
{
	local key json

	json=$(ip -n "$h" -j -d link show dev "$1")
	for key in "${@:2}"; do
		[[ $json =~ \"$key\":(0|false|\"0x0\")[,}] ]] || fail "$key of $1 is not shown as off"
	done
}

# What is not there is off, not missing: that is how programs know an older kernel.
what_is_not_there_is_off()
{
	suite_only "has all of it"
	setup_stations 1
	shown vbr0 stp_state mcast_snooping mcast_querier mcast_stats_enabled nf_call_iptables nf_call_ip6tables nf_call_arptables
	shown p1 guard root_block fastleave mcast_to_unicast multicast_router
}

ALL_TESTS="
	bridge_options
	group_address
	unbuilt_bridge_options
	unbuilt_port_options
	what_is_not_there_is_off
	names_and_addresses
	bridges_are_no_ports
	other_devices_that_are_no_ports
	members_of_other_masters
"
run_tests "$@"
