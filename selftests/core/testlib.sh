#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The tests' own library, runner and judge: what goes wrong in a test has to show.
# TIMEOUT: 900
. "$(dirname "$0")/../lib/lib.sh"

# A tree of its own with one test in it, whose cases come on stdin.
make_tree()
{
	TREE=$CASE_DIR/tree
	mkdir -p "$TREE/selftests/room" "$TREE/build/selftests"
	ln -s "$SELFTESTS/lib" "$SELFTESTS/vm" "$SELFTESTS/run" "$TREE/selftests/"
	ln -s "$TOOLS" "$TREE/build/selftests/lib"
	{
		echo '#!/usr/bin/env bash'
		echo "# TIMEOUT: ${1:-60}"
		# shellcheck disable=SC2016 # expanded in the test
		echo '. "$(dirname "$0")/../lib/lib.sh"'
		cat
		echo 'run_tests "$@"'
	} >"$TREE/selftests/room/t.sh"
	chmod +x "$TREE/selftests/room/t.sh"
}

run_tree()
{
	VNET_OUT=$TREE VNET_BUILD=$TREE/build "$TREE/selftests/run" "$@"
	RC=$?
}

check_result()
{
	grep -q $'^room/t\t'"$1"$'\t'"$2"$'\t'"$3" "$TREE/results" ||
		fail "no result '$1 $2 $3' in: $(grep -v '^#' "$TREE/results")"
}

judge()
{
	VNET_SKIPS=$CASE_DIR/skips "$SELFTESTS/collect" "$TREE/results" 6.12 >"$CASE_DIR/judged"
	RC=$?
	cat "$CASE_DIR/judged"
}

verdicts_and_leftovers()
{
	make_tree <<-'EOF'
		good() { check_eq 1 1 "one"; }
		bad() { check_eq 1 2 "one and two"; check_eq 1 3 "not the first"; }
		ended() { die "no way on"; fail "not reached"; }
		absent() { skip "nothing there"; }
		crashed() { echo "$no_such_variable"; }
		namespace() { ip netns add left-$$; }
		process() { sleep 100 & }
		device() { ip link add left type bridge; }
		order() { defer rmdir $CASE_DIR/x; defer rmdir "$CASE_DIR/x/y  z"; mkdir -p "$CASE_DIR/x/y  z"; }
		clean() { setup_ns a b; bg sleep 100; bg_ns $a sleep 100; }
		ALL_TESTS="good bad ended absent crashed namespace process device order clean"
	EOF
	run_tree
	check_eq "$RC" 1 "status of the run"
	check_result good pass ''
	check_result bad fail "one and two: got '1', want '2'"
	check_result ended fail 'no way on'
	check_result absent skip 'nothing there'
	check_result crashed fail 'the case ended with status'
	check_result namespace fail 'left behind: left-'
	check_result process fail 'left behind: processes ([0-9]* sleep 100'
	check_result device fail 'left behind: left'
	check_result order pass ''
	check_result clean pass ''
}

time_limit()
{
	local slow=${VNET_WAIT:-1} limit

	limit=$((slow > 1 ? 2 : 6))
	make_tree "$limit" <<-'EOF'
		quick() { :; }
		slow() { sleep 100; }
		never() { :; }
		ALL_TESTS="quick slow never"
	EOF
	run_tree
	check_eq "$RC" 1 "status of the run"
	check_result quick pass ''
	check_result 2 fail "time limit of $((limit * slow)) s"
	check_result 3 fail "time limit of $((limit * slow)) s"
	: >"$CASE_DIR/skips"
	judge
	check_match "$(tail -n 1 "$CASE_DIR/judged")" '^1 passed, 2 failed, 0 skipped$' "last line"
}

