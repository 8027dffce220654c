#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Native XDP on the ends of a pair: verdicts, what comes without an skb, counters, changes under traffic.
#
#	+-- a --+     +---- b -----+     +-- c --+
#	|  va --+-----+-- vb   vc --+-----+-- vd  |
#	+-------+     +------------+     +-------+
#
# Programs sit on vb and send on through vc, whose other end vd has none.
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"

make_pair()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
}

make_two()
{
	setup_ns a b c
	add_pair "$a" va "$b" vb
	add_pair "$b" vc "$c" vd
}

# load VAR PROGRAM...: pins it; its place is in VAR. A map of devices is for those of the namespace $b.
load()
{
	local path=/sys/fs/bpf/vnet-$$-$1

	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	printf -v "$1" %s "$path"
	shift
	in_ns "$b" "$TOOLS/xdpload" "$path" "$@" || die "the program $* is not loaded"
	defer rm -f "$path"
}

# `ip -n` would see a /sys of its own.
attach()
{
	must in_ns "$1" ip -force link set "$2" xdpdrv pinned "$3"
}

detach()
{
	must in_ns "$1" ip link set "$2" xdpdrv off
}

# hold PROGRAM...: where nothing is sent. The kernel patches its code when a program comes into use and when it is out of
# use again. Beside a flood QEMU without hardware support lets a CPU run into a place that another one is patching ("Oops:
# int3").
hold()
{
	local program nr=0

	for program in "$@"; do
		nr=$((nr + 1))
		add_pair "$a" "h$nr" "$a" "g$nr"
		attach "$a" "h$nr" "$program"
	done
}

use()
{
	load PROG "${@:3}"
	attach "$1" "$2" "$PROG"
}

index()
{
	link_attr "$1" "$2" ifindex
}

xdp_stat()
{
	ethtool_stat "$1" "$2" "rx*_xdp_$3"
}

# send_through NS:DEV COUNT [OPTION...]: numbered frames from va, all of which have to come there, in order.
send_through()
{
	local to=$1 count=$2

	shift 2
	pkt -T "$a:va" -R "$to" -c "$count" -r 20000 "$@"
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.dup]} ${PKT[rx0.late]}" "$count 0 0" "frames at ${to#*:}: once, twice, late"
}

pass()
{
	make_pair
	use "$b" vb pass
	send_through "$b:vb" 200 -f 8
	check_eq "$(link_stat "$b" vb rx_packets rx_bytes)" "200 12000" "received by vb"
	suite_only "other counters"
	check_eq "$(xdp_stat "$b" vb packets)" 200 "seen by the program"
}

# check_dropped PROGRAM REASON
check_dropped()
{
	make_pair
	use "$b" vb "$1"
	pkt -T "$a:va" -R "$b:vb" -c 50 -w 100
	check_eq "${PKT[rx0.frames]}" 0 "frames at vb"
	check_eq "$(link_stat "$b" vb rx_packets)" 50 "received by vb"
	suite_only "other counters"
	check_eq "$(ethtool_stat "$b" vb "drop_$2")" 50 "drop_$2"
	check_eq "$(link_stat "$b" vb rx_dropped)" 50 "rx_dropped"
	check_eq "$(xdp_stat "$b" vb drops)" 50 "dropped by the program"
}

drop()
{
	check_dropped drop xdp
}

aborted()
{
	check_dropped aborted xdp_aborted
}

unknown_verdict()
{
	check_dropped unknown xdp_aborted
}

# What va has sent comes back to it.
tx()
{
	make_pair
	use "$b" vb tx
	send_through "$a:va" 200
	check_eq "$(link_stat "$a" va rx_packets rx_bytes)" "200 12000" "received by va"
	check_eq "$(link_stat "$b" vb tx_packets tx_bytes)" "200 12000" "sent by vb"
	suite_only "other counters"
	check_eq "$(xdp_stat "$b" vb tx) $(xdp_stat "$b" vb tx_errors)" "200 0" "sent back"
	check_eq "$(xdp_stat "$a" va frames)" 200 "came to va without an skb"
}

