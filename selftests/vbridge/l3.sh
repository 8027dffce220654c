#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A bridge as the gateway of containers, and as the wire of what asks the network for addresses.
#
#	        +--------- h ---------+
#	   s1 --| p1                  |
#	        |   vbr0 .254     wan |---- out
#	   s2 --| p2            .1    |     .2
#	        +---------------------+
#	     192.0.2.0/24            203.0.113.0/24
#	     2001:db8::/64           2001:db8:1::/64
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# make_gateway: the drawing, with addresses and routes.
make_gateway()
{
	local i ns

	setup_stations -6 2
	setup_ns -6 out
	ipb "$h" <<-EOF
		addr add 192.0.2.254/24 dev vbr0
		addr add 2001:db8::fe/64 dev vbr0 nodad
		link add wan up type $PAIR peer name e0 netns $out
		addr add 203.0.113.1/24 dev wan
		addr add 2001:db8:1::1/64 dev wan nodad
	EOF
	ipb "$out" <<-EOF
		link set e0 up
		addr add 203.0.113.2/24 dev e0
		addr add 2001:db8:1::2/64 dev e0 nodad
		route add 2001:db8::/64 via 2001:db8:1::1
	EOF
	for i in 1 2; do
		ns=s$i
		ipb "${!ns}" <<-EOF
			addr add 192.0.2.$i/24 dev e0
			addr add 2001:db8::$i/64 dev e0 nodad
			route add default via 192.0.2.254
			route add default via 2001:db8::fe
		EOF
	done
	wait_up "$h" wan
	must in_ns "$h" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	note_drops
}

# nft_in NS <<< RULES
nft_in()
{
	in_ns "$1" nft -f - || skip "the kernel has no nft NAT"
}

masquerade()
{
	nft_in "$h" <<-EOF
		table ip nat {
			chain post {
				type nat hook postrouting priority srcnat
				oifname wan masquerade
			}
		}
	EOF
}

# check_source NS ADDR CMD...: the TCP connections that CMD makes to NS come from ADDR.
check_source()
{
	local ns=$1 want=$2

	shift 2
	# shellcheck disable=SC2016 # nft's
	nft_in "$ns" <<-EOF
		table ip seen {
			chain in {
				type filter hook input priority 0
				tcp flags & (syn | ack) == syn ip saddr $want counter
				tcp flags & (syn | ack) == syn ip saddr != $want counter drop
			}
		}
	EOF
	"$@" || fail "$*"
	check_match "$(in_ns "$ns" nft list table ip seen)" 'counter packets [1-9].*counter packets 0 bytes' \
		"connections from $want, from others"
	must in_ns "$ns" nft delete table ip seen
}

routed()
{
	make_gateway
	ping_ok "$s1" 2001:db8:1::2 || fail "s1 to outside, IPv6"
	ping_ok "$out" 2001:db8::2 || fail "outside to s2, IPv6"
	tcp_check "$s1" "$out" 2001:db8:1::2 1000000 || fail "TCP to outside, IPv6"
	tcp_check "$out" "$s1" 2001:db8::1 1000000 || fail "TCP from outside, IPv6"
	tcp_check "$s1" "$h" 192.0.2.254 1000000 || fail "TCP to the gateway"
	tcp_check "$h" "$s2" 192.0.2.2 1000000 || fail "TCP from the gateway"
	check_no_drops
}

# Outside has no route back: it is answered only because it sees the gateway's address.
nat_to_outside()
{
	need_tool nft
	make_gateway
	masquerade
	! ping_ok "$out" 192.0.2.1 -W 1 2>/dev/null || fail "outside knows a way to s1"
	ping_ok "$s1" 203.0.113.2 || fail "s1 to outside"
	check_source "$out" 203.0.113.1 tcp_check "$s1" "$out" 203.0.113.2 2000000
	tcp_check "$s2" "$out" 203.0.113.2 2000000 || fail "s2 to outside"
	tcp_check "$s1" "$s2" 192.0.2.2 2000000 || fail "s1 to s2"
	udp_check "$s1" "$out" 203.0.113.2 || fail "UDP to outside"
	check_no_drops
}

# ask_at NS ADDR: what the service says.
ask_at()
{
	in_ns "$1" socat -u "TCP:$2:80,connect-timeout=2" - 2>/dev/null
}

answers()
{
	[ "$(ask_at "$@")" = service ]
}

