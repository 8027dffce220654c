# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of the vnet tool's command line for bash.

# _vnet_names KEY COMMAND...: values of a key in the tool's JSON, in the namespace that the line names; those that JSON has to
# escape are left out
_vnet_names()
{
	local key=$1

	shift
	vnet "${_vnet_where[@]}" -j "$@" 2>/dev/null | grep -oE "\"$key\":\"[^\"\\\\]*\"" | cut -d'"' -f4 | sort -u
}

_vnet_commands()
{
	vnet help 2>/dev/null | sed -nE '/^COMMAND/,/^$/s/^    ([a-z]+) .*/\1/p'
}

# The words that each command knows, devices aside.
_vnet_keywords()
{
	case $1 in
	link) echo show dev help ;;
	stats) echo show dev -w interval count queues help ;;
	drops) echo show dev interval help ;;
	topo) echo --dot --svg --json help ;;
	pair) echo add del name netns address mtu txqueuelen numtxqueues numrxqueues up master mode peer count from help ;;
	bridge) echo show dev set port direct on off max_ports fdb_max_learned default help ;;
	port) echo show br dev set fdb_max_learned default help ;;
	fdb) echo show add del flush br brport vlan sticky help ;;
	vlan) echo show stats add del dev pvid untagged help ;;
	tun) echo show add del dev mode user group multi_queue vnet_hdr pi master up help ;;
	flow) echo show stats flush dev help ;;
	monitor) echo count help ;;
	trace) echo dev match count help ;;
	bench) echo source icount time help ;;
	help) _vnet_commands ;;
	esac
}

# The values that the word before asks for; fails where it asks for none.
_vnet_values()
{
	case $1 in
	-n | -netns | --netns | netns) ls /run/netns 2>/dev/null || : ;;
	br | master) _vnet_names ifname bridge ;;
	brport) _vnet_names ifname port ;;
	mode) echo l2 l3 tun tap ;;
	user) compgen -u ;;
	group) compgen -g ;;
	direct) echo on off ;;
	interval | count | from | mtu | match | vlan) : ;;
	*) return 1 ;;
	esac
}

# _vnet_offer CUR WORDS: those of the words that begin so. Whoever may make a device in a namespace may call it what he
# likes, "$(reboot)" too: no word is expanded on the way (compgen -W would do that), and each comes quoted.
_vnet_offer()
{
	local cur=$1 list word quoted

	IFS=$' \t\n' read -rd '' -a list <<<"$2" || :
	COMPREPLY=()
	for word in "${list[@]}"; do
		printf -v quoted %q "$word"
		if [[ $word == "$cur"* || $quoted == "$cur"* ]]; then
			COMPREPLY+=("$quoted")
		fi
	done
}

_vnet()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} cmd='' i words
	local _vnet_where=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-n | -netns | --netns)
			_vnet_where=(-n "${COMP_WORDS[i + 1]}")
			((i++))
			;;
		-b | -batch | --batch) ((i++)) ;;
		-*) ;;
		*)
			cmd=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	if [[ $prev == -b || $prev == -batch || $prev == source ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	if ! { [ "$prev" != vnet ] && [ "$prev" != "$cmd" ] && words=$(_vnet_values "$prev"); }; then
		if [ -z "$cmd" ]; then
			words="$(_vnet_commands) help"
			[[ $cur != -* ]] || words="-json -pretty -color -netns -all -batch -force -Version -help"
		else
			words=$(_vnet_keywords "$cmd")
			case $cmd in
			link | stats | drops | trace | flow) words+=" $(_vnet_names ifname link)" ;;
			bridge | vlan | port) words+=" $(_vnet_names ifname port) $(_vnet_names ifname bridge)" ;;
			pair | tun) words+=" $(_vnet_names ifname "$([ "$cmd" = tun ] && echo tun || echo link)")" ;;
			esac
		fi
	fi
	_vnet_offer "$cur" "$words"
}

complete -F _vnet vnet
