#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Many flows: what vflow is asked for each, by a module in the core's place, and frames among them. With VNET_LONG=1 a million,
# and what they cost.
#
#	+------------------- r -------------------+
#	|  10.0.0.0/8 - in            out - 198.51.100.2, both devices that swallow what they send
#	+-----------------------------------------+
#
# The numbers are in the kernel log: VNET_LONG=1 selftests/in-vm -n -k um -m 6G -t 1800 -l LOG selftests/run vflow/many
# TIMEOUT: 1800
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

GATEWAY=02:00:00:00:00:01

setup_sinks()
{
	need_vflow
	need_module dummy
	[ -e "$(module_file vnet_flows)" ] || skip "vnet_flows.ko is not built"
	setup_ns r
	ipb "$r" <<-EOF
		link add in arp on up type dummy
		link add out arp on up type dummy
		addr add 192.0.2.1/24 dev in
		addr add 198.51.100.1/24 dev out
		neigh add 192.0.2.2 lladdr $GATEWAY dev in nud permanent
		neigh add 198.51.100.2 lladdr $GATEWAY dev out nud permanent
		route add 10.0.0.0/8 via 192.0.2.2
	EOF
	must in_ns "$r" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

# measure FLOWS FRAMES, multiples of 64
measure()
{
	local mark

	mark="vnet-flows $$ $1 $RANDOM"
	echo "$mark" >/dev/kmsg
	in_ns "$r" modprobe vnet_flows in=in out=out "gateway=$GATEWAY" "flows=$1" "frames=$2" || fail "the module cannot be loaded"
	must rmmod vnet_flows
	check_match "$(dmesg --notime | sed "1,/$mark/d" | grep '^vnet_flows: ')" "^vnet_flows: flows=$1 .* end\$" "what the module says"
}

# pktgen DEV OPTION...: has $FLOWS frames received by DEV of r, as if they had come over a wire.
pktgen()
{
	local dev=$1 option

	shift
	# Its threads are those of the namespace that it is told from.
	for option in "count $FLOWS" "xmit_mode netif_receive" "delay 0" "pkt_size 60" "flag NO_TIMESTAMP" \
		"dst_mac $(in_ns "$r" ip -o link show "$dev" | sed 's/.*link.ether \([^ ]*\).*/\1/')" "src_mac $GATEWAY" "$@"; do
		echo "echo '$option' >/proc/net/pktgen/$dev || exit 1"
	done >"$CASE_DIR/pktgen"
	in_ns "$r" bash -ec "echo rem_device_all >/proc/net/pktgen/kpktgend_0
		echo 'add_device $dev' >/proc/net/pktgen/kpktgend_0
		. '$CASE_DIR/pktgen'
		echo start >/proc/net/pktgen/pgctrl" || fail "pktgen"
}

marked()
{
	[ "$(conntrack_of | grep -c '\[HW_OFFLOAD\]')" -eq "$1" ]
}

# By an nft of stock, with conntrack, from the first answer to the last flow that vflow has. One connection, one port.
by_way_of_nft()
{
	local start end FLOWS=8000

	need_module pktgen
	setup_sinks
	# All are to be there at the end, and the core is not to ask for each of them meanwhile.
	must in_ns "$r" sysctl -qw net.netfilter.nf_conntrack_udp_timeout{,_stream}=600 net.netfilter.nf_flowtable_udp_timeout=600
	ruleset ''
	pktgen in "src_min 10.0.0.2" "src_max 10.0.0.2" "dst 198.51.100.2" "udp_src_min 10000" "udp_src_max $((10000 + FLOWS))" \
		"udp_dst_min 5203" "udp_dst_max 5203"
	check_eq "$(in_ns "$r" cat /proc/sys/net/netfilter/nf_conntrack_count)" "$FLOWS" "connections"
	has_rules 1 && fail "flows before an answer"
	start=${EPOCHREALTIME/./}
	pktgen out "src_min 198.51.100.2" "src_max 198.51.100.2" "dst 10.0.0.2" "udp_dst_min 10000" "udp_dst_max $((10000 + FLOWS))" \
		"udp_src_min 5203" "udp_src_max 5203"
	busywait 60000 has_rules $((2 * FLOWS)) || fail "flows that vflow has: $(flow_tool flow stats)"
	end=${EPOCHREALTIME/./}
	busywait 10000 marked "$FLOWS" || fail "connections that are marked: $(conntrack_of | grep -c '\[HW_OFFLOAD\]')"
	echo "vnet_flows: by way of nft flows=$FLOWS us=$((end - start)) per_second=$((FLOWS * 1000000 / (end - start))) end" \
		>/dev/kmsg
}

# Each frame leaves by its flow, and nothing of them stays.
all_are_found()
{
	local sent

	setup_sinks
	sent=$(link_stat "$r" out tx_packets)
	measure 3008 6016
	check_eq "$(($(link_stat "$r" out tx_packets) - sent))" $((2 * 6016)) "frames that left by out"
	check_eq "$(module_refs vflow)" 0 "users of vflow"
	measure 64 64
}

# The numbers are for people: what they are depends on the machine's caches, and on who else is there.
a_million()
{
	local sent flows

	setup_sinks
	for flows in 1024 1000000; do
		sent=$(link_stat "$r" out tx_packets)
		measure "$flows" 4000000
		check_eq "$(($(link_stat "$r" out tx_packets) - sent))" $((2 * 4000000)) "frames that left by out, of $flows flows"
	done
}

ALL_TESTS="all_are_found by_way_of_nft"
[ "${VNET_LONG:-0}" != 1 ] || ALL_TESTS+=" a_million"
run_tests "$@"
