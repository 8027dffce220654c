#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Floods on the direct road: short ones are the sender's work, long ones and those of a flood's copies are not, and nobody
# can tell from what comes where and how it is counted. The topology is drawn in common.sh.
# TIMEOUT: 300
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

NOBODY=02:00:00:00:09:09
GROUP=01:00:5e:01:02:03

make_stations()
{
	suite_only "has no direct road"
	setup_stations "$@"
}

stat()
{
	ethtool_stat "$h" "$1" "$2"
}

# tally N: all counters of the bridge, of N ports and of their stations.
tally()
{
	local i var

	echo "vbr0 $(link_stat "$h" vbr0 rx_packets rx_bytes) $(in_ns "$h" ethtool -S vbr0 | tr -d ' \n')"
	for ((i = 1; i <= $1; i++)); do
		var=s$i
		echo "p$i $(link_stat "$h" "p$i" rx_packets rx_bytes tx_packets tx_bytes) $(stat "p$i" 'drop_*')"
		echo "s$i $(link_stat "${!var}" e0 rx_packets rx_bytes tx_packets tx_bytes)"
	done
}

# flood_all: ten of each kind from station 1; what has come to stations 2 and 3 and to the host is in CAME.
flood_all()
{
	local dest

	CAME=''
	for dest in ff:ff:ff:ff:ff:ff "$GROUP" "$NOBODY"; do
		pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -R "$h:vbr0" -c 10 -w 200 -s "$(mac 1)" -d "$dest"
		CAME+="${PKT[rx0.frames]}/${PKT[rx1.frames]}/${PKT[rx2.frames]} "
	done
}

# A bridge is looked at with both roads, each anew, and both must leave the same.
same_on_both_roads()
{
	local direct

	make_stations 3
	flood_all
	check_eq "$CAME" "10/10/10 10/10/10 10/10/0 " "frames at s2, s3 and the host"
	check_eq "$(stat p1 direct_rx) $(stat p1 'ordinary_rx_*')" "30 0" "taken directly and not"
	check_eq "$(stat p2 direct_tx) $(stat p3 direct_tx)" "30 30" "sent directly"
	check_eq "$(br_stat flooded) $(br_stat flood_copies)" "30 60" "flooded, copies"
	check_eq "$(link_stat "$h" vbr0 rx_packets) $(br_stat multicast)" "20 10" "received by the host, multicast"
	direct=$(tally 3)
	start_again
	own dev vbr0 direct off
	flood_all
	check_eq "$CAME" "10/10/10 10/10/10 10/10/0 " "the same on the ordinary road"
	check_eq "$(stat p1 direct_rx) $(stat p1 ordinary_rx_off)" "0 30" "taken directly and not, there"
	check_eq "$(tally 3)" "$direct" "counters of all devices on the ordinary road"
}

# The bridge and the pairs of three stations as they were made.
start_again()
{
	local i var

	ipb "$h" < <(
		printf 'link del %s\n' p1 p2 p3 vbr0
		echo "link add vbr0 up type $BRIDGE"
		for i in 1 2 3; do
			var=s$i
			echo "link add p$i up type $PAIR peer name e0 address $(mac "$i") netns ${!var}"
			echo "link set p$i master vbr0"
		done
	)
	for i in 1 2 3; do
		var=s$i
		set_up "${!var}" e0
		busywait 5000 port_forwards "p$i" || die "p$i does not come to forward"
	done
}

