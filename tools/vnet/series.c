// SPDX-License-Identifier: GPL-2.0
/* One command line for many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "series.h"

#define SERIES_MAX	1000000

static bool series_has_place(const struct args *args)
{
	for (int i = 0; i < args->left; i++) {
		if (strstr(args->word[i], "%d"))
			return true;
	}
	return false;
}

/* Takes "KEYWORD N" off the end, if that is what stands there. */
static bool series_take_end(struct args *args, const char *keyword,
			    uint32_t *val, bool *there)
{
	struct args end = { .left = 2, .word = args->word + args->left - 2 };

	*there = args->left > 2 && args_take(&end, keyword);
	if (!*there)
		return true;
	args->left -= 2;
	return args_u32(&end, keyword, strcmp(keyword, "count") == 0,
			SERIES_MAX, val);
}

bool series_take(struct series *series, const struct args *args)
{
	bool from;

	*series = (struct series){ .count = 1, .args = *args };
	if (!series_take_end(&series->args, "from", &series->from, &from) ||
	    !series_take_end(&series->args, "count", &series->count,
			     &series->many))
		return false;
	if (from && !series->many) {
		series->args = *args;
		series->from = 0;
	}
	if (!series->many || series_has_place(&series->args))
		return true;
	complain("\"count\" needs names with %%d in them, where the number goes");
	return false;
}

/* The word with each %d replaced. */
static char *series_word(const char *word, uint32_t number)
{
	size_t size = strlen(word) * 5 + 16, n = 0;
	char *made = malloc(size);

	while (made && *word) {
		if (strncmp(word, "%d", 2) == 0) {
			n += snprintf(made + n, size - n, "%u", number);
			word += 2;
		} else {
			made[n++] = *word++;
		}
	}
	if (made)
		made[n] = '\0';
	return made;
}

bool series_make(const struct series *series, uint32_t i, struct args *args)
{
	int left = series->args.left;

	*args = series->args;
	if (!series->many)
		return true;
	args->word = calloc(left + 1, sizeof(*args->word));
	for (int w = 0; args->word && w < left; w++) {
		args->word[w] = series_word(series->args.word[w],
					    series->from + i);
		if (args->word[w])
			continue;
		series_free(series, args);
		args->word = NULL;
	}
	if (!args->word)
		complain("out of memory");
	return args->word;
}

void series_free(const struct series *series, struct args *args)
{
	if (!series->many || !args->word)
		return;
	for (int w = 0; w < series->args.left; w++)
		free(args->word[w]);
	free(args->word);
}
