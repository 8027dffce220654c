#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Receive queues and rings: how many there are, how flows spread over them, and that changing them loses nothing.
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
}

# channels NS DEV WORD: what ethtool says of the maximum and of what is set; WORD is RX or TX.
channels()
{
	in_ns "$1" ethtool -l "$2" | awk -v word="$3:" '$1 == word { printf "%s%s", sep, $2; sep = " " } END { print "" }'
}

ring()
{
	in_ns "$1" ethtool -g "$2" | awk '$1 == "RX:" { printf "%s%s", sep, $2; sep = " " } END { print "" }'
}

# check_sysfs NAMESPACE DEVICE RX TX: so many queues are shown.
check_sysfs()
{
	local names

	names=$(ip netns exec "$1" ls "/sys/class/net/$2/queues")
	! have_rps || check_eq "$(grep -c '^rx-' <<<"$names")" "$3" "receive queues in sysfs"
	check_eq "$(grep -c '^tx-' <<<"$names")" "$4" "transmit queues in sysfs"
}

# One queue each way is in use; there is room for one on each CPU, up to eight.
one_queue_is_in_use()
{
	local most

	make_pair
	most=$(getconf _NPROCESSORS_CONF)
	if [ "$PAIR" != veth ] && [ "$most" -gt 8 ]; then
		most=8
	fi
	check_eq "$(channels "$a" va RX)" "$most 1" "receive queues of va, room and use"
	check_eq "$(channels "$b" vb RX)" "$most 1" "receive queues of vb, room and use"
	check_eq "$(channels "$b" vb TX)" "$most 1" "transmit queues of vb, room and use"
	check_sysfs "$b" vb 1 1
}

# As many as are asked for are in use from the start, each end for itself; a pair without a wish beside that.
queues_at_creation()
{
	need_tool ethtool
	setup_ns a b
	must ip -n "$a" link add va numtxqueues 3 numrxqueues 2 type "$PAIR" \
		peer name vb numtxqueues 1 numrxqueues 16 netns "$b"
	check_eq "$(channels "$a" va TX) $(channels "$a" va RX)" "3 3 2 2" "queues of va, room and use"
	check_eq "$(channels "$b" vb TX) $(channels "$b" vb RX)" "1 1 16 16" "queues of vb, room and use"
	up_both "$a" va "$b" vb
	pkt -T "$a:va" -R "$b:vb" -c 300 -f 32
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.late]}" "300 0" "frames"
	pkt -T "$b:vb" -R "$a:va" -c 300 -f 32
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.late]}" "300 0" "frames the other way"
	check_refused "Invalid number of transmit queues" ip -n "$a" link add vc numtxqueues 4097 type "$PAIR"
	check_refused "Invalid number of receive queues" ip -n "$a" link add vc numrxqueues 4097 type "$PAIR"
	check_eq "$(links "$a")" va "devices"
}

# As many as there can be: their counters are more than the kernel gives out of one CPU's memory at a time, and it warns of
# that. Whoever may make a pair in a namespace of his own is told of no fault of the kernel's.
most_queues()
{
	suite_only "in-tree pairs have no counters of queues for each CPU"
	need_tool ethtool
	setup_ns a b
	must ip -n "$a" link add va numtxqueues 4096 type "$PAIR" peer name vb numtxqueues 4096 netns "$b"
	check_eq "$(channels "$a" va TX)" "4096 4096" "transmit queues of va, room and use"
	check_eq "$(channels "$b" vb TX)" "4096 4096" "transmit queues of vb, room and use"
	up_both "$a" va "$b" vb
	pkt -T "$a:va" -R "$b:vb" -c 300 -f 32
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.late]}" "300 0" "frames"
}

make_four()
{
	need_tool ethtool
	setup_ns a b
	add_wide_pair "$a" va "$b" vb 4
}

channels_change()
{
	make_four
	check_eq "$(channels "$b" vb RX) $(channels "$b" vb TX)" "4 4 4 4" "queues that were asked for"
	must in_ns "$b" ethtool -L vb rx 2 tx 3
	check_eq "$(channels "$b" vb RX) $(channels "$b" vb TX)" "4 2 4 3" "queues in use"
	check_sysfs "$b" vb 2 3
	pkt -T "$a:va" -R "$b:vb" -c 300 -f 32
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.late]}" "300 0" "frames"
	check_refused . in_ns "$b" ethtool -L vb rx 0
	check_refused . in_ns "$b" ethtool -L vb tx 0
	check_refused . in_ns "$b" ethtool -L vb rx 5
	check_refused . in_ns "$b" ethtool -L vb combined 1
	check_eq "$(channels "$b" vb RX) $(channels "$b" vb TX)" "4 2 4 3" "queues after what was refused"
	must ip -n "$b" link set vb down
	must in_ns "$b" ethtool -L vb rx 4 tx 1
	must ip -n "$b" link set vb up
	wait_up "$a" va
	check_eq "$(channels "$b" vb RX) $(channels "$b" vb TX)" "4 4 4 1" "queues set while it was down"
	pkt -T "$a:va" -R "$b:vb" -c 300 -f 32
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.late]}" "300 0" "frames"
}

