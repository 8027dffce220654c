#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Flows that leave past a bridge, by the port of their station: they end when the bridge no longer has the station there, and
# come back by the port where it is now.
#
#	+-- c --+        +------- r -------+          +------ s ------+
#	|  e0 ============ in       vbr0   |          |     br0       |
#	+-------+        |      p1 --- p2  |          |   e0 --- e1   |
#			 +-------|-----|---+          +---|------|----+
#				 |     +------------------|------+
#				 +------------------------+	s forwards by one of e0 and e1 only
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

S_MAC=02:00:00:00:00:05

setup_bridge()
{
	need_vflow
	need_module vbridge
	setup_ns c r s
	add_pair "$c" e0 "$r" in
	ipb "$r" <<-EOF
		link add vbr0 up type vbridge
		addr add 198.51.100.1/24 dev vbr0
		addr add 192.0.2.1/24 dev in
	EOF
	ipb "$s" <<-EOF
		link add br0 address $S_MAC up type vbridge
		addr add $S4/24 dev br0
		route add default via 198.51.100.1
	EOF
	add_pair "$s" e0 "$r" p1
	add_pair "$s" e1 "$r" p2
	must ip -n "$s" link set e0 master br0
	must ip -n "$r" link set p1 master vbr0
	must ip -n "$s" link set e1 master br0
	station_at e0 e1
	must ip -n "$r" link set p2 master vbr0
	ipb "$c" <<-EOF
		addr add $C4/24 dev e0
		route add default via 192.0.2.1
	EOF
	must in_ns "$r" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	must in_ns "$r" nft -f - <<-EOF
		table inet f {
			flowtable ft {
				hook ingress priority 0
				devices = { in, p1, p2${BESIDE:+, $BESIDE} }
				flags offload
				counter
			}
			chain forward {
				type filter hook forward priority 0
				meta l4proto { tcp, udp } flow add @ft
			}
		}
	EOF
	ping_ok "$s" 198.51.100.1 || die "no answer from the router"
}

# station_at DEV OTHER: s is reached by DEV only.
station_at()
{
	busywait 5000 port_state "$1" forwarding || busywait 5000 port_state "$1" blocking || die "$1 does not work"
	busywait 5000 port_state "$2" forwarding || busywait 5000 port_state "$2" blocking || die "$2 does not work"
	must bridge -n "$s" link set dev "$2" state 4
	must bridge -n "$s" link set dev "$1" state 3
}

port_state()
{
	bridge -n "$s" link show dev "$1" | grep -q "state $2"
}

start_flow()
{
	setup_bridge
	open_flow
}

open_flow()
{
	flow_open "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	busywait 5000 has_rules 1 || die "vflow has no rule: $(conntrack_of)"
	past_the_bridge p1
	enters_at p1
}

sent_past()
{
	local port bridge

	port=$(link_stat "$r" "$1" tx_packets)
	bridge=$(link_stat "$r" vbr0 tx_packets)
	TAKEN_IN=$(taken in)
	flow_ok up 20 100
	port=$(($(link_stat "$r" "$1" tx_packets) - port))
	bridge=$(($(link_stat "$r" vbr0 tx_packets) - bridge))
	echo "port=$port bridge=$bridge taken=$(($(taken in) - TAKEN_IN))"
	[ "$port" -ge 20 ] && [ "$bridge" -le 5 ] && [ $(($(taken in) - TAKEN_IN)) -eq 20 ]
}

# past_the_bridge PORT: frames of the flow are taken where they come in, and leave by the port and not by the bridge.
past_the_bridge()
{
	slowwait 10 sent_past "$1" || fail "vflow does not send by $1: $(flow_tool flow stats)"
}

received_at()
{
	local bridge taken

	bridge=$(link_stat "$r" vbr0 rx_packets)
	taken=$(taken "$1")
	flow_ok down 20 100
	bridge=$(($(link_stat "$r" vbr0 rx_packets) - bridge))
	taken=$(($(taken "$1") - taken))
	echo "bridge=$bridge taken=$taken"
	[ "$taken" -eq 20 ] && [ "$bridge" -le 5 ]
}

# enters_at PORT: what the station sends is taken at the port, and not by the bridge.
enters_at()
{
	slowwait 10 received_at "$1" || fail "vflow does not take frames at $1: $(flow_tool flow stats)"
}

# What changes a port may end the flow by itself, or have all routes looked up again, which ends flows, too.
left_at()
{
	echo $(($(passed "$1" bridge) + $(passed "$1" route) + $(passed "$1" gone) + $(passed "$1" unknown)))
}

