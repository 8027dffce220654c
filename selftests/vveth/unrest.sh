#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Everything at once: rings, threads and offloads changed, ends moved, namespaces and the module gone, while frames are on
# their way on every path. No process sends them where a namespace has to end, since a process would hold it: two bridges
# are joined by two pairs, and what goes round there never ends.
# TIMEOUT: 400
#
#	+------- x -------+     +------- y -------+
#	|     +-- p0 -----+-----+-- q0 --+        |
#	| br0 |           |     |        | br0    |
#	|     +-- p1 -----+-----+-- q1 --+        |
#	+-----------------+     +-----------------+
. "$(dirname "$0")/../lib/lib.sh"

SECONDS_OF_UNREST=$((${VNET_LONG:-0} ? 60 : 4))
# Frames a second of pkt where it is not to flood; a slow kernel would do nothing else.
RATE=$((${VNET_SLOW:-1} > 1 ? 500 : 50000))
# Frames that have to come.
LEAST=1000

# make_storm NSX NSY: frames that go round between two namespaces.
make_storm()
{
	local x=$1 y=$2 i

	for i in 0 1; do
		must ip -n "$x" link add "p$i" type "$PAIR" peer name "q$i" netns "$y"
	done
	printf '%s\n' "link add br0 type bridge" "link set br0 up" "link set p0 master br0" "link set p1 master br0" \
		"link set p0 up" "link set p1 up" | ipb "$x"
	printf '%s\n' "link add br0 type bridge" "link set br0 up" "link set q0 master br0" "link set q1 master br0" \
		"link set q0 up" "link set q1 up" | ipb "$y"
	wait_up "$x" br0
	wait_up "$y" br0
	start_storm "$x" || die "no storm"
}

# A port forwards only after its bridge has seen its carrier.
start_storm()
{
	local before

	for _ in 1 2 3 4 5 6 7 8 9 10; do
		"$TOOLS/pkt" -T "$1:br0" -c 5 -w 1
		before=$(link_stat "$1" p0 tx_packets)
		! busywait 500 grows "$1" p0 "$before" || return 0
	done
	return 1
}

grows()
{
	[ "$(link_stat "$1" "$2" tx_packets)" -gt $(($3 + 100)) ]
}

# mortal_ns NAME: without IPv6, and not deleted when the case ends.
mortal_ns()
{
	must ip netns add "$1"
	must in_ns "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
}

forget_ns()
{
	[ ! -e "/run/netns/$1" ] || ip netns del "$1"
}

# Both ends of both pairs are in namespaces that end in one go; a third one sees that they are through.
both_namespaces_end_in_a_storm()
{
	local i

	need_module bridge
	setup_ns a
	for i in 1 2 3; do
		mortal_ns "x-$$"
		defer forget_ns "x-$$"
		mortal_ns "y-$$"
		defer forget_ns "y-$$"
		must ip -n "$a" link add "seen$i" type "$PAIR" peer name seer netns "x-$$"
		make_storm "x-$$" "y-$$"
		printf 'netns del x-%s\nnetns del y-%s\n' $$ $$ | ip -batch - || fail "namespaces not deleted"
		slowwait 60 no_link "$a" "seen$i" || fail "round $i: the namespaces do not end"
	done
}

# One namespace after the other, so that each pair loses its ends at different times.
one_namespace_ends_in_a_storm()
{
	need_module bridge
	setup_ns x
	mortal_ns "y-$$"
	defer forget_ns "y-$$"
	make_storm "$x" "y-$$"
	must ip netns del "y-$$"
	slowwait 60 no_link "$x" p0 || fail "p0 is still there"
	slowwait 60 no_link "$x" p1 || fail "p1 is still there"
}

rmmod_in_a_storm()
{
	suite_only "has a module of its own"
	need_module bridge
	setup_ns x y
	make_storm "$x" "$y"
	must rmmod "$PAIR"
	check_eq "$(links "$x") $(links "$y")" "br0 br0" "devices"
	load "$PAIR"
	make_pair_again
}

make_pair_again()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	pkt -T "$a:va" -R "$b:vb" -c 20
	check_eq "${PKT[rx0.unique]}" 20 "frames of a new pair"
}

