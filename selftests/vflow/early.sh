#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Flowtables without `flags offload`: with vflow's parameter "early" frames are shown to the table's hook at the sending end.
# The drawing is in common.sh; the router's ends are of the suite.
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

EARLY=/sys/module/vflow/parameters/early

turn()
{
	must bash -c "echo $1 >$EARLY"
}

# setup_soft NAT: the drawing, with a flowtable that is software's.
setup_soft()
{
	setup_router
	defer turn N
	turn Y
	soft "$1"
}

soft()
{
	must in_ns "$r" nft -f - <<-END
		flush ruleset
		table ${FAMILY:-inet} f {
			flowtable ft {
				hook ingress priority 0
				devices = { in, out }
				counter
			}
			chain forward {
				type filter hook forward priority 0
				meta l4proto { tcp, udp } flow add @ft
			}
		}
		table inet nat {
			$1
		}
	END
}

# in_table: whether conntrack of r has a connection that is in a flowtable of software.
in_table()
{
	conntrack_of | grep -q '\[OFFLOAD\]'
}

not_in_table()
{
	! in_table
}

# direct: frames that the router's ends took from the sending ones without a queue.
direct()
{
	IN=$(ethtool_stat "$r" in direct_rx)
	OUT=$(ethtool_stat "$r" out direct_rx)
}

# counted: what conntrack has of the connection, packets and bytes each way.
counted()
{
	conntrack_of | sed -nE "s/.*dst=$S4 .*packets=([0-9]+) bytes=([0-9]+) .*packets=([0-9]+) bytes=([0-9]+) .*/\1 \2 \3 \4/p"
}

# pass UP DOWN: so many messages each way; how many frames went early at in and out is in IN and OUT.
pass()
{
	local before_in before_out

	direct
	before_in=$IN before_out=$OUT
	flow_ok up "$1" 500
	flow_ok down "$2" 500
	direct
	IN=$((IN - before_in)) OUT=$((OUT - before_out))
}

open_soft()
{
	flow_open "$@"
	flow_ok up 2 100
	flow_ok down 2 100
	busywait 5000 in_table || die "the flow is in no flowtable: $(conntrack_of)"
}

udp_goes_early()
{
	setup_soft "$MASQUERADE"
	open_soft "$c" "$s" "$S4"
	pass 20 30
	check_eq "$IN $OUT" "20 30" "frames that went early at in and out"
	flow_do peer
	check_match "$FLOW" "^198.51.100.1 " "the client as the server sees it"
}

udp_goes_early_ipv6()
{
	setup_soft ''
	open_soft "$c" "$s" "$S6"
	pass 20 30
	check_eq "$IN $OUT" "20 30" "frames that went early at in and out"
}

# A table of IPv4 alone has another hook.
a_table_of_one_family()
{
	FAMILY=ip
	setup_soft 'chain pre { type nat hook prerouting priority -100; ip daddr 10.96.0.10 dnat ip to 198.51.100.2; }'
	open_soft "$c" "$s" 10.96.0.10 "$S4"
	pass 20 30
	check_eq "$IN $OUT" "20 30" "frames that went early at in and out"
}

tcp_goes_early()
{
	setup_soft "$MASQUERADE"
	open_soft -t "$c" "$s" "$S4"
	pass 20 20
	check_ge "$IN" 20 "frames that went early at in"
	check_ge "$OUT" 20 "frames that went early at out"
}

off_by_default()
{
	setup_router
	check_eq "$(cat "$EARLY")" N "the parameter"
	soft ''
	open_soft "$c" "$s" "$S4"
	pass 10 10
	check_eq "$IN $OUT" "0 0" "frames that went early"
	defer turn N
	turn Y
	pass 10 10
	check_eq "$IN $OUT" "10 10" "frames that went early when it was turned on"
	turn N
	pass 10 10
	check_eq "$IN $OUT" "0 0" "frames that went early when it was turned off"
}

# The connection has had what was sent, as without.
counted_once()
{
	local before after

	setup_soft ''
	open_soft "$c" "$s" "$S4"
	read -ra before < <(counted)
	pass 20 30
	check_eq "$IN $OUT" "20 30" "frames that went early at in and out"
	read -ra after < <(counted)
	check_eq "$((after[0] - before[0])) $((after[2] - before[2]))" "20 30" "packets each way"
	check_eq "$((after[1] - before[1])) $((after[3] - before[3]))" "$((20 * 528)) $((30 * 528))" "bytes each way"
}

