#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What changes around a flow: it takes the stack at once, is torn down, and comes back by what is right now.
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# start_flow [ARGS...]: a connection that is offloaded.
start_flow()
{
	setup_router
	[ -z "${UDP_TIMEOUT-}" ] ||
		must in_ns "$r" bash -c "echo $UDP_TIMEOUT >/proc/sys/net/netfilter/nf_flowtable_udp_timeout"
	ruleset "${NAT-}"
	begin_flow "$@" "$c" "$s" "${TO:-$S4}"
}

# of_ipv6 CASE: the same of IPv6.
of_ipv6()
{
	TO=$S6 FAMILY=ipv6 HEADERS=48
	"$1"
}

# begin_flow ARGS: one more, with those of flow_open.
begin_flow()
{
	flow_open "$@"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
}

# What was sent and what conntrack counts, in both directions.
counters_are_what_was_sent()
{
	local line packets=() bytes=() headers

	start_flow
	flow_ok up 50 1000
	flow_ok down 30 500
	counted()
	{
		line=$(conntrack_of | grep 'udp .*\[HW_OFFLOAD\]')
		[[ $line =~ packets=([0-9]+)\ bytes=([0-9]+).*packets=([0-9]+)\ bytes=([0-9]+) ]] || return 1
		packets=("${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}")
		bytes=("${BASH_REMATCH[2]}" "${BASH_REMATCH[4]}")
		[ "${packets[*]}" = "$1" ]
	}
	# The core asks for them as the flow's time runs out, at the latest after three seconds here.
	slowwait 20 counted "53 33" || fail "conntrack counts ${packets[*]:-nothing} packets, want 53 33: $line"
	headers=${HEADERS:-28}
	check_eq "${bytes[*]}" "$((50201 + 53 * headers)) $((15201 + 33 * headers))" "bytes"
	# What it has been told of it is not told again.
	flow_ok up 10 100
	slowwait 20 counted "63 33" || fail "conntrack counts ${packets[*]:-nothing} packets, want 63 33: $line"
}

# Without frames a flow goes when its time is over; with frames it stays.
idle_flows_age_out()
{
	local i

	# What a flow is given at first is what it is to have later.
	UDP_TIMEOUT=$((3 * ${VNET_SLOW:-1}))
	start_flow
	flow_ok up 1 100
	flow_ok down 1 100
	remember_taken
	for i in {1..12}; do
		flow_ok up 1 100
		flow_ok down 1 100
		sleep 0.5
	done
	offloaded || fail "a flow with two frames each second has gone"
	check_taken 12 12 "of a flow with two frames each second"
	slowwait 20 not_offloaded || fail "an idle flow stays offloaded"
	slowwait 10 no_rules || fail "its rules stay"
	flow_ok up 3 100
	flow_ok down 3 100
	wait_offloaded
}

# in_conntrack: the connection is there and has time left
in_conntrack()
{
	conntrack_of | grep -q 'dport=5203 '
}

out_of_conntrack()
{
	! in_conntrack
}

# idle_connection [ARGS...]: with frames a connection lasts beyond conntrack's time; without, it ends as long after the last
# one, though that was vflow's to see.
idle_connection()
{
	local i end times=/proc/sys/net/netfilter wait=$((8 * ${VNET_SLOW:-1}))

	setup_router
	must in_ns "$r" bash -c "for f in nf_flowtable_udp_timeout nf_flowtable_tcp_timeout; do echo $((wait / 4)) >$times/\$f; done
		for f in nf_conntrack_udp_timeout nf_conntrack_udp_timeout_stream nf_conntrack_tcp_timeout_established
		do echo $wait >$times/\$f; done"
	ruleset ''
	flow_open "$@" "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
	for ((i = 0; i < 2 * wait + 4; i++)); do
		sleep 0.5
		flow_ok up 1 100
	done
	offloaded || fail "a connection with two frames each second is not offloaded: $(conntrack_of)"
	end=$((SECONDS + wait))
	slowwait $((wait / 2 + 4)) not_offloaded || fail "an idle connection stays offloaded"
	[ "$SECONDS" -ge $((end - 3)) ] || in_conntrack || fail "it has gone before its time"
	slowwait $((wait + 4)) out_of_conntrack || fail "it outlives its time: $(conntrack_of)"
	[ "$SECONDS" -ge $((end - 2)) ] || fail "it has gone $((end - SECONDS)) s before its time"
	[ "$SECONDS" -le $((end + 4 * ${VNET_WAIT:-1})) ] || fail "it has gone $((SECONDS - end)) s after its time"
	slowwait 5 no_rules || fail "its rules stay"
}

