#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Established flows leave the stack: every kind of NAT, both families, both protocols. The drawing is in common.sh.
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# flow_leaves ARGS: a connection is offloaded, and all that it sends then is taken, both ways, unharmed.
flow_leaves()
{
	flow_open "$@"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
	remember_taken
	flow_ok up 20 500
	flow_ok down 30 500
}

udp_leaves()
{
	setup_router
	ruleset ''
	flow_leaves "$c" "$s" "$S4"
	check_taken 20 30
	flow_do peer
	check_match "$FLOW" "^$C4 " "the client as the server sees it"
}

udp_leaves_ipv6()
{
	setup_router
	ruleset ''
	flow_leaves "$c" "$s" "$S6"
	check_taken 20 30
	flow_do peer
	check_match "$FLOW" "^$C6 " "the client as the server sees it"
}

masquerade()
{
	setup_router
	ruleset "$MASQUERADE"
	flow_leaves "$c" "$s" "$S4"
	check_taken 20 30
	flow_do peer
	check_match "$FLOW" "^198.51.100.1 " "the client as the server sees it"
}

masquerade_ipv6()
{
	setup_router
	ruleset "$MASQUERADE"
	flow_leaves "$c" "$s" "$S6"
	check_taken 20 30
	flow_do peer
	check_match "$FLOW" "^2001:db8:2::1 " "the client as the server sees it"
}

# Ports change, too.
snat_to_a_port()
{
	setup_router
	ruleset 'chain post { type nat hook postrouting priority 100
		ip daddr 198.51.100.2 meta l4proto { tcp, udp } snat ip to 198.51.100.1:7777
		ip6 daddr 2001:db8:2::2 meta l4proto { tcp, udp } snat ip6 to [2001:db8:2::1]:7777 ; }'
	flow_leaves "$c" "$s" "$S4"
	check_taken 20 30 IPv4
	flow_do peer
	check_eq "$FLOW" "198.51.100.1 7777" "the client as the server sees it"
}

snat_to_a_port_ipv6()
{
	setup_router
	ruleset 'chain post { type nat hook postrouting priority 100
		ip6 daddr 2001:db8:2::2 meta l4proto { tcp, udp } snat ip6 to [2001:db8:2::1]:7777 ; }'
	flow_leaves "$c" "$s" "$S6"
	check_taken 20 30
	flow_do peer
	check_eq "$FLOW" "2001:db8:2::1 7777" "the client as the server sees it"
}

dnat()
{
	setup_router
	ruleset 'chain pre { type nat hook prerouting priority -100
		ip daddr 192.0.2.1 udp dport 80 dnat ip to 198.51.100.2:5203 ; }'
	flow_leaves -P 80 "$c" "$s" 192.0.2.1 "$S4"
	check_taken 20 30
}

dnat_ipv6()
{
	setup_router
	ruleset 'chain pre { type nat hook prerouting priority -100
		ip6 daddr 2001:db8:1::1 udp dport 80 dnat ip6 to [2001:db8:2::2]:5203 ; }'
	flow_leaves -P 80 "$c" "$s" 2001:db8:1::1 "$S6"
	check_taken 20 30
}

both_nats()
{
	setup_router
	ruleset "chain pre { type nat hook prerouting priority -100
		ip daddr 192.0.2.1 udp dport 80 dnat ip to 198.51.100.2:5203 ; }
		$MASQUERADE"
	flow_leaves -P 80 "$c" "$s" 192.0.2.1 "$S4"
	check_taken 20 30
	flow_do peer
	check_match "$FLOW" "^198.51.100.1 " "the client as the server sees it"
}

tcp()
{
	setup_router
	ruleset "$MASQUERADE"
	flow_leaves -t "$c" "$s" "$S4"
	check_ge "$(($(taken in) - TAKEN_IN))" 20 "frames taken at in"
	check_ge "$(($(taken out) - TAKEN_OUT))" 30 "frames taken at out"
	tcp_check "$c" "$s" "$S4" 4000000 || fail "a transfer"
	check_ge "$(($(taken in) - TAKEN_IN))" 60 "frames taken at in with the transfer"
}

