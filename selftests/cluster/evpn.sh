#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# As in vxlan.sh, but FRR tells each machine by BGP (EVPN) where floods go and where stations are. zebra has to take a vbridge
# for a bridge, which it does with vbridge-as-bridge.so.
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

FRR=$BUILD/frr

frr_words()
{
	local machine peers=()

	for machine in "${NODES[@]}"; do
		[ "$machine" = "$1" ] || peers+=("203.0.113.$machine")
	done
	WORDS=(env VNET_BUILD="$BUILD" "$SELFTESTS/cluster/frr" "$FRR_COMMAND" "$FRR" "$1" "${peers[@]}")
}

# frr COMMAND M...
frr()
{
	FRR_COMMAND=$1
	shift
	at_once frr_words "$@" || fail "frr $FRR_COMMAND: ${SAID[*]}"
}

setup()
{
	[ -e "$FRR/done" ] || skip "FRR could not be fetched"
	cluster evpn 1 2 3
	defer frr stop 1 2 3
	frr start 1 2 3
}

# knows M MAC ADDRESS
knows()
{
	[[ $(on "$1" bridge fdb show dev "$VX") == *"$2 dst $3 "* ]]
}

forgets()
{
	[[ $(on "$1" bridge fdb show dev "$VX") != *" dst $2 "* ]]
}

mac_of()
{
	inside "$1" cat /sys/class/net/eth0/address
}

wait_for_floods()
{
	slowwait 60 knows 1 00:00:00:00:00:00 203.0.113.2 || die "m1 does not hear of m2"
	slowwait 60 knows 2 00:00:00:00:00:00 203.0.113.3 || die "m2 does not hear of m3"
	slowwait 60 knows 3 00:00:00:00:00:00 203.0.113.1 || die "m3 does not hear of m1"
}

stations_are_told_by_bgp()
{
	setup
	pod 1 a
	pod 2 c
	pod 3 d
	wait_for_floods
	all_reach a c d
	slowwait 30 knows 3 "$(mac_of a)" 203.0.113.1 || fail "m3 is not told where a is"
	check_match "$(on 3 bridge fdb show dev "$VX")" "$(mac_of a) dst 203.0.113.1 [a-z ]*extern_learn" "the entry"
	transfer a d "${POD[d]}"
	# Who ends is forgotten by the others.
	frr stop 3
	slowwait 60 forgets 1 203.0.113.3 || fail "m1 does not forget m3"
	all_reach a c
}

an_address_moves()
{
	setup
	pod 1 x 10.244.0.50/16 02:00:00:00:07:50
	pod 2 c
	pod 3 d
	wait_for_floods
	reaches d 10.244.0.50
	slowwait 30 knows 3 02:00:00:00:07:50 203.0.113.1 || fail "m3 is not told where x is"
	unpod x
	pod 2 x 10.244.0.50/16 02:00:00:00:07:50
	reaches d 10.244.0.50
	slowwait 30 knows 3 02:00:00:00:07:50 203.0.113.2 || fail "m3 is not told where x is now"
	reaches c 10.244.0.50
	transfer d x 10.244.0.50 1000000
}

ALL_TESTS="
	stations_are_told_by_bgp
	an_address_moves
"
run_tests "$@"
