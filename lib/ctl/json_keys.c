/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_scan_priv.h"

#define CHUNK_SIZE 16384u
#define PAIRWISE_MAX 8 /* keys of an object that are compared each with each */

/* Memory for keys that outlive the scan or are not spelt plainly. */
struct weir_json_keys {
	struct weir_json_keys *next;
	size_t used, size;
	char bytes[];
};

/* The place of the value that is being scanned; `at` has room for a link a level. */
static const struct weir_at *
place(const struct weir_scan *s, struct weir_at *at)
{
	at[0] = weir_at_root(s->err);
	for (uint32_t i = 0; i < s->depth; i++) {
		const struct weir_scan_level *level = &s->stack[i];
		size_t last = i + 1 < s->depth ? s->stack[i + 1].first_key : s->n_keys;

		if (level->close == ']') {
			at[i + 1] = weir_at_index(&at[i], level->index);
		} else if (level->in_member) {
			/* Keys may end in the middle of the text, without a NUL. */
			at[i + 1] = (struct weir_at){.up = &at[i],
			    .err = s->err,
			    .key = s->keys[last - 1].key,
			    .key_len = s->keys[last - 1].len};
		} else {
			return &at[i];
		}
	}
	return &at[s->depth];
}

static void
line_and_column(const struct weir_scan *s, const char *pos, size_t *line, size_t *column)
{
	const char *start = s->text, *newline;

	for (*line = 1; (newline = memchr(start, '\n', (size_t)(pos - start))) != NULL; start = newline + 1)
		++*line;
	*column = (size_t)(pos - start) + 1;
}

int
weir_scan_err(struct weir_scan *s, int errnum, const char *pos, const char *fmt, ...)
{
	struct weir_at at[WEIR_DOC_MAX_DEPTH + 1];
	char msg[200];
	size_t line, column;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	line_and_column(s, pos, &line, &column);
	s->rc = weir_at_err(place(s, at), errnum, "line %zu, column %zu: %s", line, column, msg);
	return s->rc;
}

static int
no_memory(struct weir_scan *s)
{
	return weir_scan_err(s, ENOMEM, s->at, "no memory for the document");
}

static int
grow(struct weir_scan *s, void **array, size_t *cap, size_t n, size_t size)
{
	size_t more = *cap == 0 ? 64 : *cap * 2;
	void *bigger;

	if (n < *cap)
		return 0;
	bigger = realloc(*array, more * size);
	if (bigger == NULL)
		return no_memory(s);
	*array = bigger;
	*cap = more;
	return 0;
}

static char *
key_memory(struct weir_json_doc *doc, size_t size)
{
	struct weir_json_keys *chunk = doc->keys;

	if (chunk == NULL || chunk->size - chunk->used < size) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		chunk = malloc(sizeof(*chunk) + room);
		if (chunk == NULL)
			return NULL;
		*chunk = (struct weir_json_keys){.next = doc->keys, .size = room};
		doc->keys = chunk;
	}
	chunk->used += size;
	return chunk->bytes + chunk->used - size;
}

/* Resolves the escapes of a string that scan_string() has passed. Returns the length. */
static size_t
unescape(const char *from, const char *end, char *to)
{
	char *start = to, hex[5] = {0};

	while (from < end) {
		if (*from != '\\') {
			*to++ = *from++;
		} else if (from[1] != 'u') {
			*to++ = from[1];
			from += 2;
		} else {
			memcpy(hex, from + 2, 4);
			*to++ = (char)strtoul(hex, NULL, 16);
			from += 6;
		}
	}
	return (size_t)(to - start);
}

int
weir_scan_push_key(struct weir_scan *s, const char *start, bool escapes)
{
	const char *first = start + 1, *last = s->at - 1;
	struct weir_scan_key key = {
	    .key = first, .len = (uint32_t)(last - first), .pos = (uint32_t)(start - s->text)};

	if (escapes || s->depth <= 2) {
		char *copy = key_memory(s->doc, key.len + 1u);

		if (copy == NULL)
			return no_memory(s);
		key.len = (uint32_t)unescape(first, last, copy);
		copy[key.len] = '\0';
		key.key = copy;
	}
	if (grow(s, (void **)&s->keys, &s->keys_cap, s->n_keys, sizeof(*s->keys)) != 0)
		return s->rc;
	s->keys[s->n_keys++] = key;
	s->stack[s->depth - 1].in_member = true;
	return 0;
}

int
weir_scan_open_part(struct weir_scan *s)
{
	struct weir_json_doc *doc = s->doc;

	if (grow(s, (void **)&doc->parts, &s->parts_cap, doc->n_parts, sizeof(*doc->parts)) != 0)
		return s->rc;
	s->stack[s->depth - 1].part = doc->n_parts;
	doc->parts[doc->n_parts++] =
	    (struct weir_json_part){.key = s->keys[s->n_keys - 1].key, .text = s->at, .top = s->depth == 1};
	return 0;
}

void
weir_scan_close_part(struct weir_scan *s)
{
	const struct weir_scan_level *level = &s->stack[s->depth - 1];

	if (level->part != WEIR_NONE)
		s->doc->parts[level->part].len = (size_t)(s->at - s->doc->parts[level->part].text);
}

static int
compare_keys(const void *a, const void *b)
{
	const struct weir_scan_key *x = a, *y = b;
	int rc = x->len != y->len ? (x->len < y->len ? -1 : 1) : memcmp(x->key, y->key, x->len);

	return rc != 0 ? rc : (x->pos < y->pos ? -1 : 1);
}

static bool
same_key(const struct weir_scan_key *a, const struct weir_scan_key *b)
{
	return a->len == b->len && memcmp(a->key, b->key, a->len) == 0;
}

/* Few keys are compared pairwise, many are sorted: no choice of keys makes either slow. */
static const struct weir_scan_key *
find_duplicate(struct weir_scan_key *keys, size_t n)
{
	if (n <= PAIRWISE_MAX) {
		for (size_t i = 1; i < n; i++)
			for (size_t j = 0; j < i; j++)
				if (same_key(&keys[i], &keys[j]))
					return &keys[i];
		return NULL;
	}
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (same_key(&keys[i], &keys[i - 1]))
			return &keys[i];
	return NULL;
}

int
weir_scan_close_level(struct weir_scan *s)
{
	struct weir_scan_level *level = &s->stack[s->depth - 1];
	const struct weir_scan_key *twice = NULL;

	if (s->n_keys > level->first_key)
		twice = find_duplicate(&s->keys[level->first_key], s->n_keys - level->first_key);
	if (twice != NULL) {
		/* The fault's path ends in the present key: make it this one. */
		s->keys[s->n_keys - 1] = *twice;
		return weir_scan_err(s, EEXIST, s->text + twice->pos, "duplicate key");
	}
	s->n_keys = level->first_key;
	s->depth--;
	return 0;
}

void
weir_json_free(struct weir_json_doc *doc)
{
	while (doc->keys != NULL) {
		struct weir_json_keys *next = doc->keys->next;

		free(doc->keys);
		doc->keys = next;
	}
	free(doc->parts);
	*doc = (struct weir_json_doc){0};
}
