#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# vnet-cni and the plugins it works with: containers attached, seen to reach one another, checked, and taken off again.
#
#	+------------- h --------------+
#	|  vbr0 192.0.2.1        wan   |---- out 203.0.113.2
#	+----|---------|---------------+
#	   eth0      eth0
#	    c1        c2
#
# TIMEOUT: 1200
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# On some hosts their runtime crashes there, on others each start takes seconds.
if [ "${VNET_KERNEL:-}" = um ]; then
	echo "KTAP version 1"
	echo "1..0 # SKIP programs in Go are not for User-Mode Linux"
	exit 4
fi

GATEWAY='"isDefaultGateway":true'
ADDED='^\{"cniVersion":"1.0.0","interfaces":\[\{"name":"vbr0","mac":"[0-9a-f:]{17}"\},\{"name":"vc[0-9a-f]{12}","mac":"[0-9a-f:]{17}"\},\{"name":"eth0","mac":"[0-9a-f:]{17}","sandbox":"/run/netns/c1-[0-9]*"\}\],"ips":\[\{"address":"192.0.2.2/24","gateway":"192.0.2.1","interface":2\}\],"routes":\[\{"dst":"0.0.0.0/0","gw":"192.0.2.1"\}\],"dns":\{\}\}$'

attach()
{
	plugin ADD "$@" || die "ADD for $1: $SAID"
}

detach()
{
	plugin DEL "$@" || fail "DEL for $1: $SAID"
}

two_containers()
{
	setup_host c1 c2
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$GATEWAY,$HOST_LOCAL}"
	attach "$c1" eth0
	check_match "$SAID" "$ADDED" "the result"
	attach "$c2" eth0
	plugin CHECK "$c1" eth0 || fail "CHECK: $SAID"
	check_eq "$(link_attr "$h" vbr0 info_kind)" vbridge "kind of the bridge"
	check_eq "$(link_attr "$h" "$(outer "$c1" eth0)" info_kind)" vveth "kind of the pair"
	check_eq "$(ip_attr "$h" "$(outer "$c1" eth0)" ifalias)" "vnet-cni net $c1 eth0" "what the pair says of itself"
	check_eq "$(in_ns "$h" cat /proc/sys/net/ipv4/ip_forward)" 1 "whether the host forwards"
	ping_ok "$c1" 192.0.2.3 || fail "c1 does not reach c2"
	ping_ok "$c2" 192.0.2.1 || fail "c2 does not reach the gateway"
	check_eq "$(in_ns "$c1" ip route show default | sed 's/ *$//')" "default via 192.0.2.1 dev eth0" "default route"
	check_ge "$(ethtool_stat "$h" "$(outer "$c1" eth0)" direct_rx)" 3 "frames on the direct road"
	detach "$c1" eth0
	detach "$c2" eth0
	# Once more, and without the namespace.
	detach "$c1" eth0
	check_eq "$(links "$h")" vbr0 "devices of the host"
	check_eq "$(links "$c1")" "" "devices of the container"
	no_leases
}

# c2 keeps what it knows of c1's address until it hears of another.
addresses_are_announced()
{
	setup_host c1 c2
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",\"ipam\":{\"type\":\"static\",\"addresses\":[{\"address\":\"192.0.2.7/24\"}]}}"
	setup_ns s
	add_pair "$h" p1 "$s" e0
	attach "$c1" eth0
	must ip -n "$h" link set p1 master vbr0
	must ip -n "$s" addr add 192.0.2.9/24 dev e0
	slowwait 5 ping_ok "$s" 192.0.2.7 || die "no way to c1"
	detach "$c1" eth0
	attach "$c2" eth0
	check_match "$(ip -n "$s" neigh show 192.0.2.7)" "$(link_attr "$c2" eth0 address)" "what the neighbour knows"
	detach "$c2" eth0
}

