#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# From a container to the outside: over a bridge that is its gateway, routed and masqueraded by nft; by the classic path,
# with the flow in a software flowtable, and, of the suite, taken by vflow beside a software flowtable of the in-tree devices.
#
#	pktgen -> a ==== o--[bridge]  route, masquerade  out ==== b -> IP, UDP, full socket
#	                 [router]                                  [rx]
#
# ROWS: nat-64 flowtable-64 offload-64
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../routers.sh
. "$BENCH/routers.sh"

# offloaded ROW SUBJECT
offloaded()
{
	[ "$1" = offload-64 ] && [ "$2" = vveth-vbridge ]
}

router_join()
{
	local ns=router$3 pair

	pair_kind "$2"
	pair=$REPLY
	bridge_kind "$2"
	new_bridge "$ns" sw0 "$REPLY"
	new_pair "$pair" '' "a$3" "$ns" o
	ip_in "$ns" link set o master sw0
	new_pair "$pair" "$ns" out rx "b$3"
	REPLY=sw0
}

router_rules()
{
	if [ "$1" = nat-64 ]; then
		ruleset
	else
		ruleset "o, sw0, out" "$(! offloaded "$@" || echo flags offload)"
	fi
}

router_mark()
{
	if offloaded "$@"; then
		echo '\[HW_OFFLOAD\]'
	elif [ "$1" != nat-64 ]; then
		echo '\[OFFLOAD\]'
	fi
}

cost()
{
	routers_cost "$@"
}

subjects=(vveth-vbridge veth-bridge)
routers_begin
for row in "$@"; do
	case $row in
	nat-64) row "$row" frame "routed and masqueraded; 64" ;;
	flowtable-64) row "$row" frame "the same, in a software flowtable; 64" ;;
	offload-64) row "$row" frame "the same, the suite's by vflow; 64" ;;
	esac
	routers_row "$row" floor
done
