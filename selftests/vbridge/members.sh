#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Ports that are no devices of the suite, and the stations behind them: each kind of member carries unicast, broadcast,
# TCP and learning both ways, and is left alone when it has been taken out again.
#
#	+----------- h ------------+
#	|          vbr0            |
#	|   p1            member   |
#	+---|----------------|-----+
#	    e0              ...
#	   s1              s2: e0
#
# s1 is a station at a pair of the kind under test, as drawn in common.sh.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# make_host: the host and s1, and the namespace of s2 with nothing in it.
make_host()
{
	setup_stations -6 1
	setup_ns -6 s2
}

# join PORT: makes it a port that forwards.
join()
{
	must ip -n "$h" link set "$1" up
	must ip -n "$h" link set "$1" master vbr0
	busywait 5000 port_forwards "$1" || die "$1 does not come to forward: $(port_attr "$1" state)"
}

# check_frames N WHAT ARGS...: of ten frames N come, once each, in order.
check_frames()
{
	local want=$1 what=$2

	shift 2
	pkt -c 10 -w 300 "$@"
	check_eq "${PKT[rx0.frames]} ${PKT[rx0.dup]} ${PKT[rx0.late]}" "$want 0 0" "frames, doubled and late ones, $what"
}

has_carrier()
{
	[ "$(link_flag "$1" "$2" UP) $(link_flag "$1" "$2" NO-CARRIER)" = "yes no" ]
}

# check_member PORT: all that a member has to do, for s2:e0 behind it.
check_member()
{
	local port=$1

	must ip -n "$s2" link set e0 address "$(mac 2)" up
	# Some, such as vxlan, are never more than running.
	busywait 5000 has_carrier "$s2" e0 || die "e0 does not come up"
	note_drops
	check_frames 10 "broadcast to the member" -T "$s1:e0" -R "$s2:e0" -s "$(mac 1)"
	check_frames 10 "broadcast from it" -T "$s2:e0" -R "$s1:e0" -s "$(mac 2)"
	check_eq "$(fdb_port "$(mac 2)")" "$port" "where s2 was learned"
	check_frames 10 "to the address learned" -T "$s1:e0" -R "$s2:e0" -s "$(mac 1)" -d "$(mac 2)"
	check_frames 10 "from there" -T "$s2:e0" -R "$s1:e0" -s "$(mac 2)" -d "$(mac 1)"
	check_frames 10 "for an unknown address" -T "$s1:e0" -R "$s2:e0" -s "$(mac 1)" -d 02:00:00:00:09:09
	check_frames 10 "from it to the host" -T "$s2:e0" -R "$h:vbr0" -s "$(mac 2)" -d "$(link_attr "$h" vbr0 address)"
	ipb "$s1" <<<"addr add 192.0.2.1/24 dev e0"
	ipb "$s2" <<<"addr add 192.0.2.2/24 dev e0"
	tcp_check "$s1" "$s2" 192.0.2.2 400000 || fail "TCP to the member"
	tcp_check "$s2" "$s1" 192.0.2.1 400000 || fail "TCP from it"
	check_no_drops
	must ip -n "$h" link set "$port" nomaster
	check_frames 0 "behind what is no member any more" -T "$s1:e0" -R "$s2:e0" -s "$(mac 1)"
	check_eq "$(fdb_port "$(mac 2)")" "" "where s2 is afterwards"
	check_eq "$(link_attr "$h" "$port" promiscuity)" 0 "promiscuity afterwards"
}

in_tree_pair()
{
	need_module veth
	make_host
	must ip -n "$h" link add m0 type veth peer name e0 netns "$s2"
	must ip -n "$s2" link set e0 up
	join m0
	check_member m0
}

# taps A_NS A B_NS B: two taps, and two programs between them that hand over frames.
taps()
{
	local a=$CASE_DIR/a b=$CASE_DIR/b how=tun-type=tap,iff-no-pi

	bg_ns "$1" socat "TUN,tun-name=$2,$how" "UNIX-SENDTO:$b,bind=$a"
	bg_ns "$3" socat "TUN,tun-name=$4,$how" "UNIX-SENDTO:$a,bind=$b"
	busywait 5000 test -S "$a" -a -S "$b" || die "socat does not start"
	busywait 5000 has_link "$1" "$2" || die "no tap $2"
	busywait 5000 has_link "$3" "$4" || die "no tap $4"
}

tap()
{
	need_tool socat
	need_module tun
	make_host
	taps "$h" m0 "$s2" e0
	join m0
	check_member m0
}

