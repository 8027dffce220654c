#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# VLANs: which frames get in, where they go and with what tag, and how they are set, shown and counted. Every frame is sent
# on the direct road and on the ordinary one. The topology is drawn in common.sh.
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# make_vlans N: as setup_stations, with VLANs.
make_vlans()
{
	setup_stations "$1"
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
}

vlans()
{
	bridge -n "$h" -batch - >"$CASE_DIR/vlans" 2>&1 || die "bridge vlan: $(<"$CASE_DIR/vlans")"
}

# vlans_of DEV: "1 PVID Egress Untagged,7,10-12" as bridge vlan show has them.
vlans_of()
{
	bridge -n "$h" -compressvlans vlan show dev "$1" | awk -v dev="$1" '
		NR > 1 { sub("^" dev, ""); sub(/^[ \t]+/, ""); sub(/[ \t]+$/, ""); if ($0 != "") print }' | paste -sd,
}

# on_both_roads CMD...: with nobody looking, and with a socket that looks at the ports, so that no frame goes directly.
on_both_roads()
{
	ROAD=direct
	"$@"
	ROAD=ordinary
	bg_ns "$h" tcpdump -i any -w /dev/null >"$CASE_DIR/tcpdump" 2>&1
	busywait 5000 grep -q 'listening on' "$CASE_DIR/tcpdump" || die "tcpdump does not start"
	"$@"
}

