#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# All commands of vnet in a table: text and JSON, bad words, no devices, very many, no modules, older ones.
#
#	+------------ a ------------+     +-- b --+
#	|  t0 -- [br0] -- va -------+-----+-- vb  |
#	|           \---- vc -- vd  |     +-------+
#	+---------------------------+
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# What shows devices. What shows flows has its tests, with flows, in flow.sh.
SHOWS=(link stats "stats -w count 1 interval 0.01" drops "drops interval 0.01" topo bridge port fdb vlan "vlan stats" tun)
FLOWS=(flow "flow stats")

# run NS WORDS...: the tool, its answer in $CASE_DIR/answer, what it says beside that in $CASE_DIR/said, its status in STATUS
run()
{
	local ns=$1

	shift
	STATUS=0
	# shellcheck disable=SC2048,SC2086 # words of a table
	vnet "$ns" $* >"$CASE_DIR/answer" 2>"$CASE_DIR/said" || STATUS=$?
}

setup_all()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	make_pair "$a" vc vd
	must vnet "$a" tun add t0 up
	make_bridge "$a" br0 va vc t0
	must ip -n "$a" link set br0 type vbridge vlan_stats_enabled 1
	# Sources that are no station's: something has to be lost for drops to show.
	pkt -T "$b:vb" -c 3 -s 03:00:00:00:00:01
	busywait 5000 lost_some || die "no frame is lost"
}

lost_some()
{
	[ "$(vnet_get "$a" frames drops br0)" != - ]
}

text_and_json_of_each()
{
	local cmd name

	setup_all
	for cmd in "${SHOWS[@]}"; do
		run "$a" -j "$cmd"
		check_eq "$STATUS $(<"$CASE_DIR/said")" "0 " "status of vnet -j $cmd, and what it says beside"
		jq -r 'if type == "array" then [.. | objects | .ifname // empty] | unique | join(" ") else error("no array") end' \
			"$CASE_DIR/answer" >"$CASE_DIR/names" || fail "vnet -j $cmd: no JSON: $(head -c 300 "$CASE_DIR/answer")"
		# What was lost before is all that was lost.
		[ "$cmd" = "drops interval 0.01" ] || check_match "$(<"$CASE_DIR/names")" . "devices of vnet -j $cmd"
		run "$a" "$cmd"
		check_eq "$STATUS $(<"$CASE_DIR/said")" "0 " "status of vnet $cmd, and what it says beside"
		for name in $(<"$CASE_DIR/names"); do
			grep -qw -- "$name" "$CASE_DIR/answer" || fail "vnet $cmd lacks $name: $(<"$CASE_DIR/answer")"
		done
	done
}

none_of_each()
{
	local cmd

	setup_ns a
	load vveth vbridge vtun vflow
	for cmd in "${SHOWS[@]}" "${FLOWS[@]}"; do
		run "$a" -j "$cmd"
		check_eq "$STATUS $(<"$CASE_DIR/answer") $(<"$CASE_DIR/said")" "0 [] " "vnet -j $cmd"
		run "$a" "$cmd"
		check_eq "$STATUS $(<"$CASE_DIR/said")" "0 " "vnet $cmd"
		[[ $cmd == *-w* ]] || check_eq "$(<"$CASE_DIR/answer")" "" "what vnet $cmd shows"
	done
}

