#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Packets between two namespaces without ARP: what has a mode for that, and a pair in layer 2 beside it. As in local-64,
# the frames are for the receiver's own address and go up to a UDP socket, which is full.
#
#	pktgen -> aKIND ==== bKIND -> IP, UDP -> drop
#	                      [rx]
#
# 64 senders take turns, for the look-up of a source goes through a hash table.
#
# ROWS: l3-64
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# to KIND: the options for a frame to its receiver.
to()
{
	FRAME=("pkt_size 60" "dst_mac ${MAC[$1]}" "dst ${ADDRESS[$1]}.2")
	FRAME+=("src_min ${ADDRESS[$1]}.65" "src_max ${ADDRESS[$1]}.128")
}

cost()
{
	local kind=$2

	to "$kind"
	if [ "$kind" = floor ]; then
		pg floor0 netif_receive "$COUNT" "${FRAME[@]}"
	else
		across "a$kind" "b$kind" "$COUNT"
	fi
}

# Two devices on top of one that leads nowhere.
new_lan()
{
	new_dummy low0
	ip_in '' link add aipvlan-l3 link low0 type ipvlan mode l3
	ip_in '' link add bipvlan-l3 link low0 netns rx type ipvlan mode l3
	ip_in '' link set aipvlan-l3 up
	ip_in rx link set bipvlan-l3 up
}

declare -A ADDRESS MAC
subjects=(vveth-l3 vveth netkit-l3 ipvlan-l3)
new_ns rx
new_floor
nr=0
for kind in "${subjects[@]}"; do
	have "${kind%-l3}" || continue
	case $kind in
	ipvlan-l3) new_lan ;;
	*) new_pair "$kind" '' "a$kind" rx "b$kind" ;;
	esac
	nr=$((nr + 1))
	ADDRESS[$kind]=10.$nr.0 MAC[$kind]=$(mac_of rx "b$kind")
	ip_in '' address add "10.$nr.0.1/24" dev "a$kind"
	ip_in rx address add "10.$nr.0.2/24" dev "b$kind"
	sink rx "10.$nr.0.2"
done
ADDRESS[floor]=10.0.0 MAC[floor]=$(mac_of '' floor0)
ip_in '' address add 10.0.0.2/24 dev floor0
sink '' 10.0.0.2
for row in "$@"; do
	row "$row" frame "packets without ARP, up to a full UDP socket; 64"
	rounds cost "$row" "${subjects[@]}" floor
done
