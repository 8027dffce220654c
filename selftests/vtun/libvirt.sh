#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A machine of libvirt's on a tap of vtun's, and on a vtap: the descriptions of Documentation/vms.md.
#
#	guest's eth0 - t0 ---+-- vbr0 --+--- v0 ---- v1 (b)
#	                    (a)
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/tap_common.sh"

PAGE=$SELFTESTS/../Documentation/vms.md
HOOK=${VNET_EXAMPLES:-$SELFTESTS/../Documentation/examples}/libvirt/qemu

# on_page NAME END: what Documentation/vms.md has behind that comment, to the element's end.
on_page()
{
	local lines

	lines=$(sed -n "/^    <!-- $1 -->/,/^    <\\/$2>/s/^    //p" "$PAGE")
	[ -n "$lines" ] || die "no $1 in Documentation/vms.md"
	echo "$lines"
}

# described INTERFACE [METADATA]: a machine.
described()
{
	cat <<-EOF
		<domain type='qemu'>
		  <name>red</name>
		  ${2-}
		  <memory unit='MiB'>256</memory>
		  <os>
		    <type arch='x86_64'>hvm</type>
		    <kernel>$CASE_DIR/guest/vmlinuz</kernel>
		    <initrd>$CASE_DIR/guest/initrd</initrd>
		    <cmdline>console=ttyS0 quiet panic=-1 mitigations=off</cmdline>
		  </os>
		  <cpu mode='custom' match='exact' check='none'><model>qemu64</model></cpu>
		  <devices>
		    <emulator>$CASE_DIR/bin/qemu-system-x86_64</emulator>
		    <serial type='file'><source path='$CASE_DIR/console'/></serial>
		    <memballoon model='none'/>
		    $1
		  </devices>
		</domain>
	EOF
}

# wrapped PROGRAM VARIABLE: the program with that of the environment.
wrapped()
{
	printf '#!/bin/sh\n%s=%s exec %s "$@"\n' "$2" "${!2-}" "$(type -P "$1")" >"$CASE_DIR/bin/$1"
	chmod 755 "$CASE_DIR/bin/$1"
}

start_libvirt()
{
	# Of Debian's package with libvirtd's own unit, which has no place here.
	getent passwd libvirt-qemu >/dev/null || must useradd -r -U libvirt-qemu
	mkdir -p /etc/libvirt
	printf '%s\n' 'user = "root"' 'group = "root"' 'security_driver = "none"' 'stdio_handler = "file"' \
		'cgroup_controllers = [ ]' 'namespaces = [ ]' >/etc/libvirt/qemu.conf
	# libvirtd empties the environment: what the C library needs in User-Mode Linux (selftests/um/run), and ip for its plugins.
	mkdir "$CASE_DIR/bin"
	wrapped qemu-system-x86_64 GLIBC_TUNABLES
	wrapped ip IP_LIB_DIR
	PATH=$CASE_DIR/bin:$PATH bg_ns "$a" libvirtd 2>"$CASE_DIR/libvirtd"
	busywait 20000 virsh_a version || die "libvirtd does not answer: $(cat "$CASE_DIR/libvirtd")"
}

virsh_a()
{
	in_ns "$a" virsh -q -c qemu:///system "$@" >"$CASE_DIR/virsh" 2>&1
}

up_or_gone()
{
	grep -q 'guest is up' "$CASE_DIR/console" 2>/dev/null || ! virsh_a domstate red || ! grep -q running "$CASE_DIR/virsh"
}

# machine_on INTERFACE [METADATA]: is up, and answers.
machine_on()
{
	described "$@" >"$CASE_DIR/red.xml"
	virsh_a create "$CASE_DIR/red.xml" || die "virsh create: $(<"$CASE_DIR/virsh")"
	defer virsh_a destroy red
	slowwait 300 up_or_gone
	grep -q 'guest is up' "$CASE_DIR/console" || die "the guest does not come up: $(tail -n 3 "$CASE_DIR/console")"
	in_ns "$b" ping -q -c 10 -i 0.2 -W 20 192.0.2.2 || fail "no echo from the guest"
}

make_machine()
{
	need_tool libvirtd virsh qemu-system-x86_64 busybox cpio unxz
	"$SELFTESTS/vm/machine" "$CASE_DIR/guest" 192.0.2.2/24 'while :; do sleep 1000; done' || skip "no kernel to boot"
	bridge_for_machine
}

is_gone()
{
	! ip -n "$a" link show "$1" >/dev/null 2>&1
}

tap_by_the_hook()
{
	need_module vtun
	make_machine
	install -D -m 755 "$HOOK" /etc/libvirt/hooks/qemu
	defer rm -r /etc/libvirt/hooks
	start_libvirt
	machine_on "$(on_page vtun interface)" "$(on_page hook metadata)"
	check_match "$(ip -n "$a" -d link show red0)" 'master vbr0' "the tap"
	virsh_a destroy red || fail "virsh destroy: $(<"$CASE_DIR/virsh")"
	busywait 10000 is_gone red0 || fail "the tap stays when the machine is gone"
	# Where the hook cannot do it, there is no machine, and nothing left.
	described "$(on_page vtun interface)" "$(on_page hook metadata | sed s/vbr0/gone0/)" >"$CASE_DIR/red.xml"
	virsh_a create "$CASE_DIR/red.xml" && fail "a machine whose bridge is not there"
	check_match "$(<"$CASE_DIR/virsh")" 'Hook script execution failed' "why not"
	is_gone red0 || fail "a tap stays without a bridge"
}

# hook MACHINE OPERATION: as libvirt calls it, with the description of every machine the same.
hook()
{
	on_page hook metadata | in_ns "$a" "$HOOK" "$1" "${@:2}" -
}

# libvirt says release of a machine that was refused, too.
hook_takes_what_it_has_made()
{
	need_module vtun
	setup_ns a
	must ip -n "$a" link add vbr0 up type vbridge
	hook red prepare begin || die "no tap for red"
	check_match "$(ip -n "$a" -d link show red0)" 'master vbr0.* alias libvirt red' "the tap"
	hook blue prepare begin 2>/dev/null && fail "blue gets what is red's"
	hook blue release end
	hook re release end
	is_gone red0 && fail "the tap of red goes with another machine"
	hook red release end
	is_gone red0 || fail "the tap stays when red has ended"
	must ip -n "$a" link add red0 type vtun mode tap
	hook red release end
	is_gone red0 && fail "what the hook has not made goes with the machine"
}

vtap_that_is_there()
{
	local path=/run/vnet-libvirt.$$ node

	need_tap
	make_machine
	must ip -n "$a" link add red0 address 52:54:00:00:00:01 type vtap peer name red0p
	must ip -n "$a" link set red0p master vbr0
	up_both "$a" red0 "$a" red0p
	node=$(node_of "$a" red0)
	must mknod "$path" c "${node%:*}" "${node#*:}"
	defer rm -f "$path"
	start_libvirt
	machine_on "$(on_page vtap interface | sed "s,/dev/tap7,$path,")"
	check_ge "$(ethtool_stat "$a" red0p direct_rx)" 5 "frames that came from the guest directly"
}

ALL_TESTS="
	hook_takes_what_it_has_made
	tap_by_the_hook
	vtap_that_is_there
"
run_tests "$@"