published_port()
{
	local i

	need_tool /usr/lib/cni/portmap iptables
	need_module nft_compat xt_nat xt_comment xt_conntrack xt_addrtype
	setup_host c1 c2 out
	add_pair "$h" wan "$out" e0
	must ip -n "$h" addr add 203.0.113.1/24 dev wan
	must ip -n "$out" addr add 203.0.113.2/24 dev e0
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$GATEWAY,$HOST_LOCAL}" \
		'{"type":"portmap","capabilities":{"portMappings":true}}' '{"type":"firewall","backend":"iptables"}'
	RUNTIME='{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}' attach "$c1" eth0
	attach "$c2" eth0
	bg_ns "$c1" socat -t 10 TCP-LISTEN:80,reuseaddr,fork EXEC:'echo c1'
	busywait 5000 answers "$h" 192.0.2.2:80 || die "c1 does not serve"
	answers "$out" 203.0.113.1:8080 || fail "the port does not lead to c1 from outside"
	RUNTIME='{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}' detach "$c1" eth0
	! answers "$out" 203.0.113.1:8080 || fail "the port still leads somewhere"
	detach "$c2" eth0
	check_eq "$(in_ns "$h" iptables-save | grep -c 192.0.2.)" 0 "rules that are left"
	check_eq "$(links "$h")" "vbr0 wan" "devices of the host"
	no_leases
}

answers()
{
	[ "$(in_ns "$1" socat -t 10 -T $((5 * ${VNET_WAIT:-1})) - "TCP:$2,connect-timeout=$((2 * ${VNET_WAIT:-1}))" </dev/null 2>/dev/null)" = c1 ]
}

mac_and_mtu()
{
	local base="{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",\"mtu\":1400,\"mac\":\"02:00:00:00:07:01\""

	setup_host c1
	network net 1.0.0 "$base}"
	attach "$c1" eth0
	CNI_ARGS='IgnoreUnknown=1;MAC=02:00:00:00:07:02;K8S=x' attach "$c1" eth1
	CNI_ARGS=MAC=02:00:00:00:07:02 RUNTIME='{"mac":"02:00:00:00:07:03"}' attach "$c1" eth2
	network net 1.0.0 "$base,\"args\":{\"cni\":{\"mac\":\"02:00:00:00:07:04\"}}}"
	attach "$c1" eth3
	check_eq "$(link_attr "$c1" eth0 address)" 02:00:00:00:07:01 "address of the configuration"
	check_eq "$(link_attr "$c1" eth1 address)" 02:00:00:00:07:02 "address of CNI_ARGS"
	check_eq "$(link_attr "$c1" eth2 address)" 02:00:00:00:07:03 "address of runtimeConfig"
	check_eq "$(link_attr "$c1" eth3 address)" 02:00:00:00:07:04 "address of args"
	check_eq "$(link_attr "$c1" eth0 mtu)" 1400 "MTU inside"
	check_eq "$(link_attr "$h" "$(outer "$c1" eth0)" mtu)" 1400 "MTU outside"
	# Without one it is the bridge's, here the smallest of its ports.
	network net 1.0.0 '{"type":"vnet-cni","bridge":"vbr0"}'
	attach "$c1" eth4
	check_eq "$(link_attr "$c1" eth4 mtu)" 1400 "MTU without one"
}

isolation()
{
	setup_host c1 c2
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$GATEWAY,\"portIsolation\":true,$HOST_LOCAL}"
	attach "$c1" eth0
	attach "$c2" eth0
	ping_ok "$c1" 192.0.2.1 || fail "c1 does not reach the gateway"
	! in_ns "$c1" ping -q -c 1 -W 1 192.0.2.3 >/dev/null || fail "c1 reaches c2"
}

vlans()
{
	need_module 8021q
	setup_host c1 c2 c3
	network seven 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",\"vlan\":7,$GATEWAY,$HOST_LOCAL}"
	attach "$c1" eth0
	attach "$c2" eth0
	network eight 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",\"vlan\":8,\"ipam\":{\"type\":\"static\",\"addresses\":[{\"address\":\"192.0.2.9/24\"}]}}"
	attach "$c3" eth0
	check_match "$(bridge -n "$h" vlan show dev "$(outer "$c1" eth0)" | tr -s ' \n\t' ' ')" "vc[0-9a-f]* 7 PVID Egress Untagged $" "VLANs of c1"
	check_eq "$(link_attr "$h" vbr0.7 info_kind)" vlan "kind of the gateway's device"
	ping_ok "$c1" 192.0.2.3 || fail "c1 does not reach c2"
	ping_ok "$c1" 192.0.2.1 || fail "c1 does not reach the gateway"
	! in_ns "$c1" ping -q -c 1 -W 1 192.0.2.9 >/dev/null || fail "c1 reaches c3"
}

