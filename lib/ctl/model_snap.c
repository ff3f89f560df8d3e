/* SPDX-License-Identifier: BSD-3-Clause */
/* Snapshots and the elements they hold. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_priv.h"

_Static_assert(offsetof(struct weir_cfg_port, name) == 0 && offsetof(struct weir_cfg_underlay, port) == 0 &&
		   offsetof(struct weir_cfg_tenant, name) == 0,
    "weir_elem_name() takes the name from the beginning");

const struct weir_field weir_sections[WEIR_SECTIONS] = {
    [WEIR_SECTION_PORTS] = {.key = "ports"},
    [WEIR_SECTION_SETTINGS] = {.key = "settings"},
    [WEIR_SECTION_UNDERLAY] = {.key = "underlay"},
    [WEIR_SECTION_TENANTS] = {.key = "tenants"},
};

static const struct weir_kind *const kinds[WEIR_SECTIONS] = {
    [WEIR_SECTION_PORTS] = &weir_kind_port,
    [WEIR_SECTION_SETTINGS] = &weir_kind_settings,
    [WEIR_SECTION_UNDERLAY] = &weir_kind_underlay,
    [WEIR_SECTION_TENANTS] = &weir_kind_tenant,
};

/* All maps of a snapshot, for what is done to each of them. */
static size_t
all_maps(struct weir_snap *snap, struct weir_map *maps[WEIR_SECTIONS + 6])
{
	struct weir_index *index = &snap->index;
	size_t n = 0;

	for (; n < WEIR_SECTIONS; n++)
		maps[n] = &snap->elems[n];
	maps[n++] = &index->vnis;
	maps[n++] = &index->places;
	maps[n++] = &index->users;
	maps[n++] = &index->devices;
	maps[n++] = &index->own;
	maps[n++] = &index->remotes;
	return n;
}

struct weir_snap *
weir_snap_create(const struct weir_siphash_key *secret)
{
	struct weir_snap *snap = calloc(1, sizeof(*snap));
	struct weir_map *maps[WEIR_SECTIONS + 6];
	size_t n;

	if (snap == NULL)
		return NULL;
	snap->refs = 1;
	n = all_maps(snap, maps);
	for (size_t i = 0; i < n; i++)
		weir_map_init(maps[i], secret, i < WEIR_SECTIONS ? weir_elem_drop : NULL);
	return snap;
}

struct weir_snap *
weir_snap_copy(const struct weir_snap *from)
{
	struct weir_snap *snap = malloc(sizeof(*snap));
	struct weir_map *maps[WEIR_SECTIONS + 6];
	size_t n;

	if (snap == NULL)
		return NULL;
	/* Not the references: readers are counting themselves there. */
	memcpy((char *)snap + offsetof(struct weir_snap, n_sections),
	    (const char *)from + offsetof(struct weir_snap, n_sections),
	    sizeof(*snap) - offsetof(struct weir_snap, n_sections));
	snap->refs = 1;
	n = all_maps(snap, maps);
	for (size_t i = 0; i < n; i++) {
		struct weir_map same = *maps[i];

		weir_map_copy(maps[i], &same);
	}
	return snap;
}

struct weir_snap *
weir_snap_hold(struct weir_model *model)
{
	struct weir_snap *snap;

	(void)pthread_mutex_lock(&model->lock);
	snap = model->snap;
	(void)__atomic_add_fetch(&snap->refs, 1, __ATOMIC_RELAXED);
	(void)pthread_mutex_unlock(&model->lock);
	return snap;
}

void
weir_snap_drop(struct weir_snap *snap)
{
	struct weir_map *maps[WEIR_SECTIONS + 6];
	size_t n;

	if (snap == NULL || __atomic_sub_fetch(&snap->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	n = all_maps(snap, maps);
	for (size_t i = 0; i < n; i++)
		weir_map_drop(maps[i]);
	free(snap);
}

const struct weir_elem *
weir_snap_find(const struct weir_snap *snap, enum weir_section section, const char *name)
{
	const struct weir_map_leaf *leaf = weir_map_find(&snap->elems[section], name, strlen(name));

	return leaf != NULL ? leaf->obj : NULL;
}

static int
compare_order(const void *a, const void *b)
{
	const struct weir_elem *const *x = a, *const *y = b;

	return (*x)->order < (*y)->order ? -1 : (*x)->order > (*y)->order;
}

const struct weir_elem **
weir_snap_list(const struct weir_snap *snap, enum weir_section section, size_t *n)
{
	const struct weir_map *map = &snap->elems[section];
	const struct weir_map_leaf **leaves = malloc((map->n + 1) * sizeof(*leaves));
	const struct weir_elem **elems = malloc((map->n + 1) * sizeof(*elems));

	*n = map->n;
	if (leaves == NULL || elems == NULL) {
		free(leaves);
		free(elems);
		return NULL;
	}
	weir_map_list(map, leaves);
	for (size_t i = 0; i < map->n; i++)
		elems[i] = leaves[i]->obj;
	free(leaves);
	qsort(elems, *n, sizeof(*elems), compare_order);
	return elems;
}

void
weir_snap_add_section(struct weir_snap *snap, enum weir_section section)
{
	if (memchr(snap->sections, (int)section, snap->n_sections) == NULL)
		snap->sections[snap->n_sections++] = (uint8_t)section;
}

void
weir_snap_remove_section(struct weir_snap *snap, enum weir_section section)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < snap->n_sections; i++)
		if (snap->sections[i] != section)
			snap->sections[n++] = snap->sections[i];
	snap->n_sections = n;
}

