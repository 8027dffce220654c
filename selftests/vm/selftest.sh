#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# selftest.sh [VERSION]: checks `run` and `scan-log` themselves. Runs on the host, boots about ten guests; KTAP.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
version=${1-6.12}
# Long enough for a guest on a busy host to boot and be given up.
limit=600
work=$(mktemp -d /var/tmp/vm-selftest.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
number=0 failed=0

cases=(
    scan_finds_each_kind scan_passes_a_clean_log
    command_and_environment status_and_partial_line output_comes_line_by_line nothing_is_lost
    leftover_processes_do_not_hold_it modules_load_by_name_and_alias modules_of_ours
    hang_is_124 panic_is_124 emulators_fault_is_told finding_is_125 two_at_once tree_below_tmp
    killed_run_leaves_nothing icount_boots
)

report() {
    number=$((number + 1))
    if [ "$2" = 0 ]; then
        echo "ok $number $1"
    else
        echo "not ok $number $1"
        sed 's/^/# /' "$work/err" 2>/dev/null | tail -n 20
        failed=$((failed + 1))
    fi
}

vm() { "$here/run" -k "$version" -t "$limit" "$@" 2>"$work/err"; }

# is GOT WANTED: says what differs where it fails.
is() {
    [ "$1" = "$2" ] && return
    printf '# got "%s", wanted "%s"\n' "$1" "$2"
    return 1
}

# A line of each kind, without the words of another kind that a kernel may print beside it.
bad_lines() {
    cat <<'LINES'
[   10.1] WARNING: CPU: 1 PID: 77 at net/core/dev.c:100 dev_foo+0x1/0x2
[   10.1] BUG: kernel NULL pointer dereference, address: 0000000000000008
[   10.1] kernel BUG at net/core/skbuff.c:192!
[   10.1] Oops: 0002 [#1] PREEMPT SMP NOPTI
[   10.1] general protection fault, probably for non-canonical address 0xdead000000000108
[   10.1] traps: PANIC: double fault, error_code: 0x0
[   10.1] Kernel panic - not syncing: Fatal exception in interrupt
[   10.1] KASAN: null-ptr-deref in range [0x0000000000000000-0x0000000000000007]
[   10.1] Reported by Kernel Concurrency Sanitizer on: KCSAN
[   10.1] UBSAN: array-index-out-of-bounds in net/core/foo.c:1:2
[   10.1] possible recursive locking detected
[   10.1] possible circular locking dependency detected
[   10.1] possible irq lock inversion dependency detected
[   10.1] inconsistent lock state
[   10.1] suspicious RCU usage
[   10.1] DEBUG_LOCKS_WARN_ON(lock->magic != lock)
[   10.1] bad unlock balance detected!
[   10.1] held lock freed!
[   10.1] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
[   10.1] rcu: INFO: rcu_sched self-detected stall on CPU
[   10.1] rcu: rcu_preempt kthread starved for 5250 jiffies!
[   10.1] watchdog: soft lockup - CPU#1 stuck for 22s! [ip:99]
[   10.1] Watchdog detected hard LOCKUP on cpu 1
[   10.1] workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!
[   10.1] INFO: task ip:123 blocked for more than 120 seconds.
[   10.1] NETDEV WATCHDOG: eth0 (foo): transmit queue 0 timed out 5000 ms
[   10.1] refcount_t: underflow; use-after-free.
[   10.1] ref_tracker: netdev@ffff88810 has 1/1 users at
[   10.1] ODEBUG: free active (active state 0) object: ffff88810 object type: timer_list
[   10.1] list_add corruption. next->prev should be ffff8881, but was dead
[   10.1] list_del corruption. prev->next should be ffff8881, but was dead
[   10.1] unregister_netdevice: waiting for vv0 to become free. Usage count = 2
[   10.1] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
[   10.1] unreferenced object 0xffff888100000000 (size 64):
[   10.1] Call Trace:
LINES
}

scan_finds_each_kind() {
    local line missed=0
    while IFS= read -r line; do
        printf '%s\n' "[    1.0] a" "$line" "[    2.0] b" >log
        "$here/scan-log" log >found 2>&1
        if [ $? != 1 ] || ! grep -qF -- "$line" found; then
            echo "# missed: $line"
            missed=1
        fi
    done < <(bad_lines)
    return "$missed"
}

scan_passes_a_clean_log() {
    cat >log <<'LINES'
[    0.0] Linux version 6.12.0 (SMP PREEMPT_DYNAMIC)
[    0.0] Command line: console=ttyS0 oops=panic watchdog_thresh=30 rcupdate.rcu_cpu_stall_timeout=60
[    0.1] rcu: Hierarchical RCU implementation.
[    0.1] kfence: initialized - using 2097152 bytes for 255 objects
[    0.2] NMI watchdog: Perf NMI watchdog permanently disabled
[    5.0] vveth: loading out-of-tree module taints kernel.
[    5.0] vveth: module verification failed: signature and/or required key missing - tainting kernel
[    6.0] warning: `foo' uses deprecated v2 capabilities in a way that may be insecure
[    6.2] WARNING: CPU: 0 PID: 316 at kernel/trace/trace_events.c:1150 event_file_put+0xb8/0x100
[    6.2] Call Trace:
[    6.2] ---[ end trace 0000000000000000 ]---
[    6.5] pktgen: WARNING: trying to remove a running interface, stopping it now
[    7.0] bridge: filtering via arp/ip/ip6tables is no longer available by default.
LINES
    "$here/scan-log" log
}

command_and_environment() {
    local got
    # shellcheck disable=SC2016 # for the guest's shell to expand
    got=$(HIDDEN=1 vm -e "A=x  y" -o out -l log sh -c 'id -u; pwd; echo "$A"; echo "${HIDDEN-none}"; hostname
        ip -br link show up | cut -d" " -f1; echo file >$VNET_OUT/file; echo e >/dev/stderr; touch /usr/bin/x && echo w')
    is $? 0 && is "$got" "$(printf '%s\n' 0 "$work" "x  y" none vnet lo e w)" && is "$(cat out/file)" file &&
        [ -s log ] && [ ! -e /usr/bin/x ]
}

status_and_partial_line() {
    local got
    got=$(vm sh -c 'echo one; printf two; exit 7')
    is $? 7 && is "$got" $'one\ntwo'
}

# The guest's second line waits for the file that answers its first one.
output_comes_line_by_line() {
    local got
    # shellcheck disable=SC2016 # for the guest's shell to expand
    got=$(vm -o out sh -c 'echo first; timeout 30 sh -c "until [ -e $VNET_OUT/go ]; do sleep 0.1; done"; echo $?' |
        while IFS= read -r line; do
            echo "$line"
            [ "$line" != first ] || touch out/go
        done)
    is "$got" $'first\n0'
}

nothing_is_lost() { is "$(vm seq 50000 | cksum)" "$(seq 50000 | cksum)"; }

leftover_processes_do_not_hold_it() {
    vm sh -c '(trap "" TERM; sleep 1000; echo late) & setsid sleep 1000 & exit 3' >/dev/null
    is $? 3
}

modules_load_by_name_and_alias() {
    vm sh -ec 'modprobe tun; ip link add v0 type veth peer name v1; ip link add br0 type bridge
        nft add table inet t; nft list ruleset; ip netns add n; ip netns exec n ip link set lo up
        grep ^veth /proc/modules' >/dev/null
    is $? 0
}

# The in-tree dummy under another name stands for a module of ours.
modules_of_ours() {
    local release='' modules=''
    eval "$("$here/kernel" "$version")"
    mkdir -p ours
    cp "$modules"/kernel/drivers/net/dummy.ko ours/vm_dummy.ko
    # shellcheck disable=SC2016 # for the guest's shell to expand
    vm -d ours sh -ec 'test -e $KMODS/vm_dummy.ko; test "$(modinfo -n vm_dummy)" = /lib/modules/$(uname -r)/updates/vm_dummy.ko
        test $(uname -r) = "$1"; modprobe vm_dummy; ip link add d0 type dummy; ip link show d0' sh "$release" >/dev/null
    is $? 0
}

hang_is_124() {
    local start=$SECONDS got
    got=$("$here/run" -k "$version" -t 90 sh -c 'echo before; sleep 1000' 2>"$work/err")
    is $? 124 && [ $((SECONDS - start)) -lt 300 ] && grep -q 'no verdict after 90 s' err && grep -q '^\[' err
}

panic_is_124() {
    local start=$SECONDS
    vm sh -c 'echo c >/proc/sysrq-trigger; sleep 1000'
    is $? 124 && [ $((SECONDS - start)) -lt "$limit" ] && grep -q 'Kernel panic - not syncing: sysrq' err
}

# Two panics that differ in what the trapped code is.
emulators_fault_is_told() {
    local kdir='' bug status
    eval "$("$here/kernel" "$version")"
    cp -r "$here/planted" bugs
    make -s -C "$kdir" M="$work/bugs" modules >err 2>&1 || return
    for bug in gone_breakpoint breakpoint; do
        # shellcheck disable=SC2016 # for the guest's shell to expand
        vm -d bugs -l log sh -c 'insmod "$KMODS/planted.ko" bug="$1"' sh "$bug" >/dev/null
        is $? 124 || return
        status=0
        "$here/emulator-fault" log || status=$?
        if [ "$bug" = breakpoint ]; then is "$status" 1; else is "$status" 0; fi || return
    done
    echo clean >log
    status=0
    "$here/emulator-fault" log || status=$?
    is "$status" 1
}

finding_is_125() {
    vm sh -c 'echo "refcount_t: underflow; use-after-free." >/dev/kmsg'
    is $? 125 && grep -q 'refcount_t: underflow' err
}

two_at_once() {
    local first second
    "$here/run" -k "$version" -t "$limit" sh -c 'exit 5' 2>/dev/null &
    first=$!
    "$here/run" -k "$version" -t "$limit" sh -c 'exit 6' 2>/dev/null &
    second=$!
    wait "$first"
    is $? 5 || return
    wait "$second"
    is $? 6
}

# A tree below /tmp is seen by a guest started there; any other guest has an empty /tmp.
tree_below_tmp() {
    local tree got
    tree=$(mktemp -d /tmp/vm-selftest.XXXXXX)
    cp -r "$here" "$tree/vm"
    echo yes >"$tree/file"
    got=$(cd "$tree" && vm/run -k "$version" -t "$limit" cat file 2>"$work/err") && is "$got" yes &&
        is "$(vm sh -c 'ls -A /tmp; stat -c %a /tmp')" 1777
    set -- $?
    rm -rf "$tree"
    return "$1"
}

# Killed hard: the guest's QEMU must go with it.
killed_run_leaves_nothing() {
    local pid qemu i
    TMPDIR=$work "$here/run" -k "$version" -t "$limit" sleep 1000 >/dev/null 2>&1 &
    pid=$!
    for ((i = 0; i < 600; i++)); do
        qemu=$(pgrep -P "$pid" qemu-system) && break
        sleep 0.1
    done
    [ -n "$qemu" ] || return 1
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    for ((i = 0; i < 50; i++)); do
        kill -0 "$qemu" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$qemu"
    return 1
}

icount_boots() {
    is "$(vm -a icount nproc)" 1
}

# The case of that name, in a folder without what the last one has left.
one() {
    : >err
    rm -rf out
    "$name"
}

echo "KTAP version 1"
echo "1..${#cases[@]}"
for name in "${cases[@]}"; do
    status=0
    one || status=$?
    # What takes time may need more of it on a busy machine: as selftests/run does, once more where the caller wants that.
    if [ "$status" != 0 ] && [ -n "${VNET_AGAIN-}" ]; then
        sed 's/^/# /' err | tail -n 20
        status=0
        one || status=$?
        if [ "$status" = 0 ]; then echo "UNSTEADY, failed at first and passed when run again: vm/selftest:$name"; fi
    fi
    report "$name" "$status"
done
[ "$failed" = 0 ]