# Both families, several addresses, and routes of all sorts; the interface may not have had IPv6 before.
addresses_and_routes()
{
	setup_host -6 c1
	in_ns "$c1" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	network net 1.0.0 '{"type":"vnet-cni","bridge":"vbr0","isGateway":true,"dns":{"nameservers":["192.0.2.53"]},"ipam":{"type":"static",
		"addresses":[{"address":"192.0.2.5/25"},{"address":"198.51.100.5/24","gateway":"198.51.100.254"},{"address":"2001:db8:1::5/64"}],
		"routes":[{"dst":"203.0.113.0/24","gw":"192.0.2.77"},{"dst":"0.0.0.0/0"},{"dst":"2001:db8:9::/48"}]}}'
	attach "$c1" eth0
	check_match "$SAID" '"dns":\{"nameservers":\["192.0.2.53"\]\}' "name servers in the result"
	check_eq "$(ip -n "$c1" -o addr show dev eth0 scope global | awk '{ print $4 }' | tr '\n' ' ')" \
		"192.0.2.5/25 198.51.100.5/24 2001:db8:1::5/64 " "addresses"
	check_eq "$(ip -n "$h" -o addr show dev vbr0 scope global | awk '{ print $4 }' | tr '\n' ' ')" \
		"192.0.2.1/25 198.51.100.254/24 2001:db8:1::1/64 " "gateways"
	check_match "$(ip -n "$c1" route)" "203.0.113.0/24 via 192.0.2.77 dev eth0" "a route with a gateway"
	check_match "$(ip -n "$c1" route)" "default via 192.0.2.1 dev eth0" "a route without one"
	check_match "$(ip -n "$c1" -6 route)" "2001:db8:9::/48 via 2001:db8:1::1 dev eth0" "a route of IPv6"
	ping_ok "$c1" 2001:db8:1::1 || fail "no IPv6 to the gateway"
	plugin CHECK "$c1" eth0 || fail "CHECK: $SAID"
	must ip -n "$c1" route del 203.0.113.0/24
	fails 101 'lost the route to 203.0.113.0/24' CHECK "$c1" eth0
	must ip -n "$c1" route add 203.0.113.0/24 via 192.0.2.77
	must ip -n "$c1" -6 addr del 2001:db8:1::5/64 dev eth0
	fails 101 'lost the address 2001:db8:1::5/64' CHECK "$c1" eth0
}

check_sees_what_changed()
{
	setup_host c1
	network net 0.4.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$HOST_LOCAL}"
	attach "$c1" eth0
	check_match "$SAID" '"ips":\[\{"version":"4","address"' "an address in version 0.4"
	plugin CHECK "$c1" eth0 || fail "CHECK: $SAID"
	must ip -n "$h" link set "$(outer "$c1" eth0)" nomaster
	fails 101 'is no port of vbr0' CHECK "$c1" eth0
	must ip -n "$h" link set "$(outer "$c1" eth0)" master vbr0
	must ip -n "$c1" link set eth0 address 02:00:00:00:07:09
	fails 101 'has the MAC address 02:00:00:00:07:09' CHECK "$c1" eth0
	must ip -n "$h" link del "$(outer "$c1" eth0)"
	fails 101 'pair has gone' CHECK "$c1" eth0
	detach "$c1" eth0
	no_leases
}

