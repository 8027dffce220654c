#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Taps as ports of a vbridge: what a program writes goes to a pair or another program without the receive path, and back.
#
#	program - t0 ---+-- vbr0 --+--- v0 ---- v1 (b)
#	program - t1 ---+          |
#	              (a)
. "$(dirname "$0")/../lib/lib.sh"

make_bridge()
{
	load vtun
	setup_ns a b
	must ip -n "$a" link add vbr0 type "$BRIDGE"
	must ip -n "$a" link set vbr0 up
	add_pair "$a" v0 "$b" v1
	must ip -n "$a" link set v0 master vbr0
}

# start_tap NAME ARG...: a program on a new port.
start_tap()
{
	local name=$1

	shift
	bg_ns "$a" "$TOOLS/tun" -i "$name" "$@" tap >"$CASE_DIR/$name.out"
	busywait 5000 grep -q "ready $name" "$CASE_DIR/$name.out" || die "no program on $name"
	must ip -n "$a" link set "$name" master vbr0
	# Without a queue's discipline, as a device that never waits.
	must ip -n "$a" link set "$name" up
	busywait 5000 forward v0 "$name" || die "ports that do not forward"
}

# forward PORT...: all of them do; a port hears of its link a while after that has come.
forward()
{
	local port

	for port; do
		bridge -n "$a" -j link show dev "$port" | grep -q '"state":"forwarding"' || return
	done
}

no_qdisc()
{
	must tc -n "$a" qdisc replace dev "$1" root noqueue
}

direct_both_ways()
{
	make_bridge
	start_tap t0 -r
	no_qdisc t0
	must ip -n "$b" addr add 192.0.2.1/24 dev v1
	must ip -n "$b" neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v1
	# An echo goes back as it is, which no stack would answer: enough to be counted.
	in_ns "$b" ping -q -c 20 -i 0.01 -W 1 192.0.2.2 >/dev/null
	check_ge "$(ethtool_stat "$a" t0 direct_tx)" 15 "frames that went to the program directly"
	check_ge "$(ethtool_stat "$a" t0 direct_rx)" 15 "frames that came from the program directly"
	check_ge "$(link_stat "$b" v1 rx_packets)" 15 "frames that came back"
	check_eq "$(link_stat "$a" t0 rx_dropped)" 0 "drops"
	check_ge "$(link_stat "$a" t0 rx_packets)" 15 "frames received by the device"
}

a_tap_that_is_watched()
{
	make_bridge
	start_tap t0 -r
	no_qdisc t0
	bg_ns "$a" tcpdump -n -i t0 -w "$CASE_DIR/dump" -U
	busywait 5000 test -s "$CASE_DIR/dump" || die "no tcpdump"
	must ip -n "$b" addr add 192.0.2.1/24 dev v1
	must ip -n "$b" neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v1
	in_ns "$b" ping -q -c 5 -i 0.01 -W 1 192.0.2.2 >/dev/null
	check_eq "$(ethtool_stat "$a" t0 direct_rx)" 0 "direct frames while tcpdump looks"
	check_ge "$(ethtool_stat "$a" t0 ordinary_rx_tap)" 5 "frames on the ordinary road"
}

entries_at_the_tap()
{
	make_bridge
	start_tap t0
	must bridge -n "$a" fdb add 02:00:00:00:00:77 dev t0
	check_match "$(bridge -n "$a" fdb show brport t0)" '02:00:00:00:00:77 .*master vbr0' "entry"
	must bridge -n "$a" fdb del 02:00:00:00:00:77 dev t0
}

port_goes_with_its_program()
{
	make_bridge
	start_tap t0
	stop_bg "$BG_PID"
	busywait 2000 no_link "$a" t0 || fail "t0 is still there"
	must ip -n "$a" link del vbr0
}

no_tun_is_a_port()
{
	make_bridge
	must ip -n "$a" link add t0 type vtun mode tun
	check_refused . ip -n "$a" link set t0 master vbr0
}

ALL_TESTS="
	direct_both_ways
	a_tap_that_is_watched
	entries_at_the_tap
	port_goes_with_its_program
	no_tun_is_a_port
"
run_tests "$@"
