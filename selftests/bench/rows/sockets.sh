#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Sockets of two containers, joined by a pair, or by pair, bridge and pair. stream: TCP, cost of 1,024 bytes. rr: one byte
# there and back over TCP. crr: a TCP connection, one byte there and back, closed. udp: a datagram, 32 at a time.
#
#	process -> a ==== b -> process            process -> a ==== oa--[bridge]--ob ==== b -> process
#	          [tx]   [rx]                               [tx]        [sw]             [rx]
#
# ROWS: time:pairstream pairrr paircrr pairudp-18 time:stream rr crr rr-v6 udp-18 udp-1472 udp-1452v6
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

cost()
{
	local kind=${1#pair} address client server size count

	client=tx server=rx address=${V4[$2]}
	case $kind in
	stream) size=65536 count=400 ;;
	rr*) kind=rr size=1 count=$(by_mode 1200 500) ;;
	crr) size=1 count=$(by_mode 400 200) ;;
	udp*) size=${kind#*-} kind=udp count=$(by_mode 2560 3200) ;;
	esac
	if [[ $1 = *v6 ]]; then
		address=${V6[$2]} size=${size%v6}
	fi
	# In a profile, as many as make enough samples.
	[ -z "${BENCH_PROFILE:-}" ] || count=$((count * 20)) PROFILED=traffic,ksoftirqd/0 PROFILED_COUNT=$count
	REPLY=$("$TOOLS/bench/traffic" "$kind" $client $server "$address" "$size" "$count") || die "$1 over $2 fails"
}

# address SUBJECT A B
address()
{
	nr=$((nr + 1))
	V4[$1]=10.$nr.0.2 V6[$1]=2001:db8:$nr::2
	ip_in tx address add "10.$nr.0.1/24" dev "$2"
	ip_in rx address add "10.$nr.0.2/24" dev "$3"
	ip_in tx address add "2001:db8:$nr::1/64" dev "$2" nodad
	ip_in rx address add "2001:db8:$nr::2/64" dev "$3" nodad
}

declare -A V4 V6
pairs=(vveth veth veth-gro netkit)
switched=(vveth-vbridge veth-bridge)
nr=0
new_ns tx sw rx
with_ipv6 tx rx
for kind in "${pairs[@]}"; do
	have "$kind" || continue
	new_pair "$kind" tx "a$kind" rx "b$kind"
	address "$kind" "a$kind" "b$kind"
done
for subject in "${switched[@]}"; do
	subject_there "$subject" || continue
	new_switched "$subject" tx
	short "$subject"
	address "$subject" "a$REPLY" "b$REPLY"
done
for row in "$@"; do
	case $row in
	*stream) row "$row" KiB "TCP stream" ;;
	*crr) row "$row" conn "TCP connect, request, response" ;;
	*rr*) row "$row" trip "TCP request and response" ;;
	*udp*) row "$row" dgram "UDP datagrams" ;;
	esac
	case $row in
	pair*) rounds cost "$row" "${pairs[@]}" ;;
	*) rounds cost "$row" "${switched[@]}" ;;
	esac
done