# Where processes take long to start, tests have more time.
slow_machine()
{
	make_tree <<<$'c() { echo "slow $VNET_SLOW, waits $VNET_WAIT" >"$TREE/told"; }\nALL_TESTS=c'
	export TREE
	mkdir "$CASE_DIR/bin"
	printf '#!/bin/sh\nsleep 0.3\n' >"$CASE_DIR/bin/true"
	chmod +x "$CASE_DIR/bin/true"
	PATH=$CASE_DIR/bin:$PATH VNET_SLOW=1 VNET_PACED='' run_tree >"$CASE_DIR/output"
	check_match "$(<"$CASE_DIR/output")" 'a process takes [0-9]{3,} ms: limits of time are ([7-9]|[1-3][0-9]) times as long' "what the runner says"
	check_eq "$(sed -E 's/([7-9]|[1-3][0-9])$/N/' "$TREE/told")" "slow 6, waits N" "what the test is told"
	PATH=$CASE_DIR/bin:$PATH VNET_SLOW=3 VNET_PACED='' run_tree
	check_eq "$(sed -E 's/([7-9]|[1-3][0-9])$/N/' "$TREE/told")" "slow 3, waits N" "what it is told of a kernel, too"
	printf '#!/bin/sh\n' >"$CASE_DIR/bin/true"
	PATH=$CASE_DIR/bin:$PATH VNET_SLOW=9 VNET_PACED='' run_tree
	check_eq "$(<"$TREE/told")" "slow 9, waits 9" "what it is told of a kernel alone"
}

chosen_case_only()
{
	make_tree <<-'EOF'
		first() { :; }
		second() { :; }
		ALL_TESTS="first second"
	EOF
	run_tree 'room/*:sec*'
	check_eq "$(grep -v '^#' "$TREE/results")" $'room/t\tsecond\tpass\t' "results"
	run_tree 'nothing/*'
	check_ne "$RC" 0 "status where no test is chosen"
}

# Only what the quick set names is run, and that is said; all on a kernel that it does not name.
quick_set()
{
	make_tree <<-'EOF'
		first() { :; }
		second() { :; }
		third() { :; }
		ALL_TESTS="first second third"
	EOF
	printf '# No comment counts\n6.1\troom/t:second\n6.12\troom/t:fi*\n6.12\troom/t:third\n' >"$CASE_DIR/quick"
	: >"$CASE_DIR/skips"
	export VNET_QUICK=1 VNET_QUICK_LIST=$CASE_DIR/quick VNET_KERNEL=6.12
	run_tree
	check_eq "$(grep -v '^#' "$TREE/results")" $'room/t\tfirst\tpass\t\nroom/t\tthird\tpass\t' "results"
	judge
	check_match "$(<"$CASE_DIR/judged")" $'the quick set.*\n2 passed, 0 failed, 0 skipped$' "verdict"
	run_tree '*'
	check_eq "$(grep -c pass "$TREE/results")" 2 "results of all that there is"
	run_tree room/t:second
	check_eq "$(grep -v '^#' "$TREE/results")" $'room/t\tsecond\tpass\t' "results of what is asked for"
	VNET_QUICK='' run_tree
	check_eq "$(grep -c pass "$TREE/results")" 3 "results of a full run"
	VNET_KERNEL=um run_tree
	check_eq "$(grep -c pass "$TREE/results")" 3 "results on a kernel that is not named"
	check_eq "$(grep -c quick "$TREE/results")" 0 "what is said to be a quick set there"
	# The C harness takes no globs: a variant as a whole, or a test in all of them.
	mkdir "$TREE/build/selftests/room"
	printf '#!/bin/sh\necho "# $*"\necho 1..1\necho ok 1 c.v.case\n' >"$TREE/build/selftests/room/c"
	chmod +x "$TREE/build/selftests/room/c"
	printf '6.12\troom/c:f.other.*\n6.12\troom/c:f.*.slow\n6.12\troom/c:long\n' >"$CASE_DIR/quick"
	run_tree >"$CASE_DIR/c"
	check_match "$(<"$CASE_DIR/c")" '# -vother -tslow -tlong' "what the C harness is told to run"
}

