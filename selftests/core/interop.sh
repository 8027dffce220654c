#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The parts of make check-interop that decide: what ip is told, what counts as a case, what counts as a failure.
. "$(dirname "$0")/../lib/lib.sh"
INTEROP=$SELFTESTS/interop

# told WANT WORD...: what the real ip is told for these words.
told()
{
	local want=$1 got

	shift
	got=$(INTEROP_KIND=vveth INTEROP_IP=echo INTEROP_PAIRS=$CASE_DIR/pairs "$INTEROP/bin/ip" "$@" |
		sed 's/pair-[0-9]*/FIRST/')
	check_eq "$got" "$want" "ip $*"
}

kinds()
{
	told 'link add a type vveth peer name b' link add a type veth peer name b
	told $'link add name FIRST type vveth peer name veth%d\nlink set dev FIRST name veth%d' link add type veth
	told $'-6 -netns x link add name FIRST type vveth peer name b\n-6 -netns x link set dev FIRST name veth%d' \
		-6 -netns x link add type veth peer name b
	told '-netns x link add name a mtu 9000 type vveth peer netns y name veth%d' \
		-netns x link add name a mtu 9000 type veth peer netns y
	told 'link add dev a up type vveth peer b' link add dev a up type veth peer b
	told 'link add veth type vveth peer name type' link add veth type veth peer name type
	told 'link show type vveth' link show type veth
	told 'link add veth type bridge' link add veth type bridge
	told 'netns exec x ip link add type veth' netns exec x ip link add type veth
	told '-6 netns exec x other -b file' -6 netns exec x other -b file
	check_eq "$(wc -l <"$CASE_DIR/pairs")" 6 "pairs counted"
	told 'link add a type vlan id 2' link add a type vlan id 2
	check_eq "$(INTEROP_KIND=veth INTEROP_IP=echo "$INTEROP/bin/ip" link add type veth)" 'link add type veth' \
		"on the peer's side"
}

batches()
{
	printf '#!/bin/sh\necho "$@"\ncat\n' >"$CASE_DIR/real"
	chmod +x "$CASE_DIR/real"
	printf 'link add a type veth peer name b\nlink set veth up\n' >"$CASE_DIR/batch"
	check_eq "$(INTEROP_KIND=vveth INTEROP_IP=$CASE_DIR/real "$INTEROP/bin/ip" -netns x -batch "$CASE_DIR/batch")" \
		$'-netns x -batch -\nlink add a type vveth peer name b\nlink set veth up' "a batch"
}

# In each format that is known, a pass and something else.
formats()
{
	cat >"$CASE_DIR/log" <<-'EOF'
		default - gro flag                                           ok 
		        - peer gro flag                                      fail - expected on found off
		ipv4
		 no GRO                                  ok
		    TEST: ping                                              [ OK ]
		TEST: ping                                                  [FAIL]
		TEST: late                                                  [XFAIL]
		PASS: policy routing for ns1-aB3dEf
		ok 3 - first: one # time=3ms
		not ok 4 second
		ok 5 third # SKIP none
		#1/2     group/part:OK
		All error logs:
		#1/2     group/part:FAIL
		running test ipv4 data
		running test ipv6 ack
		failed tests: ipv6_ack ipv4_tcp.     Please see log.txt
		something else that is ok with me
	EOF
	cat >"$CASE_DIR/want" <<-'EOF'
		default-gro-flag pass
		default-peer-gro-flag fail
		ipv4-no-GRO pass
		ping pass
		ping-2 fail
		late skip
		policy-routing-for-ns1 pass
		first:-one pass
		second fail
		third skip
		group/part pass
		ipv4_data pass
		ipv6_ack fail
	EOF
	check_eq "$("$INTEROP/cases" "$CASE_DIR/log" | tr '\t' ' ')" "$(cat "$CASE_DIR/want")" "cases"
}

# results LINE...: TEST SIDE TRY CASE VERDICT, and "done".
results()
{
	printf 'case %s\n' "$@" | sed 's/^case done/done/' | tr ' ' '\t' >"$CASE_DIR/results"
}

# judged STATUS TEXT: the known differences are on stdin.
judged()
{
	local rc=0

	cat >"$CASE_DIR/known"
	INTEROP_KNOWN=$CASE_DIR/known "$INTEROP/report" "$CASE_DIR/results" >"$CASE_DIR/table" || rc=$?
	check_eq "$rc" "$1" "status; it said: $(cat "$CASE_DIR/table")"
	grep -qF -- "$2" "$CASE_DIR/table" || fail "no '$2' in: $(cat "$CASE_DIR/table")"
}

differences()
{
	results 't peer 1 a pass' 't suite 1 a pass' 't peer 1 b fail' 't suite 1 b fail' 't peer 1 - fail' 't suite 1 - fail' \
		'done'
	judged 0 '1 pass on both, 0 known differences, 2 fail' </dev/null
	results 't peer 1 a pass' 't suite 1 a fail' 't peer 1 - pass' 't suite 1 - fail' 'done'
	judged 1 'FAILED  t:a passes on the peer, on the suite: fail' </dev/null
	judged 0 'known: no such thing' <<<'t a no such thing'
	results 't peer 1 a pass' 't peer 1 - pass' 't suite 1 - time' 'done'
	judged 1 'FAILED  t:a passes on the peer, on the suite: -' </dev/null
	results 't peer 1 - pass' 't suite 1 - skip' 'done'
	judged 1 'FAILED  t passes on the peer, on the suite: skip' </dev/null
}

unsteady()
{
	results 't peer 1 - pass' 't suite 1 - fail' 't peer 2 - pass' 't suite 2 - pass' 'done'
	judged 0 unsteady </dev/null
	results 't peer 1 - pass' 't suite 1 - fail' 't peer 2 - pass' 't suite 2 - fail' 'done'
	judged 1 'FAILED  t passes' </dev/null
}

stale()
{
	results 't peer 1 a pass' 't suite 1 a pass' 't peer 1 - pass' 't suite 1 - pass' 'done'
	judged 1 'stale, take it out: t a old' <<<'t a old'
	judged 1 'stale, take it out: t gone old' <<<'t gone old'
	judged 0 '2 pass on both' <<<'other * not run'
	results 't peer 1 a fail' 't suite 1 a fail' 't peer 1 - fail' 't suite 1 - fail' 'done'
	judged 0 '0 failures' <<<'t a cannot be told here'
}

unfinished()
{
	results 't peer 1 - pass' 't suite 1 - pass'
	judged 1 'did not come to its end' </dev/null
	: >"$CASE_DIR/results"
	judged 1 'the run gave no results' </dev/null
}

ALL_TESTS="kinds batches formats differences unsteady stale unfinished"
run_tests "$@"
