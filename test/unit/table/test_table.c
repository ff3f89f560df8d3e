/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <rte_errno.h>
#include <rte_memory.h>

#include "eal.h"

#include "table_priv.h"

#define LINE 128

/* A table over `universe` entries, entry i with a key that is a mixture of i. */
struct world {
	uint8_t *entries;
	uint64_t *hashes;
	uint32_t universe, key_size;
	struct weir_table *table;
};

/* Fixed where create() draws at random: every run does the same. */
static void
set_secret(struct weir_table *table, uint64_t seed)
{
	seed = seed * 2 + 1;
	for (size_t i = 0; i < WEIR_ARRAY_LEN(table->secret.w); i++)
		table->secret.w[i] = next_random(&seed);
}

static const void *
key_at(const struct world *world, uint32_t index)
{
	return world->entries + (size_t)index * LINE;
}

static void
world_create(struct world *world, uint32_t capacity, uint32_t universe, uint32_t key_size, uint64_t seed)
{
	*world = (struct world){.universe = universe, .key_size = key_size};
	world->entries = aligned_alloc(64, (size_t)universe * LINE);
	world->hashes = calloc(universe, sizeof(*world->hashes));
	cr_assert(world->entries != NULL && world->hashes != NULL);
	memset(world->entries, 0xee, (size_t)universe * LINE);
	world->table = weir_table_create(&(struct weir_table_params){.name = "test",
	    .capacity = capacity,
	    .key_size = key_size,
	    .stride = LINE,
	    .entries = world->entries,
	    .socket = SOCKET_ID_ANY});
	cr_assert_not_null(world->table);
	set_secret(world->table, seed);
	for (uint32_t i = 0; i < universe; i++) {
		uint8_t *key = world->entries + (size_t)i * LINE;
		uint64_t word = i;

		/* The key's last word tells entries apart, so that all of it is compared. */
		memset(key, 0x55, key_size);
		memcpy(key + key_size - 8, &word, sizeof(word));
		world->hashes[i] = weir_table_hash(world->table, key);
	}
}

static void
world_free(struct world *world)
{
	weir_table_free(world->table);
	free(world->entries);
	free(world->hashes);
}

static uint32_t
find(const struct world *world, uint32_t index)
{
	return weir_table_lookup(world->table, key_at(world, index), world->hashes[index]);
}

Test(table, refuses_what_it_cannot_hold)
{
	static uint64_t entries[16];
	const struct weir_table_params good = {
	    .name = "test", .capacity = 2, .key_size = 8, .stride = 64, .entries = entries, .socket = SOCKET_ID_ANY};
	struct weir_table_params bad[] = {good, good, good, good, good, good, good, good, good, good};
	struct weir_table *table, *other;

	cr_assert_eq(start_eal(), 0);
	bad[0].capacity = 0;
	bad[1].capacity = WEIR_TABLE_CAPACITY_MAX + 1;
	bad[2].key_size = 0;
	bad[3].key_size = 12;
	bad[4].key_size = 72;
	bad[5].stride = 0;
	bad[6].stride = 12;
	bad[7].entries = NULL;
	bad[8].entries = (const uint8_t *)entries + 4;
	other = weir_table_create(&good);
	bad[9].key_size = 16;
	bad[9].like = other;
	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		rte_errno = 0;
		cr_assert_null(weir_table_create(&bad[i]), "%zu", i);
		cr_assert_eq(rte_errno, EINVAL);
	}
	table = weir_table_create(&good);
	cr_assert_not_null(table);
	cr_assert_geq(weir_table_slots(table), 2);
	cr_assert_geq(weir_table_memory(table), weir_table_slots(table) * 6);
	cr_assert_eq(weir_table_remove(table, 1, 0), -ENOENT);
	weir_table_free(table);
	weir_table_free(other);
	weir_table_free(NULL);
}

/* Not under address sanitizers, which need room of their own. */
#if defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