# serve NS: one at port 80 there.
serve()
{
	bg_ns "$1" socat TCP-LISTEN:80,fork,reuseaddr SYSTEM:'echo service'
	ip -n "$1" link set lo up
	busywait 5000 answers "$1" 127.0.0.1 || die "socat does not serve"
}

# From outside to a station, by an address of the gateway's.
nat_from_outside()
{
	need_tool nft socat
	make_gateway
	nft_in "$h" <<-EOF
		table ip nat {
			chain pre {
				type nat hook prerouting priority dstnat
				iifname wan ip daddr 203.0.113.1 dnat to 192.0.2.1
			}
		}
	EOF
	serve "$s1"
	check_eq "$(ask_at "$out" 203.0.113.1)" service "what outside is told"
	ping_ok "$out" 203.0.113.1 || fail "outside to s1"
	check_ge "$(link_stat "$s1" e0 rx_packets)" 6 "frames that came to s1"
}

neighbours()
{
	make_gateway
	ping_ok "$s1" 2001:db8::2 || fail "s1 to s2"
	ping_ok "$s2" 2001:db8::fe || fail "s2 to the gateway"
	check_eq "$(ip -n "$s1" -6 neigh show 2001:db8::2 | sed -n 's/.*lladdr \([^ ]*\) .*/\1/p')" "$(mac 2)" "s2's address for s1"
	check_eq "$(ip -n "$s2" -6 neigh show 2001:db8::fe | sed -n 's/.*lladdr \([^ ]*\) .*/\1/p')" \
		"$(link_attr "$h" vbr0 address)" "the gateway's for s2"
	check_match "$(ip -n "$h" -6 neigh show 2001:db8::2 dev vbr0)" "$(mac 2)" "s2's for the gateway"
}

# dad NS DEV: with the kernel's search for duplicate addresses.
dad()
{
	must in_ns "$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=1" "net.ipv6.conf.$2.dad_transmits=1"
}

address_is()
{
	[[ $(ip -n "$1" -6 addr show dev "$2" to "$3") =~ $4 ]]
}

address_ready()
{
	address_is "$1" "$2" "$3" inet6 && ! address_is "$1" "$2" "$3" tentative
}

duplicates_are_found()
{
	setup_stations -6 2
	dad "$s1" e0
	dad "$h" vbr0
	must ip -n "$s1" addr add 2001:db8::1/64 dev e0
	busywait 10000 address_ready "$s1" e0 2001:db8::1 || fail "the first of its kind: $(ip -n "$s1" -6 addr show dev e0)"
	must ip -n "$s2" addr add 2001:db8::2/64 dev e0 nodad
	must ip -n "$s1" addr add 2001:db8::2/64 dev e0
	busywait 10000 address_is "$s1" e0 2001:db8::2 dadfailed || fail "s2's address: $(ip -n "$s1" -6 addr show dev e0)"
	must ip -n "$h" addr add 2001:db8::1/64 dev vbr0
	busywait 10000 address_is "$h" vbr0 2001:db8::1 dadfailed || fail "on the bridge: $(ip -n "$h" -6 addr show dev vbr0)"
	must ip -n "$h" addr add 2001:db8::fe/64 dev vbr0
	busywait 10000 address_ready "$h" vbr0 2001:db8::fe || fail "the bridge's own: $(ip -n "$h" -6 addr show dev vbr0)"
	ping_ok "$s1" 2001:db8::fe || fail "no answer from the bridge"
}

# dnsmasq OPTION...: gives addresses on the bridge.
start_dnsmasq()
{
	need_tool dnsmasq
	bg_ns "$h" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=vbr0 --bind-interfaces --user=root \
		--group=root --pid-file= --log-facility="$CASE_DIR/dnsmasq" --dhcp-leasefile="$CASE_DIR/leases" "$@"
	busywait 5000 grep -qs 'started' "$CASE_DIR/dnsmasq" || die "dnsmasq says: $(cat "$CASE_DIR/dnsmasq")"
}

# lease NS: asks for an address and takes it.
lease()
{
	cat >"$CASE_DIR/udhcpc" <<-'EOF'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		ip addr add "$ip/$mask" dev "$interface"
		ip route add default via "$router"
	EOF
	chmod +x "$CASE_DIR/udhcpc"
	in_ns "$1" busybox udhcpc -i e0 -n -q -f -t 5 -T 2 -s "$CASE_DIR/udhcpc" ||
		fail "no address: $(cat "$CASE_DIR/dnsmasq")"
}

