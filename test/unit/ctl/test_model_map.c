/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The persistent map against an array, under random changes of several copies at once; with the real hash, and
 * (compiled with WEAK_HASH) with one that makes nearly all keys collide.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "model_map_priv.h"

#define KEYS 300
#define COPIES 4

static const struct weir_siphash_key secret = {0x0123456789abcdef, 0xfedcba9876543210};
static int live_objects;

#ifdef WEAK_HASH
/* Eight values, different ones for each key of the hash: what the levels below the first twelve are for. */
uint64_t
weir_siphash(const struct weir_siphash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = sum * 31 + p[i];
	return (sum >> (3 * (key->k1 - secret.k1))) & 7;
}
#endif

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static size_t
key_text(uint32_t i, char key[16])
{
	return (size_t)snprintf(key, 16, "key-%u", i);
}

static void
drop_object(void *obj)
{
	live_objects--;
	free(obj);
}

static void *
make_object(void)
{
	live_objects++;
	return malloc(1);
}

/* The map holds exactly what the array says. */
static void
check_map(const struct weir_map *map, const uint64_t expected[KEYS])
{
	const struct weir_map_leaf *leaves[KEYS];
	uint64_t sum = 0;
	size_t n = 0;
	char key[16];

	for (uint32_t i = 0; i < KEYS; i++) {
		const struct weir_map_leaf *leaf = weir_map_find(map, key, key_text(i, key));

		cr_assert_eq(leaf != NULL, expected[i] != 0, "%s", key);
		if (leaf != NULL)
			cr_assert_eq(leaf->num, expected[i]);
		n += expected[i] != 0;
		sum += expected[i];
	}
	cr_assert_eq(map->n, n);
	weir_map_list(map, leaves);
	for (size_t i = 0; i < n; i++)
		sum -= leaves[i]->num;
	cr_assert_eq(sum, 0);
}

Test(map, random_changes_of_copies)
{
	struct weir_map maps[COPIES];
	uint64_t expected[COPIES][KEYS] = {{0}};
	uint32_t random = 42;
	char key[16];

	for (int i = 0; i < COPIES; i++)
		weir_map_init(&maps[i], &secret, drop_object);
	for (int step = 0; step < 20000; step++) {
		uint32_t m = next_random(&random) % COPIES, k = next_random(&random) % KEYS;
		uint32_t what = next_random(&random) % 100, from = (m + 1) % COPIES;
		size_t len = key_text(k, key);

		if (what < 45) {
			expected[m][k] = 1 + next_random(&random);
			cr_assert_eq(weir_map_put(&maps[m], key, len, expected[m][k], make_object()), 0);
		} else if (what < 85) {
			expected[m][k] = 0;
			cr_assert_eq(weir_map_remove(&maps[m], key, len), 0);
		} else if (what < 99) {
			uint64_t sum;

			expected[m][k]++;
			cr_assert_eq(weir_map_count(&maps[m], key, len, 1, &sum), 0);
			cr_assert_eq(sum, expected[m][k]);
		} else {
			weir_map_drop(&maps[m]);
			weir_map_copy(&maps[m], &maps[from]);
			memcpy(expected[m], expected[from], sizeof(expected[m]));
		}
		if (step % 50 == 0)
			for (int i = 0; i < COPIES; i++)
				check_map(&maps[i], expected[i]);
	}
	cr_assert_gt(live_objects, 0);
	for (int i = 0; i < COPIES; i++)
		weir_map_drop(&maps[i]);
	cr_assert_eq(live_objects, 0);
}

Test(map, count_to_nothing)
{
	struct weir_map map;
	uint64_t sum;

	weir_map_init(&map, &secret, NULL);
	cr_assert_eq(weir_map_count(&map, "a", 1, 1, &sum), 0);
	cr_assert_eq(weir_map_count(&map, "a", 1, 1, &sum), 0);
	cr_assert_eq(sum, 2);
	cr_assert_eq(weir_map_count(&map, "a", 1, -2, &sum), 0);
	cr_assert_eq(sum, 0);
	cr_assert_eq(map.n, 0);
	cr_assert_null(weir_map_find(&map, "a", 1));
	weir_map_drop(&map);
}

#ifndef WEAK_HASH
/* The vectors of the SipHash paper's reference code: key 00 to 0f, data 00 01 02 ... */
Test(map, siphash_vectors)
{
	static const uint64_t expected[] = {[0] = 0x726fdb47dd0e0e31,
	    [1] = 0x74f839c593dc67fd,
	    [7] = 0xab0200f58b01d137,
	    [8] = 0x93f5f5799a932462,
	    [15] = 0xa129ca6149be45e5,
	    [16] = 0x3f2acc7f57c29bdb,
	    [63] = 0x958a324ceb064572};
	const struct weir_siphash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	uint8_t data[64];

	for (uint8_t i = 0; i < 64; i++) {
		data[i] = i;
		if (expected[i] != 0)
			cr_assert_eq(weir_siphash(&key, data, i), expected[i], "%u", i);
	}
}
#endif
