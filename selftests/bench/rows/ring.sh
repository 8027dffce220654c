#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A TAP device by mapped rings, 32 frames at a time, against one by read and write: written for another host, up to the
# drop, for which the rings need no skb; written for this one, up to the drop by the stack for a wrong checksum; sent and
# taken; and from one program to another, by a bridge.
#
#	process -> ring -> tap -> drop          process -> ring -> tap -> stack -> drop
#
#	socket -> tap -> ring -> process
#
#	process -> ring -> tap ==[bridge]== tap -> ring -> process
#
# What a socket's sending costs up to the device is taken off the second: see tunring.c. The taps of the bridge have no
# qdisc, and the destination is a static entry.
#
# ROWS: ringwrite-64 ringwrite-1500 ringup-64 ringup-1500 ringread-64 ringread-1500 ringcross-64 ringcross-1500
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

cost()
{
	local size=${1#*-} what=${1%-*} by=rw ends=()

	case $size in
	64) size=60 ;;
	1500) size=1514 ;;
	esac
	[ "${2%%-*}" != vtun ] || by=ring
	[ "$what" != ringcross ] || ends=("$by"0 "$by"1)
	REPLY=$("$TOOLS/bench/tunring" "$by" "${what#ring}" "$size" "$COUNT" "${ends[@]}") || die "$2 fails"
}

# crossing BY BRIDGE: two taps that stay, and a bridge that knows the frames' destination.
crossing()
{
	local by=$1 bridge=$2 end

	new_bridge '' "br$by" "$bridge"
	for end in 0 1; do
		if [ "$by" = ring ]; then
			ip_in '' link add "$by$end" type vtun mode tap
		else
			must ip tuntap add dev "$by$end" mode tap
		fi
		must tc qdisc replace dev "$by$end" root noqueue
		ip_in '' link set "$by$end" up master "br$by"
	done
	if [ "$bridge" = vbridge ]; then
		must bridge fdb replace 02:00:00:00:0b:ad dev "br$by" self static via "${by}1"
	else
		must bridge fdb replace 02:00:00:00:0b:ad dev "${by}1" master static
	fi
	DUMMIES+=("${by}0" "${by}1" "br$by")
}

PROFILED=tunring
mkdir -p /dev/net
have tun || die "no tun device"
have bridge || die "no bridge"
have vtun && have vbridge && crossing ring vbridge
crossing rw bridge
for row in "$@"; do
	case $row in
	ringwrite-*) row "$row" frame "written into a tap device for another host, by ring; ${row#*-}" ;;
	ringup-*) row "$row" frame "written into a tap device and dropped by the stack, by ring; ${row#*-}" ;;
	ringread-*) row "$row" frame "sent through a tap device, and taken by ring; ${row#*-}" ;;
	ringcross-*) row "$row" frame "from program to program by rings, taps and a bridge; ${row#*-}" ;;
	esac
	case $row in
	ringcross-*) rounds cost "$row" vtun-vbridge tun-bridge ;;
	*) rounds cost "$row" vtun tun ;;
	esac
done
