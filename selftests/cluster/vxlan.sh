#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Containers of three machines on one network: each has a vbridge with a vxlan device as a port, and vnet-node keeps the
# entries that lead to the other machines.
#
#	+----- m1 ------+     +----- m2 ------+     +----- m3 ------+
#	| a: 10.244.1.2 |     | c: 10.244.2.2 |     | d: 10.244.3.2 |
#	| b: 10.244.1.3 |     |  |            |     |  |            |
#	| vbr0 --- vx7  |     | vbr0 --- vx7  |     | vbr0 --- vx7  |
#	+---- eth0 -----+     +---- eth0 -----+     +---- eth0 -----+
#	   203.0.113.1 -------------- .2 ------------------ .3
#
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

FLOOD=00:00:00:00:00:00

mtu_of()
{
	inside "$1" cat /proc/sys/net/ipv6/conf/eth0/mtu
}

containers_reach_one_another()
{
	cluster vxlan 1 2 3
	pod 1 a
	pod 1 b
	pod 2 c
	pod 3 d
	all_reach a b c d
	check_eq "$(mtu_of a)" 1450 "MTU of a container"
	reaches a "${POD[d]}" -M "do" -s 1422
	transfer a d "${POD[d]}"
	transfer d c "${POD6[c]}"
	# What was learned at the port leads to one machine, not to all.
	check_match "$(on 1 bridge fdb show dev "$VX")" "$(mac_of c) dst 203.0.113.2 " "where c is"
}

set_wire_mtu()
{
	local machine

	for machine in "${MACHINES[@]}"; do
		on "$machine" ip link set eth0 mtu "$1"
	done
}

large_frames()
{
	defer set_wire_mtu 1500
	set_wire_mtu 9000
	cluster vxlan 1 3
	pod 1 a
	pod 3 d
	check_eq "$(mtu_of d)" 8950 "MTU of a container"
	reaches a "${POD[d]}" -M "do" -s 8922
	reaches d "${POD6[a]}" -M "do" -s 8902
	transfer d a "${POD[a]}" 8000000
}

mac_of()
{
	inside "$1" cat /sys/class/net/eth0/address
}

# flooded_to M: what its bridge has sent to all.
flooded_to()
{
	stat_of "$1" vbr0 flooded
}

# all_grew BY: whether the bridges of the machines have flooded so many frames more than in $before.
all_grew()
{
	local i

	for i in "${!before[@]}"; do
		[ $(($(flooded_to "$i") - before[i])) -ge "$1" ] || return 1
	done
}

unknown_and_broadcast_reach_each_machine()
{
	local before=()

	cluster vxlan 1 2 3
	pod 1 a
	pod 2 c
	pod 3 d
	before=([2]=$(flooded_to 2) [3]=$(flooded_to 3))
	inside a ip neigh replace 10.244.0.99 lladdr 02:00:00:00:09:99 dev eth0
	inside a ping -q -c 10 -i 0.1 -W 1 10.244.0.99 >/dev/null && fail "somebody answers"
	slowwait 10 all_grew 10 || fail "what is for a stranger is not seen by each machine"
	before=([2]=$(flooded_to 2) [3]=$(flooded_to 3))
	inside a ping -q -b -c 10 -i 0.1 -W 1 10.244.255.255 >/dev/null 2>&1
	slowwait 10 all_grew 10 || fail "broadcasts are not seen by each machine"
	# Without the node's entry, it gets none; what leads to m3 is gone.
	nodes 1 2
	agents 1
	check_eq "$(on 1 bridge fdb show dev "$VX" | awk '/ dst / { print $3 }' | sort -u)" 203.0.113.2 "where m1's entries lead to"
	before=([2]=$(flooded_to 2))
	local quiet

	quiet=$(flooded_to 3)
	inside a ping -q -b -c 10 -i 0.1 -W 1 10.244.255.255 >/dev/null 2>&1
	slowwait 10 all_grew 10 || fail "broadcasts are not seen by m2"
	check_le "$(($(flooded_to 3) - quiet))" 5 "frames for all at m3"
}