# ---- changes ----------------------------------------------------------------------------------------------------------

# changes CMD...: again and again, until the file is there that ends the unrest. What fails is written down.
changes()
{
	while [ ! -e "$CASE_DIR/enough" ]; do
		"$@" >>"$CASE_DIR/changes" 2>&1 || echo "failed: $*" >>"$CASE_DIR/failures"
	done
}

resize()
{
	in_ns "$1" ethtool -G "$2" rx 16 && in_ns "$1" ethtool -G "$2" rx 4096 && in_ns "$1" ethtool -G "$2" rx 100
}

rechannel()
{
	in_ns "$1" ethtool -L "$2" rx 4 tx 1 && in_ns "$1" ethtool -L "$2" rx 1 tx 4 && in_ns "$1" ethtool -L "$2" rx 3 tx 3
}

rethread()
{
	local value

	for value in 1 0; do
		ip netns exec "$1" sh -c "echo $value >/sys/class/net/$2/threaded" || return 1
	done
}

regro()
{
	in_ns "$1" ethtool -K "$2" gro off && in_ns "$1" ethtool -K "$2" gro on rx-udp-gro-forwarding on &&
		in_ns "$1" ethtool -K "$2" rx-udp-gro-forwarding off
}

bounce()
{
	ip -n "$1" link set "$2" down && ip -n "$1" link set "$2" up
}

requeue()
{
	in_ns "$1" tc qdisc replace dev "$2" root fq_codel && in_ns "$1" tc qdisc del dev "$2" root
}

has_come()
{
	[ "$(link_stat "$RECEIVER" vb rx_packets || echo 0)" -ge "$1" ]
}

# unrest CHANGE...: each a "COMMAND NS DEV", all at once, for a while, and on a slow kernel until enough has come.
unrest()
{
	local change pids=() pid

	for change; do
		# shellcheck disable=SC2086 # words
		changes $change &
		pids+=($!)
	done
	nap "$SECONDS_OF_UNREST"
	slowwait 60 has_come "$LEAST" || fail "no more than $(link_stat "$RECEIVER" vb rx_packets) frames come"
	: >"$CASE_DIR/enough"
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	[ ! -e "$CASE_DIR/failures" ] || fail "refused: $(sort "$CASE_DIR/failures" | uniq -c | tr '\n' ';')"
	[ ! -s "$CASE_DIR/changes" ] || tail -n 5 "$CASE_DIR/changes"
}

# check_account SENDER'S OUTPUT: every frame given to va is counted there, and every frame it sent is counted at vb.
check_account()
{
	local tx txd rx rxd given

	given=$((PKT["tx.sent"] + PKT["tx.refused"]))
	busywait 3000 at_rest || fail "frames are neither received nor counted as dropped"
	read -r tx txd <<<"$(link_stat "$a" va tx_packets tx_dropped)"
	read -r rx rxd <<<"$(link_stat "$1" vb rx_packets rx_dropped)"
	echo "given $given: va sent $tx dropped $txd; vb received $rx dropped $rxd"
	check_eq $((tx + txd)) "$given" "tx_packets + tx_dropped of va"
	check_eq $((rx + rxd)) "$tx" "rx_packets + rx_dropped of vb"
	check_ge "$rx" "$LEAST" "frames that have come at all"
}

at_rest()
{
	local tx rx rxd

	read -r tx <<<"$(link_stat "$a" va tx_packets)"
	read -r rx rxd <<<"$(link_stat "$RECEIVER" vb rx_packets rx_dropped)"
	[ "$tx" -eq $((rx + rxd)) ]
}

start_sender()
{
	"$TOOLS/pkt" -T "$a:va" -D 3600 -f 16 -r "$RATE" "$@" >"$CASE_DIR/sender" &
	SENDER=$!
	defer stop_bg "$SENDER"
}

stop_sender()
{
	stop_bg "$SENDER"
	pkt_read "$CASE_DIR/sender"
}

receiver_is_changed()
{
	suite_only "counts drops at both ends"
	need_tool tc
	setup_ns a b
	RECEIVER=$b
	add_wide_pair "$a" va "$b" vb 4
	start_sender -b
	unrest "resize $b vb" "rechannel $b vb" "rethread $b vb" "regro $b vb"
	stop_sender
	check_account "$b"
	check_eq "$(ethtool_stat "$b" vb drop_purged)" 0 "frames left in rings that were replaced"
}

