#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# VLAN tags, 802.1Q and 802.1ad: beside the frame where an end may put them there, in the frame where it may not; one in
# the other; and VLAN devices on top of an end.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"

make_pair()
{
	need_module 8021q
	setup_ns -6 a b
	add_pair "$a" va "$b" vb
}

# uppers PROTOCOL: a VLAN device on each end, with addresses.
uppers()
{
	local ns dev nr

	while read -r ns dev nr; do
		printf '%s\n' "link add top link $dev type vlan protocol $1 id 7" "addr add 198.51.100.$nr/24 dev top" \
			"addr add 2001:db8::$nr/64 dev top" "link set top up" | ipb "$ns"
	done <<-EOT
		$a va 1
		$b vb 2
	EOT
}

check_carries()
{
	local what=$1

	ping_ok "$a" 198.51.100.2 || fail "$what: no answer"
	ping_ok "$a" 2001:db8::2 || fail "$what: no answer over IPv6"
	tcp_check "$a" "$b" 198.51.100.2 1000000 || fail "$what: TCP"
	tcp_check "$b" "$a" 2001:db8::1 1000000 || fail "$what: TCP back, over IPv6"
	check_eq "$(lost "$a" va) $(lost "$b" vb)" "0 0" "$what: drops"
}

# tags PROTOCOL TPID FEATURE: ten frames of 100 bytes through the VLAN device, tapped at the other end. A tag that is in
# the frame counts for its length; the receiver's stack takes it out in any case.
tags()
{
	local before

	make_pair
	ipb "$a" <<< "link add top link va type vlan protocol $1 id 7"
	set_up "$a" top
	# IPv6 and such have said what they had to say.
	must in_ns "$a" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	busywait 2000 is_quiet || die "va is never quiet"
	before=$(link_stat "$a" va tx_bytes)
	pkt -T "$a:top" -R "$b:vb" -c 10 -l 100 -a
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.tagged]} ${PKT[rx0.tpid]}" "10 10 $2" "frames, tagged ones, and how"
	check_eq $(($(link_stat "$a" va tx_bytes) - before)) 1000 "bytes sent with the tag beside the frame"
	must in_ns "$a" ethtool -K va "$3" off
	before=$(link_stat "$a" va tx_bytes)
	pkt -T "$a:top" -R "$b:vb" -c 10 -l 100 -a
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.tagged]} ${PKT[rx0.tpid]}" "10 10 $2" "frames, tagged ones, and how, with $3 off"
	check_eq $(($(link_stat "$a" va tx_bytes) - before)) 1040 "bytes sent with the tag in the frame"
	# Neither end counts otherwise than the other.
	check_eq "$(link_stat "$b" vb rx_packets rx_bytes)" "$(link_stat "$a" va tx_packets tx_bytes)" "what vb has received"
}

is_quiet()
{
	local before

	before=$(link_stat "$a" va tx_packets)
	nap 0.1
	[ "$(link_stat "$a" va tx_packets)" = "$before" ]
}

tags_802_1q()
{
	tags 802.1q 8100 txvlan
}

tags_802_1ad()
{
	tags 802.1ad 88a8 tx-vlan-stag-hw-insert
}

uppers_802_1q()
{
	make_pair
	uppers 802.1q
	check_carries "as made"
	must in_ns "$a" ethtool -K va txvlan off
	check_carries "va without insertion"
	must in_ns "$b" ethtool -K vb rxvlan off
	check_carries "vb without reception"
	must in_ns "$a" ethtool -K va txvlan on tso off gso off tx off sg off
	check_carries "va with nothing but insertion"
}

uppers_802_1ad()
{
	make_pair
	uppers 802.1ad
	check_carries "as made"
	must in_ns "$a" ethtool -K va tx-vlan-stag-hw-insert off
	check_carries "va without insertion"
	must in_ns "$b" ethtool -K vb rx-vlan-stag-hw-parse off
	check_carries "vb without reception"
}

