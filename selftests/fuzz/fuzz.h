/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzzers share: numbers that depend on nothing but seed and index, the kernel log watched meanwhile, KTAP.
 *
 * In the environment:
 *	VNET_SEED		the seed; else a fixed one, or a fresh one with VNET_LONG=1
 *	VNET_LONG=1		ten times as much
 *	VNET_FUZZ_FROM, VNET_FUZZ_COUNT	only so many messages (of each worker) or frames (of each phase), from that one on
 *	VNET_FUZZ_ONLY		only the worker or phase of that number
 *	VNET_FUZZ_VERBOSE=1	print every one
 * For example, on the host: selftests/in-vm -k debug -e VNET_SEED=1 -e VNET_FUZZ_ONLY=7 selftests/run fuzz/frames
 *
 * Whatever is sent as number N depends on the seed and on N alone, so a part can be replayed; what the kernel makes of it
 * depends on what came before.
 */
#ifndef SELFTESTS_FUZZ_H
#define SELFTESTS_FUZZ_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FUZZ_DEFAULT_SEED 20261120

struct fuzz {
	uint64_t seed;
	unsigned int scale;	/* how many times the quick volume */
	unsigned int share;	/* and what part of that: in CI the fast kernel has all, the slow one a part */
	unsigned int slow;	/* how many times slower than usual the machine is */
	long from, count, only;	/* a part, -1 for all */
	bool verbose;
};

static inline long fuzz_env(const char *name, long other)
{
	const char *text = getenv(name);

	return text && *text ? strtol(text, NULL, 0) : other;
}

static inline struct fuzz fuzz_setup(const char *what)
{
	struct fuzz fuzz = {
		.seed = FUZZ_DEFAULT_SEED,
		.scale = fuzz_env("VNET_LONG", 0) ? 10 : 1,
		.share = fuzz_env("VNET_QUICK", 0) && fuzz_env("VNET_SLOW", 1) > 1 ? 4 : 1,
		.slow = fuzz_env("VNET_SLOW", 1),
		.from = fuzz_env("VNET_FUZZ_FROM", -1),
		.count = fuzz_env("VNET_FUZZ_COUNT", -1),
		.only = fuzz_env("VNET_FUZZ_ONLY", -1),
		.verbose = fuzz_env("VNET_FUZZ_VERBOSE", 0),
	};
	const char *seed = getenv("VNET_SEED");

	if (seed && *seed)
		fuzz.seed = strtoull(seed, NULL, 0);
	else if (fuzz.scale > 1)
		fuzz.seed = time(NULL);
	/* Through a pipe, too, each line shows at once. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("KTAP version 1\n# %s: VNET_SEED=%llu%s\n", what, (unsigned long long)fuzz.seed,
	       fuzz.scale > 1 ? " VNET_LONG=1" : "");
	return fuzz;
}

/* ---- numbers ---- */

struct fuzz_rng {
	uint64_t state;
};

static inline uint64_t fuzz_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static inline uint64_t fuzz_u64(struct fuzz_rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15ULL;
	return fuzz_mix(rng->state);
}

/* The numbers of one message or frame. */
static inline struct fuzz_rng fuzz_rng(uint64_t seed, uint64_t stream, uint64_t index)
{
	struct fuzz_rng rng = { fuzz_mix(fuzz_mix(seed + 1) + stream * 0x9e3779b97f4a7c15ULL) + index };

	rng.state = fuzz_mix(rng.state);
	return rng;
}

/* Below n, which is not 0. */
static inline unsigned int fuzz_below(struct fuzz_rng *rng, unsigned int n)
{
	return fuzz_u64(rng) % n;
}

static inline bool fuzz_chance(struct fuzz_rng *rng, unsigned int percent)
{
	return fuzz_below(rng, 100) < percent;
}

static inline void fuzz_fill(struct fuzz_rng *rng, void *to, size_t len)
{
	unsigned char *bytes = to;

	while (len--)
		*bytes++ = fuzz_u64(rng);
}

/* A value at which arithmetic likes to go wrong. */
static inline uint64_t fuzz_edge(struct fuzz_rng *rng)
{
	static const uint64_t edges[] = {
		0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0xfff, 0x1000, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0x7fffffffffffffff, 0xffffffffffffffff,
	};

	return edges[fuzz_below(rng, sizeof(edges) / sizeof(edges[0]))];
}

#define fuzz_pick(rng, array) ((array)[fuzz_below(rng, sizeof(array) / sizeof((array)[0]))])

/* ---- the kernel log ---- */

static inline int fuzz_kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Reads what is new; true where it has a finding, which is then in found. The runner looks more closely afterwards. */
static inline bool fuzz_kmsg_finding(int fd, char *found, size_t size)
{
	static const char * const bad[] = {
		"WARNING:", "BUG:", "KASAN:", "UBSAN:", "Oops", "Call Trace", "general protection", "refcount_t:",
		"possible circular locking", "possible recursive locking", "inconsistent lock state", "suspicious RCU usage",
		"list_add corruption", "list_del corruption", "waiting for",
	};
	char line[8192];
	ssize_t len;
	size_t i;

	while ((len = read(fd, line, sizeof(line) - 1)) > 0) {
		const char *text;

		line[len] = '\0';
		text = strchr(line, ';');
		for (i = 0; text && i < sizeof(bad) / sizeof(bad[0]); i++) {
			if (strstr(text, bad[i])) {
				snprintf(found, size, "%.*s", (int)strcspn(text + 1, "\n"), text + 1);
				return true;
			}
		}
	}
	return false;
}

/* A mark in the kernel log: if the machine dies, the log tells how far it came. */
static inline void fuzz_kmsg_mark(int fd, const char *format, ...)
{
	char line[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(fd, line, len) < 0)
		return;
}

/* ---- KTAP ---- */

static int fuzz_failures;

static inline void fuzz_result(bool ok, const char *name, const char *format, ...)
{
	static int nr;
	char why[512] = "";
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	nr++;
	fuzz_failures += !ok;
	if (ok)
		printf("ok %d %s\n", nr, name);
	else
		printf("not ok %d %s # %s\n", nr, name, why);
}

/* ---- modules and settings ---- */

static inline void fuzz_write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file) {
		fputs(text, file);
		fclose(file);
	}
}

/* New namespaces send nothing of their own. */
static inline void fuzz_disable_ipv6(void)
{
	fuzz_write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	fuzz_write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
}

/* The address of a module's code, for who looks for leaks afterwards (see vm/leaks). */
static inline void fuzz_note_module(const char *name)
{
	char path[128], address[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.text", name);
	file = fopen(path, "r");
	if (!file)
		return;
	if (!fgets(address, sizeof(address), file))
		address[0] = '\0';
	fclose(file);
	file = fopen("/run/vm.unloaded", "a");
	if (!file)
		return;
	fprintf(file, "%.*s %s\n", (int)strcspn(address, "\n"), address, name);
	fclose(file);
}

/* Takes the suite's modules out; returns the name of the first that does not go, or NULL. */
static inline const char *fuzz_unload(unsigned int seconds)
{
	static const char * const modules[] = { "vflow", "vtap", "vtun", "vbridge", "vveth", "vnet_core" };
	time_t end = time(NULL) + seconds;
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/refcnt", modules[i]);
		if (access(path, F_OK))
			continue;
		fuzz_note_module(modules[i]);
		while (syscall(SYS_delete_module, modules[i], O_NONBLOCK)) {
			if (time(NULL) > end)
				return modules[i];
			usleep(20000);
		}
	}
	return NULL;
}

#endif