rings_change()
{
	suite_only "has no rings to set"
	make_pair
	check_eq "$(ring "$b" vb)" "32768 256" "slots, room and use"
	must in_ns "$b" ethtool -G vb rx 1000
	check_eq "$(ring "$b" vb)" "32768 1000" "slots in use"
	check_refused "at least 16 slots" in_ns "$b" ethtool -G vb rx 15
	check_refused . in_ns "$b" ethtool -G vb rx 32769
	check_refused . in_ns "$b" ethtool -G vb tx 100
	check_eq "$(ring "$b" vb)" "32768 1000" "slots after what was refused"
	pkt -T "$a:va" -R "$b:vb" -c 300
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.late]}" "300 0" "frames"
	must ip -n "$b" link set vb down
	must in_ns "$b" ethtool -G vb rx 16
	must ip -n "$b" link set vb up
	wait_up "$a" va
	check_eq "$(ring "$b" vb)" "32768 16" "slots set while it was down"
	pkt -T "$a:va" -R "$b:vb" -c 300 -r 1000
	check_eq "$((PKT["rx0.unique"] + $(link_stat "$a" va tx_dropped)))" 300 "frames come and counted as dropped"
}

# The receiver is a thread that a greedy program keeps from the CPU: what its ring holds is what comes, and the rest is
# dropped and counted. Few frames, as the kernel lets others have a turn when a second is over.
ring_holds_what_it_says()
{
	suite_only "has no rings to set"
	make_pair
	must in_ns "$b" ethtool -G vb rx 64
	napi_thread "$b" vb
	pkt_with "taskset 1 chrt -f 1" -T "$a:va" -R "$b:vb" -c 100 -b
	check_eq "$((PKT["rx0.frames"] + PKT["rx0.sockdrop"]))" 64 "frames that came"
	check_eq "$(ethtool_stat "$a" va drop_ring_full)" $((100 - 64)) "frames the ring had no room for"
}

# By flow, so that each flow has one queue and every queue has flows; the queues' counters add up to the device's.
flows_spread()
{
	local q sum=0 n

	suite_only "spreads by the sender's queue"
	make_four
	must in_ns "$b" ethtool -L vb rx 3
	pkt -T "$a:va" -R "$b:vb" -c 1200 -f 60 -r 20000
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.late]}" "1200 0" "frames"
	for q in 0 1 2; do
		n=$(ethtool_stat "$b" vb "rx${q}_packets")
		check_ge "$n" 100 "frames of queue $q"
		sum=$((sum + n))
	done
	check_eq "$sum" "$(link_stat "$b" vb rx_packets)" "frames of all queues"
	n=$(($(ethtool_stat "$b" vb rx0_bytes) + $(ethtool_stat "$b" vb rx1_bytes) + $(ethtool_stat "$b" vb rx2_bytes)))
	check_eq "$n" "$(link_stat "$b" vb rx_bytes)" "bytes of all queues"
	# Frames of one flow stay together.
	for q in 0 1 2; do
		before[q]=$(ethtool_stat "$b" vb "rx${q}_packets")
	done
	pkt -T "$a:va" -R "$b:vb" -c 100
	n=0
	for q in 0 1 2; do
		[ "$(ethtool_stat "$b" vb "rx${q}_packets")" = "${before[q]}" ] || n=$((n + 1))
	done
	check_eq "$n" 1 "queues that one flow took"
}

# Numbered frames while both change: none is lost uncounted, none overtakes another of its flow.
changes_under_traffic()
{
	local i n

	make_four
	"$TOOLS/pkt" -T "$a:va" -R "$b:vb" -D $((4 * ${VNET_SLOW:-1})) -f 16 -r 20000 >"$CASE_DIR/pkt" &
	defer stop_bg $!
	for ((i = 0; i < 12; i++)); do
		n=$((i % 4 + 1))
		must in_ns "$b" ethtool -L vb rx "$n" tx $((5 - n))
		[ "$PAIR" = veth ] || must in_ns "$b" ethtool -G vb rx $((64 << n))
	done
	wait $! || fail "the sender failed"
	cat "$CASE_DIR/pkt"
	pkt_read "$CASE_DIR/pkt"
	check_eq "${PKT[rx0.dup]} ${PKT[rx0.late]}" "0 0" "frames twice, late"
	if [ "$PAIR" != veth ]; then
		check_eq "$((PKT["rx0.frames"] + PKT["rx0.sockdrop"]))" "$(link_stat "$b" vb rx_packets)" "frames received"
		check_eq "$(link_stat "$b" vb rx_packets)" "$(link_stat "$a" va tx_packets)" "frames sent"
	fi
	check_ge "${PKT[rx0.frames]}" 1000 "frames come"
}

