/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_priv.h"
#include "weir_model.h"

#define KEY_SHOWN 64 /* characters of a key in a path; twice what a name may have */

struct weir_at
weir_at_root(struct weir_err *err)
{
	return (struct weir_at){.err = err};
}

struct weir_at
weir_at_key(const struct weir_at *up, const char *key)
{
	return (struct weir_at){.up = up, .err = up->err, .key = key, .key_len = strlen(key)};
}

struct weir_at
weir_at_index(const struct weir_at *up, uint32_t index)
{
	return (struct weir_at){.up = up, .err = up->err, .index = index};
}

/* One key as RFC 6901 writes it. Returns its length. */
static size_t
format_key(const struct weir_at *at, char *buf, size_t size)
{
	size_t n = at->key_len < KEY_SHOWN ? at->key_len : KEY_SHOWN, used = 0;

	for (size_t i = 0; i < n && used + 2 < size; i++) {
		char c = at->key[i];

		if (c == '~' || c == '/') {
			buf[used++] = '~';
			c = c == '~' ? '0' : '1';
		}
		buf[used++] = c;
	}
	buf[used] = '\0';
	if (n < at->key_len)
		used += (size_t)snprintf(buf + used, size - used, "...");
	return used;
}

char *
weir_at_format(const struct weir_at *at, char *buf, size_t size)
{
	const struct weir_at *links[WEIR_DOC_MAX_DEPTH + 1];
	char key[KEY_SHOWN * 2 + 8];
	size_t n = 0, used = 0;

	for (; at->up != NULL && n < WEIR_ARRAY_LEN(links); at = at->up)
		links[n++] = at;
	buf[0] = '\0';
	while (n > 0 && used < size) {
		at = links[--n];
		if (at->key == NULL)
			(void)snprintf(key, sizeof(key), "%u", at->index);
		else
			(void)format_key(at, key, sizeof(key));
		used += (size_t)snprintf(buf + used, size - used, "/%s", key);
	}
	return buf;
}

int
weir_at_err(const struct weir_at *at, int errnum, const char *fmt, ...)
{
	char path[sizeof(at->err->path)], msg[sizeof(at->err->msg)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return weir_err(at->err, errnum, weir_at_format(at, path, sizeof(path)), "%s", msg);
}

char *
weir_json_brief(const cJSON *json, char *buf, size_t size)
{
	const int shown = 40;

	if (cJSON_IsString(json))
		(void)snprintf(buf, size, strlen(json->valuestring) > (size_t)shown ? "\"%.*s...\"" : "\"%.*s\"",
		    shown, json->valuestring);
	else if (cJSON_IsNumber(json))
		(void)snprintf(buf, size, "%.15g", json->valuedouble);
	else if (cJSON_IsBool(json))
		(void)snprintf(buf, size, "%s", cJSON_IsTrue(json) ? "true" : "false");
	else
		(void)snprintf(buf, size, "%s",
		    cJSON_IsObject(json)  ? "an object"
		    : cJSON_IsArray(json) ? "an array"
					  : "null");
	return buf;
}

size_t
weir_json_compact(const char *text, size_t len, char *to)
{
	bool in_string = false;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
			continue;
		to[n++] = c;
		if (in_string && c == '\\')
			to[n++] = text[++i];
		else if (c == '"')
			in_string = !in_string;
	}
	return n;
}

const char *
weir_json_token(const char *pointer, char *token, size_t size)
{
	size_t n = 0;

	if (*pointer++ != '/')
		return NULL;
	for (; *pointer != '\0' && *pointer != '/'; pointer++) {
		if (n + 1 == size)
			return NULL;
		token[n] = *pointer;
		if (*pointer == '~') {
			pointer++;
			if (*pointer != '0' && *pointer != '1')
				return NULL;
			token[n] = *pointer == '0' ? '~' : '/';
		}
		n++;
	}
	token[n] = '\0';
	return pointer;
}

cJSON *
weir_json_child(const cJSON *json, const char *token)
{
	size_t digits = strspn(token, "0123456789");

	if (cJSON_IsObject(json))
		return cJSON_GetObjectItemCaseSensitive(json, token);
	if (!cJSON_IsArray(json) || digits == 0 || digits > 9 || token[digits] != '\0' ||
	    (token[0] == '0' && digits > 1))
		return NULL;
	return cJSON_GetArrayItem(json, atoi(token));
}

static int
compare_items(const void *a, const void *b)
{
	return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

cJSON **
weir_json_sorted(const cJSON *object, size_t *n)
{
	size_t count = (size_t)cJSON_GetArraySize(object);
	cJSON **items = malloc((count + 1) * sizeof(cJSON *)), *item;

	*n = 0;
	if (items == NULL)
		return NULL;
	cJSON_ArrayForEach (item, object)
		items[(*n)++] = item;
	qsort(items, count, sizeof(cJSON *), compare_items);
	return items;
}
