#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Making a pair and what can be set on its ends: names, MAC, MTU; what is refused, and that nothing changes then.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"

create_named()
{
	setup_ns a b
	must ip -n "$a" link add va type "$PAIR" peer name vb netns "$b"
	check_eq "$(links "$a")" va "devices in a"
	check_eq "$(links "$b")" vb "devices in b"
	check_eq "$(ip_attr "$a" va info_kind)" "$PAIR" "kind of va"
	check_eq "$(ip_attr "$b" vb info_kind)" "$PAIR" "kind of vb"
	check_eq "$(ip_attr "$a" va link_type)" ether "type of va"
}

create_both_here()
{
	setup_ns a
	must ip -n "$a" link add va type "$PAIR" peer name vb
	check_eq "$(links "$a")" "va vb" "devices"
	check_eq "$(ip_attr "$a" va link)" vb "link of va"
	check_eq "$(ip_attr "$a" vb link)" va "link of vb"
	check_eq "$(ip_attr "$a" va link_netnsid)" "" "link-netnsid of va"
}

create_unnamed()
{
	setup_ns a
	must ip -n "$a" link add type "$PAIR"
	must ip -n "$a" link add type "$PAIR"
	check_eq "$(links "$a")" "${PAIR}0 ${PAIR}1 ${PAIR}2 ${PAIR}3" "names given by the kernel"
}

peer_index_and_netnsid()
{
	local ida idb

	setup_ns a b
	must ip -n "$a" link add va type "$PAIR" peer name vb netns "$b"
	check_eq "$(ip_attr "$a" va link_index)" "$(ip_attr "$b" vb ifindex)" "va points to"
	check_eq "$(ip_attr "$b" vb link_index)" "$(ip_attr "$a" va ifindex)" "vb points to"
	ida=$(ip_attr "$a" va link_netnsid)
	idb=$(ip_attr "$b" vb link_netnsid)
	check_match "$(ip -n "$a" netns list-id)" "nsid $ida .*$b" "a's id $ida"
	check_match "$(ip -n "$b" netns list-id)" "nsid $idb .*$a" "b's id $idb"
}

autoload_by_kind()
{
	setup_ns a
	if [ "$PAIR" = veth ]; then
		rmmod veth 2>/dev/null
	else
		must unload
	fi
	loaded "$PAIR" && die "$PAIR is still loaded"
	must ip -n "$a" link add va type "$PAIR" peer name vb
	loaded "$PAIR" || fail "$PAIR is not loaded"
}

# Said by the core where it is the first end, by the driver where it is the peer.
taken='exists|a device of that name|cannot have one name'

duplicate_name_refused()
{
	setup_ns a b
	must ip -n "$a" link add va type "$PAIR" peer name vb netns "$b"
	check_refused "$taken" ip -n "$a" link add va type "$PAIR" peer name vc
	check_refused "$taken" ip -n "$a" link add vc type "$PAIR" peer name va
	check_refused "$taken" ip -n "$a" link add vc type "$PAIR" peer name vb netns "$b"
	check_eq "$(links "$a")" va "devices in a"
	check_eq "$(links "$b")" vb "devices in b"
}

own_name_for_peer_refused()
{
	setup_ns a
	check_refused "$taken" ip -n "$a" link add va type "$PAIR" peer name va
	check_eq "$(links "$a")" "" "devices"
}

# A pattern is no name yet, so it may be the same at both ends.
names_by_pattern()
{
	setup_ns a
	must ip -n "$a" link add name va%d type "$PAIR" peer name va%d
	check_eq "$(links "$a")" "va0 va1" "devices"
}

same_name_in_two_namespaces()
{
	setup_ns a b
	add_pair "$a" eth0 "$b" eth0
	check_eq "$(link_attr "$a" eth0 link_index)" "$(link_attr "$b" eth0 ifindex)" "a's eth0 points to"
}

rename_leaves_peer()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	ipb "$a" <<-EOF
		link set va down
		link set va name other
		link set other up
	EOF
	wait_up "$a" other
	wait_up "$b" vb
	check_eq "$(links "$a")" other "devices in a"
	pkt -T "$a:other" -R "$b:vb" -c 10
	check_eq "${PKT[rx0.unique]}" 10 "frames after renaming"
}

