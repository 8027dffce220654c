# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests of a cluster, which run in machine 1 of 3 (see run); M is the number of a machine.
#
#	on M CMD...		CMD on that machine: prints what it has printed, returns its status
#	start M CMD...		in the background there, until the case ends; its PID is in START_PID
#	cluster MODE M...	these machines are the nodes, with vnet-node in that mode; its network is there for containers.
#				What the case leaves on any machine is a failure
#	nodes M...		the list of nodes is these from now on
#	agents M...		a round of vnet-node on each of them
#	pod M NAME [ADDRESS/LENGTH MAC]	a container; its addresses are in POD[NAME] (IPv4) and POD6[NAME], where it is in AT[NAME]
#	unpod NAME
#	inside NAME CMD...	CMD in the container
#	reaches NAME ADDRESS [OPTION...]	an echo, answered
#	all_reach NAME...	each of them all others, by both families
#	transfer FROM TO ADDRESS [BYTES]	from one container by TCP into the other at ADDRESS, compared by a sum
#	stat_of M DEV NAME	a counter of `ethtool -S`

if [ -z "${VNET_MACHINE:-}" ]; then
	echo "KTAP version 1"
	echo "1..0 # SKIP make check-cluster boots the machines"
	exit 4
fi
# shellcheck source=wire
. "$SELFTESTS/cluster/wire"
declare -A POD POD6 AT
MODE='' NODES=() WORDS=() SAID=()
# shellcheck disable=SC2034 # used by the tests
MACHINES=(1 2 3) VX=vx7
# What vnet-node asks for the nodes.
LIST="cat $VNET_OUT/nodes"

# ---- machines ---------------------------------------------------------------------------------------------------------

# The number of the next order to a machine is kept over all cases and files.
for machine in 2 3; do
	[ -e "/run/cluster/order.$machine" ] || echo 1 >"/run/cluster/order.$machine"
done

# order M CMD...: its number is in ORDER.
order()
{
	local machine=$1 words

	shift
	read -r ORDER <"/run/cluster/order.$machine"
	echo $((ORDER + 1)) >"/run/cluster/order.$machine"
	printf -v words '%q ' "$@"
	echo "$words" >"$VNET_OUT/order.new"
	mv "$VNET_OUT/order.new" "$VNET_OUT/order.$machine.$ORDER"
}

# answer M NUMBER
answer()
{
	slowwait 200 [ -e "$VNET_OUT/done.$1.$2" ] || die "m$1 does not answer: $(<"$VNET_OUT/order.$1.$2")"
	cat "$VNET_OUT/said.$1.$2"
	return "$(<"$VNET_OUT/done.$1.$2")"
}

on()
{
	local machine=$1

	shift
	if [ "$machine" = 1 ]; then
		"$@"
	else
		order "$machine" "$@"
		answer "$machine" "$ORDER"
	fi
}

# at_once FUNCTION M...: all of these at the same time do what FUNCTION M puts into WORDS. What they say is in SAID[M].
at_once()
{
	local function=$1 machine rc=0 numbers=()

	shift
	for machine in "$@"; do
		[ "$machine" != 1 ] || continue
		"$function" "$machine"
		order "$machine" "${WORDS[@]}"
		numbers[machine]=$ORDER
	done
	for machine in "$@"; do
		if [ "$machine" = 1 ]; then
			"$function" 1
			SAID[1]=$("${WORDS[@]}" 2>&1) || rc=1
		else
			SAID[machine]=$(answer "$machine" "${numbers[machine]}") || rc=1
		fi
	done
	return "$rc"
}

start()
{
	local machine=$1

	shift
	# shellcheck disable=SC2016 # expanded there
	START_PID=$(on "$machine" bash -c 'setsid "$@" >/dev/null 2>&1 </dev/null & echo $!' start "$@")
	defer on "$machine" bash -c "kill $START_PID 2>/dev/null; :"
}

machines_are_here()
{
	[ -e "$VNET_OUT/here.2" ] && [ -e "$VNET_OUT/here.3" ]
}

stat_of()
{
	on "$1" ethtool -S "$2" | awk -v name="$3:" '$1 == name { print $2 }'
}

# ---- nodes ------------------------------------------------------------------------------------------------------------

nodes()
{
	local machine

	for machine in "$@"; do
		echo "m$machine 203.0.113.$machine,2001:db8:f::$machine 10.244.$machine.0/24,fd00:244:0:$machine::/64"
	done >"$VNET_OUT/nodes"
}

# agent M COMMAND: WORDS that run it.
agent()
{
	WORDS=(env NODE="m$1" MODE="$MODE" NODES="$LIST" BIN=/run/cluster/bin NET=/run/cluster/net.d
		PLUGIN="$BUILD/tools/vnet-cni" SUBNET='10.244.0.0/16,fd00:244::/48'
		"${SELFTESTS%/*}/Documentation/examples/kubernetes/vnet-node" "$2")
}

