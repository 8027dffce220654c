#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Storms of frames, every one accounted for: each device and the bridge hand on or count as dropped what they were given.
# The topology is drawn in common.sh.
# TIMEOUT: 300
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# On a slow kernel it is the races that count, not the number: a frame takes a hundred times as long there.
SLOW=${VNET_SLOW:-1}
FRAMES=$((100000 / (SLOW * SLOW)))
# A million of them with VNET_LONG, a tenth on a slow kernel, where each entry takes several times the memory.
SENDERS=$((10000 / SLOW))
[ -z "${VNET_LONG:-}" ] || SENDERS=$((SLOW > 1 ? 100000 : 1000000))
GROUP=01:00:5e:01:02:03

# pair_in N, pair_out N: frames that were to pass station N's pair towards the bridge or away from it, as the sending end
# says, and what became of them, as the receiving end says. Both are the same when nothing is on its way any more.
pair_in()
{
	local ns=s$1 sent got

	sent=$(link_stat "${!ns}" e0 tx_packets)
	got=$(link_stat "$h" "p$1" rx_packets rx_dropped)
	[ "$sent" -eq $((${got/ /+})) ]
}

pair_out()
{
	local ns=s$1 sent got

	sent=$(link_stat "$h" "p$1" tx_packets)
	got=$(link_stat "${!ns}" e0 rx_packets rx_dropped)
	[ "$sent" -eq $((${got/ /+})) ]
}

# settle N...: until all that was sent into these pairs is out of them.
settle()
{
	local nr

	for nr in "$@"; do
		slowwait 20 pair_in "$nr" || fail "lost between s$nr and the bridge"
		slowwait 20 pair_out "$nr" || fail "lost between the bridge and s$nr"
	done
}

# sum PORT-STATISTIC N...
sum()
{
	local stat=$1 nr all=0

	shift
	for nr in "$@"; do
		all=$((all + $(link_stat "$h" "p$nr" "$stat")))
	done
	echo "$all"
}

# What came in by the ports and from the host went out, to the host or not, or was dropped, once.
check_bridge_account()
{
	local given forwarded flooded dropped copies

	given=$(($(sum rx_packets "$@") + $(link_stat "$h" vbr0 tx_packets)))
	forwarded=$(br_stat forwarded)
	flooded=$(br_stat flooded)
	dropped=$(br_stat 'drop_*')
	check_eq $((forwarded + flooded + dropped)) "$given" "forwarded $forwarded, flooded $flooded, dropped $dropped"
	copies=$(br_stat flood_copies)
	check_eq "$(($(sum tx_packets "$@") + $(sum tx_dropped "$@")))" $((forwarded + copies)) \
		"what the ports say of $forwarded forwarded frames and $copies copies"
	check_eq "$(br_stat egress_refused)" 0 "frames that ports refused"
}

# send_storm NS DEV COUNT "NAME VALUE"...: by pktgen; how many were taken is in SENT.
send_storm()
{
	local result

	need_module pktgen
	result=$(pg_send "$@") || die "pktgen failed"
	SENT=${result% *}
	check_eq "${result#* }" 0 "errors of pktgen"
}

learn()
{
	pkt -T "$s1:e0" -R "$s2:e0" -c 1 -s "$(mac 1)"
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
}

one_way()
{
	setup_stations 2
	learn
	send_storm "$s1" e0 "$FRAMES" "pkt_size 60" "dst_mac $(mac 2)"
	settle 1 2
	check_eq "$(($(link_stat "$s1" e0 tx_packets) + $(link_stat "$s1" e0 tx_dropped)))" $((SENT + 1)) "frames s1 has sent"
	check_bridge_account 1 2
	check_eq "$(br_stat forwarded)" "$(($(link_stat "$h" p1 rx_packets) - 1))" "forwarded"
}

both_ways()
{
	setup_stations 2
	learn
	bg pg_send "$s2" e0 "$FRAMES" "pkt_size 60" "dst_mac $(mac 1)"
	send_storm "$s1" e0 "$FRAMES" "pkt_size 60" "dst_mac $(mac 2)"
	wait "$BG_PID" || fail "the other pktgen failed"
	settle 1 2
	check_bridge_account 1 2
	check_ge "$(link_stat "$s1" e0 rx_packets)" 1 "frames to s1"
}

flood()
{
	setup_stations 4
	send_storm "$s1" e0 $((FRAMES / 4)) "pkt_size 60" "dst_mac 02:00:00:00:09:09"
	settle 1 2 3 4
	check_bridge_account 1 2 3 4
	check_eq "$(br_stat flood_copies)" $((3 * $(br_stat flooded))) "copies"
}

from_the_host()
{
	setup_stations 2
	learn
	send_storm "$h" vbr0 $((FRAMES / 4)) "pkt_size 60" "dst_mac $(mac 2)"
	settle 1 2
	check_eq "$(link_stat "$h" vbr0 tx_packets)" "$SENT" "frames the host has sent"
	check_bridge_account 1 2
}

# The host gets a copy of each frame that passes the bridge.
copies_for_the_host()
{
	setup_stations 3
	send_storm "$s1" e0 $((FRAMES / 4)) "pkt_size 60" "dst_mac $GROUP"
	settle 1 2 3
	check_bridge_account 1 2 3
	check_eq "$(link_stat "$h" vbr0 rx_packets)" "$(br_stat flooded)" "copies for the host"
	check_eq "$(br_stat multicast)" "$(br_stat flooded)" "multicast frames"
}

# Many senders, at two ports in turn: learned once, moved ever after.
many_senders()
{
	local learned frame=("pkt_size 60" "dst_mac 02:00:00:00:09:09" "src_mac 02:00:00:10:00:00" "src_mac_count $SENDERS")

	setup_stations 2
	# The installed ip may not know the option.
	must in_ns "$h" "$BUILD/selftests/bench/links" fdb-limit vbr0 "$BRIDGE" 0
	send_storm "$s1" e0 "$SENDERS" "${frame[@]}"
	settle 1 2
	learned=$(br_stat fdb_learned)
	check_ge "$learned" $((SENDERS / 2)) "addresses learned at all"
	check_eq "$learned" "$(link_stat "$h" p1 rx_packets)" "addresses learned"
	check_eq "$(br_stat fdb_learn_refused)" 0 "addresses refused"
	check_eq "$(fdb_count 02:00:00:1)" "$learned" "entries"
	send_storm "$s2" e0 "$SENDERS" "${frame[@]}"
	settle 1 2
	check_eq "$(($(br_stat fdb_learned) + $(br_stat fdb_moved) - learned))" "$(link_stat "$h" p2 rx_packets)" \
		"addresses moved, and those that are new"
	check_bridge_account 1 2
	must bridge -n "$h" fdb flush dev vbr0
	check_eq "$(fdb_count)" 2 "entries after a flush"
}

ALL_TESTS="
	one_way
	both_ways
	flood
	from_the_host
	copies_for_the_host
	many_senders
"
run_tests "$@"
