# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests of the bridge: a host with a bridge, and stations at its ports.
#
#	+--------- h ---------+
#	|        vbr0         |
#	|   p1    p2    p3    |
#	+---|-----|-----|-----+
#	    e0    e0    e0
#	   s1     s2    s3
#
#	setup_stations N	the drawing, with N stations: their namespaces in $s1, $s2 ..., the host's in $h
#	setup_stations -6 N	the same with IPv6 in the namespaces
#				With VNET_ROAD=ordinary in the environment the direct road through vbr0 is off, and at the end no
#				frame may have taken it. The in-tree bridge has no other road.
#	own ARGS...		vnet bridge set ARGS, in the host's namespace
#	mac N			the MAC address of station N's e0
#	fdb_entry MAC		an entry's port and kind: "p1 dynamic", "p2 static sticky", "vbr0 permanent"; nothing where there
#				is no entry
#	fdb_port MAC		only its port
#	fdb_count [ERE]		entries of vbr0 whose line in `bridge fdb show` begins so
#	br_stat GLOB		the sum of counters of `ethtool -S vbr0`
#	check_stat GLOB WANT MSG	that sum must be WANT; no check on the in-tree bridge, which has none
#	note_drops / check_no_drops	that none of its counters of drops has moved between the two; a host that says something
#				before its first port forwards has dropped that
#	port_attr PORT KEY	a value of `bridge -j -d link show`: state, learning, flood, hairpin ...
#	refused ERE CMD...	CMD is refused with a sentence that matches
#	refused_all PREFIX CMD... <<< LINES	each line, with the prefix, is refused with a sentence by CMD's batch mode
#	taken_all PREFIX CMD... <<< LINES	each is accepted
#	remember / unchanged	what `ip -d link`, `bridge -d link` and `bridge fdb` say of the host now must be what they said
#				when it was last remembered

VNET=$BUILD/tools/vnet
SENTENCE='^Error: [A-Za-z].* .*\.$'
# Of IFLA_BRPORT_*, for brtool.
# shellcheck disable=SC2034 # used by the tests
LOCKED=39 MAB=40

mac()
{
	printf '02:00:00:00:01:%02x' "$1"
}

setup_stations()
{
	local flag='' var i names=()

	if [ "$1" = -6 ]; then
		flag=-6
		shift
	fi
	for ((i = 1; i <= $1; i++)); do
		names+=("s$i")
	done
	setup_ns ${flag:+"$flag"} h "${names[@]}"
	ipb "$h" < <(
		echo "link add vbr0 up type $BRIDGE"
		for ((i = 1; i <= $1; i++)); do
			var=s$i
			echo "link add p$i up type $PAIR peer name e0 address $(mac "$i") netns ${!var}"
			echo "link set p$i master vbr0"
		done
	)
	[ "$BRIDGE:${VNET_ROAD:-}" != vbridge:ordinary ] || leave_direct_road "$1"
	for ((i = 1; i <= $1; i++)); do
		var=s$i
		set_up "${!var}" e0
	done
	# The ports have to be seen working by the bridge, after which it works itself.
	for ((i = 1; i <= $1; i++)); do
		busywait 5000 port_forwards "p$i" || die "p$i does not come to forward"
	done
	wait_up "$h" vbr0
}

own()
{
	must "$VNET" -n "$h" bridge set "$@"
}

leave_direct_road()
{
	own dev vbr0 direct off
	# In-tree pairs count no roads.
	[ "$PAIR" != vveth ] || defer check_ordinary "$1"
}

check_ordinary()
{
	local i

	for ((i = 1; i <= $1; i++)); do
		! has_link "$h" "p$i" || check_eq "$(ethtool_stat "$h" "p$i" 'direct_*')" 0 "frames of p$i on the direct road"
	done
}

port_forwards()
{
	[ "$(port_attr "$1" state)" = forwarding ]
}

# All entries, without the addresses that devices have for themselves.
fdb()
{
	bridge -n "$h" fdb show | grep ' master vbr0'
}

fdb_entry()
{
	local line kind=dynamic

	line=$(bridge -n "$h" fdb get "$1" br vbr0 2>/dev/null) || return 1
	[[ ! $line =~ \ (permanent|static) ]] || kind=${BASH_REMATCH[1]}
	[[ ! $line =~ \ sticky ]] || kind+=" sticky"
	[[ ! $line =~ \ extern_learn ]] || kind+=" extern_learn"
	[[ $line =~ \ dev\ ([^ ]+) ]] && echo "${BASH_REMATCH[1]} $kind"
}

fdb_port()
{
	local entry

	entry=$(fdb_entry "$1") && echo "${entry%% *}"
}

fdb_count()
{
	fdb | grep -cE "^${1:-}"
}

fdb_is()
{
	[ "$(fdb_port "$1")" = "$2" ]
}

fdb_gone()
{
	! fdb_entry "$1" >/dev/null
}

br_stat()
{
	ethtool_stat "$h" vbr0 "$1"
}

check_stat()
{
	[ "$BRIDGE" = bridge ] || check_eq "$(br_stat "$1")" "$2" "$3"
}

drops()
{
	in_ns "$h" ethtool -S vbr0 | grep 'drop_'
}

note_drops()
{
	[ "$BRIDGE" = bridge ] || NOTED=$(drops)
}

check_no_drops()
{
	[ "$BRIDGE" = bridge ] || check_eq "$(drops)" "$NOTED" "the bridge's counters of drops"
}

port_attr()
{
	local json

	json=$(bridge -n "$h" -j -d link show dev "$1") || return 1
	[[ $json =~ \"$2\":\"?([^,\"}]*) ]] && echo "${BASH_REMATCH[1]}"
}

host_state()
{
	ip -n "$h" -d link show
	bridge -n "$h" -d link show
	fdb
}

remember()
{
	REMEMBERED=$(host_state)
}

unchanged()
{
	check_eq "$(host_state)" "$REMEMBERED" "the state of the host after what was refused"
}

refused()
{
	check_refused "$@"
	check_match "$EXTACK" "$SENTENCE" "what is said to ${*:2}"
}

# Which lines of a batch have failed is said as "Command failed FILE:NR".
refused_all()
{
	local prefix=$1 lines line nr=0 failed

	shift
	mapfile -t lines
	"$@" -force -batch - 2>"$CASE_DIR/extack" < <(printf "$prefix%s\n" "${lines[@]}")
	failed=" $(sed -n 's/^Command failed .*:\([0-9]*\)$/\1/p' "$CASE_DIR/extack" | tr '\n' ' ')"
	for line in "${lines[@]}"; do
		nr=$((nr + 1))
		[[ $failed == *" $nr "* ]] || fail "not refused: $prefix$line"
	done
	check_eq "$(grep -c "$SENTENCE" "$CASE_DIR/extack")" "$nr" "sentences in $(<"$CASE_DIR/extack")"
}

taken_all()
{
	local prefix=$1 lines

	shift
	mapfile -t lines
	"$@" -force -batch - 2>"$CASE_DIR/extack" < <(printf "$prefix%s\n" "${lines[@]}") ||
		fail "refused: $(<"$CASE_DIR/extack")"
}
