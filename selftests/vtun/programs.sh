#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Programs that know nothing of vtun, on its node: named to them, or bound over the one that they know.
#
#	+-- a ----------+        +-- b ----------+
#	|  program, t0  |        |  program, t0  |
#	|      va ------+--------+--- vb         |
#	+---------------+        +---------------+
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"

need_program()
{
	type -P "$1" >/dev/null || skip "there is no $1"
}

two_hosts()
{
	load vtun
	setup_ns a b
	add_pair "$a" va "$b" vb
	must ip -n "$a" addr add 198.51.100.1/24 dev va
	must ip -n "$b" addr add 198.51.100.2/24 dev vb
}

has_kind()
{
	[ "$(link_attr "$1" t0 info_kind)" = vtun ]
}

through_the_tunnel()
{
	wait_for_tunnel "$a"
	wait_for_tunnel "$b"
	there_and_back
	check_ge "$(link_stat "$b" t0 rx_packets)" 100 "packets that the program has written"
}

there_and_back()
{
	busywait 20000 ping_once || fail "no echo through the tunnel"
	must ping_ok "$a" 192.0.2.2
	must tcp_check "$a" "$b" 192.0.2.2 200000
}

wait_for_tunnel()
{
	busywait 20000 has_link "$1" t0 || die "no t0 in $1"
	has_kind "$1" || fail "t0 in $1 is of kind $(link_attr "$1" t0 info_kind)"
}

ping_once()
{
	in_ns "$a" ping -q -c 1 -W 1 192.0.2.2 >/dev/null
}

socat_tunnel()
{
	need_program socat
	two_hosts
	bg_ns "$a" socat "TUN:192.0.2.1/24,tun-device=/dev/net/vtun,tun-name=t0,iff-no-pi,up" \
		UDP:198.51.100.2:4000,bind=198.51.100.1:4000
	bg_ns "$b" socat "TUN:192.0.2.2/24,tun-device=/dev/net/vtun,tun-name=t0,iff-no-pi,up" \
		UDP:198.51.100.1:4000,bind=198.51.100.2:4000
	through_the_tunnel
}

openvpn_keys()
{
	need_program openvpn
	must openvpn --genkey secret "$CASE_DIR/key"
}

openvpn_with()
{
	local dev=$1 far_a=$2 far_b=$3 args=()

	args=(--dev t0 --dev-type "$dev" --dev-node /dev/net/vtun --cipher AES-256-CBC --secret "$CASE_DIR/key"
		--auth SHA256 --verb 3)
	! openvpn --help | grep -q allow-deprecated-insecure-static-crypto || args+=(--allow-deprecated-insecure-static-crypto)
	bg_ns "$a" openvpn "${args[@]}" --local 198.51.100.1 --remote 198.51.100.2 --ifconfig 192.0.2.1 "$far_a"
	bg_ns "$b" openvpn "${args[@]}" --local 198.51.100.2 --remote 198.51.100.1 --ifconfig 192.0.2.2 "$far_b"
	through_the_tunnel
}

openvpn_tun()
{
	openvpn_keys
	two_hosts
	openvpn_with tun 192.0.2.2 192.0.2.1
}

openvpn_tap()
{
	openvpn_keys
	two_hosts
	openvpn_with tap 255.255.255.0 255.255.255.0
}

# ip and the like know one node only. What it is bound over need not be one.
something_to_bind_over()
{
	if [ ! -e /dev/net/tun ]; then
		: >/dev/net/tun
		defer rm -f /dev/net/tun
	fi
}

bound_over()
{
	something_to_bind_over
	in_ns "$a" unshare -m bash -c "mount --bind /dev/net/vtun /dev/net/tun && $*"
}

# bg_bound NS CMD...: in the background.
bg_bound()
{
	local ns=$1

	shift
	something_to_bind_over
	bg_ns "$ns" unshare -m bash -c 'mount --bind /dev/net/vtun /dev/net/tun && exec "$@"' - "$@"
}

# tinc_host NAME NUMBER: its folder, with a key.
tinc_host()
{
	local dir=$CASE_DIR/$1

	must mkdir -p "$dir/hosts"
	printf '%s\n' "Name = $1" "Interface = t0" "AddressFamily = ipv4" >"$dir/tinc.conf"
	printf '%s\n' "Address = 198.51.100.$2" "Subnet = 192.0.2.$2/32" >"$dir/hosts/$1"
	printf '%s\n' '#!/bin/sh' "ip addr add 192.0.2.$2/24 dev \$INTERFACE && ip link set \$INTERFACE up" >"$dir/tinc-up"
	chmod +x "$dir/tinc-up"
	must tincd -c "$dir" -K 1024 </dev/null >"$dir/keys" 2>&1
}

