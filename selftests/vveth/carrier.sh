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
	busywait 2000 carrier_is "$a" va "$1" || fail "$3: va is $(carrier "$a" va), want $1"
	busywait 2000 carrier_is "$b" vb "$2" || fail "$3: vb is $(carrier "$b" vb), want $2"
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
	frames_after_flapping
"
run_tests "$@"
