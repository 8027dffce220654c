#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Containers of systemd-nspawn and of lxc at a bridge: attached with what these programs offer, talking to one another, to
# the gateway and, through its NAT, to outside.
#
#	+----------------- this namespace ----------------+
#	|  vbr0 192.0.2.254                    203.0.113.1 |---- out 203.0.113.2
#	+----|----------|-----------|---------------------+
#	   host0      host0       eth0
#	  nspawn     nspawn       lxc
#
# Containers are started from the first namespace, for both programs look for their devices there.
# TIMEOUT: 600
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

BR=vbr-c0
# User-Mode Linux tells the C library by it what it cannot use.
TUNE=(${GLIBC_TUNABLES:+"GLIBC_TUNABLES=$GLIBC_TUNABLES"})

# A root for containers: busybox and nothing else. Its first process serves a word at port 80.
make_root()
{
	local i

	ROOT=$CASE_DIR/root
	mkdir -p "$ROOT"/{bin,dev,proc,sys,etc,tmp,run,root,usr,var}
	cp "$(command -v busybox)" "$ROOT/bin/"
	ldd "$ROOT/bin/busybox" >/dev/null 2>&1 && skip "busybox is not busybox-static"
	for i in sh ip ping nc echo; do
		ln -s busybox "$ROOT/bin/$i"
	done
	printf 'ID=vnet\n' >"$ROOT/etc/os-release"
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$ROOT/etc/passwd"
	cat >"$ROOT/bin/serve" <<-'EOF'
		#!/bin/sh
		# serve DEVICE ADDRESS WORD
		ip link set lo up
		ip addr add "$2/24" dev "$1"
		ip link set "$1" up
		ip route add default via 192.0.2.254
		nc -ll -p 80 -e /bin/echo "$3"
	EOF
	chmod +x "$ROOT/bin/serve"
}

# The gateway with NAT to a namespace outside.
make_gateway()
{
	need_tool nft
	setup_ns out
	defer ip link del "$BR"
	defer ip link del wan-c0
	ip -batch - <<-EOF || die "no gateway"
		link add $BR up type $BRIDGE
		addr add 192.0.2.254/24 dev $BR
		link add wan-c0 up type $PAIR peer name e0 netns $out
		addr add 203.0.113.1/24 dev wan-c0
	EOF
	ipb "$out" <<-EOF
		link set e0 up
		link set lo up
		addr add 203.0.113.2/24 dev e0
	EOF
	defer nft delete table ip vnet_containers
	nft -f - <<-EOF || skip "the kernel has no nft NAT"
		table ip vnet_containers {
			chain post {
				type nat hook postrouting priority srcnat
				oifname wan-c0 masquerade
			}
		}
	EOF
	defer sysctl -qw "net.ipv4.ip_forward=$(</proc/sys/net/ipv4/ip_forward)"
	sysctl -qw net.ipv4.ip_forward=1
}

# says ADDRESS WORD: the container at that address is at work.
says()
{
	[ "$(busybox nc -w 2 "$1" 80 </dev/null 2>/dev/null)" = "$2" ]
}

# in_container PID CMD...: with busybox in its network and its root.
in_container()
{
	local pid=$1

	shift
	nsenter --target "$pid" --net --root="$ROOT" -- /bin/busybox "$@"
}

# pid_of ADDRESS: the PID of the container's first process, by its address in its own network.
pid_of()
{
	local pid

	for pid in $(pgrep -f "serve [a-z0-9]* $1 "); do
		if nsenter --target "$pid" --net ip -o addr show 2>/dev/null | grep -q " $1/"; then
			echo "$pid"
			return
		fi
	done
	return 1
}

# check_container ADDRESS OTHER OTHER_WORD: what it reaches.
check_container()
{
	local pid

	pid=$(pid_of "$1") || die "no process of the container at $1"
	in_container "$pid" ping -c 1 -w 10 192.0.2.254 >/dev/null || fail "$1 to the gateway"
	in_container "$pid" ping -c 1 -w 10 203.0.113.2 >/dev/null || fail "$1 to outside"
	in_container "$pid" ping -c 1 -w 10 "$2" >/dev/null || fail "$1 to $2"
	check_eq "$(in_container "$pid" nc -w 5 "$2" 80 </dev/null)" "$3" "what $2 says to $1"
}

# How nspawn is run without systemd around it: in the foreground, on its own.
nspawn()
{
	local name=$1

	shift
	need_tool systemd-nspawn
	SYSTEMD_LOG_LEVEL=warning systemd-nspawn --quiet --register=no --keep-unit --as-pid2 --machine="$name" --directory="$ROOT" \
		--read-only --resolv-conf=off --timezone=off --link-journal=no --console=pipe "${TUNE[@]/#/--setenv=}" "$@" \
		</dev/null >"$CASE_DIR/$name" 2>&1 &
	defer end_nspawn $! "$name"
}

