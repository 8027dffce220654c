#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Flows with something between the Ethernet and the IP header: tags come off and go on, one or two, and PPPoE. The drawing is
# in common.sh; the addresses are those of devices on top of the pairs.
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# stack NS DEV TAG...: devices on top of DEV, 802.1ad below where there are two tags; TOP is the last one's name. They are
# operational: news of it up to a second later would have all routes looked up again, and so end a flow that is in place.
stack()
{
	local ns=$1 proto=802.1Q

	TOP=$2
	shift 2
	[ $# -lt 2 ] || proto=802.1ad
	while [ $# -gt 0 ]; do
		must ip -n "$ns" link add link "$TOP" name "$TOP.$1" up type vlan proto "$proto" id "$1"
		TOP+=.$1 proto=802.1Q
		wait_up "$ns" "$TOP"
		shift
	done
}

# on_top NS DEV NET HOST TAG...: the addresses of DEV go to the top of a stack.
on_top()
{
	local ns=$1 dev=$2 net=$3 host=$4 v6=1

	[ "$net" = 192.0.2 ] || v6=2
	shift 4
	stack "$ns" "$dev" "$@"
	[ $# -gt 0 ] || return 0
	ipb "$ns" <<-EOF
		addr flush dev $dev
		addr add $net.$host/24 dev $TOP
		addr add 2001:db8:$v6::$host/64 dev $TOP nodad
	EOF
	[ "$host" = 1 ] || ipb "$ns" <<-EOF
		route replace default via $net.1
		route replace default via 2001:db8:$v6::1
	EOF
}

# setup_tagged "TAG..." "TAG...": those between c and r, and those between r and s.
setup_tagged()
{
	need_module 8021q
	setup_router
	# shellcheck disable=SC2086
	{
		on_top "$c" e0 192.0.2 2 $1
		on_top "$r" in 192.0.2 1 $1
		on_top "$s" e0 198.51.100 2 $2
		on_top "$r" out 198.51.100 1 $2
	}
	S_TOP=$TOP
	# What has lost a tag on its way would still be for the host, but come by another device.
	C_END=e0${1:+.${1// /.}} S_END=e0${2:+.${2// /.}}
}

masquerade_at()
{
	ruleset "chain post { type nat hook postrouting priority 100; oifname \"$1\" masquerade; }"
}

# flow_crosses ADDR: a connection is offloaded, what it sends is taken, and a transfer by TCP of super-frames, too.
flow_crosses()
{
	local at_c at_s

	flow_open "$c" "$s" "$1"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
	# The flow of another family may be all that was seen there.
	wait_taken
	remember_taken
	at_c=$(link_stat "$c" "$C_END" rx_packets) at_s=$(link_stat "$s" "$S_END" rx_packets)
	flow_ok up 20 500
	flow_ok down 30 500
	check_taken 20 30 "$1"
	check_ge "$(($(link_stat "$s" "$S_END" rx_packets) - at_s))" 20 "frames at $S_END of s"
	check_ge "$(($(link_stat "$c" "$C_END" rx_packets) - at_c))" 30 "frames at $C_END of c"
	slowwait 10 transfer_taken "$1" || fail "frames taken at in with a transfer to $1: $(($(taken in) - TAKEN_IN)), want 15"
}

# One may be through before its flow is in place.
transfer_taken()
{
	remember_taken
	tcp_check "$c" "$s" "$1" 1000000 || die "a transfer to $1"
	[ $(($(taken in) - TAKEN_IN)) -ge 15 ]
}

tags_are_changed()
{
	setup_tagged 10 20
	masquerade_at "$S_TOP"
	flow_crosses "$S4"
}

tags_are_changed_ipv6()
{
	setup_tagged 10 20
	masquerade_at "$S_TOP"
	flow_crosses "$S6"
}

tag_comes_off()
{
	setup_tagged 10 ''
	masquerade_at out
	flow_crosses "$S4"
}

tag_goes_on()
{
	setup_tagged '' 20
	masquerade_at "$S_TOP"
	flow_crosses "$S4"
}

two_tags()
{
	setup_tagged '10 11' '20 21'
	masquerade_at "$S_TOP"
	flow_crosses "$S4"
	flow_crosses "$S6"
}

two_tags_and_none()
{
	setup_tagged '10 11' ''
	masquerade_at out
	flow_crosses "$S4"
}

# The VLAN devices themselves in the table.
devices_with_tags_of_their_own()
{
	setup_tagged 10 20
	DEVICES='in.10, out.20'
	masquerade_at "$S_TOP"
	flow_open "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	busywait 5000 offloaded || die "the flow is not offloaded: $(conntrack_of)"
	busywait 5000 rules_of in.10 || die "vflow has no rule at in.10"
	local up down
	up=$(taken in.10) down=$(taken out.20)
	flow_ok up 20 500
	flow_ok down 30 500
	check_eq "$(($(taken in.10) - up)) $(($(taken out.20) - down))" "20 30" "frames taken at in.10 and out.20"
}

rules_of()
{
	[ "$(flow_field "$1" rules)" -ge 1 ]
}

# The same addresses and ports in another VLAN, or in none, are another's.
other_tags_are_not_ours()
{

	setup_tagged 10 ''
	ruleset ''
	flow_open "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
	flow_ok up 5 100
	remember_taken
	ipb "$c" <<-EOF
		link add link e0 name e0.12 address $(link_attr "$c" e0.10 address) up type vlan id 12
		addr add 203.0.113.2/24 dev e0.12
		neigh add 203.0.113.1 lladdr $(link_attr "$r" in address) dev e0.12 nud permanent
		neigh add 203.0.113.9 lladdr $(link_attr "$r" in address) dev e0 nud permanent
		addr add 203.0.113.8/32 dev e0
		route replace default via 203.0.113.1
	EOF
	flow_do up 1 100
	check_taken 0 0 "in another VLAN"
	ipb "$c" <<<"route replace default via 203.0.113.9 dev e0 onlink"
	flow_do up 1 100
	check_taken 0 0 "without a tag"
}

# What leaves with a tag is as long as without.
mtu_is_that_of_the_tagged()
{
	setup_tagged 10 20
	ruleset ''
	must in_ns "$c" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_no_pmtu_disc'
	flow_open "$c" "$s" "$S4"
	flow_ok up 2 1472
	flow_ok down 2 100
	wait_offloaded
	remember_taken
	flow_ok up 5 1472
	check_taken 5 0 "as long as the link allows"
	must ip -n "$r" link set "$S_TOP" mtu 1000
	flow_ok up 3 500
	flow_ok down 3 500
	wait_taken
	remember_taken
	flow_do up 3 1400
	check_taken 0 0 "too long for the VLAN device"
}

# Frames do not even reach the ring of the other end, VLAN devices or not.
tagged_frames_go_directly()
{
	local before

	setup_tagged 10 20
	ruleset ''
	flow_open "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
	flow_ok up 2 100
	before=$(ethtool_stat "$r" in direct_rx)
	flow_ok up 20 100
	check_eq "$(($(ethtool_stat "$r" in direct_rx) - before))" 20 "frames that went directly from the sender"
}

# pppoe NS DEV REMOTE_NS REMOTE_DEV: one end of the session, as device ppp.
pppoe()
{
	local said=$CASE_DIR/pppoe.$1

	bg "$TOOLS/pppoe" "$1" "$2" 99 "$(link_attr "$3" "$4" address)" ppp >"$said"
	busywait 5000 grep -q ready "$said" || die "no session of PPPoE in $1"
}

# setup_pppoe TAG...: the link between r and s is a session, below which there may be tags.
setup_pppoe()
{
	local s_dev r_dev

	need_module pppoe
	setup_router
	stack "$s" e0 "$@"
	s_dev=$TOP
	stack "$r" out "$@"
	r_dev=$TOP
	pppoe "$s" "$s_dev" "$r" "$r_dev"
	pppoe "$r" "$r_dev" "$s" "$s_dev"
	ipb "$s" <<-EOF
		addr flush dev e0
		addr add 198.51.100.2 peer 198.51.100.1/32 dev ppp
		addr add 2001:db8:2::2/64 dev ppp nodad
		route replace default dev ppp
		route replace 2001:db8:1::/64 dev ppp
	EOF
	ipb "$r" <<-EOF
		addr flush dev out
		addr add 198.51.100.1 peer 198.51.100.2/32 dev ppp
		addr add 2001:db8:2::1/64 dev ppp nodad
	EOF
	ruleset "chain post { type nat hook postrouting priority 100; oifname \"ppp\" masquerade; }"
}

session_crosses()
{
	flow_open "$c" "$s" "$1"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
	# The flow of another family may be all that was seen there.
	wait_taken
	remember_taken
	flow_ok up 20 500
	flow_ok down 30 500
	check_taken 20 30 "$1"
	tcp_check "$c" "$s" "$1" 300000 || fail "a transfer to $1"
}

pppoe_session()
{
	setup_pppoe
	session_crosses "$S4"
	session_crosses "$S6"
}

pppoe_session_with_a_tag()
{
	setup_pppoe 20
	session_crosses "$S4"
	# With the session ends what leads by it.
	flow_ok up 2 100
	must ip -n "$r" link set ppp down
	flow_do up 1 100
	check_eq "$FLOW" "got 0" "without the session"
	slowwait 10 no_rules || fail "rules stay"
}

ALL_TESTS="pppoe_session pppoe_session_with_a_tag tags_are_changed tags_are_changed_ipv6 tag_comes_off tag_goes_on two_tags two_tags_and_none
	devices_with_tags_of_their_own other_tags_are_not_ours mtu_is_that_of_the_tagged tagged_frames_go_directly"
run_tests "$@"