tx_to_an_end_that_is_down()
{
	suite_only "other counters"
	make_two
	# Nobody can send from va, so the frames come from elsewhere: vd's program sends back what vc's end was sent.
	use "$c" vd tx
	use "$b" vb redirect "$(index "$b" vc)"
	ipb "$c" <<< "link set vd down"
	pkt -T "$a:va" -c 50
	busywait 3000 stat_is "$b" vb rx_packets 50 || fail "vb has not received all"
	check_eq "$(ethtool_stat "$b" vc drop_down)" 50 "drop_down of vc"
	check_eq "$(link_stat "$b" vc tx_packets tx_dropped)" "0 50" "sent and dropped by vc"
}

# check_no_program PROGRAM: it sends on through vc; nothing at vd was asked to be ready for that.
check_no_program()
{
	suite_only "needs a program or GRO at the receiving end"
	make_two
	use "$b" vb "$1" "$(index "$b" vc)"
	send_through "$c:vd" 200
	check_eq "$(link_stat "$b" vc tx_packets tx_bytes)" "200 12000" "sent by vc"
	check_eq "$(link_stat "$c" vd rx_packets rx_bytes)" "200 12000" "received by vd"
	check_eq "$(xdp_stat "$c" vd frames)" 200 "came to vd without an skb"
	check_eq "$(xdp_stat "$b" vb redirect)" 200 "sent on by vb"
	check_eq "$(link_stat "$b" vb rx_packets tx_packets)" "200 0" "vb"
}

redirect_without_a_program_there()
{
	check_no_program redirect
}

devmap_without_a_program_there()
{
	check_no_program devmap
}

redirect_to_veth()
{
	setup_ns a b c
	add_pair "$a" va "$b" vb
	ip -n "$b" link add vc type veth peer name vd netns "$c" || skip "no veth"
	must in_ns "$c" ethtool -K vd gro on
	up_both "$b" vc "$c" vd
	use "$b" vb redirect "$(index "$b" vc)"
	send_through "$c:vd" 200
}

redirect_to_tap()
{
	need_module tun
	make_pair
	in_ns "$b" "$TOOLS/tap" tap0 200 >"$CASE_DIR/tap" &
	defer stop_bg $!
	busywait 3000 grep -q ready "$CASE_DIR/tap" || die "no tap device"
	use "$b" vb redirect "$(index "$b" tap0)"
	pkt -T "$a:va" -c 200 -r 10000
	wait $!
	check_match "$(<"$CASE_DIR/tap")" 'frames=200$' "at the tap device"
}

# A thread of the CPU makes skbs of them for vb's own stack.
redirect_to_cpu()
{
	make_pair
	use "$b" vb cpumap 0
	send_through "$b:vb" 200
	suite_only "other counters"
	check_eq "$(xdp_stat "$b" vb redirect)" 200 "sent on by vb"
}

redirect_refused()
{
	suite_only "other counters"
	make_two
	use "$b" vb redirect "$(index "$b" vc)"
	ipb "$b" <<< "link set vc down"
	pkt -T "$a:va" -R "$c:vd" -c 50 -w 100
	check_eq "${PKT[rx0.frames]}" 0 "frames at vd"
	check_eq "$(ethtool_stat "$b" vb drop_xdp_redirect)" 50 "drop_xdp_redirect"
	check_eq "$(xdp_stat "$b" vb redirect_errors)" 50 "refused"
}

