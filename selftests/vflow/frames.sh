#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Frames that have no skb: they are taken as they are where XDP_REDIRECT hands them to the other end of a pair.
#
#	+-- x --+      +------- c --------+       +--- r ---	as in common.sh, with x in the client's place
#	|  e0 ========== e1 -- XDP -- e0 =========== in
#	+-------+      +------------------+       +---------
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# redirects FROM TO: what FROM of c receives leaves by TO. `ip -n` would see a /sys of its own.
redirects()
{
	local pin=/sys/fs/bpf/vflow-$$-$1

	must "$TOOLS/xdpload" "$pin" redirect "$(link_attr "$c" "$2" ifindex)"
	defer rm -f "$pin"
	must in_ns "$c" ip link set "$1" xdpdrv pinned "$pin"
}

# User-Mode Linux is built for processors that read aligned words only.
need_unaligned()
{
	[ "${VNET_KERNEL:-}" != um ] || skip "frames without an skb are left alone there"
}

setup_frames()
{
	setup_router
	setup_ns -6 x
	add_pair "$x" e0 "$c" e1
	ipb "$c" <<<"addr flush dev e0"
	ipb "$x" <<-EOF
		addr add 192.0.2.2/24 dev e0
		addr add 2001:db8:1::2/64 dev e0 nodad
		route add default via 192.0.2.1
		route add default via 2001:db8:1::1
	EOF
	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	redirects e0 e1
	redirects e1 e0
	# Sums that are left open are lost with the skb.
	in_ns "$x" ethtool -K e0 tx off >/dev/null
	in_ns "$s" ethtool -K e0 tx off >/dev/null
	ruleset 'chain post { type nat hook postrouting priority 100
		ip daddr 198.51.100.2 meta l4proto { tcp, udp } snat ip to 198.51.100.1:7777
		ip6 daddr 2001:db8:2::2 meta l4proto { tcp, udp } snat ip6 to [2001:db8:2::1]:7777 ; }'
}

frames_flow()
{
	flow_open "$@" "$x" "$s" "$ADDR"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
	# The flow of another family may be all that was seen there.
	wait_taken
	# The neighbours have been asked for by now.
	flow_ok up 2 100
}

frames_leave()
{
	local ADDR before sent

	need_unaligned
	setup_frames
	for ADDR in "$S4" "$S6"; do
		frames_flow
		remember_taken
		before=$(ethtool_stat "$r" in direct_rx)
		sent=$(link_stat "$s" e0 rx_packets)
		flow_ok up 20 500
		check_eq "$(($(ethtool_stat "$r" in direct_rx) - before))" 20 "frames that were taken as they were"
		check_ge "$(($(link_stat "$s" e0 rx_packets) - sent))" 20 "frames that s received"
		flow_ok down 30 500
		check_taken 20 30 "$ADDR"
		flow_do peer
		check_match "$FLOW" " 7777$" "the client as the server sees it"
	done
	check_eq "$(link_stat "$r" in rx_packets)" "$(link_stat "$c" e0 tx_packets)" "received by in and sent by c"
}

# The port of a bridge is no other place to enter by.
frames_enter_at_a_bridge()
{
	local ADDR=$S4 before

	need_unaligned
	need_module vbridge
	setup_frames
	ipb "$r" <<-EOF
		link add vbr0 up type vbridge
		addr flush dev in
		link set in master vbr0
		addr add 192.0.2.1/24 dev vbr0
	EOF
	frames_flow
	remember_taken
	before=$(ethtool_stat "$r" in direct_rx)
	flow_ok up 20 500
	check_eq "$(($(ethtool_stat "$r" in direct_rx) - before))" 20 "frames that were taken as they were"
	flow_ok down 30 500
	check_taken 20 30 "by a bridge"
	must bridge -n "$r" link set dev in state 4
	flow_do up 1 500
	check_eq "$FLOW" "got 0" "by a port that is blocking"
}

frames_of_tcp_leave()
{
	local ADDR=$S4

	setup_frames
	frames_flow -t
	remember_taken
	flow_ok up 20 500
	flow_ok down 20 500
	check_ge "$(($(taken in) - TAKEN_IN))" 20 "frames taken at in"
	tcp_check "$x" "$s" "$S4" 300000 || fail "a transfer"
}

# What takes the stack with an skb does so without.
frames_are_judged()
{
	local ADDR=$S4 before

	need_unaligned
	setup_frames
	frames_flow
	before=$(ethtool_stat "$r" in direct_rx)
	flow_ok up 5 100
	check_eq "$(($(ethtool_stat "$r" in direct_rx) - before))" 5 "frames that were taken as they were"
	remember_taken
	must in_ns "$x" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_default_ttl'
	flow_do up 1 100
	check_eq "$FLOW" "got 0" "with a time to live of one"
	check_eq "$(passed in ttl)" 1 "frames left for their time to live"
	must in_ns "$x" bash -c 'echo 64 >/proc/sys/net/ipv4/ip_default_ttl'
	must ip -n "$x" neigh replace 192.0.2.1 lladdr 02:00:00:00:00:99 dev e0 nud permanent
	flow_do up 1 100
	check_eq "$(passed in mac)" 1 "frames left for their address"
	check_taken 0 0 "that are not to be"
}

# Where the way out is not to be had without an skb, they get one.
frames_leave_by_a_tapped_port()
{
	local ADDR=$S4 pid

	need_tool tcpdump
	setup_frames
	frames_flow
	in_ns "$r" tcpdump -i out -n -l -U -c 10 -Q out udp port 5203 >"$CASE_DIR/out1" 2>"$CASE_DIR/err1" &
	pid=$!
	defer stop_bg "$pid"
	busywait 5000 grep -q 'listening on' "$CASE_DIR/err1" || die "tcpdump does not start"
	remember_taken
	flow_ok up 10 100
	check_taken 10 0
	wait "$pid"
	check_eq "$(grep -c UDP "$CASE_DIR/out1")" 10 "frames that tcpdump saw"
}

ALL_TESTS="frames_leave frames_enter_at_a_bridge frames_of_tcp_leave frames_are_judged frames_leave_by_a_tapped_port"
run_tests "$@"