tinc_tunnel()
{
	need_program tincd
	two_hosts
	tinc_host a 1
	tinc_host b 2
	echo "ConnectTo = a" >>"$CASE_DIR/b/tinc.conf"
	must cp "$CASE_DIR/a/hosts/a" "$CASE_DIR/b/hosts/"
	must cp "$CASE_DIR/b/hosts/b" "$CASE_DIR/a/hosts/"
	bg_bound "$a" tincd -c "$CASE_DIR/a" -D --pidfile="$CASE_DIR/a/pid"
	bg_bound "$b" tincd -c "$CASE_DIR/b" -D --pidfile="$CASE_DIR/b/pid"
	through_the_tunnel
}

# wireguard_host NS DEV NUMBER: the device, which is there, as one end.
wireguard_host()
{
	local ns=$1 dev=$2 nr=$3

	must in_ns "$ns" wg set "$dev" listen-port 4000 private-key "$CASE_DIR/key.$nr" \
		peer "$(wg pubkey <"$CASE_DIR/key.$((3 - nr))")" allowed-ips 0.0.0.0/0 endpoint "198.51.100.$((3 - nr)):4000"
	must ip -n "$ns" addr add "192.0.2.$nr/24" dev "$dev"
	must ip -n "$ns" link set "$dev" up
}

# The program at one end, the kernel's own at the other.
wireguard_go()
{
	need_program wireguard-go
	need_program wg
	need_module wireguard
	two_hosts
	(umask 077 && wg genkey >"$CASE_DIR/key.1" && wg genkey >"$CASE_DIR/key.2") || die "no keys"
	bg_bound "$a" env LOG_LEVEL=error WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1 wireguard-go -f t0
	defer rm -f /var/run/wireguard/t0.sock
	wait_for_tunnel "$a"
	busywait 20000 test -S /var/run/wireguard/t0.sock || die "wireguard-go does not listen"
	wireguard_host "$a" t0 1
	must ip -n "$b" link add w0 type wireguard
	wireguard_host "$b" w0 2
	there_and_back
	# What is sent back for a stream comes in packets as long as the program likes; an echo is one.
	must in_ns "$a" ping -q -c 60 -i 0.002 -W 5 192.0.2.2 >/dev/null
	check_ge "$(link_stat "$a" t0 rx_packets)" 60 "packets that the program has written"
}

# QEMU without a machine: what it is handed descriptors of it joins by a hub.
qemu_hub()
{
	local qemu

	qemu=$(type -P qemu-system-x86_64) || skip "there is no QEMU"
	load vtun
	setup_ns a b
	bg_ns "$a" "$TOOLS/tun" -i t0 -x 8 tap -- nsenter --net="/run/netns/$b" -- "$TOOLS/tun" -i t0 -x 9 tap vnet_hdr -- \
		"$qemu" -machine none -display none -monitor none -serial none \
		-netdev tap,id=t0,fd=8 -netdev hubport,id=h0,hubid=0,netdev=t0 \
		-netdev tap,id=t1,fd=9 -netdev hubport,id=h1,hubid=0,netdev=t1
	wait_for_tunnel "$a"
	wait_for_tunnel "$b"
	must ip -n "$a" addr add 192.0.2.1/24 dev t0
	must ip -n "$b" addr add 192.0.2.2/24 dev t0
	must ip -n "$a" link set t0 up
	must ip -n "$b" link set t0 up
	there_and_back
}

ip_tuntap()
{
	load vtun
	setup_ns a
	must bound_over "ip tuntap add dev t0 mode tap user 1000 group 100 multi_queue vnet_hdr"
	has_kind "$a" || fail "t0 is of kind $(link_attr "$a" t0 info_kind)"
	# "ip tuntap show" passes over devices of another kind than tun.
	check_eq "$(bound_over "mount -t sysfs sysfs /sys && cd /sys/class/net/t0 && cat tun_flags owner group" | xargs)" \
		"0x5902 1000 100" "sysfs"
	must bound_over "ip tuntap add dev t1 mode tun"
	check_eq "$(links "$a")" "t0 t1" "devices"
	must bound_over "ip tuntap del dev t1 mode tun"
	check_refused "" bound_over "ip tuntap del dev t0 mode tun"
	must bound_over "ip tuntap del dev t0 mode tap multi_queue"
	check_eq "$(links "$a")" "" "devices"
}

ALL_TESTS="
	socat_tunnel
	openvpn_tun
	openvpn_tap
	ip_tuntap
	tinc_tunnel
	wireguard_go
	qemu_hub
"
run_tests "$@"
