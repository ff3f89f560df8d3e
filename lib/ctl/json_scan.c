/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_priv.h"
#include "json_scan_priv.h"
#include "weir_model.h"

/* No valid document has so many: a value takes seven bytes at least. Keeps the tree of a hostile one in bounds. */
#define VALUES_MAX (WEIR_DOC_MAX_BYTES / 6)
#define NUMBER_MAX 63 /* characters: what cJSON reads */

static bool
is_object(const struct weir_scan *s)
{
	return s->stack[s->depth - 1].close == '}';
}

static void
skip_space(struct weir_scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

/* "found ..." for what stands at the scan's position. */
static const char *
found(const struct weir_scan *s, char *buf, size_t size)
{
	unsigned char c;

	if (s->at == s->end)
		return "the end of the text";
	c = (unsigned char)*s->at;
	if (c > ' ' && c < 0x7f)
		(void)snprintf(buf, size, "'%c'", c);
	else
		(void)snprintf(buf, size, "byte 0x%02x", c);
	return buf;
}

static int
unexpected(struct weir_scan *s, const char *expected)
{
	char buf[16];

	if (s->at < s->end && (*s->at & 0x80) != 0)
		return weir_scan_err(
		    s, EINVAL, s->at, "only ASCII may stand here, found %s", found(s, buf, sizeof(buf)));
	return weir_scan_err(s, EINVAL, s->at, "expected %s, found %s", expected, found(s, buf, sizeof(buf)));
}

/* After a backslash: one of the escapes that yield a printable ASCII character, the only ones the document needs. */
static int
scan_escape(struct weir_scan *s, char *c)
{
	const char *start = s->at - 1;
	unsigned int code = 0, digits;

	if (s->at == s->end)
		return unexpected(s, "an escape");
	*c = *s->at++;
	if (*c == '"' || *c == '\\' || *c == '/')
		return 0;
	if (*c != '\0' && strchr("bfnrt", *c) != NULL)
		return weir_scan_err(s, EINVAL, start, "control character in a string");
	if (*c != 'u')
		return weir_scan_err(s, EINVAL, start, "unknown escape in a string");
	for (digits = 0; digits < 4 && s->at < s->end && isxdigit((unsigned char)*s->at); digits++, s->at++)
		code = code * 16 +
		       (unsigned int)(isdigit((unsigned char)*s->at) ? *s->at - '0' : (*s->at | 0x20) - 'a' + 10);
	if (digits < 4)
		return unexpected(s, "four hexadecimal digits");
	if (code < 0x20 || code > 0x7e)
		return weir_scan_err(
		    s, EINVAL, start, "\\u%04x in a string: only printable ASCII may stand there", code);
	*c = (char)code;
	return 0;
}

/* A string, the position on its opening quote; afterwards behind the closing one. */
static int
scan_string(struct weir_scan *s, bool *escapes)
{
	char c;

	for (s->at++; s->at < s->end && *s->at != '"';) {
		c = *s->at;
		if (c == '\\') {
			s->at++;
			*escapes = true;
			if (scan_escape(s, &c) != 0)
				return -EINVAL;
		} else if (c >= 0x20 && c < 0x7f) {
			s->at++;
		} else {
			return unexpected(s, "printable ASCII in a string");
		}
	}
	if (s->at == s->end)
		return unexpected(s, "the string's closing quote");
	s->at++;
	return 0;
}

static size_t
scan_digits(struct weir_scan *s)
{
	const char *start = s->at;

	while (s->at < s->end && isdigit((unsigned char)*s->at))
		s->at++;
	return (size_t)(s->at - start);
}

static int
scan_number(struct weir_scan *s)
{
	const char *start = s->at, *integer;
	char copy[NUMBER_MAX + 1];
	size_t len;

	s->at += *s->at == '-' ? 1 : 0;
	integer = s->at;
	if (scan_digits(s) == 0)
		return unexpected(s, "a digit");
	if (*integer == '0' && s->at - integer > 1)
		return weir_scan_err(s, EINVAL, start, "a number does not begin with 0");
	if (s->at < s->end && *s->at == '.') {
		s->at++;
		if (scan_digits(s) == 0)
			return unexpected(s, "a digit");
	}
	if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
		s->at++;
		s->at += s->at < s->end && (*s->at == '+' || *s->at == '-') ? 1 : 0;
		if (scan_digits(s) == 0)
			return unexpected(s, "a digit");
	}
	len = (size_t)(s->at - start);
	if (len > NUMBER_MAX)
		return weir_scan_err(s, ERANGE, start, "a number of over %d characters", NUMBER_MAX);
	memcpy(copy, start, len);
	copy[len] = '\0';
	if (!isfinite(strtod(copy, NULL)))
		return weir_scan_err(s, ERANGE, start, "number out of range");
	return 0;
}

