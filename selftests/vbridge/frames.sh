#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Frames that a program sends into a port without an skb: known ones cross the bridge as they are, all others as ever.
#
#	         s1                     h                  s2
#	va ==== vb -XDP_REDIRECT-> e0 ==== p1 [vbr0] p2 ==== e0
#	a
# TIMEOUT: 300
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

PIN=/sys/fs/bpf/frames-$$

setup()
{
	suite_only "has no such road"
	setup_stations "$1"
	setup_ns a
	# shellcheck disable=SC2154 # set by setup_ns
	add_pair "$a" va "$s1" vb
	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	in_ns "$s1" "$TOOLS/xdpload" "$PIN" redirect "$(link_attr "$s1" e0 ifindex)" || die "the program is not loaded"
	defer rm -f "$PIN"
	# `ip -n` would see a /sys of its own.
	must in_ns "$s1" ip -force link set vb xdpdrv pinned "$PIN"
	pkt -T "$s2:e0" -c 1 -s "$(mac 2)"
	# The first is an skb at the bridge, which it teaches.
	cross 10
}

# cross N [ARGS...]: N frames of station 1 to station 2; what has come is in PKT.
cross()
{
	local n=$1

	shift
	pkt -T "$a:va" -R "$s2:e0" -c "$n" -w 200 -s "$(mac 1)" -d "$(mac 2)" "$@"
}

arrive()
{
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.dup]} ${PKT[rx0.late]}" "$1 0 0" "frames at s2: once, twice, late"
}

stat()
{
	ethtool_stat "$h" "$1" "$2"
}

without_skb()
{
	ethtool_stat "$s2" e0 'rx*_xdp_frames'
}

# grows FROM N WHAT CMD...: what CMD prints is N more than FROM.
grows()
{
	local from=$1 n=$2 what=$3

	shift 3
	check_eq "$(($("$@") - from))" "$n" "$what"
}

known_ones_stay_frames()
{
	local direct frames forwarded rx tx

	setup 2
	arrive 10
	direct=$(stat p1 direct_rx) frames=$(without_skb) forwarded=$(br_stat forwarded)
	rx=$(link_stat "$h" p1 rx_bytes) tx=$(link_stat "$h" p2 tx_packets)
	cross 200 -f 4 -r 20000
	arrive 200
	# A CPU that sees them for the first time, or finds a ring in use, makes skbs of them.
	direct=$(($(stat p1 direct_rx) - direct))
	check_ge "$direct" 150 "taken from p1 directly"
	grows "$frames" "$direct" "come to s2 without an skb" without_skb
	grows "$forwarded" 200 "forwarded by the bridge" br_stat forwarded
	grows "$rx" $((200 * 60)) "bytes received by p1" link_stat "$h" p1 rx_bytes
	grows "$tx" 200 "sent by p2" link_stat "$h" p2 tx_packets
	check_eq "$(stat p2 'ordinary_tx_*')" 0 "sent by p2 in another way"
}

unknown_ones_do_not()
{
	local direct frames

	setup 3
	direct=$(stat p1 direct_rx) frames=$(without_skb)
	pkt -T "$a:va" -R "$s2:e0" -R "$s3:e0" -c 20 -w 200 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "20 20" "broadcasts at stations 2 and 3"
	cross 20 -s "$(mac 9)"
	arrive 20
	check_eq "$(fdb_port "$(mac 9)")" p1 "where a new sender was seen"
	check_ge "$(($(stat p1 ordinary_rx_switch)))" 21 "left to the ordinary road"
	direct=$(($(stat p1 direct_rx) - direct))
	check_ge 19 "$direct" "taken directly, all but the first at most"
	grows "$frames" "$direct" "come to s2 without an skb" without_skb
}

# Their sender's MTU is that of another namespace. Whether the bridge would have room for them is not asked.
longer_than_the_port_takes()
{
	local dropped

	setup 2
	must ip -n "$a" link set va mtu 3000
	must ip -n "$s1" link set vb mtu 3000
	must ip -n "$s1" link set e0 mtu 3000
	must ip -n "$h" link set p2 mtu 3000
	must ip -n "$s2" link set e0 mtu 3000
	dropped=$(ethtool_stat "$s1" e0 drop_too_big)
	cross 20 -l 2000
	arrive 0
	grows "$dropped" 20 "dropped by the sender's end" ethtool_stat "$s1" e0 drop_too_big
	must ip -n "$h" link set p1 mtu 3000
	cross 20 -l 2000
	arrive 20
}

seen_all()
{
	[ "$(grep -c . "$CASE_DIR/seen")" -ge 50 ]
}

whoever_looks_sees_them()
{
	local port frames

	need_tool tcpdump
	setup 2
	for port in p1 p2; do
		frames=$(without_skb)
		rm -f "$CASE_DIR/tap"
		bg_ns "$h" tcpdump -i "$port" -n -l -U ether src "$(mac 1)" >"$CASE_DIR/seen" 2>"$CASE_DIR/tap"
		busywait 5000 grep -q 'listening on' "$CASE_DIR/tap" || die "tcpdump does not start"
		cross 50
		arrive 50
		busywait 5000 seen_all
		stop_bg "$BG_PID"
		check_eq "$(grep -c . "$CASE_DIR/seen")" 50 "frames that tcpdump sees at $port"
		grows "$frames" 0 "come to s2 without an skb meanwhile" without_skb
	done
	frames=$(without_skb)
	cross 50
	check_ge "$(($(without_skb) - frames))" 25 "come without one when nobody looks"
}

