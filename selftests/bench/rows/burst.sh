#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A pair, frames in bursts: they pile up in a qdisc that holds them back (plug), which is then opened; the qdisc hands them
# to the device as fast as it takes them, with xmit_more where the device says how many it takes at once (BQL).
#
#	pktgen -> plug | aKIND ==== bKIND -> drop; the last one, a datagram -> socket
#	                             [rx]
#
# The same pair without BQL ("bqloff") stands beside the in-tree ones: what BQL costs where nothing is congested.
#
# Counted is the time from the opening until the last one is received, less that of an empty queue, the least of some
# times each; so the making of the frames is left out, and what is subtracted as the floor is the receive path alone.
#
# ROWS: burst-64 burst-1500
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# release KIND: how long it takes to empty the queue.
release()
{
	REPLY=$("$TOOLS/bench/links" release "a$1" rx "${ADDRESS[$1]}") || die "the queue of a$1 is not emptied"
}

cost()
{
	local kind=$2 before empty='' full='' time

	if [ "$kind" = floor ]; then
		pg_rx "$COUNT" "${FRAME[@]}"
		return
	fi
	for ((time = 0; time < TIMES; time++)); do
		release "$kind"
		[ -n "$empty" ] && [ "$empty" -le "$REPLY" ] || empty=$REPLY
		received rx "b$kind"
		before=$REPLY
		pg "a$kind" queue_xmit "$QUEUE" "${FRAME[@]}"
		release "$kind"
		[ -n "$full" ] && [ "$full" -le "$REPLY" ] || full=$REPLY
		arrived rx "b$kind" "$before" "$QUEUE"
	done
	REPLY=$(((full - empty) / QUEUE))
}

declare -A ADDRESS
# The least of differences would be one in which an empty queue was disturbed.
TRIES=1
QUEUE=6000 TIMES=$(by_mode 2 3)
# The qdisc is emptied where a softirq has its turn.
# shellcheck disable=SC2034 # read by profile()
PROFILED=links,ksoftirqd/0 PROFILED_COUNT=$((QUEUE * TIMES))
subjects=(vveth veth veth-gro bqloff)
new_ns rx
new_floor
nr=0
for kind in "${subjects[@]}"; do
	have "${kind/bqloff/vveth}" || continue
	new_pair "${kind/bqloff/vveth}" '' "a$kind" rx "b$kind"
	[ "$kind" != bqloff ] || must ethtool --set-priv-flags "a$kind" bql off
	nr=$((nr + 1))
	ADDRESS[$kind]=10.$nr.0.2
	ip_in '' address add "10.$nr.0.1/24" dev "a$kind"
	ip_in rx address add "10.$nr.0.2/24" dev "b$kind"
	ip_in '' neighbour add "10.$nr.0.2" lladdr "$(mac_of rx "b$kind")" dev "a$kind"
	must tc qdisc add dev "a$kind" root plug limit 100000000
	"$TOOLS/bench/links" release "a$kind" rx "10.$nr.0.2" >/dev/null || die "no datagram comes through a$kind"
done
for row in "$@"; do
	frame "${row#*-}"
	row "$row" frame "a pair, in bursts out of a qdisc; ${row#*-}"
	rounds cost "$row" "${subjects[@]}" floor
done