# With VNET_AGAIN a case that fails is run once more, and said to be unsteady where it passes then; not where it fails
# again, where more fail than may, or where the kernel has said something.
run_once_more()
{
	make_tree <<-'EOF'
		good() { :; }
		late() { [ -e "$ROOT/been" ] || { touch "$ROOT/been"; fail "too early"; }; }
		bad() { fail "always"; }
		ROOT=${0%/selftests/*}
		ALL_TESTS="good late bad"
	EOF
	: >"$CASE_DIR/skips"
	VNET_AGAIN='' run_tree room/t:good room/t:late
	check_result late fail 'too early'
	rm "$TREE/been"
	VNET_AGAIN=1 run_tree room/t:good room/t:late
	check_eq "$RC" 0 "status where the second run passes"
	check_result late pass 'too early'
	judge
	check_match "$(<"$CASE_DIR/judged")" $'UNSTEADY.*room/t:late +too early\n2 passed, 0 failed, 0 skipped$' "verdict"
	VNET_AGAIN=1 run_tree room/t:good room/t:bad
	check_eq "$RC" 1 "status where the second run fails"
	check_result bad fail always
	rm "$TREE/been"
	VNET_AGAIN=1 run_tree room/t:late room/t:bad
	check_result late fail 'too early'
	rm "$TREE/been"
	rm "$TREE/selftests/vm"
	mkdir "$TREE/selftests/vm"
	ln -s "$SELFTESTS/vm/leaks" "$TREE/selftests/vm/"
	printf '#!/bin/sh\necho WARNING\nexit 1\n' >"$TREE/selftests/vm/scan-log"
	chmod +x "$TREE/selftests/vm/scan-log"
	VNET_AGAIN=2 run_tree room/t:late
	check_result late fail 'too early'
	check_eq "$(grep -c '^# unsteady' "$TREE/results")" 0 "cases called unsteady though the kernel spoke"
}

judged()
{
	TREE=$CASE_DIR
	printf '# No comment counts\n6.1*\troom/t:s*\tnot there\n' >"$CASE_DIR/skips"
	printf '# file room/t\n# plan room/t 2\nroom/t\ta\tpass\t\nroom/t\tso\tskip\twhy\n# done\n' >"$CASE_DIR/results"
	judge
	check_eq "$RC $(tail -n 1 "$CASE_DIR/judged")" "0 1 passed, 0 failed, 1 skipped" "a skip that is listed"
	printf '6.1\troom/t:s*\tnot there\n' >"$CASE_DIR/skips"
	judge
	check_eq "$RC $(tail -n 1 "$CASE_DIR/judged")" "1 1 passed, 0 failed, 1 skipped" "a skip on another kernel"
	sed -i '/so/d' "$CASE_DIR/results"
	judge
	check_eq "$RC $(tail -n 1 "$CASE_DIR/judged")" "1 1 passed, 1 failed, 0 skipped" "fewer results than planned"
	sed -i 's/plan room.t 2/plan room\/t 1/; /done/d' "$CASE_DIR/results"
	judge
	check_eq "$RC $(tail -n 1 "$CASE_DIR/judged")" "1 1 passed, 1 failed, 0 skipped" "a run without its end"
	: >"$CASE_DIR/results"
	judge
	check_eq "$RC $(tail -n 1 "$CASE_DIR/judged")" "1 0 passed, 1 failed, 0 skipped" "no results"
}

# guest_of_three: a tree with three tests and an in-vm of ours, a guest that does test after test. A line of the file deaths is
# the kernel log with which it dies at the second; with the file slow it is busy there, and with late at its boot, until others
# have taken the rest.
guest_of_three()
{
	make_tree <<<$'c() { :; }\nALL_TESTS=c'
	cd "$TREE" || die "no tree"
	cp selftests/room/t.sh selftests/room/u.sh
	cp selftests/room/t.sh selftests/room/v.sh
	rm selftests/vm
	mkdir selftests/vm
	ln -s "$SELFTESTS/vm/emulator-fault" selftests/vm/
	ln -s "$SELFTESTS/check" "$SELFTESTS/collect" selftests/
	printf '#!/bin/sh\n' >selftests/vm/kernel
	: >selftests/skips
	cat >selftests/in-vm <<-'EOF'
		#!/bin/bash
		[ "$1" != -b ] || exit 0
		while [ "$1" != selftests/run ]; do
			case $1 in -o) out=$2 ;; -l) log=$2 ;; esac
			shift
		done
		echo booted >>boots
		: >"$log"
		while [ -e late ] && [ ! -e "$out/taken.3" ]; do sleep 1; done
		nr=0
		for test in room/v room/u room/t; do
			nr=$((nr + 1))
			mkdir "$out/taken.$nr" 2>/dev/null || continue
			printf '# file %s\n# plan %s 1\n' $test $test >>"$out/results.$VNET_SHARD"
			[ $test != room/u ] || [ ! -s deaths ] || {
				printf '%s\tc\tpass\t\n' $test >>"$out/results.$VNET_SHARD"
				head -n 1 deaths >"$log"
				sed -i 1d deaths
				exit 124
			}
			[ $test != room/u ] || while [ -e slow ] && [ ! -e "$out/taken.3" ]; do sleep 1; done
			printf '%s\tc\tpass\t\n' $test >>"$out/results.$VNET_SHARD"
		done
		echo '# done' >>"$out/results.$VNET_SHARD"
	EOF
	chmod +x selftests/in-vm selftests/vm/kernel
	export VNET_GUESTS=1 VNET_QUICK='' VNET_BUILD=$TREE/build
}

# A guest that dies of the emulator's fault is replaced by one that takes up what it was at, and what is left, three times
# at most; one that dies of anything else is not.
guest_replaced()
{
	guest_of_three
	local gone='[ 1.0] Oops: int3: 0000 [#1] PREEMPT SMP [ 1.0] Code: 66 90 eb <05> c3' rc

	for case in "1 0 2 $gone" "2 0 3 $gone" "3 1 3 $gone" "1 1 1 ${gone/eb <05>/cc <05>}" "1 1 1 ${gone/int3/invalid opcode}"; do
		read -r deaths status boots line <<<"$case"
		rm -f boots deaths
		while [ "$deaths" -gt 0 ]; do
			echo "$line" >>deaths
			deaths=$((deaths - 1))
		done
		rc=0
		selftests/check 6.12 >output 2>&1 || rc=$?
		check_eq "$rc $(wc -l <boots)" "$status $boots" "status and guests of: $case"
		[ "$status" = 1 ] || check_eq "$(tail -n 1 output)" "3 passed, 0 failed, 0 skipped" "verdict of: $case"
	done
}

# What has been begun when the time is over is finished, and the rest is named; where nothing has been begun, the run fails.
time_over()
{
	guest_of_three
	local rc=0

	: >slow
	VNET_UNTIL=$(($(date +%s) + 20 * ${VNET_WAIT:-1})) selftests/check 6.12 >output 2>&1 || rc=$?
	check_eq "$rc $(tail -n 2 output)" $'0 LEFT OUT on 6.12, for the time was over: room/t\n2 passed, 0 failed, 0 skipped' \
		"where the time is over during the second test"
	rm slow
	rc=0
	VNET_UNTIL=$(($(date +%s) + 300)) selftests/check 6.12 >output 2>&1 || rc=$?
	check_eq "$rc $(tail -n 1 output)" '0 3 passed, 0 failed, 0 skipped' "where there is time for all"
	: >late
	VNET_UNTIL=1 selftests/check 6.12 >output 2>&1 || rc=$?
	check_eq "$rc $(grep -c 'FAILED  the run gave no results' output)" "1 1" "where there is none"
}

ALL_TESTS="
	verdicts_and_leftovers
	time_limit
	slow_machine
	chosen_case_only
	quick_set
	run_once_more
	judged
	guest_replaced
	time_over
"
run_tests "$@"
