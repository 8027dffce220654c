// SPDX-License-Identifier: GPL-2.0
/* Options, the table of commands, and the way from one to the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "netns.h"

static const struct cmd *const main_cmds[] = {
	&pair_cmd, &link_cmd, &bridge_cmd, &fdb_cmd, &stats_cmd,
	&flow_cmd,
};

/* What the options before the command ask for. */
struct main_options {
	bool json;
	bool pretty;
	bool color;
	bool version;
	bool help;
	const char *netns;
};

static void main_help(FILE *f)
{
	fputs("Usage: vnet [ OPTIONS ] COMMAND ...\n"
	      "       vnet help [ COMMAND ]\n"
	      "\n"
	      "COMMAND is one of\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(main_cmds); i++)
		fprintf(f, "    %-8s %s\n", main_cmds[i]->name,
			main_cmds[i]->brief);
	fputs("\n"
	      "OPTIONS\n"
	      "    -j, -json             print JSON\n"
	      "    -p, -pretty           with -j: a value a line\n"
	      "    -c, -color[=WHEN]     colour: always (default), auto or never\n"
	      "    -n, -netns NETNS      work in that network namespace (name or path)\n"
	      "    -V, -Version          print the version\n"
	      "    -h, -help             print this\n", f);
}

static const struct cmd *main_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(main_cmds); i++) {
		if (strcmp(main_cmds[i]->name, name) == 0)
			return main_cmds[i];
	}
	complain("there is no command \"%s\"; try \"vnet help\"", name);
	return NULL;
}

static int main_help_cmd(struct args *args)
{
	const char *name = args_next(args);
	const struct cmd *cmd;

	if (!name) {
		main_help(stdout);
		return CMD_DONE;
	}
	cmd = main_find(name);
	if (!cmd || !args_end(args))
		return CMD_USAGE;
	fputs(cmd->help, stdout);
	return CMD_DONE;
}

/* "-j", "-json" and "--json" are the same option. */
static bool main_is(const char *opt, const char *brief, const char *name)
{
	opt++;
	if (strcmp(opt, brief) == 0)
		return true;
	if (*opt == '-')
		opt++;
	return strcmp(opt, name) == 0;
}

static bool main_color(const char *opt, bool *color)
{
	const char *when = strchr(opt, '=');

	when = when ? when + 1 : "always";
	if (strcmp(when, "always") == 0) {
		*color = true;
	} else if (strcmp(when, "auto") == 0) {
		*color = isatty(STDOUT_FILENO);
	} else if (strcmp(when, "never") == 0) {
		*color = false;
	} else {
		complain("\"%s\": colour is always, auto or never", opt);
		return false;
	}
	return true;
}

static bool main_is_color(const char *opt)
{
	char word[16];
	size_t len = strcspn(opt, "=");

	if (len >= sizeof(word))
		return false;
	memcpy(word, opt, len);
	word[len] = '\0';
	return main_is(word, "c", "color");
}

static bool main_option(const char *opt, struct args *args,
			struct main_options *set)
{
	if (main_is(opt, "j", "json")) {
		set->json = true;
	} else if (main_is(opt, "p", "pretty")) {
		set->pretty = true;
	} else if (main_is_color(opt)) {
		return main_color(opt, &set->color);
	} else if (main_is(opt, "n", "netns")) {
		set->netns = args_value(args, opt);
		return set->netns;
	} else if (main_is(opt, "V", "Version")) {
		set->version = true;
	} else if (main_is(opt, "h", "help")) {
		set->help = true;
	} else {
		complain("there is no option \"%s\"; try \"vnet help\"", opt);
		return false;
	}
	return true;
}

static bool main_options(struct args *args, struct main_options *set)
{
	while (args->left && (*args->word)[0] == '-') {
		const char *opt = args_next(args);

		if (!main_option(opt, args, set))
			return false;
	}
	return true;
}

static int main_run(const struct cmd *cmd, struct args *args,
		    const struct main_options *set)
{
	struct out out = {
		.f = stdout,
		.json = set->json,
		.pretty = set->pretty,
		.color = set->color && !set->json,
	};
	struct vnl nl;
	struct cmd_env env = { .nl = &nl, .out = &out };
	int status;

	if (set->netns && !netns_enter(set->netns))
		return CMD_USAGE;
	if (!vnl_open(&nl))
		return CMD_REFUSED;
	status = cmd->run(&env, args);
	vnl_close(&nl);
	if (!out_finish(&out)) {
		complain("cannot write the answer: %s", strerror(errno));
		return CMD_REFUSED;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct args args = { .left = argc - 1, .word = argv + 1 };
	struct main_options set = { 0 };
	const struct cmd *cmd;
	const char *name;

	if (!main_options(&args, &set))
		return CMD_USAGE;
	if (set.version) {
		puts("vnet " VNET_VERSION);
		return CMD_DONE;
	}
	if (set.help || args_take(&args, "help"))
		return main_help_cmd(&args);

	name = args_next(&args);
	if (!name) {
		main_help(stderr);
		return CMD_USAGE;
	}
	cmd = main_find(name);
	if (!cmd)
		return CMD_USAGE;
	if (args_take(&args, "help")) {
		fputs(cmd->help, stdout);
		return CMD_DONE;
	}
	return main_run(cmd, &args, &set);
}