receiver_goes_down_and_up()
{
	suite_only "counts drops at both ends"
	setup_ns a b
	RECEIVER=$b
	add_wide_pair "$a" va "$b" vb 4
	start_sender -b
	# Threads are refused to an end that is down.
	unrest "resize $b vb" "bounce $b vb"
	stop_sender
	wait_up "$b" vb
	check_account "$b"
}

# With a qdisc that comes and goes; then TCP tells whether a queue has stayed stopped.
sender_is_changed()
{
	local transfer

	need_module sch_fq_codel
	need_tool tc
	setup_ns a b
	RECEIVER=$b
	add_wide_pair "$a" va "$b" vb 4
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	start_sender
	"$TOOLS/xfer" -c "$a" -s "$b" -D 3600 -t 3600 192.0.2.2 >/dev/null 2>&1 &
	transfer=$!
	defer stop_bg "$transfer"
	unrest "requeue $a va" "resize $b vb" "rechannel $a va" "regro $a va"
	stop_sender
	stop_bg "$transfer"
	tcp_check "$a" "$b" 192.0.2.2 1000000 || fail "TCP afterwards"
	tcp_check "$b" "$a" 192.0.2.1 1000000 || fail "TCP back afterwards"
}

move()
{
	ip -n "$b" link set vb netns "$c" && ip -n "$c" link set vb up && ip -n "$c" link set vb netns "$b" &&
		ip -n "$b" link set vb up
}

# Counters are the device's own, and go with it.
ends_move_under_traffic()
{
	suite_only "counts drops at both ends"
	setup_ns a b c
	RECEIVER=$b
	add_pair "$a" va "$b" vb
	start_sender -b
	unrest move
	stop_sender
	check_account "$b"
	wait_up "$b" vb
	pkt -T "$b:vb" -R "$a:va" -c 20
	check_eq "${PKT[rx0.unique]}" 20 "frames afterwards"
}

# ---- the end below others ---------------------------------------------------------------------------------------------

# What is stacked on an end goes with it, and holds nothing of it.
deleted_below_others()
{
	local i

	need_module 8021q macvlan bonding
	for i in 1 2 3; do
		setup_ns a b
		add_pair "$a" va "$b" vb
		add_pair "$a" wa "$b" wb
		printf '%s\n' "link add vlan0 link vb type vlan id 5" "link add mac0 link vb type macvlan mode bridge" \
			"link set vlan0 up" "link set mac0 up" "link add bond0 type bond mode active-backup miimon 10" \
			"link set wb down" "link set wb master bond0" "link set bond0 up" | ipb "$b"
		printf '%s\n' "link add vlan0 link va type vlan id 5" "link set vlan0 up" | ipb "$a"
		bg "$TOOLS/pkt" -T "$a:va" -D 3600 -f 8 -r "$RATE"
		bg "$TOOLS/pkt" -T "$a:vlan0" -D 3600 -f 8 -r "$RATE"
		bg "$TOOLS/pkt" -T "$b:mac0" -D 3600 -f 8 -r "$RATE"
		bg "$TOOLS/pkt" -T "$a:wa" -D 3600 -f 8 -r "$RATE"
		busywait 5000 received_some "$b" vlan0 || fail "no frame comes to the VLAN"
		printf '%s\n' "link del vb" "link del wb" | ipb "$b"
		check_eq "$(links "$b")" bond0 "devices in b"
		check_eq "$(links "$a")" "" "devices in a"
		run_deferred
	done
}

received_some()
{
	[ "$(link_stat "$1" "$2" rx_packets || echo 0)" -gt 0 ]
}

ALL_TESTS="
	both_namespaces_end_in_a_storm
	one_namespace_ends_in_a_storm
	rmmod_in_a_storm
	receiver_is_changed
	receiver_goes_down_and_up
	sender_is_changed
	ends_move_under_traffic
	deleted_below_others
"
# It makes a file in the first namespace when it is loaded, which no case has left behind.
modprobe -q bonding
run_tests "$@"