# What is refused changes nothing.
bad_configurations()
{
	local code ere options

	setup_host c1
	while IFS='|' read -r code ere options; do
		network net 1.0.0 "{\"type\":\"vnet-cni\"$options}"
		fails "$code" "$ere" ADD "$c1" eth0
	done <<-'EOF'
		7|a number from 68|,"mtu":5
		7|a number from 68|,"mtu":"1500"
		7|a number from 1 to 4094|,"vlan":4095
		7|a number from 1 to 4094|,"vlan":-1
		7|true or false|,"isGateway":"yes"
		7|true or false|,"portIsolation":1
		7|name of a device|,"bridge":"a/b"
		7|name of a device|,"bridge":"0123456789abcdef"
		7|name of a device|,"bridge":7
		7|lo" is there and of type|,"bridge":"lo"
		7|not six bytes|,"mac":"02:00:00:00:01"
		7|which is missing|,"isGateway":true
		7|an object|,"ipam":"host-local"
		7|name of a plugin|,"ipam":{"type":"../host-local"}
		7|name of a plugin|,"ipam":{"subnet":"192.0.2.0/24"}
		7|is not in CNI_PATH|,"ipam":{"type":"nobody"}
		2|"ipMasq.* nft|,"ipMasq":true
		2|vlanTrunk|,"vlanTrunk":[{"id":7}]
		100|cannot make the vveth|,"mac":"01:00:00:00:00:01"
	EOF
	network net 9.0.0 '{"type":"vnet-cni"}'
	fails 1 'cniVersion "9.0.0"' ADD "$c1" eth0
	network 'no name' 1.0.0 '{"type":"vnet-cni"}'
	fails 7 'needs a name' ADD "$c1" eth0
	network net 1.0.0 '{"type":"vnet-cni"'
	fails 6 'no JSON' ADD "$c1" eth0
	network net 1.0.0 '{"type":"vnet-cni"}'
	fails 4 'CNI_CONTAINERID "a/b"' ADD "$c1" eth0 a/b
	fails 4 'CNI_CONTAINERID is not set' ADD "$c1" eth0 ''
	fails 4 'CNI_IFNAME "a b"' ADD "$c1" "a b"
	fails 4 'CNI_IFNAME is not set' DEL "$c1" ''
	fails 4 'cannot open CNI_NETNS' ADD nobody eth0
	fails 4 'that the plugin runs in' ADD "$h" eth0
	fails 4 'CNI_COMMAND "WALK"' WALK "$c1" eth0
	fails 7 'as prevResult' CHECK "$c1" eth0
	fails 1 'GC is not known' GC "$c1" eth0
	network net 1.0.0 "{\"type\":\"vnet-cni\"}"
	fails 7 'too long together' ADD "$c1" eth0 "$(printf 'c%.0s' {1..240})"
	# The bridge that some of them made before they failed is all there is.
	check_match "$(links "$h")" "^(cni-vbr0)?$" "devices of the host"
	check_eq "$(links "$c1")" "" "devices of the container"
}

failures_leave_nothing()
{
	setup_host c1 c2
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$HOST_LOCAL}"
	network net 1.0.0 "${PLUGINS[0]/\"subnet\":\"192.0.2.0\/24\"/\"subnet\":\"192.0.2.0/24\",\"rangeStart\":\"192.0.2.4\",\"rangeEnd\":\"192.0.2.4\"}"
	attach "$c1" eth0
	fails 7 'attached to "net" as eth0 already' ADD "$c1" eth0
	fails '11|999' 'host-local: ' ADD "$c2" eth0
	check_eq "$(links "$c2")" "" "devices of the container without an address"
	check_eq "$(links "$h")" "vbr0 $(outer "$c1" eth0)" "devices of the host"
	detach "$c1" eth0
	# The address is given, and then the container's name for its interface is taken.
	must ip -n "$c2" link add eth0 type dummy
	fails 100 'cannot make the vveth eth0' ADD "$c2" eth0
	must ip -n "$c2" link del eth0
	# A gateway that cannot be one, after the address was given.
	network bad 1.0.0 "${PLUGINS[0]/\"ranges\"/\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"203.0.113.9\"\}],\"ranges\"}"
	fails 100 'route to' ADD "$c2" eth0
	check_eq "$(links "$c2")" "" "devices of the container without a route"
	no_leases
}

# Version 1.1, which Debian's plugins for addresses do not speak yet.
collected_and_status()
{
	setup_host c1 c2
	network net 1.1.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$HOST_LOCAL}"
	plugin STATUS "$c1" eth0 || fail "STATUS before: $SAID"
	attach "$c1" eth0
	check_match "$SAID" '"name":"eth0","mac":"[0-9a-f:]*","mtu":1500,"sandbox"' "the interface in version 1.1"
	attach "$c2" eth0
	plugin STATUS "$c1" eth0 || fail "STATUS: $SAID"
	plugin CHECK "$c1" eth0 || fail "CHECK: $SAID"
	fails 7 'valid-attachments' GC "$c1" eth0
	network other 1.1.0 "${PLUGINS[0]%\}},\"cni.dev/valid-attachments\":[]}"
	plugin GC "$c1" eth0 || fail "GC of another network: $SAID"
	has_link "$c1" eth0 || fail "GC of another network took it"
	network net 1.1.0 "${PLUGINS[0]/valid-attachments\":\[\]/valid-attachments\":[{\"containerID\":\"$c2\",\"ifname\":\"eth0\"\}]}"
	plugin GC "$c1" eth0 || fail "GC: $SAID"
	check_eq "$(links "$c1")" "" "devices of who is not valid"
	check_eq "$(links "$c2")" eth0 "devices of who is"
	check_eq "$(find "$CASE_DIR/leases" -name '192.0.2.*' -printf '%f ')" "192.0.2.3 " "addresses given"
	network net 1.1.0 '{"type":"vnet-cni","bridge":"lo"}'
	fails 50 'no vbridge' STATUS "$c1" eth0
}

