#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# AF_XDP without a copy into the kernel: sockets bound to the ends of a pair.
#
#	+---- a ----+     +---- b ----+
#	| socket    |     |    socket |
#	|    va ----+-----+---- vb    |
#	+-----------+     +-----------+
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"

COUNT=$((4000 / (${VNET_SLOW:-1} > 1 ? 4 : 1)))

make_pair()
{
	suite_only "no kernel has this for pairs"
	setup_ns a b
	add_pair "$a" va "$b" vb
}

# xsk [OPTION]...: COUNT frames from va; to a socket at vb with -R.
xsk()
{
	local rc=0

	"$TOOLS/xsk" -T "$a:va" -c "$COUNT" "$@" >"$CASE_DIR/xsk" 2>&1 || rc=$?
	case $rc in
	0) pkt_read "$CASE_DIR/xsk" ;;
	4) skip "the kernel cannot bind a socket so: $(<"$CASE_DIR/xsk")" ;;
	*) die "$(<"$CASE_DIR/xsk")" ;;
	esac
}

# Each has all frames that have been sent with OPTION..., whole and in order.
all_come()
{
	local sent redirected

	sent=$(link_stat "$a" va tx_packets)
	redirected=$(ethtool_stat "$b" vb "rx*_xdp_redirect")
	xsk -R "$b:vb" "$@"
	check_eq "${PKT[rx.frames]} ${PKT[rx.wrong]} ${PKT[rx.late]}" "$COUNT 0 0" "$*: come, wrong, late"
	check_eq "$(($(link_stat "$a" va tx_packets) - sent))" "$COUNT" "$*: sent by va"
	check_eq "$(link_stat "$b" vb rx_packets rx_bytes)" "$(link_stat "$a" va tx_packets tx_bytes)" "$*: received by vb"
	check_eq "$(($(ethtool_stat "$b" vb "rx*_xdp_redirect") - redirected))" "$COUNT" "$*: redirected"
	check_eq "$(lost "$a" va) $(lost "$b" vb)" "0 0" "$*: drops"
}

both_ends()
{
	make_pair
	all_come -z tr
	all_come -z tr -l 1500
	all_come -z tr -n
}

# The other side has a copy in the kernel, and an skb.
one_end()
{
	make_pair
	all_come -z t
	all_come -z r
	all_come -z r -l 1500
}

# A turn of the receiver's is shorter than this, and nobody calls twice.
one_call_for_many()
{
	make_pair
	all_come -z tr -n -b 1000
}

# What there is no memory for waits with the sender, until the receiver brings some and says so.
waits_for_memory()
{
	make_pair
	all_come -z tr -n -f 8
	all_come -z tr -f 8
	all_come -z tr -n -f 1 -b 64
}

# Without a program, with one, and with one that sees a socket's memory.
to_the_stack()
{
	local what

	make_pair
	for what in "-z t" "-z t -R $b:vb -v 2" "-z tr -R $b:vb -v 2"; do
		# shellcheck disable=SC2086 # options
		xsk $what
		check_eq "$(link_stat "$b" vb rx_packets rx_bytes)" "$(link_stat "$a" va tx_packets tx_bytes)" "$what: received"
	done
	check_eq "$(link_stat "$a" va tx_packets)" $((3 * COUNT)) "sent"
	check_eq "$(ethtool_stat "$b" vb "rx*_xdp_packets")" $((2 * COUNT)) "seen by a program"
	check_eq "$(ethtool_stat "$b" vb "rx*_xdp_frames")" $((3 * COUNT)) "come without an skb"
}

# What the stack gets is what was sent.
stack_gets_them_whole()
{
	make_pair
	need_tool tcpdump
	in_ns "$b" tcpdump -i vb -s 0 -c 20 -w "$CASE_DIR/seen" ether proto 0x88b5 2>"$CASE_DIR/tcpdump" &
	defer stop_bg $!
	busywait 10000 grep -q 'listening on' "$CASE_DIR/tcpdump" || die "tcpdump does not start"
	xsk -z tr -R "$b:vb" -v 2 -c 20
	wait $!
	check_eq "$(tcpdump -nr "$CASE_DIR/seen" -e -xx 2>/dev/null | grep -c 'ethertype Unknown (0x88b5), length 60')" 20 \
		"frames seen"
	check_eq "$(tcpdump -nr "$CASE_DIR/seen" -xx 2>/dev/null | sed -nE 's/.*0x0000: .* 88b5 (....)$/\1/p' | sort -u | wc -l)" 20 \
		"numbers seen"
}

