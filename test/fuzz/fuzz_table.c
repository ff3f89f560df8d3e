/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table beside a plain map, in sizes that are no powers of two and as full as they may be.
 *
 *	fuzz_table [COUNT]
 *
 * COUNT rounds of 128 operations; the same ones in every run.
 */
#include <stdlib.h>
#include <string.h>

#include <rte_memory.h>

#include "../unit/table/eal.h"
#include "fuzz.h"
#include "weir_table_fast.h"

#define COUNT_DEFAULT 60000
#define ROUND 128
#define WORDS (WEIR_HASH_KEY_MAX / 8)

struct entry {
	uint64_t key[WORDS];
	uint64_t counters[WORDS];
};

/* Keys 0 to 2 * capacity, of which the table holds half at most. */
struct world {
	uint32_t capacity, universe, count;
	struct weir_table *table;
	struct entry *entries;
	uint32_t *entry_of; /* the map: by key */
	uint32_t *free;	    /* entries that are not used, capacity - count */
	uint64_t random, operations;
};

static uint32_t
below(struct world *world, uint32_t n)
{
	return (uint32_t)((next_random(&world->random) >> 32) % n);
}

/* Keys differ in one word or two, low or high in it, like those of flows that are alike. */
static void
make_key(uint32_t k, uint64_t key[WORDS])
{
	for (uint32_t w = 0; w < WORDS; w++)
		key[w] = UINT64_C(0x0a00000000000000) + w;
	key[k % WORDS] = (uint64_t)k << (k % WORDS * 4);
}

static void
check_found(const struct world *world, uint32_t k)
{
	const struct weir_table *table = world->table;
	uint32_t want = world->entry_of[k], at;
	uint64_t key[WORDS], hash;

	make_key(k, key);
	hash = weir_table_hash_64(table, key);
	FUZZ_CHECK(hash == weir_table_hash(table, key));
	FUZZ_CHECK(weir_table_lookup(table, key, hash) == want);
	/* In pieces. */
	at = weir_table_candidate(table, hash);
	if (at == WEIR_NONE)
		at = weir_table_candidate_other(table, hash);
	FUZZ_CHECK(want == WEIR_NONE || at != WEIR_NONE);
	if (at == WEIR_NONE || !weir_table_equal_64(world->entries[at].key, key))
		at = weir_table_lookup(table, key, hash);
	FUZZ_CHECK(at == want);
}

static void
add(struct world *world, uint32_t k)
{
	uint32_t pick = below(world, world->capacity - world->count), last = world->capacity - world->count - 1;
	uint32_t at = world->free[pick];

	world->free[pick] = world->free[last];
	make_key(k, world->entries[at].key);
	FUZZ_CHECK(weir_table_add(world->table, weir_table_hash(world->table, world->entries[at].key), at) == 0);
	world->entry_of[k] = at;
	world->count++;
}

static void
take_out(struct world *world, uint32_t k)
{
	uint32_t at = world->entry_of[k];

	FUZZ_CHECK(weir_table_remove(world->table, weir_table_hash(world->table, world->entries[at].key), at) == 0);
	world->free[world->capacity - world->count] = at;
	world->entry_of[k] = WEIR_NONE;
	world->count--;
}

/* Five parts: up to what fits for certain in two, two that stay there, one downwards. */
static void
operate(struct world *world)
{
	uint32_t part = (uint32_t)(world->operations++ / world->capacity % 5), k = below(world, world->universe);
	bool there = world->entry_of[k] != WEIR_NONE, full = world->count == world->capacity;

	if (!there && !full && part < 4)
		add(world, k);
	else if (there && (part == 4 || full || below(world, 8) == 0))
		take_out(world, k);
	check_found(world, k);
	check_found(world, below(world, world->universe));
}

static void
check_all(const struct world *world)
{
	FUZZ_CHECK(weir_table_count(world->table) == world->count);
	for (uint32_t k = 0; k < world->universe; k++)
		check_found(world, k);
}

static void
run(uint32_t capacity, uint64_t rounds)
{
	struct world world = {.capacity = capacity, .universe = 2 * capacity, .random = capacity};
	uint64_t secret = 1;
	uint32_t fullest = 0;

	world.entries = calloc(capacity, sizeof(*world.entries));
	world.entry_of = malloc(world.universe * sizeof(*world.entry_of));
	world.free = malloc(capacity * sizeof(*world.free));
	FUZZ_CHECK(world.entries != NULL && world.entry_of != NULL && world.free != NULL);
	memset(world.entry_of, 0xff, world.universe * sizeof(*world.entry_of));
	for (uint32_t i = 0; i < capacity; i++)
		world.free[i] = i;
	world.table = weir_table_create(&(struct weir_table_params){.name = "fuzz",
	    .entries = world.entries,
	    .capacity = capacity,
	    .key_size = WEIR_HASH_KEY_MAX,
	    .stride = sizeof(*world.entries),
	    .socket = SOCKET_ID_ANY});
	FUZZ_CHECK(world.table != NULL);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(world.table->secret.w); i++)
		world.table->secret.w[i] = next_random(&secret);
	for (uint64_t round = 0; round < rounds; round++) {
		for (uint32_t i = 0; i < ROUND; i++)
			operate(&world);
		fullest = RTE_MAX(fullest, world.count);
		FUZZ_CHECK(weir_table_count(world.table) == world.count);
	}
	check_all(&world);
	FUZZ_CHECK(fullest == capacity || rounds * ROUND < 4 * (uint64_t)capacity);
	weir_table_free(world.table);
	free(world.entries);
	free(world.entry_of);
	free(world.free);
}

int
main(int argc, char **argv)
{
	/* The second one and those after it use WEIR_TABLE_LOAD of their slots to the last. */
	static const uint32_t capacities[] = {13, 217, 5001, 100003, 200001};
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : COUNT_DEFAULT;

	FUZZ_CHECK(start_eal() == 0);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(capacities); i++)
		run(capacities[i], count / WEIR_ARRAY_LEN(capacities));
	return 0;
}