static int
scan_word(struct weir_scan *s)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(s->end - s->at) >= len && memcmp(s->at, words[i], len) == 0) {
			s->at += len;
			return 0;
		}
	}
	return unexpected(s, "a value");
}

static int
open_container(struct weir_scan *s)
{
	if (s->depth == WEIR_DOC_MAX_DEPTH)
		return weir_scan_err(s, E2BIG, s->at, "nested more than %d deep", WEIR_DOC_MAX_DEPTH);
	s->stack[s->depth++] =
	    (struct weir_scan_level){.close = *s->at == '{' ? '}' : ']', .first_key = s->n_keys, .part = WEIR_NONE};
	s->at++;
	return 0;
}

/* The key of a member, its colon, and (where the document is to be split) a part for it. */
static int
scan_key(struct weir_scan *s)
{
	bool escapes = false;
	const char *start;

	skip_space(s);
	if (s->at == s->end || *s->at != '"')
		return unexpected(s, "a key in quotes");
	start = s->at;
	if (scan_string(s, &escapes) != 0 || weir_scan_push_key(s, start, escapes) != 0)
		return s->rc;
	skip_space(s);
	if (s->at == s->end || *s->at != ':')
		return unexpected(s, "':' after the key");
	s->at++;
	skip_space(s);
	return s->depth <= 2 ? weir_scan_open_part(s) : 0;
}

/* A value; *opened: it is a container, whose members come next. */
static int
scan_value(struct weir_scan *s, bool *opened)
{
	bool escapes = false;

	skip_space(s);
	if (++s->n_values > VALUES_MAX)
		return weir_scan_err(s, E2BIG, s->at, "more than %u values", VALUES_MAX);
	if (s->at == s->end)
		return unexpected(s, "a value");
	*opened = *s->at == '{' || *s->at == '[';
	if (*opened)
		return open_container(s);
	if (*s->at == '"')
		return scan_string(s, &escapes);
	return *s->at == '-' || isdigit((unsigned char)*s->at) ? scan_number(s) : scan_word(s);
}

/* Behind a value: closes what ends here, and goes to where the next value begins. *more: there is one. */
static int
scan_next(struct weir_scan *s, bool *more)
{
	for (*more = false; s->depth > 0;) {
		struct weir_scan_level *level = &s->stack[s->depth - 1];

		weir_scan_close_part(s);
		skip_space(s);
		if (s->at < s->end && *s->at == ',') {
			s->at++;
			level->in_member = false;
			level->index++;
			*more = true;
			return is_object(s) ? scan_key(s) : 0;
		}
		if (s->at == s->end || *s->at != level->close)
			return unexpected(s, is_object(s) ? "',' or '}'" : "',' or ']'");
		s->at++;
		if (weir_scan_close_level(s) != 0)
			return s->rc;
	}
	return 0;
}

/* The first member of a container that was just opened. *more: it has one. */
static int
scan_first(struct weir_scan *s, bool *more)
{
	skip_space(s);
	*more = s->at == s->end || *s->at != s->stack[s->depth - 1].close;
	if (*more)
		return is_object(s) ? scan_key(s) : 0;
	s->at++;
	s->depth--;
	return scan_next(s, more);
}

static int
scan_document(struct weir_scan *s)
{
	bool more = true, opened = false;

	skip_space(s);
	if (s->at == s->end || *s->at != '{')
		return unexpected(s, "an object: '{'");
	while (more) {
		if (scan_value(s, &opened) != 0 || (opened ? scan_first(s, &more) : scan_next(s, &more)) != 0)
			return s->rc;
	}
	skip_space(s);
	return s->at == s->end ? 0 : unexpected(s, "nothing after the document");
}

int
weir_json_scan(const char *text, size_t len, struct weir_json_doc *doc, struct weir_err *err)
{
	struct weir_scan s = {.text = text, .at = text, .end = text + len, .doc = doc, .err = err};
	int rc;

	*doc = (struct weir_json_doc){0};
	if (len > WEIR_DOC_MAX_BYTES)
		return weir_err(err, E2BIG, "", "%zu bytes: a document has at most %u", len, WEIR_DOC_MAX_BYTES);
	rc = scan_document(&s);
	free(s.keys);
	if (rc != 0)
		weir_json_free(doc);
	return rc;
}
