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
# lays them; ipvs. The service that is asked for is the last of all. In the rows of policies it is the only one, and its
# endpoint takes the client alone, by the last of so many policies.
#
# ROWS: service-1 service-1000 service-5000 servicerr-5000 policy-1 policy-120
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

PORT=5001
SERVICES=$(dirname "$0")/../../../Documentation/examples/services

# vips NR N: the addresses of N services.
vips()
{
	awk -v nr="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "10.%d.%d.%d\n", 100 + nr, i / 250, i % 250 + 1 }'
}

# policies NR N: let the client in, and whoever else to other endpoints.
policies()
{
	local nr=$1 i

	for ((i = 1; i < $2; i++)); do
		echo "policy 10.$nr.3.$i tcp $PORT 10.$nr.0.0/24 10.$nr.2.$i"
	done
	[ "$2" -eq 0 ] || echo "policy 10.$nr.1.2 tcp $PORT 10.$nr.0.0/24"
}

# kube_proxy CLUSTER ENDPOINT: rules as kube-proxy lays them for the addresses on its standard input. Its chains are as many
# as services, and more. Those that nobody comes by cost nothing but the time to load them, which is minutes for 5,000, so
# that here all services lead to one.
kube_proxy()
{
	local portals='-m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES'

	cat <<-EOF
		*filter
		:KUBE-SERVICES - [0:0]
		:KUBE-FORWARD - [0:0]
		-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
		-A FORWARD $portals
		-A OUTPUT $portals
		-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
		-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
		-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		COMMIT
		*nat
		:KUBE-SERVICES - [0:0]
		:KUBE-NODEPORTS - [0:0]
		:KUBE-POSTROUTING - [0:0]
		:KUBE-MARK-MASQ - [0:0]
		:KUBE-SVC - [0:0]
		:KUBE-SEP - [0:0]
		-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
		-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
		-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
		-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE
		-A KUBE-SVC ! -s $1 -p tcp -m tcp --dport $PORT -j KUBE-MARK-MASQ
		-A KUBE-SVC -m comment --comment "default/service:port" -j KUBE-SEP
		-A KUBE-SEP -s $2/32 -m comment --comment "default/service:port" -j KUBE-MARK-MASQ
		-A KUBE-SEP -p tcp -m comment --comment "default/service:port" -m tcp -j DNAT --to-destination $2:$PORT
		$(sed "s/.*/-A KUBE-SERVICES -d &\/32 -p tcp -m comment --comment \"default\/service:port cluster IP\" -m tcp --dport $PORT -j KUBE-SVC/")
		-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
		COMMIT
	EOF
}

# rules WAY NR N POLICIES: in the router.
rules()
{
	local way=$1 nr=$2 n=$3 ns=router$2 ep=10.$2.1.2

	case $way in
	vflow | nft)
		[ "$way" = nft ] || must in_ns "$ns" bash -c 'echo 1 >/proc/sys/net/netfilter/nf_conntrack_acct'
		{ vips "$nr" "$n" | sed "s/.*/service & tcp $PORT $ep:$PORT/" && policies "$nr" "$4"; } |
			"$SERVICES" devices="$([ "$way" = nft ] || echo in,out)" - >"$RULES" || die "no rules for $1"
		must in_ns "$ns" nft -f "$RULES"
		;;
	iptables)
		vips "$nr" "$n" | kube_proxy "10.$nr.0.0/16" "$ep" >"$RULES"
		must in_ns "$ns" iptables-legacy-restore "$RULES"
		;;
	ipvs)
		# An address that nobody asks for costs nothing here but the time to add it.
		must in_ns "$ns" bash -c "ip link add kube-ipvs0 type dummy
			ip addr add $(vips "$nr" "$n" | tail -n 1)/32 dev kube-ipvs0
			echo 1 >/proc/sys/net/ipv4/vs/conntrack"
		vips "$nr" "$n" | sed "s/.*/-A -t &:$PORT -s rr\n-a -t &:$PORT -r $ep:$PORT -m/" >"$RULES"
		must in_ns "$ns" ipvsadm-restore <"$RULES"
		;;
	esac
}

# new_router SUBJECT NR SERVICES POLICIES
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
	rules "${1##*-}" "$2" "$3" "$4"
	SERVICE[$1]=$(vips "$2" "$3" | tail -n 1)@10.$2.1.2
}

cost()
{
	local kind=crr count

	count=$(by_mode 200 200)
	if [[ $1 = servicerr-* ]]; then
		kind=rr count=$(by_mode 1000 500)
	fi
	# In a profile, as many as make enough samples.
	[ -z "${BENCH_PROFILE:-}" ] || count=$((count * 20)) PROFILED=traffic PROFILED_COUNT=$count
	REPLY=$("$TOOLS/bench/traffic" "$kind" tx rx "${SERVICE[$2]}" 1 "$count") || die "$1 over $2 fails"
}

# Each has what its rules take.
there()
{
	subject_there "$1" || return 1
	case ${1##*-} in
	iptables)
		[ -n "$(type -P iptables-legacy-restore)" ] && modprobe -qa iptable_nat iptable_filter xt_tcpudp xt_nat xt_MASQUERADE \
			xt_comment xt_conntrack xt_mark xt_addrtype
		;;
	ipvs) [ -n "$(type -P ipvsadm-restore)" ] && modprobe -q ip_vs_rr ;;
	*) modprobe -q nft_numgen ;;
	esac
}

declare -A SERVICE
subjects=(vveth-vflow veth-iptables veth-ipvs veth-nft)
# Each of their routers is the dearer part, and in icount they differ by a hair.
ROUNDS=${BENCH_ROUNDS:-$(by_mode 3 5)}
RULES=$(mktemp)
trap 'rm -f "$RULES"; cleanup' EXIT
new_ns tx rx
modprobe nf_conntrack
modprobe nf_flow_table_inet
modprobe vflow 2>/dev/null
nr=0 made=''
for row in "$@"; do
	of=${row#*-}
	case $row in
	servicerr-*) row "$row" trip "a byte there and back, $of services" ;;
	service-*) row "$row" conn "connect, a byte there and back, close; $of services" ;;
	policy-*) row "$row" conn "the same, one service, $of policies" ;;
	esac
	some=("${subjects[@]}") what="$of 0"
	[[ $row != policy-* ]] || some=(vveth-vflow veth-nft) what="1 $of"
	here=()
	for subject in "${some[@]}"; do
		if ! there "$subject"; then
			absent "$row" "$subject"
			continue
		fi
		# shellcheck disable=SC2086 # two words
		[ "$what" = "$made" ] || new_router "$subject" $((++nr)) $what
		here+=("$subject")
	done
	made=$what
	rounds cost "$row" "${here[@]}"
done
