#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# link_vveth.so under the installed `ip`: options of both ends, help, and what is not understood.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

own_help()
{
	local text

	text=$(ip link help vveth) || fail "ip link help vveth fails"
	check_match "$text" "^Usage: ip link add .* type vveth " "help"
	check_match "$text" 'See vveth\(8\)\.$' "the end of it"
	run_extack ip link add type vveth help && fail "ip link add type vveth help succeeds"
	check_eq "$EXTACK" "$text" "type vveth help"
}

options_of_the_peer()
{
	setup_ns a b
	must ip -n "$a" link add va mtu 1400 address 02:00:00:00:00:0a type vveth \
		peer name vb netns "$b" mtu 1300 address 02:00:00:00:00:0b numrxqueues 1 txqueuelen 9 up
	check_eq "$(links "$b")" vb "devices in b"
	check_eq "$(link_attr "$a" va mtu) $(link_attr "$a" va address)" "1400 02:00:00:00:00:0a" "va"
	check_eq "$(link_attr "$b" vb mtu) $(link_attr "$b" vb address)" "1300 02:00:00:00:00:0b" "vb"
	check_eq "$(link_attr "$b" vb txqlen)" 9 "queue length of vb"
	check_eq "$(link_flag "$b" vb UP)" yes "vb is up"
	check_eq "$(link_flag "$a" va UP)" no "va is up"
}

bare_name_of_the_peer()
{
	setup_ns a
	must ip -n "$a" link add va type vveth peer vb
	check_eq "$(links "$a")" "va vb" "devices"
}

unknown_words_are_refused()
{
	setup_ns a
	check_refused "type vveth does not know \"foo\"" ip -n "$a" link add va type vveth foo
	check_refused "garbage" ip -n "$a" link add va type vveth peer name vb foo bar baz
	check_refused "" ip -n "$a" link add va type vveth peer name vb mtu many
	check_eq "$(links "$a")" "" "devices"
}

mode_is_one_of_two_words()
{
	setup_ns a
	must ip -n "$a" link add va type vveth mode l3 peer name vb mtu 1300
	must ip -n "$a" link add vc type vveth mode l3
	must ip -n "$a" link add vd type vveth mode l2 peer ve
	check_eq "$(ip_attr "$a" va mode) $(ip_attr "$a" vb mode) $(ip_attr "$a" vc mode)" "l3 l3 l3" "JSON, layer 3"
	check_eq "$(ip_attr "$a" vd mode)" l2 "JSON, layer 2"
	check_eq "$(link_attr "$a" vb mtu)" 1300 "MTU of the peer"
	check_match "$(ip -n "$a" -d link show vb)" ' vveth mode l3 ' "text"
	check_refused "mode of type vveth is l2 or l3, not \"l4\"" ip -n "$a" link add vx type vveth mode l4
	check_refused "mode of type vveth is l2 or l3, not \"\"" ip -n "$a" link add vx type vveth mode
	check_refused "does not know \"foo\"" ip -n "$a" link add vx type vveth mode l3 foo
	check_refused "fixed when it is made" ip -n "$a" link set va type vveth mode l2
	check_eq "$(links "$a")" "va vb vc vd ve vveth0" "devices"
}

printed_as_what_it_is()
{
	setup_ns a
	make_pair "$a" va vb
	check_eq "$(ip_attr "$a" va info_kind)" vveth "JSON"
	check_match "$(ip -n "$a" -d link show va)" $'\n'' +vveth ' "text"
	check_eq "$(ip -n "$a" -br link show type vveth | wc -l)" 2 "devices by type"
}

ALL_TESTS="own_help options_of_the_peer bare_name_of_the_peer unknown_words_are_refused mode_is_one_of_two_words printed_as_what_it_is"
run_tests "$@"
