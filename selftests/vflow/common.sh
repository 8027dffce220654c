# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests of vflow: two containers and the router between them, whose flowtable is vflow's.
#
#	+-- c --+        +---- r ----+        +-- s --+
#	|  e0 ============ in    out ============ e0  |
#	+-------+        +-----------+        +-------+
#	  192.0.2.2    192.0.2.1  198.51.100.1   198.51.100.2
#	  2001:db8:1::2 ...:1::1  ...:2::1       2001:db8:2::2
#
#	setup_router	the drawing; namespaces in $c $r $s
#	ruleset NAT	gives the router its rules: a flowtable with `flags offload; counter`, all of TCP and UDP in it,
#			and NAT, which is empty or lines of a table inet nat; $DEVICES where the table's are not in and out
#	flow_open ARGS	a connection from c to s (see flow.c); flow_do COMMAND has it do something, what it says is in
#			FLOW; ended with the case
#	offloaded	true where conntrack of r has an entry with [HW_OFFLOAD]
#	taken DEV / passed DEV WHY	frames that left the stack at DEV of r, and those that did not for a reason

# shellcheck disable=SC2034 # for the tests
C4=192.0.2.2 S4=198.51.100.2 C6=2001:db8:1::2 S6=2001:db8:2::2
# shellcheck disable=SC2034
MASQUERADE='chain post { type nat hook postrouting priority 100; oifname "out" masquerade; }'

setup_router()
{
	need_vflow
	setup_ns -6 c r s
	add_pair "$c" e0 "$r" in
	add_pair "$s" e0 "$r" out
	ipb "$c" <<-EOF
		addr add 192.0.2.2/24 dev e0
		addr add 2001:db8:1::2/64 dev e0 nodad
		route add default via 192.0.2.1
		route add default via 2001:db8:1::1
	EOF
	ipb "$s" <<-EOF
		addr add 198.51.100.2/24 dev e0
		addr add 2001:db8:2::2/64 dev e0 nodad
		route add default via 198.51.100.1
		route add default via 2001:db8:2::1
	EOF
	ipb "$r" <<-EOF
		addr add 192.0.2.1/24 dev in
		addr add 198.51.100.1/24 dev out
		addr add 2001:db8:1::1/64 dev in nodad
		addr add 2001:db8:2::1/64 dev out nodad
	EOF
	must in_ns "$r" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
		echo 1 >/proc/sys/net/netfilter/nf_conntrack_acct'
}

# Modules that nft would ask for itself, so that a kernel without them is a skip and not a failure.
need_vflow()
{
	need_tool nft conntrack
	need_module nf_conntrack nf_flow_table nf_flow_table_inet nft_flow_offload nft_ct nft_nat nft_masq
	need_module vflow
}

ruleset()
{
	must in_ns "$r" nft -f - <<-EOF
		flush ruleset
		table inet f {
			flowtable ft {
				hook ingress priority 0
				devices = { ${DEVICES:-in, out} }
				flags offload
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
	EOF
}

flow_open()
{
	coproc FLOW_PROC { exec "$TOOLS/flow" "$@"; }
	FLOW='' FLOW_PID=$FLOW_PROC_PID
	exec {FLOW_IN}>&"${FLOW_PROC[1]}" {FLOW_OUT}<&"${FLOW_PROC[0]}"
	defer stop_bg "$FLOW_PID"
	read -rt $((20 * ${VNET_WAIT:-1})) FLOW <&"$FLOW_OUT"
	[ "$FLOW" = ready ] || die "no connection: flow $*"
}

flow_do()
{
	echo "$*" >&"$FLOW_IN"
	read -rt $((60 * ${VNET_WAIT:-1})) FLOW <&"$FLOW_OUT" || die "flow does not answer to $*"
}

# flow_ok COMMAND COUNT LEN: all messages come as they were sent.
flow_ok()
{
	flow_do "$@"
	check_eq "$FLOW" "got $2" "messages: $*"
}

conntrack_of()
{
	in_ns "$r" cat /proc/net/nf_conntrack
}

offloaded()
{
	conntrack_of | grep -q '\[HW_OFFLOAD\]'
}

not_offloaded()
{
	! offloaded
}

# The core has given the flow to vflow; what it does so with takes a worker's time.
wait_offloaded()
{
	busywait 5000 offloaded || die "the flow is not offloaded: $(conntrack_of)"
	busywait 5000 has_rules 2 || die "vflow has not both directions"
}

# A flow of the same connection that is torn down takes conntrack's mark along: what counts is what happens to frames.
both_taken()
{
	remember_taken
	flow_ok up 1 100
	flow_ok down 1 100
	[ $(($(taken in) - TAKEN_IN)) -ge 1 ] && [ $(($(taken out) - TAKEN_OUT)) -ge 1 ]
}

wait_taken()
{
	slowwait 10 both_taken || die "frames are not taken: $(flow_tool flow stats)"
}

# The tool in r, whatever else is named vnet.
flow_tool()
{
	"$BUILD/tools/vnet" -n "$r" "$@"
}

# One field of what `vnet flow stats` says of a device of r, 0 where it says nothing.
flow_field()
{
	local json

	json=$(flow_tool -j flow stats) || { echo 0; return; }
	[[ $json =~ \"ifname\":\"$1\"[^}]*\"$2\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

taken()
{
	flow_field "$1" taken
}

passed()
{
	flow_field "$1" "$2"
}

has_rules()
{
	[ $(($(flow_field in rules) + $(flow_field out rules))) -ge "$1" ]
}

no_rules()
{
	! has_rules 1
}

# remember_taken; check_taken IN OUT: so many frames more have left the stack at both devices since.
remember_taken()
{
	TAKEN_IN=$(taken in) TAKEN_OUT=$(taken out)
}

check_taken()
{
	local is="$(($(taken in) - TAKEN_IN)) $(($(taken out) - TAKEN_OUT))"

	[ "$is" = "$1 $2" ] || flow_tool flow show
	check_eq "$is" "$1 $2" "frames taken at in and out${3:+, $3}"
}
