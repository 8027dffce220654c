# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Part of lib.sh, and sourced by the runner: the guest made ready, the suite's modules and the kernel's own.
#
#	load NAME...		load the modules, with what they need; a failure ends the case
#	rmmod NAME...		as the program; notes what the search for leaks wants to know (see vm/leaks)
#	unload			remove the suite's modules, users first; status 0 where none is left
#	loaded NAME		true where the module is loaded
#	module_refs NAME	how many users it has
#	need_module NAME...	load modules of the kernel, skip the case where it has none of that name
#	module_file NAME	the path of the suite's NAME.ko

# Users before what they use.
SUITE_MODULES="vflow vtap vtun vbridge vveth vnet_core"

loaded()
{
	[ -e "/sys/module/$1/refcnt" ]
}

module_refs()
{
	local refs

	read -r refs <"/sys/module/$1/refcnt" && echo "$refs"
}

module_file()
{
	modinfo -b "$MODULE_ROOT" -n "$1" 2>/dev/null || echo "${KMODS:-}/$1.ko"
}

load()
{
	local name

	for name in "$@"; do
		must modprobe "$name"
	done
}

need_module()
{
	local name

	for name in "$@"; do
		modprobe "$name" 2>/dev/null || skip "the kernel has no module $name"
	done
}

rmmod()
{
	local name address

	for name in "$@"; do
		! read -r address <"/sys/module/$name/sections/.text" || echo "$address $name" >>/run/vm.unloaded
	done 2>/dev/null
	command rmmod "$@"
}

unload()
{
	local name present=()

	for name in $SUITE_MODULES; do
		! loaded "$name" || present+=("$name")
	done
	[ ${#present[@]} -eq 0 ] || rmmod "${present[@]}"
}

# A guest whose /lib/modules knows nothing of its kernel (User-Mode Linux on the host's tree) gets a module tree of its
# own in /run, made of the kernel's modules and of $KMODS; the kernel's own modprobe, which serves autoload, is sent there.
make_module_tree()
{
	local release=$1 root=$2 probe dir

	dir=$root/lib/modules/$release
	mkdir -p "$dir"
	probe=$(modprobe --show-depends veth 2>/dev/null | tail -n 1)
	probe=${probe#insmod }
	if [[ $probe == */lib/modules/$release/* ]]; then
		cp -rs "${probe%%/lib/modules/*}/lib/modules/$release/kernel" "$dir/"
		cp "${probe%%/lib/modules/*}/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$dir/"
	fi
	if compgen -G "${KMODS:-}/*.ko" >/dev/null; then
		mkdir "$dir/updates"
		cp -s "$KMODS"/*.ko "$dir/updates/"
	fi
	depmod -b "$root" "$release"
	printf '#!/bin/sh\nexec %q -d %q "$@"\n' "$(type -P modprobe)" "$root" >"$root/modprobe"
	chmod +x "$root/modprobe"
	echo "$root/modprobe" >/proc/sys/kernel/modprobe
}

find_modules()
{
	local release

	release=$(uname -r)
	MODULE_ROOT=/
	[ ! -e "/lib/modules/$release/modules.dep" ] || return 0
	MODULE_ROOT=/run/vnet-modules
	[ -e "$MODULE_ROOT/modprobe" ] || make_module_tree "$release" "$MODULE_ROOT"
	modprobe()
	{
		command modprobe -d "$MODULE_ROOT" "$@"
	}
}

if [ -z "${KMODS+set}${VNET_OUT+set}" ]; then
	echo "Bail out! The tests load modules: run them in a guest, by make check." >&2
	exit 1
fi
# Bash's process substitution wants it; a bare devtmpfs has none.
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
# No fallback tunnels (sit0 and the like) in new namespaces.
[ ! -e /proc/sys/net/core/fb_tunnels_only_for_init_net ] || echo 1 >/proc/sys/net/core/fb_tunnels_only_for_init_net
find_modules
