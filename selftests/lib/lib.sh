# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by every shell test: cases, verdicts, clean-up, KTAP on stdout.
#
#	#!/usr/bin/env bash
#	# SPDX-License-Identifier: GPL-2.0
#	# What the file is about, with a drawing of the topology.
#	# TIMEOUT: 200			(seconds, only where the runner's default is too short)
#	. "$(dirname "$0")/../lib/lib.sh"
#
#	carrier_follows() {		# one function per case, one fact per case
#		setup_ns a b		# fresh namespaces, their names in $a and $b
#		add_pair "$a" va "$b" vb
#		check_eq "$(link_flag "$a" va LOWER_UP)" yes "va has carrier"
#	}
#	ALL_TESTS="carrier_follows"
#	run_tests "$@"
#
# Every case runs in a subshell of its own, so it may set variables, cd and exit freely. What it starts and makes has to
# be gone when it ends: namespaces by setup_ns, processes by bg/bg_ns, all else by defer. A case that leaves a process, a
# namespace or a device behind fails, whatever it found.
#
# Verdicts inside a case:
#	check_err RC MSG	RC must be 0		check_fail RC MSG	RC must not be 0
#	check_eq GOT WANT MSG	check_ne GOT UNWANTED MSG	check_ge/check_le GOT BOUND MSG (numbers)
#	check_match TEXT ERE MSG	check_refused ERE CMD...  (CMD fails and says ERE on stderr)
#	fail MSG		a failure; the case goes on	die MSG		a failure; the case ends
#	suite_says ERE		ERE, or anything where the in-tree peers are under test: they refuse with fewer words
#	suite_only MSG		the in-tree peers do this otherwise: skip the case for them
#	must CMD...		CMD has to work, else the case ends as failed
#	skip MSG		the case ends as skipped
#	The first failure is the reason that is reported; all are in the case's output.
# Time:
#	busywait MS CMD...	poll CMD every 20 ms until it succeeds, at most MS milliseconds
#	slowwait S CMD...	poll CMD every 200 ms until it succeeds, at most S seconds
#	Both limits grow by the factor VNET_WAIT, for a slow kernel or machine.
# Life:
#	defer CMD...		run CMD when the case ends; last deferred, first run
#	bg CMD... / bg_ns NS CMD...	start CMD in the background (in namespace NS); BG_PID; stopped when the case ends
# net.sh (namespaces, links, counters, traffic) and modules.sh (the suite's modules) come with this file.
#
# In the environment: VNET_PAIR and VNET_BRIDGE name the kinds under test ("veth" and "bridge" run a test against the
# in-tree peers, to test the test), VNET_BUILD the folder of built things, VNET_VERBOSE=1 shows the output of all cases,
# and the time they took.

