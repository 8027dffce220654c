#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The driver for networks of podman, as netavark runs it: what it says of itself and of networks, containers set up and
# taken down, ports published, everything gone afterwards.
#
#	+------------- h --------------+
#	|  vbr0 192.0.2.1        wan   |---- out 203.0.113.2
#	+----|---------|---------------+
#	   eth0      eth0
#	    c1        c2
#
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

DRIVER=$BUILD/tools/vnet-netavark
ID=2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9
OPTIONS=null SUBNETS='{"subnet":"192.0.2.0/24","gateway":"192.0.2.1"}' INTERNAL=false

# driver WORD... <<< JSON: its status; what it says is in SAID.
driver()
{
	local rc=0

	SAID=$(in_ns "$h" env PATH="${DRIVER_PATH:-$PATH}" "$DRIVER" "$@") || rc=$?
	[ "$rc" -eq 0 ] || echo "$*: $rc: $SAID"
	return "$rc"
}

# refused ERE WORD... <<< JSON
refused()
{
	local ere=$1

	shift
	if driver "$@" >/dev/null; then
		fail "$* is not refused: $SAID"
		return
	fi
	check_match "$SAID" "^\{\"error\":\".*$ere" "what $* says"
}

# request NAME ADDRESSES [PORTS [MAC]]: what netavark has on stdin for a container.
request()
{
	cat <<-EOF
		{"container_id":"$1","container_name":"$1","port_mappings":${3:-null},
		 "network":{"name":"net","id":"$ID","driver":"vbridge","network_interface":"vbr0","subnets":[$SUBNETS],
		  "ipv6_enabled":false,"internal":$INTERNAL,"dns_enabled":false,"ipam_options":{"driver":"host-local"},
		  "options":$OPTIONS,"network_dns_servers":null},
		 "network_options":{"aliases":[],"interface_name":"eth0","static_ips":[$2]${4+,\"static_mac\":\"$4\"}}}
	EOF
}

setup()
{
	driver setup "/run/netns/$1" < <(request "$@") || die "setup of $1: $SAID"
}

teardown()
{
	driver teardown "/run/netns/$1" < <(request "$@") || fail "teardown of $1: $SAID"
	check_eq "$SAID" "" "what teardown says"
}

setup_here()
{
	need_tool nft
	setup_ns h "$@"
	in_ns "$h" ip link set lo up
}

# Who takes a container down may have lost its addresses: its rules go all the same.
addresses_are_lost()
{
	setup_here c1
	setup "$c1" '"192.0.2.2"'
	check_match "$(in_ns "$h" nft list tables)" 'table inet vc' "tables of nft"
	driver teardown "/run/netns/$c1" < <(request "$c1" '') || fail "teardown: $SAID"
	check_eq "$(in_ns "$h" nft list tables)" "" "tables of nft afterwards"
}

info()
{
	setup_ns h
	driver info </dev/null || fail "info fails"
	check_match "$SAID" '^\{"version":"[^"]+","api_version":"1.0.0"\}$' "info"
	refused usage info more </dev/null
	refused usage </dev/null
	refused usage setup </dev/null
}

# create OPTIONS SUBNETS IPAM: a network as podman hands it on.
create()
{
	printf '{"name":"net","id":"%s","driver":"vbridge","subnets":%s,"dns_enabled":true,"ipam_options":%s,"options":%s}' \
		"$ID" "$2" "$3" "$1"
}

networks_are_completed()
{
	local subnet='[{"subnet":"192.0.2.0/24","gateway":"192.0.2.1"}]'

	setup_ns h
	driver create < <(create '{"mtu":"1400","isolate":"true"}' "$subnet" null) || fail "create fails"
	check_match "$SAID" '"network_interface":"vbr-2f259bab"' "name of the bridge"
	check_match "$SAID" '"ipam_options":\{"driver":"host-local"\}' "who gives addresses"
	check_match "$SAID" '"dns_enabled":false' "names"
	refused 'needs a subnet' create < <(create null null null)
	refused 'not those of \\"dhcp\\"' create < <(create null "$subnet" '{"driver":"dhcp"}')
	refused 'no option \\"speed\\"' create < <(create '{"speed":"9"}' "$subnet" null)
	refused 'is a number, not \\"x\\"' create < <(create '{"mtu":"x"}' "$subnet" null)
	refused 'is true or false' create < <(create '{"isolate":"perhaps"}' "$subnet" null)
	refused 'no JSON' create <<<'{'
}

two_containers()
{
	setup_here c1 c2
	SUBNETS='{"subnet":"192.0.2.0/24","gateway":"192.0.2.1"},{"subnet":"2001:db8:1::/64","gateway":"2001:db8:1::1"}'
	[ -e /proc/sys/net/ipv6 ] || SUBNETS=${SUBNETS%%,\{\"subnet\":\"2001*}
	setup "$c1" '"192.0.2.2"' null 02:00:00:00:07:01
	check_eq "$SAID" '{"dns_search_domains":[],"dns_server_ips":[],"interfaces":{"eth0":{"mac_address":"02:00:00:00:07:01","subnets":[{"ipnet":"192.0.2.2/24","gateway":"192.0.2.1"}]}}}' "status"
	setup "$c2" '"192.0.2.3"'
	ping_ok "$c1" 192.0.2.3 || fail "c1 does not reach c2"
	ping_ok "$c2" 192.0.2.1 || fail "c2 does not reach the gateway"
	check_eq "$(link_attr "$h" vbr0 info_kind)" vbridge "kind of the bridge"
	refused 'in no subnet' setup "/run/netns/$c1" < <(request "$c1" '"198.51.100.1"')
	teardown "$c1" '"192.0.2.2"'
	teardown "$c2" '"192.0.2.3"'
	# Once more.
	teardown "$c1" '"192.0.2.2"'
	check_eq "$(links "$h")" vbr0 "devices of the host"
	check_eq "$(links "$c1")" "" "devices of the container"
	check_eq "$(in_ns "$h" nft list tables)" "" "tables of nft"
}

# A container without addresses has no rules: its network works where there is no nft.
without_nft()
{
	setup_ns h c1
	in_ns "$h" ip link set lo up
	SUBNETS=''
	DRIVER_PATH=$CASE_DIR
	driver setup "/run/netns/$c1" < <(request "$c1" '') || fail "setup: $SAID"
	driver teardown "/run/netns/$c1" < <(request "$c1" '') || fail "teardown: $SAID"
	check_eq "$(links "$c1")" "" "devices of the container"
}

answers()
{
	[ "$(in_ns "$1" socat -t 10 -T $((5 * ${VNET_WAIT:-1})) - "TCP:$2,connect-timeout=$((2 * ${VNET_WAIT:-1}))" </dev/null 2>/dev/null)" = c1 ]
}

published_port()
{
	local ports='[{"container_port":80,"host_ip":"","host_port":8080,"protocol":"tcp","range":1},{"container_port":90,"host_ip":"192.0.2.1","host_port":9000,"protocol":"tcp,udp","range":2}]'

	need_tool socat
	need_module nft_fib_inet nft_masq nft_nat nft_ct
	setup_here c1 c2 out
	add_pair "$h" wan "$out" e0
	must ip -n "$h" addr add 203.0.113.1/24 dev wan
	must ip -n "$out" addr add 203.0.113.2/24 dev e0
	setup "$c1" '"192.0.2.2"' "$ports"
	setup "$c2" '"192.0.2.3"'
	bg_ns "$c1" socat -t 10 TCP-LISTEN:80,reuseaddr,fork EXEC:'echo c1'
	bg_ns "$c1" socat -t 10 TCP-LISTEN:91,reuseaddr,fork EXEC:'echo c1'
	busywait 5000 answers "$h" 192.0.2.2:80 || die "c1 does not serve"
	answers "$out" 203.0.113.1:8080 || fail "the port does not lead to c1 from outside"
	answers "$h" 203.0.113.1:8080 || fail "the port does not lead to c1 from the host"
	answers "$c2" 203.0.113.1:8080 || fail "the port does not lead to c1 from c2"
	answers "$c2" 192.0.2.1:9001 || fail "the second port of a range does not lead to c1"
	answers "$out" 203.0.113.1:9001 && fail "a port leads to c1 by an address that was not named"
	# Outside has no route back: masquerading.
	ping_ok "$c2" 203.0.113.2 || fail "c2 does not reach outside"
	teardown "$c1" '"192.0.2.2"' "$ports"
	answers "$out" 203.0.113.1:8080 && fail "the port still leads somewhere"
	refused 'port mapping is wrong' setup "/run/netns/$c1" < <(request "$c1" '"192.0.2.2"' '[{"container_port":80,"host_ip":"","host_port":0}]')
	check_eq "$(links "$c1")" "" "devices of a container that was refused"
	teardown "$c2" '"192.0.2.3"'
	check_eq "$(in_ns "$h" nft list tables)" "" "tables of nft"
	check_eq "$(links "$h")" "vbr0 wan" "devices of the host"
}

# mapping CONTAINER_PORT HOST_PORT RANGE
mapping()
{
	echo "[{\"container_port\":$1,\"host_ip\":\"\",\"host_port\":$2,\"protocol\":\"tcp\",\"range\":$3}]"
}

# What does not fit into 16 bits is refused, and nothing stays; the last port of all is one like any other.
ports_have_an_end()
{
	local largest=9223372036854775807 ports

	need_module nft_fib_inet nft_masq nft_nat nft_ct
	setup_here c1
	for ports in "80 65536 1" "65536 80 1" "80 65535 2" "65535 80 2" "80 $largest 2" "$largest 80 2" "80 80 $largest" \
		"80 80 -1" "80 -1 1" "-1 80 1"; do
		# shellcheck disable=SC2086 # three words
		refused 'port mapping is wrong' setup "/run/netns/$c1" < <(request "$c1" '"192.0.2.2"' "$(mapping $ports)")
		check_eq "$(links "$c1")" "" "devices of the container after $ports"
	done
	check_eq "$(in_ns "$h" nft list tables)" "" "tables of nft"
	setup "$c1" '"192.0.2.2"' "$(mapping 65535 65535 1)"
	check_match "$(in_ns "$h" nft list ruleset)" "tcp dport 65535 dnat ip to 192.0.2.2:65535" "rules"
	teardown "$c1" '"192.0.2.2"'
}

# More rules than a pipe holds, for an nft that is gone before it has read them all.
nft_ends_early()
{
	local status

	setup_here c1
	mkdir "$CASE_DIR/bin"
	for status in 1 0; do
		printf '#!/bin/sh\nexit %s\n' "$status" >"$CASE_DIR/bin/nft"
		chmod +x "$CASE_DIR/bin/nft"
		PATH=$CASE_DIR/bin:$PATH refused 'nft does not take' setup "/run/netns/$c1" \
			< <(request "$c1" '"192.0.2.2"' "$(mapping 1 1 20000)")
		check_eq "$(links "$c1")" "" "devices of the container after status $status"
	done
	check_eq "$(links "$h")" vbr0 "devices of the host"
}

options_of_a_network()
{
	setup_here c1 c2
	OPTIONS='{"mtu":"1400","isolate":"true","no_default_route":"1"}'
	setup "$c1" '"192.0.2.2"'
	setup "$c2" '"192.0.2.3"'
	check_eq "$(link_attr "$c1" eth0 mtu)" 1400 "MTU"
	check_eq "$(ip -n "$c1" route show default)" "" "default route"
	ping_ok "$c1" 192.0.2.1 || fail "c1 does not reach the gateway"
	in_ns "$c1" ping -q -c 1 -W 1 192.0.2.3 >/dev/null && fail "c1 reaches c2"
	teardown "$c1" '"192.0.2.2"'
	teardown "$c2" '"192.0.2.3"'
}

ALL_TESTS="
	info
	networks_are_completed
	two_containers
	published_port
	ports_have_an_end
	nft_ends_early
	without_nft
	addresses_are_lost
	options_of_a_network
"
run_tests "$@"
