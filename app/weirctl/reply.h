/* SPDX-License-Identifier: BSD-3-Clause */
/* What weir answers, as cJSON: exact numbers, strings in one piece, rows out of columns. */
#ifndef REPLY_H
#define REPLY_H

#include <cjson/cJSON.h>

#include "text.h"

/*
 * Parses one reply. Whole numbers of more than 15 digits, which a double cannot hold, become cJSON_Raw items, which
 * print as they came. NULL: not JSON. The caller's, to cJSON_Delete().
 */
cJSON *reply_parse(const char *text, size_t len);

/* A number's value; 0 for anything else, and for NULL. */
uint64_t reply_u64(const cJSON *item);
int64_t reply_i64(const cJSON *item);
uint64_t reply_get(const cJSON *object, const char *key);

/* A string, or the pieces of an array of strings, appended to `out`. */
void reply_text(const cJSON *item, struct text *out);

/*
 * Rows of a listing, which comes in columns: {"name":["a","b"],"rx":[1,2],…}. Members that are no arrays (status,
 * next, time_ns) are no part of a row.
 */
#define REPLY_COLUMNS_MAX 40

struct rows {
	const cJSON *page;
	size_t n;
	const char *key[REPLY_COLUMNS_MAX];
	const cJSON *item[REPLY_COLUMNS_MAX];
	bool started;
};

void rows_begin(struct rows *rows, const cJSON *page);
bool rows_next(struct rows *rows);				 /* to the first or next row; false: there is none */
const cJSON *rows_get(const struct rows *rows, const char *key); /* NULL if the row has no such member */
void rows_json(const struct rows *rows, struct text *out);	 /* the row as a JSON object */

#endif
