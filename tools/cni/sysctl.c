// SPDX-License-Identifier: GPL-2.0
/* Switches below /proc/sys/net, of the namespace the plugin is in. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sysctl.h"

/* Writes only what is not so already: /proc/sys may be read-only. */
static bool sysctl_set(struct cni *cni, const char *path, char val)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char now = 0;
	ssize_t done;

	if (fd >= 0) {
		done = read(fd, &now, 1);
		close(fd);
		if (done == 1 && now == val)
			return true;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 ? write(fd, &val, 1) : -1;
	if (done != 1)
		cni_fail(cni, CNI_IO, "cannot write %c to %s: %s", val, path,
			 strerror(errno));
	if (fd >= 0)
		close(fd);
	return done == 1;
}

bool sysctl_forward(struct cni *cni, int family)
{
	return sysctl_set(cni, family == AF_INET ?
			  "/proc/sys/net/ipv4/ip_forward" :
			  "/proc/sys/net/ipv6/conf/all/forwarding", '1');
}

bool sysctl_ipv6(struct cni *cni)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
		 cni->ifname);
	return sysctl_set(cni, path, '0');
}
