#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Datapaths made of BPF programs on pairs, as Cilium and others have them: from one container to the next without the
# host's stack in between.
#
#	+------ a ------+    +--- host ---+    +------ b ------+
#	| va 192.0.2.1 -+----+- pa    pb -+----+- vb 192.0.2.2 |
#	+---------------+    +------------+    +---------------+
. "$(dirname "$0")/../lib/lib.sh"

# Each container knows the other by its MAC, so that no ARP is needed.
make_containers()
{
	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	setup_ns a host b
	add_pair "$a" va "$host" pa
	add_pair "$b" vb "$host" pb
	printf '%s\n' "addr add 192.0.2.1/24 dev va" \
		"neigh add 192.0.2.2 lladdr $(link_attr "$b" vb address) dev va nud permanent" | ipb "$a"
	printf '%s\n' "addr add 192.0.2.2/24 dev vb" \
		"neigh add 192.0.2.1 lladdr $(link_attr "$a" va address) dev vb nud permanent" | ipb "$b"
}

# The host is the gateway of both, at an address that is not in their networks; it knows them as neighbours.
make_routed_containers()
{
	local ns dev host_dev addr

	mountpoint -q /sys/fs/bpf || skip "no BPF file system"
	setup_ns a host b
	add_pair "$a" va "$host" pa
	add_pair "$b" vb "$host" pb
	while read -r ns dev host_dev addr; do
		printf '%s\n' "addr add $addr/32 dev $dev" "route add 169.254.1.1 dev $dev" \
			"neigh add 169.254.1.1 lladdr $(link_attr "$host" "$host_dev" address) dev $dev nud permanent" \
			"route add default via 169.254.1.1 dev $dev" | ipb "$ns"
		printf '%s\n' "route add $addr dev $host_dev" \
			"neigh add $addr lladdr $(link_attr "$ns" "$dev" address) dev $host_dev nud permanent" | ipb "$host"
	done <<-EOT
		$a va pa 192.0.2.1
		$b vb pb 192.0.2.2
	EOT
	# Nothing but the programs forwards.
	must in_ns "$host" sysctl -qw net.ipv4.ip_forward=0
}

# program TYPE VERDICT [IFINDEX]: loads and pins it; PIN is where.
program()
{
	PIN=/sys/fs/bpf/vnet-$$-$1-$2-$((++PINS))
	must "$TOOLS/bpfload" "$@" "$PIN"
	defer rm -f "$PIN"
}
PINS=0

# at_tc NS DEV ingress|egress VERDICT [IFINDEX]
at_tc()
{
	local ns=$1 dev=$2 direction=$3

	shift 3
	program tc "$@"
	in_ns "$ns" tc qdisc add dev "$dev" clsact 2>/dev/null
	must in_ns "$ns" tc filter replace dev "$dev" "$direction" pref 1 handle 1 bpf da object-pinned "$PIN"
}

at_tcx()
{
	local ns=$1 dev=$2 direction=$3

	shift 3
	program tc "$@"
	must in_ns "$ns" "$TOOLS/bpfload" tcx "$direction" "$dev" "$PIN" "$PIN-link"
	defer rm -f "$PIN-link"
}

# both_ways ATTACH VERDICT: at pa and pb, towards the other one.
both_ways()
{
	"$1" "$host" pa ingress "$2" "$(link_attr "$host" pb ifindex)"
	"$1" "$host" pb ingress "$2" "$(link_attr "$host" pa ifindex)"
}

check_containers()
{
	ping_ok "$a" 192.0.2.2 || fail "no answer"
	tcp_check "$a" "$b" 192.0.2.2 2000000 || fail "TCP"
	tcp_check "$b" "$a" 192.0.2.1 2000000 || fail "TCP, back"
}

counts_agree()
{
	[ "$(link_stat "$a" va tx_packets tx_bytes)" = "$(link_stat "$b" vb rx_packets rx_bytes)" ] &&
		[ "$(link_stat "$b" vb tx_packets tx_bytes)" = "$(link_stat "$a" va rx_packets rx_bytes)" ]
}

