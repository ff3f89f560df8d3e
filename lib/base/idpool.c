/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "weir_base.h"

/* A two-level bitmap of free ids: a summary bit says that a word of 64 ids has a free one. */
struct weir_idpool {
	uint32_t capacity, used;
	uint32_t words; /* of `free` */
	uint32_t hint;	/* no summary word below this one has a bit */
	uint64_t *free;
	uint64_t *summary;
};

struct weir_idpool *
weir_idpool_create(uint32_t capacity)
{
	struct weir_idpool *pool = calloc(1, sizeof(*pool));
	uint32_t id;

	if (pool == NULL)
		return NULL;
	pool->capacity = capacity;
	pool->words = capacity / 64 + (capacity % 64 != 0 ? 1 : 0);
	pool->free = calloc((size_t)pool->words + 1, sizeof(uint64_t));
	pool->summary = calloc(pool->words / 64 + 1, sizeof(uint64_t));
	if (pool->free == NULL || pool->summary == NULL) {
		weir_idpool_free(pool);
		return NULL;
	}
	for (id = 0; id < capacity; id++)
		pool->free[id / 64] |= UINT64_C(1) << (id % 64);
	for (id = 0; id < pool->words; id++)
		pool->summary[id / 64] |= UINT64_C(1) << (id % 64);
	return pool;
}

void
weir_idpool_free(struct weir_idpool *pool)
{
	if (pool == NULL)
		return;
	free(pool->free);
	free(pool->summary);
	free(pool);
}

uint32_t
weir_idpool_get(struct weir_idpool *pool)
{
	uint32_t top = pool->hint, word, bit;

	if (pool->used == pool->capacity)
		return WEIR_NONE;
	while (pool->summary[top] == 0)
		top++;
	pool->hint = top;
	word = top * 64 + (uint32_t)__builtin_ctzll(pool->summary[top]);
	bit = (uint32_t)__builtin_ctzll(pool->free[word]);
	pool->free[word] &= pool->free[word] - 1;
	if (pool->free[word] == 0)
		pool->summary[top] &= ~(UINT64_C(1) << (word % 64));
	pool->used++;
	return word * 64 + bit;
}

void
weir_idpool_put(struct weir_idpool *pool, uint32_t id)
{
	uint32_t word = id / 64, top = word / 64;

	pool->free[word] |= UINT64_C(1) << (id % 64);
	pool->summary[top] |= UINT64_C(1) << (word % 64);
	if (top < pool->hint)
		pool->hint = top;
	pool->used--;
}

uint32_t
weir_idpool_used(const struct weir_idpool *pool)
{
	return pool->used;
}
