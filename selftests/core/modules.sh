#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The modules as modules: what loads what, who may go when, and what they say of themselves.
. "$(dirname "$0")/../lib/lib.sh"

# The drivers of this build, each of which has vnet_core below it.
DRIVERS=()
for name in vveth vbridge vtun vtap vflow; do
	! modprobe -n "$name" 2>/dev/null || DRIVERS+=("$name")
done

start_unloaded()
{
	must unload
	defer unload
}

driver_brings_the_core()
{
	local driver

	for driver in "${DRIVERS[@]}"; do
		start_unloaded
		load "$driver"
		loaded vnet_core || fail "$driver loaded without vnet_core"
		check_eq "$(module_refs vnet_core)" 1 "users of vnet_core with $driver"
		check_eq "$(module_refs "$driver")" 0 "users of $driver"
	done
}

# Neither driver is needed by the other, in whatever order they come and go.
drivers_are_independent()
{
	local driver other

	[ ${#DRIVERS[@]} -gt 1 ] || skip "this build has one driver"
	for driver in "${DRIVERS[@]}"; do
		start_unloaded
		load "${DRIVERS[@]}"
		check_eq "$(module_refs vnet_core)" "${#DRIVERS[@]}" "users of vnet_core"
		must rmmod "$driver"
		check_eq "$(module_refs vnet_core)" $((${#DRIVERS[@]} - 1)) "users of vnet_core without $driver"
		for other in "${DRIVERS[@]}"; do
			[ "$other" = "$driver" ] || loaded "$other" || fail "$other went with $driver"
		done
	done
}

core_in_use_stays()
{
	start_unloaded
	load vveth
	check_refused 'in use' rmmod vnet_core
	loaded vnet_core || fail "vnet_core is gone"
	must rmmod vveth
	must rmmod vnet_core
	loaded vnet_core && fail "vnet_core is still loaded"
}

loading_makes_no_device()
{
	local driver before

	start_unloaded
	before=$(ip -o link show | wc -l)
	for driver in "${DRIVERS[@]}"; do
		load "$driver"
	done
	check_eq "$(ip -o link show | wc -l)" "$before" "devices"
}

load_and_unload_again()
{
	local driver i

	start_unloaded
	for driver in "${DRIVERS[@]}"; do
		for i in 1 2 3; do
			load "$driver"
			must rmmod "$driver"
		done
	done
	must rmmod vnet_core
}

unknown_parameter_is_no_obstacle()
{
	start_unloaded
	must modprobe vveth no_such_parameter=1
	loaded vveth || fail "vveth is not loaded"
}

# check_info GLOB WHAT: a line of the module's own description.
check_info()
{
	# shellcheck disable=SC2053 # a glob
	[[ $'\n'$INFO$'\n' == *$'\n'$1* ]] || fail "$2: no '$1' in: $INFO"
}

what_they_say_of_themselves()
{
	local name

	for name in vnet_core "${DRIVERS[@]}"; do
		INFO=$(modinfo "$(module_file "$name")" | tr -s ' ')
		check_info 'license: GPL' "$name"
		check_info 'description: [A-Za-z]' "$name"
		check_info "vermagic: $(uname -r) " "$name"
		[ "$name" != vnet_core ] || continue
		[ "$name" = vflow ] || check_info "alias: rtnl-link-$name"$'\n' "$name"
		check_info 'depends: ?(tap,)vnet_core' "$name"
	done
}

ALL_TESTS="
	driver_brings_the_core
	drivers_are_independent
	core_in_use_stays
	loading_makes_no_device
	load_and_unload_again
	unknown_parameter_is_no_obstacle
	what_they_say_of_themselves
"
run_tests "$@"
