#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# ip link add ... type vtun: what a device is made with, who may attach to it, and what is refused.
. "$(dirname "$0")/../lib/lib.sh"

# attach NS ARG...: the test's program in the namespace; "ready NAME" once it is attached.
attach()
{
	local ns=$1

	shift
	bg_ns "$ns" "$TOOLS/tun" "$@" >"$CASE_DIR/tun.out" 2>&1
	busywait 5000 grep -q . "$CASE_DIR/tun.out" || die "tun $*: says nothing"
	read -r ATTACHED <"$CASE_DIR/tun.out"
}

shows()
{
	check_match "$(ip -n "$1" -d link show "$2")" "$3" "ip -d link show $2"
}

a_tap_if_nothing_is_said()
{
	setup_ns a
	must ip -n "$a" link add t0 type vtun
	shows "$a" t0 ' vtun type tap pi off vnet_hdr off persist on .*vnet_hdr_sz 10'
	shows "$a" t0 'link/ether '
	check_eq "$(link_flag "$a" t0 LOWER_UP)" no "carrier of a device that nobody has attached to"
	must ip -n "$a" link del t0
}

all_options()
{
	setup_ns a
	must ip -n "$a" link add t0 numtxqueues 40 numrxqueues 40 mtu 1300 txqueuelen 77 \
		type vtun mode tun multi_queue on vnet_hdr pi on user 1000 group 100 persist on vnet_hdr_sz 12
	shows "$a" t0 ' vtun type tun pi on vnet_hdr on multi_queue numqueues 0 numdisabled 0 persist on user .* group .*vnet_hdr_sz 12'
	shows "$a" t0 'link/none'
	check_eq "$(link_attr "$a" t0 mtu)" 1300 "MTU"
	must ip -n "$a" link add t1 address 02:00:00:00:00:01 type vtun mode tap no_pi multi_queue off
	check_eq "$(link_attr "$a" t1 address)" 02:00:00:00:00:01 "address"
	must ip -n "$a" link add t2 mtu 65535 type vtun mode tun
	must ip -n "$a" link add t3 mtu 65521 type vtun mode tap
}

programs_attach_later()
{
	setup_ns a
	must ip -n "$a" link add t0 type vtun mode tap multi_queue on
	must ip -n "$a" link set t0 up
	attach "$a" -i t0 tap multi_queue
	check_eq "$ATTACHED" "ready t0" "who attaches"
	busywait 2000 is_up "$a" t0 || fail "no carrier with a program"
	shows "$a" t0 ' multi_queue numqueues 1 numdisabled 0'
	stop_bg "$BG_PID"
	check_eq "$(links "$a")" t0 "the device persists"
	busywait 2000 no_carrier || fail "carrier without a program"
}

no_carrier()
{
	[ "$(link_flag "$a" t0 LOWER_UP)" = no ]
}

goes_with_the_last_program()
{
	setup_ns a
	must ip -n "$a" link add t0 type vtun persist off
	attach "$a" -i t0 tap
	check_eq "$ATTACHED" "ready t0" "who attaches"
	stop_bg "$BG_PID"
	busywait 2000 no_links "$a" || fail "the device is still there"
}

only_the_owner_attaches()
{
	setup_ns a
	must ip -n "$a" link add t0 type vtun user 1234
	must ip -n "$a" link add t1 type vtun user 1235
	chmod 666 /dev/net/vtun
	attach "$a" -u 1234 -i t1 tap
	check_eq "$ATTACHED" "TUNSETIFF: Operation not permitted" "another's device"
	attach "$a" -u 1234 -i t0 tap
	check_eq "$ATTACHED" "ready t0" "the own device"
}

owner_is_changed()
{
	setup_ns a
	must ip -n "$a" link add t0 type vtun user 1234
	must ip -n "$a" link set t0 type vtun user 1235 group 7 persist off
	shows "$a" t0 ' persist off user 1235 group '
	check_refused "only user, group and persist" ip -n "$a" link set t0 type vtun mode tun
	check_refused "only user, group and persist" ip -n "$a" link set t0 type vtun vnet_hdr on
	shows "$a" t0 'type tap pi off vnet_hdr off'
}

