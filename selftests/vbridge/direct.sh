#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The direct road through the bridge: frames take it where nobody looks, and whoever begins to look, at either port, sees
# all that he would see on the ordinary road. The topology is drawn in common.sh.
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_stations()
{
	suite_only "has no direct road"
	setup_stations "$@"
	# Both are known to the bridge from here on.
	pkt -T "$s1:e0" -R "$s2:e0" -c 1 -s "$(mac 1)"
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
}

# cross [ARGS...]: ten frames from station 1 to station 2; all must come.
cross()
{
	pkt -T "$s1:e0" -R "$s2:e0" -c 10 -s "$(mac 1)" -d "$(mac 2)" "$@"
	check_eq "${PKT[rx0.frames]} ${PKT[rx0.late]}" "10 0" "frames at s2, late ones"
}

# stat PORT NAME: a counter now.
stat()
{
	ethtool_stat "$h" "$1" "$2"
}

# check_road PORT NAME WHAT [ARGS...]: all ten count under NAME at PORT.
check_road()
{
	local port=$1 name=$2 what=$3 before

	shift 3
	before=$(stat "$port" "$name")
	cross "$@"
	check_eq "$(($(stat "$port" "$name") - before))" 10 "$name of $port $what"
}

frames_go_directly()
{
	make_stations 2
	check_road p1 direct_rx "with nobody looking"
	check_road p2 direct_tx "with nobody looking"
	check_eq "$(stat p1 'ordinary_rx_*')" "$(stat p1 ordinary_rx_switch)" "frames kept from it for another reason than a flood"
	check_eq "$(link_stat "$h" p1 rx_packets) $(link_stat "$h" p1 rx_bytes)" "$(link_stat "$s1" e0 tx_packets tx_bytes)" \
		"received by p1 and sent by s1, frames and bytes"
	check_eq "$(link_stat "$h" p2 tx_packets tx_bytes)" "$(link_stat "$s2" e0 rx_packets rx_bytes)" \
		"sent by p2 and received by s2"
	check_eq "$(br_stat 'drop_*')" 0 "drops of the bridge"
}

# From the host, and to it: its own frames leave directly, those for it come by the ordinary road.
the_host_takes_part()
{
	local before

	make_stations 2
	ipb "$h" <<<"addr add 192.0.2.254/24 dev vbr0"
	ipb "$s2" <<<"addr add 192.0.2.2/24 dev e0"
	before=$(stat p2 direct_tx)
	ping_ok "$h" 192.0.2.2 || fail "no answer from s2"
	check_ge "$(($(stat p2 direct_tx) - before))" 3 "the host's frames on the direct road"
	check_ge "$(stat p2 ordinary_rx_switch)" 3 "frames for the host"
	tcp_check "$h" "$s2" 192.0.2.2 || fail "TCP from the host"
	tcp_check "$s2" "$h" 192.0.2.254 || fail "TCP to the host"
}

tcp_and_udp_go_directly()
{
	make_stations 2
	ipb "$s1" <<<"addr add 192.0.2.1/24 dev e0"
	ipb "$s2" <<<"addr add 192.0.2.2/24 dev e0"
	tcp_check "$s1" "$s2" 192.0.2.2 4000000 || fail "TCP"
	check_ge "$(stat p1 direct_rx)" 60 "frames of TCP on the direct road"
	check_eq "$(stat p1 ordinary_rx_gro)" 0 "frames of local sockets left to GRO"
}

# capture PORT DIRECTION CMD...: tcpdump on PORT sees what CMD sends.
capture()
{
	local port=$1 pid

	in_ns "$h" tcpdump -i "$port" -n -l -U -c 10 -Q "$2" udp >"$CASE_DIR/$port.out" 2>"$CASE_DIR/$port.err" &
	pid=$!
	defer stop_bg "$pid"
	busywait 5000 grep -q 'listening on' "$CASE_DIR/$port.err" || die "tcpdump does not start"
	shift 2
	"$@"
	busywait 5000 captured "$port" || fail "tcpdump at $port saw: $(<"$CASE_DIR/$port.out")"
	wait "$pid"
}

captured()
{
	[ "$(grep -c 'UDP' "$CASE_DIR/$1.out")" -eq 10 ]
}

tcpdump_sees_all()
{
	need_tool tcpdump
	make_stations 2
	capture p1 in check_road p1 ordinary_rx_tap "under tcpdump"
	capture p2 out check_road p2 ordinary_tx_tap "under tcpdump"
	check_road p1 direct_rx "without tcpdump"
	check_road p2 direct_tx "without tcpdump"
}

# The first line is the table's head.
has_packet_socket()
{
	[ "$(wc -l <"/proc/$1/net/packet")" -gt 1 ]
}

