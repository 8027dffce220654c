#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The vnet tool's own grammar: options, help, exit statuses, empty answers, missing modules.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

commands="link stats drops topo pair bridge port fdb vlan tun flow monitor trace bench"

help_names_all_commands()
{
	local text cmd

	text=$("$VNET" help) || fail "vnet help failed"
	for cmd in $commands; do
		check_match "$text" "(^|"$'\n'") +$cmd +[a-z]" "the list of commands"
	done
	check_eq "$("$VNET" -h)" "$text" "-h"
	check_eq "$("$VNET" --help)" "$text" "--help"
}

help_of_each_command()
{
	local text cmd

	for cmd in $commands; do
		text=$("$VNET" help "$cmd") || fail "vnet help $cmd failed"
		check_match "$text" "^Usage: vnet $cmd" "help of $cmd"
		check_eq "$("$VNET" "$cmd" help)" "$text" "vnet $cmd help"
		check_eq "$("$VNET" "$cmd" -h)" "$text" "vnet $cmd -h"
		check_eq "$("$VNET" "$cmd" --help)" "$text" "vnet $cmd --help"
	done
}

version_is_told()
{
	check_match "$("$VNET" -V)" "^vnet .+" "-V"
	check_eq "$("$VNET" --Version)" "$("$VNET" -V)" "--Version"
}

usage_errors_end_with_1()
{
	setup_ns a
	check_status 1 "Usage: vnet" "$VNET"
	check_status 1 "no command \"nonsense\"" "$VNET" nonsense
	check_status 1 "no command \"nonsense\"" "$VNET" help nonsense
	check_status 1 "no option \"-z\"" "$VNET" -z link
	check_status 1 "\"-n\" needs a value" "$VNET" -n
	check_status 1 "no device \"gone0\"" vnet "$a" link show gone0
	check_status 1 "\"extra\" is not understood" vnet "$a" link show lo extra
	check_status 1 "no device \"gone0\"" vnet "$a" bridge show gone0
	check_status 1 "no device \"gone0\"" vnet "$a" stats gone0
	check_status 1 "no device \"gone0\"" vnet "$a" fdb show br gone0
	check_status 1 "no device \"gone0\"" vnet "$a" fdb show brport gone0
	check_status 1 "\"br\" needs the name of a device" vnet "$a" fdb show br
	check_status 1 "from 1 to 4094" vnet "$a" fdb show vlan 4095
	check_status 1 "\"pair\" needs add or del" vnet "$a" pair
	check_status 1 "no device \"gone0\"" vnet "$a" stats -w gone0
	check_status 1 "from 0.01 to 86400 seconds" vnet "$a" stats -w interval inf
	check_status 1 "from 0.01 to 86400 seconds" vnet "$a" stats interval 0
	check_status 1 "\"extra\" is not understood" vnet "$a" stats -w lo extra
	check_status 1 "no device \"gone0\"" vnet "$a" drops gone0
	check_status 1 "\"count\" is not for drops" vnet "$a" drops count 2
}

keywords_are_whole_words()
{
	setup_ns a
	check_status 1 "no command \"lin\"" "$VNET" lin
	check_status 1 "no option \"-js\"" "$VNET" -js link
	check_status 1 "\"pair ad\" is no command" vnet "$a" pair ad x peer y
	check_status 1 "\"fdb sho\" is no command" vnet "$a" fdb sho
	check_status 1 "no device \"sho\"" vnet "$a" link sho
	check_eq "$(links "$a")" "" "devices"
}

options_behind_a_command()
{
	setup_ns a
	must vnet "$a" pair add name -j peer vb
	check_status 1 "^vnet: \"-j\" stands before the command: \"vnet -j link ...\"$" vnet "$a" link -j
	check_status 1 "\"--netns\" stands before the command" vnet "$a" stats --netns b
	check_status 1 "\"-j\" stands before the command" vnet "$a" topo -j
	check_status 1 "\"-all\" stands before the command" vnet "$a" bench -all
	check_status 0 "" vnet "$a" topo --json
	check_eq "$(vnet_column "$a" ifname link show dev -j)" -j "a device of that name"
}

devices_of_other_kinds_are_not_ours()
{
	setup_ns a
	must ip -n "$a" link set lo up
	check_status 1 "\"lo\" is not a vnet device" vnet "$a" link show lo
	check_status 1 "\"lo\" is not a vnet device" vnet "$a" stats lo
	check_status 1 "\"lo\" is not a vbridge device" vnet "$a" bridge show lo
	check_status 1 "\"lo\" is not a vbridge device" vnet "$a" fdb show br lo
	check_status 1 "\"lo\" is not a port" vnet "$a" fdb show brport lo
	check_status 1 "\"lo\" is not a vveth device" vnet "$a" pair del lo
	make_pair "$a" va vb
	check_status 1 "\"va\" is not a vbridge device but of type vveth" vnet "$a" bridge show va
}

