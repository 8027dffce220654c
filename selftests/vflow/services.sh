#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Services and policies as Documentation/services.md has them, by the script that makes the rules. The drawing is in common.sh;
# s has two endpoints, 198.51.100.2 and .3, and the service's address is nobody's.
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

VIP=10.96.0.10
SERVICES=${VNET_EXAMPLES:-$(dirname "$0")/../../Documentation/examples}/services

# services [OPTION...] <<< LIST
services()
{
	"$SERVICES" devices=in,out "$@" - >"$CASE_DIR/rules" && in_ns "$r" nft -f "$CASE_DIR/rules"
}

setup_services()
{
	need_tool awk socat
	need_module nft_numgen nft_hash
	setup_router
	ipb "$s" <<<"addr add 198.51.100.3/24 dev e0"
	# One that is not answered is to be remembered until all have been sent.
	must in_ns "$r" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600
}

# datagrams N: each is a connection of its own to the service; who got how many is in AT2 and AT3.
datagrams()
{
	local i

	must in_ns "$r" conntrack -F
	for ((i = 0; i < $1; i++)); do
		echo "$i" | in_ns "$c" socat -u - "UDP-SENDTO:$VIP:53,sourceport=$((30000 + i))" || fail "datagram $i"
	done
	AT2=$(conntrack_of | grep -c "dst=$VIP .*src=198.51.100.2 dst=192.0.2.2")
	AT3=$(conntrack_of | grep -c "dst=$VIP .*src=198.51.100.3 dst=192.0.2.2")
}

connections_are_spread()
{
	setup_services
	services <<<"service $VIP udp 53 198.51.100.2:53 198.51.100.3:53" || die "the rules are refused"
	datagrams 60
	check_eq $((AT2 + AT3)) 60 "connections that went to an endpoint"
	check_ge "$AT2" 10 "those of 198.51.100.2"
	check_ge "$AT3" 10 "those of 198.51.100.3"
	services sticky=1 <<<"service $VIP udp 53 198.51.100.2:53 198.51.100.3:53" || die "the rules are refused"
	datagrams 10
	check_match "$AT2 $AT3" "^(10 0|0 10)$" "connections of one client"
}

# The client speaks to the service alone; what lasts leaves the stack, both ways.
long_ones_leave_the_stack()
{
	setup_services
	services packets=40 <<<"service $VIP tcp 80 198.51.100.3:5203" || die "the rules are refused"
	flow_open -t -P 80 "$c" "$s" "$VIP" 198.51.100.3
	flow_ok up 4 100
	flow_ok down 4 100
	sleep 2
	offloaded && fail "offloaded after a few packets: $(conntrack_of)"
	flow_ok up 40 100
	flow_ok down 40 100
	wait_offloaded
	remember_taken
	flow_ok up 20 100
	flow_ok down 20 100
	check_ge "$(($(taken in) - TAKEN_IN))" 20 "frames taken at in"
	check_ge "$(($(taken out) - TAKEN_OUT))" 20 "frames taken at out"
	flow_do peer
	check_match "$FLOW" "^192.0.2.2 " "the client as the endpoint sees it"
}

# Behind the same device as the endpoint, which would answer directly.
neighbours_reach_services()
{
	setup_services
	services packets=4 containers=198.51.100.0/24 <<<"service $VIP udp 80 198.51.100.3:5203" || die "the rules are refused"
	flow_open -P 80 "$s" "$s" "$VIP" 198.51.100.3
	flow_ok up 10 100
	flow_ok down 10 100
	flow_do peer
	check_match "$FLOW" "^198.51.100.1 " "the client as the endpoint sees it"
}

# answers PORT: whether c gets a connection to the first endpoint.
answers()
{
	in_ns "$c" timeout $((3 * ${VNET_SLOW:-1})) socat -u /dev/null "TCP:$S4:$1"
}

policies_let_in()
{
	setup_services
	bg_ns "$s" socat TCP-LISTEN:80,fork,reuseaddr /dev/null
	bg_ns "$s" socat TCP-LISTEN:81,fork,reuseaddr /dev/null
	services <<<"service $VIP tcp 80 198.51.100.2:80" || die "the rules are refused"
	busywait 5000 answers 80 || fail "no connection without a policy"
	busywait 5000 answers 81 || fail "no connection to the other port"
	services <<-EOF || die "the rules are refused"
		service $VIP tcp 80 198.51.100.2:80
		policy 198.51.100.2 tcp 80 192.0.2.0/24 203.0.113.7
		policy 198.51.100.2 tcp 81 203.0.113.0/24
		policy 198.51.100.3 tcp 80 10.1.2.3 10.1.0.0/16 10.0.0.0/8 10.0.0.0/16 192.0.2.7
		policy 198.51.100.3 tcp 80 192.0.2.0/24
	EOF
	# A set takes none that lies within another.
	check_eq "$(in_ns "$r" nft list set ip services tcp-allowed | grep -oE '198.51.100.3 . 80 . [0-9./]+' | sort | paste -sd ' ')" \
		"198.51.100.3 . 80 . 10.0.0.0/8 198.51.100.3 . 80 . 192.0.2.0/24" "what the policies of .3 come to"
	answers 80 || fail "no connection that the policy allows"
	in_ns "$c" timeout 10 socat -u /dev/null "TCP:$VIP:80" || fail "no connection by the service"
	! answers 81 || fail "a connection that no policy allows"
}

# A list that makes no sense changes nothing.
mistakes_change_nothing()
{
	local before

	setup_services
	services <<<"service $VIP tcp 80 198.51.100.3:5203" || die "the rules are refused"
	before=$(in_ns "$r" nft list table ip services)
	check_refused "line 2: .*neither a service nor a policy" services <<<"service $VIP tcp 80 198.51.100.2:5203
		servise $VIP tcp 81 198.51.100.2:5203"
	check_refused "is a service already" services <<<"service $VIP tcp 80 198.51.100.2:5203
		service $VIP tcp 80 198.51.100.3:5203"
	check_refused "no endpoint with a port" services <<<"service $VIP tcp 80 198.51.100.2"
	check_refused "" services <<<"service $VIP tcp 80 nobody:5203"
	check_eq "$(in_ns "$r" nft list table ip services)" "$before" "the rules"
}

ALL_TESTS="connections_are_spread long_ones_leave_the_stack neighbours_reach_services policies_let_in mistakes_change_nothing"
run_tests "$@"