# A container that looks at all its devices is no reason for others, where the kernel can tell.
others_taps_do_not_count()
{
	need_tool tcpdump
	need_kernel 6.9
	make_stations 2
	setup_ns other
	must ip -n "$other" link set lo up
	bg_ns "$other" tcpdump -i any -n -w /dev/null
	busywait 5000 has_packet_socket "$BG_PID" || die "tcpdump has no socket"
	check_road p1 direct_rx "beside a tap elsewhere"
}

pin_program()
{
	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	PIN=/sys/fs/bpf/vnet-$$
	"$TOOLS/bpfload" "$1" "$2" "$PIN" || skip "the kernel loads no BPF programs"
	defer rm -f "$PIN"
}

tc_sees_all()
{
	need_module sch_ingress cls_bpf
	pin_program tc pass
	make_stations 2
	must in_ns "$h" tc qdisc add dev p1 clsact
	must in_ns "$h" tc filter add dev p1 ingress bpf da object-pinned "$PIN"
	check_road p1 ordinary_rx_tc "under a filter"
	must in_ns "$h" tc qdisc del dev p1 clsact
	check_road p1 direct_rx "without"
	must in_ns "$h" tc qdisc add dev p2 clsact
	must in_ns "$h" tc filter add dev p2 egress bpf da object-pinned "$PIN"
	check_road p2 ordinary_tx_tc "under a filter"
	must in_ns "$h" tc qdisc del dev p2 clsact
	check_road p2 direct_tx "without"
}

# nft_chain HOOK DEVICE [TABLE]
nft_chain()
{
	in_ns "$h" nft -f - <<-EOF
		table netdev ${3:-t} {
			chain $1 {
				type filter hook $1 device "$2" priority 0
				udp dport 9 counter
			}
		}
	EOF
}

nft_sees_all()
{
	need_tool nft
	make_stations 2
	nft_chain ingress p1 || skip "no nft netdev family"
	check_road p1 ordinary_rx_nf "under nft"
	check_match "$(in_ns "$h" nft list table netdev t)" 'counter packets 10 ' "the ingress rule"
	must in_ns "$h" nft delete table netdev t
	check_road p1 direct_rx "without nft"
	nft_chain egress p2 || skip "no nft egress hook"
	check_road p2 ordinary_tx_nf "under nft"
	check_match "$(in_ns "$h" nft list table netdev t)" 'counter packets 10 ' "the egress rule"
	must in_ns "$h" nft delete table netdev t
	check_road p2 direct_tx "without nft"
}

xdp_sees_all()
{
	pin_program xdp pass
	make_stations 2
	must in_ns "$h" ip link set p1 xdpgeneric pinned "$PIN"
	check_road p1 ordinary_rx_xdp "under an XDP program"
	must in_ns "$h" ip link set p1 xdpgeneric off
	check_road p1 direct_rx "without the program"
}

qdisc_keeps_its_frames()
{
	make_stations 2
	must in_ns "$h" tc qdisc add dev p2 root pfifo limit 100
	check_road p2 ordinary_tx_qdisc "with a qdisc"
	check_match "$(in_ns "$h" tc -s qdisc show dev p2)" 'Sent 600 bytes 10 pkt' "the qdisc"
	must in_ns "$h" tc qdisc del dev p2 root
	check_road p2 direct_tx "without the qdisc"
}

# /sys is the namespace's own only for who was started in it.
in_sys()
{
	must ip netns exec "$h" bash -c "echo $1 >/sys/class/net/p1/$2"
}

rps_and_threads_are_honoured()
{
	have_rps || skip "this kernel steers no packets"
	make_stations 2
	in_sys 1 queues/rx-0/rps_cpus
	check_road p1 ordinary_rx_rps "with RPS"
	in_sys 0 queues/rx-0/rps_cpus
	check_road p1 direct_rx "without RPS"
	in_sys 1 threaded
	check_road p1 ordinary_rx_threaded "with a thread"
	in_sys 0 threaded
	check_road p1 direct_rx "without the thread"
}

# The port's settings for who sends from which queue hold, whatever flow a frame is of.
xps_chooses_the_queue()
{
	local queue all

	printf -v all %x $(((1 << $(nproc)) - 1))
	have_rps || skip "this kernel steers no packets"
	make_stations 2
	setup_ns s3
	add_wide_pair "$h" p3 "$s3" e0 2
	must ip -n "$h" link set p3 master vbr0
	busywait 5000 port_forwards p3 || die "p3 does not come to forward"
	pkt -T "$s3:e0" -R "$s1:e0" -c 1 -s "$(mac 3)"
	for queue in 1 0; do
		must ip netns exec "$h" bash -c "echo $all >/sys/class/net/p3/queues/tx-$queue/xps_cpus"
		must ip netns exec "$h" bash -c "echo 0 >/sys/class/net/p3/queues/tx-$((1 - queue))/xps_cpus"
		check_queue "$queue"
	done
}

