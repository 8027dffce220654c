/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One set of print calls for text and JSON.
 *
 * Text is lines of words: each call adds "label value" to the line, or the
 * value alone where the label is NULL. JSON is made by json-c, a row at a time:
 * each item of the outermost array is written and freed as soon as it is
 * complete, so a dump of a million rows needs the memory of one.
 */
#ifndef VNET_OUT_H
#define VNET_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json_object;

#define OUT_DEPTH_MAX	8

enum out_color {
	OUT_PLAIN,
	OUT_IFNAME,
	OUT_MAC,
	OUT_GOOD,
	OUT_BAD,
};

/**
 * struct out - a writer
 * @f: the stream
 * @json: write JSON, else text
 * @pretty: JSON over several lines, indented
 * @color: colour the text
 * @shared: the outermost array is the caller's, who opens and ends it
 * @netns: a namespace that each row names first, NULL for none
 * @heading: the same for text, where it stands above what there is of it
 * @line_used: the line of text has a word
 * @any_item: something was written
 * @any_row: the outermost JSON array has an item
 * @unread: nobody reads it any more
 * @depth: open JSON arrays and objects
 * @open: those; NULL for the outermost array, whose items are not kept
 */
struct out {
	FILE *f;
	bool json;
	bool pretty;
	bool color;
	bool shared;
	const char *netns;
	const char *heading;
	bool line_used;
	bool any_item;
	bool any_row;
	bool unread;
	unsigned int depth;
	struct json_object *open[OUT_DEPTH_MAX];
};

/* JSON arrays and objects; the key is NULL inside an array. Nothing in text. */
void out_array(struct out *o, const char *key);
void out_array_end(struct out *o);
void out_object(struct out *o, const char *key);
void out_object_end(struct out *o);

/**
 * out_line() - begin a new line of text
 * @o: the writer
 * @indent: blanks before its first word
 */
void out_line(struct out *o, int indent);

/**
 * out_word() - add a word that only text has, such as a heading
 * @o: the writer
 * @word: the word
 */
void out_word(struct out *o, const char *word);

void out_str(struct out *o, const char *key, const char *label,
	     const char *val);
void out_color(struct out *o, enum out_color color, const char *key,
	       const char *label, const char *val);
void out_u64(struct out *o, const char *key, const char *label, uint64_t val);

/**
 * out_count() - a counter: JSON has it always, text where it is not zero
 * @o: the writer
 * @key: its name in both
 * @val: the count
 */
void out_count(struct out *o, const char *key, uint64_t val);

/**
 * out_flag() - a truth: true or false in JSON; in text its name where it is true
 * @o: the writer
 * @key: its name in both
 * @val: the truth
 */
void out_flag(struct out *o, const char *key, bool val);

/**
 * out_switch() - a truth whose text is "key on" or "key off"
 * @o: the writer
 * @key: its name in both
 * @val: the truth
 */
void out_switch(struct out *o, const char *key, bool val);

/* Bytes: colon-separated for an address, run together for anything else. */
void out_mac(struct out *o, const char *key, const char *label,
	     const void *data, size_t len);
void out_hex(struct out *o, const char *key, const void *data, size_t len);

/**
 * out_utf8_len() - the length of the UTF-8 sequence at the start of a text
 * @text: the text
 *
 * Return: the length, 0 if there is none.
 */
size_t out_utf8_len(const char *text);

/**
 * out_char() - the length of the character at the start of a text
 * @text: the text, not empty
 * @harmless: whether a terminal may get it as it is; no control character may
 *
 * Return: the length; 1 where it is no UTF-8, which is not harmless.
 */
size_t out_char(const char *text, bool *harmless);

/**
 * out_clean() - write a text for a terminal, with "?" for what is not harmless
 * @f: the stream
 * @text: the text
 *
 * Names of devices are what others like: no sequence may get through.
 */
void out_clean(FILE *f, const char *text);

/**
 * out_flush() - write out an answer that others follow
 * @o: the writer
 *
 * Return: as out_finish().
 */
bool out_flush(struct out *o);

/**
 * out_finish() - end the last line and write everything out
 * @o: the writer
 *
 * Return: whether all of it was written.
 */
bool out_finish(struct out *o);

#endif