# heard FRAMES... [-- ARGS]: of five frames from station 1, as many reach the stations from 2 on, and the host at last.
# A number followed by t means that they bear a tag there.
heard()
{
	local want=() got=() i receivers=() station

	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		want+=("$1")
		shift
	done
	shift
	for ((i = 2; i <= ${#want[@]}; i++)); do
		station=s$i
		receivers+=(-R "${!station}:e0")
	done
	pkt -T "$s1:e0" "${receivers[@]}" -R "$h:vbr0" -c 5 -w 200 -s "$(mac 1)" -a "$@"
	for ((i = 0; i < ${#want[@]}; i++)); do
		station=${PKT[rx$i.frames]}
		[ "${PKT[rx$i.tagged]}" = 0 ] || station+=t
		got+=("$station")
	done
	check_eq "${got[*]}" "${want[*]}" "$ROAD road, frames with $* at the stations and the host"
}

# Station 1 in VLAN 1 untagged and in 7 with a tag, 2 in 7 untagged, 3 in 1 untagged and 7 tagged, 4 in 8, the host in 1.
four_stations()
{
	make_vlans 4
	vlans <<-EOF
		vlan add dev p1 vid 7
		vlan add dev p2 vid 7 pvid untagged
		vlan del dev p2 vid 1
		vlan add dev p3 vid 7
		vlan add dev p4 vid 8 pvid untagged
		vlan del dev p4 vid 1
	EOF
}

broadcasts_of_all()
{
	heard 0 5 0 5 --
	heard 5 5t 0 0 -- -v 7
	heard 0 0 0 0 -- -v 8
	heard 0 0 0 0 -- -v 9
	# A tag that names no VLAN bears a priority.
	heard 0 5 0 5 -- -v 0xe000
}

broadcasts_stay_in_their_vlan()
{
	four_stations
	on_both_roads broadcasts_of_all
	check_stat drop_vlan 20 "frames in VLANs that p1 is not in"
}

# Known addresses, which frames of other VLANs do not find.
unicast_of_all()
{
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
	pkt -T "$s3:e0" -R "$s1:e0" -c 1 -s "$(mac 3)"
	pkt -T "$s3:e0" -R "$s1:e0" -c 1 -s "$(mac 3)" -v 7
	heard 5 0 0 0 -- -d "$(mac 2)" -v 7
	heard 0 5 0 0 -- -d "$(mac 3)"
	heard 0 5t 0 0 -- -d "$(mac 3)" -v 7
	# Unknown in VLAN 1: a flood, to members only.
	heard 0 5 0 0 -- -d "$(mac 2)"
}

unicast_stays_in_its_vlan()
{
	four_stations
	must ip -n "$s3" link set e0 promisc on
	on_both_roads unicast_of_all
	check_eq "$(bridge -n "$h" fdb show brport p3 2>/dev/null | grep -c "$(mac 3) .*vlan [17] ")" 2 "entries of station 3"
	check_match "$(bridge -n "$h" fdb get "$(mac 2)" br vbr0 vlan 7)" ' dev p2 ' "where it is in VLAN 7"
	fdb_gone "$(mac 2)" || fail "an entry without a VLAN"
}

learning_is_by_vlan()
{
	make_vlans 2
	vlans <<-EOF
		vlan add dev p1 vid 7
		vlan add dev p2 vid 7
	EOF
	pkt -T "$s1:e0" -R "$s2:e0" -c 1 -s 02:00:00:00:09:09
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s 02:00:00:00:09:09 -v 7
	check_match "$(bridge -n "$h" fdb get 02:00:00:00:09:09 br vbr0 vlan 1)" ' dev p1 ' "in VLAN 1"
	check_match "$(bridge -n "$h" fdb get 02:00:00:00:09:09 br vbr0 vlan 7)" ' dev p2 ' "in VLAN 7"
	check_stat fdb_moved 0 "moves"
	# Leaving a VLAN is forgetting who was there, and nobody else.
	vlans <<<"vlan del dev p2 vid 7"
	bridge -n "$h" fdb get 02:00:00:00:09:09 br vbr0 vlan 7 >/dev/null 2>&1
	check_fail $? "the entry in the VLAN that was left"
	check_match "$(bridge -n "$h" fdb get 02:00:00:00:09:09 br vbr0 vlan 1)" ' dev p1 ' "in VLAN 1 still"
	pkt -T "$s2:e0" -c 5 -s 02:00:00:00:09:0a -v 7
	bridge -n "$h" fdb get 02:00:00:00:09:0a br vbr0 vlan 7 >/dev/null 2>&1
	check_fail $? "an address learned from a frame that may not come in"
}

# An entry without a VLAN counts in all in which the address has none of its own.
entries_without_a_vlan()
{
	local who=02:00:00:00:09:09

	suite_only "makes an entry for each VLAN"
	four_stations
	ROAD=direct
	must bridge -n "$h" fdb add "$who" dev vbr0 self static via p3
	heard 0 5 0 0 -- -d "$who"
	heard 0 5t 0 0 -- -d "$who" -v 7
	must bridge -n "$h" fdb add "$who" dev vbr0 self static via p2 vlan 7
	heard 5 0 0 0 -- -d "$who" -v 7
	heard 0 5 0 0 -- -d "$who"
	refused 'not in this VLAN' bridge -n "$h" fdb add "$who" dev vbr0 self static via p2 vlan 9
	refused 'not in this VLAN' bridge -n "$h" fdb add "$who" dev vbr0 self local vlan 9
	must bridge -n "$h" fdb del "$who" dev vbr0 self
	bridge -n "$h" fdb get "$who" br vbr0 vlan 7 >/dev/null 2>&1
	check_fail $? "the entry in VLAN 7 after a deletion without a VLAN"
	# The host's own address is everywhere, but the host is not.
	heard 0 0 0 5 -- -d "$(link_attr "$h" vbr0 address)"
	heard 0 0 0 0 -- -d "$(link_attr "$h" vbr0 address)" -v 7
	check_stat own_source 0 "frames from the bridge's own address"
}

# host_has ADDRESS WHAT: of five frames from station 2 to the host's new address, none goes to station 1, where that was learned.
host_has()
{
	local before

	before=$(link_stat "$h" vbr0 rx_packets)
	pkt -T "$s2:e0" -R "$s1:e0" -c 5 -w 200 -s "$(mac 2)" -d "$1"
	check_eq "${PKT[rx0.frames]} $(($(link_stat "$h" vbr0 rx_packets) - before))" "0 5" "frames to $2, at station 1 and at the host"
}

# An address that becomes the host's is its own in all VLANs, whoever has used it there before.
addresses_become_the_hosts()
{
	make_vlans 2
	pkt -T "$s1:e0" -R "$s2:e0" -c 1 -s 02:00:00:00:09:0b
	pkt -T "$s1:e0" -R "$s2:e0" -c 1 -s 02:00:00:00:09:0c
	must ip -n "$h" link set vbr0 address 02:00:00:00:09:0b
	host_has 02:00:00:00:09:0b "the bridge's address"
	must ip -n "$h" link set p2 address 02:00:00:00:09:0c
	host_has 02:00:00:00:09:0c "a port's address"
	# Nor does anybody get it back by sending.
	pkt -T "$s1:e0" -R "$s2:e0" -c 1 -w 200 -s 02:00:00:00:09:0b
	host_has 02:00:00:00:09:0b "the bridge's address, again"
}

the_host_is_in_vlans_itself()
{
	local mac

	need_module 8021q
	four_stations
	mac=$(link_attr "$h" vbr0 address)
	vlans <<<"vlan add dev vbr0 vid 7 self"
	check_eq "$(vlans_of vbr0)" "1 PVID Egress Untagged,7" "VLANs of the bridge"
	ROAD=ordinary
	heard 0 0 0 5t -- -d "$mac" -v 7
	ipb "$h" <<-EOF
		link add vbr0.7 up link vbr0 type vlan id 7
		addr add 192.0.2.254/24 dev vbr0.7
		addr add 198.51.100.254/24 dev vbr0
	EOF
	ipb "$s2" <<<"addr add 192.0.2.2/24 dev e0"
	ipb "$s3" <<<"addr add 198.51.100.3/24 dev e0"
	ping_ok "$s2" 192.0.2.254 || fail "a station in VLAN 7 to the VLAN device on the bridge"
	ping_ok "$h" 198.51.100.3 || fail "the host to a station in VLAN 1"
	tcp_check "$s2" "$h" 192.0.2.254 2000000 || fail "TCP from VLAN 7 to the host"
	tcp_check "$h" "$s2" 192.0.2.2 2000000 || fail "TCP from the host to VLAN 7"
	vlans <<<"vlan del dev vbr0 vid 7 self"
	! ping_ok "$s2" 192.0.2.254 || fail "an answer from a VLAN that the host has left"
	vlans <<<"vlan del dev vbr0 vid 1 self"
	! ping_ok "$h" 198.51.100.3 || fail "an answer without a pvid"
	# Who listens to everything hears other VLANs as well.
	must ip -n "$h" link set vbr0 promisc on
	heard 5 5t 0 5t -- -v 7
}

has_carrier()
{
	[ "$(link_flag "$h" "$1" LOWER_UP)" = "$2" ]
}

# follows YES|NO WHAT CMD...: CMD gives the bound device its carrier, or takes it.
follows()
{
	must "${@:3}"
	busywait 3000 has_carrier v10 "$1" || fail "carrier of the bound device, $1 wanted, $2"
}

# Bound to the bridge, a VLAN device has carrier while a port in its VLAN has.
vlan_devices_follow_their_ports()
{
	need_module 8021q
	make_vlans 2
	vlans <<-EOF
		vlan add dev vbr0 vid 10 self
		vlan add dev p1 vid 10
	EOF
	ipb "$h" <<-EOF
		link add link vbr0 name v10 type vlan id 10 bridge_binding on
		link add link vbr0 name v11 up type vlan id 11
	EOF
	follows yes "with a port" ip -n "$h" link set v10 up
	follows no "with the port's link down" ip -n "$s1" link set e0 down
	follows yes "with another port" bridge -n "$h" vlan add dev p2 vid 10
	follows no "with that out of the VLAN" bridge -n "$h" vlan del dev p2 vid 10
	follows yes "with the first one's link up" ip -n "$s1" link set e0 up
	follows no "with the bridge down" ip -n "$h" link set vbr0 down
	follows yes "with the bridge up" ip -n "$h" link set vbr0 up
	follows no "with the port gone" ip -n "$h" link set p1 nomaster
	check_eq "$(link_flag "$h" v11 LOWER_UP)" yes "carrier of a device that is not bound"
	follows no "with the port back, not in the VLAN" ip -n "$h" link set p1 master vbr0
	follows yes "with the port in the VLAN" bridge -n "$h" vlan add dev p1 vid 10
	[ "$BRIDGE" = vbridge ] || return 0
	must bridge -n "$h" vlan del dev p1 vid 10
	follows yes "when it is not bound any more" ip -n "$h" link set v10 type vlan bridge_binding off
	follows no "when it is bound again" ip -n "$h" link set v10 type vlan bridge_binding on
	must ip -n "$h" link set v10 down
	must ip -n "$h" link set v10 type vlan bridge_binding off
	must ip -n "$h" link set v10 type vlan bridge_binding on
	follows no "bound while it was down" ip -n "$h" link set v10 up
	follows yes "with a port at last" bridge -n "$h" vlan add dev p2 vid 10
	busywait 3000 has_carrier v11 yes || fail "carrier of the other"
}

# A VLAN device in a station is a member of the VLAN like one that the bridge untags for.
vlan_devices_in_stations()
{
	need_module 8021q
	make_vlans 2
	vlans <<-EOF
		vlan add dev p1 vid 100-102
		vlan add dev p2 vid 101 pvid untagged
	EOF
	ipb "$s1" <<-EOF
		link add v101 up link e0 type vlan id 101
		addr add 192.0.2.1/24 dev v101
	EOF
	ipb "$s2" <<<"addr add 192.0.2.2/24 dev e0"
	ping_ok "$s1" 192.0.2.2 || fail "from the VLAN device"
	tcp_check "$s1" "$s2" 192.0.2.2 4000000 || fail "TCP from the VLAN device"
	tcp_check "$s2" "$s1" 192.0.2.1 4000000 || fail "TCP to the VLAN device"
	[ "$BRIDGE:${VNET_ROAD:-}" != vbridge: ] || check_ge "$(ethtool_stat "$h" p1 direct_rx)" 50 "frames of TCP on the direct road"
}

tags_of_two_kinds()
{
	need_module 8021q
	setup_stations 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1 vlan_protocol 802.1ad
	check_eq "$(link_attr "$h" vbr0 vlan_protocol)" 802.1ad "vlan_protocol"
	vlans <<-EOF
		vlan add dev p1 vid 100 pvid untagged
		vlan add dev p2 vid 100
	EOF
	ipb "$s2" <<-EOF
		link add s100 up link e0 type vlan id 100 proto 802.1ad
		link add c7 up link s100 type vlan id 7
		addr add 192.0.2.2/24 dev c7
		addr add 198.51.100.2/24 dev s100
	EOF
	# What station 1 tags itself is carried within.
	ipb "$s1" <<-EOF
		link add c7 up link e0 type vlan id 7
		addr add 192.0.2.1/24 dev c7
		addr add 198.51.100.1/24 dev e0
	EOF
	ping_ok "$s1" 198.51.100.2 || fail "through the service VLAN"
	ping_ok "$s1" 192.0.2.2 || fail "through a customer's VLAN within"
	ping_ok "$s2" 192.0.2.1 || fail "and back"
	tcp_check "$s1" "$s2" 192.0.2.2 2000000 || fail "TCP through both"
	tcp_check "$s2" "$s1" 192.0.2.1 2000000 || fail "TCP through both, back"
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -v 7 -a
	# Frames that begin with a tag of their own are none of pkt's.
	check_eq "${PKT[rx0.foreign]} ${PKT[rx0.tagged]} ${PKT[rx0.tpid]}" "5 5 88a8" "frames at s2, with an outer tag"
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_protocol 802.1Q
	ping_ok "$s1" 192.0.2.2 && fail "an answer with the other kind of tags"
	return 0
}

# Link-local groups of customers cross a bridge of service VLANs.
groups_cross_service_vlans()
{
	setup_stations 2
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -w 200 -d 01:80:c2:00:00:0b -p 88cc
	check_eq "${PKT[rx0.frames]}" 0 "without"
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1 vlan_protocol 802.1ad
	check_eq "$(link_attr "$h" vbr0 group_addr)" 01:80:c2:00:00:08 "the bridge's own group"
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -w 200 -d 01:80:c2:00:00:0b -p 88cc
	check_eq "${PKT[rx0.frames]}" 5 "with"
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -w 200 -d 01:80:c2:00:00:0a -p 88cc
	check_eq "${PKT[rx0.frames]}" 0 "another group"
}

vlans_are_set_and_shown()
{
	make_vlans 2
	check_eq "$(vlans_of p1)" "1 PVID Egress Untagged" "at first"
	vlans <<-EOF
		vlan add dev p1 vid 10-12
		vlan add dev p1 vid 13 untagged
		vlan add dev p1 vid 20 pvid
		vlan add dev p1 vid 4094
	EOF
	check_eq "$(bridge -n "$h" vlan show dev p1 | wc -l)" 8 "lines without ranges"
	check_eq "$(vlans_of p1)" "1 Egress Untagged,10-12,13 Egress Untagged,20 PVID,4094" "of p1"
	check_eq "$(vlans_of p2)" "1 PVID Egress Untagged" "of p2"
	check_eq "$(vlans_of vbr0)" "1 PVID Egress Untagged" "of the bridge"
	vlans <<-EOF
		vlan add dev p1 vid 20
		vlan del dev p1 vid 11-13
		vlan del dev p1 vid 1
	EOF
	check_eq "$(vlans_of p1)" "10,20,4094" "afterwards"
	vlans <<<"vlan add dev p1 vid 1-4094"
	check_eq "$(vlans_of p1)" "1-4094" "all there are"
	vlans <<<"vlan del dev p1 vid 1-4094"
	check_eq "$(vlans_of p1)" "" "none"
}

default_pvid()
{
	setup_stations 3
	vlans <<-EOF
		vlan add dev p2 vid 5 pvid untagged
		vlan add dev p3 vid 9
	EOF
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_default_pvid 9
	check_eq "$(vlans_of vbr0)" "9 PVID Egress Untagged" "of the bridge"
	check_eq "$(vlans_of p1)" "9 PVID Egress Untagged" "of a port with the default"
	check_eq "$(vlans_of p2)" "1 Egress Untagged,5 PVID Egress Untagged" "of a port with another pvid"
	check_eq "$(vlans_of p3)" "1 PVID Egress Untagged,9" "of a port that was in it"
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_default_pvid 0
	check_eq "$(vlans_of vbr0),$(vlans_of p1)" "," "without a default"
	must ip -n "$h" link set p1 nomaster
	must ip -n "$h" link set p1 master vbr0
	check_eq "$(vlans_of p1)" "" "of a new port"
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_default_pvid 4094
	must ip -n "$h" link set p1 nomaster
	must ip -n "$h" link set p1 master vbr0
	check_eq "$(vlans_of p1)" "4094 PVID Egress Untagged" "of a new port with a default"
	check_eq "$(link_attr "$h" vbr0 vlan_default_pvid)" 4094 "vlan_default_pvid"
}

# vlan_stat DEV VID RX|TX: packets as bridge -s vlan show has them.
vlan_stat()
{
	bridge -n "$h" -s vlan show dev "$1" | awk -v vid="$2" -v what="$3:" '
		{ for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+$/ && ($(i + 1) == "" || $(i + 1) ~ /PVID|Egress/)) { now = $i; break } }
		now == vid { for (i = 1; i <= NF; i++) if ($i == what) { print $(i + 3); exit } }'
}

frames_are_counted_by_vlan()
{
	setup_stations 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1 vlan_stats_enabled 1
	vlans <<-EOF
		vlan add dev p1 vid 7
		vlan add dev p2 vid 7
	EOF
	pkt -T "$s1:e0" -R "$s2:e0" -c 50 -v 7 -s "$(mac 1)"
	check_eq "$(vlan_stat vbr0 7 RX) $(vlan_stat vbr0 7 TX)" "50 50" "VLAN 7 of the bridge"
	check_eq "$(vlan_stat p1 7 RX) $(vlan_stat p2 7 TX)" "50 50" "VLAN 7 of the ports, which share it"
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_stats_enabled 0
	pkt -T "$s1:e0" -R "$s2:e0" -c 50 -v 7 -s "$(mac 1)"
	check_eq "$(vlan_stat vbr0 7 RX)" 50 "switched off"
}

ports_count_for_themselves()
{
	setup_ns h s1 s2
	must ip -n "$h" link add vbr0 up type "$BRIDGE" vlan_filtering 1 vlan_stats_enabled 1 vlan_stats_per_port 1
	ipb "$h" <<-EOF
		link add p1 up type $PAIR peer name e0 netns $s1
		link add p2 up type $PAIR peer name e0 netns $s2
		link set p1 master vbr0
		link set p2 master vbr0
	EOF
	set_up "$s1" e0
	set_up "$s2" e0
	busywait 5000 port_forwards p1 || die "p1 does not come to forward"
	busywait 5000 port_forwards p2 || die "p2 does not come to forward"
	vlans <<-EOF
		vlan add dev p1 vid 7
		vlan add dev p2 vid 7
	EOF
	pkt -T "$s1:e0" -R "$s2:e0" -c 50 -v 7 -s "$(mac 1)"
	check_eq "$(vlan_stat p1 7 RX) $(vlan_stat p1 7 TX)" "50 0" "VLAN 7 of p1"
	check_eq "$(vlan_stat p2 7 RX) $(vlan_stat p2 7 TX)" "0 50" "VLAN 7 of p2"
	check_refused 'ports are in VLANs already' ip -n "$h" link set vbr0 type "$BRIDGE" vlan_stats_per_port 0
}

vlans_told()
{
	grep -qE "$1" "$CASE_DIR/monitor"
}

# Until a change that is made again and again shows up.
listening_for_vlans()
{
	bridge -n "$h" vlan add dev p2 vid 4000
	bridge -n "$h" vlan del dev p2 vid 4000
	vlans_told '^Deleted p2 +4000 *$'
}

# told_of WHAT ERE CMD...: CMD makes a message that matches.
told_of()
{
	: >"$CASE_DIR/monitor"
	must "${@:3}"
	busywait 2000 vlans_told "$2" || fail "$1 is not told: $(<"$CASE_DIR/monitor")"
}

vlan_changes_are_monitored()
{
	make_vlans 2
	bg stdbuf -oL bridge -n "$h" monitor vlan >>"$CASE_DIR/monitor"
	busywait 5000 listening_for_vlans || die "bridge monitor does not start: $(<"$CASE_DIR/monitor")"
	told_of "a VLAN" '^p1 +10 *$' bridge -n "$h" vlan add dev p1 vid 10
	told_of "a VLAN that is untagged now" '^p1 +10 Egress Untagged *$' bridge -n "$h" vlan add dev p1 vid 10 untagged
	told_of "a pvid" '^p1 +11 PVID *$' bridge -n "$h" vlan add dev p1 vid 11 pvid
	told_of "a range" '^p1 +20-25 *$' bridge -n "$h" vlan add dev p1 vid 20-25
	told_of "the end of some" '^Deleted p1 +22-23 *$' bridge -n "$h" vlan del dev p1 vid 22-23
	told_of "one of the bridge's" '^vbr0 +7 *$' bridge -n "$h" vlan add dev vbr0 vid 7 self
	told_of "its end" '^Deleted vbr0 +7 *$' bridge -n "$h" vlan del dev vbr0 vid 7 self
	told_of "another default" '^p2 +9 PVID Egress Untagged *$' ip -n "$h" link set vbr0 type "$BRIDGE" vlan_default_pvid 9
	vlans_told '^Deleted p2 +1 *$' || fail "the end of the former default is not told: $(<"$CASE_DIR/monitor")"
	told_of "all of a port that goes" '^Deleted p2 +9 *$' ip -n "$h" link set p2 nomaster
	told_of "the first of one that comes" '^p2 +9 PVID Egress Untagged *$' ip -n "$h" link set p2 master vbr0
	# What changes nothing is not told.
	must bridge -n "$h" vlan add dev p1 vid 20-21
	must bridge -n "$h" vlan add dev p1 vid 30
	busywait 2000 vlans_told '^p1 +30 *$' || fail "what comes next is not told"
	! vlans_told ' 20' || fail "told of VLANs that were there: $(<"$CASE_DIR/monitor")"
}

# All VLANs on many ports come and go without leaving anything, also beside traffic in them.
many_vlans_under_traffic()
{
	local i n station pids=()

	n=$(rounds 8 3)
	make_vlans 4
	for i in 1 2 3 4; do
		station=s$i
		bg "$TOOLS/pkt" -T "${!station}:e0" -D 120 -v 7 -r 3000 >"$CASE_DIR/sender.$i"
		pids+=("$BG_PID")
	done
	for ((i = 0; i < n; i++)); do
		vlans <<-EOF
			vlan add dev p1 vid 2-4094
			vlan add dev p2 vid 2-1000 untagged
			vlan add dev p3 vid 7 pvid
			vlan del dev p1 vid 2-4094
			vlan del dev p2 vid 2-1000
			vlan del dev p3 vid 7
			vlan add dev p3 vid 1 pvid untagged
			vlan add dev vbr0 vid 2-200 self
			vlan del dev vbr0 vid 2-200 self
		EOF
		must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering $((i % 2)) vlan_default_pvid $((i % 3 + 1))
		must ip -n "$h" link set p4 nomaster
		must ip -n "$h" link set p4 master vbr0
	done
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1 vlan_default_pvid 1
	vlans <<-EOF
		vlan add dev p1 vid 1 pvid untagged
		vlan add dev p4 vid 1 pvid untagged
	EOF
	for i in "${pids[@]}"; do
		stop_bg "$i"
	done
	pkt -T "$s1:e0" -R "$s4:e0" -c 20 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]}" 20 "frames afterwards"
}

# vlans_leave DEV: puts the port into all VLANs and takes it out again, with RTNL held, which takes MS milliseconds; the
# least of three times, as the machine may be busy.
vlans_leave()
{
	local i start end

	MS=''
	for i in 1 2 3; do
		must bridge -n "$h" vlan add dev "$1" vid 2-4094
		now_ms start
		must bridge -n "$h" vlan del dev "$1" vid 2-4094
		now_ms end
		[ "${MS:-$((end - start))}" -lt $((end - start)) ] || MS=$((end - start))
	done
}

# A port's addresses are gone through once, however many VLANs it leaves: whoever sends can see to it that there are many.
vlans_of_many_addresses_go()
{
	local i few

	suite_only "goes through all entries for each VLAN"
	make_vlans 2
	for ((i = 0; i < 16384; i++)); do
		printf 'fdb add 02:00:00:00:%02x:%02x dev vbr0 self static via p1\n' $((i / 256 + 32)) $((i % 256))
	done >"$CASE_DIR/batch"
	must bridge -n "$h" -batch "$CASE_DIR/batch"
	vlans_leave p2
	few=$MS
	vlans_leave p1
	check_le "$MS" $((5 * few + 100)) "milliseconds with many addresses"
}

ALL_TESTS="
	broadcasts_stay_in_their_vlan
	unicast_stays_in_its_vlan
	learning_is_by_vlan
	entries_without_a_vlan
	addresses_become_the_hosts
	the_host_is_in_vlans_itself
	vlan_devices_follow_their_ports
	vlan_devices_in_stations
	tags_of_two_kinds
	groups_cross_service_vlans
	vlans_are_set_and_shown
	default_pvid
	frames_are_counted_by_vlan
	ports_count_for_themselves
	vlan_changes_are_monitored
	many_vlans_under_traffic
	vlans_of_many_addresses_go
"
run_tests "$@"