# Its container is told to end by what nspawn does when it is.
end_nspawn()
{
	pkill -KILL -f "serve [a-z0-9]* [0-9.]* $2\$"
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# wait_for ADDRESS NAME
wait_for()
{
	slowwait 120 says "$1" "$2" || die "$2 does not serve: $(cat "$CASE_DIR/$2")"
}

# nspawn makes the pair itself, of the in-tree type, and its outer end a port of the bridge that it is named.
nspawn_by_the_bridges_name()
{
	make_root
	make_gateway
	nspawn c1 --network-bridge="$BR" /bin/serve host0 192.0.2.1 c1
	nspawn c2 --network-bridge="$BR" /bin/serve host0 192.0.2.2 c2
	wait_for 192.0.2.1 c1
	wait_for 192.0.2.2 c2
	check_eq "$(bridge link show | grep -c "master $BR state forwarding")" 2 "ports that forward"
	check_container 192.0.2.1 192.0.2.2 c2
	check_container 192.0.2.2 192.0.2.1 c1
	# The host's own may find no port yet.
	check_eq "$(ethtool -S "$BR" | awk '/drop_/ && !/no_egress/ { sum += $2 } END { print sum }')" 0 "drops of the bridge"
}

# nspawn takes only devices that udev has seen; here is no udev.
seen_by_udev()
{
	local file

	file=/run/udev/data/n$(cat "/sys/class/net/$1/ifindex")
	mkdir -p /run/udev/data
	echo I:1 >"$file"
	defer rm "$file"
}

# A pair of the suite, made before, of which the container gets one end.
nspawn_with_an_end_of_the_suite()
{
	local i

	make_root
	make_gateway
	for i in 1 2; do
		defer eval "ip link del vc$i 2>/dev/null"
		must ip link add "vc$i" up type "$PAIR" peer name "ec$i"
		must ip link set "vc$i" master "$BR"
		seen_by_udev "ec$i"
		nspawn "c$i" --network-interface="ec$i" /bin/serve "ec$i" "192.0.2.$i" "c$i"
	done
	wait_for 192.0.2.1 c1
	wait_for 192.0.2.2 c2
	check_container 192.0.2.1 192.0.2.2 c2
	check_container 192.0.2.2 192.0.2.1 c1
	[ "$BRIDGE" = bridge ] || check_ge "$(ethtool -S vc1 | awk '$1 == "direct_rx:" { print $2 }')" 5 "frames on the direct road"
}

# lxc_start NAME CONFIG...
lxc_start()
{
	local name=$1

	shift
	need_tool lxc-start
	mkdir -p "$CASE_DIR/lxc/$name" "$CASE_DIR/mnt"
	{
		cat <<-EOF
			lxc.uts.name = $name
			lxc.rootfs.path = dir:$ROOT
			lxc.rootfs.mount = $CASE_DIR/mnt
			lxc.apparmor.profile = unconfined
			lxc.mount.auto = proc:mixed sys:ro
			lxc.pty.max = 1
		EOF
		printf '%s\n' "${TUNE[@]/#/lxc.environment = }" "$@"
	} >"$CASE_DIR/lxc/$name/config"
	lxc-start -P "$CASE_DIR/lxc" -n "$name" -F -l INFO -o "$CASE_DIR/$name" -- /bin/serve eth0 "$ADDRESS" "$name" \
		</dev/null >"$CASE_DIR/$name.out" 2>&1 &
	defer end_lxc $! "$name"
}

end_lxc()
{
	lxc-stop -P "$CASE_DIR/lxc" -n "$2" -k 2>/dev/null
	wait "$1" 2>/dev/null
}

# lxc joins a bridge by the in-tree one's ioctl; the hook does it by netlink. Its words are the container's name, "net",
# "up", "veth", and the device.
lxc_by_a_hook()
{
	local i

	make_root
	make_gateway
	cat >"$CASE_DIR/hook" <<-EOF
		#!/bin/sh
		exec ip link set "\$5" master $BR
	EOF
	chmod +x "$CASE_DIR/hook"
	for i in 1 2; do
		ADDRESS=192.0.2.$i
		lxc_start "c$i" "lxc.net.0.type = veth" "lxc.net.0.flags = up" "lxc.net.0.name = eth0" \
			"lxc.net.0.script.up = $CASE_DIR/hook"
	done
	wait_for 192.0.2.1 c1
	wait_for 192.0.2.2 c2
	check_container 192.0.2.1 192.0.2.2 c2
	check_container 192.0.2.2 192.0.2.1 c1
}

# And an end of the suite's, as a physical device is given to a container.
lxc_with_an_end_of_the_suite()
{
	local i

	make_root
	make_gateway
	for i in 1 2; do
		defer eval "ip link del vc$i 2>/dev/null"
		must ip link add "vc$i" up type "$PAIR" peer name "ec$i"
		must ip link set "vc$i" master "$BR"
		ADDRESS=192.0.2.$i
		lxc_start "c$i" "lxc.net.0.type = phys" "lxc.net.0.link = ec$i" "lxc.net.0.name = eth0" "lxc.net.0.flags = up"
	done
	wait_for 192.0.2.1 c1
	wait_for 192.0.2.2 c2
	check_container 192.0.2.1 192.0.2.2 c2
}

# One of each kind at one bridge.
nspawn_and_lxc_together()
{
	make_root
	make_gateway
	cat >"$CASE_DIR/hook" <<-EOF
		#!/bin/sh
		exec ip link set "\$5" master $BR
	EOF
	chmod +x "$CASE_DIR/hook"
	nspawn c1 --network-bridge="$BR" /bin/serve host0 192.0.2.1 c1
	ADDRESS=192.0.2.2
	lxc_start c2 "lxc.net.0.type = veth" "lxc.net.0.flags = up" "lxc.net.0.name = eth0" "lxc.net.0.script.up = $CASE_DIR/hook"
	wait_for 192.0.2.1 c1
	wait_for 192.0.2.2 c2
	check_container 192.0.2.1 192.0.2.2 c2
	check_container 192.0.2.2 192.0.2.1 c1
}

ALL_TESTS="
	nspawn_by_the_bridges_name
	nspawn_with_an_end_of_the_suite
	lxc_by_a_hook
	lxc_with_an_end_of_the_suite
	nspawn_and_lxc_together
"
run_tests "$@"
