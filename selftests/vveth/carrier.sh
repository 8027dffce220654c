#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Carrier: an end has it while both ends are up, in whatever order they came up.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"

# carrier NS DEV: down, or for a device that is up: on or off.
carrier()
{
	if [ "$(link_flag "$1" "$2" UP)" = no ]; then
		echo down
	elif [ "$(link_flag "$1" "$2" NO-CARRIER)" = yes ]; then
		echo off
	elif [ "$(link_flag "$1" "$2" LOWER_UP)" = yes ]; then
		echo on
	fi
}

carrier_is()
{
	[ "$(carrier "$1" "$2")" = "$3" ]
}

check_carriers()
{
	busywait 5000 carrier_is "$a" va "$1" || fail "$3: va is $(carrier "$a" va), want $1"
	busywait 5000 carrier_is "$b" vb "$2" || fail "$3: vb is $(carrier "$b" vb), want $2"
}

make_pair()
{
	setup_ns a b
	must ip -n "$a" link add va type "$PAIR" peer name vb netns "$b"
	check_carriers down down "made"
}

up_and_down_same_order()
{
	make_pair
	must ip -n "$a" link set va up
	check_carriers off down "va up"
	must ip -n "$b" link set vb up
	check_carriers on on "both up"
	wait_up "$a" va
	wait_up "$b" vb
	must ip -n "$a" link set va down
	check_carriers down off "va down"
	must ip -n "$b" link set vb down
	check_carriers down down "both down"
}

up_and_down_other_order()
{
	make_pair
	must ip -n "$b" link set vb up
	check_carriers down off "vb up"
	must ip -n "$a" link set va up
	check_carriers on on "both up"
	must ip -n "$b" link set vb down
	check_carriers off down "vb down"
	must ip -n "$b" link set vb up
	check_carriers on on "vb up again"
}

# The peer in another namespace is out of sight; only that 6.1 mixes up the numbers of devices in both.
operstate_is()
{
	local is

	is=$(link_attr "$1" "$2" operstate)
	[ "$is" = "$3" ] || { [ "$3.$is" = DOWN.LOWERLAYERDOWN ] && [[ $(uname -r) == 6.1.* ]]; }
}

check_states()
{
	busywait 5000 operstate_is "$a" va "$1" || fail "$3: va is $(link_attr "$a" va operstate), want $1"
	busywait 5000 operstate_is "$b" vb "$2" || fail "$3: vb is $(link_attr "$b" vb operstate), want $2"
}

# An end that lacks its carrier for the sake of the other says so, where that is in sight.
operational_states()
{
	make_pair
	check_states DOWN DOWN "made"
	must ip -n "$a" link set va up
	check_states DOWN DOWN "va up"
	must ip -n "$b" link set vb up
	check_states UP UP "both up"
	must ip -n "$b" link set vb down
	check_states DOWN DOWN "vb down"
}

operational_states_in_one_namespace()
{
	local b

	setup_ns a
	b=$a
	must ip -n "$a" link add va type "$PAIR" peer name vb
	must ip -n "$a" link set va up
	busywait 5000 operstate_is "$a" va LOWERLAYERDOWN || fail "va up: va is $(link_attr "$a" va operstate)"
	must ip -n "$a" link set vb up
	check_states UP UP "both up"
	must ip -n "$a" link set va down
	busywait 5000 operstate_is "$a" vb LOWERLAYERDOWN || fail "va down: vb is $(link_attr "$a" vb operstate)"
	must ip -n "$a" link set vb down
	must ip -n "$a" link set vb up
	busywait 5000 operstate_is "$a" vb LOWERLAYERDOWN || fail "vb up again: vb is $(link_attr "$a" vb operstate)"
}

frames_after_flapping()
{
	local i

	setup_ns a b
	add_pair "$a" va "$b" vb
	for i in 1 2 3 4 5 6 7 8 9 10; do
		printf 'link set vb down\nlink set vb up\n'
	done | ipb "$b"
	wait_up "$a" va
	wait_up "$b" vb
	pkt -T "$a:va" -R "$b:vb" -c 20
	check_eq "${PKT[rx0.unique]}" 20 "frames to vb"
	pkt -T "$b:vb" -R "$a:va" -c 20
	check_eq "${PKT[rx0.unique]}" 20 "frames to va"
}

ALL_TESTS="
	up_and_down_same_order
	up_and_down_other_order
	operational_states
	operational_states_in_one_namespace
	frames_after_flapping
"
run_tests "$@"