set -u
export LC_ALL=C
SELFTESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${VNET_BUILD:-${SELFTESTS%/*}/build}
# shellcheck disable=SC2034 # used by the tests
TOOLS=$BUILD/selftests/lib
PAIR=${VNET_PAIR:-vveth}
BRIDGE=${VNET_BRIDGE:-vbridge}
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin VNET_PAIR=$PAIR VNET_BRIDGE=$BRIDGE
if [ -d "$BUILD/plugins" ]; then
	export IP_LIB_DIR=${IP_LIB_DIR:-$BUILD/plugins}
fi

# ---- verdicts ---------------------------------------------------------------------------------------------------------

fail()
{
	echo "FAIL: $*"
	if [ "$RET" = pass ]; then
		RET=fail
		REASON=$*
	fi
}

die()
{
	fail "$@"
	exit 1
}

skip()
{
	echo "SKIP: $*"
	# A case that has already found a failure stays failed.
	if [ "$RET" = pass ]; then
		RET=skip
		REASON=$*
	fi
	exit 0
}

check_err()
{
	[ "$1" -eq 0 ] || fail "$2"
}

check_fail()
{
	[ "$1" -ne 0 ] || fail "$2"
}

check_eq()
{
	[ "$1" = "$2" ] || fail "$3: got '$1', want '$2'"
}

check_ne()
{
	[ "$1" != "$2" ] || fail "$3: got '$1'"
}

check_ge()
{
	[ "$1" -ge "$2" ] || fail "$3: got '$1', want at least $2"
}

check_le()
{
	[ "$1" -le "$2" ] || fail "$3: got '$1', want at most $2"
}

check_match()
{
	[[ $1 =~ $2 ]] || fail "$3: '$1' does not match '$2'"
}

# run_extack CMD...: runs CMD; leaves what it said on stderr in EXTACK and returns its status.
run_extack()
{
	local rc=0

	"$@" 2>"$CASE_DIR/extack" || rc=$?
	EXTACK=$(<"$CASE_DIR/extack")
	return "$rc"
}

# check_refused ERE CMD...: CMD must fail, and the kernel's sentence ("Error: ...") or the errno text must match ERE.
check_refused()
{
	local want=$1

	shift
	if run_extack "$@"; then
		fail "not refused: $*"
		return 1
	fi
	[[ $EXTACK =~ $want ]] || fail "$*: said '$EXTACK', want '$want'"
}

# suite_says ERE: what to expect of the suite's own sentences; the in-tree peers refuse the same with less to say.
suite_says()
{
	if [ "$PAIR" = veth ] || [ "$BRIDGE" = bridge ]; then
		echo .
	else
		echo "$1"
	fi
}

# suite_only MSG: skips where the in-tree peer is under test.
suite_only()
{
	if [ "$PAIR" = veth ] || [ "$BRIDGE" = bridge ]; then
		skip "the in-tree peer: $1"
	fi
}

must()
{
	local rc=0

	"$@" || rc=$?
	[ "$rc" -eq 0 ] || die "$* failed with $rc"
}

# ---- time -------------------------------------------------------------------------------------------------------------

# now_ms VAR: milliseconds of a clock, without a fork.
now_ms()
{
	printf -v "$1" %s "$((${EPOCHREALTIME/[.,]/} / 1000))"
}

# A sleep without a fork: nobody ever writes to that pipe.
nap()
{
	local _

	read -rt "$1" _ <&"$NAP_FD" || :
}

poll_until()
{
	local nap=$1 limit=$(($2 * ${VNET_WAIT:-${VNET_SLOW:-1}})) start now

	shift 2
	now_ms start
	while ! "$@"; do
		now_ms now
		[ $((now - start)) -lt "$limit" ] || return 1
		nap "$nap"
	done
}

busywait()
{
	poll_until 0.02 "$@"
}

slowwait()
{
	local limit=$1

	shift
	poll_until 0.2 $((limit * 1000)) "$@"
}

# rounds MANY FEW: how often a case does something over and over: few times where CI has a slow kernel do it.
rounds()
{
	[ -n "${VNET_QUICK:-}" ] && [ "${VNET_SLOW:-1}" -gt 1 ] && echo "$2" || echo "$1"
}

# ---- life -------------------------------------------------------------------------------------------------------------

defer()
{
	local quoted

	printf -v quoted '%q ' "$@"
	DEFERRED+=("$quoted")
}

run_deferred()
{
	local i

	for ((i = ${#DEFERRED[@]} - 1; i >= 0; i--)); do
		eval "${DEFERRED[i]}"
	done
	DEFERRED=()
}

stop_bg()
{
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

bg()
{
	"$@" &
	BG_PID=$!
	defer stop_bg "$BG_PID"
}

# nsenter becomes CMD, so that BG_PID is CMD's own.
bg_ns()
{
	local ns=$1

	shift
	nsenter --net="/run/netns/$ns" -- "$@" &
	BG_PID=$!
	defer stop_bg "$BG_PID"
}

need_tool()
{
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "the tool $tool is not installed"
	done
}

# need_kernel X.Y: skips on a kernel older than that.
need_kernel()
{
	local have

	have=$(uname -r)
	[ "$(printf '%s\n' "$1" "${have%%-*}" | sort -V | head -n 1)" = "$1" ] ||
		skip "needs kernel $1, this is $have"
}

have_smp()
{
	[ "$(nproc)" -gt 1 ]
}

need_smp()
{
	have_smp || skip "needs more than one CPU"
}

# Without it a device's receive queues are not in sysfs.
have_rps()
{
	[ -e /sys/class/net/lo/queues/rx-0/rps_cpus ]
}

# ---- cases ------------------------------------------------------------------------------------------------------------

# What must be the same before and after a case: names of namespaces, and devices of the first namespace.
inventory()
{
	local path

	INVENTORY=''
	for path in /run/netns/* /sys/class/net/*; do
		[ ! -e "$path" ] || INVENTORY+=$path$'\n'
	done
}

run_one()
{
	DEFERRED=()
	RET=pass
	REASON=
	CASE_SHELL=$BASHPID
	trap end_one EXIT
	"$1"
	exit 0
}

# A case that bash ended, for an unset variable for instance, has found no failure itself.
end_one()
{
	local rc=$?

	trap - EXIT
	# A background process that is killed before it has become its program still has this trap.
	[ "$BASHPID" = "$CASE_SHELL" ] || exit
	[ "$rc" -eq 0 ] || [ "$RET" != pass ] || fail "the case ended with status $rc"
	run_deferred
	printf '%s\n%s\n' "$RET" "$REASON" >"$CASE_DIR/verdict"
}

group_gone()
{
	! kill -0 -- "-$1" 2>/dev/null
}

same_inventory()
{
	inventory
	[ "$INVENTORY" = "$1" ]
}

# Removes what a case left behind; LEFT tells what that was.
sweep()
{
	local pgid=$1 before=$2 path

	LEFT=''
	if ! busywait 10000 group_gone "$pgid"; then
		LEFT+=" processes ($(pgrep -ag "$pgid" | tr '\n' ';'))"
		kill -KILL -- "-$pgid" 2>/dev/null
		busywait 1000 group_gone "$pgid"
	fi
	if ! busywait 10000 same_inventory "$before"; then
		for path in $INVENTORY; do
			[[ $'\n'$before == *$'\n'$path$'\n'* ]] && continue
			LEFT+=" ${path##*/}"
			case $path in
			/run/netns/*) ip netns del "${path##*/}" ;;
			*) ip link del "${path##*/}" ;;
			esac
		done
		[ -n "$LEFT" ] || LEFT=" (something of the machine's own is gone)"
	fi
	LEFT=${LEFT# }
}