tcp_ipv6()
{
	setup_router
	ruleset "$MASQUERADE"
	flow_leaves -t "$c" "$s" "$S6"
	check_ge "$(($(taken in) - TAKEN_IN))" 20 "frames taken at in"
	check_ge "$(($(taken out) - TAKEN_OUT))" 30 "frames taken at out"
	tcp_check "$c" "$s" "$S6" 4000000 || fail "a transfer"
	check_ge "$(($(taken in) - TAKEN_IN))" 60 "frames taken at in with the transfer"
}

# outer_sums_wrong: datagrams that the server's stack has found wrong.
outer_sums_wrong()
{
	# shellcheck disable=SC2016 # for awk
	in_ns "$s" awk '/^Udp: [0-9]/ { print $6 }' /proc/net/snmp
}

# tunnel OPTION: a tunnel between the two, a flow of the router's, whose inner checksums are yet to be filled in when the
# frames get to it. It fills them in itself on their way out, so that the server looks at the outer ones.
tunnel()
{
	local wrong ns

	must in_ns "$r" ethtool -K out tx off
	ipb "$c" <<-EOF
		link add vx up type vxlan id 5 local 192.0.2.2 remote 198.51.100.2 dev e0 dstport 4789 srcport 4789 4790 $1
		addr add 203.0.113.1/24 dev vx
	EOF
	ipb "$s" <<-EOF
		link add vx up type vxlan id 5 local 198.51.100.2 remote 198.51.100.1 dev e0 dstport 4789 srcport 4789 4790 $1
		addr add 203.0.113.2/24 dev vx
	EOF
	ping_ok "$c" 203.0.113.2 || fail "no answer through the tunnel, $1"
	wait_offloaded
	wrong=$(outer_sums_wrong)
	remember_taken
	tcp_check "$c" "$s" 203.0.113.2 300000 || fail "a transfer through the tunnel, $1"
	check_eq "$(($(outer_sums_wrong) - wrong))" 0 "datagrams with a wrong checksum, $1"
	check_ge "$(($(taken in) - TAKEN_IN))" 10 "frames taken at in, $1"
	for ns in "$c" "$s"; do
		ipb "$ns" <<< "link del vx"
	done
}

# The checksum that is yet to be filled in is that of a header further inside.
tunnel_without_sums()
{
	need_module vxlan
	setup_router
	ruleset "$MASQUERADE"
	tunnel noudpcsum
}

tunnel_with_sums()
{
	need_module vxlan
	setup_router
	ruleset "$MASQUERADE"
	tunnel udpcsum
}

# Who asks when his frames were sent hears of his own device, as from a host that the stack routes on: not of what the router
# has made of the frame, nor of its devices.
sender_hears_of_its_own_device()
{
	setup_router
	ruleset "$MASQUERADE"
	flow_leaves "$c" "$s" "$S4"
	check_taken 20 30
	flow_do stamped 100
	check_taken 21 30 "with the one that is asked about"
	check_eq "$FLOW" "got 1 $C4" "messages, and the sources of frames that the client is told of"
}

# Nobody is asked for there: the answer is in the routes.
by_a_pair_in_layer_3()
{
	setup_router
	must ip -n "$r" link del out
	must ip -n "$r" link add out type vveth mode l3 peer name e0 netns "$s"
	up_both "$r" out "$s" e0
	ipb "$r" <<< "addr add 198.51.100.1/24 dev out"
	ipb "$s" <<-EOF
		addr add 198.51.100.2/24 dev e0
		route add default via 198.51.100.1
	EOF
	ruleset "$MASQUERADE"
	flow_leaves "$c" "$s" "$S4"
	check_taken 20 30
	check_eq "$(passed in down)" 0 "frames left to the stack for a device that is down"
}

by_a_device_without_arp()
{
	setup_router
	must ip -n "$r" link set out arp off
	must ip -n "$r" neigh replace "$S4" lladdr "$(ip_attr "$s" e0 address)" dev out nud permanent
	must ip -n "$s" neigh replace 198.51.100.1 lladdr "$(ip_attr "$r" out address)" dev e0 nud permanent
	ruleset ''
	flow_leaves "$c" "$s" "$S4"
	check_taken 20 30
}

ALL_TESTS="udp_leaves udp_leaves_ipv6 masquerade masquerade_ipv6 snat_to_a_port snat_to_a_port_ipv6 dnat dnat_ipv6 both_nats
	tcp tcp_ipv6 tunnel_without_sums tunnel_with_sums by_a_pair_in_layer_3 by_a_device_without_arp sender_hears_of_its_own_device"
run_tests "$@"
