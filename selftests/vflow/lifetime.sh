#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vflow coming and going: under flows, with tables that were there before, on devices of others.
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

start_flow()
{
	setup_router
	ruleset "$MASQUERADE"
	flow_open "$@" "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
}

back_again()
{
	defer modprobe vflow
}

# The connection goes on, by the stack.
unload_while_bound()
{
	start_flow -t
	back_again
	must rmmod vflow
	flow_ok up 20 1000
	flow_ok down 20 1000
	loaded vflow && fail "it is still there"
	must modprobe vflow
	# What it had is gone; the table is made again.
	ruleset "$MASQUERADE"
	flow_ok up 5 100
	flow_ok down 5 100
	wait_taken
}

# A table that failed for want of anybody leaves a request in the core, with data that is gone, for who comes next.
failed_tables_are_not_replayed()
{
	local i

	setup_router
	back_again
	must rmmod vflow
	for i in 1 2 3; do
		check_refused 'not supported' in_ns "$r" nft -f - <<-EOF
			table inet f {
				flowtable ft {
					hook ingress priority 0
					devices = { in, out }
					flags offload
				}
			}
		EOF
		must modprobe vflow
		must rmmod vflow
	done
	must modprobe vflow
	ruleset ''
	flow_open "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
	check_eq "$(module_refs vflow)" 0 "users of vflow"
}

tables_come_and_go()
{
	local i

	start_flow
	for i in 1 2 3 4 5; do
		must in_ns "$r" nft flush ruleset
		has_rules 1 && fail "rules without a table"
		flow_ok up 2 100
		ruleset "$MASQUERADE"
		flow_ok up 3 100
		flow_ok down 3 100
	done
	wait_taken
}

# A namespace takes its table, its devices and its flows along.
namespaces_go()
{
	start_flow
	must ip netns del "$r"
	slowwait 20 gone || fail "the router's devices stay"
	must rmmod vflow
	must modprobe vflow
	# For what takes the case's namespaces away.
	must ip netns add "$r"
}

gone()
{
	no_link "$c" e0 && no_link "$s" e0
}

# In-tree devices are bound by the same way in.
in_tree_pairs_are_served()
{
	need_module veth
	PAIR=veth
	start_flow
	remember_taken
	flow_ok up 10 100
	flow_ok down 10 100
	check_taken 10 10
	tcp_check "$c" "$s" "$S4" 2000000 || fail "a transfer"
	tcp_check "$c" "$s" "$S6" 2000000 || fail "a transfer by IPv6"
	back_again
	must rmmod vflow
	flow_ok up 10 100
}

# Frames that come by the suite's own pairs do not even reach the other end's ring.
frames_go_directly()
{
	local before

	start_flow
	before=$(ethtool_stat "$r" in direct_rx)
	remember_taken
	flow_ok up 20 100
	check_taken 20 0
	check_eq "$(($(ethtool_stat "$r" in direct_rx) - before))" 20 "frames that went directly from the sender"
	check_eq "$(link_stat "$r" in rx_packets)" "$(link_stat "$c" e0 tx_packets)" "received by in and sent by c"
	check_eq "$(link_stat "$r" out tx_packets)" "$(link_stat "$s" e0 rx_packets)" "sent by out and received by s"
}

# Who looks sees all, and they go by the flow's hook then.
taps_see_all()
{
	need_tool tcpdump
	start_flow
	in_ns "$r" tcpdump -i in -n -l -U -c 10 -Q in udp port 5203 >"$CASE_DIR/out1" 2>"$CASE_DIR/err1" &
	local pid=$!
	defer stop_bg "$pid"
	busywait 5000 grep -q 'listening on' "$CASE_DIR/err1" || die "tcpdump does not start"
	remember_taken
	flow_ok up 10 100
	check_taken 10 0
	wait "$pid"
	check_eq "$(grep -c UDP "$CASE_DIR/out1")" 10 "frames that tcpdump saw"
}

ALL_TESTS="unload_while_bound failed_tables_are_not_replayed tables_come_and_go namespaces_go in_tree_pairs_are_served
	frames_go_directly taps_see_all"
run_tests "$@"
