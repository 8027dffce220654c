# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests of vnet-cni: what a container runtime does, in shell. Containers are namespaces; the
# bridge is in namespace $h, which is the host.
#
#	setup_host [-6] VAR...	namespaces $h, and one for each VAR
#	network NAME VERSION PLUGIN...	the network that the next commands are about. A PLUGIN is a JSON object without
#				cniVersion and name; @DATA@ in it is a folder of the case's own, for host-local; a plugin for
#				addresses may lie in $CASE_DIR
#	plugin COMMAND NS IFNAME [ID]	one command for all plugins of the network, ID being NS where it is left out: ADD
#				and CHECK in order, DEL in reverse, CHECK and DEL with what ADD returned. What the last one said
#				is in SAID, what ADD returned in RESULT[NS.IFNAME]. CNI_ARGS and RUNTIME (a JSON object,
#				runtimeConfig) are handed on
#	fails CODE ERE COMMAND NS IFNAME	that fails with CODE (an ERE, too) and a sentence that matches
#	says KEY		the value of a key's first appearance in SAID
#	outer NS IFNAME		the name of the outer end, as ADD has returned it
#	no_leases		host-local has given no address that was not taken back

# Networks of the cases.
# shellcheck disable=SC2034 # used by the tests
HOST_LOCAL='"ipam":{"type":"host-local","dataDir":"@DATA@","ranges":[[{"subnet":"192.0.2.0/24"}]]}'

declare -A RESULT

if [ "$PAIR" != vveth ] || [ "$BRIDGE" != vbridge ]; then
	echo "KTAP version 1"
	echo "1..0 # SKIP the plugin is made for the suite's own kinds"
	exit 4
fi

setup_host()
{
	need_tool /usr/lib/cni/host-local
	if [ "$1" = -6 ]; then
		shift
		setup_ns -6 h "$@"
	else
		setup_ns h "$@"
	fi
	in_ns "$h" ip link set lo up
}

network()
{
	NETWORK=$1 VERSION=$2
	shift 2
	PLUGINS=("${@//@DATA@/$CASE_DIR/leases}")
}

# one COMMAND NS IFNAME ID PLUGIN PREV: one plugin; its status.
one()
{
	local command=$1 netns=/run/netns/$2 ifname=$3 id=$4 json=$5 prev=$6 type rc=0

	[[ $json =~ ^\{\"type\":\"([a-z-]*)\" ]] || die "no plugin: $json"
	type=${BASH_REMATCH[1]}
	json="{\"cniVersion\":\"$VERSION\",\"name\":\"$NETWORK\",${json#\{}"
	[ -z "${RUNTIME:-}" ] || json="${json%\}},\"runtimeConfig\":$RUNTIME}"
	[ -z "$prev" ] || json="${json%\}},\"prevResult\":$prev}"
	SAID=$(in_ns "$h" env CNI_COMMAND="$command" CNI_CONTAINERID="$id" CNI_NETNS="$netns" CNI_IFNAME="$ifname" \
		CNI_PATH="$BUILD/tools:/usr/lib/cni:$CASE_DIR" CNI_ARGS="${CNI_ARGS:-}" \
		"$(type_path "$type")" <<<"$json") || rc=$?
	[ "$rc" -eq 0 ] || echo "$command by $type: $rc: $SAID"
	return "$rc"
}

type_path()
{
	case $1 in
	vnet-cni) echo "$BUILD/tools/vnet-cni" ;;
	*) echo "/usr/lib/cni/$1" ;;
	esac
}

plugin()
{
	local command=$1 ns=$2 ifname=$3 id=${4-$2} rc=0 i

	case $command in
	ADD)
		local prev=''

		for ((i = 0; i < ${#PLUGINS[@]}; i++)); do
			one ADD "$ns" "$ifname" "$id" "${PLUGINS[i]}" "$prev" || return 1
			prev=${SAID//$'\n'/ }
		done
		RESULT[$ns.$ifname]=$prev
		;;
	CHECK)
		for ((i = 0; i < ${#PLUGINS[@]}; i++)); do
			one CHECK "$ns" "$ifname" "$id" "${PLUGINS[i]}" "${RESULT[$ns.$ifname]-}" || return 1
		done
		;;
	DEL)
		for ((i = ${#PLUGINS[@]} - 1; i >= 0; i--)); do
			one DEL "$ns" "$ifname" "$id" "${PLUGINS[i]}" "${RESULT[$ns.$ifname]-}" || rc=1
		done
		return "$rc"
		;;
	*)
		one "$command" "$ns" "$ifname" "$id" "${PLUGINS[0]}" ''
		;;
	esac
}

fails()
{
	local code=$1 ere=$2

	shift 2
	if plugin "$@" >/dev/null; then
		fail "$* of ${PLUGINS[0]} does not fail"
		return
	fi
	check_match "$(says code)" "^($code)\$" "code of $* of ${PLUGINS[0]} ($SAID)"
	check_match "$(says msg)" "$ere" "what $* of ${PLUGINS[0]} says"
}

says()
{
	[[ $SAID =~ \"$1\":\ *(\"(([^\"\\]|\\.)*)\"|([^],}]*)) ]] && echo "${BASH_REMATCH[2]//\\\"/\"}${BASH_REMATCH[4]}"
}

outer()
{
	[[ ${RESULT[$1.$2]} =~ \"name\":\ *\"(vc[0-9a-f]{12})\" ]] && echo "${BASH_REMATCH[1]}"
}

no_leases()
{
	local left

	left=$(find "$CASE_DIR/leases" -type f -name '*[0-9a-f][.:]*' 2>/dev/null)
	check_eq "$left" "" "addresses that were not given back"
}
