# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Part of lib.sh: namespaces, links, counters and traffic. NS is always the name of a namespace made by setup_ns.
#
# Namespaces and links:
#	setup_ns VAR...		a fresh namespace for each VAR, its unique name in $VAR; no IPv6 in it, so that nothing but
#				the test's own frames is counted; lo is down
#	setup_ns -6 VAR...	the same with IPv6 (no DAD, no router solicitation) and lo up
#	in_ns NS CMD...		run CMD in the namespace (/proc/net and /proc/sys are its own; /sys is not)
#	ipb NS <<< LINES	several `ip` commands in one process; a failure ends the case
#	add_pair NSA A NSB B [OPTION...]	a pair of the kind under test, both ends up and running; the options are
#				those of `ip link add` for A
#	add_wide_pair NSA A NSB B N	the same with N queues of each kind at either end
#	wait_up NS DEV...	poll until the devices are operational
#	set_up NS DEV...	the same, set up first
#	link_attr NS DEV KEY	a value of `ip -j -d link show`: ifindex mtu address operstate link_index link_netnsid ...;
#				nothing where it has none, "?" where there is no such device
#	link_number NS DEV IFLA_NAME	a number that this release's `ip` may not know; nothing where the kernel does not
#	set_link_number NS DEV IFLA_NAME VALUE
#	ip_attr NS DEV KEY	the same as `ip` itself says it, for tests of that
#	link_flag NS DEV FLAG	yes or no: UP LOWER_UP NO-CARRIER PROMISC ...
#	has_link NS DEV		true where DEV exists
#	no_link NS DEV, no_links NS	for polling
#	links NS		the names of the namespace's devices but lo, sorted, in one line
# Counters:
#	link_stat NS DEV FIELD...	rx_packets tx_bytes rx_dropped rx_missed_errors ... in the order asked for
#	stat_is NS DEV FIELD VALUE	whether one of these has come to that
#	all_across NS DEV PEER_NS PEER	whether PEER has received as many frames as DEV has sent
#	lost NS DEV		frames that the end of a pair has dropped, sent and received, but for those that found the other's
#				ring full: a burst without a qdisc may, on a busy machine
#	ethtool_stat NS DEV GLOB	sum of the `ethtool -S` counters whose name matches
#	napi_thread NS DEV	makes NAPI of the device a thread on the first CPU; its PID is in NAPI_THREAD
# Traffic:
#	pkt ARGS		the frame tool (see pkt.c); results in the array PKT: ${PKT[rx0.frames]}, ${PKT[tx.sent]} ...
#	pkt_with "CMD..." ARGS	the same, started by a command such as taskset
#	tcp_check NSC NSS ADDR [BYTES [OPTION...]]	a TCP transfer NSC -> NSS at ADDR, checked byte for byte (see xfer.c)
#	udp_check NSC NSS ADDR [OPTION...]	the same with UDP, what became of it in the array UDP (see udp.c)
#	ping_ok NS ADDR [OPTION...]	three echoes, all answered
#	pg_send NS DEV COUNT ["NAME VALUE"...]	pktgen; prints "SENT ERRORS"; COUNT 0 runs until pg_stop
#	pg_start ... / pg_stop NS	the same in the background; stopped when the case ends

# shellcheck disable=SC2034 # read by the tests
declare -A PKT UDP

# ---- namespaces and links ---------------------------------------------------------------------------------------------