# check_queue NUMBER: all of twenty flows leave p3 directly, by that queue.
check_queue()
{
	local directly before

	directly=$(stat p3 direct_tx)
	before=$(stat p3 "tx$1_packets")
	pkt -T "$s1:e0" -R "$s3:e0" -c 20 -f 20 -s "$(mac 1)" -d "$(mac 3)"
	check_eq "${PKT[rx0.unique]} $(($(stat p3 direct_tx) - directly))" "20 20" "frames at s3, those that went directly"
	check_eq $(($(stat p3 "tx$1_packets") - before)) 20 "frames by queue $1"
}

# A VLAN device beside the bridge gets its frames, and tags cross the bridge in the skb or in the frame.
vlans_find_their_way()
{
	make_stations 2
	check_road p2 direct_tx "with a tag in the frame" -v 7 -a
	check_eq "${PKT[rx0.tagged]}" 10 "tagged frames"
	must ip -n "$h" link add link p1 name p1.9 up type vlan id 9
	check_road p1 ordinary_rx_vlan "beside a VLAN device"
	pkt -T "$s1:e0" -R "$h:p1.9" -c 10 -v 9 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]}" 10 "frames of the VLAN device"
	must ip -n "$h" link del p1.9
	check_road p1 direct_rx "without the VLAN device"
}

# What the second pair cannot take as it is, is made so: the receiver is shown frames of one segment.
features_of_the_port_hold()
{
	make_stations 2
	ipb "$s1" <<<"addr add 192.0.2.1/24 dev e0"
	ipb "$s2" <<<"addr add 192.0.2.2/24 dev e0"
	must in_ns "$s2" ethtool -K e0 gro off
	tcp_check "$s1" "$s2" 192.0.2.2 1000000 || fail "TCP"
	check_le "$(link_stat "$s2" e0 rx_packets)" 400 "frames with segmentation left to the receiver"
	must in_ns "$h" ethtool -K p2 tso off gso off
	local before
	before=$(link_stat "$s2" e0 rx_packets)
	tcp_check "$s1" "$s2" 192.0.2.2 1000000 || fail "TCP without TSO of p2"
	check_ge "$(($(link_stat "$s2" e0 rx_packets) - before))" 690 "frames with it made before p2"
	must in_ns "$h" ethtool -K p2 tx off sg off
	tcp_check "$s1" "$s2" 192.0.2.2 1000000 || fail "TCP without checksum offload of p2"
	check_eq "$(stat p2 ordinary_tx_tap) $(stat p2 ordinary_tx_qdisc)" "0 0" "frames that did not go directly"
	check_ge "$(stat p2 direct_tx)" 10 "frames on the direct road"
}

# What the sender noted on a frame stays in its namespace, also where both ends are in the same one.
marks_stay_behind()
{
	local rules

	need_tool nft
	make_stations 2
	ipb "$s1" <<<"addr add 192.0.2.1/24 dev e0"
	ipb "$s2" <<<"addr add 192.0.2.2/24 dev e0"
	in_ns "$s2" nft -f - <<-EOF || skip "no nft inet family"
		table inet t {
			chain in {
				type filter hook input priority 0
				icmp type echo-request meta mark 7 counter accept
				icmp type echo-request meta mark 0 counter accept
			}
		}
	EOF
	ping_ok "$s1" 192.0.2.2 -m 7 || fail "no answer"
	rules=$(in_ns "$s2" nft list table inet t)
	check_match "$rules" 'mark 0x00000007 counter packets 0 ' "requests with a mark"
	check_match "$rules" 'mark 0x00000000 counter packets 3 ' "requests without"
}

# Beyond the bridge a full ring is a drop of the port's; the sender is not held up.
full_ring_is_the_ports_drop()
{
	local sent before

	make_stations 2
	before=$(stat p1 direct_rx)
	must in_ns "$s2" ethtool -G e0 rx 16
	napi_thread "$s2" e0
	must in_ns "$s1" tc qdisc add dev e0 root pfifo limit 1000
	pkt_with "taskset 1 chrt -f 1" -T "$s1:e0" -R "$s2:e0" -c 400 -w 1000 -s "$(mac 1)" -d "$(mac 2)"
	check_ge "$(stat p2 drop_ring_full)" 1 "frames the ring of s2 had no room for"
	check_eq "$(($(stat p2 drop_ring_full) + PKT["rx0.frames"] + PKT["rx0.sockdrop"]))" 400 "frames dropped and received"
	check_eq "$(($(stat p1 direct_rx) - before))" 400 "frames that p1 took directly"
	sent=$(in_ns "$s1" tc -s qdisc show dev e0)
	check_match "$sent" 'Sent 24000 bytes 400 pkt .dropped 0' "the sender's qdisc"
}

wait_forwards()
{
	local port

	for port; do
		busywait 5000 port_forwards "$port" || die "$port does not come to forward"
	done
}

