/* SPDX-License-Identifier: BSD-3-Clause */
/* What packets pass on their way counts once for each, whoever counts it: a path, or nobody's path. */
#include <string.h>

#include <criterion/criterion.h>

#include "weir_counters.h"

#define IDS 32

static struct weir_counters_set *set;
static struct weir_counters *a, *b;
static struct weir_path_count path[2];
static struct weir_passed_list lists[2];

static uint32_t
what(enum weir_passed_kind kind, uint32_t id)
{
	return (uint32_t)kind << WEIR_PASSED_SHIFT | id;
}

static void
setup(void)
{
	static const uint32_t max[WEIR_PASSED_KINDS] = {IDS, IDS, IDS};

	set = weir_counters_create(2, 8);
	cr_assert_not_null(set);
	cr_assert_eq(weir_counters_reserve_passed(set, max), 0);
	a = weir_counters_worker(set, 0);
	b = weir_counters_worker(set, 1);
	cr_assert_eq(weir_counters_reserve_paths(a, 4), 0);
	cr_assert_eq(weir_counters_reserve_paths(b, 4), 0);
	memset(path, 0, sizeof(path));
	lists[0] = (struct weir_passed_list){
	    .n = 3, .what = {what(WEIR_PASSED_IN, 1), what(WEIR_PASSED_ROUTE, 7), what(WEIR_PASSED_OUT, 2)}};
	lists[1] = (struct weir_passed_list){.n = 1, .what = {what(WEIR_PASSED_ROUTE, IDS - 1)}};
	path[0].passed = &lists[0];
	path[1].passed = &lists[1];
}

static void
teardown(void)
{
	weir_counters_release_paths(a);
	weir_counters_release_paths(b);
	weir_counters_free(set);
}

TestSuite(counters_passed, .init = setup, .fini = teardown, .timeout = 30);

/* Packets of 100 bytes. */
static void
pass(struct weir_counters *by, uint32_t p, uint32_t packets)
{
	for (uint32_t i = 0; i < packets; i++)
		weir_count_path(by, &path[p], 0, 1, 100);
}

static void
expect(enum weir_passed_kind kind, uint32_t id, uint64_t packets)
{
	struct weir_passed passed;

	(void)weir_counters_read_begin(set, 0, 0);
	passed = weir_counters_passed(set, kind, id);
	weir_counters_read_end(set);
	cr_assert_eq(passed.packets, packets, "%u/%u: %lu", (unsigned int)kind, id, (unsigned long)passed.packets);
	cr_assert_eq(passed.bytes, 100 * packets);
}

Test(counters_passed, each_element_of_a_path_and_nothing_else)
{
	pass(a, 0, 3);
	pass(a, 1, 2);
	expect(WEIR_PASSED_IN, 1, 3);
	expect(WEIR_PASSED_OUT, 2, 3);
	expect(WEIR_PASSED_ROUTE, 7, 3);
	expect(WEIR_PASSED_ROUTE, IDS - 1, 2);
	expect(WEIR_PASSED_IN, 2, 0);
	expect(WEIR_PASSED_OUT, 1, 0);
	expect(WEIR_PASSED_ROUTE, 1, 0);
	pass(a, 0, 1);
	expect(WEIR_PASSED_IN, 1, 4);
}

Test(counters_passed, packets_that_no_path_counts)
{
	weir_count_passing(a, &lists[0], 2, 200);
	weir_count_passing(b, &lists[0], 1, 100);
	weir_count_passing(a, NULL, 1, 100);
	expect(WEIR_PASSED_ROUTE, 7, 3);
	weir_count_passing(a, &lists[0], 1, 100);
	expect(WEIR_PASSED_ROUTE, 7, 4);
	expect(WEIR_PASSED_OUT, 2, 4);
}

/* A path goes, and its record is another's, between two readings and within one. */
Test(counters_passed, a_record_that_changes_hands)
{
	pass(a, 0, 2);
	weir_count_settle_path(a, &path[0]);
	path[0].passed = &lists[1];
	pass(a, 0, 5);
	expect(WEIR_PASSED_ROUTE, 7, 2);
	expect(WEIR_PASSED_ROUTE, IDS - 1, 5);
	pass(a, 0, 1);
	pass(a, 1, 1);
	weir_count_settle_path(a, &path[0]);
	path[0].passed = NULL;
	pass(a, 0, 9);
	expect(WEIR_PASSED_ROUTE, 7, 2);
	expect(WEIR_PASSED_ROUTE, IDS - 1, 7);
}

/* What stood in the list behind one that is settled takes its place, with all that it passes. */
Test(counters_passed, the_last_of_the_list_takes_the_place_of_one_that_is_settled)
{
	pass(a, 1, 1);
	pass(a, 0, 4);
	weir_count_settle_path(a, &path[1]);
	pass(a, 0, 1);
	expect(WEIR_PASSED_IN, 1, 5);
	expect(WEIR_PASSED_OUT, 2, 5);
	expect(WEIR_PASSED_ROUTE, IDS - 1, 1);
}

Test(counters_passed, forgotten_ones_count_from_0)
{
	struct weir_tally tally = {0};

	pass(a, 0, 4);
	expect(WEIR_PASSED_ROUTE, 7, 4);
	(void)weir_counters_read_begin(set, 0, 0);
	weir_counters_forget_passed(set, WEIR_PASSED_ROUTE, 7);
	weir_counters_retire(set, 1, &tally);
	weir_counters_read_end(set);
	expect(WEIR_PASSED_ROUTE, 7, 0);
	expect(WEIR_PASSED_IN, 1, 0);
	expect(WEIR_PASSED_OUT, 2, 4);
	pass(a, 0, 1);
	expect(WEIR_PASSED_ROUTE, 7, 1);
	expect(WEIR_PASSED_OUT, 2, 5);
}

Test(counters_passed, without_room_nothing_is_counted)
{
	struct weir_counters_set *bare = weir_counters_create(1, 8);
	struct weir_counters *worker = weir_counters_worker(bare, 0);
	struct weir_path_count own = {.passed = &lists[0]};

	cr_assert_eq(weir_counters_reserve_paths(worker, 1), 0);
	weir_count_path(worker, &own, 0, 1, 100);
	weir_count_passing(worker, &lists[0], 1, 100);
	(void)weir_counters_read_begin(bare, 0, 0);
	cr_assert_eq(weir_counters_passed(bare, WEIR_PASSED_ROUTE, 7).packets, 0);
	cr_assert_eq(weir_counters_get(bare, 0)->rx_packets, 1);
	weir_counters_read_end(bare);
	weir_counters_release_paths(worker);
	weir_counters_free(bare);
}