Test(table, says_when_there_is_no_memory)
{
	static uint64_t entries[1];
	const struct weir_table_params params = {.name = "test",
	    .capacity = WEIR_TABLE_CAPACITY_MAX,
	    .key_size = 8,
	    .stride = 64,
	    .entries = entries,
	    .socket = SOCKET_ID_ANY};
	const struct rlimit little = {UINT64_C(1) << 31, UINT64_C(1) << 31};

	if (SANITIZED)
		cr_skip_test();
	cr_assert_eq(start_eal(), 0);
	cr_assert_eq(setrlimit(RLIMIT_AS, &little), 0);
	cr_assert_null(weir_table_create(&params));
	cr_assert_eq(rte_errno, ENOMEM);
}

Test(table, tags_match_as_written_plainly)
{
	struct weir_bucket bucket = {0};
	uint64_t random = 41;

	for (int i = 0; i < 100000; i++) {
		uint16_t tag = (uint16_t)(next_random(&random) >> 60 << 12 | 7);

		for (int slot = 0; slot < WEIR_TABLE_WAYS; slot++)
			bucket.tag[slot] = (uint16_t)(next_random(&random) >> 60 << 12 | (i % 3 == 0 ? 0 : 7));
		cr_assert_eq(weir_bucket_match(&bucket, tag), weir_bucket_match_portable(&bucket, tag));
		cr_assert_eq(weir_bucket_match(&bucket, 0), weir_bucket_match_portable(&bucket, 0));
	}
}

Test(table, two_buckets_lead_to_each_other)
{
	struct world world;

	static const uint32_t capacities[] = {1, 120, 10000, 10007, 1000000};

	cr_assert_eq(start_eal(), 0);
	for (size_t c = 0; c < WEIR_ARRAY_LEN(capacities); c++) {
		world_create(&world, capacities[c], 1, 8, 1);
		for (uint32_t tag = 1; tag <= UINT16_MAX; tag++) {
			uint32_t first = weir_bucket_of(world.table, tag * 2654435761U);
			uint32_t other = weir_bucket_other(world.table, first, (uint16_t)tag);

			cr_assert_neq(other, first);
			cr_assert_lt(first, world.table->n_buckets);
			cr_assert_lt(other, world.table->n_buckets);
			cr_assert_eq(weir_bucket_other(world.table, other, (uint16_t)tag), first);
		}
		cr_assert_eq(weir_bucket_of(world.table, UINT64_MAX), world.table->n_buckets - 1);
		world_free(&world);
	}
	cr_assert_neq(weir_tag_of(0), 0);
}

/* Random adds, removes and lookups beside an array that says what is in the table. */
static void
compare_with_map(uint32_t capacity, uint32_t key_size, uint64_t seed, uint32_t operations)
{
	uint32_t universe = capacity * 2, count = 0;
	bool *present = calloc(universe, sizeof(*present));
	struct world world;

	world_create(&world, capacity, universe, key_size, seed);
	for (uint32_t i = 0; i < operations; i++) {
		uint64_t random = next_random(&seed);
		uint32_t index = (uint32_t)(random >> 32) % universe;
		/* Whole stretches of adding and of removing, so that it is full and empty at times. */
		bool adding = i / (capacity * 4) % 2 == 0 ? random % 8 != 0 : random % 8 == 0;

		cr_assert_eq(find(&world, index), present[index] ? index : WEIR_NONE);
		if (!present[index] && adding && count < capacity) {
			cr_assert_eq(weir_table_add(world.table, world.hashes[index], index), 0);
			present[index] = true;
			count++;
		} else if (!adding) {
			cr_assert_eq(
			    weir_table_remove(world.table, world.hashes[index], index), present[index] ? 0 : -ENOENT);
			count -= present[index] ? 1 : 0;
			present[index] = false;
		}
		if (i % 64 == 0)
			cr_assert_eq(weir_table_count(world.table), count);
	}
	for (uint32_t index = 0; index < universe; index++)
		cr_assert_eq(find(&world, index), present[index] ? index : WEIR_NONE);
	world_free(&world);
	free(present);
}

Test(table, does_what_a_plain_map_does)
{
	cr_assert_eq(start_eal(), 0);
	compare_with_map(1, 8, 1, 1000);
	compare_with_map(13, 16, 2, 100000);
	compare_with_map(108, 64, 3, 500000);
	compare_with_map(3000, 24, 4, 1000000);
	compare_with_map(50000, 64, 5, 1000000);
}