# A ring of 16, which a flood fills: what is sent and what is dropped is all there was.
full_ring_is_counted()
{
	local redirected

	suite_only "other counters"
	make_two
	must in_ns "$c" ethtool -G vd rx 16
	napi_thread "$c" vd
	use "$b" vb redirect "$(index "$b" vc)"
	pkt -T "$a:va" -R "$c:vd" -c 20000 -w 200
	redirected=$(xdp_stat "$b" vb redirect)
	check_eq "$(link_stat "$b" vb rx_packets)" "$redirected" "sent on by vb"
	check_eq "$(($(link_stat "$b" vc tx_packets) + $(ethtool_stat "$b" vc drop_ring_full)))" "$redirected" \
		"sent and dropped by vc"
	check_eq "$(link_stat "$c" vd rx_packets)" "$(link_stat "$b" vc tx_packets)" "received by vd"
	check_eq "$((PKT["rx0.frames"] + PKT["rx0.sockdrop"]))" "$(link_stat "$c" vd rx_packets)" "given to vd's stack"
}

moves_the_beginning()
{
	make_pair
	use "$b" vb head 14
	pkt -T "$a:va" -R "$b:vb" -c 20 -l 100 -a -w 100
	check_eq "${PKT[rx0.foreign]} ${PKT[rx0.foreignlen]}" "20 86" "frames cut short in front, and their length"
	use "$b" vb head -100
	pkt -T "$a:va" -R "$b:vb" -c 20 -l 100 -a -w 100
	check_eq "${PKT[rx0.foreign]} ${PKT[rx0.foreignlen]}" "20 200" "frames longer in front, and their length"
}

moves_the_end()
{
	make_pair
	use "$b" vb tail -40
	send_through "$b:vb" 20 -l 200
	check_eq "${PKT[rx0.maxlen]}" 160 "length of frames cut short"
	use "$b" vb tail 40
	send_through "$b:vb" 20 -l 200
	check_eq "${PKT[rx0.maxlen]}" 240 "length of longer frames"
}

metadata_goes_along()
{
	need_module sch_ingress cls_bpf
	make_pair
	load check metacheck
	must in_ns "$b" tc qdisc add dev vb clsact
	must in_ns "$b" tc filter add dev vb ingress bpf da object-pinned "$check"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	! ping_ok "$a" 192.0.2.2 -W 1 || fail "the filter lets frames without metadata pass"
	use "$b" vb meta
	busywait 5000 ping_ok "$a" 192.0.2.2 || fail "no metadata at the filter"
}

# What the kernel's netdev family says of a device: which parts of XDP it has, and what programs may ask of frames.
features()
{
	local rc=0

	FEATURES=$("$TOOLS/qstats" "$1" "$2" features) || rc=$?
	[ "$rc" -ne 4 ] || skip "the kernel does not tell"
	[ "$rc" -eq 0 ] || die "qstats failed with $rc"
}

# Who puts programs onto devices looks at it when they are made; nothing has to be switched on before.
features_are_there_from_the_start()
{
	local at_first

	need_kernel 6.8
	suite_only "needs a program or GRO at the receiving end"
	setup_ns a b
	must ip -n "$a" link add va type "$PAIR" peer name vb netns "$b"
	features "$a" va
	echo "$FEATURES"
	at_first=$FEATURES
	# Programs, redirecting, being redirected to, frames of several buffers either way; and sockets without a copy,
	# where the kernel has AF_XDP.
	check_match "$at_first" '^xdp-features=0x(67|6f) ' "features of an end that is down"
	check_match "$at_first" ' xdp-rx-metadata-features=0x7$' "what programs may ask for"
	features "$b" vb
	check_eq "$FEATURES" "$at_first" "features of the other end"
	up_both "$a" va "$b" vb
	must in_ns "$b" ethtool -K vb gro off
	features "$b" vb
	check_eq "$FEATURES" "$at_first" "features without GRO"
	use "$b" vb pass
	features "$b" vb
	check_eq "$FEATURES" "$at_first" "features with a program"
}

# ask_driver WHAT [NUMBER]: a program on vb that passes frames of which the kernel says so.
ask_driver()
{
	local path=/sys/fs/bpf/vnet-$$-ask rc=0

	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	in_ns "$b" "$TOOLS/xdpload" "$path" ask vb "$@" || rc=$?
	[ "$rc" -ne 4 ] || skip "the kernel does not tell programs of frames"
	[ "$rc" -eq 0 ] || die "the program that asks for $* is not loaded"
	attach "$b" vb "$path"
	rm -f "$path"
}

