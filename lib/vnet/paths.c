/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "vnet_priv.h"
#include "weir_vmem.h"

struct weir_paths {
	struct weir_path *path;
	struct weir_table *table; /* by key */
	uint32_t *free;		  /* stack */
	uint32_t *pending;	  /* free after the burst in hand */
	uint32_t n_free, n_pending, capacity;
};

struct weir_paths *
weir_paths_create(uint32_t capacity, int socket)
{
	struct weir_paths *paths = calloc(1, sizeof(*paths));

	if (paths == NULL)
		return NULL;
	paths->capacity = capacity;
	paths->path = weir_vmem_alloc(capacity * sizeof(*paths->path));
	paths->free = weir_vmem_alloc(capacity * sizeof(*paths->free));
	paths->pending = weir_vmem_alloc(capacity * sizeof(*paths->pending));
	if (paths->path != NULL && paths->free != NULL && paths->pending != NULL) {
		struct weir_table_params params = {
		    .name = "weir_paths",
		    .capacity = capacity,
		    .key_size = sizeof(struct weir_path_key),
		    .stride = sizeof(*paths->path),
		    .entries = paths->path,
		    .socket = socket,
		};

		paths->table = weir_table_create(&params);
	}
	if (paths->table == NULL || weir_vmem_populate(paths->path, capacity * sizeof(*paths->path)) != 0) {
		weir_paths_free(paths);
		return NULL;
	}
	/* Popped from the end: low indices first, so that few paths stay in few lines. */
	for (uint32_t i = 0; i < capacity; i++)
		paths->free[i] = capacity - 1 - i;
	paths->n_free = capacity;
	return paths;
}

void
weir_paths_free(struct weir_paths *paths)
{
	if (paths == NULL)
		return;
	weir_table_free(paths->table);
	weir_vmem_free(paths->path, paths->capacity * sizeof(*paths->path));
	weir_vmem_free(paths->free, paths->capacity * sizeof(*paths->free));
	weir_vmem_free(paths->pending, paths->capacity * sizeof(*paths->pending));
	free(paths);
}

/* A path of the same elements that went stale is composed anew in place: each of its flows sees the new generation
 * and is resolved for itself. */
static void
compose(struct weir_path *path, const struct weir_verdict *verdict)
{
	path->gen++;
	path->verdict = *verdict;
	path->refreshed = 0;
}

uint32_t
weir_paths_get(struct weir_paths *paths, const struct weir_vnet *vnet, const struct weir_verdict *verdict)
{
	struct weir_path_key key = {verdict->in->id, verdict->in->serial, verdict->smac, verdict->dmac};
	uint64_t hash = weir_table_hash(paths->table, &key);
	uint32_t index = weir_table_lookup(paths->table, &key, hash);
	struct weir_path *path;

	if (index != WEIR_NONE) {
		path = &paths->path[index];
		if (!weir_verdict_valid(vnet, &path->verdict))
			compose(path, verdict);
		path->refs++;
		return index;
	}
	if (paths->n_free == 0)
		return WEIR_NONE;
	index = paths->free[paths->n_free - 1];
	path = &paths->path[index];
	path->key = key;
	if (weir_table_add(paths->table, hash, index) != 0)
		return WEIR_NONE;
	paths->n_free--;
	path->refs = 1;
	compose(path, verdict);
	return index;
}

void
weir_paths_put(struct weir_paths *paths, uint32_t index)
{
	struct weir_path *path = &paths->path[index];

	if (--path->refs > 0)
		return;
	(void)weir_table_remove(paths->table, weir_table_hash(paths->table, &path->key), index);
	/* A flow that still held this index would see another generation. */
	path->gen++;
	paths->pending[paths->n_pending++] = index;
}

void
weir_paths_settle(struct weir_paths *paths)
{
	while (__builtin_expect(paths->n_pending > 0, 0))
		paths->free[paths->n_free++] = paths->pending[--paths->n_pending];
}

struct weir_path *
weir_path(struct weir_paths *paths, uint32_t path)
{
	return &paths->path[path];
}

uint32_t
weir_paths_used(const struct weir_paths *paths)
{
	return paths->capacity - paths->n_free - paths->n_pending;
}
