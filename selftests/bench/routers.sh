# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by rows whose frames go from a container through a router that masquerades into another container. Each subject has
# routers of its own in each row; in icount several, the mean of which counts, for two addresses may collide in a hash table.
#
#	pktgen -> aNR ==== [routerNR] ==== bNR -> IP, UDP, full socket
#	                                  [rx]
#
#	routers_begin			namespace rx, the floor, the modules
#	routers_row ROW [floor]		measures the row for the array subjects, and the floor; the row's file has for it
#	  router_join ROW SUBJECT NR	makes aNR and bNR; the router's device towards aNR goes to REPLY, that towards bNR is out
#	  router_rules ROW SUBJECT	a ruleset for nft
#	  router_mark ROW SUBJECT	what conntrack's table shows of a flow that goes where it shall, as a pattern; nothing if any
#	ruleset [DEVICES [FLAGS]]	masquerade, and a flowtable with these devices and flags
#	routers_cost ROW SUBJECT	of a frame, for the function cost of the row's file

declare -A ROUTERS GATEWAY
EACH=$(by_mode 4 1)

ruleset()
{
	cat <<-EOF
		table ip nat {
			chain post {
				type nat hook postrouting priority 100;
				oifname "out" masquerade
			}
		}
	EOF
	[ -n "${1-}" ] || return 0
	cat <<-EOF
		table ip filter {
			flowtable ft {
				hook ingress priority 0
				devices = { $1 }
				${2-}
			}
			chain forward {
				type filter hook forward priority 0;
				meta l4proto { tcp, udp } flow add @ft
			}
		}
	EOF
}

# new_router ROW SUBJECT NR
new_router()
{
	local ns=router$3 in

	new_ns "$ns"
	router_join "$@"
	in=$REPLY
	ip_in '' address add "10.$3.0.2/24" dev "a$3"
	ip_in "$ns" address add "10.$3.0.1/24" dev "$in"
	ip_in "$ns" address add "10.$3.1.1/24" dev out
	ip_in rx address add "10.$3.1.2/24" dev "b$3"
	ip_in '' route add "10.$3.1.0/24" via "10.$3.0.1"
	must in_ns "$ns" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	must in_ns "$ns" nft -f - < <(router_rules "$1" "$2")
	sink rx "10.$3.1.2" '' "10.$3.0.2"
	ROUTERS[$2]+=" $3"
	GATEWAY[$3]=$(mac_of "$ns" "$in")
}

# The router's table must have the flow: nobody shall believe in a fast path that was not taken.
check_flow()
{
	local table=/proc/${HOLDER[router$3]}/net/nf_conntrack mark

	mark=$(router_mark "$1" "$2")
	[ -n "$mark" ] || return 0
	[ -r "$table" ] || die "conntrack does not show its table"
	grep -q "udp .*$mark" "$table" || die "router$3: the flow is not where it should be ($1, $2)"
}

# through ROW SUBJECT NR N: the cost of N frames.
through()
{
	local cost nr=$3

	FRAME=("pkt_size 60" "dst 10.$nr.1.2" "src_min 10.$nr.0.2" "src_max 10.$nr.0.2" "dst_mac ${GATEWAY[$nr]}")
	across "a$nr" "b$nr" "$4"
	cost=$REPLY
	check_flow "$1" "$2" "$nr"
	REPLY=$cost
}

routers_cost()
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

routers_begin()
{
	new_ns rx
	new_floor
	FLOOR_MAC=$(mac_of '' floor0)
	ip_in '' address add 10.0.0.2/24 dev floor0
	sink '' 10.0.0.2
	modprobe nf_conntrack
	modprobe nf_flow_table_inet
	modprobe vflow 2>/dev/null
	NR=0
}

routers_row()
{
	local i subject

	ROUTERS=()
	for ((i = 0; i < EACH; i++)); do
		for subject in "${subjects[@]}"; do
			! subject_there "$subject" || new_router "$1" "$subject" $((++NR))
		done
	done
	rounds cost "$1" "${subjects[@]}" ${2+"$2"}
}