idle_udp_ends_as_conntrack_says()
{
	idle_connection
	# Who speaks again begins anew.
	flow_ok up 3 100
	flow_ok down 3 100
	wait_offloaded
}

idle_tcp_ends_as_conntrack_says()
{
	idle_connection -t
}

conntrack_deletes()
{
	start_flow
	remember_taken
	must in_ns "$r" conntrack -D -f "${FAMILY:-ipv4}" -p udp
	flow_ok up 1 100
	check_taken 0 0 "after conntrack has forgotten the flow"
	wait_taken
	remember_taken
	flow_ok up 10 100
	check_taken 10 0 "of the new flow"
}

# Another station takes over the address of s.
neighbour_changes()
{
	start_flow
	remember_taken
	s_becomes 02:00:00:00:00:77
	flow_ok up 5 100
	flow_ok down 5 100
	check_ge "$(passed in neigh)" 1 "frames left to the stack for their next hop"
	wait_taken
	remember_taken
	flow_ok up 10 100
	flow_ok down 10 100
	check_taken 10 10 "after the change"
}

route_changes()
{
	start_flow
	# The same network, by another pair.
	add_pair "$s" e1 "$r" out1
	ipb "$s" <<<"addr add 203.0.113.2/24 dev e1"
	ipb "$r" <<<"addr add 203.0.113.1/24 dev out1"
	remember_taken
	must ip -n "$r" route add "$S4/32" via 203.0.113.2 dev out1
	local before
	before=$(link_stat "$s" e1 rx_packets)
	flow_ok up 10 100
	check_ge "$(($(link_stat "$s" e1 rx_packets) - before))" 10 "frames by the new route"
	check_ge "$(passed in route)" 1 "frames left to the stack for their route"
	flow_ok down 5 100
}

# look_at DEV...: another ingress hook at each, so that vflow takes nothing there, and the core's hook has the frames.
look_at()
{
	local dev

	for dev; do
		must in_ns "$r" nft "table netdev look { chain $dev { type filter hook ingress device \"$dev\" priority 500; counter; }; }"
	done
}

# s_becomes MAC: another station takes over the addresses of s.
s_becomes()
{
	local addr

	must ip -n "$s" link set e0 address "$1"
	for addr in "$S4" "$S6"; do
		must ip -n "$r" neigh replace "$addr" lladdr "$1" dev out nud reachable
	done
}

# The core's hook does not look at the next hop of a flow that goes directly.
neighbour_changes_under_hooks()
{
	local addr mac=02:00:00:00:00:77

	setup_router
	ruleset ''
	for addr in "$S4" "$S6"; do
		begin_flow "$c" "$s" "$addr"
		wait_taken
		look_at in out
		flow_ok up 3 100
		flow_ok down 3 100
		s_becomes "$mac"
		mac=02:00:00:00:00:78
		flow_ok up 5 100
		flow_ok down 5 100
		must in_ns "$r" nft delete table netdev look
		wait_taken
	done
}

route_changes_under_hooks()
{
	local addr before

	setup_router
	add_pair "$s" e1 "$r" out1
	ipb "$s" <<-EOF
		addr add 203.0.113.2/24 dev e1
		addr add 2001:db8:3::2/64 dev e1 nodad
	EOF
	ipb "$r" <<-EOF
		addr add 203.0.113.1/24 dev out1
		addr add 2001:db8:3::1/64 dev out1 nodad
	EOF
	ruleset ''
	for addr in "$S4 203.0.113.2" "$S6 2001:db8:3::2"; do
		begin_flow "$c" "$s" "${addr% *}"
		wait_taken
		look_at in out
		flow_ok up 3 100
		must ip -n "$r" route add "${addr% *}" via "${addr#* }" dev out1
		before=$(link_stat "$s" e1 rx_packets)
		flow_ok up 10 100
		check_ge "$(($(link_stat "$s" e1 rx_packets) - before))" 10 "frames by the new route to ${addr% *}"
		must in_ns "$r" nft delete table netdev look
	done
}

# What vflow leaves for its MAC address the core takes, and asks vflow anew each second; the answer ends the flow.
core_does_not_go_on_alone()
{
	local deadline=$((SECONDS + 15 * ${VNET_WAIT:-1}))

	start_flow
	must ip -n "$c" neigh replace 192.0.2.1 lladdr 02:00:00:00:00:99 dev e0 nud permanent
	flow_ok up 2 100
	s_becomes 02:00:00:00:00:77
	while has_rules 1; do
		[ "$SECONDS" -lt "$deadline" ] || die "the flow goes on to a station that is not there: $(flow_tool flow show)"
		flow_do up 1 100
	done
}

