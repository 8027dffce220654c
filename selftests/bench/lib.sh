# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by every script of rows/: namespaces, pktgen, rounds, and where the samples go. Runs in the guest.
#
#	#!/usr/bin/env bash
#	# SPDX-License-Identifier: GPL-2.0
#	# What is measured, with a drawing of the topology.
#	# ROWS: NAME...			rows it makes; "MODE:NAME" where a row is for one mode only
#	. "$(dirname "$0")/../lib.sh"
#	... set up the suite's devices and the in-tree peer ...
#	for row in "$@"; do			the rows wanted
#		row "$row" UNIT TITLE
#		rounds COST "$row" SUBJECT...
#	done
#
# rounds calls COST ROW SUBJECT for each subject in turn, round after round, each round beginning with another one; it
# leaves in REPLY what one operation cost, in thousandths of a nanosecond (icount: of an instruction). A first round
# warms up and is not kept. In time mode a sample is the best of three: what the host took away for other work is no
# cost. Before each round the function before_round is called, where there is one, with the subjects that are there, and
# after it after_round with the row, the costs being in ${COST[SUBJECT]}; a
# subject whose name begins with a dot is measured for its sake alone. The subject "floor" is what the table subtracts
# from all others. The suite's subjects have a "v" kind in their name (vveth, vbridge ...); of the others the first is
# the peer that the gates are about.
#
# Namespaces and devices (the first namespace of the guest is where frames are sent from):
#	new_ns NS...		fresh namespaces without IPv6, so that nothing but the benchmark's frames is sent
#	with_ipv6 NS...		IPv6 in them after all
#	have KIND		true where the modules for devices of this kind are there
#	new_pair KIND NSA A NSB B	a pair, both ends up; "" is the namespace here; kinds: vveth veth veth-gro netkit,
#				and in layer 3 vveth-l3 netkit-l3
#	new_bridge NS NAME KIND		a bridge, up
#	new_switched SUBJECT [NS]	pair, bridge and pair, for a subject such as veth-bridge; its devices are a$REPLY (in
#				NS, or here), oa$REPLY, br$REPLY and ob$REPLY (in sw), b$REPLY (in rx), REPLY being set by:
#				short SUBJECT. Behind b are also $OTHER and those that follow it.
#	fresh_bridge SUBJECT [OPTION...]	another bridge in place of that one, whose table has another seed, and all
#				stations known; the options are those of `ip link add`, VLAN is the one that frames are in
#	new_dummy NAME		a device, here, that drops what is sent through it
#	new_floor		the device floor0, here, to which "floor" samples of pktgen are received
#	sink NS ADDR [CLIENT_NS CLIENT_ADDR]	a UDP socket that is full, at the port pktgen sends to; where a client is
#				named, some datagrams have gone there and back before
#	mac_of NS DEV
#	in_ns NS CMD...
# pktgen:
#	pg DEV MODE COUNT OPTION...	sends; REPLY is the cost of a frame
#	pg_ns NS DEV MODE ...		the same inside a namespace, where a process more does no harm
#	pg_rx COUNT OPTION...		the cost of the receive path of floor0
#	across DEV TO COUNT	sends COUNT frames of FRAME into DEV, all of which have to arrive at TO in namespace rx
#	frame SIZE|v6		sets FRAME, the options for a UDP frame that the receiver's stack drops first thing: it is
#				for another host's MAC. $MACS sources and destinations take turns, from the sender's own
#				and from $OTHER: two addresses that collide in a hash table, whose seed is another at each
#				boot, cost a percent, and among many it is always about the same share that does.
#	received NS DEV		REPLY is the device's count of received frames
#	arrived NS DEV BEFORE COUNT	dies where not all have come (the two by hand, where it is not pktgen that sends)
# Results:
#	put ROW SUBJECT VALUE	a sample, for a row whose rounds are made by hand
#	absent ROW SUBJECT	that subject is not there; the table says so

set -u
export LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
TOOLS=$VNET_BUILD/selftests
# shellcheck disable=SC2034 # for the rows
BENCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
OTHER=02:00:00:00:0b:00
MACS=256
VLAN=
declare -A HOLDER HAVE COST
SINKS=() DUMMIES=()
REPLY=0

die()
{
	echo "bench: ${0##*/}: $*" >&2
	exit 1
}

must()
{
	"$@" || die "$* failed"
}

# by_mode ICOUNT TIME: the one that is for the mode.
by_mode()
{
	if [ "$BENCH_MODE" = icount ]; then
		echo "$1"
	else
		echo "$2"
	fi
}

# shellcheck disable=SC2034 # for the rows
COUNT=$(by_mode 12000 10000)
ROUNDS=${BENCH_ROUNDS:-5}
TRIES=$(by_mode 1 3)