# come [OPTION...]: how many of ten frames pass.
come()
{
	pkt -R "$b:vb" -c 10 -w 300 "$@"
	COME=${PKT[rx0.frames]}
}

metadata_is_told()
{
	need_kernel 6.8
	suite_only "it is another driver's"
	make_pair
	ask_driver hash
	come -T "$a:va"
	check_eq "$COME" 10 "frames with a hash over ports"
	come -T "$a:va" -p 88b5
	check_eq "$COME" 0 "frames without ports that have such a hash"
	ask_driver time
	come -T "$a:va"
	check_eq "$COME" 10 "frames with a timestamp, which no hardware has set"
	need_module 8021q
	ipb "$a" <<-EOT
		link add link va name va.5 type vlan id 5
		link set va.5 up
	EOT
	wait_up "$a" va.5
	ask_driver tag 5
	come -T "$a:va.5"
	check_eq "$COME" 10 "frames with the tag"
	come -T "$a:va"
	check_eq "$COME" 0 "frames without a tag that have one"
	ask_driver tag 6
	come -T "$a:va.5"
	check_eq "$COME" 0 "frames with another tag"
}

# Of a frame that came without an skb nothing is known, and it says so.
metadata_of_frames_without_skb()
{
	local what

	need_kernel 6.8
	suite_only "it is another driver's"
	setup_ns a b c
	# The program that asks is on vb: what comes there was redirected by another end.
	add_pair "$a" va "$c" vc
	add_pair "$c" vd "$b" vb
	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	in_ns "$c" "$TOOLS/xdpload" "/sys/fs/bpf/vnet-$$-on" redirect "$(index "$c" vd)" || die "no program"
	attach "$c" vc "/sys/fs/bpf/vnet-$$-on"
	rm -f "/sys/fs/bpf/vnet-$$-on"
	for what in hash time tag; do
		ask_driver "$what" none
		come -T "$a:va"
		check_eq "$COME" 10 "frames of which there is no $what"
	done
}

pool()
{
	ethtool_stat "$b" vb "rx_pp_$1"
}

# Pages that frames are copied into come back when the frames have been received: after the first ones none is new.
pages_come_back()
{
	local i fresh used

	need_kernel 6.4
	suite_only "counts them elsewhere"
	make_pair
	in_ns "$b" ethtool -S vb | grep -q rx_pp_alloc_fast || skip "the kernel does not count pages"
	use "$b" vb tx
	send_through "$a:va" 500
	fresh=$(pool alloc_slow)
	used=$(($(pool alloc_fast) + $(pool alloc_refill) + fresh))
	for ((i = 0; i < 4; i++)); do
		send_through "$a:va" 1000
	done
	in_ns "$b" ethtool -S vb | grep rx_pp
	check_ge "$(($(pool alloc_fast) + $(pool alloc_refill) + $(pool alloc_slow) - used))" 4000 "pages that frames were copied into"
	check_le "$(($(pool alloc_slow) - fresh))" 400 "of these new ones"
}

set_mtu()
{
	ipb "$a" <<< "link set va mtu $1"
	ipb "$b" <<< "link set vb mtu $1"
}

# A pair in layer 3 passes IP alone, and makes each frame one for the end that receives it.
into_layer_3()
{
	suite_only "has no such mode"
	setup_ns a b c
	add_pair "$a" va "$b" vb
	must ip -n "$b" link add vc type "$PAIR" mode l3 peer name vd netns "$c"
	up_both "$b" vc "$c" vd
	ipb "$c" <<< "addr add 198.51.100.2/24 dev vd"
	use "$b" vb redirect "$(index "$b" vc)"
	# For the address of another host: the socket behind is reached all the same.
	in_ns "$c" bash -c 'exec nft -f -' <<-EOF || skip "no nft"
		table inet t { chain in { type filter hook input priority 0; udp dport 9 counter; }; }
	EOF
	send_through "$c:vd" 50 -d 02:00:00:00:0b:ad
	check_match "$(in_ns "$c" nft list ruleset)" 'packets 50 ' "datagrams for the host"
	pkt -T "$a:va" -R "$c:vd" -c 20 -p 88b5 -w 100
	check_eq "${PKT[rx0.frames]} $(ethtool_stat "$b" vc drop_not_ip)" "0 20" "other frames: come, dropped"
}

