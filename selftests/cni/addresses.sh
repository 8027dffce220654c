#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet-cni and a plugin for addresses that this test is itself, in shell: what it may answer, and what is made of that. And
# the agent of a node, which writes the network.
#
#	+---- h ----+
#	|   vbr0    |
#	+--|-----|--+
#	 eth0   eth0
#	  c1     c2
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

IPAM='"ipam":{"type":"by-hand"}'

# by_hand: writes the plugin. It tells what it is asked, and answers an ADD with what is in the file "answer".
by_hand()
{
	cat >"$CASE_DIR/by-hand" <<-EOF
		#!/bin/sh
		echo "\$CNI_COMMAND" >>"$CASE_DIR/asked"
		case \$CNI_COMMAND in
		VERSION) echo '{"cniVersion":"1.1.0","supportedVersions":["1.0.0","1.1.0"]}' ;;
		ADD) . "$CASE_DIR/answer" ;;
		esac
	EOF
	chmod +x "$CASE_DIR/by-hand"
}

# gives NR: the next ADD has 192.0.2.NR.
gives()
{
	echo "echo '{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"192.0.2.$1/24\",\"gateway\":\"192.0.2.1\"}]}'" >"$CASE_DIR/answer"
}

# attach NR NS
attach()
{
	gives "$1"
	plugin ADD "$2" eth0 || die "ADD for $2: $SAID"
}

mac_of()
{
	ip_attr "$h" "$1" address
}

# The bridge's address in the last result
mac_said()
{
	says mac
}

gateway_keeps_its_address()
{
	local mac ns nr=2 known="192.0.2.99 dev vbr0 lladdr 02:00:00:00:09:09"

	setup_ns h c1 c2 c3
	by_hand
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",\"isDefaultGateway\":true,$IPAM}"
	attach 2 "$c1"
	mac=$(mac_of vbr0)
	check_eq "$(mac_said)" "$mac" "the address in the result"
	# What is set to what it was is a change to the kernel, with which neighbours are forgotten.
	# shellcheck disable=SC2086 # words
	must ip -n "$h" neigh replace $known nud permanent
	for ns in "$c2" "$c3"; do
		nr=$((nr + 1))
		attach "$nr" "$ns"
		check_eq "$(mac_said) $(mac_of vbr0)" "$mac $mac" "the address with $nr containers"
	done
	check_match "$(ip -n "$h" neigh show nud permanent)" "^$known" "who was known before"
	ping_ok "$c3" 192.0.2.1 || fail "no answer from the gateway"
	for ns in "$c1" "$c2"; do
		plugin DEL "$ns" eth0 || fail "DEL: $SAID"
		check_eq "$(mac_of vbr0)" "$mac" "the address without $ns"
	done
	in_ns "$c3" ping -q -c 1 -W 1 192.0.2.1 || fail "no answer from the gateway at once"
}

# One that is there keeps what it has when it becomes a gateway; without one it goes on as it was made.
bridge_that_was_there()
{
	local mac

	setup_ns h c1 c2
	by_hand
	must ip -n "$h" link add vbr0 up type vbridge
	mac=$(mac_of vbr0)
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",\"isGateway\":true,$IPAM}"
	attach 2 "$c1"
	attach 3 "$c2"
	check_eq "$(mac_of vbr0)" "$mac" "the address of what was there"
	must ip -n "$h" link add vbr1 up type vbridge
	network net2 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr1\"}"
	plugin ADD "$c1" eth1 || fail "ADD: $SAID"
	check_eq "$(mac_said)" "$(mac_of vbr1)" "the address in the result"
	check_eq "$(mac_of vbr1)" "$(mac_of "$(outer "$c1" eth1)")" "the address without a gateway"
}

# refused CODE ERE ANSWER: nothing is left of the call, and what may have been given is given back.
refused()
{
	echo "$3" >"$CASE_DIR/answer"
	rm -f "$CASE_DIR/asked"
	fails "$1" "$2" ADD "$c1" eth0
	check_eq "$(links "$h") $(links "$c1")" "vbr0 " "devices after $3"
	check_eq "$(paste -sd ' ' "$CASE_DIR/asked")" "ADD DEL" "what was asked of the plugin for $3"
}

