/* SPDX-License-Identifier: GPL-2.0 */
/* Words of the command line. Keywords are compared whole, never as prefixes. */
#ifndef VNET_ARGS_H
#define VNET_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct args - the words not yet taken
 * @left: how many
 * @word: the next one
 */
struct args {
	int left;
	char **word;
};

/**
 * complain() - write one line about what went wrong to stderr
 * @fmt: as printf, without the newline
 */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * args_take() - take the next word if it is a certain keyword
 * @a: the words
 * @keyword: the keyword
 *
 * Return: whether it was taken.
 */
bool args_take(struct args *a, const char *keyword);

/**
 * args_next() - take the next word, whatever it is
 * @a: the words
 *
 * Return: the word, NULL if there is none.
 */
const char *args_next(struct args *a);

/**
 * args_value() - take the value of a keyword just taken
 * @a: the words
 * @keyword: the keyword, for the complaint
 *
 * Return: the value; NULL, after a complaint, if there is none.
 */
const char *args_value(struct args *a, const char *keyword);

/* The same for a value that is the name of a device. */
const char *args_name(struct args *a, const char *keyword);

/* The same for a value that the complaint has words for: "needs WHAT after it". */
const char *args_word(struct args *a, const char *keyword, const char *what);

/**
 * args_dev() - take a device's name, "dev" before it or not; only one may come
 * @a: the words, one at least
 * @name: where it goes, NULL at first
 *
 * Return: whether it was taken; if not, a complaint was made.
 */
bool args_dev(struct args *a, const char **name);

/**
 * args_last_dev() - take [ [ dev ] NAME ], and there must be no words after it
 * @a: the words
 * @name: where the name goes, NULL if there is none
 *
 * Return: whether that is all there was; if not, a complaint was made.
 */
bool args_last_dev(struct args *a, const char **name);

/**
 * args_u32() - take a number as the value of a keyword just taken
 * @a: the words
 * @keyword: the keyword, for the complaint
 * @min: smallest number allowed
 * @max: largest number allowed
 * @val: where it goes
 *
 * Return: whether there was such a number; if not, a complaint was made.
 */
bool args_u32(struct args *a, const char *keyword, uint32_t min, uint32_t max,
	      uint32_t *val);

#define ARGS_MAC_LEN	6

/**
 * args_mac() - take a hardware address as the value of a keyword just taken
 * @a: the words
 * @keyword: the keyword, for the complaint
 * @addr: where it goes
 *
 * Return: whether there was one; if not, a complaint was made.
 */
bool args_mac(struct args *a, const char *keyword, uint8_t addr[ARGS_MAC_LEN]);

/**
 * args_end() - there must be no words left
 * @a: the words
 *
 * Return: whether there are none; if there are, a complaint was made.
 */
bool args_end(const struct args *a);

/**
 * args_devname() - can this be the name of a network device?
 * @name: the name
 *
 * Return: whether it can; if not, a complaint was made.
 */
bool args_devname(const char *name);

#endif
