#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# 32-bit programs: the tests vtun/ioctl and vtun/io as such, so what tun answers them is what they get of vtun; and those of
# vtun/ring in which a program and the kernel have to agree on where things lie.
. "$(dirname "$0")/../lib/lib.sh"

# run_compat NAME ARG...: its results are this case's output.
run_compat()
{
	local program=$TOOLS/compat-$1 rc=0

	shift
	[ "$(od -An -tu1 -j4 -N1 "$program" | tr -d ' ')" = 1 ] || die "$program is no 32-bit program"
	"$program" -l >/dev/null 2>&1 || rc=$?
	[ "$rc" -lt 126 ] || skip "the kernel runs no 32-bit programs"
	"$program" "$@" || fail "$program has failed with status $?"
}

ioctls()
{
	run_compat ioctl
}

reads_and_writes()
{
	run_compat io -V tun
}

rings()
{
	local name args=()

	for name in setup_refuses setup_answers memory_is_capped mmap_refuses both_ways batches chains scattered tun_packets \
		super_frames full wake_up device_goes broken_tx_index broken_tx_chain broken_rx; do
		args+=(-t "$name")
	done
	run_compat ring "${args[@]}"
}

ALL_TESTS="
	ioctls
	reads_and_writes
	rings
"
run_tests "$@"
