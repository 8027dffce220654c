#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Two hosts, and a tunnel that programs of theirs make, without encryption: by mapped rings; by read and write (tun); or by
# these with all that they can do as well as rings (tun-offload, see tunnel.c). tunnel: UDP, 32 datagrams at a time. senders:
# TCP, from eight at once. beside: one byte there and back over TCP, beside those eight. What the program is too slow for waits
# in a qdisc, and stops there (vtun), or is lost where the device has none (rings-noqueue) or does not say that it is full (tun).
#
#	socket -> tun -> program -> socket -> veth ==== veth -> socket -> program -> tun -> socket
#	[tx                                          ]  [rx                                     ]
#
# What is subtracted from tunnel is the same between the same sockets without the tunnel.
#
# ROWS: tunnel-1472 time:senders-8 time:beside-8
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

cost()
{
	case $1 in
	tunnel-*)
		REPLY=$("$TOOLS/bench/traffic" udp tx rx "${ADDRESS[$2]}.2" "${1#*-}" "$DATAGRAMS") || die "$1 over $2 fails"
		;;
	senders-*)
		# shellcheck disable=SC2016 # for that shell to expand
		REPLY=$("$TOOLS/bench/traffic" run bash -c "$STREAMS"'; wait' "$TOOLS/bench/traffic" "${ADDRESS[$2]}" "$WRITES")
		REPLY=$((REPLY / (8 * WRITES * 64)))
		;;
	beside-*) beside "$2" ;;
	esac
}

# The streams are many times as long as the rounds.
beside()
{
	local streams

	setsid bash -c "$STREAMS; wait" "$TOOLS/bench/traffic" "${ADDRESS[$1]}" 1000000 &
	streams=$!
	sleep 0.3
	REPLY=$("$TOOLS/bench/traffic" rr tx rx "${ADDRESS[$1]}.10" 1 "$TRIPS") || die "nothing comes back beside streams over $1"
	kill -KILL -- "-$streams"
	wait "$streams" 2>/dev/null
}

# tunnel HOW KIND NR: both programs, and the addresses of their devices.
tunnel()
{
	local how=$1 kind=$2 nr=$3 ns fd ready end ends

	for ns in tx:1:2 rx:2:1; do
		IFS=: read -r -a ends <<<"$ns"
		exec {fd}< <(exec "$TOOLS/bench/tunnel" "$how" "${ends[0]}" "t$kind" "10.$nr.0.${ends[1]}" "10.$nr.0.${ends[2]}")
		SINKS+=($!)
		ready=''
		read -r ready <&"$fd"
		exec {fd}<&-
		[ "$ready" = ready ] || die "no tunnel of $kind"
		ip_in "${ends[0]}" link set "t$kind" up mtu 1500
		ip_in "${ends[0]}" address add "10.9.$nr.${ends[1]}/24" dev "t$kind"
	done
	for end in {3..10}; do
		ip_in rx address add "10.9.$nr.$end/24" dev "t$kind"
	done
	ADDRESS[$kind]=10.9.$nr
}

declare -A ADDRESS=([floor]=10.0.0)
# Eight streams in the background.
# shellcheck disable=SC2016 # for another shell to expand
STREAMS='for i in {2..9}; do "$0" stream tx rx "$1.$i" 65536 "$2" >/dev/null & done' WRITES=40
# A trip beside the streams takes a good part of a second on a busy machine: few of them, in few rounds, once in each.
TRIPS=6
DATAGRAMS=$(by_mode 2560 3200)
[ -z "${BENCH_PROFILE:-}" ] || DATAGRAMS=25600
# shellcheck disable=SC2034 # read by profile()
PROFILED=traffic,tunnel,ksoftirqd/0 PROFILED_COUNT=$DATAGRAMS
mkdir -p /dev/net
have tun || die "no tun device"
new_ns tx rx
new_pair veth tx wire0 rx wire1
for nr in 0 1 2 3 4; do
	ip_in tx address add "10.$nr.0.1/24" dev wire0
	ip_in rx address add "10.$nr.0.2/24" dev wire1
done
ip_in tx link set wire0 mtu 1600
ip_in rx link set wire1 mtu 1600
if have vtun; then
	tunnel rings vtun 1
	tunnel rings rings-noqueue 3
	must tc -n tx qdisc replace dev trings-noqueue root noqueue
	must tc -n rx qdisc replace dev trings-noqueue root noqueue
fi
tunnel calls tun 2
tunnel offload tun-offload 4
for row in "$@"; do
	case $row in
	tunnel-*)
		row "$row" dgram "UDP datagrams through a tunnel; ${row#*-}"
		rounds cost "$row" vtun tun tun-offload floor
		;;
	senders-*)
		row "$row" KiB "eight TCP streams at once through a tunnel"
		rounds cost "$row" vtun rings-noqueue tun
		;;
	beside-*)
		TRIES=1 ROUNDS=$((ROUNDS < 3 ? ROUNDS : 3))
		row "$row" trip "TCP request and response through a tunnel, beside eight streams"
		rounds cost "$row" vtun rings-noqueue tun
		;;
	esac
done