# stays_out WHY: nothing that comes in by p1 gets through, by vflow or by what the core has of the flow.
stays_out()
{
	local left taken

	left=$(left_at p1) taken=$(taken p1)
	flow_do down 5 100
	check_eq "$FLOW" "got 0" "$1"
	check_eq "$(($(taken p1) - taken))" 0 "$1: frames taken at p1"
	check_ge "$(($(left_at p1) - left))" 1 "$1: frames of the flow that were left to the bridge"
}

# The old port stays up: nothing but the bridge says that the station is elsewhere.
station_moves()
{
	start_flow
	station_at e1 e0
	ping_ok "$s" 198.51.100.1 || die "no answer from the router by e1"
	check_match "$(bridge -n "$r" fdb get "$S_MAC" br vbr0)" "dev p2 " "the station's entry"
	flow_ok up 10 100
	past_the_bridge p2
	enters_at p2
}

entry_is_moved_by_hand()
{
	start_flow
	station_at e1 e0
	must bridge -n "$r" fdb replace "$S_MAC" dev vbr0 self static via p2
	flow_ok up 10 100
	past_the_bridge p2
}

# rules_go_after CMD...: what was the flow's way ends, without a frame of it.
rules_go_after()
{
	must "$@"
	slowwait 10 no_rules || fail "rules stay after $*"
	flow_ok up 10 100
}

entry_is_deleted()
{
	start_flow
	rules_go_after bridge -n "$r" fdb del "$S_MAC" dev vbr0 self
}

entries_are_flushed()
{
	start_flow
	rules_go_after bridge -n "$r" fdb flush dev vbr0 brport p1
}

entry_ages()
{
	start_flow
	rules_go_after ip -n "$r" link set vbr0 type vbridge ageing_time 100
}

# Another station's entry is nothing to this flow.
others_may_move()
{
	start_flow
	must bridge -n "$r" fdb add 02:00:00:00:0a:01 dev vbr0 self static via p1
	TAKEN_IN=$(taken in)
	must bridge -n "$r" fdb replace 02:00:00:00:0a:01 dev vbr0 self static via p2
	must bridge -n "$r" fdb del 02:00:00:00:0a:01 dev vbr0 self
	flow_ok up 20 100
	check_eq "$(($(taken in) - TAKEN_IN))" 20 "frames taken at in"
}

# The port puts the tag of the bridge's own VLAN on what leaves.
by_a_tagged_port()
{
	need_module 8021q
	setup_bridge
	ipb "$s" <<-EOF
		link add link br0 name br0.7 up type vlan id 7
		addr flush dev br0
		addr add $S4/24 dev br0.7
		route replace default via 198.51.100.1
	EOF
	bridge -n "$r" -batch - <<-EOF || die "bridge vlan"
		vlan add dev p1 vid 7
		vlan add dev p2 vid 7
		vlan add dev vbr0 vid 7 pvid untagged self
	EOF
	must ip -n "$r" link set vbr0 type vbridge vlan_filtering 1
	ping_ok "$s" 198.51.100.1 || die "no answer from the router in the VLAN"
	open_flow
	station_at e1 e0
	ping_ok "$s" 198.51.100.1 || die "no answer from the router by e1"
	past_the_bridge p2
	flow_ok down 10 100
}

# goes_on: by a new flow, for which the router has to know the station again.
goes_on()
{
	busywait 5000 ping_ok "$s" 198.51.100.1 || die "no answer from the router"
	past_the_bridge p1
	enters_at p1
}

# What the bridge would not let in does not come in by vflow.
ports_say_who_enters()
{
	local stranger=02:00:00:00:00:06

	start_flow
	must bridge -n "$r" link set dev p1 locked on
	enters_at p1
	must ip -n "$s" link set br0 address "$stranger"
	must ip -n "$s" neigh replace 198.51.100.1 lladdr "$(link_attr "$r" vbr0 address)" dev br0 nud permanent
	stays_out "locked, from an unknown address"
	must ip -n "$s" link set br0 address "$S_MAC"
	goes_on
	must bridge -n "$r" link set dev p1 state 4
	stays_out "blocking"
	must bridge -n "$r" link set dev p1 state 3
	goes_on
}

# A station whose frames all are taken is known as long as it sends.
entry_does_not_age()
{
	local taken

	setup_bridge
	must ip -n "$r" link set vbr0 type vbridge ageing_time 500
	open_flow
	taken=$(taken p1)
	for _ in $(seq 30); do
		flow_ok down 1 100
		sleep 0.5
	done
	check_eq "$(($(taken p1) - taken))" 30 "frames taken at p1 in fifteen seconds"
	check_match "$(bridge -n "$r" fdb get "$S_MAC" br vbr0)" "dev p1 " "the station's entry"
}

