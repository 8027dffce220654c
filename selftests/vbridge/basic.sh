#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Where frames go: the topology is drawn in common.sh. Station 1 is the one that sends.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

LLDP=01:80:c2:00:00:0e

# check_reached WHERE COUNT...: frames that came to the receivers of the last pkt, in order.
check_reached()
{
	local what=$1 i=0 want

	shift
	for want in "$@"; do
		check_eq "${PKT[rx$i.frames]}" "$want" "$what: frames at receiver $i"
		i=$((i + 1))
	done
}

# Sends ten frames from station 1 to MAC and looks at stations 2 and 3, and at the host.
send_ten()
{
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -R "$h:vbr0" -c 10 -w 200 -s "$(mac 1)" "$@"
}

# teach N: station N says a word, so that its address is known.
teach()
{
	local ns=s$1

	pkt -T "${!ns}:e0" -c 1 -s "$(mac "$1")"
	busywait 2000 fdb_is "$(mac "$1")" "p$1" || die "station $1 is not learned"
}

three_stations_and_the_host()
{
	local i ns

	setup_stations -6 3
	must ip -n "$h" addr add 192.0.2.254/24 dev vbr0
	must ip -n "$h" addr add 2001:db8::fe/64 dev vbr0 nodad
	for i in 1 2 3; do
		ns=s$i
		must ip -n "${!ns}" addr add "192.0.2.$i/24" dev e0
		must ip -n "${!ns}" addr add "2001:db8::$i/64" dev e0 nodad
	done
	ping_ok "$s1" 192.0.2.2 || fail "s1 to s2"
	ping_ok "$s2" 192.0.2.3 || fail "s2 to s3"
	ping_ok "$s3" 192.0.2.254 || fail "s3 to the host"
	ping_ok "$h" 192.0.2.1 || fail "the host to s1"
	ping_ok "$s1" 2001:db8::3 || fail "s1 to s3, IPv6"
	ping_ok "$h" 2001:db8::2 || fail "the host to s2, IPv6"
}

unknown_is_flooded()
{
	setup_stations 3
	send_ten -d 02:00:00:00:09:09
	check_reached unknown 10 10 0
	check_stat flooded 10 "flooded"
	check_stat flood_copies 20 "copies"
	check_eq "$(link_stat "$s1" e0 rx_packets)" 0 "frames that came back"
}

broadcast_and_multicast_reach_all()
{
	setup_stations 3
	send_ten
	check_reached broadcast 10 10 10
	send_ten -d 01:00:5e:01:02:03
	check_reached multicast 10 10 10
	check_eq "$(link_stat "$h" vbr0 rx_packets)" 20 "frames the host has received"
	check_match "$(ip -n "$h" -s -j link show vbr0)" '"multicast":10' "multicast among them"
}

known_goes_to_its_port()
{
	setup_stations 3
	teach 2
	send_ten -d "$(mac 2)"
	check_reached "to s2" 10 0 0
	check_stat forwarded 10 "forwarded"
}

address_moves()
{
	setup_stations 3
	teach 2
	pkt -T "$s3:e0" -c 1 -s "$(mac 2)"
	busywait 2000 fdb_is "$(mac 2)" p3 || fail "the address is still at $(fdb_port "$(mac 2)")"
	check_stat fdb_moved 1 "moves"
	send_ten -d "$(mac 2)"
	check_reached "after the move" 0 10 0
}

host_gets_what_is_for_it()
{
	local i

	setup_stations 3
	send_ten -d "$(link_attr "$h" vbr0 address)"
	check_reached "to the bridge's address" 0 0 10
	# Whatever port's address it is: all of them are the host's.
	for i in 1 2 3; do
		send_ten -d "$(link_attr "$h" "p$i" address)"
		check_reached "to the address of p$i" 0 0 10
	done
}

host_sends()
{
	setup_stations 3
	pkt -T "$h:vbr0" -R "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 10 -s "$(link_attr "$h" vbr0 address)"
	check_reached "the host's broadcasts" 10 10 10
	teach 3
	pkt -T "$h:vbr0" -R "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 10 -w 200 -d "$(mac 3)"
	check_reached "from the host to s3" 0 0 10
	check_eq "$(link_stat "$h" vbr0 tx_packets)" 20 "frames the host has sent"
}

