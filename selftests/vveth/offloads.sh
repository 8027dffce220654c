#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What the stack leaves to an end because memory needs none of it: checksums, segmentation of TCP and UDP up to BIG TCP,
# and what happens where it is switched off. A tap at vb sees the frames as they have crossed.
#
#	+------- a -------+     +------- b -------+
#	| va 192.0.2.1/24 +-----+ vb 192.0.2.2/24 |
#	|    2001:db8::1  |     |    2001:db8::2  |
#	+-----------------+     +-----------------+
. "$(dirname "$0")/../lib/lib.sh"

addresses()
{
	printf 'addr add 192.0.2.%s/24 dev %s\naddr add 2001:db8::%s/64 dev %s\n' "$3" "$2" "$3" "$2" | ipb "$1"
}

make_pair()
{
	setup_ns -6 a b
	add_pair "$a" va "$b" vb
	addresses "$a" va 1
	addresses "$b" vb 2
}

offload()
{
	local ns=$1 dev=$2

	shift 2
	must in_ns "$ns" ethtool -K "$dev" "$@"
}

# seen NS DEV CMD...: what a tap at the device sees while the command runs, in PKT.
seen()
{
	local ns=$1 dev=$2 tap

	shift 2
	: >"$CASE_DIR/tap"
	"$TOOLS/pkt" -R "$ns:$dev" -a -c 1000000 >"$CASE_DIR/tap" &
	tap=$!
	defer stop_bg "$tap"
	busywait 2000 grep -q ready "$CASE_DIR/tap" || die "the tap does not start"
	"$@" || fail "$* failed"
	kill "$tap"
	wait "$tap"
	pkt_read "$CASE_DIR/tap"
	grep rx0 "$CASE_DIR/tap"
}

# tcp_seen ADDR: frames at vb of a transfer from a.
tcp_seen()
{
	seen "$b" vb tcp_check "$a" "$b" "$1" "${2:-4000000}"
}

checksums_are_left_open()
{
	make_pair
	tcp_seen 192.0.2.2
	check_ge "${PKT[rx0.partial]}" 10 "frames with an open checksum"
	seen "$b" vb udp_check "$a" "$b" 2001:db8::2
	check_ge "${PKT[rx0.partial]}" 100 "datagrams with an open checksum"
}

# What GRO puts together has an open checksum again, so without it.
checksums_are_made_where_off()
{
	make_pair
	offload "$b" vb gro off
	offload "$a" va tx off
	tcp_seen 192.0.2.2 300000
	check_eq "${PKT[rx0.partial]}" 0 "frames with an open checksum"
	seen "$b" vb udp_check "$a" "$b" 2001:db8::2
	check_eq "${PKT[rx0.partial]}" 0 "datagrams with an open checksum"
	# Where the receiver does not trust the device, it still takes what has crossed memory.
	offload "$b" vb rx off
	tcp_check "$a" "$b" 2001:db8::2 300000 || fail "TCP with checksums off at both ends"
	offload "$a" va tx on
	tcp_check "$a" "$b" 2001:db8::2 300000 || fail "TCP with checksums off at the receiver"
}

# A wrong checksum is found by the receiver, on the ordinary road and behind GRO.
wrong_checksums_are_dropped()
{
	local before after

	need_module sch_netem
	make_pair
	# netem damages one bit of a frame, be it one of 60,000 bytes: many short ones, or none may be hit where TCP looks. TCP
	# makes super-frames whatever the device says of GSO.
	offload "$a" va tx off gso off
	must ip -n "$a" link set va gso_max_segs 1
	must in_ns "$a" tc qdisc add dev va root netem corrupt 10%
	before=$(in_ns "$b" nstat -asz TcpInCsumErrors IpInHdrErrors | awk '/Tcp/ { print $2 }')
	tcp_check "$a" "$b" 192.0.2.2 400000 || fail "TCP with damaged frames"
	after=$(in_ns "$b" nstat -asz TcpInCsumErrors | awk '/Tcp/ { print $2 }')
	check_ge $((after - before)) 1 "wrong checksums that b has found"
}

tso_crosses_whole()
{
	make_pair
	tcp_seen 192.0.2.2
	check_ge "${PKT[rx0.foreignlen]}" 40000 "longest IPv4 frame"
	tcp_seen 2001:db8::2
	check_ge "${PKT[rx0.foreignlen]}" 40000 "longest IPv6 frame"
	# Super-frames count as one.
	check_le "$(link_stat "$a" va tx_packets)" 2500 "frames for 8 MB"
}

# GRO is off at the receiver, or it would put together what the sender took apart.
tso_off_crosses_in_segments()
{
	make_pair
	offload "$b" vb gro off
	offload "$a" va tso off
	tcp_seen 192.0.2.2
	check_eq "${PKT[rx0.foreignlen]}" 1514 "longest frame, TSO off"
	offload "$a" va gso off
	tcp_seen 2001:db8::2
	check_eq "${PKT[rx0.foreignlen]}" 1514 "longest frame, GSO off as well"
}

