#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# VLANs of a port that are tunnels: how they are set and shown, and which tunnel frames go into and come out of; and
# backups that are reached by a nexthop of such a port.
#
#	+----------- h -----------+          +--- r ---+
#	|           vbr0          |          |   e10   |  tunnel 10010
#	|   p1    p2         m0 ~~~~~~~~~~~~~~~  e20   |  tunnel 10020
#	+---|-----|-------- u0 ---+          +-- u0 ---+
#	    e0    e0         |                   |
#	   s1     s2         +-------------------+
#
# m0 is a vxlan device that is told the tunnel with each frame.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

BACKUP_NHID=44w

vlans()
{
	bridge -n "$h" -batch - >"$CASE_DIR/vlans" 2>&1 || die "bridge vlan: $(<"$CASE_DIR/vlans")"
}

# make_tunnels N: N stations, the vxlan device and the host at its other end. Station 1 is in VLAN 10, 2 in 20.
make_tunnels()
{
	need_module vxlan
	setup_stations "$1"
	setup_ns r
	ipb "$h" <<-EOF
		link set vbr0 type $BRIDGE vlan_filtering 1
		link add u0 up type $PAIR peer name u0 netns $r
		addr add 198.51.100.1/24 dev u0
		link add m0 type vxlan external local 198.51.100.1 dstport 4789 nolearning
		link set m0 master vbr0
		link set m0 up
	EOF
	ipb "$r" <<-EOF
		addr add 198.51.100.2/24 dev u0
		link set u0 up
		link add e10 type vxlan id 10010 local 198.51.100.2 remote 198.51.100.1 dstport 4789
		link add e20 type vxlan id 10020 local 198.51.100.2 remote 198.51.100.1 dstport 4789
		link set e10 promisc on up
		link set e20 promisc on up
	EOF
	wait_up "$h" u0
	busywait 5000 port_forwards m0 || die "m0 does not come to forward"
	vlans <<-EOF
		vlan add dev p1 vid 10 pvid untagged
		vlan add dev p2 vid 20 pvid untagged
		vlan del dev m0 vid 1
		link set dev m0 vlan_tunnel on
	EOF
}

# map: both VLANs as tunnels, and where each of them ends.
map()
{
	vlans <<-EOF
		vlan add dev m0 vid 10
		vlan add dev m0 vid 20
		vlan add dev m0 vid 10 tunnel_info id 10010
		vlan add dev m0 vid 20 tunnel_info id 10020
		fdb append 00:00:00:00:00:00 dev m0 dst 198.51.100.2 src_vni 10010 vni 10010 self permanent
		fdb append 00:00:00:00:00:00 dev m0 dst 198.51.100.2 src_vni 10020 vni 10020 self permanent
	EOF
}

# tunnels_of PORT: "10 10010,20-22 10020-10022" as bridge vlan tunnelshow has them.
tunnels_of()
{
	bridge -n "$h" vlan tunnelshow dev "$1" | awk -v dev="$1" '
		NR > 1 { sub("^" dev, ""); if (NF) { $1 = $1; print } }' | paste -sd,
}

tunnels_json()
{
	bridge -n "$h" -j vlan tunnelshow dev "$1"
}

tunnels_are_set_and_shown()
{
	setup_stations 2
	check_eq "$(port_attr p1 vlan_tunnel)" false "vlan_tunnel at first"
	vlans <<-EOF
		link set dev p1 vlan_tunnel on
		vlan add dev p1 vid 10-120
		vlan add dev p1 vid 10 tunnel_info id 10010
		vlan add dev p1 vid 100-109 tunnel_info id 20100-20109
	EOF
	check_eq "$(port_attr p1 vlan_tunnel)" true "vlan_tunnel as set"
	check_eq "$(tunnels_of p1)" "10 10010,100-109 20100-20109" "those of p1"
	check_match "$(tunnels_json p1)" '"vlan":10,.*"tunid":10010\}.*"vlan":100,"vlanEnd":109,"tunid":20100,"tunidEnd":20109' "as JSON"
	check_eq "$(tunnels_of p2)" "" "those of p2"
	# Neighbours join a range, others do not, and what is set again is the same.
	vlans <<-EOF
		vlan add dev p1 vid 11 tunnel_info id 10011
		vlan add dev p1 vid 12 tunnel_info id 10013
		vlan add dev p1 vid 110-112 tunnel_info id 20110-20112
		vlan add dev p1 vid 100-109 tunnel_info id 20100-20109
		vlan del dev p1 vid 104-105 tunnel_info id 20104-20105
	EOF
	check_eq "$(tunnels_of p1)" "10-11 10010-10011,12 10013,100-103 20100-20103,106-112 20106-20112" "after changes"
	# A VLAN that goes takes its tunnel along, and comes back without.
	vlans <<-EOF
		vlan del dev p1 vid 106-112
		vlan add dev p1 vid 106-112
		vlan add dev p1 vid 1 tunnel_info id 16777215
	EOF
	check_eq "$(tunnels_of p1)" "1 16777215,10-11 10010-10011,12 10013,100-103 20100-20103" "without the VLANs that went"
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_default_pvid 5
	check_eq "$(tunnels_of p1)" "10-11 10010-10011,12 10013,100-103 20100-20103" "without the default"
	vlans <<<"link set dev p1 vlan_tunnel off"
	check_eq "$(tunnels_of p1)" "" "when none shall be one"
	vlans <<<"link set dev p1 vlan_tunnel on"
	check_eq "$(tunnels_of p1)" "" "and again"
	vlans <<<"vlan add dev p1 vid 10 tunnel_info id 7"
	must ip -n "$h" link set p1 nomaster
	must ip -n "$h" link set p1 master vbr0
	check_eq "$(tunnels_of p1)$(port_attr p1 vlan_tunnel)" "false" "of a port that was away"
	must ip -n "$h" link set p1 type bridge_slave vlan_tunnel on
	check_eq "$(port_attr p1 vlan_tunnel)" true "by the other tool"
}

