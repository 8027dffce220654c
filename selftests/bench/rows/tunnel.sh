#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# UDP between two hosts through a tunnel that programs of theirs make, without encryption, 32 datagrams at a time: by mapped
# rings, or by read and write.
#
#	socket -> tun -> program -> socket -> veth ==== veth -> socket -> program -> tun -> socket
#	[tx                                          ]  [rx                                     ]
#
# What is subtracted are the same datagrams between the same sockets without the tunnel.
#
# ROWS: tunnel-1472
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

cost()
{
	REPLY=$("$TOOLS/bench/traffic" udp tx rx "${ADDRESS[$2]}" "${1#*-}" "$DATAGRAMS") || die "$1 over $2 fails"
}

# tunnel HOW KIND NR: both programs, and the addresses of their devices.
tunnel()
{
	local how=$1 kind=$2 nr=$3 ns fd ready ends=(x 1 2)

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
	ADDRESS[$kind]=10.9.$nr.2
}

declare -A ADDRESS=([floor]=10.0.0.2)
DATAGRAMS=$(by_mode 2560 3200)
[ -z "${BENCH_PROFILE:-}" ] || DATAGRAMS=25600
# shellcheck disable=SC2034 # read by profile()
PROFILED=traffic,tunnel,ksoftirqd/0 PROFILED_COUNT=$DATAGRAMS
mkdir -p /dev/net
have tun || die "no tun device"
new_ns tx rx
new_pair veth tx wire0 rx wire1
for nr in 0 1 2; do
	ip_in tx address add "10.$nr.0.1/24" dev wire0
	ip_in rx address add "10.$nr.0.2/24" dev wire1
done
ip_in tx link set wire0 mtu 1600
ip_in rx link set wire1 mtu 1600
have vtun && tunnel rings vtun 1
tunnel calls tun 2
for row in "$@"; do
	row "$row" dgram "UDP datagrams through a tunnel; ${row#*-}"
	rounds cost "$row" vtun tun floor
done
