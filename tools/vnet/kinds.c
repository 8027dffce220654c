// SPDX-License-Identifier: GPL-2.0
/* The kinds of device the suite makes. A module has the name of its kind. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "kinds.h"
#include "nl.h"

static const char *const kind_names[] = {
	KIND_PAIR, KIND_BRIDGE, KIND_TUN, KIND_TAP,
};

bool kind_is_ours(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++) {
		if (strcmp(kind_names[i], kind) == 0)
			return true;
	}
	return false;
}

bool kind_is(const char *kind, const char *wanted)
{
	return wanted ? strcmp(kind, wanted) == 0 : kind_is_ours(kind);
}

bool kind_is_pair(const char *kind)
{
	return strcmp(kind, KIND_PAIR) == 0 || strcmp(kind, KIND_TAP) == 0;
}

bool kind_loaded(const char *kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", kind);
	/* Without sysfs nothing can be said, and nothing is. */
	return access("/sys/module", F_OK) != 0 || access(path, F_OK) == 0;
}

void kind_hint(const char *kind)
{
	char missing[128] = "";
	static bool said;

	/* Of many namespaces each would say the same. */
	if (said)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++) {
		const char *name = kind_names[i];
		size_t used = strlen(missing);

		if (kind && strcmp(kind, name) != 0)
			continue;
		if (kind_loaded(name))
			return;
		snprintf(missing + used, sizeof(missing) - used, " %s", name);
	}
	said = true;
	complain("no such devices, and nothing to make them is loaded; \"modprobe -a%s\" loads it",
		 missing);
}

bool kind_complain(const struct vnl *nl, int err, const char *kind)
{
	if (err != -EOPNOTSUPP || strcmp(nl->sentence, "Unknown device type"))
		return false;
	complain("the kernel does not know devices of type %s: load the module with \"modprobe %s\"",
		 kind, kind);
	return true;
}
