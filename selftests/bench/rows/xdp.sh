#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Frames that come to a pair without an skb, and AF_XDP.
#
#	the kernel's maker of XDP frames -> XDP_REDIRECT -> aKIND ==== bKIND -> skb -> drop
#	the kernel's maker of XDP frames -> XDP_REDIRECT -> aTAG ==== oaTAG--[bridge]--obTAG ==== bTAG -> skb -> drop
#	AF_XDP socket -> aKIND ==== bKIND -> XDP_REDIRECT -> AF_XDP socket
#	                             [rx]
#
# In-tree veth takes such frames only where its receiving end has a program (veth-dummy: one that passes everything) or
# GRO (veth-gro); vveth has neither of the two here, but what it is made with. The floor of the first is the same maker
# with XDP_DROP, and the receive path; that of the second, sending from an AF_XDP socket into a device that drops. In
# afxdpzc-* both sockets of vveth are bound without a copy in the kernel, which veth has not: all that either mode costs is
# compared, without a floor. In redirectbridge-* the in-tree pair in front of the bridge has GRO, for the same reason as above.
#
# ROWS: redirect-64 redirect-1500 redirectbridge-64 redirectbridge-1500 afxdp-64 afxdp-1500 afxdpzc-64 afxdpzc-1500
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

PIN=/sys/fs/bpf/bench-$$
# shellcheck disable=SC2034 # read by profile()
PROFILED=xdpgen,xsk,ksoftirqd/0

redirect()
{
	local kind=$1 before

	if [ "$kind" = floor ]; then
		REPLY=$("$TOOLS/bench/xdpgen" drop "$COUNT" "$SIZE" "$OTHER") || die "no XDP frames are made"
		before=$REPLY
		pg_rx "$COUNT" "${FRAME[@]}"
		REPLY=$((REPLY + before))
		return
	fi
	redirect_into "$kind"
}

# redirect_into TAG: frames into aTAG, all of which have to arrive at bTAG.
redirect_into()
{
	local before index cost

	received rx "b$1"
	before=$REPLY
	index=$(<"/sys/class/net/a$1/ifindex")
	cost=$("$TOOLS/bench/xdpgen" "$index" "$COUNT" "$SIZE" "$OTHER") || die "XDP_REDIRECT into a$1"
	arrived rx "b$1" "$before" "$COUNT"
	REPLY=$cost
}

redirect_bridge()
{
	if [ "$1" = floor ]; then
		redirect floor
	else
		# One source and one destination: whether they share a bucket is the table's seed.
		fresh_bridge "$1"
		short "$1"
		redirect_into "$REPLY"
	fi
}

afxdp()
{
	local args=(-T ":a$1" -R "rx:b$1") out

	[ "$1" != vveth ] || args+=(${2:+-z "$2"})
	[ "$1" != floor ] || args=(-T :drop0)
	out=$("$TOOLS/lib/xsk" "${args[@]}" -c "$COUNT" -l "$SIZE") || die "AF_XDP through a$1"
	[ "$1" = floor ] || [[ $out == *"frames=$COUNT wrong=0 late=0"* ]] || die "AF_XDP through a$1: $out"
	REPLY=${out#*cost=}
	REPLY=${REPLY%%$'\n'*}
}

cost()
{
	case $1 in
	redirect-*) redirect "$2" ;;
	redirectbridge-*) redirect_bridge "$2" ;;
	afxdp-*) afxdp "$2" '' ;;
	afxdpzc-*) afxdp "$2" tr ;;
	esac
}

subjects=(vveth veth-dummy veth-gro)
switched=(vveth-vbridge veth-bridge)
new_ns rx sw
new_floor
new_dummy drop0
mountpoint -q /sys/fs/bpf || must mount -t bpf bpf /sys/fs/bpf
must "$TOOLS/lib/xdpload" "$PIN" pass
for kind in "${subjects[@]}"; do
	have "${kind%-*}" || continue
	new_pair "${kind%-dummy}" '' "a$kind" rx "b$kind"
done
if [[ " $* " == *' redirectbridge-'* ]]; then
	for subject in "${switched[@]}"; do
		! subject_there "$subject" || new_switched "$subject"
	done
	must in_ns sw ethtool -K oatb gro on
fi
for row in "$@"; do
	SIZE=$([ "${row#*-}" = 64 ] && echo 60 || echo 1514)
	frame "${row#*-}"
	case $row in
	redirect-*)
		must in_ns rx ip link set bveth-dummy xdpdrv pinned "$PIN"
		row "$row" frame "XDP_REDIRECT into a pair, an skb at its other end; ${row#*-}"
		rounds cost "$row" "${subjects[@]}" floor
		must in_ns rx ip link set bveth-dummy xdpdrv off
		;;
	redirectbridge-*)
		row "$row" frame "XDP_REDIRECT into pair, bridge, pair, an skb at its end; ${row#*-}"
		rounds cost "$row" "${switched[@]}" floor
		;;
	afxdp-*)
		row "$row" frame "AF_XDP in copy mode through a pair; ${row#*-}"
		rounds cost "$row" vveth veth-dummy floor
		;;
	afxdpzc-*)
		row "$row" frame "AF_XDP through a pair, vveth without a copy in the kernel; ${row#*-}"
		rounds cost "$row" vveth veth-dummy
		;;
	esac
done
rm "$PIN"