report()
{
	local verdict=$1 nr=$2 name=$3 reason=$4

	reason=${reason%$'\n'}
	reason=${reason//$'\n'/ }
	if [ "$verdict" != pass ] || [ -n "${VNET_VERBOSE:-}" ]; then
		awk '{ print "# " $0 }' "$CASE_DIR/out"
	fi
	case $verdict in
	pass) echo "ok $nr $name" ;;
	skip) echo "ok $nr $name # SKIP $reason" ;;
	*) echo "not ok $nr $name # ${reason//#/}" ;;
	esac
}

run_case()
{
	local nr=$1 name=$2 start end before verdict=fail reason='the case ended without a verdict'

	now_ms start
	inventory
	before=$INVENTORY
	CASE_DIR=$WORK_DIR/$((nr - 1))
	# Job control gives the case a process group, by which its processes are known for its own.
	set -m
	(set +m && run_one "$name") >"$CASE_DIR/out" 2>&1 </dev/null &
	CASE_PID=$!
	set +m
	wait "$CASE_PID" 2>/dev/null
	[ ! -e "$CASE_DIR/verdict" ] || { read -r verdict && IFS= read -rd '' reason; } <"$CASE_DIR/verdict"
	sweep "$CASE_PID" "$before"
	CASE_PID=
	if [ -n "$LEFT" ] && [ "$verdict" != fail ]; then
		verdict=fail
		reason="left behind: $LEFT"
	fi
	now_ms end
	[ -z "${VNET_VERBOSE:-}" ] || echo "# $name: $((end - start)) ms"
	report "$verdict" "$nr" "$name" "$reason"
	[ "$verdict" != fail ] || FAILED=$((FAILED + 1))
	[ "$verdict" != skip ] || SKIPPED=$((SKIPPED + 1))
}

# The runner's time limit: shows how far the case came, and takes its processes along.
abort_run()
{
	trap '' TERM INT
	if [ -n "$CASE_PID" ]; then
		kill -TERM -- "-$CASE_PID" 2>/dev/null
		busywait 3000 group_gone "$CASE_PID" || kill -KILL -- "-$CASE_PID" 2>/dev/null
		awk '{ print "# " $0 }' "$CASE_DIR/out"
		echo "# stopped by a signal"
	fi
	exit 1
}

end_run()
{
	[ "$BASHPID" = $$ ] || exit
	kill "$LINKD_PID"
	wait "$LINKD_PID" 2>/dev/null
	rm -rf "$WORK_DIR"
}

# Those of ALL_TESTS that match one of the globs.
choose_cases()
{
	local name glob

	for name in $ALL_TESTS; do
		for glob in "$@"; do
			# shellcheck disable=SC2053 # a glob
			if [[ $name == $glob ]]; then
				echo "$name"
				break
			fi
		done
	done
}

# run_tests "$@": runs the cases of ALL_TESTS, or of these what matches the globs on the test's command line.
run_tests()
{
	local cases case_dirs nr=0 name dir

	[ $# -gt 0 ] || set -- '*'
	read -rd '' -a cases < <(choose_cases "$@")
	if [ ${#cases[@]} -eq 0 ]; then
		echo "Bail out! No case of that name" >&2
		exit 1
	fi
	dir=$(mktemp -d "${TMPDIR:-/tmp}/vnet.XXXXXX") || exit 1
	WORK_DIR=$dir FAILED=0 SKIPPED=0 CASE_PID=
	case_dirs=("${!cases[@]}")
	mkdir "${case_dirs[@]/#/$dir/}"
	trap end_run EXIT
	trap abort_run TERM INT
	start_linkd "$dir"
	mkfifo "$dir/nap" && exec {NAP_FD}<>"$dir/nap"
	echo "KTAP version 1"
	echo "1..${#cases[@]}"
	for name in "${cases[@]}"; do
		run_case $((++nr)) "$name"
	done
	[ "$FAILED" -eq 0 ] || exit 1
	[ "$SKIPPED" -lt "$nr" ] || exit 4
	exit 0
}

# shellcheck source=../lib/modules.sh
. "$SELFTESTS/lib/modules.sh"
# shellcheck source=../lib/net.sh
. "$SELFTESTS/lib/net.sh"
