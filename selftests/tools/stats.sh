#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet stats: the counters of the devices, and the drops by reason.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

frames_are_counted()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	pkt -T "$a:va" -R "$b:vb" -c 25
	check_eq "$(vnet_json "$a" '.[0] | [.tx.packets, .rx.packets] | join(" ")' stats va)" "25 0" "va"
	check_match "$(vnet "$b" stats vb)" $'\n''    rx packets 25 .*'$'\n''    tx packets 0 ' "vb"
	check_match "$(vnet "$a" stats va)" $'\n''    tx packets 25 bytes [1-9][0-9]* errors 0 dropped 0' "text"
}

drops_by_reason()
{
	local reasons

	setup_ns a
	make_pair "$a" va vb
	ip -n "$a" link set vb down
	busywait 2000 no_carrier "$a" va || fail "va keeps its carrier"
	reasons=$(in_ns "$a" ethtool -S va | sed -n 's/^ *drop_\(.*\): .*/\1/p' | sort | tr '\n' ' ')
	check_ne "$reasons" "" "the driver's reasons"
	check_eq "$(vnet_json "$a" '[.[0].drops | keys[]] | sort | join(" ") + " "' stats va)" "$reasons" "reasons"
	check_eq "$(vnet_json "$a" '.[0].drops | add' stats va)" "$(ethtool_stat "$a" va 'drop_*')" "their sum"
}

no_carrier()
{
	[ "$(link_flag "$1" "$2" NO-CARRIER)" = yes ]
}

text_has_the_reason_of_a_drop()
{
	setup_ns a
	make_pair "$a" va va2
	make_pair "$a" vb vb2
	make_bridge "$a" br0 va vb
	check_eq "$(vnet "$a" stats br0 | grep -c '^    drops ')" 0 "a line of drops before any"
	# A source that is a group address is nobody's: no bridge takes such a frame.
	pkt -T "$a:va2" -c 7 -s 03:00:00:00:00:01
	busywait 2000 dropped "$a" br0 bad_source 7 || fail "drops of br0: $(vnet "$a" -j stats br0)"
	check_match "$(vnet "$a" stats br0)" $'\n''    drops .*bad_source 7' "text"
	check_eq "$(vnet "$a" stats br0 | grep -c 'no_egress 0')" 0 "reasons that are zero"
}

dropped()
{
	[ "$(vnet_get "$1" "$3" stats "$2")" = "$4" ]
}

all_devices_in_one_answer()
{
	setup_ns a
	make_pair "$a" va vb
	make_bridge "$a" br0 va
	check_eq "$(vnet_column "$a" ifname stats)" "br0 va vb" "devices"
	check_eq "$(vnet_column "$a" ifname stats show dev vb)" vb "stats show dev vb"
	check_eq "$(vnet "$a" stats | grep -c '^[0-9]')" 3 "headings"
}

agrees_with_ip()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	pkt -T "$a:va" -R "$b:vb" -c 11
	pkt -T "$b:vb" -R "$a:va" -c 5
	check_eq "$(vnet_json "$a" '.[0] | [.rx, .tx | .packets, .bytes, .errors, .dropped] | join(" ")' stats va)" \
		"$(link_stat "$a" va {rx,tx}_{packets,bytes,errors,dropped})" "counters of va"
}

without_rights()
{
	setup_ns a
	make_pair "$a" va vb
	vnet_unprivileged "$a" stats >"$CASE_DIR/text" || fail "vnet stats fails without rights"
	check_eq "$(grep -c '^[0-9]' "$CASE_DIR/text")" 2 "devices"
}

ALL_TESTS="frames_are_counted drops_by_reason text_has_the_reason_of_a_drop all_devices_in_one_answer agrees_with_ip
	without_rights"
run_tests "$@"
