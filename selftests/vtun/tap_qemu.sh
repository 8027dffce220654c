#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A machine in the machine: QEMU with vhost-net on a vtap whose other end is a port of a vbridge.
#
#	guest's eth0 - vhost-net - n0 -- p0 ---+-- vbr0 --+--- v0 ---- v1 (b)
#	                                     (a)
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/tap_common.sh"

# start_guest NUMBER: on the char device of that number. Two emulators on top of each other do not get page tables of five
# levels right.
start_guest()
{
	local path=/run/vnet-qemu.$$

	must mknod "$path" c "${1%:*}" "${1#*:}"
	defer rm -f "$path"
	bg_ns "$a" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -accel tcg \
		-cpu max,la57=off -m 256 -kernel "$CASE_DIR/guest/vmlinuz" -initrd "$CASE_DIR/guest/initrd" \
		-append 'console=ttyS0 quiet panic=-1 mitigations=off' \
		-serial "file:$CASE_DIR/console" -netdev tap,id=n0,fd=3,vhost=on \
		-device virtio-net-pci,netdev=n0,mac=02:00:00:00:00:02,romfile= 3<>"$path"
	QEMU_PID=$BG_PID
}

up_or_gone()
{
	grep -q 'guest is up' "$CASE_DIR/console" || ! kill -0 "$QEMU_PID" 2>/dev/null
}

echo_back()
{
	head -c 300000 /dev/urandom >"$CASE_DIR/sent"
	in_ns "$b" timeout 200 socat -t 60 - TCP:192.0.2.2:5000 <"$CASE_DIR/sent" >"$CASE_DIR/back"
	cmp "$CASE_DIR/sent" "$CASE_DIR/back" || fail "what came back is not what was sent"
}

guest_on_vhost()
{
	need_tool qemu-system-x86_64 busybox socat cpio unxz
	need_module vhost_net
	need_tap
	"$SELFTESTS/vm/machine" "$CASE_DIR/guest" 192.0.2.2/24 'while :; do nc -l -p 5000 -e cat; done' || skip "no kernel to boot"
	bridge_for_machine
	must ip -n "$a" link add n0 address 02:00:00:00:00:02 type vtap peer name p0
	must ip -n "$a" link set p0 master vbr0
	up_both "$a" n0 "$a" p0
	start_guest "$(node_of "$a" n0)"
	slowwait 300 up_or_gone
	grep -q 'guest is up' "$CASE_DIR/console" || die "the guest does not come up: $(tail -n 3 "$CASE_DIR/console")"
	check_match "$(readlink "/proc/$QEMU_PID/fd/"* | xargs)" '/dev/vhost-net' "files of QEMU"
	in_ns "$b" ping -q -c 10 -i 0.2 -W 20 192.0.2.2 || fail "no echo from the guest"
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

ALL_TESTS="guest_on_vhost"
run_tests "$@"
