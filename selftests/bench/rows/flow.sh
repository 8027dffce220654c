#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# From a container through a router that masquerades into another container: by the classic path, with the flow in a
# software flowtable, and with the flow taken by vflow.
#
#	pktgen -> a ==== in  route, masquerade  out ==== b -> IP, UDP, full socket
#	                      [router]                  [rx]
#
# flowxdp: the frames come to in by XDP_REDIRECT into a, without an skb; an in-tree pair takes such where in has GRO. The floor is the
# same maker with XDP_DROP, and the receive path to that socket. flowstream: 1,024 bytes of a TCP stream between a and b.
#
# The subjects are the kind of the pairs, and behind it what the router has: none, soft (a flowtable), early (the same, and
# vflow's parameter of that name) or vflow (the same with `flags offload`).
#
# ROWS: flow-64 early-64 flowxdp-64 time:flowstream
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../routers.sh
. "$BENCH/routers.sh"

router_join()
{
	new_pair "${2%-*}" '' "a$3" "router$3" in
	[[ $1 != flowxdp-* || $2 != veth-* ]] || must in_ns "router$3" ethtool -K in gro on
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

# xdp_cost ROW SUBJECT
xdp_cost()
{
	local nr before sum=0 n=$((COUNT / EACH))

	if [ "$2" = floor ]; then
		REPLY=$("$TOOLS/bench/xdpgen" drop "$COUNT" 60 "$FLOOR_MAC") || die "no XDP frames are made"
		before=$REPLY
		pg_rx "$COUNT" "pkt_size 60" "dst 10.0.0.2" "src_min 10.0.0.1" "src_max 10.0.0.1" "dst_mac $FLOOR_MAC"
		REPLY=$((REPLY + before))
		return
	fi
	for nr in ${ROUTERS[$2]}; do
		received rx "b$nr"
		before=$REPLY
		REPLY=$("$TOOLS/bench/xdpgen" "$(<"/sys/class/net/a$nr/ifindex")" "$n" 60 "${GATEWAY[$nr]}" "10.$nr.0.2" "10.$nr.1.2") ||
			die "XDP_REDIRECT into a$nr"
		sum=$((sum + REPLY))
		arrived rx "b$nr" "$before" "$n"
		check_flow "$1" "$2" "$nr"
	done
	REPLY=$((sum / EACH))
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
	flowxdp-*) xdp_cost "$@" ;;
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
	flowxdp-*)
		row "$row" frame "XDP_REDIRECT into the same, an skb at its end; 64"
		subjects=(vveth-vflow veth-soft)
		;;
	flowstream)
		row "$row" KiB "TCP stream through the same"
		subjects=(vveth-vflow veth-soft veth-none)
		;;
	esac
	# shellcheck disable=SC2046 # none
	routers_row "$row" $([ "$row" = flowstream ] || echo floor)
done
