#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What other devices put on top of an end: tunnels, VLANs, MACs, bonds. Each carries a ping and some megabytes of TCP of
# both families, and the pair below it loses nothing.
# TIMEOUT: 600
#
#	+-------- a --------+     +-------- b --------+
#	|   top (upper)     |     |     (upper) top   |
#	|  198.51.100.1/24  |     |  198.51.100.2/24  |
#	|  2001:db8:1::1/64 |     |  2001:db8:1::2/64 |
#	|         |         |     |         |         |
#	| va 192.0.2.1/24 --+-----+-- vb 192.0.2.2/24 |
#	|    2001:db8::1    |     |     2001:db8::2   |
#	+-------------------+     +-------------------+
. "$(dirname "$0")/../lib/lib.sh"

BYTES=$((3000000 / (${VNET_SLOW:-1} > 1 ? 4 : 1)))

make_pair()
{
	setup_ns -6 a b
	add_pair "$a" va "$b" vb
	printf '%s\n' "addr add 192.0.2.1/24 dev va" "addr add 2001:db8::1/64 dev va" | ipb "$a"
	printf '%s\n' "addr add 192.0.2.2/24 dev vb" "addr add 2001:db8::2/64 dev vb" | ipb "$b"
}

# upper NS NR DEV [COMMAND]...: up, with addresses; the commands of `ip` make it.
upper()
{
	local ns=$1 nr=$2 dev=$3

	shift 3
	printf '%s\n' "$@" "addr add 198.51.100.$nr/24 dev $dev" "addr add 2001:db8:1::$nr/64 dev $dev" "link set $dev up" |
		grep . | ipb "$ns"
}

at_rest()
{
	[ "$(link_stat "$a" va tx_packets tx_bytes)" = "$(link_stat "$b" vb rx_packets rx_bytes)" ] &&
		[ "$(link_stat "$b" vb tx_packets tx_bytes)" = "$(link_stat "$a" va rx_packets rx_bytes)" ]
}

# What was dropped before: protocols that nobody had a use for yet.
note_drops()
{
	DROPS_A=$(lost "$a" va)
	DROPS_B=$(lost "$b" vb)
}
DROPS_A=0 DROPS_B=0

# Both uppers are up. Until each has taken its end, the kernel drops what the other says of itself meanwhile.
joined()
{
	wait_up "$a" top
	wait_up "$b" top
	busywait 3000 at_rest || fail "the pair does not come to rest"
	note_drops
}

check_pair()
{
	busywait 3000 at_rest || fail "va: $(link_stat "$a" va tx_packets tx_bytes rx_packets rx_bytes), vb: $(
		link_stat "$b" vb rx_packets rx_bytes tx_packets tx_bytes)"
	check_eq "$(lost "$a" va) $(link_stat "$a" va tx_errors rx_errors)" "$DROPS_A 0 0" "drops and errors of va"
	check_eq "$(lost "$b" vb) $(link_stat "$b" vb tx_errors rx_errors)" "$DROPS_B 0 0" "drops and errors of vb"
}

# carries [4|6]: both ways between the uppers.
carries()
{
	local family here there

	for family in ${1:-4 6}; do
		case $family in
		4) here=198.51.100.1 there=198.51.100.2 ;;
		6) here=2001:db8:1::1 there=2001:db8:1::2 ;;
		esac
		ping_ok "$a" "$there" || fail "no answer over IPv$family"
		ping_ok "$a" "$there" -s 5000 || fail "no answer to fragments over IPv$family"
		tcp_check "$a" "$b" "$there" "$BYTES" || fail "TCP over IPv$family"
		tcp_check "$b" "$a" "$here" "$BYTES" || fail "TCP over IPv$family, back"
	done
	check_pair
	check_ge "$(bytes_sent)" "$BYTES" "bytes that have crossed"
}

