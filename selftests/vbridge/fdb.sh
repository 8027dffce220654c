#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The forwarding table and the stock commands for it; the topology is drawn in common.sh.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

M=02:00:00:00:0a

via_and_its_forms()
{
	setup_stations 3
	must bridge -n "$h" fdb add "$M:01" dev vbr0 self static via p1
	check_eq "$(fdb_entry "$M:01")" "p1 static" "added"
	remember
	refused 'has an entry already' bridge -n "$h" fdb add "$M:01" dev vbr0 self static via p2
	unchanged
	must bridge -n "$h" fdb replace "$M:01" dev vbr0 self static via p2
	check_eq "$(fdb_entry "$M:01")" "p2 static" "replaced"
	must bridge -n "$h" fdb append "$M:01" dev vbr0 self dynamic via p3
	check_eq "$(fdb_entry "$M:01")" "p3 dynamic" "appended"
	refused 'no such entry' bridge -n "$h" fdb del "$M:01" dev vbr0 self via p1
	must bridge -n "$h" fdb del "$M:01" dev vbr0 self via p3
	check_eq "$(fdb_port "$M:01")" "" "deleted"
	must bridge -n "$h" fdb add "$M:02" dev vbr0
	check_eq "$(fdb_entry "$M:02")" "vbr0 permanent" "without via"
	must bridge -n "$h" fdb del "$M:02" dev vbr0
	must bridge -n "$h" fdb add "$M:03" dev vbr0 self static sticky via p1
	check_eq "$(fdb_entry "$M:03")" "p1 static sticky" "sticky"
	must bridge -n "$h" fdb add "$M:04" dev vbr0 self dynamic extern_learn via p1
	check_eq "$(fdb_entry "$M:04")" "p1 dynamic extern_learn" "extern_learn"
	must bridge -n "$h" fdb add "$M:05" dev vbr0 self use via p1
	check_eq "$(fdb_entry "$M:05")" "p1 dynamic" "use"
	# Whoever learns elsewhere need not name a state, nor wait for the port.
	must ip -n "$h" link set p3 down
	must bridge -n "$h" fdb add "$M:06" dev vbr0 self extern_learn via p3
	check_eq "$(fdb_entry "$M:06")" "p3 dynamic extern_learn" "extern_learn without a state"
}

# Who learns elsewhere may come later than the first frame, which went through a tunnel.
learned_here_before()
{
	setup_stations 3
	pkt -T "$s1:e0" -c 1 -s "$M:01"
	pkt -T "$s1:e0" -c 1 -s "$M:02"
	busywait 2000 fdb_is "$M:02" p1 || die "not learned"
	must bridge -n "$h" fdb add "$M:01" dev vbr0 self extern_learn static via p2
	check_eq "$(fdb_entry "$M:01")" "p2 dynamic extern_learn" "extern_learn"
	must bridge -n "$h" fdb add "$M:01" dev vbr0 self extern_learn via p3
	check_eq "$(fdb_entry "$M:01")" "p3 dynamic extern_learn" "and again"
	must bridge -n "$h" fdb add "$M:02" dev vbr0 self use via p2
	check_eq "$(fdb_entry "$M:02")" "p2 dynamic" "use"
	must bridge -n "$h" fdb replace "$M:02" dev vbr0 self static via p1
	remember
	refused 'has an entry already' bridge -n "$h" fdb add "$M:02" dev vbr0 self extern_learn via p2
	refused 'has an entry already' bridge -n "$h" fdb add "$M:02" dev vbr0 self use via p2
	refused 'has an entry already' bridge -n "$h" fdb add "$M:01" dev vbr0 self static via p2
	unchanged
}

