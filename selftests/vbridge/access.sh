#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Who may come in by a port, who is answered for, and who stands in for a port without carrier. The topology is drawn in
# common.sh.
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

set_port()
{
	must bridge -n "$h" link set dev "$@"
}

# passes N WHAT ARGS...: of five frames from station 1, N reach station 2.
passes()
{
	local want=$1 what=$2

	shift 2
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -w 200 -s "$(mac 1)" "$@"
	check_eq "${PKT[rx0.frames]}" "$want" "$what"
}

# add_entry MAC PORT [KIND]: an entry by hand.
add_entry()
{
	if [ "$BRIDGE" = bridge ]; then
		must bridge -n "$h" fdb replace "$1" dev "$2" master "${3:-static}"
	else
		must bridge -n "$h" fdb replace "$1" dev vbr0 self "${3:-static}" via "$2"
	fi
}

locked_port()
{
	setup_stations 3
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
	set_port p1 locked on
	check_eq "$(port_attr p1 locked)" true "bridge link show"
	passes 0 "broadcasts of a stranger"
	passes 0 "unicast of a stranger" -d "$(mac 2)"
	check_eq "$(fdb_port "$(mac 1)")" "" "where the stranger was learned"
	check_stat drop_locked 10 "dropped"
	pkt -T "$s2:e0" -R "$s1:e0" -c 5 -s "$(mac 2)"
	check_eq "${PKT[rx0.frames]}" 5 "frames to a locked port"
	add_entry "$(mac 1)" p1
	passes 5 "unicast of somebody known" -d "$(mac 2)"
	passes 5 "broadcasts of somebody known"
	# Somebody who is known elsewhere does not move there.
	passes 0 "frames with an address of another port" -s "$(mac 2)"
	check_eq "$(fdb_port "$(mac 2)")" p2 "where station 2 is"
	passes 0 "frames with an address of the host" -s "$(link_attr "$h" p3 address)"
	set_port p1 locked off
	passes 5 "a stranger, unlocked" -s 02:00:00:00:09:09
}

