#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Frames between two addresses go where the ones before went, until something changes: then the next one has to go
# elsewhere, whichever road it takes. The topology is drawn in common.sh.
# TIMEOUT: 300
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# reach N2 N3 WHAT [ARGS...]: of ten frames from station 1 to the address of station 2, so many come to 2 and to 3.
reach()
{
	local want="$1 $2" what=$3

	shift 3
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 10 -w 150 -s "$(mac 1)" -d "$(mac 2)" "$@"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "$want" "frames at stations 2 and 3 $what"
}

# teach STATION ADDRESS: a frame from there, to nobody's address.
teach()
{
	local station=s$1

	pkt -T "${!station}:e0" -c 1 -s "$(mac "$2")" -d 02:00:00:00:0f:0f
}

# known WHAT: station 2 is known, and so is the way to it.
known()
{
	teach 2 2
	reach 10 0 "$1"
	reach 10 0 "$1, again"
}

set_port()
{
	must bridge -n "$h" link set dev "$@"
}

set_bridge()
{
	must ip -n "$h" link set vbr0 type "$BRIDGE" "$@"
}

# entry del|replace ADDRESS PORT [ARGS...]: an entry by hand.
entry()
{
	if [ "$BRIDGE" = bridge ]; then
		must bridge -n "$h" fdb "$1" "$(mac "$2")" dev "$3" master static "${@:4}"
	elif [ "$1" = del ]; then
		must bridge -n "$h" fdb del "$(mac "$2")" dev vbr0 self "${@:4}"
	else
		must bridge -n "$h" fdb "$1" "$(mac "$2")" dev vbr0 self static via "$3" "${@:4}"
	fi
}

# setup direct|ordinary
setup()
{
	setup_stations 3
	must ip -n "$s3" link set e0 promisc on
	if [ "$1" = ordinary ]; then
		bg_ns "$h" tcpdump -i p1 -w /dev/null 2>"$CASE_DIR/tap"
		busywait 5000 grep -q 'listening on' "$CASE_DIR/tap" || die "tcpdump does not start"
	fi
	teach 1 1
	known "at first"
}

state_counts()
{
	setup "$1"
	set_port p2 state 4
	reach 0 0 "while its port blocks"
	set_port p2 state 3
	reach 10 0 "when it forwards again"
	set_port p1 state 4
	reach 0 0 "while the sender's blocks"
	set_port p1 state 3
	reach 10 0 "when that forwards again"
	entry replace 2 p2
	reach 10 0 "by an entry"
	must ip -n "$s2" link set e0 down
	busywait 2000 lost p2 || die "the link stays"
	reach 0 0 "whose link is lost"
	check_stat drop_no_egress 20 "drops of the bridge, with those while the port blocked"
}

flags_count()
{
	setup "$1"
	set_port p1 isolated on
	reach 10 0 "while one is isolated"
	set_port p2 isolated on
	reach 0 0 "while both are"
	set_port p1 isolated off
	reach 10 0 "while the other is"
	set_port p1 locked on
	reach 10 0 "by a locked port that the sender is known at"
	entry replace 1 p3
	reach 0 0 "when it is known elsewhere"
}

addresses_move()
{
	setup "$1"
	teach 3 2
	reach 0 10 "when that is where its address was seen"
	known "when it is back"
	entry replace 2 p3
	reach 0 10 "by an entry"
	entry del 2 p3
	reach 10 10 "when nobody knows where it is"
	known "once more"
	must ip -n "$h" link set vbr0 address "$(mac 2)"
	reach 0 0 "when the address is the host's"
	must ip -n "$h" link set vbr0 address 02:00:00:00:0e:01
	reach 10 10 "when it is nobody's"
}

senders_move()
{
	setup "$1"
	must ip -n "$s3" link set e0 promisc off
	teach 3 1
	check_eq "$(fdb_port "$(mac 1)")" p3 "where station 1 was seen"
	reach 10 0 "from where it was before"
	check_eq "$(fdb_port "$(mac 1)")" p1 "where it is seen then"
	# An address that is bound to a port may still be claimed at another.
	entry replace 1 p1 sticky
	set_port p2 isolated on
	set_port p3 isolated on
	reach 10 0 "from where it is bound to"
	pkt -T "$s3:e0" -R "$s2:e0" -c 10 -w 150 -s "$(mac 1)" -d "$(mac 2)"
	check_eq "${PKT[rx0.frames]}" 0 "frames of who claims it, at another isolated port"
}

