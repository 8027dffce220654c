#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# From a container through a router that masquerades into another container: by the classic path, with the flow in a
# software flowtable, and with the flow taken by vflow.
#
#	pktgen -> a ==== in  route, masquerade  out ==== b -> IP, UDP, full socket
#	                      [router]                  [rx]
#
# The subjects are the kind of the pairs, and behind it what the router has: none, soft (a flowtable), early (the same, and
# vflow's parameter of that name) or vflow (the same with `flags offload`). Each has routers of its own; in icount several, the
# mean of which counts, for two addresses may collide in a hash table.
#
# ROWS: flow-64 early-64
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# ruleset none|soft|vflow
ruleset()
{
	local flags=''

	cat <<-EOF
		table ip nat {
			chain post {
				type nat hook postrouting priority 100;
				oifname "out" masquerade
			}
		}
	EOF
	[ "$1" != none ] || return 0
	[ "$1" != vflow ] || flags='flags offload'
	cat <<-EOF
		table ip filter {
			flowtable ft {
				hook ingress priority 0
				devices = { in, out }
				$flags
			}
			chain forward {
				type filter hook forward priority 0;
				meta l4proto udp flow add @ft
			}
		}
	EOF
}

# new_router SUBJECT NR
new_router()
{
	local ns=router$2 pair=${1%-*}

	new_ns "$ns"
	new_pair "$pair" '' "a$2" "$ns" in
	new_pair "$pair" "$ns" out rx "b$2"
	ip_in '' address add "10.$2.0.2/24" dev "a$2"
	ip_in "$ns" address add "10.$2.0.1/24" dev in
	ip_in "$ns" address add "10.$2.1.1/24" dev out
	ip_in rx address add "10.$2.1.2/24" dev "b$2"
	ip_in '' route add "10.$2.1.0/24" via "10.$2.0.1"
	must in_ns "$ns" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	must in_ns "$ns" nft -f - < <(ruleset "${1##*-}")
	sink rx "10.$2.1.2" '' "10.$2.0.2"
	ROUTERS[$1]+=" $2"
	GATEWAY[$2]=$(mac_of "$ns" in)
}

# The router's table must have the flow: nobody shall believe in a fast path that was not taken.
check_flow()
{
	local table=/proc/${HOLDER[router$2]}/net/nf_conntrack mark

	case ${1##*-} in
	none) return ;;
	soft | early) mark='\[OFFLOAD\]' ;;
	vflow) mark='\[HW_OFFLOAD\]' ;;
	esac
	[ -r "$table" ] || die "conntrack does not show its table"
	grep -q "udp .*$mark" "$table" || die "router$2: the flow is not where it should be ($1)"
}

# through SUBJECT NR N: the cost of N frames.
through()
{
	local cost nr=$2

	FRAME=("pkt_size 60" "dst 10.$nr.1.2" "src_min 10.$nr.0.2" "src_max 10.$nr.0.2" "dst_mac ${GATEWAY[$nr]}")
	across "a$nr" "b$nr" "$3"
	cost=$REPLY
	check_flow "$1" "$nr"
	REPLY=$cost
}

cost()
{
	local nr sum=0

	if [ "$2" = floor ]; then
		FRAME=("pkt_size 60" "dst 10.0.0.2" "src_min 10.0.0.1" "src_max 10.0.0.1" "dst_mac $FLOOR_MAC")
		pg floor0 netif_receive "$COUNT" "${FRAME[@]}"
		return
	fi
	[[ $2 != *-early ]] || echo Y >"$EARLY"
	for nr in ${ROUTERS[$2]}; do
		through "$2" "$nr" $((COUNT / EACH))
		sum=$((sum + REPLY))
	done
	[[ $2 != *-early ]] || echo N >"$EARLY"
	REPLY=$((sum / EACH))
}

declare -A ROUTERS GATEWAY
EACH=$(by_mode 4 1)
EARLY=/sys/module/vflow/parameters/early
new_ns rx
new_floor
FLOOR_MAC=$(mac_of '' floor0)
ip_in '' address add 10.0.0.2/24 dev floor0
sink '' 10.0.0.2
modprobe nf_conntrack
modprobe nf_flow_table_inet
nr=0
for row in "$@"; do
	case $row in
	flow-*)
		row "$row" frame "container to container, routed and masqueraded; 64"
		subjects=(vveth-vflow veth-none veth-soft veth-vflow)
		;;
	early-*)
		row "$row" frame "the same by a software flowtable, looked up early or not; 64"
		subjects=(vveth-soft veth-soft)
		! have vflow || subjects=(vveth-early "${subjects[@]}")
		;;
	esac
	ROUTERS=()
	for ((i = 0; i < EACH; i++)); do
		for subject in "${subjects[@]}"; do
			! subject_there "$subject" || new_router "$subject" $((++nr))
		done
	done
	rounds cost "$row" "${subjects[@]}" floor
done
