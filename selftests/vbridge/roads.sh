#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What only this bridge has, by `vnet bridge set`: the switch of the direct road, and limits of learned addresses by port.
# The topology is drawn in common.sh.
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# Addresses of nobody else begin so.
STRANGER=02:00:00:00:02

make_stations()
{
	suite_only "has no direct road and no limits by port"
	setup_stations "$@"
}

# Both are known to the bridge from here on.
meet()
{
	pkt -T "$s1:e0" -R "$s2:e0" -c 1 -s "$(mac 1)"
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
}

wait_forwards()
{
	local port

	for port; do
		busywait 5000 port_forwards "$port" || die "$port does not come to forward"
	done
}

stat()
{
	ethtool_stat "$h" "$1" "$2"
}

# check_roads RX TX OFF WHAT: ten frames from station 1 to station 2 come, and count so at p1, p2 and p1.
check_roads()
{
	local before

	before=("$(stat p1 direct_rx)" "$(stat p2 direct_tx)" "$(stat p1 ordinary_rx_off)")
	pkt -T "$s1:e0" -R "$s2:e0" -c 10 -s "$(mac 1)" -d "$(mac 2)"
	check_eq "${PKT[rx0.frames]} ${PKT[rx0.late]}" "10 0" "frames at s2 and late ones $4"
	check_eq "$(($(stat p1 direct_rx) - before[0])) $(($(stat p2 direct_tx) - before[1])) $(($(stat p1 ordinary_rx_off) - before[2]))" \
		"$1 $2 $3" "direct_rx of p1, direct_tx of p2, ordinary_rx_off of p1 $4"
}

off_and_on()
{
	make_stations 2
	meet
	check_roads 10 10 0 "at first"
	own dev vbr0 direct off
	check_roads 0 0 10 "while it is off"
	own dev vbr0 direct off
	check_roads 0 0 10 "while it is off, said twice"
	own dev vbr0 direct on
	check_roads 10 10 0 "on again"
	check_no_loss
}

check_no_loss()
{
	check_eq "$(stat p1 'drop_*') $(stat p2 'drop_*') $(br_stat drop_no_egress)" "0 0 0" "drops of p1, p2 and the bridge"
}

# VLANs and suppression look at the same flag as the switch: each goes without the other.
off_with_vlans()
{
	make_stations 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
	meet
	own dev vbr0 direct off
	check_roads 0 0 10 "while it is off"
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 0
	meet
	check_roads 0 0 10 "without VLANs, while it is off"
	own dev vbr0 direct on
	check_roads 10 10 0 "on again"
}

# One bridge's switch is no other's, and a port that comes takes the road of its bridge.
each_bridge_its_own()
{
	make_stations 2
	own dev vbr0 direct off
	ipb "$h" <<-EOT
		link add vbr1 up type $BRIDGE
		link set p1 master vbr1
		link set p2 master vbr1
	EOT
	wait_forwards p1 p2
	meet
	check_roads 10 10 0 "at the other bridge"
	ipb "$h" <<-EOT
		link set p1 master vbr0
		link set p2 master vbr0
	EOT
	wait_forwards p1 p2
	meet
	check_roads 0 0 10 "back again"
}

# The host's own frames leave by the transmit path of the port while it is off; stock commands reach the table by the port.
host_and_commands()
{
	local before

	make_stations 2
	ipb "$h" <<<"addr add 192.0.2.254/24 dev vbr0"
	ipb "$s2" <<<"addr add 192.0.2.2/24 dev e0"
	own dev vbr0 direct off
	before=$(stat p2 direct_tx)
	ping_ok "$h" 192.0.2.2 || fail "no answer from s2"
	check_eq "$(($(stat p2 direct_tx) - before))" 0 "the host's frames on the direct road"
	must bridge -n "$h" fdb add 02:00:00:00:00:77 dev p2
	check_eq "$(fdb_port 02:00:00:00:00:77)" p2 "an entry made at the port"
}

# toggle N
toggle()
{
	local i

	for ((i = 0; i < $1; i++)); do
		own dev vbr0 direct off
		nap 0.05
		own dev vbr0 direct on
		nap 0.05
	done
}