sg_off_crosses_linear()
{
	make_pair
	offload "$a" va sg off
	offload "$b" vb gro off
	tcp_seen 192.0.2.2
	check_eq "${PKT[rx0.foreignlen]}" 1514 "longest frame without SG, and so without TSO"
}

gso_max_size_is_kept()
{
	make_pair
	ipb "$a" <<< "link set va gso_max_size 20000"
	tcp_seen 192.0.2.2
	check_ge "${PKT[rx0.foreignlen]}" 10000 "longest IPv4 frame"
	check_le "${PKT[rx0.foreignlen]}" 20020 "longest IPv4 frame"
	tcp_seen 2001:db8::2
	check_ge "${PKT[rx0.foreignlen]}" 10000 "longest IPv6 frame"
	check_le "${PKT[rx0.foreignlen]}" 20020 "longest IPv6 frame"
}

gso_max_segs_is_kept()
{
	make_pair
	ipb "$a" <<< "link set va gso_max_segs 4"
	tcp_seen 192.0.2.2
	check_ge "${PKT[rx0.foreignlen]}" 2000 "longest frame"
	check_le "${PKT[rx0.foreignlen]}" $((4 * 1448 + 66)) "longest frame"
}

# tcp_longer ADDR: a transfer has a frame longer than the length field of IP can say. How large they get is the sender's
# choice: not every transfer has one.
tcp_longer()
{
	local i

	for ((i = 0; i < 5; i++)); do
		tcp_seen "$1" 30000000
		[ "${PKT[rx0.foreignlen]}" -lt 66000 ] || break
	done
	check_ge "${PKT[rx0.foreignlen]}" 66000 "longest frame"
}

big_tcp_ipv6()
{
	make_pair
	set_link_number "$a" va IFLA_GSO_MAX_SIZE 185000
	set_link_number "$b" vb IFLA_GRO_MAX_SIZE 185000
	tcp_longer 2001:db8::2
	check_le "${PKT[rx0.foreignlen]}" 185020 "longest frame"
	tcp_check "$b" "$a" 2001:db8::1 3000000 || fail "TCP the other way"
	check_eq "$(lost "$a" va) $(lost "$b" vb)" "0 0" "drops"
}

big_tcp_ipv4()
{
	make_pair
	link_number "$a" va IFLA_GSO_IPV4_MAX_SIZE >/dev/null || skip "the kernel has no BIG TCP for IPv4"
	set_link_number "$a" va IFLA_GSO_MAX_SIZE 185000
	set_link_number "$a" va IFLA_GSO_IPV4_MAX_SIZE 185000
	set_link_number "$b" vb IFLA_GRO_IPV4_MAX_SIZE 185000
	tcp_longer 192.0.2.2
	check_le "${PKT[rx0.foreignlen]}" 185020 "longest frame"
	check_eq "$(lost "$a" va) $(lost "$b" vb)" "0 0" "drops"
}

# Through a router, whose way out has the usual limit: what is longer is taken apart there.
big_tcp_through_a_router()
{
	local dev

	setup_ns -6 a r b
	add_pair "$a" va "$r" ra
	add_pair "$r" rb "$b" vb
	printf '%s\n' "addr add 2001:db8:1::1/64 dev va" "route add default via 2001:db8:1::2" | ipb "$a"
	printf '%s\n' "addr add 2001:db8:1::2/64 dev ra" "addr add 2001:db8:2::2/64 dev rb" | ipb "$r"
	printf '%s\n' "addr add 2001:db8:2::1/64 dev vb" "route add default via 2001:db8:2::2" | ipb "$b"
	must in_ns "$r" sysctl -qw net.ipv6.conf.all.forwarding=1
	set_link_number "$a" va IFLA_GSO_MAX_SIZE 185000
	seen "$b" vb tcp_check "$a" "$b" 2001:db8:2::1 10000000
	check_ge "${PKT[rx0.foreignlen]}" 30000 "longest frame behind the router"
	check_le "${PKT[rx0.foreignlen]}" 65560 "longest frame behind the router"
	for dev in ra rb; do
		check_eq "$(lost "$r" "$dev")" 0 "drops of $dev"
	done
}

# Both ends, and what is put on top of them, may send as long a frame as there is.
tso_max_size_is_inherited()
{
	local most dev

	need_module 8021q macvlan
	make_pair
	most=$(link_number "$a" va IFLA_TSO_MAX_SIZE) || skip "the kernel has no such limit"
	check_ge "$most" 500000 "tso_max_size of va"
	check_eq "$(link_number "$b" vb IFLA_TSO_MAX_SIZE)" "$most" "tso_max_size of vb"
	ipb "$a" <<-EOT
		link add va.7 link va type vlan id 7
		link add mac0 link va type macvlan mode bridge
	EOT
	for dev in va.7 mac0; do
		check_eq "$(link_number "$a" "$dev" IFLA_TSO_MAX_SIZE)" "$most" "tso_max_size of $dev"
	done
	check_refused . ip -n "$a" link set va gso_max_size $((most + 1))
}