# The frame is received at vb with no trip through pb's transmit path; it is counted where it was received.
check_peer_counts()
{
	busywait 3000 counts_agree || fail "va $(link_stat "$a" va tx_packets tx_bytes rx_packets rx_bytes), vb $(
		link_stat "$b" vb rx_packets rx_bytes tx_packets tx_bytes)"
	check_eq "$(link_stat "$host" pa tx_packets) $(link_stat "$host" pb tx_packets)" "0 0" "sent by pa and pb"
	check_eq "$(link_stat "$host" pa rx_packets)" "$(link_stat "$a" va tx_packets)" "received by pa"
	check_eq "$(link_stat "$host" pa rx_dropped) $(link_stat "$b" vb rx_dropped)" "0 0" "drops"
}

redirect_peer_from_clsact()
{
	need_module sch_ingress cls_bpf
	make_containers
	both_ways at_tc peer
	check_containers
	check_peer_counts
}

redirect_peer_from_tcx()
{
	need_kernel 6.6
	make_containers
	both_ways at_tcx peer
	check_containers
	check_peer_counts
}

# Each frame is counted once, also where GRO is at work and where a frame is large.
redirect_peer_counts_exactly()
{
	need_module sch_ingress cls_bpf
	make_containers
	both_ways at_tc peer
	pkt -T "$a:va" -R "$b:vb" -c 500 -l 300 -f 4 -d "$(link_attr "$b" vb address)"
	check_eq "${PKT[rx0.unique]} ${PKT[rx0.dup]} ${PKT[rx0.late]}" "500 0 0" "frames (came, twice, late)"
	check_eq "$(link_stat "$b" vb rx_packets rx_bytes)" "500 150000" "received by vb"
	check_eq "$(link_stat "$a" va tx_packets tx_bytes)" "500 150000" "sent by va"
}

# The core refuses a redirect that does not leave the namespace, to a peer that is down, and to one that is not there.
redirect_peer_is_refused()
{
	need_module sch_ingress cls_bpf
	make_containers
	add_pair "$host" same0 "$host" same1
	at_tc "$host" pa ingress peer "$(link_attr "$host" same0 ifindex)"
	pkt -T "$a:va" -R "$host:same1" -c 10 -w 100
	check_eq "${PKT[rx0.frames]}" 0 "frames at a peer in the program's namespace"
	check_eq "$(link_stat "$host" same1 rx_packets)" 0 "received by it"
	at_tc "$host" pa ingress peer "$(link_attr "$host" pb ifindex)"
	pkt -T "$a:va" -R "$b:vb" -c 10
	check_eq "${PKT[rx0.frames]}" 10 "frames at vb"
	ipb "$b" <<< "link set vb down"
	pkt -T "$a:va" -c 10
	check_eq "$(link_stat "$b" vb rx_packets)" 10 "received by vb, which is down"
	ipb "$host" <<< "link del pb"
	pkt -T "$a:va" -c 10
	check_eq "$(link_stat "$a" va tx_packets tx_dropped)" "40 0" "sent by va"
	busywait 2000 stat_is "$host" pa rx_packets 40 || fail "received by pa: $(link_stat "$host" pa rx_packets)"
}

# The other pair goes, and comes back under its number, while frames are sent towards it.
redirect_peer_while_the_peer_goes()
{
	local i ifindex

	need_module sch_ingress cls_bpf
	make_containers
	ifindex=$(link_attr "$host" pb ifindex)
	at_tc "$host" pa ingress peer "$ifindex"
	bg "$TOOLS/pkt" -T "$a:va" -D 3600 -f 8
	for i in 1 2 3 4 5 6; do
		printf '%s\n' "link del pb" "link add pb index $ifindex type $PAIR peer name vb netns $b" "link set pb up" |
			ipb "$host"
		ipb "$b" <<< "link set vb up"
		busywait 5000 received_some "$b" vb || fail "round $i: no frame comes"
	done
	stop_bg "$BG_PID"
}

received_some()
{
	[ "$(link_stat "$1" "$2" rx_packets)" -gt 0 ]
}