# What a frame would not have moved or changed, it does not either.
used_as_by_a_frame()
{
	setup_stations 2
	must bridge -n "$h" fdb add "$M:01" dev vbr0 self dynamic sticky via p1
	must bridge -n "$h" fdb add "$M:02" dev vbr0 self static sticky via p1
	must bridge -n "$h" fdb add "$M:03" dev vbr0 self permanent
	must bridge -n "$h" fdb add "$M:04" dev vbr0 self static via p1
	must bridge -n "$h" fdb add "$M:01" dev vbr0 self use via p2
	check_eq "$(fdb_entry "$M:01")" "p1 dynamic sticky" "a sticky one"
	must bridge -n "$h" fdb replace "$M:02" dev vbr0 self use via p2
	check_eq "$(fdb_entry "$M:02")" "p1 static sticky" "a static and sticky one"
	must bridge -n "$h" fdb replace "$M:03" dev vbr0 self use via p2
	check_eq "$(fdb_entry "$M:03")" "vbr0 permanent" "the host's"
	must bridge -n "$h" fdb replace "$M:04" dev vbr0 self use via p2
	check_eq "$(fdb_entry "$M:04")" "p2 static" "a static one, which frames move"
	must "$TOOLS/brtool" -n "$h" port p1 "$LOCKED=1" "$MAB=1"
	pkt -T "$s1:e0" -c 1 -s "$M:05"
	must bridge -n "$h" fdb add "$M:05" dev vbr0 self use via p1
	check_eq "$("$TOOLS/brtool" -n "$h" fdb vbr0 "$M:05")" "p1 locked" "a stranger's"
}

# Addresses that a device had on its own list before it was a member.
old_addresses_go()
{
	[ "$PAIR" = vveth ] || skip "$PAIR passes no commands on to its bridge"
	setup_stations 2
	must ip -n "$h" link set p1 nomaster
	must bridge -n "$h" fdb add "$M:01" dev p1
	must ip -n "$h" link set p1 master vbr0
	must bridge -n "$h" fdb del "$M:01" dev p1
	check_eq "$(bridge -n "$h" fdb show dev p1 | grep -c "$M:01")" 0 "entries of that address"
	refused 'no such entry' bridge -n "$h" fdb del "$M:01" dev p1
}

# Members that are devices of the suite take the commands in their own name.
entries_at_the_port()
{
	[ "$PAIR" = vveth ] || skip "$PAIR passes no commands on to its bridge"
	setup_stations 2
	must bridge -n "$h" fdb add "$M:01" dev p1 static
	check_eq "$(fdb_entry "$M:01")" "p1 static" "added"
	must bridge -n "$h" fdb replace "$M:01" dev p2 static
	check_eq "$(fdb_port "$M:01")" p2 "replaced"
	refused 'no such entry' bridge -n "$h" fdb del "$M:01" dev p1
	refused 'leave via out' bridge -n "$h" fdb add "$M:02" dev p1 static via p2
	must bridge -n "$h" fdb del "$M:01" dev p2
	check_eq "$(fdb_port "$M:01")" "" "deleted"
	# Alone it has only the addresses it receives itself.
	must ip -n "$h" link set p2 nomaster
	check_fail "$(bridge -n "$h" fdb add "$M:01" dev p2 static 2>/dev/null; echo $?)" "static entry of a device that is no port"
}

what_an_entry_cannot_be()
{
	setup_stations 2
	must ip -n "$h" link add alone type "$PAIR" peer name alone2
	remember
	refused_all '' bridge -n "$h" <<-EOF
		fdb add $M:01 dev vbr0 self static via alone
		fdb add $M:01 dev vbr0 self static via vbr0
		fdb add $M:01 dev vbr0 self static
		fdb add $M:01 dev vbr0 self static via p1 vlan 5
		fdb add $M:01 dev vbr0 self static via p1 dst 192.0.2.1
		fdb del $M:01 dev vbr0 self via p1 dst 192.0.2.1
		fdb add 01:00:5e:00:00:01 dev vbr0 self static via p1
		fdb add 00:00:00:00:00:00 dev vbr0 self static via p1
		fdb add $M:01 dev vbr0 self permanent sticky via p1
		fdb add $M:01 dev vbr0 self static router via p1
	EOF
	unchanged
	must ip -n "$h" link set p1 down
	remember
	refused 'not working' bridge -n "$h" fdb add "$M:01" dev vbr0 self dynamic via p1
	unchanged
	must bridge -n "$h" fdb add "$M:01" dev vbr0 self static via p1
}

own_addresses_stay()
{
	local own

	setup_stations 2
	own=$(link_attr "$h" p1 address)
	remember
	refused 'own or that of a port' bridge -n "$h" fdb replace "$own" dev vbr0 self static via p2
	refused 'own or that of a port' bridge -n "$h" fdb del "$own" dev vbr0 self
	unchanged
	must bridge -n "$h" fdb flush dev vbr0
	check_eq "$(fdb_count)" 2 "entries after a flush of everything"
	check_eq "$(fdb_entry "$own")" "p1 permanent" "the entry of p1's address"
	# An address that was learned becomes a port's own, and is none again.
	must bridge -n "$h" fdb add "$M:01" dev vbr0 self dynamic via p2
	must ip -n "$h" link set p1 address "$M:01"
	check_eq "$(fdb_entry "$M:01")" "p1 permanent" "the new address of p1"
	check_eq "$(fdb_port "$own")" "" "its old address"
	must ip -n "$h" link set p1 nomaster
	check_eq "$(fdb_port "$M:01")" "" "its address after it has gone"
}

