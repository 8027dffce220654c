# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by rows that flood: a bridge with N ports, in namespaces of their own for each subject, since a namespace with
# thousands of devices is slower to work in.
#
#	flood_pairs SUBJECT N		namespaces swTAG and rxTAG, and a batch for `ip` that makes the pairs, in $BATCH
#	flood_setup SUBJECT N		all of it, ready
#	flood_cost ROW SUBJECT		of a copy; ROW ends in the number of ports; needs floor0, and a dummy device gen0
#	flood_remove			the namespaces of all subjects

BATCH=$(mktemp -d) || die "no temporary folder"
FLOODED=()

# lines FORMAT N: FORMAT for 1 to N.
lines()
{
	local i

	for ((i = 1; i <= $2; i++)); do
		echo "${1//%/$i}"
	done
}

batch()
{
	must ip ${1:+-n "$1"} -batch "$2"
}

flood_pairs()
{
	short "$1"
	local tag=$REPLY

	pair_kind "$1"
	new_ns "sw$tag" "rx$tag"
	FLOODED+=("sw$tag" "rx$tag")
	lines "link add o% type $REPLY peer name b% netns rx$tag" "$2" >"$BATCH/add"
	lines "link set o% master sw0" "$2" >"$BATCH/enslave"
	lines "link set o% up" "$2" >"$BATCH/up"
	lines "link set b% up" "$2" >"$BATCH/up-peers"
	lines "link del o%" "$2" >"$BATCH/del"
	lines "link set o% nomaster" "$2" >"$BATCH/release"
}

# The frames come from here, through a pair of their own.
flood_sender()
{
	local tag

	short "$1"
	tag=$REPLY
	pair_kind "$1"
	new_pair "$REPLY" '' "a$tag" "sw$tag" o0
	ip_in "sw$tag" link set o0 master sw0
}

flood_setup()
{
	local tag

	flood_pairs "$1" "$2"
	short "$1"
	tag=$REPLY
	batch "sw$tag" "$BATCH/add"
	bridge_kind "$1"
	new_bridge "sw$tag" sw0 "$REPLY"
	batch "sw$tag" "$BATCH/enslave"
	batch "sw$tag" "$BATCH/up"
	batch "rx$tag" "$BATCH/up-peers"
	flood_sender "$1"
}

flood_cost()
{
	local ports=${1##*-} frames before cost dev

	frame 64
	if [ "$2" = floor ]; then
		pg_rx "$COUNT" "${FRAME[@]}"
		cost=$REPLY
		pg gen0 start_xmit "$COUNT" "${FRAME[@]}"
		REPLY=$((cost + REPLY / ports))
		return
	fi
	short "$2"
	dev=$REPLY
	frames=$((COUNT * 2 / ports + 5))
	received "rx$dev" "b$ports"
	before=$REPLY
	pg "a$dev" start_xmit "$frames" "${FRAME[@]}"
	cost=$REPLY
	arrived "rx$dev" "b$ports" "$before" "$frames"
	REPLY=$((cost / ports))
}

flood_remove()
{
	local ns

	for ns in "${FLOODED[@]}"; do
		kill "${HOLDER[$ns]}" 2>/dev/null
		unset "HOLDER[$ns]"
		must ip netns del "$ns"
	done
	FLOODED=()
}