promiscuous_bridge_sees_all()
{
	setup_stations 3
	teach 2
	must ip -n "$h" link set vbr0 promisc on
	send_ten -d "$(mac 2)"
	check_reached "known, promiscuous" 10 0 10
	send_ten -d 02:00:00:00:09:09
	check_reached "unknown, promiscuous" 10 10 10
	must ip -n "$h" link set vbr0 promisc off
	send_ten -d "$(mac 2)"
	check_reached "known, not any more" 10 0 0
}

link_local_stays_at_its_port()
{
	setup_stations 3
	# p1 too, to see where they end.
	pkt -T "$s1:e0" -R "$s2:e0" -R "$h:vbr0" -R "$h:p1" -c 10 -w 200 -d "$LLDP" -p 88cc -s "$(mac 1)"
	check_reached LLDP 0 0 10
	check_stat to_port_stack 10 "left to the port's stack"
	check_eq "$(fdb_port "$(mac 1)")" p1 "where the sender was learned"
	must ip -n "$h" link set vbr0 type "$BRIDGE" group_fwd_mask 0x4000
	send_ten -d "$LLDP"
	check_reached "LLDP by the bridge's mask" 10 10 10
	must ip -n "$h" link set vbr0 type "$BRIDGE" group_fwd_mask 0
	must ip -n "$h" link set p1 type bridge_slave group_fwd_mask 0x4000
	send_ten -d "$LLDP"
	check_reached "LLDP by the port's mask" 10 10 10
}

link_local_need_not_teach()
{
	setup_stations 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" no_linklocal_learn 1
	pkt -T "$s1:e0" -R "$h:p1" -c 1 -d "$LLDP" -p 88cc -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]}" 1 "frames at p1"
	check_eq "$(fdb_port "$(mac 1)")" "" "where the sender was learned"
}

pause_and_spanning_tree_frames()
{
	setup_stations 3
	send_ten -d 01:80:c2:00:00:01
	check_reached pause 0 0 0
	check_stat drop_link_local 10 "pause frames dropped"
	# No spanning tree here, so that of others must find its loops through us.
	send_ten -d 01:80:c2:00:00:00
	check_reached "spanning tree" 10 10 10
}

bad_sources_are_dropped()
{
	setup_stations 3
	send_ten -s 01:00:5e:00:00:01
	check_reached "multicast source" 0 0 0
	send_ten -s 00:00:00:00:00:00
	check_reached "source of zeros" 0 0 0
	check_stat drop_bad_source 20 "dropped"
	[ "$BRIDGE" = bridge ] || check_eq "$(link_stat "$h" vbr0 rx_dropped)" 20 "rx_dropped of the bridge"
	check_eq "$(fdb_count '0[01]:')" 0 "entries learned from them"
}

own_source_is_counted()
{
	setup_stations 2
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -s "$(link_attr "$h" p2 address)"
	check_eq "${PKT[rx0.frames]}" 5 "frames at s2"
	check_stat own_source 5 "frames with an address of ours"
	check_eq "$(fdb_port "$(link_attr "$h" p2 address)")" p2 "where that address lies"
}

behind_the_same_port()
{
	setup_stations 3
	pkt -T "$s1:e0" -c 1 -s 02:00:00:00:09:01
	send_ten -d 02:00:00:00:09:01
	check_reached "the sender's own side" 0 0 0
	check_stat drop_same_port 10 "dropped"
}

vlan_tags_pass()
{
	setup_stations 3
	teach 2
	send_ten -d "$(mac 2)" -v 77 -a
	check_reached tagged 10 0 0
	check_eq "${PKT[rx0.tagged]}" 10 "frames that still have their tag"
}

