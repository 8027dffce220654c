#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet topo: every device once, joined to what it is joined to, in all forms of the picture.
#
#	+-------- a ---------+     +-- b --+    +-- c --+
#	|  br0 -- va --------+-----+-- eth0|    |       |
#	|      \- vc --------+-----+-------+----+-- eth0|
#	|  vx -- vy    t0    |     +-------+    +-------+
#	+--------------------+
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

setup_picture()
{
	setup_ns a b c
	add_pair "$a" va "$b" eth0
	add_pair "$a" vc "$c" eth0
	make_pair "$a" vx vy
	make_bridge "$a" br0 va vc
	must ip -n "$a" link add t0 type vtun mode tap
	must ip -n "$a" address add 192.0.2.1/24 dev br0
	must ip -n "$b" address add 192.0.2.2/24 dev eth0
	must ip -n "$c" address add 192.0.2.3/24 dev eth0
}

# dev NS IFNAME FILTER: of a device in the JSON, seen from $a
dev()
{
	vnet "$a" -j topo | jq -r --arg ns "$1" --arg dev "$2" ".[] | select(.netns == \$ns) | .devices[] | select(.ifname == \$dev) | $3"
}

json_joins_them()
{
	setup_picture
	check_eq "$(dev "" va '[.master, .peer.netns, .peer.ifname] | join(" ")')" "br0 $b eth0" "va"
	check_eq "$(dev "" vc '[.master, .peer.netns, .peer.ifname] | join(" ")')" "br0 $c eth0" "vc"
	check_eq "$(dev "$b" eth0 '[.peer.netns, .peer.ifname, .addresses[]] | join(" ")')" " va 192.0.2.2/24" "eth0 of b"
	check_eq "$(dev "" vx '.peer.netns + ":" + .peer.ifname')" ":vy" "vx"
	check_eq "$(dev "" t0 '[.kind, (has("peer"))] | map(tostring) | join(" ")')" "vtun false" "t0"
	check_eq "$(dev "" br0 '.addresses | join(" ")')" "192.0.2.1/24" "addresses of br0"
	check_eq "$(vnet "$a" topo --json)" "$(vnet "$a" -j topo)" "--json and -j"
}

text_has_a_box_for_the_bridge()
{
	setup_picture
	vnet "$a" topo >"$CASE_DIR/text" || fail "topo fails with $?"
	check_match "$(<"$CASE_DIR/text")" "^\+- this namespace -+\+"$'\n' "the box"
	check_match "$(<"$CASE_DIR/text")" "\| br0 vbridge  192.0.2.1/24 +\|"$'\n'"\|  \+-- va -+\+---- $b: eth0  192.0.2.2/24"$'\n' "bridge and port"
	check_match "$(<"$CASE_DIR/text")" "\| v[xy]  ---- v[xy] +\|" "a pair inside"
	check_match "$(<"$CASE_DIR/text")" "\| t0 vtun DOWN" "the tun"
	check_eq "$(grep -c '^+- ' "$CASE_DIR/text")" 1 "boxes: what only leads there needs none"
	check_eq "$(vnet "$b" topo | grep -cE "^\+- $a |^\|  \+-- va -+\+---- this namespace: eth0 ")" 2 "seen from the other end"
}

dot_and_svg()
{
	setup_picture
	vnet "$a" topo --dot >"$CASE_DIR/dot" || fail "--dot fails with $?"
	check_eq "$(grep -c ' -- ' "$CASE_DIR/dot")" 5 "edges: two ports, three pairs"
	check_eq "$(grep -c 'subgraph cluster_' "$CASE_DIR/dot")" 3 "namespaces"
	vnet "$a" topo --svg >"$CASE_DIR/svg" || fail "--svg fails with $?"
	check_eq "$(grep -c 'class="pair"' "$CASE_DIR/svg")" 3 "lines of pairs"
	check_eq "$(grep -c 'class="bridge"' "$CASE_DIR/svg")" 1 "bars"
	well_formed "$CASE_DIR/svg"
}

# What opens is closed; python is on the machine that builds, and so in the guest.
well_formed()
{
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$1" || fail "no XML: $(head -c 400 "$1")"
}

