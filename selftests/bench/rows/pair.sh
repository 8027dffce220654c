#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A pair, one frame at a time: each is sent, wakes the receiver, and is dropped by its stack before the next is made.
#
#	pktgen -> aKIND ==== bKIND -> drop
#	                      [rx]
#
# ROWS: pair-64 pair-1500 pair-v6
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

cost()
{
	local kind=$2

	if [ "$kind" = floor ]; then
		pg floor0 netif_receive "$COUNT" "${FRAME[@]}"
	else
		across "a$kind" "b$kind" "$COUNT"
	fi
}

subjects=(vveth veth veth-gro netkit)
new_ns rx
new_floor
for kind in "${subjects[@]}"; do
	! have "$kind" || new_pair "$kind" '' "a$kind" rx "b$kind"
done
for row in "$@"; do
	frame "${row#*-}"
	row "$row" frame "a pair, frame by frame, ${row#*-}"
	rounds cost "$row" "${subjects[@]}" floor
done
