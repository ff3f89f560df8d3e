/* SPDX-License-Identifier: BSD-3-Clause */
/* Readers beside a writer that moves their entries about all the time. */
#include <criterion/criterion.h>
#include <pthread.h>

#include <rte_memory.h>

#include "eal.h"
#include "table_priv.h"

#define RESIDENT 600 /* in the table from before to after */
#define CHURNED 600  /* added and removed, again and again */
#define ABSENT 600   /* never in it */
#define UNIVERSE (RESIDENT + CHURNED + ABSENT)
#define READERS 2
#define ROUNDS 400000

struct entry {
	uint64_t key[2];
} __attribute__((aligned(64)));

struct shared {
	struct weir_table *table;
	struct entry entries[UNIVERSE];
	uint64_t hashes[UNIVERSE];
	bool done;
	uint64_t missed; /* resident keys not found */
	uint64_t ghosts; /* absent keys found, or the wrong entry */
	uint64_t lookups;
};

static struct shared shared;

static void
judge(uint32_t asked, uint32_t found)
{
	if (asked < RESIDENT && found == WEIR_NONE)
		__atomic_fetch_add(&shared.missed, 1, __ATOMIC_RELAXED);
	if (found != WEIR_NONE && (found != asked || asked >= RESIDENT + CHURNED))
		__atomic_fetch_add(&shared.ghosts, 1, __ATOMIC_RELAXED);
}

static void *
read_on(void *arg)
{
	uint64_t random = (uint64_t)(uintptr_t)arg + 1, lookups = 0;

	while (!__atomic_load_n(&shared.done, __ATOMIC_ACQUIRE)) {
		uint32_t asked = (uint32_t)(next_random(&random) >> 32) % UNIVERSE;

		judge(asked, weir_table_lookup(shared.table, shared.entries[asked].key, shared.hashes[asked]));
		lookups++;
	}
	__atomic_fetch_add(&shared.lookups, lookups, __ATOMIC_RELAXED);
	return NULL;
}

/* Keeps the table brimful, so that an add moves others. */
static void
churn(void)
{
	bool present[UNIVERSE] = {false};
	uint64_t random = 1234567;
	bool room = true;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t index = RESIDENT + (uint32_t)(next_random(&random) >> 32) % CHURNED;

		if (!present[index] && room) {
			room = weir_table_add(shared.table, shared.hashes[index], index) == 0;
			present[index] = room;
		} else if (present[index] && !room) {
			cr_assert_eq(weir_table_remove(shared.table, shared.hashes[index], index), 0);
			present[index] = false;
			room = true;
		}
	}
}

Test(table_readers, never_miss_what_is_there)
{
	pthread_t readers[READERS];
	uint64_t seed = 5;

	cr_assert_eq(start_eal(), 0);
	/* 128 buckets, 1024 slots: of which entries that come and go fill the rest. */
	shared.table = weir_table_create(&(struct weir_table_params){.name = "test",
	    .capacity = 870,
	    .key_size = 16,
	    .stride = sizeof(struct entry),
	    .entries = shared.entries,
	    .socket = SOCKET_ID_ANY});
	cr_assert_not_null(shared.table);
	cr_assert_eq(weir_table_slots(shared.table), 1024);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(shared.table->secret.w); i++)
		shared.table->secret.w[i] = next_random(&seed);
	for (uint32_t i = 0; i < UNIVERSE; i++) {
		shared.entries[i].key[1] = i;
		shared.hashes[i] = weir_table_hash(shared.table, shared.entries[i].key);
		if (i < RESIDENT)
			cr_assert_eq(weir_table_add(shared.table, shared.hashes[i], i), 0);
	}
	for (uintptr_t i = 0; i < READERS; i++)
		cr_assert_eq(pthread_create(&readers[i], NULL, read_on, (void *)(i * 7919)), 0);
	churn();
	__atomic_store_n(&shared.done, true, __ATOMIC_RELEASE);
	for (int i = 0; i < READERS; i++)
		cr_assert_eq(pthread_join(readers[i], NULL), 0);
	cr_assert_gt(shared.table->moves, ROUNDS / 10);
	cr_assert_gt(shared.lookups, 0);
	cr_assert_eq(shared.missed, 0, "%lu of %lu missed", shared.missed, shared.lookups);
	cr_assert_eq(shared.ghosts, 0, "%lu of %lu wrong", shared.ghosts, shared.lookups);
	weir_table_free(shared.table);
}