# Seconds since the newest rule was made.
youngest()
{
	flow_tool -j flow show | grep -o '"age_s":[0-9]*' | cut -d: -f2 | sort -n | head -n 1
}

# What is no way of a flow's does not end it: its frames are asked about once. One that had ended would be back, and young.
others_come_and_go()
{
	local addr began

	setup_router
	ruleset ''
	for addr in "$S4" "$S6"; do
		begin_flow "$c" "$s" "$addr"
		wait_taken
		began=$SECONDS
		nap 2
		# What has come up is not settled at once.
		ipb "$r" <<<"link add other up type dummy"
		busywait 5000 has_local "$r" other || die "no address at the other device"
		nap 1
		PASSED=$(passed in gone)
		flow_ok up 1 100
		flow_ok down 1 100
		remember_taken
		flow_ok up 10 100
		flow_ok down 10 100
		check_ge "$(($(taken in) - TAKEN_IN))" 8 "frames taken to $addr, beside a device that has come"
		must ip -n "$r" link del other
		nap 1
		flow_ok up 1 100
		flow_ok down 1 100
		remember_taken
		flow_ok up 10 100
		flow_ok down 10 100
		check_ge "$(($(taken in) - TAKEN_IN))" 8 "frames taken to $addr, beside one that has gone"
		check_ge "$(youngest)" $((SECONDS - began - 1)) "seconds that the flow to $addr has been there"
		check_eq "$(passed in gone)" "$PASSED" "frames of a flow that was torn down"
		check_ge "$(passed in route)" 1 "frames left to the stack for their route"
	done
}

has_local()
{
	ip -6 -n "$1" addr show dev "$2" scope link | grep inet6 | grep -qv tentative
}

# A route that leads the same way with another MTU is another one.
route_changes_its_mtu()
{
	local addr

	setup_router
	ruleset ''
	must in_ns "$c" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_no_pmtu_disc'
	begin_flow "$c" "$s" "$S4"
	wait_taken
	flow_ok up 3 1400
	must ip -n "$r" route replace 198.51.100.0/24 dev out src 198.51.100.1 mtu 1000
	flow_ok up 3 1400
	wait_taken
	remember_taken
	flow_ok up 3 1400
	flow_ok up 3 500
	check_taken 3 0 "that fit the route"
}

# route_withdrawn ADDR/LEN VIA: what leaves by a route of its own goes by the other one from the moment on that it is deleted.
route_withdrawn()
{
	local before

	setup_router
	add_pair "$s" e1 "$r" out1
	ipb "$s" <<-EOF
		addr add 203.0.113.2/24 dev e1
		addr add 2001:db8:3::2/64 dev e1 nodad
		route replace default via 203.0.113.1
		route replace default via 2001:db8:3::1
	EOF
	ipb "$r" <<-EOF
		addr add 203.0.113.1/24 dev out1
		addr add 2001:db8:3::1/64 dev out1 nodad
		route add $1 via $2
	EOF
	DEVICES="in, out, out1" ruleset ''
	flow_open "$c" "$s" "${1%/*}"
	flow_ok up 2 100
	flow_ok down 2 100
	busywait 5000 has_rules 1 || die "vflow has neither direction"
	remember_taken
	before=$(link_stat "$s" e1 rx_packets)
	flow_ok up 20 100
	check_eq "$(($(taken in) - TAKEN_IN))" 20 "frames taken at in"
	check_ge "$(($(link_stat "$s" e1 rx_packets) - before))" 20 "frames by the route"
	must ip -n "$r" route del "$1"
	before=$(link_stat "$s" e0 rx_packets)
	flow_ok up 20 100
	check_ge "$(($(link_stat "$s" e0 rx_packets) - before))" 20 "frames by the other route when it is gone"
	check_ge "$(passed in route)" 1 "frames left to the stack for their route"
}

ipv4_route_is_withdrawn()
{
	route_withdrawn "$S4/32" 203.0.113.2
}

ipv6_route_is_withdrawn()
{
	route_withdrawn "$S6/128" 2001:db8:3::2
}