# ---- namespaces and devices ------------------------------------------------------------------------------------------

in_ns()
{
	local ns=$1

	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

new_ns()
{
	local ns

	for ns in "$@"; do
		must ip netns add "$ns"
		must in_ns "$ns" bash -c "$(declare -f no_ipv6); no_ipv6"
		nsenter --net="/run/netns/$ns" -- sleep infinity &
		HOLDER[$ns]=$!
	done
}

# with_ipv6 NS...: after all, without the waiting for duplicate addresses.
with_ipv6()
{
	local ns

	for ns in "$@"; do
		# shellcheck disable=SC2016 # for that bash to expand
		must in_ns "$ns" bash -c 'cd /proc/sys/net/ipv6/conf && for conf in all default; do
			echo 0 >$conf/accept_dad; echo 0 >$conf/router_solicitations; echo 0 >$conf/disable_ipv6; done'
		ip_in "$ns" link set lo up
	done
}

no_ipv6()
{
	local conf

	for conf in all default; do
		echo 1 >"/proc/sys/net/ipv6/conf/$conf/disable_ipv6"
	done
}

have()
{
	local module=${1%-gro}

	if [ -z "${HAVE[$module]:-}" ]; then
		HAVE[$module]=no
		# netkit is never a module.
		if [ "$module" = netkit ]; then
			grep -q '^CONFIG_NETKIT=y' "/lib/modules/$(uname -r)/config" && HAVE[$module]=yes
		elif modprobe -q "$module"; then
			HAVE[$module]=yes
		fi
	fi
	[ "${HAVE[$module]}" = yes ]
}

# ip_in NS ARG...: the namespace may be "", the one that frames are sent from.
ip_in()
{
	local ns=$1

	shift
	must ip ${ns:+-n "$ns"} "$@"
}

new_pair()
{
	local kind=$1 nsa=$2 a=$3 nsb=$4 b=$5 layer=()

	if [ "${kind%-l3}" = netkit ]; then
		must "$TOOLS/bench/links" "$kind" "$a" "$b"
		[ -z "$nsa" ] || ip_in '' link set "$a" netns "$nsa"
		ip_in '' link set "$b" netns "$nsb"
	else
		[[ $kind != *-l3 ]] || layer=(mode l3)
		ip_in "$nsa" link add "$a" type "${kind%-*}" "${layer[@]}" peer name "$b" netns "$nsb"
	fi
	if [ "$kind" = veth-gro ]; then
		must in_ns "$nsb" ethtool -K "$b" gro on
		must ${nsa:+in_ns "$nsa"} ethtool -K "$a" gro on
	fi
	ip_in "$nsa" link set "$a" up
	ip_in "$nsb" link set "$b" up
}

# pair_kind SUBJECT / bridge_kind SUBJECT: of veth-bridge and its like.
pair_kind()
{
	REPLY=${1%-*bridge}
}

bridge_kind()
{
	REPLY=${1##*-}
}

new_bridge()
{
	ip_in "$1" link add "$2" type "$3"
	ip_in "$1" link set "$2" up
}

new_switched()
{
	local tag=$1 sender=${2:-} pair bridge

	pair_kind "$1"
	pair=$REPLY
	bridge_kind "$1"
	bridge=$REPLY
	short "$tag"
	tag=$REPLY
	new_bridge sw "br$tag" "$bridge"
	new_pair "$pair" "$sender" "a$tag" sw "oa$tag"
	new_pair "$pair" sw "ob$tag" rx "b$tag"
	ip_in sw link set "oa$tag" master "br$tag"
	ip_in sw link set "ob$tag" master "br$tag"
	must bridge -n sw -batch - < <(fdb_others "$bridge" "br$tag" "ob$tag")
}

fresh_bridge()
{
	local tag bridge

	bridge_kind "$1"
	bridge=$REPLY
	short "$1"
	tag=$REPLY
	must ip -n sw -batch - <<-EOF
		link del br$tag
		link add br$tag up type $bridge ${*:2}
		link set oa$tag master br$tag
		link set ob$tag master br$tag
	EOF
	must bridge -n sw -batch - < <(fdb_others "$bridge" "br$tag" "ob$tag")
	# The sources are learned.
	across "a$tag" "b$tag" $((MACS * 2))
}

# Names of devices are short: vw is vveth-vbridge, tb is veth-bridge, and so on.
short()
{
	case $1 in
	vveth-vbridge) REPLY=vw ;;
	veth-bridge) REPLY=tb ;;
	veth-vbridge) REPLY=tw ;;
	vveth-bridge) REPLY=vb ;;
	esac
}

