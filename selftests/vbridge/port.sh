#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What a port's flags and states do, and what a bridge takes over from its ports; the topology is drawn in common.sh.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# check_heard "A B C" WHAT ARGS...: of five frames from station 1, so many reach s2, s3 and the host.
check_heard()
{
	local want=$1 what=$2

	shift 2
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -R "$h:vbr0" -c 5 -w 200 -s "$(mac 1)" "$@"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]} ${PKT[rx2.frames]}" "$want" "$what"
}

set_port()
{
	must bridge -n "$h" link set dev "$@"
}

learning_off()
{
	setup_stations 2
	set_port p1 learning off
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -s "$(mac 1)"
	check_eq "$(fdb_port "$(mac 1)")" "" "where the sender was learned"
	check_eq "$(port_attr p1 learning)" false "bridge link show"
	set_port p1 learning on
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -s "$(mac 1)"
	check_eq "$(fdb_port "$(mac 1)")" p1 "where it was learned afterwards"
}

floods_by_kind()
{
	local unknown=02:00:00:00:09:09 group=01:00:5e:01:02:03

	setup_stations 3
	set_port p2 flood off
	check_heard "0 5 0" "unknown, flood off" -d "$unknown"
	check_heard "5 5 5" "multicast, flood off" -d "$group"
	check_heard "5 5 5" "broadcast, flood off"
	set_port p2 flood on mcast_flood off
	check_heard "5 5 0" "unknown, mcast_flood off" -d "$unknown"
	check_heard "0 5 5" "multicast, mcast_flood off" -d "$group"
	check_heard "5 5 5" "broadcast, mcast_flood off"
	set_port p2 mcast_flood on bcast_flood off
	check_heard "5 5 5" "multicast, bcast_flood off" -d "$group"
	check_heard "0 5 5" "broadcast, bcast_flood off"
	# The host's own groups go everywhere all the same, its unknown addresses do not.
	set_port p2 flood off mcast_flood off
	pkt -T "$h:vbr0" -R "$s2:e0" -c 5
	check_eq "${PKT[rx0.frames]}" 5 "the host's broadcasts at s2"
	pkt -T "$h:vbr0" -R "$s2:e0" -R "$s3:e0" -c 5 -w 200 -d "$unknown"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "0 5" "the host's frames to unknown addresses"
}

no_port_to_go_to()
{
	setup_stations 2
	set_port p2 flood off
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -w 200 -d 02:00:00:00:09:09
	check_eq "${PKT[rx0.frames]}" 0 "frames at s2"
	check_stat drop_no_egress 5 "dropped"
	must ip -n "$s2" link set e0 down
	pkt -T "$s1:e0" -c 5 -d 02:00:00:00:09:09
	check_stat drop_no_egress 10 "dropped, with the port down"
}

hairpin()
{
	setup_stations 3
	pkt -T "$s1:e0" -c 1 -s 02:00:00:00:09:01
	set_port p1 hairpin on
	# What comes back has the sender's own address as its source, so only promiscuous ears hear it.
	must ip -n "$s1" link set e0 promisc on
	pkt -T "$s1:e0" -R "$s1:e0" -R "$s2:e0" -c 5 -w 200 -d 02:00:00:00:09:01
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "5 0" "frames at s1 and s2"
	pkt -T "$s1:e0" -R "$s1:e0" -R "$s2:e0" -c 5
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "5 5" "broadcasts at s1 and s2"
	set_port p1 hairpin off
	pkt -T "$s1:e0" -R "$s1:e0" -R "$s2:e0" -c 5 -w 200
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "0 5" "broadcasts with hairpin off"
}

isolated()
{
	setup_stations 3
	set_port p1 isolated on
	set_port p2 isolated on
	check_heard "0 5 5" "broadcast between isolated ports"
	pkt -T "$s2:e0" -R "$s3:e0" -c 1 -s "$(mac 2)"
	check_heard "0 0 0" "known address behind an isolated port" -d "$(mac 2)"
	check_stat drop_no_egress 5 "dropped"
	pkt -T "$s3:e0" -R "$s1:e0" -R "$s2:e0" -c 5
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "5 5" "frames from a port that is not isolated"
	must ip -n "$h" link set p2 type bridge_slave isolated off
	check_heard "5 0 0" "known address, not isolated any more" -d "$(mac 2)"
}

states()
{
	setup_stations 3
	check_eq "$(port_attr p1 state)" forwarding "at first"
	set_port p1 state 0
	check_heard "0 0 0" "disabled"
	check_eq "$(fdb_port "$(mac 1)")" "" "learned in state disabled"
	check_stat drop_port_state 5 "dropped"
	set_port p1 state learning
	check_heard "0 0 0" "learning"
	check_eq "$(fdb_port "$(mac 1)")" p1 "learned in state learning"
	pkt -T "$s2:e0" -R "$s1:e0" -R "$s3:e0" -c 5 -w 200
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "0 5" "frames to a port in state learning"
	set_port p1 state forwarding
	check_heard "5 5 5" "forwarding"
}