# Frames that wait in a ring while another takes its place are received before it goes.
frames_wait_while_rings_change()
{
	local changing

	[ "$PAIR" != veth ] || skip "its ring has one size"
	make_pair
	napi_thread "$b" vb
	hold_cpu
	pkt_with "taskset 2" -T "$a:va" -c 200 -b
	ip netns exec "$b" ethtool -G vb rx 512 &
	changing=$!
	busywait 5000 waits_for_napi "$changing" || fail "the change does not wait for the frames"
	stop_bg "$HOG"
	must wait "$changing"
	check_eq "$(link_stat "$b" vb rx_packets) $(ethtool_stat "$b" vb drop_purged)" "200 0" "frames received, and dropped with the ring"
	check_eq "$(ring "$b" vb)" "32768 512" "the ring, room and use"
}

# undelivered: of the datagrams that va has sent, $SENT, how many vb's stack has not seen yet. Nobody takes them there.
undelivered()
{
	echo $((SENT - $(in_ns "$b" nstat -asz UdpNoPorts | awk '/UdpNoPorts/ { print $2 }')))
}

all_delivered()
{
	[ "$(undelivered)" = 0 ]
}

# gro_holds_back: datagrams of flows that wait for others to come, for 20 seconds.
gro_holds_back()
{
	local i try

	for ((try = 0; try < 5; try++)); do
		for ((i = 0; i < 6; i++)); do
			must in_ns "$a" bash -c 'echo 1 >/dev/udp/192.0.2.2/9'
			SENT=$((SENT + 1))
		done
		[ "$(undelivered)" = 0 ] || return 0
	done
	die "GRO holds nothing back"
}

# Nor is what GRO has taken out of a ring lost with it.
gro_lets_go_while_rings_change()
{
	suite_only "has no rings to change"
	need_tool nstat
	make_four
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	ping_ok "$a" 192.0.2.2 || die "no ping"
	must in_ns "$b" ethtool -K vb gro on rx-udp-gro-forwarding on
	ip netns exec "$b" bash -c "echo 20000000000 >/sys/class/net/vb/gro_flush_timeout" || skip "no gro_flush_timeout"
	SENT=0
	gro_holds_back
	must in_ns "$b" ethtool -G vb rx 512
	busywait 3000 all_delivered || fail "lost with a ring of another size: $(undelivered) of $SENT"
	SENT=$((SENT - $(undelivered)))
	gro_holds_back
	must in_ns "$b" ethtool -L vb rx 2
	busywait 3000 all_delivered || fail "lost with another number of rings: $(undelivered) of $SENT"
	check_eq "$(ethtool_stat "$b" vb drop_purged)" 0 "dropped with the rings"
}

# What a container's administrator has rings made of is the container's memory, by which it can be limited.
rings_are_charged()
{
	local group queues=16

	suite_only "rings of in-tree pairs have one size"
	mkdir -p "$CASE_DIR/cgroup"
	mount -t cgroup2 none "$CASE_DIR/cgroup" 2>/dev/null || skip "no cgroup2"
	defer umount "$CASE_DIR/cgroup"
	grep -qw memory "$CASE_DIR/cgroup/cgroup.controllers" || skip "memory is not controlled by cgroup2"
	echo +memory >"$CASE_DIR/cgroup/cgroup.subtree_control" || skip "memory is controlled elsewhere"
	group="$CASE_DIR/cgroup/vnet-$$"
	mkdir "$group"
	defer rmdir "$group"
	setup_ns a b
	add_wide_pair "$a" va "$b" vb "$queues"
	# shellcheck disable=SC2016 # for the shell in there
	must in_ns "$b" bash -c 'echo $BASHPID >"$1/cgroup.procs"; ethtool -G vb rx 32768' - "$group"
	check_ge "$(<"$group/memory.current")" $((queues * 32768 * 8)) "bytes charged for rings"
	ipb "$a" <<< "link del va"
}

ALL_TESTS="
	one_queue_is_in_use
	queues_at_creation
	most_queues
	channels_change
	rings_change
	ring_holds_what_it_says
	flows_spread
	changes_under_traffic
	frames_wait_while_rings_change
	gro_lets_go_while_rings_change
	rings_are_charged
"
run_tests "$@"
