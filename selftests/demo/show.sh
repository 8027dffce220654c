# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Part of run: steps, their commands and what came of them, on the screen. After a failure the rest of a step does
# nothing, for it would only repeat it; $broken says what is wrong.
#   step TITLE FUNCTION [ARG]...   one step; status 1 if anything in it failed
#   run COMMAND...          print each command, run it in this shell, print its output, which is then in $output
#   check SENTENCE CMD...   the step fails with that sentence unless CMD succeeds
#   await SENTENCE CMD...   the same, but CMD has $patience seconds to succeed, or 20
#   say TEXT...             lines of explanation
#   conclude TEXT...        the summary, these lines in it where all went well; status 1 if a step failed

tmp=$(mktemp -d) || exit 1
trap 'rm -r "$tmp"' EXIT
begun=${EPOCHREALTIME/./} steps=0 failed=() output='' broken=''

# CLICOLOR_FORCE is for a caller that passes all this on to a terminal.
bold='' good='' bad='' plain=''
if [ -z "${NO_COLOR-}" ] && { [ "${CLICOLOR_FORCE:-0}" != 0 ] || { [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; }; }; then
    bold=$'\e[1m' good=$'\e[32m' bad=$'\e[31m' plain=$'\e[m'
fi

# since START: sets $duration
since() {
    local tenths=$(((${EPOCHREALTIME/./} - $1 + 50000) / 100000))
    duration="$((tenths / 10)).$((tenths % 10)) s"
}

step() {
    local title=$1 start=${EPOCHREALTIME/./}
    broken=''
    printf '%s%2d  %s%s\n' "$bold" $((++steps)) "$title" "$plain"
    "${@:2}"
    since "$start"
    if [ -n "$broken" ]; then
        printf '    %sfailed%s, %s: %s\n\n' "$bad" "$plain" "$duration" "$broken"
        failed+=("$steps  $title")
        return 1
    fi
    printf '    %sok%s, %s\n\n' "$good" "$plain" "$duration"
}

# Indented, broken at 80 columns, no blanks at line ends; in the shell itself, as processes are dear under TCG.
print_output() {
    local line part
    [ -n "$output" ] || return 0
    while IFS= read -r line; do
        line="    ${line//$'\t'/    }"
        while [ ${#line} -gt 80 ]; do
            part=${line:0:80}
            [[ ! $part =~ [^\ ]\  ]] || part=${part% *}
            echo "${part%"${part##*[! ]}"}"
            line="         ${line:${#part}}"
        done
        echo "${line%"${line##*[! ]}"}"
    done <<<"$output"
}

run() {
    local command status=0
    for command in "$@"; do
        [ -z "$broken" ] || return 0
        printf '    %s$ %s%s\n' "$bold" "${command//$'\n'/$'\n'      }" "$plain"
        eval "$command" >"$tmp/output" 2>&1 || status=$?
        IFS= read -r -d '' output <"$tmp/output"
        output=${output%$'\n'}
        print_output
        [ "$status" = 0 ] || broken="the command ended with status $status"
    done
}

check() {
    [ -n "$broken" ] || "${@:2}" >/dev/null 2>&1 || broken=$1
}

await() {
    local end=$((SECONDS + ${patience:-20}))
    until [ -n "$broken" ] || "${@:2}" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || broken=$1
        sleep 0.1
    done
}

say() {
    [ -n "$broken" ] || printf '    %s\n' "$@"
}

conclude() {
    since "$begun"
    printf '%sSummary%s\n' "$bold" "$plain"
    if [ ${#failed[@]} -gt 0 ]; then
        printf '    %s\n' "$bad${#failed[@]} of $steps steps failed$plain, after $duration:" "${failed[@]}"
        return 1
    fi
    printf '    %s\n' "${good}All $steps steps ok$plain, $duration." "$@"
}
