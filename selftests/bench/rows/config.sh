#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Ten thousand pairs, as a host full of containers has them: made in their final namespaces by one `ip -batch`, taken up,
# and removed in the four ways there are. Cost of a pair, including its share of starting `ip`. What a pair costs in memory
# while it is idle is printed beside that (in bytes), down and up.
#
#	o1 ==== b1 ... o10000 ==== b10000
#	[sw]    [rx]
#
# ROWS: time:create-10k time:up-10k time:delete-10k time:group-10k time:end-10k bytes-down bytes-up
# ORDER: each row needs those before it, so they are all done when one is asked for.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

BATCH=$(mktemp -d) || die "no temporary folder"

# lines FORMAT N: FORMAT for 1 to N.
lines()
{
	local i

	for ((i = 1; i <= $2; i++)); do
		echo "${1//%/$i}"
	done
}

# timed ROW SUBJECT CMD...
timed()
{
	local row=$1 subject=$2 cost

	shift 2
	cost=$("$TOOLS/bench/traffic" run "$@") || die "$row: $subject: $* failed"
	put "$row" "$subject" $((cost / PAIRS))
}

# Memory of the kernel's own that devices take, in bytes, once all has been freed that waits for a grace period.
kernel_memory()
{
	local key value sum last=0 tries cache

	for ((tries = 0; tries < 50; tries++)); do
		for cache in /sys/kernel/slab/*/shrink; do
			echo 1 >"$cache"
		done
		sum=0
		while read -r key value _; do
			case $key in
			Slab: | Percpu: | VmallocUsed:) sum=$((sum + value)) ;;
			esac
		done </proc/meminfo
		# Unchanged to a thousandth.
		[ $((sum - last)) -gt $((sum / 1000)) ] || [ $((last - sum)) -gt $((sum / 1000)) ] || break
		last=$sum
		sleep 0.2
	done
	REPLY=$((sum * 1024))
}

# bytes ROW SUBJECT BEFORE
bytes()
{
	kernel_memory
	put "$1" "$2" $(((REPLY - $3) * 1000 / PAIRS))
}

make_all()
{
	ip_in sw -batch "$BATCH/add"
}

# Until nothing is left on the other side.
# shellcheck disable=SC2016 # for that bash to expand
END_NAMESPACE='ip netns del rx && while ip -n sw link show dev o$1 >/dev/null 2>&1; do sleep 0.01; done'

config()
{
	local kind=$1 before

	new_ns sw rx
	lines "link add o% group 7 type $kind peer name b% netns rx" "$PAIRS" >"$BATCH/add"
	kernel_memory
	before=$REPLY
	timed create-10k "$kind" ip -n sw -batch "$BATCH/add"
	bytes bytes-down "$kind" "$before"
	# shellcheck disable=SC2016 # for that bash to expand
	timed up-10k "$kind" bash -c 'ip -n sw -batch "$1" && ip -n rx -batch "$2"' up "$BATCH/up" "$BATCH/up-peers"
	bytes bytes-up "$kind" "$before"
	timed delete-10k "$kind" ip -n sw -batch "$BATCH/del"
	make_all
	timed group-10k "$kind" ip -n sw link del group 7
	make_all
	kill "${HOLDER[rx]}"
	timed end-10k "$kind" bash -c "$END_NAMESPACE" end "$PAIRS"
	unset 'HOLDER[rx]'
	kill "${HOLDER[sw]}"
	unset 'HOLDER[sw]'
	must ip netns del sw
}

PAIRS=$(by_mode 500 10000)
lines "link set o% up" "$PAIRS" >"$BATCH/up"
lines "link set b% up" "$PAIRS" >"$BATCH/up-peers"
lines "link del o%" "$PAIRS" >"$BATCH/del"
if [ "$BENCH_MODE" = 'time' ]; then
	row create-10k pair "10,000 pairs made, in two namespaces"
	row up-10k pair "10,000 pairs taken up, both ends"
	row delete-10k pair "10,000 pairs deleted one by one"
	row group-10k pair "10,000 pairs deleted as a group"
	row end-10k pair "10,000 pairs whose one namespace ends"
fi
row bytes-down pair "bytes of memory of a pair that is down"
row bytes-up pair "bytes of memory of a pair that is up and idle"
for ((round = 0; round < $(by_mode 1 3); round++)); do
	if ((round % 2)); then
		kinds="veth vveth"
	else
		kinds="vveth veth"
	fi
	for kind in $kinds; do
		! subject_there "$kind" || config "$kind"
	done
done