# A container that is started again on another machine, with the addresses that it had.
an_address_moves()
{
	cluster vxlan 1 2 3
	pod 1 x 10.244.0.50/16 02:00:00:00:07:50
	pod 2 c
	pod 3 d
	reaches d 10.244.0.50
	reaches c 10.244.0.50
	unpod x
	pod 2 x 10.244.0.50/16 02:00:00:00:07:50
	reaches d 10.244.0.50
	reaches c 10.244.0.50
	check_match "$(on 3 bridge fdb show dev "$VX")" "02:00:00:00:07:50 dst 203.0.113.2 " "where m3 knows x"
	unpod x
	pod 3 x 10.244.0.50/16 02:00:00:00:07:50
	reaches d 10.244.0.50
	reaches c 10.244.0.50
	transfer c x 10.244.0.50 1000000
}

# station M NAME: M is told where the container is, and its address, as a control plane would that knows all.
station()
{
	local mac

	mac=$(mac_of "$2")
	must on "$1" bridge fdb replace "$mac" dev "$VX" dst "203.0.113.${AT[$2]}"
	must on "$1" bridge fdb replace "$mac" dev vbr0 self static via "$VX"
	must on "$1" ip neigh replace "${POD[$2]}" lladdr "$mac" dev vbr0 nud permanent
	must on "$1" ip -6 neigh replace "${POD6[$2]}" lladdr "$mac" dev vbr0 nud permanent
}

# Where all stations are known, nothing needs to go to all: no entry for that, no learning, and the bridge answers.
known_stations_need_no_floods()
{
	local machine

	cluster vxlan 1 2
	pod 1 a
	pod 2 c
	for machine in 1 2; do
		must on "$machine" ip link set "$VX" type vxlan nolearning
		must on "$machine" bridge fdb del "$FLOOD" dev "$VX" dst 203.0.113.$((3 - machine))
		must on "$machine" bridge link set dev "$VX" learning off flood off neigh_suppress on
	done
	inside a ping -q -c 1 -W 1 "${POD[c]}" >/dev/null && fail "there is a way without entries"
	station 1 c
	station 2 a
	inside a ip neigh flush dev eth0
	reaches a "${POD[c]}"
	reaches a "${POD6[c]}"
	reaches c "${POD6[a]}"
	transfer c a "${POD[a]}" 1000000
	check_ge "$(stat_of 1 vbr0 neighbours_answered)" 2 "questions that m1's bridge has answered"
	check_match "$(on 1 bridge fdb show dev "$VX")" "$(mac_of c) dst 203.0.113.2 [a-z ]*permanent" "c's entry on m1"
}

left()
{
	[ -e "$VNET_OUT/left.3" ]
}

# The last one: m3 goes in the middle of a transfer, and does not come back.
a_machine_goes_away()
{
	local mac

	cluster vxlan 1 2 3
	pod 1 a
	pod 2 c
	pod 3 d
	pod 3 x 10.244.0.50/16 02:00:00:00:07:50
	all_reach a c d
	reaches c 10.244.0.50
	start 1 ip netns exec a ping -q -i 0.05 "${POD[d]}"
	echo leave >"$VNET_OUT/order.new"
	mv "$VNET_OUT/order.new" "$VNET_OUT/order.3.$(</run/cluster/order.3)"
	slowwait 60 left || die "m3 does not leave"
	# Nothing is to be cleaned there.
	AT[d]='' AT[x]=''
	NODES=(1 2)
	all_reach a c
	inside a ping -q -c 1 -W 1 "${POD[d]}" >/dev/null && fail "d still answers"
	# Its container starts on another node before anybody has noticed.
	pod 1 x 10.244.0.50/16 02:00:00:00:07:50
	reaches c 10.244.0.50
	nodes 1 2
	agents 1 2
	check_eq "$(on 2 bridge fdb show dev "$VX" | grep -c ' dst 203.0.113.3 ')" 0 "entries of m2 that lead to m3"
	all_reach a c
	transfer a c "${POD[c]}"
}

ALL_TESTS="
	containers_reach_one_another
	large_frames
	unknown_and_broadcast_reach_each_machine
	an_address_moves
	known_stations_need_no_floods
	a_machine_goes_away
"
run_tests "$@"
