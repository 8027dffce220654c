// SPDX-License-Identifier: GPL-2.0
/* Network namespaces by name, path, or the kernel's id for them. */
#include <ctype.h>
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
#include <sys/stat.h>
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

/* What netns_each() goes on with. */
struct netns_walk {
	void (*fn)(const char *name, void *arg);
	void *arg;
	ino_t *seen;
	size_t count;
};

static int netns_by_name(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

static int netns_is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int netns_is_process(const struct dirent *entry)
{
	return isdigit((unsigned char)entry->d_name[0]);
}

/* Is it new? Then it is remembered. */
static bool netns_is_new(struct netns_walk *walk, int fd)
{
	struct stat st;
	ino_t *more;

	if (fstat(fd, &st))
		return false;
	for (size_t i = 0; i < walk->count; i++) {
		if (walk->seen[i] == st.st_ino)
			return false;
	}
	more = realloc(walk->seen, (walk->count + 1) * sizeof(*more));
	if (!more)
		return false;
	walk->seen = more;
	more[walk->count++] = st.st_ino;
	return true;
}

static void netns_visit(struct netns_walk *walk, const char *name)
{
	int fd = netns_open(name);

	if (fd < 0)
		return;
	if (netns_is_new(walk, fd) && setns(fd, CLONE_NEWNET) == 0)
		walk->fn(name, walk->arg);
	close(fd);
}

static void netns_visit_dir(struct netns_walk *walk, const char *dir,
			    int (*choose)(const struct dirent *entry),
			    const char *before, const char *after)
{
	struct dirent **entry = NULL;
	char name[PATH_MAX];
	int n;

	n = scandir(dir, &entry, choose, netns_by_name);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s%s%s", before,
			 entry[i]->d_name, after);
		netns_visit(walk, name);
		free(entry[i]);
	}
	free(entry);
}

bool netns_each(void (*fn)(const char *name, void *arg), void *arg)
{
	struct netns_walk walk = { .fn = fn, .arg = arg };
	bool back = true;
	int home;

	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0) {
		complain("cannot open the namespace of this process: %s",
			 strerror(errno));
		return false;
	}
	netns_is_new(&walk, home);
	fn(NULL, arg);
	netns_visit_dir(&walk, NETNS_DIR, netns_is_name, "", "");
	netns_visit_dir(&walk, "/proc", netns_is_process, "/proc/", "/ns/net");
	/* Without the right to leave it there was none to come back. */
	if (setns(home, CLONE_NEWNET) && errno != EPERM) {
		complain("cannot go back to the first namespace: %s",
			 strerror(errno));
		back = false;
	}
	close(home);
	free(walk.seen);
	return back;
}

static int netns_read_id(struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *attr;
	int *nsid = arg;

	attr = nlmsg_find_attr(hdr, sizeof(struct rtgenmsg), NETNSA_NSID);
	*nsid = (int)vnl_attr_u32(attr, NETNSA_NSID_NOT_ASSIGNED);
	return 0;
}

int netns_id(struct vnl *nl, int fd)
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