# To the other pair's end, and so through it to the container.
redirect_to_the_other_pair()
{
	need_module sch_ingress cls_bpf
	make_containers
	both_ways at_tc redirect
	check_containers
	busywait 3000 counts_agree || fail "va and vb have counted differently"
	check_eq "$(link_stat "$host" pb tx_packets)" "$(link_stat "$b" vb rx_packets)" "sent by pb"
	check_eq "$(link_stat "$host" pb tx_dropped) $(link_stat "$host" pa tx_dropped)" "0 0" "drops"
}

redirect_from_tcx()
{
	need_kernel 6.6
	make_containers
	both_ways at_tcx redirect
	check_containers
}

# As netkit has it: the program is at the container's own end, and the frame is the host's from there on.
programs_at_the_containers_ends()
{
	need_module sch_ingress cls_bpf
	make_containers
	both_ways at_tc redirect
	at_tc "$a" va egress pass
	at_tc "$a" va ingress pass
	at_tc "$b" vb egress pass
	at_tc "$b" vb ingress pass
	check_containers
	at_tc "$a" va egress drop
	ping_ok "$a" 192.0.2.2 -W 0.2 && fail "an answer past a program that drops"
	at_tc "$a" va egress pass
	at_tc "$b" vb ingress drop
	ping_ok "$a" 192.0.2.2 -W 0.2 && fail "an answer past a program that drops at the other end"
	at_tc "$b" vb ingress pass
	check_containers
}

tcx_at_all_ends()
{
	need_kernel 6.6
	make_containers
	both_ways at_tcx redirect
	at_tcx "$a" va egress pass
	at_tcx "$b" vb ingress pass
	check_containers
	at_tcx "$b" vb ingress drop
	rm -f "$PIN"
	# Behind one that passes: nothing is asked any more.
	check_containers
	# The device goes with its programs attached.
	ipb "$a" <<< "link del va"
	ipb "$b" <<< "link del vb"
	check_eq "$(links "$host")" "" "devices in the host"
}

redirect_neigh()
{
	need_module sch_ingress cls_bpf
	make_routed_containers
	ping_ok "$a" 192.0.2.2 -W 0.2 && fail "the host forwards by itself"
	both_ways at_tc neigh
	check_containers
}

fib_lookup_at_tc()
{
	need_module sch_ingress cls_bpf
	make_routed_containers
	# The lookup asks whether the device forwards.
	must in_ns "$host" sysctl -qw net.ipv4.conf.pa.forwarding=1 net.ipv4.conf.pb.forwarding=1
	at_tc "$host" pa ingress fib
	at_tc "$host" pb ingress fib
	check_containers
	check_eq "$(forwarded)" 0 "packets that the host's stack has forwarded"
}

forwarded()
{
	# shellcheck disable=SC2016 # for awk to expand
	in_ns "$host" awk '$1 == "Ip:" && ++line == 2 { print $7 }' /proc/net/snmp
}

fib_lookup_in_generic_xdp()
{
	make_routed_containers
	must in_ns "$host" sysctl -qw net.ipv4.conf.pa.forwarding=1 net.ipv4.conf.pb.forwarding=1
	program xdp fib
	must in_ns "$host" ip link set pa xdpgeneric pinned "$PIN"
	must in_ns "$host" ip link set pb xdpgeneric pinned "$PIN"
	# Super-frames are not for such a program.
	must in_ns "$a" ethtool -K va tso off gso off tx off
	must in_ns "$b" ethtool -K vb tso off gso off tx off
	must in_ns "$host" ethtool -K pa gro off
	must in_ns "$host" ethtool -K pb gro off
	check_containers
	check_eq "$(forwarded)" 0 "packets that the host's stack has forwarded"
}

ALL_TESTS="
	redirect_peer_from_clsact
	redirect_peer_from_tcx
	redirect_peer_counts_exactly
	redirect_peer_is_refused
	redirect_peer_while_the_peer_goes
	redirect_to_the_other_pair
	redirect_from_tcx
	programs_at_the_containers_ends
	tcx_at_all_ends
	redirect_neigh
	fib_lookup_at_tc
	fib_lookup_in_generic_xdp
"
run_tests "$@"