several_buffers()
{
	make_pair
	set_mtu 9000
	use "$b" vb frags longer 4000
	send_through "$b:vb" 50 -l 8000
	check_eq "${PKT[rx0.maxlen]}" 8000 "length"
	pkt -T "$a:va" -R "$b:vb" -c 10 -l 3000 -w 100
	check_eq "${PKT[rx0.frames]}" 0 "shorter frames"
	use "$b" vb frags tail -5000
	send_through "$b:vb" 50 -l 8000
	check_eq "${PKT[rx0.maxlen]}" 3000 "length of what was cut short over several buffers"
}

several_buffers_are_redirected()
{
	need_kernel 6.3
	suite_only "needs a program or GRO at the receiving end"
	make_two
	set_mtu 9000
	ipb "$b" <<< "link set vc mtu 9000"
	ipb "$c" <<< "link set vd mtu 9000"
	use "$b" vb frags redirect "$(index "$b" vc)"
	send_through "$c:vd" 50 -l 8000
	check_eq "${PKT[rx0.maxlen]}" 8000 "length"
	load back frags tx
	attach "$b" vb "$back"
	send_through "$a:va" 50 -l 8000
}

# A frame of several buffers that still fits into one is put into one for a program that wants that; others are not lost
# uncounted.
one_buffer_of_several()
{
	suite_only "the limit is another one"
	make_two
	set_mtu 9000
	ipb "$b" <<< "link set vc mtu 3000"
	ipb "$c" <<< "link set vd mtu 9000"
	use "$b" vb frags redirect "$(index "$b" vc)"
	load passes pass
	attach "$c" vd "$passes"
	send_through "$c:vd" 20 -l 3000
	# The devmap's own limit is vc's MTU.
	pkt -T "$a:va" -R "$c:vd" -c 10 -l 8000 -w 100
	check_eq "${PKT[rx0.frames]} $(ethtool_stat "$b" vb drop_xdp_redirect)" "0 10" "larger ones: come, dropped"
}

# tso NS DEV: as ethtool says it.
tso()
{
	in_ns "$1" ethtool -k "$2" | awk '$1 == "tcp-segmentation-offload:" { print $2 }'
}

refusals_and_limits()
{
	make_pair
	load one pass
	load several frags pass
	ipb "$a" <<< "link set va mtu 9000"
	check_refused "$(suite_says "the peer's MTU is too large for a program that is not for frames of several buffers")" \
		in_ns "$b" ip link set vb xdpdrv pinned "$one"
	check_eq "$(tso "$a" va)" on "TSO of va after a refusal"
	attach "$b" vb "$several"
	check_eq "$(tso "$a" va)" off "TSO of va"
	check_eq "$(tso "$b" vb)" on "TSO of vb"
	check_refused "$(suite_says "the peer's MTU is too large")" in_ns "$b" ip -force link set vb xdpdrv pinned "$one"
	check_match "$(in_ns "$b" ip link show vb)" "xdp" "the program that was there"
	ipb "$a" <<< "link set va mtu 1500"
	attach "$b" vb "$one"
	check_refused "mtu greater than device maximum" ip -n "$a" link set va mtu 9000
	detach "$b" vb
	check_eq "$(tso "$a" va)" on "TSO of va without a program"
	ipb "$a" <<< "link set va mtu 9000"
}