too_long_for_the_port()
{
	setup_stations 3
	must ip -n "$h" link set p2 mtu 1000
	teach 2
	send_ten -d "$(mac 2)" -l 1300
	check_reached "too long for p2" 0 0 0
	check_stat drop_too_big 10 "dropped"
	send_ten -l 1300
	check_reached "broadcast, too long for p2" 0 10 10
	check_stat drop_too_big 20 "dropped, with the copies for p2"
}

tcp_with_large_segments()
{
	setup_stations 2
	must ip -n "$s1" addr add 192.0.2.1/24 dev e0
	must ip -n "$s2" addr add 192.0.2.2/24 dev e0
	tcp_check "$s1" "$s2" 192.0.2.2 20000000 || fail "station to station"
	must ip -n "$h" addr add 192.0.2.254/24 dev vbr0
	tcp_check "$s1" "$h" 192.0.2.254 20000000 || fail "station to host"
	tcp_check "$h" "$s2" 192.0.2.2 20000000 || fail "host to station"
	check_stat 'drop_*' 0 "drops"
}

foreign_members()
{
	need_module veth
	PAIR=veth
	setup_stations 3
	teach 2
	send_ten -d "$(mac 2)"
	check_reached "veth to veth" 10 0 0
	send_ten
	check_reached "broadcast among veths" 10 10 10
}

# A VLAN device, a macvlan and the bridge itself, each with an address of its own on the same wire.
devices_on_the_bridge()
{
	need_module macvlan 8021q
	setup_stations 2
	ipb "$h" <<-EOF
		link add mv0 link vbr0 type macvlan
		link add vlan7 link vbr0 type vlan id 7
		addr add 192.0.2.254/24 dev mv0
		addr add 198.51.100.254/24 dev vlan7
		link set mv0 up
		link set vlan7 up
	EOF
	ipb "$s1" <<-EOF
		link add vlan7 link e0 type vlan id 7
		addr add 192.0.2.1/24 dev e0
		addr add 198.51.100.1/24 dev vlan7
		link set vlan7 up
	EOF
	ping_ok "$s1" 192.0.2.254 || fail "station to macvlan"
	ping_ok "$h" 192.0.2.1 || fail "macvlan to station"
	ping_ok "$s1" 198.51.100.254 || fail "station to VLAN device"
	ping_ok "$h" 198.51.100.1 || fail "VLAN device to station"
}

# rule_for FAMILY HOOK: a rule that counts, and drops, what is for UDP's discard port.
rule_for()
{
	in_ns "$h" nft -f - <<-EOF
		table $1 guard {
			chain guard {
				type filter hook $2 priority 0
				udp dport 9 counter drop
			}
		}
	EOF
}

rule_has_seen()
{
	in_ns "$h" nft list table "$1" guard | sed -n 's/.*counter packets \([0-9]*\).*/\1/p'
}

# As the page says, for whoever relies on such rules: those for bridges see nothing, those for devices do.
tables_of_bridges_see_nothing()
{
	suite_only "asks the hooks of bridges"
	need_tool nft
	setup_stations 2
	rule_for netdev 'ingress device "p1"' || skip "no nft netdev family"
	must in_ns "$h" nft delete table netdev guard
	rule_for bridge forward || skip "no nft bridge family"
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]} $(rule_has_seen bridge)" "5 0" "frames that have passed a table of bridges, and that it has seen"
	rule_for netdev 'ingress device "p1"'
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -w 300 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]} $(rule_has_seen netdev)" "0 5" "frames that have passed a table of devices, and that it has seen"
}

ALL_TESTS="
	three_stations_and_the_host
	unknown_is_flooded
	broadcast_and_multicast_reach_all
	known_goes_to_its_port
	address_moves
	host_gets_what_is_for_it
	host_sends
	promiscuous_bridge_sees_all
	link_local_stays_at_its_port
	link_local_need_not_teach
	pause_and_spanning_tree_frames
	bad_sources_are_dropped
	own_source_is_counted
	behind_the_same_port
	vlan_tags_pass
	too_long_for_the_port
	tcp_with_large_segments
	foreign_members
	devices_on_the_bridge
	tables_of_bridges_see_nothing
"
run_tests "$@"
