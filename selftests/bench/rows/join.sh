#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Cost of an end made a port of a bridge that has nine ports already, and of one that has 4,032; each the share of 64 in one
# `ip -batch`. The in-tree bridge takes 1,023 ports; what the 4,096th costs stands beside what the tenth costs the same
# bridge, and the difference is the walks through lists, which are the core's.
#
#	o1 ==== b1 ... o4096 ==== b4096
#	[sw]    [rx]
#
# ROWS: icount:join-10 icount:join-4096
# ORDER: both are done when one is asked for.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../ports.sh
. "$BENCH/ports.sh"

FEW=9 MANY=4032 TOGETHER=64

# enslaved NS FROM TO: a batch does that.
enslaved()
{
	sed -n "$2,$3p" "$BATCH/enslave" >"$BATCH/part"
	batch "$1" "$BATCH/part"
}

# joined NS AFTER [ROW SUBJECT]...: the cost of each of the next ports, as often as there are rounds; a first time warms up.
joined()
{
	local ns=$1 after=$2 time cost

	shift 2
	sed -n "$((after + 1)),$((after + TOGETHER))p" "$BATCH/enslave" >"$BATCH/part"
	sed -n "$((after + 1)),$((after + TOGETHER))p" "$BATCH/release" >"$BATCH/back"
	for ((time = 0; time <= TIMES; time++)); do
		cost=$("$TOOLS/bench/traffic" run ip -n "$ns" -batch "$BATCH/part") || die "ip -batch failed"
		batch "$ns" "$BATCH/back"
		[ "$time" -eq 0 ] || put_all $((cost / TOGETHER)) "$@"
	done
}

# put_all COST [ROW SUBJECT]...
put_all()
{
	local cost=$1

	shift
	while [ $# -gt 0 ]; do
		put "$1" "$2" "$cost"
		shift 2
	done
}

join()
{
	local subject=$1 ns few=() ports=$FEW

	[ "$subject" != vveth-vbridge ] || ports=$MANY few=(join-4096 beside-nine)
	flood_pairs "$subject" $((ports + TOGETHER))
	short "$subject"
	ns=sw$REPLY
	batch "$ns" "$BATCH/add"
	bridge_kind "$subject"
	new_bridge "$ns" sw0 "$REPLY"
	enslaved "$ns" 1 "$FEW"
	joined "$ns" "$FEW" join-10 "$subject" "${few[@]}"
	if [ "$ports" -gt "$FEW" ]; then
		enslaved "$ns" $((FEW + 1)) "$ports"
		joined "$ns" "$ports" join-4096 "$subject"
	fi
	flood_remove
}

TIMES=$ROUNDS
row join-10 port "an end made a port beside nine"
row join-4096 port "an end made a port beside 4,032"
for subject in vveth-vbridge veth-bridge; do
	! subject_there "$subject" || join "$subject"
done
