# SPDX-License-Identifier: GPL-2.0
# make help lists the targets.

# The kernel to build for: the running one's build tree, else the newest supported one that is installed.
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	$(shell ls -d /lib/modules/6.*/build /usr/src/linux-headers-6.*-amd64 2>/dev/null | sort -rV))
# The kernel to test on: a series that Debian has.
KERNEL ?= 6.12
# Which tests: globs over room/file.
T ?= *
# Where make check-deb tries the packages.
SUITE ?= bookworm trixie
# What make bench counts: icount (instructions) or time (nanoseconds); and which rows: globs.
MODE ?= icount
ROWS ?=
B := build

# What a caller may hand on to the kernel's own make.
kargs = $(foreach v,ARCH W C CF V CC LLVM CROSS_COMPILE,$(if $(filter command environment,$(firstword $(origin $v))),'$v=$($v)'))

## make            all: modules for KDIR, the tool and the plugins, below build/
all: modules tools

## make modules    KDIR=<kernel build tree> [ARCH=um] [W=1] OUT=<folder for the .ko>
modules: OUT ?= $B/modules
modules:
	+@drivers/build '$(KDIR)' '$(OUT)' $(kargs)

## make sparse     the modules once more, through sparse, failing on any warning
sparse: DEPS := style
sparse: deps
	+@$(MAKE) --no-print-directory modules C=2 CF='-D__CHECK_ENDIAN__ -Wsparse-error' OUT=$B/modules-sparse

## make tools      the vnet tool; make plugins [OUT=<folder>]: the link_*.so for ip (IP_LIB_DIR)
tools: plugins
	@$(MAKE) --no-print-directory -C tools all OUT='$(abspath $B/tools)'

plugins: OUT ?= $B/plugins
plugins:
	@$(MAKE) --no-print-directory -C tools plugins OUT='$(abspath $(OUT))'

## make check      [KERNEL=6.1] [T='vveth/*']: the tests, in a VM
check: DEPS := $(filter debug um,$(KERNEL))
check: deps
	@selftests/check '$(KERNEL)' $(foreach t,$(T),'$t')

## make check-debug [T='vveth/*'] [COVERAGE=1]: on a kernel that checks memory, locks and references (built once, 10 min)
check-debug: DEPS := debug
check-debug: deps
	@selftests/check debug $(foreach t,$(T),'$t')

## make check-long  hours: the tests that have a long form in it, on both kernels, the kernel's own of flowtables, and the mutants
check-long: DEPS := debug interop
check-long: deps
	@VNET_LONG=1 selftests/check '$(KERNEL)' $(foreach t,$(T),'$t')
	@VNET_LONG=1 selftests/check debug $(foreach t,$(T),'$t')
	@selftests/interop/run '$(KERNEL)' net/netfilter/nft_flowtable.sh net/netfilter/nft_flowtable.sh+offload
	@selftests/check-mutants '$(KERNEL)'

## make check-cluster [T='cluster/vxlan'] [KERNEL=6.1]: three VMs on a wire, their containers one network
check-cluster: deps
	@selftests/cluster/run '$(KERNEL)' $(foreach t,$(T),'$t')

## make check-interop   [T='net/veth.sh net/gro.sh'] [KERNEL=6.1]: the kernel's own selftests, on veth and on vveth
check-interop: DEPS := interop $(filter debug um,$(KERNEL))
check-interop: deps
	@selftests/interop/run '$(KERNEL)' $(foreach t,$(T),'$t')

## make demo       containers on a vbridge, in a VM
demo: deps
	@selftests/in-vm -k '$(KERNEL)' -t 2400 selftests/demo/run