/* The bytes of an element in the document: key, quotes, colon, comma. */
static size_t
bytes_of(enum weir_section section, const struct weir_elem *elem)
{
	if (elem == NULL)
		return 0;
	return elem->len + (section == WEIR_SECTION_SETTINGS ? 0 : strlen(weir_elem_name(elem)) + 4);
}

static const char *
key_of(enum weir_section section, const struct weir_elem *elem)
{
	return section == WEIR_SECTION_SETTINGS ? weir_sections[section].key : weir_elem_name(elem);
}

int
weir_snap_put(
    struct weir_snap *snap, enum weir_section section, const struct weir_elem *before, struct weir_elem *elem)
{
	const char *key = key_of(section, elem);
	size_t less = bytes_of(section, before), more = bytes_of(section, elem);
	int rc = weir_map_put(&snap->elems[section], key, strlen(key), 0, elem);

	if (rc == 0)
		snap->bytes += more - less;
	return rc;
}

int
weir_snap_remove(struct weir_snap *snap, enum weir_section section, const struct weir_elem *elem)
{
	const char *key = key_of(section, elem);
	size_t less = bytes_of(section, elem);
	int rc = weir_map_remove(&snap->elems[section], key, strlen(key));

	if (rc == 0)
		snap->bytes -= less;
	return rc;
}

static void
drop_box(struct weir_box *box)
{
	if (box == NULL || __atomic_sub_fetch(&box->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	box->kind->clear(box->cfg);
	free(box);
}

static struct weir_box *
make_box(const struct weir_at *at, const struct weir_kind *kind, const char *name, const cJSON *json)
{
	struct weir_box *box = calloc(1, sizeof(*box) + kind->size);

	if (box == NULL) {
		(void)weir_at_err(at, ENOMEM, "no memory");
		return NULL;
	}
	box->refs = 1;
	box->kind = kind;
	if (kind->read(at, name, json, box->cfg) != 0) {
		drop_box(box);
		return NULL;
	}
	return box;
}

/* The element's configuration: the one before, if the text or what it says is the same. */
static struct weir_box *
find_box(const struct weir_at *at, enum weir_section section, const char *name, const struct weir_elem *elem,
    const cJSON *json, const struct weir_elem *before)
{
	const struct weir_kind *kind = kinds[section];
	struct weir_box *box = NULL;
	cJSON *parsed = NULL;
	bool same = before != NULL && before->len == elem->len && memcmp(before->text, elem->text, elem->len) == 0;

	if (!same) {
		if (json == NULL)
			json = parsed = cJSON_ParseWithLength(elem->text, elem->len);
		if (json != NULL)
			box = make_box(at, kind, name, json);
		else
			(void)weir_at_err(at, ENOMEM, "no memory");
		cJSON_Delete(parsed);
		same = box != NULL && before != NULL && kind->equal(before->box->cfg, box->cfg);
	}
	if (same) {
		drop_box(box);
		box = before->box;
		(void)__atomic_add_fetch(&box->refs, 1, __ATOMIC_RELAXED);
	}
	return box;
}

struct weir_elem *
weir_elem_make(const struct weir_at *at, enum weir_section section, const char *name, const char *text, size_t len,
    const cJSON *json, const struct weir_elem *before, uint64_t order)
{
	struct weir_elem *elem = malloc(sizeof(*elem) + len), *fit;

	if (elem == NULL) {
		(void)weir_at_err(at, ENOMEM, "no memory");
		return NULL;
	}
	elem->refs = 1;
	elem->order = order;
	elem->len = weir_json_compact(text, len, elem->text);
	fit = realloc(elem, sizeof(*elem) + elem->len);
	elem = fit != NULL ? fit : elem;
	elem->box = find_box(at, section, name, elem, json, before);
	if (elem->box == NULL) {
		free(elem);
		return NULL;
	}
	return elem;
}

void
weir_elem_drop(void *obj)
{
	struct weir_elem *elem = obj;

	if (__atomic_sub_fetch(&elem->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	drop_box(elem->box);
	free(elem);
}
