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
	&link_cmd, &stats_cmd, &drops_cmd, &topo_cmd, &pair_cmd, &bridge_cmd,
	&port_cmd, &fdb_cmd, &vlan_cmd, &tun_cmd, &flow_cmd,
	&monitor_cmd, &trace_cmd, &bench_cmd,
};

/* What the options before the command ask for. */
struct main_options {
	bool json;
	bool pretty;
	bool color;
	bool version;
	bool help;
	bool all;
	bool force;
	const char *netns;
	const char *batch;
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
	      "    -a, -all              show all namespaces that may be entered, this one first\n"
	      "    -b, -batch FILE       commands from a file, one a line; - for standard input\n"
	      "    -force                with -b: go on after a command that failed\n"
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
	} else if (main_is(opt, "a", "all")) {
		set->all = true;
	} else if (main_is(opt, "b", "batch")) {
		set->batch = args_value(args, opt);
		return set->batch;
	} else if (main_is(opt, "force", "force")) {
		set->force = true;
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

/* One command and all that it is given, wherever it runs. */
struct main_job {
	const struct cmd *cmd;
	struct args args;
	struct out out;
	bool refused;
	int status;
};

bool cmd_may_change(struct cmd_env *env, const char *words)
{
	env->refused = env->out->shared;
	if (env->refused)
		complain("\"%s\" is for one namespace: -all is for what shows",
			 words);
	return !env->refused;
}

static int main_run_here(struct main_job *job)
{
	struct args args = job->args;
	struct vnl nl;
	struct cmd_env env = { .nl = &nl, .out = &job->out };
	int status;

	if (!vnl_open(&nl))
		return CMD_REFUSED;
	status = job->cmd->run(&env, &args);
	job->refused = env.refused;
	vnl_close(&nl);
	return status;
}

static void main_run_in(const char *name, void *arg)
{
	struct main_job *job = arg;
	int status;

	if (job->refused)
		return;
	job->out.netns = name ? name : "";
	job->out.heading = name;
	status = main_run_here(job);
	if (status > job->status)
		job->status = status;
}

static int main_run_all(struct main_job *job)
{
	if (!job->cmd->all) {
		complain("\"%s\" is for one namespace: -all is for what shows devices",
			 job->cmd->name);
		return CMD_USAGE;
	}
	out_array(&job->out, NULL);
	job->out.shared = true;
	if (!netns_each(main_run_in, job) && !job->status)
		job->status = CMD_REFUSED;
	job->out.shared = false;
	out_array_end(&job->out);
	return job->status;
}

static int main_run(const struct cmd *cmd, const struct args *args,
		    const struct main_options *set)
{
	struct main_job job = {
		.cmd = cmd,
		.args = *args,
		.out = {
			.f = stdout,
			.json = set->json,
			.pretty = set->pretty,
			.color = set->color && !set->json,
		},
	};
	int status;

	status = set->all ? main_run_all(&job) : main_run_here(&job);
	if (!out_finish(&job.out)) {
		/* Whoever has read enough, as head has, knows it. */
		if (!job.out.unread)
			complain("cannot write the answer: %s",
				 strerror(errno));
		return CMD_REFUSED;
	}
	return status;
}

/* "help" behind a command, or what other programs have for it. */
static bool main_wants_help(struct args *args)
{
	if (!args->left || (strcmp(*args->word, "help") != 0 &&
			    (**args->word != '-' ||
			     !main_is(*args->word, "h", "help"))))
		return false;
	args_next(args);
	return true;
}

/*
 * Options stand before the command, as those of ip do. Who has put one behind
 * it is told so, and not that there is no such device.
 */
static bool main_options_in_place(const struct cmd *cmd,
				  const struct args *args)
{
	static const char *const options[][2] = {
		{ "j", "json" }, { "p", "pretty" }, { "c", "color" },
		{ "n", "netns" }, { "a", "all" }, { "b", "batch" },
	};

	for (int i = 0; i < args->left; i++) {
		const char *word = args->word[i];
		bool option = false;

		/* A device may be named so. */
		if (i && (!strcmp(args->word[i - 1], "dev") ||
			  !strcmp(args->word[i - 1], "name")))
			continue;
		for (size_t n = 0; n < ARRAY_SIZE(options) && *word == '-'; n++)
			option |= main_is(word, options[n][0], options[n][1]);
		/* Those that topo has of its own have two dashes. */
		if (!option || (cmd == &topo_cmd && word[1] == '-'))
			continue;
		complain("\"%s\" stands before the command: \"vnet %s %s ...\"",
			 word, word, cmd->name);
		return false;
	}
	return true;
}

/* The command that the words are, without the options before it. */
static int main_words(struct args *args, const struct main_options *set)
{
	const struct cmd *cmd;

	if (args_take(args, "help"))
		return main_help_cmd(args);
	cmd = main_find(args_next(args));
	if (!cmd)
		return CMD_USAGE;
	if (main_wants_help(args)) {
		fputs(cmd->help, stdout);
		return CMD_DONE;
	}
	if (!main_options_in_place(cmd, args))
		return CMD_USAGE;
	return main_run(cmd, args, set);
}

#define MAIN_BATCH_WORDS	256

/*
 * Cuts a line into words at blanks; quotes, single or double, keep them in a
 * word, and what follows a # that begins a word is a comment.
 */
static bool main_split(char *line, struct args *args)
{
	char *to;

	args->left = 0;
	while (*(line += strspn(line, " \t\n")) && *line != '#') {
		char quote = 0;

		if (args->left == MAIN_BATCH_WORDS)
			return false;
		to = line;
		args->word[args->left++] = to;
		for (; *line && (quote || !strchr(" \t\n", *line)); line++) {
			if (*line == quote)
				quote = 0;
			else if (!quote && strchr("'\"", *line))
				quote = *line;
			else
				*to++ = *line;
		}
		if (quote)
			return false;
		if (*line)
			line++;
		*to = '\0';
	}
	return true;
}

static int main_batch_lines(FILE *f, const struct main_options *set)
{
	char *word[MAIN_BATCH_WORDS];
	int worst = CMD_DONE, status;
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, f) >= 0) {
		struct args args = { .word = word };

		number++;
		if (!main_split(line, &args)) {
			complain("a quote that does not end, or too many words");
			status = CMD_USAGE;
		} else {
			status = args.left ? main_words(&args, set) : CMD_DONE;
		}
		if (status == CMD_DONE)
			continue;
		complain("this was line %u of %s", number, set->batch);
		worst = status > worst ? status : worst;
		if (!set->force)
			break;
	}
	free(line);
	return worst;
}

static int main_batch(const struct main_options *set)
{
	bool from_stdin = strcmp(set->batch, "-") == 0;
	FILE *f = from_stdin ? stdin : fopen(set->batch, "re");
	int status;

	if (!f) {
		complain("cannot open \"%s\": %s", set->batch, strerror(errno));
		return CMD_USAGE;
	}
	status = main_batch_lines(f, set);
	if (!from_stdin)
		fclose(f);
	return status;
}

int main(int argc, char **argv)
{
	struct args args = { .left = argc - 1, .word = argv + 1 };
	struct main_options set = { 0 };

	if (!main_options(&args, &set))
		return CMD_USAGE;
	if (set.version) {
		puts("vnet " VNET_VERSION);
		return CMD_DONE;
	}
	if (set.help)
		return main_help_cmd(&args);
	if (!args.left && !set.batch) {
		main_help(stderr);
		return CMD_USAGE;
	}
	if (set.batch && !args_end(&args))
		return CMD_USAGE;
	/* Help needs no namespace. */
	if (set.netns && (set.batch || strcmp(*args.word, "help")) &&
	    !netns_enter(set.netns))
		return CMD_USAGE;
	return set.batch ? main_batch(&set) : main_words(&args, &set);
}
