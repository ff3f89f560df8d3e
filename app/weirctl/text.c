/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void *
grow(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n, size);
	if (p == NULL) {
		(void)fputs("weirctl: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static void
reserve(struct text *text, size_t n)
{
	if (text->size - text->len > n)
		return;
	text->size = (text->len + n + 64) * 2;
	text->data = grow(text->data, text->size, 1);
}

void
text_free(struct text *text)
{
	if (text == NULL)
		return;
	free(text->data);
	*text = (struct text){0};
}

void
text_clear(struct text *text)
{
	text->len = 0;
	if (text->data != NULL)
		text->data[0] = '\0';
}

void
text_add(struct text *text, const char *s, size_t n)
{
	reserve(text, n);
	memcpy(text->data + text->len, s, n);
	text->len += n;
	text->data[text->len] = '\0';
}

void
text_str(struct text *text, const char *s)
{
	text_add(text, s, strlen(s));
}

void
text_fill(struct text *text, char c, size_t n)
{
	reserve(text, n);
	memset(text->data + text->len, c, n);
	text->len += n;
	text->data[text->len] = '\0';
}

void
text_printf(struct text *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	reserve(text, (size_t)n);
	va_start(ap, fmt);
	(void)vsnprintf(text->data + text->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	text->len += (size_t)n;
}

void
text_json(struct text *text, const char *s)
{
	text_str(text, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			text_printf(text, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			text_printf(text, "\\u%04x", (unsigned int)*s);
		else
			text_add(text, s, 1);
	}
	text_str(text, "\"");
}