random_macs()
{
	local mac macs=''

	setup_ns a
	ipb "$a" <<-EOF
		link add v0 type $PAIR peer name v1
		link add v2 type $PAIR peer name v3
	EOF
	for dev in v0 v1 v2 v3; do
		mac=$(link_attr "$a" "$dev" address)
		check_eq "$((0x${mac%%:*} & 3))" 2 "local and unicast bits of $mac"
		[[ $macs == *$mac* ]] && fail "$mac given twice"
		macs+=" $mac"
	done
}

macs_given()
{
	setup_ns a b
	must ip -n "$a" link add va address 02:00:00:00:00:0a type "$PAIR" \
		peer name vb address 02:00:00:00:00:0b netns "$b"
	check_eq "$(link_attr "$a" va address)" 02:00:00:00:00:0a "MAC of va"
	check_eq "$(link_attr "$b" vb address)" 02:00:00:00:00:0b "MAC of vb"
}

mac_change()
{
	setup_ns -6 a b
	add_pair "$a" va "$b" vb
	must ip -n "$b" link set vb address 02:00:00:00:00:bb
	check_eq "$(link_attr "$b" vb address)" 02:00:00:00:00:bb "MAC of vb"
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	ping_ok "$a" 192.0.2.2 || fail "no answer at the new MAC"
	check_match "$(ip -n "$a" neigh show 192.0.2.2)" 02:00:00:00:00:bb "neighbour"
}

bad_mac_refused()
{
	setup_ns a b
	check_refused 'assign requested address|invalid|multicast' \
		ip -n "$a" link add va address 01:00:5e:00:00:01 type "$PAIR" peer name vb netns "$b"
	check_refused 'assign requested address|invalid|multicast' \
		ip -n "$a" link add va type "$PAIR" peer name vb address 03:00:00:00:00:01 netns "$b"
	check_eq "$(links "$a")$(links "$b")" "" "devices"
	must ip -n "$a" link add va address 02:00:00:00:00:0a type "$PAIR" peer name vb netns "$b"
	check_refused 'assign requested address|invalid|multicast' ip -n "$a" link set va address 01:00:5e:00:00:01
	check_refused 'assign requested address|invalid|multicast' ip -n "$a" link set va address 00:00:00:00:00:00
	check_eq "$(link_attr "$a" va address)" 02:00:00:00:00:0a "MAC of va"
}

mtu_range()
{
	local mtu

	setup_ns a b
	must ip -n "$a" link add va type "$PAIR" peer name vb netns "$b"
	check_eq "$(link_attr "$a" va mtu) $(link_attr "$b" vb mtu)" "1500 1500" "MTU at first"
	for mtu in 68 1280 9000 65535; do
		must ip -n "$a" link set va mtu "$mtu"
		check_eq "$(link_attr "$a" va mtu)" "$mtu" "MTU of va"
	done
	check_refused 'Error: mtu less than device minimum' ip -n "$a" link set va mtu 67
	check_refused 'Error: mtu greater than device maximum' ip -n "$a" link set va mtu 65536
	check_eq "$(link_attr "$a" va mtu) $(link_attr "$b" vb mtu)" "65535 1500" "MTU at last"
}

mtu_at_creation()
{
	setup_ns a b
	must ip -n "$a" link add va mtu 9000 type "$PAIR" peer name vb mtu 4000 netns "$b"
	check_eq "$(link_attr "$a" va mtu) $(link_attr "$b" vb mtu)" "9000 4000" "MTU"
	check_refused "$(suite_says 'Error: .*[Mm][Tt][Uu]')" \
		ip -n "$a" link add vc mtu 65536 type "$PAIR" peer name vd netns "$b"
	check_refused "$(suite_says 'Error: .*[Mm][Tt][Uu]')" \
		ip -n "$a" link add vc type "$PAIR" peer name vd mtu 67 netns "$b"
	check_eq "$(links "$a") $(links "$b")" "va vb" "devices"
}

ALL_TESTS="
	create_named
	create_both_here
	create_unnamed
	peer_index_and_netnsid
	autoload_by_kind
	duplicate_name_refused
	own_name_for_peer_refused
	names_by_pattern
	same_name_in_two_namespaces
	rename_leaves_peer
	random_macs
	macs_given
	mac_change
	bad_mac_refused
	mtu_range
	mtu_at_creation
"
run_tests "$@"