# One line for each: what is said, and the words.
bad_words_of_each()
{
	local ere words before

	setup_all
	before=$(links "$a")
	while IFS='|' read -r ere words; do
		run "$a" "$words"
		check_eq "$STATUS $(<"$CASE_DIR/answer")" "1 " "status of vnet $words, and what it shows"
		check_match "$(<"$CASE_DIR/said")" "^vnet: .*$ere" "what vnet $words says"
	done <<-'EOF'
		no device "gone0"|link gone0
		"dev" needs the name of a device|link show dev
		"extra" is not understood|link show va extra
		no device "gone0"|stats gone0
		"count" needs a number|stats -w count
		from 1 to 4294967295|stats -w count 0
		"vb" is not understood|stats va vb
		no device "gone0"|drops gone0
		"interval" needs a value|drops interval
		"vb" is not understood|drops va vb
		"gone0" is not understood|topo gone0
		"svg" is not understood|topo dot svg
		"pair add" needs|pair add
		"pair list" is no command|pair list
		no device "gone0"|pair del gone0
		no device "gone0"|bridge show gone0
		"bridge set" needs|bridge set
		"extra" is not understood|bridge show br0 extra
		"br" needs the name of a device|port show br
		is not a port of|port show vd
		"set" needs the name of a port|port set
		"fdb" is not understood|fdb show fdb
		from 1 to 4094|fdb show vlan 0
		"fdb list" is no command|fdb list
		no device "gone0"|vlan stats gone0
		"add" needs a VLAN, or a range such as 2-9, after it|vlan add
		"vlan del" needs "dev"|vlan del 7
		is not a vtun device|tun show va
		"add" needs the name of a device|tun add
		no device "gone0"|tun del gone0
		no device "gone0"|flow show gone0
		"dev" needs the name of a device|flow stats dev
		"extra" is not understood|flow flush va extra
		"va" is not understood|monitor va
		"count" needs a number|monitor count
		needs a device|trace
		"count" needs a number|trace va count
		"source" needs a value|bench source
		no selftests/bench/run|bench source /nowhere
	EOF
	check_eq "$(links "$a")" "$before" "devices in the end"
}

# A sixteenth of them in a machine that is emulated, or slow for another reason.
PORTS=4096
if [ "${VNET_SLOW:-1}" -gt 1 ] || grep -q TCG /proc/cpuinfo; then PORTS=256; fi

# ms_of LIMIT CMD...: milliseconds that it takes, the best of three where the first is beyond the limit, in MS
ms_of()
{
	local limit=$1 try start now

	shift
	MS=''
	for ((try = 0; try < 3 && ${MS:-$((limit + 1))} > limit; try++)); do
		now_ms start
		"$@"
		now_ms now
		[ "${MS:-$((now - start))}" -lt $((now - start)) ] || MS=$((now - start))
	done
}

# check_quick ANSWERS WORDS...: takes no second for each answer of the kernel's; on a machine that is busy, no more than five
# times what ip takes for its list (alone it is twice that at most)
check_quick()
{
	local answers=$1 tool limit=$((1000 * $1))

	shift
	ms_of "$limit" run "$a" "$@"
	check_eq "$STATUS $(<"$CASE_DIR/said")" "0 " "status of vnet $*, and what it says beside"
	if [ "$MS" -gt "$limit" ]; then
		tool=$MS
		ms_of 0 ip -n "$a" -d -s -j link show >"$CASE_DIR/ip"
		echo "ip -d -s -j link show: $MS ms"
		limit=$((5 * answers * MS > limit ? 5 * answers * MS : limit))
		MS=$tool
	fi
	echo "vnet $*: $MS ms"
	check_le "$MS" "$limit" "ms for vnet $*"
}

very_many_ports()
{
	local i cmd answers

	setup_ns a b
	for ((i = 1; i <= PORTS; i++)); do
		echo "link add p$i type vveth peer name e$i netns $b"
		[ "$i" -gt 1 ] || echo "link add br0 up type vbridge"
		echo "link set p$i up master br0"
	done | ipb "$a"
	for cmd in "${SHOWS[@]}" "topo svg" "topo dot" "link p7" "port p7" "stats p7"; do
		# Rates, and what is lost from now on, take two answers of the kernel.
		answers=1
		[[ $cmd != *interval* ]] || answers=2
		check_quick "$answers" "$cmd"
		case $cmd in
		tun | *p7 | "drops interval"* | "topo "*) continue ;;
		drops) check_match "$(<"$CASE_DIR/answer")" '^no frame was lost' "vnet drops" ;;
		*) check_ge "$(grep -cE '\bp[0-9]+\b' "$CASE_DIR/answer")" "$PORTS" "lines of vnet $cmd with ports" ;;
		esac
		check_quick "$answers" -j "$cmd"
	done
}