# Seven bridges in a row: the stack of the kernel does not grow with them.
many_hops_take_turns()
{
	local i lines=()

	make_stations 2
	for i in 1 2 3 4 5 6 7; do
		lines+=("link add br$i up type $BRIDGE")
	done
	for i in 1 2 3 4 5 6; do
		lines+=("link add l$i up type $PAIR peer name r$i" "link set r$i up" "link set l$i master br$i"
			"link set r$i master br$((i + 1))")
	done
	lines+=("link set p1 master br1" "link set p2 master br7")
	ipb "$h" < <(printf '%s\n' "${lines[@]}")
	for i in 1 2 3 4 5 6; do
		wait_forwards "l$i" "r$i"
	done
	wait_forwards p1 p2
	pkt -T "$s1:e0" -R "$s2:e0" -c 1 -s "$(mac 1)"
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
	cross
	check_ge "$(ethtool_stat "$h" r1 direct_rx)" 10 "direct hops into the second bridge"
	check_ge "$(stat r3 ordinary_rx_depth)" 10 "hops that were one too many"
}

# In-tree pairs are members, too: reached and left by their own transmit and receive paths.
foreign_members()
{
	make_stations 2
	setup_ns f
	must ip -n "$h" link add pf up master vbr0 type veth peer name e0 netns "$f"
	must ip -n "$f" link set e0 address "$(mac 9)" up
	wait_forwards pf
	pkt -T "$f:e0" -R "$s1:e0" -c 1 -s "$(mac 9)"
	local before
	before=$(stat p1 direct_rx)
	pkt -T "$s1:e0" -R "$f:e0" -c 10 -s "$(mac 1)" -d "$(mac 9)"
	check_eq "${PKT[rx0.frames]} $(($(stat p1 direct_rx) - before))" "10 10" "frames at the in-tree pair, on the direct road"
	before=$(stat p1 direct_tx)
	pkt -T "$f:e0" -R "$s1:e0" -c 10 -s "$(mac 9)" -d "$(mac 1)"
	check_eq "${PKT[rx0.frames]} $(($(stat p1 direct_tx) - before))" "10 10" "frames from it, on the direct road"
}

# watch N: begins and ends to look, over and over, in ways that change the road.
watch()
{
	local i

	for ((i = 0; i < $1; i++)); do
		nft_chain ingress p1
		in_ns "$h" tc qdisc add dev p2 root pfifo limit 10000
		in_ns "$h" nft delete table netdev t
		in_ns "$h" tc qdisc del dev p2 root
		in_ns "$h" ip link set p1 gso_max_size $((60000 - i))
		ip netns exec "$h" bash -c 'echo 1 >/sys/class/net/p1/threaded'
		ip netns exec "$h" bash -c 'echo 0 >/sys/class/net/p1/threaded'
		in_ns "$s2" ethtool -L e0 rx $((i % 2 + 1))
		in_ns "$h" ethtool -G p1 rx $((256 + i))
	done
}

# No frame overtakes another of its flow when the road changes; the sender and the receiver are on different CPUs. What is
# lost has been counted: a qdisc that goes takes with it what it holds, which the core counts as dropped by the port.
order_holds_when_roads_change()
{
	need_tool nft
	need_smp
	make_stations 2
	# With the first hook of its kind the kernel rewrites its own code, which an emulated CPU beside it may trip over.
	nft_chain ingress vbr0 keep || skip "no nft netdev family"
	watch 12 >/dev/null 2>&1 &
	defer stop_bg $!
	"$TOOLS/pkt" -T "$s1:e0" -R "$s2:e0" -D $((6 * ${VNET_SLOW:-1})) -f 4 -s "$(mac 1)" -d "$(mac 2)" >"$CASE_DIR/numbered" ||
		fail "the sender failed"
	pkt_read "$CASE_DIR/numbered"
	cat "$CASE_DIR/numbered"
	check_eq "${PKT[rx0.late]} ${PKT[rx0.dup]}" "0 0" "late frames, frames twice"
	check_ge "$(stat p1 direct_rx)" 100 "frames on the direct road"
	check_ge "$(stat p1 'ordinary_rx_*')" 100 "frames on the ordinary road"
}

ALL_TESTS="
	frames_go_directly
	the_host_takes_part
	tcp_and_udp_go_directly
	tcpdump_sees_all
	others_taps_do_not_count
	tc_sees_all
	nft_sees_all
	xdp_sees_all
	qdisc_keeps_its_frames
	rps_and_threads_are_honoured
	xps_chooses_the_queue
	vlans_find_their_way
	features_of_the_port_hold
	marks_stay_behind
	full_ring_is_the_ports_drop
	many_hops_take_turns
	foreign_members
	order_holds_when_roads_change
"
run_tests "$@"
