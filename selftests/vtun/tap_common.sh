# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For the tests of vtap:
#
#	need_tap		skips where the kernel has no tap library
#	node_of NS NAME		the number of its char device, MAJOR:MINOR, or nothing
#	bridge_for_machine	vbr0 in a new namespace a, and behind its port v0 a station, v1 with 192.0.2.1 in b
#	program NS NAME ARG...	tun of lib/ on its char device, with ARG; PROGRAM is its output

need_tap()
{
	modprobe vtap 2>/dev/null || skip "the kernel has no tap library"
}

node_of()
{
	ip_attr "$1" "$2" node
}

bridge_for_machine()
{
	setup_ns a b
	must ip -n "$a" link add vbr0 type "$BRIDGE"
	must ip -n "$a" link set vbr0 up
	add_pair "$a" v0 "$b" v1
	must ip -n "$a" link set v0 master vbr0
	must ip -n "$b" addr add 192.0.2.1/24 dev v1
}

program()
{
	local ns=$1 name=$2 number path

	shift 2
	number=$(node_of "$ns" "$name")
	[ -n "$number" ] || die "$name has no node"
	path=/run/vnet-tap.$name.$$
	rm -f "$path"
	must mknod "$path" c "${number%:*}" "${number#*:}"
	defer rm -f "$path"
	PROGRAM=$CASE_DIR/$name.out
	bg_ns "$ns" "$TOOLS/tun" -n "$path" -i "$name" "$@" tap >"$PROGRAM" 2>&1
	busywait 5000 grep -q . "$PROGRAM" || die "the program says nothing"
}
