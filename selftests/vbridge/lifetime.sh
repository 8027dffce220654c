#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The end of bridges, ports, namespaces and the module while frames are on their way, and life beside the in-tree bridge.
# The topology is drawn in common.sh.
# TIMEOUT: 300
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

flows()
{
	[ "$(link_stat "$1" "$2" "$3")" -ge "$4" ]
}

# Frames a second of each sender; a slow kernel would do nothing else.
RATE=$((${VNET_SLOW:-1} > 1 ? 500 : 10000))

# check_flows NS DEV WHAT: frames still come there.
check_flows()
{
	local before

	before=$(link_stat "$1" "$2" rx_packets)
	slowwait 10 flows "$1" "$2" rx_packets $((before + 100)) || fail "no frame comes to $2 in $1 $3"
}

# From station 1: to all, and to station 2; until the case ends.
flood_stations()
{
	bg "$TOOLS/pkt" -T "$s1:e0" -D 3600 -r "$RATE" -f 8 -s "$(mac 1)"
	bg "$TOOLS/pkt" -T "$s1:e0" -D 3600 -r "$RATE" -f 8 -s "$(mac 1)" -d "$(mac 2)"
	check_flows "$s2" e0 "at first"
}

make_bridge()
{
	ipb "$h" <<-EOF
		link add vbr0 type $BRIDGE
		link set vbr0 up
		link set p1 master vbr0
		link set p2 master vbr0
	EOF
}

bridge_deleted_under_traffic()
{
	local i

	setup_stations 2
	flood_stations
	for i in 1 2 3 4; do
		must ip -n "$h" link del vbr0
		check_eq "$(links "$h")" "p1 p2" "devices after deletion $i"
		make_bridge
		check_flows "$s2" e0 "after bridge $i was made"
	done
}

port_deleted_under_traffic()
{
	local i

	setup_stations 2
	flood_stations
	for i in 1 2 3 4; do
		must ip -n "$h" link del p2
		check_eq "$(fdb_count '.* dev p2 ')" 0 "entries of p2 after deletion $i"
		ipb "$h" <<-EOF
			link add p2 type $PAIR peer name e0 address $(mac 2) netns $s2
			link set p2 master vbr0 up
		EOF
		set_up "$s2" e0
		check_flows "$s2" e0 "after pair $i was made"
	done
}

port_taken_out_under_traffic()
{
	local i

	setup_stations 2
	flood_stations
	ipb "$h" < <(for i in 1 2 3 4 5 6 7 8 9 10; do
		printf 'link set p1 nomaster\nlink set p1 master vbr0\nlink set p2 nomaster\nlink set p2 master vbr0\n'
		printf 'link set vbr0 down\nlink set vbr0 up\n'
	done)
	check_flows "$s2" e0 "afterwards"
}

commands_under_traffic()
{
	local i n

	n=$(rounds 10 4)
	setup_stations 2
	flood_stations
	for ((i = 0; i < n; i++)); do
		printf 'fdb flush dev vbr0\nfdb replace %s dev vbr0 self static via p2\nlink set dev p2 learning off state 2\n' "$(mac 2)"
		printf 'fdb del %s dev vbr0 self via p2\nlink set dev p2 learning on state 3 hairpin on\n' "$(mac 2)"
		printf 'fdb show\nlink set dev p2 hairpin off isolated on\nfdb flush dev vbr0 brport p1\nlink set dev p2 isolated off\n'
	done | bridge -n "$h" -batch - >/dev/null || fail "a command was refused"
	check_flows "$s2" e0 "afterwards"
}

module_removed_under_traffic()
{
	local i n

	[ "$BRIDGE" = vbridge ] || skip "the module under test is vbridge"
	n=$(rounds 3 2)
	setup_stations 2
	flood_stations
	for ((i = 1; i <= n; i++)); do
		must ip -n "$h" link add vbr1 type vbridge
		must rmmod vbridge
		check_eq "$(links "$h")" "p1 p2" "devices after removal $i"
		check_eq "$(link_attr "$h" p1 promiscuity)" 0 "promiscuity of p1"
		# Loaded again by the kernel, for the kind.
		make_bridge
		loaded vbridge || fail "not loaded by its alias"
		check_flows "$s2" e0 "after it was loaded again"
	done
}

# The last bridge and the module go at the same moment.
module_removed_with_the_last_bridge()
{
	local i deleter

	[ "$BRIDGE" = vbridge ] || skip "the module under test is vbridge"
	setup_ns h
	for ((i = 0; i < 14; i++)); do
		ipb "$h" <<-EOF
			link add p1 up type $PAIR peer name p2
			link add vbr0 up type vbridge
			link set p1 master vbr0
			link set p2 master vbr0
		EOF
		if [ $((i % 2)) -eq 0 ]; then
			ip -n "$h" link del vbr0 2>/dev/null &
		else
			ip -n "$h" link del p1 2>/dev/null &
		fi
		deleter=$!
		must rmmod vbridge
		wait "$deleter"
		loaded vbridge && fail "still loaded in round $i"
		ip -n "$h" link del p1 2>/dev/null
	done
	check_eq "$(links "$h")" "" "devices"
}

