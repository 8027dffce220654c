#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What watches or filters a device elsewhere does it here too: taps, queue disciplines, tc, nft, XDP.
#
#	+-- a --+     +-- b --+
#	|  va --+-----+-- vb  |
#	+-------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"

make_pair()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
}

# check_arrive COUNT WHAT: of ten frames, so many reach vb.
check_arrive()
{
	local come=$1

	shift
	pkt -T "$a:va" -R "$b:vb" -c 10 -w 100
	check_eq "${PKT[rx0.frames]}" "$come" "frames at vb $*"
}

capture()
{
	in_ns "$1" tcpdump -i "$2" -n -l -U -c 10 -Q "$3" udp >"$CASE_DIR/$2.out" 2>"$CASE_DIR/$2.err" &
	defer stop_bg $!
	busywait 5000 grep -q 'listening on' "$CASE_DIR/$2.err" || die "tcpdump does not start"
}

captured()
{
	[ "$(grep -c '198.51.100.1.1024 > 198.51.100.2.9: UDP' "$CASE_DIR/$1.out")" -eq 10 ]
}

tcpdump_at_both_ends()
{
	need_tool tcpdump
	make_pair
	capture "$a" va out
	capture "$b" vb in
	pkt -T "$a:va" -c 10
	busywait 5000 captured va || fail "tcpdump at va saw: $(<"$CASE_DIR/va.out")"
	busywait 5000 captured vb || fail "tcpdump at vb saw: $(<"$CASE_DIR/vb.out")"
}

past_the_qdisc()
{
	need_module sch_netem
	make_pair
	must in_ns "$a" tc qdisc add dev va root netem loss 100%
	check_arrive 0 "through a qdisc that drops"
	pkt -T "$a:va" -R "$b:vb" -c 10 -b
	check_eq "${PKT[rx0.frames]}" 10 "frames past the qdisc"
}

netem_delay()
{
	local rtt

	need_module sch_netem
	make_pair
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	must in_ns "$a" tc qdisc add dev va root netem delay 30ms
	rtt=$(in_ns "$a" ping -c 3 -i 0.05 -q 192.0.2.2 | sed -n 's|^rtt [^=]*= \([0-9]*\)\..*|\1|p')
	check_ge "${rtt:-0}" 30 "shortest round trip in ms"
	must in_ns "$a" tc qdisc del dev va root
	check_arrive 10 "without the qdisc"
}

# A real queue in front of the device: all of a burst comes, in order.
queue_in_front()
{
	make_pair
	must in_ns "$a" tc qdisc add dev va root pfifo limit 3000
	pkt -T "$a:va" -R "$b:vb" -c 2000 -f 16
	check_eq "${PKT[rx0.dup]} ${PKT[rx0.late]}" "0 0" "frames twice, late"
	check_eq $((PKT["rx0.unique"] + $(link_stat "$a" va tx_dropped))) $((PKT["tx.sent"])) "frames come and counted as dropped"
	check_match "$(in_ns "$a" tc -s qdisc show dev va)" 'Sent 120000 bytes 2000 pkt' "qdisc"
}

# `ip -n` would see a /sys of its own: what uses the pin is run by in_ns.
pin_program()
{
	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	PIN=/sys/fs/bpf/vnet-$$
	"$TOOLS/bpfload" "$1" "$2" "$PIN" || skip "the kernel loads no BPF programs"
	defer rm -f "$PIN"
}

tc_ingress_and_egress()
{
	need_module sch_ingress cls_bpf
	pin_program tc drop
	make_pair
	must in_ns "$b" tc qdisc add dev vb clsact
	must in_ns "$b" tc filter add dev vb ingress bpf da object-pinned "$PIN"
	check_arrive 0 "behind a dropping ingress filter"
	must in_ns "$b" tc qdisc del dev vb clsact
	check_arrive 10 "without it"
	must in_ns "$a" tc qdisc add dev va clsact
	must in_ns "$a" tc filter add dev va egress bpf da object-pinned "$PIN"
	check_arrive 0 "before a dropping egress filter"
	check_eq "$(link_stat "$a" va tx_packets)" 20 "tx_packets of va"
}

xdp_generic()
{
	pin_program xdp drop
	make_pair
	must in_ns "$b" ip link set vb xdpgeneric pinned "$PIN"
	check_match "$(ip -n "$b" link show vb)" xdpgeneric "vb"
	check_arrive 0 "behind an XDP program that drops"
	must in_ns "$b" ip link set vb xdpgeneric off
	check_arrive 10 "without the program"
	# One that passes leaves GSO frames and checksums right.
	rm -f "$PIN"
	must "$TOOLS/bpfload" xdp pass "$PIN"
	must in_ns "$b" ip link set vb xdpgeneric pinned "$PIN"
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	tcp_check "$a" "$b" 192.0.2.2 || fail "TCP through an XDP program"
}

nft_netdev()
{
	need_tool nft
	make_pair
	in_ns "$b" nft -f - <<-EOF || skip "no nft netdev family"
		table netdev t {
			chain in {
				type filter hook ingress device "vb" priority 0
				udp dport 9 counter drop
			}
		}
	EOF
	check_arrive 0 "behind a dropping nft chain"
	check_match "$(in_ns "$b" nft list table netdev t)" 'counter packets 10 bytes' "rule"
	must in_ns "$b" nft delete table netdev t
	check_arrive 10 "without the chain"
}

# What a sender has noted on a frame for its own namespace is not there for the other.
mark_stays_behind()
{
	local rules

	need_tool nft
	make_pair
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	in_ns "$b" nft -f - <<-EOF || skip "no nft inet family"
		table inet t {
			chain in {
				type filter hook input priority 0
				icmp type echo-request meta mark 7 counter accept
				icmp type echo-request meta mark 0 counter accept
			}
		}
	EOF
	ping_ok "$a" 192.0.2.2 -m 7 || fail "no answer"
	rules=$(in_ns "$b" nft list table inet t)
	check_match "$rules" 'mark 0x00000007 counter packets 0 ' "requests with a mark"
	check_match "$rules" 'mark 0x00000000 counter packets 3 ' "requests without"
}

# A frame that pktgen sends again while it is on its way would be handed on twice.
no_shared_frames()
{
	make_pair
	pg_send "$a" va 10 "clone_skb 5" && fail "pktgen may send a frame again"
	pg_send "$a" va 10 "clone_skb 0" || fail "pktgen sends nothing"
	check_eq "$(link_stat "$a" va tx_packets)" 10 "tx_packets of va"
}

ALL_TESTS="
	tcpdump_at_both_ends
	past_the_qdisc
	netem_delay
	queue_in_front
	tc_ingress_and_egress
	xdp_generic
	nft_netdev
	mark_stays_behind
	no_shared_frames
"
run_tests "$@"
