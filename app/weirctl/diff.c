/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "pretty.h"

/* An object's members in order of their keys: looking up each key in a linked list would be quadratic. */
struct members {
	const cJSON **v;
	size_t n;
};

static int
by_key(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static struct members
members_sorted(const cJSON *object)
{
	struct members members = {NULL, (size_t)cJSON_GetArraySize(object)};
	const cJSON *item;
	size_t i = 0;

	members.v = grow(NULL, members.n + 1, sizeof(*members.v));
	cJSON_ArrayForEach (item, object)
		members.v[i++] = item;
	qsort(members.v, members.n, sizeof(*members.v), by_key);
	return members;
}

static void
path_push(struct text *path, const char *key)
{
	text_str(path, "/");
	for (; *key != '\0'; key++) {
		if (*key == '~')
			text_str(path, "~0");
		else if (*key == '/')
			text_str(path, "~1");
		else
			text_add(path, key, 1);
	}
}

static void walk(struct text *path, const cJSON *before, const cJSON *after, diff_fn fn, void *arg);

static void
walk_objects(struct text *path, const cJSON *before, const cJSON *after, diff_fn fn, void *arg)
{
	struct members old = members_sorted(before), new = members_sorted(after);
	size_t i = 0, j = 0, len = path->len;

	while (i < old.n || j < new.n) {
		int order = i == old.n ? 1 : j == new.n ? -1 : strcmp(old.v[i]->string, new.v[j]->string);

		path_push(path, order <= 0 ? old.v[i]->string : new.v[j]->string);
		walk(path, order <= 0 ? old.v[i] : NULL, order >= 0 ? new.v[j] : NULL, fn, arg);
		path->len = len;
		path->data[len] = '\0';
		i += order <= 0 ? 1 : 0;
		j += order >= 0 ? 1 : 0;
	}
	free(old.v);
	free(new.v);
}

/* As deep as cJSON parses, which is bounded by itself. */
static void
walk(struct text *path, const cJSON *before, const cJSON *after, diff_fn fn, void *arg)
{
	if (before != NULL && after != NULL && cJSON_IsObject(before) && cJSON_IsObject(after))
		walk_objects(path, before, after, fn, arg);
	else if (before == NULL || after == NULL || !cJSON_Compare(before, after, true))
		fn(arg, path->data, before, after);
}

void
diff_walk(const cJSON *before, const cJSON *after, diff_fn fn, void *arg)
{
	struct text path = {0};

	text_str(&path, "");
	walk(&path, before, after, fn, arg);
	text_free(&path);
}

static char *
print(const cJSON *value)
{
	char *s = cJSON_PrintUnformatted(value);

	return s != NULL ? s : strdup("null");
}

static void
add_value(struct text *out, const cJSON *value, const char *prefix)
{
	char *s = print(value);

	pretty(s, prefix, out);
	free(s);
}

void
diff_print(void *text, const char *path, const cJSON *before, const cJSON *after)
{
	struct text *out = text;
	const char *sign = before == NULL ? "+" : after == NULL ? "-" : "~";

	text_printf(out, "%s %s: ", sign, *path != '\0' ? path : "(the document)");
	if (before != NULL)
		add_value(out, before, after == NULL ? "- " : "~ ");
	if (before != NULL && after != NULL)
		text_str(out, " -> ");
	if (after != NULL)
		add_value(out, after, before == NULL ? "+ " : "~ ");
	text_str(out, "\n");
}

void
diff_json(void *text, const char *path, const cJSON *before, const cJSON *after)
{
	struct text *out = text;
	char *s;

	text_printf(out, "%s{\"op\":\"%s\",\"path\":", out->len > 0 && out->data[out->len - 1] == '}' ? "," : "",
	    before == NULL  ? "add"
	    : after == NULL ? "remove"
			    : "replace");
	text_json(out, path);
	if (before != NULL) {
		s = print(before);
		text_printf(out, ",\"before\":%s", s);
		free(s);
	}
	if (after != NULL) {
		s = print(after);
		text_printf(out, ",\"after\":%s", s);
		free(s);
	}
	text_str(out, "}");
}
