# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests of the vnet tool and of the plugins for `ip`.
#
#	vnet NS ARGS...		the tool in a namespace; its output
#	vnet_json NS FILTER ARGS...	the same with -j, through jq; what is no JSON fails. In a guest without hardware
#				support jq takes most of a second: where a plain value is wanted, use
#	vnet_get NS "KEY..." ARGS...	the first value of each key in the tool's JSON, in one line; "-" where there is none
#	vnet_column NS KEY ARGS...	all values of a key, sorted, in one line
#	check_status WANT ERE CMD...	CMD must end with status WANT and say ERE on stderr ("" where it must say nothing)
#	vnet_unprivileged NS ARGS...	the tool without the right to configure the network
#	make_pair NS A B	a pair of the suite in one namespace, both ends up
#	make_bridge NS BR DEV...	a bridge of the suite with these ports, all up

# Where the tool is a mutant VNET_BUILD says so.
VNET=$BUILD/tools/vnet

if [ "$PAIR" != vveth ] || [ "$BRIDGE" != vbridge ]; then
	echo "KTAP version 1"
	echo "1..0 # SKIP the tools are made for the suite's own kinds"
	exit 4
fi

vnet()
{
	local ns=$1

	shift
	"$VNET" -n "$ns" "$@"
}

vnet_json()
{
	local ns=$1 filter=$2

	shift 2
	"$VNET" -n "$ns" -j "$@" >"$CASE_DIR/json" || fail "vnet -j $* failed with $?"
	jq -r "$filter" "$CASE_DIR/json" || fail "vnet -j $*: no JSON, or not as expected: $(head -c 300 "$CASE_DIR/json")"
}

vnet_get()
{
	local ns=$1 keys=$2 json key values=()

	shift 2
	json=$("$VNET" -n "$ns" -j "$@") || fail "vnet -j $* failed with $?"
	for key in $keys; do
		if [[ $json =~ \"$key\":(\"([^\"]*)\"|([^],}]*)) ]]; then
			values+=("${BASH_REMATCH[2]}${BASH_REMATCH[3]}")
		else
			values+=(-)
		fi
	done
	echo "${values[*]}"
}

vnet_column()
{
	local ns=$1 key=$2 json list=''

	shift 2
	json=$("$VNET" -n "$ns" -j "$@") || fail "vnet -j $* failed with $?"
	while [[ $json =~ \"$key\":\"?([^],}\"]*)\"? ]]; do
		list+=${BASH_REMATCH[1]}$'\n'
		json=${json#*"${BASH_REMATCH[0]}"}
	done
	list=$(sort <<<"${list%$'\n'}")
	echo "${list//$'\n'/ }"
}

check_status()
{
	local want=$1 ere=$2 rc=0

	shift 2
	run_extack "$@" || rc=$?
	check_eq "$rc" "$want" "exit status of $*"
	if [ -n "$ere" ]; then
		check_match "$EXTACK" "$ere" "what $* says"
	else
		check_eq "$EXTACK" "" "what $* says"
	fi
}

vnet_unprivileged()
{
	local ns=$1 drop=-net_admin,-sys_admin

	shift
	in_ns "$ns" setpriv --bounding-set="$drop" --inh-caps="$drop" -- "$VNET" "$@"
}

make_pair()
{
	add_pair "$1" "$2" "$1" "$3"
}

make_bridge()
{
	local ns=$1 br=$2

	shift 2
	{
		echo "link add $br up type vbridge"
		[ $# -eq 0 ] || printf "link set %s master $br\n" "$@"
	} | ipb "$ns"
}