no_devices_is_an_empty_answer()
{
	local cmd

	setup_ns a
	for cmd in link bridge stats fdb drops topo; do
		check_eq "$(vnet "$a" "$cmd" 2>/dev/null)" "" "vnet $cmd"
		check_eq "$(vnet "$a" -j "$cmd" 2>/dev/null)" "[]" "vnet -j $cmd"
	done
}

json_is_the_same_pretty()
{
	local cmd lines timeless='map(del(.used, .updated))'

	setup_ns a
	make_pair "$a" va vb
	make_bridge "$a" br0 va
	for cmd in link bridge stats fdb; do
		vnet "$a" -j "$cmd" | jq -cS "$timeless" >"$CASE_DIR/plain"
		vnet "$a" -j -p "$cmd" >"$CASE_DIR/pretty"
		lines=$(wc -l <"$CASE_DIR/pretty")
		check_ge "$lines" 10 "lines of vnet -j -p $cmd"
		jq -cS "$timeless" "$CASE_DIR/pretty" | cmp "$CASE_DIR/plain" - || fail "vnet -j -p $cmd says something else"
	done
}

colour_only_when_asked()
{
	local esc=$'\033' when

	setup_ns a
	make_pair "$a" va vb
	for when in "" -color=never -color=auto; do
		# shellcheck disable=SC2086 # one option or none
		check_eq "$(vnet "$a" $when link | grep -c "$esc")" 0 "coloured lines with '$when'"
	done
	for when in -c --color=always; do
		check_eq "$(vnet "$a" "$when" link | grep -c "$esc")" 2 "coloured lines with $when"
	done
	check_eq "$(vnet "$a" -c link | sed "s/$esc\[[0-9;]*m//g")" "$(vnet "$a" link)" "text without the colours"
	check_eq "$(vnet "$a" -c -j link | grep -c "$esc")" 0 "coloured lines of JSON"
	check_status 1 "always, auto or never" vnet "$a" -color=pink link
}

namespace_by_name_and_path()
{
	setup_ns a b
	make_pair "$a" va vb
	check_eq "$(vnet_column "$a" ifname link)" "va vb" "devices by name"
	check_eq "$(vnet_column "/run/netns/$a" ifname link)" "va vb" "devices by path"
	check_eq "$(vnet "$b" link 2>/dev/null)" "" "devices in the other"
	check_status 1 "cannot open network namespace \"nowhere\"" "$VNET" -n nowhere link
	check_status 1 "cannot enter network namespace \"/dev/null\"" "$VNET" -n /dev/null link
}

# In one answer: this namespace, whose name is empty, and those that have a name.
all_namespaces()
{
	setup_ns a b c
	add_pair "$a" va "$b" vb
	check_eq "$("$VNET" -n "$c" -a -j link | jq -r --arg a "$a" --arg b "$b" \
		'map(select(.netns == $a or .netns == $b)) | map(.ifname) | join(" ")')" "va vb" "devices"
	check_eq "$(vnet "$a" -a -j link | jq -r 'map(.netns + ":" + .ifname) | join(" ")')" ":va $b:vb" "this one is first and once"
	check_match "$(vnet "$a" -a link)" "netns $b"$'\n'"[0-9]+ vb kind vveth" "text"
	check_status 1 "\"pair\" is for one namespace" "$VNET" -a pair del va
	check_eq "$(vnet "$a" -a -j bridge 2>/dev/null)" "[]" "nothing in any"
}

commands_from_a_file()
{
	setup_ns a
	printf '%s\n' '# two pairs' '' 'pair add va peer vb' "  pair add 'vc' peer \"vd\" # and a comment" 'pair del va' >"$CASE_DIR/batch"
	check_status 0 "" vnet "$a" -b "$CASE_DIR/batch"
	check_eq "$(links "$a")" "vc vd" "devices"
	check_status 0 "" vnet "$a" -batch - <<<'pair del vd'
	check_eq "$(links "$a")" "" "devices after standard input"
	check_eq "$(printf 'link\nstats\n' | vnet "$a" -j -b - 2>/dev/null | jq -c .)" $'[]\n[]' "an answer for each line"
}

commands_from_a_file_that_fail()
{
	setup_ns a
	printf '%s\n' 'pair add va peer vb' 'pair add va peer vc' 'nonsense' 'pair add vd peer ve' >"$CASE_DIR/batch"
	check_status 2 "this was line 2 of " vnet "$a" -b "$CASE_DIR/batch"
	check_eq "$(links "$a")" "va vb" "devices where the second line failed"
	check_status 2 "this was line 3 of " vnet "$a" -force -b "$CASE_DIR/batch"
	check_eq "$(links "$a")" "va vb vd ve" "devices with -force"
	check_status 1 "a quote that does not end" vnet "$a" -b - <<<'link show "va'
	check_status 1 "too many words" vnet "$a" -b - <<<"link $(printf '%0.sx ' {1..300})"
	check_status 1 "cannot open \"/nowhere\"" vnet "$a" -b /nowhere
	check_status 1 "\"link\" is not understood" vnet "$a" -b - link
	check_status 1 "no option \"--x\"" vnet "$a" -b - --x
}

output_that_cannot_be_written()
{
	setup_ns a
	make_pair "$a" va vb
	check_status 2 "cannot write the answer: No space left" bash -c "\"$VNET\" -n $a link >/dev/full"
}

missing_modules_are_named()
{
	setup_ns a
	must unload
	check_status 0 "modprobe -a vveth vbridge vtun" vnet "$a" link
	check_status 0 "modprobe -a vbridge" vnet "$a" bridge
	must modprobe vveth
	check_status 0 "" vnet "$a" link
}

module_that_cannot_be_loaded()
{
	local helper

	setup_ns a
	must unload
	helper=$(</proc/sys/kernel/modprobe)
	defer sh -c "echo '$helper' >/proc/sys/kernel/modprobe"
	echo /bin/false >/proc/sys/kernel/modprobe
	check_status 2 "modprobe vveth" vnet "$a" pair add va peer vb
	check_eq "$(links "$a")" "" "devices"
}

# Escapes of one byte and of two, and bytes that are no text: none of them reaches a terminal.
names_control_no_terminal()
{
	local said

	setup_ns a
	must ip -n "$a" link add $'\xc2\x9b31mX' type "vveth" peer name $'\x9b31mY\x7f\xff'
	must ip -n "$a" link add $'\xc2\x9bbr' type "vbridge"
	must ip -n "$a" link set $'\xc2\x9b31mX' master $'\xc2\x9bbr'
	make_bridge "$a" br1
	said=$(
		vnet "$a" link
		vnet "$a" -j link
		vnet "$a" bridge
		vnet "$a" vlan
		vnet "$a" stats
		vnet "$a" topo
		vnet "$a" topo --svg
		vnet "$a" port br br1 $'\xc2\x9b31mX' 2>&1
	)
	[[ $said != *[$'\x01'-$'\x09\x0b'-$'\x1f\x7f'-$'\x9f\xff']* ]] || fail "what is said: $(cat -v <<<"$said")"
	check_match "$said" " \?31mX kind .* peer \?31mY\?\? .* master \?br " "what stands there instead"
	check_match "$said" "vnet: \"\?31mX\" is a port of \?br, not of br1" "in a complaint"
	check_eq "$(vnet_json "$a" 'map(.ifname) | sort | join(" ")' link)" $'br1 \xc2\x9b31mX \xc2\x9b31mY\x7f\xc3\xbf \xc2\x9bbr' \
		"names in JSON, those that are no UTF-8 as Latin-1"
}

what_is_there()
{
	vnet "$1" link
	vnet "$1" fdb | cut -d' ' -f1
	vnet "$1" vlan
	vnet "$1" bridge
}

# Others have devices of the same names.
all_changes_nothing()
{
	local ns cmd words

	setup_ns a b
	for ns in "$a" "$b"; do
		make_pair "$ns" va vb
		make_bridge "$ns" br0 va
		must vnet "$ns" tun add tap0
		pkt -T "$ns:vb" -c 1 -s 02:00:00:00:00:aa
		what_is_there "$ns" >"$CASE_DIR/$ns"
	done
	while IFS='|' read -r cmd words; do
		# shellcheck disable=SC2086 # words
		check_status 1 "^vnet: \"$cmd\" is for one namespace: -all is for what shows\$" vnet "$a" -a $cmd $words
	done <<-EOF
		tun del|tap0
		tun add|tap1
		fdb flush|br br0
		fdb add|02:00:00:00:00:bb brport va
		fdb del|02:00:00:00:00:aa br br0
		vlan add|7 dev va
		vlan del|1 dev va
		port set|va fdb_max_learned 5
		bridge set|dev br0 direct off
		bridge set|port va fdb_max_learned 5
		flow flush|
	EOF
	for ns in "$a" "$b"; do
		check_eq "$(what_is_there "$ns")" "$(<"$CASE_DIR/$ns")" "what is there"
	done
}

ALL_TESTS="help_names_all_commands help_of_each_command version_is_told usage_errors_end_with_1 keywords_are_whole_words options_behind_a_command
	devices_of_other_kinds_are_not_ours no_devices_is_an_empty_answer json_is_the_same_pretty colour_only_when_asked names_control_no_terminal
	namespace_by_name_and_path all_namespaces all_changes_nothing commands_from_a_file commands_from_a_file_that_fail output_that_cannot_be_written
	missing_modules_are_named module_that_cannot_be_loaded"
run_tests "$@"