# Blocking stays until the link has been down; a link that is down leaves no choice.
states_and_the_link()
{
	setup_stations 2
	set_port p1 state 4
	must ip -n "$h" link set p1 alias "something else changes"
	check_eq "$(port_attr p1 state)" blocking "after another change"
	must ip -n "$s1" link set e0 down
	busywait 2000 port_is disabled || fail "link down: $(port_attr p1 state)"
	remember
	refused 'can only be disabled' bridge -n "$h" link set dev p1 state 3
	unchanged
	must ip -n "$s1" link set e0 up
	busywait 2000 port_is forwarding || fail "link up: $(port_attr p1 state)"
	must ip -n "$h" link set vbr0 down
	check_eq "$(port_attr p1 state)" disabled "bridge down"
	refused 'can only be disabled' bridge -n "$h" link set dev p1 state 3
}

port_is()
{
	[ "$(port_attr p1 state)" = "$1" ]
}

carrier_is()
{
	[ "$(link_flag "$h" vbr0 LOWER_UP)" = "$1" ]
}

carrier_while_a_port_forwards()
{
	setup_stations 2
	must ip -n "$s1" link set e0 down
	busywait 2000 port_is disabled
	check_eq "$(link_flag "$h" vbr0 LOWER_UP)" yes "with one of two ports"
	set_port p2 state 2
	busywait 2000 carrier_is no || fail "carrier with no port that forwards"
	set_port p2 state 3
	busywait 2000 carrier_is yes || fail "no carrier with a port that forwards"
	must ip -n "$h" link set p2 nomaster
	busywait 2000 carrier_is no || fail "carrier when it has gone"
	must ip -n "$s1" link set e0 up
	busywait 2000 carrier_is yes || fail "no carrier when the other is back"
}

smallest()
{
	local i

	for i in "$@"; do
		link_attr "$h" "$i" address
	done | sort | head -n 1
}

address_follows_the_ports()
{
	local base

	setup_stations 3
	check_eq "$(link_attr "$h" vbr0 address)" "$(smallest p1 p2 p3)" "of three ports"
	must ip -n "$h" link set p2 address 02:00:00:00:00:22
	must ip -n "$h" link set p3 address 02:00:00:00:00:33
	must ip -n "$h" link set p1 nomaster
	check_eq "$(link_attr "$h" vbr0 address)" 02:00:00:00:00:22 "of two"
	must ip -n "$h" link set p3 address 02:00:00:00:00:11
	check_eq "$(link_attr "$h" vbr0 address)" 02:00:00:00:00:11 "when a port's has changed"
	must ip -n "$h" link set p2 nomaster
	must ip -n "$h" link set p3 nomaster
	base=$(link_attr "$h" vbr0 address)
	check_ne "$base" 02:00:00:00:00:11 "without ports"
	check_ne "$base" 00:00:00:00:00:00 "without ports"
	must ip -n "$h" link set vbr0 address 02:00:00:00:00:99
	must ip -n "$h" link set p3 master vbr0
	check_eq "$(link_attr "$h" vbr0 address)" 02:00:00:00:00:99 "set by hand"
	must ip -n "$h" link add vbr1 address 02:00:00:00:00:98 type "$BRIDGE"
	must ip -n "$h" link set p2 master vbr1
	check_eq "$(link_attr "$h" vbr1 address)" 02:00:00:00:00:98 "set when it was made"
}

mtu_follows_the_ports()
{
	setup_stations 2
	must ip -n "$h" link set p1 mtu 1400
	check_eq "$(link_attr "$h" vbr0 mtu)" 1400 "smallest of two"
	must ip -n "$h" link set p1 nomaster
	check_eq "$(link_attr "$h" vbr0 mtu)" 1500 "when that port has gone"
	must ip -n "$h" link set p2 mtu 9000
	check_eq "$(link_attr "$h" vbr0 mtu)" 9000 "larger again"
	must ip -n "$h" link set vbr0 mtu 1450
	must ip -n "$h" link set p1 master vbr0
	check_eq "$(link_attr "$h" vbr0 mtu)" 1450 "set by hand"
	must ip -n "$h" link add vbr1 mtu 1300 type "$BRIDGE"
	must ip -n "$h" link set p1 master vbr1
	check_eq "$(link_attr "$h" vbr1 mtu)" 1300 "set when it was made"
	check_refused 'mtu less than device minimum' ip -n "$h" link set vbr0 mtu 67
	check_refused 'mtu greater than device maximum' ip -n "$h" link set vbr0 mtu 65536
	must ip -n "$h" link set vbr0 mtu 68
	must ip -n "$h" link set vbr0 mtu 65535
}