# By the pair, and by the other one of a bond, which may send all by one.
bytes_sent()
{
	local sum

	sum=$(link_stat "$a" va tx_bytes)
	! has_link "$a" wa || sum=$((sum + $(link_stat "$a" wa tx_bytes)))
	echo "$sum"
}

vxlan()
{
	need_module vxlan
	make_pair
	upper "$a" 1 top "link add top type vxlan id 42 dstport 4789 local 192.0.2.1 remote 192.0.2.2 dev va"
	upper "$b" 2 top "link add top type vxlan id 42 dstport 4789 local 192.0.2.2 remote 192.0.2.1 dev vb"
	carries
}

vxlan_over_ipv6()
{
	need_module vxlan
	make_pair
	upper "$a" 1 top "link add top type vxlan id 42 dstport 4789 local 2001:db8::1 remote 2001:db8::2 dev va udp6zerocsumtx"
	upper "$b" 2 top "link add top type vxlan id 42 dstport 4789 local 2001:db8::2 remote 2001:db8::1 dev vb udp6zerocsumrx"
	carries
}

# Super-frames of the inner connection cross the pair as they are, inside the tunnel.
vxlan_crosses_whole()
{
	need_module vxlan
	make_pair
	upper "$a" 1 top "link add top type vxlan id 42 dstport 4789 local 192.0.2.1 remote 192.0.2.2 dev va"
	upper "$b" 2 top "link add top type vxlan id 42 dstport 4789 local 192.0.2.2 remote 192.0.2.1 dev vb"
	tcp_check "$a" "$b" 198.51.100.2 3000000 || fail TCP
	check_le "$(link_stat "$a" va tx_packets)" 1000 "frames for 3 MB"
	must in_ns "$a" ethtool -K va tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off
	carries 4
	check_ge "$(link_stat "$a" va tx_packets)" $((BYTES / 1500)) "frames without segmentation in tunnels"
}

geneve()
{
	need_module geneve
	make_pair
	upper "$a" 1 top "link add top type geneve id 7 remote 192.0.2.2"
	upper "$b" 2 top "link add top type geneve id 7 remote 192.0.2.1"
	carries
}

gre()
{
	need_module ip_gre
	make_pair
	upper "$a" 1 top "link add top type gre local 192.0.2.1 remote 192.0.2.2"
	upper "$b" 2 top "link add top type gre local 192.0.2.2 remote 192.0.2.1"
	carries
}

gretap_with_key_and_checksum()
{
	need_module ip_gre
	make_pair
	upper "$a" 1 top "link add top type gretap local 192.0.2.1 remote 192.0.2.2 key 9 csum"
	upper "$b" 2 top "link add top type gretap local 192.0.2.2 remote 192.0.2.1 key 9 csum"
	carries
}

gre_over_ipv6()
{
	need_module ip6_gre
	make_pair
	upper "$a" 1 top "link add top type ip6gre local 2001:db8::1 remote 2001:db8::2"
	upper "$b" 2 top "link add top type ip6gre local 2001:db8::2 remote 2001:db8::1"
	carries
}

ipip()
{
	need_module ipip
	make_pair
	upper "$a" 1 top "link add top type ipip local 192.0.2.1 remote 192.0.2.2"
	upper "$b" 2 top "link add top type ipip local 192.0.2.2 remote 192.0.2.1"
	carries 4
}

# wg_up NS NR FILE_OWN PEER_KEY PEER_ADDR
wireguard()
{
	local key_a key_b

	need_module wireguard
	need_tool wg
	make_pair
	key_a=$(wg genkey) key_b=$(wg genkey)
	upper "$a" 1 top "link add top type wireguard"
	upper "$b" 2 top "link add top type wireguard"
	in_ns "$a" wg set top private-key <(echo "$key_a") listen-port 1111 peer "$(wg pubkey <<<"$key_b")" \
		endpoint 192.0.2.2:1112 allowed-ips 198.51.100.0/24,2001:db8:1::/64 || die "wg in a"
	in_ns "$b" wg set top private-key <(echo "$key_b") listen-port 1112 peer "$(wg pubkey <<<"$key_a")" \
		endpoint 192.0.2.1:1111 allowed-ips 198.51.100.0/24,2001:db8:1::/64 || die "wg in b"
	carries
}