many_tunnels()
{
	local i

	setup_stations 1
	vlans <<-EOF
		link set dev p1 vlan_tunnel on
		vlan add dev p1 vid 2-2001
		vlan add dev p1 vid 2-2001 tunnel_info id 16000002-16002001
	EOF
	check_eq "$(tunnels_of p1)" "2-2001 16000002-16002001" "as one range"
	# Every other one away: no range is left, and the messages have room for what there is.
	vlans < <(
		echo "vlan del dev p1 vid 402-2001"
		for ((i = 2; i < 402; i += 2)); do
			echo "vlan del dev p1 vid $i tunnel_info id 1"
		done
	)
	check_eq "$(bridge -n "$h" vlan tunnelshow dev p1 | grep -c '1600[0-9]*[13579] *$')" 200 "one by one"
	vlans <<<"vlan del dev p1 vid 2-4094"
	check_eq "$(tunnels_of p1)" "" "without VLANs"
}

refusals()
{
	setup_stations 2
	vlans <<-EOF
		vlan add dev p1 vid 10-30
		vlan add dev p2 vid 10-30
		vlan add dev vbr0 vid 10 self
		link set dev p1 vlan_tunnel on
		vlan add dev p1 vid 10 tunnel_info id 10010
	EOF
	remember
	refused_all 'vlan add dev ' bridge -n "$h" <<-EOF
		p1 vid 9 tunnel_info id 10009
		p1 vid 25-35 tunnel_info id 10025-10035
		p1 vid 10 tunnel_info id 10011
		p1 vid 11 tunnel_info id 10010
		p1 vid 11-15 tunnel_info id 10008-10012
		p1 vid 12 tunnel_info id 0
		p2 vid 10 tunnel_info id 10010
		vbr0 vid 10 tunnel_info id 10010 self
	EOF
	unchanged
	check_eq "$(tunnels_of p1)" "10 10010" "afterwards"
	check_eq "$(tunnels_of p2)" "" "of a port that has none"
	check_eq "$(bridge -n "$h" -compressvlans vlan show dev p1 | awk 'NR > 2 { print $1 }')" 10-30 "VLANs afterwards"
}

# reached FRAMES... -- ARGS: of five frames from station 1, as many come to e10, e20 and station 2; t: with a tag.
reached()
{
	local want=() got=() i

	while [ "$1" != -- ]; do
		want+=("$1")
		shift
	done
	shift
	pkt -T "$s1:e0" -R "$r:e10" -R "$r:e20" -R "$s2:e0" -c 5 -w 300 -s "$(mac 1)" -a "$@"
	for i in 0 1 2; do
		got+=("${PKT[rx$i.frames]}$([ "${PKT[rx$i.tagged]}" = 0 ] || echo t)")
	done
	check_eq "${got[*]}" "${want[*]}" "frames with $* at both ends of tunnels and at station 2"
}

# came FRAMES... -- DEV ARGS: of five frames sent at r's DEV, as many come to stations 1 and 2 and to the host.
came()
{
	local want=() dev got=() i

	while [ "$1" != -- ]; do
		want+=("$1")
		shift
	done
	dev=$2
	shift 2
	pkt -T "$r:$dev" -R "$s1:e0" -R "$s2:e0" -R "$h:vbr0" -c 5 -w 300 -s 02:00:00:00:02:0a -a "$@"
	for i in 0 1 2; do
		got+=("${PKT[rx$i.frames]}$([ "${PKT[rx$i.tagged]}" = 0 ] || echo t)")
	done
	check_eq "${got[*]}" "${want[*]}" "frames from $dev with $* at both stations and the host"
}