# no_autoload: the kernel finds no module any more.
no_autoload()
{
	local helper

	helper=$(</proc/sys/kernel/modprobe)
	defer sh -c "echo '$helper' >/proc/sys/kernel/modprobe"
	echo /bin/false >/proc/sys/kernel/modprobe
}

no_modules_for_any()
{
	local status ere words

	setup_ns a
	must unload
	no_autoload
	while IFS='|' read -r status ere words; do
		run "$a" -j "$words"
		check_eq "$STATUS" "$status" "status of vnet -j $words"
		check_match "$(<"$CASE_DIR/said")" "modprobe $ere\"" "what vnet $words says"
		[ "$status" -ne 0 ] || check_eq "$(<"$CASE_DIR/answer")" "[]" "vnet -j $words"
	done <<-'EOF'
		0|-a vveth vbridge vtun vtap|link
		0|-a vveth vbridge vtun vtap|stats
		0|-a vveth vbridge vtun vtap|stats -w count 1 interval 0.01
		0|-a vveth vbridge vtun vtap|drops
		0|-a vveth vbridge vtun vtap|drops interval 0.01
		0|-a vveth vbridge vtun vtap|topo
		0|-a vbridge|bridge
		0|-a vbridge|port
		0|-a vbridge|fdb
		0|-a vbridge|vlan
		0|-a vbridge|vlan stats
		0|-a vtun|tun
		2|vveth|pair add va peer vb
		2|vbridge|bridge set dev lo direct off
		2|vbridge|port set lo fdb_max_learned 7
		2|vtun|tun add t0
		2|vflow|flow
		2|vflow|flow stats
		2|vflow|flow flush
	EOF
	check_eq "$(links "$a")" "" "devices in the end"
	# Who waits for what happens is told that nothing will.
	bg_ns "$a" "$VNET" monitor count 1 >"$CASE_DIR/events" 2>"$CASE_DIR/said"
	busywait 5000 grep -q '^listening$' "$CASE_DIR/events" || fail "monitor does not listen"
	check_match "$(<"$CASE_DIR/said")" "modprobe -a vveth vbridge vtun vtap" "what monitor says"
}

# With the core alone there is a family, and nobody who has flows.
core_without_vflow()
{
	local cmd

	setup_ns a
	must unload
	load vnet_core
	for cmd in "${FLOWS[@]}"; do
		run "$a" -j "$cmd"
		check_eq "$STATUS $(<"$CASE_DIR/answer")" "0 []" "vnet -j $cmd"
		check_match "$(<"$CASE_DIR/said")" 'modprobe vflow"' "what vnet $cmd says"
	done
}

# older WORDS ARGS...: the tool with modules that lack what the words say (lib/older.c), in a
older()
{
	local words=$1

	shift
	env VNET_OLDER="$words" LD_PRELOAD="$TOOLS/older" "$VNET" -n "$a" "$@"
}

# keys WORDS NAME CMD...: which keys of a list there are in what an older module tells of a device
keys()
{
	older "$1" -j "${@:3}" >"$CASE_DIR/json" || fail "vnet -j ${*:3} fails with $? where $1"
	jq -r --arg dev "$2" '[.[] | select(.ifname == $dev) | keys[] |
		select(IN("direct", "fdb_n_entries", "fdb_max_learned_port", "fdb_n_learned", "fdb_max_learned", "fdb_max_default",
			"mode", "kind", "options", "state"))] | join(" ")' "$CASE_DIR/json" || fail "no JSON: $(head -c 300 "$CASE_DIR/json")"
}