# What ends a flow ends it here, too, and it comes back.
torn_down()
{
	setup_soft ''
	open_soft "$c" "$s" "$S4"
	pass 5 5
	check_eq "$IN $OUT" "5 5" "frames that went early"
	must in_ns "$r" conntrack -D -p udp >/dev/null
	flow_ok up 2 100
	flow_ok down 2 100
	busywait 5000 in_table || die "the flow does not come back"
	pass 5 5
	check_eq "$IN $OUT" "5 5" "frames that went early afterwards"
	must in_ns "$r" nft flush ruleset
	busywait 5000 not_in_table || fail "the flow stays"
	pass 5 5
	check_eq "$IN $OUT" "0 0" "frames that went early without a table"
}

# Whoever else looks sees all of it: another hook of netfilter's, and a socket.
others_see_all()
{
	local seen

	setup_soft ''
	open_soft "$c" "$s" "$S4"
	must in_ns "$r" nft -f - <<-END
		table netdev look {
			counter seen { }
			chain in {
				type filter hook ingress device in priority 10
				ip protocol udp counter name seen
			}
		}
	END
	pass 10 10
	check_eq "$IN" 0 "frames that went early beside another hook"
	check_eq "$OUT" 10 "frames that went early at the other end"
	seen=$(in_ns "$r" nft list counter netdev look seen | sed -n 's/.*packets \([0-9]*\) .*/\1/p')
	check_eq "${seen:-none}" 0 "frames that the later hook sees"
	must in_ns "$r" nft delete table netdev look
	must in_ns "$r" nft -f - <<-END
		table netdev look {
			counter seen { }
			chain in {
				type filter hook ingress device in priority -10
				ip protocol udp counter name seen
			}
		}
	END
	pass 10 10
	check_eq "$IN" 0 "frames that went early behind another hook"
	seen=$(in_ns "$r" nft list counter netdev look seen | sed -n 's/.*packets \([0-9]*\) .*/\1/p')
	check_eq "${seen:-none}" 10 "frames that the earlier hook sees"
}

# A chain alone is no flowtable.
a_chain_sees_each_once()
{
	setup_soft ''
	must in_ns "$r" nft -f - <<-END
		flush ruleset
		table netdev look {
			counter seen { }
			chain in {
				type filter hook ingress device in priority 0
				ip protocol udp counter name seen
			}
		}
	END
	flow_open "$c" "$s" "$S4"
	must in_ns "$r" nft reset counters >/dev/null
	pass 10 0
	check_match "$(in_ns "$r" nft list counter netdev look seen)" "packets 10 " "frames that the chain sees"
}

# A table that is vflow's has the device; where it goes, what was there before comes back.
beside_offload()
{
	setup_soft ''
	ruleset ''
	flow_open "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	wait_offloaded
	remember_taken
	pass 10 10
	check_taken 10 10
	must in_ns "$r" nft 'table ip g { flowtable ft { hook ingress priority 10; devices = { in, out }; }; }'
	remember_taken
	pass 10 10
	check_taken 10 10 "beside a table of software's"
	soft ''
	flow_ok up 2 100
	flow_ok down 2 100
	busywait 5000 in_table || die "the flow is in no flowtable: $(conntrack_of)"
	pass 10 10
	check_eq "$IN $OUT" "10 10" "frames that went early"
}

# Ports of a bridge hand frames on directly as long as no flowtable is there.
bridges_are_not_in_the_way()
{
	local before

	need_vflow
	setup_ns -6 c s r
	defer turn N
	turn Y
	add_pair "$c" e0 "$r" in
	add_pair "$s" e0 "$r" out
	ipb "$r" <<-EOF
		link add sw0 up type vbridge
		link set in master sw0
		link set out master sw0
	EOF
	ipb "$c" <<<"addr add 192.0.2.2/24 dev e0"
	ipb "$s" <<<"addr add 192.0.2.3/24 dev e0"
	must in_ns "$c" ping -qc 3 -i 0.1 192.0.2.3 >/dev/null
	before=$(ethtool_stat "$r" in direct_rx)
	must in_ns "$c" ping -qc 5 -i 0.1 192.0.2.3 >/dev/null
	check_ge $(($(ethtool_stat "$r" in direct_rx) - before)) 5 "frames that went directly"
}

# Loading with it, and unloading while frames pass.
loaded_with_it()
{
	setup_router
	soft ''
	flow_open "$c" "$s" "$S4"
	flow_ok up 2 100
	flow_ok down 2 100
	must rmmod vflow
	must modprobe vflow early=1
	busywait 5000 in_table || die "the flow is in no flowtable: $(conntrack_of)"
	pass 10 10
	check_eq "$IN $OUT" "10 10" "frames that went early"
	must rmmod vflow
	flow_ok up 5 100
	flow_ok down 5 100
	must modprobe vflow
}

ALL_TESTS="udp_goes_early udp_goes_early_ipv6 a_table_of_one_family tcp_goes_early off_by_default counted_once torn_down
	others_see_all a_chain_sees_each_once beside_offload bridges_are_not_in_the_way loaded_with_it"
run_tests "$@"