agent_once()
{
	agent "$1" once
}

agents()
{
	at_once agent_once "$@" || die "vnet-node fails: ${SAID[*]}"
}

# Runs there: what is left of a case. Tunnels that the kernel makes for each namespace are none.
left_behind()
{
	ls /run/netns
	ip -br link | awk '$1 != "lo" && $1 != "eth0" { print $1 }'
	ip route show proto 86
	ip -6 route show proto 86
	find /var/lib/cni/networks/pods -type f -name '*[0-9a-f][.:]*' ! -name 'last_*' 2>/dev/null
	find /run/cluster/bin /run/cluster/net.d -type f
	pgrep -ax 'socat|zebra'
	pgrep -ax bgpd
	:
}

# shellcheck disable=SC2016 # expanded there
clean_words()
{
	agent "$1" clean
	WORDS=(bash -c "$(declare -f left_behind)"'
		"$@"
		ip link del vbr0 2>/dev/null
		rm -rf /var/lib/cni/networks/pods
		left_behind' clean "${WORDS[@]}")
}

clean_cluster()
{
	local machine

	at_once clean_words "${NODES[@]}"
	for machine in "${NODES[@]}"; do
		check_eq "${SAID[machine]}" "" "what is left on m$machine"
	done
}

cluster()
{
	slowwait 300 machines_are_here || die "the other machines do not come up"
	MODE=$1
	shift
	NODES=("$@")
	nodes "$@"
	defer clean_cluster
	agents "$@"
}

# ---- containers -------------------------------------------------------------------------------------------------------

pod()
{
	local machine=$1 name=$2 said

	said=$(on "$machine" "$SELFTESTS/cluster/pod" add "${@:2}") || die "no container $name on m$machine: $said"
	AT[$name]=$machine
	read -r "POD[$name]" "POD6[$name]" <<<"$said"
	defer unpod "$name"
}

unpod()
{
	local machine=${AT[$1]:-}

	[ -n "$machine" ] || return 0
	AT[$1]=''
	on "$machine" "$SELFTESTS/cluster/pod" del "$1" || fail "$1 on m$machine is not taken off"
}

inside()
{
	on "${AT[$1]}" ip netns exec "$@"
}

reaches()
{
	inside "$1" ping -q -c 1 -W 20 "${@:3}" "$2" >/dev/null || fail "$1 does not reach $2${3+ (${*:3})}"
}

all_reach()
{
	local name machine where=()

	ALL=("$@")
	for name in "$@"; do
		machine=${AT[$name]}
		where[machine]=$machine
	done
	at_once reach_words "${where[@]}"
	for machine in "${where[@]}"; do
		check_eq "${SAID[machine]}" "" "who does not reach whom on m$machine"
	done
}

# Those of ALL that are on the machine ask each of the others.
# shellcheck disable=SC2016 # expanded there
reach_words()
{
	local from to pairs=()

	for from in "${ALL[@]}"; do
		for to in "${ALL[@]}"; do
			if [ "${AT[$from]}" = "$1" ] && [ "$from" != "$to" ]; then
				pairs+=("$from" "${POD[$to]}" "$from" "${POD6[$to]}")
			fi
		done
	done
	WORDS=(bash -c 'while [ $# -gt 0 ]; do
			ip netns exec "$1" ping -q -c 1 -W 20 "$2" >/dev/null || echo "$1: $2" &
			shift 2
		done
		wait' reach "${pairs[@]}")
}

listens()
{
	[ -n "$(inside "$1" ss -Hltn 'sport = :5000')" ]
}

is_gone()
{
	! on "$1" bash -c "kill -0 $2 2>/dev/null"
}

transfer()
{
	local from=$1 to=$2 address=$3 bytes=${4:-4000000} family=TCP4 pid

	[[ $address != *:* ]] || family=TCP6 address=[$address]
	start "${AT[$to]}" ip netns exec "$to" socat -u "$family-LISTEN:5000,reuseaddr" OPEN:/run/cluster/got,creat,trunc
	pid=$START_PID
	slowwait 20 listens "$to" || die "$to does not listen"
	on "${AT[$from]}" bash -c "head -c $bytes /dev/urandom >/run/cluster/sent" || die "nothing to send"
	inside "$from" timeout 100 socat -u OPEN:/run/cluster/sent "$family:$address:5000,connect-timeout=20" || fail "$from cannot send to $to"
	slowwait 30 is_gone "${AT[$to]}" "$pid" || fail "$to has not got all of it"
	check_eq "$(on "${AT[$to]}" sha256sum </dev/null /run/cluster/got | cut -c 1-64)" \
		"$(on "${AT[$from]}" sha256sum /run/cluster/sent | cut -c 1-64)" "sum of what $from has sent to $to"
}
