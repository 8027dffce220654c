#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A TAP device, one frame for each system call: written, up to its drop by the stack; and read.
#
#	process -> write -> tap -> drop          tap queue -> read -> process
#
# ROWS: tunwrite-64 tunwrite-1500 tunread-64 tunread-1500
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

cost()
{
	local size=${1#*-} what=${1%-*}

	case $size in
	64) size=60 ;;
	1500) size=1514 ;;
	esac
	REPLY=$("$TOOLS/bench/tunrw" "/dev/net/$2" "${what#tun}" "$size" "$COUNT") || die "$2 fails"
}

# shellcheck disable=SC2034 # read by profile(), with what makes the frames that are read
PROFILED=tunrw
mkdir -p /dev/net
have tun || die "no tun device"
for row in "$@"; do
	case $row in
	tunwrite-*) row "$row" frame "written into a tap device; ${row#*-}" ;;
	tunread-*) row "$row" frame "read from a tap device; ${row#*-}" ;;
	esac
	rounds cost "$row" vtun tun
done