bad_options()
{
	setup_ns a
	check_refused 'mode of type vtun is tun or tap, not "tip"' ip -n "$a" link add t0 type vtun mode tip
	check_refused 'type vtun does not know "foo"' ip -n "$a" link add t0 type vtun foo
	check_refused 'the user of type vtun' ip -n "$a" link add t0 type vtun user nobody-of-that-name
	check_refused 'the group of type vtun' ip -n "$a" link add t0 type vtun group
	check_refused 'no such user' ip -n "$a" link add t0 type vtun user 4294967295
	check_refused 'no such group' ip -n "$a" link add t0 type vtun group 4294967295
	check_refused 'has no link address' ip -n "$a" link add t0 address 02:00:00:00:00:01 type vtun mode tun
	check_refused 'multicast or all zero' ip -n "$a" link add t0 address 03:00:00:00:00:01 type vtun
	check_refused '10 to 4096' ip -n "$a" link add t0 type vtun vnet_hdr_sz 5000
	check_refused . ip -n "$a" link add t0 type vtun vnet_hdr_sz 9
	check_refused . ip -n "$a" link add t0 mtu 65600 type vtun
	check_refused 'the MTU of a tap is at most 65521' ip -n "$a" link add t0 mtu 65522 type vtun mode tap
	check_refused . ip -n "$a" link add t0 mtu 65536 type vtun mode tun
	check_eq "$(links "$a")" "" "devices"
}

many_queues()
{
	setup_ns a
	must ip -n "$a" link add t0 numtxqueues 300 numrxqueues 300 type vtun multi_queue
	must ip -n "$a" link set t0 up
	attach "$a" -q 257 -i t0 tap multi_queue
	check_eq "$ATTACHED" "TUNSETIFF: Argument list too long" "the 257th queue"
	stop_bg "$BG_PID"
	must ip -n "$a" link add t1 type vtun multi_queue
	attach "$a" -q 17 -i t1 tap multi_queue
	check_eq "$ATTACHED" "TUNSETIFF: Argument list too long" "the 17th queue"
	stop_bg "$BG_PID"
	attach "$a" -q 16 -i t1 tap multi_queue
	check_eq "$ATTACHED" "ready t1" "16 queues"
}

# Whoever is root in a user namespace of his own makes what he likes there, and nothing else.
in_a_user_namespace()
{
	setup_ns a
	must in_ns "$a" unshare -U -r -n bash -c "ip link add t0 type vtun user 0 && ip link set t0 up && ip link del t0"
	in_ns "$a" unshare -U -r ip link add t1 type vtun 2>/dev/null && fail "made in somebody else's network namespace"
	check_eq "$(links "$a")" "" "devices"
}

moved_to_another_namespace()
{
	setup_ns a b
	must ip -n "$a" link add t0 type vtun
	must ip -n "$a" link set t0 netns "$b"
	check_eq "$(links "$a")|$(links "$b")" "|t0" "devices"
	attach "$b" -i t0 tap
	check_eq "$ATTACHED" "ready t0" "who attaches there"
	must ip -n "$b" link set t0 netns "$a"
	check_eq "$(links "$a")" t0 "the device moves with its program"
}

# The node has a number that is known before the module is there, so that opening it brings the module; where somebody has
# taken that, it has another.
node()
{
	local number

	check_match "$(modinfo -F alias vtun | xargs)" 'char-major-10-249' "aliases"
	check_match "$(modinfo -F alias vtun | xargs)" 'devname:net/vtun' "aliases"
	check_match "$(<"$SELFTESTS/../tools/udev/60-vtun.rules")" 'KERNEL=="vtun".*MODE="0666".*static_node=net/vtun' "udev's rule"
	rmmod vtun 2>/dev/null
	must modprobe vtun
	check_eq "$(stat -c '%t:%T %a' /dev/net/vtun)" "a:f9 666" "the node"
	rmmod vtun
	must modprobe vtun minor=250
	check_eq "$(stat -c '%t:%T' /dev/net/vtun)" "a:fa" "the node, by minor=250"
	rmmod vtun
	need_module tun
	must modprobe vtun minor=200
	number=$(stat -c %T /dev/net/vtun)
	[ "$number" != c8 ] || fail "two nodes of one number"
	setup_ns a
	attach "$a" -i t0 tap
	check_eq "$ATTACHED" "ready t0" "who opens that node"
	stop_bg "$BG_PID"
	rmmod vtun
	must modprobe vtun
}

module_goes_with_devices()
{
	setup_ns a
	must ip -n "$a" link add t0 type vtun
	attach "$a" -i t0 tap
	check_refused 'in use' rmmod vtun
	stop_bg "$BG_PID"
	must rmmod vtun
	check_eq "$(links "$a")" "" "devices"
}

ALL_TESTS="
	a_tap_if_nothing_is_said
	all_options
	programs_attach_later
	goes_with_the_last_program
	only_the_owner_attaches
	owner_is_changed
	bad_options
	many_queues
	in_a_user_namespace
	moved_to_another_namespace
	node
	module_goes_with_devices
"
run_tests "$@"
