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

ALL_TESTS="all_are_found"
[ "${VNET_LONG:-0}" != 1 ] || ALL_TESTS+=" a_million"
run_tests "$@"
