#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet pair add and del: what they make is what was asked for, in its namespace, and nothing is half done.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

add_into_namespaces()
{
	setup_ns a b
	check_status 0 "" vnet "$a" pair add va up peer vb netns "$b" up
	check_eq "$(links "$a")" va "devices in a"
	check_eq "$(links "$b")" vb "devices in b"
	wait_up "$a" va
	wait_up "$b" vb
	pkt -T "$a:va" -R "$b:vb" -c 10
	check_eq "${PKT[rx0.unique]}" 10 "frames through the pair"
}

add_by_path_and_pid()
{
	setup_ns a b
	check_status 0 "" vnet "$a" pair add va peer vb netns "/run/netns/$b"
	bg_ns "$b" sleep 60
	busywait 2000 ns_of_pid "$BG_PID" "$b" || die "no process in $b"
	check_status 0 "" vnet "$a" pair add vc peer vd netns "$BG_PID"
	check_status 0 "" "$VNET" pair add ve netns "$a" peer vf netns "$b"
	check_eq "$(links "$a")" "va vc ve" "devices in a"
	check_eq "$(links "$b")" "vb vd vf" "devices in b"
}

ns_of_pid()
{
	[ "/proc/$1/ns/net" -ef "/run/netns/$2" ]
}

attributes_of_both_ends()
{
	setup_ns a b
	check_status 0 "" vnet "$a" pair add va mtu 1400 address 02:00:00:00:00:0a txqueuelen 7 \
		peer vb netns "$b" mtu 1300 address 02:00:00:00:00:0b txqueuelen 9 numrxqueues 1 numtxqueues 1
	check_eq "$(link_attr "$a" va mtu)" 1400 "MTU of va"
	check_eq "$(link_attr "$b" vb mtu)" 1300 "MTU of vb"
	check_eq "$(link_attr "$a" va address)" 02:00:00:00:00:0a "address of va"
	check_eq "$(link_attr "$b" vb address)" 02:00:00:00:00:0b "address of vb"
	check_eq "$(link_attr "$a" va txqlen)" 7 "queue length of va"
	check_eq "$(link_attr "$b" vb txqlen)" 9 "queue length of vb"
	check_eq "$(link_flag "$a" va UP)" no "va is up"
}

in_layer_3()
{
	setup_ns a
	check_status 0 "" vnet "$a" pair add va mode l3 mtu 1400 peer vb
	check_status 0 "" vnet "$a" pair add vc mode l2 peer vd
	check_eq "$(vnet_get "$a" mode link show va) $(vnet_get "$a" mode link show vb)" "l3 l3" "mode of the first pair"
	check_eq "$(vnet_get "$a" mode link show vc)" l2 "mode of the second pair"
	check_match "$(vnet "$a" link show vb)" " kind vveth mode l3 peer va " "text"
	check_status 1 "\"mode l4\": must be l2 or l3" vnet "$a" pair add ve mode l4 peer vf
	check_status 1 "\"mode\" needs a value" vnet "$a" pair add ve mode
	check_status 1 "said before \"peer\"" vnet "$a" pair add ve peer vf mode l3
	check_eq "$(links "$a")" "va vb vc vd" "devices"
}

names_that_are_keywords()
{
	setup_ns a
	check_status 0 "" vnet "$a" pair add name up peer name mtu
	check_eq "$(links "$a")" "mtu up" "devices"
}

peer_without_a_name()
{
	setup_ns a
	check_status 0 "" vnet "$a" pair add va
	check_status 0 "" vnet "$a" pair add vb peer mtu 1300
	check_eq "$(links "$a")" "va vb vveth0 vveth1" "devices"
	check_eq "$(link_attr "$a" "vveth1" mtu)" 1300 "MTU of the second peer"
}

as_a_port()
{
	setup_ns a b
	make_bridge "$a" br0
	check_status 0 "" vnet "$a" pair add va master br0 up peer vb netns "$b" up
	check_eq "$(link_attr "$a" va master)" br0 "master of va"
	check_status 1 "is for the first end" vnet "$a" pair add vc peer vd master br0
	check_status 1 "no device \"gone0\" to be the master" vnet "$a" pair add vc master gone0 peer vd
	check_eq "$(links "$a")" "br0 va" "devices"
}

