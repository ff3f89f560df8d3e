/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "pretty.h"

#define LINE 100 /* characters that an object on one line may reach */

static const char *
skip_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Past a string, number or word, or one character of punctuation. */
static const char *
token_end(const char *p)
{
	if (*p == '"') {
		for (p++; *p != '\0' && *p != '"'; p++)
			if (*p == '\\' && p[1] != '\0')
				p++;
		return *p == '"' ? p + 1 : p;
	}
	if (strchr("{}[],:", *p) != NULL)
		return p + 1;
	return p + strcspn(p, " \t\r\n{}[],:\"");
}

/* The container at `p` on one line, into `out`, if it takes at most `room` characters; *end is past it. */
static bool
one_line(const char *p, size_t room, struct text *out, const char **end)
{
	size_t start = out->len, depth = 0;
	char last = '\0';

	do {
		const char *next = token_end(p);
		char c = *p;

		if (c == '\0' || out->len - start + (size_t)(next - p) > room) {
			out->len = start;
			return false;
		}
		/* { "a": [ 1, 2 ] } without spaces inside empty brackets and inside arrays */
		if (last == ',' || last == ':' || (last == '{' && c != '}') || (c == '}' && last != '{'))
			text_str(out, " ");
		text_add(out, p, (size_t)(next - p));
		depth += c == '{' || c == '[' ? 1 : 0;
		depth -= c == '}' || c == ']' ? 1 : 0;
		last = c;
		p = skip_space(next);
	} while (depth > 0);
	*end = p;
	return true;
}

static void
new_line(struct text *out, const char *prefix, size_t depth)
{
	text_str(out, "\n");
	text_str(out, prefix);
	text_fill(out, ' ', 2 * depth);
}

void
pretty(const char *json, const char *prefix, struct text *out)
{
	size_t depth = 0, line = out->len;
	const char *p = skip_space(json);

	while (*p != '\0') {
		const char *next = token_end(p);
		size_t column = out->len - line;

		if ((*p == '{' || *p == '[') && column < LINE && one_line(p, LINE - column, out, &next)) {
			p = next;
			continue;
		}
		if ((*p == '}' || *p == ']') && depth > 0) {
			line = out->len + 1;
			new_line(out, prefix, --depth);
		}
		text_add(out, p, (size_t)(next - p));
		if (*p == '{' || *p == '[')
			depth++;
		if (*p == '{' || *p == '[' || *p == ',') {
			line = out->len + 1;
			new_line(out, prefix, depth);
		} else if (*p == ':') {
			text_str(out, " ");
		}
		p = skip_space(next);
	}
}
