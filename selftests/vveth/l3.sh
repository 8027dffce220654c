#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Pairs in layer 3: packets without neighbours, frames whose addresses do not matter, and what has no business there.
#
#	+-- a --+     +---- r ----+     +-- b --+
#	|  va --+-----+-- vr  wr -+-----+-- wb  |		r, wr and wb where packets are routed; else
#	+-------+  l3 +-----------+  l2 +-------+		va and vb in a and b
. "$(dirname "$0")/../lib/lib.sh"

if [ "$PAIR" != vveth ]; then
	echo "KTAP version 1"
	echo "1..0 # SKIP the in-tree peer has no such mode"
	exit 4
fi

# l3_pair NSA A NSB B [OPTION of A...]
l3_pair()
{
	must ip -n "$1" link add "$2" "${@:5}" type vveth mode l3 peer name "$4" netns "$3"
	up_both "$1" "$2" "$3" "$4"
}

make_l3()
{
	setup_ns a b
	l3_pair "$a" va "$b" vb
}

with_addresses()
{
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
}

mode_is_of_both_ends()
{
	setup_ns a b
	l3_pair "$a" va "$b" vb
	must ip -n "$a" link add v2 type vveth peer name w2
	must ip -n "$a" link add v3 type vveth mode l2 peer name w3
	check_eq "$(ip_attr "$a" va mode) $(ip_attr "$b" vb mode)" "l3 l3" "mode of a pair in layer 3"
	check_eq "$(ip_attr "$a" v2 mode) $(ip_attr "$a" w2 mode)" "l2 l2" "mode of a pair that names none"
	check_eq "$(ip_attr "$a" v3 mode)" l2 "mode of a pair in layer 2"
	check_eq "$(link_flag "$a" va NOARP) $(link_flag "$b" vb NOARP)" "yes yes" "NOARP of va and vb"
	check_eq "$(link_flag "$a" v2 NOARP)" no "NOARP of a pair in layer 2"
	check_refused "fixed when it is made" ip -n "$a" link set va type vveth mode l2
	check_eq "$(ip_attr "$a" va mode)" l3 "mode after a change was refused"
}

# An Ethernet device to whoever asks, with an address that stays.
an_address_for_who_insists()
{
	local mac

	make_l3
	check_eq "$(ip_attr "$a" va link_type)" ether "type of va"
	mac=$(link_attr "$a" va address)
	check_eq "$((0x${mac%%:*} & 3))" 2 "local and unicast bits of $mac"
	check_ne "$mac" "$(link_attr "$b" vb address)" "address of va and of vb"
	ipb "$a" <<-EOT
		link set va down
		link set va name other
		link set other up
	EOT
	check_eq "$(link_attr "$a" other address)" "$mac" "address after a new name"
	must ip -n "$a" link add vc address 02:00:00:00:00:0c type vveth mode l3 peer name vd address 02:00:00:00:00:0d
	check_eq "$(link_attr "$a" vc address) $(link_attr "$a" vd address)" \
		"02:00:00:00:00:0c 02:00:00:00:00:0d" "addresses that were asked for"
	check_refused "multicast or all zero" ip -n "$a" link add ve address 01:00:00:00:00:01 type vveth mode l3
}

# Three echoes are six frames: nobody asks for an address.
ipv4_without_arp()
{
	make_l3
	with_addresses
	ping_ok "$a" 192.0.2.2 || fail "no answer"
	check_eq "$(link_stat "$a" va tx_packets rx_packets)" "3 3" "frames of va"
	check_match "$(ip -n "$a" neigh show 192.0.2.2 nud noarp)" "NOARP" "neighbour"
	check_eq "$(lost "$a" va) $(lost "$b" vb)" "0 0" "frames dropped"
	ping_ok "$a" 192.0.2.255 -b -c 1 || echo "broadcast echoes are ignored"
	check_eq "$(link_stat "$b" vb rx_packets)" 4 "frames vb received, a broadcast among them"
}

ipv6_without_discovery()
{
	local addr

	setup_ns -6 a b
	l3_pair "$a" va "$b" vb
	ipb "$a" <<< "addr add 2001:db8::1/64 dev va"
	ipb "$b" <<< "addr add 2001:db8::2/64 dev vb"
	ping_ok "$a" 2001:db8::2 || fail "no answer"
	busywait 3000 has_link_local || die "vb has no link-local address"
	addr=$(ip -n "$b" -6 -o addr show dev vb scope link)
	[[ $addr =~ inet6\ ([^/ ]*) ]] && addr=${BASH_REMATCH[1]}
	ping_ok "$a" "$addr%va" || fail "no answer of $addr"
	check_eq "$(ip -n "$a" -6 neigh show dev va nud reachable)$(ip -n "$a" -6 neigh show dev va nud stale)" "" \
		"neighbours that were asked for"
}

has_link_local()
{
	[[ $(ip -n "$b" -6 -o addr show dev vb scope link -tentative) == *fe80* ]]
}