# both_ends LINE: one line of ip's for either namespace; DEV and NR in it stand for the end's name and number.
both_ends()
{
	local line=${1//DEV/va}

	ipb "$a" <<<"${line//NR/1}"
	line=${1//DEV/vb}
	ipb "$b" <<<"${line//NR/2}"
}

# The customer's tag in the provider's.
one_in_the_other()
{
	make_pair
	# All are there before one says anything: a frame for a VLAN that is not is dropped.
	both_ends "link add outer link DEV type vlan protocol 802.1ad id 10"
	# With both tags within it, a frame is four bytes longer than any device lets pass, be it veth or this.
	both_ends "link add top link outer mtu 1496 type vlan protocol 802.1q id 20"
	both_ends "addr add 198.51.100.NR/24 dev top"
	both_ends "addr add 2001:db8::NR/64 dev top"
	both_ends "link set outer up"
	both_ends "link set top up"
	check_carries "as made"
	must in_ns "$a" ethtool -K va tx-vlan-stag-hw-insert off txvlan off
	check_carries "va without insertion"
	must in_ns "$b" ethtool -K vb gro off
	check_carries "vb without GRO"
	# Another inner VLAN in the same outer one is somebody else's.
	printf '%s\n' "link set top down" "link del top" "link add top link outer type vlan protocol 802.1q id 21" \
		"addr add 198.51.100.2/24 dev top" "link set top up" | ipb "$b"
	ping_ok "$a" 198.51.100.2 -W 0.2 && fail "an answer from another VLAN"
}

# What nobody has asked for reaches no VLAN device, and the end itself takes it for nobody.
foreign_vlans_reach_nobody()
{
	make_pair
	uppers 802.1q
	pkt -T "$a:va" -R "$b:top" -c 10 -l 100 -v 7 -a
	check_eq "${PKT[rx0.unique]}" 10 "frames of the VLAN, its tag in the frame"
	pkt -T "$a:va" -R "$b:top" -c 10 -l 100 -v 8 -w 100
	check_eq "${PKT[rx0.unique]}" 0 "frames of another"
}

# The longest frame there is for an MTU: the tag comes on top.
full_frames_with_a_tag()
{
	make_pair
	uppers 802.1q
	must in_ns "$a" ethtool -K va txvlan off
	ping_ok "$a" 198.51.100.2 -s 1472 -M 'do' || fail "no answer to 1500 bytes in the VLAN"
	ping_ok "$a" 198.51.100.2 -s 1473 -M 'do' && fail "an answer to 1501 bytes"
	check_eq "$(link_stat "$a" va tx_dropped)" 0 "drops"
}

# A bridge on top that filters by VLAN, between two pairs.
under_a_filtering_bridge()
{
	need_module bridge 8021q
	setup_ns -6 a b host
	add_pair "$a" va "$host" pa
	add_pair "$b" vb "$host" pb
	printf '%s\n' "link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0" "link set br0 up" \
		"link set pa master br0" "link set pb master br0" | ipb "$host"
	uppers 802.1q
	ping_ok "$a" 198.51.100.2 -W 0.2 && fail "an answer through a bridge that has no such VLAN"
	must in_ns "$host" bridge vlan add vid 7 dev pa
	must in_ns "$host" bridge vlan add vid 7 dev pb
	busywait 3000 ping_ok "$a" 198.51.100.2 || die "no answer"
	check_carries "through the bridge"
	# One side without a tag.
	must in_ns "$host" bridge vlan add vid 7 dev pb pvid untagged
	printf '%s\n' "link del top" "addr add 198.51.100.2/24 dev vb" "addr add 2001:db8::2/64 dev vb" | ipb "$b"
	check_carries "through the bridge, untagged at one side"
}

ALL_TESTS="
	tags_802_1q
	tags_802_1ad
	uppers_802_1q
	uppers_802_1ad
	one_in_the_other
	foreign_vlans_reach_nobody
	full_frames_with_a_tag
	under_a_filtering_bridge
"
run_tests "$@"
