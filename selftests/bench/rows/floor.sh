#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What is the same for everybody. generator: pktgen into a dummy device. floor: pktgen as a receiving device (xmit_mode
# netif_receive), that is the generator and the receive path to the drop. rx: the same with 64 receptions of each frame
# made, that is the receive path almost alone.
#
#	pktgen -> dummy            pktgen -> receive path -> drop
#
# ROWS: generator-64 generator-1500 generator-v6 floor-64 floor-1500 floor-v6 rx-64
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

cost()
{
	case $1 in
	generator-*) pg gen0 start_xmit "$COUNT" "${FRAME[@]}" ;;
	floor-*) pg floor0 netif_receive "$COUNT" "${FRAME[@]}" ;;
	rx-*) pg_rx "$COUNT" "${FRAME[@]}" ;;
	esac
}

new_dummy gen0
new_floor
for row in "$@"; do
	case $row in
	generator-*) title="pktgen alone" subject=dummy ;;
	floor-*) title="pktgen and the receive path to the drop" subject=receive ;;
	rx-*) title="the receive path to the drop" subject=receive ;;
	esac
	row "$row" frame "$title, ${row#*-}"
	frame "${row#*-}"
	rounds cost "$row" "$subject"
done