# macsec_at NS NR DEV OWN_MAC_IS_DEFAULT PEER_MAC
macsec_upper()
{
	local ns=$1 nr=$2 dev=$3 peer=$4 key=01234567890123456789012345678901

	upper "$ns" "$nr" top "link add link $dev top type macsec encrypt on"
	printf '%s\n' "macsec add top tx sa 0 pn 1 on key 00 $key" "macsec add top rx port 1 address $peer" \
		"macsec add top rx port 1 address $peer sa 0 pn 1 on key 00 $key" | ipb "$ns"
}

macsec()
{
	need_module macsec
	make_pair
	macsec_upper "$a" 1 va "$(link_attr "$b" vb address)"
	macsec_upper "$b" 2 vb "$(link_attr "$a" va address)"
	joined
	carries
}

vlan()
{
	need_module 8021q
	make_pair
	upper "$a" 1 top "link add top link va type vlan id 7"
	upper "$b" 2 top "link add top link vb type vlan id 7"
	joined
	carries
}

macvlan()
{
	local mode

	need_module macvlan
	make_pair
	for mode in bridge private vepa; do
		upper "$a" 1 top "link add top link va type macvlan mode $mode"
		upper "$b" 2 top "link add top link vb type macvlan mode $mode"
		carries
		ipb "$a" <<< "link del top"
		ipb "$b" <<< "link del top"
	done
}

# The upper is all the container has; the device below takes what is for any MAC.
macvlan_in_a_namespace()
{
	need_module macvlan
	make_pair
	setup_ns -6 c
	upper "$b" 2 top "link add top link vb type macvlan"
	ipb "$a" <<< "link add top link va netns $c type macvlan mode passthru"
	upper "$c" 1 top ''
	ping_ok "$c" 198.51.100.2 || fail "no answer"
	tcp_check "$c" "$b" 2001:db8:1::2 "$BYTES" || fail "TCP"
	tcp_check "$b" "$c" 198.51.100.1 "$BYTES" || fail "TCP, back"
	check_pair
}

ipvlan()
{
	local mode

	need_module ipvlan
	make_pair
	for mode in l2 l3; do
		upper "$a" 1 top "link add top link va type ipvlan mode $mode"
		upper "$b" 2 top "link add top link vb type ipvlan mode $mode"
		# The third layer's mode leaves IPv6 to the routes of the device below, which has none here.
		if [ "$mode" = l3 ]; then
			carries 4
		else
			carries
		fi
		ipb "$a" <<< "link del top"
		ipb "$b" <<< "link del top"
	done
}

# bonded NS NR MODE DEV...: a bond of ends. Where one is active, it is to be named, for an end goes down while the other is taken
# into its bond, which is when the others would become active.
bonded()
{
	local ns=$1 nr=$2 mode=$3 dev

	shift 3
	printf '%s\n' "link add top type bond mode $mode miimon 20" | ipb "$ns"
	for dev; do
		printf '%s\n' "link set $dev down" "link set $dev master top" "link set $dev up"
	done | ipb "$ns"
	upper "$ns" "$nr" top ''
}

make_two_pairs()
{
	setup_ns -6 a b
	add_pair "$a" va "$b" vb
	add_pair "$a" wa "$b" wb
}

active_is()
{
	[ "$(in_ns "$1" sed -n 's/^Currently Active Slave: //p' /proc/net/bonding/top)" = "$2" ]
}

