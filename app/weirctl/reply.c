/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"

#define EXACT_DIGITS 15 /* what a double always holds */
#define RAW_MARK '\1'	/* starts a string that is a number; weir's answers hold no control characters */

/* The number at `p`: its length, and whether it has neither fraction nor exponent. */
static size_t
number_length(const char *p, const char *end, bool *whole)
{
	const char *start = p;

	*whole = true;
	for (;
	     p < end && (isdigit((unsigned char)*p) || *p == '-' || *p == '+' || *p == '.' || *p == 'e' || *p == 'E');
	     p++)
		if (*p == '.' || *p == 'e' || *p == 'E')
			*whole = false;
	return (size_t)(p - start);
}

/* Copies `text` with long whole numbers as marked strings. */
static void
mark_numbers(const char *text, size_t len, struct text *out)
{
	const char *end = text + len;
	bool quoted = false;

	while (text < end && *text != '\0') {
		size_t n = 1;
		bool whole = false;

		if (quoted) {
			n = *text == '\\' && text + 1 < end ? 2 : 1;
			quoted = *text != '"';
		} else if (*text == '"') {
			quoted = true;
		} else if (*text == '-' || isdigit((unsigned char)*text)) {
			n = number_length(text, end, &whole);
		}
		if (whole && n > EXACT_DIGITS)
			text_printf(out, "\"%c%.*s\"", RAW_MARK, (int)n, text);
		else
			text_add(out, text, n);
		text += n;
	}
}

/* Depth is bounded by cJSON's parser. */
static void
restore_numbers(cJSON *item)
{
	for (; item != NULL; item = item->next) {
		if (item->child != NULL)
			restore_numbers(item->child);
		if (cJSON_IsString(item) && item->valuestring[0] == RAW_MARK) {
			item->type = cJSON_Raw;
			memmove(item->valuestring, item->valuestring + 1, strlen(item->valuestring));
		}
	}
}

cJSON *
reply_parse(const char *text, size_t len)
{
	struct text marked = {0};
	cJSON *reply;

	mark_numbers(text, len, &marked);
	reply = marked.len > 0 ? cJSON_Parse(marked.data) : NULL;
	text_free(&marked);
	restore_numbers(reply);
	return reply;
}

uint64_t
reply_u64(const cJSON *item)
{
	if (cJSON_IsRaw(item))
		return strtoull(item->valuestring, NULL, 10);
	return cJSON_IsNumber(item) && item->valuedouble > 0 ? (uint64_t)item->valuedouble : 0;
}

int64_t
reply_i64(const cJSON *item)
{
	if (cJSON_IsRaw(item))
		return strtoll(item->valuestring, NULL, 10);
	return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
}

uint64_t
reply_get(const cJSON *object, const char *key)
{
	return reply_u64(cJSON_GetObjectItemCaseSensitive(object, key));
}

void
reply_text(const cJSON *item, struct text *out)
{
	const cJSON *piece;

	if (cJSON_IsString(item))
		text_str(out, item->valuestring);
	else if (cJSON_IsArray(item))
		cJSON_ArrayForEach (piece, item)
			if (cJSON_IsString(piece))
				text_str(out, piece->valuestring);
}

void
rows_begin(struct rows *rows, const cJSON *page)
{
	const cJSON *item;

	*rows = (struct rows){.page = page};
	cJSON_ArrayForEach (item, page) {
		if (cJSON_IsArray(item) && rows->n < REPLY_COLUMNS_MAX) {
			rows->key[rows->n] = item->string;
			rows->item[rows->n++] = item->child;
		}
	}
}

bool
rows_next(struct rows *rows)
{
	bool whole = rows->n > 0;

	for (size_t i = 0; i < rows->n; i++) {
		if (rows->started && rows->item[i] != NULL)
			rows->item[i] = rows->item[i]->next;
		/* Columns are of one length, or the answer was cut off. */
		whole = whole && rows->item[i] != NULL;
	}
	rows->started = true;
	return whole;
}

const cJSON *
rows_get(const struct rows *rows, const char *key)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->key[i], key) == 0)
			return rows->item[i];
	return NULL;
}

void
rows_json(const struct rows *rows, struct text *out)
{
	text_str(out, "{");
	for (size_t i = 0; i < rows->n; i++) {
		char *s = cJSON_PrintUnformatted(rows->item[i]);

		text_printf(out, "%s\"%s\":%s", i > 0 ? "," : "", rows->key[i], s != NULL ? s : "null");
		cJSON_free(s);
	}
	text_str(out, "}");
}
