// SPDX-License-Identifier: GPL-2.0
/* Which programs have a device of /dev/net/vtun: /proc says it of their files. */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tun_users.h"

static bool tun_users_read_line(const char *path, const char *key, char *val,
				size_t size)
{
	FILE *f = fopen(path, "re");
	bool found = false;
	char line[256];

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		found = strncmp(line, key, strlen(key)) == 0;
		if (found)
			snprintf(val, size, "%.*s",
				 (int)strcspn(line + strlen(key), "\n"),
				 line + strlen(key));
	}
	fclose(f);
	return found;
}

static void tun_users_add(struct tun_users *users, int pid, const char *ifname)
{
	struct tun_user *more;
	char path[64];

	for (size_t i = 0; i < users->count; i++) {
		if (users->user[i].pid == pid &&
		    strcmp(users->user[i].ifname, ifname) == 0) {
			users->user[i].files++;
			return;
		}
	}
	more = realloc(users->user, (users->count + 1) * sizeof(*more));
	if (!more)
		return;
	users->user = more;
	more += users->count++;
	*more = (struct tun_user){ .pid = pid, .files = 1 };
	snprintf(more->ifname, sizeof(more->ifname), "%s", ifname);
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	tun_users_read_line(path, "", more->command, sizeof(more->command));
}

/* The device of an open file, where it is one of the node's. */
static void tun_users_file(struct tun_users *users, int pid, const char *fd)
{
	char path[64], target[PATH_MAX], ifname[IFNAMSIZ];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/fd/%.16s", pid, fd);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 5)
		return;
	target[len] = '\0';
	if (strcmp(target + len - 5, "/vtun") != 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.16s", pid, fd);
	if (tun_users_read_line(path, "iff:\t", ifname, sizeof(ifname)) &&
	    ifname[0])
		tun_users_add(users, pid, ifname);
}

static bool tun_users_is_here(int pid)
{
	struct stat mine, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return stat("/proc/self/ns/net", &mine) == 0 &&
	       stat(path, &its) == 0 && mine.st_ino == its.st_ino;
}

static void tun_users_process(struct tun_users *users, int pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	if (!tun_users_is_here(pid))
		return;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			tun_users_file(users, pid, entry->d_name);
	}
	closedir(dir);
}

void tun_users_read(struct tun_users *users)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			tun_users_process(users, atoi(entry->d_name));
	}
	closedir(dir);
}

void tun_users_free(struct tun_users *users)
{
	free(users->user);
	*users = (struct tun_users){ 0 };
}