shared_own_address()
{
	setup_stations 3
	must ip -n "$h" link set p1 address "$M:01"
	must ip -n "$h" link set p2 address "$M:01"
	check_eq "$(fdb_port "$M:01")" p1 "the first of two ports"
	must ip -n "$h" link set p1 nomaster
	check_eq "$(fdb_entry "$M:01")" "p2 permanent" "the second, when the first has gone"
	must ip -n "$h" link set vbr0 address "$M:01"
	must ip -n "$h" link set p2 address "$M:02"
	check_eq "$(fdb_entry "$M:01")" "vbr0 permanent" "the bridge, when both have gone"
	must ip -n "$h" link set vbr0 address "$M:03"
	check_eq "$(fdb_port "$M:01")" "" "nobody's any more"
}

show_in_all_forms()
{
	local out

	setup_stations 2
	must bridge -n "$h" fdb add "$M:01" dev vbr0 self static via p1
	check_eq "$(bridge -n "$h" fdb show | grep -c "^$M:01")" 1 "times it is in fdb show"
	out=$(bridge -n "$h" fdb show dev vbr0)
	check_match "$out" "$M:01 via p1 self static" "fdb show dev vbr0"
	check_match "$out" "$(link_attr "$h" p2 address) via p2 self permanent" "fdb show dev vbr0"
	check_eq "$(bridge -n "$h" fdb get "$M:01" br vbr0)" "$M:01 dev p1 master vbr0 static" "fdb get br"
	check_eq "$(bridge -n "$h" fdb get "$M:01" dev vbr0 self)" "$M:01 dev p1 master vbr0 static" "fdb get dev"
	check_refused 'no such entry' bridge -n "$h" fdb get "$M:02" br vbr0
	[ "$PAIR" = vveth ] || return 0
	check_eq "$(bridge -n "$h" fdb show brport p1 | grep -c 'master vbr0')" 2 "entries in fdb show brport p1"
	check_eq "$(bridge -n "$h" fdb show brport p2 | grep -c "$M:01")" 0 "entries of p1 in fdb show brport p2"
}

fill_for_flush()
{
	bridge -n "$h" -batch - <<-EOF || die "cannot add entries"
		fdb replace $M:01 dev vbr0 self static via p1
		fdb replace $M:02 dev vbr0 self dynamic via p1
		fdb replace $M:03 dev vbr0 self static sticky via p2
		fdb replace $M:04 dev vbr0 self dynamic extern_learn via p2
		fdb replace $M:05 dev vbr0 self permanent
	EOF
}

# check_flush "LEFT..." OPTION...: the last bytes of the addresses that are left.
check_flush()
{
	local left=$1

	shift
	fill_for_flush
	must bridge -n "$h" fdb flush dev vbr0 "$@"
	check_eq "$(fdb | sed -n "s/^$M:\(..\) .*/\1/p" | sort | tr '\n' ' ')" "$left" "left by flush $*"
}

flush_by_port_and_kind()
{
	setup_stations 2
	check_flush "03 04 05 " brport p1
	check_flush "02 03 04 05 " brport p1 static
	check_flush "01 02 03 04 " brport vbr0
	check_flush "01 03 05 " dynamic
	check_flush "02 04 05 " static nopermanent
	check_flush "01 02 04 05 " sticky
	check_flush "01 02 03 05 " extern_learn
	check_flush "04 " noextern_learn
	check_flush "" added_by_user
	check_flush "01 02 03 04 05 " vlan 5
	check_flush ""
	must ip -n "$h" link add alone type "$PAIR" peer name alone2
	fill_for_flush
	remember
	refused 'no port of this bridge' bridge -n "$h" fdb flush dev vbr0 brport alone
	refused 'told apart' bridge -n "$h" fdb flush dev vbr0 offloaded
	unchanged
	must ip -n "$h" link set vbr0 type "$BRIDGE" fdb_flush
	check_eq "$(fdb_count "$M")" 3 "entries after fdb_flush of the bridge"
	fill_for_flush
	must ip -n "$h" link set p1 type bridge_slave fdb_flush
	check_eq "$(fdb_count "$M")" 4 "entries after fdb_flush of p1"
}