under_traffic()
{
	make_stations 2
	meet
	toggle 20 >/dev/null 2>&1 &
	defer stop_bg $!
	"$TOOLS/pkt" -T "$s1:e0" -R "$s2:e0" -D $((3 * ${VNET_SLOW:-1})) -f 4 -s "$(mac 1)" -d "$(mac 2)" >"$CASE_DIR/numbered" ||
		fail "the sender failed"
	pkt_read "$CASE_DIR/numbered"
	cat "$CASE_DIR/numbered"
	check_eq "${PKT[rx0.late]} ${PKT[rx0.dup]}" "0 0" "late frames, frames twice"
	check_ge "$(stat p1 direct_rx)" 100 "frames on the direct road"
	check_ge "$(stat p1 ordinary_rx_off)" 100 "frames on the ordinary road"
	check_eq "$(br_stat 'drop_*')" 0 "drops of the bridge"
}

# strangers N FROM: N frames from station 1, each of another sender, the first of number FROM.
strangers()
{
	local i

	for ((i = $2; i < $2 + $1; i++)); do
		pkt -T "$s1:e0" -c 1 -s "$(printf '%s:%02x' "$STRANGER" "$i")"
	done
}

# port_limits PORT: learned addresses, the limit and whether it is the bridge's, as `vnet bridge` says.
port_limits()
{
	local json

	json=$("$VNET" -n "$h" -j bridge show dev vbr0) || die "vnet bridge fails"
	json=${json#*"\"ifname\":\"$1\""}
	[[ $json =~ \"fdb_n_learned\":([0-9]+),\"fdb_max_learned\":([0-9]+),\"fdb_max_default\":([a-z]+) ]] ||
		die "no limits of $1 in $json"
	echo "${BASH_REMATCH[*]:1}"
}

limit_of_a_port()
{
	make_stations 2
	check_eq "$(port_limits p1)" "0 65536 true" "at first"
	own port p1 fdb_max_learned 5
	strangers 8 1
	check_eq "$(fdb_count "$STRANGER")" 5 "entries with a limit of 5"
	check_eq "$(port_limits p1)" "5 5 false" "p1"
	check_eq "$(port_limits p2)" "0 65536 true" "p2"
	check_stat fdb_learn_refused_port 3 "addresses refused"
	check_stat fdb_learn_refused 0 "addresses refused for the bridge's limit"
	own port p1 fdb_max_learned 2
	strangers 1 9
	check_eq "$(fdb_count "$STRANGER")" 5 "entries with a lower limit"
	own port p1 fdb_max_learned 0
	strangers 3 6
	check_eq "$(fdb_count "$STRANGER")" 8 "entries without a limit"
	check_eq "$(port_limits p1)" "8 0 false" "p1 without a limit"
	check_stat fdb_learn_refused_port 4 "addresses refused in the end"
}

# Whoever limits the bridge takes the limit of all ports away, but not that of one.
limit_before_the_bridges()
{
	make_stations 2
	own port p1 fdb_max_learned 3
	must in_ns "$h" "$BUILD/selftests/bench/links" fdb-limit vbr0 "$BRIDGE" 6
	check_eq "$(port_limits p1) $(port_limits p2)" "0 3 false 0 0 true" "limits of p1 and p2"
	strangers 5 1
	check_eq "$(fdb_count "$STRANGER")" 3 "entries with a limit of 3"
	own port p1 fdb_max_learned default
	check_eq "$(port_limits p1)" "3 0 true" "p1 with the bridge's"
	strangers 5 4
	check_eq "$(fdb_count "$STRANGER")" 6 "entries with the bridge's limit of 6"
	check_stat fdb_learn_refused_port 2 "addresses refused for the port's"
	check_stat fdb_learn_refused 2 "addresses refused for the bridge's"
}

# An address that comes to a full port is forgotten where it was: it is flooded to from then on, and reached.
limit_when_one_moves()
{
	local stranger=$STRANGER:01

	make_stations 3
	meet
	own port p2 fdb_max_learned 1
	strangers 1 1
	check_eq "$(fdb_port "$stranger") $(port_limits p1)" "p1 2 65536 true" "where the stranger is at first, and p1"
	pkt -T "$s2:e0" -c 1 -s "$stranger"
	check_eq "$(fdb_port "$stranger")" "" "where it is once it was seen at p2"
	check_eq "$(port_limits p1) $(port_limits p2)" "1 65536 true 1 1 false" "p1 and p2"
	check_stat fdb_learn_refused_port 1 "addresses refused"
	check_stat fdb_moved 0 "addresses moved"
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 5 -s "$(mac 1)" -d "$stranger"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "5 5" "frames for it at s2 and s3"
	pkt -T "$s3:e0" -c 1 -s "$stranger"
	check_eq "$(fdb_port "$stranger")" p3 "where it is once it was seen at p3"
	own port p2 fdb_max_learned 2
	pkt -T "$s2:e0" -c 1 -s "$stranger"
	check_eq "$(fdb_port "$stranger") $(port_limits p2)" "p2 2 2 false" "once there is room, and p2"
	# What a user has entered counts for no limit.
	must bridge -n "$h" fdb add "$STRANGER:02" dev vbr0 self dynamic via p1
	pkt -T "$s2:e0" -c 1 -s "$STRANGER:02"
	check_eq "$(fdb_port "$STRANGER:02") $(port_limits p2)" "p2 2 2 false" "where a user's entry is, and p2"
}

# at_p1 FRAME...: these come from station 2 once more; how many addresses are at p1 after that?
at_p1()
{
	pg_send "$s2" e0 2000 "$@" >/dev/null
	[ "$(bridge -n "$h" fdb show | grep -c '^02:00:00:10:.* dev p1 ')" = 0 ]
}

# More at a time than there may be waiting for their memory to be freed: some frames of each take longer.
limit_when_many_move()
{
	local frame=("pkt_size 60" "dst_mac $(mac 1)" "src_mac 02:00:00:10:00:00" "src_mac_count 2000")

	make_stations 2
	need_module pktgen
	own port p2 fdb_max_learned 10
	pg_send "$s1" e0 4000 "${frame[@]}" >/dev/null || die "pktgen failed"
	check_ge "$(fdb_count 02:00:00:10)" 1500 "addresses at first"
	slowwait 60 at_p1 "${frame[@]}" || fail "addresses are left at p1"
	check_eq "$(port_limits p1) $(port_limits p2)" "0 65536 true 10 10 false" "p1 and p2"
	check_eq "$(fdb_count 02:00:00:10)" 10 "addresses in the end"
	must ip -n "$h" link del vbr0
}

# says ERE ARGS...: `vnet bridge set ARGS` is refused by the kernel with that sentence.
says()
{
	local rc=0 ere=$1

	shift
	run_extack "$VNET" -n "$h" bridge set "$@" || rc=$?
	check_eq "$rc" 2 "exit status of vnet bridge set $*"
	check_match "$EXTACK" "$ere" "what vnet bridge set $* says"
}

what_is_refused()
{
	make_stations 1
	own port p1 fdb_max_learned 7
	remember
	says "the device is no vbridge" dev p1 direct off
	says "the device is no vbridge" dev lo direct off
	says "the device is no port of a vbridge" port vbr0 fdb_max_learned 1
	says "the device is no port of a vbridge" port lo fdb_max_learned 1
	run_extack in_ns "$h" setpriv --bounding-set=-net_admin,-sys_admin --inh-caps=-net_admin,-sys_admin -- \
		"$VNET" bridge set dev vbr0 direct off && fail "not refused without rights"
	check_match "$EXTACK" "not permitted" "without rights"
	run_extack in_ns "$h" setpriv --bounding-set=-net_admin,-sys_admin --inh-caps=-net_admin,-sys_admin -- \
		"$VNET" bridge set port p1 fdb_max_learned 1 && fail "not refused without rights"
	check_match "$EXTACK" "not permitted" "without rights, for a port"
	in_ns "$h" setpriv --bounding-set=-net_admin,-sys_admin --inh-caps=-net_admin,-sys_admin -- "$VNET" bridge \
		>"$CASE_DIR/shown" || fail "not shown without rights"
	check_match "$(<"$CASE_DIR/shown")" "direct on fdb_n_entries" "what is shown without rights"
	unchanged
	check_eq "$(port_limits p1)" "0 7 false" "the limit of p1"
}

ALL_TESTS="
	off_and_on
	off_with_vlans
	each_bridge_its_own
	host_and_commands
	under_traffic
	limit_of_a_port
	limit_before_the_bridges
	limit_when_one_moves
	limit_when_many_move
	what_is_refused
"
run_tests "$@"
