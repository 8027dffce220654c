#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet-cni under an engine: podman with its CNI backend, two containers at one bridge, one of them with a published port;
# one that is attached before; and many of them, with VNET_LONG a hundred.
#
#	+------------- h --------------+
#	|  vbr0 192.0.2.1        wan   |---- out 203.0.113.2
#	+----|---------|---------------+
#	   eth0      eth0
#	    c1        c2
#
# TIMEOUT: 3600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=../tools/common.sh
. "$SELFTESTS/tools/common.sh"

if [ "${VNET_KERNEL:-}" = um ]; then
	echo "KTAP version 1"
	echo "1..0 # SKIP programs in Go are not for User-Mode Linux"
	exit 4
fi

# A root for containers: busybox and nothing else. Its first process serves a word at port 80.
make_root()
{
	local name=$1 i

	mkdir -p "$CASE_DIR/$name"/{bin,dev,proc,sys,etc,tmp,run,root,usr,var}
	[ -e "$CASE_DIR/busybox" ] || cp "$(command -v busybox)" "$CASE_DIR/busybox"
	ln "$CASE_DIR/busybox" "$CASE_DIR/$name/bin/"
	for i in sh ip ping nc echo; do
		ln -s busybox "$CASE_DIR/$name/bin/$i"
	done
	# shellcheck disable=SC2016 # the container's own argument
	printf '#!/bin/sh\nexec nc -ll -p 80 -e /bin/echo "$1"\n' >"$CASE_DIR/$name/bin/serve"
	chmod +x "$CASE_DIR/$name/bin/serve"
}

# The network as podman reads it, and its own files in a folder of the case's.
make_engine()
{
	mkdir -p "$CASE_DIR/net.d"
	cat >"$CASE_DIR/net.d/vnet.conflist" <<-EOF
		{
		  "cniVersion": "0.4.0",
		  "name": "vnet",
		  "plugins": [
		    { "type": "vnet-cni", "bridge": "vbr0", "isDefaultGateway": true, "capabilities": { "mac": true },
		      "ipam": { "type": "host-local", "dataDir": "$CASE_DIR/leases",
		                "ranges": [ [ { "subnet": "192.0.2.0/24" } ] ] } },
		    { "type": "portmap", "capabilities": { "portMappings": true } },
		    { "type": "firewall", "backend": "iptables" }
		  ]
		}
	EOF
	cat >"$CASE_DIR/containers.conf" <<-EOF
		[containers]
		log_driver = "k8s-file"
		cgroups = "disabled"
		[network]
		network_backend = "cni"
		cni_plugin_dirs = ["$BUILD/tools", "/usr/lib/cni"]
		network_config_dir = "$CASE_DIR/net.d"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "none"
		runtime = "crun"
	EOF
	defer rm -rf "$CASE_DIR/storage"
}

pod()
{
	in_ns "$h" env CONTAINERS_CONF="$CASE_DIR/containers.conf" podman --root "$CASE_DIR/storage" --runroot "$CASE_DIR/run" \
		--tmpdir "$CASE_DIR/tmp" --storage-driver vfs "$@"
}

# start NAME OPTION...
start()
{
	local name=$1

	shift
	make_root "$name"
	defer pod rm -f -t 0 "$name"
	must run_container "$name" "$@"
}

# run_container NAME OPTION...: one that has its root
run_container()
{
	pod run -d --name "$1" --security-opt seccomp=unconfined --no-hosts "${@:2}" --rootfs "$CASE_DIR/$1" /bin/serve "$1"
}

answers()
{
	[ "$(in_ns "$1" socat -t 10 -T $((5 * ${VNET_WAIT:-1})) - "TCP:$2,connect-timeout=2" </dev/null 2>/dev/null)" = "$3" ]
}

