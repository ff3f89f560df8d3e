/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bulk lookup in pieces, for a caller who looks up whole bursts and has work of its own to do while memory answers:
 *
 *	for each key:	hash[i] = weir_table_hash_64(table, key[i]);	asks for the key's first bucket
 *	for each key:	at[i] = weir_table_candidate(table, hash[i]);	compares tags; the caller asks for entry at[i]
 *	where it is WEIR_NONE, after all: at[i] = weir_table_candidate_other(table, hash[i]);
 *	for each key:	if (at[i] == WEIR_NONE || !weir_table_equal_64(&entries[at[i]].key, key[i]))
 *				at[i] = weir_table_lookup(table, key[i], hash[i]);
 *
 * The last line is rare: a false tag (one in 65,536 for each of the up to 16 tags compared), a key that is not there,
 * or one whose first candidate was another's. Whoever may call weir_table_lookup() may call these. The structures are
 * here for these functions only.
 */
#ifndef WEIR_TABLE_FAST_H
#define WEIR_TABLE_FAST_H

#include <assert.h>
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include <rte_prefetch.h>

#include "weir_table.h"

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
	uint32_t n_buckets; /* even */
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

/* Any number of buckets, not only powers of two: 32 bits of the hash as a fraction of it. */
static inline uint32_t
weir_bucket_of(const struct weir_table *table, uint64_t hash)
{
	return (uint32_t)((hash & UINT32_MAX) * table->n_buckets >> 32);
}

/*
 * The other bucket of an entry with this tag in `bucket`: the two add up to an odd number, made of the tag, modulo
 * the even number of buckets. So they are never the same one, and the other's other is `bucket`.
 */
static inline uint32_t
weir_bucket_other(const struct weir_table *table, uint32_t bucket, uint16_t tag)
{
	uint32_t sum = (uint32_t)((uint64_t)(tag * UINT32_C(0x5bd1e995)) * table->n_buckets >> 32) | 1;

	return sum >= bucket ? sum - bucket : sum + table->n_buckets - bucket;
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

	/* Not a mask register: gcc 12 widens a spilled __mmask8 by what lies behind it. */
	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
#else
	return weir_bucket_match_portable(bucket, tag);
#endif
}

static inline uint32_t
weir_bucket_index(const struct weir_bucket *bucket, uint32_t hits)
{
	uint32_t index = __atomic_load_n(&bucket->index[__builtin_ctz(hits)], __ATOMIC_RELAXED);

	/* WEIR_TABLE_CAPACITY_MAX: said here so that no caller's code asks again. */
	if (index == WEIR_NONE)
		__builtin_unreachable();
	return index;
}

/* Asks for the first bucket of a key. */
static inline void
weir_table_prefetch(const struct weir_table *table, uint64_t hash)
{
	rte_prefetch0(&table->buckets[weir_bucket_of(table, hash)]);
}

/* weir_table_hash() of a table whose keys are WEIR_HASH_KEY_MAX bytes. */
static inline uint64_t
weir_table_hash_64(const struct weir_table *table, const void *key)
{
	uint64_t hash = weir_hash_64(&table->secret, key);

	weir_table_prefetch(table, hash);
	return hash;
}

/* The first entry with the right tag in the key's first bucket, or WEIR_NONE: then its other bucket is asked for. */
static inline uint32_t
weir_table_candidate(const struct weir_table *table, uint64_t hash)
{
	uint32_t b = weir_bucket_of(table, hash), hits;
	uint16_t tag = weir_tag_of(hash);

	hits = weir_bucket_match(&table->buckets[b], tag);
	if (__builtin_expect(hits != 0, 1))
		return weir_bucket_index(&table->buckets[b], hits);
	rte_prefetch0(&table->buckets[weir_bucket_other(table, b, tag)]);
	return WEIR_NONE;
}

/* The same in its other bucket. */
static inline uint32_t
weir_table_candidate_other(const struct weir_table *table, uint64_t hash)
{
	uint16_t tag = weir_tag_of(hash);
	uint32_t b = weir_bucket_other(table, weir_bucket_of(table, hash), tag);
	uint32_t hits = weir_bucket_match(&table->buckets[b], tag);

	return hits != 0 ? weir_bucket_index(&table->buckets[b], hits) : WEIR_NONE;
}

/* Are these two keys of WEIR_HASH_KEY_MAX bytes the same? */
static inline bool
weir_table_equal_64(const void *a, const void *b)
{
#ifdef __AVX512F__
	return _mm512_cmpneq_epi64_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b)) == 0;
#else
	return memcmp(a, b, WEIR_HASH_KEY_MAX) == 0;
#endif
}

#endif