versions()
{
	local said

	said=$(CNI_COMMAND=VERSION "$BUILD/tools/vnet-cni" <<<'{"cniVersion":"1.0.0"}') || fail "VERSION fails"
	check_eq "$said" '{"cniVersion":"1.1.0","supportedVersions":["0.4.0","1.0.0","1.1.0"]}' "versions"
}

# In the quick set fewer of them.
many_come_and_go()
{
	local count=100 i

	[ -z "${VNET_QUICK:-}" ] || count=10
	setup_host c1
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\",$HOST_LOCAL}"
	for ((i = 0; i < count; i++)); do
		attach "$c1" "e$i" "c$i"
		[ $((i % 10)) -ne 9 ] || check_eq "$(links "$c1" | wc -w)" 10 "interfaces"
		[ $((i % 10)) -ne 9 ] || forget $((i - 9)) "$i"
	done
	check_eq "$(links "$h")" vbr0 "devices of the host"
	check_eq "$(links "$c1")" "" "devices of the container"
	check_eq "$(bridge -n "$h" fdb show | grep -cv 'dev vbr0')" 0 "entries of ports that are gone"
	no_leases
}

forget()
{
	local i

	for ((i = $1; i <= $2; i++)); do
		detach "$c1" "e$i" "c$i"
	done
}

# limited OPTIONS: a network whose containers have a limit, without a plugin for addresses.
limited()
{
	network net 1.0.0 "{\"type\":\"vnet-cni\",\"bridge\":\"vbr0\"$1}"
}

setup_limits()
{
	need_module sch_tbf
	need_tool tc
	setup_ns h c1 c2
	limited ',"ingressRate":4000000,"ingressBurst":400000,"egressRate":8000000,"egressBurst":800000'
}

# limit NS DEV: what tc says of it, in bits a second and bytes
limit()
{
	tc -n "$1" qdisc show dev "$2" root | sed -nE 's/^qdisc tbf 1: root .*rate ([^ ]+) burst ([^ ]+) .*/\1 \2/p'
}

# takes FROM TO ADDRESS MS: a megabyte takes that long, or longer
takes()
{
	local start now

	in_ns "$2" timeout 60 socat -u TCP-LISTEN:5000,reuseaddr OPEN:"$CASE_DIR/got",creat,trunc &
	busywait 5000 listens "$2" || die "nobody listens"
	now_ms start
	in_ns "$1" timeout 60 socat -u OPEN:"$CASE_DIR/sent" "TCP:$3:5000"
	wait $!
	now_ms now
	cmp "$CASE_DIR/sent" "$CASE_DIR/got" || fail "not all has come from $1 to $2"
	check_ge $((now - start)) "$4" "ms for a megabyte from $1 to $2"
}

listens()
{
	[ -n "$(in_ns "$1" ss -Hltn 'sport = :5000')" ]
}

# What c1 receives goes by its outer end, what it sends by its inner one: 4 and 8 Mbit/s, 8 Mbit are sent.
bandwidth()
{
	setup_limits
	attach "$c1" eth0
	plugin CHECK "$c1" eth0 || fail "CHECK: $SAID"
	check_eq "$(limit "$h" "$(outer "$c1" eth0)")" "4Mbit 50000b" "what c1 receives"
	check_eq "$(limit "$c1" eth0)" "8Mbit 100000b" "what c1 sends"
	limited ''
	attach "$c2" eth0
	check_eq "$(limit "$h" "$(outer "$c2" eth0)")$(limit "$c2" eth0)" "" "limits of c2"
	ipb "$c1" <<<"addr add 192.0.2.2/24 dev eth0"
	ipb "$c2" <<<"addr add 192.0.2.3/24 dev eth0"
	ping_ok "$c1" 192.0.2.3 || die "c1 does not reach c2"
	head -c 1000000 /dev/zero >"$CASE_DIR/sent"
	takes "$c2" "$c1" 192.0.2.2 1700
	takes "$c1" "$c2" 192.0.2.3 800
	detach "$c1" eth0
	detach "$c2" eth0
	check_eq "$(links "$h")" vbr0 "devices of the host"
}