entries_lead_frames()
{
	setup_stations 3
	must bridge -n "$h" fdb add "$M:01" dev vbr0 self static via p3
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 5 -w 200 -d "$M:01"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "0 5" "frames at s2 and s3"
	must bridge -n "$h" fdb add "$M:02" dev vbr0 self permanent
	pkt -T "$s1:e0" -R "$s2:e0" -R "$h:vbr0" -c 5 -w 200 -d "$M:02"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "0 5" "frames at s2 and the host"
}

sticky_does_not_move()
{
	setup_stations 2
	must bridge -n "$h" fdb add "$M:01" dev vbr0 self static sticky via p1
	must bridge -n "$h" fdb add "$M:02" dev vbr0 self static via p1
	must bridge -n "$h" fdb add "$M:03" dev vbr0 self extern_learn via p1
	pkt -T "$s2:e0" -c 1 -s "$M:01"
	pkt -T "$s2:e0" -c 1 -s "$M:02"
	pkt -T "$s2:e0" -c 1 -s "$M:03"
	busywait 2000 fdb_is "$M:03" p2 || fail "extern_learn has not moved"
	check_eq "$(fdb_entry "$M:03")" "p2 dynamic" "its kind then"
	check_eq "$(fdb_entry "$M:02")" "p2 static" "static"
	check_eq "$(fdb_port "$M:01")" p1 "static and sticky"
}

silent_addresses_age()
{
	setup_stations 2
	pkt -T "$s1:e0" -c 1 -s "$M:01"
	must bridge -n "$h" fdb add "$M:02" dev vbr0 self static via p1
	must bridge -n "$h" fdb add "$M:03" dev vbr0 self dynamic extern_learn via p1
	busywait 2000 fdb_is "$M:01" p1 || die "not learned"
	must ip -n "$h" link set vbr0 type "$BRIDGE" ageing_time 100
	slowwait 6 fdb_gone "$M:01" || fail "still there"
	check_stat fdb_aged 1 "aged"
	check_eq "$(fdb_count "$M")" 2 "entries that do not age"
}

# Frames keep an entry; an ageing time of none makes a hub of the bridge.
ageing_time_is_kept()
{
	local slow=${VNET_SLOW:-1}

	setup_stations 3
	must ip -n "$h" link set vbr0 type "$BRIDGE" ageing_time $((100 * slow))
	bg "$TOOLS/pkt" -T "$s1:e0" -D 3600 -r 20 -s "$M:01"
	busywait 3000 fdb_is "$M:01" p1 || die "not learned"
	sleep $((slow * 5 / 2 + 1))
	check_eq "$(fdb_port "$M:01")" p1 "after two and a half times the ageing time"
	kill "$BG_PID"
	must ip -n "$h" link set vbr0 type "$BRIDGE" ageing_time 0
	pkt -T "$s2:e0" -c 1 -s "$M:02"
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 5 -d "$M:02"
	check_eq "${PKT[rx1.frames]}" 5 "frames at s3, as nothing is learned"
	check_eq "$(fdb_port "$M:02")" "" "where the address was learned"
}

learned_go_with_the_link()
{
	setup_stations 2
	pkt -T "$s1:e0" -c 1 -s "$M:01"
	must bridge -n "$h" fdb add "$M:02" dev vbr0 self static via p1
	busywait 2000 fdb_is "$M:01" p1 || die "not learned"
	must ip -n "$s1" link set e0 down
	busywait 2000 fdb_gone "$M:01" || fail "the learned entry is still there"
	check_eq "$(fdb_port "$M:02")" p1 "the static one"
	must ip -n "$h" link set p1 nomaster
	check_eq "$(fdb_port "$M:02")" "" "the static one, when the port has gone"
}

monitored()
{
	grep -q "$1" "$CASE_DIR/monitor"
}

# Until a change that is made again and again shows up.
listening()
{
	bridge -n "$h" fdb del "$M:fe" dev vbr0 self 2>/dev/null
	bridge -n "$h" fdb add "$M:fe" dev vbr0 self
	monitored "$M:fe"
}

