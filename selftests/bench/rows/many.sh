#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A thousand pairs: made in their final namespaces, made ports of a bridge, flooded to, taken off the bridge, deleted, each
# by one `ip -batch`. Cost of one, including its share of starting `ip`; for flood-1000, of a copy.
#
#	o1 ==== b1 ... o1000 ==== b1000
#	[sw]    [rx]
#
# ROWS: create-1000 enslave-1000 flood-1000 release-1000 delete-1000
# ORDER: each row needs those before it, so they are all done when one is asked for.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../ports.sh
. "$BENCH/ports.sh"

# timed ROW SUBJECT NS FILE: the first round warms up, what memory was free before it is chance.
timed()
{
	local cost

	cost=$("$TOOLS/bench/traffic" run ip -n "$3" -batch "$4") || die "$1: $2: ip -batch failed"
	[ "$round" -eq 0 ] || put "$1" "$2" $((cost / PORTS))
}

# flooded SUBJECT: in the last round, as often as other rows have rounds; a first time warms up.
flooded()
{
	local time

	[ "$round" -eq "$LAST" ] || return 0
	for ((time = 0; time <= FLOODS; time++)); do
		flood_cost flood-1000 "$1"
		[ $time -eq 0 ] || put flood-1000 "$1" "$REPLY"
	done
}

many()
{
	local subject=$1 tag pair

	pair_kind "$subject"
	pair=$REPLY
	flood_pairs "$subject" "$PORTS"
	short "$subject"
	tag=$REPLY
	timed create-1000 "$pair" "sw$tag" "$BATCH/add"
	bridge_kind "$subject"
	new_bridge "sw$tag" sw0 "$REPLY"
	timed enslave-1000 "$subject" "sw$tag" "$BATCH/enslave"
	batch "sw$tag" "$BATCH/up"
	batch "rx$tag" "$BATCH/up-peers"
	[ "$round" -lt "$LAST" ] || flood_sender "$subject"
	flooded "$subject"
	timed release-1000 "$subject" "sw$tag" "$BATCH/release"
	timed delete-1000 "$pair" "sw$tag" "$BATCH/del"
	flood_remove
}

PORTS=1000 FLOODS=$ROUNDS LAST=$(by_mode 2 3)
row create-1000 pair "1,000 pairs made"
row enslave-1000 port "1,000 ends made ports of a bridge"
row flood-1000 copy "flooded to 1,000 ports; 64"
row release-1000 port "1,000 ports taken off a bridge"
row delete-1000 pair "1,000 pairs deleted"
new_floor
new_dummy gen0
for ((round = 0; round <= LAST; round++)); do
	for subject in vveth-vbridge veth-bridge; do
		! subject_there "$subject" || many "$subject"
	done
	flooded floor
done
