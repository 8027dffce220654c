#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# From a container through a router that masquerades into another container: by the classic path, with the flow in a
# software flowtable, and with the flow taken by vflow.
#
#	pktgen -> a ==== in  route, masquerade  out ==== b -> IP, UDP, full socket
#	                      [router]                  [rx]
#
# flowstream: 1,024 bytes of a TCP stream between a and b.
#
# The subjects are the kind of the pairs, and behind it what the router has: none, soft (a flowtable), early (the same, and
# vflow's parameter of that name) or vflow (the same with `flags offload`).
#
# ROWS: flow-64 early-64 time:flowstream
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../routers.sh
. "$BENCH/routers.sh"

router_join()
{
	new_pair "${2%-*}" '' "a$3" "router$3" in
	new_pair "${2%-*}" "router$3" out rx "b$3"
	REPLY=in
}

router_rules()
{
	case ${2##*-} in
	none) ruleset ;;
	vflow) ruleset "in, out" "flags offload" ;;
	*) ruleset "in, out" ;;
	esac
}

router_mark()
{
	case ${2##*-} in
	none) ;;
	vflow) echo '\[HW_OFFLOAD\]' ;;
	*) echo '\[OFFLOAD\]' ;;
	esac
}

stream_cost()
{
	local nr=${ROUTERS[$2]# }

	REPLY=$("$TOOLS/bench/traffic" stream '' rx "10.$nr.1.2" 65536 400) || die "$1 over $2 fails"
}

cost()
{
	[[ $2 != *-early ]] || echo Y >"$EARLY"
	case $1 in
	flowstream) stream_cost "$@" ;;
	*) routers_cost "$@" ;;
	esac
	[[ $2 != *-early ]] || echo N >"$EARLY"
}

EARLY=/sys/module/vflow/parameters/early
routers_begin
for row in "$@"; do
	case $row in
	flow-*)
		row "$row" frame "container to container, routed and masqueraded; 64"
		subjects=(vveth-vflow veth-none veth-soft veth-vflow)
		;;
	early-*)
		row "$row" frame "the same by a software flowtable, looked up early or not; 64"
		subjects=(vveth-soft veth-soft)
		! have vflow || subjects=(vveth-early "${subjects[@]}")
		;;
	flowstream)
		row "$row" KiB "TCP stream through the same"
		subjects=(vveth-vflow veth-soft veth-none)
		;;
	esac
	# shellcheck disable=SC2046 # none
	routers_row "$row" $([ "$row" = flowstream ] || echo floor)
done