frames_go_into_their_tunnel()
{
	make_tunnels 2
	map
	note_drops
	reached 5 0 0 --
	came 5 0 0 -- e10
	came 0 5 0 -- e20 -s 02:00:00:00:02:14
	check_match "$(bridge -n "$h" fdb get 02:00:00:00:02:0a br vbr0 vlan 10)" "dev m0" "where a station behind a tunnel is"
	check_match "$(bridge -n "$h" fdb get 02:00:00:00:02:14 br vbr0 vlan 20)" "dev m0" "likewise"
	# Known now, and again, when each CPU might remember it.
	must bridge -n "$h" fdb append 02:00:00:00:02:0a dev m0 dst 198.51.100.2 src_vni 10010 vni 10010 self
	reached 5 0 0 -- -d 02:00:00:00:02:0a
	reached 5 0 0 -- -d 02:00:00:00:02:0a
	came 5 0 0 -- e10 -d "$(mac 1)"
	came 5 0 0 -- e10 -d "$(mac 1)"
	check_no_drops
	# The host's own, by a VLAN device.
	must bridge -n "$h" vlan add dev vbr0 vid 20 self
	must ip -n "$h" link add link vbr0 name v20 up type vlan id 20
	pkt -T "$h:v20" -R "$r:e10" -R "$r:e20" -c 5 -w 300 -s "$(mac 9)"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]} ${PKT[rx1.tagged]}" "0 5 0" "the host's frames, and tags of them"
	came 0 5 5t -- e20 -s 02:00:00:00:02:14
}

what_is_no_tunnel()
{
	make_tunnels 2
	map
	must bridge -n "$h" vlan del dev m0 vid 10 tunnel_info id 10010
	reached 0 0 0 --
	note_drops
	came 0 0 0 -- e10
	check_stat drop_vlan $(($(sed -n 's/.*drop_vlan: //p' <<<"$NOTED") + 5)) "frames of no VLAN"
	# A tunnel that says no VLAN is like a frame without a tag.
	must bridge -n "$h" vlan add dev m0 vid 20 pvid
	came 0 5 0 -- e10
	# A VLAN that leaves the port without its tag leaves it without its tunnel.
	must bridge -n "$h" vlan add dev m0 vid 10 tunnel_info id 10010
	must bridge -n "$h" vlan add dev m0 vid 10 untagged
	reached 0 0 0 --
	must bridge -n "$h" vlan add dev m0 vid 10
	reached 5 0 0 --
	# Without filtering there are no VLANs.
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 0
	reached 0 0 5 --
}

# What a service provider's customers have as tags goes through the tunnel with the frame.
tags_of_customers()
{
	make_tunnels 2
	suite_only "takes a frame with any tag for one of no tunnel"
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_protocol 802.1ad
	map
	reached 5 0 0 --
	reached 5t 0 0 -- -v 7
	came 5 0 0 -- e10
	came 5t 0 0 -- e10 -v 7
	check_eq "${PKT[rx0.tpid]}" 8100 "the tag's type"
}

# A device of the suite is no tunnel, but can be told so: the tag stays behind, and frames take the ordinary road.
tunnels_at_a_pair()
{
	setup_stations 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
	vlans <<-EOF
		vlan add dev p1 vid 20
		vlan add dev p2 vid 20
	EOF
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -w 200 -s "$(mac 1)" -v 20 -a
	check_eq "${PKT[rx0.frames]} ${PKT[rx0.tagged]}" "5 5" "frames and tags at first"
	vlans <<-EOF
		link set dev p2 vlan_tunnel on
		vlan add dev p2 vid 20 tunnel_info id 20
	EOF
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)" -v 20 -a
	for i in 1 2; do
		pkt -T "$s1:e0" -R "$s2:e0" -c 5 -w 200 -s "$(mac 1)" -d "$(mac 2)" -v 20 -a
		check_eq "${PKT[rx0.frames]} ${PKT[rx0.tagged]}" "5 0" "frames and tags, time $i"
	done
}

# nhid PORT ID: what the bridge tool at hand is too old to say.
nhid()
{
	"$TOOLS/brtool" -n "$h" port "$1" "$BACKUP_NHID=$2"
}

has_nhid()
{
	nhid p1 1 >/dev/null 2>&1 && nhid p1 0
}

