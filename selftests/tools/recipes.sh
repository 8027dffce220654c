#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Documentation/recipes.md, command by command, in a host of its own.
. "$(dirname "$0")/../lib/lib.sh"

PAGE=$SELFTESTS/../Documentation/recipes.md

# script: what is indented on the page. A line that is to fail ends the script if it does not.
script()
{
	sed -n 's/^    //p' "$PAGE" | sed 's/^! \(.*\)/if \1; then echo "does not fail: \1"; exit 1; fi/'
}

all_recipes()
{
	local status

	suite_only "they name the suite's types"
	need_tool nft socat ethtool ping unshare
	need_module vveth vbridge vtun vflow nf_flow_table_inet vxlan 8021q
	modprobe -qa nft_masq nft_nat nft_fib_inet nft_ct nft_flow_offload || skip "no nft"
	script >"$CASE_DIR/script"
	check_ge "$(wc -l <"$CASE_DIR/script")" 100 "lines of the page"
	setup_ns h
	# Namespaces with names of their own go with the mounts, and what runs in the background with the first process.
	# shellcheck disable=SC2016 # for the shell within
	in_ns "$h" unshare --mount --pid --fork --kill-child --mount-proc bash -c \
		'mount -t tmpfs none /run/netns && ip link set lo up && bash -eux "$1"' - "$CASE_DIR/script" \
		>"$CASE_DIR/said" 2>&1 || {
		status=$?
		tail -n 20 "$CASE_DIR/said"
		die "recipes.md ends with status $status behind: $(grep '^+' "$CASE_DIR/said" | tail -n 1)"
	}
	check_match "$(<"$CASE_DIR/said")" 'tcp dev red-p src 192.0.2.11 .*out wan .*direct' "a flow that vnet shows"
}

ALL_TESTS="all_recipes"
run_tests "$@"
