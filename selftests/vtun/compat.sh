#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# 32-bit programs: the tests vtun/ioctl and vtun/io as such, so what tun answers them is what they get of vtun.
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

ALL_TESTS="
	ioctls
	reads_and_writes
"
run_tests "$@"
