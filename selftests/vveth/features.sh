#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# ethtool -k: what both ends can do from the start, and that switching it off changes what crosses, and nothing else.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"

make_pair()
{
	need_tool ethtool
	setup_ns a b
	add_pair "$a" va "$b" vb
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
}

# feature NS DEV NAME: on or off
feature()
{
	in_ns "$1" ethtool -k "$2" | awk -v "name=$3:" '$1 == name { print $2 }'
}

# longest: the longest frame that a tap on vb sees while a stream comes.
longest()
{
	local tap

	"$TOOLS/pkt" -R "$b:vb" -a >"$CASE_DIR/tap" &
	tap=$!
	defer stop_bg "$tap"
	busywait 3000 grep -q ready "$CASE_DIR/tap" || die "the tap does not start"
	tcp_check "$a" "$b" 192.0.2.2 2000000 || fail "TCP"
	kill "$tap"
	wait "$tap" 2>/dev/null
	pkt_read "$CASE_DIR/tap"
	LONGEST=${PKT[rx0.foreignlen]}
}

both_ends_have_the_same()
{
	local name

	make_pair
	check_eq "$(in_ns "$a" ethtool -k va | tail -n +2)" "$(in_ns "$b" ethtool -k vb | tail -n +2)" "features of va and of vb"
	for name in rx-checksumming tx-checksumming scatter-gather tx-tcp-segmentation tx-tcp6-segmentation \
		tx-udp-segmentation tx-udp_tnl-segmentation tx-gre-segmentation tx-checksum-sctp rx-vlan-offload tx-vlan-offload \
		tx-vlan-stag-hw-insert rx-vlan-stag-hw-parse; do
		check_eq "$(feature "$a" va "$name")" on "$name"
	done
	[ "$PAIR" = veth ] || check_eq "$(feature "$a" va generic-receive-offload)" on "GRO"
}

tso_off_and_gro_off()
{
	suite_only "has GRO off"
	make_pair
	longest
	check_ge "$LONGEST" 1515 "longest frame as it is made"
	must in_ns "$a" ethtool -K va tso off gso off
	longest
	check_ge "$LONGEST" 1515 "longest frame where GRO merges"
	must in_ns "$b" ethtool -K vb gro off
	longest
	check_le "$LONGEST" 1514 "longest frame without TSO and GRO"
	must in_ns "$a" ethtool -K va tso on
	longest
	check_ge "$LONGEST" 1515 "longest frame with TSO, without GRO"
}

# The stack then does what the device does not: checksums, and one piece of memory for each frame.
each_switched_off_and_on()
{
	local name on

	make_pair
	for name in rx tx sg tso gso gro rxvlan txvlan; do
		on=$(feature "$a" va "$(full_name "$name")")
		must in_ns "$a" ethtool -K va "$name" off
		check_eq "$(feature "$a" va "$(full_name "$name")")" off "$name at va"
		tcp_check "$a" "$b" 192.0.2.2 300000 || fail "TCP from the end with $name off"
		tcp_check "$b" "$a" 192.0.2.1 300000 || fail "TCP to the end with $name off"
		pkt -T "$a:va" -R "$b:vb" -c 20 -l 1000
		check_eq "${PKT[rx0.unique]}" 20 "frames with $name off"
		must in_ns "$a" ethtool -K va "$name" "$on"
		check_eq "$(feature "$a" va "$(full_name "$name")")" "$on" "$name at va in the end"
	done
	check_eq "$(lost "$a" va) $(lost "$b" vb)" "0 0" "drops"
}

full_name()
{
	case $1 in
	rx) echo rx-checksumming ;;
	tx) echo tx-checksumming ;;
	sg) echo scatter-gather ;;
	tso) echo tcp-segmentation-offload ;;
	gso) echo generic-segmentation-offload ;;
	gro) echo generic-receive-offload ;;
	rxvlan) echo rx-vlan-offload ;;
	txvlan) echo tx-vlan-offload ;;
	esac
}

# Without checksums there is no scatter-gather, and without that no TSO: the core's rules, which the device must follow.
what_needs_another_goes_with_it()
{
	make_pair
	must in_ns "$a" ethtool -K va tx off
	check_eq "$(feature "$a" va tcp-segmentation-offload)" off "TSO without checksums"
	must in_ns "$a" ethtool -K va tx on sg off
	check_eq "$(feature "$a" va tcp-segmentation-offload)" off "TSO without scatter-gather"
	check_eq "$(feature "$b" vb tcp-segmentation-offload)" on "TSO of vb, which nobody has changed"
	must in_ns "$a" ethtool -K va sg on
	check_eq "$(feature "$a" va tcp-segmentation-offload)" on "TSO in the end"
}

switched_under_traffic()
{
	local i

	make_pair
	tcp_check "$a" "$b" 192.0.2.2 $((60000000 / ${VNET_SLOW:-1})) &
	defer stop_bg $!
	for ((i = 0; i < 10; i++)); do
		must in_ns "$a" ethtool -K va tso off tx off
		must in_ns "$b" ethtool -K vb gro off
		must in_ns "$a" ethtool -K va tx on tso on
		must in_ns "$b" ethtool -K vb gro on
	done
	wait $! || fail "TCP"
}

ALL_TESTS="
	both_ends_have_the_same
	tso_off_and_gro_off
	each_switched_off_and_on
	what_needs_another_goes_with_it
	switched_under_traffic
"
run_tests "$@"