ports_have_their_say()
{
	make_stations 3
	must bridge -n "$h" link set dev p1 isolated on
	must bridge -n "$h" link set dev p2 isolated on
	flood_all
	check_eq "$CAME" "0/10/10 0/10/10 0/10/0 " "with p1 and p2 isolated"
	must bridge -n "$h" link set dev p1 isolated off
	must bridge -n "$h" link set dev p3 flood off mcast_flood off
	flood_all
	check_eq "$CAME" "10/10/10 10/0/10 10/0/0 " "with p3 for broadcasts only"
	must bridge -n "$h" link set dev p1 hairpin on
	pkt -T "$s1:e0" -R "$s1:e0" -c 10 -w 200 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]}" 10 "that come back by a hairpin"
	check_eq "$(stat p1 direct_rx) $(stat p1 'ordinary_rx_*')" "70 0" "taken directly and not"
	must bridge -n "$h" link set dev p1 locked on hairpin off
	flood_all
	check_eq "$CAME" "10/10/10 10/0/10 10/0/0 " "known to a locked port"
	pkt -T "$s1:e0" -R "$s2:e0" -R "$h:vbr0" -c 10 -w 200 -s 02:00:00:00:07:07
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]} $(br_stat drop_locked)" "0 0 10" "not known to it, dropped"
}

floods_stay_in_their_vlan()
{
	make_stations 3
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
	must bridge -n "$h" vlan add dev p1 vid 7
	must bridge -n "$h" vlan add dev p2 vid 7
	must bridge -n "$h" vlan add dev p3 vid 9
	must bridge -n "$h" vlan add dev vbr0 vid 7 self
	must ip -n "$s1" link add link e0 name e0.7 up type vlan id 7
	pkt -T "$s1:e0.7" -R "$s2:e0" -R "$s3:e0" -R "$h:vbr0" -c 10 -w 200 -a -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]}/${PKT[rx1.frames]}/${PKT[rx2.frames]}" "10/0/10" "in VLAN 7"
	check_eq "${PKT[rx0.tagged]} ${PKT[rx2.tagged]}" "10 10" "with their tag"
	flood_all
	check_eq "$CAME" "10/10/10 10/10/10 10/10/0 " "without a tag"
	check_eq "$(stat p1 direct_rx) $(stat p1 'ordinary_rx_*')" "40 0" "taken directly and not"
}

# It has never spoken, so the frame would come back, were the sender not learned first.
to_oneself()
{
	make_stations 2
	must bridge -n "$h" link set dev p1 hairpin on
	pkt -T "$s1:e0" -R "$s2:e0" -c 10 -w 200 -s "$(mac 1)" -d "$(mac 1)"
	check_eq "${PKT[rx0.frames]}" 0 "frames of a station to itself at another"
}

# add_ports FROM TO: more ports, whose far ends nobody looks at.
add_ports()
{
	local i

	ipb "$h" < <(
		for ((i = $1; i <= $2; i++)); do
			echo "link add q$i up type $PAIR peer name r$i"
			echo "link set r$i up"
			echo "link set q$i master vbr0"
		done
	)
	for ((i = $1; i <= $2; i++)); do
		busywait 5000 port_forwards "q$i" || die "q$i does not come to forward"
	done
}

# check_long DIRECT ORDINARY WHAT: ten broadcasts come, and count so at p1.
check_long()
{
	local before

	before=("$(stat p1 direct_rx)" "$(stat p1 ordinary_rx_switch)" "$(br_stat flood_copies)")
	pkt -T "$s1:e0" -R "$s2:e0" -c 10 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]}" 10 "frames at s2 $3"
	check_eq "$(($(stat p1 direct_rx) - before[0])) $(($(stat p1 ordinary_rx_switch) - before[1]))" "$1 $2" \
		"taken directly and not $3"
	check_eq "$(($(br_stat flood_copies) - before[2]))" "$4" "copies $3"
}

long_floods_do_not()
{
	make_stations 2
	add_ports 1 63
	check_long 10 0 "with 64 copies" 640
	add_ports 64 64
	check_long 0 10 "with 65" 650
	must bridge -n "$h" link set dev q9 bcast_flood off
	check_long 10 0 "with one that wants none" 640
}

