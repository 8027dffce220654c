#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Moves between namespaces, and what the end of a device or of a namespace does to the other end.
#
#	+-- a --+     +-- b --+     +-- c --+
#	|  va --+-----+-- vb  |     |       |
#	+-------+     +-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"

check_traffic()
{
	pkt -T "$1:$2" -R "$3:$4" -c 20 -f 4
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.dup]} ${PKT[rx0.late]}" "20 0 0" "frames $2 to $4 (came, twice, late)"
}

move_there_and_back()
{
	setup_ns a b c
	add_pair "$a" va "$b" vb
	ipb "$b" <<< "link set vb netns $c"
	ipb "$c" <<< "link set vb up"
	wait_up "$a" va
	wait_up "$c" vb
	check_eq "$(links "$b")" "" "devices in b"
	check_eq "$(link_attr "$a" va link_index)" "$(link_attr "$c" vb ifindex)" "va points to"
	check_match "$(ip -n "$a" netns list-id)" "nsid $(link_attr "$a" va link_netnsid) .*$c" "a's id for va's peer"
	check_traffic "$a" va "$c" vb
	check_traffic "$c" vb "$a" va
	ipb "$c" <<< "link set vb netns $b"
	ipb "$b" <<< "link set vb up"
	wait_up "$a" va
	wait_up "$b" vb
	check_traffic "$a" va "$b" vb
	check_traffic "$b" vb "$a" va
}

move_into_the_peers_namespace()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	ipb "$a" <<< "link set va netns $b"
	ipb "$b" <<< "link set va up"
	wait_up "$b" va vb
	check_eq "$(links "$b")" "va vb" "devices in b"
	check_eq "$(link_attr "$b" va link_netnsid)" "" "link-netnsid of va"
	check_traffic "$b" va "$b" vb
}

# A name that is taken there stops the move, and the pair works on.
move_refused_for_a_taken_name()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	add_pair "$b" va "$b" other
	run_extack ip -n "$a" link set va netns "$b" && fail "moved to a namespace with a device of that name"
	check_eq "$(links "$a")" va "devices in a"
	check_traffic "$a" va "$b" vb
}

move_while_frames_fly()
{
	local i

	setup_ns a b c
	add_pair "$a" va "$b" vb
	bg "$TOOLS/pkt" -T "$a:va" -D 3600 -f 8
	for i in 1 2 3 4 5; do
		ipb "$b" <<< "link set vb netns $c"
		ipb "$c" <<-EOF
			link set vb up
			link set vb netns $b
		EOF
		ipb "$b" <<< "link set vb up"
	done
	stop_bg "$BG_PID"
	wait_up "$a" va
	wait_up "$b" vb
	check_traffic "$b" vb "$a" va
}

delete_takes_the_other()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	must ip -n "$a" link del va
	check_eq "$(links "$a")$(links "$b")" "" "devices after deleting va"
	add_pair "$a" va "$b" vb
	must ip -n "$b" link del vb
	check_eq "$(links "$a")$(links "$b")" "" "devices after deleting vb"
}

namespace_end_takes_the_other()
{
	local i

	setup_ns a
	must ip netns add "b2-$$"
	for ((i = 0; i < 20; i++)); do
		echo "link add va$i type $PAIR peer name vb$i netns b2-$$"
		echo "link set va$i up"
	done | ipb "$a"
	check_eq "$(links "$a" | wc -w)" 20 "pairs"
	must ip netns del "b2-$$"
	slowwait 10 no_link "$a" va19 || fail "va19 is still there"
	slowwait 10 no_links "$a" || fail "still there: $(links "$a")"
}

# Both ends die in the same batch of namespaces.
both_namespaces_end()
{
	setup_ns a
	must ip netns add "x-$$"
	must ip netns add "y-$$"
	must ip -n "$a" link add vm type "$PAIR" peer name vx netns "x-$$"
	must ip -n "x-$$" link add va type "$PAIR" peer name vb netns "y-$$"
	ip -batch - <<-EOF || fail "namespaces not deleted"
		netns del x-$$
		netns del y-$$
	EOF
	slowwait 10 no_link "$a" vm || fail "vm is still there"
}

ALL_TESTS="
	move_there_and_back
	move_into_the_peers_namespace
	move_refused_for_a_taken_name
	move_while_frames_fly
	delete_takes_the_other
	namespace_end_takes_the_other
	both_namespaces_end
"
run_tests "$@"
