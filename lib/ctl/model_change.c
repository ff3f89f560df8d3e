/* SPDX-License-Identifier: BSD-3-Clause */
/* From the text of a request to the draft of the next configuration. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_priv.h"

void
weir_draft_free(struct weir_draft *draft)
{
	for (size_t i = 0; i < WEIR_SECTIONS; i++)
		free(draft->touches[i].touch);
	free(draft->ports);
	free(draft->underlays);
	free(draft->tenants);
	weir_snap_drop(draft->next);
	free(draft);
}

static int
no_memory(struct weir_draft *draft)
{
	return weir_err(draft->err, ENOMEM, "", "no memory for the configuration");
}

static int
touch(struct weir_draft *draft, enum weir_section section, const struct weir_elem *before,
    const struct weir_elem *after)
{
	struct weir_touches *touches = &draft->touches[section];

	if (touches->n == touches->cap) {
		size_t cap = touches->cap * 2 + 4;
		struct weir_touch *bigger = realloc(touches->touch, cap * sizeof(*bigger));

		if (bigger == NULL)
			return no_memory(draft);
		touches->touch = bigger;
		touches->cap = cap;
	}
	touches->touch[touches->n++] = (struct weir_touch){.before = before, .after = after};
	return 0;
}

/* The text of an element as it is to be. `before`: what stands under its name in the version before. */
static int
put_elem(struct weir_draft *draft, enum weir_section section, const struct weir_at *at, const char *name,
    const char *text, size_t len, const cJSON *json, const struct weir_elem *before)
{
	struct weir_snap *next = draft->next;
	/* A patched element stays where it stands, a load sets all in order anew. */
	uint64_t order = before != NULL && !draft->fresh ? before->order : next->next_order++;
	struct weir_elem *elem = weir_elem_make(at, section, name, text, len, json, before, order);

	if (elem == NULL)
		return -draft->err->errnum;
	if (weir_snap_put(next, section, draft->fresh ? NULL : before, elem) != 0)
		return no_memory(draft);
	return touch(draft, section, before, elem);
}

static int
remove_elem(struct weir_draft *draft, enum weir_section section, const struct weir_elem *elem)
{
	if (weir_snap_remove(draft->next, section, elem) != 0)
		return no_memory(draft);
	return touch(draft, section, elem, NULL);
}

/* The place of an element; `links` has room for both. */
static const struct weir_at *
elem_at(const struct weir_at *root, enum weir_section section, const char *key, struct weir_at links[2])
{
	links[0] = weir_at_key(root, weir_sections[section].key);
	if (section == WEIR_SECTION_SETTINGS)
		return &links[0];
	links[1] = weir_at_key(&links[0], key);
	return &links[1];
}

/* What a section or a patched element has to be. */
static int
require_object(const struct weir_at *at, const struct weir_json_part *part)
{
	cJSON *json;
	int rc;

	if (part->text[0] == '{')
		return 0;
	json = cJSON_ParseWithLength(part->text, part->len);
	rc = json != NULL ? weir_refuse(at, EINVAL, "an object", json) : weir_at_err(at, ENOMEM, "no memory");
	cJSON_Delete(json);
	return rc;
}

static int
load_elem(
    struct weir_draft *draft, enum weir_section section, const struct weir_at *at, const struct weir_json_part *part)
{
	const struct weir_elem *before = weir_snap_find(draft->from, section, part->key);

	return put_elem(draft, section, at, part->key, part->text, part->len, NULL, before);
}

static int
merge_elem(
    struct weir_draft *draft, enum weir_section section, const struct weir_at *at, const struct weir_json_part *part)
{
	const struct weir_elem *before = weir_snap_find(draft->from, section, part->key);
	cJSON *json = NULL, *patch;
	char *text = NULL;
	int rc = require_object(at, part);

	if (rc != 0)
		return rc;
	if (before != NULL)
		json = cJSON_ParseWithLength(before->text, before->len);
	patch = cJSON_ParseWithLength(part->text, part->len);
	if (patch != NULL && (before == NULL || json != NULL) && weir_json_merge(&json, patch) == 0)
		text = cJSON_PrintUnformatted(json);
	rc = text != NULL ? put_elem(draft, section, at, part->key, text, strlen(text), json, before)
			  : no_memory(draft);
	cJSON_free(text);
	cJSON_Delete(patch);
	cJSON_Delete(json);
	return rc;
}

static bool
is_null(const struct weir_json_part *part)
{
	return part->text[0] == 'n';
}

static int
patch_elem(
    struct weir_draft *draft, enum weir_section section, const struct weir_at *at, const struct weir_json_part *part)
{
	const struct weir_elem *before;

	if (!is_null(part))
		return merge_elem(draft, section, at, part);
	before = weir_snap_find(draft->from, section, part->key);
	return before != NULL ? remove_elem(draft, section, before) : 0;
}