# What one flood reaches is not multiplied by the next in the same context.
no_flood_of_a_flood()
{
	local port

	make_stations 2
	ipb "$h" <<-EOT
		link add vbr1 up type $BRIDGE
		link add up0 up type $PAIR peer name low0
		link set low0 up
		link set up0 master vbr0
		link set low0 master vbr1
		link set p2 master vbr1
	EOT
	for port in up0 low0 p2; do
		busywait 5000 port_forwards "$port" || die "$port does not come to forward"
	done
	pkt -T "$s1:e0" -R "$s2:e0" -c 10 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]}" 10 "frames at s2"
	check_eq "$(stat p1 direct_rx) $(stat low0 direct_rx) $(stat low0 ordinary_rx_switch)" "10 0 10" \
		"taken directly by the first bridge and the second, and not by that"
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
	pkt -T "$s1:e0" -R "$s2:e0" -c 10 -s "$(mac 1)" -d "$(mac 2)"
	check_eq "${PKT[rx0.frames]} $(stat low0 direct_rx)" "10 10" "known ones at s2, taken directly by the second"
}

# By which what is flooded has one direct hop less left than what is known.
flood_is_a_hop()
{
	local port

	make_stations 2
	ipb "$h" <<-EOT
		link add vbr1 up type $BRIDGE
		link add vbr2 up type $BRIDGE
		link add up0 up type $PAIR peer name low0
		link add up1 up type $PAIR peer name low1
		link set low0 up
		link set low1 up
		link set up0 master vbr0
		link set low0 master vbr1
		link set up1 master vbr1
		link set low1 master vbr2
		link set p2 master vbr2
	EOT
	for port in up0 low0 up1 low1 p2; do
		busywait 5000 port_forwards "$port" || die "$port does not come to forward"
	done
	must bridge -n "$h" fdb add "$(mac 2)" dev vbr1 self static via up1
	must bridge -n "$h" fdb add "$(mac 2)" dev vbr2 self static via p2
	three_hops 10 0
	must bridge -n "$h" fdb add "$(mac 2)" dev vbr0 self static via up0
	three_hops 10 10
}

# three_hops LOW0 LOW1: so many of ten frames are taken directly by the second bridge and the third.
three_hops()
{
	local low0 low1

	# The bridges know the sender then.
	pkt -T "$s1:e0" -R "$s2:e0" -c 10 -s "$(mac 1)" -d "$(mac 2)"
	low0=$(stat low0 direct_rx) low1=$(stat low1 direct_rx)
	pkt -T "$s1:e0" -R "$s2:e0" -c 10 -s "$(mac 1)" -d "$(mac 2)"
	check_eq "${PKT[rx0.frames]}" 10 "frames at s2"
	check_eq "$(($(stat low0 direct_rx) - low0)) $(($(stat low1 direct_rx) - low1))" "$1 $2" \
		"taken directly by the second bridge and the third"
}

# In-tree pairs get their copy by their own transmit path.
foreign_members()
{
	make_stations 2
	setup_ns f
	must ip -n "$h" link add pf up master vbr0 type veth peer name e0 netns "$f"
	must ip -n "$f" link set e0 up
	busywait 5000 port_forwards pf || die "pf does not come to forward"
	pkt -T "$s1:e0" -R "$s2:e0" -R "$f:e0" -c 10 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]} $(stat p1 direct_rx)" "10 10 10" "at s2, at the in-tree pair, taken directly"
}

# A host that does not get to look at them loses those that do not fit, and they are counted.
host_that_is_slow()
{
	local lost got

	need_smp
	make_stations 2
	napi_thread "$h" vbr0
	must chrt -i -p 0 "$NAPI_THREAD"
	pkt_with "taskset 1 chrt -f 1" -T "$s1:e0" -c 3000 -s "$(mac 1)"
	busywait 5000 host_has_seen 3000 || fail "$(br_stat drop_ring_full) dropped and $(link_stat "$h" vbr0 rx_packets) received of 3000"
	lost=$(br_stat drop_ring_full) got=$(link_stat "$h" vbr0 rx_packets)
	check_ge "$lost" 1 "frames that the host's queue had no room for"
	check_eq "$(stat p2 direct_tx)" 3000 "sent to s2"
	check_eq "$(link_stat "$h" vbr0 rx_dropped)" "$lost" "the bridge's drops"
	check_eq "$((got + lost))" 3000 "received and dropped"
}

