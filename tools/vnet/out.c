// SPDX-License-Identifier: GPL-2.0
/* Text and JSON from one set of calls. */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "out.h"

static const char *const out_escape[] = {
	[OUT_PLAIN] = "",
	[OUT_IFNAME] = "\033[1;36m",
	[OUT_MAC] = "\033[1;33m",
	[OUT_GOOD] = "\033[1;32m",
	[OUT_BAD] = "\033[1;31m",
};

/* Length of the UTF-8 sequence at the start of s, 0 if there is none. */
static size_t out_utf8_len(const unsigned char *s)
{
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Overlong forms, surrogates, and what lies beyond Unicode. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/*
 * A device name may hold any byte but a few, so bytes that are no UTF-8 are
 * written as if they were Latin-1: the JSON stays valid whatever the name.
 */
static void out_json_string(struct out *o, const char *val)
{
	const unsigned char *s = (const unsigned char *)val;
	size_t len;

	fputc('"', o->f);
	while (*s) {
		len = out_utf8_len(s);
		if (*s == '"' || *s == '\\')
			fprintf(o->f, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f || !len)
			fprintf(o->f, "\\u%04x", *s);
		else
			fwrite(s, 1, len, o->f);
		s += len ? len : 1;
	}
	fputc('"', o->f);
}

/* A name must not be able to send control sequences to the terminal. */
static void out_text_string(struct out *o, const char *val)
{
	for (; *val; val++)
		fputc(iscntrl((unsigned char)*val) ? '?' : *val, o->f);
}

static void out_json_break(struct out *o)
{
	if (!o->pretty)
		return;
	fputc('\n', o->f);
	for (unsigned int i = 0; i < o->depth; i++)
		fputs("    ", o->f);
}

/* What stands before a JSON value: a comma, a line break, its key. */
static void out_json_item(struct out *o, const char *key)
{
	o->any_item = true;
	if (o->depth) {
		if (o->has_items[o->depth - 1])
			fputc(',', o->f);
		o->has_items[o->depth - 1] = true;
		out_json_break(o);
	}
	if (key) {
		out_json_string(o, key);
		fputs(o->pretty ? ": " : ":", o->f);
	}
}

static void out_json_open(struct out *o, const char *key, char brace)
{
	if (!o->json)
		return;
	out_json_item(o, key);
	fputc(brace, o->f);
	assert(o->depth < OUT_DEPTH_MAX);
	o->has_items[o->depth++] = false;
}

static void out_json_close(struct out *o, char brace)
{
	bool had_items;

	if (!o->json)
		return;
	assert(o->depth);
	had_items = o->has_items[--o->depth];
	if (had_items)
		out_json_break(o);
	fputc(brace, o->f);
}

void out_array(struct out *o, const char *key)
{
	out_json_open(o, key, '[');
}

void out_array_end(struct out *o)
{
	out_json_close(o, ']');
}

void out_object(struct out *o, const char *key)
{
	out_json_open(o, key, '{');
}

void out_object_end(struct out *o)
{
	out_json_close(o, '}');
}

void out_line(struct out *o, int indent)
{
	if (o->json)
		return;
	if (o->any_item)
		fputc('\n', o->f);
	o->any_item = true;
	o->line_used = false;
	fprintf(o->f, "%*s", indent, "");
}

static void out_text_label(struct out *o, const char *label)
{
	if (o->line_used)
		fputc(' ', o->f);
	o->line_used = true;
	o->any_item = true;
	if (label)
		fprintf(o->f, "%s ", label);
}

void out_word(struct out *o, const char *word)
{
	if (o->json)
		return;
	out_text_label(o, NULL);
	out_text_string(o, word);
}

void out_color(struct out *o, enum out_color color, const char *key,
	       const char *label, const char *val)
{
	if (o->json) {
		out_json_item(o, key);
		out_json_string(o, val);
		return;
	}
	out_text_label(o, label);
	if (o->color && color != OUT_PLAIN)
		fputs(out_escape[color], o->f);
	out_text_string(o, val);
	if (o->color && color != OUT_PLAIN)
		fputs("\033[0m", o->f);
}

void out_str(struct out *o, const char *key, const char *label,
	     const char *val)
{
	out_color(o, OUT_PLAIN, key, label, val);
}

void out_u64(struct out *o, const char *key, const char *label, uint64_t val)
{
	if (o->json)
		out_json_item(o, key);
	else
		out_text_label(o, label);
	fprintf(o->f, "%ju", (uintmax_t)val);
}

void out_count(struct out *o, const char *key, uint64_t val)
{
	if (o->json || val)
		out_u64(o, key, key, val);
}

void out_flag(struct out *o, const char *key, bool val)
{
	if (o->json) {
		out_json_item(o, key);
		fputs(val ? "true" : "false", o->f);
	} else if (val) {
		out_word(o, key);
	}
}

static void out_bytes(struct out *o, const void *data, size_t len,
		      char sep)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *b = data;

	for (size_t i = 0; i < len; i++) {
		if (sep && i)
			fputc(sep, o->f);
		fputc(digit[b[i] >> 4], o->f);
		fputc(digit[b[i] & 0xf], o->f);
	}
}

void out_mac(struct out *o, const char *key, const char *label,
	     const void *data, size_t len)
{
	if (o->json) {
		out_json_item(o, key);
		fputc('"', o->f);
		out_bytes(o, data, len, ':');
		fputc('"', o->f);
		return;
	}
	out_text_label(o, label);
	if (o->color)
		fputs(out_escape[OUT_MAC], o->f);
	out_bytes(o, data, len, ':');
	if (o->color)
		fputs("\033[0m", o->f);
}

void out_hex(struct out *o, const char *key, const void *data, size_t len)
{
	if (o->json) {
		out_json_item(o, key);
		fputc('"', o->f);
		out_bytes(o, data, len, '\0');
		fputc('"', o->f);
		return;
	}
	out_text_label(o, key);
	fputs("0x", o->f);
	out_bytes(o, data, len, '\0');
}

bool out_finish(struct out *o)
{
	if (o->any_item)
		fputc('\n', o->f);
	return fflush(o->f) == 0 && !ferror(o->f);
}
