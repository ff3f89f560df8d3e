/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#ifdef __SSE4_1__
#include <smmintrin.h>
#endif

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

#include "table_priv.h"
#include "weir_vmem.h"

#define BUCKETS_MIN 16u /* below, two buckets a key are too few choices to promise a load of WEIR_TABLE_LOAD */

static bool
params_ok(const struct weir_table_params *p)
{
	return p->capacity >= 1 && p->capacity <= WEIR_TABLE_CAPACITY_MAX && p->key_size >= 8 &&
	       p->key_size <= WEIR_HASH_KEY_MAX && p->key_size % 8 == 0 && p->stride >= p->key_size &&
	       p->stride % 8 == 0 && p->entries != NULL && (uintptr_t)p->entries % 8 == 0 &&
	       (p->like == NULL || p->like->key_size == p->key_size);
}

static size_t
buckets_size(const struct weir_table *table)
{
	return table->n_buckets * sizeof(*table->buckets);
}

struct weir_table *
weir_table_create(const struct weir_table_params *params)
{
	uint64_t slots;
	struct weir_table *table;

	if (!params_ok(params)) {
		rte_errno = EINVAL;
		return NULL;
	}
	slots = (params->capacity * UINT64_C(100) + WEIR_TABLE_LOAD - 1) / WEIR_TABLE_LOAD;
	table = rte_zmalloc_socket(params->name, sizeof(*table), WEIR_CACHELINE, params->socket);
	if (table == NULL) {
		rte_errno = ENOMEM;
		return NULL;
	}
	/* An even number: see weir_bucket_other(). */
	table->n_buckets =
	    RTE_MAX(BUCKETS_MIN, (uint32_t)((slots + WEIR_TABLE_WAYS - 1) / WEIR_TABLE_WAYS + 1) & ~1u);
	table->buckets = weir_vmem_take(buckets_size(table));
	if (table->buckets == NULL) {
		weir_table_free(table);
		rte_errno = ENOMEM;
		return NULL;
	}
	table->entries = params->entries;
	table->key_size = params->key_size;
	table->stride = params->stride;
	if (params->like != NULL)
		table->secret = params->like->secret;
	else
		weir_hash_secret_init(&table->secret);
	return table;
}

void
weir_table_free(struct weir_table *table)
{
	if (table == NULL)
		return;
	weir_vmem_free(table->buckets, buckets_size(table));
	rte_free(table);
}

uint64_t
weir_table_hash(const struct weir_table *table, const void *key)
{
	uint64_t hash = weir_hash(&table->secret, key, table->key_size);

	weir_table_prefetch(table, hash);
	return hash;
}

static inline const uint8_t *
entry_at(const struct weir_table *table, uint32_t index)
{
	return table->entries + (size_t)index * table->stride;
}

static inline bool
key_equal(const uint8_t *a, const uint8_t *b, uint32_t size)
{
#ifdef __SSE4_1__
	const __m128i *p = (const __m128i *)(const void *)a, *q = (const __m128i *)(const void *)b;
	__m128i difference = _mm_setzero_si128(), block;
	uint32_t i = 0;

	for (; i < size / 16; i++) {
		block = _mm_xor_si128(_mm_loadu_si128(p + i), _mm_loadu_si128(q + i));
		difference = _mm_or_si128(difference, block);
	}
	if (size % 16 != 0) {
		block = _mm_xor_si128(_mm_loadl_epi64(p + i), _mm_loadl_epi64(q + i));
		difference = _mm_or_si128(difference, block);
	}
	return _mm_testz_si128(difference, difference) != 0;
#else
	return memcmp(a, b, size) == 0;
#endif
}

static uint32_t
bucket_find(const struct weir_table *table, uint32_t b, uint16_t tag, const void *key)
{
	const struct weir_bucket *bucket = &table->buckets[b];

	for (uint32_t hits = weir_bucket_match(bucket, tag); hits != 0; hits &= hits - 1) {
		uint32_t index = weir_bucket_index(bucket, hits);

		if (key_equal(entry_at(table, index), key, table->key_size))
			return index;
	}
	return WEIR_NONE;
}

uint32_t
weir_table_lookup(const struct weir_table *table, const void *key, uint64_t hash)
{
	uint32_t first = weir_bucket_of(table, hash);
	uint16_t tag = weir_tag_of(hash);
	uint64_t moves;

	do {
		uint32_t index;

		moves = __atomic_load_n(&table->moves, __ATOMIC_ACQUIRE);
		index = bucket_find(table, first, tag, key);
		if (index != WEIR_NONE)
			return index;
		index = bucket_find(table, weir_bucket_other(table, first, tag), tag, key);
		if (index != WEIR_NONE)
			return index;
		/* The entry may have moved from the bucket read second to the one read first. */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&table->moves, __ATOMIC_RELAXED) != moves);
	return WEIR_NONE;
}

uint32_t
weir_table_count(const struct weir_table *table)
{
	return __atomic_load_n(&table->count, __ATOMIC_RELAXED);
}

uint32_t
weir_table_slots(const struct weir_table *table)
{
	return table->n_buckets * WEIR_TABLE_WAYS;
}

size_t
weir_table_memory(const struct weir_table *table)
{
	return sizeof(*table) + buckets_size(table);
}
