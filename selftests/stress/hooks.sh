#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# tcpdump, tc, nft and XDP come and go at the ports, the stations and the bridge while frames flow both ways and to all.
# All let every frame pass, and every frame is accounted for afterwards. The topology is drawn in vbridge/common.sh.
# VNET_SEED=N replays the order of what comes and goes, VNET_LONG=1 takes ten minutes.
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=../vbridge/common.sh
. "$(dirname "$0")/../vbridge/common.sh"

SECONDS_QUICK=10
SECONDS_LONG=600

# ---- what comes and goes: a function each, at a namespace and a device -------------------------------------------------

# Until it has seen some frames.
hook_tcpdump()
{
	in_ns "$1" timeout $((20 * ${VNET_SLOW:-1})) tcpdump -i "$2" -n -U -c 20 -w /dev/null 2>/dev/null
}

# All in one process: a filter at each side, changed once, and taken away with the qdisc.
hook_tc()
{
	in_ns "$1" tc -batch - <<-EOF
		qdisc add dev $2 clsact
		filter add dev $2 ingress pref 1 matchall action pass
		filter add dev $2 egress pref 1 matchall action pass
		filter replace dev $2 ingress pref 2 bpf da object-pinned $PIN-tc
		filter del dev $2 ingress pref 1
		qdisc del dev $2 clsact
	EOF
}

