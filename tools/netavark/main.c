// SPDX-License-Identifier: GPL-2.0
/*
 * vbridge: the driver of that name for networks of podman, run by netavark. The
 * command is its first word, what it is about on stdin, the answer, or why
 * there is none, on stdout.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cni/conf.h"
#include "../vnet/args.h"
#include "netavark.h"

#define NETAVARK_API	"1.0.0"

static void main_print(struct json_object *json)
{
	puts(json_object_to_json_string_ext(json, CNI_JSON_STYLE));
	json_object_put(json);
}

static bool main_info(void)
{
	struct json_object *info = json_object_new_object();

	json_object_object_add(info, "version",
			       json_object_new_string(VNET_VERSION));
	json_object_object_add(info, "api_version",
			       json_object_new_string(NETAVARK_API));
	main_print(info);
	return true;
}

static bool main_create(struct cni *cni)
{
	if (!conf_read_json(cni) || !network_check(cni, cni->json))
		return false;
	main_print(json_object_get(cni->json));
	return true;
}

static bool main_setup(struct cni *cni, struct json_object *request)
{
	if (!cni_add(cni))
		return false;
	if (ports_publish(cni, request)) {
		main_print(network_status(cni, request));
		return true;
	}
	/* The first failure is what counts. */
	cni_del(cni);
	return false;
}

static bool main_teardown(struct cni *cni)
{
	bool ok = cni_del(cni);

	/* Its name needs what cni_del() has read. */
	return cni->ifname && *cni->ifname && ports_withdraw(cni) && ok;
}

static bool main_container(struct cni *cni, const char *command,
			   const char *netns)
{
	struct json_object *request;
	bool ok;

	if (!conf_read_json(cni))
		return false;
	request = json_object_get(cni->json);
	ok = network_call(cni, request, netns);
	if (ok && strcmp(command, "setup") == 0)
		ok = main_setup(cni, request);
	else if (ok)
		ok = main_teardown(cni);
	json_object_put(request);
	return ok;
}

static bool main_run(struct cni *cni, int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (argc == 2 && strcmp(command, "info") == 0)
		return main_info();
	if (argc == 2 && strcmp(command, "create") == 0)
		return main_create(cni);
	if (argc == 3 && (strcmp(command, "setup") == 0 ||
			  strcmp(command, "teardown") == 0))
		return main_container(cni, command, argv[2]);
	return cni_fail(cni, CNI_ENV,
			"usage: vbridge { info | create | setup NETNS | teardown NETNS }; netavark runs it, see Documentation/containers.md");
}

static void main_print_error(const struct cni *cni)
{
	struct json_object *error = json_object_new_object();
	char text[sizeof(cni->msg) + sizeof(cni->details) + 4];

	snprintf(text, sizeof(text), "%s%s%s", cni->msg,
		 cni->details[0] ? ": " : "", cni->details);
	json_object_object_add(error, "error", json_object_new_string(text));
	main_print(error);
}

int main(int argc, char **argv)
{
	struct cni cni;
	bool ok;

	cni_begin(&cni);
	/* An nft that ends early is an error to tell of. */
	signal(SIGPIPE, SIG_IGN);
	ok = main_run(&cni, argc, argv);
	if (!ok)
		main_print_error(&cni);
	cni_end(&cni);
	return !ok;
}