# What a module does not tell is left out, and not shown as if it were off or 0.
modules_that_tell_less()
{
	local words

	setup_all
	check_eq "$(keys attrs=99 br0 bridge)" "direct fdb_max_learned_port fdb_n_entries options" "all that br0 has"
	check_eq "$(keys attrs=99 va port)" "fdb_max_default fdb_max_learned fdb_n_learned kind state" "all that va has"
	for words in family commands=1 attrs=1; do
		check_eq "$(keys "$words" br0 bridge)" "options" "keys of br0 where $words"
		check_eq "$(keys "$words" va port)" "kind state" "keys of va where $words"
		check_eq "$(older "$words" bridge | grep -cwE 'direct|fdb_n_entries|fdb_max_default')" 0 "lines of text with them"
	done
	check_eq "$(keys attrs=2 br0 bridge)" "direct options" "keys of br0 where attrs=2"
	check_eq "$(keys attrs=3 va port)" "fdb_n_learned kind state" "keys of va where attrs=3"
	check_eq "$(keys info va link)" kind "keys of va where info"
	check_eq "$(keys info va port)" "fdb_max_default fdb_max_learned fdb_n_learned kind" "keys of va where info"
	check_eq "$(keys info t0 tun)" "" "keys of t0 where info"
	for words in "${SHOWS[@]}"; do
		# shellcheck disable=SC2086
		older "info family" -j $words | jq -e 'type == "array"' >"$CASE_DIR/json" || fail "vnet -j $words where info family"
	done
}

modules_that_know_less()
{
	setup_all
	check_status 2 "cannot change br0: the modules that are loaded are older than this program" older commands=1 bridge set dev br0 direct off
	check_status 2 "cannot change va: the modules that are loaded are older than this program" older commands=1 port set va fdb_max_learned 7
	check_status 2 "cannot read the devices of vflow: the modules that are loaded are older" older commands=0 flow stats
	check_status 2 "cannot read the flows: the modules that are loaded are older" older commands=5 flow
	check_status 2 "cannot flush the flows: the modules that are loaded are older" older commands=6 flow flush
	check_status 2 "the modules that are loaded are older than this program" older family bridge set dev br0 direct off
	check_eq "$(vnet_get "$a" "direct fdb_max_default" bridge)" "true true" "what is set in the end"
}

# What changes while it is read is read again, and said where it never comes to rest.
tables_that_change()
{
	local cmd changed

	setup_all
	for cmd in bridge port; do
		for changed in 0 1 2 8; do
			check_status 0 "" older "changed=$changed" -j "$cmd" >"$CASE_DIR/$changed"
			cmp "$CASE_DIR/0" "$CASE_DIR/$changed" || fail "vnet $cmd where $changed dumps are cut: $(<"$CASE_DIR/$changed")"
		done
		check_status 0 "^vnet: note: .* the answer may lack some$" older changed=99 "$cmd" >/dev/null
	done
}

# The front of the benchmarks, with a tree that has a script of that name.
bench_runs_the_tree()
{
	mkdir -p "$CASE_DIR/tree/selftests/bench" "$CASE_DIR/tree/build"
	# shellcheck disable=SC2016 # for the script
	printf '#!/bin/sh\necho "$PWD: $*"\nexec test "$2" != bad\n' >"$CASE_DIR/tree/selftests/bench/run"
	chmod 755 "$CASE_DIR/tree/selftests/bench/run"
	check_eq "$("$VNET" bench source "$CASE_DIR/tree")" "$CASE_DIR/tree: icount" "no words"
	check_eq "$(VNET_SOURCE=$CASE_DIR/tree "$VNET" bench time 'a*' b)" "$CASE_DIR/tree: time a* b" "words"
	check_status 2 "cannot open build/bench.json" "$VNET" -j bench source "$CASE_DIR/tree"
	echo '{ "rows": [ 1 ] }' >"$CASE_DIR/tree/build/bench.json"
	check_eq "$("$VNET" -j bench source "$CASE_DIR/tree" 2>/dev/null | jq -c .rows)" "[1]" "JSON"
	check_status 2 "the benchmark failed" "$VNET" -j bench source "$CASE_DIR/tree" bad
}

ALL_TESTS="text_and_json_of_each none_of_each bad_words_of_each very_many_ports no_modules_for_any core_without_vflow
	modules_that_tell_less modules_that_know_less tables_that_change bench_runs_the_tree"
run_tests "$@"