mtu_shrinks()
{
	start_flow
	flow_ok up 2 1400
	remember_taken
	must ip -n "$r" link set out mtu 1000
	flow_ok up 5 500
	flow_ok down 5 500
	wait_taken
	remember_taken
	flow_ok up 5 500
	check_taken 5 0 "that fit"
	# In fragments, which the stack makes where the sender does not forbid it.
	must in_ns "$c" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_no_pmtu_disc'
	flow_do up 3 1400
	check_ge "$(passed in mtu)" 1 "frames left to the stack for their length"
	check_eq "$(($(taken in) - TAKEN_IN))" 5 "frames taken at in with those that do not fit"
}

# Nobody is told of what the link takes of IPv6.
ipv6_mtu_shrinks()
{
	setup_router
	ruleset ''
	begin_flow "$c" "$s" "$S6"
	flow_ok up 2 1300
	must in_ns "$r" bash -c 'echo 1280 >/proc/sys/net/ipv6/conf/out/mtu'
	remember_taken
	flow_do up 1 1300
	check_taken 0 0 "longer than the link takes"
	check_ge "$(passed in mtu)" 1 "frames left to the stack for their length"
	busywait 5000 knows_path || fail "c has not been told of the link: $(ip -6 -n "$c" route get "$S6")"
	# What is sent next hears of it, and what is as long goes in fragments.
	flow_do up 1 100
	flow_ok up 3 1300
	wait_taken
	remember_taken
	flow_ok up 5 500
	flow_ok down 5 500
	check_taken 5 5 "that fit"
}

knows_path()
{
	ip -6 -n "$c" route get "$S6" | grep -q 'mtu 1280'
}

link_goes_down_and_up()
{
	start_flow
	must ip -n "$r" link set out down
	slowwait 10 not_offloaded || fail "offloaded to a device that is down"
	slowwait 10 no_rules || fail "rules stay"
	flow_do up 1 100
	check_eq "$FLOW" "got 0" "with the device down"
	must ip -n "$r" link set out up
	wait_up "$r" out
	flow_ok up 3 100
	flow_ok down 3 100
	wait_taken
}

device_goes_away()
{
	start_flow
	must ip -n "$r" link del out
	busywait 5000 no_link "$r" out || fail "the device stays"
	slowwait 10 no_rules || fail "rules stay"
}

# What is for another station is not ours; the software flowtable does not ask.
other_mac_is_not_ours()
{
	start_flow
	remember_taken
	must ip -n "$c" neigh replace 192.0.2.1 lladdr 02:00:00:00:00:99 dev e0 nud permanent
	flow_do up 1 100
	check_taken 0 0 "for another station"
	check_eq "$(passed in mac)" 1 "frames left for their address"
}

# FIN goes to the stack, and all that follows.
fin_ends_it()
{
	start_flow -t
	flow_ok up 5 100
	flow_do fin
	check_eq "$FLOW" fin "the end of the client's side"
	check_ge "$(passed in flags)" 1 "frames left for their flags"
	remember_taken
	flow_ok down 5 100
	check_taken 0 0 "after FIN"
	slowwait 10 not_offloaded || fail "stays offloaded"
}

# Whoever else looks by netfilter sees all frames.
other_hooks_see_all()
{
	start_flow
	flow_ok up 3 100
	remember_taken
	must in_ns "$r" nft -f - <<-EOF
		table netdev look {
			chain in {
				type filter hook ingress device "in" priority 500
				udp dport 5203 counter
			}
		}
	EOF
	flow_ok up 10 100
	check_taken 0 0 "under another hook"
	check_eq "$(passed in hooks)" 10 "frames left to the stack for hooks"
	must in_ns "$r" nft delete table netdev look
	flow_ok up 10 100
	check_taken 10 0 "without it"
}

# Whatever flowtables others have of the devices, a connection is in one of them.
other_flowtables_are_no_strangers()
{
	local addr

	setup_router
	ruleset ''
	must in_ns "$r" nft -f - <<-EOF
		table ip g { flowtable ft { hook ingress priority 10; devices = { in, out }; }; }
		table ip6 g { flowtable ft { hook ingress priority -10; devices = { in, out }; }; }
		table inet g { flowtable ft { hook ingress priority 20; devices = { in, out }; }; }
	EOF
	for addr in "$S4" "$S6"; do
		begin_flow "$c" "$s" "$addr"
		wait_taken
		remember_taken
		flow_ok up 10 100
		flow_ok down 10 100
		check_taken 10 10 "to $addr"
	done
	check_eq "$(passed in hooks)" 0 "frames left to the stack for hooks"
}

