#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Flows whose directions do not go the same way: what does not come as the flow says is the stack's, and gets across.
#
#	+-- c --+        +---- r ----+        +-- s --+
#	|  e0 ============ in    out ============ e0  |	as in common.sh, and
#	|  e1 ============ in2  out2 ============ e1  |	203.0.113.2 - .1, 203.0.113.129 - .130
#	+-------+        +-----------+        +-------+	2001:db8:3::2 - ::1, 2001:db8:4::1 - ::2
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

setup_ways()
{
	setup_router
	add_pair "$c" e1 "$r" in2
	add_pair "$s" e1 "$r" out2
	ipb "$r" <<-EOF
		addr add 203.0.113.1/25 dev in2
		addr add 203.0.113.129/25 dev out2
		addr add 2001:db8:3::1/64 dev in2 nodad
		addr add 2001:db8:4::1/64 dev out2 nodad
	EOF
	ipb "$c" <<-EOF
		addr add 203.0.113.2/25 dev e1
		addr add 2001:db8:3::2/64 dev e1 nodad
	EOF
	ipb "$s" <<-EOF
		addr add 203.0.113.130/25 dev e1
		addr add 2001:db8:4::2/64 dev e1 nodad
	EOF
}

answers_come_by_e1()
{
	ipb "$s" <<-EOF
		route replace default via 203.0.113.129
		route replace default via 2001:db8:4::1
	EOF
}

# answers_of DEVICES [ARGS...]: what c sends is taken at in, nothing at out, where the routes would have answers come by, and
# none is lost. ANSWERS is how many were taken at out2.
up_taken()
{
	TAKEN_IN=$(taken in)
	flow_ok up 1 100
	[ $(($(taken in) - TAKEN_IN)) -ge 1 ]
}

answers_of()
{
	local addr sent before

	setup_ways
	answers_come_by_e1
	DEVICES=$1 ruleset "${NAT-}"
	shift
	ANSWERS=0
	for addr in "$S4" "$S6"; do
		flow_open "$@" "$c" "$s" "$addr"
		flow_ok up 2 100
		flow_ok down 2 100
		slowwait 10 up_taken || die "vflow does not take what the client sends"
		remember_taken
		before=$(taken out2)
		sent=$(link_stat "$s" e1 tx_packets)
		flow_ok up 20 500
		flow_ok down 30 500
		check_ge "$(($(taken in) - TAKEN_IN))" 20 "frames taken at in, to $addr"
		check_eq "$(($(taken out) - TAKEN_OUT))" 0 "frames taken at out, to $addr"
		check_ge "$(($(link_stat "$s" e1 tx_packets) - sent))" 30 "answers that s sent by e1, from $addr"
		ANSWERS=$((ANSWERS + $(taken out2) - before))
	done
}

# It is an answer that has nft add the flow, and the core takes the device that it came by for both directions; with IPv6 there
# is no way back by it, and the client's next frame does it, by the routes.
answers_by_another_device()
{
	answers_of "in, out, out2"
	check_eq "$ANSWERS" 30 "frames taken at out2"
}

# One that is not in the table has no hook: answers are the stack's.
answers_by_a_device_beyond_the_table()
{
	answers_of "in, out"
	check_eq "$ANSWERS" 0 "frames taken at out2"
}

# With TCP it is a frame of the client's, and the routes name the device that answers should come by.
answers_by_another_device_tcp()
{
	answers_of "in, out, out2" -t
	check_eq "$ANSWERS" 0 "frames taken at out2"
	check_ge "$(passed out2 unknown)" 60 "frames of no flow at out2"
}

answers_by_another_device_and_nat()
{
	setup_ways
	# Of the router's own address that s sees the way back is the other one, too.
	ipb "$s" <<-EOF
		route add 198.51.100.1/32 via 203.0.113.129
		route add 2001:db8:2::1/128 via 2001:db8:4::1
	EOF
	DEVICES="in, out" ruleset "$MASQUERADE"
	flow_open "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	busywait 5000 has_rules 1 || die "vflow has neither direction"
	remember_taken
	flow_ok up 20 500
	flow_ok down 30 500
	check_taken 20 0
	flow_do peer
	check_match "$FLOW" "^198.51.100.1 " "the client as the server sees it"
}

# The way to c is by in2 for the router, what c sends comes by in. The core takes the device that a flow came by for both.
routes_to_the_client_lead_elsewhere()
{
	local addr

	setup_ways
	ipb "$r" <<-EOF
		route add 192.0.2.2/32 via 203.0.113.2
		route add 2001:db8:1::2/128 via 2001:db8:3::2
	EOF
	DEVICES="in, in2, out" ruleset ''
	for addr in "$S4" "$S6"; do
		flow_open "$c" "$s" "$addr"
		flow_ok up 3 100
		flow_ok down 3 100
		busywait 5000 has_rules 1 || die "vflow has neither direction"
		flow_ok up 20 500
		flow_ok down 30 500
	done
}

