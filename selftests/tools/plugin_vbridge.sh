#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# link_vbridge.so and link_vbridge_slave.so under the installed `ip`: options are taken, and printed as they are.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

own_help()
{
	local kind text

	for kind in vbridge vbridge_slave; do
		text=$(ip link help "$kind") || fail "ip link help $kind fails"
		check_match "$text" "^Usage: ip link .* type $kind " "help of $kind"
		check_match "$text" 'See vbridge\(8\)\.$' "the end of it"
		run_extack ip link add type "$kind" help && fail "ip link add type $kind help succeeds"
		check_eq "$EXTACK" "$text" "type $kind help"
	done
}

options_when_made()
{
	setup_ns a
	must ip -n "$a" link add br0 type vbridge ageing_time 12300 group_fwd_mask 8
	check_eq "$(ip_attr "$a" br0 info_kind)" vbridge "kind"
	check_eq "$(ip_attr "$a" br0 ageing_time)" 12300 "ageing_time"
	check_eq "$(ip_attr "$a" br0 group_fwd_mask)" 0x8 "group_fwd_mask"
}

options_changed()
{
	setup_ns a
	make_bridge "$a" br0
	must ip -n "$a" link set br0 type vbridge ageing_time 4500
	check_eq "$(ip_attr "$a" br0 ageing_time)" 4500 "ageing_time"
	check_match "$(ip -n "$a" -d link show br0)" "vbridge .*ageing_time 4500 " "text"
	must ip -n "$a" link set br0 type vbridge fdb_flush
}

options_of_a_port()
{
	setup_ns a
	make_pair "$a" va vb
	make_bridge "$a" br0 va
	check_eq "$(ip_attr "$a" va info_slave_kind)" vbridge "kind of port"
	check_eq "$(ip_attr "$a" va isolated)" false "isolated at first"
	must ip -n "$a" link set va type vbridge_slave isolated on learning off
	check_eq "$(ip_attr "$a" va isolated)" true "isolated"
	check_eq "$(ip_attr "$a" va learning)" false "learning"
	check_match "$(ip -n "$a" -d link show va)" "vbridge_slave .*isolated on" "text"
	check_eq "$(ip -n "$a" -br link show type vbridge_slave | awk '{ print $1 }')" "va@vb" "ports by type"
}

stock_name_of_the_port_kind()
{
	setup_ns a
	make_pair "$a" va vb
	make_bridge "$a" br0 va
	must ip -n "$a" link set va type bridge_slave isolated on
	check_eq "$(ip_attr "$a" va isolated)" true "isolated"
}

bad_values_are_refused()
{
	setup_ns a
	make_pair "$a" va vb
	make_bridge "$a" br0 va
	check_refused "nonsense" ip -n "$a" link add br1 type vbridge nonsense 1
	check_refused "ageing_time" ip -n "$a" link set br0 type vbridge ageing_time soon
	check_refused "\"isolated\"" ip -n "$a" link set va type vbridge_slave isolated maybe
	check_eq "$(links "$a")" "br0 va vb" "devices"
	check_eq "$(ip_attr "$a" va isolated)" false "isolated"
}

unbuilt_options_are_refused_by_name()
{
	local rc=0

	setup_ns a
	make_bridge "$a" br0
	run_extack ip -n "$a" link set br0 type vbridge stp_state 1 || rc=$?
	check_fail "$rc" "stp_state 1 is taken"
	check_match "$EXTACK" "^Error: .+\\." "what it says"
	must ip -n "$a" link set br0 type vbridge stp_state 0
}

ALL_TESTS="own_help options_when_made options_changed options_of_a_port stock_name_of_the_port_kind
	bad_values_are_refused unbuilt_options_are_refused_by_name"
run_tests "$@"