# hops N: how far what c sends gets.
hops()
{
	must in_ns "$c" bash -c "echo $1 >/proc/sys/net/ipv4/ip_default_ttl; echo $1 >/proc/sys/net/ipv6/conf/e0/hop_limit"
}

expired_ttl_goes_to_the_stack()
{
	start_flow
	remember_taken
	hops 1
	flow_do up 1 100
	check_eq "$FLOW" "got 0" "with a time to live of one"
	check_taken 0 0 "with a time to live of one"
	check_eq "$(passed in ttl)" 1 "frames left for their time to live"
	hops 2
	flow_ok up 3 100
	check_taken 3 0 "with a time to live of two"
}

fragments_go_to_the_stack()
{
	start_flow
	remember_taken
	flow_ok up 3 4000
	check_taken 0 0 "in fragments"
	check_ge "$(passed in fragment)" 9 "frames left for being fragments"
}

ipv6_counters()
{
	of_ipv6 counters_are_what_was_sent
}

ipv6_conntrack_deletes()
{
	of_ipv6 conntrack_deletes
}

ipv6_neighbour_changes()
{
	of_ipv6 neighbour_changes
}

ipv6_hop_limit_goes_to_the_stack()
{
	of_ipv6 expired_ttl_goes_to_the_stack
}

ipv6_fragments_go_to_the_stack()
{
	of_ipv6 fragments_go_to_the_stack
}

ipv6_fin_ends_it()
{
	of_ipv6 fin_ends_it
}

# A family of its own is as good as both.
tables_of_one_family()
{
	local addr table=ip

	setup_router
	for addr in "$S4" "$S6"; do
		must in_ns "$r" nft -f - <<-EOF
			flush ruleset
			table $table f {
				flowtable ft { hook ingress priority 0; devices = { in, out }; flags offload; }
				chain forward { type filter hook forward priority 0; meta l4proto { tcp, udp } flow add @ft; }
			}
		EOF
		begin_flow "$c" "$s" "$addr"
		wait_taken
		remember_taken
		flow_ok up 10 100
		flow_ok down 10 100
		check_taken 10 10 "by a table $table"
		table=ip6
	done
}

# A device keeps its flows under another name.
device_is_renamed()
{
	start_flow
	wait_taken
	must ip -n "$r" link set out down
	must ip -n "$r" link set out name exit
	must ip -n "$r" link set exit up
	wait_up "$r" exit
	flow_ok up 3 100
	flow_ok down 3 100
	remember_taken
	slowwait 10 up_is_taken || fail "what leaves by a renamed device is not taken: $(flow_tool flow stats)"
}

up_is_taken()
{
	remember_taken
	flow_ok up 1 100
	[ $(($(taken in) - TAKEN_IN)) -ge 1 ]
}

# What a helper has to read is for no flowtable at all.
helper_connections_stay()
{
	need_module nf_conntrack_ftp
	setup_router
	ruleset 'ct helper ftp { type "ftp" protocol tcp; }
		chain pre { type filter hook prerouting priority 0; tcp dport 5203 ct helper set "ftp"; }'
	flow_open -t "$c" "$s" "$S4"
	flow_ok up 10 100
	flow_ok down 10 100
	check_match "$(conntrack_of)" "tcp .* dport=5203 " "the connection"
	conntrack_of | grep -q 'tcp .*OFFLOAD' && fail "offloaded: $(conntrack_of)"
	has_rules 1 && fail "vflow has a rule of it"
	check_eq "$(taken in) $(taken out)" "0 0" "frames taken at in and out"
}

ALL_TESTS="counters_are_what_was_sent idle_flows_age_out idle_udp_ends_as_conntrack_says
	idle_tcp_ends_as_conntrack_says conntrack_deletes neighbour_changes route_changes
	others_come_and_go route_changes_its_mtu neighbour_changes_under_hooks route_changes_under_hooks core_does_not_go_on_alone
	ipv4_route_is_withdrawn ipv6_route_is_withdrawn mtu_shrinks ipv6_mtu_shrinks link_goes_down_and_up device_goes_away
	other_mac_is_not_ours fin_ends_it other_hooks_see_all other_flowtables_are_no_strangers expired_ttl_goes_to_the_stack
	ipv6_counters ipv6_conntrack_deletes ipv6_neighbour_changes ipv6_hop_limit_goes_to_the_stack
	ipv6_fragments_go_to_the_stack ipv6_fin_ends_it tables_of_one_family device_is_renamed
	fragments_go_to_the_stack helper_connections_stay"
run_tests "$@"