host_has_seen()
{
	[ $(($(br_stat drop_ring_full) + $(link_stat "$h" vbr0 rx_packets))) -eq "$1" ]
}

# watch: the road changes, over and over, while frames are under way.
watch()
{
	while :; do
		in_ns "$h" "$VNET" bridge set dev vbr0 direct off
		in_ns "$h" "$VNET" bridge set dev vbr0 direct on
		ip netns exec "$h" bash -c 'echo 1 >/sys/class/net/p1/threaded'
		ip netns exec "$h" bash -c 'echo 0 >/sys/class/net/p1/threaded'
	done
}

# At the stations and at the host, whose queue the frames of one road only go into.
order_holds_when_roads_change()
{
	make_stations 2
	watch >/dev/null 2>&1 &
	defer stop_bg $!
	"$TOOLS/pkt" -T "$s1:e0" -R "$s2:e0" -R "$h:vbr0" -D $((3 * ${VNET_SLOW:-1})) -f 4 -s "$(mac 1)" >"$CASE_DIR/numbered" ||
		fail "the sender failed"
	pkt_read "$CASE_DIR/numbered"
	cat "$CASE_DIR/numbered"
	check_eq "${PKT[rx0.late]} ${PKT[rx0.dup]}" "0 0" "late frames, frames twice, at s2"
	check_eq "${PKT[rx1.late]} ${PKT[rx1.dup]}" "0 0" "at the host"
	check_ge "$(stat p1 direct_rx)" 100 "frames on the direct road"
	check_ge "$(stat p1 'ordinary_rx_*')" 100 "frames on the ordinary road"
}

# The road changes while frames that went directly still wait for the host's turn.
host_takes_them_in_order()
{
	local sender

	make_stations 2
	napi_thread "$h" vbr0
	hold_cpu
	taskset 2 "$TOOLS/pkt" -T "$s1:e0" -R "$h:vbr0" -D 3 -r 100 -w 2000 -s "$(mac 1)" >"$CASE_DIR/numbered" &
	sender=$!
	defer stop_bg "$sender"
	busywait 2000 has_taken 'direct_rx' 20 || fail "$(stat p1 direct_rx) frames on the direct road"
	own dev vbr0 direct off
	busywait 2000 has_taken 'ordinary_rx_*' 20 || fail "$(stat p1 'ordinary_rx_*') frames on the ordinary road"
	check_eq "$(link_stat "$h" vbr0 rx_packets)" 0 "frames that the host has had before its turn"
	stop_bg "$HOG"
	wait "$sender" || fail "the sender failed"
	cat "$CASE_DIR/numbered"
	pkt_read "$CASE_DIR/numbered"
	check_eq "${PKT[rx0.late]} ${PKT[rx0.lost]}" "0 0" "late frames, lost ones, at the host"
}

# has_taken COUNTER N: the port of station 1 has counted so many.
has_taken()
{
	[ "$(stat p1 "$1")" -ge "$2" ]
}

# It goes down and up, and away, while frames wait for its host.
bridge_goes_meanwhile()
{
	local i

	make_stations 2
	bg "$TOOLS/pkt" -T "$s1:e0" -D 3 -f 4 -s "$(mac 1)"
	for ((i = 0; i < 8; i++)); do
		must ip -n "$h" link set vbr0 down
		must ip -n "$h" link set vbr0 up
	done
	must ip -n "$h" link del vbr0
	stop_bg "$BG_PID"
}

ALL_TESTS="
	same_on_both_roads
	ports_have_their_say
	floods_stay_in_their_vlan
	to_oneself
	long_floods_do_not
	no_flood_of_a_flood
	flood_is_a_hop
	foreign_members
	host_that_is_slow
	order_holds_when_roads_change
	host_takes_them_in_order
	bridge_goes_meanwhile
"
run_tests "$@"