bond_fails_over()
{
	need_module bonding
	make_two_pairs
	bonded "$a" 1 "active-backup primary va" va wa
	bonded "$b" 2 "active-backup primary vb" vb wb
	busywait 5000 active_is "$a" va || fail "va is not the active end"
	joined
	carries
	ipb "$b" <<< "link set vb down"
	busywait 5000 active_is "$a" wa || die "wa does not take over"
	busywait 5000 active_is "$b" wb || die "wb does not take over"
	tcp_check "$a" "$b" 198.51.100.2 "$BYTES" || fail "TCP after the failure"
	check_ge "$(link_stat "$a" wa tx_bytes)" "$BYTES" "bytes sent through wa"
	# An end that is deleted leaves the bond working.
	ipb "$a" <<< "link del va"
	ping_ok "$a" 198.51.100.2 || fail "no answer without the first pair"
}

# Frames of one connection may take either pair.
bond_round_robin()
{
	need_module bonding
	make_two_pairs
	bonded "$a" 1 balance-rr va wa
	bonded "$b" 2 balance-rr vb wb
	busywait 5000 ping_ok "$a" 198.51.100.2 || fail "no answer"
	joined
	tcp_check "$a" "$b" 198.51.100.2 "$BYTES" || fail "TCP"
	tcp_check "$b" "$a" 2001:db8:1::1 "$BYTES" || fail "TCP over IPv6, back"
	check_ge "$(link_stat "$a" va tx_packets)" 5 "frames sent by va"
	check_ge "$(link_stat "$a" wa tx_packets)" 5 "frames sent by wa"
	check_pair
}

two_ports()
{
	in_ns "$a" grep -q 'Number of ports: 2' /proc/net/bonding/top
}

bond_802_3ad()
{
	need_module bonding
	make_two_pairs
	bonded "$a" 1 "802.3ad lacp_rate fast" va wa
	bonded "$b" 2 "802.3ad lacp_rate fast" vb wb
	slowwait 10 ping_ok "$a" 198.51.100.2 || fail "no answer"
	joined
	carries 4
	slowwait 10 two_ports || fail "the aggregator: $(in_ns "$a" cat /proc/net/bonding/top)"
}

team()
{
	local ns

	need_module team team_mode_roundrobin
	need_tool teamnl
	make_two_pairs
	for ns in "$a" "$b"; do
		ipb "$ns" <<< "link add top type team"
		in_ns "$ns" teamnl top setoption mode roundrobin || die "no mode of the team"
	done
	printf '%s\n' "link set va down" "link set va master top" "link set va up" | ipb "$a"
	printf '%s\n' "link set vb down" "link set vb master top" "link set vb up" | ipb "$b"
	upper "$a" 1 top ''
	upper "$b" 2 top ''
	joined
	carries
}

# A tunnel in a VLAN in a bond.
tunnel_in_a_vlan_in_a_bond()
{
	need_module bonding 8021q vxlan
	make_two_pairs
	bonded "$a" 1 "active-backup primary va" va wa
	bonded "$b" 2 "active-backup primary vb" vb wb
	printf '%s\n' "link add top.9 link top type vlan id 9" "addr add 203.0.113.1/24 dev top.9" "link set top.9 up" \
		"link add tun type vxlan id 1 dstport 4789 local 203.0.113.1 remote 203.0.113.2" \
		"addr add 10.0.0.1/24 dev tun" "link set tun up" | ipb "$a"
	printf '%s\n' "link add top.9 link top type vlan id 9" "addr add 203.0.113.2/24 dev top.9" "link set top.9 up" \
		"link add tun type vxlan id 1 dstport 4789 local 203.0.113.2 remote 203.0.113.1" \
		"addr add 10.0.0.2/24 dev tun" "link set tun up" | ipb "$b"
	busywait 15000 ping_ok "$a" 10.0.0.2 || fail "no answer"
	tcp_check "$a" "$b" 10.0.0.2 "$BYTES" || fail "TCP"
	tcp_check "$b" "$a" 10.0.0.1 "$BYTES" || fail "TCP, back"
	check_pair
}

# How often a head was too small so far.
expansions()
{
	awk '$1 == "vnet_expand" { print $2 }' /sys/kernel/tracing/kprobe_profile
}