addresses_by_dhcp()
{
	local got

	need_tool busybox
	setup_stations 2
	must ip -n "$h" addr add 192.0.2.254/24 dev vbr0
	start_dnsmasq --dhcp-range=192.0.2.10,192.0.2.20,1h "--dhcp-host=$(mac 1),192.0.2.11"
	lease "$s1"
	lease "$s2"
	check_match "$(ip -n "$s1" -o addr show dev e0)" ' 192\.0\.2\.11/24 ' "s1's address"
	got=$(ip -n "$s2" -o -4 addr show dev e0 | sed -n 's/.* inet \([0-9.]*\)\/.*/\1/p')
	check_match "$got" '^192\.0\.2\.(1[0-9]|20)$' "s2's address"
	check_match "$(ip -n "$s2" route show default)" 'via 192.0.2.254' "s2's route"
	ping_ok "$s1" "$got" || fail "s1 to s2"
	ping_ok "$s2" 192.0.2.254 || fail "s2 to the gateway"
}

# A server among the stations, not at the bridge.
dhcp_across_the_bridge()
{
	need_tool busybox dnsmasq
	setup_stations 2
	must ip -n "$s1" addr add 192.0.2.1/24 dev e0
	bg_ns "$s1" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=e0 --bind-interfaces --user=root \
		--group=root --pid-file= --log-facility="$CASE_DIR/dnsmasq" --dhcp-leasefile="$CASE_DIR/leases" \
		--dhcp-range=192.0.2.10,192.0.2.20,1h
	busywait 5000 grep -qs 'started' "$CASE_DIR/dnsmasq" || die "dnsmasq says: $(cat "$CASE_DIR/dnsmasq")"
	lease "$s2"
	ping_ok "$s2" 192.0.2.1 || fail "s2 to s1"
	# The bridge's own device is a client like any other.
	# shellcheck disable=SC2016 # the script's own variable
	sed -i 's/dev "$interface"/dev vbr0/' "$CASE_DIR/udhcpc"
	in_ns "$h" busybox udhcpc -i vbr0 -n -q -f -t 5 -T 2 -s "$CASE_DIR/udhcpc" || fail "no address for the bridge"
	ping_ok "$h" 192.0.2.1 || fail "the host to s1"
}

# Routers are announced to a group, and asked for by another.
addresses_by_announcement()
{
	need_tool dnsmasq
	setup_stations -6 1
	must ip -n "$h" addr add 2001:db8::fe/64 dev vbr0 nodad
	start_dnsmasq --enable-ra --dhcp-range=::,constructor:vbr0,ra-only
	must in_ns "$s1" sysctl -qw net.ipv6.conf.e0.accept_ra=2 net.ipv6.conf.e0.router_solicitations=3 \
		net.ipv6.conf.e0.router_solicitation_delay=0
	must ip -n "$s1" link set e0 down
	must ip -n "$s1" link set e0 up
	slowwait 20 address_ready "$s1" e0 2001:db8::/64 || fail "no address: $(ip -n "$s1" -6 addr show dev e0)"
	ping_ok "$s1" 2001:db8::fe || fail "no answer from the router"
}

jumbo_frames()
{
	local i ns

	make_gateway
	for i in 1 2; do
		ns=s$i
		must ip -n "$h" link set "p$i" mtu 9000
		must ip -n "${!ns}" link set e0 mtu 9000
	done
	check_eq "$(link_attr "$h" vbr0 mtu)" 9000 "MTU of the bridge"
	ping_ok "$s1" 192.0.2.2 -s 8972 -M "do" || fail "9,000 bytes from s1 to s2"
	ping_ok "$s1" 192.0.2.254 -s 8972 -M "do" || fail "9,000 bytes to the gateway"
	! ping_ok "$s1" 192.0.2.2 -s 8973 -M "do" 2>/dev/null || fail "one byte more"
	tcp_check "$s1" "$s2" 192.0.2.2 4000000 || fail "TCP"
	# Outside has 1,500: the gateway says so.
	ping_ok "$s1" 2001:db8:1::2 -s 1400 || fail "small to outside"
	tcp_check "$s1" "$out" 2001:db8:1::2 1000000 || fail "TCP to outside"
	check_no_drops
}

# set_sizes NAME: on the devices of the way from s1 to s2.
set_sizes()
{
	local dev

	set_link_number "$s1" e0 "$1" 185000
	set_link_number "$s2" e0 "$1" 185000
	for dev in p1 p2 vbr0; do
		set_link_number "$h" "$dev" "$1" 185000
	done
}