verdicts()
{
	local side

	make_pair
	for side in t tr; do
		xsk -z "$side" -R "$b:vb" -v 1
	done
	check_eq "$(ethtool_stat "$b" vb "rx*_xdp_drops")" $((2 * COUNT)) "dropped by the program"
	check_eq "$(lost "$b" vb)" $((2 * COUNT)) "dropped by vb"
	for side in t tr; do
		xsk -z "$side" -R "$b:vb" -v 0
	done
	check_eq "$(ethtool_stat "$b" vb drop_xdp_aborted)" $((2 * COUNT)) "aborted"
	# A frame that goes back is a copy, as the memory is the socket's. On a busy CPU va may receive none until all are there.
	must in_ns "$a" ethtool -G va rx 4096
	for side in t tr; do
		xsk -z "$side" -R "$b:vb" -v 3
	done
	check_eq "$(ethtool_stat "$b" vb "rx*_xdp_tx") $(ethtool_stat "$b" vb "rx*_xdp_tx_errors")" "$((2 * COUNT)) 0" "sent back"
	busywait 3000 back_at_va || fail "come back: $(link_stat "$a" va rx_packets)"
}

back_at_va()
{
	[ "$(link_stat "$a" va rx_packets)" -ge $((2 * COUNT)) ]
}

# They are counted, and the sender has its memory back.
refused_frames_are_counted()
{
	make_pair
	xsk -z tr -R "$b:vb" -l 1519 -v 1
	check_eq "$(ethtool_stat "$a" va drop_too_big) $(link_stat "$a" va tx_packets)" "$COUNT 0" "too long"
	xsk -z tr -R "$b:vb" -l 1518 -v 1
	check_eq "$(ethtool_stat "$a" va drop_too_big) $(link_stat "$a" va tx_packets)" "$COUNT $COUNT" "not too long"
	ipb "$a" <<< "link del va"
	must ip -n "$a" link add va type vveth mode l3 peer name vb netns "$b"
	up_both "$a" va "$b" vb
	xsk -z tr -R "$b:vb" -v 1
	xsk -z t
	check_eq "$(ethtool_stat "$a" va drop_not_ip) $(link_stat "$a" va tx_packets)" "$((2 * COUNT)) 0" "no IP"
}

more_come()
{
	[ "$(link_stat "$b" vb rx_packets)" -gt "$1" ]
}

# An end goes down and up: what a socket has called for in vain meanwhile is sent without another call.
goes_on_by_itself()
{
	local end n

	make_pair
	xsk -z tr -R "$b:vb" -c 32
	for end in "$a va" "$b vb"; do
		n=$(link_stat "$b" vb rx_packets)
		"$TOOLS/xsk" -T "$a:va" -R "$b:vb" -c 100000000 -w 60000 -z tr -n >/dev/null 2>&1 &
		busywait 5000 more_come $((n + COUNT)) || die "nothing is sent"
		ipb "${end% *}" <<< "link set ${end#* } down"
		sleep 0.1
		n=$(link_stat "$b" vb rx_packets)
		ipb "${end% *}" <<< "link set ${end#* } up"
		busywait 5000 more_come "$n" || die "nothing more is sent after ${end#* } was down"
		stop_bg $!
	done
}

# Ends go down and up, rings are replaced: what a socket has to send waits meanwhile.
changes_under_traffic()
{
	local i

	suite_only "no kernel has this for pairs"
	setup_ns a b
	add_wide_pair "$a" va "$b" vb 4
	"$TOOLS/xsk" -T "$a:va" -R "$b:vb" -c 1000000 -w 20000 -z tr >"$CASE_DIR/xsk" 2>&1 &
	defer stop_bg $!
	for ((i = 0; ; i++)); do
		kill -0 $! 2>/dev/null || break
		case $((i % 4)) in
		0) must in_ns "$b" ethtool -G vb rx $((64 << (i / 4 % 3))) ;;
		1) printf '%s\n' "link set vb down" "link set vb up" | ipb "$b" ;;
		2) must in_ns "$b" ethtool -L vb rx $((i / 4 % 4 + 1)) ;;
		3) printf '%s\n' "link set va down" "link set va up" | ipb "$a" ;;
		esac
	done
	wait $! || {
		[ $? -ne 4 ] || skip "the kernel cannot bind a socket so"
		die "$(<"$CASE_DIR/xsk")"
	}
	pkt_read "$CASE_DIR/xsk"
	check_eq "${PKT[rx.frames]} ${PKT[rx.wrong]} ${PKT[rx.late]}" "1000000 0 0" "come, wrong, late"
	check_ge "$i" 4 "changes"
}