# port_drops PORT REASON: frames that came in by it and were dropped, as the tool has them of any port.
port_drops()
{
	local json

	json=$("$VNET" -n "$h" -j port show dev "$1") || die "vnet port fails"
	[[ $json =~ \"drops\":\{([^}]*)\} ]] || die "no drops of $1 in $json"
	[[ ${BASH_REMATCH[1]} =~ \"$2\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# of_port PORT COUNTER: as ethtool has it.
of_port()
{
	ethtool_stat "$h" "$1" "bridge_$2"
}

# Why frames were dropped is counted for the port that they came in by: a port of the suite and another.
drops_by_port()
{
	suite_only "counts nothing by port"
	need_module veth
	setup_stations 3
	setup_ns s4
	ipb "$h" <<-EOF
		link add f4 up type veth peer name e0 netns $s4
		link set f4 master vbr0
	EOF
	set_up "$s4" e0
	busywait 5000 port_forwards f4 || die "f4 does not come to forward"
	set_port p1 locked on
	set_port f4 locked on
	passes 0 "a stranger's"
	pkt -T "$s4:e0" -c 3 -s "$(mac 4)"
	check_stat drop_locked 8 "of the bridge"
	check_eq "$(of_port p1 drop_locked) $(of_port p2 drop_locked) $(of_port p3 drop_locked)" "5 0 0" "by ethtool, of p1 to p3"
	check_eq "$(port_drops p1 locked),$(port_drops p2 locked),$(port_drops f4 locked)" "5,,3" "by vnet, of p1, p2 and f4"
	# One that leaves the port it came by because of another port is that port's all the same.
	set_port p3 flood off
	set_port p1 flood off
	set_port f4 flood off
	pkt -T "$s2:e0" -c 4 -s "$(mac 2)" -d 02:00:00:00:09:09
	check_eq "$(of_port p2 drop_no_egress) $(of_port p3 drop_no_egress) $(port_drops p2 no_egress)" "4 0 4" "with no port to leave by"
	own port p3 fdb_max_learned 1
	pkt -T "$s3:e0" -c 1 -s "$(mac 3)"
	pkt -T "$s3:e0" -c 6 -s 02:00:00:00:09:0a
	check_eq "$(of_port p3 fdb_learn_refused) $(of_port p2 fdb_learn_refused)" "6 0" "times that a sender was not learned"
	# They end with the membership.
	must ip -n "$h" link set p1 nomaster
	check_eq "$(of_port p1 'drop_*')" 0 "of what is no port any more"
	must ip -n "$h" link set p1 master vbr0
	check_eq "$(of_port p1 drop_locked)" 0 "of a port that has come back"
}

# Strangers become entries that are locked themselves, until user space lets them in.
strangers_are_announced()
{
	setup_stations 3
	must "$TOOLS/brtool" -n "$h" port p1 "$LOCKED=1" "$MAB=1"
	remember
	refused 'mab is for locked ports' "$TOOLS/brtool" -n "$h" port p1 "$LOCKED=0"
	refused 'mab is for locked ports' "$TOOLS/brtool" -n "$h" port p2 "$MAB=1"
	refused 'mab is for locked ports' bridge -n "$h" link set dev p1 learning off
	unchanged
	bg bridge -n "$h" monitor fdb >"$CASE_DIR/monitor"
	busywait 5000 announced || die "bridge monitor does not start"
	# What a supplicant says first is for the host alone, and lets nobody in.
	pkt -T "$s1:e0" -c 1 -s "$(mac 1)" -d 01:80:c2:00:00:03
	check_eq "$(fdb_port "$(mac 1)")" "" "where who speaks 802.1X was learned"
	passes 0 "a stranger's frames"
	check_eq "$(fdb_port "$(mac 1)")" p1 "where the stranger was seen"
	check_eq "$("$TOOLS/brtool" -n "$h" fdb vbr0 "$(mac 1)")" "p1 locked" "the stranger's entry"
	busywait 2000 grep -q "$(mac 1) " "$CASE_DIR/monitor" || fail "no word of the stranger"
	passes 0 "more of them"
	add_entry "$(mac 1)" p1
	passes 5 "when user space has let it in"
	check_eq "$("$TOOLS/brtool" -n "$h" fdb vbr0 "$(mac 1)")" "p1" "the entry then"
	# Seen at a port that is not locked, it is no stranger there.
	passes 0 "another stranger" -s 02:00:00:00:09:09
	pkt -T "$s3:e0" -R "$s2:e0" -c 5 -s 02:00:00:00:09:09
	check_eq "${PKT[rx0.frames]} $(fdb_port 02:00:00:00:09:09)" "5 p3" "frames by another port, and where it is then"
	passes 0 "a third one" -s 02:00:00:00:09:0a
	must "$TOOLS/brtool" -n "$h" port p1 "$MAB=0"
	check_eq "$(fdb_port 02:00:00:00:09:0a)" "" "locked entries when nobody asks for them"
	check_eq "$(fdb_port "$(mac 1)")" p1 "the entry of who was let in"
}

announced()
{
	bridge -n "$h" fdb replace 02:00:00:00:0f:0f dev p2 master static 2>/dev/null ||
		bridge -n "$h" fdb replace 02:00:00:00:0f:0f dev vbr0 self static via p2
	bridge -n "$h" fdb replace 02:00:00:00:0f:0f dev p3 master static 2>/dev/null ||
		bridge -n "$h" fdb replace 02:00:00:00:0f:0f dev vbr0 self static via p3
	[ -s "$CASE_DIR/monitor" ]
}

locked_in_a_vlan()
{
	setup_stations 2
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
	bridge -n "$h" -batch - <<-EOF || die "bridge vlan"
		vlan add dev p1 vid 7
		vlan add dev p2 vid 7
	EOF
	set_port p1 locked on
	passes 0 "a stranger" -v 7
	if [ "$BRIDGE" = bridge ]; then
		must bridge -n "$h" fdb replace "$(mac 1)" dev p1 master static vlan 7
	else
		must bridge -n "$h" fdb replace "$(mac 1)" dev vbr0 self static via p1 vlan 7
	fi
	pkt -T "$s1:e0" -R "$s2:e0" -c 5 -w 200 -s "$(mac 1)" -v 7 -a
	check_eq "${PKT[rx0.frames]}" 5 "known in the VLAN"
	passes 0 "the same one in another VLAN"
	# Let in without a VLAN, it is let in everywhere.
	must "$TOOLS/brtool" -n "$h" port p1 "$MAB=1"
	passes 0 "the same one in another VLAN, and announced"
	add_entry "$(mac 1)" p1
	passes 5 "let in without a VLAN"
}

backup_port()
{
	setup_stations 3
	pkt -T "$s2:e0" -R "$s1:e0" -c 1 -s "$(mac 2)"
	set_port p2 backup_port p3
	check_eq "$(port_attr p2 backup_port)" p3 "bridge link show"
	passes 5 "while it has carrier" -d "$(mac 2)"
	must ip -n "$s2" link set e0 down
	busywait 2000 port_is p2 disabled || fail "the port is $(port_attr p2 state)"
	check_eq "$(fdb_port "$(mac 2)")" p2 "what was learned there"
	must ip -n "$s3" link set e0 promisc on
	pkt -T "$s1:e0" -R "$s3:e0" -c 5 -w 200 -s "$(mac 1)" -d "$(mac 2)"
	check_eq "${PKT[rx0.frames]}" 5 "frames at the backup"
	pkt -T "$s1:e0" -R "$s3:e0" -c 5 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]}" 5 "broadcasts there, once each"
	set_port p3 state 4
	pkt -T "$s1:e0" -R "$s3:e0" -c 5 -w 200 -s "$(mac 1)" -d "$(mac 2)"
	check_eq "${PKT[rx0.frames]}" 0 "frames at a backup that does not forward"
	set_port p3 state 3
	must ip -n "$s2" link set e0 up
	busywait 2000 port_is p2 forwarding || fail "the port is $(port_attr p2 state)"
	passes 5 "when it has carrier again" -d "$(mac 2)"
	must ip -n "$h" link set p3 nomaster
	check_eq "$(port_attr p2 backup_port)" "" "when the backup has gone"
	must ip -n "$h" link set p3 master vbr0
	set_port p2 backup_port p3
	set_port p2 nobackup_port
	must ip -n "$s2" link set e0 down
	busywait 2000 port_is p2 disabled
	check_eq "$(fdb_port "$(mac 2)")" "" "without a backup"
}

port_is()
{
	[ "$(port_attr "$1" state)" = "$2" ]
}

# Backups in a ring, and all of them deleted: nobody is led to one that is gone.
backups_go_under_traffic()
{
	local i

	setup_stations 4
	for i in 2 3 4; do
		station=s$i
		pkt -T "${!station}:e0" -R "$s1:e0" -c 1 -s "$(mac "$i")"
	done
	bg "$TOOLS/pkt" -T "$s1:e0" -D 60 -s "$(mac 1)" -d "$(mac 2)" -r 5000 >"$CASE_DIR/sender"
	must ip -n "$s2" link set e0 down
	for ((i = 0; i < 10; i++)); do
		set_port p2 backup_port p3
		set_port p3 backup_port p4
		set_port p4 backup_port p2
		must ip -n "$h" link set p3 nomaster
		set_port p2 backup_port p4
		must ip -n "$h" link set p4 nomaster
		must ip -n "$h" link set p3 master vbr0
		must ip -n "$h" link set p4 master vbr0
		check_eq "$(port_attr p2 backup_port)$(port_attr p3 backup_port)$(port_attr p4 backup_port)" "" "backups"
	done
	stop_bg "$BG_PID"
}

cost_and_priority()
{
	setup_stations 1
	check_ge "$(port_attr p1 cost)" 1 "cost of its own"
	check_eq "$(port_attr p1 priority)" 32 "priority at first"
	set_port p1 cost 77 priority 9
	check_eq "$(port_attr p1 cost) $(port_attr p1 priority)" "77 9" "as set"
	must ip -n "$s1" link set e0 down
	busywait 2000 port_is p1 disabled
	must ip -n "$s1" link set e0 up
	busywait 2000 port_is p1 forwarding
	check_eq "$(port_attr p1 cost)" 77 "after the link was down"
}

# Questions for neighbours. Station 2 is known to the host, station 3 is not; p3 leads to other machines.

# heard_at STATION FILTER CMD...: how many frames of a kind it hears while CMD runs.
heard_at()
{
	local ns=$1 filter=$2 pid

	shift 2
	rm -f "$CASE_DIR/heard.err"
	bg_ns "$ns" tcpdump -i e0 -n -l -U "$filter" >"$CASE_DIR/heard" 2>"$CASE_DIR/heard.err"
	pid=$BG_PID
	busywait 5000 grep -q 'listening on' "$CASE_DIR/heard.err" || die "tcpdump does not start"
	"$@"
	# It may be silence that is waited for.
	busywait 1000 test -s "$CASE_DIR/heard"
	sleep 0.3
	stop_bg "$pid"
	grep -c . "$CASE_DIR/heard"
}

address_stations()
{
	local i station

	for i in 1 2 3; do
		station=s$i
		ipb "${!station}" <<-EOF
			addr add 192.0.2.$i/24 dev e0
			addr add 2001:db8::$i/64 dev e0 nodad
		EOF
		pkt -T "${!station}:e0" -c 1 -s "$(mac "$i")"
	done
	ipb "$h" <<-EOF
		addr add 192.0.2.254/24 dev vbr0
		addr add 2001:db8::254/64 dev vbr0 nodad
		neigh replace 192.0.2.3 lladdr $(mac 3) nud permanent dev vbr0
		neigh replace 2001:db8::3 lladdr $(mac 3) nud permanent dev vbr0
	EOF
	# Station 3 never asks for station 1, which would tell that one of station 3 before it has asked.
	ipb "$s3" <<-EOF
		neigh replace 192.0.2.1 lladdr $(link_attr "$s1" e0 address) nud permanent dev e0
		neigh replace 2001:db8::1 lladdr $(link_attr "$s1" e0 address) nud permanent dev e0
	EOF
}

arp_is_answered_for()
{
	need_tool tcpdump
	setup_stations -6 3
	address_stations
	check_ge "$(heard_at "$s3" 'arp[6:2] = 1' ping_once "$s1" 192.0.2.3)" 1 "questions at first"
	must ip -n "$s1" neigh flush dev e0
	set_port p3 neigh_suppress on
	check_eq "$(port_attr p3 neigh_suppress)" true "bridge link show"
	check_eq "$(heard_at "$s3" 'arp[6:2] = 1 and arp[24:4] = 0xc0000203' ping_once "$s1" 192.0.2.3)" 0 "questions for who is known"
	check_match "$(ip -n "$s1" neigh show 192.0.2.3)" "$(mac 3)" "what station 1 was told"
	check_stat neighbours_answered 1 "answers"
	# Who is not known is asked for everywhere, and the host speaks for itself.
	check_ge "$(heard_at "$s3" 'arp[6:2] = 1' ping_once "$s1" 192.0.2.99)" 1 "questions for who is not known"
	check_eq "$(heard_at "$s3" 'arp[6:2] = 1 and arp[24:4] = 0xc00002fe' ping_once "$s1" 192.0.2.254)" 0 "questions for the host"
	check_match "$(ip -n "$s1" neigh show 192.0.2.254)" "$(link_attr "$h" vbr0 address)" "the host's own answer"
	# What comes from there is asked here.
	must ip -n "$s3" neigh flush dev e0
	check_ge "$(heard_at "$s2" 'arp[6:2] = 1' ping_once "$s3" 192.0.2.2)" 1 "questions from the other machines"
	must ip -n "$s1" neigh flush dev e0
	set_port p3 neigh_suppress off
	check_ge "$(heard_at "$s3" 'arp[6:2] = 1' ping_once "$s1" 192.0.2.3)" 1 "questions when it is off again"
}

ping_once()
{
	in_ns "$1" ping -q -n -c 1 -W 1 "$2" >/dev/null
	return 0
}

solicitations_are_answered_for()
{
	local to_s3='icmp6 and ip6[40] = 135'

	need_tool tcpdump
	setup_stations -6 3
	address_stations
	check_ge "$(heard_at "$s3" "$to_s3" ping_once "$s1" 2001:db8::3)" 1 "questions at first"
	must ip -n "$s1" neigh flush dev e0
	set_port p3 neigh_suppress on
	check_eq "$(heard_at "$s3" "$to_s3 and ip6 src 2001:db8::1" ping_once "$s1" 2001:db8::3)" 0 "questions for who is known"
	check_match "$(ip -n "$s1" neigh show 2001:db8::3)" "$(mac 3)" "what station 1 was told"
	check_ge "$(heard_at "$s3" "$to_s3" ping_once "$s1" 2001:db8::99)" 1 "questions for who is not known"
	# Duplicate address detection finds the other.
	in_ns "$s1" sysctl -qw net.ipv6.conf.e0.accept_dad=1
	must ip -n "$s1" addr add 2001:db8::3/64 dev e0
	busywait 5000 dad_failed || fail "no answer for a duplicate address"
	must ip -n "$h" neigh replace 2001:db8::77 lladdr 02:00:00:00:09:77 nud permanent dev vbr0
	check_ge "$(heard_at "$s3" "$to_s3" ping_once "$s1" 2001:db8::77)" 1 "questions for who has no entry in the bridge"
}

# Nobody is told that he has his own address.
own_address_is_no_duplicate()
{
	need_tool tcpdump busybox
	setup_stations -6 3
	address_stations
	set_slave p3 proxy_arp_wifi on
	must ip -n "$h" neigh replace 2001:db8::3 lladdr "$(mac 3)" nud permanent dev vbr0
	in_ns "$s3" sysctl -qw net.ipv6.conf.e0.accept_dad=1
	must ip -n "$s3" addr del 2001:db8::3/64 dev e0
	must ip -n "$s3" addr add 2001:db8::3/64 dev e0
	slowwait 20 dad_is_over || fail "duplicate address detection does not end"
	! ip -n "$s3" addr show dev e0 | grep dadfailed || fail "an address is taken for a duplicate of itself"
	must ip -n "$h" neigh replace 192.0.2.3 lladdr "$(mac 3)" nud permanent dev vbr0
	asks_for_its_own proxy_arp_wifi
	set_slave p3 proxy_arp_wifi off
	set_slave p3 proxy_arp on
	asks_for_its_own proxy_arp
}

# asks_for_its_own OPTION: as a station does that has just been given its address.
asks_for_its_own()
{
	check_eq "$(heard_at "$s3" 'arp[6:2] = 2 and arp[14:4] = 0xc0000203' \
		in_ns "$s3" busybox arping -q -D -c 2 -I e0 192.0.2.3)" 0 "answers to who asks for its own address, with $1"
}

dad_is_over()
{
	! ip -n "$s3" addr show dev e0 to 2001:db8::3 | grep -q tentative
}

# Without ARP at the bridge, all its neighbours have the bridge's own address.
bridge_without_arp()
{
	need_tool tcpdump
	setup_stations -6 3
	address_stations
	must ip -n "$h" link set vbr0 arp off
	set_port p3 neigh_suppress on
	ping_once "$h" 192.0.2.3
	check_match "$(ip -n "$h" neigh show nud noarp)" 192.0.2.3 "what the host takes for an answer"
	check_ge "$(heard_at "$s3" 'arp[6:2] = 1 and arp[24:4] = 0xc0000203' ping_once "$s1" 192.0.2.3)" 1 "questions"
	check_match "$(ip -n "$s1" neigh show 192.0.2.3)" "$(mac 3)" "what station 1 was told"
}

dad_failed()
{
	ip -n "$s1" addr show dev e0 | grep -q 'dadfailed'
}

# stations_in_vlan_7 PROTOCOL: stations 1 and 3, and the host.
stations_in_vlan_7()
{
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1 vlan_protocol "$1"
	bridge -n "$h" -batch - <<-EOF || die "bridge vlan"
		vlan add dev p1 vid 7 pvid untagged
		vlan add dev p3 vid 7 pvid untagged
		vlan add dev vbr0 vid 7 self
	EOF
}

answers_in_a_vlan()
{
	need_module 8021q
	need_tool tcpdump
	setup_stations -6 3
	stations_in_vlan_7 802.1Q
	ipb "$h" <<-EOF
		link add vbr0.7 up link vbr0 type vlan id 7
		neigh replace 192.0.2.3 lladdr $(mac 3) nud permanent dev vbr0.7
	EOF
	ipb "$s1" <<<"addr add 192.0.2.1/24 dev e0"
	ipb "$s3" <<<"addr add 192.0.2.3/24 dev e0"
	pkt -T "$s3:e0" -c 1 -s "$(mac 3)"
	set_port p3 neigh_suppress on
	check_eq "$(heard_at "$s3" 'arp[6:2] = 1 and arp[24:4] = 0xc0000203' ping_once "$s1" 192.0.2.3)" 0 "questions in the VLAN"
	check_match "$(ip -n "$s1" neigh show 192.0.2.3)" "$(mac 3)" "what station 1 was told"
}

# What this release's `bridge` has no word for.
set_slave()
{
	must ip -n "$h" link set dev "$1" type "${BRIDGE}_slave" "${@:2}"
}

# announce NS DEV MAC: has the station tell of its address, which it does where its link address is set.
announce()
{
	must in_ns "$1" sysctl -qw "net/ipv4/conf/$2/arp_notify=1"
	must ip -n "$1" link set "$2" address "$3"
}

TOLD='arp[14:4] = 0xc0000201 and arp[24:4] = 0xc0000201'

announcements()
{
	need_tool tcpdump
	setup_stations -6 3
	address_stations
	set_slave p3 proxy_arp_wifi on
	check_ge "$(heard_at "$s3" "$TOLD" announce "$s1" e0 "$(mac 1)")" 1 "announcements with proxy_arp_wifi alone"
	set_slave p3 proxy_arp_wifi off
	set_port p3 neigh_suppress on
	check_eq "$(heard_at "$s3" "$TOLD" announce "$s1" e0 "$(mac 1)")" 0 "announcements with neigh_suppress"
}

# Whom nobody knows may be anywhere, but for behind a port that answers by proxy.
proxy_is_never_flooded_to()
{
	setup_stations 3
	set_slave p3 proxy_arp on
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 5 -w 200 -s "$(mac 1)" -d 02:00:00:00:09:09
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "5 0" "frames to nobody known, at s2 and s3"
	pkt -T "$s1:e0" -R "$s2:e0" -R "$s3:e0" -c 5 -w 200 -s "$(mac 1)"
	check_eq "${PKT[rx0.frames]} ${PKT[rx1.frames]}" "5 0" "broadcasts, at s2 and s3"
	pkt -T "$s3:e0" -c 1 -s "$(mac 3)"
	pkt -T "$s1:e0" -R "$s3:e0" -c 5 -s "$(mac 1)" -d "$(mac 3)"
	check_eq "${PKT[rx0.frames]}" 5 "frames to station 3, at s3"
}

# As many VLANs between machines are.
announcements_in_a_vlan_without_a_device()
{
	need_module 8021q
	need_tool tcpdump
	setup_stations -6 3
	must ip -n "$h" link set vbr0 type "$BRIDGE" vlan_filtering 1
	ipb "$s1" <<<"addr add 192.0.2.1/24 dev e0"
	check_ge "$(heard_at "$s3" "$TOLD" announce "$s1" e0 "$(mac 1)")" 1 "announcements without neigh_suppress"
	set_port p3 neigh_suppress on
	check_eq "$(heard_at "$s3" "$TOLD" announce "$s1" e0 "$(mac 1)")" 0 "announcements with neigh_suppress"
}

# What customers say to one another in VLANs of theirs is not for the host of the provider's.
tags_of_customers()
{
	local i station

	need_module 8021q
	need_tool tcpdump
	setup_stations -6 3
	stations_in_vlan_7 802.1ad
	ipb "$h" <<-EOF
		link add vbr0.7 up link vbr0 type vlan proto 802.1ad id 7
		neigh replace 192.0.2.3 lladdr 02:00:00:00:09:09 nud permanent dev vbr0.7
	EOF
	pkt -T "$s3:e0" -c 1 -s 02:00:00:00:09:09
	for i in 1 3; do
		station=s$i
		ipb "${!station}" <<-EOF
			link add e0.5 up link e0 type vlan id 5
			addr add 192.0.2.$i/24 dev e0.5
		EOF
	done
	set_port p3 neigh_suppress on
	check_ge "$(heard_at "$s3" "vlan 5 and $TOLD" announce "$s1" e0.5 "$(mac 1)")" 1 "announcements in a VLAN of customers"
	ping_once "$s1" 192.0.2.3
	check_match "$(ip -n "$s1" neigh show 192.0.2.3)" "$(mac 3)" "what station 1 was told by station 3"
}

# A bridge that does not filter VLANs knows those of none.
tags_without_filtering()
{
	local i station

	need_module 8021q
	need_tool tcpdump
	setup_stations -6 3
	address_stations
	for i in 1 3; do
		station=s$i
		ipb "${!station}" <<-EOF
			link add e0.5 up link e0 type vlan id 5
			addr add 198.51.100.$i/24 dev e0.5
		EOF
	done
	must ip -n "$h" neigh replace 198.51.100.3 lladdr "$(mac 3)" nud permanent dev vbr0
	set_port p3 neigh_suppress on
	check_ge "$(heard_at "$s3" 'vlan 5 and arp' ping_once "$s1" 198.51.100.3)" 1 "questions in a VLAN"
	check_match "$(ip -n "$s1" neigh show 198.51.100.3 dev e0.5)" "$(mac 3)" "what station 1 was told by station 3"
	check_stat neighbours_answered 0 "answers"
}

# With ipv6.disable=1 (in-vm -p) there is nobody to answer for, and nothing to look it up in.
solicitation_without_ipv6()
{
	need_tool tcpdump socat
	setup_stations 3
	set_port p3 neigh_suppress on
	check_eq "$(heard_at "$s3" 'icmp6 and ip6[40] = 135' solicit "$s1")" 1 "solicitations at s3"
}

# solicit STATION: asks for 2001:db8::3, by a frame made by hand; its checksum is nobody's matter on the way.
solicit()
{
	local frame

	frame=3333ff000003$(mac 1 | tr -d :)86dd6000000000203aff
	frame+=20010db800000000000000000000000120010db80000000000000000ff000003
	frame+=870000000000000020010db80000000000000000000000030101$(mac 1 | tr -d :)
	fold -w 2 <<<"$frame" | sed 's/^/\\x/' | tr -d '\n' | xargs -0 printf | in_ns "$1" socat -u - INTERFACE:e0
}

ALL_TESTS="
	locked_port
	drops_by_port
	strangers_are_announced
	locked_in_a_vlan
	backup_port
	backups_go_under_traffic
	cost_and_priority
	arp_is_answered_for
	solicitations_are_answered_for
	own_address_is_no_duplicate
	bridge_without_arp
	tags_without_filtering
	answers_in_a_vlan
	announcements
	proxy_is_never_flooded_to
	announcements_in_a_vlan_without_a_device
	tags_of_customers
"
[ -e /proc/sys/net/ipv6 ] || ALL_TESTS+=" solicitation_without_ipv6"
run_tests "$@"
