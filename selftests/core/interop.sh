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

# bridged WANT WORD...: what the real bridge is told for these words; p1 is a port of vbr0, and e0 of nothing.
bridged()
{
	local want=$1 got

	shift
	cat >"$CASE_DIR/ip" <<-'EOF'
		#!/bin/sh
		case "$*" in
		*p1) printf '2: p1: <UP> mtu 1500 master vbr0 state UP\n    vbridge_slave state forwarding\n' ;;
		*) printf '3: e0: <UP> mtu 1500 state UP\n' ;;
		esac
	EOF
	chmod +x "$CASE_DIR/ip"
	got=$(INTEROP_BRIDGE=vbridge INTEROP_IP=$CASE_DIR/ip INTEROP_BRIDGE_TOOL=echo "$INTEROP/bin/bridge" "$@")
	check_eq "$got" "$want" "bridge $*"
}

bridges()
{
	local INTEROP_BRIDGE=vbridge

	export INTEROP_BRIDGE
	told 'link add br0 type vbridge vlan_filtering 1' link add br0 type bridge vlan_filtering 1
	told 'link set dev br0 type vbridge ageing_time 1' link set dev br0 type bridge ageing_time 1
	told 'link set p1 type bridge_slave isolated on' link set p1 type bridge_slave isolated on
	told 'link add bridge type vveth peer name b' link add bridge type veth peer name b
	check_eq "$(grep -c bridge "$CASE_DIR/pairs")" 2 "bridges counted"
	bridged 'fdb add 2:0:0:0:0:1 dev vbr0 self static sticky via p1' fdb add 2:0:0:0:0:1 dev p1 master static sticky
	bridged '-netns x fdb del 2:0:0:0:0:1 dev vbr0 self vlan 1 via p1' -netns x fdb del 2:0:0:0:0:1 vlan 1 dev p1 master
	bridged $'fdb add 2:0:0:0:0:1 dev p1 self static dst A\nfdb add 2:0:0:0:0:1 dev vbr0 self static via p1' \
		fdb add 2:0:0:0:0:1 dev p1 self master static dst A
	bridged $'fdb del 2:0:0:0:0:1 dev p1 self\nfdb del 2:0:0:0:0:1 dev vbr0 self via p1' \
		fdb del dev p1 2:0:0:0:0:1 master self
	bridged 'fdb add 2:0:0:0:0:1 dev p1 static' fdb add 2:0:0:0:0:1 dev p1 static
	bridged 'fdb add 2:0:0:0:0:1 dev e0 master' fdb add 2:0:0:0:0:1 dev e0 master
	bridged 'fdb get 2:0:0:0:0:1 br vbr0' fdb get 2:0:0:0:0:1 brport p1
	bridged 'fdb get 2:0:0:0:0:1 br vbr0 vlan 7' fdb get 2:0:0:0:0:1 br vbr0 vlan 7
	bridged 'fdb flush dev vbr0 self brport p1 static' fdb flush dev p1 master static
	bridged 'fdb flush dev vbr0' fdb flush dev vbr0
	bridged 'link set dev p1 master learning off' link set dev p1 master learning off
	check_eq "$(INTEROP_BRIDGE_TOOL=echo INTEROP_BRIDGE=bridge "$INTEROP/bin/bridge" fdb show br br0)" 'fdb show br br0' \
		"on the peer's side"
}

# What `fdb show` is asked for is picked out of all there is.
entries()
{
	cat >"$CASE_DIR/real" <<-'EOF'
		#!/bin/sh
		cat <<-EOT
			M1 dev p1 vlan 1 master vbr0 static
			M2 dev p2 master vbr0
			M3 dev vbr0 master vbr0 permanent
			M4 dev p1 self permanent
			M5 dev q1 master vbr01
		EOT
	EOF
	chmod +x "$CASE_DIR/real"
	check_eq "$(INTEROP_BRIDGE=vbridge INTEROP_BRIDGE_TOOL=$CASE_DIR/real "$INTEROP/bin/bridge" fdb show br vbr0 | cut -c1-2 |
		tr '\n' ' ')" 'M1 M2 M3 ' "of a bridge"
	check_eq "$(INTEROP_BRIDGE=vbridge INTEROP_BRIDGE_TOOL=$CASE_DIR/real "$INTEROP/bin/bridge" fdb show brport p1)" \
		$'M1 vlan 1 master vbr0 static\nM4 self permanent' "of a port"
	check_eq "$(INTEROP_BRIDGE=vbridge INTEROP_BRIDGE_TOOL=$CASE_DIR/real "$INTEROP/bin/bridge" fdb show br vbr0 brport p1)" \
		'M1 vlan 1 master vbr0 static' "of a port of a bridge"
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

# A test that skips what it cannot find ends well, and says nothing of the cases.
skipped()
{
	results 't peer 1 a pass' 't suite 1 too-old skip' 't peer 1 - pass' 't suite 1 - pass' 'done'
	judged 1 'FAILED  t:a passes on the peer, on the suite: -' </dev/null
	results 't peer 1 a pass' 't suite 1 b pass' 't peer 1 - pass' 't suite 1 - pass' 'done'
	judged 0 '0 failures' </dev/null
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

ALL_TESTS="kinds batches bridges entries formats differences skipped unsteady stale unfinished"
run_tests "$@"
