#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Unit tests of what is pure in the modules: counters and names of drops, checks of options, verdicts on frames, the
# forwarding table, translation from and to messages. They lie in module/ and run in the kernel when vnet_unit.ko is
# loaded, by KUnit where the kernel has it; its words in the kernel log become the cases here. Builder: ./build.
#
# Replay, in the guest: modprobe vnet_unit; dmesg
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../lib/modules.sh
. "$here/../lib/modules.sh"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
mark="vnet-unit $$"
echo "KTAP version 1"
if [ ! -e "$(module_file vnet_unit)" ]; then
	echo "1..1"
	echo "ok 1 unit # SKIP vnet_unit.ko is not built"
	exit 4
fi
# A kernel may have KUnit and run no tests unless told to.
modprobe -q kunit enable=1
echo "$mark" >/dev/kmsg
if ! modprobe vnet_unit; then
	echo "1..1"
	echo "not ok 1 load # vnet_unit cannot be loaded"
	exit 1
fi
dmesg --notime | sed "1,/$mark/d" >"$log"
rmmod vnet_unit

# Each suite's cases are indented by four blanks; a failed expectation is told before its case's result.
awk '
	/^    1\.\.[0-9]+$/ { planned += substr($1, 4) }
	/^    # Subtest: / { suites++ }
	{ line[NR] = $0 }
	END {
		print "1.." planned + !suites
		if (!suites) {
			print "not ok 1 run # the kernel log has no results"
			exit 1
		}
		for (i = 1; i <= NR; i++) {
			$0 = line[i]
			if ($0 ~ /^    # Subtest: /) {
				suite = $3
			} else if ($0 ~ /EXPECTATION FAILED|ASSERTION FAILED/) {
				told = $0
				sub(/^ *# */, "", told)
				# KUnit says what was expected in the next lines.
				for (j = i + 1; j <= i + 4 && line[j] ~ /^    (    |Expected)/; j++) {
					sub(/^ +/, " ", line[j])
					told = told line[j]
				}
				gsub(/#/, "", told)
				if (why == "") why = told
				print "# " told
			} else if ($0 ~ /^    (not )?ok [0-9]+ /) {
				bad = $1 == "not"
				failed += bad
				print (bad ? "not " : "") "ok " ++nr " " suite "." $(bad ? 4 : 3) (bad ? " # " why : "")
				why = ""
			}
		}
		exit failed > 0
	}' "$log"