tables_are_emptied()
{
	setup "$1"
	set_bridge fdb_flush
	reach 10 10 "after a flush"
	known "by the next frame"
	must ip -n "$s2" link set e0 down
	busywait 2000 lost p2 || die "p2 keeps its carrier"
	must ip -n "$s2" link set e0 up
	busywait 2000 forwards p2 || die "no carrier"
	reach 10 10 "after a lost link"
	known "by the next frame"
	must ip -n "$h" link set p2 nomaster
	must ip -n "$h" link set p2 master vbr0
	busywait 2000 forwards p2 || die "no carrier"
	reach 10 10 "at a port that was away"
	known "by the next frame"
}

forwards()
{
	[ "$(port_attr "$1" state)" = forwarding ]
}

backups_stand_in()
{
	setup "$1"
	set_port p2 backup_port p3
	reach 10 0 "that has a backup"
	must ip -n "$s2" link set e0 down
	busywait 2000 lost p2 || die "the link stays"
	reach 0 10 "whose link is lost"
}

lost()
{
	[ "$(port_attr "$1" state)" = disabled ]
}

vlans_part()
{
	setup "$1"
	set_bridge vlan_filtering 1
	known "in the same VLAN"
	must bridge -n "$h" vlan add dev p1 vid 7 pvid untagged
	reach 0 0 "from a VLAN where nobody else is"
	must bridge -n "$h" vlan add dev p1 vid 1 pvid untagged
	reach 10 0 "from theirs again"
	must bridge -n "$h" vlan add dev p2 vid 1
	pkt -T "$s1:e0" -R "$s2:e0" -c 10 -w 150 -s "$(mac 1)" -d "$(mac 2)" -a
	check_eq "${PKT[rx0.tagged]}" 10 "frames with the tag of their VLAN"
	must bridge -n "$h" vlan del dev p2 vid 1
	reach 0 10 "at a port that has left their VLAN"
	must bridge -n "$h" vlan add dev p2 vid 1 pvid untagged
	entry replace 2 p2 vlan 1
	reach 10 0 "by an entry in their VLAN"
	must bridge -n "$h" vlan del dev p2 vid 1
	reach 0 0 "by an entry at a port that has left their VLAN"
	entry del 2 p2 vlan 1
	set_bridge vlan_filtering 0
	teach 2 2
	reach 10 0 "without VLANs"
}

host_listens()
{
	local before

	setup "$1"
	must ip -n "$h" link set vbr0 promisc on
	before=$(link_stat "$h" vbr0 rx_packets)
	reach 10 0 "while the host listens"
	check_ge "$(($(link_stat "$h" vbr0 rx_packets) - before))" 10 "copies for the host"
	must ip -n "$h" link set vbr0 promisc off
	before=$(link_stat "$h" vbr0 rx_packets)
	reach 10 0 "when it does no more"
	check_eq "$(($(link_stat "$h" vbr0 rx_packets) - before))" 0 "copies then"
}

# Who sends is not forgotten, however long the way is known already; who is silent is.
who_sends_stays()
{
	local before slow=${VNET_WAIT:-1}

	setup "$1"
	set_bridge ageing_time $((200 * slow))
	entry replace 2 p2
	before=$(br_stat fdb_learned)
	pkt -T "$s1:e0" -R "$s2:e0" -D $((5 * slow)) -r 200 -s "$(mac 1)" -d "$(mac 2)"
	check_eq "${PKT[rx0.lost]}" 0 "frames lost"
	check_eq "$(fdb_port "$(mac 1)")" p1 "where the sender is after more than twice that time"
	check_stat fdb_learned "$before" "addresses learned, as many as before"
	busywait 5000 forgotten 1 || fail "the sender is never forgotten"
}

forgotten()
{
	[ -z "$(fdb_port "$(mac "$1")")" ]
}

vlans_count()
{
	setup "$1"
	set_bridge vlan_filtering 1 vlan_stats_enabled 1
	known "in their VLAN"
	reach 10 0 "in their VLAN"
	check_match "$(bridge -n "$h" -s vlan show dev p1 | tr -s ' \n' ' ')" ' RX: [0-9]* bytes 3[0-9] packets ' "what VLAN 1 has seen"
}

case_names="state_counts flags_count addresses_move senders_move tables_are_emptied backups_stand_in vlans_part host_listens
	who_sends_stays vlans_count"
ALL_TESTS=''
for name in $case_names; do
	for road in direct ordinary; do
		eval "${name}_${road}() { $name $road; }"
		ALL_TESTS+=" ${name}_${road}"
	done
done
run_tests "$@"