answers_that_are_none()
{
	setup_ns h c1
	by_hand
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$IPAM}"
	refused 6 'does not answer in JSON' ':'
	refused 6 'does not answer in JSON' 'echo nonsense'
	refused 6 'does not answer in JSON' 'echo "[]"'
	refused 7 'gives none' 'echo "{}"'
	refused 7 'gives none' "echo '{\"ips\":[]}'"
	refused 7 'gives none' "echo '{\"ips\":{}}'"
}

# What a plugin leaves running does not hold up the call.
process_left_behind()
{
	local start=$SECONDS

	setup_ns h c1
	by_hand
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$IPAM}"
	gives 2
	echo "sleep 120 </dev/null >/dev/null 2>&1 & echo \$! >'$CASE_DIR/left'" >>"$CASE_DIR/answer"
	plugin ADD "$c1" eth0 || fail "ADD: $SAID"
	kill "$(<"$CASE_DIR/left")" || fail "it was waited for"
	check_le $((SECONDS - start)) 100 "seconds"
}

# libcni writes a list of nothing as null.
collected_where_nothing_is_valid()
{
	setup_ns h c1
	by_hand
	network net 1.1.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$IPAM}"
	attach 2 "$c1"
	fails 7 'valid-attachments' GC "$c1" eth0
	network net 1.1.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$IPAM,\"cni.dev/valid-attachments\":\"all\"}"
	fails 7 'valid-attachments' GC "$c1" eth0
	has_link "$c1" eth0 || fail "a GC that was refused has taken it"
	network net 1.1.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$IPAM,\"cni.dev/valid-attachments\":null}"
	plugin GC "$c1" eth0 || fail "GC: $SAID"
	check_eq "$(links "$h") $(links "$c1")" "vbr0 " "devices"
}

# What the agent is run by.
RUNNER=()

# agent VAR=VALUE...: vnet-node on node n1, a round a second.
agent()
{
	# shellcheck disable=SC2016 # a command of the agent's
	bg ip netns exec "$h" "${RUNNER[@]}" env NODE=n1 MODE=vxlan NODES="cat $CASE_DIR/nodes" BIN="$CASE_DIR/bin" NET="$CASE_DIR/net" \
		PLUGIN="$CASE_DIR/plugin" INTERVAL=1 "$@" "${VNET_EXAMPLES:-${SELFTESTS%/*}/Documentation/examples}/kubernetes/vnet-node" run
}

# A round that fails leaves the network as it was, and one that cannot be made is not there at all.
network_of_a_node()
{
	need_module vxlan
	setup_ns h
	add_dummy_with_address
	mkdir "$CASE_DIR/bin" "$CASE_DIR/net"
	echo first >"$CASE_DIR/plugin"
	echo "n1 203.0.113.1 10.244.3.0/24" >"$CASE_DIR/nodes"
	agent 2>"$CASE_DIR/said"
	busywait 20000 complained SUBNET || fail "no word of what is missing"
	check_eq "$(ls "$CASE_DIR/net")" "" "the network without a subnet"
	run_deferred
	setup_ns h
	add_dummy_with_address
	agent SUBNET=10.244.0.0/16 2>"$CASE_DIR/said"
	busywait 10000 test -e "$CASE_DIR/net/10-vnet.conflist" || die "no network"
	check_match "$(tr -d ' \n' <"$CASE_DIR/net/10-vnet.conflist")" '"subnet":"10.244.0.0/16","rangeStart":"10.244.3.2"' "the network"
	cp "$CASE_DIR/net/10-vnet.conflist" "$CASE_DIR/good"
	echo "n1 203.0.113.1 10.244.3.64/26" >"$CASE_DIR/nodes"
	busywait 20000 complained "a node's part is" || fail "no word of what is wrong"
	cmp "$CASE_DIR/good" "$CASE_DIR/net/10-vnet.conflist" || fail "the network was changed: $(<"$CASE_DIR/net/10-vnet.conflist")"
	check_eq "$(<"$CASE_DIR/bin/vnet-cni")" first "the plugin"
}

