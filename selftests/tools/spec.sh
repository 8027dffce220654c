#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The YAML spec of the family "vnet" is what the header is: the same names in the same order, and every reason, man page and
# word of completion is there.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

TREE=$SELFTESTS/..
SPEC=$TREE/Documentation/netlink/specs/vnet.yaml
HEADER=$TREE/include/uapi/vnet/genl.h

# enumerators PREFIX: the names of an enum, without the prefix, as the spec spells them
enumerators()
{
	sed -nE "/^enum/,/^};/s/^\t($1)([A-Z_]+),$/\2/p" "$HEADER" | tr 'A-Z_\n' 'a-z- '
}

# attributes SET: the names of an attribute set of the spec
attributes()
{
	awk -v set="$1" '/^operations:/ { exit } /^    name: / { inside = $2 == set } inside && /^        name: / { printf "%s ", $2 }' "$SPEC"
}

numbers_are_those_of_the_header()
{
	check_eq "$(attributes flow-dev)" "$(enumerators VNET_FLOW_DEV_ | sed 's/^unspec //')" "flow-dev"
	check_eq "$(attributes flow-why)" "$(enumerators VNET_FLOW_WHY_ | sed 's/^unspec //')" "flow-why"
	check_eq "$(attributes flow-tuple)" "$(enumerators VNET_FLOW_TUPLE_ | sed 's/^unspec //')" "flow-tuple"
	check_eq "$(attributes flow-encap)" "$(enumerators VNET_FLOW_ENCAP_ | sed 's/^unspec //')" "flow-encap"
	check_eq "$(attributes flow)" "$(sed -E '/VNET_FLOW_(DEV|WHY|TUPLE|ENCAP)_/d' "$HEADER" |
		sed -nE '/^enum/,/^};/s/^\tVNET_FLOW_([A-Z_]+),$/\1/p' | tr 'A-Z_\n' 'a-z- ' | sed 's/^unspec //')" "flow"
	check_eq "$(attributes bridge-port)" "$(enumerators VNET_BRIDGE_PORT_ | sed 's/^unspec //')" "bridge-port"
	check_eq "$(attributes bridge)" "$(sed '/VNET_BRIDGE_PORT_/d' "$HEADER" |
		sed -nE '/^enum/,/^};/s/^\tVNET_BRIDGE_([A-Z_]+),$/\1/p' | tr 'A-Z_\n' 'a-z- ' | sed 's/^unspec //')" "bridge"
	check_eq "$(awk '/^operations:/ { inside = 1 } inside && /^      name: / { printf "%s ", $2 }' "$SPEC")" \
		"$(enumerators VNET_CMD_ | sed 's/^unspec //')" "commands"
}

every_command_has_its_page()
{
	local cmd

	for cmd in $("$VNET" help | sed -nE '/^COMMAND/,/^$/s/^    ([a-z]+) .*/\1/p'); do
		[ -s "$TREE/tools/vnet/man/vnet-$cmd.8" ] || fail "no page for vnet $cmd"
		grep -q "vnet-$cmd 8" "$TREE/tools/vnet/man/vnet.8" || fail "vnet(8) does not name vnet-$cmd(8)"
	done
}

# complete WORD...: what bash offers behind these words
complete_words()
{
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); PATH=$PATH:${VNET%/*}; _vnet; echo "${COMPREPLY[*]}"' \
		- "$TREE/tools/vnet/vnet.bash" "$@"
}

# words_of COMMAND: in WORDS the keywords in the first lines of its help, and where these name groups of them
words_of()
{
	local line word on=1

	WORDS=()
	while IFS= read -r line; do
		case $line in
		'') on='' ;;
		'OPTIONS :='* | 'SERIES :='*) on=1 ;;
		esac
		[ -n "$on" ] || continue
		# What is behind that says what it means.
		[[ $line != *']    '* ]] || on=''
		line=${line%%]    *}
		line=${line%%(*}
		for word in ${line//[][\{\}|,]/ }; do
			[[ ! $word =~ ^-?-?[a-z][a-z0-9_]*$ || $word = vnet || $word = "$1" ]] || WORDS+=("$word")
		done
	done < <("$VNET" help "$1")
}

# What a command's help says can be typed, by its page and by bash as well.
every_word_is_explained_and_offered()
{
	local cmd word offered page

	# shellcheck source=/dev/null
	. "$TREE/tools/vnet/vnet.bash"
	for cmd in $("$VNET" help | sed -nE '/^COMMAND/,/^$/s/^    ([a-z]+) .*/\1/p'); do
		words_of "$cmd"
		offered=" $(_vnet_keywords "$cmd") $(_vnet_values mode) "
		page=$(<"$TREE/tools/vnet/man/vnet-$cmd.8")
		page=" ${page//[$'\n|\\-']/ } "
		check_ge "${#WORDS[@]}" 1 "words of vnet $cmd"
		for word in "${WORDS[@]}"; do
			[[ $offered == *" $word "* ]] || fail "bash does not offer $word of vnet $cmd"
			[[ $page == *" ${word##*-} "* ]] || fail "vnet-$cmd(8) does not have $word"
		done
	done
}

completion_offers_what_there_is()
{
	export VNET
	setup_ns a
	make_pair "$a" va vb
	make_bridge "$a" br0 va
	check_match " $(complete_words vnet '') " " link .* topo .* trace " "commands"
	check_eq "$(complete_words vnet to)" "topo" "a command begun"
	check_match " $(complete_words vnet help '') " " link .* topo .* trace " "what there is help for"
	check_match " $(complete_words vnet -j help mo) " " monitor " "the same begun, behind an option"
	check_match " $(complete_words vnet -) " " -json .* -netns " "options"
	check_match " $(complete_words vnet pair '') " " add .*del " "words of pair"
	check_match " $(in_ns "$a" bash -c "$(declare -f complete_words); TREE='$TREE' VNET='$VNET'; export VNET; complete_words vnet link ''") " \
		" va .*vb |vb .*va " "devices"
	check_match " $(complete_words vnet -n '') " " $a " "namespaces"
}

# A container's root names its devices as he likes; the shell that asks for them is that of the host's.
completion_runs_no_names()
{
	# shellcheck disable=SC2016 # that is the point
	local name='$(touch${IFS}x)' other='q"`w`' offered

	export VNET
	setup_ns a
	must ip -n "$a" link add "$name" type "vveth" peer name 'p*[x]'
	must ip -n "$a" link add "$other" type "vveth" peer name "$(printf 'r\033[1m')"
	cd "$CASE_DIR" || die "no folder"
	offered=" $(complete_words vnet -n "$a" link '') "
	[ ! -e x ] || fail "the name was run"
	check_match "$offered" ' \\\$\\\(touch\\\$\\\{IFS\\\}x\\\) ' "the name, quoted"
	check_match "$offered" ' p\\\*\\\[x\\\] ' "a name that is a pattern, quoted"
	check_eq "$(complete_words vnet -n "$a" link '\$\(to')" '\$\(touch\$\{IFS\}x\)' "the name begun, quoted"
	check_eq "$(complete_words vnet -n "$a" link 'p*')" 'p\*\[x\]' "a name begun, without quotes"
	[[ ! $offered =~ [[:cntrl:]\"\`] ]] || fail "offered as it is: $offered"
}

ALL_TESTS="numbers_are_those_of_the_header every_command_has_its_page every_word_is_explained_and_offered completion_offers_what_there_is
	completion_runs_no_names"
run_tests "$@"
