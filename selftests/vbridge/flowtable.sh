#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A flowtable of nft's sees through the bridge: what it forwards to a station leaves by the station's port, without the bridge,
# and with the tag that the port wants.
#
#	s1 e0---p1 [vbr0] h [wan]--e0 s9	h routes between both
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# make_router DEV: h routes between DEV, which is the bridge or a VLAN device on it, and the outside.
make_router()
{
	local dev=$1

	add_pair "$h" wan "$s9" e0
	ipb "$h" <<-EOF
		link set wan up
		addr add 192.0.2.254/24 dev $dev
		addr add 198.51.100.254/24 dev wan
	EOF
	ipb "$s9" <<-EOF
		link set e0 up
		addr add 198.51.100.9/24 dev e0
		route add default via 198.51.100.254
	EOF
	in_ns "$h" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$h" nft -f - <<-EOF || skip "no flowtables in this kernel"
		table inet f {
			flowtable ft {
				hook ingress priority 0
				devices = { p1, wan }
			}
			chain forwarded {
				type filter hook forward priority 0
				meta l4proto tcp flow add @ft
			}
		}
	EOF
}

give_address()
{
	ipb "$s1" <<-EOF
		addr add 192.0.2.1/24 dev $1
		route add default via 192.0.2.254
	EOF
}

# transfer WHAT [-]: most frames of a transfer to station 1 pass the port and not the bridge. With a VLAN device on the bridge
# (-) nft does not take the flow, be it on this bridge or the in-tree one, but it has to arrive.
transfer()
{
	local port bridge

	ping_ok "$s9" 192.0.2.1 || fail "$1: no answer from station 1"
	port=$(link_stat "$h" p1 tx_packets)
	bridge=$(link_stat "$h" vbr0 tx_packets)
	tcp_check "$s9" "$s1" 192.0.2.1 8000000 || fail "$1: TCP to station 1"
	port=$(($(link_stat "$h" p1 tx_packets) - port))
	bridge=$(($(link_stat "$h" vbr0 tx_packets) - bridge))
	echo "port=$port bridge=$bridge"
	check_ge "$port" 100 "$1: frames by the port"
	[ -n "${2:-}" ] || check_le "$((bridge * 4))" "$port" "$1: four times the frames by the bridge, against those by the port"
	tcp_check "$s1" "$s9" 198.51.100.9 8000000 || fail "$1: TCP from station 1"
}

need()
{
	need_tool nft
	need_module nf_flow_table nft_flow_offload
}

through_the_bridge()
{
	need
	setup_ns s9
	setup_stations 2
	make_router vbr0
	give_address e0
	transfer "without VLANs"
}

through_an_access_port()
{
	need
	need_module 8021q
	setup_ns s9
	setup_stations 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
	bridge -n "$h" -batch - <<-EOF || die "bridge vlan"
		vlan add dev p1 vid 7 pvid untagged
		vlan add dev vbr0 vid 7 self
	EOF
	must ip -n "$h" link add vbr0.7 up link vbr0 type vlan id 7
	make_router vbr0.7
	give_address e0
	transfer "a VLAN device on the bridge, an access port" -
}

through_a_tagged_port()
{
	need
	need_module 8021q
	setup_ns s9
	setup_stations 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
	bridge -n "$h" -batch - <<-EOF || die "bridge vlan"
		vlan add dev p1 vid 7
		vlan add dev vbr0 vid 7 self
	EOF
	ipb "$h" <<<"link add vbr0.7 up link vbr0 type vlan id 7"
	ipb "$s1" <<<"link add e0.7 up link e0 type vlan id 7"
	make_router vbr0.7
	give_address e0.7
	transfer "a VLAN device on the bridge, a tagged port" -
	# The bridge's own pvid, tagged at the port.
	bridge -n "$h" -batch - <<-EOF || die "bridge vlan"
		vlan add dev vbr0 vid 7 pvid untagged self
	EOF
	ipb "$h" <<-EOF
		link del vbr0.7
		addr add 192.0.2.254/24 dev vbr0
	EOF
	transfer "the bridge's pvid, a tagged port"
}

ALL_TESTS="
	through_the_bridge
	through_an_access_port
	through_a_tagged_port
"
run_tests "$@"
