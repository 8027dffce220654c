#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet link: what it says of each device, wherever the peer is.
#
#	+------ a ------+     +-- b --+
#	|  br0 -- va ---+-----+-- vb  |
#	+---------------+     +-------+
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# row NS DEV KEY...: values of a device, in one line
row()
{
	vnet_get "$1" "${*:3}" link show "$2"
}

peer_in_the_same_namespace()
{
	setup_ns a
	make_pair "$a" va vb
	check_eq "$(row "$a" va kind peer peer_index link_netnsid)" \
		"vveth vb $(link_attr "$a" vb ifindex) -" "va"
	check_eq "$(row "$a" vb kind peer peer_index link_netnsid)" \
		"vveth va $(link_attr "$a" va ifindex) -" "vb"
}

peer_in_another_namespace()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	check_eq "$(row "$a" va peer peer_index link_netnsid link_netns)" \
		"vb $(link_attr "$b" vb ifindex) $(link_attr "$a" va link_netnsid) $b" "va"
	check_match "$(vnet "$a" link)" " peer vb peer-index [0-9]+ link-netnsid [0-9]+ link-netns $b " "text of va"
}

peer_out_of_sight()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	vnet_unprivileged "$a" link >"$CASE_DIR/text" || fail "vnet link fails without rights"
	check_match "$(<"$CASE_DIR/text")" " va kind vveth mode l2 peer-index $(link_attr "$b" vb ifindex) link-netnsid " "va"
}

state_mtu_and_address()
{
	local state

	setup_ns a b
	add_pair "$a" va "$b" vb
	must ip -n "$a" link set va mtu 1400 address 02:00:00:00:00:0a
	check_eq "$(row "$a" va operstate admin mtu address)" "up up 1400 02:00:00:00:00:0a" "up"
	must ip -n "$b" link set vb down
	busywait 5000 not_up "$a" va || fail "va keeps its carrier"
	state=$(link_attr "$a" va operstate)
	check_eq "$(row "$a" va operstate admin)" "${state,,} up" "the peer down"
	must ip -n "$a" link set va down
	check_eq "$(row "$a" va operstate admin)" "down down" "down"
}

not_up()
{
	! is_up "$1" "$2"
}

port_names_its_bridge()
{
	setup_ns a b
	add_pair "$a" va "$b" vb
	make_bridge "$a" br0 va
	check_eq "$(row "$a" va master)" br0 "master of va"
	check_eq "$(row "$a" br0 kind)" "vbridge" "kind of br0"
	check_match "$(vnet "$a" link show va)" " master br0 " "text of va"
}

queues_and_rings()
{
	setup_ns a b
	must ip -n "$a" link add va numtxqueues 4 numrxqueues 4 type "vveth" peer name vb netns "$b"
	check_eq "$(row "$a" va rx_queues tx_queues)" "$(in_ns "$a" ethtool -l va | awk '/^Current/ { now = 1 }
		now && /^(RX|TX):/ { printf "%s%s", sep, $2; sep = " " }')" "queues"
	must in_ns "$a" ethtool -G va rx 64
	must in_ns "$a" ethtool -L va rx 2 tx 3
	check_eq "$(row "$a" va rx_queues tx_queues rx_ring)" "2 3 64" "after a change"
	check_match "$(vnet "$a" link va)" " rx-queues 2 tx-queues 3 rx-ring 64" "text"
}

tuns_are_the_suites()
{
	setup_ns a
	must ip -n "$a" link add t0 type vtun mode tap
	check_eq "$(row "$a" t0 kind queues queues_max)" "vtun 0 1" "t0"
	check_match "$(vnet "$a" link)" " t0 kind vtun .* queues 0 queues-max 1" "text"
}

taps_of_vhost_have_a_peer()
{
	setup_ns a
	modprobe vtap 2>/dev/null || skip "the kernel has no tap library for modules"
	must ip -n "$a" link add vm1 type vtap peer name vm1p
	check_eq "$(row "$a" vm1p kind peer)" "vtap vm1" "vm1p"
	check_match "$(vnet "$a" topo)" "vm1p? vtap DOWN  ---- vm1p? vtap DOWN" "the picture"
}