# fdb_others KIND BRIDGE PORT: a batch that puts $OTHER and those that follow it behind the port, in the form that the
# kind knows, in $VLAN where it is set.
fdb_others()
{
	local i to="dev $3 master static"

	[ "$1" != vbridge ] || to="dev $2 self static via $3"
	to+=${VLAN:+ vlan $VLAN}
	for ((i = 0; i < MACS; i++)); do
		printf 'fdb replace %s:%02x %s\n' "${OTHER%:*}" "$i" "$to"
	done
}

# A device that drops what is sent through it, without any of the work of a real one.
new_dummy()
{
	have dummy || die "no dummy device"
	ip_in '' link add "$1" up type dummy
	DUMMIES+=("$1")
}

# An in-tree device, whose receive path is that of every pair's end; its other end is only there to give it a carrier.
new_floor()
{
	[ -n "${HOLDER[floor]:-}" ] || new_ns floor
	new_pair veth '' floor0 floor floor1
}

# Port 9 is pktgen's.
sink()
{
	local fd ready=''

	exec {fd}< <(exec "$TOOLS/bench/traffic" sink "$1" "$2" 9 "${@:3}")
	SINKS+=($!)
	read -r ready <&"$fd"
	exec {fd}<&-
	[ "$ready" = ready ] || die "no socket at $2"
}

# mac_of NS DEV: its address.
mac_of()
{
	[[ $(ip_in "$1" -o link show dev "$2") =~ link/ether\ ([0-9a-f:]+) ]] && echo "${BASH_REMATCH[1]}"
}

received()
{
	local line

	while read -r line; do
		if [[ $line =~ ^"$2": ]]; then
			read -r _ _ REPLY _ <<<"${line/:/: }"
			return
		fi
	done <"/proc/${HOLDER[$1]}/net/dev"
	die "no device $2 in $1"
}

arrived()
{
	received "$1" "$2"
	[ $((REPLY - $3)) -ge "$4" ] || die "$2 received $((REPLY - $3)) of $4 frames"
}

# ---- pktgen ----------------------------------------------------------------------------------------------------------

# A thread of pktgen does what it is told when it comes to it; it is given an eighth of a second for that and asked no
# more, which is not enough on a busy machine.
# pg_wait FILE ERE: until a line of FILE matches.
pg_wait()
{
	local line tries

	for ((tries = 0; tries < 6000; tries++)); do
		while read -r line; do
			[[ $line =~ $2 ]] && return 0
		done <"$1"
		sleep 0.01
	done
	return 1
}

pg_at()
{
	local proc=$1 dev=$2 mode=$3 count=$4 option

	shift 4
	echo rem_device_all >"$proc/kpktgend_0"
	pg_wait "$proc/kpktgend_0" '^Stopped: *$' || die "pktgen does not let its device go"
	echo "add_device $dev" >"$proc/kpktgend_0" || die "pktgen does not take $dev"
	# A frame that pktgen keeps a hand on is a shared one, which a bridge has to clone: nobody else sends such frames.
	for option in "count $count" "xmit_mode $mode" "delay 0" "flag NO_TIMESTAMP" "flag !SHARED" "$@"; do
		echo "$option" >"$proc/$dev" || die "pktgen refuses '$option' for $dev"
	done
	echo start >"$proc/pgctrl"
	pg_wait "$proc/$dev" '^Result: OK: ([0-9]+)\(.* ([0-9]+) \(' || die "pktgen has no result for $dev"
	[ "${BASH_REMATCH[2]}" -eq "$count" ] || die "pktgen sent ${BASH_REMATCH[2]} of $count through $dev"
	REPLY=$((BASH_REMATCH[1] * 1000000 / count))
}

# pg_rx COUNT OPTION...: the receive path to the drop almost alone, each frame made being received 64 times.
pg_rx()
{
	pg floor0 netif_receive $(($1 / 64 * 64 * 4)) "flag SHARED" "burst 64" "${@:2}"
}

pg()
{
	pg_at /proc/net/pktgen "$@"
}

across()
{
	local before cost

	received rx "$2"
	before=$REPLY
	pg "$1" start_xmit "$3" "${FRAME[@]}"
	cost=$REPLY
	arrived rx "$2" "$before" "$3"
	REPLY=$cost
}

