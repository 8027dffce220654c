#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# From a container to the outside: over a bridge that is its gateway, routed and masqueraded by nft; by the classic path,
# with the flow in a software flowtable, and, of the suite, taken by vflow beside a software flowtable of the in-tree devices.
#
#	pktgen -> a ==== o--[bridge]  route, masquerade  out ==== b -> IP, UDP, full socket
#	                 [router]                                  [rx]
#
# Each subject has routers of its own in each row; in icount several, the mean of which counts, for two addresses may
# collide in a hash table.
#
# ROWS: nat-64 flowtable-64 offload-64
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# offloaded ROW SUBJECT
offloaded()
{
	[ "$1" = offload-64 ] && [ "$2" = vveth-vbridge ]
}

# ruleset ROW SUBJECT
ruleset()
{
	local flags=''

	! offloaded "$@" || flags='flags offload'
	cat <<-EOF
		table ip nat {
			chain post {
				type nat hook postrouting priority 100;
				oifname "out" masquerade
			}
		}
	EOF
	[ "$1" = nat-64 ] || cat <<-EOF
		table ip filter {
			flowtable ft {
				hook ingress priority 0
				devices = { o, sw0, out }
				$flags
			}
			chain forward {
				type filter hook forward priority 0;
				meta l4proto udp flow add @ft
			}
		}
	EOF
}

# new_router SUBJECT ROW NR
new_router()
{
	local ns=router$3 pair

	new_ns "$ns"
	pair_kind "$1"
	pair=$REPLY
	bridge_kind "$1"
	new_bridge "$ns" sw0 "$REPLY"
	new_pair "$pair" '' "a$3" "$ns" o
	ip_in "$ns" link set o master sw0
	new_pair "$pair" "$ns" out rx "b$3"
	ip_in '' address add "10.$3.0.2/24" dev "a$3"
	ip_in "$ns" address add "10.$3.0.1/24" dev sw0
	ip_in "$ns" address add "10.$3.1.1/24" dev out
	ip_in rx address add "10.$3.1.2/24" dev "b$3"
	ip_in '' route add "10.$3.1.0/24" via "10.$3.0.1"
	must in_ns "$ns" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	must in_ns "$ns" nft -f - < <(ruleset "$2" "$1")
	sink rx "10.$3.1.2" '' "10.$3.0.2"
	ROUTERS[$1]+=" $3"
	GATEWAY[$3]=$(mac_of "$ns" sw0)
}

# check_flow ROW SUBJECT NR: the router's table must have the flow: nobody shall believe in a fast path that was not taken.
check_flow()
{
	local table=/proc/${HOLDER[router$3]}/net/nf_conntrack mark='\[OFFLOAD\]'

	! offloaded "$1" "$2" || mark='\[HW_OFFLOAD\]'
	[ -r "$table" ] || die "conntrack does not show its table"
	grep -q "udp .*$mark" "$table" || die "router$3: the flow is not in the flowtable"
}

# through ROW SUBJECT NR N: the cost of N frames.
through()
{
	local cost nr=$3

	FRAME=("pkt_size 60" "dst 10.$nr.1.2" "src_min 10.$nr.0.2" "src_max 10.$nr.0.2" "dst_mac ${GATEWAY[$nr]}")
	across "a$nr" "b$nr" "$4"
	cost=$REPLY
	[ "$1" = nat-64 ] || check_flow "$1" "$2" "$nr"
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
	for nr in ${ROUTERS[$2]}; do
		through "$1" "$2" "$nr" $((COUNT / EACH))
		sum=$((sum + REPLY))
	done
	REPLY=$((sum / EACH))
}

declare -A ROUTERS GATEWAY
EACH=$(by_mode 4 1)
subjects=(vveth-vbridge veth-bridge)
new_ns rx
new_floor
FLOOR_MAC=$(mac_of '' floor0)
ip_in '' address add 10.0.0.2/24 dev floor0
sink '' 10.0.0.2
modprobe nf_conntrack
modprobe nf_flow_table_inet
modprobe vflow 2>/dev/null
nr=0
for row in "$@"; do
	case $row in
	nat-64) row "$row" frame "routed and masqueraded; 64" ;;
	flowtable-64) row "$row" frame "the same, in a software flowtable; 64" ;;
	offload-64) row "$row" frame "the same, the suite's by vflow; 64" ;;
	esac
	ROUTERS=()
	for ((i = 0; i < EACH; i++)); do
		for subject in "${subjects[@]}"; do
			! subject_there "$subject" || new_router "$subject" "$row" $((++nr))
		done
	done
	rounds cost "$row" "${subjects[@]}" floor
done