alone_without_pairs()
{
	[ "$BRIDGE" = vbridge ] || skip "the module under test is vbridge"
	need_module veth
	unload || die "the modules cannot be removed"
	PAIR=veth
	setup_stations 2
	loaded vveth && fail "vveth is loaded"
	pkt -T "$s1:e0" -R "$s2:e0" -c 10
	check_eq "${PKT[rx0.frames]}" 10 "frames at s2"
}

no_ns()
{
	[ ! -e "/run/netns/$1" ]
}

namespace_ends_under_traffic()
{
	local gone=gone-$$

	setup_ns s1 s2
	must ip netns add "$gone"
	ipb "$gone" <<-EOF
		link add vbr0 up type $BRIDGE
		link add p1 type $PAIR peer name e0 address $(mac 1) netns $s1
		link add p2 type $PAIR peer name e0 address $(mac 2) netns $s2
		link set p1 master vbr0 up
		link set p2 master vbr0 up
	EOF
	set_up "$s1" e0
	set_up "$s2" e0
	flood_stations
	must ip netns del "$gone"
	slowwait 15 no_link "$s1" e0 || fail "the pair of the namespace is still there"
	slowwait 15 no_link "$s2" e0 || fail "the other pair is still there"
}

port_moves_to_another_namespace()
{
	setup_stations 2
	flood_stations
	must ip -n "$h" link set p2 netns "$s1"
	check_eq "$(link_attr "$s1" p2 master)" "" "master of p2 in its new namespace"
	check_eq "$(link_attr "$s1" p2 promiscuity)" 0 "promiscuity there"
	check_eq "$(fdb_count '.* dev p2 ')" 0 "entries of p2"
	check_refused . ip -n "$h" link set vbr0 netns "$s1"
}

# Ports go back and forth between the two bridges, both in use, with all that hangs on the in-tree one loaded.
beside_the_in_tree_bridge()
{
	local i

	need_module bridge br_netfilter
	setup_stations 4
	ipb "$h" <<-EOF
		link add br0 up type bridge
		link set p3 master br0
		link set p4 master br0
	EOF
	wait_up "$h" br0
	flood_stations
	bg "$TOOLS/pkt" -T "$s3:e0" -D 3600 -r "$RATE" -f 8 -s "$(mac 3)"
	check_flows "$s4" e0 "through the in-tree bridge"
	ipb "$h" < <(for i in 1 2 3 4 5 6; do
		printf 'link set p2 master br0\nlink set p4 master vbr0\nlink set p2 mtu 1400\nlink set p4 mtu 1400\n'
		printf 'link set p2 master vbr0\nlink set p4 master br0\nlink set p2 mtu 1500\nlink set p4 mtu 1500\n'
		printf 'link set p1 down\nlink set p1 up\n'
	done)
	check_flows "$s2" e0 "afterwards"
	check_flows "$s4" e0 "through the in-tree bridge afterwards"
	check_eq "$(bridge -n "$h" link show | grep -cE ' p[12].* master vbr0 | p[34].* master br0 ')" 4 "ports at their places"
	bridge -n "$h" fdb show br br0 >/dev/null || fail "the in-tree bridge's dump"
	bridge -n "$h" -d vlan show >/dev/null || fail "the in-tree bridge's VLANs"
}

make_ports()
{
	local i

	echo "link add vbr0 up type $BRIDGE"
	for ((i = 0; i < $1; i++)); do
		echo "link add p$i up type $PAIR peer name e$i netns $s1"
		echo "link set p$i master vbr0"
	done
}

many_ports_at_once()
{
	local i n=$((${VNET_SLOW:-1} > 1 ? 30 : 100))

	setup_ns h s1
	for i in 1 2 3; do
		ipb "$h" < <(make_ports "$n")
		check_eq "$(bridge -n "$h" link show | grep -c 'master vbr0')" "$n" "ports in round $i"
		if [ "$i" -eq 2 ]; then
			must ip -n "$h" link del vbr0
		fi
		ipb "$h" < <(seq -f 'link del p%g' 0 $((n - 1)))
		[ "$i" -eq 2 ] || must ip -n "$h" link del vbr0
	done
	check_eq "$(links "$h")$(links "$s1")" "" "devices"
}

ALL_TESTS="
	bridge_deleted_under_traffic
	port_deleted_under_traffic
	port_taken_out_under_traffic
	commands_under_traffic
	module_removed_under_traffic
	module_removed_with_the_last_bridge
	alone_without_pairs
	namespace_ends_under_traffic
	port_moves_to_another_namespace
	beside_the_in_tree_bridge
	many_ports_at_once
"
run_tests "$@"