end_probe()
{
	echo 0 >/sys/kernel/tracing/events/kprobes/vnet_expand/enable
	echo '-:vnet_expand' >/sys/kernel/tracing/kprobe_events
}

# A frame that a container sends through a bridge into a tunnel has room for the tunnel's header from the start: the bridge
# says what it needs to its end, the end to its peer.
#
#	a -- va ==== pa -- br0 -- tun (in host) -- ua ==== ub -- tun (in b)
headroom_for_a_tunnel_behind_a_bridge()
{
	local before

	need_module bridge vxlan
	[ -e /sys/kernel/tracing/kprobe_events ] || skip "the kernel has no kprobe events"
	setup_ns a host b
	add_pair "$a" va "$host" pa
	add_pair "$host" ua "$b" ub
	printf '%s\n' "addr add 192.0.2.1/24 dev ua" "link add br0 type bridge" "link set br0 up" \
		"link add tun type vxlan id 42 dstport 4789 local 192.0.2.1 remote 192.0.2.2 dev ua" "link set tun up" \
		"link set pa master br0" "link set tun master br0" | ipb "$host"
	printf '%s\n' "addr add 192.0.2.2/24 dev ub" \
		"link add tun type vxlan id 42 dstport 4789 local 192.0.2.2 remote 192.0.2.1 dev ub" \
		"addr add 198.51.100.2/24 dev tun" "link set tun up" | ipb "$b"
	ipb "$a" <<< "addr add 198.51.100.1/24 dev va"
	busywait 5000 ping_ok "$a" 198.51.100.2 || die "no answer"
	echo 'p:vnet_expand pskb_expand_head' >/sys/kernel/tracing/kprobe_events || skip "no probe of pskb_expand_head"
	defer end_probe
	echo 1 >/sys/kernel/tracing/events/kprobes/vnet_expand/enable
	before=$(expansions)
	in_ns "$a" ping -q -c 100 -i 0.002 -s 1000 198.51.100.2 || fail "no answers"
	check_le $(($(expansions) - before)) 40 "heads that were too small, for 100 echoes and answers"
	# What is not needed any more is given back: the room is that of the largest port left.
	ipb "$host" <<< "link del tun"
	ping_ok "$host" 192.0.2.2 || fail "no answer on the other pair"
}

under_openvswitch()
{
	need_module openvswitch
	setup_ns -6 a b host
	add_pair "$a" va "$host" pa
	add_pair "$b" vb "$host" pb
	must "$TOOLS/ovsdp" "$host" dp0 pa pb
	upper "$a" 1 va ''
	upper "$b" 2 vb ''
	ping_ok "$a" 198.51.100.2 || fail "no answer"
	ping_ok "$a" 2001:db8:1::2 || fail "no answer over IPv6"
	tcp_check "$a" "$b" 198.51.100.2 "$BYTES" || fail "TCP"
	tcp_check "$b" "$a" 2001:db8:1::1 "$BYTES" || fail "TCP over IPv6, back"
	check_eq "$(lost "$host" pa)" 0 "drops of pa"
	check_eq "$(lost "$host" pb)" 0 "drops of pb"
	ipb "$host" <<< "link del pa"
	has_link "$host" pb || fail "pb is gone with pa"
}

ALL_TESTS="
	vxlan
	vxlan_over_ipv6
	vxlan_crosses_whole
	geneve
	gre
	gretap_with_key_and_checksum
	gre_over_ipv6
	ipip
	wireguard
	macsec
	vlan
	macvlan
	macvlan_in_a_namespace
	ipvlan
	bond_fails_over
	bond_round_robin
	bond_802_3ad
	team
	tunnel_in_a_vlan_in_a_bond
	headroom_for_a_tunnel_behind_a_bridge
	under_openvswitch
"
# Some make devices in the first namespace when they are loaded, which no case has left behind.
modprobe -q -a bonding ip_gre ip6_gre ipip
run_tests "$@"