# two_links MODE: m0, a bond of b0 and b1 in h, whose other ends are l0 and l1 in s2.
two_links()
{
	need_module bonding
	make_host
	ipb "$h" <<-EOF
		link add b0 type $PAIR peer name l0 netns $s2
		link add b1 type $PAIR peer name l1 netns $s2
		link add m0 type bond mode $1 miimon 100
		link set b0 master m0
		link set b1 master m0
	EOF
}

bond()
{
	two_links active-backup
	ipb "$s2" <<-EOF
		link add e0 type bond mode active-backup miimon 100
		link set l0 master e0
		link set l1 master e0
		link set e0 up
	EOF
	join m0
	check_member m0
}

# The other link takes over, and the bridge sees nothing of it.
bond_changes_its_link()
{
	two_links active-backup
	ipb "$s2" <<-EOF
		link add e0 type bond mode active-backup miimon 100
		link set l0 master e0
		link set l1 master e0
		link set e0 address $(mac 2) up
	EOF
	join m0
	wait_up "$s2" e0
	ipb "$s1" <<<"addr add 192.0.2.1/24 dev e0"
	ipb "$s2" <<<"addr add 192.0.2.2/24 dev e0"
	ping_ok "$s1" 192.0.2.2 || fail "no answer at first"
	must ip -n "$h" link set b0 down
	slowwait 10 ping_ok "$s1" 192.0.2.2 || fail "no answer by the other link"
	check_eq "$(fdb_port "$(mac 2)") $(port_attr m0 state)" "m0 forwarding" "where s2 is, the port's state"
}

# Peers know such a bond by the addresses of all its links, and whichever they use, they mean the host.
bond_balances_receivers()
{
	local i

	two_links balance-alb
	must ip -n "$h" addr add 192.0.2.254/24 dev vbr0
	ipb "$s2" <<-EOF
		link set l0 up
		link set l1 up
	EOF
	join m0
	for i in 0 1; do
		wait_up "$h" "b$i"
		note_drops
		pkt -T "$s2:l$i" -R "$h:vbr0" -R "$s1:e0" -c 10 -w 300 -s "$(mac 2)" -d "$(link_attr "$h" "b$i" address)"
		check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "10 0" "frames to the address of link $i, at the host and elsewhere"
		check_no_drops
	done
	# What is for a station goes to the station.
	pkt -T "$s1:e0" -R "$s2:l0" -c 1 -s "$(mac 1)"
	check_frames 10 "to a station" -T "$s2:l0" -R "$s1:e0" -s "$(mac 2)" -d "$(mac 1)"
	# And the host's stack takes it: answers go by either link.
	ipb "$s2" <<-EOF
		addr add 192.0.2.2/24 dev l1
		neigh replace 192.0.2.254 lladdr $(link_attr "$h" b1 address) dev l1
	EOF
	in_ns "$s2" ping -q -c 3 -i 0.2 -W 0.2 192.0.2.254 >"$CASE_DIR/ping" 2>&1
	check_eq "$(echos)" 3 "questions by the second link that the host has seen"
}

# echos: echo requests that the host was sent.
echos()
{
	# shellcheck disable=SC2016 # awk's
	in_ns "$h" awk '/^Icmp: [0-9]/ { print $10 }' /proc/net/snmp
}

# tagged_link [OPTION...]: m0, a VLAN device in h, on one end of a pair whose other end is in s2.
tagged_link()
{
	need_module 8021q
	make_host
	ipb "$h" <<-EOF
		link add x0 up type $PAIR peer name x0 netns $s2
		link add m0 link x0 type vlan id 5 $*
	EOF
	must ip -n "$s2" link set x0 up
}

# vlan_member [OPTION...]: and another at that end.
vlan_member()
{
	tagged_link "$@"
	must ip -n "$s2" link add e0 link x0 type vlan id 5
	join m0
	check_member m0
}

vlan_device()
{
	vlan_member
}

# A VLAN device that leaves its tag in the frames for its own host, and one on such a device.
vlan_device_leaves_tags()
{
	vlan_member reorder_hdr off
}

# Tags of two kinds, as 8021q takes one of its own kind that is there already for the device's own.
vlan_device_on_another()
{
	need_module 8021q
	suite_only "takes such a tag for a part of the frame"
	make_host
	ipb "$h" <<-EOF
		link add x0 up type $PAIR peer name x0 netns $s2
		link add x0.5 up link x0 type vlan proto 802.1ad id 5 reorder_hdr off
		link add m0 link x0.5 type vlan id 7 reorder_hdr ${1:-on}
	EOF
	ipb "$s2" <<-EOF
		link set x0 up
		link add x0.5 up link x0 type vlan proto 802.1ad id 5
		link add e0 link x0.5 type vlan id 7
	EOF
	join m0
	check_member m0
}