tcp_through()
{
	make_pair
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	use "$b" vb pass
	tcp_check "$a" "$b" 192.0.2.2 || fail "to the end with a program"
	tcp_check "$b" "$a" 192.0.2.1 || fail "from the end with a program"
	load other pass
	attach "$a" va "$other"
	tcp_check "$a" "$b" 192.0.2.2 || fail "with programs on both"
}

# Senders leave checksums to the device: what goes on without an skb has to have one.
tcp_through_redirect()
{
	suite_only "checksums are left open"
	make_two
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$c" <<< "addr add 192.0.2.2/24 dev vd"
	use "$b" vb redirect "$(index "$b" vc)"
	load back redirect "$(index "$b" vb)"
	attach "$b" vc "$back"
	ping_ok "$a" 192.0.2.2 || fail "no ping"
	tcp_check "$a" "$c" 192.0.2.2 || fail "no TCP"
}

# Numbered frames while programs come, are replaced and go.
changes_under_traffic()
{
	local counted

	make_pair
	load one pass
	load two frags pass
	hold "$one" "$two"
	"$TOOLS/pkt" -T "$a:va" -R "$b:vb" -D $((4 * ${VNET_SLOW:-1})) -f 16 -r 10000 >"$CASE_DIR/pkt" &
	defer stop_bg $!
	while kill -0 $! 2>/dev/null; do
		attach "$b" vb "$one"
		attach "$b" vb "$two"
		detach "$b" vb
	done
	wait $! || fail "the sender failed"
	cat "$CASE_DIR/pkt"
	pkt_read "$CASE_DIR/pkt"
	# A ring may fill up while the machine has other things to do; it says so.
	counted=$((PKT["rx0.sockdrop"] + $(link_stat "$a" va tx_dropped)))
	check_eq "$((PKT["rx0.lost"] - counted)) ${PKT[rx0.dup]} ${PKT[rx0.late]}" "0 0 0" "frames lost uncounted, twice, late"
	check_ge "${PKT[rx0.frames]}" 100 "frames come"
	suite_only "other counters"
	check_eq "$(link_stat "$b" vb rx_packets)" "$(link_stat "$a" va tx_packets)" "received by vb"
	check_ge "$(xdp_stat "$b" vb packets)" 1 "seen by a program"
}

# What is attached is in effect at once, and what is detached is not any more.
in_effect_at_once()
{
	local i

	make_pair
	load no drop
	for ((i = 0; i < 5; i++)); do
		attach "$b" vb "$no"
		pkt -T "$a:va" -R "$b:vb" -c 20 -w 50
		check_eq "${PKT[rx0.frames]}" 0 "frames past the program"
		detach "$b" vb
		send_through "$b:vb" 20
	done
}

rings_change_with_a_program()
{
	local i n

	suite_only "no rings to change"
	setup_ns a b
	add_wide_pair "$a" va "$b" vb 4
	use "$b" vb pass
	"$TOOLS/pkt" -T "$a:va" -R "$b:vb" -D $((4 * ${VNET_SLOW:-1})) -f 16 -r 10000 >"$CASE_DIR/pkt" &
	defer stop_bg $!
	for ((i = 0; ; i++)); do
		kill -0 $! 2>/dev/null || break
		n=$((i % 4 + 1))
		must in_ns "$b" ethtool -L vb rx "$n"
		must in_ns "$b" ethtool -G vb rx $((64 << n))
	done
	wait $! || fail "the sender failed"
	cat "$CASE_DIR/pkt"
	pkt_read "$CASE_DIR/pkt"
	check_eq "${PKT[rx0.dup]} ${PKT[rx0.late]}" "0 0" "frames twice, late"
	check_eq "$((PKT["rx0.frames"] + PKT["rx0.sockdrop"]))" "$(link_stat "$b" vb rx_packets)" "frames received"
	check_eq "$(link_stat "$b" vb rx_packets)" "$(link_stat "$a" va tx_packets)" "frames sent"
	n=$(xdp_stat "$b" vb packets)
	send_through "$b:vb" 100 -f 16
	check_eq "$(($(xdp_stat "$b" vb packets) - n))" 100 "seen by the program at the end"
}