# Sockets that end while they send, and ends that go while sockets are bound to them.
ends_under_traffic()
{
	local i pid

	make_pair
	xsk -z tr -R "$b:vb"
	for ((i = 0; i < 6; i++)); do
		"$TOOLS/xsk" -T "$a:va" -R "$b:vb" -c 100000000 -z tr >/dev/null 2>&1 &
		pid=$!
		busywait 5000 some_come || die "nothing is sent"
		if [ $((i % 2)) = 0 ]; then
			kill -9 "$pid"
			wait "$pid" 2>/dev/null
			all_come -z tr
		else
			ipb "$a" <<< "link del va"
			wait "$pid" 2>/dev/null
			add_pair "$a" va "$b" vb
		fi
	done
}

some_come()
{
	[ "$(link_stat "$b" vb rx_packets)" -gt $((COUNT * 2)) ]
}

# The ring of vb is never empty: its receiver, on one CPU, is slower than who fills it on another.
socket_beside_a_flood()
{
	local mac i

	need_smp
	need_tool nft
	need_module nf_tables
	make_pair
	xsk -z t
	{
		echo "table netdev slow {"
		echo "chain in {"
		echo "type filter hook ingress device vb priority 0"
		for ((i = 0; i < 1000; i++)); do
			echo "udp sport $i counter"
		done
		echo "udp dport 9 drop"
		echo "}"
		echo "}"
	} >"$CASE_DIR/slow"
	in_ns "$b" nft -f "$CASE_DIR/slow" || skip "no nft"
	mac=$(link_attr "$b" vb address)
	pg_start "$a" va 0 "pkt_size 60" "dst_mac $mac"
	xsk -z t -w 5000
	pg_running "$a" || fail "the flood has ended"
	pg_stop "$a"
	check_eq "$(ethtool_stat "$b" vb "rx*_xdp_frames")" $((2 * COUNT)) "come without an skb"
	check_ge "$(ethtool_stat "$a" va drop_ring_full)" 1 "frames of the flood that the ring had no room for"
}

# Who changes the rings holds the lock of all configuration: no program that always has something to send keeps it there.
# Rules make the receiver slow, so that the sender's ring is never seen empty.
rings_change_beside_a_flood()
{
	local i flood

	need_tool nft
	need_module nf_tables
	suite_only "no kernel has this for pairs"
	setup_ns a b
	add_wide_pair "$a" va "$b" vb 2
	xsk -z t
	{
		echo "table netdev slow {"
		echo "chain in {"
		echo "type filter hook ingress device vb priority 0"
		for ((i = 0; i < 1000; i++)); do
			echo "meta mark $((i + 1)) counter"
		done
		echo "}"
		echo "}"
	} >"$CASE_DIR/slow"
	in_ns "$b" nft -f "$CASE_DIR/slow" || skip "no nft"
	"$TOOLS/xsk" -T "$a:va" -z t -F $((120 * ${VNET_SLOW:-1})) >"$CASE_DIR/flood" 2>&1 &
	flood=$!
	defer stop_bg "$flood"
	for i in 64 512; do
		busywait 5000 more_come "$(link_stat "$b" vb rx_packets)" || die "nothing is sent: $(<"$CASE_DIR/flood")"
		must in_ns "$b" ethtool -G vb rx "$i"
		kill -0 "$flood" 2>/dev/null || die "the rings changed only when the flood had ended"
	done
	must in_ns "$b" ethtool -L vb rx 1
	busywait 5000 more_come "$(link_stat "$b" vb rx_packets)" || fail "nothing more is sent"
}

ALL_TESTS="
	both_ends
	one_end
	one_call_for_many
	waits_for_memory
	to_the_stack
	stack_gets_them_whole
	verdicts
	refused_frames_are_counted
	goes_on_by_itself
	changes_under_traffic
	ends_under_traffic
	socket_beside_a_flood
	rings_change_beside_a_flood
"
run_tests "$@"
