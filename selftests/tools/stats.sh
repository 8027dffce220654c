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
	busywait 5000 no_carrier "$a" va || fail "va keeps its carrier"
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
	busywait 5000 dropped "$a" br0 bad_source 7 || fail "drops of br0: $(vnet "$a" -j stats br0)"
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

queues_add_up()
{
	setup_ns a b
	add_wide_pair "$a" va "$b" vb 2
	must in_ns "$a" ethtool -L va rx 2 tx 2
	pkt -T "$a:va" -R "$b:vb" -c 25
	check_eq "$(vnet_json "$a" '.[0].queues | [length, (map(select(.queue[:2] == "tx").packets) | add)] | join(" ")' stats va)" \
		"4 25" "queues, and what they have sent"
	check_match "$(vnet "$a" stats va)" $'\n''    queue tx[01] packets [1-9]' "text"
}

roads_are_apart_from_counters()
{
	setup_ns a
	make_pair "$a" va va2
	make_bridge "$a" br0 va
	check_eq "$(vnet_json "$a" '.[0] | [(.roads | has("direct_rx")), ([.counters | keys[] | select(test("direct|ordinary|^rx[0-9]"))] | length)] |
		join(" ")' stats va)" "true 0" "roads of a pair"
	check_eq "$(vnet_json "$a" '.[0] | [(.counters | has("forwarded")), (.drops | has("no_egress"))] | join(" ")' stats br0)" \
		"true true" "counters of a bridge"
}

# watch OPTION...: the tool's rates, into a file, from before the caller goes on
watch()
{
	bg_ns "$a" "$VNET" -j stats -w interval 0.1 "$@" >"$CASE_DIR/rates"
	busywait 5000 test -s "$CASE_DIR/rates" || die "no rates"
}

# rates_sum FILTER: the sum of something over all answers that are complete
rates_sum()
{
	jq -s "[.[][] | $1] | add" <(grep ']$' "$CASE_DIR/rates")
}

rates_sum_is()
{
	[ "$(rates_sum "$1")" = "$2" ]
}

rates_have_every_frame_once()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	pkt -T "$a:va" -R "$b:vb" -c 5
	watch queues va
	pkt -T "$a:va" -R "$b:vb" -c 25
	busywait 5000 rates_sum_is .tx.packets 25 || fail "frames sent: $(rates_sum .tx.packets)"
	check_ge "$(rates_sum .tx.packets_per_s)" 30 "frames a second"
	check_eq "$(rates_sum '.queues[].tx.packets')" 25 "frames of queues"
	check_eq "$(rates_sum .rx.packets)" 0 "frames received"
}

rates_as_text()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	vnet "$a" stats -w count 2 interval 0.05 queues >"$CASE_DIR/text" || fail "stats -w fails with $?"
	check_eq "$(grep -cE '^[0-9:]+  1 device, over [0-9]+\.[0-9]+ s$' "$CASE_DIR/text")" 2 "answers"
	check_eq "$(grep -cE '^va +vveth +0 +0 +0 +0 +0$' "$CASE_DIR/text")" 2 "lines of va"
	check_eq "$(grep -cE '^  tx0 ' "$CASE_DIR/text")" 2 "lines of a queue"
	check_eq "$(grep -c $'\033' "$CASE_DIR/text")" 0 "lines with control sequences where there is no terminal"
}

# screen ROWS COLUMNS ARGS...: what the tool shows on a terminal of that size, the last screen of it, in $CASE_DIR/screen
screen()
{
	need_tool script
	in_ns "$a" script -qec "stty rows $1 cols $2; exec $VNET stats -w interval ${INTERVAL:-0.2} ${*:3}" /dev/null </dev/null >"$CASE_DIR/terminal" ||
		fail "stats -w fails on a terminal: $(<"$CASE_DIR/terminal")"
	check_ge "$(grep -c $'\033\\[H\033\\[2J' "$CASE_DIR/terminal")" 2 "screens"
	tr -d '\r' <"$CASE_DIR/terminal" | sed 's/\033\[H\033\[2J/\n&/' |
		awk '/\033\[H/ { text = "" } { text = text $0 "\n" } END { printf "%s", text }' | sed 's/\033\[[0-9;]*[A-Za-z]//g' >"$CASE_DIR/screen"
}

