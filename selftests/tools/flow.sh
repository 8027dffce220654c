#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet flow: the flows that vflow has, what becomes of them, and letting go of them. The drawing is in ../vflow/common.sh.
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=../vflow/common.sh
. "$SELFTESTS/vflow/common.sh"

SNAT='chain post { type nat hook postrouting priority 100
	ip daddr 198.51.100.2 udp dport 5203 snat ip to 198.51.100.1:7777
	ip6 daddr 2001:db8:2::2 udp dport 5203 snat ip6 to [2001:db8:2::1]:7777 ; }'

# start_flow [ARGS...] ADDR: a connection that is offloaded
start_flow()
{
	setup_router
	# However long a slow machine takes to ask.
	in_ns "$r" sysctl -qw net.netfilter.nf_flowtable_{tcp,udp}_timeout=3600 net.netfilter.nf_conntrack_udp_timeout{,_stream}=3600
	ruleset "$SNAT"
	flow_open "${@:1:$#-1}" "$c" "$s" "${!#}"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
}

mac_of()
{
	ip -n "$1" -j link show dev "$2" | jq -r '.[0].address'
}

# The row of the direction that enters by a device, some fields of it
row()
{
	vnet_json "$r" "map(select(.ifname == \"$1\")) | .[0] | $2" flow
}

both_directions_are_told()
{
	start_flow "$S4"
	flow_ok up 5 100
	flow_ok down 4 100
	check_eq "$(row in '[.proto, .enters.src, .enters.dst, .enters.dport, .out_ifname] | join(" ")')" \
		"udp $C4 $S4 5203 out" "what enters by in"
	check_eq "$(row in '[.leaves.src, .leaves.sport, .leaves.dst, .leaves.dport] | join(" ")')" \
		"198.51.100.1 7777 $S4 5203" "how it leaves"
	check_eq "$(row out '[.proto, .enters.src, .enters.sport, .enters.dst, .enters.dport, .out_ifname] | join(" ")')" \
		"udp $S4 5203 198.51.100.1 7777 in" "what enters by out"
	check_eq "$(row out '[.leaves.src, .leaves.dst, (.leaves.dport | tostring)] | join(" ")')" \
		"$S4 $C4 $(row in '.enters.sport')" "how the answers leave"
	check_eq "$(row in '[.enters.dmac, .leaves.smac, .leaves.dmac] | join(" ")')" \
		"$(mac_of "$r" in) $(mac_of "$r" out) $(mac_of "$s" e0)" "MAC addresses"
	check_eq "$(row in '[.mtu, .direct, .gone, (.enters.encap | length)] | join(" ")')" "1500 true false 0" "the way"
}

ipv6_and_tcp()
{
	start_flow -t "$S6"
	check_eq "$(row in '[.proto, .enters.src, .leaves.src, .leaves.dst] | join(" ")')" "tcp $C6 $C6 $S6" "what enters by in"
	check_match "$(vnet "$r" flow)" "tcp dev in src $C6 sport [0-9]+ dst $S6 dport 5203 dmac [0-9a-f:]{17}"$'\n' "text"
}

counters_and_times()
{
	local before

	start_flow "$S4"
	before=$(row in .packets)
	flow_ok up 7 100
	check_eq "$(($(row in .packets) - before))" 7 "packets"
	check_eq "$(row in '.bytes - 128 * .packets')" 0 "bytes, of packets of 128"
	check_eq "$(row in '.left == 0 and .why == []')" true "nothing was left"
	sleep 3
	check_ge "$(row in .idle_ms)" 2500 "idle_ms after three seconds"
	check_ge "$(row in .age_s)" 2 "age_s after three seconds"
	flow_ok up 1 100
	[ "$(row in .idle_ms)" -lt 2500 ] || fail "idle_ms after a frame: $(row in .idle_ms)"
	check_match "$(vnet "$r" flow show dev in)" $'\n''    packets [0-9]+ bytes [0-9]+ age [0-9]+s idle [0-9]+\.[0-9]{3}s left 0$' \
		"text of the counters"
}

# What comes by another CPU is counted beside what the first has counted.
counters_of_two_cpus()
{
	local before cpu

	need_smp
	need_tool taskset
	start_flow "$S4"
	before=$(row in .packets)
	for cpu in 0 1 0 1; do
		must taskset -cp "$cpu" "$FLOW_PID"
		flow_ok up 50 100
	done
	check_eq "$(($(row in .packets) - before))" 200 "packets"
	check_eq "$(row in '.bytes - 128 * .packets')" 0 "bytes, of packets of 128"
}

# next_flow ADDR: one more connection that is offloaded, in place of the last
next_flow()
{
	stop_bg "$FLOW_PID"
	flow_open -t "$c" "$s" "$1"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
}

# A flow says why frames of it were not taken; the device counts them, too. Within a second of a connection's end the core
# lets go of it, at once where that second is over: then another one ends.
reasons_are_told()
{
	local before told try

	start_flow -t "$S4"
	before=$(vnet_json "$r" '.[] | select(.ifname == "in").frames.flags' flow stats)
	for ((try = 0; try < 10; try++)); do
		flow_do fin
		check_eq "$FLOW" fin "the end of a connection"
		told=$(row in 'if . then [.left, .why[]] | join(" ") else "gone" end')
		[ "$told" = gone ] || break
		next_flow "$S4"
	done
	check_match "$told" '^[1-9][0-9]* ([a-z]+ )*flags( |$)' "left, and why"
	check_ge "$(($(vnet_json "$r" '.[] | select(.ifname == "in").frames.flags' flow stats) - before))" 1 "frames at the device"
}

