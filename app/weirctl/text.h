/* SPDX-License-Identifier: BSD-3-Clause */
/* A text that grows. Running out of memory ends the program: a client has nothing to save. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

#include "weir_base.h"

/* All zero is an empty text. `data` is NUL-terminated once something was added, NULL before. */
struct text {
	char *data;
	size_t len, size;
};

void text_free(struct text *text);  /* empty again; NULL is fine */
void text_clear(struct text *text); /* empty, memory kept */
void text_add(struct text *text, const char *s, size_t n);
void text_str(struct text *text, const char *s);
void text_fill(struct text *text, char c, size_t n);
void text_printf(struct text *text, const char *fmt, ...) WEIR_PRINTF(2, 3);

/* `s` as a JSON string, quotes included. */
void text_json(struct text *text, const char *s);

/* realloc() to n * size bytes that does not fail. */
void *grow(void *p, size_t n, size_t size);

#endif