ports_have_their_say()
{
	setup 2
	must bridge -n "$h" link set dev p1 isolated on
	must bridge -n "$h" link set dev p2 isolated on
	cross 20
	arrive 0
	must bridge -n "$h" link set dev p2 isolated off
	cross 20
	arrive 20
	check_stat drop_too_big 0 "too long so far"
	must ip -n "$h" link set p2 mtu 500
	cross 20 -l 900
	arrive 0
	check_stat drop_too_big 20 "too long for p2"
	cross 20
	arrive 20
}

in_vlans()
{
	setup 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
	pkt -T "$s2:e0" -c 1 -s "$(mac 2)"
	cross 20
	arrive 20
	must bridge -n "$h" vlan del dev p2 vid 1
	cross 20
	arrive 0
}

# stays_frames N WHAT ARGS...: N frames cross, most of them without an skb.
stays_frames()
{
	local n=$1 what=$2 frames direct

	shift 2
	# Each CPU may see the first as an skb.
	cross 10 "$@"
	frames=$(without_skb) direct=$(stat p1 direct_rx)
	cross "$n" -f 4 -r 20000 "$@"
	arrive "$n"
	check_ge "$(($(stat p1 direct_rx) - direct))" $((n * 3 / 4)) "taken from p1 directly $what"
	check_ge "$(($(without_skb) - frames))" $((n * 3 / 4)) "come to s2 without an skb $what"
}

vlan_frames()
{
	bridge -n "$h" -s vlan show dev "$1" | awk -v what="$2:" '{ for (i = 1; i <= NF; i++) if ($i == what) n += $(i + 3) } END { print n + 0 }'
}

tags_come_and_go()
{
	local rx tx bytes

	setup 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1 vlan_stats_enabled 1
	bridge -n "$h" -batch - <<-EOT || fail "VLANs"
		vlan add dev p1 vid 7
		vlan add dev p1 vid 8
		vlan add dev p2 vid 7
		vlan add dev p2 vid 8 untagged
	EOT
	must bridge -n "$h" fdb add "$(mac 2)" dev vbr0 self static vlan 7 via p2
	must bridge -n "$h" fdb add "$(mac 2)" dev vbr0 self static vlan 8 via p2
	must bridge -n "$h" fdb add "$(mac 2)" dev vbr0 self static vlan 1 via p2
	stays_frames 200 "without a tag"
	check_eq "${PKT[rx0.tagged]}" 0 "tags"
	rx=$(vlan_frames p1 RX) tx=$(vlan_frames p2 TX)
	cross 210 -v 7 -a
	arrive 210
	check_eq "${PKT[rx0.tagged]} ${PKT[rx0.tpid]}" "210 8100" "tags, their kind"
	check_eq "$(($(vlan_frames p1 RX) - rx)) $(($(vlan_frames p2 TX) - tx))" "210 210" "counted for VLANs of p1, p2"
	bytes=$(link_stat "$h" p2 tx_bytes)
	cross 210 -v 8 -a
	arrive 210
	check_eq "${PKT[rx0.tagged]} ${PKT[rx0.foreign]}" "0 0" "tags, frames that are none of ours"
	check_eq "$(($(link_stat "$h" p2 tx_bytes) - bytes))" $((210 * 56)) "bytes sent by p2"
	must bridge -n "$h" vlan add dev p2 vid 1
	stays_frames 200 "that get a tag" -a
	check_eq "${PKT[rx0.tagged]} ${PKT[rx0.tpid]} ${PKT[rx0.bytes]}" "200 8100 12000" "tags, their kind, bytes"
	cross 20 -v 9 -a
	arrive 0
	check_ge "$(br_stat drop_vlan)" 20 "in a VLAN that p1 is not in"
}

# With filtering on another kind of tag, the former is a part of the frame: those take an skb.
tags_of_another_kind()
{
	local frames

	setup 2
	# Or they would wait for GRO, and come to the bridge later.
	must in_ns "$h" ethtool -K p1 gro off
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1 vlan_protocol 802.1ad
	must bridge -n "$h" fdb add "$(mac 2)" dev vbr0 self static vlan 1 via p2
	cross 10 -v 7 -a
	frames=$(without_skb)
	cross 100 -v 7 -a
	arrive 100
	check_eq "${PKT[rx0.tagged]} ${PKT[rx0.tpid]}" "100 8100" "tags, their kind"
	grows "$frames" 0 "come to s2 without an skb" without_skb
	stays_frames 100 "without one"
	must bridge -n "$h" vlan add dev p1 vid 2 pvid untagged
	cross 100 -v 7 -a
	arrive 0
}

order_is_kept()
{
	setup 2
	cross 20000 -f 16
	check_eq "${PKT[rx0.dup]} ${PKT[rx0.late]}" "0 0" "frames that come twice, or late"
	check_ge "${PKT[rx0.frames]}" 1000 "frames that come"
}

ALL_TESTS="
	known_ones_stay_frames
	longer_than_the_port_takes
	unknown_ones_do_not
	whoever_looks_sees_them
	ports_have_their_say
	in_vlans
	tags_come_and_go
	tags_of_another_kind
	order_is_kept
"
run_tests "$@"
