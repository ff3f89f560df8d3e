/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON text before cJSON sees it. cJSON takes duplicate keys, "\u0000", trailing text and any depth; the document may
 * hold none of them. So the raw text is scanned once, strictly, and split into the elements of its sections, each of
 * which is parsed by itself and only where it is needed.
 */
#ifndef WEIR_JSON_PRIV_H
#define WEIR_JSON_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "weir_base.h"

/* ---- places in a document ---- */

/* A path from the document's root to a value, a link a level, on the stack of whoever walks the document. */
struct weir_at {
	const struct weir_at *up; /* NULL: this is the root */
	struct weir_err *err;	  /* where faults below go */
	const char *key;	  /* NULL: an array's element */
	size_t key_len;
	uint32_t index;
};

struct weir_at weir_at_root(struct weir_err *err);
struct weir_at weir_at_key(const struct weir_at *up, const char *key);
struct weir_at weir_at_index(const struct weir_at *up, uint32_t index);

/* Writes the JSON pointer (RFC 6901), its overlong keys shortened; cut off at `size`. Returns `buf`. */
char *weir_at_format(const struct weir_at *at, char *buf, size_t size);

/* As weir_err(), at the place. Returns -errnum. */
int weir_at_err(const struct weir_at *at, int errnum, const char *fmt, ...) WEIR_PRINTF(3, 4);

/* Writes a value as a message shows it: shortened, containers only named. Returns `buf`. */
char *weir_json_brief(const cJSON *json, char *buf, size_t size);
#define WEIR_JSON_BRIEF_SIZE 64

/* ---- the scan ---- */

/* A member of the document, or of one of its sections. */
struct weir_json_part {
	const char *key;  /* NUL-terminated, escapes resolved */
	const char *text; /* the value, in the scanned text */
	size_t len;
	bool top; /* a member of the document; its own members follow it */
};

struct weir_json_doc {
	struct weir_json_part *parts; /* in the text's order */
	size_t n_parts;
	struct weir_json_keys *keys; /* the memory behind `key` */
};

/*
 * Checks that `text` is one JSON object as design 1.3 wants it, and splits it. Returns 0 (then `text` must outlive
 * *doc, which weir_json_free() frees), or with err and nothing to free: -EINVAL malformed (line and column in the
 * message), -EEXIST duplicate key, -ERANGE number, -E2BIG too large, too deep or too many values, -ENOMEM.
 */
int weir_json_scan(const char *text, size_t len, struct weir_json_doc *doc, struct weir_err *err);
void weir_json_free(struct weir_json_doc *doc);

/* ---- texts ---- */

/* Copies valid JSON without the white space between its tokens; `to` has room for `len`. Returns the new length. */
size_t weir_json_compact(const char *text, size_t len, char *to);

/*
 * Takes the first token of a JSON pointer and resolves its escapes into `token`. Returns the rest of the pointer, or
 * NULL: it does not begin with '/', has a wrong escape, or the token is longer than any key (`size`).
 */
const char *weir_json_token(const char *pointer, char *token, size_t size);

/* The member or array element of that name; NULL: there is none. */
cJSON *weir_json_child(const cJSON *json, const char *token);

/* RFC 7396 within *target, which may be NULL (nothing there yet). `patch` is taken apart; the caller still frees it.
 * Returns 0 or -ENOMEM (*target is still to be freed, but holds half a merge). */
int weir_json_merge(cJSON **target, cJSON *patch);

/* The members of an object in order of their keys: *n of them, the array to be free()d. NULL: no memory. */
cJSON **weir_json_sorted(const cJSON *object, size_t *n);

#endif
