// SPDX-License-Identifier: GPL-2.0
/* Words of the command line, and complaints about them. */
#include <ctype.h>
#include <errno.h>
#include <linux/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "out.h"

void complain(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	/* What was printed so far comes before the complaint on a terminal. */
	fflush(stdout);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fputs("vnet: ", stderr);
	out_clean(stderr, text);
	fputc('\n', stderr);
}

const char *args_next(struct args *a)
{
	if (!a->left)
		return NULL;
	a->left--;
	return *a->word++;
}

bool args_take(struct args *a, const char *keyword)
{
	if (!a->left || strcmp(*a->word, keyword) != 0)
		return false;
	args_next(a);
	return true;
}

const char *args_word(struct args *a, const char *keyword, const char *what)
{
	const char *val = args_next(a);

	if (!val)
		complain("\"%s\" needs %s after it", keyword, what);
	return val;
}

const char *args_value(struct args *a, const char *keyword)
{
	return args_word(a, keyword, "a value");
}

const char *args_name(struct args *a, const char *keyword)
{
	return args_word(a, keyword, "the name of a device");
}

bool args_dev(struct args *a, const char **name)
{
	if (*name)
		return args_end(a);
	*name = args_take(a, "dev") ? args_name(a, "dev") : args_next(a);
	return *name;
}

bool args_last_dev(struct args *a, const char **name)
{
	*name = NULL;
	if (!a->left)
		return true;
	return args_dev(a, name) && args_end(a);
}

bool args_u32(struct args *a, const char *keyword, uint32_t min, uint32_t max,
	      uint32_t *val)
{
	const char *word = args_word(a, keyword, "a number");
	unsigned long long num;
	char *end;

	if (!word)
		return false;
	errno = 0;
	num = strtoull(word, &end, 0);
	/* strtoull takes "-1" and " 1" too. */
	if (!isdigit((unsigned char)word[0]) || *end || errno ||
	    num < min || num > max) {
		complain("\"%s %s\": must be a number from %u to %u", keyword,
			 word, min, max);
		return false;
	}
	*val = num;
	return true;
}

bool args_mac(struct args *a, const char *keyword, uint8_t addr[ARGS_MAC_LEN])
{
	const char *word = args_word(a, keyword,
				     "an address like 02:00:00:00:00:01");
	unsigned int b[ARGS_MAC_LEN];
	int used = 0;

	if (!word)
		return false;
	if (sscanf(word, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2],
		   &b[3], &b[4], &b[5], &used) != ARGS_MAC_LEN ||
	    word[used]) {
		complain("\"%s %s\": must be six bytes like 02:00:00:00:00:01",
			 keyword, word);
		return false;
	}
	for (int i = 0; i < ARGS_MAC_LEN; i++)
		addr[i] = b[i];
	return true;
}

bool args_end(const struct args *a)
{
	if (!a->left)
		return true;
	complain("\"%s\" is not understood here", *a->word);
	return false;
}

bool args_devname(const char *name)
{
	size_t len = strlen(name);
	size_t i;

	if (!len || len >= IFNAMSIZ) {
		complain("\"%s\" is no device name: a name has 1 to %d characters",
			 name, IFNAMSIZ - 1);
		return false;
	}
	for (i = 0; i < len; i++) {
		if (name[i] == '/' || name[i] == ':' ||
		    isspace((unsigned char)name[i]))
			break;
	}
	if (i < len || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		complain("\"%s\" is no device name: blank, slash, colon, \".\" and \"..\" are not", name);
		return false;
	}
	return true;
}