# The busiest come first, and no more than there is room for; what is lost for many reasons takes no second line.
rates_on_a_terminal()
{
	local i

	setup_ns a b
	for ((i = 0; i < 20; i++)); do
		echo "link add p$i type vveth peer name q$i netns $b"
	done | ipb "$a"
	add_pair "$a" busy "$b" other
	must ip -n "$a" address add 192.0.2.1/24 dev busy
	must ip -n "$b" address add 192.0.2.2/24 dev other
	bg_ns "$a" ping -q -i 0.02 192.0.2.2
	screen 10 80 count 3
	check_eq "$(wc -l <"$CASE_DIR/screen")" 9 "lines on a screen of 10"
	check_match "$(<"$CASE_DIR/screen")" '21 devices, over [0-9]+\.[0-9]+ s, the 14 quietest not shown'$'\n''DEVICE .*'$'\n''busy ' "the screen"
	screen 10 80 count 2 queues
	check_le "$(wc -l <"$CASE_DIR/screen")" 9 "lines with queues on a screen of 10"
	check_match "$(<"$CASE_DIR/screen")" 'the [0-9]+ quietest not shown' "what is left out of the screen with queues"
	screen 2 80 count 2
	check_match "$(<"$CASE_DIR/screen")" $'\n''busy ' "a screen that is too small"
}

reasons_fit_the_terminal()
{
	local why

	setup_ns a
	make_pair "$a" va va2
	make_pair "$a" vb vb2
	make_bridge "$a" br0 va vb
	bg lose_frames
	INTERVAL=3 screen 10 80 count 2
	why=$(sed -n 's/^br0 .* [0-9.kM]* \([a-z_,]*\)$/\1/p' "$CASE_DIR/screen")
	check_eq "$(awk 'length > 80' "$CASE_DIR/screen")" "" "lines that are too long"
	check_match "$why" '^(bad_sourc|link_loca)$' "the reasons, as far as there is room"
	stop_bg "$BG_PID"
}

# Frames of two kinds.
lose_frames()
{
	while :; do
		pkt -T "$a:va2" -c 3 -s 03:00:00:00:00:01
		pkt -T "$a:va2" -c 1 -d 01:80:c2:00:00:01
		sleep 0.1
	done
}

# A device that goes is no reason to stop, but for the one that was asked for.
only_the_others()
{
	[ "$(jq -c 'map(.ifname) | sort' <(grep ']$' "$CASE_DIR/rates" | tail -n 1))" = '["vc","vd"]' ]
}

rates_while_devices_go()
{
	setup_ns a
	make_pair "$a" va vb
	make_pair "$a" vc vd
	watch
	must ip -n "$a" link del va
	busywait 10000 only_the_others || fail "devices in the last answer: $(grep ']$' "$CASE_DIR/rates" | tail -n 1)"
	stop_bg "$BG_PID"
	watch vc
	must ip -n "$a" link del vc
	wait "$BG_PID" && fail "stats -w goes on"
	return 0
}

interrupted_is_done()
{
	setup_ns a
	make_pair "$a" va vb
	watch
	kill -INT "$BG_PID"
	wait "$BG_PID" || fail "stats -w ends with $?"
	jq . "$CASE_DIR/rates" >/dev/null || fail "no JSON: $(<"$CASE_DIR/rates")"
}

ALL_TESTS="queues_add_up roads_are_apart_from_counters rates_have_every_frame_once rates_as_text rates_on_a_terminal reasons_fit_the_terminal rates_while_devices_go
	interrupted_is_done frames_are_counted drops_by_reason text_has_the_reason_of_a_drop all_devices_in_one_answer agrees_with_ip
	without_rights"
run_tests "$@"
