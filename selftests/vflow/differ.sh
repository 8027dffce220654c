#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The same random frames through a router without a flowtable, with a software flowtable, and with vflow: what comes out
# has to be the same, byte for byte. What each kind of frame is stands in differ.c. The drawing is in common.sh.
# With VNET_LONG=1 five million frames are compared for each pair of ways.
# TIMEOUT: 1200
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

SEED=${VNET_SEED:-1}
# In each of the rounds, which begin with other flows and another seed.
FRAMES=50000 ROUNDS=2
[ -z "${VNET_LONG:-}" ] || ROUNDS=50
[ "${VNET_SLOW:-1}" -eq 1 ] || FRAMES=2000 ROUNDS=1

# run_differ KINDS FLOWTABLE: what comes out is in the file out.FLOWTABLE; FLOWTABLE is none, software or vflow.
run_differ()
{
	local table='' add=''

	case $2 in
	software) table='flowtable ft { hook ingress priority 0; devices = { in, out }; }' ;;
	vflow) table='flowtable ft { hook ingress priority 0; devices = { in, out }; flags offload; }' ;;
	esac
	[ -z "$table" ] || add='meta l4proto { tcp, udp } flow add @ft'
	must in_ns "$r" conntrack -F
	must in_ns "$r" nft -f - <<-EOF
		flush ruleset
		table inet f {
			$table
			chain forward {
				type filter hook forward priority 0
				$add
			}
		}
		table inet nat {
			$MASQUERADE
		}
	EOF
	# The same outgoing ports each time; what is new comes from a fresh table.
	must "$TOOLS/differ" -s "$SEED" -n "$FRAMES" -w $((1500 * ${VNET_SLOW:-1})) -k "$1" "$c:e0" "$s:e0" \
		02:00:00:00:00:0c 02:00:00:00:00:1a 02:00:00:00:00:0d 02:00:00:00:00:1b >"$CASE_DIR/out.$2"
	check_eq "$(head -n 1 "$CASE_DIR/out.$2")" "opened 24" "flows that were opened ($2)"
	check_ge "$(wc -l <"$CASE_DIR/out.$2")" $((FRAMES / 2)) "frames that came out ($2)"
	if [ "$2" = vflow ]; then
		check_ge "$(flow_field in taken)" $((FRAMES / 4)) "frames that vflow took at in"
		check_ge "$(flow_field out taken)" $((FRAMES / 4)) "frames that vflow took at out"
		flow_tool flow stats
	fi
}

setup_differ()
{
	setup_router
	ipb "$r" <<-EOF
		link set in address 02:00:00:00:00:1a
		link set out address 02:00:00:00:00:1b
		neigh replace 192.0.2.2 lladdr 02:00:00:00:00:0c dev in nud permanent
		neigh replace 198.51.100.2 lladdr 02:00:00:00:00:0d dev out nud permanent
		neigh replace 2001:db8:1::2 lladdr 02:00:00:00:00:0c dev in nud permanent
		neigh replace 2001:db8:2::2 lladdr 02:00:00:00:00:0d dev out nud permanent
	EOF
	# The stations are the program's: what comes is for addresses that the devices do not have.
	ipb "$c" <<<"addr flush dev e0"
	ipb "$s" <<<"addr flush dev e0"
	# Random sequence numbers are not for conntrack to judge.
	must in_ns "$r" bash -c 'echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal
		echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 0 >/proc/sys/net/ipv4/conf/in/rp_filter
		echo 0 >/proc/sys/net/ipv4/conf/out/rp_filter; echo 0 >/proc/sys/net/ipv4/icmp_ratelimit'
}

same()
{
	diff "$CASE_DIR/out.$1" "$CASE_DIR/out.$2" >"$CASE_DIR/diff" && return
	head -n 12 "$CASE_DIR/diff" | cut -c 1-200
	fail "$(grep -c '^[<>]' "$CASE_DIR/diff") lines differ between $1 and $2 (seed $SEED)"
}

# compare KINDS FLOWTABLE FLOWTABLE
compare()
{
	local round

	setup_differ
	for ((round = 0; round < ROUNDS; round++)); do
		run_differ "$1" "$2"
		run_differ "$1" "$3"
		same "$2" "$3"
		[ "$RET" = pass ] || return 1
		SEED=$((SEED + 1))
	done
}

# What the stack forwards comes out the same. Frames for another station are left out: vflow leaves them alone, and the
# software flowtable, which sees them next, sends them on.
as_without_a_flowtable()
{
	compare tfpu none vflow
}

# What the software flowtable does with frames that are broken it does when vflow leaves them alone. Padding it sends on.
as_in_software()
{
	compare tfmucl software vflow
}

ALL_TESTS="as_without_a_flowtable as_in_software"
run_tests "$@"
