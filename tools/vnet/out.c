// SPDX-License-Identifier: GPL-2.0
/* Text and JSON from one set of calls. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "out.h"

static const char *const out_escape[] = {
	[OUT_PLAIN] = "",
	[OUT_IFNAME] = "\033[1;36m",
	[OUT_MAC] = "\033[1;33m",
	[OUT_GOOD] = "\033[1;32m",
	[OUT_BAD] = "\033[1;31m",
};

size_t out_utf8_len(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
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
static struct json_object *out_json_string(const char *val)
{
	const unsigned char *s = (const unsigned char *)val;
	char *clean = malloc(2 * strlen(val) + 1);
	struct json_object *string;
	size_t len, n = 0;

	if (!clean)
		return NULL;
	while (*s) {
		len = out_utf8_len((const char *)s);
		if (len) {
			memcpy(clean + n, s, len);
			n += len;
			s += len;
		} else {
			clean[n++] = 0xc0 | *s >> 6;
			clean[n++] = 0x80 | (*s++ & 0x3f);
		}
	}
	string = json_object_new_string_len(clean, n);
	free(clean);
	return string;
}

size_t out_char(const char *text, bool *harmless)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = out_utf8_len(text);

	/* C1, U+0080 to U+009F, is to a terminal what an escape is. */
	*harmless = len && *s >= 0x20 && *s != 0x7f &&
		    !(*s == 0xc2 && s[1] <= 0x9f);
	return len ? len : 1;
}

void out_clean(FILE *f, const char *text)
{
	bool harmless;
	size_t len;

	for (; *text; text += len) {
		len = out_char(text, &harmless);
		if (harmless)
			fwrite(text, 1, len, f);
		else
			fputc('?', f);
	}
}

/* What json-c leaves as it is though a terminal does not: DEL and C1. */
static void out_json_text(struct out *o, const char *text)
{
	bool harmless;
	size_t len;

	for (; *text; text += len) {
		len = strcspn(text, "\x7f\xc2");
		fwrite(text, 1, len, o->f);
		if (len)
			continue;
		len = out_char(text, &harmless);
		if (harmless)
			fwrite(text, 1, len, o->f);
		else
			fprintf(o->f, "\\u%04x", (unsigned char)text[len - 1]);
	}
}

/* Writes an item of the outermost array, or the outermost object; frees it. */
static void out_json_row(struct out *o, struct json_object *row)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (o->pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	if (o->any_row)
		fputc(',', o->f);
	if (o->pretty && o->depth)
		fputc('\n', o->f);
	o->any_row = true;
	out_json_text(o, json_object_to_json_string_ext(row, flags));
	json_object_put(row);
}

/* Whether what comes next is a row of its own, and no part of one. */
static bool out_json_at_top(const struct out *o)
{
	return !o->depth || !o->open[o->depth - 1];
}

/* Hands val over to what is open. */
static void out_json_put(struct out *o, const char *key,
			 struct json_object *val)
{
	struct json_object *parent;

	o->any_item = true;
	if (out_json_at_top(o)) {
		out_json_row(o, val);
		return;
	}
	parent = o->open[o->depth - 1];
	if (json_object_is_type(parent, json_type_array))
		json_object_array_add(parent, val);
	else
		json_object_object_add(parent, key, val);
}

static void out_json_open(struct out *o, const char *key,
			  struct json_object *val)
{
	o->any_item = true;
	if (!out_json_at_top(o))
		out_json_put(o, key, val);
	assert(o->depth < OUT_DEPTH_MAX);
	o->open[o->depth++] = val;
}

static void out_json_close(struct out *o)
{
	struct json_object *val;

	assert(o->depth);
	val = o->open[--o->depth];
	if (val && out_json_at_top(o))
		out_json_row(o, val);
}