## make capture    the pictures of the documentation: vnet topo and vnet stats of a small host, and make demo in short
capture: DEPS := um
capture: deps
	@selftests/in-vm -k um -o '$B/capture' selftests/demo/capture
	@install -D -m 644 -t Documentation/pictures $B/capture/topo.svg $B/capture/topo.txt $B/capture/stats.txt $B/capture/drops.txt
	@sed -i '1i <!-- SPDX-License-Identifier: GPL-2.0 -->' Documentation/pictures/topo.svg
	@selftests/in-vm -n -k um selftests/demo/run >$B/capture/demo.log
	@selftests/demo/excerpt -v show='What there is now' $B/capture/demo.log >Documentation/pictures/demo.txt
	@selftests/demo/insert Documentation/pictures README.md Documentation/vnet.md

## make shell      [KERNEL=6.1]: a root shell in the VM, with everything built and in place
shell: deps
	@selftests/in-vm -k '$(KERNEL)' -i bash -i

## make check-mutants   shows that the tests notice broken code; make check-planted: that the debug kernel does
check-mutants: DEPS := debug
check-mutants: deps
	@selftests/check-mutants '$(KERNEL)'

check-planted: DEPS := debug
check-planted: deps
	@selftests/vm/selftest-debug.sh

## make check-vm   tests of the VM runner itself
check-vm: deps
	@selftests/vm/selftest.sh

## make bench      [MODE=time]: the suite beside its in-tree peers, in instructions or in nanoseconds, below build/
bench: DEPS := bench um
bench: deps
	@selftests/bench/run '$(MODE)' $(foreach r,$(ROWS),'$r')

## make bench-gate  fails where a row costs more than it may; make bench-plot draws what was measured
bench-gate: deps
	@selftests/bench/gate

bench-plot: DEPS := bench
bench-plot: deps
	@selftests/bench/plot

## make style      checkpatch --strict, shellcheck, SPDX lines
style: DEPS := style
style: deps
	@selftests/style

## make docs       the pages and man pages as HTML, in build/docs; checks links, man pages, kernel-doc
docs: DEPS := docs
docs: deps
	@Documentation/render $B/docs

deps:
	@selftests/deps $(DEPS)

## make deb        Debian packages vnet-dkms and vnet-tools, in build/deb
## make check-deb  [SUITE=trixie]: installed, used and purged in fresh roots of Debian 12 and 13
deb: DEPS := deb
deb: deps
	@debian/build $B/deb

check-deb: deb
	@debian/check $B/deb $(SUITE)

## make install    the modules for the running kernel, the plugins, the tool; make uninstall takes them away
install: all
	@[ -n '$(DESTDIR)' ] || [ '$(release)' = "$$(uname -r)" ] || \
		echo "install: for $(release), which does not run: boot it, or install linux-headers-$$(uname -r) and make again" >&2
	install -d '$(DESTDIR)/lib/modules/$(release)/updates/vnet'
	install -m 644 $B/modules/*.ko '$(DESTDIR)/lib/modules/$(release)/updates/vnet/'
	@$(MAKE) --no-print-directory -C tools install OUT='$(abspath $B/tools)' PLUGINS='$(abspath $B/plugins)' DESTDIR='$(DESTDIR)'
	$(if $(DESTDIR),,depmod '$(release)')

uninstall:
	@$(MAKE) --no-print-directory -C tools uninstall DESTDIR='$(DESTDIR)'
	@# Those of all kernels that it was ever installed for.
	set -e; for dir in '$(DESTDIR)'/lib/modules/*/updates/vnet; do \
		[ -d "$$dir" ] || continue; \
		rm -rf "$$dir"; \
		dir=$${dir%/updates/vnet}; \
		$(if $(DESTDIR),:,depmod "$${dir##*/}"); \
	done

# As modprobe knows it: kernel.release of Debian's 6.1 is another.
release = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' '$(KDIR)/include/generated/utsrelease.h')

clean:
	rm -rf $B

help:
	@sed -n 's/^## //p' Makefile

.PHONY: all modules sparse tools plugins check check-debug check-long check-cluster check-interop demo capture shell check-mutants check-planted \
	check-vm bench bench-gate bench-plot style docs deps deb check-deb install uninstall clean help