# longest ADDR: a transfer from s1, and the longest frame that comes to s2.
longest()
{
	"$TOOLS/pkt" -R "$s2:e0" -a -c 1000000 >"$CASE_DIR/tap" &
	local tap=$!
	defer stop_bg "$tap"
	busywait 2000 grep -q ready "$CASE_DIR/tap" || die "the tap does not start"
	tcp_check "$s1" "$s2" "$1" 20000000 || fail "TCP"
	kill "$tap"
	wait "$tap"
	pkt_read "$CASE_DIR/tap"
}

# longer ADDR WHAT: a transfer has a frame beyond 64 KB. How large they get is the sender's choice: not every one has.
longer()
{
	local i

	for ((i = 0; i < 5; i++)); do
		longest "$1"
		[ "${PKT[rx0.foreignlen]}" -lt 66000 ] || return 0
	done
	fail "longest frame, $2: ${PKT[rx0.foreignlen]}"
}

big_tcp()
{
	make_gateway
	set_sizes IFLA_GSO_MAX_SIZE
	set_sizes IFLA_GRO_MAX_SIZE
	longer 2001:db8::2 IPv6
	tcp_check "$s1" "$h" 2001:db8::fe 4000000 || fail "TCP to the gateway"
	tcp_check "$h" "$s1" 2001:db8::1 4000000 || fail "TCP from the gateway"
	check_no_drops
	link_number "$h" vbr0 IFLA_GSO_IPV4_MAX_SIZE >/dev/null || return
	set_sizes IFLA_GSO_IPV4_MAX_SIZE
	set_sizes IFLA_GRO_IPV4_MAX_SIZE
	longer 192.0.2.2 IPv4
	check_no_drops
}

# A port that does not take such long frames gets what it takes.
big_tcp_to_a_small_port()
{
	make_gateway
	set_sizes IFLA_GSO_MAX_SIZE
	set_link_number "$h" p2 IFLA_GSO_MAX_SIZE 20000
	longest 2001:db8::2
	check_le "${PKT[rx0.foreignlen]}" 66000 "longest frame"
	check_no_drops
}

# A service has an address of its own, behind which is a station at the same bridge.
make_service()
{
	need_tool nft socat
	make_gateway
	serve "$s2"
	nft_in "$h" <<-EOF
		table ip service {
			chain pre {
				type nat hook prerouting priority dstnat
				ip daddr 198.51.100.10 dnat to 192.0.2.2
			}
		}
	EOF
}

service_answers()
{
	answers "$s1" 198.51.100.10
}

# The answer goes from station to station, past the gateway that has changed the address: it is not the one asked for.
same_bridge_service_is_lost()
{
	make_service
	! service_answers || fail "the answer came through the gateway"
}

same_bridge_service_by_masquerade()
{
	make_service
	nft_in "$h" <<-EOF
		table ip service {
			chain post {
				type nat hook postrouting priority srcnat
				ct status dnat oifname vbr0 masquerade
			}
		}
	EOF
	service_answers || fail "no answer from the service"
	ping_ok "$s1" 192.0.2.2 || fail "s1 to s2, directly"
}

# All that stations say to one another is routed: nobody hears anybody but the gateway, which answers for all.
same_bridge_service_by_isolation()
{
	local i

	make_service
	for i in 1 2; do
		must bridge -n "$h" link set dev "p$i" isolated on
	done
	must in_ns "$h" sysctl -qw net.ipv4.conf.vbr0.proxy_arp_pvlan=1 net.ipv4.conf.vbr0.proxy_arp=1 \
		net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.vbr0.send_redirects=0
	ip -n "$s1" neigh flush all
	ip -n "$s2" neigh flush all
	service_answers || fail "no answer from the service"
	ping_ok "$s1" 192.0.2.2 || fail "s1 to s2, through the gateway"
	check_match "$(ip -n "$s1" neigh show 192.0.2.2)" "$(link_attr "$h" vbr0 address)" "who answers for s2"
	tcp_check "$s1" "$s2" 192.0.2.2 1000000 || fail "TCP through the gateway"
}

ALL_TESTS="
	routed
	nat_to_outside
	nat_from_outside
	neighbours
	duplicates_are_found
	addresses_by_dhcp
	dhcp_across_the_bridge
	addresses_by_announcement
	jumbo_frames
	big_tcp
	big_tcp_to_a_small_port
	same_bridge_service_is_lost
	same_bridge_service_by_masquerade
	same_bridge_service_by_isolation
"
run_tests "$@"
