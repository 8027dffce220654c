#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The examples of libvtun, through the mapped rings and, with -w, by read and write: pings and TCP through each.
#
#	reflector: a (t0)	switch: a (t0) -- program -- b (t1)	tunnel: a (t0, va) == b (vb, t0)
# TIMEOUT: 400
. "$(dirname "$0")/../lib/lib.sh"

# start WAY NS NAME ARG...: an example, in a namespace; returns once it is ready.
start()
{
	local way=$1 ns=$2 out=$CASE_DIR/$3.$2 want=rings

	shift 2
	set -- "$BUILD/tools/vtun-$1" "${@:2}"
	[ "$way" != calls ] || { set -- "$1" -w "${@:2}" && want=read/write; }
	bg_ns "$ns" "$@" >"$out" 2>&1
	busywait 10000 grep -q . "$out" || die "$1 does not start"
	check_match "$(<"$out")" "^ready .* $want" "$1"
}

address()
{
	must ip -n "$1" addr add "192.0.2.$3/24" dev "$2"
	must ip -n "$1" addr add "2001:db8::$3/64" dev "$2" nodad
	must ip -n "$1" link set "$2" up
}

reflector()
{
	load vtun
	setup_ns -6 a
	start "$1" "$a" reflect t0
	address "$a" t0 1
	must ping_ok "$a" 192.0.2.77
	must ping_ok "$a" 2001:db8::77
	must in_ns "$a" ping -q -c 300 -i 0.002 -s 1300 -W 5 192.0.2.78 >/dev/null
	must in_ns "$a" ping -q -c 2 -s 20000 -W 5 192.0.2.78 >/dev/null
	check_eq "$(link_stat "$a" t0 rx_dropped)" 0 "dropped"
}

switch()
{
	local pid said

	load vtun
	setup_ns -6 a b
	start "$1" "$a" switch t0 t1 t2
	pid=$BG_PID
	must ip -n "$a" link set t1 netns "$b"
	address "$a" t0 1
	address "$b" t1 2
	must ping_ok "$a" 192.0.2.2
	must ping_ok "$b" 2001:db8::1
	must tcp_check "$a" "$b" 192.0.2.2 2000000
	must tcp_check "$b" "$a" 192.0.2.1 2000000
	# What it takes for a frame, and is none, goes everywhere.
	stop_bg "$pid"
	said=$(tail -n 1 "$CASE_DIR/switch.$a")
	said=${said#*flooded }
	check_le "${said%% *}" 100 "frames that the switch knew no port for"
}

# Two hosts, joined by a pair, and a key.
two_hosts()
{
	load vtun
	setup_ns -6 a b
	add_pair "$a" va "$b" vb
	must ip -n "$a" addr add 198.51.100.1/24 dev va
	must ip -n "$b" addr add 198.51.100.2/24 dev vb
	must dd if=/dev/urandom of="$CASE_DIR/key" bs=32 count=1 status=none
}

# tunnel_at_a WAY / tunnel_at_b WAY [KEY]: an end of the tunnel, up.
tunnel_at_a()
{
	start "$1" "$a" tunnel "$CASE_DIR/key" t0 198.51.100.1 198.51.100.2 4000
	must ip -n "$a" link set t0 mtu 1400
	address "$a" t0 1
}

tunnel_at_b()
{
	start "$1" "$b" tunnel "$CASE_DIR/${2-key}" t0 198.51.100.2 198.51.100.1 4000
	must ip -n "$b" link set t0 mtu 1400
	address "$b" t0 2
}

tunnel()
{
	two_hosts
	tunnel_at_a "$1"
	tunnel_at_b "$1"
	must ping_ok "$a" 192.0.2.2
	must ping_ok "$b" 2001:db8::1
	must in_ns "$a" ping -q -c 300 -i 0.002 -s 1300 -W 5 192.0.2.2 >/dev/null
	must tcp_check "$a" "$b" 192.0.2.2 1000000
}

# Somebody who does not know the key is not let in.
other_key()
{
	two_hosts
	must dd if=/dev/urandom of="$CASE_DIR/key2" bs=32 count=1 status=none
	tunnel_at_a calls
	tunnel_at_b calls key2
	! in_ns "$a" ping -q -c 3 -i 0.2 -W 1 192.0.2.2 >/dev/null || fail "a tunnel with two keys"
	check_eq "$(link_stat "$b" t0 rx_packets)" 0 "packets let in"
	od -An -v -tx1 "$CASE_DIR/key" | tr -d ' \n' >"$CASE_DIR/key3"
	check_refused 'no key of 32 bytes' "$BUILD/tools/vtun-tunnel" "$CASE_DIR/key3" t1 198.51.100.2 198.51.100.1 4000
}

# What was recorded is not let in by an end that has been started since, which all the same finds its other end again.
nothing_old()
{
	local pid

	need_tool socat
	two_hosts
	tunnel_at_a calls
	pid=$BG_PID
	bg_ns "$b" socat -u UDP4-RECVFROM:4000 CREATE:"$CASE_DIR/old"
	busywait 10000 in_ns "$b" grep -q ':0FA0 ' /proc/net/udp || die "socat has no socket"
	in_ns "$a" ping -q -c 1 -W 1 192.0.2.2 >/dev/null
	busywait 10000 test -s "$CASE_DIR/old" || die "nothing to record"
	stop_bg "$pid"
	tunnel_at_b calls
	pid=$BG_PID
	must in_ns "$a" socat -u OPEN:"$CASE_DIR/old" UDP4-SENDTO:198.51.100.2:4000,bind=198.51.100.1:4000
	sleep 0.5
	check_eq "$(link_stat "$b" t0 rx_packets)" 0 "packets let in"
	tunnel_at_a calls
	busywait 10000 ping_ok "$a" 192.0.2.2 || fail "no answer after what is old"
	stop_bg "$pid"
	tunnel_at_b calls
	busywait 10000 ping_ok "$b" 192.0.2.1 || fail "no answer to an end that was started again"
}

reflector_by_rings() { reflector rings; }
reflector_by_calls() { reflector calls; }
switch_by_rings() { switch rings; }
switch_by_calls() { switch calls; }
tunnel_by_rings() { tunnel rings; }
tunnel_by_calls() { tunnel calls; }

ALL_TESTS="
	reflector_by_rings
	reflector_by_calls
	switch_by_rings
	switch_by_calls
	tunnel_by_rings
	tunnel_by_calls
	other_key
	nothing_old
"
run_tests "$@"
