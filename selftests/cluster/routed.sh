#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Containers of three machines that route to one another's: each has a vbridge and a subnet of its own for them.
#
#	+----- m1 ------+     +----- m2 ------+     +----- m3 ------+
#	| a: 10.244.1.2 |     | c: 10.244.2.2 |     | d: 10.244.3.2 |
#	| b: 10.244.1.3 |     |  |            |     |  |            |
#	| vbr0   routes |     | vbr0   routes |     | vbr0   routes |
#	+---- eth0 -----+     +---- eth0 -----+     +---- eth0 -----+
#	   203.0.113.1 -------------- .2 ------------------ .3
#
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

containers_reach_one_another()
{
	cluster routed 1 2 3
	pod 1 a
	pod 1 b
	pod 2 c
	pod 3 d
	check_eq "${POD[a]} ${POD[c]} ${POD6[d]}" "10.244.1.2 10.244.2.2 fd00:244:0:3::2" "addresses"
	all_reach a b c d
	reaches a "${POD[d]}" -M "do" -s 1472
	transfer a d "${POD[d]}"
	transfer d c "${POD6[c]}"
}

routes_of()
{
	on "$1" ip route show proto 86 | awk '{ print $1 }' | tr '\n' ' '
}

routes_follow_the_list()
{
	cluster routed 1 2 3
	pod 1 a
	pod 2 c
	check_eq "$(routes_of 1)" "10.244.2.0/24 10.244.3.0/24 " "routes of m1"
	nodes 1 2
	agents 1 2
	check_eq "$(routes_of 1)" "10.244.2.0/24 " "routes of m1 without m3"
	check_eq "$(on 1 ip -6 route show proto 86 | awk '{ print $1 }')" "fd00:244:0:2::/64" "its routes of IPv6"
	reaches a "${POD[c]}"
	nodes 1 2 3
	agents 1
	check_eq "$(routes_of 1)" "10.244.2.0/24 10.244.3.0/24 " "routes of m1 with m3 again"
}

# What an API server says, and kubectl makes of it.
nodes_of_a_cluster()
{
	need_tool kubectl
	cluster routed 1
	bg socat TCP-LISTEN:8001,bind=127.0.0.1,reuseaddr,fork EXEC:"$SELFTESTS/cluster/api"
	cat >"$CASE_DIR/config" <<-EOF
		{ "apiVersion": "v1", "kind": "Config", "current-context": "c",
		  "clusters": [ { "name": "c", "cluster": { "server": "http://127.0.0.1:8001" } } ],
		  "contexts": [ { "name": "c", "context": { "cluster": "c", "user": "" } } ] }
	EOF
	export KUBECONFIG=$CASE_DIR/config
	LIST=''
	agents 1
	check_eq "$(ip route show proto 86 | awk '{ print $1, $3 }' | tr '\n' ' ')" "10.244.2.0/24 203.0.113.2 10.244.8.0/24 203.0.113.8 " "routes"
	check_eq "$(ip -6 route show proto 86 | awk '{ print $1, $3 }')" "fd00:244:0:2::/64 2001:db8:f::2" "routes of IPv6"
}

ALL_TESTS="
	containers_reach_one_another
	routes_follow_the_list
	nodes_of_a_cluster
"
run_tests "$@"