void out_array(struct out *o, const char *key)
{
	if (!o->json)
		return;
	/* Of commands that share an answer each has its rows in it. */
	if (o->shared && o->depth == 1)
		o->open[o->depth++] = NULL;
	else if (o->depth)
		out_json_open(o, key, json_object_new_array());
	if (o->depth)
		return;
	fputc('[', o->f);
	out_json_open(o, key, NULL);
}

void out_array_end(struct out *o)
{
	bool outermost = o->depth == 1;

	if (!o->json)
		return;
	if (o->shared && o->depth == 2 && !o->open[1]) {
		o->depth--;
		return;
	}
	out_json_close(o);
	if (outermost)
		fputs(o->pretty && o->any_row ? "\n]" : "]", o->f);
}

void out_object(struct out *o, const char *key)
{
	bool row = out_json_at_top(o);

	if (!o->json)
		return;
	out_json_open(o, key, json_object_new_object());
	if (row && o->netns)
		out_str(o, "netns", NULL, o->netns);
}

void out_object_end(struct out *o)
{
	if (o->json)
		out_json_close(o);
}

/* Only above something. */
static void out_text_heading(struct out *o)
{
	const char *heading = o->heading;

	o->heading = NULL;
	if (!heading)
		return;
	if (o->any_item)
		fputc('\n', o->f);
	fputs("netns ", o->f);
	out_clean(o->f, heading);
	fputc('\n', o->f);
	o->any_item = false;
	o->line_used = false;
}

void out_line(struct out *o, int indent)
{
	if (o->json)
		return;
	out_text_heading(o);
	if (o->any_item)
		fputc('\n', o->f);
	o->any_item = true;
	o->line_used = false;
	fprintf(o->f, "%*s", indent, "");
}

static void out_text_label(struct out *o, const char *label)
{
	out_text_heading(o);
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
	out_clean(o->f, word);
}

void out_color(struct out *o, enum out_color color, const char *key,
	       const char *label, const char *val)
{
	if (o->json) {
		out_json_put(o, key, out_json_string(val));
		return;
	}
	out_text_label(o, label);
	if (o->color && color != OUT_PLAIN)
		fputs(out_escape[color], o->f);
	out_clean(o->f, val);
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
	if (o->json) {
		out_json_put(o, key, json_object_new_uint64(val));
		return;
	}
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
	if (o->json)
		out_json_put(o, key, json_object_new_boolean(val));
	else if (val)
		out_word(o, key);
}

void out_switch(struct out *o, const char *key, bool val)
{
	if (o->json)
		out_flag(o, key, val);
	else
		out_str(o, key, key, val ? "on" : "off");
}

/* Both texts of bytes are cut to what fits: no address is that long. */
static void out_format_bytes(char *text, size_t size, const void *data,
			     size_t len, const char *sep)
{
	const unsigned char *b = data;
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < len && n + 4 < size; i++)
		n += snprintf(text + n, size - n, "%s%02x", i ? sep : "", b[i]);
}

void out_mac(struct out *o, const char *key, const char *label,
	     const void *data, size_t len)
{
	char text[128];

	out_format_bytes(text, sizeof(text), data, len, ":");
	out_color(o, OUT_MAC, key, label, text);
}

void out_hex(struct out *o, const char *key, const void *data, size_t len)
{
	char text[512];

	out_format_bytes(text, sizeof(text), data, len, "");
	if (o->json) {
		out_json_put(o, key, json_object_new_string(text));
		return;
	}
	out_text_label(o, key);
	fprintf(o->f, "0x%s", text);
}

bool out_finish(struct out *o)
{
	bool ok;

	if (o->any_item)
		fputc('\n', o->f);
	ok = fflush(o->f) == 0 && !ferror(o->f);
	if (!ok && errno == EPIPE)
		o->unread = true;
	return ok;
}

bool out_flush(struct out *o)
{
	bool ok = out_finish(o);

	o->any_item = false;
	o->any_row = false;
	o->line_used = false;
	return ok;
}
