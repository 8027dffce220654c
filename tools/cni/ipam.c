// SPDX-License-Identifier: GPL-2.0
/* The plugin that gives addresses: finding it, running it, what it says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf.h"
#include "ipam.h"

#define IPAM_MAX_BYTES	(1024 * 1024)

/* One run of the plugin. */
struct ipam {
	char *path;
	char *said;
	bool good;
};

/* The first executable of that name in CNI_PATH. */
static char *ipam_find(struct cni *cni)
{
	const char *dir = getenv("CNI_PATH");
	char *path;

	while (dir && *dir) {
		size_t len = strcspn(dir, ":");

		if (asprintf(&path, "%.*s/%s", (int)len, dir,
			     cni->conf.ipam) < 0)
			return NULL;
		if (len && access(path, X_OK) == 0)
			return path;
		free(path);
		dir += len + (dir[len] == ':');
	}
	cni_fail(cni, CNI_CONFIG,
		 "the plugin \"%s\" for addresses is not in CNI_PATH (%s)",
		 cni->conf.ipam, getenv("CNI_PATH") ? : "not set");
	return NULL;
}

/* The configuration as the plugin's stdin, or -1. */
static int ipam_input(struct json_object *json)
{
	const char *text = json_object_to_json_string_ext(json,
						CNI_JSON_STYLE);
	int fd = memfd_create("cni", MFD_CLOEXEC);
	size_t len = strlen(text);

	if (fd < 0)
		return -1;
	if (write(fd, text, len) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void ipam_child(const char *path, int in, int out, const char *command,
		       const char *container, const char *ifname)
{
	setenv("CNI_COMMAND", command, 1);
	setenv("CNI_CONTAINERID", container, 1);
	setenv("CNI_IFNAME", ifname, 1);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execl(path, path, NULL);
	fprintf(stderr, "vnet-cni: %s: %s\n", path, strerror(errno));
	_exit(127);
}

/* All that comes, as a string; NULL where that cannot be read. */
static char *ipam_read(int fd)
{
	char *text = calloc(1, IPAM_MAX_BYTES + 1);
	size_t len = 0;
	ssize_t got;

	if (!text)
		return NULL;
	do {
		got = read(fd, text + len, IPAM_MAX_BYTES - len);
		len += got > 0 ? got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return text;
}

static bool ipam_start(struct cni *cni, struct ipam *ipam,
		       struct json_object *json, const char *command,
		       const char *container, const char *ifname)
{
	int in = ipam_input(json);
	int out[2] = { -1, -1 };
	int status = -1;
	pid_t pid = -1;

	if (in >= 0 && pipe2(out, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0) {
		close(out[0]);
		ipam_child(ipam->path, in, out[1], command, container, ifname);
	}
	close(in);
	close(out[1]);
	if (pid > 0) {
		ipam->said = ipam_read(out[0]);
		/* Who says too much shall notice, rather than wait for ever. */
		close(out[0]);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	} else {
		close(out[0]);
	}
	ipam->good = status == 0;
	if (!ipam->said)
		return cni_fail(cni, CNI_IO, "cannot start %s: %s", ipam->path,
				strerror(errno));
	return true;
}

/* The code in what a plugin printed when it failed, 0 if there is none. */
static int ipam_code(struct json_object *said)
{
	struct json_object *code = conf_get(said, "code");

	return json_object_is_type(code, json_type_int) ?
	       json_object_get_int(code) : 0;
}

/* Hands on what it said. */
static bool ipam_failed(struct cni *cni, struct json_object *said)
{
	const char *msg = conf_string(said, "msg");
	const char *details = conf_string(said, "details");
	int code = ipam_code(said);

	if (!code)
		return cni_fail(cni, CNI_IO,
				"the plugin \"%s\" for addresses failed without a word",
				cni->conf.ipam);
	if (cni->code == CNI_OK)
		snprintf(cni->details, sizeof(cni->details), "%s",
			 details ? details : "");
	return cni_fail(cni, code, "%s: %s", cni->conf.ipam, msg ? msg : "");
}

/* The configuration as one of version 1.0. */
static struct json_object *ipam_as_1_0(struct json_object *json)
{
	struct json_object *copy = NULL, *prev;

	if (json_object_deep_copy(json, &copy, NULL))
		return NULL;
	json_object_object_add(copy, "cniVersion",
			       json_object_new_string(CNI_VERSION_1_0));
	prev = conf_get(copy, "prevResult");
	if (json_object_is_type(prev, json_type_object))
		json_object_object_add(prev, "cniVersion",
				       json_object_new_string(CNI_VERSION_1_0));
	return copy;
}

/* Runs it once, and leaves what it said, as JSON, in @said. */
static bool ipam_once(struct cni *cni, struct ipam *ipam,
		      struct json_object *json, const char *command,
		      const char *container, const char *ifname,
		      struct json_object **said)
{
	*said = NULL;
	if (!ipam_start(cni, ipam, json, command, container, ifname))
		return false;
	*said = json_tokener_parse(ipam->said);
	free(ipam->said);
	ipam->said = NULL;
	return true;
}

/* Whether it speaks the call's version; those before the newest all do. */
static bool ipam_speaks(struct cni *cni, struct ipam *ipam)
{
	struct json_object *said, *list;
	bool found = false;

	if (strcmp(cni->version, CNI_VERSION_NEWEST) != 0)
		return true;
	if (!ipam_once(cni, ipam, cni->json, "VERSION", "", "", &said))
		return false;
	list = conf_get(said, "supportedVersions");
	if (!json_object_is_type(list, json_type_array))
		list = NULL;
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		found = found || strcmp(json_object_get_string(one) ? : "",
					CNI_VERSION_NEWEST) == 0;
	}
	json_object_put(said);
	return found;
}

bool ipam_run(struct cni *cni, const char *command, const char *container,
	      const char *ifname, struct json_object **result)
{
	struct ipam ipam = { .path = ipam_find(cni) };
	struct json_object *said = NULL, *json;
	bool ok;

	if (!ipam.path)
		return false;
	json = ipam_speaks(cni, &ipam) ? json_object_get(cni->json) :
					 ipam_as_1_0(cni->json);
	ok = ipam_once(cni, &ipam, json, command, container, ifname, &said) &&
	     (ipam.good || ipam_failed(cni, said));
	json_object_put(json);
	free(ipam.path);
	if (ok && result)
		*result = said;
	else
		json_object_put(said);
	return ok;
}

bool ipam_tell(struct cni *cni, const char *command)
{
	struct ipam ipam = { .path = ipam_find(cni) };
	struct json_object *said = NULL;
	bool ok = true;

	if (!ipam.path)
		return false;
	if (ipam_speaks(cni, &ipam))
		ok = ipam_once(cni, &ipam, cni->json, command, "", "", &said) &&
		     (ipam.good || ipam_failed(cni, said));
	json_object_put(said);
	free(ipam.path);
	return ok;
}