backup_by_nexthop()
{
	make_tunnels 2
	if ! has_nhid; then
		refused 'cannot name the nexthop' nhid p2 10
		must nhid p2 0
		return
	fi
	map
	vlans <<<"vlan add dev p2 vid 10"
	ipb "$h" <<-EOF
		nexthop add id 1 via 198.51.100.2 fdb
		nexthop add id 10 group 1 fdb
	EOF
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)" -v 10 -a
	must bridge -n "$h" link set dev p2 backup_port m0
	reached 0 0 5t -- -d "$(mac 2)"
	must ip -n "$s2" link set e0 down
	busywait 2000 port_is p2 disabled || fail "the port is $(port_attr p2 state)"
	# The vxlan device knows no such address, so the frames go where all go.
	reached 5 0 0 -- -d "$(mac 2)"
	must bridge -n "$h" fdb del 00:00:00:00:00:00 dev m0 dst 198.51.100.2 src_vni 10010 vni 10010 self
	reached 0 0 0 -- -d "$(mac 2)"
	must nhid p2 10
	reached 5 0 0 -- -d "$(mac 2)"
	# One that is not there is not reached; nor is any that the port does not name.
	must nhid p2 11
	reached 0 0 0 -- -d "$(mac 2)"
	must nhid p2 10
	must bridge -n "$h" vlan del dev m0 vid 10 tunnel_info id 10010
	reached 0 0 0 -- -d "$(mac 2)"
	must bridge -n "$h" vlan add dev m0 vid 10 tunnel_info id 10010
	reached 5 0 0 -- -d "$(mac 2)"
	must nhid p2 0
	reached 0 0 0 -- -d "$(mac 2)"
	must nhid p2 10
	must ip -n "$s2" link set e0 up
	busywait 2000 port_is p2 forwarding || fail "the port is $(port_attr p2 state)"
	reached 0 0 5t -- -d "$(mac 2)"
}

port_is()
{
	[ "$(port_attr "$1" state)" = "$2" ]
}

changes_under_traffic()
{
	local i n pids=()

	n=$(rounds 2 1)
	make_tunnels 2
	map
	has_nhid && ipb "$h" <<-EOF
		nexthop add id 1 via 198.51.100.2 fdb
		nexthop add id 10 group 1 fdb
	EOF
	pkt -T "$s2:e0" -R "$r:e20" -c 1 -s "$(mac 2)"
	must bridge -n "$h" vlan add dev p2 vid 10
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)" -v 10 -a
	bg "$TOOLS/pkt" -T "$s1:e0" -D 120 -s "$(mac 1)" -r 2000 >"$CASE_DIR/sender.1"
	pids+=("$BG_PID")
	bg "$TOOLS/pkt" -T "$r:e10" -D 120 -s 02:00:00:00:02:0a -r 2000 >"$CASE_DIR/sender.2"
	pids+=("$BG_PID")
	bg "$TOOLS/pkt" -T "$s1:e0" -D 120 -s "$(mac 3)" -d "$(mac 2)" -r 2000 >"$CASE_DIR/sender.3"
	pids+=("$BG_PID")
	for ((i = 1; i <= n; i++)); do
		must bridge -n "$h" link set dev p2 backup_port m0
		! has_nhid || must nhid p2 10
		must ip -n "$s2" link set e0 down
		vlans <<-EOF
			vlan del dev m0 vid 10 tunnel_info id 10010
			vlan add dev m0 vid 10 tunnel_info id 10020$i
			vlan del dev m0 vid 10
			vlan add dev m0 vid 2-200
			vlan add dev m0 vid 2-9 tunnel_info id 2-9
			vlan add dev m0 vid 10 tunnel_info id 10010
			vlan del dev m0 vid 2-200
			link set dev m0 vlan_tunnel off
			link set dev p2 vlan_tunnel on
			link set dev m0 vlan_tunnel on
			vlan add dev m0 vid 10
			vlan add dev m0 vid 10 tunnel_info id 10010
			link set dev p2 vlan_tunnel off
		EOF
		must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 0
		must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
		must ip -n "$s2" link set e0 up
		must ip -n "$h" link set m0 nomaster
		must ip -n "$h" link set m0 master vbr0
		vlans <<-EOF
			link set dev m0 vlan_tunnel on
			vlan add dev m0 vid 10
			vlan add dev m0 vid 10 tunnel_info id 10010
		EOF
	done
	for i in "${pids[@]}"; do
		stop_bg "$i"
	done
	busywait 5000 port_is p2 forwarding || fail "the port is $(port_attr p2 state)"
	reached 5 0 5t --
}

ALL_TESTS="
	tunnels_are_set_and_shown
	many_tunnels
	refusals
	frames_go_into_their_tunnel
	what_is_no_tunnel
	tags_of_customers
	tunnels_at_a_pair
	backup_by_nexthop
	changes_under_traffic
"
run_tests "$@"
