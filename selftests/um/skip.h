/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Put into arch/um/os-Linux/time.c by `build`: with UML_SKIP_WAITING in the environment of the kernel's process, its clock
 * goes on to the next timer at once where nobody has anything to do, and with the host's otherwise. The kernel's own
 * time-travel mode is no help to tests: there a guest that is busy, or arms its timer often, has its clock stand still.
 */
#include <stdlib.h>

static long long skipped;

/* Called with SIGALRM blocked, before it is waited for. @timer: what is left of the timer. */
static void skip_waiting(struct itimerspec *timer)
{
	static int wanted = -1;

	if (wanted < 0)
		wanted = !!getenv("UML_SKIP_WAITING");
	if (!wanted)
		return;
	skipped += timespec_to_ns(&timer->it_value);
	timer->it_value.tv_sec = 0;
	timer->it_value.tv_nsec = 1;
	timer_settime(event_high_res_timer, 0, timer, NULL);
}
