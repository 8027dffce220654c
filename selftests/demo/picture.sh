# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Part of run: the topology as a drawing 76 columns wide, each name and address in it asked from the kernel.
#   look DEV [NETNS]   sets $mac, $v4, $v6 and $peer, the host's end of a pair
#   draw BRIDGE UPLINK OUTSIDE CONTAINER...   sets $output; OUTSIDE and each of the three containers have an eth0

look() {
    local words word last='' entry
    mac='' v4='' v6='' peer=''
    read -r -d '' -a words < <(ip ${2:+-n "$2"} addr show dev "$1")
    for word in "${words[@]}"; do
        case $last in
        link/ether) mac=$word ;;
        inet) v4=$word ;;
        inet6) [[ $word == fe80:* ]] || v6=$word ;;
        esac
        last=$word
    done
    [[ ${2:+${words[1]-}} =~ @if([0-9]+): ]] || return 0
    read -r _ entry < <(ip -o link show | grep "^${BASH_REMATCH[1]}: ")
    peer=${entry%%[@:]*}
}

# Both add to $lines: border WIDTH TEXT, with the text in its middle; edges WIDTH TEXT, the text between two of them.
border() {
    local text=" $2 " dashes piece
    printf -v dashes '%*s' $(($1 - 2)) ''
    dashes=${dashes// /-}
    piece=+${dashes:0:($1 - ${#text}) / 2 - 1}$text
    lines+=("$piece${dashes:${#piece} - 1}+")
}

edges() {
    local piece
    printf -v piece '| %-*s |' $(($1 - 4)) "$2"
    lines+=("$piece")
}

# box NETNS TOP BOTTOM: what eth0 there has, as $lines.
box() {
    local text
    lines=()
    look eth0 "$1"
    border 24 "$2"
    for text in "$v4" "$v6" "$mac"; do edges 24 "$text"; done
    border 24 "$3"
}

draw() {
    local lines rows=() name i
    for name in "${@:4}"; do
        box "$name" "$(enter "$name" hostname)" eth0
        lines+=("           |            ")
        [ -n "$(ip -br link show master "$1" dev "$peer")" ] || peer=none
        border 24 "$peer"
        for i in "${!lines[@]}"; do rows[i]+="${rows[i]:+  }${lines[i]}"; done
    done
    rows[6]=${rows[6]//+  +/----}
    lines=()
    look "$1"
    edges 76 "$1  $v4  $v6  $mac"
    border 76 "$HOSTNAME: routing, masquerade"
    look "$2"
    edges 76 "$2  $v4  $v6  $mac"
    look eth0 "$3"
    border 76 "$peer"
    rows+=("${lines[@]}")
    box "$3" eth0 "$3"
    lines=("           |" "${lines[@]}")
    rows+=("${lines[@]/#/$(printf '%26s' '')}")
    printf -v output '%s\n' "${rows[@]}"
    output=${output%$'\n'}
}
