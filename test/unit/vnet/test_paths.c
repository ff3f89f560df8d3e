/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#define CAPACITY 8

static struct weir_paths *paths;
static struct weir_counters_set *set;

static void
setup(void)
{
	start();
	set = weir_counters_create(1, WEIR_IFACES_MAX);
	cr_assert_not_null(set);
	paths = weir_paths_create(CAPACITY, CAPACITY, weir_counters_worker(set, 0), SOCKET_ID_ANY);
	cr_assert_not_null(paths);
}

static void
teardown(void)
{
	weir_paths_free(paths);
	weir_counters_free(set);
	finish();
}

TestSuite(paths, .init = setup, .fini = teardown);

static uint32_t
get(const struct weir_verdict *verdict)
{
	return weir_paths_get(paths, vnet, verdict);
}

static uint32_t
path_of(uint32_t iface, uint8_t dmac, uint8_t smac)
{
	struct weir_verdict verdict = walk(iface, dmac, smac);

	return get(&verdict);
}

Test(paths, the_same_elements_share_one)
{
	uint32_t path, other;

	(void)learn(A, 1);
	(void)learn(R, 2);
	path = path_of(A, 2, 1);
	cr_assert_neq(path, WEIR_NONE);
	cr_assert_eq(weir_path(paths, path)->refs, 1);
	cr_assert_eq(weir_path(paths, path)->verdict.out, &ifaces[R]);
	cr_assert_eq(path_of(A, 2, 1), path);
	cr_assert_eq(weir_path(paths, path)->refs, 2);
	cr_assert_eq(weir_paths_used(paths), 1);
	/* Any other element makes it another path: ways in, source, destination, a group. */
	other = path_of(B, 2, 1);
	cr_assert_neq(other, path);
	cr_assert_neq(path_of(A, 2, 3), path);
	cr_assert_neq(path_of(A, 3, 1), path);
	cr_assert_neq(path_of(A, BROADCAST, 1), path_of(A, 3, 1));
	cr_assert_eq(weir_paths_used(paths), 5);
}

/* An interface that has another one's id is not the other one. */
Test(paths, incarnations_do_not_share)
{
	uint32_t path = path_of(A, 2, 1);

	ifaces[A].serial++;
	cr_assert_neq(path_of(A, 2, 1), path);
}

Test(paths, one_that_stands_is_left_as_it_is)
{
	uint32_t path = path_of(A, 2, 1), gen = weir_path(paths, path)->gen;

	weir_path(paths, path)->refreshed = 77;
	++vnet->tenant_epoch[RED];
	cr_assert_eq(path_of(A, 2, 1), path);
	cr_assert_eq(weir_path(paths, path)->gen, gen);
	cr_assert_eq(weir_path(paths, path)->refreshed, 77);
}

/* Flows that are bound to it see another generation, and are resolved for themselves. */
Test(paths, one_that_is_stale_is_composed_anew_in_place)
{
	struct weir_path *path;
	uint32_t index, gen;
	const struct weir_mac m = mac(2);

	(void)learn(A, 1);
	(void)learn(R, 2);
	index = path_of(A, 2, 1);
	path = weir_path(paths, index);
	path->refreshed = 77;
	gen = path->gen;
	cr_assert_eq(weir_macs_learn(macs, &ifaces[B], &m, 5), WEIR_MOVED);
	cr_assert_eq(path_of(A, 2, 1), index);
	cr_assert_eq(path->gen, gen + 1);
	cr_assert_eq(path->verdict.out, &ifaces[B]);
	cr_assert_eq(path->refreshed, 0);
	cr_assert_eq(path->refs, 2);
	cr_assert(weir_verdict_valid(vnet, &path->verdict));
}

Test(paths, the_last_reference_frees_it)
{
	uint32_t path = path_of(A, 2, 1), gen = weir_path(paths, path)->gen;

	(void)path_of(A, 2, 1);
	weir_paths_put(paths, path);
	cr_assert_eq(weir_paths_used(paths), 1);
	cr_assert_eq(path_of(A, 2, 1), path, "it is still to be found");
	weir_paths_put(paths, path);
	cr_assert_eq(weir_path(paths, path)->gen, gen);
	weir_paths_put(paths, path);
	cr_assert_eq(weir_paths_used(paths), 0);
	cr_assert_neq(weir_path(paths, path)->gen, gen);
}

/* Verdicts of the burst in hand point into paths. */
Test(paths, one_that_was_freed_is_not_reused_within_the_burst)
{
	uint32_t path = path_of(A, 2, 1), next;

	weir_paths_put(paths, path);
	cr_assert_eq(weir_path(paths, path)->verdict.in, &ifaces[A]);
	next = path_of(A, 2, 1);
	cr_assert_neq(next, path, "not for the same elements either");
	for (uint32_t i = 0; i < CAPACITY - 2; i++)
		cr_assert_neq(path_of(C, BROADCAST, (uint8_t)(10 + i)), path);
	weir_paths_settle(paths);
	(void)learn(C, 20);
	cr_assert_eq(path_of(C, BROADCAST, 20), path);
}

Test(paths, it_refuses_when_all_are_taken)
{
	uint32_t last = WEIR_NONE;

	for (uint8_t i = 0; i < CAPACITY; i++) {
		(void)learn(A, (uint8_t)(10 + i));
		last = path_of(A, 2, (uint8_t)(10 + i));
		cr_assert_neq(last, WEIR_NONE);
	}
	cr_assert_eq(weir_paths_used(paths), CAPACITY);
	(void)learn(A, 50);
	cr_assert_eq(path_of(A, 2, 50), WEIR_NONE);
	cr_assert_eq(path_of(A, 2, 10 + CAPACITY - 1), last, "those that are there are found");
	weir_paths_put(paths, last);
	weir_paths_put(paths, last);
	cr_assert_eq(path_of(A, 2, 50), WEIR_NONE, "not before the burst is over");
	weir_paths_settle(paths);
	cr_assert_eq(path_of(A, 2, 50), last);
	weir_paths_settle(paths);
	cr_assert_eq(weir_paths_used(paths), CAPACITY);
}

/* Many come and go: none is lost. */
Test(paths, as_many_as_before_after_a_thousand_bursts)
{
	for (uint32_t burst = 0; burst < 1000; burst++) {
		uint32_t held[CAPACITY];

		for (uint32_t i = 0; i < CAPACITY / 2; i++) {
			ifaces[A].serial++;
			held[i] = path_of(A, 2, 1);
			cr_assert_neq(held[i], WEIR_NONE);
		}
		for (uint32_t i = 0; i < CAPACITY / 2; i++)
			weir_paths_put(paths, held[i]);
		weir_paths_settle(paths);
	}
	cr_assert_eq(weir_paths_used(paths), 0);
}
