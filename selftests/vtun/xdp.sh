#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# XDP programs on a tap: what its program writes is shown to them first, and what others redirect to it the program reads.
#
#	program (sends all back) --- t0  va --- vb (b)
. "$(dirname "$0")/../lib/lib.sh"

make_tap()
{
	load vtun
	setup_ns a b
	add_pair "$a" va "$b" vb
	bg_ns "$a" "$TOOLS/tun" -i t0 "$@" tap >"$CASE_DIR/program"
	PROGRAM=$BG_PID
	busywait 5000 grep -q ready "$CASE_DIR/program" || die "no program on t0"
	must ip -n "$a" link set t0 up
	must tc -n "$a" qdisc replace dev t0 root noqueue
}

# use DEV PROGRAM...: natively.
use()
{
	local dev=$1 pin

	shift
	pin=/sys/fs/bpf/vtun-$$-$RANDOM
	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	must "$TOOLS/xdpload" "$pin" "$@"
	defer rm -f "$pin"
	# `ip -n` would see a /sys of its own.
	must in_ns "$a" ip -force link set "$dev" xdpdrv pinned "$pin"
}

# The frames go to the program, and come back by it.
bounce()
{
	pkt -T "$a:t0" -c "$1"
	busywait 5000 stat_is "$a" t0 tx_packets "$1" || fail "the program has read $(link_stat "$a" t0 tx_packets)"
}

pass()
{
	make_tap -r
	use t0 pass
	bounce 50
	busywait 5000 stat_is "$a" t0 rx_packets 50 || fail "received: $(link_stat "$a" t0 rx_packets)"
	check_eq "$(link_stat "$a" t0 rx_dropped)" 0 "dropped"
}

# verdict PROGRAM COUNTER
verdict()
{
	make_tap -r
	use t0 "$1"
	bounce 50
	busywait 5000 stat_is "$a" t0 rx_dropped 50 || fail "dropped: $(link_stat "$a" t0 rx_dropped)"
	check_eq "$(link_stat "$a" t0 rx_packets)" 0 "received"
	check_eq "$(ethtool_stat "$a" t0 "$2")" 50 "$2"
}

drop()
{
	verdict drop drop_xdp
}

aborted()
{
	verdict aborted drop_xdp_aborted
}

unknown()
{
	verdict unknown drop_xdp_aborted
}

# One frame goes round for ever.
tx()
{
	make_tap -r
	use t0 tx
	pkt -T "$a:t0" -c 1
	busywait 5000 many_round || fail "$(link_stat "$a" t0 rx_packets tx_packets)"
}

many_round()
{
	[ "$(link_stat "$a" t0 rx_packets)" -gt 20 ]
}

redirect_from_the_tap()
{
	make_tap -r
	use t0 redirect "$(link_attr "$a" va ifindex)"
	pkt -T "$a:t0" -R "$b:vb" -c 200 -r 5000
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.late]}" "200 0" "frames at vb: once, late"
	check_eq "$(link_stat "$a" t0 rx_packets rx_dropped)" "200 0" "received, dropped"
}

redirect_to_nowhere()
{
	make_tap -r
	use t0 redirect 9999
	bounce 20
	busywait 5000 stat_is "$a" t0 rx_dropped 20 || fail "dropped: $(link_stat "$a" t0 rx_dropped)"
	check_eq "$(ethtool_stat "$a" t0 drop_xdp_redirect)" 20 "drop_xdp_redirect"
}

redirect_to_the_tap()
{
	make_tap
	use va redirect "$(link_attr "$a" t0 ifindex)"
	pkt -T "$b:vb" -c 300 -r 5000
	busywait 5000 stat_is "$a" t0 tx_packets 300 || fail "the program has read $(link_stat "$a" t0 tx_packets)"
	check_eq "$(link_stat "$a" t0 tx_bytes tx_dropped)" "18000 0" "bytes, dropped"
}

redirect_into_a_full_ring()
{
	make_tap -S
	use va redirect "$(link_attr "$a" t0 ifindex)"
	pkt -T "$b:vb" -c 600 -r 5000
	busywait 5000 stat_is "$a" t0 tx_dropped 100 || fail "dropped: $(link_stat "$a" t0 tx_dropped)"
	check_eq "$(ethtool_stat "$a" t0 drop_ring_full)" 100 "drop_ring_full"
	# What is left in the ring is freed with the device.
	kill -KILL "$PROGRAM"
	wait "$PROGRAM" 2>/dev/null
	busywait 5000 no_link "$a" t0 || fail "t0 is still there"
}

# What it sees there is another matter: vtun/tun_xdp.
natively_on_a_tun_device()
{
	load vtun
	setup_ns a
	must ip -n "$a" link add t0 type vtun mode tun
	use t0 pass
	check_match "$(ip -n "$a" link show t0)" ' xdp .*prog/xdp' "the program"
}

ALL_TESTS="
	pass
	drop
	aborted
	unknown
	tx
	redirect_from_the_tap
	redirect_to_nowhere
	redirect_to_the_tap
	redirect_into_a_full_ring
	natively_on_a_tun_device
"
run_tests "$@"