# The runtime has the last word, also where it says that there is no limit; one direction alone has a limit, too.
bandwidth_by_the_runtime()
{
	setup_limits
	RUNTIME='{"bandwidth":{"egressRate":10000000000000,"egressBurst":2147483647}}' attach "$c1" eth0
	check_eq "$(limit "$h" "$(outer "$c1" eth0)")" "" "what c1 receives"
	check_match "$(limit "$c1" eth0)" "^10Tbit " "what c1 sends"
	RUNTIME='{"bandwidth":{"egressRate":10000000000000,"egressBurst":2147483647}}' plugin CHECK "$c1" eth0 || fail "CHECK: $SAID"
	RUNTIME='{"bandwidth":{"egressRate":0,"egressBurst":0}}' attach "$c2" eth0
	check_eq "$(limit "$h" "$(outer "$c2" eth0)")$(limit "$c2" eth0)" "" "limits of c2"
}

bandwidth_that_is_lost()
{
	setup_limits
	attach "$c1" eth0
	must tc -n "$c1" qdisc change dev eth0 root handle 1: tbf rate 9mbit burst 100000 latency 25ms
	fails 101 'eth0 has lost its limit, "egressRate"' CHECK "$c1" eth0
	must tc -n "$c1" qdisc change dev eth0 root handle 1: tbf rate 8mbit burst 100000 latency 25ms
	plugin CHECK "$c1" eth0 || fail "CHECK: $SAID"
	must tc -n "$h" qdisc del dev "$(outer "$c1" eth0)" root
	fails 101 'has lost its limit, "ingressRate"' CHECK "$c1" eth0
}

# What is refused changes nothing; a bucket that holds no whole frame would let none pass.
bandwidth_that_is_wrong()
{
	local ere options

	setup_limits
	while IFS='|' read -r ere options; do
		limited "$options"
		fails 7 "$ere" ADD "$c1" eth0
		check_eq "$(links "$c1")" "" "devices of the container with $options"
		check_match "$(links "$h")" "^(vbr0)?$" "devices of the host with $options"
	done <<-'EOF'
		"ingressRate" and "ingressBurst" are given together|,"ingressRate":8000
		"egressRate" and "egressBurst" are given together|,"egressBurst":8000
		"egressRate" is a number of bits|,"egressRate":-1,"egressBurst":80000
		"egressRate" is a number of bits|,"egressRate":7,"egressBurst":80000
		"ingressRate" is a number of bits|,"ingressRate":"1M","ingressBurst":80000
		"ingressBurst" is a number of bits|,"ingressRate":8000,"ingressBurst":40000000000
		"runtimeConfig/bandwidth/egressRate" is a number of bits|,"runtimeConfig":{"bandwidth":{"egressRate":1.5}}
		"ingressBurst" is less than the 12112 bits of the longest frame|,"ingressRate":8000,"ingressBurst":12111
		"egressBurst" is less than the 12112 bits of the longest frame|,"egressRate":8000,"egressBurst":12111
	EOF
	limited ',"egressRate":8000,"egressBurst":12112'
	attach "$c1" eth0
}

# The reference plugin for it asks for pairs of the in-tree type; while it does, the pages say so.
bandwidth_of_others()
{
	need_tool /usr/lib/cni/bandwidth
	setup_host c1
	network net 1.0.0 '{"type":"vnet-cni","bridge":"vbr0"}' \
		'{"type":"bandwidth","ingressRate":4000000,"ingressBurst":400000}'
	plugin ADD "$c1" eth0 >/dev/null && fail "it takes a vveth pair: say so in containers.md"
	check_match "$SAID" 'was not a veth interface' "what the plugin says"
	plugin DEL "$c1" eth0
	check_eq "$(links "$h")" vbr0 "devices of the host"
}

ALL_TESTS="
	versions
	two_containers
	addresses_are_announced
	published_port
	mac_and_mtu
	isolation
	vlans
	bandwidth
	bandwidth_by_the_runtime
	bandwidth_that_is_lost
	bandwidth_that_is_wrong
	bandwidth_of_others
	addresses_and_routes
	check_sees_what_changed
	bad_configurations
	failures_leave_nothing
	collected_and_status
	many_come_and_go
"
run_tests "$@"
