/* SPDX-License-Identifier: BSD-3-Clause */
/* What the scanner (json_scan.c) and its book-keeping of keys and parts (json_keys.c) share. */
#ifndef WEIR_JSON_SCAN_PRIV_H
#define WEIR_JSON_SCAN_PRIV_H

#include "json_priv.h"
#include "weir_model.h"

struct weir_scan_key {
	const char *key;
	uint32_t len;
	uint32_t pos; /* of its opening quote in the text */
};

/* An open object or array. Its keys are the last ones of the stack of keys, from first_key on. */
struct weir_scan_level {
	char close; /* '}' or ']' */
	bool in_member;
	uint32_t index; /* of the present element */
	size_t first_key;
	size_t part; /* the present member's, or WEIR_NONE */
};

struct weir_scan {
	const char *text, *at, *end;
	struct weir_json_doc *doc;
	struct weir_err *err;
	int rc; /* of the first fault */
	uint32_t depth, n_values;
	struct weir_scan_level stack[WEIR_DOC_MAX_DEPTH];
	struct weir_scan_key *keys; /* of all open objects */
	size_t n_keys, keys_cap;
	size_t parts_cap;
};

/* Reports a fault at `pos` of the text, with line and column, and the path of the value that it is in. */
int weir_scan_err(struct weir_scan *s, int errnum, const char *pos, const char *fmt, ...) WEIR_PRINTF(4, 5);

/* The key between the quotes from `start` to the scan's position becomes the innermost object's present one. */
int weir_scan_push_key(struct weir_scan *s, const char *start, bool escapes);

/* The present member's value begins / ended at the scan's position. */
int weir_scan_open_part(struct weir_scan *s);
void weir_scan_close_part(struct weir_scan *s);

/* The innermost container ends: refuses duplicate keys in it. */
int weir_scan_close_level(struct weir_scan *s);

#endif