# What TCP sends is cut up for such an end, and comes in bursts of which the last frame wakes its receiver. That frame may go
# to other rings than those before it.
bursts_while_rings_change()
{
	local i transfer

	suite_only "no rings to change"
	setup_ns a b
	add_pair "$a" va "$b" vb
	ipb "$a" <<< "addr add 192.0.2.1/24 dev va"
	ipb "$b" <<< "addr add 192.0.2.2/24 dev vb"
	use "$b" vb pass
	"$TOOLS/xfer" -c "$a" -s "$b" -D 3600 -t 3600 192.0.2.2 >/dev/null 2>&1 &
	transfer=$!
	defer stop_bg "$transfer"
	slowwait 20 stat_ge "$b" vb rx_packets 1000 || die "no frames"
	for ((i = $(rounds 100 20); i; i--)); do
		must in_ns "$b" ethtool -G vb rx $((64 << (i & 1)))
	done
	stop_bg "$transfer"
	tcp_check "$a" "$b" 192.0.2.2 1000000 || fail "TCP afterwards"
}

stat_ge()
{
	[ "$(link_stat "$1" "$2" "$3")" -ge "$4" ]
}

both_ends_at_once()
{
	make_pair
	load one pass
	load two pass
	attach "$a" va "$one"
	attach "$b" vb "$two"
	pkt -T "$a:va" -R "$b:vb" -c 100
	check_eq "${PKT[rx0.unique]}" 100 "frames at vb"
	pkt -T "$b:vb" -R "$a:va" -c 100
	check_eq "${PKT[rx0.unique]}" 100 "frames at va"
	detach "$a" va
	pkt -T "$a:va" -R "$b:vb" -c 100
	check_eq "${PKT[rx0.unique]}" 100 "frames at vb, which alone has a program"
	suite_only "other counters"
	check_eq "$(xdp_stat "$a" va packets) $(xdp_stat "$b" vb packets)" "100 200" "seen by the programs"
}

# Frames without an skb are sent while the receiving end goes down and up: each is received, or counted where it ended.
closes_under_traffic()
{
	local i sent

	suite_only "other counters"
	make_two
	use "$b" vb redirect "$(index "$b" vc)"
	"$TOOLS/pkt" -T "$a:va" -D $((2 * ${VNET_SLOW:-1})) -r 20000 >"$CASE_DIR/pkt" &
	defer stop_bg $!
	for ((i = 0; i < 20; i++)); do
		ipb "$c" <<< "link set vd down"
		ipb "$c" <<< "link set vd up"
	done
	wait $! || fail "the sender failed"
	busywait 3000 settled || fail "received by vb: $(link_stat "$b" vb rx_packets)"
	sent=$(link_stat "$b" vc tx_packets)
	check_eq "$(($(link_stat "$c" vd rx_packets) + $(ethtool_stat "$c" vd drop_purged)))" "$sent" "received by or purged at vd"
	check_eq "$((sent + $(link_stat "$b" vc tx_dropped)))" "$(xdp_stat "$b" vb redirect)" "sent and dropped by vc"
}

settled()
{
	[ "$(link_stat "$b" vb rx_packets)" = "$(link_stat "$a" va tx_packets)" ] &&
		[ "$(($(link_stat "$c" vd rx_packets) + $(ethtool_stat "$c" vd drop_purged)))" = "$(link_stat "$b" vc tx_packets)" ]
}