static int
remove_section(struct weir_draft *draft, enum weir_section section)
{
	const struct weir_elem **elems;
	size_t n;
	int rc = 0;

	elems = weir_snap_list(draft->from, section, &n);
	if (elems == NULL)
		return no_memory(draft);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = remove_elem(draft, section, elems[i]);
	free(elems);
	weir_snap_remove_section(draft->next, section);
	return rc;
}

/* A member of the document. */
static int
read_section(struct weir_draft *draft, const struct weir_at *root, const struct weir_json_part *part,
    enum weir_section *section)
{
	struct weir_at at = weir_at_key(root, part->key);
	size_t i;
	int rc = weir_find_field(root, part->key, weir_sections, WEIR_SECTIONS, &i);

	if (rc != 0)
		return rc;
	*section = (enum weir_section)i;
	if (!draft->fresh && is_null(part))
		return remove_section(draft, *section);
	rc = require_object(&at, part);
	if (rc != 0)
		return rc;
	weir_snap_add_section(draft->next, *section);
	if (*section != WEIR_SECTION_SETTINGS)
		return 0;
	return (draft->fresh ? load_elem : merge_elem)(draft, *section, &at, part);
}

static int
read_parts(struct weir_draft *draft, const struct weir_json_doc *doc)
{
	struct weir_at root = weir_at_root(draft->err), links[2];
	enum weir_section section = WEIR_SECTION_SETTINGS;
	int rc = 0;

	for (size_t i = 0; i < doc->n_parts && rc == 0; i++) {
		const struct weir_json_part *part = &doc->parts[i];
		const struct weir_at *at;

		if (part->top) {
			rc = read_section(draft, &root, part, &section);
			continue;
		}
		if (section == WEIR_SECTION_SETTINGS)
			continue;
		at = elem_at(&root, section, part->key, links);
		rc = weir_check_name(at, part->key);
		if (rc == 0)
			rc = (draft->fresh ? load_elem : patch_elem)(draft, section, at, part);
	}
	return rc;
}

/* A load leaves out what it does not name. */
static int
find_removed(struct weir_draft *draft)
{
	for (enum weir_section s = 0; s < WEIR_SECTIONS; s++) {
		const struct weir_elem **elems;
		size_t n;
		int rc = 0;

		elems = weir_snap_list(draft->from, s, &n);
		if (elems == NULL)
			return no_memory(draft);
		for (size_t i = 0; i < n && rc == 0; i++) {
			const char *key =
			    s == WEIR_SECTION_SETTINGS ? weir_sections[s].key : weir_elem_name(elems[i]);

			if (weir_snap_find(draft->next, s, key) == NULL)
				rc = touch(draft, s, elems[i], NULL);
		}
		free(elems);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The document must be one that a load takes. */
static int
check_size(struct weir_draft *draft)
{
	if (draft->next->bytes + 128 <= WEIR_DOC_MAX_BYTES)
		return 0;
	return weir_err(draft->err, E2BIG, "", "the document would have %zu bytes: at most %u are allowed",
	    draft->next->bytes, WEIR_DOC_MAX_BYTES);
}

static int
fill_draft(struct weir_draft *draft, const char *text, size_t len)
{
	struct weir_json_doc doc;
	int rc = weir_json_scan(text, len, &doc, draft->err);

	if (rc != 0)
		return rc;
	rc = read_parts(draft, &doc);
	weir_json_free(&doc);
	if (rc == 0 && draft->fresh)
		rc = find_removed(draft);
	if (rc == 0)
		rc = check_size(draft);
	if (rc == 0)
		rc = weir_index_update(draft);
	if (rc == 0)
		rc = weir_index_check(draft);
	if (rc == 0)
		rc = weir_draft_steps(draft);
	return rc;
}

static int
make_change(struct weir_model *model, bool fresh, const char *text, size_t len, struct weir_change **change,
    struct weir_err *err)
{
	struct weir_err own = {0};
	struct weir_draft *draft;
	int rc;

	*change = NULL;
	if (model->open != NULL)
		return weir_err(err, EBUSY, "", "another change is in preparation");
	draft = calloc(1, sizeof(*draft));
	if (draft == NULL)
		return weir_err(err, ENOMEM, "", "no memory for the configuration");
	draft->from = model->snap;
	draft->fresh = fresh;
	draft->err = &own;
	draft->next = fresh ? weir_snap_create(&model->secret) : weir_snap_copy(model->snap);
	rc = draft->next != NULL ? fill_draft(draft, text, len) : no_memory(draft);
	draft->err = NULL;
	if (rc != 0) {
		weir_draft_free(draft);
		return weir_err(err, own.errnum, own.path, "%s", own.msg);
	}
	model->open = draft;
	*change = &draft->change;
	return 0;
}

int
weir_model_load(
    struct weir_model *model, const char *text, size_t len, struct weir_change **change, struct weir_err *err)
{
	return make_change(model, true, text, len, change, err);
}

int
weir_model_patch(
    struct weir_model *model, const char *text, size_t len, struct weir_change **change, struct weir_err *err)
{
	return make_change(model, false, text, len, change, err);
}
