/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cuckoo hash table from fixed-size keys to u32 indices of the caller's own entries.
 *
 * A bucket is one cacheline: eight 16-bit tags, compared in one vector instruction, and eight indices. A key has two
 * buckets (partial-key cuckoo hashing: the second follows from the first and the tag, so that an entry moves without
 * its key being hashed again; Fan et al., "MemC3", NSDI 2013). Keys are not stored here: a candidate's key is
 * compared in the caller's entry, `entries + index * stride`, whose first key_size bytes it is.
 *
 * Who may do what at the same time: one writer (add, remove), any number of readers (lookup) beside it. A reader
 * finds every key that was in the table during its whole call, moved meanwhile or not, and never one that was not in
 * it at any time during the call. A removed index, and its entry's key, may be reused only when no reader can hold it
 * any more (rte_rcu_qsbr), unless the only reader is the writer's own thread.
 */
#ifndef WEIR_TABLE_H
#define WEIR_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_hash.h"

#define WEIR_TABLE_CAPACITY_MAX (UINT32_C(1) << 30)
#define WEIR_TABLE_WAYS 8  /* slots of a bucket */
#define WEIR_TABLE_LOAD 85 /* per cent of the slots that can be filled for certain */

struct weir_table;

struct weir_table_params {
	const char *name;    /* for memory statistics */
	const void *entries; /* caller's array, aligned to 8; outlives the table */
	uint32_t
	    capacity; /* entries that fit for certain, 1 to WEIR_TABLE_CAPACITY_MAX: WEIR_TABLE_LOAD of the slots */
	uint32_t key_size;	       /* bytes, a multiple of 8, 8 to WEIR_HASH_KEY_MAX */
	uint32_t stride;	       /* bytes from one entry to the next: at least key_size, a multiple of 8 */
	int socket;		       /* NUMA socket, or SOCKET_ID_ANY */
	const struct weir_table *like; /* NULL; or a table of such keys, to hash them as it does */
};

/*
 * As many buckets as the capacity needs at WEIR_TABLE_LOAD, at least 16 (1 KB). The secret of the hash is
 * drawn at random, unless it is to be like another table's. Needs EAL. The caller owns the table and the entries.
 * Returns NULL with rte_errno: EINVAL parameters; ENOMEM.
 */
struct weir_table *weir_table_create(const struct weir_table_params *params);
void weir_table_free(struct weir_table *table); /* NULL is fine; nobody may be reading */

/*
 * The keyed hash of `key` (key_size bytes) as this table's other calls want it. Also starts to fetch the key's first
 * bucket: hash a whole burst, then look it up. Any thread.
 */
uint64_t weir_table_hash(const struct weir_table *table, const void *key);

/*
 * Adds entry `index` < WEIR_TABLE_CAPACITY_MAX, whose key stands in the caller's array already and is not in the
 * table yet. Returns 0; -ENOSPC: no room within the bounded number of moves (nothing changed). Writer only.
 */
int weir_table_add(struct weir_table *table, uint64_t hash, uint32_t index);

/* Takes entry `index` out. Returns 0; -ENOENT: it is not in the table. Writer only. */
int weir_table_remove(struct weir_table *table, uint64_t hash, uint32_t index);

/*
 * Takes out all entries of bucket `b` < weir_table_slots() / WEIR_TABLE_WAYS: their indices, whose number is
 * returned. So a table is emptied into another one. Writer only.
 */
uint32_t weir_table_take(struct weir_table *table, uint32_t b, uint32_t index[WEIR_TABLE_WAYS]);

/* The index of the entry with this key, or WEIR_NONE. `key` needs no alignment. Any thread. */
uint32_t weir_table_lookup(const struct weir_table *table, const void *key, uint64_t hash);

uint32_t weir_table_count(const struct weir_table *table); /* entries in it; any thread */
uint32_t weir_table_slots(const struct weir_table *table); /* slots in all; any thread */
size_t weir_table_memory(const struct weir_table *table);  /* bytes allocated; any thread */

#endif