# The tag of another VLAN than the bridge's own is no way in.
vlans_say_who_enters()
{
	setup_bridge
	must ip -n "$r" link set vbr0 type vbridge vlan_filtering 1
	open_flow
	must bridge -n "$r" vlan del dev vbr0 vid 1 self
	stays_out "in a VLAN that the host is not in"
	must bridge -n "$r" vlan add dev vbr0 vid 1 pvid untagged self
	goes_on
}

# ends_with WHY CMD...: what the bridge lets out no more does not get out by vflow, though the station's entry stays.
ends_with()
{
	local why=$1

	shift
	must "$@"
	flow_do up 5 100
	check_eq "$FLOW" "got 0" "$why"
}

start_flow_in_vlan()
{
	setup_bridge
	must ip -n "$r" link set vbr0 type vbridge vlan_filtering 1
	must bridge -n "$r" fdb replace "$S_MAC" dev vbr0 self static via p1 vlan 1
	open_flow
}

state_says_who_leaves()
{
	start_flow
	must bridge -n "$r" fdb replace "$S_MAC" dev vbr0 self static via p1
	past_the_bridge p1
	ends_with "by a port that is blocking" bridge -n "$r" link set dev p1 state 4
}

port_leaves_vlan()
{
	start_flow_in_vlan
	ends_with "by a port that has left the VLAN" bridge -n "$r" vlan del dev p1 vid 1
}

port_gets_tag()
{
	start_flow_in_vlan
	ends_with "with a tag that the station does not know" bridge -n "$r" vlan add dev p1 vid 1 pvid
}

host_leaves_vlan()
{
	start_flow_in_vlan
	ends_with "from a host that has left the VLAN" bridge -n "$r" vlan del dev vbr0 vid 1 self
}

# filter HOOK RULE...: a chain at the bridge itself.
filter()
{
	must in_ns "$r" nft "table netdev f { chain x { type filter hook $1 device \"vbr0\" priority 0; ${*:2}; }; }"
}

unfilter()
{
	must in_ns "$r" nft delete table netdev f
}

# What was added meanwhile leaves by the bridge, if its time is not over.
open_flow_anew()
{
	in_ns "$r" conntrack -D -p udp
	goes_on
}

filters_at_the_bridge()
{
	start_flow
	filter ingress udp sport 5203 drop
	flow_do down 5 100
	check_eq "$FLOW" "got 0" "from p1, where what comes to vbr0 is dropped"
	unfilter
	open_flow_anew
	filter egress udp dport 5203 drop
	flow_do up 5 100
	check_eq "$FLOW" "got 0" "to p1, where what vbr0 sends is dropped"
	unfilter
	# A flow that begins under somebody's eyes is seen, too.
	filter egress udp dport 5203 counter
	flow_ok up 5 100
	sleep 1
	flow_ok up 10 100
	check_match "$(in_ns "$r" nft list chain netdev f x)" "counter packets 15 " "what vbr0 sends under somebody's eyes"
}

# The bridge is a device of the table as well, for ports that are not the suite's: a flowtable's hook there is nobody who looks.
bridge_beside_its_ports()
{
	BESIDE=vbr0 start_flow
}

tc_at_the_bridge()
{
	need_module cls_matchall act_gact
	start_flow
	must tc -n "$r" qdisc add dev vbr0 clsact
	must tc -n "$r" filter add dev vbr0 ingress matchall action drop
	flow_do down 5 100
	check_eq "$FLOW" "got 0" "from p1, where what comes to vbr0 is dropped"
	must tc -n "$r" qdisc del dev vbr0 clsact
	open_flow_anew
	must tc -n "$r" qdisc add dev vbr0 clsact
	must tc -n "$r" filter add dev vbr0 egress matchall action drop
	flow_do up 5 100
	check_eq "$FLOW" "got 0" "to p1, where what vbr0 sends is dropped"
}

ALL_TESTS="filters_at_the_bridge bridge_beside_its_ports tc_at_the_bridge state_says_who_leaves port_leaves_vlan port_gets_tag host_leaves_vlan ports_say_who_enters entry_does_not_age vlans_say_who_enters by_a_tagged_port station_moves entry_is_moved_by_hand entry_is_deleted entries_are_flushed entry_ages others_may_move"
run_tests "$@"
