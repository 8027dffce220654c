# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by `kernel`, `debug-kernel` and `../um/build`: their messages, their cache, and how they get packages. Nothing is installed
# and no root is needed.

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@"; exit 1; }

# The comment at the head of the script.
usage() { sed -nE '/^#$/,/^set/s/^# ?//p' "$0" >&2; exit 2; }

# Leaves the cache's folder in $cache.
find_cache() {
    [ "$(uname -m)" = x86_64 ] || die "only amd64 kernels are known, this machine is $(uname -m)"
    cache=${VNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vnet}
    mkdir -p "$cache"
    cache=$(cd "$cache" && pwd -P)
}

# publish ENTRY LINK: gives the finished $work/tree its name in the cache, and LINK to it. In this order and by
# renaming, so that nobody ever sees a part.
publish() {
    if [ ! -e "$cache/$1" ]; then mv "$work/tree" "$cache/$1"; fi
    ln -s "$1" "$work/link"
    mv -T "$work/link" "$2"
}

# not_to_be_had WHAT SERIES: refuses in one sentence: apt was never updated, or this distribution has no such series.
not_to_be_had() {
    if [ -z "$(apt-cache madison linux-image-amd64)" ]; then
        die "apt knows no kernel packages yet; run: sudo apt-get update"
    fi
    die "apt has no $1 of the series $2 here; there are:" \
        "$(apt-cache pkgnames linux-image- | sed -nE 's/^linux-image-([0-9]+\.[0-9]+)\.[^ ]*-amd64$/\1/p' |
            sort -uV | paste -sd' ')"
}

# Prints the newest version of the kernel source of the series $1.
source_version() {
    local version
    version=$(apt-cache madison "linux-source-$1" | sed -nE '1s/^[^|]*\| *([^ ]*).*/\1/p')
    [ -n "$version" ] || not_to_be_had "source package" "$1"
    printf '%s' "$version"
}

# download PACKAGE...: into the current folder.
download() {
    say "fetching $*"
    # As root apt would switch to a user that cannot write here, and warn.
    apt-get -qq -o APT::Sandbox::User=root download "$@" >download.log 2>&1 || {
        cat download.log >&2
        die "the download failed; if the package lists are old, run: sudo apt-get update"
    }
}

# unpack_source SERIES VERSION FOLDER [OPTION of tar, or MEMBER]...: unpacks the kernel's source there.
unpack_source() {
    local package=linux-source-$1 version=$2 folder=$3
    shift 3
    download "$package=$version"
    say "unpacking"
    mkdir "$folder"
    dpkg-deb --fsys-tarfile "$package"_*.deb | tar -xO "./usr/src/$package.tar.xz" |
        tar -xJ -C "$folder" --strip-components=1 "${@//\%/$package}"
}
