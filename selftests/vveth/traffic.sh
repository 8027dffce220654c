#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What goes through a pair: all of IP with every mix of offloads, long frames, VLANs, and a bridge beside it.
#
#	+------- a -------+     +------- b -------+
#	| va 192.0.2.1/24 +-----+ vb 192.0.2.2/24 |
#	|    2001:db8::1  |     |    2001:db8::2  |
#	+-----------------+     +-----------------+
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"

make_pair()
{
	setup_ns -6 a b
	add_pair "$a" va "$b" vb
	ipb "$a" <<-EOF
		addr add 192.0.2.1/24 dev va
		addr add 2001:db8::1/64 dev va
	EOF
	ipb "$b" <<-EOF
		addr add 192.0.2.2/24 dev vb
		addr add 2001:db8::2/64 dev vb
	EOF
}

check_tcp()
{
	local what=$1

	shift
	tcp_check "$@" || fail "TCP: $what"
}

ping_both_families()
{
	make_pair
	ping_ok "$a" 192.0.2.2 || fail "no answer over IPv4"
	ping_ok "$a" 2001:db8::2 || fail "no answer over IPv6"
	ping_ok "$b" 192.0.2.1 -s 4000 || fail "no answer to fragments"
}

# The stack drops what is for another station, though it reached the end.
frames_for_others()
{
	make_pair
	ping_ok "$a" 192.0.2.2 || fail "no answer before"
	printf '%s\n' "neigh replace 192.0.2.2 lladdr 02:00:00:00:0b:ad dev va nud permanent" \
		"neigh replace 2001:db8::2 lladdr 02:00:00:00:0b:ad dev va nud permanent" | ipb "$a"
	in_ns "$a" ping -q -c 2 -i 0.2 -W 1 192.0.2.2 && fail "IPv4 for another station was answered"
	in_ns "$a" ping -q -c 2 -i 0.2 -W 1 2001:db8::2 && fail "IPv6 for another station was answered"
	echo "neigh replace 192.0.2.2 lladdr $(link_attr "$b" vb address) dev va nud permanent" | ipb "$a"
	ping_ok "$a" 192.0.2.2 || fail "no answer afterwards"
}

tcp_both_families()
{
	make_pair
	check_tcp "IPv4, a to b" "$a" "$b" 192.0.2.2 3000000
	check_tcp "IPv4, b to a" "$b" "$a" 192.0.2.1 3000000
	check_tcp "IPv6, a to b" "$a" "$b" 2001:db8::2 3000000
}

tcp_without_offloads()
{
	local off

	make_pair
	for off in "tx off" "rx off" "sg off" "gro off" "gso off tso off"; do
		# shellcheck disable=SC2086 # words
		must in_ns "$a" ethtool -K va $off
		# shellcheck disable=SC2086
		must in_ns "$b" ethtool -K vb $off
		check_tcp "IPv4, with $off and those before" "$a" "$b" 192.0.2.2 300000
	done
	check_tcp "IPv6, with all off" "$b" "$a" 2001:db8::1 300000
	must in_ns "$a" ethtool -K va tx on rx on sg on gro on gso on tso on
	check_tcp "IPv4, on at one end" "$a" "$b" 192.0.2.2 300000
	check_tcp "IPv4, off at the sender" "$b" "$a" 192.0.2.1 300000
}

# Longest frame that a packet socket beside TCP sees at vb, while a sends frames of its MTU.
longest_seen()
{
	must in_ns "$a" ethtool -K va tso off gso off
	"$TOOLS/pkt" -R "$b:vb" -a -c 1000000 >"$CASE_DIR/tap" &
	tap=$!
	defer stop_bg "$tap"
	busywait 2000 grep -q ready "$CASE_DIR/tap" || die "the tap does not start"
	check_tcp "under a tap" "$a" "$b" 192.0.2.2 2000000
	kill "$tap"
	wait "$tap"
	pkt_read "$CASE_DIR/tap"
}

gro_merges()
{
	make_pair
	must in_ns "$b" ethtool -K vb gro on
	longest_seen
	check_ge "${PKT[rx0.foreignlen]}" 2000 "longest frame with GRO"
	check_le "${PKT[rx0.foreign]}" 1000 "frames with GRO"
}

gro_off_merges_nothing()
{
	make_pair
	must in_ns "$b" ethtool -K vb gro off
	longest_seen
	check_eq "${PKT[rx0.foreignlen]}" 1514 "longest frame without GRO"
}

jumbo_frames()
{
	make_pair
	ipb "$a" <<< "link set va mtu 65535"
	ipb "$b" <<< "link set vb mtu 65535"
	ping_ok "$a" 192.0.2.2 -s 65507 -M 'do' || fail "no answer to a packet of 65535 bytes"
	ping_ok "$b" 2001:db8::1 -s 60000 -M 'do' || fail "no answer to an IPv6 packet of 60 kB"
	check_tcp "MTU 65535" "$a" "$b" 192.0.2.2 3000000
	pkt -T "$a:va" -R "$b:vb" -c 10 -l 65549
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.maxlen]}" "10 65549" "frames of the MTU (number, length)"
}

smallest_mtu()
{
	make_pair
	ipb "$a" <<< "link set va mtu 68"
	ipb "$b" <<< "link set vb mtu 68"
	ping_ok "$a" 192.0.2.2 -s 40 -M 'do' || fail "no answer to 68 bytes"
	ping_ok "$a" 192.0.2.2 -s 400 || fail "no answer to fragments of 68 bytes"
}