/* Everything with one hash: two buckets hold 16 of them, all tags but one are false, and a 17th finds no way. */
Test(table, false_tags_are_passed_over)
{
	const uint64_t hash = UINT64_C(0xabcd000000000003);
	const void *keys[17];
	struct world world;

	cr_assert_eq(start_eal(), 0);
	world_create(&world, 100, 17, 16, 1);
	for (uint32_t i = 0; i < 17; i++) {
		keys[i] = key_at(&world, i);
		cr_assert_eq(weir_table_add(world.table, hash, i), i < 16 ? 0 : -ENOSPC);
	}
	cr_assert_eq(weir_table_count(world.table), 16);
	for (uint32_t i = 0; i < 17; i++)
		cr_assert_eq(weir_table_lookup(world.table, keys[i], hash), i < 16 ? i : WEIR_NONE);
	cr_assert_eq(weir_table_remove(world.table, hash, 16), -ENOENT);
	cr_assert_eq(weir_table_remove(world.table, hash, 5), 0);
	cr_assert_eq(weir_table_add(world.table, hash, 16), 0);
	for (uint32_t i = 0; i < 17; i++)
		cr_assert_eq(weir_table_lookup(world.table, keys[i], hash), i != 5 ? i : WEIR_NONE);
	world_free(&world);
}