# Whatever address a frame names, it is for the end that receives it.
addresses_do_not_matter()
{
	make_l3
	with_addresses
	must ip -n "$a" neigh replace 192.0.2.2 lladdr 02:00:00:00:00:99 dev va nud permanent
	ping_ok "$a" 192.0.2.2 || fail "no answer where the neighbour's address is another"
	must ip -n "$b" link set vb address 02:00:00:00:00:bb
	ping_ok "$a" 192.0.2.2 || fail "no answer where vb's address has changed"
	tcp_check "$a" "$b" 192.0.2.2 300000 || fail "TCP"
}

frames_name_the_receiver()
{
	need_tool nft
	make_l3
	in_ns "$b" nft -f - <<-EOT || skip "no nft netdev family"
		table netdev t {
			chain c {
				type filter hook ingress device vb priority 0
				ether daddr $(link_attr "$b" vb address) counter
			}
		}
	EOT
	defer in_ns "$b" nft delete table netdev t
	pkt -T "$a:va" -R "$b:vb" -c 30 -d 02:00:00:00:00:99
	pkt -T "$a:va" -R "$b:vb" -c 30
	check_eq "${PKT[rx0.unique]}" 30 "frames to the broadcast address"
	check_match "$(in_ns "$b" nft list table netdev t)" 'counter packets 60 bytes' "frames to vb"
}

only_ip_passes()
{
	local type

	make_l3
	for type in 806 88cc 8847; do
		pkt -T "$a:va" -R "$b:vb" -c 10 -p "$type" -w 100
		check_eq "${PKT[rx0.frames]}" 0 "frames of type $type"
	done
	pkt -T "$a:va" -R "$b:vb" -c 10 -v 5 -w 100
	check_eq "${PKT[rx0.frames]}" 0 "frames with a tag"
	check_eq "$(ethtool_stat "$a" va drop_not_ip) $(link_stat "$a" va tx_dropped tx_packets)" "40 40 0" "dropped by va"
	pkt -T "$a:va" -R "$b:vb" -c 10 -p 86dd
	check_eq "${PKT[rx0.unique]}" 10 "frames of type 86dd"
	pkt -T "$a:va" -R "$b:vb" -c 10
	check_eq "${PKT[rx0.unique]}" 10 "frames of type 800"
	check_eq "$(ethtool_stat "$a" va drop_not_ip)" 40 "dropped in the end"
}

# Of frames that the core takes from the qdisc at once, the last one does not pass. Those before it are received all the same,
# though nobody comes after them. They have to be such as GRO looks at: others need nobody to be woken.
last_of_a_burst_is_no_ip()
{
	local slot=$((2 * ${VNET_SLOW:-1}))

	need_tool tc ethtool
	need_module sch_netem
	setup_ns a b
	# The core does that only where a qdisc serves a single queue.
	l3_pair "$a" va "$b" vb numtxqueues 1
	must in_ns "$b" ethtool -K vb gro on rx-udp-gro-forwarding on
	must in_ns "$a" tc qdisc add dev va root netem slot "${slot}s" "${slot}s"
	# By long ones BQL learns that short ones may be taken together.
	pkt -T "$a:va" -R "$b:vb" -c 10 -l 1514 -w $((slot * 2000))
	check_eq "${PKT[rx0.unique]}" 10 "frames of a slot"
	pkt -T "$a:va" -c 1
	pkt -T "$a:va" -c 1 -p 806
	check_eq "$(link_stat "$b" vb rx_packets) $(ethtool_stat "$a" va drop_not_ip)" "10 0" "frames while the qdisc keeps them"
	dropped()
	{
		[ "$(ethtool_stat "$a" va drop_not_ip)" = 1 ]
	}
	received()
	{
		[ "$(link_stat "$b" vb rx_packets)" = 11 ]
	}
	busywait $((slot * 3000)) dropped || fail "the last frame is not dropped"
	busywait 1000 received || fail "the one before it is not received"
}

no_bridge_no_vlan()
{
	make_l3
	need_module bridge
	ipb "$a" <<-EOT
		link add br0 type bridge
		link add vbr0 type vbridge
	EOT
	check_refused "does not allow" ip -n "$a" link set va master br0
	check_refused "does not allow" ip -n "$a" link set va master vbr0
	check_refused "does not allow" ip -n "$a" link add vc master vbr0 type vveth mode l3
	need_module 8021q
	check_refused "VLANs not supported" ip -n "$a" link add link va name va.5 type vlan id 5
	check_eq "$(links "$a")" "br0 va vbr0" "devices"
	check_eq "$(link_attr "$a" va master)" "" "master of va"
}

# Frames come with va's own address, which is no macvlan's; one that has va to itself takes them all, and ipvlan goes by IP.
no_macvlan_but_alone()
{
	local mode

	need_module macvlan
	make_l3
	for mode in bridge private vepa source; do
		check_refused "only mode passthru" ip -n "$a" link add mv link va type macvlan mode "$mode"
	done
	check_eq "$(links "$a")" va "devices after the refusals"
	must ip -n "$a" link add mv link va type macvlan mode passthru
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	ipb "$a" <<-EOT
		addr add 192.0.2.1/24 dev mv
		link set mv arp off up
	EOT
	ping_ok "$a" 192.0.2.2 || fail "no answer through the macvlan"
	must ip -n "$a" link del mv
	need_module ipvlan
	must ip -n "$a" link add iv link va type ipvlan
	must ip -n "$a" link del iv
}

