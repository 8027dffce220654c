#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet-cni under an engine: podman with its CNI backend, two containers at one bridge, one of them with a published port.
#
#	+------------- h --------------+
#	|  vbr0 192.0.2.1        wan   |---- out 203.0.113.2
#	+----|---------|---------------+
#	   eth0      eth0
#	    c1        c2
#
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# A root for containers: busybox and nothing else. Its first process serves a word at port 80.
make_root()
{
	local name=$1 i

	mkdir -p "$CASE_DIR/$name"/{bin,dev,proc,sys,etc,tmp,run,root,usr,var}
	cp "$(command -v busybox)" "$CASE_DIR/$name/bin/"
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
	must pod run -d --name "$name" --network vnet --security-opt seccomp=unconfined --no-hosts "$@" \
		--rootfs "$CASE_DIR/$name" /bin/serve "$name"
}

answers()
{
	[ "$(in_ns "$1" socat -T 2 - "TCP:$2,connect-timeout=2" </dev/null 2>/dev/null)" = "$3" ]
}

two_containers_of_podman()
{
	[ "${VNET_KERNEL:-}" != um ] || skip "programs in Go are not for User-Mode Linux"
	need_tool podman crun conmon busybox
	need_module nft_compat xt_nat xt_comment xt_conntrack xt_addrtype
	setup_host out
	add_pair "$h" wan "$out" e0
	must ip -n "$h" addr add 203.0.113.1/24 dev wan
	must ip -n "$out" addr add 203.0.113.2/24 dev e0
	make_engine
	start c1 -p 8080:80 --mac-address 02:00:00:00:07:01
	start c2
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

ALL_TESTS="
	two_containers_of_podman
"
run_tests "$@"