hostile_names()
{
	setup_ns a
	must ip -n "$a" link add $'v\033[1m\\"' type "vveth" peer name $'<&>\377'
	check_eq "$(vnet "$a" topo | grep -c $'\033')" 0 "control characters in the text"
	vnet "$a" topo svg >"$CASE_DIR/svg"
	well_formed "$CASE_DIR/svg"
	check_eq "$(vnet "$a" topo dot | grep -c ' -- ')" 1 "edges"
	# UTF-8, but not of XML: U+FFFE and U+FFFF.
	must ip -n "$a" link add $'x\357\277\276x' type "vveth" peer name $'y\357\277\277'
	vnet "$a" topo svg >"$CASE_DIR/svg"
	well_formed "$CASE_DIR/svg"
	grep -q 'class="name">[xy]?' "$CASE_DIR/svg" || fail "no device with such a name: $(<"$CASE_DIR/svg")"
	vnet "$a" topo dot | grep -qF 'label="v?[1m\\\" DOWN"' || fail "the name in dot: $(vnet "$a" topo dot)"
	vnet "$a" -j topo | jq . >/dev/null || fail "no JSON"
}

# Numbers alone do not tell which end belongs to which: both pairs have the same, and the wrong one comes first.
same_numbers()
{
	setup_ns a b c d
	must ip -n "$a" link add va index 100 type "vveth" peer name vd index 200 netns "$d"
	must ip -n "$c" link add vc index 100 type "vveth" peer name vb index 200 netns "$b"
	check_eq "$(dev "" va .peer.netns)" "$d" "peer of va"
	check_eq "$(dev "$b" vb .peer.netns)" "$c" "peer of vb"
}

# A container's namespace has no name: a process is in it.
namespace_of_a_process()
{
	local pid

	setup_ns a
	bg unshare -n sleep 60
	pid=$BG_PID
	busywait 2000 in_another "$pid" || die "no namespace"
	must ip -n "$a" link add va type "vveth" peer name eth0 netns "$pid"
	check_eq "$(dev "" va .peer.netns)" "/proc/$pid/ns/net" "peer of va"
	check_eq "$(vnet_column "/proc/$pid/ns/net" ifname link)" eth0 "the name is good for -n"
}

in_another()
{
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

out_of_sight()
{
	setup_picture
	vnet_unprivileged "$a" topo >"$CASE_DIR/text" || fail "topo fails without rights"
	check_match "$(<"$CASE_DIR/text")" "\+-- va -+\+---- device [0-9]+ of a namespace out of sight" "va"
	check_eq "$(vnet_unprivileged "$a" -j topo | jq length)" 1 "namespaces"
}

members_and_masters_of_other_kinds()
{
	setup_ns a b
	make_pair "$a" va vb
	must ip -n "$a" link add vlan7 link va type vlan id 7
	make_bridge "$a" br0 vlan7
	check_match "$(vnet "$a" topo)" "br0 vbridge"[^$'\n']*$'\n'"\|  \+-- vlan7 vlan" "a member that is a VLAN"
	# A container behind one of a VRF.
	need_module vrf
	must ip -n "$a" link add vrf0 type vrf table 7
	add_pair "$a" vc "$b" eth0
	must ip -n "$a" link set vc master vrf0
	check_match "$(vnet "$a" topo)" "\| vc -+\+---- $b: eth0" "a member of a VRF"
	check_match "$(vnet "$a" topo --svg)" ">vc" "a member of a VRF in the picture"
	must ip -n "$a" link set br0 master vrf0
	check_match "$(vnet "$a" topo)" "\| br0 vbridge" "a bridge in a VRF"
}

# 300 containers: so many calls of the kernel for each.
calls_for_many_namespaces()
{
	local i calls

	need_tool strace
	setup_ns a b
	make_bridge "$a" br0
	for ((i = 0; i < 300; i++)); do
		echo "link add p$i type vveth peer name q$i netns $b"
		echo "link set p$i master br0"
	done | ipb "$a"
	must in_ns "$a" strace -f -c -o "$CASE_DIR/strace" "$VNET" -j topo >"$CASE_DIR/json"
	calls=$(awk '$NF == "total" { print $4 }' "$CASE_DIR/strace")
	check_eq "$(jq '[.[].devices[] | select(.peer)] | length' "$CASE_DIR/json")" 600 "ends with a peer"
	check_le "$calls" $((300 * 8 + 500)) "calls of the kernel"
}

bad_words()
{
	setup_ns a
	check_status 1 "\"--png\" is not understood" vnet "$a" topo --png
	check_status 1 "\"extra\" is not understood" vnet "$a" topo --svg extra
	check_status 1 "\"topo\" is for one namespace" vnet "$a" -a topo
}

ALL_TESTS="json_joins_them text_has_a_box_for_the_bridge dot_and_svg hostile_names same_numbers namespace_of_a_process
	out_of_sight members_and_masters_of_other_kinds calls_for_many_namespaces bad_words"
run_tests "$@"
