#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Pair, bridge, pair, one frame at a time; and what of it is the crossing of the bridge, that is the same less the cost of
# a pair alone in the same round; both also with VLANs filtered, all frames being in the ports' own, and counted for each
# VLAN. The last two rows have one member of the suite among in-tree ones.
#
#	pktgen -> a ==== oa--[bridge]--ob ==== b -> drop
#	                     [sw]              [rx]
#
# The frame's destination is a static entry of the FDB; its source is learned. Each round has bridges of its own: which
# stations share a bucket depends on the seed of a bridge's table, and is worth a percent of the frame.
#
# ROWS: switched-64 switched-1500 switched-v6 crossing-64 filtered-64 filtercrossing-64 foreign-64 inbridge-64
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

cost()
{
	local subject=${2#.}

	case $subject in
	floor)
		pg floor0 netif_receive "$COUNT" "${FRAME[@]}"
		return
		;;
	*bridge) short "$subject" ;;
	*) REPLY=pair_$subject ;;
	esac
	across "a$REPLY" "b$REPLY" "$COUNT"
}

before_round()
{
	local subject

	for subject; do
		subject=${subject#.}
		[[ $subject != *bridge ]] || fresh_bridge "$subject" "${OPTIONS[@]}"
	done
}

# After a round of a crossing: the difference between the two roads of the same kinds.
crossing_done()
{
	local subject pair

	for subject in vveth-vbridge veth-bridge; do
		pair_kind "$subject"
		pair=.$REPLY
		if [ -n "${COST[.$subject]:-}" ]; then
			put "$1" "$subject" $((COST[.$subject] - COST[$pair]))
		else
			absent "$1" "$subject"
		fi
	done
}

new_ns sw rx
new_floor
for subject in veth-bridge vveth-vbridge veth-vbridge vveth-bridge; do
	! subject_there "$subject" || new_switched "$subject"
done
for kind in vveth veth; do
	! have "$kind" || new_pair "$kind" '' "apair_$kind" rx "bpair_$kind"
done
for row in "$@"; do
	frame "${row#*-}"
	OPTIONS=() VLAN=
	[[ $row != filter* ]] || OPTIONS=(vlan_filtering 1 vlan_default_pvid 1 vlan_stats_enabled 1) VLAN=1
	case $row in
	switched-*)
		row "$row" frame "pair, bridge, pair; ${row#*-}"
		rounds cost "$row" vveth-vbridge veth-bridge floor
		;;
	filtered-*)
		row "$row" frame "pair, bridge with VLANs, pair; ${row#*-}"
		rounds cost "$row" vveth-vbridge veth-bridge floor
		;;
	crossing-64 | filtercrossing-64)
		case $row in
		crossing*) row "$row" frame "the crossing of the bridge alone; 64" ;;
		*) row "$row" frame "the same with VLANs filtered; 64" ;;
		esac
		after_round() { crossing_done "$1"; }
		rounds cost "$row" .vveth-vbridge .veth-bridge .vveth .veth
		unset -f after_round
		;;
	foreign-64)
		row "$row" frame "in-tree pairs on a vbridge; 64"
		rounds cost "$row" veth-vbridge veth-bridge floor
		;;
	inbridge-64)
		row "$row" frame "vveth pairs on an in-tree bridge; 64"
		rounds cost "$row" vveth-bridge veth-bridge floor
		;;
	esac
done