# They become so while the flow is there.
ways_part_later()
{
	setup_ways
	DEVICES="in, out, out2" ruleset ''
	flow_open "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
	remember_taken
	flow_ok up 5 100
	flow_ok down 5 100
	check_taken 5 5 "the same way"
	answers_come_by_e1
	remember_taken
	flow_ok up 5 100
	flow_ok down 5 100
	check_taken 5 0 "with answers by another way"
	ipb "$s" <<<"route replace default via 198.51.100.1"
	remember_taken
	flow_ok up 5 100
	flow_ok down 5 100
	check_taken 5 5 "the same way again"
}

# policy_ways: to networks behind s the main table leads by out, table 100 by out2; it answers by e1.
policy_ways()
{
	setup_ways
	answers_come_by_e1
	ipb "$s" <<-EOF
		addr add 10.9.0.1/32 dev lo
		addr add 2001:db8:9::1/128 dev lo
	EOF
	ipb "$r" <<-EOF
		route add 10.9.0.0/16 via 198.51.100.2
		route add 10.9.0.0/16 via 203.0.113.130 table 100
		route add 2001:db8:9::/64 via 2001:db8:2::2
		route add 2001:db8:9::/64 via 2001:db8:4::2 table 100
	EOF
	ping_ok "$r" 203.0.113.130 || die "no way by out2"
	ping_ok "$r" 2001:db8:4::2 || die "no way of IPv6 by out2"
}

# rule_of ADDR add|del RULE...: of ADDR's family.
rule_of()
{
	local family=-4

	[ "$1" = "${1#*:}" ] || family=-6
	must ip "$family" -n "$r" rule "${@:2}"
}

# behind_s MAC: the address of the family that the MAC address ends with.
behind_s()
{
	case $1 in
	*4) echo 10.9.0.1 ;;
	*) echo 2001:db8:9::1 ;;
	esac
}

# e1_becomes MAC: the gateway by out2 is another machine.
e1_becomes()
{
	must ip -n "$s" link set e1 address "$1"
	ipb "$r" <<-EOF
		neigh replace 203.0.113.130 lladdr $1 dev out2 nud reachable
		neigh replace 2001:db8:4::2 lladdr $1 dev out2 nud reachable
	EOF
}

# gets_by DEV WHY: what c sends comes to s, by this device of it.
gets_by()
{
	local before

	before=$(link_stat "$s" "$1" rx_packets)
	flow_ok up 10 100
	check_ge "$(($(link_stat "$s" "$1" rx_packets) - before))" 10 "frames by $1, $2"
}

# routed_by_policy RULE...: flows that the rule has leave by out2 are vflow's, and go where it, and the next hop, say.
routed_by_policy()
{
	local addr mac

	policy_ways
	DEVICES="in, out, out2" ruleset "${NAT-}"
	for mac in 02:00:00:00:00:04 02:00:00:00:00:06; do
		addr=$(behind_s "$mac")
		rule_of "$addr" add "$@" lookup 100
		flow_open -t "$c" "$s" "$addr"
		slowwait 10 up_taken || die "vflow does not take what goes to $addr"
		gets_by e1 "to $addr by policy"
		e1_becomes "$mac"
		gets_by e1 "to $addr with another next hop"
		slowwait 10 up_taken || fail "vflow does not take what goes to $addr by another next hop"
		rule_of "$addr" del "$@" lookup 100
		gets_by e0 "to $addr without the policy"
	done
}

policy_routing_by_device()
{
	routed_by_policy iif in
}

policy_routing_by_mark()
{
	NAT='chain pre { type filter hook prerouting priority mangle; iifname "in" meta mark set 1 ct mark set 1; }'
	routed_by_policy fwmark 1
}

# The rule is asked about the address that a frame comes with.
policy_routing_by_source_and_nat()
{
	local addr

	policy_ways
	DEVICES="in, out, out2" ruleset 'chain post { type nat hook postrouting priority 100; oifname "out2" masquerade; }'
	for addr in 10.9.0.1 2001:db8:9::1; do
		case $addr in
		10.*) rule_of "$addr" add from 192.0.2.0/24 lookup 100 ;;
		*) rule_of "$addr" add from 2001:db8:1::/64 lookup 100 ;;
		esac
		flow_open -t "$c" "$s" "$addr"
		slowwait 10 up_taken || die "vflow does not take what goes to $addr"
		gets_by e1 "to $addr by policy"
		flow_ok down 10 100
	done
}

MARK_ALONE='chain pre { type filter hook prerouting priority mangle; iifname "in" meta mark set 1; }'