udp_gso_crosses_whole()
{
	local addr

	make_pair
	for addr in 192.0.2.2 2001:db8::2; do
		seen "$b" vb udp_check "$a" "$b" "$addr" -l 14000 -g 1400 -n 50
		check_eq "${UDP[reads]} ${UDP[longest]}" "500 1400" "datagrams (number, length) to $addr"
		check_ge "${PKT[rx0.foreignlen]}" 14000 "longest frame to $addr"
	done
	check_le "$(link_stat "$a" va tx_packets)" 200 "frames for 100 sends"
}

udp_gso_off_crosses_in_datagrams()
{
	make_pair
	roomy "$b" vb
	offload "$a" va tx-udp-segmentation off
	seen "$b" vb udp_check "$a" "$b" 192.0.2.2 -l 14000 -g 1400 -n 50
	check_eq "${UDP[reads]}" 500 "datagrams"
	check_eq "${PKT[rx0.foreignlen]}" 1442 "longest frame"
	check_ge "$(link_stat "$a" va tx_packets)" 500 "frames of va"
}

udp_gro_for_a_socket_that_asks()
{
	make_pair
	udp_check "$a" "$b" 2001:db8::2 -l 14000 -g 1400 -n 50 -G || fail "UDP with GSO to GRO"
	check_eq "${UDP[longest]} ${UDP[segment]}" "14000 1400" "longest read, and its datagrams"
	check_eq "${UDP[reads]}" 50 "reads"
}

# roomy NS DEV: its ring takes all frames of a case.
roomy()
{
	[ "$PAIR" = veth ] || must in_ns "$1" ethtool -G "$2" rx 4096
}

make_router()
{
	setup_ns a r b
	add_pair "$a" va "$r" ra
	add_pair "$r" rb "$b" vb
	printf '%s\n' "addr add 198.51.100.1/24 dev va" "route add default via 198.51.100.2" | ipb "$a"
	printf '%s\n' "addr add 198.51.100.2/24 dev ra" "addr add 203.0.113.2/24 dev rb" | ipb "$r"
	printf '%s\n' "addr add 203.0.113.1/24 dev vb" "route add default via 203.0.113.2" | ipb "$b"
	must in_ns "$r" sysctl -qw net.ipv4.ip_forward=1
	roomy "$r" ra
	roomy "$b" vb
	# Of a burst, a neighbour that is still asked for keeps only the last frames.
	ping_ok "$a" 203.0.113.1 || fail "no answer through the router"
}

# A burst of datagrams, one frame each: merged where they come into the router, and sent on as one.
udp_gro_forwarding()
{
	make_router
	offload "$a" va tx-udp-segmentation off
	seen "$b" vb udp_check "$a" "$b" 203.0.113.1 -l 14000 -g 1400 -n 50
	check_eq "${PKT[rx0.foreignlen]}" 1442 "longest frame behind the router, as it is made"
	offload "$r" ra gro on rx-udp-gro-forwarding on
	seen "$b" vb udp_check "$a" "$b" 203.0.113.1 -l 14000 -g 1400 -n 50
	check_eq "${UDP[reads]}" 500 "datagrams"
	check_ge "${PKT[rx0.foreignlen]}" 2800 "longest frame behind the router, with rx-udp-gro-forwarding"
	busywait 2000 all_across "$a" va "$r" ra ||
		fail "frames before they are merged: $(link_stat "$a" va tx_packets) sent, $(link_stat "$r" ra rx_packets) received"
}

# The same as a list of frames, which is taken apart without a copy.
udp_gro_list()
{
	make_router
	offload "$a" va tx-udp-segmentation off
	offload "$r" ra gro on rx-gro-list on
	seen "$b" vb udp_check "$a" "$b" 203.0.113.1 -l 14000 -g 1400 -n 50
	check_eq "${UDP[reads]}" 500 "datagrams"
	check_ge "${PKT[rx0.foreignlen]}" 2800 "longest frame behind the router, with rx-gro-list"
	# What cannot be sent on as a list is sent as single frames.
	offload "$r" rb tx-gso-list off
	udp_check "$a" "$b" 203.0.113.1 -l 14000 -g 1400 -n 50 || fail "UDP with lists off at the way out"
}

ALL_TESTS="
	checksums_are_left_open
	checksums_are_made_where_off
	wrong_checksums_are_dropped
	tso_crosses_whole
	tso_off_crosses_in_segments
	sg_off_crosses_linear
	gso_max_size_is_kept
	gso_max_segs_is_kept
	big_tcp_ipv6
	big_tcp_ipv4
	big_tcp_through_a_router
	tso_max_size_is_inherited
	udp_gso_crosses_whole
	udp_gso_off_crosses_in_datagrams
	udp_gro_for_a_socket_that_asks
	udp_gro_forwarding
	udp_gro_list
"
run_tests "$@"
