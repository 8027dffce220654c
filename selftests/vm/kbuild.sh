# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced, after apt.sh, by those who build a kernel from Debian's source: debug-kernel and ../um/build. A kernel is built
# once and kept in the cache, until a line of its configuration, the compiler or how it is laid out changes.
#
#	build_once NAME UPDATE	prints what show_kernel says of the kernel NAME, after building it where there is none yet, or
#				where UPDATE is not empty and there is a newer source
# The caller has, beside the functions named here:
#	config			prints the configuration, of which every line has to hold in the result
#	build_kernel TREE	makes the kernel in the current folder, a configured source, and lays it out in TREE
#	show_kernel TREE	prints where its parts are; touches TREE
#	make_flags=()		for make; they count as configuration
#	layout			goes up when entries made so far are of no use any more

series=6.12

# Half of the source: the code (not the Kconfig files) of what is never built here.
unneeded=(arch/{alpha,arc,arm,arm64,csky,hexagon,loongarch,m68k,microblaze,mips,nios2,openrisc,parisc,powerpc,riscv}
    arch/{s390,sh,sparc,xtensa} drivers/{gpu,media,staging,infiniband,scsi,net/ethernet,net/wireless} sound Documentation)

# stage TITLE COMMAND...: the output goes to the log, and its end is shown where the command fails.
stage() {
    local start=$SECONDS
    say "$1"
    shift
    # In the background, for errexit would be off in a command that is tested.
    "$@" >>"$log" 2>&1 &
    if ! wait $!; then
        tail -n 30 "$log" >&2
        die "failed; all of it is in $log"
    fi
    say "done in $((SECONDS - start)) s"
}

# Nothing of the caller's environment (its make's flags, ARCH, CC, O ...) is meant for this kernel.
kmake() {
    env -i PATH="$PATH" HOME="$HOME" LC_ALL=C make -s -j"$(nproc)" \
        LOCALVERSION= KBUILD_BUILD_USER=vnet KBUILD_BUILD_HOST=vnet "${make_flags[@]}" "$@"
}

# A line that Kconfig did not take is a checker that checks nothing, or missing from every measurement, and nobody would
# know.
configure() {
    local line bad=0
    kmake KCONFIG_ALLCONFIG=../fragment allnoconfig
    while IFS= read -r line; do
        case $line in
        CONFIG_*) if grep -qxF -- "$line" .config; then continue; fi ;;
        '# CONFIG_'*' is not set') if ! grep -q "^$(cut -d' ' -f2 <<<"$line")=" .config; then continue; fi ;;
        *) continue ;;
        esac
        echo "Kconfig did not take the line: $line"
        bad=1
    done <../fragment
    return "$bad"
}

# Leaves the cache entry in $work/tree.
build_from_source() {
    local without=("${unneeded[@]/%//*.[chS]}" 'Documentation/*.rst' 'Documentation/*.yaml')
    : >"$log"
    cd "$work" || die "no folder $work"
    unpack_source "$series" "$1" linux "${without[@]/#/--exclude=linux-source-$series/}"
    config >fragment
    cd linux || die "no source in $work"
    stage "configuring" configure
    build_kernel "$work/tree"
}

config_key() {
    {
        config | grep -E '^(CONFIG_|# CONFIG_.* is not set$)'
        echo "$series $layout ${make_flags[*]}"
        gcc -dumpfullversion
    } | sha256sum | cut -c1-12
}

build_once() {
    local name=$1 update=$2 tool key link version entry
    for tool in bc bison flex gcc make perl strip xz; do
        [ -n "$(type -P "$tool")" ] || die "$tool is missing; see the lists of Debian packages beside this script"
    done
    find_cache
    key=$(config_key)
    link=$cache/$name-$key
    log=$cache/$name-build.log
    # One build at a time; who waited finds the work done.
    exec 9>"$cache/lock-$name"
    if [ -n "$update" ] || [ ! -e "$link" ]; then
        flock -n 9 || { say "waiting for another build to end"; flock 9; }
    fi
    if [ -n "$update" ] || [ ! -e "$link" ]; then
        rm -rf "$cache/build-$name".*
        work=$(mktemp -d "$cache/build-$name.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        version=$(source_version "$series")
        entry=kernel-$name-${version//[^A-Za-z0-9.+-]/_}-$key
        if [ ! -e "$cache/$entry" ]; then build_from_source "$version"; fi
        publish "$entry" "$link"
        # What nobody asked for in the last week goes.
        find "$cache" -maxdepth 1 -name "kernel-$name-*" -type d -mtime +7 -exec rm -rf {} +
        find "$cache" -maxdepth 1 -name "$name-*" -xtype l -delete
    fi
    show_kernel "$(readlink -f "$link")"
}