feature()
{
	in_ns "$h" ethtool -k "$1" | sed -n "s/^$2: \(on\|off\).*/\1/p"
}

features_follow_the_ports()
{
	setup_stations 2
	check_eq "$(feature vbr0 tx-checksumming)" on "checksums, both can"
	must in_ns "$h" ethtool -K p1 tx off
	check_eq "$(feature vbr0 tx-checksumming)" on "checksums, one can: the core makes them for the other"
	check_eq "$(feature p1 tx-checksumming)" off "checksums of p1"
	must in_ns "$h" ethtool -K vbr0 tx off
	check_eq "$(feature vbr0 tx-checksumming)" off "checksums, off by hand"
	check_eq "$(link_attr "$h" vbr0 tso_max_size)" "$(link_attr "$h" p2 tso_max_size)" "tso_max_size"
}

ports_are_promiscuous()
{
	setup_stations 1
	check_eq "$(link_attr "$h" p1 promiscuity)" 1 "as a port"
	must ip -n "$h" link set p1 nomaster
	check_eq "$(link_attr "$h" p1 promiscuity)" 0 "alone"
}

monitored()
{
	grep -qE "$1" "$CASE_DIR/monitor"
}

told()
{
	fail "$1: $(<"$CASE_DIR/monitor")"
}

# Until a change that is made again and again shows up.
listening()
{
	bridge -n "$h" link set dev p2 learning on
	monitored ' p2.*master vbr0'
}

port_changes_are_monitored()
{
	setup_stations 2
	bg bridge -n "$h" -d monitor link >>"$CASE_DIR/monitor"
	busywait 5000 listening || die "bridge monitor does not start"
	: >"$CASE_DIR/monitor"
	must ip -n "$h" link set p1 type bridge_slave learning off
	busywait 2000 monitored '^ .* learning off ' || told "ip link set"
	: >"$CASE_DIR/monitor"
	must bridge -n "$h" link set dev p1 state 4
	busywait 2000 monitored ' p1.*state blocking' || fail "bridge link set"
	must ip -n "$h" link set p1 nomaster
	busywait 2000 monitored 'Deleted.* p1.*master vbr0' || fail "nomaster"
	must ip -n "$h" link set p1 master vbr0
	busywait 2000 monitored ' p1.*master vbr0 state forwarding' || fail "master vbr0"
	# With the bridge all of its ports cease to work.
	: >"$CASE_DIR/monitor"
	must ip -n "$h" link set vbr0 down
	busywait 2000 monitored ' p2.*state disabled' || fail "the bridge down"
	must ip -n "$h" link set vbr0 up
	busywait 2000 monitored ' p2.*state forwarding' || fail "the bridge up again"
}

# The link's speed, as whoever runs a spanning tree reckons with: that of a bond grows with its links.
cost_follows_the_speed()
{
	need_module bonding
	setup_stations 1
	ipb "$h" <<-EOF
		link add b0 type $PAIR peer name l0
		link add b1 type $PAIR peer name l1
		link set l0 up
		link set l1 up
		link add bond7 type bond mode balance-rr miimon 100
		link set b0 master bond7
		link set bond7 up master vbr0
	EOF
	busywait 5000 port_forwards bond7 || die "the bond does not come to forward"
	check_eq "$(port_attr bond7 cost)" 2 "cost of a bond with one link"
	must ip -n "$h" link set b1 master bond7
	busywait 5000 cost_is 1 || fail "cost with two links: $(port_attr bond7 cost)"
	must bridge -n "$h" link set dev bond7 cost 7
	must ip -n "$h" link set b1 nomaster
	must ip -n "$h" link set bond7 alias "with one link again"
	check_eq "$(port_attr bond7 cost)" 7 "cost that was set"
}

# The bond says nothing of another speed: it is looked at with its next change.
cost_is()
{
	ip -n "$h" link set bond7 alias "$SRANDOM"
	[ "$(port_attr bond7 cost)" = "$1" ]
}

ALL_TESTS="
	learning_off
	floods_by_kind
	no_port_to_go_to
	hairpin
	isolated
	states
	states_and_the_link
	carrier_while_a_port_forwards
	address_follows_the_ports
	mtu_follows_the_ports
	features_follow_the_ports
	ports_are_promiscuous
	port_changes_are_monitored
	cost_follows_the_speed
"
# It makes a file of the first namespace when it is loaded.
modprobe -q bonding
run_tests "$@"
