// SPDX-License-Identifier: GPL-2.0
/* `vnet bench`: the front of the benchmarks in the source tree. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"

#define BENCH_SCRIPT	"selftests/bench/run"
#define BENCH_RESULT	"build/bench.json"

static bool bench_is_mode(const char *word)
{
	return strcmp(word, "icount") == 0 || strcmp(word, "time") == 0;
}

/* The tree that the words name, or the environment, or where the caller is. */
static const char *bench_source(struct args *args)
{
	const char *dir = getenv("VNET_SOURCE");

	if (args_take(args, "source"))
		return args_value(args, "source");
	return dir ? dir : ".";
}

/* For JSON the script's own words go where complaints go. */
static int bench_run_json(struct out *o, char **words)
{
	char piece[4096];
	int status;
	size_t n;
	pid_t pid;
	FILE *f;

	pid = fork();
	if (pid == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execv(words[0], words);
		_exit(CMD_REFUSED);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0) {
		complain("the benchmark failed");
		return CMD_REFUSED;
	}
	f = fopen(BENCH_RESULT, "re");
	if (!f) {
		complain("cannot open " BENCH_RESULT ": %s", strerror(errno));
		return CMD_REFUSED;
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		fwrite(piece, 1, n, o->f);
	fclose(f);
	return CMD_DONE;
}

static int bench_run(struct cmd_env *env, struct args *args)
{
	const char *dir = bench_source(args);
	int status = CMD_REFUSED;
	char **words;
	size_t n = 0;

	if (!dir)
		return CMD_USAGE;
	if (chdir(dir) || access(BENCH_SCRIPT, X_OK)) {
		complain("there is no " BENCH_SCRIPT " in \"%s\": name the suite's source with \"source DIR\"",
			 dir);
		return CMD_USAGE;
	}
	words = calloc(args->left + 4, sizeof(*words));
	if (!words) {
		complain("out of memory");
		return CMD_REFUSED;
	}
	words[n++] = (char *)BENCH_SCRIPT;
	if (!args->left || !bench_is_mode(*args->word))
		words[n++] = (char *)"icount";
	while (args->left)
		words[n++] = (char *)args_next(args);
	fflush(env->out->f);
	if (env->out->json) {
		status = bench_run_json(env->out, words);
	} else {
		execv(BENCH_SCRIPT, words);
		complain("cannot run " BENCH_SCRIPT ": %s", strerror(errno));
	}
	free(words);
	return status;
}

const struct cmd bench_cmd = {
	.name = "bench",
	.brief = "measure the suite beside its in-tree peers, from the source tree",
	.help =
"Usage: vnet bench [ source DIR ] [ { icount | time } ] [ ROW... ]\n"
"\n"
"Runs selftests/bench/run of the source tree DIR (the one the caller is in, or\n"
"VNET_SOURCE), in VMs: in instructions, or in nanoseconds. Rows are globs.\n",
	.run = bench_run,
};
