#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# From a container through a router to one of many services: TCP connections with a byte there and back, or bytes there and
# back over one that lasts.
#
#	process -> a ==== in  [router]  out ==== b -> process
#	          [tx]                           [rx]
#
# The subjects are the kind of the pairs, and behind it what the router has for the services: vflow, the rules of
# Documentation/services.md with a flowtable that vflow has; nft, the same without a flowtable; iptables, chains as kube-proxy
# lays them; ipvs. The service that is asked for is the last of all.
#
# ROWS: service-1 service-1000 service-5000 servicerr-5000
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

PORT=5001
SERVICES=$(dirname "$0")/../../../Documentation/examples/services

# vips NR N: the addresses of N services.
vips()
{
	awk -v nr="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "10.%d.%d.%d\n", 100 + nr, i / 250, i % 250 + 1 }'
}

# rules WAY NR N: in the router.
rules()
{
	local way=$1 nr=$2 n=$3 ns=router$2 ep=10.$2.1.2

	case $way in
	vflow | nft)
		[ "$way" = nft ] || must in_ns "$ns" bash -c 'echo 1 >/proc/sys/net/netfilter/nf_conntrack_acct'
		vips "$nr" "$n" | sed "s/.*/service & tcp $PORT $ep:$PORT/" |
			"$SERVICES" devices="$([ "$way" = nft ] || echo in,out)" - >"$RULES" || die "no rules for $1"
		must in_ns "$ns" nft -f "$RULES"
		;;
	iptables)
		vips "$nr" "$n" | awk -v port="$PORT" -v ep="$ep" '
			{ chains = chains ":SVC-" NR " - [0:0]\n:SEP-" NR " - [0:0]\n"
			  rules = rules "-A SERVICES -d " $1 "/32 -p tcp -m tcp --dport " port " -j SVC-" NR "\n" \
				"-A SVC-" NR " -j SEP-" NR "\n" \
				"-A SEP-" NR " -p tcp -m tcp -j DNAT --to-destination " ep ":" port "\n" }
			END { printf "*nat\n:SERVICES - [0:0]\n%s-A PREROUTING -j SERVICES\n-A OUTPUT -j SERVICES\n%sCOMMIT\n",
				chains, rules }' >"$RULES"
		must in_ns "$ns" iptables-legacy-restore "$RULES"
		;;
	ipvs)
		must in_ns "$ns" bash -c 'ip link add kube-ipvs0 type dummy; echo 1 >/proc/sys/net/ipv4/vs/conntrack'
		vips "$nr" "$n" | sed 's/.*/addr add &\/32 dev kube-ipvs0/' >"$RULES"
		must ip -n "$ns" -batch "$RULES"
		vips "$nr" "$n" | sed "s/.*/-A -t &:$PORT -s rr\n-a -t &:$PORT -r $ep:$PORT -m/" >"$RULES"
		must in_ns "$ns" ipvsadm-restore <"$RULES"
		;;
	esac
}

# new_router SUBJECT NR N
new_router()
{
	local ns=router$2 pair=${1%-*}

	new_ns "$ns"
	new_pair "$pair" tx "a$2" "$ns" in
	new_pair "$pair" "$ns" out rx "b$2"
	ip_in tx address add "10.$2.0.2/24" dev "a$2"
	ip_in "$ns" address add "10.$2.0.1/24" dev in
	ip_in "$ns" address add "10.$2.1.1/24" dev out
	ip_in rx address add "10.$2.1.2/24" dev "b$2"
	ip_in tx route add "10.$((100 + $2)).0.0/16" via "10.$2.0.1"
	ip_in rx route add "10.$2.0.0/24" via "10.$2.1.1"
	must in_ns "$ns" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	rules "${1##*-}" "$2" "$3"
	SERVICE[$1]=$(vips "$2" "$3" | tail -n 1)@10.$2.1.2
}

cost()
{
	local kind=crr count

	count=$(by_mode 200 200)
	if [[ $1 = servicerr-* ]]; then
		kind=rr count=$(by_mode 1000 500)
	fi
	REPLY=$("$TOOLS/bench/traffic" "$kind" tx rx "${SERVICE[$2]}" 1 "$count") || die "$1 over $2 fails"
}

# Each has what its rules take.
there()
{
	subject_there "$1" || return 1
	case ${1##*-} in
	iptables) [ -n "$(type -P iptables-legacy-restore)" ] && modprobe -q iptable_nat && modprobe -q xt_tcpudp && modprobe -q xt_nat ;;
	ipvs) [ -n "$(type -P ipvsadm-restore)" ] && modprobe -q ip_vs_rr ;;
	*) modprobe -q nft_numgen ;;
	esac
}

declare -A SERVICE
subjects=(vveth-vflow veth-iptables veth-ipvs veth-nft)
RULES=$(mktemp)
trap 'rm -f "$RULES"' EXIT
new_ns tx rx
modprobe nf_conntrack
modprobe nf_flow_table_inet
modprobe vflow 2>/dev/null
nr=0
for row in "$@"; do
	case $row in
	servicerr-*) row "$row" trip "a byte there and back, ${row#*-} services" ;;
	*) row "$row" conn "connect, a byte there and back, close; ${row#*-} services" ;;
	esac
	here=()
	for subject in "${subjects[@]}"; do
		if there "$subject"; then
			new_router "$subject" $((++nr)) "${row#*-}"
			here+=("$subject")
		else
			absent "$row" "$subject"
		fi
	done
	rounds cost "$row" "${here[@]}"
done
