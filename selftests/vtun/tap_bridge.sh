#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A vtap's other end as a port of a vbridge: frames go between a program and a pair, or two programs, directly, or by the
# ordinary road where somebody looks.
#
#	program - n0 -- p0 ---+-- vbr0 --+--- v0 ---- v1 (b)
#	                    (a)
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/tap_common.sh"

make_bridge()
{
	need_tap
	setup_ns a b
	must ip -n "$a" link add vbr0 type "$BRIDGE"
	must ip -n "$a" link set vbr0 up
	add_pair "$a" v0 "$b" v1
	must ip -n "$a" link set v0 master vbr0
	must ip -n "$a" link add n0 type vtap peer name p0
	must ip -n "$a" link set p0 master vbr0
	up_both "$a" n0 "$a" p0
	busywait 5000 forward v0 p0 || die "ports that do not forward"
	program "$a" n0 -r
	must ip -n "$b" addr add 192.0.2.1/24 dev v1
	must ip -n "$b" neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v1
}

# forward PORT...: all of them do; a port hears of its link a while after that has come.
forward()
{
	local port

	for port; do
		bridge -n "$a" -j link show dev "$port" | grep -q '"state":"forwarding"' || return
	done
}

# Echoes go back as they are, which no stack would answer: enough to be counted.
echoes()
{
	in_ns "$b" ping -q -c "$1" -i 0.01 -W 1 192.0.2.2 >/dev/null
}

# Each frame once, and none lost: what the pair has sent, less what was before, has come back.
all_back()
{
	check_ge "$(link_stat "$b" v1 rx_packets)" "$1" "frames that came back"
	check_eq "$(link_stat "$a" n0 rx_dropped)$(link_stat "$a" n0 tx_dropped)$(link_stat "$a" p0 rx_dropped)" 000 "drops"
	all_across "$a" n0 "$a" p0 || fail "frames of the program: $(link_stat "$a" n0 tx_packets) sent, \
$(link_stat "$a" p0 rx_packets) received"
	all_across "$a" p0 "$a" n0 || fail "frames to the program: $(link_stat "$a" p0 tx_packets) sent, \
$(link_stat "$a" n0 rx_packets) received"
}

direct_both_ways()
{
	make_bridge
	echoes 20
	check_ge "$(ethtool_stat "$a" p0 direct_tx)" 15 "frames that the bridge has sent directly"
	check_ge "$(ethtool_stat "$a" n0 direct_rx)" 15 "frames that went into the file directly"
	check_ge "$(ethtool_stat "$a" p0 direct_rx)" 15 "frames that the bridge was given directly"
	all_back 15
}

watched()
{
	make_bridge
	bg_ns "$a" tcpdump -n -i "$1" -w "$CASE_DIR/dump" -U
	busywait 5000 test -s "$CASE_DIR/dump" || die "no tcpdump"
	echoes 10
	check_eq "$(ethtool_stat "$a" "$1" direct_rx)" 0 "direct frames while tcpdump looks at $1"
	check_ge "$(ethtool_stat "$a" "$1" ordinary_rx_tap)" 10 "frames on the ordinary road"
	all_back 10
}

port_is_watched()
{
	watched p0
}

node_is_watched()
{
	watched n0
	check_ge "$(tcpdump -r "$CASE_DIR/dump" 2>/dev/null | grep -c 'ICMP echo')" 10 "frames in the dump"
}

filter_at_the_node()
{
	make_bridge
	must tc -n "$a" qdisc add dev n0 clsact
	must tc -n "$a" filter add dev n0 ingress protocol ip prio 1 matchall action drop
	echoes 5
	check_eq "$(link_stat "$b" v1 rx_packets)" 0 "frames that came back past a filter"
	check_ge "$(ethtool_stat "$a" n0 ordinary_rx_tc)" 5 "frames on the ordinary road"
}

tagged_frames()
{
	make_bridge
	must ip -n "$a" link set vbr0 type "$BRIDGE" vlan_filtering 1
	must bridge -n "$a" vlan add dev v0 vid 7
	must bridge -n "$a" vlan add dev p0 vid 7
	must ip -n "$b" link add v1.7 link v1 type vlan id 7
	must ip -n "$b" link set v1.7 up
	must ip -n "$b" addr add 198.51.100.1/24 dev v1.7
	must ip -n "$b" neigh add 198.51.100.2 lladdr 02:00:00:00:00:02 dev v1.7
	in_ns "$b" ping -q -c 10 -i 0.01 -W 1 198.51.100.2 >/dev/null
	check_ge "$(link_stat "$b" v1.7 rx_packets)" 10 "tagged frames that came back"
	all_back 10
}

in_tree_bridge()
{
	need_module bridge
	make_bridge
	must ip -n "$a" link add br1 type bridge
	must ip -n "$a" link set br1 up
	must ip -n "$a" link set v0 master br1
	must ip -n "$a" link set p0 master br1
	busywait 5000 forward v0 p0 || die "ports that do not forward"
	echoes 10
	all_back 10
}

port_goes()
{
	make_bridge
	must bridge -n "$a" fdb add 02:00:00:00:00:77 dev p0
	check_match "$(bridge -n "$a" fdb show brport p0)" '02:00:00:00:00:77 .*master vbr0' "entry"
	must ip -n "$a" link del n0
	check_match "$(bridge -n "$a" fdb show br vbr0)" '^[^7]*$' "entries of the port"
	must ip -n "$a" link del vbr0
}

ALL_TESTS="
	direct_both_ways
	port_is_watched
	node_is_watched
	filter_at_the_node
	tagged_frames
	in_tree_bridge
	port_goes
"
run_tests "$@"