add_dummy_with_address()
{
	need_module dummy
	printf '%s\n' "link add d0 up type dummy" "addr add 203.0.113.1/24 dev d0" | ipb "$h"
}

# setup_node LINE...: the list of nodes, and the agent's folders.
setup_node()
{
	setup_ns h
	add_dummy_with_address
	mkdir "$CASE_DIR/bin" "$CASE_DIR/net"
	echo first >"$CASE_DIR/plugin"
	printf '%s\n' "$@" >"$CASE_DIR/nodes"
}

# One that cannot be reached keeps nobody waiting, and where nothing changes nothing is written.
node_out_of_reach()
{
	local when

	setup_node "n0 192.0.2.9 10.244.0.0/24" "n1 203.0.113.1 10.244.1.0/24" "n2 203.0.113.2 10.244.2.0/24"
	agent MODE=routed 2>"$CASE_DIR/said"
	busywait 20000 test -e "$CASE_DIR/net/10-vnet.conflist" || die "no network"
	when=$(stat -c %y "$CASE_DIR/net")
	check_eq "$(ip -n "$h" route show proto 86 | awk '{ print $1, $3 }')" "10.244.2.0/24 203.0.113.2" "routes"
	busywait 20000 complained "no route 10.244.0.0/24" || fail "no word of who is out of reach"
	check_eq "$(stat -c %y "$CASE_DIR/net")" "$when" "when the folder was written to"
}

first_process_is_told_to_end()
{
	local RUNNER=(unshare -p -f --kill-child)

	need_tool unshare pgrep
	setup_node "n1 203.0.113.1 10.244.1.0/24"
	agent MODE=routed INTERVAL=600
	busywait 20000 test -e "$CASE_DIR/net/10-vnet.conflist" || die "no network"
	busywait 10000 sleeps || die "the agent does not rest"
	kill "$(pgrep -P "$BG_PID")"
	busywait 5000 has_ended || fail "the agent goes on"
}

sleeps()
{
	pgrep -P "$(pgrep -P "$BG_PID")" -x sleep >/dev/null
}

has_ended()
{
	! kill -0 "$BG_PID" 2>/dev/null
}

# The address that the vxlan device sends from, and where that sends what is for all.
ways()
{
	local from to

	from=$(ip -n "$h" -d link show vx7 2>/dev/null | sed -n 's/.* local \([^ ]*\) .*/\1/p')
	to=$(bridge -n "$h" fdb show dev vx7 2>/dev/null | awk '$1 == "00:00:00:00:00:00" { print $3 }' | sort | paste -sd ' ')
	[ "$from $to" = "$*" ]
}

# The vxlan device is made anew for another address; who has none of this family is left out.
node_with_another_address()
{
	need_module vxlan
	setup_node "n1 203.0.113.1 10.244.1.0/24" "n2 2001:db8::2,203.0.113.2 10.244.2.0/24" "n3 2001:db8::3 10.244.3.0/24"
	agent SUBNET=10.244.0.0/16
	busywait 20000 ways 203.0.113.1 203.0.113.2 || fail "ways at first: $(ip -n "$h" -d link show vx7)"
	ipb "$h" <<<"addr replace 203.0.113.7/24 dev d0"
	sed -i 's/203.0.113.1/203.0.113.7/' "$CASE_DIR/nodes"
	busywait 20000 ways 203.0.113.7 203.0.113.2 || fail "ways of another address: $(ip -n "$h" -d link show vx7)"
}

# In two rounds, so that one is through.
complained()
{
	[ "$(grep -c "$1" "$CASE_DIR/said")" -ge 2 ]
}

ALL_TESTS="
	gateway_keeps_its_address
	bridge_that_was_there
	answers_that_are_none
	process_left_behind
	collected_where_nothing_is_valid
	network_of_a_node
	node_out_of_reach
	first_process_is_told_to_end
	node_with_another_address
"
run_tests "$@"
