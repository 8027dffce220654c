/* SPDX-License-Identifier: GPL-2.0 */
/* Named network namespaces, as `ip netns` makes them, for the traffic tools. */
#ifndef SELFTESTS_NETNS_H
#define SELFTESTS_NETNS_H

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* Moves the calling thread; the empty name stands for the namespace the program was started in. */
static inline bool netns_try(const char *name)
{
	static int home = -1;
	char path[PATH_MAX];
	int fd, rc;

	if (home < 0)
		home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = *name ? open(path, O_RDONLY | O_CLOEXEC) : dup(home);
	rc = setns(fd, CLONE_NEWNET);
	close(fd);
	return !rc;
}

static inline void netns_enter(const char *name)
{
	if (!netns_try(name))
		err(1, "network namespace %s", name);
}

#endif
