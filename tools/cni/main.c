// SPDX-License-Identifier: GPL-2.0
/*
 * vnet-cni: attaches containers to a vbridge by a vveth pair, for runtimes that
 * speak CNI. The command is in the environment, the network on stdin, the
 * answer, or why there is none, on stdout.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../vnet/args.h"
#include "conf.h"

static const struct {
	const char *name;
	bool (*run)(struct cni *cni);
} main_commands[] = {
	{ "ADD", cni_add },
	{ "DEL", cni_del },
	{ "CHECK", cni_check },
	{ "GC", cni_gc },
	{ "STATUS", cni_status },
};

static bool main_run(struct cni *cni)
{
	for (size_t i = 0; i < ARRAY_SIZE(main_commands); i++) {
		if (strcmp(main_commands[i].name, cni->command) == 0)
			return conf_read(cni) && main_commands[i].run(cni);
	}
	return cni_fail(cni, CNI_ENV,
			"CNI_COMMAND \"%s\" is none of ADD, DEL, CHECK, GC, STATUS and VERSION",
			cni->command);
}

int main(void)
{
	const char *command = getenv("CNI_COMMAND");
	struct cni cni;
	bool ok;

	if (!command && isatty(STDIN_FILENO)) {
		fputs("vnet-cni " VNET_VERSION
		      " is a CNI plugin: container runtimes run it. See vnet-cni(8).\n",
		      stderr);
		return 1;
	}
	if (command && strcmp(command, "VERSION") == 0) {
		conf_print_versions();
		return 0;
	}
	cni_begin(&cni);
	cni.command = command;
	if (!command)
		ok = cni_fail(&cni, CNI_ENV, "CNI_COMMAND is not set");
	else
		ok = main_run(&cni);
	if (!ok)
		cni_print_error(&cni);
	else if (cni.result)
		puts(json_object_to_json_string_ext(cni.result, CNI_JSON_STYLE));
	cni_end(&cni);
	return !ok;
}
