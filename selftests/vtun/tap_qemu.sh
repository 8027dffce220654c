#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A machine in the machine: QEMU with vhost-net on a vtap whose other end is a port of a vbridge; and on a vtun that is the
# port itself, by its descriptor.
#
#	guest's eth0 - vhost-net - n0 -- p0 ---+-- vbr0 --+--- v0 ---- v1 (b)
#	guest's eth0 - QEMU ------------- t0 --+         (a)
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/tap_common.sh"

# start_guest OPTIONS COMMAND...: with -netdev tap,OPTIONS, by a command that gives QEMU a descriptor. Two emulators on top of each
# other do not get page tables of five levels right, nor the widest exchange.
start_guest()
{
	local options=$1

	shift
	bg_ns "$a" "$@" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -accel tcg \
		-cpu max,la57=off,cx16=off -m 256 -kernel "$CASE_DIR/guest/vmlinuz" -initrd "$CASE_DIR/guest/initrd" \
		-append 'console=ttyS0 quiet panic=-1 mitigations=off' \
		-serial "file:$CASE_DIR/console" -netdev "tap,id=n0,$options" \
		-device virtio-net-pci,netdev=n0,mac=02:00:00:00:00:02,romfile=
	QEMU_PID=$BG_PID
	slowwait 300 up_or_gone
	grep -q 'guest is up' "$CASE_DIR/console" && return
	cat "$CASE_DIR/console"
	die "the guest does not come up"
}

make_guest()
{
	[ "$(rounds 1 0)" = 1 ] || skip "the machine is slow"
	need_tool qemu-system-x86_64 busybox socat cpio unxz
	"$SELFTESTS/vm/machine" "$CASE_DIR/guest" 192.0.2.2/24 'while :; do nc -l -p 5000 -e cat; done' || skip "no kernel to boot"
	bridge_for_machine
}

up_or_gone()
{
	grep -qs 'guest is up' "$CASE_DIR/console" || ! kill -0 "$QEMU_PID" 2>/dev/null
}

echo_back()
{
	head -c 300000 /dev/urandom >"$CASE_DIR/sent"
	in_ns "$b" ping -q -c 10 -i 0.2 -W 20 192.0.2.2 || fail "no echo from the guest"
	in_ns "$b" timeout 200 socat -t 60 - TCP:192.0.2.2:5000,retry=30,interval=1 <"$CASE_DIR/sent" >"$CASE_DIR/back"
	cmp "$CASE_DIR/sent" "$CASE_DIR/back" || fail "what came back is not what was sent"
}

guest_on_vhost()
{
	local path=/run/vnet-qemu.$$ number

	need_module vhost_net
	need_tap
	make_guest
	must ip -n "$a" link add n0 address 02:00:00:00:00:02 type vtap peer name p0
	must ip -n "$a" link set p0 master vbr0
	up_both "$a" n0 "$a" p0
	number=$(node_of "$a" n0)
	must mknod "$path" c "${number%:*}" "${number#*:}"
	defer rm -f "$path"
	# shellcheck disable=SC2016 # the other shell's
	start_guest fd=3,vhost=on bash -c 'path=$1; shift; exec "$@" 3<>"$path"' - "$path"
	check_match "$(readlink "/proc/$QEMU_PID/fd/"* | xargs)" '/dev/vhost-net' "files of QEMU"
	echo_back
	# Ten echoes, and a transfer that may take few frames where these are long.
	check_ge "$(ethtool_stat "$a" n0 direct_rx)" 20 "frames that went to vhost directly"
	check_ge "$(ethtool_stat "$a" p0 direct_rx)" 20 "frames that came from vhost directly"
	check_eq "$(ethtool_stat "$a" n0 drop_copy_in)" 0 "frames that vhost has brought in vain"
	# The pair goes while the machine runs, and the machine goes later.
	must ip -n "$a" link del p0
	stop_bg "$QEMU_PID"
	must rmmod vtap
}

guest_by_descriptor()
{
	load vtun
	make_guest
	must ip -n "$a" link add t0 type vtun mode tap vnet_hdr
	must ip -n "$a" link set t0 master vbr0 up
	start_guest fd=8 "$TOOLS/tun" -i t0 -x 8 tap vnet_hdr --
	echo_back
	# Those for QEMU go by the device's qdisc, which a full ring stops.
	check_ge "$(ethtool_stat "$a" t0 direct_rx)" 20 "frames that came from QEMU directly"
	# The device is persistent: it stays when the program goes, and carries nothing then.
	stop_bg "$QEMU_PID"
	slowwait 10 without_carrier || fail "the device has a carrier without its program"
	must ip -n "$a" link del t0
}

without_carrier()
{
	[ "$(link_flag "$a" t0 LOWER_UP)" = no ]
}

ALL_TESTS="guest_on_vhost guest_by_descriptor"
run_tests "$@"