vlan_devices_leave_both_tags()
{
	vlan_device_on_another off
}

# And one that is told so, or not any more, when it is a port.
vlan_device_changes()
{
	local how

	tagged_link
	join m0
	for how in on off on off; do
		must ip -n "$h" link set m0 type vlan reorder_hdr "$how"
		check_frames 10 "with reorder_hdr $how" -T "$s2:x0" -R "$s1:e0" -s "$(mac 2)" -v 5
		check_frames 10 "known ones with reorder_hdr $how" -T "$s2:x0" -R "$s1:e0" -s "$(mac 2)" -d "$(mac 1)" -v 5
		check_frames 10 "back" -T "$s1:e0" -R "$s2:x0" -s "$(mac 1)" -d "$(mac 2)" -a
		check_eq "${PKT[rx0.tagged]}" 10 "frames back with a tag"
	done
	check_eq "$(fdb_port "$(mac 2)")" m0 "where s2 was learned"
}

# In passthru mode, for it is to take frames that are not for its own address.
macvlan()
{
	need_module macvlan
	make_host
	ipb "$h" <<-EOF
		link add x0 up type $PAIR peer name e0 netns $s2
		link add m0 link x0 type macvlan mode passthru
	EOF
	must ip -n "$s2" link set e0 up
	join m0
	check_member m0
}

# A wire of its own between the two hosts, VNI 10 on it.
make_vxlan()
{
	need_module vxlan
	make_host
	ipb "$h" <<-EOF
		link add u0 up type $PAIR peer name u0 netns $s2
		addr add 198.51.100.1/24 dev u0
		link add m0 type vxlan id 10 local 198.51.100.1 dstport 4789 $1
	EOF
	ipb "$s2" <<-EOF
		addr add 198.51.100.2/24 dev u0
		link set u0 up
		link add e0 type vxlan id 10 local 198.51.100.2 remote 198.51.100.1 dstport 4789
	EOF
	wait_up "$h" u0
}

vxlan()
{
	make_vxlan 'remote 198.51.100.2'
	join m0
	check_member m0
}

# vtep DEV: an entry of the vxlan device itself, where it leads to.
vtep()
{
	bridge -n "$h" fdb show dev m0 | sed -n "s/^$1 .*dst \([0-9.]*\) .*/\1/p"
}

learned_vtep()
{
	[ "$(vtep "$1")" = "$2" ]
}

# The bridge knows the port, the device knows which host: entries made by hand and entries it learns.
vxlan_remotes()
{
	make_vxlan 'learning'
	setup_ns -6 s3
	ipb "$h" <<-EOF
		link add u1 up type $PAIR peer name u0 netns $s3
		addr add 203.0.113.1/24 dev u1
	EOF
	ipb "$s3" <<-EOF
		addr add 203.0.113.3/24 dev u0
		link set u0 up
		link add e0 address $(mac 3) type vxlan id 10 local 203.0.113.3 remote 198.51.100.1 dstport 4789
		link set e0 up
		route add 198.51.100.0/24 via 203.0.113.1
	EOF
	must ip -n "$s2" link set e0 address "$(mac 2)" up
	wait_up "$h" u1
	join m0
	# The flood list of the device, and an entry of it, are the device's own.
	must bridge -n "$h" fdb append 00:00:00:00:00:00 dev m0 dst 198.51.100.2 self permanent
	must bridge -n "$h" fdb append 00:00:00:00:00:00 dev m0 dst 203.0.113.3 self permanent
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 10 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "10 10" "broadcasts at both hosts"
	must bridge -n "$h" fdb replace "$(mac 3)" dev m0 dst 203.0.113.3 self static
	must bridge -n "$h" fdb replace "$(mac 3)" dev vbr0 self static via m0
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 10 -w 300 -s "$(mac 1)" -d "$(mac 3)"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "0 10" "frames to what was entered by hand"
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
	busywait 2000 learned_vtep "$(mac 2)" 198.51.100.2 || fail "the device has learned: $(vtep "$(mac 2)")"
	check_eq "$(fdb_port "$(mac 2)")" m0 "where the bridge has learned it"
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 10 -w 300 -s "$(mac 1)" -d "$(mac 2)"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "10 0" "frames to what was learned"
	# An address that moves to the other host does so at the device, not at the bridge.
	pkt -T "$s3:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
	busywait 2000 learned_vtep "$(mac 2)" 203.0.113.3 || fail "after the move: $(vtep "$(mac 2)")"
	check_eq "$(fdb_port "$(mac 2)")" m0 "where it is for the bridge"
}

