/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A persistent hash map: a copy costs one reference, and changing the copy copies only the way to what changes (a
 * hash array mapped trie). So the next configuration's indices stand beside the committed ones, share all that is
 * equal, and an aborted change is undone by dropping its maps.
 *
 * Threads: one thread changes maps; any may read and drop a copy of its own.
 */
#ifndef WEIR_MODEL_MAP_PRIV_H
#define WEIR_MODEL_MAP_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "siphash_priv.h"

/* An entry: bytes -> a number or an object. Immutable once it is in a map. */
struct weir_map_leaf {
	uint32_t refs;
	uint32_t key_len;
	uint64_t hash;
	uint64_t num;
	void *obj; /* the entry's own: given to the map's drop() with it */
	char key[];
};

struct weir_map {
	uintptr_t root; /* 0 = empty; else a node, or a leaf (bit 0 set) */
	size_t n;
	const struct weir_siphash_key *secret; /* outlives the map */
	void (*drop)(void *obj);	       /* NULL: objects are not owned */
};

void weir_map_init(struct weir_map *map, const struct weir_siphash_key *secret, void (*drop)(void *obj));
void weir_map_copy(struct weir_map *to, const struct weir_map *from); /* `to` is not initialised before */
void weir_map_drop(struct weir_map *map);			      /* leaves it empty */

const struct weir_map_leaf *weir_map_find(const struct weir_map *map, const void *key, size_t len);

/* Enters or replaces. The map owns `obj` from here on, also after -ENOMEM (the map is unchanged then). */
int weir_map_put(struct weir_map *map, const void *key, size_t len, uint64_t num, void *obj);

/* Returns 0, also where there was no such entry, or -ENOMEM: the map is unchanged. */
int weir_map_remove(struct weir_map *map, const void *key, size_t len);

/* Adds `delta` to the number under `key` (none: 0), and removes what comes to 0. *sum (may be NULL): the result.
 * Returns 0 or -ENOMEM. */
int weir_map_count(struct weir_map *map, const void *key, size_t len, int64_t delta, uint64_t *sum);

/* Fills `leaves`, which has room for map->n, in no particular order. They live as long as the map. */
void weir_map_list(const struct weir_map *map, const struct weir_map_leaf **leaves);

#endif
