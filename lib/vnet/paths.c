/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "weir_vmem.h"
#include "weir_verdict.h"

struct weir_paths *
weir_paths_create(uint32_t capacity, uint32_t flows, struct weir_counters *counters, int socket)
{
	struct weir_paths *paths = calloc(1, sizeof(*paths));

	if (paths == NULL)
		return NULL;
	paths->capacity = capacity;
	paths->counters = counters;
	paths->first_free = paths->first_pending = WEIR_NONE;
	paths->flows = flows;
	paths->path = weir_vmem_take(capacity * sizeof(*paths->path));
	/* Few paths have one. */
	paths->trails = weir_vmem_alloc(capacity * sizeof(*paths->trails));
	paths->of_tenant = weir_vmem_take(WEIR_TENANTS_MAX * sizeof(*paths->of_tenant));
	if (paths->path != NULL && paths->trails != NULL && paths->of_tenant != NULL &&
	    weir_counters_reserve_paths(counters, capacity) == 0) {
		struct weir_table_params params = {
		    .name = "weir_paths",
		    .capacity = capacity,
		    .key_size = sizeof(struct weir_path_key),
		    .stride = sizeof(*paths->path),
		    .entries = &paths->path->verdict.key,
		    .socket = socket,
		};

		paths->table = weir_table_create(&params);
	}
	if (paths->table == NULL) {
		weir_paths_free(paths);
		return NULL;
	}
	return paths;
}

void
weir_paths_free(struct weir_paths *paths)
{
	if (paths == NULL)
		return;
	weir_counters_release_paths(paths->counters);
	weir_table_free(paths->table);
	weir_vmem_free(paths->path, paths->capacity * sizeof(*paths->path));
	weir_vmem_free(paths->trails, paths->capacity * sizeof(*paths->trails));
	weir_vmem_free(paths->of_tenant, WEIR_TENANTS_MAX * sizeof(*paths->of_tenant));
	free(paths);
}

/* A path of the same elements that went stale is composed anew in place: each of its flows sees the new generation
 * and is resolved for itself. */
static void
compose(struct weir_paths *paths, struct weir_path *path, const struct weir_verdict *verdict)
{
	weir_count_settle_path(paths->counters, &path->count);
	path->gen++;
	path->verdict = *verdict;
	path->refreshed = 0;
	if (verdict->trail != NULL) {
		struct weir_trail *trail = &paths->trails[path - paths->path];

		trail->n = verdict->trail->n;
		memcpy(trail->what, verdict->trail->what, trail->n * sizeof(trail->what[0]));
		memcpy(trail->gen, verdict->trail->gen, trail->n * sizeof(trail->gen[0]));
		trail->passed.n = verdict->trail->passed.n;
		memcpy(
		    trail->passed.what, verdict->trail->passed.what, trail->passed.n * sizeof(trail->passed.what[0]));
		path->verdict.trail = trail;
	}
	path->count.passed = verdict->trail != NULL ? &paths->trails[path - paths->path].passed : NULL;
}

/* The same steps, and counted at the same? Two walks with one digest may have others. */
static bool
same_trail(const struct weir_trail *a, const struct weir_trail *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->n == b->n && a->passed.n == b->passed.n &&
	       memcmp(a->what, b->what, a->n * sizeof(a->what[0])) == 0 &&
	       memcmp(a->passed.what, b->passed.what, a->passed.n * sizeof(a->passed.what[0])) == 0;
}

/* Takes a free one; WEIR_NONE: there is none. */
static uint32_t
take(struct weir_paths *paths)
{
	uint32_t index = paths->first_free;

	if (index != WEIR_NONE)
		paths->first_free = paths->path[index].refs;
	else if (paths->top < paths->capacity)
		index = paths->top++;
	return index;
}

static void
put(struct weir_paths *paths, uint32_t index)
{
	paths->path[index].refs = paths->first_free;
	paths->first_free = index;
}

/* May the tenant have one more? */
static bool
may_have(const struct weir_paths *paths, const struct weir_tenant *tenant)
{
	uint32_t held = paths->of_tenant[tenant->id], quota = RTE_MIN(tenant->quota_flows, paths->flows);

	if (held < WEIR_PATHS_FLOOR)
		return true;
	return held < (uint64_t)paths->capacity * quota / paths->flows &&
	       paths->used < paths->capacity - WEIR_PATHS_RESERVE(paths->capacity);
}

uint32_t
weir_paths_get(struct weir_paths *paths, const struct weir_vnet *vnet, const struct weir_verdict *verdict)
{
	uint64_t hash = weir_table_hash(paths->table, &verdict->key);
	uint32_t index = weir_table_lookup(paths->table, &verdict->key, hash);
	struct weir_path *path;

	if (index != WEIR_NONE) {
		path = &paths->path[index];
		if (!same_trail(path->verdict.trail, verdict->trail))
			return WEIR_NONE;
		if (!weir_verdict_valid(vnet, &path->verdict))
			compose(paths, path, verdict);
		path->refs++;
		return index;
	}
	index = may_have(paths, verdict->in->tenant) ? take(paths) : WEIR_NONE;
	if (index == WEIR_NONE)
		return WEIR_NONE;
	path = &paths->path[index];
	path->verdict.key = verdict->key;
	if (weir_table_add(paths->table, hash, index) != 0) {
		put(paths, index);
		return WEIR_NONE;
	}
	paths->used++;
	paths->of_tenant[verdict->tenant]++;
	path->refs = 1;
	compose(paths, path, verdict);
	return index;
}

void
weir_paths_put(struct weir_paths *paths, uint32_t index)
{
	struct weir_path *path = &paths->path[index];

	if (--path->refs > 0)
		return;
	(void)weir_table_remove(paths->table, weir_table_hash(paths->table, &path->verdict.key), index);
	/* A flow that still held this index would see another generation. */
	path->gen++;
	path->refs = paths->first_pending;
	paths->first_pending = index;
	paths->used--;
	paths->of_tenant[path->verdict.tenant]--;
}

void
weir_paths_settle(struct weir_paths *paths)
{
	while (__builtin_expect(paths->first_pending != WEIR_NONE, 0)) {
		uint32_t index = paths->first_pending;

		paths->first_pending = paths->path[index].refs;
		put(paths, index);
	}
}

uint32_t
weir_paths_used(const struct weir_paths *paths)
{
	return paths->used;
}