hook_nft()
{
	in_ns "$1" nft -f - <<-EOF
		add table netdev t
		add chain netdev t in { type filter hook ingress device "$2" priority 0; }
		add rule netdev t in counter accept
		${EGRESS//DEV/$2}
	EOF
	in_ns "$1" nft delete table netdev t
}

hook_xdp()
{
	in_ns "$1" ip -batch - <<-EOF
		link set $2 xdpgeneric pinned $PIN-xdp
		link set $2 xdpgeneric off
		link set $2 xdpgeneric pinned $PIN-xdp
		link set $2 xdpgeneric off
	EOF
}

# ---- counts -----------------------------------------------------------------------------------------------------------

# direction_settled NSA A NSB B: what A has sent B has received.
direction_settled()
{
	local sent got

	sent=$(link_stat "$1" "$2" tx_packets)
	got=$(link_stat "$3" "$4" rx_packets rx_dropped)
	[ "$sent" -eq $((${got/ /+})) ]
}

settle()
{
	local nr ns

	for nr in 1 2 3; do
		ns=s$nr
		slowwait 20 direction_settled "${!ns}" e0 "$h" "p$nr" || fail "lost between s$nr and the bridge"
		slowwait 20 direction_settled "$h" "p$nr" "${!ns}" e0 || fail "lost between the bridge and s$nr"
	done
}

# While clsact comes and goes, the device has no queue for a moment; what it swallows then is counted since 6.9.
swallowed_is_counted()
{
	[ "$(printf '%s\n6.9\n' "$(uname -r)" | sort -V | head -n 1)" = 6.9 ]
}

check_account()
{
	local nr in=0 out=0 sent dropped given

	settle
	for nr in 1 2 3; do
		in=$((in + $(link_stat "$h" "p$nr" rx_packets)))
		sent=$(link_stat "$h" "p$nr" tx_packets tx_dropped)
		out=$((out + ${sent/ /+}))
	done
	in=$((in + $(link_stat "$h" vbr0 tx_packets)))
	dropped=$(br_stat 'drop_*')
	echo "in $in forwarded $(br_stat forwarded) flooded $(br_stat flooded) copies $(br_stat flood_copies) out $out"
	check_eq $(($(br_stat forwarded) + $(br_stat flooded) + dropped)) "$in" "forwarded, flooded and dropped ($dropped)"
	given=$(($(br_stat forwarded) + $(br_stat flood_copies)))
	if swallowed_is_counted; then
		check_eq "$out" "$given" "what the ports were given"
	fi
	check_ge "$given" "$out" "what the ports were given"
}

pin_programs()
{
	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	PIN=/sys/fs/bpf/vnet-$$
	"$TOOLS/bpfload" xdp pass "$PIN-xdp" || skip "the kernel loads no BPF programs"
	defer rm -f "$PIN-xdp"
	"$TOOLS/bpfload" tc pass "$PIN-tc" || skip "the kernel loads no BPF programs"
	defer rm -f "$PIN-tc"
}

# The kernel patches its code when the first of a kind comes and when the last one goes. Under load, QEMU without hardware
# support lets a CPU run into a place that another CPU is patching ("Oops: int3"): so one of each stays, where nothing is.
hold_hooks()
{
	local held_egress=${EGRESS/netdev t/netdev hold}

	held_egress=${held_egress//DEV/lo}
	must ip -n "$s3" link set lo up
	must in_ns "$s3" ip link set lo xdpgeneric pinned "$PIN-xdp"
	must in_ns "$s3" tc qdisc add dev lo clsact
	in_ns "$s3" nft -f - <<-EOF || skip "no nft netdev family"
		add table netdev hold
		add chain netdev hold in { type filter hook ingress device "lo" priority 0; }
		$held_egress
	EOF
	bg_ns "$s3" tcpdump -i lo -n -w /dev/null 2>/dev/null
}

# One at a time at each device, in two processes of which one has the ports and one the stations.
come_and_go()
{
	local stream=$1 end=$2 places hook place done=0

	shift 2
	read -ra places <<<"$*"
	RANDOM=$((SEED + stream))
	while [ "$SECONDS" -lt "$end" ] || { [ "$done" -lt ${#HOOKS[@]} ] && [ "$SECONDS" -lt $((10 * end)) ]; }; do
		place=${places[RANDOM % ${#places[@]}]}
		hook=${HOOKS[RANDOM % ${#HOOKS[@]}]}
		# Each once, so that every run has all, at the last device.
		if [ "$done" -lt ${#HOOKS[@]} ]; then
			place=${places[-1]} hook=${HOOKS[done]}
		fi
		"$hook" "${place%:*}" "${place#*:}" || { echo "$hook at $place failed"; return 1; }
		done=$((done + 1))
	done
	echo "$done hooks came and went"
	[ "$done" -ge ${#HOOKS[@]} ]
}

traffic_passes_hooks()
{
	local pids=() pid senders=() seconds nr ns sent

	need_tool tcpdump tc nft
	need_module sch_ingress cls_matchall cls_bpf act_gact nf_tables
	seconds=$SECONDS_QUICK
	[ "${VNET_LONG:-}" != 1 ] || seconds=$SECONDS_LONG
	pin_programs
	setup_stations 3
	HOOKS=(hook_tcpdump hook_tc hook_nft hook_xdp)
	EGRESS='add chain netdev t out { type filter hook egress device "DEV" priority 0; }'
	in_ns "$h" nft -c -f - 2>/dev/null <<<"add table netdev t"$'\n'"${EGRESS//DEV/p1}" || EGRESS=''
	hold_hooks
	SECONDS=0
	# Longer than it ever takes: they are asked to stop. What comes and goes must not starve on a slow kernel.
	nice "$TOOLS/pkt" -T "$s1:e0" -D 3600 -r 1000 -s "$(mac 1)" -d "$(mac 2)" >"$CASE_DIR/1" &
	senders+=($!)
	nice "$TOOLS/pkt" -T "$s2:e0" -D 3600 -r 1000 -l 1514 -s "$(mac 2)" -d "$(mac 1)" >"$CASE_DIR/2" &
	senders+=($!)
	nice "$TOOLS/pkt" -T "$s3:e0" -D 3600 -r 300 -s "$(mac 3)" >"$CASE_DIR/3" &
	senders+=($!)
	come_and_go 1 "$seconds" "$h:p1 $h:p2 $h:vbr0" &
	pids+=($!)
	come_and_go 2 "$seconds" "$s1:e0 $s2:e0 $s3:e0" &
	pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "what was to come and go did not"
	done
	kill "${senders[@]}"
	for pid in "${senders[@]}"; do
		wait "$pid" || fail "a sender failed"
	done
	cat "$CASE_DIR"/[123]
	check_account
	for nr in 1 2 3; do
		ns=s$nr
		pkt_read "$CASE_DIR/$nr"
		sent=$(link_stat "${!ns}" e0 tx_packets tx_dropped)
		if swallowed_is_counted; then
			check_eq "${PKT[tx.sent]}" $((${sent/ /+})) "frames sent by s$nr"
		fi
		check_ge "${PKT[tx.sent]}" $((${sent/ /+})) "frames sent by s$nr"
		check_ge "${PKT[tx.sent]}" 100 "frames sent by s$nr"
	done
	check_eq "$(ip -n "$h" -d link show | grep -c 'prog/xdp')" 0 "programs left"
}

SEED=${VNET_SEED:-$RANDOM}
echo "# seed: VNET_SEED=$SEED"
ALL_TESTS="traffic_passes_hooks"
run_tests "$@"