bad_words_are_refused()
{
	setup_ns a
	check_status 1 "needs a name" vnet "$a" pair add
	check_status 1 "\"mtu abc\": must be a number" vnet "$a" pair add va mtu abc peer vb
	check_status 1 "\"mtu -1\": must be a number" vnet "$a" pair add va mtu -1 peer vb
	check_status 1 "\"mtu 99999999999\": must be a number" vnet "$a" pair add va mtu 99999999999 peer vb
	check_status 1 "\"mtu\" needs a number" vnet "$a" pair add va mtu
	check_status 1 "must be six bytes" vnet "$a" pair add va address 02:00:00:00:00 peer vb
	check_status 1 "must be six bytes" vnet "$a" pair add va address 02:00:00:00:00:01:02 peer vb
	check_status 1 "must be six bytes" vnet "$a" pair add va address 02:00:00:00:00:0g peer vb
	check_status 1 "this end is named \"va\" already" vnet "$a" pair add va vc peer vb
	check_status 1 "\"peer\" is not understood" vnet "$a" pair add va peer vb peer vc
	check_status 1 "1 to 15 characters" vnet "$a" pair add sixteen-letters- peer vb
	check_status 1 "no device name" vnet "$a" pair add a/b peer vb
	check_status 1 "no device name" vnet "$a" pair add va peer ..
	check_status 1 "cannot open network namespace" vnet "$a" pair add va peer vb netns nowhere
	check_eq "$(links "$a")" "" "devices"
}

kernel_says_why()
{
	setup_ns a
	must ip -n "$a" link add va type "vveth" peer name vb
	check_status 2 "cannot make the pair vc: .*68 to 65535" vnet "$a" pair add vc mtu 12 peer vd
	check_status 2 "cannot make the pair vc: .*multicast or all zero" \
		vnet "$a" pair add vc address 01:00:00:00:00:01 peer vd
	check_status 2 "cannot make the pair vc: .*cannot have one name" vnet "$a" pair add vc peer vc
	check_status 2 "cannot make the pair va: " vnet "$a" pair add va peer vc
	check_eq "$(links "$a")" "va vb" "devices"
}

without_rights()
{
	setup_ns a
	check_status 2 "not permitted" vnet_unprivileged "$a" pair add va peer vb
	check_eq "$(links "$a")" "" "devices"
}

delete_one_end()
{
	setup_ns a b
	must vnet "$a" pair add va peer vb netns "$b"
	check_status 0 "" vnet "$a" pair del va
	check_eq "$(links "$a")" "" "devices in a"
	check_eq "$(links "$b")" "" "devices in b"
}

delete_many_and_both_ends()
{
	setup_ns a
	must vnet "$a" pair add v1 peer v2
	must vnet "$a" pair add v3 peer v4
	must vnet "$a" pair add v5 peer v6
	check_status 0 "" vnet "$a" pair delete v1 v2 v4 v3
	check_eq "$(links "$a")" "v5 v6" "devices"
}

delete_all_or_nothing()
{
	setup_ns a
	must vnet "$a" pair add va peer vb
	check_status 1 "no device \"gone0\"" vnet "$a" pair del va gone0
	check_status 1 "not a vveth device" vnet "$a" pair del va lo
	check_status 1 "needs a name" vnet "$a" pair del
	check_eq "$(links "$a")" "va vb" "devices"
}

many_at_once()
{
	local i

	setup_ns a
	make_bridge "$a" br0
	for i in 1 2 3; do
		must ip netns add "many$i-$$"
		defer ip netns del "many$i-$$"
	done
	check_status 0 "" vnet "$a" pair add va%d master br0 up peer eth0 netns "many%d-$$" up count 3 from 1
	check_eq "$(links "$a")" "br0 va1 va2 va3" "devices in a"
	for i in 1 2 3; do
		check_eq "$(links "many$i-$$")" eth0 "devices in namespace $i"
		wait_up "$a" "va$i"
	done
	check_eq "$(vnet_column "$a" master link)" "br0 br0 br0" "masters"
	check_status 0 "" vnet "$a" pair del va%d count 3 from 1
	check_eq "$(links "$a")" br0 "devices after del"
}

many_that_fail()
{
	setup_ns a
	check_status 0 "" vnet "$a" pair add v2 peer w2
	check_status 2 "this was the pair with the number 2; 2 of 5 were made" vnet "$a" pair add v%d peer w%d count 5
	check_eq "$(links "$a")" "v0 v1 v2 w0 w1 w2" "devices"
	check_status 1 "no device \"v3\"" vnet "$a" pair del v%d count 4
	check_eq "$(links "$a")" "v0 v1 v2 w0 w1 w2" "devices after a del that cannot be"
	check_status 1 "\"count\" needs names with %d" vnet "$a" pair add x peer y count 2
	check_status 1 "from 1 to 1000000" vnet "$a" pair add x%d peer y%d count 0
	check_status 0 "" vnet "$a" pair del v%d count 3
	check_eq "$(links "$a")" "" "devices at the end"
}

# The kernel numbers a name with %d itself where no count is said.
kernel_numbers()
{
	setup_ns a
	check_status 0 "" vnet "$a" pair add name v%d peer name w%d
	check_eq "$(links "$a")" "v0 w0" "devices"
}

ALL_TESTS="many_at_once many_that_fail kernel_numbers add_into_namespaces add_by_path_and_pid attributes_of_both_ends in_layer_3 names_that_are_keywords peer_without_a_name
	as_a_port bad_words_are_refused kernel_says_why without_rights delete_one_end delete_many_and_both_ends
	delete_all_or_nothing"
run_tests "$@"