# Beside ours the core sends a message of its own after each command, "dev vbr0 self".
changes_are_monitored()
{
	setup_stations 2
	bg bridge -n "$h" monitor fdb >"$CASE_DIR/monitor"
	busywait 5000 listening || die "bridge monitor does not start"
	must bridge -n "$h" fdb add "$M:0f" dev vbr0 self static via p1
	pkt -T "$s1:e0" -c 1 -s "$M:01"
	busywait 2000 monitored "^$M:01 dev p1 master vbr0" || fail "learned"
	pkt -T "$s2:e0" -c 1 -s "$M:01"
	busywait 2000 monitored "^$M:01 dev p2 master vbr0" || fail "moved"
	must ip -n "$h" link set vbr0 type "$BRIDGE" ageing_time 10
	slowwait 5 monitored "Deleted $M:01 dev p2 master vbr0" || fail "aged"
	must bridge -n "$h" fdb add "$M:02" dev vbr0 self static via p1
	busywait 2000 monitored "^$M:02 dev p1 master vbr0 static" || fail "added"
	must bridge -n "$h" fdb del "$M:02" dev vbr0 self via p1
	busywait 2000 monitored "Deleted $M:02 dev p1 master vbr0 static" || fail "deleted"
	must ip -n "$h" link set p1 nomaster
	busywait 2000 monitored "Deleted $M:0f dev p1 master vbr0 static" || fail "gone with its port"
}

# A dump of several messages, each entry once.
large_dump()
{
	local i j

	setup_stations 2
	for ((i = 0; i < 16; i++)); do
		for ((j = 0; j < 256; j++)); do
			printf 'fdb add 02:00:00:00:%02x:%02x dev vbr0 self static via p%d\n' $((i + 32)) "$j" $((j % 2 + 1))
		done
	done >"$CASE_DIR/batch"
	must bridge -n "$h" -batch "$CASE_DIR/batch"
	fdb | sort >"$CASE_DIR/dump"
	check_eq "$(grep -c ' static' "$CASE_DIR/dump")" 4096 "entries in the dump"
	check_eq "$(uniq -d "$CASE_DIR/dump" | wc -l)" 0 "entries that are there twice"
	check_eq "$(bridge -n "$h" fdb show dev vbr0 | grep -c ' static')" 4096 "entries in the dump by name"
	must bridge -n "$h" fdb flush dev vbr0 brport p1
	check_eq "$(fdb | grep -c ' static')" 2048 "entries after a flush of p1"
}

# A dump waits for its reader, while what it had got to goes: of the rest nothing is left out, and nothing comes twice.
dump_goes_on_where_it_was()
{
	local i out line

	suite_only "loses its place"
	setup_stations 2
	for ((i = 0; i < 7168; i++)); do
		printf 'fdb add 02:00:00:00:%02x:%02x dev vbr0 self static via p%d\n' $((i / 256 + 32)) $((i % 256)) $((i / 6144 + 1))
	done >"$CASE_DIR/batch"
	must bridge -n "$h" -batch "$CASE_DIR/batch"
	exec {out}< <(bridge -n "$h" fdb show dev vbr0)
	read -r line <&"$out"
	# It goes on until the pipe is full.
	sleep 0.5
	must bridge -n "$h" fdb flush dev vbr0 brport p1
	cat <&"$out" >"$CASE_DIR/rest"
	exec {out}<&-
	check_ge "$(grep -c ' p1 .*static' "$CASE_DIR/rest")" 256 "entries before"
	check_ge 6000 "$(grep -c ' p1 .*static' "$CASE_DIR/rest")" "of those that went"
	check_eq "$(grep -c ' p2 .*static' "$CASE_DIR/rest")" 1024 "of those that stayed, after $line"
	check_eq "$(sort "$CASE_DIR/rest" | uniq -d | wc -l)" 0 "entries that are there twice"
}

ALL_TESTS="
	via_and_its_forms
	learned_here_before
	used_as_by_a_frame
	old_addresses_go
	entries_at_the_port
	what_an_entry_cannot_be
	own_addresses_stay
	shared_own_address
	show_in_all_forms
	flush_by_port_and_kind
	entries_lead_frames
	sticky_does_not_move
	silent_addresses_age
	ageing_time_is_kept
	learned_go_with_the_link
	changes_are_monitored
	large_dump
	dump_goes_on_where_it_was
"
run_tests "$@"