# ask WORD...: has the test's linkd do something; what it says is in ANSWER. Not for functions in the background, which
# would take one another's answers. What linkd is stands in linkd.c.
ask()
{
	local id=$((++ASK_NR)).$BASHPID

	printf '%s %s\n' "$id" "$*" >&"$ASK_FD"
	# An answer to a question that was not waited for is passed over.
	while IFS= read -ru "$ANSWER_FD" ANSWER; do
		[[ $ANSWER == "$id "* ]] || continue
		ANSWER=${ANSWER#"$id "}
		[[ $ANSWER == ok* ]] || return 1
		ANSWER=${ANSWER#ok}
		ANSWER=${ANSWER# }
		return 0
	done
	return 1
}

must_ask()
{
	ask "$@" || die "$*: $ANSWER"
}

start_linkd()
{
	mkfifo "$1/ask" "$1/answer"
	exec {ASK_FD}<>"$1/ask" {ANSWER_FD}<>"$1/answer"
	ASK_NR=0
	"$TOOLS/linkd" <"$1/ask" >"$1/answer" 2>&1 &
	LINKD_PID=$!
}

setup_ns()
{
	local kind=quiet var names=()

	if [ "$1" = -6 ]; then
		kind=ipv6
		[ -e /proc/sys/net/ipv6 ] || skip "the kernel has no IPv6"
		shift
	fi
	for var in "$@"; do
		printf -v "$var" %s "${var,,}-$$"
		names+=("${var,,}-$$")
	done
	defer must_ask nsdel "${names[@]}"
	must_ask nsadd "$kind" "${names[@]}"
}

in_ns()
{
	local ns=$1

	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

ipb()
{
	must ip -n "$1" -batch -
}

# up_both NSA A NSB B: `up` waits for an end to be operational, which takes both.
up_both()
{
	must ip -n "$3" link set "$4" up
	must_ask up "$1" "$2"
	must_ask up "$3" "$4"
}

add_pair()
{
	local nsa=$1 a=$2 nsb=$3 b=$4

	shift 4
	if [ $# -eq 0 ]; then
		must_ask pair "$PAIR" "$nsa" "$a" "$nsb" "$b"
		return
	fi
	must ip -n "$nsa" link add "$a" "$@" type "$PAIR" peer name "$b" netns "$nsb"
	up_both "$nsa" "$a" "$nsb" "$b"
}

add_wide_pair()
{
	must ip -n "$1" link add "$2" numtxqueues "$5" numrxqueues "$5" type "$PAIR" \
		peer name "$4" numtxqueues "$5" numrxqueues "$5" netns "$3"
	up_both "$1" "$2" "$3" "$4"
}

set_up()
{
	must_ask up "$@"
}

is_up()
{
	ask link "$1" "$2" && [[ $ANSWER == *" operstate=UP "* ]]
}

wait_up()
{
	local ns=$1 dev

	shift
	for dev in "$@"; do
		busywait 5000 is_up "$ns" "$dev" || die "$dev in $ns does not come up"
	done
}

has_link()
{
	ask link "$1" "$2"
}

no_link()
{
	! ask link "$1" "$2"
}

links()
{
	ask links "$1" || ANSWER='?'
	echo "$ANSWER"
}

no_links()
{
	ask links "$1" && [ -z "$ANSWER" ]
}

link_attr()
{
	case $3 in
	ifindex | mtu | promiscuity | operstate | address | link | link_index | link_netnsid | info_kind | master)
		ask link "$1" "$2" || { echo '?'; return 1; }
		[[ $ANSWER =~ (^|\ )$3=([^ ]*) ]] && echo "${BASH_REMATCH[2]}"
		;;
	*)
		ip_attr "$@"
		;;
	esac
}

ip_attr()
{
	local json

	json=$(ip -n "$1" -j -d link show dev "$2") || { echo '?'; return 1; }
	[[ $json =~ \"$3\":\"?([^,\"}]*) ]] && echo "${BASH_REMATCH[1]}"
}

declare -A LINK_NUMBERS=([IFLA_GSO_MAX_SIZE]=41 [IFLA_GRO_MAX_SIZE]=58 [IFLA_TSO_MAX_SIZE]=59 [IFLA_TSO_MAX_SEGS]=60
	[IFLA_GSO_IPV4_MAX_SIZE]=63 [IFLA_GRO_IPV4_MAX_SIZE]=64)

link_number()
{
	ask get "$1" "$2" "${LINK_NUMBERS[$3]}" && echo "$ANSWER"
}

set_link_number()
{
	must_ask set "$1" "$2" "${LINK_NUMBERS[$3]}" "$4"
}

link_flag()
{
	if ! ask link "$1" "$2"; then
		echo '?'
		return 1
	fi
	if [[ $ANSWER =~ flags=([^ ]*,)?$3, ]]; then
		echo yes
	else
		echo no
	fi
}

# ---- counters ---------------------------------------------------------------------------------------------------------

link_stat()
{
	local ns=$1 dev=$2 field values=()

	shift 2
	ask link "$ns" "$dev" || return 1
	for field in "$@"; do
		[[ $ANSWER =~ \ $field=([0-9]+) ]] || return 1
		values+=("${BASH_REMATCH[1]}")
	done
	echo "${values[*]}"
}

stat_is()
{
	[ "$(link_stat "$1" "$2" "$3")" = "$4" ]
}

all_across()
{
	[ "$(link_stat "$1" "$2" tx_packets)" = "$(link_stat "$3" "$4" rx_packets)" ]
}

lost()
{
	local tx rx

	read -r tx rx <<<"$(link_stat "$1" "$2" tx_dropped rx_dropped)"
	echo $((tx + rx - $(ethtool_stat "$1" "$2" drop_ring_full || echo 0)))
}

ethtool_stat()
{
	ask ethtool "$1" "$2" "$3" && echo "$ANSWER"
}

napi_thread()
{
	need_tool chrt taskset pgrep
	must ip netns exec "$1" bash -c "echo 1 >/sys/class/net/$2/threaded"
	NAPI_THREAD=$(pgrep -f "^.napi/$2-") || die "no NAPI thread"
	must taskset -p 1 "$NAPI_THREAD"
}

# set_for_case FILE VALUE: writes a setting of the kernel, where it has it, until the case ends.
set_for_case()
{
	[ -e "$1" ] || return 0
	defer eval "echo $(<"$1") >$1"
	echo "$2" >"$1"
}

# A program of higher priority keeps NAPI threads from their CPU, so that frames wait for them, until stop_bg "$HOG". What
# sends meanwhile does so by `taskset 2`, so that its softirqs are run.
hold_cpu()
{
	local rcu

	need_smp
	[ -d /sys/kernel/debug/sched ] || skip "no way to keep a thread from the CPU"
	# What keeps a greedy program from starving the others.
	set_for_case /proc/sys/kernel/sched_rt_runtime_us -1
	set_for_case /sys/kernel/debug/sched/fair_server/cpu0/runtime 0
	# ... but RCU's own, on which the end of the sender waits, and what softirqs are put off to.
	for rcu in $(pgrep -x 'rcu_preempt|rcu_sched|ksoftirqd/0'); do
		defer chrt -o -p 0 "$rcu"
		must chrt -f -p 2 "$rcu"
	done
	taskset 1 chrt -f 1 bash -c "echo >$CASE_DIR/hog; while :; do :; done" &
	HOG=$!
	defer stop_bg "$HOG"
	busywait 5000 test -e "$CASE_DIR/hog" || die "the program does not start"
}

# waits_for_napi PID: the command waits within the kernel for frames to be received, or for who receives them.
waits_for_napi()
{
	[[ $(<"/proc/$1/stack") =~ napi_disable|vveth_rq_drain ]]
}

# ---- traffic ----------------------------------------------------------------------------------------------------------

# Each line of the tool is a name and then KEY=VALUE words.
pkt_read()
{
	local name words word

	PKT=()
	while read -r name words; do
		for word in $words; do
			PKT[$name.${word%%=*}]=${word#*=}
		done
	done <"$1"
}

pkt_with()
{
	local before rc=0

	read -ra before <<<"$1"
	shift
	"${before[@]}" "$TOOLS/pkt" "$@" >"$CASE_DIR/pkt" || rc=$?
	echo "$(<"$CASE_DIR/pkt")"
	[ "$rc" -eq 0 ] || die "pkt $* failed with $rc"
	pkt_read "$CASE_DIR/pkt"
}

pkt()
{
	pkt_with '' "$@"
}

tcp_check()
{
	local client=$1 server=$2 addr=$3 bytes=${4:-1000000}

	shift 3
	[ $# -eq 0 ] || shift
	"$TOOLS/xfer" -c "$client" -s "$server" -b "$bytes" "$@" "$addr"
}

udp_check()
{
	local client=$1 server=$2 addr=$3 word words

	shift 3
	UDP=()
	words=$("$TOOLS/udp" -c "$client" -s "$server" "$@" "$addr") || return 1
	echo "$words"
	for word in $words; do
		UDP[${word%%=*}]=${word#*=}
	done
}

ping_ok()
{
	local ns=$1 addr=$2

	shift 2
	in_ns "$ns" ping -q -c 3 -i 0.02 -W 3 "$@" "$addr" >/dev/null
}

# Runs in the namespace: pktgen has its files in each one.
pg_script()
{
	local dev=$1 count=$2 option

	cd /proc/net/pktgen || return 1
	echo rem_device_all >kpktgend_0
	echo "add_device $dev" >kpktgend_0 || return 1
	for option in "count $count" "${@:3}"; do
		echo "$option" >"$dev" || return 1
	done
	echo start >pgctrl
	# The device may have gone meanwhile.
	[ ! -e "$dev" ] || cat "$dev"
	echo rem_device_all >kpktgend_0
}

pg_send()
{
	local ns=$1 out

	shift
	need_module pktgen
	out=$(in_ns "$ns" bash -c "$(declare -f pg_script); pg_script \"\$@\"" pg "$@") || return 1
	[[ $out =~ pkts-sofar:\ ([0-9]+)\ +errors:\ ([0-9]+) ]] || return 1
	echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
}

pg_running()
{
	in_ns "$1" grep -q '^Running: .*[a-z]' /proc/net/pktgen/kpktgend_0
}

pg_start()
{
	local ns=$1

	shift
	need_module pktgen
	bg_ns "$ns" bash -c "$(declare -f pg_script); pg_script \"\$@\"" pg "$@"
	defer pg_stop "$ns"
	busywait 3000 pg_running "$ns" || die "pktgen does not start"
}

pg_stop()
{
	in_ns "$1" bash -c 'echo stop >/proc/net/pktgen/pgctrl'
}