# pktgen's threads belong to the namespace of who starts them.
pg_ns()
{
	local ns=$1

	shift
	# shellcheck disable=SC2016 # for that bash to expand
	REPLY=$(in_ns "$ns" bash -c "$(declare -f pg_at pg_wait die)"'
		pg_at /proc/net/pktgen "$@" && echo "$REPLY"' pg "$@") || die "pktgen in $ns"
}

frame()
{
	# shellcheck disable=SC2034 # for the rows
	case $1 in
	v6) FRAME=("pkt_size 78" "dst6 2001:db8::2" "src6 2001:db8::1") ;;
	# pktgen counts without the 4 bytes of the checksum, and a 1500-byte packet has a header of 14 in front.
	64) FRAME=("pkt_size 60" "dst 192.0.2.2" "src_min 192.0.2.1" "src_max 192.0.2.1") ;;
	1500) FRAME=("pkt_size 1514" "dst 192.0.2.2" "src_min 192.0.2.1" "src_max 192.0.2.1") ;;
	*) die "no frame of size $1" ;;
	esac
	# It counts from 0 to the number given.
	FRAME+=("dst_mac $OTHER" "dst_mac_count $((MACS - 1))" "src_mac_count $((MACS - 1))")
}

# ---- results ---------------------------------------------------------------------------------------------------------

row()
{
	printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$VNET_OUT/rows"
}

put()
{
	printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$VNET_OUT/samples"
}

absent()
{
	put "$1" "$2" absent
}

# best_of N COST ROW SUBJECT: the least cost of N tries.
best_of()
{
	local tries=$1 best='' try

	shift
	for ((try = 0; try < tries; try++)); do
		REPLY=''
		"$@"
		[[ $REPLY =~ ^-?[0-9]+$ ]] || die "$2: no cost of $3"
		[ -n "$best" ] && [ "$best" -le "$REPLY" ] || best=$REPLY
	done
	REPLY=$best
}

# For the script profile: where the instructions of a row's subjects go. The samples of a clock are those of an
# instruction counter. A row whose cost is not pktgen's says which program's it is, and for how many frames.
PROFILED=kpktgend_0 PROFILED_COUNT=''
profile()
{
	local row=$1 cost=$2 subject perf dir=$VNET_OUT

	shift 2
	COUNT=$((COUNT * 8))
	mkfifo /run/perf.on
	for subject in "$@"; do
		subject_there "$subject" || continue
		# What perf runs is started when perf is at work.
		perf record -q -a -e cpu-clock -c 9973 -o "$dir/perf" -- sh -c 'echo on >/run/perf.on; exec sleep 100000' &
		perf=$!
		read -r _ </run/perf.on
		"$cost" "$row" "$subject"
		kill -INT "$perf"
		wait "$perf"
		perf report -q --ignore-vmlinux -i "$dir/perf" --stdio -n --sort symbol --comm "$PROFILED" >"$dir/perf.txt"
		awk -v "count=${PROFILED_COUNT:-$COUNT}" -v "subject=$subject" \
			'$3 == "[k]" { printf "%s\t%s\t%.1f\n", subject, $4, $2 * 9973 / count }' "$dir/perf.txt" >>"$dir/profile"
	done
	rm /run/perf.on
}

rounds()
{
	local cost=$1 row=$2 subjects=() subject round i n

	shift 2
	if [ -n "${BENCH_PROFILE:-}" ]; then
		profile "$row" "$cost" "$@"
		return
	fi
	for subject in "$@"; do
		if subject_there "${subject#.}"; then
			subjects+=("$subject")
		elif [[ $subject != .* ]]; then
			absent "$row" "$subject"
		fi
	done
	n=${#subjects[@]}
	for ((round = 0; round <= ROUNDS; round++)); do
		COST=()
		! declare -F before_round >/dev/null || before_round "${subjects[@]}"
		for ((i = 0; i < n; i++)); do
			subject=${subjects[(i + round) % n]}
			best_of $((round ? TRIES : 1)) "$cost" "$row" "$subject"
			COST[$subject]=$REPLY
		done
		[ "$round" -gt 0 ] || continue
		for subject in "${subjects[@]}"; do
			[[ $subject = .* ]] || put "$row" "$subject" "${COST[$subject]}"
		done
		! declare -F after_round >/dev/null || after_round "$row"
	done
}

# A subject is named after the kinds it is made of: vveth-vbridge, veth-bridge, veth-gro ...
subject_there()
{
	local kind

	for kind in ${1//-/ }; do
		case $kind in
		vveth | vbridge | vtun | vflow | netkit | macvlan | ipvlan) have "$kind" || return 1 ;;
		esac
	done
}

cleanup()
{
	local ns dev

	[ ${#SINKS[@]} -eq 0 ] || kill "${SINKS[@]}"
	for dev in "${DUMMIES[@]}"; do
		ip link del "$dev"
	done
	for ns in "${!HOLDER[@]}"; do
		kill "${HOLDER[$ns]}" 2>/dev/null
		ip netns del "$ns"
	done
}
trap cleanup EXIT
must modprobe pktgen
no_ipv6
