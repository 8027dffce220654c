// SPDX-License-Identifier: GPL-2.0
/* Commands that go on until they are told to stop. */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "watch.h"

#define WATCH_SECONDS_MIN	0.01
#define WATCH_SECONDS_MAX	86400

static volatile sig_atomic_t watch_over;

static void watch_on_signal(int signal)
{
	(void)signal;
	watch_over = 1;
}

void watch_begin(void)
{
	const struct sigaction action = { .sa_handler = watch_on_signal };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction was;

	watch_over = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* Below nohup a terminal may go. */
	if (sigaction(SIGHUP, NULL, &was) || was.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	/* Who writes learns that nobody reads any more. */
	sigaction(SIGPIPE, &ignore, NULL);
}

bool watch_ended(void)
{
	return watch_over;
}

bool watch_wait(double seconds)
{
	struct timespec rest = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (time_t)seconds) * 1e9),
	};

	return nanosleep(&rest, NULL) == 0 && !watch_over;
}

static bool watch_seconds(struct args *args, double *seconds)
{
	const char *word = args_value(args, "interval");
	char *end;

	if (!word)
		return false;
	*seconds = strtod(word, &end);
	/* strtod takes words such as "inf" too. */
	if ((isdigit((unsigned char)*word) || *word == '.') && !*end &&
	    *seconds >= WATCH_SECONDS_MIN && *seconds <= WATCH_SECONDS_MAX)
		return true;
	complain("\"interval %s\": must be from %g to %d seconds", word,
		 WATCH_SECONDS_MIN, WATCH_SECONDS_MAX);
	return false;
}

bool watch_take(struct watch *watch, struct args *args, bool *bad)
{
	if (args_take(args, "interval"))
		*bad = !watch_seconds(args, &watch->interval);
	else if (args_take(args, "count"))
		*bad = !args_u32(args, "count", 1, UINT32_MAX, &watch->count);
	else
		return false;
	return true;
}

bool watch_size(const struct out *o, unsigned int *lines,
		unsigned int *columns)
{
	struct winsize size = { 0 };

	if (o->json || !isatty(fileno(o->f)))
		return false;
	/* Where it does not say, it is as terminals were made. */
	ioctl(fileno(o->f), TIOCGWINSZ, &size);
	*lines = size.ws_row ? size.ws_row : 24;
	*columns = size.ws_col ? size.ws_col : 80;
	return true;
}

void watch_clear(struct out *o)
{
	fputs("\033[H\033[2J", o->f);
}
