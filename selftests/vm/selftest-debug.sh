#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# The proving ground's own test, on the host: boots the debug kernel with a module that misbehaves on request
# (planted/), and shows that each misdeed is reported with its name and fails the run. KTAP on stdout.
#
#   selftest-debug.sh [GLOB of bugs]...
#
# No guest is begun after VNET_UNTIL, seconds of the clock; what is left out is named.
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What the report of each must say. The leak is found when the run ends, by which time the module is gone.
declare -A words=(
    [use_after_free]='KASAN: slab-use-after-free in planted_use_after_free'
    [out_of_bounds]='KASAN: slab-out-of-bounds in planted_out_of_bounds'
    [leak]='unreferenced object .*planted_leak'
    [lock_inversion]='possible circular locking dependency detected.*planted_lock_inversion'
    [sleep_in_atomic]='sleeping function called from invalid context.*planted_sleep_in_atomic'
    [rcu_without_lock]='suspicious RCU usage.*planted_rcu_without_lock'
    [refcount_underflow]='refcount_t: underflow.*planted_refcount_underflow'
    [device_reference]='waiting for held to become free.*planted_device_reference'
    [free_active_timer]='ODEBUG: free active .*planted_free_active_timer'
    [shift]='UBSAN: shift-out-of-bounds.*planted_shift'
    [array_index]='UBSAN: array-index-out-of-bounds.*planted_array_index'
)

# Bugs that share a guest. The first report of a lock ends the search for wrong locks, so each of these has its own. The
# leak comes last, for a module that is loaded later would lend its names to the addresses of this one.
guests=(none
    'use_after_free out_of_bounds sleep_in_atomic refcount_underflow free_active_timer shift array_index device_reference leak'
    lock_inversion rcu_without_lock)

# in_guest BUG...: what is done there. The device can go once the module has.
in_guest() {
    local bug
    for bug; do
        case $bug in
        device_reference)
            ip link add held type dummy
            insmod "$KMODS/planted.ko" bug="$bug" dev=held
            ip link del held &
            until dmesg | grep -q 'waiting for held'; do sleep 0.2; done
            ;;
        *) insmod "$KMODS/planted.ko" bug="$bug" ;;
        esac
        # See leaks.
        echo "$(cat /sys/module/planted/sections/.text) planted" >>/run/vm.unloaded
        rmmod planted
        wait
    done
}

# boot BUG...: leaves the output of a guest with them in $work/output and its kernel log, of which the output shows only
# the beginning, in $work/log; fails unless the run ended as it must. A guest that the emulator has killed is replaced.
boot() {
    local status want=125
    if [ "$1" = none ]; then want=0; fi
    for _ in 1 2 3; do
        status=0
        "$here/run" -k debug -d "$work/build" -t 1200 -l "$work/log" -- \
            bash -c "$(declare -f in_guest); set -e; in_guest $*" >"$work/output" 2>&1 || status=$?
        if [ "$status" = "$want" ]; then return; fi
        "$here/emulator-fault" "$work/log" || break
    done
    echo "# a run with $* ended with status $status, not $want"
    return 1
}

nr=0 failed=0 left=0
# result BUG STATUS: STATUS is that of boot.
result() {
    nr=$((nr + 1))
    if [ "$2" = 0 ] && tr '\n' ' ' <"$work/log" | grep -qE -- "${words[$1]-}"; then
        echo "ok $nr $1"
    else
        echo "not ok $nr $1 # wanted: ${words[$1]-nothing}"
        failed=1
    fi
}

# chosen BUG...: prints those that one of the globs stands for.
chosen() {
    local bug glob
    for bug; do
        for glob in "${globs[@]}"; do
            # shellcheck disable=SC2053 # a glob
            if [[ $bug == $glob ]]; then printf '%s ' "$bug" && break; fi
        done
    done
}

[ $# -gt 0 ] || set -- '*'
globs=("$@")
assignments=$("$here/kernel" debug) || exit 1
eval "$assignments"
cp -r "$here/planted" "$work/build"
# shellcheck disable=SC2154 # kdir comes from kernel
make -s -C "$kdir" M="$work/build" modules >"$work/output" 2>&1 || { cat "$work/output" >&2; exit 1; }
read -ra all < <(chosen none "${!words[@]}")
echo "KTAP version 1"
echo "1..${#all[@]}"
for guest in "${guests[@]}"; do
    read -ra bugs <<<"$guest"
    read -ra bugs < <(chosen "${bugs[@]}") || true
    [ ${#bugs[@]} -gt 0 ] || continue
    if [ "$(date +%s)" -ge "${VNET_UNTIL:-9999999999}" ]; then
        echo "LEFT OUT, for the time was over: planted ${bugs[*]}"
        left=$((left + ${#bugs[@]}))
        continue
    fi
    status=0
    boot "${bugs[@]}" || status=1
    before=$failed
    for bug in "${bugs[@]}"; do result "$bug" "$status"; done
    if [ "$failed" != "$before" ]; then sed 's/^/# /' "$work/output" | tail -n 150; fi
done
[ $((nr + left)) = "${#all[@]}" ] || { echo "# $nr of ${#all[@]} bugs were tried"; failed=1; }
exit "$failed"
