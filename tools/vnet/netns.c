// SPDX-License-Identifier: GPL-2.0
/* Network namespaces by name, path, or the kernel's id for them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "netns.h"

#define NETNS_DIR	"/run/netns"

/* One namespace that has both an id and a name. */
struct netns_entry {
	int nsid;
	char *name;
};

int netns_open(const char *name)
{
	char path[PATH_MAX];
	int len;

	if (strchr(name, '/'))
		return open(name, O_RDONLY | O_CLOEXEC);
	len = snprintf(path, sizeof(path), NETNS_DIR "/%s", name);
	if (!*name || (size_t)len >= sizeof(path)) {
		errno = ENOENT;
		return -1;
	}
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool netns_enter(const char *name)
{
	int fd = netns_open(name);

	if (fd < 0) {
		complain("cannot open network namespace \"%s\": %s", name,
			 strerror(errno));
		return false;
	}
	if (setns(fd, CLONE_NEWNET)) {
		complain("cannot enter network namespace \"%s\": %s", name,
			 strerror(errno));
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

static int netns_read_id(struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *attr;
	int *nsid = arg;

	attr = nlmsg_find_attr(hdr, sizeof(struct rtgenmsg), NETNSA_NSID);
	*nsid = (int)vnl_attr_u32(attr, NETNSA_NSID_NOT_ASSIGNED);
	return 0;
}

/* The id this namespace has for the one in the file, -1 if it has none. */
static int netns_id(struct vnl *nl, int fd)
{
	struct rtgenmsg gen = { .rtgen_family = AF_UNSPEC };
	int nsid = NETNSA_NSID_NOT_ASSIGNED;
	struct nl_msg *msg;

	msg = vnl_msg(RTM_GETNSID, 0, &gen, sizeof(gen));
	vnl_put_u32(msg, NETNSA_FD, fd);
	if (vnl_get(nl, msg, netns_read_id, &nsid))
		return NETNSA_NSID_NOT_ASSIGNED;
	return nsid;
}

static int netns_compare(const void *a, const void *b)
{
	const struct netns_entry *x = a;
	const struct netns_entry *y = b;

	return (x->nsid > y->nsid) - (x->nsid < y->nsid);
}

static void netns_names_add(struct netns_names *names, int nsid,
			    const char *name)
{
	struct netns_entry *entries;

	entries = realloc(names->entries,
			  (names->count + 1) * sizeof(*entries));
	if (!entries)
		return;
	names->entries = entries;
	entries[names->count].nsid = nsid;
	entries[names->count].name = strdup(name);
	if (entries[names->count].name)
		names->count++;
}

static void netns_names_read(struct netns_names *names, struct vnl *nl)
{
	struct dirent *entry;
	DIR *dir;
	int fd, nsid;

	names->read = true;
	dir = opendir(NETNS_DIR);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		fd = netns_open(entry->d_name);
		if (fd < 0)
			continue;
		nsid = netns_id(nl, fd);
		close(fd);
		if (nsid >= 0)
			netns_names_add(names, nsid, entry->d_name);
	}
	closedir(dir);
	if (names->count)
		qsort(names->entries, names->count, sizeof(*names->entries),
		      netns_compare);
}

const char *netns_name(struct netns_names *names, struct vnl *nl, int nsid)
{
	struct netns_entry key = { .nsid = nsid };
	struct netns_entry *found;

	if (!names->read)
		netns_names_read(names, nl);
	if (!names->count)
		return NULL;
	found = bsearch(&key, names->entries, names->count,
			sizeof(*names->entries), netns_compare);
	return found ? found->name : NULL;
}

void netns_names_free(struct netns_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->entries[i].name);
	free(names->entries);
}