two_containers_of_podman()
{
	need_tool podman crun conmon busybox
	need_module nft_compat xt_nat xt_comment xt_conntrack xt_addrtype
	setup_host out
	add_pair "$h" wan "$out" e0
	must ip -n "$h" addr add 203.0.113.1/24 dev wan
	must ip -n "$out" addr add 203.0.113.2/24 dev e0
	make_engine
	start c1 --network vnet -p 8080:80 --mac-address 02:00:00:00:07:01
	start c2 --network vnet
	slowwait 20 answers "$h" 192.0.2.2:80 c1 || fail "c1 does not serve"
	answers "$out" 203.0.113.1:8080 c1 || fail "the port does not lead to c1 from outside"
	pod exec c2 ping -c 1 -w 10 192.0.2.2 || fail "c2 does not reach c1"
	check_match "$(pod exec c1 ip link show eth0)" 02:00:00:00:07:01 "the container's MAC address"
	check_eq "$(ip -n "$h" -j -d link show type vveth | grep -o '"info_slave_kind":"vbridge"' | wc -l)" 2 "ports of vbr0"
	must pod rm -f -t 0 c1
	must pod rm -f -t 0 c2
	check_eq "$(links "$h")" "vbr0 wan" "devices of the host"
	no_leases
}

# As containers.md has it: the namespace is there before, with its interface.
podman_by_the_path()
{
	need_tool podman crun conmon busybox
	setup_ns h c1
	make_engine
	must ip -n "$h" link add vbr0 up type vbridge
	must ip -n "$h" addr add 10.88.0.1/16 dev vbr0
	must vnet "$h" pair add c1-host master vbr0 up peer eth0 netns "$c1"
	ipb "$c1" <<-EOF
		addr add 10.88.0.5/16 dev eth0
		link set eth0 up
		route add default via 10.88.0.1
	EOF
	start c1 --network "ns:/run/netns/$c1"
	slowwait 20 answers "$h" 10.88.0.5:80 c1 || fail "c1 does not serve"
	must pod rm -f -t 0 c1
	check_eq "$(links "$c1")" eth0 "devices of the container's namespace"
}

# start_some FROM STEP: every STEP-th of them
start_some()
{
	local i

	for ((i = $1; i < COUNT; i += $2)); do
		run_container "n$i" --network vnet >>"$CASE_DIR/said.$1" 2>&1 || echo "n$i is not started" >>"$CASE_DIR/failed"
	done
}

# All of them at the same time, started by four at once; each has an address of its own and serves its name; the engine ends them.
many_of_podman()
{
	local i pids=() address addresses

	COUNT=${VNET_LONG:+100}
	COUNT=${COUNT:-8}
	need_tool podman crun conmon busybox
	need_module nft_compat xt_nat xt_comment xt_conntrack xt_addrtype
	setup_host out
	make_engine
	defer pod rm -f -t 0 -a
	for ((i = 0; i < COUNT; i++)); do
		make_root "n$i"
	done
	for ((i = 0; i < 4; i++)); do
		start_some "$i" 4 &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ ! -e "$CASE_DIR/failed" ] || die "$(<"$CASE_DIR/failed"), $(tail -n 3 "$CASE_DIR"/said.*)"
	check_eq "$(ip -n "$h" -o link show type vveth | wc -l)" "$COUNT" "pairs"
	check_eq "$(vnet_column "$h" ifname port | wc -w)" "$COUNT" "ports of vbr0"
	addresses=$(find "$CASE_DIR/leases/vnet" -name '192.0.2.*' -printf '%f\n')
	check_eq "$(wc -l <<<"$addresses")" "$COUNT" "addresses given"
	for address in $addresses; do
		in_ns "$h" socat -T 5 - "TCP:$address:80,connect-timeout=5" </dev/null >>"$CASE_DIR/names" 2>/dev/null
	done
	check_eq "$(sort -u "$CASE_DIR/names" | grep -c '^n[0-9]*$')" "$COUNT" "containers that serve their name"
	must pod rm -f -t 0 -a >"$CASE_DIR/removed"
	check_eq "$(links "$h")" vbr0 "devices of the host"
	check_eq "$(bridge -n "$h" fdb show | grep -cv 'dev vbr0')" 0 "entries of ports that are gone"
	slowwait 120 ended conmon || fail "the engine's processes: $(pgrep -cx conmon)"
	check_eq "$(in_ns "$h" iptables-save | grep -c 192.0.2.)" 0 "rules that are left"
	no_leases
}

ended()
{
	! pgrep -x "$1" >/dev/null
}

ALL_TESTS="
	two_containers_of_podman
	podman_by_the_path
	many_of_podman
"
run_tests "$@"