# Super-frames cross as they are; where they are cut before, GRO makes some again.
tcp_in_super_frames()
{
	need_tool ethtool
	setup_ns -6 a b
	l3_pair "$a" va "$b" vb
	with_addresses
	ipb "$a" <<< "addr add 2001:db8::1/64 dev va"
	ipb "$b" <<< "addr add 2001:db8::2/64 dev vb"
	must tcp_check "$a" "$b" 192.0.2.2 3000000
	must tcp_check "$a" "$b" 2001:db8::2 3000000
	check_le "$(link_stat "$a" va tx_packets)" $((6000000 / 1448)) "frames va sent for 6000000 bytes"
	must in_ns "$a" ethtool -K va tso off gso off
	must tcp_check "$a" "$b" 192.0.2.2 3000000
	check_eq "$(lost "$a" va) $(lost "$b" vb)" "0 0" "frames dropped"
}

mtu_of_the_receiver_counts()
{
	make_l3
	must ip -n "$a" link set va mtu 9000
	pkt -T "$a:va" -R "$b:vb" -c 10 -l 1514
	check_eq "${PKT[rx0.unique]}" 10 "frames as long as vb's MTU"
	pkt -T "$a:va" -c 20 -l 1519
	check_eq "$(ethtool_stat "$a" va drop_too_big)" 20 "frames longer than that"
}

routed_between_l3_and_l2()
{
	setup_ns -6 a r b
	l3_pair "$a" va "$r" vr
	add_pair "$r" wr "$b" wb
	ipb "$a" <<-EOT
		addr add 192.0.2.1/32 dev va
		route add default dev va
		addr add 2001:db8:1::1/128 dev va
	EOT
	must ip -n "$a" -6 route add default dev va
	ipb "$r" <<-EOT
		route add 192.0.2.1/32 dev vr
		addr add 203.0.113.1/24 dev wr
		addr add 2001:db8:2::1/64 dev wr
		route add 2001:db8:1::1/128 dev vr
	EOT
	ipb "$b" <<-EOT
		addr add 203.0.113.2/24 dev wb
		route add default via 203.0.113.1
		addr add 2001:db8:2::2/64 dev wb
		route add default via 2001:db8:2::1
	EOT
	in_ns "$r" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ping_ok "$a" 203.0.113.2 || fail "no answer, IPv4"
	ping_ok "$a" 2001:db8:2::2 || fail "no answer, IPv6"
	ping_ok "$b" 192.0.2.1 || fail "no answer, IPv4, the other way"
	tcp_check "$a" "$b" 203.0.113.2 2000000 || fail "TCP over IPv4"
	tcp_check "$b" "$a" 2001:db8:1::1 2000000 || fail "TCP over IPv6"
	check_eq "$(lost "$r" vr) $(lost "$r" wr)" "0 0" "frames the router dropped"
}

moves_and_goes_as_any_pair()
{
	setup_ns a b c
	l3_pair "$a" va "$b" vb
	must ip -n "$b" link set vb netns "$c"
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$c" <<-EOT
		addr add 192.0.2.2/24 dev vb
		link set vb up
	EOT
	wait_up "$a" va
	check_eq "$(ip_attr "$c" vb mode) $(link_flag "$c" vb NOARP)" "l3 yes" "mode after the move"
	ping_ok "$a" 192.0.2.2 || fail "no answer"
	must ip -n "$a" link del va
	busywait 2000 no_links "$c" || fail "vb stays"
}

# What finds the ring full goes back to the queue discipline and is sent again.
waits_where_the_ring_is_full()
{
	need_tool ethtool tc
	make_l3
	must in_ns "$b" ethtool -G vb rx 16
	must tc -n "$a" qdisc replace dev va root pfifo limit 10000
	napi_thread "$b" vb
	pkt_with "taskset 1 chrt -f 1" -T "$a:va" -R "$b:vb" -c 3000 -f 8 -w 2000
	check_eq "${PKT[rx0.late]} ${PKT[rx0.dup]}" "0 0" "frames late, twice"
	check_eq "$((PKT["rx0.frames"] + PKT["rx0.sockdrop"]))" "${PKT[tx.sent]}" "frames come of those sent"
	check_eq "$(link_stat "$a" va tx_dropped)" 0 "frames dropped"
}

ALL_TESTS="
	mode_is_of_both_ends
	an_address_for_who_insists
	ipv4_without_arp
	ipv6_without_discovery
	addresses_do_not_matter
	frames_name_the_receiver
	only_ip_passes
	last_of_a_burst_is_no_ip
	no_bridge_no_vlan
	no_macvlan_but_alone
	tcp_in_super_frames
	mtu_of_the_receiver_counts
	routed_between_l3_and_l2
	moves_and_goes_as_any_pair
	waits_where_the_ring_is_full
"
run_tests "$@"
