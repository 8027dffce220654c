#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet tun: tun and tap devices, and the programs that have them.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_and_show()
{
	setup_ns a
	make_bridge "$a" br0
	check_status 0 "" vnet "$a" tun add t0 mode tap user nobody multi_queue vnet_hdr master br0 up
	check_status 0 "" vnet "$a" tun add t1 mode tun group 12345
	check_eq "$(vnet_json "$a" '.[0] | [.ifname, .mode, .user, .persist, .multi_queue, .vnet_hdr, .pi, .queues] | map(tostring) | join(" ")' \
		tun t0)" "t0 tap nobody true true true false 0" "t0"
	check_eq "$(vnet_json "$a" '.[0] | [.mode, .gid, .vnet_hdr_sz] | map(tostring) | join(" ")' tun t1)" "tun 12345 10" "t1"
	check_match "$(vnet "$a" tun t0)" "^[0-9]+ t0 mode tap user nobody persist multi_queue vnet_hdr vnet_hdr_sz 10 " "text"
	check_eq "$(vnet_column "$a" ifname port)" t0 "ports"
	check_eq "$(ip -n "$a" -j -d link show t1 | jq -r '.[0].linkinfo.info_data.type')" tun "what ip says of t1"
	check_status 0 "" vnet "$a" tun del t0
	check_status 0 "" vnet "$a" tun del t1
	check_status 0 "" vnet "$a" tun add t1 user 012345
	check_eq "$(vnet_get "$a" uid tun t1)" 12345 "a user in decimal digits"
	check_status 1 "\"user 0x10\": must be a number" vnet "$a" tun add t2 user 0x10
	check_status 0 "" vnet "$a" tun del t1
	check_eq "$(links "$a")" br0 "devices"
}

# The lib's own program attaches and waits.
programs_that_have_it()
{
	setup_ns a
	check_status 0 "" vnet "$a" tun add t0
	check_eq "$(vnet_json "$a" '.[0].users | length' tun)" 0 "programs at first"
	hold_tun t0
	check_eq "$(vnet_json "$a" '.[0].users[] | "\(.pid) \(.files)"' tun)" "$BG_PID 1" "the program"
	check_match "$(vnet "$a" tun)" $'\n'"    pid $BG_PID command python3 files 1" "text"
	check_eq "$(vnet_get "$a" queues tun)" 1 "queues"
}

# hold_tun NAME: a program that has the device, in the background
hold_tun()
{
	need_tool python3
	bg_ns "$a" python3 -c '
import fcntl, signal, struct, sys
f = open("/dev/net/vtun", "r+b", buffering=0)
fcntl.ioctl(f, 0x400454ca, struct.pack("16sH22x", sys.argv[1].encode(), 0x1002))
signal.pause()' "$1"
	busywait 5000 has_program || die "no program attaches"
}

has_program()
{
	[ "$(vnet_get "$a" queues tun)" = 1 ]
}

bad_words()
{
	setup_ns a
	make_pair "$a" va vb
	check_status 1 "\"add\" needs the name of a device" vnet "$a" tun add
	check_status 1 "\"mode tup\": must be tun or tap" vnet "$a" tun add t0 mode tup
	check_status 1 "\"user nobody9\": this system knows no such name" vnet "$a" tun add t0 user nobody9
	check_status 1 "\"group -1\": this system knows no such name" vnet "$a" tun add t0 group -1
	check_status 1 "\"up2\" is not understood" vnet "$a" tun add t0 up2
	check_status 1 "is no device name" vnet "$a" tun add a/b
	check_status 1 "no device \"gone0\"" vnet "$a" tun add t0 master gone0
	check_status 1 "no device \"gone0\"" vnet "$a" tun show gone0
	check_status 1 "\"va\" is not a vtun device but of type vveth" vnet "$a" tun va
	check_status 1 "\"dev\" needs the name of a device" vnet "$a" tun show dev
	check_status 1 "\"extra\" is not understood" vnet "$a" tun show va extra
	check_status 1 "\"va\" is not a vtun device but of type vveth" vnet "$a" tun del va
	check_status 1 "\"extra\" is not understood" vnet "$a" tun del va extra
	check_status 2 "cannot make the device va: .*File exists" vnet "$a" tun add va
	check_eq "$(links "$a")" "va vb" "devices"
}

none_and_no_module()
{
	setup_ns a
	must modprobe vtun
	check_status 0 "" vnet "$a" tun
	check_eq "$(vnet "$a" -j tun)" "[]" "JSON"
	must unload
	check_status 0 "modprobe -a vtun" vnet "$a" tun
}

ALL_TESTS="make_and_show programs_that_have_it bad_words none_and_no_module"
run_tests "$@"
