/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The writer. Where both buckets of a new entry are full, room is made by moving entries to their other buckets along
 * the shortest way to an empty slot, found by breadth-first search. The moves are made from the empty slot backwards,
 * each entry copied before its old slot is overwritten: at every moment every entry is in at least one of its
 * buckets.
 */
#include <errno.h>

#include "table_priv.h"

#define NODES_MAX 256 /* bounds an insertion: so many buckets are searched from, eight times as many looked at */
#define NO_PARENT UINT16_MAX

/* A bucket that the search has reached, by moving what is in `slot` of its parent's bucket. */
struct node {
	uint32_t bucket;
	uint16_t parent;
	uint16_t slot;
};

static_assert(NODES_MAX + 1 < NO_PARENT, "nodes are u16 indices");

static void
slot_write(struct weir_bucket *bucket, uint32_t slot, uint16_t tag, uint32_t index)
{
	__atomic_store_n(&bucket->index[slot], index, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->tag[slot], tag, __ATOMIC_RELEASE);
}

/* Copies an entry and counts the move before the caller overwrites the old slot: see weir_table_lookup(). */
static void
slot_copy(struct weir_table *table, const struct weir_bucket *from, uint32_t from_slot, struct weir_bucket *to,
    uint32_t to_slot)
{
	slot_write(to, to_slot, from->tag[from_slot], from->index[from_slot]);
	__atomic_store_n(&table->moves, table->moves + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/*
 * Shortest way from one of the nodes[0..1] to a bucket with an empty slot. Returns the last node of it, or NO_PARENT.
 * No bucket is on a shortest way twice, so that moves along it do not get into each other's way.
 */
static uint16_t
find_way(const struct weir_table *table, struct node nodes[NODES_MAX + 1])
{
	uint16_t used = 2;

	for (uint16_t at = 0; at < used; at++) {
		const struct weir_bucket *bucket = &table->buckets[nodes[at].bucket];

		for (uint16_t slot = 0; slot < WEIR_TABLE_WAYS; slot++) {
			uint32_t next = weir_bucket_other(table, nodes[at].bucket, bucket->tag[slot]);

			nodes[used] = (struct node){.bucket = next, .parent = at, .slot = slot};
			if (weir_bucket_match(&table->buckets[next], 0) != 0)
				return used;
			/* The element after the last one is only for the goal. */
			if (used < NODES_MAX)
				used++;
		}
	}
	return NO_PARENT;
}

/* Moves entries along the way that ends at `last`. Returns the bucket at its start, with *slot free to be
 * overwritten. */
static struct weir_bucket *
move_along(struct weir_table *table, const struct node nodes[], uint16_t last, uint32_t *slot)
{
	struct weir_bucket *to = &table->buckets[nodes[last].bucket];

	*slot = (uint32_t)__builtin_ctz(weir_bucket_match(to, 0));
	for (uint16_t at = last; nodes[at].parent != NO_PARENT; at = nodes[at].parent) {
		struct weir_bucket *from = &table->buckets[nodes[nodes[at].parent].bucket];

		slot_copy(table, from, nodes[at].slot, to, *slot);
		to = from;
		*slot = nodes[at].slot;
	}
	return to;
}

int
weir_table_add(struct weir_table *table, uint64_t hash, uint32_t index)
{
	uint16_t tag = weir_tag_of(hash);
	uint32_t first = weir_bucket_of(table, hash), second = weir_bucket_other(table, first, tag), slot;
	struct weir_bucket *bucket = &table->buckets[first];
	uint32_t empty = weir_bucket_match(bucket, 0);

	if (empty == 0) {
		bucket = &table->buckets[second];
		empty = weir_bucket_match(bucket, 0);
	}
	if (empty != 0) {
		slot = (uint32_t)__builtin_ctz(empty);
	} else {
		struct node nodes[NODES_MAX + 1];
		uint16_t last;

		nodes[0] = (struct node){.bucket = first, .parent = NO_PARENT};
		nodes[1] = (struct node){.bucket = second, .parent = NO_PARENT};
		last = find_way(table, nodes);
		if (last == NO_PARENT)
			return -ENOSPC;
		bucket = move_along(table, nodes, last, &slot);
	}
	slot_write(bucket, slot, tag, index);
	__atomic_store_n(&table->count, table->count + 1, __ATOMIC_RELAXED);
	return 0;
}

int
weir_table_remove(struct weir_table *table, uint64_t hash, uint32_t index)
{
	uint16_t tag = weir_tag_of(hash);
	uint32_t b = weir_bucket_of(table, hash);

	for (int i = 0; i < 2; i++, b = weir_bucket_other(table, b, tag)) {
		struct weir_bucket *bucket = &table->buckets[b];

		for (uint32_t hits = weir_bucket_match(bucket, tag); hits != 0; hits &= hits - 1) {
			uint32_t slot = (uint32_t)__builtin_ctz(hits);

			if (bucket->index[slot] != index)
				continue;
			__atomic_store_n(&bucket->tag[slot], 0, __ATOMIC_RELEASE);
			__atomic_store_n(&table->count, table->count - 1, __ATOMIC_RELAXED);
			return 0;
		}
	}
	return -ENOENT;
}

uint32_t
weir_table_take(struct weir_table *table, uint32_t b, uint32_t index[WEIR_TABLE_WAYS])
{
	struct weir_bucket *bucket = &table->buckets[b];
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < WEIR_TABLE_WAYS; slot++) {
		if (bucket->tag[slot] == 0)
			continue;
		index[n++] = bucket->index[slot];
		__atomic_store_n(&bucket->tag[slot], 0, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&table->count, table->count - n, __ATOMIC_RELAXED);
	return n;
}
