// SPDX-License-Identifier: GPL-2.0
/* Trace events of the kernel, in a buffer of the tool's own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "tracefs.h"

static const char *const tracefs_places[] = {
	"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
};

static bool tracefs_write(const struct tracefs *tracefs, const char *file,
			  const char *text)
{
	char path[256];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", tracefs->dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

static uint64_t tracefs_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static uint64_t tracefs_tick(void)
{
#if __has_builtin(__builtin_ia32_rdtsc)
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

/* Whether the kernel itself tells the time by the processor's counter. */
static bool tracefs_trusts_ticks(void)
{
	static const char path[] =
		"/sys/devices/system/clocksource/clocksource0/current_clocksource";
	char name[32] = "";
	FILE *f = fopen(path, "re");

	if (f) {
		if (!fgets(name, sizeof(name), f))
			name[0] = '\0';
		fclose(f);
	}
	return strcmp(name, "tsc\n") == 0 || strcmp(name, "kvm-clock\n") == 0;
}

/*
 * The kernel's own clocks are printed in microseconds, the processor's counter
 * as it is.
 */
static void tracefs_clock(struct tracefs *tracefs)
{
	tracefs->tick = tracefs_tick();
	tracefs->began = tracefs_now();
	tracefs->ticks = tracefs->tick && tracefs_trusts_ticks() &&
			 tracefs_write(tracefs, "trace_clock", "x86-tsc");
	if (!tracefs->ticks)
		tracefs_write(tracefs, "trace_clock", "mono");
}

double tracefs_ns(const struct tracefs *tracefs)
{
	uint64_t tick = tracefs_tick();
	uint64_t now = tracefs_now();

	if (!tracefs->ticks)
		return 1e9;
	return (double)(now - tracefs->began) / (double)(tick - tracefs->tick);
}

bool tracefs_open(struct tracefs *tracefs)
{
	char path[64];
	size_t i;

	tracefs->pipe = -1;
	tracefs->used = 0;
	for (i = 0; i < ARRAY_SIZE(tracefs_places); i++) {
		snprintf(path, sizeof(path), "%s/instances", tracefs_places[i]);
		if (access(path, F_OK) == 0)
			break;
	}
	if (i == ARRAY_SIZE(tracefs_places)) {
		complain("there is no tracefs to be seen: mount it with \"mount -t tracefs none %s\", as root",
			 tracefs_places[0]);
		return false;
	}
	snprintf(tracefs->dir, sizeof(tracefs->dir), "%s/vnet-%d", path,
		 getpid());
	if (mkdir(tracefs->dir, 0700)) {
		complain("cannot make the trace buffer %s: %s", tracefs->dir,
			 strerror(errno));
		return false;
	}
	tracefs_clock(tracefs);
	return true;
}

void tracefs_close(struct tracefs *tracefs)
{
	tracefs_write(tracefs, "events/enable", "0");
	if (tracefs->pipe >= 0)
		close(tracefs->pipe);
	if (rmdir(tracefs->dir))
		complain("cannot remove the trace buffer %s: %s", tracefs->dir,
			 strerror(errno));
}

void tracefs_enable(struct tracefs *tracefs, const char *event)
{
	char file[128];

	snprintf(file, sizeof(file), "events/%s/enable", event);
	tracefs_write(tracefs, file, "1");
}

bool tracefs_start(struct tracefs *tracefs)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/trace_pipe", tracefs->dir);
	tracefs->pipe = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (tracefs->pipe < 0)
		complain("cannot open %s: %s", path, strerror(errno));
	return tracefs->pipe >= 0;
}

/*
 * "  task-12 [001] ..s1.  123.456789: event: text", or a number of ticks: the
 * task may have blanks.
 */
static bool tracefs_parse(const char *text, struct tracefs_line *line)
{
	const char *s = text;

	while ((s = strstr(s, " ["))) {
		char event[32];
		int used = 0;

		if (sscanf(s, " [%u] %*s %lf: %31[^: ]: %n", &line->cpu,
			   &line->when, event, &used) == 3 && used) {
			snprintf(line->event, sizeof(line->event), "%s", event);
			snprintf(line->text, sizeof(line->text), "%s",
				 s + used);
			return true;
		}
		s += 2;
	}
	return false;
}

/* Takes a line out of what was read. */
static bool tracefs_take(struct tracefs *tracefs, struct tracefs_line *line)
{
	char *end;
	bool ok;

	while ((end = memchr(tracefs->buffer, '\n', tracefs->used))) {
		*end++ = '\0';
		ok = tracefs_parse(tracefs->buffer, line);
		tracefs->used -= end - tracefs->buffer;
		memmove(tracefs->buffer, end, tracefs->used);
		if (ok)
			return true;
	}
	/* No event is that long. */
	if (tracefs->used == sizeof(tracefs->buffer))
		tracefs->used = 0;
	return false;
}

enum tracefs_found tracefs_next(struct tracefs *tracefs,
				struct tracefs_line *line)
{
	struct pollfd fd = { .fd = tracefs->pipe, .events = POLLIN };
	ssize_t n;

	if (tracefs_take(tracefs, line))
		return TRACEFS_LINE;
	if (poll(&fd, 1, 100) < 0 && errno == EINTR)
		return TRACEFS_QUIET;
	n = read(tracefs->pipe, tracefs->buffer + tracefs->used,
		 sizeof(tracefs->buffer) - tracefs->used);
	if (n > 0)
		tracefs->used += n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		return TRACEFS_END;
	return tracefs_take(tracefs, line) ? TRACEFS_LINE : TRACEFS_QUIET;
}