# What the device's netfilter hooks keep vflow from is a reason like others.
hooks_are_a_reason()
{
	start_flow "$S4"
	must in_ns "$r" nft -f - <<-EOF
		table netdev look {
			chain in {
				type filter hook ingress device "in" priority 500
				udp dport 5203 counter
			}
		}
	EOF
	flow_ok up 3 100
	check_eq "$(row in '[.left, .why[]] | join(" ")')" "3 hooks" "left"
	check_match "$(vnet "$r" flow)" ' left 3 for hooks' "text"
	must in_ns "$r" nft delete table netdev look
}

flush_lets_go()
{
	start_flow "$S4"
	must vnet "$r" flow flush
	check_eq "$(vnet "$r" flow)" "" "flows after a flush"
	flow_ok up 3 100
	flow_ok down 3 100
	wait_taken
	must vnet "$r" flow flush dev in
	check_eq "$(vnet "$r" flow show in)" "" "flows of in after a flush of it"
	wait_taken
}

# Of a module that is older what it does not tell is left out.
older_modules_tell_less()
{
	start_flow "$S4"
	VNET_OLDER=attrs=6 LD_PRELOAD=$TOOLS/older vnet_json "$r" \
		'map(select(.ifname == "in")) | .[0] | [.proto, .mtu, .packets, .bytes, .left, .age_s, .idle_ms] | map(tostring) | join(" ")' flow \
		>"$CASE_DIR/keys"
	check_eq "$(<"$CASE_DIR/keys")" "udp 1500 null null null null null" "what is told up to the MTU"
	check_eq "$(VNET_OLDER=attrs=6 LD_PRELOAD=$TOOLS/older vnet "$r" flow | grep -cE 'packets|left|age|idle')" 0 "lines of text with more"
}

# Flows from c to s by the frames of pkt, whose addresses both are of s's network
many_flows_begin()
{
	setup_router
	ruleset ''
	ipb "$r" <<-EOF
		addr del 198.51.100.1/24 dev out
		addr add 198.51.100.7/24 dev out
		route add 198.51.100.1/32 dev in
	EOF
	ipb "$c" <<<"addr add 198.51.100.1/32 dev e0"
	ipb "$s" <<<"route replace 198.51.100.1/32 via 198.51.100.7"
	pkt -T "$c:e0" -R "$s:e0" -c $((3 * $1)) -f "$1" -d "$(mac_of "$r" in)" || fail "frames are missing: $(<"$CASE_DIR/pkt")"
	busywait 20000 has_rules $((2 * $1)) || die "there are $(flow_field in rules) and $(flow_field out rules) rules"
}

# All that stay are told once, however many messages that takes.
many_flows()
{
	local count=250

	many_flows_begin "$count"
	vnet "$r" -j flow >"$CASE_DIR/json"
	check_eq "$(jq -r '.[] | [.ifname, .enters.src, .enters.sport, .enters.dst, .enters.dport] | join(" ")' "$CASE_DIR/json" |
		sort | uniq -d | wc -l)" 0 "flows told twice"
	check_eq "$(jq -r '.[].ifname' "$CASE_DIR/json" | sort | uniq -c | xargs)" "$count in $count out" "flows told"
	check_eq "$(vnet_json "$r" length flow show out)" "$count" "flows of out"
	check_eq "$(vnet "$r" flow | wc -l)" $((6 * count)) "lines of text"
}

who_may()
{
	start_flow "$S4"
	check_status 2 "not permitted" vnet_unprivileged "$r" flow
	check_status 2 "not permitted" vnet_unprivileged "$r" flow stats
	check_status 2 "not permitted" vnet_unprivileged "$r" flow flush
	check_eq "$(vnet_json "$r" length flow)" 2 "flows in the end"
}

what_is_refused()
{
	start_flow "$S4"
	check_status 1 "no device \"gone0\"" vnet "$r" flow show gone0
	check_status 1 "\"dev\" needs the name of a device" vnet "$r" flow flush dev
	check_status 1 "\"extra\" is not understood" vnet "$r" flow stats in extra
	check_status 1 "no device \"list\"" vnet "$r" flow list
	check_status 2 "cannot read the flows: .*stands in no flowtable" vnet "$r" flow show lo
	check_status 2 "\"lo\" stands in no flowtable" vnet "$r" flow stats lo
	check_status 2 "cannot flush the flows: .*stands in no flowtable" vnet "$r" flow flush lo
	check_status 1 "is for one namespace" "$VNET" -all flow flush
	check_eq "$(vnet_json "$r" length flow)" 2 "flows in the end"
	check_eq "$(vnet "$c" flow)" "" "flows of a namespace without"
	check_eq "$(vnet "$c" -j flow stats)" "[]" "devices of a namespace without"
}

without_the_module()
{
	start_flow "$S4"
	defer modprobe vflow
	must rmmod vflow
	check_eq "$(vnet "$r" -j flow)" "[]" "flows"
	check_status 2 "vflow is not loaded" vnet "$r" flow flush
}

ALL_TESTS="both_directions_are_told ipv6_and_tcp counters_and_times counters_of_two_cpus reasons_are_told hooks_are_a_reason
	flush_lets_go older_modules_tell_less many_flows who_may what_is_refused without_the_module"
run_tests "$@"
