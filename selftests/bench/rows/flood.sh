#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A bridge floods a frame for an unknown address to all its other ports; cost of one copy, up to its drop.
#
#	                        +-- o1 ==== b1 -> drop
#	pktgen -> a ==== o--[bridge]-- ...
#	                        +-- oN ==== bN -> drop
#	                    [sw]            [rx]
#
# The floor is that of a copy: the receive path, and its share of making the frame.
#
# ROWS: flood-2 flood-64
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../ports.sh
. "$BENCH/ports.sh"

new_floor
new_dummy gen0
for row in "$@"; do
	row "$row" copy "flooded to ${row#*-} ports; 64"
	for subject in vveth-vbridge veth-bridge; do
		! subject_there "$subject" || flood_setup "$subject" "${row#*-}"
	done
	rounds flood_cost "$row" vveth-vbridge veth-bridge floor
	flood_remove
done
