/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_priv.h"

#define TOKEN_SIZE 256 /* of a pointer; no key of the document is longer */

/* Text that grows. After a failed allocation it stays as it is and says so at the end. */
struct text {
	char *bytes;
	size_t len, cap;
	bool failed;
};

static void
reserve(struct text *text, size_t cap)
{
	char *bigger = realloc(text->bytes, cap);

	text->failed = bigger == NULL;
	if (bigger == NULL)
		return;
	text->bytes = bigger;
	text->cap = cap;
}

static void
append(struct text *text, const char *bytes, size_t len)
{
	if (!text->failed && (text->bytes == NULL || text->len + len + 1 > text->cap))
		reserve(text, 2 * (text->len + len) + 256);
	if (text->failed)
		return;
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	text->bytes[text->len] = '\0';
}

static void
append_key(struct text *text, bool first, const char *key)
{
	char buf[WEIR_NAME_SIZE + 8];

	append(text, buf, (size_t)snprintf(buf, sizeof(buf), "%s\"%s\":", first ? "" : ",", key));
}

static void
append_section(struct text *text, const struct weir_snap *snap, enum weir_section section)
{
	const struct weir_elem **elems;
	size_t n;

	elems = weir_snap_list(snap, section, &n);
	if (elems == NULL) {
		text->failed = true;
		return;
	}
	if (section == WEIR_SECTION_SETTINGS) {
		append(text, elems[0]->text, elems[0]->len);
		free(elems);
		return;
	}
	append(text, "{", 1);
	for (size_t i = 0; i < n; i++) {
		append_key(text, i == 0, weir_elem_name(elems[i]));
		append(text, elems[i]->text, elems[i]->len);
	}
	append(text, "}", 1);
	free(elems);
}

static void
append_document(struct text *text, const struct weir_snap *snap)
{
	reserve(text, snap->bytes + 128);
	append(text, "{", 1);
	for (uint32_t i = 0; i < snap->n_sections; i++) {
		append_key(text, i == 0, weir_sections[snap->sections[i]].key);
		append_section(text, snap, snap->sections[i]);
	}
	append(text, "}", 1);
}

static int
no_value(struct weir_err *err, const char *pointer, const char *token)
{
	return weir_err(err, ENOENT, pointer, "the configuration has no \"%s\" there", token);
}

/* Within an element: `pointer` is what is left of `whole` there. */
static int
append_part(
    struct text *text, const struct weir_elem *elem, const char *pointer, const char *whole, struct weir_err *err)
{
	cJSON *json, *at;
	char token[TOKEN_SIZE], *printed;
	int rc = 0;

	if (*pointer == '\0') {
		append(text, elem->text, elem->len);
		return 0;
	}
	at = json = cJSON_ParseWithLength(elem->text, elem->len);
	while (at != NULL && *pointer != '\0' && rc == 0) {
		pointer = weir_json_token(pointer, token, sizeof(token));
		at = weir_json_child(at, token);
		rc = at == NULL ? no_value(err, whole, token) : 0;
	}
	if (rc == 0) {
		printed = cJSON_PrintUnformatted(at);
		if (printed != NULL)
			append(text, printed, strlen(printed));
		else
			text->failed = true;
		cJSON_free(printed);
	}
	cJSON_Delete(json);
	return rc;
}

static int
find_section(const struct weir_snap *snap, const char *key)
{
	for (uint32_t i = 0; i < snap->n_sections; i++)
		if (strcmp(weir_sections[snap->sections[i]].key, key) == 0)
			return snap->sections[i];
	return -1;
}

static int
append_pointer(struct text *text, const struct weir_snap *snap, const char *whole, struct weir_err *err)
{
	const char *pointer = whole;
	char token[TOKEN_SIZE];
	const struct weir_elem *elem;
	int section;

	if (*pointer == '\0') {
		append_document(text, snap);
		return 0;
	}
	pointer = weir_json_token(pointer, token, sizeof(token));
	section = find_section(snap, token);
	if (section < 0)
		return no_value(err, whole, token);
	if (*pointer == '\0') {
		append_section(text, snap, (enum weir_section)section);
		return 0;
	}
	if (section != WEIR_SECTION_SETTINGS)
		pointer = weir_json_token(pointer, token, sizeof(token));
	elem = weir_snap_find(snap, (enum weir_section)section, token);
	return elem != NULL ? append_part(text, elem, pointer, whole, err) : no_value(err, whole, token);
}

/* Every token of the pointer is well formed, so that whoever walks it need not ask again. */
static bool
pointer_ok(const char *pointer)
{
	char token[TOKEN_SIZE];

	while (pointer != NULL && *pointer != '\0')
		pointer = weir_json_token(pointer, token, sizeof(token));
	return pointer != NULL;
}

int
weir_model_show(
    struct weir_model *model, const char *pointer, char **text, size_t *len, uint64_t *version, struct weir_err *err)
{
	struct text out = {0};
	struct weir_snap *snap;
	int rc;

	if (!pointer_ok(pointer))
		return weir_err(err, EINVAL, pointer, "not a JSON pointer such as \"/tenants/red\"");
	snap = weir_snap_hold(model);
	rc = append_pointer(&out, snap, pointer, err);
	*version = snap->version;
	weir_snap_drop(snap);
	if (rc == 0 && out.failed)
		rc = weir_err(err, ENOMEM, pointer, "no memory for the text");
	if (rc != 0) {
		free(out.bytes);
		return rc;
	}
	*text = out.bytes;
	*len = out.len;
	return 0;
}