vlan_on_top()
{
	need_module 8021q
	make_pair
	ipb "$a" <<-EOF
		link add va.7 link va type vlan id 7
		addr add 198.51.100.1/24 dev va.7
		link set va.7 up
	EOF
	ipb "$b" <<-EOF
		link add vb.7 link vb type vlan id 7
		addr add 198.51.100.2/24 dev vb.7
		link set vb.7 up
	EOF
	ping_ok "$a" 198.51.100.2 || fail "no answer in the VLAN"
	check_tcp "in the VLAN" "$a" "$b" 198.51.100.2 1000000
	must in_ns "$a" ethtool -K va txvlan off
	check_tcp "in the VLAN, tag in the frame" "$a" "$b" 198.51.100.2 1000000
	check_ge "$(link_stat "$b" vb.7 rx_packets)" 20 "frames of the VLAN"
	ipb "$b" <<< "link del vb.7"
	ping_ok "$a" 192.0.2.2 || fail "no answer beside the VLAN"
}

# One end is a port of the in-tree bridge, whose other port is the in-tree pair.
under_in_tree_bridge()
{
	need_module bridge veth
	setup_ns -6 a b host
	add_pair "$a" va "$host" pa
	ipb "$host" <<-EOF
		link add pb type veth peer name vb netns $b
		link set pb up
		link add br0 type bridge
		link set br0 up
		link set pa master br0
		link set pb master br0
	EOF
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<-EOF
		addr add 192.0.2.2/24 dev vb
		link set vb up
	EOF
	wait_up "$host" pa pb br0
	ping_ok "$a" 192.0.2.2 || fail "no answer across the bridge"
	check_tcp "across the bridge" "$a" "$b" 192.0.2.2 1000000
	check_tcp "across the bridge, back" "$b" "$a" 192.0.2.1 1000000
	check_match "$(in_ns "$host" bridge fdb show dev pa)" "$(link_attr "$a" va address)" "learned at pa"
}

check_order()
{
	pkt -T "$a:va" -R "$b:vb" -c 20000 -f 64 -r 50000
	check_eq "${PKT[rx0.dup]} ${PKT[rx0.late]}" "0 0" "frames twice, late"
	check_eq "$((PKT["rx0.unique"] + $(link_stat "$a" va tx_dropped)))" 20000 "frames come and counted as dropped"
	check_ge "${PKT[rx0.unique]}" 10000 "frames come"
}

order_within_flows()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	check_order
}

order_with_four_queues()
{
	setup_ns a b
	add_wide_pair "$a" va "$b" vb 4
	check_eq "$(ip_attr "$b" vb num_tx_queues)" 4 "queues of vb"
	check_order
}

# The flow goes from CPU to CPU while others of these fill the ring: what waits there comes before what is sent later,
# wherever that is received.
order_across_cpus()
{
	local count=$((${VNET_SLOW:-1} > 1 ? 3000 : 20000)) others pid

	setup_ns a b
	add_pair "$a" va "$b" vb
	bg "$TOOLS/pkt" -T "$a:va" -D 3600 -p 88b5 -r 20000
	others=$BG_PID
	bg taskset 2 "$TOOLS/pkt" -T "$a:va" -D 3600 -p 88b5
	others="$others $BG_PID"
	pkt -T "$a:va" -R "$b:vb" -c "$count" -m 3
	check_eq "${PKT[rx0.dup]} ${PKT[rx0.late]}" "0 0" "frames twice, late"
	check_ge "${PKT[rx0.unique]}" $((count / 10)) "frames come"
	for pid in $others; do
		stop_bg "$pid"
	done
	busywait 5000 all_across "$a" va "$b" vb || fail "sent $(link_stat "$a" va tx_packets), received $(link_stat "$b" vb rx_packets)"
}

# What receives on a CPU outlives it, and is there when it comes back.
cpu_goes_under_traffic()
{
	local cpu=/sys/devices/system/cpu/cpu1/online others='' pid i

	[ -w "$cpu" ] || skip "no CPU that could go"
	make_pair
	for i in 1 2; do
		bg taskset "$i" "$TOOLS/pkt" -T "$a:va" -D 3600 -p 88b5
		others="$others $BG_PID"
	done
	for i in 1 2 3; do
		echo 0 >"$cpu" || fail "the CPU does not go"
		busywait 10000 ping_ok "$a" 192.0.2.2 || fail "no answer without the CPU"
		check_tcp "without the CPU" "$b" "$a" 192.0.2.1 100000
		echo 1 >"$cpu" || fail "the CPU does not come back"
		busywait 10000 ping_ok "$a" 192.0.2.2 || fail "no answer with the CPU back"
		busywait 10000 in_ns "$b" taskset 2 ping -q -c 2 -i 0.2 -W 2 192.0.2.1 || fail "no answer on the CPU that came back"
	done
	for pid in $others; do
		stop_bg "$pid"
	done
	busywait 5000 all_across "$a" va "$b" vb || fail "sent $(link_stat "$a" va tx_packets), received $(link_stat "$b" vb rx_packets)"
}

ALL_TESTS="
	ping_both_families
	frames_for_others
	tcp_both_families
	tcp_without_offloads
	gro_merges
	gro_off_merges_nothing
	jumbo_frames
	smallest_mtu
	vlan_on_top
	under_in_tree_bridge
	order_within_flows
	order_with_four_queues
	order_across_cpus
	cpu_goes_under_traffic
"
run_tests "$@"
