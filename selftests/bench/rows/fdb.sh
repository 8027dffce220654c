#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Pair, bridge, pair with many learned addresses behind the receiver, each frame to one of them at random; and the cost of
# learning: each frame from another, new address; and of being told all that was learned, by a program that only counts it.
#
#	pktgen -> a ==== oa--[bridge]--ob ==== b -> drop
#	                     [sw]              [rx]
#
# A million is for time mode only: an instruction count sees no cache miss. The limit of learned entries is lifted on
# both bridges.
#
# ROWS: fdb-1k fdb-100k time:fdb-1M icount:learn-10k time:learn-100k icount:dump-10k time:dump-1M
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

number()
{
	REPLY=${1#*-}
	REPLY=${REPLY/k/000}
	REPLY=${REPLY/M/000000}
}

# to_known ROW: frames to the addresses that are known then.
to_known()
{
	number "$1"
	frame 64
	FRAME+=("dst_mac 02:01:00:00:00:00" "dst_mac_count $REPLY" "flag MACDST_RND")
}

# from_new N: frames from so many addresses, to the one that is always known.
from_new()
{
	frame 64
	FRAME+=("src_mac 02:02:00:00:00:00" "src_mac_count $1")
}

flush()
{
	short "$1"
	must bridge -n sw fdb flush dev "br$REPLY" dynamic
}

# The receiver's side is where the addresses are: they are learned from frames that it sends.
fill()
{
	local entries

	number "$2"
	entries=$REPLY
	short "$1"
	frame 64
	pg_ns rx "b$REPLY" start_xmit "$entries" "${FRAME[@]}" "src_mac 02:01:00:00:00:00" "src_mac_count $entries"
}

# through SUBJECT N: the cost of N of the frames chosen.
through()
{
	if [ "$1" = floor ]; then
		pg floor0 netif_receive "$2" "${FRAME[@]}"
	else
		short "$1"
		across "a$REPLY" "b$REPLY" "$2"
	fi
}

# The mean of some times: when the table's growing falls into one is chance.
learn()
{
	local addresses sum=0 time

	number "$1"
	addresses=$REPLY
	from_new "$addresses"
	for ((time = 0; time < TIMES; time++)); do
		[ "$2" = floor ] || flush "$2"
		through "$2" "$addresses"
		sum=$((sum + REPLY))
	done
	REPLY=$((sum / TIMES))
}

# Of the port that the addresses are behind: with the other bridge's entries nearby, `show` would be of both.
dump()
{
	number "$1"
	local entries=$REPLY

	short "$2"
	REPLY=$(in_ns sw "$TOOLS/bench/links" fdb-dump "ob$REPLY" "$entries") || die "no dump of $2"
}

cost()
{
	case $1 in
	dump-*) dump "$@" ;;
	learn-*) learn "$@" ;;
	*)
		to_known "$1"
		through "$2" "$COUNT"
		;;
	esac
}

TIMES=$(by_mode 4 1)
subjects=(vveth-vbridge veth-bridge)
new_ns sw rx
new_floor
for subject in "${subjects[@]}"; do
	subject_there "$subject" || continue
	new_switched "$subject"
	bridge_kind "$subject"
	kind=$REPLY
	short "$subject"
	must in_ns sw "$TOOLS/bench/links" fdb-limit "br$REPLY" "$kind" 0
	# On a slow machine the first of a million would be forgotten before the last row is done.
	ip_in sw link set "br$REPLY" type "$kind" ageing_time 360000
done
for row in "$@"; do
	case $row in
	fdb-*)
		row "$row" frame "pair, bridge, pair; ${row#*-} addresses"
		for subject in "${subjects[@]}"; do
			! subject_there "$subject" || fill "$subject" "$row"
		done
		;;
	dump-*)
		row "$row" entry "dump of ${row#*-} addresses"
		for subject in "${subjects[@]}"; do
			! subject_there "$subject" || fill "$subject" "$row"
		done
		rounds cost "$row" "${subjects[@]}"
		continue
		;;
	learn-*) row "$row" frame "an address learned with each frame" ;;
	esac
	rounds cost "$row" "${subjects[@]}" floor
done
