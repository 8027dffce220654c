#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Programs that know nothing of vtun, on its node: named to them, or bound over the one that they know.
#
#	+-- a ----------+        +-- b ----------+
#	|  program, t0  |        |  program, t0  |
#	|      va ------+--------+--- vb         |
#	+---------------+        +---------------+
# TIMEOUT: 400
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
	busywait 10000 ping_once || fail "no echo through the tunnel"
	ping_ok "$a" 192.0.2.2
	tcp_check "$a" "$b" 192.0.2.2 200000
	check_ge "$(link_stat "$b" t0 rx_packets)" 100 "packets that the program has written"
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
bound_over()
{
	if [ ! -e /dev/net/tun ]; then
		: >/dev/net/tun
		defer rm -f /dev/net/tun
	fi
	in_ns "$a" unshare -m bash -c "mount --bind /dev/net/vtun /dev/net/tun && $*"
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
"
run_tests "$@"