/* Every bit counts, wherever the keys stand. */
Test(table, keys_of_64_bytes_are_compared_whole)
{
	uint8_t a[WEIR_HASH_KEY_MAX + 8], b[WEIR_HASH_KEY_MAX + 17];

	memset(a, 0x5a, sizeof(a));
	memset(b, 0x5a, sizeof(b));
	for (uint32_t i = 0; i < 8; i++) {
		/* What is in front of them and behind is not theirs. */
		b[7 + i] = b[8 + i + WEIR_HASH_KEY_MAX] = 0;
		cr_assert(weir_table_equal_64(a + i, b + 8 + i));
		for (uint32_t bit = 0; bit < WEIR_HASH_KEY_MAX * 8; bit++) {
			a[i + bit / 8] ^= (uint8_t)(1u << bit % 8);
			cr_assert_not(weir_table_equal_64(a + i, b + 8 + i), "bit %u", bit);
			a[i + bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		b[7 + i] = b[8 + i + WEIR_HASH_KEY_MAX] = 0x5a;
	}
}

static void
fill(uint32_t capacity, uint64_t seed)
{
	struct world world;

	world_create(&world, capacity, capacity, 8, seed);
	cr_assert_leq((uint64_t)capacity * 100, (uint64_t)weir_table_slots(world.table) * WEIR_TABLE_LOAD);
	for (uint32_t i = 0; i < capacity; i++)
		cr_assert_eq(weir_table_add(world.table, world.hashes[i], i), 0, "entry %u of %u, seed %lu", i,
		    capacity, seed);
	for (uint32_t i = 0; i < capacity; i++)
		cr_assert_eq(find(&world, i), i);
	world_free(&world);
}

/* Sizes that use WEIR_TABLE_LOAD of their slots to the last, of 16 buckets and more; and what is one too many. */
Test(table, capacity_fits_for_certain)
{
	cr_assert_eq(start_eal(), 0);
	for (uint64_t seed = 1; seed <= 2000; seed++)
		fill(108, seed);
	for (uint64_t seed = 1; seed <= 300; seed++) {
		fill(217, seed);
		fill(218, seed);
		fill(870, seed);
	}
	for (uint64_t seed = 1; seed <= 20; seed++)
		fill(13926, seed);
	for (uint64_t seed = 1; seed <= 3; seed++)
		fill(445644, seed);
}

Test(table, too_many_are_refused_and_nothing_is_lost)
{
	cr_assert_eq(start_eal(), 0);
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct weir_bucket *before;
		struct world world;
		uint32_t n = 0, slots;
		size_t size;

		world_create(&world, 10000, 20000, 40, seed);
		slots = weir_table_slots(world.table);
		while (weir_table_add(world.table, world.hashes[n], n) == 0)
			n++;
		cr_assert_geq(n, slots / 100 * 92, "%u of %u slots", n, slots);
		/* Another, refused: not a bit changes. */
		size = weir_table_memory(world.table) - sizeof(*world.table);
		before = malloc(size);
		memcpy(before, world.table->buckets, size);
		cr_assert_eq(weir_table_add(world.table, world.hashes[n], n), -ENOSPC);
		cr_assert_eq(memcmp(before, world.table->buckets, size), 0);
		cr_assert_eq(weir_table_count(world.table), n);
		for (uint32_t i = 0; i < world.universe; i++)
			cr_assert_eq(find(&world, i), i < n ? i : WEIR_NONE);
		/* Where something leaves there is room again. */
		for (uint32_t i = 0; i < n / 20; i++)
			cr_assert_eq(weir_table_remove(world.table, world.hashes[i], i), 0);
		cr_assert_eq(weir_table_add(world.table, world.hashes[n], n), 0);
		free(before);
		world_free(&world);
	}
}

/* Every key size, hits and misses mixed, keys not aligned. */
Test(table, finds_keys_of_every_size_wherever_they_stand)
{
	static uint8_t copy[WEIR_HASH_KEY_MAX + 8];
	uint64_t random = 9;

	cr_assert_eq(start_eal(), 0);
	for (uint32_t key_size = 8; key_size <= WEIR_HASH_KEY_MAX; key_size += 8) {
		struct world world;

		world_create(&world, 2000, 4000, key_size, key_size);
		for (uint32_t i = 0; i < 2000; i++)
			cr_assert_eq(weir_table_add(world.table, world.hashes[i], i), 0);
		for (uint32_t i = 0; i < 2000; i++) {
			uint32_t pick = (uint32_t)(next_random(&random) >> 32) % 4000;
			const uint8_t *key = memcpy(copy + i % 8, key_at(&world, pick), key_size);
			uint64_t hash = weir_table_hash(world.table, key);

			cr_assert_eq(hash, world.hashes[pick]);
			cr_assert_eq(weir_table_lookup(world.table, key, hash), pick < 2000 ? pick : WEIR_NONE);
		}
		world_free(&world);
	}
}

/* Bucket by bucket into another table that hashes alike. */
Test(table, is_emptied_into_another)
{
	uint32_t index[WEIR_TABLE_WAYS], left = 2000;
	struct weir_table *other;
	struct world world;

	cr_assert_eq(start_eal(), 0);
	world_create(&world, 2000, 2100, 16, 3);
	for (uint32_t i = 0; i < 2000; i++)
		cr_assert_eq(weir_table_add(world.table, world.hashes[i], i), 0);
	other = weir_table_create(&(struct weir_table_params){.name = "other",
	    .capacity = 10000,
	    .key_size = 16,
	    .stride = LINE,
	    .entries = world.entries,
	    .socket = SOCKET_ID_ANY,
	    .like = world.table});
	cr_assert_not_null(other);
	for (uint32_t b = 0; b < weir_table_slots(world.table) / WEIR_TABLE_WAYS; b++) {
		uint32_t n = weir_table_take(world.table, b, index);

		left -= n;
		cr_assert_eq(weir_table_count(world.table), left);
		for (uint32_t k = 0; k < n; k++) {
			cr_assert_eq(find(&world, index[k]), WEIR_NONE);
			cr_assert_eq(weir_table_hash(other, key_at(&world, index[k])), world.hashes[index[k]]);
			cr_assert_eq(weir_table_add(other, world.hashes[index[k]], index[k]), 0);
		}
		cr_assert_eq(weir_table_take(world.table, b, index), 0);
	}
	cr_assert_eq(left, 0);
	for (uint32_t i = 0; i < world.universe; i++)
		cr_assert_eq(weir_table_lookup(other, key_at(&world, i), world.hashes[i]), i < 2000 ? i : WEIR_NONE);
	weir_table_free(other);
	world_free(&world);
}