# One bridge with a member of each kind: a broadcast reaches every one, once.
all_at_once()
{
	need_module veth bonding 8021q vxlan dummy
	make_vxlan 'remote 198.51.100.2'
	setup_ns s3 s4 s5
	ipb "$h" <<-EOF
		link add t0 up type veth peer name e0 netns $s3
		link add x0 up type $PAIR peer name x0 netns $s4
		link add x0.5 up link x0 type vlan id 5
		link add l0 type $PAIR peer name e0 netns $s5
		link add bond7 type bond mode balance-rr
		link set l0 master bond7
		link add d0 type dummy
	EOF
	ipb "$s4" <<-EOF
		link set x0 up
		link add e0 link x0 type vlan id 5
	EOF
	local i var
	for i in 2 3 4 5; do
		var=s$i
		must ip -n "${!var}" link set e0 address "$(mac "$i")" up
	done
	for i in m0 t0 x0.5 bond7 d0; do
		join "$i"
	done
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -R "$s4:e0" -R "$s5:e0" -R "$h:vbr0" -c 10 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]} ${PKT[rx2.frames]} ${PKT[rx3.frames]} ${PKT[rx4.frames]}" \
		"10 10 10 10 10" "broadcasts behind vxlan, veth, VLAN, bond, and at the host"
	for i in 2 3 4 5; do
		var=s$i
		pkt -T "${!var}:e0" -R "$s1:e0" -c 5 -s "$(mac "$i")"
		check_eq "${PKT[rx0.frames]}" 5 "broadcasts from s$i"
	done
	check_eq "$(for i in 2 3 4 5; do fdb_port "$(mac "$i")"; done | tr '\n' ' ')" "m0 t0 x0.5 bond7 " "where they are"
	# From one foreign member to another.
	pkt -T "$s3:e0" -R "$s2:e0" -R "$s4:e0" -c 10 -w 300 -s "$(mac 3)" -d "$(mac 4)"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "0 10" "frames from veth to VLAN, at vxlan and VLAN"
}

# Those that carry packets without an Ethernet header, and those that belong to somebody.
refused_members()
{
	need_module ip_gre tun wireguard
	make_host
	ipb "$h" <<-EOF
		link add gre7 type gre local 192.0.2.1 remote 192.0.2.2
		tuntap add tun7 mode tun
		link add wg7 type wireguard
	EOF
	remember
	refused 'only an Ethernet device' ip -n "$h" link set gre7 master vbr0
	refused 'only an Ethernet device' ip -n "$h" link set tun7 master vbr0
	refused 'only an Ethernet device' ip -n "$h" link set wg7 master vbr0
	unchanged
}

speed_is()
{
	in_ns "$h" ethtool vbr0 | grep -q "Speed: $1\$"
}

# Of those that are up, as whoever stands on the bridge is told.
speed_of_the_fastest()
{
	need_tool ethtool
	make_host
	busywait 5000 speed_is 10000Mb/s || fail "with a pair: $(in_ns "$h" ethtool vbr0)"
	must ip -n "$h" link set p1 down
	busywait 5000 speed_is Unknown! || fail "with a pair that is down: $(in_ns "$h" ethtool vbr0)"
}

# A member that is taken away together with its device, from under the bridge.
members_vanish()
{
	need_module veth 8021q macvlan vxlan
	make_host
	ipb "$h" <<-EOF
		link add t0 up type veth peer name e0 netns $s2
		link add x0 up type $PAIR peer name x1
		link set x1 up
		link add x0.5 up link x0 type vlan id 5
		link add mv0 up link x1 type macvlan
		link add vx0 up type vxlan id 10 remote 192.0.2.9 dstport 4789 dev p1
	EOF
	local i
	for i in t0 x0.5 mv0 vx0; do
		must ip -n "$h" link set "$i" master vbr0
	done
	must ip -n "$s2" link del e0
	must ip -n "$h" link del x0
	must ip -n "$h" link del vx0
	check_eq "$(bridge -n "$h" link show | grep -c 'master vbr0')" 1 "members left"
	pkt -T "$s1:e0" -R "$h:vbr0" -c 10 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]}" 10 "frames from the one left"
}

ALL_TESTS="
	in_tree_pair
	tap
	bond
	bond_changes_its_link
	bond_balances_receivers
	vlan_device
	vlan_device_leaves_tags
	vlan_device_on_another
	vlan_devices_leave_both_tags
	vlan_device_changes
	macvlan
	vxlan
	vxlan_remotes
	all_at_once
	refused_members
	members_vanish
	speed_of_the_fastest
"
# They make devices and files of the first namespace when they are loaded.
modprobe -q -a bonding ip_gre
run_tests "$@"
