#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet drops: a line for each device and reason, and nothing where nothing was lost.
#
#	+--------- a ----------+
#	|  va2 -- va [br0] vb  |
#	+----------------------+
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

setup_bridge()
{
	setup_ns a
	make_pair "$a" va va2
	make_pair "$a" vb vb2
	make_bridge "$a" br0 va vb
}

# A source that is a group address is nobody's: no bridge takes such a frame.
lose()
{
	pkt -T "$a:va2" -c "$1" -s 03:00:00:00:00:01
	busywait 2000 lost_at br0 "${2:-$1}" || fail "drops: $(vnet "$a" -j drops)"
}

lost_at()
{
	[ "$(vnet_get "$a" frames drops "$1")" = "$2" ]
}

reason_and_what_it_means()
{
	setup_bridge
	lose 7
	check_eq "$(vnet_json "$a" '.[0] | [.ifname, .kind, .reason, .frames] | map(tostring) | join(" ")' drops br0)" \
		"br0 vbridge bad_source 7" "JSON"
	check_match "$(vnet "$a" drops br0)" \
		"^[0-9]+ br0 kind vbridge reason bad_source frames 7"$'\n'"    its source address is no station's" "text"
}

nothing_lost()
{
	setup_bridge
	check_eq "$(vnet "$a" -j drops)" "[]" "JSON"
	check_match "$(vnet "$a" drops)" "^no frame was lost since" "text"
}

same_as_the_counters()
{
	setup_bridge
	lose 3
	check_eq "$(vnet_json "$a" 'map(select(.reason == "bad_source").frames) | add' drops)" \
		"$(ethtool_stat "$a" br0 drop_bad_source)" "frames"
	check_eq "$(vnet_json "$a" '[.[] | select(.why | test("newer than this program"))] | length' drops)" 0 "reasons unknown"
}

# Each reason that the drivers have has its sentence, and each sentence has a reason.
every_reason_has_a_sentence()
{
	local drivers=$SELFTESTS/../drivers/core/drop.c tool=$SELFTESTS/../tools/vnet/counters.c

	check_eq "$(sed -nE 's/^\t\{ "([a-z_]+)", ".*" \},$/\1/p' "$tool" | sort | paste -sd' ')" \
		"$(sed -nE 's/^\t\[VNET_DROP_.*= \{ "([a-z_]+)".*/\1/p' "$drivers" | sort | paste -sd' ')" "reasons"
}

only_what_is_lost_from_now_on()
{
	local sent=0 frames

	setup_bridge
	lose 500
	bg_ns "$a" "$VNET" -j drops interval $((2 * ${VNET_WAIT:-1})) br0 >"$CASE_DIR/json"
	while kill -0 "$BG_PID" 2>/dev/null; do
		pkt -T "$a:va2" -c 1 -s 03:00:00:00:00:01
		sent=$((sent + 1))
	done
	wait "$BG_PID" || fail "drops ends with $?"
	frames=$(jq '.[0].frames' "$CASE_DIR/json")
	check_ge "$frames" 1 "frames lost meanwhile"
	check_le "$frames" "$sent" "frames lost meanwhile"
	check_ge "$(jq '.[0].milliseconds' "$CASE_DIR/json")" 2000 "milliseconds"
}

all_namespaces_take_no_wait()
{
	setup_ns a b
	check_status 1 "\"drops interval\" waits in one namespace" vnet "$a" -a drops interval 0.01
	check_eq "$(vnet "$a" -a drops interval 0.01 2>&1 >/dev/null | wc -l)" 1 "times that this is said"
	check_eq "$(vnet "$a" -a stats -w 2>&1 >/dev/null | grep -c watches)" 1 "times that stats says it"
}

without_rights()
{
	setup_bridge
	lose 1
	check_match "$(vnet_unprivileged "$a" drops)" "bad_source frames 1" "drops"
}

ALL_TESTS="reason_and_what_it_means nothing_lost same_as_the_counters every_reason_has_a_sentence only_what_is_lost_from_now_on
	all_namespaces_take_no_wait without_rights"
run_tests "$@"