# By a mark that the connection does not keep nobody can ask: the core has such a flow, and vflow looks after it.
policy_routing_by_a_mark_of_frames()
{
	local addr mac

	policy_ways
	DEVICES="in, out, out2" ruleset "$MARK_ALONE"
	for mac in 02:00:00:00:00:04 02:00:00:00:00:06; do
		addr=$(behind_s "$mac")
		rule_of "$addr" add fwmark 1 lookup 100
		flow_open -t "$c" "$s" "$addr"
		flow_ok up 10 100
		busywait 5000 watched || fail "nobody looks after what goes to $addr: $(flow_tool flow show)"
		e1_becomes "$mac"
		# TCP sends again, and each frame that is lost does.
		flow_do up 5 100
		slowwait 10 gets_through || fail "nothing comes to $addr by another next hop"
		# And not because it was idle.
		check_ge "$(passed in neigh)" 1 "frames left to the stack for their next hop"
		gets_by e1 "to $addr with another next hop"
		rule_of "$addr" del fwmark 1 lookup 100
		gets_by e0 "to $addr without the policy"
	done
}

watched()
{
	local before

	before=$(passed in watched)
	flow_ok up 1 100
	[ "$(passed in watched)" -gt "$before" ]
}

gets_through()
{
	flow_do up 1 100
	[ "$FLOW" = "got 1" ]
}

many_answers()
{
	[ "$(flow_field out2 rules)" -ge 50 ]
}

# What vflow asks of next hops leaves nothing behind.
refused_flows_make_no_neighbours()
{
	policy_ways
	DEVICES="in, out, out2" ruleset "$MARK_ALONE"
	rule_of 10.9.0.1 add fwmark 1 lookup 100
	# shellcheck disable=SC2016 # for the other shell
	must in_ns "$c" bash -c 'for i in {1..100}; do exec {fd[i]}>/dev/udp/10.9.1.$i/9; echo >&${fd[i]}; done
		read -rt 1 _ <> <(:); for i in {1..100}; do echo >&${fd[i]}; done'
	# Of the other direction there is nothing to ask.
	busywait 5000 many_answers || die "vflow has not been asked about the flows: $(flow_tool flow stats)"
	check_eq "$(ip -n "$r" neigh show nud all | grep -c '^10\.9\.')" 0 "entries for addresses that are not on the link"
}

# Without carrier, and with a next hop that stays valid, the route that is left takes over.
carrier_is_lost()
{
	local addr dev

	policy_ways
	ipb "$r" <<-EOF
		route add 2001:db8:9::/64 via 2001:db8:4::2 metric 2048
		route add 10.9.0.0/16 via 203.0.113.130 metric 2048
		neigh replace 2001:db8:2::2 lladdr $(link_attr "$s" e0 address) dev out nud permanent
		neigh replace 198.51.100.2 lladdr $(link_attr "$s" e0 address) dev out nud permanent
	EOF
	for dev in all out; do
		must in_ns "$r" bash -c "for f in 4 6; do printf 1 >/proc/sys/net/ipv\$f/conf/$dev/ignore_routes_with_linkdown; done"
	done
	DEVICES="in, out, out2" ruleset ''
	for addr in 2001:db8:9::1 10.9.0.1; do
		# By an answer the core would have the flow go back by out2.
		flow_open -t "$c" "$s" "$addr"
		slowwait 10 up_taken || die "vflow does not take what goes to $addr"
		gets_by e0 "to $addr with carrier"
		must ip -n "$s" link set e0 down
		busywait 5000 no_carrier || die "out keeps its carrier"
		gets_by e1 "to $addr without carrier at out"
		must ip -n "$s" link set e0 up
		wait_up "$r" out
	done
}

no_carrier()
{
	[ "$(link_flag "$r" out LOWER_UP)" = no ]
}

# next_hop_is_taken_away ADDR VIA_OUT VIA_OUT2: the other one of the group takes over.
next_hop_is_taken_away()
{
	policy_ways
	ipb "$r" <<-EOF
		nexthop add id 1 via $2 dev out
		nexthop add id 2 via $3 dev out2
		nexthop add id 10 group 1
		route add $1 nhid 10
	EOF
	DEVICES="in, out, out2" ruleset ''
	flow_open -t "$c" "$s" "$1"
	slowwait 10 up_taken || die "vflow does not take what goes to $1"
	gets_by e0 "by the only next hop"
	must ip -n "$r" nexthop replace id 10 group 1,255/2,1
	must ip -n "$r" nexthop del id 1
	nap 0.5
	gets_by e1 "by the next hop that is left"
	slowwait 10 up_taken || fail "vflow does not take what goes by the next hop that is left"
}

ipv4_next_hop_is_taken_away()
{
	next_hop_is_taken_away 10.9.0.1 198.51.100.2 203.0.113.130
}

ipv6_next_hop_is_taken_away()
{
	next_hop_is_taken_away 2001:db8:9::1 2001:db8:2::2 2001:db8:4::2
}

ALL_TESTS="carrier_is_lost ipv4_next_hop_is_taken_away ipv6_next_hop_is_taken_away policy_routing_by_device policy_routing_by_mark policy_routing_by_source_and_nat
	policy_routing_by_a_mark_of_frames refused_flows_make_no_neighbours answers_by_another_device answers_by_a_device_beyond_the_table answers_by_another_device_tcp
	answers_by_another_device_and_nat routes_to_the_client_lead_elsewhere ways_part_later"
run_tests "$@"