# A ring full of frames without an skb, whose end closes before its NAPI thread has had its turn: after one more poll the
# rest is dropped.
frames_left_at_close()
{
	local closing

	suite_only "other counters"
	make_two
	use "$b" vb redirect "$(index "$b" vc)"
	napi_thread "$c" vd
	hold_cpu
	pkt_with "taskset 2" -T "$a:va" -c 250 -b
	busywait 5000 all_redirected 250 || fail "redirected: $(xdp_stat "$b" vb redirect)"
	ip -n "$c" link set vd down &
	closing=$!
	busywait 5000 waits_for_napi "$closing" || fail "closing does not wait for the poll"
	stop_bg "$HOG"
	must wait "$closing"
	check_eq "$(($(link_stat "$c" vd rx_packets) + $(ethtool_stat "$c" vd drop_purged)))" 250 "received by or purged at vd"
	check_ge "$(ethtool_stat "$c" vd drop_purged)" 1 "frames left in the ring"
}

all_redirected()
{
	[ "$(link_stat "$b" vc tx_packets)" -eq "$1" ]
}

# Frames are under way when all of it is deleted.
goes_with_a_program()
{
	make_pair
	use "$b" vb tx
	hold "$PROG"
	"$TOOLS/pkt" -T "$a:va" -D 1 -r 20000 >"$CASE_DIR/pkt" 2>&1 &
	defer stop_bg $!
	busywait 3000 received_some || fail "nothing comes to vb"
	ipb "$a" <<< "link del va"
	wait $!
	check_eq "$(links "$b")" "" "devices left"
}

received_some()
{
	[ "$(link_stat "$b" vb rx_packets)" -gt 100 ]
}

down_and_up_with_a_program()
{
	make_pair
	ipb "$b" <<< "link set vb down"
	use "$b" vb drop
	set_up "$b" vb
	wait_up "$a" va
	pkt -T "$a:va" -R "$b:vb" -c 20 -w 100
	check_eq "${PKT[rx0.frames]}" 0 "frames past a program that was there before"
	ipb "$b" <<< "link set vb down"
	detach "$b" vb
	set_up "$b" vb
	wait_up "$a" va
	send_through "$b:vb" 20
}

in_a_thread()
{
	make_pair
	use "$b" vb tx
	napi_thread "$b" vb
	send_through "$a:va" 200
}

# The kernel's first socket of that kind.
xsk()
{
	"$TOOLS/xsk" -T "$a:va" -R "$b:vb" "$@" >"$CASE_DIR/xsk" 2>&1 || {
		[ $? -ne 4 ] || skip "no AF_XDP"
		die "$(<"$CASE_DIR/xsk")"
	}
	pkt_read "$CASE_DIR/xsk"
}

af_xdp_round_trip()
{
	make_pair
	xsk -c 5000 -l 60
	check_eq "${PKT[rx.frames]} ${PKT[rx.wrong]} ${PKT[rx.late]}" "5000 0 0" "small frames: come, wrong, late"
	xsk -c 2000 -l 1500
	check_eq "${PKT[rx.frames]} ${PKT[rx.wrong]} ${PKT[rx.late]}" "2000 0 0" "large frames: come, wrong, late"
	suite_only "other counters"
	check_eq "$(xdp_stat "$b" vb redirect)" 7000 "redirected to the socket"
}

ALL_TESTS="
	pass
	drop
	aborted
	unknown_verdict
	tx
	tx_to_an_end_that_is_down
	redirect_without_a_program_there
	devmap_without_a_program_there
	redirect_to_veth
	redirect_to_tap
	redirect_to_cpu
	redirect_refused
	full_ring_is_counted
	moves_the_beginning
	moves_the_end
	metadata_goes_along
	features_are_there_from_the_start
	metadata_is_told
	metadata_of_frames_without_skb
	pages_come_back
	into_layer_3
	several_buffers
	several_buffers_are_redirected
	one_buffer_of_several
	refusals_and_limits
	tcp_through
	tcp_through_redirect
	changes_under_traffic
	in_effect_at_once
	rings_change_with_a_program
	bursts_while_rings_change
	both_ends_at_once
	closes_under_traffic
	frames_left_at_close
	goes_with_a_program
	down_and_up_with_a_program
	in_a_thread
	af_xdp_round_trip
"
run_tests "$@"
