/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a table, shared by its readers (table.c) and its writer (insert.c). */
#ifndef WEIR_TABLE_PRIV_H
#define WEIR_TABLE_PRIV_H

#include <assert.h>
#include <stdbool.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "weir_table.h"

#define WEIR_TABLE_WAYS 8

/* writer: rw; readers: ro. A slot is written index first, then tag: a tag that matches has its index beside it. */
struct weir_bucket {
	uint16_t tag[WEIR_TABLE_WAYS]; /* 0 = empty */
	uint32_t index[WEIR_TABLE_WAYS];
} WEIR_CACHE_ALIGNED;

static_assert(sizeof(struct weir_bucket) == WEIR_CACHELINE, "one line a bucket");

struct weir_table {
	/* set at creation */
	struct weir_bucket *buckets;
	const uint8_t *entries;
	uint32_t mask; /* number of buckets - 1 */
	uint32_t key_size;
	uint32_t stride;
	struct weir_hash_secret secret;

	/* writer: rw; readers: ro */
	uint64_t moves WEIR_CACHE_ALIGNED; /* entries moved so far: a miss counts if this stood still meanwhile */
	uint32_t count;
};

static inline uint16_t
weir_tag_of(uint64_t hash)
{
	uint16_t tag = (uint16_t)(hash >> 48);

	return tag != 0 ? tag : 1;
}

static inline uint32_t
weir_bucket_of(const struct weir_table *table, uint64_t hash)
{
	return (uint32_t)hash & table->mask;
}

/* The other bucket of an entry with this tag in `bucket`: never the same one, and the other's other is `bucket`. */
static inline uint32_t
weir_bucket_other(const struct weir_table *table, uint32_t bucket, uint16_t tag)
{
	return (bucket ^ (tag * UINT32_C(0x5bd1e995) | 1)) & table->mask;
}

/* Bit i is set if tag i is `tag`. */
static inline uint32_t
weir_bucket_match_portable(const struct weir_bucket *bucket, uint16_t tag)
{
	uint32_t hits = 0;

	for (uint32_t i = 0; i < WEIR_TABLE_WAYS; i++)
		hits |= (uint32_t)(__atomic_load_n(&bucket->tag[i], __ATOMIC_RELAXED) == tag) << i;
	return hits;
}

static inline uint32_t
weir_bucket_match(const struct weir_bucket *bucket, uint16_t tag)
{
#ifdef __SSE2__
	__m128i tags = _mm_load_si128((const __m128i *)(const void *)bucket->tag);
	__m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16((int16_t)tag));

	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
#else
	return weir_bucket_match_portable(bucket, tag);
#endif
}

#endif