# However many devices there are: so many calls of the kernel for each, and a few.
calls_for_many_devices()
{
	local i calls

	need_tool strace
	setup_ns a b
	for ((i = 0; i < 300; i++)); do
		echo "link add p$i type vveth peer name q$i netns $b"
	done | ipb "$a"
	must in_ns "$a" strace -f -c -o "$CASE_DIR/strace" "$VNET" -j link >"$CASE_DIR/json"
	calls=$(awk '$NF == "total" { print $4 }' "$CASE_DIR/strace")
	check_eq "$(jq length "$CASE_DIR/json")" 300 "devices"
	check_le "$calls" $((300 * 5 + 300)) "calls of the kernel"
}

only_the_suites_devices()
{
	setup_ns a
	make_pair "$a" va vb
	must ip -n "$a" link add vlan7 link va type vlan id 7
	check_eq "$(vnet_column "$a" ifname link)" "va vb" "devices shown"
	check_status 1 "\"dev\" needs the name of a device" vnet "$a" link dev
	check_status 1 "\"vlan7\" is not a vnet device but of type vlan" vnet "$a" link show vlan7
}

one_device()
{
	setup_ns a
	make_pair "$a" va vb
	check_eq "$(vnet_column "$a" ifname link show vb)" vb "link show vb"
	check_eq "$(vnet "$a" link show dev vb)" "$(vnet "$a" link vb)" "with and without keywords"
	check_eq "$(vnet "$a" link vb | wc -l)" 1 "lines"
}

text_has_what_json_has()
{
	local value

	setup_ns a b
	add_pair "$a" va "$b" vb
	vnet "$a" link >"$CASE_DIR/text"
	for value in $(vnet_json "$a" '.[0][] | tostring' link); do
		grep -qwF -- "$value" "$CASE_DIR/text" || fail "the text lacks $value: $(<"$CASE_DIR/text")"
	done
}

# A name is bytes to the kernel: neither the terminal nor JSON may be harmed by it.
hostile_name()
{
	setup_ns a
	must ip -n "$a" link add $'v\033[1m\\"' type "vveth" peer name $'v\303\244\377'
	check_eq "$(vnet "$a" link | grep -c $'\033')" 0 "control characters in the text"
	check_eq "$(vnet_json "$a" '[.[].ifname] | sort | map(@json) | join(" ")' link)" \
		'"v\u001b[1m\\\"" "vä'$'\303\277''"' "names"
}

# 400 pairs are more than fit into one message of the kernel's.
many_devices()
{
	local i

	setup_ns a
	for ((i = 0; i < 400; i++)); do
		echo "link add p$i type vveth peer name q$i"
	done | ipb "$a"
	check_eq "$(vnet_json "$a" '[length, ([.[] | select(.peer[1:] == .ifname[1:])] | length)] | join(" ")' link)" \
		"800 800" "devices, and those with their peer"
	check_eq "$(vnet "$a" link | wc -l)" 800 "lines of text"
	check_eq "$(vnet_json "$a" length stats)" 800 "devices in stats"
}

churn()
{
	while "$VNET" -n "$1" pair add x1 peer x2 && "$VNET" -n "$1" pair del x1; do
		:
	done
}

# The kernel may leave devices out of a list that changes meanwhile; those that stay must be in the answer.
list_while_devices_come_and_go()
{
	local i

	setup_ns a
	for ((i = 0; i < 200; i++)); do
		echo "link add p$i type vveth peer name q$i"
	done | ipb "$a"
	bg churn "$a"
	for ((i = 0; i < 8; i++)); do
		vnet "$a" link >"$CASE_DIR/text" 2>"$CASE_DIR/note" || fail "vnet link failed with $?"
		check_eq "$(grep -cE '^[0-9]+ [pq][0-9]+ ' "$CASE_DIR/text")" 400 \
			"lasting devices in answer $i ($(<"$CASE_DIR/note"))"
	done
	kill -0 "$BG_PID" || fail "the churn ended early"
}

ALL_TESTS="peer_in_the_same_namespace peer_in_another_namespace peer_out_of_sight state_mtu_and_address
	port_names_its_bridge queues_and_rings tuns_are_the_suites taps_of_vhost_have_a_peer calls_for_many_devices only_the_suites_devices one_device text_has_what_json_has hostile_name many_devices
	list_while_devices_come_and_go"
run_tests "$@"
